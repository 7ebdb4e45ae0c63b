"""Text in, notebook out: Jupytext's percent format, with exercise cells filled in from their
declarations and nbgrader's metadata written beside them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.errors import BuildError, UnknownName
from course_lib.exercises.declarations import Exercise
from course_lib.exercises.units import UNITS, load_unit
from course_lib.layout import UnitSource

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Rendered:
    """A notebook without outputs, and for each cell the line of the text that it comes from."""

    notebook: NotebookNode
    text: Path
    lines: tuple[int, ...]


def read_text(text: Path) -> tuple[list[NotebookNode], list[int]]:
    """The cells of a percent-format file and the line on which the marker of each stands."""
    source = text.read_text(encoding="utf-8")
    cells = jupytext.reads(source, fmt="py:percent").cells
    lines = [i for i, row in enumerate(source.split("\n"), 1) if re.match(r"# %%( |$)", row)]
    if not cells:
        raise BuildError(f"{text} has no cells: each begins with a line '# %%'.")
    if len(cells) != len(lines):
        raise BuildError(
            f"{text}: {len(lines)} markers '# %%' but {len(cells)} cells; the text "
            "must begin with a marker."
        )
    return cells, lines


def render_lesson(unit: UnitSource) -> Rendered:
    """The lesson's notebook, not yet executed."""
    cells, lines = read_text(unit.lesson_text)
    return Rendered(_notebook([_clean(c) for c in cells]), unit.lesson_text, tuple(lines))


def render_assignment(unit: UnitSource) -> Rendered:
    """The solution's notebook, not yet executed.

    Raises `BuildError` when an exercise is unknown, missing, or used twice.
    """
    text = unit.assignment_text
    if unit.name not in UNITS:
        raise BuildError(
            f"{text}: the exercises of {unit.name} are not declared. Add the unit to UNITS in "
            "course_lib/exercises/units.py."
        )
    declared = load_unit(unit.name)
    numbers = {e.name: i for i, e in enumerate(declared.exercises, 1)}
    cells, lines, answered, headed = [], [], [], []
    for cell, line in zip(*read_text(text), strict=True):
        name = cell.metadata.get("exercise")
        if name is None:
            filled = [_clean(cell)]
        else:
            try:
                exercise = declared.exercise(name)
            except UnknownName as error:
                raise BuildError(f"{text}, line {line}: {error}") from None
            if cell.cell_type == "markdown":
                headed.append(name)
                filled = [_heading(exercise, numbers[name], cell.source)]
            else:
                if cell.source.strip():
                    raise BuildError(
                        f"{text}, line {line}: the answer cell of '{name}' must be "
                        "empty; its source comes from the declaration."
                    )
                answered.append(name)
                filled = _exercise_cells(exercise, numbers[name], unit)
        cells += filled
        lines += [line] * len(filled)
    for found, what in ((headed, "headings"), (answered, "answer cells")):
        if found != list(numbers):
            raise BuildError(
                f"{text}: the {what} are {found}; the declaration's order is {list(numbers)}."
            )
    return Rendered(_notebook(cells), text, tuple(lines))


def _clean(cell: NotebookNode) -> NotebookNode:
    make = new_code_cell if cell.cell_type == "code" else new_markdown_cell
    return make(cell.source, metadata=dict(cell.metadata))


def _heading(exercise: Exercise, number: int, prose: str) -> NotebookNode:
    parts = [f"## Exercise {number} · {exercise.title}", exercise.header, prose, exercise.prompt]
    return new_markdown_cell("\n\n".join(p for p in parts if p), id=_id("text", exercise.name))


def anchor(exercise: Exercise, number: int) -> str:
    """The fragment by which JupyterLab finds the exercise's heading."""
    return f"Exercise-{number}-·-{exercise.title}".replace(" ", "-")


def _exercise_cells(exercise: Exercise, number: int, unit: UnitSource) -> list[NotebookNode]:
    where = f"{unit.name}/{unit.exercise_file}#{anchor(exercise, number)}"
    base = {"schema_version": 3, "task": False}
    answer = new_code_cell(
        exercise.answer_cell(),
        id=_id("answer", exercise.name),
        metadata={
            "nbgrader": {
                **base,
                "grade_id": exercise.name,
                "grade": False,
                "solution": True,
                "locked": False,
            }
        },
    )
    check = new_code_cell(
        exercise.check_cell(),
        id=_id("check", exercise.name),
        metadata={
            "nbgrader": {
                **base,
                "grade_id": f"{exercise.name}_check",
                "grade": True,
                "solution": False,
                "locked": True,
                "points": exercise.points,
            }
        },
    )
    hint = new_code_cell(
        "# Stuck? Remove the # in the next line and run it; again for more.\n"
        f"# hint.{exercise.name}()",
        id=_id("hint", exercise.name),
    )
    links = new_markdown_cell(
        f"Exercise {number}: [blank](../../exercises/{where}) · "
        f"[solution](../../solutions/{where})",
        id=_id("links", exercise.name),
        metadata={"tags": ["self-study"]},
    )
    return [answer, check, hint, links]


def _id(kind: str, name: str) -> str:
    return f"{kind}-{name}".replace("_", "-")[:64]


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook whose cell ids depend on what the cells say, not on when they were built."""
    seen: dict[str, int] = {}
    for cell in cells:
        if re.match(r"(text|answer|check|hint|links)-", cell.id):
            continue
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook = new_notebook(
        cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    nbformat.validate(notebook)
    return notebook


def same_source(a: NotebookNode, b: NotebookNode) -> bool:
    """Whether two notebooks have the same cells, whatever their outputs."""

    def key(notebook):
        return [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in notebook.cells]

    return key(a) == key(b)
