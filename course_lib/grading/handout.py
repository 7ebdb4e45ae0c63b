"""What an instructor hands out: the folder for students, or a course root for nbgrader.

For students: the blank notebooks, the lessons that they belong to, and a README. For nbgrader also
its source notebooks with the solutions, its settings and a folder for what is handed in.

A notebook loses its cells for self-study, which link to the solutions. Otherwise it is the course's
own: the exercises read nothing but `course_lib`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_lib import __version__
from course_lib.errors import WrongArgument
from course_lib.grading.results import write_whole
from course_lib.layout import Layout, UnitSource

SELF_STUDY = "self-study"  # the tag of cells that lead to the solutions
CONFIG = '''"""nbgrader's settings for this course; their home is course_lib."""

from course_lib.building.release import configure

configure(get_config())  # noqa: F821  nbgrader provides it

# To hand out and collect through nbgrader as well, name a folder that everybody may write to:
# get_config().Exchange.root = "/srv/nbgrader/exchange"  # noqa: F821
'''


def hand_out(
    layout: Layout, units: tuple[str, ...], out: Path, nbgrader: bool = False
) -> list[Path]:
    """Make the folder to hand out, for the units named (all that have exercises without names).

    nbgrader : make a course root for nbgrader in place of the folder for students. It holds the
    solutions and is not for students.

    Returns the files that the folder consists of. Each is written as a whole; one that stands
    there as it should is left alone, so what was interrupted can be run again, and a course root
    can get further units.

    Raises `WrongArgument`, before anything is written, where a file of another content would have
    to be replaced, and for students also where the folder holds anything else: it might be a
    solution (.git aside). Nothing is ever deleted or overwritten.
    """
    out = Path(out)
    chosen = _with_exercises(layout, units)
    files = _for_instructor(chosen) if nbgrader else _for_students(chosen)
    _require_room(out, files, alone=not nbgrader)
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_whole(path, text)
    if nbgrader:
        (out / "submitted").mkdir(exist_ok=True)
    return [out / name for name in files]


def _with_exercises(layout: Layout, names: tuple[str, ...]) -> list[UnitSource]:
    if isinstance(names, str):
        raise WrongArgument(f"units is {names!r}; give a tuple of names, such as ({names!r},).")
    chosen = list({u.name: u for u in layout.units(tuple(names))}.values())
    if not names:
        chosen = [u for u in chosen if u.assignment_text.exists()]
    for unit in chosen:
        if not unit.assignment_text.exists():
            raise WrongArgument(f"Unit {unit.name} has no exercises to hand out.")
        missing = [p for p in (unit.exercises, unit.solution, unit.lesson) if not p.exists()]
        if missing:
            raise WrongArgument(f"{missing[0]} is missing. Run `course build {unit.number}`.")
    return chosen


def _for_students(units: list[UnitSource]) -> dict[str, str]:
    """Content by path: no solution, and nothing that was made from one but the blanks."""
    files = {"README.md": _readme_for_students([_Contents.of(u) for u in units])}
    for unit in units:
        files[_below(unit, unit.exercises)] = _without_self_study(unit.exercises)
        files[_below(unit, unit.lesson)] = unit.lesson.read_text(encoding="utf-8")
    return files


def _for_instructor(units: list[UnitSource]) -> dict[str, str]:
    files = {"nbgrader_config.py": CONFIG, "README.md": README_FOR_INSTRUCTORS}
    for unit in units:
        files[_below(unit, unit.solution)] = _without_self_study(unit.solution)
        files[_below(unit, unit.exercises)] = _without_self_study(unit.exercises)
        files[_below(unit, unit.lesson)] = unit.lesson.read_text(encoding="utf-8")
    return files


def _below(unit: UnitSource, path: Path) -> str:
    return path.relative_to(unit.root).as_posix()


def _without_self_study(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [c for c in notebook.cells if SELF_STUDY not in c.metadata.get("tags", [])]
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _require_room(out: Path, files: dict[str, str], alone: bool) -> None:
    """Refuse to replace a file, and, with `alone`, to hand out what else lies in the folder."""
    if out.exists() and not out.is_dir():
        raise WrongArgument(f"{out} is a file; a folder is needed. Give another name.")
    for name, text in files.items():
        path = out / name
        if path.exists() and not _same(path, text):
            raise WrongArgument(
                f"{path} is there with another content and is not overwritten. Move it away, or "
                "give a new folder."
            )
    if not alone:
        return
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if name.split("/")[0] == ".git":
            continue  # what keeps the folder's versions
        if path.name.startswith(".") and path.name.endswith(".unfinished"):
            path.unlink()  # left by a run that was killed
        elif name not in files and (path.is_symlink() or not path.is_dir()):
            raise WrongArgument(
                f"{out} also holds {name}, and all that lies there would be handed out. Give a "
                "new folder."
            )


def _same(path: Path, text: str) -> bool:
    """Whether a file says the same; of a notebook its cells count, since nbgrader writes it anew
    with other outputs."""
    try:
        found = path.read_text(encoding="utf-8")
        if found == text or path.suffix != ".ipynb":
            return found == text
        return _cells(found) == _cells(text)
    except Exception:  # whatever nbformat finds wrong with it
        return False


def _cells(text: str) -> list[tuple]:
    cells = nbformat.reads(text, as_version=4).cells
    return [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in cells]


# -- what to read first ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Contents:
    """What a unit's notebook holds, for the list of contents."""

    path: str
    lesson: str
    title: str
    exercises: int
    points: float

    @classmethod
    def of(cls, unit: UnitSource) -> _Contents:
        notebook = nbformat.read(unit.exercises, as_version=4)
        told = [c.metadata.get("nbgrader", {}) for c in notebook.cells]
        points = [n["points"] for n in told if n.get("grade")]
        title = notebook.cells[0].source.split("\n")[0].lstrip("# ").strip()
        lesson = _below(unit, unit.lesson)
        return cls(_below(unit, unit.exercises), lesson, title, len(points), sum(points))

    def row(self) -> str:
        """A line of the table."""
        return (
            f"| [{self.title}]({self.path}) | [lesson]({self.lesson}) | {self.exercises} | "
            f"{self.points:g} |"
        )


def _readme_for_students(contents: list[_Contents]) -> str:
    rows = "\n".join(c.row() for c in contents)
    return README_FOR_STUDENTS.format(
        rows=rows, file=Path(contents[0].path).name, version=__version__
    )


README_FOR_STUDENTS = """\
# Exercises

| Notebook to hand in | To read first | Exercises | Points |
|---|---|---|---|
{rows}

## Install

You need Python 3.11 or later and the course's package, `sae-course` {version}, which brings all
else that the notebooks use. Your instructor tells you where it is: a file ending in `.whl`, or an
address. Put that in place of PACKAGE:

```
python3 -m venv .venv
.venv/bin/python -m pip install PACKAGE
```

(On Windows: `py -m venv .venv`, and `.venv\\Scripts\\python` in place of `.venv/bin/python`.) Once
it is installed you need no internet, and no GPU.

## Open

In this folder: `.venv/bin/course lab`. It starts JupyterLab in your browser. If you have a
JupyterLab of your own, with the package installed in it, open the notebook there.

## Work

1. Run the first code cell of the notebook. It loads the exercises.
2. Write each answer in place of the dots `...`, and run the cell.
3. Run the cell under it, `check.…(…)`. It tries your answer on new inputs each time. If something
   is wrong, it says what. Check as often as you like: it is not counted.
4. Stuck? `hint.name_of_the_exercise()` shows a hint; call it again for the next one.

A mark is found in the same way as the check's verdict, on other inputs, by a program of its own.

## Leave alone

- **The checks.** Edited or deleted ones are put back before anything is marked.
- **The cells themselves.** Each carries hidden marks (cell metadata) by which it is recognised. So
  do not copy answers into another notebook, and do not merge, split or delete the cells that are
  there. Add cells of your own wherever you like.
- **Names.** A function keeps the name and the arguments that it was given.

Write the answers yourself. An answer that imports or calls the course's own implementation
(`course_lib`) in place of writing it earns nothing, also when the check accepts it.

## Hand in

1. Choose **Kernel → Restart Kernel and Run All Cells**. What works only because of a cell that you
   have since deleted shows now. A cell that runs for minutes counts as not finished.
2. Save.
3. Hand in that one file, `{file}` for example. Keep it an `.ipynb`: no PDF, no picture, no link.
"""

README_FOR_INSTRUCTORS = """\
# A course root for nbgrader

**Not for students: `solutions/` holds the answers.** For them make a folder with
`course release --out FOLDER`.

| | |
|---|---|
| `solutions/UNIT/` | nbgrader's source |
| `exercises/UNIT/` | nbgrader's release: the blank notebooks |
| `notebooks/` | the lessons that the exercises link to |
| `nbgrader_config.py` | nbgrader's settings |
| `submitted/STUDENT/UNIT/` | put here what is handed in |

Needed: `pip install 'sae-course[instructor]'`. Run every command in this folder. UNIT is the name
of a folder in `exercises/`.

## Grade

```
course grade submitted -a UNIT --out grading --gradebook sqlite:///gradebook.db
```

grades all that lies in `submitted/`, keeps results, feedback and the report in `grading/`, and
writes the marks into nbgrader's gradebook. It can be interrupted, and run again, at any time.
Marks and comments that you have given by hand stay. Submissions need not lie in `submitted/`: a
folder of notebooks or a zip from your LMS will do.

## Look at it, mark by hand

```
course lab
```

opens JupyterLab here; then **Nbgrader → Formgrader** in its menu. Under *Manual Grading* you see
each submission. What needs a look by you is listed as *needs manual grade*: submissions that could
not be graded, and answers that took too long or ended the process. The comment under the answer
says why. A submission that could not be graded counts as 0 in sums and in the export until you
have marked it.

```
nbgrader export --to grades.csv
```

writes the marks of all units into a table.

## nbgrader by itself

```
nbgrader generate_assignment UNIT --force   # the blank notebook anew, and the gradebook's entry
nbgrader list                               # what the exchange holds (set it in nbgrader_config.py)
nbgrader autograde UNIT                     # nbgrader's own grading of all that was not graded yet
nbgrader generate_feedback UNIT
```

`nbgrader autograde` runs students' code with your rights: it can read `solutions/` and write the
gradebook. `course grade` keeps it apart.
"""
