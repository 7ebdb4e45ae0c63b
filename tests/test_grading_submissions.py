"""What was handed in, and by whom: folders and zips as they come, and as somebody forges them."""

import io
import itertools
import json
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import WrongArgument
from course_lib.grading import submissions
from course_lib.grading.results import State
from course_lib.grading.submissions import file_name_of, find_submissions
from course_lib.layout import UnitSource

UNIT = UnitSource(Path("course"), "01_linear_layers")
NAME = UNIT.exercise_file  # 01_exercises.ipynb
EXERCISES = ("linear_forward", "predict_shapes", "mended_loss")


def notebook(mark="", ids=EXERCISES):
    """The bytes of a notebook with cells of these exercises."""
    cells = [
        {"cell_type": "code", "source": mark, "metadata": {"nbgrader": {"grade_id": name}}}
        for name in ids
    ]
    return json.dumps({"nbformat": 4, "cells": cells, "metadata": {"mark": mark}}).encode()


def folder(root, files):
    """A folder with these files: path → contents, or (contents, time of modification)."""
    for name, content in files.items():
        content, time = content if isinstance(content, tuple) else (content, 1_700_000_000)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time, time))
    return root


def zipped(files, path=None):
    """The bytes of a zip with these files, written to `path` if it is given: name → contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            content, year = content if isinstance(content, tuple) else (content, 2024)
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.date_time = (year, 1, 1, 0, 0, 0)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    if path is not None:
        path.write_bytes(buffer.getvalue())
    return path or buffer.getvalue()


@pytest.fixture
def find(tmp_path):
    """`find_submissions` for the unit; student → submission."""

    def find(source, pattern=None, students=None):
        into = tmp_path / f"into {next(numbers)}"
        before, outside = contents(source), set(tmp_path.rglob("*"))
        found = find_submissions(source, UNIT, EXERCISES, pattern, students, into=into)
        assert contents(source) == before, "the source is never written to"
        names = [s.student for s in found]
        assert names == list(dict.fromkeys(names)), "each student once"
        paths = [s.path for s in found if s.path]
        assert len(set(paths)) == len(paths)
        for s in found:
            assert (s.path is None) == (s.problem is not None) == bool(s.why)
            assert s.path is None or (s.path.parent == into and not s.path.is_symlink())
        new = set(tmp_path.rglob("*")) - outside
        assert new == {into, *paths}, "nothing else is unpacked"
        return {s.student: s for s in found}

    numbers = itertools.count()
    return find


def contents(source):
    if source.is_file():
        return source.read_bytes()
    return sorted((str(p), p.lstat().st_mtime_ns) for p in source.rglob("*"))


def marks(found):
    """Student → the mark in the chosen notebook, or the problem."""
    return {
        name: json.loads(s.path.read_bytes())["metadata"]["mark"] if s.path else s.problem
        for name, s in found.items()
    }


# -- the forms ------------------------------------------------------------------------------------

TREE = {
    f"alice/{UNIT.name}/{NAME}": notebook("a"),
    f"alice/{UNIT.name}/timestamp.txt": b"2024-01-01",
    "alice/02_activation_functions/02_exercises.ipynb": notebook("wrong unit"),
    f"bob/{UNIT.name}/renamed.ipynb": notebook("b"),
    f"bob/{UNIT.name}/data.csv": b"1,2",
    "carol/02_activation_functions/02_exercises.ipynb": notebook("wrong unit"),
}


def test_nbgraders_tree(tmp_path, find):
    folder(tmp_path / "course" / "submitted", TREE)
    folder(tmp_path / "course", {f"solutions/{UNIT.name}/{NAME}": notebook("solution")})
    wanted = {"alice": "a", "bob": "b", "carol": State.MISSING}
    for source in (tmp_path / "course", tmp_path / "course" / "submitted"):
        found = find(source)
        assert marks(found) == wanted
    assert found["bob"].extras == ("data.csv",) and found["alice"].extras == ()
    assert found["bob"].notebook == f"bob/{UNIT.name}/renamed.ipynb"
    assert all(s.remarks == () for s in found.values())
    for prefix in ("", "submitted/", "course/submitted/"):
        source = zipped({prefix + k: v for k, v in TREE.items()}, tmp_path / "class.zip")
        assert marks(find(source)) == wanted


FLAT = {
    "alice.ipynb": "alice",
    f"bob_{NAME}": "bob",
    "01_exercises-carol.ipynb": "carol",
    "Dana Ng_01_exercises (1).ipynb": "Dana Ng",
    "4711.ipynb": "4711",
    "eve@x.org.IPYNB": "eve@x.org",
}


def test_a_flat_folder(tmp_path, find):
    files = {name: notebook(name) for name in FLAT} | {"grades.csv": b"", "README.md": b""}
    wanted = {student: name for name, student in FLAT.items()}
    assert marks(find(folder(tmp_path / "flat", files))) == wanted
    assert marks(find(zipped(files, tmp_path / "flat.zip"))) == wanted
    wrapped = {f"flat/{name}": content for name, content in files.items()}
    assert marks(find(zipped(wrapped, tmp_path / "flat.zip"))) == wanted
    assert marks(find(zipped(wrapped, tmp_path / "flat (1).zip"))) == wanted


def test_a_folder_for_each_student(tmp_path, find):
    files = {
        f"alice/{NAME}": notebook("a"),
        "bob/work/deep/mine.ipynb": notebook("b"),
        "carol/essay.docx": b"?",
        "carol/photo.jpg": b"?",
    }
    source = folder(tmp_path / "students", files)
    (source / "dave").mkdir()
    wanted = {"alice": "a", "bob": "b", "carol": State.UNREADABLE, "dave": State.MISSING}
    found = find(source)
    assert marks(found) == wanted
    assert found["carol"].why == ("No notebook (.ipynb) was handed in, only essay.docx, photo.jpg.")
    assert found["carol"].extras == ("essay.docx", "photo.jpg")
    for wrapper in ("", "downloads/"):
        packed = {wrapper + k: v for k, v in files.items()} | {f"{wrapper}dave/": b""}
        assert marks(find(zipped(packed, tmp_path / "a.zip"))) == wanted
    windows = {name.replace("/", "\\"): content for name, content in files.items()}
    assert marks(find(zipped(windows, tmp_path / "b.zip"))) == {
        k: v for k, v in wanted.items() if k != "dave"
    }


def test_what_moodle_packs(tmp_path, find):
    files = {
        f"Lee Kim_101_assignsubmission_file_/{NAME}": notebook("kim"),
        "Lee Kim_101_assignsubmission_onlinetext_/onlinetext.html": b"hello",
        f"Ng Dana_102_assignsubmission_file/{NAME}": notebook("dana"),
        "Roe Jo_103_assignsubmission_file_/jo.zip": zipped({f"x/{NAME}": notebook("jo")}),
        f"Flat Fay_104_assignsubmission_file_{NAME}": notebook("fay"),
    }
    found = find(zipped(files, tmp_path / "moodle.zip"))
    assert marks(found) == {"Lee Kim": "kim", "Ng Dana": "dana", "Roe Jo": "jo", "Flat Fay": "fay"}
    assert found["Lee Kim"].extras == ("onlinetext.html",)
    assert found["Roe Jo"].notebook.endswith("jo.zip/x/01_exercises.ipynb")
    one = {k: v for k, v in files.items() if "Roe" in k}  # a class of one, in a wrapper too
    assert marks(find(zipped(one, tmp_path / "one.zip"))) == {"Roe Jo": "jo"}


def test_what_canvas_packs(tmp_path, find):
    files = {
        "leekim_1001_90001_01_exercises.ipynb": notebook("kim"),
        "leekim_1001_90002_data.csv": b"1",
        "ngdana_LATE_1002_90003_01_exercises-1.ipynb": (notebook("new"), 2025),
        "ngdana_LATE_1002_90004_01_exercises.ipynb": (notebook("old"), 2024),
        "roejo_1003_90005_essay.pdf": b"",
        "doe_1004_90006_all.zip": zipped({NAME: notebook("doe")}),
    }
    found = find(zipped(files, tmp_path / "submissions.zip"))
    assert marks(found) == {
        "leekim": "kim", "ngdana": "new", "roejo": State.UNREADABLE, "doe": "doe",
    }  # fmt: skip
    assert found["leekim"].extras == ("leekim_1001_90002_data.csv",)


def test_a_zip_for_each_student(tmp_path, find):
    """Loose or in a zip; each with or without a folder of its own inside."""
    files = {
        "alice.zip": zipped({NAME: notebook("a"), "plot.png": b""}),
        "bob_01_exercises.zip": zipped({f"bob/{NAME}": notebook("b")}),
        "carol.zip": zipped({"notes.txt": b""}),
    }
    wanted = {"alice": "a", "bob": "b", "carol": State.UNREADABLE}
    found = find(folder(tmp_path / "zips", files))
    assert marks(found) == wanted and found["alice"].extras == ("plot.png",)
    assert marks(find(zipped(files, tmp_path / "all.zip"))) == wanted


def test_one_student(tmp_path, find):
    """A notebook by itself; a zip or folder with one, named after the student."""
    folder(tmp_path, {f"alice/{NAME}": notebook("a"), "mine.ipynb": notebook("m")})
    assert marks(find(tmp_path / "mine.ipynb")) == {"mine": "m"}
    found = find(tmp_path / "alice")
    assert marks(found) == {"alice": "a"}
    assert found["alice"].remarks == (f"The name {NAME} does not say whose it is.",)
    for inside in (NAME, f"alice/{NAME}", f"alice/{UNIT.name}/{NAME}"):
        assert marks(find(zipped({inside: notebook("a")}, tmp_path / "alice.zip"))) == {
            "alice": "a"
        }


def test_a_pattern(tmp_path, find):
    files = {
        "sheet1/lab-alice-final.ipynb": notebook("a"),
        "sheet1/lab-bob-final.ipynb": notebook("b"),
        "sheet1/other.ipynb": notebook("?"),
        "sheet1/lab-alice-final.csv": b"",
    }
    found = find(folder(tmp_path / "x", files), pattern=r"lab-(?P<student>\w+)-final")
    assert marks(found) == {"alice": "a", "bob": "b", "sheet1/other.ipynb": State.REFUSED}
    assert "not known whose" in found["sheet1/other.ipynb"].why
    assert found["alice"].extras == ("lab-alice-final.csv",)
    # two folders: kept apart, since they may be two people
    files = {"Kim Lee/x.ipynb": notebook("1"), "Jo Lee/x.ipynb": notebook("2")}
    found = find(folder(tmp_path / "y", files), pattern=r" (?P<student>Lee)/")
    assert sorted(marks(found).values()) == ["1", "2"] and set(found) == {"Lee", "Lee (2)"}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "no regular expression"),
        (r"(\w+)", r"without a group for the student.*\(\?P<student>"),
        (r"(?P<student>zoe)", "matches nothing in .*; the first notebook is 'alice.ipynb'"),
        (7, "no regular expression"),
    ],
)
def test_patterns_that_cannot_be_used(tmp_path, find, pattern, words):
    with pytest.raises(WrongArgument, match=words):
        find(folder(tmp_path / "x", {"alice.ipynb": notebook()}), pattern=pattern)


def test_sources_that_cannot_be_used(tmp_path, find):
    cases = {
        "absent": "does not exist",
        "empty": "holds no submissions",
        "notes.txt": "neither a folder nor a zip",
        "broken.zip": "neither a folder nor a zip",
        "nothing.zip": "holds no submissions",
        "hidden": "holds no submissions",
    }
    (tmp_path / "empty").mkdir()
    whole = zipped({"a.ipynb": notebook()})
    folder(tmp_path, {"notes.txt": b"hello", "broken.zip": whole[: len(whole) // 2]})
    folder(tmp_path / "hidden", {".ipynb_checkpoints/alice.ipynb": b"", ".x.ipynb": b""})
    zipped({"readme.md": b""}, tmp_path / "nothing.zip")
    for name, words in cases.items():
        with pytest.raises(WrongArgument, match=words):
            find(tmp_path / name)


def test_the_source_is_no_place_to_write(tmp_path):
    source = folder(tmp_path / "x", {"alice.ipynb": notebook()})
    for into in (source, source / "graded"):
        with pytest.raises(WrongArgument, match="lies in the submissions"):
            find_submissions(source, UNIT, EXERCISES, into=into)
    assert os.listdir(source) == ["alice.ipynb"]


# -- which notebook, and whose --------------------------------------------------------------------


def test_the_notebook_with_the_units_exercises_counts(tmp_path, find):
    files = {
        f"alice/{NAME}": (notebook("scratch", ids=()), 1_800_000_000),
        "alice/Untitled.ipynb": notebook("real"),
        "alice/lesson.ipynb": (notebook("lesson", ids=("other",)), 1_900_000_000),
    }
    found = find(folder(tmp_path / "x", files))
    assert marks(found) == {"alice": "real"} and found["alice"].remarks == ()
    assert found["alice"].extras == (NAME, "lesson.ipynb")


def test_stripped_and_damaged_notebooks_are_known_by_their_text(tmp_path, find):
    stripped = b'{"cells": [{"source": "check.linear_forward(linear_forward)"}]}'
    files = {"alice/a.ipynb": stripped, "alice/z.ipynb": notebook("no", ids=())}
    files |= {"bob/b.ipynb": notebook("cut")[:-20], "bob/c.ipynb": notebook("no", ids=())}
    files |= {"carol/c.ipynb": notebook().decode().encode("utf-16"), "carol/d.ipynb": b""}
    found = find(folder(tmp_path / "x", files))
    assert {n: s.notebook for n, s in found.items()} == {
        "alice": "alice/a.ipynb", "bob": "bob/b.ipynb", "carol": "carol/c.ipynb",
    }  # fmt: skip
    assert found["bob"].path.read_bytes() == files["bob/b.ipynb"]


def test_of_two_the_newest_counts_and_a_remark_says_so(tmp_path, find):
    files = {
        "alice/first.ipynb": (notebook("old"), 1_600_000_000),
        # an exercise's cells were lost on the way: still the same notebook
        "alice/second.ipynb": (notebook("new", ids=EXERCISES[1:]), 1_700_000_000),
    }
    found = find(folder(tmp_path / "x", files))
    assert marks(found) == {"alice": "new"}
    (remark,) = found["alice"].remarks
    assert "The newest, second.ipynb, was taken; not first.ipynb." in remark
    packed = {"alice/a.ipynb": (notebook("new"), 2025), "alice/b.ipynb": (notebook("old"), 2020)}
    assert marks(find(zipped(packed, tmp_path / "x.zip"))) == {"alice": "new"}
    same = {"alice/zz.ipynb": notebook("other"), f"alice/{NAME}": notebook("named")}
    assert marks(find(zipped(same, tmp_path / "y.zip"))) == {"alice": "named"}


def test_a_notebook_of_no_exercise_is_taken_with_a_remark(tmp_path, find):
    found = find(folder(tmp_path / "x", {"alice.ipynb": notebook("a", ids=())}))
    assert marks(found) == {"alice": "a"}
    assert found["alice"].remarks == ("No exercise of this unit was recognised in alice.ipynb.",)


def test_those_on_the_list_who_handed_in_nothing_are_missing(tmp_path, find):
    files = {
        "lab_ALICE_v2.ipynb": notebook("a"),
        "bo.ipynb": notebook("bo"),
        "zed.ipynb": notebook("z"),
        "bo_ann.ipynb": notebook("both"),
        "Jose\u0301.ipynb": notebook("jose"),
    }
    students = ["alice\n", "bo", "ann", "carol", "Jos\u00e9"]
    found = find(folder(tmp_path / "x", files), students=students)
    assert marks(found) == {
        "alice": "a", "bo": "bo", "zed": "z", "bo_ann": "both", "Jos\u00e9": "jose",
        "carol": State.MISSING, "ann": State.MISSING,
    }  # fmt: skip
    assert found["carol"].why == "Nothing was handed in."
    assert found["zed"].remarks == ("Not on the list of students.",)
    assert found["alice"].remarks == ("lab_ALICE_v2 was taken to mean alice.",)


@pytest.mark.parametrize("students", ["alice", [""], [None], ["Ann", "ann"]], ids=str)
def test_lists_of_students_that_cannot_be_used(tmp_path, find, students):
    with pytest.raises(WrongArgument, match="students"):
        find(folder(tmp_path / "x", {"alice.ipynb": notebook()}), students=students)


def test_students_of_one_name_are_kept_apart(tmp_path, find):
    """By the LMS's number, or by a running one; spellings that look alike too."""
    files = {
        f"Lee Kim_101_assignsubmission_file_/{NAME}": notebook("101"),
        f"Lee Kim_102_assignsubmission_file_/{NAME}": notebook("102"),
        f"Jos\u00e9/{NAME}": notebook("composed"),
        f"Jose\u0301/{NAME}": notebook("decomposed"),
        "ann.ipynb": notebook("file"),
        f"ann/{NAME}": notebook("folder"),
        f"ANN/{NAME}": notebook("capitals"),
    }
    found = find(folder(tmp_path / "x", files), students=["Lee Kim", "ann"])
    seen = marks(found)
    assert sorted(seen.values()) == sorted(
        json.loads(c)["metadata"]["mark"] for c in files.values()
    )
    assert seen["Lee Kim 101"] == "101" and seen["Lee Kim 102"] == "102" and "Lee Kim" not in seen
    assert {n for n in seen if n.startswith("Jos")} == {"Jos\u00e9", "Jos\u00e9 (2)"}
    assert {n for n in seen if n.startswith("ann")} == {"ann", "ann (2)", "ann (3)"}
    assert any("2 submissions go by the name Lee Kim" in r for r in found["Lee Kim 101"].remarks)
    taken = {
        "ann.ipynb": notebook("1"),
        "ann/x.ipynb": notebook("2"),
        "ann (2)/x.ipynb": notebook("3"),
    }
    assert set(find(folder(tmp_path / "y", taken))) == {"ann", "ann (2)", "ann (3)"}


