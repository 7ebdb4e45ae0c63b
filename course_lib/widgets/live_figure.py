"""A figure with controls: moving one redraws the figure in the kernel and swaps the picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import traitlets

from course_lib.errors import UnknownName, WrongArgument
from course_lib.plotting import DPI, STYLE
from course_lib.widgets.base import CourseWidget, front_end

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    draw : called with a cleared `Figure` and the value of each control.
    question : what the learner should find out by moving the controls.
    size : inches.
    controls : `Slider` or `Select` by name, in the order in which they are shown.
    """

    _esm = front_end("live_figure.js")
    controls = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        draw: Callable[..., str],
        question: str,
        size: tuple[float, float] = (7.0, 3.4),
        **controls: Slider | Select,
    ):
        from matplotlib.figure import Figure

        if not controls:
            raise WrongArgument(
                'A live figure needs at least one control, such as x=Slider("x", 0, 1, 0.1, 0.5).'
            )
        self._draw, self._specs = draw, controls
        self._figure = Figure(figsize=size, layout="constrained")
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
        import matplotlib
        from cycler import cycler

        from course_lib.plotting import PALETTE

        with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=PALETTE)}):
            self._figure.clear()
            description = self._draw(self._figure, **values)
            return quick_png(self._figure), description

    def _redraw(self, change: Any) -> None:
        picture, description = self._render(change["new"])
        with self.hold_sync():
            self.picture, self.description = picture, description

    def set(self, **values: Any) -> None:
        """Move controls from code; raises `UnknownName` for a control that is not there."""
        for name in values:
            if name not in self._specs:
                raise UnknownName("control", name, self._specs, "this figure")
        self.values = {**self.values, **values}

    def static_html(self) -> str:
        """The figure as it stands, with its description."""
        data = base64.b64encode(to_png_of(self.picture)).decode()
        text = escape(self.description, quote=True)
        return (
            f'<figure style="margin:0"><p><strong>{escape(self.question)}</strong> '
            "<em>(run this notebook to move the controls)</em></p>"
            f'<img alt="{text}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
        )

    def __repr__(self) -> str:
        return f"Live figure: {self.question} {self.description}"


def quick_png(figure: Figure) -> bytes:
    """A PNG made for speed: hardly compressed, since it goes no further than this machine."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    canvas.draw()
    stream = io.BytesIO()
    Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert(
        "RGB"
    ).save(stream, format="png", compress_level=1)
    return stream.getvalue()


def to_png_of(picture: bytes) -> bytes:
    """A picture's small version, for saving in a notebook."""
    from PIL import Image

    stream = io.BytesIO()
    Image.open(io.BytesIO(picture)).quantize(
        128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    ).save(stream, format="png", compress_level=6)
    return stream.getvalue()
