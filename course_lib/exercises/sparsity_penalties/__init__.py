"""Unit 5, sparsity penalties: one file an exercise, the quiz, and the runs to diagnose."""

from course_lib.exercises.sparsity_penalties import (
    best_code,
    count_active,
    five_percent,
    four_penalised_runs,
    hard_points,
    hoyer_measure,
    hoyer_penalty,
    kl_penalty,
    l1_penalty,
    scale_of_strength,
    unused_target,
)
from course_lib.exercises.sparsity_penalties.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="05_sparsity_penalties",
    title="Sparsity penalties",
    exercises=(
        count_active.exercise,
        hoyer_measure.exercise,
        l1_penalty.exercise,
        scale_of_strength.exercise,
        best_code.exercise,
        kl_penalty.exercise,
        unused_target.exercise,
        hoyer_penalty.exercise,
        hard_points.exercise,
        four_penalised_runs.exercise,
        five_percent.exercise,
    ),
    questions=QUESTIONS,
)
