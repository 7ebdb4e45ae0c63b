"""Wrong answers to unit 5, written from the text of the exercises alone,
without sight of the checks.
"""

import math
from types import SimpleNamespace

import torch
from torch import Tensor, nn

# ---------------------------------------------------------------- 1 · count_active


def active_1_no_sizes(z: Tensor, threshold: float = 0.0):
    """Only entries above 0 count: -2 is taken for inactive."""
    active = z > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_2_no_threshold(z: Tensor, threshold: float = 0.0):
    """Everything that is not 0 counts; the threshold is not read."""
    active = z != 0
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_3_at_the_threshold(z: Tensor, threshold: float = 0.0):
    """`>=`: with a threshold of 0 every entry is active."""
    active = z.abs() >= threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_4_axes_swapped(z: Tensor, threshold: float = 0.0):
    """Counts down the columns, averages along the rows."""
    active = z.abs() > threshold
    return active.sum(dim=0), active.to(z.dtype).mean(dim=1), z.abs().mean(dim=1)


def active_5_density_counted(z: Tensor, threshold: float = 0.0):
    """The density is a number of examples, not a fraction."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.sum(dim=0).to(z.dtype), z.abs().mean(dim=0)


def active_6_mean_where_active(z: Tensor, threshold: float = 0.0):
    """The mean of the active entries only: nan for a dead latent."""
    active = z.abs() > threshold
    mean = (z.abs() * active).sum(dim=0) / active.sum(dim=0)
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), mean


def active_7_signed_mean(z: Tensor, threshold: float = 0.0):
    """The mean of the entries themselves: plus and minus cancel."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.mean(dim=0)


def active_8_mean_with_threshold(z: Tensor, threshold: float = 0.0):
    """Entries below the threshold count as 0 in the mean too."""
    active = z.abs() > threshold
    kept = torch.where(active, z.abs(), 0.0)
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), kept.mean(dim=0)


def active_9_float32(z: Tensor, threshold: float = 0.0):
    """The density is a float32, whatever `z` is."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.float().mean(dim=0), z.abs().mean(dim=0)


def active_10_mean_l0(z: Tensor, threshold: float = 0.0):
    """One L0 for all: averaged over the examples, as it is printed in the lesson."""
    active = z.abs() > threshold
    return active.to(z.dtype).sum(dim=1).mean(), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_11_per_cent(z: Tensor, threshold: float = 0.0):
    """The density in per cent."""
    active = z.abs() > threshold
    return active.sum(dim=1), 100 * active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_12_divided_by_latents(z: Tensor, threshold: float = 0.0):
    """The density is divided by the number of latents."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.sum(dim=0).to(z.dtype) / z.shape[1], z.abs().mean(dim=0)


