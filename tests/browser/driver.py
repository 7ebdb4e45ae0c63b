"""Drives JupyterLab in headless Chromium: a server of its own, a fresh profile, no internet."""

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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

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
PANEL = "window.jupyterapp.shell.currentWidget"
CODE_CELLS = f"Array.from({PANEL}.content.model.cells).filter(c => c.type === 'code')"


def chromium() -> str | None:
    """The browser's path: $CHROMIUM, or what is installed under one of its usual names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def missing() -> str | None:
    """What keeps a browser from being driven here; None when nothing does."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed: pip install -e '.[dev]'"
    if chromium() is None:
        return "Chromium is not installed: apt-get install chromium, or set CHROMIUM to its path"
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


class Notebook:
    """One notebook open in one page; what the page asked for and complained of is recorded."""

    def __init__(self, page: Page, server: Server):
        self.page, self.server = page, server
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("websocket", lambda s: self.requests.append(s.url))
        page.on("pageerror", lambda e: self.complaints.append(f"page error: {e}"))
        page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.complaints.append(f"console error: {message.text} [{where}]")

    @property
    def outside_requests(self) -> list[str]:
        """Every request that left this machine."""
        here = (self.server.url, self.server.url.replace("http", "ws"), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(here)]

    def open(self, path: str) -> None:
        """Opens a notebook in a clean workspace and waits for its kernel to be idle."""
        self.page.goto(f"{self.server.url}/lab/tree/{path}?reset", wait_until="domcontentloaded")
        self.wait_until_ready(path)

    def wait_until_ready(self, path: str) -> None:
        """Waits until `path` is the current notebook and its kernel is idle."""
        self.page.wait_for_function(
            f"""path => {{
                const panel = window.jupyterapp && {PANEL};
                const kernel = panel?.sessionContext?.session?.kernel;
                return panel?.context?.path === path && panel.context.isReady
                    && kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
            }}""",
            arg=path,
            timeout=60_000,
        )

    def close(self) -> None:
        """Shuts the kernel down and closes the page."""
        self.page.evaluate(f"() => {PANEL}.sessionContext.shutdown()")
        self.page.close()

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Executes one of JupyterLab's commands."""
        self.page.evaluate(
            "([n, a]) => window.jupyterapp.commands.execute(n, a).then(() => null)",
            [name, arguments or {}],
        )

    def run_all(self, seconds: float = 180) -> None:
        """Run > Run All Cells; returns when all have run or one has failed.

        Raises `AssertionError` when a dialog opens or a cell asks for input.
        """
        self.page.locator(".lm-MenuBar-item", has_text="Run").first.click()
        self.page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
        end = self.page.wait_for_function(
            f"""() => {{
                const dialog = document.querySelector('.jp-Dialog');
                if (dialog) return 'a dialog opened: ' + dialog.innerText;
                if (document.querySelector('.jp-Stdin-input')) return 'a cell asks for input';
                const cells = {CODE_CELLS}.filter(c => c.sharedModel.getSource().trim());
                const failed = cells.some(
                    c => c.outputs.toJSON().some(o => o.output_type === 'error'));
                const ran = cells.every(
                    c => c.executionCount !== null && c.executionState === 'idle');
                return {PANEL}.sessionContext.session.kernel.status === 'idle'
                    && (failed || ran) && 'done';
            }}""",
            timeout=seconds * 1000,
        ).json_value()
        assert end == "done", end

    def run_cell(self, index: int) -> None:
        """Runs the cell at `index` (all cells counted) and waits for its end."""
        self.page.evaluate(f"i => {{ {PANEL}.content.activeCellIndex = i; }}", index)
        self.command("notebook:run-cell")
        self.settle()

    def cells(self) -> list[dict[str, Any]]:
        """Every cell as it stands in the notebook's model, in nbformat's form."""
        return self.page.evaluate(
            f"() => Array.from({PANEL}.content.model.cells).map(c => c.toJSON())"
        )

    def cell(self, index: int) -> Locator:
        """The cell at `index` on the page, scrolled into view."""
        self.page.evaluate(
            f"""async i => {{
                await {PANEL}.content.scrollToItem(i, 'start');
                {PANEL}.content.widgets[i].node.dataset.index = i;
            }}""",
            index,
        )
        return self.page.locator(f".jp-Cell[data-index='{index}']")

    def settle(self, quiet_ms: int = 200) -> None:
        """Waits until the kernel has been idle for a while on end."""
        self.page.wait_for_function(
            f"""quiet => {{
                const idle = {PANEL}.sessionContext.session.kernel.status === 'idle';
                window.idleSince = idle ? (window.idleSince ?? performance.now()) : null;
                return idle && performance.now() - window.idleSince > quiet;
            }}""",
            arg=quiet_ms,
            timeout=120_000,
        )
        self.page.evaluate("() => { window.idleSince = null; }")

    def set_theme(self, name: str) -> None:
        """Switches to "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name, timeout=10_000
        )

    def set_width(self, width: int) -> None:
        """Narrows or widens the window; at a narrow width the side bars are closed."""
        self.page.set_viewport_size({"width": width, "height": 900})
        if width < 800:
            for side in ("left", "right"):
                if self.page.locator(f"#jp-{side}-stack").is_visible():
                    self.command(f"application:toggle-{side}-area")
        self.page.wait_for_timeout(300)  # panels are laid out again after a pause

    def screenshot(self, path: Path, height: int = 12_000) -> None:
        """One picture of the whole notebook: the window is made as high as its last cell asks."""
        size = self.page.viewport_size
        for _ in range(8):  # cells out of view have guessed heights, hence more than one round
            more = self.page.evaluate(
                f"""() => {{
                    const box = {PANEL}.content.node;
                    const outer = box.querySelector('.jp-WindowedPanel-outer') ?? box;
                    outer.scrollTop = 0;
                    const last = {PANEL}.content.widgets.at(-1).node;
                    return Math.ceil(last.getBoundingClientRect().bottom
                        - outer.getBoundingClientRect().bottom) + 20;
                }}"""
            )
            if more <= 0:
                break
            now = self.page.viewport_size["height"]
            self.page.set_viewport_size({"width": size["width"], "height": min(now + more, height)})
            self.page.wait_for_timeout(250)
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)

    def watch_picture(self, figure: Locator) -> None:
        """Starts a stop-watch in the page: from a key press to the new picture, decoded."""
        figure.evaluate(
            """figure => {
                const watch = window.pictureWatch = { pressed: null, times: [] };
                const picture = figure.querySelector('img');
                figure.addEventListener('keydown', () => {
                    watch.pressed = performance.now();
                }, true);
                new MutationObserver(async () => {
                    if (watch.pressed === null) return;
                    const pressed = watch.pressed;
                    watch.pressed = null;
                    await picture.decode();
                    watch.times.push(performance.now() - pressed);
                }).observe(picture, { attributes: true, attributeFilter: ['src'] });
            }"""
        )

    def milliseconds_to_picture(self, control: Locator, key: str) -> float:
        """Presses a key on a control; the time until the new picture is decoded."""
        before = self.page.evaluate("() => window.pictureWatch.times.length")
        control.press(key)
        self.page.wait_for_function(
            "n => window.pictureWatch.times.length > n", arg=before, timeout=20_000
        )
        return self.page.evaluate("() => window.pictureWatch.times.at(-1)")
