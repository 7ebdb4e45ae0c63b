"""Worlds whose features are known, and the training run that the last exercise is about.

A world is superposition data: 96 features in 48 dimensions, about 4 of them on at a time, and a
little noise. Learners practise on one world, and their settings are tried out on another.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import torch
from torch import Tensor

from course_lib.autoencoders import SparseAutoencoder
from course_lib.data import SuperpositionData, superposition
from course_lib.training import Objective, Trainer

FEATURES, DIM, ACTIVE, EXAMPLES, NOISE = 96, 48, 4.0, 20_000, 0.05
STEPS, BATCH = 200, 256
PRACTICE = 61  # seed


def practice_world() -> SuperpositionData:
    """A world to practise on: `activations` (20000, 48) and the features, `dictionary` (96, 48)."""
    return world(PRACTICE)


@cache
def world(seed: int) -> SuperpositionData:
    """The world of a seed."""
    return superposition(EXAMPLES, FEATURES, DIM, ACTIVE, noise=NOISE, seed=seed, keep_codes=False)


def train_dictionary(
    x: Tensor,
    latents: int = 96,
    l1_weight: float = 0.1,
    learning_rate: float = 0.001,
    schedule: Literal["constant", "linear", "cosine"] = "constant",
    seed: int = 0,
) -> Tensor:
    """Train a sparse autoencoder on x (n, 48) for 200 steps; return its atoms (latents, 48)."""
    with torch.random.fork_rng(devices=[]):  # torch's global generator is left alone
        torch.manual_seed(1000 + seed)  # another seed than that of the data
        model = SparseAutoencoder(x.shape[1], latents, layers=1)
    trainer = Trainer(
        model,
        Objective("l1", l1_weight, reduction="sum"),
        device="cpu",
        num_steps=STEPS,
        batch_size=BATCH,
        learning_rate=learning_rate,
        schedule=schedule,
        seed=seed,
    )
    trainer.fit(x)
    return model.dictionary.detach()
