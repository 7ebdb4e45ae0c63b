"""Exercise `normalise_atoms`: every atom of a dictionary gets length 1.

D_i = w_i / ‖w_i‖          one atom w_i per row
"""

from dataclasses import replace

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.observations import Observation
from course_lib.exercises.sparse_autoencoder.zero_rows import ZeroRowExercise


def normalise_atoms(W: Tensor) -> Tensor:
    """The same atoms with length 1 (L2 norm). An atom of zeros stays zeros.

    W : atoms of any length, one per row, shape (atoms, d)
    Returns the unit-norm atoms, shape (atoms, d).
    """
    ### BEGIN SOLUTION
    lengths = W.norm(dim=1, keepdim=True)  # (atoms, 1)
    return W / torch.where(lengths > 0, lengths, 1.0)
    ### END SOLUTION


def dictionary(draw: Draw, atoms: int, d: int, **kind) -> Tensor:
    """Atoms (atoms, d) with lengths from about 0.5 to 4, so none has length 1 by chance."""
    dtype = kind.get("dtype", torch.float32)
    W = draw.normal(atoms, d, **kind)
    lengths = draw.uniform(atoms, 1, low=0.5, high=0.8, dtype=dtype)
    lengths[::2] *= 4
    return W * (lengths / W.norm(dim=1, keepdim=True))


def cases(draw: Draw):
    """Wide, tall and square; one atom; short ones; float64; gaps in memory; an atom of zeros."""
    yield Case({"W": dictionary(draw, 1, 4)}, note="a single atom")
    yield Case({"W": dictionary(draw, 3, 5)}, note="fewer atoms than inputs")
    yield Case({"W": dictionary(draw, 9, 4)}, note="more atoms than inputs")
    short = dictionary(draw, 4, 3)
    short *= 0.08 / short.norm(dim=1, keepdim=True)
    yield Case({"W": short}, note="short atoms")
    yield Case({"W": dictionary(draw, 6, 6)}, note="as many atoms as inputs")
    yield Case({"W": dictionary(draw, 8, 5, dtype=torch.float64)}, note="float64")
    gaps = dictionary(draw, 7, 5).T.contiguous().T
    yield Case({"W": gaps}, note="a dictionary that is not contiguous in memory")
    W = dictionary(draw, 5, 3)
    W[draw.integer(1, 3)] = 0
    yield Case({"W": W}, note="one atom is all zeros")


class NormExercise(ZeroRowExercise):
    """Any finite gradient will do at an atom of zeros, which has no direction; and at a short one,
    where a tiny number that is added to the length shows in it."""

    def observe(self, answer, case: Case, seed: int) -> Observation:
        """The gradient at such an atom is noted as 0 if it is finite, else as NaN."""
        seen = super().observe(answer, case, seed)
        zero = case.args["W"].norm(dim=1) < 0.1
        g = seen.gradients.get("W")
        if not zero.any() or g is None:
            return seen
        g = g.clone()
        g[zero] = torch.where(g[zero].isfinite(), 0.0, torch.nan)
        return replace(seen, gradients={"W": g})


exercise = NormExercise(
    normalise_atoms,
    title="Atoms of length 1",
    points=3,
    difficulty=2,
    minutes=15,
    why="Without it a sparse autoencoder escapes its penalty: codes shrink while atoms grow. Along "
    "the wrong axis it looks as if it worked.",
    cases=cases,
    tolerance=(1e-4, 1e-5),
    hints=(
        "An atom is a row. You need one length per row: which of the two axes must the norm run "
        "along, so that one number per row is left?",
        "`W.norm(dim=1, keepdim=True)` has shape (atoms, 1), so each row is divided by its own "
        "number. Now look at an atom of zeros: 0/0 is NaN. What should stand below the line there?",
        "`torch.where(lengths > 0, lengths, 1.0)` puts a 1 in place of each 0. Divide `W` by that. "
        "(`nn.functional.normalize(W, dim=1)` is the ready function. It does the same.)",
    ),
)


def _norm(W: Tensor, dim: int = 1) -> Tensor:
    lengths = W.norm(dim=dim, keepdim=True)
    return torch.where(lengths > 0, lengths, 1.0)


@exercise.misconception(
    "You gave length 1 to each *column* (dim=0). An atom is a row here: take the norm along each "
    "row, with dim=1. A non-square dictionary shows it at once: print `normalised.norm(dim=1)`."
)
def columns(W):
    return W / _norm(W, dim=0)


@exercise.misconception(
    "You divide by the norm of the *whole* matrix. Every atom has a length of its own: give `norm` "
    "the axis, dim=1, and keepdim=True."
)
def whole_matrix(W):
    return W / W.norm()


@exercise.misconception(
    "You divide by the sum of the absolute values, the L1 norm. Asked for is the ordinary length: "
    "the root of the sum of the squares."
)
def l1_norm(W):
    sizes = W.abs().sum(dim=1, keepdim=True)
    return W / torch.where(sizes > 0, sizes, 1.0)


