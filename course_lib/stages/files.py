"""A folder of its own for an answer that writes or reads a file: what it leaves there, in words.

The folder is also the current one; it is removed afterwards. What an answer has written may be
unpickled here, so this belongs where the answer runs, and nowhere else.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


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


def in_a_folder(session: Callable, *args: Any) -> Any:
    """`session(folder, *args)`, in a fresh folder that no error names."""
    with scratch_folder() as folder:
        try:
            return session(folder, *args)
        except (Exception, SystemExit) as error:
            raise _without(str(folder), error) from None


def _without(folder: str, error: BaseException) -> BaseException:
    """The same error; if it names the folder, which is another each time, in other words."""
    try:
        said = str(error)
    except Exception:  # an exception's own __str__ may fail
        return error
    if folder not in said:
        return error
    alike = type(type(error).__name__, (Exception,), {})
    return alike(said.replace(folder, "the folder")).with_traceback(error.__traceback__)


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

    def as_plain(self) -> dict[str, Any]:
        """The fields by name; `Sample(**fields)` is the way back."""
        return {
            "name": self.name,
            "config": dict(self.config),
            "training": self.training,
            "dtype": self.dtype,
        }

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


# -- saving ---------------------------------------------------------------------------------------

EXPECTED = "a dictionary with the keys 'config', 'weights'"


def save(answer: Callable, seed: int, plain_sample: Mapping[str, Any], at: str) -> tuple:
    """Let the answer save a model to `at`; tell what is there then, and how the model is."""
    return in_a_folder(_saved, answer, seed, Sample(**plain_sample), at)


def _saved(folder: Path, answer: Callable, seed: int, sample: Sample, at: str) -> tuple:
    model, config, path = sample.build(seed), dict(sample.config), folder / at
    before = {n: (v.clone(), v.dtype) for n, v in model.state_dict().items()}
    path.parent.mkdir(exist_ok=True)
    if "old" in at:
        path.write_bytes(b"an old file")
    answer(model, config, path)
    found = contents(path)
    parts = found if isinstance(found, dict) and kind(found) == EXPECTED else {}
    others = {_named(p, path) for p in folder.rglob("*") if p.is_file() and p != path}
    return (
        kind(found),
        plain(parts.get("config")),
        names(parts.get("weights")),
        values(parts.get("weights")),
        ", ".join(sorted(others)) or "none",
        _state(model, before, config == dict(sample.config), sample.training),
    )


def _named(other: Path, path: Path) -> str:
    return "`path` with an ending" if other.name.startswith(path.name) else "one of another name"


def _state(model: nn.Module, before: dict, same_config: bool, training: bool) -> str:
    after = model.state_dict()
    if set(after) != set(before) or any(
        after[n].dtype != dtype or not torch.equal(after[n], v) for n, (v, dtype) in before.items()
    ):
        return "its weights have changed"
    if model.training != training:
        return "it is in another mode"
    if not all(p.requires_grad for p in model.parameters()):
        return "its weights no longer take gradients"
    return "as before" if same_config else "its config has changed"


# -- loading --------------------------------------------------------------------------------------

FAULTS = {
    "none": "a good file",
    "cut": "a file that is cut short",
    "missing": "a file in which one of the weights is missing",
    "code": "a file that runs code when it is loaded without weights_only=True",
    "larger": "a file whose weights are larger than its config says",
}
ran: list[str] = []  # filled by the code in a harmful file


def note_that_it_ran(what: str) -> None:
    """The code in a harmful file, harmless here. It could have deleted your files."""
    ran.append(what)


class Trap:
    """Runs code when it is unpickled. (A function is pickled by name, a list's method by value.)"""

    def __reduce__(self):
        return note_that_it_ran, ("it ran",)


def write(sample: Sample, model: nn.Module, fault: str, path: Path) -> None:
    """A saved model, good or with a fault."""
    saved = {"config": dict(sample.config), "weights": dict(model.state_dict())}
    if fault == "missing":
        del saved["weights"]["decoder.bias"]
    if fault == "larger":
        saved["config"]["encoding_dim"] -= 1
    if fault == "code":
        saved["notes"] = Trap()
    torch.save(saved, path)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def load(
    answer: Callable, seed: int, plain_sample: Mapping[str, Any], make: str, file: str, x: Tensor
) -> tuple | None:
    """Let the answer load a file, good or with one of the faults, and try what came back on x."""
    return in_a_folder(_loaded, answer, seed, Sample(**plain_sample), make, file, x)


def _loaded(
    folder: Path, answer: Callable, seed: int, sample: Sample, make: str, file: str, x: Tensor
) -> tuple | None:
    fault = next(name for name, words in FAULTS.items() if words == file)
    model, path = sample.build(seed), folder / "model.pt"
    write(sample, model, fault, path)
    written = path.read_bytes()
    expected = model.eval()(x).detach()
    ran.clear()
    try:
        loaded = answer(MODELS[make], path)
    except (Exception, SystemExit) as error:
        if fault == "none":
            raise in_one_line(error) from None
        loaded = None
        came_back = "an error, as it should be"
    else:
        if loaded is None and fault == "none":
            return None
        came_back = f"a {type(loaded).__name__}"
    finally:
        executed = bool(ran)
        ran.clear()
    if executed:
        return "the code in the file has run", torch.zeros(0), "", ""
    kept = path.is_file() and path.read_bytes() == written
    file_after = "as before" if kept else "gone or changed"
    if not isinstance(loaded, nn.Module) or fault != "none":
        return came_back, torch.zeros(0), "", file_after
    # all layers count: `model.training = False` alone does not reach the dropout inside
    mode = "training" if any(m.training for m in loaded.modules()) else "evaluation"
    return came_back, loaded.eval()(x).detach().reshape(expected.shape), mode, file_after


def in_one_line(error: BaseException) -> BaseException:
    """The same error with its message in one line: torch lists what does not fit on the later
    ones."""
    if type(error) is not RuntimeError:
        return error
    said = " ".join(str(error).split())
    return RuntimeError(said).with_traceback(error.__traceback__)
