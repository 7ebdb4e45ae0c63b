"""Exercise `five_percent`: the strength of two penalties that brings the mean activation to 5 %."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.sparsity_penalties.sigmoid_digits import (
    PENALTIES,
    SIZES,
    Result,
    train_sigmoid,
)

LOW, HIGH, MOST_ERROR = 0.04, 0.06, 0.045

SOLUTION = """\
{"l1": 0.0013, "kl": 0.015}"""


def reference() -> dict[str, float]:
    """The reference answer, read from the source that the notebook shows."""
    return ast.literal_eval(SOLUTION)


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            f"Your answer is a {type(answer).__name__}; a dictionary with the keys 'l1' and 'kl' "
            "is expected."
        )
    for key in PENALTIES:
        if key not in answer:
            return f"The key '{key}' is missing. The two keys are 'l1' and 'kl'."
        value = answer[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            return f"'{key}' is {value!r}; a plain number is expected, such as 0.1."
    extra = [key for key in answer if key not in PENALTIES]
    if extra:
        return f"The key {extra[0]!r} is not asked for. The two keys are 'l1' and 'kl'."
    return None


def result(answer: Mapping[str, float], penalty: str) -> Result:
    """What training with the answer's strength gives: always the same run."""
    return train_sigmoid(penalty, answer[penalty])


def measure(answer: Mapping[str, float], draw: Draw) -> list[Measurement]:
    """Mean activation and error on the test digits with each penalty."""
    found = []
    for penalty, name in (("l1", "L1"), ("kl", "KL")):
        r = result(answer, penalty)
        found += [
            Measurement(
                f"Mean activation with {name}",
                f"{100 * r.mean_activation:.1f} %",
                f"{100 * LOW:.0f} to {100 * HIGH:.0f} %",
                LOW <= r.mean_activation <= HIGH,
            ),
            Measurement(
                f"Error with {name}",
                f"{r.error:.3f}",
                f"at most {MOST_ERROR}",
                r.error <= MOST_ERROR,
            ),
        ]
    return found


exercise = OutcomeExercise(
    "five_percent",
    title="Five per cent",
    points=4,
    difficulty=2,
    minutes=20,
    why="Choosing the strength is most of the work with a penalty. With L1 it decides where the "
    "code ends up; with KL it decides how much that may cost.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="A dictionary with the keys l1 and kl",
    hints=(
        "Try powers of ten first: 0.1, 0.01, 0.001, 0.0001. For each penalty note the mean "
        "activation and the error. Then look between the two nearest.",
        "L1: if the mean activation is too high, take a larger strength; if it is too low, a "
        "smaller one. KL: the mean comes near 5 % by itself and stays; too large a strength shows "
        "in the error.",
        "L1 needs a little more than 0.001. KL works from 0.01 to 0.02.",
    ),
)


def _works(penalty: str, strength: float) -> bool:
    r = train_sigmoid(penalty, strength)
    return LOW <= r.mean_activation <= HIGH and r.error <= MOST_ERROR


@exercise.recognises(
    "A strength below 0 rewards what it should penalise. Both strengths must be above 0.",
    lambda answer: min(answer.values()) < 0,
)
def negative():
    return {"l1": -0.001, "kl": 0.015}


@exercise.recognises(
    "A strength of 0 is no penalty at all: about half of the activation remains. Both strengths "
    "must be above 0.",
    lambda answer: min(answer.values()) == 0,
)
def switched_off():
    return {"l1": 0.0, "kl": 0.015}


@exercise.recognises(
    "The two strengths are the wrong way round: each would do for the other penalty.",
    lambda answer: _works("l1", answer["kl"]) and _works("kl", answer["l1"]),
)
def swapped():
    return {"l1": 0.015, "kl": 0.0013}


@exercise.recognises(
    "0.05 is the mean activation that we want. As a strength it means something else. L1 does not "
    "know where you want to go: find its strength by trial.",
    lambda answer: 0.05 in answer.values(),
)
def target_as_strength():
    return {"l1": 0.05, "kl": 0.05}


@exercise.recognises(
    "Your strength of L1 would be right for the mean over *all* entries. Here the 32 latents are "
    "added up, so the same strength presses 32 times as hard.",
    lambda answer: _works("l1", answer["l1"] / SIZES[2]),
)
def strength_for_the_mean():
    return {"l1": 32 * 0.0013, "kl": 0.015}


@exercise.recognises(
    "L1 is too strong: it has pulled the codes too far down. With more of it they go on to 0, and "
    "every answer becomes the mean digit (error 0.07). It knows no target.",
    lambda answer: result(answer, "l1").mean_activation < LOW,
)
def l1_too_strong():
    return {"l1": 0.01, "kl": 0.015}


@exercise.recognises(
    "L1 is too weak: the mean activation is still above 6 %. Take a larger strength.",
    lambda answer: result(answer, "l1").mean_activation > HIGH,
)
def l1_too_weak():
    return {"l1": 0.0003, "kl": 0.015}


@exercise.recognises(
    "KL is too strong. The mean activation is on its target, but each latent is near 5 % on "
    "*every* example. A code that is always the same says nothing, so the error is large.",
    lambda answer: result(answer, "kl").error > MOST_ERROR,
)
def kl_too_strong():
    return {"l1": 0.0013, "kl": 0.5}


@exercise.recognises(
    "KL is too weak: it pulls towards 5 %, but the reconstruction error pulls harder. Take a "
    "larger strength.",
    lambda answer: result(answer, "kl").mean_activation > HIGH,
)
def kl_too_weak():
    return {"l1": 0.0013, "kl": 0.001}
