"""Exercise `SparseAutoencoder`: one layer each way, unit-norm atoms.

z = ReLU(W x + b)          x̂ = Σ_i z_i D_i + c          ‖D_i‖ = 1
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.sparse_autoencoder.starting import StartingModuleExercise


class SparseAutoencoder(nn.Module):
    """A sparse autoencoder of one layer, whose atoms have length 1.

    input_dim : size of an input.
    latent_dim : number of latents, and of atoms.
    """

    def __init__(self, input_dim: int, latent_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))  # one atom per row
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (batch, input_dim) → (x_hat, z): (batch, input_dim) and (batch, latent_dim)."""
        ### BEGIN SOLUTION
        z = torch.relu(self.encoder(x))  # (batch, latent_dim)
        dictionary = nn.functional.normalize(self.atoms, dim=1)  # (latent_dim, input_dim)
        return z @ dictionary + self.decoder_bias, z
        ### END SOLUTION


def cases(draw: Draw):
    """More latents than inputs and fewer, and as many; a batch of one and more; float64; gaps."""
    for batch, input_dim, latent_dim in ((1, 4, 9), (5, 6, 6)):
        yield Case(
            {"x": draw.normal(batch, input_dim, scale=2.0)},
            note=f"a batch of {batch}",
            init={"input_dim": input_dim, "latent_dim": latent_dim},
        )
    yield Case(
        {"x": draw.normal(4, 8, scale=4.0, dtype=torch.float64, layout="transposed")},
        init={"input_dim": 8, "latent_dim": 5},
        note="a model and an input in float64, not contiguous in memory",
    )


exercise = StartingModuleExercise(
    SparseAutoencoder,
    title="The sparse autoencoder",
    points=4,
    difficulty=2,
    minutes=20,
    why="This is the model that is trained on language models today, in the same few lines.",
    cases=cases,
    zeros=("decoder_bias",),
    outputs=("x_hat", "z"),
    hints=(
        "The encoder is an `nn.Linear` and a ReLU. The decoder has two parameters of its own: the "
        "atoms, shape (latent_dim, input_dim), and a bias of shape (input_dim,). Wrap each in "
        "`nn.Parameter`.",
        "In `forward`, give the atoms length 1 first, row by row: "
        "`nn.functional.normalize(self.atoms, dim=1)`, or your own function from above. Then each "
        "example is a sum of atoms, weighted with its code: one matrix product.",
        "z has shape (batch, latent_dim) and the dictionary (latent_dim, input_dim). So the "
        "reconstruction is `z @ dictionary + self.decoder_bias`. Return it and z, in this order.",
    ),
)


class _Model(nn.Module):
    """The right parameters and a right forward pass, in parts that a wrong answer replaces."""

    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def code(self, x):
        return torch.relu(self.encoder(x))

    def dictionary(self):
        return F.normalize(self.atoms, dim=1)

    def decode(self, z):
        return z @ self.dictionary() + self.decoder_bias

    def forward(self, x):
        z = self.code(x)
        return self.decode(z), z


@exercise.misconception(
    "Your atoms are used with the length they happen to have. Give each length 1 in `forward`, "
    "before you multiply. (It is not enough to do it once in `__init__`: training changes them.)"
)
class NotNormalised(_Model):
    def dictionary(self):
        return self.atoms


@exercise.misconception(
    "You normalise the *columns* of the atoms (dim=0). An atom is a row: dim=1."
)
class ColumnsNormalised(_Model):
    def dictionary(self):
        return F.normalize(self.atoms, dim=0)


@exercise.misconception(
    "The values are right, but the gradient does not pass through the lengths of the atoms: they "
    "are cut off (`.detach()`, `.data` or `torch.no_grad()`). Divide by the length as it is."
)
class LengthDetached(_Model):
    def dictionary(self):
        return self.atoms / self.atoms.norm(dim=1, keepdim=True).detach()


@exercise.misconception(
    "The values are right, but the whole dictionary is cut off from the gradient, so the atoms "
    "never learn. Leave out `.detach()`, `.data` and `torch.no_grad()`."
)
class DictionaryDetached(_Model):
    def dictionary(self):
        return F.normalize(self.atoms, dim=1).detach()


