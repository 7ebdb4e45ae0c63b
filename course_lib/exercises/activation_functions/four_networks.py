"""Exercise `four_networks`: a diagnosis from the statistics that `clinic` computes."""

from course_lib.exercises.values import Field, PredictionExercise
from course_lib.practice.activation_functions.clinic import NETWORKS

WORDS = '"healthy", "saturated", "dead" or "shrinking"'
CONDITIONS = {"A": "shrinking", "B": "healthy", "C": "saturated", "D": "dead"}

MISTAKES = {
    "A": {
        "healthy": "Follow mean |z| from layer to layer: it falls to about a tenth each time. The "
        "gradients are small as well: less than a hundredth of network B's.",
        "saturated": "A saturated tanh has |a| close to 1. Here no entry is even near: mean |z| is "
        "far below 1, and there tanh is almost a straight line.",
        "dead": "tanh has no flat piece at 0, so its units cannot die as ReLU units do. Look at "
        "how mean |z| changes from layer to layer.",
    },
    "B": {
        "saturated": "Saturated was said of tanh, with values near -1 or 1; ReLU has no upper "
        "plateau. About half of the entries are 0, and that is what ReLU does to data on both "
        "sides of 0.",
        "dead": "Half of the *entries* are 0, but no *unit* is 0 on all inputs: the column `dead "
        "units` says 0 %.",
        "shrinking": "mean |z| keeps its size from layer to layer, and so does the gradient.",
    },
    "C": {
        "healthy": "Nearly all entries have |a| > 0.99: tanh is flat there. Look at the gradient "
        "of layer 1.",
        "dead": "The units are not silent: |a| is close to 1. They sit on a plateau of tanh. For a "
        "tanh unit this is called saturated.",
        "shrinking": "The gradient shrinks towards layer 1, but mean |z| does not: it is about 6 "
        "in each layer, far out on the plateau.",
    },
    "D": {
        "healthy": "All gradients are exactly 0: this network cannot learn at all. Look at the "
        "column `dead units`.",
        "saturated": "Saturated was said of tanh, with values near -1 or 1. Here a whole ReLU "
        "layer gives 0 on all inputs; for ReLU this is called dead.",
        "shrinking": "The gradients are not small, they are exactly 0. Look at the column `dead "
        "units`.",
    },
}

SUNK = next(NETWORKS[name].sunk_layer for name, c in CONDITIONS.items() if c == "dead")


def _condition(name: str) -> Field:
    return Field(
        f"network_{name.lower()}",
        f"Network {name}: {WORDS}?",
        CONDITIONS[name],
        MISTAKES[name],
    )


exercise = PredictionExercise(
    "four_networks",
    title="Four networks, three of them ill",
    points=4,
    difficulty=2,
    minutes=15,
    why="A loss that does not fall says that something is wrong. The statistics of the layers say "
    "what, and where.",
    fields=(
        *(_condition(name) for name in CONDITIONS),
        Field(
            "dead_layer",
            "In the dead network: the first layer whose units are all dead? Write 1, 2 or 3.",
            SUNK,
            {
                1: "Layer 1 works: about half of its entries are above 0 and no unit is dead. Its "
                "gradient is 0 because a layer further on lets nothing through.",
                3: "Layer 3 gets nothing but zeros from below, so each of its units repeats its "
                "own bias, input after input. The fault lies before it, in an earlier layer.",
                4: "There are three hidden layers, counted from 1 as in the table. The output "
                "layer is linear: its units cannot be dead.",
            },
        ),
        Field(
            "cure_saturated",
            'The saturated network: should its weights and biases start "smaller" or "larger"?',
            "smaller",
            {
                "larger": "Larger weights and biases push |z| even further out on the plateau.",
            },
        ),
        Field(
            "cure_shrinking",
            'The shrinking network (its biases are 0): should its weights start "smaller" or '
            '"larger"?',
            "larger",
            {
                "smaller": "With smaller weights each layer shrinks the signal even more.",
            },
        ),
    ),
    hints=(
        "Sort by activation first. Only a ReLU unit can be dead, only a tanh (or sigmoid) unit can "
        "be saturated. A share of 50 % zeros is normal for ReLU.",
        "Of the two tanh networks, one has |z| far above 1, the other far below. Which of them is "
        "on the plateau? Of the two ReLU networks, compare the columns `dead units` and "
        "`gradient`.",
        "The dead layer is the *first* one in which 100 % of the units are dead; what comes after "
        "it only gets zeros. The cures follow from |z|: bring it to about 1.",
    ),
)
