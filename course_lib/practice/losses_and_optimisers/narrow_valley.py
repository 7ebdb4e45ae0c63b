"""A bowl that is steep one way only, and gradient descent with momentum in it.

L(w) = (1 · w₁² + 100 · w₂²) / 2,    v ← μ v + g,    w ← w - η v
"""

from __future__ import annotations

import torch
from torch import Tensor

CURVATURES = (1.0, 100.0)
STEPS = 60


def loss(w: Tensor) -> Tensor:
    """The height of the valley: points (..., 2) → (...)."""
    return (torch.tensor(CURVATURES, dtype=w.dtype) * w**2).sum(dim=-1) / 2


def descend(start: Tensor, learning_rate: float, momentum: float, steps: int = STEPS) -> Tensor:
    """The path of gradient descent with momentum: points (..., 2) → (steps + 1, ..., 2)."""
    curvature = torch.tensor(CURVATURES, dtype=start.dtype)
    w, v, path = start, torch.zeros_like(start), [start]
    for _ in range(steps):
        v = momentum * v + curvature * w  # the slopes of the loss are curvature · w
        w = w - learning_rate * v
        path.append(w)
    return torch.stack(path)
