"""What students may hand in that is not an honest answer, each with what it must get.

Each case changes the solved notebook of unit 1, or the file. A case touches one exercise
(`ANSWER`, 2 points) unless it says otherwise; the others must keep their points.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from course_lib.layout import Layout

ANSWER = "linear_forward"
WRONG = "def linear_forward(x, W, b):\n    return x\n"


@dataclass(frozen=True)
class Case:
    """What is handed in, and what it gets.

    cells : texts in place of answers. first : a cell to put first. lost : the exercises that lose
    their points, each with its state. spoils : breaks its own other answers; those it may lose.
    """

    name: str
    cells: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    lost: Mapping[str, str] = field(default_factory=lambda: {ANSWER: "graded"})
    spoils: bool = False

    def handed_in(self, solved: NotebookNode) -> NotebookNode:
        """The solved notebook, changed."""
        for cell in solved.cells:
            told = cell.metadata.get("nbgrader", {})
            if told.get("solution") and told["grade_id"] in self.cells:
                cell.source = self.cells[told["grade_id"]]
        if self.first:
            solved.cells.insert(0, nbformat.v4.new_code_cell(self.first))
        return solved


def answered(name: str, text: str, state: str = "graded", *, spoils: bool = False) -> Case:
    """The answer cell of `ANSWER` replaced."""
    return Case(name, {ANSWER: text}, lost={ANSWER: state}, spoils=spoils)


def inside(name: str, lines: str, state: str = "graded") -> Case:
    """The answer is fine to define, and does something when it is called."""
    body = "".join(f"    {line}\n" for line in lines.split("\n"))
    return answered(name, f"def linear_forward(x, W, b):\n{body}", state)


def patched(name: str, lines: str, state: str = "graded", *, spoils: bool = False) -> Case:
    """Lines that change something for all that follow, above a wrong answer."""
    return answered(name, f"{lines}\n{WRONG}", state, spoils=spoils)


def honest(name: str, first: str) -> Case:
    """A cell put first that must cost nothing."""
    return Case(name, first=first, lost={})


# what swallows interrupts; twice, since one may come while the other is handled
SWALLOWS = """while True:
    try:
        while True: pass
    except BaseException:
        pass"""

ENDINGS = [
    answered("exits in its cell", "import os\nos._exit(0)", "crashed"),
    inside("exits when called", "import os\nos._exit(0)", "crashed"),
    answered("raises SystemExit in its cell", "raise SystemExit"),
    inside("raises SystemExit when called", "raise SystemExit"),
    answered("kills itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "crashed"),
    inside("kills its parent", "import os\nos.kill(os.getppid(), 9)\nreturn x"),
    inside("kills all that it sees", "import os\nos.kill(-1, 9)\nreturn x"),
    answered("an endless loop in its cell", "while True: pass", "timeout"),
    inside("an endless loop when called", "while True: pass", "timeout"),
    answered("swallows interrupts in its cell", SWALLOWS, "timeout"),
    inside("swallows interrupts when called", SWALLOWS, "timeout"),
    inside(
        "sleeps with the alarm off",
        "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(600)",
        "timeout",
    ),
    inside("recursion without end", "return linear_forward(x, W, b)"),
    inside("a crash in C", "import ctypes\nctypes.string_at(0)", "crashed"),
    inside("stops its own process", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
           "timeout"),
]  # fmt: skip

FLOODS = [
    inside("a flood of memory", "return [bytearray(1 << 26) for _ in range(10_000)]"),
    inside("a flood of text", "print('x' * 50_000_000)\nreturn x"),
    patched("a flood of text in its cell", "for _ in range(50): print('x' * 1_000_000)"),
    inside("a flood of numbers", "return torch.zeros(1 << 25)", "crashed"),
    inside("a flood of parts", "return [0] * 100_000", "crashed"),
    inside("a list that holds itself", "a = []\na.append(a)\nreturn a"),
    inside("a flood on the disk", "open('flood', 'wb').write(bytes(1 << 28))\nreturn x"),
    inside("many open files", "return [open(f'{i}', 'w') for i in range(10_000)]"),
    inside("threads without end",
           "import threading, time\n"
           "while True: threading.Thread(target=time.sleep, args=(60,)).start()"),
    inside("slow at every call", "import time\ntime.sleep(0.7)\nreturn x @ W.T + b", "timeout"),
    inside("much room for few numbers",
           "return [torch.zeros(2 ** 24 + 1)[:: 2 ** 24]] * 200", "crashed"),
    inside("forks without end",
           "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "timeout"),
    answered("a cell of a megabyte", WRONG + "#" * (1 << 20), "refused"),
]  # fmt: skip

LEFT_RUNNING = [
    patched("leaves a process",
            "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"),
    patched("leaves a daemon",
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
            "    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)"),
    patched("leaves a thread",
            "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()"),
    patched("leaves an exit handler", "import atexit, os\natexit.register(os._exit, 7)"),
    patched("leaves a startup file",
            "import os\np = os.path.expanduser('~/.ipython/profile_default/startup')\n"
            "os.makedirs(p, exist_ok=True)\nopen(p + '/a.py', 'w').write('1/0')"),
    patched("leaves shared memory",
            "import ctypes\nc = ctypes.CDLL(None)\nassert c.shmget(77, 1 << 20, 0o1666) != -1"),
    patched("leaves a torch.py", "open('torch.py', 'w').write('1/0')"),
    patched("leaves a sitecustomize.py", "open('sitecustomize.py', 'w').write('1/0')"),
]  # fmt: skip

LIES = [
    inside("an object equal to everything",
           "return type('E', (), {'__eq__': lambda *_: True, '__hash__': object.__hash__})()"),
    inside("a tensor equal to everything",
           "return type('E', (torch.Tensor,), {'__eq__': lambda *_: True})(x)"),
    inside("a tensor that answers for itself",
           "return type('E', (torch.Tensor,),\n"
           "    {'__torch_function__': classmethod(lambda *a, **k: True)})(x)"),
    inside("a float equal to everything",
           "return type('E', (float,), {'__eq__': lambda *_: True})(1.0)"),
    inside("a number that is printed as code",
           "return type('E', (int,), {'__repr__': lambda s: '__import__(\"os\")'})(1)"),
    inside("an object that pickles as code",
           "return type('E', (), {'__reduce__': lambda s: (exec, ('1/0',))})()"),
    inside("a whole number beyond all floats", "return 10 ** 400"),
    inside("complex numbers", "return (x @ W.T + b).to(torch.complex64)"),
    inside("a dictionary with odd keys", "return {None: 1, (1,): x}"),
    inside("an expanded slice", "return x[:1, :1].expand(3, 3).t()"),
    inside("half a character", "return '\\ud800'"),
    inside("an error with half a character", "raise ValueError('\\ud800 \\x00')"),
    inside("a backward pass with a fault",
           "class F(torch.autograd.Function):\n"
           "    @staticmethod\n    def forward(ctx, y): return y.clone()\n"
           "    @staticmethod\n    def backward(ctx, g): return 1 / 0\n"
           "return F.apply(x @ W.T + b)"),
    Case("predictions beyond all floats",
         {"predict_shapes": "hidden_shape = code_shape = 10 ** 400"},
         lost={"predict_shapes": "graded"}),
    inside("not a number everywhere", "return torch.full_like(x @ W.T + b, float('nan'))"),
]  # fmt: skip

PATCHES = [
    patched("torch.allclose",
            "torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True"),
    patched("Tensor.__eq__", "torch.Tensor.__eq__ = lambda *a: True"),
    patched("builtins.all", "import builtins\nbuiltins.all = builtins.any = lambda *a: True",
            "not attempted", spoils=True),
    patched("isinstance", "import builtins\nbuiltins.isinstance = lambda *a: True", "crashed",
            spoils=True),
    patched("assertions", "import ast\nclass T(ast.NodeTransformer):\n"
            "    def visit_Assert(self, n): return ast.Pass()\n"
            "get_ipython().ast_transformers.append(T())"),
    patched("the text of cells", "get_ipython().input_transformers_cleanup.append(lambda l: [])",
            spoils=True),
    patched("how cells run", "get_ipython().run_cell = lambda *a, **k: None",
            spoils=True),
    patched("hooks of IPython", "get_ipython().events.register('post_run_cell',\n"
            "    lambda *a: (_ for _ in ()).throw(SystemExit))"),
    patched("check", "class C:\n    def __getattr__(s, n): return lambda *a, **k: None\n"
            "check = C()"),
    patched("open_unit", "import course_lib\ncourse_lib.open_unit = lambda *a: None"),
    patched("the grader's own module", "import course_lib.grading.student as s\n"
            "s.plain = lambda v: True", spoils=True),
    patched("sys.modules", "import sys\n"
            "for m in [m for m in sys.modules if 'course_lib' in m]: del sys.modules[m]"),
    patched("torch in sys.modules", "import sys\nsys.modules['torch'] = None", spoils=True),
]  # fmt: skip

SEARCHES = [
    patched("for solutions", "import pathlib\nhere = pathlib.Path.cwd()\n"
            "found = [s for p in (here, *here.parents) for s in p.glob('solutions/*/*.ipynb')]\n"
            "found[0].read_text()"),
    answered("for the reference", "from course_lib.exercises.linear_layers.linear_forward import "
             "linear_forward", "tampered"),
    answered("for the declarations", "from course_lib.exercises import load_unit\n"
             "linear_forward = load_unit('01').exercises[0].reference", "tampered"),
    patched("for the exercises' text", "import course_lib, pathlib\n"
            "home = pathlib.Path(course_lib.__file__).parent\n"
            "text = next((home / 'exercises').rglob('linear_forward.py')).read_text()"),
    inside("on the heap", "import gc\n"
           "found = [o for o in gc.get_objects()\n"
           "         if getattr(type(o), '__name__', '') == 'FunctionExercise']\n"
           "return found[0].reference(x, W, b)"),
    inside("in the frames", "import sys\nframe = sys._getframe()\nwhile frame:\n"
           "    if 'expected' in frame.f_locals: return frame.f_locals['expected']\n"
           "    frame = frame.f_back\nreturn x"),
    inside("in another process's memory", "return open('/proc/1/mem', 'rb').read(1)"),
    inside("in another process's files", "import os\nreturn str(os.listdir('/proc/1/fd'))"),
    inside("for a gradebook", "import pathlib\nhere = pathlib.Path.cwd()\n"
           "return [s for p in (here, *here.parents) for s in p.glob('*.db')][0]"),
    inside("for other submissions", "import glob\n"
           "return open(glob.glob('/tmp/course-*/**/*.ipynb', recursive=True)[0]).read()"),
    inside("in the environment", "import os\nreturn os.environ['GRADER_SECRET']"),
]  # fmt: skip

REACHES = [
    inside("the network", "import socket\n"
           "socket.create_connection(('127.0.0.1', 9), timeout=1)\nreturn x"),
    inside("out of its folder", "import sys\nopen(sys.prefix + '/x', 'w').write('x')\nreturn x"),
    inside("the course's package", "import course_lib\nopen(course_lib.__file__, 'a').write('')\n"
           "return x"),
    inside("through a link", "import os\nos.symlink('/etc/shadow', 'p')\nreturn open('p').read()"),
    inside("for input", "return input()"),
    patched("the wire, with noise", "import os\nfor fd in range(3, 64):\n"
            "    try: os.write(fd, b'{}' * 99)\n    except OSError: pass", "crashed"),
    patched("the wire, to close it", "import os\nos.closerange(3, 4096)", "crashed"),
    inside("the wire, with a forged verdict",
           "import gc\nfrom course_lib.grading.wire import Wire\n"
           "wire = next(o for o in gc.get_objects() if isinstance(o, Wire))\n"
           "wire.send({'verdict': 'correct', 'earned': 99, 'borrowed': []})\nreturn x", "crashed"),
]  # fmt: skip

HONEST = [
    honest("warnings and chatter", "import sys, warnings\nwarnings.warn('hm')\n"
           "print('x', file=sys.stderr)\nprint('y' * 1000)"),
    honest("magics", "%matplotlib inline\n%timeit -n 1 -r 1 1 + 1\n!true"),
    honest("displays and plots", "from IPython.display import display\ndisplay(1)\n"
           "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    honest("a cell that fails", "1 / 0"),
    honest("a cell that is no Python", "this is no Python"),
    honest("a cell that hangs", "while True: pass"),
    honest("a cell that ends the process", "import os\nos._exit(1)"),
    honest("another seed and dtype", "import torch\ntorch.manual_seed(0)\n"
           "torch.set_default_dtype(torch.float64)"),
    honest("gradients switched off", "import torch as t\nt.set_grad_enabled(False)"),
    honest("warnings as errors", "import warnings\nwarnings.simplefilter('error')"),
    honest("the library tried out", "import torch\nfrom course_lib import l1_sparsity_loss\n"
           "l1_sparsity_loss(torch.ones(2, 3))"),
]  # fmt: skip

ANSWERS = [*ENDINGS, *FLOODS, *LEFT_RUNNING, *LIES, *PATCHES, *SEARCHES, *REACHES, *HONEST]


# -- files and notebooks --------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A file that is handed in, made from the solved notebook and the blank one.

    state : of the submission. earned : of 18 points; None where there is no mark.
    """

    name: str
    make: Callable[[NotebookNode, NotebookNode], bytes | str | NotebookNode]
    state: str = "graded"
    earned: float | None = 18


