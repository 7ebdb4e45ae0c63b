"""sparsify: Trainer.fit, which trains on a language model's activations as they are made.

Here the "model" is a lookup of stored rows: a sequence of token numbers is a batch of row numbers,
and the hooked module gives those rows. Adam, as for the others, in place of its own signum.
"""

from __future__ import annotations

import itertools

import torch
from sparsify import SparseCoderConfig, TrainConfig, Trainer
from torch import Tensor, nn

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Lookup(nn.Module):
    def __init__(self, data: Tensor):
        super().__init__()
        self.data = data

    def forward(self, rows: Tensor) -> Tensor:
        return self.data[rows]


class Model(nn.Module):
    """As much of a language model as the trainer asks for."""

    device = torch.device("cpu")

    def __init__(self, data: Tensor):
        super().__init__()
        self.activations = Lookup(data)
        self.dummy_inputs = {"input_ids": torch.zeros(1, 4, dtype=torch.long)}

    @property
    def base_model(self) -> Model:
        return self

    def forward(self, input_ids: Tensor, **_) -> Tensor:
        return self.activations(input_ids)


class Sequences:
    """A dataset of as many sequences as there are steps."""

    def __init__(self, batches: Batches):
        self.batches = batches
        self.rows = list(itertools.islice(batches.rows(), len(batches)))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        self.batches.tick()
        return {"input_ids": self.rows[index]}


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        config = TrainConfig(
            sae=SparseCoderConfig(num_latents=workload.latent_dim, k=workload.k),
            batch_size=1,
            optimizer="adam",
            lr=workload.learning_rate,
            lr_warmup_steps=0,
            hookpoints=["activations"],
            init_seeds=[seed],
            log_to_wandb=False,
            save_every=10**9,
        )
        self.trainer = Trainer(config, Sequences(batches), Model(batches.data))
        self.trainer.save = lambda *_, **__: None  # it writes the model to disk at the end

    def train(self) -> None:
        self.trainer.fit()
        self.sae = self.trainer.saes["activations"]

    def encode(self, x: Tensor) -> Tensor:
        top = self.sae.encode(x)
        z = x.new_zeros(len(x), len(self.sae.W_dec))
        return z.scatter_(1, top.top_indices, top.top_acts)

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.sae.W_dec + self.sae.b_dec

    def dictionary(self) -> Tensor:
        return self.sae.W_dec
