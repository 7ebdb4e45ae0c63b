"""Wrong answers to unit 6, written from the text of the exercises alone,
without sight of the checks.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

# ---------------------------------------------------------------- 1 · normalise_atoms


def atoms_1_wrong_axis(W: Tensor) -> Tensor:
    """Divides the columns: the usual slip."""
    return normalize(W, dim=0)


def atoms_2_whole_matrix(W: Tensor) -> Tensor:
    """One norm for all atoms together."""
    return W / W.norm()


def atoms_3_l1_norm(W: Tensor) -> Tensor:
    """The sum of the sizes instead of the length."""
    return W / W.abs().sum(dim=1, keepdim=True).clamp(min=1e-8)


def atoms_4_zero_divided(W: Tensor) -> Tensor:
    """Nothing is done about an atom of zeros: NaN."""
    return W / W.norm(dim=1, keepdim=True)


def atoms_5_nan_to_num(W: Tensor) -> Tensor:
    """The NaN is mended afterwards: right values, but the gradient is NaN."""
    return (W / W.norm(dim=1, keepdim=True)).nan_to_num(0.0)


def atoms_6_where(W: Tensor) -> Tensor:
    """`where` picks the zeros, yet the gradient of the other branch is NaN."""
    norms = W.norm(dim=1, keepdim=True)
    return torch.where(norms > 0, W / norms, torch.zeros_like(W))


def atoms_7_root_of_zero(W: Tensor) -> Tensor:
    """A small number is added to the root, not below it: its slope at 0 is infinite."""
    return W / (W.square().sum(dim=1, keepdim=True).sqrt() + 1e-8)


def atoms_8_detached_norm(W: Tensor) -> Tensor:
    """The norm is held constant: no gradient through it."""
    return W / W.norm(dim=1, keepdim=True).detach().clamp(min=1e-8)


def atoms_9_no_gradient(W: Tensor) -> Tensor:
    """All of it without gradient."""
    with torch.no_grad():
        return normalize(W, dim=1)


def atoms_10_in_place(W: Tensor) -> Tensor:
    """Right values, but written over the weights of the caller."""
    W.data /= W.data.norm(dim=1, keepdim=True).clamp(min=1e-8)
    return W


def atoms_11_squared_norm(W: Tensor) -> Tensor:
    """The root is forgotten."""
    return W / W.square().sum(dim=1, keepdim=True).clamp(min=1e-8)


def atoms_12_largest_entry(W: Tensor) -> Tensor:
    """Divides by the largest entry of each atom."""
    return W / W.abs().amax(dim=1, keepdim=True).clamp(min=1e-8)


def atoms_13_keepdim_forgotten(W: Tensor) -> Tensor:
    """Lengths are one per atom, but they are broadcast along the columns."""
    return W / W.norm(dim=1).clamp(min=1e-8)


def atoms_14_only_shortened(W: Tensor) -> Tensor:
    """Long atoms are shortened; short ones stay short."""
    return W / W.norm(dim=1, keepdim=True).clamp(min=1.0)


def atoms_15_large_epsilon(W: Tensor) -> Tensor:
    """So much is added to the norm that lengths are 1 no more."""
    return W / (W.norm(dim=1, keepdim=True) + 0.1)


def atoms_16_zeros_get_a_direction(W: Tensor) -> Tensor:
    """An atom of zeros gets length 1 as well."""
    dead = (W == 0).all(dim=1, keepdim=True)
    return normalize(torch.where(dead, torch.ones_like(W), W), dim=1)


def atoms_17_zeros_dropped(W: Tensor) -> Tensor:
    """Atoms of zeros are thrown out."""
    return normalize(W[W.norm(dim=1) > 0], dim=1)


def atoms_18_centred(W: Tensor) -> Tensor:
    """Takes the mean of each atom off first, as one standardises data."""
    return normalize(W - W.mean(dim=1, keepdim=True), dim=1)


def atoms_19_floor_too_high(W: Tensor) -> Tensor:
    """Atoms shorter than 0.1 stay short."""
    return W / W.norm(dim=1, keepdim=True).clamp(min=0.1)


def atoms_20_new_tensor(W: Tensor) -> Tensor:
    """A loop over rows; the rows are written into a new table by their numbers."""
    rows = [(row / row.norm()).tolist() if row.norm() > 0 else row.tolist() for row in W]
    return torch.tensor(rows)


# ---------------------------------------------------------------- 2 · SparseAutoencoder


class RightSparseAutoencoder(nn.Module):
    """Not handed in: the wrong ones change one thing in it."""

    def __init__(self, input_dim: int, latent_dim: int):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def code(self, x: Tensor) -> Tensor:
        return self.encoder(x).relu()

    def dictionary(self) -> Tensor:
        return normalize(self.atoms, dim=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = self.code(x)
        return z @ self.dictionary() + self.decoder_bias, z


class SAE1FreeAtoms(RightSparseAutoencoder):
    """The atoms are used as they are stored."""

    def dictionary(self):
        return self.atoms


class SAE2WrongAxis(RightSparseAutoencoder):
    """The columns get length 1."""

    def dictionary(self):
        return normalize(self.atoms, dim=0)


class SAE3NoActivation(RightSparseAutoencoder):
    """ReLU is forgotten."""

    def code(self, x):
        return self.encoder(x)


class SAE4NoEncoderBias(RightSparseAutoencoder):
    """The encoder has no bias."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder = nn.Linear(input_dim, latent_dim, bias=False)


class SAE5DecoderBiasForgotten(RightSparseAutoencoder):
    """The decoder bias is there and not used."""

    def forward(self, x):
        z = self.code(x)
        return z @ self.dictionary(), z


class SAE6CodeFirst(RightSparseAutoencoder):
    """Returns the code first."""

    def forward(self, x):
        x_hat, z = super().forward(x)
        return z, x_hat


class SAE7LinearDecoder(nn.Module):
    """A layer for the decoder, as in lesson 4; its weight is normalised per atom."""

    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.decoder = nn.Linear(latent_dim, input_dim)

    def forward(self, x):
        z = self.encoder(x).relu()
        return z @ normalize(self.decoder.weight.T, dim=1) + self.decoder.bias, z


class SAE8ExtraParameters(RightSparseAutoencoder):
    """A decoder layer that nobody uses is left over."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.decoder = nn.Linear(latent_dim, input_dim)


class SAE9NormalisedAtTheStart(RightSparseAutoencoder):
    """Unit length at the start only: training lets the atoms grow."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(normalize(torch.randn(latent_dim, input_dim), dim=1))

    def dictionary(self):
        return self.atoms


class SAE10NoGradient(RightSparseAutoencoder):
    """Normalises without gradient: the atoms never learn."""

    def dictionary(self):
        with torch.no_grad():
            return normalize(self.atoms, dim=1)


class SAE11InPlace(RightSparseAutoencoder):
    """Each forward pass writes over the stored atoms."""

    def dictionary(self):
        self.atoms.data = normalize(self.atoms.data, dim=1)
        return self.atoms


