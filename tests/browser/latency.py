"""How long a live figure takes from a key press to its new picture, on this machine.

Run from the course's folder: python -m tests.browser.latency [NOTEBOOK ...]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .driver import Server, browser_window, copy_course
from .notebook import Notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOVES = 30


def watch_picture(figure: Locator) -> None:
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


def milliseconds_to_picture(page: Page, control: Locator, key: str) -> float:
    """Presses a key on a control; the time until the new picture is decoded."""
    before = page.evaluate("() => window.pictureWatch.times.length")
    control.press(key)
    page.wait_for_function("n => window.pictureWatch.times.length > n", arg=before, timeout=20_000)
    return page.evaluate("() => window.pictureWatch.times.at(-1)")


def measure(notebook: Notebook) -> None:
    """Print the median, the fastest and the slowest move of each slider's figure."""
    for figure in notebook.page.locator(".course-widget [role=group]:has(input)").all():
        slider = figure.get_by_role("slider").first
        watch_picture(figure)
        times = []
        key = "ArrowRight"
        for _ in range(MOVES):
            if slider.evaluate("s => s.value === s.max"):
                key = "ArrowLeft"
            elif slider.evaluate("s => s.value === s.min"):
                key = "ArrowRight"
            times.append(milliseconds_to_picture(notebook.page, slider, key))
        question = figure.locator(".course-question").inner_text()
        print(
            f"  median {statistics.median(times):4.0f} ms  "
            f"({min(times):.0f} to {max(times):.0f})  {question}"
        )


def main(paths: list[str]) -> None:
    """Measure the live figures of the named notebooks, of every lesson when none is named."""
    root = Path.cwd()
    paths = paths or sorted(str(p.relative_to(root)) for p in root.glob("notebooks/*.ipynb"))
    with tempfile.TemporaryDirectory(prefix="course-latency-") as name:
        folder = Path(name)
        (folder / "state").mkdir()
        server = Server(copy_course(root, folder / "course"), folder / "state")
        try:
            with browser_window(folder / "profile") as window:
                for path in paths:
                    notebook = Notebook(window.new_page(), server)
                    notebook.open(path)
                    notebook.run_all()
                    print(path)
                    measure(notebook)
                    notebook.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
