"""The basic autoencoder: a narrow code between two small networks.

784 → 128 → 32 → 128 → 784          a ReLU after each hidden layer, none on code and output
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.arguments import require_option, require_whole
from course_lib.autoencoders.base import Autoencoder, dtype_name, named_dtype, placement
from course_lib.errors import WrongArgument

HIDDEN_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "identity": nn.Identity}


class BasicAutoencoder(Autoencoder):
    """Encoder and decoder of linear layers with an activation function between them.

    Parameters
    ----------
    input_dim : size of an input.
    encoding_dim : size of the code.
    hidden_dims : widths of the encoder's hidden layers; the decoder has them in reverse order.
    activation : after each hidden layer: "relu", "tanh" or "identity" (a linear model).
    device, dtype : of the parameters.

    Raises
    ------
    WrongArgument : for a size below one or an unknown activation.
    """

    def __init__(
        self,
        input_dim: int,
        encoding_dim: int,
        hidden_dims: Sequence[int] = (128,),
        activation: Literal["relu", "tanh", "identity"] = "relu",
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__(input_dim, encoding_dim)
        if isinstance(hidden_dims, str) or not isinstance(hidden_dims, Sequence):
            raise WrongArgument(f"hidden_dims is {hidden_dims!r}; it must be a list of widths.")
        widths = [require_whole("hidden_dims' entry", width) for width in hidden_dims]
        require_option("activation", activation, tuple(HIDDEN_ACTIVATIONS))
        self.config = {
            "input_dim": self.input_dim,
            "encoding_dim": self.latent_dim,
            "hidden_dims": widths,
            "activation": activation,
            "dtype": dtype_name(named_dtype(dtype)),
        }
        place = placement(device, named_dtype(dtype))
        sizes = [self.input_dim, *widths, self.latent_dim]
        self.encoder = _stack(sizes, activation, place)
        self.decoder = _stack(sizes[::-1], activation, place)

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """What the encoder gives after each activation function, and last the code."""
        kept = []
        for layer in self.encoder:
            x = layer(x)
            if not isinstance(layer, nn.Linear):
                kept.append(x)
        return (*kept, x)

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, encoding_dim) → reconstructions (batch, input_dim)."""
        return self.decoder(z)


def _stack(sizes: Sequence[int], activation: str, place: dict[str, Any]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after, **place), HIDDEN_ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])  # no activation after the last layer


class ReluAutoencoder(Autoencoder):
    """Linear, ReLU, linear: the autoencoder with F features.

        features = ReLU(A x + b)          x̂ = C features + d

    Nothing constrains C: this is what a sparse autoencoder is before unit-norm atoms and a
    sparsity penalty.

    Parameters
    ----------
    input_dim : size of an input.
    features : F, size of the code.
    device, dtype : of the parameters.
    """

    def __init__(
        self,
        input_dim: int,
        features: int,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        super().__init__(input_dim, features)
        dtype = named_dtype(dtype)
        place = placement(device, dtype)
        self.config = {
            "input_dim": self.input_dim,
            "features": self.latent_dim,
            "dtype": dtype_name(dtype),
        }
        self.encoder_linear = nn.Linear(self.input_dim, self.latent_dim, **place)
        self.decoder_linear = nn.Linear(self.latent_dim, self.input_dim, **place)

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """The code alone: there is one layer."""
        return (self.encoder_linear(x).relu(),)

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, features) → reconstructions (batch, input_dim)."""
        return self.decoder_linear(z)