class SAE12ZeroAtoms(RightSparseAutoencoder):
    """The atoms start at 0: they have no direction."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.zeros(latent_dim, input_dim))


class SAE13RandomBias(RightSparseAutoencoder):
    """The decoder bias starts at random."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.decoder_bias = nn.Parameter(torch.randn(input_dim))


class SAE14BiasTakenOff(RightSparseAutoencoder):
    """Takes the decoder bias off the input first, as some papers do."""

    def code(self, x):
        return self.encoder(x - self.decoder_bias).relu()


class SAE15ReluAtTheEnd(RightSparseAutoencoder):
    """ReLU on the reconstruction, too."""

    def forward(self, x):
        x_hat, z = super().forward(x)
        return x_hat.relu(), z


class SAE16Transposed(RightSparseAutoencoder):
    """Atoms in columns, as nn.Linear would store them."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(input_dim, latent_dim))

    def dictionary(self):
        return normalize(self.atoms, dim=0).T


class SAE17PlainTensor(RightSparseAutoencoder):
    """`nn.Parameter` is forgotten: the atoms are not trained."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        del self.atoms
        self.atoms = torch.randn(latent_dim, input_dim)


class SAE18PlainBias(RightSparseAutoencoder):
    """`nn.Parameter` is forgotten around the decoder bias."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        del self.decoder_bias
        self.decoder_bias = torch.zeros(input_dim)


class SAE19Tied(RightSparseAutoencoder):
    """Decodes with the encoder's matrix; the atoms are never used."""

    def dictionary(self):
        return normalize(self.encoder.weight, dim=1)


class SAE20PreActivation(RightSparseAutoencoder):
    """Returns the code as it is before ReLU."""

    def forward(self, x):
        x_hat, _ = super().forward(x)
        return x_hat, self.encoder(x)


class SAE21Sigmoid(RightSparseAutoencoder):
    """Sigmoid in place of ReLU."""

    def code(self, x):
        return self.encoder(x).sigmoid()


class SAE22RowBias(RightSparseAutoencoder):
    """The decoder bias is a table of one row."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.decoder_bias = nn.Parameter(torch.zeros(1, input_dim))


class SAE23OneNorm(RightSparseAutoencoder):
    """One norm for the whole dictionary."""

    def dictionary(self):
        return self.atoms / self.atoms.norm()


class SAE24EncoderToo(RightSparseAutoencoder):
    """The rows of the encoder get length 1, too."""

    def code(self, x):
        return (x @ normalize(self.encoder.weight, dim=1).T + self.encoder.bias).relu()


class SAE25DetachedNorm(RightSparseAutoencoder):
    """The norm is held constant: the stored atoms can grow without end."""

    def dictionary(self):
        return self.atoms / self.atoms.detach().norm(dim=1, keepdim=True)


class SAE26SoftmaxCode(RightSparseAutoencoder):
    """The reconstruction adds up the atoms with the code divided by its sum."""

    def forward(self, x):
        z = self.code(x)
        shares = z / (z.sum(dim=1, keepdim=True) + 1e-8)
        return shares @ self.dictionary() + self.decoder_bias, z


class SAE27OneExample(RightSparseAutoencoder):
    """The sum over the atoms is written for one example: the batch is summed away."""

    def forward(self, x):
        z = self.code(x)
        x_hat = sum(z[:, i : i + 1] * self.dictionary()[i] for i in range(z.shape[1]))
        return x_hat.mean(dim=0, keepdim=True) + self.decoder_bias, z


# ---------------------------------------------------------------- 3 · TiedSparseAutoencoder


class RightTied(nn.Module):
    """Not handed in: the wrong ones change one thing in it."""

    def __init__(self, input_dim: int, latent_dim: int):
        super().__init__()
        self.atoms = nn.Parameter(torch.randn(latent_dim, input_dim))
        self.encoder_bias = nn.Parameter(torch.zeros(latent_dim))
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def listens(self) -> Tensor:
        return normalize(self.atoms, dim=1)

    def speaks(self) -> Tensor:
        return normalize(self.atoms, dim=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = (x @ self.listens().T + self.encoder_bias).relu()
        return z @ self.speaks() + self.decoder_bias, z


class Tied1FreeBothWays(RightTied):
    """The stored atoms are used both ways."""

    def listens(self):
        return self.atoms

    speaks = listens


class Tied2FreeEncoder(RightTied):
    """Length 1 in the decoder only."""

    def listens(self):
        return self.atoms


class Tied3FreeDecoder(RightTied):
    """Length 1 in the encoder only."""

    def speaks(self):
        return self.atoms


class Tied4NoActivation(RightTied):
    """ReLU is forgotten."""

    def forward(self, x):
        z = x @ self.listens().T + self.encoder_bias
        return z @ self.speaks() + self.decoder_bias, z


class Tied5NoEncoderBias(RightTied):
    """The encoder bias is there and not used."""

    def forward(self, x):
        z = (x @ self.listens().T).relu()
        return z @ self.speaks() + self.decoder_bias, z


class Tied6NoDecoderBias(RightTied):
    """The decoder bias is there and not used."""

    def forward(self, x):
        z = (x @ self.listens().T + self.encoder_bias).relu()
        return z @ self.speaks(), z


class Tied7OwnEncoder(RightTied):
    """The encoder has a matrix of its own: not tied."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder = nn.Linear(input_dim, latent_dim, bias=False)

    def forward(self, x):
        z = (self.encoder(x) + self.encoder_bias).relu()
        return z @ self.speaks() + self.decoder_bias, z


class Tied8CopiedAtTheStart(RightTied):
    """The encoder is a copy of the atoms, made once: they drift apart."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder = nn.Parameter(self.atoms.detach().clone())

    def listens(self):
        return normalize(self.encoder, dim=1)


class Tied9WrongAxis(RightTied):
    """The columns get length 1."""

    def listens(self):
        return normalize(self.atoms, dim=0)

    speaks = listens


class Tied10EncoderDetached(RightTied):
    """Only the decoder gives the atoms a gradient."""

    def listens(self):
        return normalize(self.atoms.detach(), dim=1)


class Tied11NoGradient(RightTied):
    """Normalised without gradient: the atoms never learn."""

    def listens(self):
        with torch.no_grad():
            return normalize(self.atoms, dim=1)

    speaks = listens


class Tied12CodeFirst(RightTied):
    """Returns the code first."""

    def forward(self, x):
        x_hat, z = super().forward(x)
        return z, x_hat


class Tied13BiasTakenOff(RightTied):
    """Takes the decoder bias off the input first."""

    def forward(self, x):
        z = ((x - self.decoder_bias) @ self.listens().T + self.encoder_bias).relu()
        return z @ self.speaks() + self.decoder_bias, z


class Tied14Transposed(RightTied):
    """Atoms in columns."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.randn(input_dim, latent_dim))

    def listens(self):
        return normalize(self.atoms, dim=0).T

    speaks = listens


