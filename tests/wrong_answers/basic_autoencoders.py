"""Wrong answers to unit 4, written from the text of the exercises alone,
without sight of the checks.
"""

import itertools
import json
import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import digits
from course_lib.practice.basic_autoencoders.digits_code import train_code

# ---------------------------------------------------------------- 1 · BasicAutoencoder


def half(a: int, b: int, c: int, activation: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Linear, activation, linear: one right half, for the answers below."""
    return nn.Sequential(nn.Linear(a, b), activation(), nn.Linear(b, c))


class BasicRight(nn.Module):
    """The right model: the wrong ones below change one thing."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder = half(input_dim, 128, encoding_dim)
        self.decoder = half(encoding_dim, 128, input_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class Basic1ReluOnCode(BasicRight):
    """A ReLU on the code as well."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder.append(nn.ReLU())


class Basic2ReluOnOutput(BasicRight):
    """A ReLU on the reconstruction."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder.append(nn.ReLU())


class Basic3SigmoidOnOutput(BasicRight):
    """A sigmoid on the reconstruction, as for pictures elsewhere."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder.append(nn.Sigmoid())


class Basic4FixedSizes(BasicRight):
    """784 and 32 are written down."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(784, 32)


class Basic5NoRelu(nn.Module):
    """No ReLU at all."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(input_dim, 128), nn.Linear(128, encoding_dim))
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Basic6Pair(BasicRight):
    """Returns the code as well."""

    def forward(self, x):
        code = self.encoder(x)
        return code, self.decoder(code)


class Basic7CodeOnly(BasicRight):
    """Returns the code."""

    def forward(self, x):
        return self.encoder(x)


class Basic8Tanh(BasicRight):
    """The Tanh of the example in place of ReLU."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder[1], self.decoder[1] = nn.Tanh(), nn.Tanh()


class Basic9ShortDecoder(BasicRight):
    """The decoder has no hidden layer."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, input_dim))


class Basic10FourTimesTheCode(BasicRight):
    """128 is taken for four times the code: right for 32 latents only."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder = half(input_dim, 4 * encoding_dim, encoding_dim)
        self.decoder = half(encoding_dim, 4 * encoding_dim, input_dim)


class Basic11NoBias(BasicRight):
    """No biases."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        for row in (self.encoder, self.decoder):
            for i in (0, 2):
                row[i] = nn.Linear(row[i].in_features, row[i].out_features, bias=False)


class Basic12ReluInEncoderOnly(BasicRight):
    """The decoder's hidden layer has no ReLU."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim))


class Basic13ReluFirst(nn.Module):
    """The ReLU stands before the hidden layer: negative inputs are lost."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReLU(), nn.Linear(input_dim, 128), nn.Linear(128, encoding_dim)
        )
        self.decoder = nn.Sequential(
            nn.ReLU(), nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim)
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Basic14Detached(BasicRight):
    """The code is detached: the encoder learns nothing."""

    def forward(self, x):
        return self.decoder(self.encoder(x).detach())


class Basic15OwnView(BasicRight):
    """Reshapes to 784, as for pictures: right for that size only."""

    def forward(self, x):
        return self.decoder(self.encoder(x.view(-1, 784)))


class Basic16SharedHidden(BasicRight):
    """The decoder's first layer is the encoder's second, turned round."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder[0].weight = nn.Parameter(self.encoder[2].weight.T.clone())
        self.decoder[2].weight = nn.Parameter(self.encoder[0].weight.T.clone())

    def forward(self, x):
        hidden = torch.relu(self.encoder(x) @ self.encoder[2].weight + self.decoder[0].bias)
        return hidden @ self.encoder[0].weight + self.decoder[2].bias


class Basic17Lists(nn.Module):
    """Plain lists: the layers are not registered."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = list(half(input_dim, 128, encoding_dim))
        self.decoder = list(half(encoding_dim, 128, input_dim))

    def forward(self, x):
        for layer in (*self.encoder, *self.decoder):
            x = layer(x)
        return x


class Basic18OtherNames(nn.Module):
    """Short names for the two rows."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.enc = half(input_dim, 128, encoding_dim)
        self.dec = half(encoding_dim, 128, input_dim)

    def forward(self, x):
        return self.dec(self.enc(x))


class Basic19DecoderFirst(BasicRight):
    """Decoder and encoder in the wrong order."""

    def forward(self, x):
        return self.encoder(self.decoder(x))


class Basic20Residual(BasicRight):
    """The input is added: the code is passed by."""

    def forward(self, x):
        return x + self.decoder(self.encoder(x))


class Basic21Widths(BasicRight):
    """A hidden layer of 64."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder = half(input_dim, 64, encoding_dim)
        self.decoder = half(encoding_dim, 64, input_dim)


class Basic22InPlace(BasicRight):
    """The input is made non-negative in place."""

    def forward(self, x):
        return self.decoder(self.encoder(x.clamp_(min=0)))


class Basic23DecoderNotMirrored(BasicRight):
    """The arguments of the decoder are those of the encoder."""

    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.decoder = half(input_dim, 128, encoding_dim)


# ---------------------------------------------------------------- 2 · example_errors


def errors_1_of_pixels(x: Tensor, x_hat: Tensor):
    """The mean over the examples: one error per number."""
    errors = ((x - x_hat) ** 2).mean(dim=0)
    return errors, int(errors.argmax())


def errors_2_sum(x: Tensor, x_hat: Tensor):
    """The sum of the squares instead of their mean."""
    errors = ((x - x_hat) ** 2).sum(dim=1)
    return errors, int(errors.argmax())


def errors_3_tensor(x: Tensor, x_hat: Tensor):
    """The number of the worst one is a tensor."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors, errors.argmax()


def errors_4_best(x: Tensor, x_hat: Tensor):
    """The best example."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors, int(errors.argmin())


def errors_5_absolute(x: Tensor, x_hat: Tensor):
    """Absolute differences."""
    errors = (x - x_hat).abs().mean(dim=1)
    return errors, int(errors.argmax())


def errors_6_largest_difference(x: Tensor, x_hat: Tensor):
    """The worst one is that with the largest single difference."""
    squares = (x - x_hat) ** 2
    return squares.mean(dim=1), int(squares.max(dim=1).values.argmax())


def errors_7_root(x: Tensor, x_hat: Tensor):
    """The root of the mean square."""
    errors = ((x - x_hat) ** 2).mean(dim=1).sqrt()
    return errors, int(errors.argmax())


def errors_8_counts_from_one(x: Tensor, x_hat: Tensor):
    """Counts the rows from 1."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors, int(errors.argmax()) + 1


def errors_9_largest_error(x: Tensor, x_hat: Tensor):
    """The largest error itself, not its row."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors, errors.max().item()


def errors_10_in_place(x: Tensor, x_hat: Tensor):
    """Right numbers, but x is overwritten."""
    x -= x_hat
    errors = x.square().mean(dim=1)
    return errors, int(errors.argmax())


def errors_11_swapped(x: Tensor, x_hat: Tensor):
    """The two results in the wrong order."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return int(errors.argmax()), errors


def errors_12_keepdim(x: Tensor, x_hat: Tensor):
    """Shape (n, 1)."""
    errors = ((x - x_hat) ** 2).mean(dim=1, keepdim=True)
    return errors, int(errors.argmax())


def errors_13_flat_number(x: Tensor, x_hat: Tensor):
    """argmax over the whole table: a place in the flat list."""
    squares = (x - x_hat) ** 2
    return squares.mean(dim=1), int(squares.argmax())


def errors_14_list(x: Tensor, x_hat: Tensor):
    """A list of floats."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors.tolist(), int(errors.argmax())


def errors_15_one_number(x: Tensor, x_hat: Tensor):
    """The mean over all: one number for all the examples."""
    return ((x - x_hat) ** 2).mean(), int(((x - x_hat) ** 2).mean(dim=1).argmax())


def errors_16_square_of_the_mean(x: Tensor, x_hat: Tensor):
    """Averages first and squares then: differences of both signs cancel."""
    errors = (x - x_hat).mean(dim=1) ** 2
    return errors, int(errors.argmax())


def errors_17_64_pixels(x: Tensor, x_hat: Tensor):
    """64 is written down."""
    errors = ((x - x_hat) ** 2).sum(dim=1) / 64
    return errors, int(errors.argmax())


def errors_18_over_n(x: Tensor, x_hat: Tensor):
    """Divides by the number of examples: right for square tables only."""
    errors = ((x - x_hat) ** 2).sum(dim=1) / len(x)
    return errors, int(errors.argmax())


def errors_19_sorted(x: Tensor, x_hat: Tensor):
    """The errors sorted, the worst first."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors.sort(descending=True).values, int(errors.argmax())


def errors_20_only_errors(x: Tensor, x_hat: Tensor):
    """The second result is forgotten."""
    return ((x - x_hat) ** 2).mean(dim=1)


def errors_21_mean_over_the_last_row(x: Tensor, x_hat: Tensor):
    """A loop that leaves out the last example."""
    errors = torch.stack([((x[i] - x_hat[i]) ** 2).mean() for i in range(len(x) - 1)])
    return errors, int(errors.argmax())


def errors_22_float_row(x: Tensor, x_hat: Tensor):
    """The row number as a float."""
    errors = ((x - x_hat) ** 2).mean(dim=1)
    return errors, float(errors.argmax())


# ---------------------------------------------------------------- 3 · noise_floor

RIGHT_FLOORS = {
    "floor_32": 0.959,
    "floor_392": 0.5,
    "floor_variance_4": 3.0,
    "latents_for_a_tenth": 45,
    "below_the_floor": "memorised",
    "best_on_fresh_noise": "zero",
}

noise_wrong = [
    # what is kept instead of what is lost
    RIGHT_FLOORS
    | {"floor_32": 0.041, "floor_392": 0.5, "floor_variance_4": 1.0, "latents_for_a_tenth": 5},
    # the variance is forgotten
    RIGHT_FLOORS | {"floor_variance_4": 0.75},
    # the standard deviation in place of the variance
    RIGHT_FLOORS | {"floor_variance_4": 1.5},
    # the variance is squared once more
    RIGHT_FLOORS | {"floor_variance_4": 12},
    # without the brackets: 4 − 25/100
    RIGHT_FLOORS | {"floor_variance_4": 3.75},
    # a tenth of the latents, instead of a tenth lost
    RIGHT_FLOORS | {"latents_for_a_tenth": 5},
    # "at most" read as "less than"
    RIGHT_FLOORS | {"latents_for_a_tenth": 46},
    # off by one the other way
    RIGHT_FLOORS | {"latents_for_a_tenth": 44},
    # a share, not a number of latents
    RIGHT_FLOORS | {"latents_for_a_tenth": 0.9},
    # not divided: how many directions are lost
    RIGHT_FLOORS | {"floor_32": 752, "floor_392": 392, "floor_variance_4": 300},
    # a low training loss is taken for compression
    RIGHT_FLOORS | {"below_the_floor": "compressed", "best_on_fresh_noise": "network"},
    # the loss on new examples is high, so train longer
    RIGHT_FLOORS | {"below_the_floor": "undertrained"},
    # 0.57 is less than 1
    RIGHT_FLOORS | {"best_on_fresh_noise": "network"},
    # per cent
    RIGHT_FLOORS | {"floor_32": 95.9, "floor_392": 50},
    # half of the directions should be free
    RIGHT_FLOORS | {"floor_392": 0},
    # one latent for the mean
    RIGHT_FLOORS | {"floor_32": 1 - 33 / 784},
]

# ---------------------------------------------------------------- 4 · DeepAutoencoder


class DeepRight(nn.Module):
    """The right model: the wrong ones below change one thing."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = self.stack(sizes, activation)
        self.decoder = self.stack(sizes[::-1], activation)

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b), activation()]
        return nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Deep1ActivationAtTheEnd(DeepRight):
    """An activation after the last layer of each half too."""

    def stack(self, sizes, activation):
        return super().stack(sizes, activation).append(activation())


class Deep2ActivationOnCode(DeepRight):
    """An activation on the code."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)
        self.encoder.append(activation())


class Deep3NotMirrored(DeepRight):
    """The decoder has the hidden layers in the encoder's order."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)
        self.decoder = self.stack([encoding_dim, *hidden_dims, input_dim], activation)


class Deep4AlwaysRelu(DeepRight):
    """`activation` is ignored."""

    def stack(self, sizes, activation):
        return super().stack(sizes, nn.ReLU)


class Deep5Always128(DeepRight):
    """`hidden_dims` is ignored."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, (128,), activation)


class Deep6FirstWidthOnly(DeepRight):
    """Only the first hidden layer is built."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims[:1], activation)


class Deep7NeedsAWidth(nn.Module):
    """Breaks for an empty tuple."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        self.encoder = self.stack([input_dim, *hidden_dims], activation)
        self.encoder.append(nn.Linear(hidden_dims[-1], encoding_dim))
        self.decoder = self.stack([encoding_dim, *hidden_dims[::-1]], activation)
        self.decoder.append(nn.Linear(hidden_dims[0], input_dim))

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b), activation()]
        return nn.Sequential(*layers)

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Deep8LinearDecoder(DeepRight):
    """No activation in the decoder."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)
        self.decoder = self.stack([encoding_dim, *hidden_dims[::-1], input_dim], nn.Identity)


class Deep9NotCalled(DeepRight):
    """The class itself goes into the row."""

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b), activation]
        return nn.Sequential(*layers[:-1])


class Deep10ByValue(DeepRight):
    """Tells the last layer by its size: wrong when a hidden layer has the size of the last."""

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers.append(nn.Linear(a, b))
            if b != sizes[-1]:
                layers.append(activation())
        return nn.Sequential(*layers)


class Deep11Sorted(DeepRight):
    """The widths are sorted to fall: right for falling widths only."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        widths = tuple(sorted(hidden_dims, reverse=True))
        super().__init__(input_dim, encoding_dim, widths, activation)


