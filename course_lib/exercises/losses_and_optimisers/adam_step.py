"""Exercise `adam_step`: one step of Adam (Kingma and Ba, 2015, algorithm 1)."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def adam_step(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of Adam.

    w : parameter, any shape
    g : its gradient, same shape
    m : running average of gradients before the step, same shape
    v : running average of squared gradients before the step, same shape
    t : number of this step, counted from 1
    Returns (new_w, new_m, new_v), all of the shape of w. new_m and new_v are not corrected.
    """
    ### BEGIN SOLUTION
    new_m = beta1 * m + (1 - beta1) * g
    new_v = beta2 * v + (1 - beta2) * g**2
    m_hat = new_m / (1 - beta1**t)
    v_hat = new_v / (1 - beta2**t)
    new_w = w - learning_rate * m_hat / (v_hat.sqrt() + eps)
    return new_w, new_m, new_v
    ### END SOLUTION


def cases(draw: Draw):
    """First and later steps, other settings than the usual ones, an epsilon that shows, zeros."""
    yield _case(draw, (3,), 1, note="the first step: m and v are 0")
    yield _case(draw, (2, 3), 2, beta1=0.8, beta2=0.95, note="the second step")
    yield _case(draw, (1, 4), 7, eps=0.3, note="step 7, with a large eps")
    yield _case(draw, (3, 3), 3, beta1=0.5, beta2=0.7, eps=0.1, note="a square matrix of weights")
    yield _case(draw, (5,), 400, beta2=0.99, note="step 400")
    yield _case(draw, (2, 4), 12, eps=0.05, dtype=torch.float64, note="float64")
    first = _case(draw, (4,), 1, note="the gradient is exactly 0 in places").args
    first["g"][1:3] = 0.0
    yield Case(first, note="the gradient is exactly 0 in places")
    turned = dict(_case(draw, (3, 5), 5, eps=0.2).args)
    turned["w"], turned["g"] = turned["w"].T.clone().T, turned["g"].T.clone().T
    yield Case(turned, note="tensors that are not contiguous in memory")
    few = _case(draw, (4, 2), 9).args
    few = {name: few[name] for name in ("w", "g", "m", "v", "t")}
    yield Case(few, note="the usual settings, which need not be given")


def _case(
    draw: Draw,
    shape: tuple[int, ...],
    t: int,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    dtype: torch.dtype = torch.float32,
    note: str = "",
) -> Case:
    w, g = draw.normal(*shape, dtype=dtype), draw.normal(*shape, scale=2.0, dtype=dtype)
    m = draw.normal(*shape, dtype=dtype) * (t > 1)
    v = draw.uniform(*shape, low=0.2, high=3.0, dtype=dtype) * (t > 1)
    rate = draw.integer(5, 50) / 100
    return Case(
        {"w": w, "g": g, "m": m, "v": v, "t": t, "learning_rate": rate, "beta1": beta1,
         "beta2": beta2, "eps": eps},
        note=note,
    )  # fmt: skip


exercise = FunctionExercise(
    adam_step,
    title="One step of Adam",
    points=4,
    difficulty=2,
    minutes=20,
    why="Nearly every sparse autoencoder is trained with Adam. Its five lines explain why its "
    "steps do not care how large the loss is.",
    cases=cases,
    gradients=False,
    outputs=("new_w", "new_m", "new_v"),
    hints=(
        "Five formulas, five lines, in the order of the text. Give the new averages new names: the "
        "old ones must stay as they are.",
        "The correction makes *other* numbers, m_hat and v_hat, out of new_m and new_v. The step "
        "uses the corrected ones; what you return are the uncorrected ones.",
        "`m_hat = new_m / (1 - beta1**t)`, where `**` is a power. In the last line the root is "
        "taken first, then eps is added: `v_hat.sqrt() + eps`.",
    ),
)


