# %% [markdown]
# # 1 · Linear layers
#
# After this lesson you can
#
# - **compute** a linear layer by hand, for one input and for a batch;
# - **predict** the shape of every tensor that passes through a stack of layers;
# - **count** the parameters of an encoder and a decoder;
# - **recognise** random weights of the wrong scale, and put them right;
# - **collapse** a stack of linear layers into a single one.
#
# *About 45 minutes. Builds on: Python, and a little algebra. The exercises are in
# [01_exercises.ipynb](../exercises/01_linear_layers/01_exercises.ipynb).*
#
# Why begin here? At its heart, a sparse autoencoder is two linear layers with one simple function
# between them. Whoever understands the linear layer understands most of it.

# %%
import numpy as np
import torch
from torch import nn

from course_lib import LiveFigure, Slider, TwoLayerAutoencoder, digits, new_figure
from course_lib import open_unit, show_figure, show_source
from course_lib.figures import draw_plane_map, image_row, plane_facts
from course_lib.least_squares import least_squares_layer

unit = open_unit("01_linear_layers")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## A weighted sum
#
# You buy 2 coffees and 3 croissants. A coffee costs 4, a croissant 1.5, and the bag costs 0.5.
# You pay
#
# $$2 \cdot 4 + 3 \cdot 1.5 + 0.5 = 13.$$
#
# This is a **weighted sum**. The amounts 2 and 3 are the **inputs** $x$. The prices are the
# **weights** $w$: they say how much each input counts. The bag is the **bias** $b$: it is added
# whatever the inputs are. The **output** is $y = w_1 x_1 + w_2 x_2 + b$.

# %%
x = [2.0, 3.0]
w = [4.0, 1.5]
b = 0.5
y = w[0] * x[0] + w[1] * x[1] + b
print(y)

# %% [markdown]
# A second shop sells the same things at 3 and 2, and its bag is free. Now there is one input and
# two outputs: one bill per shop. We write each shop's prices as a row. The rows together are the
# **weight matrix** $W$, and the two bags are the bias $b$:
#
# $$W = \begin{pmatrix} 4 & 1.5 \\ 3 & 2 \end{pmatrix}, \qquad
# b = \begin{pmatrix} 0.5 \\ 0 \end{pmatrix}.$$
#
# Each output is the weighted sum with its own row. That is all a **linear layer** does.

# %%
W = np.array([[4.0, 1.5], [3.0, 2.0]])
b = np.array([0.5, 0.0])
x = np.array([2.0, 3.0])

by_hand = np.zeros(2)
for shop in range(2):  # one output per row of W
    for i in range(2):  # one weight per input
        by_hand[shop] += W[shop, i] * x[i]
    by_hand[shop] += b[shop]

print("by hand:  ", by_hand)
print("W @ x + b:", W @ x + b)

# %% [markdown]
# The two loops are so common that they have a symbol of their own. `@` is the **matrix product**:
# take a row of the left side, multiply it entry by entry with the right side, and add up.

# %% [markdown]
# ## Many inputs at once: the batch
#
# Two more customers come. One buys 1 coffee and 5 croissants, the other no coffee and 2
# croissants. The three orders together are a **batch**. By convention each row is one input.
#
# torch keeps such tables in a **tensor**. The **shape** of a tensor lists its lengths: `(3, 2)`
# means 3 rows of 2 numbers. A plain list of 2 numbers has shape `(2,)`. (The comma is how Python
# writes a tuple with one entry.)

# %%
X = torch.tensor([[2.0, 3.0], [1.0, 5.0], [0.0, 2.0]])
W = torch.tensor([[4.0, 1.5], [3.0, 2.0]])
b = torch.tensor([0.5, 0.0])
print("shape of X:", tuple(X.shape), "  of W:", tuple(W.shape), "  of b:", tuple(b.shape))

# %% [markdown]
# We want a table with one row per customer and one column per shop. The entry for customer 2 and
# shop 1 is
#
# $$1 \cdot 4 + 5 \cdot 1.5 + 0.5 = 12.$$
#
# It needs *row* 2 of $X$ and *row* 1 of $W$. But the matrix product goes along rows on its left
# and down *columns* on its right. So we first rewrite $W$ such that its first row becomes the
# first column, its second row the second column. This is the **transpose**, written $W^\top$, in
# code `W.T`.
#
# $$Y = X W^\top + b$$

