# %% [markdown]
# # 2 · Activation functions
#
# After this lesson you can
#
# - **compute** ReLU, sigmoid and tanh, and their slopes;
# - **explain** why layers need something that is not linear between them;
# - **read off** a curve at least how many ReLU units it needs;
# - **recognise** saturated and dead units, and prevent them;
# - **choose** where an autoencoder has an activation, and where it must have none;
# - **apply** soft and hard thresholding, and say what each costs.
#
# *About 75 minutes. Builds on: lesson 1 (linear layers, parameters, a ready formula called least
# squares). The exercises are in
# [02_exercises.ipynb](../exercises/02_activation_functions/02_exercises.ipynb).*
#
# Lesson 1 ended with a question. Stacking linear layers buys nothing: a single one does the same.
# What must come between them? This lesson puts one small function there. Then everything changes.

# %%
import math

import torch
from torch import nn

from course_lib import LiveFigure, Select, Slider, TwoLayerAutoencoder, digits, new_figure
from course_lib import open_unit, rings, show_figure, show_source
from course_lib.figures import draw_classes, draw_fit, draw_image
from course_lib.least_squares import fit_curve, least_squares_layer
from course_lib.plotting import PALETTE

unit = open_unit("02_activation_functions")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## A function with a kink
#
# A country taxes income like this. The first 10 (thousand) are free. Of each further thousand it
# takes 20 %. From 40 on it takes another 30 %, so 50 % in all.
#
# Someone earns 60. What is above 10 is 50, and what is above 40 is 20. The tax is
#
# $$0.2 \cdot 50 + 0.3 \cdot 20 = 16.$$
#
# And someone who earns 30? Nothing is above 40: the second part is 0, not $-10$. "What is above,
# and otherwise 0" is a function with a name of its own, **ReLU** (rectified linear unit):
#
# $$\mathrm{ReLU}(z) = \max(0, z).$$
#
# With it the whole law is one line:


# %%
def tax(income):
    return 0.2 * torch.relu(income - 10) + 0.3 * torch.relu(income - 40)


print(tax(torch.tensor([5.0, 30.0, 60.0])))

# %%
# You need not follow this cell: it draws.
income = torch.linspace(0, 70, 200)
figure, ax = new_figure(7, 2.7)
ax.plot(income, 0.2 * torch.relu(income - 10), "--", label="0.2 · ReLU(income − 10)")
ax.plot(income, 0.3 * torch.relu(income - 40), ":", label="0.3 · ReLU(income − 40)")
ax.plot(income, tax(income), label="their sum: the tax")
ax.set(xlabel="income (thousands)", ylabel="tax (thousands)")
ax.legend()
show_figure(
    figure,
    "Tax against income. One curve leaves zero at an income of 10, a second, steeper one at 40. "
    "Their sum is 0 up to 10, rises gently up to 40 and steeply from there: two kinks.",
)

# %% [markdown]
# Read the line of code again. `income - 10` is a weighted sum: weight 1, bias $-10$. ReLU follows.
# Then comes another weighted sum, with the weights 0.2 and 0.3. So the tax is a small **network**:
#
# - a **hidden layer** with two outputs: $z = W_1 x + b_1$, then $a = \mathrm{ReLU}(z)$;
# - an **output layer**: $y = W_2 a + b_2$.
#
# $$W_1 = \begin{pmatrix} 1 \\ 1 \end{pmatrix}, \quad
# b_1 = \begin{pmatrix} -10 \\ -40 \end{pmatrix}, \qquad
# W_2 = \begin{pmatrix} 0.2 & 0.3 \end{pmatrix}, \quad b_2 = 0.$$
#
# One output of a hidden layer, with its weights, bias and activation function, is called a
# **unit**. So this network has two hidden units. (The parts of this course are called units too. In
# this text we call them lessons, and *unit* always means this.)
#
# The number $z$ is a unit's **pre-activation**, the number $a$ its **activation**. The function
# between them is the **activation function**. It works entry by entry. So it changes no shape, and
# ReLU has no parameters either:

# %%
z = torch.tensor([[-2.0, -0.5, 0.0], [0.5, 1.0, 3.0]])
layer = nn.ReLU()  # the same function as a layer, for use in a model
print(layer(z))
print("parameters of nn.ReLU:", len(list(layer.parameters())))

# %% [markdown]
# ## Kinks draw curves
#
# Each ReLU unit switches on at one place: where its pre-activation $w x + b$ is 0. There the output
# can have a **kink**. Left and right of it the unit is straight.
#
# ### Predict
#
# A network has one input, a hidden layer of 3 ReLU units, and a linear output.

# %%
guess_pieces = predict.number(
    "pieces", "Of how many straight pieces can its curve consist, at most?"
)
guess_pieces

# %% [markdown]
# Such a network can draw curves that look nothing like a tax. Below, the hidden layer is fixed:
# its kinks are spread evenly from 0 to 1. Only the output layer is chosen, by the ready formula of
# lesson 1, least squares. Nothing is trained.
#
# How far is the network from the curve? Take the differences, square them, and average. This is the
# **mean squared error**. 0 is perfect.

# %%
show_source(fit_curve)

# %%
along = torch.linspace(0, 1, 401, dtype=torch.float64)  # the inputs, from 0 to 1
curves = {
    "one wave": torch.cos(2 * math.pi * along),
    "two waves": torch.cos(4 * math.pi * along),
    "a hill": torch.exp(-(((along - 0.5) / 0.15) ** 2)),
    "a step": torch.sigmoid(40 * (along - 0.5)),
}
activations = {"ReLU": torch.relu, "tanh": torch.tanh, "none": lambda z: z}

three = fit_curve(along, curves["one wave"], 3, torch.relu)
slopes = three.diff() / along.diff()
bends = (slopes.diff().abs() > 1e-6).nonzero()[:, 0]  # where the slope changes
kinks = sorted({round(along[i].item(), 1) for i in bends})
guess_pieces.compare(len(kinks) + 1, f"Three kinks, near {kinks}, make four pieces.")


