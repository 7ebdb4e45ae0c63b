"""Marks in nbgrader's gradebook: the same rows that `nbgrader autograde` writes, never a bare 0,
nothing of an instructor's lost, and a kill at any moment made good by the next run."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from traitlets.config import Config

from course_lib.errors import EnvironmentProblem, WrongArgument
from course_lib.exercises import load_unit
from course_lib.grading import gradebook
from course_lib.grading.gradebook import write_gradebook
from course_lib.grading.handout import hand_out
from course_lib.grading.results import ExerciseResult, State, StudentResult
from course_lib.layout import Layout, path_with_scripts

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's and SQLAlchemy's own

ROOT = Path(__file__).parents[1]
UNIT = Layout(ROOT).units(("1",))[0]
EXERCISES = load_unit(UNIT.name).exercises
FULL = 18.0
BLANK_SAID = "This is not written yet."


def exercise_result(e, state=State.GRADED, earned=None, status="correct", message=""):
    earned = e.points if earned is None else earned
    return ExerciseResult(e.name, e.title, e.points, earned, state, status, message)


def solved(student="anna"):
    marks = tuple(exercise_result(e) for e in EXERCISES)
    return StudentResult(student, UNIT.name, State.GRADED, marks)


def blank(student="ben"):
    told = (State.NOT_ATTEMPTED, 0.0, "not written yet", BLANK_SAID)
    marks = tuple(exercise_result(e, *told) for e in EXERCISES)
    return StudentResult(student, UNIT.name, State.NOT_ATTEMPTED, marks)


def with_one(state, message, student="cleo"):
    """Everything right but the second exercise."""
    full = solved(student)
    other = exercise_result(EXERCISES[1], state, 0.0, "", message)
    return replace(full, exercises=(full.exercises[0], other, *full.exercises[2:]))


def without_verdict(state, why, student="dora"):
    return StudentResult(student, UNIT.name, state, remarks=(why,))


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


class Book:
    """A course root with a database, and what is in it."""

    def __init__(self, root):
        self.root, self.path = root, root / "gradebook.db"
        self.url = f"sqlite:///{self.path}"

    def write(self, *results, notebooks=None, unit=UNIT):
        return write_gradebook(results, unit, self.url, self.root, notebooks)

    def ask(self, query, *values):
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def grades(self, student):
        """Cell → auto score, manual score, extra credit, whether it needs a look."""
        rows = self.ask(GRADES + " where a.student_id = ?", student)
        return {name: (auto, hand, extra, bool(look)) for _, name, auto, hand, extra, look in rows}

    def comments(self, student):
        rows = self.ask(COMMENTS + " where a.student_id = ?", student)
        return {name: (auto, hand) for _, name, auto, hand in rows}

    def everything(self, ids=False):
        """Table → rows, by names in place of random ids."""
        return {
            name: sorted(self.ask(query), key=repr)
            for name, query in (ROWS if ids else TABLES).items()
        }

    def api(self):
        from nbgrader.apps import NbGraderAPI

        from course_lib.building.release import configure

        config = configure(Config())
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.db_url = self.url
        return NbGraderAPI(config=config)

    def shown(self, student):
        path = self.root / "autograded" / student / UNIT.name / UNIT.exercise_file
        return nbformat.read(path, as_version=4)


SUBMITTED = (
    " join submitted_notebook s on s.id = x.notebook_id"
    " join submitted_assignment a on a.id = s.assignment_id join base_cell b on b.id = x.cell_id"
)
GRADES = (
    "select a.student_id, b.name, x.auto_score, x.manual_score, x.extra_credit,"
    f" x.needs_manual_grade from grade x {SUBMITTED}"
)
COMMENTS = (
    f"select a.student_id, b.name, x.auto_comment, x.manual_comment from comment x {SUBMITTED}"
)
OF_NOTEBOOK = " join notebook n on n.id = x.notebook_id"
TABLES = {
    "assignment": "select name, duedate, course_id from assignment",
    "notebook": "select n.name, n.kernelspec, a.name from notebook n"
    " join assignment a on a.id = n.assignment_id",
    "base_cell": f"select x.name, x.type, n.name from base_cell x {OF_NOTEBOOK}",
    "grade_cells": "select b.name, g.max_score, g.cell_type from grade_cells g"
    " join base_cell b on b.id = g.id",
    "solution_cells": "select b.name from solution_cells g join base_cell b on b.id = g.id",
    "task_cells": "select b.name from task_cells g join base_cell b on b.id = g.id",
    "source_cell": "select x.name, x.cell_type, x.locked, x.source, x.checksum, n.name"
    f" from source_cell x {OF_NOTEBOOK}",
    "student": "select * from student",
    "submitted_assignment": "select a.name, s.student_id, s.timestamp, s.extension"
    " from submitted_assignment s join assignment a on a.id = s.assignment_id",
    "submitted_notebook": "select n.name, a.student_id, x.flagged, x.late_submission_penalty"
    f" from submitted_notebook x {OF_NOTEBOOK}"
    " join submitted_assignment a on a.id = x.assignment_id",
    "grade": GRADES,
    "comment": COMMENTS,
    "alembic_version": "select * from alembic_version",
}
ROWS = {name: f"select * from {name}" for name in TABLES}


def test_the_rows_are_those_of_nbgrader(tmp_path):
    """nbgrader's own commands work in a course root that was handed out, and agree with us."""
    hand_out(Layout(ROOT), ("1",), tmp_path, nbgrader=True)
    for student, path in (("anna", UNIT.solution), ("ben", UNIT.exercises)):
        folder = tmp_path / "submitted" / student / UNIT.name
        folder.mkdir(parents=True)
        shutil.copy2(path, folder)
        (folder / "timestamp.txt").write_text("2025-03-01 12:00:00 UTC")
    environment = {
        **os.environ,
        "PATH": path_with_scripts(),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
    }
    for command in (
        ("generate_assignment", UNIT.name, "--force"),
        ("autograde", UNIT.name),
        ("export", "--to", "grades.csv"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    marks = {r["student_id"]: r for r in csv.DictReader((tmp_path / "grades.csv").open())}
    assert float(marks["anna"]["score"]) == float(marks["anna"]["max_score"]) == FULL
    assert float(marks["ben"]["score"]) == 0

    theirs, ours = Book(tmp_path), Book(tmp_path)
    ours.path = tmp_path / "ours.db"
    ours.url = f"sqlite:///{ours.path}"
    notebooks = {"anna": UNIT.solution.read_bytes(), "ben": UNIT.exercises.read_bytes()}
    ours.write(solved(), blank(), notebooks=notebooks)
    expected, found = theirs.everything(), ours.everything()
    said = {row[2] for row in expected.pop("comment")}
    assert said == {None, "No response."}
    assert {row[2] for row in found.pop("comment")} == {None, BLANK_SAID}
    assert found == expected

    # over nbgrader's own entries: nothing is added, and nothing but the comments' words changes
    theirs.write(solved(), blank(), notebooks=notebooks)
    again = theirs.everything()
    again.pop("comment")
    assert again == expected


def test_formgrader_tells_each_state(book):
    """What the pages of Formgrader are filled from."""
    late = with_one(State.TIMEOUT, "A call of your answer took longer than 5 s.")
    lost = without_verdict(State.UNREADABLE, "The file is empty.")
    gone = without_verdict(State.MISSING, "Nothing was handed in.", "emil")
    for student in ("anna", "cleo", "dora"):
        (book.root / "submitted" / student / UNIT.name).mkdir(parents=True)
    notebooks = {"anna": UNIT.solution.read_bytes(), "cleo": UNIT.solution.read_bytes()}
    written = book.write(solved(), late, lost, gone, notebooks=notebooks)
    assert written.students == ("anna", "cleo", "dora") and written.absent == ("emil",)
    assert written.to_look_at == ("cleo", "dora") and written.unshown == ()
    api = book.api()
    told = {
        s["student"]: (s["autograded"], s["needs_manual_grade"], s["score"])
        for s in api.get_submissions(UNIT.name)
    }
    assert told == {
        "anna": (True, False, FULL),
        "cleo": (True, True, FULL - EXERCISES[1].points),
        "dora": (True, True, 0),
    }
    stem = Path(UNIT.exercise_file).stem
    listed = api.get_notebook_submissions(UNIT.name, stem)
    assert {s["student"] for s in listed} == {"anna", "cleo", "dora"}
    assert {s["student"] for s in listed if s["failed_tests"]} == {"cleo"}, "dora's are not failed"
    assert "emil" in {s["id"] for s in api.get_students()}


def test_no_bare_zero(book):
    book.write(
        with_one(State.CRASHED, "Your answer ended the process when it was called."),
        without_verdict(State.REFUSED, "The file is a link."),
        blank(),
    )
    name = EXERCISES[1].name
    assert book.grades("cleo")[f"{name}_check"] == (0.0, None, None, True)
    assert book.comments("cleo")[name][0].startswith("Crashed: Your answer ended")
    assert set(book.grades("dora").values()) == {(None, None, None, True)}
    assert {c for c, _ in book.comments("dora").values()} == {
        "Not graded (refused): The file is a link."
    }
    assert set(book.grades("ben").values()) == {(0.0, None, None, False)}


def test_what_an_instructor_entered_stays(book):
    first, second = (e.name for e in EXERCISES[:2])
    book.write(with_one(State.TIMEOUT, "It took too long."))
    book.ask("update grade set manual_score = 1.5, extra_credit = 2, needs_manual_grade = 0")
    book.ask("update comment set manual_comment = 'seen'")
    book.ask("update submitted_notebook set flagged = 1")
    before = book.everything(ids=True)
    assert book.write(with_one(State.TIMEOUT, "It took too long.")).to_look_at == ()
    assert book.everything(ids=True) == before, "the same again changes nothing"
    # another submission: the hand-made mark stays and is put before the instructor again
    assert book.write(solved("cleo")).to_look_at == ("cleo",)
    assert book.grades("cleo")[f"{second}_check"] == (2.0, 1.5, 2.0, True)
    assert book.grades("cleo")[f"{first}_check"] == (2.0, 1.5, 2.0, False)
    assert book.comments("cleo")[second] == (None, "seen")
    assert book.ask("select flagged from submitted_notebook") == [(1,)]


def test_an_earlier_mark_does_not_outlive_its_submission(book):
    book.write(solved())
    assert book.write(replace(without_verdict(State.UNREADABLE, "Empty."), student="anna"))
    assert {g[0] for g in book.grades("anna").values()} == {None}
    book.write(solved())
    book.write(replace(without_verdict(State.MISSING, "Nothing."), student="anna"))
    assert {g[::3] for g in book.grades("anna").values()} == {(None, True)}
    book.write(solved())
    assert sum(g[0] for g in book.grades("anna").values()) == FULL
    assert {g[3] for g in book.grades("anna").values()} == {False}


def test_cells_that_a_person_marks_are_left_to_that_person(book, tmp_path):
    """A release with a written answer and a test of the instructor's own: their rows are made, and
    then never written to."""
    root = tmp_path / "course"
    hand_out(Layout(ROOT), ("1",), root, nbgrader=True)
    unit = Layout(root).released()[0]
    notebook = nbformat.read(unit.exercises, 4)
    told = {"schema_version": 3, "grade": True, "solution": True, "locked": False, "task": False}
    told |= {"grade_id": "essay", "points": 5, "cell_type": "markdown"}
    essay = nbformat.v4.new_markdown_cell("Your words", metadata={"nbgrader": told})
    notebook.cells.append(essay)
    own = dict(nbformat.from_dict(notebook.cells[6].metadata.nbgrader), grade_id="own_check")
    notebook.cells.append(nbformat.v4.new_code_cell("assert True", metadata={"nbgrader": own}))
    nbformat.write(notebook, unit.exercises)
    essay.source = "My words <script>alert(1)</script>"
    given = nbformat.writes(notebook).encode()
    book.write(solved(), unit=unit, notebooks={"anna": given})
    assert book.grades("anna")["essay"] == (None, None, None, True)
    shown = [c for c in book.shown("anna").cells if c.metadata.get("nbgrader", {}) == told]
    assert [c.source for c in shown] == ["My words < script>alert(1)< /script>"]
    book.ask("update grade set manual_score = 4, needs_manual_grade = 0 where auto_score is null")
    book.write(replace(without_verdict(State.UNREADABLE, "Empty."), student="anna"), unit=unit)
    assert book.grades("anna")["own_check"] == (None, 4.0, None, False)
    assert book.grades("anna")["essay"] == (None, 4.0, None, False)


# -- interrupted, busy, foreign -------------------------------------------------------------------


CLASS = [solved("a"), blank("b"), with_one(State.TIMEOUT, "Too long.", "c"), solved("d")]


def test_a_run_that_was_interrupted_is_completed_by_the_next(book, monkeypatch):
    whole = Book(book.root / "whole")
    whole.root.mkdir()
    whole.write(*CLASS)
    real = gradebook._Sheet._enter

    def killed(self, sheet, result):
        real(self, sheet, result)
        if result.student == "c":
            raise KeyboardInterrupt

    monkeypatch.setattr(gradebook._Sheet, "_enter", killed)
    with pytest.raises(KeyboardInterrupt):
        book.write(*CLASS)
    monkeypatch.setattr(gradebook._Sheet, "_enter", real)
    assert book.grades("a") == whole.grades("a") and book.grades("b") == whole.grades("b")
    assert book.grades("c") == {}, "all of a student's marks or none"
    book.write(*CLASS)
    assert book.everything() == whole.everything()


KILLED = """
import os, pickle, signal, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from course_lib.grading import gradebook
from course_lib.grading.results import from_json
from course_lib.layout import Layout
root, where, clone = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
cls = [from_json(line) for line in sys.stdin.read().split("\\f")]
def dies(*args):
    os.kill(os.getpid(), signal.SIGKILL)
if where == "schema":
    import sqlalchemy
    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute",
        lambda c, cur, text, *rest: dies() if "TABLE alembic_version" in text else None)
else:
    real = gradebook._Sheet._enter
    def enter(self, sheet, result):
        real(self, sheet, result)
        self.db.flush()
        if result.student == "c":
            dies()
    gradebook._Sheet._enter = enter
unit = Layout(clone).units(("1",))[0]
gradebook.write_gradebook(cls, unit, f"sqlite:///{root / 'gradebook.db'}", root)
"""


@pytest.mark.parametrize("where", ["schema", "marks"])
def test_a_run_that_was_killed_is_completed_by_the_next(book, where):
    from course_lib.grading.results import to_json

    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(book.root), where, str(ROOT)],
        input="\f".join(map(to_json, CLASS)),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == -9, done.stderr
    book.write(*CLASS)
    whole = Book(book.root / "whole")
    whole.root.mkdir()
    whole.write(*CLASS)
    assert book.everything() == whole.everything()


def test_one_process_alone_writes(book, monkeypatch):
    monkeypatch.setattr(gradebook, "WAIT", 0.1)
    with (
        FileLock(book.root / ".gradebook.db.lock"),
        pytest.raises(EnvironmentProblem, match="Another grading is writing"),
    ):
        book.write(solved())
    book.write(solved())


def test_a_busy_database_is_named(book):
    book.write(solved())
    holder = sqlite3.connect(book.path, isolation_level=None)
    holder.execute("begin exclusive")
    url = f"{book.url}?timeout=0.1"
    try:
        with pytest.raises(EnvironmentProblem, match=r"gradebook\.db.* is in use.*kept") as caught:
            write_gradebook([blank()], UNIT, url, book.root)
        assert book.url in str(caught.value)
    finally:
        holder.execute("rollback")
        holder.close()
    assert write_gradebook([blank()], UNIT, url, book.root).students == ("ben",)


def test_a_foreign_database_is_not_written_to(book):
    book.ask("create table invoices (id integer)")
    with pytest.raises(WrongArgument, match=r"something else than a gradebook.*invoices"):
        book.write(solved())
    assert book.ask("select name from sqlite_master where type = 'table'") == [("invoices",)]


def test_an_older_schema_is_told_what_to_do(book):
    book.write(solved())
    book.ask("update alembic_version set version_num = '167914646830'")
    before = book.everything(ids=True)
    with pytest.raises(WrongArgument, match=r"167914646830.*nbgrader db upgrade --db sqlite"):
        book.write(blank())
    book.ask("drop table alembic_version")
    with pytest.raises(WrongArgument, match="not told"):
        book.write(blank())
    assert before["grade"] == sorted(book.ask("select * from grade"), key=repr)


def test_what_is_no_database_is_refused(book):
    book.path.write_text("name,mark\nanna,18\n" * 100)
    with pytest.raises(WrongArgument, match="is no database, or is damaged"):
        book.write(solved())
    assert book.path.read_text().startswith("name,mark")


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("gradebook.db", WrongArgument, "is no database's URL"),
        ("sqlite://", WrongArgument, "in memory"),
        ("nothing://host/db", WrongArgument, "unknown kind"),
        ("sqlite:////no/such/folder/g.db", WrongArgument, "there is no folder /no/such/folder"),
    ],
)
def test_urls_that_cannot_be_written_to(url, error, said, tmp_path):
    with pytest.raises(error, match=said):
        write_gradebook([solved()], UNIT, url, tmp_path)


