"""Several processes training one model: torch's distributed engine, as `torchrun` starts it.

Each process takes its part of every batch. The engine averages the gradients, so all processes
make the same step: together they do what one process does with the whole batch.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from course_lib.arguments import require_device
from course_lib.errors import WrongArgument
from course_lib.training.objectives import Objective, ObjectiveModule

if TYPE_CHECKING:
    from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    rank : its number. count : how many there are. local_rank : its number on this machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @classmethod
    def of_environment(cls) -> Processes:
        """The processes that `torchrun` started, joined; or this one alone."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        import torch.distributed as dist

        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        if not dist.is_initialized():
            cuda = torch.cuda.is_available()
            dist.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo")
            if cuda:  # where NCCL puts what it exchanges
                torch.cuda.set_device(local_rank)
        return cls(dist.get_rank(), dist.get_world_size(), local_rank)

    @property
    def is_first(self) -> bool:
        """Whether this is the one that talks and writes."""
        return self.rank == 0

    def device(self, wanted: str | torch.device | None) -> torch.device:
        """The device to train on: the one named, or the best there is.

        Raises `WrongArgument` for a device that cannot be used here.
        """
        if wanted is None:
            if torch.cuda.is_available():
                return torch.device("cuda", self.local_rank)
            return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
        device = require_device(wanted)
        shared = device.type == "cuda" and device.index is None and self.count > 1
        return torch.device("cuda", self.local_rank) if shared else device

    def require_divisible(self, batch_size: int) -> None:
        """Raises `WrongArgument` when a batch cannot be shared equally."""
        if batch_size % self.count:
            raise WrongArgument(
                f"batch_size is {batch_size}, which {self.count} processes cannot share equally; "
                f"make it a multiple of {self.count}."
            )

    def joined(
        self, model: nn.Module, objective: Objective, device: torch.device
    ) -> ObjectiveModule | DistributedDataParallel:
        """Model and objective as one module; its gradients are averaged over the processes."""
        if self.count == 1:
            return ObjectiveModule(model, objective)
        if any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in model.modules()):
            raise WrongArgument(
                "the model normalises over the batch, which several processes cannot share. "
                "Use one process, or a model with batch_norm=False."
            )
        module = ObjectiveModule(model, objective, self.average)
        devices = [device] if device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices)

    def average(self, statistic: Tensor) -> Tensor:
        """The mean over all processes; gradients pass through."""
        from torch.distributed.nn.functional import all_reduce

        return all_reduce(statistic) / self.count

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.count == 1:
            return values
        import torch.distributed as dist

        total = values.clone()
        dist.all_reduce(total)
        return total

    def sum_of_counts(self, count: int) -> int:
        """The sum of a count over all processes."""
        return count if self.count == 1 else int(self.sum(torch.tensor([float(count)])).item())

    def first_says(self, decision: bool) -> bool:
        """What the first process has decided, so that all do the same."""
        if self.count == 1:
            return decision
        import torch.distributed as dist

        said = [decision]
        dist.broadcast_object_list(said, src=0)
        return said[0]
