"""Exercise `stable_sigmoid`: a sigmoid whose values and gradients are finite everywhere."""

import math

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def stable_sigmoid(x: Tensor) -> Tensor:
    """The sigmoid of each entry, right in value and gradient.

    x : inputs between -1000 and 1000, float32 or float64, any shape
    Returns 1 / (1 + exp(-x)) for each entry, same shape and dtype as x.
    """
    ### BEGIN SOLUTION
    positive = x >= 0
    z = torch.exp(torch.where(positive, -x, x))  # exponent <= 0, so 0 < z <= 1: no overflow
    return torch.where(positive, 1, z) / (1 + z)
    ### END SOLUTION


def far_out(draw: Draw, count: int, lean: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    """Inputs where exp(|x|) is inf in float64 too: a row below zero, a row above.

    lean : 1 when the mean is to be above zero, -1 when below
    """
    near = draw.uniform(count, low=720.0, high=820.0, dtype=dtype)
    far = draw.uniform(count, low=880.0, high=1000.0, dtype=dtype)
    return lean * torch.stack([-near, far])


def cases(draw: Draw):
    """Moderate inputs, inputs far out on both sides, exact zeros; one to three dimensions."""
    yield Case({"x": far_out(draw, 1)[:, 0]}, note="far below zero and far above")
    yield Case({"x": draw.normal(3, scale=2.0)}, note="moderate inputs")
    kink = torch.cat([torch.zeros(2), draw.normal(2)])
    yield Case({"x": kink}, note="two entries are exactly 0")
    yield Case({"x": draw.normal(1, 6, scale=3.0)}, note="a batch of one")
    yield Case({"x": far_out(draw, 4, lean=-1)}, note="inputs far from zero on both sides")
    mixed = torch.cat(
        [far_out(draw, 4, dtype=torch.float64), draw.normal(3, 4, dtype=torch.float64)]
    )
    yield Case({"x": mixed}, note="float64, near and far inputs together")
    yield Case(
        {"x": draw.normal(5, 3, scale=4.0, layout="transposed")},
        note="a tensor that is not contiguous in memory",
    )
    yield Case(
        {"x": draw.normal(2, 3, 4, scale=20.0, layout="strided")},
        note="three dimensions, not contiguous in memory",
    )


exercise = FunctionExercise(
    stable_sigmoid,
    title="A sigmoid that does not overflow",
    points=3,
    difficulty=2,
    minutes=20,
    why="One NaN in one gradient turns every weight into NaN at the next step. The formula on "
    "paper and the formula in floating point are two different things.",
    cases=cases,
    hints=(
        "`exp` of a large positive number is inf. `exp` of a large negative number is 0, which "
        "does no harm. So make sure that `exp` only ever sees numbers <= 0. Which of the two forms "
        "does that for x >= 0, and which for x < 0?",
        "Choose the exponent first, entry by entry: -x where x >= 0, and x elsewhere. Then take "
        "`exp` once. (-|x| is the same number, but beware: |x| has a kink at 0, torch takes its "
        "slope there as 0, and your gradient at exactly 0 would come out as 0 instead of 1/4.)",
        "Let `positive = x >= 0` and `z = torch.exp(torch.where(positive, -x, x))`. Then z lies "
        "between 0 and 1. Both forms have the denominator 1 + z. What is the numerator of each?",
    ),
)


@exercise.misconception(
    "Your values are right, but a gradient is NaN. For very negative x, `exp(-x)` is inf. The "
    "value survives, 1 / inf = 0; the chain rule multiplies that 0 by inf, which is NaN. Let `exp` "
    "see only numbers <= 0."
)
def formula_as_written(x):
    return 1 / (1 + torch.exp(-x))


@exercise.misconception(
    "For large positive x your result is NaN: `exp(x)` is inf, above and below the fraction bar, "
    "and inf / inf is NaN. This form is safe for x < 0 only."
)
def exp_over_one_plus_exp(x):
    return torch.exp(x) / (1 + torch.exp(x))


@exercise.misconception(
    "Your values are right, but gradients are NaN. `torch.where` picks between two results after "
    "both were computed; in the branch not taken `exp` overflowed, and its gradient is 0 * inf = "
    "NaN. Choose the exponent with `torch.where` first, then take `exp` once."
)
def where_after_overflow(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


@exercise.misconception(
    "You replace the NaN values afterwards. The values are now right, but the gradients are still "
    "NaN: they flow back through the inf that made them. Avoid the overflow instead of hiding it."
)
def nan_replaced(x):
    return torch.nan_to_num(torch.exp(x) / (1 + torch.exp(x)), nan=1.0)


@exercise.misconception(
    "Your values are right, but the gradient at exactly x = 0 is 0 instead of 1/4. You use |x|, "
    "which has a kink at 0, and torch takes its slope there as 0. Choose between x and -x with "
    "`torch.where(x >= 0, ...)`: then one branch owns the point 0."
)
def kink_of_abs(x):
    z = torch.exp(-x.abs())
    return torch.where(x >= 0, 1, z) / (1 + z)


@exercise.misconception(
    "You clamp x to [-10, 10] first. That changes the values (all inputs below -10 get 4.5e-5) and "
    "cuts the gradient to exactly 0 outside. No clamp is needed if `exp` sees only numbers <= 0."
)
def clamped_at_10(x):
    return 1 / (1 + torch.exp(-x.clamp(-10, 10)))


@exercise.misconception(
    "You clamp x to [-20, 20] first. In float32 this goes unnoticed, in float64 all inputs below "
    "-20 get the same 2e-9. No clamp is needed if `exp` sees only numbers <= 0."
)
def clamped_at_20(x):
    return 1 / (1 + torch.exp(-x.clamp(-20, 20)))


@exercise.misconception(
    "Your result is the sigmoid of |x|: it never falls below 1/2. For x < 0 the numerator is "
    "exp(x), not 1."
)
def negative_side_forgotten(x):
    return 1 / (1 + torch.exp(torch.where(x >= 0, -x, x)))


@exercise.misconception(
    "Your result is right for x >= 0. For x < 0 you return exp(x) alone: its denominator 1 + "
    "exp(x) is missing."
)
def denominator_forgotten(x):
    z = torch.exp(torch.where(x >= 0, -x, x))
    return torch.where(x >= 0, 1 / (1 + z), z)


@exercise.misconception(
    "The minus sign in the exponent is missing: 1 / (1 + exp(x)) falls from 1 to 0. The sigmoid "
    "rises."
)
def minus_sign_lost(x):
    return 1 / (1 + torch.exp(x))


@exercise.misconception(
    "Your two forms are the wrong way round: your result is 1 minus the sigmoid, which falls from "
    "1 to 0. The numerator is 1 for x >= 0 and exp(x) for x < 0."
)
def forms_swapped(x):
    z = torch.exp(torch.where(x >= 0, -x, x))
    return torch.where(x >= 0, z, 1) / (1 + z)


@exercise.misconception(
    "Neither of your two cases takes x = 0: the value there is 0 instead of 1/2. Let one of them "
    "have it: `x >= 0`."
)
def zero_forgotten(x):
    z = torch.exp(-x.abs())
    above, below = 1 / (1 + z), z / (1 + z)
    return torch.where(x > 0, above, torch.where(x < 0, below, 0))


@exercise.misconception(
    "You shift by the largest entry of the whole tensor, as one does for a softmax. When the "
    "entries lie far apart, the small ones still come out wrong (0 / 0 is NaN). The sigmoid treats "
    "each entry on its own: choose the exponent entry by entry."
)
def shifted_by_the_largest(x):
    largest = x.max()
    return torch.exp(x - largest) / (torch.exp(-largest) + torch.exp(x - largest))


@exercise.misconception(
    "You choose one form for the whole tensor. When it holds numbers far out on both sides, either "
    "form overflows for some of them. Choose entry by entry, with `torch.where(x >= 0, ..., ...)`."
)
def one_form_for_all(x):
    if x.mean() >= 0:
        return 1 / (1 + torch.exp(-x))
    return torch.exp(x) / (1 + torch.exp(x))


@exercise.misconception(
    "Your curve is twice as steep as the sigmoid: (1 + tanh(x)) / 2 is the sigmoid of 2x. Its "
    "slope at 0 is 1/2 instead of 1/4."
)
def twice_as_steep(x):
    return (1 + torch.tanh(x)) / 2


@exercise.misconception(
    "You write into a tensor from `torch.empty` or `torch.zeros`, which is float32 unless told "
    "otherwise. A float64 result does not fit in. `torch.empty_like(x)` has the dtype of x."
)
def written_into_float32(x):
    out = torch.empty(x.shape)
    positive = x >= 0
    out[positive] = 1 / (1 + torch.exp(-x[positive]))
    z = torch.exp(x[~positive])
    out[~positive] = z / (1 + z)
    return out


@exercise.misconception(
    "Your result is always float32. For float64 inputs it must be float64 too: leave out "
    "`.float()`."
)
def always_float32(x):
    return stable_sigmoid(x).float()


@exercise.misconception(
    "You return tanh(x), which runs from -1 to 1. The sigmoid runs from 0 to 1."
)
def tanh_returned(x):
    return torch.tanh(x)


@exercise.misconception(
    "You return a softmax: it divides by the sum over a whole row. The sigmoid treats each entry "
    "on its own."
)
def softmax_returned(x):
    return torch.softmax(x, dim=-1)


@exercise.misconception(
    "`if` asks one question about the whole tensor, but each entry has its own sign. Use "
    "`torch.where(x >= 0, ..., ...)`, which answers entry by entry."
)
def if_on_a_tensor(x):
    if x >= 0:
        return 1 / (1 + torch.exp(-x))
    return torch.exp(x) / (1 + torch.exp(x))


@exercise.misconception(
    "`math.exp` takes a single number. For a whole tensor there is `torch.exp`, which also keeps "
    "track of the gradient."
)
def math_exp(x):
    return 1 / (1 + math.exp(-x))


@exercise.misconception(
    "Your values are right, but you write them into `x` itself. The caller still needs its inputs: "
    "write into `torch.empty_like(x)`."
)
def written_into_x(x):
    positive = x >= 0
    z = torch.exp(torch.where(positive, -x, x))
    x[:] = torch.where(positive, 1, z) / (1 + z)
    return x


@exercise.misconception(
    "Your values are right, but the result is cut off from `x` (`.detach()`, `.data`, `.numpy()`, "
    "`.item()` or `torch.no_grad()`), so nothing could be trained through it."
)
def detached(x):
    return stable_sigmoid(x).detach()


@exercise.style
def with_masks(x):
    out = torch.empty_like(x)
    positive = x >= 0
    out[positive] = 1 / (1 + torch.exp(-x[positive]))
    z = torch.exp(x[~positive])
    out[~positive] = z / (1 + z)
    return out


@exercise.style
def with_safe_branches(x):
    positive = x >= 0
    right = 1 / (1 + torch.exp(-torch.where(positive, x, 0)))
    z = torch.exp(torch.where(positive, 0, x))
    return torch.where(positive, right, z / (1 + z))


@exercise.style
def with_logaddexp(x):
    return torch.exp(-torch.logaddexp(-x, torch.zeros_like(x)))


@exercise.style
def half_a_tanh(x):
    return 0.5 * (1 + torch.tanh(0.5 * x))


@exercise.style
def one_number_at_a_time(x):
    def one(v):
        return 1 / (1 + torch.exp(-v)) if v >= 0 else torch.exp(v) / (1 + torch.exp(v))

    return torch.stack([one(v) for v in x.reshape(-1)]).reshape(x.shape)


@exercise.style
def clamped_far_out(x):
    return 1 / (1 + torch.exp(-x.clamp(-60, 60)))  # beyond ±60 all differences are below 1e-26


@exercise.style
def built_in(x):
    return torch.sigmoid(x)  # passes, as the text says: the check sees what comes out, not how
