"""Drawings that the lessons share: maps of the plane, small images, curves, regions of classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from course_lib.errors import WrongArgument
from course_lib.plotting import BLUE, GREY, ORANGE, RED, SKY, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_plane_map(axes: Axes, matrix: Tensor, title: str = "", reach: float = 3.2) -> None:
    """Draw what `x → matrix @ x` does to a grid, to the unit square and to the unit vectors.

    matrix : (2, 2). Its columns are the images of the unit vectors, drawn as arrows.
    """
    if tuple(matrix.shape) != (2, 2):
        raise WrongArgument(f"matrix has shape {tuple(matrix.shape)}; a plane map is (2, 2).")
    A = matrix.detach().double().numpy()
    ticks = np.arange(-4, 5)
    ends = np.array([-4.0, 4.0])
    for t in ticks:  # the images of straight lines are straight: two points each are enough
        for line in (np.stack([ends, np.full(2, t)]), np.stack([np.full(2, t), ends])):
            axes.plot(*(A @ line), color=GREY, alpha=0.45, linewidth=0.8, zorder=1)
    square = A @ np.array([[0, 1, 1, 0], [0, 0, 1, 1]], dtype=float)
    axes.fill(*square, color=SKY, alpha=0.45, zorder=2)
    for column, colour in zip(A.T, (BLUE, ORANGE), strict=True):
        axes.annotate(
            "",
            column,
            (0, 0),
            zorder=3,
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.4},
        )
    axes.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
        title=title,
        xlabel="first coordinate",
        ylabel="second coordinate",
    )
    axes.grid(False)


def plane_facts(matrix: Tensor) -> tuple[float, int]:
    """Determinant and rank of a (2, 2) matrix; entries below 1e-6 count as zero."""
    determinant = round(torch.linalg.det(matrix.double()).item(), 9) + 0.0  # never -0
    return determinant, int(torch.linalg.matrix_rank(matrix.double(), atol=1e-6))


def image_row(
    images: Tensor, titles: Sequence[str], height: float = 1.25, symmetric: bool = False
) -> Figure:
    """One row of square grey images, or of weights in blue (negative) and red (positive).

    images : (n, pixels), pixels a square number. symmetric : colour around zero.
    """
    side = round(images.shape[1] ** 0.5)
    if side * side != images.shape[1] or len(images) != len(titles):
        raise WrongArgument(
            f"{tuple(images.shape)} images with {len(titles)} titles: the pixels "
            "must be a square number, and each image needs one title."
        )
    figure, axes = new_figure(7, height, columns=len(images), squeeze=False)
    bound = images.abs().max().item()
    style = {"cmap": "RdBu_r", "vmin": -bound, "vmax": bound} if symmetric else {"cmap": "gray_r"}
    for image, title, ax in zip(images, titles, axes[0], strict=True):
        ax.imshow(image.detach().reshape(side, side), **style)
        ax.set_title(title)
        ax.set_axis_off()
    return figure


def draw_fit(axes: Axes, x: Tensor, y: Tensor, fitted: Tensor, title: str = "") -> float:
    """Draw a curve and a network's attempt at it; return their mean squared difference.

    x, y, fitted : (points,).
    """
    axes.plot(x, y, color=GREY, linewidth=5, alpha=0.5, label="curve")
    axes.plot(x, fitted, color=BLUE, label="network")
    axes.set(xlabel="input x", ylabel="output y", title=title)
    axes.margins(y=0.12)
    return ((fitted - y) ** 2).mean().item()


def draw_classes(
    axes: Axes,
    points: Tensor,
    labels: Tensor,
    score: Callable[[Tensor], Tensor],
    title: str = "",
    reach: float = 1.4,
) -> None:
    """Draw points of two classes over the region where the score is above 1/2.

    points : (n, 2). labels : (n,), 0 or 1. score : maps points (m, 2) to numbers (m, 1).
    """
    ticks = torch.linspace(-reach, reach, 140)
    grid = torch.cartesian_prod(ticks, ticks)  # (140 * 140, 2), the second coordinate fastest
    inside = (score(grid) > 0.5).reshape(140, 140).T.double()
    axes.contourf(ticks, ticks, inside, levels=[0.5, 2], colors=[SKY], alpha=0.35)
    for value, marker, colour in ((0, "o", ORANGE), (1, "^", BLUE)):
        axes.scatter(
            *points[labels == value].T,
            s=9,
            marker=marker,
            color=colour,
            label=f"class {value}",
        )
    axes.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
        title=title,
        xlabel="first input",
        ylabel="second input",
    )
    axes.grid(False)


def draw_image(axes: Axes, image: Tensor, title: str = "") -> None:
    """One square grey image, 0 and below white, 1 and above black; a dot marks an exact zero.

    image : (pixels,), pixels a square number.
    Raises `WrongArgument` for another number of pixels.
    """
    side = round(len(image) ** 0.5)
    if side * side != len(image):
        raise WrongArgument(f"image has {len(image)} pixels, which is not a square number.")
    axes.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
    rows, columns = (image.reshape(side, side) == 0).nonzero(as_tuple=True)
    axes.scatter(columns, rows, s=6, color=BLUE)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(True)  # the edge of the picture
    axes.grid(False)


def draw_descent(
    axes: Axes, first: Tensor, second: Tensor, surface: Tensor, path: Tensor, title: str = ""
) -> None:
    """Draw lines of equal loss over two weights, the point of smallest loss, and a path.

    first, second : (m,), (n,), the values of the two weights. surface : (n, m), the loss at each
    pair. path : (points, 2), from the first step to the last; it may leave the picture.
    """
    lowest = surface.min()
    heights = lowest + (surface.max() - lowest) * torch.linspace(0, 1, 9)[1:] ** 3
    axes.contour(first, second, surface, levels=heights.tolist(), colors=GREY, linewidths=0.7)
    row, column = divmod(int(surface.argmin()), len(first))
    axes.plot(first[column], second[row], "*", color=ORANGE, markersize=13)
    axes.plot(*path.clamp(-1e3, 1e3).T, "-o", color=BLUE, linewidth=1.2, markersize=3)
    axes.set(xlim=(first[0], first[-1]), ylim=(second[0], second[-1]), title=title)
    axes.grid(False)


def draw_chain(axes: Axes, values: Sequence[str], slopes: Sequence[str]) -> None:
    """Draw a computation as boxes in a row: values forward above, slopes backward below.

    values, slopes : what stands in each box, and under it; as many of one as of the other.
    """
    frame = {"boxstyle": "round", "facecolor": "white", "edgecolor": GREY}
    for place, (value, slope) in enumerate(zip(values, slopes, strict=True)):
        axes.text(place, 0.5, value, ha="center", va="center", bbox=frame)
        axes.text(place, -0.55, slope, ha="center", va="center", color=RED)
        if place:
            for height, ends, colour in (
                (0.5, (place - 0.72, place - 0.36), BLUE),
                (-0.12, (place - 0.15, place - 0.85), RED),
            ):
                arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6}
                axes.annotate("", (ends[1], height), (ends[0], height), arrowprops=arrow)
    axes.text(-0.5, 1.1, "forward: values", color=BLUE)
    axes.text(-0.5, -1.15, "backward: slopes of L", color=RED)
    axes.set(xlim=(-0.5, len(values) - 0.5), ylim=(-1.3, 1.3))
    axes.set_axis_off()
