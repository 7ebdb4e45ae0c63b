"""Marks into nbgrader's gradebook, so that Formgrader and `nbgrader export` show them.

What is written is what `nbgrader autograde` would write, cell by cell: the score of exercise E
stands at its check (E_check), the comment at its answer (E). An instructor's own entries are never
touched: manual scores, extra credit, manual comments, flags, and cells that only a person can mark.

A 0 must never look earned when it was not. nbgrader adds up an absent score as 0, so it is the
state and the comment that have to say it:

    graded, not attempted        the score. Formgrader: "graded"
    timeout, crashed, tampered   score 0, as in our own tables, but "needs manual grading", and the
        (of one exercise)        comment says what happened
    unreadable, refused, crashed no score at all, "needs manual grading", and the comment says why.
        (of a submission)        The alternative, no entry, would be shown as "needs autograding"
                                 or not at all, and would leave an earlier mark standing
    missing                      the student, without a submission, as nbgrader has it; but where
                                 there is an entry already, as above

Formgrader lists a submission for marking, and opens it, only if its notebook lies in
autograded/STUDENT/UNIT/. That file is written too. It is put together from the released cells, the
answers that counted and our own remarks: no output, metadata or HTML of a student reaches the page
on which an instructor gives marks.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from filelock import FileLock, Timeout
from nbformat import NotebookNode

from course_lib.errors import EnvironmentProblem, WrongArgument
from course_lib.exercises import load_unit
from course_lib.grading.notebooks import Plan, Unreadable, plan, read_notebook
from course_lib.grading.results import ExerciseResult, State, StudentResult, write_whole
from course_lib.grading.submissions import file_name_of
from course_lib.layout import UnitSource

if TYPE_CHECKING:
    from nbgrader.api import Gradebook, SubmittedNotebook

COURSE = "sae-course"  # as in building.release.configure
WAIT = 10.0  # seconds for another process to finish writing
LOOK = {State.TIMEOUT, State.CRASHED, State.TAMPERED, State.UNREADABLE, State.REFUSED}
SAFE = "The marks are kept in the grading's own results; once this is mended, run it again."
INSTALL = "pip install 'sae-course[instructor]'"


@dataclass(frozen=True)
class Written:
    """What was written. url : the database, without its password.

    students : with an entry in the gradebook. absent : students without one, who handed in nothing.
    to_look_at : those whom Formgrader lists as "needs manual grading". unshown : those whose
    notebook Formgrader cannot open, because it was not given. renamed : name → the id under which
    the gradebook has a student whose name can be no folder's, or would break a table.
    """

    url: str
    students: tuple[str, ...]
    absent: tuple[str, ...] = ()
    to_look_at: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)


def write_gradebook(
    results: Iterable[StudentResult],
    unit: UnitSource,
    db_url: str,
    root: Path,
    notebooks: Mapping[str, bytes] | None = None,
) -> Written:
    """Write the marks of a unit into nbgrader's database, made if it is missing.

    db_url : any SQLAlchemy URL that nbgrader takes, such as sqlite:///gradebook.db (in the working
    folder). root : nbgrader's course root; notebooks go to its autograded/, and times of submission
    are taken from its submitted/. notebooks : student → the submitted file's bytes. Without it the
    marks are in the gradebook and the export, but Formgrader neither lists the submission under
    "Manual Grading" nor opens it (its page says that the file is missing).

    Each student is one transaction: after a kill some have all of their marks, the others what
    they had, and the next run completes it. Writing the same again changes nothing, also not what
    an instructor has marked as done; a mark or comment that has changed is put before them again.

    Raises `WrongArgument` for results of another unit or release and for a database that is not
    nbgrader's, or not of this nbgrader's version; `EnvironmentProblem` when nbgrader is not
    installed, or the database is busy or out of reach. No mark is lost in any case: they are still
    in the results.
    """
    results = list(results)
    _require_nbgrader()
    released = nbformat.read(unit.exercises, as_version=4)
    _require_fitting(results, unit, released)
    url = _parsed(db_url)
    shown = url.render_as_string(hide_password=True)
    names = _ids(results)
    absent, to_look_at, unshown = [], [], []
    with _alone(url, Path(root), shown), _explained(shown):
        _prepare(url, shown)
        with _opened(url) as book:
            sheet = _Sheet(book, unit, released, Path(root))
            sheet.write_assignment(shown)
            for result in results:
                name = names[result.student]
                given = (notebooks or {}).get(result.student)
                if not sheet.is_entered(result, name):
                    absent.append(result.student)
                elif not _show(sheet.folder(name), unit, released, result, given):
                    unshown.append(result.student)
                if sheet.write(result, name):
                    to_look_at.append(result.student)
    return Written(
        shown,
        tuple(r.student for r in results if r.student not in absent),
        tuple(absent),
        tuple(to_look_at),
        tuple(unshown),
        {student: name for student, name in names.items() if student != name},
    )


# -- before anything is written -------------------------------------------------------------------


def require_database(db_url: str) -> None:
    """Raise as `write_gradebook` would for a URL of no database, or without nbgrader."""
    _require_nbgrader()
    _parsed(db_url)


def _require_nbgrader() -> None:
    try:
        import nbgrader.api  # noqa: F401
    except ImportError as error:
        raise EnvironmentProblem(
            f"Writing a gradebook needs nbgrader, which is not installed ({error.name}). Run: "
            f"{INSTALL}. {SAFE}"
        ) from None


def _require_fitting(
    results: list[StudentResult], unit: UnitSource, released: NotebookNode
) -> None:
    """The results are of this unit, and of the exercises that were released."""
    points = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points for c in _graded(released)}
    names = [e.name for e in load_unit(unit.name).exercises]
    expected = {n: points[f"{n}_check"] for n in names if f"{n}_check" in points}
    seen: set[str] = set()
    for result in results:
        if result.unit != unit.name:
            raise WrongArgument(
                f"The result of {result.student} is of unit {result.unit}, and {unit.name} is "
                "being written."
            )
        if result.student in seen:
            raise WrongArgument(f"There are two results of {result.student}; there must be one.")
        seen.add(result.student)
        found = {e.exercise: e.points for e in result.exercises}
        if found and found != expected:
            raise WrongArgument(
                f"The result of {result.student} has other exercises or points than "
                f"{unit.exercises}. Grade again with the notebook that was handed out."
            )


def _ids(results: list[StudentResult]) -> dict[str, str]:
    """Student → id. It is a folder's name, stands in a page's text and in a CSV without quotes."""
    fit = re.compile(r"\w[\w .'@()+~-]{0,98}(?<! )(?<!\.)")
    return {
        r.student: r.student
        if fit.fullmatch(r.student) and len(r.student.encode()) <= 200
        else file_name_of(r.student)
        for r in results
    }


def _parsed(db_url: str) -> Any:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError):
        raise WrongArgument(
            f"gradebook is {db_url!r}, which is no database's URL. Give one such as "
            f"sqlite:///gradebook.db. {SAFE}"
        ) from None
    if url.get_backend_name() != "sqlite":
        return url
    if url.database in (None, "", ":memory:"):
        raise WrongArgument(
            f"gradebook is {db_url!r}, a database in memory, which would be gone at once. Give a "
            f"file, such as sqlite:///gradebook.db. {SAFE}"
        )
    if not Path(url.database).parent.is_dir():
        raise WrongArgument(
            f"gradebook is {db_url!r}, and there is no folder {Path(url.database).parent}. Make "
            f"it, or give another. {SAFE}"
        )
    return url


@contextlib.contextmanager
def _alone(url: Any, root: Path, shown: str) -> Iterator[None]:
    """No other process of ours writes the gradebook inside."""
    if url.get_backend_name() == "sqlite":
        file = Path(url.database)
        place = file.with_name(f".{file.name}.lock")
    else:
        place = root / ".gradebook.lock"
    busy = EnvironmentProblem(
        f"Another grading is writing the gradebook {shown}. Wait until it has ended. {SAFE}"
    )
    try:
        lock = FileLock(place)
        lock.acquire(timeout=WAIT)
    except Timeout:
        raise busy from None
    except OSError as problem:
        raise EnvironmentProblem(
            f"The gradebook {shown} cannot be locked for writing: {problem.strerror} ({place}). "
            f"{SAFE}"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _explained(shown: str) -> Iterator[None]:
    """The database's errors, as what an instructor can do about them."""
    from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except NoSuchModuleError as problem:
        raise WrongArgument(f"The gradebook {shown} has an unknown kind: {problem}") from None
    except ImportError as problem:  # the driver of another database than SQLite
        raise EnvironmentProblem(
            f"The gradebook {shown} needs the Python package {problem.name}, which is not "
            f"installed. {SAFE}"
        ) from None
    except SQLAlchemyError as problem:
        said = str(problem.orig if isinstance(problem, DBAPIError) else problem).split("\n")[0]
        if "locked" in said or "busy" in said:
            raise EnvironmentProblem(
                f"The gradebook {shown} is in use by another program ({said}). Close Formgrader "
                f"and nbgrader's commands. {SAFE}"
            ) from None
        if "not a database" in said or "malformed" in said:
            raise WrongArgument(
                f"The gradebook {shown} is no database, or is damaged ({said}). Give another, or "
                f"put back a copy. {SAFE}"
            ) from None
        raise EnvironmentProblem(
            f"The gradebook {shown} could not be written ({said}). {SAFE}"
        ) from None


