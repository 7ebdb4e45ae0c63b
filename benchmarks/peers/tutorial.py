"""The loop that tutorials write: DataLoader over TensorDataset, nn.Linear, Adam, and a
normalisation of the atoms after each step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Autoencoder(nn.Module):
    def __init__(self, input_dim: int, latent_dim: int, k: int):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.decoder = nn.Linear(latent_dim, input_dim)
        self.k = k  # 0: a ReLU and a penalty instead
        self.normalise()
        self.encoder.weight.data.copy_(self.decoder.weight.data.T)

    @torch.no_grad()
    def normalise(self) -> None:
        self.decoder.weight.copy_(F.normalize(self.decoder.weight, dim=0))

    def encode(self, x: Tensor) -> Tensor:
        z = F.relu(self.encoder(x - self.decoder.bias))
        if self.k:
            values, indices = z.topk(self.k, dim=-1)
            z = torch.zeros_like(z).scatter(-1, indices, values)
        return z


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        self.batches, self.weight = batches, workload.sparsity_weight
        self.model = Autoencoder(workload.input_dim, workload.latent_dim, workload.k)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=workload.learning_rate)

    def train(self) -> None:
        for (x,) in self.batches.loader():
            z = self.model.encode(x)
            x_hat = self.model.decoder(z)
            loss = (x_hat - x).square().sum(dim=-1).mean()
            if self.weight:
                loss = loss + self.weight * z.abs().sum(dim=-1).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.model.normalise()

    def encode(self, x: Tensor) -> Tensor:
        return self.model.encode(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.model.decoder(z)

    def dictionary(self) -> Tensor:
        return self.model.decoder.weight.T
