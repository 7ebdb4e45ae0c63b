"""Where an observation first differs from the expected one, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.exercises.observations import Observation, Unusual

# Two right answers may add in another order: relative and absolute tolerance by precision.
TOLERANCE = {torch.float64: (1e-7, 1e-9), torch.float32: (1e-4, 1e-5), torch.float16: (2e-2, 2e-3)}


@dataclass(frozen=True)
class Difference:
    """One difference: what it concerns, and the sentence that says it."""

    aspect: str  # error | result | type | shape | dtype | changed | value | gradient | parameters
    sentence: str
    expected: str = ""
    seen: str = ""


def shown(value: Any, limit: int = 24) -> str:
    """A value as the learner would print it: whole if small, else dtype and shape."""
    if isinstance(value, Tensor | np.ndarray):
        size = value.numel() if isinstance(value, Tensor) else value.size
        shape = tuple(value.shape)
        if size > limit:
            return f"{str(value.dtype).removeprefix('torch.')} of shape {shape}"
        values = value.detach().double().numpy() if is_real(value) else np.asarray(value)
        text = np.array2string(
            np.asarray(values),
            precision=4,
            suppress_small=True,
            separator=", ",
            floatmode="maxprec",
        )
        return f"{text}   shape {shape}" if shape else text
    if isinstance(value, float):
        return f"{value:.6g}"
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


def is_real(value: Any) -> bool:
    """Whether a value is a tensor of real numbers."""
    return isinstance(value, Tensor) and value.dtype.is_floating_point


def kind_of(value: Any) -> str:
    """The family of a value: torch tensors, numpy arrays and plain numbers are told apart."""
    if isinstance(value, Tensor):
        return "torch tensor"
    if isinstance(value, np.ndarray):
        return "numpy array"
    if isinstance(value, Unusual):
        return value.kind
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | float | np.number):
        return "number"
    return type(value).__name__


def dtype_of(value: Any) -> str:
    """The dtype's bare name, or "" for a plain value."""
    return str(value.dtype).removeprefix("torch.") if isinstance(value, Tensor | np.ndarray) else ""


def close(
    expected: Any, seen: Any, tolerance: tuple[float, float] | None = None, equal_nan: bool = False
) -> bool:
    """Whether two leaves of one kind, shape and dtype hold the same values."""
    if not isinstance(expected, Tensor | np.ndarray | float | int | np.number):
        return expected == seen
    a, b = torch.as_tensor(expected), torch.as_tensor(seen)
    if not a.is_floating_point() and not b.is_floating_point():
        return torch.equal(a, b)
    relative, absolute = tolerance or tolerance_for(expected)
    return torch.allclose(b.double(), a.double(), rtol=relative, atol=absolute, equal_nan=equal_nan)


def tolerance_for(expected: Any) -> tuple[float, float]:
    """(relative, absolute) by the precision of the expected value."""
    precision = torch.as_tensor(expected).dtype
    return TOLERANCE.get(precision, TOLERANCE[torch.float32])


def _first_entry(expected: Any, seen: Any, tolerance: tuple[float, float] | None) -> str:
    """The index of the first differing entry with both values."""
    a, b = torch.as_tensor(expected).double(), torch.as_tensor(seen).double()
    if a.dim() == 0:
        return f"{shown(b.item())} instead of {shown(a.item())}"
    relative, absolute = tolerance or tolerance_for(expected)
    wrong = ~torch.isclose(b, a, rtol=relative, atol=absolute)
    index = tuple(wrong.nonzero()[0].tolist()) if wrong.any() else (0,) * a.dim()
    share = f"{int(wrong.sum())} of {a.numel()} entries differ; the first at index {list(index)}"
    return f"{share}: {b[index]:.6g} instead of {a[index]:.6g}"


def _leaf_difference(
    name: str, expected: Any, seen: Any, tolerance: tuple[float, float] | None
) -> Difference | None:
    problem = _leaf_problem(name, expected, seen, tolerance)
    # values are written out only for a difference: that takes longer than comparing them
    return None if problem is None else Difference(*problem, shown(expected), shown(seen))


def _leaf_problem(
    name: str, expected: Any, seen: Any, tolerance: tuple[float, float] | None
) -> tuple[str, str] | None:
    """What kind of difference there is, and a sentence that says so; None for none."""
    if kind_of(expected) != kind_of(seen):
        return "type", f"{name} is a {kind_of(seen)}; a {kind_of(expected)} is expected."
    if isinstance(expected, int) and not isinstance(seen, int | np.integer):
        return "type", (
            f"{name} is the float {seen!r}; a whole number (int) is expected. Does a / stand "
            "where // or * is meant?"
        )
    if isinstance(expected, float) and not isinstance(seen, float | int):
        return "type", (
            f"{name} is a numpy {type(seen).__name__}; a Python float is expected: float(…)."
        )
    if isinstance(expected, Tensor | np.ndarray):
        if tuple(expected.shape) != tuple(seen.shape):
            return "shape", (
                f"{name} has shape {tuple(seen.shape)}; {tuple(expected.shape)} is expected."
            )
        if dtype_of(expected) != dtype_of(seen):
            return "dtype", (
                f"{name} has dtype {dtype_of(seen)}; "
                f"{dtype_of(expected)} is expected for these inputs."
            )
    if not close(expected, seen, tolerance):
        words = (
            _first_entry(expected, seen, tolerance)
            if isinstance(expected, Tensor | np.ndarray | int | float | np.number)
            and not isinstance(expected, bool)
            else f"{seen!r} instead of {expected!r}"
        )
        return "value", f"{name}: {words}."
    return None


