# %% [markdown]
# # 3 · Losses and optimisers
#
# After this lesson you can
#
# - **compute** a mean squared error and its gradient, per element and summed;
# - **follow** a backward pass, and gradient descent with momentum and Adam, by hand;
# - **write** a training loop, and say what each of its lines is for;
# - **stop** training before the model learns its examples by heart;
# - **read** a loss curve.
#
# *About 90 minutes. Builds on: lesson 1 (linear layers, batches, standard deviation) and lesson 2
# (slopes, ReLU, mean squared error). The exercises are in
# [03_exercises.ipynb](../exercises/03_losses_and_optimisers/03_exercises.ipynb).*
#
# In lesson 2 a loop trained our networks, and you had to take it on trust. Now we take it apart. We
# begin with two weights, which can be followed by hand. Then come the digits.

# %%
import copy
import math
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib import BasicAutoencoder, LiveFigure, Slider, digits, new_figure, open_unit
from course_lib import progress_bar, reconstruction_loss, show_figure, show_source
from course_lib import train_sparse_autoencoder_with_early_stopping
from course_lib.practice.losses_and_optimisers import gallery
from course_lib.figures import draw_chain, draw_descent
from course_lib.plotting import BLUE, GREY, ORANGE

unit = open_unit("03_losses_and_optimisers")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## How wrong? The loss
#
# Three customers come out of the second shop of lesson 1. Its bag is free. This time we see what
# they bought and what they paid, but not the prices.
#
# | | coffees | croissants | paid |
# |---|---|---|---|
# | first | 2 | 3 | 12 |
# | second | 1 | 5 | 13 |
# | third | 0 | 2 | 4 |
#
# We look for two **weights**: the price of a coffee and the price of a croissant. (The third
# receipt gives one away. We pretend not to see it: with a thousand weights nobody sees anything.)
# So we guess, look how wrong we are, and improve the guess.
#
# Let both cost 1. Then the three should have paid 5, 6 and 2. The **errors**, output minus target,
# are $-7$, $-7$ and $-2$. One number for "how wrong" is called a **loss**. Ours is the mean squared
# error of lesson 2:
#
# $$L = \frac{(-7)^2 + (-7)^2 + (-2)^2}{3} = \frac{49 + 49 + 4}{3} = 34.$$

# %%
orders = torch.tensor([[2.0, 3.0], [1.0, 5.0], [0.0, 2.0]])  # (3 customers, 2 things)
paid = torch.tensor([12.0, 13.0, 4.0])  # (3,): the targets
start = torch.tensor([1.0, 1.0])  # the first guess: (2,)


def loss_at(w):
    """Mean squared error of the prices w, (2,), on the three receipts."""
    return ((orders @ w - paid) ** 2).mean()


print("errors:", (orders @ start - paid).tolist())
print("loss:  ", loss_at(start).item())
print("torch: ", nn.MSELoss()(orders @ start, paid).item())  # the same, ready-made

# %% [markdown]
# ### Averaged over what?
#
# For a batch of pictures the errors are a table: one row per picture, one column per pixel. Three
# numbers are all called "the squared error". (`x_hat`, read *x hat*, is the model's output.)
#
# | | what is done | in code |
# |---|---|---|
# | **per element** | average over all entries of the table | `nn.MSELoss()`, `reconstruction_loss(x_hat, x)` |
# | **per picture** | add up the pixels, average over the pictures | `reconstruction_loss(x_hat, x, "sum")` |
# | **in total** | add up everything | `nn.MSELoss(reduction="sum")` |
#
# We take the digits as lesson 2 did, with mean 0 and standard deviation 1. How wrong is a model
# that answers 0 for each pixel?

# %%
pixels, labels = digits("train")
new_pixels, new_labels = digits("test")
mean, deviation = pixels.mean(), pixels.std()
images = (pixels - mean) / deviation  # (1400, 64)
new_images = (new_pixels - mean) / deviation  # (397, 64)

zeros = torch.zeros_like(images)
print(f"per element: {reconstruction_loss(zeros, images).item():8,.0f}")
print(f"per picture: {reconstruction_loss(zeros, images, 'sum').item():8,.0f}   (64 pixels)")
total = nn.MSELoss(reduction="sum")(zeros, images)
print(f"in total:    {total.item():8,.0f}   (64 pixels · 1,400 pictures)")

mean_picture = images.mean(dim=0)  # (64,): each pixel's mean
answer = reconstruction_loss(mean_picture.expand_as(images), images)
print(f"per element, when the answer is always the mean picture: {answer.item():.2f}")

# %% [markdown]
# Keep two numbers in mind: **1** is what the answer 0 costs, and **0.52** is what the mean picture
# costs. A model that looks at its input must do better.
#
# Each of the three is a fixed multiple of the others, so all are smallest at the same weights. But
# they differ in size, so a loss without the word "averaged over …" says little. The word "sum" alone
# does not help: see the second and third row. And "per element" is not always per pixel. A document
# that we follow in lesson 4 adds up all squared errors of a text, and labels its curve "per element".
# It means: per piece of a word. So ask every time.
#
# ### A trap
#
# The three outputs below are *perfect*. But they are a column, (3, 1), and the targets are a list,
# (3,). Broadcasting (lesson 1) stretches both to (3, 3), and compares every output with every
# target.

# %%
column = torch.tensor([[12.0], [13.0], [4.0]])  # (3, 1), as a layer with one output gives it
print(f"loss: {((column - paid) ** 2).mean().item():.1f}")
print(f"loss with equal shapes: {((column[:, 0] - paid) ** 2).mean().item():.1f}")
with warnings.catch_warnings(record=True) as caught:  # keep the warning, and show its beginning
    warnings.simplefilter("always")
    nn.MSELoss()(column, paid)
print("nn.MSELoss warns:   ", str(caught[0].message).split(")")[0] + ") …")
try:
    reconstruction_loss(column, paid)
except ValueError as error:
    print("reconstruction_loss:", error)

# %% [markdown]
# `nn.MSELoss` only warns. Never overlook it: training would go on, towards nonsense.

# %% [markdown]
# ## Which way is down? The gradient
#
# Our guess costs 34. Should the coffee be dearer or cheaper? Ask for the **slope** (lesson 2): let
# the price of a coffee grow a little, and see how the loss changes.
#
# By hand: the square $r^2$ of an error $r$ has the slope $2r$. For from $r - h$ to $r + h$ it grows by
# $(r + h)^2 - (r - h)^2 = 4rh$. Divided by the way, $2h$, that is $2r$. And when the price of a coffee
# grows by a small amount, an error grows by that amount *times the number of coffees*. Both together,
# for each customer, and averaged:
#
# $$\text{coffee: } \quad \frac{2 (-7) \cdot 2 + 2 (-7) \cdot 1 + 2 (-2) \cdot 0}{3} = -14,$$
#
# $$\text{croissant: } \quad \frac{2 (-7) \cdot 3 + 2 (-7) \cdot 5 + 2 (-2) \cdot 2}{3} = -40.$$
#
# The two slopes together are the **gradient**, $(-14, -40)$. With the matrix $X$ of orders, the
# list $y$ of payments and $n = 3$ customers it is one line ($X^\top$ is the transpose of
# lesson 1: one row per price):
#
# $$\text{gradient} = \tfrac{2}{n} \, X^\top (X w - y).$$
#
# As in lesson 2 we do not take a slope on trust. We measure it.


