"""The examiner: runs a student's notebook behind walls, and reaches the verdicts on this side.

The cells run in order, as they would in Jupyter. Where an exercise's check stands, the examiner
calls the answer with fresh inputs and compares what comes back with the reference. The inputs are
drawn from the grading's seed: they are the same for every student.

A cell or an answer that ends its process, or hangs and cannot be interrupted, costs no more than
itself: the notebook is begun anew without it, and what was marked before stays marked.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.errors import EnvironmentProblem, WrongArgument
from course_lib.exercises.declarations import Exercise
from course_lib.exercises.units import Unit
from course_lib.exercises.values import PredictionExercise
from course_lib.exercises.verdicts import Status, Verdict
from course_lib.grading import sandbox
from course_lib.grading.borrowing import ReferencesAreElsewhere
from course_lib.grading.notebooks import Plan, Step
from course_lib.grading.results import ExerciseResult, State, StudentResult
from course_lib.grading.standins import Remote, Stuck, TookTooLong, relayed, stand_in
from course_lib.grading.wire import MOST_TEXT, Wire
from course_lib.grading.zygote import LONGEST_ORDER

SHOWN_TO_STUDENTS = (
    "What is seen",
    "Right so far",
)  # of a verdict's details: no inputs, no results
FIRST_GRADIENT = "torch.fx.experimental.symbolic_shapes"  # loads it
START_SECONDS = 120  # for loading torch, on a machine that is busy


@dataclass(frozen=True)
class Limits:
    """What one submission may take. Times in seconds, room in bytes."""

    cell: float = 120.0  # one cell
    call: float = 20.0  # one call of an answer
    exercise: float = 60.0  # all calls of one exercise
    submission: float = 600.0  # everything
    memory: int = 3 << 30  # of one process, beyond what loading torch takes
    file: int = 64 << 20  # the largest file
    room: int = 256 << 20  # all files
    processes: int = 64  # and threads

    @property
    def of_process(self) -> dict[str, int]:
        """What the kernel holds."""
        cpu = int(self.submission) + 60
        return {"memory": self.memory, "cpu": cpu, "file": self.file, "processes": self.processes}


class ZygoteLost(EnvironmentProblem):
    """The process from which students' processes are forked has ended, or is silent."""


@contextlib.contextmanager
def _lost_if_broken() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ZygoteLost(
            f"The process from which students' processes are started has ended ({error})."
        ) from None


class StudentProcesses:
    """A zygote behind walls, and one student's process at a time.

    The zygote loads torch in the background; the first `begin` waits for it.
    """

    def __init__(self, layer: str, limits: Limits):
        self.layer, self.limits = layer, limits
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.zygote, self.folder = sandbox.start(layer, theirs.fileno(), limits.room)
        self.control.settimeout(START_SECONDS)
        self.memory, self.awaited = 0, ["ready"]

    def rehearse(self, cells: Sequence[str]) -> None:
        """Let the zygote run cells of the course, whose results all students' processes then have.

        This only saves time: what is too long for an order is left out.
        """
        order = json.dumps({"do": "rehearse", "cells": list(cells)}).encode()
        if len(order) < LONGEST_ORDER:
            with contextlib.suppress(OSError):  # `begin` will say that it has not started
                self.control.send(order)
            self.awaited.append("rehearsed")

    def begin(self) -> Remote:
        """Fork a student's process."""
        self.wait_until_ready()
        ours, theirs = socket.socketpair()
        ours.settimeout(self.limits.call)
        order = json.dumps({"do": "begin", "limits": self.limits.of_process}).encode()
        with theirs, _lost_if_broken():
            socket.send_fds(self.control, [order], [theirs.fileno()])
        self._reply()
        return Remote(Wire(ours), self.limits.call)

    def wait_until_ready(self) -> None:
        """Wait for the zygote. Raises `EnvironmentProblem` when it has not started."""
        while self.awaited:
            told: dict[str, Any] = {}
            with contextlib.suppress(ZygoteLost):
                told = self._reply()
            if self.awaited[0] not in told:
                raise EnvironmentProblem(
                    f"The process for students' code did not start.{self._said()}"
                )
            self.awaited.pop(0)

    def end(self, remote: Remote) -> None:
        """End it, with all that it has started."""
        remote.wire.end.close()
        with _lost_if_broken():
            self.control.send(b'{"do": "end"}')
        self.memory = max(self.memory, int(self._reply().get("memory", 0)))

    def close(self) -> None:
        """End the zygote itself."""
        self.control.close()
        try:
            self.zygote.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.zygote.kill()
            self.zygote.wait()
        self.zygote.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _reply(self) -> dict[str, Any]:
        try:
            message = self.control.recv(1 << 16)
        except OSError as error:
            raise ZygoteLost(
                f"The process from which students' processes are started is silent ({error})."
            ) from None
        if not message and not self.awaited:
            raise ZygoteLost("The process from which students' processes are started has ended.")
        return json.loads(message) if message else {}

    def _said(self) -> str:
        self.zygote.kill()
        said = self.zygote.stderr.read().decode(errors="replace").strip()
        return f" It said:\n{said[-2000:]}" if said else ""