def _prepare(url: Any, shown: str) -> None:
    """Make nbgrader's tables where there are none, in one transaction; refuse what is not
    nbgrader's, or of another version. nbgrader itself would add its tables to any database."""
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import create_engine, insert, inspect, text

    newest = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    engine = create_engine(url)
    try:
        tables = set(inspect(engine).get_table_names())
        with engine.connect() as connection:
            if not tables:
                if engine.dialect.name == "sqlite":  # its driver begins none before CREATE
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                Base.metadata.create_all(connection)
                connection.execute(
                    text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
                )
                connection.execute(
                    text("INSERT INTO alembic_version (version_num) VALUES (:newest)"),
                    {"newest": newest},
                )
                connection.execute(insert(Base.metadata.tables["course"]).values(id=COURSE))
                connection.commit()
                return
            if not {"assignment", "grade", "submitted_assignment"} <= tables:
                raise WrongArgument(
                    f"The database {shown} holds something else than a gradebook of nbgrader "
                    f"(tables {', '.join(sorted(tables)[:3])} …), and nothing was written to it. "
                    f"Give another. {SAFE}"
                )
            version = None
            if "alembic_version" in tables:
                version = connection.execute(text("SELECT version_num FROM alembic_version"))
                version = version.scalar()
        if version != newest:
            raise WrongArgument(
                f"The gradebook {shown} was made by another version of nbgrader (its schema is "
                f"{version or 'not told'}; {newest} is expected). Run `nbgrader db upgrade --db "
                f"{shown}`, or update nbgrader. {SAFE}"
            )
    finally:
        engine.dispose()


