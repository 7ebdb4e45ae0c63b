"""What is trained, and on what: three sizes, and data whose dictionary is known.

    x = Σ_k a_k f_k + noise

Each row is a sum of a few unit vectors f_k (the features, one a row of the true dictionary) with
positive strengths a_k. A: 256 features in 64 dimensions, 3 to 7 of them on in a row. B and C: 6,144
features in 768 dimensions, 16 to 48 of them on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

AT_ONCE = 5000  # rows made at a time, to keep memory small


@dataclass(frozen=True)
class Workload:
    """One size and penalty.

    The loss is the squared error, summed over the input's dimensions, plus for "l1"
    `sparsity_weight` times the sum of the code; both averaged over the batch. For "topk" only the
    `k` largest latents of a row stay on, and there is no penalty.
    """

    name: str
    input_dim: int
    latent_dim: int
    batch_size: int
    sparsity: str  # "l1" or "topk"
    learning_rate: float
    steps: int
    chunk: int  # steps between two measurements of the floor
    floor_repeats: int  # the six products are run so often, and averaged
    warm_up: int  # steps of a first model, thrown away
    data: str
    sparsity_weight: float = 0.0
    k: int = 0


WORKLOADS = {
    w.name: w
    for w in (
        Workload("A", 64, 256, 256, "l1", 3e-3, 2000, 100, 20, 10, "small", sparsity_weight=0.4),
        Workload("B", 768, 6144, 2048, "l1", 3e-4, 5, 1, 1, 1, "large", sparsity_weight=0.5),
        Workload("C", 768, 6144, 2048, "topk", 3e-4, 5, 1, 1, 1, "large", k=32),
    )
}


def features_in_superposition(
    rows: int,
    input_dim: int,
    features: int,
    fewest: int,
    most: int,
    strength: Callable[[Tensor], Tensor],
    noise: float,
    seed: int,
) -> tuple[Tensor, Tensor]:
    """Data and its true dictionary.

    fewest, most : how many features are on in a row, drawn evenly.
    strength : makes a feature's strength of a uniform draw from 0 to 1.
    Returns data (rows, input_dim) and unit-norm features (features, input_dim).
    """
    generator = torch.Generator().manual_seed(seed)
    dictionary = torch.randn(features, input_dim, generator=generator)
    dictionary = torch.nn.functional.normalize(dictionary, dim=1)
    pieces = []
    for start in range(0, rows, AT_ONCE):
        n = min(AT_ONCE, rows - start)
        count = torch.randint(fewest, most + 1, (n, 1), generator=generator)
        which = torch.rand(n, features, generator=generator).topk(most, dim=1).indices  # (n, most)
        on = torch.arange(most) < count  # (n, most)
        strengths = strength(torch.rand(n, most, generator=generator)) * on
        code = torch.zeros(n, features).scatter_(1, which, strengths)
        pieces.append(code @ dictionary + noise * torch.randn(n, input_dim, generator=generator))
    return torch.cat(pieces), dictionary


# The seeds are far from those of the models: a model that starts from the same draws as the true
# dictionary would know it in advance.
MAKERS = {
    "small": lambda: features_in_superposition(
        110_000, 64, 256, 3, 7, lambda u: 0.5 + u, noise=0.01, seed=1000
    ),
    "large": lambda: features_in_superposition(
        42_000, 768, 6144, 16, 48, lambda u: 0.2 - u.clamp_min(1e-6).log(), noise=0.02, seed=1001
    ),
}
TRAINING_ROWS = {"small": 100_000, "large": 40_960}  # the other rows are for the evaluation


def make_data(folder: Path, names: set[str]) -> None:
    """Write the named datasets into `folder`, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(names):
        path = folder / f"{name}.pt"
        if not path.exists():
            data, dictionary = MAKERS[name]()
            train, test = data[: TRAINING_ROWS[name]].clone(), data[TRAINING_ROWS[name] :].clone()
            part = path.with_suffix(".part")
            torch.save({"train": train, "test": test, "dictionary": dictionary}, part)
            part.replace(path)
