"""Exercise `small_autoencoder`: settings that reach five bounds at once within 250 steps."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from course_lib.arguments import require_number, require_whole
from course_lib.errors import CourseError
from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.language_model.story_autoencoders import (
    DIM,
    MOST_LATENTS,
    STEPS,
    Report,
    activations,
    report,
    train_autoencoder,
)

EXAM = 1  # training seed of the story model

MOST_FVU, MOST_L0, MOST_DEAD, MOST_CHANGE, LEAST_RECOVERED = 0.024, 6.4, 0.25, 0.01, 0.999
DEFAULTS = {
    "latents": 96,
    "k": 3,
    "l1_weight": 0.0,
    "learning_rate": 0.001,
    "schedule": "constant",
}

SOLUTION = """\
{"latents": 256, "k": 6, "learning_rate": 0.01, "schedule": "linear"}"""


def reference() -> dict[str, Any]:
    """Settings that do it."""
    return {"latents": 256, "k": 6, "learning_rate": 0.01, "schedule": "linear"}


def require_settings(settings: Mapping[str, object]) -> None:
    """Raises `WrongArgument` for settings that cannot work, before any work is done."""
    require_whole("latents", settings["latents"])
    require_number("latents", settings["latents"], at_least=1, at_most=MOST_LATENTS)
    if settings["k"] is not None:
        require_whole("k", settings["k"])
        require_number("k", settings["k"], at_least=1, at_most=settings["latents"])
    require_number("l1_weight", settings["l1_weight"], at_least=0, at_most=1e4)
    require_number("learning_rate", settings["learning_rate"], above=0, at_most=1e3)


@cache
def exam_report(
    settings: tuple[tuple[str, object], ...], kinds: tuple[type, ...] = (), model_seed: int = EXAM
) -> Report:
    """Train with settings, as pairs of name and value, on the exam model; judge the result.
    kinds : the values' types, since 3.0, which is refused, must not be found where 3 was kept."""
    require_settings(dict(settings))
    return report(train_autoencoder(activations(model_seed), **dict(settings)), model_seed)


def exam(answer: Mapping[str, Any]) -> Report:
    """The report of an answer on the exam model; settings that are left out are the defaults."""
    settings = DEFAULTS | dict(answer)
    return exam_report(tuple(settings.items()), tuple(map(type, settings.values())))


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            "Hand in the settings, not what they lead to: a dictionary such as "
            '{"latents": 96, "k": 3}. The check trains with them by itself.'
        )
    unknown = [name for name in answer if name not in DEFAULTS]
    if unknown:
        return f"There is no setting {unknown[0]!r}. There are {', '.join(DEFAULTS)}."
    try:
        exam(answer)
    except (CourseError, TypeError) as problem:
        return f"These settings cannot be trained with: {problem}"
    return None


def measurements(found: Report) -> list[Measurement]:
    """What is measured, beside its bounds."""
    return [
        Measurement("FVU", f"{found.fvu:.3f}", f"at most {MOST_FVU}", found.fvu <= MOST_FVU),
        Measurement("L0", f"{found.l0:.1f}", f"at most {MOST_L0}", found.l0 <= MOST_L0),
        Measurement(
            "Dead latents",
            f"{100 * found.dead:.1f} %",
            f"at most {100 * MOST_DEAD:.0f} %",
            found.dead <= MOST_DEAD,
        ),
        Measurement(
            "Rise of the model's loss",
            f"{100 * found.change:.1f} %",
            f"at most {100 * MOST_CHANGE:.0f} %",
            found.change <= MOST_CHANGE,
        ),
        Measurement(
            "Loss recovered",
            f"{found.recovered:.4f}",
            f"at least {LEAST_RECOVERED}",
            found.recovered >= LEAST_RECOVERED,
        ),
    ]


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """Train on the exam model's activations, and judge on stories not seen."""
    return measurements(exam(answer))


