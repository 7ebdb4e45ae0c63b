"""The units of the course, and the names that a notebook works with: check, hint, predict, quiz."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from course_lib.errors import CheckFailed, CourseError, UnknownName, WrongArgument
from course_lib.exercises import progress
from course_lib.exercises.declarations import Exercise
from course_lib.exercises.questions import Predict, Question, Quiz
from course_lib.exercises.values import PredictionExercise
from course_lib.exercises.verdicts import Status, Verdict, marked_up

# unit → the module of course_lib.exercises that declares it
UNITS = {
    "01_linear_layers": "linear_layers",
    "02_activation_functions": "activation_functions",
    "03_losses_and_optimisers": "losses_and_optimisers",
    "04_basic_autoencoders": "basic_autoencoders",
    "05_sparsity_penalties": "sparsity_penalties",
    "06_sparse_autoencoder": "sparse_autoencoder",
    "07_superposition": "superposition",
    "08_language_model": "language_model",
}
STRICT = "COURSE_STRICT"  # set while notebooks are built: a failed check fails its cell


@dataclass(frozen=True)
class Unit:
    """One unit: its title, its exercises in the order of the notebook, its quiz."""

    name: str
    title: str
    exercises: tuple[Exercise, ...]
    questions: tuple[Question, ...] = field(default=())

    @property
    def check(self) -> Namespace:
        """`check.NAME(answer)` for every exercise."""
        return Namespace("exercise", self, {e.name: _checker(self, e) for e in self.exercises})

    @property
    def hint(self) -> Namespace:
        """`hint.NAME()` shows the next hint of an exercise."""
        return Namespace("exercise", self, {e.name: _hinter(self, e) for e in self.exercises})

    @property
    def predict(self) -> Predict:
        """`predict.number(…)`, `.text(…)`, `.choice(…)`: a guess before the result is shown."""
        return Predict(self.name)

    @property
    def quiz(self) -> Namespace:
        """`quiz.NAME()` asks a question of the lesson's quiz."""
        asked = {q.name: Quiz(self.name, q) for q in self.questions}
        return Namespace("question", self, asked)

    def exercise(self, name: str) -> Exercise:
        """The exercise called `name`; raises `UnknownName` when there is none."""
        for e in self.exercises:
            if e.name == name:
                return e
        raise UnknownName("exercise", name, [e.name for e in self.exercises], f"unit {self.name}")


class Namespace:
    """Names with tab completion; an unknown one is answered with the nearest."""

    def __init__(self, kind: str, unit: Unit, names: Mapping[str, Any]):
        self._kind, self._unit, self._names = kind, unit, dict(names)
        self.__dict__.update(names)  # real attributes: every completer finds them

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise UnknownName(self._kind, name, self._names, f"unit {self._unit.name}")

    def __call__(self, *_: Any, **__: Any) -> None:
        """Say how it is used: the name comes after a dot."""
        example = next(iter(self._names))
        raise WrongArgument(f"Name the {self._kind} after a dot, such as .{example}: there are "
                            f"{', '.join(self._names)}.")

    def __dir__(self) -> Iterable[str]:
        return sorted(self._names)

    def __repr__(self) -> str:
        return f"{self._unit.name}: {', '.join(self._names)}"


def open_unit(name: str) -> Unit:
    """The unit called `name`, as in the folder of its notebooks ("01_linear_layers", or "1").

    Sets torch to one thread unless OMP_NUM_THREADS says otherwise: the course's models are
    small, and on a busy machine a second thread slows them many times over.
    Raises `UnknownName` for a unit that is not in the course.
    """
    import torch

    from course_lib.plotting import use_style

    unit = load_unit(name)
    threads = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    torch.set_num_threads(max(1, int(threads) if threads.isdigit() else 1))
    use_style()
    return unit


