# %% [markdown]
# # Exercises 7 · Superposition and dictionary recovery
#
# Ten exercises on the
# [lesson on superposition](../../notebooks/07_superposition.ipynb). Do them in order. The first
# seven build the parts: interference, the toy model, the data, the measure, TopK, and work for dead
# latents. The last three use them on whole runs. All take about 205 minutes; after the fourth and
# after the seventh are good places for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.interference()` shows a hint for the second exercise; call it again for the
#   next one. Each exercise has three.
#
# As before: **leave the inputs as they are**, and make new tensors.
#
# Run the next cell first.

# %%
import math

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from course_lib import new_figure, open_unit, progress_bar, show_figure, show_source
from course_lib.plotting import BLUE, GREY, ORANGE

unit = open_unit("07_superposition")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="leaks_by_hand"
# An example is a sum of features: each that is on adds its direction, as strongly as it is on. We
# read one feature off by its direction: we take the inner product of the example with it. Had all
# features directions at right angles, this would give exactly its strength. In a dictionary with
# more features than dimensions, the others *leak* in: each that is on adds its strength times the
# cosine of both directions. The sum of what they leak is the interference.
#
# Take random directions. Their cosines have random signs, and a typical size that the lesson told
# you. (Typical means here: the root of the mean square.) Four numbers, without a computer.

# %% exercise="leaks_by_hand"

# %% [markdown] exercise="interference"
# How much leaks depends on the dictionary, and the dictionary can be arranged. Here are five
# features in the plane, as the toy model likes to put them (counted from 0, as tensors are):

# %%
# You need not follow this cell: it draws.
angles = [2 * math.pi * i / 5 for i in range(5)]
pentagon = torch.tensor([[math.cos(a), math.sin(a)] for a in angles])
figure, ax = new_figure(3.2, 3)
for i, (x, y) in enumerate(pentagon.tolist()):
    ax.plot([0, x], [0, y], color=ORANGE if i == 0 else BLUE, linewidth=2)
    ax.annotate(f"{i}", (1.13 * x, 1.13 * y), ha="center", va="center")
ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xlabel="first dimension", ylabel="second dimension")
ax.set_aspect("equal")
show_figure(
    figure,
    "Five lines of length 1 from the middle of the plane, numbered 0 to 4, with equal angles of 72 "
    "degrees between neighbours: a pentagon.",
)

# %%
cosines = [round(cosine, 2) for cosine in (pentagon @ pentagon[0]).tolist()]
print("cosines of feature 0 with all five:", cosines)
print("their squares:                     ", [round(cosine**2, 2) for cosine in cosines])

# %% [markdown]
# When the others are on at random, what they leak adds up in squares. So let the **leak** onto a
# feature be the sum of the *squared* cosines with all others. (It is not the interference itself, which
# has a sign.) Above, for feature 0: $0.10 + 0.65 + 0.65 + 0.10 = 1.5$. The product with itself does not
# count.
#
# And which other feature disturbs it most? Here 2 and 3 do, alike: they point nearly the
# opposite way, and an opposite direction disturbs as well.
#
# Return two tensors, with one entry per feature: the leaks, and the number of the feature that
# disturbs it most. Rows may have any length; only their directions count. A feature that is all
# zeros leaks nowhere, and nothing leaks onto it: its leak is 0, and the number beside it may be any.

# %% exercise="interference"

# %% [markdown] exercise="toy_loss"
# Who puts five features into a pentagon? A model of three lines. An input $x$ says how much of each
# feature there is. All that may be kept of it is $h$, with two numbers. From these the model must give the
# input back:
#
# $$h = x W, \qquad \hat x = \mathrm{ReLU}(h W^\top + b).$$
#
# Row $i$ of $W$ is the direction that stands for feature $i$. The same $W$ is used both ways.
# (In the paper inputs are columns, and its $W$ is ours turned over: $\mathrm{ReLU}(W^\top W x + b)$.)
#
# Errors of some features may count more than those of others. Each feature has an **importance**
# $g_i$, a number from 0 up:
#
# $$\text{loss} = \text{mean over the examples of } \sum_i g_i \, (x_i - \hat x_i)^2.$$
#
# A small example, with two features in one dimension: $W$ has the rows $(1)$ and $(-1)$, $b = (0, 0)$,
# $g = (1, 0.5)$.
#
# | $x$ | $h$ | $\hat x$ | loss |
# |---|---|---|---|
# | $(2, 0)$ | $2$ | $\mathrm{ReLU}(2, -2) = (2, 0)$ | $0$ |
# | $(0, 1)$ | $-1$ | $\mathrm{ReLU}(-1, 1) = (0, 1)$ | $0$ |
# | $(2, 1)$ | $1$ | $\mathrm{ReLU}(1, -1) = (1, 0)$ | $1 \cdot 1 + 0.5 \cdot 1 = 1.5$ |
#
# Two features live in one dimension, and all is well as long as they are not on together. Over these
# three examples the mean is $0.5$.
#
# Return the reconstruction and the loss. The gradient must reach $W$ through both of its uses.