def active_13_l0_share(z: Tensor, threshold: float = 0.0):
    """L0 as a share of the latents."""
    active = z.abs() > threshold
    return active.to(z.dtype).mean(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_14_other_default(z: Tensor, threshold: float = 0.1):
    """The default threshold is the 0.1 of the text's second example."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


def active_15_order(z: Tensor, threshold: float = 0.0):
    """Density and mean activation in the wrong places."""
    active = z.abs() > threshold
    return active.sum(dim=1), z.abs().mean(dim=0), active.to(z.dtype).mean(dim=0)


def active_16_in_place(z: Tensor, threshold: float = 0.0):
    """Right numbers, but the caller's codes have lost their signs."""
    z.abs_()
    active = z > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.mean(dim=0)


def active_17_size_of_the_mean(z: Tensor, threshold: float = 0.0):
    """The size of the mean instead of the mean of the sizes."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.mean(dim=0).abs()


def active_18_whole_division(z: Tensor, threshold: float = 0.0):
    """`//`: every density below 1 becomes 0."""
    active = z.abs() > threshold
    return active.sum(dim=1), (active.sum(dim=0) // len(z)).to(z.dtype), z.abs().mean(dim=0)


def active_19_four_examples(z: Tensor, threshold: float = 0.0):
    """The four examples of the text are built in."""
    active = z.abs() > threshold
    return active.sum(dim=1), active.sum(dim=0).to(z.dtype) / 4, z.abs().sum(dim=0) / 4


def active_20_density_by_mean(z: Tensor, threshold: float = 0.0):
    """A latent whose mean is above the threshold is taken for active on every example."""
    active = z.abs() > threshold
    mean = z.abs().mean(dim=0)
    return active.sum(dim=1), (mean > threshold).to(z.dtype), mean


# ---------------------------------------------------------------- 2 · hoyer_measure


def measure_1_no_sizes(z: Tensor) -> Tensor:
    """L1 without the sizes: signs cancel."""
    n = z.shape[1]
    return (n**0.5 - z.sum(dim=1) / (z**2).sum(dim=1).sqrt()) / (n**0.5 - 1)


def measure_2_no_root(z: Tensor) -> Tensor:
    """The sum of squares instead of the length."""
    n = z.shape[1]
    return (n**0.5 - z.abs().sum(dim=1) / (z**2).sum(dim=1)) / (n**0.5 - 1)


def measure_3_whole_table(z: Tensor) -> Tensor:
    """One measure for the whole table."""
    n = z.numel()
    return (n**0.5 - z.abs().sum() / z.norm()) / (n**0.5 - 1)


def measure_4_columns(z: Tensor) -> Tensor:
    """The measure of each latent over the batch."""
    n = z.shape[0]
    return (n**0.5 - z.abs().sum(dim=0) / z.norm(dim=0)) / (n**0.5 - 1)


def measure_5_n_is_the_batch(z: Tensor) -> Tensor:
    """The right axis, but n is the number of examples."""
    n = len(z)
    return (n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1)) / (n**0.5 - 1)


def measure_6_one_minus(z: Tensor) -> Tensor:
    """The penalty instead of the measure."""
    n = z.shape[1]
    return 1 - (n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1)) / (n**0.5 - 1)


def measure_7_upside_down(z: Tensor) -> Tensor:
    """L2 over L1."""
    n = z.shape[1]
    return (n**0.5 - z.norm(dim=1) / z.abs().sum(dim=1)) / (n**0.5 - 1)


def measure_8_root_of_n_below(z: Tensor) -> Tensor:
    """The minus 1 below the line forgotten."""
    n = z.shape[1]
    return (n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1)) / n**0.5


def measure_9_averaged(z: Tensor) -> Tensor:
    """Averaged over the codes: shape ()."""
    n = z.shape[1]
    return ((n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1)) / (n**0.5 - 1)).mean()


def measure_10_n_without_root(z: Tensor) -> Tensor:
    """n in place of its root."""
    n = z.shape[1]
    return (n - z.abs().sum(dim=1) / z.norm(dim=1)) / (n - 1)


def measure_11_mean_of_sizes(z: Tensor) -> Tensor:
    """The mean of the sizes instead of their sum."""
    n = z.shape[1]
    return (n**0.5 - z.abs().mean(dim=1) / z.norm(dim=1)) / (n**0.5 - 1)


def measure_12_n_active(z: Tensor) -> Tensor:
    """n counts the active latents only; one active gives 0/0."""
    n = (z != 0).sum(dim=1).to(z.dtype)
    return (n.sqrt() - z.abs().sum(dim=1) / z.norm(dim=1)) / (n.sqrt() - 1)


def measure_13_keepdim(z: Tensor) -> Tensor:
    """Shape (batch, 1)."""
    n = z.shape[1]
    ratio = z.abs().sum(dim=1, keepdim=True) / z.norm(dim=1, keepdim=True)
    return (n**0.5 - ratio) / (n**0.5 - 1)


def measure_14_four_latents(z: Tensor) -> Tensor:
    """The four latents of the example built in."""
    return 2 - z.abs().sum(dim=1) / z.norm(dim=1)


def measure_15_brackets(z: Tensor) -> Tensor:
    """The brackets above the line forgotten."""
    n = z.shape[1]
    return n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1) / (n**0.5 - 1)


def measure_16_mean_square(z: Tensor) -> Tensor:
    """The root of the mean square for the length."""
    n = z.shape[1]
    return (n**0.5 - z.abs().sum(dim=1) / (z**2).mean(dim=1).sqrt()) / (n**0.5 - 1)


def measure_17_in_place(z: Tensor) -> Tensor:
    """Right numbers, but the caller's codes now have length 1."""
    n = z.shape[1]
    z /= z.norm(dim=1, keepdim=True)
    return (n**0.5 - z.abs().sum(dim=1)) / (n**0.5 - 1)


def measure_18_relu(z: Tensor) -> Tensor:
    """Negative entries are cut off, as if codes came from ReLU."""
    z, n = z.relu(), z.shape[1]
    return (n**0.5 - z.abs().sum(dim=1) / z.norm(dim=1)) / (n**0.5 - 1)


def measure_19_matrix_norms(z: Tensor) -> Tensor:
    """`torch.norm` of the whole table: one length for all codes."""
    n = z.shape[1]
    return (n**0.5 - z.abs().sum(dim=1) / torch.norm(z)) / (n**0.5 - 1)


def measure_20_squared(z: Tensor) -> Tensor:
    """Hoyer-square: the ratio of L1 squared and L2 squared."""
    n = z.shape[1]
    return (n - z.abs().sum(dim=1) ** 2 / (z**2).sum(dim=1)) / (n - 1)


# ---------------------------------------------------------------- 3 · l1_penalty


def l1_1_mean(z: Tensor) -> Tensor:
    """The tutorial's line: the mean over all entries."""
    return z.abs().mean()


def l1_2_sum(z: Tensor) -> Tensor:
    """The sum over everything."""
    return z.abs().sum()


def l1_3_wrong_axis(z: Tensor) -> Tensor:
    """Sum over the examples, mean over the latents."""
    return z.abs().sum(dim=0).mean()


def l1_4_no_sizes(z: Tensor) -> Tensor:
    """The sizes forgotten: negative entries are rewarded."""
    return z.sum(dim=1).mean()


def l1_5_squares(z: Tensor) -> Tensor:
    """Squares instead of sizes."""
    return (z**2).sum(dim=1).mean()


def l1_6_length(z: Tensor) -> Tensor:
    """The ordinary length: torch.norm's default."""
    return z.norm(dim=1).mean()


def l1_7_per_example(z: Tensor) -> Tensor:
    """The mean over the examples forgotten: shape (batch,)."""
    return z.abs().sum(dim=1)


def l1_8_no_slopes(z: Tensor) -> Tensor:
    """Right numbers made of Python floats: no slopes."""
    return torch.tensor(z.abs().sum(dim=1).mean().item(), dtype=z.dtype)


def l1_9_size_of_the_sum(z: Tensor) -> Tensor:
    """The size of the sum instead of the sum of the sizes."""
    return z.sum(dim=1).abs().mean()


def l1_10_root_of_square(z: Tensor) -> Tensor:
    """The root of the square: right values, but the slope at 0 is nan."""
    return (z**2).sqrt().sum(dim=1).mean()


def l1_11_relu(z: Tensor) -> Tensor:
    """Only entries above 0 count."""
    return z.relu().sum(dim=1).mean()


def l1_12_slope_at_zero(z: Tensor) -> Tensor:
    """Sizes by `where`: at 0 the slope is -1."""
    return torch.where(z > 0, z, -z).sum(dim=1).mean()


def l1_13_slope_plus_at_zero(z: Tensor) -> Tensor:
    """Sizes by `where`: at 0 the slope is +1."""
    return torch.where(z >= 0, z, -z).sum(dim=1).mean()


def l1_14_l0(z: Tensor) -> Tensor:
    """Counts the entries: L0, which has no slopes."""
    return (z != 0).to(z.dtype).sum(dim=1).mean()


def l1_15_two_examples(z: Tensor) -> Tensor:
    """The two examples of the text built in."""
    return z.abs().sum() / 2


def l1_16_sign(z: Tensor) -> Tensor:
    """The wrong sign."""
    return -z.abs().sum(dim=1).mean()


def l1_17_in_place(z: Tensor) -> Tensor:
    """The codes of the caller lose their signs, and the slopes too."""
    with torch.no_grad():
        z.abs_()
    return z.sum(dim=1).mean()


def l1_18_matrix_norm(z: Tensor) -> Tensor:
    """`ord=1` of a table is its largest column sum."""
    return torch.linalg.norm(z, ord=1)


def l1_19_rounded_kink(z: Tensor) -> Tensor:
    """A kink rounded so much that each zero costs a hundredth."""
    return (z**2 + 1e-4).sqrt().sum(dim=1).mean()


# ---------------------------------------------------------------- 4 · scale_of_strength

RIGHT_SCALE = {
    "mean_all": 0.0625,
    "sum_latents": 4,
    "sum_all": 400,
    "wider_mean": 0.2,
    "wider_sum": 0.1,
    "larger_batch": 0.0005,
    "translated": 25.6,
}

scale_wrong = [
    # the mean of the active entries
    RIGHT_SCALE | {"mean_all": 0.5},
    # divided by the examples and the latents
    RIGHT_SCALE | {"mean_all": 4 / 6400},
    # divided by the examples
    RIGHT_SCALE | {"mean_all": 0.04},
    # counts instead of sizes
    RIGHT_SCALE | {"mean_all": 0.125, "sum_latents": 8, "sum_all": 800},
    # all 64 latents at 0.5
    RIGHT_SCALE | {"mean_all": 0.5, "sum_latents": 32, "sum_all": 3200},
    # sum over the examples, mean over the latents
    RIGHT_SCALE | {"sum_latents": 6.25},
    # the latents counted in place of the examples
    RIGHT_SCALE | {"sum_all": 256},
    # the strength of the mean turned the wrong way
    RIGHT_SCALE | {"wider_mean": 0.05},
    # the mean is thought not to change
    RIGHT_SCALE | {"wider_mean": 0.1},
    # the two scales mixed up
    RIGHT_SCALE | {"wider_mean": 0.1, "wider_sum": 0.2},
    # twice the latents, twice the sum: so half the strength
    RIGHT_SCALE | {"wider_sum": 0.05},
    # the batch turned the wrong way
    RIGHT_SCALE | {"larger_batch": 0.002},
    # the batch is thought not to matter
    RIGHT_SCALE | {"larger_batch": 0.001},
    # the factor 8 turned the wrong way
    RIGHT_SCALE | {"translated": 0.4},
    # only the latents are minded
    RIGHT_SCALE | {"translated": 3.2 * 512},
    # only the latents, the wrong way round
    RIGHT_SCALE | {"translated": 0.00625},
    # only the pixels are minded
    RIGHT_SCALE | {"translated": 0.05},
    # only the pixels, the wrong way round
    RIGHT_SCALE | {"translated": 204.8},
    # the same number does the same
    RIGHT_SCALE | {"translated": 3.2},
    # both factors multiplied
    RIGHT_SCALE | {"translated": 3.2 * 64 * 512},
]

# ---------------------------------------------------------------- 5 · best_code


def best_1_whole_strength(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The threshold is the strength instead of half of it."""
    p = x @ atom
    return p.sign() * (p.abs() - strength).relu()


def best_2_no_negative(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The lesson's formula: never below 0."""
    return (x @ atom - strength / 2).relu()


def best_3_no_penalty(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The projection alone."""
    return x @ atom


def best_4_not_cut(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Small codes are pushed through 0 to the other side."""
    p = x @ atom
    return p - strength / 2 * p.sign()


def best_5_hard(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """A hard threshold: what survives keeps its size."""
    p = x @ atom
    return torch.where(p.abs() > strength / 2, p, 0.0)


def best_6_ridge(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The penalty of squares: all codes are scaled down."""
    return x @ atom / (1 + strength)


def best_7_mean_error(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The mean of the squared errors: the threshold is larger by the number of inputs."""
    p = x @ atom
    return p.sign() * (p.abs() - strength * x.shape[1] / 2).relu()


def best_8_column(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Shape (batch, 1)."""
    p = x @ atom[:, None]
    return p.sign() * (p.abs() - strength / 2).relu()


def best_9_inputs_shrunk(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The threshold is applied to the inputs, before the projection."""
    return nn.functional.softshrink(x, strength / 2) @ atom


def best_10_minus_everywhere(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Half the strength is subtracted from negative codes too: they grow."""
    p = x @ atom
    return torch.where(p.abs() > strength / 2, p - strength / 2, 0.0)


def best_11_length(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The length of the example in place of its part along the atom."""
    return (x.norm(dim=1) - strength / 2).relu()


def best_12_sign_lost(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The size of the code, without its sign."""
    return ((x @ atom).abs() - strength / 2).relu()


def best_13_grid(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Tries all codes between -2 and 2 in steps of 0.1."""
    tries = torch.arange(-20, 21, dtype=x.dtype) / 10
    errors = ((x[:, None] - tries[:, None] * atom) ** 2).sum(dim=2)
    return tries[(errors + strength * tries.abs()).argmin(dim=1)]


def best_14_strength_one(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The strength of the example built in."""
    p = x @ atom
    return p.sign() * (p.abs() - 0.5).relu()


def best_15_in_place(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Right numbers, but the examples are overwritten."""
    x *= atom
    p = x.sum(dim=1)
    return p.sign() * (p.abs() - strength / 2).relu()


def best_16_mean_product(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The mean of the products in place of their sum."""
    p = (x * atom).mean(dim=1)
    return p.sign() * (p.abs() - strength / 2).relu()


def best_17_two_inputs(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The two inputs of the example built in."""
    p = x[:, 0] * atom[0] + x[:, 1] * atom[1]
    return p.sign() * (p.abs() - strength / 2).relu()


def best_18_share(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """A share is taken off instead of an amount."""
    return x @ atom * max(1 - strength / 2, 0)


def best_19_factor(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """A factor with the size below the line: nan where the size is 0."""
    p = x @ atom
    return p * (p.abs() - strength / 2).relu() / p.abs()


def best_20_few_steps(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """Twenty steps of descent from 0: on the way, but not there."""
    z = torch.zeros(len(x), dtype=x.dtype)
    for _ in range(20):
        z = z - 0.05 * (2 * (z - x @ atom) + strength * z.sign())
    return z


def best_21_double(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The 2 of the slope on the wrong side."""
    p = x @ atom
    return p.sign() * (p.abs() - 2 * strength).relu()


def best_22_reconstruction(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The reconstruction in place of the code."""
    p = x @ atom
    return (p.sign() * (p.abs() - strength / 2).relu())[:, None] * atom


# ---------------------------------------------------------------- 6 · kl_penalty


def _mean(z: Tensor) -> Tensor:
    return z.mean(dim=0).clamp(1e-6, 1 - 1e-6)


def _kl(rho, m) -> Tensor:
    return rho * torch.log(rho / m) + (1 - rho) * torch.log((1 - rho) / (1 - m))


def kl_1_other_order(z: Tensor, rho: float = 0.05) -> Tensor:
    """The two coins the other way round."""
    m = _mean(z)
    return (m * (m / rho).log() + (1 - m) * ((1 - m) / (1 - rho)).log()).sum()


def kl_2_sign(z: Tensor, rho: float = 0.05) -> Tensor:
    """m above rho in both fractions: the penalty is negative."""
    m = _mean(z)
    return (rho * (m / rho).log() + (1 - rho) * ((1 - m) / (1 - rho)).log()).sum()


def kl_3_mean_over_latents(z: Tensor, rho: float = 0.05) -> Tensor:
    """Averages over the latents."""
    return _kl(rho, _mean(z)).mean()


def kl_4_wrong_axis(z: Tensor, rho: float = 0.05) -> Tensor:
    """The mean of each example."""
    return _kl(rho, z.mean(dim=1).clamp(1e-6, 1 - 1e-6)).sum()


def kl_5_per_entry(z: Tensor, rho: float = 0.05) -> Tensor:
    """KL of each entry, then averaged over the examples."""
    return _kl(rho, z.clamp(1e-6, 1 - 1e-6)).mean(dim=0).sum()


def kl_6_no_clamp(z: Tensor, rho: float = 0.05) -> Tensor:
    """The formula, and nothing else."""
    return _kl(rho, z.mean(dim=0)).sum()


def kl_7_only_below(z: Tensor, rho: float = 0.05) -> Tensor:
    """Kept away from 0 only."""
    return _kl(rho, z.mean(dim=0).clamp(min=1e-6)).sum()


def kl_8_only_above(z: Tensor, rho: float = 0.05) -> Tensor:
    """Kept away from 1 only."""
    return _kl(rho, z.mean(dim=0).clamp(max=1 - 1e-6)).sum()


def kl_9_codes_clamped(z: Tensor, rho: float = 0.05) -> Tensor:
    """The codes are clamped, before the mean: entries at 0 and 1 lose their slopes."""
    return _kl(rho, z.clamp(1e-6, 1 - 1e-6).mean(dim=0)).sum()


def kl_10_first_term(z: Tensor, rho: float = 0.05) -> Tensor:
    """The first term only."""
    return (rho * (rho / _mean(z)).log()).sum()


def kl_11_log2(z: Tensor, rho: float = 0.05) -> Tensor:
    """Logarithms to the base 2."""
    return _kl(rho, _mean(z)).sum() / math.log(2)


def kl_12_log10(z: Tensor, rho: float = 0.05) -> Tensor:
    """Logarithms to the base 10."""
    return _kl(rho, _mean(z)).sum() / math.log(10)


def kl_13_clamp_of_the_cell(z: Tensor, rho: float = 0.05) -> Tensor:
    """The bounds of the cell above, 0.1 and 0.9."""
    return _kl(rho, z.mean(dim=0).clamp(0.1, 0.9)).sum()


def kl_14_wide_clamp(z: Tensor, rho: float = 0.05) -> Tensor:
    """Another bound: 0.001."""
    return _kl(rho, z.mean(dim=0).clamp(1e-3, 1 - 1e-3)).sum()


def kl_15_second_sign(z: Tensor, rho: float = 0.05) -> Tensor:
    """The second fraction upside down."""
    m = _mean(z)
    return (rho * (rho / m).log() + (1 - rho) * ((1 - m) / (1 - rho)).log()).sum()


def kl_16_one_mean(z: Tensor, rho: float = 0.05) -> Tensor:
    """One mean for the whole table."""
    return _kl(rho, z.mean().clamp(1e-6, 1 - 1e-6))


def kl_17_one_mean_times_latents(z: Tensor, rho: float = 0.05) -> Tensor:
    """One mean for the whole table, times the number of latents."""
    return z.shape[1] * _kl(rho, z.mean().clamp(1e-6, 1 - 1e-6))


def kl_18_no_slopes(z: Tensor, rho: float = 0.05) -> Tensor:
    """Right numbers, no slopes."""
    return _kl(rho, _mean(z.detach())).sum()


def kl_19_rho_fixed(z: Tensor, rho: float = 0.05) -> Tensor:
    """The target is not read."""
    return _kl(0.05, _mean(z)).sum()


def kl_20_other_default(z: Tensor, rho: float = 0.2) -> Tensor:
    """The target of the text's example as the default."""
    return _kl(rho, _mean(z)).sum()


def kl_21_in_place(z: Tensor, rho: float = 0.05) -> Tensor:
    """Clamps the codes of the caller."""
    with torch.no_grad():
        z.clamp_(1e-6, 1 - 1e-6)
    return _kl(rho, _mean(z)).sum()


def kl_22_by_the_batch_too(z: Tensor, rho: float = 0.05) -> Tensor:
    """Divides by the examples once more."""
    return _kl(rho, _mean(z)).sum() / len(z)


def kl_23_cross_entropy(z: Tensor, rho: float = 0.05) -> Tensor:
    """The binary cross entropy: right slopes, but not 0 at the target."""
    m = _mean(z)
    return -(rho * m.log() + (1 - rho) * (1 - m).log()).sum()


def kl_24_brackets(z: Tensor, rho: float = 0.05) -> Tensor:
    """The brackets of the second fraction forgotten."""
    m = _mean(z)
    return (rho * (rho / m).log() + (1 - rho) * (1 - rho / 1 - m).log()).sum()


def kl_25_square(z: Tensor, rho: float = 0.05) -> Tensor:
    """The squared distance to the target."""
    return ((_mean(z) - rho) ** 2).sum()


def kl_26_per_latent(z: Tensor, rho: float = 0.05) -> Tensor:
    """The sum over the latents forgotten."""
    return _kl(rho, _mean(z))


def kl_27_sum_over_batch(z: Tensor, rho: float = 0.05) -> Tensor:
    """Sums over the batch where it should average."""
    return _kl(rho, z.sum(dim=0).clamp(1e-6, 1 - 1e-6)).sum()


def kl_28_tiny_added(z: Tensor, rho: float = 0.05) -> Tensor:
    """A tiny number added within the logarithms: huge slopes where the clamp gives none."""
    m = z.mean(dim=0)
    first = rho * (rho / (m + 1e-6)).log()
    return (first + (1 - rho) * ((1 - rho) / (1 - m + 1e-6)).log()).sum()


def kl_29_nan_removed(z: Tensor, rho: float = 0.05) -> Tensor:
    """No clamp; what is not finite is set to 0 afterwards: a dead latent costs nothing."""
    return _kl(rho, z.mean(dim=0)).nan_to_num(0.0, posinf=0.0).sum()


def kl_30_torch_kl(z: Tensor, rho: float = 0.05) -> Tensor:
    """torch's kl_div, which wants logarithms and knows one term only."""
    m = _mean(z)
    return nn.functional.kl_div(m.log(), torch.full_like(m, rho), reduction="sum")


# ---------------------------------------------------------------- 7 · unused_target

unused_wrong = [
    # pulls everything to 0 and does not stop
    "a",
    # only a smaller strength
    "b",
    # the mean of each example, not of each latent
    "c",
    # one mean for all latents
    "d",
    # the same line has the same lowest point, with any activation
    "f",
    # in capitals
    "D",
    "C",
]

# ---------------------------------------------------------------- 8 · hoyer_penalty


def _measure(l1: Tensor, l2: Tensor, n: int) -> Tensor:
    return (n**0.5 - l1 / l2) / (n**0.5 - 1)


def penalty_1_measure(z: Tensor) -> Tensor:
    """The measure itself: the wrong sign."""
    sizes = z.abs() + 1e-8
    return _measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1]).mean()


def penalty_2_zero_over_zero(z: Tensor) -> Tensor:
    """A code of zeros gives nan."""
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1), z.shape[1]).mean()


def penalty_3_where_behind(z: Tensor) -> Tensor:
    """The nan is replaced after the division: the values are right, the slopes nan."""
    l2 = (z**2).sum(dim=1).sqrt()
    H = _measure(z.abs().sum(dim=1), l2, z.shape[1])
    return 1 - torch.where(l2 > 0, H, 0.0).mean()


def penalty_4_nan_to_num(z: Tensor) -> Tensor:
    """nan_to_num on the measure: the slopes stay nan."""
    l2 = (z**2).sum(dim=1).sqrt()
    return 1 - _measure(z.abs().sum(dim=1), l2, z.shape[1]).nan_to_num(0.0).mean()


def penalty_5_tiny_below(z: Tensor) -> Tensor:
    """A tiny number on the length alone: a code of zeros scores above 1."""
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1) + 1e-8, z.shape[1]).mean()


def penalty_6_length_clamped(z: Tensor) -> Tensor:
    """The length kept above a tiny number: a code of zeros scores above 1."""
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1).clamp(min=1e-8), z.shape[1]).mean()


def penalty_7_tiny_in_the_root(z: Tensor) -> Tensor:
    """A tiny number under the root alone."""
    l2 = ((z**2).sum(dim=1) + 1e-12).sqrt()
    return 1 - _measure(z.abs().sum(dim=1), l2, z.shape[1]).mean()


def penalty_8_zeros_dropped(z: Tensor) -> Tensor:
    """Codes of zeros do not count; a batch of zeros gives nan."""
    z = z[(z != 0).any(dim=1)]
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1), z.shape[1]).mean()


def penalty_9_zeros_are_sparse(z: Tensor) -> Tensor:
    """A code of zeros is as sparse as can be: it costs 0."""
    empty = (z == 0).all(dim=1, keepdim=True)
    safe = torch.where(empty, 1.0, z)
    cost = 1 - _measure(safe.abs().sum(dim=1), safe.norm(dim=1), z.shape[1])
    return torch.where(empty[:, 0], 0.0, cost).mean()


def penalty_10_per_code(z: Tensor) -> Tensor:
    """The mean over the codes forgotten."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1])


def penalty_11_sum(z: Tensor) -> Tensor:
    """The sum over the codes."""
    sizes = z.abs() + 1e-8
    return (1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1])).sum()


def penalty_12_no_slopes(z: Tensor) -> Tensor:
    """Right numbers, no slopes: so no nan either."""
    sizes = z.detach().abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1]).mean()


def penalty_13_length_detached(z: Tensor) -> Tensor:
    """The length is detached, to be rid of nan: all slopes push down, as L1's."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1).detach(), z.shape[1]).mean()


def penalty_14_whole_table(z: Tensor) -> Tensor:
    """One measure for the whole table."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(), sizes.norm(), z.numel())


def penalty_15_columns(z: Tensor) -> Tensor:
    """The measure of each latent over the batch."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=0), sizes.norm(dim=0), z.shape[0]).mean()


def penalty_16_batch_of_zeros_only(z: Tensor) -> Tensor:
    """Only a table with nothing but zeros is cared for."""
    if (z == 0).all():
        return 1 + 0 * z.sum()
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1), z.shape[1]).mean()


def penalty_17_large_number_added(z: Tensor) -> Tensor:
    """What is added to the sizes is not tiny: 0.01."""
    sizes = z.abs() + 0.01
    return 1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1]).mean()


