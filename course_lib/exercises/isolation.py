"""A call that leaves no traces: an answer's prints, warnings, randomness and settings of torch
stay its own, and what it finds is the same whatever the notebook has set."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Run code quietly, with all random generators seeded and torch at its defaults; then put
    back what was there.

    torch's generator is set and put back directly: `torch.manual_seed` and `fork_rng` also visit
    every accelerator, which takes longer than most answers.
    """
    states = torch.default_generator.get_state(), np.random.get_state(), random.getstate()
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            defaults(seed),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.default_generator.set_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])


@contextlib.contextmanager
def defaults(seed: int) -> Iterator[None]:
    """Inside `isolated`: begin anew from the seed and from torch's defaults, since one call of an
    answer must not change what the next one finds."""
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
    before = _settings()
    _set((torch.float32, torch.device("cpu"), before[2], False))
    try:
        with torch.enable_grad():
            yield
    finally:
        _set(before)


def _settings() -> tuple[torch.dtype, torch.device, int, bool]:
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )


def _set(wanted: tuple[torch.dtype, torch.device, int, bool]) -> None:
    """Change only what differs: the default device, once set, slows every call of torch."""
    now = _settings()
    if now[0] != wanted[0]:
        torch.set_default_dtype(wanted[0])
    if now[1] != wanted[1]:
        torch.set_default_device(None if wanted[1].type == "cpu" else wanted[1])
    if now[2] != wanted[2]:
        torch.set_num_threads(wanted[2])
    if now[3] != wanted[3]:
        torch.use_deterministic_algorithms(wanted[3])
