"""What a trainer checks before any work is done."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.errors import WrongArgument
from course_lib.losses import reconstruction_loss
from course_lib.training.batches import Batches
from course_lib.training.objectives import Objective, forward_pass
from course_lib.training.options import TrainingOptions


def require_dictionary(model: nn.Module, objective: Objective) -> None:
    """Raise `WrongArgument` when the objective needs a dictionary and the model has none."""
    if objective.coherence_weight and not hasattr(model, "dictionary"):
        raise WrongArgument(
            f"coherence_weight is {objective.coherence_weight}, but a {type(model).__name__} has "
            "no dictionary. Leave the weight at 0."
        )


def require_what_to_train(model: nn.Module) -> nn.Parameter:
    """The model's first parameter. Raises `WrongArgument` when none of them can be trained."""
    parameters = list(model.parameters())
    if not any(p.requires_grad for p in parameters):
        raise WrongArgument("the model has no parameters to train.")
    return parameters[0]


def require_enough(model: nn.Module, options: TrainingOptions, train: Batches) -> None:
    """Raise `WrongArgument` when there are too few examples for the processes that share them, or
    when batch normalisation would meet one alone."""
    if len(train) == 0:
        raise WrongArgument(
            f"train_data has {train.examples} examples, fewer than the {train.share[1]} processes "
            "that share them. Start fewer."
        )
    if not any(isinstance(m, _BatchNorm) for m in model.modules()):
        return
    for size in {min(options.batch_size, train.examples), train.examples % options.batch_size}:
        if size and len(torch.empty(size).chunk(options.accumulation_steps)[-1]) == 1:
            raise WrongArgument(
                f"batch_size is {options.batch_size}: with {train.examples} examples and "
                f"accumulation_steps={options.accumulation_steps} a single one would be taken "
                "alone, and batch normalisation needs two. Choose another batch_size."
            )


def try_out(model: nn.Module, objective: Objective, train: Batches) -> None:
    """Run the model on one example. Raises `WrongArgument` when that does not work."""
    parameter, was = next(model.parameters()), model.training
    model.eval()
    try:
        with torch.no_grad():
            x = train.first.to(parameter.device, parameter.dtype)
            activations, x_hat = forward_pass(model, x)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise WrongArgument(
            f"the model cannot take train_data of shape {(train.examples, train.width)}: {error}"
        ) from error
    finally:
        model.train(was)
    objective.penalised(activations)
    reconstruction_loss(x_hat, x)
