"""Exercise `switch_off`: take a latent out of the residual stream, and leave all else.

h' = h - z_j d_j      at some words
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def switch_off(h: Tensor, z: Tensor, atoms: Tensor, latent: int, where: Tensor) -> Tensor:
    """The residual stream with a latent switched off, at some words.

    h : residual stream, shape (texts, length, dim)
    z : its code, shape (texts, length, latents)
    atoms : what each latent adds to a reconstruction, shape (latents, dim)
    latent : the number of the one to switch off
    where : True at the words where this is done, shape (texts, length)
    Returns the changed stream, shape (texts, length, dim). All that the autoencoder does not
    explain stays in it. A gradient can go through it, to h, z and atoms.
    """
    ### BEGIN SOLUTION
    part = z[..., latent, None] * atoms[latent]  # (texts, length, dim)
    return h - part * where[..., None]
    ### END SOLUTION


def cases(draw: Draw):
    """One text, several, as many latents as dimensions, large values, float64, gaps in memory."""

    def case(texts, length, dim, latents, note, scale=1.0, **kind):
        dtype = kind.get("dtype", torch.float32)
        z = draw.normal(texts, length, latents, scale=scale, **kind).relu()
        latent = draw.integer(1, latents - 1)
        z[..., latent] = draw.uniform(texts, length, low=0.4, high=2.0, dtype=dtype) * scale
        z[-1, -1, latent] = 0.0  # not active everywhere, but at the first of these words
        where = draw.uniform(texts, length) < 0.5
        where[0, 0], where[-1, -1], where[0, 1] = True, True, False
        return Case(
            {
                "h": draw.normal(texts, length, dim, scale=2 * scale, **kind),
                "z": z,
                "atoms": draw.normal(latents, dim, scale=0.7, dtype=dtype),
                "latent": latent,
                "where": where,
            },
            note=note,
        )

    yield case(1, 3, 2, 3, "one text")
    yield case(2, 3, 4, 7, "several texts")
    yield case(3, 4, 4, 4, "as many latents as dimensions")
    yield case(2, 5, 3, 6, "large values", scale=30.0)
    yield case(3, 2, 5, 4, "float64", dtype=torch.float64)
    yield case(2, 4, 3, 5, "not contiguous in memory", layout="strided")


exercise = FunctionExercise(
    switch_off,
    title="Switch a latent off",
    points=4,
    difficulty=2,
    minutes=15,
    why="To learn what a latent is for, take it away and see what the model then does. Whatever "
    "else is taken away with it would be mistaken for its effect.",
    cases=cases,
    hints=(
        "The reconstruction is a sum: each latent adds its activation times its atom, and then "
        "comes the bias. Which single term of the sum belongs to this latent? The stream without "
        "the latent is the stream without that term.",
        "`z[..., latent]` has shape (texts, length), and `atoms[latent]` has shape (dim,). To "
        "multiply each activation by the whole atom, give the activations a last dimension of "
        "size 1: `z[..., latent, None]`.",
        "Where `where` is False nothing is taken away: multiply the term by `where[..., None]`, "
        "and subtract it from `h`.",
    ),
)


# -- how it goes wrong ---------------------------------------------------------------------------


def _term(z, atoms, latent):
    return z[..., latent, None] * atoms[latent]


@exercise.misconception(
    "You replace the stream by the reconstruction without the latent. Then the autoencoder's error "
    "is gone, too, and so is its bias. Start from h, and subtract only the latent's own part."
)
def reconstruction(h, z, atoms, latent, where):
    rest = z.clone()
    rest[..., latent] = 0
    return torch.where(where[..., None], rest @ atoms, h)


@exercise.misconception(
    "You return the reconstruction at *every* word, without the latent at some. The autoencoder's "
    "error is gone everywhere, and its bias. Start from h, and subtract only the latent's own part."
)
def reconstruction_everywhere(h, z, atoms, latent, where):
    rest = z.clone()
    rest[..., latent] = torch.where(where, 0.0, z[..., latent])
    return rest @ atoms


@exercise.misconception(
    "You change the first text only. `where` has a row for each text: use them all."
)
def first_text_only(h, z, atoms, latent, where):
    first = torch.arange(len(h))[:, None] == 0
    return h - _term(z, atoms, latent) * (where & first)[..., None]


@exercise.misconception(
    "You change the first of the words only: does the `return` stand inside the loop? It ends the "
    "function at once. Move it out, to the depth of the `for`."
)
def first_word_only(h, z, atoms, latent, where):
    number = where.flatten().int().cumsum(dim=0).view(where.shape)
    return h - _term(z, atoms, latent) * (where & (number == 1))[..., None]


@exercise.misconception(
    "The values are right, but no gradient goes through the result. Later one may ask how the "
    "model's answer depends on the latent. Leave `torch.no_grad()`, `.detach()` and `.item()` out."
)
def without_gradient(h, z, atoms, latent, where):
    return (h - _term(z, atoms, latent) * where[..., None]).detach()


@exercise.misconception(
    "You change every word. The latent is to be switched off only where `where` is True."
)
def everywhere(h, z, atoms, latent, where):
    return h - _term(z, atoms, latent)


@exercise.misconception("You change the words where `where` is *False*, and leave the others.")
def where_inverted(h, z, atoms, latent, where):
    return h - _term(z, atoms, latent) * ~where[..., None]


@exercise.misconception("You *add* the latent's part once more. To take it away, subtract it.")
def added(h, z, atoms, latent, where):
    return h + _term(z, atoms, latent) * where[..., None]


@exercise.misconception(
    "You subtract the atom as it is. The stream holds so much of it as the latent is active: "
    "multiply by the activation, which differs from word to word."
)
def atom_alone(h, z, atoms, latent, where):
    return h - atoms[latent] * where[..., None]


@exercise.misconception(
    "You subtract the activation itself from every dimension. It is a number; the direction in "
    "which it acts is the atom."
)
def activation_alone(h, z, atoms, latent, where):
    return h - z[..., latent, None] * where[..., None]


@exercise.misconception(
    "You give the atom length 1 first. The atoms are given as the decoder uses them: take them as "
    "they are."
)
def normalised_again(h, z, atoms, latent, where):
    unit = torch.nn.functional.normalize(atoms, dim=1)
    return h - _term(z, unit, latent) * where[..., None]


@exercise.misconception(
    "You remove all of h that points along the atom. Other latents and the error point that way, "
    "too, a little. Only the latent's own part, its activation times its atom, is to go."
)
def projected_out(h, z, atoms, latent, where):
    atom = atoms[latent]
    return h - ((h @ atom) / (atom @ atom))[..., None] * atom * where[..., None]


@exercise.misconception(
    "You subtract the latent's *mean* activation times its atom: the same at every word. Use the "
    "activation of each word."
)
def mean_activation(h, z, atoms, latent, where):
    mean = z[..., latent].mean()
    return h - mean * atoms[latent] * where[..., None]


@exercise.misconception("You set the latent to its mean activation. Switched off means 0.")
def to_its_mean(h, z, atoms, latent, where):
    step = z[..., latent].mean() - z[..., latent]
    return h + step[..., None] * atoms[latent] * where[..., None]


@exercise.misconception(
    "You kept only this latent, and took everything else away. It is the other way round."
)
def only_this_one(h, z, atoms, latent, where):
    return torch.where(where[..., None], _term(z, atoms, latent), h)


@exercise.misconception(
    "You removed *all* latents: what is left is the autoencoder's error. Only one is to go."
)
def all_latents(h, z, atoms, latent, where):
    return h - (z @ atoms) * where[..., None]


@exercise.misconception(
    "You took the latent's *column* of `atoms`. The shape is (latents, dim): atoms are its rows."
)
def column_for_row(h, z, atoms, latent, where):
    return h - z[..., latent, None] * atoms[:, latent] * where[..., None]


@exercise.misconception(
    "You return the stream as it was. To set the code to 0 changes nothing in h by itself: what "
    "the latent adds to h must be subtracted from it."
)
def code_only(h, z, atoms, latent, where):
    z = z.clone()
    z[..., latent] = 0
    return h.clone()


@exercise.misconception(
    "Where `where` is False you return zeros. The stream is to stay as it is there."
)
def zeros_elsewhere(h, z, atoms, latent, where):
    return (h - _term(z, atoms, latent)) * where[..., None]


@exercise.misconception("You switched off the latent before it. Numbers begin at 0.")
def counted_from_one(h, z, atoms, latent, where):
    return h - _term(z, atoms, latent - 1) * where[..., None]


@exercise.misconception(
    "The result is right, but you have changed `h` itself. The caller still needs it: `h - …` "
    "makes a new tensor, `h -= …` does not."
)
def in_place(h, z, atoms, latent, where):
    h -= _term(z, atoms, latent) * where[..., None]
    return h


# -- other right answers -------------------------------------------------------------------------


@exercise.style
def by_two_reconstructions(h, z, atoms, latent, where):
    keep = torch.ones_like(z)
    keep[..., latent] = 0
    difference = (z * keep) @ atoms - z @ atoms
    return torch.where(where.unsqueeze(-1), h + difference, h)


@exercise.style
def word_by_word(h, z, atoms, latent, where):
    new = h.clone()
    for i, j in where.nonzero().tolist():
        new[i, j] = h[i, j] - z[i, j, latent] * atoms[latent]
    return new
