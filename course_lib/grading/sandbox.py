"""The walls around a student's process, in layers: the best that the machine has.

bubblewrap   `bwrap`: its own system, read-only and without the course's exercises, submissions,
             solutions or gradebook; no network; its own processes
unshare      the same with `unshare` and `mount` of util-linux
limits       neither is allowed here: only the kernel's limits of memory, time and files. The
             student's code can then read and write what the grader's user can. Grade only
             people whom you trust.
"""

from __future__ import annotations

import os
import shlex
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import course_lib
from course_lib.arguments import require_option
from course_lib.errors import EnvironmentProblem

LAYERS = ("bubblewrap", "unshare", "limits")
TOOLS = {
    "bubblewrap": ("bwrap", "setpriv"),
    "unshare": ("unshare", "mount", "chroot", "setpriv"),
}
HIDDEN = (
    "exercises",
    "building",
    "cli",
    "demo",
)  # of course_lib: what knows answers, or is not needed
DEVICES = ("null", "zero", "full", "random", "urandom")
NOBODIES = 2_000_000  # user numbers from here on belong to nobody
SCRATCHES, SHARED = ("/tmp", "/scratch"), "/dev/shm"  # inside the walls: all that can be written to


def python_folders() -> list[Path]:
    """What Python needs to start and to import the course's packages."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()]
    prefixes += [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib")]
    folders = {Path(p).resolve() for p in prefixes}
    if site.ENABLE_USER_SITE and Path(site.getusersitepackages()).is_dir():
        folders.add(Path(site.getusersitepackages()).resolve())
    return [Path(course_lib.__file__).resolve().parent, *_outermost(folders)]


def system_folders() -> list[Path]:
    """The machine's own programs and libraries."""
    names = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/fonts")
    return [Path(name) for name in names if Path(name).exists()]


def scratch() -> str:
    """The student's folder inside the walls: /tmp, unless what must be seen lies there."""
    shown = [*system_folders(), *python_folders()]
    return next(s for s in SCRATCHES if not any(f.is_relative_to(s) for f in shown))


def _outermost(folders: set[Path]) -> list[Path]:
    return sorted(f for f in folders if not any(f != g and f.is_relative_to(g) for g in folders))


def environment(home: str) -> dict[str, str]:
    """Nothing of the grader's own environment, which may hold secrets."""
    root = Path(course_lib.__file__).resolve().parents[1]
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": home,
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "COURSE_PROGRESS": "off",
        "TQDM_DISABLE": "1",
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
    }


def _zygote(control: int, *folders: str) -> list[str]:
    home, python = Path(sys.prefix), Path(sys.executable)
    if python.is_relative_to(home):  # by the way that leads there inside, without links
        python = home.resolve() / python.relative_to(home)
    return [str(python), "-m", "course_lib.grading.zygote", str(control), *folders]


