"""The numbers in the text of unit 4's exercises, computed again with several seeds."""

import pytest

from course_lib.data import digits
from course_lib.exercises.basic_autoencoders.smallest_code import BOUND, pca_error, unseen_digits
from course_lib.exercises.basic_autoencoders.smallest_code import unseen_error as error_on_new
from course_lib.practice.basic_autoencoders.digits_code import train_code
from course_lib.practice.basic_autoencoders.stuck_runs import MARKS, runs
from tests.seeds import one_of

SEEDS = one_of(1, 0, 2)


def test_always_giving_the_mean_digit():
    mean = digits("train")[0].mean(dim=0)
    assert ((unseen_digits() - mean) ** 2).mean().item() == pytest.approx(0.074, abs=0.002)


def test_pca_needs_ten_latents():
    assert pca_error(10) < BOUND < pca_error(9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tutorials_autoencoder_needs_six(seed):
    assert error_on_new(train_code(latents=6, seed=seed)) < BOUND
    assert error_on_new(train_code(latents=5, seed=seed)) > BOUND - 0.0005


@pytest.mark.parametrize("seed", SEEDS)
def test_four_latents_are_enough_with_room_to_spare(seed):
    deep = train_code(4, (256, 128), "tanh", learning_rate=0.005, seed=seed)
    wide = train_code(4, (512,), "relu", learning_rate=0.005, seed=seed)
    assert error_on_new(deep) < BOUND - 0.001
    assert error_on_new(wide) < BOUND - 0.0005


@pytest.mark.parametrize("seed", SEEDS)
def test_each_run_is_held_up_by_what_the_answer_says(seed):
    a, b, c, d = runs(seed)
    last = {r.name: r.losses[-1] for r in (a, b, c, d)}
    assert [r.dead for r in (a, b, c, d)] == [0, 0, 0, 6]
    assert last["A"] < 0.6 * a.losses[MARKS[0] - 1] and last["A"] > 0.2  # still falling
    assert last["B"] == pytest.approx(b.floor, rel=0.005) and b.floor > 0.15
    assert last["C"] < 0.001
    assert last["D"] > 0.1 and last["D"] > 0.95 * d.losses[MARKS[0] - 1]


def test_the_table_of_the_text():
    a, b, _, d = runs()
    assert [a.losses[i - 1] for i in (300, *MARKS)] == pytest.approx([1.16, 0.74, 0.32], abs=0.02)
    assert b.losses[-1] == pytest.approx(0.196, abs=0.002)
    assert d.losses[-1] == pytest.approx(0.130, abs=0.002)
