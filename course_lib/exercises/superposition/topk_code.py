"""Exercise `topk_code`: the k largest pre-activations of each example, if positive, and zeros.

(Makhzani and Frey, "k-Sparse autoencoders", 2014; with the ReLU Gao et al., "Scaling and evaluating
sparse autoencoders", 2024)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.observations import Observation, observe_call

TIES = "two values are equal, and only one of them has room: keep either, but not both"


def topk_code(s: Tensor, k: int) -> Tensor:
    """The code that keeps the k largest pre-activations of each example, if they are positive.

    s : pre-activations, shape (batch, latents)
    k : how many latents an example may have on, from 1 to latents
    Returns the code, shape (batch, latents).
    """
    ### BEGIN SOLUTION
    largest, where = s.topk(k, dim=1)  # both (batch, k)
    return torch.zeros_like(s).scatter(1, where, torch.relu(largest))
    ### END SOLUTION


def cases(draw: Draw):
    """k from 1 to all; rows with fewer than k positive; ties; a batch of one; float64; gaps."""

    def case(batch, latents, k, note, shift=0.0, **kind):
        s = draw.normal(batch, latents, scale=2.0, shift=shift, **kind)
        return Case({"s": s, "k": k}, note=note)

    yield case(1, 4, 2, "a batch of one", shift=0.5)
    # in the second row only one is positive, and large negative values are many
    few = draw.uniform(3, 5, low=0.2, high=1.0)
    few[1] = -few[1] - 2.0
    few[1, draw.integer(0, 4)] = 0.6
    few[2, :2] = torch.tensor([-7.0, -5.0])
    yield Case({"s": few, "k": 3}, note="an example with one positive value, k = 3")
    yield case(6, 7, 2, "a larger batch", shift=0.4)
    yield case(5, 5, 3, "as many examples as latents")
    yield case(4, 6, 6, "k is the number of latents")
    yield case(5, 9, 1, "k = 1", shift=-0.5)
    yield case(4, 8, 3, "float64", dtype=torch.float64)
    yield case(6, 4, 2, "not contiguous in memory", layout="strided")
    # one example is far stronger than the others
    loud = draw.normal(4, 6)
    loud[draw.integer(0, 3)] = draw.uniform(6, low=20, high=30)
    yield Case({"s": loud, "k": 2}, note="one example is much stronger than the others")
    tied = draw.uniform(2, 5, low=0.1, high=0.9)
    tied[:, draw.integer(0, 1)] = tied[:, draw.integer(2, 4)] = 2.0
    yield Case({"s": tied, "k": 1}, note=TIES)


class TiedExercise(FunctionExercise):
    """Where values are tied either of them may be kept: only the sorted rows are compared there."""

    def observe(self, answer, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`."""
        if case.note != TIES:
            return super().observe(answer, case, seed)

        def in_order(*args):
            z = answer(*args)
            usual = isinstance(z, Tensor) and z.dim() == 2
            return z.sort(dim=1, descending=True).values if usual else z

        return observe_call(in_order, case, False, seed)


exercise = TiedExercise(
    topk_code,
    title="A code with at most k",
    points=4,
    difficulty=2,
    minutes=15,
    why="TopK needs no penalty and shrinks nothing: L0 is what you say it is.",
    cases=cases,
    hints=(
        "`s.topk(k, dim=1)` gives, for each row, the k largest values and where they stand. What "
        "remains is to write them into zeros at the same places.",
        "`zeros.scatter(1, where, values)` writes `values` into a copy of `zeros`: in each row at "
        "the columns that `where` tells.",
        "`values, where = s.topk(k, dim=1)`, then `torch.zeros_like(s).scatter(1, where, "
        "torch.relu(values))`.",
    ),
)


def _kept(s, k, values=None):
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest)


@exercise.misconception(
    "Negative values are kept when an example has fewer than k positive ones. Take the ReLU as "
    "well: a code is never negative."
)
def negatives_kept(s, k):
    return _kept(s, k)


@exercise.misconception(
    "You keep the k largest *in size*. A large negative value then takes a place, and a positive "
    "one is lost. The largest values are asked for."
)
def by_size(s, k):
    _, where = s.abs().topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, torch.relu(s.gather(1, where)))


@exercise.misconception(
    "You keep the k largest in size, negative ones too. The largest *values* are asked for, and no "
    "negative ones."
)
def by_size_with_sign(s, k):
    _, where = s.abs().topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, s.gather(1, where))


@exercise.misconception(
    "You keep the k largest values of each *column*: dim=0 runs over the examples. Each example "
    "has its own k: dim=1."
)
def over_examples(s, k):
    k = min(k, len(s))
    largest, where = s.topk(k, dim=0)
    return torch.zeros_like(s).scatter(0, where, torch.relu(largest))


