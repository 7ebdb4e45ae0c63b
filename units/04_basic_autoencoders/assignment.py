# %% [markdown]
# # Exercises 4 · Basic autoencoders
#
# Twelve exercises on the
# [lesson on basic autoencoders](../../notebooks/04_basic_autoencoders.ipynb). Do them in order. It
# is a long list. After the sixth, when you have built PCA, is a good place for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.BasicAutoencoder()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# As before: **leave the inputs as they are**, and make new tensors.
#
# Run the next cell first.

# %%
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import digits, open_unit, show_figure, show_source
from course_lib.figures import image_row

unit = open_unit("04_basic_autoencoders")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="BasicAutoencoder"
# Write the tutorial's autoencoder yourself:
#
# $$784 \to 128 \to 32 \to 128 \to 784.$$
#
# The sizes 784 and 32 are only an example: they are the arguments `input_dim` and `encoding_dim`.
# The 128 is fixed. There is a ReLU at each of the two hidden layers, and nowhere else.
#
# `nn.Sequential` puts layers in a row. It is a layer itself. Here is one with two layers:

# %%
row = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
print("output:    ", tuple(row(torch.ones(5, 3)).shape))
print("parameters:", [name for name, parameter in row.named_parameters()])

# %% [markdown]
# The names of the parameters hold the place in the row, counted from 0. Tanh, at place 1, has none.
#
# **Now you.** Make two such rows, `self.encoder` and `self.decoder`. Use exactly these names.
# `forward` returns one tensor, the reconstruction.

# %% exercise="BasicAutoencoder"

# %% [markdown] exercise="example_errors"
# The loss is one number for all the data. It does not tell which examples are hard. Suppose that a
# model knows one thing only, the mean digit. It answers every image with it. Here are four digits,
# and the answer.

# %%
images, labels = digits("test")
mean_digit = digits("train")[0].mean(dim=0)


def mean_model(x: Tensor) -> Tensor:
    return mean_digit.expand_as(x)  # the same answer for each row of x


answer = mean_model(images[:1])
show_figure(
    image_row(torch.cat([images[:4], answer]), [*"ABCD", "the answer"]),
    "Four handwritten digits called A to D, and the mean of all digits: a grey blur.",
)

# %% [markdown]
# Some of the four are closer to the blur than others. How close? Each image has 64 pixels. Its
# **reconstruction error** is the mean of its 64 squared differences.
#
# A small example, with two examples of three numbers each:
#
# | example | squared differences | error |
# |---|---|---|
# | $x = (1, 2, 3)$, $\hat x = (1, 2, 0)$ | $0, 0, 9$ | $3$ |
# | $x = (0, 0, 0)$, $\hat x = (2, 2, 2)$ | $4, 4, 4$ | $4$ |
#
# The second example is worse, though the largest single difference is in the first.
#
# Write a function that returns two things: the error of each example, and the row number of the
# worst example, counted from 0, as a Python int. The errors may serve as a loss, so they must carry
# their gradient. (When it is done, try it on the digits:
# `example_errors(images, mean_model(images))`. Which digit is the worst?)

# %% exercise="example_errors"

# %% [markdown] exercise="noise_floor"
# Take noise: each example has $d$ numbers, and all of them are independent, with mean 0 and the
# same variance. A code of $k$ numbers with a linear decoder can do no better on new examples than
#
# $$\text{floor} = \text{variance} \cdot \left(1 - \frac{k}{d}\right).$$
#
# In words: $k$ of the $d$ directions pass, and each that is lost costs its variance. (In the lesson
# the variance was 1, so it did not show.)
#
# Take pen and paper, and compute. For the last two questions, suppose that $d = 784$, $k = 32$ and
# the variance is 1. After long training a large network has a loss of 0.57 on its 1,000 training
# examples, and of 1.12 on 1,000 new ones. What has it done? And what would be better on new
# examples: this network, or answering 0 each time?

# %% exercise="noise_floor"

