"""What people read once a class is graded: feedback, tables, and a page for the instructor.

    words        the states, said to a student and to an instructor
    pages        text made safe for a page, file names made safe for a folder, the templates
    counts       the numbers of a class: shares, difficulty, discrimination, misconceptions
    agreement    students whose answers agree more than the class's answers do
    feedback     one page a student
    class_page   one page a class
    tables       CSV for spreadsheets, JUnit XML for CI

`write_reports` writes all of it into one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from course_lib.errors import WrongArgument
from course_lib.grading.reports.agreement import Agreement, suspicious_pairs
from course_lib.grading.reports.class_page import write_class_page
from course_lib.grading.reports.counts import count_class
from course_lib.grading.reports.feedback import write_feedback
from course_lib.grading.reports.pages import file_names, folder_within, safe_name
from course_lib.grading.reports.tables import write_csv, write_junit
from course_lib.grading.results import StudentResult

__all__ = [
    "Agreement",
    "count_class",
    "safe_name",
    "suspicious_pairs",
    "write_class_page",
    "write_csv",
    "write_feedback",
    "write_junit",
    "write_reports",
]

FEEDBACK, CLASS_PAGE, MARKS, JUNIT = "feedback", "class.html", "marks.csv", "junit.xml"


def write_reports(
    results: Sequence[StudentResult],
    folder: Path,
    name_of: Callable[[str], str] = safe_name,
    agreement: Agreement | None = None,
) -> list[Path]:
    """Write everything about a class into `folder`; return the files, the class's page first.

    name_of : the name of a student's feedback page, without ".html". It must be a plain file
        name, and another one for each student. They lie in the folder "feedback".
    agreement : what `suspicious_pairs` found; without it the page says that nobody looked.

    Each file is there as a whole or not at all. Raises `WrongArgument`, before anything is
    written, for two results of one student, results of two units, and names that will not do.
    """
    students = [r.student for r in results]
    if twice := {s for s in students if students.count(s) > 1}:
        raise WrongArgument(f"{sorted(twice)[0]!r} has more than one result; give one a student.")
    count_class(results)  # raises for two units
    names = file_names(students, name_of)
    folder = Path(folder)
    pages = folder_within(folder, FEEDBACK)
    for result in results:
        write_feedback(result, pages, names[result.student])
    links = {s: f"{FEEDBACK}/{name}.html" for s, name in names.items()}
    written = [
        write_class_page(results, folder / CLASS_PAGE, links=links, agreement=agreement),
        write_csv(results, folder / MARKS),
        write_junit(results, folder / JUNIT),
    ]
    return written + [pages / f"{names[s]}.html" for s in students]
