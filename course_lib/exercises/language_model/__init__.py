"""Unit 8, inside a language model: one file an exercise, the quiz, and the models to work on."""

from course_lib.exercises.language_model import (
    best_latent,
    conclusions,
    layer_activations,
    loss_recovered,
    next_word_loss,
    small_autoencoder,
    steer_story,
    switch_off,
)
from course_lib.exercises.language_model.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="08_language_model",
    title="Inside a language model",
    exercises=(
        next_word_loss.exercise,
        layer_activations.exercise,
        loss_recovered.exercise,
        small_autoencoder.exercise,
        best_latent.exercise,
        switch_off.exercise,
        steer_story.exercise,
        conclusions.exercise,
    ),
    questions=QUESTIONS,
)
