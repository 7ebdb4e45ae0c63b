"""Exercise `pca_floor`: the least error of any linear code of k numbers, from singular values.

    X - mean = U diag(s) Vᵀ        floor = (s_{k+1}² + s_{k+2}² + …) / (n · d)

(Eckart and Young, "The approximation of one matrix by another of lower rank", 1936.)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def pca_floor(X: Tensor, k: int) -> float:
    """The least mean squared error with which k numbers per row, decoded linearly, rebuild X.

    X : data, one example per row, shape (n, d)
    k : size of the code, from 0 to d
    Returns the error per element, a Python float.
    """
    ### BEGIN SOLUTION
    centred = X - X.mean(dim=0)  # (n, d)
    singular = torch.linalg.svdvals(centred)  # (min(n, d),), largest first
    return ((singular[k:] ** 2).sum() / X.numel()).item()
    ### END SOLUTION


def data(draw: Draw, n: int, d: int, **kind) -> Tensor:
    """Rows (n, d) with a different spread in each column, and a mean far from 0 and from even."""
    dtype = kind.get("dtype", torch.float32)
    scale = torch.linspace(3.0, 0.5, d, dtype=dtype)
    shift = draw.uniform(d, low=1.0, high=3.0, dtype=dtype)
    return draw.normal(n, d, **kind) * scale + shift


def cases(draw: Draw):
    """Tall, wide and square data; k from 0 to d; float64; data with gaps in memory."""
    yield Case({"X": data(draw, 8, 3), "k": 1}, note="8 examples of 3 numbers, one latent")
    yield Case({"X": data(draw, 9, 4), "k": 2}, note="half as many latents as numbers")
    yield Case({"X": data(draw, 6, 5), "k": 0}, note="no latents: only the mean is left")
    yield Case({"X": data(draw, 11, 4), "k": 4}, note="as many latents as numbers")
    yield Case({"X": data(draw, 5, 9), "k": 2}, note="fewer examples than numbers")
    yield Case({"X": data(draw, 7, 7), "k": 3}, note="as many examples as numbers")
    yield Case({"X": data(draw, 40, 6, dtype=torch.float64), "k": 5}, note="float64")
    yield Case(
        {"X": draw_transposed(draw, 10, 6), "k": 2},
        note="data that is not contiguous in memory",
    )


def draw_transposed(draw: Draw, n: int, d: int) -> Tensor:
    """The same kind of data, its memory laid out column by column."""
    return data(draw, n, d).T.contiguous().T


exercise = FunctionExercise(
    pca_floor,
    title="The floor of a linear code",
    points=3,
    difficulty=2,
    minutes=20,
    why="This number is the line to beat. It also says when a loss that no longer falls cannot "
    "fall.",
    cases=cases,
    gradients=False,
    hints=(
        "Subtract the mean of each column first. `torch.linalg.svdvals` then gives the singular "
        "values, the largest first. A code of k numbers keeps the first k directions.",
        "What is lost is the sum of the *squares* of the singular values from number k on (counted "
        "from 0): `singular[k:]`. The sum of the squares of *all* of them is the sum over all "
        "entries of the centred table, squared.",
        "So the sum of the squares from k on must be divided by the number of entries, n times d, "
        "which is `X.numel()`. Make a Python float of it with `.item()`.",
    ),
)


def _squares(X: Tensor) -> Tensor:
    return torch.linalg.svdvals(X - X.mean(dim=0)) ** 2


@exercise.misconception(
    "You do not subtract the mean. The first direction is then spent on pointing at the mean, "
    "which the decoder's bias gives for nothing. Subtract `X.mean(dim=0)` first."
)
def not_centred(X, k):
    return ((torch.linalg.svdvals(X)[k:] ** 2).sum() / X.numel()).item()


@exercise.misconception(
    "You subtract one number, the mean of all entries. Each column has a mean of its own: "
    "`X.mean(dim=0)`."
)
def centred_by_one_number(X, k):
    return ((torch.linalg.svdvals(X - X.mean())[k:] ** 2).sum() / X.numel()).item()


@exercise.misconception(
    "You subtract the mean of each row. Each *column* must have mean 0: `X.mean(dim=0)`, not dim=1."
)
def centred_by_rows(X, k):
    centred = X - X.mean(dim=1, keepdim=True)
    return ((torch.linalg.svdvals(centred)[k:] ** 2).sum() / X.numel()).item()


@exercise.misconception(
    "You also divide each column by its standard deviation. Then all columns count the same, and "
    "the floor is that of other data. Only subtract the mean."
)
def standardised(X, k):
    scaled = (X - X.mean(dim=0)) / X.std(dim=0)
    return ((torch.linalg.svdvals(scaled)[k:] ** 2).sum() / X.numel()).item()


@exercise.misconception(
    "You add up the squares that are *kept*, the first k. The floor is what is lost: from k on."
)
def kept_instead_of_lost(X, k):
    return (_squares(X)[:k].sum() / X.numel()).item()


@exercise.misconception(
    "You drop the k smallest singular values and count the others as lost. Singular values come "
    "largest first: the first k are kept, `singular[k:]` is lost."
)
def smallest_kept(X, k):
    squares = _squares(X)
    return (squares[: max(len(squares) - k, 0)].sum() / X.numel()).item()


@exercise.misconception(
    "You add up the singular values themselves. The error adds up their *squares*."
)
def not_squared(X, k):
    return (_squares(X).sqrt()[k:].sum() / X.numel()).item()


@exercise.misconception("You square the sum. Square each singular value first, then add up.")
def sum_squared(X, k):
    return (_squares(X).sqrt()[k:].sum() ** 2 / X.numel()).item()


@exercise.misconception(
    "You take the square root of the error. The floor of a mean *squared* error is asked for."
)
def root_taken(X, k):
    return (_squares(X)[k:].sum() / X.numel()).sqrt().item()


@exercise.misconception(
    "You divide by the number of examples only. That is the error per example. Per element: divide "
    "by n times d, `X.numel()`."
)
def per_example(X, k):
    return (_squares(X)[k:].sum() / X.shape[0]).item()


@exercise.misconception(
    "You divide by the number of columns only. The squares add up over all the examples as well: "
    "divide by n times d, `X.numel()`."
)
def per_column(X, k):
    return (_squares(X)[k:].sum() / X.shape[1]).item()


@exercise.misconception(
    "You do not divide at all: this is the error summed over all entries. Per element: divide by n "
    "times d, `X.numel()`."
)
def summed(X, k):
    return _squares(X)[k:].sum().item()


@exercise.misconception(
    "You divide by n - 1, as for an estimated covariance (torch.cov, and the variances that "
    "scikit-learn's PCA reports). The mean over the data divides by n."
)
def divided_by_n_minus_one(X, k):
    return (_squares(X)[k:].sum() / ((X.shape[0] - 1) * X.shape[1])).item()


@exercise.misconception(
    "You divide by the number of singular values that are lost (`.mean()`). All n times d elements "
    "share the error, also along the directions that are kept: divide by `X.numel()`."
)
def mean_of_the_lost(X, k):
    lost = _squares(X)[k:]
    return (lost.sum() / max(len(lost), 1) / len(X)).item()


@exercise.misconception(
    "You divide by the sum of all squares. That is the *fraction* of the variance that is lost. "
    "The error per element is asked for: divide by n times d."
)
def fraction(X, k):
    squares = _squares(X)
    return (squares[k:].sum() / squares.sum()).item()


@exercise.misconception(
    "You lose one direction too few: you start at k + 1. Counted from 0, the kept ones are 0 to "
    "k - 1, so the lost ones begin at k."
)
def one_too_few(X, k):
    return (_squares(X)[k + 1 :].sum() / X.numel()).item()


@exercise.misconception(
    "You lose one direction too many: you start at k - 1. Counted from 0, the kept ones are 0 to "
    "k - 1, so the lost ones begin at k."
)
def one_too_many(X, k):
    return (_squares(X)[max(k - 1, 0) :].sum() / X.numel()).item()


@exercise.misconception(
    "You take only the next singular value, number k, squared. All from k on are lost."
)
def next_one_only(X, k):
    return (_squares(X)[k : k + 1].sum() / X.numel()).item()


@exercise.misconception(
    "You use 1 - k/d times the variance: the floor of noise, where all directions have the same "
    "variance. Here they differ, and a good code keeps the largest."
)
def as_for_noise(X, k):
    return (X.var(dim=0, correction=0).mean() * (1 - k / X.shape[1])).item()


@exercise.misconception(
    "You keep the k columns with the largest variance. A linear code may choose any directions, "
    "not only the axes: take the singular values of the whole table."
)
def columns_kept(X, k):
    variance = X.var(dim=0, correction=0).sort(descending=True).values
    return (variance[k:].sum() / X.shape[1]).item()


@exercise.misconception(
    "Your number is right, but it is a tensor with one entry. Make it a Python float with "
    "`.item()`."
)
def tensor_returned(X, k):
    return _squares(X)[k:].sum() / X.numel()


@exercise.misconception(
    "Your code changes X itself: `X -= X.mean(dim=0)` works in place. Make a new tensor: "
    "`centred = X - X.mean(dim=0)`."
)
def changed_in_place(X, k):
    with torch.no_grad():
        X -= X.mean(dim=0)
    return ((torch.linalg.svdvals(X)[k:] ** 2).sum() / X.numel()).item()


@exercise.misconception(
    "You divide by n times the number of singular values. Where there are fewer examples than "
    "numbers that is less than n times d. Divide by `X.numel()`."
)
def divided_by_singular_values(X, k):
    squares = _squares(X)
    return (squares[k:].sum() / (len(X) * len(squares))).item()


@exercise.misconception(
    "`singular[:-k]` leaves out the *last* k, the smallest. The first k are kept, so "
    "`singular[k:]` is lost."
)
def all_but_the_last(X, k):
    return (_squares(X)[:-k].sum() / X.numel()).item()


@exercise.misconception(
    "`singular[-k:]` are the k smallest. But d - k directions are lost, not k: those from number k "
    "on, `singular[k:]`."
)
def the_last_k(X, k):
    return (_squares(X)[-k:].sum() / X.numel()).item()


@exercise.misconception(
    "`torch.linalg.eigh` and `eigvalsh` give the smallest variance first, so `[k:]` drops the "
    "smallest and counts the largest as lost. Turn the order round first: `.flip(0)`."
)
def ascending_order(X, k):
    centred = X - X.mean(dim=0)
    variances = torch.linalg.eigvalsh(centred.T @ centred / len(X))
    return (variances[k:].sum() / X.shape[1]).item()


@exercise.misconception(
    "You take the mean of the lost squares. They are sums over all the examples, and the kept "
    "directions share the error: add up, and divide by n times d."
)
def mean_of_lost_squares(X, k):
    return _squares(X)[k:].mean().item()


@exercise.misconception(
    "You rebuild the data without adding the mean, and compare with `X`. Compare with the centred "
    "data, or add the mean."
)
def mean_not_added(X, k):
    U, S, Vh = torch.linalg.svd(X - X.mean(dim=0), full_matrices=False)
    return ((U[:, :k] @ torch.diag(S[:k]) @ Vh[:k] - X) ** 2).mean().item()


@exercise.misconception("You round the floor. Return it as it is, and round only where you print.")
def rounded(X, k):
    return round((_squares(X)[k:].sum() / X.numel()).item(), 2)


@exercise.style
def from_the_covariance(X, k):
    covariance = torch.cov(X.double().T, correction=0).reshape(X.shape[1], X.shape[1])
    variances = torch.linalg.eigvalsh(covariance)  # smallest first
    return variances[: X.shape[1] - k].clamp(min=0).sum().item() / X.shape[1]


@exercise.style
def by_rebuilding(X, k):
    mean = X.mean(dim=0, keepdim=True)
    U, S, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    rebuilt = U[:, :k] @ torch.diag(S[:k]) @ Vh[:k] + mean
    return float(((rebuilt - X) ** 2).mean())


@exercise.style
def total_minus_kept(X, k):
    centred = (X - X.mean(0)).double()
    kept = torch.linalg.svdvals(centred)[:k].square().sum()
    return max((centred.square().sum() - kept).item(), 0.0) / (len(X) * X.shape[1])


@exercise.style
def with_numpy(X, k):
    import numpy as np

    table = X.numpy().astype("float64")
    s = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)
    return float(np.sum(s[k:] ** 2) / table.size)
