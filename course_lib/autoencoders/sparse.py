"""The sparse autoencoder: a code in which few latents are active, and a dictionary of atoms.

Inputs and codes are rows. One layer, the usual form today (Bricken et al., 2023, who also subtract
c from x first; that can be moved into b):

    z = act(x Wᵀ + b)                                     x̂ = z D + c

Two layers, the default here:

    h = ReLU(x W₁ᵀ + b₁)     z = act(h W₂ᵀ + b₂)          h' = ReLU(z W₃ᵀ + b₃)     x̂ = h' D + c

D has one atom a row, each of unit norm. With one layer this keeps the model from making codes as
small as it likes, and the penalty with them, by making atoms longer. With two layers that way out
stays open: W₃ can grow as codes shrink. Prefer one layer when codes should be sparse.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.autoencoders.dictionary import DictionaryDecoder, fold_norm_
from course_lib.autoencoders.sparse_base import SparseModel


class SparseAutoencoder(SparseModel):
    """A sparse autoencoder with unit-norm atoms."""

    def build_layers(self, **place: Any) -> None:
        """Make encoder and decoder, of one layer each or two."""
        if self.layers == 1:
            self.encoder = nn.Linear(self.input_dim, self.latent_dim, **place)
            self.decoder = DictionaryDecoder(self.latent_dim, self.input_dim, **place)
            self._start_with_own_atoms()
        else:
            self.encoder_hidden = nn.Linear(self.input_dim, self.hidden_dim, **place)
            self.encoder = nn.Linear(self.hidden_dim, self.latent_dim, **place)
            self.decoder_hidden = nn.Linear(self.latent_dim, self.hidden_dim, **place)
            self.decoder = DictionaryDecoder(self.hidden_dim, self.input_dim, **place)

    @torch.no_grad()
    def _start_with_own_atoms(self) -> None:
        """Each latent starts by looking for its own atom.

        Of F random atoms in d dimensions, half answer to an input. Together they give F / (2d) · x
        on average. With more than d atoms the encoder therefore starts smaller, so that the first
        reconstructions are about half as large as the inputs.
        """
        self.encoder.weight.copy_(self.dictionary)
        self.encoder.weight.mul_(min(1.0, self.input_dim / self.latent_dim))
        self.encoder.bias.zero_()

    @property
    def dictionary(self) -> Tensor:
        """The atoms that reconstructions are sums of: (atoms, input_dim), unit-norm rows.

        With one layer there is an atom for each latent; with two, for each hidden unit of the
        decoder.
        """
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
        fold_norm_(self.decoder.weight)

    def fold_norm(self) -> None:
        """Called when training ends: see `normalize_decoder_weights_row_wise`."""
        self.normalize_decoder_weights_row_wise()
