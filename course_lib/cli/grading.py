"""`course grade` and `course release`: from submissions to reports, and what is handed out."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course_lib.errors import WrongArgument
from course_lib.layout import Layout, UnitSource

if TYPE_CHECKING:  # imported when it is needed, so that `course --help` is instant
    from course_lib.grading.grade import Graded

REPORTS = "report"
UNGUARDED = (
    "Students' code runs with your rights: it can read and change your files, use the network, and "
    "see other submissions. Grade only work that you trust, or install bubblewrap (a package of "
    "that name) and grade again."
)
NO_WALLS = "Neither bubblewrap nor unshare works here. "


@dataclass(frozen=True)
class Wanted:
    """The options of `course grade`."""

    source: Path
    unit: str
    out: Path | None = None
    workers: int = 1
    seed: int | None = None
    sandbox: str | None = None
    pattern: str | None = None
    students: Path | None = None
    gradebook: str | None = None
    scheduler: str | None = None
    form: str = "text"
    at_least: float | None = None


def grade_submissions(wanted: Wanted, say: Callable[[str], None]) -> bool:
    """Grade, write the reports, and tell what came of it; whether all reach `at_least`.

    say : takes what is told about the grading. With the form "junit" the XML goes to stdout.
    """
    from course_lib.grading import reports
    from course_lib.grading.grade import grade
    from course_lib.grading.sandbox import best_layer

    unit = _unit(wanted.unit, wanted.source)
    roster = _roster(wanted.students)
    if wanted.gradebook:
        from course_lib.grading.gradebook import require_database

        require_database(wanted.gradebook)  # now, and not when all is graded
    layer = wanted.sandbox or best_layer()
    if layer == "limits":
        why = "" if wanted.sandbox else NO_WALLS
        say(click.style("No sandbox. ", fg="red", bold=True) + why + UNGUARDED)
    say("Loading torch, and running the course's own cells once …")
    with _folder(wanted) as out, _stopped_gently(wanted):
        graded = grade(
            wanted.source,
            unit,
            out,
            workers=wanted.workers,
            seed=wanted.seed,
            layer=layer,
            pattern=wanted.pattern,
            students=roster,
            run_all=_cluster(wanted.scheduler),
        )
        results = graded.results
        pages = reports.write_reports(
            results,
            out / REPORTS,
            agreement=_agreement(results, unit) if len(results) > 1 else None,
        )
        if wanted.form == "junit":
            click.echo((out / REPORTS / reports.JUNIT).read_text(encoding="utf-8"), nl=False)
        else:
            for line in _details(graded) if len(results) == 1 else _summary(graded, unit):
                say(line)
            if wanted.out is not None:
                say(f"Report: {pages[0]}")
                say(f"Feedback: {out / REPORTS / reports.FEEDBACK}, a page for each student")
        if wanted.gradebook:
            _write_gradebook(graded, unit, wanted, say)
    reached = True
    for r in results if wanted.at_least is not None else ():
        if not r.exercises or r.earned < wanted.at_least:
            mark = f"{r.earned:g}" if r.exercises else "no mark"
            say(f"{r.student}: {mark}, and at least {wanted.at_least:g} is asked for")
            reached = False
    return reached


def _unit(name: str, source: Path) -> UnitSource:
    from course_lib.exercises import load_unit

    layout = Layout.find()
    if source.is_dir() and layout.root.resolve().is_relative_to(source.resolve()):
        raise WrongArgument(
            f"The course in {layout.root} lies in what is to be graded ({source}): a student's, "
            "perhaps. Change into the folder of your own course, and grade from there."
        )
    unit = layout.released((name,))[0]
    load_unit(unit.name)  # raises where its exercises are not declared
    return unit


def _roster(path: Path | None) -> list[str] | None:
    """The names in a file, one a line; also the first column of a table."""
    if path is None:
        return None
    import csv

    with path.open(newline="", encoding="utf-8-sig") as file:
        names = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    names = [name for name in names if not name.startswith("#")]
    if names and names[0].casefold() in ("student", "students", "name", "id"):
        names = names[1:]
    if not names:
        raise WrongArgument(f"{path} names no students: one is expected on each line.")
    if twice := [name for name in names if names.count(name) > 1]:
        raise WrongArgument(f"{path} names {twice[0]} twice. Each student needs another name.")
    return names


@contextmanager
def _folder(wanted: Wanted) -> Iterator[Path]:
    """Where the results go; of a single notebook they need not be kept."""
    if wanted.out is not None:
        yield wanted.out
    elif wanted.source.is_file() and wanted.source.suffix == ".ipynb" and not wanted.gradebook:
        with tempfile.TemporaryDirectory(prefix="course-grading-") as out:
            yield Path(out)
    else:
        raise WrongArgument(
            "Say where the results go: --out FOLDER. They are kept there, so that a grading that "
            "is interrupted goes on where it was."
        )


@contextmanager
def _stopped_gently(wanted: Wanted) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        kept = f" What is graded is kept in {wanted.out}: the same command goes on from there."
        raise click.ClickException(f"Stopped.{kept if wanted.out else ''}") from None


def _cluster(address: str | None) -> Callable | None:
    if address is None:
        return None
    from course_lib.grading.cluster import run_on_cluster

    return run_on_cluster(address)


def _agreement(results: list, unit: UnitSource) -> object:
    from course_lib.exercises import load_unit
    from course_lib.grading.notebooks import plan, read_notebook
    from course_lib.grading.reports import suspicious_pairs

    names = [e.name for e in load_unit(unit.name).exercises]
    released = read_notebook(unit.exercises)
    blanks = plan(released, released, names).answers
    solutions = None
    if unit.solution.exists():
        solutions = plan(read_notebook(unit.solution), released, names).answers
    return suspicious_pairs(results, {r.student: r.answers for r in results}, blanks, solutions)


class _Notebooks(Mapping):
    """The notebooks that were graded, each read when it is asked for."""

    def __init__(self, paths: Mapping[str, Path]):
        self.paths = paths

    def __getitem__(self, student: str) -> bytes:
        return self.paths[student].read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def _write_gradebook(
    graded: Graded, unit: UnitSource, wanted: Wanted, say: Callable[[str], None]
) -> None:
    from course_lib.grading.gradebook import write_gradebook

    notebooks = _Notebooks(graded.notebooks)
    done = write_gradebook(graded.results, unit, wanted.gradebook, Path.cwd(), notebooks)
    say(f"Gradebook: {done.url}, {len(done.students)} students")
    if done.to_look_at:
        say(f"  Formgrader asks you about: {', '.join(done.to_look_at)}")
    for name, kept in done.renamed.items():
        say(f"  {name} is {kept} there, since nbgrader cannot take the name")


# -- what is told ---------------------------------------------------------------------------------


def _summary(graded: Graded, unit: UnitSource) -> Iterator[str]:
    """Of a class."""
    from course_lib.grading.reports.counts import count_class, reasons_to_look

    counts = count_class(graded.results)
    yield f"{unit.name}: {len(graded.results)} students, {_conditions(graded)}"
    told = [f"{len(graded.fresh)} graded now"]
    told += [f"{len(graded.kept)} known from before"] * bool(graded.kept)
    if graded.stale:
        told.append(f"again, since they or the course have changed: {_some(graded.stale)}")
    yield "  " + ", ".join(told)
    yield "  " + ", ".join(f"{n} {state}" for state, n in counts.states.items())
    if counts.marks:
        middle = statistics.median(counts.marks)
        yield f"  median mark {middle:g} of {counts.maximum:g}"
    look = [r.student for r in graded.results if reasons_to_look(r)]
    if look:
        yield f"  to look at: {_some(look)} (the report says why)"
    if graded.others:
        yield (
            f"  ! graded here before, and not in these submissions: {_some(graded.others)}. They "
            "are not in the report: put late work beside the rest, and grade all of it."
        )


def _some(names: Iterable[str], most: int = 10) -> str:
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _details(graded: Graded) -> Iterator[str]:
    """Of a single submission: every exercise."""
    from course_lib.grading.reports.counts import label
    from course_lib.grading.reports.pages import clean

    result = graded.results[0]
    yield f"{result.student}, {_conditions(graded)}"
    for e in result.exercises:
        yield f"  {e.earned:g} of {e.points:g}  {e.title}: {label(e)}"
        if e.earned < e.points and e.message:
            yield f"       {clean(e.message)}"  # a student's text: no codes for the terminal
    for remark in (*result.repairs, *result.remarks):
        yield f"  ! {clean(remark)}"
    yield f"  {result.earned:g} of {result.points:g} points" if result.exercises else "  no mark"


def _conditions(graded: Graded) -> str:
    return f"sandbox {graded.layer}, seed {graded.seed}"


# -- release --------------------------------------------------------------------------------------


def release_units(units: tuple[str, ...], out: Path, nbgrader: bool) -> Iterator[str]:
    """Make the folder to hand out; a line about each thing that was written."""
    from course_lib.grading.handout import hand_out

    written = hand_out(Layout.find(), units, out, nbgrader)
    for path in written:
        yield f"wrote {os.path.relpath(path)}"
    if nbgrader:
        yield f"{out} is nbgrader's course root. It holds the solutions: not for students."
    else:
        yield f"{out} can be handed out."
