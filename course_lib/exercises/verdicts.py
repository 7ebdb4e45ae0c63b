"""What a check says: one verdict, shown as rich output, as plain text, and to a screen reader."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from html import escape


class Status(Enum):
    """How an answer stands."""

    PASSED = "correct"
    WRONG = "not yet"
    BLANK = "not written yet"


ICON = {Status.PASSED: "✓", Status.WRONG: "✗", Status.BLANK: "○"}
# Okabe–Ito colours: told apart by colour-blind readers; the words carry the meaning anyway.
COLOUR = {Status.PASSED: "#009e73", Status.WRONG: "#d55e00", Status.BLANK: "#767676"}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    `message` is the sentence to read first; `misconception` the name of the one recognised;
    `details` are further (label, text) pairs, such as the smallest failing case.
    """

    exercise: str
    status: Status
    message: str
    points: float
    misconception: str | None = None
    details: tuple[tuple[str, str], ...] = field(default=())
    seed: int | None = None
    hints: int = 0

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status is Status.PASSED

    @property
    def earned(self) -> float:
        """The points that this verdict gives."""
        return self.points if self.passed else 0

    @property
    def headline(self) -> str:
        """Exercise, status and points in one line."""
        points = f"{self.points:g} point{'s' if self.points != 1 else ''}"
        worth = points if self.passed else f"0 of {points}"
        return f"{ICON[self.status]} {self.exercise}: {self.status.value} ({worth})"

    @property
    def advice(self) -> str:
        """Where help and the same inputs are found; empty when there is nothing to add."""
        if self.status is not Status.WRONG:
            return ""
        again = (
            f"The same inputs again: check.{self.exercise}(…, seed={self.seed}). "
            if self.seed is not None
            else ""
        )
        return again + (f"Stuck? hint.{self.exercise}()" if self.hints else "")

    def __str__(self) -> str:
        lines = [self.headline, *([self.message] if self.message else [])]
        for label, text in self.details:
            head = f"{label}:"
            lines.append(
                f"{head} {text}"
                if "\n" not in text
                else head + "\n" + "\n".join("    " + row for row in text.split("\n"))
            )
        return "\n".join([*lines, *([self.advice] if self.advice else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left;vertical-align:top;padding:2px 12px 2px 0;'
            f'font-weight:600">{escape(label)}</th><td style="text-align:left;padding:2px 0">'
            f'<pre style="margin:0;background:none;color:inherit;white-space:pre-wrap;word-break:normal">'
            f"{escape(text)}</pre></td></tr>"
            for label, text in self.details
        )
        table = f'<table style="margin:6px 0 0;font-size:inherit">{rows}</table>' if rows else ""
        message = (
            f'<div style="margin-top:4px">{marked_up(self.message)}</div>' if self.message else ""
        )
        advice = (
            f'<div style="margin-top:6px;opacity:.8">{marked_up(self.advice)}</div>'
            if self.advice
            else ""
        )
        return (
            f'<div role="status" style="border-left:5px solid {COLOUR[self.status]};'
            f'padding:6px 12px;margin:4px 0;max-width:75ch">'
            f"<strong>{escape(self.headline)}</strong>{message}{table}{advice}</div>"
        )


# one star on each side, close to the words; not 2*a*b, 2 * a * b or **kwargs
EMPHASISED = re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])")


def marked_up(text: str) -> str:
    """Escaped HTML in which `code` in backticks is shown as code, and *words* are emphasised."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{p}</code>"
        if i % 2 and i < len(parts) - 1 + len(parts) % 2
        else EMPHASISED.sub(r"<em>\1</em>", p)
        for i, p in enumerate(parts)
    )
