"""The losses: known answers worked out by hand, then what must hold for every code."""

import inspect
import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib import losses
from course_lib.errors import WrongArgument
from course_lib.losses import (
    coherence_loss,
    hoyer_sparsity,
    hoyer_sparsity_loss,
    kl_divergence_sparsity_loss,
    l1_sparsity_loss,
    reconstruction_loss,
    sparsity_loss,
    total_loss,
)

PENALTIES = [l1_sparsity_loss, kl_divergence_sparsity_loss, hoyer_sparsity_loss]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def value_and_gradient(loss, z, **options):
    z = z.detach().clone().requires_grad_()
    value = loss(z, **options)
    (gradient,) = torch.autograd.grad(value, z)
    return value.detach(), gradient


# --- reconstruction -----------------------------------------------------------------------------

X = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
X_HAT = torch.tensor([[1.0, 2.0], [3.0, 4.0]])  # squares 1 + 4 + 9 + 16 = 30


def test_reconstruction_by_hand():
    assert reconstruction_loss(X_HAT, X).item() == 7.5  # 30 / 4 elements
    assert reconstruction_loss(X_HAT, X, "sum").item() == 15  # 30 / 2 vectors
    assert reconstruction_loss(X_HAT, X, "none").tolist() == [[1, 4], [9, 16]]


def test_reconstruction_gradient_by_hand():
    _, gradient = value_and_gradient(lambda x_hat: reconstruction_loss(x_hat, X), X_HAT)
    assert gradient.tolist() == [[0.5, 1.0], [1.5, 2.0]]  # 2 · error / 4 elements
    _, gradient = value_and_gradient(lambda x_hat: reconstruction_loss(x_hat, X, "sum"), X_HAT)
    assert gradient.tolist() == [[1, 2], [3, 4]]  # 2 · error / 2 vectors


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_reconstruction_knows_no_batch_size(reduction):
    once = reconstruction_loss(X_HAT, X, reduction)
    thrice = reconstruction_loss(X_HAT.repeat(3, 1), X.repeat(3, 1), reduction)
    assert torch.allclose(once, thrice)


def test_reconstruction_of_sequences_counts_every_vector():
    x_hat = X_HAT.reshape(1, 2, 2)
    assert reconstruction_loss(x_hat, torch.zeros(1, 2, 2), "sum").item() == 15


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_reconstruction_in_half_precision_is_computed_in_float32(reduction):
    # an error of 300 squares to 90 000, more than float16 can hold; the mean over 8 does fit
    x = torch.zeros(4, 8, dtype=torch.float16)
    x_hat = torch.zeros(4, 8, dtype=torch.float16)
    x_hat[0, 0] = 300
    expected = 90_000 / 32 if reduction == "mean" else 90_000 / 4
    assert reconstruction_loss(x_hat, x, reduction).item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("shape", [(2, 1), (1, 2), (2,), (4,)])
def test_reconstruction_refuses_shapes_that_would_broadcast(shape):
    with pytest.raises(WrongArgument, match=r"x_hat has shape \(2, 2\)"):
        reconstruction_loss(X_HAT, torch.zeros(shape))


def test_reconstruction_refuses_other_bad_inputs():
    with pytest.raises(WrongArgument, match=r"reduction is 'median'; it must be 'mean', 'sum'"):
        reconstruction_loss(X_HAT, X, "median")
    with pytest.raises(WrongArgument, match=r"x has dtype torch.int64.*x.float\(\)"):
        reconstruction_loss(X_HAT, X.long())
    with pytest.raises(WrongArgument, match=r"x_hat is of type ndarray.*torch.from_numpy"):
        reconstruction_loss(X_HAT.numpy(), X)
    with pytest.raises(WrongArgument, match=r"\(0, 2\)"):  # the mean over nothing is NaN
        reconstruction_loss(X_HAT[:0], X[:0])


# --- L1 -----------------------------------------------------------------------------------------

CODES = torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 3.0]])


def test_l1_by_hand():
    assert l1_sparsity_loss(CODES).item() == 1  # (1 + 2 + 3) / 6 entries
    assert l1_sparsity_loss(CODES, over_latents="sum").item() == 3  # (3 + 3) / 2 codes


