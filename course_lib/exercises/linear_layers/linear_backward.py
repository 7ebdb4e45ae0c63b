"""Exercise `linear_backward`: the backward pass of a linear layer, for a batch, by hand.

grad_x = grad_out W        grad_W = grad_outᵀ x        grad_b = Σ_rows grad_out
"""

import torch
from torch import Tensor

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def linear_backward(x: Tensor, W: Tensor, grad_out: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Carry a gradient back through the linear layer y = x @ W.T + b.

    x        : inputs of the forward pass, shape (batch, in_features)
    W        : weights, shape (out_features, in_features)
    grad_out : gradient of the loss with respect to y, shape (batch, out_features)
    Returns the gradients of the loss with respect to x, W and b, in this order. Each has the
    shape of what it belongs to. (The value of b is not needed for any of them.)
    Write the three sums yourself, without autograd (no backward, no torch.autograd).
    """
    ### BEGIN SOLUTION
    grad_x = grad_out @ W  # (batch, out) @ (out, in): sums over the outputs
    grad_W = grad_out.T @ x  # (out, batch) @ (batch, in): sums over the batch
    grad_b = grad_out.sum(dim=0)  # (out,): the same bias was added in each row
    return grad_x, grad_W, grad_b
    ### END SOLUTION


def cases(draw: Draw):
    """Batches of one and more; square weights and square batches, where a transpose fits."""
    for batch, d_in, d_out, note in (
        (1, 3, 2, "a batch of one"),
        (4, 2, 3, "a batch of four"),
        (3, 5, 2, "more inputs than outputs"),
        (2, 3, 3, "a square weight matrix"),
        (3, 3, 3, "batch, inputs and outputs of one size"),
        (4, 2, 4, "as many outputs as rows in the batch"),
        (3, 2, 1, "a single output"),
        (2, 1, 3, "a single input feature"),
    ):
        yield Case(
            {
                "x": draw.normal(batch, d_in),
                "W": draw.normal(d_out, d_in),
                "grad_out": draw.normal(batch, d_out),
            },
            note=note,
        )
    yield Case(
        {
            "x": draw.normal(5, 3, scale=100, dtype=torch.float64),
            "W": draw.normal(4, 3, scale=100, dtype=torch.float64),
            "grad_out": draw.normal(5, 4, scale=100, dtype=torch.float64),
        },
        note="large values in float64",
    )
    yield Case(
        {
            "x": draw.normal(6, 3, layout="transposed"),
            "W": draw.normal(5, 3, layout="strided"),
            "grad_out": draw.normal(6, 5, layout="strided"),
        },
        note="tensors that are not contiguous in memory",
    )


exercise = FunctionExercise(
    linear_backward,
    title="The backward pass by hand",
    points=3,
    difficulty=3,
    minutes=25,
    why="Training does this for every layer, over and over again. `loss.backward()` does it for "
    "you, and you should know what it does.",
    cases=cases,
    gradients=False,
    outputs=("grad_x", "grad_W", "grad_b"),
    hints=(
        "A gradient has the shape of what it belongs to. So `grad_x` is (batch, in), `grad_W` is "
        "(out, in) and `grad_b` is (out,). Write down the shapes of what you have beside them.",
        "Each of the three formulas sums over one index: for x over the outputs j, for W and b "
        "over the rows r of the batch. A matrix product sums over the dimension in the middle.",
        "`grad_x` is (batch, out) times (out, in), and both of these are at hand as they are. "
        "`grad_W` is (out, batch) times (batch, in), so turn `grad_out` round. For `grad_b`, add "
        "up the rows of `grad_out`.",
    ),
)


@exercise.misconception(
    "Your `grad_W` is the transpose of what is needed: shape (in, out). A gradient has the shape "
    "of its parameter, and `W` is (out, in)."
)
def grad_W_transposed(x, W, grad_out):
    return grad_out @ W, x.T @ grad_out, grad_out.sum(0)


@exercise.misconception(
    "You average over the batch in `grad_W` and `grad_b`. If the loss is a mean, `grad_out` holds "
    "that division already: here, sum."
)
def averaged_over_batch(x, W, grad_out):
    n = len(x)
    return grad_out @ W, grad_out.T @ x / n, grad_out.mean(0)


@exercise.misconception(
    "You average `grad_W` over the batch. Each row of the batch adds its part: sum, do not divide."
)
def grad_W_averaged(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x / len(x), grad_out.sum(0)


@exercise.misconception(
    "You average `grad_b` over the batch. Each row of the batch adds its part: sum, do not divide."
)
def grad_b_averaged(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.mean(0)


@exercise.misconception(
    "All three of your gradients are divided by the batch size. If the loss is a mean, `grad_out` "
    "holds that division already."
)
def all_averaged(x, W, grad_out):
    n = len(x)
    return grad_out @ W / n, grad_out.T @ x / n, grad_out.mean(0)


@exercise.misconception(
    "Your `grad_b` still has one row for each input of the batch. The same bias is added in every "
    "row, so its effects add up: sum over the batch."
)
def grad_b_not_summed(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.clone()


@exercise.misconception(
    "You sum `grad_b` over the outputs, which leaves one number a row. Sum over the batch, the "
    "first dimension, so that one number an output is left."
)
def grad_b_summed_over_outputs(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.sum(1)


@exercise.misconception(
    "Your `grad_b` is a single number: `.sum()` without a dimension adds up everything. There is "
    "one bias for each output: sum over the first dimension only."
)
def grad_b_summed_over_all(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.sum()


@exercise.misconception(
    "All entries of your `grad_b` are the same: the sum over everything. A bias acts on its own "
    "output only, so each entry is the sum of one column of `grad_out`."
)
def grad_b_same_for_all(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.sum().repeat(len(W))


@exercise.misconception(
    "Your `grad_b` is the last row of `grad_out` alone. Every row of the batch adds its part: in a "
    "loop, write `+=` where you wrote `=`."
)
def grad_b_of_last_row(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out[-1].clone()


@exercise.misconception(
    "Your `grad_b` has shape (1, out). The bias has shape (out,), and so has its gradient: leave "
    "`keepdim` out."
)
def grad_b_keeps_the_batch(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, grad_out.sum(0, keepdim=True)


@exercise.misconception(
    "You say that `grad_b` is all ones. One is the slope of y with respect to b; the chain rule "
    "multiplies it by the slope of the loss, `grad_out`, and sums over the batch."
)
def grad_b_all_ones(x, W, grad_out):
    return grad_out @ W, grad_out.T @ x, torch.ones_like(grad_out[0])


@exercise.misconception(
    "In `grad_x` you multiply by `W.T`, as in the forward pass. The way back is the other one: "
    "`grad_out` is (batch, out) and `W`, as it is stored, (out, in)."
)
def grad_x_with_transposed_weight(x, W, grad_out):
    return grad_out @ W.T, grad_out.T @ x, grad_out.sum(0)


@exercise.misconception(
    "Where `W` is square, your `grad_x` uses `W.T` as in the forward pass. Both fit then, but only "
    "`grad_out @ W` sums over the outputs."
)
def square_weight_as_in_forward(x, W, grad_out):
    grad_x = grad_out @ (W.T if W.shape[0] == W.shape[1] else W)
    return grad_x, grad_out.T @ x, grad_out.sum(0)


@exercise.misconception(
    "`grad_out` is missing: these are the slopes of y alone (of the sum of all its entries). The "
    "chain rule multiplies them by `grad_out`, the slope of the loss."
)
def grad_out_ignored(x, W, grad_out):
    ones = torch.ones_like(grad_out)
    return ones @ W, ones.T @ x, ones.sum(0)


@exercise.misconception(
    "You sum `grad_x` over the batch. Each row of `x` was an input of its own and keeps a gradient "
    "of its own, shape (batch, in). Only W and b are shared by all rows."
)
def grad_x_summed(x, W, grad_out):
    return (grad_out @ W).sum(0), grad_out.T @ x, grad_out.sum(0)


@exercise.misconception(
    "All rows of your `grad_x` are the same: you add them up and give each row the sum. Each row "
    "of `x` was an input of its own and keeps a gradient of its own."
)
def grad_x_same_for_all_rows(x, W, grad_out):
    return (grad_out @ W).sum(0).repeat(len(x), 1), grad_out.T @ x, grad_out.sum(0)


@exercise.misconception(
    "You keep one `grad_W` for each row of the batch. The same W was used in every row, so its "
    "effects add up: sum over the batch."
)
def grad_W_not_summed(x, W, grad_out):
    return grad_out @ W, grad_out[:, :, None] * x[:, None, :], grad_out.sum(0)


@exercise.misconception(
    "You take only the first row of the batch for `grad_W`. Every row adds its part."
)
def grad_W_of_first_row(x, W, grad_out):
    return grad_out @ W, torch.outer(grad_out[0], x[0]), grad_out.sum(0)


@exercise.misconception(
    "You take only the last row of the batch for `grad_W`. Every row adds its part: in a loop, "
    "write `+=` where you wrote `=`."
)
def grad_W_of_last_row(x, W, grad_out):
    return grad_out @ W, torch.outer(grad_out[-1], x[-1]), grad_out.sum(0)


@exercise.misconception(
    "In `grad_W` you add up the rows first and multiply afterwards. The order matters: multiply "
    "within each row, then add up. `grad_out.T @ x` does just that."
)
def grad_W_product_of_sums(x, W, grad_out):
    return grad_out @ W, torch.outer(grad_out.sum(0), x.sum(0)), grad_out.sum(0)


@exercise.misconception(
    "You bring `x.T @ grad_out`, of shape (in, out), into the shape of `W` with `reshape`. The "
    "entries stay in their old order, so they land in wrong places. Turn it round with `.T`."
)
def grad_W_reshaped(x, W, grad_out):
    return grad_out @ W, (x.T @ grad_out).reshape(W.shape), grad_out.sum(0)


@exercise.misconception(
    "Your three gradients come in another order. The exercise asks for those of x, W and b: "
    "`return grad_x, grad_W, grad_b`."
)
def weight_returned_first(x, W, grad_out):
    return grad_out.T @ x, grad_out.sum(0), grad_out @ W


@exercise.misconception(
    "Your values are right, but summing in place changes the caller's `grad_out`: `grad_out[0]` is "
    "not a copy, so `+=` writes into it. Start from zeros, or use `.sum(dim=0)`."
)
def grad_out_changed(x, W, grad_out):
    grad_x, grad_W, grad_b = grad_out @ W, grad_out.T @ x, grad_out[0]
    for row in range(1, len(grad_out)):
        grad_b += grad_out[row]
    return grad_x, grad_W, grad_b


@exercise.misconception(
    "You switch on autograd for the caller's own `x` and `W` (`requires_grad_`). They keep that "
    "mark, and the next call adds to their `.grad`. Besides, the exercise asks for the three sums "
    "by hand."
)
def inputs_marked_for_autograd(x, W, grad_out):
    x.requires_grad_()
    W.requires_grad_()
    (x @ W.T).backward(grad_out)
    return x.grad, W.grad, grad_out.sum(0)


@exercise.misconception(
    "Your signs are turned round. The gradient points to where the loss rises; the minus comes "
    "only in the step of training, `W - rate * grad_W`."
)
def signs_reversed(x, W, grad_out):
    return -(grad_out @ W), -(grad_out.T @ x), -grad_out.sum(0)


@exercise.style
def with_einsum(x, W, grad_out):
    return (
        torch.einsum("no,oi->ni", grad_out, W),
        torch.einsum("no,ni->oi", grad_out, x),
        torch.einsum("no->o", grad_out),
    )


@exercise.style
def row_by_row(x, W, grad_out):
    grad_W, grad_b, rows = torch.zeros_like(W), torch.zeros_like(W[:, 0]), []
    for row, g in zip(x, grad_out, strict=True):
        rows.append(W.T @ g)
        grad_W += torch.outer(g, row)
        grad_b += g
    return torch.stack(rows), grad_W, grad_b


@exercise.style
def turned_round(x, W, grad_out):
    ones = torch.ones(x.shape[0], dtype=x.dtype)
    return (W.T @ grad_out.T).T, (x.T @ grad_out).T, ones @ grad_out


@exercise.style
def with_autograd(x, W, grad_out):
    x, W = x.clone().requires_grad_(), W.clone().requires_grad_()
    b = torch.zeros(W.shape[0], dtype=W.dtype, requires_grad=True)
    return torch.autograd.grad(x @ W.T + b, (x, W, b), grad_out)
