"""A notebook open in JupyterLab: what a learner does with it, and what it asks and complains of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .driver import Server

PANEL = "window.jupyterapp.shell.currentWidget"
CODE_CELLS = f"Array.from({PANEL}.content.model.cells).filter(c => c.type === 'code')"


class Notebook:
    """One notebook open in one page; what the page asked for and complained of is recorded."""

    def __init__(self, page: Page, server: Server):
        self.page, self.server = page, server
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("websocket", lambda s: self.requests.append(s.url))
        page.on("pageerror", self._failed)
        page.on("console", self._heard)

    def _failed(self, error: Any) -> None:
        # JupyterLab, when it is slow, may detach a cell twice; the course's widgets are blobs
        stack = getattr(error, "stack", "") or ""
        if "removeChild" not in str(error) or "blob:" in stack:
            self.complaints.append(f"page error: {error}\n{stack}")

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
