"""Grading on a Dask cluster of two worker processes: the same marks as here, each of them once."""

import dataclasses
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from course_lib.errors import EnvironmentProblem
from course_lib.grading import cluster, jobs
from course_lib.grading.cluster import run_on_cluster
from course_lib.grading.grade import grade
from course_lib.grading.jobs import Job
from course_lib.grading.results import State, from_json
from course_lib.grading.running import run_here
from course_lib.grading.sandbox import best_layer
from course_lib.layout import Layout
from tests.seeds import long

distributed = pytest.importorskip("distributed")

UNIT = Layout(Path(__file__).parents[1]).units(("1",))[0]
NOBODY = "tcp://127.0.0.1:1"  # no scheduler listens there


def notebooks(number):
    """student → notebook: solved, blank, and with one wrong answer, in turn."""
    solved, blank = UNIT.solution.read_text(), UNIT.exercises.read_text()
    wrong = json.loads(solved)
    cell = next(
        c
        for c in wrong["cells"]
        if c["metadata"].get("nbgrader", {}).get("solution") and "return " in "".join(c["source"])
    )
    cell["source"] = "".join(cell["source"]).replace("return ", "return -", 1)
    kinds = (solved, blank, json.dumps(wrong))
    return {f"student{i:02}": kinds[i % 3] for i in range(number)}


def job(student, text=""):
    blank = UNIT.exercises.read_bytes()
    text = text.encode() or blank
    return Job(student, UNIT.name, text, UNIT.exercise_file, blank, 5, best_layer())


class Deadly(SimpleNamespace):
    """A job that ends the process which takes it up."""

    def __reduce__(self):
        return os._exit, (1,)


def deadly(student):
    return Deadly(student=student, unit=UNIT.name, name="", layer=best_layer())


def without_time(result):
    return dataclasses.replace(result, seconds=0.0)


@pytest.fixture(scope="module")
def workers():
    """A cluster on this machine; it leaves no process behind."""
    before = set(psutil.Process().children(recursive=True))
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            local_directory=folder,
        ) as found,
    ):
        yield found
    left = [
        p
        for p in set(psutil.Process().children(recursive=True)) - before
        if "resource_tracker" not in " ".join(p.cmdline())  # Python's own, of this process
    ]
    assert not psutil.wait_procs(left, timeout=10)[1]


def test_every_mark_arrives_once_when_a_worker_is_killed(workers, tmp_path):
    for student, text in notebooks(8).items():
        folder = tmp_path / "submitted" / student / UNIT.name
        folder.mkdir(parents=True)
        (folder / UNIT.exercise_file).write_text(text)
    arrived, victims = [], []

    def run_all(todo, number):
        for done, text in run_on_cluster(workers.scheduler_address)(todo, number):
            arrived.append(done.student)
            if len(arrived) == 3:
                worker = psutil.Process(workers.workers[0].process.pid)
                victims.extend([worker, *worker.children(recursive=True)])
                worker.send_signal(signal.SIGKILL)
            yield done, text

    graded = grade(tmp_path / "submitted", UNIT, tmp_path / "out", seed=5, run_all=run_all)
    assert len(victims) > 1  # it had a process for students' code
    assert not psutil.wait_procs(victims, timeout=10)[1]  # which went with it
    assert sorted(arrived) == sorted(notebooks(8))

    here = [without_time(from_json(jobs.run(job(*item)))) for item in notebooks(3).items()]
    solved, blank, wrong = here
    jobs.close_all()
    assert (solved.earned, blank.earned) == (solved.points, 0)
    assert 0 < wrong.earned < wrong.points
    for number, there in enumerate(graded.results):
        who = {"student": there.student, "notebook": there.notebook}
        assert without_time(there) == dataclasses.replace(here[number % 3], **who)


