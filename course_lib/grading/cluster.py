"""The same jobs on more than one machine: on a Dask cluster, known by its scheduler's address.

    grade(…, run_all=run_on_cluster("tcp://head:8786"))

The course is installed on the scheduler's and on every worker's machine in the same versions;
before the first job each worker is asked, for other versions could give other marks. A worker
process grades one submission at a time, however many threads it has, since a check sets the
generators and defaults that all threads share: `dask worker ADDRESS --nworkers 4 --nthreads 1`.

Whoever reaches the scheduler can run code on all workers: keep it in a network that you trust, or
set up TLS as Dask's documentation says. Under the layer "limits" students' code reaches it, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import platform
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING

from course_lib.errors import CourseError, EnvironmentProblem

if TYPE_CHECKING:  # the scheduler imports this file, and needs no torch
    from distributed import Client, Future

    from course_lib.grading.jobs import Job

PATIENCE = 30.0  # seconds, for a scheduler that is silent and for workers that are yet to come
START = 120.0  # seconds, for a worker to load torch
LOOK = 5.0  # seconds, after which it is looked whether there are workers still

_one_at_a_time = threading.Lock()  # in a worker's process


def run_on_cluster(
    address: str, patience: float = PATIENCE
) -> Callable[[list[Job], int], Iterator[tuple[Job, str]]]:
    """What `grade` takes as `run_all`: does jobs on the cluster of the scheduler at `address`.

    A worker that dies takes no mark with it: Dask gives its jobs to another. A job that Dask gives
    up, since as many workers died with it as the scheduler allows (3 and one more), is done again
    by itself in the end; if workers die of it then as well, its state is "crashed".

    patience : seconds to wait for the scheduler, and for a worker while there is none.
    Raises `EnvironmentProblem` without the package `distributed`; the function that is returned
    raises it for a cluster that cannot be reached, a worker that would grade differently, and one
    that cannot build the walls that are asked for.
    """
    _distributed()

    def run_all(todo: list[Job], _workers: int) -> Iterator[tuple[Job, str]]:
        if not todo:
            return
        with _connected(address, patience) as client:
            try:
                _require_alike(client, todo)
                yield from _run(client, todo, patience)
            except _connection_errors() as problem:
                raise EnvironmentProblem(
                    f"The connection to the Dask scheduler at {address} was lost. What is graded "
                    "is kept: grade again for the rest."
                ) from problem

    return run_all


def _distributed() -> ModuleType:
    try:
        import distributed
    except ImportError:
        raise EnvironmentProblem(
            "Grading on a cluster needs the package distributed, which is not installed. "
            "Run: pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    return distributed


# -- on this side ---------------------------------------------------------------------------------


@contextlib.contextmanager
def _connected(address: str, patience: float) -> Iterator[Client]:
    """A client of the cluster."""
    try:
        client = _distributed().Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError, TypeError) as problem:
        raise EnvironmentProblem(
            f"No Dask scheduler answers at {address!r} (tried for {patience:g} s). Start one with "
            f"`dask scheduler`, and give the address that it prints. [{_one_line(problem)}]"
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            client.run(_make_room, on_error="ignore")
        client.close()


def _connection_errors() -> tuple[type[BaseException], ...]:
    from distributed.client import FutureCancelledError, FuturesCancelledError

    return OSError, FutureCancelledError, FuturesCancelledError


def _one_line(problem: Exception) -> str:
    return " ".join(f"{type(problem).__name__}: {problem}".split())


def _require_alike(client: Client, todo: list[Job]) -> None:
    """Ask each worker what it has, before it gets a job."""
    wanted = _wanted(todo[0])
    problems = []
    for worker, found in client.run(_introduce, todo[0].layer, on_error="return").items():
        if isinstance(found, Exception):
            why = f"cannot say what it has ({_one_line(found)})"
        else:
            why = _differences(found, wanted)
        problems += [f"  {worker} {why}"] if why else []
    if problems:
        raise EnvironmentProblem(
            "These workers would grade differently from this machine:\n"
            + "\n".join(problems)
            + "\nInstall there what is installed here, start them again, and grade again."
        )


def _wanted(job: Job) -> dict[str, str]:
    """What a worker must have to do a job."""
    return told(job.layer) | {"sandbox": job.layer}


def _differences(found: dict[str, str], wanted: dict[str, str]) -> str:
    """What a worker has that may make other marks, in words; "" for nothing."""
    return ", ".join(
        f"has {name} {found.get(name, 'unknown')} in place of {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    )


def _run(client: Client, todo: list[Job], patience: float) -> Iterator[tuple[Job, str]]:
    from distributed import KilledWorker

    from course_lib.grading.running import lost

    suspects = []
    for job, future in _done(client, todo, patience):
        try:
            yield job, future.result()
        except KilledWorker:  # of this job, or of another that was under way there
            suspects.append(job)
    for suspect in suspects:
        for job, future in _done(client, [suspect], patience):
            try:
                yield job, future.result()
            except KilledWorker:
                yield job, lost(job)


def _done(client: Client, todo: list[Job], patience: float) -> Iterator[tuple[Job, Future]]:
    """Jobs with their futures, as these are done; for each worker a few jobs are under way."""
    from distributed import wait

    from course_lib.grading.running import WAITING

    queue = iter(todo)
    waiting: dict[Future, Job] = {}
    seen = time.monotonic()  # when there was a worker
    while True:
        workers = len(client.nthreads())
        if workers:
            seen = time.monotonic()
        elif time.monotonic() - seen > patience:
            raise EnvironmentProblem(
                f"The Dask cluster has had no worker for {patience:g} s. Start some with `dask "
                f"worker {client.scheduler.address} --nthreads 1`. What is graded is kept."
            )
        for job in islice(queue, max(0, WAITING * workers - len(waiting))):
            waiting[_submitted(client, job)] = job
        if waiting:
            ready = ()
            with contextlib.suppress(TimeoutError), client.as_current():
                ready = wait(list(waiting), LOOK, "FIRST_COMPLETED").done
            for future in ready:
                yield waiting.pop(future), future
        elif workers:
            return
        else:
            time.sleep(min(LOOK, patience / 10))


def _submitted(client: Client, job: Job) -> Future:
    with warnings.catch_warnings():  # a notebook full of pictures is sent once, and to one worker
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        return client.submit(do, pickle.dumps(job), _wanted(job), pure=False)


# -- on a worker ----------------------------------------------------------------------------------


def told(layer: str) -> dict[str, str]:
    """What the marks depend on besides the job, as this machine has it."""
    import numpy
    import torch

    from course_lib.grading.jobs import declaration_hash, environment_hash
    from course_lib.grading.sandbox import best_layer, works

    return {
        "course_lib": declaration_hash()[:12],
        "Python": platform.python_version(),
        "machine": platform.machine(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "environment": environment_hash()[:12],
        "sandbox": layer if works(layer) else best_layer(),
    }


async def _introduce(layer: str) -> dict[str, str]:
    return await asyncio.wait_for(asyncio.to_thread(told, layer), START)


def do(packed: bytes, wanted: dict[str, str]) -> str:
    """Do one job, unless this worker, which may have come late, would grade differently.

    packed : the pickled job; the scheduler, which looks at what it passes on, need not know it.
    """
    from distributed import get_worker

    from course_lib.grading import jobs

    with _one_at_a_time:
        try:
            why = _differences(told(wanted["sandbox"]), wanted)
            if why:
                raise EnvironmentProblem(why)
            return jobs.run(pickle.loads(packed))
        except (CourseError, OSError) as problem:
            raise EnvironmentProblem(f"Worker {get_worker().address}: {problem}") from None


def _make_room() -> None:
    """End the process with torch that waits for more, once nothing is under way."""

    def close() -> None:
        with _one_at_a_time:
            sys.modules[jobs].close_all()

    jobs = "course_lib.grading.jobs"
    if jobs in sys.modules:  # or none was done here
        threading.Thread(target=close, daemon=True).start()
