"""What all charts share: numbers taken in, numbers put into words, and the end of every chart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import WrongArgument
from course_lib.plotting import ShownFigure, require_save_path, save_figure, show_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SavePath = str | os.PathLike[str] | None
DRAWABLE = 1e100
LOG_FROM = 10.0  # a log axis from this ratio of the largest to the smallest value on


def checked_path(save_path: SavePath) -> SavePath:
    """`save_path` itself, looked at before anything is drawn; None is for a chart not saved."""
    return None if save_path is None else require_save_path(save_path)


def finished(figure: Figure, alt: str, save_path: SavePath) -> ShownFigure:
    """The chart to show, saved as well when a path was given."""
    shown = show_figure(figure, alt)
    if save_path is not None:
        save_figure(shown, save_path)
    return shown


def as_numbers(name: str, value: Any, *shape: str) -> np.ndarray:
    """A tensor, array or list as floats; `shape` names its dimensions ("examples", "latents").

    NaN and infinity pass: a diverged run is worth a look. What is beyond 1e100 counts as infinite
    and what is nearer to zero than 1e-100 as zero: matplotlib overflows there.
    Raises `WrongArgument` for another number of dimensions, an empty one, or other contents.
    """
    wanted = f"({', '.join(shape)}{',' if len(shape) == 1 else ''})"
    if isinstance(value, Tensor) and not value.is_complex():
        wide = torch.promote_types(value.dtype, torch.float32)  # NumPy has no bfloat16
        numbers = value.detach().to("cpu", wide).numpy()
    else:
        try:
            numbers = np.asarray(value)
        except (TypeError, ValueError):  # rows of different lengths, for one
            numbers = np.empty((), dtype=object)
    if numbers.dtype.kind not in "biuf":
        raise WrongArgument(
            f"{name} is of type {type(value).__name__} and cannot be read as real numbers; "
            f"a tensor, an array or a list of shape {wanted} is needed."
        )
    if numbers.ndim != len(shape) or not numbers.size:
        raise WrongArgument(f"{name} has shape {numbers.shape}; it must be {wanted}, not empty.")
    if numbers.dtype == np.float32:
        return numbers  # codes may be large: no copy
    numbers = numbers.astype(np.float64)
    size = np.abs(numbers)
    numbers[size > DRAWABLE] = np.inf
    numbers[size < 1 / DRAWABLE] = 0
    return numbers


def finite(numbers: np.ndarray) -> np.ndarray:
    """The entries that are neither NaN nor infinite, flat."""
    return numbers[np.isfinite(numbers)]


def helps_log(numbers: np.ndarray) -> bool:
    """Whether a log axis suits: all positive, the largest LOG_FROM times the smallest or more."""
    numbers = finite(numbers)
    return bool(numbers.size and numbers.min() > 0 and numbers.max() >= LOG_FROM * numbers.min())


def in_words(number: float) -> str:
    """A number with two digits that count, as a sentence wants it: 0.031, 1,240, 3.0e-07."""
    if not np.isfinite(number):
        return "NaN" if np.isnan(number) else "infinity"
    if abs(number) >= 1e7 or 0 < abs(number) < 1e-4:
        return f"{number:.1e}"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return np.format_float_positional(number, precision=2, fractional=False, trim="-")


def counted(number: int, what: str) -> str:
    """A number of things: "1 point", "1,240 points"."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def course_of(first: float, last: float) -> str:
    """How a quantity went: "falls from 0.12 to 0.031", or "stays at 0.12"."""
    start, end = in_words(first), in_words(last)
    if start == end:
        return f"stays at {start}"
    return f"{'falls' if last < first else 'rises'} from {start} to {end}"


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """A log axis that is labelled with plain numbers: 0.02, 0.05, 0.1."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    few = high < 100 * low  # within two decades there is room for more labels
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: in_words(value)))
    axis.set_minor_formatter(NullFormatter())


def mark_mean(axes: Axes, mean: float) -> None:
    """A dashed line at the mean of a histogram, with its value."""
    axes.margins(y=0.2)  # room for the words
    axes.axvline(mean, color="black", linestyle="--", linewidth=1.2)
    axes.annotate(
        f" mean {in_words(mean)} ",
        (mean, 0.98),
        xycoords=("data", "axes fraction"),
        ha="left" if mean < np.mean(axes.get_xlim()) else "right",
        va="top",
    )


def say_empty(axes: Axes, words: str) -> None:
    """Words in the middle of axes in which nothing can be drawn."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center")
    axes.set(xticks=[], yticks=[])
