"""What turns the encoder's pre-activations s into a code, by name.

    relu               max(0, s)
    sigmoid            1 / (1 + e^(-s)), between 0 and 1: never exactly zero
    soft_threshold     sign(s) · max(0, |s| - θ)
    hard_threshold     s where |s| > θ, else 0
    topk               the k largest of max(0, s), else 0

The two thresholds: Donoho and Johnstone (1994). Top-k: Makhzani and Frey (2014), and with the ReLU
Gao et al. (2024).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.arguments import require_number, require_option, require_whole
from course_lib.errors import WrongArgument

ACTIVATIONS = ("relu", "sigmoid", "soft_threshold", "hard_threshold", "topk")


def top_k(s: Tensor, k: int) -> Tensor:
    """Keep the k largest entries of a row, if positive; the others become zero.

    s : (..., latent). Of equal entries at the border an arbitrary one is kept.
    """
    values, indices = s.topk(k, dim=-1)  # (..., k)
    return torch.zeros_like(s).scatter(-1, indices, torch.relu(values))


class Activation:
    """An activation function with its setting, checked once.

    Parameters
    ----------
    name : one of `ACTIVATIONS`.
    latent_dim : size of the code.
    threshold : θ of the soft and the hard threshold; at least 0.
    k : how many latents "topk" keeps; at most `latent_dim`.

    Raises
    ------
    WrongArgument : for an unknown name, a setting missing, out of bounds, or given to an
        activation that has no use for it.
    """

    def __init__(self, name: str, latent_dim: int, threshold: float | None, k: int | None):
        self.name = require_option("activation", name, ACTIVATIONS)
        wants_threshold = name.endswith("_threshold")
        for option, value, wanted in (
            ("threshold", threshold, wants_threshold),
            ("k", k, name == "topk"),
        ):
            if (value is not None) != wanted:
                raise WrongArgument(
                    f"activation {name!r} needs {option}=…; none was given."
                    if wanted
                    else f"{option} is {value!r}, but activation {name!r} has no use for it. "
                    "Leave it out, or choose another activation."
                )
        self.threshold = self.k = None
        if wants_threshold:
            self.threshold = require_number("threshold", threshold, at_least=0)
        if name == "topk":
            self.k = require_whole("k", k)
            if self.k > latent_dim:
                raise WrongArgument(f"k is {k}, more than the {latent_dim} latents there are.")

    def __call__(self, s: Tensor) -> Tensor:
        """Pre-activations (..., latent) → code (..., latent)."""
        if self.name == "relu":
            return torch.relu(s)
        if self.name == "sigmoid":
            return torch.sigmoid(s)
        if self.name == "soft_threshold":
            return F.softshrink(s, self.threshold)
        if self.name == "hard_threshold":
            return F.hardshrink(s, self.threshold)
        return top_k(s, self.k)
