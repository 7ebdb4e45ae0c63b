"""One file a peer; each holds a class `Adapter` that trains with the peer's own loop.

An adapter maps the workload onto the peer's settings, hands it the batches, and afterwards gives
access to the trained model. What is timed is the peer's own code between two batches.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Adapter(Protocol):
    """What a peer's file offers."""

    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str): ...

    def train(self) -> None:
        """All steps of the batches."""

    def encode(self, x: Tensor) -> Tensor:
        """(rows, input) -> codes (rows, latent)."""

    def decode(self, z: Tensor) -> Tensor:
        """(rows, latent) -> reconstructions (rows, input)."""

    def dictionary(self) -> Tensor:
        """The atoms (latent, input)."""
