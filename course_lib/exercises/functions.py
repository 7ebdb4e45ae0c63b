"""Exercises whose answer is code: a function, or a class (an `nn.Module`).

An answer is run on fresh cases and compared with the reference in value, shape, dtype,
gradients and side effects. A wrong one is compared with each misconception: the one that
behaves the same on every case names what went wrong.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from course_lib.errors import WrongArgument
from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference, alike, first_difference, kind_of, shown
from course_lib.exercises.declarations import (
    BEGIN,
    END,
    Exercise,
    Misconception,
    is_blank,
    source_of,
)
from course_lib.exercises.isolation import isolated
from course_lib.exercises.observations import (
    Observation,
    Raised,
    build_reference,
    observe_call,
    observe_module,
)
from course_lib.exercises.verdicts import Status, Verdict

Cases = Callable[[Draw], Iterable[Case]]
KEPT_TRIALS = 4


class Trial:
    """The cases drawn from one seed, and what the exercise's own answers do on them."""

    def __init__(self, exercise: FunctionExercise, seed: int):
        self.exercise, self.seed = exercise, seed
        with isolated(seed):
            self.cases = sorted(exercise.cases(Draw(seed)), key=lambda case: case.size)
        self._seen: dict[tuple[int, int], Observation] = {}

    def observed(self, own: Any, at: int) -> Observation:
        """What the reference or a misconception does on case number `at`; observed once."""
        key = (id(own), at)
        if key not in self._seen:
            self._seen[key] = self.exercise.observe(own, self.cases[at], self.seed)
        return self._seen[key]