@exercise.misconception(
    "Your `forward` writes the unit norm into the stored atoms and then uses these. The values are "
    "right, but the gradient does not pass through the division, and a forward pass should change "
    "no weights. Compute a normalised copy."
)
class WrittenBack(_Model):
    def dictionary(self):
        with torch.no_grad():
            self.atoms.copy_(F.normalize(self.atoms, dim=1))
        return self.atoms


@exercise.misconception(
    "Sizes do not fit at the code. The formula W x is for one input. Here x holds one example "
    "per *row*: call the layer, `self.encoder(x)`, or write `x @ self.encoder.weight.T`."
)
class OneInput(_Model):
    def code(self, x):
        return torch.relu(self.encoder.weight @ x + self.encoder.bias)


@exercise.misconception(
    "Sizes do not fit at the reconstruction. z has shape (batch, latent_dim), the dictionary "
    "(latent_dim, input_dim): write `z @ dictionary`, without `.T`."
)
class DecoderTransposed(_Model):
    def decode(self, z):
        return z @ self.dictionary().T + self.decoder_bias


@exercise.misconception(
    "The decoder's bias is a parameter of your model, but `forward` does not use it. Without it a "
    "code of zeros can only give zeros. Add it to the reconstruction."
)
class DecoderBiasForgotten(_Model):
    def decode(self, z):
        return z @ self.dictionary()


@exercise.misconception(
    "The encoder's bias is not used. Call the layer, `self.encoder(x)`, instead of multiplying by "
    "its weight."
)
class EncoderBiasForgotten(_Model):
    def code(self, x):
        return torch.relu(x @ self.encoder.weight.T)


@exercise.misconception(
    "There is no ReLU at the code: your latents are negative, too. Wrap the encoder in "
    "`torch.relu`."
)
class NoRelu(_Model):
    def code(self, x):
        return self.encoder(x)


@exercise.misconception(
    "There is a ReLU at the reconstruction. Inputs may be negative, so the decoder ends without "
    "one. The ReLU belongs at the code only."
)
class ReluAtTheEnd(_Model):
    def decode(self, z):
        return torch.relu(super().decode(z))


@exercise.misconception(
    "You subtract the decoder's bias from the input first. Some published models do. Here the "
    "encoder takes x as it is."
)
class InputCentred(_Model):
    def code(self, x):
        return torch.relu(self.encoder(x - self.decoder_bias))


@exercise.misconception(
    "You normalise the encoder's rows as well. Only the atoms have length 1; the encoder is free."
)
class EncoderNormalised(_Model):
    def code(self, x):
        return torch.relu(x @ F.normalize(self.encoder.weight, dim=1).T + self.encoder.bias)


@exercise.misconception(
    "You normalise the reconstruction or the code, not the atoms. Each *atom* has length 1. Codes "
    "and reconstructions are as large as they need be."
)
class ReconstructionNormalised(_Model):
    def decode(self, z):
        return F.normalize(z @ self.atoms, dim=1) + self.decoder_bias


