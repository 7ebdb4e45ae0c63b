"""Sparsity against reconstruction: one point a model, one curve a kind of model.

L0  = mean number of active latents of an example
FVU = Σ |x - x_hat|² / Σ |x - mean(x)|²     (0 is perfect, 1 is predicting the mean)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from course_lib.charts.shared import (
    SavePath,
    as_numbers,
    checked_path,
    counted,
    finished,
    helps_log,
    in_words,
    log_scale,
    say_empty,
)
from course_lib.errors import WrongArgument
from course_lib.plotting import GREY, PALETTE, ShownFigure, new_figure

Curves = Mapping[str, Sequence[tuple[float, float]]]
MARKERS = "os^Dv*"
STYLES = ("-", "--", ":")


def plot_pareto(curves: Curves, save_path: SavePath = None) -> ShownFigure:
    """Draw the trade-off between few active latents and good reconstruction: lower left is better.

    curves : for each name its models, each as (L0, FVU); they are joined in order of L0.
    save_path : where to save the chart as well.
    A point that is NaN or infinite is left out, and the text alternative tells how many.
    Raises `WrongArgument` for no curve or points of another shape or below 0, and
    `CheckpointProblem` when the chart cannot be saved.
    """
    save_path = checked_path(save_path)
    given = _points(curves)
    points = {name: p[np.isfinite(p).all(axis=1)] for name, p in given.items()}
    left_out = sum(len(given[name]) - len(points[name]) for name in given)
    figure, axes = new_figure(7, 3.6)
    looks = zip(cycle(PALETTE), cycle(MARKERS), strict=False)
    for i, ((name, p), (colour, marker)) in enumerate(zip(points.items(), looks, strict=False)):
        style = STYLES[i // len(PALETTE) % len(STYLES)]
        label = name if len(p) else f"{name} (no finite point)"
        axes.plot(*p.T, style, color=colour, marker=marker, markersize=7, label=label)
    everything = np.concatenate(list(points.values()))
    if len(everything):
        _scales(axes, everything)
        axes.legend()
        axes.text(0.015, 0.03, "↙ better", transform=axes.transAxes, color=GREY)
    else:
        say_empty(axes, "no finite point to draw")
    axes.set(
        xlabel="L0: active latents of an example (mean)",
        ylabel="FVU: fraction of variance unexplained",
    )
    return finished(figure, _describe(points, left_out), save_path)


def _points(curves: Any) -> dict[str, np.ndarray]:
    """Each curve as (models, 2), in order of L0."""
    if not isinstance(curves, Mapping) or not curves:
        raise WrongArgument(
            f"curves is {curves!r}; it must be a dictionary from a name to a list of (L0, FVU)."
        )
    points = {}
    for name, curve in curves.items():
        p = as_numbers(f"curves[{name!r}]", curve, "models", "2")
        if p.shape[1] != 2 or (p < 0).any():
            raise WrongArgument(
                f"curves[{name!r}] must be a list of pairs (L0, FVU), none below 0; "
                f"it has shape {p.shape} and starts with {p[0].tolist()}."
            )
        points[str(name)] = p[np.argsort(p[:, 0], kind="stable")]
    return points


def _scales(axes: Any, points: np.ndarray) -> None:
    """Log axes where they help, and a line at the mean predictor."""
    if helps_log(points[:, 0]):
        log_scale(axes, "x")
    if helps_log(points[:, 1]):
        log_scale(axes, "y")
    if points[:, 1].max() > 0.7:
        axes.axhline(1, color=GREY, linewidth=1, linestyle="--")
        axes.annotate(
            "predicting the mean",
            (0.01, 1),
            xycoords=("axes fraction", "data"),
            va="bottom",
            color=GREY,
        )


def _describe(points: Mapping[str, np.ndarray], left_out: int) -> str:
    """The chart in words; curves are compared at an L0 that all of them reach."""
    parts = []
    for name, p in points.items():
        ends = (
            [f"FVU {in_words(fvu)} at L0 {in_words(l0)}" for l0, fvu in p[[0, -1]]]
            if len(p)
            else []
        )
        parts.append(f"{name}: {' to '.join(dict.fromkeys(ends)) or 'no finite point'}")
    text = f"Trade-off between L0 and FVU. {'; '.join(parts)}."
    drawn = {name: p for name, p in points.items() if len(p)}
    if drawn and (common := fvu_at_common_l0(drawn)) is not None:
        l0, fvu = common
        best = min(fvu, key=fvu.__getitem__)
        text += f" At L0 {in_words(l0)} {best} has the lowest FVU, {in_words(fvu[best])}."
    return f"{text} {counted(left_out, 'point')} left out, NaN or infinite." if left_out else text


def fvu_at_common_l0(curves: Curves) -> tuple[float, dict[str, float]] | None:
    """The FVU of each curve at one L0 that all of them reach; None when there is no such L0.

    curves : as for `plot_pareto`. Returns the L0, in the middle (by ratio) of what the curves
    have in common, and each curve's FVU there, interpolated between its models.
    """
    points = {name: p[np.isfinite(p).all(axis=1)] for name, p in _points(curves).items()}
    if len(points) < 2 or not all(map(len, points.values())):
        return None
    low = max(p[0, 0] for p in points.values())
    high = min(p[-1, 0] for p in points.values())
    if not 0 < low < high:
        return None
    l0 = float(np.sqrt(low * high))
    return l0, {name: float(np.interp(l0, *p.T)) for name, p in points.items()}
