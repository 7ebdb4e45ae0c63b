"""Gaussian data whose best linear code is known beforehand.

    x = Q · (√λ ⊙ ε),   ε ~ N(0, I),   Q orthogonal: the covariance of x is Q diag(λ) Qᵀ

A code of k numbers that is decoded linearly loses at least the sum of the smallest dim - k
eigenvalues, whatever the encoder (Eckart and Young, 1936). That is the floor of a bottleneck's
loss; principal component analysis reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.arguments import require_number, require_whole
from course_lib.data.limits import LARGEST, require_memory
from course_lib.data.streams import require_seed, stream
from course_lib.errors import WrongArgument


def gaussian_noise(count: int, dim: int, seed: int = 0) -> Tensor:
    """Independent standard normal numbers, (count, dim): data with nothing to compress.

    Every direction carries the same variance, so a linear code of k numbers loses the fraction
    1 - k / dim of it, and no choice of directions does better.

    Raises `WrongArgument` for a count or a dim below 1, more numbers than fit into the memory, or
    a seed that is not a whole number from 0.
    """
    count, dim = require_whole("count", count), require_whole("dim", dim)
    generator = stream(require_seed(seed), "gaussian noise")
    require_memory(f"count is {count} and dim is {dim}", count * dim)
    return torch.randn(count, dim, generator=generator, dtype=torch.float32, device="cpu")


def spectral_data(count: int, eigenvalues: Tensor | Sequence[float], seed: int = 0) -> Tensor:
    """Gaussian examples of mean 0 whose covariance has the given eigenvalues, (count, dim).

    eigenvalues : (dim,), none negative: the variance along each principal direction.
    seed : settles the directions (a random rotation) as well as the examples. For training
    and validation data with the same directions, draw once and split.

    A linear code of k numbers loses at least the sum of all but the k largest eigenvalues;
    divided by the sum of all, that is the fraction of variance unexplained.

    Raises `WrongArgument` for a count below 1, eigenvalues that are no list of numbers from 0 to
    1e30, more numbers than fit into the memory, or a seed that is not a whole number from 0.
    """
    count = require_whole("count", count)
    variances = _require_eigenvalues(eigenvalues)
    seed, dim = require_seed(seed), len(variances)
    # before and after the rotation; the rotation and its QR decomposition, in float64
    require_memory(f"count is {count} with {dim} eigenvalues", 2 * count * dim + 6 * dim**2)
    rotation = random_rotation(dim, stream(seed, "spectral data: rotation"))
    before = torch.randn(
        count,
        dim,
        generator=stream(seed, "spectral data: rows"),
        dtype=torch.float32,
        device="cpu",
    )
    return before @ (rotation * variances.sqrt()).T.float()  # (count, dim)


def power_law_spectrum(dim: int, exponent: float = 1.0) -> Tensor:
    """Eigenvalues that fall as a power of their rank, (dim,): the i-th is proportional to
    i to the power -exponent. Their mean is 1.

    exponent : 0 for noise; the larger, the fewer directions hold most of the variance.
    Raises `WrongArgument` for a dim below 1 or beyond the memory, or a negative exponent.
    """
    dim = require_whole("dim", dim)
    exponent = require_number("exponent", exponent, at_least=0)
    require_memory(f"dim is {dim}", 6 * dim)  # three lists in float64
    rank = torch.arange(1, dim + 1, dtype=torch.float64, device="cpu")
    spectrum = rank**-exponent
    return (spectrum / spectrum.mean()).float()


def random_rotation(dim: int, generator: torch.Generator) -> Tensor:
    """An orthogonal matrix (dim, dim), float64, every one equally likely.

    QR decomposition alone prefers some; the signs of R's diagonal correct it (Mezzadri, "How to
    generate random matrices from the classical compact groups", 2007, section 5).
    """
    noise = torch.randn(dim, dim, generator=generator, dtype=torch.float64, device="cpu")
    Q, R = torch.linalg.qr(noise)
    return Q * R.diagonal().sign()


def _require_eigenvalues(eigenvalues: Tensor | Sequence[float]) -> Tensor:
    one_dimension = getattr(eigenvalues, "ndim", 1) == 1
    values = eigenvalues.tolist() if hasattr(eigenvalues, "tolist") else eigenvalues
    if not one_dimension or not isinstance(values, list | tuple) or not values:
        given = f"has shape {tuple(eigenvalues.shape)}" if not one_dimension else f"is {values!r}"
        raise WrongArgument(
            f"eigenvalues {given}; it must be a list or a tensor of one dimension with at least "
            "one number."
        )
    checked = [
        require_number(f"eigenvalues[{i}]", value, at_least=0, at_most=LARGEST)
        for i, value in enumerate(values)
    ]
    return torch.tensor(checked, dtype=torch.float64, device="cpu")