def penalty_18_squared(z: Tensor) -> Tensor:
    """Hoyer-square: the ratio of the squares."""
    sizes, n = z.abs() + 1e-8, z.shape[1]
    ratio = sizes.sum(dim=1) ** 2 / (sizes**2).sum(dim=1)
    return 1 - ((n - ratio) / (n - 1)).mean()


def penalty_19_four_latents(z: Tensor) -> Tensor:
    """The four latents of the example built in."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=1), sizes.norm(dim=1), 4).mean()


def penalty_20_zeros_overwritten(z: Tensor) -> Tensor:
    """Right numbers, but the codes of zeros become ones in the caller's table."""
    with torch.no_grad():
        z[(z == 0).all(dim=1)] = 1.0
    return 1 - _measure(z.abs().sum(dim=1), z.norm(dim=1), z.shape[1]).mean()


def penalty_21_no_sizes(z: Tensor) -> Tensor:
    """L1 without the sizes: signs cancel."""
    safe = torch.where((z == 0).all(dim=1, keepdim=True), 1.0, z)
    return 1 - _measure(safe.sum(dim=1), safe.norm(dim=1), z.shape[1]).mean()


def penalty_22_minus(z: Tensor) -> Tensor:
    """Minus the measure: the slopes are right, but a dense code costs 0 and a sparse one -1."""
    sizes = z.abs() + 1e-8
    return -_measure(sizes.sum(dim=1), sizes.norm(dim=1), z.shape[1]).mean()


