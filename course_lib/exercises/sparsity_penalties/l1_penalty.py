"""Exercise `l1_penalty`: the sizes of a code added up, averaged over the examples."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def l1_penalty(z: Tensor) -> Tensor:
    """The L1 penalty: sum of |z| over the latents, mean over the examples.

    z : codes, shape (batch, latent)
    Returns the penalty, shape ().
    """
    ### BEGIN SOLUTION
    return z.abs().sum(dim=1).mean()
    ### END SOLUTION


def cases(draw: Draw):
    """Both signs, exact zeros (their slope is 0), batches of one, a square table."""
    yield Case({"z": draw.normal(1, 4)}, note="a batch of one")
    sparse = draw.normal(3, 5, shift=0.5)
    sparse[:, draw.integer(0, 4)] = 0
    yield Case({"z": sparse}, note="a latent that is 0 on every example")
    yield Case({"z": torch.zeros(2, 3)}, note="all entries 0: the slope must be 0, not NaN")
    yield Case({"z": draw.normal(2, 6, shift=-1.0)}, note="mostly negative entries")
    yield Case({"z": draw.normal(6, 2)}, note="more examples than latents")
    yield Case({"z": draw.normal(4, 4)}, note="as many examples as latents")
    yield Case({"z": draw.normal(5, 1)}, note="a single latent")
    yield Case({"z": draw.normal(7, 3, scale=300.0, dtype=torch.float64)}, note="large, float64")
    yield Case(
        {"z": draw.normal(6, 5, layout="transposed")},
        note="a tensor that is not contiguous in memory",
    )


exercise = FunctionExercise(
    l1_penalty,
    title="The L1 penalty",
    points=2,
    difficulty=1,
    minutes=8,
    why="This is the penalty of most sparse autoencoders. Three different numbers go by its name, "
    "and each needs its own strength.",
    cases=cases,
    hints=(
        "Begin with the size of each entry. Then there are two directions to get rid of, and they "
        "are treated differently.",
        "One number per example first: add up along its row. Then the mean over the examples.",
        "`z.abs()` has the shape of z; `.sum(dim=1)` adds up each row; `.mean()` averages what is "
        "left.",
    ),
)


@exercise.misconception(
    "You average over *all* entries, over the latents too. Then each latent is pressed less the "
    "more latents there are. Here: sum over the latents, mean over the examples."
)
def mean_of_everything(z):
    return z.abs().mean()


@exercise.misconception(
    "You add up over the examples too. Then the penalty grows with the size of the batch. Average "
    "over the examples."
)
def sum_of_everything(z):
    return z.abs().sum()


@exercise.misconception(
    "The two directions are swapped: you add up over the examples and average over the latents. "
    "The entries of one code lie along its row: sum with dim=1."
)
def axes_swapped(z):
    return z.abs().sum(dim=0).mean()


@exercise.misconception(
    "You add up the entries without their sizes. Entries of opposite sign cancel, and training "
    "would drive them to minus infinity. Take `z.abs()` first."
)
def no_size(z):
    return z.sum(dim=1).mean()


@exercise.misconception(
    "You take the size of the *sum*. Entries of opposite sign have cancelled by then. First the "
    "size of each entry, then the sum."
)
def size_of_the_sum(z):
    return z.sum(dim=1).abs().mean()


@exercise.misconception(
    "You leave out the negative entries: relu(z) is not |z|. A code may be negative, and -2 costs "
    "as much as 2."
)
def positive_part(z):
    return torch.relu(z).sum(dim=1).mean()


@exercise.misconception(
    "You square the entries. That is the square of L2: its pull fades as an entry gets small, so "
    "nothing reaches 0. L1 takes the sizes."
)
def squared(z):
    return (z**2).sum(dim=1).mean()


@exercise.misconception(
    "You take the *length* of each code, the root of the sum of squares (`norm` without p=1). L1 "
    "adds up the sizes."
)
def length(z):
    return z.norm(dim=1).mean()


@exercise.misconception(
    "The value is right, but at an entry of exactly 0 the slope is NaN: sqrt is infinitely steep "
    "there. Use `abs`, whose slope at 0 is 0."
)
def root_of_the_square(z):
    return (z**2).sqrt().sum(dim=1).mean()


@exercise.misconception(
    "You count the entries that are not 0. That is L0. A count does not change when an entry "
    "changes a little, so it has no slope to follow."
)
def counted(z):
    return (z != 0).sum(dim=1).to(z.dtype).mean()


@exercise.misconception(
    "You return one number per example. A penalty is a single number: average over the examples."
)
def one_number_per_example(z):
    return z.abs().sum(dim=1)


@exercise.misconception(
    "You return one number per latent: your sum or mean goes over the examples only. Add up along "
    "each row, then average."
)
def one_number_per_latent(z):
    return z.abs().mean(dim=0)


@exercise.misconception(
    "The value is right, but at an entry of exactly 0 your slope is 1 (`torch.where(z < 0, -z, "
    "z)` counts 0 as positive). Here it shall be 0, as `abs` has it."
)
def slope_one_at_zero(z):
    return torch.where(z < 0, -z, z).sum(dim=1).mean()


@exercise.misconception(
    "You divide by the number of active entries. Then it pays to have many small ones, and the "
    "code gets dense. Divide by the number of examples only."
)
def mean_of_the_active(z):
    return z.abs().sum() / (z != 0).sum().clamp(min=1)


@exercise.misconception(
    "You measure the distance of the mean activation from a target. L1 knows no target: it pulls "
    "everything towards 0."
)
def towards_a_target(z):
    return (z.abs().mean() - 0.05).abs()


@exercise.misconception(
    "The number is right, but it is cut off from the codes (`.detach()`, `.data` or "
    "`torch.no_grad()`). As a part of the loss it would do nothing."
)
def detached(z):
    return z.detach().abs().sum(dim=1).mean()


@exercise.misconception(
    "You return a plain Python number. A penalty stays a tensor, so that gradients can flow back "
    "from it: leave `.item()` or `float()` out."
)
def python_number(z):
    return z.abs().sum(dim=1).mean().item()


@exercise.misconception(
    "The number is right, but a method that ends in `_` (such as `abs_`) has changed the caller's "
    "codes. The decoder still needs them."
)
def changed_in_place(z):
    return z.abs_().sum(dim=1).mean()


@exercise.misconception(
    "The value is right, but at an entry of exactly 0 your slope is -1 (`torch.where(z > 0, z, "
    "-z)` counts 0 as negative). Here it shall be 0, as `abs` has it."
)
def slope_minus_one_at_zero(z):
    return torch.where(z > 0, z, -z).sum(dim=1).mean()


@exercise.style
def total_by_examples(z):
    return torch.abs(z).sum() / z.shape[0]


@exercise.style
def with_norm(z):
    return z.norm(p=1, dim=-1).mean(0)


@exercise.style
def with_signs(z):
    return (z * z.sign()).mean(dim=0).sum()


@exercise.style
def row_by_row(z):
    rows = [torch.relu(code).sum() + torch.relu(-code).sum() for code in z]
    return sum(rows) / len(rows)


@exercise.style
def mean_times_latents(z):
    return z.abs().mean() * z.size(1)
