"""Exercise `why_not_zero`: a diagnosis. Floor, training, or ReLU: what holds a loss up?"""

from course_lib.exercises.values import Field, PredictionExercise

WORDS = '"floor", "training", "relu" or "nothing"'
REASONS = {"A": "training", "B": "floor", "C": "nothing", "D": "relu"}

# what each wrong diagnosis overlooks, by run
MISTAKES = {
    "A": {
        "floor": "This run has as many latents as the data has numbers: its floor is 0. And the "
        "loss still falls between the two columns.",
        "relu": "The code of this run is plain: no ReLU cuts anything off.",
        "nothing": "The loss is far above 0 at the end, and still falling.",
    },
    "B": {
        "training": "The loss is the same half-way and at the end, and it equals the floor. "
        "Nothing is left that more steps could gain.",
        "relu": "There is no ReLU in this run. Compare its loss with the column `floor`.",
        "nothing": "The loss stays at about 0.2: something holds it up. Compare it with the column "
        "`floor`.",
    },
    "C": {
        "floor": "The floor of 24 latents for 16 numbers is 0, and this loss reached it.",
        "training": "The loss is 0.00 from half-way on: nothing is left to gain.",
        "relu": "ReLU stands in this model and does no harm: no latent is dead, and the loss is 0.",
    },
    "D": {
        "floor": "The floor of 16 latents for 16 numbers is 0. The loss is above it: so the number "
        "of latents is not what holds it up. How many of them work?",
        "training": "The loss no longer falls. Look at the last column: these latents get no "
        "gradient, so more steps will not wake them.",
        "nothing": "The loss stays above 0, though the floor is 0. Look at the last column.",
    },
}


def _reason(name: str) -> Field:
    return Field(f"run_{name.lower()}", f"Run {name}: {WORDS}?", REASONS[name], MISTAKES[name])


exercise = PredictionExercise(
    "why_not_zero",
    title="Floor, training or ReLU?",
    points=4,
    difficulty=2,
    minutes=15,
    why="A loss that does not reach 0 has one of three reasons, and each has another cure.",
    fields=(
        *(_reason(name) for name in REASONS),
        Field(
            "cure_a",
            'What brings run A down: "more steps" or "more latents"?',
            "more steps",
            {
                "more latents": "16 latents are enough for 16 numbers: the floor is 0 already. The "
                "loss is on its way down, and only slow.",
            },
        ),
        Field(
            "cure_b",
            'What brings run B down: "more steps" or "more latents"?',
            "more latents",
            {
                "more steps": "The loss stands at its floor. With 8 latents there is no way below "
                "it, however long one trains.",
            },
        ),
        Field(
            "working_d",
            "How many latents of run D do any work?",
            10,
            {
                6: "This is the number of dead latents. The others work.",
                16: "This is the number of all latents. The dead ones are 0 on every row and add "
                "nothing.",
                0: "Not all latents are dead: the last column says how many are.",
            },
        ),
    ),
    hints=(
        "Compare the last loss with the floor first. If they are equal, the number of latents is "
        "the reason, and nothing else. If not, go on.",
        "Is the loss above its floor and still falling? Then training has not finished. Is it "
        "above its floor and flat? Then look whether all latents work.",
        "One run reaches 0. One stands at its floor of about 0.2. One falls between the columns. "
        "One has dead latents. Count the latents of that one that are left.",
    ),
)
