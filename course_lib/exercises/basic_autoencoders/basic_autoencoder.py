"""Exercise `BasicAutoencoder`: the second tutorial's autoencoder, 784 → 128 → 32 → 128 → 784."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import ModuleExercise, Trial
from course_lib.exercises.observations import Observation


class BasicAutoencoder(nn.Module):
    """Encoder and decoder with one hidden layer of 128 ReLU units each.

    input_dim : size of an input.
    encoding_dim : size of the code.
    """

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 128),
            nn.ReLU(),
            nn.Linear(128, encoding_dim),
        )
        self.decoder = nn.Sequential(
            nn.Linear(encoding_dim, 128),
            nn.ReLU(),
            nn.Linear(128, input_dim),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → reconstructions (batch, input_dim)."""
        ### BEGIN SOLUTION
        code = self.encoder(x)  # (batch, encoding_dim)
        return self.decoder(code)  # (batch, input_dim)
        ### END SOLUTION


def cases(draw: Draw):
    """Several sizes of input, code and batch; one with as many latents as inputs. There are enough
    latents that some are negative in every draw."""
    for batch, input_dim, encoding_dim in ((1, 7, 9), (6, 6, 6)):
        yield Case(
            {"x": draw.normal(batch, input_dim)},
            note=f"a batch of {batch}",
            init={"input_dim": input_dim, "encoding_dim": encoding_dim},
        )
    yield Case(
        {"x": draw.normal(6, 8, scale=5.0, layout="transposed")},
        note="an input that is not contiguous in memory",
        init={"input_dim": 8, "encoding_dim": 7},
    )
    yield Case(
        {"x": draw.normal(3, 9, dtype=torch.float64)},
        init={"input_dim": 9, "encoding_dim": 5},
        note="a model and an input in float64",
    )


class TwoRowsExercise(ModuleExercise):
    """The answer has two rows of layers. A single one is recognised whatever its name."""

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        known = super()._recognise(trial, seen, at, found)
        names = seen[at].parameters or {}
        if known is None and len(names) == 8 and len({name.split(".")[0] for name in names}) == 1:
            return next(m for m in self.misconceptions if m.name == "SingleRow")
        return known


exercise = TwoRowsExercise(
    BasicAutoencoder,
    title="The basic autoencoder",
    points=3,
    difficulty=1,
    minutes=15,
    why="All later models of this course are this one with something added.",
    cases=cases,
    hints=(
        "`nn.Sequential(a, b, c)` is a layer too: it sends its input through a, b and c in order. "
        "Make one for the encoder and one for the decoder.",
        "The encoder goes from input_dim to 128, through a ReLU, and on to encoding_dim. The "
        "decoder goes the same way back, with a ReLU at 128 too. There is none after the code, "
        "and none after the reconstruction.",
        "In `forward`: send x through `self.encoder`, send the code through `self.decoder`, and "
        "return what comes out, nothing else.",
    ),
)


def _half(sizes: tuple[int, int, int], *last: nn.Module, bias: bool = True) -> nn.Sequential:
    """Linear, ReLU, linear, and what may follow."""
    a, b, c = sizes
    return nn.Sequential(nn.Linear(a, b, bias=bias), nn.ReLU(), nn.Linear(b, c, bias=bias), *last)


@exercise.misconception(
    "You return the reconstruction and the code. In this model `forward` returns one tensor, the "
    "reconstruction: the training loop hands it to the loss as it is."
)
class BothReturned(BasicAutoencoder):
    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code


@exercise.misconception(
    "You return the code. It still has to go through the decoder: the result has the shape of x."
)
class CodeReturned(BasicAutoencoder):
    def forward(self, x):
        return self.encoder(x)


@exercise.misconception(
    "You apply ReLU to the code. Then no latent can be negative, and a latent may die. Here ReLU "
    "stands at the two hidden layers of 128 units only."
)
class ReluOnTheCode(BasicAutoencoder):
    def forward(self, x):
        return self.decoder(torch.relu(self.encoder(x)))


@exercise.misconception(
    "You apply ReLU to the reconstruction. It could never be negative, but the data may be. The "
    "last layer is linear."
)
class ReluOnTheOutput(BasicAutoencoder):
    def forward(self, x):
        return torch.relu(self.decoder(self.encoder(x)))


@exercise.misconception(
    "You apply ReLU to the code and to the reconstruction. It stands at the two hidden layers "
    "only: the code and the reconstruction may be negative."
)
class ReluAfterEveryLayer(BasicAutoencoder):
    def forward(self, x):
        return torch.relu(self.decoder(torch.relu(self.encoder(x))))


