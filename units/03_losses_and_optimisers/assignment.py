# %% [markdown]
# # Exercises 3 · Losses and optimisers
#
# Eleven exercises on the
# [lesson on losses and optimisers](../../notebooks/03_losses_and_optimisers.ipynb). Do them in
# order. It is a long list: after the sixth you have written a whole training loop, and that is a
# good place for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.descent_by_hand()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# As before: **leave the inputs as they are**, and make new tensors. (There is one exception, the
# training loop. It is there to change the weights of a model.)
#
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import new_figure, open_unit, show_figure

unit = open_unit("03_losses_and_optimisers")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="descent_by_hand"
# Take a loss with a single parameter, $L(w) = (w - 4)^2$. It is smallest at $w = 4$. Its slope at
# $w$ is $2\,(w - 4)$.
#
# **Gradient descent** begins somewhere, here at $w = 0$, and takes steps against the slope. With
# the learning rate $\eta$ (the Greek letter eta) each step is
#
# $$w \leftarrow w - \eta \cdot 2\,(w - 4).$$
#
# The arrow means: the new $w$ is what stands on its right.

# %%
# You need not follow this cell: it draws.
along = torch.linspace(-2, 10, 200)
figure, ax = new_figure(5, 2.6)
ax.plot(along, (along - 4) ** 2)
ax.plot(0, 16, "o", color="#d55e00", label="start")
ax.set(xlabel="w", ylabel="loss L(w)")
ax.legend()
show_figure(
    figure,
    "The loss over w: a bowl with its bottom at w = 4, where the loss is 0. The start is at w = 0, "
    "on the left wall, where the loss is 16.",
)

# %% [markdown]
# Take pen and paper, and always begin at $w = 0$:
#
# - With learning rate 0.25, take two steps.
# - With learning rate 1, take two steps.
# - What happens after many steps with learning rate 1, with 0.9, and with 1.1? Choose between
#   `"settles"` ($w$ comes closer and closer to 4), `"swings"` ($w$ jumps from side to side for
#   ever, always equally far) and `"diverges"` ($w$ gets farther and farther from 4). Write the
#   words with their quotes.

# %% exercise="descent_by_hand"

# %% [markdown] exercise="mse_loss"
# A model made predictions for two examples. Each example has three numbers. Here they are, with the
# targets and the squared differences:
#
# | | prediction | target | squared difference |
# |---|:-:|:-:|:-:|
# | example 1 | 1, 2, 0 | 1, 0, 1 | 0, 4, 1 |
# | example 2 | 0, 1, 3 | 0, 1, 1 | 0, 0, 4 |
#
# All squares together make 9. To get one number, one can divide in two ways:
#
# - **per element**: average over all six elements. $\frac{9}{6} = 1.5$.
# - **summed per example** (for pictures the lesson says *per picture*): add up the squares of each
#   example, which gives 5 and 4. Then average over the examples: $\frac{5 + 4}{2} = 4.5$.
#
# Neither of them grows with the batch. Both are called mean squared error, and what distinguishes
# them is called the **reduction**. We write `"mean"` for the first and `"sum"` for the second.
#
# (Beware of `nn.MSELoss(reduction="sum")`. It adds up everything, the examples too.)

# %%
prediction_example = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]])  # shape (2, 3)
target_example = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])  # shape (2, 3)
print((prediction_example - target_example) ** 2)

# %% [markdown]
# **Now you.** Write both. The check looks at gradients too, so compute with tensors all the way.
# The two examples from above should give 1.5 and 4.5.

# %% exercise="mse_loss"

# %% [markdown] exercise="make_batches"
# In an **epoch** each example has its turn once. They come in **mini-batches** of a few rows, and
# in a new random order in each epoch.
#
# Say there are five examples, the batch size is 2, and the random order is 3, 0, 4, 1, 2. Then
#
# - the first batch holds rows 3 and 0,
# - the second batch holds rows 4 and 1,
# - the third holds row 2, which is left over. It stays smaller, but it is a batch as well.
#
# Each row $x$ has its own target $y$, and the two must stay together.
#
# A tensor of row numbers picks rows:

