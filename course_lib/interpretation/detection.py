"""How well one number tells where a feature is: precision, recall and F1 of the best detector.

A **detector** is a column of values (a latent, a neuron, a projection) with a threshold: it says
that the feature is here when the value is at least the threshold.

    precision = hits / said,   recall = hits / there,   F1 = 2 hits / (said + there)

Which column and which threshold is chosen on one set of examples, and judged on another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.arguments import require_finite, require_matrix
from course_lib.errors import WrongArgument

PROBE_STEPS = 60  # of L-BFGS; F1 no longer moves
PROBE_DECAY = 1e-4  # pulls the probes' weights to zero, so that separable features have an end


@dataclass(frozen=True)
class Detector:
    """The best column for one feature, with its scores on the examples kept for judging."""

    column: int
    threshold: float
    precision: float  # 0 when it never says that the feature is here
    recall: float
    f1: float


def best_detectors(
    values: Tensor, labels: Tensor, test_values: Tensor, test_labels: Tensor
) -> list[Detector]:
    """For each feature the column and the threshold of highest F1 on (values, labels), judged on
    (test_values, test_labels).

    values : (examples, columns). labels : (examples, features) bool: where each feature is. The
    same for the test set, with other examples.
    All thresholds are tried: the best one is always the value of an example that has the feature.
    Raises `WrongArgument` for shapes that do not fit, values that are not finite, or a feature
    that none of the examples has.
    """
    _require_examples("values", values, "labels", labels)
    _require_examples("test_values", test_values, "test_labels", test_labels)
    if values.shape[1] != test_values.shape[1] or labels.shape[1] != test_labels.shape[1]:
        raise WrongArgument(
            f"values and labels have {values.shape[1]} and {labels.shape[1]} columns, test_values "
            f"and test_labels {test_values.shape[1]} and {test_labels.shape[1]}; they must agree."
        )
    if not bool(labels.any(dim=0).all()):
        raise WrongArgument(
            f"labels has no example of feature {int((~labels.any(dim=0)).nonzero()[0])}; leave "
            "such features out, or give more examples."
        )
    ordered = torch.from_numpy(_sorted_columns(values))  # (columns, examples), rising
    detectors = []
    for feature in range(labels.shape[1]):
        column, threshold = _choose(ordered, values[labels[:, feature]])
        said = test_values[:, column] >= threshold
        there = test_labels[:, feature]
        detectors.append(Detector(column, threshold, *_scores(said, there)))
    return detectors


def _choose(ordered: Tensor, there: Tensor) -> tuple[int, float]:
    """Column and threshold of the highest F1. there : (examples with the feature, columns)."""
    thresholds = torch.from_numpy(_sorted_columns(there))  # (columns, examples with the feature)
    hits = thresholds.shape[1] - torch.searchsorted(thresholds, thresholds)
    said = ordered.shape[1] - torch.searchsorted(ordered, thresholds)  # how many are at least that
    f1 = 2 * hits / (said + thresholds.shape[1])
    best = int(f1.argmax())
    column, place = divmod(best, f1.shape[1])
    return column, float(thresholds[column, place])


def _scores(said: Tensor, there: Tensor) -> tuple[float, float, float]:
    hits, said, there = int((said & there).sum()), int(said.sum()), int(there.sum())
    f1 = 2 * hits / (said + there) if said + there else 0.0
    return hits / said if said else 0.0, hits / there if there else 0.0, f1


def _sorted_columns(values: Tensor):
    """The columns as rows, each in rising order. NumPy sorts faster, and keeps no indices."""
    import numpy as np

    return np.sort(values.T.contiguous().cpu().numpy(), axis=1)


def both_signs(values: Tensor) -> Tensor:
    """(examples, columns) to (examples, 2 columns): the values, and their negatives.

    A neuron or a direction may mark a feature by a low value as well as by a high one.
    """
    return torch.cat([values, -values], dim=1)


def principal_directions(x: Tensor) -> Tensor:
    """PCA: directions of greatest variance of x (examples, dim), as columns (dim, dim)."""
    require_matrix("x", x)
    centred = (x - x.mean(dim=0)).double()
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    return vectors.flip(1).to(x.dtype)  # eigh's come in rising order


def linear_probes(x: Tensor, labels: Tensor) -> nn.Linear:
    """A logistic regression for each feature: x (examples, dim) to one number a feature.

    labels : (examples, features) bool. Unlike a latent, a probe has been told what to look for.
    Raises `WrongArgument` for shapes that do not fit or values that are not finite.
    """
    _require_examples("x", x, "labels", labels)
    probes = nn.Linear(x.shape[1], labels.shape[1]).to(x.device, x.dtype)
    nn.init.zeros_(probes.weight)
    nn.init.zeros_(probes.bias)
    optimizer = torch.optim.LBFGS(
        probes.parameters(), max_iter=PROBE_STEPS, line_search_fn="strong_wolfe"
    )
    targets = labels.to(x.dtype)

    def loss() -> Tensor:
        optimizer.zero_grad()
        error = nn.functional.binary_cross_entropy_with_logits(probes(x), targets)
        total = error + PROBE_DECAY * probes.weight.square().sum() / labels.shape[1]
        total.backward()
        return total

    with torch.enable_grad():
        optimizer.step(loss)
    return probes.requires_grad_(False)


def _require_examples(name: str, values: Tensor, labels_name: str, labels: Tensor) -> None:
    require_matrix(name, values, finite=False)
    require_finite(name, values)
    if not isinstance(labels, Tensor) or labels.dtype != torch.bool or labels.ndim != 2:
        raise WrongArgument(f"{labels_name} must be a tensor (examples, features) of booleans.")
    if len(labels) != len(values):
        raise WrongArgument(
            f"{name} has {len(values)} examples and {labels_name} {len(labels)}; they must be the "
            "same examples."
        )
