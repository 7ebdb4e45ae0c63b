"""Exercise `momentum_step`: one step of SGD with momentum, as torch does it.

v ← μ v + g,    w ← w - η v
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def momentum_step(
    w: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """One step of gradient descent with momentum.

    w : parameter, any shape
    g : its gradient, same shape
    v : its velocity before the step, same shape
    Returns (new_w, new_v), both of the shape of w.
    """
    ### BEGIN SOLUTION
    new_v = momentum * v + g
    new_w = w - learning_rate * new_v
    return new_w, new_v
    ### END SOLUTION


def cases(draw: Draw):
    """First steps (velocity 0) and later ones, with and without momentum, of several shapes."""
    yield _case(draw, draw.normal(3), 0.0, draw.normal(3), "momentum 0: plain gradient descent")
    yield _case(draw, draw.normal(2), 0.9, torch.zeros(2), "the first step: the velocity is 0")
    yield _case(draw, draw.normal(4), 0.9, draw.normal(4, scale=2.0), "a later step")
    yield _case(draw, draw.normal(1, 5), 0.5, draw.normal(1, 5), "one row of weights")
    yield _case(draw, draw.normal(3, 3), 0.7, draw.normal(3, 3), "a square matrix of weights")
    wide = draw.normal(2, 6, scale=50.0, dtype=torch.float64)
    yield _case(draw, wide, 0.99, draw.normal(2, 6, dtype=torch.float64), "float64")
    turned = draw.normal(5, 3, layout="transposed")
    yield _case(draw, turned, 0.8, draw.normal(5, 3, layout="strided"), "not contiguous in memory")


def _case(draw: Draw, w: Tensor, momentum: float, v: Tensor, note: str) -> Case:
    g = draw.normal(*w.shape, scale=3.0, dtype=w.dtype)
    rate = draw.integer(2, 40) / 100
    args = {"w": w, "g": g, "v": v, "learning_rate": rate, "momentum": momentum}
    return Case(args, note=note)


exercise = FunctionExercise(
    momentum_step,
    title="One step with momentum",
    points=2,
    difficulty=1,
    minutes=10,
    why="Books write momentum in several ways that differ in where the learning rate stands. With "
    "torch's way in your fingers you can translate the others.",
    cases=cases,
    gradients=False,
    outputs=("new_w", "new_v"),
    hints=(
        "First compute the new velocity from the old velocity and the gradient. Only then move the "
        "parameter.",
        "The first formula has no learning rate in it. The second uses the velocity that the first "
        "has just made.",
        "`new_v = momentum * v + g`, with new names, so that `w` and `v` stay as they are. What is "
        "`new_w`?",
    ),
)


@exercise.misconception(
    "You move the parameter by the *old* velocity. First compute the new one, then move by that."
)
def old_velocity_used(w, g, v, learning_rate, momentum):
    return w - learning_rate * v, momentum * v + g


@exercise.misconception(
    "The sign is wrong: you go along the gradient, and uphill. Subtract the step."
)
def uphill(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return w + learning_rate * new_v, new_v


@exercise.misconception(
    "The velocity is not used: this is plain gradient descent. Move the parameter by `new_v`, not "
    "by `g`."
)
def moved_by_the_gradient(w, g, v, learning_rate, momentum):
    return w - learning_rate * g, momentum * v + g


@exercise.misconception(
    "Your velocity contains the learning rate. Some books write it like this (v ← μ v + η g, then "
    "w ← w - v). In torch the velocity is made of gradients alone, and the learning rate comes in "
    "the second formula. The two part as soon as the learning rate changes on the way."
)
def rate_inside_the_velocity(w, g, v, learning_rate, momentum):
    new_v = momentum * v + learning_rate * g
    return w - new_v, new_v


@exercise.misconception(
    "Your velocity points downhill and contains the learning rate (v ← μ v - η g, then w ← w + v). "
    "Some books write it like this. In torch it is made of gradients alone: v ← μ v + g."
)
def classical_form(w, g, v, learning_rate, momentum):
    new_v = momentum * v - learning_rate * g
    return w + new_v, new_v


@exercise.misconception(
    "The learning rate is in both formulas, so the gradient is multiplied by it twice. It belongs "
    "in the second only."
)
def rate_twice(w, g, v, learning_rate, momentum):
    new_v = momentum * v + learning_rate * g
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "You weight the gradient with 1 - momentum. That is an average, as Adam's m is one. torch's "
    "momentum adds the whole gradient: v ← μ v + g."
)
def averaged(w, g, v, learning_rate, momentum):
    new_v = momentum * v + (1 - momentum) * g
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "Momentum stands before the wrong one: you multiply the gradient by it. It is the old velocity "
    "that slows down: v ← μ v + g."
)
def momentum_on_the_gradient(w, g, v, learning_rate, momentum):
    new_v = v + momentum * g
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "Momentum is not used: you add the whole old velocity. Then nothing ever slows down."
)
def without_friction(w, g, v, learning_rate, momentum):
    new_v = v + g
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "The old velocity moves the parameter without the learning rate: only the gradient is "
    "multiplied by it. The learning rate multiplies the whole new velocity."
)
def rate_on_the_gradient_only(w, g, v, learning_rate, momentum):
    return w - learning_rate * g - momentum * v, momentum * v + g


@exercise.misconception("The learning rate is missing: you move by the whole velocity.")
def rate_missing(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return w - new_v, new_v


@exercise.misconception(
    "You look one step ahead: you move by g + μ · (new velocity). That is Nesterov's momentum. "
    "Here the parameter moves by the new velocity itself."
)
def nesterov(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return w - learning_rate * (g + momentum * new_v), new_v


@exercise.misconception(
    "The parameter is right, but you return the *old* velocity. The next step would forget this "
    "one: return the new velocity."
)
def old_velocity_returned(w, g, v, learning_rate, momentum):
    return w - learning_rate * (momentum * v + g), v


@exercise.misconception(
    "Momentum is used twice: you move by μ · (new velocity). It belongs in the first formula only."
)
def momentum_twice(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return w - learning_rate * momentum * new_v, new_v


@exercise.misconception(
    "Your first result is only the step. Subtract it from w: the new parameter is asked for."
)
def step_returned(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return learning_rate * new_v, new_v


@exercise.misconception(
    "Both results are right, but in the wrong order: the parameter comes first."
)
def wrong_order(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return new_v, w - learning_rate * new_v


@exercise.misconception(
    "Only the parameter came back. The next step needs the velocity as well: `return new_w, new_v`."
)
def parameter_only(w, g, v, learning_rate, momentum):
    return w - learning_rate * (momentum * v + g)


@exercise.misconception(
    "The results are right, but `*=`, `+=` or `-=` has changed the caller's tensors themselves. "
    "(An optimiser of torch does so on purpose. Here, make new ones: `new_v = momentum * v + g`.)"
)
def in_place(w, g, v, learning_rate, momentum):
    v *= momentum
    v += g
    w -= learning_rate * v
    return w, v


@exercise.misconception(
    "The results are right, but `v *= ...` or `v += ...` has changed the caller's `v` itself. "
    "Make a new tensor: `new_v = momentum * v + g`."
)
def velocity_in_place(w, g, v, learning_rate, momentum):
    v *= momentum
    v += g
    return w - learning_rate * v, v


@exercise.misconception(
    "Momentum multiplies the gradient as well: you write μ (v + g). Only the old velocity is "
    "slowed down: μ v + g."
)
def momentum_on_both(w, g, v, learning_rate, momentum):
    new_v = momentum * (v + g)
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "The gradient is subtracted in the velocity *and* the velocity is subtracted from w. Two minus "
    "signs lead uphill: v ← μ v + g."
)
def two_minus_signs(w, g, v, learning_rate, momentum):
    new_v = momentum * v - g
    return w - learning_rate * new_v, new_v


@exercise.misconception(
    "Your velocity points downhill: you subtract the gradient from it and then add it to w. torch "
    "keeps it the other way round: v ← μ v + g, then w minus."
)
def velocity_downhill(w, g, v, learning_rate, momentum):
    new_v = momentum * v - g
    return w + learning_rate * new_v, new_v


@exercise.misconception("Momentum is ignored: your velocity is the gradient of this step alone.")
def momentum_ignored(w, g, v, learning_rate, momentum):
    return w - learning_rate * g, g


@exercise.misconception(
    "The old velocity pushes in the wrong direction, and without the learning rate: you add μ v to "
    "w. The learning rate multiplies the whole new velocity, and all of it is subtracted."
)
def old_velocity_added(w, g, v, learning_rate, momentum):
    return w - learning_rate * g + momentum * v, momentum * v + g


@exercise.misconception("The gradient is in the step twice: new_v contains it already.")
def gradient_twice(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    return w - learning_rate * (new_v + g), new_v


@exercise.misconception(
    "The results are right, but `w -= ...` has changed the caller's `w` itself. Make a new tensor: "
    "`new_w = w - ...`."
)
def parameter_in_place(w, g, v, learning_rate, momentum):
    new_v = momentum * v + g
    w -= learning_rate * new_v
    return w, new_v


@exercise.style
def with_torchs_own(w, g, v, learning_rate, momentum):
    parameter = torch.nn.Parameter(w.clone())
    parameter.grad = g.clone()
    optimizer = torch.optim.SGD([parameter], lr=learning_rate, momentum=momentum)
    if momentum:
        optimizer.state[parameter]["momentum_buffer"] = v.clone()
    optimizer.step()
    return parameter.detach(), momentum * v + g


@exercise.style
def with_torch_add(w, g, v, learning_rate, momentum):
    new_v = torch.add(g, v, alpha=momentum)
    return torch.sub(w, new_v, alpha=learning_rate), new_v


@exercise.style
def copies_changed_in_place(w, g, v, learning_rate, momentum):
    w, v = w.clone(), v.clone()
    v.mul_(momentum).add_(g)
    w.sub_(learning_rate * v)
    return w, v
