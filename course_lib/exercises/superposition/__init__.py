"""Unit 7, superposition: one file an exercise, the quiz, and the worlds that they are tried in."""

from course_lib.exercises.superposition import (
    aux_loss,
    better_and_worse,
    find_features,
    interference,
    leaks_by_hand,
    make_examples,
    matching,
    seven_reports,
    topk_code,
    toy_loss,
)
from course_lib.exercises.superposition.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="07_superposition",
    title="Superposition and dictionary recovery",
    exercises=(
        leaks_by_hand.exercise,
        interference.exercise,
        toy_loss.exercise,
        make_examples.exercise,
        matching.exercise,
        topk_code.exercise,
        aux_loss.exercise,
        seven_reports.exercise,
        find_features.exercise,
        better_and_worse.exercise,
    ),
    questions=QUESTIONS,
)
