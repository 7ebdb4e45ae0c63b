"""The demo's data and models: each is trained with the documented function, for one seed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_lib.autoencoders import SparseAutoencoder, TiedWeightSparseAutoencoder
from course_lib.data import digits, natural_image_patches
from course_lib.evaluation import EvaluationReport, evaluate_autoencoder
from course_lib.training import train_sparse_autoencoder_with_early_stopping

SEED = 0
LATENTS = {"natural images": 256, "digits": 128}
Say = Callable[[str], Any]  # takes the lines to print


@dataclass(frozen=True)
class Size:
    """How long the demo trains: by itself about a minute, in tests a moment."""

    patches: int = 24_000  # a twelfth each for validation and test
    patch_epochs: int = 50
    digit_epochs: int = 120


@dataclass(frozen=True)
class Splits:
    """One dataset: training, early stopping and all printed results each have their own part."""

    name: str
    train: Tensor
    validation: Tensor
    test: Tensor


@dataclass(frozen=True)
class Trained:
    """One trained model with its results on test data."""

    data: str
    label: str
    weight: float
    model: SparseAutoencoder | TiedWeightSparseAutoencoder
    history: dict[str, Any]
    report: EvaluationReport

    @property
    def point(self) -> tuple[float, float]:
        """(L0, FVU): its place in the trade-off."""
        return self.report.l0, self.report.fvu

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return sum(p.numel() for p in self.model.parameters())


def natural_images(size: Size) -> Splits:
    """Whitened patches of 12 × 12 pixels.

    No place is drawn twice, but patches overlap: the test is easier than on another photograph.
    """
    patches = natural_image_patches(size.patches, size=12, seed=SEED)
    part = size.patches // 12
    return Splits("natural images", patches[2 * part :], patches[:part], patches[part : 2 * part])


def handwritten_digits() -> Splits:
    """Scikit-learn's digits of 8 × 8 pixels; 200 of the training images are for validation."""
    learned, _ = digits("train", SEED)
    test, _ = digits("test", SEED)
    return Splits("digits", learned[200:], learned[:200], test)


def train(
    family: type[SparseAutoencoder] | type[TiedWeightSparseAutoencoder],
    data: Splits,
    penalty: str,
    weight: float,
    epochs: int,
    say: Say,
    learning_rate: float = 5e-3,
    **target: float,
) -> Trained:
    """One model, trained with the documented function and measured on test data."""
    name = {"l1": "L1", "kl": "KL", "hoyer": "Hoyer", "none": "no penalty"}[penalty]
    label = name + "".join(f", target {value:g}" for value in target.values())
    label += ", tied" * (family is TiedWeightSparseAutoencoder)
    say(f"{label}, weight {weight:g}" if weight else label)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = family(data.train.shape[1], LATENTS[data.name], layers=1)
    history = train_sparse_autoencoder_with_early_stopping(
        model,
        data.train,
        data.validation,
        num_epochs=epochs,
        learning_rate=learning_rate,
        patience=max(5, epochs // 5),
        sparsity_weight=weight,
        sparsity_type=penalty,
        **target,
        batch_size=256 if data.name == "natural images" else 128,
        schedule="linear",
        seed=SEED,
        progress="bar" if sys.stderr.isatty() else None,
    )
    return Trained(data.name, label, weight, model, history, evaluate_autoencoder(model, data.test))


@contextmanager
def one_thread() -> Iterator[None]:
    """These models are small: on two threads they wait more than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
