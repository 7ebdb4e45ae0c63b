"""Exercise `hoyer_measure`: sparseness of a code as Hoyer measures it, from 0 to 1."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def hoyer_measure(z: Tensor) -> Tensor:
    """Hoyer's measure of each code: 0 if all sizes are equal, 1 if one entry is not 0.

        H = (sqrt(n) - L1 / L2) / (sqrt(n) - 1),   n = number of latents

    z : codes, shape (batch, latent), at least 2 latents; no code is all zero
    Returns the measure of each code, shape (batch,).
    """
    ### BEGIN SOLUTION
    n = z.shape[1]
    l1 = z.abs().sum(dim=1)  # (batch,)
    l2 = (z**2).sum(dim=1).sqrt()  # (batch,)
    return (n**0.5 - l1 / l2) / (n**0.5 - 1)
    ### END SOLUTION


def cases(draw: Draw):
    """Dense and sparse codes of both signs and of several sizes, equal entries, one-hot codes."""

    def codes(*shape: int, **options) -> Tensor:
        z = draw.normal(*shape, **options)
        z[:, 0] += z[:, 0].sign()  # no code is near zero
        return z

    yield Case({"z": codes(1, 4)}, note="a batch of one")
    size = draw.integer(2, 9) / 2
    one_hot = torch.tensor([[0.0, 0.0, -size], [size, 0.0, 0.0]])
    yield Case({"z": one_hot}, note="one-hot codes")
    equal = torch.tensor([[1.0, -1.0], [-1.0, -1.0], [1.0, 1.0]]) * size
    yield Case({"z": equal}, note="entries of equal size")
    yield Case({"z": codes(3, 5)}, note="fewer examples than latents")
    yield Case({"z": codes(6, 3)}, note="more examples than latents")
    yield Case({"z": codes(4, 4)}, note="as many examples as latents")
    sparse = codes(5, 8)
    sparse[:, 3:] = 0
    yield Case({"z": sparse}, note="codes with many zeros")
    yield Case({"z": codes(4, 6, dtype=torch.float64) * 1000}, note="large entries, float64")
    small = codes(3, 5, dtype=torch.float64) / 1000
    yield Case({"z": small}, note="small entries, float64")
    wide = codes(4, 7)
    yield Case(
        {"z": torch.stack([wide, wide], dim=-1)[..., 0]},
        note="a tensor that is not contiguous in memory",
    )


exercise = FunctionExercise(
    hoyer_measure,
    title="Hoyer's measure",
    points=3,
    difficulty=2,
    minutes=12,
    why="L0 needs a threshold, and the mean activation changes when a code is multiplied by 10. "
    "Hoyer's measure needs no threshold and does not change.",
    cases=cases,
    gradients=False,
    tolerance=(1e-4, 1e-5),
    hints=(
        "Three numbers are needed: n, which is the same for all codes, and L1 and L2, of which "
        "each code has its own. A code is a row.",
        "L1 is the sum of the sizes along a row, L2 the root of the sum of the squares along a "
        "row: both with dim=1. n is `z.shape[1]`.",
        "Try your function on (3, 4, 0, 0): n = 4, L1 = 7, L2 = 5, so H = (2 - 1.4) / (2 - 1) = "
        "0.6. `n**0.5` is the root of a plain number.",
    ),
)


def _norms(z, dim=1):
    return z.abs().sum(dim=dim), (z**2).sum(dim=dim).sqrt()


@exercise.misconception(
    "L1 and L2 are the wrong way round: you divide L2 by L1. The ratio is L1 / L2, which is 1 for "
    "a one-hot code and sqrt(n) for equal entries."
)
def ratio_inverted(z):
    l1, l2 = _norms(z)
    return (z.shape[1] ** 0.5 - l2 / l1) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You take n where sqrt(n) is meant, above and below. For equal entries the result should be 0."
)
def no_root_of_n(z):
    l1, l2 = _norms(z)
    return (z.shape[1] - l1 / l2) / (z.shape[1] - 1)


@exercise.misconception(
    "Your n is the number of examples (`len(z)` or `z.shape[0]`). n is the number of latents: "
    "`z.shape[1]`."
)
def n_of_the_batch(z):
    l1, l2 = _norms(z)
    root = torch.tensor(float(len(z)), dtype=z.dtype).sqrt()
    return (root - l1 / l2) / (root - 1)


@exercise.misconception(
    "Your n is the number of *all* entries (`z.numel()`). n is the number of entries of one code: "
    "`z.shape[1]`."
)
def n_of_all_entries(z):
    l1, l2 = _norms(z)
    root = z.numel() ** 0.5
    return (root - l1 / l2) / (root - 1)


@exercise.misconception(
    "You count only the entries that are not 0 as n. Then sparse codes are compared with shorter "
    "ones, and a one-hot code gives 0 / 0. n is the number of all latents."
)
def n_of_the_active(z):
    l1, l2 = _norms(z)
    root = (z != 0).sum(dim=1).to(z.dtype).sqrt()
    return (root - l1 / l2) / (root - 1)


@exercise.misconception(
    "Your measure runs the wrong way: it is 1 - H, so a one-hot code gets 0. Here 1 is the "
    "sparsest."
)
def wrong_way_round(z):
    l1, l2 = _norms(z)
    return 1 - (z.shape[1] ** 0.5 - l1 / l2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You do not divide by sqrt(n) - 1. It brings the result to the range from 0 to 1."
)
def not_divided(z):
    l1, l2 = _norms(z)
    return z.shape[1] ** 0.5 - l1 / l2


@exercise.misconception(
    "Below the line stands sqrt(n). It should be sqrt(n) - 1: then a one-hot code gets exactly 1."
)
def divided_by_root_n(z):
    l1, l2 = _norms(z)
    return (z.shape[1] ** 0.5 - l1 / l2) / z.shape[1] ** 0.5


@exercise.misconception(
    "Your L2 lacks its root: it is the sum of the squares. Then the result changes when a code is "
    "multiplied by 10, and it must not."
)
def l2_without_root(z):
    l1, l2 = _norms(z)
    return (z.shape[1] ** 0.5 - l1 / l2**2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "Your L1 adds up the entries themselves, so entries of opposite sign cancel. Take the sizes, "
    "`z.abs()`."
)
def l1_without_sizes(z):
    _, l2 = _norms(z)
    return (z.shape[1] ** 0.5 - z.sum(dim=1) / l2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You average where you should add up: L1 and L2 are sums along a code. (The mean of the "
    "squares under the root is not L2.)"
)
def means_for_sums(z):
    l1, l2 = z.abs().mean(dim=1), (z**2).mean(dim=1).sqrt()
    return (z.shape[1] ** 0.5 - l1 / l2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You measure the columns: each latent over the examples. A code is a row: add up with dim=1."
)
def along_the_columns(z):
    l1, l2 = _norms(z, dim=0)
    return (z.shape[1] ** 0.5 - l1 / l2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You take the whole table as one long code. Each row has its own L1 and L2, and its own "
    "result: shape (batch,)."
)
def whole_table(z):
    l1, l2 = z.abs().sum(), (z**2).sum().sqrt()
    return (z.numel() ** 0.5 - l1 / l2) / (z.numel() ** 0.5 - 1)


@exercise.misconception(
    "You return the mean over the codes. Asked is the measure of each: shape (batch,)."
)
def averaged(z):
    l1, l2 = _norms(z)
    return ((z.shape[1] ** 0.5 - l1 / l2) / (z.shape[1] ** 0.5 - 1)).mean()


@exercise.misconception(
    "The brackets are missing above the line: only L1 / L2 is divided by sqrt(n) - 1, not the "
    "whole difference."
)
def brackets_missing(z):
    l1, l2 = _norms(z)
    return z.shape[1] ** 0.5 - l1 / l2 / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "Rows and columns are swapped everywhere: n is the number of examples, and L1 and L2 run over "
    "the examples. A code is a row, with `z.shape[1]` entries."
)
def transposed(z):
    l1, l2 = _norms(z, dim=0)
    root = torch.tensor(float(len(z)), dtype=z.dtype).sqrt()
    return (root - l1 / l2) / (root - 1)


@exercise.misconception(
    "Your L1 is the mean of the sizes of a code. It is their sum: `.sum(dim=1)`."
)
def mean_for_l1(z):
    _, l2 = _norms(z)
    return (z.shape[1] ** 0.5 - z.abs().mean(dim=1) / l2) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "Under the root of your L2 is the mean of the squares. It should be their sum."
)
def mean_for_l2(z):
    l1, _ = _norms(z)
    return (z.shape[1] ** 0.5 - l1 / (z**2).mean(dim=1).sqrt()) / (z.shape[1] ** 0.5 - 1)


@exercise.misconception(
    "You have one L2 for the whole table (`norm` without `dim`). Each code has its own."
)
def one_l2_for_all(z):
    l1, _ = _norms(z)
    return (z.shape[1] ** 0.5 - l1 / (z**2).sum().sqrt()) / (z.shape[1] ** 0.5 - 1)


@exercise.style
def with_norm(z):
    root = torch.tensor(z.shape[-1], dtype=z.dtype).sqrt()
    return (root - z.norm(p=1, dim=-1) / z.norm(p=2, dim=-1)) / (root - 1)


@exercise.style
def row_by_row(z):
    values = []
    for code in z:
        ratio = code.abs().sum() / torch.sqrt((code * code).sum())
        values.append((len(code) ** 0.5 - ratio) / (len(code) ** 0.5 - 1))
    return torch.stack(values)


@exercise.style
def scaled_first(z):
    unit = torch.nn.functional.normalize(z, dim=1)
    return 1 - (unit.abs().sum(dim=1) - 1) / (z.size(1) ** 0.5 - 1)
