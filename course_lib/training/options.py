"""The settings of a training run, checked before any work is done."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from course_lib.arguments import require_number, require_option, require_whole
from course_lib.errors import UnknownName, WrongArgument


@dataclass(frozen=True)
class TrainingOptions:
    """The settings of a `Trainer`.

    Length: give one of the first two.
      num_epochs : passes over the data.
      num_steps : optimiser steps.
    Optimiser (Adam, Kingma and Ba, 2015):
      learning_rate : the largest, after the warm-up.
      schedule : "constant"; "linear" falls to zero over the last `decay_share` of the steps;
        "cosine" falls to zero over all steps after the warm-up (Loshchilov and Hutter, 2017).
      warmup_steps : over which the learning rate rises from zero.
      max_grad_norm : longer gradients are shortened to this norm (Pascanu et al., 2013).
    Batches:
      batch_size : examples a step, over all processes.
      accumulation_steps : parts that a batch is taken in, to save memory. Their gradients are
        added up; the result is that of the whole batch, but for KL and batch normalisation, which
        look at the examples of a part together.
      seed : of the order of the examples.
    Sparsity:
      sparsity_warmup_steps : over which the sparsity penalty comes in, from zero.
    Precision:
      mixed_precision : None, "bfloat16" or "float16" for the products; weights stay as they are.
    Early stopping, which needs validation data:
      patience : records without improvement before training stops.
      min_improvement : how much the validation loss must fall to count.
    Records, one an entry of the history:
      record_every : steps between them; None for one at the end of each epoch.
      progress : "bar", "log" (a line a record) or None.
    Checkpoints:
      checkpoint_folder : where the state of the run is kept.
      checkpoint_every : steps between checkpoints; None for one at each record.
    Speed:
      fast : None takes the hand-derived gradients when model and objective allow it; False takes
        the readable path; True raises when the fast path is not possible.
    """

    num_epochs: int | None = None
    num_steps: int | None = None
    learning_rate: float = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup_steps: int = 0
    decay_share: float = 0.2
    max_grad_norm: float | None = None
    batch_size: int = 256
    accumulation_steps: int = 1
    seed: int = 0
    sparsity_warmup_steps: int = 0
    mixed_precision: Literal["bfloat16", "float16"] | None = None
    patience: int | None = None
    min_improvement: float = 0.0
    record_every: int | None = None
    progress: Literal["bar", "log"] | None = None
    checkpoint_folder: str | Path | None = None
    checkpoint_every: int | None = None
    fast: bool | None = None

    def __post_init__(self) -> None:
        if (self.num_epochs is None) == (self.num_steps is None):
            raise WrongArgument(
                f"num_epochs is {self.num_epochs} and num_steps {self.num_steps}; give one of them."
            )
        optional = ("num_epochs", "num_steps", "patience", "record_every", "checkpoint_every")
        for name in optional:
            if getattr(self, name) is not None:
                self._keep(name, require_whole(name, getattr(self, name)))
        for name in ("batch_size", "accumulation_steps"):
            self._keep(name, require_whole(name, getattr(self, name)))
        for name in ("warmup_steps", "sparsity_warmup_steps", "seed"):
            self._keep(name, require_whole(name, getattr(self, name), at_least=0))
        if self.seed >= 2**40:
            raise WrongArgument(f"seed is {self.seed}; it must be below 2**40.")
        for name, bounds in (
            ("learning_rate", {"above": 0}),
            ("decay_share", {"above": 0, "at_most": 1}),
            ("min_improvement", {"at_least": 0}),
            ("max_grad_norm", {"above": 0}),
        ):
            if name != "max_grad_norm" or self.max_grad_norm is not None:
                self._keep(name, require_number(name, getattr(self, name), **bounds))
        if not isinstance(self.checkpoint_folder, str | Path | None):
            raise WrongArgument(
                f"checkpoint_folder is {self.checkpoint_folder!r}; it must be a path."
            )
        require_option("schedule", self.schedule, ("constant", "linear", "cosine"))
        require_option("mixed_precision", self.mixed_precision, (None, "bfloat16", "float16"))
        require_option("progress", self.progress, (None, "bar", "log"))
        require_option("fast", self.fast, (None, True, False))
        if self.accumulation_steps > self.batch_size:
            raise WrongArgument(
                f"accumulation_steps is {self.accumulation_steps}, more than the "
                f"{self.batch_size} examples of a batch; make it smaller."
            )
        if self.checkpoint_every is not None and self.checkpoint_folder is None:
            raise WrongArgument(
                f"checkpoint_every is {self.checkpoint_every}, but there is no checkpoint_folder "
                "to write to; give one."
            )

    def _keep(self, name: str, value: Any) -> None:
        """Keep a number as Python's own: NumPy's cannot stand in a checkpoint's JSON."""
        object.__setattr__(self, name, value)

    @classmethod
    def of(cls, options: dict[str, Any]) -> TrainingOptions:
        """The options of a dictionary. Raises `UnknownName` for a name that is none of them."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in known:
                raise UnknownName("option", name, known, "Trainer")
        return cls(**options)

    def rate_at(self, step: int, total: int) -> float:
        """The learning rate of step number `step` (from 0) of `total`."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        left = total - step  # at least 1: the last step still learns something
        if self.schedule == "linear":
            return self.learning_rate * min(1.0, left / (self.decay_share * total))
        if self.schedule == "cosine":
            done = (step - self.warmup_steps) / max(1, total - self.warmup_steps)
            return self.learning_rate * (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate

    def sparsity_scale_at(self, step: int) -> float:
        """The factor of the sparsity penalty at step number `step` (from 0)."""
        return (
            min(1.0, (step + 1) / self.sparsity_warmup_steps) if self.sparsity_warmup_steps else 1.0
        )