# %% exercise="toy_loss"

# %% [markdown] exercise="make_examples"
# Now the data for a sparse autoencoder. The dictionary is given. Each example is made so:
#
# - each feature is on or off by a draw of its own, independent of all other features and examples.
#   All have the same chance. On average `active` features are on in an example; it need not be a
#   whole number;
# - a feature that is on has a **magnitude**, drawn evenly between `low` and `high`, again for each
#   feature of each example by itself;
# - the **code** holds the magnitudes, with 0 for features that are off;
# - the **example** is the sum of the features, each times its entry of the code. The rows of the dictionary
#   are taken as they are; they may have any length.
#
# For three features in the plane, $d_0 = (1, 0)$, $d_1 = (0, 1)$ and $d_2 = (0.6, 0.8)$, the code
# $(0, 2, 5)$ makes the example $2 \cdot (0, 1) + 5 \cdot (0.6, 0.8) = (3, 6)$.
#
# `torch.rand(4, 3)` gives a table of numbers drawn evenly between 0 and 1, and a comparison makes
# True and False of it. (A tensor of True and False can be multiplied with numbers: True counts as 1.)

# %%
torch.manual_seed(0)
u = torch.rand(2, 4)
print([[f"{number:.2f}" for number in row] for row in u.tolist()])
print((u < 0.3).tolist())

# %% [markdown]
# **Now you.** Leave the seed alone: whoever calls your function sets it. The check cannot compare your
# numbers with its own. It makes some thousand examples, and looks at them: how often features are on,
# whether they come together, how magnitudes are spread.

# %% exercise="make_examples"

# %% [markdown] exercise="matching"
# With data made so, one can ask how much of the dictionary was found. The MMCS of the last unit lets
# each feature look for its best atom. Two features may choose the same:
#
# | cosine | atom 0 | atom 1 | atom 2 |
# |---|---|---|---|
# | feature 0 | **0.97** | 0.93 | 0.1 |
# | feature 1 | **0.94** | 0.35 | 0.2 |
#
# The MMCS is $0.955$. But atom 0 cannot stand for both. A **matching** gives each feature an atom of its
# own, and each atom to one feature at most. The best matching has the largest *sum* of cosines. Feature
# 0 with atom 0 and feature 1 with atom 1 would be $0.97 + 0.35 = 1.32$. Better is feature 0 with atom 1
# and feature 1 with atom 0: $0.93 + 0.94 = 1.87$. So it does not pay that the first one takes the best.
#
# SciPy finds the best matching. It returns numbers of rows and numbers of columns:

# %%
table: Tensor = torch.tensor([[0.97, 0.93, 0.1], [0.94, 0.35, 0.2]])
rows, columns = linear_sum_assignment(table, maximize=True)
print("rows", rows.tolist(), "  columns", columns.tolist())
print([round(cosine, 2) for cosine in table[rows, columns].tolist()])

# %% [markdown]
# Return two Python floats:
#
# - the mean cosine of the best matching, over *all* features;
# - the fraction of the features whose partner has a cosine above 0.9.
#
# With fewer atoms than features, some features have no partner. They count as 0 in both. A partner whose
# cosine is negative counts as it is. Above the two
# numbers are $(0.93 + 0.94)/2 = 0.935$ and $1$. The rows may have any length; none is all zeros.

# %% exercise="matching"

