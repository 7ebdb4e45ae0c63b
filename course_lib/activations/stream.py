"""Activations as examples for an autoencoder, computed when they are needed or all at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from course_lib.activations.hooks import kind_of, output_at, require_module
from course_lib.activations.token_arrays import as_array
from course_lib.arguments import require_whole
from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    from course_lib.activations.token_arrays import Whole

LOOKED_THROUGH = 1 << 16  # rows of a mask that are looked through at a time


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
        self._tokens = as_array("tokens", tokens, kinds="iu")
        self._mask = None if mask is None else as_array("mask", mask, kinds="b")
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
                f"module, a {type(self.module).__name__}, puts out {kind_of(output)} for tokens of "
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
