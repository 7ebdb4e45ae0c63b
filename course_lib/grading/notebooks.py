"""A student's notebook against the released one: what is to run, and what was put right.

Cells are matched by nbgrader's `grade_id` (an answer cell has its exercise's name, its check
NAME_check); failing that by the cell's id, then by its text. The student's cells run in the
student's order. What the student did not mean to hand in comes from the release: the checks, cells
that are locked, and cells that were lost.

No text of a student is parsed as Python here, since that can end the process that does it.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import stat
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from course_lib.grading.results import State

MOST_BYTES = 20 << 20  # of a notebook's file
MOST_PARTS = 1_000_000  # brackets in it; each becomes an object in memory
MOST_CELLS = 5_000
MOST_DEPTH = 6  # of the metadata that is kept
FOREIGN = re.compile(r"(?i)(ir|r|julia|javascript|deno|bash|xcpp|octave|matlab|scala|sos)\b.*")


class Unreadable(Exception):
    """A notebook that cannot be graded: the state, and why, for the student."""

    def __init__(self, state: State, why: str):
        super().__init__(why)
        self.state, self.why = state, why


# -- reading --------------------------------------------------------------------------------------


def read_notebook(path: Path) -> dict[str, Any]:
    """A submitted notebook in nbformat 4, without outputs; its cells keep their numbers.

    Small faults are borne, as Jupyter bears them; a cell that makes no sense becomes an empty one.
    Raises `Unreadable` for a file that is no Python notebook of bounded size.
    """
    content = _parsed(_bytes_of(path))
    version = content.get("nbformat")
    if type(version) is not int:
        raise _unreadable("The file is no notebook: it does not say its format (nbformat).")
    if version > 4:
        raise _unreadable(
            f"The notebook has format {version}, which is newer than 4, the newest that is known. "
            "Save it with JupyterLab 4 and hand it in again."
        )
    if version < 4:
        content = _converted(content, version)
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise _unreadable("The file is no notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise _unreadable(
            f"The notebook has {len(cells):,} cells; at most {MOST_CELLS:,} are read."
        )
    metadata = _mapping(content.get("metadata"))
    _require_python(metadata)
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": _shallow(metadata),
        "cells": [_plain_cell(cell, n) for n, cell in enumerate(cells)],
    }


def _unreadable(why: str) -> Unreadable:
    return Unreadable(State.UNREADABLE, why)


def _bytes_of(path: Path) -> bytes:
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if Path(path).is_symlink():
            raise Unreadable(State.REFUSED, "The file is a link, and links are not followed.")
        with open(os.open(path, os.O_RDONLY | careful | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unreadable("The notebook is no ordinary file.")
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or error
        raise _unreadable(f"The file cannot be read ({words}).") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(
            State.REFUSED,
            f"The notebook is larger than {MOST_BYTES >> 20} MB. Clear its outputs (Edit, Clear "
            "Outputs of All Cells), save it and hand it in again.",
        )
    return data


def _parsed(data: bytes) -> dict:
    """The JSON object in a file: UTF-8, -16 or -32. Of a key that is there twice the last counts,
    and NaN is read, both as Jupyter does."""
    if not data.strip():
        raise _unreadable("The file is empty.")
    if not data.strip(b"\0"):
        raise _unreadable("The file holds nothing but zeros: it was damaged when it was saved.")
    if data.count(b"{") + data.count(b"[") > MOST_PARTS:
        raise _unreadable("The notebook has far too many parts to be read.")
    try:
        content = json.loads(data)
    except RecursionError:
        raise _unreadable("The notebook is nested too deeply to be read.") from None
    except ValueError as error:
        raise _unreadable(
            f"The file is damaged: it is no JSON, as a notebook is ({str(error)[:100]}). Open it "
            "in JupyterLab, save it and hand it in again."
        ) from None
    if not isinstance(content, dict):
        raise _unreadable("The file is no notebook: it holds JSON of another kind.")
    return content


def _converted(content: dict, version: int) -> dict:
    import nbformat  # here: it takes two seconds to load, and few notebooks are old

    try:
        return nbformat.convert(nbformat.versions[version].to_notebook_json(content), 4)
    except Exception as error:  # whatever an old, malformed notebook leads nbformat to
        raise _unreadable(
            f"The notebook has the old format {version}, and could not be converted "
            f"({type(error).__name__}). Open it in JupyterLab, save it and hand it in again."
        ) from None


def _require_python(metadata: dict) -> None:
    kernel = _mapping(metadata.get("kernelspec"))
    told = [kernel.get("language"), _mapping(metadata.get("language_info")).get("name")]
    languages = [_text(word).strip() for word in told if isinstance(word, str) and word.strip()]
    if not languages and FOREIGN.fullmatch(_text(kernel.get("name"))):
        languages = [_text(kernel.get("name"))]
    for language in languages:
        if language.lower() not in ("python", "python3", "ipython", "ipython3"):
            raise Unreadable(
                State.REFUSED,
                f"The notebook is written for {language[:40]!r}, not for Python. Choose the kernel "
                "Python 3 in JupyterLab, save it and hand it in again.",
            )


def _plain_cell(cell: Any, number: int) -> dict:
    """A cell with the parts that are read here, each of the type that it should have."""
    cell = _mapping(cell)
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    name = cell.get("id")
    plain = {
        "cell_type": kind,
        "id": name if isinstance(name, str) and 0 < len(name) <= 64 else f"unnamed-{number}",
        "metadata": _shallow(_mapping(cell.get("metadata"))),
        "source": _text(cell.get("source")),
    }
    return plain | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _mapping(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Text as a notebook may hold it, a string or a list of strings, that can be encoded."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode()  # half a surrogate pair


def _shallow(value: Any, depth: int = 0) -> Any:
    """The value without what lies too deep in it."""
    if isinstance(value, dict):
        deeper = depth < MOST_DEPTH
        return {_text(k): _shallow(v, depth + 1) for k, v in value.items()} if deeper else {}
    if isinstance(value, list):
        return [_shallow(v, depth + 1) for v in value] if depth < MOST_DEPTH else []
    return _text(value) if isinstance(value, str) else value


# -- the plan -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing to do: run a cell, or check an exercise with the released check's text.

    cell : its number in the submitted notebook, all cells counted from 1; None when it was put
    back. exercise : None for a cell that is no answer.
    """

    kind: Literal["run", "check"]
    exercise: str | None
    source: str
    cell: int | None


