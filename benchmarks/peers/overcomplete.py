"""overcomplete: train_sae over a DataLoader, as its documentation shows."""

from __future__ import annotations

import torch
from overcomplete.sae import SAE, TopKSAE, train_sae
from overcomplete.sae.losses import mse_l1
from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        self.workload, self.batches = workload, batches
        shape = {"nb_concepts": workload.latent_dim, "device": "cpu"}
        if workload.sparsity == "l1":
            self.sae = SAE(workload.input_dim, **shape)
        else:
            self.sae = TopKSAE(workload.input_dim, top_k=workload.k, **shape)
        self.optimizer = torch.optim.Adam(self.sae.parameters(), lr=workload.learning_rate)

    def loss(self, x, x_hat, pre_codes, codes, dictionary) -> Tensor:
        if self.workload.sparsity == "topk":
            return (x - x_hat).square().mean()
        # Its squared error is a mean over entries, its L1 a sum over the whole batch: divided by
        # both numbers, the objective is the other peers' by a factor of input_dim.
        entries = self.workload.batch_size * self.workload.input_dim
        penalty = self.workload.sparsity_weight / entries
        return mse_l1(x, x_hat, pre_codes, codes, dictionary, penalty=penalty)

    def train(self) -> None:
        train_sae(
            self.sae,
            self.batches.loader(),
            self.loss,
            self.optimizer,
            nb_epochs=1,
            monitoring=1,
            device="cpu",
        )
        self.sae.eval()

    def encode(self, x: Tensor) -> Tensor:
        return self.sae.encode(x)[1]

    def decode(self, z: Tensor) -> Tensor:
        return self.sae.decode(z)

    def dictionary(self) -> Tensor:
        return self.sae.get_dictionary()
