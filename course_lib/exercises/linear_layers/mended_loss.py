"""Exercise `mended_loss`: a diagnosis. A loss that runs, and is wrong, because of broadcasting."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def mended_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error between each prediction and its own target.

    prediction : shape (batch, outputs)
    target     : shape (batch, outputs) too; if there is one output, (batch,) is allowed as well
    Returns the mean of the squared differences over all batch * outputs entries, shape ().
    """
    ### BEGIN SOLUTION
    target = target.reshape(prediction.shape)  # (batch,) → (batch, 1); else no change
    return ((prediction - target) ** 2).mean()
    ### END SOLUTION


def cases(draw: Draw):
    """One output with targets of both shapes, several outputs, batches of one, square batches."""
    for batch, note in ((1, "a batch of one"), (4, "one output, targets of shape (batch,)")):
        yield Case(
            {"prediction": draw.normal(batch, 1), "target": draw.normal(batch)},
            note=note,
        )
    for batch, outputs, note in (
        (3, 1, "one output, targets of shape (batch, 1)"),
        (1, 4, "several outputs, a batch of one"),
        (5, 3, "several outputs"),
        (3, 3, "as many outputs as rows in the batch"),
    ):
        yield Case(
            {"prediction": draw.normal(batch, outputs), "target": draw.normal(batch, outputs)},
            note=note,
        )
    yield Case(
        {
            "prediction": draw.normal(6, 1, scale=100, dtype=torch.float64),
            "target": draw.normal(6, scale=100, shift=-50, dtype=torch.float64),
        },
        note="large values in float64",
    )
    yield Case(
        {
            "prediction": draw.normal(6, 2, layout="transposed"),
            "target": draw.normal(6, 2, layout="strided"),
        },
        note="tensors that are not contiguous in memory",
    )
    yield Case(
        {"prediction": draw.normal(7, 1, layout="strided"), "target": draw.normal(7)},
        note="one output, predictions that are not contiguous in memory",
    )


exercise = FunctionExercise(
    mended_loss,
    title="A loss that runs and is wrong",
    points=3,
    difficulty=2,
    minutes=15,
    why="Nothing warns you of this bug. The training runs, the loss falls, and yet the model does "
    "not learn what it should.",
    cases=cases,
    hints=(
        "Print `(prediction - target).shape` for the three points above. How many differences are "
        "there, and how many should there be?",
        "Bring both tensors to one shape before you subtract. Which of the two may change its "
        "shape without spoiling the case of several outputs?",
        "`tensor.reshape(shape)` lays the same entries out in another shape, and a tensor's own "
        "shape is `tensor.shape`. Give the target the shape of the prediction, then subtract, "
        "square and take the mean.",
    ),
)


@exercise.misconception(
    "The bug is still there: (batch, 1) minus (batch,) gives (batch, batch). Every prediction is "
    "compared with every target, and so the model would learn to give their mean for every input. "
    "(`F.mse_loss` does the same, and only warns.) Give both one shape first."
)
def still_broken(prediction, target):
    return ((prediction - target) ** 2).mean()


@exercise.misconception(
    "`squeeze` drops the prediction's last dimension whenever it is 1. That mends targets of shape "
    "(batch,), but where the target itself is (batch, 1) it breaks what was right. Shape the "
    "target after the prediction instead."
)
def prediction_squeezed(prediction, target):
    return ((prediction.squeeze() - target) ** 2).mean()


@exercise.misconception(
    "You pick the diagonal out of the wrong table of differences. That gives the right number for "
    "one output and targets of shape (batch,), and for nothing else. Mend the shapes before you "
    "subtract."
)
def diagonal_taken(prediction, target):
    return ((prediction - target) ** 2).diagonal().mean()


@exercise.misconception(
    "You keep only the first output, `prediction[:, 0]`. That mends the case of one output, but "
    "with several the others are lost."
)
def first_output_only(prediction, target):
    return ((prediction[:, 0] - target) ** 2).mean()


@exercise.misconception(
    "You compare the first output only. With several outputs, the mean is over all of them."
)
def first_output_of_both(prediction, target):
    first = target if target.ndim == 1 else target[:, 0]
    return ((prediction[:, 0] - first) ** 2).mean()


@exercise.misconception(
    "You flatten the prediction and leave the target as it is. With several outputs, or a target "
    "of shape (batch, 1), the two no longer fit: flatten both or neither."
)
def prediction_flattened(prediction, target):
    return ((prediction.flatten() - target) ** 2).mean()


@exercise.misconception(
    "You always add a dimension to the target. That is right for shape (batch,), but a target of "
    "shape (batch, outputs) becomes (batch, 1, outputs), and broadcasting mixes the rows again."
)
def target_always_unsqueezed(prediction, target):
    return ((prediction - target.unsqueeze(1)) ** 2).mean()


