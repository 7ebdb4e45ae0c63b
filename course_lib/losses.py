"""The losses of sparse autoencoders, as pure functions.

    loss = reconstruction error + sparsity weight · sparsity penalty

For a batch x (batch, input) with reconstructions x̂ and codes z (batch, latent):

    squared error   (x̂ - x)²
    L1              |z|
    KL              Σ_j KL(ρ ‖ ρ̂_j), where ρ̂_j is the mean activation of latent j over the batch
    Hoyer           1 - H(z), where H(z) = (√n - ‖z‖₁ / ‖z‖₂) / (√n - 1) runs from 0 to 1

Values and gradients are finite for every code, unless a sum passes the largest float. No penalty
grows with the batch. Half precision is computed and given back in float32: float16 ends at 65,504.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from course_lib.arguments import require_floating, require_number, require_option
from course_lib.errors import WrongArgument

SparsityType = Literal["l1", "kl", "hoyer", "none"]
SPARSITY_TYPES = ("l1", "kl", "hoyer", "none")


def reconstruction_loss(
    x_hat: Tensor, x: Tensor, reduction: Literal["mean", "sum", "none"] = "mean"
) -> Tensor:
    """The squared error of reconstructions.

    x_hat, x : (..., input), of the same shape.
    reduction : "mean" averages over every element (the mean squared error, MSE); "sum" adds up an
        example's elements and averages over examples, so it is `input` times as large (torch's
        "sum" adds up the examples, too); "none" gives each element's squared error, like x.
    Raises `WrongArgument` when the shapes differ (they would broadcast), or for another reduction.
    """
    require_floating("x_hat", x_hat)
    require_floating("x", x)
    if x_hat.shape != x.shape:
        raise WrongArgument(
            f"x_hat has shape {tuple(x_hat.shape)} and x {tuple(x.shape)}; they must be the same."
        )
    if x_hat.device != x.device:
        raise WrongArgument(f"x_hat is on {x_hat.device} and x on {x.device}; bring them together.")
    require_option("reduction", reduction, ("mean", "sum", "none"))
    if x.numel() == 0:
        raise WrongArgument(f"x has shape {tuple(x.shape)}; there is nothing to average over.")
    squared = (_wide(x_hat) - _wide(x)).square()
    if reduction == "none":
        return squared
    return squared.mean() if reduction == "mean" else squared.sum(dim=-1).mean()


def l1_sparsity_loss(
    z: Tensor, target_sparsity: float = 0.05, over_latents: Literal["mean", "sum"] = "mean"
) -> Tensor:
    """The mean absolute activation (Olshausen and Field, 1996; as the lasso, Tibshirani, 1996).

    z : codes (..., latent).
    target_sparsity : not used. It stands here so that the three penalties can be called alike; L1
        pulls every activation towards zero and knows no target.
    over_latents : "mean" averages over all entries, so the same weight presses less on each
        latent the more latents there are; "sum" adds up the latents of a code and averages over
        codes, the usual choice for sparse autoencoders (Bricken et al., 2023).
    """
    _require_codes(z)
    require_option("over_latents", over_latents, ("mean", "sum"))
    size = _wide(z).abs()
    return size.mean() if over_latents == "mean" else size.sum(dim=-1).mean()


def kl_divergence_sparsity_loss(
    z: Tensor,
    target_sparsity: float = 0.05,
    epsilon: float = 1e-10,
    over_latents: Literal["sum", "mean"] = "sum",
) -> Tensor:
    """How far the mean activation of each latent is from a target (Ng, 2011, section 3):

        Σ_j ρ log(ρ / ρ̂_j) + (1 - ρ) log((1 - ρ) / (1 - ρ̂_j))

    ρ is the target and ρ̂_j the mean of |z_j| over the batch. The formula needs ρ̂ in (0, 1), but
    codes after ReLU have no upper bound. So a mean m beyond the bend b = (1 + ρ) / 2, halfway from
    the target to 1, is squashed:

        ρ̂ = 1 - (1 - ρ)² / (4 (m - ρ))          for m > b

    This has the value and the slope of ρ̂ = m at the bend, and tends to 1 without reaching it. Up
    to the bend the penalty is exactly Ng's; above, it keeps growing and pulls the mean down.

    A target of .05 is a mean, not a fraction of active latents: after ReLU, small activations on
    every example meet it as well as large ones on few. Look at L0, too.

    z : codes (..., latent); means are taken over all but the last dimension.
    target_sparsity : ρ, strictly between 0 and 1.
    epsilon : smallest mean activation told from zero. It keeps value and gradient finite for a
        latent that is never active. In half precision the smallest normal number takes its place
        where that is larger. The gradient pulls such a latent's code up; but through a ReLU whose
        sums are all negative no gradient passes, and the latent stays dead.
    over_latents : "sum" as in the formula, or "mean".
    """
    _require_codes(z)
    rho = require_number("target_sparsity", target_sparsity, above=0, below=1)
    require_number("epsilon", epsilon, above=0, below=1)
    require_option("over_latents", over_latents, ("sum", "mean"))
    smallest = max(epsilon, torch.finfo(z.dtype).tiny)
    divergence = kl_divergence(mean_activation(z), rho, smallest)
    return divergence.sum() if over_latents == "sum" else divergence.mean()


def mean_activation(z: Tensor) -> Tensor:
    """Mean of |z| over all but the last dimension: codes (..., latent) → (latent,)."""
    wide = _wide(z)
    size = torch.where(wide < 0, -wide, wide)  # |z|, but with slope 1 at zero: it can wake a latent
    return size.reshape(-1, z.shape[-1]).mean(dim=0)


def kl_divergence(mean: Tensor, rho: float, epsilon: float = 1e-10) -> Tensor:
    """KL(ρ ‖ ρ̂) for each mean activation, squashed as `kl_divergence_sparsity_loss` says."""
    rho = min(rho, 1 - 4 * torch.finfo(mean.dtype).eps)  # nearer to 1, log(1 - rho) is lost
    bend, scale = (1 + rho) / 2, (1 - rho) ** 2 / 4
    # `where` passes gradients through both branches: each must stay finite outside its own side
    below, above = mean.clamp(max=bend), mean.clamp(min=bend) - rho
    log_on = torch.where(mean > bend, torch.log1p(-scale / above), torch.log(below + epsilon))
    log_off = torch.where(mean > bend, math.log(scale) - torch.log(above), torch.log1p(-below))
    return rho * (math.log(rho) - log_on) + (1 - rho) * (math.log1p(-rho) - log_off)


def hoyer_sparsity(z: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Hoyer's measure of sparseness: 0 for a code of equal entries, 1 for a one-hot code.

        H(z) = (√n - ‖z‖₁ / ‖z‖₂) / (√n - 1)          (Hoyer, 2004, section 3.1)

    z : codes (..., latent). Returns one value a code (...).
    epsilon : is added to every |entry|. A code of zeros then counts as equal entries and scores
        0, and the norm in the denominator never vanishes. In float16 the smallest normal number,
        6e-5, takes its place, so that gradients fit; to measure small codes, convert to float32.
    With one latent every code is one-hot: the measure is 1 and its gradient zero.
    """
    _require_codes(z)
    require_number("epsilon", epsilon, above=0, below=1)
    n = z.shape[-1]
    size = _wide(z).abs() + max(epsilon, torch.finfo(z.dtype).tiny)
    size = size / size.detach().amax(dim=-1, keepdim=True)  # the ratio ignores scale: no overflow
    ratio = size.sum(dim=-1) / size.square().sum(dim=-1).sqrt()  # from 1 to √n
    if n == 1:
        return 2 - ratio  # the ratio is 1
    return (n**0.5 - ratio) / (n**0.5 - 1)


