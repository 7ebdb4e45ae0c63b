"""Exercises whose answer reads or writes a file, and the models and files that they are tried on.

The answer runs in a fresh folder, which is also the current one; what it leaves there is looked
at, told in words, and removed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.observations import Observation, observe_call

Session = Callable[..., tuple]


class FileExercise(FunctionExercise):
    """A function that works on files. `session` calls it and tells what it did.

    session : from (answer, folder, seed, *the case's arguments) to outputs that are compared with
        those of the reference.
    """

    def __init__(self, reference: Callable, *, session: Session, **header: Any):
        super().__init__(reference, gradients=False, **header)
        self.session = session

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`, in a folder of its own."""
        with scratch_folder() as folder:
            seen = observe_call(
                lambda *args: self.session(answer, folder, seed, *args), case, False, seed
            )
        if seen.raised:  # the folder has another name each time
            said = seen.raised.message.replace(str(folder), "the folder")
            seen = replace(seen, raised=replace(seen.raised, message=said))
        return seen


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A fresh folder, made the current one for as long as it stands."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(before)


# -- models ---------------------------------------------------------------------------------------


class SmallAutoencoder(nn.Module):
    """Linear, ReLU, linear: parameters only."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder = nn.Linear(input_dim, encoding_dim)
        self.decoder = nn.Linear(encoding_dim, input_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim)."""
        return self.decoder(self.encoder(x).relu())


class CentredAutoencoder(nn.Module):
    """Keeps the mean of its data as a buffer: saved with the weights, but no parameter."""

    def __init__(self, input_dim: int, encoding_dim: int, dropout: float = 0.5):
        super().__init__()
        self.register_buffer("mean", torch.zeros(input_dim))
        self.encoder = nn.Linear(input_dim, encoding_dim)
        self.decoder = nn.Linear(encoding_dim, input_dim)
        self.noise = nn.Dropout(dropout)  # tells training from evaluation mode

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim)."""
        return self.decoder(self.noise(self.encoder(x - self.mean))) + self.mean


class MovedAutoencoder(SmallAutoencoder):
    """The same model after its class was moved to another file."""


MODELS = {m.__name__: m for m in (SmallAutoencoder, CentredAutoencoder, MovedAutoencoder)}


@dataclass(frozen=True)
class Sample:
    """A model for a case: its class, the constructor's arguments, its mode and precision."""

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    training: bool = True
    dtype: torch.dtype = torch.float32

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v}" for k, v in self.config.items())
        mode = "in training mode" if self.training else "in evaluation mode"
        return f"{self.name}({given}), {str(self.dtype).removeprefix('torch.')}, {mode}"

    def build(self, seed: int) -> nn.Module:
        """The model with fresh values in all its weights and buffers."""
        generator = torch.Generator().manual_seed(seed)
        model = MODELS[self.name](**self.config).to(self.dtype)
        with torch.no_grad():
            for value in model.state_dict().values():
                value.copy_(torch.randn(value.shape, generator=generator))
        return model.train(self.training)


# -- what lies in a file --------------------------------------------------------------------------


def contents(path: Path) -> Any:
    """What the safe way of loading finds in a file, or words that say why it finds nothing."""
    if not path.is_file():
        return "no file at `path`"
    try:
        return torch.load(path, weights_only=True)
    except Exception:
        return _unsafe(path)


def _unsafe(path: Path) -> str:
    """What lies in a file that the safe way refuses: it comes from the answer just examined."""
    try:
        found = torch.load(path, weights_only=False)
    except Exception:
        return "nothing that torch.load can read"
    if isinstance(found, nn.Module):
        return "the whole model"
    inside = list(found.values()) if isinstance(found, Mapping) else []
    if any(isinstance(value, nn.Module) for value in inside):
        return "a dictionary with the whole model in it"
    if any(callable(value) for value in inside):
        return "a dictionary with a method in it"
    return "more than plain values and tensors: weights_only=True refuses it"


def kind(found: Any) -> str:
    """A few words on what a file holds."""
    if isinstance(found, str):
        return found
    if not isinstance(found, Mapping):
        return f"a {type(found).__name__}"
    if found and all(isinstance(v, Tensor) for v in found.values()):
        return "a dictionary of weights alone"
    return f"a dictionary with the keys {', '.join(repr(k) for k in sorted(found, key=str))}"


def names(weights: Any) -> str:
    """Names, precision and shapes of the weights in a file, in words."""
    if not isinstance(weights, Mapping):
        return f"no dictionary, but a {type(weights).__name__}"
    return "; ".join(
        f"{name} {str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
        if isinstance(value, Tensor)
        else f"{name} as a {type(value).__name__}"
        for name, value in weights.items()
    )


def values(weights: Any) -> Tensor:
    """All weights in a row, float64."""
    tensors = weights.values() if isinstance(weights, Mapping) else ()
    rows = [t.detach().double().flatten() for t in tensors if isinstance(t, Tensor)]
    return torch.cat(rows) if rows else torch.zeros(0, dtype=torch.float64)


def plain(value: Any) -> str:
    """A config in words, whatever the order of its keys."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k!r}: {v!r}" for k, v in sorted(value.items(), key=lambda i: str(i[0])))
    return repr(value)
