"""The same notebooks in a learner's hands and in nbgrader's: blank, solved, and half solved."""

import shutil
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from course_lib.building.release import configure
from course_lib.exercises import load_unit
from course_lib.layout import Layout, path_with_scripts

ROOT = Path(__file__).parents[1]
UNITS = [u for u in Layout(ROOT).units() if u.assignment_text.exists()]


def errors_of_checks(notebook):
    """The check cells, each with the errors that it ended in."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            yield cell, [(o.ename, o.evalue) for o in cell.outputs if o.output_type == "error"]


def submit(root, student, unit, notebook):
    folder = root / "submitted" / student / unit.name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / unit.exercise_file)


@pytest.mark.filterwarnings("ignore")  # nbgrader's and SQLAlchemy's own
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_nbgrader_gives_the_points_of_the_same_checks(unit, tmp_path, monkeypatch):
    """Solved: all points. Blank: none, and each check says so. In the first unit also one wrong
    answer, which warns too: all but its points."""
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI

    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.setenv("PATH", path_with_scripts())  # nbgrader starts `alembic` by name
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    (tmp_path / "solutions" / unit.name).mkdir(parents=True)
    shutil.copy2(unit.solution, tmp_path / "solutions" / unit.name)
    config = configure(Config())
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(unit.name)["success"]

    exercises = load_unit(unit.name).exercises
    wrong = next(e for e in exercises if "return " in e.answer_cell())
    blank = nbformat.read(unit.exercises, as_version=4)
    solved = nbformat.read(unit.solution, as_version=4)
    submit(tmp_path, "blank", unit, blank)
    submit(tmp_path, "solved", unit, solved)
    expected = {"blank": 0, "solved": sum(e.points for e in exercises)}
    for cell in solved.cells if unit == UNITS[0] else ():
        if cell.metadata.get("nbgrader", {}).get("grade_id") == wrong.name:
            cell.source = "import warnings; warnings.warn('chatter')\n" + cell.source.replace(
                "return ", "return -", 1
            )
            submit(tmp_path, "nearly", unit, solved)
            expected["nearly"] = expected["solved"] - wrong.points

    for student in expected:
        result = api.autograde(unit.name, student)
        assert result["success"], result.get("log") or result.get("error")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(unit.name)}
        assert book.find_assignment(unit.name).max_score == expected["solved"]
    assert scores == expected
    notebook = nbformat.read(tmp_path / "autograded" / "blank" / unit.name / unit.exercise_file, 4)
    said = list(errors_of_checks(notebook))
    assert len(said) == len(exercises)
    for cell, errors in said:
        assert [kind for kind, _ in errors] == ["CheckFailed"], f"{cell.source}: {errors}"
        assert "not written yet" in errors[0][1]
    assert not list(tmp_path.rglob(".course_progress*")), "grading leaves no progress behind"