# %%
# You need not follow this cell: it draws.
def draw(figure, units, curve, activation):
    y = curves[curve]
    fitted = fit_curve(along, y, int(units), activations[activation])
    error = draw_fit(figure.subplots(), along, y, fitted)
    figure.axes[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    kinks = {"ReLU": f"{units:g} kinks", "tanh": "no kinks, smooth bends", "none": "no kinks"}
    return f"{units:g} units, {kinks[activation]}. Mean squared error {error:.4f}."


LiveFigure(
    draw,
    "How many ReLU units bring the mean squared error of one wave below 0.01? And of two waves? "
    "Does one unit more always help a hill? And what changes without an activation?",
    units=Slider("units in the hidden layer", 1, 20, 1, 2),
    curve=Select("curve", tuple(curves), "one wave"),
    activation=Select("activation function", tuple(activations), "ReLU"),
)

# %% [markdown]
# **What you should have found.** One wave takes 4 units, and two waves take 8. Twice as many bends
# ask for twice as many kinks. Without an activation the network draws a straight line, with 1 unit
# as with 20.
#
# Our kinks are spread evenly, and these numbers hold for such kinks. One unit more moves *all* of
# them, so it can also do harm. Three units have a kink at the top of the hill, four have none
# there: the error rises from 0.008 to 0.030. And all our units look to the right: each is 0 left of
# its kink. So left of the first kink the curve is flat.

# %%
for units in (3, 4):
    fitted = fit_curve(along, curves["a hill"], units, torch.relu)
    print(f"a hill, {units} units: {((fitted - curves['a hill']) ** 2).mean().item():.3f}")

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.9, columns=3, sharey=True)
cases = (("one wave", 4, "ReLU"), ("two waves", 8, "ReLU"), ("one wave", 20, "none"))
for ax, (curve, units, activation) in zip(axes, cases):
    fitted = fit_curve(along, curves[curve], units, activations[activation])
    error = draw_fit(ax, along, curves[curve], fitted)
    ax.set_title(f"{units} units, activation: {activation}\nmean squared error {error:.4f}", size=9)
    if ax is not axes[0]:
        ax.set_ylabel("")
show_figure(
    figure,
    "Three fits. Four ReLU units follow one wave with a mean squared error of 0.0058. Eight ReLU "
    "units follow two waves with 0.0065. Twenty units without an activation draw a flat line "
    "through one wave, with 0.5012.",
)

# %% [markdown]
# With enough units, and kinks where they are needed, such a network comes as close as you like to
# any continuous curve on a bounded range. This is the **universal approximation theorem**. It says
# that good weights exist. It does not say how many units are needed, nor how to find the weights.

# %% [markdown]
# ## A problem that no linear stack solves
#
# With two inputs it becomes a question of regions. Class 0 is a disc, class 1 a ring around it.

# %%
# You need not follow this cell: it draws.
points, classes = rings(400, seed=0)
figure, ax = new_figure(4.6, 2.9)
for kind, (name, marker) in enumerate((("disc (class 0)", "o"), ("ring (class 1)", "^"))):
    colour = ("#e69f00", "#0072b2")[kind]
    ax.scatter(*points[classes == kind].T, s=9, marker=marker, color=colour, label=name)
ax.set(xlabel="first input", ylabel="second input", aspect="equal")
ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
ax.grid(False)
show_figure(
    figure,
    "400 points in the plane. 200 fill a disc around the origin, with a radius of about 0.4. The "
    "other 200 form a ring around it, with a radius of about 1. Between them is a gap.",
)

# %% [markdown]
# Is a point on the ring? A layer with one output gives a score, and a score above 1/2 says "ring".
# We find the weights by least squares on 400 points, and try them on 400 others.
#
# ### Predict

# %%
guess_line = predict.number(
    "rings_linear", "How many of 100 new points will one linear layer get right?"
)
guess_line

# %%
new_points, new_classes = rings(400, seed=100)
targets = classes[:, None].float()  # (400, 1)


def right(score):
    """How many of 100 new points are on the correct side of 1/2."""
    return 100 * ((score(new_points)[:, 0] > 0.5) == new_classes).float().mean().item()


line = least_squares_layer(points, targets)
guess_line.compare(
    f"about {round(right(line), -1):.0f} of 100",
    "The ring lies on all sides of the disc, so no direction speaks for it.",
)

# %% [markdown]
# Were the weights badly chosen? Others do better. Take the weights 1 and 0 and the bias 0.15. The
# score $x_1 + 0.15$ is above 1/2 where $x_1$ is above 0.35. So the border is a line at the right
# edge of the disc: nearly all of the disc is right, and about a third of the ring.

# %%
beside = right(lambda x: x[:, :1] + 0.15)
print(f"a line beside the disc: about {round(beside, -1):.0f} of 100 right")

# %% [markdown]
# But *no* weights get all points right, and here is why. A linear layer keeps middles in the
# middle: its score halfway between two points is halfway between their scores.

# %%
p, q = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])  # both on the ring
halfway = (p + q) / 2  # in the centre of the disc
print("same:", torch.allclose(line(halfway), (line(p) + line(q)) / 2))

# %% [markdown]
# Take two points of the ring that face each other. If both are called "ring", both scores are
# above 1/2. Then the score halfway is above 1/2 too, and there lies the disc. So at least one of
# the three points is always wrong, whatever the weights.
#
# And a stack of linear layers is a linear layer. So it fails in the same way. Let us see it, and
# then put ReLU between the layers. The hidden layer is made by hand. Each of its units looks in a
# direction of its own, and asks: *how far beyond 0.3 is this point?* The first unit looks to the
# right: $z = x_1 - 0.3$ is above 0 only for points more than 0.3 to the right of the centre. The
# other units do the same in directions turned by a part of the full circle.


# %%
def looking_around(units):
    """A hidden layer whose units look in evenly spread directions."""
    angle = 2 * math.pi * torch.arange(units) / units
    W = torch.stack([angle.cos(), angle.sin()], dim=1)  # (units, 2)
    return lambda x: x @ W.T - 0.3


def two_layers(units, activation):
    """The layer from above, an activation, and an output layer found by least squares."""
    hidden = looking_around(units)
    output = least_squares_layer(activation(hidden(points)), targets)
    return lambda x: output(activation(hidden(x)))


stack = two_layers(8, activations["none"])
three_units, eight_units = two_layers(3, torch.relu), two_layers(8, torch.relu)

print("stack and single layer agree:", torch.allclose(stack(points), line(points), atol=1e-4))
print(f"stack, 8 units:  about {round(right(stack), -1):.0f} of 100 right")
print(f"ReLU,  8 units:  about {round(right(eight_units), -1):.0f} of 100 right")

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3.0, columns=3, sharey=True)
shown = {
    "8 units, no activation": stack,
    "3 units, ReLU": three_units,
    "8 units, ReLU": eight_units,
}
for ax, (title, score) in zip(axes, shown.items()):
    draw_classes(ax, new_points, new_classes, score, title)
    if ax is not axes[0]:
        ax.set_ylabel("")
figure.legend(
    *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, markerscale=1.5
)
show_figure(
    figure,
    "A disc of class 0 inside a ring of class 1; the region called ring is shaded. Without an "
    "activation its border is a straight line across both classes. With 3 ReLU units it is a "
    "closed shape around the disc, with 8 units a rounder one. Both separate the classes, or "
    "nearly so.",
)

