"""A class made up: solved, wrong, blank and hostile answers in all mixtures, each with its mark.

python -m tests.grading_class SUBMISSIONS OUT     grades one on two workers
"""

from __future__ import annotations

import inspect
import json
import random
import sys
from pathlib import Path

import nbformat

from course_lib.exercises import load_unit
from course_lib.grading.examiner import Limits
from course_lib.grading.grade import grade
from course_lib.layout import Layout
from tests.hostile_answers import ANSWER, ANSWERS
from tests.wrong_answers.linear_layers import WRONG

UNIT = Layout.find().units(("1",))[0]
LIMITS = Limits(cell=2.0, call=2.0, exercise=10.0, memory=1 << 28, file=8 << 20)
IMPORTS = "import torch\nfrom torch import Tensor, nn\n\n"
HOSTILE = [c for c in ANSWERS if c.lost and not c.spoils]


def make_class(folder: Path, number: int, seed: int) -> dict[str, float | None]:
    """Write `number` submissions; the mark that each must get, None for no mark."""
    draw = random.Random(seed)
    unit = load_unit(UNIT.name).exercises
    marks: dict[str, float | None] = {}
    folder.mkdir()
    for n in range(number):
        student = f"student{n:03}"
        kind = draw.choices(("mixed", "hostile", "broken"), (0.75, 0.2, 0.05))[0]
        if kind == "broken":
            (folder / f"{student}.ipynb").write_text('{"cells": [')
            marks[student] = None
            continue
        notebook = nbformat.read(UNIT.solution, as_version=4)
        given = {e.name: draw.choices(("solved", "wrong", "blank"), (6, 3, 1))[0] for e in unit}
        for e in unit:  # only functions and classes have a text of their own in WRONG
            given[e.name] = "blank" if given[e.name] == "wrong" and not _wrong(e) else given[e.name]
        texts = {e.name: _text(e, given[e.name], draw) for e in unit}
        if kind == "hostile":
            texts[ANSWER] = draw.choice(HOSTILE).cells[ANSWER]
            given[ANSWER] = "wrong"
        blank = nbformat.read(UNIT.exercises, as_version=4)
        handed_out = {_grade_id(c): c.source for c in blank.cells}
        for cell in notebook.cells:
            name = _grade_id(cell)
            if name in texts:
                text = handed_out[name] if given[name] == "blank" else texts[name]
                cell.source = cell.source if text is None else text
        (folder / f"{student}.ipynb").write_text(json.dumps(notebook))
        marks[student] = sum(e.points for e in unit if given[e.name] == "solved")
    return marks


def _grade_id(cell) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _text(exercise, kind: str, draw: random.Random) -> str | None:
    """The text of an answer; None leaves the solution."""
    if kind != "wrong":
        return None
    wrong = draw.choice(_wrong(exercise))
    return f"{IMPORTS}{inspect.getsource(wrong)}\n\n{exercise.name} = {wrong.__name__}\n"


def _wrong(exercise) -> list:
    return [w for w in WRONG[exercise.name] if callable(w) and _stands_alone(w)]


def _stands_alone(answer) -> bool:
    """Whether its text needs nothing else of its file."""
    others = {name for name, value in vars(inspect.getmodule(answer)).items() if callable(value)}
    used = set(inspect.getsource(answer).replace("(", " ").replace(".", " ").split())
    return not (used & others) - {answer.__name__, "Tensor", "nn", "torch"}


if __name__ == "__main__":
    graded = grade(Path(sys.argv[1]), UNIT, Path(sys.argv[2]), workers=2, limits=LIMITS)
    print(json.dumps({"fresh": graded.fresh, "kept": graded.kept, "stale": graded.stale}))
