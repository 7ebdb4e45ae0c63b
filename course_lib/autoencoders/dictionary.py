"""The decoder's dictionary: atoms of unit norm, one a row.

    x̂ = z D + c,     D_i = w_i / ‖w_i‖

The stored weight w has shape (atoms, input), so a code's entry weighs a row. The norm is divided
out whenever the dictionary is used. Gradients pass through the division: a step along an atom,
which would only change its length, has no gradient.

`nn.Linear(latent, input).weight` has shape (input, latent): there the atoms are columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SMALLEST_NORM = 1e-18  # below, its square is no longer a normal float32


def unit_norm(weight: Tensor) -> Tensor:
    """Rows of `weight` (atoms, input) divided by their L2 norm; a row of zeros stays zeros."""
    return (weight / _norms(weight)).to(weight.dtype)


@torch.no_grad()
def fold_norm_(weight: Tensor) -> None:
    """Write the unit-norm rows back into `weight` (atoms, input), in place."""
    weight.div_(_norms(weight))


def _norms(weight: Tensor) -> Tensor:
    """What to divide by: (atoms, 1). A zero atom's is 1, which keeps it zero and its gradient of
    ordinary size."""
    # of half precision in float32: float16 holds neither the sum of squares nor SMALLEST_NORM
    wide = torch.float32 if weight.dtype.itemsize == 2 else weight.dtype
    norms = torch.linalg.vector_norm(weight, dim=1, keepdim=True, dtype=wide)
    return torch.where(norms > SMALLEST_NORM, norms, 1)


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
        nn.init.normal_(self.weight)  # equally likely in every direction
        fold_norm_(self.weight)

    @property
    def dictionary(self) -> Tensor:
        """The atoms as they are used: (atoms, input_dim), unit-norm rows."""
        return unit_norm(self.weight)

    def forward(self, code: Tensor) -> Tensor:
        """Codes (batch, atoms) → reconstructions (batch, input_dim)."""
        return code @ self.dictionary + self.bias
