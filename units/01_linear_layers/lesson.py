# %% [markdown]
# # 1 · Linear layers
#
# After this lesson you can
#
# - **compute** a linear layer by hand, for one input and for a batch;
# - **predict** the shape of every tensor that passes through a stack of layers;
# - **count** the parameters of an encoder and a decoder;
# - **recognise** weights whose scale is wrong, and mend it;
# - **collapse** a stack of linear layers into a single one.
#
# *About 45 minutes. Builds on: Python, and a little algebra. The exercises are in
# [01_exercises.ipynb](../exercises/01_linear_layers/01_exercises.ipynb).*
#
# Why begin here? A sparse autoencoder is two linear layers with one simple function between
# them. Who understands the linear layer understands most of it.

# %%
import numpy as np
import torch
from torch import nn

from course_lib import LiveFigure, Slider, TwoLayerAutoencoder, digits, new_figure
from course_lib import open_unit, show_figure, show_source
from course_lib.figures import draw_plane_map, image_row, plane_facts

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
# **weights** $w$: how much each input counts. The bag is the **bias** $b$: what is added whatever
# the inputs are. The **output** is $y = w_1 x_1 + w_2 x_2 + b$.

# %%
x = [2.0, 3.0]
w = [4.0, 1.5]
b = 0.5
y = sum(weight * value for weight, value in zip(w, x)) + b
print(y)

# %% [markdown]
# A second shop sells the same things at 3 and 2, and its bag is free. One input, two outputs: one
# bill a shop. We write each shop's prices as a row. The rows together are the **weight matrix**
# $W$; the two bags are the bias vector $b$:
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
for out in range(2):  # one output a row of W
    for i in range(2):  # one weight an input
        by_hand[out] += W[out, i] * x[i]
    by_hand[out] += b[out]

print("by hand:  ", by_hand)
print("W @ x + b:", W @ x + b)

# %% [markdown]
# The two loops are so common that they have a sign of their own. `@` is the **matrix product**:
# multiply a row by the input, entry by entry, and add up.

# %% [markdown]
# ## Many inputs at once: the batch
#
# A second customer wants 1 coffee and 5 croissants. Both orders together are a **batch**. By
# convention each row of $X$ is one input, so $X$ has shape (batch, inputs).
#
# The rows of $W$ must meet the rows of $X$. The matrix product takes *rows* of the left side and
# *columns* of the right side. So $W$ is turned on its side: its rows become columns. This is the
# **transpose**, written $W^\top$, in code `W.T`.
#
# $$Y = X W^\top + b$$

# %%
X = torch.tensor([[2.0, 3.0], [1.0, 5.0]])
W = torch.tensor([[4.0, 1.5], [3.0, 2.0]])
b = torch.tensor([0.5, 0.0])
print(X @ W.T + b)

# %% [markdown]
# Each row is a customer, each column a shop. The bias has shape (2,) and the product has shape
# (2, 2). torch adds the bias to *every row*. This stretching is called **broadcasting**.
#
# Shapes are the grammar of this field. In a product the inner sizes must agree, and they vanish:
#
# $$(\text{batch}, \text{in}) \; @ \; (\text{in}, \text{out}) \;\to\; (\text{batch}, \text{out}).$$
#
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
generator = torch.Generator().manual_seed(0)
X = torch.randn(4, 3, generator=generator)
W = torch.randn(2, 3, generator=generator)
b = torch.randn(2, generator=generator)
Y = X @ W.T + b

guess_weight.compare(tuple(W.shape), "One row an output, one column an input: (out, in).")

# %%
guess_output.compare(tuple(Y.shape), "The inner 3 has vanished: (4, 3) @ (3, 2) gives (4, 2).")

# %% [markdown]
# ## `nn.Linear`
#
# torch has this layer ready made. `nn.Linear(3, 2)` holds a weight of shape (2, 3) and a bias of
# shape (2,). Both are **parameters**: numbers that training will change. In the beginning they
# are random.