@exercise.misconception(
    "You divide by the *squared* length. Take the root of the sum of the squares."
)
def squared_norm(W):
    return W / _norm(W) ** 2


@exercise.misconception(
    "You divide by the root of the *mean* of the squares, so each atom has length √d. Take the "
    "sum of the squares, not the mean."
)
def root_mean_square(W):
    sizes = W.square().mean(dim=1, keepdim=True).clamp(min=1e-12).sqrt()
    return W / sizes


@exercise.misconception(
    "You divide each atom by its largest entry. Then the largest entry is 1, and the atom is "
    "longer than that. Divide by the root of the sum of the squares."
)
def largest_entry(W):
    sizes = W.abs().amax(dim=1, keepdim=True)
    return W / torch.where(sizes > 0, sizes, 1.0)


@exercise.misconception(
    "You subtract the mean of each atom and divide by its standard deviation. That turns its "
    "direction. An atom keeps its direction here: only divide by its length."
)
def standardised(W):
    moved = W - W.mean(dim=1, keepdim=True)
    return moved / moved.std(dim=1, keepdim=True).clamp(min=1e-12)


@exercise.misconception("You multiply by the length. Divide by it, and the length becomes 1.")
def multiplied(W):
    return W * W.norm(dim=1, keepdim=True)


@exercise.misconception(
    "You shorten long atoms only, and leave those shorter than 1 as they are. All atoms need "
    "length 1, the short ones too."
)
def only_long_ones(W):
    return W / W.norm(dim=1, keepdim=True).clamp(min=1.0)


@exercise.misconception(
    "The lengths have shape (atoms,) and are divided along the wrong axis: torch lines them up "
    "with the columns. Keep the axis, with keepdim=True, so that their shape is (atoms, 1)."
)
def axis_not_kept(W):
    return W / W.norm(dim=1)


@exercise.misconception(
    "The values are right, but the length is cut off from the gradient (`.detach()` or "
    "`torch.no_grad()`). A step along the atom would then seem to change the result, though only "
    "the length changes, which is divided out again. Let the gradient pass through the length."
)
def detached_length(W):
    return W / _norm(W).detach()


@exercise.misconception(
    "The values are right, but the whole result is cut off from the gradient, so a dictionary "
    "could not be trained. Leave out `.detach()`, `.data` and `torch.no_grad()`."
)
def detached(W):
    return (W / _norm(W)).detach()


@exercise.misconception(
    "An atom of zeros becomes NaN: its length is 0, and 0/0 is NaN. Divide by 1 there: "
    "`torch.where(lengths > 0, lengths, 1.0)`."
)
def zero_becomes_nan(W):
    return W / W.norm(dim=1, keepdim=True)


@exercise.misconception(
    "The values are right, but the *gradient* at an atom of zeros is NaN. Two things give this. "
    "(1) A root by hand, `.sqrt()`: its slope at 0 is infinite, and infinite times 0 is NaN. "
    "`W.norm(dim=1, keepdim=True)` has the gradient 0 there. (2) A choice between *results*: the "
    "division 0/0 is computed on the way all the same. Choose what you divide by instead: "
    "`W / torch.where(lengths > 0, lengths, 1.0)`."
)
def nan_in_the_gradient(W):
    lengths = W.norm(dim=1, keepdim=True)
    return torch.where(lengths > 0, W / lengths, 0.0)


@exercise.misconception(
    "What you add to the length to avoid a division by 0 is so large that it shortens all atoms. "
    "Something like 1e-12 is enough."
)
def large_epsilon(W):
    return W / (W.norm(dim=1, keepdim=True) + 1e-2)


@exercise.misconception(
    "Your code changes W itself, in place (`/=`, `div_`, `W[i] = …`). Make a new tensor."
)
def in_place(W):
    with torch.no_grad():
        W /= _norm(W)
    return W


@exercise.misconception(
    "The values are right, but torch cannot compute the gradient: something on the way is changed "
    "in place, such as `lengths[lengths == 0] = 1` or a row of a copy. Make a new tensor with "
    "`torch.where`, and divide all rows at once."
)
def changed_on_the_way(W):
    lengths = W.norm(dim=1, keepdim=True)
    lengths[lengths == 0] = 1
    return W / lengths


@exercise.misconception("Your result is the transpose: its shape is (d, atoms). Atoms stay rows.")
def transposed(W):
    return (W / _norm(W)).T


@exercise.style
def ready_function(W):
    return torch.nn.functional.normalize(W, dim=1)


@exercise.style
def tiny_epsilon(W):
    return W / (torch.linalg.vector_norm(W, dim=1, keepdim=True) + 1e-8)


@exercise.style
def root_of_the_sum(W):
    return W / (W**2).sum(dim=1, keepdim=True).clamp(min=1e-16).sqrt()


@exercise.style
def row_by_row(W):
    return torch.stack([w / w.norm() if w.any() else w * 1.0 for w in W])
