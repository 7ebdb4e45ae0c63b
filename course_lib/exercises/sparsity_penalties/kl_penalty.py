"""Exercise `kl_penalty`: how far the mean activation of each latent is from a target."""

import math

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise

EPSILON = 1e-6


def kl_penalty(z: Tensor, rho: float = 0.05) -> Tensor:
    """The KL penalty of codes between 0 and 1.

        sum over latents of  rho log(rho / m) + (1 - rho) log((1 - rho) / (1 - m))

    where m is the latent's mean over the batch, kept within [1e-6, 1 - 1e-6] by `clamp`.

    z   : codes after sigmoid, shape (batch, latent), entries from 0 to 1
    rho : the target, a number between 0 and 1
    Returns the penalty, shape ().
    """
    ### BEGIN SOLUTION
    m = z.mean(dim=0).clamp(1e-6, 1 - 1e-6)  # (latent,)
    on = rho * torch.log(rho / m)
    off = (1 - rho) * torch.log((1 - rho) / (1 - m))
    return (on + off).sum()
    ### END SOLUTION


def cases(draw: Draw):
    """Several targets; means on both sides of them and on them; saturated latents."""

    def codes(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.sigmoid(draw.normal(*shape, scale=1.5, shift=-1.0, dtype=dtype))

    yield _case(codes(1, 3), 0.2, "a batch of one")
    yield _case(codes(3, 5), 0.05, "fewer examples than latents")
    yield _case(codes(6, 2), 0.3, "more examples than latents")
    yield _case(codes(4, 4), 0.1, "as many examples as latents")
    on_target = torch.tensor([[0.125, 0.5], [0.375, 0.0625]])
    yield _case(on_target, 0.25, "one latent exactly on its target")
    dead = codes(4, 3)
    dead[:, draw.integer(0, 2)] = 0
    yield _case(dead, 0.05, "a latent that is 0 on every example")
    full = codes(3, 4)
    full[:, draw.integer(0, 3)] = 1
    yield _case(full, 0.1, "a latent that is 1 on every example")
    rounded = codes(4, 3)
    rounded[draw.integer(0, 1), 0], rounded[draw.integer(2, 3), 1] = 0, 1
    yield _case(rounded, 0.2, "single entries of exactly 0 and 1: they have slopes")
    yield _case(codes(5, 3, dtype=torch.float64), 0.7, "a target above 1/2, float64")
    yield _case(codes(4, 6).T, 0.15, "a tensor that is not contiguous in memory")
    yield Case({"z": codes(3, 2)}, note="without `rho`: 0.05")


def _case(z: Tensor, rho: float, note: str) -> Case:
    return Case({"z": z, "rho": rho}, note=note)


exercise = FunctionExercise(
    kl_penalty,
    title="The KL penalty",
    points=4,
    difficulty=2,
    minutes=18,
    why="It is the penalty with a target. It asks how large a latent is on average over many "
    "examples, and not how large it is in a single one.",
    cases=cases,
    hints=(
        "The order matters: first one mean per latent, over the examples. Only then the "
        "logarithms. At the end, add up over the latents.",
        "`m = z.mean(dim=0)` has shape (latent,). Clamp m, so that neither m nor 1 - m is 0. Then "
        "write both terms as they stand in the formula, with `torch.log`.",
        "`m = z.mean(dim=0).clamp(1e-6, 1 - 1e-6)`; the first term is `rho * torch.log(rho / m)`. "
        "The second is the same with 1 - rho and 1 - m. Add both, then `.sum()`.",
    ),
)


def _mean(z):
    return z.mean(dim=0).clamp(EPSILON, 1 - EPSILON)


def _kl(rho, m):
    return rho * torch.log(rho / m) + (1 - rho) * torch.log((1 - rho) / (1 - m))


@exercise.misconception(
    "The two are the wrong way round: you compute KL(mean, target). The factors in front of the "
    "logarithms are rho and 1 - rho, and the means stand below the line."
)
def wrong_way_round(z, rho=0.05):
    m = _mean(z)
    return (m * torch.log(m / rho) + (1 - m) * torch.log((1 - m) / (1 - rho))).sum()


@exercise.misconception(
    "The logarithms are upside down: log(m / rho). Then the penalty is negative, and training "
    "would drive the means *away* from the target."
)
def negative(z, rho=0.05):
    return -_kl(rho, _mean(z)).sum()


@exercise.misconception(
    "You compute the penalty of each entry and average afterwards. Then every single entry is "
    "pulled to rho. Only the *mean* of a latent should be near rho: take the mean first."
)
def mean_last(z, rho=0.05):
    return _kl(rho, z.clamp(EPSILON, 1 - EPSILON)).mean(dim=0).sum()


@exercise.misconception(
    "You compute the penalty of each entry and add up everything. Take the mean of each latent "
    "over the examples first: there is one term per latent."
)
def no_mean(z, rho=0.05):
    return _kl(rho, z.clamp(EPSILON, 1 - EPSILON)).sum()


@exercise.misconception(
    "At the end you average over the latents. The formula adds them up: `.sum()`."
)
def mean_over_latents(z, rho=0.05):
    return _kl(rho, _mean(z)).mean()


@exercise.misconception(
    "Your mean runs over the latents of each example (dim=1). A latent is a column: its mean is "
    "over the examples, dim=0."
)
def mean_of_each_example(z, rho=0.05):
    return _kl(rho, z.mean(dim=1).clamp(EPSILON, 1 - EPSILON)).sum()


@exercise.misconception(
    "You take one mean over the whole table. Some latents could then be always on and the others "
    "dead. Each latent has its own mean: dim=0."
)
def one_mean_for_all(z, rho=0.05):
    return _kl(rho, z.mean().clamp(EPSILON, 1 - EPSILON))


@exercise.misconception(
    "The second term is missing. With the first alone, the larger a mean is the better: nothing "
    "pulls it down."
)
def first_term_only(z, rho=0.05):
    return (rho * torch.log(rho / _mean(z))).sum()


@exercise.misconception(
    "The first term is missing. With the second alone, the smaller a mean is the better: it pulls "
    "down to 0, not to rho."
)
def second_term_only(z, rho=0.05):
    m = _mean(z)
    return ((1 - rho) * torch.log((1 - rho) / (1 - m))).sum()


@exercise.misconception(
    "You use the logarithm of base 2. All your values are off by one factor. Here log is the "
    "natural logarithm, `torch.log`."
)
def base_two(z, rho=0.05):
    return _kl(rho, _mean(z)).sum() / math.log(2)


@exercise.misconception(
    "A latent that is 0 (or 1) on every example gives inf or NaN: log of 0, or a division by 0. "
    "Clamp the mean before you take logarithms."
)
def not_clamped(z, rho=0.05):
    return _kl(rho, z.mean(dim=0)).sum()


@exercise.misconception(
    "You clamp only from below. A latent that is 1 on every example still gives log of (1 - 1)."
)
def clamped_below_only(z, rho=0.05):
    return _kl(rho, z.mean(dim=0).clamp(min=EPSILON)).sum()


@exercise.misconception("`rho` is not used: your target is always 0.05.")
def fixed_target(z, rho=0.05):
    return _kl(0.05, _mean(z)).sum()


@exercise.misconception(
    "You add something tiny in place of the clamp. The values are nearly the same, but for a "
    "latent that is 0 (or 1) on every example the slope becomes huge. With the clamp it is 0 there."
)
def epsilon_added(z, rho=0.05):
    m = z.mean(dim=0)
    on = rho * torch.log(rho / (m + EPSILON))
    return (on + (1 - rho) * torch.log((1 - rho) / (1 - m + EPSILON))).sum()


@exercise.misconception(
    "The number is right, but the mean is cut off from the codes (`.detach()`, `.data` or "
    "`.item()`). As a part of the loss it would do nothing."
)
def detached(z, rho=0.05):
    return _kl(rho, _mean(z.detach())).sum()


@exercise.misconception(
    "You return one number per latent. A penalty is a single number: add them up."
)
def not_summed(z, rho=0.05):
    return _kl(rho, _mean(z))


@exercise.misconception(
    "You clamp the codes, before the mean. The values are nearly the same, but an entry of exactly "
    "0 or 1 has no slope then, even where the mean of its latent is far from both. Clamp the mean."
)
def codes_clamped(z, rho=0.05):
    return _kl(rho, z.clamp(EPSILON, 1 - EPSILON).mean(dim=0)).sum()


@exercise.misconception(
    "You clamp between 0.1 and 0.9, the bounds of the example. That changes means that are neither "
    "0 nor 1. Here the bounds are 1e-6 and 1 - 1e-6."
)
def bounds_of_the_example(z, rho=0.05):
    return _kl(rho, z.mean(dim=0).clamp(0.1, 0.9)).sum()


@exercise.misconception(
    "The second logarithm is upside down: (1 - rho) stands above the line, and 1 - m below it, as "
    "rho and m do in the first."
)
def second_upside_down(z, rho=0.05):
    m = _mean(z)
    return (rho * torch.log(rho / m) + (1 - rho) * torch.log((1 - m) / (1 - rho))).sum()


@exercise.misconception(
    "Brackets are missing in the second logarithm: `1 - rho / 1 - m` is 1 - rho - m. Write "
    "`(1 - rho) / (1 - m)`."
)
def brackets_missing(z, rho=0.05):
    m = _mean(z)
    return (rho * torch.log(rho / m) + (1 - rho) * torch.log(1 - rho / 1 - m)).sum()


@exercise.misconception(
    "This is the binary cross-entropy. Its slopes are right, but it is not 0 at the target: rho "
    "and 1 - rho are missing above the lines."
)
def cross_entropy(z, rho=0.05):
    m = _mean(z)
    return -(rho * torch.log(m) + (1 - rho) * torch.log(1 - m)).sum()


@exercise.misconception(
    "Your m is the *sum* over the examples, so it grows with the batch. It is the mean."
)
def summed_over_the_batch(z, rho=0.05):
    return _kl(rho, z.sum(dim=0).clamp(EPSILON, 1 - EPSILON)).sum()


@exercise.style
def logarithms_apart(z, rho=0.05):
    m = torch.clamp(z.mean(0), min=EPSILON, max=1 - EPSILON)
    constant = rho * math.log(rho) + (1 - rho) * math.log(1 - rho)
    return len(m) * constant - (rho * m.log() + (1 - rho) * torch.log(1 - m)).sum()


@exercise.style
def latent_by_latent(z, rho=0.05):
    total = z.new_zeros(())
    for column in z.T:
        m = (column.sum() / len(column)).clamp(EPSILON, 1 - EPSILON)
        total = total + rho * (math.log(rho) - m.log())
        total = total + (1 - rho) * (math.log(1 - rho) - (1 - m).log())
    return total


@exercise.style
def with_cross_entropy(z, rho=0.05):
    m = z.mean(dim=0).clamp(EPSILON, 1 - EPSILON)
    target = torch.full_like(m, rho)
    own = rho * math.log(rho) + (1 - rho) * math.log(1 - rho)
    return torch.nn.functional.binary_cross_entropy(m, target, reduction="sum") + own * m.numel()
