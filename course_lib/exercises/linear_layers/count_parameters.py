"""Exercise `count_parameters`: the trainable parameters of the lesson's encoder and decoder."""

from itertools import pairwise

from torch import nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def count_parameters(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Count the parameters of the lesson's encoder and of its decoder, each by a formula.

    encoder : input_dim → 2 * encoding_dim → encoding_dim
    decoder : encoding_dim → 2 * encoding_dim → input_dim
    Each arrow is a linear layer with weights and biases.
    Returns two whole numbers: the encoder's parameters, then the decoder's.
    """
    ### BEGIN SOLUTION
    hidden_dim = 2 * encoding_dim
    weights = input_dim * hidden_dim + hidden_dim * encoding_dim  # as many down as up
    encoder = weights + hidden_dim + encoding_dim  # a bias for each output of its two layers
    decoder = weights + hidden_dim + input_dim
    return encoder, decoder
    ### END SOLUTION


def cases(draw: Draw):
    """Sizes that can be counted by hand, two drawn anew, and the lesson's own."""
    yield Case({"input_dim": 3, "encoding_dim": 1}, note="3 → 2 → 1 and back, 1 → 2 → 3")
    yield Case({"input_dim": 4, "encoding_dim": 4}, note="a code as wide as the input")
    yield Case({"input_dim": 2, "encoding_dim": 5}, note="a code wider than the input")
    for low, high in ((5, 40), (41, 90)):
        yield Case({"input_dim": draw.integer(low, high), "encoding_dim": draw.integer(6, 30)})
    yield Case({"input_dim": 768, "encoding_dim": 128}, note="the lesson's sizes")


exercise = FunctionExercise(
    count_parameters,
    title="Counting parameters",
    points=2,
    difficulty=1,
    minutes=10,
    why="The number of parameters tells how much memory a model takes and how much there is to "
    "learn.",
    cases=cases,
    gradients=False,
    outputs=("encoder", "decoder"),
    tolerance=(0.0, 0.0),  # a count is exact
    hints=(
        "Start with one layer. How many entries has a weight of shape (out, in)? How many biases "
        "come with it?",
        "A layer from `a` to `b` numbers has `a * b` weights and `b` biases. The encoder has two "
        "such layers. For each of them, say what `a` and `b` are.",
        "With `hidden_dim = 2 * encoding_dim`, the encoder has `input_dim * hidden_dim + "
        "hidden_dim` parameters in its first layer and `hidden_dim * encoding_dim + encoding_dim` "
        "in its second. Do the same for the decoder, and return both sums.",
    ),
)


@exercise.misconception(
    "The biases are missing: you count the weights alone. Each layer adds one bias for each of "
    "its outputs."
)
def biases_forgotten(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return weights, weights


@exercise.misconception(
    "Your two numbers are right, but each in the other's place. Do you count a bias for each input "
    "of a layer? Biases belong to the outputs: each is added to the weighted sum of one output. "
    "(Or you return the decoder's number first, which comes to the same.)"
)
def biases_at_the_inputs(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return weights + input_dim + h, weights + encoding_dim + h


@exercise.misconception(
    "You give the encoder's number twice. The decoder has as many weights as the encoder, but not "
    "as many biases: its last layer has `input_dim` outputs, and so `input_dim` biases."
)
def encoder_twice(input_dim, encoding_dim):
    h = 2 * encoding_dim
    encoder = input_dim * h + h + h * encoding_dim + encoding_dim
    return encoder, encoder


@exercise.misconception(
    "You return one number, the total. Asked are two: the encoder's parameters and the decoder's."
)
def total_returned(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h * encoding_dim + h) + encoding_dim + input_dim


@exercise.misconception(
    "You return the encoder's parameters alone. The decoder's two layers lead back from the code "
    "to the input: count them too, as a second number."
)
def encoder_only(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return input_dim * h + h + h * encoding_dim + encoding_dim


@exercise.misconception(
    "You took the hidden width to be `encoding_dim`. It is twice that: `2 * encoding_dim`."
)
def hidden_as_wide_as_code(input_dim, encoding_dim):
    n, c = input_dim, encoding_dim
    return (n * c + c) + (c * c + c), (c * c + c) + (c * n + n)


@exercise.misconception(
    "You took the hidden width to be twice the input. It is twice the code: `2 * encoding_dim`."
)
def hidden_twice_the_input(input_dim, encoding_dim):
    n, c, h = input_dim, encoding_dim, 2 * input_dim
    return (n * h + h) + (h * c + c), (c * h + h) + (h * n + n)


@exercise.misconception(
    "You wrote the hidden width 256 into the formula. It holds for the lesson's example only. In "
    "general it is `2 * encoding_dim`."
)
def hidden_width_written_out(input_dim, encoding_dim):
    n, c, h = input_dim, encoding_dim, 256
    return (n * h + h) + (h * c + c), (c * h + h) + (h * n + n)


@exercise.misconception(
    "You left the hidden layers out: you go from the input straight to the code and back. Encoder "
    "and decoder have two layers each, by way of `2 * encoding_dim`."
)
def without_hidden_layers(input_dim, encoding_dim):
    n, c = input_dim, encoding_dim
    return n * c + c, c * n + n


@exercise.misconception(
    "You count one layer each: the encoder as far as the hidden width, the decoder from there. "
    "The layers next to the code are missing."
)
def outer_layers_only(input_dim, encoding_dim):
    n, h = input_dim, 2 * encoding_dim
    return n * h + h, h * n + n


@exercise.misconception(
    "You take the layers next to the code to have `2 * encoding_dim` numbers on both sides. One "
    "side is the code itself, which has `encoding_dim`."
)
def inner_layers_square(input_dim, encoding_dim):
    n, c, h = input_dim, encoding_dim, 2 * encoding_dim
    return (n * h + h) + (h * h + c), (h * h + h) + (h * n + n)


@exercise.misconception(
    "You count one bias for each layer. There is one for each output of the layer."
)
def one_bias_a_layer(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return weights + 2, weights + 2


@exercise.misconception(
    "You count a bias for each weight. A bias belongs to an output: a layer from `a` to `b` "
    "numbers has `b` of them."
)
def a_bias_for_each_weight(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return 2 * weights, 2 * weights


@exercise.misconception(
    "You count no weights for the decoder, as if it shared those of the encoder. Here the decoder "
    "has weights of its own."
)
def weights_shared(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return input_dim * h + h * encoding_dim + h + encoding_dim, h + input_dim


@exercise.misconception(
    "The biases of the very last layer are missing. It has `input_dim` outputs, each with a bias."
)
def last_biases_forgotten(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return weights + h + encoding_dim, weights + h


@exercise.misconception(
    "You count biases for the code a second time, in the decoder. The code is what the decoder "
    "starts from. Its biases were added in the encoder, where the code is an output."
)
def code_biases_counted_twice(input_dim, encoding_dim):
    h = 2 * encoding_dim
    weights = input_dim * h + h * encoding_dim
    return weights + h + encoding_dim, weights + encoding_dim + h + input_dim


@exercise.misconception(
    "You count inputs and outputs of a layer together as its biases. Only the outputs have one."
)
def biases_at_both_ends(input_dim, encoding_dim):
    n, c, h = input_dim, encoding_dim, 2 * encoding_dim
    weights = n * h + h * c
    return weights + (n + h) + (h + c), weights + (c + h) + (h + n)


@exercise.misconception(
    "You add up the widths. That counts the numbers which flow through the model. A layer has a "
    "weight for each pair of an input and an output, so their numbers are multiplied."
)
def widths_added(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return input_dim + h + encoding_dim, encoding_dim + h + input_dim


@exercise.misconception(
    "The numbers are right, but they are floats, such as 24.0. A count is a whole number: multiply "
    "with `*`, or divide with `//` where you wrote `/`."
)
def counted_in_floats(input_dim, encoding_dim):
    hidden = 2.0 * encoding_dim
    weights = input_dim * hidden + hidden * encoding_dim
    return weights + hidden + encoding_dim, weights + hidden + input_dim


@exercise.style
def closed_formula(input_dim, encoding_dim):
    n, c = input_dim, encoding_dim
    return 2 * n * c + 2 * c**2 + 3 * c, 2 * n * c + 2 * c**2 + 2 * c + n


@exercise.style
def layer_by_layer(input_dim, encoding_dim):
    def of_layers(widths):
        return sum((a + 1) * b for a, b in pairwise(widths))

    down = [input_dim, 2 * encoding_dim, encoding_dim]
    return of_layers(down), of_layers(down[::-1])


@exercise.style
def counted_on_layers(input_dim, encoding_dim):
    h = 2 * encoding_dim
    encoder = nn.Sequential(nn.Linear(input_dim, h), nn.Linear(h, encoding_dim))
    decoder = nn.Sequential(nn.Linear(encoding_dim, h), nn.Linear(h, input_dim))
    return [sum(p.numel() for p in model.parameters()) for model in (encoder, decoder)]


@exercise.style
def decoder_from_encoder(input_dim, encoding_dim):
    encoder = (input_dim + 1) * 2 * encoding_dim + (2 * encoding_dim + 1) * encoding_dim
    return encoder, encoder - encoding_dim + input_dim
