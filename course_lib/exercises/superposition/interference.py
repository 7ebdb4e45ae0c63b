"""Exercise `interference`: what the other features leak onto each one.

    leak_i = Σ_{j ≠ i} cos(d_i, d_j)²

(Elhage et al., "Toy Models of Superposition", 2022)
"""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import normalize

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.observations import Observation
from course_lib.exercises.sparse_autoencoder.zero_rows import ZeroRowExercise, zero_rows


def interference(dictionary: Tensor) -> tuple[Tensor, Tensor]:
    """What the other features leak onto each one when it is read off by its direction.

    dictionary : one feature per row, of any length, shape (features, d)
    Returns, for each feature, the sum of the squared cosines with all others, shape (features,),
    and the number of the feature that disturbs it most, shape (features,). For a feature of zeros
    the number may be any.
    """
    ### BEGIN SOLUTION
    directions = torch.nn.functional.normalize(dictionary, dim=1)
    overlap = (directions @ directions.T).square()  # (features, features)
    overlap = overlap * (1 - torch.eye(len(dictionary), dtype=overlap.dtype))  # not with itself
    return overlap.sum(dim=1), overlap.argmax(dim=1)
    ### END SOLUTION


def directions(draw: Draw, features: int, d: int, dtype=torch.float32, **layout) -> dict:
    """Features of any length. The worst neighbour of some is nearly opposite to them."""
    table = draw.normal(features, d, dtype=torch.float64)
    if features > 3:  # the second is the first turned round, and a little to the side
        table[1] = -(table[0] + 0.3 * draw.normal(d, dtype=torch.float64))
        # one neighbour with a middling cosine, two with smaller ones of the same sign
        table[2] = 0.5 * table[0] + 0.8 * draw.normal(d, dtype=torch.float64)
    table = table[draw.shuffled(list(range(features)))]
    table = normalize(table, dim=1) * draw.uniform(
        features, 1, low=0.3, high=3.0, dtype=torch.float64
    )
    return {"dictionary": table.to(dtype)}


def with_zero(draw: Draw, features: int, d: int) -> dict:
    """A feature that is not represented at all, anywhere but in the first row."""
    args = directions(draw, features, d)
    args["dictionary"][draw.integer(1, features - 1)] = 0
    return args


def cases(draw: Draw):
    """More features than inputs, fewer, as many; one of zeros; float64; gaps in memory."""
    yield Case(directions(draw, 3, 2), note="three features in the plane")
    yield Case(directions(draw, 7, 3), note="more features than inputs")
    yield Case(directions(draw, 4, 9), note="fewer features than inputs")
    yield Case(directions(draw, 5, 5), note="as many features as inputs")
    yield Case(with_zero(draw, 6, 4), note="a feature of zeros: its cosines are 0")
    yield Case(directions(draw, 8, 3, torch.float64), note="float64")
    gaps = {"dictionary": directions(draw, 6, 4)["dictionary"].T.contiguous().T}
    yield Case(gaps, note="a dictionary that is not contiguous in memory")


class LeakExercise(ZeroRowExercise):
    """Nothing disturbs a feature of zeros, so whatever stands for it in `worst` is taken as 0."""

    def observe(self, answer, case: Case, seed: int) -> Observation:
        """What `answer` does in `case`."""
        seen = super().observe(answer, case, seed)
        worst, nobody = seen.leaves.get("[1]"), zero_rows(case)
        if isinstance(worst, Tensor) and worst.shape == nobody.shape:
            return replace(seen, leaves={**seen.leaves, "[1]": worst.masked_fill(nobody, 0)})
        return seen


exercise = LeakExercise(
    interference,
    title="Who disturbs whom",
    points=3,
    difficulty=2,
    minutes=15,
    why="Features that share dimensions disturb each other. How much, is a number that can be "
    "computed from the dictionary alone.",
    cases=cases,
    gradients=False,
    outputs=("leak", "worst"),
    hints=(
        "Give the rows length 1. Then one matrix product holds the cosines of all pairs: row i "
        "holds those of feature i.",
        "A feature does not disturb itself, so the diagonal must not count. `torch.eye(n)` is 1 on "
        "the diagonal and 0 elsewhere: multiply the squares by 1 minus that.",
        "With `overlap` the squared cosines without the diagonal, return `overlap.sum(dim=1)` and "
        "`overlap.argmax(dim=1)`. The square makes opposite directions count, too.",
    ),
)