# %%
print(X @ W.T + b)

# %%
print(X.numpy() @ W.numpy().T + b.numpy())  # the same in numpy

# %% [markdown]
# The product has shape (3, 2), and $b$ has shape (2,). torch adds $b$ to *every row*. Stretching a
# small tensor to fit a larger one is called **broadcasting**.
#
# Shapes are the grammar of this field. In a product the two inner lengths must agree, and they
# vanish:
#
# $$(\text{batch}, \text{in}) \; @ \; (\text{in}, \text{out}) \;\to\; (\text{batch}, \text{out}).$$
#
# When they do not agree, torch says so. You will see this message often. Read the two shapes in
# it, and you know what is wrong.

# %%
three_prices = torch.ones(1, 3)  # one shop, three things to buy: shape (1, 3)
try:
    X @ three_prices.T
except RuntimeError as error:
    print(error)

# %% [markdown]
# ### Predict
#
# A layer takes 3 inputs and gives 2 outputs. It is applied to a batch of 4.

# %%
guess_weight = predict.text("weight_shape", "What is the shape of its weight matrix W?", "(?, ?)")
guess_weight

# %%
guess_output = predict.text("output_shape", "What is the shape of its output?", "(?, ?)")
guess_output

# %%
generator = torch.Generator().manual_seed(0)  # random numbers, the same ones on every run
X = torch.randn(4, 3, generator=generator)
W = torch.randn(2, 3, generator=generator)
b = torch.randn(2, generator=generator)
Y = X @ W.T + b

guess_weight.compare(tuple(W.shape), "One row per output, one column per input: (out, in).")

# %%
guess_output.compare(tuple(Y.shape), "The inner 3 has vanished: (4, 3) @ (3, 2) gives (4, 2).")

# %% [markdown]
# ## `nn.Linear`
#
# torch has this layer ready-made. `nn.Linear(3, 2)` holds a weight of shape (2, 3) and a bias of
# shape (2,). Both are **parameters**: numbers that training will change. At first they are random.

# %%
torch.manual_seed(0)
small = nn.Linear(3, 2)
for name, parameter in small.named_parameters():
    print(f"{name:7} {tuple(parameter.shape)}")

# %% [markdown]
# You use a layer like a function. It computes what we computed:

# %%
same = torch.allclose(small(X), X @ small.weight.T + small.bias)
print("small(X) equals X @ W.T + b:", same)

# %% [markdown]
# `nn.Linear(3, 2, bias=False)` leaves the bias out.

# %% [markdown]
# ## What a layer does to the plane
#
# With two inputs and two outputs we can watch. Every point of the plane is an input. The layer
# sends it to another point, its output. We leave out the bias, which only shifts the picture as a
# whole. A layer without its bias is called a **linear map**.
#
# Look at the inputs $(1, 0)$ and $(0, 1)$. For our shops, the first gives
#
# $$(4 \cdot 1 + 1.5 \cdot 0, \; 3 \cdot 1 + 2 \cdot 0) = (4, 3),$$
#
# which is the **first column** of $W$. The second gives the **second column**. In the figure, the
# blue arrow is the first column and the orange arrow the second. The rest follows them: the grid
# is stretched and leans, but its lines stay straight (unless they shrink to a point).
#
# The shaded square has area 1 before. After the map, the size of its area is the size of the
# **determinant**, $\det W = w_{11} w_{22} - w_{12} w_{21}$. The determinant is negative when the
# map turns the plane over, like a page.


# %%
# You need not follow this cell: it draws.
def draw(figure, a, b, c, d):
    matrix = torch.tensor([[a, b], [c, d]])
    before, after = figure.subplots(1, 2)
    draw_plane_map(before, torch.eye(2), "before")
    draw_plane_map(after, matrix, f"after  W = [[{a:g}, {b:g}], [{c:g}, {d:g}]]")
    determinant, rank = plane_facts(matrix)
    return f"The square becomes the shaded shape. Determinant {determinant:.2f}, rank {rank}."


