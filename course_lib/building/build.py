"""Build the notebooks of units: render, run, release; write only what changed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.building.execute import execute
from course_lib.building.release import release
from course_lib.building.render import Rendered, render_assignment, render_lesson
from course_lib.errors import BuildError, CourseError
from course_lib.layout import Layout, UnitSource

PACKAGE = Path(__file__).resolve().parents[1]
CACHE = Path(".course_build") / "digests.json"


@dataclass
class Report:
    """What a build did, notebook by notebook, as paths within the course."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def build(
    layout: Layout,
    names: tuple[str, ...] = (),
    force: bool = False,
    say: Callable[[str], None] = print,
    step: Callable[[int, int], None] | None = None,
) -> Report:
    """Build lessons, solutions and exercises of the named units (all without names).

    A notebook whose text, package and versions are those of the last build is not run again
    (unless `force`); one whose new contents equal the old is not rewritten. A unit is written
    when all its notebooks have been made: where one fails, the old ones stand together.

    say : told each notebook as it is begun. step : see `execute`.
    Raises `BuildError`; units built before the failure stay built.
    """
    work = _Build(layout.root, force, say, step)
    for unit in layout.units(names):
        work.build_unit(unit)
    return work.report


class _Build:
    """One run of `build`: what it was asked, and what it has done."""

    def __init__(self, root: Path, force: bool, say: Callable, step: Callable | None):
        self.root, self.force, self.say, self.step = root, force, say, step
        self.report, self.digests = Report(), _Digests(root)
        self.package = _package_digest(root)

    def build_unit(self, unit: UnitSource) -> None:
        """Render everything, then run what is out of date, then write."""
        parts = [("lesson", unit.lesson, _rendered(render_lesson, unit))]
        if has_exercises := unit.assignment_text.exists():
            parts.append(("solution", unit.solution, _rendered(render_assignment, unit)))
        made: list[tuple[Path, str, str]] = []  # target, what it is made from, contents
        for kind, target, rendered in parts:
            digest = _digest(self.package, nbformat.writes(rendered.notebook))
            count = len(rendered.notebook.cells)
            if self._stands(unit, kind, target, digest):
                made.append((target, digest, target.read_text(encoding="utf-8")))
                continue
            self.say(f"{unit.name}: running the {kind} ({count} cells) …")
            executed = execute(rendered, unit.name, target.parent, self.step)
            made.append((target, digest, _text_of(executed)))
        if has_exercises:
            solution = made[-1][2]
            digest = _digest("release", solution)
            if self._stands(unit, "exercise notebook", unit.exercises, digest):
                made.append((unit.exercises, digest, unit.exercises.read_text(encoding="utf-8")))
            else:
                self.say(f"{unit.name}: releasing the exercises …")
                made.append((unit.exercises, digest, _text_of(release(unit, solution))))
        for target, digest, text in made:
            self._store(target, text)
            self.digests.note(target, digest)

    def _stands(self, unit: UnitSource, kind: str, target: Path, digest: str) -> bool:
        """Whether a notebook was made from the same things and has not been touched since."""
        if self.force or not self.digests.holds(target, digest):
            return False
        self.say(f"{unit.name}: the {kind} is up to date")
        return True

    def _store(self, target: Path, text: str) -> None:
        name = str(target.relative_to(self.root))
        if target.exists() and target.read_text(encoding="utf-8") == text:
            self.report.unchanged.append(name)
            return
        write_atomically(target, text)
        self.report.written.append(name)


def _rendered(render: Callable[[UnitSource], Rendered], unit: UnitSource) -> Rendered:
    try:
        return render(unit)
    except CourseError:
        raise
    except Exception as error:
        raise BuildError(
            f"{unit.name}: its text or its exercises could not be read. "
            f"{type(error).__name__}: {error}"
        ) from error


def _text_of(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write_atomically(target: Path, content: str) -> None:
    """Write a text file so that it is never seen half-written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _package_digest(root: Path) -> str:
    """All that a notebook's outputs depend on beside its own text."""
    files = sorted(p for p in PACKAGE.rglob("*") if p.suffix in {".py", ".js", ".css", ".json"})
    pins = root / "constraints.txt"
    return _digest(
        *(p.read_text(encoding="utf-8") for p in files),
        pins.read_text(encoding="utf-8") if pins.exists() else "",
    )


class _Digests:
    """What the last build on this machine made each notebook from; not part of the repo."""

    def __init__(self, root: Path):
        self.root, self.path = root, root / CACHE
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = None
        self.known = known if isinstance(known, dict) else {}

    def holds(self, target: Path, digest: str) -> bool:
        known = self.known.get(str(target.relative_to(self.root)))
        return (
            known is not None
            and target.exists()
            and known == [digest, _digest(target.read_text(encoding="utf-8"))]
        )

    def note(self, target: Path, digest: str) -> None:
        content = _digest(target.read_text(encoding="utf-8"))
        self.known[str(target.relative_to(self.root))] = [digest, content]
        write_atomically(self.path, json.dumps(self.known, indent=1, sort_keys=True))
