"""Wrong answers to unit 2, written from the text of the exercises alone,
without sight of the checks.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

# ---------------------------------------------------------------- 1 · relu_with_gradient


def relu_1_one_at_zero(x: Tensor):
    """The derivative at exactly 0 is 1."""
    return torch.relu(x), (x >= 0).to(x.dtype)


def relu_2_bool_derivative(x: Tensor):
    """The derivative is bool, not of the dtype of x."""
    return torch.relu(x), x > 0


def relu_3_in_place(x: Tensor):
    """Sets the negative entries of the caller's x to 0."""
    value = x
    value[value < 0] = 0
    return value, (value > 0).to(x.dtype)


def relu_4_float32_derivative(x: Tensor):
    """The derivative is float32 for every input: wrong dtype for float64."""
    return torch.relu(x), (x > 0).float()


def relu_5_half_at_zero(x: Tensor):
    """The derivative at 0 is the mean of the two slopes, 0.5."""
    return torch.relu(x), (1 + torch.sign(x)) / 2


def relu_6_swapped(x: Tensor):
    """Returns (derivative, value)."""
    return (x > 0).to(x.dtype), torch.relu(x)


def relu_7_value_over_x(x: Tensor):
    """Slope as value / x, with a small number against 0 / 0: 0.5 at x = 1e-8 instead of 1."""
    value = torch.relu(x)
    return value, value / (x + 1e-8)


def relu_8_flat(x: Tensor):
    """Loses the shape: matrices come back as one long row."""
    numbers = x.flatten().tolist()
    value = torch.tensor([max(0.0, v) for v in numbers], dtype=x.dtype)
    derivative = torch.tensor([1.0 if v > 0 else 0.0 for v in numbers], dtype=x.dtype)
    return value, derivative


def relu_9_derivative_clamped(x: Tensor):
    """Derivative 0.3 at x = 0.3: right only for negative numbers, 0, and numbers above 1."""
    return torch.relu(x), x.clamp(0, 1)


def relu_10_small_step(x: Tensor):
    """Slope measured with a step to the left: 0 at 0, but wrong for 0 < x < step, and inexact."""
    step = 0.001
    value = torch.relu(x)
    return value, (value - torch.relu(x - step)) / step


def relu_11_view(x: Tensor):
    """`view` raises on an x that is not contiguous (a transposed matrix)."""
    flat = x.view(-1)
    value = torch.where(flat > 0, flat, torch.zeros_like(flat))
    return value.view(x.shape), (flat > 0).to(x.dtype).view(x.shape)


def relu_12_sign(x: Tensor):
    """The derivative is -1 for negative numbers."""
    return torch.relu(x), torch.sign(x)


def relu_13_squeezed(x: Tensor):
    """The derivative loses axes of length 1 (a batch of one)."""
    return torch.relu(x), (x > 0).to(x.dtype).squeeze()


# ---------------------------------------------------------------- 2 · stable_sigmoid


def sigmoid_1_clamped(x: Tensor) -> Tensor:
    """Clamps at ±10: at -15 the value is 4.5e-5 instead of 3e-7, and beyond ±10 no gradient."""
    return 1 / (1 + torch.exp(-x.clamp(-10, 10)))


def sigmoid_2_where_of_both(x: Tensor) -> Tensor:
    """Right values; the side not chosen still overflows, so the gradient is nan far out."""
    up = torch.exp(x)
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), up / (1 + up))


def sigmoid_3_abs(x: Tensor) -> Tensor:
    """Right values; the gradient at exactly 0 is 0, since |x| has gradient 0 there."""
    e = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + e), e / (1 + e))


def sigmoid_4_zero_forgotten(x: Tensor) -> Tensor:
    """Neither side takes x = 0: the value there is 0 instead of 1/2."""
    out = torch.zeros_like(x)
    pos, neg = x > 0, x < 0
    out[pos] = 1 / (1 + torch.exp(-x[pos]))
    out[neg] = torch.exp(x[neg]) / (1 + torch.exp(x[neg]))
    return out


def sigmoid_5_global_max(x: Tensor) -> Tensor:
    """Shifts by the largest entry of the whole tensor: 0 / 0 when the entries lie far apart."""
    m = x.max()
    return torch.exp(x - m) / (torch.exp(-m) + torch.exp(x - m))


