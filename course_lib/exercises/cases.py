"""Fresh inputs for a check.

A check draws its inputs anew on each call, all from one seed, so that an answer cannot be
right by luck. `Draw` makes the numbers; a `Case` is one set of arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

Layout = Literal["contiguous", "transposed", "strided"]


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class Case:
    """One call of the answer: its arguments by name, in the order of the signature.

    For a module, `init` holds the constructor's arguments and `args` those of `forward`.
    `note` says in a few words what is special about the case ("a batch of one").
    """

    args: Mapping[str, Any]
    note: str = ""
    init: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of entries in all arguments: the smallest failing case is shown."""
        return sum(
            a.numel() if isinstance(a, Tensor) else getattr(a, "size", 1)
            for a in self.args.values()
        )


class Draw:
    """A stream of random tensors from one seed, independent of torch's global generator."""

    def __init__(self, seed: int):
        """`seed`: any non-negative integer below 2**63."""
        self.seed = seed
        self.generator = torch.Generator().manual_seed(seed)

    def normal(
        self,
        *shape: int,
        scale: float = 1.0,
        shift: float = 0.0,
        dtype: torch.dtype = torch.float32,
        layout: Layout = "contiguous",
    ) -> Tensor:
        """Gaussian entries of the given shape, dtype and memory layout.

        "transposed" and "strided" give non-contiguous tensors (they need two dimensions).
        """
        if layout == "transposed":
            flipped = (*shape[:-2], shape[-1], shape[-2])
            return self.normal(*flipped, scale=scale, shift=shift, dtype=dtype).transpose(-2, -1)
        if layout == "strided":
            wide = (*shape[:-1], 2 * shape[-1])
            return self.normal(*wide, scale=scale, shift=shift, dtype=dtype)[..., ::2]
        values = torch.randn(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return (values * scale + shift).to(dtype)

    def uniform(
        self, *shape: int, low: float = 0.0, high: float = 1.0, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Entries drawn evenly between `low` and `high`."""
        values = torch.rand(shape, generator=self.generator, dtype=torch.float64, device="cpu")
        return (low + (high - low) * values).to(dtype)

    def integer(self, low: int, high: int) -> int:
        """One integer from `low` to `high`, both included."""
        return int(torch.randint(low, high + 1, (1,), generator=self.generator, device="cpu"))

    def shuffled(self, items: list) -> list:
        """The items in a random order."""
        order = torch.randperm(len(items), generator=self.generator, device="cpu").tolist()
        return [items[i] for i in order]
