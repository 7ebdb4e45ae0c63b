"""The toy model of superposition: features squeezed through fewer dimensions, and read out again.

    h = x W          x̂ = ReLU(h Wᵀ + b)

Row i of W (features, dim) is the direction that stands for feature i. An input x (batch, features)
says how much of each feature there is; all that the model may keep of it is h, with `dim` numbers.
Elhage et al., "Toy Models of Superposition" (2022), write vectors as columns: x̂ = ReLU(WᵀW x + b),
where W is the transpose of ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_lib.arguments import require_whole
from course_lib.errors import WrongArgument


class ToySuperposition(nn.Module):
    """Several toy models, trained side by side.

    Parameters
    ----------
    features : entries of an input.
    dim : numbers that are kept of it.
    instances : how many models. Each has its own weights and its own inputs, and none knows of the
        others: a loss summed over instances trains each as if it were alone.

    `weight` (instances, features, dim) starts with random rows of norm about 1 / √2, `bias`
    (instances, features) at zero.
    """

    def __init__(self, features: int, dim: int, instances: int = 1):
        super().__init__()
        self.features = require_whole("features", features)
        self.dim = require_whole("dim", dim)
        self.instances = require_whole("instances", instances)
        start = torch.randn(self.instances, self.features, self.dim) / (2 * self.dim) ** 0.5
        self.weight = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(self.instances, self.features))

    def hidden(self, x: Tensor) -> Tensor:
        """Inputs (instances, batch, features) → what is kept of them (instances, batch, dim).

        Raises `WrongArgument` for another shape.
        """
        if x.ndim != 3 or (x.shape[0], x.shape[2]) != (self.instances, self.features):
            raise WrongArgument(
                f"x has shape {tuple(x.shape)}; it must be ({self.instances}, batch, "
                f"{self.features}): (instances, batch, features)."
            )
        return x @ self.weight

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (instances, batch, features) → reconstructions of the same shape."""
        h = self.hidden(x)  # (instances, batch, dim)
        return torch.relu(h @ self.weight.mT + self.bias[:, None])
