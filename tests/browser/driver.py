"""JupyterLab with folders of its own and headless Chromium beside it, without the internet."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

CHROMIUM_ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # No name but this machine's resolves: whatever is asked of the internet fails visibly.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
COURSE_LAB = (sys.executable, "-m", "course_lib.cli", "lab")
OWN_FOLDERS = (  # the user's own settings and kernels must not matter
    *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"),
)


def chromium() -> str | None:
    """The browser's path: $CHROMIUM, else what is installed under one of its usual names."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def missing() -> str | None:
    """What keeps a browser from being driven here; None when nothing does."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install -e '.[dev]'"
    if chromium() is None:
        return "Chromium was not found: apt-get install chromium, or set CHROMIUM to its path"
    return None


def copy_course(source: Path, target: Path) -> Path:
    """The notebooks of a course: tests run a copy, so that the originals are never saved over."""
    skip = shutil.ignore_patterns(".ipynb_checkpoints")
    for name in ("notebooks", "exercises", "solutions"):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=skip)
        else:  # `course lab` knows a course by its folders
            (target / name).mkdir(parents=True)
    return target


class Server:
    """JupyterLab on the course in `root`, on a free port, with folders of its own in `state`."""

    def __init__(self, root: Path, state: Path, command: Sequence[str] = COURSE_LAB):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = state / "server.log"
        folders = {name: str(state / name.lower()) for name in OWN_FOLDERS}
        for folder in folders.values():
            os.makedirs(folder)
        options = [
            *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}"),
            *("--ServerApp.port_retries=0", "--IdentityProvider.token="),
            "--expose-app-in-browser",
        ]
        environment = {**os.environ, **folders, "COURSE_PROGRESS": str(state / "progress.json")}
        for name in ("JUPYTER_PATH", "COURSE_STRICT", "NBGRADER_EXECUTION"):
            environment.pop(name, None)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *options],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/status", timeout=2).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.stop()
                    tail = self.log.read_text(errors="replace")[-3000:]
                    raise RuntimeError(f"JupyterLab did not start:\n{tail}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Ends the server, which ends its kernels; kills what is left after 15 seconds."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
            for _ in range(150):
                self.process.poll()
                os.killpg(self.process.pid, 0)  # raises once the whole group is gone
                time.sleep(0.1)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def browser_window(profile: Path) -> Iterator[BrowserContext]:
    """Headless Chromium with a fresh profile, without animations."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            headless=True,
            viewport={"width": 1280, "height": 900},
            args=CHROMIUM_ARGS,
            reduced_motion="reduce",
        )
        try:
            yield context
        finally:
            context.close()