# %% [markdown]
# Three units are enough to close a border around the disc. Each border is made of straight pieces.
# Eight units have more of them, and their border is rounder. In the exercises you build such a
# network by hand, for the most famous of these problems: XOR.

# %% [markdown]
# ## Three activation functions
#
# ReLU is one of many. Two older ones are smooth:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} \qquad\text{(sigmoid)}, \qquad
# \tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} \qquad\text{(hyperbolic tangent)}.$$
#
# The sigmoid lies between 0 and 1, so it can stand for a probability. tanh lies between $-1$ and 1.
#
# ($e \approx 2.718$ is a number, and $e^z$, in code `exp(z)`, is $e$ to the power of $z$. It is
# always above 0, grows fast to the right, and falls towards 0 to the left.)
#
# Training also needs their **slope** (or *derivative*), written $f'(z)$. Change $z$ a little. The
# slope is the change of the output, divided by the change of $z$. Where it is 0, a small change of
# $z$ changes nothing, and there is nothing to learn from it.
#
# ### Predict
#
# A hint: $\sigma(0) = 0.5$ and $\sigma(0.1) \approx 0.525$.

# %%
guess_slope = predict.number(
    "sigmoid_slope", "How steep is the sigmoid where it is steepest, at z = 0?"
)
guess_slope