def test_l1_gradient_by_hand():
    _, gradient = value_and_gradient(l1_sparsity_loss, CODES)
    sixth = 1 / 6
    assert torch.allclose(gradient, torch.tensor([[sixth, -sixth, 0], [0, 0, sixth]]))
    _, gradient = value_and_gradient(l1_sparsity_loss, CODES, over_latents="sum")
    assert gradient.tolist() == [[0.5, -0.5, 0], [0, 0, 0.5]]


@pytest.mark.parametrize("latents", [1, 7, 64])
def test_l1_summed_over_latents_is_the_mean_times_their_number(latents):
    z = normal(5, latents)
    mean, total = l1_sparsity_loss(z), l1_sparsity_loss(z, over_latents="sum")
    assert torch.allclose(total, latents * mean)


@pytest.mark.parametrize("target", [0.0, 0.05, 0.5, 1.0, -3.0])
def test_l1_does_not_use_its_target(target):
    assert l1_sparsity_loss(CODES, target).item() == 1


# --- KL -----------------------------------------------------------------------------------------


def kl_of_mean(mean, rho, **options):
    """The penalty of one latent whose mean activation is `mean`, and its slope in the mean."""
    z = torch.tensor([[mean]], dtype=torch.float64)
    value, gradient = value_and_gradient(
        kl_divergence_sparsity_loss, z, target_sparsity=rho, **options
    )
    return value.item(), gradient.item()


def test_kl_by_hand():
    # ρ = 1/2, ρ̂ = 1/4: ½ log 2 + ½ log(2/3) = ½ log(4/3)
    assert kl_of_mean(0.25, 0.5)[0] == pytest.approx(0.5 * math.log(4 / 3))
    # ρ = 1/2, ρ̂ = 3/4, just at the bend: the same by symmetry
    assert kl_of_mean(0.75, 0.5)[0] == pytest.approx(0.5 * math.log(4 / 3))
    # ρ = 1/4, ρ̂ = 1/2: ¼ log(1/2) + ¾ log(3/2)
    assert kl_of_mean(0.5, 0.25)[0] == pytest.approx(0.130812, abs=1e-6)
    # ρ = 0.05, ρ̂ = 0.1: 0.05 log(0.5) + 0.95 log(0.95 / 0.9)
    assert kl_of_mean(0.1, 0.05)[0] == pytest.approx(0.016707, abs=1e-6)


def test_kl_slope_by_hand():
    # (1 - ρ) / (1 - ρ̂) - ρ / ρ̂ with ρ = 1/2: at ρ̂ = 1/4 it is 2/3 - 2; at 3/4, 2 - 2/3
    assert kl_of_mean(0.25, 0.5)[1] == pytest.approx(-4 / 3)
    assert kl_of_mean(0.75, 0.5)[1] == pytest.approx(4 / 3)


def test_kl_beyond_the_bend_by_hand():
    # ρ = 1/2, m = 1: ρ̂ = 1 - (1/4) / (4 · 1/2) = 7/8: ½ log(4/7) + ½ log 4 = ½ log(16/7)
    assert kl_of_mean(1.0, 0.5)[0] == pytest.approx(0.5 * math.log(16 / 7))
    # ρ = 0.2, m = 1: ρ̂ = 1 - 0.64 / 3.2 = 0.8: 0.2 log(1/4) + 0.8 log 4 = 0.6 log 4
    assert kl_of_mean(1.0, 0.2)[0] == pytest.approx(0.6 * math.log(4))


def test_kl_takes_the_mean_over_the_batch_and_the_sum_over_latents():
    z = torch.tensor([[0.1, 0.9], [0.4, 0.1]], dtype=torch.float64)  # means ¼ and ½
    value = kl_divergence_sparsity_loss(z, 0.5)
    assert value.item() == pytest.approx(0.5 * math.log(4 / 3))  # the second is on target
    mean = kl_divergence_sparsity_loss(z, 0.5, over_latents="mean")
    assert mean.item() == pytest.approx(0.25 * math.log(4 / 3))


def test_kl_counts_the_size_of_negative_codes():
    z = torch.tensor([[0.3, 0.1], [0.1, 0.4]])
    flipped = z * torch.tensor([[1, -1], [-1, 1]])
    assert kl_divergence_sparsity_loss(flipped) == kl_divergence_sparsity_loss(z)


@pytest.mark.parametrize("rho", [1e-6, 0.01, 0.05, 0.3, 0.9, 0.999])
def test_kl_is_zero_and_flat_on_target(rho):
    value, slope = kl_of_mean(rho, rho)
    assert abs(value) < 1e-9
    assert abs(slope) < 1e-3