def test_a_password_is_not_shown(tmp_path, monkeypatch):
    with pytest.raises((WrongArgument, EnvironmentProblem)) as caught:
        write_gradebook(
            [solved()], UNIT, "postgresql+psycopg2://me:secret@127.0.0.1:9/marks", tmp_path
        )
    assert "secret" not in str(caught.value) and "127.0.0.1:9/marks" in str(caught.value)


def test_without_nbgrader_the_command_to_install_it(book, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install 'sae-course\[instructor\]'"):
        book.write(solved())


def test_results_that_do_not_fit_are_refused(book):
    with pytest.raises(WrongArgument, match="is of unit 02"):
        book.write(replace(solved(), unit="02_activation_functions"))
    with pytest.raises(WrongArgument, match="two results of anna"):
        book.write(solved(), solved())
    more = replace(solved().exercises[0], points=100.0)
    with pytest.raises(WrongArgument, match="other exercises or points"):
        book.write(replace(solved(), exercises=(more,)))
    assert not book.path.exists()


def test_a_gradebook_of_another_release_is_refused(book):
    book.write(solved())
    book.ask("update base_cell set name = 'older' where name = ?", EXERCISES[0].name)
    before = book.everything(ids=True)
    with pytest.raises(WrongArgument, match="another release: with older"):
        book.write(solved())
    assert book.everything(ids=True) == before


# -- what Formgrader shows ------------------------------------------------------------------------


def test_the_notebook_is_the_release_with_the_students_answers(book):
    given = nbformat.read(UNIT.solution, 4)
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in given.cells]
    moved, lost = EXERCISES[0].name, f"{EXERCISES[1].name}_check"
    given.cells[ids.index(moved)].metadata.nbgrader.points = 99
    given.cells[ids.index(lost)].source = "print('no check')"
    del given.cells[ids.index(EXERCISES[2].name)]
    hostile = "<script>fetch('/formgrader/api')</script> and $a < b$"
    note = nbformat.v4.new_markdown_cell(hostile, id="note", metadata={"tags": ['"><script>']})
    note["id"] = '"><script>'
    given.cells[1:1] = [note, nbformat.v4.new_code_cell("helper = 1")]
    given.cells[2].outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": "<script>alert(1)</script>"})
    ]
    given.metadata["title"] = "<script>alert(2)</script>"
    late = with_one(State.TIMEOUT, "It took too long.", "anna")
    book.write(late, notebooks={"anna": json.dumps(given).encode()})
    shown = book.shown("anna")
    nbformat.validate(shown)
    text = json.dumps(shown)
    assert "<script" not in text
    assert "< script>fetch" in text and "helper = 1" in text and "no check" in text
    told = {c.metadata.nbgrader.grade_id: c for c in shown.cells if "nbgrader" in c.metadata}
    released = nbformat.read(UNIT.exercises, 4)
    wanted = [c for c in released.cells if "nbgrader" in c.metadata]
    assert {n: c.metadata for n, c in told.items()} == {
        c.metadata.nbgrader.grade_id: c.metadata for c in wanted
    }
    assert len([c for c in shown.cells if "nbgrader" in c.metadata]) == len(wanted)
    assert "return" in told[moved].source
    assert "YOUR CODE HERE" in told[EXERCISES[2].name].source
    assert told[f"{moved}_check"].outputs[0].text == "2 of 2 points: correct\n"
    assert told[lost].outputs[0].text == "0 of 2 points: timeout\nIt took too long.\n"
    assert told[lost].source.startswith("check.")


