"""Progress bars: seen by someone who waits, silent where a notebook is stored."""

import sys

import pytest

from course_lib import progress_bar


def test_a_bar_counts_to_the_end(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert list(progress_bar(range(4), desc="training", file=sys.stderr)) == [0, 1, 2, 3]
    shown = capsys.readouterr().err
    assert "training: 100%" in shown and "4/4" in shown


@pytest.mark.parametrize(("value", "silent"), [("1", True), ("true", True), ("0", False)])
def test_the_switch_silences_it(monkeypatch, capsys, value, silent):
    monkeypatch.setenv("TQDM_DISABLE", value)
    assert list(progress_bar([7], file=sys.stderr)) == [7]
    assert (capsys.readouterr().err == "") is silent
