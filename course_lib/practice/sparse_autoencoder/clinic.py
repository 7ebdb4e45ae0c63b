"""Six training runs of a small sparse autoencoder, each with one setting that spoils it.

Data: 20 known features in 16 dimensions, about 1.5 of them on at a time. Model: one layer each
way, ReLU, loss = sum of squared errors + weight · Σ z, both per example. All in float64, so that a
run is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from course_lib.arguments import require_number, require_option, require_whole
from course_lib.data import superposition
from course_lib.errors import UnknownName
from course_lib.evaluation import recovered_fraction
from course_lib.plotting import BLUE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEATURES, DIM, ACTIVE, EXAMPLES = 20, 16, 1.5, 4000
STEPS, BATCH = 200, 128
MOST_LATENTS = 64  # a check must stay short
NORMS = ("rows", "columns", "nothing")


@dataclass(frozen=True)
class Settings:
    """What a run may be told.

    latents : how many, 1 to 64.
    l1_weight : what the sum of a code's activations counts in the loss.
    learning_rate : of Adam; it falls to 0 over the second half of the steps.
    normalise : what of the dictionary (atoms, inputs) gets length 1 in each forward pass: "rows",
        "columns" or "nothing".
    """

    latents: int
    l1_weight: float
    learning_rate: float
    normalise: str

    def __post_init__(self) -> None:
        require_whole("latents", self.latents)
        require_number("latents", self.latents, at_least=1, at_most=MOST_LATENTS)
        require_number("l1_weight", self.l1_weight, at_least=0, at_most=1e6)
        require_number("learning_rate", self.learning_rate, above=0, at_most=1e6)
        require_option("normalise", self.normalise, NORMS)


NAMES = tuple(field.name for field in fields(Settings))

# in the order of `Settings`
RUNS = {
    "A": Settings(10, 0.3, 0.03, "rows"),
    "B": Settings(32, 1.5, 0.03, "rows"),
    "C": Settings(32, 0.3, 0.03, "columns"),
    "D": Settings(32, 0.01, 0.03, "rows"),
    "E": Settings(32, 0.3, 0.5, "rows"),
    "F": Settings(32, 0.3, 0.03, "nothing"),
}


@dataclass(frozen=True)
class Run:
    """What is seen of a run. Atoms are measured as the decoder uses them."""

    name: str
    latents: int
    losses: tuple[float, ...]
    fvu: float
    l0: float
    dead: int
    strength: float  # mean of the activations that are not 0; 0 if all are
    rows: tuple[float, float]  # shortest and longest atom
    columns: tuple[float, float]  # the same of the dictionary's columns
    found: float  # fraction of the features with a cosine above 0.9

    def __repr__(self) -> str:
        return as_table([self])


def rerun(name: str, **changes: Any) -> Run:
    """Run "A" to "F" once more, with these settings changed; about 0.1 s.

    The settings are `latents` (1 to 64), `l1_weight`, `learning_rate`, and `normalise`: "rows",
    "columns" or "nothing". What is not named stays as it was.
    Raises `UnknownName` for another run or setting and `WrongArgument` for a value that will not
    do.
    """
    if name not in RUNS:
        raise UnknownName("run", str(name), RUNS, "the clinic")
    for setting in changes:
        if setting not in NAMES:
            raise UnknownName("setting", str(setting), NAMES, "a run")
    return train(name, replace(RUNS[name], **changes))


def six_runs(seed: int = 0) -> list[Run]:
    """The six runs as they went wrong; those of a seed are trained once."""
    return [train(name, settings, seed) for name, settings in RUNS.items()]


@cache
def known_data(seed: int) -> tuple[Tensor, Tensor]:
    """Examples (4000, 16) and the true features (20, 16)."""
    data = superposition(EXAMPLES, FEATURES, DIM, ACTIVE, seed=seed, keep_codes=False)
    return data.activations.double(), data.dictionary.double()


@cache
def train(name: str, settings: Settings, seed: int = 0) -> Run:
    """One run of 200 steps of Adam on 128 examples each; each is trained once."""
    x, _ = known_data(seed)
    generator = torch.Generator().manual_seed(7000 + seed)
    start = torch.randn(settings.latents, DIM, generator=generator, dtype=torch.float64)
    atoms = start / start.norm(dim=1, keepdim=True)
    encoder, bias, offset = atoms.clone(), x.new_zeros(settings.latents), x.new_zeros(DIM)
    weights = [p.requires_grad_() for p in (encoder, bias, atoms, offset)]
    adam = torch.optim.Adam(weights, lr=settings.learning_rate, fused=True)
    losses = []
    for step in range(STEPS):
        left = min(1.0, 2 * (1 - step / STEPS))
        adam.param_groups[0]["lr"] = settings.learning_rate * left
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        z = torch.relu(batch @ encoder.T + bias)
        x_hat = z @ normalised(atoms, settings.normalise) + offset
        error = ((x_hat - batch) ** 2).sum(dim=1).mean()
        loss = error + settings.l1_weight * z.sum(dim=1).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return measured(name, settings, seed, tuple(losses), [w.detach() for w in weights])


def normalised(atoms: Tensor, what: str) -> Tensor:
    """The dictionary (atoms, inputs) as the decoder uses it."""
    if what == "nothing":
        return atoms
    return torch.nn.functional.normalize(atoms, dim=1 if what == "rows" else 0)


def measured(
    name: str, settings: Settings, seed: int, losses: tuple[float, ...], weights: list[Tensor]
) -> Run:
    """What is seen of the trained weights, on all examples."""
    x, features = known_data(seed)
    encoder, bias, atoms, offset = weights
    dictionary = normalised(atoms, settings.normalise)
    z = torch.relu(x @ encoder.T + bias)
    residual = ((z @ dictionary + offset - x) ** 2).sum()
    on = z > 0
    rows, columns = dictionary.norm(dim=1), dictionary.norm(dim=0)
    finite = bool(dictionary.isfinite().all())
    return Run(
        name=name,
        latents=settings.latents,
        losses=losses,
        fvu=(residual / ((x - x.mean(dim=0)) ** 2).sum()).item(),
        l0=on.sum(dim=1).double().mean().item(),
        dead=int((~on).all(dim=0).sum()),
        strength=(z.sum() / on.sum().clamp(min=1)).item(),
        rows=(rows.min().item(), rows.max().item()),
        columns=(columns.min().item(), columns.max().item()),
        found=recovered_fraction(dictionary, features) if finite else 0.0,
    )


def as_table(runs: list[Run]) -> str:
    """One line per run."""
    line = "{:<4} {:>5}  {:>5}  {:>9}  {:>10}  {:>12}  {:>13}  {:>6}".format
    head = ("run", "FVU", "L0", "dead", "activation", "atom lengths", "column norms", "found")
    rows = [line(*head)]
    for r in runs:
        share = f"{100 * r.dead / r.latents:.0f} %"
        found = f"{100 * r.found:.0f} %"
        numbers = (_number(r.fvu), f"{r.l0:.1f}", share, f"{r.strength:.2f}")
        rows.append(line(r.name, *numbers, _range(r.rows), _range(r.columns), found))
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0e}"


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.1f} to {ends[1]:.1f}"


def draw(runs: list[Run]) -> Figure:
    """The loss of each run over the steps, on a logarithmic axis: one panel a run."""
    figure, axes = new_figure(7, 4.2, rows=2, columns=3)
    for r, panel in zip(runs, axes.flatten(), strict=True):
        panel.plot(range(1, STEPS + 1), r.losses, color=BLUE)
        panel.set(title=f"run {r.name}", xlabel="step", ylabel="loss", xscale="log", ylim=(0, None))
    return figure
