"""Unit 2, activation functions: one file an exercise, the quiz, and the networks to diagnose."""

from course_lib.exercises.activation_functions import (
    dead_fraction,
    four_networks,
    relu_with_gradient,
    soft_and_hard_threshold,
    stable_sigmoid,
    tanh_from_sigmoid,
    two_layer_encoder_relu,
    xor_network,
)
from course_lib.exercises.activation_functions.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="02_activation_functions",
    title="Activation functions",
    exercises=(
        relu_with_gradient.exercise,
        stable_sigmoid.exercise,
        tanh_from_sigmoid.exercise,
        xor_network.exercise,
        two_layer_encoder_relu.exercise,
        dead_fraction.exercise,
        four_networks.exercise,
        soft_and_hard_threshold.exercise,
    ),
    questions=QUESTIONS,
)
