"""Take the README's picture: `python -m tests.browser.portrait` writes docs/lesson.png."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from .driver import Server, browser_window, copy_course
from .notebook import Notebook

TARGET = Path("docs/lesson.png")


def main() -> None:
    """Open lesson 1, run it, move a slider, and photograph the live figure in its page."""
    with tempfile.TemporaryDirectory(prefix="course-portrait-") as name:
        folder = Path(name)
        (folder / "state").mkdir()
        server = Server(copy_course(Path.cwd(), folder / "course"), folder / "state")
        try:
            with browser_window(folder / "profile") as window:
                notebook = Notebook(window.new_page(), server)
                notebook.page.set_viewport_size({"width": 1280, "height": 860})
                notebook.open("notebooks/01_linear_layers.ipynb")
                notebook.run_all()
                at = next(i for i, c in enumerate(notebook.cells()) if "LiveFigure(" in c["source"])
                cell = notebook.cell(at)
                slider = cell.locator("input[type=range]").first
                for _ in range(3):
                    slider.press("ArrowLeft")
                notebook.settle()
                cell.locator(".course-question").evaluate("e => e.scrollIntoView()")
                notebook.page.wait_for_timeout(500)
                picture = Image.open(io.BytesIO(notebook.page.screenshot()))
                notebook.close()
        finally:
            server.stop()
    TARGET.parent.mkdir(exist_ok=True)
    small = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
