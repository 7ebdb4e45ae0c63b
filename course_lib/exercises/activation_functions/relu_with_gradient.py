"""Exercise `relu_with_gradient`: ReLU and its derivative, the second written by hand."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def relu_with_gradient(x: Tensor) -> tuple[Tensor, Tensor]:
    """ReLU of each entry, and its derivative there.

    x : inputs, any shape
    Returns (value, derivative), both of the shape and dtype of x.
    At x = 0 the derivative is 0.
    """
    ### BEGIN SOLUTION
    value = torch.where(x > 0, x, 0)
    derivative = (x > 0).to(x.dtype)
    return value, derivative
    ### END SOLUTION


def cases(draw: Draw):
    """Exact zeros in several cases, both signs, tiny and large values, float64, other layouts."""
    yield Case({"x": draw.uniform(2, low=-3.0, high=-0.5)}, note="negative numbers only")
    a, b = draw.uniform(2, low=0.2, high=2.0).tolist()
    yield Case({"x": torch.tensor([-a, 0.0, b])}, note="below zero, exactly 0, above zero")
    yield Case({"x": draw.normal(1, 6)}, note="a batch of one")
    yield Case({"x": draw.normal(4, 3, scale=3.0)}, note="a batch of 4")
    zeros = draw.normal(3, 5)
    zeros[:, 1] = 0
    yield Case({"x": zeros}, note="a column of exact zeros")
    yield Case({"x": draw.normal(2, 8, scale=1e4)}, note="large values")
    tiny = draw.uniform(3, low=0.2, high=0.9) * torch.tensor([1e-5, 1e-8, 1e-11])
    yield Case({"x": torch.cat([-tiny, tiny])}, note="tiny numbers on both sides of 0")
    yield Case({"x": draw.normal(3, 6, dtype=torch.float64)}, note="float64")
    yield Case(
        {"x": draw.normal(4, 5, layout="transposed")},
        note="a tensor that is not contiguous in memory",
    )
    yield Case(
        {"x": draw.normal(2, 3, 4, layout="strided")},
        note="three dimensions, not contiguous in memory",
    )


exercise = FunctionExercise(
    relu_with_gradient,
    title="ReLU and its derivative",
    points=2,
    difficulty=1,
    minutes=10,
    why="The derivative decides which units learn: where it is 0, no gradient reaches the weights "
    "below. That is how a unit dies.",
    cases=cases,
    gradients=False,
    outputs=("value", "derivative"),
    hints=(
        "Draw ReLU. Left of 0 it is flat, right of 0 it is the line y = x. What is the slope of "
        "each piece?",
        "`x > 0` compares entry by entry and gives True or False. The value is x where it is True "
        "and 0 elsewhere; the derivative is 1 where it is True and 0 elsewhere.",
        "`torch.relu(x)` is the value. For the derivative turn `x > 0` into numbers of x's own "
        "dtype with `.to(x.dtype)`. Return both, separated by a comma.",
    ),
)


@exercise.misconception(
    "Your derivative at exactly x = 0 is 1; this exercise, like `torch.relu`, takes 0. You compare "
    "with `>=`: use `>`."
)
def one_at_zero(x):
    return torch.relu(x), (x >= 0).to(x.dtype)


@exercise.misconception(
    "Your derivative at exactly x = 0 is 1/2, the mean of both slopes. That is a possible choice, "
    "but this exercise, like `torch.relu`, takes 0."
)
def half_at_zero(x):
    return torch.relu(x), torch.heaviside(x, torch.tensor(0.5, dtype=x.dtype))


@exercise.misconception(
    "The derivative you return is ReLU itself. It is a slope that is asked for: 1 wherever x > 0, "
    "however large x is."
)
def derivative_is_value(x):
    return torch.relu(x), torch.relu(x)


@exercise.misconception(
    "Your derivative is the sign of x: -1 for negative inputs. ReLU is flat there, so its slope "
    "is 0. (The slope -1 belongs to |x|.)"
)
def derivative_is_sign(x):
    return torch.relu(x), torch.sign(x)


@exercise.misconception(
    "Your derivative is x itself, cut off at 0 and 1. It is right only outside that range: for "
    "x = 0.3 the slope is 1, not 0.3. Compare instead of cutting: `x > 0`."
)
def derivative_clamped(x):
    return torch.relu(x), x.clamp(0, 1)


@exercise.misconception(
    "You find the slope as value / x. At x = 0 that is 0 / 0, which is NaN. Compare instead of "
    "dividing: `x > 0`."
)
def value_over_x(x):
    return torch.relu(x), torch.relu(x) / x


@exercise.misconception(
    "You find the slope as value / x, with a small number added against 0 / 0. When x is tiny "
    "itself, that number changes the result: the slope must be 1 for every x > 0. Compare instead "
    "of dividing: `x > 0`."
)
def value_over_nearly_x(x):
    return torch.relu(x), torch.relu(x) / (x + 1e-8)


@exercise.misconception(
    "You measure the slope with a step to the left. That is a good test, but not the derivative: "
    "it is wrong between 0 and the step, and rounding spoils it for large x. Write down the two "
    "slopes, 0 and 1."
)
def measured_to_the_left(x):
    return torch.relu(x), (torch.relu(x) - torch.relu(x - 0.001)) / 0.001


@exercise.misconception(
    "You measure the slope with a step to the right. That is a good test, but not the derivative: "
    "it gives 1 at 0, is wrong just below 0, and rounding spoils it for large x. Write down the "
    "two slopes, 0 and 1."
)
def measured_to_the_right(x):
    return torch.relu(x), (torch.relu(x + 0.001) - torch.relu(x)) / 0.001


@exercise.misconception(
    "Your derivative is 1 everywhere, as if ReLU were the identity. Where x < 0 the value stays 0 "
    "when x moves a little, so the slope is 0."
)
def one_everywhere(x):
    return torch.relu(x), torch.ones_like(x)


@exercise.misconception(
    "Your derivative is 1 for negative inputs and 0 for positive ones: the comparison is the wrong "
    "way round."
)
def comparison_turned_round(x):
    return torch.relu(x), (x < 0).to(x.dtype)


@exercise.misconception(
    "Your derivative holds True and False. Its values are right, but the chain rule multiplies "
    "numbers: convert it to x's dtype with `.to(x.dtype)`."
)
def derivative_is_bool(x):
    return torch.relu(x), x > 0


@exercise.misconception(
    "Your derivative is always float32. For float64 inputs it must be float64 too: write "
    "`.to(x.dtype)` instead of `.float()`."
)
def always_float32(x):
    return torch.relu(x), (x > 0).float()


@exercise.misconception(
    "Your derivative holds integers. It is to be multiplied with gradients later: convert it to "
    "x's dtype with `.to(x.dtype)`."
)
def derivative_is_integer(x):
    return torch.relu(x), (x > 0).long()


@exercise.misconception("Your value is |x|: negative inputs are flipped. ReLU sets them to 0.")
def absolute_value(x):
    return x.abs(), (x > 0).to(x.dtype)


@exercise.misconception(
    "You let 1 % of negative inputs through. That is leaky ReLU; plain ReLU gives exactly 0 there, "
    "and slope 0."
)
def leaky(x):
    return torch.where(x > 0, x, 0.01 * x), torch.where(x > 0, 1, 0.01).to(x.dtype)


@exercise.misconception(
    "Your value keeps the negative entries and drops the positive ones: min(0, x). ReLU is "
    "max(0, x)."
)
def minimum(x):
    return x.clamp(max=0), (x > 0).to(x.dtype)


@exercise.misconception(
    "`if` and Python's `max` ask one question about the whole tensor, but each entry has its own "
    "sign. Use `torch.relu` and `x > 0`, which work entry by entry."
)
def if_on_a_tensor(x):
    return max(0, x), 1 if x > 0 else 0


@exercise.misconception(
    "Your results are right, but they have lost their shape: all entries lie in one long row. "
    "Nothing needs to be flattened; `torch.relu(x)` and `x > 0` keep the shape of x."
)
def flattened(x):
    return torch.relu(x.flatten()), (x.flatten() > 0).to(x.dtype)


@exercise.misconception(
    "`.squeeze()` removes every axis of length 1. From a batch of one it takes away the batch: the "
    "derivative no longer has the shape of x. Leave it out."
)
def derivative_squeezed(x):
    return torch.relu(x), (x > 0).to(x.dtype).squeeze()


@exercise.misconception(
    "`.view(-1)` works only on tensors that lie in one piece in memory, and a transposed matrix "
    "does not. Nothing needs to be flattened here: `torch.relu(x)` and `x > 0` take any shape."
)
def view_of_a_transposed_matrix(x):
    flat = x.view(-1)
    return torch.relu(flat).view(x.shape), (flat > 0).to(x.dtype).view(x.shape)


@exercise.misconception("Both results are right, but in the wrong order: the value comes first.")
def wrong_order(x):
    return (x > 0).to(x.dtype), torch.relu(x)


@exercise.misconception(
    "Only the value came back. Two tensors are asked for: `return value, derivative`."
)
def value_only(x):
    return torch.relu(x)


@exercise.misconception(
    "You set the negative entries of `x` itself to 0. The results are right, but the caller's "
    "inputs are gone: make a new tensor, with `torch.relu(x)` instead of `relu_` or `x[x < 0] = 0`."
)
def changed_in_place(x):
    derivative = (x > 0).to(x.dtype)
    x[x < 0] = 0
    return x, derivative


@exercise.style
def with_clamp(x):
    return x.clamp(min=0), torch.heaviside(x, torch.zeros((), dtype=x.dtype))


@exercise.style
def with_products(x):
    slope = torch.where(x > 0, torch.ones_like(x), torch.zeros_like(x))
    return x * slope, slope


@exercise.style
def half_of_x_and_its_size(x):
    value = (x + x.abs()) / 2
    return value, torch.sign(value)


@exercise.style
def with_autograd(x):
    leaf = x.detach().clone().requires_grad_()
    value = torch.relu(leaf)
    value.sum().backward()
    return value.detach(), leaf.grad
