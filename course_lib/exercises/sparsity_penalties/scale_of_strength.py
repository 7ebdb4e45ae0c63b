"""Exercise `scale_of_strength`: what the strength of L1 means under each of its three scales."""

from course_lib.exercises.values import Field, PredictionExercise

exercise = PredictionExercise(
    "scale_of_strength",
    title="The scale of the strength",
    points=3,
    difficulty=2,
    minutes=15,
    why="A strength copied from a paper is worth nothing without knowing over what was averaged "
    "and over what was summed.",
    fields=(
        Field(
            "mean_all",
            "The table above: mean over all entries",
            0.0625,
            {
                0.5: "This is the mean of the *active* entries. The 56 zeros of each code count "
                "as well: 8 of 64 entries are 0.5.",
                4.0: "This is the sum over the latents of a code. Divide by the number of latents.",
                0.125: "This is the fraction of active entries, 8 / 64. Each of them is 0.5.",
                400.0: "This is the sum of everything. Divide by the number of all entries.",
                0.04: "You divide the sum over one code by the 100 examples. A code has 64 "
                "entries, and all codes are alike.",
            },
            tolerance=0.01,
        ),
        Field(
            "sum_latents",
            "The table above: sum over the latents, mean over the examples",
            4.0,
            {
                8.0: "This is L0: 8 entries are active. Each of them adds 0.5.",
                0.0625: "This is the mean over all entries. Here the latents are added up.",
                400.0: "You add up over the examples as well. Take their mean.",
                0.5: "This is one entry. Each code has 8 such.",
                6.25: "You add up over the 100 examples and average over the 64 latents. Here it "
                "is the other way round.",
                32.0: "You add up 64 entries of 0.5. Only 8 of the 64 are active.",
            },
            tolerance=0.01,
        ),
        Field(
            "sum_all",
            "The table above: sum over everything",
            400.0,
            {
                4.0: "This is the sum over one code. There are 100 codes.",
                800.0: "You count the active entries. Each of them adds 0.5, not 1.",
                3200.0: "6,400 entries of 0.5 would give this. Only 8 of each 64 are active.",
            },
            tolerance=0.01,
        ),
        Field(
            "wider_mean",
            "64 latents and strength 0.1 become 128 latents: the new strength, mean over all "
            "entries",
            0.2,
            {
                0.1: "The mean now divides by twice as many entries. With the old strength each "
                "latent is pressed half as much.",
                0.05: "The other way round: the mean divides by twice as many entries, so the "
                "strength must make up for it.",
                0.4: "The number of latents has doubled; it has not become four times as large.",
            },
            tolerance=0.01,
        ),
        Field(
            "wider_sum",
            "64 latents and strength 0.1 become 128 latents: the new strength, sum over the "
            "latents, mean over the examples",
            0.1,
            {
                0.2: "The sum does not divide by the number of latents. Each latent is pressed "
                "with the strength itself, however many others there are.",
                0.05: "The sum has more terms, but each latent is still pressed with the strength "
                "itself.",
            },
            tolerance=0.01,
        ),
        Field(
            "larger_batch",
            "A batch of 100 and strength 0.001 become a batch of 200: the new strength, sum over "
            "everything",
            0.0005,
            {
                0.001: "The penalty doubles with the batch, and the reconstruction error, a mean, "
                "does not. The old strength now presses twice as much.",
                0.002: "The other way round: the penalty has doubled already.",
                0.00025: "The batch has doubled; it has not become four times as large.",
            },
            tolerance=0.01,
        ),
        Field(
            "translated",
            "The paper's strength of 3.2 in your code",
            25.6,
            {
                3.2: "Both terms have another scale in your code: the error is divided by 64, and "
                "the penalty by 512.",
                0.05: "That accounts for the error, which is 64 times as small. But your penalty "
                "is 512 times as small.",
                1638.4: "That accounts for the penalty, which is 512 times as small. But your "
                "error is 64 times as small, too.",
                204.8: "Your error is 64 times as small, so that the strength must *fall* by 64. "
                "And your penalty is 512 times as small.",
                0.4: "The wrong way round. The penalty is 512 times as small, so the strength "
                "grows; the error is 64 times as small, so the strength falls.",
                0.00625: "The penalty is 512 times as *small* in your code, so the strength must "
                "be 512 times as large.",
            },
            tolerance=0.01,
        ),
    ),
    hints=(
        "The first three: one code adds up to 8 times 0.5. For the others ask: what does the whole "
        "loss divide by now, and what did it divide by before?",
        "What counts is the balance of two terms: how hard one entry of the code is pressed, "
        "against how much the reconstruction error pulls. The error here is a mean over the "
        "examples. It knows nothing of the number of latents.",
        "The last one: divide the paper's whole loss by 64, so that its error becomes yours. Then "
        "its penalty has the factor 3.2 / 64. Your penalty is its penalty divided by 512.",
    ),
)
