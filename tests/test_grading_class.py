"""A whole class, with the grader killed meanwhile: every mark is right, none lost, none twice.

`make test-class` grades 300 submissions, and kills the grader three times (`COURSE_CLASS`).
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from course_lib.grading.reports import write_reports
from course_lib.grading.results import from_json
from tests.grading_class import make_class

ROOT = Path(__file__).parents[1]
NUMBER = int(os.environ.get("COURSE_CLASS", "10"))
KILLS = 3 if NUMBER >= 100 else 1


def started(source, out):
    command = [sys.executable, "-m", "tests.grading_class", str(source), str(out)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def known(out):
    """The results that are written, with the moment at which they were."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "results").glob("*.json")}


def test_a_class_is_graded_whatever_happens_to_the_grader(tmp_path):
    source, out = tmp_path / "submitted", tmp_path / "out"
    marks = make_class(source, NUMBER, seed=5)
    draw = random.Random(7)
    before = {}
    for _ in range(KILLS):
        grader = started(source, out)
        wanted = draw.randrange(1, 2 + NUMBER // (KILLS + 2))
        while len(known(out)) < min(len(before) + wanted, NUMBER - 1) and grader.poll() is None:
            time.sleep(0.02)
        time.sleep(draw.random() / 2)  # at any moment, not only after a result
        below = psutil.Process(grader.pid).children(recursive=True)
        grader.send_signal(signal.SIGKILL)
        grader.communicate()
        _, alive = psutil.wait_procs(below, timeout=30)
        assert not alive, "whatever the grader had started ends with it"
        after = known(out)
        assert before.items() <= after.items(), "what is known is neither lost nor done again"
        before = after
    grader = started(source, out)
    told = json.loads(grader.communicate(timeout=3000)[0])
    assert grader.returncode == 0
    assert before.items() <= known(out).items()
    assert len(told["kept"]) == len(before)
    assert not told["stale"] and len(told["kept"]) + len(told["fresh"]) == NUMBER

    results = [from_json(p.read_text()) for p in sorted((out / "results").glob("*.json"))]
    assert [r.student for r in results] == sorted(marks)
    found = {r.student: r.earned if r.exercises else None for r in results}
    assert found == marks
    assert len({r.seed for r in results if r.exercises}) == 1
    write_reports(results, tmp_path / "report")
    rows = (tmp_path / "report" / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 1 + NUMBER