# %%
def gradient_at(w):
    """Slopes of the loss for the two prices, (2,)."""
    return 2 / len(orders) * orders.T @ (orders @ w - paid)


h = 0.01
for i, thing in enumerate(("coffee", "croissant")):
    nudge = torch.zeros(2)
    nudge[i] = h  # only this price changes
    measured = (loss_at(start + nudge) - loss_at(start - nudge)) / (2 * h)
    print(f"{thing:10} measured {measured.item():.1f}   formula {gradient_at(start)[i].item():.1f}")

# %% [markdown]
# Both slopes are negative: a higher price makes a smaller loss. So we raise both, the croissant
# more. We move **against** the gradient:
#
# $$w \leftarrow w - \eta \cdot \text{gradient}.$$
#
# The arrow means: $w$ becomes the right side. $\eta$ ("eta") is the **learning rate** of lesson 2.
# With $\eta = 0.01$ the coffee goes from 1 to $1 + 0.14$, and the croissant to $1 + 0.40$.

# %%
step = start - 0.01 * gradient_at(start)
print(f"prices ({step[0].item():.2f}, {step[1].item():.2f}), loss {loss_at(step).item():.1f}")

# %% [markdown]
# From 34 to 18.5. Repeating such steps is **gradient descent**.
#
# ### Predict
#
# Someone else adds up the three squared errors instead of averaging them.

# %%
guess_rate = predict.number(
    "rate_of_sum", "Which learning rate makes the same step as 0.01 did, when the loss is the sum?"
)
guess_rate

# %%
w = start.clone().requires_grad_()  # torch computes the slopes: more on this below
(gradient_of_sum,) = torch.autograd.grad(((orders @ w - paid) ** 2).sum(), w)
print("gradient of the sum:", [round(g, 3) for g in gradient_of_sum.tolist()])
same = torch.allclose(start - 0.01 / 3 * gradient_of_sum, step)
print("same step with 0.01 / 3:", same)
guess_rate.compare(
    f"{0.01 / 3:.4f}", "Each slope is 3 times as large, so the rate must be a third."
)

# %% [markdown]
# So **a learning rate belongs to a loss**. A loss per picture is 64 times the loss per element.
# Keep the rate, and each step is 64 times as long. We will see what that does.

# %% [markdown]
# ## How long may a step be?
#
# The slope is what it is *here*. A long step carries us to a place with another slope. For a while
# let the coffee cost 3, which is right, and look at the croissant alone. Its price $w$ should be 2.
# With $w - 2$ too much for each croissant, the errors are $3$, $5$ and $2$ times $w - 2$:
#
# $$L = \frac{3^2 + 5^2 + 2^2}{3} (w - 2)^2 = \frac{38}{3} (w - 2)^2, \qquad
# \text{slope} = \frac{76}{3} (w - 2) \approx 25.3 \, (w - 2).$$
#
# So a step takes $\eta \cdot 25.3 \, (w - 2)$ away from the distance $w - 2$. What remains is
#
# $$(1 - 25.3 \, \eta) \cdot (w - 2).$$
#
# **Each step multiplies the distance by the same factor**, $1 - 25.3\,\eta$. For $\eta = 0.01$ it
# is 0.75: a quarter of the way.
#
# ### Predict
#
# For $\eta = 0.04$ the factor is $-0.01$. One step, and we are there. Now we double the rate.

# %%
guess_double = predict.choice(
    "double",
    "With a learning rate of 0.08, the price of a croissant …",
    [
        "arrives twice as fast",
        "needs about twice as many steps",
        "jumps to and fro, and comes slowly closer",
        "moves away, farther with each step",
    ],
)
guess_double


# %%
def croissant(learning_rate, steps=6):
    """The price after each step, from a price of 1."""
    w, prices = 1.0, []
    for _ in range(steps):
        w = w - learning_rate * 76 / 3 * (w - 2)
        prices.append(w)
    return prices


for learning_rate in (0.01, 0.04, 0.07, 0.08):
    factor = 1 - learning_rate * 76 / 3
    prices = "  ".join(f"{price:.2f}" for price in croissant(learning_rate))
    print(f"rate {learning_rate:.2f}   factor {factor:5.2f}   prices {prices}")

# %%
far = abs(croissant(0.08)[-1] - 2) > 1
guess_double.compare(
    "moves away, farther with each step" if far else "something else",
    "The factor is −1.03: each step jumps to the other side, a little farther out.",
)

# %% [markdown]
# | factor | what you see |
# |---|---|
# | just below 1 | crawls: the rate is too small |
# | between 1 and 0 | comes closer, from one side |
# | 0 | arrives in one step |
# | between 0 and $-1$ | jumps over the goal each time, but comes closer: it **oscillates** |
# | exactly $-1$ | jumps to and fro for ever, always equally far |
# | below $-1$ | moves away for ever: it **diverges** |
#
# ### Two weights: a valley
#
# With both prices the loss is a landscape over a plane. Here it is a long, narrow valley. It is
# steep across: a croissant that is 1 too dear costs 12.7. And it is nearly flat along its bottom: a
# coffee 1 too dear, together with a croissant 0.30 too cheap, costs 0.6. The bills hardly notice.

# %%
print(f"loss of (3, 3):    {loss_at(torch.tensor([3.0, 3.0])).item():.1f}")
print(f"loss of (4, 1.70): {loss_at(torch.tensor([4.0, 1.7])).item():.1f}")

# %% [markdown]
# One rate must serve both directions. The steep one sets its limit. The flat one decides how long
# we walk.
#
# A cure is **momentum**. Let the walker be a heavy ball. It has a velocity $v$, which remembers the
# slopes of the steps before. A part $\mu$ ("mu") of it is kept each time:
#
# $$v \leftarrow \mu \, v + \text{gradient}, \qquad w \leftarrow w - \eta \, v.$$
#
# Across the valley the slopes change sign from step to step, and cancel in $v$. Along it they add
# up. With $\mu = 0$ this is plain gradient descent.
#
# In the next figures each grey line joins prices with the same loss, as the lines on a map join
# places of the same height. The star is the bottom, (3, 2). The dots are the prices after each step.


# %%
def descend(learning_rate, momentum=0.0, steps=100):
    """The prices before the first step and after each one, (steps + 1, 2)."""
    w, v = start, torch.zeros(2)
    path = [w]
    for _ in range(steps):
        v = momentum * v + gradient_at(w)
        w = w - learning_rate * v
        path.append(w)
    return torch.stack(path)


def losses_along(path):
    """The loss at each point of a path (points, 2)."""
    return ((path @ orders.T - paid) ** 2).mean(dim=1)


def steps_needed(path):
    """After how many steps the loss is below 0.01 and stays there; None if it never does."""
    above = (~(losses_along(path) < 0.01)).nonzero()  # not below, or not a number
    last = above[-1].item() if len(above) else -1
    return last + 1 if last + 1 < len(path) else None


# From here on the cell draws. You need not follow it.
ticks = torch.linspace(0, 5, 101), torch.linspace(0, 4, 101)  # coffee, croissant
surface = losses_along(torch.cartesian_prod(*ticks)).reshape(101, 101).T  # one row per croissant


def draw_path(axes, path, title=""):
    draw_descent(axes, *ticks, surface, path[:41], title)
    axes.set(xlabel="price of a coffee", ylabel="price of a croissant")
    axes.set(xticks=range(6), yticks=range(5))


