"""Exercise `revive_dead`: dead latents get a new start on the worst reconstructed examples.

A simple form of the resampling of Bricken et al., "Towards Monosemanticity" (2023), who draw the
examples at random, with more weight on the bad ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import Observation
from course_lib.exercises.verdicts import Verdict
from course_lib.stages import copies, staged


def revive_dead(
    encoder: Tensor, encoder_bias: Tensor, atoms: Tensor, x: Tensor, x_hat: Tensor, z: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """A new start for each dead latent; the others stay as they are.

    encoder : weights, one latent per row, shape (latents, d)
    encoder_bias : shape (latents,)
    atoms : the dictionary, one atom per row, shape (latents, d)
    x, x_hat : examples and their reconstructions, shape (n, d)
    z : their codes, shape (n, latents), without negative numbers
    Returns encoder, encoder_bias and atoms, all three new.
    """
    ### BEGIN SOLUTION
    dead = (z == 0).all(dim=0).nonzero().flatten()  # numbers of the dead latents
    residual = x - x_hat  # (n, d)
    order = residual.square().sum(dim=1).argsort(descending=True)  # (n,), the worst first
    directions = residual[order[: len(dead)]]  # (dead, d)
    directions = directions / directions.norm(dim=1, keepdim=True)
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = directions, 0.0, directions
    return encoder, encoder_bias, atoms
    ### END SOLUTION


def state(draw: Draw, n: int, d: int, kinds: str, dtype=torch.float32) -> dict[str, Tensor]:
    """Weights, examples and codes with latents of these kinds in a random order: "dead", "rare"
    (active on one example, and faintly) and "often".

    No two examples have errors of nearly the same size. The largest x is not the worst example.
    In the worst and in the second best one difference stands out: neither the largest differences
    nor the sums of their sizes give the order.
    """
    latents = len(kinds.split())
    z = draw.uniform(n, latents, low=0.5, high=2.0, dtype=dtype)
    for j, kind in enumerate(draw.shuffled(kinds.split())):
        on = draw.uniform(n) < 0.6
        on[draw.integer(0, n - 1)] = True
        if kind == "rare":
            on = torch.arange(n) == draw.integer(0, n - 1)
            z[:, j] *= 2e-4
        z[:, j] *= 0 if kind == "dead" else on
    sizes = torch.tensor(draw.shuffled([1.0 + 0.25 * i for i in range(n)]), dtype=dtype)
    if n > 2:  # the three worst stand in the order second, first, third
        worst = sizes.argsort(descending=True)[:3]
        sizes[worst.sort().values] = sizes[worst[[1, 0, 2]]]
    residual = draw.uniform(n, d, low=0.8, high=1.2, dtype=dtype)
    residual *= draw.normal(n, d, dtype=dtype).sign()
    residual *= (sizes / residual.norm(dim=1))[:, None]
    x = draw.normal(n, d, shift=1.0, dtype=dtype)
    if n > 2:  # worst and second best: one difference that stands out; best: a large x
        order = sizes.argsort()
        for i in order[[1, -1]]:
            residual[i] *= 0.05
            residual[i, draw.integer(0, d - 1)] = sizes[i]
            residual[i] *= sizes[i] / residual[i].norm()
        x[order[0]] *= 6
    return {
        "encoder": draw.normal(latents, d, dtype=dtype),
        "encoder_bias": draw.normal(latents, shift=-1.0, dtype=dtype),
        "atoms": torch.nn.functional.normalize(draw.normal(latents, d, dtype=dtype), dim=1),
        "x": x,
        "x_hat": x - residual,
        "z": z,
    }


def cases(draw: Draw):
    """No latent dead, one, several, all; as many latents as inputs and examples; float64."""
    yield Case(state(draw, 2, 3, "dead often"), note="one latent is dead")
    yield Case(state(draw, 5, 4, "often rare rare"), note="no latent is dead")
    yield Case(
        state(draw, 4, 4, "dead rare dead often dead often rare"),  # 5 are silent somewhere
        note="three latents are dead, two are rare and faint",
    )
    yield Case(
        state(draw, 6, 6, "dead dead often rare often often"),
        note="as many latents as inputs and examples",
    )
    yield Case(state(draw, 7, 5, "dead dead dead"), note="all latents are dead")
    yield Case(state(draw, 9, 3, "dead often rare dead often", dtype=torch.float64), note="float64")


class CopyExercise(FunctionExercise):
    """The results must be new tensors: no other name for the caller's."""

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """Whether a result lies in an input's memory is noted as a gradient: compared last."""
        shared = []

        def watched(*args: Any) -> Any:
            out, in_an_inputs_memory = staged(copies.stage, answer, *args)
            shared.append(bool(in_an_inputs_memory))
            return out

        seen = super().observe(watched, case, seed)
        return replace(seen, gradients={"old": torch.tensor(float(any(shared)))})

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        if found.aspect == "gradient":
            found = Difference("gradient", "A result is one of the tensors that came in.")
        return super()._wrong(trial, seen, at, found)

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        if found.aspect == "gradient":  # whichever tensor it is, and in whichever case
            return next(m for m in self.misconceptions if m.name == "handed_back")
        return super()._recognise(trial, seen, at, found)


