"""Exercise `soft_and_hard_threshold`: two ways to turn small values into exact zeros."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def soft_and_hard_threshold(x: Tensor, lam: float) -> tuple[Tensor, Tensor]:
    """Soft and hard thresholding of each entry at ±lam.

    x : inputs, any shape
    lam : the threshold, a number above 0
    Returns (soft, hard), both of the shape and dtype of x. Where |x| <= lam both are 0. Elsewhere
    hard keeps x as it is, and soft moves x towards 0 by lam.
    """
    ### BEGIN SOLUTION
    soft = torch.relu(x - lam) - torch.relu(-x - lam)  # what sticks out above lam, and below -lam
    hard = torch.where(x.abs() > lam, x, 0)
    return soft, hard
    ### END SOLUTION


def off_the_edge(x: Tensor, lam: float) -> Tensor:
    """`x` with entries near ±lam moved away, since the gradient jumps on the edge."""
    near = (x.abs() - lam).abs() < 0.05
    return torch.where(near, x * (1 + 0.1 / x.abs().clamp(min=1e-9)), x)


def cases(draw: Draw):
    """Thresholds below, amid and above the data; exact zeros; both signs; never |x| = lam."""

    def values(*shape: int, lam: float, **options) -> Tensor:
        return off_the_edge(draw.normal(*shape, **options), lam)

    yield Case({"x": draw.uniform(2, low=-3.0, high=-1.0), "lam": 0.5}, note="negative numbers")
    a, b = draw.uniform(2, low=1.5, high=3.0).tolist()
    c, d = draw.uniform(2, low=0.1, high=0.9).tolist()
    yield Case(
        {"x": torch.tensor([-a, -c, 0.0, d, b]), "lam": 1.0},
        note="large and small on both sides, and exactly 0",
    )
    yield Case({"x": values(1, 8, lam=0.7, scale=2.0), "lam": 0.7}, note="a batch of one")
    yield Case({"x": values(3, 4, lam=0.3), "lam": 0.3}, note="a small threshold")
    yield Case(
        {"x": draw.uniform(2, 6, low=-1.5, high=1.5), "lam": 2.0},
        note="a threshold above all inputs",
    )
    yield Case({"x": values(4, 3, lam=0.6, dtype=torch.float64), "lam": 0.6}, note="float64")
    yield Case(
        {"x": values(5, 3, lam=0.8, scale=1.5).T, "lam": 0.8},
        note="a tensor that is not contiguous in memory",
    )
    wide = values(3, 4, lam=0.4, scale=30.0)
    yield Case(
        {"x": torch.stack([wide, wide], dim=-1)[..., 0], "lam": 0.4},
        note="large inputs, not contiguous in memory",
    )


exercise = FunctionExercise(
    soft_and_hard_threshold,
    title="Soft and hard thresholding",
    points=3,
    difficulty=2,
    minutes=15,
    why="An L1 penalty shrinks as the soft threshold does, JumpReLU cuts as the hard one does. "
    "Both come back when we make codes sparse.",
    cases=cases,
    outputs=("soft", "hard"),
    hints=(
        "Draw both curves for lam = 1, from x = -3 to 3. Between -1 and 1 both are 0. Outside, one "
        "jumps to the line y = x, the other leaves 0 without a jump.",
        "Hard: keep x where `x.abs() > lam`, else 0. Soft: shrink the size |x| by lam, not below "
        "0, then give the sign back.",
        "`torch.where(condition, x, 0)` makes the hard one. For the soft one: the size is "
        "`torch.relu(x.abs() - lam)`, and `torch.sign(x)` times that size has the right sign.",
    ),
)


def _soft(x, lam):
    return torch.sign(x) * torch.relu(x.abs() - lam)


def _hard(x, lam):
    return torch.where(x.abs() > lam, x, 0)


@exercise.misconception(
    "Both of your results are 0 for all negative inputs. Thresholding looks at the size |x|: large "
    "negative inputs survive too."
)
def both_one_sided(x, lam):
    return torch.relu(x - lam), x * (x > lam)


@exercise.misconception(
    "Your soft threshold is one-sided: relu(x - lam) drops the large negative inputs. Shrink |x|, "
    "then multiply by the sign of x."
)
def soft_one_sided(x, lam):
    return torch.relu(x - lam), _hard(x, lam)


@exercise.misconception(
    "Your hard threshold compares x with lam, so that all negative inputs become 0. Compare "
    "`x.abs()`."
)
def hard_one_sided(x, lam):
    return _soft(x, lam), x * (x > lam)


@exercise.misconception(
    "Your soft threshold has lost the sign: it is never negative. Multiply the shrunk size by "
    "`torch.sign(x)`."
)
def sign_dropped(x, lam):
    return torch.relu(x.abs() - lam), _hard(x, lam)


@exercise.misconception(
    "Your hard threshold returns |x|: large negative inputs come back positive. Keep x itself."
)
def hard_without_sign(x, lam):
    return _soft(x, lam), torch.where(x.abs() > lam, x.abs(), 0)


@exercise.misconception(
    "Your soft threshold does not shrink: what survives comes back as it was, just like the hard "
    "one. Soft moves each surviving value towards 0 by lam."
)
def soft_does_not_shrink(x, lam):
    return _hard(x, lam), _hard(x, lam)


@exercise.misconception(
    "Your hard threshold shrinks: what survives has lost lam. Hard keeps it exactly as it was."
)
def hard_shrinks(x, lam):
    return _soft(x, lam), _soft(x, lam)


@exercise.misconception(
    "`if` and Python's `max` ask one question about the whole tensor, but each entry has its own "
    "size. Use `torch.where` and `torch.relu`, which work entry by entry."
)
def if_on_a_tensor(x, lam):
    return (x - lam if x > lam else 0), (x if x > lam else 0)


@exercise.misconception("Both results are right, but in the wrong order: soft comes first.")
def wrong_order(x, lam):
    return _hard(x, lam), _soft(x, lam)


@exercise.misconception(
    "Your soft threshold shrinks small inputs past 0, so that they change their sign. Stop at 0: "
    "relu of |x| - lam."
)
def shrunk_past_zero(x, lam):
    return x - lam * torch.sign(x), _hard(x, lam)


@exercise.misconception(
    "Your soft threshold subtracts lam from negative inputs too, which moves them away from 0. "
    "Negative values must rise by lam, positive ones fall by lam."
)
def negative_side_pushed_out(x, lam):
    return torch.where(x.abs() > lam, x - lam, 0), _hard(x, lam)


@exercise.misconception(
    "Your soft threshold makes what survives larger by lam. It moves values towards 0, not away."
)
def grown(x, lam):
    return torch.where(x.abs() > lam, x + lam * torch.sign(x), 0), _hard(x, lam)


@exercise.misconception(
    "Your hard threshold is a clamp: it limits large inputs to ±lam and keeps the small ones. It "
    "should be the other way round."
)
def clamped(x, lam):
    return _soft(x, lam), x.clamp(-lam, lam)


@exercise.misconception(
    "Your hard threshold keeps what is small and drops what is large: the comparison is the wrong "
    "way round."
)
def keeps_the_small(x, lam):
    return _soft(x, lam), torch.where(x.abs() <= lam, x, 0)


@exercise.misconception(
    "Your hard threshold returns only which entries survive (1 or 0). Multiply this mask by x."
)
def mask_returned(x, lam):
    return _soft(x, lam), (x.abs() > lam).to(x.dtype)


@exercise.misconception(
    "Your results are right, but you set entries of `x` itself to 0. The caller still needs x: use "
    "`torch.where`, which makes a new tensor."
)
def changed_in_place(x, lam):
    soft = _soft(x, lam)
    x[x.abs() <= lam] = 0
    return soft, x


@exercise.misconception(
    "Your values are right, but both results are cut off from `x` (`.detach()`, `.data`, "
    "`.numpy()` or `torch.no_grad()`), so nothing could be trained through them."
)
def detached(x, lam):
    return _soft(x, lam).detach(), _hard(x, lam).detach()


@exercise.style
def with_the_sign(x, lam):
    return torch.sign(x) * torch.relu(x.abs() - lam), x * (x.abs() > lam)


@exercise.style
def minus_the_clamp(x, lam):
    keep = (x < -lam) | (x > lam)
    return x - x.clamp(-lam, lam), x * keep.to(x.dtype)


@exercise.style
def piece_by_piece(x, lam):
    zero = torch.zeros_like(x)
    soft = torch.where(x > lam, x - lam, torch.where(x < -lam, x + lam, zero))
    return soft, torch.where((x > lam) | (x < -lam), x, zero)


@exercise.style
def built_in(x, lam):
    return torch.nn.functional.softshrink(x, lam), torch.nn.functional.hardshrink(x, lam)