class Deep12NoRepeats(DeepRight):
    """Equal widths are merged."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, tuple(dict.fromkeys(hidden_dims)), activation)


class Deep13OtherDefault(DeepRight):
    """The default has two hidden layers."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128, 64), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)


class Deep14TanhIsDefault(DeepRight):
    """The default activation is Tanh."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.Tanh):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)


class Deep15Pair(DeepRight):
    """Returns the code as well."""

    def forward(self, x):
        code = self.encoder(x)
        return code, self.decoder(code)


class Deep16ListOfLayers(DeepRight):
    """`stack` returns a list: nothing is registered."""

    def stack(self, sizes, activation):
        return list(super().stack(sizes, activation))

    def forward(self, x):
        for layer in (*self.encoder, *self.decoder):
            x = layer(x)
        return x


class Deep17StarForgotten(DeepRight):
    """The list goes into the row as it is."""

    def stack(self, sizes, activation):
        return nn.Sequential(list(super().stack(sizes, activation)))


class Deep18ReversedInPlace(DeepRight):
    """`reverse()` returns None."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        nn.Module.__init__(self)
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = self.stack(sizes, activation)
        self.decoder = self.stack(sizes.reverse(), activation)


class Deep19OneLayerLate(DeepRight):
    """Each activation comes one layer late."""

    def stack(self, sizes, activation):
        layers = [nn.Linear(sizes[0], sizes[1])]
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b), activation()]
        return nn.Sequential(*layers)


