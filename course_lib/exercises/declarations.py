"""What every exercise declares, whatever its kind; from this come the check in the notebook,
the points under nbgrader, the hints, the answer cell, the solution and the tests."""

from __future__ import annotations

import inspect
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course_lib.errors import WrongArgument
from course_lib.exercises.verdicts import Status, Verdict
from course_lib.stages.blanks import is_blank as is_blank  # the kinds of exercise take it from here

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
DIFFICULTY = {1: "●○○", 2: "●●○", 3: "●●●"}


@dataclass(frozen=True)
class Misconception:
    """A plausible wrong answer, as code, and the sentence that says what went wrong."""

    name: str
    message: str
    answer: Any


class Exercise(ABC):
    """One exercise: its header, its hints, and how an answer is examined.

    Parameters
    ----------
    name : the name of the answer in the notebook, and of the check and the hint.
    title : as in the notebook's heading.
    points, difficulty (1–3), minutes : shown in the header; the points are nbgrader's.
    why : one sentence that says why it matters.
    hints : three, of growing strength.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str,
        points: int,
        difficulty: int,
        minutes: int,
        why: str,
        hints: tuple[str, str, str],
    ):
        if difficulty not in DIFFICULTY:
            raise WrongArgument(f"{name}: difficulty is {difficulty!r}; it must be 1, 2 or 3.")
        if len(hints) != 3:
            raise WrongArgument(f"{name}: {len(hints)} hints were given; declare three.")
        self.name, self.title, self.points = name, title, points
        self.difficulty, self.minutes, self.why, self.hints = difficulty, minutes, why, hints
        self.misconceptions: list[Misconception] = []
        self.styles: list[Any] = []

    # -- declaring -------------------------------------------------------------------------

    def misconception(self, message: str) -> Callable[[Any], Any]:
        """Decorator: declare a wrong answer and what it should be told."""

        def declare(answer):
            self.misconceptions.append(Misconception(answer.__name__, message, answer))
            return answer

        return declare

    def style(self, answer: Any) -> Any:
        """Decorator: declare another correct answer, which must pass."""
        self.styles.append(answer)
        return answer

    # -- what the notebook shows -----------------------------------------------------------

    @property
    def header(self) -> str:
        """The line under the exercise's heading, as Markdown."""
        points = f"{self.points} point{'s' if self.points != 1 else ''}"
        return (
            f"**Difficulty** {DIFFICULTY[self.difficulty]} · **{self.minutes} minutes** · "
            f"**{points}**\n\n*Why it matters:* {self.why}"
        )

    @property
    def prompt(self) -> str:
        """Markdown that belongs under the exercise's text, such as the options of a choice."""
        return ""

    @abstractmethod
    def answer_cell(self) -> str:
        """The source of the answer cell, the solution between nbgrader's markers."""

    def check_cell(self) -> str:
        """The source of the cell that checks the answer."""
        return f"check.{self.name}({self.name})"

    # -- examining -------------------------------------------------------------------------

    @property
    @abstractmethod
    def reference(self) -> Any:
        """An answer that is right."""

    @abstractmethod
    def blank(self) -> Any:
        """The answer as it stands before the learner has written anything."""

    @abstractmethod
    def examine(self, answer: Any, seed: int) -> Verdict:
        """Reach a verdict on an answer, with inputs drawn from `seed`.

        Raises `WrongArgument` if the answer is not the kind of thing that is asked for.
        """

    def verdict(
        self,
        status: Status,
        message: str = "",
        *,
        misconception: str | None = None,
        details: tuple[tuple[str, str], ...] = (),
        seed: int | None = None,
    ) -> Verdict:
        """A verdict with this exercise's name, points and hints filled in."""
        if status is Status.BLANK and not message:
            message = "Write your answer in the cell above, run it, then run this check."
        return Verdict(
            self.name, status, message, self.points, misconception, details, seed, len(self.hints)
        )


def source_of(answer: Any) -> str:
    """The source of a function or class without decorators that declare it to an exercise."""
    source = textwrap.dedent(inspect.getsource(answer))
    return source[source.index(_keyword(answer)) :].rstrip()


def _keyword(answer: Any) -> str:
    return "class " if inspect.isclass(answer) else "def "
