"""The sparse autoencoder: a code in which few latents are active, and a dictionary of atoms.

One layer, the usual form today (Bricken et al., 2023):

    z = act(W x + b)                                   x̂ = z D + c

Two layers, the default here:

    h = ReLU(W₁ x + b₁)     z = act(W₂ h + b₂)         h' = ReLU(W₃ z + b₃)     x̂ = h' D + c

D has one atom a row, each of unit norm. Otherwise the model could make codes as small as it likes,
and the penalty with them, by making atoms longer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_lib.autoencoders.dictionary import DictionaryDecoder
from course_lib.autoencoders.sparse_base import SparseModel


class SparseAutoencoder(SparseModel):
    """A sparse autoencoder with unit-norm atoms.

    Parameters
    ----------
    input_dim, latent_dim : sizes of an input and of a code.
    device, dtype : of the parameters.
    layers : of encoder and decoder each: 2, or 1 for the usual form.
    hidden_dim : width of the hidden layers when there are two; twice `latent_dim` if left out.
    activation : "relu", "sigmoid", "soft_threshold", "hard_threshold" or "topk".
    threshold : θ of the two thresholds. k : latents that "topk" keeps.
    batch_norm : normalise the sums of each latent over the batch before the activation function
        (Ioffe and Szegedy, 2015).
    checkpoint_gradients : save memory in training, at the price of a second forward pass.

    Raises
    ------
    WrongArgument : for a size below one, a device that is not there, an integer dtype, an unknown
        activation, or options that do not go together.
    """

    def __init__(
        self,
        input_dim: int,
        latent_dim: int,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        *,
        layers: int = 2,
        hidden_dim: int | None = None,
        activation: str = "relu",
        threshold: float | None = None,
        k: int | None = None,
        batch_norm: bool = False,
        checkpoint_gradients: bool = False,
    ):
        super().__init__(
            input_dim, latent_dim, device, dtype, layers, hidden_dim,
            activation, threshold, k, batch_norm, checkpoint_gradients,
        )  # fmt: skip
        if layers == 1:
            self.encoder = nn.Linear(self.input_dim, self.latent_dim, **self.place)
            self.decoder = DictionaryDecoder(self.latent_dim, self.input_dim, **self.place)
            self._start_with_own_atoms()
        else:
            self.encoder_hidden = nn.Linear(self.input_dim, self.hidden_dim, **self.place)
            self.encoder = nn.Linear(self.hidden_dim, self.latent_dim, **self.place)
            self.decoder_hidden = nn.Linear(self.latent_dim, self.hidden_dim, **self.place)
            self.decoder = DictionaryDecoder(self.hidden_dim, self.input_dim, **self.place)

    @torch.no_grad()
    def _start_with_own_atoms(self) -> None:
        """Each latent starts by looking for its own atom.

        Of F random atoms in d dimensions half answer to an input, and together they give
        F / (2d) · x on average. With more than 2d atoms the encoder starts that much smaller, so
        that the first reconstructions are about as large as the inputs.
        """
        self.encoder.weight.copy_(self.decoder.weight)
        self.encoder.weight.mul_(min(1.0, 2 * self.input_dim / self.latent_dim))
        self.encoder.bias.zero_()

    @property
    def dictionary(self) -> Tensor:
        """The atoms that reconstructions are sums of: (atoms, input_dim), unit-norm rows."""
        return self.decoder.dictionary

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each layer of the encoder gives; the last is the code (batch, latent_dim)."""
        return self.remember_less(self._encoder_activations, x)

    def _encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        if self.layers == 1:
            return (self.code(self.encoder(x)),)
        h = self.encoder_hidden(x).relu()  # (batch, hidden_dim)
        return h, self.code(self.encoder(h))

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        return self.remember_less(self._reconstruct, z)

    def _reconstruct(self, z: Tensor) -> Tensor:
        if self.layers == 2:
            z = self.decoder_hidden(z).relu()  # (batch, hidden_dim)
        return self.decoder(z)

    def normalize_decoder_weights_row_wise(self) -> None:
        """Fold the unit norm into the stored dictionary (atoms, input_dim), row by row.

        `forward` divides the norms out anyway, so what the model computes stays the same.
        """
        self.decoder.fold_norm()

    def fold_norm(self) -> None:
        """See `normalize_decoder_weights_row_wise`; called after each training step."""
        self.decoder.fold_norm()
