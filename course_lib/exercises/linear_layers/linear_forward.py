"""Exercise `linear_forward`: the forward pass of a linear layer, for a batch, by hand."""

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def linear_forward(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Apply a linear layer to a batch, without nn.Linear or F.linear.

    x : inputs, shape (batch, in_features)
    W : weights, shape (out_features, in_features)
    b : biases, shape (out_features,)
    Returns the outputs, shape (batch, out_features).
    """
    ### BEGIN SOLUTION
    return x @ W.T + b
    ### END SOLUTION


def cases(draw: Draw):
    """Batches of several sizes; one output, one input; square weights, where a missing transpose
    goes unnoticed."""
    for batch, d_in, d_out in ((1, 3, 2), (3, 2, 4), (5, 4, 3)):
        yield Case(
            {"x": draw.normal(batch, d_in), "W": draw.normal(d_out, d_in), "b": draw.normal(d_out)},
            note=f"a batch of {batch}",
        )
    for batch, d_in, d_out, note in (
        (2, 2, 1, "a single output"),
        (3, 1, 2, "a single input feature"),
    ):
        yield Case(
            {"x": draw.normal(batch, d_in), "W": draw.normal(d_out, d_in), "b": draw.normal(d_out)},
            note=note,
        )
    yield Case(
        {"x": draw.normal(2, 3), "W": draw.normal(3, 3), "b": draw.normal(3)},
        note="a square weight matrix",
    )
    yield Case(
        {"x": draw.normal(4, 4), "W": draw.normal(4, 4), "b": draw.normal(4)},
        note="a batch as large as the layer",
    )
    yield Case(
        {
            "x": draw.normal(4, 3, scale=100, dtype=torch.float64),
            "W": draw.normal(5, 3, dtype=torch.float64),
            "b": draw.normal(5, scale=100, dtype=torch.float64),
        },
        note="large values in float64",
    )
    yield Case(
        {
            "x": draw.normal(6, 3, layout="transposed"),
            "W": draw.normal(4, 3, layout="strided"),
            "b": draw.normal(4),
        },
        note="tensors that are not contiguous in memory",
    )


exercise = FunctionExercise(
    linear_forward,
    title="The forward pass by hand",
    points=2,
    difficulty=1,
    minutes=10,
    why="Every encoder and every decoder in this course is made of linear layers.",
    cases=cases,
    hints=(
        "Write down the shapes first: `x` is (batch, in), `W` is (out, in), and the result must "
        "be (batch, out). Which of the two must be turned round?",
        "A matrix product sums over the dimension in the middle: (batch, in) times (in, out). "
        "`W.T` has shape (in, out).",
        "`x @ W.T` has shape (batch, out). If you add `b`, of shape (out,), torch adds it to every "
        "row.",
    ),
)


@exercise.misconception(
    "You multiply by `W` as it is stored. Its shape is (out, in): each row holds the weights of "
    "one output. The product with `x` needs `W.T`."
)
def weight_not_transposed(x, W, b):
    return x @ W + b


@exercise.misconception(
    "You computed `W @ x`, the formula for a single input. Here the inputs are the rows of `x`, "
    "so `x` stands on the left. What does `W` need to follow it?"
)
def weight_on_the_left(x, W, b):
    return W @ x + b


@exercise.misconception(
    "You turned `W` round, but it stands on the wrong side: `W.T @ x`. The inputs are the rows of "
    "`x`, and a matrix product takes its rows from the left side."
)
def turned_weight_on_the_left(x, W, b):
    return W.T @ x + b


@exercise.misconception(
    "Where `W` is square you multiply by it as it is stored. The shapes fit then, but each input "
    "meets the wrong weight. `W` must be turned round whatever its shape."
)
def square_weight_not_transposed(x, W, b):
    return x @ (W if W.shape[0] == W.shape[1] else W.T) + b


@exercise.misconception(
    "Your values are right, but `W.t_()` turns the caller's own `W` round: a method that ends in "
    "`_` changes its tensor. Write `W.T`, which leaves `W` as it is."
)
def weight_turned_in_place(x, W, b):
    return x @ W.t_() + b


@exercise.misconception(
    "You use `reshape` or `view` to turn `W` round. The shape fits, but the entries stay in their "
    "old order, so each weight meets the wrong input. Rows become columns with `W.T`."
)
def weight_reshaped(x, W, b):
    return x @ W.reshape(W.shape[1], W.shape[0]) + b


@exercise.misconception("The bias is missing: your result is `x @ W.T` alone. Add `b` to each row.")
def bias_forgotten(x, W, b):
    return x @ W.T


@exercise.misconception("You subtract the bias; a linear layer adds it.")
def bias_subtracted(x, W, b):
    return x @ W.T - b


@exercise.misconception(
    "Each row of your batch gets one bias for the whole row. `b` holds one bias an output: it "
    "must be added along the last dimension, so leave its shape as (out,)."
)
def bias_down_the_batch(x, W, b):
    return x @ W.T + b[:, None]


@exercise.misconception(
    "You add the bias while the batch is still the last dimension, as in `(W @ x.T + b).T`. torch "
    "then gives each input a bias instead of each output. Turn the product round first, then add "
    "`b`."
)
def bias_added_before_turning(x, W, b):
    return (W @ x.T + b).T


@exercise.misconception(
    "You add the bias once for every product, so once for each input feature. It belongs after "
    "the sum: first add up all the products of an output, then add its bias once."
)
def bias_in_every_product(x, W, b):
    return (W * x[:, None, :] + b[:, None]).sum(dim=2)


@exercise.misconception(
    "You add the first bias to all outputs. `b` holds one bias for each output: add the whole of "
    "`b`, not `b[0]`."
)
def first_bias_for_all(x, W, b):
    return x @ W.T + b[0]


@exercise.misconception(
    "You multiply entry by entry with `*`. A linear layer sums the products over the inputs: use "
    "`@`."
)
def elementwise_product(x, W, b):
    return x * W + b


@exercise.misconception(
    "Your result has shape (out, batch): you computed `W @ x.T`. In torch the batch comes first, "
    "so turn it round."
)
def batch_last(x, W, b):
    return W @ x.T + b[:, None]


@exercise.misconception(
    "Only the first input of the batch comes out. Each row of `x` is an input of its own, so the "
    "result needs as many rows as `x`."
)
def first_row_only(x, W, b):
    return x[0] @ W.T + b


@exercise.misconception(
    "All your rows are alike: each is the output for the first input. Each row of `x` is an input "
    "of its own and has an output of its own."
)
def first_row_for_all(x, W, b):
    return (x[0] @ W.T + b).repeat(len(x), 1)


@exercise.misconception(
    "`squeeze` drops every dimension of size 1. A batch of one is still a batch, and a single "
    "output is still a column: leave the result in shape (batch, out)."
)
def squeezed(x, W, b):
    return (x @ W.T + b).squeeze()


@exercise.misconception(
    "Your negative outputs have become 0. A linear layer leaves them negative. Cutting them off is "
    "an activation function, the subject of the next unit."
)
def negatives_cut_off(x, W, b):
    return (x @ W.T + b).clamp(min=0)


@exercise.misconception(
    "You make a new `nn.Linear`. Its weights are random numbers of its own, not the `W` and `b` "
    "that you were given."
)
def random_layer(x, W, b):
    return nn.Linear(x.shape[1], W.shape[0])(x)


@exercise.misconception(
    "Your values are right, but the result is cut off from its inputs (`.detach()`, `.data`, "
    "`.numpy()` or `torch.no_grad()`), so nothing could be trained through it."
)
def detached(x, W, b):
    return (x @ W.T + b).detach()


@exercise.misconception(
    "You build the result from Python numbers (`float()`, `.item()`, `.tolist()` or "
    "`torch.tensor`). A new tensor does not know where its numbers came from, so nothing could be "
    "trained through it, and float64 inputs come out as float32. Compute with tensors throughout."
)
def made_of_python_numbers(x, W, b):
    return torch.tensor((x @ W.T + b).tolist())


@exercise.misconception(
    "Your values are right, but your code changes `b` in place (`+=`, or a method that ends in "
    "`_`). The caller still needs it: make a new tensor instead."
)
def bias_changed_in_place(x, W, b):
    out = x @ W.T
    b += 1
    return out + b - 1


@exercise.misconception(
    "You add the bias to the input, before the weights. It comes after them, one for each output."
)
def bias_added_to_input(x, W, b):
    return (x + b) @ W.T


@exercise.style
def with_einsum(x, W, b):
    return torch.einsum("bi,oi->bo", x, W) + b


@exercise.style
def with_loops(x, W, b):
    return torch.stack(
        [torch.stack([(row * w).sum() + bias for w, bias in zip(W, b, strict=True)]) for row in x]
    )


@exercise.style
def transposed_twice(x, W, b):
    return (W @ x.T).T + b
