"""Charts of a trained sparse autoencoder: its errors, its codes, how often each latent is active.

L0 of an example    = number of its active latents
density of a latent = fraction of the examples on which it is active; a dead latent has 0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_lib.arguments import require_number
from course_lib.charts.shared import (
    SavePath,
    as_numbers,
    checked_path,
    counted,
    finished,
    finite,
    in_words,
    log_scale,
    mark_mean,
    say_empty,
)
from course_lib.errors import WrongArgument
from course_lib.evaluation import density_histogram
from course_lib.evaluation.streaming import NEAR_ZERO
from course_lib.plotting import BLUE, GREEN, ORANGE, RED, SKY, ShownFigure, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEYS = ("errors", "latent_codes", "mean_activation_per_neuron", "sparsity_level")
BARS = 40
BARS_A_DECADE = 5


def plot_sparse_autoencoder_analysis(
    results: Mapping[str, Any],
    model_name: str = "Sparse autoencoder",
    save_path: SavePath = None,
    *,
    near_zero: float = NEAR_ZERO,
) -> ShownFigure:
    """Draw how well a model reconstructs and how sparse its codes are, in four panels.

    results : what `evaluate_sparse_autoencoder` returns.
    model_name : for the title. save_path : where to save the chart as well.
    near_zero : a latent is active on an example when |z| > near_zero; give what you gave to the
        evaluation (codes after a sigmoid need more than 0).
    Examples whose error or code is NaN or infinite are left out and counted in the title.
    Raises `WrongArgument` for a missing key or shapes that do not belong together, and
    `CheckpointProblem` when the chart cannot be saved.
    """
    save_path = checked_path(save_path)
    require_number("near_zero", near_zero, at_least=0)
    errors, codes, means, level = _contents(results)
    good = np.isfinite(errors) & np.isfinite(codes).all(axis=1)
    left_out = len(errors) - int(good.sum())
    errors, codes = errors[good], codes[good]
    if left_out and len(codes):
        means = codes.mean(axis=0)  # the mean over all examples would be NaN
    active = np.abs(codes) > near_zero
    l0, activations = active.sum(axis=1), codes[active]
    figure, axes = new_figure(7, 5.2, rows=2, columns=2)
    title = f"{model_name}: {level:.1%} of the activations near zero"
    if left_out:
        title += f"\n{left_out:,} of {len(good):,} examples left out, NaN or infinite"
    figure.suptitle(title, fontsize=11)
    _histogram(axes[0, 0], errors, BLUE, "mean squared error of an example", "examples")
    _histogram(axes[0, 1], l0, ORANGE, "L0: active latents of an example", "examples")
    dead = int((~active.any(axis=0)).sum())
    _mean_activations(axes[1, 0], means, dead)
    _histogram(
        axes[1, 1], activations, SKY, "activation of an active latent", "number of them", log=True
    )
    alt = title.replace("\n", "; ") + ". " + _describe(errors, l0, activations, len(means), dead)
    return finished(figure, alt, save_path)


def _contents(results: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Errors (examples,), codes (examples, latents), mean activations (latents,), the level."""
    if not isinstance(results, Mapping):
        raise WrongArgument(
            f"results is of type {type(results).__name__}; it must be the dictionary that "
            "evaluate_sparse_autoencoder returns."
        )
    missing = [key for key in KEYS if key not in results]
    if missing:
        raise WrongArgument(f"results has no {', '.join(missing)}; it must hold {', '.join(KEYS)}.")
    errors = as_numbers("results['errors']", results["errors"], "examples")
    codes = as_numbers("results['latent_codes']", results["latent_codes"], "examples", "latents")
    means = as_numbers(
        "results['mean_activation_per_neuron']", results["mean_activation_per_neuron"], "latents"
    )
    level = as_numbers("results['sparsity_level']", results["sparsity_level"])
    if codes.shape != (len(errors), len(means)):
        raise WrongArgument(
            f"results['latent_codes'] has shape {codes.shape}; with {len(errors)} errors and "
            f"{len(means)} mean activations it must be {(len(errors), len(means))}."
        )
    return errors, codes, means, float(level)


