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
# Two rules hold for every function that you write with tensors:
#
# - **Leave the inputs as they are.** Make new tensors; do not change those you are given.
# - **Compute with tensors all the way.** When torch computes, it remembers how each number came
#   about. Training needs this memory. It is lost when you turn a tensor into plain numbers
#   (`.item()`, `.tolist()`, `.numpy()`) or cut it off on purpose (`.detach()`).
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
# weight matrix $W$, of shape (out, in). The biases together are $b$, of shape (out,).
#
# Inputs come in batches: each row of $x$ is one input. For the whole batch
#
# $$y = x W^\top + b.$$
#
# $W^\top$ is $W$ turned on its side: its rows become columns. In torch it is written `W.T`, and
# the matrix product is written `@`. The product has shape (batch, out), and $b$ has shape (out,).
# torch adds $b$ to *every row*: this is the broadcasting of the lesson.
#
# Here is the example from above, as tensors. Mind the double brackets. A batch of one input is
# still a batch, so it has two dimensions.

# %%
x_example = torch.tensor([[2.0, 3.0]])  # shape (1, 2): a batch of one, two input features
W_example = torch.tensor([[4.0, -1.0]])  # shape (1, 2): one output, two input features
b_example = torch.tensor([0.5])  # shape (1,): one output
for name, tensor in (("x", x_example), ("W", W_example), ("b", b_example)):
    print(f"shape of {name}: {tuple(tensor.shape)}")
print("the output should be", 4 * 2 + (-1) * 3 + 0.5)

# %% [markdown]
# **Now you.** Write the layer yourself, without `nn.Linear` and without `nn.functional.linear`.
# To try it out, add a cell with `linear_forward(x_example, W_example, b_example)`.

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
# layers from top to bottom. Recall that a layer stores its `weight` as (out, in).
#
# Write each shape as a tuple, such as `(5, 768)`. A tuple with a single number needs a comma:
# `(7,)`. In the cell below the dots already stand between brackets. Those only make room. Put the
# whole tuple in place of the dots, *with brackets of its own*, like this:
#
# ```python
# input_shape = (
#     (5, 768)
# )
# ```
#
# Do it on paper first, without running the model.

# %% exercise="predict_shapes"

# %% [markdown] exercise="TwoLayerEncoder"
# In torch, a model is a class. It inherits from `nn.Module` and has two methods:
#
# - `__init__` makes the layers, once, and keeps them as attributes of `self`.
# - `forward` says what is done with an input. It runs when you call `model(x)`.
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
# The line `super().__init__()` always comes first. It lets torch find the layers that you make
# after it. The names of the parameters come from the attribute: `self.linear` gives
# `linear.weight` and `linear.bias`.
#
# **Now you.** Write the encoder. It has two linear layers, one after the other, with nothing in
# between:
#
# - `encoder_linear1` goes from `input_dim` numbers to `2 * encoding_dim`;
# - `encoder_linear2` goes from there to `encoding_dim`.
#
# Use exactly these two names. The check looks for them. It also builds your class with other
# sizes than the lesson's 768 and 128.

# %% exercise="TwoLayerEncoder"

# %% [markdown] exercise="count_parameters"
# A parameter is a number that training may change: a weight or a bias.
#
# Take a layer from 3 to 2 numbers. Its weight has shape (2, 3), so it has 6 weights. It has a bias
# for each of the 2 outputs. Together that makes 8 parameters.
#
# The lesson's autoencoder has four linear layers, two in the encoder and two in the decoder. In
# general their sizes are:
#
# | layer | from | to |
# |---|---|---|
# | `encoder_linear1` | `input_dim` | `2 * encoding_dim` |
# | `encoder_linear2` | `2 * encoding_dim` | `encoding_dim` |
# | `decoder_linear1` | `encoding_dim` | `2 * encoding_dim` |
# | `decoder_linear2` | `2 * encoding_dim` | `input_dim` |
#
# The decoder goes back the way that the encoder came. Does it have as many parameters, then?
# Decide before you compute.
#
# Write a function that returns two numbers, first the parameters of the encoder, then those of the
# decoder. Do not build the model: find the two formulas. You may go layer by layer; they need not
# be short. For 768 and 128 the two should add up to the total that the lesson printed.

# %% exercise="count_parameters"

# %% [markdown] exercise="collapse_linear_stack"
# Two linear layers in a row are one linear layer. See it on single numbers. The first layer takes
# $x$ to $2x + 1$. The second multiplies that by 3 and adds 4:
#
# $$3\,(2x + 1) + 4 = 6x + 7.$$
#
# The new weight is $3 \cdot 2 = 6$. The new bias is $3 \cdot 1 + 4 = 7$. The 1 was added *before*
# the second layer, so it is multiplied by 3 as well.

