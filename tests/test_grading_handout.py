"""What is handed out: to students nothing that gives answers away, to instructors a course root in
which the course's commands find their way."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from course_lib.cli.lab import WELCOME, lab_command
from course_lib.errors import UnknownName, WrongArgument
from course_lib.grading import handout
from course_lib.grading.handout import hand_out
from course_lib.layout import Layout, course_root

ROOT = Path(__file__).parents[1]
LAYOUT = Layout(ROOT)
UNITS = [u for u in LAYOUT.units() if u.assignment_text.exists()]


def files_in(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}


def test_students_get_blanks_lessons_and_what_to_do(tmp_path):
    written = hand_out(LAYOUT, (), tmp_path / "out")
    expected = {"README.md"}
    for unit in UNITS:
        expected |= {
            f"exercises/{unit.name}/{unit.exercise_file}",
            f"notebooks/{unit.name}.ipynb",
        }
    assert files_in(tmp_path / "out") == expected
    assert {p.relative_to(tmp_path / "out").as_posix() for p in written} == expected


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_nothing_that_is_handed_out_gives_an_answer_away(unit, tmp_path):
    out = tmp_path / "out"
    hand_out(LAYOUT, (unit.name,), out)
    text = "\n".join(p.read_text() for p in out.rglob("*") if p.is_file())
    assert "solutions/" not in text and "BEGIN SOLUTION" not in text
    blank = nbformat.read(out / "exercises" / unit.name / unit.exercise_file, 4)
    solution = nbformat.read(unit.solution, 4)
    answers = {
        c.metadata.nbgrader.grade_id: c.source
        for c in solution.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }
    cells = {c.metadata.nbgrader.grade_id: c for c in blank.cells if "nbgrader" in c.metadata}
    assert set(answers) < set(cells)
    for name, answer in answers.items():
        assert "YOUR CODE HERE" in cells[name].source and cells[name].source != answer
    assert not [c for c in blank.cells if c.get("outputs")]


def test_the_course_reads_nothing_beside_the_notebook(tmp_path):
    """What a notebook links to within the course is handed out with it."""
    import re

    out = tmp_path / "out"
    hand_out(LAYOUT, (), out)
    for unit in UNITS:
        path = out / "exercises" / unit.name / unit.exercise_file
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                for link in re.findall(r"\]\((?!http|#)([^)#]+)\)", cell.source):
                    assert (path.parent / link).exists(), f"{path}: {link}"
            assert "attachments" not in cell


def test_the_readme_says_what_a_student_must_know(tmp_path):
    hand_out(LAYOUT, ("1", "2"), tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert "exercises/01_linear_layers/01_exercises.ipynb" in text
    assert "| 8 | 18 |" in text, "exercises and points of unit 1"
    for said in ("pip install PACKAGE", "course lab", "cell metadata", "earns nothing", "Hand in"):
        assert said in text
    assert len(text.split()) < 600


def test_a_folder_is_made_once_and_never_overwritten(tmp_path):
    out = tmp_path / "out"
    (out / ".git").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("ref: refs/heads/main")
    hand_out(LAYOUT, ("1",), out)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    hand_out(LAYOUT, ("1",), out)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    with pytest.raises(WrongArgument, match=r"README\.md is there with another content"):
        hand_out(LAYOUT, ("1", "2"), out)
    assert "exercises/02_activation_functions" not in " ".join(files_in(out))


def test_students_folder_holds_nothing_else(tmp_path):
    root = tmp_path / "root"
    hand_out(LAYOUT, ("1",), root, nbgrader=True)
    with pytest.raises(WrongArgument, match=r"another content|also holds"):
        hand_out(LAYOUT, ("1",), root)
    (tmp_path / "out" / "solutions").mkdir(parents=True)
    (tmp_path / "out" / "solutions" / "notes.txt").write_text("42")
    with pytest.raises(WrongArgument, match=r"also holds solutions/notes\.txt"):
        hand_out(LAYOUT, ("1",), tmp_path / "out")
    assert files_in(tmp_path / "out") == {"solutions/notes.txt"}


def test_an_interrupted_run_is_completed_by_the_next(tmp_path, monkeypatch):
    out, real, count = tmp_path / "out", handout.write_whole, []

    def killed(path, text):
        count.append(path)
        if len(count) == 2:
            (path.parent / f".{path.name}.1234.unfinished").write_text(text[:100])
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(handout, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        hand_out(LAYOUT, ("1",), out)
    monkeypatch.setattr(handout, "write_whole", real)
    written = hand_out(LAYOUT, ("1",), out)
    assert {p.relative_to(out).as_posix() for p in written} == files_in(out)


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(WrongArgument, match="has no exercises"):
        hand_out(LAYOUT, ("00_welcome",), tmp_path / "out")
    with pytest.raises(UnknownName, match="99"):
        hand_out(LAYOUT, ("99",), tmp_path / "out")
    with pytest.raises(WrongArgument, match="give a tuple"):
        hand_out(LAYOUT, "1", tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongArgument, match="is a file"):
        hand_out(LAYOUT, ("1",), tmp_path / "file")
    assert not (tmp_path / "out").exists()


def test_a_course_root_grows_and_keeps_what_is_the_instructors(tmp_path):
    root = tmp_path / "root"
    hand_out(LAYOUT, ("1",), root, nbgrader=True)
    (root / "submitted" / "anna").mkdir()
    (root / "submitted" / "anna" / "work.ipynb").write_text("{}")
    (root / "gradebook.db").write_text("marks")
    released = root / "exercises" / "01_linear_layers" / "01_exercises.ipynb"
    notebook = json.loads(released.read_text())
    notebook["metadata"]["made_by"] = "nbgrader generate_assignment"
    released.write_text(json.dumps(notebook))
    hand_out(LAYOUT, ("1", "2"), root, nbgrader=True)
    assert (root / "submitted" / "anna" / "work.ipynb").read_text() == "{}"
    assert (root / "gradebook.db").read_text() == "marks"
    assert "made_by" in released.read_text()
    assert (root / "solutions" / "02_activation_functions" / "02_exercises.ipynb").exists()
    notebook["cells"][0]["source"] = ["mine"]
    released.write_text(json.dumps(notebook))
    with pytest.raises(WrongArgument, match="not overwritten"):
        hand_out(LAYOUT, ("1",), root, nbgrader=True)


def test_the_settings_of_a_course_root_are_the_courses(tmp_path):
    from traitlets.config import Config

    root = tmp_path / "root"
    hand_out(LAYOUT, ("1",), root, nbgrader=True)
    config = Config()
    exec((root / "nbgrader_config.py").read_text(), {"get_config": lambda: config})
    assert config.CourseDirectory.source_directory == "solutions"
    assert config.ExecutePreprocessor.timeout == config.Execute.timeout == 120
    assert config.OverwriteCells.add_missing_cells and config.IgnorePattern.enabled
    readme = (root / "README.md").read_text()
    assert "--gradebook sqlite:///gradebook.db" in readme and "autograde UNIT" in readme


@pytest.mark.parametrize("nbgrader", [False, True])
def test_course_lab_opens_a_folder_that_was_handed_out(nbgrader, tmp_path, monkeypatch):
    root = tmp_path / "root"
    hand_out(LAYOUT, ("1",), root, nbgrader=nbgrader)
    inside = root / "exercises" / "01_linear_layers"
    assert course_root(inside) == root
    monkeypatch.chdir(inside)
    assert Layout.find().root == root
    assert [u.name for u in Layout.find().released()] == ["01_linear_layers"]
    assert Layout.find().released(("1",))[0].exercises.exists()
    with pytest.raises(UnknownName, match="02"):
        Layout.find().released(("02",))
    assert "--LabApp.default_url=/lab/tree/README.md" in lab_command(root, [])
    assert f"--LabApp.default_url=/lab/tree/{WELCOME}" in lab_command(ROOT, [])


def test_a_folder_called_exercises_is_no_course(tmp_path):
    os.makedirs(tmp_path / "exercises" / "swimming")
    assert course_root(tmp_path) is None