def draw(figure, learning_rate, momentum):
    path = descend(learning_rate, momentum)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_path(left, path)
    right.plot(losses_along(path).clamp(1e-5, 1e5).log10())
    right.axhline(-2, color="black", linewidth=1, linestyle=":")
    right.set(xlabel="step", ylabel="loss", xticks=(0, 50, 100), ylim=(-4, 4))
    right.set_yticks((-4, -2, 0, 2, 4), ("0.0001", "0.01", "1", "100", "10,000"))
    needed = steps_needed(path)
    end = f"stays below 0.01 from step {needed} on" if needed else "is not below 0.01 for good"
    return f"Within 100 steps the loss {end}. (The path shows 40 steps.)"


LiveFigure(
    draw,
    "Without momentum: from which rate on does the path zigzag, and from which does it diverge? "
    "What is the smallest number of steps to a loss below 0.01? And with a momentum of 0.5? What "
    "happens with a momentum of 1?",
    size=(7, 3.2),
    learning_rate=Slider("learning rate", 0.005, 0.1, 0.005, 0.01),
    momentum=Slider("momentum", 0, 1, 0.1, 0),
)

# %% [markdown]
# **What you should have found.** Without momentum the path zigzags from 0.04 on, and diverges from
# 0.075 on. The best rate is a little below that limit: 34 steps at 0.065. At 0.07 it swings for too
# long, and needs 55. With a momentum of 0.5 a rate of 0.075 no longer diverges: 13 steps, and no rate
# of the slider needs fewer. A momentum of 1 forgets nothing. Nothing brakes the ball, and it swings
# through the valley for ever.

# %%
for learning_rate, momentum in (
    *((0.005, 0.0), (0.035, 0.0), (0.065, 0.0), (0.07, 0.0), (0.075, 0.0)),
    *((0.075, 0.5), (0.035, 1.0)),
):
    needed = steps_needed(descend(learning_rate, momentum))
    print(
        f"rate {learning_rate:.3f}   momentum {momentum:.1f}   steps: {needed or 'more than 100'}"
    )

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 4.6, rows=2, columns=3, sharex=True, sharey=True)
cases = {
    "too small": (0.005, 0.0),
    "right": (0.035, 0.0),
    "oscillating": (0.065, 0.0),
    "diverging": (0.075, 0.0),
    "momentum 0.5": (0.075, 0.5),
    "momentum 1": (0.035, 1.0),
}
for ax, (name, (learning_rate, momentum)) in zip(axes.flat, cases.items()):
    draw_path(ax, descend(learning_rate, momentum), f"{name}\nrate {learning_rate:g}")
for ax in axes.flat:
    ax.label_outer()
show_figure(
    figure,
    "Six paths of 40 steps on the same narrow, tilted valley, from the prices (1, 1); the goal is "
    "(3, 2). Rate 0.005: the path falls to the bottom of the valley and hardly moves along it. "
    "0.035: straight to the bottom, then along it to the goal. 0.065: it zigzags across the valley "
    "and reaches the goal. 0.075: the zigzag grows. 0.075 with momentum 0.5: it swings a few times "
    "and settles. Momentum 1: it swings through the whole valley and does not settle.",
)

# %% [markdown]
# How does one know the limit beforehand? One doesn't: it depends on the data and on the weights.
# One tries rates that grow by factors, such as 0.001, 0.01, 0.1, and takes one that falls fast and
# is well below the first that fails.

# %% [markdown]
# ## Who computes the slopes? Autograd
#
# For two prices we found a formula. A network has thousands of weights. Nobody writes formulas for
# them. torch does not either: it remembers each small step of the computation, and goes back.
#
# Take one ReLU unit with weight $w = 1.5$ and bias $b = -1$. The input is 2, the target 5:
#
# $$z = 2w + b = 2, \qquad a = \mathrm{ReLU}(z) = 2, \qquad L = (a - 5)^2 = 9.$$
#
# This is the **forward pass**. Now go back, and at each step ask for its own slope only:
#
# - $L = (a - 5)^2$: when $a$ grows a little, $L$ changes by $2 (a - 5) = -6$ times as much.
# - $a = \mathrm{ReLU}(z)$, with $z > 0$: $a$ changes by $1$ times as much as $z$.
# - $z = 2w + b$: it changes by $2$ times as much as $w$, and by $1$ times as much as $b$.
#
# So what does $w$ do to $L$? The changes pass from one step to the next: **multiply the slopes
# along the way**. This is the **chain rule**. The slope of $L$ with respect to $w$ is written
# $\frac{\partial L}{\partial w}$:
#
# $$\frac{\partial L}{\partial w} = (-6) \cdot 1 \cdot 2 = -12, \qquad
# \frac{\partial L}{\partial b} = (-6) \cdot 1 \cdot 1 = -6.$$
#
# Going back, the product $(-6) \cdot 1$ was needed twice, and computed once. That is why one goes
# *back*: a single **backward pass** gives the slopes for all weights.

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 2.2)
draw_chain(
    ax,
    values=("w = 1.5\nb = −1", "z = 2w + b\n= 2", "a = ReLU(z)\n= 2", "L = (a − 5)²\n= 9"),
    slopes=("for w: −6 · 2 = −12\nfor b: −6 · 1 = −6", "−6 · 1 = −6", "2 (a − 5) = −6", "1"),
)
show_figure(
    figure,
    "Four boxes in a row. Forward, from left to right: w = 1.5 and b = -1 give z = 2, then a = 2, "
    "then the loss 9. Backward, from right to left, the slopes: 1 at the loss, -6 at a, -6 at z, "
    "and -12 for w and -6 for b.",
)

# %% [markdown]
# torch does the same. `requires_grad=True` asks it to remember what is done with a tensor. (The
# parameters of `nn.Linear` have it from the start.) `backward()` goes back, and leaves each slope
# in `.grad`.

# %%
w = torch.tensor(1.5, requires_grad=True)
b = torch.tensor(-1.0, requires_grad=True)
z = 2 * w + b
a = torch.relu(z)
L = (a - 5) ** 2
L.backward()
print("slope for w:", w.grad.item(), "  slope for b:", b.grad.item())

# %% [markdown]
# What if a number is used twice? Then it acts on the loss in two ways, and the slopes of the ways
# are **added**. A weight is used once for each input of the batch. So its slope is a sum over the
# batch (or, for a mean, an average). You saw it in $-14$ and $-40$.
#
# ### Predict
#
# We compute the loss from above, and call `backward()`. Then we compute the same loss again, and
# call `backward()` a second time.

# %%
guess_twice = predict.number("twice", "What does w.grad hold after the second backward()?")
guess_twice


# %%
def loss_of_unit(w, b):
    return (torch.relu(2 * w + b) - 5) ** 2


w = torch.tensor(1.5, requires_grad=True)
for call in (1, 2):
    loss_of_unit(w, -1.0).backward()
    print(f"after call {call}: {w.grad.item():.0f}")
guess_twice.compare(w.grad.item(), "backward() adds to what is there. It does not overwrite.")

