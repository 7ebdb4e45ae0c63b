"""A model's results on data: as the plots of the course take them, or as a table.

`evaluate_sparse_autoencoder` keeps the error of every example and every code.
`evaluate_autoencoder` keeps only sums, so the data may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.arguments import (
    require_device,
    require_matrix,
    require_model,
    require_number,
    require_whole,
)
from course_lib.errors import WrongArgument
from course_lib.evaluation.recovery import chance_mmcs, match_atoms, mmcs, recovered_fraction
from course_lib.evaluation.running import (
    batches,
    encode_decode,
    evaluating,
    require_data,
)
from course_lib.evaluation.streaming import (
    NEAR_ZERO,
    ActivationDensity,
    MeanActivation,
    MeanHoyer,
    Shrinkage,
    VarianceUnexplained,
    exact,
    wide,
)

if TYPE_CHECKING:
    import numpy as np

    from course_lib.evaluation.running import Matrix

RECOVERED_ABOVE = 0.9  # cosine similarity from which the report counts an atom as recovered


def evaluate_sparse_autoencoder(
    model: nn.Module,
    test_data: Matrix,
    device: str | torch.device = "cpu",
    *,
    batch_size: int = 4096,
    near_zero: float = NEAR_ZERO,
) -> dict[str, np.ndarray | float]:
    """Reconstruction errors and codes of a model on test data.

    model : with `encode` and `decode`. It is moved to `device` and into evaluation mode, and comes
        back as it was.
    test_data : (examples, input), a tensor or a NumPy array in the dtype of the model's weights.
    device : where it is computed.
    batch_size : examples at a time. It changes nothing but the last digits.
    near_zero : a latent is active when |z| > near_zero; 0 counts all that is not exactly zero.

    Returns a dictionary:
        errors : (examples,) float64, each example's squared error averaged over its dimensions.
        mean, std : of the errors (std divides by the number of examples).
        latent_codes : (examples, latent), float64 for a float64 model, else float32.
        mean_activation_per_neuron : (latent,) float64.
        sparsity_level : the fraction of near-zero activations, 0 to 1: those of latents that are
            not active, 1 - L0 / latents. Codes after a sigmoid are never zero: choose `near_zero`.
    Raises `WrongArgument` for what is no such model, an unknown device, and data that are empty,
    hold NaN or infinity, or do not have the model's columns and dtype.
    """
    import numpy as np

    require_model(model)
    x = require_data("test_data", test_data, model)
    place = require_device(device)
    require_whole("batch_size", batch_size)
    require_number("near_zero", near_zero, at_least=0)
    with evaluating(model, place):
        errors, codes = _errors_and_codes(model, x, place, batch_size)
    active = int(np.count_nonzero(codes > near_zero) + np.count_nonzero(codes < -near_zero))
    return {
        "errors": errors,
        "mean": float(errors.mean()),
        "std": float(errors.std()),
        "latent_codes": codes,
        "mean_activation_per_neuron": codes.mean(axis=0, dtype=np.float64),
        "sparsity_level": (codes.size - active) / codes.size,
    }


def _errors_and_codes(
    model: nn.Module, x: Tensor, device: torch.device, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Every example's mean squared error (examples,) and code (examples, latent)."""
    errors, codes = [], None
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        batch = x[rows].to(device)
        z, x_hat = encode_decode(model, batch)
        errors.append((exact(x_hat) - exact(batch)).square().mean(dim=1).cpu())
        z = wide(z).cpu()
        if codes is None:
            codes = z.new_empty(len(x), z.shape[1])
        codes[rows] = z
    return torch.cat(errors).numpy(), codes.numpy()


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class EvaluationReport:
    """What `evaluate_autoencoder` measured; `print` shows it as a table.

    examples : how many were seen. near_zero : a latent is active when |z| > near_zero.
    fvu, explained_variance : fraction of variance unexplained, and 1 - FVU; NaN when the data do
        not vary.
    mse : squared error averaged over examples and dimensions.
    l0 : mean number of active latents in a code. dead_fraction : fraction of latents never active.
    density : (latent,) fraction of the examples on which each latent is active.
    mean_activation : (latent,) mean activation of each latent.
    hoyer : Hoyer's measure averaged over codes: 0 dense, 1 one-hot.
    shrinkage : about the reconstruction of a code of zeros; below 1 the reconstructions are too
        short, above 1 too long, NaN when no code changes the reconstruction.
    mmcs, chance_mmcs, recovered, matched : only with a known dictionary, else None. Mean max cosine
        similarity; that of as many random atoms; the fraction of true atoms above 0.9; the mean
        cosine of the best one-to-one matching.
    """

    examples: int
    near_zero: float
    fvu: float
    explained_variance: float
    mse: float
    l0: float
    dead_fraction: float
    density: Tensor
    mean_activation: Tensor
    hoyer: float
    shrinkage: float
    mmcs: float | None = None
    chance_mmcs: float | None = None
    recovered: float | None = None
    matched: float | None = None

    def __str__(self) -> str:
        title = f"{self.examples:,} examples, {len(self.density):,} latents"
        rows = [f"{name:<20}{value:>10}   {note}" for name, value, note in self._rows()]
        return "\n".join([title, *(row.rstrip() for row in rows)])

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        constant = isnan(self.fvu)
        yield "FVU", _shown(self.fvu), "the data do not vary" if constant else "0 best, 1 the mean"
        yield "explained variance", _shown(self.explained_variance), "1 - FVU"
        yield "MSE", f"{self.mse:.4g}", "per example and dimension"
        yield "L0", f"{self.l0:.2f}", f"latents in a code with |z| > {self.near_zero:g}"
        yield "dead latents", f"{self.dead_fraction:.1%}", "never active here"
        yield "median density", f"{float(self.density.median()):.2%}", "of the examples"
        yield "Hoyer", _shown(self.hoyer), "0 dense, 1 one-hot"
        yield "shrinkage", _shown(self.shrinkage), "reconstructions: < 1 too short"
        if self.mmcs is not None:
            yield "MMCS", _shown(self.mmcs), f"chance {self.chance_mmcs:.3f}"
            yield "recovered", f"{self.recovered:.1%}", f"of true atoms, cosine > {RECOVERED_ABOVE}"
            yield "matched one-to-one", _shown(self.matched), "mean cosine over true atoms"


