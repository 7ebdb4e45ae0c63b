"""Seven training runs on known features, six with something wrong: with the run or with the data.

Data: 60 features in 24 dimensions, about 2 of them on at a time. Model: one layer each way, atoms
of length 1, 120 latents. All in float64, so that a run is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor

from course_lib.autoencoders import SparseAutoencoder
from course_lib.autoencoders.dictionary import START_NORM
from course_lib.bars import progress_bar
from course_lib.data import superposition
from course_lib.evaluation import evaluate_autoencoder, mmcs
from course_lib.training import Objective, Trainer

FEATURES, DIM, ACTIVE, EXAMPLES, LATENTS = 60, 24, 2.0, 6000, 120
STEPS, BATCH, LEARNING_RATE = 400, 256, 0.01


@dataclass(frozen=True)
class Setup:
    """What a run is made of. `own_seed` False: the model is drawn with the seed of the data."""

    latents: int = LATENTS
    activation: str = "relu"
    k: int | None = None
    objective: Objective = field(default_factory=lambda: Objective("none"))
    correlation: float = 0.0
    own_seed: bool = True


TOP_2 = {"activation": "topk", "k": 2}
RUNS = {
    "A": Setup(latents=30, **TOP_2),
    "B": Setup(objective=Objective("hoyer", 1.0, reduction="sum")),
    "C": Setup(own_seed=False),
    "D": Setup(**TOP_2),
    "E": Setup(activation="sigmoid", objective=Objective("kl", 1.0, 0.05, reduction="sum")),
    "F": Setup(correlation=1.0, **TOP_2),
    "G": Setup(),
}


@dataclass(frozen=True)
class Run:
    """What is seen of a run, on all examples."""

    name: str
    fvu: float
    l0: float
    dead: float
    loudest: float  # the largest mean activation of a latent
    start: float  # MMCS before the first step
    mmcs: float
    chance: float
    matched: float  # mean cosine of the best one-to-one matching
    found: float  # fraction of the features with an atom whose cosine is above 0.9


@cache
def train(name: str, seed: int = 0) -> Run:
    """One of the runs; each is trained once."""
    setup = RUNS[name]
    features = rows_of_length_one(FEATURES, seed)
    data = superposition(
        EXAMPLES,
        FEATURES,
        DIM,
        ACTIVE,
        correlation=setup.correlation,
        seed=seed,
        dictionary=features.float(),
        keep_codes=False,
    )
    x = data.activations.double()
    model = new_model(setup, seed if not setup.own_seed else 1000 + seed)
    start = mmcs(model.dictionary.detach(), features)
    trainer = Trainer(
        model,
        setup.objective,
        device="cpu",
        num_steps=STEPS,
        batch_size=BATCH,
        learning_rate=LEARNING_RATE,
        schedule="linear",
        decay_share=0.5,
        seed=seed,
    )
    trainer.fit(x)
    report = evaluate_autoencoder(model, x, dictionary=features)
    return Run(
        name=name,
        fvu=report.fvu,
        l0=report.l0,
        dead=report.dead_fraction,
        loudest=report.mean_activation.max().item(),
        start=start,
        mmcs=report.mmcs,
        chance=report.chance_mmcs,
        matched=report.matched,
        found=report.recovered,
    )


def rows_of_length_one(count: int, seed: int) -> Tensor:
    """Random directions (count, 24) as anybody would draw them: `torch.randn` after a seed."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(DIM, generator=generator, dtype=torch.float64) for _ in range(count)]
    return torch.nn.functional.normalize(torch.stack(drawn), dim=1)


@torch.no_grad()
def new_model(setup: Setup, seed: int) -> SparseAutoencoder:
    """A model whose atoms are drawn with this seed, in the same way as the features."""
    options: dict[str, Any] = {"activation": setup.activation, "k": setup.k}
    with torch.random.fork_rng(devices=[]):  # torch's global generator is left alone
        model = SparseAutoencoder(DIM, setup.latents, dtype=torch.float64, layers=1, **options)
    model.decoder.weight.copy_(START_NORM * rows_of_length_one(setup.latents, seed))
    model.encoder.weight.copy_(model.dictionary * min(1.0, DIM / setup.latents))
    return model


def seven_runs(seed: int = 0) -> list[Run]:
    """The seven runs."""
    return [train(name, seed) for name in progress_bar(RUNS, desc="training")]


def as_table(runs: list[Run]) -> str:
    """One line per run."""
    line = "{:<4} {:>5} {:>6} {:>6} {:>9}   {:>6} {:>6} {:>7}   {:>8} {:>6}".format
    rows = [
        " " * 35 + "MMCS",
        line(
            "run", "FVU", "L0", "dead", "loudest", "start", "end", "chance", "matched", "found"
        ),
    ]  # fmt: skip
    for r in runs:
        shares = f"{100 * r.dead:.0f} %", f"{100 * r.found:.0f} %"
        numbers = (f"{v:.2f}" for v in (r.loudest, r.start, r.mmcs, r.chance, r.matched))
        rows.append(line(r.name, f"{r.fvu:.2f}", f"{r.l0:.1f}", shares[0], *numbers, shares[1]))
    return "\n".join(rows)
