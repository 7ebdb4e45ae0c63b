# %% [markdown]
# # Exercises 1 · Linear layers
#
# Eight exercises on the [lesson on linear layers](../../notebooks/01_linear_layers.ipynb). Do them
# in order: the first ones are short.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.linear_forward()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import open_unit

unit = open_unit("01_linear_layers")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="linear_forward"
# A linear layer makes weighted sums. Take one input $x = (2, 3)$, the weights $(4, -1)$ and the
# bias $0.5$. The output is
#
# $$4 \cdot 2 + (-1) \cdot 3 + 0.5 = 5.5.$$
#
# A layer with several outputs has one row of weights for each of them. The rows together are the
# weight $W$, of shape (out, in). The biases together are $b$, of shape (out,).
#
# Inputs come in batches: each row of $x$ is one input. For the whole batch
#
# $$y = x W^\top + b.$$
#
# $W^\top$ is $W$ turned round: its rows become columns. In torch it is written `W.T`, and the
# matrix product is written `@`.
#
# Write the layer yourself, without `nn.Linear` and without `nn.functional.linear`.

# %% [markdown]
# The example from above, as tensors. Mind the two pairs of brackets: a batch of one input is still
# a batch.

# %%
one_input = torch.tensor([[2.0, 3.0]])  # shape (1, 2): a batch of one
one_row = torch.tensor([[4.0, -1.0]])  # shape (1, 2): one output, two inputs
print("shape of the batch: ", tuple(one_input.shape))
print("shape of the weight:", tuple(one_row.shape))
print("the output should be:", 4 * 2 + (-1) * 3 + 0.5)

# %% exercise="linear_forward"

# %% [markdown] exercise="predict_shapes"
# Before you run a network, you can know all its shapes. The lesson's autoencoder has four linear
# layers:
#
# | layer | made by |
# |---|---|
# | `encoder_linear1` | `nn.Linear(768, 256)` |
# | `encoder_linear2` | `nn.Linear(256, 128)` |
# | `decoder_linear1` | `nn.Linear(128, 256)` |
# | `decoder_linear2` | `nn.Linear(256, 768)` |
#
# The input $x$ is a batch of **5** embeddings. Its shape is `(5, 768)`. It passes through the four
# layers from top to bottom.
#
# Write each shape as a tuple, such as `(5, 768)`. A tuple with one number needs a comma: `(7,)`.
# Do it on paper first, without running the model.

# %% exercise="predict_shapes"

# %% [markdown] exercise="TwoLayerEncoder"
# In torch, a model is a class. It inherits from `nn.Module` and has two methods:
#
# - `__init__` makes the layers, once, and keeps them as attributes of `self`.
# - `forward` says what becomes of an input. It runs when you call `model(x)`.
#
# Here is a model with a single layer.


# %%
class OneLayer(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, x):
        return self.linear(x)


one_layer = OneLayer(3, 2)
print("output:    ", tuple(one_layer(torch.ones(4, 3)).shape))
print("parameters:", [name for name, parameter in one_layer.named_parameters()])

# %% [markdown]
# The names of the parameters come from the attribute: `self.linear` gives `linear.weight` and
# `linear.bias`.
#
# **Now you.** Write the encoder. It has two linear layers, one after the other, with nothing in
# between:
#
# - `encoder_linear1` goes from `input_dim` numbers to `2 * encoding_dim`;
# - `encoder_linear2` goes from there to `encoding_dim`.
#
# With 768 and 128 this is 768 → 256 → 128. The check also tries other sizes.

# %% exercise="TwoLayerEncoder"

# %% [markdown] exercise="count_parameters"
# A parameter is a number that training may change: a weight or a bias.
#
# Take a layer from 3 to 2 numbers. Its weight has shape (2, 3), so it has 6 weights. It has a bias
# for each of the 2 outputs. Together that makes 8 parameters.
#
# The lesson's autoencoder has four such layers. If $n$ is `input_dim` and $c$ is `encoding_dim`,
# the widths are
#
# $$n \to 2c \to c \to 2c \to n.$$
#
# Write a function that counts all the parameters from these two numbers. Do not build the model:
# find the formula. You may go layer by layer; it need not be short.

# %% exercise="count_parameters"

# %% [markdown] exercise="collapse_linear_stack"
# Two linear layers in a row are one linear layer. See it on single numbers. The first layer takes
# $x$ to $2x + 1$. The second takes this result times 3, plus 5:
#
# $$3\,(2x + 1) + 5 = 6x + 8.$$
#
# The new weight is $3 \cdot 2 = 6$. The new bias is $3 \cdot 1 + 5 = 8$. The 1 was added *before*
# the second layer, so it is multiplied by 3 as well.
#
# With vectors it goes the same way. The first layer makes $h = W_1 x + b_1$. The second makes
# $y = W_2 h + b_2$. (Here $x$, $h$ and $y$ are single columns, so $W$ stands on the left.) Put the
# first line into the second and multiply out. You can then read off $W$ and $b$ in $y = W x + b$.
#
# One thing is different from numbers: in a product of matrices the order matters.

# %%
for number in (-1.0, 0.0, 2.5):
    two_layers = 3 * (2 * number + 1) + 5
    print(f"x = {number:4}   two layers: {two_layers:5}   one layer: {6 * number + 8:5}")

# %% exercise="collapse_linear_stack"