def penalty_23_one_hot_in_place_of_zeros(z: Tensor) -> Tensor:
    """Slopes right, but the mean is taken over the codes that are not zero."""
    alive = (z != 0).any(dim=1)
    safe = torch.where(alive[:, None], z, 1.0)
    cost = 1 - _measure(safe.abs().sum(dim=1), safe.norm(dim=1), z.shape[1])
    return cost[alive].sum() / alive.sum().clamp(min=1)


def penalty_24_measure_of_mean(z: Tensor) -> Tensor:
    """The ratio of the mean L1 and the mean L2."""
    sizes = z.abs() + 1e-8
    return 1 - _measure(sizes.sum(dim=1).mean(), sizes.norm(dim=1).mean(), z.shape[1])


def penalty_25_root_slopes(z: Tensor) -> Tensor:
    """The ratio is cared for, but the root is still taken of 0: nan slopes."""
    l1, l2 = z.abs().sum(dim=1), (z**2).sum(dim=1).sqrt()
    empty = l2 == 0
    n = z.shape[1]
    return 1 - _measure(l1 + n * empty, l2 + n**0.5 * empty, n).mean()


# ---------------------------------------------------------------- 9 · hard_points

RIGHT_POINTS = {
    "l1_slopes": (1, 0, -1),
    "kl_on_target": 0,
    "kl_slope": 0.3,
    "kl_dead": "inf",
    "kl_above_one": "nan",
    "hoyer_value": 0.4,
    "hoyer_scaled": 0.4,
    "hoyer_one_hot": 0,
    "hoyer_equal": 0,
}

