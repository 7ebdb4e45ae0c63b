"""Exercise `narrow_valley`: a learning rate and a momentum for a bowl that is steep one way only.

L(w) = (1 · w₁² + 100 · w₂²) / 2,    v ← μ v + g,    w ← w - η v
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.losses_and_optimisers.narrow_valley import CURVATURES, STEPS, descend, loss

ANGLES = torch.arange(180, dtype=torch.float64) * math.pi / 180  # the other half mirrors them
BOUND = 1e-4  # of the loss at the start
KEYS = ("learning_rate", "momentum")

SOLUTION = """\
{"learning_rate": 0.025, "momentum": 0.7}"""


def remaining(learning_rate: float, momentum: float, angles: Tensor) -> Tensor:
    """What is left of the loss after `STEPS` steps, as a share, for starts on the unit circle."""
    starts = torch.stack([angles.cos(), angles.sin()], dim=-1)  # (starts, 2)
    return loss(descend(starts, learning_rate, momentum)[-1]) / loss(starts)


def reference() -> dict[str, float]:
    """The reference answer, read from the source that the notebook shows."""
    return ast.literal_eval(SOLUTION)


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            f"Your answer is a {type(answer).__name__}; a dictionary with the keys "
            "'learning_rate' and 'momentum' is expected."
        )
    for key in KEYS:
        if key not in answer:
            return f"The key '{key}' is missing. The two keys are 'learning_rate' and 'momentum'."
        value = answer[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            return f"'{key}' is {value!r}; a plain number is expected, such as 0.01."
    extra = [key for key in answer if key not in KEYS]
    if extra:
        return (
            f"The key {extra[0]!r} is not asked for. The two keys are 'learning_rate' and "
            "'momentum'."
        )
    return None


def worst_left(learning_rate: float, momentum: float) -> float:
    """What is left of the loss for the worst of the starts."""
    left = remaining(learning_rate, momentum, ANGLES)
    return float(torch.nan_to_num(left, nan=math.inf).max())


def measure(answer: Mapping[str, float], draw: Draw) -> list[Measurement]:
    """What is left of the loss. The starts are fixed: nobody passes or fails by luck."""
    worst = worst_left(*(float(answer[key]) for key in KEYS))
    name = f"Loss after {STEPS} steps from the worst start, as a share of the loss there"
    return [Measurement(name, f"{worst:.2g}", f"at most {BOUND:.4f}", worst <= BOUND, True)]


exercise = OutcomeExercise(
    "narrow_valley",
    title="A narrow valley",
    points=4,
    difficulty=3,
    minutes=25,
    why="The losses of real networks are steep in some directions and almost flat in others. This "
    "is why plain gradient descent is slow, and what momentum is for.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="A dictionary with the keys learning_rate and momentum",
    hints=(
        "First without momentum: above which learning rate does the steep direction diverge? Try "
        "the largest one that is safe. How much of the loss is left, and in which direction?",
        "Momentum speeds up the flat direction, where the gradients all point the same way. Keep a "
        "safe learning rate and raise the momentum: 0.3, 0.5, ... When does it get worse again?",
        "Too little momentum creeps, too much swings for ever. The good ones lie between 0.6 and "
        "0.85. With momentum, a learning rate somewhat above 0.02 is safe as well.",
    ),
)


def _numbers(answer: Mapping[str, float]) -> tuple[float, float]:
    return float(answer["learning_rate"]), float(answer["momentum"])


def runs_away(answer: Mapping[str, float]) -> bool:
    """Whether the steep direction grows: the learning rate is above 2 (1 + μ) / curvature."""
    rate, momentum = _numbers(answer)
    return rate >= 2 * (1 + momentum) / max(CURVATURES)


@exercise.recognises(
    "The two values are the wrong way round: your learning rate would make a good momentum, and "
    "your momentum a good learning rate.",
    lambda answer: worst_left(*_numbers(answer)[::-1]) <= BOUND,
)
def values_swapped():
    return {"learning_rate": 0.7, "momentum": 0.025}


@exercise.recognises(
    "A learning rate below 0 goes uphill, and one of 0 stays where it is. Take one above 0.",
    lambda answer: _numbers(answer)[0] <= 0,
)
def not_downhill():
    return {"learning_rate": -0.01, "momentum": 0.7}


@exercise.recognises(
    "With a momentum of 1 or more nothing brakes: w swings from wall to wall for ever. Take a "
    "momentum below 1.",
    lambda answer: _numbers(answer)[1] >= 1,
)
def without_friction():
    return {"learning_rate": 0.01, "momentum": 1.0}


@exercise.recognises(
    "A momentum below 0 brakes: it takes back a part of the step before. The flat direction needs "
    "the opposite.",
    lambda answer: _numbers(answer)[1] < 0,
)
def braking():
    return {"learning_rate": 0.015, "momentum": -0.5}


@exercise.recognises(
    "The loss grows: the learning rate is too large for the *steep* direction. Without momentum it "
    "must stay below 2 divided by the curvature; momentum allows a little more.",
    runs_away,
)
def runs_away_at_the_walls():
    return {"learning_rate": 0.1, "momentum": 0.7}


@exercise.recognises(
    "Without momentum no learning rate is good enough. Small ones creep along the flat direction, "
    "and large ones diverge in the steep one. Try a momentum above 0.",
    lambda answer: _numbers(answer)[1] == 0,
)
def no_momentum():
    return {"learning_rate": 2 / 101, "momentum": 0.0}


@exercise.recognises(
    "Too much momentum: w rolls past the bottom, turns round, and rolls past it again. Each swing "
    "loses only a little. Take less.",
    lambda answer: _numbers(answer)[1] > 0.83,
)
def too_much_momentum():
    return {"learning_rate": 0.02, "momentum": 0.95}


@exercise.recognises(
    "The learning rate is so small that both directions creep. Nothing diverges yet: take a larger "
    "one.",
    lambda answer: _numbers(answer)[0] < 0.01,
)
def too_small_a_rate():
    return {"learning_rate": 0.001, "momentum": 0.7}


@exercise.recognises(
    "You are on the way: nothing diverges, but the flat direction still creeps. Take more "
    "momentum.",
    lambda answer: _numbers(answer)[1] < 0.75,
)
def too_little_momentum():
    return {"learning_rate": 0.018, "momentum": 0.3}
