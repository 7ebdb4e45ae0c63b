"""The process in which a student's cells run.

It knows the cells and nothing else: no reference, no right answer, no mark. The examiner, at the
other end of a `Wire`, says which cells to run, and calls what they define with plain data.

    {"do": "run", "cell": 3, "source": …}             → {"raised": …} or {}
    {"do": "look", "name": "l1_penalty"}              → what kind of thing it is
    {"do": "call", "of": …, "stage": …, "args": …}    → {"out": …} or {"raised": …}
    {"do": "gradients", "call": 7, "along": [...]}    → {"gradients": …} or {"raised": …}
    {"do": "build", "name": …, "args": …}             → a module's parameters and buffers

Every reply bears the number of its order, and in "borrowed" what the answer has called of the
course's library.

A cell that takes too long gets an interrupt (SIGALRM). One that swallows it is ended from outside,
together with this process; the examiner then starts another without this cell.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import random
import re
import signal
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.grading.borrowing import Borrowed
from course_lib.grading.wire import Other, Wire
from course_lib.stages import copies, files, hooks, loops
from course_lib.stages.blanks import is_blank

STAGES = {module.__name__: module for module in (copies, files, hooks, loops)}
KEPT_CALLS = 8  # whose graphs are kept for their gradients
SAID = 2_000  # characters of an error's message
MOST_NAMES = 10  # of what is borrowed


class TookTooLong(BaseException):
    """Raised by the alarm in the middle of a student's code."""


# -- running cells --------------------------------------------------------------------------------


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what runs inside when it takes longer."""

    def interrupt(*_: Any) -> None:
        raise TookTooLong

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # again, if it was swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def raised_by(error: BaseException) -> dict[str, Any]:
    """Type, message and the last of the student's own lines, as plain data."""
    if isinstance(error, TookTooLong):
        return {"kind": "TookTooLong", "message": "", "line": "", "cell": _cell_of(error)}
    try:
        said = str(error).strip().split("\n")[0][:SAID]
    except BaseException:  # an exception's own __str__ may fail
        said = ""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell")
    ]
    line = f"line {frames[-1].lineno}: {frames[-1].line}" if frames and frames[-1].line else ""
    kind = type(error).__name__
    return {
        "kind": kind if type(kind) is str else "Exception",
        "message": said if type(said) is str else "",
        "line": line[:SAID],
        "cell": _cell_of(error),
    }


def _cell_of(error: BaseException) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    cells = [m for f in frames if (m := re.fullmatch(r"<cell (\d+)>", f.filename))]
    return int(cells[-1][1]) if cells else None


class Notebook:
    """The namespace in which cells run, one after the other, as in a kernel."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.shell = InteractiveShell.instance()
        self.shell.history_manager.enabled = False
        self.shell.enable_gui = lambda *_: None  # no event loop here
        self.shell.showtraceback = lambda *_, **__: None
        self.shell.showsyntaxerror = lambda *_, **__: None

    def run(self, source: str, number: int) -> dict[str, Any] | None:
        """Run a cell; what it raised, or None."""
        name = f"<cell {number}>"
        shell = self.shell
        shell.compile.get_code_name = lambda *_: name  # by which lines are found again
        result = shell.run_cell(source, store_history=False, silent=False)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        error = result.error_before_exec or result.error_in_exec
        return None if error is None else raised_by(error)

    def rehearse(self, cells: Sequence[str], seconds: float) -> None:
        """Run cells and forget all that they define.

        What they have computed once and the course's library keeps (`functools.cache`) is then
        there for every process that is forked from this one.
        """
        state = torch.default_generator.get_state()
        with contextlib.suppress(TookTooLong), at_most(seconds):
            for source in cells:
                self.run(source, 0)
        self.shell.reset(new_session=True)
        import matplotlib.pyplot as plt

        plt.close("all")
        torch.default_generator.set_state(state)

    def find(self, name: str) -> Any:
        """What the notebook calls `name`; dots when it has no such name."""
        return self.shell.user_ns.get(name, ...)


# -- calls ----------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A result in the exact types that the wire takes, its tensors as they are."""
    if isinstance(value, tuple | list):
        return (tuple if isinstance(value, tuple) else list)(plain(v) for v in value)
    if isinstance(value, Mapping):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            return value if type(value) is Tensor else value.as_subclass(Tensor)
    if isinstance(value, np.number | np.bool_):  # np.float64 is a float, too
        return value
    for kind in (bool, int, float, str):  # a subclass may print and compare as it likes
        if isinstance(value, kind):
            return value if type(value) is kind else Other(type(value).__name__)
    return value