points_wrong = [
    # the entries themselves
    RIGHT_POINTS | {"l1_slopes": (0.5, 0, -2)},
    # the sizes
    RIGHT_POINTS | {"l1_slopes": (0.5, 0, 2)},
    # the sign forgotten
    RIGHT_POINTS | {"l1_slopes": (1, 0, 1)},
    # 1 at 0
    RIGHT_POINTS | {"l1_slopes": (1, 1, -1)},
    # divided by the number of latents
    RIGHT_POINTS | {"l1_slopes": (1 / 3, 0, -1 / 3)},
    # the direction of the push
    RIGHT_POINTS | {"l1_slopes": (-1, 0, 1)},
    # the two terms are thought to add up
    RIGHT_POINTS | {"kl_on_target": 2},
    # -1 of the first term alone
    RIGHT_POINTS | {"kl_on_target": -1},
    # the log of 1 taken for a division by 0
    RIGHT_POINTS | {"kl_on_target": "nan"},
    # the slope in the mean
    RIGHT_POINTS | {"kl_slope": 1.2},
    # times the batch
    RIGHT_POINTS | {"kl_slope": 4.8},
    # the sign of the first term lost
    RIGHT_POINTS | {"kl_slope": 0.5},
    # turned round
    RIGHT_POINTS | {"kl_slope": -0.3},
    # the value of the penalty instead of its slope
    RIGHT_POINTS | {"kl_slope": 0.223},
    # 0.2/0 is thought to be no number
    RIGHT_POINTS | {"kl_dead": "nan"},
    # a dead latent is thought to cost nothing
    RIGHT_POINTS | {"kl_dead": 0},
    # the logarithm of 0 without the turn of the fraction
    RIGHT_POINTS | {"kl_dead": "-inf"},
    # infinite beyond 1 as at 1
    RIGHT_POINTS | {"kl_above_one": "inf"},
    # the term of the negative number taken for 0
    RIGHT_POINTS | {"kl_above_one": 0},
    # the two swapped
    RIGHT_POINTS | {"kl_dead": "nan", "kl_above_one": "inf"},
    # the measure instead of the penalty
    RIGHT_POINTS | {"hoyer_value": 0.6, "hoyer_scaled": 0.6},
    # grows with the code
    RIGHT_POINTS | {"hoyer_scaled": 4},
    # falls with the code
    RIGHT_POINTS | {"hoyer_scaled": 0.04},
    # the division by sqrt(n) - 1 with n = 2 active latents
    RIGHT_POINTS | {"hoyer_value": 0.966},
    # pushed down as under L1
    RIGHT_POINTS | {"hoyer_one_hot": 1},
    # L1's part alone
    RIGHT_POINTS | {"hoyer_one_hot": 1 / 7},
    # the ratio is thought to be 0/0
    RIGHT_POINTS | {"hoyer_one_hot": "nan"},
    # L1's part alone
    RIGHT_POINTS | {"hoyer_equal": 0.25},
    # the largest penalty, so the largest slope
    RIGHT_POINTS | {"hoyer_equal": 1},
    # as at a kink
    RIGHT_POINTS | {"hoyer_equal": "nan"},
]

