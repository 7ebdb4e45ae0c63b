"""Exercise `seven_reports`: name what is wrong with the runs of `laboratory`."""

from course_lib.exercises.values import Field, PredictionExercise

WORDS = (
    '"nothing wrong", "no penalty", "seed leak", "giants", "never zero", "too few latents" or '
    '"features in pairs"'
)
FINDINGS = {
    "A": "too few latents",
    "B": "giants",
    "C": "seed leak",
    "D": "nothing wrong",
    "E": "never zero",
    "F": "features in pairs",
    "G": "no penalty",
}
ALIKE = {  # from run and word to the sentence
    "A": {
        "features in pairs": "With pairs, half as many latents would do, and others lie idle. Here "
        "no latent is to spare: next to none is dead. Compare MMCS with `matched`.",
        "nothing wrong": "The error is large, and MMCS is far above `matched`: one atom stands in "
        "for several features.",
        "giants": "The loudest latent is a quiet one. Look at how far MMCS and `matched` are "
        "apart.",
        "no penalty": "L0 is 2: something keeps latents off. And the error is large.",
        "seed leak": "Before the first step the MMCS is at the level of chance. Compare it with "
        "`matched`.",
        "never zero": "L0 is 2, so nearly all latents are 0. Compare MMCS with `matched`.",
    },
    "B": {
        "no penalty": "L0 is far below that of the other runs with so small an error, so something "
        "presses. But look at the loudest latent.",
        "nothing wrong": "The error is small. But the MMCS is hardly above chance.",
        "seed leak": "Before the first step the MMCS is at the level of chance. Look at the "
        "loudest.",
        "never zero": "L0 is far below 120: most latents are 0 at a time.",
        "too few latents": "The error is next to nothing. There is no lack of latents.",
        "features in pairs": "No latent is idle, and L0 is many times 2. Look at the loudest "
        "latent.",
    },
    "C": {
        "nothing wrong": "L0 is more than 80, though 2 features are on. Is it likely that such a "
        "run finds features? Look at the MMCS *before* the first step.",
        "no penalty": "That is so, but there is another run without penalty. Its MMCS is at "
        "chance. What else is different here? Look at the first step.",
        "giants": "The loudest latent is a quiet one. Look at the MMCS before the first step.",
        "never zero": "L0 is below 120. Look at the MMCS before the first step.",
        "too few latents": "The error is nothing. There is no lack of latents.",
        "features in pairs": "No latent is idle, and L0 is many times 2. Look at the first step.",
    },
    "D": {
        "too few latents": "Almost a third of the latents is dead, so there are enough. Their "
        "number is more than the features need. What has it found?",
        "features in pairs": "Then MMCS would stay well below 1: an atom that is the sum of two "
        "features has a cosine of about 0.7 with each.",
        "no penalty": "L0 is 2: something keeps latents off. And all features are found.",
        "seed leak": "Before the first step the MMCS is at the level of chance. What it has at the "
        "end it has learnt.",
        "giants": "The loudest latent is a quiet one, the quietest of all runs.",
        "never zero": "L0 is 2, so nearly all latents are 0. And all features are found.",
    },
    "E": {
        "no penalty": "Without a penalty the error would be next to nothing. Look at L0: it is the "
        "number of all latents.",
        "too few latents": "There are 120, as in the other runs, and all are on, always.",
        "giants": "The loudest latent is a quiet one. But look at L0.",
        "nothing wrong": "L0 is the number of all latents, and the MMCS is at chance.",
        "seed leak": "Before the first step the MMCS is at the level of chance, and at the end, "
        "too.",
        "features in pairs": "No latent is idle. Look at L0.",
    },
    "F": {
        "nothing wrong": "Error and L0 are fine. But few features are found. Why do about half of "
        "the latents lie idle, more than in the healthy run?",
        "too few latents": "About half of the latents lie idle. Room is there, but it is not "
        "needed: for the model there seem to be fewer features.",
        "no penalty": "L0 is 2 or less: something keeps latents off.",
        "giants": "The loudest latent is a quiet one. Look at the dead latents and at the MMCS.",
        "seed leak": "Before the first step the MMCS is at the level of chance. Why are so many "
        "dead?",
        "never zero": "L0 is 2 or less, so nearly all latents are 0.",
    },
    "G": {
        "seed leak": "Before the first step the MMCS is at the level of chance, and at the end not "
        "much above.",
        "nothing wrong": "The error is nothing, and nothing was found.",
        "giants": "The loudest latent is a quiet one. L0 is more than 80.",
        "never zero": "L0 is below 120: about a quarter of the latents is off at a time.",
        "too few latents": "The error is nothing, and no latent is dead. There is no lack of them.",
        "features in pairs": "No latent is idle, and L0 is more than 40 times 2.",
    },
}


def _run(name: str) -> Field:
    asked = f"Run {name}: {WORDS}?" if name == "A" else f"Run {name}:"
    return Field(f"run_{name.lower()}", asked, FINDINGS[name], ALIKE[name])


exercise = PredictionExercise(
    "seven_reports",
    title="Seven reports",
    points=4,
    difficulty=2,
    minutes=20,
    why="Most numbers of a report can look fine while nothing was found, and one can look fine "
    "without anything having been learnt.",
    fields=(
        *(_run(name) for name in FINDINGS),
        Field(
            "looks_best",
            "Which of the runs with something wrong would win if FVU and the MMCS at the end alone "
            "were reported?",
            "C",
            {
                "A": "Its error is the second largest.",
                "B": "Its error is small, but its MMCS is not much above chance.",
                "D": "Nothing is wrong with this one.",
                "E": "Its error is the largest, and its MMCS is at chance.",
                "F": "Error and MMCS are middling. One of the others has both better.",
                "G": "Its error is nothing, but its MMCS is near chance.",
            },
        ),
    ),
    hints=(
        "Begin with the columns that should be dull. L0: one run has all latents on. Loudest: one "
        "run has a latent that is far louder than any other. MMCS at the start: in one run it is 1 "
        "before anything has been learnt.",
        "Of the four that are left, one has no error and L0 above 80. The other three have an L0 "
        "near 2: one has found everything. The other two have found little, and differ in the dead "
        "latents: does a run with idle latents lack latents?",
        "MMCS far above `matched`, and none dead: too few latents, each serving several features. "
        "About half dead and cosines near 0.75: an atom for two features that always come "
        "together. L0 of 120: a sigmoid, never zero. Loudest at 3: giants.",
    ),
)