# -- forged and broken ----------------------------------------------------------------------------


def test_links_are_refused_and_never_followed(tmp_path, find):
    secret = folder(tmp_path / "secret", {NAME: notebook("secret")})
    source = folder(tmp_path / "x", {f"bob/{NAME}": notebook("b"), "carol/notes.txt": b""})
    (source / "alice.ipynb").symlink_to(secret / NAME)
    (source / "dave").symlink_to(secret)
    (source / "bob" / "more.ipynb").symlink_to(secret / NAME)
    (source / "carol" / "work").symlink_to(secret)
    (source / "eve").mkdir()
    (source / "eve" / "loop").symlink_to(source / "eve")
    (source / "gone.ipynb").symlink_to(tmp_path / "nowhere")
    found = find(source)
    assert marks(found) == {"bob": "b"} | dict.fromkeys(
        ("alice", "dave", "carol", "eve", "gone"), State.REFUSED
    )
    assert found["alice"].why == "alice.ipynb is a link, and links are not followed."
    assert found["bob"].remarks == ("more.ipynb is a link, and links are not followed.",)


def linked(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../alice.ipynb", "../../../../tmp/alice.ipynb", "/etc/alice.ipynb", "C:\\alice.ipynb",
        "c:alice.ipynb", "..\\..\\alice.ipynb", "x/../../alice.ipynb", linked("alice.ipynb"),
    ],
    ids=str,
)  # fmt: skip
def test_names_that_lead_out_of_a_zip(tmp_path, find, name):
    zipped({"bob/a.ipynb": notebook("b"), name: notebook("slip")}, tmp_path / "x.zip")
    found = find(tmp_path / "x.zip")
    assert marks(found).pop("bob") == "b"
    (other,) = (s for n, s in found.items() if n != "bob")
    assert other.problem is State.REFUSED
    assert re.search(r"leads out of its archive|is a link", other.why)
    assert (
        not (tmp_path / "alice.ipynb").exists() and not (tmp_path.parent / "alice.ipynb").exists()
    )
    # in a student's own zip: beside a good notebook it costs nothing
    inner = zipped({name: b"", NAME: notebook("a")})
    found = find(folder(tmp_path / "y", {"alice.zip": inner}))
    assert marks(found) == {"alice": "a"} and len(found["alice"].remarks) == 1


