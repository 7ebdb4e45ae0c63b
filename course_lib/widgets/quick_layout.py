"""Constrained layout for figures that are drawn again and again: worked out once, then reused.

Matplotlib's constrained layout takes as long as the drawing itself, and moving a slider seldom
changes how much room the labels need.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox


class QuickLayout(ConstrainedLayoutEngine):
    """Remembers where the axes lay for every room that their labels ever took."""

    def __init__(self):
        super().__init__()
        self._known: dict[str, list[Bbox]] = {}
        self.reused = False

    def execute(self, fig: Figure) -> None:
        """Place the axes of `fig`; `reused` says whether from memory."""
        room = (
            [_shape(text.get_text()) for text in fig.texts],
            [
                (_place(ax), _shape(ax.get_title()), _room(ax.xaxis), _room(ax.yaxis))
                for ax in fig.axes
            ],
        )
        boxes = self._known.get(key := repr(room))
        self.reused = boxes is not None
        if boxes is None:
            super().execute(fig)
            self._known[key] = [ax.get_position(original=True) for ax in fig.axes]
            return
        for ax, box in zip(fig.axes, boxes, strict=True):
            ax.set_position(box)
            ax.set_in_layout(True)  # which set_position takes away

    def forget(self) -> None:
        """Work everything out anew the next time."""
        self._known.clear()


def _place(ax: Axes) -> tuple | None:
    """Where an axes stands in its grid; None outside of one, as a colour bar."""
    place = ax.get_subplotspec()
    if place is None:
        return None
    grid = place.get_gridspec()
    return place.get_geometry(), grid.get_width_ratios(), grid.get_height_ratios()


def _room(axis: Axis) -> tuple[str, str]:
    """What decides how much room an axis takes: its name and its longest tick label."""
    ticks = [_shape(label.get_text()) for label in axis.get_ticklabels() if label.get_visible()]
    return _shape(axis.label.get_text()), max(ticks, key=len, default="")


def _shape(text: str) -> str:
    """A text without its digits, which are all of one width."""
    return re.sub(r"\d", "0", text)