@contextlib.contextmanager
def _opened(url: Any) -> Iterator[Gradebook]:
    from nbgrader.api import Gradebook, InvalidEntry
    from sqlalchemy.exc import SQLAlchemyError

    try:
        book = Gradebook(url.render_as_string(hide_password=False), COURSE)
    except InvalidEntry as problem:  # it could not enter the course: busy, or not writable
        raise SQLAlchemyError(str(problem)) from None
    with book:
        yield book


# -- the database ---------------------------------------------------------------------------------


def _told(cell: NotebookNode) -> NotebookNode | dict:
    return cell.metadata.get("nbgrader", {})


def _graded(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if _told(c).get("grade")]


@dataclass(frozen=True)
class _Mark:
    """What one exercise comes to: a score, whether an instructor must look, and a comment."""

    score: float | None
    look: bool
    comment: str | None

    @classmethod
    def of(cls, result: StudentResult, exercise: ExerciseResult | None) -> _Mark:
        if exercise is None:
            why = " ".join(result.remarks)
            return cls(None, True, _harmless(f"Not graded ({result.state}): {why}".rstrip(" :")))
        look = exercise.state in LOOK
        told = f"{str(exercise.state).capitalize()}: " if look else ""
        full = exercise.earned >= exercise.points
        comment = None if full and not look else _harmless(told + exercise.message) or None
        return cls(exercise.earned, look, comment)


