"""Exercise `evaluation_report`: four numbers that say how good a sparse autoencoder is.

FVU = Σ‖x - x̂‖² / Σ‖x - x̄‖²      over all examples, x̄ the mean of each dimension
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.sparse_autoencoder.dictionaries import DictionaryExercise


def evaluation_report(
    batches: list[tuple[Tensor, Tensor, Tensor]],
) -> dict[str, float | Tensor]:
    """How good a sparse autoencoder is, over all examples of all batches.

    batches : a list with one triple (x, x_hat, z) per batch: inputs (n, d), reconstructions
        (n, d) and codes (n, latents). n may differ from batch to batch.
    Returns a dictionary with four entries:
        "FVU" : fraction of variance unexplained, a Python float
        "L0" : mean number of active latents per example (active: z > 0), a Python float
        "dead_fraction" : fraction of latents active on no example at all, a Python float
        "mean_activation" : mean activation of each latent over all examples, shape (latents,)
    """
    ### BEGIN SOLUTION
    x = torch.cat([x for x, _, _ in batches])  # (examples, d)
    x_hat = torch.cat([x_hat for _, x_hat, _ in batches])  # (examples, d)
    z = torch.cat([z for _, _, z in batches])  # (examples, latents)
    residual = ((x - x_hat) ** 2).sum()
    spread = ((x - x.mean(dim=0)) ** 2).sum()
    return {
        "FVU": (residual / spread).item(),
        "L0": (z > 0).sum(dim=1).double().mean().item(),
        "dead_fraction": (z == 0).all(dim=0).double().mean().item(),
        "mean_activation": z.mean(dim=0),
    }
    ### END SOLUTION


class Batches(list):
    """A list of triples (x, x_hat, z) that tells its sizes in place of its numbers."""

    def __repr__(self) -> str:
        sizes = [len(x) for x, _, _ in self]
        x, _, z = self[0]
        return f"batches of {sizes} examples, {x.shape[1]} inputs, {z.shape[1]} latents"

    @property
    def size(self) -> int:
        """Number of entries in all tensors: the smallest failing case is shown."""
        return sum(tensor.numel() for triple in self for tensor in triple)


def batches(draw: Draw, sizes: Sequence[int], d: int, kinds: str, dtype=torch.float32) -> Batches:
    """Batches with latents of these kinds in a random order: "dead", "often" (active on about
    half of the examples), "rare" (on one example only) and "always".

    Inputs have a mean far from 0, another one in each dimension, and drift from batch to batch.
    """
    n = sum(sizes)
    x = draw.normal(n, d, dtype=dtype) + draw.uniform(d, low=1.0, high=4.0, dtype=dtype)
    x = x + torch.linspace(0, 2, n, dtype=dtype)[:, None]
    x_hat = x + draw.normal(n, d, scale=0.6, dtype=dtype)
    z = draw.uniform(n, len(kinds.split()), low=0.2, high=2.0, dtype=dtype)
    for j, kind in enumerate(draw.shuffled(kinds.split())):
        on = torch.ones(n, dtype=torch.bool)
        if kind == "dead":
            on[:] = False
        elif kind == "often":
            on = draw.uniform(n) < 0.5
            on[draw.integer(0, n - 1)] = True
        elif kind == "rare":
            on = torch.arange(n) == draw.integer(0, n - 1)
        z[:, j] *= on
    parts = (tensor.split(list(sizes)) for tensor in (x, x_hat, z))
    return Batches(zip(*parts, strict=True))


def cases(draw: Draw):
    """One batch and several, the last one shorter or longer; a batch of one; float64; square."""
    yield Case({"batches": batches(draw, [4], 3, "dead often")}, note="one batch only")
    yield Case(
        {"batches": batches(draw, [5, 5, 2], 3, "dead rare rare often always")},
        note="the last batch is shorter",
    )
    yield Case(
        {"batches": batches(draw, [6, 1], 4, "rare often often dead dead rare")},
        note="the last batch holds one example",
    )
    yield Case(
        {"batches": batches(draw, [2, 3, 7], 5, "rare always often dead rare", torch.float64)},
        note="float64; as many inputs as latents",
    )
    yield Case(
        {"batches": batches(draw, [4, 3], 6, "always always rare")},
        note="no latent is dead",
    )


exercise = DictionaryExercise(
    evaluation_report,
    title="The evaluation report",
    points=4,
    difficulty=2,
    minutes=20,
    why="These numbers are in every paper on sparse autoencoders. Taken batch by batch and "
    "averaged, they come out wrong.",
    cases=cases,
    gradients=False,
    form='a dictionary with the keys "FVU", "L0", "dead_fraction" and "mean_activation"',
    outputs=("FVU", "L0", "dead_fraction", "mean_activation"),
    hints=(
        "Bring the batches together first: `torch.cat` with a list of tensors puts one below the "
        "other. Then there are three tables, and no batches any more.",
        "FVU is a ratio of two sums over *everything*: the squared errors, and the squared "
        "distances of x from its mean. The mean is one number per dimension: `x.mean(dim=0)`.",
        "With the whole table z: `(z > 0).sum(dim=1)` counts per example, `(z == 0).all(dim=0)` "
        "asks per latent, and `z.mean(dim=0)` is the mean activation. `.double().mean().item()` "
        "makes a Python float of counts and of yes or no.",
    ),
)


def _joined(batches):
    return tuple(torch.cat(list(part)) for part in zip(*batches, strict=True))


def _right(batches) -> dict:
    x, x_hat, z = _joined(batches)
    return {
        "FVU": (((x - x_hat) ** 2).sum() / ((x - x.mean(dim=0)) ** 2).sum()).item(),
        "L0": (z > 0).sum(dim=1).double().mean().item(),
        "dead_fraction": (z == 0).all(dim=0).double().mean().item(),
        "mean_activation": z.mean(dim=0),
    }


def _fault(entry: str, message: str):
    """Declare the entry that follows, computed from x, x_hat and z, as a wrong one."""

    def declare(wrong):
        def answer(batches):
            return _right(batches) | {entry: wrong(*_joined(batches))}

        answer.__name__ = wrong.__name__
        return exercise.misconception(message)(answer)

    return declare


@_fault(
    "FVU",
    "FVU: you divide by the sum of the squares of x, without its mean removed. Data far from 0 "
    "then seem to be explained by any model. Use `x - x.mean(dim=0)` below the line.",
)
def mean_not_removed(x, x_hat, z):
    return (((x - x_hat) ** 2).sum() / (x**2).sum()).item()


@_fault(
    "FVU",
    "FVU: you subtract one mean over all entries. Each dimension has a mean of its own: "
    "`x.mean(dim=0)`.",
)
def one_mean_for_all(x, x_hat, z):
    return (((x - x_hat) ** 2).sum() / ((x - x.mean()) ** 2).sum()).item()


@_fault(
    "FVU",
    "FVU: you subtract the mean of each *example*. The mean of each dimension, over all examples, "
    "is what counts: `x.mean(dim=0)`.",
)
def mean_of_each_example(x, x_hat, z):
    return (((x - x_hat) ** 2).sum() / ((x - x.mean(dim=1, keepdim=True)) ** 2).sum()).item()


@_fault(
    "FVU",
    "FVU: this is 1 - FVU, the fraction that *is* explained. Asked for is the rest.",
)
def explained(x, x_hat, z):
    return 1 - (((x - x_hat) ** 2).sum() / ((x - x.mean(dim=0)) ** 2).sum()).item()


@_fault(
    "FVU",
    "FVU: this is the mean squared error. It depends on the scale of the data. Divide by the mean "
    "squared distance of x from its mean.",
)
def error_not_divided(x, x_hat, z):
    return ((x - x_hat) ** 2).mean().item()


@_fault(
    "FVU",
    "FVU: you divide dimension by dimension, and average the ratios. A dimension that hardly "
    "varies would count as much as the others. Sum above and below the line first, divide once.",
)
def mean_of_ratios(x, x_hat, z):
    ratios = ((x - x_hat) ** 2).sum(dim=0) / ((x - x.mean(dim=0)) ** 2).sum(dim=0)
    return ratios.mean().item()


@_fault(
    "FVU",
    "FVU: you divide for each example, and average the ratios. An example near the mean would "
    "count for more than all others. Sum above and below the line first, divide once.",
)
def ratio_of_each_example(x, x_hat, z):
    ratios = ((x - x_hat) ** 2).sum(dim=1) / ((x - x.mean(dim=0)) ** 2).sum(dim=1)
    return ratios.mean().item()


@exercise.misconception(
    "FVU: your mean of the inputs is the mean of the batches' means. A short batch then counts as "
    "much as a long one. Take the mean over all examples."
)
def mean_of_batch_means(batches):
    x, x_hat, _ = _joined(batches)
    centre = torch.stack([x.mean(dim=0) for x, _, _ in batches]).mean(dim=0)
    return _right(batches) | {"FVU": (((x - x_hat) ** 2).sum() / ((x - centre) ** 2).sum()).item()}


@exercise.misconception(
    "FVU: you compute it for each batch and take the mean. Small batches then count as much as "
    "large ones, and each has another mean of x. Sum over all examples, and divide once."
)
def fvu_per_batch(batches):
    parts = [((x - y) ** 2).sum() / ((x - x.mean(0)) ** 2).sum() for x, y, _ in batches]
    return _right(batches) | {"FVU": torch.stack(parts).mean().item()}


@exercise.misconception(
    "FVU: below the line you subtract the mean of each *batch*. Subtract the mean over all "
    "examples: how the data are cut into batches must not change the result."
)
def spread_per_batch(batches):
    x, x_hat, _ = _joined(batches)
    spread = sum(((x - x.mean(0)) ** 2).sum() for x, _, _ in batches)
    return _right(batches) | {"FVU": (((x - x_hat) ** 2).sum() / spread).item()}


@exercise.misconception(
    "L0: you compute it for each batch and take the mean of these. A short batch then counts as "
    "much as a long one. Take the mean over all examples."
)
def l0_per_batch(batches):
    parts = [(z > 0).sum(dim=1).double().mean() for _, _, z in batches]
    return _right(batches) | {"L0": torch.stack(parts).mean().item()}


@_fault(
    "L0",
    "L0: this is a *fraction* of the latents. L0 is a number of latents: count along each row, "
    "and take the mean over the examples.",
)
def l0_as_fraction(x, x_hat, z):
    return (z > 0).double().mean().item()


@_fault(
    "L0",
    "L0: you count all active entries in the table. Take the mean per example: divide by the "
    "number of examples.",
)
def l0_of_the_table(x, x_hat, z):
    return float((z > 0).sum())


@_fault(
    "L0",
    "L0: you add up the activations (that is L1). L0 *counts*: an active latent is 1, however "
    "strong it is.",
)
def l1_for_l0(x, x_hat, z):
    return z.sum(dim=1).double().mean().item()


@_fault(
    "L0",
    "L0: you count the latents that are *not* active. Count those with z > 0.",
)
def zeros_counted(x, x_hat, z):
    return (z == 0).sum(dim=1).double().mean().item()


@_fault(
    "L0",
    "L0: you count along the wrong axis: on how many examples each latent is active. Count the "
    "latents of each example, with dim=1.",
)
def l0_wrong_axis(x, x_hat, z):
    return (z > 0).sum(dim=0).double().mean().item()


@exercise.misconception(
    "dead_fraction: you look for dead latents in each batch and average. A latent that is active "
    "in another batch is not dead. Look at all examples together."
)
def dead_per_batch(batches):
    parts = [(z == 0).all(dim=0).double().mean() for _, _, z in batches]
    return _right(batches) | {"dead_fraction": torch.stack(parts).mean().item()}


@exercise.misconception(
    "dead_fraction: you look at the last batch only. A latent that was active before is not dead. "
    "Look at all examples together."
)
def dead_in_the_last_batch(batches):
    z = batches[-1][2]
    return _right(batches) | {"dead_fraction": (z == 0).all(dim=0).double().mean().item()}


@_fault(
    "dead_fraction",
    "dead_fraction: you count each latent that is silent on *some* example (`any`). Dead means "
    "silent on *all* of them.",
)
def silent_somewhere(x, x_hat, z):
    return (z == 0).any(dim=0).double().mean().item()


@_fault(
    "dead_fraction",
    "dead_fraction: this is the fraction of *entries* that are 0. A healthy latent is 0 on most "
    "examples. Ask of each latent whether it is 0 on all of them.",
)
def zero_entries(x, x_hat, z):
    return (z == 0).double().mean().item()


@_fault(
    "dead_fraction",
    "dead_fraction: you look along the wrong axis, for *examples* on which no latent is active. "
    "Ask of each latent whether it is 0 on all examples, with dim=0.",
)
def silent_examples(x, x_hat, z):
    return (z == 0).all(dim=1).double().mean().item()


@_fault(
    "dead_fraction",
    "dead_fraction: this is the number of dead latents. Divide by the number of latents.",
)
def dead_counted(x, x_hat, z):
    return float((z == 0).all(dim=0).sum())


@_fault(
    "dead_fraction",
    "dead_fraction: this is the fraction that is alive. The dead ones are asked for.",
)
def alive_fraction(x, x_hat, z):
    return (z > 0).any(dim=0).double().mean().item()


@exercise.misconception(
    "mean_activation: you take the mean of each batch, and the mean of these. A short batch then "
    "counts as much as a long one. Take the mean over all examples."
)
def activation_per_batch(batches):
    means = torch.stack([z.mean(dim=0) for _, _, z in batches])
    return _right(batches) | {"mean_activation": means.mean(dim=0)}


@_fault(
    "mean_activation",
    "mean_activation: this is one number for all latents. Take the mean over the examples only, "
    "with dim=0, so that one number per latent is left.",
)
def one_activation(x, x_hat, z):
    return z.mean().item()


@_fault(
    "mean_activation",
    "mean_activation: you average along each row, so there is one number per *example*. With "
    "dim=0 there is one per latent.",
)
def activation_per_example(x, x_hat, z):
    return z.mean(dim=1)


@_fault(
    "mean_activation",
    "mean_activation: you average over the examples on which a latent is active. Here the mean is "
    "over all examples, with the zeros.",
)
def activation_when_active(x, x_hat, z):
    return z.sum(dim=0) / (z > 0).sum(dim=0).clamp(min=1)


@_fault(
    "mean_activation",
    "mean_activation: you average over the examples on which a latent is active. A dead latent "
    "then gives 0/0, NaN. Here the mean is over all examples, with the zeros: `z.mean(dim=0)`.",
)
def activation_when_active_nan(x, x_hat, z):
    return z.sum(dim=0) / (z > 0).sum(dim=0)


@exercise.misconception(
    "You average everything batch by batch. Only where all batches have the same size is that "
    "right for L0 and mean_activation, and it never is for FVU and dead_fraction. Bring the "
    "batches together first, with `torch.cat`."
)
def all_per_batch(batches):
    parts = [_right([batch]) for batch in batches]
    means = {k: sum(p[k] for p in parts) / len(parts) for k in ("FVU", "L0", "dead_fraction")}
    return means | {"mean_activation": sum(p["mean_activation"] for p in parts) / len(parts)}


@exercise.misconception(
    "FVU, L0 and mean_activation are means of what each batch gives. A short batch then counts as "
    "much as a long one, and FVU is wrong even for equal batches. Bring the batches together "
    "first, with `torch.cat`."
)
def three_per_batch(batches):
    report = all_per_batch(batches)
    return report | {"dead_fraction": _right(batches)["dead_fraction"]}


@_fault(
    "FVU",
    "FVU: `x.var(dim=0)` divides by one less than the number of examples, and your mean squared "
    "error does not. Divide sum by sum, or give `var` the argument correction=0.",
)
def one_less(x, x_hat, z):
    return (((x - x_hat) ** 2).mean() / x.var(dim=0).mean()).item()


@_fault(
    "FVU",
    "FVU: `x.var()` subtracts one mean over all entries, and divides by one less than their "
    "number. Each dimension has a mean of its own. Use sums above and below the line, with "
    "`x - x.mean(dim=0)` below.",
)
def variance_of_all_entries(x, x_hat, z):
    return (((x - x_hat) ** 2).mean() / x.var()).item()


@_fault(
    "FVU",
    "FVU: you divide dimension by dimension and average the ratios, and `x.var(dim=0)` divides by "
    "one less than the number of examples. Sum above and below the line first, divide once.",
)
def mean_of_ratios_one_less(x, x_hat, z):
    return (((x - x_hat) ** 2).mean(dim=0) / x.var(dim=0)).mean().item()


@exercise.misconception(
    "Your report is on the last batch only: your loop overwrites what it found before. Collect "
    "the batches, and compute once after the loop."
)
def last_batch_only(batches):
    return _right(batches[-1:])


@exercise.misconception(
    "Your report is on the first batch only. Use them all. (Does `return` stand inside the loop?)"
)
def first_batch_only(batches):
    return _right(batches[:1])


@exercise.misconception(
    "The report is right, but your code changes the batches themselves (`x -= …` works in place). "
    "Make new tensors: `x - x.mean(dim=0)`."
)
def in_place(batches):
    report = _right(batches)
    mean = _joined(batches)[0].mean(dim=0)
    for x, _, _ in batches:
        x -= mean
    return report


@exercise.style
def running_sums(batches):
    n = total = residual = square = 0
    active = on = 0
    for x, x_hat, z in batches:
        n += len(x)
        total = total + x.double().sum(dim=0)
        square = square + x.double().square().sum()
        residual = residual + (x - x_hat).double().square().sum()
        active = active + z.double().sum(dim=0)
        on = on + (z > 0).sum(dim=0)
    spread = square - (total**2).sum() / n
    return {
        "mean_activation": (active / n).to(z.dtype),
        "FVU": float(residual / spread),
        "L0": int(on.sum()) / n,
        "dead_fraction": float((on == 0).double().mean()),
    }


@exercise.style
def with_variance(batches):
    x, x_hat, z = (torch.vstack(part) for part in zip(*batches, strict=True))
    unexplained = (x - x_hat).pow(2).mean() / x.var(dim=0, correction=0).mean()
    report = {"FVU": float(unexplained)}
    report["L0"] = torch.count_nonzero(z).item() / z.shape[0]
    report["dead_fraction"] = 1 - (z.amax(dim=0) > 0).sum().item() / z.shape[1]
    report["mean_activation"] = z.sum(dim=0) / len(z)
    return report