# %%
functions = {
    # name: function, its slope
    "ReLU": (torch.relu, lambda z: (z > 0).double()),
    "sigmoid": (torch.sigmoid, lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
    "tanh": (torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
}
z = torch.linspace(-5, 5, 400, dtype=torch.float64)  # 0 itself is not among them

# From here on the cell draws. You need not follow it.
figure, (top, bottom) = new_figure(7, 4.2, rows=2, sharex=True)
for (name, (f, slope)), style in zip(functions.items(), ("-", "--", ":")):
    top.plot(z, f(z), style, label=name)
    bottom.plot(z, slope(z), style, label=name)
top.set(ylabel="activation f(z)", ylim=(-1.3, 2.6))
bottom.set(xlabel="pre-activation z", ylabel="slope f′(z)")
top.legend()
show_figure(
    figure,
    "Above: ReLU is 0 up to z = 0 and then rises for ever; the sigmoid climbs from 0 to 1 and tanh "
    "from -1 to 1, both flat on either side. Below, their slopes: ReLU's jumps from 0 to 1 at "
    "z = 0; tanh's is a bump of height 1; the sigmoid's is a low bump of height one quarter.",
)

# %%
guess_slope.compare(
    functions["sigmoid"][1](torch.tensor(0.0)).item(),
    "(0.525 − 0.5) / 0.1 is 0.25. The formula is σ(z) (1 − σ(z)), and σ(0) is 1/2.",
)

# %% [markdown]
# | | values | slope | steepest | flat |
# |---|---|---|---|---|
# | ReLU | 0 and above | 1 for $z > 0$, 0 for $z < 0$ | 1 | left of 0 |
# | sigmoid | between 0 and 1 | $\sigma(z)\,(1 - \sigma(z))$ | 1/4 | on both sides |
# | tanh | between −1 and 1 | $1 - \tanh^2(z)$ | 1 | on both sides |
#
# Don't take slopes on trust. Move $z$ a little to both sides, and divide the change of the output
# by the change of $z$:

# %%
h = 1e-6
for name, (f, slope) in functions.items():
    measured = (f(z + h) - f(z - h)) / (2 * h)
    print(
        f"{name:8} measured slope equals the formula:",
        torch.allclose(measured, slope(z), atol=1e-6),
    )

# %% [markdown]
# ## Watch it fail: units that no longer learn
#
# ### Saturated units
#
# A sigmoid or tanh unit whose pre-activation is far from 0 sits on a plateau. Its slope is almost
# 0. Such a unit is **saturated**. How do units get there, and what does it cost?
#
# We build networks with five hidden layers of 64 units for the digits of lesson 1. Their random
# weights have a standard deviation of `scale` $/\sqrt{n}$. In lesson 1 a scale of 1 was healthy.


# %%
# You need not follow how this function makes the layers.
def deep_network(activation, scale, depth=5, seed=0):
    """`depth` hidden layers of 64 units with random weights and no biases, then 10 outputs."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for width, size in [(64, scale)] * depth + [(10, 1.0)]:
        linear = nn.Linear(64, width)
        with torch.no_grad():
            linear.weight.copy_(torch.randn(width, 64, generator=generator) * size / 64**0.5)
            linear.bias.zero_()
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])  # the output layer has no activation


pixels, labels = digits("train")
new_pixels, new_labels = digits("test")
mean, deviation = pixels.mean(), pixels.std()
images = (pixels - mean) / deviation  # (1400, 64) with mean 0 and standard deviation 1
new_images = (new_pixels - mean) / deviation
wanted = nn.functional.one_hot(labels, 10).float()  # 1 for the right digit, 0 for the others

recipes = {
    "tanh, scale 1": (nn.Tanh, 1.0),
    "tanh, scale 10": (nn.Tanh, 10.0),
    "sigmoid, scale 1": (nn.Sigmoid, 1.0),
}


def activations_of(network, inputs):
    """The activations of each hidden layer, (rows, 64) each."""
    seen = []
    with torch.no_grad():
        for layer in network:
            inputs = layer(inputs)
            if not isinstance(layer, nn.Linear):
                seen.append(inputs)
    return seen


# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.6, columns=3)
for ax, (name, recipe) in zip(axes, recipes.items()):
    third = activations_of(deep_network(*recipe), images)[2]
    low = 0.0 if "sigmoid" in name else -1.0
    ax.hist(
        third.flatten(),
        bins=25,
        range=(low, 1),
        color="#0072b2",
        weights=torch.full((third.numel(),), 100 / third.numel()),
    )
    ax.set(title=name, xlabel="activation, third layer", xlim=(low, 1))
axes[0].set_ylabel("share of entries (%)")
show_figure(
    figure,
    "Histograms of the third hidden layer's activations. tanh with scale 1: a broad hill around 0. "
    "tanh with scale 10: nearly all entries pile up at -1 and 1. Sigmoid with scale 1: a hill "
    "around one half, with nothing near 0 or 1.",
)

# %%
for name in ("tanh, scale 1", "tanh, scale 10"):
    third = activations_of(deep_network(*recipes[name]), images)[2]
    beyond = 100 * (third.abs() > 0.99).float().mean().item()
    print(
        f"{name:14}  beyond ±0.99, where the slope is below 0.02: about {round(beyond, -1):.0f} %"
    )

# %% [markdown]
# In the middle picture almost everything sits at −1 or 1, since the weights are ten times too
# large. This picture is how to recognise saturation.
#
# Now let us train the three networks, and see which of them learns to read digits. Training asks
# for every weight: how much does the error change when this weight changes a little? These slopes
# together are the **gradient**. Then it moves each weight a small step against its slope. The size
# of the step is set by the **learning rate**. Lesson 3 explains each line of this loop; here we
# only look at what it does.


# %%
# You need not follow this function: lesson 3 is about it.
def train(
    model, inputs, targets, learning_rate, steps=300, watch=None, every=1, result=None, seed=0
):
    """Move the weights step by step towards a smaller mean squared error.

    result : what of the model's output to compare with the targets; all of it if not given.
    Returns what `watch(model)` says after every so many steps.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    seen = []
    for step in range(1, steps + 1):
        rows = torch.randint(len(inputs), (64,), generator=generator)  # 64 pictures at random
        output = model(inputs[rows])
        if result is not None:
            output = result(output)
        error = ((output - targets[rows]) ** 2).mean()
        gradient = torch.autograd.grad(error, parameters)
        with torch.no_grad():
            for parameter, slope in zip(parameters, gradient):
                parameter -= learning_rate * slope
            if watch is not None and step % every == 0:
                seen.append(watch(model))
    return seen


def digits_read(model):
    """How many of 100 new digits the model reads correctly: the largest output wins."""
    with torch.no_grad():
        return 100 * (model(new_images).argmax(dim=1) == new_labels).float().mean().item()


# %% [markdown]
# ### Predict

# %%
guess_deep = predict.choice(
    "deep",
    "After 300 steps of training, which networks read more than 80 of 100 new digits?",
    [
        "all three",
        "both with scale 1",
        "both with tanh",
        "only tanh with scale 1",
        "only sigmoid with scale 1",
    ],
)
guess_deep


# %% [markdown]
# Before training we also look at each layer's gradient. Its size says little by itself: a layer
# with large weights needs large steps. So we divide it by the size of the weights. The result tells
# how large a share of itself the layer would move (at a learning rate of 1). Beside the three
# networks we show a fourth, with ReLU.


# %%
# You need not follow this cell.
def gradient_shares(network):
    """For each linear layer: size of its gradient, divided by the size of its weights."""
    error = ((network(images) - wanted) ** 2).mean()
    weights = [layer.weight for layer in network if isinstance(layer, nn.Linear)]
    gradient = torch.autograd.grad(error, weights)
    return [(g.norm() / w.norm()).item() for g, w in zip(gradient, weights)]


figure, (left, right_side) = new_figure(7, 3.4, columns=2, width_ratios=(3, 2))
read = {}
with_relu = {**recipes, "ReLU, scale 1": (nn.ReLU, 1.0)}
for (name, recipe), marker in zip(with_relu.items(), "osv^"):
    network = deep_network(*recipe)
    left.semilogy(range(1, 7), gradient_shares(network), marker=marker, label=name)
    train(network, images, wanted, learning_rate=0.5)
    read[name] = digits_read(network)
left.set(
    xlabel="layer (6 is the output)",
    ylabel="size of gradient / size of weights",
    title="before training",
)
figure.legend(loc="outside lower center", ncols=4, fontsize=9)
right_side.barh(list(read), list(read.values()), color=PALETTE)
right_side.set(xlim=(0, 100), xlabel="digits read, of 100", title="after training")
right_side.invert_yaxis()
show_figure(
    figure,
    "Left, gradients relative to weights, by layer, logarithmic axis. tanh with scale 1 and ReLU: "
    "nearly level. tanh with scale 10: lower than tanh with scale 1 in every hidden layer, lowest "
    "in layer 5. Sigmoid: a straight fall from the output to layer 1, a thousand times and more. "
    "Right, digits read after training: tanh with scale 1 more than 90 of 100, tanh with scale 10 "
    "fewer than 60, the sigmoid about 10, ReLU more than 90.",
)

# %%
good = [name for name in recipes if read[name] > 80]
guess_deep.compare(
    f"only {good[0].replace(',', ' with')}" if len(good) == 1 else str(good),
    f"The sigmoid reads about {round(read['sigmoid, scale 1'], -1):.0f} of 100, no more than a "
    "blind guess.",
)

# %% [markdown]
# Two different illnesses:
#
# - **tanh, scale 10, is saturated.** Most slopes are nearly 0. For weights of this size the
#   gradients of the hidden layers are small (left picture), so these layers change little. The
#   output layer must make do with what they happen to give. *Recognise it* in the histogram.
#   *Mend it* with weights of scale 1, and with inputs of mean 0 and deviation 1.
# - **The sigmoid's gradients vanish.** No unit is saturated, as its histogram shows. But even its
#   steepest slope is 1/4. As one goes from the output back to layer 1, each layer multiplies the
#   gradient by its weights and by a slope. Weights of scale 1 keep its size; the slopes do not.
#   Five of them make $1/4^5 \approx 1/1000$ at best. *Recognise it* by the straight line on the
#   logarithmic axis. *Mend it* with ReLU or tanh in the hidden layers: see their bars.
#
# ### Dead units
#
# ReLU cannot saturate on the right: its slope stays 1. Left of 0 its slope is exactly 0. When a
# unit's pre-activation is below 0 on *every* input, its activation is always 0. The unit is
# **dead**. Its gradient is exactly 0 too. So its weights never change again, as long as its inputs
# stay what they are. (Here the inputs are the pictures. In a deeper layer they come from other
# units that still learn, and a unit may wake up.)
#
# We train a network with one hidden layer of 100 ReLU units three times. Only the learning rate
# differs: 0.5, 3 and 5. Halfway, after 150 steps, we set all three to the gentle 0.5.
#
# ### Predict

# %%
guess_dead = predict.number(
    "dead", "With a learning rate of 5: how many of the 100 units are dead in the end?"
)
guess_dead


# %%
def relu_network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))


def dead_share(model):
    """Percentage of hidden units whose activation is 0 on all 1,400 pictures."""
    activation = model[1](model[0](images))  # (1400, 100)
    return 100 * (activation == 0).all(dim=0).float().mean().item()


dead, read = {}, {}
for rate in (0.5, 3.0, 5.0):
    network = relu_network()
    dead[rate] = train(network, images, wanted, rate, steps=150, watch=dead_share)
    dead[rate] += train(network, images, wanted, 0.5, steps=150, watch=dead_share, seed=1)
    read[rate] = digits_read(network)

# From here on the cell draws. You need not follow it.
figure, ax = new_figure(7, 3.0)
for (rate, curve), style in zip(dead.items(), ("-", "--", ":")):
    ax.plot(range(1, 301), curve, style, label=f"learning rate {rate:g}")
