"""The metrics give the answers worked out by hand, however the data are split, and refuse what
they cannot measure; a model that was evaluated is left as it was."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_lib.autoencoders import TwoLayerAutoencoder
from course_lib.charts import plot_sparse_autoencoder_analysis
from course_lib.data import digits, superposition
from course_lib.errors import WrongArgument
from course_lib.evaluation import (
    ActivationDensity,
    MeanActivation,
    MeanHoyer,
    Shrinkage,
    VarianceUnexplained,
    chance_mmcs,
    density_histogram,
    evaluate_autoencoder,
    evaluate_sparse_autoencoder,
    match_atoms,
    max_cosine_similarities,
    mmcs,
    recovered_fraction,
)
from course_lib.losses import hoyer_sparsity

# mean (1, 2), spread (1 + 4) + (1 + 4) = 10, residual 1 + 1 = 2: FVU 0.2, explained 0.8
X = torch.tensor([[2.0, 0.0], [0.0, 4.0]])
X_HAT = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
CODES = torch.tensor([[3.0, 0.0, 0.0, 4.0], [0.0, 0.0, 0.0, -2.0]])


class Fixed(nn.Module):
    """encode and decode as given; one weight, so that it has a dtype and a device."""

    def __init__(self, encode=lambda x: x, decode=lambda z: z, dtype=torch.float32, size=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones((), dtype=dtype))
        self.encode, self.decode = encode, decode
        if size is not None:
            self.input_dim = self.latent_dim = size


class Watched(nn.Module):
    """Halves its input; notes in which mode it was called, and breaks when told to."""

    def __init__(self, breaks=False):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
        self.calls, self.breaks = [], breaks

    def encode(self, x):
        self.calls.append((self.training, self.inner[1].training, torch.is_grad_enabled()))
        if self.breaks:
            raise RuntimeError("broke on purpose")
        return self.inner(x)

    def decode(self, z):
        return z


class Dictionary(nn.Module):
    """z = ReLU(x Dᵀ), x̂ = z D + b for orthonormal atoms D: perfect where x - b has no minus."""

    def __init__(self, atoms, bias=None, scale=1.0):
        super().__init__()
        self.dictionary = nn.Parameter(atoms)
        self.bias = nn.Parameter(torch.zeros(atoms.shape[1]) if bias is None else bias)
        self.scale = scale

    def encode(self, x):
        return self.scale * torch.relu((x - self.bias) @ self.dictionary.T)

    def decode(self, z):
        return z @ self.dictionary + self.bias


def normal(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def after(metric, *updates):
    for batch in updates:
        metric.update(*batch)
    return metric


# Fraction of variance unexplained


def test_fvu_and_explained_variance_of_a_worked_example():
    metric = after(VarianceUnexplained(), (X_HAT, X))
    assert metric.compute() == pytest.approx(0.2)
    assert metric.explained_variance() == pytest.approx(0.8)
    assert metric.mean_squared_error() == pytest.approx(2 / 4)


def test_the_mean_is_taken_over_the_whole_set_not_over_a_batch():
    # row by row each batch has no variance of its own
    metric = after(VarianceUnexplained(), (X_HAT[:1], X[:1]), (X_HAT[1:], X[1:]))
    assert metric.compute() == pytest.approx(0.2)


def test_identity_explains_all_and_the_mean_explains_nothing():
    x = normal(50, 4) * torch.tensor([1.0, 5.0, 0.1, 2.0]) + torch.tensor([0.0, 3.0, -50.0, 7.0])
    assert after(VarianceUnexplained(), (x, x)).explained_variance() == 1
    mean = x.double().mean(dim=0).expand(50, 4)
    assert after(VarianceUnexplained(), (mean, x.double())).compute() == pytest.approx(1, abs=1e-12)


def test_a_constant_offset_is_an_error_like_any_other():
    # of several formulas in use one gives 1.0 here
    assert after(VarianceUnexplained(), (X - 5, X)).compute() == pytest.approx(100 / 10)


def test_reconstructions_come_first():
    one, other = after(VarianceUnexplained(), (X_HAT, X)), after(VarianceUnexplained(), (X, X_HAT))
    assert other.compute() == pytest.approx(2 / 4)  # spread of X_HAT: (1 + 1) + (1 + 1)
    assert one.compute() != other.compute()


@pytest.mark.parametrize("shift", [1e3, -1e6, 2.0**40])
def test_a_shift_changes_nothing_even_when_it_is_large(shift):
    move = torch.tensor([shift, -3 * shift], dtype=torch.float64)
    metric = after(
        VarianceUnexplained(),
        *((X_HAT[i : i + 1].double() + move, X[i : i + 1].double() + move) for i in range(2)),
    )
    assert metric.compute() == pytest.approx(0.2, rel=1e-12)


def test_a_large_shift_in_float32_keeps_what_the_inputs_keep():
    x = torch.tensor([[2.0**24 - 1], [2.0**24 - 3], [2.0**24 - 2]])  # exact in float32
    x_hat = torch.tensor([[2.0**24 - 1], [2.0**24 - 3], [2.0**24 - 3]])
    assert after(VarianceUnexplained(), (x_hat, x)).compute() == pytest.approx(1 / 2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_low_precision_inputs_are_summed_in_high_precision(dtype):
    # 4,000 squared errors of 1/4: a float16 sum stops growing at 512, a bfloat16 one at 64
    x = torch.tensor([[0.0], [2.0]]).repeat(2000, 1).to(dtype)
    metric = after(VarianceUnexplained(), (x + 0.5, x))
    assert metric.compute() == pytest.approx(0.25)
    codes = torch.tensor([[63, 189]], dtype=dtype).expand(4000, 2)  # the sum overflows float16
    assert after(MeanActivation(), (codes,)).compute().tolist() == [63, 189]
    # (√2 - 4 / √10) / (√2 - 1)
    assert after(MeanHoyer(), (codes,)).compute() == pytest.approx(0.3604487, abs=1e-6)
    assert after(Shrinkage(), (x / 2, x)).compute() == pytest.approx(0.5)


@pytest.mark.parametrize("x", [torch.full((11, 3), 0.7, dtype=torch.float64), torch.ones(1, 3)])
def test_data_without_variance_have_no_fvu(x):
    metric = after(VarianceUnexplained(), (x + 1, x), (x + 1, x))
    assert math.isnan(metric.compute()) and math.isnan(metric.explained_variance())
    assert metric.mean_squared_error() == pytest.approx(1)


# Codes


def test_density_l0_and_dead_latents_of_a_worked_example():
    metric = after(ActivationDensity(), (CODES,))
    assert metric.compute().tolist() == [0.5, 0, 0, 1]  # -2 is active
    assert metric.l0() == 1.5
    assert metric.dead_fraction() == 0.5


def test_the_bound_of_activity_is_exclusive():
    metric = after(ActivationDensity(near_zero=3), (CODES,))
    assert metric.compute().tolist() == [0, 0, 0, 0.5]
    assert metric.l0() == 0.5 and metric.dead_fraction() == 0.75


def test_a_latent_active_in_any_batch_is_alive():
    metric = after(ActivationDensity(), (CODES[1:],), (CODES[:1],), (CODES[1:],))
    assert metric.compute() == pytest.approx([1 / 3, 0, 0, 1])
    assert metric.dead_fraction() == 0.5


def test_mean_activation_and_hoyer_of_a_worked_example():
    assert after(MeanActivation(), (CODES,)).compute().tolist() == [1.5, 0, 0, 1]
    # (√4 - 7/5) / (√4 - 1) = 0.6, and 1 for the one-hot code; the mean is weighted by examples
    assert after(MeanHoyer(), (CODES,)).compute() == pytest.approx(0.8, abs=1e-6)
    assert after(MeanHoyer(), (CODES,), (CODES[1:],)).compute() == pytest.approx(2.6 / 3, abs=1e-6)


def test_a_density_histogram_counts_each_latent_once():
    density = torch.tensor([0, 0, 0.002, 0.05, 0.5, 1, 1], dtype=torch.float64)
    histogram = density_histogram(density, bins_per_decade=1)
    assert histogram.edges.tolist() == [-3, -2, -1, 0]
    assert histogram.counts.tolist() == [1, 1, 3] and histogram.dead == 2
    finer = density_histogram(density, bins_per_decade=2)
    assert finer.edges.tolist() == [-3, -2.5, -2, -1.5, -1, -0.5, 0]
    assert finer.counts.tolist() == [1, 0, 0, 1, 0, 3]  # log10: -2.70, -1.30, -0.30


def test_a_density_histogram_of_nothing_but_dead_or_always_active_latents():
    dead = density_histogram(torch.zeros(3))
    assert dead.counts.sum() == 0 and dead.dead == 3
    always = density_histogram(torch.ones(3))
    assert always.counts[-1] == 3 and always.dead == 0 and always.edges[-1] == 0


# Shrinkage


def test_shrinkage_is_the_factor_by_which_reconstructions_are_too_short():
    x = normal(30, 5)
    assert after(Shrinkage(), (x, x)).compute() == pytest.approx(1)
    assert after(Shrinkage(), (0.5 * x, x)).compute() == pytest.approx(0.5)
    assert after(Shrinkage(), (2 * x, x)).compute() == pytest.approx(2)
    # ‖x̂‖² = 4 + 1 + 9 = 14 and ⟨x̂, x⟩ = 4 + 12 = 16
    assert after(Shrinkage(), (X_HAT, X)).compute() == pytest.approx(14 / 16)


def test_shrinkage_minimises_the_error_of_the_rescaled_reconstruction():
    x, x_hat = normal(40, 3), normal(40, 3) * 0.6 + 0.2 * normal(40, 3, seed=1)
    gamma = after(Shrinkage(), (x_hat, x)).compute()

    def error(c):
        return float((x_hat / c - x).square().sum())

    assert error(gamma) < min(error(gamma - 0.01), error(gamma + 0.01))


def test_shrinkage_about_a_code_of_zeros_does_not_see_a_shift():
    x, r = normal(30, 5, dtype=torch.float64), torch.full((5,), 1000.0, dtype=torch.float64)
    shrunk = (0.5 * x + r, x + r)
    assert after(Shrinkage(r), shrunk).compute() == pytest.approx(0.5)
    assert after(Shrinkage(), shrunk).compute() == pytest.approx(1, abs=1e-3)  # hidden


def test_shrinkage_where_there_is_nothing_to_compare():
    assert math.isnan(after(Shrinkage(), (torch.zeros(3, 2), torch.ones(3, 2))).compute())
    x = torch.tensor([[1.0, 0.0]])
    assert after(Shrinkage(), (x.flip(1), x)).compute() == math.inf  # a right angle


# What holds for all streaming metrics


METRICS = {
    "fvu": (VarianceUnexplained, 2),
    "shrinkage": (Shrinkage, 2),
    "density": (ActivationDensity, 1),
    "activation": (MeanActivation, 1),
    "hoyer": (MeanHoyer, 1),
}
every_metric = pytest.mark.parametrize(("metric", "inputs"), METRICS.values(), ids=METRICS)


@every_metric
def test_no_result_before_any_data(metric, inputs):
    with pytest.raises(WrongArgument, match="has seen no data; call update"):
        metric().compute()
    with pytest.raises(WrongArgument, match="no data"):
        ActivationDensity().l0()
    with pytest.raises(WrongArgument, match="no data"):
        ActivationDensity().dead_fraction()


@every_metric
@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (torch.ones(0, 3), "0 rows"),
        (torch.ones(3), "must be \\(rows, "),
        (torch.ones(2, 3, 3), "must be"),
        (torch.ones(2, 3, dtype=torch.int64), "float"),
        (torch.tensor([[0.0, 0, 0], [0, math.nan, 0]]), "row 1"),
        (torch.tensor([[0.0, 0, math.inf]]), "row 0"),
        (torch.ones(2, 4), "must be \\(rows, 3\\)"),
        (np.ones((2, 3)), "torch.from_numpy"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_and_changes_nothing(metric, inputs, bad, told):
    good = normal(5, 3)
    tried = after(metric(), (good,) * inputs)
    with pytest.raises(WrongArgument, match=told):
        tried.update(*(bad,) * inputs)
    assert np.array_equal(tried.compute(), after(metric(), (good,) * inputs).compute())
    assert tried.examples == 5


@pytest.mark.parametrize("metric", [VarianceUnexplained, Shrinkage])
def test_inputs_and_reconstructions_must_have_the_same_shape(metric):
    with pytest.raises(WrongArgument, match="they must be the same"):
        metric().update(torch.ones(1, 3), torch.ones(4, 3))  # would broadcast


@pytest.mark.parametrize("r", [torch.ones(1, 3), torch.ones(0), torch.tensor([math.nan]), 0.0])
def test_the_reconstruction_of_a_code_of_zeros_must_be_one_row(r):
    with pytest.raises(WrongArgument, match="zero_code_reconstruction"):
        Shrinkage(zero_code_reconstruction=r)


def test_mean_hoyer_measures_small_half_precision_codes_exactly():
    codes = torch.tensor([[1e-4, 0, 0, 0]]).half()  # one-hot; the penalty's epsilon is 6e-5 here
    assert after(MeanHoyer(), (codes,)).compute() == pytest.approx(1, abs=1e-3)
    assert float(hoyer_sparsity(codes)) < 0.5


@pytest.mark.parametrize("bad", [torch.tensor([1.5]), torch.tensor([math.nan]), torch.ones(2, 2)])
def test_a_density_must_be_a_list_of_fractions(bad):
    with pytest.raises(WrongArgument, match="density"):
        density_histogram(bad)


@every_metric
def test_no_gradient_graph_is_kept(metric, inputs):
    batch = [normal(4, 3).requires_grad_() * 2 for _ in range(inputs)]
    kept = vars(after(metric(), batch)).values()
    assert not any(isinstance(value, torch.Tensor) and value.requires_grad for value in kept)


def matrices(rows=(2, 12), columns=(1, 5), size=1e3):
    """Matrices of finite float64 numbers, many of them zero or equal."""
    value = st.sampled_from([0.0, 1.0, -1.0]) | st.floats(-size, size, width=32)
    shapes = st.tuples(st.integers(*rows), st.integers(*columns))
    return shapes.flatmap(
        lambda shape: st.lists(
            value, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]
        ).map(lambda values: torch.tensor(values, dtype=torch.float64).reshape(shape))
    )


@settings(max_examples=60, deadline=None)
@given(x=matrices(), cuts=st.sets(st.integers(1, 11)), seed=st.integers(0, 99))
def test_how_the_data_are_split_into_batches_changes_nothing(x, cuts, seed):
    x_hat = x + normal(*x.shape, seed=seed, dtype=torch.float64)
    bounds = [0, *sorted(c for c in cuts if c < len(x)), len(x)]
    pieces = [slice(a, b) for a, b in pairwise(bounds)]
    for metric, inputs in METRICS.values():
        whole = after(metric(), (x_hat, x)[:inputs]).compute()
        split = after(metric(), *((x_hat[p], x[p])[:inputs] for p in pieces)).compute()
        assert np.allclose(split, whole, rtol=1e-9, atol=1e-9, equal_nan=True), metric


@settings(max_examples=60, deadline=None)
@given(x=matrices(), seed=st.integers(0, 99), shift=st.integers(-(2**20), 2**20))
def test_fvu_is_not_negative_and_ignores_shifts(x, seed, shift):
    x_hat = normal(*x.shape, seed=seed, dtype=torch.float64)
    fvu = after(VarianceUnexplained(), (x_hat, x)).compute()
    assert math.isnan(fvu) if bool((x == x[0]).all()) else fvu >= 0
    shifted = after(VarianceUnexplained(), (x_hat + shift, x + shift)).compute()
    if float(x.std(dim=0).max()) > 1e-2:  # else the addition itself rounds the variance away
        assert shifted == pytest.approx(fvu, rel=1e-5)


# Recovery of a known dictionary


def test_mmcs_of_a_worked_example():
    true = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    found = torch.tensor([[3.0, 4.0], [-5.0, 0.0]])  # cosines .6 and .8; -1 and 0
    assert max_cosine_similarities(found, true).tolist() == pytest.approx([0.6, 0.8])
    assert mmcs(found, true) == pytest.approx(0.7)
    assert recovered_fraction(found, true, above=0.7) == 0.5
    assert recovered_fraction(found, true) == 0
    matching = match_atoms(found, true)  # .6 + 0 is more than .8 - 1
    assert matching.indices.tolist() == [0, 1]
    assert matching.similarities.tolist() == pytest.approx([0.6, 0])
    assert matching.mean == pytest.approx(0.3)


def test_the_mean_runs_over_true_atoms():
    true = torch.eye(3)
    assert mmcs(torch.cat([true, -torch.ones(5, 3)]), true) == pytest.approx(1)  # more found: free
    assert mmcs(true[:1], true) == pytest.approx(1 / 3)  # fewer: what is missing costs


def test_an_atom_turned_round_is_not_the_same_atom():
    true = torch.eye(2)
    assert mmcs(-true, true) == 0
    assert mmcs(-true[:1], true[:1]) == -1


def test_the_matching_is_optimal_and_not_greedy():
    true = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    found = torch.tensor([[0.96, 0.28], [0.6, -0.8]])
    # cosines with found 0: .96, .936; with found 1: .6, 0. The first true atom likes found 0 best,
    # yet .6 + .936 beats .96 + 0
    matching = match_atoms(found, true)
    assert matching.indices.tolist() == [1, 0]
    assert matching.mean == pytest.approx((0.6 + 0.936) / 2)


def test_matching_with_fewer_and_with_more_atoms_found():
    true = torch.eye(4)
    fewer = match_atoms(true[[2, 0]], true)
    assert fewer.indices.tolist() == [1, -1, 0, -1]
    assert fewer.similarities.tolist() == [1, 0, 1, 0] and fewer.mean == 0.5
    more = match_atoms(torch.cat([-true, true.flip(0)]), true)
    assert more.indices.tolist() == [7, 6, 5, 4] and more.mean == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_atoms_of_any_length_and_of_none(dtype):
    tiny, huge = torch.finfo(dtype).smallest_normal, torch.finfo(dtype).max / 4
    found = torch.tensor([[0, tiny], [huge, huge], [0, 0]], dtype=dtype)
    true = torch.eye(2, dtype=dtype)
    assert max_cosine_similarities(found, true).tolist() == pytest.approx([0.5**0.5, 1])
    assert mmcs(torch.zeros(3, 2), torch.eye(2)) == 0
    assert mmcs(torch.eye(2), torch.zeros(3, 2)) == 0
    assert match_atoms(torch.zeros(3, 2), torch.eye(2)).mean == 0


def test_many_atoms_are_compared_in_pieces():
    true = normal(2500, 3)
    found = normal(40, 3, seed=1)
    cosines = nn.functional.cosine_similarity(true[:, None], found[None], dim=2)
    assert torch.allclose(max_cosine_similarities(found, true).float(), cosines.amax(1), atol=1e-6)


def test_chance_is_what_random_atoms_reach():
    true = torch.eye(2).repeat(500, 1)
    assert chance_mmcs(5, true, seed=3) == chance_mmcs(5, true, seed=3) != chance_mmcs(5, true)
    # for n points on a circle the largest cosine to a fixed direction tends to 1
    assert chance_mmcs(1000, true) > 0.9999
    # in 64 dimensions 512 random directions come as near as about .37
    assert chance_mmcs(512, normal(256, 64)) == pytest.approx(0.37, abs=0.01)


@pytest.mark.parametrize("seed", [0, 1])
def test_chance_does_not_meet_a_dictionary_drawn_with_the_same_seed(seed):
    torch.manual_seed(seed)
    for true in (
        torch.randn(64, 32),
        normal(64, 32, seed=seed),
        torch.from_numpy(np.random.default_rng(seed).standard_normal((64, 32))),
    ):
        assert chance_mmcs(64, true, seed=seed) < 0.6


def test_chance_leaves_the_global_generators_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    chance_mmcs(4, torch.eye(3))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("compare", [mmcs, recovered_fraction, match_atoms])
@pytest.mark.parametrize(
    ("found", "true", "told"),
    [
        (torch.eye(3), torch.eye(4), "give found.T"),
        (torch.ones(3), torch.eye(3), "found has shape"),
        (torch.eye(3), torch.ones(0, 3), "true"),
        (torch.tensor([[math.nan, 1.0]]), torch.eye(2), "NaN"),
        (torch.eye(2).long(), torch.eye(2), "float"),
        ([[1.0]], torch.eye(1), "torch.Tensor"),
    ],
)
def test_dictionaries_that_cannot_be_compared(compare, found, true, told):
    with pytest.raises(WrongArgument, match=told):
        compare(found, true)


def test_other_wrong_arguments_of_recovery():
    for above in (1, -1.1, math.nan, "0.9"):
        with pytest.raises(WrongArgument, match="above"):
            recovered_fraction(torch.eye(2), torch.eye(2), above=above)
    for atoms, seed in ((0, 0), (1.5, 0), (2, -1)):
        with pytest.raises(WrongArgument, match="whole number"):
            chance_mmcs(atoms, torch.eye(2), seed)


@settings(max_examples=60, deadline=None)
@given(
    found=matrices(columns=(3, 3)),
    true=matrices(columns=(3, 3)),
    seed=st.integers(0, 99),
    scale=st.floats(1e-3, 1e3),
)
def test_mmcs_is_bounded_and_ignores_order_and_length(found, true, seed, scale):
    score = mmcs(found, true)
    assert -1 <= score <= 1
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))
    assert mmcs(scale * found[order], true.flip(0) / scale) == pytest.approx(score, abs=1e-9)
    # a matching can at most give each true atom its nearest one
    if len(found) >= len(true):
        assert match_atoms(found, true).mean <= score + 1e-9


@settings(max_examples=30, deadline=None)
@given(atoms=st.integers(1, 12), seed=st.integers(0, 999), noise=st.floats(0, 0.05))
def test_the_matching_finds_a_permutation(atoms, seed, noise):
    true = nn.functional.normalize(normal(atoms, 16, seed=seed), dim=1)
    order = torch.randperm(atoms, generator=torch.Generator().manual_seed(seed + 1))
    found = true[order] + noise * nn.functional.normalize(normal(atoms, 16, seed=seed + 2), dim=1)
    matching = match_atoms(2 * found, true)
    assert torch.equal(order[matching.indices], torch.arange(atoms))
    assert matching.mean > 0.99


# evaluate_sparse_autoencoder

KEYS = {
    "errors",
    "mean",
    "std",
    "latent_codes",
    "mean_activation_per_neuron",
    "sparsity_level",
}


def test_results_of_a_worked_example():
    model = Fixed(encode=lambda x: CODES[: len(x)], decode=lambda z: X_HAT)
    results = evaluate_sparse_autoencoder(model, X)
    assert set(results) == KEYS
    assert results["errors"].tolist() == [0.5, 0.5]
    assert results["mean"] == 0.5 and results["std"] == 0
    assert np.array_equal(results["latent_codes"], CODES.numpy())
    assert results["mean_activation_per_neuron"].tolist() == [1.5, 0, 0, 1]
    assert results["sparsity_level"] == 5 / 8
    for key in ("errors", "latent_codes", "mean_activation_per_neuron"):
        assert isinstance(results[key], np.ndarray)
    for key in ("mean", "std", "sparsity_level"):
        assert type(results[key]) is float


def test_mean_and_std_are_those_of_the_errors():
    model = Fixed(decode=lambda z: 0 * z)
    results = evaluate_sparse_autoencoder(model, torch.tensor([[1.0], [3.0]]))
    assert results["errors"].tolist() == [1, 9]
    assert results["mean"] == 5 and results["std"] == 4


def test_near_zero_is_what_the_caller_says():
    x = torch.tensor([[0.0, 1e-6, -1e-3, 0.5]])
    assert evaluate_sparse_autoencoder(Fixed(), x)["sparsity_level"] == 0.25
    assert evaluate_sparse_autoencoder(Fixed(), x, near_zero=1e-6)["sparsity_level"] == 0.5
    assert evaluate_sparse_autoencoder(Fixed(), x, near_zero=0.5)["sparsity_level"] == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("bound", [{}, {"near_zero": 1e-6}, {"near_zero": 0.1}])
def test_l0_of_report_chart_and_sparsity_level_agree(dtype, bound):
    value = torch.tensor([0.0, 1e-7, 1e-6, -1e-3, 0.1, 1, -2], dtype=dtype)
    x, model = torch.stack([value, value.roll(1), 0 * value]), Fixed(dtype=dtype)
    report = evaluate_autoencoder(model, x, **bound)
    results = evaluate_sparse_autoencoder(model, x, **bound)
    assert results["sparsity_level"] == pytest.approx(1 - report.l0 / 7)
    l0 = plot_sparse_autoencoder_analysis(results, **bound).figure.axes[1]
    drawn = [round(bar.get_x() + bar.get_width() / 2) for bar in l0.patches if bar.get_height()]
    assert max(drawn) * 2 / 3 == pytest.approx(report.l0)  # two examples alike, one without any


@pytest.mark.parametrize("batch_size", [1, 3, 10, 11])
def test_the_batch_size_changes_nothing(batch_size):
    torch.manual_seed(0)
    model, x = TwoLayerAutoencoder(5, 3, activation="relu"), normal(10, 5)
    whole = evaluate_sparse_autoencoder(model, x)
    split = evaluate_sparse_autoencoder(model, x, batch_size=batch_size)
    for key in KEYS:
        assert np.allclose(split[key], whole[key], rtol=1e-5, atol=1e-7), key
    code = model.encode(x).detach().numpy()
    assert np.allclose(whole["latent_codes"], code, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        (torch.float16, np.float32),
        (torch.bfloat16, np.float32),
        (torch.float32, np.float32),
        (torch.float64, np.float64),
    ],
)
def test_models_of_every_precision(dtype, kept):
    x = normal(6, 4).to(dtype)
    model = Fixed(encode=lambda x: 2 * x, decode=lambda z: z / 2 + 1, dtype=dtype)
    results = evaluate_sparse_autoencoder(model, x)
    assert results["latent_codes"].dtype == kept
    assert np.array_equal(results["latent_codes"], 2 * x.double().numpy())
    assert results["errors"].dtype == np.float64
    assert results["mean"] == pytest.approx(1, rel=0.01)
    assert evaluate_autoencoder(model, x).mse == pytest.approx(results["mean"])


def test_results_are_copies_of_the_data():
    x = normal(4, 2).requires_grad_()
    results = evaluate_sparse_autoencoder(Fixed(), x)
    results["latent_codes"][:] = 0
    assert x.abs().min() > 0


# evaluate_autoencoder


def test_a_report_of_a_worked_example():
    model = Fixed(encode=lambda x: CODES[: len(x)], decode=lambda z: X_HAT if len(z) > 1 else X[:1])
    report = evaluate_autoencoder(model, X)
    assert report.examples == 2 and report.near_zero == 0
    assert report.fvu == pytest.approx(0.2)
    assert report.explained_variance == pytest.approx(0.8)
    assert report.mse == pytest.approx(0.5)
    assert report.l0 == 1.5 and report.dead_fraction == 0.5
    assert report.density.tolist() == [0.5, 0, 0, 1]
    assert report.mean_activation.tolist() == [1.5, 0, 0, 1]
    assert report.hoyer == pytest.approx(0.8, abs=1e-6)
    # about r = (2, 0): x̂ - r = (0, 1), (-2, 3) and x - r = (0, 0), (-2, 4)
    assert report.shrinkage == pytest.approx((1 + 13) / (4 + 12))
    assert report.mmcs is None and report.matched is None


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_a_report_knows_a_perfect_and_a_shrunk_model(shift):
    atoms = torch.linalg.qr(normal(6, 6, dtype=torch.float64)).Q
    codes = torch.relu(normal(200, 6, seed=1, dtype=torch.float64) - 1)
    bias = torch.full((6,), shift, dtype=torch.float64)
    x = codes @ atoms + bias
    perfect = evaluate_autoencoder(Dictionary(atoms, bias), x, near_zero=1e-6, dictionary=atoms)
    assert perfect.explained_variance == pytest.approx(1)
    assert perfect.shrinkage == pytest.approx(1)
    assert perfect.l0 == pytest.approx(float((codes > 0).sum(dim=1).double().mean()))
    assert perfect.mmcs == pytest.approx(1) and perfect.matched == pytest.approx(1)
    assert perfect.recovered == 1 and perfect.chance_mmcs < 0.9
    shrunk = evaluate_autoencoder(Dictionary(atoms, bias, scale=0.7), x, near_zero=1e-6)
    assert shrunk.shrinkage == pytest.approx(0.7)
    assert 0 < shrunk.fvu < 1
    assert shrunk.l0 == perfect.l0


def batches_of(x, size):
    yield from x.split(size)


@pytest.mark.parametrize(
    "data",
    [
        lambda x: list(x.split(3)),
        lambda x: batches_of(x, 4),
        lambda x: torch.utils.data.DataLoader(x, batch_size=5),
        lambda x: torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(x, torch.arange(len(x))), batch_size=5
        ),
    ],
    ids=["list", "generator", "loader", "labelled"],
)
def test_a_report_streams(data):
    torch.manual_seed(0)
    model, x = TwoLayerAutoencoder(4, 3), normal(22, 4)
    whole = vars(evaluate_autoencoder(model, x))
    for batch_size in (2, 100):
        streamed = vars(evaluate_autoencoder(model, data(x), batch_size=batch_size))
        for name, value in whole.items():
            if value is not None:
                assert np.allclose(streamed[name], value, rtol=1e-5), name


def test_no_more_than_batch_size_goes_through_the_model_at_once():
    seen = []
    model = Fixed(encode=lambda x: (seen.append(len(x)), x)[1])
    evaluate_autoencoder(model, [normal(7, 2), normal(2, 2)], batch_size=3)
    assert seen == [3, 3, 1, 2]
    seen.clear()
    evaluate_sparse_autoencoder(model, normal(7, 2), batch_size=3)
    assert seen == [3, 3, 1]


def test_the_table_names_every_metric():
    atoms = torch.eye(3)
    table = str(evaluate_autoencoder(Dictionary(atoms), normal(40, 3).abs(), dictionary=atoms))
    assert table.splitlines()[0] == "40 examples, 3 latents"
    rows = {row[:20].strip(): row[20:].split()[0] for row in table.splitlines()[1:]}
    assert rows == {
        "FVU": "0.0000",
        "explained variance": "1.0000",
        "MSE": "0",
        "L0": "3.00",
        "dead latents": "0.0%",
        "median density": "100.00%",
        "Hoyer": rows["Hoyer"],
        "shrinkage": "1.0000",
        "MMCS": "1.0000",
        "recovered": "100.0%",
        "matched one-to-one": "1.0000",
    }
    assert "chance 0." in table and max(map(len, table.splitlines())) <= 79


def test_the_table_says_when_there_is_no_variance():
    table = str(evaluate_autoencoder(Fixed(), torch.full((4, 2), 0.1)))
    assert "undefined   the data do not vary" in table and "nan" not in table
    assert "MMCS" not in table


# Both


BOTH = pytest.mark.parametrize("evaluate", [evaluate_sparse_autoencoder, evaluate_autoencoder])


@BOTH
@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("gradients", [False, True])
def test_the_model_comes_back_as_it_was(evaluate, breaks, gradients):
    model = Watched(breaks)
    model.inner[1].eval()  # a part that was frozen on purpose stays so
    with torch.set_grad_enabled(gradients):
        if breaks:
            with pytest.raises(RuntimeError, match="broke on purpose"):
                evaluate(model, normal(6, 3))
        else:
            evaluate(model, normal(6, 3))
        assert torch.is_grad_enabled() == gradients
    assert set(model.calls) == {(False, False, False)}
    assert model.training and model.inner.training and not model.inner[1].training
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


@BOTH
def test_a_model_in_evaluation_mode_stays_there(evaluate):
    model = Watched().eval()
    evaluate(model, normal(6, 3))
    assert not any(module.training for module in model.modules())


@BOTH
def test_dropout_and_batch_norm_are_off(evaluate):
    class Normed(Fixed):
        def __init__(self):
            super().__init__(encode=lambda x: self.norm(x))
            self.norm = nn.BatchNorm1d(3)

    model = Normed()
    evaluate(model, 5 + normal(6, 3), batch_size=1)
    assert model.norm.running_mean.tolist() == [0, 0, 0] and model.norm.num_batches_tracked == 0


@BOTH
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (torch.ones(0, 3), "at least 1"),
        (torch.ones(3), "must be"),
        (torch.ones(2, 4), "\\(rows, 3\\)"),
        (torch.ones(2, 3, 1), "must be"),
        (torch.ones(2, 3).long(), "float"),
        (torch.tensor([[0.0, 0, 0], [0, math.nan, 0]]), "row 1"),
        (torch.tensor([[0.0, math.inf, 0]]), "row 0"),
        (torch.ones(2, 3, dtype=torch.float64), r"\.to\(torch.float32\) or model.to\(torch.fl"),
        (np.ones((2, 3)), r"astype\('float32'\) or model.to\(torch.float64\)"),
        (np.ones((2, 3), dtype=int), r"dtype int64; .* \w+\.astype\('float32'\)"),
        (np.ones((2, 3), dtype=">f4"), "numpy.ascontiguousarray"),
        (np.ones((2, 3), dtype=np.float32)[::-1], "numpy.ascontiguousarray"),
        (np.full((2, 3), np.nan, dtype=np.float32), "row 0"),
        (np.ones((2, 4), dtype=np.float32), "\\(rows, 3\\)"),
        (digits("test"), r"of type tuple; .* first entry: \[0\]"),
        (superposition(3, 4, 3, 1.0), r"type SuperpositionData; .* Give its \.activations"),
        (None, "NoneType"),
        ("digits", "str"),
    ],
)
def test_data_that_cannot_be_evaluated(evaluate, data, told):
    def never(x):
        raise AssertionError("work was begun")

    with pytest.raises(WrongArgument, match=told):
        evaluate(Fixed(encode=never, size=3), data)


@BOTH
@pytest.mark.parametrize("writable", [True, False])
def test_an_array_is_evaluated_as_the_tensor_that_it_holds(evaluate, writable):
    torch.manual_seed(0)
    model, x = TwoLayerAutoencoder(3, 2), normal(9, 3)
    array = x.numpy().copy()
    array.flags.writeable = writable
    expected, found = evaluate(model, x), evaluate(model, array)
    get = (lambda r: r) if isinstance(found, dict) else vars
    for name, value in get(expected).items():
        assert value is None or np.array_equal(get(found)[name], value), name
    if evaluate is evaluate_autoencoder:
        assert evaluate(model, [array[:4], array[4:]]).mse == pytest.approx(found.mse)


@BOTH
@pytest.mark.parametrize(
    ("model", "told"),
    [
        (None, "NoneType"),
        (nn.Linear(3, 3), "Linear, without encode and decode"),
        (TwoLayerAutoencoder, "give an instance"),
        (lambda x: x, "without"),
        (type("Plain", (), {"encode": lambda s, x: x, "decode": lambda s, z: z})(), "no nn.Module"),
    ],
)
def test_what_is_no_model(evaluate, model, told):
    with pytest.raises(WrongArgument, match=told):
        evaluate(model, normal(2, 3))


@BOTH
@pytest.mark.parametrize(
    ("encode", "decode", "told"),
    [
        (lambda x: x[0], lambda z: z, r"encode gave shape \(3,\)"),
        (lambda x: x[:1], lambda z: z, r"encode gave shape \(1, 3\) for 2 examples"),
        (lambda x: (x, x), lambda z: z, "encode gave a tuple"),
        (lambda x: x, lambda z: z[:, :2], r"decode gave shape \(2, 2\)"),
        (lambda x: x / 0, lambda z: z, "encode gave NaN or infinity .* diverged"),
        (lambda x: x, lambda z: z + math.nan, "decode gave NaN or infinity"),
    ],
)
def test_a_model_that_gives_something_else(evaluate, encode, decode, told):
    model = Fixed(encode, decode)
    with pytest.raises(WrongArgument, match=told):
        evaluate(model, torch.ones(2, 3))
    assert model.training


@BOTH
@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta", "", 1.5])
def test_an_unknown_device(evaluate, device):
    with pytest.raises(WrongArgument, match="device is"):
        evaluate(Fixed(), normal(2, 3), device=device)


def test_the_device_of_the_module_documents_function_must_be_named():
    with pytest.raises(WrongArgument, match="device is None"):
        evaluate_sparse_autoencoder(Fixed(), normal(2, 3), device=None)


@BOTH
def test_a_model_spread_over_devices_is_refused(evaluate):
    model = Fixed()
    model.other = nn.Parameter(torch.ones(1, device="meta"))
    with pytest.raises(WrongArgument, match="spread over cpu, meta"):
        evaluate(model, normal(2, 3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@BOTH
def test_a_model_goes_to_the_device_and_comes_back(evaluate):
    model, x = TwoLayerAutoencoder(4, 3), normal(9, 4)
    weight = model.encoder_linear1.weight
    here, there = evaluate(model, x, device="cpu"), evaluate(model, x, device="cuda")
    assert model.encoder_linear1.weight is weight and weight.device.type == "cpu"
    get = (lambda r: r["mean"]) if isinstance(here, dict) else (lambda r: r.mse)
    assert get(there) == pytest.approx(get(here), rel=1e-3)


@BOTH
@pytest.mark.parametrize("batch_size", [0, -1, 2.0, True, None])
def test_a_batch_size_below_one(evaluate, batch_size):
    with pytest.raises(WrongArgument, match="batch_size"):
        evaluate(Fixed(), normal(2, 3), batch_size=batch_size)


@pytest.mark.parametrize("near_zero", [-1e-6, math.nan, None, "0"])
def test_near_zero_must_be_a_number_from_zero(near_zero):
    for evaluate in (evaluate_sparse_autoencoder, evaluate_autoencoder):
        with pytest.raises(WrongArgument, match="near_zero"):
            evaluate(Fixed(), normal(2, 3), near_zero=near_zero)
    with pytest.raises(WrongArgument, match="near_zero"):
        ActivationDensity(near_zero)


def test_batches_are_checked_as_they_come():
    for data, told in (
        ([], "no batches"),
        (iter(()), "no batches"),
        ([normal(2, 3), normal(2, 4)], "batch 1 of data|rows, 3"),
        ([normal(2, 3), torch.full((1, 3), math.nan)], "batch 1 of data holds NaN"),
        ([normal(2, 3).half()], r"data\.to\(torch\.float32\)"),
        ([()], "batch 0 of data is of type tuple"),
    ):
        with pytest.raises(WrongArgument, match=told):
            evaluate_autoencoder(Fixed(), data)


def test_a_dictionary_needs_one_to_compare_with():
    with pytest.raises(WrongArgument, match="Fixed has no dictionary"):
        evaluate_autoencoder(Fixed(), normal(4, 3), dictionary=torch.eye(3))
    with pytest.raises(WrongArgument, match=r"dictionary has shape \(3, 4\)"):
        evaluate_autoencoder(Dictionary(torch.eye(3)), normal(4, 3), dictionary=torch.ones(3, 4))


def test_evaluation_does_not_load_scipy_until_atoms_are_matched():
    import subprocess
    import sys

    code = "import sys, course_lib.evaluation; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
