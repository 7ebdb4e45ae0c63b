"""Unit 6, the full sparse autoencoder: one file an exercise, the quiz, and the runs to diagnose."""

from course_lib.exercises.sparse_autoencoder import (
    best_dictionary,
    evaluation_report,
    loss_terms,
    normalise_atoms,
    recovery,
    revive_dead,
    six_faults,
    six_mends,
    sparse_module,
    tied_module,
    two_layer_trap,
)
from course_lib.exercises.sparse_autoencoder.quiz import QUESTIONS
from course_lib.exercises.units import Unit

UNIT = Unit(
    name="06_sparse_autoencoder",
    title="The full sparse autoencoder",
    exercises=(
        normalise_atoms.exercise,
        sparse_module.exercise,
        tied_module.exercise,
        two_layer_trap.exercise,
        loss_terms.exercise,
        evaluation_report.exercise,
        revive_dead.exercise,
        six_faults.exercise,
        six_mends.exercise,
        recovery.exercise,
        best_dictionary.exercise,
    ),
    questions=QUESTIONS,
)