# %%
x_five = torch.tensor([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [3.0, 3.5], [4.0, 4.5]])  # (5, 2)
y_five = torch.tensor([[0.0], [10.0], [20.0], [30.0], [40.0]])  # (5, 1)
picked = torch.tensor([3, 0])
print(x_five[picked])
print(y_five[picked])

# %% [markdown]
# **Now you.** Write a function that makes all batches of one epoch. The random order is handed to
# you as `order`. (In training it would come from `torch.randperm(len(x))`, fresh for each epoch.)
# Return a list of pairs `(x_batch, y_batch)`.

# %% exercise="make_batches"

# %% [markdown] exercise="mse_gradients"
# In exercise 6 of lesson 1 you wrote the backward pass of a linear layer. (If you left it out then,
# do it now: this one builds on it.) There `grad_out`, the slopes of the loss with respect to the
# outputs, was handed to you. Now you make it yourself. After this exercise you have gone through a
# whole backward pass by hand: from the loss to the weights.
#
# **One number first.** With a prediction $p$ and its target $t$ let $L = (p - t)^2$. As in lesson 1
# the slope of $L$ with respect to $p$ is $2\,(p - t)$.
#
# **Two numbers.** Now the loss is their mean squared error:
#
# $$L = \tfrac12 \left( (p_1 - t_1)^2 + (p_2 - t_2)^2 \right).$$
#
# Say $p_1 - t_1 = 3$. When $p_1$ grows a little, only the first square changes. Its slope is
# $2 \cdot 3 = 6$, and the $\tfrac12$ in front makes it $3$. Nudge and see:


# %%
def mean_of_squares(p1, p2, t1=1.0, t2=1.0):
    return ((p1 - t1) ** 2 + (p2 - t2) ** 2) / 2


nudge = 0.001
rise = mean_of_squares(4.0 + nudge, 6.0) - mean_of_squares(4.0, 6.0)
print("slope with respect to the first prediction, measured:", round(rise / nudge, 2))

# %% [markdown]
# **Now you.** A linear layer makes the prediction $x W^\top + b$, of shape (batch, out). The loss
# is the mean squared error per element: the mean over all batch · out elements. Return three
# gradients:
#
# - `grad_prediction`: the slope of the loss with respect to each entry of the prediction;
# - `grad_W` and `grad_b`: the slopes with respect to the weights and the biases.
#
# For the last two use what you know from that exercise. Please do without autograd here. It gives
# the same numbers, so the check would let it pass, and you can use it to test yourself.

# %% exercise="mse_gradients"

# %% [markdown] exercise="momentum_step"
# With **momentum** each parameter has a velocity $v$, which begins at 0. A step has two parts.
# First the velocity is slowed down by the factor $\mu$ (the Greek letter mu, the momentum), and the
# gradient $g$ is added. Then the parameter moves by learning rate times velocity:
#
# $$v \leftarrow \mu\, v + g, \qquad\quad w \leftarrow w - \eta\, v.$$
#
# In the second formula $v$ is the velocity that the first has just made. Books differ in where they
# put the learning rate. This is how `torch.optim.SGD` does it. Here is torch for two steps, with
# $L(w) = w^2$, from $w = 1$:

# %%
w_torch = torch.tensor([1.0], requires_grad=True)
sgd = torch.optim.SGD([w_torch], lr=0.1, momentum=0.5)
for step in (1, 2):
    sgd.zero_grad()
    (w_torch**2).sum().backward()
    sgd.step()
    print(f"after step {step}: gradient was {w_torch.grad.item():.2f}, w is {w_torch.item():.2f}")

