"""The learner's progress over the whole course: as text for the command line, as a widget."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.exercises import progress
from course_lib.exercises.units import Unit, all_units


@dataclass(frozen=True)
class Row:
    """One exercise: whether it is done, after how many attempts and hints."""

    unit: str
    name: str
    title: str
    points: int
    done: bool
    attempts: int
    hints: int

    def __str__(self) -> str:
        if self.done:
            state = f"done after {_count(self.attempts, 'attempt')}"
        else:
            state = f"{_count(self.attempts, 'attempt')} so far" if self.attempts else "not begun"
        hints = f", {_count(self.hints, 'hint')}" if self.hints else ""
        return f"{'✓' if self.done else '○'} {self.title}: {state}{hints}"


@dataclass(frozen=True)
class Overview:
    """What is done, what is next, and how many attempts it took."""

    units: tuple[tuple[Unit, tuple[Row, ...]], ...]

    @classmethod
    def now(cls) -> Overview:
        """The state of the progress file, or of a course not begun when there is none."""
        kept = progress.read()["exercises"]
        return cls(tuple((u, tuple(_row(u, e, kept) for e in u.exercises)) for u in all_units()))

    @property
    def next(self) -> Row | None:
        """The first exercise that is not done."""
        return next((r for _, rows in self.units for r in rows if not r.done), None)

    @property
    def sentence(self) -> str:
        """Where the learner stands, in a sentence."""
        rows = [r for _, unit_rows in self.units for r in unit_rows]
        done, points = sum(r.done for r in rows), sum(r.points for r in rows if r.done)
        todo = self.next
        then = (
            f"Next: {todo.title} (unit {int(todo.unit.split('_')[0])})."
            if todo
            else "You have done them all."
        )
        return (
            f"{done} of {len(rows)} exercises done, {points} of "
            f"{sum(r.points for r in rows)} points. {then}"
        )

    def __str__(self) -> str:
        lines = [self.sentence]
        for unit, rows in self.units:
            lines += [
                "",
                f"{unit.name.split('_')[0]} {unit.title}: "
                f"{sum(r.done for r in rows)} of {len(rows)}",
            ]
            lines += [f"   {row}" for row in rows]
        return "\n".join(lines)

    def html(self) -> str:
        """One bar a unit, with its exercises folded under it."""
        parts = [f"<p><strong>{escape(self.sentence)}</strong></p>"]
        for unit, rows in self.units:
            done = sum(r.done for r in rows)
            name = f"{int(unit.name.split('_')[0])} · {unit.title}"
            parts.append(
                f"<details><summary>{escape(name)} "
                f'<progress max="{len(rows)}" value="{done}" aria-label="{escape(name)}">'
                f"</progress> {done} of {len(rows)}</summary><ul>"
                + "".join(f"<li>{escape(str(r))}</li>" for r in rows)
                + "</ul></details>"
            )
        return "".join(parts)


def _row(unit: Unit, exercise: Any, kept: dict[str, Any]) -> Row:
    entry = kept.get(f"{unit.name}/{exercise.name}", {})
    return Row(
        unit.name,
        exercise.name,
        exercise.title,
        exercise.points,
        bool(entry.get("passed")),
        int(entry.get("attempts", 0)),
        int(entry.get("hints", 0)),
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def show_progress() -> Any:
    """The progress board for a notebook; its button reads the progress file again."""
    from course_lib.widgets import Board

    return Board(lambda: Overview.now().html(), "Refresh")
