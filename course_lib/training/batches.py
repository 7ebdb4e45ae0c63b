"""Where batches come from: data on the device, or a source that is read block by block.

The order of the examples in an epoch depends on the seed and on the epoch's number alone, so a run
can be taken up in the middle of an epoch.
"""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
from torch import Tensor

from course_lib.arguments import instead_of, require_finite, require_matrix
from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    import numpy as np

    Data = Tensor | np.ndarray | str | Path | "Source"

SHARE_OF_MEMORY = 0.5  # of a device's free memory that data may take
ROWS_TOGETHER = 1024  # rows of a file that are read, and stay, together until they are shuffled
BYTES_SHUFFLED = 256 << 20  # of a stream that are in memory and shuffled at a time


@runtime_checkable
class Source(Protocol):
    """Examples that are read, or computed, when they are needed: a file's, a stream's.

    They come in runs, each of which is read as a whole, such as some rows of a file or the words
    of a text.

    shape : (examples, input). dtype : of the examples.
    counts : (runs,) how many examples each run has, at least one.
    """

    shape: tuple[int, int]
    dtype: torch.dtype
    counts: Tensor

    def read(self, runs: Tensor) -> Tensor:
        """The examples (some, input) of runs (some,), one run after the other.

        Raises `WrongArgument`, saying where, for NaN or infinity.
        """

    def look(self) -> Tensor:
        """Some or all examples (some, input), looked at before any work is done."""

    def checksum(self) -> int:
        """A number that tells these data from others, so that no run goes on with others."""


