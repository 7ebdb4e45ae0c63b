"""Exercise `early_stopping`: when to stop, and which epoch's weights to keep."""

from __future__ import annotations

import math

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def early_stopping(val_losses: list[float], patience: int) -> tuple[int, int]:
    """When training stops, and which epoch was the best until then.

    val_losses : the validation loss of each epoch, if training went on for all of them
    patience   : training stops after so many epochs in a row without improvement (at least 1)
    Returns (stop_epoch, best_epoch), both counted from 1.
    stop_epoch is the last epoch that is run: the last of the list if training never stops early.
    """
    ### BEGIN SOLUTION
    best_loss, best_epoch, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch
    ### END SOLUTION


def cases(draw: Draw):
    """Each way in which counting goes wrong: bumps, ties, zigzags, NaN, ends, later minima."""
    falling = [round(1.0 - 0.1 * i - 0.05 * u, 3) for i, u in enumerate(_numbers(draw, 5))]
    low = falling[-1]
    up = [round(low + 0.02 + 0.03 * i + 0.02 * u, 3) for i, u in enumerate(_numbers(draw, 6))]
    lower = [round(low - 0.05 - 0.05 * i, 3) for i in range(3)]
    yield _case([falling[0]], 1, "a single epoch")
    yield _case(falling, 2, "the loss falls to the end")
    yield _case(falling + up, 1, "patience 1")
    yield _case(falling + up, 3, "the loss falls, then rises")
    yield _case([*falling, *up[:2]], 3, "the list ends before patience does")
    yield _case(falling[:3] + up[:2] + lower + up, 3, "a bump that is shorter than patience")
    yield _case(falling + up[:3] + lower, 2, "a lower loss that comes too late")
    yield _case([falling[-1], *up], 4, "the first epoch is the best")
    yield _case([*falling, low, up[0], low, *up], 3, "the best loss comes again: a tie")
    zigzag = [*falling, up[5], up[1], up[4], up[0], up[3], up[2], *lower]
    yield _case(zigzag, 4, "up and down, without a new best")
    yield _case([*falling, math.nan, math.nan, up[0], *lower], 3, "NaN, which is no improvement")
    yield _case([*falling, math.nan, lower[0], *up], 2, "a single NaN, then a new best")
    yield _case([*falling, math.nan, *up], 3, "NaN, then a rise: NaN is waited through, too")
    large = [round(1e4 * loss, 1) for loss in falling + up]
    yield _case(large, 3, "losses far above 1")
    tiny = [*falling, round(low - 0.001, 4), *up[:2], round(low - 0.002, 4), *up]
    yield _case(tiny, 3, "small improvements count too")


def _numbers(draw: Draw, count: int) -> list[float]:
    return draw.uniform(count).double().tolist()


def _case(val_losses: list[float], patience: int, note: str) -> Case:
    return Case({"val_losses": val_losses, "patience": patience}, note=note)


exercise = FunctionExercise(
    early_stopping,
    title="Early stopping",
    points=3,
    difficulty=2,
    minutes=20,
    why="Train too long, and a model learns its examples by heart. A few lines that look at the "
    "validation loss know when to stop.",
    cases=cases,
    gradients=False,
    outputs=("stop_epoch", "best_epoch"),
    hints=(
        "Go through the losses in order, as training would: at each epoch you know only the past. "
        "Which three things must you remember from one epoch to the next?",
        "Remember the best loss so far, its epoch, and how many epochs have passed in a row "
        "without a better one. When a better one comes, all three change.",
        "`for epoch, loss in enumerate(val_losses, start=1)`. If `loss < best_loss`: note it, and "
        "set the counter to 0. Otherwise add 1 to the counter, and return as soon as it reaches "
        "patience. After the loop training was never stopped.",
    ),
)


def _stop(
    val_losses,
    patience,
    better=lambda loss, best, before: loss < best,
    enough=lambda waited, patience: waited >= patience,
    reset=True,
):
    best, best_epoch, waited, before = math.inf, 0, 0, math.inf
    for epoch, loss in enumerate(val_losses, 1):
        if better(loss, best, before):
            best, best_epoch = loss, epoch
            waited = 0 if reset else waited
        else:
            waited += 1
            if enough(waited, patience):
                return epoch, best_epoch
        before = loss
    return len(val_losses), best_epoch


@exercise.misconception(
    "You stop one epoch too late: you wait until *more* than `patience` epochs brought no "
    "improvement. Stop as soon as the counter reaches patience: `>=`, not `>`."
)
def one_too_late(val_losses, patience):
    return _stop(val_losses, patience, enough=lambda waited, patience: waited > patience)


@exercise.misconception(
    "You stop one epoch too early. The first epoch without improvement counts as 1, and you stop "
    "when the count is `patience`."
)
def one_too_early(val_losses, patience):
    return _stop(val_losses, patience, enough=lambda waited, patience: waited >= patience - 1)


@exercise.misconception(
    "You stop at the first epoch that is no better, whatever the patience. Wait until `patience` "
    "of them have come in a row."
)
def patience_ignored(val_losses, patience):
    return _stop(val_losses, 1)


