"""dictionary_learning: trainSAE over an iterator of batches."""

from __future__ import annotations

from dictionary_learning import AutoEncoder
from dictionary_learning.trainers.standard import StandardTrainer
from dictionary_learning.trainers.top_k import AutoEncoderTopK, TopKTrainer
from dictionary_learning.training import trainSAE
from torch import Tensor

from benchmarks.measuring import Batches
from benchmarks.workloads import Workload


class Adapter:
    def __init__(self, workload: Workload, batches: Batches, seed: int, variant: str):
        self.batches = batches
        self.settings = {
            "trainer": self.make_trainer,
            "activation_dim": workload.input_dim,
            "dict_size": workload.latent_dim,
            "lr": workload.learning_rate,
            "steps": len(batches),
            "warmup_steps": 0,
            "seed": seed,
            "device": "cpu",
            "layer": 0,
            "lm_name": "none",
        }
        if workload.sparsity == "l1":
            self.trainer_class = StandardTrainer
            self.settings |= {
                "dict_class": AutoEncoder,
                "l1_penalty": workload.sparsity_weight,
                "sparsity_warmup_steps": None,
            }
        else:
            self.trainer_class = TopKTrainer
            self.settings |= {"dict_class": AutoEncoderTopK, "k": workload.k}

    def make_trainer(self, **settings):
        """trainSAE makes the trainer itself and returns nothing: keep hold of it."""
        self.trainer = self.trainer_class(**settings)
        return self.trainer

    def train(self) -> None:
        trainSAE(
            data=iter(self.batches),
            trainer_configs=[self.settings],
            steps=len(self.batches),
            device="cpu",
        )

    def encode(self, x: Tensor) -> Tensor:
        return self.trainer.ae.encode(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.trainer.ae.decode(z)

    def dictionary(self) -> Tensor:
        return self.trainer.ae.decoder.weight.T
