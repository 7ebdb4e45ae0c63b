"""What was handed in, and by whom: a folder or a zip becomes a list of submissions.

Whatever the source is, it is first read as a flat list of entries: names and times, no contents.
From the names follows whose each entry is. Then, student by student, the one notebook that counts
is chosen and copied. A source is never written to, a link never followed, and nothing is unpacked
beyond the sizes below, so one student's archive cannot keep another's notebook from being read.
"""

from __future__ import annotations

import calendar
import contextlib
import hashlib
import io
import os
import re
import secrets
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, islice
from pathlib import Path

from course_lib.errors import WrongArgument
from course_lib.grading.results import State
from course_lib.layout import UnitSource

MOST_BYTES = 20 << 20  # of a notebook
MOST_ARCHIVE = 50 << 20  # of an archive that a student handed in
MOST_UNPACKED = 200 << 20  # of all that is read of one student's files
MOST_DIRECTORY = 2 << 20  # of the list of contents of a student's archive
MOST_FILES = 5_000  # of one student
DEEPEST = 12  # folders within folders
MOST_NAME = 100  # characters of a student's name
MOST_EXTRAS = 50  # names that are listed

HIDDEN = {"__MACOSX", "Thumbs.db", "desktop.ini", "timestamp.txt"}  # the last is nbgrader's
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}
# Moodle: Surname Firstname_12345_assignsubmission_file_, as a folder or before the file's name
MOODLE = re.compile(r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.S)
# Canvas: surnamefirstname_12345_67890_name.ipynb, where 12345 is the student and 67890 the file
CANVAS = re.compile(r"(?P<student>[^_]+)(?:_LATE)?_(?P<id>\d{3,})_\d{3,}_(?P<file>.+)", re.S)
OTHER_UNIT = re.compile(r"\d\d_")


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    path : the notebook that counts, copied; None when there is none. notebook : its name as it was
    handed in. problem : why there is none, and `why` says it in a sentence for the student.
    extras : the other files, by name. remarks : sentences on how the notebook was chosen.
    """

    student: str
    path: Path | None = None
    notebook: str = ""
    problem: State | None = None
    why: str = ""
    extras: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def find_submissions(
    source: Path,
    unit: UnitSource,
    exercises: Sequence[str],
    pattern: str | None = None,
    students: Iterable[str] | None = None,
    *,
    into: Path,
) -> list[Submission]:
    """The submissions for a unit that lie in a folder or zip, by student.

    source : nbgrader's `submitted` folder or its parent, a folder of notebooks, a folder with one
    folder a student, a zip of any of these (also one made by Moodle or Canvas), or one notebook.
    exercises : the names of the unit's exercises, by which its notebook is known.
    pattern : a regular expression with a group `student`, searched in each path within the source
    (with "/" between folders). students : all who should have handed in something.
    into : folder for the copied notebooks, outside the source.
    Raises `WrongArgument` when the source cannot be read or holds no submission, and for a pattern
    without the group or that matches nothing.
    """
    source, into = Path(source), Path(into)
    matcher, roster = _compiled(pattern), _roster(students)
    require_outside(source, into)
    source = _folder_of(source)
    with contextlib.ExitStack() as stack:
        entries = _entries(source, stack)
        reader = _Names(source, unit.name, Path(unit.exercise_file).stem, roster)
        groups = reader.by_pattern(entries, matcher) if matcher else reader.by_name(entries)
        if not groups:
            raise WrongArgument(
                f"{source} holds no submissions: expected are notebooks (.ipynb) named after "
                "students, or one folder or zip for each student, or nbgrader's folder submitted/."
            )
        _name_apart(groups, roster)
        into.mkdir(parents=True, exist_ok=True)
        found = [_choose(group, unit.exercise_file, exercises, into) for group in groups]
    present = {group.listed for group in groups}
    found += [
        Submission(name, problem=State.MISSING, why="Nothing was handed in.")
        for name in roster.values()
        if name not in present
    ]
    return sorted(found, key=lambda s: (s.student.casefold(), s.student))


def _folder_of(source: Path) -> Path:
    """Where the submissions lie: of nbgrader's course root it is one folder."""
    return source / "submitted" if (source / "submitted").is_dir() else source


def require_outside(source: Path, folder: Path) -> None:
    """Raise `WrongArgument` when a folder to write to lies in the submissions."""
    source = _folder_of(source)
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise WrongArgument(
            f"{folder} lies in the submissions ({source}), where nothing may be written. Give a "
            "folder outside them."
        )