# %%
for number in (-1.0, 0.0, 2.5):
    two_layers = 3 * (2 * number + 1) + 4
    print(f"x = {number:4}   two layers: {two_layers:4}   one layer: {6 * number + 7:4}")

# %% [markdown]
# With vectors it goes the same way. The first layer makes $h = W_1 x + b_1$. The second makes
# $y = W_2 h + b_2$. Put the first line into the second and multiply out. You can then read off $W$
# and $b$ in $y = W x + b$. Only one thing is different: in a product of matrices the order
# matters.
#
# In these formulas $x$ is one input, written as a column, so $W$ stands on its left. In code the
# inputs are the rows of a batch, and we write `x @ W.T + b`. Both use the same `W` and the same
# `b`.
#
# **Now you.** Return `W` and `b` of the single layer. As in `nn.Linear`, `W` has shape
# (out_features, in_features) and `b` has shape (out_features,).

# %% exercise="collapse_linear_stack"

# %% [markdown] exercise="linear_backward"
# Training needs to know: if one weight changes a little, how much does the loss change? The
# **loss** $L$ is a single number that says how bad the output is. The answer is a slope, and the
# slopes for all weights together are called the **gradient**.
#
# **One number first.** Let $y = w x + b$ with $x = 3$, $w = 2$, $b = 1$, so $y = 7$. Let the loss
# be $L = (y - 5)^2$, which is 4. How does $L$ depend on $w$? By way of $y$:
#
# - When $w$ grows by 0.001, $y$ grows by 0.003. The slope of $y$ with respect to $w$ is $x = 3$.
# - When $y$ grows by 0.001, $L$ grows by about 0.004. The slope of $L$ with respect to $y$ is
#   $2 (y - 5) = 4$. Call it $g$.
#
# The **chain rule** says: multiply the slopes along the way. So when $w$ grows by 0.001, $L$ grows
# by about $4 \cdot 3 \cdot 0.001 = 0.012$.
#
# The slope of $L$ with respect to $w$ is written $\frac{\partial L}{\partial w}$. With this symbol
#
# $$\frac{\partial L}{\partial w} = g \cdot x = 12, \qquad
# \frac{\partial L}{\partial x} = g \cdot w = 8, \qquad
# \frac{\partial L}{\partial b} = g \cdot 1 = 4.$$
#
# Try it: nudge $w$ by a thousandth and see what the loss does.


# %%
def loss_for(w, x=3.0, b=1.0):
    return (w * x + b - 5) ** 2


nudge = 0.001
print("slope, measured:     ", round((loss_for(2.0 + nudge) - loss_for(2.0)) / nudge, 2))
print("slope, by chain rule:", 4.0 * 3.0)

# %% [markdown]
# The small difference comes from the size of the nudge. It goes away as the nudge shrinks.
#
# **Two outputs.** Now the input 3 goes into a layer with two outputs. Their weights are 2 and
# $-1$. The slopes of $L$ with respect to the two outputs are 4 and 10. How they came about does
# not matter here. The input acts on the loss in two ways: through the first output and through the
# second. The rule is: multiply along each way, then **add up** all the ways. So the slope for the
# input is
#
# $$4 \cdot 2 + 10 \cdot (-1) = -2.$$
#
# **A batch of two.** A second input, 1, goes through the same layer. For its two outputs the
# slopes are 1 and 5. As tensors, with one row for each input of the batch:
#
# $$x = \begin{pmatrix} 3 \\ 1 \end{pmatrix}, \qquad
# W = \begin{pmatrix} 2 \\ -1 \end{pmatrix}, \qquad
# g = \begin{pmatrix} 4 & 10 \\ 1 & 5 \end{pmatrix}.$$
#
# In $g$, each row is an input of the batch and each column an output. Now ask of each number:
# where was it used?
#
# - The second **input**, 1, was used in both outputs of its own row. Its slope is
#   $1 \cdot 2 + 5 \cdot (-1) = -3$.
# - The first **weight**, 2, was used in both rows, always for the first output. Its slope is
#   $4 \cdot 3 + 1 \cdot 1 = 13$. For the second weight it is $10 \cdot 3 + 5 \cdot 1 = 35$.
# - The **bias** of the first output was added in both rows. Its slope is $4 + 1 = 5$. For the
#   second output it is $10 + 5 = 15$.
#
# torch can compute these slopes itself; this is called **autograd**. Let us compare. Tensors with
# `requires_grad=True` are those whose slopes we want. `backward` finds them and puts them into
# `.grad`.

# %%
x_small = torch.tensor([[3.0], [1.0]], requires_grad=True)  # shape (2, 1): batch, in
W_small = torch.tensor([[2.0], [-1.0]], requires_grad=True)  # shape (2, 1): out, in
b_small = torch.tensor([0.0, 0.0], requires_grad=True)  # shape (2,): out
g_small = torch.tensor([[4.0, 10.0], [1.0, 5.0]])  # shape (2, 2): batch, out

