"""Metrics that take batch after batch, so the data may be larger than memory.

For examples x, reconstructions x̂ and codes z, over the whole set:

    FVU         Σ‖x - x̂‖² / Σ‖x - x̄‖², where x̄ is the mean of each dimension
    density     of latent j: the fraction of the examples on which it is active, |z_j| > near_zero
    L0          the mean number of active latents in a code: the sum of the densities
    Hoyer       the mean over codes of the measure in `course_lib.losses`
    shrinkage   γ = Σ‖x̂ - r‖² / Σ⟨x̂ - r, x - r⟩, where r is the reconstruction of a code of zeros

Each metric has `update` for a batch and `compute` for the result so far. Sums are kept in float64
and each metric is one ratio of whole sums: how the data are split into batches changes nothing
but the last digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.arguments import (
    require_finite,
    require_floating,
    require_matrix,
    require_number,
    require_whole,
)
from course_lib.errors import WrongArgument
from course_lib.losses import hoyer_sparsity

# A latent is active when |z| is above this. Zero, as in the field's L0: after ReLU, thresholds and
# top-k what is off is exactly 0, and no bound above it would suit data of every scale.
NEAR_ZERO = 0.0


def exact(tensor: Tensor) -> Tensor:
    """The same numbers in float64, in which sums keep their digits, and without a gradient."""
    return _summable(tensor).double()


def wide(tensor: Tensor) -> Tensor:
    """The same numbers in float32 or float64, and without a gradient; NumPy has no bfloat16."""
    return tensor.detach().to(torch.promote_types(tensor.dtype, torch.float32))


def _summable(tensor: Tensor) -> Tensor:
    # Apple's GPUs have no float64: what is summed there goes to the CPU first
    return tensor.detach().cpu() if tensor.device.type == "mps" else tensor.detach()


class StreamingMetric:
    """What the metrics share: they count examples and refuse batches that do not fit.

    `update` raises `WrongArgument` for a batch that is no matrix of finite floating-point numbers,
    is empty, or is not as wide as the first; what was added before stays as it was. `compute`
    raises it when nothing was added yet.
    """

    def __init__(self) -> None:
        self.examples = 0
        self._columns: int | None = None

    def _accept(self, **batch: Tensor) -> None:
        """Refuse a batch that does not fit; each matrix must have the same shape."""
        for name, matrix in batch.items():
            require_matrix(name, matrix, self._columns)
        shapes = {name: tuple(matrix.shape) for name, matrix in batch.items()}
        if len(set(shapes.values())) > 1:
            told = " and ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
            raise WrongArgument(f"{told}; they must be the same.")
        self._columns = next(iter(shapes.values()))[1]

    def _require_examples(self) -> None:
        if not self.examples:
            raise WrongArgument(
                f"{type(self).__name__} has seen no data; call update with at least one batch."
            )


class VarianceUnexplained(StreamingMetric):
    """Fraction of variance unexplained (FVU); explained variance, 1 - FVU; mean squared error.

    FVU is 0 for perfect reconstructions, 1 for predicting the mean, and above 1 for worse than
    that. Adding the same vector to examples and reconstructions changes nothing, however long it
    is: the variance is never a difference of large sums, but merged from batch to batch (Chan,
    Golub and LeVeque, 1983).
    """

    def __init__(self) -> None:
        super().__init__()
        self._residual = 0.0  # Σ‖x - x̂‖²
        self._spread = 0.0  # Σ‖x - x̄‖²
        self._origin: Tensor | None = None  # (input,) the first example; x̄ is kept relative to it
        self._mean: Tensor | None = None  # (input,)

    def update(self, x_hat: Tensor, x: Tensor) -> None:
        """Add a batch: reconstructions and examples, each (batch, input)."""
        self._accept(x_hat=x_hat, x=x)
        x_hat, x = exact(x_hat), exact(x)
        self._residual += float((x_hat - x).square().sum())
        if self._origin is None:
            self._origin = x[0].clone()
            self._mean = torch.zeros_like(self._origin)
        moved = x - self._origin.to(x.device)  # exactly zero for data that do not vary
        mean = moved.mean(dim=0)
        step = mean - self._mean.to(x.device)
        part = len(x) / (self.examples + len(x))
        self._spread += float((moved - mean).square().sum())
        self._spread += float(step.square().sum()) * self.examples * part
        self._mean = self._mean.to(x.device) + part * step
        self.examples += len(x)

    def compute(self) -> float:
        """FVU; NaN when the examples do not vary, since there is no variance to explain."""
        self._require_examples()
        return self._residual / self._spread if self._spread > 0 else math.nan

    def explained_variance(self) -> float:
        """1 - FVU: 1 for perfect reconstructions, 0 for predicting the mean."""
        return 1 - self.compute()

    def mean_squared_error(self) -> float:
        """Squared error averaged over examples and dimensions."""
        self._require_examples()
        return self._residual / (self.examples * self._columns)


class ActivationDensity(StreamingMetric):
    """The fraction of the examples on which each latent is active; from it L0 and the dead latents.

    near_zero : a latent is active when |z| > near_zero; 0 counts all that is not exactly zero. The
        absolute value makes no difference after ReLU, and counts a latent of a dense code that
        answers with a negative number. Codes after a sigmoid are never zero: give a number of your
        own for them, such as 0.01.
    """

    def __init__(self, near_zero: float = NEAR_ZERO):
        super().__init__()
        self.near_zero = require_number("near_zero", near_zero, at_least=0)
        self._active: Tensor | int = 0  # (latent,) on how many examples

    def update(self, z: Tensor) -> None:
        """Add a batch of codes (batch, latent)."""
        self._accept(z=z)
        self._active = self._active + (wide(z).abs() > self.near_zero).sum(dim=0).cpu()
        self.examples += len(z)

    def compute(self) -> Tensor:
        """Density of each latent, (latent,), float64, from 0 (never active) to 1 (always)."""
        self._require_examples()
        return self._active.double() / self.examples

    def l0(self) -> float:
        """Mean number of active latents in a code."""
        self._require_examples()
        return int(self._active.sum()) / self.examples

    def dead_fraction(self) -> float:
        """Fraction of latents that were active on none of the examples seen."""
        self._require_examples()
        return int((self._active == 0).sum()) / len(self._active)


class MeanActivation(StreamingMetric):
    """The mean activation of each latent."""

    def __init__(self) -> None:
        super().__init__()
        self._sum: Tensor | int = 0  # (latent,)

    def update(self, z: Tensor) -> None:
        """Add a batch of codes (batch, latent)."""
        self._accept(z=z)
        self._sum = self._sum + _summable(z).sum(dim=0, dtype=torch.float64).cpu()
        self.examples += len(z)

    def compute(self) -> Tensor:
        """(latent,), float64."""
        self._require_examples()
        return self._sum / self.examples


class MeanHoyer(StreamingMetric):
    """Hoyer's measure averaged over codes: 0 for dense or all-zero codes, 1 for one-hot ones.

    It measures half-precision codes in float32. `hoyer_sparsity` adds a larger epsilon to float16
    codes, so that its gradient fits float16, and scores small ones lower; no gradient is needed
    here.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sum = 0.0

    def update(self, z: Tensor) -> None:
        """Add a batch of codes (batch, latent)."""
        self._accept(z=z)
        self._sum += float(exact(hoyer_sparsity(wide(z))).sum())
        self.examples += len(z)

    def compute(self) -> float:
        """The mean so far."""
        self._require_examples()
        return self._sum / self.examples


