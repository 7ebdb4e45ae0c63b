"""Exercise `weight_scale`: why the size of the numbers grows with the root of the width."""

from course_lib.exercises.values import ChoiceExercise, Option

exercise = ChoiceExercise(
    "weight_scale",
    title="The scale of the first weights",
    points=1,
    difficulty=2,
    minutes=8,
    why="With weights too large or too small at the start, the numbers in a deep network explode "
    "or fade away before it has learnt anything.",
    options={
        "a": Option(
            "Half of the weights are negative. They cancel half of what the others add, so only "
            "half of the extra inputs count.",
            "Half of the weights are negative in the narrow stack, too. If a fixed share were "
            "lost in both, four times as many inputs would still give a factor four times as "
            "large.",
        ),
        "b": Option(
            "The wide stack has four times as many weights to draw. Each comes out smaller, by "
            "half, so four times becomes twice.",
            "Each weight is drawn on its own, with standard deviation 0.05 in both stacks. (A wide "
            "layer has sixteen times as many of them: four times the inputs and four times the "
            "outputs.)",
        ),
        "c": Option(
            "Each output adds up random terms of either sign. A sum of four times as many spreads "
            "√4 = 2 times as wide, not 4 times.",
            "Each layer multiplies the size by (standard deviation of the weights) · √(number of "
            "inputs). Here 0.05 · √256 = 0.8 and 0.05 · √1024 = 1.6. To keep the size, the factor "
            "must be 1: that is the lesson's rule, weights of standard deviation 1/√n.",
            correct=True,
        ),
        "d": Option(
            "Large numbers are drawn back towards their mean, which is 0. Without this, the factor "
            "would be 3.2, four times as large.",
            "Nothing in a linear layer draws numbers back. Multiply its input by 1000, and without "
            "a bias the output is 1000 times as large as well.",
        ),
    },
    hints=(
        "Look at a single output of the first layer. How many products does it add up in the "
        "narrow stack, and how many in the wide one? Are they all of the same sign?",
        "Try it on plain random numbers. `torch.randn(10000, 256).sum(dim=1).std()` adds up 256 of "
        "them, ten thousand times, and tells how widely the sums spread. Then write 1024 for 256.",
        "The lesson's section on weights of the wrong scale says it: a sum of n random terms is "
        "typically √n times as large as one of them. Put in n = 256, then n = 1024.",
    ),
)
