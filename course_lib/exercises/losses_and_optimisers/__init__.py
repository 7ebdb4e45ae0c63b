"""Unit 3, losses and optimisers: one file an exercise, the quiz, and the runs to diagnose."""

from course_lib.exercises.losses_and_optimisers import (
    adam_step,
    descent_by_hand,
    early_stopping,
    five_curves,
    loss_and_rate,
    make_batches,
    momentum_step,
    mse_gradients,
    mse_loss,
    narrow_valley,
    train_answers,
)
from course_lib.exercises.losses_and_optimisers.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="03_losses_and_optimisers",
    title="Losses and optimisers",
    exercises=(
        descent_by_hand.exercise,
        mse_loss.exercise,
        make_batches.exercise,
        mse_gradients.exercise,
        momentum_step.exercise,
        train_answers.exercise,
        early_stopping.exercise,
        adam_step.exercise,
        loss_and_rate.exercise,
        five_curves.exercise,
        narrow_valley.exercise,
    ),
    questions=QUESTIONS,
)
