"""Reading a sparse autoencoder of a language model: what its latents tell, and what they do.

`detection` scores latents, neurons, directions and probes against known features; `intervention`
changes the model and looks at what it then predicts; `dossier` gathers what there is to see about
one latent.
"""

from course_lib.interpretation.detection import (
    Detector,
    best_detectors,
    both_signs,
    linear_probes,
    principal_directions,
)
from course_lib.interpretation.dossier import LatentDossier, LatentReader
from course_lib.interpretation.intervention import (
    SpliceReport,
    ablate,
    continue_text,
    next_word_probabilities,
    splice,
    splice_report,
    steer,
)

__all__ = [
    "Detector",
    "LatentDossier",
    "LatentReader",
    "SpliceReport",
    "ablate",
    "best_detectors",
    "both_signs",
    "continue_text",
    "linear_probes",
    "next_word_probabilities",
    "principal_directions",
    "splice",
    "splice_report",
    "steer",
]
