"""Exercises whose answer reads or writes a file.

The answer runs in a fresh folder (`stages.files`); what it leaves there is told in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.exercises.cases import Case
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.observations import Observation, observe_call
from course_lib.stages import staged
from course_lib.stages.files import Sample


class FileExercise(FunctionExercise):
    """A function that works on files. `session` calls it and tells what it did.

    session : a stage, from (answer, seed, *the case's arguments) to outputs that are compared with
        those of the reference.
    """

    def __init__(self, reference: Callable, *, session: Callable[..., Any], **header: Any):
        super().__init__(reference, gradients=False, **header)
        self.session = session

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`, in a folder of its own."""

        def told(*args: Any) -> Any:
            plain = (a.as_plain() if isinstance(a, Sample) else a for a in args)
            return staged(self.session, answer, seed, *plain)

        return observe_call(told, case, False, seed)
