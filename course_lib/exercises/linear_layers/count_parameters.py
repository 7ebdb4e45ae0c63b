"""Exercise `count_parameters`: the trainable parameters of the lesson's autoencoder."""

from torch import nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def count_parameters(input_dim: int, encoding_dim: int) -> int:
    """Count the trainable parameters of the lesson's autoencoder, by a formula.

    The widths are input_dim → 2 * encoding_dim → encoding_dim → 2 * encoding_dim → input_dim,
    and each of the four linear layers has weights and biases.
    Returns the number of all of them, an int.
    """
    ### BEGIN SOLUTION
    hidden_dim = 2 * encoding_dim
    weights_encoder = input_dim * hidden_dim + hidden_dim * encoding_dim
    weights_decoder = encoding_dim * hidden_dim + hidden_dim * input_dim
    biases = hidden_dim + encoding_dim + hidden_dim + input_dim  # one an output, layer by layer
    return weights_encoder + weights_decoder + biases
    ### END SOLUTION


def cases(draw: Draw):
    """Sizes that can be counted by hand, two drawn anew, and the lesson's own."""
    yield Case({"input_dim": 3, "encoding_dim": 1}, note="four layers: 3 → 2 → 1 → 2 → 3")
    yield Case({"input_dim": 4, "encoding_dim": 4}, note="a code as wide as the input")
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
    tolerance=(0.0, 0.0),  # a count is exact, even if it is returned as a float
    hints=(
        "Start with one layer. How many entries has a weight of shape (out, in)? How many biases "
        "come with it?",
        "A layer from `a` to `b` numbers has `a * b + b` parameters. Go through the four pairs of "
        "widths in the docstring, one by one.",
        "With `hidden_dim = 2 * encoding_dim`, the first layer has `input_dim * hidden_dim + "
        "hidden_dim` parameters, and the last one `hidden_dim * input_dim + input_dim`. Two more "
        "stand between them.",
    ),
)


@exercise.misconception(
    "The biases are missing: you count the weights alone. Each layer adds one bias for each of "
    "its outputs."
)
def biases_forgotten(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h * encoding_dim)


@exercise.misconception(
    "You count the encoder only. The decoder's two layers lead back from the code to the input."
)
def encoder_only(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return input_dim * h + h + h * encoding_dim + encoding_dim


@exercise.misconception(
    "You count the decoder only. The encoder's two layers come first, from the input to the code."
)
def decoder_only(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return encoding_dim * h + h + h * input_dim + input_dim


@exercise.misconception(
    "You count the encoder twice. The decoder has as many weights as the encoder, but not as many "
    "biases: its last layer has `input_dim` outputs, and so `input_dim` biases."
)
def encoder_twice(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h + h * encoding_dim + encoding_dim)


@exercise.misconception(
    "You took the hidden width to be `encoding_dim`. It is twice that: `2 * encoding_dim`."
)
def hidden_as_wide_as_code(input_dim, encoding_dim):
    n, c = input_dim, encoding_dim
    return (n * c + c) + (c * c + c) + (c * c + c) + (c * n + n)


@exercise.misconception(
    "You left the hidden layers out: you go from the input straight to the code and back. There "
    "are four layers, by way of `2 * encoding_dim`."
)
def without_hidden_layers(input_dim, encoding_dim):
    return (input_dim * encoding_dim + encoding_dim) + (encoding_dim * input_dim + input_dim)


@exercise.misconception(
    "You count one bias for each layer. There is one for each output of the layer."
)
def one_bias_a_layer(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h * encoding_dim) + 4


@exercise.misconception(
    "You count a bias for each weight. A bias belongs to an output: a layer from `a` to `b` "
    "numbers has `b` of them."
)
def a_bias_for_each_weight(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 4 * (input_dim * h + h * encoding_dim)


@exercise.misconception(
    "You count the weights of encoder and decoder once, as if they were shared. Here the decoder "
    "has weights of its own."
)
def weights_shared(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return input_dim * h + h * encoding_dim + h + encoding_dim + h + input_dim


@exercise.misconception(
    "The biases of the last layer are missing. It has `input_dim` outputs, each with a bias."
)
def last_biases_forgotten(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h * encoding_dim) + h + encoding_dim + h


@exercise.misconception(
    "You count inputs and outputs of a layer together as its biases. Only the outputs have one."
)
def biases_at_both_ends(input_dim, encoding_dim):
    h = 2 * encoding_dim
    return 2 * (input_dim * h + h * encoding_dim) + 2 * (h + encoding_dim + h + input_dim)


@exercise.misconception(
    "You add up the widths, which counts numbers that flow through the model. Its parameters are "
    "the weights between two neighbouring widths, their product, and the biases."
)
def widths_added(input_dim, encoding_dim):
    return input_dim + 2 * encoding_dim + encoding_dim + 2 * encoding_dim + input_dim


@exercise.style
def closed_formula(input_dim, encoding_dim):
    n, c = input_dim, encoding_dim
    return 4 * n * c + 4 * c**2 + 5 * c + n


@exercise.style
def layer_by_layer(input_dim, encoding_dim):
    widths = [input_dim, 2 * encoding_dim, encoding_dim, 2 * encoding_dim, input_dim]
    return sum((widths[i] + 1) * widths[i + 1] for i in range(4))


@exercise.style
def counted_on_layers(input_dim, encoding_dim):
    h = 2 * encoding_dim
    model = nn.Sequential(
        nn.Linear(input_dim, h),
        nn.Linear(h, encoding_dim),
        nn.Linear(encoding_dim, h),
        nn.Linear(h, input_dim),
    )
    return sum(p.numel() for p in model.parameters())


@exercise.style
def biases_read_backwards(input_dim, encoding_dim):
    # from the last layer to the first the widths are the same, so their sum is too
    total = 0
    for a, b in ((input_dim, 2 * encoding_dim), (2 * encoding_dim, encoding_dim)):
        total += a * b + a  # the decoder's layer that leads to a
        total += a * b + b  # the encoder's layer that leads to b
    return total
