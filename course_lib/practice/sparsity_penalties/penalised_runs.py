"""Four training runs with a sparsity penalty, three of them with a fault, to be told apart.

Data: the digits. Model: linear encoder, ReLU, linear decoder, 32 latents. All in float64, so that
a run is the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_lib.data import digits
from course_lib.losses import hoyer_sparsity
from course_lib.plotting import PALETTE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LATENTS, STEPS, BATCH, EVERY = 32, 300, 16, 10
TARGET = 0.05


def l1(z: Tensor) -> Tensor:
    """Summed over the latents, averaged over the examples."""
    return z.abs().sum(dim=1).mean()


def kl(z: Tensor) -> Tensor:
    """The KL formula with target 0.05, summed over the latents."""
    m = z.mean(dim=0).clamp(min=1e-6)  # dead latents are not the matter here
    on = TARGET * (math.log(TARGET) - m.log())
    return (on + (1 - TARGET) * (math.log(1 - TARGET) - (1 - m).log())).sum()


def hoyer(z: Tensor) -> Tensor:
    """Hoyer's measure, averaged over the examples."""
    return hoyer_sparsity(z).mean()


@dataclass(frozen=True)
class Recipe:
    """How a run is made."""

    penalty: Callable[[Tensor], Tensor]
    strength: float


RUNS = {
    "A": Recipe(hoyer, 0.1),
    "B": Recipe(l1, 0.003),
    "C": Recipe(kl, 1e-5),
    "D": Recipe(l1, 0.3),
}


@dataclass(frozen=True)
class Run:
    """What is measured on the test digits, every `EVERY` steps: the whole loss, the error without
    penalty, active latents per example, and the mean activation of the most active latent."""

    loss: tuple[float, ...]
    error: tuple[float, ...]
    l0: tuple[float, ...]
    largest_mean: tuple[float, ...]

    @property
    def last_loss(self) -> int:
        """The last step up to which the loss was a number each time."""
        odd = [i for i, loss in enumerate(self.loss) if not math.isfinite(loss)]
        return EVERY * ((odd[0] if odd else len(self.loss)) - 1)


def run(recipe: Recipe, seed: int = 0) -> Run:
    """Train with Adam as the recipe says."""
    generator = torch.Generator().manual_seed(seed)
    x, new = (digits(split)[0].double() for split in ("train", "test"))
    W = torch.randn(LATENTS, x.shape[1], generator=generator, dtype=x.dtype)
    W = 0.8 * W / W.norm(dim=1, keepdim=True)
    start = [W, torch.full((LATENTS,), 0.1, dtype=x.dtype), W.T / 4, x.mean(dim=0)]
    A, b, C, d = parameters = [p.clone().requires_grad_() for p in start]

    def forward(x: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.relu(x @ A.T + b)
        return z, z @ C.T + d

    adam = torch.optim.Adam(parameters, lr=3e-3, fused=True)
    seen = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                z, x_hat = forward(new)
                error = ((x_hat - new) ** 2).mean()
                measured = (
                    error + recipe.strength * recipe.penalty(z),
                    error,
                    (z > 0).double().sum(dim=1).mean(),
                    z.mean(dim=0).max(),
                )
            seen.append(tuple(m.item() for m in measured))
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        z, x_hat = forward(batch)
        loss = ((x_hat - batch) ** 2).mean() + recipe.strength * recipe.penalty(z)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return Run(*zip(*seen, strict=True))


@cache
def four_runs(seed: int = 0) -> Mapping[str, Run]:
    """The four runs by letter, about a second of work the first time."""
    return {name: run(recipe, seed) for name, recipe in RUNS.items()}


def as_table(runs: Mapping[str, Run]) -> str:
    """One line per run: what was measured last. A run is chaotic once its loss is NaN, so its
    active latents are not the same everywhere: rounded to tens."""
    lines = ["run    loss   error   active latents per example (to the nearest 10)"]
    for name, r in runs.items():
        l0 = 10 * round(r.l0[-1] / 10)
        lines.append(f"{name:3} {r.loss[-1]:7.2f} {r.error[-1]:7.2f} {l0:17}")
    return "\n".join(lines)


def draw_runs(runs: Mapping[str, Run]) -> Figure:
    """Three measures of each run over the steps; a cross where the loss ceases to be a number."""
    figure, axes = new_figure(7, 3, columns=3)
    steps = range(0, STEPS + 1, EVERY)
    titles = {"loss": "loss", "l0": "active latents", "largest_mean": "largest mean activation"}
    for ax, (key, title) in zip(axes, titles.items(), strict=True):
        for (name, r), colour, style in zip(
            runs.items(), PALETTE, ("-", "--", "-.", ":"), strict=False
        ):
            values = getattr(r, key)
            shown = r.last_loss // EVERY + 1 if key == "loss" else len(values)
            ax.plot(steps[:shown], values[:shown], style, color=colour, label=f"run {name}", lw=2)
            if shown < len(values):
                ax.plot(steps[shown - 1], values[shown - 1], "X", color=colour, markersize=9)
        ax.set(title=title, xlabel="step", xlim=(-5, STEPS + 5))
    axes[0].set(ylabel="on the test digits", ylim=(0, 0.13))
    axes[1].set_ylim(-1, LATENTS + 2)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
