"""Dictionaries and reconstructions as images.

Both are mosaics: all images of a chart drawn as one, which is quick for hundreds of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.arguments import require_whole
from course_lib.charts.shared import (
    SavePath,
    as_numbers,
    checked_path,
    counted,
    finished,
    finite,
    in_words,
)
from course_lib.errors import WrongArgument
from course_lib.plotting import BLUE, RED, ShownFigure, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

ImageShape = tuple[int, int]
WIDTH = 7.0  # inches
PAIRS_A_ROW = 10
LARGEST = 0.9  # inches; few images are not blown up beyond this
# blue to vermilion through white, in the course's colours
DIVERGING = ("#00344f", BLUE, "#9ccbe8", "white", "#f2b48c", RED, "#6b2a00")
EDGE = "#d9d9d9"  # between images, so that an atom of zeros is seen as a white tile


def plot_dictionary(
    dictionary: Any,
    image_shape: ImageShape | None = None,
    save_path: SavePath = None,
    *,
    density: Any = None,
    at_most: int = 144,
) -> ShownFigure:
    """Draw atoms as images: vermilion positive, blue negative, white zero, each on its own scale.

    dictionary : (atoms, input). image_shape : (height, width) with height · width = input; None
    for square images.
    save_path : where to save the chart as well.
    density : (atoms,), how often each latent is active. The most active are drawn first, and
    dead ones get a frame; without it the order is the dictionary's. The atoms of a model with
    layers=2 belong to the decoder's hidden units: there is no density to give.
    at_most : how many atoms are drawn.
    Raises `WrongArgument` for shapes that do not belong together, and `CheckpointProblem` when
    the chart cannot be saved.
    """
    save_path = checked_path(save_path)
    atoms = as_numbers("dictionary", dictionary, "atoms", "input")
    shape = _image_shape(image_shape, atoms.shape[1])
    count = min(len(atoms), require_whole("at_most", at_most))
    order, dead = _order(density, len(atoms))
    drawn = atoms[order[:count]]
    largest = np.abs(np.where(np.isfinite(drawn), drawn, 0)).max(axis=1, keepdims=True)
    scaled = drawn / np.where(largest > 0, largest, 1)  # a zero atom stays zero
    figure, axes = _draw_atoms(scaled.reshape(count, *shape), dead[order[:count]])
    title = f"{count:,} of {len(atoms):,} atoms" if count < len(atoms) else counted(count, "atom")
    if density is not None:
        title += ", most often active first"
    if framed := int(dead[order[:count]].sum()):
        title += f"; {framed:,} dead, framed"
    axes.set_title(title)
    alt = _describe_dictionary(title, atoms, drawn, largest, dead, shape)
    return finished(figure, alt, save_path)


def _order(density: Any, atoms: int) -> tuple[np.ndarray, np.ndarray]:
    """In which order the atoms are drawn, and which of them are dead: (atoms,) each."""
    if density is None:
        return np.arange(atoms), np.zeros(atoms, dtype=bool)
    density = as_numbers("density", density, "atoms")
    if len(density) != atoms:
        raise WrongArgument(
            f"density has {len(density)} entries for {atoms} atoms; one each is needed (with "
            "layers=2 the atoms belong to the decoder's hidden units, not to latents: leave "
            "density out)."
        )
    return np.argsort(-density, kind="stable"), density == 0


def _draw_atoms(images: np.ndarray, dead: np.ndarray) -> tuple[Figure, Axes]:
    """The mosaic with its colour bar, and a frame around each dead atom.

    images : (count, height, width), between -1 and 1. dead : (count,).
    """
    count, height, width = images.shape
    columns = _columns(count, height / width)
    rows = math.ceil(count / columns)
    tile = min(LARGEST, (WIDTH - 0.2) / columns)  # inches
    figure, axes = new_figure(WIDTH, rows * tile * height / width + 0.95)
    image = axes.imshow(
        _mosaic(images, columns), cmap=_diverging(), vmin=-1, vmax=1, interpolation="nearest"
    )
    axes.set_axis_off()
    _hide_empty_places(axes, rows - 1, (count - 1) % columns + 1, columns, height, width)
    for place in np.flatnonzero(dead):
        _frame(axes, *divmod(int(place), columns), height, width)
    bar = figure.colorbar(
        image, ax=axes, orientation="horizontal", fraction=0.03, aspect=40, shrink=0.4
    )
    bar.set_ticks([-1, 0, 1], labels=["−largest", "0", "+largest weight"])
    bar.outline.set_visible(False)
    return figure, axes


def _image_shape(image_shape: Any, pixels: int) -> ImageShape:
    """(height, width) of images with so many pixels."""
    if image_shape is None:
        side = math.isqrt(pixels)
        if side * side != pixels:
            raise WrongArgument(
                f"{pixels} pixels are not a square number; give image_shape=(height, width)."
            )
        return side, side
    try:
        height, width = (require_whole("image_shape's entry", n) for n in image_shape)
    except (TypeError, ValueError) as error:
        raise WrongArgument(
            f"image_shape is {image_shape!r}; it must be two whole numbers, (height, width)."
        ) from error
    if height * width != pixels:
        raise WrongArgument(
            f"image_shape is {(height, width)}: {height * width} pixels, but there are {pixels}."
        )
    return height, width


def _columns(count: int, ratio: float) -> int:
    """Columns of a grid about 3 : 2 for images of height ratio · width."""
    return max(
        1, min(count, max(math.ceil(WIDTH / LARGEST), round(math.sqrt(1.6 * count * ratio))))
    )


def _mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """One image of all, row by row, with edges of a pixel (NaN) around each.

    images : (count, height, width).
    """
    count, height, width = images.shape
    rows = math.ceil(count / columns)
    mosaic = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 1) + 1, (i % columns) * (width + 1) + 1
        mosaic[top : top + height, left : left + width] = image
    return mosaic


def _diverging() -> Any:
    """The colour map of weights, white at zero; what is missing has the edges' grey."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("weights", DIVERGING).with_extremes(bad=EDGE)


