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
    "ActivationStream": "activations",
    "AtomMatching": "evaluation",
    "Autoencoder": "autoencoders",
    "BasicAutoencoder": "autoencoders",
    "Callback": "training",
    "CheckpointProblem": "errors",
    "CourseError": "errors",
    "Detector": "interpretation",
    "EvaluationReport": "evaluation",
    "Feature": "data",
    "HuggingFaceModel": "tinystories",
    "LanguageModel": "language_model",
    "LatentDossier": "interpretation",
    "LatentReader": "interpretation",
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
    "SpliceReport": "interpretation",
    "StandardAutoencoder": "autoencoders",
    "Stories": "data",
    "SuperpositionData": "data",
    "TiedWeightAutoencoder": "autoencoders",
    "TiedWeightSparseAutoencoder": "autoencoders",
    "ToySuperposition": "autoencoders",
    "Trainer": "training",
    "TrainingOptions": "training",
    "TwoLayerAutoencoder": "autoencoders",
    "VarianceUnexplained": "evaluation",
    "WrongArgument": "errors",
    "ablate": "interpretation",
    "best_detectors": "interpretation",
    "both_signs": "interpretation",
    "chance_mmcs": "evaluation",
    "change_output": "activations",
    "coherence_loss": "losses",
    "collect_activations": "activations",
    "continue_text": "interpretation",
    "density_histogram": "evaluation",
    "digits": "data",
    "draw_dossier": "charts",
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
    "language_loss": "language_model",
    "linear_probes": "interpretation",
    "load_autoencoder": "autoencoders.saving",
    "load_bundle": "checkpoints",
    "load_story_model": "story_model",
    "load_tinystories": "tinystories",
    "match_atoms": "evaluation",
    "mmcs": "evaluation",
    "natural_image_patches": "data",
    "new_figure": "plotting",
    "next_word_losses": "language_model",
    "next_word_probabilities": "interpretation",
    "open_unit": "exercises",
    "plot_activation_density": "charts",
    "plot_dictionary": "charts",
    "plot_pareto": "charts",
    "plot_reconstructions": "charts",
    "plot_sparse_autoencoder_analysis": "charts",
    "plot_sparse_training_history": "charts",
    "power_law_spectrum": "data",
    "principal_directions": "interpretation",
    "progress_bar": "bars",
    "reconstruction_loss": "losses",
    "record_output": "activations",
    "recovered_fraction": "evaluation",
    "rings": "data",
    "save_activations": "activations",
    "save_autoencoder": "autoencoders.saving",
    "save_bundle": "checkpoints",
    "save_figure": "plotting",
    "show_figure": "plotting",
    "show_progress": "exercises.overview",
    "show_source": "source",
    "sparsity_loss": "losses",
    "spectral_data": "data",
    "splice": "interpretation",
    "splice_report": "interpretation",
    "steer": "interpretation",
    "story_tokens": "tinystories",
    "superposition": "data",
    "tell_stories": "data",
    "total_loss": "losses",
    "train_sparse_autoencoder_with_early_stopping": "training",
    "train_story_model": "story_model",
    "untrained_story_model": "story_model",
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
