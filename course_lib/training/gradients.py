"""Two ways from a batch to the gradients of the loss: the readable one and the fast one.

The readable one lets autograd derive them, for every model and objective. The fast one has them
written out, for the usual sparse autoencoder: one layer, ReLU, L1. With e = 2 (x̂ - x) / r, where r
is what the squared error is divided by, and λ' the weight of one activation:

    z  = ReLU(x Wᵀ + b)          x̂ = z D + c
    ∂/∂D = zᵀ e                  ∂/∂c = Σ e
    ∂/∂s = (e Dᵀ + λ') · [z > 0]          s: the sums that ReLU is applied to
    ∂/∂W = (∂/∂s)ᵀ x             ∂/∂b = Σ ∂/∂s

Atoms have unit norm, so a step along an atom changes nothing: that part of ∂/∂D is taken out.
Five products of matrices are left, into buffers that are used again at each step. Autograd on the
readable path computes the same numbers, to rounding; a test compares the weights.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn

from course_lib.autoencoders import Autoencoder, SparseAutoencoder
from course_lib.losses import total_loss
from course_lib.training.objectives import Objective


class Gradients(Protocol):
    """Fills the parameters' `.grad` for a batch and returns the loss's terms, detached."""

    def __call__(self, batch: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """batch : (batch, input_dim), on the model's device."""


class AutogradGradients:
    """The readable path.

    module : gives the terms for a batch (`ObjectiveModule`, perhaps inside torch's engine for
        several processes).
    parts : how many parts a batch is taken in.
    dtype : of mixed precision, or None.
    scaler : keeps gradients in float16 from vanishing; on only for float16.
    processes : how many share a batch. Each takes its part; torch averages the gradients.
    """

    def __init__(
        self,
        module: nn.Module,
        parts: int = 1,
        dtype: torch.dtype | None = None,
        scaler: torch.amp.GradScaler | None = None,
    ):
        self.module, self.parts, self.dtype, self.scaler = module, parts, dtype, scaler

    def __call__(
        self, batch: Tensor, sparsity_scale: float, weight: float = 1.0
    ) -> dict[str, Tensor]:
        """weight : of this process's part, when several share a batch unequally."""
        sums: dict[str, Tensor] = {}
        parts = batch.chunk(self.parts)
        for i, part in enumerate(parts):
            share = len(part) / len(batch)
            with self._unsynchronised(last=i == len(parts) - 1):
                with torch.autocast(batch.device.type, self.dtype, enabled=self.dtype is not None):
                    terms = self.module(part, sparsity_scale)
                loss = total_loss(terms) * (share * weight)
                (loss if self.scaler is None else self.scaler.scale(loss)).backward()
            for name, value in terms.items():
                sums[name] = sums.get(name, 0) + share * value.detach()
        return sums

    def _unsynchronised(self, last: bool) -> AbstractContextManager:
        """Processes exchange gradients once a batch, with its last part."""
        no_sync = getattr(self.module, "no_sync", None)
        return nullcontext() if last or no_sync is None else no_sync()


class DirectGradients:
    """The fast path: the gradients written out, for models that `possible` accepts."""

    def __init__(self, model: SparseAutoencoder, objective: Objective, batch_size: int):
        self.objective = objective
        self.parameters = (
            model.encoder.weight, model.encoder.bias, model.decoder.weight, model.decoder.bias,
        )  # fmt: skip
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        like = model.encoder.weight.detach()
        self.z = like.new_empty(batch_size, model.latent_dim)
        self.dz = torch.empty_like(self.z)
        self.e = like.new_empty(batch_size, model.input_dim)

    @staticmethod
    def obstacle(model: Autoencoder, objective: Objective) -> str | None:
        """What stands in the way of the fast path, in words; None when nothing does."""
        if type(model) is not SparseAutoencoder or model.layers != 1:
            return "the model is not a SparseAutoencoder with layers=1"
        if model.activation.name != "relu":
            return f"its activation is {model.activation.name!r}, not 'relu'"
        if model.batch_norm is not None:
            return "it normalises over the batch"
        if objective.sparsity_type not in ("l1", "none"):
            return f"the penalty is {objective.sparsity_type!r}, not 'l1' or 'none'"
        if objective.coherence_weight:
            return "the objective has a coherence term"
        if any(not p.requires_grad for p in model.parameters()):
            return "some of its parameters are frozen"
        return None

    @torch.no_grad()
    def __call__(self, x: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """See `Gradients`; the loops over examples, latents and inputs are in torch."""
        W, b, D, c = self.parameters
        rows, mean = len(x), self.objective.reduction == "mean"
        z, dz, e = self.z[:rows], self.dz[:rows], self.e[:rows]
        weight = sparsity_scale * self.objective.weights[0]
        if self.objective.sparsity_type == "none":
            weight = 0.0
        r = rows * (x.shape[1] if mean else 1)
        per_activation = weight / (rows * (z.shape[1] if mean else 1))  # λ'

        torch.addmm(b, x, W.T, out=z).relu_()  # (batch, latent)
        torch.addmm(c, z, D, out=e).sub_(x)  # (batch, input): x̂ - x
        terms = {
            "reconstruction": torch.linalg.vector_norm(e).square_() / r,
            "sparsity": z.sum() * per_activation,
        }
        e.mul_(2 / r)
        torch.mm(z.T, e, out=D.grad)  # (latent, input)
        torch.sum(e, 0, out=c.grad)
        torch.mm(e, D.T, out=dz).add_(per_activation).mul_(z.sign_())  # sign: 1 where z > 0
        torch.mm(dz.T, x, out=W.grad)  # (latent, input)
        torch.sum(dz, 0, out=b.grad)
        along = torch.linalg.vecdot(D.grad, D)  # (latent,): the part that only changes lengths
        D.grad.addcmul_(D, along[:, None], value=-1)
        return terms
