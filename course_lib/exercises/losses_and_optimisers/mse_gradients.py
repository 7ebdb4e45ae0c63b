"""Exercise `mse_gradients`: one backward pass by hand, from the mean squared error to weights."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def mse_gradients(x: Tensor, W: Tensor, b: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the mean squared error of a linear layer, computed by hand.

    x      : inputs, shape (batch, in)
    W      : weights, shape (out, in)
    b      : biases, shape (out,)
    target : wanted outputs, shape (batch, out)
    The prediction is x @ W.T + b. The loss is the mean of the squared differences over all
    batch * out elements.
    Returns (grad_prediction, grad_W, grad_b), of shapes (batch, out), (out, in) and (out,).
    """
    ### BEGIN SOLUTION
    prediction = x @ W.T + b  # (batch, out)
    grad_prediction = 2 * (prediction - target) / target.numel()  # (batch, out)
    grad_W = grad_prediction.T @ x  # (out, batch) @ (batch, in)
    grad_b = grad_prediction.sum(dim=0)  # (out,)
    return grad_prediction, grad_W, grad_b
    ### END SOLUTION


def cases(draw: Draw):
    """Layers of several shapes, one output and many, batches of one, a square case, float64."""
    for batch, inputs, outputs, note in (
        (1, 3, 2, "a batch of one"),
        (4, 3, 2, "a batch of 4"),
        (2, 4, 5, "more outputs than examples"),
        (5, 2, 1, "one output"),
        (3, 3, 3, "as many examples as inputs and outputs"),
    ):
        yield _case(draw, draw.normal(batch, inputs), outputs, note)
    yield _case(draw, draw.normal(6, 4, scale=20.0, dtype=torch.float64), 3, "large, float64")
    yield _case(
        draw, draw.normal(5, 4, layout="transposed"), 2, "inputs that are not contiguous in memory"
    )


def _case(draw: Draw, x: Tensor, outputs: int, note: str) -> Case:
    batch, inputs = x.shape
    return Case(
        {
            "x": x,
            "W": draw.normal(outputs, inputs, dtype=x.dtype),
            "b": draw.normal(outputs, scale=2.0, dtype=x.dtype),
            "target": draw.normal(batch, outputs, dtype=x.dtype),
        },
        note=note,
    )


exercise = FunctionExercise(
    mse_gradients,
    title="A backward pass by hand",
    points=3,
    difficulty=2,
    minutes=20,
    why="This is all that `loss.backward()` does for a linear layer. Knowing it, you know why the "
    "gradients of a mean are small, and what a summed loss does to the learning rate.",
    cases=cases,
    gradients=False,
    outputs=("grad_prediction", "grad_W", "grad_b"),
    hints=(
        "Go backwards. First: if one entry of the prediction grows a little, by how much does the "
        "loss change? That entry is in one square only, and the mean divides by the number of all "
        "elements.",
        "The slope of d² is 2d. With d = prediction - target, grad_prediction is 2 d divided by "
        "batch * out. What comes next is the linear layer of lesson 1, exercise 6: "
        "grad_prediction takes the place of `grad_out` there.",
        "`target.numel()` is batch * out. Then grad_W is `grad_prediction.T @ x`, and grad_b is "
        "the sum of grad_prediction over the batch, `.sum(dim=0)`.",
    ),
)


def _from(grad_prediction, x):
    """What follows, once the slope of the prediction is there."""
    return grad_prediction, grad_prediction.T @ x, grad_prediction.sum(dim=0)


def _difference(x, W, b, target):
    return x @ W.T + b - target


@exercise.misconception(
    "All your gradients are half as large: the slope of d² is 2d. The factor 2 is missing."
)
def two_missing(x, W, b, target):
    return _from(_difference(x, W, b, target) / target.numel(), x)


@exercise.misconception(
    "You have the gradients of the *sum* of the squares. The loss is their mean: divide by the "
    "number of all elements, batch * out."
)
def of_the_sum(x, W, b, target):
    return _from(2 * _difference(x, W, b, target), x)


@exercise.misconception(
    "You have the bare difference, prediction - target. The slope of its square is twice that, and "
    "the mean divides by the number of elements."
)
def bare_difference(x, W, b, target):
    return _from(_difference(x, W, b, target), x)


@exercise.misconception(
    "You divide by the size of the batch only. The mean is over all batch * out elements. (Your "
    "gradients belong to the loss that is summed per example.)"
)
def divided_by_batch(x, W, b, target):
    return _from(2 * _difference(x, W, b, target) / len(x), x)