@exercise.misconception(
    "Your decoder is an `nn.Linear`, whose weight has shape (input_dim, latent_dim): there atoms "
    "are *columns*. The table shows the parameters that are asked for: `atoms`, one per row, and "
    "`decoder_bias`."
)
class LinearDecoder(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.decoder = nn.Linear(latent_dim, input_dim)

    def forward(self, x):
        z = torch.relu(self.encoder(x))
        return z @ F.normalize(self.decoder.weight.T, dim=1) + self.decoder.bias, z


@exercise.misconception(
    "Your atoms have shape (input_dim, latent_dim): they are columns. Make them rows, "
    "(latent_dim, input_dim)."
)
class AtomsAsColumns(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(input_dim, latent_dim))

    def decode(self, z):
        return z @ F.normalize(self.atoms.T, dim=1) + self.decoder_bias


@exercise.misconception(
    "The atoms and the decoder's bias are plain tensors. torch finds no parameters in them and "
    "would not train them. Wrap each in `nn.Parameter`."
)
class PlainTensors(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.atoms, self.decoder_bias = torch.randn(latent_dim, input_dim), torch.zeros(input_dim)

    def forward(self, x):
        z = torch.relu(self.encoder(x))
        return z @ F.normalize(self.atoms.to(x.dtype), dim=1) + self.decoder_bias.to(x.dtype), z


@exercise.misconception(
    "Your model has no parameter `atoms`. Is it a plain tensor? torch would not train that: wrap "
    "it in `nn.Parameter`."
)
class PlainAtoms(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        del self.atoms
        self.atoms = torch.randn(latent_dim, input_dim)


@exercise.misconception(
    "Your model has no parameter `decoder_bias`. Is it a plain tensor? torch would not train that: "
    "wrap it in `nn.Parameter`."
)
class PlainBias(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        del self.decoder_bias
        self.decoder_bias = torch.zeros(input_dim)


@exercise.misconception(
    "Your encoder has no bias. Leave out `bias=False`: a negative bias is what keeps a latent "
    "quiet."
)
class NoEncoderBias(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder = nn.Linear(input_dim, latent_dim, bias=False)


@exercise.misconception(
    "You decode with the encoder's matrix, and never use the atoms. (To use one matrix both ways "
    "is the next exercise.)"
)
class AtomsUnused(_Model):
    def dictionary(self):
        return F.normalize(self.encoder.weight, dim=1)


@exercise.misconception(
    "The decoder's bias does not start at 0. Begin it with `torch.zeros`: what the bias is to be, "
    "training finds out."
)
class BiasNotZero(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.decoder_bias = nn.Parameter(torch.randn(input_dim))


@exercise.misconception(
    "Your atoms start at 0, or all the same. An atom of zeros has no direction, and atoms that are "
    "the same stay the same. Begin them at random, with `torch.randn`."
)
class AtomsAllAlike(_Model):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.zeros(latent_dim, input_dim))


@exercise.misconception(
    "You return the reconstruction alone. The loss needs the code too: return `x_hat, z`."
)
class CodeNotReturned(_Model):
    def forward(self, x):
        return self.decode(self.code(x))


@exercise.misconception(
    "The second thing that you return is the code *before* the ReLU. Return z, after it: the loss "
    "would otherwise penalise numbers that the decoder never sees."
)
class BeforeRelu(_Model):
    def forward(self, x):
        return self.decode(self.code(x)), self.encoder(x)


@exercise.misconception("You return the code first. Return the reconstruction first: `x_hat, z`.")
class Swapped(_Model):
    def forward(self, x):
        z = self.code(x)
        return z, self.decode(z)


@exercise.misconception(
    "The values are right, but the reconstruction is computed from a code that is cut off "
    "(`z.detach()`). The encoder then learns nothing from the reconstruction error."
)
class CodeDetached(_Model):
    def forward(self, x):
        z = self.code(x)
        return self.decode(z.detach()), z


@exercise.style
class WithHelpers(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))
        self.atoms = nn.Parameter(F.normalize(torch.randn(latent_dim, input_dim), dim=1))
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.activation = nn.ReLU()

    def encode(self, x):
        return self.activation(self.encoder(x))

    def forward(self, x):
        z = self.encode(x)
        lengths = self.atoms.norm(dim=1, keepdim=True)
        return F.linear(z, (self.atoms / lengths).T, self.decoder_bias), z


@exercise.style
class LengthsFirst(_Model):
    def forward(self, x):
        z = F.linear(x, self.encoder.weight, self.encoder.bias).clamp(min=0)
        scaled = z / self.atoms.square().sum(dim=1).sqrt()  # divide the code instead of the atoms
        return torch.einsum("bl,ld->bd", scaled, self.atoms) + self.decoder_bias, z


@exercise.style
class AddmmList(_Model):
    def forward(self, x):
        z = self.encoder(x).relu()
        return [torch.addmm(self.decoder_bias, z, self.dictionary()), z]
