"""The exam world of the last two exercises: settings of `train_dictionary`, tried out on features
that learners do not see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from course_lib.errors import CourseError
from course_lib.practice.superposition.paired_world import Result, result, world

EXAM = 72  # seed
DEFAULTS = {"latents": 80, "k": None, "l1_weight": 0.0, "learning_rate": 0.01}


@cache
def _on_exam(settings: tuple[tuple[str, Any], ...], _: tuple[type, ...]) -> Result:
    return result(world(EXAM), **dict(settings))


def exam(settings: Mapping[str, Any]) -> Result:
    """The result of settings on the exam world; what is left out is the default."""
    whole = DEFAULTS | dict(settings)
    # the types are part of the key: 80.0, which is refused, is not 80
    return _on_exam(tuple(whole.items()), tuple(map(type, whole.values())))


def problem_with(settings: Any) -> str | None:
    """What keeps settings from being trained with, in a sentence."""
    if not isinstance(settings, Mapping):
        return (
            "Hand in the settings, not what they lead to: a dictionary such as "
            '{"latents": 80, "k": 4}. The check trains with them by itself.'
        )
    unknown = [name for name in settings if name not in DEFAULTS]
    if "seed" in unknown:
        return "Leave the seed alone: the check trains with one of its own."
    if unknown:
        return f"There is no setting {unknown[0]!r}. There are {', '.join(DEFAULTS)}."
    try:
        exam(settings)
    except (CourseError, TypeError) as problem:
        return f"These settings cannot be trained with: {problem}"
    return None
