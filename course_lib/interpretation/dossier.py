"""All there is to see about one latent: where it is active, how often, what it does, what it means.

A latent has no name. What can be said about it comes from looking: the texts in which it is most
active, the distribution of its activations, the words that become less likely when it is switched
off, and, where the features are known, how well it tells each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.activations import collect_activations
from course_lib.arguments import require_whole
from course_lib.autoencoders import SparseAutoencoder
from course_lib.data.stories import Feature, Stories
from course_lib.errors import WrongArgument
from course_lib.interpretation.detection import Detector, best_detectors
from course_lib.interpretation.intervention import ablate, next_word_probabilities

TEXTS_ABLATED = 32  # the texts on which a latent's effect is measured


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class LatentDossier:
    """What there is to see about a latent."""

    latent: int
    activations: Tensor  # (texts, length), 0 on padding
    density: float  # the share of words at which it is active
    examples: list[tuple[int, int]]  # text and word of its highest activations, one a text
    effects: Tensor  # (vocabulary_size,) what it adds to the chance of each next word, mean
    features: list[tuple[Feature, Detector]]  # the features that it tells best, best first


class LatentReader:
    """Reads the latents of an autoencoder on stories: `reader.dossier(latent)`.

    The code of every word is computed once: 4 · texts · length · latents bytes.

    Attributes: `codes` (texts, length, latents), 0 on padding; `density` (latents,).
    """

    def __init__(
        self, model: nn.Module, module: nn.Module, autoencoder: SparseAutoencoder, stories: Stories
    ):
        self.model, self.module, self.autoencoder = model, module, autoencoder
        self.stories = stories
        mask = stories.mask
        with torch.no_grad():
            z = autoencoder.encode(collect_activations(model, module, stories.tokens, mask))
        self.codes = z.new_zeros(*mask.shape, z.shape[1])
        self.codes[mask] = z
        self.density = (z > 0).double().mean(dim=0)
        self._features = list(stories.positions)
        self._labels = torch.stack([stories.where(f)[mask] for f in self._features], dim=1)

    def dossier(self, latent: int, examples: int = 6, features: int = 3) -> LatentDossier:
        """Gather what there is to see about one latent.

        examples, features : how many to list, at most.
        Raises `WrongArgument` for a latent that is not there.
        """
        latent = require_whole("latent", latent, at_least=0)
        if latent >= self.codes.shape[2]:
            raise WrongArgument(
                f"latent is {latent}; the autoencoder has {self.codes.shape[2]}, numbered from 0."
            )
        activations = self.codes[:, :, latent]
        highest, places = activations.max(dim=1)  # of each text
        order = [int(i) for i in highest.argsort(descending=True) if highest[i] > 0]
        return LatentDossier(
            latent=latent,
            activations=activations,
            density=float(self.density[latent]),
            examples=[(i, int(places[i])) for i in order[:examples]],
            effects=self._effects(latent, order[:TEXTS_ABLATED]),
            features=self._best_features(activations, features),
        )

    def _effects(self, latent: int, texts: list[int]) -> Tensor:
        """The mean of p - p without the latent, over the words at which it is active.

        Chances, not their logarithms: those of words that never come would drown the rest.
        """
        tokens = self.stories.tokens[texts]
        if not texts:  # a latent that is never active does nothing
            return next_word_probabilities(self.model, self.stories.tokens[:1])[0, 0] * 0
        active = self.codes[texts, :, latent] > 0
        off = ablate(self.autoencoder, latent)
        with_it = next_word_probabilities(self.model, tokens)[active]  # (places, vocabulary_size)
        without = next_word_probabilities(self.model, tokens, self.module, off)[active]
        return (with_it - without).mean(dim=0)

    def _best_features(self, activations: Tensor, count: int) -> list[tuple[Feature, Detector]]:
        """The features that the latent tells best, on these stories themselves."""
        z = activations[self.stories.mask][:, None]
        if not bool((z > 0).any()):
            return []
        scores = best_detectors(z, self._labels, z, self._labels)
        ranked = sorted(zip(self._features, scores, strict=True), key=lambda pair: -pair[1].f1)
        return ranked[:count]
