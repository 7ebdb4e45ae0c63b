"""`course grade`: a folder of submissions becomes marks, feedback and a report.

What is known is written down as soon as it is known, a file a submission, and read again when the
grading is started again. A grading may therefore be killed at any moment: the next one does what
is left. One process writes; others only compute.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.bars import progress_bar
from course_lib.errors import WrongArgument
from course_lib.exercises import load_unit
from course_lib.grading import jobs
from course_lib.grading.examiner import Limits
from course_lib.grading.jobs import Job
from course_lib.grading.results import FORMAT, State, StudentResult, from_json, to_json, write_whole
from course_lib.grading.running import run_here
from course_lib.grading.submissions import (
    Submission,
    file_name_of,
    find_submissions,
    require_outside,
)
from course_lib.layout import UnitSource


@dataclass(frozen=True)
class Graded:
    """What a grading found.

    notebooks : by student, the file that was graded. fresh : students graded now; kept : those
    graded before; stale : those graded now whose earlier marks were of another submission,
    declaration or environment. others : students graded before who are not in these submissions.
    """

    results: list[StudentResult]
    notebooks: dict[str, Path]
    fresh: tuple[str, ...]
    kept: tuple[str, ...]
    stale: tuple[str, ...]
    others: tuple[str, ...]
    seed: int
    layer: str


def grade(
    source: Path,
    unit: UnitSource,
    out: Path,
    *,
    workers: int = 1,
    seed: int | None = None,
    layer: str | None = None,
    limits: Limits | None = None,
    pattern: str | None = None,
    students: Iterable[str] | None = None,
    run_all: Callable[[list[Job], int], Iterator[tuple[Job, str]]] | None = None,
) -> Graded:
    """Grade every submission for a unit in `source`.

    The results are kept in `out`/results, what was graded in `out`/submissions.

    seed : of the inputs; by default one is drawn, and kept in `out` for the next time.
    run_all : does the jobs, in any order; by default on `workers` processes of this machine.
    Raises `WrongArgument` for a source without submissions, and when another grading is under way.
    """
    from course_lib.grading.sandbox import best_layer

    source, out = Path(source), Path(out)
    require_outside(source, out)
    kept_in = out / "results"
    kept_in.mkdir(parents=True, exist_ok=True)
    layer, limits = layer or best_layer(), limits or Limits()
    exercises = [e.name for e in load_unit(unit.name).exercises]
    with _alone(out):
        seed = _seed(out, unit.name, seed)
        copies = out / "submissions"
        found = find_submissions(source, unit, exercises, pattern, students, into=copies)
        results: dict[str, StudentResult] = {}
        todo: list[Job] = []
        kept, stale = [], []
        for submission in found:
            at = kept_in / f"{file_name_of(submission.student)}.json"
            job = _job(submission, unit, seed, layer, limits)
            before = _read(at)
            if job is None:
                results[submission.student] = _without_notebook(submission, unit)
                if before is None or not before.key:  # a mark is not replaced by none
                    write_whole(at, to_json(results[submission.student]))
            elif before is not None and before.key == job.key:
                results[submission.student] = before
                kept.append(submission.student)
            else:
                todo.append(job)
                if before is not None and before.key:
                    stale.append(submission.student)
        do = run_all or run_here
        with progress_bar(total=len(todo), desc="grading", unit="submission") as bar:
            for job, text in do(todo, workers):
                write_whole(kept_in / f"{file_name_of(job.student)}.json", text)
                results[job.student] = from_json(text)
                bar.update()
    ordered = [results[s.student] for s in found]
    here = {f"{file_name_of(s.student)}.json" for s in found}
    absent = [b for p in sorted(kept_in.glob("*.json")) if p.name not in here and (b := _read(p))]
    notebooks = {s.student: s.path for s in found if s.path is not None}
    fresh = tuple(job.student for job in todo)
    others = tuple(before.student for before in absent)
    return Graded(ordered, notebooks, fresh, tuple(kept), tuple(stale), others, seed, layer)


def _job(
    submission: Submission, unit: UnitSource, seed: int, layer: str, limits: Limits
) -> Job | None:
    if submission.path is None:
        return None
    return Job(
        submission.student,
        unit.name,
        submission.path,
        submission.notebook,
        unit.exercises.read_bytes(),
        seed,
        layer,
        limits,
        submission.remarks,
    )


def _without_notebook(submission: Submission, unit: UnitSource) -> StudentResult:
    state = submission.problem or State.MISSING
    return jobs.without_verdict(submission.student, unit.name, state, submission.why)


def _read(path: Path) -> StudentResult | None:
    """An earlier result; None for none, or for one that cannot be read any more."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, WrongArgument):
        return None


def _seed(out: Path, unit: str, wanted: int | None) -> int:
    """The grading's seed: the one asked for, the one of last time, or a new one."""
    at = out / "grading.json"
    earlier: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        earlier = dict(json.loads(at.read_text(encoding="utf-8")))
    if earlier.get("unit", unit) != unit:
        raise WrongArgument(
            f"{out} holds the grading of unit {earlier['unit']}, and you grade {unit}. Give each "
            "unit a folder of its own."
        )
    if wanted is None and isinstance(earlier.get("seed"), int):
        return earlier["seed"]
    seed = secrets.randbits(31) if wanted is None else wanted
    write_whole(at, json.dumps({"format": FORMAT, "unit": unit, "seed": seed}))
    return seed


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """No other grading writes to `out` inside. The lock goes with the process, however it ends."""
    with (out / ".grading").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WrongArgument(
                f"Another grading is writing to {out}. Wait until it has ended, or give another "
                "folder with --out."
            ) from None
        yield
