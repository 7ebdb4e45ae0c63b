"""The datasets of the course: each works offline and is a function of a seed.

Every function returns new tensors on the CPU, in float32, and leaves torch's global generator
as it was. How a seed becomes random numbers stands in `streams.py`.
"""

from course_lib.data.gaussian import gaussian_noise, power_law_spectrum, spectral_data
from course_lib.data.labelled import digits, rings
from course_lib.data.photographs import natural_image_patches, whitened_photographs
from course_lib.data.sparse_features import SuperpositionData, superposition
from course_lib.data.stories import Feature, Stories, tell_stories

__all__ = [
    "Feature",
    "Stories",
    "SuperpositionData",
    "digits",
    "gaussian_noise",
    "natural_image_patches",
    "power_law_spectrum",
    "rings",
    "spectral_data",
    "superposition",
    "tell_stories",
    "whitened_photographs",
]