# %% [markdown]
# **Now you.** Write one step. It gets the parameter, its gradient and its velocity, and returns the
# new parameter and the new velocity. torch changes the parameter itself. Your function leaves its
# inputs as they are and makes new tensors.

# %% exercise="momentum_step"

# %% [markdown] exercise="train"
# Now the loop that trains. It gets
#
# - a `model`, called as `model(x)`;
# - `batches`, a list of pairs `(x, y)`, like those that you made above. To keep it simple, each
#   epoch uses the same list, in its order, and all batches have the same size;
# - an `optimizer`, made for the parameters of the model;
# - the number of `epochs`.
#
# The loss is the mean squared error per element. Each batch leads to one step.
#
# Return a list with one number per epoch: the average of the losses of its batches. Take each loss
# as it was *before* its step, when you called `backward()` on it. The numbers are plain Python
# floats. (A list of tensors would keep the whole computation of each loss in memory.)
#
# Here is something to try your loop on.

# %%
torch.manual_seed(0)
try_model = nn.Linear(3, 1)
x_try = torch.randn(8, 3)
y_try = x_try.sum(dim=1, keepdim=True)  # the model shall learn to add up three numbers
try_batches = [(x_try[:4], y_try[:4]), (x_try[4:], y_try[4:])]
try_optimizer = torch.optim.SGD(try_model.parameters(), lr=0.1)
with torch.no_grad():
    print(f"loss before training: {((try_model(x_try) - y_try) ** 2).mean().item():.1f}")

# %% [markdown]
# When you have written it, add a cell with `train(try_model, try_batches, try_optimizer, 200)`. The
# losses should fall below 0.001, and `try_model.weight` should come close to 1, 1, 1.
#
# The check trains small models of its own, with SGD, with momentum and with Adam. It looks at the
# losses and at the weights that come out.

# %% exercise="train"

# %% [markdown] exercise="early_stopping"
# Here is the validation loss of a run, epoch by epoch. We stop with **patience 2**: as soon as two
# epochs in a row have brought no improvement.
#
# | epoch | validation loss | best so far | epochs without improvement |
# |:-:|:-:|:-:|:-:|
# | 1 | 0.90 | 0.90 | 0 |
# | 2 | 0.70 | 0.70 | 0 |
# | 3 | 0.80 | 0.70 | 1 |
# | 4 | 0.60 | 0.60 | 0 |
# | 5 | 0.65 | 0.60 | 1 |
# | 6 | 0.62 | 0.60 | 2 |
# | 7 | 0.50 | | |
#
# After epoch 6 training stops. The last epoch that was run is 6, and the best was 4. Epoch 7 would
# have been better still, but nobody will ever know. That is the price of stopping early.
#
# Three things are worth knowing:
#
# - An epoch is an improvement if its loss is *below* the best so far. The same loss again is none.
# - A loss of `nan` is no improvement either. Any comparison with `nan` is `False`, as in
#   `float("nan") < 0.6`.
# - If training never stops early, the last epoch of the list is the last one run.
#
# **Now you.** Write a function that gets the validation losses of all epochs, as a list, and the
# patience. It returns two whole numbers: the last epoch that is run, and the best epoch until then.
# Count epochs from 1. The losses are those that training *would* give; behind the stop you must not
# look. (The first loss of the list is an ordinary number, neither `nan` nor `inf`.)

# %% exercise="early_stopping"

