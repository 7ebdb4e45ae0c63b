"""Exercise `descent_by_hand`: three steps of gradient descent on paper, at four learning rates."""

from course_lib.exercises.values import Field, PredictionExercise

TOO_FAR = "It goes past the bottom at 4, but does it end farther from it than it began?"


exercise = PredictionExercise(
    "descent_by_hand",
    title="Gradient descent on paper",
    points=2,
    difficulty=1,
    minutes=10,
    why="One rule is repeated millions of times in every training run. After three steps on paper "
    "you know what it does when the learning rate is too large.",
    fields=(
        Field(
            "w_after_one_step",
            "Learning rate 0.25: what is w after one step from w = 0?",
            2,
            {
                -2: "The sign is wrong: you went *along* the slope, and uphill. The step is "
                "against it: w minus learning rate times slope.",
                8: "The learning rate is missing: 8 is the whole slope. Take a quarter of it.",
                -8: "This is the slope itself. The new w is w - 0.25 · slope.",
                4: "You found the bottom of the bowl. One step leads only part of the way there.",
                1: "The factor 2 of the slope is missing: the slope of (w - 4)² is 2 (w - 4).",
                -4: "You subtracted the loss times the learning rate, 0.25 · 16. The step goes "
                "by the *slope* of the loss.",
            },
        ),
        Field(
            "w_after_two_steps",
            "Learning rate 0.25: what is w after two steps?",
            3,
            {
                4: "The second step is shorter than the first: at w = 2 the slope is only -4. "
                "Compute it anew at each step.",
                2.5: "You multiplied the learning rate by 2 (w - 4) without the 2. At w = 2 the "
                "slope is -4.",
                1: "The sign is wrong: at w = 2 the slope is -4, so w grows.",
                -5: "You went uphill, twice: subtract the learning rate times the slope.",
                1.75: "The factor 2 of the slope is missing, in both steps: it is 2 (w - 4).",
                2: "This is w after the first step.",
            },
            tolerance=1e-6,
        ),
        Field(
            "w_after_one_large_step",
            "Learning rate 1: what is w after one step from w = 0?",
            8,
            {
                -8: "The sign is wrong: the slope at 0 is -8, and w *minus* the slope is 8.",
                4: "4 is the bottom. With learning rate 1 the step is as long as the slope, which "
                "is 2 · (0 - 4) = -8, not -4. So the step leads past the bottom.",
                16: "This is the loss at w = 0. The step goes by its slope, 2 (w - 4).",
                0: "The slope at 0 is not 0: 2 · (0 - 4) = -8.",
            },
        ),
        Field(
            "w_after_two_large_steps",
            "Learning rate 1: what is w after two steps?",
            0,
            {
                8: "This is w after the first step. There the slope is 2 · (8 - 4) = 8, so w moves "
                "again.",
                -32: "You went uphill: subtract the slope.",
                16: "The slope at w = 8 is *positive*, so the second step leads back.",
                4: "It goes past the bottom both times. The second step starts at w = 8, where the "
                "slope is 8.",
            },
        ),
        Field(
            "fate_at_1",
            'Learning rate 1, many steps: "settles", "swings" or "diverges"?',
            "swings",
            {
                "settles": "Look at your two values for learning rate 1. After two steps w is back "
                "where it began, so all further steps repeat these two.",
                "diverges": "Look at your two values for learning rate 1. w is back where it "
                "began, no farther out.",
            },
        ),
        Field(
            "fate_at_0_9",
            'Learning rate 0.9, many steps: "settles", "swings" or "diverges"?',
            "settles",
            {
                "swings": "It does swing, but each time less. The distance to 4 is "
                "multiplied by 1 - 2 · 0.9 = -0.8 in each step.",
                "diverges": TOO_FAR + " The first step leads to 7.2: a distance of 3.2, where it "
                "was 4.",
            },
        ),
        Field(
            "fate_at_1_1",
            'Learning rate 1.1, many steps: "settles", "swings" or "diverges"?',
            "diverges",
            {
                "settles": TOO_FAR + " The first step leads to 8.8: a distance of 4.8, where it "
                "was 4.",
                "swings": "It does swing, but each time farther: the distance to 4 is "
                "multiplied by 1 - 2 · 1.1 = -1.2 in each step.",
            },
        ),
    ),
    hints=(
        "At w = 0 the slope is 2 · (0 - 4) = -8. The new w is w minus learning rate times slope. "
        "Minus times minus is plus.",
        "Compute the slope anew at each step: it belongs to the place where w is now. Follow the "
        "*distance* w - 4: it begins as -4.",
        "In each step the distance w - 4 is multiplied by (1 - 2 · learning rate). For 0.25 that "
        "is 1/2, for 1 it is -1. What happens to a distance that is multiplied again and again by "
        "-0.8, and by -1.2?",
    ),
)
