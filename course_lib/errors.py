"""The errors that a user of the course may meet: each says what was given, what was
expected and what to do. In a notebook only that sentence is shown, without a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CourseError(Exception):
    """Base of the course's own errors."""

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback through the course's machinery.
        return [f"{type(self).__name__}: {self}"]


class UnknownName(CourseError, AttributeError):
    """A name that does not exist in a unit; suggests the nearest one that does."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str):
        """Say that no `kind` called `name` exists in `where`; `known` are those that do."""
        known = list(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        advice = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known)}."
        super().__init__(f"There is no {kind} '{name}' in {where}. {advice}")


class WrongArgument(CourseError, TypeError, ValueError):
    """A function, a check or a control was called with something it cannot use."""


class CheckpointProblem(CourseError, RuntimeError):
    """A checkpoint cannot be written or read; what was saved before is still there."""


class CheckFailed(CourseError, AssertionError):
    """Raised under nbgrader, where a failed check must fail its cell to cost the points."""


class BuildError(CourseError):
    """A unit could not be built; names the unit, the cell and the line."""


class EnvironmentProblem(CourseError):
    """Something about the machine or the course's folder keeps a command from working."""
