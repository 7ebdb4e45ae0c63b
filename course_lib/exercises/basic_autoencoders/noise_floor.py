"""Exercise `noise_floor`: how well Gaussian noise can be compressed, computed beforehand."""

from course_lib.exercises.values import Field, PredictionExercise

exercise = PredictionExercise(
    "noise_floor",
    title="The floor on noise",
    points=3,
    difficulty=1,
    minutes=12,
    why="If you know the least error that is possible, you know whether more training can help.",
    fields=(
        Field(
            "floor_32",
            "Noise of variance 1 with d = 784, k = 32 latents: the floor, to three decimals?",
            0.959,
            {
                0.0408: "This is k / d, the share that 32 latents can *keep*. The floor is what is "
                "lost: 1 minus that.",
                0.041: "This is k / d, the share that is *kept*. The floor is what is lost: 1 "
                "minus that.",
                752: "This is d - k, the number of directions that are lost. Their error is spread "
                "over all 784 numbers of an example: divide by d.",
                0.0: "No code of 32 numbers keeps all 784 directions of noise: d - k of them are "
                "lost.",
                1.0: "This is the error of always answering 0. A code of 32 numbers can do a "
                "little better: it keeps 32 directions of 784.",
                0.968: "This is 1 - 1/32. It does not contain d: put k = 32 *and* d = 784 into "
                "the formula.",
            },
            tolerance=0.0011,  # 0.96 passes, 1 - 33/784 does not
        ),
        Field(
            "floor_392",
            "The same noise, d = 784, k = 392 latents?",
            0.5,
            {
                392: "This is the number of directions that are lost. Divide it by d = 784.",
                0.0: "Half of the directions are still lost: 392 of 784.",
                1.0: "Half of the directions are kept, so half of the error is gone.",
                0.25: "The floor falls in proportion to k, not to its square: half of the "
                "directions kept, half of the error left.",
            },
            tolerance=0.002,
        ),
        Field(
            "floor_variance_4",
            "Noise of standard deviation 2 (so variance 4) with d = 100, k = 25 latents?",
            3.0,
            {
                0.75: "This is the floor for variance 1. Each direction that is lost costs its "
                "variance, and here that is 4.",
                1.5: "You multiplied by the standard deviation, 2. Errors are squared: multiply by "
                "the variance, 4.",
                1.0: "This is what 25 latents keep: 4 · 25/100. The floor is what is lost.",
                75: "This is the number of directions that are lost. Each costs 4, and the sum is "
                "spread over 100 numbers.",
                300: "This is the error summed over the 100 numbers of an example. The loss is a "
                "mean: divide by d.",
                0.1875: "You divided by the variance. A direction with a larger variance costs "
                "more when it is lost: multiply.",
            },
            tolerance=0.002,
        ),
        Field(
            "latents_for_a_tenth",
            "Noise of variance 1 with d = 50. The fewest latents for a floor of at most 0.1?",
            45,
            {
                5: "With 5 latents, 45 of 50 directions are lost: the floor is 0.9. It is the "
                "other way round.",
                40: "With 40 latents, 10 of 50 directions are lost: the floor is 0.2.",
                44: "With 44 latents, 6 of 50 directions are lost: the floor is 0.12, just above "
                "0.1.",
                49: "49 latents are more than needed: their floor is 0.02. Find the smallest k "
                "with 1 - k/50 of at most 0.1.",
                50: "With 50 latents nothing is lost. Find the smallest k with 1 - k/50 of at most "
                "0.1.",
                46: "46 latents are one more than needed. *At most* 0.1 includes 0.1 itself.",
                0.9: "This is the share of directions that must be kept. How many of 50 are that?",
                500: "This is 50 / 0.1. You look for the smallest k with 1 - k/50 of at most 0.1.",
            },
        ),
        Field(
            "below_the_floor",
            'd = 784, k = 32; training loss 0.57, loss on new examples 1.12: "memorised", '
            '"compressed" or "undertrained"?',
            "memorised",
            also=("memorized",),
            mistakes={
                "compressed": "What is compressed could be done again with fresh noise of the same "
                "kind. There the loss is 1.12: worse than answering 0 each time, which costs 1.",
                "undertrained": "A network that has not yet learnt is bad on both. This one is far "
                "below the floor on the training data.",
            },
        ),
        Field(
            "best_on_fresh_noise",
            'Which has the lower loss on new examples: this "network", or always answering "zero"?',
            "zero",
            {
                "network": "The network's loss on fresh noise is 1.12. Answering 0 each time costs "
                "the variance of the noise: 1.",
            },
        ),
    ),
    hints=(
        "In noise all directions carry the same variance. A code of k numbers keeps k of the d "
        "directions; the other d - k are lost. What share of the variance is that?",
        "The floor is the variance times (1 - k/d). For the fourth question, write 1 - k/50 = 0.1 "
        "and solve for k.",
        "1 - 32/784 is close to 1. The floor for half of the latents is half of the variance. For "
        "the last two questions compare three losses: on training data, on fresh noise, and the "
        "loss of always answering 0, which is the variance.",
    ),
)
