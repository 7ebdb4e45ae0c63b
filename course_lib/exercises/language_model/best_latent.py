"""Exercise `best_latent`: the latent and the threshold that tell a feature best.

precision = hits / said,   recall = hits / there,   F1 = 2 hits / (said + there)
"""

from typing import Literal

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def best_latent(
    z: Tensor, there: Tensor, test_z: Tensor, test_there: Tensor
) -> tuple[int, float, float, float, float]:
    """The latent and the threshold with the highest F1 on some words, judged on other words.

    A latent says that the feature is here where its activation is *at least* the threshold.

    z : codes, shape (words, latents)
    there : True at the words where the feature is, shape (words,)
    test_z, test_there : the same for other words, which must have no say in the choice
    Returns five plain numbers: the latent's number (an int), the threshold, and on the test words
        precision, recall and F1 (all floats). Precision and F1 are 0 if it never says so there.
    """
    ### BEGIN SOLUTION
    best = (0.0, 0, 0.0)  # F1, latent, threshold
    for latent in range(z.shape[1]):
        for threshold in z[there, latent].tolist():  # the others are never better
            said = z[:, latent] >= threshold
            f1 = 2 * int((said & there).sum()) / int(said.sum() + there.sum())
            best = max(best, (f1, latent, threshold))
    _, latent, threshold = best

    said = test_z[:, latent] >= threshold
    hits, all_said, all_there = (
        int((said & test_there).sum()),
        int(said.sum()),
        int(test_there.sum()),
    )
    precision = hits / all_said if all_said else 0.0
    return latent, threshold, precision, hits / all_there, 2 * hits / (all_said + all_there)
    ### END SOLUTION


# -- cases ----------------------------------------------------------------------------------------
# Each latent is described by how active it is, in units of its scale: at words with the feature,
# and at the others. So each wrong way of choosing prefers a latent of its own.


def _column(draw: Draw, present: list[float], absent: list[float], scale: float):
    """Activations at the words with the feature and at the others, each level a little off."""
    levels, which = torch.tensor(present + absent).unique(return_inverse=True)
    column = (levels * scale * draw.uniform(len(levels), low=0.99, high=1.01))[which]
    return column[: len(present)], column[len(present) :]


Order = Literal["random", "first", "last"]


def words(
    draw: Draw, columns, dtype=torch.float32, feature: Order = "random"
) -> tuple[Tensor, Tensor]:
    """Codes (words, latents) and where the feature is: at the first words, the last, or any."""
    made = [_column(draw, present, absent, scale) for present, absent, scale in columns]
    z = torch.stack([torch.cat(pair) for pair in made], dim=1).to(dtype)
    there = torch.arange(len(z)) < len(made[0][0])
    order = torch.arange(len(z))
    if feature == "last":
        order = order.flip(0)
    elif feature == "random":
        order = torch.tensor(draw.shuffled(order.tolist()))
    return z[order], there[order]