def load_unit(name: str) -> Unit:
    """The declaration of a unit, without touching torch's settings.

    Raises `UnknownName` for a unit that is not in `UNITS`, and `CourseError` with file and line
    when its exercises cannot be loaded.
    """
    full = next((u for u in UNITS if str(name) in (u, u[:2], u[:2].lstrip("0"))), None)
    if full is None:
        raise UnknownName("unit", str(name), UNITS, "this course")
    module = f"course_lib.exercises.{UNITS[full]}"
    try:
        return importlib.import_module(module).UNIT
    except SyntaxError as error:
        place = f"{error.filename}, line {error.lineno}"
        raise CourseError(f"The exercises of {full} cannot be read: {place}: {error.msg}.") from None
    except ImportError as error:
        raise CourseError(f"The exercises of {full} cannot be loaded: {error}. `course doctor` says "
                          "what is missing.") from error


def all_units() -> list[Unit]:
    """Every unit in order."""
    return [load_unit(name) for name in UNITS]


def _checker(unit: Unit, exercise: Exercise) -> Callable[..., None]:
    def check(*answer: Any, seed: int | None = None, **fields: Any) -> None:
        given = _given(exercise, answer, fields)
        if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
            raise WrongArgument(
                f"seed is {seed!r}; a non-negative integer is expected, such as "
                "the one printed by a failed check."
            )
        verdict = exercise.examine(given, secrets.randbits(31) if seed is None else seed)
        if verdict.status is not Status.BLANK:
            progress.record_attempt(unit.name, exercise.name, verdict.passed)
        _present(verdict)

    check.__name__ = check.__qualname__ = exercise.name
    check.__doc__ = (
        f"Check your answer to “{exercise.title}” ({exercise.points} points) on "
        "fresh inputs.\n\nWrite: " + exercise.check_cell()
    )
    return check


def _given(exercise: Exercise, answer: tuple, fields: dict[str, Any]) -> Any:
    if isinstance(exercise, PredictionExercise):
        if answer:
            raise WrongArgument(f"Name each value: {exercise.check_cell()}")
        return fields
    if len(answer) != 1 or fields:
        raise WrongArgument(
            f"check.{exercise.name} takes your answer and nothing else: {exercise.check_cell()}"
        )
    return answer[0]


def _present(verdict: Verdict) -> None:
    """Show the verdict; under nbgrader or a build a failed check must fail its cell."""
    graded = bool(os.environ.get("NBGRADER_EXECUTION") or os.environ.get(STRICT))
    if graded and not verdict.passed:
        raise CheckFailed(f"\n{verdict}")
    show(verdict)


def show(item: Any) -> None:
    """Rich output in a notebook, plain text elsewhere."""
    try:
        from IPython import get_ipython
    except ImportError:
        get_ipython = lambda: None  # noqa: E731
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        print(item)
    else:
        from IPython.display import display

        display(item)


@dataclass(frozen=True)
class Hint:
    """One hint, as text and as HTML."""

    number: int
    total: int
    text: str

    def __repr__(self) -> str:
        return f"Hint {self.number} of {self.total}: {self.text}"

    def _repr_html_(self) -> str:
        return (
            '<div role="note" style="border-left:5px solid #0072b2;padding:6px 12px;'
            f'max-width:75ch"><strong>Hint {self.number} of {self.total}.</strong> '
            f"{marked_up(self.text)}</div>"
        )


def _hinter(unit: Unit, exercise: Exercise) -> Callable[..., None]:
    shown = None

    def hint(number: int | None = None) -> None:
        nonlocal shown
        total = len(exercise.hints)
        if number is None:
            shown = progress.hints_read(unit.name, exercise.name) if shown is None else shown
            number = min(shown + 1, total)
        if type(number) is not int or not 1 <= number <= total:
            raise WrongArgument(
                f"hint.{exercise.name} was asked for hint {number!r}; there are hints 1 to {total}."
            )
        shown = number
        progress.record_hint(unit.name, exercise.name, number)
        show(Hint(number, total, exercise.hints[number - 1]))

    hint.__name__ = hint.__qualname__ = exercise.name
    hint.__doc__ = f"Show the next hint for “{exercise.title}”, or the one with a given number."
    return hint