def sigmoid_6_one_branch_for_all(x: Tensor) -> Tensor:
    """One form for the whole tensor, by its mean: nan when both signs occur far out."""
    if x.mean() >= 0:
        return 1 / (1 + torch.exp(-x))
    return torch.exp(x) / (1 + torch.exp(x))


def sigmoid_7_in_double(x: Tensor) -> Tensor:
    """Computes in float64: safe to about ±700, nan gradient at -1000."""
    return (1 / (1 + torch.exp(-x.double()))).to(x.dtype)


def sigmoid_8_no_gradient(x: Tensor) -> Tensor:
    """Right values, but made of Python numbers: no gradient reaches x."""

    def one(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    numbers = [one(v) for v in x.flatten().tolist()]
    return torch.tensor(numbers, dtype=x.dtype).reshape(x.shape)


class _SigmoidWithoutUpstream(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        e = torch.exp(-x.abs())
        s = torch.where(x >= 0, 1 / (1 + e), e / (1 + e))
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return s * (1 - s)


def sigmoid_9_upstream_forgotten(x: Tensor) -> Tensor:
    """Own backward without the incoming gradient: right for .sum().backward() only."""
    return _SigmoidWithoutUpstream.apply(x)


def sigmoid_10_input_changed(x: Tensor) -> Tensor:
    """Right result, but it clamps the caller's x through .data: ±1000 becomes ±88."""
    x.data.clamp_(-88, 88)
    return 1 / (1 + torch.exp(-x))


def sigmoid_11_mask_times_form(x: Tensor) -> Tensor:
    """Picks the form by multiplying with a mask: 0 * nan is nan, in the value itself."""
    pos = (x >= 0).to(x.dtype)
    return pos / (1 + torch.exp(-x)) + (1 - pos) * torch.exp(x) / (1 + torch.exp(x))


def sigmoid_12_abs_not_undone(x: Tensor) -> Tensor:
    """sigma(|x|): wrong for all negative numbers."""
    return 1 / (1 + torch.exp(-x.abs()))


def sigmoid_13_twice_as_steep(x: Tensor) -> Tensor:
    """(1 + tanh(x)) / 2 is sigma(2x): right at 0 and far out, slope 1/2 at 0."""
    return (1 + torch.tanh(x)) / 2


def sigmoid_14_float32_buffer(x: Tensor) -> Tensor:
    """The buffer is always float32: a float64 input fails or comes back in the wrong dtype."""
    out = torch.empty(x.shape)
    pos = x >= 0
    out[pos] = 1 / (1 + torch.exp(-x[pos]))
    e = torch.exp(x[~pos])
    out[~pos] = e / (1 + e)
    return out


# ---------------------------------------------------------------- 3 · tanh_from_sigmoid


def tanh_1_c_is_one(x: Tensor) -> Tensor:
    """Stretched and shifted, but not steeper: this is tanh(x / 2)."""
    return 2 * torch.sigmoid(x) - 1


def tanh_2_d_is_plus_one(x: Tensor) -> Tensor:
    """d with the wrong sign."""
    return 2 * torch.sigmoid(2 * x) + 1


def tanh_3_c_is_half(x: Tensor) -> Tensor:
    """c the wrong way round: 1/2 instead of 2."""
    return 2 * torch.sigmoid(x / 2) - 1


def tanh_4_even(x: Tensor) -> Tensor:
    """Uses |x|: right for x >= 0, wrong sign for negative numbers."""
    return 2 * torch.sigmoid(2 * x.abs()) - 1


def tanh_5_float32(x: Tensor) -> Tensor:
    """float32 for every input."""
    return 2 * torch.sigmoid(2 * x.float()) - 1


def tanh_6_numpy(x: Tensor):
    """Returns a numpy array, not a tensor."""
    return (2 * torch.sigmoid(2 * x) - 1).detach().numpy()


def tanh_7_slope_at_zero(x: Tensor) -> Tensor:
    """Fits value and slope at 0 by a = 4, d = -2: the range is ±2."""
    return 4 * torch.sigmoid(x) - 2


def tanh_8_c_from_the_table(x: Tensor) -> Tensor:
    """c read off the rounded table at x = 1: 2.00196, wrong by up to 4e-4."""
    c = math.log(0.881 / 0.119)
    return 2 * torch.sigmoid(c * x) - 1


def tanh_9_flat_from_four_on(x: Tensor) -> Tensor:
    """Exactly ±1 from |x| = 4 on, where tanh is 0.9993."""
    return torch.where(x.abs() >= 4, torch.sign(x), 2 * torch.sigmoid(2 * x) - 1)


def tanh_10_range_only(x: Tensor) -> Tensor:
    """a = 1, d = -1/2: goes through 0 with the right steepness c, but the range is ±1/2."""
    return torch.sigmoid(2 * x) - 0.5


def tanh_11_squeezed(x: Tensor) -> Tensor:
    """Loses axes of length 1 (a batch of one)."""
    return (2 * torch.sigmoid(2 * x) - 1).squeeze()


def tanh_12_input_changed(x: Tensor) -> Tensor:
    """Right result, but the caller's x is doubled."""
    x *= 2
    return 2 * torch.sigmoid(x) - 1


# ---------------------------------------------------------------- 4 · xor_network

xor_wrong = [
    # OR: the second unit is not weighted strongly enough, (1, 1) gives 1
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[1, -1]], "b2": [0]},
    # W2 has shape (2, 1)
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[1], [-2]], "b2": [0]},
    # W2 has shape (2,): the outer list is missing
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [1, -2], "b2": [0]},
    # x1 - x2 instead of its size: (0, 1) gives -1
    {"W1": [[1, -1], [-1, 1]], "b1": [0, 0], "W2": [[1, -1]], "b2": [0]},
    # the opposite: 1 where the bits are equal
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[-1, 2]], "b2": [1]},
    # right at the corners, a needle of width 0.01: 0 a little beside (0, 1) and (1, 0)
    {
        "W1": [[1, 1], [1, 1], [1, 1]],
        "b1": [-0.99, -1, -1.01],
        "W2": [[100, -200, 100]],
        "b2": [0],
    },
    # 0.76 at the corners, but less than 0.75 near them
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[0.76, -1.52]], "b2": [0]},
    # 0.24 at the zero corners, but above 0.25 near them
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[1, -2]], "b2": [0.24]},
    # the second kink sits at 2 instead of 1: (1, 1) gives 2
    {"W1": [[1, 1], [1, 1]], "b1": [0, -2], "W2": [[1, -2]], "b2": [0]},
    # OR minus AND for units that jump to 1; with ReLU (0, 1) gives 0.5 and (1, 1) gives 1
    {"W1": [[1, 1], [1, 1]], "b1": [-0.5, -1.5], "W2": [[1, -1]], "b2": [0]},
    # W1 transposed: three units as (2, 3)
    {"W1": [[1, 1, 0], [1, 1, 0]], "b1": [0, -1, 0], "W2": [[1, -2, 0]], "b2": [0]},
    # one unit a bit, no unit sees both: (1, 1) gives 2
    {"W1": [[1, 0], [0, 1]], "b1": [0, 0], "W2": [[1, 1]], "b2": [0]},
    # the drop behind the kink is not steep enough: 0.3 at (1, 1)
    {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[1, -1.7]], "b2": [0]},
    # exactly 0, 1, 1, 0 at the corners; a third unit shoots up just outside (1, 1)
    {"W1": [[1, -1], [-1, 1], [1, 1]], "b1": [0, 0, -2], "W2": [[1, 1, 50]], "b2": [0]},
]