@pytest.mark.parametrize("rho", [0.01, 0.05, 0.5, 0.9])
def test_kl_has_no_step_and_no_kink_at_the_bend(rho):
    bend, step = (1 + rho) / 2, 1e-9
    before, after = kl_of_mean(bend - step, rho), kl_of_mean(bend + step, rho)
    assert before[0] == pytest.approx(after[0], abs=1e-6)
    assert before[1] == pytest.approx(after[1], rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rho", [0.01, 0.05, 0.5, 0.9])
def test_kl_falls_to_the_target_and_rises_beyond_it_without_end(rho, dtype):
    below = torch.linspace(0, 0.99 * rho, 50, dtype=dtype)
    above = torch.cat(
        [
            torch.linspace(1.01 * rho, 2, 100, dtype=dtype),
            torch.logspace(0.5, 6, 50, dtype=dtype),  # codes after ReLU have no upper bound
        ]
    )
    means = torch.cat([below, above])
    z = means[None].requires_grad_()
    penalties = torch.stack(
        [kl_divergence_sparsity_loss(z[:, i : i + 1], rho) for i in range(len(means))]
    )
    (slopes,) = torch.autograd.grad(penalties.sum(), z)
    assert (slopes[0, :50] < 0).all() and (slopes[0, 50:] > 0).all()  # never zero on either side
    assert (penalties[:50].diff() < 0).all() and (penalties[50:].diff() > 0).all()
    assert (penalties >= 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [1, 64])
def test_kl_wakes_a_latent_that_was_never_active(dtype, batch):
    z = torch.zeros(batch, 3, dtype=dtype)
    z[:, 1] = 0.05
    value, gradient = value_and_gradient(kl_divergence_sparsity_loss, z)
    assert value.isfinite() and gradient.isfinite().all()
    assert (gradient[:, [0, 2]] < -0.1).all()  # a step against it makes the latent active


def test_descent_brings_mean_activations_to_the_target_from_both_sides():
    logarithm = torch.tensor([[0.001, 0.5, 20.0]], dtype=torch.float64).log()  # 20: far beyond 1
    for _ in range(300):
        _, gradient = value_and_gradient(
            lambda u: kl_divergence_sparsity_loss(u.exp(), 0.2), logarithm
        )
        logarithm = logarithm - 0.5 * gradient
    assert torch.allclose(logarithm.exp(), torch.full((1, 3), 0.2, dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "rho", [5e-324, 1e-300, 1e-45, 1e-12, 1 - 1e-6, 1 - 1e-7, 1 - 1e-9, 1 - 1e-16]
)
@pytest.mark.parametrize("mean", [0.0, 1e-12, 0.5, 1 - 2**-24, 1.0, 1 + 2**-23, 2.0, 1e6])
def test_kl_is_finite_for_targets_at_the_ends_of_the_range(rho, mean, dtype):
    # float32 cannot tell the largest of these targets from 1: log(1 - ρ̂) must survive it
    z = torch.full((2, 1), mean, dtype=dtype)
    value, gradient = value_and_gradient(kl_divergence_sparsity_loss, z, target_sparsity=rho)
    assert value.isfinite() and gradient.isfinite().all()


def test_kl_epsilon_bounds_the_pull_on_a_silent_latent():
    assert kl_of_mean(0.0, 0.05, epsilon=1e-3)[1] == pytest.approx(0.95 - 0.05 / 1e-3)
    assert kl_of_mean(0.0, 0.05, epsilon=1e-6)[1] == pytest.approx(0.95 - 0.05 / 1e-6)


@pytest.mark.parametrize("target", [0, 1, -0.1, 1.5, math.nan, math.inf, None, "0.05", True])
def test_kl_refuses_a_target_outside_of_zero_to_one(target):
    with pytest.raises(WrongArgument, match=r"target_sparsity is .*above 0 and below 1"):
        kl_divergence_sparsity_loss(CODES, target)


@pytest.mark.parametrize("epsilon", [0, -1e-10, 1, math.nan])
def test_epsilon_is_refused_where_it_makes_no_sense(epsilon):
    with pytest.raises(WrongArgument, match="epsilon is"):
        kl_divergence_sparsity_loss(CODES, epsilon=epsilon)
    with pytest.raises(WrongArgument, match="epsilon is"):
        hoyer_sparsity(CODES, epsilon=epsilon)


# --- Hoyer --------------------------------------------------------------------------------------


def test_hoyer_by_hand():
    z = torch.tensor(
        [
            [1.0, 1, 0, 0],  # (2 - 2/√2) / (2 - 1) = 2 - √2
            [1, 1, 1, 1],  # all equal
            [0, 5, 0, 0],  # one-hot
            [3, 4, 0, 0],  # (2 - 7/5) / 1
            [0, 0, 0, 0],  # counts as all equal
        ],
        dtype=torch.float64,
    )
    expected = [0.5857864, 0.0, 1.0, 0.6, 0.0]
    assert hoyer_sparsity(z).tolist() == pytest.approx(expected, abs=1e-6)
    assert hoyer_sparsity_loss(z).item() == pytest.approx(1 - sum(expected) / 5, abs=1e-6)


def test_hoyer_gives_one_value_a_code():
    assert hoyer_sparsity(normal(7, 3)).shape == (7,)
    assert hoyer_sparsity(normal(2, 5, 3)).shape == (2, 5)
    assert hoyer_sparsity(normal(3)).shape == ()


@pytest.mark.parametrize("scale", [1e-3, 0.5, 7.0, 1e6, 1e30])
def test_hoyer_ignores_scale_and_sign(scale):
    z = normal(6, 9)
    assert torch.allclose(hoyer_sparsity(scale * z), hoyer_sparsity(z), atol=1e-4)
    assert torch.allclose(hoyer_sparsity(-z), hoyer_sparsity(z))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 100, 768])