exercise = CopyExercise(
    revive_dead,
    title="A new start for dead latents",
    points=4,
    difficulty=3,
    minutes=25,
    why="No gradient can wake a dead latent. One that is given a direction in which the model is "
    "bad has work to do at once.",
    cases=cases,
    gradients=False,
    outputs=("encoder", "encoder_bias", "atoms"),
    hints=(
        "Three steps: find the dead latents; find as many examples, the worst first; write their "
        "directions into copies of the weights. `(z == 0).all(dim=0)` is True for a dead latent, "
        "and `.nonzero().flatten()` gives the numbers of those that are True.",
        "`(x - x_hat).square().sum(dim=1).argsort(descending=True)` lists the examples, the worst "
        "first. Take as many of them as there are dead latents. Divide each residual by its "
        "length, with `.norm(dim=1, keepdim=True)`.",
        "`new = atoms.clone()` makes a copy, and `new[dead] = directions` writes the first "
        "direction into the row of the first dead latent, and so on. Do the same with the "
        "encoder, and put 0 into the copy of the bias.",
    ),
)


def _answer(
    encoder, encoder_bias, atoms, x, x_hat, z, *, dead=None, rows=None, made=None, write="ebd"
):
    """The reference with one of its steps replaced: who is dead, which rows, what is made."""
    which = ((z == 0).all(dim=0) if dead is None else dead).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True) if rows is None else rows
    directions = (residual if made is None else made)[order[: len(which)]]
    directions = directions / directions.norm(dim=1, keepdim=True)
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    which = which[: len(directions)]
    if "e" in write:
        encoder[which] = directions
    if "b" in write:
        encoder_bias[which] = 0.0
    if "d" in write:
        atoms[which] = directions
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "You revive each latent that is silent on *some* example (`any`). Healthy latents are silent "
    "on most examples. Dead means silent on *all* of them."
)
def silent_somewhere(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, dead=(z == 0).any(dim=0))


@exercise.misconception(
    "You look for latents that are silent on *some* example (`any`), and find more of them than "
    "there are examples. Dead means silent on *all*: `(z == 0).all(dim=0)`."
)
def more_than_examples(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = (z == 0).any(dim=0).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True)[: len(dead)]
    directions = residual[order] / residual[order].norm(dim=1, keepdim=True)
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = directions, 0.0, directions
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "You revive latents whose mean activation is small, too. A rare or faint latent is not dead: "
    "it gets a gradient whenever it is active. Dead means exactly 0 on all examples."
)
def nearly_silent(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, dead=z.mean(dim=0) < 1e-3)


@exercise.misconception(
    "You revive the *living* latents and leave the dead ones. Turn the condition round."
)
def living_ones(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, dead=(z > 0).any(dim=0))


