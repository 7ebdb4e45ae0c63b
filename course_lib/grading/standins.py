"""An answer that lives in the student's process, as the examiner sees it.

A stand-in is a function or a class like any other: an exercise examines it as it examines an answer
in a learner's notebook. Each call goes over the wire and comes back, and so do its gradients: to
autograd the whole call is one operation, whose backward pass is computed where the answer lives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.exercises.observations import Unusual
from course_lib.grading.wire import Other, Wire, WireProblem

GRACE = 2.0  # seconds beyond the interrupt, after which a process counts as stuck


class Stuck(BaseException):
    """The student's process is of no use any more. `kind` is the wire's: late, closed, malformed
    or too large. No `except Exception` of a check may hold this up."""

    def __init__(self, kind: str, said: str = ""):
        super().__init__(said or kind)
        self.kind = kind


class TookTooLong(BaseException):
    """A call was interrupted."""


def relayed(raised: Any) -> BaseException:
    """An exception here like the one there: type and message, and where it was raised."""
    kind, message, line = (_text(raised, key) for key in ("kind", "message", "line"))
    if kind == "TookTooLong":
        return TookTooLong()
    known = {"RuntimeError": RuntimeError, "NotImplementedError": NotImplementedError}
    base = known.get(kind, Exception)
    error = type(kind if kind.isidentifier() else "Exception", (base,), {})(message)
    error.relayed_line = line  # read by course_lib.exercises.observations.raised_by
    return error


def _text(raised: Any, key: str) -> str:
    value = raised.get(key, "") if isinstance(raised, dict) else ""
    return value if isinstance(value, str) else ""


class Remote:
    """The student's process: asks, and waits for the reply.

    seconds : for each call, by its own clock.
    given : what an answer may call of the library. borrowed : what else it has called.
    until : the moment (of `time.monotonic`) at which all calls must be done.
    Raises `Stuck` when the process does not reply as it should.
    """

    def __init__(self, wire: Wire, seconds: float):
        self.wire, self.seconds, self.calls, self.orders = wire, seconds, 0, 0
        self.given: tuple[str, ...] = ()
        self.borrowed: dict[str, None] = {}
        self.until = math.inf

    def ask(self, do: str, seconds: float | None = None, **order: Any) -> dict[str, Any]:
        """Send an order; the reply, whatever it says. Raises `TookTooLong` after `until`."""
        seconds = self.seconds if seconds is None else seconds
        seconds = min(seconds, self.until - time.monotonic())
        if seconds <= 0:
            raise TookTooLong
        self.orders += 1
        try:
            self.wire.send({"do": do, "seconds": seconds, "number": self.orders, **order})
            reply = self.wire.receive(seconds + GRACE)
        except WireProblem as problem:
            raise Stuck(problem.kind, str(problem)) from None
        if not isinstance(reply, dict) or not all(isinstance(key, str) for key in reply):
            raise Stuck("malformed", "the reply is no dictionary")
        number = reply.get("number")
        if type(number) is not int or number != self.orders:
            raise Stuck("malformed", "the reply is to another order")
        return reply

    def done(self, do: str, **order: Any) -> dict[str, Any]:
        """Like `ask`; raises here what was raised there."""
        reply = self.ask(do, given=self.given, **order)
        borrowed = reply.get("borrowed")
        for name in borrowed if isinstance(borrowed, list) else ():
            self.borrowed[str(name)[:200]] = None
        if "raised" in reply:
            raise relayed(reply["raised"])
        return reply

    def call(
        self,
        name: str,
        args: tuple,
        *,
        stage: str | None = None,
        module: RemoteModule | None = None,
    ) -> Any:
        """Call the answer `name`, or one of its modules, with `args`; what it returns.

        Tensors that take gradients do so through the wire. What the call has changed in `args` is
        changed here, too.
        """
        self.calls += 1
        wanted = [isinstance(a, Tensor) and a.requires_grad for a in args]
        state = {} if module is None else module.own_state()
        order = {
            "name": name,
            "call": self.calls,
            "stage": stage,
            "args": tuple(map(_exact, args)),
            "gradients": wanted,
            "module": None if module is None else module.number,
            "training": module is not None and module.training,
            "state": state,
            "random": torch.default_generator.get_state(),
        }
        inputs = [a for a, w in zip(args, wanted, strict=True) if w]
        parameters = [] if module is None else [p for p in module.parameters() if p.requires_grad]
        reply = self.done("call", **order)
        _take_random(reply)
        if module is not None:
            module.take_buffers(reply.get("buffers"))
        out, flags = _usual(reply.get("out")), reply.get("differentiable")
        tensors = _float_tensors(out)
        if not isinstance(flags, list) or len(flags) != len(tensors):
            raise Stuck("malformed", "outputs without their flags")
        sources = [*inputs, *parameters]
        if sources and any(flags):
            ctx = (self, self.calls, tuple(map(bool, flags)), len(tensors))
            out = _replaced(out, iter(_Call.apply(*ctx, *tensors, *sources)))
        _apply_changes(args, reply.get("changed"))  # last: autograd has noted how they were
        return out

    def gradients(self, call: int, along: list[Tensor], shapes: list) -> list[Tensor | None]:
        """The backward pass of a call."""
        reply = self.done("gradients", call=call, along=along)
        found = reply.get("gradients")
        if not isinstance(found, list) or len(found) != len(shapes):
            raise Stuck("malformed", "gradients are missing")
        for gradient, shape in zip(found, shapes, strict=True):
            usual = isinstance(gradient, Tensor) and gradient.shape == shape
            if gradient is not None and not usual:
                raise Stuck("malformed", "a gradient of another shape")
        return found


class _Call(torch.autograd.Function):
    """A call over the wire as one differentiable operation."""

    @staticmethod
    def forward(ctx, remote, number, flags, count, *tensors):
        outputs, sources = tensors[:count], tensors[count:]
        ctx.remote, ctx.number, ctx.flags = remote, number, flags
        ctx.shapes = [s.shape for s in sources]
        ctx.like = [(o.shape, o.dtype) for o in outputs]
        results = tuple(o.clone() for o in outputs)
        ctx.mark_non_differentiable(*(r for r, f in zip(results, flags, strict=True) if not f))
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx, *along):
        wanted = [
            torch.zeros(shape, dtype=dtype) if a is None else a
            for a, f, (shape, dtype) in zip(along, ctx.flags, ctx.like, strict=True)
            if f
        ]
        found = ctx.remote.gradients(ctx.number, wanted, ctx.shapes)
        return (None, None, None, None, *[None] * len(along), *found)


def _exact(value: Any) -> Any:
    """A list or dictionary of a class of our own as a plain one."""
    if isinstance(value, list) and type(value) is not list:
        return list(value)
    return dict(value) if isinstance(value, dict) and type(value) is not dict else value


def _usual(value: Any) -> Any:
    """What came over the wire, with what is no plain data in the examiner's words."""
    if isinstance(value, tuple | list):
        return type(value)(_usual(v) for v in value)
    if isinstance(value, dict):
        return {k: _usual(v) for k, v in value.items()}
    return Unusual(value.kind) if isinstance(value, Other) else value


