"""Every exercise of every unit: right answers pass, wrong ones fail and are told why."""

import time

import pytest

from course_lib.exercises import FunctionExercise, all_units
from course_lib.exercises.verdicts import Status

EXERCISES = [pytest.param(e, id=f"{u.name}-{e.name}") for u in all_units() for e in u.exercises]
SEEDS = range(100)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_reference_passes(exercise):
    for seed in SEEDS:
        verdict = exercise.examine(exercise.reference, seed)
        assert verdict.status is Status.PASSED, str(verdict)
        assert verdict.earned == exercise.points


@pytest.mark.parametrize("exercise", EXERCISES)
def test_other_correct_styles_pass(exercise):
    for style in exercise.styles:
        for seed in SEEDS:
            verdict = exercise.examine(style, seed)
            assert verdict.passed, f"{style}: {verdict}"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_misconception_fails_with_its_own_message(exercise):
    messages = [m.message for m in exercise.misconceptions]
    assert len(set(messages)) == len(messages), "two misconceptions share a message"
    for seed in SEEDS:
        for known in exercise.misconceptions:
            verdict = exercise.examine(known.answer, seed)
            assert verdict.status is Status.WRONG, f"{known.name} passed with seed {seed}"
            assert verdict.misconception == known.name, f"{known.name}, seed {seed}: {verdict}"
            assert known.message in str(verdict)
            assert verdict.earned == 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_blank_is_told_apart(exercise):
    for seed in SEEDS:
        verdict = exercise.examine(exercise.blank(), seed)
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
def test_a_check_takes_less_than_a_second(exercise):
    """Processor time, not the clock: a busy machine must not fail this."""
    answers = [exercise.reference, *(m.answer for m in exercise.misconceptions)]
    for answer in answers:
        exercise.examine(answer, 0)  # the first call may load a library
        start = time.process_time()
        exercise.examine(answer, 1)
        assert time.process_time() - start < 1.0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_check_leaves_global_randomness_alone(exercise):
    import torch

    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    exercise.examine(exercise.reference, 3)
    assert torch.equal(before, torch.random.get_rng_state())