@dataclass(frozen=True)
class Plan:
    """What is to run, in order. Each exercise of the release is checked once.

    repairs : sentences on what was put right. answers : the text of each exercise's answer, ""
    where there is none. missing : the exercises whose answer is nowhere; no blank takes its place.
    given : by exercise, what the release imports from the course's library above it.
    """

    steps: tuple[Step, ...]
    repairs: tuple[str, ...]
    answers: dict[str, str]
    missing: tuple[str, ...]
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)


def plan(submitted: Mapping, released: Mapping, exercise_names: Sequence[str]) -> Plan:
    """What a submitted notebook runs, put right from the released one. Never raises for what a
    student may have written into a notebook."""
    return _Planner(submitted, released, exercise_names).plan()


@dataclass(eq=False)
class _Released:
    """A code cell of the release. kind: "answer", "check" or "setup"; `names`: what an answer
    defines, as its check is called with."""

    index: int
    kind: str
    exercise: str | None
    grade_id: str | None
    id: str
    source: str
    points: Any
    locked: bool
    names: tuple[str, ...] = ()
    squeezed: str = field(init=False)

    def __post_init__(self) -> None:
        self.squeezed = _squeezed(self.source)


@dataclass(eq=False)
class _Cell:
    """A code cell of the submission, or one that is matched to code. `of` is the released cell
    that it stands for; `by` how that was seen: "grade_id", "id" or "text"."""

    number: int
    is_code: bool
    source: str
    id: str
    nbgrader: dict
    of: _Released | None = None
    by: str = ""
    runs: bool = True
    squeezed: str = field(init=False)
    rows: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.squeezed, self.rows = _squeezed(self.source), _rows(self.source)

    @property
    def grade_id(self) -> str | None:
        name = self.nbgrader.get("grade_id")
        return name if isinstance(name, str) and name else None


