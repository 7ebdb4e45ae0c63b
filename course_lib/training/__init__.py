"""Training: one trainer for all models."""

from course_lib.training.callbacks import Callback
from course_lib.training.early_stopping import train_sparse_autoencoder_with_early_stopping
from course_lib.training.objectives import Objective
from course_lib.training.options import TrainingOptions
from course_lib.training.reviving import ReviveDead
from course_lib.training.trainer import Trainer

__all__ = [
    "Callback",
    "Objective",
    "ReviveDead",
    "Trainer",
    "TrainingOptions",
    "train_sparse_autoencoder_with_early_stopping",
]
