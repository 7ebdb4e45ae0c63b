"""Questions inside a lesson: guesses made before a result is shown, and the quiz at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib.errors import WrongArgument
from course_lib.exercises import progress
from course_lib.exercises.values import Option
from course_lib.exercises.verdicts import COLOUR, Status, marked_up

NO_GUESS = "no guess yet"


class Guess:
    """A guess of the learner, kept in the progress file, shown later beside the result."""

    def __init__(self, unit: str, key: str, question: str, control: Any):
        self.unit, self.key, self.question, self.control = unit, key, question, control
        earlier = progress.kept("guesses", unit, key)
        if earlier is not None:
            control.value = earlier
        control.observe(self._keep, names="value")

    def _keep(self, change: Any) -> None:
        progress.keep("guesses", self.unit, self.key, change["new"])

    @property
    def value(self) -> Any:
        """What the learner entered, or None."""
        value = self.control.value
        return None if value in ("", None) else value

    def compare(self, result: Any, explanation: str = "") -> Comparison:
        """The guess beside the result."""
        return Comparison(self.question, self.value, result, explanation)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = dict(self.control._repr_mimebundle_(**kwargs) or {})
        bundle["text/plain"] = f"Your guess: {self.question}"
        bundle["text/html"] = (
            f"<p><strong>Your guess:</strong> {marked_up(self.question)} "
            "<em>(run this notebook to enter it)</em></p>"
        )
        return bundle


@dataclass(frozen=True)
class Comparison:
    """A guess beside what the computation gave; folded away as long as there is no guess."""

    question: str
    guess: Any
    result: Any
    explanation: str = ""

    def __repr__(self) -> str:
        guess = NO_GUESS if self.guess is None else _said(self.guess)
        tail = f"\n{self.explanation}" if self.explanation else ""
        return f"Your guess: {guess} · Result: {_said(self.result)}{tail}"

    def _repr_html_(self) -> str:
        cell = 'style="text-align:left;padding:2px 16px 2px 0"'
        tail = f"<div>{marked_up(self.explanation)}</div>" if self.explanation else ""
        guess = f"<em>{NO_GUESS}</em>" if self.guess is None else escape(_said(self.guess))
        body = (
            f'<table style="font-size:inherit;margin:4px 0"><tr><th scope="row" {cell}>'
            f"Your guess</th><td {cell}>{guess}</td></tr>"
            f'<tr><th scope="row" {cell}>Result</th><td {cell}><strong>'
            f"{escape(_said(self.result))}</strong></td></tr></table>{tail}"
        )
        if self.guess is None:  # a saved notebook must not tell before the learner has guessed
            body = f"<details><summary>Show the result without a guess</summary>{body}</details>"
        return (
            '<div style="border-left:5px solid #0072b2;padding:6px 12px;max-width:75ch">'
            f"<div>{marked_up(self.question)}</div>{body}</div>"
        )


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class Predict:
    """Ask for a guess: `guess = predict.number("key", "How many …?")`; later `guess.compare(n)`."""

    def __init__(self, unit: str):
        """`unit`: the unit in whose record the guesses are kept."""
        self.unit = unit

    def number(self, key: str, question: str) -> Guess:
        """A number; the field is empty until the learner has written one."""
        return self.text(key, question, placeholder="a number")

    def text(self, key: str, question: str, placeholder: str = "your guess") -> Guess:
        """A few words, or a shape such as (1, 128)."""
        from course_lib.widgets import TextField

        return Guess(self.unit, key, question, TextField(question, placeholder))

    def choice(self, key: str, question: str, options: Sequence[str]) -> Guess:
        """One of several options."""
        from course_lib.widgets import Choice

        if len(options) < 2:
            raise WrongArgument(
                f"predict.choice({key!r}) has {len(options)} options; give two or more."
            )
        return Guess(self.unit, key, question, Choice(question, options))


@dataclass(frozen=True)
class Question:
    """One question of a quiz: options by letter, each with its reason."""

    name: str
    text: str
    options: Mapping[str, Option]

    def __post_init__(self):
        right = sum(o.correct for o in self.options.values())
        if right != 1:
            raise WrongArgument(
                f"Question {self.name}: {right} options are correct; exactly one must be."
            )

    def feedback(self, letter: str) -> str:
        """What the learner is told after choosing an option, as HTML."""
        option = self.options[letter]
        status = Status.PASSED if option.correct else Status.WRONG
        word = "Right." if option.correct else "Not this one."
        return (
            f'<div style="border-left:5px solid {COLOUR[status]};padding:6px 12px">'
            f"<strong>{word}</strong> {marked_up(option.why)}</div>"
        )

    def static_html(self) -> str:
        """The question with its answers folded away, for readers without a kernel."""
        rows = "".join(
            f"<li><strong>{letter}</strong>: {marked_up(o.text)}"
            f"<details><summary>Is it {letter}?</summary>"
            f"{'Right.' if o.correct else 'No.'} {marked_up(o.why)}</details></li>"
            for letter, o in self.options.items()
        )
        return f"<p>{marked_up(self.text)}</p><ul>{rows}</ul>"


class Quiz:
    """`quiz.NAME()` shows one question; every choice is answered with its reason."""

    def __init__(self, unit: str, question: Question):
        self.unit, self.question = unit, question
        self.__name__ = question.name
        self.__doc__ = question.text

    def __call__(self) -> Any:
        """The question as a card; the answer given earlier is chosen already."""
        from course_lib.widgets import QuizCard

        q = self.question
        earlier = progress.kept("quiz", self.unit, q.name)
        card = QuizCard(
            q.text,
            {letter: o.text for letter, o in q.options.items()},
            {letter: q.feedback(letter) for letter in q.options},
            q.static_html(),
            earlier if earlier in q.options else "",
        )
        card.observe(
            lambda change: progress.keep("quiz", self.unit, q.name, change["new"]), names="value"
        )
        return card