@exercise.misconception(
    "You apply a sigmoid to the reconstruction. It squeezes every number between 0 and 1, and the "
    "data need not lie there. The last layer is linear."
)
class SigmoidOnTheOutput(BasicAutoencoder):
    def forward(self, x):
        return torch.sigmoid(self.decoder(self.encoder(x)))


@exercise.misconception(
    "There is no ReLU in your model: all four layers together are one linear map. Put `nn.ReLU()` "
    "between the two linear layers of the encoder, and of the decoder."
)
class NoRelu(BasicAutoencoder):
    def forward(self, x):
        code = self.encoder[2](self.encoder[0](x))
        return self.decoder[2](self.decoder[0](code))


@exercise.misconception(
    "Your decoder has no ReLU: its two linear layers count as one. It mirrors the encoder, with a "
    "ReLU between its two layers."
)
class NoReluInTheDecoder(BasicAutoencoder):
    def forward(self, x):
        return self.decoder[2](self.decoder[0](self.encoder(x)))


@exercise.misconception(
    "Your encoder has no ReLU: its two linear layers count as one. Put `nn.ReLU()` between them, "
    "as in the decoder."
)
class NoReluInTheEncoder(BasicAutoencoder):
    def forward(self, x):
        return self.decoder(self.encoder[2](self.encoder[0](x)))


@exercise.misconception(
    "You use tanh at the hidden layers. This model uses ReLU. (Tanh comes in a later exercise.)"
)
class TanhUsed(BasicAutoencoder):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder[1], self.decoder[1] = nn.Tanh(), nn.Tanh()


@exercise.misconception(
    "Your hidden layers are `2 * encoding_dim` wide, like the encoder of the earlier units. In "
    "this model they have 128 units, whatever the size of the code."
)
class HiddenTwiceTheCode(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 2 * encoding_dim, encoding_dim))
        self.decoder = _half((encoding_dim, 2 * encoding_dim, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your sizes are fixed at 784 and 32. Use the two arguments, `input_dim` and `encoding_dim`: "
    "the check builds other sizes too. Only 128 is a fixed number."
)
class SizesFixed(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((784, 128, 32))
        self.decoder = _half((32, 128, 784))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your decoder has a single layer, straight from the code to the reconstruction. It mirrors the "
    "encoder: first to 128, then to input_dim."
)
class DecoderOfOneLayer(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim))
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your layers have no bias. Leave out `bias=False`: the last layer's bias is what gives the "
    "reconstruction its mean."
)
class NoBias(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim), bias=False)
        self.decoder = _half((encoding_dim, 128, input_dim), bias=False)

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your values are right, but the code is cut off from the encoder (`.detach()`, `.data` or "
    "`torch.no_grad()`): the encoder would never learn."
)
class CodeDetached(BasicAutoencoder):
    def forward(self, x):
        return self.decoder(self.encoder(x).detach())


@exercise.misconception(
    "You add the input to the reconstruction. Then nothing has to go through the code: the model "
    "copies its input around the bottleneck. Return what the decoder gives."
)
class InputAdded(BasicAutoencoder):
    def forward(self, x):
        return self.decoder(self.encoder(x)) + x


@exercise.misconception(
    "`.squeeze()` removes every axis of length 1. From a batch of one it takes away the batch. "
    "Leave it out."
)
class Squeezed(BasicAutoencoder):
    def forward(self, x):
        return self.decoder(self.encoder(x)).squeeze()


@exercise.misconception(
    "Your layers have other names than asked for. With `self.encoder` and `self.decoder`, each an "
    "`nn.Sequential`, the weights are called `encoder.0.weight` and so on, and saved weights fit."
)
class SeparateLayers(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 128)
        self.encoder_linear2 = nn.Linear(128, encoding_dim)
        self.decoder_linear1 = nn.Linear(encoding_dim, 128)
        self.decoder_linear2 = nn.Linear(128, input_dim)

    def forward(self, x):
        code = self.encoder_linear2(torch.relu(self.encoder_linear1(x)))
        return self.decoder_linear2(torch.relu(self.decoder_linear1(code)))


