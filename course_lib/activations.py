"""A language model's activations: taken by a hook, changed by a hook, streamed or kept in a file.

A hook is a function that PyTorch calls after each forward pass of a module, with the module's
output. It may look at the output, and it may return another one in its place. The activations of
a model at some layer are therefore had without changing a line of the model:

    with record_output(model.blocks[1]) as outputs:
        model(tokens)                  # outputs[0] : (rows, length, dim)

As data for an autoencoder each position of each text is an example, so that (rows, length, dim)
becomes (examples, dim): row by row, position by position, padding left out. Three ways lead there:

    collect_activations(…)         all at once, in memory
    ActivationStream(…)            computed when training needs them, never all in memory
    save_activations(path, …)      computed once and kept in a .npy file, which training streams

All three stop the model's forward pass at the module: what comes after it (the later blocks, and
the logits over the vocabulary, often the largest product of all) cannot change what the module
gave.
"""

from __future__ import annotations

import os
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.arguments import require_option, require_whole
from course_lib.bars import progress_bar
from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    import numpy as np

    Whole = Tensor | np.ndarray | str | Path  # an array, or the path of a .npy file that holds one

LOOKED_THROUGH = 1 << 16  # rows of a mask or of tokens that are looked through at a time

# -- hooks ----------------------------------------------------------------------------------------


@contextmanager
def record_output(module: nn.Module) -> Iterator[list[Tensor]]:
    """Keep what `module` puts out, as long as the `with` block lasts.

    Gives a list, to which every forward pass of the module adds its output. Of a tuple, as some
    blocks of Hugging Face models return, it is the first entry. What is kept is a copy without a
    gradient: later steps in place do not change it, and it does not hold the model's graph in
    memory.

    Raises `WrongArgument` when `module` is no module, or puts out no tensor.
    """
    require_module("module", module)
    outputs: list[Tensor] = []

    def record(_: nn.Module, __: Any, output: Any) -> None:
        outputs.append(_tensor_of(module, output).detach().clone())

    handle = module.register_forward_hook(record)
    try:
        yield outputs
    finally:
        handle.remove()