def _squeezed(source: str) -> str:
    """Text without what a formatter may change."""
    return re.sub(r",(?=[)\]}])", "", re.sub(r"\s+", "", source))


def _rows(source: str) -> set[str]:
    """The lines that are more than a comment."""
    rows = {row.strip() for row in source.split("\n")}
    return {row for row in rows if row and not row.startswith("#")}


def _binds(source: str, name: str) -> bool:
    """Whether a text defines a name at its outermost level, as far as its lines show."""
    exactly = re.escape(name)
    return bool(
        re.search(rf"(?m)^(?:async +)?(?:def|class) +{exactly}\b", source)
        or re.search(rf"(?m)^{exactly} *(?::[^=\n]*)?=(?!=)", source)
    )


def _names_checked(check: str) -> tuple[str, ...]:
    """The names that a released check is called with."""
    try:
        call = ast.parse(check.strip(), mode="eval").body
    except SyntaxError:
        return ()
    if not isinstance(call, ast.Call):
        return ()
    given = [*call.args, *(k.value for k in call.keywords)]
    return tuple(g.id for g in given if isinstance(g, ast.Name))


def _given(released: Sequence[_Released]) -> dict[str, tuple[str, ...]]:
    """By exercise, the names that the cells above it import from the course's library."""
    so_far: list[str] = []
    given: dict[str, tuple[str, ...]] = {}
    for r in released:
        if r.kind == "answer":
            given[r.exercise or ""] = tuple(so_far)
        with contextlib.suppress(SyntaxError):  # a magic; the release's own text, no student's
            for node in ast.walk(ast.parse(r.source)):
                if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("course_lib."):
                    so_far += [alias.name for alias in node.names]
    return given


def _called(r: _Released) -> str:
    return f"the {'check' if r.kind == 'check' else 'answer cell'} of exercise {r.exercise}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _cells_of(notebook: Any) -> list[dict]:
    cells = _mapping(notebook).get("cells")
    return [_mapping(cell) for cell in cells] if isinstance(cells, list) else []


# a step's place: a submitted cell's number; -1 before, 0 in, 1 after it; order in the release
Place = tuple[int, int, int]


