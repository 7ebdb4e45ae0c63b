"""Exercise `best_code`: the code of a single latent that an L1 penalty leaves: shrunk, or 0."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def best_code(x: Tensor, atom: Tensor, strength: float) -> Tensor:
    """The number z that makes  |x - z atom|² + strength |z|  smallest, for each example.

    x        : examples, shape (batch, input)
    atom     : the atom of the only latent, shape (input,), of length 1
    strength : the strength of the L1 penalty, a number from 0 up
    Returns the code of each example, shape (batch,). It may be negative.
    """
    ### BEGIN SOLUTION
    along = x @ atom  # (batch,): the best code without a penalty
    size = torch.relu(along.abs() - strength / 2)
    return torch.sign(along) * size
    ### END SOLUTION


def cases(draw: Draw):
    """Strengths of 0, below, amid and above the data; codes of both signs in each."""

    def case(batch: int, dim: int, strength: float, note: str, scale: float = 1.0, **options):
        atom = draw.normal(dim, **options)
        atom = atom / atom.norm()
        x = draw.normal(batch, dim, scale=scale, **options)
        wanted = torch.linspace(-2.4, 2.6, batch, dtype=x.dtype) * scale  # along the atom
        x = x + ((wanted - x @ atom)[:, None] if batch > 1 else 2.0 * scale) * atom
        return Case({"x": x, "atom": atom, "strength": strength}, note=note)

    yield case(1, 3, 0.5, "a batch of one")
    yield case(4, 2, 1.5, "more examples than inputs")
    yield case(3, 6, 0.8, "fewer examples than inputs")
    yield case(5, 5, 2.0, "as many examples as inputs")
    yield case(4, 3, 0.0, "strength 0: no penalty")
    yield case(4, 3, 9.0, "a strength above all codes")
    for strength in (0.0, 1.0):
        zeros = case(4, 3, strength, f"strength {strength:g}, an example of zeros: its code is 0")
        zeros.args["x"][draw.integer(0, 3)] = 0
        yield zeros
    yield case(6, 4, 30.0, "large examples, float64", scale=20.0, dtype=torch.float64)
    flipped = case(6, 5, 1.0, "a tensor that is not contiguous in memory")
    wide = torch.stack([flipped.args["x"]] * 2, dim=-1)[..., 0]
    yield Case({**flipped.args, "x": wide}, note=flipped.note)


exercise = FunctionExercise(
    best_code,
    title="What L1 leaves of a code",
    points=3,
    difficulty=3,
    minutes=20,
    why="L1 makes exact zeros. In return it takes something off every latent that stays on. This "
    "shrinkage is its best-known fault.",
    cases=cases,
    gradients=False,
    hints=(
        "First without a penalty: the best z is how far x lies along the atom, the sum of x times "
        "atom. Call it a. With an atom of length 1 the error is (a - z)² plus something that does "
        "not depend on z.",
        "So make (a - z)² + strength |z| smallest. For z > 0 its slope is -2 (a - z) + strength. "
        "Where is that 0? And what if that z is not above 0?",
        "Take half of the strength off the size of a, but not below 0, and give back the sign of "
        "a: `torch.relu(a.abs() - strength / 2)` times `torch.sign(a)`, with `a = x @ atom`.",
    ),
)


def _soft(a, by):
    return torch.sign(a) * torch.relu(a.abs() - by)


@exercise.misconception(
    "You take off the whole strength. The squared error has slope -2 (a - z), with a 2 in front: "
    "so it is *half* the strength."
)
def whole_strength(x, atom, strength):
    return _soft(x @ atom, strength)


@exercise.misconception(
    "You take off a quarter of the strength, or halve twice. -2 (a - z) + strength = 0 gives "
    "z = a - strength / 2."
)
def quarter_strength(x, atom, strength):
    return _soft(x @ atom, strength / 4)


@exercise.misconception(
    "You take off twice the strength. -2 (a - z) + strength = 0 gives z = a - strength / 2."
)
def twice_the_strength(x, atom, strength):
    return _soft(x @ atom, 2 * strength)


@exercise.misconception(
    "Your code is not shrunk: it is the best one *without* a penalty. The strength is not used."
)
def no_penalty(x, atom, strength):
    return x @ atom


@exercise.misconception(
    "There is no zero region: codes smaller than strength / 2 come out with the *other* sign. For "
    "these, z = 0 is best."
)
def no_zero_region(x, atom, strength):
    along = x @ atom
    return along - torch.sign(along) * strength / 2


@exercise.misconception(
    "You take strength / 2 off every code, also off the negative ones. These get larger in size "
    "then. And small codes should become exactly 0."
)
def always_subtracted(x, atom, strength):
    return x @ atom - strength / 2


@exercise.misconception(
    "Negative codes come out as 0. That would be right after ReLU. Here z may be negative: shrink "
    "its size, and keep its sign."
)
def positive_only(x, atom, strength):
    return torch.relu(x @ atom - strength / 2)


@exercise.misconception(
    "Negative codes come out positive. Shrink the size, then give the sign back."
)
def sign_lost(x, atom, strength):
    return torch.relu((x @ atom).abs() - strength / 2)


@exercise.misconception(
    "Small codes are 0, as they should be, but the others are not shrunk: this is the hard "
    "threshold. L1 takes strength / 2 off every code that survives."
)
def hard_threshold(x, atom, strength):
    along = x @ atom
    return torch.where(along.abs() > strength / 2, along, torch.zeros_like(along))


@exercise.misconception(
    "You divide by 1 + strength. This is what a *squared* penalty does: all codes get smaller, and "
    "none becomes 0."
)
def divided(x, atom, strength):
    return (x @ atom) / (1 + strength)


@exercise.misconception(
    "You multiply by 1 - strength / 2. L1 takes the same amount off every code, large or small."
)
def in_proportion(x, atom, strength):
    return (x @ atom) * max(0.0, 1 - strength / 2)


@exercise.misconception(
    "Your codes are larger than without a penalty: you add strength / 2. The penalty pulls towards "
    "0."
)
def stretched(x, atom, strength):
    along = x @ atom
    return along + torch.sign(along) * strength / 2


@exercise.misconception(
    "You do not use the direction of the atom: your code comes from the length of x. Only what "
    "lies *along* the atom counts: the sum of x times atom."
)
def length_of_x(x, atom, strength):
    return torch.relu(x.norm(dim=1) - strength / 2)


@exercise.misconception(
    "You return the reconstruction z times atom, with shape (batch, input). Asked is z."
)
def reconstruction(x, atom, strength):
    return _soft(x @ atom, strength / 2)[:, None] * atom


@exercise.misconception(
    "You shrink the numbers of x first, one by one, and then look along the atom. It is the code "
    "that is shrunk."
)
def shrunk_too_early(x, atom, strength):
    return _soft(x, strength / 2) @ atom


@exercise.misconception(
    "Small codes are 0, as they should be, but you take strength / 2 off the negative ones as off "
    "the others. So they get larger in size. Shrink the size, and keep the sign."
)
def negative_stretched(x, atom, strength):
    along = x @ atom
    return torch.where(along.abs() > strength / 2, along - strength / 2, torch.zeros_like(along))


@exercise.misconception(
    "You shrink as if the error were the *mean* of the squared errors: your threshold grows with "
    "the number of inputs. Here it is their sum."
)
def mean_of_the_errors(x, atom, strength):
    return _soft(x @ atom, strength * x.shape[1] / 2)


@exercise.misconception("How far x lies along the atom is the *sum* of x times atom, not the mean.")
def mean_along(x, atom, strength):
    return _soft((x * atom).mean(dim=1), strength / 2)


@exercise.misconception(
    "An example of zeros gives NaN: you divide by the size of its code, 0 / 0. `torch.sign` gives "
    "the sign without a division."
)
def divided_by_the_size(x, atom, strength):
    along = x @ atom
    return along / along.abs() * torch.relu(along.abs() - strength / 2)


@exercise.style
def with_two_relus(x, atom, strength):
    along = (x * atom).sum(dim=1)
    return torch.relu(along - strength / 2) - torch.relu(-along - strength / 2)


@exercise.style
def with_where(x, atom, strength):
    along = torch.einsum("bd,d->b", x, atom)
    half = strength / 2
    low = torch.where(along < -half, along + half, torch.zeros_like(along))
    return torch.where(along > half, along - half, low)


@exercise.style
def with_clamp(x, atom, strength):
    along = torch.mv(x, atom)
    return along - along.clamp(-strength / 2, strength / 2)


@exercise.style
def softshrink(x, atom, strength):
    return torch.nn.functional.softshrink(x @ atom, strength / 2)
