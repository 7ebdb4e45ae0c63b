"""A step's time in multiples of the floor: the six matrix products that a step must do.

    encode    x · W_enc          (batch, input) · (input, latent)
    decode    z · W_dec          (batch, latent) · (latent, input)
    backward  zᵀ · g,  g · W_decᵀ,  xᵀ · h,  h · W_encᵀ

with g the gradient at the reconstruction and h the one before the activation. The last product is
the gradient with respect to the input, which a step may do without.

The floor is measured in the same process, between the peer's own steps, so that whatever slows the
machine slows both: each chunk of steps gives one pair (seconds a step, seconds of the floor).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Clock = Callable[[], float]


def clock_for(threads: int) -> Clock:
    """Processor time for one thread, which other jobs do not disturb; wall-clock time for more."""
    return time.process_time if threads == 1 else time.perf_counter


class Floor:
    """The six products of one size; calling it measures them."""

    def __init__(
        self, input_dim: int, latent_dim: int, batch_size: int, repeats: int, clock: Clock
    ):
        self.repeats, self.clock = repeats, clock
        generator = torch.Generator().manual_seed(0)  # leaves the peer's random numbers alone

        def draw(rows: int, columns: int) -> Tensor:
            return torch.randn(rows, columns, generator=generator) / columns**0.5

        self.x, self.g = draw(batch_size, input_dim), draw(batch_size, input_dim)
        self.z, self.h = draw(batch_size, latent_dim), draw(batch_size, latent_dim)
        self.encoder = draw(input_dim, latent_dim)
        self.decoder = draw(latent_dim, input_dim)
        self.at_code, self.at_input = torch.empty_like(self.z), torch.empty_like(self.x)
        self.for_encoder = torch.empty_like(self.encoder)
        self.for_decoder = torch.empty_like(self.decoder)

    @torch.no_grad()
    def products(self) -> None:
        torch.mm(self.x, self.encoder, out=self.at_code)
        torch.mm(self.z, self.decoder, out=self.at_input)
        torch.mm(self.z.T, self.g, out=self.for_decoder)
        torch.mm(self.g, self.decoder.T, out=self.at_code)
        torch.mm(self.x.T, self.h, out=self.for_encoder)
        torch.mm(self.h, self.encoder.T, out=self.at_input)

    def __call__(self) -> float:
        """Seconds that the six products take together."""
        start = self.clock()
        for _ in range(self.repeats):
            self.products()
        return (self.clock() - start) / self.repeats


class Pacer:
    """Pairs the time of a peer's steps with that of the floor, chunk by chunk."""

    def __init__(self, floor: Callable[[], float], chunk: int, clock: Clock):
        self.floor, self.chunk, self.clock = floor, chunk, clock
        self.pairs: list[tuple[float, float]] = []  # seconds a step, seconds of the floor
        self.steps = 0  # in the chunk that is running
        self.before: float | None = None  # the floor before it
        self.start: float | None = None  # its start; None while the clock stands

    def tick(self) -> None:
        """To be called once a step, before its batch is fetched."""
        if self.steps == self.chunk:
            self.close()
        if self.start is None:
            if self.before is None:
                self.before = self.floor()
            self.steps, self.start = 0, self.clock()
        self.steps += 1

    def close(self) -> None:
        """Stop the clock and measure the floor; the chunk's floor is the mean before and after."""
        if self.start is None:
            return
        seconds = (self.clock() - self.start) / self.steps
        after = self.floor()
        self.pairs.append((seconds, (self.before + after) / 2))
        self.before, self.start, self.steps = after, None, 0


class Batches:
    """The data as a peer's loop reads it: shuffled batches, as many as there are steps.

    Iterating gives tensors cut by index, which is what one writes for a loop that takes any
    iterator; `loader()` is the tutorials' DataLoader.
    """

    def __init__(
        self, data: Tensor, batch_size: int, steps: int, seed: int, pacer: Pacer | None = None
    ):
        self.data, self.batch_size, self.steps, self.seed = data, batch_size, steps, seed
        self.pacer = pacer

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Tensor]:
        rows = self.rows()
        for _ in range(self.steps):
            self.tick()
            yield self.data[next(rows)]

    def tick(self) -> None:
        """Tell the pacer, if there is one, that a step begins."""
        if self.pacer:
            self.pacer.tick()

    def rows(self) -> Iterator[Tensor]:
        """Without end: which rows make up the next batch (batch_size,)."""
        generator = torch.Generator().manual_seed(self.seed)
        while True:
            order = torch.randperm(len(self.data), generator=generator)
            yield from order.split(self.batch_size)[: len(order) // self.batch_size]

    def loader(self) -> Loader:
        """The same as `DataLoader(TensorDataset(data))` gives it: tuples of one tensor."""
        return Loader(self)


class Loader:
    """A DataLoader over a TensorDataset that ends after so many steps and tells the pacer."""

    def __init__(self, batches: Batches):
        from torch.utils.data import DataLoader, TensorDataset

        self.batches = batches
        self.loader = DataLoader(
            TensorDataset(batches.data),
            batch_size=batches.batch_size,
            shuffle=True,
            drop_last=True,
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Tensor]]:
        endless = itertools.chain.from_iterable(itertools.repeat(self.loader))
        for _ in range(len(self)):
            self.batches.tick()
            yield next(endless)
