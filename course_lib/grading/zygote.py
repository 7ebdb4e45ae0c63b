"""The process from which every student's process is forked, so that torch is loaded only once.

It runs inside the sandbox (`sandbox`), where neither the exercises nor any submission are to be
seen, and it never runs a student's code itself. Over its control socket it is told

    {"do": "rehearse", "cells": […]} run the course's own cells, so that what they keep is there
    {"do": "begin", "limits": {…}}   with a socket's file descriptor: fork a process to serve it
    {"do": "end"}                    end it and all that it has started, and wipe what they wrote

and it replies to each. Between the two it can be stopped at any moment: nothing of it is kept.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# what torch, matplotlib and course_lib import only when it is first used: two seconds in all
LATE = (
    "matplotlib.backends.backend_agg",
    "numpy.random",
    "pygments.formatters.html",
    "pygments.lexers.python",
    "pygments.styles.xcode",
    "sklearn.datasets",
    "torch._dynamo",  # by the first optimiser
    "torch.fx.experimental.symbolic_shapes",  # by the first gradient
    "torch.utils.serialization.config",
)
SET_DUMPABLE, SET_NO_NEW_PRIVS, SET_CHILD_SUBREAPER = 4, 38, 36  # of prctl(2)
IPC_RMID = 0  # of shmctl(2), semctl(2), msgctl(2)
LONGEST_ORDER = 1 << 17
REHEARSAL = 60.0  # seconds at most


def load() -> None:
    """Import what assignments use, so that a fork has it already."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for late in LATE:
            importlib.import_module(late)

    torch.set_num_threads(1)
    import PIL.Image

    PIL.Image.preinit()
    import course_lib
    from course_lib.grading import borrowing, student

    student.Notebook().run("pass", 0)  # the first cell of all takes longer

    borrowing.hide_exercises()
    for name in course_lib.__all__:
        with contextlib.suppress(ImportError, AttributeError):
            getattr(course_lib, name)


def keep_others_out() -> None:
    """No student's process may read or change the memory of this one, or outlive it unseen."""
    libc = ctypes.CDLL(None)
    for option, value in ((SET_DUMPABLE, 0), (SET_NO_NEW_PRIVS, 1), (SET_CHILD_SUBREAPER, 1)):
        libc.prctl(option, value, 0, 0, 0)


def limit(limits: dict[str, int]) -> None:
    """The kernel's limits for this process and those that it starts."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, now + limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NPROC, threads_of_this_user() + limits["processes"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def begin(end: int, limits: dict[str, int], scratch: Path, control: socket.socket) -> int:
    """Fork a student's process, which serves the socket `end`; its number."""
    child = os.fork()
    if child:
        os.close(end)
        return child
    try:
        control.close()
        os.setsid()
        for own in (0, 1, 2):  # nothing to read, and nobody listens
            os.dup2(os.open(os.devnull, os.O_RDWR), own)
        home = scratch / "home"
        home.mkdir()
        os.environ.update(HOME=str(home), TMPDIR=str(scratch), MPLCONFIGDIR=str(home / "mpl"))
        limit(limits)
        from course_lib.grading import student

        student.as_student(end, str(home))
    finally:
        os._exit(1)


def end_all() -> int:
    """End every process that a student has started; the largest memory of one, in bytes."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if os.getpid() == 1:  # all others in this tree are theirs
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        else:
            for process in descendants(os.getpid()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
        if reaped():
            break
        time.sleep(0.005)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def remove_shared() -> None:
    """Remove what students have left in the kernel: shared memory, semaphores, queues."""
    libc = ctypes.CDLL(None)
    for kind in ("shm", "sem", "msg"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
                number = int(line.split()[1])
                if kind == "sem":
                    libc.semctl(number, 0, IPC_RMID)
                else:
                    getattr(libc, f"{kind}ctl")(number, IPC_RMID, None)


def threads_of_this_user() -> int:
    """How many threads this process's user has, as far as it can see."""
    found = 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                found += len(os.listdir(f"/proc/{entry.name}/task"))
    return found


def reaped() -> bool:
    """Take leave of ended processes; whether there are none left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def descendants(process: int) -> list[int]:
    """All processes that a process has started, and those that these have."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def wipe(folder: Path) -> None:
    """Remove all that lies in a folder, whatever its permissions."""

    def force(remove: Any, path: str, _: Any) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            os.chmod(path, stat.S_IRWXU)
            remove(path)

    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(OSError):
                os.chmod(entry.path, stat.S_IRWXU)
            shutil.rmtree(entry.path, onerror=force)
        else:
            with contextlib.suppress(OSError):
                os.unlink(entry.path)


def obey(control: socket.socket, scratch: Path, shared: list[Path]) -> None:
    """Do what the worker says until it closes."""
    while True:
        message, ends, _, _ = socket.recv_fds(control, LONGEST_ORDER, 1)
        if not message:
            return
        order = json.loads(message)
        if order["do"] == "rehearse":
            from course_lib.grading.student import Notebook

            Notebook().rehearse(order["cells"], REHEARSAL)
            reply = {"rehearsed": True}
        elif order["do"] == "begin":
            reply = {"process": begin(ends[0], order["limits"], scratch, control)}
        else:
            reply = {"memory": end_all()}
            if os.getpid() == 1:  # in a namespace of its own: nobody else's
                remove_shared()
            for folder in (scratch, *shared):
                wipe(folder)
        control.send(json.dumps(reply).encode())


def main() -> None:
    """`python -m course_lib.grading.zygote CONTROL SCRATCH [SHARED…]`."""
    control = socket.socket(fileno=int(sys.argv[1]))
    scratch, *shared = map(Path, sys.argv[2:])
    keep_others_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    control.send(json.dumps({"ready": os.getpid()}).encode())
    try:
        obey(control, scratch, shared)
    except OSError as error:
        if error.errno not in (errno.ECONNRESET, errno.EPIPE):
            raise
    finally:
        end_all()
    os._exit(0)  # at once: a tidy end of all that is loaded takes a second


if __name__ == "__main__":
    main()