@exercise.misconception(
    "You keep the largest values of the whole batch, k per example on average. A strong example "
    "takes the places of weak ones. (This is another method, BatchTopK.) Here each row keeps its "
    "own k."
)
def over_the_batch(s, k):
    flat = s.flatten()
    largest, where = flat.topk(k * len(s))
    return torch.zeros_like(flat).scatter(0, where, torch.relu(largest)).view_as(s)


@exercise.misconception(
    "You keep the k largest values of the whole batch together. Each example keeps its own k."
)
def k_in_all(s, k):
    flat = s.flatten()
    largest, where = flat.topk(k)
    return torch.zeros_like(flat).scatter(0, where, torch.relu(largest)).view_as(s)


@exercise.misconception(
    "You keep all values that are at least as large as the k-th. Where two are equal, more than k "
    "are on. Write the values that `topk` gives to the places that it gives."
)
def ties_kept(s, k):
    least = s.topk(k, dim=1).values[:, -1:]
    return torch.relu(s) * (s >= least)


@exercise.misconception(
    "You keep only values *above* the k-th largest, so that one latent too few is on."
)
def one_too_few(s, k):
    least = s.topk(k, dim=1).values[:, -1:]
    return torch.relu(s) * (s > least)


@exercise.misconception(
    "You keep the *first* k latents of each example. The k largest are asked for."
)
def first_k(s, k):
    return torch.relu(s) * (torch.arange(s.shape[1]) < k)


@exercise.misconception(
    "You keep the k *smallest*. `topk` gives the largest by itself; `sort` begins with the "
    "smallest."
)
def smallest(s, k):
    values, where = s.topk(k, dim=1, largest=False)
    return torch.zeros_like(s).scatter(1, where, torch.relu(values))


@exercise.misconception(
    "You return the k values alone, (batch, k). They must stand at their places in a code of "
    "(batch, latents), with zeros elsewhere."
)
def values_alone(s, k):
    return torch.relu(s.topk(k, dim=1).values)


@exercise.misconception(
    "You return a mask of zeros and ones. The code holds the values themselves."
)
def mask_alone(s, k):
    return (torch.relu(_kept(s, k)) > 0).to(s.dtype)


@exercise.misconception("You return where the largest stand, not the code.")
def places(s, k):
    return s.topk(k, dim=1).indices


@exercise.misconception(
    "The largest values are in the code, but not in their places: they come first, sorted. Then "
    "latent 0 is always the strongest, and stands for nothing."
)
def places_lost(s, k):
    rest = s.new_zeros(len(s), s.shape[1] - k)
    return torch.cat([torch.relu(s.topk(k, dim=1).values), rest], dim=1)


@exercise.misconception(
    "You take off the value of the largest one that is left out. TopK shrinks nothing: the values "
    "that are kept stay as they are."
)
def shifted(s, k):
    if k == s.shape[1]:
        return torch.relu(s)
    following = s.topk(k + 1, dim=1).values[:, -1:]
    return torch.relu(s - torch.relu(following))


@exercise.misconception(
    "This is a plain ReLU: k is not used. At most k latents of an example may be on."
)
def relu_alone(s, k):
    return torch.relu(s)


@exercise.misconception(
    "The values are right, but no gradient comes through: the code was built from detached "
    "numbers. The kept values must carry their gradient."
)
def no_gradient(s, k):
    return torch.relu(_kept(s.detach(), k))


@exercise.misconception(
    "The values are right, but all pre-activations get a gradient, also those that were left out. "
    "Their latents are off: the gradient there is 0."
)
def straight_through(s, k):
    z = torch.relu(s)
    return z + (torch.relu(_kept(s, k)) - z).detach()


@exercise.misconception(
    "The result is right, but you have written zeros into the pre-activations that you were given. "
    "Write into a new tensor."
)
def in_place(s, k):
    z = torch.relu(_kept(s, k))
    s.data.mul_(s.data == z.data)
    return z


@exercise.style
def with_gather_and_mask(s, k):
    order = s.argsort(dim=1, descending=True)[:, :k]
    mask = torch.zeros_like(s)
    mask[torch.arange(len(s))[:, None], order] = 1
    return mask * s.clamp(min=0)


@exercise.style
def row_by_row(s, k):
    rows = []
    for row in s:
        values, where = torch.relu(row).topk(k)
        z = torch.zeros_like(row)
        z[where] = values
        rows.append(z)
    return torch.stack(rows)


@exercise.style
def with_ranks(s, k):
    ranks = s.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return torch.where((ranks < k) & (s > 0), s, torch.zeros((), dtype=s.dtype))
