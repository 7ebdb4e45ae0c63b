"""Wrong answers to unit 1, written from the text of the exercises alone,
without sight of the checks.
"""

import torch
from torch import Tensor, nn

# ---------------------------------------------------------------- Exercise 1: linear_forward


def linear_forward_1_bias_in_every_term(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Adds b inside the sum, so once per input feature; right for one input feature."""
    return (W * x[:, None, :] + b[:, None]).sum(dim=2)


def linear_forward_2_whatever_fits(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Tries x @ W first: for a square W that fits, and is wrong."""
    try:
        return x @ W + b
    except RuntimeError:
        return x @ W.T + b


def linear_forward_3_reshape_for_transpose(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Reshaping is not transposing; the same only for one input or one output."""
    return x @ W.reshape(W.shape[1], W.shape[0]) + b


def linear_forward_4_turns_callers_weight(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Right output, but t_() turns the caller's W in place: the second call is wrong or fails."""
    return x @ W.t_() + b


def linear_forward_5_squeezed(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Loses the batch axis for a batch of one, or the output axis for one output."""
    return (x @ W.T + b).squeeze()


def linear_forward_6_first_row_for_all(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Uses only the first input and repeats its output; right for a batch of one."""
    return (W @ x[0] + b).repeat(len(x), 1)


def linear_forward_7_first_bias_for_all(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Adds the first bias to every output; right for one output."""
    return x @ W.T + b[0]


def linear_forward_8_bias_along_the_batch(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Adds b while the batch is the last axis: runs if batch equals outputs, and is wrong."""
    return (W @ x.T + b).T


def linear_forward_9_fresh_tensor(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Makes a new tensor from Python numbers: cut from the graph, so W and b cannot learn."""
    rows = [[sum(w * v for w, v in zip(ws, vs, strict=True)) for ws in W] for vs in x]
    return torch.tensor([[float(y + c) for y, c in zip(r, b, strict=True)] for r in rows])


def linear_forward_10_no_negatives(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Cuts negative outputs off at zero, as if an activation belonged to the layer."""
    return (x @ W.T + b).clamp(min=0)


# ---------------------------------------------------------------- Exercise 2: predict_shapes

RIGHT_SHAPES = {
    "hidden_shape": (5, 256),
    "code_shape": (5, 128),
    "reconstruction_shape": (5, 768),
    "encoder_weight_shape": (256, 768),
    "encoder_bias_shape": (256,),
    "decoder_weight_shape": (768, 256),
}

# weights in the order of the arguments of nn.Linear: (in, out) instead of (out, in)
predict_shapes_1_weights_in_out = RIGHT_SHAPES | {
    "encoder_weight_shape": (768, 256),
    "decoder_weight_shape": (256, 768),
}
# the decoder is thought to be stored the other way round than the encoder
predict_shapes_2_decoder_weight_turned = RIGHT_SHAPES | {"decoder_weight_shape": (256, 768)}
# the bias is thought to be a row of a matrix
predict_shapes_3_bias_a_row = RIGHT_SHAPES | {"encoder_bias_shape": (1, 256)}
# the comma forgotten: (256) is an int, no tuple
predict_shapes_4_bias_an_int = RIGHT_SHAPES | {"encoder_bias_shape": 256}
# a bias for each input instead of each output
predict_shapes_5_bias_per_input = RIGHT_SHAPES | {"encoder_bias_shape": (768,)}
# a bias for each input of the batch
predict_shapes_6_bias_per_row = RIGHT_SHAPES | {"encoder_bias_shape": (5, 256)}
# the batch axis forgotten in the outputs
predict_shapes_7_no_batch = RIGHT_SHAPES | {
    "hidden_shape": (256,),
    "code_shape": (128,),
    "reconstruction_shape": (768,),
}
# batch axis last
predict_shapes_8_batch_last = RIGHT_SHAPES | {
    "hidden_shape": (256, 5),
    "code_shape": (128, 5),
    "reconstruction_shape": (768, 5),
}
# off by one layer: takes encoder_linear1's output for the code
predict_shapes_9_code_one_layer_early = RIGHT_SHAPES | {"code_shape": (5, 256)}
# gives decoder_linear1's output instead of decoder_linear2's
predict_shapes_10_one_decoder_layer = RIGHT_SHAPES | {"reconstruction_shape": (5, 256)}

# ---------------------------------------------------------------- Exercise 3: TwoLayerEncoder


class TwoLayerEncoder_1_relu_between(nn.Module):
    """An activation in between, where the text wants nothing."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(torch.relu(self.encoder_linear1(x)))


class TwoLayerEncoder_2_hidden_third_of_input(nn.Module):
    """Hidden width input_dim // 3: right for 768 and 128 only."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, input_dim // 3)
        self.encoder_linear2 = nn.Linear(input_dim // 3, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_linear1(x))


class TwoLayerEncoder_3_dropout_between(nn.Module):
    """Dropout in between: no parameters, unseen in eval mode, but wrong in training."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.dropout = nn.Dropout(0.1)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.dropout(self.encoder_linear1(x)))


class TwoLayerEncoder_4_first_bias_unused(nn.Module):
    """Multiplies with the bare weight of the first layer: its bias exists but is not added."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(x @ self.encoder_linear1.weight.T)


class TwoLayerEncoder_5_new_layers_in_forward(nn.Module):
    """Makes the layers anew in each call: the same input gives another code every time."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.input_dim, self.encoding_dim = input_dim, encoding_dim
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        self.encoder_linear1 = nn.Linear(self.input_dim, 2 * self.encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * self.encoding_dim, self.encoding_dim)
        return self.encoder_linear2(self.encoder_linear1(x))


class TwoLayerEncoder_6_no_grad(nn.Module):
    """Right numbers, but without gradients: the encoder can never be trained."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.encoder_linear2(self.encoder_linear1(x))


class TwoLayerEncoder_7_returns_both(nn.Module):
    """Returns a tuple of hidden values and code instead of the code."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder_linear1(x)
        return hidden, self.encoder_linear2(hidden)


class TwoLayerEncoder_8_other_layers_used(nn.Module):
    """The asked-for layers are there, but forward uses a second pair of layers."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)
        self.net = nn.Sequential(
            nn.Linear(input_dim, 2 * encoding_dim), nn.Linear(2 * encoding_dim, encoding_dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TwoLayerEncoder_9_second_without_bias(nn.Module):
    """The second layer has no bias; the text asks for both with one."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_linear1(x))


class TwoLayerEncoder_10_layer_outside_module(nn.Module):
    """Keeps the first layer in a plain list: encoder_linear1 is no submodule, not trained."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.first = [nn.Linear(input_dim, 2 * encoding_dim)]
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    @property
    def encoder_linear1(self) -> nn.Linear:
        return self.first[0]

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_linear1(x))


class TwoLayerEncoder_11_input_centred_in_place(nn.Module):
    """Centres the inputs first, and does so in the caller's own tensor."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        x -= x.mean(dim=0)
        return self.encoder_linear2(self.encoder_linear1(x))


# ---------------------------------------------------------------- Exercise 4: count_parameters
# right: 4nc + 4c² + 5c + n


def count_parameters_1_no_biases(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Forgets the biases."""
    weights = 2 * input_dim * encoding_dim + 2 * encoding_dim**2
    return weights, weights


def count_parameters_2_encoder_twice(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Takes the decoder to be as large as the encoder: its biases differ; right only for n = c."""
    n, c = input_dim, encoding_dim
    encoder = 2 * c * n + 2 * c + c * 2 * c + c
    return encoder, encoder


def count_parameters_3_float(input_dim: int, encoding_dim: int) -> tuple[float, float]:
    """Right numbers, but floats: the text asks for whole numbers."""
    n, hidden = input_dim, 2 * encoding_dim
    code = hidden / 2
    weights = n * hidden + hidden * code
    return weights + hidden + code, weights + hidden + n


def count_parameters_4_hidden_256(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Hard-coded hidden width 256: right for encoding_dim 128 only."""
    n, c = input_dim, encoding_dim
    return (n + 1) * 256 + (256 + 1) * c, (c + 1) * 256 + (256 + 1) * n


def count_parameters_5_biases_11c(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Biases 256 + 128 read as 3 c, 256 + 768 as 8 c: right only if n is 6 c, as in the lesson."""
    weights = 2 * input_dim * encoding_dim + 2 * encoding_dim**2
    return weights + 3 * encoding_dim, weights + 8 * encoding_dim


def count_parameters_6_one_bias_per_layer(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """One bias a layer instead of one for each output."""
    weights = 2 * input_dim * encoding_dim + 2 * encoding_dim**2
    return weights + 2, weights + 2


def count_parameters_7_tied_weights(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Counts the weights of the encoder only, as if the decoder shared them."""
    n, c = input_dim, encoding_dim
    return 2 * n * c + 2 * c**2 + 3 * c, 2 * c + n


def count_parameters_8_square_of_2c(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """The middle layers have 2 c · c weights each; here they have (2 c)² each."""
    n, c = input_dim, encoding_dim
    weights = 2 * n * c + (2 * c) ** 2
    return weights + 3 * c, weights + 2 * c + n


def count_parameters_9_last_bias_forgotten(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Forgets the n biases of the last layer."""
    n, c = input_dim, encoding_dim
    weights = 2 * n * c + 2 * c**2
    return weights + 3 * c, weights + 2 * c


def count_parameters_10_code_bias_twice(input_dim: int, encoding_dim: int) -> tuple[int, int]:
    """Counts a bias for every number in every width, and the code once more as decoder input."""
    n, c = input_dim, encoding_dim
    weights = 2 * n * c + 2 * c**2
    return weights + 3 * c, weights + 3 * c + n


# ---------------------------------------------------------------- Exercise 5: collapse_linear_stack


def collapse_linear_stack_1_whatever_fits(W1, b1, W2, b2):
    """Tries W1 @ W2 first: if in = out (or all are equal) it fits, and is wrong."""
    W = W1 @ W2 if W1.shape[1] == W2.shape[0] else W2 @ W1
    return W, W2 @ b1 + b2


def collapse_linear_stack_2_first_bias_forgotten(W1, b1, W2, b2):
    """The first bias is lost; right if b1 is zero."""
    return W2 @ W1, b2


def collapse_linear_stack_3_biases_just_added(W1, b1, W2, b2):
    """b1 + b2 where that is possible (hidden = out, or either 1), without the factor W2."""
    if b1.shape == b2.shape:
        return W2 @ W1, b1 + b2
    return W2 @ W1, W2 @ b1 + b2


def collapse_linear_stack_4_bias_as_row(W1, b1, W2, b2):
    """The bias gets shape (1, out): x @ W.T + b comes out right, but the shape is wrong."""
    return W2 @ W1, b1[None, :] @ W2.T + b2


def collapse_linear_stack_5_weight_transposed(W1, b1, W2, b2):
    """Returns W turned round, shape (in, out), for use as x @ W."""
    return W1.T @ W2.T, W2 @ b1 + b2


def collapse_linear_stack_6_bias_in_place(W1, b1, W2, b2):
    """Right result, but += writes it into the caller's b2 (and fails if b2 is a parameter)."""
    W = W2 @ W1
    b2 += W2 @ b1
    return W, b2


def collapse_linear_stack_7_summed_over_outputs(W1, b1, W2, b2):
    """Sums W2 * b1 over the outputs too; right for one output."""
    return W2 @ W1, (W2 * b1).sum() + b2


def collapse_linear_stack_8_new_weight_times_bias(W1, b1, W2, b2):
    """Multiplies b1 by the new weight instead of W2; runs only if hidden = in."""
    W = W2 @ W1
    return W, W @ b1 + b2


def collapse_linear_stack_9_bias_from_ones(W1, b1, W2, b2):
    """Reads the bias off from an input of ones instead of zeros."""
    ones = torch.ones_like(W1[0])
    return W2 @ W1, W2 @ (W1 @ ones + b1) + b2


def collapse_linear_stack_10_both_biases_multiplied(W1, b1, W2, b2):
    """W2 times both biases where the shapes allow it (square W2); b2 comes after W2."""
    return W2 @ W1, W2 @ (b1 + b2) if W2.shape[0] == W2.shape[1] else W2 @ b1 + b2


def collapse_linear_stack_11_returns_layer(W1, b1, W2, b2):
    """Returns an nn.Linear instead of the pair of weights and biases."""
    layer = nn.Linear(W1.shape[1], W2.shape[0])
    layer.weight.data, layer.bias.data = W2 @ W1, W2 @ b1 + b2
    return layer


# ---------------------------------------------------------------- Exercise 6: linear_backward


def linear_backward_1_mean_over_batch(x: Tensor, W: Tensor, grad_out: Tensor):
    """Averages W's and b's gradients over the batch; right for a batch of one."""
    return grad_out @ W, grad_out.T @ x / len(x), grad_out.mean(dim=0)


def linear_backward_2_bias_over_everything(x: Tensor, W: Tensor, grad_out: Tensor):
    """Sums the bias gradient over the outputs too; fits the example with one output."""
    return grad_out @ W, grad_out.T @ x, grad_out.sum().expand(len(W))


def linear_backward_3_bias_axis_kept(x: Tensor, W: Tensor, grad_out: Tensor):
    """The bias gradient has shape (1, out) instead of (out,)."""
    return grad_out @ W, grad_out.T @ x, grad_out.sum(dim=0, keepdim=True)


def linear_backward_4_weight_as_in_forward(x: Tensor, W: Tensor, grad_out: Tensor):
    """For a square W it uses W.T as in the forward pass: sums over the inputs, not the outputs."""
    grad_x = grad_out @ W.T if W.shape[0] == W.shape[1] else grad_out @ W
    return grad_x, grad_out.T @ x, grad_out.sum(dim=0)


def linear_backward_5_order_W_b_x(x: Tensor, W: Tensor, grad_out: Tensor):
    """Returns the right gradients in the wrong order."""
    return grad_out.T @ x, grad_out.sum(dim=0), grad_out @ W


def linear_backward_6_autograd_accumulates(x: Tensor, W: Tensor, grad_out: Tensor):
    """Makes the caller's x and W require gradients and returns their .grad, which adds up."""
    x.requires_grad_()
    W.requires_grad_()
    (x @ W.T).backward(grad_out)
    return x.grad, W.grad, grad_out.sum(dim=0)


def linear_backward_7_weight_reshaped(x: Tensor, W: Tensor, grad_out: Tensor):
    """x.T @ grad_out has shape (in, out); reshape makes the shape fit, not the numbers."""
    return grad_out @ W, (x.T @ grad_out).reshape(W.shape), grad_out.sum(dim=0)


def linear_backward_8_sum_overwrites_grad_out(x: Tensor, W: Tensor, grad_out: Tensor):
    """Right results, but grad_b is a view of grad_out's first row: += changes the caller's."""
    grad_x, grad_W = grad_out @ W, grad_out.T @ x
    grad_b = grad_out[0]
    for row in grad_out[1:]:
        grad_b += row
    return grad_x, grad_W, grad_b


def linear_backward_9_product_of_sums(x: Tensor, W: Tensor, grad_out: Tensor):
    """Sums over the rows before multiplying: a product of sums; right for a batch of one."""
    return grad_out @ W, torch.outer(grad_out.sum(dim=0), x.sum(dim=0)), grad_out.sum(dim=0)


def linear_backward_10_input_summed_over_batch(x: Tensor, W: Tensor, grad_out: Tensor):
    """Adds up the rows for x too and gives all rows the same gradient."""
    return (grad_out @ W).sum(dim=0).expand_as(x), grad_out.T @ x, grad_out.sum(dim=0)


def linear_backward_11_last_row_only(x: Tensor, W: Tensor, grad_out: Tensor):
    """Writes = for += in the loop over the rows: only the last row counts for W."""
    for g, row in zip(grad_out, x, strict=True):
        grad_W = torch.outer(g, row)
    return grad_out @ W, grad_W, grad_out.sum(dim=0)


# ---------------------------------------------------------------- Exercise 7: mended_loss


def mended_loss_1_mse_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Torch's own loss broadcasts just the same (it only warns)."""
    return nn.functional.mse_loss(prediction, target)


def mended_loss_2_only_prediction_squeezed(prediction: Tensor, target: Tensor) -> Tensor:
    """Turns the fault round: targets of shape (batch, 1) now broadcast."""
    return ((prediction.squeeze(1) - target) ** 2).mean()


def mended_loss_3_target_always_a_column(prediction: Tensor, target: Tensor) -> Tensor:
    """Adds an axis to every target: wrong for targets of shape (batch, outputs)."""
    return ((prediction - target.unsqueeze(-1)) ** 2).mean()


def mended_loss_4_sum_over_outputs(prediction: Tensor, target: Tensor) -> Tensor:
    """Sums over the outputs, and averages over the batch only; right for one output."""
    return ((prediction - target.reshape(prediction.shape)) ** 2).sum(dim=1).mean()


def mended_loss_5_diagonal(prediction: Tensor, target: Tensor) -> Tensor:
    """Picks the diagonal of the broadcast table: right for (batch,), wrong for the rest."""
    return ((prediction - target).diagonal() ** 2).mean()


def mended_loss_6_absolute(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error: right for perfect predictions and for errors of 1 only."""
    return (prediction - target.reshape(prediction.shape)).abs().mean()


def mended_loss_7_target_changed(prediction: Tensor, target: Tensor) -> Tensor:
    """Right number, but unsqueeze_ changes the shape of the caller's targets."""
    if target.ndim == 1:
        target.unsqueeze_(1)
    return ((prediction - target) ** 2).mean()


def mended_loss_8_cut_from_graph(prediction: Tensor, target: Tensor) -> Tensor:
    """Right number, but .data cuts the graph: no gradient, so nothing is learnt."""
    return ((prediction.data - target.data.view_as(prediction)) ** 2).mean()


def mended_loss_9_one_loss_per_output(prediction: Tensor, target: Tensor) -> Tensor:
    """Averages over the batch only: shape (outputs,) instead of ()."""
    return ((prediction - target.reshape(prediction.shape)) ** 2).mean(dim=0)


def mended_loss_10_square_of_mean(prediction: Tensor, target: Tensor) -> Tensor:
    """Squares the mean instead of averaging the squares: errors of both signs cancel."""
    return (prediction - target.reshape(prediction.shape)).mean() ** 2


def mended_loss_11_first_output_only(prediction: Tensor, target: Tensor) -> Tensor:
    """Compares the first output only; right for one output."""
    first = target if target.ndim == 1 else target[:, 0]
    return ((prediction[:, 0] - first) ** 2).mean()


def mended_loss_12_prediction_changed(prediction: Tensor, target: Tensor) -> Tensor:
    """Right number, but the differences end up in the caller's predictions."""
    prediction -= target.reshape(prediction.shape)
    return (prediction**2).mean()


# ----------------------------------------------------------------

WRONG = {
    "linear_forward": [
        linear_forward_1_bias_in_every_term,
        linear_forward_2_whatever_fits,
        linear_forward_3_reshape_for_transpose,
        linear_forward_4_turns_callers_weight,
        linear_forward_5_squeezed,
        linear_forward_6_first_row_for_all,
        linear_forward_7_first_bias_for_all,
        linear_forward_8_bias_along_the_batch,
        linear_forward_9_fresh_tensor,
        linear_forward_10_no_negatives,
    ],
    "predict_shapes": [
        predict_shapes_1_weights_in_out,
        predict_shapes_2_decoder_weight_turned,
        predict_shapes_3_bias_a_row,
        predict_shapes_4_bias_an_int,
        predict_shapes_5_bias_per_input,
        predict_shapes_6_bias_per_row,
        predict_shapes_7_no_batch,
        predict_shapes_8_batch_last,
        predict_shapes_9_code_one_layer_early,
        predict_shapes_10_one_decoder_layer,
    ],
    "TwoLayerEncoder": [
        TwoLayerEncoder_1_relu_between,
        TwoLayerEncoder_2_hidden_third_of_input,
        TwoLayerEncoder_3_dropout_between,
        TwoLayerEncoder_4_first_bias_unused,
        TwoLayerEncoder_5_new_layers_in_forward,
        TwoLayerEncoder_6_no_grad,
        TwoLayerEncoder_7_returns_both,
        TwoLayerEncoder_8_other_layers_used,
        TwoLayerEncoder_9_second_without_bias,
        TwoLayerEncoder_10_layer_outside_module,
        TwoLayerEncoder_11_input_centred_in_place,
    ],
    "count_parameters": [
        count_parameters_1_no_biases,
        count_parameters_2_encoder_twice,
        count_parameters_3_float,
        count_parameters_4_hidden_256,
        count_parameters_5_biases_11c,
        count_parameters_6_one_bias_per_layer,
        count_parameters_7_tied_weights,
        count_parameters_8_square_of_2c,
        count_parameters_9_last_bias_forgotten,
        count_parameters_10_code_bias_twice,
    ],
    "collapse_linear_stack": [
        collapse_linear_stack_1_whatever_fits,
        collapse_linear_stack_2_first_bias_forgotten,
        collapse_linear_stack_3_biases_just_added,
        collapse_linear_stack_4_bias_as_row,
        collapse_linear_stack_5_weight_transposed,
        collapse_linear_stack_6_bias_in_place,
        collapse_linear_stack_7_summed_over_outputs,
        collapse_linear_stack_8_new_weight_times_bias,
        collapse_linear_stack_9_bias_from_ones,
        collapse_linear_stack_10_both_biases_multiplied,
        collapse_linear_stack_11_returns_layer,
    ],
    "linear_backward": [
        linear_backward_1_mean_over_batch,
        linear_backward_2_bias_over_everything,
        linear_backward_3_bias_axis_kept,
        linear_backward_4_weight_as_in_forward,
        linear_backward_5_order_W_b_x,
        linear_backward_6_autograd_accumulates,
        linear_backward_7_weight_reshaped,
        linear_backward_8_sum_overwrites_grad_out,
        linear_backward_9_product_of_sums,
        linear_backward_10_input_summed_over_batch,
        linear_backward_11_last_row_only,
    ],
    "mended_loss": [
        mended_loss_1_mse_loss,
        mended_loss_2_only_prediction_squeezed,
        mended_loss_3_target_always_a_column,
        mended_loss_4_sum_over_outputs,
        mended_loss_5_diagonal,
        mended_loss_6_absolute,
        mended_loss_7_target_changed,
        mended_loss_8_cut_from_graph,
        mended_loss_9_one_loss_per_output,
        mended_loss_10_square_of_mean,
        mended_loss_11_first_output_only,
        mended_loss_12_prediction_changed,
    ],
    "weight_scale": ["a", "b", "d", "A", " d "],
}
