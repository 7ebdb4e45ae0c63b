"""Exercise `soft_and_hard_threshold`: two ways to turn small values into exact zeros."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.observations import Observation, observe_call

EDGE = "entries exactly at lam and -lam"


def soft_and_hard_threshold(x: Tensor, lam: float) -> tuple[Tensor, Tensor]:
    """Soft and hard thresholding of each entry at ±lam.

    x : inputs, any shape
    lam : the threshold, a number above 0
    Returns (soft, hard), both of the shape and dtype of x. Where |x| <= lam
    both are 0. Elsewhere hard keeps x, and soft moves x towards 0 by lam.
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
    """Thresholds below, amid and above the data; exact zeros; both signs.

    |x| = lam in one case only, in which values alone are compared.
    """

    def values(*shape: int, lam: float, **options) -> Tensor:
        return off_the_edge(draw.normal(*shape, **options), lam)

    yield Case({"x": draw.uniform(2, low=-3.0, high=-1.0), "lam": 0.5}, note="negative numbers")
    a, b = draw.uniform(2, low=1.5, high=3.0).tolist()
    c, d = draw.uniform(2, low=0.1, high=0.9).tolist()
    yield Case(
        {"x": torch.tensor([-a, -c, 0.0, d, b]), "lam": 1.0},
        note="large and small on both sides, and exactly 0",
    )
    edge = draw.integer(3, 11) / 4  # exact in float32
    beyond = edge + draw.uniform(2, low=0.2, high=1.0)
    points = torch.tensor([-edge, 0.0, edge])
    yield Case({"x": torch.cat([points, beyond * torch.tensor([-1, 1])]), "lam": edge}, note=EDGE)
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


class ThresholdExercise(FunctionExercise):
    """On the edge itself the slope is a matter of choice: no gradients are compared there."""

    def observe(self, answer: Callable, case: Case, seed: int) -> Observation:
        """See `FunctionExercise.observe`."""
        return observe_call(answer, case, self.gradients and case.note != EDGE, seed)


exercise = ThresholdExercise(
    soft_and_hard_threshold,
    title="Soft and hard thresholding",
    points=3,
    difficulty=2,
    minutes=15,
    why="Sparse codes need exact zeros. These are the two classic ways to make them, and both come "
    "back when we build sparse autoencoders.",
    cases=cases,
    outputs=("soft", "hard"),
    hints=(
        "Draw both curves for lam = 1, from x = -3 to 3. Between -1 and 1 both are 0. Outside, one "
        "jumps to the line y = x, the other leaves 0 without a jump.",
        "Hard: keep x where `x.abs() > lam`, else 0. Soft: shrink the size |x| by lam, not below "
        "0, then give the sign back.",
        "`torch.where(condition, x, 0)` makes the hard one. For the soft one: the new size is "
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


@exercise.misconception(
    "Your hard threshold keeps entries that lie exactly at lam or -lam. Here the edge belongs to "
    "what is dropped: keep x where `x.abs() > lam`, not `>=`."
)
def edge_kept(x, lam):
    return _soft(x, lam), torch.where(x.abs() >= lam, x, 0)


@exercise.misconception(
    "Your threshold is fixed at 1, as in the table. Use `lam`, which the caller chooses."
)
def threshold_fixed_at_one(x, lam):
    return _soft(x, 1), _hard(x, 1)


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
    "Your soft threshold is a clamp: it limits large inputs to ±lam and keeps the small ones. That "
    "is what soft thresholding takes *away*: subtract it from x."
)
def soft_is_what_is_cut_off(x, lam):
    return x.clamp(-lam, lam), _hard(x, lam)


@exercise.misconception(
    "You make the hard threshold from the soft one by adding lam back. That lifts the small "
    "entries too, from 0 to ±lam. Only what survives may get its lam back."
)
def lam_added_to_all(x, lam):
    return _soft(x, lam), _soft(x, lam) + lam * torch.sign(x)


@exercise.misconception(
    "Your values are right, but the gradient of the soft threshold is NaN at x = 0: you divide by "
    "|x|. There lam / 0 is inf, and the chain rule multiplies it by 0. Use `torch.sign(x)` instead "
    "of x / |x|."
)
def divided_by_size(x, lam):
    return x * torch.relu(1 - lam / x.abs()), _hard(x, lam)


@exercise.misconception(
    "Your results are always float32. For float64 inputs they must be float64 too: leave out "
    "`.float()`."
)
def always_float32(x, lam):
    return _soft(x, lam).float(), _hard(x, lam).float()


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
    "Your values are right, but no gradient flows through one of your two results: it is cut off "
    "from `x` (`.detach()`, `.data`, `.numpy()` or `torch.no_grad()`). What survives has the slope "
    "1 in both."
)
def one_detached(x, lam):
    return _soft(x, lam), _hard(x, lam).detach()


@exercise.misconception(
    "Your values are right, but the slope of your soft threshold is 1 everywhere: what is taken "
    "away was detached. Inside, where the result stays 0, the slope must be 0."
)
def soft_straight_through(x, lam):
    return x - (x - _soft(x, lam)).detach(), _hard(x, lam)


@exercise.misconception(
    "Your values are right, but the slope of your hard threshold is 1 everywhere: what is taken "
    "away was detached. Inside, where the result stays 0, the slope must be 0."
)
def hard_straight_through(x, lam):
    return _soft(x, lam), x - (x - _hard(x, lam)).detach()


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
def clamped_size(x, lam):
    size = (x.abs() - lam).clamp(min=0)  # its slope at the edge is 1: a choice as good as 0
    return size.copysign(x), x.masked_fill(x.abs() <= lam, 0)


@exercise.style
def with_maximum(x, lam):
    size = torch.maximum(x.abs() - lam, torch.zeros_like(x))
    return size * x.sign(), x * (size > 0)


@exercise.style
def built_in(x, lam):
    return torch.nn.functional.softshrink(x, lam), torch.nn.functional.hardshrink(x, lam)
