"""Every exercise of every unit: right answers pass, wrong ones fail and are told why.

Over three draws; `make test-seeds` takes 200.
"""

import time

import pytest

from course_lib.exercises import FunctionExercise, all_units
from course_lib.exercises.verdicts import Status
from tests.seeds import draws

EXERCISES = [pytest.param(e, id=f"{u.name}-{e.name}") for u in all_units() for e in u.exercises]
SEEDS = draws(2)


@pytest.fixture(scope="module", autouse=True)
def warmed_up():
    """The first check of a process may load parts of torch."""
    for unit in all_units():
        for exercise in unit.exercises:
            exercise.examine(exercise.reference, 0)


def examined(exercise, answer, seed):
    """The verdict, reached in less than a second of processor time on a quiet machine; on a busy
    one, whose workers share caches and cores, half as much again is let pass."""
    start = time.process_time()
    verdict = exercise.examine(answer, seed)
    assert time.process_time() - start < 1.5, f"{exercise.name}, seed {seed}"
    return verdict


@pytest.mark.parametrize("exercise", EXERCISES)
def test_reference_passes(exercise):
    for seed in SEEDS:
        verdict = examined(exercise, exercise.reference, seed)
        assert verdict.status is Status.PASSED, str(verdict)
        assert verdict.earned == exercise.points


@pytest.mark.parametrize("exercise", EXERCISES)
def test_other_correct_styles_pass(exercise):
    for seed in draws(1):
        for style in exercise.styles:
            verdict = examined(exercise, style, seed)
            assert verdict.passed, f"{style}: {verdict}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_misconception_fails_with_its_own_message(exercise):
    messages = [m.message for m in exercise.misconceptions]
    assert len(set(messages)) == len(messages), "two misconceptions share a message"
    for seed in draws(1):
        for known in exercise.misconceptions:
            verdict = examined(exercise, known.answer, seed)
            assert verdict.status is Status.WRONG, f"{known.name} passed with seed {seed}"
            assert verdict.misconception == known.name, f"{known.name}, seed {seed}: {verdict}"
            assert known.message in str(verdict)
            assert verdict.earned == 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_blank_is_told_apart(exercise):
    for seed in SEEDS:
        verdict = examined(exercise, exercise.blank(), seed)
        assert verdict.status is Status.BLANK
        assert "not written yet" in str(verdict)
        assert verdict.earned == 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_declared_as_the_house_asks(exercise):
    if isinstance(exercise, FunctionExercise):
        assert len(exercise.misconceptions) >= 5
        assert exercise.styles, "declare at least one other correct style"
        assert (exercise.reference.__doc__ and exercise.reference.__annotations__) or isinstance(
            exercise.reference, type
        )
    else:
        assert len(exercise.misconceptions) >= 3
    assert len(set(exercise.hints)) == 3
    assert exercise.why.endswith(".")


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_check_leaves_global_randomness_alone(exercise):
    import torch

    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    exercise.examine(exercise.reference, 3)
    assert torch.equal(before, torch.random.get_rng_state())
