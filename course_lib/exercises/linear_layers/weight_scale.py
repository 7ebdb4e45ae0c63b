"""Exercise `weight_scale`: why the scale of the first weights matters in a stack of layers."""

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
            "They stay near 1: the weights are as often positive as negative, so what they add "
            "and what they take away cancels.",
            "The mean of the outputs stays near 0 for this reason, but not their spread. Sums "
            "of random terms spread: 256 terms of either sign do not cancel exactly, they leave "
            "something of the size of √256 terms.",
        ),
        "b": Option(
            "They shrink by a factor of 10 a layer, because every weight is around 0.1 in size.",
            "This looks at one product alone. Each output adds up 256 such products, and the sum "
            "is larger than a single one of them.",
        ),
        "c": Option(
            "They grow by a factor of about 1.6 a layer: each output is a sum of 256 random terms "
            "of size 0.1, and such a sum has size 0.1 · √256.",
            "The variances of independent terms add up: 256 · 0.1² = 2.56, and √2.56 = 1.6. After "
            "30 layers the factor is 1.6³⁰, more than a million. With weights of size 1/√256 it "
            "would be 1 a layer, which is why initial weights are scaled by 1/√(number of inputs).",
            correct=True,
        ),
        "d": Option(
            "They grow by a factor of about 25.6 a layer: each output adds up 256 terms of size "
            "0.1.",
            "That would be so if all 256 terms had the same sign. Here the signs are random and "
            "most of the sum cancels: what is left grows like √256 = 16, not like 256.",
        ),
    },
    hints=(
        "Look at a single output of the first layer. How many products does it add up, and how "
        "large is each of them?",
        "The products have random signs. The variances of independent terms add up, so a sum of "
        "n of them has a standard deviation of √n times that of one.",
        "In the example above the weights have size 0.05, there are 256 inputs, and 0.05 · √256 = "
        "0.8: compare 0.8¹⁰ with the printed number. Then do the same with 0.1.",
    ),
)
