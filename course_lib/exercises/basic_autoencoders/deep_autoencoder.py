"""Exercise `DeepAutoencoder`: hidden widths and activation of one's choice (the tutorial's
Exercise 3: more layers, and Tanh in place of ReLU)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import ModuleExercise


class DeepAutoencoder(nn.Module):
    """An autoencoder with any number of hidden layers; the decoder mirrors the encoder.

    input_dim : size of an input.
    encoding_dim : size of the code.
    hidden_dims : widths of the encoder's hidden layers, a tuple such as (128, 64); may be ().
    activation : the layer after each hidden layer, a class such as nn.ReLU or nn.Tanh.
    """

    def __init__(
        self,
        input_dim: int,
        encoding_dim: int,
        hidden_dims: tuple[int, ...] = (128,),
        activation: type[nn.Module] = nn.ReLU,
    ):
        super().__init__()
        ### BEGIN SOLUTION
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = self.stack(sizes, activation)
        self.decoder = self.stack(sizes[::-1], activation)
        ### END SOLUTION

    def stack(self, sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
        """Linear layers from each size to the next, with an activation between them.

        sizes : such as [784, 128, 32], which makes linear, activation, linear.
        """
        ### BEGIN SOLUTION
        layers = []
        for i in range(len(sizes) - 1):
            layers += [nn.Linear(sizes[i], sizes[i + 1]), activation()]
        return nn.Sequential(*layers[:-1])  # no activation after the last layer
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim)."""
        ### BEGIN SOLUTION
        return self.decoder(self.encoder(x))
        ### END SOLUTION


def cases(draw: Draw):
    """No, two and three hidden layers; ReLU, tanh and sigmoid; equal widths; float64;
    the arguments that may be left out."""
    for batch, sizes, activation, note in (
        (2, (4, 2, (6, 5)), nn.ReLU, "two hidden layers, ReLU"),
        (1, (5, 2, (4, 6)), nn.Tanh, "a batch of one, tanh"),
        (4, (3, 2, ()), nn.Tanh, "no hidden layer"),
        (5, (3, 4, (7, 5, 6)), nn.Sigmoid, "three hidden layers, sigmoid"),
        (4, (4, 4, (4, 4)), nn.Tanh, "all sizes the same"),
    ):
        yield Case({"x": draw.normal(batch, sizes[0])}, note=note, init=built(*sizes, activation))
    yield Case(
        {"x": draw.normal(5, 4, layout="transposed")},
        note="an input that is not contiguous in memory",
        init=built(4, 3, (5, 6), nn.ReLU),
    )
    yield Case(
        {"x": draw.normal(3, 5, dtype=torch.float64)},
        note="a model and an input in float64",
        init=built(5, 3, (6, 4), nn.Tanh),
    )
    yield Case(
        {"x": draw.normal(7, 6)},
        note="built with the two sizes alone: one hidden layer of 128, ReLU",
        init={"input_dim": 6, "encoding_dim": 3},
    )


def built(input_dim: int, encoding_dim: int, hidden_dims: tuple, activation: type) -> dict:
    """The constructor's arguments by name."""
    return {
        "input_dim": input_dim,
        "encoding_dim": encoding_dim,
        "hidden_dims": hidden_dims,
        "activation": activation,
    }


exercise = ModuleExercise(
    DeepAutoencoder,
    title="As deep as you like",
    points=4,
    difficulty=2,
    minutes=20,
    why="Depth, widths and activation are what one tries first. With this class each try is one "
    "line.",
    cases=cases,
    hints=(
        "Write down all the sizes in a row: [input_dim, 128, 64, encoding_dim]. Each linear layer "
        "leads from one of them to the next. The decoder has the same row, read backwards.",
        "In `stack`, collect layers in a list and end with `nn.Sequential(*layers)`: the star "
        "hands the entries over one by one. Between two linear layers stands an activation; after "
        "the last one stands none. A tuple is unpacked into a list by `[input_dim, *hidden_dims, "
        "encoding_dim]`.",
        "Go through the row: for each i, make `nn.Linear(sizes[i], sizes[i + 1])` and "
        "`activation()`, with brackets. That is one activation too many: the last entry of the "
        "list goes, `layers[:-1]`. `sizes[::-1]` is the row backwards.",
    ),
)