@exercise.misconception(
    "All dead latents get the same direction, that of the worst example. They would learn the same "
    "from then on. Give each one an example of its own: the worst, the second worst, …"
)
def same_for_all(encoder, encoder_bias, atoms, x, x_hat, z):
    worst = (x - x_hat).square().sum(dim=1).argmax()
    rows = worst.repeat(z.shape[1])
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "You use the examples x themselves. What the model lacks is the residual, `x - x_hat`: much of "
    "x is reconstructed already."
)
def inputs_instead_of_residuals(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, made=x)


@exercise.misconception(
    "You use the reconstructions x_hat: the model can say these already. What it lacks is the "
    "residual, `x - x_hat`."
)
def reconstructions(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, made=x_hat)


@exercise.misconception(
    "Your directions have the wrong sign: `x_hat - x`. Codes are not negative, so an atom can only "
    "be added. What must be added is `x - x_hat`."
)
def sign_turned(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, made=x_hat - x)


@exercise.misconception(
    "You take the *best* reconstructed examples. `argsort` puts the smallest first: write "
    "`descending=True`."
)
def best_examples(encoder, encoder_bias, atoms, x, x_hat, z):
    rows = (x - x_hat).square().sum(dim=1).argsort()
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "You take the first examples of the batch as they come. Sort them by their error first, the "
    "worst first."
)
def first_examples(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=torch.arange(len(x)))


@exercise.misconception(
    "You look for the examples with the largest *x*. The worst examples are those with the largest "
    "error, x - x_hat."
)
def largest_inputs(encoder, encoder_bias, atoms, x, x_hat, z):
    rows = x.square().sum(dim=1).argsort(descending=True)
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "You order the examples by their largest single difference. The error of an example is the sum "
    "of its squared differences."
)
def largest_entry(encoder, encoder_bias, atoms, x, x_hat, z):
    rows = (x - x_hat).abs().amax(dim=1).argsort(descending=True)
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "You order the examples by the sum of the *sizes* of their differences. The error of an "
    "example is the sum of the squares."
)
def sizes_added(encoder, encoder_bias, atoms, x, x_hat, z):
    rows = (x - x_hat).abs().sum(dim=1).argsort(descending=True)
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "The examples are right, but given out in the order of their numbers: the first dead latent "
    "gets the *worst* example, the second one the second worst."
)
def order_lost(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = int((z == 0).all(dim=0).sum())
    rows = (x - x_hat).square().sum(dim=1).argsort(descending=True)[:dead].sort().values
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "The examples are right, but given out the wrong way round: the *first* dead latent gets the "
    "worst example."
)
def worst_last(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = int((z == 0).all(dim=0).sum())
    rows = (x - x_hat).square().sum(dim=1).argsort(descending=True)[:dead].flip(0)
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, rows=rows)


@exercise.misconception(
    "Your directions do not have length 1. Divide each residual by its own length."
)
def not_normalised(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = (z == 0).all(dim=0).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True)[: len(dead)]
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = residual[order], 0.0, residual[order]
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "The atoms are right, but the encoder's rows get the residual as it is. Both get the same "
    "direction, of length 1."
)
def encoder_not_divided(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = (z == 0).all(dim=0).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True)[: len(dead)]
    _, encoder_bias, atoms = _answer(encoder, encoder_bias, atoms, x, x_hat, z)
    encoder = encoder.clone()
    encoder[dead] = residual[order]
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "You divide by the norm of *all* the residuals together. Each direction has length 1 by "
    "itself: `.norm(dim=1, keepdim=True)`."
)
def common_norm(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = (z == 0).all(dim=0).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True)[: len(dead)]
    made = residual[order] / residual[order].norm()
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = made, 0.0, made
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "You divide the residuals along the wrong axis. Each row is a direction, and has length 1: "
    "`.norm(dim=1, keepdim=True)`."
)
def columns_divided(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = (z == 0).all(dim=0).nonzero().flatten()
    residual = x - x_hat
    order = residual.square().sum(dim=1).argsort(descending=True)[: len(dead)]
    made = torch.nn.functional.normalize(residual[order], dim=0)
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = made, 0.0, made
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "The atoms are new, but the encoder is the old one: it still looks for what never comes, and "
    "the latent stays dead. Write the direction into its row of the encoder, too."
)
def encoder_left(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, write="bd")


