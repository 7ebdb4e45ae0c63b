"""Two ways from a batch to the gradients of the loss: the readable one and the fast one.

The readable one lets autograd derive them, for every model and objective. The fast one has them
written out, for the usual sparse autoencoder: one layer, ReLU, L1. With e = 2 (x̂ - x) / r, where r
is what the squared error is divided by, and λ' the weight of one activation:

    z  = ReLU(x Wᵀ + b)          x̂ = z D + c
    ∂/∂D = zᵀ e                  ∂/∂c = Σ e
    ∂/∂s = (e Dᵀ + λ') · [z > 0]          s: the pre-activations
    ∂/∂W = (∂/∂s)ᵀ x             ∂/∂b = Σ ∂/∂s

An atom D_i is w_i / ‖w_i‖. A step along it changes nothing, so ∂/∂w_i is what is left of ∂/∂D_i at
right angles to D_i, divided by ‖w_i‖.
Five products of matrices are left. With top-k in place of ReLU most of their entries are zero, and
only the first is computed whole. Autograd on the readable path computes the same numbers, to
rounding; a test compares the weights.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from course_lib.autoencoders import SparseAutoencoder
from course_lib.autoencoders.dictionary import norms_of
from course_lib.losses import total_loss
from course_lib.training.objectives import Objective

LATENTS_FOR_EACH_ACTIVE = 16  # below, whole products are quicker than picking top-k's entries


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
    scaler : keeps gradients in float16 from vanishing; only for float16.
    """

    def __init__(
        self,
        module: nn.Module,
        parts: int = 1,
        dtype: torch.dtype | None = None,
        scaler: torch.amp.GradScaler | None = None,
    ):
        self.module, self.parts, self.dtype, self.scaler = module, parts, dtype, scaler

    def __call__(self, batch: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """See `Gradients`."""
        sums: dict[str, Tensor] = {}
        parts = batch.chunk(self.parts)
        for i, part in enumerate(parts):
            share = len(part) / len(batch)
            with self._unsynchronised(last=i == len(parts) - 1):
                with torch.autocast(batch.device.type, self.dtype, enabled=self.dtype is not None):
                    terms = self.module(part, sparsity_scale)
                loss = total_loss(terms) * share
                (loss if self.scaler is None else self.scaler.scale(loss)).backward()
            for name, value in terms.items():
                sums[name] = sums.get(name, 0) + share * value.detach()
        return sums

    def _unsynchronised(self, last: bool) -> AbstractContextManager:
        """Processes exchange gradients once a batch, with its last part."""
        no_sync = getattr(self.module, "no_sync", None)
        return nullcontext() if last or no_sync is None else no_sync()


class DirectGradients:
    """Base of the fast paths: the gradients written out, where `fast_gradients` allows it."""

    def __init__(self, model: SparseAutoencoder, objective: Objective, batch_size: int):
        self.model, self.objective = model, objective
        self.parameters = (
            model.encoder.weight, model.encoder.bias, model.decoder.weight, model.decoder.bias,
        )  # fmt: skip
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        self.e = model.decoder.weight.new_empty(batch_size, model.input_dim)
        self.D = torch.empty_like(model.decoder.weight)

    def scales(self, rows: int, sparsity_scale: float) -> tuple[float, float]:
        """r, what the squared error is divided by, and λ', the weight of one activation."""
        objective, mean = self.objective, self.objective.reduction == "mean"
        weight = 0.0 if objective.sparsity_type == "none" else objective.weights[0]
        r = rows * (self.model.input_dim if mean else 1)
        return r, sparsity_scale * weight / (rows * (self.model.latent_dim if mean else 1))

    def dictionary(self) -> Tensor:
        """The unit-norm atoms (latent, input), written into `D`; their norms into `norms`."""
        self.norms = norms_of(self.parameters[2])  # (latent, 1)
        return torch.div(self.parameters[2], self.norms, out=self.D)

    def through_the_norm(self, grad: Tensor) -> None:
        """From ∂/∂D, in place, to ∂/∂w: without what would only change the length of atoms."""
        along = torch.linalg.vecdot(grad, self.D)  # (latent,)
        grad.addcmul_(self.D, along[:, None], value=-1).div_(self.norms)


class ReluGradients(DirectGradients):
    """The fast path for ReLU: five products of matrices, in buffers that are used again."""

    def __init__(self, model: SparseAutoencoder, objective: Objective, batch_size: int):
        super().__init__(model, objective, batch_size)
        self.z = self.e.new_empty(batch_size, model.latent_dim)
        self.dz = torch.empty_like(self.z)

    @torch.no_grad()
    def __call__(self, x: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """See `Gradients`."""
        W, b, w, c = self.parameters
        D = self.dictionary()
        rows = len(x)
        wide = torch.promote_types(x.dtype, torch.float32)  # a sum over a batch can pass float16
        z, dz, e = self.z[:rows], self.dz[:rows], self.e[:rows]
        r, per_activation = self.scales(rows, sparsity_scale)

        torch.addmm(b, x, W.T, out=z).relu_()  # (batch, latent)
        torch.addmm(c, z, D, out=e).sub_(x)  # (batch, input): x̂ - x
        terms = {
            "reconstruction": torch.linalg.vector_norm(e, dtype=wide).square_() / r,
            "sparsity": z.sum(dtype=wide) * per_activation,
        }
        e.mul_(2 / r)
        torch.mm(z.T, e, out=w.grad)  # (latent, input)
        self.through_the_norm(w.grad)
        torch.sum(e, 0, out=c.grad)
        torch.mm(e, D.T, out=dz).add_(per_activation).mul_(z.sign_())  # sign: 1 where z > 0
        torch.mm(dz.T, x, out=W.grad)  # (latent, input)
        torch.sum(dz, 0, out=b.grad)
        return terms


class TopKGradients(DirectGradients):
    """The fast path for top-k: of the products only x Wᵀ is computed whole.

    A reconstruction is a weighted sum of k atoms, as `embedding_bag` computes it. For the weights'
    gradients the active entries are sorted by latent: each row is then a weighted sum of the
    examples in which that latent was active. With k = 2, two examples and four latents:

        latents = [[3, 0], [0, 2]]          entries = [3, 0, 0, 2]
        order   = [1, 2, 3, 0]              the entries of latent 0, of 2, of 3
        order // k = [0, 1, 1, 0]           the examples they belong to
        first   = [0, 2, 2, 3]              where those of each latent begin; latent 1 has none
    """

    @torch.no_grad()
    def __call__(self, x: Tensor, sparsity_scale: float) -> dict[str, Tensor]:
        """See `Gradients`."""
        W, b, w, c = self.parameters
        D = self.dictionary()
        rows, k = len(x), self.model.activation.k
        wide = torch.promote_types(x.dtype, torch.float32)
        r, per_activation = self.scales(rows, sparsity_scale)

        pre_activations = torch.addmm(b, x, W.T)  # (batch, latent)
        z, latents = pre_activations.topk(k, dim=1, sorted=False)  # (batch, k) both
        z.relu_()
        with torch.enable_grad():
            weights = z.clone().requires_grad_()
            x_hat = embedding_bag(latents, D, per_sample_weights=weights, mode="sum")
            e = x_hat.detach() + (c - x)  # (batch, input): x̂ - x
            terms = {
                "reconstruction": torch.linalg.vector_norm(e, dtype=wide).square() / r,
                "sparsity": z.sum(dtype=wide) * per_activation,
            }
            e.mul_(2 / r)
            (dz,) = torch.autograd.grad(x_hat, weights, e)  # (batch, k): e · each atom
        dz = dz.add_(per_activation).mul_(z > 0)

        entries = latents.flatten()  # (batch * k,)
        order = entries.argsort(stable=True)
        first = entries.bincount(minlength=len(W)).cumsum(0).roll(1)  # of each latent's entries
        first[0] = 0
        for target, rows_of, weight in ((w, e, z), (W, x, dz)):
            weight = weight.flatten()[order]
            grad = embedding_bag(order // k, rows_of, first, per_sample_weights=weight, mode="sum")
            target.grad.copy_(grad)  # (latent, input)
        b.grad.zero_().index_add_(0, entries, dz.flatten())
        torch.sum(e, 0, out=c.grad)
        self.through_the_norm(w.grad)
        return terms


def fast_gradients(
    model: nn.Module, objective: Objective
) -> tuple[type[DirectGradients] | None, str]:
    """The fast path for a model and an objective; or None, and in words what stands in its way."""
    if type(model) is not SparseAutoencoder or model.layers != 1:
        return None, "the model is not a SparseAutoencoder with layers=1"
    name = model.activation.name
    if name not in ("relu", "topk"):
        return None, f"the model's activation is {name!r}, not 'relu' or 'topk'"
    if name == "topk" and model.activation.k * LATENTS_FOR_EACH_ACTIVE > model.latent_dim:
        return None, f"k is more than one latent in {LATENTS_FOR_EACH_ACTIVE}"
    if model.batch_norm is not None:
        return None, "the model normalises over the batch"
    if objective.sparsity_type not in ("l1", "none"):
        return None, f"the penalty is {objective.sparsity_type!r}, not 'l1' or 'none'"
    if objective.coherence_weight:
        return None, "the objective has a coherence term"
    if any(not p.requires_grad for p in model.parameters()):
        return None, "some of the model's parameters are frozen"
    return (ReluGradients if name == "relu" else TopKGradients), ""
