"""Exercise `count_active`: L0 per example; density and mean activation per latent."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def count_active(z: Tensor, threshold: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Three measures of sparsity of a table of codes.

    z         : codes, shape (batch, latent)
    threshold : an entry is active if |entry| is above it
    Returns (l0, density, mean_activation):
    l0              : active latents of each example, whole numbers, shape (batch,)
    density         : the fraction of the examples in which each latent is
                      active, between 0 and 1, shape (latent,), dtype of z
    mean_activation : the mean of |z| of each latent, shape (latent,), dtype of z
    """
    ### BEGIN SOLUTION
    size = z.abs()
    active = size > threshold  # (batch, latent)
    l0 = active.sum(dim=1)
    density = active.to(z.dtype).mean(dim=0)
    return l0, density, size.mean(dim=0)
    ### END SOLUTION


def cases(draw: Draw):
    """Codes with exact zeros and both signs, with and without a threshold; entries on it."""
    yield _case(_codes(draw, 1, 5), 0.0, "a batch of one")
    yield _case(_codes(draw, 3, 4), 0.0, "no threshold, fewer examples than latents")
    yield _case(_codes(draw, 6, 2), 0.5, "a threshold, more examples than latents")
    yield _case(_codes(draw, 4, 4), 0.25, "as many examples as latents")
    edge = draw.integer(1, 3) / 2  # exact in float32
    grid = torch.tensor([[edge, -edge, 2 * edge], [0.0, edge, -3 * edge]])
    yield _case(grid, edge, "some entries exactly on the threshold: not active")
    dead = _codes(draw, 5, 3)
    dead[:, draw.integer(0, 2)] = 0
    yield _case(dead, 0.0, "a latent that is never active")
    yield _case(_codes(draw, 7, 3, torch.float64) * 50, 10.0, "large, float64")
    yield _case(_codes(draw, 3, 6).T, 0.1, "a tensor that is not contiguous in memory")
    small = _codes(draw, 4, 3)
    small[1, 1], small[2, 1] = 0.02, -1e-6  # active: every other threshold would miss them
    yield Case({"z": small}, note="without `threshold`: 0")