@exercise.misconception(
    "Layers are made, but not kept: they are local variables of `__init__` and are gone when it "
    "ends. Write `self.encoder` and `self.decoder`."
)
class SelfForgotten(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        encoder = _half((input_dim, 128, encoding_dim))  # noqa: F841
        decoder = _half((encoding_dim, 128, input_dim))  # noqa: F841

    def forward(self, x):
        return self.decoder(self.encoder(x))


# torch's error names the class, and the learner's has this name
SelfForgotten.__name__ = BasicAutoencoder.__name__


@exercise.misconception(
    "There is no ReLU in your rows: two linear layers follow each other directly and count as one. "
    "Put `nn.ReLU()` between them, in both."
)
class LinearLayersOnly(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(input_dim, 128), nn.Linear(128, encoding_dim))
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "There is no ReLU in your decoder: its two linear layers follow each other directly and count "
    "as one. It mirrors the encoder: put `nn.ReLU()` between them."
)
class LinearLayersInTheDecoder(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim))
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "The layers of your decoder stand in the wrong order. The code comes in, so the first is "
    "`nn.Linear(encoding_dim, 128)`; the last is `nn.Linear(128, input_dim)`."
)
class DecoderTurnedRound(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim))
        self.decoder = nn.Sequential(
            nn.Linear(128, input_dim), nn.ReLU(), nn.Linear(encoding_dim, 128)
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "There are no hidden layers: your encoder goes straight from the input to the code, and your "
    "decoder straight back. Each has one hidden layer of 128 units."
)
class NoHiddenLayers(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(input_dim, encoding_dim), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your decoder gets the input x. It must get the code, what the encoder returns: "
    "`self.decoder(code)`."
)
class DecoderGetsTheInput(BasicAutoencoder):
    def forward(self, x):
        self.encoder(x)
        return self.decoder(x)


@exercise.misconception(
    "`nn.ReLU` stands in the row without brackets. It is a class; `nn.ReLU()` makes a layer of it."
)
class BracketsForgotten(BasicAutoencoder):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 128), nn.ReLU, nn.Linear(128, encoding_dim)
        )


@exercise.misconception(
    "`self.decoder` is the encoder itself. It needs layers of its own, from encoding_dim to 128 "
    "and on to input_dim."
)
class EncoderTwice(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim))
        self.decoder = self.encoder

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "Your encoder has a ReLU before its first layer, and none between the two. All negative inputs "
    "are lost there. The row is: linear, ReLU, linear."
)
class ReluFirst(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReLU(), nn.Linear(input_dim, 128), nn.Linear(128, encoding_dim)
        )
        self.decoder = _half((encoding_dim, 128, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.misconception(
    "`self.encoder` and `self.decoder` are plain Python lists. torch finds no parameters in them, "
    "and could train nothing: make an `nn.Sequential` of each."
)
class PlainLists(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = list(_half((input_dim, 128, encoding_dim)))
        self.decoder = list(_half((encoding_dim, 128, input_dim)))

    def forward(self, x):
        for layer in [*self.encoder, *self.decoder]:
            x = layer(x)
        return x


@exercise.misconception(
    "There is no ReLU in your rows. You apply it in `forward`, but then the second linear layer "
    "stands at place 1. Put `nn.ReLU()` into the row, between the two."
)
class ReluInForward(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(input_dim, 128), nn.Linear(128, encoding_dim))
        self.decoder = nn.Sequential(nn.Linear(encoding_dim, 128), nn.Linear(128, input_dim))

    def forward(self, x):
        code = self.encoder[1](torch.relu(self.encoder[0](x)))
        return self.decoder[1](torch.relu(self.decoder[0](code)))


@exercise.misconception(
    "All your layers stand in a single row. Make two rows, `self.encoder` and `self.decoder`: the "
    "code comes out between them."
)
class SingleRow(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        encoder = _half((input_dim, 128, encoding_dim))
        self.model = nn.Sequential(*encoder, *_half((encoding_dim, 128, input_dim)))

    def forward(self, x):
        return self.model(x)


@exercise.misconception("You use a sigmoid at the hidden layers. This model uses ReLU.")
class SigmoidUsed(BasicAutoencoder):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder[1], self.decoder[1] = nn.Sigmoid(), nn.Sigmoid()


@exercise.misconception(
    "Your hidden layers have 64 units. In this model they have 128, whatever the size of the code."
)
class HiddenTooNarrow(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 64, encoding_dim))
        self.decoder = _half((encoding_dim, 64, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.style
class OneExpression(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = _half((input_dim, 128, encoding_dim))
        self.decoder = _half((encoding_dim, 128, input_dim))

    def forward(self, x):
        return self.decoder(self.encoder(x))


@exercise.style
class MoreMethods(nn.Module):
    def __init__(self, input_dim, encoding_dim, hidden_dim=128):
        super().__init__()
        self.decoder = _half((encoding_dim, hidden_dim, input_dim))
        self.encoder = _half((input_dim, hidden_dim, encoding_dim))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z)


@exercise.style
class ByHand(BasicAutoencoder):
    def forward(self, x):
        for half in (self.encoder, self.decoder):
            x = half[2](half[0](x).clamp(min=0))
        return x
