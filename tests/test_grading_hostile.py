"""Cheats, floods, crashes and broken files: each gets the mark and the state that it must get.

`hostile_answers` lists them. No cheat gains a point, and what breaks one exercise costs no other.
"""

import dataclasses
import json
import os
import subprocess

import nbformat
import psutil
import pytest

from course_lib.errors import EnvironmentProblem
from course_lib.exercises import load_unit
from course_lib.grading import jobs, sandbox
from course_lib.grading.examiner import Examiner, Limits, StudentProcesses
from course_lib.grading.grade import grade
from course_lib.grading.notebooks import plan
from course_lib.grading.results import from_json
from course_lib.layout import Layout
from tests.hostile_answers import ANSWER, ANSWERS, FILES

UNIT = Layout.find().units(("1",))[0]
SHORT = Limits(cell=1.0, call=1.0, exercise=4.0, submission=60.0, memory=1 << 28, file=8 << 20)
OTHERS = ("count_parameters", "predict_shapes")  # below it in the notebook: must still be marked


def solved():
    return nbformat.read(UNIT.solution, as_version=4)


@pytest.fixture(scope="module")
def examiner():
    """Of two exercises, with a secret in the grader's own environment."""
    whole = load_unit(UNIT.name)
    few = tuple(e for e in whole.exercises if e.name in (ANSWER, *OTHERS))
    os.environ["GRADER_SECRET"] = "linear_forward"
    with Examiner(dataclasses.replace(whole, exercises=few), 7, SHORT) as made:
        yield made
    del os.environ["GRADER_SECRET"]


@pytest.fixture(scope="module")
def released():
    return nbformat.read(UNIT.exercises, as_version=4)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_an_answer_gets_what_it_must(case, examiner, released):
    names = [e.name for e in examiner.unit.exercises]
    result = examiner.grade("student", plan(case.handed_in(solved()), released, names))
    lost = {e.exercise: str(e.state) for e in result.exercises if e.earned < e.points}
    told = {e.exercise: e.message for e in result.exercises}
    if case.spoils:
        assert lost[ANSWER] == case.lost[ANSWER], told
    else:
        assert lost == case.lost, told
    assert all(0 <= e.earned <= e.points for e in result.exercises)
    for e in result.exercises:
        assert e.exercise not in lost or e.message, "what is lost is explained"
    left = examiner.processes
    assert processes_below(left.zygote.pid) <= 2, "nothing that a student started is left"


def processes_below(process):
    """How many processes there are, the sandbox's own (bubblewrap's, the zygote) included."""
    return len(psutil.Process(process).children(recursive=True))


def test_files_get_what_they_must(tmp_path, released):
    """All in one folder: none keeps another from being graded."""
    source = tmp_path / "submitted"
    source.mkdir()
    for n, file in enumerate(FILES):
        content = file.make(solved(), nbformat.read(UNIT.exercises, as_version=4))
        if isinstance(content, nbformat.NotebookNode):
            content = json.dumps(content)  # as it is: nbformat would mend it
        content = content.encode() if isinstance(content, str) else content
        (source / f"s{n:02}.ipynb").write_bytes(content)
    (source / "linked.ipynb").symlink_to(UNIT.solution)
    os.mkfifo(source / "pipe.ipynb")
    graded = grade(
        source, UNIT, tmp_path / "out", workers=2, seed=3, limits=SHORT, students=["absent"]
    )
    found = {r.student: r for r in graded.results}
    assert str(found["absent"].state) == "missing"
    assert str(found["linked"].state) == "refused"
    assert str(found["pipe"].state) in ("refused", "unreadable")
    for n, file in enumerate(FILES):
        result = found[f"s{n:02}"]
        told = (file.name, result.remarks, result.repairs)
        assert str(result.state) == file.state, told
        assert (result.earned if result.exercises else None) == file.earned, told
        if file.earned is None:
            assert result.remarks, f"{file.name}: why there is no mark is said"