# %% [markdown] exercise="topk_code"
# A code can be made sparse without a penalty. **TopK** keeps the $k$ largest pre-activations of each
# example and sets all others to 0. What is negative becomes 0, too. For $k = 2$:
#
# | pre-activations $s$ | code |
# |---|---|
# | $(0.5, 3, -4, 1)$ | $(0, 3, 0, 1)$ |
# | $(-1, 0.25, -3, -2)$ | $(0, 0.25, 0, 0)$ |
#
# Two tools. `topk` gives the largest values of each row, and where they stand. `scatter` writes values to
# given places of a copy, row by row:

# %%
s = torch.tensor([[0.5, 3.0, -4.0, 1.0], [-1.0, 0.25, -3.0, -2.0]])
largest, where = s.topk(2, dim=1)
print(largest.tolist(), where.tolist())
places = torch.tensor([[3, 0]])  # in the only row: columns 3 and 0
print(torch.zeros(1, 4).scatter(1, places, torch.tensor([[7.0, 8.0]])).tolist())

# %% [markdown]
# When two values are equal and only one of them has room, keep either: an example never has more than
# $k$ latents on. The gradient passes through the values that are kept, and is 0 elsewhere.

# %% exercise="topk_code"

# %% [markdown] exercise="aux_loss"
# In a wide model with TopK, some latents are never among the k largest. They are dead: no gradient
# reaches them. One cure is to give them work of their own: a second term of the loss, known as AuxK.
#
# 1. The living latents reconstruct: $\hat x = \sum_i z_i D_i + c$. What they leave over is the residual,
#    $e = x - \hat x$. For the second term it is a *constant*: no gradient goes through it. (The living
#    latents shall not learn to leave over what the dead ones like.)
# 2. Only the dead latents take part. In each example the $k$ of them with the largest pre-activations
#    have a say, with ReLU as always. ($k$ is the lesson's $k_\text{aux}$ here.) Their codes times their atoms add up to $\hat e$. The bias $c$ is
#    not part of it: $e$ has lost it already.
# 3. The loss is the sum of the squares of $e - \hat e$ over an example, and the mean over the examples.
#    (Gao and others divide it by the size of $e$ besides. Leave that out.)
#
# A small example, with one example, two inputs, three latents, $k = 1$ and $c = (1, 0)$. Latents 1 and 2
# are dead. $x = (4, 2)$, $z = (2, 0, 0)$, $s = (2, 0.5, -3)$, and the atoms are $D_0 = (1, 0)$,
# $D_1 = (0, 1)$, $D_2 = (0.6, 0.8)$.
#
# - $\hat x = 2 \cdot (1, 0) + (1, 0) = (3, 0)$, so $e = (1, 2)$.
# - Of the dead latents, latent 1 has the largest pre-activation, 0.5. So $\hat e = 0.5 \cdot (0, 1)$.
# - The loss is $1^2 + 1.5^2 = 3.25$.
#
# A tensor of True and False picks out rows or columns:

# %%
dead = torch.tensor([False, True, True])
print("columns:", torch.tensor([[2.0, 0.5, -3.0]])[:, dead].tolist())
print("rows:   ", torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]])[dead].tolist())

# %% [markdown]
# You may call your `topk_code`. At least k latents are dead.

# %% exercise="aux_loss"

# %% [markdown] exercise="seven_reports"
# Seven runs on data whose features are known: 60 features in 24 dimensions, about 2 of them on at a
# time. All models have one layer each way and atoms of length 1. They have 120 latents, unless too few
# of them is what is wrong. What the reports say:
#
# - **FVU**, **L0**, and the percentage of **dead** latents;
# - **loudest**: the largest mean activation of a latent, over all latents;
# - **MMCS** before the first step and after the last; and the MMCS of as many random atoms, **chance**;
# - **matched**: the mean cosine of the best one-to-one matching;
# - **found**: how many of the features have an atom with a cosine above 0.9.

# %%
from course_lib.practice.superposition.laboratory import as_table, seven_runs

print(as_table(seven_runs()))

