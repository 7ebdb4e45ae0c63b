"""Exercises whose answer is a value: predicted numbers or shapes, a choice, or an outcome."""

from __future__ import annotations

import ast
import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from course_lib.errors import WrongArgument
from course_lib.exercises.cases import Draw
from course_lib.exercises.declarations import BEGIN, END, Exercise, Misconception, is_blank
from course_lib.exercises.isolation import isolated
from course_lib.exercises.verdicts import Status, Verdict


def parenthesised(name: str, answer: str, comment: str = "") -> str:
    """An assignment whose value nbgrader replaces with dots in the released notebook."""
    note = f"# {comment}\n" if comment else ""
    return f"{note}{name} = (\n    {BEGIN}\n    {answer}\n    {END}\n)"


def has_blank(answer: Any) -> bool:
    """Whether dots are still left anywhere in an answer."""
    if isinstance(answer, Mapping):
        return any(has_blank(v) for v in answer.values())
    if isinstance(answer, tuple | list):
        return any(has_blank(v) for v in answer)
    return answer is ...


# -- predictions --------------------------------------------------------------------------

MOST_ENTRIES = 1000  # numbers, or characters, of a predicted value; the rest is not looked at


@dataclass(frozen=True)
class Field:
    """One predicted value: a shape, a number or a word.

    mistakes : from a plausible wrong value to the sentence that says where it comes from.
    also : other spellings of the answer.
    """

    name: str
    question: str
    answer: Any
    mistakes: Mapping[Any, str] = field(default_factory=dict)
    tolerance: float = 0.0
    also: tuple[Any, ...] = ()

    def agrees(self, given: Any, wanted: Any) -> bool:
        """Whether a given value means the wanted one (lists count as tuples, 3.0 as 3)."""
        given, wanted = _normal(given), _normal(wanted)
        if isinstance(given, float | int) and isinstance(wanted, float | int):
            with contextlib.suppress(OverflowError):  # a whole number larger than any float
                return math.isclose(given, wanted, rel_tol=self.tolerance, abs_tol=1e-9)
            return False
        return given == wanted


def _normal(value: Any) -> Any:
    """A value in the form in which it is compared: tuples, numbers, lower-case words."""
    if isinstance(value, torch.Size | list | tuple):
        return tuple(_normal(v) for v in value)
    if isinstance(value, torch.Tensor | np.ndarray) and math.prod(value.shape) > MOST_ENTRIES:
        return f"{math.prod(value.shape)} numbers"
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return _normal(value.tolist())
    if isinstance(value, str):
        word = value.strip().lower()
        try:  # a shape or number in quotes is meant as what it spells
            spelled = len(word) <= MOST_ENTRIES and word[:1] in "([-0123456789"
            return _normal(ast.literal_eval(word)) if spelled else word
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return word
    return value


class PredictionExercise(Exercise):
    """The answer is one predicted value per field, written before anything is run."""

    def __init__(self, name: str, *, fields: tuple[Field, ...], **header: Any):
        super().__init__(name, **header)
        self.fields = fields
        for f in fields:
            for value, message in f.mistakes.items():
                answer = self.reference | {f.name: value}
                self.misconceptions.append(Misconception(f"{f.name}={value!r}", message, answer))

    @property
    def reference(self) -> dict[str, Any]:
        """The right value of each field."""
        return {f.name: f.answer for f in self.fields}

    def blank(self) -> dict[str, Any]:
        """Dots for each field."""
        return dict.fromkeys(self.reference, ...)

    def answer_cell(self) -> str:
        """One assignment a field."""
        return "\n\n".join(parenthesised(f.name, repr(f.answer), f.question) for f in self.fields)

    def check_cell(self) -> str:
        """All fields by keyword."""
        given = ", ".join(f"{f.name}={f.name}" for f in self.fields)
        return f"check.{self.name}({given})"

    def examine(self, answer: Any, seed: int) -> Verdict:
        """See `Exercise.examine`; `answer` maps each field's name to its value."""
        if not isinstance(answer, Mapping) or set(answer) != set(self.reference):
            raise WrongArgument(
                f"check.{self.name} expects one value for each of "
                f"{', '.join(self.reference)}: {self.check_cell()}"
            )
        if all(is_blank(v) for v in answer.values()):
            return self.verdict(Status.BLANK)
        wrong, named = [], None
        for f in self.fields:
            if is_blank(answer[f.name]):
                wrong.append((f.name, "not written yet"))
            elif not any(f.agrees(answer[f.name], right) for right in (f.answer, *f.also)):
                known = next(
                    ((v, m) for v, m in f.mistakes.items() if f.agrees(answer[f.name], v)), None
                )
                wrong.append(
                    (
                        f.name,
                        known[1] if known else f"{answer[f.name]!r} is not right. {f.question}",
                    )
                )
                named = named or (f"{f.name}={known[0]!r}" if known else None)
        if not wrong:
            return self.verdict(Status.PASSED)
        right = len(self.fields) - len(wrong)
        return self.verdict(
            Status.WRONG,
            f"{wrong[0][0]}: {wrong[0][1]}",
            misconception=named,
            details=(("Right so far", f"{right} of {len(self.fields)}"), *tuple(wrong[1:])),
        )