def _histogram(
    axes: Axes, values: np.ndarray, colour: str, xlabel: str, ylabel: str, log: bool = False
) -> None:
    """One histogram with its mean; whole numbers get whole bins."""
    from matplotlib.ticker import MaxNLocator

    axes.set(xlabel=xlabel, ylabel=ylabel)
    if not len(values):
        say_empty(axes, "none")
        return
    if values.dtype.kind in "iu":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    axes.set_axisbelow(True)
    axes.hist(values, bins=_bins(values), color=colour, edgecolor="white", linewidth=0.3, log=log)
    if log:
        log_scale(axes, "y")
    mark_mean(axes, values.mean())


def _bins(values: np.ndarray) -> np.ndarray:
    """Edges of about BARS bins."""
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu":
        width = -((low - high - 1) // BARS)  # whole: else some bins would hold more numbers
        return np.arange(low, high + width + 1, width) - 0.5
    if high - low <= 1e-6 * max(abs(low), abs(high)):  # one value, to rounding
        around = max(abs(high), 1) / 2
        return np.array([low - around, high + around])
    return np.linspace(low, high, BARS + 1)


def _mean_activations(axes: Axes, means: np.ndarray, dead: int) -> None:
    """The latents in order of their mean activation."""
    axes.set(xlabel="latent, most active first", ylabel="mean activation")
    ordered = np.sort(finite(means))[::-1]
    if not len(ordered):
        say_empty(axes, "none is finite")
        return
    axes.stairs(ordered, np.arange(len(ordered) + 1) + 0.5, fill=True, color=GREEN)
    axes.margins(x=0.01, y=0.2)
    words = f"{dead:,} of {len(means):,} never active"
    axes.text(0.97, 0.95, words, transform=axes.transAxes, ha="right", va="top")


def _describe(
    errors: np.ndarray, l0: np.ndarray, activations: np.ndarray, latents: int, dead: int
) -> str:
    """The four panels in words."""
    text = f"{dead:,} of {counted(latents, 'latent')} never active"
    if len(errors):
        text = (
            f"Four panels over {counted(len(errors), 'example')}: reconstruction errors from "
            f"{in_words(errors.min())} to {in_words(errors.max())}, mean "
            f"{in_words(errors.mean())}; L0 from {l0.min()} to {l0.max()}, mean "
            f"{in_words(l0.mean())}; {text}"
        )
    if len(activations):
        text += f"; activations of active latents average {in_words(activations.mean())}"
    return f"{text}."


def plot_activation_density(density: Any, save_path: SavePath = None) -> ShownFigure:
    """Draw how often latents are active: a histogram over powers of ten, dead latents apart.

    density : (latents,), the fraction of the examples on which each latent is active.
    save_path : where to save the chart as well.
    Raises `WrongArgument` for another shape or values outside [0, 1], and `CheckpointProblem`
    when the chart cannot be saved.
    """
    from matplotlib.ticker import MaxNLocator

    save_path = checked_path(save_path)
    numbers = as_numbers("density", density, "latents")
    histogram = density_histogram(torch.from_numpy(numbers), BARS_A_DECADE)
    edges, counts, dead = histogram.edges.numpy(), histogram.counts.numpy(), histogram.dead
    lowest = round(edges[0])
    figure, axes = new_figure(7, 2.9)
    axes.set_axisbelow(True)
    axes.stairs(counts, edges, fill=True, color=BLUE)
    axes.vlines(edges[1:-1], 0, np.minimum(counts[1:], counts[:-1]), color="white", linewidth=0.6)
    place = lowest * 1.13 - 0.2  # apart from the histogram, wherever that begins
    width = 0.06 * -lowest + 0.1
    bar = axes.bar(place, dead, width=width, color=RED, hatch="//", edgecolor="white")
    axes.bar_label(bar, labels=[f"{dead:,}"])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    decades = list(range(lowest, 1))
    axes.set_xticks([place, *decades], ["never\n(dead)", *(_percent(10.0**d) for d in decades)])
    axes.set(
        xlim=(place - width, 0.05),
        xlabel="fraction of the examples on which a latent is active (log axis)",
        ylabel="latents",
    )
    axes.margins(y=0.15)
    axes.grid(False, axis="x")
    text = f"Of {counted(len(numbers), 'latent')} {dead:,} are never active"
    if len(alive := numbers[numbers > 0]):
        text += (
            f"; the others on {_percent(alive.min())} to {_percent(alive.max())} of the examples, "
            f"median {_percent(np.median(alive))}"
        )
    return finished(figure, f"{text}.", save_path)


def _percent(fraction: float) -> str:
    return f"{in_words(100 * fraction)} %"