@exercise.misconception(
    "You divide by the number of outputs only. The mean is over all batch * out elements."
)
def divided_by_outputs(x, W, b, target):
    return _from(2 * _difference(x, W, b, target) / len(W), x)


@exercise.misconception(
    "You divide by the number of entries of x. The mean in the loss is over the entries of the "
    "*prediction*, batch * out."
)
def divided_by_inputs(x, W, b, target):
    return _from(2 * _difference(x, W, b, target) / x.numel(), x)


@exercise.misconception(
    "All signs are turned round: you compute target - prediction. The loss rises when a prediction "
    "moves *away* from its target, so the slope has the sign of prediction - target. (The minus "
    "comes in the step: `W - learning_rate * grad_W`.)"
)
def signs_reversed(x, W, b, target):
    return _from(-2 * _difference(x, W, b, target) / target.numel(), x)


@exercise.misconception(
    "The bias is missing in your prediction. It changes no slope by itself, but it changes the "
    "difference to the target."
)
def bias_forgotten(x, W, b, target):
    return _from(2 * (x @ W.T - target) / target.numel(), x)


@exercise.misconception(
    "Your slopes use the squared difference. The slope of d² is 2d: the power goes down by one."
)
def square_kept(x, W, b, target):
    return _from(2 * _difference(x, W, b, target) ** 2 / target.numel(), x)


