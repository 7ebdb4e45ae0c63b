"""Exercise `TiedSparseAutoencoder`: the encoder looks for the atoms that the decoder adds.

z = ReLU(D x + b)          x̂ = Σ_i z_i D_i + c          ‖D_i‖ = 1
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.exercises.sparse_autoencoder.sparse_module import cases
from course_lib.exercises.sparse_autoencoder.starting import StartingModuleExercise


class TiedSparseAutoencoder(nn.Module):
    """A sparse autoencoder of one layer with one matrix: atoms of length 1, used both ways.

    input_dim : size of an input.
    latent_dim : number of latents, and of atoms.
    """

    def __init__(self, input_dim: int, latent_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))  # one atom per row
        self.encoder_bias = nn.Parameter(torch.zeros(latent_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))
        ### END SOLUTION

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs (batch, input_dim) → (x_hat, z): (batch, input_dim) and (batch, latent_dim)."""
        ### BEGIN SOLUTION
        dictionary = nn.functional.normalize(self.atoms, dim=1)  # (latent_dim, input_dim)
        z = torch.relu(x @ dictionary.T + self.encoder_bias)  # (batch, latent_dim)
        return z @ dictionary + self.decoder_bias, z
        ### END SOLUTION


exercise = StartingModuleExercise(
    TiedSparseAutoencoder,
    title="The tied sparse autoencoder",
    points=3,
    difficulty=2,
    minutes=15,
    why="One matrix for both ways leaves about half the parameters, and the encoder cannot look "
    "for anything but the atoms.",
    cases=cases,
    zeros=("encoder_bias", "decoder_bias"),
    outputs=("x_hat", "z"),
    hints=(
        "There is one matrix, the atoms, and two biases: one per latent and one per input. So "
        "there is no `nn.Linear` in this model.",
        "Give the atoms length 1 first. Latent i asks how far x points along atom i: that is the "
        "product of x with the atom. For all latents at once: `x @ dictionary.T`.",
        "`z = torch.relu(x @ dictionary.T + self.encoder_bias)`, and then as in the last "
        "exercise: `z @ dictionary + self.decoder_bias`. Both use the same normalised dictionary.",
    ),
)


