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
    """Run code quietly, with all random generators seeded and torch at its defaults.

    torch's generator is set and put back directly: `torch.manual_seed` and `fork_rng` also visit
    every accelerator, which takes longer than most answers.
    """
    before = _Settings()
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
    if before.dtype != torch.float32:
        torch.set_default_dtype(torch.float32)
    if before.device.type != "cpu":
        torch.set_default_device("cpu")
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            torch.enable_grad(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        before.restore()


class _Settings:
    """The global state that an answer could change."""

    def __init__(self):
        self.torch_state = torch.default_generator.get_state()
        self.numpy_state = np.random.get_state()
        self.python_state = random.getstate()
        self.dtype = torch.get_default_dtype()
        self.device = torch.get_default_device()
        self.threads = torch.get_num_threads()
        self.deterministic = torch.are_deterministic_algorithms_enabled()

    def restore(self) -> None:
        torch.default_generator.set_state(self.torch_state)
        np.random.set_state(self.numpy_state)
        random.setstate(self.python_state)
        if torch.get_default_dtype() != self.dtype:
            torch.set_default_dtype(self.dtype)
        if torch.get_default_device() != self.device:
            torch.set_default_device(None if self.device.type == "cpu" else self.device)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        if torch.are_deterministic_algorithms_enabled() != self.deterministic:
            torch.use_deterministic_algorithms(self.deterministic)
