"""The history of a training run: averages of the loss's terms, one entry a record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.training.processes import Processes

NAMES = {"reconstruction": "recon_loss", "sparsity": "sparsity_loss"}  # as a history calls them


class Records:
    """Adds up the terms of training batches, and keeps their averages as a history.

    Parameters
    ----------
    terms : names of the loss's terms.
    validated : whether there are validation losses, too.
    device : where the sums are kept, so that a step need not wait for them.
    """

    def __init__(self, terms: Sequence[str], validated: bool, device: torch.device):
        self.terms = list(terms)
        wide = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
        self.sums = torch.zeros(len(self.terms), dtype=wide, device=device)
        self.examples = 0
        parts = ["train", "val"] if validated else ["train"]
        self.history: dict[str, Any] = {
            f"{part}_{name}": [] for part in parts for name in ["loss", *map(_name, self.terms)]
        }
        self.history["epochs_trained"] = 0

    def add(self, terms: Mapping[str, Tensor], examples: int) -> None:
        """Count a batch's terms, each an average over its examples."""
        self.sums += examples * torch.stack([terms[name] for name in self.terms])
        self.examples += examples

    def close(self, processes: Processes) -> None:
        """Add an entry: the averages over all examples since the last one."""
        averages = processes.sum(self.sums) / processes.sum_of_counts(self.examples)
        self.append("train", dict(zip(self.terms, averages.tolist(), strict=True)))
        self.sums.zero_()
        self.examples = 0

    def append(self, part: str, terms: Mapping[str, float]) -> None:
        """Add the terms of "train" or "val", and their sum, the loss."""
        self.history[f"{part}_loss"].append(sum(terms.values()))
        for name, value in terms.items():
            self.history[f"{part}_{_name(name)}"].append(value)

    def last(self, part: str) -> float | None:
        """The last loss of "train" or "val", if there is one."""
        losses = self.history.get(f"{part}_loss", [])
        return losses[-1] if losses else None

    @property
    def diverged(self) -> bool:
        """Whether the last training loss is NaN or infinite."""
        loss = self.last("train")
        return loss is not None and not math.isfinite(loss)

    def __str__(self) -> str:
        losses = (("loss", self.last("train")), ("val", self.last("val")))
        return ", ".join(f"{name} {loss:.4g}" for name, loss in losses if loss is not None)


def _name(term: str) -> str:
    return NAMES.get(term, f"{term}_loss")
