"""The dense siblings of the sparse models: the same layers, no penalty, no unit-norm atoms.

    h = ReLU(W₁ x + b₁)     z = ReLU(W₂ h + b₂)     h' = ReLU(W₃ z + b₃)     x̂ = W₄ h' + b₄

Tied weights use each matrix twice: W₃ = W₂ᵀ and W₄ = W₁ᵀ. Only the biases stay separate.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.arguments import require_whole
from course_lib.autoencoders.base import Autoencoder, dtype_name, named_dtype, placement


class StandardAutoencoder(Autoencoder):
    """Two-layer encoder and decoder with ReLU: `SparseAutoencoder` without what makes it sparse.

    Parameters
    ----------
    input_dim, latent_dim : sizes of an input and of a code.
    device, dtype : of the parameters.
    hidden_dim : width of the hidden layers; twice `latent_dim` if left out.

    Raises
    ------
    WrongArgument : for a size below one, a device that is not there, or an integer dtype.
    """

    def __init__(
        self,
        input_dim: int,
        latent_dim: int,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        hidden_dim: int | None = None,
    ):
        super().__init__(input_dim, latent_dim)
        place = placement(device, dtype := named_dtype(dtype))
        hidden = (
            2 * self.latent_dim if hidden_dim is None else require_whole("hidden_dim", hidden_dim)
        )
        self.config |= {"dtype": dtype_name(dtype), "hidden_dim": hidden}
        self.encoder_hidden = nn.Linear(self.input_dim, hidden, **place)
        self.encoder = nn.Linear(hidden, self.latent_dim, **place)
        self.decoder_hidden = nn.Linear(self.latent_dim, hidden, **place)
        self.decoder = nn.Linear(hidden, self.input_dim, **place)

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """Hidden layer (batch, hidden_dim) and code (batch, latent_dim)."""
        h = self.encoder_hidden(x).relu()
        return h, self.encoder(h).relu()

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        return self.decoder(self.decoder_hidden(z).relu())


class TiedWeightAutoencoder(Autoencoder):
    """`StandardAutoencoder` whose decoder uses the encoder's matrices, transposed.

    Parameters and errors are those of `StandardAutoencoder`.
    """

    def __init__(
        self,
        input_dim: int,
        latent_dim: int,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        hidden_dim: int | None = None,
    ):
        super().__init__(input_dim, latent_dim)
        place = placement(device, dtype := named_dtype(dtype))
        hidden = (
            2 * self.latent_dim if hidden_dim is None else require_whole("hidden_dim", hidden_dim)
        )
        self.config |= {"dtype": dtype_name(dtype), "hidden_dim": hidden}
        self.encoder_hidden = nn.Linear(self.input_dim, hidden, **place)
        self.encoder = nn.Linear(hidden, self.latent_dim, **place)
        self.decoder_hidden_bias = nn.Parameter(torch.zeros(hidden, **place))
        self.decoder_bias = nn.Parameter(torch.zeros(self.input_dim, **place))

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """Hidden layer (batch, hidden_dim) and code (batch, latent_dim)."""
        h = self.encoder_hidden(x).relu()
        return h, self.encoder(h).relu()

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        h = F.linear(z, self.encoder.weight.T, self.decoder_hidden_bias).relu()
        return F.linear(h, self.encoder_hidden.weight.T, self.decoder_bias)
