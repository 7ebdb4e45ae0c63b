"""The autoencoders of the course, one file a model family."""

from course_lib.autoencoders.base import Autoencoder
from course_lib.autoencoders.basic import BasicAutoencoder, ReluAutoencoder
from course_lib.autoencoders.dense import StandardAutoencoder, TiedWeightAutoencoder
from course_lib.autoencoders.sparse import SparseAutoencoder
from course_lib.autoencoders.tied import TiedWeightSparseAutoencoder
from course_lib.autoencoders.toy_superposition import ToySuperposition
from course_lib.autoencoders.two_layer import TwoLayerAutoencoder

# the models that can be saved, by the name a checkpoint gives them
AUTOENCODERS: dict[str, type[Autoencoder]] = {
    family.__name__: family
    for family in (
        BasicAutoencoder,
        ReluAutoencoder,
        StandardAutoencoder,
        TiedWeightAutoencoder,
        SparseAutoencoder,
        TiedWeightSparseAutoencoder,
    )
}

__all__ = [
    "AUTOENCODERS",
    "Autoencoder",
    "BasicAutoencoder",
    "ReluAutoencoder",
    "SparseAutoencoder",
    "StandardAutoencoder",
    "TiedWeightAutoencoder",
    "TiedWeightSparseAutoencoder",
    "ToySuperposition",
    "TwoLayerAutoencoder",
]