@contextmanager
def change_output(module: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Replace what `module` puts out by `change` of it, as long as the `with` block lasts.

    change : from the output to another tensor of the same shape, dtype and device. Of a tuple the
        first entry is replaced and the others stay. Gradients pass through it.

    Raises `WrongArgument` when `module` is no module or puts out no tensor, when `change` cannot be
    called, and when it returns something else than such a tensor.
    """
    require_module("module", module)
    if not callable(change):
        raise WrongArgument(
            f"change is of type {type(change).__name__}; it must be a function from the output to "
            "another tensor of its shape: lambda output: 0 * output."
        )

    def replace(_: nn.Module, __: Any, output: Any) -> Any:
        before = _tensor_of(module, output)
        kind = _kind(before)
        after = change(before)
        if not isinstance(after, Tensor) or _kind(after) != kind:
            given = _kind(after) if isinstance(after, Tensor) else type(after).__name__
            raise WrongArgument(f"change returned {given}; it must return {kind}, as it was given.")
        if isinstance(output, Tensor):
            return after
        entries = (after, *output[1:])
        return type(output)(*entries) if hasattr(output, "_fields") else type(output)(entries)

    handle = module.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def require_module(name: str, module: Any) -> nn.Module:
    """`module` itself. Raises `WrongArgument` unless it is an instance of `torch.nn.Module`."""
    if isinstance(module, nn.Module):
        return module
    what = f"the class {module.__name__} itself" if isinstance(module, type) else repr(module)
    raise WrongArgument(
        f"{name} is {what}; it must be a torch.nn.Module, such as a block of a language model: "
        "model.blocks[1]."
    )


def _tensor_of(module: nn.Module, output: Any) -> Tensor:
    """The output itself, or the first entry of a tuple."""
    first = output[0] if isinstance(output, tuple | list) and output else output
    if not isinstance(first, Tensor):
        raise WrongArgument(
            f"The module, a {type(module).__name__}, puts out a {type(output).__name__}; it must "
            "put out a tensor, or a tuple that begins with one. Choose a block inside of it."
        )
    return first


def _kind(tensor: Tensor) -> str:
    return f"a tensor of shape {tuple(tensor.shape)}, {tensor.dtype}, on {tensor.device}"


# -- activations as examples ----------------------------------------------------------------------


class ActivationStream:
    """A model's activations at a module, as examples that are computed when they are needed.

    `Trainer.fit(stream)` trains on them, and `fit(…, stream)` takes them as validation data. Each
    epoch has an order of its own, which depends on the trainer's seed and the epoch's number alone:
    the rows of tokens in random order, and the examples of as many rows as a buffer holds
    (`course_lib.training.batches.BYTES_SHUFFLED`) shuffled among themselves. A run that was broken
    off is taken up in the middle of an epoch without computing what lies before. Every epoch
    computes the activations anew; for several epochs `save_activations` is faster, if the disk has
    the room. The model and the autoencoder may be on different devices. Under `torchrun` every
    process computes all of them.

    Parameters
    ----------
    model : the language model; it takes tokens (rows, length) of int64.
    module : the part of it to look at, such as `model.blocks[1]`. It puts out (rows, length, dim),
        or a tuple that begins with such a tensor. If the forward pass calls it more than once, the
        first call counts.
    tokens : (rows, length) whole numbers: a tensor, a NumPy array or memory map, or the path of a
        .npy file, which is then memory-mapped.
    mask : (rows, length) of booleans, as tokens: the positions to take; all if left out. The model
        does not see it: texts must begin at position 0, with their padding behind them, where a
        model that looks only backwards cannot be misled by it.
    rows_at_once : rows of tokens in a forward pass.

    Attributes: `shape`, (examples, dim); `dtype`; `counts`, how many examples each row has that has
    any. `len(stream)` is the number of examples.

    Raises
    ------
    WrongArgument : for arguments that do not fit together, found on the first row before any other
        work; and for rows that the model cannot take, or whose activations are not finite, found
        when they are computed.
    """

    def __init__(
        self,
        model: nn.Module,
        module: nn.Module,
        tokens: Whole,
        mask: Whole | None = None,
        rows_at_once: int = 256,
    ):
        self.model, self.module = require_module("model", model), require_module("module", module)
        if not any(part is module for part in model.modules()):
            raise WrongArgument(
                f"module, a {type(module).__name__}, is not a part of model, a "
                f"{type(model).__name__}. Take a part of it, such as model.blocks[1]; "
                "dict(model.named_modules()) holds all of them by name."
            )
        self.rows_at_once = require_whole("rows_at_once", rows_at_once)
        self._tokens = _as_array("tokens", tokens, kinds="iu")
        self._mask = None if mask is None else _as_array("mask", mask, kinds="b")
        if self._mask is not None and self._mask.shape != self._tokens.shape:
            raise WrongArgument(
                f"mask has shape {self._mask.shape} and tokens {self._tokens.shape}; they must be "
                "the same."
            )
        counts = self._count()
        self._rows = counts.nonzero()[:, 0]  # (runs,) the rows of tokens that have examples
        if not len(self._rows):
            raise WrongArgument("mask is False everywhere; at least one position must be taken.")
        self.counts = counts[self._rows]  # (runs,)
        sample = self.look()
        self.shape = (int(self.counts.sum()), sample.shape[1])
        self.dtype = sample.dtype

    def __len__(self) -> int:
        """How many examples there are."""
        return self.shape[0]

    def in_order(self) -> Iterator[Tensor]:
        """All examples in their order, those of `rows_at_once` rows at a time: (some, dim)."""
        for runs in torch.arange(len(self.counts)).split(self.rows_at_once):
            yield self.read(runs)

    def read(self, runs: Tensor) -> Tensor:
        """The examples (some, dim) of some rows of tokens, row by row.

        runs : (some,) numbers of rows, counted among those that have examples.
        """
        found, done = None, 0
        for rows in self._rows[runs].split(self.rows_at_once):
            part = self._compute(rows)
            if found is None:  # filled as it comes: joined at the end, it would be there twice
                found = part.new_empty(int(self.counts[runs].sum()), self.shape[1])
            found[done : done + len(part)] = part
            done += len(part)
        return found

    def look(self) -> Tensor:
        """The examples of the first row that has any: a look at the data before any work."""
        try:
            return self._compute(self._rows[:1])
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, WrongArgument):
                raise
            raise WrongArgument(
                f"the model, a {type(self.model).__name__}, cannot take tokens of shape "
                f"{(1, self._tokens.shape[1])}: {error}"
            ) from error

    def checksum(self) -> int:
        """Of the first and the last row of tokens, and of both ends of each of the model's weights:
        the activations themselves differ in their last digits from machine to machine."""
        ends = self._tokens[self._rows[[0, -1]].numpy()].astype("int64")
        total = zlib.crc32(ends.tobytes())
        for name, value in self.model.state_dict().items():
            if value.numel():
                both = value.flatten()[[0, -1]].cpu().double()
                total = zlib.crc32(name.encode() + both.numpy().tobytes(), total)
        names = [name for name, part in self.model.named_modules() if part is self.module]
        return zlib.crc32(names[0].encode(), total)

    def _compute(self, rows: Tensor) -> Tensor:
        """The examples (some, dim) of some rows of tokens, in one forward pass."""
        import numpy as np

        tokens = torch.from_numpy(np.asarray(self._tokens[rows.numpy()], dtype=np.int64))
        if int(tokens.min()) < 0:
            bad = int(rows[(tokens < 0).any(dim=1)][0])
            raise WrongArgument(
                f"tokens holds {int(tokens.min())}, first in row {bad}; tokens are numbers from 0 "
                "up. Fill padding with a token of the vocabulary, and leave it out by mask."
            )
        try:
            output = output_at(self.model, self.module, tokens)
        except IndexError as error:
            raise WrongArgument(
                f"the model cannot take the tokens of rows {int(rows.min())} to {int(rows.max())} "
                f"({error}): the largest is {int(tokens.max())}, and there are {tokens.shape[1]} "
                "positions. Use the tokeniser that belongs to the model."
            ) from error
        if output.ndim != 3 or output.shape[:2] != tokens.shape or not output.is_floating_point():
            raise WrongArgument(
                f"module, a {type(self.module).__name__}, puts out {_kind(output)} for tokens of "
                f"shape {tuple(tokens.shape)}; it must put out floating-point numbers of shape "
                "(rows, length, dim). Choose a block of the model."
            )
        if self._mask is None:
            taken = output.flatten(0, 1)
        else:
            mask = torch.from_numpy(np.asarray(self._mask[rows.numpy()]))
            taken = output[mask.to(output.device)]
        self._require_finite(output, taken, rows)
        return taken

    def _require_finite(self, output: Tensor, taken: Tensor, rows: Tensor) -> None:
        if not bool(torch.isfinite(taken.sum())) and not bool(taken.isfinite().all()):
            counts = self.counts[torch.searchsorted(self._rows, rows)]
            first = int((~taken.isfinite()).any(dim=1).nonzero()[0])
            bad = int(rows[torch.searchsorted(counts.cumsum(0), first, right=True)])
            raise WrongArgument(
                f"the model's activations hold NaN or infinity, first in row {bad} of tokens. "
                "Leave it out by mask, or mend the model; float16 may be too narrow for it."
            )

    def _count(self) -> Tensor:
        """How many examples each row of tokens has. (rows,)"""
        rows, length = self._tokens.shape
        if self._mask is None:
            return torch.full((rows,), length)
        starts = range(0, rows, LOOKED_THROUGH)
        counts = [self._mask[i : i + LOOKED_THROUGH].sum(axis=1) for i in starts]
        return torch.cat([torch.from_numpy(count) for count in counts])


def collect_activations(
    model: nn.Module,
    module: nn.Module,
    tokens: Whole,
    mask: Whole | None = None,
    rows_at_once: int = 256,
) -> Tensor:
    """The activations of `model` at `module`: (examples, dim), on the model's device.

    The examples come row by row, position by position. The model runs in evaluation mode and
    without gradients, and is left in the mode it was in. Arguments and errors are those of
    `ActivationStream`.
    """
    stream = ActivationStream(model, module, tokens, mask, rows_at_once)
    return stream.read(torch.arange(len(stream.counts)))


# -- one forward pass, as far as the module -------------------------------------------------------


class _Reached(BaseException):
    """Raised by a hook to end a forward pass; no `except Exception` in a model can hold it up."""

    def __init__(self, output: Tensor):
        self.output = output


def output_at(model: nn.Module, module: nn.Module, tokens: Tensor) -> Tensor:
    """What `module` puts out, (rows, length, dim), when `model` reads tokens (rows, length).

    The model runs in evaluation mode, without gradients, and no further than the module.
    """

    def stop(_: nn.Module, __: Any, output: Any) -> None:
        raise _Reached(_tensor_of(module, output))

    place = next((p.device for p in model.parameters()), torch.device("cpu"))
    handle = module.register_forward_hook(stop)
    try:
        with evaluating(model), torch.no_grad():
            model(tokens.to(place))
    except _Reached as reached:
        return reached.output
    finally:
        handle.remove()
    raise WrongArgument(
        f"model, a {type(model).__name__}, does not call module, a {type(module).__name__}, in its "
        "forward pass, so there is no output to take. Choose a part that it calls."
    )


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the model and all its parts; afterwards each is as it was."""
    were = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, was in were:
            part.training = was


# -- kept in a file -------------------------------------------------------------------------------


def save_activations(
    path: str | Path, stream: ActivationStream, dtype: torch.dtype = torch.float32
) -> Path:
    """Compute a stream's examples once and keep them in a .npy file; return its path.

    `Trainer.fit(path)` trains from it: the file is memory-mapped and never wholly in memory. It is
    written block by block under another name and renamed when it is complete, so that a file of
    this name is always whole; one that was there before is replaced. A bar shows the progress.

    path : ends in .npy; its folder must exist.
    dtype : torch.float32, or torch.float16, which takes half the room and keeps three digits.

    Raises `WrongArgument` for other arguments, and for activations that float16 cannot hold;
    `OSError` when the file cannot be written. In every case nothing half-written remains; only a
    process that is killed leaves a hidden file, `.name.….unfinished`.
    """
    import numpy as np

    path = _require_writable(path, stream, dtype)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    kind = np.dtype(str(dtype).removeprefix("torch."))
    header = {"descr": kind.str, "fortran_order": False, "shape": stream.shape}
    try:
        with (
            unfinished.open("wb") as file,
            progress_bar(total=len(stream), desc="activations", unit="example") as bar,
        ):
            np.lib.format.write_array_header_1_0(file, header)
            for block in stream.in_order():
                _require_range(block, dtype)
                file.write(block.to("cpu", dtype).contiguous().numpy().tobytes())
                bar.update(len(block))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _require_writable(path: Any, stream: Any, dtype: Any) -> Path:
    if not isinstance(stream, ActivationStream):
        raise WrongArgument(
            f"stream is of type {type(stream).__name__}; it must be an ActivationStream: "
            "ActivationStream(model, module, tokens, mask)."
        )
    require_option("dtype", dtype, (torch.float32, torch.float16))
    if not isinstance(path, str | Path) or Path(path).suffix != ".npy":
        raise WrongArgument(f"path is {path!r}; it must be the path of a file that ends in .npy.")
    path = Path(path)
    if path.is_dir() or not path.parent.is_dir():
        told = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
        raise WrongArgument(f"path is {str(path)!r}, which {told}. Choose another, or make it.")
    needed = stream.shape[0] * stream.shape[1] * dtype.itemsize
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise WrongArgument(
            f"path is {str(path)!r}, on a disk with {free / 1e9:,.1f} GB free, and the activations "
            f"take {needed / 1e9:,.1f} GB. Free some space, give fewer tokens, or train on the "
            "stream itself."
        )
    return path


def _require_range(block: Tensor, dtype: torch.dtype) -> None:
    largest = float(block.abs().max())
    if largest > torch.finfo(dtype).max:
        raise WrongArgument(
            f"an activation is {largest:g}, beyond the range of {dtype}; save them as "
            "torch.float32."
        )


# -- tokens and masks -----------------------------------------------------------------------------


def _as_array(name: str, value: Any, kinds: str) -> np.ndarray:
    """Tokens or a mask as an array (rows, length), memory-mapped if it is the path of a file.

    kinds : NumPy's letters for the dtypes allowed: "iu" for whole numbers, "b" for booleans.
    """
    import numpy as np

    if isinstance(value, str | Path):
        try:
            value = np.lib.format.open_memmap(value, mode="r")
        except (OSError, ValueError) as error:
            raise WrongArgument(
                f"{name} is the path {str(value)!r}, which cannot be read as a .npy file "
                f"({error}). Write one with numpy.save."
            ) from None
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray):
        raise WrongArgument(
            f"{name} is of type {type(value).__name__}; it must be a tensor (rows, length), a "
            "NumPy array, or the path of a .npy file."
        )
    if value.dtype.kind not in kinds:
        wanted, advice = (
            ("booleans", "mask.astype(bool)") if kinds == "b" else ("whole numbers", "int64")
        )
        raise WrongArgument(
            f"{name} has dtype {value.dtype}; it must hold {wanted}. Convert it: {advice}."
        )
    if value.ndim != 2 or 0 in value.shape:
        advice = f" For a single text: {name}[None, :]." if value.ndim == 1 else ""
        raise WrongArgument(
            f"{name} has shape {value.shape}; it must be (rows, length), neither of them 0.{advice}"
        )
    return value
