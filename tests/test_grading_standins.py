"""An answer in another process gets the verdict that it gets in this one."""

import contextlib
import os
import socket

import pytest

from course_lib.exercises import all_units
from course_lib.exercises.functions import FunctionExercise
from course_lib.grading.notebooks import plan, read_notebook
from course_lib.grading.standins import Remote, stand_in
from course_lib.grading.student import serve
from course_lib.grading.wire import Wire
from course_lib.layout import Layout
from tests.seeds import some

GIVEN = {}  # by exercise, what its notebook imports above it
for unit in Layout.find().released():
    blank = read_notebook(unit.exercises)
    GIVEN |= plan(blank, blank, [e.name for u in all_units() for e in u.exercises]).given

EXERCISES = [
    pytest.param(e, id=f"{u.name}-{e.name}")
    for u in all_units()
    for e in u.exercises
    if isinstance(e, FunctionExercise)
]


class Names:
    """What a notebook defines, given as a dictionary."""

    def __init__(self, names):
        self.names = names

    def find(self, name):
        return self.names.get(name, ...)


@contextlib.contextmanager
def elsewhere(names):
    """A process forked from this one that answers calls of `names`."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        with contextlib.suppress(BaseException):
            serve(Wire(theirs), Names(names))
        os._exit(0)
    theirs.close()
    try:
        yield Remote(Wire(ours), 20)
    finally:
        ours.close()
        os.waitpid(child, 0)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_verdict_is_the_same(exercise):
    answers = {"reference": exercise.reference, "blank": exercise.blank()}
    answers |= {f"style {i}": style for i, style in enumerate(some(exercise.styles, 1))}
    answers |= {m.name: m.answer for m in some(exercise.misconceptions, 3)}
    with elsewhere(answers) as remote:
        remote.given = GIVEN.get(exercise.name, ())
        for name, answer in answers.items():
            here = exercise.examine(answer, 3)
            there = exercise.examine(stand_in(remote, name), 3)
            assert not remote.borrowed, name
            assert there.status is here.status, f"{name}: {there}"
            assert there.misconception == here.misconception, f"{name}: {there}"
            assert there.message.replace(name, "") == here.message.replace(name, ""), name
