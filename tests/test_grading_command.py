"""`course grade` and `course release`, as they are typed."""

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from course_lib.cli import main
from course_lib.layout import Layout

ROOT = Path(__file__).parents[1]
UNIT = Layout(ROOT).units(("2",))[0]


@pytest.fixture
def course(monkeypatch):
    """`course …` in the course's folder."""
    monkeypatch.chdir(ROOT)
    return lambda *words: CliRunner().invoke(main, [*map(str, words)])


def submissions(folder):
    folder.mkdir()
    shutil.copy(UNIT.solution, folder / "ada.ipynb")
    shutil.copy(UNIT.exercises, folder / "ben.ipynb")
    (folder / "cleo.ipynb").write_text("{")
    return folder


def test_a_folder_becomes_marks_feedback_and_a_report(course, tmp_path):
    source, out = submissions(tmp_path / "submitted"), tmp_path / "grading"
    roster = tmp_path / "students.csv"
    roster.write_text("student,group\nada,1\nben,1\ncleo,2\ndev,2\n")
    words = ("grade", source, "-a", "2", "--out", out, "--students", roster, "--seed", "7")
    first = course(*words)
    assert first.exit_code == 0, first.output
    for said in (
        "4 students",
        "seed 7",
        "3 graded now",
        "1 unreadable",
        "look at: cleo",
        "class.html",
    ):
        assert said in first.output, first.output
    report = out / "report"
    assert {p.name for p in report.iterdir()} == {
        "class.html",
        "feedback",
        "junit.xml",
        "marks.csv",
    }
    assert len(list((report / "feedback").glob("*.html"))) == 4
    rows = (report / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[1].startswith('"ada","graded"') and rows[4].startswith('"dev","missing",""')
    known = json.loads((out / "results" / "ada.json").read_text())
    assert known["seed"] == 7 and all(e["state"] == "graded" for e in known["exercises"])
    page = (report / "feedback" / "ben.html").read_text()
    assert "Hint 1 of 3" in page and "def " not in page, "hints are shown, and no reference"

    shutil.copy(UNIT.solution, source / "ben.ipynb")
    second = course(*words[:-2])
    assert "1 graded now, 2 known from before, again, since" in second.output, second.output
    assert "changed: ben\n" in second.output
    assert "seed 7" in second.output, "the seed is kept"

    other = course("grade", source, "-a", "1", "--out", out)
    assert other.exit_code != 0 and "holds the grading of unit 02" in other.output
    (source / "ada.ipynb").unlink()
    late = course("grade", source, "-a", "2", "--out", out)
    assert "not in these submissions: ada" in late.output and "seed 7" in late.output


def test_one_notebook_for_a_forge(course, tmp_path):
    path = tmp_path / "notebook.ipynb"
    shutil.copy(UNIT.exercises, path)
    words = ("grade", path, "-a", "02_activation_functions", "--format", "junit", "--seed", "1")
    result = course(*words, "--at-least", "0.5")
    assert result.exit_code == 1
    suites = ET.fromstring(result.stdout)
    assert suites.get("skipped") == suites.get("tests") == "8"
    assert course(*words, "--at-least", "0").exit_code == 0
    path.write_text("")
    assert course(*words, "--at-least", "0").exit_code == 1, "no mark is not enough"
    told = course("grade", path, "-a", "2", "--seed", "1")
    assert told.exit_code == 0 and "no mark" in told.output and "empty" in told.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("grade", "{folder}", "-a", "2"), "--out FOLDER"),
        (("grade", "{folder}", "-a", "9", "--out", "{out}"), "9"),
        (("grade", "{folder}/nothing", "-a", "2", "--out", "{out}"), "does not exist"),
        (("grade", "{folder}", "-a", "2", "--out", "{folder}/out"), "lies in the submissions"),
        (
            ("grade", "{folder}", "-a", "2", "--out", "{out}", "--students", "{empty}"),
            "no students",
        ),
        (("grade", "{folder}", "-a", "2", "--out", "{out}", "--pattern", "("), "pattern"),
        (("grade", ROOT, "-a", "2", "--out", "{out}"), "lies in what is to be graded"),
        (("grade", "{folder}", "-a", "2", "--out", "{out}", "--students", "{twice}"), "ada twice"),
        (("grade", "{folder}", "-a", "2", "--out", "{out}", "--gradebook", "no"), "no"),
        (("release", "9", "--out", "{out}"), "9"),
        (("release", "2", "--out", "{folder}"), "new folder"),
    ],
    ids=lambda value: " ".join(map(str, value))[:60] if isinstance(value, tuple) else "",
)
def test_bad_input_is_told_and_nothing_is_written(course, tmp_path, words, said):
    folder, out, empty = tmp_path / "class", tmp_path / "out", tmp_path / "empty.txt"
    submissions(folder)
    empty.write_text("# nobody\n\n")
    twice = tmp_path / "twice.txt"
    twice.write_text("ada\nben\nada\n")
    before = sorted(folder.rglob("*"))
    result = course(
        *(str(w).format(folder=folder, out=out, empty=empty, twice=twice) for w in words)
    )
    assert result.exit_code != 0 and said in result.output, result.output
    assert "Traceback" not in result.output
    assert sorted(folder.rglob("*")) == before
    assert not (out / "report").exists()


def test_a_weak_sandbox_is_told_loudly(course, tmp_path):
    empty = tmp_path / "ada.ipynb"
    empty.touch()
    result = course("grade", empty, "-a", "2", "--sandbox", "limits")
    assert result.exit_code == 0, result.output
    assert "No sandbox." in result.output and "your rights" in result.output


def test_release_writes_what_can_be_handed_out(course, tmp_path):
    result = course("release", "2", "--out", tmp_path / "out")
    assert result.exit_code == 0 and "can be handed out" in result.output
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    name = UNIT.name
    assert found == {"README.md", f"exercises/{name}/02_exercises.ipynb", f"notebooks/{name}.ipynb"}
