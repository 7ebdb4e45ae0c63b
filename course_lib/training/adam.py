"""Adam's step without its ceremony.

`torch.optim.Adam.step` looks at hooks, profilers and compilers each time. For a small model that
takes as long as the arithmetic. `AdamStep` calls the same fused arithmetic on the same state: the
optimiser keeps the moments, the counts and the learning rate, so checkpoints and schedules do not
see the difference. A test compares the weights.
"""

from __future__ import annotations

import torch
from torch.optim.adam import adam


class AdamStep:
    """Steps of a fused `torch.optim.Adam` whose parameters all have gradients.

    The optimiser makes the first step itself, and its state with it.
    """

    def __init__(self, optimizer: torch.optim.Adam):
        self.optimizer = optimizer
        self.state: dict[str, list[torch.Tensor]] | None = None

    @torch.no_grad()
    def __call__(self) -> None:
        """Change the parameters by one step."""
        (group,) = self.optimizer.param_groups  # a loaded state brings groups of its own
        if self.state is None:
            if not self.optimizer.state:
                self.optimizer.step()
                return
            of = [self.optimizer.state[p] for p in group["params"]]
            self.state = {name: [s[name] for s in of] for name in ("exp_avg", "exp_avg_sq", "step")}
        beta1, beta2 = group["betas"]
        adam(
            group["params"],
            [p.grad for p in group["params"]],
            self.state["exp_avg"],
            self.state["exp_avg_sq"],
            [],
            self.state["step"],
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )
