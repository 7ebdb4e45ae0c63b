"""Worlds whose features come in pairs, and the training run of the last two exercises.

80 features in 32 dimensions, about 4 of them on at a time, with a little noise. Features come in
pairs: the masks of a pair have a correlation of 0.5. Learners practise on one world, and their
settings are tried out on another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from course_lib.arguments import require_number, require_whole
from course_lib.autoencoders import SparseAutoencoder
from course_lib.data import SuperpositionData, superposition
from course_lib.evaluation import evaluate_autoencoder, match_atoms
from course_lib.training import Objective, Trainer

FEATURES, DIM, ACTIVE, EXAMPLES = 80, 32, 4.0, 10_000
MAGNITUDES, NOISE, CORRELATION = (1.5, 4.5), 0.15, 0.5
MOST_LATENTS, STEPS, BATCH = 200, 300, 128
ABOVE, LOOKED_AT = 0.9, 4000
PRACTICE = 71  # seed


@dataclass(frozen=True)
class Result:
    """What came of a training run, on the first 4,000 examples.

    found : fraction of the features whose partner in the best one-to-one matching has a cosine
        above 0.9. matched : the mean cosine of that matching.
    """

    fvu: float
    l0: float
    dead: float
    matched: float
    found: float

    def __repr__(self) -> str:
        return (
            f"FVU {self.fvu:.2f}   L0 {self.l0:4.1f}   dead {100 * self.dead:2.0f} %   "
            f"matched {self.matched:.2f}   found {100 * self.found:3.0f} %"
        )


def practice_world(correlation: float = CORRELATION) -> SuperpositionData:
    """A world to practise on: `activations` (10000, 32) and the features, `dictionary` (80, 32)."""
    return world(PRACTICE, correlation)


@cache
def world(seed: int, correlation: float = CORRELATION) -> SuperpositionData:
    """The world of a seed."""
    return superposition(
        EXAMPLES, FEATURES, DIM, ACTIVE, MAGNITUDES, correlation, NOISE, seed, keep_codes=False
    )


def train_dictionary(
    x: Tensor,
    latents: int = 80,
    k: int | None = None,
    l1_weight: float = 0.0,
    learning_rate: float = 0.01,
    seed: int = 0,
) -> SparseAutoencoder:
    """Train a sparse autoencoder on x (n, 32) for 300 steps, with TopK if k is given."""
    activation = "relu" if k is None else "topk"
    with torch.random.fork_rng(devices=[]):  # torch's global generator is left alone
        torch.manual_seed(1000 + seed)  # another seed than that of the data
        model = SparseAutoencoder(x.shape[1], latents, layers=1, activation=activation, k=k)
    trainer = Trainer(
        model,
        Objective("l1", l1_weight, reduction="sum"),
        device="cpu",
        num_steps=STEPS,
        batch_size=BATCH,
        learning_rate=learning_rate,
        schedule="linear",
        decay_share=0.5,
        seed=seed,
    )
    trainer.fit(x)
    return model


def result(data: SuperpositionData, seed: int = 0, **settings: Any) -> Result:
    """Train with these settings on a world, and compare with its features.

    Raises `WrongArgument` for settings that cannot work, before any work is done.
    """
    latents = require_whole("latents", settings.get("latents", 80))
    require_number("latents", latents, at_most=MOST_LATENTS)
    if settings.get("k") is not None:
        require_number("k", require_whole("k", settings["k"]), at_most=latents)
    require_number("l1_weight", settings.get("l1_weight", 0.0), at_least=0, at_most=1e6)
    require_number("learning_rate", settings.get("learning_rate", 1.0), above=0, at_most=1e3)
    model = train_dictionary(data.activations, seed=seed, **settings)
    report = evaluate_autoencoder(model, data.activations[:LOOKED_AT])
    pairs = match_atoms(model.dictionary.detach(), data.dictionary)
    found = (pairs.similarities > ABOVE).double().mean().item()
    return Result(report.fvu, report.l0, report.dead_fraction, pairs.mean, found)
