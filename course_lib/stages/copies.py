"""Arguments and results as tensors in memory: which are the same, and copies that may be spoilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


def stage(answer: Callable, *args: Any) -> tuple[Any, bool]:
    """The result of `answer(*args)`, and whether a tensor in it lies in an argument's memory."""
    out = answer(*args)
    memory = {a.data_ptr() for a in args}
    tensors = [leaf for leaf in leaves_of(out).values() if type(leaf) is Tensor]
    usual = [t for t in tensors if t.layout == torch.strided]
    return out, any(t.data_ptr() in memory for t in usual)


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


def non_leaf(leaf: Tensor) -> Tensor:
    """The same values as a non-leaf: in-place changes are then seen, not refused by autograd."""
    out = leaf * 1
    if leaf.is_contiguous() == out.is_contiguous():
        return out
    return torch.stack([out, out], dim=-1)[..., 0]