class Shrinkage(StreamingMetric):
    """How long reconstructions are: below 1 too short, above 1 too long, negative when they point
    away from the examples.

        γ = argmin over c of Σ‖(x̂ - r) / c - (x - r)‖² = Σ‖x̂ - r‖² / Σ⟨x̂ - r, x - r⟩

    An L1 penalty makes codes smaller than they should be (Wright and Sharkey, 2024); dividing what
    they add to the reconstruction by γ would mend the average of it. With r = 0 this is the
    relative reconstruction bias of Rajamanoharan et al. (2024, "Improving dictionary learning with
    gated sparse autoencoders", where they measure shrinkage). There the decoder's bias counts as
    reconstruction, and data far from zero hide the shrinkage of the codes: γ tends to 1.

    zero_code_reconstruction : r (input,): the decoder's bias, where the decoder is linear; None for
        zeros.
    Raises `WrongArgument` when it is not one row of finite numbers.
    """

    def __init__(self, zero_code_reconstruction: Tensor | None = None):
        super().__init__()
        self._zero_code = torch.zeros(())  # r
        if zero_code_reconstruction is not None:
            name, r = "zero_code_reconstruction", zero_code_reconstruction
            require_floating(name, r)
            if r.ndim != 1 or not len(r):
                raise WrongArgument(f"{name} has shape {tuple(r.shape)}; it must be (input,).")
            self._columns = len(require_finite(name, r))
            self._zero_code = exact(r)
        self._length = 0.0  # Σ‖x̂ - r‖²
        self._agreement = 0.0  # Σ⟨x̂ - r, x - r⟩

    def update(self, x_hat: Tensor, x: Tensor) -> None:
        """Add a batch: reconstructions and examples, each (batch, input)."""
        self._accept(x_hat=x_hat, x=x)
        x_hat, x = exact(x_hat), exact(x)
        r = self._zero_code.to(x.device)
        self._length += float((x_hat - r).square().sum())
        self._agreement += float(((x_hat - r) * (x - r)).sum())
        self.examples += len(x)

    def compute(self) -> float:
        """γ; NaN when no code changes the reconstruction, so that there is nothing to compare."""
        self._require_examples()
        if not self._length:
            return math.nan
        return self._length / self._agreement if self._agreement else math.inf


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class DensityHistogram:
    """How many latents have which density, on a logarithmic axis.

    edges : (bins + 1,) log10 of the density, ending at 0 (active on every example).
    counts : (bins,) latents in each bin. dead : latents of density 0, which has no logarithm.
    """

    edges: Tensor
    counts: Tensor
    dead: int


def density_histogram(density: Tensor, bins_per_decade: int = 4) -> DensityHistogram:
    """The histogram of log10(density), from the decade of the rarest latent up to 1.

    density : (latent,), between 0 and 1, as `ActivationDensity.compute` gives it.
    Raises `WrongArgument` for another shape or values outside 0 to 1.
    """
    require_floating("density", density)
    require_whole("bins_per_decade", bins_per_decade)
    if density.ndim != 1 or not bool(((density >= 0) & (density <= 1)).all()) or not len(density):
        raise WrongArgument(
            f"density has shape {tuple(density.shape)}; it must be (latent,), with values "
            "between 0 and 1, as ActivationDensity.compute gives it."
        )
    logs = exact(density[density > 0]).log10().cpu()
    decades = max(1, math.ceil(-float(logs.min()))) if len(logs) else 1
    bins = decades * bins_per_decade
    places = ((logs + decades) * bins_per_decade).long().clamp(0, bins - 1)  # a density of 1: last
    return DensityHistogram(
        edges=torch.linspace(-decades, 0, bins + 1, dtype=torch.float64),
        counts=torch.bincount(places, minlength=bins),
        dead=len(density) - len(logs),
    )
