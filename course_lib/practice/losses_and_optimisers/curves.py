"""Five real training runs to diagnose, and their picture.

Each trains a model to read noisy digits by mini-batch SGD, with the mean squared error between
its ten outputs and the ten numbers wanted: 1 for the right digit, 0 for the others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_lib.data import digits
from course_lib.plotting import BLUE, ORANGE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EPOCHS = 40
CLASSES = 10


@dataclass(frozen=True)
class Recipe:
    """How a run is made. `images`: how many it trains on. `hidden`: ReLU units, 0 for none."""

    learning_rate: float
    images: int = 1400
    batch_size: int = 50
    hidden: int = 0
    noise: float = 0.3


RUNS = {
    "A": Recipe(1.0, images=100, batch_size=10, hidden=64, noise=0.5),
    "B": Recipe(0.002),
    "C": Recipe(0.88),
    "D": Recipe(0.3),
    "E": Recipe(0.84),
}


@dataclass(frozen=True)
class Curves:
    """The losses of a run, one an epoch; the training loss is an average over the epoch."""

    training: tuple[float, ...]
    validation: tuple[float, ...]

    @property
    def best_epoch(self) -> int:
        """Where the validation loss is lowest, counted from 1."""
        return self.validation.index(min(self.validation)) + 1


def run(recipe: Recipe, seed: int = 0) -> Curves:
    """Train a model as the recipe says, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def data(split: str, rows: int | None) -> tuple[Tensor, Tensor]:
        pixels, labels = digits(split)
        noise = torch.randn(pixels.shape, generator=generator, dtype=torch.float64)
        wanted = torch.nn.functional.one_hot(labels, CLASSES).double()
        return (pixels + recipe.noise * noise)[:rows], wanted[:rows]

    x, y = data("train", recipe.images)
    new_x, new_y = data("test", None)
    layers = _layers(recipe.hidden, generator)
    parameters = [p for layer in layers for p in layer]
    training, validation = [], []
    for _ in range(EPOCHS):
        losses = []
        for rows in torch.randperm(len(x), generator=generator).split(recipe.batch_size):
            loss = ((_output(layers, x[rows]) - y[rows]) ** 2).mean()
            gradients = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for p, g in zip(parameters, gradients, strict=True):
                    p -= recipe.learning_rate * g
            losses.append(loss.item())
        training.append(sum(losses) / len(losses))
        with torch.no_grad():
            validation.append(((_output(layers, new_x) - new_y) ** 2).mean().item())
    return Curves(tuple(training), tuple(validation))


def _layers(hidden: int, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    sizes = [64, *([hidden] if hidden else []), CLASSES]
    layers = []
    for n, m in itertools.pairwise(sizes):
        W = torch.randn(m, n, generator=generator, dtype=torch.float64) / math.sqrt(3 * n)
        b = torch.zeros(m, dtype=torch.float64)
        layers.append((W.requires_grad_(), b.requires_grad_()))
    return layers


def _output(layers: list[tuple[Tensor, Tensor]], x: Tensor) -> Tensor:
    for W, b in layers[:-1]:
        x = torch.relu(x @ W.T + b)
    W, b = layers[-1]
    return x @ W.T + b


@cache
def five_runs(seed: int = 0) -> Mapping[str, Curves]:
    """The five runs by letter, about two seconds of work the first time."""
    return {name: run(recipe, seed) for name, recipe in RUNS.items()}


def draw_runs(runs: Mapping[str, Curves]) -> Figure:
    """Training and validation loss of each run over the epochs."""
    figure, axes = new_figure(7, 4.6, rows=2, columns=3)
    panels = axes.flatten()
    for (name, curves), ax in zip(runs.items(), panels, strict=False):
        _draw(ax, f"run {name}", curves)
    panels[-1].set_axis_off()
    panels[-1].legend(*panels[0].get_legend_handles_labels(), loc="center")
    return figure


def _draw(axes: Axes, title: str, curves: Curves) -> None:
    epochs = range(1, EPOCHS + 1)
    axes.plot(epochs, curves.training, color=BLUE, label="training loss")
    axes.plot(epochs, curves.validation, "--", color=ORANGE, label="validation loss")
    axes.set(title=title, xlabel="epoch", ylabel="loss")
    if max(curves.validation) > 10:
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, 0.25)
