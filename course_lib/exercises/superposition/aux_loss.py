"""Exercise `aux_loss`: dead latents learn from what the living ones leave over.

    loss = mean of |e - e_hat|²,     e = x - x_hat,     e_hat = Σ over k dead latents of z_i D_i

The auxiliary loss AuxK of Gao et al., "Scaling and evaluating sparse autoencoders" (2024). (They
divide it by the size of e besides.)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def aux_loss(
    x: Tensor, z: Tensor, s: Tensor, dead: Tensor, dictionary: Tensor, bias: Tensor, k: int
) -> Tensor:
    """How badly the dead latents explain what the living ones leave over.

    x : examples, shape (batch, d)
    z : their codes, 0 for dead latents, shape (batch, latents)
    s : pre-activations of all latents, shape (batch, latents)
    dead : which latents are dead, shape (latents,), of bool; some are
    dictionary : one atom per row, shape (latents, d); bias : the decoder's, shape (d,)
    k : how many dead latents take part in each example; not more than are dead
    Returns the loss, a single number.
    """
    ### BEGIN SOLUTION
    left_over = (x - (z @ dictionary + bias)).detach()  # (batch, d)
    largest, which = s[:, dead].topk(k, dim=1)  # both (batch, k)
    atoms = dictionary[dead][which]  # (batch, k, d)
    explained = (torch.relu(largest)[:, :, None] * atoms).sum(dim=1)  # (batch, d)
    return (left_over - explained).square().sum(dim=1).mean()
    ### END SOLUTION


def cases(draw: Draw):
    """One dead latent, several, all; k of one and of all; as many latents as inputs; float64."""

    def case(batch, latents, d, dead, k, note, **kind):
        dtype = kind.get("dtype", torch.float32)
        s = draw.normal(batch, latents, scale=1.5, dtype=dtype)
        which = torch.tensor(draw.shuffled([True] * dead + [False] * (latents - dead)))
        # the living latents are louder, and a few dead ones have large negative values
        s = s + 1.5 * (~which) - 0.2 * which
        z = torch.relu(s) * (~which)
        if dead < latents - 1:  # one that lives has nothing to say on these examples
            z[:, (~which).nonzero()[0]] = 0
        table = draw.normal(latents, d, dtype=dtype)
        args = {"x": draw.normal(batch, d, shift=0.5, **kind), "z": z, "s": s, "dead": which}
        args["dictionary"] = table / table.norm(dim=1, keepdim=True)
        return Case(args | {"bias": draw.normal(d, dtype=dtype), "k": k}, note=note)

    yield case(1, 3, 2, 1, 1, "a batch of one, one latent dead")
    yield case(4, 7, 3, 4, 2, "four of seven dead, two take part")
    yield case(3, 6, 8, 3, 3, "all the dead ones take part")
    yield case(5, 5, 5, 3, 2, "as many latents as inputs and examples")
    yield case(6, 4, 3, 4, 2, "all latents are dead")
    yield case(5, 9, 4, 5, 2, "float64", dtype=torch.float64)
    yield case(6, 8, 4, 5, 3, "examples that are not contiguous in memory", layout="strided")


exercise = FunctionExercise(
    aux_loss,
    title="Work for the dead",
    points=5,
    difficulty=3,
    minutes=30,
    why="A dead latent gets no gradient from the usual loss. This one gives it one, at every step "
    "and without any surgery.",
    cases=cases,
    hints=(
        "Step by step: the reconstruction `z @ dictionary + bias`; the residual, as a constant "
        "(`.detach()`); the pre-activations of the dead latents, `s[:, dead]`; of these the k "
        "largest in each example, with ReLU.",
        "One way to the sum of atoms: make a code of the dead latents alone, as in `topk_code`, of "
        "shape (batch, dead latents). Then multiply it with `dictionary[dead]`. The bias has been "
        "taken off with the reconstruction; it is not added again.",
        "`left_over = (x - z @ dictionary - bias).detach()`, `code = topk_code(s[:, dead], k)`, "
        "`explained = code @ dictionary[dead]`. The loss is the sum of the squared differences "
        "over an example, and the mean over the examples.",
    ),
)


def _code(s, k):
    largest, which = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, which, torch.relu(largest))


def _left_over(x, z, dictionary, bias):
    return (x - z @ dictionary - bias).detach()


def _loss(left_over, explained):
    return (left_over - explained).square().sum(dim=1).mean()


@exercise.misconception(
    "The residual is not detached. Then the *living* latents are trained, too, to leave over what "
    "the dead ones can say. Cut it off with `.detach()`."
)
def not_detached(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return _loss(x - z @ dictionary - bias, explained)


@exercise.misconception(
    "Your reconstruction of the residual contains the decoder's bias. The residual has lost it "
    "already, with the reconstruction: the bias would be added twice."
)
def bias_twice(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead] + bias
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "The bias is missing from the reconstruction, so that the residual still contains it. The "
    "reconstruction is `z @ dictionary + bias`."
)
def bias_forgotten(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return _loss((x - z @ dictionary).detach(), explained)


@exercise.misconception(
    "You let the dead latents explain the example x. Most of it is explained already: they should "
    "explain the residual."
)
def whole_example(x, z, s, dead, dictionary, bias, k):
    return _loss(x.detach(), _code(s[:, dead], k) @ dictionary[dead])


@exercise.misconception(
    "The residual has the wrong sign: `x_hat - x`. Codes are not negative; what must be *added* is "
    "`x - x_hat`."
)
def sign_turned(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return _loss(-_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "You choose the k largest of *all* latents. The living ones are the loudest, so that the dead "
    "ones get nothing. Choose among the dead ones only."
)
def among_all(x, z, s, dead, dictionary, bias, k):
    return _loss(_left_over(x, z, dictionary, bias), _code(s, k) @ dictionary)


@exercise.misconception(
    "You choose the k largest of all latents, and then keep those of them that are dead. Mostly "
    "none is. Choose among the dead ones only."
)
def chosen_too_early(x, z, s, dead, dictionary, bias, k):
    return _loss(_left_over(x, z, dictionary, bias), (_code(s, k) * dead) @ dictionary)


@exercise.misconception(
    "You take all latents that are silent on these examples for dead. Whether a latent is dead has "
    "been found out on many more: use `dead`."
)
def silent_here(x, z, s, dead, dictionary, bias, k):
    silent = (z == 0).all(dim=0)
    explained = _code(s[:, silent], k) @ dictionary[silent]
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception("You take the *living* latents: the condition is turned round.")
def living_ones(x, z, s, dead, dictionary, bias, k):
    alive = ~dead
    few = min(k, int(alive.sum()))
    return _loss(_left_over(x, z, dictionary, bias), _code(s[:, alive], few) @ dictionary[alive])


@exercise.misconception(
    "All dead latents take part. Only the k with the largest pre-activations do, in each example: "
    "else all of them would learn the same."
)
def all_dead(x, z, s, dead, dictionary, bias, k):
    explained = torch.relu(s[:, dead]) @ dictionary[dead]
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "There is no ReLU: latents with a negative pre-activation take part. Codes are not negative."
)
def no_relu(x, z, s, dead, dictionary, bias, k):
    largest, which = s[:, dead].topk(k, dim=1)
    code = torch.zeros_like(s[:, dead]).scatter(1, which, largest)
    return _loss(_left_over(x, z, dictionary, bias), code @ dictionary[dead])


@exercise.misconception(
    "You choose the k largest *in size*. Large negative pre-activations take the places, and the "
    "ReLU makes zeros of them."
)
def by_size(x, z, s, dead, dictionary, bias, k):
    of_dead = s[:, dead]
    _, which = of_dead.abs().topk(k, dim=1)
    code = torch.zeros_like(of_dead).scatter(1, which, torch.relu(of_dead.gather(1, which)))
    return _loss(_left_over(x, z, dictionary, bias), code @ dictionary[dead])


@exercise.misconception(
    "You use the code z of the dead latents. It is 0: that is why they are dead. Use their "
    "pre-activations s."
)
def codes_of_the_dead(x, z, s, dead, dictionary, bias, k):
    return _loss(_left_over(x, z, dictionary, bias), _code(z[:, dead], k) @ dictionary[dead])


@exercise.misconception(
    "You take the first atoms of the dictionary, not those of the dead latents. After `s[:, dead]` "
    "the columns are counted anew: take `dictionary[dead]`, too."
)
def first_atoms(x, z, s, dead, dictionary, bias, k):
    code = _code(s[:, dead], k)
    explained = code @ dictionary[: code.shape[1]]
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "You take the mean over the inputs. Add the squares up over an example; the mean is over the "
    "examples only."
)
def mean_over_all(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return (_left_over(x, z, dictionary, bias) - explained).square().mean()


@exercise.misconception("You add up over the examples as well. Over them take the mean.")
def sum_over_all(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return (_left_over(x, z, dictionary, bias) - explained).square().sum()


@exercise.misconception(
    "You divide by the size of the residual. Gao and others do so; here the plain squared error is "
    "asked for."
)
def divided(x, z, s, dead, dictionary, bias, k):
    left_over = _left_over(x, z, dictionary, bias)
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return _loss(left_over, explained) / left_over.square().sum(dim=1).mean()


@exercise.misconception(
    "You return the loss of the residual itself. The dead latents are not used."
)
def residual_alone(x, z, s, dead, dictionary, bias, k):
    return _left_over(x, z, dictionary, bias).square().sum(dim=1).mean()


@exercise.misconception(
    "The value is right, but the dictionary gets no gradient: it is detached, or the whole sum of "
    "atoms is. The atoms of the dead latents must learn, too. Detach the residual only."
)
def atoms_detached(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead].detach()
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "The value is right, but nothing gets a gradient, so that no latent can learn from it. Detach "
    "the residual only."
)
def all_detached(x, z, s, dead, dictionary, bias, k):
    explained = (_code(s[:, dead], k) @ dictionary[dead]).detach()
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "The value is right, but the pre-activations get no gradient. The encoder of the dead latents "
    "must learn, too. Detach the residual only."
)
def encoder_detached(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead].detach(), k) @ dictionary[dead]
    return _loss(_left_over(x, z, dictionary, bias), explained)


@exercise.misconception(
    "A Python number comes back: `.item()` cuts the gradient. Return the tensor."
)
def a_float(x, z, s, dead, dictionary, bias, k):
    explained = _code(s[:, dead], k) @ dictionary[dead]
    return _loss(_left_over(x, z, dictionary, bias), explained).item()


@exercise.style
def with_minus_infinity(x, z, s, dead, dictionary, bias, k):
    with torch.no_grad():
        left_over = x - (z @ dictionary + bias)
    masked = s.masked_fill(~dead, -torch.inf)
    values, which = masked.topk(k, dim=1)
    code = torch.zeros_like(s).scatter(1, which, values.clamp(min=0))
    return ((code @ dictionary - left_over) ** 2).sum(dim=-1).mean()


@exercise.style
def example_by_example(x, z, s, dead, dictionary, bias, k):
    numbers = dead.nonzero().flatten()
    losses = []
    for i in range(len(x)):
        left_over = (x[i] - z[i] @ dictionary - bias).detach()
        values, which = s[i][numbers].topk(k)
        explained = sum(
            v.relu() * dictionary[numbers[j]] for v, j in zip(values, which, strict=True)
        )
        losses.append(((left_over - explained) ** 2).sum())
    return torch.stack(losses).mean()