class FunctionExercise(Exercise):
    """The answer is a function that must behave like `reference` on every case.

    Parameters (beyond those of `Exercise`)
    ----------
    reference : the solution, with typed signature, docstring and nbgrader's solution markers.
    cases : from a `Draw` to the cases; shapes are not square, batches of one are among them.
    gradients : compare the gradients with respect to every float tensor.
    outputs : names of the outputs when there are several.
    tolerance : (relative, absolute), where the defaults by dtype are not right.
    """

    asked = "function"

    def __init__(
        self,
        reference: Callable,
        *,
        cases: Cases,
        gradients: bool = True,
        outputs: tuple[str, ...] = (),
        tolerance: tuple[float, float] | None = None,
        **header: Any,
    ):
        super().__init__(reference.__name__, **header)
        self._reference, self.cases = reference, cases
        self.gradients, self.outputs, self.tolerance = gradients, outputs, tolerance
        self._trials: dict[int, Trial] = {}

    @property
    def reference(self) -> Callable:
        """The solution."""
        return self._reference

    def answer_cell(self) -> str:
        """The reference's own source, in which nbgrader blanks what stands between markers."""
        return source_of(self._reference)

    def blank(self) -> Any:
        """The released answer cell, run: what a learner has before writing anything."""
        released = re.sub(rf"([ \t]*){BEGIN}.*?{END}", r"\1...", self.answer_cell(), flags=re.S)
        return compile_answer(released, self.name, vars(inspect.getmodule(self._reference)))

    def require_kind(self, answer: Any) -> None:
        """Refuse what is not a function, with the call that was probably meant."""
        call = f"check.{self.name}({self.name})"
        meant = f"Write {call}, the {self.asked} itself, without calling it."
        if inspect.isclass(answer) or not callable(answer):
            given = "a class" if inspect.isclass(answer) else f"a {kind_of(answer)}"
            raise WrongArgument(
                f"check.{self.name} was given {given}; it expects your {self.asked}. {meant}"
            )

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`."""
        return observe_call(answer, case, self.gradients, seed)

    def trial(self, seed: int) -> Trial:
        """The cases of one seed. The last few are kept: a class is graded on the same inputs."""
        if seed not in self._trials:
            while len(self._trials) >= KEPT_TRIALS:
                del self._trials[next(iter(self._trials))]
            self._trials[seed] = Trial(self, seed)
        return self._trials[seed]

    def examine(self, answer: Any, seed: int) -> Verdict:
        """See `Exercise.examine`."""
        if is_blank(answer):
            return self.verdict(Status.BLANK)
        self.require_kind(answer)
        with isolated(seed):
            trial = self.trial(seed)
            return self.judge(trial, [self.observe(answer, case, seed) for case in trial.cases])

    def judge(self, trial: Trial, seen: Sequence[Observation]) -> Verdict:
        """Reach the verdict from observations alone, one for each of the trial's cases."""
        # torch raises NotImplementedError with a message when `forward` is missing: not a blank
        stub = Raised("NotImplementedError", "")
        if all(stub.same(s.raised) for s in seen):
            return self.verdict(Status.BLANK)
        for at, observed in enumerate(seen):
            expected = trial.observed(self._reference, at)
            found = first_difference(expected, observed, self.outputs, self.tolerance)
            if found:
                return self._wrong(trial, seen, at, found)
        return self.verdict(Status.PASSED, seed=trial.seed)

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        """The verdict on an answer that first differs on case `at`."""
        known = self._recognise(trial, seen, at, found)
        details = self._shown(trial.cases[at], found)
        if known is None:
            message, name = found.sentence, None
        else:
            message, name = known.message, known.name
            details = (("What is seen", found.sentence), *details)
        return self.verdict(
            Status.WRONG, message, misconception=name, details=details, seed=trial.seed
        )

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        """The misconception that behaves the same on every case; failing that, and if the
        values themselves are wrong, one that gives the same values."""
        order = sorted(range(len(seen)), key=lambda i: i != at)  # the telling case first
        depths = (False,) if found.aspect in ("gradient", "changed") else (False, True)
        for values_only in depths:
            for known in self.misconceptions:
                if all(
                    alike(trial.observed(known.answer, i), seen[i], self.tolerance, values_only)
                    for i in order
                ):
                    return known
        return None

    def _shown(self, case: Case, found: Difference) -> tuple[tuple[str, str], ...]:
        """The smallest failing case: what went in, what was expected, what came out."""
        rows = []
        if case.note:
            rows.append(("Case", case.note))
        if case.init:
            rows.append(("Built with", ", ".join(f"{n}={v!r}" for n, v in case.init.items())))
        rows += [(name, shown(value)) for name, value in case.args.items()]
        if found.expected:
            rows += [("Expected", found.expected), ("Yours", found.seen)]
        return tuple(rows)


class ModuleExercise(FunctionExercise):
    """The answer is an `nn.Module` class, compared with `reference` in the names and shapes of
    its parameters and, with the same weights, in its forward pass and its gradients."""

    asked = "class"

    def __init__(self, reference: type[nn.Module], **header: Any):
        super().__init__(reference, **header)
        # built once a case, for all answers that are observed on it
        self._built: WeakKeyDictionary[Case, tuple[int, nn.Module]] = WeakKeyDictionary()

    def require_kind(self, answer: Any) -> None:
        """Refuse what is not a subclass of `nn.Module`."""
        meant = f"Write check.{self.name}({self.name}), the class itself, not an instance."
        if not (inspect.isclass(answer) and issubclass(answer, nn.Module)):
            given = (
                f"the class {answer.__name__}, which is not a subclass of nn.Module"
                if inspect.isclass(answer)
                else f"an instance of {type(answer).__name__}"
                if isinstance(answer, nn.Module)
                else f"a {kind_of(answer)}"
            )
            raise WrongArgument(
                f"check.{self.name} was given {given}; it expects your class. {meant}"
            )

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """Parameters, forward pass and gradients of `answer` with the reference's weights."""
        built_with, right = self._built.get(case, (None, None))
        if built_with != seed:
            right = build_reference(self._reference, case, seed)
            self._built[case] = seed, right
        return observe_module(answer, right, case, self.gradients, seed)


def compile_answer(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run an answer cell as a notebook would, its source known to `inspect`."""
    import linecache

    filename = f"<answer {name}>"
    scope = {k: v for k, v in namespace.items() if not k.startswith("__")} | {"__name__": filename}
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), scope)
    return scope[name]
