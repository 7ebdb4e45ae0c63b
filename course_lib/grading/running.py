"""Jobs on processes of this machine; and what is to be said of one whose process was lost."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process

from course_lib.grading import jobs
from course_lib.grading.jobs import Job
from course_lib.grading.results import State, to_json

TRIES = 3  # at a job that ends the process that does it
WAITING = 2  # jobs that wait for each process: memory stays bounded however many submissions


def lost(job: Job) -> str:
    """The result of a job that ends every process that does it."""
    why = "The grader itself was ended while this submission was graded."
    told = {"notebook": job.name, "key": ""}  # without a key: it is graded again the next time
    return to_json(jobs.without_verdict(job.student, job.unit, State.CRASHED, why, told))


def run_here(todo: list[Job], workers: int) -> Iterator[tuple[Job, str]]:
    """Do jobs on `workers` processes, each job's result as soon as it is there.

    A process that dies takes no mark with it. Which of the jobs under way it died of cannot be
    told; so these are done again one at a time, and one of which a process then dies `TRIES` times
    gives the state "crashed".
    """
    if len(todo) == 1:  # a pool would load torch once more
        yield todo[0], jobs.run(todo[0])
        return
    left, suspects = list(todo), []
    deaths: Counter[str] = Counter()
    while left or suspects:
        at_once = 1 if suspects else workers * WAITING
        doing = suspects or left
        try:
            for job, text in _with_pool(doing, 1 if suspects else workers, at_once):
                doing.remove(job)
                yield job, text
        except BrokenProcessPool:
            if doing is left:
                suspects, left = left[:at_once], left[at_once:]
                continue
            deaths[suspects[0].student] += 1
            if deaths[suspects[0].student] == TRIES:
                job = suspects.pop(0)
                yield job, lost(job)


def _with_pool(todo: list[Job], processes: int, at_once: int) -> Iterator[tuple[Job, str]]:
    """Do jobs in their order, `at_once` of them under way."""
    queue = iter(list(todo))
    waiting: dict[Future, Job] = {}
    with ProcessPoolExecutor(processes, get_context("spawn"), _leave_with_parent) as pool:
        while True:
            for job in islice(queue, at_once - len(waiting)):
                waiting[pool.submit(jobs.run, job)] = job
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                text = future.result()
                yield waiting.pop(future), text


def _leave_with_parent() -> None:
    """End this process when the grader is gone, also when it was killed; a pool's would wait for
    ever. The process with torch, and a student's in it, notice that this one has left."""

    def leave() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