# %%
torch.manual_seed(0)
layer = nn.Linear(3, 2)
for name, parameter in layer.named_parameters():
    print(f"{name:7} {tuple(parameter.shape)}")

# %%
same = torch.allclose(layer(X), X @ layer.weight.T + layer.bias)
print("nn.Linear computes x @ W.T + b:", same)

# %% [markdown]
# ## What a linear map does to the plane
#
# With two inputs and two outputs we can watch. Every point of the plane is an input; it moves to
# where the layer sends it. We leave out the bias, which only shifts the whole picture.
#
# Look at two inputs: $(1, 0)$ and $(0, 1)$. The product $W x$ sends the first to the **first
# column** of $W$ and the second to the **second column**. Everything else follows along: straight
# lines stay straight, and parallel lines stay parallel.
#
# The area of the shaded square tells how much the map stretches. This number is the
# **determinant**, $\det W = w_{11} w_{22} - w_{12} w_{21}$. It is negative when the map turns the
# plane over, like a page.


# %%
def draw(figure, a, b, c, d):
    W = torch.tensor([[a, b], [c, d]])
    before, after = figure.subplots(1, 2)
    draw_plane_map(before, torch.eye(2), "before")
    draw_plane_map(after, W, f"after  W = [[{a:g}, {b:g}], [{c:g}, {d:g}]]")
    determinant, rank = plane_facts(W)
    return (f"The unit square becomes the shaded shape. Determinant {determinant:.2f}, rank {rank}.")


LiveFigure(
    draw,
    "Move the columns until the whole plane falls onto a line. What is the determinant then?",
    size=(7, 3.6),
    a=Slider("first column, across", -2, 2, 0.25, 1.5),
    c=Slider("first column, up", -2, 2, 0.25, 0.5),
    b=Slider("second column, across", -2, 2, 0.25, -0.5),
    d=Slider("second column, up", -2, 2, 0.25, 1),
)

# %% [markdown]
# **What you should have found.** The plane falls onto a line when the two arrows point along the
# same line. The shaded square then has no area: the determinant is 0. Every point of a line that
# crosses it is sent to the same place, so no layer can undo the map. Information is lost.
#
# The number of dimensions that are left is the **rank** of $W$: 2 for the whole plane, 1 for a
# line, 0 if everything goes to the origin.

# %%
examples = {
    "stretch and lean": torch.tensor([[1.5, -0.5], [0.5, 1.0]]),
    "turned over": torch.tensor([[0.0, 1.5], [1.0, 0.5]]),
    "onto a line": torch.tensor([[1.0, -2.0], [0.5, -1.0]]),
}
figure, axes = new_figure(7, 2.8, columns=3)
for ax, (name, W) in zip(axes, examples.items()):
    determinant, rank = plane_facts(W)
    draw_plane_map(ax, W, f"{name}\ndet {determinant:.2f}, rank {rank}")
show_figure(
    figure,
    "Three maps of the plane. Stretch and lean: determinant 1.75, rank 2. Turned over: "
    "determinant -1.50, rank 2. Onto a line: both arrows lie on one line, determinant 0, rank 1.",
)

# %% [markdown]
# ## From 768 numbers to 128 and back
#
# Language models describe each word by a long list of numbers, its **embedding**. 768 is a
# common length. An **encoder** squeezes this list into a shorter one, the **code**. A **decoder**
# tries to restore the list from the code. Together they are an **autoencoder**. Each number of
# the code is called a **latent**.
#
# Ours has two linear layers on each side. On the way down it passes 256 numbers, and on the way
# up again. Here is the class, from the course's own library. Read `__init__`, `encode` and
# `decode`; the option `activation` is the subject of unit 2.

# %%
show_source(TwoLayerAutoencoder)

# %% [markdown]
# ### Predict
#
# One embedding, so a batch of 1, goes through the encoder. What is the shape of the code?

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
# The shapes are right. The numbers are not yet: the weights are random, so the restored list has
# nothing to do with the input. Training comes in unit 3.

