"""A figure with controls: moving one redraws the figure in the kernel and swaps the picture."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import traitlets

from course_lib.errors import UnknownName, WrongArgument
from course_lib.plotting import compressed, to_pixels, to_png, use_style
from course_lib.widgets.base import CourseWidget, front_end

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Slider:
    """A number between `low` and `high` (both included), in steps."""

    label: str
    low: float
    high: float
    step: float
    value: float
    kind: str = "slider"


@dataclass(frozen=True)
class Select:
    """One of several named options."""

    label: str
    options: tuple[str, ...]
    value: str
    kind: str = "select"


class LiveFigure(CourseWidget):
    """`draw(figure, **values)` draws on an empty matplotlib figure and returns a description.

    The description is the picture's text alternative and the caption under it, so it should
    state the numbers that the learner is looking for.

    Parameters
    ----------
    draw : called with an empty `Figure` and the value of each control.
    question : what the learner should find out by moving the controls.
    size : inches.
    controls : `Slider` or `Select` by name, in the order in which they are shown.
    """

    _esm = front_end("shared.js", "live_figure.js")
    controls = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)  # how often values were drawn, or could not be

    def __init__(
        self,
        draw: Callable[..., str],
        question: str,
        size: tuple[float, float] = (7.0, 3.4),
        **controls: Slider | Select,
    ):
        from course_lib.widgets.quick_layout import QuickLayout

        if not controls:
            raise WrongArgument(
                'A live figure needs at least one control, such as x=Slider("x", 0, 1, 0.1, 0.5).'
            )
        self._draw, self._specs, self._size = draw, controls, size
        self._failure: BaseException | None = None
        self._layout = QuickLayout()
        self._has_margin = True
        start = {name: c.value for name, c in controls.items()}
        picture, description = self._render(start)
        super().__init__(
            controls=[{"name": n, **asdict(c)} for n, c in controls.items()],
            values=start,
            question=question,
            picture=picture,
            description=description,
        )
        self.observe(self._redraw, names="values")

    def _render(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        from matplotlib.figure import Figure

        use_style()
        figure = Figure(figsize=self._size, layout=self._layout)  # clearing one takes longer
        description = self._draw(figure, **values)
        if not isinstance(description, str):
            raise WrongArgument(
                f"draw returned {description!r}; it must return a sentence that says what the "
                "figure shows."
            )
        pixels = to_pixels(figure)
        if self._layout.reused and self._has_margin and is_cut_off(pixels):
            self._layout.forget()
            pixels = to_pixels(figure)
        if not self._layout.reused:
            self._has_margin = not is_cut_off(pixels)
        return to_png(pixels, compression=1), description  # quickest: it stays here

    def _redraw(self, change: Any) -> None:
        self._failure = None
        try:
            picture, description = self._render(change["new"])
        except (Exception, KeyboardInterrupt) as error:  # the controls must stay alive
            self._failure = error
            picture = self.picture
            description = (
                f"This setting could not be drawn ({type(error).__name__}: {error}). "
                "The picture above belongs to an earlier one."
            )
        with self.hold_sync():
            self.picture, self.description = picture, description
            self.answered += 1  # in the same message, so that the front end sees all or nothing

    def set(self, **values: Any) -> None:
        """Move controls from code.

        Raises `UnknownName` for a control that is not there, and whatever `draw` raises.
        """
        for name in values:
            if name not in self._specs:
                raise UnknownName("control", name, self._specs, "this figure")
        self.values = {**self.values, **values}
        if self._failure is not None:
            raise self._failure

    def static_html(self) -> str:
        """The figure as it stands, with its description."""
        data = base64.b64encode(compressed(self.picture)).decode()
        text = escape(self.description, quote=True)
        return (
            f'<figure style="margin:0"><p><strong>{escape(self.question)}</strong> '
            "<em>(run this notebook to move the controls)</em></p>"
            f'<img alt="{text}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
        )

    def __repr__(self) -> str:
        return f"Live figure: {self.question} {self.description}"


def is_cut_off(pixels: np.ndarray) -> bool:
    """Whether anything is drawn on the outermost pixels, where only background belongs."""
    background = pixels[0, 0]
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return any((edge != background).any() for edge in edges)
