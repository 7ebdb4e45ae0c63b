"""The benchmark of grading: what it hands in, and what it makes of the times."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import grading
from benchmarks.grading import KINDS, Run, as_markdown, parse, shown, steady, submission
from course_lib.layout import Layout

UNIT = Layout(Path(__file__).parents[1]).units(("1",))[0]


def test_a_steady_rate_leaves_out_the_start():
    assert steady([100.0, 103.0, 106.0, 109.0], 1) == 20  # from the second on: two in 6 s
    assert steady([30.0, 10.0, 20.0, 12.0, 21.0, 22.0, 24.0], 2) == 20  # from 21 s on: three in 9 s
    assert steady([5.0, 8.0], 2) == 20  # too few to leave out so many


def test_submissions_take_turns_and_no_two_are_alike():
    solved, blank = UNIT.solution.read_text(), UNIT.exercises.read_text()
    texts = [submission(number, solved, blank) for number in range(12)]
    assert len(set(texts)) == 12

    def answers(text):
        return [c["source"] for c in grading.cells(json.loads(text), "solution")]

    right, empty = answers(solved), answers(blank)
    for number, text in enumerate(texts):
        like = Counter(
            "".join(mine) == "".join(theirs)
            for mine, theirs in zip(answers(text), right, strict=True)
        )
        changed = {"solved": 0, "half solved": 4, "one wrong": 1, "blank": 8}
        assert like[False] == changed[KINDS[number % 4]]
    assert answers(texts[3]) == empty
    assert answers(texts[2]) != answers(texts[6])  # another answer is wrong
    checks = [c["source"] for c in grading.cells(json.loads(texts[1]), "grade")]
    assert checks == [c["source"] for c in grading.cells(json.loads(solved), "grade")]


def example(points):
    theirs = Run("nbgrader autograde", 4, 1, 24.0, [4, 8, 14, 20], {"s0": 18, "s1": 9}, 2**29, 2)
    ours = [
        Run("ours", n, 1, 10.0, [4.0 + 0.5 * i for i in range(n)], points, memory, 6)
        for n, memory in ((10, 2**30), (40, int(1.1 * 2**30)))
    ]
    runs = [run.as_json(theirs.points) for run in (theirs, *ours)]
    return {"command": "python -m benchmarks.grading", "conditions": {"unit": "u"}, "runs": runs}


def test_the_table_holds_rates_ratios_and_memory():
    text = as_markdown(example({"s0": 18.0, "s1": 9.0, "s2": 3.0}))
    theirs, few, many = (line for line in text.splitlines() if line.startswith(("| nb", "| ours")))
    assert theirs == "| nbgrader autograde | 4 | 1 | 10.0 | 1 | 10.0 | 1 | 512 | 2 |"
    assert few == "| ours | 10 | 1 | 120.0 | **12.0** | 60.0 | **6.0** | 1,024 | 6 |"
    assert "| 240.0 | **24.0** |" in many
    assert "1 worker: 40 submissions take +10% of the memory of 10" in text
    assert "The points are nbgrader's in every run." in text


def test_other_points_than_nbgraders_are_told():
    text = as_markdown(example({"s0": 17.0, "s1": 9.0}))
    assert "differ from nbgrader's:** s0." in text


@pytest.mark.parametrize("quick", [True, False])
def test_the_command_is_shown_in_full(quick):
    options = parse(["--quick"] if quick else ["--unit", "2", "--workers", "1"])
    again = parse(shown(options).split()[3:])
    again.quick = quick
    assert again == options