LiveFigure(
    draw,
    "Move the columns until the whole plane falls onto a line. What is the determinant then?",
    size=(7, 3.6),
    a=Slider("first column, x", -2, 2, 0.25, 1.5),
    c=Slider("first column, y", -2, 2, 0.25, 0.5),
    b=Slider("second column, x", -2, 2, 0.25, -0.5),
    d=Slider("second column, y", -2, 2, 0.25, 1),
)

# %% [markdown]
# **What you should have found.** The plane falls onto a line when both arrows lie on one line.
# The shaded shape then has no area: the determinant is 0. Different inputs now land on the same
# point. No later layer can tell them apart again: information is lost.
#
# The number of dimensions that are left is the **rank** of $W$: 2 for the whole plane, 1 for a
# line, 0 if everything goes to the origin.

# %%
examples = {
    "stretch and lean": torch.tensor([[1.5, -0.5], [0.5, 1.0]]),
    "turned over": torch.tensor([[0.0, 1.5], [1.0, 0.5]]),
    "onto a line": torch.tensor([[1.5, -1.0], [0.75, -0.5]]),
}
figure, axes = new_figure(7, 2.8, columns=3)
for ax, (name, matrix) in zip(axes, examples.items()):
    determinant, rank = plane_facts(matrix)
    draw_plane_map(ax, matrix, f"{name}\ndet {determinant:.2f}, rank {rank}")
show_figure(
    figure,
    "Three maps of the plane. Stretch and lean: determinant 1.75, rank 2. Turned over: "
    "determinant -1.50, rank 2. Onto a line: both arrows lie on one line, determinant 0, rank 1.",
)

# %%
onto_a_line = examples["onto a line"]
for point in ([1.0, 0.0], [2.0, 1.5], [0.0, -1.5]):
    print(point, "→", (onto_a_line @ torch.tensor(point)).tolist())

# %% [markdown]
# Three inputs, one output.

# %% [markdown]
# ## From 768 numbers to 128 and back
#
# Language models describe each word by a long list of numbers, its **embedding**. 768 is a
# common length. An **encoder** squeezes this list into a shorter one, the **code**. A **decoder**
# tries to restore the list from the code. Together they are an **autoencoder**. Each number of
# the code is called a **latent**.
#
# Ours has two linear layers on each side. It goes 768 → 256 → 128, then 128 → 256 → 768. (A
# sparse autoencoder needs only one on each side. You meet it in unit 6.)
#
# Here is the class, from the course's own library. In torch a model is a class. `__init__` makes
# the layers. `forward` says what is done with an input, and runs when you call the model like a
# function. Read `encode` and `decode` first; the option `activation` is the subject of unit 2.

# %%
show_source(TwoLayerAutoencoder)

# %% [markdown]
# ### Predict
#
# One embedding goes through the encoder: a batch of 1. What is the shape of the code?

# %%
guess_code = predict.text("code_shape", "Shape of the code for a batch of 1", "(?, ?)")
guess_code

# %%
input_dimension, encoding_dimension = 768, 128
torch.manual_seed(0)
autoencoder = TwoLayerAutoencoder(input_dimension, encoding_dimension)
embedding = torch.randn(1, input_dimension)  # a made-up embedding: (batch, input_dim)

code = autoencoder.encode(embedding)
guess_code.compare(code.shape)

# %%
h = autoencoder.encoder_linear1(embedding)
print("input                  ", tuple(embedding.shape))
print("after encoder_linear1  ", tuple(h.shape))
print("after encoder_linear2  ", tuple(autoencoder.encoder_linear2(h).shape))
h = autoencoder.decoder_linear1(code)
print("after decoder_linear1  ", tuple(h.shape))
print("after decoder_linear2  ", tuple(autoencoder.decoder_linear2(h).shape))

# %% [markdown]
# The shapes are right, but the numbers are not yet. The weights are random, so the restored list
# has nothing to do with the input. The **correlation** of two lists is 1 if they rise and fall
# together, and near 0 if they have nothing to do with each other:

# %%
embeddings = torch.randn(1000, input_dimension)
restored, codes = autoencoder(embeddings)  # forward returns both
both = torch.stack([embeddings.flatten(), restored.flatten()])
print(f"correlation of inputs and restored lists: {abs(torch.corrcoef(both)[0, 1].item()):.1f}")

# %% [markdown]
# Training will change that. It comes in unit 3.