def _hide_empty_places(
    axes: Axes, row: int, filled: int, columns: int, height: int, width: int
) -> None:
    """White over the places of a mosaic's row that no image fills."""
    from matplotlib.patches import Rectangle

    if filled < columns:
        corner = (filled * (width + 1) + 0.5, row * (height + 1) + (0.5 if row else -0.5))
        axes.add_patch(Rectangle(corner, columns * (width + 1), height + 2, color="white"))


def _frame(axes: Axes, row: int, column: int, height: int, width: int) -> None:
    """A frame around one image of a mosaic."""
    from matplotlib.patches import Rectangle

    corner = (column * (width + 1), row * (height + 1))
    axes.add_patch(
        Rectangle(corner, width + 1, height + 1, fill=False, edgecolor="black", linewidth=1.2)
    )


def _describe_dictionary(
    title: str,
    atoms: np.ndarray,
    drawn: np.ndarray,
    largest: np.ndarray,
    dead: np.ndarray,
    shape: ImageShape,
) -> str:
    """The chart in words."""
    text = f"{title}, drawn as images of {shape[0]} by {shape[1]} pixels, each on its own scale"
    if dead.any():
        text += f". {int(dead.sum()):,} of the {len(atoms):,} belong to dead latents"
    if zeros := int((largest == 0).sum()):
        text += f". {counted(zeros, 'atom')} zero throughout"
    if bad := int((~np.isfinite(drawn)).any(axis=1).sum()):
        text += f". {counted(bad, 'atom')} with NaN or infinity, drawn grey"
    return f"{text}."


