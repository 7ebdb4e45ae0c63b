"""What an answer does on a case, as plain data: value, gradients, changed inputs, or the error.

The reference, the learner's answer and every misconception are observed in the same way;
verdicts are reached by comparing observations alone (`comparison`).
"""

from __future__ import annotations

import copy
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.isolation import defaults
from course_lib.stages.copies import leaves_of, non_leaf


@dataclass(frozen=True)
class Raised:
    """An exception that the answer raised: its type, its message, and where."""

    kind: str
    message: str
    line: str = ""

    def same(self, other: Raised | None) -> bool:
        """Whether two answers failed alike (object addresses aside)."""

        def clean(text: str) -> str:
            return re.sub(r"0x[0-9a-f]+", "", text)

        return (
            other is not None
            and self.kind == other.kind
            and clean(self.message) == clean(other.message)
        )


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class Observation:
    """What came out of one call. `leaves` are the outputs by path, "" for a single one."""

    leaves: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, Tensor | None] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    raised: Raised | None = None
    gradient_error: Raised | None = None
    parameters: Mapping[str, tuple[int, ...]] | None = None  # of a module: name → shape


MOST_ENTRIES = 1_000_000  # no exercise asks for more; a larger output is not copied


def raised_by(error: BaseException) -> Raised:
    """Describe an exception by its last line outside the libraries: the learner's own."""
    if hasattr(error, "relayed_line"):  # from another process, which has looked
        return Raised(type(error).__name__, str(error), error.relayed_line)
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        f
        for f in frames
        if "site-packages" not in f.filename and "/course_lib/" not in f.filename.replace("\\", "/")
    ]
    line = f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""
    try:
        said = str(error).strip().split("\n")[0]
    except Exception:  # an exception's own __str__ may fail
        said = ""
    return Raised(type(error).__name__, said, line)


def is_float(value: Any) -> bool:
    """Whether a value is a floating-point tensor."""
    return isinstance(value, Tensor) and value.is_floating_point()


def _private_copy(value: Any, with_gradient: bool) -> tuple[Any, Tensor | None]:
    """A copy that the answer may spoil, and the leaf that collects its gradient."""
    if isinstance(value, Tensor):
        leaf = value.detach().clone(memory_format=torch.preserve_format)
        if not value.is_contiguous() and leaf.is_contiguous():
            # clone() makes a strided slice dense: rebuild one with gaps
            leaf = torch.stack([leaf, leaf], dim=-1)[..., 0]
        if with_gradient and leaf.is_floating_point():
            leaf = leaf.requires_grad_()
            return leaf.view_as(leaf) if not leaf.is_leaf else non_leaf(leaf), leaf
        return leaf, None
    return (copy.deepcopy(value) if isinstance(value, np.ndarray | list | dict) else value), None


def _changed(before: Any, after: Any) -> bool:
    """Whether an answer has left its mark on an input: values, shape, or autograd's state."""
    if isinstance(before, Tensor):
        marked = after.is_leaf and (after.requires_grad or after.grad is not None)
        return (
            marked
            or before.shape != after.shape
            or not torch.equal(torch.nan_to_num(before), torch.nan_to_num(after.detach()))
        )
    if isinstance(before, np.ndarray):
        return not np.array_equal(before, after, equal_nan=True)
    if isinstance(before, list | tuple):
        return len(before) != len(after) or any(map(_changed, before, after))
    return before is not after and before != after


def _gradients(
    leaves: Mapping[str, Any], wanted: Mapping[str, Tensor], seed: int
) -> tuple[dict[str, Tensor | None], Raised | None]:
    """Vector-Jacobian products of all float outputs with fixed random cotangents."""
    if not wanted:
        return {}, None
    draw = Draw(seed)  # one cotangent per output, also for those that carry no gradient
    pairs = [
        (leaf, draw.normal(*leaf.shape, dtype=leaf.dtype))
        for leaf in leaves.values()
        if is_float(leaf)
    ]
    outputs = [leaf for leaf, _ in pairs if leaf.requires_grad]
    cotangents = [cotangent for leaf, cotangent in pairs if leaf.requires_grad]
    if not outputs:
        return dict.fromkeys(wanted), None
    try:
        found = torch.autograd.grad(outputs, list(wanted.values()), cotangents, allow_unused=True)
    except Exception as error:  # torch's own, or one of a backward pass that the answer defines
        return dict.fromkeys(wanted), raised_by(error)
    return dict(zip(wanted, found, strict=True)), None