# %% [markdown] exercise="adam_step"
# **Adam** keeps two running averages for each parameter: $m$ of the gradients, and $v$ of the
# squared gradients. (This $v$ is not the velocity from above. Both names are usual.) Step number
# $t$, counted from 1, with the gradient $g$:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2,$$
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad
# w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}.$$
#
# All of this happens entry by entry. $\beta_1^t$ is a power: $\beta_1$ times itself, $t$ times. The
# small number $\varepsilon$ (epsilon, `eps` in the code) keeps the last line from dividing 0 by 0.
#
# Follow the first step for one number. Let $g = 4$, $\beta_1 = 0.9$ and $\beta_2 = 0.999$. Both
# averages begin at 0.
#
# | | value |
# |---|---|
# | $m$ | $0.1 \cdot 4 = 0.4$ |
# | $v$ | $0.001 \cdot 16 = 0.016$ |
# | $\hat m$ | $0.4 / 0.1 = 4$ |
# | $\hat v$ | $0.016 / 0.001 = 16$ |
# | $\hat m / \sqrt{\hat v}$ | $4 / 4 = 1$ |
#
# So the first step is as long as the learning rate. With $g = 4000$ it would be just as long.
#
# **Now you.** Write one step. It gets the parameter, its gradient, the two averages as they were
# before this step, the number of the step, and the settings. Return the new parameter and the new
# averages $m$ and $v$, *without* their hats: the next step needs them as they are.

# %% exercise="adam_step"

# %% [markdown] exercise="loss_and_rate"
# An autoencoder is trained on the digits: images of **64** numbers, in batches of **32** images.
# The loss is the mean squared error per element. SGD without momentum works well with the learning
# rate **0.64**.
#
# Now you change one thing at a time. No program is needed; think of how the losses are divided.
#
# 1. You sum the loss per example, and average over the images. By what factor is it larger?
# 2. SGD with this loss shall take exactly the same steps as before. With which learning rate?
# 3. You use `nn.MSELoss(reduction="sum")` instead. It adds up *everything*. By what factor is it
#    larger than the loss per element?
# 4. Back to the loss per element, but with batches of 128 images instead of 32. How many times as
#    large is the loss now, on average?
# 5. And how many times as large is `nn.MSELoss(reduction="sum")` with 128 images, compared with 32?
# 6. A colleague uses Adam, with the loss per element and the learning rate 0.001. Then the loss is
#    summed per example. Which learning rate gives the same steps? Look at the formulas of the last
#    exercise, and leave $\varepsilon$ aside, as if it were 0.

# %% exercise="loss_and_rate"

# %% [markdown] exercise="five_curves"
# Five runs, A to E. In each, a model learns to read digits whose pixels have been made noisy. It
# has ten outputs, one per digit. The loss is the mean squared error between these and the ten
# numbers wanted: 1 for the right digit, 0 for the others. All are trained by SGD with mini-batches
# for 40 epochs. They differ in the learning rate, and one of them also differs in its model and its
# data.
#
# The solid line is the training loss: the average over each epoch. The dashed line is the
# validation loss: on 397 images that are never trained on. Mind the axis of run C. It has powers of
# ten. The other four have the same axis.

# %%
# You need not follow this cell: it trains the five models and draws.
from course_lib.practice.losses_and_optimisers.curves import draw_runs, five_runs

show_figure(
    draw_runs(five_runs()),
    "Training and validation loss of five runs over 40 epochs. A: the training loss falls smoothly "
    "to nearly 0; the validation loss falls to 0.08 within ten epochs, then rises to 0.1. B: both "
    "fall together, quickly at first, then slowly; at the end they are at 0.115 and still fall. C: "
    "both rise along a straight line on an axis of powers of ten, beyond 10 to the power of 20. D: "
    "both fall within ten epochs to about 0.05 and stay there. E: both jump up and down between "
    "0.06 and 0.1.",
)

# %% [markdown]
# One run is healthy. Each of the other four has one fault, and each fault occurs once:
#
# - `"slow"`: the learning rate is far too small.
# - `"jumpy"`: the learning rate is too large, but the run does not go to pieces.
# - `"diverged"`: the learning rate is so large that the loss grows and grows.
# - `"overfitted"`: the model learns its examples by heart.
#
# Write one of the words `"healthy"`, `"slow"`, `"jumpy"`, `"diverged"`, `"overfitted"` for each
# run, with its quotes. Then choose a cure for three of them. The cures are `"larger rate"` and
# `"smaller rate"` (of the learning rate), `"more data"` and `"more epochs"`. Last, early
# stopping keeps the weights of one epoch. Say which it would be for the overfitted run: `"early"`
# (among epochs 1 to 15), `"middle"` (16 to 30) or `"late"` (31 to 40).