# %% [markdown]
# ## Counting parameters
#
# A layer from $n$ inputs to $m$ outputs has $n \cdot m$ weights and $m$ biases. The small layer
# above has $3 \cdot 2 + 2 = 8$ parameters.
#
# ### Predict
#
# How many parameters does the whole autoencoder have, with its layers 768 → 256 → 128 → 256 →
# 768? A rough guess will do.

# %%
guess_count = predict.number("parameters", "Number of parameters of the autoencoder")
guess_count

# %%
total = 0
for name, layer in autoencoder.named_children():
    n, m = layer.in_features, layer.out_features
    total += n * m + m
    print(f"{name:16} {n:3} · {m:3} + {m:3} = {n * m + m:7,}")
assert total == sum(p.numel() for p in autoencoder.parameters())  # torch counts the same
guess_count.compare(total, "About six sevenths are in the two layers that touch the 768 numbers.")

# %% [markdown]
# ## On real data
#
# So far the inputs were made up. scikit-learn ships 1,797 small pictures of handwritten digits.
# Each has 8 × 8 pixels, so each is a list of 64 numbers between 0 (white) and 1 (black).

# %%
pixels, labels = digits("train")
show_figure(
    image_row(pixels[:8], [str(int(d)) for d in labels[:8]]),
    "Eight handwritten digits of 8 by 8 pixels, each with the digit it stands for above it.",
)

# %% [markdown]
# Can a single linear layer *read* a digit? Give it 64 inputs and 10 outputs, one per digit. The
# largest output wins.
#
# How to find good weights is the subject of unit 3. For this one question there is a ready
# formula, **least squares**. It picks the weights that bring the outputs close to 1 for the right
# digit and close to 0 for the nine others. We add a small charge on large weights, so that a
# pixel that is inked in one picture of 1,400 does not get a loud voice. We find the weights on
# 1,400 pictures and try them on the 397 others.
#
# ### Predict
#
# Blind guessing would get 10 of 100 right.

# %%
guess_read = predict.number("digits_read", "Of 100 new digits, how many does the layer get right?")
guess_read

# %%
targets = nn.functional.one_hot(labels, 10).float()  # ten numbers per picture: a 1 and nine 0s
reader = least_squares_layer(pixels, targets, ridge=10)  # an nn.Linear(64, 10)

new_pixels, new_labels = digits("test")
outputs = reader(new_pixels)  # (397, 10)
winners = outputs.argmax(dim=1)  # the place of the largest output in each row
correct = (winners == new_labels).float().mean().item()
guess_read.compare(f"about {round(100 * correct)} of 100")

# %% [markdown]
# One weighted sum per digit, and most are read correctly. Here are the ten outputs for one new
# picture:

# %%
print("the digit is", int(new_labels[0]))
for digit, output in enumerate(outputs[0].tolist()):
    print(f"output for {digit}: {output:5.1f}" + "  ← largest" * (digit == winners[0]))

# %% [markdown]
# Each output has 64 weights, one per pixel. So the weights can be drawn as pictures, too. Red
# pixels speak for the digit, blue ones against it.

# %%
show_figure(
    image_row(reader.weight[:5], [f"for {d}" for d in range(5)], height=1.75, symmetric=True),
    "The 64 weights of the outputs for 0 to 4, drawn as 8 by 8 pictures. Red pixels speak for the "
    "digit and blue ones against it. The picture for 0 is blue in its middle.",
)

# %%
middle = reader.weight[0].reshape(8, 8)[3:5, 3:5]
print("largest of the four weights in the middle of 0:", round(middle.max().item(), 2))

# %% [markdown]
# Look at the picture for 0. Its middle is blue: all four weights there are below zero. Ink in the
# middle speaks against a zero, which has its hole there.

# %% [markdown]
# ## Watch it fail: weights of the wrong scale
#
# Before training, weights are random. *How large* should they be? It seems a detail. Let us see.
#
# First a fact about sums of random numbers. The **standard deviation** tells how far numbers
# typically lie from their mean. We add up $n$ random numbers of standard deviation 1. How large
# are the sums?

# %%
generator = torch.Generator().manual_seed(0)
for n in (1, 4, 16, 64):
    sums = torch.randn(100_000, n, generator=generator).sum(dim=1)
    print(f"n = {n:2}: standard deviation of the sums {sums.std().item():.1f}")