@exercise.misconception(
    "Your counter is not set back to 0 when a better loss comes. Patience is about epochs *in a "
    "row*."
)
def counter_not_reset(val_losses, patience):
    return _stop(val_losses, patience, reset=False)


@exercise.misconception(
    "A tie counts as an improvement for you. An epoch is better only if its loss is *below* the "
    "best so far: `<`, not `<=`. (With `<=` a loss that stays the same would train for ever.)"
)
def ties_improve(val_losses, patience):
    return _stop(val_losses, patience, better=lambda loss, best, before: loss <= best)


@exercise.misconception(
    "You compare with the epoch *before*. After a rise, a small fall is not yet an improvement: "
    "compare with the best loss so far."
)
def compared_with_the_one_before(val_losses, patience):
    return _stop(val_losses, patience, better=lambda loss, best, before: loss < before)


@exercise.misconception(
    "You count how often in a row the loss *rises* from one epoch to the next. A fall in between "
    "ends your count, though it may still be above the best. Compare with the best loss so far."
)
def rises_in_a_row(val_losses, patience):
    best_epoch, waited = 1, 0
    for epoch in range(2, len(val_losses) + 1):
        loss = val_losses[epoch - 1]
        waited = 0 if loss < val_losses[epoch - 2] else waited + 1
        if loss < val_losses[best_epoch - 1]:
            best_epoch = epoch
        if waited == patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "NaN counts as an improvement for you. Every comparison with NaN is False, so `not (loss >= "
    "best)` is True for it. Ask `loss < best`."
)
def nan_improves(val_losses, patience):
    return _stop(val_losses, patience, better=lambda loss, best, before: not loss >= best)


@exercise.misconception(
    "You pass over NaN: it is no improvement, so it must be waited through like any other epoch "
    "without one. Count with a plain `else`, not with `elif loss >= best`."
)
def nan_passed_over(val_losses, patience):
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        elif loss >= best:
            waited += 1
            if waited >= patience:
                return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "Your best loss begins at a fixed number, so losses above it never count as improvements. "
    "Begin with `math.inf`, or with the first loss."
)
def begins_at_one(val_losses, patience):
    return _begins_at(1.0, 1, val_losses, patience)


@exercise.misconception(
    "Your best loss begins at a fixed number, and losses above it never count: best_epoch stays "
    "0. Begin with `math.inf`, or with the first loss."
)
def begins_at_one_epoch_zero(val_losses, patience):
    return _begins_at(1.0, 0, val_losses, patience)