def file_name_of(student: str) -> str:
    """A file name for a student, without suffix, that no other student shares.

    A plain name (small letters a–z, digits, "-" and "_") is its own; any other is followed by a
    hash, also where only capitals differ, since some file systems do not tell those apart.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", student) and student not in RESERVED:
        return student
    plain = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "student"
    return f"{slug}~{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def _compiled(pattern: str | None) -> re.Pattern | None:
    if pattern is None:
        return None
    try:
        matcher = re.compile(pattern)
    except (re.error, TypeError) as problem:
        raise WrongArgument(
            f"pattern is {pattern!r}, which is no regular expression ({problem})."
        ) from None
    if "student" not in matcher.groupindex:
        raise WrongArgument(
            f"pattern is {pattern!r}, without a group for the student. Put (?P<student>…) round "
            "the part that names one, such as '(?P<student>[a-z]+)_homework'."
        )
    return matcher


def _roster(students: Iterable[str] | None) -> dict[str, str]:
    """The expected students, by a form of the name in which spellings agree."""
    if isinstance(students, str):
        raise WrongArgument(f"students is {students!r}; it must be a list of names.")
    roster: dict[str, str] = {}
    for given in students or ():
        if not isinstance(given, str) or not _shown(given):
            raise WrongArgument(f"students holds {given!r}; each must be a name.")
        name = given.strip()
        if roster.setdefault(_folded(name), name) != name:
            raise WrongArgument(
                f"students holds {roster[_folded(name)]!r} and {name!r}, which cannot be told "
                "apart. Write each student once, with a number where two share a name."
            )
    return roster


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", _shown(name)).casefold()


def _shown(name: str) -> str:
    """A name as it may be printed: one line of visible characters, of bounded length."""
    plain = unicodedata.normalize("NFC", name.strip().encode("utf-8", "replace").decode())
    visible = "".join(c if c.isprintable() else "\ufffd" for c in plain)
    return visible.strip()[:MOST_NAME]


# -- entries --------------------------------------------------------------------------------------


class _Unusable(Exception):
    """A file that cannot be graded: the state and the sentence that say so."""

    def __init__(self, state: State, why: str):
        super().__init__(why)
        self.state, self.why = state, why


@dataclass(frozen=True)
class _Entry:
    """A file, by its path within the source, or a folder. `read` gives at most so many bytes, or
    raises `_Unusable`."""

    path: tuple[str, ...]
    read: Callable[[int], bytes] | None = None  # None: a folder
    time: float = 0.0
    barred: bool = False  # reading it will say why it may not or cannot be read

    @property
    def name(self) -> str:
        return _shown(self.path[-1])

    @property
    def is_notebook(self) -> bool:
        return self.read is not None and self.path[-1].lower().endswith(".ipynb")

    @property
    def is_archive(self) -> bool:
        return self.read is not None and self.path[-1].lower().endswith(".zip")


def _unusable(path: tuple[str, ...], state: State, why: str) -> _Entry:
    """A file that nothing will be read of."""

    def read(most: int) -> bytes:
        raise _Unusable(state, f"{_shown(path[-1])} {why}")

    return _Entry(path, read, barred=True)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in HIDDEN


def _entries(source: Path, stack: contextlib.ExitStack) -> list[_Entry]:
    """All that lies in the source."""
    try:
        if source.is_dir():
            return list(_in_folder(source))
        if source.suffix.lower() == ".ipynb" and source.is_file():
            return [_Entry((source.name,), lambda most: _read_file(source.resolve(), most))]
        archive = stack.enter_context(zipfile.ZipFile(source))
        return list(_in_archive(archive))
    except FileNotFoundError:
        problem = "does not exist"
    except zipfile.BadZipFile:
        problem = "is neither a folder nor a zip that can be opened"
    except (OSError, ValueError, NotImplementedError) as error:
        problem = f"cannot be read ({error})"
    raise WrongArgument(
        f"source is {source}, which {problem}. Give the folder of submissions, or the zip as it "
        "was downloaded."
    )


def _in_folder(folder: Path) -> Iterator[_Entry]:
    with os.scandir(folder) as items:
        tops = sorted(items, key=lambda item: item.name)
    for top in tops:  # a limit for each: one student's thousands of files are that student's
        for number, entry in enumerate(_at(top, ())):
            if number > MOST_FILES:
                yield _too_many((top.name,))
                break
            yield entry


def _too_many(path: tuple[str, ...]) -> _Entry:
    return _unusable(path, State.REFUSED, f"holds more than {MOST_FILES:,} files.")


def _at(item: os.DirEntry, above: tuple[str, ...]) -> Iterator[_Entry]:
    path = (*above, item.name)
    if _is_hidden(item.name):
        return
    try:
        if item.is_symlink():
            yield _unusable(path, State.REFUSED, "is a link, and links are not followed.")
        elif item.is_dir():
            yield from _in_subfolder(item, path)
        elif item.is_file():
            time = item.stat(follow_symlinks=False).st_mtime
            yield _Entry(path, lambda most: _read_file(item.path, most), time)
        else:
            yield _unusable(path, State.REFUSED, "is neither a file nor a folder.")
    except OSError as error:
        yield _unusable(path, State.UNREADABLE, f"cannot be read ({error.strerror}).")


def _in_subfolder(item: os.DirEntry, path: tuple[str, ...]) -> Iterator[_Entry]:
    if item.name.lower().endswith(".ipynb"):
        yield _unusable(path, State.UNREADABLE, "is a folder, not a notebook.")
    elif len(path) > DEEPEST:
        yield _unusable(path, State.REFUSED, f"lies more than {DEEPEST} folders deep.")
    else:
        yield _Entry(path)
        with os.scandir(item.path) as items:
            inside = sorted(islice(items, MOST_FILES + 1), key=lambda item: item.name)
        if len(inside) > MOST_FILES:
            yield _too_many(path)
            return
        for below in inside:
            yield from _at(below, path)


def _read_file(path: Path | str, most: int) -> bytes:
    name = _shown(os.path.basename(path))
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, os.O_RDONLY | careful | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _Unusable(State.REFUSED, f"{name} is no ordinary file.")
            return file.read(most)
    except OSError as error:
        raise _Unusable(State.UNREADABLE, f"{name} cannot be read ({error.strerror}).") from None


def _in_archive(archive: zipfile.ZipFile, above: tuple[str, ...] = ()) -> Iterator[_Entry]:
    """The entries of an archive; a name that leads out of it marks its entry, and is cut."""
    as_folders: set[tuple[str, ...]] = set()
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")  # as some programs on Windows write them
        bare = re.sub(r"^[A-Za-z]:", "", name)
        leads_out = bare != name or bare.startswith("/") or ".." in bare.split("/")
        parts = [p for p in bare.split("/") if p not in ("", ".", "..")]
        if not parts or any(map(_is_hidden, parts)):
            continue
        folders = parts if name.endswith("/") else parts[:-1]
        odd = next((i for i, p in enumerate(folders, 1) if p.lower().endswith(".ipynb")), None)
        path = (*above, *parts[:odd])
        if odd is None:
            yield _member(archive, info, path, leads_out)
        elif path not in as_folders:
            as_folders.add(path)
            yield _unusable(path, State.UNREADABLE, "is a folder, not a notebook.")


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: tuple[str, ...], leads_out: bool
) -> _Entry:
    if leads_out:
        return _unusable(path, State.REFUSED, "has a name that leads out of its archive.")
    if stat.S_ISLNK(info.external_attr >> 16):
        return _unusable(path, State.REFUSED, "is a link, and links are not followed.")
    if info.filename.endswith(("/", "\\")):
        return _Entry(path)
    if info.flag_bits & 1:
        return _unusable(path, State.UNREADABLE, "is locked with a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return _unusable(path, State.UNREADABLE, "is packed in a way that is not read here.")
    return _Entry(path, _member_reader(archive, info), _time_of(info))


def _time_of(info: zipfile.ZipInfo) -> float:
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):  # day 0 of month 0
        return 0.0


def _member_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with archive.open(info) as member:
                return member.read(most)
        except (
            zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
            RuntimeError,
        ):  # fmt: skip
            name = _shown(info.filename.replace("\\", "/").split("/")[-1])
            why = f"{name} is damaged: it cannot be unpacked."
            raise _Unusable(State.UNREADABLE, why) from None

    return read


def _unpacked(entry: _Entry, packed: bytes) -> list[_Entry]:
    """What lies in an archive that a student handed in. Raises `_Unusable`."""
    if _directory_size(packed) > MOST_DIRECTORY:
        raise _Unusable(State.REFUSED, f"{entry.name} lists far too many files.")
    try:
        inside = list(_in_archive(zipfile.ZipFile(io.BytesIO(packed)), entry.path))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        why = f"{entry.name} is damaged: it cannot be opened."
        raise _Unusable(State.UNREADABLE, why) from None
    if len(inside) > MOST_FILES:
        raise _Unusable(State.REFUSED, f"{entry.name} holds more than {MOST_FILES:,} files.")
    return inside


def _directory_size(packed: bytes) -> int:
    """Bytes of a zip's list of contents, which is read as a whole when it is opened."""
    end = packed.rfind(b"PK\5\6")
    if end < 0:
        return 0  # no zip: opening it says so
    if packed[max(0, end - 20) : end].startswith(b"PK\6\7"):
        return MOST_DIRECTORY + 1  # the form for more than 65,535 files or 4 GB
    return int.from_bytes(packed[end + 12 : end + 16], "little")