class Deep20ActivationBetweenHalves(DeepRight):
    """With no hidden layer there is an activation after all."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)
        if not hidden_dims:
            self.encoder.append(activation())


class Deep21NoBias(DeepRight):
    """No biases."""

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b, bias=False), activation()]
        return nn.Sequential(*layers[:-1])


class Deep22ActivationFirst(DeepRight):
    """The activation stands before each linear layer."""

    def stack(self, sizes, activation):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [activation(), nn.Linear(a, b)]
        return nn.Sequential(*layers)


class Deep23OneTooFew(DeepRight):
    """A loop that ends one layer too early, for more than one hidden layer."""

    def stack(self, sizes, activation):
        if len(sizes) > 3:
            sizes = [*sizes[:-2], sizes[-1]]
        return super().stack(sizes, activation)


class Deep24ShortDecoder(DeepRight):
    """The decoder forgets the hidden layers."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, hidden_dims, activation)
        self.decoder = self.stack([encoding_dim, input_dim], activation)


class Deep25TwoLayersAtMost(DeepRight):
    """Written for one and two widths; a third is left out."""

    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__(input_dim, encoding_dim, tuple(hidden_dims)[:2], activation)


# ---------------------------------------------------------------- 5 · pca_floor


def floor_1_not_centred(X: Tensor, k: int) -> float:
    """The mean is not taken off."""
    s = torch.linalg.svdvals(X)
    return (s[k:] ** 2).sum().item() / X.numel()


def floor_2_not_over_n(X: Tensor, k: int) -> float:
    """Does not divide by n."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k:] ** 2).sum().item() / X.shape[1]


def floor_3_not_over_d(X: Tensor, k: int) -> float:
    """Does not divide by d."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k:] ** 2).sum().item() / len(X)


def floor_4_not_squared(X: Tensor, k: int) -> float:
    """The singular values are not squared."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return s[k:].sum().item() / X.numel()


def floor_5_head(X: Tensor, k: int) -> float:
    """What is kept."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[:k] ** 2).sum().item() / X.numel()


def floor_6_tensor(X: Tensor, k: int):
    """A tensor, not a float."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k:] ** 2).sum() / X.numel()


def floor_7_in_place(X: Tensor, k: int) -> float:
    """Right number, but X is centred in place."""
    X -= X.mean(dim=0)
    return (torch.linalg.svdvals(X)[k:] ** 2).sum().item() / X.numel()


def floor_8_one_too_many(X: Tensor, k: int) -> float:
    """One direction too many is lost."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[max(k - 1, 0) :] ** 2).sum().item() / X.numel()


def floor_9_one_too_few(X: Tensor, k: int) -> float:
    """Counts from 1: λ with number k + 1 is left out."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k + 1 :] ** 2).sum().item() / X.numel()


def floor_10_rows_centred(X: Tensor, k: int) -> float:
    """The mean of each row is taken off."""
    s = torch.linalg.svdvals(X - X.mean(dim=1, keepdim=True))
    return (s[k:] ** 2).sum().item() / X.numel()


def floor_11_one_mean(X: Tensor, k: int) -> float:
    """One mean for the whole table."""
    s = torch.linalg.svdvals(X - X.mean())
    return (s[k:] ** 2).sum().item() / X.numel()


def floor_12_n_minus_1(X: Tensor, k: int) -> float:
    """Divides by n − 1, as torch.cov does."""
    spectrum = torch.linalg.eigvalsh(torch.cov(X.T).reshape(X.shape[1], -1)).flip(0)
    return spectrum[k:].sum().item() / X.shape[1]


def floor_13_standardised(X: Tensor, k: int) -> float:
    """Divides the columns by their standard deviations."""
    s = torch.linalg.svdvals((X - X.mean(dim=0)) / X.std(dim=0, correction=0))
    return (s[k:] ** 2).sum().item() / X.numel()


def floor_14_not_flipped(X: Tensor, k: int) -> float:
    """eigh puts the smallest first: the k smallest are kept."""
    X = X - X.mean(dim=0)
    return torch.linalg.eigvalsh(X.T @ X / len(X))[k:].sum().item() / X.shape[1]


def floor_15_mean_of_tail(X: Tensor, k: int) -> float:
    """The mean over the lost directions, not over all."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return 0.0 if k >= len(s) else (s[k:] ** 2).mean().item() / len(X)