class _Sheet:
    """The entries of one unit in a gradebook. `write…` are transactions."""

    def __init__(self, book: Gradebook, unit: UnitSource, released: NotebookNode, root: Path):
        self.book, self.db, self.unit = book, book.db, unit
        self.released, self.root = released, root
        self.stem = Path(unit.exercise_file).stem
        self.exercises = {e.name for e in load_unit(unit.name).exercises}

    def folder(self, name: str) -> Path:
        """Where nbgrader keeps what it graded of a student."""
        return self.root / "autograded" / name / self.unit.name

    def write_assignment(self, shown: str) -> None:
        """The unit as an assignment with its cells, as `nbgrader generate_assignment` enters it;
        there is nothing left to do where that was run before."""
        from nbgrader import api, utils

        try:
            assignment = self.book.find_assignment(self.unit.name)
        except api.MissingEntry:
            assignment = api.Assignment(name=self.unit.name, course_id=self.book.course_id)
            self.db.add(assignment)
        notebook = next((n for n in assignment.notebooks if n.name == self.stem), None)
        if notebook is None:
            kernel = json.dumps(self.released.metadata.get("kernelspec", {}))
            notebook = api.Notebook(name=self.stem, assignment=assignment, kernelspec=kernel)
            self.db.add(notebook)
        known = {(type(c), c.name): c for c in notebook._base_cells}
        sources = {c.name: c for c in notebook.source_cells}
        for cell in self.released.cells:
            told = _told(cell)
            kinds = (
                (api.GradeCell, utils.is_grade(cell)),
                (api.TaskCell, utils.is_task(cell)),
                (api.SolutionCell, utils.is_solution(cell)),
            )
            for kind, is_one in kinds:
                if not is_one:
                    continue
                entry = known.pop((kind, told.grade_id), None)
                if entry is None:
                    entry = kind(name=told.grade_id, notebook=notebook)
                    self.db.add(entry)
                if kind is not api.SolutionCell:
                    entry.max_score, entry.cell_type = float(told.points), cell.cell_type
            if any(is_one for _, is_one in kinds) or utils.is_locked(cell):
                source = sources.get(told.grade_id)
                if source is None:
                    source = api.SourceCell(name=told.grade_id, notebook=notebook)
                    self.db.add(source)
                source.cell_type, source.locked = cell.cell_type, utils.is_locked(cell)
                source.source, source.checksum = cell.source, told.get("checksum")
        if known:
            other = ", ".join(sorted(c.name for c in known.values())[:3])
            raise WrongArgument(
                f"The gradebook {shown} has {self.unit.name} from another release: with {other}, "
                f"which {self.unit.exercises} does not have. Give another gradebook, or remove the "
                f"assignment there (`nbgrader db assignment remove {self.unit.name} --force` "
                f"deletes its marks too). {SAFE}"
            )
        self.db.commit()

    def is_entered(self, result: StudentResult, name: str) -> bool:
        """Whether a student has an entry, or gets one."""
        return result.state is not State.MISSING or self._submission(name) is not None

    def write(self, result: StudentResult, name: str) -> bool:
        """The marks of one student; whether an instructor is to look at them."""
        from nbgrader import api

        student = self.db.get(api.Student, name)
        if student is None:
            student = api.Student(id=name)
            self.db.add(student)
        if not self.is_entered(result, name):
            self.db.commit()
            return False
        submission = self._submission(name)
        if submission is None:
            assignment = self.book.find_assignment(self.unit.name)
            submission = api.SubmittedAssignment(assignment=assignment, student=student)
            self.db.add(submission)
        when = self._handed_in(name)
        if when is not None and submission.timestamp != when:
            submission.timestamp = when
        for notebook in submission.assignment.notebooks:
            sheet = self._complete(submission, notebook)
            if notebook.name == self.stem:
                self._enter(sheet, result)
        self.db.flush()
        look = any(g.needs_manual_grade for n in submission.notebooks for g in n.grades)
        self.db.commit()
        self.db.expunge_all()  # memory stays bounded
        return look

    def _submission(self, name: str) -> Any:
        from nbgrader.api import MissingEntry

        try:
            return self.book.find_submission(self.unit.name, name)
        except MissingEntry:
            return None

    def _handed_in(self, name: str) -> Any:
        """When, if nbgrader's exchange noted it. Formgrader compares the two times, and calls a
        submission with another time "needs autograding"."""
        from nbgrader.utils import parse_utc

        at = self.root / "submitted" / name / self.unit.name / "timestamp.txt"
        try:
            if at.is_file() and at.stat().st_size < 200:
                return parse_utc(at.read_text(encoding="utf-8").strip())
        except (OSError, ValueError, OverflowError):
            pass
        return None

    def _complete(self, submission: Any, notebook: Any) -> SubmittedNotebook:
        """A student's sheet for a notebook, with an empty grade and comment for each cell that
        has one: what `Gradebook.add_submission` makes."""
        from nbgrader import api

        found = (n for n in submission.notebooks if n.notebook is notebook)
        sheet = next(found, None) or api.SubmittedNotebook(notebook=notebook, assignment=submission)
        self.db.add(sheet)
        self.db.flush()
        graded = {g.cell_id for g in sheet.grades}
        commented = {c.cell_id for c in sheet.comments}
        for cell in [*notebook.grade_cells, *notebook.task_cells]:
            if cell.id not in graded:
                self.db.add(api.Grade(cell_id=cell.id, notebook=sheet))
        for cell in [*notebook.solution_cells, *notebook.task_cells]:
            if cell.id not in commented:
                self.db.add(api.Comment(cell_id=cell.id, notebook=sheet))
        self.db.flush()
        return sheet

    def _enter(self, sheet: SubmittedNotebook, result: StudentResult) -> None:
        """Score and automatic comment of each exercise. Where neither has changed, the instructor's
        "done" stays as it is."""
        cells = sheet.notebook
        exercises = {e.exercise: e for e in result.exercises}
        names = {c.id: c.name for c in [*cells.grade_cells, *cells.solution_cells]}
        comments = {names.get(c.cell_id): c for c in sheet.comments}
        for grade in sheet.grades:
            name = names.get(grade.cell_id, "").removesuffix("_check")
            if name not in self.exercises or names[grade.cell_id] != f"{name}_check":
                continue  # a person's to mark, or nbgrader's
            mark = _Mark.of(result, exercises.get(name))
            comment = comments.get(name)
            told = comment.auto_comment if comment is not None else mark.comment
            if (grade.auto_score, told) != (mark.score, mark.comment):
                grade.auto_score = mark.score
                grade.needs_manual_grade = mark.look or grade.manual_score is not None
                if comment is not None:
                    comment.auto_comment = mark.comment


