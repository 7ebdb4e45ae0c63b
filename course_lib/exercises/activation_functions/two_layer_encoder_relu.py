"""Exercise `TwoLayerEncoderRelu`: the encoder of unit 1, with ReLU after its first layer."""

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import ModuleExercise


class TwoLayerEncoderRelu(nn.Module):
    """Two linear layers with ReLU between them; the code stays free to be negative.

    input_dim : size of an input vector.
    encoding_dim : size of the code; the hidden layer is twice as wide.
    """

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_relu1 = nn.ReLU()
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, input_dim) → codes (batch, encoding_dim)."""
        ### BEGIN SOLUTION
        hidden = self.encoder_relu1(self.encoder_linear1(x))  # (batch, 2 * encoding_dim)
        return self.encoder_linear2(hidden)  # (batch, encoding_dim)
        ### END SOLUTION


def cases(draw: Draw):
    """Several sizes of input, code and batch; x has both signs, and so has the code."""
    for batch, input_dim, encoding_dim in ((1, 5, 3), (4, 6, 2), (7, 3, 4)):
        yield Case(
            {"x": draw.normal(batch, input_dim)},
            note=f"a batch of {batch}",
            init={"input_dim": input_dim, "encoding_dim": encoding_dim},
        )
    yield Case(
        {"x": draw.normal(6, 4, scale=5.0, layout="transposed")},
        note="an input that is not contiguous in memory",
        init={"input_dim": 4, "encoding_dim": 3},
    )
    yield Case(
        {"x": draw.normal(3, 5, dtype=torch.float64)},
        init={"input_dim": 5, "encoding_dim": 3},
        note="a model and an input in float64",
    )


exercise = ModuleExercise(
    TwoLayerEncoderRelu,
    title="The encoder with ReLU",
    points=3,
    difficulty=1,
    minutes=15,
    why="Two linear layers in a row count as one. With one ReLU between them the encoder can bend.",
    cases=cases,
    hints=(
        "In `__init__` you make three layers and keep each as an attribute of `self`. In `forward` "
        "you send x through them in order.",
        "The hidden layer has 2 * encoding_dim units: it is the output of the first `nn.Linear` "
        "and the input of the second. ReLU changes no shape and has no parameters.",
        "`forward` in words: `encoder_linear2` of (`encoder_relu1` of (`encoder_linear1` of x)). "
        "Nothing comes after `encoder_linear2`.",
    ),
)


@exercise.misconception(
    "You apply ReLU after the second layer too. Then no entry of the code can be negative. Here "
    "ReLU stands after the first layer only."
)
class ReluAfterBoth(TwoLayerEncoderRelu):
    def forward(self, x):
        return torch.relu(self.encoder_linear2(torch.relu(self.encoder_linear1(x))))


@exercise.misconception(
    "Your ReLU stands after the second layer instead of the first. So the two linear layers still "
    "follow each other directly and count as one, and the code cannot be negative."
)
class ReluAfterSecondOnly(TwoLayerEncoderRelu):
    def forward(self, x):
        return torch.relu(self.encoder_linear2(self.encoder_linear1(x)))


@exercise.misconception(
    "There is no ReLU in your forward pass: your encoder is the linear one of unit 1. Making "
    "`encoder_relu1` in `__init__` is not enough; call it in `forward`."
)
class NoRelu(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "You apply ReLU to the input x, before the first layer. All negative inputs are lost, and the "
    "two linear layers follow each other directly. ReLU belongs between them."
)
class ReluOnTheInput(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(torch.relu(x)))


@exercise.misconception(
    "You use the sigmoid between the layers. This encoder uses ReLU: `nn.ReLU()`."
)
class Sigmoid(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(torch.sigmoid(self.encoder_linear1(x)))


@exercise.misconception("You use tanh between the layers. This encoder uses ReLU: `nn.ReLU()`.")
class Tanh(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(torch.tanh(self.encoder_linear1(x)))


@exercise.misconception(
    "You use leaky ReLU, which lets 1 % of negative values through. This encoder uses plain ReLU: "
    "`nn.ReLU()`."
)
class LeakyRelu(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(nn.functional.leaky_relu(self.encoder_linear1(x)))


@exercise.misconception(
    "You return the hidden layer. The code comes one layer later: send it through "
    "`encoder_linear2`."
)
class HiddenReturned(TwoLayerEncoderRelu):
    def forward(self, x):
        return torch.relu(self.encoder_linear1(x))


@exercise.misconception(
    "You return the code and the hidden layer. The encoder returns one tensor, the code."
)
class BothReturned(TwoLayerEncoderRelu):
    def forward(self, x):
        hidden = torch.relu(self.encoder_linear1(x))
        return self.encoder_linear2(hidden), hidden


@exercise.misconception(
    "Your values are right, but the hidden layer is cut off from the first layer (`.detach()`, "
    "`.data` or `torch.no_grad()`), so `encoder_linear1` would never learn."
)
class HiddenDetached(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(torch.relu(self.encoder_linear1(x)).detach())


@exercise.misconception(
    "Your hidden layer is as wide as the code. It is to be twice as wide: 2 * encoding_dim."
)
class HiddenAsWideAsTheCode(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, encoding_dim)
        self.encoder_linear2 = nn.Linear(encoding_dim, encoding_dim)


@exercise.misconception(
    "Your hidden layer is twice as wide as the input. It is to be twice as wide as the code: "
    "2 * encoding_dim."
)
class HiddenTwiceTheInput(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, 2 * input_dim)
        self.encoder_linear2 = nn.Linear(2 * input_dim, encoding_dim)


@exercise.misconception(
    "Your layers have no bias. The bias decides where each ReLU has its kink: leave out "
    "`bias=False`."
)
class NoBias(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim, bias=False)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim, bias=False)


@exercise.misconception(
    "Your first layer has no bias. The bias decides where each ReLU has its kink: without it all "
    "kinks pass through the origin. Leave out `bias=False`."
)
class NoBiasInTheFirst(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim, bias=False)


@exercise.misconception(
    "Your hidden layer is half as wide as the input. That fits 768 and 192, but not other sizes. "
    "It is to be twice as wide as the code: 2 * encoding_dim."
)
class HiddenHalfTheInput(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, input_dim // 2)
        self.encoder_linear2 = nn.Linear(input_dim // 2, encoding_dim)


@exercise.misconception(
    "Your code is as wide as the hidden layer. The second layer must narrow it down, from "
    "2 * encoding_dim numbers to encoding_dim."
)
class CodeAsWideAsTheHidden(TwoLayerEncoderRelu):
    def __init__(self, input_dim, encoding_dim):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, 2 * encoding_dim)


@exercise.misconception(
    "You use ReLU6, which also cuts everything above 6. This encoder uses plain ReLU: `nn.ReLU()`."
)
class Relu6(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(nn.functional.relu6(self.encoder_linear1(x)))


@exercise.misconception(
    "`.squeeze()` removes every axis of length 1. From a batch of one it takes away the batch. A "
    "code has shape (batch, encoding_dim), for a batch of one too: leave it out."
)
class Squeezed(TwoLayerEncoderRelu):
    def forward(self, x):
        return super().forward(x).squeeze()


@exercise.misconception(
    "You make the layers in `forward`: each call draws new random weights, and training never "
    "reaches them. Make each layer once, in `__init__`, and keep it in `self`."
)
class LayersMadeInForward(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.input_dim, self.encoding_dim = input_dim, encoding_dim

    def forward(self, x):
        encoder_linear1 = nn.Linear(self.input_dim, 2 * self.encoding_dim)
        encoder_linear2 = nn.Linear(2 * self.encoding_dim, self.encoding_dim)
        return encoder_linear2(torch.relu(encoder_linear1(x)))


@exercise.misconception(
    "Layers are made, but not kept: they are local variables of `__init__` and are gone when it "
    "ends. Write `self.` in front of each name."
)
class SelfForgotten(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)  # noqa: F841
        encoder_relu1 = nn.ReLU()  # noqa: F841
        encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)  # noqa: F841

    def forward(self, x):
        return self.encoder_linear2(self.encoder_relu1(self.encoder_linear1(x)))


# torch's error names the class, and the learner's has this name
SelfForgotten.__name__ = TwoLayerEncoderRelu.__name__


@exercise.misconception(
    "`nn.ReLU` is a class: calling it makes a layer, not a result. Make the layer once in "
    "`__init__`, with brackets, `self.encoder_relu1 = nn.ReLU()`, and call that layer in `forward`."
)
class ReluLayerNotMade(TwoLayerEncoderRelu):
    def forward(self, x):
        return self.encoder_linear2(nn.ReLU(self.encoder_linear1(x)))


@exercise.misconception(
    "You put the layers into an `nn.Sequential`. It computes the same, but its parameters are "
    "called `encoder.0.weight` and so on: saved weights of the lesson's model would not fit. Make "
    "`self.encoder_linear1` and `self.encoder_linear2`."
)
class LayersInSequential(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 2 * encoding_dim),
            nn.ReLU(),
            nn.Linear(2 * encoding_dim, encoding_dim),
        )

    def forward(self, x):
        return self.encoder(x)


@exercise.style
class WithoutReluLayer(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, encoding_dim * 2)
        self.encoder_linear2 = nn.Linear(encoding_dim * 2, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(torch.relu(self.encoder_linear1(x)))


@exercise.style
class StepByStep(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        hidden_dim = 2 * encoding_dim
        self.encoder_linear1 = nn.Linear(input_dim, hidden_dim)
        self.encoder_relu1 = nn.ReLU(inplace=True)
        self.encoder_linear2 = nn.Linear(hidden_dim, encoding_dim)

    def forward(self, x):
        encoded = self.encoder_linear1(x)
        encoded = self.encoder_relu1(encoded)
        return self.encoder_linear2(encoded)


@exercise.style
class InALoop(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)  # order does not matter
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_relu1 = nn.ReLU()

    def forward(self, x):
        for layer in (self.encoder_linear1, self.encoder_relu1, self.encoder_linear2):
            x = layer(x)
        return x