def evaluate_autoencoder(
    model: nn.Module,
    data: Matrix | Iterable[Matrix],
    *,
    device: str | torch.device | None = None,
    batch_size: int = 4096,
    near_zero: float = NEAR_ZERO,
    dictionary: Tensor | None = None,
) -> EvaluationReport:
    """Everything that can be said about a model on some data, in one pass over them.

    model : with `encode` and `decode`; it comes back as it was.
    data : (examples, input), a tensor or a NumPy array, or an iterable of such batches (a
        DataLoader, a generator that reads a file larger than memory), in the dtype of the model's
        weights.
    device : where it is computed; None for where the model is.
    batch_size : examples at a time. Neither it nor the iterable's own batches change more than the
        last digits.
    near_zero : a latent is active when |z| > near_zero; codes after a sigmoid need more than 0.
    dictionary : the true atoms (atoms, input), when known; the model must have a `dictionary`.
    Raises `WrongArgument` as `evaluate_sparse_autoencoder`, and when the iterable is empty.
    """
    require_model(model)
    require_whole("batch_size", batch_size)
    place = None if device is None else require_device(device)
    recovery = {} if dictionary is None else _recovery(model, dictionary)
    variance, activity = VarianceUnexplained(), ActivationDensity(near_zero)
    activation, hoyer, shrinkage = MeanActivation(), MeanHoyer(), None
    with evaluating(model, place) as place:
        for x in batches(model, data, batch_size, place):
            z, x_hat = encode_decode(model, x)
            if shrinkage is None:
                shrinkage = Shrinkage(model.decode(torch.zeros_like(z[:1]))[0])
            for metric in (variance, shrinkage):
                metric.update(x_hat, x)
            for metric in (activity, activation, hoyer):
                metric.update(z)
    return EvaluationReport(
        examples=variance.examples,
        near_zero=activity.near_zero,
        fvu=variance.compute(),
        explained_variance=variance.explained_variance(),
        mse=variance.mean_squared_error(),
        l0=activity.l0(),
        dead_fraction=activity.dead_fraction(),
        density=activity.compute(),
        mean_activation=activation.compute(),
        hoyer=hoyer.compute(),
        shrinkage=shrinkage.compute(),
        **recovery,
    )


def _recovery(model: nn.Module, true: Tensor) -> dict[str, Any]:
    found = getattr(model, "dictionary", None)
    if not isinstance(found, Tensor):
        raise WrongArgument(
            f"dictionary was given, but {type(model).__name__} has no dictionary to compare with "
            "it. Leave it out, or give the atoms to course_lib.evaluation.mmcs yourself."
        )
    require_matrix("dictionary", true, columns=found.shape[1])
    return {
        "mmcs": mmcs(found, true),
        "chance_mmcs": chance_mmcs(len(found), true),
        "recovered": recovered_fraction(found, true, RECOVERED_ABOVE),
        "matched": match_atoms(found, true).mean,
    }


def _shown(value: float) -> str:
    return "undefined" if isnan(value) else f"{value:.4f}"
