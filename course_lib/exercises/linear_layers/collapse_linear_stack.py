"""Exercise `collapse_linear_stack`: two linear layers in a row, written as a single one.

W2 (W1 x + b1) + b2  =  (W2 W1) x + (W2 b1 + b2)
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def collapse_linear_stack(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Give the one linear layer that computes what two layers in a row compute.

    W1 : weights of the first layer, shape (hidden, in_features)
    b1 : biases of the first layer, shape (hidden,)
    W2 : weights of the second layer, shape (out_features, hidden)
    b2 : biases of the second layer, shape (out_features,)
    Returns W, shape (out_features, in_features), and b, shape (out_features,), such that
    x @ W.T + b gives what the two layers give, the second one applied to the first one's output.
    """
    ### BEGIN SOLUTION
    W = W2 @ W1  # (out, hidden) @ (hidden, in)
    b = W2 @ b1 + b2  # the first bias passes through the second layer
    return W, b
    ### END SOLUTION


def cases(draw: Draw):
    """Non-square stacks, stacks with two or three equal widths, where wrong orders go unnoticed."""
    for d_in, hidden, d_out, note in (
        (1, 2, 3, "one input"),
        (4, 3, 2, "widths 4 → 3 → 2"),
        (3, 5, 3, "as many outputs as inputs"),
        (2, 4, 4, "a square second layer"),
        (4, 4, 2, "a square first layer"),
        (3, 3, 3, "square weights"),
    ):
        yield Case(
            {
                "W1": draw.normal(hidden, d_in),
                "b1": draw.normal(hidden),
                "W2": draw.normal(d_out, hidden),
                "b2": draw.normal(d_out),
            },
            note=note,
        )
    yield Case(
        {
            "W1": draw.normal(4, 5, scale=30, dtype=torch.float64),
            "b1": draw.normal(4, scale=30, dtype=torch.float64),
            "W2": draw.normal(3, 4, scale=30, dtype=torch.float64),
            "b2": draw.normal(3, scale=30, dtype=torch.float64),
        },
        note="large values in float64",
    )
    yield Case(
        {
            "W1": draw.normal(6, 4, layout="transposed"),
            "b1": draw.normal(6),
            "W2": draw.normal(5, 6, layout="strided"),
            "b2": draw.normal(5),
        },
        note="tensors that are not contiguous in memory",
    )


exercise = FunctionExercise(
    collapse_linear_stack,
    title="Two layers in one",
    points=3,
    difficulty=2,
    minutes=15,
    why="It is the reason for the next unit. With nothing between them, stacked linear layers are "
    "a single linear layer.",
    cases=cases,
    outputs=("W", "b"),
    hints=(
        "Write the two layers for one input vector: h = W1 x + b1, then y = W2 h + b2. Put the "
        "first line into the second and multiply out.",
        "You get y = W2 W1 x + W2 b1 + b2. What stands before x is the weight. What does not "
        "contain x is the bias.",
        "The weight is a product of two matrices: (out, hidden) times (hidden, in). In the bias, "
        "`b1` is first multiplied by the second weight, `W2 @ b1`. Then one more term is added.",
    ),
)


@exercise.misconception(
    "You multiply the weights in the wrong order, `W1 @ W2`. The input meets `W1` first, so `W1` "
    "stands on the right, next to x: check with the shapes, (out, hidden) times (hidden, in)."
)
def weights_in_wrong_order(W1, b1, W2, b2):
    return W1 @ W2, W2 @ b1 + b2


@exercise.misconception(
    "Where the shapes allow it, you multiply the weights as `W1 @ W2`. That shapes fit does not "
    "make a product right. The input meets `W1` first, so `W1` always stands on the right."
)
def wrong_order_where_it_fits(W1, b1, W2, b2):
    return W1 @ W2 if W1.shape[1] == W2.shape[0] else W2 @ W1, W2 @ b1 + b2


@exercise.misconception(
    "You compose the layers the other way round, as if x met the second layer first. Begin with "
    "h = W1 x + b1 and put it into the second layer."
)
def layers_in_wrong_order(W1, b1, W2, b2):
    return W1 @ W2, W1 @ b2 + b1


@exercise.misconception(
    "Your `W` is the transpose of what is asked for: shape (in, out). As in `nn.Linear`, it should "
    "hold one row for each output."
)
def weight_transposed(W1, b1, W2, b2):
    return W1.T @ W2.T, W2 @ b1 + b2


@exercise.misconception(
    "You add the two biases as they are. But `b1` is added before the second layer, so it passes "
    "through `W2` on its way."
)
def biases_added(W1, b1, W2, b2):
    return W2 @ W1, b1 + b2


@exercise.misconception(
    "The bias of the first layer is lost. It is added before the second layer, so it reaches the "
    "output as well."
)
def first_bias_forgotten(W1, b1, W2, b2):
    return W2 @ W1, b2.clone()