exercise = OutcomeExercise(
    "small_autoencoder",
    title="Five bounds at once",
    points=6,
    difficulty=3,
    minutes=35,
    why="Each of these numbers alone is easily made good, at the cost of another. An autoencoder "
    "is worth reading when all are good at once.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="Settings of train_autoencoder",
    hints=(
        f"L0 comes first: it may be a tenth of the {DIM} dimensions. With TopK it is k, so the "
        "largest k that is allowed is known. With an L1 penalty you would have to search for the "
        "weight, and the activations shrink.",
        f"Then the learning rate: {STEPS} steps are few, and 0.001 is too slow. Go up in factors "
        "of 3 until too many latents die. A rate that falls to 0 over the last steps, "
        '"linear", may be large before. Then the number of latents: more room for the rare words.',
        "k = 6, as many latents as allowed, and a learning rate of 0.01 do it, with the schedule "
        '"linear" or "constant".',
    ),
)


# -- how wrong settings are recognised -----------------------------------------------------------


def _when(condition: Callable[[dict[str, Any], Report], bool]):
    return lambda answer: condition(DEFAULTS | dict(answer), exam(answer))


@exercise.recognises(
    "There is neither a k nor a penalty, so nothing keeps latents off. The reconstruction is good, "
    "and the code is not sparse.",
    _when(lambda s, r: s["k"] is None and s["l1_weight"] == 0),
)
def nothing_presses():
    return {"latents": 128, "k": None, "learning_rate": 0.01}


@exercise.recognises(
    "You use k and a penalty at once. TopK already says how many latents may be on; the penalty "
    "then makes their activations too small, and switches some off that are needed. Choose one of "
    "the two.",
    _when(lambda s, r: s["k"] is not None and s["l1_weight"] > 0),
)
def both_at_once():
    return {"latents": 256, "k": 6, "l1_weight": 1.0, "learning_rate": 0.01}


@exercise.recognises(
    f"k is larger than L0 may be, {MOST_L0}. With TopK, nearly every word has k latents on.",
    _when(lambda s, r: s["k"] is not None and r.l0 > MOST_L0),
)
def k_too_large():
    return {"latents": 256, "k": 12, "learning_rate": 0.01}


@exercise.recognises(
    "Your learning rate is too small for 250 steps: the atoms have not arrived. Raise it in "
    "factors of 3.",
    _when(lambda s, r: s["learning_rate"] < 0.0045),
)
def too_slow():
    return {"latents": 256, "k": 6, "learning_rate": 0.0003}


@exercise.recognises(
    "Your learning rate is so large that many latents are thrown off and die. Lower it in factors "
    "of 3.",
    _when(lambda s, r: s["learning_rate"] > 0.018),
)
def too_fast():
    return {"latents": 256, "k": 6, "learning_rate": 0.1, "schedule": "linear"}


@exercise.recognises(
    "k is smaller than it need be. Each word then gets too few atoms, and the rarer latents never "
    "win. L0 may be as large as a tenth of the dimensions.",
    _when(lambda s, r: s["k"] is not None and s["k"] < 5),
)
def k_too_small():
    return {"latents": 256, "k": 3, "learning_rate": 0.01, "schedule": "linear"}


@exercise.recognises(
    f"You have few latents: each must serve several purposes, and what the rarer words need is "
    f"lost. The loss notices it more than FVU. Up to {MOST_LATENTS} are allowed.",
    _when(lambda s, r: s["k"] is not None and s["latents"] < 180),
)
def too_few_latents():
    return {"latents": 96, "k": 6, "learning_rate": 0.01, "schedule": "linear"}


@exercise.recognises(
    'With "cosine" the learning rate falls from the start, so few of the 250 steps are large. '
    '"constant" and "linear", which falls only over the last steps, get further at the same rate.',
    _when(lambda s, r: s["k"] is not None and s["schedule"] == "cosine"),
)
def falls_too_early():
    return {"latents": 256, "k": 5, "learning_rate": 0.006, "schedule": "cosine"}


@exercise.recognises(
    "The penalty alone does not get there within 250 steps: strong enough for the L0, it has made "
    "the activations too small, or latents die; weaker, and too many are on. Use k in its place.",
    _when(lambda s, r: s["k"] is None),
)
def penalty_alone():
    return {"latents": 256, "k": None, "l1_weight": 2.0, "learning_rate": 0.01}