@exercise.misconception(
    "The bias of the dead latents is the old one. A bias far below 0 may be what killed them. Set "
    "it to 0."
)
def bias_left(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, write="ed")


@exercise.misconception(
    "The encoder is new, but the atoms are the old ones. Write the direction into the dictionary, "
    "too."
)
def atoms_left(encoder, encoder_bias, atoms, x, x_hat, z):
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z, write="eb")


@exercise.misconception(
    "You set *all* biases to 0, those of the living latents too. These have learnt theirs: change "
    "only the dead ones."
)
def all_biases(encoder, encoder_bias, atoms, x, x_hat, z):
    encoder, bias, atoms = _answer(encoder, encoder_bias, atoms, x, x_hat, z)
    return encoder, torch.zeros_like(bias), atoms


@exercise.misconception(
    "The result is right, but you have changed the weights that you were given, in place. Make "
    "copies first, with `.clone()`."
)
def in_place(encoder, encoder_bias, atoms, x, x_hat, z):
    new = _answer(encoder, encoder_bias, atoms, x, x_hat, z)
    for old, changed in zip((encoder, encoder_bias, atoms), new, strict=True):
        old.copy_(changed)
    return encoder, encoder_bias, atoms


@exercise.misconception(
    "The values are right, but a tensor that you return is the one that came in. Who changes the "
    "result later changes the old weights, too. Return a copy, with `.clone()`, even where no "
    "latent is dead."
)
def handed_back(encoder, encoder_bias, atoms, x, x_hat, z):
    if (z > 0).any(dim=0).all():
        return encoder, encoder_bias, atoms
    return _answer(encoder, encoder_bias, atoms, x, x_hat, z)


@exercise.misconception(
    "The three results stand in another order. Return encoder, encoder_bias, atoms."
)
def other_order(encoder, encoder_bias, atoms, x, x_hat, z):
    encoder, bias, atoms = _answer(encoder, encoder_bias, atoms, x, x_hat, z)
    return atoms, bias, encoder


@exercise.misconception(
    "The bias comes last in what you return. The order is encoder, encoder_bias, atoms."
)
def bias_last(encoder, encoder_bias, atoms, x, x_hat, z):
    encoder, bias, atoms = _answer(encoder, encoder_bias, atoms, x, x_hat, z)
    return encoder, atoms, bias


@exercise.style
def one_by_one(encoder, encoder_bias, atoms, x, x_hat, z):
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    errors = ((x - x_hat) ** 2).mean(dim=1)
    ranked = sorted(range(len(x)), key=lambda i: -errors[i].item())
    for j in range(z.shape[1]):
        if not z[:, j].any():
            i = ranked.pop(0)
            direction = (x[i] - x_hat[i]) / (x[i] - x_hat[i]).norm()
            encoder[j], atoms[j], encoder_bias[j] = direction, direction, 0
    return encoder, encoder_bias, atoms


@exercise.style
def with_topk_and_where(encoder, encoder_bias, atoms, x, x_hat, z):
    dead = z.amax(dim=0) <= 0
    residual = torch.nn.functional.normalize(x - x_hat, dim=1)
    chosen = (x - x_hat).norm(dim=1).topk(int(dead.sum())).indices
    fresh = torch.zeros_like(atoms)
    fresh[dead] = residual[chosen]
    rows = dead[:, None]
    new_bias = encoder_bias.masked_fill(dead, 0.0)
    return torch.where(rows, fresh, encoder), new_bias, torch.where(rows, fresh, atoms)