class _Tied(nn.Module):
    """The right parameters and a right forward pass, in parts that a wrong answer replaces."""

    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))
        self.encoder_bias = nn.Parameter(torch.zeros(latent_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def dictionary(self):
        return F.normalize(self.atoms, dim=1)

    def code(self, x):
        return torch.relu(x @ self.dictionary().T + self.encoder_bias)

    def decode(self, z):
        return z @ self.dictionary() + self.decoder_bias

    def forward(self, x):
        z = self.code(x)
        return self.decode(z), z


@exercise.misconception(
    "Your model has an `nn.Linear` with a weight of its own: that is the untied model. Here the "
    "encoder must use the atoms. The text names the parameters that are asked for."
)
class TwoMatrices(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def forward(self, x):
        z = torch.relu(self.encoder(x))
        return z @ F.normalize(self.atoms, dim=1) + self.decoder_bias, z


@exercise.misconception(
    "There are two parameters for one matrix: you copy the atoms into a parameter of the encoder. "
    "A copy is trained by itself, and the two part at the first step. Use `self.atoms` twice."
)
class CopiedParameter(_Tied):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder_weight = nn.Parameter(self.atoms.detach().clone())

    def code(self, x):
        return torch.relu(x @ F.normalize(self.encoder_weight, dim=1).T + self.encoder_bias)


@exercise.misconception(
    "The encoder uses the atoms as they are stored, the decoder the normalised ones. Both must use "
    "the same dictionary, of unit norm."
)
class EncoderNotNormalised(_Tied):
    def code(self, x):
        return torch.relu(x @ self.atoms.T + self.encoder_bias)


@exercise.misconception(
    "The decoder uses the atoms as they are stored, the encoder the normalised ones. Both must use "
    "the same dictionary, of unit norm."
)
class DecoderNotNormalised(_Tied):
    def decode(self, z):
        return z @ self.atoms + self.decoder_bias


@exercise.misconception(
    "The atoms are used with the length they happen to have, both ways. Give each length 1 first."
)
class NotNormalised(_Tied):
    def dictionary(self):
        return self.atoms


@exercise.misconception(
    "You normalise the *columns* of the atoms (dim=0). An atom is a row: dim=1."
)
class ColumnsNormalised(_Tied):
    def dictionary(self):
        return F.normalize(self.atoms, dim=0)


@exercise.misconception(
    "The encoder normalises the columns of the transposed atoms along the wrong axis, so it looks "
    "for other directions than the decoder adds. Normalise once, and transpose afterwards."
)
class TransposedFirst(_Tied):
    def code(self, x):
        return torch.relu(x @ F.normalize(self.atoms.T, dim=1) + self.encoder_bias)


@exercise.misconception(
    "The values are right, but the encoder's use of the atoms is cut off from the gradient. Tied "
    "weights learn from both uses: leave out `.detach()`."
)
class EncoderDetached(_Tied):
    def code(self, x):
        return torch.relu(x @ self.dictionary().detach().T + self.encoder_bias)


@exercise.misconception(
    "The values are right, but the decoder's use of the atoms is cut off from the gradient. Tied "
    "weights learn from both uses: leave out `.detach()`."
)
class DecoderDetached(_Tied):
    def decode(self, z):
        return z @ self.dictionary().detach() + self.decoder_bias


@exercise.misconception(
    "The values are right, but the lengths of the atoms are cut off from the gradient. Divide by "
    "the length as it is, without `.detach()`."
)
class LengthDetached(_Tied):
    def dictionary(self):
        return self.atoms / self.atoms.norm(dim=1, keepdim=True).detach()


@exercise.misconception(
    "Sizes do not fit at the code. The formula D x is for one input. Here x holds one example "
    "per *row*: write `x @ dictionary.T`."
)
class OneInput(_Tied):
    def code(self, x):
        return torch.relu(self.dictionary() @ x + self.encoder_bias)


@exercise.misconception(
    "The code is right, but sizes do not fit at the reconstruction. z has shape (batch, "
    "latent_dim), the dictionary (latent_dim, input_dim): write `z @ dictionary`, without `.T`."
)
class DecoderTransposed(_Tied):
    def decode(self, z):
        return z @ self.dictionary().T + self.decoder_bias


@exercise.misconception("The encoder's bias is not used. Add it before the ReLU.")
class EncoderBiasForgotten(_Tied):
    def code(self, x):
        return torch.relu(x @ self.dictionary().T)


@exercise.misconception("The decoder's bias is not used. Add it to the reconstruction.")
class DecoderBiasForgotten(_Tied):
    def decode(self, z):
        return z @ self.dictionary()


@exercise.misconception(
    "The encoder's bias is added after the ReLU. It must come before: a negative bias is what "
    "keeps a latent quiet."
)
class BiasAfterRelu(_Tied):
    def code(self, x):
        return torch.relu(x @ self.dictionary().T) + self.encoder_bias


@exercise.misconception("There is no ReLU at the code: your latents are negative, too.")
class NoRelu(_Tied):
    def code(self, x):
        return x @ self.dictionary().T + self.encoder_bias


@exercise.misconception(
    "You subtract the decoder's bias from the input first. Some published models do. Here the "
    "encoder takes x as it is."
)
class InputCentred(_Tied):
    def code(self, x):
        return torch.relu((x - self.decoder_bias) @ self.dictionary().T + self.encoder_bias)


@exercise.misconception(
    "Your model has an `nn.Linear` with a weight of its own beside the atoms: that is not tied. "
    "Here the encoder must use the atoms. The text names the parameters that are asked for."
)
class OwnEncoder(_Tied):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder = nn.Linear(input_dim, latent_dim, bias=False)

    def code(self, x):
        return torch.relu(self.encoder(x) + self.encoder_bias)


@exercise.misconception(
    "Your atoms have shape (input_dim, latent_dim): they are columns. Make them rows, "
    "(latent_dim, input_dim)."
)
class AtomsAsColumns(_Tied):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(input_dim, latent_dim))

    def dictionary(self):
        return F.normalize(self.atoms.T, dim=1)


@exercise.misconception(
    "A bias does not start at 0. Begin both with `torch.zeros`: what they are to be, training "
    "finds out."
)
class BiasesNotZero(_Tied):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder_bias = nn.Parameter(torch.randn(latent_dim))


@exercise.misconception(
    "Your atoms start at 0, or all the same. An atom of zeros has no direction, and atoms that are "
    "the same stay the same. Begin them at random, with `torch.randn`."
)
class AtomsAllAlike(_Tied):
    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.zeros(latent_dim, input_dim))


@exercise.misconception(
    "You return the reconstruction alone. The loss needs the code too: return `x_hat, z`."
)
class CodeNotReturned(_Tied):
    def forward(self, x):
        return self.decode(self.code(x))


@exercise.misconception("You return the code first. Return the reconstruction first: `x_hat, z`.")
class Swapped(_Tied):
    def forward(self, x):
        z = self.code(x)
        return z, self.decode(z)


@exercise.style
class WithLinear(_Tied):
    def forward(self, x):
        D = self.atoms / self.atoms.norm(dim=1, keepdim=True)
        z = F.relu(F.linear(x, D, self.encoder_bias))
        return F.linear(z, D.T, self.decoder_bias), z


@exercise.style
class ScaledCodes(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))
        self.encoder_bias = nn.Parameter(torch.zeros(latent_dim))
        start = torch.randn(latent_dim, input_dim)
        self.atoms = nn.Parameter(F.normalize(start, dim=1))

    def forward(self, x):
        lengths = self.atoms.pow(2).sum(1).sqrt()  # divide the products, not the atoms
        z = (torch.einsum("bd,ld->bl", x, self.atoms) / lengths + self.encoder_bias).clamp(min=0)
        return (z / lengths) @ self.atoms + self.decoder_bias, z
