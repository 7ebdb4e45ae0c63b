"""Exercise `mse_loss`: the squared error, averaged per element or summed per example."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def mse_loss(prediction: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The squared error between predictions and targets, as one number.

    prediction : shape (batch, size), one example of `size` numbers per row
    target     : shape (batch, size) too
    reduction  : "mean" averages over all batch * size elements;
                 "sum" adds up the numbers of each example, then averages over the examples
    Returns the loss, shape ().
    """
    ### BEGIN SOLUTION
    squared = (prediction - target) ** 2  # (batch, size)
    if reduction == "mean":
        return squared.mean()
    return squared.sum(dim=1).mean()
    ### END SOLUTION


def cases(draw: Draw):
    """Both reductions on each kind of input; batches of one, square ones, single numbers."""
    shapes = (
        (1, 4, "a batch of one"),
        (3, 2, "more examples than numbers in each"),
        (2, 6, "fewer examples than numbers in each"),
        (4, 4, "as many examples as numbers in each"),
    )
    for reduction in ("mean", "sum"):
        for batch, size, note in shapes:
            yield _case(draw, draw.normal(batch, size, shift=0.5), reduction, note)
        yield _case(draw, draw.normal(5, 1), reduction, "one number per example")
        yield _case(
            draw, draw.normal(7, 3, scale=300.0, dtype=torch.float64), reduction, "large, float64"
        )
        yield _case(
            draw,
            draw.normal(6, 5, layout="transposed"),
            reduction,
            "a tensor that is not contiguous in memory",
        )
    prediction = draw.normal(3, 5)
    yield Case(
        {"prediction": prediction, "target": draw.normal(3, 5)}, note="without `reduction`: mean"
    )


def _case(draw: Draw, prediction: Tensor, reduction: str, note: str) -> Case:
    target = draw.normal(*prediction.shape, dtype=prediction.dtype)
    return Case(
        {"prediction": prediction, "target": target, "reduction": reduction},
        note=f'"{reduction}": {note}',
    )


exercise = FunctionExercise(
    mse_loss,
    title="Mean squared error, in two sizes",
    points=2,
    difficulty=1,
    minutes=10,
    why="Papers and libraries use both, under the same name. They differ by a factor, and that "
    "factor changes which learning rate is right.",
    cases=cases,
    hints=(
        "Begin as in lesson 1: subtract, then square. Both reductions start from this table, with "
        "one row per example.",
        '"mean" is the average of the whole table. "sum" takes two steps: first one number per '
        "row, then the average of those.",
        "`squared.sum(dim=1)` adds up along each row and has shape (batch,). Then comes "
        "`.mean()`. Choose with `if reduction == ...`.",
    ),
)


def _squared(prediction, target):
    return (prediction - target) ** 2


