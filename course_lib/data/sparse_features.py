"""Sparse features in superposition: more directions than dimensions, and the truth is known.

    x = Σ_i  z_i d_i  +  noise · ε,   z_i = mask_i · magnitude_i,   |d_i| = 1

Each feature i has a direction d_i, a row of the dictionary. It is off in most examples, so that
few directions meet in one x (Elhage et al., "Toy Models of Superposition", 2022). Whether an
autoencoder finds the dictionary again can be measured, as in Sharkey, Braun and Millidge,
"Taking features out of superposition with sparse autoencoders" (2022).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_lib.arguments import require_matrix, require_number, require_option, require_whole
from course_lib.data.limits import LARGEST, require_memory
from course_lib.data.streams import require_seed, stream
from course_lib.errors import WrongArgument

ENTRIES_AT_ONCE = 1 << 22  # codes are drawn in pieces of 16 MB


class SuperpositionData(NamedTuple):
    """What the model sees, and the truth behind it."""

    activations: Tensor  # (count, dim): x
    codes: Tensor | None  # (count, features): z, 0 where a feature is off; None if not kept
    dictionary: Tensor  # (features, dim): one unit-norm direction a row


def superposition(
    count: int = 100_000,
    features: int = 256,
    dim: int = 64,
    active: float = 5.0,
    magnitudes: tuple[float, float] = (0.5, 1.5),
    correlation: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    dictionary: Tensor | None = None,
    keep_codes: bool = True,
) -> SuperpositionData:
    """Sparse combinations of known directions: activations, codes and dictionary.

    active : mean number of features on in an example; each is on with probability
        active / features. An example may have none.
    magnitudes : lowest and highest value of a feature that is on, drawn evenly between them; at
        most 1e30.
    correlation : features come in pairs, (0, 1), (2, 3), …; this is the correlation between
        the masks of a pair, from 0 (independent) to 1 (always on together). How often a
        feature is on stays the same, and so do the magnitudes. With an odd number of features
        the last has no partner.
    noise : standard deviation of the Gaussian noise on each coordinate of x, at most 1e30.
    dictionary : (features, dim) with unit-norm rows, to use in place of a random one: that of
        the training data, for test data with another seed.
    keep_codes : the codes take 4 · count · features bytes, 102 MB at the defaults. False leaves
        them out (`codes` is None), for sets too large for them; the activations and the
        dictionary are the same.

    Dictionary, mask, pairs, magnitudes and noise each have a random stream of their own: with
    the same seed, changing one leaves the others as they were.

    Raises `WrongArgument`, before anything is drawn, for a number out of its range, more
    active features than there are, a dictionary of another shape or with rows that are not of
    unit norm, or more numbers than fit into the memory.
    """
    count, features = require_whole("count", count), require_whole("features", features)
    dim = require_whole("dim", dim)
    keep_codes = require_option("keep_codes", keep_codes, (True, False))
    require_memory(
        f"count is {count}, features is {features} and dim is {dim}",
        count * dim + features * dim + count * features * keep_codes,
    )
    source = _source(features, dim, active, magnitudes, correlation, noise, seed, dictionary)
    activations = torch.empty(count, dim, dtype=torch.float32, device="cpu")
    codes = torch.empty(count if keep_codes else 0, features, dtype=torch.float32, device="cpu")
    for start in range(0, count, source.at_once):
        rows = slice(start, min(start + source.at_once, count))
        activations[rows], z = source.examples(rows.stop - start)
        if keep_codes:
            codes[rows] = z
    return SuperpositionData(activations, codes if keep_codes else None, source.dictionary)


def _source(
    features: int,
    dim: int,
    active: Any,
    magnitudes: Any,
    correlation: Any,
    noise: Any,
    seed: Any,
    dictionary: Any,
) -> _Source:
    """What the examples come from; every argument is checked before the dictionary is drawn."""
    active = require_number("active", active, above=0)
    if active > features:
        raise WrongArgument(
            f"active is {active:g}, but there are only {features} features; active must be at "
            "most features."
        )
    bounds = _require_magnitudes(magnitudes)
    correlation = require_number("correlation", correlation, at_least=0, at_most=1)
    noise = require_number("noise", noise, at_least=0, at_most=LARGEST)
    seed = require_seed(seed)
    if dictionary is None:
        dictionary = random_dictionary(features, dim, seed)
    else:
        dictionary = _require_dictionary(dictionary, features, dim)
    return _Source(seed, dictionary, active / features, bounds, correlation, noise)


def random_dictionary(features: int, dim: int, seed: int) -> Tensor:
    """Directions drawn evenly from the sphere, (features, dim), each of norm 1."""
    generator = stream(seed, "superposition: dictionary")
    directions = torch.randn(features, dim, generator=generator, dtype=torch.float32, device="cpu")
    return torch.nn.functional.normalize(directions, dim=1)


class _Source:
    """Gives examples, piece by piece; each random part of them has its own stream."""

    def __init__(
        self,
        seed: int,
        dictionary: Tensor,
        chance: float,
        magnitudes: tuple[float, float],
        correlation: float,
        noise: float,
    ):
        self.dictionary, self.chance, self.magnitudes = dictionary, chance, magnitudes
        self.correlation, self.noise = correlation, noise
        self.at_once = max(1, ENTRIES_AT_ONCE // len(dictionary))
        self.streams = {
            part: stream(seed, f"superposition: {part}")
            for part in ("mask", "pairs", "magnitudes", "noise")
        }

    def examples(self, count: int) -> tuple[Tensor, Tensor]:
        """x and z of the next examples: (count, dim) and (count, features)."""
        features, dim = self.dictionary.shape
        low, high = self.magnitudes
        magnitude = low + (high - low) * self._uniform("magnitudes", count, features)
        z = magnitude * self._mask(count, features)
        x = z @ self.dictionary
        if self.noise:
            generator = self.streams["noise"]
            x += self.noise * torch.randn(
                count, dim, generator=generator, dtype=torch.float32, device="cpu"
            )
        return x, z

    def _mask(self, count: int, features: int) -> Tensor:
        mask = self._uniform("mask", count, features) < self.chance
        if self.correlation:
            # with probability c a feature copies its partner: the correlation is then c exactly,
            # and how often it is on does not change
            copies = self._uniform("pairs", count, features // 2) < self.correlation
            first, second = mask[:, 0 : features - 1 : 2], mask[:, 1::2]  # (count, features // 2)
            second.copy_(torch.where(copies, first, second))
        return mask

    def _uniform(self, part: str, count: int, columns: int) -> Tensor:
        return torch.rand(
            count, columns, generator=self.streams[part], dtype=torch.float32, device="cpu"
        )


def _require_magnitudes(magnitudes: Any) -> tuple[float, float]:
    if not isinstance(magnitudes, list | tuple) or len(magnitudes) != 2:
        raise WrongArgument(
            f"magnitudes is {magnitudes!r}; it must be two numbers: the lowest and the highest."
        )
    low = require_number("magnitudes[0]", magnitudes[0], at_least=0, at_most=LARGEST)
    high = require_number("magnitudes[1]", magnitudes[1], above=0, at_most=LARGEST)
    if low > high:
        raise WrongArgument(
            f"magnitudes is {magnitudes!r}; the lowest must come first: ({high:g}, {low:g})."
        )
    return low, high


def _require_dictionary(dictionary: Any, features: int, dim: int) -> Tensor:
    """A copy of the dictionary in float32, of shape (features, dim)."""
    require_matrix("dictionary", dictionary)
    if tuple(dictionary.shape) != (features, dim):
        raise WrongArgument(
            f"dictionary has shape {tuple(dictionary.shape)}; it must be ({features}, {dim}): "
            "(features, dim). Give its own sizes as features and dim."
        )
    atoms = dictionary.detach().to("cpu", torch.float32, copy=True)
    norms = atoms.norm(dim=1)
    worst = int((norms - 1).abs().argmax())
    if abs(float(norms[worst]) - 1) > 1e-3:
        raise WrongArgument(
            f"dictionary has a row of norm {float(norms[worst]):.4g}, row {worst}; all must have "
            "norm 1. Scale them: torch.nn.functional.normalize(dictionary, dim=1)."
        )
    return atoms