# -- one submission -------------------------------------------------------------------------------


@dataclass
class _Course:
    """How far the grading of one submission has come."""

    results: dict[str, ExerciseResult] = field(default_factory=dict)
    broken: dict[int, tuple[State, str]] = field(default_factory=dict)  # steps that are not run
    failed: dict[str, tuple[State, str]] = field(default_factory=dict)  # by exercise: its cell
    remarks: list[str] = field(default_factory=list)


class Examiner:
    """Grades submissions of one unit, one after the other.

    rehearsed : cells of the released notebook; see `StudentProcesses.rehearse`.
    """

    def __init__(
        self,
        unit: Unit,
        seed: int,
        limits: Limits | None = None,
        layer: str | None = None,
        *,
        rehearsed: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ):
        self.unit, self.seed, self.limits = unit, seed, limits or Limits()
        self.processes = StudentProcesses(layer or sandbox.best_layer(), self.limits)
        self.processes.rehearse(rehearsed)
        self.clock = clock
        importlib.import_module(FIRST_GRADIENT)  # while the zygote loads torch

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.close()

    def grade(self, student: str, plan: Plan, **told: Any) -> StudentResult:
        """The marks of one submission. told : further fields of the `StudentResult`."""
        self.processes.wait_until_ready()
        began = self.clock()
        course = _Course()
        while not self._run_through(plan, course, began):
            pass
        for exercise in self.unit.exercises:
            if exercise.name not in course.results:
                course.results[exercise.name] = self._without_check(exercise, plan, course)
        results = tuple(course.results[e.name] for e in self.unit.exercises)
        return StudentResult(
            student,
            self.unit.name,
            _overall(results),
            results,
            repairs=tuple(plan.repairs),
            remarks=tuple(course.remarks),
            seed=self.seed,
            seconds=round(self.clock() - began, 2),
            **told,
        )

    def _run_through(self, plan: Plan, course: _Course, began: float) -> bool:
        """Run the steps that are left; False when the process was lost and another is needed."""
        remote = self.processes.begin()
        at = 0
        try:
            for at, step in enumerate(plan.steps):
                if at in course.broken or (
                    step.kind == "check" and step.exercise in course.results
                ):
                    continue
                if self.clock() - began > self.limits.submission:
                    course.remarks.append("The notebook as a whole took too long.")
                    course.broken |= dict.fromkeys(range(at, len(plan.steps)), (State.TIMEOUT, ""))
                    return True
                if step.kind == "run":
                    self._run(remote, step, course)
                else:
                    exercise = self._exercise(step.exercise)
                    remote.given, remote.borrowed = plan.given.get(exercise.name, ()), {}
                    course.results[step.exercise] = self._examine(remote, exercise, course)
        except Stuck as stuck:
            self._lost(stuck, at, plan.steps[at], course)
            return False
        finally:
            self.processes.end(remote)
        return True

    def _run(self, remote: Remote, step: Step, course: _Course) -> None:
        """Run a cell. One that fails is noted, and the next one is run, as nbgrader does it."""
        if len(step.source) > MOST_TEXT:
            said = f"{_place(step)} has more than {MOST_TEXT:,} characters and was not run."
            course.remarks.append(said)
            if step.exercise:
                course.failed[step.exercise] = State.REFUSED, said
            return
        order = {"source": step.source, "cell": step.cell or 0}
        reply = remote.ask("run", self.limits.cell, **order)
        if "raised" not in reply:
            return
        error = relayed(reply["raised"])
        if isinstance(error, TookTooLong):
            state = State.TIMEOUT
            said = f"{_place(step)} took longer than {self.limits.cell:g} s and was interrupted."
        else:
            taken = type(error).__name__ == ReferencesAreElsewhere.__name__
            state = State.TAMPERED if taken and step.exercise else State.GRADED
            line = getattr(error, "relayed_line", "")
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            said = f"{_place(step)} stopped with {told}" + (f" ({line})" if line else "") + "."
        course.remarks.append(said)
        if step.exercise:
            course.failed[step.exercise] = state, said

    def _examine(self, remote: Remote, exercise: Exercise, course: _Course) -> ExerciseResult:
        remote.until = time.monotonic() + self.limits.exercise
        try:
            answer = self._answer(remote, exercise)
            verdict = exercise.examine(answer, self.seed)
        except TookTooLong:
            return self._result(
                exercise,
                State.TIMEOUT,
                f"A call of your answer took longer than {self.limits.call:g} s, or all calls "
                f"together longer than {self.limits.exercise:g} s.",
            )
        except WrongArgument as problem:
            return self._result(exercise, State.GRADED, str(problem), status=Status.WRONG.value)
        except EnvironmentProblem:
            raise
        except Exception as problem:  # a fault of the exercise's own: it costs nobody else
            told = f"What your answer returned could not be judged ({type(problem).__name__})."
            course.remarks.append(f"{exercise.name}: {told}")
            return self._result(exercise, State.CRASHED, told)
        finally:
            remote.until = math.inf
        if remote.borrowed:
            names = ", ".join(f"`{name}`" for name in list(remote.borrowed)[:3])
            return self._result(
                exercise,
                State.TAMPERED,
                f"Your answer calls {names} of the course's own library, so it earns nothing. "
                "Write yourself what it does.",
            )
        return self._judged(exercise, verdict, course)

    def _answer(self, remote: Remote, exercise: Exercise) -> Any:
        if isinstance(exercise, PredictionExercise):
            return {f.name: stand_in(remote, f.name) for f in exercise.fields}
        return stand_in(remote, exercise.name)

    def _judged(self, exercise: Exercise, verdict: Verdict, course: _Course) -> ExerciseResult:
        if verdict.status is Status.BLANK:
            if exercise.name in course.failed:
                state, told = course.failed[exercise.name]
                status = Status.WRONG.value if state is State.GRADED else ""
                return self._result(exercise, state, told, status=status)
            return self._result(
                exercise,
                State.NOT_ATTEMPTED,
                "This is not written yet.",
                status=verdict.status.value,
            )
        return self._result(
            exercise,
            State.GRADED,
            verdict.message,
            status=verdict.status.value,
            earned=verdict.earned,
            misconception=verdict.misconception,
            seen=tuple(text for label, text in verdict.details if label in SHOWN_TO_STUDENTS),
        )

    def _lost(self, stuck: Stuck, at: int, step: Step, course: _Course) -> None:
        """The process hangs, is gone, or has sent nonsense: note what it was doing."""
        late = stuck.kind == "late"
        state = State.TIMEOUT if late else State.CRASHED
        how = {
            "late": "took too long and could not be interrupted",
            "closed": "ended the process",
            "malformed": "sent what is no reply",
            "too large": "sent more than may be sent",
        }[stuck.kind]
        course.broken[at] = state, how
        if step.kind == "check":
            exercise = self._exercise(step.exercise)
            told = f"Your answer {how} when it was called."
            course.results[step.exercise] = self._result(exercise, state, told)
            return
        told = f"{_place(step)} {how}."
        course.remarks.append(told)
        if step.exercise:
            exercise = self._exercise(step.exercise)
            course.results[step.exercise] = self._result(exercise, state, told)

    def _without_check(self, exercise: Exercise, plan: Plan, course: _Course) -> ExerciseResult:
        """An exercise that was not reached, or whose answer is nowhere."""
        if course.broken:
            told = "The notebook as a whole took too long, so this was not reached."
            return self._result(exercise, State.TIMEOUT, told)
        return self._result(exercise, State.NOT_ATTEMPTED, "No answer was found.")

    def _exercise(self, name: str | None) -> Exercise:
        return next(e for e in self.unit.exercises if e.name == name)

    def _result(
        self,
        exercise: Exercise,
        state: State,
        message: str,
        *,
        status: str = "",
        earned: float = 0.0,
        misconception: str | None = None,
        seen: tuple[str, ...] = (),
    ) -> ExerciseResult:
        hints = () if earned else exercise.hints
        return ExerciseResult(
            exercise.name,
            exercise.title,
            exercise.points,
            earned,
            state,
            status,
            message,
            misconception,
            seen,
            hints,
        )


def _place(step: Step) -> str:
    if step.exercise:
        return f"The cell with the answer to {step.exercise}"
    return "A cell of the course" if step.cell is None else f"Cell {step.cell}"


def _overall(results: tuple[ExerciseResult, ...]) -> State:
    """The state of a submission: the most serious one of its exercises."""
    states = {r.state for r in results}
    if states == {State.NOT_ATTEMPTED}:
        return State.NOT_ATTEMPTED
    order = (State.TAMPERED, State.CRASHED, State.TIMEOUT, State.REFUSED)
    return next((state for state in order if state in states), State.GRADED)