# -- the notebook that Formgrader shows -----------------------------------------------------------


def _show(
    folder: Path,
    unit: UnitSource,
    released: NotebookNode,
    result: StudentResult,
    given: bytes | None,
) -> bool:
    """Write the notebook for Formgrader; False when nothing is known of it."""
    if result.exercises and given is None:
        return False
    if result.state is State.MISSING and (folder / unit.exercise_file).exists():
        return True  # what was handed in earlier
    notebook = _stand_in(released, result)
    if result.exercises and given is not None:
        with tempfile.TemporaryDirectory(prefix="course-gradebook-") as private:
            path = Path(private) / "submitted.ipynb"
            path.write_bytes(given)
            with contextlib.suppress(Unreadable):
                submitted = nbformat.from_dict(read_notebook(path))
                names = [e.exercise for e in result.exercises]
                done = plan(submitted, released, names)
                notebook = _Shown(submitted, released, done, result).notebook()
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / unit.exercise_file, nbformat.writes(notebook).rstrip("\n") + "\n")
    return True


def _stand_in(released: NotebookNode, result: StudentResult) -> NotebookNode:
    """The blank notebook with a notice: of a submission that could not be read."""
    why = _harmless(" ".join(result.remarks))
    notice = nbformat.v4.new_markdown_cell(
        f"**This submission was not graded ({result.state}).** {why}\n\nWhat follows is the blank "
        "notebook, so that marks can be given by hand.",
        id="notice",
    )
    cells = [_bare(cell) for cell in released.cells]
    return nbformat.v4.new_notebook(cells=[notice, *cells], metadata=released.metadata)