def floor_16_minus_zero(X: Tensor, k: int) -> float:
    """Takes the last d − k: for k = d that is everything."""
    X = X - X.mean(dim=0)
    spectrum = torch.linalg.eigvalsh(X.T @ X / len(X)).flip(0)
    return spectrum[-(X.shape[1] - k) :].sum().item() / X.shape[1]


def floor_17_share(X: Tensor, k: int) -> float:
    """The share of the variance that is lost."""
    squares = torch.linalg.svdvals(X - X.mean(dim=0)) ** 2
    return (squares[k:].sum() / squares.sum()).item()


def floor_18_eight(X: Tensor, k: int) -> float:
    """The 8 of the example."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k:] ** 2).sum().item() / 8


def floor_19_columns(X: Tensor, k: int) -> float:
    """The variances of the columns, not along the principal directions."""
    variances = X.var(dim=0, correction=0).sort(descending=True).values
    return variances[k:].sum().item() / X.shape[1]


def floor_20_noise(X: Tensor, k: int) -> float:
    """The formula for noise."""
    return X.var(dim=0, correction=0).mean().item() * (1 - k / X.shape[1])


def floor_21_number_of_values(X: Tensor, k: int) -> float:
    """Divides by the number of singular values: too few when n < d."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k:] ** 2).sum().item() / (len(X) * len(s))


def floor_22_next_only(X: Tensor, k: int) -> float:
    """Only the first lost direction, not the whole tail."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[k : k + 1] ** 2).sum().item() / X.numel()


def floor_23_transposed(X: Tensor, k: int) -> float:
    """The rows and columns of the table are mixed up: examples as columns."""
    s = torch.linalg.svdvals(X.T - X.T.mean(dim=0))
    return (s[k:] ** 2).sum().item() / X.numel()


def floor_24_keep_at_least_one(X: Tensor, k: int) -> float:
    """`s[:-k]` for what is left: wrong order, and nothing for k = 0."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return (s[:-k] ** 2).sum().item() / X.numel()


def floor_25_root(X: Tensor, k: int) -> float:
    """The root of the mean square."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return ((s[k:] ** 2).sum().item() / X.numel()) ** 0.5


def floor_26_two_decimals(X: Tensor, k: int) -> float:
    """Rounds as the example does."""
    s = torch.linalg.svdvals(X - X.mean(dim=0))
    return round((s[k:] ** 2).sum().item() / X.numel(), 2)


# ---------------------------------------------------------------- 6 · pca_reconstruction


def directions_of(x: Tensor) -> Tensor:
    """The principal directions of x as rows."""
    return torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)[2]


def pca_1_mean_of_test(train: Tensor, test: Tensor, k: int):
    """The mean of the test data."""
    m, V = test.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V.T @ V + m


def pca_2_all_of_test(train: Tensor, test: Tensor, k: int):
    """Mean and directions of the test data."""
    m, V = test.mean(dim=0), directions_of(test)[:k]
    return (test - m) @ V.T @ V + m


def pca_3_mean_not_added(train: Tensor, test: Tensor, k: int):
    """The mean is not added back."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V.T @ V


def pca_4_not_centred(train: Tensor, test: Tensor, k: int):
    """No mean anywhere."""
    V = torch.linalg.svd(train, full_matrices=False)[2][:k]
    return test @ V.T @ V


def pca_5_columns(train: Tensor, test: Tensor, k: int):
    """Takes the columns of Vh for the directions."""
    m, V = train.mean(dim=0), directions_of(train)[:, :k]
    return (test - m) @ V @ V.T + m


def pca_6_train(train: Tensor, test: Tensor, k: int):
    """The reconstruction of the training data."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (train - m) @ V.T @ V + m


def pca_7_code(train: Tensor, test: Tensor, k: int):
    """The code."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V.T


def pca_8_last(train: Tensor, test: Tensor, k: int):
    """The least important directions."""
    m, V = train.mean(dim=0), directions_of(train)[-k:]
    return (test - m) @ V.T @ V + m


def pca_9_eigh_not_flipped(train: Tensor, test: Tensor, k: int):
    """eigh puts the smallest first."""
    m = train.mean(dim=0)
    V = torch.linalg.eigh((train - m).T @ (train - m) / len(train))[1][:, :k]
    return (test - m) @ V @ V.T + m


def pca_10_eigh_rows(train: Tensor, test: Tensor, k: int):
    """eigh's directions are columns; here its rows are taken."""
    m = train.mean(dim=0)
    V = torch.linalg.eigh((train - m).T @ (train - m) / len(train))[1].flip(1)[:k]
    return (test - m) @ V.T @ V + m


def pca_11_scaled(train: Tensor, test: Tensor, k: int):
    """Multiplies with the singular values as well."""
    m = train.mean(dim=0)
    _, S, Vh = torch.linalg.svd(train - m, full_matrices=False)
    return (test - m) @ Vh[:k].T * S[:k] @ Vh[:k] + m


def pca_12_one_mean(train: Tensor, test: Tensor, k: int):
    """One mean for all numbers."""
    m = train.mean()
    V = torch.linalg.svd(train - m, full_matrices=False)[2][:k]
    return (test - m) @ V.T @ V + m


def pca_13_test_in_place(train: Tensor, test: Tensor, k: int):
    """Right result, but `test` is centred in place."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    test -= m
    return test @ V.T @ V + m


def pca_14_train_in_place(train: Tensor, test: Tensor, k: int):
    """Right result, but `train` is centred in place."""
    m = train.mean(dim=0)
    train -= m
    V = torch.linalg.svd(train, full_matrices=False)[2][:k]
    return (test - m) @ V.T @ V + m


def pca_15_directions_not_centred(train: Tensor, test: Tensor, k: int):
    """The directions come from data that were not centred."""
    m, V = train.mean(dim=0), torch.linalg.svd(train, full_matrices=False)[2][:k]
    return (test - m) @ V.T @ V + m


def pca_16_together(train: Tensor, test: Tensor, k: int):
    """Learns from both tables."""
    both = torch.cat([train, test])
    m, V = both.mean(dim=0), directions_of(both)[:k]
    return (test - m) @ V.T @ V + m


def pca_17_one_more(train: Tensor, test: Tensor, k: int):
    """One direction too many."""
    m, V = train.mean(dim=0), directions_of(train)[: k + 1]
    return (test - m) @ V.T @ V + m


def pca_18_one_only(train: Tensor, test: Tensor, k: int):
    """Only direction number k."""
    m, V = train.mean(dim=0), directions_of(train)[k - 1 : k]
    return (test - m) @ V.T @ V + m


def pca_19_test_mean_back(train: Tensor, test: Tensor, k: int):
    """Takes off the training mean and adds the test mean."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V.T @ V + test.mean(dim=0)


