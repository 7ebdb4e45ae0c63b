"""One page a student: what they earned, what each answer came to, what went wrong, what next."""

from __future__ import annotations

from pathlib import Path

from course_lib.grading.reports import words
from course_lib.grading.reports.counts import (
    MARKED,
    Outcome,
    has_mark,
    outcome,
    without_verdict,
    words_of,
)
from course_lib.grading.reports.pages import (
    count,
    listed,
    points,
    render,
    require_file_name,
    safe_name,
    unit_title,
)
from course_lib.grading.results import StudentResult, write_whole


def write_feedback(result: StudentResult, folder: Path, name: str | None = None) -> Path:
    """Write a student's page into `folder`; return its path.

    name : of the file, without ".html"; made from the student's name when it is left out.
    Raises `WrongArgument` when it is no plain file name.
    """
    name = require_file_name(safe_name(result.student) if name is None else name, result.student)
    path = Path(folder) / f"{name}.html"
    write_whole(path, feedback(result))
    return path


def feedback(result: StudentResult) -> str:
    """The page as text."""
    shown = [(e, words_of(e), outcome(e), e.state in MARKED) for e in result.exercises]
    return render(
        "feedback.html",
        result=result,
        unit=unit_title(result.unit),
        notice=words.SUBMISSION.get(result.state),
        mark=_mark(result),
        sentence=_sentence(result),
        shown=shown,
        sentence_for_wrong=_next(shown),
        Outcome=Outcome,
    )


def _next(shown: list) -> str:
    """What to do about answers that are not right; once, since it is the same for all of them."""
    kinds = [kind for _, _, kind, _ in shown]
    if Outcome.WRONG in kinds:
        return words.WRONG.advice
    return (
        "Nothing: all is right. Go on to the next unit." if set(kinds) == {Outcome.CORRECT} else ""
    )


def _mark(result: StudentResult) -> str:
    if not has_mark(result):
        return "No mark yet"
    return f"{points(result.earned)} of {_points(result.points)}"


def _points(number: float) -> str:
    return f"{points(number)} point{'' if number == 1 else 's'}"


def _sentence(result: StudentResult) -> str:
    """How the exercises came out, in a sentence; empty when there are none."""
    kinds = [outcome(e) for e in result.exercises]
    unknown = without_verdict(result)
    stopped = kinds.count(Outcome.OTHER) - unknown
    said = [
        f"{number} {word}"
        for number, word in (
            (kinds.count(Outcome.CORRECT), "correct"),
            (kinds.count(Outcome.WRONG), "not right yet"),
            (kinds.count(Outcome.BLANK), "not attempted"),
            (stopped, "stopped or not counted"),
            (unknown, "without a verdict"),
        )
        if number
    ]
    return f"Of {count(len(kinds), 'exercise')}: {listed(said)}." if said else ""
