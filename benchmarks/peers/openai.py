"""OpenAI's reference: its Autoencoder and losses in a loop like that of its train.py, which itself
needs a GPU. Atoms are normalised after each step by train.py's line."""

from __future__ import annotations

import torch
from sparse_autoencoder.loss import autoencoder_loss, normalized_mean_squared_error
from sparse_autoencoder.model import Autoencoder, TopK
from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        self.batches, self.workload = batches, workload
        activation = torch.nn.ReLU() if workload.sparsity == "l1" else TopK(workload.k)
        self.model = Autoencoder(workload.latent_dim, workload.input_dim, activation=activation)
        self.model.decoder.weight.data = self.model.encoder.weight.data.T.clone()
        self.normalise()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=workload.learning_rate)
        # Its error is divided by ‖x‖², its L1 by ‖x‖: the same balance as the others' at the
        # typical norm.
        typical = batches.data.square().sum(dim=1).mean().sqrt().item()
        self.weight = workload.sparsity_weight / typical

    def normalise(self) -> None:
        self.model.decoder.weight.data /= self.model.decoder.weight.data.norm(dim=0)

    def train(self) -> None:
        for x in self.batches:
            _, z, x_hat = self.model(x)
            if self.workload.sparsity == "l1":
                loss = autoencoder_loss(x_hat, x, z, self.weight)
            else:
                loss = normalized_mean_squared_error(x_hat, x)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.normalise()

    def encode(self, x: Tensor) -> Tensor:
        return self.model.encode(x)[0]

    def decode(self, z: Tensor) -> Tensor:
        return self.model.decode(z)

    def dictionary(self) -> Tensor:
        return self.model.decoder.weight.T