class Tied15RandomBiases(RightTied):
    """The biases start at random."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.encoder_bias = nn.Parameter(torch.randn(latent_dim))
        self.decoder_bias = nn.Parameter(torch.randn(input_dim))


class Tied16LinearEncoder(nn.Module):
    """The atoms live in an nn.Linear, under other names."""

    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.encoder = nn.Linear(input_dim, latent_dim)
        self.decoder_bias = nn.Parameter(torch.zeros(input_dim))

    def forward(self, x):
        D = normalize(self.encoder.weight, dim=1)
        z = (x @ D.T + self.encoder.bias).relu()
        return z @ D + self.decoder_bias, z


class Tied17NormalisedAtTheStart(RightTied):
    """Unit length at the start only."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(normalize(torch.randn(latent_dim, input_dim), dim=1))

    def listens(self):
        return self.atoms

    speaks = listens


class Tied18ZeroAtoms(RightTied):
    """The atoms start at 0 like the biases."""

    def __init__(self, input_dim, latent_dim):
        super().__init__(input_dim, latent_dim)
        self.atoms = nn.Parameter(torch.zeros(latent_dim, input_dim))


class Tied19Untied(RightSparseAutoencoder):
    """The class of the exercise before, handed in again."""


class Tied20DecoderDetached(RightTied):
    """Only the encoder gives the atoms a gradient."""

    def speaks(self):
        return normalize(self.atoms, dim=1).detach()


class Tied21PseudoInverse(RightTied):
    """Decodes with the pseudo-inverse: takes "the same matrix back" for "the inverse"."""

    def speaks(self):
        return torch.linalg.pinv(normalize(self.atoms, dim=1)).T


class Tied22BiasInTheDecoder(RightTied):
    """Takes the encoder bias off the code again before decoding."""

    def forward(self, x):
        z = (x @ self.listens().T + self.encoder_bias).relu()
        return (z - self.encoder_bias) @ self.speaks() + self.decoder_bias, z


# ---------------------------------------------------------------- 4 · two_layer_trap

trap_wrong = ["a", "b", "d", "e", "A", " D "]

# ---------------------------------------------------------------- 5 · loss_terms


