"""Exercise `four_penalised_runs`: a diagnosis from the curves that `penalised_runs` computes."""

from course_lib.exercises.values import Field, PredictionExercise

WORDS = '"healthy", "too strong", "wrong sign" or "unbounded"'
FAULTS = {
    "A": "wrong sign",  # the measure itself is minimised, where one minus the measure is meant
    "B": "healthy",
    "C": "unbounded",  # beyond a mean of 1 KL is NaN; its slope is a number, and points up
    "D": "too strong",
}

# what each wrong diagnosis overlooks, by run
MISTAKES = {
    "A": {
        "healthy": "Look at the middle picture: all 32 latents are active on every example. This "
        "penalty was meant to make the code sparse.",
        "too strong": "A penalty that is too strong empties the code. Here every latent is on.",
        "unbounded": "The largest mean does pass 1, but the loss stays a number to the end. With "
        "KL it would not.",
    },
    "B": {
        "too strong": "Some 10 latents are active on each example, and the error is far below "
        "that of run D. So the penalty left enough.",
        "wrong sign": "The number of active latents *falls*, from about 20 to 10. The wrong sign "
        "would raise it.",
        "unbounded": "The loss is a number to the end, and the largest mean stays far below 1.",
    },
    "C": {
        "healthy": "Look at the cross in the left picture: from there on the loss is not a number.",
        "too strong": "About 30 latents are active on each example. A penalty that is too strong "
        "empties the code.",
        "wrong sign": "The code does get dense. But a Hoyer penalty with the wrong sign stays a "
        "number. What happens to the largest mean when the loss ceases to be one?",
    },
    "D": {
        "healthy": "No latent is active any more, and the loss has stopped falling, far above "
        "those of the others.",
        "wrong sign": "No latent is active. The wrong sign of Hoyer switches all of them on.",
        "unbounded": "The loss is a number to the end, and all means are about 0.",
    },
}


def _fault(name: str) -> Field:
    return Field(f"run_{name.lower()}", f"Run {name}: {WORDS}?", FAULTS[name], MISTAKES[name])


exercise = PredictionExercise(
    "four_penalised_runs",
    title="Four penalised runs",
    points=4,
    difficulty=2,
    minutes=15,
    why="A loss that falls does not show that a penalty works. Three of these four runs have a "
    "fault, and one of them has the lowest loss of all.",
    fields=(
        *(_fault(name) for name in FAULTS),
        Field(
            "answer_of_d",
            'What does run D answer to every digit in the end: "the input", "the mean digit" or '
            '"nothing but 0"?',
            "the mean digit",
            {
                "the input": "Its code is empty. How could it know the input?",
                "nothing but 0": "Its code is 0, but the decoder still has a bias. The answer is "
                "the bias, and training chose the best one.",
            },
        ),
        Field(
            "cure_strong",
            'The cure for "too strong": "smaller strength", "more steps" or "more latents"?',
            "smaller strength",
            {
                "more steps": "The latents are 0 on nearly all examples: behind ReLU they get no "
                "gradient there. More steps change nothing.",
                "more latents": "The same penalty would silence these as well. Here it is summed "
                "over the latents, so each of them is pressed just as hard.",
            },
        ),
        Field(
            "cure_sign",
            'The cure for "wrong sign": "one minus the measure", "smaller strength" or "larger '
            'strength"?',
            "one minus the measure",
            {
                "smaller strength": "Then it makes the code dense more slowly. It pushes the wrong "
                "way.",
                "larger strength": "Then it makes the code dense all the faster. It pushes the "
                "wrong way.",
            },
        ),
        Field(
            "cure_unbounded",
            'The cure for "unbounded": "sigmoid at the code", "smaller strength" or "larger '
            'target"?',
            "sigmoid at the code",
            {
                "smaller strength": "Then nothing holds the means below 1 at all. It is the range "
                "of the codes that does not fit the formula.",
                "larger target": "However large the target is: above 1 the formula has no value. "
                "It is the range of the codes that does not fit.",
            },
        ),
    ),
    hints=(
        "Look at the middle picture first. In which runs does the penalty do what it is for, and "
        "in which does it do the opposite, or too much of it?",
        "Two runs have dense codes. Look at their losses: one of them ends with a cross. At that "
        "step, what has happened to its largest mean activation?",
        "KL needs means between 0 and 1, and its formula gives NaN above. Hoyer's measure has a "
        "value for every code; minimised, it switches all latents on. L1 that is too strong "
        "switches all off.",
    ),
)