def _averages(g, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


@exercise.misconception(
    "The correction is missing: you move by new_m and new_v as they are. They begin at 0, so in "
    "the first steps they are far too small. Divide by 1 - beta1**t and 1 - beta2**t."
)
def no_correction(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - learning_rate * m / (v.sqrt() + eps), m, v


@exercise.misconception("Only m is corrected. v begins at 0 as well: divide it by 1 - beta2**t.")
def only_m_corrected(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - learning_rate * m / (1 - beta1**t) / (v.sqrt() + eps), m, v


@exercise.misconception("Only v is corrected. m begins at 0 as well: divide it by 1 - beta1**t.")
def only_v_corrected(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - learning_rate * m / ((v / (1 - beta2**t)).sqrt() + eps), m, v


@exercise.misconception(
    "The step is right, but you return the *corrected* averages. The next step would correct them "
    "again: return new_m and new_v as they are."
)
def corrected_returned(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m_hat, v_hat


@exercise.misconception(
    "You count the steps from 0: your correction uses t - 1. At the first step that divides 0 by "
    "0. Here t is 1 at the first step: use it as it is."
)
def counted_from_zero(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    one = torch.ones((), dtype=w.dtype)
    m_hat, v_hat = m / (one - beta1 ** (t - 1)), v / (one - beta2 ** (t - 1))
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "You count the steps from 0: your correction uses t - 1, and at the first step that divides by "
    "0. Here t is 1 at the first step: use it as it is."
)
def counted_from_zero_as_a_float(
    w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8
):
    m, v = _averages(g, m, v, beta1, beta2)
    step = 1 / (1 - beta1 ** (t - 1))
    v_hat = v / (1 - beta2 ** (t - 1))
    return w - learning_rate * step * m / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "Your correction uses t + 1. t is 1 at the first step already: use it as it is."
)
def counted_from_two(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "Your correction has no t: you divide by 1 - beta1 and 1 - beta2 in each step. That is right "
    "in the first step only. Later the averages are full and need less: 1 - beta1**t."
)
def correction_without_t(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1), v / (1 - beta2)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "Your correction multiplies beta by t. It is a power: beta1**t, that is beta1 times itself, t "
    "times."
)
def times_instead_of_power(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 * t), v / (1 - beta2 * t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "Your correction multiplies by 1 - beta**t. That makes the small averages even smaller: divide."
)
def correction_multiplied(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m * (1 - beta1**t), v * (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "eps stands inside the root. Take the root of v_hat first, then add eps: `v_hat.sqrt() + eps`."
)
def eps_inside(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat + eps).sqrt(), m, v


@exercise.misconception(
    "eps is missing. Where all gradients so far were 0, you divide 0 by 0. Add it to the root: "
    "`v_hat.sqrt() + eps`."
)
def eps_missing(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / v_hat.sqrt(), m, v


@exercise.misconception(
    "eps is added to the whole fraction: brackets are missing around `v_hat.sqrt() + eps`."
)
def brackets_missing(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - (learning_rate * m_hat / v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "eps is added to the fraction m_hat / √v_hat: brackets are missing around `v_hat.sqrt() + eps`."
)
def added_to_the_fraction(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * (m_hat / v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "eps is added to the root of v *before* the correction. Correct first: the root is taken of "
    "v_hat."
)
def eps_before_correction(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    rate = learning_rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return w - rate * m / (v.sqrt() + eps), m, v


@exercise.misconception(
    "The root is missing: you divide by v_hat. v_hat is about as large as a *squared* gradient, so "
    "it must be made as large as a gradient first."
)
def root_missing(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat + eps), m, v


@exercise.misconception(
    "v is made from the gradient itself. It is the average of the *squared* gradients: g**2."
)
def square_missing(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "The square is in the wrong place: you square (1 - beta2) · g. Only g is squared."
)
def squared_with_its_weight(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + ((1 - beta2) * g) ** 2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception("You square m for v. v averages the squares of the *gradients*, g**2.")
def m_squared(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "The whole gradient is added to m, as in torch's momentum. In Adam m is an average: the "
    "gradient counts with 1 - beta1, and its square with 1 - beta2."
)
def not_averages(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + g, beta2 * v + g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception("beta1 and beta2 are the wrong way round: beta1 belongs to m, beta2 to v.")
def betas_swapped(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta2, beta1)
    m_hat, v_hat = m / (1 - beta2**t), v / (1 - beta1**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "In the averages the weights are the wrong way round: the *old* average counts with beta, the "
    "new gradient with 1 - beta."
)
def weights_swapped(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, 1 - beta1, 1 - beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "You move by the gradient of this step alone, divided by the root. The direction of Adam's "
    "step is m_hat, the average."
)
def moved_by_the_gradient(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    v_hat = v / (1 - beta2**t)
    return w - learning_rate * g / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "You move by the *old* averages m and v. First bring both up to date with the new gradient."
)
def old_averages_used(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return (w - learning_rate * m_hat / (v_hat.sqrt() + eps), *_averages(g, m, v, beta1, beta2))


@exercise.misconception(
    "The parameter is right, but you return the *old* m and v. The next step needs the new ones."
)
def old_averages_returned(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)[0], m, v


@exercise.misconception("The sign is wrong: the parameter moves uphill. Subtract the step.")
def uphill(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return 2 * w - new, m, v


@exercise.misconception(
    "The learning rate is fixed at 0.001. That is only the default: use `learning_rate`."
)
def fixed_rate(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, g, m, v, t, 0.001, beta1, beta2, eps)


@exercise.misconception(
    "The betas are fixed at 0.9 and 0.999. Those are only the defaults: use `beta1` and `beta2`."
)
def fixed_betas(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, g, m, v, t, learning_rate, 0.9, 0.999, eps)


@exercise.misconception("eps is fixed at 1e-8. That is only the default: use `eps`.")
def fixed_eps(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, g, m, v, t, learning_rate, beta1, beta2)


@exercise.misconception(
    "One number for all entries: you average the squared gradients over the tensor. Each entry has "
    "a v of its own."
)
def one_v_for_all(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * (g**2).mean()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "All three are right, but in another order: new_w, new_m, new_v is asked for."
)
def parameter_last(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return m, v, new


@exercise.misconception(
    "All three are right, but the averages are the wrong way round: new_w, new_m, new_v is asked "
    "for."
)
def averages_swapped(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return new, v, m


@exercise.misconception(
    "Only the parameter came back. The next step needs the averages too: "
    "`return new_w, new_m, new_v`."
)
def parameter_only(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)[0]


@exercise.misconception(
    "The results are right, but `m *= ...`, `m += ...` and the like have changed the caller's `m` "
    "and `v`. (An optimiser of torch does so on purpose. Here, make new ones: "
    "`new_m = beta1 * m + ...`.)"
)
def in_place(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, new_m, new_v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return new, m.copy_(new_m), v.copy_(new_v)


@exercise.misconception(
    "Your correction divides by (1 - beta)**t. The power belongs to beta alone: 1 - beta**t."
)
def one_minus_beta_to_the_power(
    w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8
):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1) ** t, v / (1 - beta2) ** t
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception("You use beta1 for v as well. v has a factor of its own, beta2.")
def beta1_for_both(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta1)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta1**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "The averages are right, but you correct both with beta1. v is corrected with beta2: 1 - "
    "beta2**t."
)
def corrected_with_one_beta(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta1**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "v averages the sizes of the gradients, |g|. It is their *squares* that are averaged."
)
def size_instead_of_square(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g.abs()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


@exercise.misconception(
    "Your first result is only the step. Subtract it from w: the new parameter is asked for."
)
def step_returned(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return w - new, m, v


@exercise.misconception(
    "The step is right, but you return m_hat instead of m. The next step would correct it again."
)
def m_hat_returned(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step(w, g, m, v, t, learning_rate, beta1, beta2, eps)
    return new, m / (1 - beta1**t), v


@exercise.misconception(
    "You square v_hat where its root is asked for: `v_hat.sqrt()`, or `v_hat ** 0.5`."
)
def hat_squared(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = _averages(g, m, v, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat**2 + eps), m, v


@exercise.style
def with_torchs_own(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    parameter = torch.nn.Parameter(w.clone())
    parameter.grad = g.clone()
    optimizer = torch.optim.Adam([parameter], lr=learning_rate, betas=(beta1, beta2), eps=eps)
    state = {"exp_avg": m.clone(), "exp_avg_sq": v.clone(), "step": torch.tensor(float(t - 1))}
    optimizer.state[parameter] = state
    optimizer.step()
    return parameter.detach(), state["exp_avg"], state["exp_avg_sq"]


@exercise.style
def with_lerp(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = torch.lerp(m, g, 1 - beta1), torch.lerp(v, g * g, 1 - beta2)
    root = v.div(1 - beta2**t).sqrt().add(eps)
    return w - learning_rate / (1 - beta1**t) * m / root, m, v


@exercise.style
def entry_by_entry(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    new_w, new_m, new_v = w.clone(), m.clone(), v.clone()
    for at in torch.cartesian_prod(*(torch.arange(n) for n in w.shape)).reshape(-1, w.ndim):
        i = tuple(at.tolist())
        new_m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        new_v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
        step = (new_m[i] / (1 - beta1**t)) / ((new_v[i] / (1 - beta2**t)) ** 0.5 + eps)
        new_w[i] = w[i] - learning_rate * step
    return new_w, new_m, new_v