def test_hoyer_of_zeros_is_finite(n, dtype):
    value, gradient = value_and_gradient(hoyer_sparsity_loss, torch.zeros(3, n, dtype=dtype))
    assert value.item() == pytest.approx(0 if n == 1 else 1, abs=1e-6)
    assert gradient.isfinite().all()
    value, gradient = value_and_gradient(hoyer_sparsity_loss, torch.full((3, n), 1e-7).to(dtype))
    assert value.isfinite() and gradient.isfinite().all()


def test_hoyer_with_one_latent_is_one_whatever_its_activation():
    z = torch.tensor([[0.0], [1e-9], [-3.0], [1e6]])
    assert hoyer_sparsity(z).tolist() == [1, 1, 1, 1]
    value, gradient = value_and_gradient(hoyer_sparsity_loss, z)
    assert value == 0 and (gradient == 0).all()


def test_descending_the_hoyer_penalty_makes_a_code_sparser():
    z = torch.tensor([[1.0, 0.8, 0.5, 0.3]])
    before = hoyer_sparsity(z)
    _, gradient = value_and_gradient(hoyer_sparsity_loss, z)
    assert hoyer_sparsity(z - 0.1 * gradient) > before
    assert gradient[0, 0] < 0 < gradient[0, 3]  # the largest grows, the smallest shrinks


def test_hoyer_gradient_is_across_the_code():
    z = normal(5, 8)
    _, gradient = value_and_gradient(hoyer_sparsity_loss, z)
    assert (gradient * z).sum(dim=1).abs().max() < 1e-7  # a longer code is no sparser


# --- what holds for all three -------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("copies", [2, 5, 64])
def test_no_penalty_grows_with_the_batch(penalty, copies):
    z = normal(3, 4)
    assert torch.allclose(penalty(z.repeat(copies, 1)), penalty(z))
    _, once = value_and_gradient(penalty, z)
    _, often = value_and_gradient(penalty, z.repeat(copies, 1))
    assert torch.allclose(often.reshape(copies, 3, 4).sum(dim=0), once)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_sequences_count_as_a_batch(penalty):
    z = normal(2, 5, 4)
    assert torch.allclose(penalty(z), penalty(z.reshape(10, 4)))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_single_code_without_a_batch_counts_as_one(penalty):
    z = normal(6)
    assert torch.allclose(penalty(z), penalty(z[None]))