# -- whose is it ----------------------------------------------------------------------------------


@dataclass
class _Group:
    """What belongs to one student; `number` is the one that an LMS gave."""

    student: str
    number: str = ""
    entries: list[_Entry] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unknown: bool = False  # nobody knows whose it is
    listed: str | None = None  # the name on the roster


@dataclass
class _Names:
    """Reads students from paths."""

    source: Path
    unit: str
    stem: str  # of the exercise notebook
    roster: dict[str, str]

    def by_pattern(self, entries: list[_Entry], matcher: re.Pattern) -> list[_Group]:
        """One group for each name that the pattern finds, apart for different top folders."""
        groups: dict[tuple[str, str], _Group] = {}
        matched = False
        for entry in entries:
            path = "/".join(entry.path)
            found = matcher.search(path) if entry.read is not None else None
            if found and found["student"]:
                matched = True
                key = (found["student"], entry.path[0] if len(entry.path) > 1 else "")
                group = groups.setdefault(key, _Group(_shown(found["student"]) or "student"))
                group.entries.append(entry)
            elif entry.is_notebook or entry.is_archive:
                groups[(path, "\0")] = _Group(_shown(path), entries=[entry], unknown=True)
        if not matched:
            example = next((_shown("/".join(e.path)) for e in entries if e.is_notebook), None)
            seen = f"; the first notebook is {example!r}" if example else ""
            raise WrongArgument(
                f"pattern is {matcher.pattern!r}, which matches nothing in {self.source}{seen}."
            )
        return list(groups.values())

    def by_name(self, entries: list[_Entry]) -> list[_Group]:
        """One group for each folder, or file, at the top."""
        entries, wrapper, submitted = self._below_wrappers(entries)
        units = {e.path[1] for e in entries if len(e.path) > 1}
        tree = submitted or self.source.name == "submitted" or self.unit in units
        folders = {e.path[0] for e in entries if len(e.path) > 1 or e.read is None}
        groups: dict[tuple[str, str], _Group] = {}
        for entry in entries:
            group = self._of(entry.path[0], entry.path[0] in folders, wrapper, entry)
            if group is None:
                continue
            key = (group.student, group.number or entry.path[0])
            group = groups.setdefault(key, group)
            if not (tree and self._is_of_another_unit(entry)):
                group.entries.append(entry)
        return list(groups.values())

    def _is_of_another_unit(self, entry: _Entry) -> bool:
        below = entry.path[1:2] if len(entry.path) > 2 or entry.read is None else ()
        return any(OTHER_UNIT.match(name) and name != self.unit for name in below)

    def _below_wrappers(self, entries: list[_Entry]) -> tuple[list[_Entry], str, bool]:
        """The entries without the folders round them, which come with a zip that was made of a
        whole folder; the name of the innermost; whether it is nbgrader's `submitted`."""
        whole = self.source.is_dir()
        wrapper, submitted = self.source.resolve().name if whole else self.source.stem, False
        while not whole and not submitted:
            tops = {e.path[0] for e in entries}
            submitted = any(e.path[0] == "submitted" and len(e.path) > 1 for e in entries)
            top = "submitted" if submitted else tops.pop() if len(tops) == 1 else ""
            inside = [e for e in entries if e.path[0] == top and len(e.path) > 1]
            if not inside or not (submitted or self._wraps(top, inside)):
                break
            wrapper = top
            entries = [replace(e, path=e.path[1:]) for e in inside]
        return entries, wrapper, submitted

    def _wraps(self, top: str, inside: list[_Entry]) -> bool:
        """Whether a folder that holds everything is round the students' rather than a student's."""
        below = {e.path[1] for e in inside if len(e.path) > 2 or e.read is None}
        if _folded(top) in self.roster or self.unit in below or MOODLE.fullmatch(top):
            return False
        whole = re.sub(r"[ -]*\(?\d*\)?$", "", self.source.stem)  # a second download gets " (1)"
        named = top in (self.source.stem, whole, self.unit, "submitted", "submissions")
        return named or "submitted" in below or len(below) > 1

    def _of(self, top: str, is_folder: bool, wrapper: str, entry: _Entry) -> _Group | None:
        """The student that a name at the top stands for; None for a file of no student."""
        moodle = MOODLE.fullmatch(top)
        known = moodle or (None if is_folder else CANVAS.fullmatch(top))
        if known:
            return _Group(_shown(known["student"]) or "student", known["id"])
        if is_folder:
            return _Group(_shown(top) or "student")
        if not entry.is_notebook and not entry.is_archive:
            return _Group(_shown(top) or "student") if entry.barred else None
        stem = top[: top.rindex(".")]
        if self.source.suffix.lower() == ".ipynb" or _folded(stem) in self.roster:
            return _Group(_shown(stem) or "student")
        bare = re.sub(r" ?\(\d\)$", "", stem)  # a browser's second download of the same name
        around = rf"(?i)[\W_]*{re.escape(self.stem)}(?![0-9A-Za-z])[\W_]*"
        rest = re.sub(around, " ", bare).strip()
        if rest:
            return _Group(_shown(stem if rest == bare else rest) or "student")
        group = _Group(_shown(wrapper) or "student")
        group.remarks.append(f"The name {entry.name} does not say whose it is.")
        return group


