"""The progress file: kept, shown, and never in the way."""

import json
import os
import threading

import pytest

from course_lib.errors import UnknownName, WrongArgument
from course_lib.exercises import open_unit, progress
from course_lib.exercises.overview import Overview

UNIT = "01_linear_layers"


def right(x, W, b):
    return x @ W.T + b


def wrong(x, W, b):
    return x @ W.T


def test_attempts_are_counted_until_the_first_pass(progress_file, capsys):
    check = open_unit(UNIT).check
    check.linear_forward(wrong)
    check.linear_forward(wrong)
    check.linear_forward(right)
    check.linear_forward(wrong)  # trying on after the pass changes nothing
    entry = json.loads(progress_file.read_text())["exercises"][f"{UNIT}/linear_forward"]
    assert entry["attempts"] == 3
    assert entry["passed"]
    out = capsys.readouterr().out
    assert "correct (2 points)" in out and "The bias is missing" in out


def test_a_blank_is_no_attempt(progress_file, capsys):
    unit = open_unit(UNIT)
    unit.check.linear_forward(unit.exercise("linear_forward").blank())
    assert "not written yet" in capsys.readouterr().out
    assert not progress_file.exists()


def test_overview_says_what_is_done_and_what_is_next(progress_file, capsys):
    before = Overview.now()
    assert before.next.name == "linear_forward"
    open_unit(UNIT).check.linear_forward(wrong)
    open_unit(UNIT).check.linear_forward(right)
    open_unit(UNIT).hint.predict_shapes()
    text = str(Overview.now())
    assert "The forward pass by hand: done after 2 attempts" in text
    assert "not begun, 1 hint" in text
    assert Overview.now().next.name == "predict_shapes"
    assert "done after 2 attempts" in Overview.now().html()


def test_hints_grow_and_go_on_where_they_stopped(progress_file, capsys):
    open_unit(UNIT).hint.linear_forward()
    open_unit(UNIT).hint.linear_forward()  # another session
    out = capsys.readouterr().out
    assert "Hint 1 of 3" in out and "Hint 2 of 3" in out
    hint = open_unit(UNIT).hint
    hint.linear_forward(3)
    hint.linear_forward()  # the last stays
    assert capsys.readouterr().out.count("Hint 3 of 3") == 2
    with pytest.raises(WrongArgument, match="hints 1 to 3"):
        hint.linear_forward(4)


def test_a_damaged_file_is_set_aside_and_said_once(progress_file, capsys):
    progress_file.write_text('{"version": 1, "exercises": ')
    check = open_unit(UNIT).check
    check.linear_forward(right)
    check.linear_forward(right)
    out = capsys.readouterr().out
    assert out.count("was damaged") == 1
    aside = progress_file.with_suffix(".damaged.json")
    assert aside.read_text() == '{"version": 1, "exercises": '
    assert json.loads(progress_file.read_text())["exercises"][f"{UNIT}/linear_forward"]["passed"]


FOREIGN = (
    *("[]", '"text"', '{"version": 7}', '{"version": 1}', "\x00", "[" * 100_000),
    '{"version": 1, "exercises": {"a/b": {}}, "guesses": {}, "quiz": {}}',
    '{"version": 1, "exercises": {"a/b": 5}, "guesses": {}, "quiz": {}}',
    '{"version": 1, "exercises": {}, "guesses": {"a/b": 7}, "quiz": {}}',
    '{"version": 1, "exercises": {}, "guesses": {}, "quiz": {"a/b": ["c"]}}',
)


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_file_is_set_aside(progress_file, capsys, content):
    progress_file.write_text(content)
    assert progress.read() == progress.empty()
    assert progress_file.with_suffix(".damaged.json").read_text() == content


def test_a_second_damaged_file_does_not_replace_the_first(progress_file):
    for content in ("one", "two"):
        progress_file.write_text(content)
        progress.read()
    assert progress_file.with_suffix(".damaged.json").read_text() == "one"
    assert progress_file.with_suffix(".damaged1.json").read_text() == "two"


def test_a_working_folder_that_is_gone_is_no_obstacle(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    open_unit(UNIT).check.linear_forward(right)
    assert "correct (2 points)" in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_said_once_and_the_check_works(
    tmp_path, monkeypatch, capsys
):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(blocked / "progress.json"))
    monkeypatch.setattr(progress, "_told", set())
    check = open_unit(UNIT).check
    check.linear_forward(right)
    check.linear_forward(right)
    out = capsys.readouterr().out
    assert out.count("could not be saved") == 1
    assert out.count("correct (2 points)") == 2


def test_a_crash_while_writing_keeps_the_old_file(progress_file, monkeypatch):
    open_unit(UNIT).check.linear_forward(wrong)
    before = progress_file.read_text()

    def crash(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", crash)
    open_unit(UNIT).check.linear_forward(right)
    assert progress_file.read_text() == before
    assert os.listdir(progress_file.parent) == [progress_file.name], "nothing half-written is left"


def test_several_kernels_lose_nothing(progress_file):
    def attempts():
        for _ in range(20):
            progress.record_attempt(UNIT, "linear_forward", False)

    kernels = [threading.Thread(target=attempts) for _ in range(4)]
    for k in kernels:
        k.start()
    for k in kernels:
        k.join()
    entry = json.loads(progress_file.read_text())["exercises"][f"{UNIT}/linear_forward"]
    assert entry["attempts"] == 80


def test_nothing_is_recorded_under_nbgrader_or_in_solutions(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    for name in ("notebooks", "exercises", "solutions/01_linear_layers"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "exercises")
    assert progress.location() != tmp_path / progress.FILE_NAME, "somebody else's project"
    (tmp_path / "notebooks" / "00_welcome.ipynb").write_text("{}")
    assert progress.location() == tmp_path / progress.FILE_NAME
    monkeypatch.chdir(tmp_path / "solutions" / "01_linear_layers")
    assert progress.location() is None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert progress.location() is None


def test_deleting_the_file_loses_nothing_else(progress_file):
    check = open_unit(UNIT).check
    check.linear_forward(right)
    progress_file.unlink()
    check.linear_forward(right)
    assert progress_file.exists()
    with pytest.raises(UnknownName, match="Did you mean '01_linear_layers'"):
        open_unit("01_linear_layer")
