"""Exercises with a case in which a row of a table is all zeros.

An answer may be wrong in two ways at once: along the wrong axis, say, and NaN at the zeros besides.
It is then told about the former, which shows in the other cases as well.
"""

from collections.abc import Sequence

from torch import Tensor

from course_lib.exercises.cases import Case
from course_lib.exercises.comparison import Difference, alike
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import Observation


def zero_rows(case: Case) -> Tensor:
    """Which rows of a case's first argument are zeros: (rows,) of bool."""
    return (next(iter(case.args.values())) == 0).all(dim=1)


class ZeroRowExercise(FunctionExercise):
    """Recognises a misconception by the cases without zero rows, where all cases will not do."""

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        known = super()._recognise(trial, seen, at, found)
        plain = [i for i, case in enumerate(trial.cases) if not zero_rows(case).any()]

        def same(answer) -> bool:
            return all(alike(trial.observed(answer, i), seen[i], self.tolerance) for i in plain)

        if known is not None or same(self.reference):
            return known
        return next((m for m in self.misconceptions if same(m.answer)), None)
