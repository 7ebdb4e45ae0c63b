"""The learner's own record: which exercises are done, after how many attempts, and the guesses.

One small JSON file at the course's root, written atomically and never in the way: when it
cannot be written or read the learner is told once, and everything else goes on. Nothing is
recorded while notebooks are built, tested or graded.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from course_lib.layout import course_root

FILE_NAME = ".course_progress.json"
SWITCH = "COURSE_PROGRESS"  # "off", or the path of the file
_told: set[str] = set()


def location() -> Path | None:
    """Where progress is kept; None when it must not be recorded here."""
    chosen = os.environ.get(SWITCH, "")
    if chosen == "off" or os.environ.get("NBGRADER_EXECUTION"):
        return None
    if chosen:
        return Path(chosen).expanduser()
    try:
        here = Path.cwd().resolve()
    except OSError:  # the working folder has been deleted
        return None
    root = course_root(here)
    if root is None:
        return Path(platformdirs.user_data_dir("sae-course")) / "progress.json"
    if here.is_relative_to(root / "solutions"):
        return None  # running a solution is not solving
    return root / FILE_NAME


def empty() -> dict[str, Any]:
    """A record without entries."""
    return {"version": 1, "exercises": {}, "guesses": {}, "quiz": {}}


def read(path: Path | None = None) -> dict[str, Any]:
    """The record; an empty one when there is none. A damaged file is set aside, not deleted."""
    path = path or location()
    if path is None or not path.exists():
        return empty()
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        _require_sound(record)
    except OSError as error:
        _tell(f"Your progress file {path} cannot be read ({error.strerror}); going on without it.")
        return empty()
    except (ValueError, RecursionError) as error:
        _set_aside(path, error)
        return empty()
    return record


def _require_sound(record: Any) -> None:
    """Raise ValueError unless `record` has the form that this module writes."""
    sections = ("exercises", "guesses", "quiz")
    if not isinstance(record, dict) or record.get("version") != 1:
        raise ValueError("it is not a progress record of this course")
    if not all(isinstance(record.get(s), dict) for s in sections):
        raise ValueError(f"one of its sections {', '.join(sections)} is missing")
    for key, entry in record["exercises"].items():
        sound = (
            isinstance(entry, dict)
            and all(isinstance(entry.get(k), int) for k in ("attempts", "hints"))
            and isinstance(entry.get("passed"), str | None)
        )
        if not sound:
            raise ValueError(f"its entry for {key} cannot be read")
    for section in ("guesses", "quiz"):
        for key, value in record[section].items():
            if not isinstance(value, str):
                raise ValueError(f"its entry for {key} cannot be read")


def _set_aside(path: Path, error: Exception) -> None:
    """Keep a damaged file under a name of its own."""
    taken = (path.with_suffix(f".damaged{n or ''}.json") for n in range(1000))
    aside = next(p for p in taken if not p.exists())
    try:
        os.replace(path, aside)
        _tell(
            f"Your progress file {path.name} was damaged ({error}). It was kept as "
            f"{aside.name}, and a new one is started; your notebooks are untouched."
        )
    except OSError:
        _tell(f"Your progress file {path} is damaged ({error}); going on without it.")


def update(change: Callable[[dict[str, Any]], None]) -> None:
    """Apply `change` to the record on disk: locked against other kernels, written atomically."""
    path = location()
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_path(path), timeout=5):
            record = read(path)
            change(record)
            _write(path, record)
    except (OSError, Timeout) as error:
        why = getattr(error, "strerror", None) or "another program holds its lock"
        _tell(
            f"Your progress could not be saved in {path.parent} ({why}). The checks work all "
            f"the same; set the environment variable {SWITCH} to a writable file to keep it."
        )


def lock_path(path: Path) -> Path:
    """The lock lives with temporary files, so that the course's folder stays clean."""
    name = "".join(c if c.isalnum() else "_" for c in str(path.resolve()))[-120:]
    return Path(tempfile.gettempdir()) / f"sae_course_{name}.lock"


def _write(path: Path, record: dict[str, Any]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _tell(sentence: str) -> None:
    """Say something once a session, on stdout: stderr would cost points under nbgrader."""
    if sentence not in _told:
        _told.add(sentence)
        print(sentence, file=sys.stdout)


def record_attempt(unit: str, exercise: str, passed: bool) -> None:
    """Count an attempt; the first pass is remembered with the attempts it took."""

    def change(record):
        entry = record["exercises"].setdefault(
            f"{unit}/{exercise}", {"attempts": 0, "hints": 0, "passed": None}
        )
        if entry["passed"] is None:
            entry["attempts"] += 1
            if passed:
                entry["passed"] = datetime.now().isoformat(timespec="seconds")

    update(change)


def record_hint(unit: str, exercise: str, number: int) -> None:
    """Remember the strongest hint that was read."""

    def change(record):
        entry = record["exercises"].setdefault(
            f"{unit}/{exercise}", {"attempts": 0, "hints": 0, "passed": None}
        )
        entry["hints"] = max(entry["hints"], number)

    update(change)


def hints_read(unit: str, exercise: str) -> int:
    """How many hints of an exercise were read in earlier sessions."""
    return read()["exercises"].get(f"{unit}/{exercise}", {}).get("hints", 0)


def keep(section: str, unit: str, key: str, value: Any) -> None:
    """Keep a guess or a quiz answer."""
    update(lambda record: record[section].__setitem__(f"{unit}/{key}", value))


def kept(section: str, unit: str, key: str) -> Any:
    """A guess or quiz answer kept earlier, or None."""
    return read()[section].get(f"{unit}/{key}")
