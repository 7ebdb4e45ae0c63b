"""The numbers of a class: shares, difficulty, discrimination, misconceptions.

Difficulty of an exercise: the mean share of its points, 1 when everybody has them all.
Discrimination: Pearson's correlation over the students between the points of the exercise and the
points of all *other* exercises; with the exercise itself on both sides it would flatter itself.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from course_lib.errors import WrongArgument
from course_lib.exercises.verdicts import Status
from course_lib.grading.reports import words
from course_lib.grading.reports.pages import count, listed
from course_lib.grading.reports.words import Words
from course_lib.grading.results import ExerciseResult, State, StudentResult

FEWEST = 10  # students for a correlation; its standard error is then about 1/3
# In these states the points are what has been earned; in the others nobody knows.
MARKED = (State.GRADED, State.NOT_ATTEMPTED, State.TIMEOUT, State.TAMPERED)
NEED_A_PERSON = (State.CRASHED, State.UNREADABLE, State.TAMPERED, State.REFUSED)


class Outcome(StrEnum):
    """How an answer came out, in the four kinds that a bar shows."""

    CORRECT = "correct"
    WRONG = "not yet"
    BLANK = "not attempted"
    OTHER = "other"


def outcome(found: ExerciseResult) -> Outcome:
    """The kind of an exercise's result."""
    if found.state is State.NOT_ATTEMPTED or found.status == Status.BLANK.value:
        return Outcome.BLANK
    if found.state is not State.GRADED:
        return Outcome.OTHER
    return Outcome.CORRECT if found.status == Status.PASSED.value else Outcome.WRONG


def label(found: ExerciseResult) -> str:
    """The outcome in a word, or the state where there is no verdict."""
    kind = outcome(found)
    return found.state.value if kind is Outcome.OTHER else kind.value


def words_of(found: ExerciseResult) -> Words:
    """What is said to the student of an exercise's result."""
    kinds = {Outcome.CORRECT: words.CORRECT, Outcome.WRONG: words.WRONG, Outcome.BLANK: words.BLANK}
    kind = outcome(found)
    return kinds[kind] if kind in kinds else words.EXERCISE[found.state]


def has_mark(result: StudentResult) -> bool:
    """Whether anything of a submission was marked; if not, its 0 points mean nothing."""
    return any(e.state in MARKED for e in result.exercises)


def without_verdict(result: StudentResult) -> int:
    """How many exercises of a submission nobody knows the points of."""
    return sum(e.state not in MARKED for e in result.exercises)


def reasons_to_look(result: StudentResult) -> tuple[str, ...]:
    """Why a person should look at a submission; empty when there is no need."""
    found = [result.state.value] if result.state in NEED_A_PERSON else []
    for state in NEED_A_PERSON:
        titles = [f"“{e.title}”" for e in result.exercises if e.state is state]
        if titles:
            found = [f for f in found if f != state.value]
            found.append(f"{state.value} in {listed(titles)}")
    if result.repairs:
        found.append(count(len(result.repairs), "repair"))
    return tuple(found)


@dataclass(frozen=True)
class ExerciseCounts:
    """One exercise over the class. `outcomes` counts every student, also those without a notebook;
    `others` says which states make up the kind "other". `share` is None when nobody has a mark."""

    name: str
    title: str
    points: float
    outcomes: dict[Outcome, int]
    others: dict[State, int]
    share: float | None
    discrimination: float | None
    discrimination_says: str
    unexplained: tuple[str, ...]  # students with a wrong answer that no misconception explains


@dataclass(frozen=True)
class MisconceptionCount:
    """A misconception in one exercise, and who showed it."""

    name: str
    exercise: str
    title: str
    message: str
    students: tuple[str, ...]