def pca_20_mean_only_added(train: Tensor, test: Tensor, k: int):
    """The mean is added, but not taken off the test data."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return test @ V.T @ V + m


def pca_21_test_not_centred(train: Tensor, test: Tensor, k: int):
    """The test data keep their mean: nothing off, nothing on."""
    V = directions_of(train)[:k]
    return test @ V.T @ V


def pca_22_rows(train: Tensor, test: Tensor, k: int):
    """The mean of each row is taken off."""
    train = train - train.mean(dim=1, keepdim=True)
    V = torch.linalg.svd(train, full_matrices=False)[2][:k]
    m = test.mean(dim=1, keepdim=True)
    return (test - m) @ V.T @ V + m


def pca_23_transposed(train: Tensor, test: Tensor, k: int):
    """Code and way back turned round: fits for k = d only."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V @ V.T + m


def pca_24_from_u(train: Tensor, test: Tensor, k: int):
    """Rebuilds from U S Vh: these are the training data."""
    m = train.mean(dim=0)
    U, S, Vh = torch.linalg.svd(train - m, full_matrices=False)
    return U[:, :k] * S[:k] @ Vh[:k] + m


def pca_25_relu_code(train: Tensor, test: Tensor, k: int):
    """A ReLU on the code, as in a network."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return torch.relu((test - m) @ V.T) @ V + m


def pca_26_first_number_positive(train: Tensor, test: Tensor, k: int):
    """Turns the directions as the example prints them, but on the way back only."""
    m, V = train.mean(dim=0), directions_of(train)[:k]
    return (test - m) @ V.T @ (V[:, :1].sign() * V) + m


def pca_27_nothing_lost(train: Tensor, test: Tensor, k: int):
    """k is forgotten: all directions are kept."""
    m, V = train.mean(dim=0), directions_of(train)
    return (test - m) @ V.T @ V + m


def pca_28_standardised(train: Tensor, test: Tensor, k: int):
    """Divides by the standard deviations before, multiplies afterwards."""
    m, s = train.mean(dim=0), train.std(dim=0) + 1e-6
    V = torch.linalg.svd((train - m) / s, full_matrices=False)[2][:k]
    return ((test - m) / s) @ V.T @ V * s + m


# ---------------------------------------------------------------- 7 · four_floors

RIGHT_FOUR = {
    "floor_100": 266.896 / 768,
    "floor_767": 0.096 / 768,
    "floor_768": 0,
    "floor_1000": 0,
    "summed_767": 0.096,
}

four_wrong = [
    # not divided by 768
    RIGHT_FOUR | {"floor_100": 266.896, "floor_767": 0.096},
    # what is kept
    RIGHT_FOUR | {"floor_100": 500 / 768, "floor_767": 766.8 / 768, "summed_767": 766.8},
    # the mean over the lost directions only
    RIGHT_FOUR | {"floor_100": 266.896 / 668, "floor_767": 0.096},
    # the formula for noise of variance 1
    RIGHT_FOUR | {"floor_100": 668 / 768, "floor_767": 1 / 768, "summed_767": 1},
    # the formula goes on beyond d
    RIGHT_FOUR | {"floor_1000": -232 / 768},
    # divided by the latents
    RIGHT_FOUR | {"floor_100": 266.896 / 100, "floor_767": 0.096 / 767},
    # the last direction forgotten
    RIGHT_FOUR | {"floor_100": 266.8 / 768, "floor_767": 0, "summed_767": 0},
    # the sum is taken for the mean
    RIGHT_FOUR | {"summed_767": 0.096 / 768},
    # the mean is taken for the sum, and multiplied once more
    RIGHT_FOUR | {"floor_767": 0.096, "summed_767": 0.096 * 768},
    # the smallest variances are kept: a large one is lost
    RIGHT_FOUR | {"floor_767": 5 / 768, "summed_767": 5},
    # one variance of each kind, not 667
    RIGHT_FOUR | {"floor_100": 0.496 / 768},
    # one of the 0.4
    RIGHT_FOUR | {"floor_767": 0.4 / 768, "summed_767": 0.4},
    # something is always lost
    RIGHT_FOUR | {"floor_768": 0.096 / 768, "floor_1000": 0.096 / 1000},
    # standard deviations squared once more
    RIGHT_FOUR | {"floor_100": (667 * 0.16 + 0.096**2) / 768, "floor_767": 0.096**2 / 768},
    # all of it
    RIGHT_FOUR | {"floor_100": 766.896 / 768},
]

# ---------------------------------------------------------------- 8 · explain_767

# all wrong options; a capital letter and one's own quotation marks count as well
explain_wrong = ["a", "b", "c", "e", "A", "'c'"]

# ---------------------------------------------------------------- 9 · why_not_zero

RIGHT_RUNS = {
    "run_a": "training",
    "run_b": "floor",
    "run_c": "nothing",
    "run_d": "relu",
    "cure_a": "more steps",
    "cure_b": "more latents",
    "working_d": 10,
}

runs_wrong = [
    # each loss above 0 is lack of training
    RIGHT_RUNS | {"run_b": "training", "run_d": "training", "cure_b": "more steps"},
    # A is highest, so its code must be too short
    RIGHT_RUNS | {"run_a": "floor", "cure_a": "more latents"},
    # D is flat, so it is at its floor
    RIGHT_RUNS | {"run_d": "floor"},
    # A and B mixed up
    RIGHT_RUNS
    | {"run_a": "floor", "run_b": "training", "cure_a": "more latents", "cure_b": "more steps"},
    # C has ReLU, so ReLU must cost something
    RIGHT_RUNS | {"run_c": "relu"},
    # a floor of 0 is a floor
    RIGHT_RUNS | {"run_c": "floor"},
    # ReLU in A, though it is plain
    RIGHT_RUNS | {"run_a": "relu"},
    # the dead ones counted
    RIGHT_RUNS | {"working_d": 6},
    # all of them
    RIGHT_RUNS | {"working_d": 16},
    # off by one
    RIGHT_RUNS | {"working_d": 9},
    # the cures swapped
    RIGHT_RUNS | {"cure_a": "more latents", "cure_b": "more steps"},
    # half a cure for B: its curve is flat, still
    RIGHT_RUNS | {"cure_b": "more steps"},
    # dead latents in B's place
    RIGHT_RUNS | {"run_b": "relu"},
    # D's 10 of the first run's 24
    RIGHT_RUNS | {"working_d": 18},
    # D reaches what it can: nothing is wrong
    RIGHT_RUNS | {"run_d": "nothing"},
]

# ---------------------------------------------------------------- 10 · save_model


def save_1_whole_model(model, config, path):
    """The short way."""
    torch.save(model, path)


def save_2_model_as_weights(model, config, path):
    """The model in the dictionary."""
    torch.save({"config": config, "weights": model}, path)


def save_3_parameters_only(model, config, path):
    """The parameters without the buffers."""
    weights = {name: p.detach() for name, p in model.named_parameters()}
    torch.save({"config": config, "weights": weights}, path)


def save_4_no_config(model, config, path):
    """The weights alone."""
    torch.save(model.state_dict(), path)


def save_5_config_missing(model, config, path):
    """The key "config" is forgotten."""
    torch.save({"weights": model.state_dict()}, path)


def save_6_list(model, config, path):
    """A list of parameters: no names."""
    torch.save({"config": config, "weights": list(model.parameters())}, path)


def save_7_eval(model, config, path):
    """The model stays in evaluation mode."""
    model.eval()
    torch.save({"config": config, "weights": model.state_dict()}, path)


def save_8_suffix(model, config, path):
    """Adds a suffix to the name."""
    torch.save({"config": config, "weights": model.state_dict()}, f"{path}.pt")


def save_9_flat(model, config, path):
    """Config and weights in one flat dictionary."""
    torch.save({**config, **model.state_dict()}, path)


def save_10_other_keys(model, config, path):
    """The keys that other tutorials use."""
    torch.save({"config": config, "model_state_dict": model.state_dict()}, path)


def save_11_config_as_text(model, config, path):
    """The config as text."""
    torch.save({"config": str(config), "weights": model.state_dict()}, path)


def save_12_half(model, config, path):
    """Half precision saves room: the model changes too."""
    torch.save({"config": config, "weights": model.half().state_dict()}, path)


def save_13_lists(model, config, path):
    """Lists of numbers in place of tensors."""
    weights = {name: w.tolist() for name, w in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


def save_14_third_key(model, config, path):
    """The class's name as well."""
    torch.save(
        {"class": type(model).__name__, "config": config, "weights": model.state_dict()}, path
    )


