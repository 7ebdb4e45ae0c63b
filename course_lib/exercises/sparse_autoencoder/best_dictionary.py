"""Exercise `best_dictionary`: settings that find the features of a world within 200 steps."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from torch import Tensor

from course_lib.arguments import require_number, require_whole
from course_lib.errors import CourseError
from course_lib.evaluation import mmcs
from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.sparse_autoencoder.known_world import FEATURES, train_dictionary, world

BOUND, MOST_LATENTS, EXAM = 0.975, 128, 62  # the last is a seed
DEFAULTS = {"latents": 96, "l1_weight": 0.1, "learning_rate": 0.001, "schedule": "constant"}

SOLUTION = """\
{"latents": 128, "l1_weight": 0.45, "learning_rate": 0.012, "schedule": "linear"}"""


def reference() -> dict[str, Any]:
    """Settings that do it."""
    return {"latents": 128, "l1_weight": 0.45, "learning_rate": 0.012, "schedule": "linear"}


def score(x: Tensor, features: Tensor, **settings) -> float:
    """The MMCS of what `train_dictionary` finds with these settings on one world.

    Raises `WrongArgument` for settings that cannot work, before any work is done.
    """
    require_whole("latents", settings.get("latents", 1))
    require_number("latents", settings.get("latents", 1), at_least=1, at_most=MOST_LATENTS)
    require_number("learning_rate", settings.get("learning_rate", 1.0), above=0, at_most=1e3)
    return mmcs(train_dictionary(x, **settings), features)


@cache
def exam_score(settings: tuple[tuple[str, float | str], ...], kinds: tuple[type, ...]) -> float:
    """The score of settings, as pairs of name and value, on the exam world. kinds : the values'
    types, since 128.0, which is refused, must not be found where 128 was kept."""
    exam = world(EXAM)
    return score(exam.activations, exam.dictionary, **dict(settings))


def exam(answer: Mapping[str, Any]) -> float:
    """The MMCS of an answer on the exam world; settings that are left out are the defaults."""
    settings = DEFAULTS | dict(answer)
    return exam_score(tuple(settings.items()), tuple(map(type, settings.values())))


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            "Hand in the settings, not what they lead to: a dictionary such as "
            '{"latents": 96, "learning_rate": 0.001}. The check trains with them by itself.'
        )
    unknown = [name for name in answer if name not in DEFAULTS]
    if unknown:
        return f"There is no setting {unknown[0]!r}. There are {', '.join(DEFAULTS)}."
    try:
        exam(answer)
    except (CourseError, TypeError) as problem:
        return f"These settings cannot be trained with: {problem}"
    return None


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """Train on the exam world, and compare with its features."""
    found = exam(answer)
    return [
        Measurement("MMCS on the exam world", f"{found:.3f}", f"at least {BOUND}", found >= BOUND)
    ]


exercise = OutcomeExercise(
    "best_dictionary",
    title="The best dictionary in 200 steps",
    points=4,
    difficulty=3,
    minutes=30,
    why="Width, penalty and learning rate depend on each other: the best value of one changes with "
    "the others.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="Settings of train_dictionary",
    hints=(
        "Begin with the learning rate: 200 steps are few, and with 0.001 the atoms hardly move. "
        "Go up in factors of 3, until the score falls again. Then do the same with the weight of "
        "the penalty.",
        "Make room: with as many latents as features some features are missed, for two atoms go "
        "after the same one. Then look again at the weight, between 0.2 and 0.8: the best "
        "learning rate for a strong penalty is a smaller one.",
        "128 latents, an l1_weight between 0.4 and 0.5 and a learning rate of about 0.01 do it. "
        'The schedule "linear" lets the atoms come to rest at the end.',
    ),
)


# -- how wrong settings are recognised --------------------------------------------------------


def _when(condition: Callable[[dict[str, Any]], bool]):
    return lambda answer: condition(DEFAULTS | dict(answer))


@exercise.recognises(
    "Your learning rate is too small for 200 steps: the atoms have not arrived at the end. Raise "
    "it in factors of 3.",
    _when(lambda s: s["learning_rate"] < 0.004),
)
def too_slow():
    return {"latents": 128, "l1_weight": 0.3, "learning_rate": 0.001}


@exercise.recognises(
    "Your learning rate is so large that many latents are thrown off and die in the first steps. "
    "Lower it in factors of 3.",
    _when(lambda s: s["learning_rate"] > 0.04),
)
def too_fast():
    return {"latents": 128, "l1_weight": 0.3, "learning_rate": 0.3}


@exercise.recognises(
    f"You have fewer atoms than there are features, {FEATURES}. An atom can stand for one feature "
    "only. Take more latents.",
    _when(lambda s: s["latents"] < FEATURES),
)
def too_few_latents():
    return {"latents": 64, "l1_weight": 0.3, "learning_rate": 0.015}


@exercise.recognises(
    "Your penalty is so strong that latents die before they have found a feature. Lower "
    "`l1_weight`.",
    _when(lambda s: s["l1_weight"] > 0.9),
)
def too_strong():
    return {"latents": 128, "l1_weight": 2.0, "learning_rate": 0.01}


@exercise.recognises(
    "Your penalty is too weak: with many latents on at a time, an atom may be a mixture of "
    "features, and the error is small all the same. Raise `l1_weight`.",
    _when(lambda s: s["l1_weight"] < 0.26),
)
def too_weak():
    return {"latents": 128, "l1_weight": 0.03, "learning_rate": 0.01}


@exercise.recognises(
    "You have hardly more atoms than features. Now and then two atoms go after the same feature, "
    "and another one is missed. Take more latents than there are features.",
    _when(lambda s: s["latents"] < 1.2 * FEATURES),
)
def no_room():
    return {"latents": 96, "l1_weight": 0.3, "learning_rate": 0.015}


@exercise.recognises(
    "Your learning rate is too high for this penalty: latents are thrown off and die in the first "
    "steps. Lower it, to a half or a third.",
    _when(lambda s: s["learning_rate"] > 0.016),
)
def a_little_too_fast():
    return {"latents": 128, "l1_weight": 0.45, "learning_rate": 0.03, "schedule": "linear"}


@exercise.recognises(
    'Try the schedule "linear": with good values of the other settings, "cosine" does worse.',
    _when(lambda s: s["schedule"] == "cosine"),
)
def cosine():
    return {"latents": 128, "l1_weight": 0.45, "learning_rate": 0.012, "schedule": "cosine"}