# %% [markdown] exercise="DeepAutoencoder"
# The tutorial's Exercise 3 asks you to add layers, and to try Tanh. With a class that takes the
# hidden widths and the activation as arguments, each such try is one line:
#
# | call | sizes |
# |---|---|
# | `DeepAutoencoder(784, 32)` | $784 \to 128 \to 32 \to 128 \to 784$, ReLU |
# | `DeepAutoencoder(784, 32, (256, 64))` | $784 \to 256 \to 64 \to 32 \to 64 \to 256 \to 784$, ReLU |
# | `DeepAutoencoder(64, 8, (100,), nn.Tanh)` | $64 \to 100 \to 8 \to 100 \to 64$, Tanh |
# | `DeepAutoencoder(64, 8, ())` | $64 \to 8 \to 64$, no activation at all |
#
# The activation comes after each *hidden* layer. The code and the reconstruction have none.
#
# `activation` is a class, such as `nn.Tanh`. You make a layer of it by calling it:

# %%
chosen = nn.Tanh
print("the class:", chosen.__name__, "  a layer:", chosen())

# %% [markdown]
# `hidden_dims` is a tuple. A star unpacks it into a list, and another star unpacks a list into the
# arguments of a call:

# %%
widths = (256, 64)
print([784, *widths, 32])
print(nn.Sequential(*[nn.Linear(2, 3), nn.Tanh()]))

# %% [markdown]
# **Now you.** The class has a method of its own, `stack`, that makes one half. It is called twice,
# with the sizes of the encoder and with those of the decoder. So if you mend a fault, you mend it
# once. Its two halves are called `self.encoder` and `self.decoder`.

# %% exercise="DeepAutoencoder"

# %% [markdown] exercise="pca_floor"
# How well can *any* autoencoder with a linear decoder and $k$ latents do on given data? The lesson
# found the answer in the spectrum: the variances along the principal directions, in falling order.
# What is lost is its tail, divided by $d$.
#
# There is a short way to the spectrum. Write the data as a table $X$ of shape $(n, d)$, one example
# per row, and subtract the mean of each column. A ready formula of torch then gives the **singular
# values** $s_1 \ge s_2 \ge \dots$ of the table. Each belongs to a principal direction. Its square
# is the *sum* over all examples of what lies along that direction, squared. So the variance is
# $s_i^2 / n$.
#
# Four points in the plane show it. They have mean 0. They reach far along the first axis, and less
# far along the second.

# %%
four_points = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
singular = torch.linalg.svdvals(four_points)
print("singular values:", [round(s, 2) for s in singular.tolist()])
print("their squares:  ", [round(s, 2) for s in (singular**2).tolist()])

# %% [markdown]
# Along the first axis the squares add up to $9 + 9 = 18$, along the second to $1 + 1 = 2$. With one
# latent we keep the first direction. The second is lost: a sum of 2 over all $4 \cdot 2 = 8$
# numbers. So the floor is $2/8 = 0.25$.
#
# **Now you.** Write the function for any table $X$ and any $k$ from 0 to $d$. The data need not have
# mean 0. Do not change `X` itself. (You may also take the lesson's way, through `torch.linalg.eigh`.
# It gives the same.)

# %% exercise="pca_floor"

# %% [markdown] exercise="pca_reconstruction"
# PCA is an autoencoder whose weights nobody trains. With the mean $m$ of the training data and its
# first $k$ principal directions it works like this:
#
# 1. subtract $m$;
# 2. the **code**: one number per direction, which tells how far along it the example lies;
# 3. the **reconstruction**: go as far along each direction as the code says, add up, and add $m$.
#
# Take the direction $v = (0.6, 0.8)$ in the plane and $m = (1, 1)$. The example $x = (2, 3)$ is
# $(1, 2)$ after step 1. Its code is $0.6 \cdot 1 + 0.8 \cdot 2 = 2.2$. Its reconstruction is
# $2.2 \cdot (0.6, 0.8) + (1, 1) = (2.32, 2.76)$.
#
# Where do the directions come from? The lesson used `torch.linalg.eigh`. A second ready formula is
# the **singular value decomposition**. Its third part holds the directions as *rows*, the most
# important first. Here it is for the four points from above, turned by some angle. We keep all the
# directions there are, two:

# %%
turn = torch.tensor([[0.6, 0.8], [-0.8, 0.6]])
turned_points = four_points @ turn
U, S, Vh = torch.linalg.svd(turned_points, full_matrices=False)
for direction in Vh:
    sign = direction[0].sign()  # so that the first number is shown as positive
    print([round(number, 2) for number in (sign * direction).tolist()])

# %% [markdown]
# The first row is the direction $(0.6, 0.8)$, along which the points reach far. (A direction may
# come out with both signs turned round. That does not matter: the sign of the code turns round as
# well, and the reconstruction stays.)
#
# **Now you.** An autoencoder learns from training data and is used on new data. So the function
# gets two tables. All that is learnt must come from `train`. Return the reconstruction of `test`.

# %% exercise="pca_reconstruction"

# %% [markdown] exercise="four_floors"
# In the document's experiment the data have 768 numbers, and the autoencoders $F = 100$, $767$,
# $768$ and $1000$ latents. We leave ReLU aside for now: encoder and decoder are linear.
#
# Suppose that the spectrum of the data is this:
#
# | how many directions | variance of each |
# |:-:|:-:|
# | 100 | 5.0 |
# | 667 | 0.4 |
# | 1 | 0.096 |
#
# These are 768 directions. Compute the floor for each $F$. Per element means: the mean over the 768
# numbers of an example.
#
# The last question counts as the document does. It *adds up* the 768 squared errors of an example
# and takes the mean over the examples only.

# %% exercise="four_floors"

# %% [markdown] exercise="explain_767"
# The document reports two things. With $F = 768$ the loss goes to 0. With $F = 767$ it gets stuck
# at about 0.1. (The loss is the sum over the 768 numbers, as in the last question above.) Both were
# trained in the same way, both with ReLU.
#
# Here are five explanations, each with a test. Only one fits all that is said, and has a test that
# could prove it wrong. Which one?

# %% exercise="explain_767"

# %% [markdown] exercise="why_not_zero"
# Four small autoencoders were trained on the same data, with 16 numbers per example. The spectrum
# falls like $1, \frac12, \frac13, \dots$ Encoder and decoder are one linear layer each. In two of
# the runs ReLU stands at the code; in the other two the code is "plain", with nothing.
#
# - **floor**: that of a linear code with as many latents, per element.
# - **dead latents**: those that are 0 on all examples at the end.

# %%
from course_lib.practice.basic_autoencoders.stuck_runs import as_table, draw, runs

print(as_table(runs()))

# %%
show_figure(
    draw(runs()),
    "Loss per element over 1,000 steps. Run A falls slowly, from above 1 at 300 steps to about 0.3 "
    "at the end, and is still falling. Run B falls fast and is flat at 0.2. Run C falls fast to 0. "
    "Run D falls fast and is flat at 0.13.",
)

# %% [markdown]
# For each run, say what holds its loss up:
#
# - `"floor"`: the code is too short; nothing below is possible;
# - `"training"`: it is not trained enough yet;
# - `"relu"`: latents that ReLU keeps at 0 are missing;
# - `"nothing"`: the loss has reached 0.
#
# Then say what brings down A and B, and how many latents of D do any work.

# %% exercise="why_not_zero"

# %% [markdown] exercise="save_model"
# You have trained a model, and want to have it again next month. `torch.save(model, path)` is one
# line, but the lesson showed how such a file breaks when the class moves. The safe way saves only
# what does not depend on any class: names, numbers, tensors.
#
# `model.state_dict()` is a dictionary from names to tensors. It holds all parameters. It also holds
# the **buffers**: tensors that belong to the model but are not trained, such as the mean of its
# data. Here is a layer that has both. (What it computes does not matter here.)

# %%
layer = nn.BatchNorm1d(2)
print("parameters:", [name for name, parameter in layer.named_parameters()])
print("state_dict:", list(layer.state_dict()))