def _name_apart(groups: list[_Group], roster: dict[str, str]) -> None:
    """Give each group the name on the roster, if it is there, and a name of its own.

    Where several share a name, each gets the LMS's number, or else a running number, and a remark:
    no submission takes another's place.
    """
    for group in groups:
        group.listed = _on_roster(group, roster)
        if group.listed is None and roster and not group.unknown:
            group.remarks.append("Not on the list of students.")
        elif group.listed and _folded(group.listed) != _folded(group.student):
            group.remarks.append(f"{group.student} was taken to mean {group.listed}.")
        group.student = group.listed or group.student
    shared = Counter(_folded(g.student) for g in groups)
    taken = {_folded(g.student) for g in groups if shared[_folded(g.student)] == 1}
    for group in sorted(
        groups, key=lambda g: (g.student, min((e.path for e in g.entries), default=()))
    ):
        name, key = group.student, _folded(group.student)
        if shared[key] == 1:
            continue
        if group.number:
            name = f"{name[: MOST_NAME // 2]} {group.number[: MOST_NAME // 4]}"
        tries = chain([name], (f"{name[: MOST_NAME - 10]} ({n})" for n in count(2)))
        name = next(n for n in tries if _folded(n) not in taken)
        taken.add(_folded(name))
        group.remarks.append(
            f"{shared[key]} submissions go by the name {group.student}; this one is kept apart as "
            f"{name}."
            if name != group.student
            else f"{shared[key]} submissions go by the name {name}; the others are kept apart."
        )
        group.student = name