ax.axvline(150, color="#8a8a8a", linewidth=1)
ax.annotate("from here on 0.5 for all", (150, 48), xytext=(4, 0), textcoords="offset points")
ax.set(xlabel="step", ylabel="dead units (%)", ylim=(-3, 103))
ax.legend(loc=(0.12, 0.3))
show_figure(
    figure,
    "Share of dead units over 300 steps. Learning rate 0.5: 0 percent throughout. Rate 3: about "
    "80 percent die within the first three steps. Rate 5: more than 90 percent do. When the rate "
    "is lowered at step 150, neither curve falls.",
)

# %%
guess_dead.compare(
    f"more than {int(dead[5.0][-1]) // 10 * 10} of 100",
    "Most of them die within three steps, and stay dead.",
)

# %%
print("                         dead after step      woke up    digits read,")
print("learning rate          1     2     3    300   after 150     of 100")
for rate, curve in dead.items():
    shares = "".join(f"{share:6.0f}" for share in (*curve[:3], curve[-1]))
    woke_up = "some" if min(curve[150:]) < curve[149] else "none"
    print(f"{rate:13g}     {shares}{woke_up:>12}{f'about {5 * round(read[rate] / 5)}':>13}")

# %% [markdown]
# **Why.** Two or three huge steps throw the weights so far that a unit's pre-activation is below 0
# for every picture. From then on its slope is 0 everywhere. A gentle rate comes too late: a step of
# any size times a slope of 0 is 0.
#
# **How to recognise it.** Not by the result alone! At a rate of 3 about 80 of the 100 units are
# dead (with other random weights it was 45 to 80), and the network still reads more than 90 of 100
# digits. Count the units that are 0 on *all* data. Being 0 on most of the data is fine.
#
# **How to mend it.** Prevent it: a smaller learning rate, inputs of mean 0, biases that do not
# start far below 0. Dead units can be given new random weights. And some activation functions keep
# a small slope on the left, such as *leaky ReLU*: $z$ for $z > 0$, and $0.01\,z$ otherwise. Sparse
# autoencoders know the illness well: there it is called **dead latents**, and has cures of its own.

# %% [markdown]
# ## Watch it fail: right on paper, wrong in a computer
#
# The last way to stop learning is the quickest. torch's numbers are usually of the kind *float32*:
# 32 bits each. They end near $3.4 \cdot 10^{38}$. Beyond it there is only `inf`, for infinity: the
# number **overflows**.

# %%
for power in (88.0, 89.0):
    print(f"exp({power:g}) = {torch.exp(torch.tensor(power)).item():.1e}")

# %% [markdown]
# And what is $0 \cdot \mathtt{inf}$, or $\mathtt{inf} - \mathtt{inf}$? No number makes sense, so
# the computer answers `NaN`, *not a number*. Whatever is computed with `NaN` is `NaN` as well.
#
# So what does $1 / (1 + e^{-z})$ do at $z = -1000$? On paper its value is practically 0, and so is
# its slope.
#
# ### Predict

# %%
guess_overflow = predict.choice(
    "overflow",
    "torch computes 1 / (1 + exp(-z)) in float32 at z = -1000, and then its slope. You get …",
    ["an error", "value 0, slope 0", "value 0, slope NaN", "value NaN, slope NaN"],
)
guess_overflow


# %%
def naive_sigmoid(z):
    return 1 / (1 + torch.exp(-z))


def value_and_slope(function, z):
    """The function's value at the number z and its slope there, both as torch computes them."""
    z = torch.tensor(z, requires_grad=True)  # ask torch to keep track of slopes
    value = function(z)
    value.backward()  # how torch computes them is told in lesson 3
    return value.item(), z.grad.item()


print("     z   naive sigmoid: value, slope   torch.sigmoid: value, slope")
for number in (2.0, -20.0, -1000.0):
    row = value_and_slope(naive_sigmoid, number) + value_and_slope(torch.sigmoid, number)
    print("{:6.0f}   {:>18.1e} {:>8.1e}   {:>18.1e} {:>8.1e}".format(number, *row))

# %%
value, slope = value_and_slope(naive_sigmoid, -1000.0)
guess_overflow.compare(
    f"value {value:g}, slope {'NaN' if math.isnan(slope) else slope}",
    "No error was raised, and the value looks innocent.",
)

# %% [markdown]
# **Why.** $e^{1000}$ is `inf`, and $1/\mathtt{inf}$ is 0: the value comes out right by luck. The
# slope is a product of the slopes of each step. One factor is 0 and another is `inf`.
#
# **Why it matters.** A weight's gradient is a sum over the batch. A single `NaN` makes the sum
# `NaN`. With the next step the weight is `NaN`, and soon all of them are.

# %%
w = torch.tensor(1.0, requires_grad=True)
batch = torch.tensor([0.5, -0.3, -1000.0])  # two harmless inputs and an outlier
naive_sigmoid(w * batch).sum().backward()
print("slope of the sum with respect to w:", w.grad.item())

# %% [markdown]
# **How to recognise it.** From one step to the next the error is `nan`, and stays so.
#
# **How to mend it.** Only a large *positive* exponent overflows. Multiply the top and the bottom of
# the fraction by $e^{z}$, and a second form appears:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} = \frac{e^{z}}{1 + e^{z}}.$$
#
# Use the first for $z \ge 0$ and the second for $z < 0$. Then the exponent is never above 0. For a
# single number:


# %%
def stable_sigmoid(z):
    # Python's math computes in float64, which ends near 1.8e308: exp(710) would overflow
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


for number in (-1000.0, 0.0, 1000.0):
    value = stable_sigmoid(number)
    print(f"σ({number:g}) = {value:.1e}   slope {value * (1 - value):.1e}")

# %% [markdown]
# `torch.sigmoid` and `torch.tanh` are written with such care. Use them. In the exercises you write
# a stable sigmoid for whole tensors, where a trap waits. You also find that tanh is a sigmoid,
# stretched and shifted: so a stable sigmoid makes a stable tanh.

# %% [markdown]
# ## The autoencoder with ReLU
#
# This course grew from a tutorial. In its next step the tutorial adds ReLU to the autoencoder of
# lesson 1. Its text says: after *each* linear layer. Its code does something else: ReLU follows the
# **first** encoder layer and the **first** decoder layer only. The second ones, which give the code
# and the output, have none. The two disagree, so we must decide. We follow the code. `_hidden` is
# what comes after a first layer:

# %%
show_source(TwoLayerAutoencoder._hidden)

# %%
show_source(TwoLayerAutoencoder.encode)

# %%
show_source(TwoLayerAutoencoder.decode)

