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
    (unless `force`); one whose new contents equal the old is not rewritten.
    say : told each notebook as it is begun. step : see `execute`.
    Raises `BuildError`; everything built before the failure stands, and so do old notebooks.
    """
    report, digests = Report(), _Digests(layout.root)
    package = _package_digest(layout.root)
    for unit in layout.units(names):
        steps = [("lesson", unit.lesson, lambda u=unit: render_lesson(u))]
        if unit.assignment_text.exists():
            steps.append(("solution", unit.solution, lambda u=unit: render_assignment(u)))
        for kind, target, render in steps:
            rendered = _rendered(render, unit)
            digest = _digest(package, nbformat.writes(rendered.notebook))
            if not force and digests.holds(target, digest):
                say(f"{unit.name}: {kind} is up to date")
                report.unchanged.append(str(target.relative_to(layout.root)))
                continue
            say(f"{unit.name}: running the {kind} ({len(rendered.notebook.cells)} cells) …")
            executed = execute(rendered, unit.name, target.parent, step)
            _store(executed, target, report, layout.root)
            digests.note(target, digest)
        if unit.assignment_text.exists():
            _release(unit, digests, force, report, layout.root, say)
    return report


def _rendered(render: Callable[[], Rendered], unit: UnitSource) -> Rendered:
    try:
        return render()
    except CourseError:
        raise
    except SyntaxError as error:
        raise BuildError(
            f"{unit.name}: {error.filename}, line {error.lineno}: {error.msg}."
        ) from None
    except Exception as error:
        raise BuildError(
            f"{unit.name}: its text or its exercises could not be read. "
            f"{type(error).__name__}: {error}"
        ) from error


def _release(
    unit: UnitSource,
    digests: _Digests,
    force: bool,
    report: Report,
    root: Path,
    say: Callable[[str], None],
) -> None:
    digest = _digest("release", unit.solution.read_text(encoding="utf-8"))
    if not force and digests.holds(unit.exercises, digest):
        say(f"{unit.name}: exercises are up to date")
        report.unchanged.append(str(unit.exercises.relative_to(root)))
        return
    say(f"{unit.name}: releasing the exercises …")
    notebook = nbformat.reads(release(unit).decode("utf-8"), as_version=4)
    notebook.metadata["language_info"] = {"name": "python"}
    _store(notebook, unit.exercises, report, root)
    digests.note(unit.exercises, digest)


def _store(notebook: NotebookNode, target: Path, report: Report, root: Path) -> None:
    content = nbformat.writes(notebook).rstrip("\n") + "\n"
    name = str(target.relative_to(root))
    if target.exists() and target.read_text(encoding="utf-8") == content:
        report.unchanged.append(name)
        return
    write_atomically(target, content)
    report.written.append(name)


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
            self.known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

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