@pytest.mark.parametrize("layer", ["unshare", "limits"])
def test_other_layers_hold_too(layer, released):
    """Of what every layer promises; bubblewrap, where it is there, is tested above."""
    if not sandbox.works(layer):
        pytest.skip(f"{layer} is not to be had here")
    whole = load_unit(UNIT.name)
    few = tuple(e for e in whole.exercises if e.name in (ANSWER, *OTHERS))
    chosen = {"exits when called", "swallows interrupts when called", "leaves a daemon"}
    chosen |= {"a flood of memory", "the wire, with noise"}
    if layer != "limits" or os.getuid():  # the kernel lets root start as many as it likes
        chosen.add("forks without end")
    if layer == "unshare":
        chosen |= {"the network", "for the exercises' text", "kills all that it sees"}
        chosen |= {"out of its folder", "in another process's memory", "for the declarations"}
    names = [e.name for e in few]
    with Examiner(dataclasses.replace(whole, exercises=few), 7, SHORT, layer) as examiner:
        for case in ANSWERS:
            if case.name in chosen:
                chosen.discard(case.name)
                result = examiner.grade("student", plan(case.handed_in(solved()), released, names))
                lost = {e.exercise: str(e.state) for e in result.exercises if e.earned < e.points}
                assert lost == case.lost, case.name
                assert processes_below(examiner.processes.zygote.pid) <= 2, case.name
        folder = examiner.processes.folder
    assert not chosen, "all were tried"
    assert not folder.exists()


LOOKS = """
import os
places = (".", os.environ["TMPDIR"], "/dev/shm")
found = [name for place in places for _, _, files in os.walk(place) for name in files]
assert not found, found
for kind in ("shm", "sem", "msg"):
    with open(f"/proc/sysvipc/{kind}") as told:
        assert len(told.readlines()) == 1, kind
"""


def test_what_a_student_wrote_is_gone_for_the_next(examiner, released):
    leaves = [case for case in ANSWERS if case.name.startswith("leaves")]
    names = [e.name for e in examiner.unit.exercises]
    looks = solved()
    looks.cells.insert(0, nbformat.v4.new_code_cell(LOOKS))
    for case in leaves:
        examiner.grade("first", plan(case.handed_in(solved()), released, names))
    result = examiner.grade("second", plan(looks, released, names))
    assert not result.remarks


def test_the_suite_is_as_large_as_it_says():
    assert len(ANSWERS) + len(FILES) >= 60
    assert len({c.name for c in ANSWERS}) == len(ANSWERS)
    assert subprocess.run(["pgrep", "-f", "sleep 1000"], capture_output=True).returncode == 1


@pytest.mark.parametrize(("losses", "state"), [(1, "graded"), (3, "crashed")])
def test_the_process_with_torch_is_replaced_when_it_is_lost(losses, state, monkeypatch):
    """For want of memory, say. A submission that it is lost with again and again is given up."""
    lost = []
    begin = StudentProcesses.begin

    def ends_first(self):
        remote = begin(self)
        if len(lost) < losses:
            inside = psutil.Process(self.zygote.pid).children() or [self.zygote]
            lost.append(inside[0].kill())
        return remote

    monkeypatch.setattr(StudentProcesses, "begin", ends_first)
    blank = UNIT.exercises.read_bytes()
    job = jobs.Job("student", UNIT.name, blank, "n.ipynb", blank, 1, sandbox.best_layer(), SHORT)
    try:
        result = from_json(jobs.run(job))
    finally:
        jobs.close_all()
    assert len(lost) == losses
    assert str(result.state) == ("not attempted" if state == "graded" else state), result.remarks


def test_a_sandbox_that_does_not_start_is_told(monkeypatch):
    monkeypatch.setattr(sandbox, "_zygote", lambda *_: ["/bin/sh", "-c", "echo no torch >&2"])
    with (
        pytest.raises(EnvironmentProblem, match=r"did not start.*\n.*no torch"),
        Examiner(load_unit(UNIT.name), 1, SHORT) as made,
    ):
        made.processes.begin()