@exercise.misconception(
    "You average the gradient of W (and b) over the batch once more. The division by the number of "
    "elements is in grad_prediction already; from there on it is sums."
)
def divided_twice(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W / len(x), grad_b / len(x)


@exercise.misconception(
    "grad_prediction is right. grad_W and grad_b must be made *from it*: `grad_prediction.T @ x` "
    "and `grad_prediction.sum(dim=0)`. You made them from a difference that is not divided."
)
def weights_from_the_undivided(x, W, b, target):
    grad_prediction = mse_gradients(x, W, b, target)[0]
    _, grad_W, grad_b = _from(2 * _difference(x, W, b, target), x)
    return grad_prediction, grad_W, grad_b


@exercise.misconception(
    "grad_prediction and grad_b are right. grad_W must be made *from grad_prediction* as well: "
    "`grad_prediction.T @ x`. You made it from a difference that is not divided."
)
def weight_alone_from_the_undivided(x, W, b, target):
    grad_prediction, _, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, 2 * _difference(x, W, b, target).T @ x, grad_b


@exercise.misconception(
    "grad_prediction and grad_b are right. But you divide grad_W once more, by the batch. The "
    "division is in grad_prediction already: `grad_prediction.T @ x`."
)
def weight_alone_divided_twice(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W / len(x), grad_b


@exercise.misconception(
    "grad_prediction is right. But you divide grad_W (and grad_b) by the number of elements once "
    "more. The division is in grad_prediction already; from there on it is sums."
)
def divided_twice_by_the_elements(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W / target.numel(), grad_b / target.numel()


@exercise.misconception(
    "grad_W is right, but grad_b is the mean over the batch. The bias was added in every row: its "
    "slopes *add up*, with `.sum(dim=0)`. (The mean's division is in grad_prediction already.)"
)
def bias_averaged(x, W, b, target):
    grad_prediction, grad_W, _ = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W, grad_prediction.mean(dim=0)


@exercise.misconception(
    "grad_b holds one number per example. There is one bias per *output*: add up over the batch, "
    "with dim=0."
)
def bias_over_outputs(x, W, b, target):
    grad_prediction, grad_W, _ = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W, grad_prediction.sum(dim=1)


@exercise.misconception(
    "grad_b is a single number: you add up over the outputs too. There is one bias per output: "
    "`.sum(dim=0)`."
)
def bias_summed_to_one_number(x, W, b, target):
    grad_prediction, grad_W, _ = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W, grad_prediction.sum()


@exercise.misconception(
    "grad_b is grad_prediction itself, with one row per example. The same bias is used for all of "
    "them: add up its slopes over the batch."
)
def bias_not_summed(x, W, b, target):
    grad_prediction, grad_W, _ = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W, grad_prediction


@exercise.misconception(
    "grad_W is transposed. A gradient has the shape of what it belongs to: W is (out, in), so "
    "write `grad_prediction.T @ x`."
)
def weights_transposed(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W.T, grad_b


@exercise.misconception(
    "You have the three gradients with respect to prediction, *x* and b. Asked for is W: it meets "
    "x in each product, so its slope contains x: `grad_prediction.T @ x`."
)
def gradient_of_x(x, W, b, target):
    grad_prediction, _, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, grad_prediction @ W, grad_b


@exercise.misconception(
    "The gradients are right, but in another order: grad_prediction, grad_W, grad_b is asked for."
)
def other_order(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_W, grad_b, grad_prediction


@exercise.misconception(
    "You return the prediction itself first. Its *gradient* is asked for: how the loss changes "
    "with each entry of the prediction."
)
def prediction_returned(x, W, b, target):
    _, grad_W, grad_b = mse_gradients(x, W, b, target)
    return x @ W.T + b, grad_W, grad_b


@exercise.misconception(
    "Only two gradients came back. Three are asked for: `return grad_prediction, grad_W, grad_b`."
)
def two_returned(x, W, b, target):
    return mse_gradients(x, W, b, target)[1:]


@exercise.misconception(
    "You multiply by `W` as it is stored, (out, in). As in lesson 1 the prediction is "
    "`x @ W.T + b`."
)
def weight_not_transposed(x, W, b, target):
    return _from(2 * (x @ W + b - target) / target.numel(), x)


@exercise.misconception(
    "grad_W and grad_b are right, but grad_prediction is not divided by the number of elements. "
    "The division belongs to the first step back; what follows inherits it."
)
def divided_too_late(x, W, b, target):
    _, grad_W, grad_b = mse_gradients(x, W, b, target)
    return 2 * _difference(x, W, b, target), grad_W, grad_b


@exercise.misconception(
    "You divide in two places: by the batch in grad_prediction, and by the outputs only "
    "afterwards. grad_W and grad_b come out right, but grad_prediction must contain the whole "
    "division."
)
def division_in_two_places(x, W, b, target):
    _, grad_W, grad_b = mse_gradients(x, W, b, target)
    return 2 * _difference(x, W, b, target) / len(x), grad_W, grad_b


@exercise.misconception(
    "You average the differences to a single number. Each entry of the prediction has a slope of "
    "its own: keep the whole table, and divide it by the number of elements."
)
def averaged_differences(x, W, b, target):
    slope = 2 * _difference(x, W, b, target).mean()
    return slope, slope * x.sum(dim=0), slope


@exercise.misconception(
    "grad_b has one dimension too many: leave `keepdim=True` out. The biases have shape (out,)."
)
def bias_keeps_its_dimension(x, W, b, target):
    grad_prediction, grad_W, _ = mse_gradients(x, W, b, target)
    return grad_prediction, grad_W, grad_prediction.sum(dim=0, keepdim=True)


@exercise.misconception(
    "Your slopes are the squared differences themselves, divided by their number. The slope of d² "
    "is 2d."
)
def terms_of_the_loss(x, W, b, target):
    return _from(_difference(x, W, b, target) ** 2 / target.numel(), x)


@exercise.misconception(
    "You multiply the gradient of W by W itself (and that of b by b). The weight is already used "
    "up in the prediction: its slope is only what it was multiplied by, the input."
)
def multiplied_by_the_weights(x, W, b, target):
    grad_prediction, grad_W, grad_b = mse_gradients(x, W, b, target)
    return grad_prediction, W * grad_W, b * grad_b


@exercise.style
def with_autograd(x, W, b, target):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    prediction = x @ W.T + b
    loss = ((prediction - target) ** 2).mean()
    return torch.autograd.grad(loss, (prediction, W, b))


@exercise.style
def with_backward(x, W, b, target):
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    prediction = x @ W.T + b
    prediction.retain_grad()
    torch.nn.functional.mse_loss(prediction, target).backward()
    return prediction.grad, W.grad, b.grad


@exercise.style
def with_einsum(x, W, b, target):
    batch, out = target.shape
    g = (torch.einsum("ni,oi->no", x, W) + b - target) * (2 / (batch * out))
    return g, torch.einsum("no,ni->oi", g, x), torch.einsum("no->o", g)


@exercise.style
def example_by_example(x, W, b, target):
    rows, grad_W, grad_b = [], torch.zeros_like(W), torch.zeros_like(b)
    for row, wanted in zip(x, target, strict=True):
        slope = 2 * (W @ row + b - wanted) / target.numel()
        rows.append(slope)
        grad_W += torch.outer(slope, row)
        grad_b += slope
    return torch.stack(rows), grad_W, grad_b
