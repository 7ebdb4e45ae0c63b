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
    "BasicAutoencoder": "autoencoders",
    "LiveFigure": "widgets",
    "Objective": "training",
    "ReluAutoencoder": "autoencoders",
    "Select": "widgets",
    "Slider": "widgets",
    "SparseAutoencoder": "autoencoders",
    "StandardAutoencoder": "autoencoders",
    "SuperpositionData": "data",
    "TiedWeightAutoencoder": "autoencoders",
    "TiedWeightSparseAutoencoder": "autoencoders",
    "Trainer": "training",
    "TwoLayerAutoencoder": "autoencoders",
    "coherence_loss": "losses",
    "digits": "data",
    "gaussian_noise": "data",
    "hoyer_sparsity": "losses",
    "hoyer_sparsity_loss": "losses",
    "kl_divergence_sparsity_loss": "losses",
    "l1_sparsity_loss": "losses",
    "natural_image_patches": "data",
    "new_figure": "plotting",
    "open_unit": "exercises",
    "power_law_spectrum": "data",
    "reconstruction_loss": "losses",
    "rings": "data",
    "show_figure": "plotting",
    "show_progress": "exercises.overview",
    "show_source": "source",
    "spectral_data": "data",
    "superposition": "data",
    "train_sparse_autoencoder_with_early_stopping": "training",
    "whitened_photographs": "data",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"course_lib.{_HOME[name]}"), name)
    raise AttributeError(f"module 'course_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