# %% exercise="five_curves"

# %% [markdown] exercise="narrow_valley"
# Here is a loss with two parameters, a long and narrow valley:
#
# $$L(w) = \tfrac12 \left( 1 \cdot w_1^2 + 100 \cdot w_2^2 \right).$$
#
# Its slope is $1 \cdot w_1$ in the first direction and $100 \cdot w_2$ in the second. The numbers 1
# and 100 are called **curvatures**: they say how fast the slope grows as one goes away from the
# bottom. One step of plain gradient descent does this to the two parameters:
#
# $$w_1 \leftarrow (1 - \eta)\, w_1, \qquad\quad w_2 \leftarrow (1 - 100\, \eta)\, w_2.$$
#
# Each direction has a factor of its own. It shrinks as long as its factor lies between $-1$ and
# $1$. For the steep direction this means that the learning rate must stay below $\frac{2}{100}$,
# two divided by the curvature. But with such a learning rate the factor of the flat direction is
# $0.98$ or more, and there one creeps.

# %%
# You need not follow this cell: it draws.
from course_lib.practice.losses_and_optimisers.narrow_valley import descend, loss

a, b = torch.meshgrid(torch.linspace(-1.2, 1.2, 121), torch.linspace(-0.3, 0.3, 121), indexing="ij")
figure, ax = new_figure(7, 2.8)
levels = [0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.4]
ax.contour(a, b, loss(torch.stack([a, b], dim=-1)), levels=levels, colors="#8a8a8a", linewidths=0.8)
ax.plot([], [], color="#8a8a8a", linewidth=0.8, label="points of equal loss")
path = descend(torch.tensor([1.0, 0.25]), learning_rate=0.0185, momentum=0.0, steps=25)
ax.plot(*path.T, "o-", color="#0072b2", markersize=4, linewidth=1.2, label="25 steps")
ax.plot(0, 0, "*", color="#d55e00", markersize=12, label="bottom")
ax.set(xlabel="$w_1$ (flat direction)", ylabel="$w_2$ (steep direction)")
ax.legend(loc="lower left")
ax.grid(False)
show_figure(
    figure,
    "Lines of equal loss in the plane are long, narrow ellipses around the bottom at the origin. "
    "The path of 25 steps with learning rate 0.0185 jumps from wall to wall of the valley, each "
    "jump smaller than the one before. Along the valley it creeps: from 1 to about 0.6.",
)

# %% [markdown]
# Momentum helps. Along the valley all gradients point the same way, and the velocity grows. Across
# the valley they change their sign at each step, and cancel.
#
# **Now you.** Find a learning rate and a momentum with which 60 steps bring the loss down to one
# ten-thousandth of what it was: at most 0.0001 of the loss at the start. The check tries
# starts in all directions from the bottom, one for each degree, and the worst of them counts. The
# velocity begins at 0, and the step is the one that you wrote above.
#
# Try as much as you like. The next cell goes 60 steps from one start; change its numbers and run it
# again.


# %%
def share_left(start: Tensor, learning_rate: float, momentum: float) -> float:
    path = descend(start, learning_rate, momentum, steps=60)  # shape (61, 2)
    return (loss(path[-1]) / loss(start)).item()


left = share_left(torch.tensor([1.0, 0.1]), learning_rate=0.01, momentum=0.0)
print(f"share of the loss that is left: {left:.2g}")

# %% [markdown]
# Write your answer as a dictionary, such as `{"learning_rate": 0.01, "momentum": 0.0}`.

# %% exercise="narrow_valley"