# ---------------------------------------------------------------- 10 · four_penalised_runs

RIGHT_RUNS = {
    "run_a": "wrong sign",
    "run_b": "healthy",
    "run_c": "unbounded",
    "run_d": "too strong",
    "answer_of_d": "the mean digit",
    "cure_strong": "smaller strength",
    "cure_sign": "one minus the measure",
    "cure_unbounded": "sigmoid at the code",
}

runs_wrong = [
    # the lowest loss taken for healthy
    RIGHT_RUNS | {"run_a": "healthy", "run_b": "wrong sign"},
    # means that grow taken for unbounded; the cross overlooked
    RIGHT_RUNS | {"run_a": "unbounded", "run_c": "wrong sign"},
    # fewest latents taken for healthy, B for too strong
    RIGHT_RUNS | {"run_b": "too strong", "run_d": "healthy"},
    # the highest loss taken for the wrong sign
    RIGHT_RUNS | {"run_a": "too strong", "run_d": "wrong sign"},
    # all runs moved on
    RIGHT_RUNS
    | {"run_a": "healthy", "run_b": "too strong", "run_c": "unbounded", "run_d": "wrong sign"},
    # C has low errors and many latents: healthy
    RIGHT_RUNS | {"run_b": "unbounded", "run_c": "healthy"},
    # no latent, so nothing: the bias forgotten
    RIGHT_RUNS | {"answer_of_d": "nothing but 0"},
    # an autoencoder gives back its input
    RIGHT_RUNS | {"answer_of_d": "the input"},
    # it only needs time
    RIGHT_RUNS | {"cure_strong": "more steps"},
    # it only needs room
    RIGHT_RUNS | {"cure_strong": "more latents"},
    # a weaker push in the wrong direction
    RIGHT_RUNS | {"cure_sign": "smaller strength"},
    # a stronger push in the wrong direction
    RIGHT_RUNS | {"cure_sign": "larger strength"},
    # the logarithm fails a little later
    RIGHT_RUNS | {"cure_unbounded": "smaller strength"},
    # a larger target: the mean may still pass 1
    RIGHT_RUNS | {"cure_unbounded": "larger target"},
    # one label for two runs
    RIGHT_RUNS | {"run_a": "too strong"},
]