# %% [markdown]
# Not $n$ times as large, but $\sqrt{n}$ times: pluses and minuses partly cancel.
#
# Each output of a linear layer is such a sum. So with random weights of standard deviation 1, the
# numbers grow by a factor of $\sqrt{n}$ in every layer, where $n$ is the number of inputs. To
# make up for it, one takes weights of standard deviation $1/\sqrt{n}$.
#
# What happens with twice as much, or half as much? Let us send the digits through 20 linear
# layers without bias, each from 64 to 64, and measure the size of the numbers after each.
#
# ### Predict

# %%
guess_scale = predict.choice(
    "scale",
    "With weights of standard deviation 2/√n, the numbers after 20 layers are …",
    [
        "about a millionth of the size",
        "about 2 times as large",
        "about 40 times as large",
        "about a million times as large",
    ],
)
guess_scale


# %%
def sizes_through(scale, depth=20, width=64, seed=0):
    """Standard deviation of the numbers before the first layer and after each one."""
    generator = torch.Generator().manual_seed(seed)
    x = (pixels - pixels.mean()) / pixels.std()  # mean 0, standard deviation 1
    sizes = [x.std().item()]
    for _ in range(depth):
        W = torch.randn(width, width, generator=generator) * scale / width**0.5
        x = x @ W.T
        sizes.append(x.std().item())
    return sizes


figure, ax = new_figure(7, 3.2)
for scale, marker in ((2.0, "^"), (1.0, "o"), (0.5, "v")):
    ax.semilogy(sizes_through(scale), marker=marker, markersize=4, label=f"{scale:g}/√n")
ax.set(
    xlabel="after this many layers",
    ylabel="standard deviation of the numbers",
    xticks=range(0, 21, 4),
)
ax.legend(title="scale of the weights")
show_figure(
    figure,
    "Standard deviation of the numbers against depth, on a logarithmic axis. Weights of scale "
    "2/√n: it grows a million-fold in 20 layers. Scale 1/√n: it stays near 1. Scale 0.5/√n: it "
    "shrinks to a millionth.",
)

# %%
power = round(np.log10(sizes_through(2.0)[-1]))
guess_scale.compare(
    f"about {10**power:,} times as large", "Each layer doubles them: 2 · 2 · … · 2, 20 times."
)

# %% [markdown]
# **How to recognise it.** On a logarithmic axis the size climbs or falls along a straight line:
# each layer multiplies it by the same factor. The outputs become huge or tiny. Training (unit 3)
# then takes steps that are far too large, or far too small.
#
# **How to put it right.** Take weights of standard deviation $1/\sqrt{n}$. The middle curve stays
# near 1.
#
# And `nn.Linear`? It draws its weights evenly between $-1/\sqrt{n}$ and $1/\sqrt{n}$. Numbers
# spread evenly between $-r$ and $r$ have standard deviation $r/\sqrt{3}$. So its scale is about
# $0.58/\sqrt{n}$, which is too small for a deep stack. Its biases hide this: they add new numbers
# in each layer. Look at how much the outputs *differ from picture to picture*:

# %%
torch.manual_seed(0)
deep = nn.Sequential(*(nn.Linear(64, 64) for _ in range(20)))  # one layer after the other
wide = nn.Linear(64, 64).weight
out = deep((pixels - pixels.mean()) / pixels.std())
print(f"scale of the weights:           {wide.std().item() * 64**0.5:.1f}/√n")
print(f"size of the outputs:            {out.std().item():.1f}")
print(f"difference between the pictures: 10 to the power {np.log10(out.std(0).mean().item()):.0f}")

# %% [markdown]
# Whatever digit goes in, nearly the same numbers come out. The input has faded away.