def test_sizes_are_bounded(tmp_path, find, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(submissions, "MOST_ARCHIVE", 1 << 20)
    monkeypatch.setattr(submissions, "MOST_UNPACKED", 3 << 20)
    bomb = b" " * (200 << 20)
    several = {f"{n}.ipynb": b" " * (1 << 20) for n in range(9)}
    files = {
        "alice.ipynb": b" " * ((1 << 20) + 1),
        "bob.ipynb": notebook("b"),
        "bomb.zip": zipped({NAME: bomb}),
        "nested.zip": zipped({"more.zip": zipped({NAME: bomb})}),
        "large.zip": os.urandom((1 << 20) + 1),
        "several.zip": zipped(several),
        "fine.zip": zipped({NAME: notebook("f"), "data.bin": bomb}),
    }
    source = folder(tmp_path / "x", files)
    reads = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(
        zipfile.ZipExtFile, "read", lambda self, n=-1: reads.append(n) or read(self, n)
    )
    found = find(source)
    assert reads and all(0 <= n <= (1 << 20) + 1 for n in reads), "never more than is allowed"
    assert marks(found) == {
        "alice": State.REFUSED, "bob": "b", "bomb": State.REFUSED, "nested": State.UNREADABLE,
        "large": State.REFUSED, "several": State.REFUSED, "fine": "f",
    }  # fmt: skip
    assert "alice.ipynb is larger than 1 MB. Clear its outputs" in found["alice"].why
    assert "an archive in an archive" in found["nested"].why


def test_archives_with_endless_lists_are_refused(tmp_path, find, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_FILES", 50)
    monkeypatch.setattr(submissions, "MOST_DIRECTORY", 10_000)
    long = zipped({f"{n}.txt": b"" for n in range(60)})
    longer = zipped({f"{n:0100}.txt": b"" for n in range(200)})
    source = folder(tmp_path / "x", {"alice.zip": long, "bob.zip": longer, "c.zip": zipped({})})
    folder(source / "dave", {f"{n}.txt": b"" for n in range(60)})
    folder(source / "eve", {f"{n}/{NAME}": notebook() for n in range(30)})
    found = find(source)
    assert marks(found) == dict.fromkeys(("alice", "bob", "dave"), State.REFUSED) | {
        "c": State.MISSING,
        "eve": "",  # one of the notebooks that were looked at
    }
    assert "eve holds more than 50 files." in found["eve"].remarks
    assert "far too many files" in found["bob"].why
    # the large form of the list is not read either
    end = longer.rindex(b"PK\5\6")
    forged = longer[:end] + b"PK\6\7" + b"\0" * 16 + longer[end:]
    found = find(folder(tmp_path / "y", {"alice.zip": forged}))
    assert found["alice"].problem is State.REFUSED


def test_locked_and_damaged_archives(tmp_path, find):
    whole = zipped({NAME: notebook("whole" * 50)})
    locked = bytearray(whole)
    for at in (whole.index(b"PK\3\4") + 6, whole.index(b"PK\1\2") + 8):
        locked[at] |= 1  # "encrypted"
    odd = bytearray(whole)
    for at in (whole.index(b"PK\3\4") + 8, whole.index(b"PK\1\2") + 10):
        odd[at] = 14  # LZMA, which may ask for gigabytes of memory
    changed = bytearray(whole)
    changed[len(NAME) + 40] ^= 255
    month_0 = bytearray(whole)
    at = whole.index(b"PK\1\2") + 14
    month_0[at : at + 2] = b"\0\0"
    files = {
        "locked.zip": bytes(locked),
        "odd.zip": bytes(odd),
        "changed.zip": bytes(changed),
        "cut.zip": whole[:-30],
        "empty.zip": b"",
        "rar.zip": b"Rar!\x1a\x07" + b"\0" * 50,
        "month.zip": bytes(month_0),
    }
    found = find(folder(tmp_path / "x", files))
    assert marks(found).pop("month") == "whole" * 50
    assert {s.problem for n, s in found.items() if n != "month"} == {State.UNREADABLE}
    assert "password" in found["locked"].why and "damaged" in found["changed"].why
    assert "packed in a way" in found["odd"].why
    # the same in the zip that the LMS made: the others are read
    (tmp_path / "lms.zip").write_bytes(bytes(locked))
    assert marks(find(tmp_path / "lms.zip")) == {"lms": State.UNREADABLE}


def test_a_damaged_notebook_beside_a_scratch_one_is_no_zero(tmp_path, find):
    """The one that matters cannot be had: that is said, and not the other one graded."""
    source = folder(tmp_path / "x", {"alice/scratch.ipynb": notebook("s", ids=())})
    (source / "alice" / NAME).mkdir()
    found = find(source)
    assert marks(found) == {"alice": State.UNREADABLE}
    assert found["alice"].why == f"{NAME} is a folder, not a notebook."


def test_folders_named_like_notebooks(tmp_path, find):
    source = folder(tmp_path / "x", {"alice.ipynb/inner.ipynb": notebook("inner")})
    assert marks(find(source)) == {"alice": State.UNREADABLE}
    packed = {"alice.ipynb/a.ipynb": b"", "alice.ipynb/b.ipynb": b"", "bob.ipynb/": b""}
    found = find(zipped(packed, tmp_path / "x.zip"))
    assert marks(found) == dict.fromkeys(("alice", "bob"), State.UNREADABLE)


def test_what_is_no_file_and_what_may_not_be_read(tmp_path, find, monkeypatch):
    source = folder(tmp_path / "x", {"alice.ipynb": notebook(), "bob/b.ipynb": notebook()})
    os.mkfifo(source / "carol.ipynb")  # opening it would wait for ever
    opening, scanning = os.open, os.scandir

    def deny(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    closed = {str(source / "alice.ipynb"): deny, str(source / "bob"): deny}
    monkeypatch.setattr(
        submissions.os, "open", lambda p, *a, **k: closed.get(str(p), opening)(p, *a, **k)
    )
    monkeypatch.setattr(submissions.os, "scandir", lambda p: closed.get(str(p), scanning)(p))
    found = find_submissions(source, UNIT, EXERCISES, into=tmp_path / "into")
    assert {s.student: s.problem for s in found} == {
        "alice": State.UNREADABLE, "bob": State.UNREADABLE, "carol": State.REFUSED,
    }  # fmt: skip
    assert found[0].why == "alice.ipynb cannot be read (Permission denied)."
    assert found[1].why == "bob cannot be read (Permission denied)."


def test_hidden_files_are_no_submissions(tmp_path, find):
    hidden = {
        "alice/.ipynb_checkpoints/01_exercises-checkpoint.ipynb": (notebook("old"), 1_900_000_000),
        "alice/._01_exercises.ipynb": b"mac",
        "__MACOSX/alice/._01_exercises.ipynb": b"mac",
        ".git/x.ipynb": notebook("git"),
        "alice/.DS_Store": b"",
    }
    found = find(folder(tmp_path / "x", hidden | {f"alice/{NAME}": notebook("a")}))
    assert marks(found) == {"alice": "a"}
    assert found["alice"].extras == () and found["alice"].remarks == ()
    packed = {n: c[0] if isinstance(c, tuple) else c for n, c in hidden.items()}
    found = find(zipped(packed | {f"alice/{NAME}": notebook("a")}, tmp_path / "x.zip"))
    assert marks(found) == {"alice": "a"}


def test_odd_names(tmp_path, find):
    """Line ends, control and direction marks, bytes of no encoding, very long names."""
    names = ["a\nb", "a\tb", "a\x1b[31mb", "a\u202eb", "n" * 180, "n" * 181, "con", "-rf", "'\"<b>"]
    source = folder(tmp_path / "x", {f"{n}/{NAME}": notebook(n) for n in names})
    raw = os.fsencode(source) + b"/\xff\xfe"
    os.mkdir(raw)
    Path(os.fsdecode(raw), NAME).write_bytes(notebook("raw"))
    found = find(source)
    assert sorted(marks(found).values()) == sorted([*names, "raw"])
    for student, s in found.items():
        assert student.isprintable() and len(student) < 120
        assert re.fullmatch(r"[a-z0-9][a-z0-9_~-]{0,90}\.ipynb", s.path.name)
        assert s.notebook.isprintable() and all(r.isprintable() for r in s.remarks)
        s.notebook.encode()


def test_two_entries_of_one_name_in_a_zip(tmp_path, find):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for year, mark in ((2025, "new"), (2020, "old")):
            archive.writestr(
                zipfile.ZipInfo("alice/a.ipynb", (year, 1, 1, 0, 0, 0)), notebook(mark)
            )
    found = find(path)
    assert marks(found) == {"alice": "new"} and len(found["alice"].remarks) == 1


@given(
    st.sets(
        st.text(min_size=1, max_size=12) | st.sampled_from(["a", "A", "con", "e\u0301", "\u00e9"]),
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None)
def test_file_names_of_students_are_safe_and_their_own(students):
    names = [file_name_of(s) for s in students]
    assert len({n.casefold() for n in names}) == len(students)
    for name in names:
        assert re.fullmatch(r"[a-z0-9][a-z0-9_~-]{0,90}", name)
        assert name not in ("con", "nul")


def test_plain_names_stay_as_they_are():
    assert file_name_of("alice_2-b") == "alice_2-b"
    assert file_name_of("../Müller, Änne").startswith("muller-anne~")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_zip_stops_the_others(tmp_path_factory, data):
    """A student's zip with bytes changed anywhere: it may be unreadable; bob's is read."""
    whole = zipped({f"x/{NAME}": notebook("a"), "b.csv": b"1"})
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    root = tmp_path_factory.mktemp("zips")
    files = {"alice.zip": bytes(broken), "bob.ipynb": notebook("b")}
    found = find_submissions(folder(root / "x", files), UNIT, EXERCISES, into=root / "into")
    assert [s.student for s in found] == ["alice", "bob"]
    assert found[1].path is not None