# ---------------------------------------------------------------- 11 · five_percent

percent_wrong = [
    # the strength of the text's cell: 33 %
    {"l1": 0.0001, "kl": 0.01},
    # the strength that the lesson found for the mean, not divided by 32: empty codes
    {"l1": 0.09, "kl": 0.01},
    # the target as the strength
    {"l1": 0.05, "kl": 0.05},
    # KL as strong as possible: it sits on the target, but the error is 0.06
    {"l1": 0.001, "kl": 0.1},
    # the same, ten times as strong
    {"l1": 0.001, "kl": 1.0},
    # KL too weak: 10 %
    {"l1": 0.001, "kl": 0.001},
    # the tutorial's strength for both, stopped too early for KL
    {"l1": 0.0005, "kl": 0.01},
    # L1 too strong: 3 %
    {"l1": 0.002, "kl": 0.01},
    # the keys swapped
    {"l1": 0.01, "kl": 0.001},
    # the same for both
    {"l1": 0.01, "kl": 0.01},
    # no penalty
    {"l1": 0, "kl": 0},
    # a negative strength
    {"l1": -0.001, "kl": 0.01},
    # only one of the two
    {"l1": 0.001},
    # other keys
    {"l1_strength": 0.001, "kl_strength": 0.01},
    # numbers without keys
    (0.001, 0.01),
    # text
    {"l1": "0.001", "kl": "0.01"},
    # the results instead of the strengths
    {
        "l1": SimpleNamespace(mean_activation=0.05, error=0.03),
        "kl": SimpleNamespace(mean_activation=0.05, error=0.03),
    },
    # the mean activations that were found
    {"l1": 0.055, "kl": 0.054},
    # in per cent
    {"l1": 5, "kl": 5},
    # not a number
    {"l1": math.nan, "kl": 0.01},
]

