"""What each of several processes does for tests/test_processes.py:

    python -m torch.distributed.run --standalone --nproc_per_node=2 training_in_processes.py FOLDER

Each process writes its weights, its history and what was refused to FOLDER/<its number>.pt.
"""

import os
import sys

import torch
from training_cases import examples, sae, train

from course_lib.autoencoders import TiedWeightSparseAutoencoder
from course_lib.errors import WrongArgument
from course_lib.training import Callback, Objective

DEVICE = None if os.environ.get("COURSE_TEST_DEVICE") == "cuda" else "cpu"
# model, objective and settings of a run; 100 examples make 6 batches of 16 and one of 4
RUNS = {
    "l1": (lambda: sae(), Objective("l1", 0.1), {"num_epochs": 3}),
    "none": (lambda: sae(), Objective("none"), {"num_epochs": 1}),
    "kl": (lambda: sae(layers=2), Objective("kl", (0.05, 0.1)), {"num_epochs": 3}),
    "hoyer": (
        lambda: sae(layers=2, family=TiedWeightSparseAutoencoder),
        Objective("hoyer", 0.1, coherence_weight=0.2),
        {"num_epochs": 3},
    ),
    "settings": (
        lambda: sae(layers=2, checkpoint_gradients=True),
        Objective("l1", 0.1, reduction="sum"),
        {"num_steps": 17, "accumulation_steps": 2, "max_grad_norm": 0.3, "warmup_steps": 4,
         "schedule": "linear", "sparsity_warmup_steps": 6, "record_every": 5},
    ),
    "early stopping": (
        lambda: sae(),
        Objective("l1", 0.1),
        {"num_epochs": 20, "patience": 1, "learning_rate": 0.3},
    ),
}  # fmt: skip


def run(name, **changes):
    """The trainer after one of `RUNS`."""
    model, objective, options = RUNS[name]
    options = {"device": DEVICE} | options | changes
    return train(model(), examples(100), examples(41, seed=5), objective, **options)


class BreakOff(Exception):
    pass


class BreakOffAt(Callback):
    def on_step_end(self, trainer):
        if trainer.step == 12:
            raise BreakOff


def resumed(folder):
    """A run that is broken off after a record's end but not at it, and taken up again."""
    options = {"fast": False, "checkpoint_folder": folder, "checkpoint_every": 4}
    try:
        run("l1", **options, callbacks=[BreakOffAt()])
    except BreakOff:
        torch.distributed.barrier()
    return run("l1", **options, resume=True)


def refusal(model, **options):
    try:
        train(model, **options)
    except WrongArgument as error:
        return str(error)
    return "nothing"


def main(folder):
    torch.set_num_threads(1)
    found = {}
    for name in RUNS:
        trainer = run(name)
        found[name] = {"weights": trainer.model.state_dict(), "history": trainer.history}
    trainer = resumed(os.path.join(folder, "run"))
    found["resumed"] = {"weights": trainer.model.state_dict(), "history": trainer.history}
    found["refused"] = {
        "batch size": refusal(sae(), batch_size=15),
        "batch norm": refusal(sae(batch_norm=True)),
        "fast": refusal(sae(), fast=True),
        "one example": refusal(sae(), data=examples(1)),
    }
    rank = torch.distributed.get_rank()
    found["count"] = torch.distributed.get_world_size()
    torch.save(found, os.path.join(folder, f"{rank}.pt"))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
