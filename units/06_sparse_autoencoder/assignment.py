# %% [markdown]
# # Exercises 6 · The full sparse autoencoder
#
# Eleven exercises on the
# [lesson on the full sparse autoencoder](../../notebooks/06_sparse_autoencoder.ipynb). Do them in
# order. The first seven build the parts. The last four use the whole. All take about 220 minutes;
# after the third and after the seventh are good places for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.normalise_atoms()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# As before: **leave the inputs as they are**, and make new tensors.
#
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import new_figure, open_unit, show_figure, show_source

unit = open_unit("06_sparse_autoencoder")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="normalise_atoms"
# A dictionary is a table with one **atom** per row. Here is one with three atoms in the plane:

# %%
three_atoms = torch.tensor([[3.0, 4.0], [0.6, 0.8], [0.0, 0.0]])
print("lengths:", [round(length, 2) for length in three_atoms.norm(dim=1).tolist()])

# %% [markdown]
# The first atom has length 5, the second has length 1, and the third is all zeros.
#
# Write a function that gives each atom length 1 and keeps its direction. So the first two become
# $(0.6, 0.8)$ both. An atom of zeros has no direction: it stays zeros.
#
# The function will stand in the forward pass of a model, where `W` is trained. So the gradient must
# pass through it, and it must not be NaN, not even at an atom of zeros.

# %% exercise="normalise_atoms"

# %% [markdown] exercise="SparseAutoencoder"
# Now the model. With an input $x$ of $d$ numbers and $F$ latents:
#
# $$z = \mathrm{ReLU}(W x + b), \qquad \hat x = \sum_{i=1}^{F} z_i D_i + c.$$
#
# $D_i$ is atom number $i$, with length 1. In words: each latent is a number that says how much of
# its atom is in the input; the reconstruction adds up the atoms, so much of each, and a bias $c$.
#
# A small example, with two atoms in the plane: $D_1 = (1, 0)$, $D_2 = (0.6, 0.8)$, $c = (0, 1)$ and
# the code $z = (2, 5)$. The reconstruction is $2 \cdot (1, 0) + 5 \cdot (0.6, 0.8) + (0, 1) =
# (5, 5)$.
#
# The atoms are a parameter of the model's own, without a layer around them. To make a tensor a
# parameter, wrap it in `nn.Parameter`:

# %%


class Scaled(nn.Module):
    """Multiplies each of its three inputs by a number that is trained."""

    def __init__(self):
        super().__init__()
        self.factors = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.factors * x


print([(name, tuple(p.shape)) for name, p in Scaled().named_parameters()])

# %% [markdown]
# **Now you.** These are the parameters, with exactly these names:
#
# | name | shape | what it is |
# |---|---|---|
# | `encoder.weight` | $(F, d)$ | $W$; `encoder` is an `nn.Linear` |
# | `encoder.bias` | $(F,)$ | $b$ |
# | `atoms` | $(F, d)$ | one atom per row, *before* it gets length 1; start at random |
# | `decoder_bias` | $(d,)$ | $c$; start at 0 |
#
# The atoms get length 1 in `forward`, each time. (You may call your `normalise_atoms`, or the ready
# `nn.functional.normalize(W, dim=1)`.) `forward` returns the reconstruction and the code.

# %% exercise="SparseAutoencoder"

# %% [markdown] exercise="TiedSparseAutoencoder"
# In the tied model, the encoder has no matrix of its own. Latent $i$ asks how far $x$ points along
# atom $i$. So the dictionary $D$, with atoms of length 1, is used both ways:
#
# $$z = \mathrm{ReLU}(D x + b), \qquad \hat x = \sum_{i=1}^{F} z_i D_i + c.$$
#
# Its parameters are `atoms`, shape $(F, d)$, `encoder_bias`, shape $(F,)$, and `decoder_bias`, shape
# $(d,)$. Start the atoms at random and the biases at 0.
#
# Before you begin: how many parameters has the untied model with $d = 64$ and $F = 256$, and how
# many has the tied one? When your class is done, count them with this line:
#
# `sum(p.numel() for p in TiedSparseAutoencoder(64, 256).parameters())`