@exercise.misconception(
    'For "sum" you add up *everything*, the examples too (as torch does with `reduction="sum"`). '
    "The loss then grows with the batch. Here: sum over the numbers of an example, average over "
    "the examples."
)
def sum_over_everything(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.mean() if reduction == "mean" else squared.sum()


@exercise.misconception(
    'For "sum" your axes are swapped: you add up over the examples and average over the columns '
    "(or you multiply the mean by the size of the batch). The numbers of an example lie along its "
    "row: dim=1."
)
def axes_swapped(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.mean() if reduction == "mean" else squared.sum(dim=0).mean()


@exercise.misconception(
    'You always return the mean over all elements: `reduction` is not used. For "sum" the result '
    "is as many times as large as an example has numbers."
)
def always_mean(prediction, target, reduction="mean"):
    return _squared(prediction, target).mean()


@exercise.misconception(
    'You always add up the numbers of an example, also for "mean". There the average is over all '
    "elements."
)
def always_sum(prediction, target, reduction="mean"):
    return _squared(prediction, target).sum(dim=1).mean()


@exercise.misconception('"mean" and "sum" are the wrong way round.')
def swapped(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.sum(dim=1).mean() if reduction == "mean" else squared.mean()


@exercise.misconception(
    'For "sum" you return one number per example. A loss is a single number: average over the '
    "examples."
)
def one_number_per_example(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.mean() if reduction == "mean" else squared.sum(dim=1)


@exercise.misconception(
    'For "mean" you return one number per example: `.mean(dim=1)` averages along the rows only. '
    "Without `dim` it averages over everything."
)
def mean_per_example(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.mean(dim=1) if reduction == "mean" else squared.sum(dim=1).mean()


@exercise.misconception(
    "You return the table of squared differences. A loss is a single number: reduce the table."
)
def not_reduced(prediction, target, reduction="mean"):
    return _squared(prediction, target)


@exercise.misconception(
    "You add up (or average) the differences first and square afterwards. Errors of opposite sign "
    "then cancel. Square each difference first."
)
def squared_last(prediction, target, reduction="mean"):
    difference = prediction - target
    if reduction == "mean":
        return difference.mean() ** 2
    return (difference.sum(dim=1) ** 2).mean()


@exercise.misconception(
    "You square predictions and targets, and then subtract. -2 and 2 would then be no error at "
    "all. Subtract first, then square."
)
def squares_subtracted(prediction, target, reduction="mean"):
    difference = prediction**2 - target**2
    return difference.mean() if reduction == "mean" else difference.sum(dim=1).mean()


@exercise.misconception(
    "You take absolute differences. Here the differences are squared: large errors count more."
)
def absolute(prediction, target, reduction="mean"):
    size = (prediction - target).abs()
    return size.mean() if reduction == "mean" else size.sum(dim=1).mean()


@exercise.misconception(
    'You take a root: for "sum" you average the *lengths* of the errors. The *squared* length is '
    "asked for: leave the root out, or write `.norm(dim=1) ** 2`."
)
def norms(prediction, target, reduction="mean"):
    difference = prediction - target
    return (difference**2).mean() if reduction == "mean" else difference.norm(dim=1).mean()


@exercise.misconception(
    "You take the root at the end. The mean *squared* error is asked for, without a root."
)
def root_at_the_end(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return (squared.mean() if reduction == "mean" else squared.sum(dim=1).mean()).sqrt()


@exercise.misconception(
    "Your loss is half as large. Some books put 1/2 in front, so that the slope has no factor 2. "
    "Here there is none."
)
def halved(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return (squared.mean() if reduction == "mean" else squared.sum(dim=1).mean()) / 2


@exercise.misconception(
    "The number is right, but it is cut off from the prediction (`.detach()`, `.data` or "
    "`torch.no_grad()`). Nothing could be trained with this loss."
)
def detached(prediction, target, reduction="mean"):
    return mse_loss(prediction, target, reduction).detach()


@exercise.misconception(
    "You return a plain Python number. A loss stays a tensor, so that gradients can flow back from "
    "it: leave `.item()` or `float()` out."
)
def python_number(prediction, target, reduction="mean"):
    return mse_loss(prediction, target, reduction).item()


@exercise.misconception(
    "The number is right, but `-=` or a method that ends in `_` has changed the caller's "
    "`prediction`. Make a new tensor: `difference = prediction - target`."
)
def prediction_changed(prediction, target, reduction="mean"):
    prediction -= target
    squared = prediction**2
    return squared.mean() if reduction == "mean" else squared.sum(dim=1).mean()


@exercise.misconception(
    'Both results are one size too large. For "mean" you average over the examples only, and for '
    '"sum" over nothing. Per element means: divided by batch times size.'
)
def both_one_size_too_large(prediction, target, reduction="mean"):
    total = _squared(prediction, target).sum()
    return total / len(prediction) if reduction == "mean" else total


@exercise.misconception(
    'For "sum" you return one number per *column*: you add up over the examples. Add up along '
    "each row, with dim=1, and then average over the examples."
)
def one_number_per_column(prediction, target, reduction="mean"):
    squared = _squared(prediction, target)
    return squared.mean() if reduction == "mean" else squared.sum(dim=0)


@exercise.misconception(
    "In Python `^` is not a power (it works on bits). Write `** 2` for a square."
)
def caret_for_power(prediction, target, reduction="mean"):
    return ((prediction - target) ^ 2).mean()


@exercise.misconception(
    'For "sum" nothing comes back. Does a `return` stand in the other branch too?'
)
def nothing_for_sum(prediction, target, reduction="mean"):
    if reduction == "mean":
        return _squared(prediction, target).mean()
    return None


@exercise.style
def one_from_the_other(prediction, target, reduction="mean"):
    mean = torch.nn.functional.mse_loss(prediction, target)
    return mean * prediction.shape[1] if reduction == "sum" else mean


@exercise.style
def total_divided(prediction, target, reduction="mean"):
    total = ((target - prediction) * (target - prediction)).sum()
    return total / {"mean": prediction.numel(), "sum": len(prediction)}[reduction]


@exercise.style
def rows_first(prediction, target, reduction="mean"):
    rows = torch.stack([(p - t).pow(2).sum() for p, t in zip(prediction, target, strict=True)])
    if reduction == "mean":
        rows = rows / prediction.size(1)
    return rows.mean()


@exercise.style
def with_norms(prediction, target, reduction="mean"):
    error = torch.linalg.vector_norm(prediction - target) ** 2 / prediction.shape[0]
    return error if reduction == "sum" else error / prediction.shape[1]
