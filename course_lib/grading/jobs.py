"""One submission as a job: plain data in, a result as text out, wherever there is a free processor.

A process that does jobs keeps an `Examiner`, and with it torch and the unit's inputs, from one job
to the next. Jobs do not know of each other, and the same job gives the same marks anywhere.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import platform
import tempfile
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.exercises import load_unit
from course_lib.grading.examiner import Examiner, Limits, ZygoteLost
from course_lib.grading.notebooks import Unreadable, plan, read_notebook
from course_lib.grading.results import FORMAT, State, StudentResult, to_json

TRIES = 3  # at a submission that ends the process from which its own is forked

OTHER_NOTEBOOK = "No exercise of unit {} is in this notebook: it may be that of another unit."

_examiners: dict[str, Examiner] = {}


@dataclass(frozen=True)
class Job:
    """All that the marks of one submission depend on.

    notebook : the file's content, or where it lies; then it is read when the job is sent to the
    process that does it, so that many jobs need little memory. released : the blank notebook's
    content. layer : of the sandbox.
    """

    student: str
    unit: str
    notebook: bytes | Path
    name: str
    released: bytes
    seed: int
    layer: str
    limits: Limits = field(default_factory=Limits)
    remarks: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """The notebook."""
        return self.notebook if isinstance(self.notebook, bytes) else self.notebook.read_bytes()

    def __reduce__(self) -> tuple:
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        return Job, tuple((own | {"notebook": self.content}).values())

    @property
    def key(self) -> str:
        """A hash of submission, declaration and environment: while it is the same, so are the
        marks, and the submission need not be graded again."""
        told = [str(FORMAT), self.unit, str(self.seed), self.layer, json.dumps(asdict(self.limits))]
        told += [declaration_hash(), environment_hash()]
        parts = [self.content, self.released, *(w.encode() for w in (*told, *self.remarks))]
        return hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()


def run(job: Job) -> str:
    """Grade one submission; the result as text (`results.from_json`).

    A fault of the grader's own gives the state "crashed", to this submission alone; it has no key,
    so the submission is graded again the next time.
    """
    try:
        return _run(job)
    except CourseError:  # of the machine, not of the submission
        raise
    except Exception as problem:
        close_all()
        why = f"The grader itself failed on this submission ({type(problem).__name__}: {problem})."
        told = {"notebook": job.name, "key": ""}
        return to_json(without_verdict(job.student, job.unit, State.CRASHED, why, told))


def _run(job: Job) -> str:
    ready = examiner(job)  # it begins to load torch
    exercises = [e.name for e in load_unit(job.unit).exercises]
    told = {"notebook": job.name, "key": job.key}
    try:
        steps = plan(_read(job.content), _read(job.released), exercises)
        if set(steps.missing) >= set(exercises):
            raise Unreadable(State.REFUSED, OTHER_NOTEBOOK.format(job.unit))
    except Unreadable as problem:
        return to_json(without_verdict(job.student, job.unit, problem.state, problem.why, told))
    answers = {exercise: text for exercise, text in steps.answers.items() if text}
    for left in reversed(range(TRIES)):
        try:
            result = ready.grade(job.student, steps, answers=answers, **told)
            break
        except ZygoteLost as problem:  # for want of memory, perhaps
            close_all()
            if not left:
                return to_json(
                    without_verdict(job.student, job.unit, State.CRASHED, str(problem), told)
                )
            ready = examiner(job)
    return to_json(replace(result, remarks=(*job.remarks, *result.remarks)))


def without_verdict(
    student: str, unit: str, state: State, why: str, told: dict | None = None
) -> StudentResult:
    """A submission of which nothing could be graded."""
    return StudentResult(student, unit, state, remarks=(why,), **(told or {}))


def _read(content: bytes) -> dict:
    with tempfile.NamedTemporaryFile(prefix="course-", suffix=".ipynb") as file:
        file.write(content)
        file.flush()
        return read_notebook(Path(file.name))


def examiner(job: Job) -> Examiner:
    """This process's examiner for jobs of this kind."""
    released = hashlib.sha256(job.released).hexdigest()
    kind = json.dumps([job.unit, job.seed, job.layer, asdict(job.limits), released])
    if kind not in _examiners:
        close_all()  # one at a time: each keeps a process with torch
        unit, blank = load_unit(job.unit), _read(job.released)
        cells = [
            step.source
            for step in plan(blank, blank, [e.name for e in unit.exercises]).steps
            if step.kind == "run" and step.exercise is None
        ]
        _examiners[kind] = Examiner(unit, job.seed, job.limits, job.layer, rehearsed=cells)
    return _examiners[kind]


@atexit.register
def close_all() -> None:
    """End the processes for students' code."""
    while _examiners:
        _examiners.popitem()[1].processes.close()


@cache
def declaration_hash() -> str:
    """Of the text of all exercises, of what they build on, and of the grader."""
    import course_lib

    home = Path(course_lib.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(str(path.relative_to(home)).encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def environment_hash() -> str:
    """Of the versions of what computes."""
    import numpy
    import torch

    told = (platform.python_version(), platform.machine(), torch.__version__, numpy.__version__)
    return hashlib.sha256(" ".join(told).encode()).hexdigest()
