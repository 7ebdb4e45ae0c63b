"""Loss curves of a training run.

loss = reconstruction + sparsity term (+ coherence term)      (terms include their weights)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.charts.shared import (
    SavePath,
    as_numbers,
    checked_path,
    counted,
    course_of,
    finished,
    finite,
    helps_log,
    in_words,
    log_scale,
    say_empty,
)
from course_lib.errors import WrongArgument
from course_lib.plotting import BLUE, GREEN, ORANGE, PURPLE, RED, ShownFigure, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLITS = {"train": ("training", "-"), "val": ("validation", "--")}
TERMS = {
    "recon_loss": ("reconstruction", ORANGE),
    "sparsity_loss": ("sparsity term", GREEN),
    "coherence_loss": ("coherence term", PURPLE),
}
NEEDED = ("loss", "recon_loss", "sparsity_loss")


def plot_sparse_training_history(
    history: Mapping[str, Any], save_path: SavePath = None
) -> ShownFigure:
    """Draw the total loss and its terms, for training and validation, and the best epoch.

    history : what the training functions return: lists with one value an epoch (or a record).
    save_path : where to save the chart as well (.png, .svg or .pdf).
    The best epoch is that of the lowest total loss in validation. A run that diverged is drawn
    as far as its losses are finite; where they are NaN is marked.
    Raises `WrongArgument` for a missing key, and for lists that are empty or differ in length,
    and `CheckpointProblem` when the chart cannot be saved.
    """
    save_path = checked_path(save_path)
    run = _read(history)
    figure, panels = new_figure(7, 3.3, columns=2)
    total, terms = panels
    _draw(total, run, {"loss": (None, BLUE)})
    _draw(terms, run, {term: TERMS[term] for term in TERMS if term in run.losses["train"]})
    total.set(title="Total loss", ylabel="loss")
    terms.set(title="Its terms")
    if run.drawable:
        terms.legend()
    for axes in panels:
        if run.best is not None:
            axes.axvline(run.best, color="black", linestyle=":", linewidth=1.2)
        if run.diverged is not None:
            start, end = run.diverged - 0.5, run.length + 0.5
            axes.axvspan(start, end, color=RED, alpha=0.15, linewidth=0)
    if run.best is not None:
        total.plot(run.best, run.lowest, "*", color="black", markersize=11, clip_on=False, zorder=5)
    _legend(figure, run)
    return finished(figure, _describe(run), save_path)


@dataclass(frozen=True)
class _Run:
    """The losses by split ("train", perhaps "val") and term, each an array (length,)."""

    losses: dict[str, dict[str, np.ndarray]]
    unit: str  # what one value stands for: an epoch, or a record of another length

    @property
    def length(self) -> int:
        return len(self.losses["train"]["loss"])

    @property
    def drawable(self) -> bool:
        return any(np.isfinite(c).any() for split in self.losses.values() for c in split.values())

    @property
    def best(self) -> int | None:
        """Where the validation loss is lowest, counted from 1; None without a finite one."""
        validation = self.losses.get("val", {}).get("loss", np.array([]))
        if not finite(validation).size:
            return None
        return int(np.where(np.isfinite(validation), validation, np.inf).argmin()) + 1

    @property
    def lowest(self) -> float:
        """The validation loss at the best epoch."""
        return float(self.losses["val"]["loss"][self.best - 1])

    @property
    def diverged(self) -> int | None:
        """Where the first loss is NaN or infinite, counted from 1; None where all are finite."""
        curves = [c for split in self.losses.values() for c in split.values()]
        bad = ~np.isfinite(curves).all(axis=0)
        return int(bad.argmax()) + 1 if bad.any() else None


def _read(history: Any) -> _Run:
    """The lists of a history, all of one length."""
    if not isinstance(history, Mapping):
        raise WrongArgument(
            f"history is of type {type(history).__name__}; it must be the dictionary that "
            "train_sparse_autoencoder_with_early_stopping returns."
        )
    splits = [s for s in SPLITS if s == "train" or any(f"{s}_{t}" in history for t in NEEDED)]
    needed = [f"{split}_{term}" for split in splits for term in NEEDED]
    if missing := [key for key in needed if key not in history]:
        raise WrongArgument(f"history has no {', '.join(missing)}; it must hold all of {needed}.")
    losses = {
        split: {
            term: as_numbers(f"history[{key!r}]", history[key], "epochs")
            for term in ("loss", *TERMS)
            if (key := f"{split}_{term}") in history
        }
        for split in splits
    }
    lengths = {f"{s}_{t}": len(curve) for s in splits for t, curve in losses[s].items()}
    if len(set(lengths.values())) > 1:
        raise WrongArgument(f"The lists of history differ in length: {lengths}.")
    length = lengths["train_loss"]
    return _Run(losses, "epoch" if history.get("epochs_trained", length) == length else "record")


def _draw(axes: Axes, run: _Run, terms: Mapping[str, tuple[str | None, str]]) -> None:
    """One panel: training solid, validation dashed; `terms` gives each term's label and colour."""
    from matplotlib.ticker import MaxNLocator

    if not run.drawable:
        say_empty(axes, "no finite loss to draw")
        return
    drawn = []
    for term, (label, colour) in terms.items():
        for split, curves in run.losses.items():
            curve = np.where(np.isfinite(curves[term]), curves[term], np.nan)
            axes.plot(
                np.arange(1, run.length + 1),
                curve,
                SPLITS[split][1],
                color=colour,
                marker="o" if run.length < 3 else None,  # a line of one point would not be seen
                markersize=4,
                label=label if split == "train" else None,
            )
            drawn.append(curve)
    # a term that is zero throughout (weight 0) must not keep the others from a log axis
    if helps_log(np.concatenate([c for c in drawn if c.any()] or drawn)):
        log_scale(axes, "y")
    axes.set(xlabel=run.unit, xlim=(0.5, run.length + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))


def _legend(figure: Figure, run: _Run) -> None:
    """One legend for both panels, below them."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def line(label: str, style: str, **marker: Any) -> Line2D:
        return Line2D([], [], color="black", linestyle=style, label=label, **marker)

    entries: list[Line2D | Patch] = [line(*SPLITS[split]) for split in run.losses]
    if run.best is not None:
        words = f"best {run.unit}: {run.best}, validation {in_words(run.lowest)}"
        entries.append(line(words, ":", marker="*", markersize=11))
    if run.diverged is not None:
        entries.append(Patch(color=RED, alpha=0.3, linewidth=0, label="NaN or infinite"))
    figure.legend(handles=entries, loc="outside lower center", ncols=len(entries), handlelength=1.6)


def _describe(run: _Run) -> str:
    """The chart in words."""
    text = f"Training loss {_went(run.losses['train']['loss'])} in {counted(run.length, run.unit)}"
    if "val" in run.losses:
        text += f"; validation loss {_went(run.losses['val']['loss'])}"
    if run.best is not None:
        text += f", lowest at {run.unit} {run.best} with {in_words(run.lowest)}"
    split = list(run.losses)[-1]
    parts = [
        f"the {TERMS[term][0]} {_went(curve)}"
        for term, curve in run.losses[split].items()
        if term != "loss"
    ]
    text += f". Its terms in {SPLITS[split][0]}: {', '.join(parts)}."
    if run.diverged is not None:
        text += f" From {run.unit} {run.diverged} on a loss is NaN or infinite: the run diverged."
    return text


def _went(curve: Sequence[float]) -> str:
    known = finite(np.asarray(curve))
    if not known.size:
        return "is never finite"
    return course_of(known[0], known[-1]) if len(curve) > 1 else f"is {in_words(known[0])}"