# %% exercise="TiedSparseAutoencoder"

# %% [markdown] exercise="two_layer_trap"
# The model of the module document has two layers each way:
#
# $$h = \mathrm{ReLU}(W_1 x + b_1), \quad z = \mathrm{ReLU}(W_2 h + b_2), \quad
# h' = \mathrm{ReLU}(W_3 z + b_3), \quad \hat x = \sum_i h'_i D_i + c.$$
#
# Its atoms $D_i$ have length 1, as in yours. The penalty is L1 on the code $z$. All other weights
# and biases are free. The lesson showed that this leaves a way out: make $z$ ten times smaller and
# $W_3$ ten times larger. The reconstruction stays, and the penalty falls.
#
# $W_3$ has one row per hidden unit and one column per latent. Which of these changes closes the way
# out?

# %% exercise="two_layer_trap"

# %% [markdown] exercise="loss_terms"
# The loss has two terms. Both are *sums* over the numbers of an example and *means* over the
# examples of the batch:
#
# $$\text{loss} = \underbrace{\text{mean of } \sum_j (\hat x_j - x_j)^2}_{\text{reconstruction}}
# \; + \; \underbrace{\lambda \cdot \text{mean of } \sum_i |z_i|}_{\text{sparsity}}.$$
#
# $\lambda$ is the argument `l1_weight`. A small example, a batch of two examples with two inputs and
# three latents, and $\lambda = 0.5$:
#
# | | $\hat x - x$ | sum of squares | $z$ | sum of sizes |
# |---|---|---|---|---|
# | first example | $(1, 2)$ | $5$ | $(0, 3, 1)$ | $4$ |
# | second example | $(0, 1)$ | $1$ | $(0, 0, 2)$ | $2$ |
#
# The reconstruction term is $(5 + 1)/2 = 3$. The sparsity term is $0.5 \cdot (4 + 2)/2 = 1.5$. The
# loss is $4.5$.
#
# Return the loss, and a dictionary with the two terms, called `"reconstruction"` and `"sparsity"`.
# The terms in the dictionary add up to the loss.

# %% exercise="loss_terms"

# %% [markdown] exercise="evaluation_report"
# A model is trained; how good is it? The test data come in batches. The last one is often shorter.
# What you report must not depend on how the data were cut into batches.
#
# `batches` is a list. Each entry holds three tensors: the inputs of a batch, their reconstructions
# and their codes. Here are two batches, of two examples and of one, with two inputs and three
# latents. A `for` loop takes such a list apart:

# %%
first = (torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[1.0, 1.0], [3.0, 0.0]]),
         torch.tensor([[2.0, 0.0, 0.0], [4.0, 0.0, 0.0]]))  # fmt: skip
second = (torch.tensor([[5.0, 3.0]]), torch.tensor([[5.0, 4.0]]), torch.tensor([[0.0, 0.0, 9.0]]))
two_batches = [first, second]
for x, x_hat, z in two_batches:
    print("inputs", tuple(x.shape), "  outputs", tuple(x_hat.shape), "  code", z.tolist())

# %% [markdown]
# `torch.cat` puts tensors with the same number of columns one below the other:

# %%
print(torch.cat([z for x, x_hat, z in two_batches]).tolist())

# %% [markdown]
# The report has four entries:
#
# | key | what | for the three examples above |
# |---|---|---|
# | `"FVU"` | fraction of variance unexplained | $2/14 = 0.143$ |
# | `"L0"` | mean number of active latents per example | $1$ |
# | `"dead_fraction"` | fraction of latents that are active on no example | $1/3$ |
# | `"mean_activation"` | mean activation of each latent, over all examples | $(2, 0, 3)$ |
#
# FVU divides one sum over all examples by another: the squared errors, by the squared distances of
# the inputs from their mean. That mean is taken over *all* examples, for each input by itself.
# Above it is $(3, 1)$.
#
# The first three are Python floats, the last is a tensor. No gradient is needed.

# %% exercise="evaluation_report"

