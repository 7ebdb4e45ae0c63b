# %% [markdown]
# # Exercises 2 · Activation functions
#
# Eight exercises on the
# [lesson on activation functions](../../notebooks/02_activation_functions.ipynb). Do them in order.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.relu_with_gradient()` shows a hint for the first exercise; call it again for
#   the next one. Each exercise has three.
#
# Two rules hold for every function that you write with tensors:
#
# - **Leave the inputs as they are.** Make new tensors; do not change those you are given.
# - **Let gradients flow.** A **gradient** holds slopes: how much a result changes when an input
#   changes a little. torch finds it if you compute with tensors all the way. It cannot when you
#   turn them into plain numbers or arrays (`.item()`, `.tolist()`, `.numpy()`) or cut them off on
#   purpose (`.detach()`). Do so only where a plain number is asked for.
#
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import open_unit

unit = open_unit("02_activation_functions")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="relu_with_gradient"
# ReLU turns $-2$ into $0$, and leaves $3$ as it is. It keeps positive numbers and sets all others
# to 0:
#
# $$\text{ReLU}(x) = \max(0, x).$$
#
# Training also needs the **derivative**: the slope of the curve at $x$. Left of 0 the curve is
# flat, so the slope is 0. Right of 0 it is the line $y = x$, so the slope is 1.
#
# And at $x = 0$? There the curve has a **kink**. Measure its slope with a small step to the left,
# then with a small step to the right.


# %%
def relu_of_a_number(x: float) -> float:
    return max(0.0, x)


step = 0.001
at_zero = relu_of_a_number(0.0)
print("slope at 0, step to the left: ", (at_zero - relu_of_a_number(-step)) / step)
print("slope at 0, step to the right:", (relu_of_a_number(step) - at_zero) / step)

# %% [markdown]
# Two answers, so one must be chosen. `torch.relu` chooses **0**, and so do we. (Not every function
# of torch that draws this curve makes the same choice.)
#
# Write a function that returns two tensors: ReLU of each entry of `x`, and the derivative at each
# entry. Write the derivative down as a rule: you know it for each $x$, so there is nothing to
# measure. Both tensors have the shape and the dtype of `x`.

# %% exercise="relu_with_gradient"

# %% [markdown] exercise="stable_sigmoid"
# The formula of the sigmoid is
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}.$$
#
# Typed in as it stands, it works for most numbers. But there is a largest number that a computer
# can hold. In float32 it is about $3 \cdot 10^{38}$, and $e^{89}$ is above it. The result is `inf`,
# and we say that `exp` **overflows**.
#
# Here is what happens far from 0. (`requires_grad=True` tells torch to collect the slopes with
# respect to these points, and `backward()` computes them.)


# %%
def sigmoid_as_written(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


points = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
values = sigmoid_as_written(points)
values.sum().backward()
print("values:   ", values.tolist())
print("gradients:", points.grad.tolist())

# %% [markdown]
# The three values are right. But the first slope is `nan`, "not a number". Where does it come from?
# Go through the formula for $x = -1000$ in two steps. The slope of each is taken with respect to
# what goes into it, $x$ or $u$:
#
# | step | its value | its slope |
# |---|---|---|
# | $u = e^{-x}$ | $e^{1000}$, so `inf` | $-u$, so `-inf` |
# | $y = \dfrac{1}{1 + u}$ | $\dfrac{1}{\texttt{inf}} = 0$ | $-\dfrac{1}{(1 + u)^2}$, so $0$ |
#
# The value comes out right by luck. For the slope of the whole, the **chain rule** multiplies the
# slopes of the steps. And $0 \cdot \texttt{inf}$ is `nan`. A single `nan` in a gradient spoils all
# weights at the next step.
#
# There is a second form. Multiply the top and the bottom of the fraction by $e^x$:
#
# $$\sigma(x) = \frac{e^x}{1 + e^x}.$$
#
# It overflows too, but on the other side. Each form is safe where the other is not.
#
# Beware: it is not enough to compute both forms and then pick the right one, entry by entry, with
# `torch.where`. The values would be right. But both forms were computed everywhere, and on the way
# back the one that was not picked takes part with the factor 0. Again $0 \cdot \texttt{inf}$ is
# `nan`. So `exp` must never overflow in the first place.
#
# **Now you.** Write a sigmoid whose values and gradients are right for all $x$ between $-1000$ and
# $1000$, in float32 and in float64. That includes $x = 0$ exactly, where the slope is $\frac14$.
#
# Use `torch.exp`, not `torch.sigmoid`. (The check would accept `torch.sigmoid`: it sees what comes
# out, not how. But you would not learn what it does for you.)

# %% exercise="stable_sigmoid"

# %% [markdown] exercise="tanh_from_sigmoid"
# The sigmoid and tanh are both S-shaped. They differ in range and in steepness. Look at a few
# points.

# %%
for x in (-4.0, -1.0, 0.0, 1.0, 4.0):
    number = torch.tensor(x)
    print(f"x = {x:4}   sigmoid: {torch.sigmoid(number):.3f}   tanh: {torch.tanh(number):6.3f}")

# %% [markdown]
# In fact tanh *is* a sigmoid, stretched and shifted. There are three numbers $a$, $b$ and $c$ with
#
# $$\tanh(x) = a\, \sigma(b\, x) + c \qquad \text{for all } x,$$
#
# where
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}, \qquad \sigma(x) = \frac{1}{1 + e^{-x}}.$$
#
# Find $a$, $b$ and $c$ on paper. They are simple numbers: the table above is rounded, so use it
# only to test them. Then write tanh with `torch.sigmoid` and your three numbers. The check compares
# gradients too. (`torch.tanh` would pass as well. Keep it for comparing.)