def _on_roster(group: _Group, roster: dict[str, str]) -> str | None:
    """The student on the roster whom a name, or a part of it, or the LMS's number means."""
    if group.unknown:
        return None
    name = _folded(group.student)
    for key in (name, group.number):
        if key and key in roster:
            return roster[key]
    parts = [k for k in roster if re.search(rf"(?<![^\W_]){re.escape(k)}(?![^\W_])", name)]
    longest = max(parts, key=len, default="")
    return roster[longest] if parts and all(p in longest for p in parts) else None


# -- which notebook -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    entry: _Entry
    data: bytes
    exercises: int  # how many of the unit's are in it


def _choose(group: _Group, wanted: str, exercises: Sequence[str], into: Path) -> Submission:
    """The submission of one student, its notebook copied."""
    if group.unknown:
        why = f"It is not known whose {group.entries[0].name} is: the pattern does not match it."
        return Submission(group.student, problem=State.REFUSED, why=why)
    problems: list[_Unusable] = []
    files = _files_of(group.entries, problems)
    candidates = _readable([e for e in files if e.is_notebook], exercises, problems)
    best = max((c.exercises for c in candidates), default=0)
    remarks = [*group.remarks]
    if not candidates or (problems and not best):
        return replace(_without(group, files, problems), remarks=tuple(remarks))
    likely = [c for c in candidates if 2 * c.exercises >= best]
    chosen = max(
        likely, key=lambda c: (c.entry.time, c.entry.path[-1] == wanted, c.exercises, c.entry.path)
    )
    if len(likely) > 1:
        others = ", ".join(c.entry.name for c in likely[:MOST_EXTRAS] if c is not chosen)
        remarks.append(
            f"{len(likely)} notebooks could be the one for this unit. The newest, "
            f"{chosen.entry.name}, was taken; not {others}."
        )
    if not best:
        remarks.append(f"No exercise of this unit was recognised in {chosen.entry.name}.")
    remarks += [p.why for p in problems[:MOST_EXTRAS]]
    path = into / f"{file_name_of(group.student)}.ipynb"
    _write_bytes(path, chosen.data)
    extras = [e.name for e in files if e is not chosen.entry]
    shown = _shown_path(chosen.entry)
    return Submission(
        group.student, path, shown, extras=tuple(extras[:MOST_EXTRAS]), remarks=tuple(remarks)
    )


