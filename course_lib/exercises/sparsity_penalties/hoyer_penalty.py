"""Exercise `hoyer_penalty`: one minus Hoyer's measure, finite for every code."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def hoyer_penalty(z: Tensor) -> Tensor:
    """One minus Hoyer's measure of each code, averaged over the codes.

        H = (sqrt(n) - L1 / L2) / (sqrt(n) - 1),   n = number of latents

    A code of zeros has H = 0, and no slope: it costs 1, and its gradient is 0.

    z : codes, shape (batch, latent), at least 2 latents
    Returns the penalty, shape ().
    """
    ### BEGIN SOLUTION
    n = z.shape[1]
    size = z.abs() + 1e-8  # a code of zeros now counts as equal entries; |z| has slope 0 there
    ratio = size.sum(dim=1) / (size**2).sum(dim=1).sqrt()  # (batch,), from 1 to sqrt(n)
    measure = (n**0.5 - ratio) / (n**0.5 - 1)
    return (1 - measure).mean()
    ### END SOLUTION


def cases(draw: Draw):
    """Dense, sparse, one-hot and equal codes; codes of zeros, alone and among others."""

    def codes(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        z = draw.normal(*shape, dtype=dtype)
        return z + 0.3 * z.sign()  # no size is near zero: the slope of |z| jumps there

    yield Case({"z": codes(1, 4)}, note="a batch of one")
    size = draw.integer(2, 9) / 2
    one_hot = torch.tensor([[0.0, 0.0, -size], [size, 0.0, 0.0]])
    yield Case({"z": one_hot}, note="one-hot codes: the penalty is 0")
    yield Case({"z": torch.zeros(2, 3)}, note="codes of zeros: the penalty is 1, the gradient 0")
    mixed = codes(4, 5)
    mixed[draw.integer(0, 3)] = 0
    yield Case({"z": mixed}, note="one code of zeros among others")
    sparse = codes(3, 8)
    sparse[:, 3:] = 0
    yield Case({"z": sparse}, note="codes with many zeros")
    yield Case({"z": codes(6, 3)}, note="more examples than latents")
    yield Case({"z": codes(4, 4)}, note="as many examples as latents")
    yield Case({"z": codes(5, 6, dtype=torch.float64) * 20}, note="large entries, float64")
    wide = codes(4, 7)
    yield Case(
        {"z": torch.stack([wide, wide], dim=-1)[..., 0]},
        note="a tensor that is not contiguous in memory",
    )


exercise = FunctionExercise(
    hoyer_penalty,
    title="The Hoyer penalty",
    points=4,
    difficulty=3,
    minutes=20,
    why="The measure grows with sparsity and the penalty must fall. A sign and a division by zero "
    "are all that is between a useful penalty and a ruined run.",
    cases=cases,
    tolerance=(1e-4, 1e-5),
    hints=(
        "Begin with your measure of the second exercise. The penalty of a code is 1 - H, and the "
        "result is the mean over the codes. What goes wrong at a code of zeros?",
        "There L1 / L2 is 0 / 0. Add something tiny, such as 1e-8, to each |entry| at the very "
        "beginning. Then all zeros become equal entries, for which H is 0.",
        "`size = z.abs() + 1e-8`. From there on use `size` everywhere in place of z. It is not "
        "enough to replace a bad value at the end: the gradient has gone through 0 / 0 by then.",
    ),
)


def _measure(z, dim=1, n=None):
    root = (n or z.shape[1]) ** 0.5
    size = z.abs() + 1e-8
    return (root - size.sum(dim=dim) / (size**2).sum(dim=dim).sqrt()) / (root - 1)


@exercise.misconception(
    "The sign is wrong: you return the measure itself. To make it small, training would make the "
    "codes *dense*. The penalty is 1 - H."
)
def wrong_sign(z):
    return _measure(z).mean()


@exercise.misconception(
    "You return -H. It falls with sparsity, as it should, but it is shifted by 1. The penalty here "
    "is 1 - H, between 0 and 1."
)
def minus_the_measure(z):
    return -_measure(z).mean()


@exercise.misconception(
    "At a code of zeros L1 / L2 is 0 / 0, and the penalty is NaN. One such code spoils the whole "
    "run. Add something tiny to each |entry| first."
)
def nan_at_zero(z):
    root = z.shape[1] ** 0.5
    ratio = z.abs().sum(dim=1) / (z**2).sum(dim=1).sqrt()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "You keep L2 away from 0 after its root. At a code of zeros L1 / L2 is then 0, and H is above "
    "1: the penalty must be 1 there. And the slope of the root at 0 is infinite, so the gradient "
    "is NaN. Keep the sizes away from 0 instead."
)
def epsilon_outside_the_root(z):
    root = z.shape[1] ** 0.5
    ratio = z.abs().sum(dim=1) / ((z**2).sum(dim=1).sqrt() + 1e-8)
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "Nothing divides by zero any more, but for a code of zeros L1 / L2 is 0, so that H is *above* "
    "1: it would count as sparser than a one-hot code. Here a code of zeros costs 1."
)
def zeros_are_the_sparsest(z):
    root = z.shape[1] ** 0.5
    ratio = z.abs().sum(dim=1) / ((z**2).sum(dim=1) + 1e-12).sqrt()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "You replace NaN at the end (`torch.where`, `nan_to_num`). The value is right, but gradients "
    "flow through both branches, and 0 times NaN is NaN. The division itself must be safe."
)
def repaired_at_the_end(z):
    root = z.shape[1] ** 0.5
    ratio = z.abs().sum(dim=1) / (z**2).sum(dim=1).sqrt()
    measure = (root - ratio) / (root - 1)
    return (1 - torch.where(measure.isnan(), torch.zeros_like(measure), measure)).mean()


@exercise.misconception(
    "You add something tiny to z *before* taking sizes. The values are right, but now |z| has a "
    "slope at a code of zeros, and what comes out there is rounding noise. Add it to the sizes."
)
def added_before_the_size(z):
    root = z.shape[1] ** 0.5
    size = (z + 1e-8).abs()
    ratio = size.sum(dim=1) / (size**2).sum(dim=1).sqrt()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "You leave the codes of zeros out of the mean. Each of them counts, with a penalty of 1."
)
def zeros_left_out(z):
    kept = z[(z != 0).any(dim=1)]
    if len(kept) == 0:
        return z.new_zeros(())
    return (1 - _measure(kept)).mean()


@exercise.misconception(
    "A code of zeros costs nothing in your answer. Then the cheapest code is the empty one. Here "
    "it costs 1, as much as a code of equal entries."
)
def zeros_are_free(z):
    cost = 1 - _measure(z)
    return torch.where((z != 0).any(dim=1), cost, torch.zeros_like(cost)).mean()


@exercise.misconception(
    "You measure the whole table as one long code. Each row has its own L1 and L2."
)
def whole_table(z):
    return 1 - _measure(z.reshape(1, -1)).mean()


@exercise.misconception(
    "You measure the columns: each latent over the examples. A code is a row, dim=1."
)
def along_the_columns(z):
    return (1 - _measure(z, dim=0)).mean()


@exercise.misconception(
    "Your n is the number of *all* entries (`z.numel()`). n is the number of entries of one code: "
    "`z.shape[1]`."
)
def n_of_all_entries(z):
    return (1 - _measure(z, n=z.numel())).mean()


@exercise.misconception(
    "You add up over the codes. Then the penalty grows with the batch. Take the mean."
)
def summed(z):
    return (1 - _measure(z)).sum()


@exercise.misconception(
    "You return one number per code. A penalty is a single number: average over the codes."
)
def one_number_per_code(z):
    return 1 - _measure(z)


@exercise.misconception(
    "You do not bring it to the range from 0 to 1: your penalty is L1 / L2, which runs from 1 to "
    "sqrt(n). Its slopes then depend on the number of latents."
)
def bare_ratio(z):
    size = z.abs() + 1e-8
    return (size.sum(dim=1) / (size**2).sum(dim=1).sqrt()).mean()


@exercise.misconception(
    "The number is right, but it is cut off from the codes (`.detach()`, `.data` or "
    "`torch.no_grad()`). As a part of the loss it would do nothing."
)
def detached(z):
    return (1 - _measure(z.detach())).mean()


@exercise.misconception(
    "Your L1 adds up the entries themselves, so entries of opposite sign cancel. Take the sizes, "
    "`z.abs()`."
)
def l1_without_sizes(z):
    root = z.shape[1] ** 0.5
    size = z.abs() + 1e-8
    ratio = (z + 1e-8).sum(dim=1) / (size**2).sum(dim=1).sqrt()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "You leave the codes of zeros out, and where there is no other code you average over nothing: "
    "NaN. Each of them counts, with a penalty of 1."
)
def nothing_left(z):
    return (1 - _measure(z[(z != 0).any(dim=1)])).mean()


@exercise.misconception(
    "You look after a *table* of zeros, but not after a single code of zeros among others: there "
    "it is still 0 / 0."
)
def only_a_table_of_zeros(z):
    if bool((z == 0).all()):
        return 1 + 0 * z.sum()
    return nan_at_zero(z)


@exercise.misconception(
    "The values are right, but your L2 is cut off from the codes (`.detach()` or "
    "`torch.no_grad()`). Then every entry is pushed down, as under L1, also the largest."
)
def l2_detached(z):
    root = z.shape[1] ** 0.5
    size = z.abs() + 1e-8
    ratio = size.sum(dim=1) / (size**2).sum(dim=1).sqrt().detach()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.misconception(
    "Rows and columns are swapped everywhere: n is the number of examples, and L1 and L2 run over "
    "the examples. A code is a row, with `z.shape[1]` entries."
)
def transposed(z):
    size = z.abs() + 1e-8
    ratio = size.sum(dim=0) / (size**2).sum(dim=0).sqrt()
    root = torch.tensor(float(len(z)), dtype=z.dtype).sqrt()
    return (1 - (root - ratio) / (root - 1)).mean()


@exercise.style
def where_before_dividing(z):
    n = z.shape[1]
    empty = (z == 0).all(dim=1)
    safe = torch.where(empty[:, None], torch.ones_like(z), z)
    ratio = safe.abs().sum(dim=1) / safe.norm(dim=1)
    return ((ratio - 1) / (n**0.5 - 1)).mean()


@exercise.style
def ratio_first(z):
    size = torch.abs(z) + 1e-9
    root = size.shape[-1] ** 0.5
    ratio = torch.linalg.vector_norm(size, 1, dim=-1) / torch.linalg.vector_norm(size, dim=-1)
    return (ratio.mean() - 1) / (root - 1)


@exercise.style
def code_by_code(z):
    total = z.new_zeros(())
    root = z.size(1) ** 0.5
    for code in z:
        if bool((code == 0).all()):
            total = total + 1 + 0 * code.abs().sum()
        else:
            total = total + (code.abs().sum() / (code * code).sum().sqrt() - 1) / (root - 1)
    return total / len(z)
