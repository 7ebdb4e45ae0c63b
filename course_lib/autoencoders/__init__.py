"""The autoencoders of the course, one file a model family."""

from course_lib.autoencoders.two_layer import TwoLayerAutoencoder

__all__ = ["TwoLayerAutoencoder"]
