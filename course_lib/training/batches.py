"""Where batches come from: data on the device, or streamed to it in blocks.

The order of the examples in an epoch depends on the seed and on the epoch's number alone, so a run
can be taken up in the middle of an epoch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_lib.arguments import instead_of, require_finite, require_matrix
from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    import numpy as np

    Data = Tensor | np.ndarray | str | Path

SHARE_OF_MEMORY = 0.5  # of a device's free memory that data may take
ROWS_TOGETHER = 1024  # rows of a file that are read, and stay, together until they are shuffled
BYTES_SHUFFLED = 256 << 20  # of a stream that are in memory and shuffled at a time


class Batches:
    """The examples of a data set, in batches on a device.

    Data that fit are brought to the device once, and every epoch has an order of its own. Larger
    data stay where they are. A file is read in runs of `ROWS_TOGETHER` rows: the runs come in
    random order, and the rows of as many runs as `BYTES_SHUFFLED` holds are shuffled among
    themselves. To a GPU batches go through pinned memory, while it still works on the one before.

    Parameters
    ----------
    name : of the argument, for messages.
    data : (examples, input): a tensor, a NumPy array or memory map, or the path of a .npy file,
        which is then memory-mapped.
    input_dim : how many columns there must be.
    batch_size : examples a batch; the last of an epoch may be smaller.
    device, dtype : of the batches.
    seed : of the order.
    share : this process's number and how many processes there are; each gets its part of every
        batch.

    Raises
    ------
    WrongArgument : for another shape or type, no examples, NaN or infinity, or numbers that the
        dtype cannot hold. In a file that does not fit into memory these are found when they are
        read.
    """

    def __init__(
        self,
        name: str,
        data: Data,
        input_dim: int,
        batch_size: int,
        device: torch.device,
        dtype: torch.dtype,
        seed: int = 0,
        share: tuple[int, int] = (0, 1),
    ):
        self.name, self.batch_size, self.device, self.dtype = name, batch_size, device, dtype
        self.seed, self.share = seed, share
        self.rows, self.from_file = _as_rows(name, data)
        require_matrix(name, self.rows, columns=input_dim, finite=False)
        needed = self.rows.numel() * dtype.itemsize
        there = self.rows.device == device and self.rows.dtype == dtype
        fits = there or needed <= SHARE_OF_MEMORY * free_memory(device)
        self.streamed = self.from_file or not fits
        size = self.rows.numel() * self.rows.dtype.itemsize
        small = not self.from_file or size <= SHARE_OF_MEMORY * free_memory(torch.device("cpu"))
        looked_at = self.rows if small else self.rows[:ROWS_TOGETHER]
        require_finite(name, looked_at)
        self._require_range(looked_at)
        if self.streamed:
            return
        self.rows = self.rows.to(device, dtype)

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(self._shared / self.batch_size)

    @property
    def _shared(self) -> int:
        """Examples an epoch: several processes leave out the few that they cannot share equally."""
        return len(self.rows) - len(self.rows) % self.share[1]

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.rows)

    def shuffled(self, epoch: int, start: int = 0) -> Iterator[Tensor]:
        """The batches of an epoch in random order, from batch number `start` on."""
        generator = torch.Generator().manual_seed((self.seed << 20) + epoch)
        if self.from_file:
            yield from self._from_file(generator, start)
            return
        order = torch.randperm(len(self.rows), generator=generator)[: self._shared]
        order = order.to(self.rows.device)
        for i in range(start, len(self)):
            rows = self._mine(order[i * self.batch_size : (i + 1) * self.batch_size])
            yield self._delivered(self.rows.index_select(0, rows))

    def in_order(self) -> Iterator[Tensor]:
        """All examples in their order, whole batches for every process."""
        for i in range(0, len(self.rows), self.batch_size):
            rows = self.rows[i : i + self.batch_size]
            if self.from_file:
                require_finite(self.name, rows, first_row=i)
            yield self._delivered(rows)

    def _from_file(self, generator: torch.Generator, start: int) -> Iterator[Tensor]:
        """Batches of shuffled blocks; what one block leaves over opens the next."""
        runs = torch.randperm(math.ceil(len(self.rows) / ROWS_TOGETHER), generator=generator)
        row_bytes = self.rows.shape[1] * self.rows.dtype.itemsize
        blocks = runs.split(max(1, BYTES_SHUFFLED // (ROWS_TOGETHER * row_bytes)))
        number, rest = 0, self.rows[:0]
        for n, block in enumerate(blocks):
            starts = [ROWS_TOGETHER * run for run in block.tolist()]
            read = [self.rows[i : i + ROWS_TOGETHER] for i in starts]
            for i, run in zip(starts, read, strict=True):
                require_finite(self.name, run, first_row=i)
            rows = torch.cat(read)
            rows = rows[torch.randperm(len(rows), generator=generator)]
            pieces = torch.cat([rest, rows]).split(self.batch_size)
            keep = n < len(blocks) - 1 and len(pieces[-1]) < self.batch_size
            rest = pieces[-1] if keep else rows[:0]
            for batch in pieces[: len(pieces) - keep]:
                batch = batch[: len(batch) - len(batch) % self.share[1]]
                if number >= start and len(batch):
                    yield self._delivered(self._mine(batch))
                number += 1

    def _require_range(self, rows: Tensor) -> None:
        """Raise `WrongArgument` for numbers that the model's dtype cannot hold."""
        largest = torch.finfo(self.dtype).max
        if largest < torch.finfo(rows.dtype).max and (given := rows.abs().max().item()) > largest:
            raise WrongArgument(
                f"{self.name} holds {given:g}, beyond the range of the model's {self.dtype}. "
                "Scale the data down, or build the model with a wider dtype."
            )

    def _mine(self, batch: Tensor) -> Tensor:
        mine, processes = self.share
        return batch if processes == 1 else batch.chunk(processes)[mine]

    def _delivered(self, batch: Tensor) -> Tensor:
        if not self.streamed:
            return batch
        if self.from_file:
            self._require_range(batch)
        batch = batch.to(self.dtype)
        if self.device.type == "cuda" and batch.device.type == "cpu":
            return batch.pin_memory().to(self.device, non_blocking=True)
        return batch.to(self.device)


