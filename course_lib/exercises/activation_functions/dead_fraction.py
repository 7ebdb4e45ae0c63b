"""Exercise `dead_fraction`: which units of a ReLU layer are never active on the data."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def dead_fraction(W: Tensor, b: Tensor, X: Tensor) -> float:
    """The fraction of units of a ReLU layer that are never active on the data.

    W : weights, shape (hidden, in_features)
    b : biases, shape (hidden,)
    X : data, one input a row, shape (n, in_features)
    Returns a Python float from 0 (no unit is dead) to 1 (all are).
    """
    ### BEGIN SOLUTION
    activation = torch.relu(X @ W.T + b)  # (n, hidden)
    ever_active = (activation > 0).any(dim=0)  # (hidden,)
    return (~ever_active).double().mean().item()
    ### END SOLUTION


def layer(draw: Draw, X: Tensor, kinds: str) -> dict[str, Tensor]:
    """A layer on the data X (n, in), with units of these kinds in a random order:

    "dead" never active · "zero" without weights and bias, so exactly 0 on each row ·
    "late" active on the last row only (for data in which that row sticks out) ·
    "faint" active on one row only, not the first, by 0.0002 · "rare" active on the first row,
    with a mean pre-activation below 0 · "often" silent on the first row, with a mean above 0 ·
    "always" active on each row · "lifted" too, but only thanks to its bias (for X > 0).
    """
    units = [_unit(draw, X, kind) for kind in draw.shuffled(kinds.split())]
    W, b = zip(*units, strict=True)
    return {"W": torch.stack(W), "b": torch.stack(b), "X": X}


def _unit(draw: Draw, X: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """Weights (in,) and bias () of one unit."""
    w = draw.normal(X.shape[1], dtype=X.dtype)
    if kind == "lifted":
        w = -w.abs()
    if kind == "late":
        w = X[-1] / X[-1].norm()
    reach = X @ w  # (n,)
    turn = {
        "faint": reach.argmax() == 0,
        "rare": reach[0] < reach.mean(),
        "often": reach[0] > reach.mean(),
    }
    if turn.get(kind, False):
        w, reach = -w, -reach
    between = -(reach[0] + reach.mean()) / 2
    bias = {
        "dead": -reach.max() - 0.5,
        "zero": torch.zeros((), dtype=X.dtype),
        "faint": -reach.max() + 2e-4,
        "late": -reach[-1] + 5,
        "rare": between,
        "often": between,
        "always": -reach.min() + 0.5,
        "lifted": -reach.min() + 0.5,
    }[kind]
    return (torch.zeros_like(w) if kind == "zero" else w), bias


def cases(draw: Draw):
    """Layers with known units of each kind; one row, many rows, no unit dead, all units dead."""
    yield Case(layer(draw, draw.normal(1, 3), "dead always"), note="a single row of data")
    yield Case(
        layer(draw, draw.normal(4, 2), "dead zero faint often"),
        note="one unit is active on a single row only, one is exactly 0 on all rows",
    )
    yield Case(layer(draw, draw.normal(5, 3), "rare rare often faint"), note="no unit is dead")
    yield Case(layer(draw, draw.normal(4, 5), "dead dead zero"), note="all units are dead")
    positive = draw.uniform(6, 3, low=0.1, high=2.0)
    yield Case(
        layer(draw, positive, "dead lifted lifted rare always"), note="data without negative values"
    )
    yield Case(
        layer(
            draw,
            draw.normal(17, 4, dtype=torch.float64),
            "dead zero zero faint rare often often always",
        ),
        note="float64",
    )
    many = draw.normal(draw.integer(210, 260), 3)
    many[-1] *= 12 / many[-1].norm()
    yield Case(
        layer(draw, many, "dead late rare often always"),
        note="many rows; one unit is active on the last of them only",
    )
    yield Case(
        layer(draw, draw.normal(11, 4, layout="transposed"), "dead dead rare often faint always"),
        note="data that is not contiguous in memory",
    )


exercise = FunctionExercise(
    dead_fraction,
    title="What fraction of the units is dead?",
    points=3,
    difficulty=2,
    minutes=15,
    why="The code of a sparse autoencoder is made by ReLU units too, and in training many of them "
    "can die. You will measure this in every training run, with these few lines.",
    cases=cases,
    gradients=False,
    hints=(
        "Compute the activations of the whole layer first: a table with one row an input and one "
        "column a unit. What does the column of a dead unit look like?",
        "A unit is dead if *all* entries of its column are 0. So compare entry by entry, combine "
        "down the rows (dim=0) with `.any` or `.all`, and take the mean over the units last.",
        "`(activation > 0).any(dim=0)` is True for each unit that is active at least once. Turn it "
        "round with `~`, convert it to numbers, take the mean, and make it a Python float with "
        "`.item()`.",
    ),
)


@exercise.misconception(
    "You return the fraction of *entries* that are 0. A healthy ReLU unit is 0 on many rows; it is "
    "dead only if it is 0 on all of them. Combine the rows of each unit first, then take the mean "
    "over units."
)
def zero_entries(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).double().mean().item()


@exercise.misconception(
    "You count each unit that is silent on *some* row. A dead unit is silent on *all* rows: `all` "
    "instead of `any`."
)
def silent_on_some_row(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).any(dim=0).double().mean().item()


@exercise.misconception(
    "Your axes are swapped: you return the fraction of *rows* on which no unit is active. Units "
    "are the columns, so combine down the rows, with dim=0."
)
def rows_instead_of_units(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=1).double().mean().item()


@exercise.misconception(
    "You count a pre-activation of exactly 0 as active. ReLU gives 0 there, with slope 0: such a "
    "unit is as dead as the others. Active means > 0."
)
def zero_counts_as_active(W, b, X):
    return (X @ W.T + b < 0).all(dim=0).double().mean().item()


@exercise.misconception(
    "You ask whether the *pre-activation* is exactly 0. ReLU makes 0 out of each negative number, "
    "so a dead unit's pre-activations are 0 or below."
)
def pre_activation_exactly_zero(W, b, X):
    return (X @ W.T + b == 0).all(dim=0).double().mean().item()


@exercise.misconception(
    "You return how many units are dead. The fraction is asked for: divide by the number of units."
)
def count(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).sum().item()


@exercise.misconception(
    "You return the fraction that is alive. The dead ones are asked for: 1 minus that."
)
def alive_fraction(W, b, X):
    return (X @ W.T + b > 0).any(dim=0).double().mean().item()


@exercise.misconception(
    "You divide the number of dead units by the number of rows. Divide by the number of units."
)
def divided_by_rows(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).sum().item() / len(X)


@exercise.misconception(
    "You count units whose activation is small as dead, by a threshold. A unit that is active on "
    "one row only, however weakly, still gets a gradient there: it is not dead. Compare with "
    "exactly 0."
)
def below_a_threshold(W, b, X):
    return (torch.relu(X @ W.T + b).mean(dim=0) < 0.01).double().mean().item()


@exercise.misconception(
    "You average (or sum) the pre-activations of a unit before asking whether it is active. Many "
    "negative rows then hide a few positive ones. Apply ReLU to each entry first."
)
def mean_before_relu(W, b, X):
    return ((X @ W.T + b).mean(dim=0) <= 0).double().mean().item()


@exercise.misconception(
    "You look at the first row of the data only. A unit that is silent there may be active on "
    "another row."
)
def first_row_only(W, b, X):
    return (torch.relu(X[0] @ W.T + b) == 0).double().mean().item()


@exercise.misconception(
    "The bias is missing: you look at `X @ W.T` alone. A bias far below zero is the commonest "
    "reason why a unit is dead."
)
def bias_forgotten(W, b, X):
    return (torch.relu(X @ W.T) == 0).all(dim=0).double().mean().item()


@exercise.misconception(
    "Your number is right, but it is a float64 tensor with one entry. Make it a Python float with "
    "`.item()`."
)
def double_tensor_returned(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).double().mean()


@exercise.misconception(
    "Your number is right, but it is a tensor with one entry. Make it a Python float with "
    "`.item()`."
)
def tensor_returned(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).float().mean()


@exercise.misconception(
    "You round the fraction: 1/3 is not 0.33. Return it as it is, and round only where you print."
)
def rounded(W, b, X):
    return round((torch.relu(X @ W.T + b) == 0).all(dim=0).double().mean().item(), 2)


@exercise.misconception(
    "You divide the number of dead units by the number of inputs of a unit, `W.shape[1]`. The "
    "units are the *rows* of W: divide by `W.shape[0]`, which is `len(b)`."
)
def divided_by_inputs(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).sum().item() / W.shape[1]


@exercise.misconception(
    "You divide with `//`, which drops everything behind the decimal point: the result is 0 unless "
    "all units are dead. Use `/`."
)
def divided_without_remainder(W, b, X):
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).sum().item() // len(b)


@exercise.misconception(
    "You count each unit that gives the same activation on all rows. With a single row all units "
    "do, also the active ones. Dead means that this activation is 0."
)
def constant_units(W, b, X):
    activation = torch.relu(X @ W.T + b)
    return (activation.amax(dim=0) == activation.amin(dim=0)).double().mean().item()


@exercise.misconception(
    "You look at the first 100 rows only. A unit that is silent there may be active later: dead "
    "means silent on *all* the data."
)
def first_hundred_rows(W, b, X):
    return (torch.relu(X[:100] @ W.T + b) == 0).all(dim=0).double().mean().item()


@exercise.misconception("You return a percentage. A fraction from 0 to 1 is asked for.")
def percentage(W, b, X):
    return 100 * (torch.relu(X @ W.T + b) == 0).all(dim=0).double().mean().item()


@exercise.misconception(
    "You multiply by `W` as it is stored, (hidden, in_features). As in unit 1 the product with the "
    "data needs `W.T`."
)
def weight_not_transposed(W, b, X):
    return (torch.relu(X @ W + b) == 0).all(dim=0).double().mean().item()


@exercise.style
def from_the_largest(W, b, X):
    return ((X @ W.T + b).amax(dim=0) <= 0).float().mean().item()


@exercise.style
def from_the_sum_after_relu(W, b, X):
    return float((torch.relu(X @ W.T + b).sum(dim=0) == 0).sum()) / len(b)


@exercise.style
def unit_by_unit(W, b, X):
    dead = 0
    for w, bias in zip(W, b, strict=True):
        if not any((x * w).sum() + bias > 0 for x in X):
            dead += 1
    return dead / W.shape[0]


@exercise.style
def with_linear(W, b, X):
    active = torch.nn.functional.linear(X, W, b).relu().count_nonzero(dim=0)
    return 1 - (active > 0).double().mean().item()
