"""Exercise `example_errors`: one reconstruction error per example, and which example is worst."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def example_errors(x: Tensor, x_hat: Tensor) -> tuple[Tensor, int]:
    """The mean squared error of each example, and the number of the worst one.

    x : inputs, one per row, shape (n, d)
    x_hat : their reconstructions, shape (n, d)
    Returns the errors, shape (n,), and the row number of the largest, a Python int.
    """
    ### BEGIN SOLUTION
    errors = ((x_hat - x) ** 2).mean(dim=1)  # (n,)
    return errors, errors.argmax().item()
    ### END SOLUTION


def batch(draw: Draw, n: int, d: int, worst: int, **kind) -> dict[str, Tensor]:
    """Inputs (n, d) of mean 1 and reconstructions in which row `worst` is furthest off.

    Another row has the largest error in a single entry, a third is the largest input: neither is
    the worst.
    """
    dtype = kind.get("dtype", torch.float32)
    x = draw.normal(n, d, shift=1.0, **kind)
    off = draw.uniform(n, d, low=0.2, high=0.6, dtype=dtype)
    off[worst] = draw.uniform(d, low=1.4, high=1.6, dtype=dtype)
    others = [row for row in range(n) if row != worst]
    if others:
        off[others[0], draw.integer(0, d - 1)] = 2.0
        x[others[-1]] *= 4
    signs = draw.normal(n, d, dtype=dtype).sign()
    return {"x": x, "x_hat": x + off * signs}


def cases(draw: Draw):
    """Tall, wide and square; one row; the worst row early, late, between; float64; gaps."""
    yield Case(batch(draw, 1, 6, 0), note="a single example")
    yield Case(batch(draw, 3, 8, 1), note="more entries than examples")
    yield Case(batch(draw, 12, 7, 9), note="more examples than entries")
    yield Case(batch(draw, 7, 7, 3), note="as many examples as entries")
    yield Case(batch(draw, 9, 8, 8, dtype=torch.float64), note="float64, the last one is worst")
    yield Case(
        batch(draw, 10, 9, 5, layout="transposed"),
        note="inputs that are not contiguous in memory",
    )


exercise = FunctionExercise(
    example_errors,
    title="Which example is reconstructed worst?",
    points=2,
    difficulty=1,
    minutes=10,
    why="A mean over all the data hides the examples that a model cannot do. Look at the worst "
    "ones first.",
    cases=cases,
    outputs=("errors", "worst"),
    hints=(
        "Subtract, square: you have a table of shape (n, d), one row per example. Over which of "
        "its two axes must you take the mean to keep one number per row?",
        "`.mean(dim=1)` takes the mean along each row. `.argmax()` says where the largest entry "
        "of a tensor stands.",
        "`argmax()` returns a tensor with one entry. `.item()` makes a Python int of it. Return "
        "both: `return errors, worst`.",
    ),
)


@exercise.misconception(
    "You take the mean over the examples (dim=0), so you have one error per *entry*. Take it along "
    "each row, with dim=1."
)
def per_entry(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=0)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You sum over the entries of an example. The mean is asked for: divide by the number of "
    "entries d."
)
def summed(x, x_hat):
    errors = ((x_hat - x) ** 2).sum(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You divide by the number of examples n. The error of one example is a mean over its own d "
    "entries."
)
def divided_by_examples(x, x_hat):
    errors = ((x_hat - x) ** 2).sum(dim=1) / len(x)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You return the mean over all the data, one number. Keep one number per example: "
    "`.mean(dim=1)`."
)
def one_number(x, x_hat):
    return ((x_hat - x) ** 2).mean(), ((x_hat - x) ** 2).mean(dim=1).argmax().item()


@exercise.misconception(
    "You take the mean before squaring. Differences of opposite sign then cancel. Square first."
)
def mean_before_square(x, x_hat):
    errors = (x_hat - x).mean(dim=1) ** 2
    return errors, errors.argmax().item()


@exercise.misconception(
    "You take the mean of the absolute differences. The loss of this unit squares them."
)
def absolute(x, x_hat):
    errors = (x_hat - x).abs().mean(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You take the square root of the error. The order of the examples stays, but the mean over "
    "your errors would no longer be the loss. Leave the root out."
)
def root(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1).sqrt()
    return errors, errors.argmax().item()


@exercise.misconception(
    "You divide each error by the size of the example. That is another useful measure, but here "
    "the plain mean of the squares is asked for."
)
def relative(x, x_hat):
    errors = ((x_hat - x) ** 2).sum(dim=1) / (x**2).sum(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You forgot to subtract: these are the mean squares of the reconstructions themselves."
)
def not_subtracted(x, x_hat):
    errors = (x_hat**2).mean(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You take the largest squared difference of each example (`.max`, `.amax`). One pixel far off "
    "then counts more than a whole image slightly off. Take the mean."
)
def largest_entry(x, x_hat):
    errors = ((x_hat - x) ** 2).amax(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "Your `worst` is the best example: `argmin` finds the smallest error. Use `argmax`."
)
def the_best(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, errors.argmin().item()


@exercise.misconception(
    "Your errors are right, but `worst` is the place of the largest single entry in the whole "
    "table, counted through all rows. Ask for `errors.argmax()`."
)
def place_in_the_table(x, x_hat):
    squares = (x_hat - x) ** 2
    return squares.mean(dim=1), squares.argmax().item()


@exercise.misconception(
    "Your `worst` is the largest error itself. Its row number is asked for: `argmax` instead of "
    "`max`."
)
def value_instead_of_number(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, errors.max().item()


@exercise.misconception(
    "You return the largest error as a tensor. Its row number is asked for, as a Python int: "
    "`argmax` and `.item()`."
)
def value_as_tensor(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, errors.max()


@exercise.misconception(
    "Your `worst` is right, but it is a tensor with one entry. Make it a Python int with `.item()`."
)
def number_as_tensor(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, errors.argmax()


@exercise.misconception(
    "Your `worst` is right, but it is a float. A row number is a whole number: `int(…)` or "
    "`.item()`."
)
def number_as_float(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, float(errors.argmax())


@exercise.misconception(
    "Your errors are right, but `worst` is the row with the largest single difference. The worst "
    "example is the one with the largest *mean*: `errors.argmax()`."
)
def row_of_the_largest_entry(x, x_hat):
    squares = (x_hat - x) ** 2
    return squares.mean(dim=1), squares.amax(dim=1).argmax().item()


@exercise.misconception(
    "You count the rows from 1. Python counts from 0: `x[worst]` must be the worst example."
)
def counted_from_one(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, errors.argmax().item() + 1


@exercise.misconception(
    "You return the worst example itself. Its row number is asked for; `x[worst]` then is the "
    "example."
)
def the_example(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, x[errors.argmax()]


@exercise.misconception(
    "Your errors have shape (n, 1): `keepdim=True` keeps the axis. Leave it out."
)
def axis_kept(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1, keepdim=True)
    return errors, errors.argmax().item()


@exercise.misconception(
    "Your numbers are right, but the errors are cut off from the reconstruction (`.detach()` or "
    "`torch.no_grad()`). Someone may want to train on them: leave them as they are."
)
def detached(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1).detach()
    return errors, errors.argmax().item()


@exercise.misconception(
    "The two results stand the wrong way round. Return the errors first, then `worst`."
)
def swapped(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors.argmax().item(), errors


@exercise.misconception(
    "You take the length of the difference (`.norm`), the root of the *sum* of the squares. "
    "The mean of the squares is asked for."
)
def norm_of_the_difference(x, x_hat):
    errors = (x - x_hat).norm(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "You return the spread of the differences (`.var`), not their mean square. A model that is off "
    "by the same amount everywhere would have no error at all."
)
def spread(x, x_hat):
    errors = (x_hat - x).var(dim=1)
    return errors, errors.argmax().item()


@exercise.misconception(
    "Your errors are sorted. Leave them in the order of the examples: `errors[i]` goes with `x[i]`."
)
def sorted_errors(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors.sort(descending=True).values, errors.argmax().item()


@exercise.misconception(
    "Your errors are a Python list. Leave them a tensor: `.tolist()` also cuts them off from the "
    "gradient."
)
def as_a_list(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors.tolist(), errors.argmax().item()


@exercise.misconception(
    "You return the errors alone. Two things are asked for: `return errors, worst`."
)
def errors_alone(x, x_hat):
    return ((x_hat - x) ** 2).mean(dim=1)


@exercise.misconception(
    "You return the worst row number alone. Two things are asked for: `return errors, worst`."
)
def worst_alone(x, x_hat):
    return ((x_hat - x) ** 2).mean(dim=1).argmax().item()


@exercise.misconception(
    "Your `worst` is the largest error cut down to a whole number: `int(errors.max())`. Its row "
    "number is what `argmax` gives."
)
def value_as_int(x, x_hat):
    errors = ((x_hat - x) ** 2).mean(dim=1)
    return errors, int(errors.max())


@exercise.style
def with_mse_loss(x, x_hat):
    errors = torch.nn.functional.mse_loss(x_hat, x, reduction="none").mean(-1)
    return errors, int(errors.argmax())


@exercise.style
def with_norm(x, x_hat):
    errors = (x - x_hat).square().sum(dim=1) / x.shape[1]
    return errors, int(torch.argsort(errors)[-1])


@exercise.style
def row_by_row(x, x_hat):
    errors = torch.stack([((a - b) ** 2).mean() for a, b in zip(x, x_hat, strict=True)])
    worst = max(range(len(errors)), key=lambda i: errors[i].item())
    return errors, worst
