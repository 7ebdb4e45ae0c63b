"""Exercise `six_mends`: one setting mended in each run of `clinic`, so that it reaches bounds."""

from collections.abc import Callable, Mapping
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.sparse_autoencoder.clinic import NAMES, RUNS, Run, rerun

MOST_FVU, MOST_L0, MOST_DEAD, LEAST_FOUND, LENGTH_OFF = 0.11, 4.0, 0.25, 0.9, 0.01

SOLUTION = """\
{
    "A": {"latents": 32},
    "B": {"l1_weight": 0.3},
    "C": {"normalise": "rows"},
    "D": {"l1_weight": 0.3},
    "E": {"learning_rate": 0.03},
    "F": {"normalise": "rows"},
}"""

MENDS = {
    "A": {"latents": 32},
    "B": {"l1_weight": 0.3},
    "C": {"normalise": "rows"},
    "D": {"l1_weight": 0.3},
    "E": {"learning_rate": 0.03},
    "F": {"normalise": "rows"},
}


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping) or set(answer) != set(RUNS):
        return (
            "Hand in a dictionary with one entry per run, as in the text: its keys are "
            f"{', '.join(map(repr, RUNS))}, and each value is a dictionary with one setting."
        )
    for name, change in answer.items():
        if not isinstance(change, Mapping) or len(change) != 1:
            return (
                f"Run {name}: {change!r} is not one setting. Change exactly one, such as "
                '{"latents": 20}. One is enough for each run.'
            )
        setting, value = next(iter(change.items()))
        if setting not in NAMES:
            return f"Run {name}: there is no setting {setting!r}. There are {', '.join(NAMES)}."
        if not isinstance(value, int | float | str):
            return f"Run {name}: {setting} is {value!r}; a number or a word is expected."
        if value == getattr(RUNS[name], setting):
            return f"Run {name}: {setting} was {value!r} already, so this changes nothing."
        try:
            rerun(name, **change)
        except CourseError as problem:
            return f"Run {name}: {problem}"
    return None


def misses(run: Run) -> list[str]:
    """The bounds that a run does not reach, in words."""
    shortest, longest = run.rows
    bounds = {
        f"FVU {run.fvu:.2f}": run.fvu <= MOST_FVU,
        f"L0 {run.l0:.1f}": run.l0 <= MOST_L0,
        f"{100 * run.dead / run.latents:.0f} % dead": run.dead <= MOST_DEAD * run.latents,
        f"{100 * run.found:.0f} % found": run.found >= LEAST_FOUND,
        f"atom lengths {shortest:.1f} to {longest:.1f}": abs(shortest - 1) <= LENGTH_OFF
        and abs(longest - 1) <= LENGTH_OFF,
    }
    return [words for words, ok in bounds.items() if not ok]


def measure(answer: Mapping[str, Mapping[str, Any]], draw: Draw) -> list[Measurement]:
    """One measurement per run: it is trained again with the setting changed."""
    found = []
    for name in RUNS:
        missed = misses(rerun(name, **answer[name]))
        said = f"not reached: {', '.join(missed)}" if missed else "healthy"
        found.append(Measurement(f"Run {name}", said, "all five bounds", not missed))
    return found


exercise = OutcomeExercise(
    "six_mends",
    title="The clinic: six mends",
    points=5,
    difficulty=3,
    minutes=30,
    why="To name a fault is half of it. A mend is a mend when the run reaches its bounds.",
    solution=SOLUTION,
    build=lambda: {name: dict(change) for name, change in MENDS.items()},
    measure=measure,
    validate=validate,
    given="One setting per run",
    hints=(
        "The setting follows from the fault that you named. Two runs need a word, four a number. "
        "For a number try powers of ten first, with `rerun`, and then look in between.",
        "The data hold 20 features: with fewer latents than that some cannot be found. The weight "
        "of the penalty that works is the same in both runs that need another. Is FVU too large? "
        "Then it is too strong. Is L0 too large? Then it is too weak.",
        "Some twenty to forty latents, an l1_weight of some tenths, a learning rate of some "
        'hundredths, and `normalise` "rows": an atom is a row.',
    ),
)


# -- how wrong mends are recognised -----------------------------------------------------------


def _missed(name: str, *settings: str, when: Callable[[Run], bool] = lambda run: True):
    """Whether the mend of a run changes one of these settings, and the run is as said."""

    def recognise(answer: Mapping[str, Mapping[str, Any]]) -> bool:
        run = rerun(name, **answer[name])
        return bool(misses(run)) and next(iter(answer[name])) in settings and when(run)

    return recognise


def _others(setting: str) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name != setting)


@exercise.recognises(
    "Run A: no latent is dead, and each one works, but there are fewer than the 20 features. No "
    "weight and no learning rate makes room for the others. Change the number of latents.",
    _missed("A", *_others("latents")),
)
def weaker_penalty_for_a():
    return MENDS | {"A": {"l1_weight": 0.05}}


@exercise.recognises(
    "Run A: these are still too few latents. The data hold 20 features.",
    _missed("A", "latents", when=lambda run: run.latents < 20),
)
def still_too_few():
    return MENDS | {"A": {"latents": 15}}


@exercise.recognises(
    "Run B: you change another setting, but the penalty still outweighs all that a latent can "
    "gain. Lower the weight of the penalty.",
    _missed("B", *_others("l1_weight")),
)
def slower_for_b():
    return MENDS | {"B": {"learning_rate": 0.003}}


@exercise.recognises(
    "Run B: now the penalty is too weak: too many latents are active at a time. Look between this "
    "weight and the old one.",
    _missed("B", "l1_weight", when=lambda run: run.l0 > MOST_L0),
)
def too_weak_for_b():
    return MENDS | {"B": {"l1_weight": 0.03}}


@exercise.recognises(
    "Run B: the penalty is still too strong: the error is too large. Lower its weight further.",
    _missed("B", "l1_weight", when=lambda run: run.fvu > MOST_FVU),
)
def too_strong_for_b():
    return MENDS | {"B": {"l1_weight": 0.8}}


@exercise.recognises(
    "Run C: its atoms still do not have length 1. FVU and L0 were fine before. It is the axis of "
    "the normalisation that must change: an atom is a row.",
    _missed("C", *NAMES),
)
def weaker_for_c():
    return MENDS | {"C": {"l1_weight": 0.2}}


@exercise.recognises(
    "Run D: you change another setting, but nothing presses the latents to be silent. Raise the "
    "weight of the penalty.",
    _missed("D", *_others("l1_weight")),
)
def fewer_latents_for_d():
    return MENDS | {"D": {"latents": 20}}


@exercise.recognises(
    "Run D: the penalty is still too weak: L0 is too large. Raise its weight further.",
    _missed("D", "l1_weight", when=lambda run: run.l0 > MOST_L0),
)
def too_weak_for_d():
    return MENDS | {"D": {"l1_weight": 0.05}}


@exercise.recognises(
    "Run D: now the penalty is too strong: the error is too large. Look between this weight and "
    "the old one.",
    _missed("D", "l1_weight", when=lambda run: run.fvu > MOST_FVU),
)
def too_strong_for_d():
    return MENDS | {"D": {"l1_weight": 1.0}}


@exercise.recognises(
    "Run E: you change another setting, but the steps are as long as before. The first of them "
    "throw the latents so far off that they die. Lower the learning rate.",
    _missed("E", *_others("learning_rate")),
)
def weaker_penalty_for_e():
    return MENDS | {"E": {"l1_weight": 0.05}}


@exercise.recognises(
    "Run E: the learning rate is still too large: many latents die. Lower it further.",
    _missed("E", "learning_rate", when=lambda run: run.dead > MOST_DEAD * run.latents),
)
def still_too_fast():
    return MENDS | {"E": {"learning_rate": 0.2}}


@exercise.recognises(
    "Run E: the learning rate is now so small that 200 steps are not enough. Look between it and "
    "the old one.",
    _missed("E", "learning_rate", when=lambda run: run.l0 > MOST_L0),
)
def too_slow():
    return MENDS | {"E": {"learning_rate": 0.001}}


@exercise.recognises(
    "Run F: its atoms do not have length 1, so they grow and the codes shrink, whatever the other "
    "settings are. Normalise the atoms, which are rows.",
    _missed("F", *NAMES),
)
def stronger_for_f():
    return MENDS | {"F": {"l1_weight": 0.6}}
