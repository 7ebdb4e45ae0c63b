"""Four training runs of small autoencoders, and why the loss of three does not reach 0.

Data: rows of 16 numbers whose directions have the variances 1, 1/2, 1/3, … (scaled to mean 1).
Model: linear encoder, ReLU or nothing, linear decoder. All in float64, each step on all the rows,
so that a run is the same on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_lib.data import power_law_spectrum, spectral_data
from course_lib.plotting import PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIM, ROWS, STEPS = 16, 256, 1000
MARKS = (STEPS // 2, STEPS)  # where the table reads the loss


@dataclass(frozen=True)
class Recipe:
    """How a run is made. `sunk` latents begin with a bias far below 0, so that ReLU never lets
    them through; the others begin well above 0. `decay`: the learning rate falls to 0 over the
    second half."""

    relu: bool
    latents: int
    learning_rate: float
    sunk: int = 0
    decay: bool = True


RUNS = {
    "A": Recipe(relu=False, latents=16, learning_rate=2e-4, decay=False),
    "B": Recipe(relu=False, latents=8, learning_rate=0.03),
    "C": Recipe(relu=True, latents=24, learning_rate=0.02),
    "D": Recipe(relu=True, latents=16, learning_rate=0.03, sunk=6),
}


@dataclass(frozen=True)
class Run:
    """What is known of a run: its losses per element, and latents that are 0 on every row."""

    name: str
    recipe: Recipe
    losses: tuple[float, ...]
    dead: int
    floor: float  # of a linear code with as many latents


def runs(seed: int = 0) -> list[Run]:
    """The four runs on the same data; those of a seed are trained once."""
    return list(_runs(seed))


@cache
def _runs(seed: int) -> tuple[Run, ...]:
    x = spectral_data(ROWS, power_law_spectrum(DIM), seed).double()
    x = x - x.mean(dim=0)
    variances = torch.linalg.svdvals(x) ** 2 / x.numel()  # of each direction, per element
    return tuple(
        train(name, recipe, x, variances[recipe.latents :].sum().item(), 10 * seed + i)
        for i, (name, recipe) in enumerate(RUNS.items())
    )


def train(name: str, recipe: Recipe, x: Tensor, floor: float, seed: int) -> Run:
    """One run with Adam on x (rows, 16)."""
    generator = torch.Generator().manual_seed(1000 + seed)

    def normal(*shape: int) -> Tensor:
        values = torch.randn(*shape, generator=generator, dtype=torch.float64)
        return values / math.sqrt(shape[-1])

    A, C = normal(recipe.latents, DIM), normal(DIM, recipe.latents)
    b, d = torch.full((recipe.latents,), 1.0, dtype=x.dtype), torch.zeros(DIM, dtype=x.dtype)
    b[: recipe.sunk] = -30.0
    parameters = [p.requires_grad_() for p in (A, b, C, d)]
    adam = torch.optim.Adam(parameters, lr=recipe.learning_rate, fused=True)
    losses = []
    for step in range(STEPS):
        if recipe.decay:
            adam.param_groups[0]["lr"] = recipe.learning_rate * min(1, 2 * (1 - step / STEPS))
        z = code(recipe, A, b, x)
        loss = ((z @ C.T + d - x) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    dead = int((code(recipe, A, b, x) == 0).all(dim=0).sum())
    return Run(name, recipe, tuple(losses), dead, floor)


def code(recipe: Recipe, A: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """The code (rows, latents)."""
    z = x @ A.T + b
    return z.relu() if recipe.relu else z


def as_table(shown: list[Run]) -> str:
    """One line per run: what was built, the floor, the loss half-way and at the end."""
    line = "{:<4} {:<5} {:>7}  {:>5}  {:>14}  {:>14}  {:>12}".format
    half, end = (f"loss, step {mark}" for mark in MARKS)
    rows = [line("run", "code", "latents", "floor", half, end, "dead latents")]
    for r in shown:
        losses = [f"{r.losses[mark - 1]:.2f}" for mark in MARKS]
        kind = "ReLU" if r.recipe.relu else "plain"
        rows.append(line(r.name, kind, r.recipe.latents, f"{r.floor:.2f}", *losses, r.dead))
    return "\n".join(rows)


def draw(shown: list[Run]) -> Figure:
    """The losses over the steps, up to a loss of 1."""
    figure, axes = new_figure(7, 3.2)
    styles = ("-", "--", ":", "-.")
    for r, colour, style in zip(shown, PALETTE, styles, strict=False):
        axes.plot(range(1, STEPS + 1), r.losses, style, color=colour, label=f"run {r.name}")
    axes.set(xlabel="step", ylabel="loss per element", ylim=(-0.03, 1))
    axes.legend(loc="upper right")
    return figure