# %% [markdown]
# ## A stack of linear layers is one linear layer
#
# Take two layers with one input and one output each. The first computes $2x + 1$, the second
# computes $3y + 5$. One after the other:
#
# $$3 (2x + 1) + 5 = 6x + 8.$$
#
# The two are a *single* linear layer, with weight $3 \cdot 2 = 6$ and bias $3 \cdot 1 + 5 = 8$.
#
# With matrices the brackets multiply out in the same way. Only the order matters: the layer that
# acts first stands on the right. For one input $x$, written as a column,
#
# $$W_2 (W_1 x + b_1) + b_2
# \;=\; \underbrace{W_2 W_1}_{W}\, x \;+\; \underbrace{W_2 b_1 + b_2}_{b}.$$
#
# Does this hold for all four layers of our autoencoder? Let us compute the one layer, and
# compare. We begin with the layer that changes nothing: $W$ with ones on its diagonal and zeros
# elsewhere (`torch.eye`), and $b = 0$.

# %%
W, b = torch.eye(768), torch.zeros(768)
for layer in autoencoder.children():  # 768 → 256 → 128 → 256 → 768
    W, b = layer.weight @ W, layer.weight @ b + layer.bias

batch = torch.randn(5, 768)
four_layers, _ = autoencoder(batch)
one_layer = batch @ W.T + b  # the same W and b; a batch has its inputs in rows, hence W.T
print("W:", tuple(W.shape), " b:", tuple(b.shape))
print("same outputs:", torch.allclose(four_layers, one_layer, atol=1e-5))

# %% [markdown]
# ### Predict
#
# The one layer has a weight matrix of 768 × 768. What is its rank: how many dimensions are left
# of the 768?

# %%
guess_rank = predict.number("rank", "Rank of the 768 × 768 matrix")
guess_rank

# %%
# rtol: what is below a ten-thousandth of the largest counts as zero (rounding errors)
rank = int(torch.linalg.matrix_rank(W.double(), rtol=1e-4))
guess_rank.compare(
    rank,
    "Everything must pass through the 128 latents, so it cannot be more. Random weights use all "
    "of them, so it is not less.",
)

# %% [markdown]
# So depth alone buys nothing: whatever a stack of linear layers computes, a single one can
# compute. What would make depth worth its while? Something between the layers that is *not*
# linear. That is unit 2.

# %% [markdown]
# ## Quiz
#
# Five questions. Each answer tells you why it is right or wrong.

# %%
quiz.weighted_sum()

# %%
quiz.shape_and_count()

# %%
quiz.plane()

# %%
quiz.initial_scale()

# %%
quiz.collapse()

# %% [markdown]
# ## Summary
#
# - A linear layer computes $Y = X W^\top + b$: one weighted sum per output.
# - $W$ has shape (out, in), $b$ has shape (out,). A batch has shape (batch, in).
# - A layer from $n$ to $m$ has $nm + m$ parameters.
# - The columns of $W$ tell where $(1, 0)$ and $(0, 1)$ go. The rank tells how many dimensions are
#   left.
# - Random weights of standard deviation $1/\sqrt{n}$ keep the size of what goes through.
# - A stack of linear layers is one linear layer. Its rank is at most the width of the narrowest
#   layer.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | weight, bias | what multiplies an input; what is added at the end |
# | parameter | a number that training changes |
# | tensor, shape | torch's table of numbers; the list of its lengths |
# | matrix product `@` | rows on the left times columns on the right, added up |
# | transpose `W.T` | rows become columns |
# | batch | several inputs, one per row |
# | broadcasting | stretching a small tensor to fit a larger one |
# | embedding | the list of numbers by which a model describes a word |
# | encoder, decoder | from the input to the code; from the code back to the input |
# | code, latent | the encoder's output; one number of it |
# | autoencoder | an encoder and a decoder that together restore their input |
# | linear map | a linear layer without its bias |
# | determinant | the factor by which a map of the plane changes areas; negative if it turns over |
# | rank | the number of dimensions that are left after a linear map |
# | standard deviation | how far numbers typically lie from their mean |
#
# ### In the literature
#
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp*, 1998: random weights of
#   standard deviation $1/\sqrt{n}$.
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
#   networks*, 2010: the same thought for the way back, too.
# - P. Baldi and K. Hornik, *Neural networks and principal component analysis: learning from
#   examples without local minima*, 1989: what a purely linear autoencoder can learn. You meet it
#   in unit 4.
#
# **Next:** the [exercises of this unit](../exercises/01_linear_layers/01_exercises.ipynb).
# Exercise 6 asks for the gradients of a linear layer. Its text explains what they are; you may
# also leave it until unit 3. Then
# [unit 2, activation functions](02_activation_functions.ipynb).