def _float_tensors(value: Any) -> list[Tensor]:
    if isinstance(value, tuple | list):
        return [t for v in value for t in _float_tensors(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in _float_tensors(v)]
    return [value] if isinstance(value, Tensor) and value.is_floating_point() else []


def _replaced(value: Any, tensors: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)([_replaced(v, tensors) for v in value])
    if isinstance(value, dict):
        return {k: _replaced(v, tensors) for k, v in value.items()}
    return next(tensors) if isinstance(value, Tensor) and value.is_floating_point() else value


def _take_random(reply: dict[str, Any]) -> None:
    state = reply.get("random")
    now = torch.default_generator.get_state()
    if isinstance(state, Tensor) and state.dtype == now.dtype and state.shape == now.shape:
        torch.default_generator.set_state(state)


def _apply_changes(args: tuple, changed: Any) -> None:
    for i, value in changed.items() if isinstance(changed, dict) else ():
        if type(i) is not int or not 0 <= i < len(args):
            raise Stuck("malformed", "a change of no argument")
        own = args[i]
        if isinstance(own, Tensor) and isinstance(value, tuple) and len(value) == 2:
            values, marked = value
            if isinstance(values, Tensor) and values.dtype == own.dtype:
                own.data = values
                if marked is True and own.is_leaf and own.is_floating_point():
                    own.requires_grad_()
        elif isinstance(own, list) and isinstance(value, list):
            own[:] = value
        elif isinstance(own, dict) and isinstance(value, dict):
            own.clear()
            own.update(value)
        elif _same_form(own, value):
            own[...] = value


def _same_form(own: Any, value: Any) -> bool:
    both = isinstance(own, np.ndarray) and isinstance(value, np.ndarray)
    return both and own.shape == value.shape


# -- functions and classes ------------------------------------------------------------------------


def stand_in(remote: Remote, name: str) -> Any:
    """What the notebook calls `name`: a function, a class, a value, or dots for a blank."""
    told = remote.ask("look", name=name)
    kind = told.get("kind")
    kind = kind if isinstance(kind, str) else ""
    if kind == "blank":
        return ...
    if kind == "value":
        return _usual(told.get("value"))
    if kind == "function":
        return _function(remote, name)
    if kind == "module class":
        own = {"remote": remote, "answer": name}
        return type(name, (RemoteModule,), own)
    if kind == "class":
        return type(name, (), {})
    if kind == "module":
        return nn.Module()
    raise Stuck("malformed", "an answer of no kind")


def _function(remote: Remote, name: str) -> Callable:
    def answer(*args: Any) -> Any:
        return remote.call(name, args)

    answer.__name__ = answer.__qualname__ = name
    answer.run_stage = lambda stage, args: remote.call(name, args, stage=stage)
    return answer


class RemoteModule(nn.Module):
    """A module whose parameters are here and whose forward pass is there."""

    remote: Remote
    answer: str

    def __init__(self, *args: Any):
        super().__init__()
        told = self.remote.done(
            "build", name=self.answer, args=args, random=torch.default_generator.get_state()
        )
        _take_random(told)
        self.number = told.get("module")
        parameters, buffers = told.get("parameters"), told.get("buffers")
        if not isinstance(parameters, list) or not isinstance(buffers, dict):
            raise Stuck("malformed", "a module without parameters")
        made: dict[str, nn.Parameter] = {}
        for one in parameters:
            name, value, same = (one.get(key) for key in ("name", "value", "same"))
            if not isinstance(name, str) or not isinstance(value, Tensor):
                raise Stuck("malformed", "a parameter that is none")
            own = nn.Parameter(value, one.get("trained") is True and value.is_floating_point())
            made[name] = made.get(same, own) if isinstance(same, str) else own
            home, last = self._home(name)
            home.register_parameter(last, made[name])
        for name, value in buffers.items():
            if not isinstance(name, str) or not isinstance(value, Tensor):
                raise Stuck("malformed", "a buffer that is none")
            home, last = self._home(name)
            home.register_buffer(last, value)

    def _home(self, name: str) -> tuple[nn.Module, str]:
        """The part that holds what a dotted name says, made if it is not there, and the name's
        last piece."""
        *path, last = name.split(".")
        home: nn.Module = self
        for part in path:
            if part not in home._modules:
                home.add_module(part, nn.Module())
            home = home._modules[part]
        return home, last

    def own_state(self) -> dict[str, Tensor]:
        """All parameters and buffers by name."""
        both = [*self.named_parameters(), *self.named_buffers()]
        return {name: value.detach() for name, value in both}

    def take_buffers(self, values: Any) -> None:
        """Buffers as the call has left them."""
        own = dict(self.named_buffers())
        for name, value in values.items() if isinstance(values, dict) else ():
            if name in own and isinstance(value, Tensor) and value.shape == own[name].shape:
                own[name].copy_(value)

    def forward(self, *args: Any) -> Any:
        """The forward pass, where the module lives."""
        return self.remote.call(self.answer, args, module=self)