def tool(name: str) -> str | None:
    """Where a program is; None if it is nowhere. Some lie where a user's $PATH does not lead."""
    places = [os.environ.get("PATH", ""), "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    return shutil.which(name, path=os.pathsep.join(places))


# -- layers ---------------------------------------------------------------------------------------


def _bubblewrap(control: int, room: int) -> list[str]:
    """The command under `bwrap`."""
    walls = [tool("bwrap"), "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    walls += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--as-pid-1"]
    walls += ["--hostname", "course", "--clearenv", "--cap-drop", "ALL"]
    if os.getuid() == 0:  # to become somebody else, in `_somebody`
        for needed in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            walls += ["--cap-add", needed]
    else:
        walls += ["--unshare-user"]
    own = scratch()
    for name, value in environment(own).items():
        walls += ["--setenv", name, value]
    shown = [*system_folders(), *python_folders()]
    for parent in sorted({p for folder in shown for p in folder.parents} - {Path("/")}):
        walls += ["--perms", "0755", "--dir", str(parent)]
    for folder in shown:
        walls += ["--ro-bind", str(folder), str(folder)]
    for name in HIDDEN:
        walls += ["--tmpfs", str(python_folders()[0] / name)]
    walls += ["--proc", "/proc", "--dev", "/dev"]
    for at in (SHARED, own):
        walls += ["--perms", "1777", "--size", str(room), "--tmpfs", at]
    return [*walls, "--chdir", own, *_somebody(), *_zygote(control, own, SHARED)]


def _somebody() -> list[str]:
    """Run the rest without any rights; root becomes a user of this process's own, so that the
    kernel counts the processes of each grader's students by themselves."""
    down = [tool("setpriv"), "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    if os.getuid() == 0:
        own = NOBODIES + os.getpid()
        down += [f"--reuid={own}", f"--regid={own}", "--clear-groups"]
    return down


def _unshare(control: int, room: int, root: Path) -> list[str]:
    """The same with util-linux: a root of its own is put together, and entered for good."""
    lines = [
        "set -e",
        "PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin",
        "mount --make-rprivate /",
        f"R={shlex.quote(str(root))}",
    ]
    lines += ['mount -t tmpfs -o size=1m,mode=755 none "$R"']
    for folder in (*system_folders(), *python_folders()):
        at = shlex.quote(str(folder))
        made = f'mkdir -p "$R"{at}'
        if folder.is_file():
            made = f'mkdir -p "$R"{shlex.quote(str(folder.parent))}; touch "$R"{at}'
        lines += [
            made,
            f'mount --bind {at} "$R"{at}',
            f'mount -o remount,bind,ro,nosuid,nodev "$R"{at}',
        ]
    for name in HIDDEN:
        at = shlex.quote(str(python_folders()[0] / name))
        lines += [f'mount -t tmpfs -o size=4k,mode=755,ro none "$R"{at}']
    scratched = scratch()
    lines += [f'mkdir -p "$R"/proc "$R"/dev/shm "$R"{scratched}', 'mount -t proc proc "$R"/proc']
    for name in DEVICES:
        lines += [f'touch "$R"/dev/{name}; mount --bind /dev/{name} "$R"/dev/{name}']
    for at in (SHARED, scratched):
        lines += [f'mount -t tmpfs -o size={room},mode=1777 none "$R"{at}']
    lines += ['mount -o remount,bind,ro "$R"', 'cd "$R"']
    inside = shlex.join([*_somebody(), *_zygote(control, scratched, SHARED)])
    lines += [
        f"exec {tool('chroot')} . /usr/bin/env -i -C {scratched} {_given(scratched)} {inside}"
    ]
    own = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    ways = ["--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts"]
    return [tool("unshare"), *own, *ways, "/bin/sh", "-c", "\n".join(lines)]


def _given(home: str) -> str:
    return " ".join(shlex.quote(f"{k}={v}") for k, v in environment(home).items())


# -- which one ------------------------------------------------------------------------------------


@cache
def best_layer() -> str:
    """The first of `LAYERS` that works on this machine, found by trying."""
    return next(layer for layer in LAYERS if works(layer))


@cache
def works(layer: str) -> bool:
    """Whether a layer can be had: its tools are there and the kernel allows it."""
    require_option("layer", layer, LAYERS)
    if layer == "limits":
        return True
    if not all(map(tool, TOOLS[layer])):
        return False
    trial = [tool("bwrap"), "--unshare-all", "--ro-bind", "/", "/", "true"]
    if layer == "unshare":
        own = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        inside = "mount -t tmpfs none /mnt && mount -t proc proc /proc"
        ways = ["--mount", "--pid", "--fork", "--net", "--ipc", "--uts"]
        trial = [tool("unshare"), *own, *ways, "/bin/sh", "-c", inside]
    try:
        done = subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def start(layer: str, control: int, room: int) -> tuple[subprocess.Popen, Path]:
    """Start a zygote behind the walls of `layer`; the process, and a folder to remove after it.

    control : the file descriptor of its end of the control socket.
    room : bytes that may be written.
    Raises `EnvironmentProblem` when the layer cannot be had here.
    """
    if not works(layer):
        raise EnvironmentProblem(
            f"sandbox {layer!r} does not work on this machine; the best that does is "
            f"{best_layer()!r}. (bubblewrap is a package of that name in most systems.)"
        )
    folder = Path(tempfile.mkdtemp(prefix="course-grade-"))
    if layer == "bubblewrap":
        command, given = _bubblewrap(control, room), None
    elif layer == "unshare":
        command, given = _unshare(control, room, folder), None
    else:
        command, given = _zygote(control, str(folder)), environment(str(folder))
    process = subprocess.Popen(
        command,
        pass_fds=[control],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=given,
        cwd="/",
        start_new_session=True,
    )
    return process, folder