# %% [markdown]
# Adding is on purpose: one can collect the slopes of several batches. But in a training loop one
# must set them back to zero before each step. Remember this.
#
# Three more things to know:
#
# - Where $z < 0$, the slope of ReLU is 0, and so is everything multiplied by it: the dead unit of
#   lesson 2.
# - Code under `with torch.no_grad():` is not remembered. Use it to measure, and to change weights.
# - `.item()` takes a number out of a tensor. `.detach()` gives a tensor without its history.

# %%
w = torch.tensor(-1.5, requires_grad=True)  # now z = −4
loss_of_unit(w, -1.0).backward()
print("slope for w where z < 0:", w.grad.item())
with torch.no_grad():
    print("remembered under no_grad:", loss_of_unit(w, -1.0).requires_grad)

# %% [markdown]
# ## Optimisers
#
# What makes a step from the slopes is called an **optimiser**. We write three of them by hand, and
# hold each against torch's.
#
# **SGD** is gradient descent. (The S is for *stochastic*: the slopes come from a random part of the
# data. That comes below.) **Momentum** you know. **Adam** is the one that the
# autoencoders of this course are trained with.
#
# ### Adam
#
# In the valley the slopes of the two prices differ a lot, and one rate must serve both. Adam gives
# each weight a step of its own. It keeps two running averages for each weight: $m$ of its slopes
# $g$, and $v$ of their squares. (This $v$ is not the velocity from above. Both letters are
# customary.)
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) \, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) \, g^2,$$
#
# with $\beta_1 = 0.9$ and $\beta_2 = 0.999$ ("beta"). So $m$ keeps 90 % of what it was, and takes
# in 10 % of the new slope.
#
# Both begin at 0, so at first they are too small. After step 1, $m$ is only $0.1\,g$. After step $t$
# the two are corrected:
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad
# w \leftarrow w - \eta \, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}.$$
#
# After step 1 this divides $0.1\,g$ by $1 - 0.9 = 0.1$, and gives $g$ back. After many steps $\beta^t$
# is almost 0, and nothing is corrected. $\varepsilon = 10^{-8}$ ("epsilon") only prevents a division
# by 0.
#
# ### Predict
#
# The first slopes are $-14$ for a coffee and $-40$ for a croissant. The learning rate is 0.1.

# %%
guess_adam = predict.text(
    "adam_first",
    "By how much does Adam's first step change the two prices?",
    "coffee, croissant",
)
guess_adam


# %%
# t: which step this is. memory: what a rule keeps from one step to the next.
def sgd(w, g, t, memory):
    return w - 0.03 * g


def momentum(w, g, t, memory):
    memory["v"] = 0.5 * memory.get("v", 0) + g
    return w - 0.03 * memory["v"]


def adam(w, g, t, memory):
    memory["m"] = 0.9 * memory.get("m", 0) + (1 - 0.9) * g
    memory["v"] = 0.999 * memory.get("v", 0) + (1 - 0.999) * g**2
    m_hat = memory["m"] / (1 - 0.9**t)
    v_hat = memory["v"] / (1 - 0.999**t)
    return w - 0.1 * m_hat / (v_hat.sqrt() + 1e-8)


def by_hand(rule, steps=100):
    """The prices before the first step and after each one, (steps + 1, 2)."""
    w, memory, path = start, {}, [start]
    for t in range(1, steps + 1):
        w = rule(w, gradient_at(w), t, memory)
        path.append(w)
    return torch.stack(path)


print("   t     coffee    croissant")
for t, (coffee, croissants) in enumerate(by_hand(adam, steps=3).tolist()):
    print(f"{t:4} {coffee:10.4f} {croissants:12.4f}")

# %%
first = by_hand(adam, steps=1)[1] - start
guess_adam.compare(
    f"{first[0].item():.1f} and {first[1].item():.1f}",
    "After step 1, m̂ is g and √v̂ is the size of g. Only the sign of the slope is left: every "
    "weight moves by the learning rate.",
)

# %% [markdown]
# So Adam's learning rate has a plain meaning: about how far a weight moves in one step, as long as
# its slopes keep their sign. Where they change sign, $m$ cancels, and it moves less.
#
# Now torch. An optimiser is given the parameters once. Then each step has three lines, which you
# will soon know by heart.


# %%
def by_torch(make_optimizer, steps=100, scale=1):
    """The same path, made by an optimiser of torch on `scale` times the loss."""
    w = nn.Parameter(start.clone())  # a tensor that asks for slopes, as those in nn.Linear
    optimizer = make_optimizer([w])
    path = [start]
    for _ in range(steps):
        optimizer.zero_grad()  # forget the old slopes
        (scale * loss_at(w)).backward()  # compute the new ones
        optimizer.step()  # change the weights
        path.append(w.detach().clone())
    return torch.stack(path)


in_torch = {
    "SGD": (sgd, lambda weights: torch.optim.SGD(weights, lr=0.03)),
    "momentum": (momentum, lambda weights: torch.optim.SGD(weights, lr=0.03, momentum=0.5)),
    "Adam": (adam, lambda weights: torch.optim.Adam(weights, lr=0.1)),
}
print("largest difference of a price, by hand and by torch:")
for name, (rule, make_optimizer) in in_torch.items():
    differences = (by_hand(rule) - by_torch(make_optimizer)).abs().amax(dim=1)  # one per step
    print(f"{name:9}", *(f"step {t}: {differences[t].item():.4f}  " for t in (1, 2, 10, 100)))

# %% [markdown]
# Equal at every step, up to rounding.
#
# ### Adam does not care how large the loss is
#
# Multiply a loss by 1,000: its slopes are 1,000 times as large. SGD's steps are, too. In Adam's
# fraction the 1,000 stands above and below, and cancels.


# %%
def said(prices):
    far = not prices.abs().max() < 100  # or not a number
    return "far away" if far else f"({prices[0].item():.2f}, {prices[1].item():.2f})"


print("prices after 20 steps on the loss, and on 1,000 times the loss:")
for name, (_, make_optimizer) in in_torch.items():
    once, thousand = (by_torch(make_optimizer, 20, scale)[-1] for scale in (1, 1000))
    print(f"{name:9} {said(once)}   {said(thousand)}")

# %% [markdown]
# Is Adam the fastest? Not here. To a loss below 0.01, SGD with a good rate took 34 steps, and
# momentum 13. And Adam, with twenty rates from 0.05 to 1?

# %%
tried = [0.05 * k for k in range(1, 21)]
paths = [by_torch(lambda weights, lr=rate: torch.optim.Adam(weights, lr=lr)) for rate in tried]
needed = [steps_needed(path) for path in paths]
fewest = min(steps for steps in needed if steps)
print("Adam, fewest steps: about", round(fewest, -1))

# %% [markdown]
# Adam takes about 70 or more. On two weights, tuned by hand, the simple rules win. Wait for the network
# below.

# %% [markdown]
# ## Data in portions
#
# Three receipts are soon read. For 1,400 pictures, or a billion, each step of gradient descent
# would have to go through all of them first. Instead one takes a small random part, a
# **mini-batch**, and steps on *its* gradient.
#
# Is that gradient any good? We compare it with the gradient over all 1,400 pictures. The model is
# an autoencoder of the course, 64 → 128 → 16 → 128 → 64. ReLU follows the two layers of 128, and
# nothing follows the code of 16 and the output. (It is the subject of lesson 4. Here it only has to
# restore its input.)


# %%
def new_autoencoder(latents=16, seed=0):
    """An untrained autoencoder: 64 → 128 → latents → 128 → 64."""
    torch.manual_seed(seed)
    return BasicAutoencoder(64, latents)


