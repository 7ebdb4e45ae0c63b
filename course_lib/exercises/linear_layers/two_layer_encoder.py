"""Exercise `TwoLayerEncoder`: the lesson's encoder as a class, two linear layers in a row."""

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import ModuleExercise


class TwoLayerEncoder(nn.Module):
    """Two linear layers, input_dim → 2 * encoding_dim → encoding_dim, and nothing in between.

    Attributes: encoder_linear1 and encoder_linear2, both nn.Linear with a bias.
    """

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Encode inputs x, shape (batch, input_dim), as codes, shape (batch, encoding_dim)."""
        ### BEGIN SOLUTION
        hidden = self.encoder_linear1(x)  # (batch, 2 * encoding_dim)
        return self.encoder_linear2(hidden)  # (batch, encoding_dim)
        ### END SOLUTION


def cases(draw: Draw):
    """Codes smaller than, as large as and larger than the input; a hidden width equal to it."""
    for batch, input_dim, encoding_dim, note in (
        (1, 5, 2, "a batch of one"),
        (4, 7, 3, "a batch of four"),
        (3, 6, 3, "an input as wide as the hidden layer"),
        (5, 4, 4, "a code as wide as the input"),
        (6, 3, 5, "a code wider than the input"),
    ):
        yield Case(
            {"x": draw.normal(batch, input_dim)},
            init={"input_dim": input_dim, "encoding_dim": encoding_dim},
            note=note,
        )
    yield Case(
        {"x": draw.normal(8, 6, scale=20.0, layout="transposed")},
        init={"input_dim": 6, "encoding_dim": 2},
        note="large inputs that are not contiguous in memory",
    )
    yield Case(
        {"x": draw.normal(3, 5, dtype=torch.float64)},
        init={"input_dim": 5, "encoding_dim": 3},
        note="a model and an input in float64",
    )


exercise = ModuleExercise(
    TwoLayerEncoder,
    title="The encoder as a class",
    points=2,
    difficulty=1,
    minutes=10,
    why="Every model of this course is built this way: layers made in `__init__`, used in "
    "`forward`.",
    cases=cases,
    hints=(
        "`__init__` makes the layers once and keeps each of them as an attribute of `self`. "
        "`forward` only uses them.",
        "`nn.Linear(a, b)` takes `a` numbers to `b`. The way is input_dim → 2 * encoding_dim → "
        "encoding_dim. Which two numbers belong to the first layer, which to the second?",
        "The first line of `__init__` is `self.encoder_linear1 = nn.Linear(input_dim, 2 * "
        "encoding_dim)`. In `forward`, give `x` to the first layer and its result to the second.",
    ),
)


@exercise.misconception(
    "Your hidden layer is as wide as the code. The lesson's encoder goes by way of twice that "
    "width: `2 * encoding_dim`."
)
class HiddenAsWideAsCode(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, encoding_dim)
        self.encoder_linear2 = nn.Linear(encoding_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "Your hidden layer is twice as wide as the input. It should be twice as wide as the code: "
    "`2 * encoding_dim`."
)
class HiddenTwiceTheInput(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * input_dim)
        self.encoder_linear2 = nn.Linear(2 * input_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "Your hidden layer is a third as wide as the input. For 768 and 128 that happens to be right. "
    "In general the hidden width is twice the code: `2 * encoding_dim`."
)
class HiddenAThirdOfTheInput(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, input_dim // 3)
        self.encoder_linear2 = nn.Linear(input_dim // 3, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "You go from the input to the code in a single layer. The encoder has two: first to `2 * "
    "encoding_dim`, then, with `encoder_linear2`, to `encoding_dim`."
)
class OneLayerOnly(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear1(x)


@exercise.misconception(
    "You make both layers but use only the first: your result is the hidden layer. Give it to "
    "`self.encoder_linear2` as well."
)
class SecondLayerNotUsed(TwoLayerEncoder):
    def forward(self, x):
        return self.encoder_linear1(x)


@exercise.misconception(
    "You give both layers the input `x`, and return what the second makes of it. The second layer "
    "takes the result of the first."
)
class SecondLayerGetsInput(TwoLayerEncoder):
    def forward(self, x):
        self.encoder_linear1(x)
        return self.encoder_linear2(x)


@exercise.misconception(
    "In `forward` you use the layers in the wrong order, the second one first (or the inner one "
    "of two nested calls is the second). `x` goes to `encoder_linear1`."
)
class OrderSwapped(TwoLayerEncoder):
    def forward(self, x):
        return self.encoder_linear1(self.encoder_linear2(x))


@exercise.misconception(
    "The sizes of your layers are the wrong way round. `nn.Linear` takes the number of inputs "
    "first, then the number of outputs (only the weight inside is stored as (out, in))."
)
class SizesSwapped(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(2 * encoding_dim, input_dim)
        self.encoder_linear2 = nn.Linear(encoding_dim, 2 * encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "The two names are swapped. `encoder_linear1` is the layer that meets the input, "
    "`encoder_linear2` the one that makes the code."
)
class NamesSwapped(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear2 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear1 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear1(self.encoder_linear2(x))


@exercise.misconception(
    "Your layers have no bias. Leave `bias=False` out: the lesson's layers add one."
)
class WithoutBias(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim, bias=False)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim, bias=False)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "`encoder_linear1` has no bias. Both of the lesson's layers add one: leave `bias=False` out."
)
class FirstWithoutBias(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim, bias=False)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "`encoder_linear2` has no bias. Both of the lesson's layers add one: leave `bias=False` out."
)
class SecondWithoutBias(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim, bias=False)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "The bias of `encoder_linear1` is never added: you multiply by its weight alone. Call the "
    "layer itself, `self.encoder_linear1(x)`, which does both."
)
class FirstBiasNotUsed(TwoLayerEncoder):
    def forward(self, x):
        return self.encoder_linear2(x @ self.encoder_linear1.weight.T)


@exercise.misconception(
    "Neither bias is ever added: you multiply by the weights alone. Call the layers themselves, "
    "such as `self.encoder_linear1(x)`: each multiplies and adds its bias."
)
class BiasesNotUsed(TwoLayerEncoder):
    def forward(self, x):
        return x @ self.encoder_linear1.weight.T @ self.encoder_linear2.weight.T


@exercise.misconception(
    "You return two tensors, the code and the hidden layer. Return the code alone."
)
class HiddenReturnedToo(TwoLayerEncoder):
    def forward(self, x):
        hidden = self.encoder_linear1(x)
        return self.encoder_linear2(hidden), hidden


@exercise.misconception(
    "You return two tensors, the hidden layer and the code. Return the second one alone."
)
class HiddenReturnedFirst(TwoLayerEncoder):
    def forward(self, x):
        hidden = self.encoder_linear1(x)
        return hidden, self.encoder_linear2(hidden)


@exercise.misconception(
    "Your layers are in a plain Python list. An `nn.Module` finds a layer only if it is an "
    "attribute of `self`: in a list its parameters are not seen, and so never trained."
)
class LayersInList(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.layers = [
            nn.Linear(input_dim, 2 * encoding_dim),
            nn.Linear(2 * encoding_dim, encoding_dim),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@exercise.misconception(
    "You put the layers into `nn.Sequential`. It computes the same, but its parameters are called "
    "`encoder.0.weight` and so on: saved weights of the lesson's model would not fit. Make "
    "`self.encoder_linear1` and `self.encoder_linear2`."
)
class LayersInSequential(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 2 * encoding_dim), nn.Linear(2 * encoding_dim, encoding_dim)
        )

    def forward(self, x):
        return self.encoder(x)


@exercise.misconception(
    "You put the layers into an `nn.ModuleList`. Their parameters are seen, but they are called "
    "`layers.0.weight` and so on. Make `self.encoder_linear1` and `self.encoder_linear2`."
)
class LayersInModuleList(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Linear(input_dim, 2 * encoding_dim), nn.Linear(2 * encoding_dim, encoding_dim)]
        )

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@exercise.misconception(
    "You make the layers in `forward`, so each call draws new random weights and nothing can be "
    "learnt. Make them once, in `__init__`, as attributes of `self`."
)
class LayersMadeInForward(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.input_dim, self.encoding_dim = input_dim, encoding_dim

    def forward(self, x):
        encoder_linear1 = nn.Linear(self.input_dim, 2 * self.encoding_dim)
        encoder_linear2 = nn.Linear(2 * self.encoding_dim, self.encoding_dim)
        return encoder_linear2(encoder_linear1(x))


@exercise.misconception(
    "`forward` makes the layers a second time. Each call then replaces the weights by new random "
    "ones, and nothing can be learnt. Leave the `nn.Linear` lines to `__init__`; `forward` only "
    "uses the layers."
)
class LayersMadeAgainInForward(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.sizes = input_dim, encoding_dim
        self.make_layers()

    def make_layers(self):
        input_dim, encoding_dim = self.sizes
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x):
        self.make_layers()
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "The layers are local variables of `__init__` and are gone when it ends. Keep them: "
    "`self.encoder_linear1 = …`."
)
class SelfForgotten(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)  # noqa: F841
        encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)  # noqa: F841

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


# torch's error names the class, and the learner's has this name
SelfForgotten.__name__ = TwoLayerEncoder.__name__


@exercise.misconception(
    "The line `super().__init__()` is missing, or comes after the layers. It must be the first "
    "line of `__init__`: it prepares the module to take up layers."
)
class SuperForgotten(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.misconception(
    "You put a ReLU between the layers. That comes in the next unit. This encoder is linear "
    "throughout."
)
class ReluBetween(TwoLayerEncoder):
    def forward(self, x):
        return self.encoder_linear2(torch.relu(self.encoder_linear1(x)))


@exercise.misconception(
    "You put a ReLU on the code, so none of its entries can be negative. This encoder is linear "
    "throughout: return what `encoder_linear2` gives."
)
class ReluOnCode(TwoLayerEncoder):
    def forward(self, x):
        return torch.relu(self.encoder_linear2(self.encoder_linear1(x)))


@exercise.misconception(
    "You put dropout between the layers. It sets half of the hidden numbers to 0 at random, and "
    "differently in each call. This encoder has two linear layers and nothing else."
)
class DropoutBetween(nn.Module):
    p = 0.5

    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.dropout = nn.Dropout(self.p)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x):
        return self.encoder_linear2(self.dropout(self.encoder_linear1(x)))


@exercise.misconception(
    "You put a little dropout between the layers. It sets a tenth of the hidden numbers to 0 at "
    "random, and differently in each call. This encoder has two linear layers and nothing else."
)
class LittleDropoutBetween(DropoutBetween):
    p = 0.1


@exercise.misconception(
    "Your values are right, but the code is cut off from the layers (`.detach()`, `.data` or "
    "`torch.no_grad()`), so they could never be trained."
)
class Detached(TwoLayerEncoder):
    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x)).detach()


@exercise.misconception(
    "You wrote the sizes 768, 256 and 128 into the layers. They hold for the lesson's example "
    "only: use `input_dim` and `encoding_dim`."
)
class SizesWrittenOut(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(768, 256)
        self.encoder_linear2 = nn.Linear(256, 128)

    def forward(self, x):
        return self.encoder_linear2(self.encoder_linear1(x))


@exercise.style
class HiddenWidthKept(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.hidden_dim = encoding_dim * 2
        self.encoder_linear2 = nn.Linear(self.hidden_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, self.hidden_dim)

    def forward(self, x):
        x = self.encoder_linear1(x)
        x = self.encoder_linear2(x)
        return x


@exercise.style
class ByHand(nn.Module):
    def __init__(self, input_dim, encoding_dim):
        super().__init__()
        self.encoder_linear1 = nn.Linear(in_features=input_dim, out_features=2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(in_features=2 * encoding_dim, out_features=encoding_dim)

    def forward(self, x):
        first, second = self.encoder_linear1, self.encoder_linear2
        return (x @ first.weight.T + first.bias) @ second.weight.T + second.bias


@exercise.style
class InALoop(nn.Module):
    def __init__(self, n_in, n_code):
        super().__init__()
        widths = [n_in, 2 * n_code, n_code]
        for i in (1, 2):
            setattr(self, f"encoder_linear{i}", nn.Linear(widths[i - 1], widths[i]))

    def forward(self, x):
        for layer in self.children():
            x = layer(x)
        return x
