"""Figures of the course: one look, colours that colour-blind readers tell apart, alt text.

A figure is shown as an HTML image, because only that carries a text alternative in JupyterLab.
"""

from __future__ import annotations

import base64
import io
import os
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.errors import CheckpointProblem, WrongArgument

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image

# Okabe and Ito's palette; black is left for text and axes.
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, GREY = "#cc79a7", "#56b4e9", "#8a8a8a"
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
DPI = 110  # sharp at notebook width, and under 60 kB a figure
SAVED_AS = (".png", ".svg", ".pdf")

STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10.5,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def use_style() -> None:
    """Make the course's look matplotlib's default, for the learner's own figures too."""
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update({**STYLE, "axes.prop_cycle": cycler(color=PALETTE)})


def new_figure(
    width: float = 7.0, height: float = 3.4, rows: int = 1, columns: int = 1, **subplots
) -> tuple[Figure, Axes]:
    """A figure in the course's style, outside pyplot's registry (nothing to close).

    width, height : inches; 7 fills a notebook's column.
    Returns the figure and its axes, as `Figure.subplots` gives them.
    """
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **subplots)


def to_pixels(figure: Figure) -> np.ndarray:
    """A figure's pixels, shape (height, width, 3)."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def to_png(pixels: np.ndarray, compression: int = 6) -> bytes:
    """A PNG of 128 colours: a third of the usual size, quicker to make and to send.

    compression : 1 (quickest) to 9 (smallest).
    """
    from PIL import Image

    few = Image.fromarray(pixels).quantize(
        128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    return _encoded(few, compression)


def compressed(png: bytes) -> bytes:
    """The same picture in fewer bytes, for saving in a notebook."""
    from PIL import Image

    return _encoded(Image.open(io.BytesIO(png)), 6)


def _encoded(picture: Image.Image, compression: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format="png", compress_level=compression)
    return stream.getvalue()


class ShownFigure:
    """A rendered figure with its text alternative; `figure` is matplotlib's own, to change."""

    def __init__(self, png: bytes, alt: str, figure: Figure):
        self.png, self.alt, self.figure = png, alt, figure

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode()
        return (
            f'<img alt="{escape(self.alt, quote=True)}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}">'
        )


def show_figure(figure: Figure, alt: str) -> ShownFigure:
    """The figure as a cell's result. `alt` tells in a sentence or two what it shows.

    Raises `WrongArgument` when `alt` is shorter than four words.
    """
    if len(alt.split()) < 4:
        raise WrongArgument(f"alt is {alt!r}; describe what the figure shows in a sentence.")
    return ShownFigure(to_png(to_pixels(figure)), alt, figure)


def require_save_path(path: str | os.PathLike[str]) -> Path:
    """`path` as a Path to which a figure can be saved, as far as one can tell beforehand.

    Raises `WrongArgument` for another suffix than .png, .svg or .pdf, and `CheckpointProblem`
    when its folder is missing or read-only, or when a folder lies there.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise WrongArgument(f"The path is {path!r}; it must be a str or a pathlib.Path.")
    path = Path(path)
    if path.suffix.lower() not in SAVED_AS:
        raise WrongArgument(
            f"A figure cannot be saved as {str(path)!r}; the name must end in "
            f"{', '.join(SAVED_AS[:-1])} or {SAVED_AS[-1]}."
        )
    if not path.parent.is_dir():
        raise CheckpointProblem(
            f"{path} cannot be written: there is no folder {path.parent}. Make it first, "
            "or choose another."
        )
    if path.is_dir():
        raise CheckpointProblem(f"{path} cannot be written: it is a folder. Give a file's name.")
    if not os.access(path.parent, os.W_OK):
        raise CheckpointProblem(
            f"{path} cannot be written: the folder {path.parent} is read-only. Choose another."
        )
    return path


def save_figure(figure: Figure | ShownFigure, path: str | os.PathLike[str]) -> Path:
    """Save a figure as .png, .svg or .pdf; return its path.

    A shown figure is saved as .png with the pixels that were shown; a figure is drawn anew.
    It is written beside its place and then moved there: no half a file is ever found.
    Raises as `require_save_path` does, and `CheckpointProblem` when writing fails.
    """
    from course_lib.checkpoints.files import reason_of  # it loads torch, which drawing does not

    path = require_save_path(path)
    stream = io.BytesIO()
    shown, figure = (figure, figure.figure) if isinstance(figure, ShownFigure) else (None, figure)
    if path.suffix.lower() == ".png":
        stream.write(to_png(to_pixels(figure)) if shown is None else shown.png)
    else:
        figure.savefig(stream, format=path.suffix[1:].lower())
    beside = None
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(stream.getvalue())
        os.chmod(beside, 0o644)  # a temporary file is its owner's alone
        os.replace(beside, path)
    except OSError as error:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
        raise CheckpointProblem(f"{path} could not be written: {reason_of(error)}") from error
    return path
