"""Exercise `tanh_from_sigmoid`: tanh is a sigmoid, stretched and shifted."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def tanh_from_sigmoid(x: Tensor) -> Tensor:
    """The hyperbolic tangent of each entry, as a * sigmoid(b * x) + c.

    x : inputs, any shape
    Returns tanh(x), same shape and dtype as x.
    """
    ### BEGIN SOLUTION
    return 2 * torch.sigmoid(2 * x) - 1
    ### END SOLUTION


def cases(draw: Draw):
    """Moderate and very large inputs, exact zeros, float64, other layouts."""
    yield Case({"x": draw.uniform(2, low=0.3, high=1.5)}, note="two positive numbers")
    yield Case({"x": draw.normal(4)}, note="moderate inputs")
    yield Case({"x": torch.cat([torch.zeros(2), draw.normal(3)])}, note="two entries are exactly 0")
    yield Case({"x": draw.normal(1, 6, scale=2.0)}, note="a batch of one")
    far = draw.uniform(4, low=720.0, high=2000.0)
    yield Case({"x": torch.stack([-far, far])}, note="inputs far from zero on both sides")
    yield Case({"x": draw.normal(3, 4, dtype=torch.float64)}, note="float64")
    yield Case(
        {"x": draw.normal(5, 3, layout="transposed")},
        note="a tensor that is not contiguous in memory",
    )
    yield Case(
        {"x": draw.normal(2, 3, 4, scale=3.0, layout="strided")},
        note="three dimensions, not contiguous in memory",
    )


exercise = FunctionExercise(
    tanh_from_sigmoid,
    title="tanh from the sigmoid",
    points=2,
    difficulty=1,
    minutes=10,
    why="The two S-shaped activations are one function in two scalings, so what you know about one "
    "(saturation, gradients) holds for the other.",
    cases=cases,
    hints=(
        "The sigmoid runs from 0 to 1, tanh from -1 to 1. Which factor a and which shift c turn "
        "the first range into the second?",
        "The slopes at 0 must agree as well. The slope of the sigmoid at 0 is 1/4, that of tanh is "
        "1. Stretching the output by 2 gives 1/2. The rest must come from b.",
        "Multiply top and bottom of (e^x - e^-x) / (e^x + e^-x) by e^-x. You get "
        "(1 - e^(-2x)) / (1 + e^(-2x)), which is 2 / (1 + e^(-2x)) - 1. Do you see the sigmoid of "
        "2x in it?",
    ),
)


@exercise.misconception(
    "The range is right, but your curve is too flat: its slope at 0 is 1/2 instead of 1. The input "
    "must be doubled too."
)
def input_not_doubled(x):
    return 2 * torch.sigmoid(x) - 1


@exercise.misconception(
    "Your result runs from 0 to 1: it is the sigmoid of 2x as it stands. Stretch the output to a "
    "range of length 2 and shift it down."
)
def output_not_stretched(x):
    return torch.sigmoid(2 * x)


@exercise.misconception(
    "Your result runs from 0 to 2. Shift it down by 1, so that an input of 0 gives 0."
)
def not_shifted(x):
    return 2 * torch.sigmoid(2 * x)


@exercise.misconception(
    "Your result runs from 1 to 3: the shift has the wrong sign. Subtract 1, so that an input of 0 "
    "gives 0."
)
def shifted_up(x):
    return 2 * torch.sigmoid(2 * x) + 1


@exercise.misconception(
    "Value and slope at 0 are right, but your result runs from -2 to 2. The steepness must come "
    "from the input: b = 2 and a = 2 instead of a = 4."
)
def stretched_too_far(x):
    return 4 * torch.sigmoid(x) - 2


@exercise.misconception(
    "Your result has lost the sign: it is never negative. tanh of a negative number is negative: "
    "use x itself, without `.abs()`."
)
def sign_lost(x):
    return 2 * torch.sigmoid(2 * x.abs()) - 1


@exercise.misconception(
    "Your result runs from -1 to 0. Before subtracting 1, stretch the output by 2."
)
def shifted_not_stretched(x):
    return torch.sigmoid(2 * x) - 1


@exercise.misconception(
    "You subtract 1/2 and do not stretch: your result runs from -1/2 to 1/2. That is half of tanh."
)
def half_of_tanh(x):
    return torch.sigmoid(2 * x) - 0.5


@exercise.misconception(
    "You shift the input by 1 as well: σ(2x - 1). The -1 belongs outside the sigmoid, after the "
    "factor 2."
)
def shift_inside(x):
    return 2 * torch.sigmoid(2 * x - 1)


@exercise.misconception(
    "You halve the input instead of doubling it: your slope at 0 is 1/4 instead of 1."
)
def input_halved(x):
    return 2 * torch.sigmoid(x / 2) - 1


@exercise.misconception(
    "Your curve falls where tanh rises: the sign is turned round. The sigmoid needs +2x inside, "
    "and the 1 is subtracted from it."
)
def sign_turned_round(x):
    return 1 - 2 * torch.sigmoid(2 * x)


@exercise.misconception(
    "You return the derivative of tanh, 1 - tanh². The function itself is asked for."
)
def derivative_returned(x):
    return 1 - torch.tanh(x) ** 2


@exercise.misconception(
    "You use the definition with exponentials. It is right on paper, but for large |x| it is "
    "inf / inf = NaN. `torch.sigmoid` is stable: build on it."
)
def by_exponentials(x):
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


@exercise.misconception(
    "Your values are right, but you double `x` itself (`x *= 2` works in place). The caller still "
    "needs it: write `2 * x`."
)
def doubled_in_place(x):
    x *= 2
    return 2 * torch.sigmoid(x) - 1


@exercise.misconception(
    "You return a numpy array. Compute with tensors all the way: numpy does not keep track of "
    "gradients."
)
def numpy_returned(x):
    return (2 * torch.sigmoid(2 * x) - 1).detach().numpy()


@exercise.misconception(
    "Your result is always float32. For float64 inputs it must be float64 too: leave out "
    "`.float()`."
)
def always_float32(x):
    return 2 * torch.sigmoid(2 * x.float()) - 1


@exercise.misconception(
    "`.squeeze()` removes every axis of length 1. From a batch of one it takes away the batch. The "
    "result must have the shape of x: leave it out."
)
def squeezed(x):
    return (2 * torch.sigmoid(2 * x) - 1).squeeze()


@exercise.misconception(
    "Your values are right, but the result is cut off from `x` (`.detach()`, `.data`, `.numpy()`, "
    "`.item()` or `torch.no_grad()`), so nothing could be trained through it."
)
def detached(x):
    return (2 * torch.sigmoid(2 * x) - 1).detach()


@exercise.style
def from_the_other_side(x):
    return 1 - 2 * torch.sigmoid(-2 * x)


@exercise.style
def difference_of_two(x):
    return torch.sigmoid(2 * x) - torch.sigmoid(-2 * x)


@exercise.style
def centred_first(x):
    return (torch.sigmoid(x + x) - 0.5) / 0.5


@exercise.style
def built_in(x):
    return torch.tanh(x)  # passes, as the text says: the check sees what comes out, not how
