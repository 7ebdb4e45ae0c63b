# %% [markdown]
# # Exercises 5 · Sparsity penalties
#
# Eleven exercises on the
# [lesson on sparsity penalties](../../notebooks/05_sparsity_penalties.ipynb). Do them in order.
# After the sixth, when you have written KL, is a good place for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.count_active()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# Codes come as a table $z$ of shape (batch, latent): **one example per row, one latent per column**.
# As before: **leave the inputs as they are**, and make new tensors.
#
# Run the next cell first.

# %%
import torch
from torch import Tensor

from course_lib import open_unit, show_figure

unit = open_unit("05_sparsity_penalties")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="count_active"
# Here are the codes of four examples, with three latents:
#
# | | latent 1 | latent 2 | latent 3 |
# |---|:-:|:-:|:-:|
# | example A | 0.8 | 0 | 0 |
# | example B | 0.4 | 0 | −2 |
# | example C | 1.2 | 0 | 0 |
# | example D | 0.8 | 0 | 0.02 |
#
# An entry is **active** if its size $|z|$ is *above* a threshold. With the threshold 0:
#
# - L0 belongs to an example. It is 1, 2, 1, 2.
# - The density belongs to a latent. It is 1, 0, 0.5: the first is always on, the second is dead.
# - The mean activation of a latent is the mean of its sizes. It is 0.8, 0, 0.505.
#
# With a threshold of 0.1 the 0.02 no longer counts: L0 becomes 1, 2, 1, 1, and the last density
# 0.25. The mean activation knows no threshold, and stays.
#
# Write a function that returns all three. L0 is a tensor of whole numbers (`torch.int64`, which a
# sum of True and False has by itself). The other two have the dtype of `z`.

# %% exercise="count_active"

# %% [markdown] exercise="hoyer_measure"
# Hoyer's measure of a code with $n$ latents is
#
# $$H(z) = \frac{\sqrt{n} - \|z\|_1 / \|z\|_2}{\sqrt{n} - 1}.$$
#
# The sum of the sizes is $\|z\|_1$, called L1 for short. The length, the root of the sum of squares,
# is $\|z\|_2$, called L2.
#
# | code | L1 | L2 | $H$ |
# |---|:-:|:-:|:-:|
# | $(3, 4, 0, 0)$ | 7 | 5 | 0.6 |
# | $(0, -2, 0, 0)$ | 2 | 2 | 1 |
# | $(1, -1, 1, 1)$ | 4 | 2 | 0 |
#
# Write it for a table of codes. No code in this exercise is all zero. (What happens there is a later
# exercise.)

# %% exercise="hoyer_measure"

# %% [markdown] exercise="l1_penalty"
# Now the penalties. The first is L1, in the form that most sparse autoencoders use: **sum over the
# latents, mean over the examples**.
#
# For the codes $(1, -2, 0)$ and $(0, 0, 0.5)$ the sums are 3 and 0.5, so the penalty is 1.75.
#
# The check looks at the slopes too, for a penalty acts through its slopes only. At an entry of
# exactly 0 the size $|z|$ has a kink. There the slope shall be 0, as torch's `abs` has it.

# %% exercise="l1_penalty"

# %% [markdown] exercise="scale_of_strength"
# Take pen and paper. A table holds the codes of 100 examples, with 64 latents. In each code 8
# latents are active, each at 0.5. What is L1 under each of its three scales: the mean over all
# entries; the sum over the latents, averaged over the examples; the sum over everything?
#
# Then the strength $\lambda$. The reconstruction error is the mean squared error, a mean over the
# examples too.
#
# - You double the latents, from 64 to 128. How must the strength change, if each latent is to be
#   pressed as hard as before? Two of the scales are asked.
# - You double the batch. How must the strength change under the third scale, if penalty and error
#   are to keep their balance?
#
# The last question is from real life. A paper adds up everything that belongs to one example: the
# 64 squared errors, and the sizes of the 512 latents. Its strength is $\lambda = 3.2$. Your code
# takes the mean over the 64 squared errors, and the mean over the 512 sizes. Both take the mean over
# the examples. Which strength in your code does what 3.2 does in the paper?

# %% exercise="scale_of_strength"

# %% [markdown] exercise="best_code"
# How much does L1 take off? The lesson computed it for one latent above 0. Now the whole story for
# an autoencoder that has only one latent.
#
# Its decoder has a single column, a direction of length 1. Such a column is also called an **atom**.
# The reconstruction is $\hat x = z \cdot \text{atom}$. Suppose that the encoder were perfect: for
# each example it finds the number $z$ that makes
#
# $$|x - z \cdot \text{atom}|^2 + \lambda\,|z|$$
#
# smallest. (The first term is the sum of the squared errors.) The number $z$ may be negative.
#
# Take the atom $(0.6, 0.8)$ and $\lambda = 1$:
#
# | $x$ | without penalty | with penalty |
# |---|:-:|:-:|
# | $(1.2, 1.6)$ | 2 | 1.5 |
# | $(0.16, 0.38)$ | 0.4 | 0 |
# | $(-0.6, -0.8)$ | −1 | −0.5 |
#
# Write a function that finds it for any examples, any atom of length 1, and any strength.

# %% exercise="best_code"

# %% [markdown] exercise="kl_penalty"
# KL compares the mean activation of each latent with a target $\rho$. Let $m_j$ be the mean of latent
# $j$ over the examples of the batch. The penalty is
#
# $$\sum_j \; \rho \log\frac{\rho}{m_j} + (1 - \rho) \log\frac{1 - \rho}{1 - m_j}.$$
#
# The codes come from a sigmoid, so they lie between 0 and 1. But computers round. A sigmoid far from
# 0 gives exactly 0 or exactly 1. If it does so on a whole batch, the logarithm fails. So keep $m_j$
# between $10^{-6}$ and $1 - 10^{-6}$. A method of tensors does this:

# %%
print(torch.tensor([0.0, 0.3, 1.0]).clamp(0.1, 0.9))

# %% [markdown]
# (The lesson warned of a clamp on codes *without a bound*. After a sigmoid no mean is above 1, so it
# touches only latents that are saturated on every example.)
#
# An example to compare with: for $\rho = 0.2$ and two latents with the means 0.2 and 0.5 the penalty
# is $0 + 0.193$.

# %% exercise="kl_penalty"

# %% [markdown] exercise="unused_target"
# The tutorial's model has a `sparsity_level` of 0.05, "the desired average activation". Its loop
# gives it to this function:
#
# ```python
# def l1_sparsity(encoded, target_sparsity):
#     return torch.mean(torch.abs(encoded))
# ```
#
# You want the mean activation of **each latent** to come near 0.05. The single entries may be large
# or small, as the digits need them. The codes are a sigmoid's, of shape (batch, latent).
#
# Here are six reasons why it does not work, each with a suggestion. In which one are both the reason
# and the suggestion right?

# %% exercise="unused_target"

# %% [markdown] exercise="hoyer_penalty"
# The third penalty is $1 - H(z)$, averaged over the codes. It lies between 0 (one-hot) and 1 (all
# sizes equal).
#
# This time a code may be all zero, and in real training that happens. The formula says $0/0$ there.
# We settle it: a code of zeros counts like one of equal entries. **Its penalty is 1, and its slopes
# are 0.** A single entry of 0 in another code is treated as in the third exercise: the slope of
# its size is 0.
#
# The check looks at slopes as well as values. A single `nan` among the slopes spoils all the weights
# of a network in one step. Look at how it can hide:

# %%
z: Tensor = torch.zeros(3, requires_grad=True)
length = (z**2).sum().sqrt()
length.backward()
print("value:", length.item(), "  slopes:", z.grad.tolist())

# %% [markdown]
# The length of 0 is fine. But a root is infinitely steep at 0, and infinity times 0 is `nan`.

# %% exercise="hoyer_penalty"

# %% [markdown] exercise="hard_points"
# Take pen and paper again. Each question is about a point where something special happens. Three
# formulas that you may need:
#
# - L1 here is the sum over the latents of a single code. At 0 the slope of `abs` in torch is 0.
# - The slope of the KL term with respect to the *mean* $m$ is $-\rho/m + (1 - \rho)/(1 - m)$.
# - Hoyer here is $1 - H(z)$ of a single code, with the formula of the second exercise.
#
# The **slope in an entry** says how much the penalty grows per step in that entry alone. The answers
# are numbers. Where there is none, write what torch would print, in quotes: `"inf"` or `"nan"`. The
# three slopes of the first question are a tuple: `(…, …, …)`.

# %% exercise="hard_points"

# %% [markdown] exercise="four_penalised_runs"
# Four autoencoders were trained on the digits for 300 steps: linear, ReLU, linear, with 32 latents.
# All started from the same weights. Each has another penalty:
#
# - L1 with a strength that suits: **healthy**;
# - L1 with a strength of 100 times that: **too strong**;
# - Hoyer with the **wrong sign**: the loss is the error plus a strength times $H(z)$;
# - KL as the formula stands, on ReLU codes: **unbounded**.
#
# Which is which? The loss includes the penalty; the error does not. The *largest mean activation* is
# that of the most active latent. A cross marks where the loss ceases to be a number.

# %%
from course_lib.practice.sparsity_penalties.penalised_runs import as_table, draw_runs, four_runs

runs = four_runs()
print(as_table(runs))

# %%
show_figure(
    draw_runs(runs),
    "Three pictures of four runs over 300 steps. Loss: A, B and C fall, A to about 0.015 and B to "
    "about 0.03; the curve of C ends with a cross about half-way, at 0.015; D falls at once to 0.074 "
    "and stays there. Active latents: A rises from 21 to 32, C to 30; B falls to about 10, D to 0. "
    "Largest mean activation: A grows from 0.9 to 2; C stays below 1 up to the step of the cross "
    "and then rises above it; B falls to 0.2, D to 0.",
)

# %% exercise="four_penalised_runs"

# %% [markdown] exercise="five_percent"
# An open task. The tutorial wanted a mean activation of 5 %. Get there, with its own model on the
# digits ($64 \to 64 \to 32 \to 64 \to 64$, sigmoid at the code), once with L1 and once with KL:
#
# - the mean activation on the test digits is between **4 % and 6 %**;
# - the error on the test digits is at most **0.045**.
#
# The penalties are those that you have written: L1 summed over the latents, KL summed over the
# latents with the target 0.05. You choose the two strengths.
#
# `train_sigmoid(penalty, strength)` trains for 400 steps, which takes less than a second, and
# measures. (It always starts from the same weights, and the check runs the same training.) For
# comparison: always answering the mean digit has an error of about 0.07. Without a penalty the mean
# activation is about 50 %.

# %%
from course_lib.practice.sparsity_penalties.sigmoid_digits import train_sigmoid

print(train_sigmoid("l1", 0.0001))

# %% [markdown]
# Try several strengths for both penalties. Then hand in the best two *strengths*, as a dictionary:
# `{"l1": …, "kl": …}`. Which of the two penalties leaves you more room?

# %% exercise="five_percent"