# %% [markdown]
# ## Counting parameters
#
# A layer from $n$ inputs to $m$ outputs has $n \cdot m$ weights and $m$ biases. The small example
# above: $3 \cdot 2 + 2 = 8$.
#
# ### Predict
#
# How many parameters has the whole autoencoder, with its layers 768 → 256 → 128 → 256 → 768?
# A rough guess will do.

# %%
guess_count = predict.number("parameters", "Number of parameters of the autoencoder")
guess_count

# %%
total = 0
for name, layer in autoencoder.named_children():
    n, m = layer.in_features, layer.out_features
    total += n * m + m
    print(f"{name:16} {n:3} · {m:3} + {m:3} = {n * m + m:7,}")
assert total == sum(p.numel() for p in autoencoder.parameters())
guess_count.compare(total, "Nearly all of it is in the two layers that touch the 768 numbers.")

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
# Can a single linear layer *read* a digit? Give it 64 inputs and 10 outputs, one a digit. The
# largest output wins.
#
# How to find good weights is the subject of unit 3. For this one question there is a ready
# formula, **least squares**: it picks the weights that bring the outputs closest to 1 for the
# right digit and 0 for the nine others. We find the weights on 1,400 pictures, and try them on
# the 397 others.
#
# ### Predict

# %%
guess_read = predict.number("digits_read", "How many of 100 new digits will it read rightly?")
guess_read

# %%
targets = nn.functional.one_hot(labels, 10).float()  # (1400, 10): a single 1 in each row
with_one = torch.cat([pixels, torch.ones(len(pixels), 1)], dim=1)  # a column of ones: the bias
solution = torch.linalg.lstsq(with_one.double(), targets.double(), driver="gelsd").solution.float()

reader = nn.Linear(64, 10)
with torch.no_grad():  # put the weights in by hand
    reader.weight.copy_(solution[:64].T)
    reader.bias.copy_(solution[64])

new_pixels, new_labels = digits("test")
correct = (reader(new_pixels).argmax(dim=1) == new_labels).float().mean().item()
guess_read.compare(f"about {round(100 * correct)} of 100")

# %% [markdown]
# One weighted sum a digit, and nearly all are read. A blind guess would read 10 of 100.
#
# Each output has 64 weights, one a pixel. So the weights can be drawn as pictures, too. Red pixels
# speak for the digit, blue ones against it.

# %%
show_figure(
    image_row(reader.weight[:5], [f"for {d}" for d in range(5)], height=1.75, symmetric=True),
    "The 64 weights of the outputs for 0 to 4, drawn as 8 by 8 pictures. Red pixels speak for the "
    "digit and blue ones against it. The 0 has blue in its middle, where a zero has its hole.",
)

# %% [markdown]
# Look at the picture for 0. Its middle is blue: ink in the middle speaks against a zero.

# %% [markdown]
# ## A failure to see: weights of the wrong scale
#
# Before training, weights are random. *How large* should they be? It seems a detail. Let us send
# the digits through 20 linear layers, each from 64 to 64, and measure the size of the numbers
# after each layer. Size here means the **standard deviation**: how far the numbers typically lie
# from their mean. We try three scales for the weights, as standard deviations:
# $0.5/\sqrt{n}$, $1/\sqrt{n}$ and $2/\sqrt{n}$, where $n = 64$ is the number of inputs.
#
# ### Predict

# %%
guess_scale = predict.choice(
    "scale",
    "With weights of standard deviation 2/√n, the numbers after 20 layers are …",
    ["about twice as large", "about 40 times as large", "about a million times as large"],
)
guess_scale


# %%
def sizes_through(scale, depth=20, width=64, seed=0):
    """Standard deviation of the numbers before the first and after each layer."""
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
ax.set(xlabel="after this many layers", ylabel="standard deviation of the numbers",
       xticks=range(0, 21, 4))
ax.legend(title="scale of the weights")
show_figure(
    figure,
    "Standard deviation of the numbers against depth, on a logarithmic axis. Weights of scale "
    "2/√n: it grows a million-fold in 20 layers. Scale 1/√n: it stays near 1. Scale 0.5/√n: it "
    "shrinks to a millionth.",
)

