"""Unit 4, basic autoencoders: one file an exercise, the quiz, and the runs to diagnose."""

from course_lib.exercises.basic_autoencoders import (
    basic_autoencoder,
    deep_autoencoder,
    example_errors,
    explain_767,
    four_floors,
    load_model,
    noise_floor,
    pca_floor,
    pca_reconstruction,
    save_model,
    smallest_code,
    why_not_zero,
)
from course_lib.exercises.basic_autoencoders.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="04_basic_autoencoders",
    title="Basic autoencoders",
    exercises=(
        basic_autoencoder.exercise,
        example_errors.exercise,
        noise_floor.exercise,
        deep_autoencoder.exercise,
        pca_floor.exercise,
        pca_reconstruction.exercise,
        four_floors.exercise,
        explain_767.exercise,
        why_not_zero.exercise,
        save_model.exercise,
        load_model.exercise,
        smallest_code.exercise,
    ),
    questions=QUESTIONS,
)
