"""The exercises of the course: what is asked, the reference, the known misconceptions, the hints.

`open_unit("01_linear_layers")` gives a notebook its `check`, `hint`, `predict` and `quiz`.
One package a unit, one file an exercise; `functions` and `values` hold the kinds of exercise.
"""

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise, ModuleExercise
from course_lib.exercises.questions import Question
from course_lib.exercises.units import UNITS, Unit, all_units, load_unit, open_unit
from course_lib.exercises.values import (
    ChoiceExercise,
    Field,
    Measurement,
    Option,
    OutcomeExercise,
    PredictionExercise,
)

__all__ = [
    "UNITS",
    "Case",
    "ChoiceExercise",
    "Draw",
    "Field",
    "FunctionExercise",
    "Measurement",
    "ModuleExercise",
    "Option",
    "OutcomeExercise",
    "PredictionExercise",
    "Question",
    "Unit",
    "all_units",
    "load_unit",
    "open_unit",
]