@dataclass(frozen=True)
class Unusual:
    """An output that is never asked for, by what it is: its values are not looked at."""

    kind: str

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def _plain(value: Any) -> Any:
    """A leaf as plain data that can be compared, printed and sent."""
    if isinstance(value, Unusual):
        return value
    if isinstance(value, Tensor):
        if value.is_nested or value.layout != torch.strided or value.is_quantized or value.is_meta:
            layout = str(value.layout).removeprefix("torch.").replace("_", " ")
            return Unusual("tensor without values" if value.is_meta else f"{layout} tensor")
        if value.numel() > MOST_ENTRIES:
            return Unusual(f"tensor of {value.numel():,} entries")
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf" or value.size > MOST_ENTRIES:
            return Unusual(f"numpy array of {value.dtype}, shape {value.shape}")
        return value.copy()
    if value is None or isinstance(
        value, bool | int | float | str | np.number | np.bool_ | Unusual
    ):
        return value
    return Unusual(type(value).__name__)


def observe_call(
    answer: Callable,
    case: Case,
    gradients: bool,
    seed: int,
    parameters: Mapping[str, Tensor] | None = None,
) -> Observation:
    """Call `answer(*case.args)` on private copies and note all that can be told apart.

    To be called inside `isolated`, which keeps the answer's traces from the notebook.
    """
    copies = {n: _private_copy(v, gradients) for n, v in case.args.items()}
    leaves_in = {n: leaf for n, (_, leaf) in copies.items() if leaf is not None}
    if parameters and gradients:
        leaves_in |= dict(parameters)
    with defaults(seed):
        try:
            leaves = leaves_of(answer(*(value for value, _ in copies.values())))
            plain = {path: _plain(leaf) for path, leaf in leaves.items()}
        except (Exception, SystemExit) as error:  # an interrupt by the learner goes through
            return Observation(raised=raised_by(error))
        usual = {path: leaf for path, leaf in leaves.items() if is_float(plain[path])}
        grads, gradient_error = _gradients(usual, leaves_in, seed) if gradients else ({}, None)
        changed = tuple(n for n, (own, _) in copies.items() if _changed(case.args[n], own))
    return Observation(plain, grads, changed, gradient_error=gradient_error)


def fill_parameters(module: nn.Module, seed: int) -> None:
    """Give every parameter fresh values (biases too, which are never left at zero)."""
    draw = Draw(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw.normal(*parameter.shape, scale=0.7).to(parameter.dtype))


def dtype_of(case: Case) -> torch.dtype:
    """The dtype that a model takes from its input."""
    double = any(is_float(v) and v.dtype == torch.float64 for v in case.args.values())
    return torch.float64 if double else torch.float32


def build_reference(reference: type[nn.Module], case: Case, seed: int) -> nn.Module:
    """The reference's model for `case`, every parameter filled with fresh values."""
    with defaults(seed):
        right = reference(*case.init.values()).to(dtype_of(case))
        fill_parameters(right, seed)
    return right


def observe_module(
    cls: type[nn.Module], right: nn.Module, case: Case, gradients: bool, seed: int
) -> Observation:
    """Build `cls(**init)`, give it the weights of `right`, and observe its forward pass.

    right : see `build_reference`.
    A model takes the dtype of its input. It is called in training and in evaluation mode. Where
    the two differ (dropout, a condition on `self.training`), the one that is not as the
    reference's is kept.
    """
    with defaults(seed + 1):  # the draws of a layer made here differ from those made in forward
        try:
            model = cls(*case.init.values()).to(dtype_of(case))
            shapes = {n: tuple(p.shape) for n, p in model.named_parameters()}
        except (Exception, SystemExit) as error:
            return Observation(raised=raised_by(error))
        try:
            model.load_state_dict(right.state_dict())
        except Exception:  # other names or shapes: the table of parameters tells
            fill_parameters(model, seed)

    def seen_in(module: nn.Module) -> Observation:
        return observe_call(module, case, gradients, seed, dict(module.named_parameters()))

    training, seen = seen_in(model.train()), seen_in(model.eval())
    if training.raised or not _equal(training, seen):
        seen = seen if _equal(training, seen_in(right.train())) else training
    return replace(seen, parameters=shapes)


def _equal(a: Observation, b: Observation) -> bool:
    """Whether two calls gave the same values and gradients and left the same marks."""
    return (
        a.changed == b.changed
        and bool(a.gradient_error) == bool(b.gradient_error)
        and bool(a.raised) == bool(b.raised)
        and _equal_values(a.leaves, b.leaves)
        and _equal_values(a.gradients, b.gradients)
    )


def _equal_values(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return list(a) == list(b) and all(_equal_value(a[key], b[key]) for key in a)


def _equal_value(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and torch.allclose(a.double(), b.double(), equal_nan=True)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return type(a) is type(b) and a == b