# %% [markdown] exercise="linear_backward"
# Training needs to know: if one weight changes a little, how much does the loss change? The
# **loss** $L$ is a single number that says how bad the output is. The answer is a slope, and the
# slopes of all weights together are called the **gradient**.
#
# **One number first.** Let $y = w x + b$ with $x = 3$, $w = 2$, $b = 1$, so $y = 7$. Let the loss
# be $L = (y - 5)^2$, which is 4. How does $L$ depend on $w$? By way of $y$:
#
# - The slope of $L$ with respect to $y$ is $2 (y - 5) = 4$. Call it $g$.
# - The slope of $y$ with respect to $w$ is $x = 3$: if $w$ grows by 1, then $y$ grows by 3.
#
# The **chain rule** says: multiply the slopes along the way. So
#
# $$\frac{\partial L}{\partial w} = g \cdot x = 12, \qquad
# \frac{\partial L}{\partial x} = g \cdot w = 8, \qquad
# \frac{\partial L}{\partial b} = g \cdot 1 = 4.$$
#
# The sign $\frac{\partial L}{\partial w}$ is read "the slope of $L$ with respect to $w$". Try it:
# nudge $w$ by a thousandth and see what the loss does.


# %%
def loss_for(w, x=3.0, b=1.0):
    return (w * x + b - 5) ** 2


nudge = 0.001
print("slope, measured:     ", round((loss_for(2.0 + nudge) - loss_for(2.0)) / nudge, 2))
print("slope, by chain rule:", 4.0 * 3.0)

# %% [markdown]
# The small rest comes from the nudge. It goes away as the nudge shrinks.
#
# **Several ways: add them up.** In a layer with a batch, most numbers act on the loss in more than
# one way. The rule is: multiply along each way, then add up all the ways.
#
# Number the rows of the batch by $n$, the inputs by $i$, the outputs by $o$. The layer is
#
# $$y_{no} = \sum_i W_{oi}\, x_{ni} + b_o.$$
#
# Suppose that the slopes $g_{no} = \frac{\partial L}{\partial y_{no}}$ are known. They are handed
# to you as `grad_out`, of shape (batch, out). Now ask of each number: where was it used?
#
# - The input $x_{ni}$ was used in **every output** $o$ of its own row, each time with the factor
#   $W_{oi}$:
#   $$\frac{\partial L}{\partial x_{ni}} = \sum_o g_{no}\, W_{oi}.$$
# - The weight $W_{oi}$ was used in **every row** $n$, each time with the factor $x_{ni}$:
#   $$\frac{\partial L}{\partial W_{oi}} = \sum_n g_{no}\, x_{ni}.$$
# - The bias $b_o$ was used in **every row** $n$, each time with the factor 1:
#   $$\frac{\partial L}{\partial b_o} = \sum_n g_{no}.$$
#
# An example with a batch of two, one input and one output: $x = (3, 1)$, $W = 2$ and
# $g = (4, 10)$. Then $\frac{\partial L}{\partial W} = 4 \cdot 3 + 10 \cdot 1 = 22$ and
# $\frac{\partial L}{\partial b} = 4 + 10 = 14$. Each row keeps an input gradient of its own:
# $(4 \cdot 2,\; 10 \cdot 2) = (8, 20)$.
#
# **Now you.** Write the three sums in torch. The first two are matrix products.

# %% exercise="linear_backward"

# %% [markdown] exercise="mended_loss"
# A network with one output predicts a number for each input. `nn.Linear(64, 1)` returns
# predictions of shape (batch, 1). The targets were read from a table, as a plain list of numbers,
# so they have shape (batch,). Here is the loss that goes with it: the mean squared error.


# %%
def broken_loss(prediction: Tensor, target: Tensor) -> Tensor:
    return ((prediction - target) ** 2).mean()


predicted = torch.tensor([[1.0], [2.0], [3.0]])  # shape (3, 1)
wanted = torch.tensor([1.0, 2.0, 3.0])  # shape (3,)
print("loss of perfect predictions:", round(broken_loss(predicted, wanted).item(), 3))

# %% [markdown]
# All three predictions are right, so the loss should be 0. It is not. There is no error and no
# warning either. Something went wrong in the subtraction.
#
# When two shapes differ, torch does not always stop. It **broadcasts**: it writes the shapes one
# above the other, flush right, and repeats whatever is missing or has size 1. Two examples:
#
# - (4, 3) plus (3,): the second is repeated for each of the 4 rows. The result is (4, 3). This is
#   how a linear layer adds its bias.
# - (1, 3) plus (2, 1): the row is repeated twice, the column three times. The result is (2, 3).
#
# And (3, 1) minus (3,)? Add a cell, look at the shape of `predicted - wanted`, and you have the
# fault.
#
# **Now you.** Write the mended loss. It should also work when there are several outputs: then
# prediction and target both have shape (batch, outputs), and `broken_loss` is right. It should
# work for targets of shape (batch, 1), too.

# %% exercise="mended_loss"

# %% [markdown] exercise="weight_scale"
# Here is a stack of linear layers without biases. Each is 256 wide: 256 inputs, 256 outputs. The
# weights are drawn at random, with mean 0 and standard deviation **0.1**. (The standard deviation
# tells how far the numbers typically lie from their mean.) The inputs have standard deviation 1.
#
# What becomes of the numbers as they pass through one layer after another, and why? Decide before
# you run anything.

# %% [markdown]
# As an example, the same stack with smaller weights, of standard deviation 0.05. Its numbers fade
# away. When you have decided, change the scale to 0.1 and see whether you were right.

# %%
weight_std, width = 0.05, 256
generator = torch.Generator().manual_seed(0)
signal = torch.randn(100, width, generator=generator)  # 100 inputs of standard deviation 1
print(f"standard deviation of the inputs: {signal.std():.1g}")
for depth in range(1, 31):
    layer_weight = weight_std * torch.randn(width, width, generator=generator)
    signal = signal @ layer_weight.T
    if depth % 10 == 0:
        print(f"after {depth} layers: {signal.std():.1g}")

# %% exercise="weight_scale"