class Batches:
    """The examples of a data set, in batches on a device.

    Data that fit are brought to the device once, and every epoch has an order of its own. Larger
    data stay where they are. A source, such as a file, is read run by run: the runs come in random
    order, and the examples of as many runs as `BYTES_SHUFFLED` holds are shuffled among
    themselves. To a GPU batches go through pinned memory, while it still works on the one before.

    Parameters
    ----------
    name : of the argument, for messages.
    data : (examples, input): a tensor, a NumPy array or memory map, the path of a .npy file, which
        is then memory-mapped, or another `Source`, such as an `ActivationStream`.
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
        rows = _opened(name, data)
        self.source = rows if isinstance(rows, Source) else None
        shape = torch.empty(rows.shape, dtype=rows.dtype, device="meta")  # without the numbers
        require_matrix(name, shape, columns=input_dim, finite=False)
        self.examples, self.width = rows.shape
        looked_at = rows if self.source is None else self.source.look()
        require_finite(name, looked_at)
        self._require_range(looked_at)
        self.first = looked_at[:1].clone()  # (1, input)
        self.streamed = self.source is not None
        if self.streamed:
            return
        needed = self.examples * self.width * dtype.itemsize
        there = rows.device == device and rows.dtype == dtype
        self.streamed = not there and needed > SHARE_OF_MEMORY * free_memory(device)
        self.rows = rows if self.streamed else rows.to(device, dtype)

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(self._shared / self.batch_size)

    @property
    def _shared(self) -> int:
        """Examples an epoch: several processes leave out the few that they cannot share equally."""
        return self.examples - self.examples % self.share[1]

    def shuffled(self, epoch: int, start: int = 0) -> Iterator[Tensor]:
        """The batches of an epoch in random order, from batch number `start` on."""
        generator = torch.Generator().manual_seed((self.seed << 20) + epoch)
        if self.source is not None:
            for batch in self._read(generator, start):
                batch = batch[: len(batch) - len(batch) % self.share[1]]
                if len(batch):
                    yield self._delivered(self._mine(batch))
            return
        order = torch.randperm(self.examples, generator=generator)[: self._shared]
        order = order.to(self.rows.device)
        for i in range(start, len(self)):
            rows = self._mine(order[i * self.batch_size : (i + 1) * self.batch_size])
            yield self._delivered(self.rows.index_select(0, rows))

    def in_order(self) -> Iterator[Tensor]:
        """All examples in their order, whole batches for every process."""
        batches = self.rows.split(self.batch_size) if self.source is None else self._read()
        for batch in batches:
            yield self._delivered(batch)

    def _read(self, generator: torch.Generator | None = None, start: int = 0) -> Iterator[Tensor]:
        """A source's batches from number `start` on, shuffled if there is a generator.

        What one block leaves over opens the next. Blocks that end before `start` are not read.
        """
        counts = self.source.counts
        longest = int(counts.max())
        if generator is None:
            blocks = torch.arange(len(counts)).split(max(1, self.batch_size // longest))
        else:
            run_bytes = longest * self.width * self.source.dtype.itemsize
            runs = torch.randperm(len(counts), generator=generator)
            blocks = runs.split(max(1, BYTES_SHUFFLED // run_bytes))
        seen, rest = -start * self.batch_size, None  # examples; below 0 none are wanted yet
        for block in blocks:
            count = int(counts[block].sum())
            order = None if generator is None else torch.randperm(count, generator=generator)
            seen += count
            if seen <= 0:
                continue
            rows = self.source.read(block)
            rows = rows if order is None else rows[order.to(rows.device)]
            rows = rows[-seen:] if seen < count else rows
            rows = rows if rest is None else torch.cat([rest, rows])
            pieces = list(rows.split(self.batch_size))
            rest = pieces.pop() if len(pieces[-1]) < self.batch_size else None
            yield from pieces
        if rest is not None:
            yield rest

    def checksum(self) -> int:
        """A number that tells these data from others."""
        return checksum_of(self.rows) if self.source is None else self.source.checksum()

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
        if self.source is not None:
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


def checksum_of(rows: Tensor) -> int:
    """Of the first and the last row."""
    return zlib.crc32(rows[[0, -1]].to("cpu", torch.float64).numpy().tobytes())


class FileRows:
    """The rows of a memory-mapped file as a `Source`, in runs of `ROWS_TOGETHER`."""

    def __init__(self, name: str, rows: Tensor):
        self.name, self.rows, self.together = name, rows, ROWS_TOGETHER
        self.shape, self.dtype = tuple(rows.shape), rows.dtype
        runs = [len(part) for part in rows.split(self.together)] if rows.ndim else []
        self.counts = torch.tensor(runs)

    def read(self, runs: Tensor) -> Tensor:
        """The rows of some runs; NaN and infinity are told with the number of their row."""
        starts = [self.together * run for run in runs.tolist()]
        parts = [self.rows[i : i + self.together] for i in starts]
        for i, part in zip(starts, parts, strict=True):
            require_finite(self.name, part, first_row=i)
        return torch.cat(parts)

    def look(self) -> Tensor:
        """All rows if they would fit into memory, else the first run."""
        size = self.rows.numel() * self.dtype.itemsize
        small = size <= SHARE_OF_MEMORY * free_memory(torch.device("cpu"))
        return self.rows if small else self.rows[: self.together]

    def checksum(self) -> int:
        """Of the first and the last row."""
        return checksum_of(self.rows)


def _opened(name: str, data: Data) -> Tensor | Source:
    """The data as a tensor, which shares their memory, or as a source."""
    import numpy as np

    if isinstance(data, Source):
        return data
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
                rows = torch.from_numpy(data)
            except (TypeError, ValueError) as error:  # a foreign byte order, or read backwards
                raise WrongArgument(
                    f"{name} is an array that torch cannot read ({error}). "
                    f"Convert it: numpy.ascontiguousarray({name}, dtype='float32')."
                ) from None
        return FileRows(name, rows) if isinstance(data, np.memmap) else rows
    if not isinstance(data, Tensor):
        raise WrongArgument(
            f"{name} is of type {type(data).__name__}; it must be a tensor (examples, input), a "
            f"NumPy array, the path of a .npy file, or a stream.{instead_of(data)}"
        )
    return data.detach()
