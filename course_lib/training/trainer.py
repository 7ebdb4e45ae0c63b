"""One trainer for all models.

A step, in its canonical order: take a batch, compute the gradients of the loss, shorten them if
they are too long, let Adam change the weights, and fold the norms of the atoms back in.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.arguments import require_model
from course_lib.autoencoders import Autoencoder
from course_lib.errors import WrongArgument
from course_lib.losses import reconstruction_loss
from course_lib.training import state
from course_lib.training.adam import AdamStep
from course_lib.training.batches import Batches
from course_lib.training.callbacks import Callback, ProgressBar, ProgressLog
from course_lib.training.gradients import AutogradGradients, fast_gradients
from course_lib.training.objectives import Objective, forward_pass
from course_lib.training.options import TrainingOptions
from course_lib.training.processes import Processes

if TYPE_CHECKING:
    from course_lib.training.batches import Data

ROWS_AT_ONCE = 4096  # of validation data; the losses do not depend on it
HISTORY_NAMES = {"reconstruction": "recon_loss", "sparsity": "sparsity_loss"}


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
        if self.objective.coherence_weight and not hasattr(model, "dictionary"):
            raise WrongArgument(
                f"coherence_weight is {self.objective.coherence_weight}, but a "
                f"{type(model).__name__} has no dictionary. Leave the weight at 0."
            )
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

        train_data, val_data : (examples, input_dim): tensors, NumPy arrays or memory maps, or
            paths of .npy files. What fits goes to the device at once. Memory maps and files are
            streamed, whatever their size: the order of the examples is then the same everywhere.
            NaN in a stream is found when it is read, with the number of its row.
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
            if self._best is not None:
                self.model.load_state_dict(self._best)
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
        if isinstance(self.model, Autoencoder):
            self.model.fold_norm()
        self._sums += len(batch) * torch.stack([terms[name] for name in self._names])
        self._rows += len(batch)
        self.step += 1
        self._tell("on_step_end")

    # -- before the first step --------------------------------------------------------------------

    def _prepare(self, train_data: Data, val_data: Data | None, resume: bool) -> None:
        options = self.options
        if options.patience is not None and val_data is None:
            raise WrongArgument(
                f"patience is {options.patience}, but there is no val_data to stop by. "
                "Give fit some, or leave patience out."
            )
        parameters = list(self.model.parameters())
        if not any(p.requires_grad for p in parameters):
            raise WrongArgument("the model has no parameters to train.")
        width = getattr(self.model, "input_dim", None)
        form = {"input_dim": width, "device": self.device, "dtype": parameters[0].dtype}
        self.processes.require_divisible(options.batch_size)
        self.train = Batches(
            "train_data", train_data, **form, batch_size=options.batch_size, seed=options.seed,
            share=(self.processes.rank, self.processes.count),
        )  # fmt: skip
        form["input_dim"] = self.train.rows.shape[1]
        self.validation = (
            None
            if val_data is None
            else Batches("val_data", val_data, **form, batch_size=ROWS_AT_ONCE)
        )
        self._require_batches_to_normalise()
        self._try_out(parameters[0])
        if len(self.train) == 0:
            raise WrongArgument(
                f"train_data has {self.train.examples} examples, fewer than the "
                f"{self.processes.count} processes that share them. Start fewer."
            )
        self.total_steps = options.num_steps or options.num_epochs * len(self.train)
        self._choose_path()
        self.model.to(self.device)
        self._build()
        self.step = self.epoch = self._batch_of_epoch = 0
        self.stop = False
        self._best, self._best_loss, self._records_without_improvement = None, math.inf, 0
        self.history: dict[str, Any] = self._empty_history()
        if options.checkpoint_folder is not None:
            state.prepare_folder(self, resume)
        elif resume:
            raise WrongArgument("resume is True, but there is no checkpoint_folder to resume from.")
        if self.step == 0 and isinstance(self.model, Autoencoder):
            self.model.fold_norm()

    def _require_batches_to_normalise(self) -> None:
        """Raise `WrongArgument` when batch normalisation would meet a single example."""
        normalises = any(isinstance(m, _BatchNorm) for m in self.model.modules())
        options, examples = self.options, self.train.examples
        for size in {min(options.batch_size, examples), examples % options.batch_size} - {0}:
            smallest = len(torch.empty(size).chunk(options.accumulation_steps)[-1])
            if normalises and smallest == 1:
                raise WrongArgument(
                    f"batch_size is {options.batch_size}: with {examples} examples and "
                    f"accumulation_steps={options.accumulation_steps} a single one would be taken "
                    "alone, and batch normalisation needs two. Choose another batch_size."
                )

    def _try_out(self, parameter: Tensor) -> None:
        """Run the model on one example, so that what cannot work is found before any work."""
        was = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                x = self.train.rows[:1].to(parameter.device, parameter.dtype)
                activations, x_hat = forward_pass(self.model, x)
        except (RuntimeError, TypeError, AttributeError) as error:
            raise WrongArgument(
                f"the model cannot take train_data of shape {tuple(self.train.rows.shape)}: {error}"
            ) from error
        else:
            self.objective.penalised(activations)
            reconstruction_loss(x_hat, x)
        finally:
            self.model.train(was)

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
        self._names = ["reconstruction", "sparsity"]
        if self.objective.coherence_weight:
            self._names.append("coherence")
        wide = torch.float32 if self.device.type == "mps" else torch.float64  # MPS has no float64
        self._sums = torch.zeros(len(self._names), dtype=wide, device=self.device)
        self._rows = 0

    def _empty_history(self) -> dict[str, Any]:
        names = ["loss", *(HISTORY_NAMES.get(n, f"{n}_loss") for n in self._names)]
        parts = ["train"] if self.validation is None else ["train", "val"]
        lists: dict[str, Any] = {f"{part}_{name}": [] for part in parts for name in names}
        return lists | {"epochs_trained": 0}

    # -- records, early stopping, checkpoints -----------------------------------------------------

    def _record(self) -> None:
        """Add an entry to the history: the average since the last one, and the validation loss."""
        sums = self.processes.sum(self._sums) / self.processes.sum_of_counts(self._rows)
        self._append("train", dict(zip(self._names, sums.tolist(), strict=True)))
        self._sums.zero_()
        self._rows = 0
        if self.validation is not None:
            self.model.eval()
            self._append("val", self.objective.over_set(self.model, self.validation.in_order()))
            self.model.train()
        self._stop_if_diverged()
        if self.options.patience is not None and not self.stop:
            self._stop_if_no_better()
        self._tell("on_record")

    def _append(self, part: str, terms: dict[str, float]) -> None:
        self.history[f"{part}_loss"].append(sum(terms.values()))
        for name, value in terms.items():
            self.history[f"{part}_{HISTORY_NAMES.get(name, f'{name}_loss')}"].append(value)

    def _stop_if_diverged(self) -> None:
        if self._has_diverged():
            self.stop = True
            loss = self.history["train_loss"][-1]
            warnings.warn(
                f"The loss is {loss} after step {self.step}: training has diverged and stops here. "
                "Lower learning_rate, or set max_grad_norm. "
                + (
                    "The model keeps the best weights so far."
                    if self._best is not None
                    else "The model's weights are of no use any more: build it anew."
                ),
                stacklevel=5,  # the caller of fit
            )

    def _stop_if_no_better(self) -> None:
        loss = self.history["val_loss"][-1]
        if loss < self._best_loss - self.options.min_improvement:
            self._best_loss, self._records_without_improvement = loss, 0
            weights = self.model.state_dict()
            self._best = {name: value.detach().clone() for name, value in weights.items()}
        else:
            self._records_without_improvement += 1
            self.stop = self._records_without_improvement >= self.options.patience
        self.stop = self.processes.first_says(self.stop)

    def _save_if_due(self, recorded: bool) -> None:
        options = self.options
        if options.checkpoint_folder is None or self._has_diverged():
            return  # the last good state is worth more than a broken one
        every = options.checkpoint_every
        due = recorded if every is None else self.step % every == 0
        if due or self.stop or self.step == self.total_steps:
            state.save(self)

    def is_over(self) -> bool:
        """Whether training has diverged, or early stopping has ended it."""
        patience = self.options.patience
        no_better = patience is not None and self._records_without_improvement >= patience
        return no_better or self._has_diverged()

    def _has_diverged(self) -> bool:
        losses = self.history["train_loss"]
        return bool(losses) and not math.isfinite(losses[-1])

    def latest(self) -> str:
        """The last losses, in a few words."""
        if not self.history["train_loss"]:
            return ""
        loss = f"loss {self.history['train_loss'][-1]:.4g}"
        return loss + (f", val {self.history['val_loss'][-1]:.4g}" if self.validation else "")

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
