"""The tutorial's sigmoid autoencoder on the digits, with a penalty of a given strength.

64 → 64 → 32 → 64 → 64,   ReLU at the hidden layers, sigmoid at the code
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from course_lib.data import digits

SIZES, STEPS, BATCH, RATE, TARGET = (64, 64, 32, 64, 64), 400, 64, 1e-2, 0.05


@dataclass(frozen=True)
class Result:
    """What is measured on the test digits: the mean of all codes, and the squared error."""

    mean_activation: float
    error: float

    def __str__(self) -> str:
        return f"mean activation {100 * self.mean_activation:.1f} %, error {self.error:.3f}"

    __repr__ = __str__


def l1(z: Tensor) -> Tensor:
    """Summed over the latents, averaged over the examples."""
    return z.abs().sum(dim=1).mean()


def kl(z: Tensor) -> Tensor:
    """With target 0.05, summed over the latents."""
    m = z.mean(dim=0).clamp(1e-6, 1 - 1e-6)
    on, off = TARGET * torch.log(TARGET / m), (1 - TARGET) * torch.log((1 - TARGET) / (1 - m))
    return (on + off).sum()


PENALTIES = {"l1": l1, "kl": kl}


def train_sigmoid(penalty: str, strength: float, seed: int = 0) -> Result:
    """Train on the training digits; a fraction of a second. penalty : "l1" or "kl"."""
    if penalty not in PENALTIES:
        raise ValueError(f'penalty is {penalty!r}; it must be "l1" or "kl"')
    return _trained(penalty, float(strength), seed)


@lru_cache(maxsize=256)
def _trained(penalty: str, strength: float, seed: int) -> Result:
    z, x_hat = after_training(PENALTIES[penalty], strength, seed)
    error = ((x_hat - digits("test")[0]) ** 2).mean()
    return Result(z.mean().item(), error.item())


def after_training(
    penalty: Callable[[Tensor], Tensor], strength: float, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Train; return codes (397, 32) and reconstructions (397, 64) of the test digits."""
    generator = torch.Generator().manual_seed(seed)
    x, new = digits("train")[0], digits("test")[0]

    def uniform(*shape: int, reach: float) -> Tensor:
        return ((2 * torch.rand(*shape, generator=generator) - 1) * reach).requires_grad_()

    layers = []
    for inputs, outputs in itertools.pairwise(SIZES):
        reach = inputs**-0.5  # as nn.Linear draws its weights
        layers.append((uniform(outputs, inputs, reach=reach), uniform(outputs, reach=reach)))
    adam = torch.optim.Adam([p for layer in layers for p in layer], lr=RATE, fused=True)
    for step in range(STEPS):
        adam.param_groups[0]["lr"] = RATE * min(1, 2 * (1 - step / STEPS))
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        z, x_hat = _forward(layers, batch)
        loss = ((x_hat - batch) ** 2).mean() + strength * penalty(z)
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        return _forward(layers, new)


def _forward(layers: list[tuple[Tensor, Tensor]], x: Tensor) -> tuple[Tensor, Tensor]:
    linear = nn.functional.linear
    z = torch.sigmoid(linear(linear(x, *layers[0]).relu(), *layers[1]))
    return z, linear(linear(z, *layers[2]).relu(), *layers[3])