def case(
    draw: Draw,
    order: list[int],
    note: str,
    dtype=torch.float32,
    feature: Order = "random",
    silent: bool = False,
) -> Case:
    """Six words with the feature and twelve without, and five and nine to judge by.

    The best latent is at 5 and more wherever the feature is, and at four other words. Beside it
    there are: one that is active wherever the feature is, and often elsewhere; one that is never
    wrong, and seldom there; one with the largest activations; one that tells the test words best;
    and one that is right most often, and in the closest correlation with the feature.
    """
    scale = 10 ** float(draw.uniform(1, low=-0.5, high=1.0))
    best = [9.0, 8.0, 6.0, 5.5, 5.2, 5.0], [10.0, 7.0, 6.8, 6.6, 1.1, 1.0, 0.9, 0.8] + [0.0] * 4
    everywhere = (
        [3.0, 2.9, 2.8, 2.7, 2.6, 2.5],
        [3.1, 2.95, 2.85, 2.75, 2.7, 2.65, 2.62] + [0.0] * 5,
    )
    careful = [3.5, 3.5, 0.0, 0.0, 0.0, 0.0], [0.0] * 12  # the only one with a precision of 1
    loud = [60.0, 50.0, 45.0, 0.0, 0.0, 0.0], [62.0] + [0.0] * 11
    at_test = [2.0, 1.9, 1.8, 1.7, 0.5, 0.4], [2.05, 1.75, 1.72, 1.65, 0.6] + [0.0] * 7
    low = [0.9, 0.85, 0.8, 0.75, 0.7, 0.1], [0.95, 0.87, 0.78, 0.72, 0.5, 0.4, 0.3] + [0.0] * 5
    right = [4.0, 3.8, 3.6, 3.4, 0.0, 0.0], [4.2, 0.5, 0.4, 0.3, 0.2, 0.1] + [0.0] * 6
    columns = [best, everywhere, careful, loud, at_test, low, right]

    quiet = [0.2, 0.2, 0.1, 0.1, 0.0]
    test_best = quiet if silent else [6.6, 5.9, 5.6, 0.7, 0.0]
    test_columns = [
        (test_best, [0.8, 0.3] if silent else [6.2, 5.7]),
        ([2.9, 2.8, 2.7, 2.6, 2.4], [2.9, 2.8]),
        ([3.8, 3.2, 0.0, 0.0, 0.0], [0.0, 0.0]),
        ([58.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0]),
        ([2.0, 1.9, 1.8, 1.7, 1.6], [0.5, 0.2]),
        ([0.9, 0.8, 0.7, 0.6, 0.5], [0.8, 0.75]),
        ([3.9, 3.7, 0.0, 0.0, 0.0], [4.1, 3.6]),
    ]
    z, there = words(draw, [(*columns[j], scale) for j in order], dtype, feature)
    test_z, test_there = words(
        draw,
        [(test_columns[j][0], test_columns[j][1] + [0.0] * 7, scale) for j in order],
        dtype,
    )
    if not silent:  # a test word lies exactly at the threshold that is the best
        j = order.index(0)
        threshold = z[there, j].min()
        lowest = test_z[:, j].where(test_there, torch.inf).argmin()
        test_z[lowest, j] = threshold
    return Case({"z": z, "there": there, "test_z": test_z, "test_there": test_there}, note=note)


def cases(draw: Draw):
    """Several draws, in float32 and float64, and one where the latent is silent on the test. Many
    activations are 0: in one draw those with the feature come before those without."""
    order = draw.shuffled(list(range(7)))
    turned = [order[i:] + order[:i] for i in (0, 2, 4)]  # no latent is the first one twice
    note = "eighteen words to choose by, those with the feature first; fourteen to judge by"
    yield case(draw, turned[0], note, feature="first")
    yield case(draw, turned[1], "float64; those with the feature last", torch.float64, "last")
    note = "on the test words the chosen latent stays below its threshold"
    yield case(draw, turned[2], note, silent=True)


exercise = FunctionExercise(
    best_latent,
    title="The latent for a factor",
    points=6,
    difficulty=3,
    minutes=30,
    why="“This latent means she” is a claim with two ways to be wrong: it may be active elsewhere, "
    "too, and it may be silent where it should not be.",
    cases=cases,
    gradients=False,
    outputs=("latent", "threshold", "precision", "recall", "F1"),
    hints=(
        "Two loops, one inside the other: over the latents, and over the thresholds worth trying. "
        "A threshold between two activations does the same as the larger of them. So it is enough "
        "to try the activations themselves, and only those at words that have the feature.",
        "For a latent and a threshold, `said = z[:, latent] >= threshold`. The hits are "
        "`(said & there).sum()`, and F1 is twice the hits, divided by the number said plus the "
        "number there. Keep the latent and the threshold with the highest F1.",
        "When both loops are done, use *that* latent and *that* threshold on `test_z`, and compute "
        "hits, said and there once more. Precision is hits / said (0 if it never said so), recall "
        "is hits / there. `int(…)` makes plain numbers of counts.",
    ),
)


# -- how it goes wrong ---------------------------------------------------------------------------


def _scores(said, there):
    hits, said, there = int((said & there).sum()), int(said.sum()), int(there.sum())
    precision, recall = hits / said if said else 0.0, hits / there
    return precision, recall, 2 * hits / (said + there)


def _f1(said, there):
    return _scores(said, there)[2]


def _choose(z, there, measure=_f1, thresholds=None, strictly=False):
    """Latent and threshold for which `measure` of what is said is largest."""
    best = None
    for j in range(z.shape[1]):
        column = z[:, j]
        for t in column[there].tolist() if thresholds is None else thresholds(column):
            said = column > t if strictly else column >= t
            value = measure(said, there)
            if best is None or value > best[0]:
                best = value, j, t
    return best[1:]


