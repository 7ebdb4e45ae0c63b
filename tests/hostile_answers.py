"""What students may hand in that is not an honest answer, each with what it must get.

Each case changes the solved notebook of unit 1. Of its eight exercises (18 points) a case touches
few; the others must keep their points. `lost` : the exercises that lose theirs, with their state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANSWER = "linear_forward"  # 2 points
WRONG = "def linear_forward(x, W, b):\n    return x\n"


@dataclass(frozen=True)
class Case:
    """A case by name: texts of answer cells to replace, of cells to put first, and what it gets."""

    name: str
    cells: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    lost: Mapping[str, str] = field(default_factory=lambda: {ANSWER: "graded"})


def answered(name: str, text: str, state: str = "graded", **more: str) -> Case:
    """The answer cell of `ANSWER` replaced."""
    return Case(name, {ANSWER: text}, lost={ANSWER: state}, **more)


def inside(name: str, line: str, state: str) -> Case:
    """The answer is fine to define, and does something when it is called."""
    return answered(name, f"def linear_forward(x, W, b):\n    {line}\n", state)


SWALLOWED = """while True:
        try:
            while True: pass
        except BaseException: pass"""

CASES = [
    # -- endings and endless loops
    answered("exits in its cell", "import os\nos._exit(0)", "crashed"),
    inside("exits when called", "import os; os._exit(0)", "crashed"),
    answered("raises SystemExit in its cell", "raise SystemExit"),
    inside("raises SystemExit when called", "raise SystemExit", "graded"),
    answered("kills itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "crashed"),
    inside("kills its parent", "import os; os.kill(os.getppid(), 9); return x", "graded"),
    inside("kills all it may", "import os; os.kill(-1, 9); return x", "crashed"),
    answered("an endless loop in its cell", "while True: pass", "timeout"),
    inside("an endless loop when called", "while True: pass", "timeout"),
    inside("an endless loop that swallows interrupts", SWALLOWED, "timeout"),
    answered(
        "a loop in its cell that swallows interrupts",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    inside("sleeps with the alarm off", "import signal, time; signal.signal(14, signal.SIG_IGN); "
           "time.sleep(60)", "timeout"),
    inside("recursion without end", "return linear_forward(x, W, b)", "graded"),
    inside("a crash in C", "import ctypes; ctypes.string_at(0)", "crashed"),
    # -- floods
    inside("a flood of memory", "return [bytearray(1 << 30) for _ in range(64)]", "graded"),
    inside("a flood of text", "print('x' * 200_000_000); return x", "graded"),
    answered("a flood of text in its cell", "for _ in range(200): print('x' * 1_000_000)\n" + WRONG),
    inside("a flood of results", "return torch.zeros(1 << 28)", "crashed"),
    inside("a flood of parts", "return [0] * 10_000_000", "crashed"),
    inside("a list that holds itself", "a = []; a.append(a); return a", "graded"),
    inside("a flood on the disk", "open('/tmp/f', 'wb').write(b'0' * (1 << 30)); return x", "graded"),
    inside("many files", "[open(f'/tmp/{i}', 'w') for i in range(100_000)]; return x", "graded"),
    inside("threads without end", "import threading, time\n"
           "    while True: threading.Thread(target=time.sleep, args=(60,)).start()", "graded"),
    inside("forks without end", "import os\n    while True: os.fork()", "timeout"),
    inside("asks for input", "return input()", "graded"),
    # -- what is left running
    answered("leaves a process", "import subprocess\nsubprocess.Popen(['sleep', '1000'], "
             "start_new_session=True)\n" + WRONG),
    answered("leaves a daemon", "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
             "    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)\n" + WRONG),
    answered("leaves a thread", "import threading, time\n"
             "threading.Thread(target=time.sleep, args=(1000,)).start()\n" + WRONG),
    answered("leaves an exit handler", "import atexit, os\natexit.register(os._exit, 7)\n" + WRONG),
    # -- objects that lie
    inside("an object equal to everything",
           "return type('E', (), {'__eq__': lambda *_: True, '__hash__': object.__hash__})()",
           "graded"),
    inside("a tensor equal to everything",
           "return type('E', (torch.Tensor,), {'__eq__': lambda *_: True})(x)", "graded"),
    inside("a tensor that does everything", "return type('E', (torch.Tensor,), "
           "{'__torch_function__': classmethod(lambda *a, **k: True)})(x)", "graded"),
    inside("a float equal to everything",
           "return type('E', (float,), {'__eq__': lambda *_: True})(1.0)", "graded"),
    inside("a number that is printed as code", "return type('E', (int,), "
           "{'__repr__': lambda s: '__import__(\"os\")'})(1)", "graded"),
    # -- patches
    answered("torch.allclose patched", "torch.allclose = lambda *a, **k: True\n"
             "torch.equal = torch.isclose = torch.allclose\n" + WRONG),
    answered("Tensor.__eq__ patched", "torch.Tensor.__eq__ = lambda *a: True\n" + WRONG),
    answered("builtins patched", "import builtins\nbuiltins.all = builtins.any = lambda *a: True\n"
             + WRONG),
    answered("isinstance patched", "import builtins\nbuiltins.isinstance = lambda *a: True\n" + WRONG),
    answered("assertions stripped", "import ast\nclass T(ast.NodeTransformer):\n"
             "    def visit_Assert(self, n): return ast.Pass()\n"
             "get_ipython().ast_transformers.append(T())\n" + WRONG),
    answered("cells rewritten", "get_ipython().input_transformers_cleanup.append(lambda l: [])\n"
             + WRONG),
    answered("checks replaced", "class C:\n    def __getattr__(s, n): return lambda *a, **k: None\n"
             "check = C()\n" + WRONG),
    answered("open_unit patched", "import course_lib\ncourse_lib.open_unit = lambda *a: None\n" + WRONG),
    answered("verdicts patched", "import course_lib.grading.student as s\n"
             "s.plain = lambda v: True\n" + WRONG),
    answered("sys.modules emptied", "import sys\n[sys.modules.pop(m) for m in list(sys.modules) "
             "if 'course_lib' in m]\n" + WRONG),
    answered("hooks of IPython", "get_ipython().events.register('post_run_cell', "
             "lambda *a: (_ for _ in ()).throw(SystemExit))\n" + WRONG),
    # -- looking for what is not there
    answered("reads the solutions", "import glob\nfound = glob.glob('/**/solutions/*/*.ipynb', "
             "recursive=True)\nexec(open(found[0]).read())\n"),
    answered("imports the reference", "from course_lib.exercises.linear_layers.linear_forward "
             "import linear_forward\n"),
    answered("reads the exercises' text", "import course_lib, pathlib\n"
             "p = pathlib.Path(course_lib.__file__).parent / 'exercises'\n"
             "exec(next(p.rglob('linear_forward.py')).read_text())\n"),
    inside("searches the heap", "import gc\n"
           "    f = [o for o in gc.get_objects() if callable(o) and getattr(o, '__name__', '') == "
           "'linear_forward' and o is not linear_forward]\n    return f[0](x, W, b)", "graded"),
    inside("searches the frames", "import sys\n    f = sys._getframe()\n    while f:\n"
           "        if 'expected' in f.f_locals: return f.f_locals['expected']\n        f = f.f_back",
           "graded"),
    inside("reads another process's memory", "return open('/proc/1/mem', 'rb').read(1)", "graded"),
    inside("looks for the gradebook", "import glob; return glob.glob('/**/*.db', recursive=True)[0]",
           "graded"),
    inside("reads the environment", "import os; return os.environ['COURSE_SEED']", "graded"),
    # -- reaching out
    inside("reaches the network", "import urllib.request; "
           "urllib.request.urlopen('http://127.0.0.1:9', timeout=1); return x", "graded"),
    inside("writes outside", "open('/usr/x', 'w').write('x'); return x", "graded"),
    inside("links outside", "import os; os.symlink('/etc/passwd', '/tmp/p'); "
           "return open('/tmp/p').read()", "graded"),
    answered("a startup file", "import os\np = os.path.expanduser('~/.ipython/profile_default/"
             "startup')\nos.makedirs(p, exist_ok=True)\nopen(p + '/a.py', 'w').write('1/0')\n" + WRONG),
    answered("a torch.py beside it", "open('torch.py', 'w').write('1/0')\n" + WRONG),
    # -- the wire
    answered("forged replies", "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'{}' * 99)\n"
             "    except OSError: pass\n" + WRONG, "crashed"),
    answered("the wire closed", "import os\nos.closerange(3, 4096)\n" + WRONG, "crashed"),
    # -- honest, though odd: nothing is lost
    Case("warnings and chatter", first="import sys, warnings\nwarnings.warn('hm')\n"
         "print('x', file=sys.stderr)\nprint('y' * 1000)", lost={}),
    Case("magics", first="%matplotlib inline\n%timeit -n 1 -r 1 1 + 1\n!true", lost={}),
    Case("display and plots", first="from IPython.display import display\ndisplay(1)\n"
         "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()", lost={}),
    Case("a cell that fails before", first="1 / 0", lost={}),
    Case("a cell that hangs before", first="while True: pass", lost={}),
    Case("a cell that ends the process before", first="import os\nos._exit(1)", lost={}),
    Case("a seed and a default changed", first="import torch\ntorch.manual_seed(0)\n"
         "torch.set_default_dtype(torch.float64)", lost={}),
    Case("torch in another dtype by name", first="import torch as t\nt.set_grad_enabled(False)", lost={}),
]  # fmt: skip
