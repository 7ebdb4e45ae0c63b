"""The dense siblings of the sparse models: the same layers, no penalty, no unit-norm atoms.

    h = ReLU(x W₁ᵀ + b₁)     z = ReLU(h W₂ᵀ + b₂)     h' = ReLU(z W₃ᵀ + b₃)     x̂ = h' W₄ᵀ + b₄

Inputs and codes are rows. Tied weights use each matrix twice: W₃ = W₂ᵀ and W₄ = W₁ᵀ. Only the
biases stay separate.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.arguments import require_whole
from course_lib.autoencoders.base import Autoencoder, dtype_name, named_dtype, placement


class DenseModel(Autoencoder):
    """Base of the two: their parameters and the encoder they share."""

    def __init__(
        self,
        input_dim: int,
        latent_dim: int,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        hidden_dim: int | None = None,
    ):
        """Check the options and make the layers.

        Parameters
        ----------
        input_dim, latent_dim : sizes of an input and of a code.
        device, dtype : of the parameters.
        hidden_dim : width of the hidden layers; twice `latent_dim` if left out.

        Raises
        ------
        WrongArgument : for a size below one, a device that is not there, or an integer dtype.
        """
        super().__init__(input_dim, latent_dim)
        dtype = named_dtype(dtype)
        place = placement(device, dtype)
        hidden = 2 * self.latent_dim if hidden_dim is None else hidden_dim
        self.hidden_dim = require_whole("hidden_dim", hidden)
        self.config |= {"dtype": dtype_name(dtype), "hidden_dim": self.hidden_dim}
        self.encoder_hidden = nn.Linear(self.input_dim, self.hidden_dim, **place)
        self.encoder = nn.Linear(self.hidden_dim, self.latent_dim, **place)
        self.build_decoder(**place)

    def build_decoder(self, **place: Any) -> None:
        """Make the decoder's parameters; `place` says on which device and in which dtype."""
        raise NotImplementedError

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """Hidden layer (batch, hidden_dim) and code (batch, latent_dim)."""
        h = self.encoder_hidden(x).relu()
        return h, self.encoder(h).relu()


class StandardAutoencoder(DenseModel):
    """Two-layer encoder and decoder with ReLU: `SparseAutoencoder` without what makes it sparse."""

    def build_decoder(self, **place: Any) -> None:
        """Two layers of its own."""
        self.decoder_hidden = nn.Linear(self.latent_dim, self.hidden_dim, **place)
        self.decoder = nn.Linear(self.hidden_dim, self.input_dim, **place)

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        return self.decoder(self.decoder_hidden(z).relu())


class TiedWeightAutoencoder(DenseModel):
    """`StandardAutoencoder` whose decoder uses the encoder's matrices, transposed."""

    def build_decoder(self, **place: Any) -> None:
        """Only biases: the matrices are the encoder's."""
        self.decoder_hidden_bias = nn.Parameter(torch.zeros(self.hidden_dim, **place))
        self.decoder_bias = nn.Parameter(torch.zeros(self.input_dim, **place))

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        h = F.linear(z, self.encoder.weight.T, self.decoder_hidden_bias).relu()
        return F.linear(h, self.encoder_hidden.weight.T, self.decoder_bias)
