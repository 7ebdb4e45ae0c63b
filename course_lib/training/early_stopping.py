"""The door that the module document describes, to the one trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from course_lib.arguments import require_whole
from course_lib.losses import SparsityType
from course_lib.training.objectives import Objective
from course_lib.training.trainer import Trainer

if TYPE_CHECKING:
    from course_lib.training.batches import Data


def train_sparse_autoencoder_with_early_stopping(
    model: nn.Module,
    train_data: Data,
    val_data: Data,
    num_epochs: int,
    learning_rate: float,
    patience: int,
    sparsity_weight: float = 0.1,
    target_sparsity: float = 0.05,
    sparsity_type: SparsityType = "kl",
    device: str | torch.device = "cpu",
    **options,
) -> dict[str, list[float] | int]:
    """Train until the validation loss has not fallen for `patience` epochs; keep the best weights.

    model : trained in place, and moved to `device`.
    train_data, val_data : (examples, input_dim).
    num_epochs : at most. learning_rate : of Adam.
    sparsity_weight : what the penalty counts. target_sparsity : what KL aims at.
    sparsity_type : "kl", "l1", "hoyer" or "none".
    options : further settings of `TrainingOptions`, such as batch_size, seed or progress.

    Returns a dictionary of lists with one value an epoch, and the number of epochs:
    "train_loss", "train_recon_loss", "train_sparsity_loss", "val_loss", "val_recon_loss",
    "val_sparsity_loss", "epochs_trained". A loss is the sum of the other two; the sparsity loss
    includes its weight. Training losses are averages over the epoch, while the weights change.

    Raises `WrongArgument` as `Trainer` does, before any work is done.
    """
    require_whole("patience", patience)
    objective = Objective(sparsity_type, sparsity_weight, target_sparsity)
    trainer = Trainer(
        model,
        objective,
        device=device,
        num_epochs=num_epochs,
        learning_rate=learning_rate,
        patience=patience,
        **options,
    )
    return trainer.fit(train_data, val_data)