@pytest.mark.parametrize(
    "loss",
    [
        lambda z: reconstruction_loss(z, torch.ones_like(z)),
        lambda z: reconstruction_loss(z, torch.ones_like(z), "sum"),
        lambda z: reconstruction_loss(z, torch.ones_like(z), "none"),
        l1_sparsity_loss,
        lambda z: l1_sparsity_loss(z, over_latents="sum"),
        kl_divergence_sparsity_loss,
        lambda z: kl_divergence_sparsity_loss(z, 0.9, over_latents="mean"),
        hoyer_sparsity,
        hoyer_sparsity_loss,
        coherence_loss,
        lambda z: coherence_loss(z.T),
    ],
)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (4, 3)])
def test_gradcheck(loss, shape):
    # none of the entries is so near zero that the finite difference steps over the kink of |z|
    z = normal(*shape)
    z = z.sign() * (z.abs() + 0.05)
    assert torch.autograd.gradcheck(loss, z.requires_grad_())


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_half_precision_agrees_with_double(penalty, dtype):
    z = normal(32, 16).relu().to(dtype)
    value = penalty(z)
    assert value.dtype in (dtype, torch.float32) and value.shape == ()
    assert value.item() == pytest.approx(
        penalty(z.double()).item(), rel=2 * torch.finfo(dtype).eps, abs=2e-3
    )


def test_half_precision_sums_over_a_large_batch_keep_their_digits():
    # added up one by one in float16 these would stop growing at 2048
    z = torch.ones(100, 100, dtype=torch.float16)
    assert l1_sparsity_loss(z).item() == 1
    assert l1_sparsity_loss(z, over_latents="sum").item() == 100


@pytest.mark.parametrize("penalty", PENALTIES)
def test_codes_are_not_changed_in_place(penalty):
    z = normal(4, 3)
    before = z.clone()
    penalty(z)
    assert torch.equal(z, before)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,), ()])
def test_empty_codes_are_refused(penalty, shape):
    with pytest.raises(WrongArgument, match=r"z has shape .*\(batch, latent\)"):
        penalty(torch.zeros(shape))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_codes_that_are_no_floating_point_tensor_are_refused(penalty):
    with pytest.raises(WrongArgument, match=r"z has dtype torch.int64.*z.float\(\)"):
        penalty(torch.ones(2, 3, dtype=torch.int64))
    with pytest.raises(WrongArgument, match="z is of type list"):
        penalty([[1.0, 2.0]])


def test_over_latents_is_checked():
    for penalty in (l1_sparsity_loss, kl_divergence_sparsity_loss):
        with pytest.raises(WrongArgument, match="over_latents is 'max'"):
            penalty(CODES, over_latents="max")


def test_signatures_of_the_module_document():
    def leading(function, count):
        parameters = list(inspect.signature(function).parameters.values())[:count]
        return [(p.name, p.default) for p in parameters]

    nothing = inspect.Parameter.empty
    assert leading(l1_sparsity_loss, 2) == [("z", nothing), ("target_sparsity", 0.05)]
    assert leading(kl_divergence_sparsity_loss, 3) == [
        ("z", nothing),
        ("target_sparsity", 0.05),
        ("epsilon", 1e-10),
    ]
    assert leading(hoyer_sparsity_loss, 2) == [("z", nothing)]


# --- every code that hypothesis can think of ----------------------------------------------------

MAGNITUDES = [0.0, 1e-12, 1e-6, 1e-3, 0.05, 0.5, 1.0, 3.0, 100.0, 6e4, 1e6]


@st.composite
def codes(draw, dtypes=tuple(DTYPES)):
    batch, latents = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    dtype = draw(st.sampled_from(dtypes))
    largest = 6e4 if dtype == torch.float16 else 1e6
    entry = st.one_of(
        st.sampled_from(MAGNITUDES),
        st.floats(1e-12, 1e6),
        st.floats(-1.0, 1.0),
    )
    entries = draw(st.lists(entry, min_size=batch * latents, max_size=batch * latents))
    z = torch.tensor(entries, dtype=torch.float64).clamp(max=largest)
    return z.reshape(batch, latents).to(dtype)


@settings(max_examples=150, deadline=None)
@given(z=codes())
@example(z=torch.zeros(1, 1))
@example(z=torch.zeros(4, 3, dtype=torch.float16))
@example(z=torch.eye(3, dtype=torch.bfloat16))
@example(z=torch.full((1, 2), 6e4, dtype=torch.float16))
def test_values_and_gradients_are_finite_and_in_range(z):
    n = z.shape[1]
    l1, gradient = value_and_gradient(l1_sparsity_loss, z)
    assert 0 <= l1 < math.inf and gradient.isfinite().all()
    # two codes of 60 000 add up to more than float16 holds: the sum must still be finite
    l1, gradient = value_and_gradient(l1_sparsity_loss, z, over_latents="sum")
    assert 0 <= l1 < math.inf and gradient.isfinite().all()
    kl, gradient = value_and_gradient(kl_divergence_sparsity_loss, z)
    assert -2e-4 * n <= kl < math.inf and gradient.isfinite().all()
    measure = hoyer_sparsity(z)
    assert (measure >= -1e-5).all() and (measure <= 1 + 1e-5).all()
    hoyer, gradient = value_and_gradient(hoyer_sparsity_loss, z)
    assert -1e-5 <= hoyer <= 1 + 1e-5 and gradient.isfinite().all()


