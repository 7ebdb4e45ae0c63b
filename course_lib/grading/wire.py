"""What passes between the examiner and a student's process: plain data, of bounded size.

A frame is a header of 12 bytes (the lengths of both parts, big-endian), a part in JSON, and a part
in the safetensors format, which holds the numbers of tensors and arrays. Neither can hold code, so
nothing that a student's process sends can run in the examiner's. (pickle, which
`multiprocessing` uses, could.)

Values are None, booleans, numbers, strings, tuples, lists, dictionaries, tensors, NumPy arrays,
dtypes, and the few classes in `CLASSES`. Anything else is sent as its kind in words, `Other`.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

HEADER = struct.Struct(">IQ")
MOST_JSON, MOST_NUMBERS = 1 << 20, 64 << 20  # bytes of each part
MOST_ENTRIES, MOST_TEXT, DEEPEST = 20_000, 100_000, 30  # of one message
CLASSES = {
    f"torch.nn.{c.__name__}": c for c in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.Identity)
}
DTYPES = {
    str(dtype): dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64,
    )
}  # fmt: skip


class WireProblem(Exception):
    """The other side has closed, is late, or has sent what is no frame. `kind` says which."""

    def __init__(self, kind: str, said: str = ""):
        super().__init__(said or kind)
        self.kind = kind


@dataclass(frozen=True)
class Other:
    """Something that is no plain data, by its kind."""

    kind: str


# -- values ---------------------------------------------------------------------------------------


class _Packer:
    """Values as what JSON can hold; the numbers of tensors are gathered in `numbers`."""

    def __init__(self) -> None:
        self.numbers: dict[str, Tensor] = {}
        self.entries = 0

    def pack(self, value: Any, depth: int = 0) -> Any:
        self.entries += 1
        if depth > DEEPEST or self.entries > MOST_ENTRIES:
            raise WireProblem("too large", "a value of too many parts")
        kind = type(value)  # the exact type: a subclass may behave as it likes
        if value is None or kind is bool or kind is int or kind is float:
            return value
        if kind is str:
            if len(value) > MOST_TEXT:
                raise WireProblem("too large", f"a text of {len(value):,} characters")
            return {"s": value}
        if kind is list or kind is tuple or kind is torch.Size:
            return {"l" if kind is list else "t": [self.pack(v, depth + 1) for v in value]}
        if kind is dict:
            pairs = [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in value.items()]
            return {"d": pairs}
        if kind is Tensor or kind is nn.Parameter:
            return self._tensor(value)
        if kind is np.ndarray:
            return self._array(value)
        if isinstance(value, np.number | np.bool_):
            return self._array(np.asarray(value)) | {"scalar": True}
        if kind is torch.dtype:
            return {"dtype": str(value)}
        if kind is type and f"torch.nn.{value.__name__}" in CLASSES:
            return {"class": f"torch.nn.{value.__name__}"}
        if kind is Other:
            return {"other": value.kind[:MOST_TEXT]}
        return {"other": kind.__name__[:200]}

    def _tensor(self, value: Tensor) -> Any:
        if value.is_nested or value.layout != torch.strided or value.is_quantized or value.is_meta:
            layout = str(value.layout).removeprefix("torch.").replace("_", " ")
            return {"other": "tensor without values" if value.is_meta else f"{layout} tensor"}
        if str(value.dtype) not in DTYPES:
            return {"other": f"tensor of {str(value.dtype).removeprefix('torch.')}"}
        name = str(len(self.numbers))
        plain = value.detach()
        self.numbers[name] = plain.cpu().clone(memory_format=torch.contiguous_format)
        packed = {"tensor": name}
        if not plain.is_contiguous():
            packed["stride"] = list(plain.stride())
        return packed

    def _array(self, value: np.ndarray) -> Any:
        if value.dtype.kind not in "biuf" or str(value.dtype) not in {d[6:] for d in DTYPES}:
            return {"other": f"numpy array of {value.dtype}"}
        name = str(len(self.numbers))
        self.numbers[name] = torch.from_numpy(np.array(value, order="C"))
        return {"array": name}


class _Unpacker:
    """The way back. Raises `WireProblem` for whatever `_Packer` does not write."""

    def __init__(self, numbers: Mapping[str, Tensor]):
        self.numbers, self.entries, self.room = numbers, 0, 0

    def unpack(self, packed: Any, depth: int = 0) -> Any:
        self.entries += 1
        if depth > DEEPEST or self.entries > MOST_ENTRIES:
            raise WireProblem("malformed", "a value of too many parts")
        if packed is None or type(packed) in (bool, int, float):
            return packed
        if type(packed) is not dict or not packed:
            raise WireProblem("malformed", "no value")
        kind, inside = next(iter(packed.items()))
        if kind == "s" and type(inside) is str:
            return inside
        if kind in ("l", "t") and type(inside) is list:
            values = [self.unpack(v, depth + 1) for v in inside]
            return values if kind == "l" else tuple(values)
        if kind == "d" and type(inside) is list:
            return {self._key(k, depth): self.unpack(v, depth + 1) for k, v in map(_pair, inside)}
        if kind == "tensor" and inside in self.numbers:
            values = _with_stride(self.numbers[inside], packed.get("stride"))
            self.room += values.untyped_storage().nbytes()
            if self.room > 8 * MOST_NUMBERS:
                raise WireProblem("too large", "tensors that take too much room")
            return values
        if kind == "array" and inside in self.numbers:
            array = self.numbers[inside].numpy()
            return array[()] if packed.get("scalar") and array.ndim == 0 else array
        if kind == "dtype" and inside in DTYPES:
            return DTYPES[inside]
        if kind == "class" and inside in CLASSES:
            return CLASSES[inside]
        if kind == "other" and type(inside) is str:
            return Other(inside[:MOST_TEXT])
        raise WireProblem("malformed", f"no value of kind {str(kind)[:40]}")

    def _key(self, packed: Any, depth: int) -> Any:
        key = self.unpack(packed, depth + 1)
        try:
            hash(key)
        except TypeError:
            raise WireProblem("malformed", "a key that cannot be one") from None
        return key


def _pair(packed: Any) -> list:
    if type(packed) is list and len(packed) == 2:
        return packed
    raise WireProblem("malformed", "no pair")


def _with_stride(values: Tensor, stride: Any) -> Tensor:
    """The same values with gaps or another order in memory, as they were sent."""
    if stride is None:
        return values
    if (
        type(stride) is not list
        or len(stride) != values.dim()
        or not all(type(step) is int and 0 <= step <= 1 << 24 for step in stride)
    ):
        raise WireProblem("malformed", "no strides")
    if any(step == 0 and n > 1 for n, step in zip(values.shape, stride, strict=True)):
        return values  # an expanded tensor: its places cannot be written one by one
    room = 1 + sum((n - 1) * step for n, step in zip(values.shape, stride, strict=True) if n)
    if room > 4 * MOST_NUMBERS // values.element_size() or values.numel() > room:
        return values  # places that overlap
    try:
        return values.new_zeros(room).as_strided(values.shape, stride).copy_(values)
    except RuntimeError:
        raise WireProblem("malformed", "strides that do not fit") from None


def pack(value: Any) -> tuple[bytes, bytes]:
    """A value as its two parts. Raises `WireProblem` when it is too large to be sent."""
    packer = _Packer()
    packed = json.dumps(packer.pack(value)).encode()
    numbers = save_tensors(packer.numbers) if packer.numbers else b""
    if len(packed) > MOST_JSON or len(numbers) > MOST_NUMBERS:
        raise WireProblem("too large", f"a value of {len(packed) + len(numbers):,} bytes")
    return packed, numbers


def unpack(packed: bytes, numbers: bytes) -> Any:
    """The value of two parts. Raises `WireProblem` when they are not what `pack` writes."""
    try:
        tensors = load_tensors(numbers) if numbers else {}
        return _Unpacker(tensors).unpack(json.loads(packed))
    except (ValueError, SafetensorError, RecursionError, KeyError, TypeError) as error:
        raise WireProblem("malformed", str(error)[:200]) from None


# -- frames ---------------------------------------------------------------------------------------


class Wire:
    """One end of a socket that carries frames."""

    def __init__(self, end: socket.socket):
        self.end = end

    def send(self, value: Any) -> None:
        """Send a value. Raises `WireProblem` when it is too large, or the other side has closed."""
        packed, numbers = pack(value)
        try:
            self.end.sendall(HEADER.pack(len(packed), len(numbers)) + packed + numbers)
        except OSError as error:
            raise WireProblem("closed", str(error)) from None

    def receive(self, seconds: float | None = None) -> Any:
        """The next value; wait at most so many seconds.

        Raises `WireProblem`, whose kind is "late", "closed", "too large" or "malformed".
        """
        until = None if seconds is None else time.monotonic() + seconds
        lengths = HEADER.unpack(self._exactly(HEADER.size, until))
        if lengths[0] > MOST_JSON or lengths[1] > MOST_NUMBERS:
            raise WireProblem("too large", f"a frame of {sum(lengths):,} bytes")
        return unpack(*(self._exactly(length, until) for length in lengths))

    def _exactly(self, count: int, until: float | None) -> bytes:
        parts, missing = [], count
        while missing:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([self.end], [], [], left)[0]:
                raise WireProblem("late")
            try:
                part = self.end.recv(min(missing, 1 << 20))
            except OSError as error:
                raise WireProblem("closed", str(error)) from None
            if not part:
                raise WireProblem("closed")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
