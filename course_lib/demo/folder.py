"""The folder with the demo's figures: known by a signature, never another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib.checkpoints.files import reason_of
from course_lib.errors import CheckpointProblem, WrongArgument
from course_lib.plotting import ShownFigure, save_figure

SIGNATURE = "Made by `course demo`."
RESULTS = "results.txt"


class Gallery:
    """The folder with the figures. It belongs to the demo alone."""

    def __init__(self, folder: Path):
        """Make the folder, or take over that of an earlier demo. Raises as `run_demo`."""
        self.folder = folder
        self.contents: dict[str, str] = {}
        with self._explained():
            folder.mkdir(exist_ok=True)
            self._require_ours()
        self._write("The run was not finished.")  # also shows that the folder can be written

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise WrongArgument(f"{self.folder} is a file; give another --folder.") from None
        except OSError as error:
            raise CheckpointProblem(
                f"The demo cannot write to {self.folder}: {reason_of(error)} Give another --folder."
            ) from None

    def _require_ours(self) -> None:
        results = self.folder / RESULTS
        ours = results.is_file() and SIGNATURE in results.read_text(errors="replace")[:200]
        if not ours and any(self.folder.iterdir()):
            raise WrongArgument(
                f"{self.folder} holds files that the demo did not make, and it would write beside "
                "or over them. Give another --folder."
            )

    def add(self, name: str, words: str, shown: ShownFigure) -> None:
        """Save a figure; `words` tell what it shows."""
        save_figure(shown, self.folder / name)
        self.contents[name] = words

    def finish(self, text: str) -> None:
        """Keep what was printed, too."""
        self._write(text)

    def _write(self, text: str) -> None:
        with self._explained():
            (self.folder / RESULTS).write_text(f"{SIGNATURE}\n\n{text}\n", encoding="utf-8")
