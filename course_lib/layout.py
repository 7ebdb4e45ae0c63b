"""Where everything lies: units/ is the source, notebooks/, solutions/ and exercises/ are built."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import EnvironmentProblem, UnknownName

WELCOME = "notebooks/00_welcome.ipynb"
EXERCISES = "exercises/[0-9][0-9]_*/[0-9][0-9]_exercises.ipynb"


def course_root(start: Path | None = None) -> Path | None:
    """The nearest folder at or above `start` that holds the course, or None.

    It is known by its exercises/ and by its units/ or its welcome page; a folder that was handed
    out has neither, and is known by the exercise notebooks themselves.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        ours = (folder / WELCOME).exists() or any((folder / "units").glob("*/lesson.py"))
        if (folder / "exercises").is_dir() and (ours or any(folder.glob(EXERCISES))):
            return folder
    return None


def path_with_scripts() -> str:
    """$PATH with this Python's scripts first: `course` and `alembic` are then found by name, also
    where no virtual environment was activated."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])


@dataclass(frozen=True)
class UnitSource:
    """The text of one unit and the notebooks made from it; `name` is its folder's."""

    root: Path
    name: str

    @property
    def number(self) -> str:
        """The unit's two digits."""
        return self.name.split("_")[0]

    @property
    def lesson_text(self) -> Path:
        """Source of the lesson."""
        return self.root / "units" / self.name / "lesson.py"

    @property
    def assignment_text(self) -> Path:
        """Source of the exercises; a unit need not have any."""
        return self.root / "units" / self.name / "assignment.py"

    @property
    def lesson(self) -> Path:
        """The built lesson."""
        return self.root / "notebooks" / f"{self.name}.ipynb"

    @property
    def exercise_file(self) -> str:
        """Name of the exercise notebook; the solution's is the same, as nbgrader needs it."""
        return f"{self.number}_exercises.ipynb"

    @property
    def solution(self) -> Path:
        """The built solution: nbgrader's source."""
        return self.root / "solutions" / self.name / self.exercise_file

    @property
    def exercises(self) -> Path:
        """The blank notebook: nbgrader's release."""
        return self.root / "exercises" / self.name / self.exercise_file


@dataclass(frozen=True)
class Layout:
    """The course's folder."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Layout:
        """The course at or above `start`, else the one this package belongs to.

        Raises `EnvironmentProblem` when there is none.
        """
        found = course_root(start)
        home = Path(__file__).resolve().parents[1]
        if found is None and (home / "units").is_dir():
            found = home
        if found is None:
            raise EnvironmentProblem(
                f"No course was found at or above {start or Path.cwd()}: a folder with exercises/ "
                f"and {WELCOME} is expected. Change into the folder that you cloned."
            )
        return cls(found)

    def units(self, names: tuple[str, ...] = ()) -> list[UnitSource]:
        """All units in order, or those named (a number such as "1" or "01" is enough).

        Raises `UnknownName` for a unit that has no folder in units/.
        """
        known = sorted(p.parent.name for p in (self.root / "units").glob("*/lesson.py"))
        if not known:
            raise EnvironmentProblem(
                f"There are no units in {self.root / 'units'}: build from a "
                "clone of the course, which holds their text."
            )
        return self._chosen(names, known, "units")

    def released(self, names: tuple[str, ...] = ()) -> list[UnitSource]:
        """The units whose exercise notebook is here, in order, or those named. They need no text:
        a folder that was handed out has them too.

        Raises `UnknownName` for a unit that has no exercise notebook.
        """
        return self._chosen(
            names, sorted({p.parent.name for p in self.root.glob(EXERCISES)}), "exercises"
        )

    def _chosen(self, names: tuple[str, ...], known: list[str], where: str) -> list[UnitSource]:
        chosen = []
        for name in names:
            bare = Path(name).name
            match = [k for k in known if k == bare or k.split("_")[0] == bare.zfill(2)]
            if not match:
                raise UnknownName("unit", name, known, str(self.root / where))
            chosen += match
        return [UnitSource(self.root, name) for name in (chosen or known)]
