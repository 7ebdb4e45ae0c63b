"""How good a sparse autoencoder is: its reconstructions, its codes, its dictionary.

`evaluate_autoencoder` measures everything in one pass. The metrics behind it take batch after
batch and can be used by themselves (`streaming`); `recovery` compares a dictionary with a known
one.
"""

from course_lib.evaluation.evaluate import (
    EvaluationReport,
    evaluate_autoencoder,
    evaluate_sparse_autoencoder,
)
from course_lib.evaluation.recovery import (
    AtomMatching,
    chance_mmcs,
    match_atoms,
    max_cosine_similarities,
    mmcs,
    recovered_fraction,
)
from course_lib.evaluation.streaming import (
    ActivationDensity,
    DensityHistogram,
    MeanActivation,
    MeanHoyer,
    Shrinkage,
    VarianceUnexplained,
    density_histogram,
)

__all__ = [
    "ActivationDensity",
    "AtomMatching",
    "DensityHistogram",
    "EvaluationReport",
    "MeanActivation",
    "MeanHoyer",
    "Shrinkage",
    "VarianceUnexplained",
    "chance_mmcs",
    "density_histogram",
    "evaluate_autoencoder",
    "evaluate_sparse_autoencoder",
    "match_atoms",
    "max_cosine_similarities",
    "mmcs",
    "recovered_fraction",
]
