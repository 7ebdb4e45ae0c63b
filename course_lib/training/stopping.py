"""Early stopping (Prechelt, 1998): stop when the validation loss has ceased to fall, and go back to
the weights with which it was lowest."""

from __future__ import annotations

import math

from torch import Tensor, nn


class EarlyStopping:
    """Remembers the best weights, and how long ago they were.

    Parameters
    ----------
    patience : records without improvement before training stops.
    min_improvement : how much lower a loss must be to count as better.
    """

    def __init__(self, patience: int, min_improvement: float):
        self.patience, self.min_improvement = patience, min_improvement
        self.best_loss = math.inf
        self.best: dict[str, Tensor] | None = None
        self.without_improvement = 0

    def look_at(self, loss: float, model: nn.Module) -> None:
        """Take note of a validation loss, and of the weights if it is the lowest."""
        if loss < self.best_loss - self.min_improvement:
            self.best_loss, self.without_improvement = loss, 0
            weights = model.state_dict()
            self.best = {name: value.detach().clone() for name, value in weights.items()}
        else:
            self.without_improvement += 1

    @property
    def is_time(self) -> bool:
        """Whether patience is at its end."""
        return self.without_improvement >= self.patience

    def restore(self, model: nn.Module) -> None:
        """Give the model the best weights back, if there are any."""
        if self.best is not None:
            model.load_state_dict(self.best)
