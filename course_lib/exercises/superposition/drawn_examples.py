"""Exercises whose answer draws at random: what it draws is described in words, and these compared.

Two right answers draw other numbers, so numbers cannot be compared. A description says of one
property after another whether it is as asked. The first one that is not ends it: what comes after
would be an accident.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.cases import Case
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.observations import Observation

BIG = 1000  # with fewer examples than this nothing is said about chances
AS_ASKED = "as asked"
PARTS = (
    "what comes back",
    "the examples",
    "which features are on",
    "how often a feature is on",
    "features on together",
    "the magnitudes",
    "their spread",
)


def describe(case: Case, first: Any, second: Any) -> dict[str, str]:
    """What two calls with the same arguments gave, part by part; see `PARTS`.

    Of a few examples only the form is looked at: the rest would be an accident of the draw.
    """
    found = dict.fromkeys(PARTS, AS_ASKED)
    for part, words in faults(case, first, second):
        if words != AS_ASKED:
            at = PARTS.index(part)
            return found | {part: words} | dict.fromkeys(PARTS[at + 1 :], "not looked at")
    return found


def faults(case: Case, first: Any, second: Any) -> Iterator[tuple[str, str]]:
    """Part and words, in the order of `PARTS`."""
    dictionary, count, active, low, high = case.args.values()
    features, d = dictionary.shape
    yield "what comes back", _form(first, (count, d), (count, features))
    x, codes = (t.detach().double() for t in first)
    yield "what comes back", AS_ASKED if codes.isfinite().all() else "codes that are not finite"
    if count < BIG:
        return
    on = codes != 0
    yield "the examples", _sum_of_features(x, codes, dictionary.double())
    yield "which features are on", _structure(on, second[1] != 0)
    yield "how often a feature is on", _how_often(on, active / features)
    yield "features on together", _together(on, active / features)
    yield "the magnitudes", _shared(codes, on)
    yield "the magnitudes", _range_of_magnitudes(codes[on], low, high)
    yield "their spread", _spread(codes[on], low, high)


def _form(out: Any, *shapes: tuple[int, int]) -> str:
    if isinstance(out, Tensor):
        return f"one tensor {tuple(out.shape)}"
    if not isinstance(out, tuple | list) or not all(isinstance(t, Tensor) for t in out):
        return f"a {type(out).__name__}"
    got = tuple(tuple(t.shape) for t in out)
    if got != shapes:
        return f"shapes {', '.join(map(str, got))}"
    if not all(t.is_floating_point() for t in out):
        return "whole numbers"
    return AS_ASKED


def _sum_of_features(x: Tensor, codes: Tensor, dictionary: Tensor) -> str:
    right, on = codes @ dictionary, (codes != 0).double()
    unit = torch.nn.functional.normalize(dictionary, dim=1)
    others = {
        AS_ASKED: right,
        "codes times directions of length 1": codes @ unit,
        "sums of the features that are on, without their magnitudes": on @ dictionary,
        "divided by the number of features that are on": right
        / on.sum(dim=1, keepdim=True).clamp(min=1),
        "scaled to length 1": torch.nn.functional.normalize(right, dim=1),
    }
    for words, sums in others.items():
        if torch.allclose(x, sums, atol=1e-3):
            return words
    some = on.any(dim=1)
    if torch.nn.functional.cosine_similarity(x[some], right[some]).min() > 0.999:
        return "of another length than codes times dictionary"
    if (x - right).std() < 0.5 * right.std():
        return "near codes times dictionary, but not equal"
    return "not codes times dictionary"


def _structure(on: Tensor, again: Tensor) -> str:
    share = on.double().mean()
    if share in (0, 1):
        return "none in any example" if share == 0 else "all in every example"
    if (on == on[:1]).all():
        return "the same ones in every example"
    if (on == on[:, :1]).all():
        return "all of them or none"
    if on.shape == again.shape and torch.equal(on, again):
        return "the same ones whenever it is called"
    counts = on.sum(dim=1)
    if (counts == counts[0]).all():
        return "exactly as many in every example"
    return AS_ASKED


def _how_often(on: Tensor, chance: float) -> str:
    share = on.double().mean().item()  # its relative spread is below 1.5 %
    if share < 0.88 * chance:
        return "too rarely"
    if share > 1.12 * chance:
        return "too often"
    apart = (on.double().mean(dim=0) - chance).abs().max().item()
    spread = (chance * (1 - chance) / len(on)) ** 0.5
    return AS_ASKED if apart < 7.5 * spread else "some more often than others"


def _together(on: Tensor, chance: float) -> str:
    centred = on.double() - on.double().mean(dim=0)
    correlation = centred.T @ centred / len(on) / (chance * (1 - chance))
    correlation.fill_diagonal_(0)
    if correlation.abs().max() > 9 / len(on) ** 0.5:
        return "not independent of each other"
    several = on.double().sum(dim=1).var().item() / (on.shape[1] * chance * (1 - chance))
    if abs(several - 1) > 0.22:  # its spread is below 3 %
        return "not independent: their number varies too much or too little"
    rows = centred[1:] * centred[:-1]  # does an example know of the one before?
    echo = rows.mean().item() / (chance * (1 - chance)) * on.numel() ** 0.5
    return AS_ASKED if abs(echo) < 9 else "not independent of the example before"


def _shared(codes: Tensor, on: Tensor) -> str:
    """Whether each magnitude is drawn for itself, wherever the magnitudes lie."""

    def same_along(axis: int) -> bool:
        most = torch.where(on, codes, -torch.inf).amax(dim=axis)
        least = torch.where(on, codes, torch.inf).amin(dim=axis)
        several = on.sum(dim=axis) > 1
        return bool((most - least)[several].max() < 1e-3)

    if same_along(0) and same_along(1):  # which one, is told by their range
        return AS_ASKED
    if same_along(1):
        return "the same for all features of an example"
    return "a feature's magnitude never changes" if same_along(0) else AS_ASKED


def _range_of_magnitudes(size: Tensor, low: float, high: float) -> str:
    """Where the magnitudes of the features that are on lie."""
    if (size < 0).any():
        inside = ((size.abs() > low - 1e-3) & (size.abs() < high + 1e-3)).all()
        return "some have a minus sign" if inside else "some are negative"
    smallest, largest = size.min().item(), size.max().item()
    near = 0.02 * (high - low)
    if largest - smallest < near:
        names = {
            1.0: "1",
            low: "low",
            high: "high",
            (low + high) / 2: "midway",
            high - low: "high - low",
        }
        name = next((n for v, n in names.items() if abs(v - smallest) < 1e-4), None)
        return f"always {name}" if name else "all the same number"
    ranges = {
        AS_ASKED: (low, high),
        "from 0 to 1": (0, 1),
        "from 0 to high - low": (0, high - low),
        "from 0 to high": (0, high),
        "from low to low + high": (low, low + high),
        "from low to low + 1": (low, low + 1),
        "from half of low to half of high": (low / 2, high / 2),
        "from 0.5 to 1.5": (0.5, 1.5),
    }
    for words, (a, b) in ranges.items():
        if abs(smallest - a) < near and abs(largest - b) < near:
            return words
    if smallest > low - near and largest < high + near:
        if abs(smallest - low) < near:
            return "only the lower part of low to high"
        return "only the upper part of low to high" if abs(largest - high) < near else "in between"
    return "not between low and high"


def _spread(size: Tensor, low: float, high: float) -> str:
    """Whether magnitudes are spread evenly."""
    sizes = ((size - low) / (high - low)).sort().values
    even = torch.linspace(0, 1, len(sizes), dtype=sizes.dtype)
    if (sizes - even).abs().max() > 4.5 / len(sizes) ** 0.5:
        return "not evenly between low and high"
    return AS_ASKED


class DrawnExercise(FunctionExercise):
    """A function that draws examples: each observation is a description of two calls."""

    def __init__(self, reference: Callable, **header: Any):
        super().__init__(reference, gradients=False, outputs=PARTS, **header)

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` draws in `case`, in words."""

        def described(*args: Any) -> Any:
            first = answer(*args)
            return None if first is None else describe(case, first, answer(*args))

        if inspect.isfunction(answer):
            described.__name__ = answer.__name__
        return super().observe(described, case, seed)