def free_memory(device: torch.device) -> float:
    """Bytes that are free on a device."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available  # MPS shares the machine's memory


def _as_rows(name: str, data: Data) -> tuple[Tensor, bool]:
    """The data as a tensor, which shares their memory, and whether they lie in a file."""
    import numpy as np

    if isinstance(data, str | Path):
        try:
            data = np.lib.format.open_memmap(data, mode="r")
        except (OSError, ValueError) as error:
            raise WrongArgument(
                f"{name} is the path {str(data)!r}, which cannot be read as a .npy file ({error}). "
                "Write one with numpy.save."
            ) from None
    if isinstance(data, np.ndarray):
        if data.dtype.kind != "f":
            raise WrongArgument(
                f"{name} has dtype {data.dtype}; it must hold floating-point numbers. "
                f"Convert it: {name}.astype('float32')."
            )
        with warnings.catch_warnings():  # torch cannot forbid writing, and says so; nobody writes
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            try:
                return torch.from_numpy(data), isinstance(data, np.memmap)
            except (TypeError, ValueError) as error:  # a foreign byte order, or read backwards
                raise WrongArgument(
                    f"{name} is an array that torch cannot read ({error}). "
                    f"Convert it: numpy.ascontiguousarray({name}, dtype='float32')."
                ) from None
    if not isinstance(data, Tensor):
        raise WrongArgument(
            f"{name} is of type {type(data).__name__}; it must be a tensor (examples, input), a "
            f"NumPy array, or the path of a .npy file.{instead_of(data)}"
        )
    return data.detach(), False