# %% [markdown] exercise="revive_dead"
# A latent that is 0 on all examples gets no gradient, so it stays dead. Now and then during
# training one can give such latents a new start. A simple recipe:
#
# 1. A latent is **dead** if its code is exactly 0 on all the examples given.
# 2. Sort the examples by their reconstruction error, the sum of the squares of $x - \hat x$. The
#    worst comes first.
# 3. The first dead latent (the one with the smallest number) gets the worst example, the second
#    dead latent gets the second worst, and so on.
# 4. What the model lacks on such an example is the residual $x - \hat x$. Divide it by its length.
#    It becomes the latent's **atom** and also its row of the **encoder**. Its encoder **bias**
#    becomes 0.
#
# All other latents stay exactly as they are. There are at least as many examples as dead latents.
#
# A small example, with two examples and three latents. The codes are $(0, 0, 2)$ and $(0, 1, 0)$: only
# latent 0 is dead. The residuals are $(0.6, 0)$ and $(3, 4)$: the second example is the worst. So atom
# 0 and row 0 of the encoder become $(3, 4)/5 = (0.6, 0.8)$, and bias 0 becomes 0.
#
# Two tools. `nonzero` gives the numbers of those entries that are True, and `argsort` says in which
# order to take the entries:

# %%
print(torch.tensor([False, True, False, True]).nonzero().flatten())
print(torch.tensor([0.5, 9.0, 2.0]).argsort(descending=True))

# %% [markdown]
# And one can write into several rows of a copy at once:

# %%
table = torch.zeros(4, 2)
copy = table.clone()
copy[torch.tensor([1, 3])] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print(copy.tolist())

# %% [markdown]
# **Now you.** Return the three weights, all of them new tensors, even where no latent is dead.
# (They are given as plain tensors. In training, one would write the results back into the model,
# and reset what the optimiser remembers of these latents.)

# %% exercise="revive_dead"

# %% [markdown] exercise="six_faults"
# Six runs came to the clinic. All train the same small model, a sparse autoencoder of one layer,
# on the same data: 20 known features in 16 dimensions, about 1.5 of them on at a time. All start
# from the same random weights. (Only run A begins with another number of them than the others.)
# Each has exactly one fault.
#
# What is seen at the end:
#
# - **FVU**, **L0** and the percentage of **dead** latents; the true L0 is about 1.5;
# - **activation**: the mean of those activations that are not 0;
# - **atom lengths**: shortest and longest row of the dictionary, as the decoder uses it;
# - **column norms**: the same for its columns;
# - **found**: how many of the 20 features have an atom with a cosine above 0.9.

# %%
from course_lib.practice.sparse_autoencoder.clinic import as_table, draw, rerun, six_runs

print(as_table(six_runs()))

# %%
show_figure(
    draw(six_runs()),
    "Loss over 200 steps for six runs, with a logarithmic axis of steps. A falls from 1.5 to 0.8. B falls from 6 to 1.5 within 20 "
    "steps, and stays. C falls from 1.8 to 0.5. D falls from 1.3 to almost 0. E starts near 2, "
    "jumps up to about 10 in the first steps, and then stays at 1.5. F falls from 2.3 to 0.2.",
)

# %% [markdown]
# Look at the numbers on the axes: each panel has a scale of its own. The axis of steps is logarithmic,
# so that the first steps can be seen. For each run, name the fault.

# %% exercise="six_faults"

# %% [markdown] exercise="six_mends"
# Now mend them. A run is healthy if it reaches all of these:
#
# | | bound |
# |---|---|
# | FVU | at most 0.11 |
# | L0 | at most 4 |
# | dead latents | at most 25 % |
# | features found | at least 90 % |
# | atom lengths | all 1, to within 0.01 |
#
# A run has four settings: `latents` (1 to 64), `l1_weight`, `learning_rate`, and `normalise`, which
# says what gets length 1: `"rows"`, `"columns"` or `"nothing"`. You are not told their values. But
# you can run a run again with a setting changed. Here is run B with another weight. (Is it mended?)

# %%
print(rerun("B", l1_weight=0.05))