def _cosines(dictionary):
    unit = normalize(dictionary, dim=1)
    return unit @ unit.T


def _off(table):
    return table * (1 - torch.eye(len(table), dtype=table.dtype))


def _of(cosines):
    overlap = _off(cosines.square())
    return overlap.sum(dim=1), overlap.argmax(dim=1)


@exercise.misconception(
    "The diagonal counts: you add the cosine of each feature with itself, which is 1, and each one "
    "is its own worst neighbour. Only the *others* disturb a feature."
)
def with_itself(dictionary):
    overlap = _cosines(dictionary).square()
    return overlap.sum(dim=1), overlap.argmax(dim=1)


@exercise.misconception(
    "You take 1 off the sum, but in the search for the worst neighbour each feature still finds "
    "itself. (And a feature of zeros has no 1 to take off.) Set the diagonal to 0 for both."
)
def one_taken_off(dictionary):
    overlap = _cosines(dictionary).square()
    return overlap.sum(dim=1) - 1, overlap.argmax(dim=1)


@exercise.misconception(
    "Your `leak` is right, but in the search for the worst neighbour each feature still finds "
    "itself. Leave the diagonal out there, too."
)
def itself_the_worst(dictionary):
    cosines = _cosines(dictionary)
    return _of(cosines)[0], cosines.square().argmax(dim=1)


@exercise.misconception(
    "In the sum the cosine of each feature with itself counts, which is 1. Only the *others* leak "
    "onto a feature: set the diagonal to 0 for the sum, too."
)
def itself_in_the_sum(dictionary):
    cosines = _cosines(dictionary)
    return cosines.square().sum(dim=1), _of(cosines)[1]


@exercise.misconception(
    "You take 1 off each sum, for the cosine of a feature with itself. A feature of zeros has no "
    "such 1: its leak becomes -1. Set the diagonal to 0 instead."
)
def one_taken_off_the_zeros(dictionary):
    cosines = _cosines(dictionary)
    return cosines.square().sum(dim=1) - 1, _of(cosines)[1]


@exercise.misconception(
    "You multiply the rows as they are. A cosine needs rows of length 1: normalise them first."
)
def not_normalised(dictionary):
    return _of(dictionary @ dictionary.T)


@exercise.misconception("You normalise the *columns* (dim=0). Features are rows: dim=1.")
def columns_normalised(dictionary):
    unit = normalize(dictionary, dim=0)
    return _of(unit @ unit.T)


@exercise.misconception(
    "Your product runs over the features: its shape is (d, d), so it compares inputs. Write "
    "`directions @ directions.T`, which is (features, features)."
)
def inputs_compared(dictionary):
    unit = normalize(dictionary, dim=1)
    return _of(unit.T @ unit)


@exercise.misconception(
    "You add up the *sizes* of the cosines. Asked for are their squares: what leaks is random in "
    "sign, and then squares add up."
)
def sizes_added(dictionary):
    overlap = _off(_cosines(dictionary).abs())
    return overlap.sum(dim=1), overlap.argmax(dim=1)


@exercise.misconception(
    "You add up the cosines themselves. Positive and negative ones cancel, though both disturb. "
    "Square them first."
)
def signs_cancel(dictionary):
    cosines = _off(_cosines(dictionary))
    return cosines.sum(dim=1), cosines.square().argmax(dim=1)


@exercise.misconception(
    "Your sum is right. But you look for the worst neighbour by the largest *cosine*. The opposite "
    "direction has -1, and disturbs as much as the same one. Look for the largest square."
)
def opposite_overlooked(dictionary):
    cosines = _cosines(dictionary)
    diagonal = torch.eye(len(cosines), dtype=torch.bool)
    return _of(cosines)[0], cosines.masked_fill(diagonal, -2).argmax(dim=1)