@long
def test_a_job_that_workers_die_of_has_crashed_and_costs_nobody_else(workers, monkeypatch):
    monkeypatch.setattr(workers.scheduler, "allowed_failures", 0)
    todo = [deadly("ann"), job("bob"), job("cem"), job("dan"), job("eve")]
    found = list(run_on_cluster(workers.scheduler_address)(todo, 1))
    states = {j.student: from_json(text).state for j, text in found}
    assert len(found) == len(todo)
    assert states == {"ann": State.CRASHED} | dict.fromkeys(
        ("bob", "cem", "dan", "eve"), State.NOT_ATTEMPTED
    )


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "module, name, value, said",
    [
        ("jobs", "declaration_hash", "another-version", "has course_lib another-vers in place of"),
        ("sandbox", "works", None, f"has sandbox limits in place of {best_layer()}"),
    ],
)
def test_a_worker_that_would_grade_differently_is_refused_by_name(
    workers, monkeypatch, late, module, name, value, said
):
    """Whether it is there before the first job, or comes while others are done."""

    def pretend(back):  # in the worker
        import importlib

        from course_lib.grading import sandbox

        place = importlib.import_module(f"course_lib.grading.{module}")
        if back:
            setattr(place, name, place.kept)
        else:
            place.kept = getattr(place, name)
            setattr(place, name, lambda *layer: value or layer == ("limits",))
        sandbox.best_layer.cache_clear()

    if late:
        monkeypatch.setattr(cluster, "_require_alike", lambda *_: None)
    with distributed.Client(workers, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        address = min(client.nthreads())
        client.run(pretend, False, workers=[address])
        try:
            with pytest.raises(EnvironmentProblem) as refused:
                list(run_on_cluster(workers.scheduler_address)([job(f"s{i}") for i in range(4)], 1))
        finally:
            client.run(pretend, True, workers=[address])
        (other,) = set(client.nthreads()) - {address}
    assert address in str(refused.value) and said in str(refused.value)
    assert other not in str(refused.value)


def test_a_cluster_that_is_not_there_is_told_by_its_address():
    began = time.monotonic()
    with pytest.raises(EnvironmentProblem, match=r"tcp://127.0.0.1:1'.*dask scheduler"):
        list(run_on_cluster(NOBODY, patience=0.5)([job("ann")], 1))
    assert time.monotonic() - began < 20
    with pytest.raises(EnvironmentProblem, match="No Dask scheduler answers at 'head office'"):
        list(run_on_cluster("head office", patience=0.5)([job("ann")], 1))
    assert list(run_on_cluster(NOBODY, patience=0.5)([], 1)) == []  # nothing to ask it for


def test_a_cluster_without_workers_or_that_goes_away(tmp_path):
    at = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    command += ["--port", "0", "--no-dashboard", "--scheduler-file", str(at)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as alone:
        try:
            until = time.monotonic() + 30
            while not at.exists() or not at.read_text():
                assert time.monotonic() < until and alone.poll() is None
                time.sleep(0.1)
            address = json.loads(at.read_text())["address"]
            with pytest.raises(EnvironmentProblem, match=f"no worker for 3 s.* {address} "):
                list(run_on_cluster(address, patience=3)([job("ann")], 1))
            threading.Timer(1, alone.kill).start()
            with pytest.raises(EnvironmentProblem, match=f"scheduler at {address} was lost"):
                list(run_on_cluster(address, patience=3)([job("ann")], 1))
        finally:
            alone.kill()


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install .*\[cluster\]"):
        run_on_cluster(NOBODY)


def test_a_process_grades_one_submission_at_a_time(monkeypatch):
    at_work = []

    def run(student):
        at_work.append(student)
        time.sleep(0.05)
        assert at_work == [student]
        return at_work.pop()

    monkeypatch.setattr("course_lib.grading.jobs.run", run)
    wanted = cluster.told("limits")
    results = []
    threads = [
        threading.Thread(target=lambda s=s: results.append(cluster.do(pickle.dumps(s), wanted)))
        for s in ("ann", "bob", "cem")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["ann", "bob", "cem"]


@pytest.mark.parametrize("processes", [1, 2])
def test_here_too_a_deadly_job_costs_nobody_else(monkeypatch, processes):
    monkeypatch.setattr("course_lib.grading.jobs.run", attrgetter("student"))
    monkeypatch.setattr("course_lib.grading.running._leave_with_parent", int)  # loads no torch
    honest = [SimpleNamespace(student=s) for s in ("ann", "cem", "dan", "eve", "fay")]
    todo = [honest[0], deadly("bob"), *honest[1:]]
    found = {j.student: text for j, text in run_here(todo, processes)}
    assert from_json(found.pop("bob")).state is State.CRASHED
    assert found == {j.student: j.student for j in honest}