def both(reconstruction: Tensor, sparsity: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    return reconstruction + sparsity, {"reconstruction": reconstruction, "sparsity": sparsity}


def error(x: Tensor, x_hat: Tensor) -> Tensor:
    return ((x_hat - x) ** 2).sum(dim=1).mean()


def terms_1_means(x: Tensor, x_hat: Tensor, z: Tensor, l1_weight: float):
    """Means over everything, as nn.MSELoss does."""
    return both(((x_hat - x) ** 2).mean(), l1_weight * z.abs().mean())


def terms_2_mean_error(x: Tensor, x_hat: Tensor, z: Tensor, l1_weight: float):
    """The error is a mean over the inputs, too."""
    return both(((x_hat - x) ** 2).mean(), l1_weight * z.abs().sum(dim=1).mean())


def terms_3_sums(x: Tensor, x_hat: Tensor, z: Tensor, l1_weight: float):
    """Sums over the examples, too."""
    return both(((x_hat - x) ** 2).sum(), l1_weight * z.abs().sum())


def terms_4_weight_on_the_error(x: Tensor, x_hat: Tensor, z: Tensor, l1_weight: float):
    """The weight stands at the wrong term."""
    return both(l1_weight * error(x, x_hat), z.abs().sum(dim=1).mean())


def terms_5_unweighted_in_the_dictionary(x, x_hat, z, l1_weight):
    """The loss is right; the dictionary has the sparsity without its weight."""
    sparsity = z.abs().sum(dim=1).mean()
    loss = error(x, x_hat) + l1_weight * sparsity
    return loss, {"reconstruction": error(x, x_hat), "sparsity": sparsity}


def terms_6_weighted_twice(x, x_hat, z, l1_weight):
    """The weight counts twice in the loss."""
    sparsity = l1_weight * z.abs().sum(dim=1).mean()
    loss = error(x, x_hat) + l1_weight * sparsity
    return loss, {"reconstruction": error(x, x_hat), "sparsity": sparsity}


def terms_7_no_abs(x, x_hat, z, l1_weight):
    """Right only for codes that are not negative."""
    return both(error(x, x_hat), l1_weight * z.sum(dim=1).mean())


def terms_8_squares(x, x_hat, z, l1_weight):
    """Squares of the code: L2 in place of L1."""
    return both(error(x, x_hat), l1_weight * z.square().sum(dim=1).mean())


def terms_9_floats(x, x_hat, z, l1_weight):
    """The terms as Python floats."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return loss, {name: term.item() for name, term in terms.items()}


def terms_10_norms(x, x_hat, z, l1_weight):
    """The length of the error, not its square."""
    return both((x_hat - x).norm(dim=1).mean(), l1_weight * z.abs().sum(dim=1).mean())


def terms_11_absolute_error(x, x_hat, z, l1_weight):
    """Sizes of the errors instead of squares."""
    return both((x_hat - x).abs().sum(dim=1).mean(), l1_weight * z.abs().sum(dim=1).mean())


def terms_12_wrong_axis(x, x_hat, z, l1_weight):
    """Sums over the examples and averages over the numbers."""
    return both(((x_hat - x) ** 2).sum(dim=0).mean(), l1_weight * z.abs().sum(dim=0).mean())


def terms_13_dictionary_first(x, x_hat, z, l1_weight):
    """Returns the dictionary first."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return terms, loss


def terms_14_other_names(x, x_hat, z, l1_weight):
    """Other keys."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return loss, {"mse": terms["reconstruction"], "l1": terms["sparsity"]}


def terms_15_no_gradient(x, x_hat, z, l1_weight):
    """The loss is made of numbers: nothing can be trained with it."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return loss.detach(), terms


def terms_16_count(x, x_hat, z, l1_weight):
    """Counts active latents."""
    return both(error(x, x_hat), l1_weight * (z != 0).float().sum(dim=1).mean())


def terms_17_mean_code(x, x_hat, z, l1_weight):
    """The code is averaged over the latents, too."""
    return both(error(x, x_hat), l1_weight * z.abs().mean())


def terms_18_penalty_forgotten(x, x_hat, z, l1_weight):
    """The dictionary is right; the loss is only the error."""
    _, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return terms["reconstruction"], terms


def terms_19_loss_in_the_dictionary(x, x_hat, z, l1_weight):
    """The loss is in the dictionary as well: its entries do not add up to it."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    return loss, {**terms, "loss": loss}


def terms_20_half(x, x_hat, z, l1_weight):
    """The factor 1/2 of some books."""
    return both(error(x, x_hat) / 2, l1_weight * z.abs().sum(dim=1).mean())


def terms_21_in_place(x, x_hat, z, l1_weight):
    """Right numbers, but the inputs are overwritten with the errors."""
    loss, terms = both(error(x, x_hat), l1_weight * z.abs().sum(dim=1).mean())
    x.data -= x_hat.data
    return loss, terms


def terms_22_two_examples(x, x_hat, z, l1_weight):
    """Divides by the two examples of the text."""
    return both(((x_hat - x) ** 2).sum() / 2, l1_weight * z.abs().sum() / 2)


def terms_23_code_detached(x, x_hat, z, l1_weight):
    """Right numbers; but the penalty does not reach the model."""
    return both(error(x, x_hat), l1_weight * z.detach().abs().sum(dim=1).mean())


def terms_24_square_of_the_sum(x, x_hat, z, l1_weight):
    """Adds the differences before it squares."""
    return both((x_hat - x).sum(dim=1).square().mean(), l1_weight * z.abs().sum(dim=1).mean())


def terms_25_abs_of_the_sum(x, x_hat, z, l1_weight):
    """The size of the sum instead of the sum of the sizes."""
    return both(error(x, x_hat), l1_weight * z.sum(dim=1).abs().mean())


def terms_26_per_example(x, x_hat, z, l1_weight):
    """The dictionary has one number per example."""
    errors, sizes = ((x_hat - x) ** 2).sum(dim=1), l1_weight * z.abs().sum(dim=1)
    return (errors + sizes).mean(), {"reconstruction": errors, "sparsity": sizes}


# ---------------------------------------------------------------- 6 · evaluation_report


def whole(batches):
    return (torch.cat([batch[i] for batch in batches]).detach() for i in range(3))


def right_report(batches) -> dict[str, float | Tensor]:
    """Not handed in: the wrong ones change one entry of it."""
    x, x_hat, z = whole(batches)
    spread = ((x - x.mean(dim=0)) ** 2).sum()
    active = z > 0
    return {
        "FVU": (((x_hat - x) ** 2).sum() / spread).item(),
        "L0": active.float().sum(dim=1).mean().item(),
        "dead_fraction": (~active.any(dim=0)).float().mean().item(),
        "mean_activation": z.mean(dim=0),
    }


def mean_of(numbers: list) -> float:
    return float(sum(numbers) / len(numbers))


def report_1_batch_by_batch(batches):
    """A report per batch, and their average."""
    reports = [right_report([batch]) for batch in batches]
    averages = {key: mean_of([r[key] for r in reports]) for key in ("FVU", "L0", "dead_fraction")}
    return averages | {
        "mean_activation": torch.stack([r["mean_activation"] for r in reports]).mean(dim=0)
    }


def report_2_mean_per_batch(batches):
    """Sums over all batches, but each batch is compared with its own mean."""
    lost = sum(((x_hat - x) ** 2).sum() for x, x_hat, _ in batches)
    spread = sum(((x - x.mean(dim=0)) ** 2).sum() for x, _, _ in batches)
    return right_report(batches) | {"FVU": (lost / spread).item()}


def report_3_one_mean(batches):
    """One mean for all inputs together."""
    x, x_hat, _ = whole(batches)
    return right_report(batches) | {
        "FVU": (((x_hat - x) ** 2).sum() / ((x - x.mean()) ** 2).sum()).item()
    }


def report_4_not_centred(batches):
    """Divides by the squares of the inputs themselves."""
    x, x_hat, _ = whole(batches)
    return right_report(batches) | {"FVU": (((x_hat - x) ** 2).sum() / (x**2).sum()).item()}


def report_5_unbiased(batches):
    """`var` divides by n - 1, `mean` by n."""
    x, x_hat, _ = whole(batches)
    fvu = ((x_hat - x) ** 2).mean(dim=0).sum() / x.var(dim=0).sum()
    return right_report(batches) | {"FVU": fvu.item()}


def report_6_share_active(batches):
    """The share of active latents."""
    _, _, z = whole(batches)
    return right_report(batches) | {"L0": (z > 0).float().mean().item()}


def report_7_total(batches):
    """All active latents of all examples, not divided."""
    _, _, z = whole(batches)
    return right_report(batches) | {"L0": float((z > 0).sum())}


def report_8_dead_in_some_batch(batches):
    """Dead if silent in any one of the batches."""
    dead = torch.stack([(z == 0).all(dim=0) for _, _, z in batches]).any(dim=0)
    return right_report(batches) | {"dead_fraction": dead.float().mean().item()}


def report_9_dead_count(batches):
    """The number of dead latents."""
    _, _, z = whole(batches)
    return right_report(batches) | {"dead_fraction": float((z.sum(dim=0) == 0).sum())}


def report_10_mean_of_the_active(batches):
    """The mean over those examples on which the latent is active."""
    _, _, z = whole(batches)
    mean = z.sum(dim=0) / (z > 0).sum(dim=0).clamp(min=1)
    return right_report(batches) | {"mean_activation": mean}


def report_11_tensors(batches):
    """Tensors instead of Python floats."""
    return {key: torch.as_tensor(value) for key, value in right_report(batches).items()}


def report_12_alive(batches):
    """The fraction of latents that are alive."""
    right = right_report(batches)
    return right | {"dead_fraction": 1 - right["dead_fraction"]}


def report_13_last_batch(batches):
    """Only the last batch: the loop overwrites its results."""
    return right_report(batches[-1:])


def report_14_explained(batches):
    """The variance that is explained."""
    right = right_report(batches)
    return right | {"FVU": 1 - right["FVU"]}


def report_15_mean_of_ratios(batches):
    """A ratio for each example, and their mean."""
    x, x_hat, _ = whole(batches)
    ratios = ((x_hat - x) ** 2).sum(dim=1) / ((x - x.mean(dim=0)) ** 2).sum(dim=1)
    return right_report(batches) | {"FVU": ratios.mean().item()}


def report_16_lower_case(batches):
    """Other keys."""
    return {key.lower(): value for key, value in right_report(batches).items()}


def report_17_one_activation(batches):
    """One mean over all latents."""
    _, _, z = whole(batches)
    return right_report(batches) | {"mean_activation": z.mean().item()}


def report_18_nearly_dead(batches):
    """Those that are hardly ever active count as dead, too."""
    _, _, z = whole(batches)
    rare = (z > 0).float().mean(dim=0) < 0.1
    return right_report(batches) | {"dead_fraction": rare.float().mean().item()}


def report_19_weighted_fvu(batches):
    """A FVU per batch, weighted with the batch's size."""
    sizes = [len(x) for x, _, _ in batches]
    fvus = [right_report([batch])["FVU"] for batch in batches]
    fvu = sum(n * f for n, f in zip(sizes, fvus, strict=True)) / sum(sizes)
    return right_report(batches) | {"FVU": fvu}


def report_20_l0_per_batch(batches):
    """L0 is averaged over batches; all else is right."""
    means = [(z > 0).float().sum(dim=1).mean().item() for _, _, z in batches]
    return right_report(batches) | {"L0": mean_of(means)}


def report_21_list(batches):
    """The mean activations as a list."""
    right = right_report(batches)
    return right | {"mean_activation": right["mean_activation"].tolist()}


def report_22_activation_per_batch(batches):
    """The mean activation is averaged over batches; all else is right."""
    means = torch.stack([z.mean(dim=0) for _, _, z in batches])
    return right_report(batches) | {"mean_activation": means.mean(dim=0)}


def report_23_equal_batches(batches):
    """Takes all batches to be as long as the first."""
    _, _, z = whole(batches)
    n = len(batches) * len(batches[0][0])
    return right_report(batches) | {
        "L0": (z > 0).sum().item() / n,
        "mean_activation": z.sum(dim=0) / n,
    }


def report_24_examples_without_code(batches):
    """The dead are counted along the wrong axis: examples without an active latent."""
    _, _, z = whole(batches)
    return right_report(batches) | {"dead_fraction": (z == 0).all(dim=1).float().mean().item()}


def report_25_dead_per_batch(batches):
    """The dead fraction is averaged over batches; all else is right."""
    means = [(z == 0).all(dim=0).float().mean().item() for _, _, z in batches]
    return right_report(batches) | {"dead_fraction": mean_of(means)}


def report_26_mean_of_the_outputs(batches):
    """Distances from the mean of the reconstructions."""
    x, x_hat, _ = whole(batches)
    spread = ((x - x_hat.mean(dim=0)) ** 2).sum()
    return right_report(batches) | {"FVU": (((x_hat - x) ** 2).sum() / spread).item()}


def report_27_spread_of_the_outputs(batches):
    """The variance of the reconstructions is the divisor."""
    x, x_hat, _ = whole(batches)
    spread = ((x_hat - x_hat.mean(dim=0)) ** 2).sum()
    return right_report(batches) | {"FVU": (((x_hat - x) ** 2).sum() / spread).item()}


def report_28_mean_of_batch_means(batches):
    """The mean of the inputs is the mean of the batches' means."""
    x, x_hat, _ = whole(batches)
    centre = torch.stack([xs.mean(dim=0) for xs, _, _ in batches]).mean(dim=0)
    spread = ((x - centre) ** 2).sum()
    return right_report(batches) | {"FVU": (((x_hat - x) ** 2).sum() / spread).item()}


def report_29_zip_of_two(batches):
    """Made for the two batches of the text."""
    return right_report(batches[:2])


# ---------------------------------------------------------------- 7 · revive_dead


def dead_and_directions(x, x_hat, z):
    dead = (z == 0).all(dim=0).nonzero().flatten()
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return dead, normalize((x - x_hat)[worst], dim=1)


def put(encoder, encoder_bias, atoms, dead, directions):
    encoder, encoder_bias, atoms = encoder.clone(), encoder_bias.clone(), atoms.clone()
    encoder[dead], encoder_bias[dead], atoms[dead] = directions, 0.0, directions
    return encoder, encoder_bias, atoms


def revive_1_in_place(encoder, encoder_bias, atoms, x, x_hat, z):
    """Right numbers, written over the caller's weights."""
    dead, directions = dead_and_directions(x, x_hat, z)
    encoder[dead], encoder_bias[dead], atoms[dead] = directions, 0.0, directions
    return encoder, encoder_bias, atoms


def revive_2_nearly_dead(encoder, encoder_bias, atoms, x, x_hat, z):
    """Hardly active latents are taken for dead."""
    dead = (z.mean(dim=0) < 0.05).nonzero().flatten()
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    dead = dead[: len(worst)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_3_best_first(encoder, encoder_bias, atoms, x, x_hat, z):
    """Sorted upwards: the dead get the best examples."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    best = (x - x_hat).square().sum(dim=1).argsort()[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[best], dim=1))


def revive_4_all_the_worst(encoder, encoder_bias, atoms, x, x_hat, z):
    """All dead latents get the same, worst example."""
    dead, directions = dead_and_directions(x, x_hat, z)
    return put(encoder, encoder_bias, atoms, dead, directions[:1])


def revive_5_not_divided(encoder, encoder_bias, atoms, x, x_hat, z):
    """The residual keeps its length."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, (x - x_hat)[worst])


def revive_6_opposite(encoder, encoder_bias, atoms, x, x_hat, z):
    """The residual with the wrong sign."""
    dead, directions = dead_and_directions(x, x_hat, z)
    return put(encoder, encoder_bias, atoms, dead, -directions)


def revive_7_inputs(encoder, encoder_bias, atoms, x, x_hat, z):
    """The example itself, not what is lacking on it."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize(x[worst], dim=1))


def revive_8_bias_left(encoder, encoder_bias, atoms, x, x_hat, z):
    """The bias stays: the latent may be dead again at once."""
    dead, directions = dead_and_directions(x, x_hat, z)
    new_encoder, _, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return new_encoder, encoder_bias.clone(), new_atoms


def revive_9_encoder_left(encoder, encoder_bias, atoms, x, x_hat, z):
    """Only the atom and the bias are new."""
    dead, directions = dead_and_directions(x, x_hat, z)
    _, new_bias, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return encoder.clone(), new_bias, new_atoms


def revive_10_atoms_left(encoder, encoder_bias, atoms, x, x_hat, z):
    """Only the encoder and the bias are new."""
    dead, directions = dead_and_directions(x, x_hat, z)
    new_encoder, new_bias, _ = put(encoder, encoder_bias, atoms, dead, directions)
    return new_encoder, new_bias, atoms.clone()


def revive_11_ever_silent(encoder, encoder_bias, atoms, x, x_hat, z):
    """`any` for `all`: one silent example makes a latent dead."""
    dead = (z == 0).any(dim=0).nonzero().flatten()[: len(x)]
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_12_reversed(encoder, encoder_bias, atoms, x, x_hat, z):
    """The last dead latent gets the worst example."""
    dead, directions = dead_and_directions(x, x_hat, z)
    return put(encoder, encoder_bias, atoms, dead.flip(0), directions)


def revive_13_other_order(encoder, encoder_bias, atoms, x, x_hat, z):
    """Returns the atoms first."""
    dead, directions = dead_and_directions(x, x_hat, z)
    new_encoder, new_bias, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return new_atoms, new_bias, new_encoder


def revive_14_all_normalised(encoder, encoder_bias, atoms, x, x_hat, z):
    """The others are given length 1 as well."""
    dead, directions = dead_and_directions(x, x_hat, z)
    encoder, encoder_bias, atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return normalize(encoder, dim=1), encoder_bias, normalize(atoms, dim=1)


def revive_15_sorted_by_sizes(encoder, encoder_bias, atoms, x, x_hat, z):
    """Sorted by the sum of the sizes, not of the squares."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    worst = (x - x_hat).abs().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_16_relative(encoder, encoder_bias, atoms, x, x_hat, z):
    """Sorted by the error relative to the input."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    errors = (x - x_hat).square().sum(dim=1) / x.square().sum(dim=1)
    worst = errors.argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_17_order_lost(encoder, encoder_bias, atoms, x, x_hat, z):
    """The worst examples, but in the order of their numbers."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    errors = (x - x_hat).square().sum(dim=1)
    worst = errors.argsort(descending=True)[: len(dead)].sort().values
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_18_ranks(encoder, encoder_bias, atoms, x, x_hat, z):
    """Takes the rank of each example for the order of the examples."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    ranks = (x - x_hat).square().sum(dim=1).argsort(descending=True).argsort()[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[ranks], dim=1))


def revive_19_wrong_axis(encoder, encoder_bias, atoms, x, x_hat, z):
    """The residuals are divided along the wrong axis."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=0))


def revive_20_all_biases(encoder, encoder_bias, atoms, x, x_hat, z):
    """All biases become 0."""
    dead, directions = dead_and_directions(x, x_hat, z)
    new_encoder, _, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return new_encoder, torch.zeros_like(encoder_bias), new_atoms


def revive_21_first_only(encoder, encoder_bias, atoms, x, x_hat, z):
    """Only the first dead latent gets a new start."""
    dead, directions = dead_and_directions(x, x_hat, z)
    return put(encoder, encoder_bias, atoms, dead[:1], directions[:1])


def revive_22_none_dead(encoder, encoder_bias, atoms, x, x_hat, z):
    """Collects the new rows in a list; `stack` fails when there are none."""
    dead, directions = dead_and_directions(x, x_hat, z)
    rows = torch.stack([directions[i] for i in range(len(dead))])
    return put(encoder, encoder_bias, atoms, dead, rows)


def revive_23_same_tensors(encoder, encoder_bias, atoms, x, x_hat, z):
    """Hands back the caller's own tensors when nothing is dead."""
    dead, directions = dead_and_directions(x, x_hat, z)
    if len(dead) == 0:
        return encoder, encoder_bias, atoms
    return put(encoder, encoder_bias, atoms, dead, directions)


def revive_24_short_encoder(encoder, encoder_bias, atoms, x, x_hat, z):
    """The encoder's row is a fifth as long, as in some papers."""
    dead, directions = dead_and_directions(x, x_hat, z)
    _, new_bias, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    new_encoder, _, _ = put(encoder, encoder_bias, atoms, dead, 0.2 * directions)
    return new_encoder, new_bias, new_atoms


def revive_25_silent_examples(encoder, encoder_bias, atoms, x, x_hat, z):
    """Looks for dead ones along the wrong axis."""
    dead = (z == 0).all(dim=1).nonzero().flatten()
    dead = dead[dead < len(atoms)]
    worst = (x - x_hat).square().sum(dim=1).argsort(descending=True)[: len(dead)]
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[worst], dim=1))


