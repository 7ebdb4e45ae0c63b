"""The decoder's dictionary: atoms of unit norm, one a row.

    x̂ = z D + c,     D_i = w_i / ‖w_i‖

The stored weight w has shape (atoms, input), so a code's entry weighs a row. The norm is divided
out whenever the dictionary is used. Gradients pass through the division: a step along an atom,
which would only change its length, has no gradient.

The gradient is therefore at right angles to w_i, and steps, on the whole, make it longer. The
longer it is, the less a step of the same size turns it: atoms turn quickly at first, and slowly
once they have found their place (Salimans and Kingma, 2016, "Weight normalization", section 2.1).
They start short for that.

`nn.Linear(latent, input).weight` has shape (input, latent): there the atoms are columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

START_NORM = 0.3
SMALLEST_NORM = 1e-18  # below, its square is no longer a normal float32


def unit_norm(weight: Tensor) -> Tensor:
    """Rows of `weight` (atoms, input) divided by their L2 norm; a row of zeros stays zeros."""
    return (weight / norms_of(weight)).to(weight.dtype)


@torch.no_grad()
def fold_norm_(weight: Tensor) -> None:
    """Write the unit-norm rows back into `weight` (atoms, input), in place."""
    weight.div_(norms_of(weight))


def norms_of(weight: Tensor) -> Tensor:
    """What to divide by: (atoms, 1). A zero atom's is 1, which keeps it zero and its gradient of
    ordinary size."""
    # of half precision in float32: float16 holds neither the sum of squares nor SMALLEST_NORM
    wide = torch.float32 if weight.dtype.itemsize == 2 else weight.dtype
    norms = torch.linalg.vector_norm(weight, dim=1, keepdim=True, dtype=wide)
    return torch.where(norms > SMALLEST_NORM, norms, 1)


@torch.no_grad()
def start_atoms_(weight: Tensor) -> None:
    """Fill `weight` (atoms, input): every direction equally likely, every norm `START_NORM`."""
    nn.init.normal_(weight)
    fold_norm_(weight)
    weight.mul_(START_NORM)


class DictionaryDecoder(nn.Module):
    """Linear decoder whose atoms have unit norm.

    Parameters
    ----------
    atoms : how many, one for each entry of its input.
    input_dim : size of an atom and of a reconstruction.

    `weight` (atoms, input_dim) is stored with any norm, `bias` (input_dim,) starts at zero.
    """

    def __init__(self, atoms: int, input_dim: int, device=None, dtype=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(atoms, input_dim, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(input_dim, device=device, dtype=dtype))
        start_atoms_(self.weight)

    @property
    def dictionary(self) -> Tensor:
        """The atoms as they are used: (atoms, input_dim), unit-norm rows."""
        return unit_norm(self.weight)

    def forward(self, code: Tensor) -> Tensor:
        """Codes (batch, atoms) → reconstructions (batch, input_dim)."""
        return code @ self.dictionary + self.bias
