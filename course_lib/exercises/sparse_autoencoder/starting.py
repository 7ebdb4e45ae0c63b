"""Module exercises that look at a new model, too: biases at 0, atoms at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.cases import Case
from course_lib.exercises.comparison import Difference
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import ModuleExercise, Trial
from course_lib.exercises.isolation import defaults
from course_lib.exercises.observations import Observation
from course_lib.exercises.verdicts import Verdict

BIASES, ATOMS = "biases at the start", "atoms at the start"
SENTENCES = {
    BIASES: "In a new model, a bias that should be 0 is not.",
    ATOMS: "In a new model, an atom is all zeros, or all atoms are the same.",
}


class StartingModuleExercise(ModuleExercise):
    """A module whose parameters must also start as the text says.

    zeros : names of the parameters that start at 0. `atoms` start at random, whatever the spread.
    """

    def __init__(self, reference: Any, *, zeros: tuple[str, ...], **header: Any):
        super().__init__(reference, **header)
        self.zeros = zeros

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What is seen of the start is noted beside the gradients: it is compared last."""
        seen = super().observe(answer, case, seed)
        if seen.raised or seen.parameters is None or not seen.gradients:
            return seen
        with defaults(seed):
            start = dict(answer(*case.init.values()).named_parameters())
        moved = any(start[name].any() for name in self.zeros if name in start)
        atoms = start.get("atoms", torch.eye(2)).detach()
        empty = not atoms.flatten(1).any(dim=1).all() if atoms.dim() > 1 else False
        same = len(atoms) > 1 and bool((atoms == atoms[:1]).all())
        facts: dict[str, Tensor | None] = {
            BIASES: torch.tensor(float(moved)),
            ATOMS: torch.tensor(float(empty or same)),
        }
        return replace(seen, gradients={**seen.gradients, **facts})

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        for name, sentence in SENTENCES.items():
            if f"`{name}`" in found.sentence:
                found = Difference("gradient", sentence)
        return super()._wrong(trial, seen, at, found)

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        """Other parameters than asked for are recognised by their names and shapes alone."""
        known = super()._recognise(trial, seen, at, found)
        if known is not None or found.aspect != "parameters":
            return known

        def same(own: Any) -> bool:
            return all(
                trial.observed(own, i).parameters == observed.parameters
                for i, observed in enumerate(seen)
            )

        return next((m for m in self.misconceptions if same(m.answer)), None)