def _judged(latent, threshold, test_z, test_there, strictly=False):
    column = test_z[:, latent]
    said = column > threshold if strictly else column >= threshold
    return (latent, threshold, *_scores(said, test_there))


@exercise.misconception(
    "Your latent speaks where its activation is *above* the threshold. Asked for is at least: >=."
)
def above_the_threshold(z, there, test_z, test_there):
    latent, threshold = _choose(z, there, strictly=True)
    return _judged(latent, threshold, test_z, test_there, strictly=True)


@exercise.misconception(
    "You choose by precision. A latent that speaks once, and is right, would win. Choose by F1."
)
def by_precision(z, there, test_z, test_there):
    chosen = _choose(z, there, lambda said, there: _scores(said, there)[0])
    return _judged(*chosen, test_z, test_there)


@exercise.misconception(
    "Your latent is right most often (its accuracy is the highest), and it has the highest "
    "correlation with the feature. But another one, at a threshold of its own, has a higher F1: "
    "where a feature is rare, to miss much of it hardly lowers the accuracy. Choose by F1, of all "
    "latents with all thresholds."
)
def by_accuracy(z, there, test_z, test_there):
    chosen = _choose(z, there, lambda said, there: int((said == there).sum()))
    return _judged(*chosen, test_z, test_there)


@exercise.misconception(
    "You sort the words by activation, and count on from one to the next. Words with the same "
    "activation (often 0) come in any order, but no threshold can part them: a detector says it of "
    "all of them, or of none."
)
def by_rank(z, there, test_z, test_there):
    best = None
    for j in range(z.shape[1]):
        levels, order = z[:, j].sort(descending=True, stable=True)
        f1 = 2 * there[order].cumsum(0) / (torch.arange(1, len(z) + 1) + there.sum())
        if best is None or f1.max() > best[0]:
            best = f1.max(), j, levels[f1.argmax()].item()
    return _judged(*best[1:], test_z, test_there)


@exercise.misconception(
    "The numbers are right, but F1 comes before precision and recall. The order is: latent, "
    "threshold, precision, recall, F1."
)
def f1_first(z, there, test_z, test_there):
    latent, threshold, precision, recall, f1 = _judged(*_choose(z, there), test_z, test_there)
    return latent, threshold, f1, precision, recall


@exercise.misconception("You count the latents from 1. Numbers begin at 0, as columns do.")
def counted_from_one(z, there, test_z, test_there):
    latent, *rest = _judged(*_choose(z, there), test_z, test_there)
    return latent + 1, *rest


@exercise.misconception(
    "You choose by recall. A latent that always speaks misses nothing. Choose by F1."
)
def by_recall(z, there, test_z, test_there):
    chosen = _choose(z, there, lambda said, there: _scores(said, there)[1])
    return _judged(*chosen, test_z, test_there)


@exercise.misconception(
    "You choose the latent by how often it is right, with the threshold 0: active or not. A latent "
    "may be a little active in many places and strongly only where the feature is. Try all "
    "thresholds."
)
def active_or_not(z, there, test_z, test_there):
    latent = max(range(z.shape[1]), key=lambda j: _f1(z[:, j] > 0, there))
    return (latent, 0.0, *_scores(test_z[:, latent] > 0, test_there))


@exercise.misconception(
    "You choose the latent by its mean activation: the largest where the feature is, or the one "
    "that is larger there than elsewhere by most. That is not the one that tells it best: it may "
    "be loud, and silent at most of the words. Choose latent and threshold together, by F1."
)
def loudest(z, there, test_z, test_there):
    latent = int(z[there].mean(dim=0).argmax())
    _, threshold = _choose(z[:, [latent]], there)
    return _judged(latent, threshold, test_z, test_there)


@exercise.misconception(
    "You choose on the test words. Then the scores are those of a winner who has seen the answers. "
    "Choose with `z` and `there`; the test words only judge."
)
def chosen_on_the_test(z, there, test_z, test_there):
    return _judged(*_choose(test_z, test_there), test_z, test_there)


@exercise.misconception(
    "The latent is right, but you choose its threshold on the test words. They must have no say in "
    "the choice, in neither part of it."
)
def threshold_from_the_test(z, there, test_z, test_there):
    latent, _ = _choose(z, there)
    _, threshold = _choose(test_z[:, [latent]], test_there)
    return _judged(latent, threshold, test_z, test_there)