# ---------------------------------------------------------------- 5 · TwoLayerEncoderRelu


class _Layers(nn.Module):
    """The layers as asked; only `forward` differs below."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
        self.encoder_relu1 = nn.ReLU()
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_relu1(self.encoder_linear1(x)))


class Encoder1ReluAfterBoth(_Layers):
    """ReLU after the second layer too: the code cannot be negative."""

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_relu1(super().forward(x))


class Encoder2ReluAfterSecond(_Layers):
    """ReLU after the second layer instead of the first."""

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_relu1(self.encoder_linear2(self.encoder_linear1(x)))


class Encoder3ReluUnused(_Layers):
    """The ReLU is made and never called."""

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_linear1(x))


class Encoder4ReluFirst(_Layers):
    """ReLU on the input instead of after the first layer."""

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_linear1(self.encoder_relu1(x)))


class Encoder5NarrowHidden(_Layers):
    """The hidden layer is not twice as wide as the code."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, encoding_dim)
        self.encoder_linear2 = nn.Linear(encoding_dim, encoding_dim)


class Encoder6WidthFromInput(_Layers):
    """Hidden width input_dim // 2: right only if the input is four times as wide as the code."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, input_dim // 2)
        self.encoder_linear2 = nn.Linear(input_dim // 2, encoding_dim)


class Encoder7Relu6(_Layers):
    """ReLU6 cuts activations above 6; the same for small inputs."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_relu1 = nn.ReLU6()


