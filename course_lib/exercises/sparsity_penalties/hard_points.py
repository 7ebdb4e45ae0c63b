"""Exercise `hard_points`: values and slopes of the penalties where formulas are in danger."""

import math
from typing import Any

from course_lib.exercises.values import Field, PredictionExercise

NOT_A_NUMBER = "nan"


class Hard(Field):
    """A field in which `float("inf")`, `float("nan")` mean the words "inf" and "nan"."""

    def agrees(self, given: Any, wanted: Any) -> bool:
        """See `Field.agrees`."""
        if isinstance(given, float) and not math.isfinite(given):
            given = str(given)
        return super().agrees(given, wanted)


exercise = PredictionExercise(
    "hard_points",
    title="The hard points",
    points=4,
    difficulty=3,
    minutes=20,
    why="A penalty is felt through its slope only. Where the slope is 0, or NaN, it does nothing, "
    "or ruins everything.",
    fields=(
        Hard(
            "l1_slopes",
            "L1, code (0.5, 0, -2): the three slopes",
            (1, 0, -1),
            {
                (1, 0, 1): "At -2 the size |z| *falls* as z grows: its slope is negative.",
                (0.5, 0, -2): "These are the entries themselves (half the slope of z²). The slope "
                "of |z| does not depend on how large z is.",
                (0.5, 0, 2): "These are the values |z|. Asked are the slopes: by how much does the "
                "penalty change per step in z?",
                (1, 0, -4): "These are the slopes of z². The slope of |z| is the same for large "
                "and small entries.",
                (-1, 0, 1): "This is where descent would push. The slope says how the penalty "
                "grows: with z at 0.5, and against z at -2.",
                (1, 1, -1): "At 0 the size |z| has a kink. `abs` takes the slope 0 there.",
                (1, -1, -1): "At 0 the size |z| falls on one side and grows on the other. `abs` "
                "takes the middle, 0.",
                (1, "nan", -1): "At 0 the size |z| has a kink, but `abs` does not give NaN: it "
                "takes the slope 0.",
            },
        ),
        Hard(
            "kl_on_target",
            "KL, a latent whose mean is exactly rho: the slope in each of its entries",
            0,
            {
                1: "There the penalty is 0, and it is larger on both sides. What is the slope at "
                "a lowest point?",
                0.05: "This is the mean. Asked is the slope, at a lowest point.",
                -1: "Put rho for the mean in the formula of the slope: -1 + 1. It is a lowest "
                "point.",
                2: "The two parts have opposite signs: -1 and 1. It is a lowest point.",
                NOT_A_NUMBER: "Nothing divides by zero: rho / rho is 1.",
            },
        ),
        Hard(
            "kl_slope",
            "KL with rho = 0.2, a batch of 4 codes, a latent with mean 0.5: the slope in one entry",
            0.3,
            {
                1.2: "This is the slope with respect to the *mean*. One entry of 4 moves the mean "
                "by a quarter of its own step.",
                -0.3: "The mean is above the target, so the penalty grows when the entry grows.",
                -1.2: "The mean is above the target, so the slope is positive. And one entry of 4 "
                "moves the mean by a quarter only.",
                4.8: "One entry of 4 moves the mean by a quarter of its own step: divide by 4.",
                0.5: "You add the parts 0.4 and 1.6. They have opposite signs: the first pulls the "
                "mean up, the second pulls it down.",
                2.0: "The two parts have opposite signs: -0.4 and 1.6. And one entry of 4 moves "
                "the mean by a quarter.",
            },
            tolerance=0.01,
        ),
        Hard(
            "kl_dead",
            "KL without a clamp, a latent that is 0 on every example: the penalty",
            "inf",
            {
                0: "The target is above 0, so a mean of 0 is off target. Look at log(rho / m) as m "
                "gets smaller and smaller.",
                NOT_A_NUMBER: "rho / 0 is inf, and the logarithm of inf is inf. (NaN comes above "
                "1, where 1 - m is negative.)",
                "-inf": "log(rho / m) grows as m falls: to plus infinity.",
            },
        ),
        Hard(
            "kl_above_one",
            "KL without a clamp, ReLU codes, a latent with mean 1.5: the penalty",
            NOT_A_NUMBER,
            {
                "inf": "inf comes at a mean of exactly 1. Above it, 1 - m is negative. What is the "
                "logarithm of a negative number?",
                0: "1 - m is negative there. What is the logarithm of a negative number?",
                "large": "It would be good if it were. But 1 - m is negative, and so is what "
                "stands in the second logarithm.",
            },
        ),
        Hard(
            "hoyer_value",
            "Hoyer, code (3, 4, 0, 0): the penalty",
            0.4,
            {
                0.6: "This is the measure. The penalty is one minus the measure.",
                1.4: "This is L1 / L2. Put it into the formula with sqrt(4) = 2.",
                -0.6: "The penalty is 1 - H, not -H.",
                -0.4: "The penalty lies between 0 and 1.",
            },
            tolerance=0.01,
        ),
        Hard(
            "hoyer_scaled",
            "Hoyer, code (30, 40, 0, 0): the penalty",
            0.4,
            {
                4.0: "L1 and L2 both become 10 times as large, so their ratio stays.",
                0.6: "This is the measure, which is that of (3, 4, 0, 0). Asked is the penalty.",
                0.04: "A larger code does not count as sparser: both L1 and L2 become 10 times as "
                "large, and their ratio stays.",
            },
            tolerance=0.01,
        ),
        Hard(
            "hoyer_one_hot",
            "Hoyer, code (0, 7, 0, 0): the slope in the entry 7",
            0,
            {
                1: "Make the 7 an 8: the code is one-hot as before. Does the penalty change?",
                0.143: "This is the part of L1 alone. The length L2 grows too. Make the 7 an 8: "
                "does the penalty change?",
                -1: "The penalty cannot fall: it is 0 already. Make the 7 an 8: what changes?",
                NOT_A_NUMBER: "L2 is 7, so nothing divides by zero. Make the 7 an 8: does the "
                "penalty change?",
            },
            tolerance=0.01,
        ),
        Hard(
            "hoyer_equal",
            "Hoyer, code (2, 2, 2, 2): the slope in the first entry",
            0,
            {
                1: "1 is the penalty itself, its highest value. What is the slope on a hilltop?",
                -1: "If the first entry grows, the four are no longer equal, and the penalty "
                "falls. But if it gets smaller, the penalty falls too. What is the slope there?",
                0.25: "Each entry counts as much as the others, but the penalty is at its highest "
                "here. What is the slope on a hilltop?",
                -0.25: "With this slope the penalty would grow if the first entry got smaller. But "
                "it is at its highest already.",
                NOT_A_NUMBER: "L2 is 4, so nothing divides by zero. The penalty is at its highest "
                "here. What is the slope on a hilltop?",
            },
        ),
    ),
    hints=(
        "For each slope ask: if this entry grows by a little, does the penalty grow, fall, or "
        "stay? At a lowest point and at a highest point it stays.",
        "The slope of the KL term with respect to the mean m is -rho / m + (1 - rho) / (1 - m). "
        "For the two without a clamp, put the mean into the formula: what is log(rho / 0), and "
        "what the logarithm of a negative number?",
        "Hoyer looks at the shape of a code only: L1 / L2 is 7 / 5 both for (3, 4, 0, 0) and for "
        "(30, 40, 0, 0). In torch the logarithm of a negative number is NaN. At a kink, `abs` "
        "takes the slope 0.",
    ),
)
