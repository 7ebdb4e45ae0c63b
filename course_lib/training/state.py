"""The whole state of a training run as a checkpoint, and back.

Kept are the weights, the best weights, Adam's moments, the sums of the record under way, the
generator's state, the counts and the history. The order of the examples need not be kept: it
follows from the seed and the epoch's number. A run taken up again therefore makes the same steps,
bit for bit, as one that was never broken off.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from course_lib.checkpoints import load_bundle, save_bundle
from course_lib.errors import CheckpointProblem

if TYPE_CHECKING:
    from course_lib.training.trainer import Trainer

KIND = "training run"
COUNTS = ("step", "epoch", "_batch_of_epoch")
FREE = {"progress", "checkpoint_folder", "checkpoint_every"}  # may change without changing the run
LENGTH = {"num_epochs", "num_steps"}  # may change, too, when the schedule does not depend on it


def prepare_folder(trainer: Trainer, resume: bool) -> None:
    """Take up the run in the trainer's folder, or begin one there by writing its first state.

    Raises `CheckpointProblem` when the folder holds a run but `resume` is False, when that run had
    other settings, or when the folder cannot be written.
    """
    folder = Path(trainer.options.checkpoint_folder)
    if not trainer.processes.first_says(os.path.exists(folder / "config.json")):
        save(trainer)
        return
    tensors, description = load_bundle(folder)
    if description.get("kind") != KIND:
        raise CheckpointProblem(
            f"{folder} holds a checkpoint, but not one of a training run. Choose another folder."
        )
    if not resume:
        raise CheckpointProblem(
            f"{folder} holds a training run at step {description['counts']['step']}. To go on from "
            "there: fit(…, resume=True). To start anew: choose another checkpoint_folder."
        )
    _require_same_run(folder, description["run"], _run_of(trainer))
    _restore(trainer, tensors, description)


def save(trainer: Trainer) -> None:
    """Write the state; a process killed meanwhile leaves the state before, whole."""
    records, stopping = trainer.records, trainer.stopping
    sums = trainer.processes.sum(records.sums)  # of all processes; the first takes them up again
    examples = trainer.processes.sum_of_counts(records.examples)
    if not trainer.processes.is_first:
        return
    best = (stopping and stopping.best) or {}
    moments = trainer.optimizer.state_dict()["state"]
    tensors = {
        **{f"model.{name}": value for name, value in trainer.model.state_dict().items()},
        **{f"best.{name}": value for name, value in best.items()},
        **{
            f"optimizer.{number}.{name}": value
            for number, values in moments.items()
            for name, value in values.items()
        },
        "sums": sums,
        "generator": torch.get_rng_state(),
    }
    description = {
        "kind": KIND,
        "run": _run_of(trainer),
        "counts": {name: getattr(trainer, name) for name in COUNTS},
        "records": {"examples": examples, "history": records.history},
        "stopping": stopping and [stopping.best_loss, stopping.without_improvement],
        "scaler": trainer._scaler.state_dict() if trainer._scaler else None,
    }
    save_bundle(trainer.options.checkpoint_folder, tensors, description)


def _restore(trainer: Trainer, tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    trainer.model.load_state_dict(_under("model.", tensors))
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimizer.", tensors).items():
        number, moment = name.split(".")
        state.setdefault(int(number), {})[moment] = value
    groups = trainer.optimizer.state_dict()["param_groups"]
    trainer.optimizer.load_state_dict({"state": state, "param_groups": groups})
    torch.set_rng_state(tensors["generator"])
    for name in COUNTS:
        setattr(trainer, name, description["counts"][name])
    trainer.records.history = description["records"]["history"]
    if trainer.processes.is_first:  # it holds the sums of all; the others begin at zero
        trainer.records.sums.copy_(tensors["sums"])
        trainer.records.examples = description["records"]["examples"]
    if trainer.stopping is not None:
        trainer.stopping.best = _under("best.", tensors) or None
        best_loss, without_improvement = description["stopping"]
        trainer.stopping.best_loss = best_loss
        trainer.stopping.without_improvement = without_improvement
    trainer.stop = trainer.is_over()  # a run that a callback stopped may go on
    if trainer._scaler:
        trainer._scaler.load_state_dict(description["scaler"])


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def _run_of(trainer: Trainer) -> dict[str, Any]:
    """What makes a run this run: a checkpoint of another one must not be taken up."""
    options = dataclasses.asdict(trainer.options)
    objective = dataclasses.asdict(trainer.objective)
    free = FREE | (LENGTH if trainer.options.schedule == "constant" else set())
    return {
        "model": type(trainer.model).__name__,
        "model's dtype": str(next(trainer.model.parameters()).dtype),
        "model's settings": getattr(trainer.model, "config", None),
        "model's shapes": {n: list(p.shape) for n, p in trainer.model.state_dict().items()},
        **{f"objective's {name}": _plain(value) for name, value in objective.items()},
        **{name: _plain(value) for name, value in options.items() if name not in free},
        "fast path": trainer.fast,
        "processes": trainer.processes.count,
        "training examples": _examples(trainer.train),
        "validation examples": trainer.validation and _examples(trainer.validation),
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _examples(batches: Any) -> str:
    """How many there are, and a checksum."""
    return f"{batches.examples} (checksum {batches.checksum():08x})"


def _require_same_run(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    for name in [*before, *(name for name in now if name not in before)]:
        if before.get(name) != now.get(name):
            raise CheckpointProblem(
                f"{folder} holds a run of which {name} was {before.get(name)!r}; now it is "
                f"{now.get(name)!r}. Take the same settings and data to go on with it, or choose "
                "another checkpoint_folder."
            )