def plot_reconstructions(
    inputs: Any,
    reconstructions: Any,
    image_shape: ImageShape | None = None,
    save_path: SavePath = None,
    *,
    at_most: int = 10,
) -> ShownFigure:
    """Draw inputs above their reconstructions, all on one grey scale, with each pair's error.

    inputs, reconstructions : (examples, input); the first `at_most` are drawn.
    image_shape : (height, width); None for square images.
    save_path : where to save the chart as well.
    The error is the mean squared difference of a pair's pixels. Dark is high where no input is
    negative (ink on paper), light is high otherwise.
    Raises `WrongArgument` for shapes that do not belong together, and `CheckpointProblem` when
    the chart cannot be saved.
    """
    save_path = checked_path(save_path)
    x = as_numbers("inputs", inputs, "examples", "input")
    x_hat = as_numbers("reconstructions", reconstructions, "examples", "input")
    if x.shape != x_hat.shape:
        raise WrongArgument(
            f"inputs have shape {x.shape} and reconstructions {x_hat.shape}; both must be the same."
        )
    height, width = _image_shape(image_shape, x.shape[1])
    count = min(len(x), require_whole("at_most", at_most))
    x, x_hat = x[:count], x_hat[:count]
    with np.errstate(invalid="ignore"):  # infinity - infinity: NaN, as it should be
        errors = ((x_hat.astype(np.float64) - x) ** 2).mean(axis=1)
    columns = min(count, PAIRS_A_ROW)
    rows = math.ceil(count / columns)
    tile = min(LARGEST, (WIDTH - 1.6) / columns)  # inches
    figure, panels = new_figure(
        WIDTH, rows * (2 * tile * height / width + 0.3) + 0.3, rows=rows, squeeze=False
    )
    images = np.stack([x, x_hat]).reshape(2, count, height, width)
    shared = _grey_scale(x, x_hat)
    for axes, start in zip(panels[:, 0], range(0, count, columns), strict=True):
        part = slice(start, start + columns)
        drawn = _draw_pairs(axes, images[:, part], columns, errors[part], shared)
    bar = figure.colorbar(drawn, ax=panels[:, 0].tolist(), fraction=0.03, aspect=20)
    bar.set_label("pixel value")
    figure.suptitle("Inputs, their reconstructions, and the mean squared error of each pair")
    return finished(figure, _describe_pairs(errors, height, width), save_path)


def _grey_scale(x: np.ndarray, x_hat: np.ndarray) -> dict[str, Any]:
    """One grey scale for inputs and reconstructions, as `imshow` takes it."""
    from matplotlib import colormaps

    known = finite(np.concatenate([x, x_hat]))
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    name = "gray" if (x < 0).any() else "gray_r"
    return {"cmap": colormaps[name].with_extremes(bad=EDGE), "vmin": low, "vmax": high}


def _draw_pairs(
    axes: Axes, pairs: np.ndarray, columns: int, errors: np.ndarray, scale: dict[str, Any]
) -> AxesImage:
    """A row of inputs over a row of reconstructions, named on the left, errors below.

    pairs : (2, pairs, height, width). errors : (pairs,).
    """
    count, height, width = pairs.shape[1:]
    places = np.full((2, columns, height, width), np.nan)
    places[:, :count] = pairs
    drawn = axes.imshow(
        _mosaic(places.reshape(-1, height, width), columns), interpolation="nearest", **scale
    )
    for row in (0, 1):
        _hide_empty_places(axes, row, count, columns, height, width)
    axes.set_yticks([height / 2 + 0.5, 1.5 * height + 1.5], ["input", "reconstruction"])
    middles = [i * (width + 1) + width / 2 + 0.5 for i in range(count)]
    axes.set_xticks(middles, [in_words(error) for error in errors], fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    return drawn


def _describe_pairs(errors: np.ndarray, height: int, width: int) -> str:
    """The chart in words."""
    known = finite(errors)
    span = f"{in_words(known.min())} to {in_words(known.max())}" if known.size else "unknown"
    text = (
        f"{counted(len(errors), 'example')} above their reconstructions, images of {height} by "
        f"{width} pixels. Mean squared error of a pair: {span}."
    )
    if bad := len(errors) - len(known):
        text += f" {counted(bad, 'pair')} with NaN or infinity, drawn grey."
    return text
