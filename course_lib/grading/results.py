"""What is known about a submission once it is graded, and how it is kept.

A mark never stands alone: beside it stands a `State`, which says how it came about. A student whose
notebook could not be read has not earned 0 points; nobody knows what they have earned.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from course_lib.errors import WrongArgument

FORMAT = 1  # of the files; raised when their meaning changes


class State(StrEnum):
    """How a mark came about, of one exercise or of a whole submission."""

    GRADED = "graded"  # a verdict was reached
    NOT_ATTEMPTED = "not attempted"  # the answer is as it was handed out
    TIMEOUT = "timeout"  # a cell, or a call of the answer, took too long
    CRASHED = "crashed"  # the process ended, or sent what cannot be understood
    UNREADABLE = "unreadable"  # no notebook that can be read
    MISSING = "missing"  # nothing was handed in
    TAMPERED = "tampered"  # not the student's own: an answer that calls the course's library
    REFUSED = "refused"  # not what may be graded: another kernel, a link, a file that is too large


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise of one student.

    status : the verdict's, "correct", "not yet" or "not written yet"; "" where none was reached.
    message : the sentence to read first, for the student. misconception : its name, if one was
    recognised. seen : what was seen of the answer, without the inputs that were tried.
    """

    exercise: str
    title: str
    points: float
    earned: float
    state: State
    status: str = ""
    message: str = ""
    misconception: str | None = None
    seen: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudentResult:
    """One submission. `repairs` are sentences on what was put right before anything ran; `remarks`
    on what happened while it ran. `key` is a hash of all that the marks depend on."""

    student: str
    unit: str
    state: State
    exercises: tuple[ExerciseResult, ...] = ()
    notebook: str = ""
    repairs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    key: str = ""
    seed: int = 0
    seconds: float = 0.0
    answers: dict[str, str] = field(default_factory=dict)  # exercise → the answer's text

    @property
    def points(self) -> float:
        """The most that could be earned."""
        return sum(e.points for e in self.exercises)

    @property
    def earned(self) -> float:
        """The mark."""
        return sum(e.earned for e in self.exercises)


def to_json(result: StudentResult) -> str:
    """The result as text, which can be written as UTF-8; `from_json` reads it again."""
    told = {"format": FORMAT} | dataclasses.asdict(result)
    text = json.dumps(told, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")  # a student's text may hold half a pair


def from_json(text: str) -> StudentResult:
    """The result in a text that `to_json` wrote. Raises `WrongArgument` for any other."""
    try:
        found: dict[str, Any] = json.loads(text)
        if found.pop("format") != FORMAT:
            raise ValueError("another format")
        exercises = tuple(
            ExerciseResult(
                **e
                | {"state": State(e["state"]), "seen": tuple(e["seen"]), "hints": tuple(e["hints"])}
            )
            for e in found.pop("exercises")
        )
        lists = {name: tuple(found.pop(name)) for name in ("repairs", "remarks")}
        return StudentResult(
            **found | lists | {"exercises": exercises, "state": State(found["state"])}
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise WrongArgument(
            f"this is no result that the grader wrote ({problem}). Grade the submission again."
        ) from None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all, also if the power goes."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
