"""A training loop with a small model, its batches and its optimiser: what it leaves behind."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.stages import without_drawing

OPTIMISERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
Batches = list[tuple[Tensor, Tensor]]


def small_model(inputs: int, outputs: int, hidden: int, dtype: torch.dtype) -> nn.Sequential:
    """A linear layer, or a network with one hidden layer of `hidden` ReLU units."""
    with without_drawing():
        layers: list[nn.Module] = [nn.Linear(inputs, hidden or outputs)]
        if hidden:
            layers += [nn.ReLU(), nn.Linear(hidden, outputs)]
    return nn.Sequential(*layers).to(dtype)


@dataclass
class Followed:
    """What has been seen of a loop so far."""

    calls: list[str] = field(default_factory=list)
    given: Batches = field(default_factory=list)
    batches: Batches = field(default_factory=list)  # copies of those given
    handed: Batches = field(default_factory=list)  # the list that the answer has; it may spoil it

    def facts(self) -> dict[str, Any]:
        """The calls in their order, and whether the list of batches or a tensor has changed."""
        same_pairs = len(self.handed) == len(self.batches) and all(
            map(operator.is_, self.handed, self.batches)
        )
        same_values = all(
            torch.equal(a, c) and torch.equal(b, d)
            for (a, b), (c, d) in zip(self.given, self.batches, strict=True)
        )
        return {"calls": list(self.calls), "changed": not (same_pairs and same_values)}


_last = Followed()


def stage(
    answer: Callable,
    inputs: Tensor,
    targets: Tensor,
    hidden: int,
    weights: Mapping[str, Tensor],
    settings: Mapping[str, Any],
    epochs: int,
) -> dict[str, Any]:
    """Let the answer train a model.

    inputs (batches, rows, in) and targets (batches, rows, out). weights : of `small_model`.
    settings : of the optimiser; "kind" is its name.
    Returns what the answer returned as "losses", the "weights" afterwards, and the facts.
    """
    global _last
    model = small_model(inputs.shape[-1], targets.shape[-1], hidden, inputs.dtype)
    model.load_state_dict(weights)
    options = {name: value for name, value in settings.items() if name != "kind"}
    optimizer = OPTIMISERS[settings["kind"]](model.parameters(), **options)
    given = list(zip(inputs, targets, strict=True))
    batches = [(a.clone(), b.clone()) for a, b in given]
    followed = _last = Followed([], given, batches, list(batches))
    _follow(model, optimizer, followed.calls)
    losses = answer(model, followed.handed, optimizer, epochs)
    after = {name: weight.detach() for name, weight in model.named_parameters()}
    return {"losses": losses, "weights": after, **followed.facts()}


def facts(answer: Callable) -> dict[str, Any]:
    """The facts of the last loop: where the answer stopped with an error, it has returned none."""
    return _last.facts()


def _follow(model: nn.Module, optimizer: torch.optim.Optimizer, calls: list[str]) -> None:
    """Write down which of the three lines of a training step are called."""

    def written_down(name: str, call: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return call(*args, **kwargs)

        return called

    optimizer.step = written_down("step", optimizer.step)
    optimizer.zero_grad = written_down("zero_grad", optimizer.zero_grad)
    model.zero_grad = written_down("zero_grad", model.zero_grad)
    first = next(model.parameters())
    first.register_post_accumulate_grad_hook(lambda _: calls.append("backward"))
