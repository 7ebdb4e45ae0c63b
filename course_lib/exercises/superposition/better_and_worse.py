"""Exercise `better_and_worse`: two runs, the one with the lower error finds fewer features."""

from collections.abc import Callable, Mapping
from typing import Any

from course_lib.exercises.cases import Draw
from course_lib.exercises.superposition.exam_world import DEFAULTS, exam, problem_with
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.superposition.paired_world import Result

LESS_FVU, MORE_FOUND, MOST_L0 = 0.08, 0.75, 14.0
NAMES = ("low_error", "finds_features")

SOLUTION = """\
{
    "low_error": {"latents": 80, "k": 12},
    "finds_features": {"latents": 160, "l1_weight": 2.0},
}"""


def reference() -> dict[str, Any]:
    """A pair of settings that does it."""
    return {
        "low_error": {"latents": 80, "k": 12},
        "finds_features": {"latents": 160, "l1_weight": 2.0},
    }


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping) or set(answer) != set(NAMES):
        return (
            'Hand in a dictionary with two entries, "low_error" and "finds_features". Each is a '
            "dictionary of settings."
        )
    for name in NAMES:
        if problem := problem_with(answer[name]):
            return f"{name}: {problem}"
    return None


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """Train both on the exam world, and compare them."""
    low, finds = (exam(answer[name]) for name in NAMES)
    error, found = finds.fvu - low.fvu, finds.found - low.found
    active = max(low.l0, finds.l0)
    return [
        Measurement("L0, the larger of both", f"{active:.1f}", "at most 14", active <= MOST_L0),
        Measurement(
            "FVU of finds_features minus that of low_error",
            f"{error:.2f}",
            "at least 0.08",
            error >= LESS_FVU,
        ),
        Measurement(
            "Found by finds_features minus found by low_error",
            f"{100 * found:.0f} percentage points",
            "at least 75",
            found >= MORE_FOUND,
        ),
    ]


exercise = OutcomeExercise(
    "better_and_worse",
    title="Better and worse",
    points=4,
    difficulty=3,
    minutes=25,
    why="Whoever chooses by the error alone will throw away the better dictionary. Make the case "
    "once with your own hands.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="Two settings of train_dictionary",
    hints=(
        "For `finds_features` take what you found in the exercise before: it may have a large "
        "error. For `low_error` you want a run that reconstructs well with at most 14 latents on, "
        "and finds next to nothing. What makes atoms into mixtures?",
        "More latents on than features are on: the room is used for a better reconstruction. With "
        "TopK you can say how many, so that L0 stays in the bound. And what happens to the "
        "features when there are hardly more atoms than features?",
        "A k of 12, three times the number of features that are on, with 80 latents, for "
        "`low_error`. 160 latents and an l1_weight of 2 for `finds_features`.",
    ),
)


# -- how wrong pairs are recognised -----------------------------------------------------------


def _when(condition: Callable[[Result, Result], bool]):
    return lambda answer: condition(*(exam(answer[name]) for name in NAMES))


def _unpaid(answer: Mapping[str, Any]) -> bool:
    low = DEFAULTS | dict(answer["low_error"])
    return low["k"] is None and low["l1_weight"] == 0


GOOD = {"latents": 160, "l1_weight": 2.0}


@exercise.recognises(
    "Both entries are the same run. Hand in two that differ.",
    _when(lambda low, finds: low == finds),
)
def twice_the_same():
    return {"low_error": dict(GOOD), "finds_features": dict(GOOD)}


@exercise.recognises(
    "The two are exchanged: `finds_features` has the lower error, and finds fewer features.",
    _when(lambda low, finds: low.fvu - finds.fvu > LESS_FVU and low.found - finds.found > 0.5),
)
def exchanged():
    return {"low_error": dict(GOOD), "finds_features": {"latents": 80, "k": 12}}


@exercise.recognises(
    "`low_error` has neither a penalty nor a k: its error is small because so many latents are on. "
    "That is the easy case: here at most 14 may be on, so that nobody sees from L0 what is wrong. "
    "Try TopK.",
    _unpaid,
)
def no_penalty():
    return {"low_error": {"latents": 160}, "finds_features": dict(GOOD)}


@exercise.recognises(
    "Too many latents are on in `low_error`. At most 14 may be. With TopK you can say how many.",
    _when(lambda low, finds: low.l0 > MOST_L0),
)
def weak_penalty():
    return {"low_error": {"latents": 80, "l1_weight": 0.7}, "finds_features": dict(GOOD)}


@exercise.recognises(
    "Too many latents are on in `finds_features`. Raise its penalty.",
    _when(lambda low, finds: finds.l0 > MOST_L0),
)
def weak_penalty_of_the_other():
    return {
        "low_error": {"latents": 80, "k": 12},
        "finds_features": {"latents": 160, "l1_weight": 1.0},
    }


@exercise.recognises(
    "`low_error` has the larger error. It must reconstruct *better*, and find fewer features all "
    "the same. Few latents or few of them on make the error large: go the other way.",
    _when(lambda low, finds: low.fvu > finds.fvu),
)
def simply_worse():
    return {"low_error": {"latents": 40, "k": 2}, "finds_features": dict(GOOD)}


@exercise.recognises(
    "Both find most of the features. Make `low_error` worse at it: let more latents be on than "
    "there are features on, with little room.",
    _when(lambda low, finds: low.found > 0.5),
)
def both_find():
    return {"low_error": {"latents": 160, "k": 5}, "finds_features": dict(GOOD)}


@exercise.recognises(
    "`finds_features` does not find enough of them. Take settings that reach the bound of the "
    "exercise before.",
    _when(lambda low, finds: finds.found < 0.9),
)
def finds_too_few():
    return {"low_error": {"latents": 80, "k": 12}, "finds_features": {"latents": 160, "k": 3}}


@exercise.recognises(
    "The difference in what is found is too small: `low_error` still finds a part. Let a few more "
    "latents be on.",
    _when(lambda low, finds: finds.found - low.found < MORE_FOUND),
)
def finds_a_third():
    return {"low_error": {"latents": 80, "k": 7}, "finds_features": dict(GOOD)}


@exercise.recognises(
    "The difference in what is found is there, but that of the error is too small. Is "
    "`finds_features` better at reconstructing than it need be, or `low_error` worse?",
    _when(lambda low, finds: finds.fvu - low.fvu < LESS_FVU),
)
def error_too_close():
    return {
        "low_error": {"latents": 80, "k": 12},
        "finds_features": {"latents": 160, "l1_weight": 1.5, "learning_rate": 0.015},
    }