# %% [markdown]
# With one of them nothing is wrong. Of the others, each has one of these:
#
# - **no penalty**: nothing makes the code sparse;
# - **seed leak**: the same, and the model was drawn with the seed of the data;
# - **giants**: a Hoyer penalty, gamed by a few latents that are always on and very strong;
# - **never zero**: sigmoid codes with a KL penalty;
# - **too few latents**: fewer of them than features;
# - **features in pairs**: the data are at fault. Features 0 and 1 are always on together, and so are 2
#   and 3, and so on.
#
# Name them.

# %% exercise="seven_reports"

# %% [markdown] exercise="find_features"
# Now find features that come together. This world has 80 features in 32 dimensions, about 4 of them on at
# a time, with some noise. They come in pairs: when one of a pair is on, the other is on about half of the
# time. And they are strong: magnitudes lie between 1.5 and 4.5. In the practice world you see the
# features:

# %%
from course_lib.practice.superposition.paired_world import practice_world, result
from course_lib.practice.superposition.paired_world import train_dictionary

practice = practice_world()
print("examples:", tuple(practice.activations.shape))
print("features:", tuple(practice.dictionary.shape))

# %% [markdown]
# Here is the training. It has four settings for you (leave the seed alone). With a number for `k` the code
# is made by TopK; with `k=None` by a plain ReLU. An L1 penalty may be added to either.

# %%
show_source(train_dictionary)

# %% [markdown]
# `result` trains with your settings on a world, and says what came of it. `matched` is the mean cosine of the
# best one-to-one matching, and `found` the percentage of features whose partner is above 0.9. (That asks more
# than "found" in the lesson, where the nearest atom counts.) It takes some tenths of a second.
#
# Are the pairs really the trouble? Here are the same settings in this world, and in one in which
# every feature comes by itself:

# %%
alone = practice_world(correlation=0.0)
for name, data in (("in pairs", practice), ("each by itself", alone)):
    found = result(data, latents=160, k=4).found
    said = (
        "more than 95 %" if found > 0.95 else "60 to 90 %" if 0.6 < found < 0.9 else "another share"
    )
    print(f"{name:15} features found: {said}")

# %% [markdown]
# **Now you.** Find settings that reach all of these, with at most **200 latents**:
#
# | | bound |
# |---|---|
# | features found, one-to-one | at least 95 % |
# | L0 | at most 13 |
# | dead latents | at most 10 % |
#
# Nothing is asked of the error. Add cells and try. Hand in the settings as a dictionary, such as
# `{"latents": 80, "k": 4, "l1_weight": 0.0, "learning_rate": 0.01}`. What you leave out is as in
# `train_dictionary`. The check trains with them on *another* world, whose features you do not see. So leave
# a little room. Here is the beginning of a search:

# %%
# You need not follow this cell: it draws.
ks = (2, 3, 4, 6, 8)
tried = [result(practice, latents=80, k=k) for k in progress_bar(ks, desc="training")]
figure, axes = new_figure(6.5, 2.7, columns=2)
axes[0].plot(ks, [r.fvu for r in tried], "o-", color=GREY)
axes[1].plot(ks, [100 * r.found for r in tried], "s-", color=BLUE)
axes[0].set(xlabel="k", ylabel="FVU", ylim=(0, 0.5), xticks=ks)
axes[1].set(xlabel="k", ylabel="features found (%)", ylim=(0, 100), xticks=ks)
show_figure(
    figure,
    "Two panels over k, from 2 to 8, with 80 latents. The error falls all the way, from about 0.35 to "
    "0.15. The percentage of features found is about 30 at k = 2, more than 50 from 3 to 6, and about 30 "
    "again at 8.",
)

# %% exercise="find_features"

# %% [markdown] exercise="better_and_worse"
# The picture above holds a warning. To the right, the error falls on, and fewer features are found again.
# Make the case as clear as you can. In the same world, find *two* settings:
#
# - `"low_error"` reconstructs better: its FVU is lower by at least **0.08**;
# - `"finds_features"` finds more features, one-to-one: at least **75 percentage points** more.
#
# And nothing shall give it away at first sight: in both at most **14** latents are on (L0). So no run without
# a penalty, please.
#
# Hand in both, in this form:
#
# `{"low_error": {"latents": 80, "k": 4}, "finds_features": {"latents": 100, "l1_weight": 1.0}}`
#
# The check trains both on the exam world. You can try out on the practice world, as before.

# %% exercise="better_and_worse"