@settings(max_examples=60, deadline=None)
@given(z=codes(dtypes=(torch.float64,)), seed=st.integers(0, 2**16))
def test_the_order_of_codes_and_latents_does_not_matter(z, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(z.shape[0], generator=generator)
    columns = torch.randperm(z.shape[1], generator=generator)
    shuffled = z[rows][:, columns]
    for penalty in PENALTIES:
        assert torch.allclose(penalty(shuffled), penalty(z), rtol=1e-9, atol=1e-9)
    assert torch.allclose(hoyer_sparsity(shuffled), hoyer_sparsity(z)[rows], atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(z=codes(dtypes=(torch.float64,)), copies=st.integers(2, 6))
def test_repeating_the_batch_changes_no_penalty(z, copies):
    for penalty in PENALTIES:
        assert torch.allclose(penalty(z.repeat(copies, 1)), penalty(z), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("largest", [1e20, 1e37])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_huge_float32_codes_have_a_finite_penalty(penalty, largest):  # their squares overflow
    value, gradient = value_and_gradient(penalty, torch.full((4, 2), largest))
    assert value.isfinite() and gradient.isfinite().all()
    assert hoyer_sparsity(torch.tensor([[1.0, 1, 0, 0]]) * largest).item() == pytest.approx(
        0.5857864
    )


# --- coherence ----------------------------------------------------------------------------------


def unit_rows(atoms, d, seed=0):
    rows = normal(atoms, d, seed=seed)
    return rows / rows.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("shape", [(1, 4), (2, 2), (3, 5), (8, 8)])
def test_orthonormal_atoms_cost_nothing(shape):
    assert coherence_loss(torch.eye(*shape)).item() == 0


@pytest.mark.parametrize("atoms", [2, 3, 20])
@pytest.mark.parametrize("d", [1, 4, 30])
def test_equal_atoms_cost_one(atoms, d):
    atom = unit_rows(1, d)
    signs = torch.tensor([[1.0], [-1.0]], dtype=torch.float64).repeat(atoms, 1)[:atoms]
    assert coherence_loss(signs * atom).item() == pytest.approx(1)


def test_coherence_by_hand():
    # cosines 1/√2, 0 and 1/√2 between three atoms: (½ + 0 + ½) / 3 pairs
    r = math.sqrt(0.5)
    assert coherence_loss(torch.tensor([[1.0, 0], [r, r], [0, 1]])).item() == pytest.approx(1 / 3)
    # three atoms at 120°: every cosine is -½
    h = math.sqrt(0.75)
    assert coherence_loss(torch.tensor([[1.0, 0], [-0.5, h], [-0.5, -h]])).item() == pytest.approx(
        1 / 4
    )


@pytest.mark.parametrize("atoms, d", [(3, 10), (10, 3), (6, 6), (2, 1), (40, 7)])
def test_coherence_agrees_with_a_loop_over_pairs(atoms, d):
    D = unit_rows(atoms, d)
    pairs = [float(D[i] @ D[j]) ** 2 for i in range(atoms) for j in range(atoms) if i != j]
    assert coherence_loss(D).item() == pytest.approx(sum(pairs) / len(pairs), rel=1e-10)


def test_coherence_ignores_order_sign_and_rotation():
    D = unit_rows(9, 5)
    rotation, _ = torch.linalg.qr(normal(5, 5, seed=1))
    signs = torch.tensor([1.0, -1.0, 1.0] * 3, dtype=torch.float64)[:, None]
    expected = coherence_loss(D)
    for other in (D.flip(0), signs * D, D @ rotation):
        assert torch.allclose(coherence_loss(other), expected)


def test_descending_coherence_drives_two_atoms_apart():
    D = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    _, gradient = value_and_gradient(coherence_loss, D)
    moved = torch.nn.functional.normalize(D - 0.1 * gradient)
    assert (moved[0] @ moved[1]).abs() < 0.8


@pytest.mark.parametrize("dtype", DTYPES)
def test_coherence_in_every_dtype(dtype):
    value, gradient = value_and_gradient(coherence_loss, unit_rows(30, 8).to(dtype))
    assert value.dtype in (dtype, torch.float32) and gradient.isfinite().all()
    assert value.item() == pytest.approx(coherence_loss(unit_rows(30, 8)).item(), rel=0.02)


def test_coherence_stays_exact_with_many_atoms_in_float32():
    assert abs(coherence_loss(torch.eye(2_000)[:, :700].T).item()) < 1e-9
    rows = torch.eye(64).repeat(2, 1)  # each atom has one twin among 127 others
    assert coherence_loss(rows).item() == pytest.approx(1 / 127, rel=1e-5)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), ()])
