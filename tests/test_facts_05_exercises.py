"""What the exercises of unit 5 state as a number or show as a picture, computed again."""

import math

import pytest
import torch

from course_lib.data import digits
from course_lib.exercises.sparsity_penalties import five_percent, hard_points, scale_of_strength
from course_lib.exercises.sparsity_penalties.best_code import best_code
from course_lib.exercises.sparsity_penalties.count_active import count_active
from course_lib.exercises.sparsity_penalties.hoyer_measure import hoyer_measure
from course_lib.exercises.sparsity_penalties.hoyer_penalty import hoyer_penalty
from course_lib.exercises.sparsity_penalties.kl_penalty import kl_penalty
from course_lib.exercises.sparsity_penalties.l1_penalty import l1_penalty
from course_lib.losses import (
    hoyer_sparsity,
    hoyer_sparsity_loss,
    kl_divergence_sparsity_loss,
    l1_sparsity_loss,
)
from course_lib.practice.sparsity_penalties.penalised_runs import EVERY, STEPS, four_runs
from course_lib.practice.sparsity_penalties.sigmoid_digits import after_training, train_sigmoid
from tests.seeds import one_of

SEEDS = one_of(1, 0, 2)


# -- worked examples ------------------------------------------------------------------------------


def test_the_table_of_four_codes():
    z = torch.tensor([[0.8, 0, 0], [0.4, 0, -2], [1.2, 0, 0], [0.8, 0, 0.02]])
    l0, density, mean = count_active(z)
    assert l0.tolist() == [1, 2, 1, 2] and density.tolist() == [1, 0, 0.5]
    assert mean.tolist() == pytest.approx([0.8, 0, 0.505])
    l0, density, again = count_active(z, 0.1)
    assert l0.tolist() == [1, 2, 1, 1] and density.tolist() == [1, 0, 0.25]
    assert torch.equal(mean, again)


def test_the_worked_examples():
    codes = torch.tensor([[3.0, 4, 0, 0], [0, -2, 0, 0], [1, -1, 1, 1]])
    assert hoyer_measure(codes).tolist() == pytest.approx([0.6, 1, 0], abs=1e-6)
    assert l1_penalty(torch.tensor([[1.0, -2, 0], [0, 0, 0.5]])).item() == 1.75
    assert kl_penalty(torch.tensor([[0.2, 0.5]]), 0.2).item() == pytest.approx(0.193, abs=5e-4)
    x = torch.tensor([[1.2, 1.6], [0.16, 0.38], [-0.6, -0.8]])
    atom = torch.tensor([0.6, 0.8])
    assert best_code(x, atom, 0.0).tolist() == pytest.approx([2, 0.4, -1])
    assert best_code(x, atom, 1.0).tolist() == pytest.approx([1.5, 0, -0.5])


def test_the_best_code_is_the_best():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    atom = torch.nn.functional.normalize(torch.randn(3, generator=generator).double(), dim=0)
    grid = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    cost = ((x[:, None] - grid[:, None] * atom) ** 2).sum(dim=-1) + 0.9 * grid.abs()
    best = grid[cost.argmin(dim=1)]
    assert torch.allclose(best_code(x, atom, 0.9), best, atol=1e-3)


def test_the_references_agree_with_the_support_package():
    z = torch.rand(6, 5, generator=torch.Generator().manual_seed(0)) * 0.3
    assert l1_penalty(z).item() == pytest.approx(l1_sparsity_loss(z, over_latents="sum").item())
    assert kl_penalty(z).item() == pytest.approx(kl_divergence_sparsity_loss(z).item(), rel=1e-4)
    assert torch.allclose(hoyer_measure(z), hoyer_sparsity(z), atol=1e-5)
    for codes in (z, torch.zeros(2, 3)):
        assert hoyer_penalty(codes).item() == pytest.approx(hoyer_sparsity_loss(codes).item())


# -- predictions ----------------------------------------------------------------------------------


def slopes(penalty, z):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    value = penalty(z)
    (slope,) = torch.autograd.grad(value, z)
    return value.item(), slope


def test_the_hard_points():
    def kl(z, rho):
        m = z.mean(dim=0)
        return (rho * (rho / m).log() + (1 - rho) * ((1 - rho) / (1 - m)).log()).sum()

    answer = hard_points.exercise.reference
    assert tuple(slopes(l1_penalty, [[0.5, 0.0, -2.0]])[1][0].tolist()) == answer["l1_slopes"]
    on_target = slopes(lambda z: kl(z, 0.25), [[0.125], [0.375]])[1]
    assert on_target.abs().max() < 1e-9 and answer["kl_on_target"] == 0
    four = slopes(lambda z: kl(z, 0.2), [[0.2], [0.8], [0.4], [0.6]])[1]
    assert four.flatten().tolist() == pytest.approx([answer["kl_slope"]] * 4)
    assert str(kl(torch.zeros(3, 1), 0.05).item()) == answer["kl_dead"]
    assert str(kl(torch.full((3, 1), 1.5), 0.05).item()) == answer["kl_above_one"]
    for code, name in (([3.0, 4, 0, 0], "hoyer_value"), ([30.0, 40, 0, 0], "hoyer_scaled")):
        assert slopes(hoyer_penalty, [code])[0] == pytest.approx(answer[name], abs=1e-6)
    for code, name in (([0.0, 7, 0, 0], "hoyer_one_hot"), ([2.0] * 4, "hoyer_equal")):
        assert slopes(hoyer_penalty, [code])[1].abs().max() < 1e-6 and answer[name] == 0
    assert hard_points.exercise.examine(
        answer | {"kl_dead": math.inf, "kl_above_one": math.nan}, 0
    ).passed