# %% exercise="tanh_from_sigmoid"

# %% [markdown] exercise="xor_network"
# **XOR** takes two bits, $x_1$ and $x_2$. It is 1 if exactly one of them is 1:
#
# | $x_1$ | $x_2$ | XOR |
# |:-:|:-:|:-:|
# | 0 | 0 | 0 |
# | 0 | 1 | 1 |
# | 1 | 0 | 1 |
# | 1 | 1 | 0 |
#
# No linear layer can do this. A linear layer gives $y = w_1 x_1 + w_2 x_2 + b$. Add up its outputs
# at $(0, 0)$ and $(1, 1)$: that is $w_1 + w_2 + 2b$. Add up those at $(0, 1)$ and $(1, 0)$: the
# same. But XOR needs $0 + 0$ in one case and $1 + 1$ in the other.
#
# A network with one hidden layer of ReLU units can. You will set its weights by hand. First look at
# a neighbour of XOR: **OR** is 1 if at least one bit is 1. It depends only on the sum
# $s = x_1 + x_2$. The wanted outputs are 0, 1, 1 for $s = 0, 1, 2$. Draw them over $s$ and join
# them: the curve rises up to $s = 1$ and is flat from there on.
#
# Such a curve is a sum of ReLUs. Each hidden unit adds one kink, at the place where it switches on.
# $\text{ReLU}(s)$ rises with slope 1 from $s = 0$ on. At $s = 1$ the slope must change from 1 to 0,
# so a second unit switches on there and takes 1 away:
#
# | $s$ | $\text{ReLU}(s)$ | $\text{ReLU}(s - 1)$ | $\text{ReLU}(s) - \text{ReLU}(s - 1)$ |
# |:-:|:-:|:-:|:-:|
# | 0 | 0 | 0 | 0 |
# | 1 | 1 | 0 | 1 |
# | 2 | 2 | 1 | 1 |
#
# **Now you.** Draw the curve for XOR over $s$, and find the ReLUs that add up to it. Nothing is
# trained here. Two hidden units are enough; you may use more. Then write the weights of the network
#
# $$h = \text{ReLU}(x W_1^\top + b_1), \qquad y = h W_2^\top + b_2$$
#
# as a dictionary of nested lists, `{"W1": ..., "b1": ..., "W2": ..., "b2": ...}`. The shapes are
# those of `nn.Linear`. With two hidden units:
#
# | key | shape | holds | written like |
# |---|---|---|---|
# | `"W1"` | (2, 2) | a row for each hidden unit: weights for $x_1$, $x_2$ | `[[5, 6], [7, 8]]` |
# | `"b1"` | (2,) | the bias of each hidden unit | `[5, 6]` |
# | `"W2"` | (1, 2) | one row: the output's weight for each hidden unit | `[[5, 6]]` |
# | `"b2"` | (1,) | the bias of the output | `[5]` |
#
# The check tries 21 points at each corner: the corner itself, and 20 points near it, with each of
# $x_1$ and $x_2$ moved by at most 0.05. Where XOR is 1, the output must be at least 0.75. Where it
# is 0, it must be at most 0.25.

# %% exercise="xor_network"

# %% [markdown] exercise="TwoLayerEncoderRelu"
# In torch ReLU is also available as a layer, `nn.ReLU()`. It is made and called like a linear
# layer, but it has no parameters.

# %%
relu_layer = nn.ReLU()
print("output:    ", relu_layer(torch.tensor([-1.5, 0.0, 2.5])).tolist())
print("parameters:", list(relu_layer.parameters()))

# %% [markdown]
# Take the encoder of unit 1, and put ReLU after its **first** layer:
#
# - `encoder_linear1` goes from `input_dim` numbers to `2 * encoding_dim`;
# - `encoder_relu1` is a ReLU;
# - `encoder_linear2` goes from `2 * encoding_dim` numbers to `encoding_dim`.
#
# After the second layer comes nothing, so the numbers of the code may be negative. Use exactly
# these three names. As in unit 1, `super().__init__()` comes first: it lets torch find the layers
# that you make after it.

# %% exercise="TwoLayerEncoderRelu"

