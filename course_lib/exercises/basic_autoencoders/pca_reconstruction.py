"""Exercise `pca_reconstruction`: PCA as an autoencoder, fitted on training data, used on new data.

code = (x - mean) V          x̂ = code Vᵀ + mean          V: the first k directions, (d, k)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def pca_reconstruction(train: Tensor, test: Tensor, k: int) -> Tensor:
    """Reconstructions of the test data by the best linear code of k numbers for the training data.

    train : training data, one example per row, shape (n, d)
    test : new data, shape (m, d)
    k : size of the code, from 1 to min(n, d)
    Returns the reconstructions of `test`, shape (m, d).
    """
    ### BEGIN SOLUTION
    mean = train.mean(dim=0)  # (d,)
    _, _, Vh = torch.linalg.svd(train - mean, full_matrices=False)
    directions = Vh[:k]  # (k, d), one direction per row
    code = (test - mean) @ directions.T  # (m, k)
    return code @ directions + mean  # (m, d)
    ### END SOLUTION


def pair(draw: Draw, n: int, m: int, d: int, k: int, **kind) -> dict:
    """Training data (n, d) with well separated variances along directions that are not the axes,
    and test data (m, d) around another mean."""
    dtype = kind.get("dtype", torch.float32)
    turn = torch.linalg.qr(draw.normal(d, d, dtype=torch.float64)).Q
    rows = torch.linalg.qr(draw.normal(n, d, dtype=torch.float64)).Q if n >= d else None
    if rows is None:  # fewer examples than numbers: n of the d directions are used
        rows = torch.linalg.qr(draw.normal(n, n, dtype=torch.float64)).Q
        turn = turn[:, :n]
    scale = 6 * 0.6 ** torch.arange(rows.shape[1], dtype=torch.float64)
    mean = draw.uniform(d, low=1.0, high=3.0, dtype=torch.float64)
    train = (rows * scale * n**0.5) @ turn.T + mean
    test = draw.normal(m, d, scale=2.0, dtype=torch.float64) + draw.uniform(
        d, low=-1.0, high=1.0, dtype=torch.float64
    )
    train, test = train.to(dtype), test.to(dtype)
    if kind.get("layout") == "transposed":
        train, test = train.T.contiguous().T, test.T.contiguous().T
    return {"train": train, "test": test, "k": k}


def cases(draw: Draw):
    """Tall, wide and square; one test example; all directions kept; float64; gaps in memory."""
    yield Case(pair(draw, 8, 1, 3, 1), note="a single test example, one latent")
    yield Case(pair(draw, 9, 4, 5, 2), note="two latents")
    yield Case(pair(draw, 12, 5, 4, 4), note="as many latents as numbers")
    yield Case(pair(draw, 5, 6, 8, 2), note="fewer training examples than numbers")
    yield Case(pair(draw, 6, 6, 6, 3), note="as many examples as numbers")
    yield Case(pair(draw, 20, 7, 6, 3, dtype=torch.float64), note="float64")
    yield Case(pair(draw, 11, 4, 5, 2, layout="transposed"), note="data not contiguous in memory")


exercise = FunctionExercise(
    pca_reconstruction,
    title="PCA as an autoencoder",
    points=4,
    difficulty=2,
    minutes=20,
    why="PCA needs no training and is the best linear autoencoder. A network that does not beat it "
    "was not worth training.",
    cases=cases,
    gradients=False,
    tolerance=(2e-3, 2e-3),
    hints=(
        "Everything that is learnt comes from `train`: the mean and the directions. The test data "
        "is only sent through: subtract the mean, project, come back, add the mean.",
        "`U, S, Vh = torch.linalg.svd(centred, full_matrices=False)` gives the directions as the "
        "*rows* of `Vh`, the most important first. Keep the first k rows: shape (k, d).",
        "With `directions` of shape (k, d), the code is `(test - mean) @ directions.T`, shape "
        "(m, k), and the way back is `code @ directions`. Do not forget to add the mean at the "
        "end.",
    ),
)


def _fit(data: Tensor, k: int) -> tuple[Tensor, Tensor]:
    mean = data.mean(dim=0)
    return mean, torch.linalg.svd(data - mean, full_matrices=False).Vh[:k]


@exercise.misconception(
    "You subtract and add the mean of the *test* data. An autoencoder is fitted on the training "
    "data alone: a single test image has no mean of its own to speak of."
)
def mean_of_the_test_data(train, test, k):
    _, V = _fit(train, k)
    mean = test.mean(dim=0)
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You find the directions from the *test* data. They would fit it better than they should: all "
    "that is learnt must come from `train`."
)
def fitted_on_the_test_data(train, test, k):
    mean, V = _fit(test, k)
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You fit on training and test data together. The test data must stay unseen until the end."
)
def fitted_on_both(train, test, k):
    mean, V = _fit(torch.cat([train, test]), k)
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You reconstruct `train`. Use it to find mean and directions, and send `test` through."
)
def train_reconstructed(train, test, k):
    mean, V = _fit(train, k)
    return (train - mean) @ V.T @ V + mean


@exercise.misconception(
    "The mean is missing at the end. You took it away before projecting; the reconstruction needs "
    "it back: `+ mean`."
)
def mean_not_added(train, test, k):
    mean, V = _fit(train, k)
    return (test - mean) @ V.T @ V


@exercise.misconception(
    "You subtract the mean to find the directions, but not from the test data before you project "
    "it. Then the mean is added to what still has its own."
)
def test_not_centred(train, test, k):
    mean, V = _fit(train, k)
    return test @ V.T @ V + mean


@exercise.misconception(
    "The mean takes no part in your projection: test data goes in and comes out as it is. Subtract "
    "the training mean before, and add it after."
)
def mean_left_out_of_the_projection(train, test, k):
    _, V = _fit(train, k)
    return test @ V.T @ V


@exercise.misconception(
    "You never subtract a mean. The first direction then points at the mean, and one of k numbers "
    "is spent on it."
)
def never_centred(train, test, k):
    V = torch.linalg.svd(train, full_matrices=False).Vh[:k]
    return test @ V.T @ V


@exercise.misconception(
    "You find the directions from data that is not centred. Subtract the mean before the singular "
    "value decomposition too."
)
def directions_not_centred(train, test, k):
    mean = train.mean(dim=0)
    V = torch.linalg.svd(train, full_matrices=False).Vh[:k]
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You subtract one number, the mean of all entries. Each column has its own mean: "
    "`train.mean(dim=0)`."
)
def mean_of_all_entries(train, test, k):
    mean = train.mean()
    V = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k]
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You keep the *last* k directions, those with the least variance. The first rows of `Vh` are "
    "the most important."
)
def last_directions(train, test, k):
    mean = train.mean(dim=0)
    V = torch.linalg.svd(train - mean, full_matrices=False).Vh[-k:]
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You take the first k *columns* of `Vh`. torch returns the directions as rows: `Vh[:k]`."
)
def columns_of_vh(train, test, k):
    mean = train.mean(dim=0)
    V = torch.linalg.svd(train - mean, full_matrices=True).Vh[:, :k]  # (d, k)
    return (test - mean) @ V @ V.T + mean


@exercise.misconception(
    "You keep one direction more than k. The slice `[:k]` has exactly k entries."
)
def one_too_many(train, test, k):
    mean, V = _fit(train, k + 1)
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You keep one direction fewer than k. The slice `[:k]` has exactly k entries."
)
def one_too_few(train, test, k):
    mean, V = _fit(train, k - 1)
    return (test - mean) @ V.T @ V + mean


@exercise.misconception(
    "You return the code, k numbers per example. Go back: `code @ directions + mean`."
)
def code_returned(train, test, k):
    mean, V = _fit(train, k)
    return (test - mean) @ V.T


@exercise.misconception(
    "You multiply the code by the singular values. They say how much the *training* data varies "
    "along each direction; a projection needs the directions alone."
)
def scaled_by_singular_values(train, test, k):
    mean = train.mean(dim=0)
    _, S, Vh = torch.linalg.svd(train - mean, full_matrices=False)
    return ((test - mean) @ Vh[:k].T * S[:k]) @ Vh[:k] + mean


@exercise.misconception(
    "You divide the columns by their standard deviation. That is PCA of other data (and the scale "
    "would have to be put back). Only the mean is subtracted."
)
def standardised(train, test, k):
    mean, std = train.mean(dim=0), train.std(dim=0)
    V = torch.linalg.svd((train - mean) / std, full_matrices=False).Vh[:k]
    return ((test - mean) / std) @ V.T @ V * std + mean


@exercise.misconception(
    "Your code changes its input in place (`train -= …` or `test -= …`). Make a new tensor instead."
)
def changed_in_place(train, test, k):
    mean, V = _fit(train, k)
    test -= mean
    return test @ V.T @ V + mean


@exercise.misconception(
    "You take the third part of the decomposition as `V`, with the directions as columns. torch "
    "returns `Vh`: the directions are its *rows*. Keep `Vh[:k]`."
)
def vh_taken_for_v(train, test, k):
    mean = train.mean(dim=0)
    V = torch.linalg.svd(train - mean, full_matrices=False).Vh[:, :k]
    return (test - mean) @ V @ V.T + mean


@exercise.misconception(
    "You keep all the directions. A code of k numbers has the first k only: `Vh[:k]`."
)
def all_directions(train, test, k):
    mean = train.mean(dim=0)
    Vh = torch.linalg.svd(train - mean, full_matrices=False).Vh
    return (test - mean) @ Vh.T @ Vh + mean


@exercise.misconception(
    "You subtract the mean of each row. The mean of PCA is the mean example: one number per "
    "*column*, `train.mean(dim=0)`."
)
def mean_of_each_row(train, test, k):
    rows = train.mean(dim=1, keepdim=True)
    V = torch.linalg.svd(train - rows, full_matrices=False).Vh[:k]
    own = test.mean(dim=1, keepdim=True)
    return (test - own) @ V.T @ V + own


@exercise.misconception(
    "`torch.linalg.eigh` gives the direction with the *smallest* variance first, and you keep the "
    "first k columns. Keep the last k, or turn the order round."
)
def smallest_eigenvectors(train, test, k):
    mean = train.mean(dim=0)
    centred = train - mean
    V = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, :k]
    return (test - mean) @ V @ V.T + mean


@exercise.misconception(
    "You subtract the mean at the end as well. It was taken away before; now it must be added."
)
def mean_subtracted_twice(train, test, k):
    mean, V = _fit(train, k)
    return (test - mean) @ V.T @ V - mean


@exercise.style
def with_pca_function(train, test, k):
    # eigenvectors of the covariance, smallest eigenvalue first
    mean = train.mean(0, keepdim=True)
    centred = (train - mean).double()
    vectors = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -k:]  # (d, k)
    P = (vectors @ vectors.T).to(train.dtype)  # (d, d): project and come back in one
    return (test - mean) @ P + mean


@exercise.style
def direction_by_direction(train, test, k):
    mean = train.mean(dim=0)
    Vh = torch.linalg.svd(train - mean)[2]
    result = mean.repeat(len(test), 1)
    for v in Vh[:k]:
        result = result + ((test - mean) @ v)[:, None] * v
    return result


@exercise.style
def through_transposes(train, test, k):
    mean = train.mean(dim=0)
    U = torch.linalg.svd((train - mean).T, full_matrices=False).U[:, :k]  # (d, k)
    return (U @ (U.T @ (test - mean).T)).T + mean