@exercise.misconception(
    "Your `leak` uses the cosines as they are, and your worst neighbour is the one with the "
    "largest cosine. Negative cosines disturb as well: square them."
)
def never_squared(dictionary):
    cosines = _cosines(dictionary)
    diagonal = torch.eye(len(cosines), dtype=torch.bool)
    return _off(cosines).sum(dim=1), cosines.masked_fill(diagonal, -2).argmax(dim=1)


@exercise.misconception(
    "You average over the features. What leaks adds up: more features disturb more. Take the sum."
)
def mean_instead_of_sum(dictionary):
    overlap = _off(_cosines(dictionary).square())
    return overlap.mean(dim=1), overlap.argmax(dim=1)


@exercise.misconception(
    "Your `leak` is an average over the *other* features. What leaks adds up: more features "
    "disturb more. Take the sum."
)
def mean_over_others(dictionary):
    leak, worst = _of(_cosines(dictionary))
    return leak / (len(dictionary) - 1), worst


@exercise.misconception("You take the root of the sum. Asked for is the sum of the squares itself.")
def root_taken(dictionary):
    leak, worst = _of(_cosines(dictionary))
    return leak.sqrt(), worst


@exercise.misconception("You square the sum of the cosines. Square each one first, then add.")
def square_of_the_sum(dictionary):
    cosines = _off(_cosines(dictionary))
    return cosines.sum(dim=1).square(), cosines.square().argmax(dim=1)


@exercise.misconception(
    "Your `leak` counts the worst neighbour only. All others disturb, too: add them up."
)
def worst_alone(dictionary):
    overlap = _off(_cosines(dictionary).square())
    return overlap.amax(dim=1), overlap.argmax(dim=1)


@exercise.misconception(
    "You add up over all pairs: one number comes back. Each feature has a leak of its own: sum "
    "along one axis."
)
def one_number(dictionary):
    overlap = _off(_cosines(dictionary).square())
    return overlap.sum(), overlap.argmax(dim=1)


@exercise.misconception(
    "Your second result is the size of the worst overlap. Asked for is *which* feature it is: "
    "`argmax` instead of `max`."
)
def size_of_the_worst(dictionary):
    overlap = _off(_cosines(dictionary).square())
    return overlap.sum(dim=1), overlap.amax(dim=1)


@exercise.misconception("You look for the neighbour that disturbs *least*. Use `argmax`.")
def least(dictionary):
    overlap = _off(_cosines(dictionary).square())
    diagonal = torch.eye(len(overlap), dtype=torch.bool)
    return overlap.sum(dim=1), overlap.masked_fill(diagonal, 2).argmin(dim=1)


@exercise.misconception(
    "A feature of zeros makes your result NaN: its length is 0, and 0/0 is NaN. "
    "`nn.functional.normalize` takes care of it."
)
def zero_becomes_nan(dictionary):
    unit = dictionary / dictionary.norm(dim=1, keepdim=True)
    return _of(unit @ unit.T)


@exercise.misconception(
    "The numbers are right, but you have changed the dictionary that you were given. Make a new "
    "tensor."
)
def in_place(dictionary):
    dictionary /= dictionary.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return _of(dictionary @ dictionary.T)


@exercise.misconception("The two results stand the wrong way round. Return the leak first.")
def swapped(dictionary):
    return _of(_cosines(dictionary))[::-1]


@exercise.style
def feature_by_feature(dictionary):
    leaks, worst = [], []
    for i, d in enumerate(dictionary):
        lengths = (dictionary.norm(dim=1) * d.norm()).clamp(min=1e-12)
        squares = (dictionary @ d / lengths) ** 2
        squares[i] = 0
        leaks.append(squares.sum())
        worst.append(squares.argmax())
    return torch.stack(leaks), torch.stack(worst)


@exercise.style
def with_fill_diagonal(dictionary):
    cosines = torch.nn.functional.cosine_similarity(dictionary[:, None], dictionary[None], dim=2)
    cosines.fill_diagonal_(0)
    return (cosines**2).sum(dim=1), cosines.abs().max(dim=1).indices


@exercise.style
def with_topk(dictionary):
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.topk(1, dim=1).indices[:, 0]


@exercise.style
def sorted_by_size(dictionary):
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argsort(dim=1)[:, -1]
