"""Callbacks: functions that the trainer calls at fixed moments, and two that show its progress."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from course_lib.bars import progress_bar

if TYPE_CHECKING:
    from course_lib.training.trainer import Trainer


class Callback:
    """Called at fixed moments of training: override what you need.

    `trainer.step`, `trainer.epoch`, `trainer.history` and `trainer.model` tell where training is.
    A callback may set `trainer.stop = True` to end it after the step.
    """

    def on_fit_start(self, trainer: Trainer) -> None:
        """All is checked and in place; no step is done."""

    def on_step_end(self, trainer: Trainer) -> None:
        """The weights have just changed."""

    def on_record(self, trainer: Trainer) -> None:
        """An entry was just added to the history."""

    def on_fit_end(self, trainer: Trainer) -> None:
        """Training is over; the best weights are back if early stopping was asked for."""


class ProgressLog(Callback):
    """One line a record."""

    def on_record(self, trainer: Trainer) -> None:
        """Print where training is and the last losses."""
        print(f"step {trainer.step}/{trainer.total_steps}  {trainer.records}", flush=True)


class ProgressBar(Callback):
    """A bar that fills up step by step, in a terminal or a notebook."""

    bar = None

    def on_fit_start(self, trainer: Trainer) -> None:
        """Draw the bar as far as training has come."""
        self.bar = progress_bar(
            total=trainer.total_steps, initial=trainer.step, unit="step", file=sys.stderr
        )

    def on_step_end(self, trainer: Trainer) -> None:
        """Move the bar on."""
        self.bar.update()

    def on_record(self, trainer: Trainer) -> None:
        """Show the last losses beside it."""
        self.bar.set_postfix_str(str(trainer.records), refresh=False)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.bar.close()