class _Planner:
    """One comparison of two notebooks; the steps of `plan` in the order of its methods."""

    def __init__(self, submitted: Any, released: Any, names: Sequence[str]):
        self.names = list(dict.fromkeys(names))
        self.released = self._read_release(released)
        self.cells = [
            _Cell(
                n,
                cell.get("cell_type") == "code",
                _text(cell.get("source")),
                _text(cell.get("id")),
                _mapping(_mapping(cell.get("metadata")).get("nbgrader")),
            )
            for n, cell in enumerate(_cells_of(submitted), 1)
        ]
        self.repairs: list[str] = []
        self.answers: dict[str, str] = dict.fromkeys(self.names, "")
        self.missing: list[str] = []
        self.placed: list[tuple[Place, Step]] = []
        self.standing: dict[int, _Cell] = {}  # released cell → the submitted one
        self.in_order: set[int] = set()  # of these, the ones that stand in the release's order
        self.answered_at: dict[str, Place] = {}

    def plan(self) -> Plan:
        self._match()
        self._tell_of_metadata()
        for r in self._kind("answer"):
            self._settle_answer(r)
        self._find_order()
        anchor = 0
        for r in self.released:
            self._settle_place(r, anchor)
            if r.index in self.in_order:
                anchor = self.standing[r.index].number
        self._place_students_cells()
        for r in self._kind("check"):
            self._place_check(r)
        known = {r.exercise for r in self._kind("answer")}
        return Plan(
            steps=tuple(step for _, step in sorted(self.placed, key=lambda pair: pair[0])),
            repairs=tuple(self.repairs),
            answers=self.answers,
            missing=tuple(n for n in self.names if n in self.missing or n not in known),
            given=_given(self.released),
        )

    def _kind(self, kind: str) -> list[_Released]:
        return [r for r in self.released if r.kind == kind]

    def _read_release(self, notebook: Any) -> list[_Released]:
        """The code cells of the release, each exercise with one answer and one check at most."""
        found: list[_Released] = []
        for cell in _cells_of(notebook):
            metadata = _mapping(cell.get("metadata"))
            nbgrader = _mapping(metadata.get("nbgrader"))
            name, source = nbgrader.get("grade_id"), _text(cell.get("source"))
            if cell.get("cell_type") != "code":
                continue
            kind, exercise = "setup", None
            if name in self.names:
                kind, exercise = "answer", name
            elif isinstance(name, str) and name.removesuffix("_check") in self.names:
                kind, exercise = "check", name.removesuffix("_check")
            if exercise and any((r.kind, r.exercise) == (kind, exercise) for r in found):
                continue
            locked = nbgrader.get("locked") is True or metadata.get("editable") is False
            found.append(
                _Released(
                    len(found), kind, exercise, name if isinstance(name, str) else None,
                    _text(cell.get("id")), source, nbgrader.get("points"), locked,
                )
            )  # fmt: skip
        checks = {r.exercise: r.source for r in found if r.kind == "check"}
        for r in found:
            if r.kind == "answer":
                r.names = _names_checked(checks.get(r.exercise, "")) or (r.exercise,)
        return found

    # -- matching -------------------------------------------------------------------------

    def _match(self) -> None:
        """Say of each submitted cell what released cell it stands for, if any."""
        by_grade_id = {r.grade_id: r for r in self.released if r.grade_id}
        by_id = {r.id: r for r in self.released if r.id}
        checks = {r.squeezed: r for r in self._kind("check")}
        for cell in self.cells:
            if cell.grade_id in by_grade_id:
                cell.of, cell.by = by_grade_id[cell.grade_id], "grade_id"
            elif cell.id in by_id:
                cell.of, cell.by = by_id[cell.id], "id"
            # metadata travel with a copied or merged cell: a text that is a check's is that check
            if cell.of and cell.of.kind == "answer" and cell.squeezed in checks:
                cell.of = checks[cell.squeezed]
            if cell.of and not cell.is_code and cell.of.kind == "setup":
                cell.of = cell.of if cell.squeezed == cell.of.squeezed else None
        self._keep_one_each()
        taken = {cell.of.index for cell in self.cells if cell.of}
        loose = [c for c in self.cells if c.of is None and c.is_code and c.squeezed]
        self._match_texts([r for r in self.released if r.index not in taken], loose)

    def _keep_one_each(self) -> None:
        """Of a setup cell one copy stands for it, the first; the others are the student's own."""
        seen: set[int] = set()
        for cell in self.cells:
            if cell.of and cell.of.kind == "setup":
                if cell.of.index in seen:
                    cell.of = None
                else:
                    seen.add(cell.of.index)

    def _match_texts(self, wanted: list[_Released], loose: list[_Cell]) -> None:
        """The same text; a check's call by itself; an answer's definition; for setup, half of the
        lines in common."""
        same: dict[str, list[_Cell]] = {}
        for cell in loose:
            same.setdefault(cell.squeezed, []).append(cell)
        for r in wanted:
            copies = same.get(r.squeezed, [])
            found = next((c for c in copies if c.of is None), None)
            if found is None and r.kind == "check":
                call = re.compile(rf"check\.{re.escape(r.exercise or '')}\([^()]*\)")
                found = next((c for c in loose if not c.of and call.fullmatch(c.squeezed)), None)
            if found is not None:
                found.of, found.by = r, "text"
            elif r.kind == "answer":
                for cell in loose:
                    if cell.of is None and all(_binds(cell.source, n) for n in r.names):
                        cell.of, cell.by = r, "text"
        for r in wanted:
            if r.kind == "setup" and not any(c.of is r for c in loose):
                rows = _rows(r.source)
                like = (c for c in loose if c.of is None and 2 * len(rows & c.rows) >= len(rows))
                found = next(like, None) if rows else None
                if found is not None:
                    found.of, found.by = r, "text"

    def _tell_of_metadata(self) -> None:
        """Points that were changed, metadata that was lost or is of another version, and cells that
        were turned into text."""
        lost: list[str] = []
        other: list[str] = []
        for cell in self.cells:
            r = cell.of
            if r is None or r.exercise is None:
                continue
            what = _called(r)
            if cell.by != "grade_id":
                lost.append(what)
            elif cell.nbgrader.get("schema_version") != 3:
                other.append(what)
            points = cell.nbgrader.get("points", r.points)
            if points not in (r.points, None) and cell.by == "grade_id":
                self._tell(f"The points of {what} had been changed; the released ones count.")
            if not cell.is_code:
                self._tell(f"{_capital(what)} had been turned into text; it was read as code.")
        if lost:
            self._tell(
                "nbgrader's metadata had been lost from these cells, which were recognised by "
                f"their id or text: {', '.join(dict.fromkeys(lost))}."
            )
        if other:
            self._tell(
                "nbgrader's metadata were of another version in these cells, and were read all the "
                f"same: {', '.join(dict.fromkeys(other))}."
            )

    def _tell(self, sentence: str) -> None:
        if sentence not in self.repairs:
            self.repairs.append(sentence)

    # -- answers --------------------------------------------------------------------------

    def _settle_answer(self, r: _Released) -> None:
        """Which cells hold an answer.

        Copies that are filled in all run, in their order: JupyterLab gives both halves of a split
        cell the same metadata, and of two attempts the later one then counts, as it does when the
        student runs the notebook. A copy that is still blank does not run after them, or it would
        take the answer away.
        """
        name = r.exercise or ""
        copies = [c for c in self.cells if c.of is r]
        filled = [c for c in copies if c.squeezed != r.squeezed and c.rows]
        if len(copies) > 1:
            counts = "the filled one counts" if len(filled) == 1 else "the last one counts"
            self._tell(
                f"The answer cell of exercise {name} was there {len(copies)} times; {counts}."
            )
        filled = filled or self._found_elsewhere(r)
        if not copies and not filled:
            self.missing.append(name)
            self._tell(f"The answer cell of exercise {name} had been deleted.")
            return
        counted = filled or copies[-1:]
        binding = [c for c in counted if all(_binds(c.source, n) for n in r.names)]
        self.answers[name] = "\n\n".join(c.source for c in binding[-1:] or counted)
        self.answered_at[name] = (counted[-1].number, 0, 0)
        together = set(counted)
        for copy in copies:
            copy.runs = copy in together or copy.number < counted[0].number
            if copy.runs:
                self.standing[r.index] = copy

    def _found_elsewhere(self, r: _Released) -> list[_Cell]:
        """Cells in which the student wrote the answer although its own cell is blank or gone."""
        found = [
            c
            for c in self.cells
            if c.of is not r
            and (c.is_code or c.of is not None)
            and not (c.of and c.squeezed == c.of.squeezed)
            and 2 * sum(_binds(c.source, n) for n in r.names) >= len(r.names)
        ]
        if found:
            numbers = " and ".join(str(c.number) for c in found)
            self._tell(f"The answer to exercise {r.exercise} stood in cell {numbers}; it counts.")
        return found

    # -- order ----------------------------------------------------------------------------

    def _find_order(self) -> None:
        """The released cells that stand in the submission, and the most of them that stand in the
        release's order (a longest rising sequence): the others were moved."""
        for cell in reversed(self.cells):
            if cell.of and cell.of.kind != "answer":
                self.standing[cell.of.index] = cell  # the first, where there are several
        tails: list[int] = []
        before: dict[int, int | None] = {}
        for index in sorted(self.standing, key=lambda i: (self.standing[i].number, i)):
            at = bisect_left(tails, index)
            before[index] = tails[at - 1] if at else None
            tails[at : at + 1] = [index]
        last = tails[-1] if tails else None
        while last is not None:
            self.in_order.add(last)
            last = before[last]

    def _settle_place(self, r: _Released, anchor: int) -> None:
        """Put back a setup cell that is gone, or was moved below what needs it; run an answer that
        was moved above what it needs a second time.

        The place is right behind the cell that it followed in the release. What was moved up is
        also run where it stands: something there may need it.
        """
        cell, place = self.standing.get(r.index), (anchor, 1, r.index)
        if r.kind == "setup" and (cell is None or not cell.squeezed):
            rows = _rows(r.source)
            merged = any(rows <= c.rows for c in self.cells if c.is_code)
            if rows and not merged:
                self.placed.append((place, Step("run", None, r.source, None)))
                self._tell("A cell of the released notebook had been deleted; it was put back.")
            return
        if cell is None or r.kind == "check":
            return
        if r.kind == "setup" and r.locked and cell.squeezed != r.squeezed:
            self._tell(f"The locked cell {cell.number} had been changed; the released one counts.")
            cell.source, cell.rows = r.source, _rows(r.source)
        if r.index in self.in_order or not cell.rows:
            return
        kept = {i: self.standing[i].number for i in self.in_order}
        if r.kind == "setup" and any(i > r.index and n < cell.number for i, n in kept.items()):
            cell.runs = False
            self.placed.append((place, Step("run", None, cell.source, cell.number)))
            self._tell(f"Cell {cell.number} had been moved down; it is run at its own place.")
        elif r.kind == "answer" and (anchor, 0, 0) > self.answered_at[r.exercise or ""]:
            self.placed.append((place, Step("run", r.exercise, cell.source, cell.number)))
            self.answered_at[r.exercise or ""] = place
            self._tell(
                f"The answer cell of exercise {r.exercise} had been moved up; it is run there "
                "and again at its own place."
            )

    def _place_students_cells(self) -> None:
        """The student's cells where they stand: answers, setup, and code of their own. In a check's
        cell that is whatever was written there in the check's place."""
        for cell in self.cells:
            kind = cell.of.kind if cell.of else ""
            if not cell.runs or not cell.rows or not (cell.is_code or kind in ("answer", "setup")):
                continue
            if kind == "check" and cell.of and cell.squeezed == cell.of.squeezed:
                continue
            exercise = cell.of.exercise if cell.of and kind == "answer" else None
            step = Step("run", exercise, cell.source, cell.number)
            self.placed.append(((cell.number, 0, 0), step))

    def _place_check(self, r: _Released) -> None:
        """The released check: in its cell, or after its answer where that comes later.

        One that was deleted comes as late as it can, before the next cell of the release: the
        student may have written a helper below the answer.
        """
        copies = [c for c in self.cells if c.of is r]
        name = r.exercise or ""
        earlier = [self.standing[i].number for i in self.in_order if i < r.index]
        answered = self.answered_at.get(name, (max(earlier, default=0), 0, 0))
        self._tell_of_check(r, copies, answered)
        after = [c for c in copies if (c.number, 0, 0) >= answered]
        if after:
            place, number = (after[0].number, 1, -1), after[0].number
        elif copies:
            place, number = (answered[0], 1, r.index), copies[-1].number
        else:
            later = [self.standing[i].number for i in self.in_order if i > r.index]
            later = [n for n in later if n > answered[0]]
            place, number = (min(later, default=len(self.cells) + 1), -1, r.index), None
        self.placed.append((place, Step("check", name, r.source, number)))

    def _tell_of_check(self, r: _Released, copies: list[_Cell], answered: Place) -> None:
        check = f"The check of exercise {r.exercise}"
        if not copies:
            self._tell(f"{check} had been deleted; it was put back.")
        elif not any(c.squeezed == r.squeezed for c in copies):
            self._tell(f"{check} had been changed; the released one counts.")
        if len(copies) > 1:
            self._tell(f"{check} was there {len(copies)} times; it counts once.")
        if copies and all((c.number, 0, 0) < answered for c in copies):
            self._tell(f"{check} stood above its answer; it is run after it.")