def revive_26_first_examples(encoder, encoder_bias, atoms, x, x_hat, z):
    """Does not sort: the first dead latent gets the first example."""
    dead = (z == 0).all(dim=0).nonzero().flatten()
    return put(encoder, encoder_bias, atoms, dead, normalize((x - x_hat)[: len(dead)], dim=1))


def revive_27_random(encoder, encoder_bias, atoms, x, x_hat, z):
    """New random directions."""
    dead, directions = dead_and_directions(x, x_hat, z)
    return put(encoder, encoder_bias, atoms, dead, normalize(torch.randn_like(directions), dim=1))


def revive_28_two_returned(encoder, encoder_bias, atoms, x, x_hat, z):
    """Returns the encoder and the atoms only."""
    dead, directions = dead_and_directions(x, x_hat, z)
    new_encoder, _, new_atoms = put(encoder, encoder_bias, atoms, dead, directions)
    return new_encoder, new_atoms


# ---------------------------------------------------------------- 8 · six_faults

RIGHT_FAULTS = {
    "run_a": "too few latents",
    "run_b": "penalty too strong",
    "run_c": "wrong axis",
    "run_d": "penalty too weak",
    "run_e": "learning rate too large",
    "run_f": "no unit norm",
    "looks_healthy": "C",
}