@exercise.misconception(
    "Latent and threshold are right, but you judge them on the words by which they were chosen. "
    "Compute the three scores on `test_z` and `test_there`."
)
def judged_on_its_own_words(z, there, test_z, test_there):
    return _judged(*_choose(z, there), z, there)


@exercise.misconception(
    "You choose on all words together, the test words among them. These must have no say."
)
def chosen_on_all(z, there, test_z, test_there):
    chosen = _choose(torch.cat([z, test_z]), torch.cat([there, test_there]))
    return _judged(*chosen, test_z, test_there)


@exercise.misconception(
    "Precision and recall have changed places. Precision: of those *said*, how many are right. "
    "Recall: of those *there*, how many were said."
)
def precision_and_recall_swapped(z, there, test_z, test_there):
    latent, threshold, precision, recall, f1 = _judged(*_choose(z, there), test_z, test_there)
    return latent, threshold, recall, precision, f1


@exercise.misconception(
    "Your F1 is the plain mean of precision and recall. It is 2 hits / (said + there), which is "
    "near the *smaller* of the two."
)
def plain_mean(z, there, test_z, test_there):
    latent, threshold, precision, recall, _ = _judged(*_choose(z, there), test_z, test_there)
    return latent, threshold, precision, recall, (precision + recall) / 2


@exercise.misconception(
    "Your F1 lacks the factor 2: it is 2 hits / (said + there), so that it can reach 1."
)
def factor_missing(z, there, test_z, test_there):
    *rest, f1 = _judged(*_choose(z, there), test_z, test_there)
    return *rest, f1 / 2


@exercise.misconception(
    "You judge by active or not, in place of the threshold that you have chosen. Use it on the "
    "test words, too."
)
def threshold_not_used(z, there, test_z, test_there):
    latent, threshold = _choose(z, there)
    return (latent, threshold, *_scores(test_z[:, latent] > 0, test_there))


@exercise.misconception(
    "Where the latent never speaks, your precision is not a number: 0 divided by 0. The text asks "
    "for 0 there."
)
def nothing_said(z, there, test_z, test_there):
    latent, threshold, precision, recall, f1 = _judged(*_choose(z, there), test_z, test_there)
    if not (test_z[:, latent] >= threshold).any():
        precision = float("nan")
    return latent, threshold, precision, recall, f1


@exercise.misconception(
    "Your code divides by 0: on some test words the latent never speaks. Precision is then 0, the "
    "text says."
)
def division_by_zero(z, there, test_z, test_there):
    latent, threshold, _, recall, f1 = _judged(*_choose(z, there), test_z, test_there)
    said = int((test_z[:, latent] >= threshold).sum())
    hits = int(((test_z[:, latent] >= threshold) & test_there).sum())
    return latent, threshold, hits / said, recall, f1


@exercise.misconception(
    "Your precision is 1 where the latent never speaks. It has found nothing: the text asks for 0."
)
def silence_is_golden(z, there, test_z, test_there):
    latent, threshold, precision, recall, f1 = _judged(*_choose(z, there), test_z, test_there)
    silent = not (test_z[:, latent] >= threshold).any()
    return latent, threshold, 1.0 if silent else precision, recall, f1


@exercise.misconception(
    "You return tensors. Asked for are plain numbers: `int(…)` for the latent, `.item()` or "
    "`float(…)` for the others."
)
def tensors(z, there, test_z, test_there):
    return tuple(torch.tensor(v) for v in _judged(*_choose(z, there), test_z, test_there))


# -- other right answers -------------------------------------------------------------------------


@exercise.style
def with_best_detectors(z, there, test_z, test_there):
    from course_lib import best_detectors

    (found,) = best_detectors(z, there[:, None], test_z, test_there[:, None])
    return found.column, found.threshold, found.precision, found.recall, found.f1


@exercise.style
def all_at_once(z, there, test_z, test_there):
    levels = z[there]  # (thresholds, latents)
    said = z[:, None] >= levels[None]  # (words, thresholds, latents)
    hits = (said & there[:, None, None]).sum(dim=0)
    f1 = 2 * hits / (said.sum(dim=0) + there.sum())
    row, latent = divmod(int(f1.argmax()), z.shape[1])
    threshold = levels[row, latent].item()
    guess = test_z[:, latent] >= threshold
    tp = (guess & test_there).sum().item()
    fp = (guess & ~test_there).sum().item()
    fn = (~guess & test_there).sum().item()
    precision = tp / (tp + fp) if tp + fp else 0.0
    return latent, threshold, precision, tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)