@exercise.misconception(
    "The bias of the second layer is lost: your `b` is what `W2` makes of `b1`. Add `b2` to it."
)
def second_bias_forgotten(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1


@exercise.misconception(
    "You send both biases through `W2`. Only `b1` comes before the second layer; `b2` is added "
    "after it."
)
def both_biases_multiplied(W1, b1, W2, b2):
    return W2 @ W1, W2 @ (b1 + b2)


@exercise.misconception(
    "You send `b1` through both layers, `W @ b1`. It is added after the first layer, so only `W2` "
    "still acts on it."
)
def bias_through_both_layers(W1, b1, W2, b2):
    W = W2 @ W1
    return W, W @ b1 + b2


@exercise.misconception(
    "You multiply `b1` with `W2` from the left, `b1 @ W2`. Each output needs the product of `b1` "
    "with a row of `W2`: write `W2 @ b1`, or `b1 @ W2.T`."
)
def bias_times_columns(W1, b1, W2, b2):
    return W2 @ W1, b1 @ W2 + b2


@exercise.misconception(
    "You multiply `W2` and `b1` entry by entry with `*`. Each output needs a sum of products: "
    "write `W2 @ b1`."
)
def elementwise_bias(W1, b1, W2, b2):
    return W2 @ W1, W2 * b1 + b2


@exercise.misconception(
    "In the bias you sum `W2 * b1` over everything, so each output gets the same number on top. "
    "Sum along each row of `W2` only: that is `W2 @ b1`."
)
def bias_summed_over_outputs(W1, b1, W2, b2):
    return W2 @ W1, (W2 * b1).sum() + b2


@exercise.misconception(
    "Your bias holds part of the weights: it is what the two layers make of an input of ones. The "
    "bias is what is left when the input is 0."
)
def bias_of_an_input_of_ones(W1, b1, W2, b2):
    return W2 @ W1, W2 @ (W1.sum(dim=1) + b1) + b2


@exercise.misconception(
    "You multiply the weights entry by entry with `*`. One layer after another is a matrix "
    "product: use `@`."
)
def elementwise_weights(W1, b1, W2, b2):
    return W2 * W1, W2 @ b1 + b2


@exercise.misconception(
    "You add the weights. One layer after another multiplies them: W2 (W1 x) is (W2 W1) x."
)
def weights_added(W1, b1, W2, b2):
    return W1 + W2, W2 @ b1 + b2


@exercise.misconception(
    "Your `b` is a column, shape (out, 1). A layer's bias has one dimension, shape (out,): leave "
    "`b1` and `b2` as they are."
)
def bias_as_column(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1[:, None] + b2[:, None]


@exercise.misconception(
    "Your `b` is a row, shape (1, out). A layer's bias has one dimension, shape (out,): leave "
    "`b1` and `b2` as they are."
)
def bias_as_row(W1, b1, W2, b2):
    return W2 @ W1, b1[None, :] @ W2.T + b2


@exercise.misconception(
    "Your values are right, but `b2 += …` writes them into the caller's `b2`. The caller still "
    "needs it: make a new tensor, `b = … + b2`."
)
def second_bias_changed(W1, b1, W2, b2):
    b2 += W2 @ b1
    return W2 @ W1, b2


@exercise.misconception(
    "You return the bias first. The exercise asks for the weights, then the bias: `return W, b`."
)
def bias_returned_first(W1, b1, W2, b2):
    return W2 @ b1 + b2, W2 @ W1


@exercise.misconception("You return the weight alone. The single layer has a bias too.")
def bias_not_returned(W1, b1, W2, b2):
    return W2 @ W1


@exercise.misconception(
    "Your values are right, but they are cut off from the four inputs (`.detach()`, `.data` or "
    "`torch.no_grad()`), so nothing could be trained through them."
)
def detached(W1, b1, W2, b2):
    return (W2 @ W1).detach(), (W2 @ b1 + b2).detach()


@exercise.style
def as_row_vectors(W1, b1, W2, b2):
    return (W1.T @ W2.T).T, b1 @ W2.T + b2


@exercise.style
def with_einsum(W1, b1, W2, b2):
    W = torch.einsum("oh,hi->oi", W2, W1)
    return W, torch.einsum("oh,h->o", W2, b1) + b2


@exercise.style
def probed_with_unit_vectors(W1, b1, W2, b2):
    # what the stack makes of zero is the bias; of each unit vector, a column of the weight
    def stack(x):
        return (x @ W1.T + b1) @ W2.T + b2

    n = W1.shape[1]
    b = stack(torch.zeros(n, dtype=W1.dtype))
    return (stack(torch.eye(n, dtype=W1.dtype)) - b).T, b


@exercise.style
def returned_as_list(W1, b1, W2, b2):
    return [W2.mm(W1), torch.addmv(b2, W2, b1)]
