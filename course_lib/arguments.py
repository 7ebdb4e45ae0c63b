"""Checks on what a caller gives: each names the argument, says what was given, what was expected
and what to do, before any work is done."""

from __future__ import annotations

import contextlib
import math
import numbers
from collections.abc import Collection
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from course_lib.errors import WrongArgument

Option = TypeVar("Option")
CHECKED_AT_ONCE = 1 << 24  # entries; a larger tensor is checked piece by piece


def require_whole(name: str, value: Any, at_least: int = 1) -> int:
    """`value` as an int. Raises `WrongArgument` unless it is a whole number of `at_least`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < at_least:
        raise WrongArgument(f"{name} is {value!r}; it must be a whole number, at least {at_least}.")
    return int(value)


def require_number(
    name: str,
    value: Any,
    *,
    at_least: float = -math.inf,
    above: float = -math.inf,
    at_most: float = math.inf,
    below: float = math.inf,
) -> float:
    """`value` as a float. Raises `WrongArgument` unless it is finite and within the bounds."""
    number = math.nan
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number larger than any float
            number = float(value)
    inside = at_least <= number <= at_most and above < number < below
    if not math.isfinite(number) or not inside:
        bounds = [
            f"{words} {bound:g}"
            for words, bound in (
                ("at least", at_least),
                ("above", above),
                ("at most", at_most),
                ("below", below),
            )
            if math.isfinite(bound)
        ]
        raise WrongArgument(
            f"{name} is {value!r}; it must be a finite number"
            + (f", {' and '.join(bounds)}." if bounds else ".")
        )
    return number


def require_option(name: str, value: Any, options: Collection[Option]) -> Option:
    """`value` itself. Raises `WrongArgument` unless it is one of `options`."""
    # the same type, too: True and 1.0 equal 1, and an array's comparison has no truth value
    if not any(type(value) is type(option) and value == option for option in options):
        listed = [repr(option) for option in options]
        raise WrongArgument(
            f"{name} is {value!r}; it must be {', '.join(listed[:-1])} or {listed[-1]}."
            if len(listed) > 1
            else f"{name} is {value!r}; it must be {listed[0]}."
        )
    return value


def require_floating(name: str, value: Any) -> Tensor:
    """`value` itself. Raises `WrongArgument` unless it is a tensor of floating-point numbers."""
    if not isinstance(value, Tensor):
        raise WrongArgument(
            f"{name} is of type {type(value).__name__}; it must be a torch.Tensor."
            + instead_of(value)
        )
    if value.layout is not torch.strided:
        raise WrongArgument(
            f"{name} has the layout {value.layout}; it must be dense. Convert it: "
            f"{name}.to_dense()."
        )
    if not value.is_floating_point():
        raise WrongArgument(
            f"{name} has dtype {value.dtype}; it must hold floating-point numbers. "
            f"Convert it: {name}.float()."
        )
    return value


def instead_of(value: Any) -> str:
    """What to give in place of something that is no tensor but holds one."""
    if hasattr(value, "activations"):
        return " Give its .activations."
    if isinstance(value, tuple | list) and any(isinstance(item, Tensor) for item in value):
        return " Give its first entry: [0]."
    return " Convert it: torch.from_numpy(…)." if hasattr(value, "__array__") else ""


def require_matrix(
    name: str, value: Any, columns: int | None = None, at_least: int = 1, finite: bool = True
) -> Tensor:
    """`value` itself, of shape (rows, columns).

    columns : how many it must have; None for any number from one up.
    at_least : how many rows it must have.
    finite : whether NaN and infinity are refused.
    Raises `WrongArgument` for another type, dtype or shape, too few rows, or NaN or infinity.
    """
    require_floating(name, value)
    shape = tuple(value.shape)
    wanted = f"(rows, {'columns' if columns is None else columns})"
    if value.ndim != 2 or value.shape[1] < 1 or columns not in (None, value.shape[1]):
        advice = f" For a single vector: {name}[None, :]." if value.ndim == 1 else ""
        raise WrongArgument(f"{name} has shape {shape}; it must be {wanted}.{advice}")
    if len(value) < at_least:
        raise WrongArgument(
            f"{name} has shape {shape}: {len(value)} rows, but at least {at_least} are needed."
        )
    if finite:
        require_finite(name, value)
    return value


def require_finite(name: str, value: Tensor, first_row: int = 0) -> Tensor:
    """`value` itself. Raises `WrongArgument`, naming the first bad row, for NaN or infinity.

    first_row : number of the value's first row in the data that it is a part of.
    """
    rows = max(1, CHECKED_AT_ONCE // max(1, value[:1].numel())) if value.ndim else 1
    for start in range(0, len(value) if value.ndim else 1, rows):
        piece = value[start : start + rows] if value.ndim else value
        if not bool(torch.isfinite(piece.sum())) and not bool(piece.isfinite().all()):
            bad = (~piece.isfinite()).reshape(len(piece) if value.ndim else 1, -1)
            first = int(bad.any(dim=1).nonzero()[0])
            raise WrongArgument(
                f"{name} holds NaN or infinity, first in row {first_row + start + first}; "
                "remove such rows or mend what made them."
            )
    return value


def require_model(model: Any) -> nn.Module:
    """`model` itself. Raises `WrongArgument` unless it is a module with `encode` and `decode`."""
    if isinstance(model, type):
        raise WrongArgument(f"model is the class {model.__name__} itself; give an instance of it.")
    missing = [name for name in ("encode", "decode") if not callable(getattr(model, name, None))]
    if not isinstance(model, nn.Module) or missing:
        told = f", without {' and '.join(missing)}" if missing else ", which is no nn.Module"
        raise WrongArgument(
            f"model is of type {type(model).__name__}{told}; it must be a torch.nn.Module with "
            "the methods encode and decode, as the models of course_lib.autoencoders."
        )
    return model


def require_device(device: Any) -> torch.device:
    """The device. Raises `WrongArgument` when it is unknown or not on this machine."""
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, TypeError, ImportError) as error:
        raise WrongArgument(
            f"device is {device!r}, which cannot be used here ({str(error).splitlines()[0]}). "
            "Use 'cpu', or 'cuda' or 'mps' where the machine has them."
        ) from None
    if place.type == "meta":
        raise WrongArgument("device is 'meta', which holds shapes but no numbers. Use 'cpu'.")
    return place