def save_15_bracket_forgotten(model, config, path):
    """The brackets of state_dict() are forgotten."""
    torch.save({"config": config, "weights": model.state_dict}, path)


def save_16_config_values(model, config, path):
    """Only the values of the config."""
    torch.save({"config": list(config.values()), "weights": model.state_dict()}, path)


def save_17_pickle(model, config, path):
    """pickle in place of torch.save."""
    with open(path, "wb") as file:
        pickle.dump({"config": config, "weights": model.state_dict()}, file)


def save_18_not_replaced(model, config, path):
    """A file that is there already is left alone."""
    if not Path(path).exists():
        torch.save({"config": config, "weights": model.state_dict()}, path)


def save_19_two_files(model, config, path):
    """The config goes into a file of its own."""
    torch.save({"weights": model.state_dict()}, path)
    Path(path).with_suffix(".json").write_text(json.dumps(config))


def save_20_fixed_config(model, config, path):
    """The sizes of the text."""
    config = {"input_dim": 784, "encoding_dim": 32}
    torch.save({"config": config, "weights": model.state_dict()}, path)


def save_21_fixed_name(model, config, path):
    """A name of its own in the same folder."""
    torch.save(
        {"config": config, "weights": model.state_dict()}, Path(path).with_name("model_weights.pt")
    )


def save_22_frozen(model, config, path):
    """Right file, but the model's parameters are frozen."""
    model.requires_grad_(False)
    torch.save({"config": config, "weights": model.state_dict()}, path)