def _shown_path(entry: _Entry) -> str:
    return "/".join(map(_shown, entry.path))


def _files_of(entries: list[_Entry], problems: list[_Unusable]) -> list[_Entry]:
    """The files among the entries, and those in the archives among them."""
    files: list[_Entry] = []
    left = MOST_UNPACKED
    for entry in entries:
        if entry.read is None:
            continue
        if entry.is_notebook or not (entry.is_archive or entry.barred):
            files.append(entry)
            continue
        try:
            packed = entry.read(min(MOST_ARCHIVE, left) + 1)
            left -= len(packed)
            if len(packed) > MOST_ARCHIVE or left < 0:
                why = f"{entry.name} is larger than {MOST_ARCHIVE >> 20} MB, or one of too many."
                raise _Unusable(State.REFUSED, why)
            inside = [e for e in _unpacked(entry, packed) if e.read is not None]
        except _Unusable as problem:
            problems.append(problem)
            continue
        files += [e for e in inside if not e.is_archive]
        problems += [
            _Unusable(State.UNREADABLE, f"{e.name} was not opened: an archive in an archive.")
            for e in inside
            if e.is_archive
        ]
    return files


def _readable(
    notebooks: list[_Entry], exercises: Sequence[str], problems: list[_Unusable]
) -> list[_Candidate]:
    """The notebooks whose bytes can be had, within the limits."""
    found, left = [], MOST_UNPACKED
    for entry in notebooks:
        try:
            data = entry.read(min(MOST_BYTES, left) + 1)
            if len(data) > MOST_BYTES:
                why = f"{entry.name} is larger than {MOST_BYTES >> 20} MB."
                raise _Unusable(State.REFUSED, f"{why} Clear its outputs and hand it in again.")
            left -= len(data)
            if left < 0:
                raise _Unusable(State.REFUSED, f"{entry.name} was not read: too much to unpack.")
        except _Unusable as problem:
            problems.append(problem)
            if left < 0:
                break
        else:
            found.append(_Candidate(entry, data, _exercises_in(data, exercises)))
    return found


def _exercises_in(data: bytes, exercises: Sequence[str]) -> int:
    """How many exercises a notebook has cells of. Its text is searched, not parsed: a damaged
    notebook is still the one that the student meant."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    ids = set(re.findall(r'"grade_id"\s*:\s*"([^"\\]{1,200})"', text))
    called = set(re.findall(r"\bcheck\.(\w{1,200})\(", text))
    return sum(e in ids or f"{e}_check" in ids or e in called for e in exercises)


def _without(group: _Group, files: list[_Entry], problems: list[_Unusable]) -> Submission:
    """A submission of which no notebook can be graded, with the gravest reason."""
    names = tuple(e.name for e in files[:MOST_EXTRAS])
    if problems:
        refused = [p for p in problems if p.state is State.REFUSED]
        problem = (refused or problems)[0]
        return Submission(group.student, None, "", problem.state, problem.why, names)
    if not files:
        return Submission(group.student, problem=State.MISSING, why="Nothing was handed in.")
    listed = ", ".join(names[:5]) + (" …" if len(files) > 5 else "")
    why = f"No notebook (.ipynb) was handed in, only {listed}."
    return Submission(group.student, None, "", State.UNREADABLE, why, names)


def _write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
