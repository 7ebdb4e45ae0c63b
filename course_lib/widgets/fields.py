"""Fields for guesses and cards for quiz questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import traitlets

from course_lib.widgets.base import CourseWidget, front_end


class TextField(CourseWidget):
    """A labelled line of text; `value` is what the learner has entered."""

    _esm = front_end("shared.js", "text_field.js")
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, placeholder: str = ""):
        super().__init__(label=label, placeholder=placeholder)


class Choice(CourseWidget):
    """One of several options; `value` is the chosen option's text, "" before a choice."""

    _esm = front_end("shared.js", "choice.js")
    label = traitlets.Unicode().tag(sync=True)
    options = traitlets.List().tag(sync=True)  # [value, text] pairs
    feedback = traitlets.Dict().tag(sync=True)  # value → HTML, shown when chosen
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, options: Sequence[str]):
        super().__init__(label=label, options=[[o, o] for o in options], feedback={})


class QuizCard(Choice):
    """A question whose every option answers with its reason; `value` is the chosen letter."""

    def __init__(
        self,
        label: str,
        options: Mapping[str, str],
        feedback: Mapping[str, str],
        static: str,
        value: str = "",
    ):
        CourseWidget.__init__(
            self,
            label=label,
            feedback=dict(feedback),
            value=value,
            options=[[letter, f"{letter}: {text}"] for letter, text in options.items()],
        )
        self._static = static

    def static_html(self) -> str:
        """The question with folded answers."""
        return self._static

    def __repr__(self) -> str:
        return f"Quiz: {escape(self.label)}"


class Board(CourseWidget):
    """Some HTML made in the kernel, and a button that makes it anew."""

    _esm = front_end("board.js")
    html = traitlets.Unicode().tag(sync=True)
    button = traitlets.Unicode().tag(sync=True)
    pressed = traitlets.Int(0).tag(sync=True)

    def __init__(self, make: Callable[[], str], button: str):
        super().__init__(html=make(), button=button)
        self.observe(lambda _: setattr(self, "html", make()), names="pressed")

    def static_html(self) -> str:
        """The HTML as it stands."""
        return self.html

    def __repr__(self) -> str:
        return "Your progress"
