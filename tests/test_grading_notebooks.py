"""The gate before release: blank, solved and nearly solved, graded by nbgrader and by us."""

import shutil
from pathlib import Path

import nbformat
import pytest
from traitlets.config import Config

from course_lib.building.release import configure
from course_lib.exercises import load_unit
from course_lib.grading.grade import grade
from course_lib.layout import Layout, path_with_scripts
from tests.seeds import ON_REQUEST

ROOT = Path(__file__).parents[1]
UNITS = [u for u in Layout(ROOT).units() if u.assignment_text.exists()]


def errors_of_checks(notebook):
    """The check cells, each with the errors that it ended in."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            yield cell, [(o.ename, o.evalue) for o in cell.outputs if o.output_type == "error"]


def told(path):
    """What a notebook's cells say."""
    cells = nbformat.read(path, as_version=4).cells
    return [(c.cell_type, c.id, c.source, dict(c.metadata)) for c in cells]


def submit(root, student, unit, notebook):
    folder = root / "submitted" / student / unit.name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / unit.exercise_file)


@pytest.mark.filterwarnings("ignore")  # nbgrader's and SQLAlchemy's own
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_nbgrader_gives_the_points_of_the_same_checks(unit, tmp_path, monkeypatch):
    """Solved: all points. Blank: none, and each check says so. One wrong answer, which warns too:
    all but its points. `course grade` agrees, and tells what a 0 means."""
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
    made = tmp_path / "exercises" / unit.name / unit.exercise_file
    assert told(made) == told(unit.exercises), f"run: course build {unit.number}"

    exercises = load_unit(unit.name).exercises
    wrong = next(e for e in exercises if "return " in e.answer_cell())
    total = sum(e.points for e in exercises)
    expected = {"blank": 0, "nearly": total - wrong.points, "solved": total}
    submit(tmp_path, "blank", unit, nbformat.read(unit.exercises, as_version=4))
    solved = nbformat.read(unit.solution, as_version=4)
    submit(tmp_path, "solved", unit, solved)
    for cell in solved.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == wrong.name:
            cell.source = "import warnings; warnings.warn('chatter')\n" + cell.source.replace(
                "return ", "return -", 1
            )
    submit(tmp_path, "nearly", unit, solved)

    # nbgrader takes half a minute where the notebooks train: these on request
    by_nbgrader = list(expected) if unit == UNITS[0] else ["nearly"]
    if unit.number not in ("01", "02", "05") and not ON_REQUEST:
        by_nbgrader = []
        shutil.rmtree(tmp_path / "submitted" / "nearly")
        del expected["nearly"]
    for student in by_nbgrader:
        result = api.autograde(unit.name, student)
        assert result["success"], result.get("log") or result.get("error")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(unit.name)}
        assert book.find_assignment(unit.name).max_score == total or not by_nbgrader
    assert scores == {student: expected[student] for student in by_nbgrader}
    for student in set(by_nbgrader) & {"blank"}:
        autograded = tmp_path / "autograded" / student / unit.name / unit.exercise_file
        said = list(errors_of_checks(nbformat.read(autograded, 4)))
        assert len(said) == len(exercises)
        for cell, errors in said:
            assert [kind for kind, _ in errors] == ["CheckFailed"], f"{cell.source}: {errors}"
            assert "not written yet" in errors[0][1]
    assert not list(tmp_path.rglob(".course_progress*")), "grading leaves no progress behind"

    graded = grade(tmp_path, unit, tmp_path / "grading")
    assert {r.student: r.earned for r in graded.results} == expected
    states = {r.student: str(r.state) for r in graded.results}
    assert states == dict.fromkeys(expected, "graded") | {"blank": "not attempted"}
    assert not any(r.repairs for r in graded.results), "honest notebooks need no repairs"
    assert not any(r.remarks for r in graded.results)
