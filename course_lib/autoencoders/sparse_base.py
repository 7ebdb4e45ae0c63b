"""What the sparse models share: their options, their activation function and the penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from course_lib import losses
from course_lib.arguments import require_option, require_whole
from course_lib.autoencoders.activations import Activation
from course_lib.autoencoders.base import Autoencoder, dtype_name, named_dtype, placement
from course_lib.errors import WrongArgument


class SparseModel(Autoencoder):
    """Base of the sparse models: their parameters and checks."""

    l1_sparsity_loss = staticmethod(losses.l1_sparsity_loss)
    kl_divergence_sparsity_loss = staticmethod(losses.kl_divergence_sparsity_loss)
    hoyer_sparsity_loss = staticmethod(losses.hoyer_sparsity_loss)

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
        """Check the options and make the layers.

        Parameters
        ----------
        input_dim, latent_dim : sizes of an input and of a code.
        device, dtype : of the parameters.
        layers : of encoder and decoder each: 2, or 1 for the usual form.
        hidden_dim : width of the hidden layers when there are two; twice `latent_dim` if left out.
        activation : "relu", "sigmoid", "soft_threshold", "hard_threshold" or "topk".
        threshold : θ of the two thresholds. k : latents that "topk" keeps.
        batch_norm : normalise each latent's pre-activation over the batch (Ioffe and Szegedy,
            2015).
        checkpoint_gradients : save memory in training, at the price of a second forward pass.

        Raises
        ------
        WrongArgument : for a size below one, a device that is not there, an integer dtype, an
            unknown activation, or options that do not go together.
        """
        super().__init__(input_dim, latent_dim)
        dtype = named_dtype(dtype)
        place = placement(device, dtype)
        self.layers = require_option("layers", layers, (1, 2))
        self.activation = Activation(activation, self.latent_dim, threshold, k)
        if layers == 1 and hidden_dim is not None:
            raise WrongArgument(
                f"hidden_dim is {hidden_dim}, but a model with layers=1 has no hidden layer. "
                "Leave it out, or use layers=2."
            )
        if layers == 2:
            hidden = 2 * self.latent_dim if hidden_dim is None else hidden_dim
            self.hidden_dim = require_whole("hidden_dim", hidden)
        require_option("batch_norm", batch_norm, (True, False))
        require_option("checkpoint_gradients", checkpoint_gradients, (True, False))
        if batch_norm and checkpoint_gradients:
            raise WrongArgument(
                "batch_norm and checkpoint_gradients do not go together: checkpointing runs the "
                "encoder twice, and the running mean would be updated twice. Choose one."
            )
        self.batch_norm = nn.BatchNorm1d(self.latent_dim, **place) if batch_norm else None
        self.checkpoint_gradients = checkpoint_gradients
        self.config |= {
            "dtype": dtype_name(dtype),
            "layers": layers,
            "hidden_dim": self.hidden_dim if layers == 2 else None,
            "activation": activation,
            "threshold": self.activation.threshold,
            "k": self.activation.k,
            "batch_norm": batch_norm,
            "checkpoint_gradients": checkpoint_gradients,
        }
        self.build_layers(**place)

    def build_layers(self, **place: Any) -> None:
        """Make the parameters; `place` says on which device and in which dtype."""
        raise NotImplementedError

    @property
    def dictionary(self) -> Tensor:
        """The atoms that reconstructions are sums of: (atoms, input_dim), unit-norm rows.

        With one layer there is an atom for each latent, with two for each hidden unit of the
        decoder.
        """
        raise NotImplementedError

    def code(self, pre_activations: Tensor) -> Tensor:
        """The last encoder layer's pre-activations (batch, latent_dim) → code of that shape."""
        if self.batch_norm is not None:
            rows = pre_activations.reshape(
                -1, self.latent_dim
            )  # torch takes a third dimension otherwise
            if self.training and len(rows) < 2:
                raise WrongArgument(
                    "A single code has no variance, so batch_norm cannot train on it. Give more "
                    "inputs at once, or call model.eval() first."
                )
            pre_activations = self.batch_norm(rows).reshape(pre_activations.shape)
        return self.activation(pre_activations)

    def remember_less(self, run: Callable[..., Any], *inputs: Tensor) -> Any:
        """`run(*inputs)`; with `checkpoint_gradients`, what lies between is computed again in the
        backward pass instead of being kept (Chen et al., 2016)."""
        if self.checkpoint_gradients and self.training and torch.is_grad_enabled():
            return checkpoint(run, *inputs, use_reentrant=False)
        return run(*inputs)