def hoyer_sparsity_loss(z: Tensor) -> Tensor:
    """One minus Hoyer's measure, averaged over codes: minimising it makes codes sparser.

    The measure grows with sparsity, so the penalty must fall as it rises. Minimising the measure
    itself would drive every latent on.

    z : codes (..., latent).
    """
    return (1 - hoyer_sparsity(z)).mean()


def coherence_loss(dictionary: Tensor) -> Tensor:
    """How much the atoms of a dictionary overlap: the mean squared cosine over pairs of atoms.

        Σ_{i≠j} ⟨d_i, d_j⟩² / (n (n - 1))

    The geometric regulariser of the course: atoms that point the same way cost something. The sum
    is the squared norm of the Gram matrix DDᵀ beside its diagonal, which Ramírez and Sapiro (2012,
    "Universal regularizers for robust sparse coding and modeling") keep low.

    dictionary : (atoms, input), unit-norm rows. A single atom costs nothing.
    """
    require_floating("dictionary", dictionary)
    if dictionary.ndim != 2 or dictionary.numel() == 0:
        raise WrongArgument(
            f"dictionary has shape {tuple(dictionary.shape)}; it must be (atoms, input)."
        )
    n, d = dictionary.shape
    D = _wide(dictionary)
    gram = D @ D.T if n <= d else D.T @ D  # both have the same sum of squares; take the smaller
    among_themselves = D.square().sum(dim=1).square().sum()
    return (gram.square().sum() - among_themselves) / max(1, n * (n - 1))


def sparsity_loss(
    z: Tensor,
    sparsity_type: SparsityType,
    target_sparsity: float = 0.05,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor:
    """The penalty called `sparsity_type`: "l1", "kl", "hoyer" or "none" (zero).

    reduction : of L1: "mean" over all entries or "sum" over latents. KL is always summed over
        latents and Hoyer averaged over codes.
    Raises `WrongArgument` for an unknown type.
    """
    _require_codes(z)
    require_option("sparsity_type", sparsity_type, SPARSITY_TYPES)
    if sparsity_type == "l1":
        return l1_sparsity_loss(z, target_sparsity, over_latents=reduction)
    if sparsity_type == "kl":
        return kl_divergence_sparsity_loss(z, target_sparsity)
    if sparsity_type == "hoyer":
        return hoyer_sparsity_loss(z)
    return z.new_zeros(())


def total_loss(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of a loss's terms, each already multiplied by its weight."""
    if not isinstance(terms, Mapping) or not terms:
        raise WrongArgument(f"terms is {terms!r}; it must be a dictionary with at least one term.")
    for name, term in terms.items():
        if not isinstance(term, Tensor) or term.ndim:
            given = tuple(term.shape) if isinstance(term, Tensor) else type(term).__name__
            raise WrongArgument(
                f"The term {name!r} is {given}; it must be a tensor with a single number, (). "
                "Take its mean."
            )
    return torch.stack(list(terms.values())).sum()


def _wide(tensor: Tensor) -> Tensor:
    """Half precision as float32, in which sums and logarithms keep their digits."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _require_codes(z: Tensor) -> None:
    require_floating("z", z)
    if z.ndim < 1 or z.numel() == 0:
        raise WrongArgument(
            f"z has shape {tuple(z.shape)}; it must be (batch, latent), neither of them zero."
        )