def test_the_scale_of_the_strength():
    answer = scale_of_strength.exercise.reference
    z = torch.zeros(100, 64)
    z[:, :8] = 0.5
    assert l1_sparsity_loss(z).item() == answer["mean_all"]
    assert l1_penalty(z).item() == answer["sum_latents"]
    assert z.abs().sum().item() == answer["sum_all"]
    wider = torch.cat([z, torch.zeros(100, 64)], dim=1)
    pressed = 0.1 * l1_sparsity_loss(z)
    assert answer["wider_mean"] * l1_sparsity_loss(wider).item() == pytest.approx(pressed.item())
    assert l1_penalty(wider) == l1_penalty(z) and answer["wider_sum"] == 0.1
    twice = answer["larger_batch"] * torch.cat([z, z]).abs().sum()
    assert twice.item() == pytest.approx(0.001 * z.abs().sum().item())
    paper, own = (64, 3.2), (1, answer["translated"] / 512)  # factors of the mean error, of L1
    assert paper[0] / paper[1] == pytest.approx(own[0] / own[1])


# -- runs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SEEDS, ids="seed {}".format)
def runs(request):
    return four_runs(request.param)


def test_each_run_has_the_fault_that_the_answer_says(runs):
    a, b, c, d = runs.values()
    for r in (a, b, d):
        assert all(map(math.isfinite, r.loss))
    assert a.l0[-1] > 30.5 and a.l0[-1] > a.l0[0] + 8 and a.largest_mean[-1] > 1.8
    assert b.l0[-1] == pytest.approx(10, abs=1) and b.l0[0] > 19
    assert b.largest_mean[-1] < 0.3
    assert c.l0[-1] > 28 and not all(map(math.isfinite, c.loss))
    first = next(i for i, loss in enumerate(c.loss) if not math.isfinite(loss))
    assert c.largest_mean[first] > 1 and max(c.largest_mean[:first]) < 1
    assert d.l0[-1] < 0.01 and d.largest_mean[-1] < 0.001
    assert d.error[-1] > 3.5 * b.error[-1]
    assert a.loss[-1] < 0.7 * b.loss[-1], "a faulty run has the lowest loss of all"
    mean_digit = ((digits("test")[0] - digits("train")[0].mean(dim=0)) ** 2).mean().item()
    assert d.error[-1] == pytest.approx(mean_digit, abs=0.001)


def test_the_picture_of_the_four_runs():
    a, b, c, d = four_runs().values()
    assert (a.loss[-1], b.loss[-1], d.loss[-1]) == pytest.approx((0.015, 0.028, 0.074), abs=0.002)
    assert a.largest_mean[0] == pytest.approx(0.9, abs=0.05) and a.l0[0] == pytest.approx(21, abs=1)
    assert 0.3 * STEPS < c.last_loss < 0.6 * STEPS
    assert c.loss[c.last_loss // EVERY] == pytest.approx(0.015, abs=0.002)
    assert c.largest_mean[-1] > 1
    assert a.largest_mean[-1] == pytest.approx(2.0, abs=0.1)
    assert b.largest_mean[-1] == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_five_per_cent(seed):
    answer = five_percent.reference()
    for penalty in ("l1", "kl"):
        r = train_sigmoid(penalty, answer[penalty], seed)
        assert 0.045 <= r.mean_activation <= 0.059 and r.error <= five_percent.MOST_ERROR - 0.01
    assert 0.45 < train_sigmoid("l1", 0.0, seed).mean_activation < 0.65
    strong = train_sigmoid("kl", 0.5, seed)  # on target, and says nothing
    assert strong.mean_activation == pytest.approx(0.05, abs=0.004) and strong.error > 0.06
    assert train_sigmoid("l1", 0.05, seed).mean_activation < 0.001
    assert train_sigmoid("kl", 0.02, seed).mean_activation < five_percent.HIGH


def test_what_the_text_prints_for_a_weak_l1():
    r = train_sigmoid("l1", 0.0001)
    assert r.mean_activation == pytest.approx(0.33, abs=0.03)
    assert r.error == pytest.approx(0.016, abs=0.004)
    assert str(r).startswith("mean activation 33")


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_mean_of_each_latent_brings_each_latent_to_its_target(seed):
    def means(penalty, strength):
        return after_training(penalty, strength, seed)[0].mean(dim=0)

    each = means(lambda z: (z.mean(dim=0) - 0.05).abs().sum(), 0.01)
    assert (each - 0.05).abs().max() < 0.03
    for other in (lambda z: (z.mean(dim=1) - 0.05).abs().mean(), lambda z: (z.mean() - 0.05).abs()):
        m = means(other, 0.3)
        assert m.mean().item() == pytest.approx(0.05, abs=0.01)
        assert m.max() > 0.3 and m.min() < 0.01
    factor = means(lambda z: 0.05 * z.mean(), 0.001)
    assert factor.mean() > 0.4
