"""Exercise `make_batches`: one epoch of shuffled mini-batches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import Observation
from course_lib.exercises.verdicts import Verdict


def make_batches(
    x: Tensor, y: Tensor, order: Tensor, batch_size: int
) -> list[tuple[Tensor, Tensor]]:
    """The mini-batches of one epoch.

    x : inputs, shape (examples, in)
    y : targets, shape (examples, out)
    order : the row numbers 0 ... examples - 1, shuffled, shape (examples,)
    batch_size : rows per batch; the last batch may have fewer
    Returns a list with one pair (x_batch, y_batch) per batch.
    """
    ### BEGIN SOLUTION
    batches = []
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batches.append((x[rows], y[rows]))
    return batches
    ### END SOLUTION


def cases(draw: Draw):
    """Sizes that divide the number of examples and sizes that do not, 1, all, and more than all."""
    for examples, size, note in (
        (4, 2, "the batch size divides the number of examples"),
        (5, 2, "a last batch of one"),
        (8, 3, "a last batch of two"),
        (9, 3, "as many batches as rows in a batch"),
        (4, 1, "batches of one"),
        (3, 3, "a single batch"),
        (4, 6, "a batch size above the number of examples"),
    ):
        yield _case(draw, draw.normal(examples, 2), size, note)
    yield _case(draw, draw.normal(7, 3, dtype=torch.float64), 4, "float64")
    yield _case(
        draw, draw.normal(11, 4, layout="transposed"), 4, "inputs that are not contiguous in memory"
    )


def _case(draw: Draw, x: Tensor, batch_size: int, note: str) -> Case:
    order = torch.tensor(draw.shuffled(list(range(len(x)))))
    while torch.equal(order, order.argsort()):  # else it and its inverse are the same
        if len(x) < 3 or len(set(order.tolist())) < 3:
            break
        order = torch.tensor(draw.shuffled(list(range(len(x)))))
    y = draw.normal(len(x), 1, dtype=x.dtype)
    return Case({"x": x, "y": y, "order": order, "batch_size": batch_size}, note=note)


class BatchesExercise(FunctionExercise):
    """The answer returns a list of pairs: its faults are told in batches, not in tensors."""

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        args, returned = trial.cases[at].args, _pairs_in(seen[at])
        wanted = _pairs_in(trial.observed(self.reference, at))
        if found.aspect == "result" and returned is not None and returned != wanted:
            count = f"{returned} batch{'es' * (returned != 1)}"
            expected = f"{wanted} {'is' if wanted == 1 else 'are'} expected"
            sizes = f"{len(args['x'])} examples, batch size {args['batch_size']}"
            found = replace(found, sentence=f"You return {count}; {expected} ({sizes}).")
        return super()._wrong(trial, seen, at, found)


def _pairs_in(seen: Observation) -> int | None:
    """How many pairs of tensors an answer has returned; None if it is no list of pairs."""
    places = [re.fullmatch(r"\[(\d+)\]\[[01]\]", path) for path in seen.leaves]
    if not all(places):
        return None
    pairs = {place[1] for place in places}
    return len(pairs) if len(places) == 2 * len(pairs) else None


exercise = BatchesExercise(
    make_batches,
    title="Shuffled mini-batches",
    points=2,
    difficulty=1,
    minutes=12,
    why="When inputs and targets are shuffled differently, nothing stops and nothing warns. The "
    "model just learns nothing.",
    cases=cases,
    gradients=False,
    hints=(
        "A tensor of row numbers picks rows: `x[torch.tensor([3, 0])]` holds rows 3 and 0 of x. "
        "Which row numbers does the first batch need, and which the second?",
        "Cut `order` into pieces of batch_size numbers. Each piece picks the rows of one batch, "
        "from x and from y.",
        "`range(0, len(order), batch_size)` gives the places where the pieces begin, and "
        "`order[start : start + batch_size]` is one piece. At the end Python's slices simply stop, "
        "so the last piece is shorter by itself.",
    ),
)


def _pairs(x, y, pieces):
    return [(x[rows], y[rows]) for rows in pieces]


@exercise.misconception(
    "You shuffle the inputs but not the targets. Each input now meets the target of another. Pick "
    "the rows of both with the same numbers."
)
def targets_not_shuffled(x, y, order, batch_size):
    starts = range(0, len(order), batch_size)
    return [(x[order[i : i + batch_size]], y[i : i + batch_size]) for i in starts]


@exercise.misconception(
    "You shuffle the targets but not the inputs. Each input now meets the target of another. Pick "
    "the rows of both with the same numbers."
)
def inputs_not_shuffled(x, y, order, batch_size):
    starts = range(0, len(order), batch_size)
    return [(x[i : i + batch_size], y[order[i : i + batch_size]]) for i in starts]


@exercise.misconception(
    "`order` is not used: your batches come in the order of the table. Row `order[0]` must come "
    "first, then row `order[1]`, and so on."
)
def order_ignored(x, y, order, batch_size):
    return list(zip(x.split(batch_size), y.split(batch_size), strict=True))


@exercise.misconception(
    "The last batch is missing when it is not full. In one epoch each example has its turn: keep "
    "the last batch, even if it is smaller."
)
def last_batch_dropped(x, y, order, batch_size):
    full = len(order) // batch_size
    return _pairs(x, y, [order[i * batch_size : (i + 1) * batch_size] for i in range(full)])


@exercise.misconception(
    "Your range stops too early: the last batch is missing even when it is full. Let it run up to "
    "`len(order)`, not `len(order) - batch_size`."
)
def range_too_short(x, y, order, batch_size):
    starts = range(0, len(order) - batch_size, batch_size)
    return _pairs(x, y, [order[i : i + batch_size] for i in starts])


@exercise.misconception(
    "Your last batch is filled up with rows from the beginning. Then some examples are used twice "
    "in an epoch. Leave it smaller."
)
def last_batch_filled_up(x, y, order, batch_size):
    count = -(-len(order) // batch_size)
    numbers = torch.arange(count * batch_size) % len(order)
    return _pairs(x, y, order[numbers].split(batch_size))


@exercise.misconception(
    "Some of your batches are empty: the loop runs once per example. There are fewer batches than "
    "examples: `range(0, len(order), batch_size)`."
)
def empty_batches(x, y, order, batch_size):
    starts = [i * batch_size for i in range(len(order))]
    return _pairs(x, y, [order[i : i + batch_size] for i in starts])


@exercise.misconception(
    "Your last batch is empty when the batch size divides the number of examples: you always make "
    "one batch more than there are full ones."
)
def one_batch_too_many(x, y, order, batch_size):
    starts = range(0, len(order) + 1, batch_size)
    return _pairs(x, y, [order[i : i + batch_size] for i in starts])


@exercise.misconception(
    "`torch.chunk(order, batch_size)` makes `batch_size` pieces. You want pieces *of* `batch_size` "
    "rows: `order.split(batch_size)`."
)
def chunked(x, y, order, batch_size):
    return _pairs(x, y, order.chunk(batch_size))


@exercise.misconception(
    "Your batches overlap: each begins only one row after the one before. The next batch begins "
    "where the last one ended: step by `batch_size` in `range`."
)
def overlapping(x, y, order, batch_size):
    return _pairs(x, y, [order[i : i + batch_size] for i in range(len(order))])


@exercise.misconception(
    "You make `batch_size` batches. It is the number of rows in *each* batch; how many batches "
    "there are follows from it."
)
def size_taken_as_count(x, y, order, batch_size):
    return _pairs(x, y, order.tensor_split(batch_size))


@exercise.misconception("Only the first batch came back. Does a `return` stand inside the loop?")
def first_batch_only(x, y, order, batch_size):
    return _pairs(x, y, [order[:batch_size]])


@exercise.misconception(
    "You use `order` the wrong way round: you send row i to place `order[i]`. Row `order[i]` must "
    "come to place i: `x[order]`."
)
def order_inverted(x, y, order, batch_size):
    return _pairs(x, y, order.argsort().split(batch_size))


@exercise.misconception(
    "You return the batches of x and those of y as two lists. A list of pairs is asked for: the "
    "loop of training then reads `for x_batch, y_batch in batches`."
)
def two_lists(x, y, order, batch_size):
    pieces = order.split(batch_size)
    return [x[rows] for rows in pieces], [y[rows] for rows in pieces]


@exercise.misconception(
    "You return the row numbers of each batch. The rows themselves are asked for."
)
def row_numbers(x, y, order, batch_size):
    return [(rows, rows) for rows in order.split(batch_size)]


@exercise.misconception(
    "In each pair the target stands first. The input comes first: `(x_batch, y_batch)`."
)
def targets_first(x, y, order, batch_size):
    return [(b, a) for a, b in _pairs(x, y, order.split(batch_size))]


@exercise.misconception(
    "Your batches hold the inputs only. Each needs its targets too: `(x[rows], y[rows])`."
)
def inputs_only(x, y, order, batch_size):
    return [x[rows] for rows in order.split(batch_size)]


@exercise.misconception(
    "Your batches take every so many-th row of `order` (`order[i::n]`). Take rows that follow each "
    "other: `order[start : start + batch_size]`."
)
def every_so_many(x, y, order, batch_size):
    count = -(-len(order) // batch_size)
    return _pairs(x, y, [order[i::count] for i in range(count)])


@exercise.misconception(
    "Your batches have one row too many: `start + batch_size` is already left out by a slice, so "
    "nothing needs to be added to it."
)
def one_row_too_many(x, y, order, batch_size):
    starts = range(0, len(order), batch_size)
    return _pairs(x, y, [order[i : i + batch_size + 1] for i in starts])


@exercise.misconception(
    "`.squeeze()` removes every axis of length 1. A target of one number, or a batch of one row, "
    "loses a dimension: leave it out."
)
def squeezed(x, y, order, batch_size):
    return [(a.squeeze(), b.squeeze()) for a, b in _pairs(x, y, order.split(batch_size))]


@exercise.misconception(
    "You shuffle within each batch only: the batches themselves hold rows that stood together in "
    "the table. Shuffle first, then cut."
)
def shuffled_within(x, y, order, batch_size):
    pieces = []
    for start in range(0, len(order), batch_size):
        inside = (order >= start) & (order < start + batch_size)
        pieces.append(order[inside])
    return _pairs(x, y, pieces)


@exercise.misconception(
    "The targets get a random order of their own (a second `randperm`). Each input now meets the "
    "target of another. Use `order` for both."
)
def second_random_order(x, y, order, batch_size):
    other = torch.randperm(len(y))
    return list(zip(x[order].split(batch_size), y[other].split(batch_size), strict=True))


@exercise.misconception(
    "You draw a random order of your own. Use the one that is handed to you, `order`."
)
def own_random_order(x, y, order, batch_size):
    return _pairs(x, y, torch.randperm(len(x)).split(batch_size))


@exercise.misconception("Each of your batches is a single row: `batch_size` is not used.")
def single_rows(x, y, order, batch_size):
    return [(x[i], y[i]) for i in order]


@exercise.misconception(
    "Each of your batches is one row, as a batch of one: `batch_size` is not used."
)
def batches_of_one(x, y, order, batch_size):
    return _pairs(x, y, order.split(1))


@exercise.misconception(
    "Your slices end at `batch_size`: `order[start:batch_size]`. From the second batch on nothing "
    "is left. A slice ends at `start + batch_size`."
)
def slices_end_too_early(x, y, order, batch_size):
    starts = range(0, len(order), batch_size)
    return _pairs(x, y, [order[i:batch_size] for i in starts])


@exercise.misconception(
    "Your batches begin at rows 0, 1, 2, ..., one further each time: you count the batches. Batch "
    "number i begins at i * batch_size."
)
def starts_are_counted(x, y, order, batch_size):
    count = -(-len(order) // batch_size)
    return _pairs(x, y, [order[i : i + batch_size] for i in range(count)])


@exercise.misconception(
    "Your batches begin at rows 0, 1, 2, ..., one further each time, and those that are not full "
    "are left out. Batch number i begins at i * batch_size, and the last one may be smaller."
)
def starts_are_counted_and_dropped(x, y, order, batch_size):
    count = len(order) // batch_size
    return _pairs(x, y, [order[i : i + batch_size] for i in range(count)])


@exercise.misconception(
    "You return a generator: brackets instead of round parentheses make a list of it, or `list(…)` "
    "around it. A generator can be gone through only once, so the second epoch would be empty."
)
def generator_returned(x, y, order, batch_size):
    return ((x[rows], y[rows]) for rows in order.split(batch_size))


@exercise.misconception(
    "You shuffle the caller's `x` and `y` themselves. Make new tensors: `x[order]`, without "
    "assigning to `x[:]`."
)
def shuffled_in_place(x, y, order, batch_size):
    x[:], y[:] = x[order], y[order]
    return list(zip(x.split(batch_size), y.split(batch_size), strict=True))


@exercise.style
def shuffled_then_split(x, y, order, batch_size):
    return list(zip(x[order].split(batch_size), y[order].split(batch_size), strict=True))


@exercise.style
def with_a_while_loop(x, y, order, batch_size):
    batches, left = [], order.tolist()
    while left:
        now, left = left[:batch_size], left[batch_size:]
        batches.append((x[now], y[now]))
    return batches


@exercise.style
def with_index_select(x, y, order, batch_size):
    return [(x.index_select(0, r), y.index_select(0, r)) for r in order.split(batch_size)]


@exercise.style
def with_a_data_loader(x, y, order, batch_size):
    data = torch.utils.data.TensorDataset(x[order], y[order])
    return [(a, b) for a, b in torch.utils.data.DataLoader(data, batch_size=batch_size)]
