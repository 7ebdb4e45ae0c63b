"""What all pages share: text made safe to show, names made safe to write, and the templates.

Names, messages and what was seen come from students. On a page they are escaped (jinja2 does it),
cleaned of what cannot be shown or turns the reading direction, and cut to a length. Should
something get through all the same, each page forbids scripts and whatever lies outside itself.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from course_lib.errors import WrongArgument
from course_lib.exercises.verdicts import marked_up

MOST_TEXT, MOST_NAME, MOST_ITEMS = 3_000, 80, 30  # characters, characters, entries of a list
MOST_FILE_NAME = 100  # bytes
NO_CHARACTER = "\ufffd"

_COLOURED = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # a terminal's orders, as in tracebacks
_UNSHOWN = (
    {c: chr(0x2400 + c) for c in range(0x20) if chr(c) not in "\t\n"}  # pictures: ␀ ␁ …
    | {0x7F: "\u2421", 0x2028: "\n", 0x2029: "\n"}
    | dict.fromkeys(range(0x80, 0xA0), NO_CHARACTER)
    | dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), NO_CHARACTER)  # direction
    | dict.fromkeys(range(0xFDD0, 0xFDF0), NO_CHARACTER)
    | {
        plane + end: NO_CHARACTER
        for plane in range(0, 0x110000, 0x10000)
        for end in (0xFFFE, 0xFFFF)
    }
)
_HALF = re.compile("[\ud800-\udfff]")  # half of a pair: no UTF-8 for it


# -- text -----------------------------------------------------------------------------------------


def clean(text: str, most: int = MOST_TEXT) -> str:
    """The text without what cannot be shown, in XML or HTML, and at most so many characters.

    Characters that would hide or turn what stands beside them are shown as a mark instead.
    """
    left = len(text) - most
    text = _COLOURED.sub("", text[:most]).replace("\r\n", "\n").replace("\r", "\n")
    text = _HALF.sub(NO_CHARACTER, text).translate(_UNSHOWN)
    return f"{text} … ({left:,} characters more)" if left > 0 else text


def one_line(text: str, most: int = MOST_NAME) -> str:
    """The text cleaned, on one line; "(no name)" when nothing is left."""
    text = " ".join(clean(text[: most + 1], most + 1).split())
    return f"{text[: most - 1]}…" if len(text) > most else text or "(no name)"


def unit_title(unit: str) -> str:
    """ "01_linear_layers" as "Unit 1: linear layers"."""
    found = re.fullmatch(r"0*(\d+)_(.+)", unit)
    return f"Unit {found[1]}: {found[2].replace('_', ' ')}" if found else one_line(unit)


def in_words(name: str) -> str:
    """A misconception's name as words: "bias_forgotten" and "NoBias" are said as words, "a" is an
    option, and "rate=0.1" is a value that was given."""
    if len(name) == 1:
        return f"option {name}"
    if "=" in name:
        return name
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()


def points(number: float) -> str:
    """Points without needless zeros: 2, 2.5."""
    return f"{round(number, 2):g}"


def count(number: int, word: str, words: str = "") -> str:
    """ "1 student", "2 students"."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def listed(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


# -- templates ------------------------------------------------------------------------------------


def _finalised(value: Any) -> Any:
    """Whatever a template shows passes here: no text reaches a page uncleaned."""
    return clean(value) if type(value) is str else value


@functools.cache
def _templates() -> Environment:
    here = Path(__file__).parent
    made = Environment(
        loader=FileSystemLoader(here),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalised,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["css"] = Markup((here / "pages.css").read_text(encoding="utf-8"))
    made.globals["most_items"] = MOST_ITEMS
    made.filters |= {
        "name": one_line,
        "points": points,
        "in_words": in_words,
        "marked": lambda text: Markup(marked_up(clean(text))),
    }
    return made


def render(template: str, **values: Any) -> str:
    """A page as text."""
    return _templates().get_template(template).render(values)


# -- files ----------------------------------------------------------------------------------------


def safe_name(student: str) -> str:
    """A file name for a student: as it is where that will do, else changed and with a hash."""
    most = 60 if student.isascii() else 20  # characters; of up to four bytes each
    plain = re.sub(r"[^\w.@+-]+", "_", student)[:most].strip("._-@+")
    if plain and plain == student == student.casefold() and student.isascii():
        return student
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain or 'student'}-{digest}"


def file_names(students: Iterable[str], name_of: Callable[[str], str]) -> dict[str, str]:
    """The file name of each student.

    Raises `WrongArgument` for one that is no plain file name, and for one given twice (capitals
    aside: some file systems do not tell them apart).
    """
    names, taken = {}, {}
    for student in students:
        name = names[student] = require_file_name(name_of(student), student)
        other = taken.setdefault(name.casefold(), student)
        if other != student:
            raise WrongArgument(
                f"{student!r} and {other!r} would share the file {name!r}; give each its own name."
            )
    return names


def require_file_name(name: str, student: str) -> str:
    """`name` when it is a plain file name. Raises `WrongArgument` for any other."""
    if (
        not isinstance(name, str)
        or not re.fullmatch(r"\w(?:[\w .,@+-]*[\w@+-])?", name)
        or len(name.encode("utf-8")) > MOST_FILE_NAME
    ):
        raise WrongArgument(
            f"the file name for {student!r} is {name!r}; it may hold letters, digits, spaces and "
            f"_ . , @ + -, must begin with a letter or digit, and be at most "
            f"{MOST_FILE_NAME} bytes."
        )
    return name


def folder_within(folder: Path, name: str) -> Path:
    """The folder `name` in `folder`, made if need be. Raises `WrongArgument` when it is a link."""
    inner = folder / name
    if inner.is_symlink():
        raise WrongArgument(f"{inner} is a link to another place; remove it and write again.")
    inner.mkdir(parents=True, exist_ok=True)
    return inner