def gradient_of(model, pictures):
    """The slopes of the loss for all parameters, as one long list."""
    loss = nn.MSELoss()(model(pictures), pictures)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    return torch.cat([slope.flatten() for slope in slopes])


# You need not follow this function.
def misses(model, size, draws=50, seed=0):
    """How far the gradient of a mini-batch typically is from the full one, as a share of it."""
    generator = torch.Generator().manual_seed(seed)
    full = gradient_of(model, images)
    squares = [
        (gradient_of(model, images[rows]) - full).square().sum()
        for rows in torch.randint(len(images), (draws, size), generator=generator)
    ]
    return (sum(squares) / draws / full.square().sum()).sqrt().item()


autoencoder = new_autoencoder()
for size in (4, 16, 64, 256):
    print(f"batch of {size:3}: off by about {100 * misses(autoencoder, size):.0f} %")

# %% [markdown]
# A sum of $n$ random numbers grows like $\sqrt n$ (lesson 1). Divided by $n$, an average misses by
# $1/\sqrt n$: four times as many pictures, half the miss. A batch of 4 points only roughly downhill.
# 64 do well, for less than a twentieth of the work.
#
# And many rough steps beat few exact ones. One pass over all the data is called an **epoch**. Here
# are five epochs, with batches of three sizes:


# %%
def after_five_epochs(size, seed=0):
    """Error on new pictures after 5 epochs with batches of this size."""
    autoencoder = new_autoencoder(seed=seed)
    optimizer = torch.optim.SGD(autoencoder.parameters(), lr=0.5)
    for _ in range(5):
        for rows in torch.randperm(len(images)).split(size):  # a random order, in portions
            loss = nn.MSELoss()(autoencoder(images[rows]), images[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return nn.MSELoss()(autoencoder(new_images), new_images).item()


for size, count in ((1400, 5), (256, 30), (64, 110)):
    print(f"batches of {size:5,}: {count:3} steps, error {after_five_epochs(size):.1f}")

# %% [markdown]
# All three have read each picture five times, with the same learning rate.
#
# torch has a tool for such portions. A `TensorDataset` holds inputs and targets. For an
# autoencoder both are the same. A `DataLoader` deals them out. `shuffle=True` draws a new random
# order each time, as one shuffles cards.
#
# ### Predict
#
# There are 1,400 pictures, and the batch size is 64.

# %%
guess_steps = predict.number("steps", "How many mini-batches, and so steps, make one epoch?")
guess_steps

# %%
train_dataset = TensorDataset(images, images)  # inputs and targets
train_loader = DataLoader(train_dataset, batch_size=64, shuffle=True)

sizes = [len(data) for data, targets in train_loader]
print("sizes:", sizes)
guess_steps.compare(len(sizes), "21 full ones, and a last one with the remaining 56.")

# %% [markdown]
# ## The training loop
#
# Here it is, in the words of the tutorial that this course grew from: `nn.MSELoss`, `Adam` with a
# learning rate of 0.001, batches of 64, 10 epochs. Learn the order of the five lines:

# %%
torch.manual_seed(28)  # of the weights, and of the shuffling
autoencoder = BasicAutoencoder(64, 16)
criterion = nn.MSELoss()  # another word for the loss function
optimizer = torch.optim.Adam(autoencoder.parameters(), lr=0.001)

num_epochs = 10
for epoch in range(num_epochs):
    losses = []
    for data, targets in train_loader:
        outputs = autoencoder(data)  # 1. forward
        loss = criterion(outputs, targets)  # 2. how wrong?
        optimizer.zero_grad()  # 3. forget the old slopes
        loss.backward()  # 4. compute the new ones
        optimizer.step()  # 5. change the weights
        losses.append(loss.item())
    with torch.no_grad():
        after = criterion(autoencoder(images), images).item()  # all pictures, after the epoch
    print(
        f"Epoch [{epoch + 1:2}/{num_epochs}], last batch: {loss.item():.2f}, "
        f"mean over the epoch: {sum(losses) / len(losses):.2f}, afterwards: {after:.2f}"
    )

# %% [markdown]
# The tutorial prints only the loss of the *last batch*. That is a loss of 56 pictures out of 1,400,
# and it moves up and down by chance: see the last two lines. Print the mean over the epoch. It is a
# little too high: the first batches were measured with worse weights. For the exact value measure
# all pictures again after the epoch, under `torch.no_grad()`.
#
# ### Is shuffling needed?
#
# Suppose that someone has sorted the pictures: first all zeros, then all ones, … We train the
# reader of lesson 2 (64 → 100 → 10) with SGD, in this order and shuffled.


# %%
def digits_read(model):
    """How many of 100 new digits the model reads correctly: the largest output wins."""
    with torch.no_grad():
        return 100 * (model(new_images).argmax(dim=1) == new_labels).float().mean().item()


def train_reader(shuffle, epochs=4, seed=0):
    """Digits read, of 100, after each step; the pictures lie sorted by digit."""
    torch.manual_seed(seed)
    reader = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
    order = labels.argsort(stable=True)
    wanted = nn.functional.one_hot(labels, 10).float()
    loader = DataLoader(TensorDataset(images[order], wanted[order]), 64, shuffle=shuffle)
    optimizer = torch.optim.SGD(reader.parameters(), lr=0.5)
    read = []
    for _ in range(epochs):
        for data, targets in loader:
            loss = nn.MSELoss()(reader(data), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            read.append(digits_read(reader))
    return read


sorted_order, shuffled = train_reader(shuffle=False), train_reader(shuffle=True)
print("digits read, of 100:   sorted order       shuffled")
for epoch in (1, 4):
    both = (int(read[22 * epoch - 1]) // 10 * 10 for read in (sorted_order, shuffled))
    print(f"after epoch {epoch}:       ", *(f"more than {read:2}  " for read in both))

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 2.9)
steps = range(1, len(shuffled) + 1)
ax.plot(steps, shuffled, label="shuffled")
ax.plot(steps, sorted_order, "--", label="sorted by digit")
for epoch in range(1, 4):
    ax.axvline(22 * epoch + 0.5, color=GREY, linewidth=0.8)
ax.set(xlabel="step (grey: a new epoch begins)", ylabel="digits read, of 100", ylim=(0, 100))
ax.legend(loc="lower right")
show_figure(
    figure,
    "Digits read, of 100, over 88 steps in four epochs. Shuffled: above 80 after the first epoch, "
    "above 90 in the end. Sorted by digit: below 30 after the first epoch; then it climbs, up and "
    "down within each epoch, and is still far below the other curve after the fourth.",
)

# %% [markdown]
# In sorted order a whole batch says "everything is a zero", a later one says "everything is a nine".
# Each undoes a part of the work of the others. So data come shuffled, unless there is a good
# reason.

# %% [markdown]
# ### Which learning rate?
#
# Now back to the autoencoder. We train it for 3 epochs with SGD and with Adam, at several learning
# rates, and with the loss per element and per picture.


# %%
def error_of(model, pictures):
    """Mean squared error per element."""
    with torch.no_grad():
        return nn.MSELoss()(model(pictures), pictures).item()


def train_once(make_optimizer, learning_rate, times=1, epochs=3, seed=0):
    """Error on new pictures after training on `times` the loss per element."""
    autoencoder = new_autoencoder(seed=seed)
    optimizer = make_optimizer(autoencoder.parameters(), lr=learning_rate)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):  # shuffled mini-batches
            loss = times * nn.MSELoss()(autoencoder(images[rows]), images[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return error_of(autoencoder, new_images)


rates = {
    "SGD": (torch.optim.SGD, (0.0001, 0.001, 0.01, 0.1, 1.0, 3.0)),
    "Adam": (torch.optim.Adam, (0.0001, 0.001, 0.01, 0.1)),
}
found = {
    (name, times): [train_once(make, rate, times) for rate in tried]
    for name, (make, tried) in rates.items()
    for times in (1, 64)
}

# %%
# You need not follow this cell: it draws.
style_of = {
    1: ("loss per element", "-o", BLUE),
    64: ("loss per picture (64 times as large)", "--s", ORANGE),
}
figure, axes = new_figure(7, 3.2, columns=2, sharey=True)
for ax, (name, (_, tried)) in zip(axes, rates.items()):
    for times, (label, style, colour) in style_of.items():
        ax.semilogx(tried, found[name, times], style, markersize=5, color=colour, label=label)
        lost = [rate for rate, error in zip(tried, found[name, times]) if math.isnan(error)]
        ax.plot(lost, [1.1 + times / 1000] * len(lost), "x", color=colour, markersize=8)
    ax.axhline(answer.item(), color="black", linewidth=1, linestyle=":")
    ax.set(title=name, xlabel="learning rate", ylim=(0, 1.25))
axes[0].set_ylabel("error on new pictures\nafter 3 epochs (per element)")
axes[1].annotate("mean picture", (8e-4, answer.item()), (0, 4), textcoords="offset points")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
show_figure(
    figure,
    "Error after 3 epochs against the learning rate. SGD, loss per element: it falls to about 0.2 "
    "at rate 1, and at 3 a cross stands for NaN. Loss per picture: it falls to about 0.26 at 0.01, "
    "and from 0.1 on there are crosses. Adam: the same curve for both losses, lowest at 0.01 with "
    "about 0.12. At 0.1 it is at the dotted line of the mean picture, 0.52.",
)

# %%
best = {}
for (name, times), errors in found.items():
    tried = rates[name][1]
    lost = [f"{rate:g}" for rate, error in zip(tried, errors) if math.isnan(error)]
    best[name, times], rate = min((e, r) for e, r in zip(errors, tried) if not math.isnan(e))
    print(f"{name:4} · {times:2}   best rate: {rate:4g}   NaN at: {', '.join(lost) or 'none'}")
apart = max(abs(a - b) for a, b in zip(found["Adam", 1], found["Adam", 64]))
print(f"Adam's two curves differ by at most {apart:.2f}; at rate 0.1: {found['Adam', 1][-1]:.1f}")
times_as_large = round(best["SGD", 1] / best["Adam", 1])
print(f"Adam's best error: {best['Adam', 1]:.2f}; SGD's: about {times_as_large} times as large")

# %% [markdown]
# (A cross stands for `NaN`.) Read three things off it:
#
# - **SGD's rate belongs to its loss.** Per element the best of these rates is 1. Per picture, with
#   a loss 64 times as large, 0.1 already ends in `NaN` (lesson 2), and the best one is 0.01.
# - **Adam's does not.** Both curves are the same. And here its best error is about half of SGD's:
#   with six choices of random weights it was 0.11 to 0.16, and SGD's 0.22 to 0.27. This is so on
#   these data and at these rates; it is no law.
# - **Too large need not mean `NaN`.** Adam at 0.1 ends near 0.52, and that is the price of the mean
#   picture! (With other random weights it may end above.) The model no longer looks at its input.
#   The first long steps have killed its ReLU units, as in lesson 2:

# %%
model = new_autoencoder()
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for _ in range(3):
    for rows in torch.randperm(len(images)).split(64):
        loss = nn.MSELoss()(model(images[rows]), images[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
for name, after_relu in {
    "encoder": lambda x: model.encoder[:2](x),
    "decoder": lambda x: model.decoder[:2](model.encoder(x)),
}.items():
    with torch.no_grad():
        dead = (after_relu(images) == 0).all(dim=0).float().mean().item()
    share = "all" if dead == 1 else f"at least {int(10 * dead) * 10} %"
    print(f"hidden layer of the {name}: {share} of the ReLU units dead")

# %% [markdown]
# ## Watch it fail: a line is missing
#
# Five lines, in this order: forward, loss, `zero_grad`, `backward`, `step`. What if one of the last
# three is forgotten, or stands in the wrong place? We try four broken loops:
#
# - **no `zero_grad`**;
# - **no `backward`**;
# - **no `step`**;
# - **`zero_grad` too late**: after `backward`, before `step`.
#
# ### Predict

# %%
guess_missing = predict.choice(
    "missing",
    "Which of the four broken loops stop with an error?",
    [
        "all of them",
        "no backward, and no step",
        "only no backward",
        "only zero_grad too late",
        "none of them",
    ],
)
guess_missing


# %%
def broken_loop(missing, epochs=10, seed=0):
    """Error on new pictures after each epoch."""
    autoencoder = new_autoencoder(seed=seed)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=0.001)
    errors = [error_of(autoencoder, new_images)]
    for _ in range(epochs):
        for data, targets in train_loader:
            loss = criterion(autoencoder(data), targets)
            if missing != "zero_grad":
                optimizer.zero_grad()
            if missing != "backward":
                loss.backward()
            if missing == "zero_grad too late":
                optimizer.zero_grad()
            if missing != "step":
                optimizer.step()
        errors.append(error_of(autoencoder, new_images))
    return errors


loops = ("nothing", "zero_grad", "backward", "step", "zero_grad too late")
curves, stopped = {}, []
for missing in loops:
    try:
        curves[missing] = broken_loop(missing)
    except RuntimeError:
        stopped.append(missing)

# From here on the cell draws. You need not follow it.
figure, ax = new_figure(7, 3.1)
names = {
    "nothing": ("complete loop", "-o"),
    "zero_grad": ("no zero_grad", "--s"),
    "backward": ("no backward, no step, or zero_grad too late", ":"),
}
for missing, (name, style) in names.items():
    ax.plot(curves[missing], style, markersize=4, label=name)
ax.set(xlabel="epoch", ylabel="error on new pictures", ylim=(0, 1.1))
ax.legend(loc=(0.35, 0.62))
show_figure(
    figure,
    "Error on new pictures over ten epochs. Complete loop: it falls smoothly from 1 to about 0.1. "
    "Without zero_grad: it falls to 0.5 or 0.6, then goes up and down, and stays far above the "
    "other. Without backward or step, or with zero_grad too late: it stays at 1.",
)

# %%
still = [m for m in loops if len(set(curves[m])) == 1]
print("nothing is learned at all:", ", ".join(still))
guess_missing.compare(
    "none of them" if not stopped else ", ".join(stopped), "All four run to their end in peace."
)

# %% [markdown]
# **How to recognise it.** Three of them are easy to see: the loss stays exactly where it was.
# (Without `backward` there are no slopes, and the optimiser skips weights that have none.)
#
# No `zero_grad` is the treacherous one. The loss falls at first. But each step is made with the sum
# of *all* slopes since the beginning. For plain SGD you have met this: it is **momentum with
# $\mu = 1$**, the ball without brakes. On the receipts the two agree to the digit. Adam averages these
# ever larger sums, and strays as well: you saw it in the figure.

# %%
w = nn.Parameter(start.clone())
optimizer = torch.optim.SGD([w], lr=0.035)
for _ in range(20):
    loss_at(w).backward()  # no zero_grad
    optimizer.step()
print("without zero_grad:", [round(p, 3) for p in w.tolist()])
print("momentum 1:       ", [round(p, 3) for p in descend(0.035, momentum=1.0)[20].tolist()])

# %% [markdown]
# **How to mend it.** Write the five lines always in the same order. And look at the first steps of
# every new loop: does the loss fall, and does it go on falling?

# %% [markdown]
# ## Watch it fail: learned by heart
#
# Now a case where the loop is right, the loss falls nicely, and yet the result is bad. There are
# only 100 pictures to train on. (In practice data are often scarce.) We keep 400 others aside, and
# do not train on them: the **validation set**. After each epoch we measure the error on both.


# %%
def fit(
    model, pictures, validation, rate=0.003, epochs=300, make_optimizer=torch.optim.Adam, seed=0
):
    """Train on mini-batches of 50; return the errors on both sets after each epoch."""
    torch.manual_seed(seed)
    loader = DataLoader(TensorDataset(pictures, pictures), batch_size=50, shuffle=True)
    criterion = nn.MSELoss()
    optimizer = make_optimizer(model.parameters(), lr=rate)
    history = {"train": [], "validation": []}
    for _ in range(epochs):
        for data, targets in loader:
            loss = criterion(model(data), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        history["train"].append(error_of(model, pictures))
        history["validation"].append(error_of(model, validation))
    return history


few, validation = images[:100], images[100:500]

# %% [markdown]
# ### Predict
#
# The autoencoder has 8 latents, and trains for 300 epochs.

# %%
guess_overfit = predict.choice(
    "overfit",
    "The training error falls all the time. The validation error …",
    [
        "falls with it",
        "falls, and then stays where it is",
        "falls, and then rises again",
        "does not fall at all",
    ],
)
guess_overfit

# %%
overfitted = new_autoencoder(latents=8)
history = fit(overfitted, few, validation)

# From here on the cell draws. You need not follow it.
best = min(history["validation"])
best_epoch = history["validation"].index(best) + 1
figure, ax = new_figure(7, 3.1)
ax.plot(range(1, 301), history["train"], label="training error")
ax.plot(range(1, 301), history["validation"], "--", label="validation error")
ax.plot(best_epoch, best, "o", color="black", label="smallest validation error")
ax.set(xlabel="epoch", ylabel="mean squared error", ylim=(0, 0.6))
ax.legend()
show_figure(
    figure,
    "Errors over 300 epochs. The training error falls to nearly 0. The validation error falls to "
    "about 0.19 within 50 to 70 epochs, and then rises slowly to 0.24 or 0.25.",
)

# %%
rises = history["validation"][-1] > 1.15 * best and history["validation"][0] > 2 * best
guess_overfit.compare(
    "falls, and then rises again" if rises else "something else",
    f"From about {best:.2f} at its best to {history['validation'][-1]:.2f} in the end, while the "
    f"training error goes to {history['train'][-1]:.2f}.",
)

# %% [markdown]
# At first the model learns what all pictures have in common. Later it learns the 100 pictures by
# heart, with every odd stroke. That does not help with others; it harms. This is **overfitting**.
#
# The training error does not show it. **Only data that were kept aside do.**
#
# The best cure is more data. Here is the same model, trained with as many steps on 1,000 pictures.
# (The 400 that remain are its validation set.)

# %%
more = fit(new_autoencoder(latents=8), images[400:], images[:400], epochs=30)
for name, errors in (("  100 pictures", history), ("1,000 pictures", more)):
    train, kept_aside = errors["train"][-1], errors["validation"][-1]
    kept_aside = round(50 * kept_aside) / 50
    print(f"{name}: training {train:.2f}, validation about {kept_aside:.2f}")

# %% [markdown]
# ### Early stopping
#
# Without more data: stop in time. The curve wobbles, so one epoch without progress means little.
# One waits for several. This number is called the **patience**:
#
# - After each epoch measure the validation error.
# - Is it the smallest so far? Then keep a copy of the weights.
# - Has there been no smaller one for `patience` epochs? Then stop, and take the copy.


# %%
def fit_with_early_stopping(model, pictures, validation, patience, epochs=300, seed=0):
    """Train until the validation error has not fallen for `patience` epochs; keep the best weights.

    Returns the validation error after each epoch.
    """
    torch.manual_seed(seed)
    loader = DataLoader(TensorDataset(pictures, pictures), batch_size=50, shuffle=True)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    errors, best, waited = [], float("inf"), 0
    for _ in range(epochs):
        for data, targets in loader:
            loss = criterion(model(data), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        errors.append(error_of(model, validation))
        if errors[-1] < best:
            best, waited = errors[-1], 0
            kept = copy.deepcopy(model.state_dict())  # all weights and biases, by name
        else:
            waited += 1
            if waited == patience:
                break
    model.load_state_dict(kept)
    return errors


stopped_early = new_autoencoder(latents=8)
errors = fit_with_early_stopping(stopped_early, few, validation, patience=20)
print(f"stopped before epoch {math.ceil(len(errors) / 50) * 50} of 300")
pauses = [e for e in range(1, len(errors) - 20) if errors[e] >= min(errors[:e])]
print("epochs without progress, before the best one:", "some" if pauses else "none")
for name, pictures in (("validation", validation), ("new pictures", new_images)):
    early, late = error_of(stopped_early, pictures), error_of(overfitted, pictures)
    more = round(100 * (late / early - 1), -1)
    print(f"{name:12}  early stopping {early:.2f}   300 epochs: about {more:.0f} % more")

# %% [markdown]
# A quarter of the error is gone, and so are most of the epochs. Why the second line? The epoch was
# *chosen* for its validation error. So that error is a little too small, though here one does not
# see it. An honest number needs a third set, which had no say in anything: the **test set**. Here these are the 397 new pictures.
#
# ### A trap: the copy that is none
#
# `model.state_dict()` does not copy the weights. It hands out the very tensors that training goes
# on to change. Hence `copy.deepcopy`.

# %%
model = new_autoencoder(latents=8)
not_a_copy, a_copy = model.state_dict(), copy.deepcopy(model.state_dict())
fit(model, few, validation, epochs=1)
now = model.state_dict()
for name, kept in (("without deepcopy", not_a_copy), ("with deepcopy", a_copy)):
    same = all(torch.equal(kept[key], now[key]) for key in now)
    print(f"{name:16}  kept weights equal the newest ones: {same}")

# %% [markdown]
# Without it, one would "go back" to the last weights, and never notice.

# %% [markdown]
# ### The same from the library
#
# You have now seen all of it at work. So in later lessons the course's library may do it for you.
# Its training function has the names you know: `num_epochs`, `learning_rate`, `batch_size`,
# `patience`. (Its long name and the words with "sparsity" belong to lessons 5 and 6. `"none"`
# leaves sparsity out.)

# %%
by_library = new_autoencoder(latents=8)
library_history = train_sparse_autoencoder_with_early_stopping(
    by_library,
    few,
    validation,
    num_epochs=300,
    learning_rate=0.003,
    patience=20,
    batch_size=50,
    sparsity_type="none",
)
print("the history holds:", *library_history)
print(f"validation error of the weights it kept: {error_of(by_library, validation):.2f}")

# %% [markdown]
# ## How to read a loss curve
#
# The same autoencoder (16 latents), trained on digits five times by the `fit` from above. Each panel
# shows the training error (line) and the validation error (dashed). The scale is logarithmic: from 1
# to 0.1 is as far as from 0.1 to 0.01. The dotted line is the mean picture.
#
# Run A is healthy. In B to E something was done wrong. What, lies in a sealed envelope,
# `gallery.RUNS`. We open it when you have looked.

# %%
curves_of = {}
for name, sealed in progress_bar(gallery.RUNS.items(), desc="training"):
    settings = (sealed.learning_rate, sealed.epochs, sealed.make_optimizer)
    pictures, kept_aside = images[: sealed.pictures], images[1000:]
    curves_of[name] = fit(new_autoencoder(), pictures, kept_aside, *settings)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 5.4, rows=2, columns=3, sharey=True)
for ax, (name, curves) in zip(axes.flat, curves_of.items()):
    epochs = range(1, len(curves["train"]) + 1)
    ax.semilogy(epochs, curves["train"], label="training")
    ax.semilogy(epochs, curves["validation"], "--", label="validation")
    ax.axhline(answer.item(), color="black", linewidth=1, linestyle=":", label="mean picture")
    ax.set(title=name, xlabel="epoch", ylim=(0.003, 1.5))
for ax in axes[:, 0]:
    ax.set_ylabel("mean squared error")
axes[1, 2].set_axis_off()
axes[1, 2].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")
show_figure(
    figure,
    "Training and validation error of five runs, logarithmic axis. A: both fall fast, then ever "
    "more slowly, to about 0.05, close together. B: both fall slowly and smoothly, to below 0.5 "
    "after 30 epochs, still falling. C: both fall at once, then stay at 0.2 to 0.3 and wobble. D: "
    "both wobble above the mean picture, at about 0.6. E: the training error falls below 0.01, the "
    "validation error stays near 0.2.",
)

# %%
print("after the last epoch:   training error   validation error is")
for name, curves in curves_of.items():
    train, kept_aside = curves["train"][-1], curves["validation"][-1]
    print(f"{name:>20}   {f'about {train:.1g}':>15}   {kept_aside / train:.2g} times as large")

# %% [markdown]
# ### Predict
#
# One of B to E had too few pictures, one a learning rate that is too small, one a learning rate that
# is too large. In one, a line of the loop was missing.

# %%
guess_gallery = predict.text(
    "gallery", "What was done wrong in B, C, D and E?", "B: …, C: …, D: …, E: …"
)
guess_gallery

# %%
print("run   pictures   epochs   learning rate   optimiser")
for name, sealed in gallery.RUNS.items():
    optimiser = sealed.make_optimizer.__name__
    numbers = f"{sealed.pictures:8,} {sealed.epochs:8} {sealed.learning_rate:15.5f}"
    print(f"{name:3}   {numbers}   {optimiser}")
guess_gallery.compare(
    "B: rate too small, C: rate too large, D: a line is missing, E: too few pictures",
    "D's optimiser forgets something: see below.",
)

# %%
show_source(gallery.Forgetful)

# %% [markdown]
# | what you see | likely | try |
# |---|---|---|
# | **A**: falls fast, then flattens; the two stay close | healthy | go on as long as it pays |
# | **B**: smooth and slow, still falling at the end | learning rate too small (here 0.00003) | ten times the rate |
# | **C**: falls at once, then hangs far above A and wobbles | learning rate too large (0.03) | a third, a tenth |
# | **D**: falls a little, then wanders and stays near the mean picture or above | slopes pile up: no `zero_grad` | look at the five lines |
# | **E**: training falls and falls, validation stays behind | overfitting (60 pictures) | more data, early stopping |
#
# Three more signs that you have met. A loss that grows by powers of ten **diverges**: the rate is
# far too large. `nan` is where this ends. And a loss that is *exactly* the same in every epoch
# means that the weights do not move.
#
# A curve is a hint, no proof. Two faults can look alike: a learning rate of 0.1 also ended at the
# mean picture, like D. So change *one* thing, and look again.

# %% [markdown]
# ## Quiz
#
# Six questions. Each answer tells you why it is right or wrong.

# %%
quiz.averaged_over_what()

# %%
quiz.zigzag()

# %%
quiz.backward_by_hand()

# %%
quiz.adam_first_step()

# %%
quiz.flat_loss()

# %%
quiz.two_curves()

# %% [markdown]
# ## Summary
#
# - A loss is one number for "how wrong". Ask of it: averaged over what? Per picture it is as many
#   times the loss per element as there are pixels, and SGD's learning rate must be so many times
#   smaller.
# - The gradient holds one slope per weight. Step against it, by the learning rate times the slope.
# - The steepest direction limits the rate. The flattest decides how long it takes. Momentum helps
#   with both.
# - A backward pass multiplies slopes along the way from the loss back to each weight, and adds up
#   the ways. `backward()` adds to `.grad`.
# - Adam moves each weight by about the learning rate, whatever the size of its slopes.
# - Mini-batches give rough gradients cheaply. Shuffle. One pass over the data is one epoch.
# - Forward, loss, `zero_grad`, `backward`, `step`. A missing line raises no error.
# - Only data kept aside show overfitting. Stop when their error has not fallen for a while, and go
#   back to a *copy* of the best weights.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | loss | one number that says how wrong the outputs are |
# | per element, per picture | averaged over all entries; summed over a picture's entries, averaged over pictures |
# | gradient descent | steps against the gradient |
# | learning rate | what the slopes are multiplied by in a step |
# | oscillate, diverge | jump over the goal again and again; move ever farther away |
# | momentum | a velocity that remembers earlier slopes |
# | forward, backward pass | from inputs to the loss; from the loss to the slopes of all weights |
# | chain rule | multiply the slopes along the way |
# | autograd | the part of torch that does the backward pass |
# | optimiser | makes a step from the slopes: SGD, Adam |
# | mini-batch, epoch | the examples of one step; one pass over all examples |
# | training, validation, test set | to train on; to choose with; to report on |
# | overfitting | better and better on the training set, worse on others |
# | early stopping, patience | stop when validation has not improved for so many epochs |
#
# ### In the literature
#
# - A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, 1847:
#   gradient descent.
# - H. Robbins and S. Monro, *A stochastic approximation method*, 1951: steps on noisy measurements,
#   the root of SGD.
# - B. Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964: the heavy
#   ball, that is, momentum. I. Sutskever, J. Martens, G. Dahl and G. Hinton, *On the importance of
#   initialization and momentum in deep learning*, 2013.
# - D. Rumelhart, G. Hinton and R. Williams, *Learning representations by back-propagating errors*,
#   1986: the backward pass through a network.
# - D. Kingma and J. Ba, *Adam: a method for stochastic optimization*, 2015: our Adam is its
#   algorithm 1.
# - L. Prechelt, *Early stopping — but when?*, 1998: patience and its relatives, compared.
#
# **Next:** if you left out exercise 6 of lesson 1, do it now. Then the [exercises of this
# lesson](../exercises/03_losses_and_optimisers/03_exercises.ipynb). After them lesson 4 asks what an
# autoencoder can do at best, and trains it until it gets there.
