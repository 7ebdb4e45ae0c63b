"""Exercise `two_layer_trap`: what closes the way out that a two-layer decoder leaves open?"""

from course_lib.exercises.values import ChoiceExercise, Option

exercise = ChoiceExercise(
    "two_layer_trap",
    title="Closing a way out",
    points=2,
    difficulty=3,
    minutes=10,
    why="Before you add a constraint, ask which numbers it holds, and whether others can still "
    "move.",
    options={
        "a": Option(
            "Give length 1 to the columns of the dictionary, too.",
            "The dictionary comes after h'. Whatever is done to it, z can shrink and $W_3$ grow by "
            "the same factor, so that h' stays as it is.",
        ),
        "b": Option(
            "Add a second penalty: L1 on h' as well as on z.",
            "The second penalty keeps h' small. But z can still shrink while $W_3$ grows by the "
            "same factor: h' stays as it is, and so does its penalty, and that of z falls to 0.",
        ),
        "c": Option(
            "Give length 1 to the columns of $W_3$, one column per latent, in each forward pass.",
            "Column i of $W_3$ is what latent i says to the hidden layer. At length 1 it cannot "
            "grow, so h' needs a z of a certain size; and the atoms at length 1 need an h' of a "
            "certain size.",
            correct=True,
        ),
        "d": Option(
            "Give length 1 to the rows of $W_2$, so that z cannot be made small.",
            "$W_2$ is multiplied with h, which the first layer may make as small as it likes. So z "
            "shrinks all the same.",
        ),
        "e": Option(
            "Raise the weight of the penalty until the way out no longer pays.",
            "The way out costs nothing, and what it saves grows with the weight. It pays all the "
            "more.",
        ),
    },
    hints=(
        "Write down what is multiplied with what from x to x_hat, and mark what is held at a fixed "
        "size. Then put one more mark, as each option says.",
        "Put one number for each matrix: h' = ReLU(w·z) and x_hat = h'·1. The pairs (w, z) = "
        "(1, 1), (2, ½), (4, ¼) all give the same h'. Which option forbids the second and third?",
        "Two numbers can move against each other: w and z. Only the penalty looks at z. So "
        "something must hold w, and w is $W_3$.",
    ),
)
