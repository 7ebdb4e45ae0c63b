"""Changing what a model computes, to see what a part of it is for.

A sparse autoencoder with code z and atoms d sits beside the residual stream h of a language model.
Three ways to put it in:

    splice    h → x̂ = decode(encode(h))            what the model loses with the reconstruction
    ablate    h → h - z_j d_j                       what latent j is for
    steer     h → h + Σ_j (value_j - z_j) d_j       what setting latents to a value does

Ablating and steering leave what the autoencoder did not explain, the error h - x̂, as it is
(Marks et al., "Sparse feature circuits", 2024): else its error would be mistaken for the effect.
Each is a function of the module's output (batch, length, dim), for `change_output`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.activations import change_output
from course_lib.arguments import require_number, require_whole
from course_lib.autoencoders import SparseAutoencoder
from course_lib.errors import WrongArgument
from course_lib.language_model import language_loss

Change = Callable[[Tensor], Tensor]


def splice(autoencoder: nn.Module) -> Change:
    """The reconstruction in place of the stream."""

    def change(h: Tensor) -> Tensor:
        x_hat = autoencoder.decode(autoencoder.encode(h.flatten(0, -2)))
        return x_hat.view_as(h)

    return change


def steer(
    autoencoder: SparseAutoencoder, values: Mapping[int, float], where: Tensor | None = None
) -> Change:
    """Set latents to values and leave the rest, the error included.

    values : latent → what it becomes; 0 switches it off.
    where : (batch, length) bool, the words at which this is done; all if left out.
    Raises `WrongArgument` for an autoencoder without a dictionary of its latents, or a latent that
    it does not have.
    """
    atoms = _atoms(autoencoder)
    latents = [require_whole("a latent", latent, at_least=0) for latent in values]
    if bad := [latent for latent in latents if latent >= len(atoms)]:
        raise WrongArgument(f"there is no latent {bad[0]}; the last one is {len(atoms) - 1}.")
    wanted = [require_number("a value", value) for value in values.values()]

    def change(h: Tensor) -> Tensor:
        z = autoencoder.encode(h.flatten(0, -2))[:, latents].view(*h.shape[:-1], len(latents))
        step = (z.new_tensor(wanted) - z) @ atoms[latents]  # (batch, length, dim)
        if where is not None:
            step = step * where.to(step.device)[..., None]
        return h + step

    return change


def ablate(autoencoder: SparseAutoencoder, *latents: int, where: Tensor | None = None) -> Change:
    """Switch latents off and leave the rest, the error included. Errors are those of `steer`."""
    return steer(autoencoder, dict.fromkeys(latents, 0.0), where)


def _atoms(autoencoder: nn.Module) -> Tensor:
    if (
        not isinstance(autoencoder, SparseAutoencoder)
        or len(autoencoder.dictionary) != autoencoder.latent_dim
    ):
        raise WrongArgument(
            f"autoencoder is a {type(autoencoder).__name__}; it must be a SparseAutoencoder of one "
            "layer, whose latents each have an atom: SparseAutoencoder(…, layers=1)."
        )
    return autoencoder.dictionary.detach()


@dataclass(frozen=True)
class SpliceReport:
    """Cross-entropies in nats a word, and what is made of them."""

    loss: float  # of the model as it is
    spliced_loss: float  # with the reconstruction in place of the stream
    mean_loss: float  # with the mean activation in place of it
    zero_loss: float  # with zeros in place of it

    @property
    def change(self) -> float:
        """What the reconstruction costs, in nats a word."""
        return self.spliced_loss - self.loss

    @property
    def loss_recovered(self) -> float:
        """1 when the reconstruction costs nothing, 0 when it is no better than zeros.

        (zero_loss - spliced_loss) / (zero_loss - loss), as in Bricken et al., "Towards
        monosemanticity" (2023). Zeros are so bad that almost anything scores near 1: show `change`.
        """
        return (self.zero_loss - self.spliced_loss) / (self.zero_loss - self.loss)

    def __str__(self) -> str:
        return (
            f"loss {self.loss:.4f}, with the reconstruction {self.spliced_loss:.4f} "
            f"({self.change:+.4f}, {100 * self.change / self.loss:+.2f} %); with the mean "
            f"{self.mean_loss:.2f}, with zeros {self.zero_loss:.2f}; "
            f"loss recovered {self.loss_recovered:.4f}"
        )


@torch.no_grad()
def splice_report(
    model: nn.Module,
    module: nn.Module,
    autoencoder: nn.Module,
    tokens: Tensor,
    mask: Tensor,
    mean: Tensor,
) -> SpliceReport:
    """What the model loses when the reconstruction stands in for what `module` puts out.

    tokens, mask : (texts, length), as for `language_loss`. mean : (dim,) the mean activation.
    """

    def loss(change: Change | None) -> float:
        if change is None:
            return language_loss(model, tokens, mask)
        with change_output(module, change):
            return language_loss(model, tokens, mask)

    return SpliceReport(
        loss=loss(None),
        spliced_loss=loss(splice(autoencoder)),
        mean_loss=loss(lambda h: mean.expand_as(h).clone()),
        zero_loss=loss(torch.zeros_like),
    )


@torch.no_grad()
def next_word_probabilities(
    model: nn.Module, tokens: Tensor, module: nn.Module | None = None, change: Change | None = None
) -> Tensor:
    """The model's probabilities of the next word: (batch, length, vocabulary_size).

    With `module` and `change`, those of the changed model.
    """
    if module is None or change is None:
        return model(tokens).softmax(dim=-1)
    with change_output(module, change):
        return model(tokens).softmax(dim=-1)


@torch.no_grad()
def continue_text(
    model: nn.Module,
    prompt: Tensor,
    count: int,
    stop: int | None = None,
    seed: int | None = None,
) -> Tensor:
    """Let the model go on: prompt (words,) and up to `count` words more, (words + …,) int64.

    stop : a token after which nothing more is written. seed : of the draws; None takes the most
    probable word each time. Call it within `change_output` to see what a changed model writes.
    """
    tokens = prompt.clone()
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    for _ in range(require_whole("count", count)):
        chances = model(tokens[None])[0, -1].softmax(dim=-1).cpu()
        word = (
            chances.argmax() if generator is None else chances.multinomial(1, generator=generator)
        )
        tokens = torch.cat([tokens, word.reshape(1).to(tokens.device)])
        if stop is not None and int(word) == stop:
            break
    return tokens
