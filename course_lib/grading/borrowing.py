"""Which functions and classes of the course's library an answer calls, in place of writing them.

While an answer runs, Python reports every function that is entered (`sys.setprofile`). One of
`course_lib` that is entered from the student's own code is noted, not one that the library itself
calls. Nothing is stopped by it: the examiner reads the notes when the answer has returned.

What every notebook draws and shows with is free (`FREE`), and so is what the released notebook has
imported above the exercise, and what is handed to the answer. Language models and data may be used
however they came about (`THINGS`).

This finds an answer that leans on the library. It does not find a copy of the library's text, and a
student who knows of it can switch it off.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import course_lib

HOME = str(Path(course_lib.__file__).parent) + "/"
# what an answer may call: drawing and showing, what exercises work with, and the grader itself
FREE = (
    "__init__.py", "arguments.py", "bars.py", "charts", "errors.py", "exercises", "figures.py",
    "grading", "layout.py", "plotting.py", "practice", "source.py", "stages", "widgets",
)  # fmt: skip
THINGS = ("data", "language_model", "story_model", "tinystories")
ANSWER_CALLED_IN = str(Path(__file__))  # the frame below which the student's code begins


class Borrowed:
    """Notes what is borrowed inside `watch`. given : names that the released notebook imports."""

    def __init__(self, given: Collection[str] = ()):
        self.given = frozenset(given)
        self.handed: frozenset[type] = frozenset()  # the types of the answer's arguments
        self.names: dict[str, None] = {}  # in the order of their calls

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Note what the code inside borrows."""
        before = sys.getprofile()
        sys.setprofile(self._entered)
        try:
            yield
        finally:
            sys.setprofile(before)

    def watched(self, answer: Callable) -> Callable:
        """The answer, with everything that it calls watched."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.handed = frozenset(map(type, args))
            with self.watch():
                return answer(*args, **kwargs)

        return call

    def _entered(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(HOME):
            return
        place = frame.f_code.co_filename[len(HOME) :]
        if place.startswith(FREE) or _called_by_library(frame):
            return
        name = frame.f_code.co_qualname
        if "<" not in name and not self._is_given(frame, name):  # <locals>: its maker counts
            self.names[name.removesuffix(".__init__")] = None

    def _is_given(self, frame: FrameType, name: str) -> bool:
        """Whether the notebook imports it, or it is a method of an object of the library."""
        first, _, last = name.partition(".")
        if first in self.given:
            return True
        own = frame.f_locals.get("self")
        kinds = [kind for kind in type(own).__mro__ if kind.__module__.startswith("course_lib.")]
        if any(kind.__name__ in self.given for kind in kinds):
            return True
        if last == "__init__" or not kinds:
            return False
        room = type(own).__module__.removeprefix("course_lib.").split(".")[0]
        return type(own) in self.handed or (kinds[0] is type(own) and room in THINGS)


def _called_by_library(frame: FrameType) -> bool:
    """Whether the next caller that is either the student's or the library's is the library's."""
    caller = frame.f_back
    while caller is not None:
        place = caller.f_code.co_filename
        if place == ANSWER_CALLED_IN or place.startswith("<cell"):
            return False
        if place.startswith(HOME):
            return True
        caller = caller.f_back
    return False


# -- the references -------------------------------------------------------------------------------


class ReferencesAreElsewhere(ImportError):
    """A notebook that is being graded asks for the course's own answers."""


class _Inert:
    """`check`, `hint`, `predict` and `quiz` of a notebook that is being graded: they do nothing.

    Whatever a notebook does with what they return (`guess.compare(…)`) does nothing either.
    """

    def __getattr__(self, name: str) -> _Inert:
        if name.startswith("_"):  # what displays look for: _repr_html_ and its like
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> _Inert:
        return self

    def __repr__(self) -> str:
        return "(not now: this notebook is being graded)"


class _Refusing:
    """Finds no module of `course_lib.exercises`, and says why."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Called for every module that is imported for the first time."""
        if name.startswith("course_lib.exercises."):
            _refuse(name)


def _refuse(name: str) -> None:
    if not name.startswith("_"):
        raise ReferencesAreElsewhere("the course's own answers are not here: write yours")
    raise AttributeError(name)


def hide_exercises() -> None:
    """Put inert modules in the place of `course_lib.exercises`."""
    exercises, overview = ModuleType("course_lib.exercises"), ModuleType("overview")
    exercises.__path__ = []  # a package, so that Python looks for modules in it
    exercises.__getattr__ = _refuse
    exercises.open_unit = lambda *_: _Inert()
    overview.show_progress = lambda *_: _Inert()
    sys.modules["course_lib.exercises"] = exercises
    sys.modules["course_lib.exercises.overview"] = overview
    sys.meta_path.insert(0, _Refusing())
