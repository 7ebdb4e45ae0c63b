"""course_lib: the support package of the course on sparse autoencoders.

The public names are importable from here; each is loaded when it is first used, so that
`import course_lib` itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "AUTOENCODERS": "autoencoders",
    "ActivationDensity": "evaluation",
    "AtomMatching": "evaluation",
    "Autoencoder": "autoencoders",
    "BasicAutoencoder": "autoencoders",
    "Callback": "training",
    "CheckpointProblem": "errors",
    "CourseError": "errors",
    "EvaluationReport": "evaluation",
    "LiveFigure": "widgets",
    "MeanActivation": "evaluation",
    "MeanHoyer": "evaluation",
    "Objective": "training",
    "ReluAutoencoder": "autoencoders",
    "ReviveDead": "training",
    "Select": "widgets",
    "Shrinkage": "evaluation",
    "Slider": "widgets",
    "SparseAutoencoder": "autoencoders",
    "StandardAutoencoder": "autoencoders",
    "SuperpositionData": "data",
    "TiedWeightAutoencoder": "autoencoders",
    "TiedWeightSparseAutoencoder": "autoencoders",
    "ToySuperposition": "autoencoders",
    "Trainer": "training",
    "TrainingOptions": "training",
    "TwoLayerAutoencoder": "autoencoders",
    "VarianceUnexplained": "evaluation",
    "WrongArgument": "errors",
    "chance_mmcs": "evaluation",
    "coherence_loss": "losses",
    "density_histogram": "evaluation",
    "digits": "data",
    "evaluate_autoencoder": "evaluation",
    "evaluate_sparse_autoencoder": "evaluation",
    "export_to_saelens": "autoencoders.saelens",
    "fvu_at_common_l0": "charts",
    "gaussian_noise": "data",
    "hoyer_sparsity": "losses",
    "hoyer_sparsity_loss": "losses",
    "import_from_saelens": "autoencoders.saelens",
    "kl_divergence_sparsity_loss": "losses",
    "l1_sparsity_loss": "losses",
    "load_autoencoder": "autoencoders.saving",
    "load_bundle": "checkpoints",
    "match_atoms": "evaluation",
    "mmcs": "evaluation",
    "natural_image_patches": "data",
    "new_figure": "plotting",
    "open_unit": "exercises",
    "plot_activation_density": "charts",
    "plot_dictionary": "charts",
    "plot_pareto": "charts",
    "plot_reconstructions": "charts",
    "plot_sparse_autoencoder_analysis": "charts",
    "plot_sparse_training_history": "charts",
    "power_law_spectrum": "data",
    "progress_bar": "bars",
    "reconstruction_loss": "losses",
    "recovered_fraction": "evaluation",
    "rings": "data",
    "save_autoencoder": "autoencoders.saving",
    "save_bundle": "checkpoints",
    "save_figure": "plotting",
    "show_figure": "plotting",
    "show_progress": "exercises.overview",
    "show_source": "source",
    "sparsity_loss": "losses",
    "spectral_data": "data",
    "superposition": "data",
    "total_loss": "losses",
    "train_sparse_autoencoder_with_early_stopping": "training",
    "whitened_photographs": "data",
}
__all__ = sorted(_HOME)


_ROOMS = {home.split(".")[0] for home in _HOME.values()}  # course_lib.losses, too, needs no import


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"course_lib.{_HOME[name]}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"course_lib.{name}")
    raise AttributeError(f"module 'course_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