faults_wrong = [
    # B and E both have hardly any active latents
    RIGHT_FAULTS | {"run_b": "learning rate too large", "run_e": "penalty too strong"},
    # the two penalties the wrong way round
    RIGHT_FAULTS | {"run_b": "penalty too weak", "run_d": "penalty too strong"},
    # C has atoms of length 0: taken for no unit norm at all
    RIGHT_FAULTS | {"run_c": "no unit norm", "run_f": "wrong axis"},
    # a high error is blamed on the penalty
    RIGHT_FAULTS | {"run_a": "penalty too strong", "run_b": "too few latents"},
    # the lowest error looks healthy
    RIGHT_FAULTS | {"looks_healthy": "D"},
    # F has a low error and an L0 that is not bad
    RIGHT_FAULTS | {"looks_healthy": "F"},
    # column norms of A go from 0.4 to 1.0: taken for the wrong axis
    RIGHT_FAULTS | {"run_a": "wrong axis", "run_c": "too few latents"},
    # small activations in D are taken for shrinkage without unit norm
    RIGHT_FAULTS | {"run_d": "no unit norm", "run_f": "penalty too weak"},
    # the falls of the loss alone: A ends high, D ends low
    RIGHT_FAULTS | {"run_a": "learning rate too large", "run_e": "too few latents"},
    # a third of the latents dead: too strong a penalty in C
    RIGHT_FAULTS | {"run_c": "penalty too strong", "run_b": "wrong axis"},
    # the same answer everywhere
    dict.fromkeys(RIGHT_FAULTS, "penalty too strong") | {"looks_healthy": "C"},
    # healthy: the run with no dead latents
    RIGHT_FAULTS | {"looks_healthy": "A"},
]

# ---------------------------------------------------------------- 9 · six_mends

RIGHT_MENDS = {
    "A": {"latents": 32},
    "B": {"l1_weight": 0.3},
    "C": {"normalise": "rows"},
    "D": {"l1_weight": 0.3},
    "E": {"learning_rate": 0.03},
    "F": {"normalise": "rows"},
}

mends_wrong = [
    # the weight of the example: too weak
    RIGHT_MENDS | {"B": {"l1_weight": 0.05}},
    # twice the weight, but still too weak
    RIGHT_MENDS | {"D": {"l1_weight": 0.1}},
    # the rate reduced, by too little
    RIGHT_MENDS | {"E": {"learning_rate": 0.1}},
    # the rate of lesson 6: now too small for so few steps
    RIGHT_MENDS | {"E": {"learning_rate": 0.001}},
    # too small a rate, just
    RIGHT_MENDS | {"E": {"learning_rate": 0.01}},
    # more penalty instead of unit norm
    RIGHT_MENDS | {"F": {"l1_weight": 1.0}},
    # the other axis
    RIGHT_MENDS | {"F": {"normalise": "columns"}},
    # wrong axis mended by no axis
    RIGHT_MENDS | {"C": {"normalise": "nothing"}},
    # a high error: less penalty
    RIGHT_MENDS | {"A": {"l1_weight": 0.05}},
    # healthy, with two settings changed
    RIGHT_MENDS | {"A": {"latents": 32, "l1_weight": 0.3}},
    # a run is missing
    {run: mend for run, mend in RIGHT_MENDS.items() if run != "E"},
    # more latents than allowed
    RIGHT_MENDS | {"A": {"latents": 128}},
    # small letters
    {run.lower(): mend for run, mend in RIGHT_MENDS.items()},
    # a setting under another name
    RIGHT_MENDS | {"E": {"lr": 0.03}},
    # only values
    {"A": 32, "B": 0.3, "C": "rows", "D": 0.3, "E": 0.03, "F": "rows"},
    # the form of the text, handed in
    {"A": {"learning_rate": 0.001}, "B": {"l1_weight": 0.05}},
    # nothing changed in one of them
    RIGHT_MENDS | {"C": {}},
    # an axis as a number
    RIGHT_MENDS | {"C": {"normalise": 1}},
    # pairs instead of dictionaries
    RIGHT_MENDS | {"A": ("latents", 32)},
    # a run more
    RIGHT_MENDS | {"G": {"latents": 32}},
]

