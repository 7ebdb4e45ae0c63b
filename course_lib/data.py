"""The datasets of the course: each works offline and is a function of a seed."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from course_lib.errors import WrongArgument


@cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels)


def digits(split: str = "all", seed: int = 0) -> tuple[Tensor, Tensor]:
    """Handwritten digits of 8 × 8 pixels (scikit-learn's copy of the UCI set), 1,797 in all.

    split : "all", "train" (1,400 images) or "test" (the other 397), shuffled with `seed`.
    Returns pixels (images, 64) in [0, 1], float32, and labels (images,), int64.
    Raises `WrongArgument` for another split.
    """
    pixels, labels = _digits()
    if split == "all":
        return pixels.clone(), labels.clone()
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed))
    parts = {"train": order[:1400], "test": order[1400:]}
    if split not in parts:
        raise WrongArgument(f"split is {split!r}; it must be 'all', 'train' or 'test'.")
    return pixels[parts[split]], labels[parts[split]]


def rings(count: int = 400, noise: float = 0.08, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two classes in the plane that no straight line separates: a disc inside a ring.

    count : points in all. noise : standard deviation added to both coordinates.
    Returns points (count, 2), float32, and labels (count,): 0 inside, 1 on the ring.
    Raises `WrongArgument` for fewer than two points or negative noise.
    """
    if count < 2 or noise < 0:
        raise WrongArgument(
            f"count is {count} and noise {noise}; at least 2 points and a noise "
            "of at least 0 are needed."
        )
    generator = torch.Generator().manual_seed(seed)
    angle = 2 * torch.pi * torch.rand(count, generator=generator)
    labels = torch.arange(count) % 2
    radius = torch.where(
        labels == 0, 0.4 * torch.rand(count, generator=generator).sqrt(), torch.ones(count)
    )
    points = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)  # (count, 2)
    return points + noise * torch.randn(count, 2, generator=generator), labels
