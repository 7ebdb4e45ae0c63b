"""Exercises whose answer returns a dictionary: the order of its keys does not matter."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from course_lib.exercises.cases import Case
from course_lib.exercises.comparison import Difference
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import Observation
from course_lib.exercises.verdicts import Verdict


def in_order(value: Any) -> Any:
    """The same value with the keys of each dictionary in alphabetical order."""
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value, key=str)}
    if type(value) in (tuple, list):
        return type(value)(in_order(item) for item in value)
    return value


class DictionaryExercise(FunctionExercise):
    """A function whose dictionaries are compared by key.

    form : what is to be returned, in words, for an answer with other keys.
    """

    def __init__(self, reference: Callable, *, form: str, **header: Any):
        super().__init__(reference, **header)
        self.form = form

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`, its dictionaries put into order."""

        def ordered(*args: Any) -> Any:
            return in_order(answer(*args))

        if inspect.isfunction(answer):
            ordered.__name__ = answer.__name__
        return super().observe(ordered, case, seed)

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        """Other keys, or something else around them, are told in the words of `form`."""
        leaves = seen[at].leaves
        if found.aspect == "result" and None not in leaves.values():
            parts = ", ".join(path or "one value" for path in leaves) or "nothing"
            found = replace(found, sentence=f"Return {self.form}. What came back: {parts}.")
        return super()._wrong(trial, seen, at, found)