# %% [markdown]
# ### Is ReLU worth it?
#
# Lesson 1's model, without any activation, is one linear layer in the end. For such models there is
# a ready formula (you need not follow it). It finds the linear autoencoder with 16 latents that is
# best for the training pictures. Only a model that is not linear can restore them better.


# %%
def new_error(model):
    """Mean squared error on pictures that were not used in training."""
    with torch.no_grad():
        return ((model(new_images)[0] - new_images) ** 2).mean().item()


def best_linear_error(latents=16):
    """Error on new pictures of the best linear autoencoder for the training pictures."""
    middle = images.mean(dim=0)
    V = torch.linalg.svd((images - middle).double()).Vh[:latents].T.float()  # (64, latents)
    output = (new_images - middle) @ V @ V.T + middle
    return ((output - new_images) ** 2).mean().item()


print(f"mean squared error of the best linear model: {best_linear_error():.3f}")

# %% [markdown]
# ### Predict
#
# We train both models, 64 → 32 → 16 → 32 → 64, for 8,000 steps.

# %%
guess_ahead = predict.choice(
    "ahead",
    "Which model has the smaller error on new pictures?",
    [
        "ReLU all along",
        "no activation all along",
        "first ReLU, later no activation",
        "first no activation, later ReLU",
    ],
)
guess_ahead


# %%
def reconstruction(output):
    return output[0]  # the model gives its code as a second result


def train_autoencoder(model_class, activation="relu", steps=1000, seed=0):
    """A trained autoencoder and its error on new pictures after every tenth step."""
    torch.manual_seed(seed)
    model = model_class(64, 16, activation=activation)
    watched = {"watch": new_error, "every": 10}
    errors = train(model, images, images, 0.5, steps, result=reconstruction, seed=seed, **watched)
    return model, errors


patient = {}
for name, activation in (("no activation", None), ("ReLU after the first layers", "relu")):
    patient[name] = train_autoencoder(TwoLayerAutoencoder, activation, steps=8000)[1]
    for steps in (1000, 8000):
        error = patient[name][steps // 10 - 1]
        print(f"{name:28} after {steps:,} steps: about {error:.2f}")

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 3.3)
for (name, errors), style in zip(patient.items(), ("--", "-")):
    ax.plot(range(10, 8001, 10), errors, style, linewidth=1.5, label=name)
ax.axhline(best_linear_error(), color="black", linewidth=1, linestyle=":")
ax.annotate(
    "best linear model", (10, best_linear_error()), xytext=(0, -11), textcoords="offset points"
)
ax.set(xlabel="step", ylabel="mean squared error, new pictures", ylim=(0, 0.3))
ax.legend()
show_figure(
    figure,
    "Error on new pictures over 8,000 steps. Without an activation the error falls fast, to 0.09 "
    "after 1,000 steps, and then stays close to the dotted line of the best linear model at "
    "0.083. With ReLU it falls more slowly, to about 0.13 after 1,000 steps, crosses the line "
    "between 2,000 and 5,000 steps and ends near 0.07.",
)

# %%
first = "no activation" if errors[99] > patient["no activation"][99] else "ReLU"
later = "no activation" if errors[-1] > patient["no activation"][-1] else "ReLU"
guess_ahead.compare(
    f"first {first}, later {later}",
    "The linear model is easier to train, but soon it has nothing left to gain.",
)

# %% [markdown]
# After 1,000 steps the linear model is still ahead: 0.09 against 0.13. Then it stays close to the
# best linear model, at 0.084. With patience ReLU gets below: 0.07. With other random weights the
# picture is the same (ReLU: 0.12 to 0.13, in the end 0.066 to 0.070). So ReLU pays, but not at
# once, and here not by much.
#
# ### Where does ReLU belong?
#
# Here are all versions side by side. A subclass changes a single thing: what comes after the last
# layer.


# %%
class ReluOnTheCode(TwoLayerAutoencoder):
    """ReLU after the second encoder layer, too."""

    def encode(self, x):
        return torch.relu(super().encode(x))


class ReluAfterEachLayer(ReluOnTheCode):
    """ReLU after the second decoder layer as well: what the tutorial's text says."""

    def decode(self, code):
        return torch.relu(super().decode(code))


models = {
    "ReLU after the first layers only": TwoLayerAutoencoder,
    "ReLU on the code too": ReluOnTheCode,
    "ReLU after each layer": ReluAfterEachLayer,
}
for name, model_class in models.items():
    torch.manual_seed(0)
    model = model_class(64, 16, activation="relu")  # 64 → 32 → 16 → 32 → 64
    with torch.no_grad():
        output, code = model(images)
    print(
        f"{name:33}  some code < 0: {bool((code < 0).any())!s:6}"
        f" some output < 0: {bool((output < 0).any())}"
    )

# %% [markdown]
# A ReLU at the very end forbids negative numbers. Our pictures have mean 0, so a good part of their
# numbers *is* negative. The best that ReLU can say to a negative number is 0.
#
# ### Predict
#
# The mean squared error of always answering 0 is 1 here, since the pictures have standard
# deviation 1. Suppose that training were perfect.

# %%
guess_floor = predict.choice(
    "floor",
    "With ReLU on the output, the smallest mean squared error that any weights can reach is …",
    ["0", "about 0.05", "about 0.35", "about 1"],
)
guess_floor

# %%
print(f"{100 * (images < 0).float().mean():.0f} % of the numbers are negative")
best_possible = torch.relu(images)  # 0 for what is negative, and everything else exactly right
floor = ((best_possible - images) ** 2).mean().item()
guess_floor.compare(
    f"about {floor:.2f}", "No code, however large, and no training can get below this floor."
)


# %%
# You need not follow this cell: it trains 1,000 steps each, and draws.
trained = {name: train_autoencoder(model_class) for name, model_class in models.items()}

figure, ax = new_figure(7, 3.3)
for (name, (_, errors)), style in zip(trained.items(), ("-", "--", "-.")):
    ax.plot(range(10, 1001, 10), errors, style, label=name)
ax.axhline(floor, color="black", linewidth=1, linestyle=":")
ax.annotate("floor of a ReLU output", (600, floor), xytext=(0, 4), textcoords="offset points")
ax.set(xlabel="step", ylabel="mean squared error, new pictures", ylim=(0, 1.05))
ax.legend()
show_figure(
    figure,
    "Error of three autoencoders on new pictures over 1,000 steps. With ReLU after the first "
    "layers only, and with ReLU on the code too, the error falls below 0.2. With ReLU after each "
    "layer it ends between 0.4 and 0.6, above the dotted floor at 0.35.",
)