# %% [markdown] exercise="dead_fraction"
# A ReLU unit computes a **pre-activation**, and ReLU makes its **activation** from it. The unit is
# **active** on an input if its activation is above 0. It is **dead** if it is active on none of the
# inputs.
#
# (Each number of a code is called a latent, as you know from unit 1. In a sparse autoencoder
# latents are made by ReLU units. When such a unit is dead, one speaks of a *dead latent*.)
#
# Here are the pre-activations of three units on four inputs: one row an input, one column a unit.
# The cell prints the activations.

# %%
pre_activation = torch.tensor(
    [
        [1.2, -0.3, -2.0],
        [-0.4, -1.1, -0.7],
        [-0.9, -0.2, 0.1],
        [2.0, 0.0, -3.1],
    ]
)
print(torch.relu(pre_activation))

# %% [markdown]
# The first unit is active on two inputs. The third is active on one input only, but that is enough.
# The second is never active. On the last row its pre-activation is exactly 0; so is its activation,
# and that does not count as active. One unit of three is dead: the fraction is $\frac13$.
#
# Write a function that finds this fraction for any ReLU layer. It gets the layer's weights `W`, its
# biases `b`, and the data `X`, one input a row. The activations are $\text{ReLU}(X W^\top + b)$.
# Look at all rows, and return a plain Python float, not a tensor.

# %% exercise="dead_fraction"

# %% [markdown] exercise="four_networks"
# Here are four networks, A to D. Each has three hidden layers of 32 units and a linear output. A
# and C use tanh, B and D use ReLU. All four get the same 200 inputs. They are not trained yet: this
# is how they would start.
#
# The table has one line for each hidden layer. The layers are counted from 1. $z$ stands for a
# pre-activation and $a$ for the activation made from it. Each unit has one $z$ and one $a$ for each
# of the 200 inputs.
#
# - **mean |z|**: the mean size of the pre-activations.
# - **|a| > 0.99** (for tanh): the share of all activations that are above 0.99 or below -0.99.
# - **a = 0** (for ReLU): the share of all activations that are 0.
# - **dead units** (for ReLU): the share of units that are 0 on each of the 200 inputs.
# - **gradient**: how strongly the layer's weights are asked to change. The loss is the mean squared
#   error between the output and random targets. The gradient has one slope for each weight. The
#   column gives its length: the square root of the sum of the squares of all these slopes. `7e-03`
#   means $7 \cdot 10^{-3}$, that is 0.007. A plain `0` is exactly 0.

# %%
from course_lib.practice.activation_functions.clinic import as_table, clinic

print(as_table(clinic()))

# %% [markdown]
# One network is healthy. Each of the other three has one fault, and each fault occurs once:
#
# - `"saturated"`: nearly all tanh activations are close to -1 or 1, where tanh is flat.
# - `"dead"`: there is a ReLU layer whose units are all dead.
# - `"shrinking"`: the signal gets smaller from layer to layer, like the stack with small weights in
#   unit 1.
#
# Write one of the words `"healthy"`, `"saturated"`, `"dead"`, `"shrinking"` for each network, with
# its quotes. Then answer three questions:
#
# - `dead_layer`: which is the first layer of the dead network whose units are all dead? Write its
#   number from the table, without quotes.
# - `cure_saturated`: you start the saturated network again. Should its weights and biases be
#   `"smaller"` or `"larger"`?
# - `cure_shrinking`: you start the shrinking network again. Its biases are all 0, and they may stay
#   so. Should its weights be `"smaller"` or `"larger"`?

# %% exercise="four_networks"

# %% [markdown] exercise="soft_and_hard_threshold"
# ReLU is one way to get exact zeros. Here are two more. Both look at the size $|x|$ and compare it
# with a **threshold** $\lambda > 0$ (the Greek letter lambda; in the code it is `lam`, since
# `lambda` is a word of Python). Take $\lambda = 1$:
#
# | $x$ | soft | hard |
# |:-:|:-:|:-:|
# | $3$ | $2$ | $3$ |
# | $0.4$ | $0$ | $0$ |
# | $-0.8$ | $0$ | $0$ |
# | $-1.5$ | $-0.5$ | $-1.5$ |
#
# Both set all entries with $|x| \le \lambda$ to 0. So $1$ and $-1$ themselves become 0 here. The
# two differ in what they do with the others.
#
# - The **hard threshold** keeps them as they are.
# - The **soft threshold** moves them towards 0 by $\lambda$. It can be written in one line, with
#   $\text{sign}(x)$, which is $1$ for positive numbers, $-1$ for negative numbers and $0$ at 0:
#   $$\text{soft}(x) = \text{sign}(x)\, \max(|x| - \lambda,\, 0).$$
#
# Write a function that returns both, the soft one first.
#
# The check compares values and gradients. The slopes are the same for both thresholds: 1 where
# $|x| > \lambda$, and 0 where $|x| < \lambda$, at $x = 0$ too. Exactly at $|x| = \lambda$ both
# values must be 0. But there the slope is a matter of choice, as for ReLU at 0, and the check does
# not look at it.
#
# (torch has both: `nn.functional.softshrink` and `hardshrink`. They would pass. Write your own.)

# %% exercise="soft_and_hard_threshold"
