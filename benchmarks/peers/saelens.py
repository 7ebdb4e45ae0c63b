"""SAELens: SAETrainer over an iterator of batches."""

from __future__ import annotations

from sae_lens import (
    SAETrainer,
    StandardTrainingSAE,
    StandardTrainingSAEConfig,
    TopKTrainingSAE,
    TopKTrainingSAEConfig,
)
from sae_lens.config import LoggingConfig, SAETrainerConfig
from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        shape = {"d_in": workload.input_dim, "d_sae": workload.latent_dim}
        if workload.sparsity == "l1":
            weight = workload.sparsity_weight
            config = StandardTrainingSAEConfig(**shape, l1_coefficient=weight)
            self.sae = StandardTrainingSAE(config)
        else:
            # Its faster way of decoding, use_sparse_activations, fails on CPU.
            config = TopKTrainingSAEConfig(**shape, k=workload.k, use_sparse_activations=False)
            self.sae = TopKTrainingSAE(config)
        training = SAETrainerConfig(
            total_training_samples=len(batches) * workload.batch_size,
            train_batch_size_samples=workload.batch_size,
            lr=workload.learning_rate,
            lr_end=workload.learning_rate,
            device="cpu",
            autocast=False,
            logger=LoggingConfig(log_to_wandb=False),
        )
        self.trainer = SAETrainer(cfg=training, sae=self.sae, data_provider=iter(batches))

    def train(self) -> None:
        self.trainer.fit()

    def encode(self, x: Tensor) -> Tensor:
        return self.sae.encode(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.sae.decode(z)

    def dictionary(self) -> Tensor:
        return self.sae.W_dec
