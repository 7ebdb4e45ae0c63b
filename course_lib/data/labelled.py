"""Two small labelled sets for the first lessons: digits to read, and rings to tell apart."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from course_lib.arguments import require_number, require_option, require_whole
from course_lib.data.limits import LARGEST, require_memory
from course_lib.data.streams import require_seed

TRAINING_DIGITS = 1400  # of 1,797


@cache
def _digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return (
        torch.tensor(pixels / 16, dtype=torch.float32, device="cpu"),
        torch.tensor(labels, dtype=torch.int64, device="cpu"),
    )


def digits(split: str = "all", seed: int = 0) -> tuple[Tensor, Tensor]:
    """Handwritten digits of 8 × 8 pixels (scikit-learn's copy of the UCI set), 1,797 in all.

    split : "all", "train" (1,400 images) or "test" (the other 397), shuffled with `seed`.
    Returns pixels (images, 64) in [0, 1], float32, and labels (images,), int64.
    Raises `WrongArgument` for another split or a seed that is not a whole number from 0.
    """
    require_option("split", split, ("all", "train", "test"))
    generator = torch.Generator("cpu").manual_seed(require_seed(seed))
    pixels, labels = _digits()
    if split == "all":
        return pixels.clone(), labels.clone()  # the cached ones stay out of reach
    order = torch.randperm(len(pixels), generator=generator, device="cpu")
    part = order[:TRAINING_DIGITS] if split == "train" else order[TRAINING_DIGITS:]
    return pixels[part], labels[part]


def rings(count: int = 400, noise: float = 0.08, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Two classes in the plane that no straight line separates: a disc inside a ring.

    count : points in all. noise : standard deviation added to both coordinates.
    Returns points (count, 2), float32, and labels (count,), int64: 0 inside, 1 on the ring.
    Raises `WrongArgument` for fewer than two points or more than fit into the memory, noise that
    is not between 0 and 1e30, or a seed that is not a whole number from 0.
    """
    count = require_whole("count", count, at_least=2)
    noise = require_number("noise", noise, at_least=0, at_most=LARGEST)
    generator = torch.Generator("cpu").manual_seed(require_seed(seed))
    require_memory(f"count is {count}", 12 * count)  # points, labels and what they are made from
    angle = 2 * torch.pi * _uniform(count, generator)
    labels = torch.arange(count, device="cpu") % 2
    ring = torch.ones(count, dtype=torch.float32, device="cpu")
    radius = torch.where(labels == 0, 0.4 * _uniform(count, generator).sqrt(), ring)
    points = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)  # (count, 2)
    spread = torch.randn(count, 2, generator=generator, dtype=torch.float32, device="cpu")
    return points + noise * spread, labels


def _uniform(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator, dtype=torch.float32, device="cpu")