# %% [markdown]
# Weights alone are not enough to build the model again: one must know its sizes. They are in the
# **config**, the arguments that the model was built with, such as
# `{"input_dim": 784, "encoding_dim": 32}`.
#
# `torch.save(thing, path)` writes a thing to a file. The thing may be a dictionary, and its values
# may be dictionaries again:

# %%
with tempfile.TemporaryDirectory() as folder:  # it is gone after this cell
    note = Path(folder) / "note.pt"
    torch.save({"who": {"name": "Ada"}, "what": torch.ones(2)}, note)
    print(torch.load(note, weights_only=True))

# %% [markdown]
# **Now you.** Write one dictionary to the file `path`. It has exactly two keys: `"config"`, with the
# config as it was given, and `"weights"`, with all that the model's `state_dict` holds. Write to
# `path` exactly. The model stays as it is, for its training may go on.
#
# (For models of the course, `save_autoencoder` does more. It writes safetensors, and a half-written
# file never takes the place of a whole one.)

# %% exercise="save_model"

# %% [markdown] exercise="load_model"
# Now the way back. The file was written as in the last exercise. `make` is the model's class. The
# class may have moved or changed its name since, but it takes the same arguments:

# %%
config = {"out_features": 2, "in_features": 3}
print(nn.Linear(**config))  # the same as nn.Linear(out_features=2, in_features=3)

# %% [markdown]
# Two stars turn a dictionary into arguments by name, so their order does not matter.
#
# `model.load_state_dict(weights)` fills a model with weights. Look at what it returns:

# %%
small = nn.Linear(3, 2)
print(small.load_state_dict({"weight": torch.zeros(2, 3), "bias": torch.ones(2)}))
print(small(torch.zeros(1, 3)).tolist())

# %% [markdown]
# It is a report on the names, not the model.
#
# Some layers work differently while training; dropout, for example, sets random numbers to 0. Call
# `model.eval()` to put a model into **evaluation mode**. It returns the model.
#
# **Now you.** Return the model, filled and in evaluation mode. The check also tries files with a
# fault: cut short, with a weight missing, with a config that contradicts the weights, and one that
# carries *code*. (A file of `torch.save` can hold Python objects, and reading them can run code.
# With `weights_only=True`, `torch.load` reads plain values and tensors, and refuses all else.) For
# each of these your function must raise an error. Any kind will do, and torch raises them for you,
# if you let it.

# %% exercise="load_model"

# %% [markdown] exercise="smallest_code"
# An open task: get the digits through as few latents as you can. The error on the 397 test digits
# must be at most **0.021**, with at most **4 latents**.
#
# For comparison: always giving the mean digit has an error of about 0.07. PCA needs 10 latents for
# 0.021. The tutorial's autoencoder, with one hidden layer of 128 ReLU units and a learning rate of
# 0.001, needs 6.
#
# All get the same budget: 1,500 steps of 128 images, some seconds of training. Here is the training:

# %%
from course_lib.practice.basic_autoencoders.digits_code import train_code, validation_error

show_source(train_code)

# %% [markdown]
# Of the 1,400 training digits it uses 1,200. The other 200 are for you: `validation_error` measures
# on them. Choose by it, and leave the test digits to the check. It only says whether the error on
# them is low enough. For if you try many things on the test digits and keep the best, you fit the
# test digits too.

# %%
tutorial_code = train_code(latents=6)
print(f"6 latents, as in the tutorial: validation error {validation_error(tutorial_code):.2f}")

# %% [markdown]
# **Now you.** Find settings that do it with 4 latents. Add cells and try: depth, widths, activation,
# learning rate. Print three or four decimals. A validation error of 0.020 leaves a little room.
# Write the call of `train_code` that you have chosen below. (Its seed is fixed, so you get the same
# again.)
#
# You may also train in a way of your own. Then hand in the same kind of dictionary:
# `{"activation": "relu", "weights": model.state_dict()}`, with `"relu"`, `"tanh"` or `"identity"`,
# for a model whose layers are named as in your `BasicAutoencoder`. Do not train on the test digits.
#
# We do not know how few latents are possible. Can you do it with 3?

# %% exercise="smallest_code"