@exercise.misconception(
    "You always add a last dimension to the target. That is right for shape (batch,), but a target "
    "of shape (batch, outputs) becomes (batch, outputs, 1), and broadcasting mixes the rows again."
)
def target_always_unsqueezed_at_the_end(prediction, target):
    return ((prediction - target.unsqueeze(-1)) ** 2).mean()


@exercise.misconception(
    "You make the target a single column. With several outputs it has more entries than rows: "
    "use `prediction.shape`, not `(-1, 1)`."
)
def target_always_a_column(prediction, target):
    return ((prediction - target.reshape(-1, 1)) ** 2).mean()


@exercise.misconception(
    "You transpose the prediction. A row (1, batch) fits a target of shape (batch,), but with "
    "several outputs each prediction then meets the target of another row."
)
def prediction_transposed(prediction, target):
    return ((prediction.T - target) ** 2).mean()


@exercise.misconception(
    "You transpose the target. A tensor with one dimension stays as it is when transposed, so the "
    "bug remains; one with two gets rows and outputs mixed up."
)
def target_transposed(prediction, target):
    return ((prediction - target.T) ** 2).mean()


@exercise.misconception(
    "The shapes are mended, but you sum the squared differences. Asked is their mean: otherwise "
    "the loss grows with the batch."
)
def summed(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).sum()


@exercise.misconception(
    "You sum over the outputs and average over the batch only. Asked is the mean over all batch * "
    "outputs entries."
)
def averaged_over_batch_only(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).sum(1).mean()


@exercise.misconception(
    "You return one loss for each row. A loss is a single number: take the mean over the batch too."
)
def one_loss_a_row(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean(1)


@exercise.misconception(
    "You return one loss for each output. A loss is a single number: take the mean over the "
    "outputs too."
)
def one_loss_an_output(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean(0)


@exercise.misconception(
    "You return the squared differences themselves. A loss is a single number: take their mean."
)
def mean_forgotten(prediction, target):
    return (prediction - target.reshape(prediction.shape)) ** 2


@exercise.misconception(
    "The squares are missing: you average absolute differences. Asked is the mean squared error."
)
def absolute_differences(prediction, target):
    return (prediction - target.reshape(prediction.shape)).abs().mean()


@exercise.misconception(
    "You average first and square afterwards. Errors of opposite sign then cancel: square each "
    "difference, then take the mean."
)
def squared_after_the_mean(prediction, target):
    return (prediction - target.reshape(prediction.shape)).mean() ** 2


@exercise.misconception(
    "Your loss is half as large as it should be. Some books halve the squared error to make its "
    "slope look simpler; here it is the plain mean."
)
def halved(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean() / 2


@exercise.misconception("You take the root of the mean. Asked is the mean squared error itself.")
def root_taken(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean().sqrt()


@exercise.misconception(
    "The number is right, but it is cut off from the prediction (`.detach()`, `.data` or "
    "`torch.no_grad()`), so nothing could be trained with this loss."
)
def detached(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean().detach()


@exercise.misconception(
    "You return a Python number. A loss stays a tensor, so that gradients can flow back from it: "
    "leave `.item()` or `float()` out."
)
def as_python_number(prediction, target):
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean().item()


@exercise.misconception(
    "The number is right, but your code gives the caller's `target` another shape: a method that "
    "ends in `_`, such as `unsqueeze_`, changes its tensor. Make a new one: `target = "
    "target.reshape(…)`."
)
def target_reshaped_in_place(prediction, target):
    if target.ndim == 1:
        target.unsqueeze_(1)
    return ((prediction - target) ** 2).mean()


@exercise.misconception(
    "The number is right, but `-=` writes the differences into the caller's `prediction`. Make a "
    "new tensor: `difference = prediction - …`."
)
def prediction_changed(prediction, target):
    prediction -= target.reshape(prediction.shape)
    return (prediction**2).mean()


@exercise.style
def prediction_shaped_like_target(prediction, target):
    return ((prediction.reshape(target.shape) - target) ** 2).mean()


@exercise.style
def both_flattened(prediction, target):
    return (prediction.flatten() - target.flatten()).pow(2).mean()


@exercise.style
def with_a_condition(prediction, target):
    if target.dim() == 1:
        target = target.unsqueeze(1)
    return torch.nn.functional.mse_loss(prediction, target)


@exercise.style
def dimension_appended(prediction, target):
    if target.ndim < prediction.ndim:
        target = target[:, None]
    difference = prediction - target
    return (difference * difference).sum() / difference.numel()


@exercise.style
def target_viewed(prediction, target):
    return torch.mean((target.view_as(prediction) - prediction) ** 2)


@exercise.style
def both_squeezed(prediction, target):
    return ((prediction.squeeze() - target.squeeze()) ** 2).mean()
