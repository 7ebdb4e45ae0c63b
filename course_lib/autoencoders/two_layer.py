"""The autoencoder of units 1 and 2: two linear layers down to a code, two back up.

Without an activation the whole model is one linear map:

    code = W2 (W1 x + b1) + b2          reconstruction = W4 (W3 code + b3) + b4

With ReLU after the first encoder and the first decoder layer, the code and the output stay
free to be negative, and the model is no longer linear.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from course_lib.arguments import require_whole
from course_lib.errors import WrongArgument


class TwoLayerAutoencoder(nn.Module):
    """Two-layer encoder and decoder with a hidden width of twice the code.

    Parameters
    ----------
    input_dim : size of an input vector.
    encoding_dim : size of the code.
    activation : None for a purely linear model, "relu" for ReLU after the first layer of the
        encoder and of the decoder.

    Raises
    ------
    WrongArgument : for a size below one or an unknown activation.
    """

    def __init__(
        self, input_dim: int, encoding_dim: int, activation: Literal["relu"] | None = None
    ):
        super().__init__()
        require_whole("input_dim", input_dim)
        require_whole("encoding_dim", encoding_dim)
        if activation not in (None, "relu"):
            raise WrongArgument(f"activation is {activation!r}; it must be None or 'relu'.")
        hidden_dim = 2 * encoding_dim
        self.encoder_linear1 = nn.Linear(input_dim, hidden_dim)
        self.encoder_linear2 = nn.Linear(hidden_dim, encoding_dim)
        self.decoder_linear1 = nn.Linear(encoding_dim, hidden_dim)
        self.decoder_linear2 = nn.Linear(hidden_dim, input_dim)
        self.activation = activation

    def _hidden(self, h: Tensor) -> Tensor:
        return torch.relu(h) if self.activation == "relu" else h

    def encode(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → codes (batch, encoding_dim)."""
        h = self._hidden(self.encoder_linear1(x))  # (batch, 2 * encoding_dim)
        return self.encoder_linear2(h)  # (batch, encoding_dim)

    def decode(self, code: Tensor) -> Tensor:
        """Codes (batch, encoding_dim) → reconstructions (batch, input_dim)."""
        h = self._hidden(self.decoder_linear1(code))  # (batch, 2 * encoding_dim)
        return self.decoder_linear2(h)  # (batch, input_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim) and codes."""
        code = self.encode(x)
        return self.decode(code), code
