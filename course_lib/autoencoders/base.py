"""What all autoencoders of the course share.

z = encode(x)          x̂ = decode(z)          forward(x) = decode(encode(x))
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.arguments import require_device, require_whole
from course_lib.errors import WrongArgument

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


class Autoencoder(nn.Module):
    """Base of the course's models.

    input_dim, latent_dim : sizes of an input and of a code.
    config : the constructor's arguments, as JSON can hold them; enough to build the model again.
    """

    config: dict[str, Any]

    def __init__(self, input_dim: int, latent_dim: int, **config: Any):
        super().__init__()
        self.input_dim = require_whole("input_dim", input_dim)
        self.latent_dim = require_whole("latent_dim", latent_dim)
        self.config = {"input_dim": self.input_dim, "latent_dim": self.latent_dim, **config}

    def encode(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → codes (batch, latent_dim).

        Raises `WrongArgument` for another width, dtype or device than the model's.
        """
        self._require("x", x, self.input_dim)
        return self.encoder_activations(x)[-1]

    def encoder_activations(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each layer of the encoder gives, first to last; the last is the code."""
        raise NotImplementedError

    def decode(self, z: Tensor) -> Tensor:
        """Codes (batch, latent_dim) → reconstructions (batch, input_dim).

        Raises `WrongArgument` for another width, dtype or device than the model's.
        """
        self._require("z", z, self.latent_dim)
        return self.reconstruct(z)

    def reconstruct(self, z: Tensor) -> Tensor:
        """`decode` without its checks."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim)."""
        return self.decode(self.encode(x))

    def fold_norm(self) -> None:
        """Make stored weights hold what the model's constraint asks; called when training ends.

        What the model computes stays the same. Most models have no constraint.
        """

    def _apply(self, fn: Any, recurse: bool = True) -> Autoencoder:
        super()._apply(fn, recurse)  # what .double() and .to() call: the config keeps up
        if "dtype" in self.config:
            self.config["dtype"] = dtype_name(next(self.parameters()).dtype)
        return self

    def _require(self, name: str, value: Tensor, width: int) -> None:
        if not isinstance(value, Tensor) or value.ndim < 1 or value.shape[-1] != width:
            given = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise WrongArgument(f"{name} is {given}; it must be a tensor (batch, {width}).")
        parameter = next(self.parameters())
        if value.device.type != parameter.device.type:
            raise WrongArgument(
                f"{name} is on {value.device} and the model on {parameter.device}; bring them "
                f"together: {name}.to({str(parameter.device)!r})."
            )
        if value.dtype != parameter.dtype and not torch.is_autocast_enabled(value.device.type):
            raise WrongArgument(
                f"{name} has dtype {value.dtype} and the model {parameter.dtype}; convert one: "
                f"{name}.to({parameter.dtype})."
            )


def placement(device: str | torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """`device` and `dtype` checked, as keyword arguments for torch's layers.

    Raises `WrongArgument` for a device that is unknown or not on this machine, or for a dtype that
    is not floating-point.
    """
    if dtype not in DTYPES:
        raise WrongArgument(
            f"dtype is {dtype!r}; it must be floating-point, as torch.float32 (or float16, "
            "bfloat16, float64)."
        )
    return {"device": require_device(device), "dtype": dtype}


def dtype_name(dtype: torch.dtype) -> str:
    """ "float32" for torch.float32, as a config stores it."""
    return str(dtype).removeprefix("torch.")


def named_dtype(dtype: torch.dtype | str) -> torch.dtype:
    """The dtype itself, or the one that a config's name stands for."""
    return getattr(torch, dtype, dtype) if isinstance(dtype, str) else dtype
