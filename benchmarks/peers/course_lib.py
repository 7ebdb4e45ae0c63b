"""course_lib: Trainer.fit on the whole data. The variant "readable" takes the gradients from
autograd instead of the written-out ones; with "linear decay" the learning rate falls to zero over
the last fifth of the steps, where all others keep it constant."""

from __future__ import annotations

from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload
from course_lib import Objective, SparseAutoencoder, Trainer
from course_lib.training import Callback


class Ticks(Callback):
    """Tells the batches when a step begins: Trainer takes its own from the whole data."""

    def __init__(self, batches: Batches):
        self.batches = batches

    def on_fit_start(self, trainer: Trainer) -> None:
        self.batches.tick()

    def on_step_end(self, trainer: Trainer) -> None:
        if trainer.step < trainer.total_steps:
            self.batches.tick()


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        self.data = batches.data
        shape = (workload.input_dim, workload.latent_dim)
        if workload.sparsity == "l1":
            self.model = SparseAutoencoder(*shape, layers=1)
            objective = Objective("l1", workload.sparsity_weight, reduction="sum")
        else:
            self.model = SparseAutoencoder(*shape, layers=1, activation="topk", k=workload.k)
            objective = Objective("none", reduction="sum")
        self.trainer = Trainer(
            self.model,
            objective,
            device="cpu",
            callbacks=[Ticks(batches)],
            learning_rate=workload.learning_rate,
            batch_size=workload.batch_size,
            num_steps=len(batches),
            seed=seed,
            fast=False if variant == "readable" else None,
            schedule="linear" if variant == "linear decay" else "constant",
        )

    def train(self) -> None:
        self.trainer.fit(self.data)

    def encode(self, x: Tensor) -> Tensor:
        return self.model.encode(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.model.decode(z)

    def dictionary(self) -> Tensor:
        return self.model.dictionary