def _bare(cell: NotebookNode) -> NotebookNode:
    bare = nbformat.from_dict(cell)
    if bare.cell_type == "code":
        bare.outputs, bare.execution_count = [], None
    return bare


def _harmless(text: str) -> str:
    """Markdown in which no HTML begins: a page of Formgrader may give marks, and so might a script
    that a student wrote into a text."""
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", text)


class _Shown:
    """The steps that were run as a notebook: each released cell once, with its released metadata;
    the student's texts between them."""

    def __init__(
        self, submitted: NotebookNode, released: NotebookNode, done: Plan, result: StudentResult
    ):
        self.released, self.steps = released, done.steps
        self.exercises = {e.exercise: e for e in result.exercises}
        self.left = {_told(c).grade_id: c for c in released.cells if "grade_id" in _told(c)}
        self.verbatim = {c.source for c in released.cells if c.cell_type == "markdown"}
        self.submitted = dict(enumerate(submitted.cells, 1))
        run = {step.cell for step in done.steps}
        self.texts = [
            n for n, c in self.submitted.items() if c.cell_type != "code" and n not in run
        ]
        self.cells: list[NotebookNode] = []

    def notebook(self) -> NotebookNode:
        """The whole of it."""
        last = {step.exercise: i for i, step in enumerate(self.steps) if step.kind == "run"}
        for i, step in enumerate(self.steps):
            if step.cell is not None:
                self._texts_before(step.cell)
            if step.kind == "check":
                if step.exercise not in last and step.exercise in self.left:
                    self._released(step.exercise)  # the answer is gone: its comment needs a cell
                self._released(f"{step.exercise}_check", outputs=self._verdict(step.exercise))
            elif step.exercise is not None and last[step.exercise] == i:
                self._released(step.exercise, source=step.source)
            else:
                told = _told(self.submitted[step.cell]) if step.cell else {}
                name = told.get("grade_id") if isinstance(told, dict) else None
                if not (isinstance(name, str) and self._is_free(name, "code")):
                    self._plain("code", step.source)
                else:
                    self._released(name, source=step.source)
        self._texts_before(len(self.submitted) + 1)
        for name in list(self.left):
            self._released(name)
        for number, cell in enumerate(self.cells):
            cell.id = f"cell-{number}"
        return nbformat.v4.new_notebook(cells=self.cells, metadata=self.released.metadata)

    def _is_free(self, name: str, kind: str) -> bool:
        taken = name in self.exercises or name.removesuffix("_check") in self.exercises
        return not taken and name in self.left and self.left[name].cell_type == kind

    def _released(
        self, name: str, source: str | None = None, outputs: list[NotebookNode] | None = None
    ) -> None:
        """A released cell, with a student's text in it unless it is locked."""
        cell = _bare(self.left.pop(name))
        if source is not None and not _told(cell).get("locked"):
            cell.source = source if cell.cell_type == "code" else _harmless(source)
        if outputs:
            cell.outputs = outputs
        self.cells.append(cell)

    def _plain(self, kind: str, source: str) -> None:
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        self.cells.append(make(source))

    def _texts_before(self, number: int) -> None:
        """The texts above a submitted cell that are not there yet."""
        while self.texts and self.texts[0] < number:
            cell = self.submitted[self.texts.pop(0)]
            name = _told(cell).get("grade_id") if isinstance(_told(cell), dict) else None
            if isinstance(name, str) and self._is_free(name, "markdown"):
                self._released(name, source=cell.source)
            elif cell.source in self.verbatim:
                self._plain("markdown", cell.source)
            elif cell.source.strip():
                self._plain("markdown", _harmless(cell.source))

    def _verdict(self, name: str) -> list[NotebookNode]:
        """What we found, as the check's output."""
        exercise = self.exercises.get(name)
        if exercise is None:
            return []
        said = exercise.status or str(exercise.state)
        if exercise.state in LOOK:
            said = str(exercise.state)
        lines = [f"{exercise.earned:g} of {exercise.points:g} points: {said}", exercise.message]
        text = "\n".join([line for line in lines if line] + [f"  {s}" for s in exercise.seen])
        return [nbformat.v4.new_output("stream", name="stdout", text=f"{text}\n")]