def test_coherence_refuses_what_is_no_matrix(shape):
    with pytest.raises(WrongArgument, match=r"\(atoms, input\)"):
        coherence_loss(torch.zeros(shape))
    with pytest.raises(WrongArgument, match=r"dictionary has dtype torch\.int64"):
        coherence_loss(torch.ones(2, 3, dtype=torch.int64))


# --- by name, and the total ---------------------------------------------------------------------


def test_penalties_by_name():
    z = normal(5, 4)
    assert sparsity_loss(z, "l1") == l1_sparsity_loss(z)
    assert sparsity_loss(z, "l1", reduction="sum") == l1_sparsity_loss(z, over_latents="sum")
    assert sparsity_loss(z, "kl", 0.3) == kl_divergence_sparsity_loss(z, 0.3)
    assert sparsity_loss(z, "kl", 0.3) != sparsity_loss(z, "kl", 0.2)
    assert sparsity_loss(z, "hoyer") == hoyer_sparsity_loss(z)
    nothing = sparsity_loss(z, "none")
    assert nothing == 0 and nothing.shape == () and nothing.dtype == z.dtype


@pytest.mark.parametrize("name", ["L1", "l2", "", None, 1])
def test_an_unknown_penalty_is_refused_with_the_known_ones(name):
    with pytest.raises(WrongArgument, match="must be 'l1', 'kl', 'hoyer' or 'none'"):
        sparsity_loss(CODES, name)
    assert set(losses.SPARSITY_TYPES) == {"l1", "kl", "hoyer", "none"}


def test_the_total_is_the_sum_of_its_terms():
    z, x = normal(6, 4), normal(6, 8)
    terms = {
        "reconstruction": reconstruction_loss(x, torch.zeros_like(x)),
        "sparsity": 0.1 * kl_divergence_sparsity_loss(z),
        "coherence": 0.01 * coherence_loss(unit_rows(5, 3)),
    }
    assert total_loss(terms).item() == pytest.approx(sum(term.item() for term in terms.values()))
    assert total_loss({"a": torch.tensor(1.5), "b": torch.tensor(-4.0)}).item() == -2.5
    assert total_loss({"a": torch.tensor(1.5)}).item() == 1.5


def test_the_gradient_of_the_total_reaches_every_term():
    a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    total_loss({"square": a**2, "three times": 3 * b}).backward()
    assert a.grad.item() == 4 and b.grad.item() == 3


def test_bad_totals_are_refused():
    with pytest.raises(WrongArgument, match=r"terms is \{\}; it must be a dictionary"):
        total_loss({})
    with pytest.raises(WrongArgument, match="terms is "):
        total_loss([torch.tensor(1.0)])
    # a term not yet reduced would be added up over the batch without a word
    with pytest.raises(WrongArgument, match="errors"):
        total_loss({"errors": torch.ones(3, 2)})
    with pytest.raises(WrongArgument, match="sparsity"):
        total_loss({"errors": torch.tensor(1.0), "sparsity": 0.5})


def test_what_is_sparse_or_missing_is_refused():
    with pytest.raises(WrongArgument, match=r"z has the layout torch.sparse_coo.*to_dense"):
        l1_sparsity_loss(torch.eye(3).to_sparse())
    with pytest.raises(WrongArgument, match="z is of type NoneType"):
        sparsity_loss(None, "none")
    with pytest.raises(WrongArgument, match=r"dictionary has shape \(0, 3\)"):
        coherence_loss(torch.empty(0, 3))
