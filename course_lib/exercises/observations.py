"""What an answer does on a case, as plain data: value, gradients, changed inputs, or the error.

The reference, the learner's answer and every misconception are observed in the same way;
verdicts are reached by comparing observations alone (`comparison`).
"""

from __future__ import annotations

import contextlib
import io
import re
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw


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


def leaves_of(value: Any, path: str = "") -> dict[str, Any]:
    """Flatten tuples, lists and dicts of outputs into {path: leaf}."""
    if isinstance(value, tuple | list):
        return {
            k: v for i, item in enumerate(value) for k, v in leaves_of(item, f"{path}[{i}]").items()
        }
    if isinstance(value, Mapping):
        return {
            k: v
            for key, item in value.items()
            for k, v in leaves_of(item, f"{path}[{key!r}]").items()
        }
    return {path: value}


def raised_by(error: BaseException) -> Raised:
    """Describe an exception by its last line outside the libraries: the learner's own."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        f
        for f in frames
        if "site-packages" not in f.filename and "/course_lib/" not in f.filename.replace("\\", "/")
    ]
    line = f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""
    return Raised(type(error).__name__, str(error).strip().split("\n")[0], line)


@contextlib.contextmanager
def quiet(seed: int):
    """Run an answer without its prints and warnings; its randomness comes from `seed` alone.

    torch's global generator is set and put back directly: `torch.manual_seed` and `fork_rng`
    also visit every accelerator, which takes longer than most answers.
    """
    generator = torch.default_generator
    state = generator.get_state()
    generator.manual_seed(seed)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            torch.enable_grad(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        generator.set_state(state)


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
            return leaf.view_as(leaf) if not leaf.is_leaf else _non_leaf(leaf), leaf
        return leaf, None
    return (value.copy() if isinstance(value, np.ndarray) else value), None


def _non_leaf(leaf: Tensor) -> Tensor:
    """The same values as a non-leaf: in-place changes are then seen, not refused by autograd."""
    out = leaf * 1
    if leaf.is_contiguous() == out.is_contiguous():
        return out
    return torch.stack([out, out], dim=-1)[..., 0]


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
    return False


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
    except RuntimeError as error:
        return dict.fromkeys(wanted), raised_by(error)
    return dict(zip(wanted, found, strict=True)), None


def _plain(leaves: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v.detach().clone()
        if isinstance(v, Tensor)
        else v.copy()
        if isinstance(v, np.ndarray)
        else v
        for k, v in leaves.items()
    }


def observe_call(
    answer: Callable,
    case: Case,
    gradients: bool,
    seed: int,
    parameters: Mapping[str, Tensor] | None = None,
) -> Observation:
    """Call `answer(*case.args)` on private copies and note all that can be told apart."""
    copies = {n: _private_copy(v, gradients) for n, v in case.args.items()}
    leaves_in = {n: leaf for n, (_, leaf) in copies.items() if leaf is not None}
    if parameters and gradients:
        leaves_in |= dict(parameters)
    with quiet(seed):
        try:
            leaves = leaves_of(answer(*(value for value, _ in copies.values())))
        except Exception as error:
            return Observation(raised=raised_by(error))
        grads, gradient_error = _gradients(leaves, leaves_in, seed) if gradients else ({}, None)
    changed = tuple(n for n, (copy, _) in copies.items() if _changed(case.args[n], copy))
    return Observation(_plain(leaves), grads, changed, gradient_error=gradient_error)


def fill_parameters(module: nn.Module, seed: int) -> None:
    """Give every parameter fresh values (biases too, which are never left at zero)."""
    draw = Draw(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw.normal(*parameter.shape, scale=0.7).to(parameter.dtype))


def observe_module(
    cls: type[nn.Module], reference: type[nn.Module], case: Case, gradients: bool, seed: int
) -> Observation:
    """Build `cls(**init)`, give it the reference's weights, and observe its forward pass.

    It is called in training and in evaluation mode. Where the two differ (dropout, a condition
    on `self.training`), the one that is not as the reference's is kept.
    """
    with quiet(seed):
        model_reference = reference(*case.init.values())
        fill_parameters(model_reference, seed)
        try:
            model = cls(*case.init.values())
            shapes = {n: tuple(p.shape) for n, p in model.named_parameters()}
        except Exception as error:
            return Observation(raised=raised_by(error))
        try:
            model.load_state_dict(model_reference.state_dict())
        except RuntimeError:  # other names or shapes: the table of parameters tells
            fill_parameters(model, seed)
    parameters = dict(model.named_parameters())
    training = observe_call(model.train(), case, gradients, seed, parameters)
    seen = observe_call(model.eval(), case, gradients, seed, parameters)
    if training.raised or not _equal(training, seen):
        expected = observe_call(model_reference.train(), case, gradients, seed)
        seen = seen if _equal(training, expected) else training
    return Observation(
        seen.leaves, seen.gradients, seen.changed, seen.raised, seen.gradient_error, shapes
    )


def _equal(a: Observation, b: Observation) -> bool:
    """Whether two calls gave the same tensors and left the same marks."""
    return (
        a.changed == b.changed
        and list(a.leaves) == list(b.leaves)
        and all(
            type(a.leaves[p]) is type(b.leaves[p])
            and (
                torch.allclose(a.leaves[p], b.leaves[p], equal_nan=True)
                if is_float(a.leaves[p]) and a.leaves[p].shape == b.leaves[p].shape
                else not isinstance(a.leaves[p], Tensor)
            )
            for p in a.leaves
        )
    )
