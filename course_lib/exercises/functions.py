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

from torch import nn

from course_lib.errors import WrongArgument
from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference, alike, first_difference, kind_of, shown
from course_lib.exercises.declarations import BEGIN, END, Exercise, is_blank, source_of
from course_lib.exercises.observations import Observation, observe_call, observe_module
from course_lib.exercises.verdicts import Status, Verdict

Cases = Callable[[Draw], Iterable[Case]]


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

    def __init__(self, reference: Callable, *, cases: Cases, gradients: bool = True,
                 outputs: tuple[str, ...] = (), tolerance: tuple[float, float] | None = None,
                 **header: Any):
        super().__init__(reference.__name__, **header)
        self._reference, self.cases = reference, cases
        self.gradients, self.outputs, self.tolerance = gradients, outputs, tolerance

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
                f"check.{self.name} was given {given}; it expects your {self.asked}. {meant}")

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`."""
        return observe_call(answer, case, self.gradients, seed)

    def examine(self, answer: Any, seed: int) -> Verdict:
        """See `Exercise.examine`."""
        if is_blank(answer):
            return self.verdict(Status.BLANK)
        self.require_kind(answer)
        cases = sorted(self.cases(Draw(seed)), key=lambda case: case.size)
        seen = [self.observe(answer, case, seed) for case in cases]
        return self.judge(cases, seen, seed)

    def judge(self, cases: Sequence[Case], seen: Sequence[Observation], seed: int) -> Verdict:
        """Reach the verdict from observations alone; `cases` are those that were observed."""
        if all(s.raised and s.raised.kind == "NotImplementedError" for s in seen):
            return self.verdict(Status.BLANK)
        for case, observed in zip(cases, seen, strict=True):
            expected = self.observe(self._reference, case, seed)
            found = first_difference(expected, observed, self.outputs, self.tolerance)
            if found:
                return self._wrong(cases, seen, case, found, seed)
        return self.verdict(Status.PASSED, seed=seed)

    def _wrong(self, cases: Sequence[Case], seen: Sequence[Observation], case: Case,
               found: Difference, seed: int) -> Verdict:
        for known in self.misconceptions:
            if all(alike(self.observe(known.answer, c, seed), s, self.tolerance)
                   for c, s in zip(cases, seen, strict=True)):
                details = (("What is seen", found.sentence), *self._shown(case, found))
                return self.verdict(Status.WRONG, known.message, misconception=known.name,
                                    details=details, seed=seed)
        return self.verdict(Status.WRONG, found.sentence, details=self._shown(case, found),
                            seed=seed)

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

    def require_kind(self, answer: Any) -> None:
        """Refuse what is not a subclass of `nn.Module`."""
        meant = f"Write check.{self.name}({self.name}), the class itself, not an instance."
        if not (inspect.isclass(answer) and issubclass(answer, nn.Module)):
            given = (f"the class {answer.__name__}, which is not a subclass of nn.Module"
                     if inspect.isclass(answer) else
                     f"an instance of {type(answer).__name__}" if isinstance(answer, nn.Module)
                     else f"a {kind_of(answer)}")
            raise WrongArgument(
                f"check.{self.name} was given {given}; it expects your class. {meant}")

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """Parameters, forward pass and gradients of `answer` with the reference's weights."""
        return observe_module(answer, self._reference, case, self.gradients, seed)


def compile_answer(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run an answer cell as a notebook would, its source known to `inspect`."""
    import linecache

    filename = f"<answer {name}>"
    scope = {k: v for k, v in namespace.items() if not k.startswith("__")} | {"__name__": filename}
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), scope)
    return scope[name]
