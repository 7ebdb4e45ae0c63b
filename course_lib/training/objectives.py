"""What training minimises, as a dictionary of terms that sum to the loss.

    loss = reconstruction + scale · Σ_layers weight · penalty + weight · coherence

The scale goes from 0 to 1 during the sparsity warm-up and is 1 afterwards.

Over a whole set the terms are exact, however the set is cut into batches: what is averaged is not
the penalty but the statistic that it is a function of (for KL the mean activation of each latent).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from course_lib import losses
from course_lib.arguments import require_number, require_option
from course_lib.autoencoders import Autoencoder
from course_lib.errors import WrongArgument

LARGEST_WEIGHT = 1e12  # beyond, products pass the largest float32
Average = Callable[[Tensor], Tensor]


def forward_pass(model: nn.Module, x: Tensor) -> tuple[Sequence[Tensor], Tensor]:
    """What each encoder layer gives and the reconstruction, for any model with encode and decode.

    The course's models tell their hidden layers too; of others only the code is known.
    """
    if isinstance(model, Autoencoder):
        activations = model.encoder_activations(x)
        return activations, model.reconstruct(activations[-1])
    code = model.encode(x)
    return (code,), model.decode(code)


@dataclass(frozen=True)
class Objective:
    """The loss of a sparse autoencoder.

    Parameters
    ----------
    sparsity_type : "l1", "kl", "hoyer" or "none".
    sparsity_weight : what the penalty of the code counts; or one weight for each layer of the
        encoder, first to last, to penalise its hidden layers too.
    target_sparsity : the mean activation of a latent that KL aims at; the others do not use it.
    reduction : "mean" averages squared errors and L1 over every element; "sum" adds them up
        within an example and averages over examples, as is usual for sparse autoencoders. With
        inputs of d elements and a code of F latents, a weight of λ for "sum" stands for λ · F / d
        with "mean" for L1; and for λ / d for KL and Hoyer, which `reduction` leaves alone.
    coherence_weight : what overlapping atoms cost; needs a model with a `dictionary`.

    Raises
    ------
    WrongArgument : for an unknown type or reduction, a weight that is negative or not finite, or
        a target outside (0, 1).
    """

    sparsity_type: losses.SparsityType = "l1"
    sparsity_weight: float | Sequence[float] = 0.1
    target_sparsity: float = 0.05
    reduction: Literal["mean", "sum"] = "mean"
    coherence_weight: float = 0.0

    def __post_init__(self) -> None:
        require_option("sparsity_type", self.sparsity_type, losses.SPARSITY_TYPES)
        weight, several = self.sparsity_weight, isinstance(self.sparsity_weight, Sequence)
        if several and (isinstance(weight, str) or not weight):
            raise WrongArgument(f"sparsity_weight is {weight!r}; give a number, or one a layer.")
        weights = tuple(
            require_number("sparsity_weight", w, at_least=0, at_most=LARGEST_WEIGHT)
            for w in self.weights
        )
        object.__setattr__(self, "sparsity_weight", weights if several else weights[0])
        require_number("target_sparsity", self.target_sparsity, above=0, below=1)
        require_option("reduction", self.reduction, ("mean", "sum"))
        require_number(
            "coherence_weight", self.coherence_weight, at_least=0, at_most=LARGEST_WEIGHT
        )

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights of the penalised layers; a single one is the code's."""
        weight = self.sparsity_weight
        return tuple(weight) if isinstance(weight, Sequence) else (weight,)

    def terms(
        self,
        model: nn.Module,
        x: Tensor,
        sparsity_scale: float = 1.0,
        average: Average | None = None,
    ) -> dict[str, Tensor]:
        """The weighted terms for one batch x (batch, input_dim): they sum to the loss.

        average : takes a statistic's mean over several processes, for the penalties that are not
            themselves means.
        """
        activations, x_hat = forward_pass(model, x)
        sparsity = x.new_zeros(())
        for weight, z in self.penalised(activations):
            statistic = self.statistic(z)
            if average is not None:
                statistic = average(statistic)
            sparsity = sparsity + sparsity_scale * weight * self.penalty(statistic)
        terms = {
            "reconstruction": losses.reconstruction_loss(x_hat, x, self.reduction),
            "sparsity": sparsity,
        }
        if self.coherence_weight:
            terms["coherence"] = self.coherence_weight * losses.coherence_loss(model.dictionary)
        return terms

    def penalised(self, activations: Sequence[Tensor]) -> list[tuple[float, Tensor]]:
        """The encoder's layers that have a weight, each with it.

        Raises `WrongArgument` when there are more weights than layers.
        """
        weights = self.weights
        if len(weights) > 1 and len(weights) != len(activations):
            raise WrongArgument(
                f"sparsity_weight has {len(weights)} weights, but the encoder {len(activations)} "
                "layers. Give one for each, or a single one for the code."
            )
        if self.sparsity_type == "none":
            return []
        layers = activations[-len(weights) :]
        return [(w, z) for w, z in zip(weights, layers, strict=True) if w > 0]

    def statistic(self, z: Tensor) -> Tensor:
        """The mean over the batch of what the penalty is a function of."""
        if self.sparsity_type == "l1":
            return losses.l1_sparsity_loss(z, self.target_sparsity, self.reduction)
        if self.sparsity_type == "kl":
            return losses.mean_activation(z)  # (latent,)
        return losses.hoyer_sparsity(z).mean()

    def penalty(self, statistic: Tensor) -> Tensor:
        """The penalty, from the mean of its statistic."""
        if self.sparsity_type == "l1":
            return statistic
        if self.sparsity_type == "kl":
            return losses.kl_divergence(statistic, self.target_sparsity).sum()
        return 1 - statistic

    @torch.no_grad()
    def over_set(self, model: nn.Module, batches: Iterable[Tensor]) -> dict[str, float]:
        """The terms over a whole set, the same however it is cut into batches.

        Sums are kept in float64. The caller puts the model into evaluation mode.
        """
        rows, squared, sums, weights = 0, 0.0, [], []
        for x in batches:
            activations, x_hat = forward_pass(model, x)
            error = losses.reconstruction_loss(x_hat, x, "sum")
            squared += len(x) * error.item()
            found = self.penalised(activations)
            weights = [weight for weight, _ in found]
            statistics = [len(x) * self.statistic(z).cpu().double() for _, z in found]
            sums = [a + b for a, b in zip(sums, statistics, strict=True)] if sums else statistics
            rows += len(x)
        per_example = squared / rows
        terms = {
            "reconstruction": per_example / (x.shape[1] if self.reduction == "mean" else 1),
            "sparsity": sum(
                (
                    weight * self.penalty(total / rows).item()
                    for weight, total in zip(weights, sums, strict=True)
                ),
                start=0.0,
            ),
        }
        if self.coherence_weight:
            coherence = losses.coherence_loss(model.dictionary).item()
            terms["coherence"] = self.coherence_weight * coherence
        return terms


class ObjectiveModule(nn.Module):
    """Model and objective as one module whose forward pass gives the terms: what torch's
    distributed engine needs to see."""

    def __init__(self, model: nn.Module, objective: Objective, average: Average | None = None):
        super().__init__()
        self.model, self.objective, self.average = model, objective, average

    def forward(self, x: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """The weighted terms for one batch."""
        return self.objective.terms(self.model, x, sparsity_scale, self.average)