class Encoder8LeakyRelu(_Layers):
    """Leaky ReLU lets 1 % of the negative numbers through."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_relu1 = nn.LeakyReLU()


class Encoder9OnlyWhileTraining(_Layers):
    """After .eval() the ReLU is left out."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.encoder_linear1(x)
        if self.training:
            hidden = self.encoder_relu1(hidden)
        return self.encoder_linear2(hidden)


class Encoder10Detached(_Layers):
    """Right codes, but no gradient reaches the first layer."""

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder_linear2(self.encoder_relu1(self.encoder_linear1(x)).detach())


class Encoder11Squeezed(_Layers):
    """Loses the batch axis for a batch of one."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).squeeze()


class Encoder12NoBias(_Layers):
    """The first layer has no bias."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim, bias=False)


class Encoder13LayersInForward(nn.Module):
    """New random layers at every call, none of them a part of the module."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.input_dim, self.encoding_dim = input_dim, encoding_dim

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(nn.Linear(self.input_dim, 2 * self.encoding_dim)(x))
        return nn.Linear(2 * self.encoding_dim, self.encoding_dim)(hidden)


class Encoder14Sequential(nn.Module):
    """Computes the right thing, without the names asked for."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 2 * encoding_dim),
            nn.ReLU(),
            nn.Linear(2 * encoding_dim, encoding_dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)


class Encoder15Wide(_Layers):
    """The code is as wide as the hidden layer: encoder_linear2 does not go to encoding_dim."""

    def __init__(self, input_dim: int, encoding_dim: int):
        super().__init__(input_dim, encoding_dim)
        self.encoder_linear2 = nn.Linear(2 * encoding_dim, 2 * encoding_dim)


class Encoder16CentredOverBatch(_Layers):
    """Centres the hidden layer over the batch first: a code depends on the other inputs."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.encoder_linear1(x)
        if len(x) > 1:
            hidden = hidden - hidden.mean(dim=0)
        return self.encoder_linear2(self.encoder_relu1(hidden))


# ---------------------------------------------------------------- 6 · dead_fraction


def dead_1_zero_entries(W: Tensor, b: Tensor, X: Tensor) -> float:
    """The share of entries that are 0, not of units that are 0 on all inputs."""
    return (torch.relu(X @ W.T + b) == 0).float().mean().item()


def dead_2_wrong_axis(W: Tensor, b: Tensor, X: Tensor) -> float:
    """The share of inputs on which no unit is active."""
    return (torch.relu(X @ W.T + b) == 0).all(dim=1).float().mean().item()


def dead_3_zero_counts_as_active(W: Tensor, b: Tensor, X: Tensor) -> float:
    """A pre-activation of exactly 0 counts as active."""
    return (X @ W.T + b < 0).all(dim=0).float().mean().item()


def dead_4_mean_pre_activation(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Looks at the mean pre-activation: a rarely active unit counts as dead."""
    return ((X @ W.T + b).mean(dim=0) <= 0).float().mean().item()


def dead_5_any(W: Tensor, b: Tensor, X: Tensor) -> float:
    """A unit that is silent on some input counts as dead."""
    return (torch.relu(X @ W.T + b) == 0).any(dim=0).float().mean().item()


def dead_6_tensor(W: Tensor, b: Tensor, X: Tensor):
    """Returns a tensor."""
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).float().mean()


