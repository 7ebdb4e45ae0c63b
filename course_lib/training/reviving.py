"""A new start for dead latents, while a sparse autoencoder is trained.

A latent that is active on no example gets no gradient, so it stays as it is. Now and then such
latents are set to what the model reconstructs worst: "neuron resampling" (Bricken et al., "Towards
Monosemanticity", 2023, appendix). As there, an example is drawn with a probability in proportion
to its squared loss, and Adam forgets what it knew of the latent. Unlike there, the new direction
is not the example but its residual x - x̂: what the living latents say already need not be said
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_lib.arguments import require_matrix, require_number, require_whole
from course_lib.autoencoders import SparseAutoencoder
from course_lib.autoencoders.dictionary import START_NORM
from course_lib.errors import WrongArgument
from course_lib.training.callbacks import Callback

if TYPE_CHECKING:
    from course_lib.training.trainer import Trainer


class ReviveDead(Callback):
    """Revives dead latents of a `SparseAutoencoder` of one layer during training.

    Parameters
    ----------
    x : examples to look at (examples, input_dim): a few thousand. A latent is dead when it is
        active on none of them.
    every : steps between two looks.
    until : share of the training after which nobody is revived any more, so that the last ones
        have time to find their place.
    encoder_scale : length of a revived latent's encoder row, as a share of the mean length of the
        living ones'. 0.2 is Bricken et al.'s, for ReLU. With top-k a latent must win a place among
        the k: there 1 does better.
    seed : of the examples drawn.

    `revived` tells afterwards how many latents were revived, one entry a look.
    """

    def __init__(
        self,
        x: Tensor,
        every: int = 50,
        until: float = 0.6,
        encoder_scale: float = 0.2,
        seed: int = 0,
    ):
        require_matrix("x", x)
        self.x = x
        self.every = require_whole("every", every)
        self.until = require_number("until", until, above=0, at_most=1)
        self.encoder_scale = require_number("encoder_scale", encoder_scale, above=0)
        self.seed = require_whole("seed", seed, at_least=0)
        self.revived: list[int] = []

    def on_fit_start(self, trainer: Trainer) -> None:
        """Check that the model has latents to revive."""
        model = trainer.model
        if not isinstance(model, SparseAutoencoder) or model.layers != 1:
            raise WrongArgument(
                f"ReviveDead knows its way in a SparseAutoencoder with layers=1 only; the model is "
                f"a {type(model).__name__}."
            )
        require_matrix("x", self.x, columns=model.input_dim)
        self.x = self.x.to(model.decoder.weight)  # device and dtype
        self.generator = torch.Generator().manual_seed(self.seed)
        self.revived = []

    @torch.no_grad()
    def on_step_end(self, trainer: Trainer) -> None:
        """Look, every so many steps, and revive whoever is dead."""
        if trainer.step % self.every or trainer.step > self.until * trainer.total_steps:
            return
        model = trainer.model
        z = model.encode(self.x)  # (examples, latent)
        residual = self.x - model.decode(z)  # (examples, input)
        dead = (z == 0).all(dim=0).nonzero().flatten()  # numbers of the dead latents
        chosen = draw_badly_reconstructed(residual, len(dead), self.generator)
        dead = dead[: len(chosen)]
        directions = torch.nn.functional.normalize(residual[chosen], dim=1)
        restart(model, dead, directions, self.encoder_scale)
        forget(trainer.optimizer, model, dead)
        self.revived.append(len(dead))


def draw_badly_reconstructed(residual: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Numbers of `count` different examples, drawn in proportion to their squared loss; fewer,
    where fewer have a loss at all.

    residual : (examples, input), x - x̂.
    """
    loss = residual.double().square().sum(dim=1).cpu()
    chance = (loss / loss.max().clamp(min=1e-300)).square()  # squares of huge losses stay finite
    count = min(count, int((chance > 0).sum()))
    if count == 0:
        return torch.empty(0, dtype=torch.long, device=residual.device)
    return torch.multinomial(chance, count, generator=generator).to(residual.device)


def restart(
    model: SparseAutoencoder, latents: Tensor, directions: Tensor, encoder_scale: float
) -> None:
    """Set atoms and encoder rows of some latents to unit-norm directions (latents, input).

    The encoder rows become `encoder_scale` times as long as the other latents' are on average, and
    the biases take the decoder's off the input, so that what is listened to is x - c.
    """
    norms = model.encoder.weight.norm(dim=1)
    norms[latents] = 0
    length = encoder_scale * norms.sum() / max(1, len(norms) - len(latents))
    if length == 0:  # nobody else is there: as in a new model
        length = min(1.0, model.input_dim / model.latent_dim)
    model.decoder.weight[latents] = START_NORM * directions
    model.encoder.weight[latents] = length * directions
    model.encoder.bias[latents] = -length * (directions @ model.decoder.bias)


def forget(optimizer: torch.optim.Optimizer, model: SparseAutoencoder, latents: Tensor) -> None:
    """Take some latents out of Adam's memory: old moments would carry them off at once."""
    for parameter in (model.decoder.weight, model.encoder.weight, model.encoder.bias):
        for name in ("exp_avg", "exp_avg_sq"):
            moments = optimizer.state[parameter].get(name)
            if moments is not None:
                moments[latents] = 0
