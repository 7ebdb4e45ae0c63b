"""A language model and one of its blocks, for an answer that hooks it: what is left behind.

An answer that hooks a model may leave things behind: a hook, another mode, frozen weights, a graph
of gradients. Or it may take away what was there: the hook of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.autoencoders import SparseAutoencoder
from course_lib.language_model import LanguageModel
from course_lib.stages import without_drawing

HOOKS, OTHERS, MODE, WEIGHTS, GRAPH = (
    "hooks left behind",
    "hooks of others",
    "mode afterwards",
    "weights afterwards",
    "gradient of the result",
)
STOPPED, WENT_ON = "the model's IndexError", "no IndexError of the model"  # what comes of it

# -- models as plain data -------------------------------------------------------------------------


def language_model(
    config: Mapping[str, int],
    dropout: float = 0.0,
    weights: Mapping[str, Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
    training: bool = False,
) -> LanguageModel:
    """A model with these weights (without: of any values), each MLP with dropout behind it."""
    with torch.device("meta"):  # no weights are drawn, to be replaced at once
        model = LanguageModel(**config)
    model = model.to_empty(device="cpu").to(dtype)
    for block in model.blocks:
        if dropout:
            block.mlp.append(nn.Dropout(dropout))
    if weights is not None:
        model.load_state_dict(weights)
    return model.requires_grad_(True).train(training)


def as_plain(value: Any, model: LanguageModel) -> Any:
    """An argument of a case as plain data; `built` is the way back. model : the case's."""
    if value is model:
        weights = dict(model.state_dict())
        dropouts = [part.p for part in model.modules() if isinstance(part, nn.Dropout)]
        return {
            "config": dict(model.config),
            "dropout": dropouts[0] if dropouts else 0.0,
            "weights": weights,
            "dtype": next(iter(weights.values())).dtype,
            "training": model.training,
        }
    if isinstance(value, SparseAutoencoder):
        return {"autoencoder": dict(value.config), "weights": dict(value.state_dict())}
    if isinstance(value, nn.Module):
        return {"block": next(i for i, block in enumerate(model.blocks) if block is value)}
    return value


def built(plain: Sequence[Any]) -> list[Any]:
    """The arguments of an answer; the model comes first."""
    model = language_model(**plain[0])
    arguments: list[Any] = [model]
    for value in plain[1:]:
        if isinstance(value, Mapping) and "block" in value:
            arguments.append(model.blocks[value["block"]])
        elif isinstance(value, Mapping):
            with without_drawing():
                autoencoder = SparseAutoencoder(**value["autoencoder"])
            autoencoder.load_state_dict(value["weights"])
            arguments.append(autoencoder.eval())
        else:
            arguments.append(value)
    return arguments


# -- what an answer leaves behind -----------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """What an answer may change in a model."""

    hooks: frozenset[tuple[int, int]]  # number of the part, number of the hook
    modes: tuple[bool, ...]
    weights: tuple[tuple[bool, int], ...]  # requires_grad, and how often it was written to


def _state(model: nn.Module) -> State:
    parts, weights = list(model.modules()), list(model.parameters())
    return State(
        frozenset((i, hook) for i, part in enumerate(parts) for hook in part._forward_hooks),
        tuple(part.training for part in parts),
        tuple((weight.requires_grad, weight._version) for weight in weights),
    )


def _of_somebody_else(module: nn.Module, inputs: Any, output: Any) -> None:
    """A hook that does nothing."""


def stage(answer: Callable, stops: str | None, *plain: Any) -> tuple[Any, dict[str, bool]]:
    """Let the answer work on a model, its block (the second argument), and other things.

    stops : the message of the IndexError with which the model stops; None if it runs through.
    plain : the answer's arguments, see `as_plain`. A hook of somebody else is on the block already.
    Returns its result (in words where the model stops), and what is found on the model afterwards.
    """
    arguments = built(plain)
    model = arguments[0]
    arguments[1].register_forward_hook(_of_somebody_else)
    before = _state(model)
    try:
        result = answer(*arguments)
        if stops:
            result = WENT_ON
    except IndexError as error:
        if not stops:
            raise
        result = STOPPED if str(error) == stops else WENT_ON
    after = _state(model)
    return result, {
        HOOKS: bool(after.hooks - before.hooks),
        OTHERS: bool(before.hooks - after.hooks),
        MODE: before.modes != after.modes,
        WEIGHTS: before.weights != after.weights,
        GRAPH: isinstance(result, Tensor) and result.requires_grad,
    }