def dead_7_count(W: Tensor, b: Tensor, X: Tensor) -> float:
    """The number of dead units, not the fraction."""
    return float((torch.relu(X @ W.T + b) == 0).all(dim=0).sum())


def dead_8_no_bias(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Forgets b."""
    return (torch.relu(X @ W.T) == 0).all(dim=0).float().mean().item()


def dead_9_alive(W: Tensor, b: Tensor, X: Tensor) -> float:
    """The fraction that is alive."""
    return (X @ W.T + b > 0).any(dim=0).float().mean().item()


def dead_10_tolerance(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Activations below 0.001 count as none."""
    return (torch.relu(X @ W.T + b).amax(dim=0) < 1e-3).float().mean().item()


def dead_11_rounded(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Rounded to two digits: 0.33 instead of 1/3."""
    return round((torch.relu(X @ W.T + b) == 0).all(dim=0).float().mean().item(), 2)


def dead_12_divided_by_inputs(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Divides by in_features instead of by the number of units."""
    return (torch.relu(X @ W.T + b) == 0).all(dim=0).sum().item() / W.shape[1]


def dead_13_first_hundred(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Looks at the first 100 inputs only."""
    return (torch.relu(X[:100] @ W.T + b) == 0).all(dim=0).float().mean().item()


def dead_14_constant(W: Tensor, b: Tensor, X: Tensor) -> float:
    """A unit that is constant counts as dead, also if it is always active."""
    h = torch.relu(X @ W.T + b)
    return (h.amax(dim=0) == h.amin(dim=0)).float().mean().item()


def dead_15_squeezed(W: Tensor, b: Tensor, X: Tensor) -> float:
    """With a single input the axis of the inputs is lost: the answer is then 0 or 1."""
    h = torch.relu((X @ W.T + b).squeeze())
    return (h.sum(dim=0) == 0).float().mean().item()


def dead_16_whole_number_division(W: Tensor, b: Tensor, X: Tensor) -> float:
    """// instead of /: 0 unless all units are dead."""
    dead = int((torch.relu(X @ W.T + b) == 0).all(dim=0).sum())
    return float(dead // len(b))


def dead_17_numpy_float(W: Tensor, b: Tensor, X: Tensor):
    """Returns numpy's float32, not a Python float."""
    h = torch.relu(X @ W.T + b).detach().numpy()
    return np.float32((h == 0).all(axis=0).mean())


def dead_18_weights_not_transposed(W: Tensor, b: Tensor, X: Tensor) -> float:
    """X @ W: fails unless the layer is square, and is wrong then."""
    return (torch.relu(X @ W + b) == 0).all(dim=0).float().mean().item()


def dead_19_biases_changed(W: Tensor, b: Tensor, X: Tensor) -> float:
    """Right fraction, but the caller's biases become numbers that only rank the units."""
    h = X @ W.T + b
    b -= b
    b += h.amax(dim=0)
    return (b <= 0).float().mean().item()


# ---------------------------------------------------------------- 7 · four_networks
# Most were written without the table. A and C use tanh, B and D use ReLU.


def _filled(a, b, c, d, layer=2, saturated="smaller", shrinking="larger"):
    return {
        "network_a": a,
        "network_b": b,
        "network_c": c,
        "network_d": d,
        "dead_layer": layer,
        "cure_saturated": saturated,
        "cure_shrinking": shrinking,
    }


four_networks_wrong = [
    # the two tanh networks swapped
    _filled("saturated", "healthy", "shrinking", "dead"),
    # the two ReLU networks swapped
    _filled("shrinking", "dead", "saturated", "healthy"),
    # the healthy and the shrinking network swapped
    _filled("healthy", "shrinking", "saturated", "dead"),
    # the saturated and the dead network swapped: a tanh network is called dead
    _filled("shrinking", "healthy", "dead", "saturated"),
    # the layer before the dead one: its gradient is 0 as well
    _filled("shrinking", "healthy", "saturated", "dead", layer=1),
    # the layer behind the dead one: many of its units are constant
    _filled("shrinking", "healthy", "saturated", "dead", layer=3),
    # layer 4 is the linear output, where no unit can be dead
    _filled("shrinking", "healthy", "saturated", "dead", layer=4),
    # the layers counted from 0, the layer written as text
    _filled("shrinking", "healthy", "saturated", "dead", layer="1"),
    # the saturated network gets larger weights: still further out on the plateau
    _filled("shrinking", "healthy", "saturated", "dead", saturated="larger"),
    # the shrinking network gets smaller weights: shrinks still more
    _filled("shrinking", "healthy", "saturated", "dead", shrinking="smaller"),
    # both ReLU networks have entries at 0, so both called dead; no healthy network is left
    _filled("shrinking", "dead", "saturated", "dead"),
    # both tanh networks called saturated
    _filled("saturated", "healthy", "saturated", "dead"),
    # the dead layer sits on a plateau too: both called saturated
    _filled("shrinking", "healthy", "saturated", "saturated"),
    # four times the same word
    _filled("healthy", "healthy", "healthy", "healthy", layer=1),
]

# ---------------------------------------------------------------- 8 · soft_and_hard_threshold


def _soft(x: Tensor, lam: float) -> Tensor:
    return torch.sign(x) * torch.relu(x.abs() - lam)


def _hard(x: Tensor, lam: float) -> Tensor:
    return torch.where(x.abs() > lam, x, torch.zeros_like(x))


def threshold_1_swapped(x: Tensor, lam: float):
    """Returns (hard, soft)."""
    return _hard(x, lam), _soft(x, lam)


def threshold_2_edge_kept(x: Tensor, lam: float):
    """hard keeps |x| = lam, where it must be 0."""
    return _soft(x, lam), torch.where(x.abs() >= lam, x, torch.zeros_like(x))


def threshold_3_no_max(x: Tensor, lam: float):
    """soft without the max: small numbers change their sign instead of becoming 0."""
    return torch.sign(x) * (x.abs() - lam), _hard(x, lam)


def threshold_4_soft_one_sided(x: Tensor, lam: float):
    """soft is ReLU(x - lam): 0 for all negative numbers."""
    return torch.relu(x - lam), _hard(x, lam)


def threshold_5_soft_always_minus(x: Tensor, lam: float):
    """soft moves negative numbers away from 0: -1.5 becomes -2.5."""
    return torch.where(x.abs() > lam, x - lam, torch.zeros_like(x)), _hard(x, lam)


def threshold_6_hard_cut_off(x: Tensor, lam: float):
    """Right values; no gradient flows through hard."""
    return _soft(x, lam), _hard(x.detach(), lam)


def threshold_7_soft_straight_through(x: Tensor, lam: float):
    """Right values; the gradient of soft is 1 also where soft is 0."""
    return x + (_soft(x, lam) - x).detach(), _hard(x, lam)


def threshold_8_nan_at_zero(x: Tensor, lam: float):
    """Right values; at exactly 0 the gradient of soft is nan (0 times inf)."""
    return x * torch.relu(1 - lam / x.abs()), _hard(x, lam)


def threshold_9_lam_is_one(x: Tensor, lam: float):
    """lam = 1 built in, as in the table."""
    return _soft(x, 1.0), _hard(x, 1.0)


def threshold_10_hard_one_sided(x: Tensor, lam: float):
    """hard compares x, not |x|: loses the negative numbers."""
    return _soft(x, lam), torch.where(x > lam, x, torch.zeros_like(x))


def threshold_11_hard_from_soft(x: Tensor, lam: float):
    """hard = soft + lam * sign(x): ±lam instead of 0 for small numbers."""
    soft = _soft(x, lam)
    return soft, soft + lam * torch.sign(x)


def threshold_12_float32(x: Tensor, lam: float):
    """float32 for every input."""
    return _soft(x, lam).float(), _hard(x, lam).float()


def threshold_13_in_place(x: Tensor, lam: float):
    """Sets the small entries of the caller's x to 0."""
    soft = _soft(x, lam)
    x[x.abs() <= lam] = 0
    return soft, x


def threshold_14_gradient_of_the_size(x: Tensor, lam: float):
    """Right values; the sign is put on without gradient, so soft has slope -1 for x < -lam."""
    size = torch.relu(x.abs() - lam)
    return size + (_soft(x, lam) - size).detach(), _hard(x, lam)


def threshold_15_hard_gradient_everywhere(x: Tensor, lam: float):
    """Right values; the gradient of hard is 1 also where hard is 0."""
    return _soft(x, lam), x - torch.where(x.abs() > lam, torch.zeros_like(x), x).detach()


def threshold_16_norm(x: Tensor, lam: float):
    """Compares the length of the last axis with lam: right for single numbers only."""
    size = x.norm(dim=-1, keepdim=True) if x.dim() else x.abs()
    return torch.relu(1 - lam / size) * x, x * (size > lam)


def threshold_17_clamped(x: Tensor, lam: float):
    """soft is what is cut off, x clamped to ±lam, instead of what is left."""
    return x.clamp(-lam, lam), _hard(x, lam)


WRONG = {
    "relu_with_gradient": [
        relu_1_one_at_zero,
        relu_2_bool_derivative,
        relu_3_in_place,
        relu_4_float32_derivative,
        relu_5_half_at_zero,
        relu_6_swapped,
        relu_7_value_over_x,
        relu_8_flat,
        relu_9_derivative_clamped,
        relu_10_small_step,
        relu_11_view,
        relu_12_sign,
        relu_13_squeezed,
    ],
    "stable_sigmoid": [
        sigmoid_1_clamped,
        sigmoid_2_where_of_both,
        sigmoid_3_abs,
        sigmoid_4_zero_forgotten,
        sigmoid_5_global_max,
        sigmoid_6_one_branch_for_all,
        sigmoid_7_in_double,
        sigmoid_8_no_gradient,
        sigmoid_9_upstream_forgotten,
        sigmoid_10_input_changed,
        sigmoid_11_mask_times_form,
        sigmoid_12_abs_not_undone,
        sigmoid_13_twice_as_steep,
        sigmoid_14_float32_buffer,
    ],
    "tanh_from_sigmoid": [
        tanh_1_c_is_one,
        tanh_2_d_is_plus_one,
        tanh_3_c_is_half,
        tanh_4_even,
        tanh_5_float32,
        tanh_6_numpy,
        tanh_7_slope_at_zero,
        tanh_8_c_from_the_table,
        tanh_9_flat_from_four_on,
        tanh_10_range_only,
        tanh_11_squeezed,
        tanh_12_input_changed,
    ],
    "xor_network": xor_wrong,
    "TwoLayerEncoderRelu": [
        Encoder1ReluAfterBoth,
        Encoder2ReluAfterSecond,
        Encoder3ReluUnused,
        Encoder4ReluFirst,
        Encoder5NarrowHidden,
        Encoder6WidthFromInput,
        Encoder7Relu6,
        Encoder8LeakyRelu,
        Encoder9OnlyWhileTraining,
        Encoder10Detached,
        Encoder11Squeezed,
        Encoder12NoBias,
        Encoder13LayersInForward,
        Encoder14Sequential,
        Encoder15Wide,
        Encoder16CentredOverBatch,
    ],
    "dead_fraction": [
        dead_1_zero_entries,
        dead_2_wrong_axis,
        dead_3_zero_counts_as_active,
        dead_4_mean_pre_activation,
        dead_5_any,
        dead_6_tensor,
        dead_7_count,
        dead_8_no_bias,
        dead_9_alive,
        dead_10_tolerance,
        dead_11_rounded,
        dead_12_divided_by_inputs,
        dead_13_first_hundred,
        dead_14_constant,
        dead_15_squeezed,
        dead_16_whole_number_division,
        dead_17_numpy_float,
        dead_18_weights_not_transposed,
        dead_19_biases_changed,
    ],
    "four_networks": four_networks_wrong,
    "soft_and_hard_threshold": [
        threshold_1_swapped,
        threshold_2_edge_kept,
        threshold_3_no_max,
        threshold_4_soft_one_sided,
        threshold_5_soft_always_minus,
        threshold_6_hard_cut_off,
        threshold_7_soft_straight_through,
        threshold_8_nan_at_zero,
        threshold_9_lam_is_one,
        threshold_10_hard_one_sided,
        threshold_11_hard_from_soft,
        threshold_12_float32,
        threshold_13_in_place,
        threshold_14_gradient_of_the_size,
        threshold_15_hard_gradient_everywhere,
        threshold_16_norm,
        threshold_17_clamped,
    ],
}
