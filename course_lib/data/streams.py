"""Random numbers for the datasets: from one seed, a stream of its own for each purpose.

A model that is made after `torch.manual_seed(0)` and a dataset drawn straight from seed 0 would
begin with the same numbers: randn(256, 64) is the first rows of randn(512, 64). A model could
then hold the dictionary that it is to find before it has seen any data. So the datasets do not
use a seed as it is; they use a hash of it and of what the numbers are for. All but digits and
rings: these hold no dictionary to leak.
"""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from course_lib.arguments import require_whole
from course_lib.errors import WrongArgument


def require_seed(seed: Any) -> int:
    """`seed` as an int. Raises `WrongArgument` unless it is whole, from 0 and below 2⁶³."""
    if require_whole("seed", seed, at_least=0) >= 2**63:
        raise WrongArgument(f"seed is {seed}; it must be below 2**63. Take a smaller one.")
    return int(seed)


def stream(seed: int, purpose: str) -> torch.Generator:
    """A generator that depends on both; two purposes of one seed have nothing in common."""
    digest = hashlib.sha256(f"{purpose} {seed}".encode()).digest()
    # torch's CPU generator reads 32 bits of a seed and no more
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:4], "big"))
