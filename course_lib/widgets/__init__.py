"""Controls of the lessons: live figures, fields for guesses, and quiz cards.

Each is keyboard-operable, has an accessible name, and carries a static version of itself for
readers without a kernel.
"""

from course_lib.widgets.fields import Board, Choice, QuizCard, TextField
from course_lib.widgets.live_figure import LiveFigure, Select, Slider

__all__ = ["Board", "Choice", "LiveFigure", "QuizCard", "Select", "Slider", "TextField"]
