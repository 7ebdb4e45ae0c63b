"""Exercise `toy_loss`: the toy model of superposition, and its loss with importances.

    h = x W      x_hat = ReLU(h Wᵀ + b)      loss = mean of Σ_i importance_i (x_i - x_hat_i)²

(Elhage et al., "Toy Models of Superposition", 2022)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def toy_loss(W: Tensor, b: Tensor, x: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """The reconstruction of the toy model, and its loss.

    W : one direction per feature, shape (features, dim)
    b : shape (features,)
    x : how much there is of each feature, shape (batch, features)
    importance : what an error of each feature counts, shape (features,)
    Returns the reconstruction, shape (batch, features), and the loss, a single number.
    """
    ### BEGIN SOLUTION
    h = x @ W  # (batch, dim)
    x_hat = torch.relu(h @ W.T + b)  # (batch, features)
    loss = (importance * (x - x_hat) ** 2).sum(dim=1).mean()
    return x_hat, loss
    ### END SOLUTION


def cases(draw: Draw):
    """Other sizes, a batch of one; as many features as dimensions; float64; gaps in memory."""

    def case(batch, features, dim, note, scale=1.0, **kind):
        dtype = kind.get("dtype", torch.float32)
        W = draw.normal(features, dim, scale=0.8, **kind)
        b = draw.normal(features, scale=0.5, dtype=dtype)
        x = scale * draw.uniform(batch, features, dtype=dtype)
        x = x * (draw.uniform(batch, features, dtype=dtype) < 0.6)
        x[draw.integer(0, batch - 1), draw.integer(0, features - 1)] = scale
        importance = draw.uniform(features, low=0.2, high=1.5, dtype=dtype)
        return Case({"W": W, "b": b, "x": x, "importance": importance}, note=note)

    yield case(1, 3, 2, "a batch of one")
    yield case(6, 5, 2, "five features in two dimensions")
    yield case(3, 4, 6, "more dimensions than features")
    yield case(4, 4, 4, "as many features as dimensions and examples")
    yield case(7, 6, 3, "float64", dtype=torch.float64)
    yield case(5, 7, 3, "large inputs, W not contiguous in memory", 8.0, layout="transposed")


exercise = FunctionExercise(
    toy_loss,
    title="The toy model",
    points=4,
    difficulty=2,
    minutes=20,
    why="Three lines of code, small enough to see the features arrange themselves in the plane.",
    cases=cases,
    outputs=("x_hat", "loss"),
    hints=(
        "The same W is used twice. On the way in, each row is weighed by how much there is of its "
        "feature; with examples as rows this is `x @ W`. On the way out, the result is compared "
        "with each row of W.",
        "`h @ W.T` has one column per feature. Add b there, and then take the ReLU. (There is no "
        "ReLU after the first product.)",
        "The loss: `importance * (x - x_hat) ** 2` has shape (batch, features). Add up over the "
        "features, `.sum(dim=1)`, then `.mean()` over the examples.",
    ),
)


def _forward(W, b, x):
    return torch.relu(x @ W @ W.T + b)


def _loss(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum(dim=1).mean()


def _both(x, x_hat, importance):
    return x_hat, _loss(x, x_hat, importance)


@exercise.misconception("The ReLU is missing. With it, what leaks in with a minus sign is cut off.")
def no_relu(W, b, x, importance):
    return _both(x, x @ W @ W.T + b, importance)


@exercise.misconception("The bias b is missing. Add it before the ReLU.")
def no_bias(W, b, x, importance):
    return _both(x, torch.relu(x @ W @ W.T), importance)


@exercise.misconception(
    "The bias is added after the ReLU. Add it before: a negative bias shall keep small leaks below "
    "0."
)
def bias_after_relu(W, b, x, importance):
    return _both(x, torch.relu(x @ W @ W.T) + b, importance)


@exercise.misconception("The bias has the wrong sign: it is added.")
def bias_subtracted(W, b, x, importance):
    return _both(x, torch.relu(x @ W @ W.T - b), importance)


@exercise.misconception(
    "There is a ReLU after the first product, too. h may be negative: a direction in the plane "
    "needs both signs. Only the output has a ReLU."
)
def relu_inside(W, b, x, importance):
    return _both(x, torch.relu(torch.relu(x @ W) @ W.T + b), importance)


@exercise.misconception(
    "You have multiplied with W the wrong way round. The way in is `x @ W`, (batch, dim); the way "
    "out `h @ W.T`, (batch, features)."
)
def transposed(W, b, x, importance):
    return _both(x, torch.relu(x @ W.T @ W + b), importance)


@exercise.misconception(
    "You multiply with W twice, without transposing it for the way out: `h @ W.T`."
)
def not_transposed(W, b, x, importance):
    return _both(x, torch.relu(x @ W @ W + b), importance)


@exercise.misconception(
    "You give the rows of W length 1. In the toy model their length is free: a feature that is not "
    "kept has length 0."
)
def unit_norm(W, b, x, importance):
    return _both(x, _forward(torch.nn.functional.normalize(W, dim=1), b, x), importance)


@exercise.misconception("The importance is not used. It weighs the squared error of each feature.")
def no_importance(W, b, x, importance):
    return _both(x, _forward(W, b, x), torch.ones_like(importance))


@exercise.misconception(
    "You multiply the difference with the importance *before* squaring. Then the importance is "
    "squared, too."
)
def importance_squared(W, b, x, importance):
    return _both(x, _forward(W, b, x), importance**2)


@exercise.misconception(
    "You multiply the inputs or the reconstruction with the importance. It belongs into the loss "
    "alone: what comes back is x_hat as the model makes it."
)
def importance_in_the_output(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return importance * x_hat, _loss(x, x_hat, importance)


@exercise.misconception(
    "You take the mean over the features. Add up over the features; the mean is over the examples "
    "only."
)
def mean_over_all(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, (importance * (x - x_hat) ** 2).mean()


@exercise.misconception(
    "You add up over the examples as well. Over them take the mean: else the loss grows with the "
    "batch."
)
def sum_over_all(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, (importance * (x - x_hat) ** 2).sum()


@exercise.misconception(
    "You divide by the sum of the importances. They are weights, but the loss is the plain sum "
    "over the features."
)
def weighted_mean(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, _loss(x, x_hat, importance) / importance.sum()


@exercise.misconception(
    "You take the mean over the features, and the sum over the examples. It is the other way round."
)
def wrong_axes(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, (importance * (x - x_hat) ** 2).sum(dim=0).mean()


@exercise.misconception("You take the size of the difference. The loss has its square.")
def absolute(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, (importance * (x - x_hat).abs()).sum(dim=1).mean()


@exercise.misconception("One loss per example comes back. Take the mean over the examples.")
def one_per_example(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, (importance * (x - x_hat) ** 2).sum(dim=1)


@exercise.misconception(
    "The values are right, but the W of the way in gets no gradient: it is detached. The same W is "
    "trained through both of its uses."
)
def way_in_detached(W, b, x, importance):
    return _both(x, torch.relu(x @ W.detach() @ W.T + b), importance)


@exercise.misconception(
    "The values are right, but the W of the way out gets no gradient: it is detached. The same W "
    "is trained through both of its uses."
)
def way_out_detached(W, b, x, importance):
    return _both(x, torch.relu(x @ W @ W.detach().T + b), importance)


@exercise.misconception(
    "The loss is a Python number: `.item()` cuts the gradient, and the model cannot be trained. "
    "Return the tensor."
)
def a_float(W, b, x, importance):
    x_hat = _forward(W, b, x)
    return x_hat, _loss(x, x_hat, importance).item()


@exercise.misconception(
    "The values are right, but no gradient comes through. Is everything inside `torch.no_grad()`?"
)
def no_gradient(W, b, x, importance):
    with torch.no_grad():
        return _both(x, _forward(W, b, x), importance)


@exercise.misconception("The loss comes first in what you return. Return x_hat, then the loss.")
def swapped(W, b, x, importance):
    return _both(x, _forward(W, b, x), importance)[::-1]


@exercise.misconception("You return the loss alone. Return x_hat, too.")
def loss_alone(W, b, x, importance):
    return _loss(x, _forward(W, b, x), importance)


@exercise.style
def with_linear(W, b, x, importance):
    linear = torch.nn.functional.linear
    x_hat = linear(linear(x, W.T), W, b).clamp(min=0)
    return x_hat, ((x_hat - x).square() @ importance).mean()


@exercise.style
def as_in_the_paper(W, b, x, importance):
    W = W.T  # (dim, features), and examples as columns
    x_hat = torch.relu(W.T @ (W @ x.T) + b[:, None]).T
    squares = (x_hat - x) ** 2
    return x_hat, torch.sum(squares * importance) / len(x)
