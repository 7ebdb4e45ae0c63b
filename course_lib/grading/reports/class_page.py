"""One page a class, for the instructor: marks, exercises, what to teach next, whom to look at."""

from __future__ import annotations

import base64
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from course_lib.grading.reports import words
from course_lib.grading.reports.agreement import Agreement
from course_lib.grading.reports.counts import (
    ClassCounts,
    Outcome,
    count_class,
    has_mark,
    reasons_to_look,
    without_verdict,
)
from course_lib.grading.reports.pages import count, one_line, points, render, unit_title
from course_lib.grading.results import StudentResult, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_WHO, MOST_REPAIRS = 20, 3  # names in a list, sentences beside a name
MOST_BARS = 40
COMMONEST = 10  # misconceptions that stand open; the rarer ones are folded away
LIGHT, DARK = ("#1b1b1f", "#ffffff"), ("#e9eaee", "#16181d")  # ink and paper, as in pages.css


def write_class_page(
    results: Sequence[StudentResult],
    path: Path,
    links: Mapping[str, str] | None = None,
    agreement: Agreement | None = None,
) -> Path:
    """Write the page of a class; return its path.

    links : student → the address of their feedback, relative to the page.
    Raises `WrongArgument` for results of more than one unit.
    """
    counts = count_class(results)
    links = {s: quote(link) for s, link in (links or {}).items()}
    page = render(
        "class_page.html",
        counts=counts,
        unit=unit_title(counts.unit),
        summary=_summary(counts),
        states=[(s, n, words.CAME_ABOUT[s]) for s, n in counts.states.items()],
        picture=_picture(counts.marks, counts.maximum),
        Outcome=Outcome,
        agreement=agreement,
        rows=_rows(counts),
        links=links,
        shares=_shares,
        commonest=COMMONEST,
        too_few=_too_few(counts),
        who=_who,
    )
    write_whole(Path(path), page)
    return Path(path)


def _summary(counts: ClassCounts) -> str:
    n = len(counts.results)
    if not n:
        return "No submission has been graded yet."
    marks = counts.marks
    said = f"{count(n, 'student')}, {len(marks)} with a mark."
    if marks:
        said += (
            f" The median mark is {points(statistics.median(marks))} of {points(counts.maximum)}; "
            f"the lowest is {points(marks[0])}, the highest {points(marks[-1])}."
        )
    return said


# -- students -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """A student's line in the list."""

    student: str
    mark: str
    state: str
    reasons: tuple[str, ...]
    repairs: tuple[str, ...]
    more_repairs: int


def _rows(counts: ClassCounts) -> list[_Row]:
    """All students, those at whom a person should look first."""
    rows = [
        _Row(
            r.student,
            _mark(r, counts.maximum),
            r.state.value,
            reasons_to_look(r),
            tuple(one_line(repair, 160) for repair in r.repairs[:MOST_REPAIRS]),
            max(0, len(r.repairs) - MOST_REPAIRS),
        )
        for r in counts.results
    ]
    return sorted(rows, key=lambda row: (not row.reasons, row.student.casefold()))


def _mark(result: StudentResult, maximum: float) -> str:
    if not has_mark(result):
        return "none"
    unknown = without_verdict(result)
    open_ones = f", {unknown} without a verdict" if unknown else ""
    return f"{points(result.earned)} of {points(maximum)}{open_ones}"


def _who(students: Sequence[str]) -> tuple[list[str], int]:
    """The first names of a list and how many more there are."""
    return list(students[:MOST_WHO]), max(0, len(students) - MOST_WHO)


# -- exercises ------------------------------------------------------------------------------------


def _shares(outcomes: Mapping[Outcome, int]) -> list[tuple[str, float]]:
    """The pieces of an exercise's bar: kind and width in per cent."""
    n = sum(outcomes.values())
    return [(kind.name.lower(), 100 * part / n) for kind, part in outcomes.items() if part]


def _too_few(counts: ClassCounts) -> str:
    """Why no exercise has a discrimination, where that is the same for all of them."""
    said = {(e.discrimination, e.discrimination_says) for e in counts.exercises}
    only, says = said.pop() if len(said) == 1 else (0.0, "")
    return says if only is None else ""


# -- the picture of the marks ---------------------------------------------------------------------


def _picture(marks: Sequence[float], maximum: float) -> Markup | None:
    """A histogram as an image, for a light and a dark page; None when there is nothing to draw."""
    if not marks or not maximum:
        return None
    edges = _edges(marks, maximum)
    heights = [0] * (len(edges) - 1)
    for mark in marks:
        heights[sum(mark >= edge for edge in edges[1:-1])] += 1
    light, dark = (_drawn(edges, heights, maximum, *colours) for colours in (LIGHT, DARK))
    return Markup(
        '<picture><source media="screen and (prefers-color-scheme: dark)" srcset="{}">'
        '<img src="{}" alt="{}"></picture>'
    ).format(dark, light, _alt(marks, maximum))


def _edges(marks: Sequence[float], maximum: float) -> list[float]:
    """One bar a point where there are whole points and not too many, else bars of equal width."""
    top = max(maximum, marks[-1])
    if top <= MOST_BARS and all(float(m).is_integer() for m in (top, *marks)):
        return [i - 0.5 for i in range(int(top) + 2)]
    return [top * i / MOST_BARS * 2 for i in range(MOST_BARS // 2 + 1)]


def _drawn(edges: list[float], heights: list[int], maximum: float, ink: str, paper: str) -> str:
    from matplotlib.ticker import MaxNLocator

    from course_lib.plotting import BLUE, SKY, new_figure, to_pixels, to_png

    figure, axes = new_figure(6.6, 2.4)
    lefts, width = edges[:-1], edges[1] - edges[0]
    blue = BLUE if paper == LIGHT[1] else SKY
    axes.bar(lefts, heights, width=width * 0.86, align="edge", color=blue)
    axes.set_xlim(edges[0] - width / 2, edges[-1] + width / 2)
    axes.set_xlabel(f"mark (of {points(maximum)})")
    axes.set_ylabel("students")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.set_axisbelow(True)
    axes.grid(False, axis="x")
    _recolour(axes, ink, paper)
    data = base64.b64encode(to_png(to_pixels(figure), compression=9)).decode()
    return f"data:image/png;base64,{data}"


def _recolour(axes: Axes, ink: str, paper: str) -> None:
    axes.figure.set_facecolor(paper)
    axes.set_facecolor(paper)
    axes.tick_params(colors=ink)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(ink)
    for spine in axes.spines.values():
        spine.set_color(ink)


def _alt(marks: Sequence[float], maximum: float) -> str:
    common, times = max(Counter(marks).items(), key=lambda item: item[1])
    return (
        f"Bars: how many students have each mark, from 0 to {points(maximum)}. "
        f"{count(len(marks), 'mark')}: lowest {points(marks[0])}, median "
        f"{points(statistics.median(marks))}, highest {points(marks[-1])}; the commonest is "
        f"{points(common)}, of {count(times, 'student')}."
    )