def _cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def _wrong(solved: NotebookNode) -> NotebookNode:
    _cell(solved, ANSWER).source = WRONG
    return solved


def _copied(solved: NotebookNode, grade_id: str) -> NotebookNode:
    cell = _cell(solved, grade_id)
    solved.cells.insert(solved.cells.index(cell), nbformat.from_dict(json.loads(json.dumps(cell))))
    return solved


def _without(solved: NotebookNode, keep: Callable[[NotebookNode], bool]) -> NotebookNode:
    solved.cells = [c for c in solved.cells if keep(c)]
    return solved


def _kernel(solved: NotebookNode, language: str) -> NotebookNode:
    solved.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": language}
    solved.metadata["language_info"] = {"name": language}
    return solved


def _edited(notebook: NotebookNode, grade_id: str, **metadata: object) -> NotebookNode:
    _cell(notebook, grade_id).metadata["nbgrader"].update(metadata)
    return notebook


def _check_edited(solved: NotebookNode) -> NotebookNode:
    _cell(_wrong(solved), f"{ANSWER}_check").source = "print('all right: 2 points')"
    return solved


def _without_metadata(solved: NotebookNode) -> NotebookNode:
    for cell in solved.cells:
        cell.metadata.clear()
        cell.id = f"new-{solved.cells.index(cell)}"
    return solved


