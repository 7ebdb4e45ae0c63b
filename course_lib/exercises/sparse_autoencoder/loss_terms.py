"""Exercise `loss_terms`: the loss of a sparse autoencoder, and the terms that it is the sum of."""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.sparse_autoencoder.dictionaries import DictionaryExercise


def loss_terms(
    x: Tensor, x_hat: Tensor, z: Tensor, l1_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and its terms.

    x, x_hat : inputs and reconstructions, shape (batch, d)
    z : codes, shape (batch, latents)
    l1_weight : how much the L1 penalty counts
    Returns the loss, shape (), and a dictionary with the terms "reconstruction" and "sparsity",
    shape () each. The terms add up to the loss.
    """
    ### BEGIN SOLUTION
    terms = {
        "reconstruction": ((x_hat - x) ** 2).sum(dim=1).mean(),
        "sparsity": l1_weight * z.abs().sum(dim=1).mean(),
    }
    return terms["reconstruction"] + terms["sparsity"], terms
    ### END SOLUTION


def batch(draw: Draw, n: int, d: int, latents: int, weight: float, **kind) -> dict:
    """Inputs, reconstructions and codes of both signs."""
    return {
        "x": draw.normal(n, d, shift=1.0, **kind),
        "x_hat": draw.normal(n, d, **kind),
        "z": draw.normal(n, latents, scale=2.0, shift=0.5, **kind),
        "l1_weight": weight,
    }


def cases(draw: Draw):
    """One example and many; more latents than inputs and fewer; a square case; a weight of 0."""
    yield Case(batch(draw, 1, 3, 4, 0.7), note="a single example")
    yield Case(batch(draw, 5, 4, 9, 0.3), note="more latents than inputs")
    yield Case(batch(draw, 3, 7, 2, 0.0), note="fewer latents than inputs, and a weight of 0")
    yield Case(batch(draw, 6, 6, 6, 2.5), note="as many examples as inputs and latents")
    yield Case(
        batch(draw, 7, 5, 10, 0.25, dtype=torch.float64, layout="transposed"),
        note="float64, not contiguous in memory",
    )


exercise = DictionaryExercise(
    loss_terms,
    title="The loss and its terms",
    points=3,
    difficulty=1,
    minutes=15,
    why="A loss that rises does not tell which term rose. Each term is watched by itself, and "
    "together they must be the loss.",
    cases=cases,
    form='two things: the loss, and a dictionary with the keys "reconstruction" and "sparsity"',
    outputs=("loss", "terms['reconstruction']", "terms['sparsity']"),
    hints=(
        "Both terms are made alike: something for each entry, added up over the entries of an "
        "example, then the mean over the examples.",
        "`.sum(dim=1).mean()` adds up along each row and takes the mean over the rows. What stands "
        "in an entry is a squared difference in one term, and an absolute value in the other.",
        "The weight belongs to the sparsity term *before* it goes into the dictionary, so that the "
        'two terms add up to the loss. `return terms["reconstruction"] + terms["sparsity"], terms`',
    ),
)


def _error(x, x_hat):
    return ((x_hat - x) ** 2).sum(dim=1).mean()


def _size(z):
    return z.abs().sum(dim=1).mean()


def _added(error, penalty, loss=None):
    terms = {"reconstruction": error, "sparsity": penalty}
    return (error + penalty if loss is None else loss), terms


@exercise.misconception(
    "You add up the sizes of the errors. The reconstruction term has their *squares*."
)
def absolute_error(x, x_hat, z, l1_weight):
    return _added((x_hat - x).abs().sum(dim=1).mean(), l1_weight * _size(z))


@exercise.misconception(
    "Your reconstruction term is half of what it should be. Some books write a 1/2 before it; here "
    "there is none."
)
def half_the_error(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat) / 2, l1_weight * _size(z))


@exercise.misconception(
    "The weight is missing: your sparsity term is the plain penalty. Multiply it by `l1_weight`."
)
def weight_missing(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), _size(z))


@exercise.misconception(
    "Your loss is right, but the term in the dictionary lacks the weight, so the terms do not add "
    "up to the loss. Put the weighted penalty into the dictionary."
)
def term_without_weight(x, x_hat, z, l1_weight):
    error, size = _error(x, x_hat), _size(z)
    return _added(error, size, error + l1_weight * size)


@exercise.misconception(
    "The weight counts twice in your loss: the term has it already. Add up the terms as they are."
)
def weight_twice(x, x_hat, z, l1_weight):
    error, penalty = _error(x, x_hat), l1_weight * _size(z)
    return _added(error, penalty, error + l1_weight * penalty)


@exercise.misconception(
    "The weight stands on both terms, so it changes nothing in their balance. It belongs to the "
    "sparsity term only."
)
def weight_on_both(x, x_hat, z, l1_weight):
    return _added(l1_weight * _error(x, x_hat), l1_weight * _size(z))


@exercise.misconception(
    "The weight stands on the reconstruction error. It belongs to the sparsity term."
)
def weight_on_the_error(x, x_hat, z, l1_weight):
    return _added(l1_weight * _error(x, x_hat), _size(z))


@exercise.misconception(
    "You share out a weight of 1 between the terms: 1 - l1_weight for the error. Here the "
    "reconstruction error counts in full."
)
def weights_share_one(x, x_hat, z, l1_weight):
    return _added((1 - l1_weight) * _error(x, x_hat), l1_weight * _size(z))


@exercise.misconception(
    "You subtract the penalty. Minimising the loss would then make the codes as *large* as "
    "possible. Add it."
)
def penalty_subtracted(x, x_hat, z, l1_weight):
    error, penalty = _error(x, x_hat), l1_weight * _size(z)
    return _added(error, penalty, error - penalty)


@exercise.misconception("Your loss is the reconstruction error alone. Add the sparsity term.")
def penalty_left_out(x, x_hat, z, l1_weight):
    error = _error(x, x_hat)
    return _added(error, l1_weight * _size(z), error)


@exercise.misconception(
    "You take the mean over all entries (`.mean()`), in both terms. Add up over the entries of an "
    "example first, with `.sum(dim=1)`, and take the mean over the examples only."
)
def means_over_entries(x, x_hat, z, l1_weight):
    return _added(((x_hat - x) ** 2).mean(), l1_weight * z.abs().mean())


@exercise.misconception(
    "The penalty is a mean over all entries of z, but the error is a sum over the inputs. Then the "
    "same weight presses less the more latents there are. Add up over the latents, with "
    "`.sum(dim=1)`."
)
def penalty_averaged_over_latents(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), l1_weight * z.abs().mean())


@exercise.misconception(
    "The reconstruction error is a mean over all entries. Add up over the inputs of an example, "
    "with `.sum(dim=1)`, as you do for the penalty."
)
def error_averaged_over_inputs(x, x_hat, z, l1_weight):
    return _added(((x_hat - x) ** 2).mean(), l1_weight * _size(z))


@exercise.misconception(
    "You add up over the batch as well, so your terms grow with its size. Take the mean over the "
    "examples."
)
def summed_over_the_batch(x, x_hat, z, l1_weight):
    return _added(((x_hat - x) ** 2).sum(), l1_weight * z.abs().sum())


@exercise.misconception(
    "You add up over the examples (dim=0) and take the mean over the entries. It is the other way "
    "round: add up along each row, with dim=1, and take the mean over the rows."
)
def axes_swapped(x, x_hat, z, l1_weight):
    return _added(((x_hat - x) ** 2).sum(dim=0).mean(), l1_weight * z.abs().sum(dim=0).mean())


@exercise.misconception(
    "Your reconstruction term is the *length* of the difference, the root of the sum of the "
    "squares. Leave out the root."
)
def root_of_the_error(x, x_hat, z, l1_weight):
    return _added((x_hat - x).norm(dim=1).mean(), l1_weight * _size(z))


@exercise.misconception(
    "You penalise z itself, without the absolute value. Negative entries would then make the loss "
    "smaller. (After a ReLU there are none, but your function must not rely on it.)"
)
def no_absolute_value(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), l1_weight * z.sum(dim=1).mean())


@exercise.misconception(
    "You penalise the squares of z (L2). They hardly press on small entries, so codes get small, "
    "not sparse. Take the absolute values."
)
def squares_penalised(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), l1_weight * z.square().sum(dim=1).mean())


@exercise.misconception(
    "The values are right, but the loss is cut off from the gradient (`.detach()`, `.item()` and a "
    "new tensor, `torch.tensor(…)`), so nothing can be trained on it. Add up the terms themselves."
)
def loss_detached(x, x_hat, z, l1_weight):
    error, penalty = _error(x, x_hat), l1_weight * _size(z)
    return _added(error, penalty, (error + penalty).detach())


@exercise.misconception(
    "The values are right, but x_hat is cut off from the gradient, so the model learns nothing "
    "from its reconstruction error. Leave out `.detach()`."
)
def error_detached(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat.detach()), l1_weight * _size(z))


@exercise.misconception(
    "The values are right, but the terms in the dictionary are cut off from the gradient. Someone "
    "may want to train on one of them, or to measure its gradient. Leave them as they are."
)
def terms_detached(x, x_hat, z, l1_weight):
    error, penalty = _error(x, x_hat), l1_weight * _size(z)
    return _added(error.detach(), penalty.detach(), error + penalty)


@exercise.misconception(
    "The terms are Python floats. `.item()` cuts them off from the gradient. Leave them tensors."
)
def terms_as_floats(x, x_hat, z, l1_weight):
    error, penalty = _error(x, x_hat), l1_weight * _size(z)
    return _added(error.item(), penalty.item(), error + penalty)


@exercise.misconception(
    "The loss itself is in your dictionary, too. Whoever adds up the terms would count it double. "
    "Return it beside the dictionary."
)
def loss_among_the_terms(x, x_hat, z, l1_weight):
    loss, terms = _added(_error(x, x_hat), l1_weight * _size(z))
    return loss, terms | {"loss": loss}


@exercise.misconception(
    "You return the dictionary alone. Two things are asked for: `return loss, terms`."
)
def terms_alone(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), l1_weight * _size(z))[1]


@exercise.misconception(
    "You return the loss alone. Two things are asked for: `return loss, terms`."
)
def loss_alone(x, x_hat, z, l1_weight):
    return _added(_error(x, x_hat), l1_weight * _size(z))[0]


@exercise.style
def summed_from_the_dictionary(x, x_hat, z, l1_weight):
    terms = {"reconstruction": (x - x_hat).pow(2).sum(1).mean()}
    terms["sparsity"] = l1_weight * z.norm(p=1, dim=1).mean()
    return sum(terms.values()), terms


@exercise.style
def divided_by_the_batch(x, x_hat, z, l1_weight):
    n = x.shape[0]
    error = torch.nn.functional.mse_loss(x_hat, x, reduction="sum") / n
    penalty = l1_weight / n * z.abs().sum()
    return torch.stack([error, penalty]).sum(), {"reconstruction": error, "sparsity": penalty}


@exercise.style
def example_by_example(x, x_hat, z, l1_weight):
    errors = torch.stack([((a - b) ** 2).sum() for a, b in zip(x, x_hat, strict=True)])
    sizes = torch.stack([l1_weight * row.abs().sum() for row in z])
    terms = {"sparsity": sizes.mean(), "reconstruction": errors.mean()}  # in another order
    return terms["sparsity"] + terms["reconstruction"], terms