# %%
for name, (model, errors) in trained.items():
    with torch.no_grad():
        output, code = model(new_images)
    zeros = 100 * (code == 0).float().mean().item()
    share = f"about {5 * round(zeros / 5)}" if zeros else "0"
    print(f"{name:33}  error about {errors[-1]:.2f}   exact zeros in the code: {share} %")

silent = (output == 0).all(dim=0) & (new_images > 0).any(dim=0)  # of the last model
print(
    f"{silent.sum()} of 64 pixels the last model never draws, though some picture is darker there"
)
lost = (new_images[:, silent].clamp(min=0) ** 2).sum() / new_images.numel()
new_floor = (new_images.clamp(max=0) ** 2).mean()
share = 100 * (lost / (trained[name][1][-1] - new_floor)).item()
print(f"their part of what the error is above its floor: about {round(share, -1):.0f} %")

# %% [markdown]
# ("Darker" means darker than the mean over all pixels. That is 0 here.)
#
# - **On the output** the question is settled: ReLU after each layer, as the text has it, cannot
#   restore numbers of both signs. The model does not even come near its floor, partly because
#   output units die as well: 18 of 64 here, and 12 to 23 with other random weights. They make up
#   about half of the distance (30 to 60 %).
# - **On the code** ReLU is a *choice*. Each latent can only say "how much", from 0 up; a code
#   without ReLU may also say "less than nothing". It costs something: after 1,000 steps the error
#   is 0.16 instead of 0.13 (with other random weights 0.15 to 0.18 instead of 0.12). And it brings
#   something new: **exact zeros**, a quarter of the code here (17 to 38 %). For a *sparse*
#   autoencoder they are the very aim, and it has ReLU on its code on purpose. In this lesson the
#   code stays free.
#
# ### Which activation for the output?
#
# The output must be able to reach every value of the data.
#
# | the data lie | output activation |
# |---|---|
# | anywhere, as standardised data and the activations of language models do | none |
# | between 0 and 1, as pixels do | none, or sigmoid |
# | between −1 and 1 | none, or tanh |
# | at 0 and above | none; ReLU is possible, but output units may die |
#
# When in doubt: none.

# %% [markdown]
# ## Thresholds: activations that make zeros
#
# Where do zeros come from? For ordinary inputs a sigmoid gives small numbers, but never 0. ReLU
# gives exact zeros. A **threshold** decides how many. Here is a small vector. A few numbers mean
# something, the others are noise:
#
# $$x = (3,\; -0.4,\; 0.1,\; -2,\; 0.6).$$
#
# **Hard thresholding** with $\lambda = 0.5$ ("lambda") asks of each number: are you larger than
# 0.5, whatever your sign? Then stay as you are. Otherwise become 0.
#
# **Soft thresholding** does the same, and then moves the survivors towards 0 by $\lambda$:
#
# $$\mathrm{hard}_\lambda(x) = \begin{cases} x & |x| > \lambda \\ 0 & |x| \le \lambda \end{cases}
# \qquad
# \mathrm{soft}_\lambda(x) = \begin{cases} x - \lambda & x > \lambda \\ 0 & |x| \le \lambda \\
# x + \lambda & x < -\lambda \end{cases}$$
#
# torch calls them `hardshrink` and `softshrink`. And ReLU? A unit with weight 1 and bias
# $-\lambda$ computes $\mathrm{ReLU}(x - \lambda)$: soft thresholding on the positive side, and
# nothing on the negative one.

# %%
hardshrink, softshrink = nn.functional.hardshrink, nn.functional.softshrink


def shifted_relu(x, threshold):
    return torch.relu(x - threshold)


thresholds = {"hard": hardshrink, "soft": softshrink, "ReLU(x − λ)": shifted_relu}
x = torch.tensor([3.0, -0.4, 0.1, -2.0, 0.6])
print(f"{'x':12}", *(f"{v:5.1f}" for v in x))
for name, threshold in thresholds.items():
    print(f"{name:12}", *(f"{v + 0.0:5.1f}" for v in threshold(x, 0.5)))
print(f"{'sigmoid':12}", *(f"{v:5.1f}" for v in torch.sigmoid(x)))

# %%
# You need not follow this cell: it draws.
t = torch.linspace(-2, 2, 402)
figure, axes = new_figure(7, 2.5, columns=3, sharey=True)
for ax, (name, threshold) in zip(axes, thresholds.items()):
    y = threshold(t, 0.5)
    y[:-1][y.diff().abs() > 0.1] = math.nan  # a gap where the function jumps
    ax.plot(t, t, color="#8a8a8a", linewidth=1, linestyle="--")
    ax.plot(t, y)
    ax.set(title=name, xlabel="x", xticks=range(-2, 3))
axes[0].set_ylabel("result, λ = 0.5")
show_figure(
    figure,
    "Three functions of x for lambda 0.5, each beside the dashed line y = x. Hard: 0 between -0.5 "
    "and 0.5, on the dashed line outside, with a jump at both ends. Soft: 0 between, then parallel "
    "to the dashed line and closer to 0 by 0.5. Shifted ReLU: 0 up to 0.5, then like soft.",
)

# %% [markdown]
# ### Does it help? Digits with noise
#
# Almost half of the pixels of our digits are exactly 0: the paper is empty. We add noise of
# standard deviation 0.15 to every pixel. Then no pixel is 0 any more. (In the pictures negative
# noise looks white, like 0.) Thresholds may bring the empty paper back.
#
# ### Predict
#
# The noise is bell-shaped: of 100 draws about 68 lie within one standard deviation of 0, and about
# 95 within two.

# %%
guess_empty = predict.number(
    "empty", "Of 100 empty pixels, how many does hard thresholding with λ = 0.3 set back to 0?"
)
guess_empty

# %%
generator = torch.Generator().manual_seed(0)
noisy = new_pixels + 0.15 * torch.randn(new_pixels.shape, generator=generator)
empty = new_pixels == 0
for name, pictures in {"clean": new_pixels, "noisy": noisy}.items():
    print(f"{name}: {100 * (pictures == 0).float().mean():.0f} % exact zeros")

restored = (hardshrink(noisy, 0.3)[empty] == 0).float().mean().item()
guess_empty.compare(
    f"about {100 * restored:.0f} of 100",
    "λ is twice the noise's standard deviation.",
)


# %%
def after(name, threshold):
    """Mean squared error (times 1,000) and percentage of exact zeros, over all new digits."""
    cleaned = thresholds[name](noisy, threshold)
    error = 1000 * ((cleaned - new_pixels) ** 2).mean().item()
    return error, 100 * (cleaned == 0).float().mean().item()