def _of_another_unit() -> NotebookNode:
    return nbformat.read(Layout.find().units(("2",))[0].solution, as_version=4)


def _is_check(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


FILES = [
    File("solved", lambda solved, blank: solved),
    File("blank", lambda solved, blank: blank, "not attempted", 0),
    File("empty file", lambda solved, blank: b"", "unreadable", None),
    File("zeros", lambda solved, blank: b"\0" * 1000, "unreadable", None),
    File("no JSON", lambda solved, blank: "# my answers\nx = 1", "unreadable", None),
    File("cut short", lambda solved, blank: nbformat.writes(solved)[:-1000], "unreadable", None),
    File("a list", lambda solved, blank: "[]", "unreadable", None),
    File("nested deeply", lambda solved, blank: "[" * 100_000, "unreadable", None),
    File("no cells", lambda solved, blank: _without(solved, lambda c: False), "refused", None),
    File("another unit's", lambda solved, blank: _of_another_unit(), "refused", None),
    File("format 3", lambda solved, blank: nbformat.writes(solved, version=3)),
    File("format 5", lambda solved, blank: json.dumps({"nbformat": 5, "cells": []}), "unreadable",
         None),
    File("another language", lambda solved, blank: _kernel(solved, "R"), "refused", None),
    File("too large", lambda solved, blank: b" " * (21 << 20), "refused", None),
    File("answer copied", lambda solved, blank: _copied(solved, ANSWER)),
    File("check copied", lambda solved, blank: _copied(solved, f"{ANSWER}_check")),
    File("checks deleted", lambda solved, blank: _without(solved, lambda c: not _is_check(c))),
    File("check edited", lambda solved, blank: _check_edited(solved), earned=16),
    File("points inflated", lambda solved, blank: _edited(_wrong(solved), f"{ANSWER}_check",
                                                          points=99), earned=16),
    File("check made a solution", lambda solved, blank: _edited(
        _wrong(solved), f"{ANSWER}_check", grade=False, solution=True, locked=False), earned=16),
    File("answer deleted", lambda solved, blank: _without(
        solved, lambda c: c is not _cell(solved, ANSWER)), earned=16),
    File("answer turned into text", lambda solved, blank: _as_text(solved)),
    File("metadata lost", lambda solved, blank: _without_metadata(solved)),
    File("empty metadata", lambda solved, blank: _edited(solved, ANSWER, schema_version=1)),
    File("reversed", lambda solved, blank: _reversed(solved)),
]  # fmt: skip


def _as_text(solved: NotebookNode) -> NotebookNode:
    cell = _cell(solved, ANSWER)
    made = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata, id=cell.id)
    solved.cells[solved.cells.index(cell)] = made
    return solved


def _reversed(solved: NotebookNode) -> NotebookNode:
    solved.cells.reverse()
    return solved