def _codes(draw: Draw, batch: int, latent: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Codes of which about half the entries are 0; at least one is positive, one negative."""
    z = draw.normal(batch, latent, dtype=dtype)
    z = torch.where(draw.uniform(batch, latent) < 0.5, torch.zeros_like(z), z)
    z[0, 0], z[-1, -1] = 1.25, -1.5
    return z


def _case(z: Tensor, threshold: float, note: str) -> Case:
    return Case({"z": z, "threshold": threshold}, note=note)


exercise = FunctionExercise(
    count_active,
    title="How sparse is a code?",
    points=3,
    difficulty=1,
    minutes=12,
    why="Before one makes codes sparse one must be able to say how sparse they are. These three "
    "numbers are printed beside every sparse autoencoder.",
    cases=cases,
    gradients=False,
    outputs=("l0", "density", "mean_activation"),
    hints=(
        "Make a table of True and False first, with the shape of z: which entries are active? Two "
        "of the three results come from it, one counted along rows, one along columns.",
        "One example is one row. L0 adds up along a row, with dim=1. Density and mean activation "
        "belong to a latent, a column: they average over the examples, with dim=0.",
        "`active = z.abs() > threshold`. A table of True and False can be added up, but for a mean "
        "it must be made numbers first: `active.to(z.dtype)`.",
    ),
)


def _measures(z, active):
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "Entries exactly on the threshold count as active in your answer, so with a threshold of 0 "
    "every latent is active. Active means *above*: `>`, not `>=`."
)
def threshold_included(z, threshold=0.0):
    return _measures(z, z.abs() >= threshold)


@exercise.misconception(
    "You compare z itself with the threshold, so large negative entries count as inactive. It is "
    "the size |z| that counts."
)
def no_size(z, threshold=0.0):
    return _measures(z, z > threshold)


@exercise.misconception("The threshold is not used: you count all entries that are not 0.")
def threshold_unused(z, threshold=0.0):
    return _measures(z, z != 0)


@exercise.misconception(
    "The two directions are swapped: your L0 belongs to the latents, and density and mean "
    "activation to the examples. A row is an example, a column a latent."
)
def axes_swapped(z, threshold=0.0):
    size = z.abs()
    active = size > threshold
    return active.sum(dim=0), active.to(z.dtype).mean(dim=1), size.mean(dim=1)


@exercise.misconception(
    "`l0` is counted along the columns. It belongs to an example: count along its row, with dim=1."
)
def l0_per_latent(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=0), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "`density` is the fraction of the *latents* that are active in each example. Asked is the "
    "fraction of the *examples* for each latent: average over the rows, with dim=0."
)
def density_per_example(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=1), z.abs().mean(dim=0)


@exercise.misconception(
    "`density` is a count. It should be a fraction between 0 and 1: divide by the number of "
    "examples."
)
def density_counted(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).sum(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "`density` is divided by the number of latents. It is a fraction of the examples."
)
def density_by_latents(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).sum(dim=0) / z.shape[1], z.abs().mean(dim=0)


@exercise.misconception(
    "`l0` is averaged over the examples, or one number for all. Each example has its own L0: shape "
    "(batch,)."
)
def l0_averaged(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1).to(z.dtype).mean(), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "`l0` is the *sum of the sizes* of an example. That is L1. L0 only counts: how many entries "
    "are active?"
)
def l1_for_l0(z, threshold=0.0):
    active = z.abs() > threshold
    return z.abs().sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "`mean_activation` is the mean of z, in which entries of opposite sign cancel. Take the sizes "
    "first."
)
def signed_mean(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.mean(dim=0)


@exercise.misconception(
    "`mean_activation` averages only over the examples in which the latent is active. Asked is the "
    "mean over all examples; the zeros count as well."
)
def mean_of_the_active(z, threshold=0.0):
    active = z.abs() > threshold
    total = (z.abs() * active).sum(dim=0)
    mean = total / active.sum(dim=0).clamp(min=1).to(z.dtype)
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), mean


@exercise.misconception(
    "`mean_activation` leaves out what lies below the threshold. The threshold is for counting "
    "only; the mean is that of all |z|."
)
def mean_above_threshold(z, threshold=0.0):
    active = z.abs() > threshold
    mean = (z.abs() * active).mean(dim=0)
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), mean


@exercise.misconception(
    "`mean_activation` is averaged along the rows. It belongs to a latent: average over the "
    "examples, with dim=0."
)
def mean_per_example(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=1)


@exercise.misconception(
    "`mean_activation` is one number for the whole table. Each latent has its own: shape (latent,)."
)
def one_mean_for_all(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean()


@exercise.misconception(
    "The second and the third result are swapped. The order is: l0, density, mean_activation."
)
def results_swapped(z, threshold=0.0):
    l0, density, mean = _measures(z, z.abs() > threshold)
    return l0, mean, density


@exercise.misconception(
    "`mean_activation` averages only over the examples in which the latent is active, so a latent "
    "that never is gives 0 / 0, NaN. Divide by the number of all examples."
)
def nan_for_the_dead(z, threshold=0.0):
    active = z.abs() > threshold
    mean = (z.abs() * active).sum(dim=0) / active.sum(dim=0).to(z.dtype)
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), mean


@exercise.misconception(
    "`mean_activation` is the size of the *mean*. Entries of opposite sign have cancelled by then. "
    "First the sizes, then the mean."
)
def size_of_the_mean(z, threshold=0.0):
    active = z.abs() > threshold
    return active.sum(dim=1), active.to(z.dtype).mean(dim=0), z.mean(dim=0).abs()


@exercise.misconception(
    "`l0` is a share of the latents, between 0 and 1. Here it is a whole number: count the active "
    "latents of each example, and do not divide."
)
def l0_as_a_share(z, threshold=0.0):
    active = z.abs() > threshold
    return active.to(z.dtype).mean(dim=1), active.to(z.dtype).mean(dim=0), z.abs().mean(dim=0)


@exercise.misconception(
    "Without a threshold your function takes another one than 0. Leave `threshold: float = 0.0` in "
    "the first line as it is."
)
def other_default(z, threshold=0.1):
    return _measures(z, z.abs() > threshold)


@exercise.style
def with_where(z, threshold=0.0):
    one = torch.where(z.abs() > threshold, torch.ones_like(z), torch.zeros_like(z))
    l0 = one.sum(dim=1).long()
    return l0, one.sum(dim=0) / len(z), z.abs().sum(dim=0) / len(z)


@exercise.style
def column_by_column(z, threshold=0.0):
    active = (z > threshold) | (z < -threshold)
    l0 = torch.tensor([int(row.sum()) for row in active])
    density = torch.stack([column.to(z.dtype).mean() for column in active.T])
    mean = torch.stack([column.abs().mean() for column in z.T])
    return l0, density, mean


@exercise.style
def as_a_list(z, threshold=0.0):
    active = torch.gt(torch.abs(z), threshold)
    return [torch.count_nonzero(active, dim=1), active.to(z.dtype).mean(0), z.abs().mean(0)]
