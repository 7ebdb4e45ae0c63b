"""The five runs whose curves lesson 3 shows before it says what was done wrong in four of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


class Forgetful(torch.optim.Adam):
    """Adam in a loop without the line zero_grad."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Leave all slopes where they are."""


@dataclass(frozen=True)
class Sealed:
    """How a run is trained: with how many pictures, and so on."""

    pictures: int
    epochs: int
    learning_rate: float
    make_optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam


RUNS = {
    "A": Sealed(1000, 30, 0.003),
    "B": Sealed(1000, 30, 0.00003),
    "C": Sealed(1000, 30, 0.03),
    "D": Sealed(1000, 30, 0.003, Forgetful),
    "E": Sealed(60, 150, 0.003),
}
