"""Unit 1, linear layers: one file an exercise."""

from course_lib.exercises.linear_layers import linear_forward
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="01_linear_layers",
    title="Linear layers",
    exercises=(linear_forward.exercise,),
)