def _parameter_difference(expected: Observation, seen: Observation) -> Difference | None:
    want, have = expected.parameters or {}, seen.parameters or {}
    if dict(want) == dict(have):
        return None
    table = (
        "\n".join(f"{n}: {s}" for n, s in want.items()),
        "\n".join(f"{n}: {s}" for n, s in have.items()) or "no parameters",
    )
    for name, shape in want.items():
        if name not in have:
            return Difference(
                "parameters",
                f"Your module has no parameter '{name}'. Is the layer "
                "an attribute of self, with this name?",
                *table,
            )
        if have[name] != shape:
            return Difference(
                "parameters",
                f"Parameter '{name}' has shape {have[name]}; {shape} is expected.",
                *table,
            )
    extra = next(n for n in have if n not in want)
    return Difference("parameters", f"Parameter '{extra}' is not asked for.", *table)


def _output_names(leaves, labels: tuple[str, ...]) -> dict[str, str]:
    if len(leaves) == 1 and "" in leaves:
        return {"": "Your result"}
    names = labels if len(labels) == len(leaves) else [f"Output {p}" for p in leaves]
    return {p: f"`{n}`" if n in labels else n for p, n in zip(leaves, names, strict=True)}


def _gradient_difference(
    expected: Observation, seen: Observation, tolerance: tuple[float, float] | None
) -> Difference | None:
    if seen.gradient_error and not expected.gradient_error:
        return Difference(
            "gradient",
            "The result is right, but torch cannot compute gradients "
            f"through it: {seen.gradient_error.message}",
        )
    for name, want in expected.gradients.items():
        have = seen.gradients.get(name)
        if (want is None) != (have is None):
            state = "carries no gradient to" if have is None else "carries a gradient to"
            hint = (
                " Something on the way (.detach(), .item(), .numpy(), torch.no_grad) cuts it."
                if have is None
                else ""
            )
            return Difference(
                "gradient", f"The values are right, but the result {state} `{name}`.{hint}"
            )
        if want is not None and not close(want, have, tolerance):
            return Difference(
                "gradient",
                "The values are right, but the gradient with respect to "
                f"`{name}` is not: {_first_entry(want, have, tolerance)}.",
                shown(want),
                shown(have),
            )
    return None


def first_difference(
    expected: Observation,
    seen: Observation,
    labels: tuple[str, ...] = (),
    tolerance: tuple[float, float] | None = None,
) -> Difference | None:
    """The first difference in the order in which a learner can act on it, or None."""
    built = not (seen.raised and seen.parameters is None)  # a constructor may have failed
    if built and (found := _parameter_difference(expected, seen)):
        return found
    if seen.raised:
        where = f" ({seen.raised.line})" if seen.raised.line else ""
        return Difference(
            "error", f"Your code stopped with {seen.raised.kind}: {seen.raised.message}{where}"
        )
    if seen.changed:
        return Difference(
            "changed",
            f"Your code changes its input `{seen.changed[0]}` in place. "
            "The caller still needs it: make a new tensor instead.",
        )
    want, have = expected.leaves, seen.leaves
    if set(want) != set(have):
        if have == {"": None}:
            return Difference("result", "Your function returned None. Is the `return` missing?")
        return Difference("result", _other_form(want, have, labels))
    names = _output_names(want, labels)
    for path, leaf in want.items():
        if have[path] is None and leaf is not None:
            return Difference("result", "Your function returned None. Is the `return` missing?")
        if found := _leaf_difference(names[path], leaf, have[path], tolerance):
            return found
    return _gradient_difference(expected, seen, tolerance)


def _other_form(want: Mapping[str, Any], have: Mapping[str, Any], labels: tuple[str, ...]) -> str:
    """The sentence for outputs that come back in another number or container."""
    if len(want) == len(have) == 1:
        return "Your result came back inside a list, tuple or dictionary. Return it by itself."
    if len(want) == len(have):
        return f"Your values came back in another form. Return a tuple: {', '.join(labels)}."
    asked = f": {', '.join(labels)}" if labels else ""
    return f"{_count(have)} came back; {_count(want)} expected{asked}."


def _count(leaves) -> str:
    return "one value" if len(leaves) == 1 else f"{len(leaves)} values"


def alike(
    a: Observation,
    b: Observation,
    tolerance: tuple[float, float] | None = None,
    values_only: bool = False,
) -> bool:
    """Whether two answers behave the same on a case: how a misconception is recognised.

    values_only : leave gradients and in-place changes aside.
    """
    if a.raised or b.raised:
        return bool(a.raised and a.raised.same(b.raised)) and a.parameters == b.parameters
    if a.parameters != b.parameters or set(a.leaves) != set(b.leaves):
        return False
    if not all(_same_leaf(a.leaves[p], b.leaves[p], tolerance) for p in a.leaves):
        return False
    return values_only or (
        a.changed == b.changed
        and bool(a.gradient_error) == bool(b.gradient_error)
        and all(_same_leaf(g, b.gradients.get(n), tolerance) for n, g in a.gradients.items())
    )


def _same_leaf(a: Any, b: Any, tolerance: tuple[float, float] | None) -> bool:
    if a is None or b is None:
        return a is b
    if kind_of(a) != kind_of(b) or dtype_of(a) != dtype_of(b):
        return False
    if isinstance(a, Tensor | np.ndarray) and tuple(a.shape) != tuple(b.shape):
        return False
    return close(a, b, tolerance, equal_nan=True)
