"""Patches of natural images, from the two photographs that scikit-learn ships.

Each photograph is turned into the logarithm of its grey values and whitened by the filter of
Olshausen and Field ("Emergence of simple-cell receptive field properties", Nature 381, 1996;
"Sparse coding with an overcomplete basis set", Vision Research 37, 1997):

    R(ρ) = ρ · exp(-(ρ / 0.8)⁴),   ρ: spatial frequency, 1 at Nyquist

The amplitudes of natural images fall as 1 / ρ; the factor ρ levels them. The exponential takes
away the highest frequencies, where there is little but noise. What is left is mostly edges.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from course_lib.arguments import require_number, require_whole
from course_lib.data.limits import require_memory
from course_lib.data.streams import require_seed, stream
from course_lib.errors import WrongArgument

NAMES = ("china.jpg", "flower.jpg")
CUT_OFF = 0.8  # of Nyquist
MARGIN = 8  # pixels; the filter takes a picture's edge for a step to its opposite edge


def natural_image_patches(
    count: int = 60_000, size: int = 12, seed: int = 0, min_deviation: float = 0.3
) -> Tensor:
    """Square patches of the whitened photographs, (count, size · size), row by row.

    size : pixels along a side.
    min_deviation : flat patches (sky, blurred leaves) are left out: the standard deviation of
    a patch must be at least this; that of a whole photograph is 1. With 0, none is left out.

    The places are drawn without repetition, but patches overlap: those of two seeds share most
    of their pixels. A patch's own mean is small and is not subtracted.

    Raises `WrongArgument` when the patches would not fit in the pictures or in the memory, when
    there are fewer than `count` that are not flat, or for a seed that is not a whole number from 0.
    """
    count, size = require_whole("count", count), require_whole("size", size)
    min_deviation = require_number("min_deviation", min_deviation, at_least=0)
    generator = stream(require_seed(seed), "natural image patches")
    pictures = _whitened()  # (2, height, width)
    height, width = pictures.shape[1:]
    if size > min(height, width):
        raise WrongArgument(
            f"size is {size}; the whitened photographs are {height} × {width} pixels, so it must "
            f"be at most {min(height, width)}."
        )
    places = (_deviations(pictures, size) >= min_deviation).nonzero()  # (places, 3)
    if count > len(places):
        advice = "Ask for fewer, or lower min_deviation"
        if not len(places):
            advice = f"Lower min_deviation{', to 0 for single pixels' if size == 1 else ''}"
        raise WrongArgument(
            f"count is {count}; the photographs have {len(places)} patches of {size} × {size} "
            f"pixels with a deviation of at least {min_deviation:g}. {advice}."
        )
    require_memory(f"count is {count} and size is {size}", count * size**2)
    order = torch.randperm(len(places), generator=generator, device="cpu")[:count]
    patches = pictures.unfold(1, size, 1).unfold(2, size, 1)  # (2, rows, columns, size, size)
    return patches[places[order].unbind(dim=1)].flatten(1)  # indexing copies: the cache is safe


def whitened_photographs() -> list[Tensor]:
    """The two photographs, whitened: a temple in China and a flower, each (411, 624).

    8 pixels are cut off on every side; then each has standard deviation 1 (and a mean near 0).
    """
    return [picture.clone() for picture in _whitened()]


@cache
def _whitened() -> Tensor:
    from sklearn.datasets import load_sample_image

    pictures = []
    for name in NAMES:
        colours = torch.tensor(load_sample_image(name), dtype=torch.float64, device="cpu")
        grey = colours.mean(dim=2)  # (height, width), 0 to 255
        flat = _whiten((1 + grey).log())[MARGIN:-MARGIN, MARGIN:-MARGIN]
        pictures.append((flat / flat.std()).float())
    return torch.stack(pictures)


def _whiten(picture: Tensor) -> Tensor:
    """The picture (height, width) behind the filter R of the file's head."""
    vertical, horizontal = (
        2 * torch.fft.fftfreq(n, dtype=picture.dtype, device="cpu") for n in picture.shape
    )
    frequency = torch.hypot(vertical[:, None], horizontal)  # ρ, (height, width)
    response = frequency * torch.exp(-((frequency / CUT_OFF) ** 4))
    return torch.fft.ifft2(torch.fft.fft2(picture) * response).real


def _deviations(pictures: Tensor, size: int) -> Tensor:
    """Standard deviation of the patch below and to the right of each place.

    pictures : (2, height, width). Returns (2, height - size + 1, width - size + 1).
    """

    def mean(x: Tensor) -> Tensor:  # over each square: first down the columns, then along rows
        return avg_pool2d(avg_pool2d(x[:, None], (size, 1), stride=1), (1, size), stride=1)[:, 0]

    exact = pictures.double()
    return (mean(exact**2) - mean(exact) ** 2).clamp(min=0).sqrt()
