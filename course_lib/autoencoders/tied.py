"""The sparse autoencoder with tied weights: the encoder looks for the atoms that the decoder adds.

One layer:

    z = act(x Dᵀ + b)                                     x̂ = z D + c

Two layers:

    h = ReLU(x Dᵀ + b₁)      z = act(h Wᵀ + b₂)           h' = ReLU(z W + b₃)       x̂ = h' D + c

D has one atom a row, each of unit norm, wherever it is used. Encoder and decoder share all
matrices, which leaves about half the parameters.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.autoencoders.dictionary import fold_norm_, start_atoms_, unit_norm
from course_lib.autoencoders.sparse_base import SparseModel


class TiedWeightSparseAutoencoder(SparseModel):
    """`SparseAutoencoder` with one set of matrices for encoder and decoder."""

    def build_layers(self, **place: Any) -> None:
        """Make the shared matrices, and a bias for each direction."""
        atoms = self.latent_dim if self.layers == 1 else self.hidden_dim
        self.weight = nn.Parameter(torch.empty(atoms, self.input_dim, **place))
        start_atoms_(self.weight)
        self.encoder_bias = nn.Parameter(torch.zeros(atoms, **place))
        self.decoder_bias = nn.Parameter(torch.zeros(self.input_dim, **place))
        if self.layers == 2:
            self.encoder = nn.Linear(self.hidden_dim, self.latent_dim, **place)
            self.decoder_hidden_bias = nn.Parameter(torch.zeros(self.hidden_dim, **place))

    @property
    def dictionary(self) -> Tensor:
        """The atoms that reconstructions are sums of: (atoms, input_dim), unit-norm rows.

        With one layer there is an atom for each latent; with two, for each hidden unit of the
        decoder.
        """
        return unit_norm(self.weight)

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each layer of the encoder gives; the last is the code (batch, latent_dim)."""
        return self.remember_less(self._encoder_activations, x)

    def _encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        pre_activations = F.linear(x, self.dictionary, self.encoder_bias)  # (batch, atoms)
        if self.layers == 1:
            return (self.code(pre_activations),)
        h = pre_activations.relu()
        return h, self.code(self.encoder(h))

    def reconstruct(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim)."""
        return self.remember_less(self._reconstruct, z)

    def _reconstruct(self, z: Tensor) -> Tensor:
        if self.layers == 2:
            z = F.linear(z, self.encoder.weight.T, self.decoder_hidden_bias).relu()
        return z @ self.dictionary + self.decoder_bias

    def normalize_weights_row_wise(self) -> None:
        """Fold the unit norm into the stored dictionary (atoms, input_dim), row by row.

        Encoder and decoder divide the norms out anyway: what the model computes stays the same.
        """
        fold_norm_(self.weight)

    def fold_norm(self) -> None:
        """Called when training ends: see `normalize_weights_row_wise`."""
        self.normalize_weights_row_wise()
