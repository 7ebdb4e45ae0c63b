"""Hooks: what a module puts out, recorded, changed, or taken at the end of a short forward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.errors import WrongArgument


@contextmanager
def record_output(module: nn.Module) -> Iterator[list[Tensor]]:
    """Keep what `module` puts out, as long as the `with` block lasts.

    Gives a list, to which every forward pass of the module adds its output. Of a tuple, as some
    blocks of Hugging Face models return, it is the first entry. What is kept is a copy without a
    gradient: later steps in place do not change it, and it does not hold the model's graph in
    memory.

    Raises `WrongArgument` when `module` is no module, or puts out no tensor.
    """
    require_module("module", module)
    outputs: list[Tensor] = []

    def record(_: nn.Module, __: Any, output: Any) -> None:
        outputs.append(tensor_of(module, output).detach().clone())

    handle = module.register_forward_hook(record)
    try:
        yield outputs
    finally:
        handle.remove()


@contextmanager
def change_output(module: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Replace what `module` puts out by `change` of it, as long as the `with` block lasts.

    change : from the output to another tensor of the same shape, dtype and device. Of a tuple the
        first entry is replaced and the others stay. Gradients pass through it.

    Raises `WrongArgument` when `module` is no module or puts out no tensor, when `change` cannot be
    called, and when it returns something else than such a tensor.
    """
    require_module("module", module)
    if not callable(change):
        raise WrongArgument(
            f"change is of type {type(change).__name__}; it must be a function from the output to "
            "another tensor of its shape: lambda output: 0 * output."
        )

    def replace(_: nn.Module, __: Any, output: Any) -> Any:
        before = tensor_of(module, output)
        kind = kind_of(before)
        after = change(before)
        if not isinstance(after, Tensor) or kind_of(after) != kind:
            given = kind_of(after) if isinstance(after, Tensor) else type(after).__name__
            raise WrongArgument(f"change returned {given}; it must return {kind}, as it was given.")
        if isinstance(output, Tensor):
            return after
        entries = (after, *output[1:])
        return type(output)(*entries) if hasattr(output, "_fields") else type(output)(entries)

    handle = module.register_forward_hook(replace)
    try:
        yield
    finally:
        handle.remove()


def require_module(name: str, module: Any) -> nn.Module:
    """`module` itself. Raises `WrongArgument` unless it is an instance of `torch.nn.Module`."""
    if isinstance(module, nn.Module):
        return module
    what = f"the class {module.__name__} itself" if isinstance(module, type) else repr(module)
    raise WrongArgument(
        f"{name} is {what}; it must be a torch.nn.Module, such as a block of a language model: "
        "model.blocks[1]."
    )


def tensor_of(module: nn.Module, output: Any) -> Tensor:
    """The output itself, or the first entry of a tuple."""
    first = output[0] if isinstance(output, tuple | list) and output else output
    if not isinstance(first, Tensor):
        raise WrongArgument(
            f"The module, a {type(module).__name__}, puts out a {type(output).__name__}; it must "
            "put out a tensor, or a tuple that begins with one. Choose a block inside of it."
        )
    return first


def kind_of(tensor: Tensor) -> str:
    """A tensor's shape, dtype and device, in words."""
    return f"a tensor of shape {tuple(tensor.shape)}, {tensor.dtype}, on {tensor.device}"


class _Reached(BaseException):
    """Raised by a hook to end a forward pass; no `except Exception` in a model can hold it up."""

    def __init__(self, output: Tensor):
        self.output = output


def output_at(model: nn.Module, module: nn.Module, tokens: Tensor) -> Tensor:
    """What `module` puts out, (rows, length, dim), when `model` reads tokens (rows, length).

    The model runs in evaluation mode, without gradients, and no further than the module.
    """

    def stop(_: nn.Module, __: Any, output: Any) -> None:
        raise _Reached(tensor_of(module, output))

    place = next((p.device for p in model.parameters()), torch.device("cpu"))
    handle = module.register_forward_hook(stop)
    try:
        with evaluation_mode(model), torch.no_grad():
            model(tokens.to(place))
    except _Reached as reached:
        return reached.output
    finally:
        handle.remove()
    raise WrongArgument(
        f"model, a {type(model).__name__}, does not call module, a {type(module).__name__}, in its "
        "forward pass, so there is no output to take. Choose a part that it calls."
    )


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the model and all its parts; afterwards each is as it was."""
    were = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, was in were:
            part.training = was
