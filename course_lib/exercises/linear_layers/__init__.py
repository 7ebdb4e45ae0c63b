"""Unit 1, linear layers: one file an exercise."""

from course_lib.exercises.linear_layers import (
    collapse_linear_stack,
    count_parameters,
    linear_backward,
    linear_forward,
    mended_loss,
    predict_shapes,
    two_layer_encoder,
    weight_scale,
)
from course_lib.exercises.linear_layers.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="01_linear_layers",
    title="Linear layers",
    exercises=(
        linear_forward.exercise,
        predict_shapes.exercise,
        two_layer_encoder.exercise,
        count_parameters.exercise,
        collapse_linear_stack.exercise,
        linear_backward.exercise,
        mended_loss.exercise,
        weight_scale.exercise,
    ),
    questions=QUESTIONS,
)
