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
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import open_unit

unit = open_unit("02_activation_functions")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="relu_with_gradient"
# ReLU keeps positive numbers and sets all others to 0:
#
# $$\text{ReLU}(x) = \max(0, x).$$
#
# So $-2$ becomes $0$, and $3$ stays $3$. Training also needs the derivative: the slope of the curve
# at $x$. On the left the curve is flat, so the slope is 0. On the right it is the line $y = x$, so
# the slope is 1.
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
# Two answers, so one must be chosen. torch chooses **0**, and so do we.
#
# Write a function that returns two tensors: ReLU of each entry of `x`, and the derivative at each
# entry. Write the derivative down yourself; autograd is not needed. Both tensors have the shape and
# the dtype of `x`. Leave `x` itself as it is.

# %% exercise="relu_with_gradient"

# %% [markdown] exercise="stable_sigmoid"
# The formula of the sigmoid is
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}.$$
#
# Typed in as it stands, it works for most numbers. But computers have a largest number. In float32
# it is about $3 \cdot 10^{38}$, and $e^{89}$ is above it: the result is `inf`, and we say that
# `exp` **overflows**. Here is what happens far from 0. (`requires_grad=True` tells torch to collect
# the gradient of `x`, and `backward()` computes it.)


# %%
def sigmoid_as_written(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


points = torch.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
values = sigmoid_as_written(points)
values.sum().backward()
print("values:   ", values.tolist())
print("gradients:", points.grad.tolist())

# %% [markdown]
# The three values are right. One gradient is `nan`, "not a number". It comes from the chain rule,
# which multiplies a 0 by an `inf`. A single `nan` in a gradient spoils all weights at the next
# step.
#
# There is a second form. Multiply the top and the bottom of the fraction by $e^x$:
#
# $$\sigma(x) = \frac{e^x}{1 + e^x}.$$
#
# It overflows too, but on the other side. Each form is safe where the other is not.
#
# Write a sigmoid with finite values and finite gradients everywhere, for float32 and float64. Build
# it from `torch.exp`. Value and gradient must be right at exactly 0 as well, where $\sigma$ has the
# slope $\frac14$.
#
# `torch.sigmoid` does all of this already, and it would pass the check: the check sees what comes
# out, not how. Do without it here. Then you know what it does for you.

# %% exercise="stable_sigmoid"

# %% [markdown] exercise="tanh_from_sigmoid"
# The sigmoid and tanh are both S-shaped. They differ in range and in steepness. Look at a few
# points.

# %%
for x in (-4.0, -1.0, 0.0, 1.0, 4.0):
    number = torch.tensor(x)
    print(f"x = {x:4}   sigmoid: {torch.sigmoid(number):.3f}   tanh: {torch.tanh(number):6.3f}")

# %% [markdown]
# In fact tanh *is* a sigmoid, stretched and shifted. There are three numbers $a$, $c$ and $d$ with
#
# $$\tanh(x) = a\, \sigma(c\, x) + d \qquad \text{for all } x,$$
#
# where
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}, \qquad \sigma(x) = \frac{1}{1 + e^{-x}}.$$
#
# Find $a$, $c$ and $d$ on paper. Then write tanh with `torch.sigmoid`. (`torch.tanh` would pass the
# check as well. Keep it for comparing.)

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
# A network with one hidden layer of ReLU units can:
#
# $$h = \text{ReLU}(x W_1^\top + b_1), \qquad y = h W_2^\top + b_2.$$
#
# Choose its weights yourself, with pen and paper. Nothing is trained here. Two hidden units are
# enough; you may use more.
#
# Write them as a dictionary of nested lists, `{"W1": ..., "b1": ..., "W2": ..., "b2": ...}`. With
# two hidden units the shapes are (2, 2), (2,), (1, 2) and (1,), the same as in `nn.Linear`. A
# weight of shape (1, 2) is written as a list in a list: `[[3, 4]]`.
#
# The check tries 21 points at each corner: the corner itself and 20 points up to 0.05 away in both
# directions. Where XOR is 1, the output must be at least 0.75. Where it is 0, at most 0.25.

# %% exercise="xor_network"

# %% [markdown] exercise="TutorialEncoderRelu"
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
# - `encoder_linear2` goes from there to `encoding_dim`.
#
# After the second layer comes nothing. The code stays free to be negative.

# %% exercise="TutorialEncoderRelu"

# %% [markdown] exercise="dead_fraction"
# A ReLU unit is **active** on an input if its activation is above 0. It is **dead** if it is not
# active on any input of the data.
#
# Here are the pre-activations of three units on four inputs, one input a row.

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
# The second is never active; on the last row its pre-activation is exactly 0, and that does not
# count. So one unit of three is dead, and the fraction is $\frac13$.
#
# Write a function that finds this fraction. It gets the weights `W` and the biases `b` of a ReLU
# layer, and the data `X`. The layer's activations are $\text{ReLU}(X W^\top + b)$. Return a Python
# float, not a tensor.

# %% exercise="dead_fraction"

# %% [markdown] exercise="four_networks"
# Here are four networks, A to D. Each has three hidden layers of 32 units and a linear output. A
# and C use tanh, B and D use ReLU. All four get the same 200 inputs. They are not trained yet: this
# is how they would start.
#
# The table has one line for each hidden layer. $z$ is a pre-activation and $a$ is the activation
# made from it.
#
# - **mean |z|**: the mean size of the pre-activations.
# - **|a| > 0.99** (for tanh): the share of all entries whose activation is above 0.99 or below
#   -0.99.
# - **a = 0** (for ReLU): the share of all entries whose activation is 0.
# - **dead units** (for ReLU): the share of units that are 0 on each of the 200 inputs.
# - **gradient**: the length of the gradient of a loss with respect to the layer's weights. Here
#   `7e-03` means $7 \cdot 10^{-3}$, that is 0.007. A plain `0` is exactly 0.

# %%
from course_lib.exercises.activation_functions.clinic import as_table, clinic

print(as_table(clinic()))

# %% [markdown]
# One network is healthy. Each of the other three has one fault:
#
# - `"saturated"`: nearly all units sit on a plateau of their activation function.
# - `"dead"`: there is a layer whose units are all dead.
# - `"shrinking"`: the signal gets smaller from layer to layer, like the stack with small weights in
#   unit 1.
#
# Write one of the words `"healthy"`, `"saturated"`, `"dead"`, `"shrinking"` for each network. Then
# answer the three questions on the faults.

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
# Both set all entries with $|x| \le \lambda$ to 0. They differ in what they do with the others.
#
# - The **hard threshold** keeps them as they are.
# - The **soft threshold** moves them towards 0 by $\lambda$. With $\text{sign}(x)$, which is $1$
#   for positive and $-1$ for negative numbers, it is
#   $$\text{soft}(x) = \text{sign}(x)\, \max(|x| - \lambda,\, 0).$$
#
# Write a function that returns both, the soft one first. Gradients must flow through them. Exactly
# at $|x| = \lambda$ the slope is a matter of choice, as for ReLU at 0, so the check leaves these
# two points out.

# %% exercise="soft_and_hard_threshold"