def tensors_in(value: Any) -> list[Tensor]:
    """The floating-point tensors in a plain value, from left to right."""
    if isinstance(value, tuple | list):
        return [t for v in value for t in tensors_in(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors_in(v)]
    return [value] if type(value) is Tensor and value.is_floating_point() else []


class Answers:
    """Calls the notebook's functions and classes, and keeps what their gradients need."""

    def __init__(self, notebook: Notebook):
        self.notebook = notebook
        self.modules: list[nn.Module] = []
        self.calls: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self.borrowed = Borrowed()

    def look(self, name: str) -> dict[str, Any]:
        """What kind of thing an answer is. Plain data is sent as it is."""
        found = self.notebook.find(name)
        is_class = isinstance(found, type)
        kind = (
            "blank" if is_blank(found)
            else "module class" if is_class and issubclass(found, nn.Module)
            else "class" if is_class
            else "module" if isinstance(found, nn.Module)
            else "function" if callable(found)
            else "value"
        )  # fmt: skip
        called = getattr(found, "__name__", name)
        told = {"kind": kind, "type": type(found).__name__, "name": str(called)[:200]}
        return told | ({"value": plain(found)} if kind == "value" else {})

    def build(self, name: str, args: tuple, random_state: Tensor) -> dict[str, Any]:
        """Make a module of the notebook's class `name`; later calls name it by its number."""
        usual()
        with drawing_from(random_state) as after:
            module = self.borrowed.watched(self.notebook.find(name))(*args)
        self.modules.append(module)
        return {
            "module": len(self.modules) - 1,
            "parameters": _parameters_of(module),
            "buffers": dict(module.named_buffers()),
            "random": after(),
        }

    def call(self, order: dict[str, Any]) -> dict[str, Any]:
        """Call a function, or a module with given weights; see `standins.Remote.call`."""
        usual()
        args = list(order["args"])
        leaves = []
        for i, wanted in enumerate(order["gradients"]):
            if wanted:
                leaf = args[i].requires_grad_()
                leaves.append(leaf)
                args[i] = copies.non_leaf(leaf)
        before = [_copy(v) for v in order["args"]]
        function, parameters = self._callable(order)
        with drawing_from(order["random"]) as after:
            watched = self.borrowed.watched(function)  # a stage's own calls are none of the answer
            out = plain(self._through_stage(order["stage"], watched, args))
        outputs = tensors_in(out)
        number = order["call"]
        self.calls[number] = ([t for t in outputs if t.requires_grad], leaves + parameters)
        while len(self.calls) > KEPT_CALLS:
            del self.calls[next(iter(self.calls))]
        buffers = {}
        if order["module"] is not None:
            buffers = dict(self.modules[order["module"]].named_buffers())
        return {
            "out": out,
            "differentiable": [t.requires_grad for t in outputs],
            "changed": _changes(before, args),
            "buffers": buffers,
            "random": after(),
        }

    def _callable(self, order: dict[str, Any]) -> tuple[Callable, list[Tensor]]:
        """What to call, and the parameters whose gradients are wanted."""
        if order["module"] is None:
            return self.notebook.find(order["name"]), []
        module = self.modules[order["module"]]
        module.train(order["training"])
        for name, value in order["state"].items():
            holder, _, last = name.rpartition(".")
            own = getattr(module.get_submodule(holder), last)
            own.data = value  # the same object as before: it may be shared
        return module, [p for p in module.parameters() if p.requires_grad]

    def _through_stage(self, stage: str | None, function: Callable, args: list) -> Any:
        if stage is None:
            return function(*args)
        home, _, name = stage.partition(":")
        return getattr(STAGES[home], name)(function, *args)

    def gradients(self, number: int, along: list[Tensor]) -> list[Tensor | None]:
        """Vector-Jacobian products of a call's outputs with respect to its inputs."""
        outputs, leaves = self.calls[number]
        backward = self.borrowed.watched(torch.autograd.grad)
        return list(backward(outputs, leaves, along, allow_unused=True, retain_graph=True))


def _parameters_of(module: nn.Module) -> list[dict[str, Any]]:
    """Name, values, the name under which the same parameter came before, and if it is trained."""
    first: dict[int, str] = {}
    told = []
    for name, own in module.named_parameters(remove_duplicate=False):
        same = first.setdefault(id(own), name)
        told.append({"name": name, "value": own, "same": same, "trained": own.requires_grad})
    return told


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_copy(v) for v in value)
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, dict) else value