def test_a_submission_that_cannot_be_read_is_shown_as_a_notice(book):
    why = "The file is damaged <img src=x>."
    book.write(without_verdict(State.UNREADABLE, why), notebooks={"dora": b"{"})
    cells = book.shown("dora").cells
    assert "not graded (unreadable)" in cells[0].source and "< img" in cells[0].source
    released = nbformat.read(UNIT.exercises, 4)
    assert [c.source for c in cells[1:]] == [c.source for c in released.cells]


def test_without_the_notebook_only_the_marks_are_written(book):
    assert book.write(solved()).unshown == ("anna",)
    assert not (book.root / "autograded").exists()
    api = book.api()
    assert [s["score"] for s in api.get_submissions(UNIT.name)] == [FULL]
    assert api.get_notebook_submissions(UNIT.name, Path(UNIT.exercise_file).stem) == []


@pytest.mark.parametrize(
    "name", ["../../escaped", "a/b", ".hidden", 'x" onclick="', "<b>", "Meier, Anna", "é" * 100]
)
def test_names_that_no_folder_or_table_can_bear_get_another(name, book):
    inside = book.root / "course"
    inside.mkdir()
    given = {name: UNIT.solution.read_bytes()}
    written = write_gradebook([solved(name)], UNIT, book.url, inside, given)
    safe = written.renamed[name]
    assert (inside / "autograded" / safe / UNIT.name / UNIT.exercise_file).exists()
    assert sum(g[0] for g in book.grades(safe).values()) == FULL
    assert {p.name for p in book.root.iterdir()} <= {"course", "gradebook.db", ".gradebook.db.lock"}


@pytest.mark.parametrize("name", ["anna", "Cléo O'Neil", "王伟", "a.b@example.org", "Smith Jo (2)"])
def test_other_names_stay(name, book):
    assert book.write(solved(name)).renamed == {}
    assert book.ask("select id from student") == [(name,)]


def test_the_time_of_handing_in_is_nbgraders(book):
    """Formgrader calls a submission with another time "needs autograding"."""
    folder = book.root / "submitted" / "anna" / UNIT.name
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2025-03-01 11:00:00 UTC")
    book.write(solved(), notebooks={"anna": UNIT.solution.read_bytes()})
    told = book.api().get_submissions(UNIT.name)
    assert [(s["autograded"], s["timestamp"]) for s in told] == [(True, "2025-03-01T11:00:00")]
    (folder / "timestamp.txt").write_text("when I was done")
    book.write(solved())
    assert book.ask("select timestamp from submitted_assignment")[0][0].startswith("2025-03-01 11")
