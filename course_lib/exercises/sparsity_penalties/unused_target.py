"""Exercise `unused_target`: why the tutorial's L1 ignores its target, and a line that would not."""

from course_lib.exercises.values import ChoiceExercise, Option

exercise = ChoiceExercise(
    "unused_target",
    title="A target that nobody reads",
    points=2,
    difficulty=2,
    minutes=8,
    why="An argument that is accepted and not used looks like a promise. Mending it takes more "
    "than using it somewhere.",
    options={
        "a": Option(
            "The line is fine, only its strength is too small. A larger one pulls each mean to "
            "0.05 and holds it there.",
            "A larger strength does pull the means down, but nothing holds them at 0.05: with more "
            "of it they go on to 0. The lowest point of this penalty is at 0, and the target does "
            "not stand in it.",
        ),
        "b": Option(
            "The target stands nowhere in the penalty. Put it in as a factor: "
            "`target_sparsity * torch.mean(torch.abs(encoded))`.",
            "The reason is right. But a factor only changes the strength: 0.001 would become "
            "0.00005. The lowest point of the penalty is still at 0.",
        ),
        "c": Option(
            "Its lowest point is at 0. Move it: "
            "`torch.abs(encoded.mean(dim=1) - target_sparsity).mean()`.",
            "dim=1 runs over the latents: this is the mean of each *code*. It can be 0.05 with one "
            "latent near 1 on every digit, and the others dead. Asked is the mean of each latent.",
        ),
        "d": Option(
            "Its lowest point is at 0. Move it: "
            "`torch.abs(torch.mean(encoded) - target_sparsity)`.",
            "This takes one mean over all latents. It can be 0.05 with a few latents that are "
            "large and many that are dead. The question asks for the mean of *each* latent.",
        ),
        "e": Option(
            "Its lowest point is at 0. Move it: "
            "`torch.abs(encoded.mean(dim=0) - target_sparsity).sum()`.",
            "First the mean of each latent, then its distance from the target, then the sum over "
            "the latents: the penalty is 0 when all means are on target, and the entries of a "
            "latent may still differ. KL is built in the same way.",
            correct=True,
        ),
        "f": Option(
            "The sigmoid is to blame: it never gives exactly 0. With ReLU the same line reaches "
            "its target.",
            "ReLU gives exact zeros, and still the penalty would not contain the target. It "
            "changes how codes get small, and not where they stop.",
        ),
    },
    hints=(
        "Call the function with a target of 0.05, and then of 0.5. Would anything in training be "
        "different? So why does it not aim?",
        "A penalty that aims at a value is smallest *at* that value. For three of the six "
        "suggestions that holds. What exactly is 0.05 in each of the three: the mean of a latent, "
        "of a code, or of everything?",
        "The mean of a latent runs over the examples, dim=0. It must be taken before the distance "
        "from the target, and separately for each latent.",
    ),
)