def _begins_at(best, best_epoch, val_losses, patience):
    waited = 0
    for epoch, loss in enumerate(val_losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "Both epochs are counted from 0. Here the first epoch is 1: `enumerate(val_losses, start=1)`."
)
def counted_from_zero(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return stop - 1, best - 1


@exercise.misconception(
    "stop_epoch is right, but best_epoch is counted from 0: it is one too small."
)
def best_from_zero(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return stop, best - 1


@exercise.misconception(
    "best_epoch is right, but stop_epoch is counted from 0, or is the epoch before the last one "
    "run: it is one too small."
)
def stop_from_zero(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return stop - 1, best


@exercise.misconception(
    "stop_epoch is right when training stops early. When it never does, yours is one too large: "
    "the last epoch of the list is `len(val_losses)`."
)
def one_past_the_end(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return (stop if stop - best >= patience else stop + 1), best


@exercise.misconception(
    "Your best epoch is the minimum of the *whole* list. Training has stopped before that epoch: "
    "you may look only at the epochs that were run."
)
def looks_into_the_future(val_losses, patience):
    stop, _ = _stop(val_losses, patience)
    finite = [math.inf if math.isnan(loss) else loss for loss in val_losses]
    return stop, finite.index(min(finite)) + 1


@exercise.misconception(
    "You take the minimum of the whole list and add patience. Training does not know the future: "
    "it may stop at an earlier low, long before that minimum."
)
def minimum_plus_patience(val_losses, patience):
    finite = [math.inf if math.isnan(loss) else loss for loss in val_losses]
    best = finite.index(min(finite)) + 1
    return min(best + patience, len(val_losses)), best


@exercise.misconception(
    "Your stop epoch can lie behind the end of the list. If the list ends first, the last epoch "
    "run is `len(val_losses)`."
)
def beyond_the_end(val_losses, patience):
    _, best = _stop(val_losses, patience)
    return best + patience, best


@exercise.misconception(
    "Your second result is the *last* epoch, not the best. At the stop the model is already past "
    "its best: remember the epoch at which the best loss came."
)
def last_epoch_kept(val_losses, patience):
    stop, _ = _stop(val_losses, patience)
    return stop, stop


@exercise.misconception(
    "Your second result is the best *loss*. Its epoch is asked for: remember both."
)
def best_loss_returned(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return stop, val_losses[best - 1]


@exercise.misconception(
    "You return losses: that of the last epoch run, and the best one. The *numbers* of their "
    "epochs are asked for."
)
def losses_returned(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return val_losses[stop - 1], val_losses[best - 1]


@exercise.misconception("Your first result is a loss. The number of its epoch is asked for.")
def stop_loss_returned(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return val_losses[stop - 1], best


@exercise.misconception(
    "You return losses, the best one first. Two epochs are asked for: the last one run, and the "
    "best."
)
def losses_swapped(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return val_losses[best - 1], val_losses[stop - 1]


@exercise.misconception("Both numbers are right, but in the wrong order: stop_epoch comes first.")
def wrong_order(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return best, stop


@exercise.misconception(
    "When training never stops early, nothing comes back: a `return` behind the loop is missing."
)
def nothing_at_the_end(val_losses, patience):
    stop, best = _stop(val_losses, patience)
    return (stop, best) if stop - best >= patience else None


@exercise.misconception(
    "Only the stop epoch came back. Two are asked for: `return stop_epoch, best_epoch`."
)
def stop_only(val_losses, patience):
    return _stop(val_losses, patience)[0]


@exercise.misconception(
    "A small improvement does not count for you. Here every loss below the best so far is an "
    "improvement, however small."
)
def small_improvements_ignored(val_losses, patience):
    return _stop(val_losses, patience, better=lambda loss, best, before: loss < best - 0.01)


@exercise.misconception(
    "You compare each loss with the first one only. Training may improve many times: compare with "
    "the best so far, and update it."
)
def compared_with_the_first(val_losses, patience):
    best_epoch, waited = 1, 0
    for epoch, loss in enumerate(val_losses[1:], 2):
        if loss < val_losses[0]:
            best_epoch, waited = epoch, 0
        else:
            waited += 1
            if waited == patience:
                return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "The results are right, but your code changes the caller's list (`pop`, `sort`, `append`, "
    "`del`). Work on a copy, or only read it."
)
def list_emptied(val_losses, patience):
    result = _stop(val_losses, patience)
    val_losses.clear()
    return result


@exercise.misconception(
    "You take the minimum of the whole list, and your stop can lie behind its end. Training does "
    "not know the future: go through the losses one by one, and stop when patience is used up."
)
def minimum_plus_patience_beyond(val_losses, patience):
    best = val_losses.index(min(val_losses)) + 1
    return best + patience, best


@exercise.misconception(
    "The first epoch counts as one without improvement: you take its loss as the best before the "
    'loop, and then compare it with itself. Begin with `best_loss = float("inf")`.'
)
def first_epoch_is_no_improvement(val_losses, patience):
    best_loss, best_epoch, waited = val_losses[0], 1, 0
    for epoch, loss in enumerate(val_losses, 1):
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "You compare with the epoch before, and every epoch that is no worse than that becomes your "
    "best. Compare with the best loss so far."
)
def no_worse_than_the_one_before(val_losses, patience):
    best_epoch, waited = 1, 0
    for epoch in range(2, len(val_losses) + 1):
        if val_losses[epoch - 1] > val_losses[epoch - 2]:
            waited += 1
        else:
            best_epoch, waited = epoch, 0
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "A tie, or NaN, does not count for you: you only count losses *above* the best. Whatever is "
    "not below the best is no improvement: use `else`."
)
def only_losses_above_count(val_losses, patience):
    best_loss, best_epoch, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(val_losses, 1):
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
        elif loss > best_loss:
            waited += 1
        if waited == patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


@exercise.misconception(
    "You look at windows of `patience` epochs: the stop comes when the newest loss is above the "
    "one `patience` epochs before it. Count epochs without a new *best*."
)
def compared_with_patience_epochs_before(val_losses, patience):
    stop = len(val_losses)
    for epoch in range(patience + 1, len(val_losses) + 1):
        if not val_losses[epoch - 1] < val_losses[epoch - 1 - patience]:
            stop = epoch
            break
    finite = [math.inf if math.isnan(loss) else loss for loss in val_losses[:stop]]
    return stop, finite.index(min(finite)) + 1


@exercise.style
def from_the_distance_to_the_best(val_losses, patience):
    best = 0
    for i, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = i
        if i - best >= patience:
            return i + 1, best + 1
    return len(val_losses), best + 1


@exercise.style
def with_a_while_loop(val_losses, patience):
    best_loss, best_epoch, epoch, left = float("inf"), 0, 0, patience
    while epoch < len(val_losses) and left > 0:
        epoch += 1
        left -= 1
        if val_losses[epoch - 1] < best_loss:
            best_loss, best_epoch, left = val_losses[epoch - 1], epoch, patience
    return epoch, best_epoch


@exercise.style
def by_looking_at_windows(val_losses, patience):
    losses = [math.inf if math.isnan(loss) else loss for loss in val_losses]
    for stop in range(1, len(losses) + 1):
        past = losses[:stop]
        best = past.index(min(past)) + 1
        if stop - best == patience:
            break
    return stop, best


@exercise.style
def as_numpy(val_losses, patience):
    import numpy as np

    losses = np.nan_to_num(np.array(val_losses), nan=np.inf)
    records = np.minimum.accumulate(losses)
    for stop in range(1, len(losses) + 1):
        best = int(np.argmax(losses[:stop] == records[stop - 1]))
        if stop - (best + 1) >= patience:
            return stop, best + 1
    return len(losses), best + 1