WRONG = {
    "count_active": [
        active_1_no_sizes,
        active_2_no_threshold,
        active_3_at_the_threshold,
        active_4_axes_swapped,
        active_5_density_counted,
        active_6_mean_where_active,
        active_7_signed_mean,
        active_8_mean_with_threshold,
        active_9_float32,
        active_10_mean_l0,
        active_11_per_cent,
        active_12_divided_by_latents,
        active_13_l0_share,
        active_14_other_default,
        active_15_order,
        active_16_in_place,
        active_17_size_of_the_mean,
        active_18_whole_division,
        active_19_four_examples,
        active_20_density_by_mean,
    ],
    "hoyer_measure": [
        measure_1_no_sizes,
        measure_2_no_root,
        measure_3_whole_table,
        measure_4_columns,
        measure_5_n_is_the_batch,
        measure_6_one_minus,
        measure_7_upside_down,
        measure_8_root_of_n_below,
        measure_9_averaged,
        measure_10_n_without_root,
        measure_11_mean_of_sizes,
        measure_12_n_active,
        measure_13_keepdim,
        measure_14_four_latents,
        measure_15_brackets,
        measure_16_mean_square,
        measure_17_in_place,
        measure_18_relu,
        measure_19_matrix_norms,
        measure_20_squared,
    ],
    "l1_penalty": [
        l1_1_mean,
        l1_2_sum,
        l1_3_wrong_axis,
        l1_4_no_sizes,
        l1_5_squares,
        l1_6_length,
        l1_7_per_example,
        l1_8_no_slopes,
        l1_9_size_of_the_sum,
        l1_10_root_of_square,
        l1_11_relu,
        l1_12_slope_at_zero,
        l1_13_slope_plus_at_zero,
        l1_14_l0,
        l1_15_two_examples,
        l1_16_sign,
        l1_17_in_place,
        l1_18_matrix_norm,
        l1_19_rounded_kink,
    ],
    "scale_of_strength": scale_wrong,
    "best_code": [
        best_1_whole_strength,
        best_2_no_negative,
        best_3_no_penalty,
        best_4_not_cut,
        best_5_hard,
        best_6_ridge,
        best_7_mean_error,
        best_8_column,
        best_9_inputs_shrunk,
        best_10_minus_everywhere,
        best_11_length,
        best_12_sign_lost,
        best_13_grid,
        best_14_strength_one,
        best_15_in_place,
        best_16_mean_product,
        best_17_two_inputs,
        best_18_share,
        best_19_factor,
        best_20_few_steps,
        best_21_double,
        best_22_reconstruction,
    ],
    "kl_penalty": [
        kl_1_other_order,
        kl_2_sign,
        kl_3_mean_over_latents,
        kl_4_wrong_axis,
        kl_5_per_entry,
        kl_6_no_clamp,
        kl_7_only_below,
        kl_8_only_above,
        kl_9_codes_clamped,
        kl_10_first_term,
        kl_11_log2,
        kl_12_log10,
        kl_13_clamp_of_the_cell,
        kl_14_wide_clamp,
        kl_15_second_sign,
        kl_16_one_mean,
        kl_17_one_mean_times_latents,
        kl_18_no_slopes,
        kl_19_rho_fixed,
        kl_20_other_default,
        kl_21_in_place,
        kl_22_by_the_batch_too,
        kl_23_cross_entropy,
        kl_24_brackets,
        kl_25_square,
        kl_26_per_latent,
        kl_27_sum_over_batch,
        kl_28_tiny_added,
        kl_29_nan_removed,
        kl_30_torch_kl,
    ],
    "unused_target": unused_wrong,
    "hoyer_penalty": [
        penalty_1_measure,
        penalty_2_zero_over_zero,
        penalty_3_where_behind,
        penalty_4_nan_to_num,
        penalty_5_tiny_below,
        penalty_6_length_clamped,
        penalty_7_tiny_in_the_root,
        penalty_8_zeros_dropped,
        penalty_9_zeros_are_sparse,
        penalty_10_per_code,
        penalty_11_sum,
        penalty_12_no_slopes,
        penalty_13_length_detached,
        penalty_14_whole_table,
        penalty_15_columns,
        penalty_16_batch_of_zeros_only,
        penalty_17_large_number_added,
        penalty_18_squared,
        penalty_19_four_latents,
        penalty_20_zeros_overwritten,
        penalty_21_no_sizes,
        penalty_22_minus,
        penalty_23_one_hot_in_place_of_zeros,
        penalty_24_measure_of_mean,
        penalty_25_root_slopes,
    ],
    "hard_points": points_wrong,
    "four_penalised_runs": runs_wrong,
    "five_percent": percent_wrong,
}