# From here on the cell draws. You need not follow it.
def draw_cleaned(figure, threshold, kind):
    axes = figure.subplots(1, 3)
    cleaned = thresholds[kind](noisy[0], threshold)
    draw_image(axes[0], new_pixels[0], "clean")
    draw_image(axes[1], noisy[0], "noisy")
    draw_image(axes[2], cleaned, f"{kind}, λ = {threshold:g}")
    error, zeros = after(kind, threshold)
    return (
        f"Over 397 digits: mean squared error {error:.1f} thousandths, {zeros:.0f} % exact zeros."
    )


LiveFigure(
    draw_cleaned,
    "At which λ is the error of each kind smallest, and how many zeros does it make there? Which "
    "kind wins? (A dot marks a pixel that is exactly 0.)",
    size=(7, 2.5),
    threshold=Slider("threshold λ", 0, 0.6, 0.05, 0.1),
    kind=Select("kind", tuple(thresholds), "hard"),
)

# %% [markdown]
# **What you should have found.** Without a threshold the error is 22.5 thousandths. Hard and soft
# reach the same smallest error, 18. Hard thresholding does so at $\lambda = 0.3$, with 59 % zeros.
# Soft does so at 0.1 already, with 28 %.
#
# The winner is $\mathrm{ReLU}(x - \lambda)$: 14.6 at $\lambda = 0.05$. Why? Ink is never negative.
# So whatever is below 0 is noise for sure, and ReLU removes it whatever its size. Even with
# $\lambda = 0$ its error is only 16.3. It knows something about the data that the other two do not.
# For data of both signs it would be no choice.

# %%
# You need not follow this cell: it draws.
steps = [0.05 * k for k in range(13)]
figure, (left, middle) = new_figure(7, 2.9, columns=2)
for name, style in (("hard", "-o"), ("soft", "--s"), ("ReLU(x − λ)", ":^")):
    errors, zeros = zip(*(after(name, step) for step in steps))
    left.plot(steps, errors, style, markersize=4, label=name)
    middle.plot(steps, zeros, style, markersize=4, label=name)
left.set(xlabel="threshold λ", ylabel="mean squared error (thousandths)", ylim=(0, 60))
middle.set(xlabel="threshold λ", ylabel="exact zeros (%)", ylim=(0, 80))
left.legend()
show_figure(
    figure,
    "Left, error against threshold: hard is lowest at 0.3 with 18 thousandths; soft is lowest at "
    "0.1 with 18; shifted ReLU is lowest at 0.05 with 14.6. Soft and shifted ReLU then rise "
    "steeply. Right, exact zeros against threshold: the same curve for hard and soft, 28 percent "
    "at 0.1 and 59 percent at 0.3; shifted ReLU has more zeros, 27 percent at 0 already.",
)

# %%
ink = new_pixels > 0.8
for name, cleaned in {
    "clean": new_pixels,
    "hard": hardshrink(noisy, 0.3),
    "soft": softshrink(noisy, 0.3),
}.items():
    print(f"mean of the dark pixels, {name}: {cleaned[ink].mean().item():.2f}")

# %% [markdown]
# The dark pixels tell what the two cost. Soft thresholding makes *every* survivor smaller by
# $\lambda$, so it can afford only a small $\lambda$. This is called **shrinkage**. Hard
# thresholding leaves survivors alone. But it jumps: at the threshold a tiny change of $x$ switches
# a number on or off. Its slope is 0 on one side of the jump and 1 on the other, and does not show
# the jump. A later lesson meets both again, since sparse autoencoders differ in just this: some
# shrink, some jump.

# %% [markdown]
# ## Quiz
#
# Six questions. Each answer tells you why it is right or wrong.

# %%
quiz.why_an_activation()

# %%
quiz.saturation()

# %%
quiz.dead_unit()

# %%
quiz.linear_code_and_output()

# %%
quiz.shrinkage()

# %%
quiz.kinks()

# %% [markdown]
# ## Summary
#
# - An activation function works entry by entry, between linear layers. Without it a stack is one
#   linear layer.
# - A hidden layer of $n$ ReLU units gives a curve with at most $n$ kinks: $n + 1$ straight pieces.
# - Slopes: ReLU 0 or 1, sigmoid at most 1/4, tanh at most 1.
# - Saturated units sit on a plateau; look at the histogram. Dead units are 0 on all data; count
#   them.
# - A formula that is right on paper can give `NaN` in a computer. Let `exp` see only numbers up
#   to 0.
# - An autoencoder with ReLU can do better than the best linear one, but it needs more training.
# - The output must reach all values of the data: when in doubt, no activation. On the code ReLU is
#   a choice, and sparse autoencoders make it.
# - Soft thresholding shrinks what survives. Hard thresholding keeps it, but jumps.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | pre-activation, activation | a unit's weighted sum; what the activation function makes of it |
# | hidden layer | a layer whose outputs are neither the inputs nor the results |
# | unit | one output of a hidden layer, with its weights, bias and activation function |
# | mean squared error | the differences, squared, then averaged; 0 is perfect |
# | kink | where the slope of a curve jumps |
# | slope, gradient | how much the output changes with one number; the slopes for all parameters |
# | saturated | far out on a plateau, where the slope is almost 0 |
# | vanishing gradient | a gradient that shrinks from layer to layer |
# | dead unit | a ReLU unit that is 0 on all data, and so does not learn |
# | overflow, `NaN` | a result too large for its kind of number; "not a number" |
# | soft, hard thresholding | small numbers become 0; the others shrink, or stay |
# | shrinkage | survivors are too small, by the threshold |
#
# ### In the literature
#
# - G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989, and K. Hornik,
#   M. Stinchcombe and H. White, *Multilayer feedforward networks are universal approximators*,
#   1989: one hidden layer of sigmoid units comes close to any continuous function.
# - M. Leshno, V. Lin, A. Pinkus and S. Schocken, *Multilayer feedforward networks with a
#   nonpolynomial activation function can approximate any function*, 1993: the same for ReLU, and
#   for every activation function that is not a polynomial.
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
#   networks*, 2010: saturation, seen layer by layer.
# - V. Nair and G. Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010:
#   noisy rectified units. X. Glorot, A. Bordes and Y. Bengio, *Deep sparse rectifier neural
#   networks*, 2011: ReLU as we use it, with its exact zeros.
# - A. Maas, A. Hannun and A. Ng, *Rectifier nonlinearities improve neural network acoustic models*,
#   2013: leaky ReLU.
# - D. Donoho and I. Johnstone, *Ideal spatial adaptation by wavelet shrinkage*, 1994, and
#   D. Donoho, *De-noising by soft-thresholding*, 1995: hard and soft thresholds against noise.
#
# **Next:** the [exercises of this lesson](../exercises/02_activation_functions/02_exercises.ipynb).
# Then lesson 3 trains a network, and explains each line of the loop that you met here.
