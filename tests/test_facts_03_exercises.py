"""What the exercises of unit 3 state as a number or show as a picture, computed again."""

import itertools
import math

import pytest
import torch

from course_lib.exercises.losses_and_optimisers import five_curves, narrow_valley
from course_lib.exercises.losses_and_optimisers.early_stopping import early_stopping
from course_lib.exercises.losses_and_optimisers.mse_loss import mse_loss
from course_lib.practice.losses_and_optimisers.curves import EPOCHS, five_runs
from tests.seeds import one_of


@pytest.fixture(scope="module", params=one_of(0, 1, 2), ids="seed {}".format)
def runs(request):
    return {
        five_curves.CONDITIONS[name]: curves for name, curves in five_runs(request.param).items()
    }


def test_the_healthy_run(runs):
    healthy = runs["healthy"]
    assert healthy.training[9] == pytest.approx(0.05, abs=0.005)
    assert healthy.training[-1] == pytest.approx(0.05, abs=0.005)
    assert healthy.validation[-1] < 1.15 * healthy.training[-1]


def test_the_slow_run_has_not_arrived(runs):
    slow = runs["slow"]
    assert slow.training[-1] == pytest.approx(0.115, abs=0.004)
    assert all(a > b for a, b in itertools.pairwise(slow.training))
    assert slow.training[-1] < 0.99 * slow.training[-6], "still falling at the end"


def test_the_jumpy_run_stays_in_its_range(runs):
    late = runs["jumpy"].training[5:]
    assert min(late) > 0.055 and max(late) < 0.16
    rises = sum(b > a for a, b in itertools.pairwise(late))
    assert rises > len(late) / 4
    assert min(late) > runs["healthy"].training[-1]


def test_the_diverged_run_grows_by_powers_of_ten(runs):
    diverged = runs["diverged"]
    assert diverged.training[-1] > 1e20 and math.isfinite(diverged.validation[-1])
    assert all(b > a for a, b in zip(diverged.training[::5], diverged.training[5::5], strict=False))


def test_the_overfitted_run_is_best_early(runs):
    overfitted = runs["overfitted"]
    assert overfitted.training[-1] < 0.003
    assert overfitted.best_epoch <= 10, "the picture's text says: within ten epochs"
    assert min(overfitted.validation) == pytest.approx(0.08, abs=0.006)
    assert overfitted.validation[-1] == pytest.approx(0.1, abs=0.006)
    assert five_curves.exercise.reference["keep"] == "early" and EPOCHS == 40


def test_the_valley_needs_momentum():
    stable = [0.0005 * k for k in range(1, 40)]
    best = min(narrow_valley.worst_left(rate, 0.0) for rate in stable)
    assert best > 100 * narrow_valley.BOUND
    for rate in (0.016, 0.02, 0.025, 0.03):
        assert narrow_valley.worst_left(rate, 0.75) <= narrow_valley.BOUND
    rates = [0.001 * k for k in range(1, 60)]
    for momentum in (0.5, 0.9, 0.99):
        assert min(narrow_valley.worst_left(r, momentum) for r in rates) > narrow_valley.BOUND


def test_the_worked_examples():
    prediction = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]])
    target = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    assert mse_loss(prediction, target).item() == 1.5
    assert mse_loss(prediction, target, "sum").item() == 4.5
    assert early_stopping([0.9, 0.7, 0.8, 0.6, 0.65, 0.62, 0.5], patience=2) == (6, 4)
