"""One trainer for all models.

A step, in its canonical order: take a batch, compute the gradients of the loss, shorten them if
they are too long, let Adam change the weights, and fold the norms of the atoms back in.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.arguments import require_model
from course_lib.autoencoders import Autoencoder
from course_lib.errors import WrongArgument
from course_lib.training import state
from course_lib.training.adam import AdamStep
from course_lib.training.batches import Batches
from course_lib.training.callbacks import Callback, ProgressBar, ProgressLog
from course_lib.training.checking import (
    require_dictionary,
    require_enough,
    require_what_to_train,
    try_out,
)
from course_lib.training.gradients import AutogradGradients, fast_gradients
from course_lib.training.objectives import Objective
from course_lib.training.options import TrainingOptions
from course_lib.training.processes import Processes
from course_lib.training.records import Records
from course_lib.training.stopping import EarlyStopping

if TYPE_CHECKING:
    from course_lib.training.batches import Data

ROWS_AT_ONCE = 4096  # of validation data; the losses do not depend on it


class Trainer:
    """Trains a model on an objective.

    Parameters
    ----------
    model : any module with `encode` and `decode`; trained in place.
    objective : the loss; L1 with weight 0.1 if left out.
    device : where to train, as "cpu" or "cuda:1"; chosen by itself if left out: CUDA, else MPS,
        else the CPU. Under `torchrun` each process takes a device of its own.
    callbacks : see `Callback`.
    options : the settings of `TrainingOptions`.

    After and during `fit`: `step`, `epoch` and `total_steps` (counts), `history`, `device`,
    `optimizer`, and `fast`, whether the hand-derived gradients are used.

    Raises
    ------
    WrongArgument : for settings that cannot work, before any work is done.
    UnknownName : for an option that does not exist.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective | None = None,
        *,
        device: str | torch.device | None = None,
        callbacks: Sequence[Callback] = (),
        **options: Any,
    ):
        self.options = TrainingOptions.of(options)
        self.model = require_model(model)
        self.objective = Objective() if objective is None else objective
        if not isinstance(self.objective, Objective):
            raise WrongArgument(f"objective is {objective!r}; it must be an Objective.")
        require_dictionary(model, self.objective)
        for callback in callbacks if isinstance(callbacks, Sequence) else [callbacks]:
            if not isinstance(callback, Callback):
                raise WrongArgument(f"a callback is {callback!r}; derive it from Callback.")
        self.processes = Processes.of_environment()
        self.device = self.processes.device(device)
        self.callbacks = list(callbacks)
        if self.processes.is_first and self.options.progress is not None:
            self.callbacks.append(
                ProgressBar() if self.options.progress == "bar" else ProgressLog()
            )

    # -- the run ----------------------------------------------------------------------------------

    def fit(
        self, train_data: Data, val_data: Data | None = None, resume: bool = False
    ) -> dict[str, Any]:
        """Train, and return the history.

        train_data, val_data : (examples, input_dim): tensors, NumPy arrays or memory maps, paths
            of .npy files, or an `ActivationStream`. What fits goes to the device at once. Memory
            maps and files are streamed, whatever their size: the order of the examples is then
            the same everywhere. NaN is refused before any work; in a stream, or a file that does
            not fit into memory, it is found when it is read, with the number of its row.
        resume : go on from the checkpoint in `checkpoint_folder`, if there is one. Weights,
            optimiser, order and history are then those of a run that was never interrupted. With
            a constant schedule a finished run can be made longer in this way.

        Returns "train_loss", "train_recon_loss" and "train_sparsity_loss", with validation data
        also "val_loss", "val_recon_loss" and "val_sparsity_loss": lists with one value a record;
        and "epochs_trained", the number of epochs begun. Terms include their weights and sum to
        the loss. With a coherence term there is a list of it, too. During the sparsity warm-up
        the training loss counts the penalty in part, and the validation loss in full.

        Raises `WrongArgument` for data that cannot be used, and `CheckpointProblem` when the
        checkpoint cannot be read or written or is of another run.
        """
        self._prepare(train_data, val_data, resume)
        with self._model_in_training():
            self._tell("on_fit_start")
            while self.step < self.total_steps and not self.stop:
                self._train_epoch()
            if self.stopping is not None:
                self.stopping.restore(self.model)
            if isinstance(self.model, Autoencoder):
                self.model.fold_norm()
            self.optimizer.zero_grad()
            self._tell("on_fit_end")
        return self.history

    def _train_epoch(self) -> None:
        start = self._batch_of_epoch
        batches = self.train.shuffled(self.epoch, start)
        self.history["epochs_trained"] = self.epoch + 1
        for batch in batches:
            self._train_step(batch)
            self._batch_of_epoch += 1
            epoch_ends = self._batch_of_epoch == len(self.train)
            if epoch_ends:
                self.epoch, self._batch_of_epoch = self.epoch + 1, 0
            every = self.options.record_every
            finished = self.step == self.total_steps
            recorded = (
                finished or self.stop or (epoch_ends if every is None else self.step % every == 0)
            )
            if recorded:
                self._record()
            self._save_if_due(recorded)
            if finished or self.stop:
                return

    def _train_step(self, batch: Tensor) -> None:
        options = self.options
        if options.warmup_steps or options.schedule != "constant":
            rate = options.rate_at(self.step, self.total_steps)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
        scale = options.sparsity_scale_at(self.step)
        if not self.fast:
            self.optimizer.zero_grad()
        terms = self._gradients(batch, scale)
        if self._scaler is not None:
            self._scaler.unscale_(self.optimizer)
        if options.max_grad_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), options.max_grad_norm)
        if self._scaler is None:
            self._optimizer_step()
        else:
            self._scaler.step(self.optimizer)
            self._scaler.update()
        self.records.add(terms, len(batch))
        self.step += 1
        self._tell("on_step_end")

    # -- before the first step --------------------------------------------------------------------

    def _prepare(self, train_data: Data, val_data: Data | None, resume: bool) -> None:
        """Check everything, then put everything in place."""
        options = self.options
        if options.patience is not None and val_data is None:
            raise WrongArgument(
                f"patience is {options.patience}, but there is no val_data to stop by. "
                "Give fit some, or leave patience out."
            )
        if resume and options.checkpoint_folder is None:
            raise WrongArgument("resume is True, but there is no checkpoint_folder to resume from.")
        dtype = require_what_to_train(self.model).dtype
        self.processes.require_divisible(options.batch_size)
        self.train = Batches(
            "train_data", train_data, getattr(self.model, "input_dim", None), options.batch_size,
            self.device, dtype, options.seed, (self.processes.rank, self.processes.count),
        )  # fmt: skip
        self.validation = None
        if val_data is not None:
            width = self.train.width
            self.validation = Batches("val_data", val_data, width, ROWS_AT_ONCE, self.device, dtype)
        require_enough(self.model, options, self.train)
        try_out(self.model, self.objective, self.train)
        self.total_steps = options.num_steps or options.num_epochs * len(self.train)
        self._choose_path()
        self._begin(resume)

    def _begin(self, resume: bool) -> None:
        """The state before the first step, or that of the run to resume."""
        options = self.options
        self.model.to(self.device)
        self._build()
        self.step = self.epoch = self._batch_of_epoch = 0
        self.stop = False
        names = ["reconstruction", "sparsity"]
        names += ["coherence"] if self.objective.coherence_weight else []
        self.records = Records(names, self.validation is not None, self.device)
        self.stopping = (
            None
            if options.patience is None
            else EarlyStopping(options.patience, options.min_improvement)
        )
        if options.checkpoint_folder is not None:
            state.prepare_folder(self, resume)

    def _choose_path(self) -> None:
        path, obstacle = fast_gradients(self.model, self.objective)
        for name, plain in (("mixed_precision", None), ("accumulation_steps", 1)):
            if getattr(self.options, name) != plain:
                obstacle = f"{name} is {getattr(self.options, name)!r}"
        if self.processes.count > 1:
            obstacle = f"{self.processes.count} processes train together"
        if self.options.fast and obstacle:
            raise WrongArgument(f"fast is True, but {obstacle}. Leave fast out.")
        self._fast_path = None if obstacle or self.options.fast is False else path
        self.fast = self._fast_path is not None

    def _build(self) -> None:
        options = self.options
        trained = [p for p in self.model.parameters() if p.requires_grad]
        fused = self.device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.Adam(trained, lr=options.learning_rate, fused=fused)
        self._scaler = (
            torch.amp.GradScaler(self.device.type) if options.mixed_precision == "float16" else None
        )
        if self.fast:
            batch_size = min(options.batch_size, self.train.examples)
            self._gradients = self._fast_path(self.model, self.objective, batch_size)
            self._optimizer_step = AdamStep(self.optimizer) if fused else self.optimizer.step
        else:
            module = self.processes.joined(self.model, self.objective, self.device)
            dtype = options.mixed_precision and getattr(torch, options.mixed_precision)
            self._gradients = AutogradGradients(
                module, options.accumulation_steps, dtype, self._scaler
            )
            self._optimizer_step = self.optimizer.step

    # -- records, early stopping, checkpoints -----------------------------------------------------

    @property
    def history(self) -> dict[str, Any]:
        """What `fit` returns, so far."""
        return self.records.history

    def _record(self) -> None:
        """Add an entry to the history, and see whether training should stop."""
        self.records.close(self.processes)
        if self.validation is not None:
            self.model.eval()
            terms = self.objective.over_set(self.model, self.validation.in_order())
            self.records.append("val", terms)
            self.model.train()
        if self.records.diverged:
            self._warn_of_divergence()
        elif self.stopping is not None:
            self.stopping.look_at(self.records.last("val"), self.model)
        self.stop = self.processes.first_says(self.stop or self.is_over())
        self._tell("on_record")

    def is_over(self) -> bool:
        """Whether training has diverged, or early stopping has ended it."""
        return self.records.diverged or (self.stopping is not None and self.stopping.is_time)

    def _warn_of_divergence(self) -> None:
        best_kept = self.stopping is not None and self.stopping.best is not None
        warnings.warn(
            f"The loss is {self.records.last('train')} after step {self.step}: training has "
            "diverged and stops here. Lower learning_rate, or set max_grad_norm. "
            + (
                "The model keeps the best weights so far."
                if best_kept
                else "The model's weights are of no use any more: build it anew."
            ),
            stacklevel=5,  # the caller of fit
        )

    def _save_if_due(self, recorded: bool) -> None:
        options = self.options
        if options.checkpoint_folder is None or self.records.diverged:
            return  # the last good state is worth more than a broken one
        every = options.checkpoint_every
        due = recorded if every is None else self.step % every == 0
        if due or self.stop or self.step == self.total_steps:
            state.save(self)

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)

    @contextmanager
    def _model_in_training(self) -> Iterator[None]:
        """Training mode on, and afterwards as it was; a bar is closed whatever happens."""
        was = self.model.training
        self.model.train()
        try:
            yield
        finally:
            self.model.train(was)
            for callback in self.callbacks:
                if isinstance(callback, ProgressBar):
                    callback.close()