y_small = x_small @ W_small.T + b_small
loss = (g_small * y_small).sum()  # made up so that its slopes with respect to y are g
loss.backward()
print("for x:", x_small.grad.tolist())
print("for W:", W_small.grad.tolist())
print("for b:", b_small.grad.tolist())

# %% [markdown]
# **In general.** To write this down for any sizes, we number things.
#
# - $r$ numbers the rows of the batch. $x_r$ is the input in row $r$.
# - $j$ numbers the outputs. $y_{rj}$ is output $j$ for row $r$, and $b_j$ is its bias.
# - $i$ numbers the input features. $x_{ri}$ is feature $i$ of row $r$. $W_{ji}$ is the weight that
#   leads from feature $i$ to output $j$.
#
# With them the layer is
#
# $$y_{rj} = \sum_i W_{ji}\, x_{ri} + b_j.$$
#
# The sign $\sum_i$ means: add up over all $i$. The slopes $g_{rj}$ of the loss with respect to
# $y_{rj}$ are handed to you as `grad_out`, of shape (batch, out). What you did above, number by
# number, now becomes three sums:
#
# - The input $x_{ri}$ was used in **every output** $j$ of its own row, each time with the factor
#   $W_{ji}$:
#   $$\frac{\partial L}{\partial x_{ri}} = \sum_j g_{rj}\, W_{ji}.$$
# - The weight $W_{ji}$ was used in **every row** $r$, each time with the factor $x_{ri}$:
#   $$\frac{\partial L}{\partial W_{ji}} = \sum_r g_{rj}\, x_{ri}.$$
# - The bias $b_j$ was used in **every row** $r$, each time with the factor 1:
#   $$\frac{\partial L}{\partial b_j} = \sum_r g_{rj}.$$
#
# **Now you.** Write the three sums in torch. The first two are matrix products. Please do without
# autograd here. It gives the same numbers, so the check would let it pass, but you would miss what
# this exercise is for.

# %% exercise="linear_backward"

# %% [markdown] exercise="mended_loss"
# A network with one output predicts a number for each input. `nn.Linear(64, 1)` returns
# predictions of shape (batch, 1). The targets were read from a table, as a plain list of numbers,
# so they have shape (batch,). Here is the loss that goes with it, the mean squared error: subtract,
# square, take the mean.


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
# When two shapes differ, torch does not always stop. It **broadcasts**. You know one example: a
# linear layer adds its bias of shape (3,) to a product of shape (4, 3), and the bias is repeated
# for each of the 4 rows. In general torch compares the two shapes from their last sizes to their
# first:
#
# - Where both sizes are the same, all is well.
# - Where one of them is 1, that tensor is repeated. So (2, 1) plus (1, 3) gives (2, 3): the column
#   is repeated three times, the row twice.
# - Where one tensor has no more sizes left, it is repeated as well. So (4, 3) plus (3,) gives
#   (4, 3).
# - Two sizes that differ raise an error if neither is 1. So (4, 3) plus (4,) fails: 3 is not 4.
#
# And (3, 1) minus (3,)? Add a cell, look at the shape of `predicted - wanted`, and you have the
# fault.
#
# **Now you.** Write the mended loss. Three kinds of input should work:
#
# - one output, where the target has shape (batch,): the case that is broken;
# - one output, where the target has shape (batch, 1), like the prediction;
# - several outputs, where prediction and target both have shape (batch, outputs).
#
# In the last two cases `broken_loss` is already right. Take care not to break them.

# %% exercise="mended_loss"

# %% [markdown] exercise="weight_scale"
# Before training, weights are random. Here are two stacks of five linear layers without biases. In
# the **narrow** stack each layer has 256 inputs and 256 outputs. In the **wide** stack it has 1024
# inputs and 1024 outputs. Everything else is the same: the weights have mean 0 and standard
# deviation 0.05, and the inputs have standard deviation 1. As in the lesson, we call the standard
# deviation the *size* of the numbers.
#
# Each layer multiplies the size by a factor, nearly the same one every time. In the wide stack
# each output adds up **four** times as many products as in the narrow one. But the factor is only
# **twice** as large. The two cells below show it. Run them first. Then choose: why twice?


# %%
def print_sizes(width, weight_std=0.05, layers=5):
    generator = torch.Generator().manual_seed(0)
    signal = torch.randn(100, width, generator=generator)  # 100 inputs of size 1
    before = signal.std().item()
    print(f"inputs:        size {before:5.2f}")
    for layer in range(1, layers + 1):
        weight = weight_std * torch.randn(width, width, generator=generator)
        signal = signal @ weight.T
        after = signal.std().item()
        print(f"after layer {layer}: size {after:5.2f}, factor {after / before:.1f}")
        before = after


print("the narrow stack")
print_sizes(256)

# %%
print("the wide stack")
print_sizes(1024)

# %% exercise="weight_scale"
