"""Exercise `loss_and_rate`: what the reduction of a loss does to the learning rate."""

from course_lib.exercises.values import Field, PredictionExercise

PIXELS, ROWS = 64, 32

exercise = PredictionExercise(
    "loss_and_rate",
    title="Another loss, another learning rate",
    points=3,
    difficulty=2,
    minutes=12,
    why="You copy the learning rate from a paper, but not its reduction. The training explodes, or "
    "does not move. This is how you translate one into the other.",
    fields=(
        Field(
            "summed_per_example",
            "How many times as large is the loss when it is summed per example?",
            PIXELS,
            {
                ROWS: "32 is the number of images. Both losses average over the images; they "
                "differ in what they do with the numbers of one image.",
                PIXELS * ROWS: "This would be the sum over everything. Summed *per example*, the "
                "loss is still averaged over the 32 images.",
                1: "The mean divides by 64 for each image, the sum does not.",
                1 / PIXELS: "This is the other way round: the summed loss is the larger one.",
                8: "Lengths would differ by the root of 64. These losses are sums of squares, "
                "without a root.",
            },
            tolerance=1e-6,
        ),
        Field(
            "rate_for_summed",
            "Which learning rate makes SGD take the same steps with the loss summed per example?",
            0.01,
            {
                0.64: "With the same learning rate each step would be 64 times as long: the loss "
                "is 64 times as large, and so are its slopes.",
                40.96: "The wrong way round: larger slopes need a *smaller* learning rate.",
                0.02: "You divided by 32, the number of images. Both losses average over those.",
                0.08: "You divided by the root of 64. The slopes are 64 times as large, not 8 "
                "times.",
                0.0003125: "You divided by 64 · 32. This loss is still averaged over the images.",
            },
            tolerance=1e-6,
        ),
        Field(
            "summed_over_everything",
            'How many times as large is nn.MSELoss(reduction="sum") as the loss per element?',
            PIXELS * ROWS,
            {
                PIXELS: "This is the loss summed *per example*. torch's sum adds up the 32 images "
                "too.",
                ROWS: "torch adds up the 64 numbers of each image too.",
                1: "The mean divides by the number of all elements, the sum does not.",
                PIXELS + ROWS: "Numbers per image *times* images: each image has 64 of them.",
            },
            tolerance=1e-6,
        ),
        Field(
            "mean_with_more_images",
            "Batches of 128 images: how many times as large is the loss per element, about?",
            1,
            {
                4: "An average over more images is not larger. This holds for the sum over "
                "everything.",
                0.25: "The sum is divided by four times as many elements, but it also has four "
                "times as many terms.",
                0.5: "Its *scatter* from batch to batch is half as large. The loss itself stays "
                "the same, on average.",
                2: "An average over more images is not larger.",
            },
            tolerance=1e-6,
        ),
        Field(
            "sum_with_more_images",
            'Batches of 128 images: how many times as large is nn.MSELoss(reduction="sum"), about?',
            4,
            {
                1: "This holds for the means. A sum over four times as many images has four times "
                "as many terms: change the size of the batch, and you must change the learning "
                "rate.",
                2: "A sum of squares grows like the number of its terms: no term is below 0, so "
                "they do not cancel.",
                16: "The sum has four times as many terms, of the same size as before.",
                0.25: "The sum grows with the batch.",
                128: "Compare with batches of 32.",
            },
            tolerance=1e-6,
        ),
        Field(
            "adam_rate_for_summed",
            "Adam worked at 0.001 with the loss per element. Which rate takes the same steps with "
            "the loss summed per example?",
            0.001,
            {
                0.001 / PIXELS: "That would be SGD's way. In Adam's step m_hat is divided by the "
                "root of v_hat. What happens to each of them when all gradients are 64 times as "
                "large?",
                0.001 * PIXELS: "What happens to m_hat, and to the root of v_hat, when all "
                "gradients are 64 times as large?",
                0.001 * 8: "The root is taken of v_hat, which grows 64 · 64 times. So the root "
                "grows 64 times, as m_hat does.",
                0.001 / 8: "8 is the root of 64. But v_hat grows 64 · 64 times, since it averages "
                "*squares*, and the root of that is 64.",
            },
            tolerance=1e-6,
        ),
    ),
    hints=(
        "Write down, for one batch, what each loss divides the sum of all squares by. The sum of "
        "all squares is the same for all three.",
        "Per element: divided by 32 · 64. Per example: by 32. torch's sum: by nothing. When a loss "
        "is c times as large, so is each of its slopes, and SGD's step is learning rate times "
        "slope.",
        "For Adam let every gradient be 64 times as large. m is an average of gradients, v one of "
        "their squares. In m_hat / root of v_hat, by what factor do top and bottom grow?",
    ),
)
