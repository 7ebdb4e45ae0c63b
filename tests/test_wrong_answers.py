"""Wrong answers that were written without sight of the checks: all must be caught."""

import importlib

import pytest

from course_lib.exercises import UNITS, load_unit
from course_lib.exercises.verdicts import Status
from tests.seeds import draws


def tried():
    for name, module in UNITS.items():
        wrong = importlib.import_module(f"tests.wrong_answers.{module}").WRONG
        for exercise in load_unit(name).exercises:
            yield pytest.param(exercise, wrong.get(exercise.name, []), id=f"{name}-{exercise.name}")


@pytest.mark.parametrize(("exercise", "answers"), list(tried()))
def test_every_one_is_caught_whatever_the_seed(exercise, answers):
    assert len(answers) >= 5
    for seed in draws(1):  # outside: the cases of a seed are drawn once for all answers
        for answer in answers:
            verdict = exercise.examine(answer, seed)
            label = getattr(answer, "__name__", answer)
            assert verdict.status is Status.WRONG, f"{label} passed with seed {seed}"