# %%
power = round(np.log10(sizes_through(2.0)[-1]))
guess_scale.compare(f"about 10 to the power {power}", "Each layer doubles them: 2²⁰ ≈ 10⁶.")

# %% [markdown]
# **How to recognise it.** The curve is a straight line on a logarithmic axis. Each layer
# multiplies the size by the same factor. The outputs are huge or tiny, and so will be every
# gradient (unit 3): training explodes or stands still.
#
# **Why.** Each output adds up $n$ products. For random weights their sum is $\sqrt{n}$ times as
# large as one of them. Dividing by $\sqrt{n}$ makes up for it.
#
# **How to mend it.** Choose weights of standard deviation $1/\sqrt{n}$. The middle curve stays near 1.
#
# And `nn.Linear`? It draws its weights evenly between $-1/\sqrt{n}$ and $1/\sqrt{n}$. Numbers
# spread evenly between $-r$ and $r$ have standard deviation $r/\sqrt{3}$, so its scale is about
# $0.58/\sqrt{n}$. A deep stack of plain `nn.Linear` layers therefore shrinks what goes through.

# %%
torch.manual_seed(0)
layer = nn.Linear(64, 64)
print(f"scale of nn.Linear's weights: {layer.weight.std().item() * 64**0.5:.1f}/√n")
print(f"after 20 layers at 0.58/√n:   {sizes_through(0.58)[-1]:.0e}")

# %% [markdown]
# ## A stack of linear layers is one linear layer
#
# Our encoder has two layers. Write them out, one inside the other:
#
# $$W_2 (W_1 x + b_1) + b_2 \;=\; \underbrace{W_2 W_1}_{W}\, x \;+\; \underbrace{W_2 b_1 + b_2}_{b}.$$
#
# The right side is a single linear layer! Does it hold for all four layers of the autoencoder?
# Let us compute the one layer, and compare.

# %%
layers = list(autoencoder.children())  # 768 → 256 → 128 → 256 → 768
W, b = torch.eye(768), torch.zeros(768)  # the layer that changes nothing
for layer in layers:
    W, b = layer.weight @ W, layer.weight @ b + layer.bias

batch = torch.randn(5, 768)
four_layers, _ = autoencoder(batch)
one_layer = batch @ W.T + b
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
rank = int(torch.linalg.matrix_rank(W.double(), rtol=1e-4))
guess_rank.compare(rank, "Everything must pass through the 128 latents. What is lost there is lost.")

# %% [markdown]
# So depth alone buys nothing: however many linear layers are stacked, a single one could do the
# same. What would make depth worth its while? Something between the layers that is *not* linear.
# That is unit 2.

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
# - A linear layer computes $Y = X W^\top + b$: a weighted sum for each output.
# - $W$ has shape (out, in), $b$ has shape (out,). A batch has shape (batch, in).
# - A layer from $n$ to $m$ has $nm + m$ parameters.
# - The columns of a matrix tell where the unit vectors go. Rank tells how many dimensions are left.
# - Random weights of standard deviation $1/\sqrt{n}$ keep the size of what goes through.
# - A stack of linear layers is one linear layer. Its rank is at most the width of the bottleneck.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | weight, bias | what multiplies an input; what is added in the end |
# | parameter | a number that training changes |
# | batch | several inputs, one a row |
# | broadcasting | stretching a smaller tensor to the shape of a larger one |
# | encoder, decoder | from the input to the code; from the code back to the input |
# | code, latent | the encoder's output; one number of it |
# | determinant | the factor by which a square matrix stretches area; its sign tells a turn-over |
# | rank | the number of dimensions that are left after a linear map |
#
# ### In the literature
#
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
#   networks*, 2010: the scale of random weights.
# - P. Baldi and K. Hornik, *Neural networks and principal component analysis*, 1989: what a purely
#   linear autoencoder can learn. You meet it in unit 4.
#
# **Next:** the [exercises of this unit](../exercises/01_linear_layers/01_exercises.ipynb), then
# [unit 2, activation functions](02_activation_functions.ipynb).