# -- choices ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One option of a choice, and why it is right or wrong."""

    text: str
    why: str
    correct: bool = False


class ChoiceExercise(Exercise):
    """The answer is the letter of one option; each wrong option says why it is wrong."""

    def __init__(self, name: str, *, options: Mapping[str, Option], **header: Any):
        super().__init__(name, **header)
        self.options = dict(options)
        right = [letter for letter, o in self.options.items() if o.correct]
        if len(right) != 1:
            raise WrongArgument(f"{name}: {len(right)} options are correct; exactly one must be.")
        self.misconceptions = [
            Misconception(letter, o.why, letter)
            for letter, o in self.options.items()
            if not o.correct
        ]

    @property
    def reference(self) -> str:
        """The letter of the right option."""
        return next(letter for letter, o in self.options.items() if o.correct)

    def blank(self) -> Any:
        """Dots."""
        return ...

    @property
    def prompt(self) -> str:
        """The options as a Markdown list."""
        return "\n".join(f"- **{letter}**: {o.text}" for letter, o in self.options.items())

    def answer_cell(self) -> str:
        """One letter to fill in."""
        letters = " or ".join(f'"{letter}"' for letter in self.options)
        return parenthesised(self.name, f'"{self.reference}"', f"Your choice: {letters}")

    def examine(self, answer: Any, seed: int) -> Verdict:
        """See `Exercise.examine`; `answer` is a letter."""
        if is_blank(answer):
            return self.verdict(Status.BLANK)
        letter = answer.strip().strip("\"'").lower() if isinstance(answer, str) else answer
        if not isinstance(letter, str) or letter not in self.options:
            raise WrongArgument(
                f"check.{self.name} was given {answer!r}; it expects one of "
                f"{', '.join(repr(known) for known in self.options)}."
            )
        option = self.options[letter]
        if option.correct:
            return self.verdict(Status.PASSED, option.why)
        return self.verdict(Status.WRONG, option.why, misconception=letter)


# -- outcomes -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Measurement:
    """One thing measured on an outcome: its value in words, and whether it meets the bound.

    fixed : the value does not depend on the seed, so it may be shown when all is well.
    """

    name: str
    value: str
    bound: str
    ok: bool
    fixed: bool = False


@dataclass(frozen=True)
class Recognised(Misconception):
    """A wrong outcome known by a property, since no two learners reach the same values."""

    recognise: Callable[[Any], bool] = lambda answer: False


class OutcomeExercise(Exercise):
    """The answer is a result (weights, a trained model) judged by what is measured on it.

    Parameters (beyond those of `Exercise`)
    ----------
    solution : the source of the answer cell's value, as Python.
    build : makes the reference answer (the value of `solution`).
    measure : from the answer and a `Draw` to measurements; all must meet their bounds.
    validate : returns a sentence when the answer cannot be measured at all, else None.
    """

    def __init__(
        self,
        name: str,
        *,
        solution: str,
        build: Callable[[], Any],
        measure: Callable[[Any, Draw], list[Measurement]],
        validate: Callable[[Any], str | None],
        given: str = "",
        **header: Any,
    ):
        super().__init__(name, **header)
        self.solution, self.build, self.measure, self.validate = solution, build, measure, validate
        self.given = given

    @property
    def reference(self) -> Any:
        """A fresh right answer."""
        return self.build()

    def blank(self) -> Any:
        """Dots."""
        return ...

    def answer_cell(self) -> str:
        """The solution's source, between nbgrader's markers."""
        return parenthesised(self.name, self.solution.strip().replace("\n", "\n    "), self.given)

    def recognises(self, message: str, recognise: Callable[[Any], bool]) -> Callable:
        """Decorator of a function that makes an example: declare how the fault is recognised."""

        def declare(example: Callable[[], Any]):
            self.misconceptions.append(Recognised(example.__name__, message, example(), recognise))
            return example

        return declare

    def examine(self, answer: Any, seed: int) -> Verdict:
        """See `Exercise.examine`."""
        if is_blank(answer) or has_blank(answer):
            return self.verdict(Status.BLANK)
        if problem := self.validate(answer):
            return self.verdict(Status.WRONG, problem)
        try:
            with isolated(seed):
                measured = self.measure(answer, Draw(seed))
        except Exception as error:
            return self.verdict(
                Status.WRONG,
                f"Your answer could not be measured: {type(error).__name__}: {error}",
                seed=seed,
            )
        if all(m.ok for m in measured):
            # mostly the bounds alone: a saved output must not depend on the seed
            reached = tuple(
                (m.name, f"{m.value} (needed: {m.bound})" if m.fixed else f"reached: {m.bound}")
                for m in measured
            )
            return self.verdict(Status.PASSED, details=reached)
        details = tuple(
            (m.name, f"{m.value} ({'reached' if m.ok else 'needed'}: {m.bound})") for m in measured
        )
        for known in self.misconceptions:
            if known.recognise(answer):
                return self.verdict(
                    Status.WRONG,
                    known.message,
                    misconception=known.name,
                    details=details,
                    seed=seed,
                )
        missed = next(m for m in measured if not m.ok)
        return self.verdict(
            Status.WRONG,
            f"{missed.name} is {missed.value}; needed: {missed.bound}.",
            details=details,
            seed=seed,
        )
