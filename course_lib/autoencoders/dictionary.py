"""The decoder's dictionary: atoms of unit norm, one a row.

    x̂ = z D + b,     D_i = w_i / ‖w_i‖

The stored weight w has shape (atoms, input), so a code's entry weighs a row. The norm is divided
out whenever the dictionary is used. Gradients pass through the division: a step along an atom,
which would only change its length, has no gradient.

`nn.Linear(latent, input).weight` has shape (input, latent): there the atoms are columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SMALLEST_NORM = 1e-12  # a zero atom stays zero instead of becoming NaN


def unit_norm(weight: Tensor) -> Tensor:
    """Rows of `weight` (atoms, input) divided by their L2 norm; a row of zeros stays zeros."""
    return nn.functional.normalize(weight, dim=1, eps=SMALLEST_NORM)


@torch.no_grad()
def fold_norm_(weight: Tensor) -> None:
    """Write the unit-norm rows back into `weight` (atoms, input), in place."""
    norms = torch.linalg.vector_norm(weight, dim=1, keepdim=True)  # (atoms, 1)
    weight.div_(norms.clamp_(min=SMALLEST_NORM))


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

    def fold_norm(self) -> None:
        """Divide the stored weight by its norms; what `forward` computes stays the same."""
        fold_norm_(self.weight)
