"""Tables for other programs: CSV for a spreadsheet, JUnit XML for continuous integration."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from course_lib.grading.reports.counts import (
    MARKED,
    Outcome,
    count_class,
    has_mark,
    label,
    outcome,
    without_verdict,
    words_of,
)
from course_lib.grading.reports.pages import clean, in_words, one_line
from course_lib.grading.results import ExerciseResult, StudentResult, write_whole

BOM = "\ufeff"
# With these a spreadsheet begins a formula; the wide ones are read as the narrow ones in places.
_FORMULA = tuple("=+-@＝＋－＠")
HEAD = ("student", "state", "total", "maximum", "without verdict")


def write_csv(results: Sequence[StudentResult], path: Path) -> Path:
    """Write a row a student: state, total, maximum, the points of each exercise, its state.

    Points that nobody knows (crashed, unreadable, missing, refused) are an empty cell, never 0;
    the total holds what is known, and "without verdict" counts the exercises it lacks.
    The file is UTF-8 and begins with a byte order mark: without it Excel takes the bytes for
    Windows-1252 and spoils every name with an accent. Read it as "utf-8-sig" in Python; pandas and
    LibreOffice need nothing said. A text that a spreadsheet would take for a formula gets an
    apostrophe before it, as spreadsheets themselves write it.
    """
    counts = count_class(results)
    asked = list(counts.asked)
    text = io.StringIO()
    # texts in quotes: a ";" in a name then makes no new cell where ";" parts the cells
    rows = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    names = [_cell(name) for name in asked]
    rows.writerow([*HEAD, *names, *(f"{name}: state" for name in names)])
    for result, of in zip(counts.results, counts.of, strict=True):
        found = [of.get(name) for name in asked]
        rows.writerow(
            [
                _cell(result.student),
                result.state.value,
                _number(result.earned) if has_mark(result) else "",
                _number(counts.maximum),
                without_verdict(result) + found.count(None),
                *(_number(e.earned) if e and e.state in MARKED else "" for e in found),
                *(label(e) if e else result.state.value for e in found),
            ]
        )
    write_whole(Path(path), BOM + text.getvalue())
    return Path(path)


def _cell(text: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    text = one_line(text, 200)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else round(value, 4)


def write_junit(results: Sequence[StudentResult], path: Path) -> Path:
    """Write JUnit XML: a test suite a student, a test case an exercise.

    A wrong answer is a failure, an answer not attempted is skipped, everything without a verdict
    (timeout, crashed, …) is an error. A submission without exercises has one case, "submission".
    What XML 1.0 cannot hold is replaced by marks that it can.
    """
    root = ET.Element("testsuites", name="course")
    for result in results:
        suite = ET.SubElement(root, "testsuite", name=one_line(result.student, 200))
        kinds = [outcome(e) for e in result.exercises]
        for e in result.exercises:
            _add_case(suite, result, e)
        if not result.exercises:
            case = ET.SubElement(suite, "testcase", name="submission", classname=result.unit)
            said = clean(" ".join(result.remarks)) or f"The submission is {result.state}."
            ET.SubElement(case, "error", type=result.state.value, message=said)
        suite.attrib |= {
            "tests": str(len(kinds) or 1),
            "failures": str(kinds.count(Outcome.WRONG)),
            "errors": str(kinds.count(Outcome.OTHER) if kinds else 1),
            "skipped": str(kinds.count(Outcome.BLANK)),
            "time": f"{result.seconds:.3f}",
        }
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, 0)) for suite in root)))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    write_whole(Path(path), f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')
    return Path(path)


def _add_case(suite: ET.Element, result: StudentResult, found: ExerciseResult) -> None:
    case = ET.SubElement(
        suite, "testcase", name=one_line(found.exercise, 200), classname=one_line(result.unit, 200)
    )
    kind, words = outcome(found), words_of(found)
    said = clean(found.message) or words.meaning
    if kind is Outcome.BLANK:
        ET.SubElement(case, "skipped", message=said)
    elif kind is not Outcome.CORRECT:
        wrong = kind is Outcome.WRONG
        at = ET.SubElement(case, "failure" if wrong else "error", message=said)
        known = found.misconception and one_line(in_words(found.misconception), 200)
        at.set("type", (known or kind.value) if wrong else found.state.value)
        at.text = "\n".join(clean(s) for s in found.seen) or None