# ---------------------------------------------------------------- 10 · recovery


def cosines(atoms: Tensor, features: Tensor) -> Tensor:
    return normalize(features, dim=1) @ normalize(atoms, dim=1).T  # (features, atoms)


def scores(best: Tensor) -> tuple[float, float]:
    return best.mean().item(), (best > 0.9).float().mean().item()


def recovery_1_abs(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Opposite directions count as found."""
    return scores(cosines(atoms, features).abs().amax(dim=1))


def recovery_2_wrong_axis(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The best feature for each atom."""
    return scores(cosines(atoms, features).amax(dim=0))


def recovery_3_products(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Right only for rows of length 1."""
    return scores((features @ atoms.T).amax(dim=1))


def recovery_4_nan(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """NaN at an atom of zeros."""
    a = atoms / atoms.norm(dim=1, keepdim=True)
    f = features / features.norm(dim=1, keepdim=True)
    return scores((f @ a.T).amax(dim=1))


def recovery_5_tensors(atoms: Tensor, features: Tensor):
    """Tensors instead of floats."""
    best = cosines(atoms, features).amax(dim=1)
    return best.mean(), (best > 0.9).float().mean()


def recovery_6_count(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The number of features found."""
    best = cosines(atoms, features).amax(dim=1)
    return best.mean().item(), float((best > 0.9).sum())


def recovery_7_fraction_of_atoms(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The number of features found, divided by the number of atoms."""
    best = cosines(atoms, features).amax(dim=1)
    return best.mean().item(), (best > 0.9).sum().item() / len(atoms)


def recovery_8_columns(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Columns get length 1."""
    return scores((normalize(features, dim=0) @ normalize(atoms, dim=0).T).amax(dim=1))


def recovery_9_mean(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The mean cosine in place of the largest."""
    return scores(cosines(atoms, features).mean(dim=1))


def recovery_10_features_as_they_are(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Only the atoms are divided by their length."""
    return scores((features @ normalize(atoms, dim=1).T).amax(dim=1))


def recovery_11_atoms_as_they_are(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Only the features are divided by their length."""
    return scores((normalize(features, dim=1) @ atoms.T).amax(dim=1))


def recovery_12_one_maximum(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The largest of all cosines."""
    return scores(cosines(atoms, features).max())


def recovery_13_counts_pairs(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """A feature with two good atoms counts twice."""
    cos = cosines(atoms, features)
    return cos.amax(dim=1).mean().item(), (cos > 0.9).sum().item() / len(features)


def recovery_14_starts_at_zero(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """A loop whose best starts at 0: it never gets negative."""
    return scores(cosines(atoms, features).amax(dim=1).clamp(min=0))


def recovery_15_zeros_dropped(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Atoms of zeros are left out, not counted with a cosine of 0."""
    return scores(cosines(atoms[atoms.norm(dim=1) > 0], features).amax(dim=1))


def recovery_16_one_to_one(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """No atom may serve two features."""
    cos = cosines(atoms, features).clone()
    best = torch.zeros(len(features), dtype=cos.dtype)
    for _ in range(min(cos.shape)):
        feature, atom = divmod(int(cos.argmax()), cos.shape[1])
        best[feature] = cos[feature, atom]
        cos[feature], cos[:, atom] = -2, -2
    return scores(best)


def recovery_17_percent(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """A percentage."""
    mmcs, found = scores(cosines(atoms, features).amax(dim=1))
    return mmcs, 100 * found


def recovery_18_swapped(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The fraction first."""
    mmcs, found = scores(cosines(atoms, features).amax(dim=1))
    return found, mmcs


def recovery_19_centred(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Correlations: the mean of each row is taken off."""
    return scores(
        cosines(
            atoms - atoms.mean(dim=1, keepdim=True), features - features.mean(dim=1, keepdim=True)
        ).amax(dim=1)
    )


def recovery_20_in_place(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Right numbers, but the caller's atoms are divided."""
    atoms /= atoms.norm(dim=1, keepdim=True).clamp(min=1e-8)
    return scores(cosines(atoms, features).amax(dim=1))


def recovery_21_same_number(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """Compares atom 1 with feature 1, atom 2 with feature 2, and so on."""
    n = min(len(atoms), len(features))
    return scores((normalize(atoms[:n], dim=1) * normalize(features[:n], dim=1)).sum(dim=1))


def recovery_22_largest_product(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The atom with the largest product is taken, then its cosine."""
    which = (features @ atoms.T).argmax(dim=1)
    return scores(cosines(atoms, features)[torch.arange(len(features)), which])


def recovery_23_lower_bound(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The bound is 0.8."""
    best = cosines(atoms, features).amax(dim=1)
    return best.mean().item(), (best > 0.8).float().mean().item()


def recovery_24_found_atoms(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The MMCS is right; the fraction is that of the atoms with a feature near."""
    cos = cosines(atoms, features)
    return cos.amax(dim=1).mean().item(), (cos.amax(dim=0) > 0.9).float().mean().item()


def recovery_25_mean_of_the_found(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The mean over those features only that were found."""
    best = cosines(atoms, features).amax(dim=1)
    found = best > 0.9
    mean = best[found].mean().item() if found.any() else 0.0
    return mean, found.float().mean().item()


def recovery_26_largest_size(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The atom is chosen by the size of its cosine; its sign comes back later."""
    cos = cosines(atoms, features)
    which = cos.abs().argmax(dim=1)
    return scores(cos[torch.arange(len(features)), which])


def recovery_27_one_product(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """One norm for each whole matrix."""
    return scores((features @ atoms.T / atoms.norm() / features.norm()).amax(dim=1))


# ---------------------------------------------------------------- 11 · best_dictionary

GOOD_SETTINGS = {"latents": 128, "l1_weight": 0.4, "learning_rate": 0.015, "schedule": "linear"}

dictionary_wrong = [
    # the example of the text
    {"latents": 96, "l1_weight": 0.1, "learning_rate": 0.001, "schedule": "constant"},
    # the largest rate of the plot
    {"latents": 96, "l1_weight": 0.1, "learning_rate": 0.03, "schedule": "constant"},
    # one latent too many
    GOOD_SETTINGS | {"latents": 129},
    # many too many
    GOOD_SETTINGS | {"latents": 512, "learning_rate": 0.01},
    # not enough penalty
    GOOD_SETTINGS | {"l1_weight": 0.2},
    # the best weight of 128 latents, with 96
    GOOD_SETTINGS | {"latents": 96, "l1_weight": 0.6, "learning_rate": 0.02},
    # a rate that is far too large
    GOOD_SETTINGS | {"learning_rate": 0.3},
    # only as many latents as dimensions
    GOOD_SETTINGS | {"latents": 48},
    # another seed
    GOOD_SETTINGS | {"seed": 3},
    # more steps
    GOOD_SETTINGS | {"num_steps": 2000},
    # a name of another library
    {"latents": 128, "l1_weight": 0.4, "lr": 0.015, "schedule": "linear"},
    # the schedule with a capital letter
    GOOD_SETTINGS | {"schedule": "Linear"},
    # no penalty at all
    GOOD_SETTINGS | {"l1_weight": 0.0},
    # the weight of the photographs
    GOOD_SETTINGS | {"l1_weight": 3.0},
    # the score in place of the settings
    0.98,
    # the values alone
    [128, 0.4, 0.015, "linear"],
]

WRONG = {
    "normalise_atoms": [
        atoms_1_wrong_axis,
        atoms_2_whole_matrix,
        atoms_3_l1_norm,
        atoms_4_zero_divided,
        atoms_5_nan_to_num,
        atoms_6_where,
        atoms_7_root_of_zero,
        atoms_8_detached_norm,
        atoms_9_no_gradient,
        atoms_10_in_place,
        atoms_11_squared_norm,
        atoms_12_largest_entry,
        atoms_13_keepdim_forgotten,
        atoms_14_only_shortened,
        atoms_15_large_epsilon,
        atoms_16_zeros_get_a_direction,
        atoms_17_zeros_dropped,
        atoms_18_centred,
        atoms_19_floor_too_high,
        atoms_20_new_tensor,
    ],
    "SparseAutoencoder": [
        SAE1FreeAtoms,
        SAE2WrongAxis,
        SAE3NoActivation,
        SAE4NoEncoderBias,
        SAE5DecoderBiasForgotten,
        SAE6CodeFirst,
        SAE7LinearDecoder,
        SAE8ExtraParameters,
        SAE9NormalisedAtTheStart,
        SAE10NoGradient,
        SAE11InPlace,
        SAE12ZeroAtoms,
        SAE13RandomBias,
        SAE14BiasTakenOff,
        SAE15ReluAtTheEnd,
        SAE16Transposed,
        SAE17PlainTensor,
        SAE18PlainBias,
        SAE19Tied,
        SAE20PreActivation,
        SAE21Sigmoid,
        SAE22RowBias,
        SAE23OneNorm,
        SAE24EncoderToo,
        SAE25DetachedNorm,
        SAE26SoftmaxCode,
        SAE27OneExample,
    ],
    "TiedSparseAutoencoder": [
        Tied1FreeBothWays,
        Tied2FreeEncoder,
        Tied3FreeDecoder,
        Tied4NoActivation,
        Tied5NoEncoderBias,
        Tied6NoDecoderBias,
        Tied7OwnEncoder,
        Tied8CopiedAtTheStart,
        Tied9WrongAxis,
        Tied10EncoderDetached,
        Tied11NoGradient,
        Tied12CodeFirst,
        Tied13BiasTakenOff,
        Tied14Transposed,
        Tied15RandomBiases,
        Tied16LinearEncoder,
        Tied17NormalisedAtTheStart,
        Tied18ZeroAtoms,
        Tied19Untied,
        Tied20DecoderDetached,
        Tied21PseudoInverse,
        Tied22BiasInTheDecoder,
    ],
    "two_layer_trap": trap_wrong,
    "loss_terms": [
        terms_1_means,
        terms_2_mean_error,
        terms_3_sums,
        terms_4_weight_on_the_error,
        terms_5_unweighted_in_the_dictionary,
        terms_6_weighted_twice,
        terms_7_no_abs,
        terms_8_squares,
        terms_9_floats,
        terms_10_norms,
        terms_11_absolute_error,
        terms_12_wrong_axis,
        terms_13_dictionary_first,
        terms_14_other_names,
        terms_15_no_gradient,
        terms_16_count,
        terms_17_mean_code,
        terms_18_penalty_forgotten,
        terms_19_loss_in_the_dictionary,
        terms_20_half,
        terms_21_in_place,
        terms_22_two_examples,
        terms_23_code_detached,
        terms_24_square_of_the_sum,
        terms_25_abs_of_the_sum,
        terms_26_per_example,
    ],
    "evaluation_report": [
        report_1_batch_by_batch,
        report_2_mean_per_batch,
        report_3_one_mean,
        report_4_not_centred,
        report_5_unbiased,
        report_6_share_active,
        report_7_total,
        report_8_dead_in_some_batch,
        report_9_dead_count,
        report_10_mean_of_the_active,
        report_11_tensors,
        report_12_alive,
        report_13_last_batch,
        report_14_explained,
        report_15_mean_of_ratios,
        report_16_lower_case,
        report_17_one_activation,
        report_18_nearly_dead,
        report_19_weighted_fvu,
        report_20_l0_per_batch,
        report_21_list,
        report_22_activation_per_batch,
        report_23_equal_batches,
        report_24_examples_without_code,
        report_25_dead_per_batch,
        report_26_mean_of_the_outputs,
        report_27_spread_of_the_outputs,
        report_28_mean_of_batch_means,
        report_29_zip_of_two,
    ],
    "revive_dead": [
        revive_1_in_place,
        revive_2_nearly_dead,
        revive_3_best_first,
        revive_4_all_the_worst,
        revive_5_not_divided,
        revive_6_opposite,
        revive_7_inputs,
        revive_8_bias_left,
        revive_9_encoder_left,
        revive_10_atoms_left,
        revive_11_ever_silent,
        revive_12_reversed,
        revive_13_other_order,
        revive_14_all_normalised,
        revive_15_sorted_by_sizes,
        revive_16_relative,
        revive_17_order_lost,
        revive_18_ranks,
        revive_19_wrong_axis,
        revive_20_all_biases,
        revive_21_first_only,
        revive_22_none_dead,
        revive_23_same_tensors,
        revive_24_short_encoder,
        revive_25_silent_examples,
        revive_26_first_examples,
        revive_27_random,
        revive_28_two_returned,
    ],
    "six_faults": faults_wrong,
    "six_mends": mends_wrong,
    "recovery": [
        recovery_1_abs,
        recovery_2_wrong_axis,
        recovery_3_products,
        recovery_4_nan,
        recovery_5_tensors,
        recovery_6_count,
        recovery_7_fraction_of_atoms,
        recovery_8_columns,
        recovery_9_mean,
        recovery_10_features_as_they_are,
        recovery_11_atoms_as_they_are,
        recovery_12_one_maximum,
        recovery_13_counts_pairs,
        recovery_14_starts_at_zero,
        recovery_15_zeros_dropped,
        recovery_16_one_to_one,
        recovery_17_percent,
        recovery_18_swapped,
        recovery_19_centred,
        recovery_20_in_place,
        recovery_21_same_number,
        recovery_22_largest_product,
        recovery_23_lower_bound,
        recovery_24_found_atoms,
        recovery_25_mean_of_the_found,
        recovery_26_largest_size,
        recovery_27_one_product,
    ],
    "best_dictionary": dictionary_wrong,
}