# %% [markdown]
# **Now you.** Find for each run *one* setting to change, and a value with which it is healthy. Add
# cells and try. Each try takes about a tenth of a second. Then write your six mends into a
# dictionary, in this form:
#
# `{"A": {"learning_rate": 0.001}, "B": {"l1_weight": 0.05}, "C": …}`

# %% exercise="six_mends"

# %% [markdown] exercise="recovery"
# In the clinic the true features were known. How does one count how many were found? The **cosine**
# of two directions is 1 if they are the same, 0 if they stand at right angles, and -1 if they are
# opposite. For two vectors of length 1 it is their product.
#
# Each true feature looks for its best atom, the one with the largest cosine. The mean of these
# largest cosines over all features is the **mean max cosine similarity**, MMCS.
#
# | cosine | atom 1 | atom 2 | atom 3 | largest |
# |---|---|---|---|---|
# | feature 1 | 0.2 | **0.95** | -0.3 | 0.95 |
# | feature 2 | -0.97 | 0.1 | **0.25** | 0.25 |
#
# The MMCS is $(0.95 + 0.25)/2 = 0.6$. Feature 2 was not found: atom 1 points nearly the *opposite*
# way, and codes are not negative.
#
# Return two Python floats: the MMCS, and the fraction of the features whose best cosine is above
# 0.9 (here $0.5$). The rows may have any length. An atom of zeros is similar to nothing: its cosine
# with any feature is 0, and counts like any other. (The largest cosine may be negative.)

# %% exercise="recovery"

# %% [markdown] exercise="best_dictionary"
# The last one is an open task: find as much of a dictionary as you can within 200 steps of
# training.
#
# A *world* has 96 features in 48 dimensions. About 4 of them are on at a time, and there is a little
# noise. In the practice world you see the features:

# %%
from course_lib.practice.sparse_autoencoder.known_world import practice_world, train_dictionary

practice = practice_world()
print("examples:", tuple(practice.activations.shape))
print("features:", tuple(practice.dictionary.shape))

# %% [markdown]
# Here is the training. It has four settings for you (leave the seed alone):

# %%
show_source(train_dictionary)

# %% [markdown]
# With the settings as they stand it does not find much. `mmcs` is the course's own function for the
# MMCS. Random atoms would score about 0.35:

# %%
from course_lib import chance_mmcs, mmcs

atoms = train_dictionary(practice.activations)
print(f"as it stands: {mmcs(atoms, practice.dictionary):.1f}")
print(f"random atoms: {chance_mmcs(96, practice.dictionary):.2f}")

# %% [markdown]
# **Now you.** Find settings with an MMCS of at least **0.975**, with at most **128 latents**. Add
# cells and try. Hand in the settings as a dictionary, such as
# `{"latents": 96, "l1_weight": 0.1, "learning_rate": 0.001, "schedule": "constant"}`. The check
# trains with them on *another* world, the exam world, whose features you do not see. So leave a little room.
#
# The settings depend on each other: when you have found a better value of one, try the others
# again. Here is the beginning of a search, with 96 latents:

# %%
# You need not follow this cell: it draws.
rates = [0.001, 0.003, 0.01, 0.03]
figure, axes = new_figure(6, 3)
for l1_weight, style in ((0.05, "o-"), (0.1, "s--")):
    scores = [
        mmcs(
            train_dictionary(practice.activations, l1_weight=l1_weight, learning_rate=rate),
            practice.dictionary,
        )
        for rate in rates
    ]
    axes.plot(rates, scores, style, label=f"l1_weight {l1_weight}")
axes.set(xlabel="learning rate", ylabel="MMCS", xscale="log", ylim=(0.3, 1))
axes.legend()
show_figure(
    figure,
    "MMCS over the learning rate, from 0.001 to 0.03, for two weights of the penalty, with 96 "
    "latents. Both curves rise from about 0.5; the one for the larger weight is higher, and ends "
    "at about 0.7.",
)

# %% [markdown]
# We do not know how few latents are possible. Can you do it with 100?

# %% exercise="best_dictionary"