def _stack(sizes, activation, after_last=False, bias=True):
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out, bias=bias), activation()]
    return nn.Sequential(*(layers if after_last else layers[:-1]))


class _Halves(nn.Module):
    """What the answers below share: two halves, one after the other."""

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "An activation follows the code. It may stand between two linear layers of the encoder only: "
    "the code itself stays as the last linear layer gives it."
)
class ActivationOnTheCode(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = _stack(sizes, activation, after_last=True)
        self.decoder = _stack(sizes[::-1], activation)


@exercise.misconception(
    "An activation follows the reconstruction. Tanh would keep it between -1 and 1, and ReLU above "
    "0. The last layer of the decoder is linear."
)
class ActivationOnTheOutput(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = _stack(sizes, activation)
        self.decoder = _stack(sizes[::-1], activation, after_last=True)


@exercise.misconception(
    "An activation follows *every* linear layer, the last ones too. It belongs between two linear "
    "layers of a stack: neither the code nor the reconstruction has one."
)
class ActivationAfterEvery(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = _stack(sizes, activation, after_last=True)
        self.decoder = _stack(sizes[::-1], activation, after_last=True)


@exercise.misconception(
    "Your decoder has the hidden widths in the encoder's order. It mirrors the encoder: read the "
    "whole row of sizes backwards, `sizes[::-1]`."
)
class DecoderNotMirrored(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        self.encoder = _stack([input_dim, *hidden_dims, encoding_dim], activation)
        self.decoder = _stack([encoding_dim, *hidden_dims, input_dim], activation)


@exercise.misconception(
    "Your decoder has the sizes of the encoder, from the input to the code. It goes the other way: "
    "read the row of sizes backwards, `sizes[::-1]`."
)
class EncoderTwice(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes, activation)


@exercise.misconception(
    "Your encoder has the hidden widths backwards, and your decoder forwards. The encoder takes "
    "`hidden_dims` as it is given."
)
class EncoderBackwards(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims[::-1], encoding_dim]
        self.encoder = _stack(sizes, activation)
        self.decoder = _stack(sizes[::-1], activation)


@exercise.misconception(
    "You always use ReLU. The argument `activation` says which layer to make: `activation()`."
)
class AlwaysRelu(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, nn.ReLU), _stack(sizes[::-1], nn.ReLU)


@exercise.misconception(
    "You always use tanh. The argument `activation` says which layer to make: `activation()`."
)
class AlwaysTanh(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, nn.Tanh), _stack(sizes[::-1], nn.Tanh)


@exercise.misconception(
    "Your decoder has ReLU whatever `activation` is. The chosen activation belongs in both halves."
)
class DecoderAlwaysRelu(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes[::-1], nn.ReLU)


@exercise.misconception(
    "There is no activation in your stacks: however many layers, together they are one linear map."
)
class NoActivation(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = nn.Sequential(*_kept(_stack(sizes, activation)))
        self.decoder = nn.Sequential(*_kept(_stack(sizes[::-1], activation)))


def _kept(stack):
    """The same layers at the same places, so that the names of the weights stay."""
    return [layer if isinstance(layer, nn.Linear) else nn.Identity() for layer in stack]


@exercise.misconception(
    "There is no activation in your stacks, only linear layers, and so their numbers differ from "
    "the expected ones too. Add `activation()` to the list between two linear layers."
)
class LinearLayersOnly(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = nn.Sequential(*[nn.Linear(a, b) for a, b in pairwise(sizes)])
        self.decoder = nn.Sequential(*[nn.Linear(a, b) for a, b in pairwise(sizes[::-1])])


@exercise.misconception(
    "Your model ignores `hidden_dims`: its hidden layer always has 128 units. Use the widths given."
)
class AlwaysOneHiddenLayer(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, 128, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes[::-1], activation)


@exercise.misconception(
    "You use the first hidden width only. `hidden_dims` may hold any number of widths, one per "
    "hidden layer, or none at all."
)
class FirstWidthOnly(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims[:1], encoding_dim]
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes[::-1], activation)


@exercise.misconception("You return the code. It still has to go through the decoder.")
class CodeReturned(DeepAutoencoder):
    def forward(self, x):
        return self.encoder(x)


@exercise.misconception(
    "You return the code as well. As in `BasicAutoencoder`, `forward` returns the reconstruction "
    "alone."
)
class BothReturned(DeepAutoencoder):
    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code


@exercise.misconception(
    "Your decoder has no activation. The chosen activation belongs in both halves."
)
class LinearDecoder(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = _stack(sizes, activation)
        self.decoder = nn.Sequential(*_kept(_stack(sizes[::-1], activation)))


@exercise.misconception("Your layers have no bias. Leave out `bias=False`.")
class NoBias(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = _stack(sizes, activation, bias=False)
        self.decoder = _stack(sizes[::-1], activation, bias=False)


@exercise.misconception(
    "`hidden_dims` is a tuple, and Python does not add a list and a tuple. Unpack it with a star: "
    "`[input_dim, *hidden_dims, encoding_dim]`."
)
class ListPlusTuple(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim] + hidden_dims + [encoding_dim]  # noqa: RUF005
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes[::-1], activation)


@exercise.misconception(
    "`hidden_dims` is unpacked nowhere: you put the whole tuple into the list as one entry. Write "
    "a star before it: `[input_dim, *hidden_dims, encoding_dim]`."
)
class TupleAsOneEntry(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, hidden_dims, encoding_dim]
        self.encoder, self.decoder = _stack(sizes, activation), _stack(sizes[::-1], activation)


@exercise.misconception(
    "Your layers stand in a plain Python list. torch does not look into lists, so it finds no "
    "parameters and could train nothing. Return `nn.Sequential(*layers)`."
)
class PlainList(nn.Module):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = list(_stack(sizes, activation))
        self.decoder = list(_stack(sizes[::-1], activation))

    def forward(self, x):
        for layer in [*self.encoder, *self.decoder]:
            x = layer(x)
        return x


@exercise.misconception(
    "`nn.Sequential` was given the whole list as one layer. Write a star before it, "
    "`nn.Sequential(*layers)`: it hands the layers over one by one."
)
class StarForgotten(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = [input_dim, *hidden_dims, encoding_dim]
        self.encoder = nn.Sequential(list(_stack(sizes, activation)))
        self.decoder = nn.Sequential(list(_stack(sizes[::-1], activation)))


def _built(stack):
    """A wrong answer whose fault lies in `stack`."""

    class Answer(_Halves):
        def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
            super().__init__()
            sizes = [input_dim, *hidden_dims, encoding_dim]
            self.encoder, self.decoder = stack(sizes, activation), stack(sizes[::-1], activation)

    Answer.__name__ = stack.__name__
    return Answer


def _fault(message):
    """Declare the wrong `stack` that follows."""
    return lambda stack: exercise.misconception(message)(_built(stack))


@_fault(
    "The activation stands in the list as a class. `activation()`, with brackets, makes a layer "
    "of it."
)
def class_not_called(sizes, activation):
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), activation]
    return nn.Sequential(*layers[:-1])


@_fault("`stack` gives nothing back. Does it end with `return nn.Sequential(…)`?")
def nothing_returned(sizes, activation):
    _stack(sizes, activation)


@_fault(
    "The activation comes *before* each linear layer, so it is also applied to the input and the "
    "code. It belongs between two linear layers."
)
def activation_first(sizes, activation):
    layers = []
    for a, b in pairwise(sizes):
        layers += [activation(), nn.Linear(a, b)]
    return nn.Sequential(*layers)


@_fault(
    "An activation is missing where a hidden layer is as wide as the last one: you tell the last "
    "layer by its size. Tell it by its place: `layers[:-1]` drops the last activation."
)
def last_told_by_size(sizes, activation):
    layers = []
    for a, b in pairwise(sizes):
        layers.append(nn.Linear(a, b))
        if b != sizes[-1]:
            layers.append(activation())
    return nn.Sequential(*layers)


@_fault(
    "The last linear layer of each stack is missing: your loop ends one pair too early. With n "
    "sizes there are n - 1 linear layers."
)
def last_layer_missing(sizes, activation):
    layers = []
    for i in range(len(sizes) - 2):
        layers += [nn.Linear(sizes[i], sizes[i + 1]), activation()]
    return nn.Sequential(*layers)


@_fault(
    "The two sizes of each linear layer are swapped. `nn.Linear(n_in, n_out)`: the earlier size "
    "comes first."
)
def sizes_swapped(sizes, activation):
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(b, a), activation()]
    return nn.Sequential(*layers[:-1])


@_fault(
    "Your loop runs one pair too far: after the last size there is no next one. With n sizes there "
    "are n - 1 pairs: `range(len(sizes) - 1)`."
)
def one_pair_too_far(sizes, activation):
    layers = []
    for i in range(len(sizes)):
        layers += [nn.Linear(sizes[i], sizes[i + 1]), activation()]
    return nn.Sequential(*layers[:-1])


@_fault(
    "`stack` returns a plain Python list, which cannot be called, and torch finds no parameters in "
    "it. Return `nn.Sequential(*layers)`."
)
def list_returned(sizes, activation):
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    return layers[:-1]


@_fault(
    "Your stack has two linear layers, through the first hidden width, whatever `sizes` holds. "
    "Go through all the pairs of sizes in a loop."
)
def two_layers_only(sizes, activation):
    return nn.Sequential(
        nn.Linear(sizes[0], sizes[1]), activation(), nn.Linear(sizes[1], sizes[-1])
    )


@_fault(
    "Your stack is made for three sizes exactly. There may be more hidden widths, or none: go "
    "through all the pairs of sizes in a loop."
)
def three_sizes_exactly(sizes, activation):
    return nn.Sequential(nn.Linear(sizes[0], sizes[1]), activation(), nn.Linear(sizes[1], sizes[2]))


@exercise.style
class FirstLayerApart(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        sizes = (input_dim,) + hidden_dims + (encoding_dim,)  # noqa: RUF005
        self.encoder = self.stack(sizes, activation)
        self.decoder = self.stack(tuple(reversed(sizes)), activation)

    def stack(self, sizes, activation):
        layers = [nn.Linear(sizes[0], sizes[1])]
        for n_in, n_out in pairwise(sizes[1:]):
            layers.append(activation())
            layers.append(nn.Linear(n_in, n_out))
        return nn.Sequential(*layers)


@exercise.style
class GrowingSequential(_Halves):
    def __init__(self, input_dim, encoding_dim, hidden_dims=(128,), activation=nn.ReLU):
        super().__init__()
        act = activation()  # one for all: it has no parameters
        self.encoder, self.decoder = nn.Sequential(), nn.Sequential()
        width = input_dim
        for hidden in hidden_dims:
            self.encoder.append(nn.Linear(width, hidden)).append(act)
            width = hidden
        self.encoder.append(nn.Linear(width, encoding_dim))
        width = encoding_dim
        for hidden in reversed(hidden_dims):
            self.decoder.append(nn.Linear(width, hidden)).append(act)
            width = hidden
        self.decoder.append(nn.Linear(width, input_dim))
