"""Exercise `five_curves`: a diagnosis from the loss curves that `curves` computes."""

from course_lib.exercises.values import Field, PredictionExercise

WORDS = '"healthy", "slow", "jumpy", "diverged" or "overfitted"'
CONDITIONS = {"A": "overfitted", "B": "slow", "C": "diverged", "D": "healthy", "E": "jumpy"}

MISTAKES = {
    "A": {
        "healthy": "Look at the two curves together. The training loss falls to almost 0, but the "
        "validation loss stays high, and in the end it rises.",
        "slow": "The training loss falls quickly, and down to almost 0. It is the validation loss "
        "that does not follow.",
        "jumpy": "Neither curve jumps: one falls smoothly, the other rises slowly.",
        "diverged": "The training loss falls to almost 0. A run that diverges has a training loss "
        "that grows and grows.",
    },
    "B": {
        "healthy": "Both curves still fall at the end, and they are high: run D is far below. "
        "This run has not arrived.",
        "jumpy": "The curves are smooth. They only fall very slowly.",
        "diverged": "The curves fall, if slowly. A run that diverges grows.",
        "overfitted": "Training and validation loss lie close together. In overfitting they part.",
    },
    "C": {
        "healthy": "Look at the numbers on the axis: powers of ten. The loss grows and grows.",
        "slow": "Look at the numbers on the axis: powers of ten. And the curve goes up.",
        "jumpy": "It does not come back down: the loss grows by a factor in each epoch. Look at "
        "the numbers on the axis.",
        "overfitted": "The *training* loss grows too. In overfitting it falls, and only the "
        "validation loss rises.",
    },
    "D": {
        "slow": "The loss falls quickly at first, and then it has arrived: hardly anything changes "
        "any more. A slow run still falls at the end.",
        "jumpy": "The wobble is small. Compare with run E, on the same scale.",
        "diverged": "The loss falls, and stays low.",
        "overfitted": "The validation loss stays close to the training loss, and does not rise.",
    },
    "E": {
        "healthy": "Compare with run D, on the same scale: this run jumps up and down and stays "
        "higher.",
        "slow": "It does not creep: it jumps, up as well as down.",
        "diverged": "It is near. But the loss comes back down after each jump, and stays in the "
        "same range. Compare with the axis of run C.",
        "overfitted": "Both curves jump, the training loss too. In overfitting it falls smoothly, "
        "and only the validation loss rises.",
    },
}


def _condition(name: str) -> Field:
    return Field(
        f"run_{name.lower()}",
        f"Run {name}: {WORDS}?",
        CONDITIONS[name],
        MISTAKES[name],
    )


CURES = '"larger rate", "smaller rate", "more data" or "more epochs"'

exercise = PredictionExercise(
    "five_curves",
    title="Five runs, one of them healthy",
    points=4,
    difficulty=2,
    minutes=15,
    why="The loss curve is the first thing that one looks at when a training run goes wrong. Most "
    "faults can be read off it.",
    fields=(
        *(_condition(name) for name in CONDITIONS),
        Field(
            "cure_slow",
            f"To get the slow run down within 40 epochs: {CURES}?",
            "larger rate",
            {
                "smaller rate": "With shorter steps it would creep even more.",
                "more data": "More images mean more steps per epoch, so that does help a little. "
                "But the steps are more than a hundred times too short, and you do not have so "
                "many images.",
                "more epochs": "That would work in the end, but 40 epochs is all you have.",
            },
        ),
        Field(
            "cure_jumpy",
            f"To let the jumpy run come to rest, lower down: {CURES}?",
            "smaller rate",
            {
                "larger rate": "Even longer steps: it would diverge.",
                "more data": "The training loss jumps as well, on images that it has. The steps "
                "are too long.",
                "more epochs": "It has jumped for 40 epochs, and it would go on.",
            },
        ),
        Field(
            "cure_overfitted",
            f"To make the overfitted run read new digits better: {CURES}?",
            "more data",
            {
                "larger rate": "The training loss is almost 0 already: longer steps would only get "
                "there sooner.",
                "smaller rate": "It would learn the same images by heart, only later.",
                "more epochs": "The training loss is almost 0, and the validation loss is rising. "
                "More of the same makes it worse.",
            },
        ),
        Field(
            "keep",
            'Whose weights of the overfitted run does early stopping keep? "early" (epochs 1 to '
            '15), "middle" (16 to 30) or "late" (31 to 40)?',
            "early",
            {
                "late": "At the end the *training* loss is lowest. Early stopping keeps the "
                "weights with the lowest *validation* loss.",
                "middle": "Look at the lowest point of the dashed curve: it comes earlier.",
            },
        ),
    ),
    hints=(
        "Look at the numbers on the axes first. Then ask of each run: does the training loss fall? "
        "Has it arrived at the end? Does the validation loss follow it?",
        "Too small a learning rate creeps, too large a one jumps, and a little more of it "
        "diverges. In all three, training and validation loss do the same. In which run do they "
        "part?",
        "Too long or too short steps are cured by the learning rate. Overfitting is not a matter "
        "of the steps: there are too few examples, and the model learns them by heart.",
    ),
)
