"""The ready formula that the first lessons use where training is not explained yet.

Least squares finds the linear layer whose outputs come closest to the targets:

    minimise  Σ (inputs Wᵀ + b - targets)² + ridge · Σ W²  over W and b

With ridge = 0 this is ordinary least squares; above 0, large weights cost something (ridge
regression: Hoerl and Kennard, 1970).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.errors import WrongArgument

RELATIVE_RANK = 1e-6  # columns that agree to float32's rounding count as the same column


def least_squares_layer(inputs: Tensor, targets: Tensor, ridge: float = 0.0) -> nn.Linear:
    """The linear layer that brings `inputs` closest to `targets`; it is not to be trained.

    inputs : (rows, in). targets : (rows, out), of the same dtype.
    ridge : what large weights cost; the bias costs nothing.
    Raises `WrongArgument` when the rows do not match or `ridge` is negative.
    """
    if ridge < 0:
        raise WrongArgument(f"ridge is {ridge}; it must be at least 0.")
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
        raise WrongArgument(
            f"inputs have shape {tuple(inputs.shape)} and targets {tuple(targets.shape)}; both "
            "must be matrices with the same number of rows."
        )
    A = torch.cat([inputs, torch.ones_like(inputs[:, :1])], dim=1).double()  # ones: the bias
    Y = targets.double()
    if ridge:  # as many further rows as inputs, which ask each weight to be zero
        charge = ridge**0.5 * torch.eye(inputs.shape[1], A.shape[1], dtype=A.dtype)
        A, Y = torch.cat([A, charge]), torch.cat([Y, Y.new_zeros(len(charge), Y.shape[1])])
    solution = torch.linalg.lstsq(A, Y, rcond=RELATIVE_RANK, driver="gelsd").solution
    layer = nn.utils.skip_init(nn.Linear, inputs.shape[1], targets.shape[1], dtype=inputs.dtype)
    layer.requires_grad_(False)
    layer.weight.copy_(solution[:-1].T)
    layer.bias.copy_(solution[-1])
    return layer


def fit_curve(x: Tensor, y: Tensor, units: int, activation: Callable[[Tensor], Tensor]) -> Tensor:
    """The curve y(x) as drawn by a hidden layer of some units and a linear output.

    The hidden layer is fixed: unit k has its kink at (k + 1/2) / units, so the kinks are spread
    evenly over 0 to 1. Only the output layer is fitted.

    x, y : (points,), x between 0 and 1. Returns the fitted values (points,).
    """
    kinks = (torch.arange(units, dtype=x.dtype) + 0.5) / units
    z = units * (x[:, None] - kinks)  # (points, units): one weighted sum a unit
    hidden = activation(z)
    return least_squares_layer(hidden, y[:, None])(hidden)[:, 0]
