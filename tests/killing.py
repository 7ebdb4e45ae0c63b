"""Killing a process at a moment of one's choice, to see what it leaves behind.

Forking is safe only in a process without other threads, and importing torch takes seconds. So a
test hands its work to one fresh process, which imports torch once and forks a child a trial:

    def survives(folder: str) -> dict:       # at the top of a test file; runs in the fresh process
        for delay in delays:
            kill_after(delay, lambda: train(folder))
            ...look at the folder; raise if it is not as it should be...
        return {"anything": "that JSON holds"}

    def test_it(tmp_path):
        assert in_fresh_process(survives, str(tmp_path)) == {"anything": "that JSON holds"}
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def in_fresh_process(function: Callable[..., Any], *args: Any, timeout: float = 120) -> Any:
    """What `function(*args)` returns in a new Python process with torch imported, one thread.

    function : at the top level of a file in tests/. args, result : what JSON can hold.
    Raises AssertionError, with the process's own traceback, when it fails.
    """
    here = str(Path(sys.modules[function.__module__].__file__).parent)
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    call = json.dumps([function.__module__.rpartition(".")[2], function.__name__, args])
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__, call],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def kill_after(delay: float, target: Callable[[], Any]) -> bool:
    """Run `target` in a forked child and kill it (SIGKILL) after `delay` seconds.

    Returns whether it was killed; False when it had finished before. Raises AssertionError when
    the child failed by itself. Call it in a process without other threads.
    """
    ready, started = os.pipe()  # the delay counts from the moment at which the child begins

    def begin():
        os.write(started, b".")
        target()

    child = _fork(begin)
    os.read(ready, 1)
    os.close(ready)
    os.close(started)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)  # a child that has finished waits for _was_killed: no harm
    return _was_killed(child)


def kill_at_step(step: int, target: Callable[[], Any]) -> bool:
    """Run `target` in a forked child, killed right after the `step`-th time it used a file.

    A step is the return from one of Python's own calls on files and folders, or of safetensors'.
    Returns False when `target` came to its end in fewer steps.
    """

    def watched():
        seen = 0

        def count(frame, event, function):
            nonlocal seen
            if event == "c_return" and _uses_files(function):
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        target()
        sys.setprofile(None)

    return _was_killed(_fork(watched))


def _uses_files(function: Any) -> bool:
    home = getattr(function, "__module__", None) or type(function.__self__).__module__
    return home.partition(".")[0] in {"posix", "nt", "io", "_io", "fcntl", "safetensors"}


def _fork(target: Callable[[], Any]) -> int:
    child = os.fork()
    if child == 0:
        try:
            target()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    return child


def _was_killed(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"ended by signal {os.WTERMSIG(status)}"
        return True
    assert os.WEXITSTATUS(status) == 0, "the child failed; its traceback is above"
    return False


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    module, name, args = json.loads(sys.argv[1])
    print(json.dumps(getattr(importlib.import_module(module), name)(*args)))