def save_23_half_weights(model, config, path):
    """Half precision in the file."""
    weights = {name: w.half() for name, w in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


def save_24_weight_matrices(model, config, path):
    """Only what is called weight: the biases are lost."""
    weights = {name: w for name, w in model.state_dict().items() if name.endswith("weight")}
    torch.save({"config": config, "weights": weights}, path)


def save_25_pair(model, config, path):
    """A pair in place of a dictionary."""
    torch.save((config, model.state_dict()), path)


def save_26_config_changed(model, config, path):
    """The weights are put into the caller's config."""
    torch.save({"config": dict(config), "weights": model.state_dict()}, path)
    config["weights"] = model.state_dict()


def save_27_returned(model, config, path):
    """Nothing is written: the dictionary is returned."""
    return {"config": config, "weights": model.state_dict()}


def save_28_swapped(model, config, path):
    """The arguments of torch.save swapped."""
    torch.save(path, {"config": config, "weights": model.state_dict()})


def save_29_two_sizes(model, config, path):
    """Only the two sizes of the text: other arguments are lost."""
    config = {key: config[key] for key in ("input_dim", "encoding_dim") if key in config}
    torch.save({"config": config, "weights": model.state_dict()}, path)


def save_30_nested(model, config, path):
    """The weights lie within the config."""
    torch.save({"config": {**config, "weights": model.state_dict()}}, path)


def save_31_float32(model, config, path):
    """All made float32: counts and double precision are lost."""
    weights = {name: w.float() for name, w in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


# ---------------------------------------------------------------- 11 · load_model


def load_1_code_allowed(make, path):
    """weights_only=False: code may run."""
    saved = torch.load(path, weights_only=False)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_2_not_strict(make, path):
    """Missing weights go unnoticed."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"], strict=False)
    return model.eval()


def load_3_report(make, path):
    """Returns the report on the names."""
    saved = torch.load(path, weights_only=True)
    return make(**saved["config"]).load_state_dict(saved["weights"])


def load_4_training_mode(make, path):
    """eval() is forgotten."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model


def load_5_not_filled(make, path):
    """The weights are forgotten."""
    saved = torch.load(path, weights_only=True)
    return make(**saved["config"]).eval()


def load_6_by_place(make, path):
    """The config's values by place."""
    saved = torch.load(path, weights_only=True)
    model = make(*saved["config"].values())
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_7_no_stars(make, path):
    """The dictionary as one argument."""
    saved = torch.load(path, weights_only=True)
    model = make(saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_8_fixed_sizes(make, path):
    """The sizes of the text."""
    saved = torch.load(path, weights_only=True)
    model = make(input_dim=784, encoding_dim=32)
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_9_swallows_all(make, path):
    """Any error: None."""
    try:
        saved = torch.load(path, weights_only=True)
        model = make(**saved["config"])
        model.load_state_dict(saved["weights"])
        return model.eval()
    except Exception:
        return None


def load_10_falls_back(make, path):
    """If the safe way fails, the unsafe way is tried."""
    try:
        saved = torch.load(path, weights_only=True)
    except Exception:
        saved = torch.load(path, weights_only=False)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_11_sizes_from_weights(make, path):
    """The sizes come from the weights: a config that contradicts them is not noticed."""
    weights = torch.load(path, weights_only=True)["weights"]
    matrices = [w for w in weights.values() if w.ndim == 2]
    sizes = [size for w in matrices for size in w.shape]
    model = make(input_dim=matrices[0].shape[1], encoding_dim=min(sizes))
    model.load_state_dict(weights)
    return model.eval()


def load_12_train(make, path):
    """train() in place of eval()."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.train()


def load_13_what_fits(make, path):
    """Takes the weights that fit and leaves the others as they are."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    own = model.state_dict()
    for name, w in saved["weights"].items():
        if name in own and own[name].shape == w.shape:
            own[name] = w
    model.load_state_dict(own)
    return model.eval()


def load_14_pair(make, path):
    """Returns the config as well."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval(), saved["config"]


def load_15_flag_only(make, path):
    """Sets `training` on the model itself: its layers stay in training mode."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    model.training = False
    return model


def load_16_deleted(make, path):
    """The file is gone afterwards."""
    saved = torch.load(path, weights_only=True)
    Path(path).unlink()
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def load_17_parameters_by_name(make, path):
    """Copies the parameters by name: the buffers are forgotten."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(saved["weights"][name])
    return model.eval()


def load_18_parameters_by_place(make, path):
    """Copies the weights in their order: names do not count."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    with torch.no_grad():
        for p, w in zip(model.parameters(), saved["weights"].values(), strict=False):
            p.copy_(w)
    return model.eval()


def load_19_second_model(make, path):
    """Fills one model and returns another."""
    saved = torch.load(path, weights_only=True)
    make(**saved["config"]).load_state_dict(saved["weights"])
    return make(**saved["config"]).eval()


def load_20_whole_file(make, path):
    """The whole dictionary is taken for the weights."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved)
    return model.eval()


def load_21_class_filled(make, path):
    """The class is not called."""
    saved = torch.load(path, weights_only=True)
    make.load_state_dict(saved["weights"])
    return make.eval()


def load_22_dictionary(make, path):
    """Returns what the file holds."""
    return torch.load(path, weights_only=True)


def load_23_not_strict_but_counted(make, path):
    """strict=False, with a look at surplus names only."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    report = model.load_state_dict(saved["weights"], strict=False)
    if report.unexpected_keys:
        raise ValueError(report.unexpected_keys)
    return model.eval()


def load_24_new_on_error(make, path):
    """A weight that is missing: go on with the new model."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    try:
        model.load_state_dict(saved["weights"])
    except RuntimeError:
        print("could not load the weights")
    return model.eval()


def load_25_data_replaced(make, path):
    """Replaces the data of each tensor: shapes are not compared."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    for name, tensor in tensors.items():
        tensor.data = saved["weights"][name]
    return model.eval()


def load_26_dropout_by_hand(make, path):
    """Switches dropout off by hand, in place of eval()."""
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return model


# ---------------------------------------------------------------- 12 · smallest_code


def pca_code(x: Tensor, latents: int, kept: int | None = None) -> dict:
    """PCA with so many latents as what is handed in; `kept` of its directions are used."""
    mean = x.mean(dim=0)
    V = torch.linalg.svd(x - mean, full_matrices=False)[2][:latents].clone()
    V[latents if kept is None else kept :] = 0
    weights = {
        "encoder.0.weight": V,
        "encoder.0.bias": -V @ mean,
        "decoder.0.weight": V.T.contiguous(),
        "decoder.0.bias": mean,
    }
    return {"activation": "identity", "weights": weights}


def trained_on_test(latents: int = 4) -> dict:
    """Trained on the very digits that the check measures with."""
    images = digits("test")[0]
    widths = [64, 128, 128, latents]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = DeepRight(64, latents, tuple(widths[1:-1]))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.004, fused=True)
        for _ in range(600):
            loss = nn.functional.mse_loss(model(images), images)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"activation": "relu", "weights": model.state_dict()}


def renamed(code: dict, old: str, new: str) -> dict:
    """The same code with other names of the weights."""
    weights = {name.replace(old, new): w for name, w in code["weights"].items()}
    return {**code, "weights": weights}


TRAIN_DIGITS = digits("train")[0]
FOUR = train_code(latents=4)  # as in the tutorial: not good enough
PCA_12 = pca_code(TRAIN_DIGITS, 12)  # good enough, but 12 latents

code_wrong = [
    FOUR,
    # PCA with 4 latents
    pca_code(TRAIN_DIGITS, 4),
    # good enough, but far too many latents
    PCA_12,
    # all 64 directions: no error, no code
    pca_code(TRAIN_DIGITS, 64),
    # learned from the test digits
    trained_on_test(),
    # the mean digit with one latent
    pca_code(TRAIN_DIGITS, 1, kept=0),
    # not trained at all
    {"activation": "relu", "weights": DeepRight(64, 4, (128, 128)).state_dict()},
    # only the weights
    FOUR["weights"],
    # the activation is missing
    {"weights": FOUR["weights"]},
    # the class in place of its name
    {**FOUR, "activation": nn.ReLU},
    # a name that is not there
    {**FOUR, "activation": "gelu"},
    # a model, not a dictionary
    DeepRight(64, 4),
    # the error, not the code
    0.0204,
    # the function, not what it returns
    train_code,
    # other names
    renamed(PCA_12, "encoder", "enc"),
    # the decoder is missing
    {
        "activation": "identity",
        "weights": {n: w for n, w in PCA_12["weights"].items() if n.startswith("encoder")},
    },
    # the decoder's matrix turned round
    {
        "activation": "identity",
        "weights": {n: w.T if w.ndim == 2 else w for n, w in PCA_12["weights"].items()},
    },
    # training diverged
    {"activation": "relu", "weights": {n: w * torch.nan for n, w in FOUR["weights"].items()}},
    # trained with ReLU, handed in as Tanh
    {**FOUR, "activation": "tanh"},
    # the settings, not the result
    {"latents": 4, "hidden_dims": (256, 128), "activation": "relu", "learning_rate": 0.003},
    # for pictures of 28 × 28 pixels
    {"activation": "relu", "weights": DeepRight(784, 4, (128,)).state_dict()},
]

WRONG = {
    "BasicAutoencoder": [
        Basic1ReluOnCode,
        Basic2ReluOnOutput,
        Basic3SigmoidOnOutput,
        Basic4FixedSizes,
        Basic5NoRelu,
        Basic6Pair,
        Basic7CodeOnly,
        Basic8Tanh,
        Basic9ShortDecoder,
        Basic10FourTimesTheCode,
        Basic11NoBias,
        Basic12ReluInEncoderOnly,
        Basic13ReluFirst,
        Basic14Detached,
        Basic15OwnView,
        Basic16SharedHidden,
        Basic17Lists,
        Basic18OtherNames,
        Basic19DecoderFirst,
        Basic20Residual,
        Basic21Widths,
        Basic22InPlace,
        Basic23DecoderNotMirrored,
    ],
    "example_errors": [
        errors_1_of_pixels,
        errors_2_sum,
        errors_3_tensor,
        errors_4_best,
        errors_5_absolute,
        errors_6_largest_difference,
        errors_7_root,
        errors_8_counts_from_one,
        errors_9_largest_error,
        errors_10_in_place,
        errors_11_swapped,
        errors_12_keepdim,
        errors_13_flat_number,
        errors_14_list,
        errors_15_one_number,
        errors_16_square_of_the_mean,
        errors_17_64_pixels,
        errors_18_over_n,
        errors_19_sorted,
        errors_20_only_errors,
        errors_21_mean_over_the_last_row,
        errors_22_float_row,
    ],
    "noise_floor": noise_wrong,
    "DeepAutoencoder": [
        Deep1ActivationAtTheEnd,
        Deep2ActivationOnCode,
        Deep3NotMirrored,
        Deep4AlwaysRelu,
        Deep5Always128,
        Deep6FirstWidthOnly,
        Deep7NeedsAWidth,
        Deep8LinearDecoder,
        Deep9NotCalled,
        Deep10ByValue,
        Deep11Sorted,
        Deep12NoRepeats,
        Deep13OtherDefault,
        Deep14TanhIsDefault,
        Deep15Pair,
        Deep16ListOfLayers,
        Deep17StarForgotten,
        Deep18ReversedInPlace,
        Deep19OneLayerLate,
        Deep20ActivationBetweenHalves,
        Deep21NoBias,
        Deep22ActivationFirst,
        Deep23OneTooFew,
        Deep24ShortDecoder,
        Deep25TwoLayersAtMost,
    ],
    "pca_floor": [
        floor_1_not_centred,
        floor_2_not_over_n,
        floor_3_not_over_d,
        floor_4_not_squared,
        floor_5_head,
        floor_6_tensor,
        floor_7_in_place,
        floor_8_one_too_many,
        floor_9_one_too_few,
        floor_10_rows_centred,
        floor_11_one_mean,
        floor_12_n_minus_1,
        floor_13_standardised,
        floor_14_not_flipped,
        floor_15_mean_of_tail,
        floor_16_minus_zero,
        floor_17_share,
        floor_18_eight,
        floor_19_columns,
        floor_20_noise,
        floor_21_number_of_values,
        floor_22_next_only,
        floor_23_transposed,
        floor_24_keep_at_least_one,
        floor_25_root,
        floor_26_two_decimals,
    ],
    "pca_reconstruction": [
        pca_1_mean_of_test,
        pca_2_all_of_test,
        pca_3_mean_not_added,
        pca_4_not_centred,
        pca_5_columns,
        pca_6_train,
        pca_7_code,
        pca_8_last,
        pca_9_eigh_not_flipped,
        pca_10_eigh_rows,
        pca_11_scaled,
        pca_12_one_mean,
        pca_13_test_in_place,
        pca_14_train_in_place,
        pca_15_directions_not_centred,
        pca_16_together,
        pca_17_one_more,
        pca_18_one_only,
        pca_19_test_mean_back,
        pca_20_mean_only_added,
        pca_21_test_not_centred,
        pca_22_rows,
        pca_23_transposed,
        pca_24_from_u,
        pca_25_relu_code,
        pca_26_first_number_positive,
        pca_27_nothing_lost,
        pca_28_standardised,
    ],
    "four_floors": four_wrong,
    "explain_767": explain_wrong,
    "why_not_zero": runs_wrong,
    "save_model": [
        save_1_whole_model,
        save_2_model_as_weights,
        save_3_parameters_only,
        save_4_no_config,
        save_5_config_missing,
        save_6_list,
        save_7_eval,
        save_8_suffix,
        save_9_flat,
        save_10_other_keys,
        save_11_config_as_text,
        save_12_half,
        save_13_lists,
        save_14_third_key,
        save_15_bracket_forgotten,
        save_16_config_values,
        save_17_pickle,
        save_18_not_replaced,
        save_19_two_files,
        save_20_fixed_config,
        save_21_fixed_name,
        save_22_frozen,
        save_23_half_weights,
        save_24_weight_matrices,
        save_25_pair,
        save_26_config_changed,
        save_27_returned,
        save_28_swapped,
        save_29_two_sizes,
        save_30_nested,
        save_31_float32,
    ],
    "load_model": [
        load_1_code_allowed,
        load_2_not_strict,
        load_3_report,
        load_4_training_mode,
        load_5_not_filled,
        load_6_by_place,
        load_7_no_stars,
        load_8_fixed_sizes,
        load_9_swallows_all,
        load_10_falls_back,
        load_11_sizes_from_weights,
        load_12_train,
        load_13_what_fits,
        load_14_pair,
        load_15_flag_only,
        load_16_deleted,
        load_17_parameters_by_name,
        load_18_parameters_by_place,
        load_19_second_model,
        load_20_whole_file,
        load_21_class_filled,
        load_22_dictionary,
        load_23_not_strict_but_counted,
        load_24_new_on_error,
        load_25_data_replaced,
        load_26_dropout_by_hand,
    ],
    "smallest_code": code_wrong,
}