def _changes(before: list, after: list) -> dict[int, Any]:
    """The arguments that a call has left its mark on, as they are now.

    That of a tensor is a pair: its values, and whether autograd has been switched on for it.
    """
    changed: dict[int, Any] = {}
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(old, Tensor):
            marked = new.is_leaf and (new.requires_grad or new.grad is not None)
            same = old.shape == new.shape and torch.equal(
                torch.nan_to_num(old), torch.nan_to_num(new.detach())
            )
            if marked or not same:
                changed[i] = (new.detach(), marked)
        elif isinstance(old, np.ndarray | list | dict) and not _same(old, new):
            changed[i] = new
    return changed


def _same(old: Any, new: Any) -> bool:
    """Whether plain data are as they were; NaN counts as NaN."""
    if isinstance(old, Tensor | np.ndarray):
        old, new = torch.as_tensor(old), torch.as_tensor(new)
        return old.shape == new.shape and bool(((old == new) | ((old != old) & (new != new))).all())
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, dict):
        return list(old) == list(new) and all(_same(old[k], new[k]) for k in old)
    return old is new or old == new or (old != old and new != new)


def usual() -> None:
    """What a cell may have changed for good, as the learner's check has it."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)


_stood_at: bytes = b""  # torch's generator at the end of the last call


@contextlib.contextmanager
def drawing_from(state: Tensor) -> Iterator[Callable[[], Tensor]]:
    """Random numbers go on where the examiner's stand; gives what tells where they stand after.

    NumPy's and Python's begin anew, by torch's state, when the examiner has begun anew.
    """
    given = state.numpy().tobytes()
    torch.default_generator.set_state(state)
    if given != _stood_at:
        seed = zlib.crc32(given)
        np.random.seed(seed)
        random.seed(seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield _stands_at


def _stands_at() -> Tensor:
    global _stood_at
    state = torch.default_generator.get_state()
    _stood_at = state.numpy().tobytes()
    return state


# -- the loop -------------------------------------------------------------------------------------


def serve(wire: Wire, notebook: Notebook) -> None:
    """Do what the examiner says until it closes. A process that the student forks cannot reply."""
    answers = Answers(notebook)
    os.register_at_fork(after_in_child=wire.end.close)
    while True:
        order = wire.receive()
        answers.borrowed = Borrowed(order.get("given", ()))
        try:
            with at_most(order["seconds"]):
                reply = _do(order, notebook, answers)
        except BaseException as error:  # also SystemExit, KeyboardInterrupt and the alarm
            reply = {"raised": raised_by(error)}
        borrowed = list(answers.borrowed.names)[:MOST_NAMES]
        wire.send(reply | {"borrowed": borrowed, "number": order["number"]})


def _do(order: dict[str, Any], notebook: Notebook, answers: Answers) -> dict[str, Any]:
    what = order["do"]
    if what == "run":
        raised = notebook.run(order["source"], order["cell"])
        return {"raised": raised} if raised else {}
    if what == "look":
        return answers.look(order["name"])
    if what == "build":
        return answers.build(order["name"], order["args"], order["random"])
    if what == "call":
        return answers.call(order)
    return {"gradients": answers.gradients(order["call"], order["along"])}


def as_student(end: int, folder: str) -> None:
    """What a fresh process does with a socket's file descriptor: serve, and end."""
    import socket

    os.chdir(folder)
    with contextlib.suppress(BaseException):
        serve(Wire(socket.socket(fileno=end)), Notebook())
    os._exit(0)