class ClassCounts:
    """All numbers of a class; made by `count_class`."""

    def __init__(self, results: Sequence[StudentResult]):
        self.results = tuple(results)
        units = sorted({r.unit for r in results})
        if len(units) > 1:
            raise WrongArgument(
                f"the results are of several units ({', '.join(units)}); report on one at a time."
            )
        self.unit = units[0] if units else ""
        self.of = [{e.exercise: e for e in r.exercises} for r in self.results]

    @cached_property
    def asked(self) -> dict[str, ExerciseResult]:
        """Exercise → one of its results, for title and points, in the order of the notebook."""
        found: dict[str, ExerciseResult] = {}
        for result in sorted(self.results, key=lambda r: -len(r.exercises)):
            for e in result.exercises:
                found.setdefault(e.exercise, e)
        return found

    @property
    def maximum(self) -> float:
        """The most that could be earned, also by those whose notebook could not be read."""
        return sum(e.points for e in self.asked.values())

    @cached_property
    def states(self) -> dict[State, int]:
        """How many submissions came out in each state, the commonest first."""
        return dict(Counter(r.state for r in self.results).most_common())

    @cached_property
    def marks(self) -> tuple[float, ...]:
        """The marks, from the lowest; without the submissions that have none."""
        return tuple(sorted(r.earned for r in self.results if has_mark(r)))

    @cached_property
    def exercises(self) -> tuple[ExerciseCounts, ...]:
        """Every exercise, in the order of the notebook."""
        return tuple(self._count(e) for e in self.asked.values())

    def _count(self, asked: ExerciseResult) -> ExerciseCounts:
        name = asked.exercise
        outcomes = dict.fromkeys(Outcome, 0)
        others: Counter[State] = Counter()
        unexplained, shares = [], []
        for result, of in zip(self.results, self.of, strict=True):
            found = of.get(name)
            # without the exercise, what became of the submission became of its answer
            kind = outcome(found) if found else Outcome.OTHER
            outcomes[kind] += 1
            if kind is Outcome.OTHER:
                others[_state_without(result) if found is None else found.state] += 1
            if kind is Outcome.WRONG and found.misconception is None:
                unexplained.append(result.student)
            if found and found.state in MARKED and found.points:
                shares.append(found.earned / found.points)
        value, says = self._discrimination(name)
        return ExerciseCounts(
            name, asked.title, asked.points, outcomes, dict(others.most_common()),
            statistics.fmean(shares) if shares else None, value, says, tuple(unexplained),
        )  # fmt: skip

    def _discrimination(self, name: str) -> tuple[float | None, str]:
        """The correlation and what it says; None and why not, where there is none."""
        whole = [
            (of[name].earned, sum(e.earned for e in of.values()) - of[name].earned)
            for of in self.of
            if name in of and all(e.state in MARKED for e in of.values())
        ]
        if len(whole) < FEWEST:
            return None, f"too few students to say ({len(whole)} of at least {FEWEST})"
        own, rest = zip(*whole, strict=True)
        if max(own) == min(own):
            return None, "all have the same points here"
        if max(rest) - min(rest) < 1e-9:
            return None, "all are alike in the other exercises"
        value = statistics.correlation(own, rest)
        return value, _said_of(value)

    @cached_property
    def misconceptions(self) -> tuple[MisconceptionCount, ...]:
        """Every misconception that was recognised, the commonest first."""
        shown: dict[tuple[str, str], list[tuple[str, ExerciseResult]]] = {}
        for result in self.results:
            for e in result.exercises:
                if e.misconception is not None:
                    shown.setdefault((e.exercise, e.misconception), []).append((result.student, e))
        counted = [
            MisconceptionCount(
                name, exercise, who[0][1].title,
                Counter(e.message for _, e in who).most_common(1)[0][0],
                tuple(student for student, _ in who),
            )
            for (exercise, name), who in shown.items()
        ]  # fmt: skip
        return tuple(sorted(counted, key=lambda m: (-len(m.students), m.exercise, m.name)))

    @cached_property
    def recurring(self) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
        """Misconceptions of one name in several exercises: name, students, titles."""
        by_name: dict[str, list[MisconceptionCount]] = {}
        for m in self.misconceptions:
            by_name.setdefault(m.name, []).append(m)
        found = [
            (name, len({s for m in ms for s in m.students}), tuple(m.title for m in ms))
            for name, ms in by_name.items()
            if len(ms) > 1 and len(name) > 1  # "a", "b": options of a choice, not one slip
        ]
        return tuple(sorted(found, key=lambda f: (-f[1], f[0])))


def count_class(results: Sequence[StudentResult]) -> ClassCounts:
    """The numbers of a class. Raises `WrongArgument` for results of more than one unit."""
    return ClassCounts(results)


def _state_without(result: StudentResult) -> State:
    return State.MISSING if result.state is State.GRADED else result.state


def _said_of(value: float) -> str:
    if value < 0:
        return "look at this exercise: those who do better elsewhere do worse here"
    if value < 0.2:
        return "hardly tells strong from weak"
    return "tells strong from weak a little" if value < 0.4 else "tells strong from weak"
