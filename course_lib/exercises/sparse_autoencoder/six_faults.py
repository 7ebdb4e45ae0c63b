"""Exercise `six_faults`: a diagnosis of the six runs of `clinic`, from their table and curves."""

from course_lib.exercises.values import Field, PredictionExercise

WORDS = (
    '"too few latents", "penalty too strong", "penalty too weak", "wrong axis", "no unit norm" or '
    '"learning rate too large"'
)

FAULTS = {
    "A": "too few latents",
    "B": "penalty too strong",
    "C": "wrong axis",
    "D": "penalty too weak",
    "E": "learning rate too large",
    "F": "no unit norm",
}

# what each wrong diagnosis overlooks, by run
MISTAKES = {
    "A": {
        "penalty too strong": "L0 is not small, and no latent is dead: the penalty leaves all of "
        "them at work. And its loss starts low, where a strong penalty would make it start high.",
        "penalty too weak": "A weak penalty makes the error small and L0 large. Here the error is "
        "large, and L0 is not.",
        "wrong axis": "All atoms have length 1, so the right axis is normalised.",
        "no unit norm": "All atoms have length 1: there is a unit norm.",
        "learning rate too large": "The loss falls calmly, without a jump upwards, and no latent "
        "has died. Every latent works, and still the error is large: what is missing?",
    },
    "B": {
        "too few latents": "Most of the latents that it has are dead. More of them would die, too. "
        "What kills them? Look at where the loss starts.",
        "penalty too weak": "L0 is far below 1: there is hardly anything active. Too weak a "
        "penalty leaves too much.",
        "wrong axis": "Not the columns but the atoms have length 1: the right axis is normalised.",
        "no unit norm": "Every atom has length 1: the unit norm is there.",
        "learning rate too large": "There are two runs with many dead latents. This one falls "
        "without a jump upwards. But its loss *starts* far higher than all others, with the same "
        "weights: what makes it so large?",
    },
    "C": {
        "too few latents": "Nearly all features are found, and some latents are even left over, "
        "dead.",
        "penalty too strong": "The error is small, and nearly all features are found: the penalty "
        "does not press too much. Compare the two columns with lengths.",
        "penalty too weak": "L0 is near the true 1.5: the penalty works. Compare the two columns "
        "with lengths.",
        "no unit norm": "Something does have length 1 exactly. But what? Compare the two columns "
        "with lengths.",
        "learning rate too large": "The loss falls calmly, and the error gets small. Compare the "
        "two columns with lengths.",
    },
    "D": {
        "too few latents": "The error is the smallest of all: there is no lack of latents. Look at "
        "how many are active at a time.",
        "penalty too strong": "About half of all latents are active on an example, where 1.5 would "
        "do. A strong penalty would not let them.",
        "wrong axis": "The atoms have length 1, as they should: the axis is right.",
        "no unit norm": "The atoms have length 1, as they should: the unit norm is there.",
        "learning rate too large": "The loss falls calmly, down to almost 0. Look at how many "
        "latents are active at a time.",
    },
    "E": {
        "too few latents": "Most of the latents that it has are dead. Look at the first steps of "
        "the loss.",
        "penalty too strong": "There are two runs with many dead latents. This loss starts near 2, "
        "as low as that of run F, and then jumps up: something threw the weights far off.",
        "penalty too weak": "Hardly anything is active, and most latents are dead. Too weak a "
        "penalty leaves too much.",
        "wrong axis": "It is the atoms that have length 1, not the columns: the axis is right.",
        "no unit norm": "Look at the atom lengths: all are 1, so the unit norm is there.",
    },
    "F": {
        "too few latents": "The error is small: there is no lack of latents. Look at the lengths "
        "of the atoms, and at how strong the activations are.",
        "penalty too strong": "The error is small, and hardly a latent is dead. The activations "
        "are small, but look at how long the atoms are: who pays the penalty?",
        "penalty too weak": "L0 is too large, that is true. But look at the activations, the "
        "smallest of all, and at the atoms, the longest: the penalty is evaded, not weak.",
        "wrong axis": "With the wrong axis the *columns* would have length 1. Neither rows nor "
        "columns have.",
        "learning rate too large": "The loss falls calmly, and the error gets small. Look at the "
        "lengths of the atoms.",
    },
}


def _fault(name: str) -> Field:
    return Field(
        f"run_{name.lower()}",
        f"Run {name}: {WORDS}?" if name == "A" else f"Run {name}:",
        FAULTS[name],
        MISTAKES[name],
    )


exercise = PredictionExercise(
    "six_faults",
    title="The clinic: six broken runs",
    points=4,
    difficulty=2,
    minutes=20,
    why="A sparse autoencoder that goes wrong still trains, and its loss still falls. The fault "
    "shows in other numbers.",
    fields=(
        *(_fault(name) for name in FAULTS),
        Field(
            "looks_healthy",
            "Which run would pass for healthy if you looked at FVU, L0 and `found` alone?",
            "C",
            {
                "A": "Its FVU is above 0.2, and few features are found.",
                "B": "Its FVU is almost 0.9: it explains hardly anything.",
                "D": "Its L0 is ten times too large, and it found no feature.",
                "E": "Its FVU is near 1: it explains hardly anything.",
                "F": "Its error is small, but L0 is too large, and many features are missing.",
            },
        ),
    ),
    hints=(
        "Begin with the columns of lengths: they give two runs away. Then look at the dead "
        "latents, and then at L0.",
        "Two runs have mostly dead latents. All runs start from the same weights, so the first "
        "loss tells how much the penalty counts: where is it far higher? And which loss jumps up "
        "in its first steps?",
        "Lengths: where the columns have norm 1 the axis is wrong, where neither has the norm is "
        "missing. L0 far too large: penalty too weak. High FVU although every latent works: too "
        "few of them. Dead with a high first loss: penalty. Dead after a jump: learning rate.",
    ),
)
