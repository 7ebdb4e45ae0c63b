# %% [markdown]
# # 2 · Activation functions
#
# After this lesson you can
#
# - **compute** ReLU, sigmoid and tanh, and their slopes;
# - **explain** why layers need something that is not linear between them;
# - **read off** a curve how many ReLU units drew it;
# - **recognise** saturated and dead units, and prevent them;
# - **choose** where an autoencoder has an activation, and where it must have none;
# - **apply** soft and hard thresholding, and say what each costs.
#
# *About 60 minutes. Builds on: unit 1 (linear layers, parameters, a ready formula called least
# squares). The exercises are in
# [02_exercises.ipynb](../exercises/02_activation_functions/02_exercises.ipynb).*
#
# Unit 1 ended with a riddle. Stacking linear layers buys nothing: a single one does the same.
# This lesson puts one small function between them. Then everything changes.

# %%
import math

import torch
from torch import nn

from course_lib import LiveFigure, Select, Slider, TwoLayerAutoencoder, digits, new_figure
from course_lib import open_unit, rings, show_figure, show_source
from course_lib.figures import draw_classes, draw_fit, draw_image
from course_lib.least_squares import fit_curve, least_squares_layer

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
# - a **hidden layer** of two units: $z = W_1 x + b_1$, then $a = \mathrm{ReLU}(z)$;
# - an **output layer**: $y = W_2 a + b_2$.
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
guess_pieces = predict.number("pieces", "Of how many straight pieces can its curve consist?")
guess_pieces

# %% [markdown]
# Such a network can draw curves that look nothing like a tax. Below, the hidden layer is fixed:
# its kinks are spread evenly from 0 to 1. Only the output layer is chosen, by the ready formula of
# unit 1, least squares. Nothing is trained.

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
    "And how many units does it take without an activation?",
    units=Slider("units in the hidden layer", 1, 20, 1, 2),
    curve=Select("curve", tuple(curves), "one wave"),
    activation=Select("activation function", tuple(activations), "ReLU"),
)

# %% [markdown]
# **What you should have found.** One wave takes 4 units, and two waves take 8. Twice as many bends
# ask for twice as many kinks. Without an activation the network draws a straight line, with 1 unit
# as with 20.

# %%
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
# With enough units, such a network comes as close as you like to any continuous curve on a bounded
# range. This is the **universal approximation theorem**. It says that good weights exist. It does
# not say how many units are needed, nor how to find the weights.

# %% [markdown]
# ## A problem that no linear stack solves
#
# With two inputs it becomes a question of regions. Class 0 is a disc, class 1 a ring around it.
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
points, classes = rings(400, seed=0)
new_points, new_classes = rings(400, seed=100)
targets = classes[:, None].float()  # (400, 1)


def right(score):
    """How many of 100 new points are on the correct side of 1/2."""
    return 100 * ((score(new_points)[:, 0] > 0.5) == new_classes).float().mean().item()


line = least_squares_layer(points, targets)
guess_line.compare(f"about {round(right(line), -1):.0f} of 100", "Tossing a coin does as well.")

# %% [markdown]
# Were the weights badly chosen? No. *No* weights would do, and here is why. A linear layer keeps
# middles in the middle: its score halfway between two points is halfway between their scores.

# %%
p, q = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])  # both on the ring
halfway = (p + q) / 2  # in the centre of the disc
print("same:", torch.allclose(line(halfway), (line(p) + line(q)) / 2))

# %% [markdown]
# Take two points of the ring that face each other. Both scores must be above 1/2, so the score
# halfway is above 1/2 too. But the disc lies there. So a point of the disc is called "ring",
# whatever the weights.
#
# And a stack of linear layers is a linear layer. So it fails in the same way. Let us see it, and
# then put ReLU between the layers. The hidden layer is made by hand. Each of its units looks in a
# direction of its own, and asks: *how far beyond 0.3 is this point?*


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
figure, axes = new_figure(7, 2.9, columns=3, sharey=True)
shown = {
    "8 units, no activation": stack,
    "3 units, ReLU": three_units,
    "8 units, ReLU": eight_units,
}
for ax, (title, score) in zip(axes, shown.items()):
    draw_classes(ax, new_points, new_classes, score, title)
    if ax is not axes[0]:
        ax.set_ylabel("")
axes[0].legend(loc="lower left", fontsize=8, markerscale=1.5, frameon=True)
show_figure(
    figure,
    "A disc of class 0 inside a ring of class 1; the region called ring is shaded. Without an "
    "activation its border is a straight line across both classes. With 3 ReLU units it is a "
    "closed shape around the disc, with 8 units a rounder one. Both separate the classes.",
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
# Training will ask a second thing of them: their **slope** (or *derivative*), written $f'(z)$. It
# tells how much the output changes when $z$ changes a little. Where the slope is 0, a small change
# changes nothing, and there is nothing to learn from it.
#
# ### Predict

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
    "The slope is σ(z) (1 − σ(z)), and σ(0) is 1/2.",
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
# ReLU has no slope at exactly 0: it is 0 on one side and 1 on the other. torch must say something,
# and says 0.

# %%
zero = torch.tensor(0.0, requires_grad=True)  # ask torch to keep track of slopes
torch.relu(zero).backward()  # how torch computes them is told in unit 3
print("torch's slope of ReLU at 0:", zero.grad.item())

# %% [markdown]
# ## The formula on paper, and the formula in a computer
#
# A float32 number ends near $3.4 \cdot 10^{38}$. Beyond it there is only `inf`.

# %%
for power in (88.0, 89.0):
    print(f"exp({power:g}) = {torch.exp(torch.tensor(power)).item():.1e}")

# %% [markdown]
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


def naive_tanh(z):
    return (torch.exp(z) - torch.exp(-z)) / (torch.exp(z) + torch.exp(-z))


def value_and_slope(function, z):
    """The function's value at the number z and its slope there, both as torch computes them."""
    z = torch.tensor(z, requires_grad=True)
    value = function(z)
    value.backward()
    return value.item(), z.grad.item()


print("     z   naive sigmoid: value, slope   torch.sigmoid: value, slope")
for number in (2.0, -20.0, -80.0, -1000.0):
    row = value_and_slope(naive_sigmoid, number) + value_and_slope(torch.sigmoid, number)
    print("{:6.0f}   {:>18.1e} {:>8.1e}   {:>18.1e} {:>8.1e}".format(number, *row))
value, slope = value_and_slope(naive_tanh, 100.0)
print(f"naive tanh at z = 100: value {value}, slope {slope}")

# %%
value, slope = value_and_slope(naive_sigmoid, -1000.0)
guess_overflow.compare(
    f"value {value:g}, slope {'NaN' if math.isnan(slope) else slope}",
    "`NaN` means not a number. No error was raised, and the value looks innocent.",
)

# %% [markdown]
# **Why.** $e^{1000}$ is `inf`, and $1/\mathtt{inf}$ is 0: the value comes out right by luck. The
# slope is a product of the slopes of each step. One factor is 0 and another is `inf`, and
# $0 \cdot \mathtt{inf}$ is `NaN`. At $-80$ nothing overflows yet. But on the way to the slope
# torch squares the value, and the square is smaller than any float32. So the slope becomes 0 where
# it should be $1.8 \cdot 10^{-35}$.
#
# **Why it matters.** A weight's gradient is a sum over the batch. A single `NaN` makes the sum
# `NaN`. With the next step the weight is `NaN`, and soon all of them are.

# %%
w = torch.tensor(1.0, requires_grad=True)
batch = torch.tensor([0.5, -0.3, -1000.0])  # two harmless inputs and an outlier
naive_sigmoid(w * batch).sum().backward()
print("slope of the sum with respect to w:", w.grad.item())

# %% [markdown]
# **The cure.** Only a large *positive* exponent overflows. Multiply the top and the bottom of the
# fraction by $e^{z}$, and a second form appears:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} = \frac{e^{z}}{1 + e^{z}}.$$
#
# Use the first for $z \ge 0$ and the second for $z < 0$. Then the exponent is never above 0. For a
# single number:


# %%
def stable_sigmoid(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))


for number in (-1000.0, -80.0, 0.0, 1000.0):
    value = stable_sigmoid(number)
    print(f"σ({number:g}) = {value:.1e}   slope {value * (1 - value):.1e}")

# %% [markdown]
# `torch.sigmoid` and `torch.tanh` are written with such care. Use them. In the exercises you write
# a stable sigmoid for whole tensors, where a trap waits.

# %% [markdown]
# ## Watch it fail: units that no longer learn
#
# ### Saturated units
#
# A sigmoid or tanh unit whose pre-activation is far from 0 sits on a plateau. Its slope is almost
# 0. Such a unit is **saturated**. How do units get there, and what does it cost?
#
# We build networks with five hidden layers of 64 units for the digits of unit 1. Their random
# weights have a standard deviation of `scale` $/\sqrt{n}$. In unit 1 a scale of 1 was healthy.


# %%
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
# In the middle picture almost everything sits at −1 or 1: the pre-activations are ten times too
# large. This picture is how to recognise saturation.
#
# Now let us train the three networks, and see which of them learns to read digits. Training asks
# for every weight: how much does the error change when this weight changes a little? These slopes
# together are the **gradient**. Then it moves each weight a small step against its slope. The size
# of the step is set by the **learning rate**. Unit 3 explains each line of this loop; here we only
# look at what it does.


# %%
def train(model, inputs, targets, learning_rate, steps=300, watch=None, seed=0):
    """Move the weights step by step towards a smaller mean squared error.

    Returns what `watch(model)` says after each step.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    seen = []
    for _ in range(steps):
        rows = torch.randint(len(inputs), (64,), generator=generator)  # 64 pictures at random
        output = model(inputs[rows])
        if isinstance(output, tuple):  # an autoencoder gives its code as a second result
            output = output[0]
        error = ((output - targets[rows]) ** 2).mean()
        gradient = torch.autograd.grad(error, parameters)
        with torch.no_grad():
            for parameter, slope in zip(parameters, gradient):
                parameter -= learning_rate * slope
            if watch is not None:
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
    ["all three", "both with scale 1", "only tanh with scale 1", "only sigmoid with scale 1"],
)
guess_deep


# %%
def gradient_shares(network):
    """For each linear layer: size of its gradient, divided by the size of its weights."""
    error = ((network(images) - wanted) ** 2).mean()
    weights = [layer.weight for layer in network if isinstance(layer, nn.Linear)]
    gradient = torch.autograd.grad(error, weights)
    return [(g.norm() / w.norm()).item() for g, w in zip(gradient, weights)]


figure, (left, right_side) = new_figure(7, 3.2, columns=2, width_ratios=(3, 2))
read = {}
for (name, recipe), marker in zip(recipes.items(), "osv"):
    network = deep_network(*recipe)
    left.semilogy(range(1, 7), gradient_shares(network), marker=marker, label=name)
    train(network, images, wanted, learning_rate=0.5)
    read[name] = digits_read(network)
left.set(
    xlabel="layer (6 is the output)",
    ylabel="size of gradient / size of weights",
    title="before training",
)
left.legend(fontsize=8.5)
right_side.barh(list(read), list(read.values()), color=["#0072b2", "#e69f00", "#009e73"])
right_side.set(xlim=(0, 100), xlabel="digits read, of 100", title="after training")
right_side.invert_yaxis()
show_figure(
    figure,
    "Left, gradients relative to weights, by layer, logarithmic axis. tanh with scale 1: nearly "
    "level. tanh with scale 10: lower in every hidden layer, lowest in layer 5. Sigmoid: a "
    "straight fall towards layer 1, a thousand times and more. Right, digits read after training: "
    "more than 90 of 100, fewer than 60, and about 10.",
)

# %%
good = [name for name, count in read.items() if count > 80]
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
#   output layer must make do with what they happen to give. *Recognise it* in the histogram. The
#   sizes of gradients alone can mislead: on the way down, the large weights blow them up again.
#   *Mend it* with weights of scale 1, and with inputs of mean 0 and deviation 1.
# - **The sigmoid's gradients vanish.** No unit is saturated, as its histogram shows. But even its
#   steepest slope is 1/4, and each layer multiplies by a slope once more. Five slopes make
#   $1/4^5 \approx 1/1000$ at best. *Recognise it* by the straight line on the logarithmic axis.
#   *Mend it* with ReLU or tanh in the hidden layers.
#
# ### Dead units
#
# ReLU cannot saturate on the right: its slope stays 1. Left of 0 its slope is exactly 0. When a
# unit's pre-activation is below 0 on *every* input, its activation is always 0. Then its gradient
# is exactly 0 too, so its weights never change again. The unit is **dead**.
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

figure, ax = new_figure(7, 3.0)
for (rate, curve), style in zip(dead.items(), ("-", "--", ":")):
    ax.plot(range(1, 301), curve, style, label=f"learning rate {rate:g}")
ax.axvline(150, color="#8a8a8a", linewidth=1)
ax.annotate("from here on 0.5 for all", (150, 48), xytext=(4, 0), textcoords="offset points")
ax.set(xlabel="step", ylabel="dead units (%)", ylim=(-3, 103))
ax.legend(loc=(0.12, 0.3))
show_figure(
    figure,
    "Share of dead units over 300 steps. Learning rate 0.5: 0 percent throughout. Rate 3: more "
    "than half die within the first 20 steps. Rate 5: more than 80 percent do. When the rate is "
    "lowered at step 150, neither curve falls.",
)

# %%
guess_dead.compare(
    f"more than {int(dead[5.0][-1]) // 10 * 10} of 100",
    "They die in the first steps, and stay dead.",
)

# %%
print("rate   more than half dead   a unit woke up later   more than 90 of 100 digits read")
for rate, curve in dead.items():
    woke_up = min(curve[150:]) < curve[149]
    print(f"{rate:4g}   {curve[-1] > 50!s:19}   {woke_up!s:20}   {read[rate] > 90}")

# %% [markdown]
# **Why.** One huge step throws the weights so far that a unit's pre-activation is below 0 for every
# picture. From then on its slope is 0 everywhere. A gentle rate comes too late: a step of any size
# times a slope of 0 is 0.
#
# **How to recognise it.** Not by the result! At a rate of 3 more than half of the units are dead,
# and the network still reads more than 90 of 100 digits. Count the units that are 0 on *all* data.
# Being 0 on most of the data is fine.
#
# **How to mend it.** Prevent it: a smaller learning rate, inputs of mean 0, biases that do not
# start far below 0. Dead units can be drawn anew. And some activation functions keep a small slope
# on the left, such as *leaky ReLU*. Sparse autoencoders know the illness well: there it is called
# **dead latents**, and has cures of its own.

# %% [markdown]
# ## The autoencoder with ReLU
#
# A tutorial that this course grew from now adds ReLU to the autoencoder of unit 1. Its text says:
# after *each* linear layer. Its code does something else: ReLU follows the **first** encoder layer
# and the **first** decoder layer only. The second ones, which give the code and the output, have
# none. The two disagree, so we must decide. We follow the code:

# %%
show_source(TwoLayerAutoencoder.encode)

# %%
show_source(TwoLayerAutoencoder.decode)

# %% [markdown]
# Does it matter? Here are all versions side by side. A subclass changes a single thing: what comes
# after the last layer.


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
def new_error(model):
    """Mean squared error on pictures that were not used in training."""
    return ((model(new_images)[0] - new_images) ** 2).mean().item()


def train_autoencoder(model_class, seed=0, steps=1000):
    """A trained autoencoder and its error on new pictures after each step."""
    torch.manual_seed(seed)
    model = model_class(64, 16, activation="relu")
    errors = train(model, images, images, 0.5, steps=steps, watch=new_error, seed=seed)
    return model, errors


trained = {name: train_autoencoder(model_class) for name, model_class in models.items()}

figure, ax = new_figure(7, 3.3)
for (name, (_, errors)), style in zip(trained.items(), ("-", "--", "-.")):
    ax.plot(range(1, 1001), errors, style, label=name)
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
    print(
        f"{name:33}  below the floor: {errors[-1] < floor!s:6}"
        f" exact zeros in the code: {'some' if (code == 0).any() else 'none'}"
    )
silent = (output == 0).all(dim=0) & (new_images > 0).any(dim=0)  # of the last model
print(
    "Pixels that the last model never draws, though some picture has ink there:",
    "some" if silent.any() else "none",
)

# %% [markdown]
# - **On the output** the question is settled: ReLU after each layer, as the text has it, cannot
#   restore numbers of both signs. The model does not even come near its floor: output units die
#   as well.
# - **On the code** ReLU is a *choice*. Each latent can only say "how much", from 0 up; a code
#   without ReLU may also say "less than nothing". In our run the error rises a little. And there
#   is something new in the last column: **exact zeros**. For a *sparse* autoencoder they are the
#   very aim, and it has ReLU on its code on purpose. In this unit the code stays free.
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
# Two ReLUs make one soft threshold: one for what sticks out above, one for what sticks out below.

# %%
both = torch.relu(t - 0.5) - torch.relu(-t - 0.5)
print("soft = ReLU(x − λ) − ReLU(−x − λ):", torch.allclose(both, softshrink(t, 0.5)))

# %% [markdown]
# ### Does it help? Digits with noise
#
# Almost half of the pixels of our digits are exactly 0: the paper is empty. We add noise of
# standard deviation 0.15 to every pixel. Then no pixel is 0 any more. Thresholds may bring the
# empty paper back.
#
# ### Predict

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
    "λ is twice the noise's standard deviation; 95 of 100 draws lie within.",
)


# %%
def after(name, threshold):
    """Mean squared error (times 1,000) and percentage of exact zeros, over all new digits."""
    cleaned = thresholds[name](noisy, threshold)
    error = 1000 * ((cleaned - new_pixels) ** 2).mean().item()
    return error, 100 * (cleaned == 0).float().mean().item()


def draw_cleaned(figure, threshold, kind):
    axes = figure.subplots(1, 3)
    cleaned = thresholds[kind](noisy[0], threshold)
    draw_image(axes[0], new_pixels[0], "clean")
    draw_image(axes[1], noisy[0], "noisy")
    draw_image(axes[2], cleaned, f"{kind}, λ = {threshold:g}")
    error, zeros = after(kind, threshold)
    return (
        f"Over 397 digits: mean squared error {error:.0f} thousandths, {zeros:.0f} % exact zeros."
    )


LiveFigure(
    draw_cleaned,
    "At which λ is the error of hard thresholding smallest, and at which that of soft? How many "
    "zeros does each make there? (A dot marks a pixel that is exactly 0.)",
    size=(7, 2.5),
    threshold=Slider("threshold λ", 0, 0.6, 0.05, 0.0),
    kind=Select("kind", ("hard", "soft"), "hard"),
)

# %% [markdown]
# **What you should have found.** Both reach the same smallest error, 18 thousandths. Hard
# thresholding does so at $\lambda = 0.3$, with 59 % zeros. Soft does so at 0.1 already, with 28 %.

# %%
steps = [0.05 * k for k in range(13)]
figure, (left, middle) = new_figure(7, 2.9, columns=2)
for name, style in (("hard", "-o"), ("soft", "--s")):
    errors, zeros = zip(*(after(name, step) for step in steps))
    left.plot(steps, errors, style, markersize=4, label=name)
    middle.plot(steps, zeros, style, markersize=4, label=name)
left.set(xlabel="threshold λ", ylabel="mean squared error (thousandths)", ylim=(0, 60))
middle.set(xlabel="threshold λ", ylabel="exact zeros (%)", ylim=(0, 80))
left.legend()
show_figure(
    figure,
    "Left, error against threshold: hard is lowest at 0.3 with 18 thousandths; soft is lowest at "
    "0.1 with 18 thousandths and then rises steeply. Right, exact zeros against threshold: the "
    "same curve for both, 28 percent at 0.1 and 59 percent at 0.3.",
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
# The dark pixels tell why. Soft thresholding makes *every* survivor smaller by $\lambda$, so it can
# afford only a small $\lambda$. This is called **shrinkage**. Hard thresholding leaves survivors
# alone. But it jumps: at the threshold a tiny change of $x$ switches a number on or off, and its
# slope knows nothing of that jump. A later unit meets both again, since sparse autoencoders differ
# in just this: some shrink, some jump.

# %% [markdown]
# ## Quiz
#
# Five questions. Each answer tells you why it is right or wrong.

# %%
quiz.why_an_activation()

# %%
quiz.saturation()

# %%
quiz.dead_unit()

# %%
quiz.linear_code_and_output()

# %%
quiz.kinks()

# %% [markdown]
# ## Summary
#
# - An activation function works entry by entry, between linear layers. Without it a stack is one
#   linear layer.
# - A hidden layer of $n$ ReLU units gives a curve with at most $n$ kinks.
# - Slopes: ReLU 0 or 1, sigmoid at most 1/4, tanh at most 1.
# - A formula that is right on paper can give `NaN` in a computer. Let `exp` see only numbers up
#   to 0.
# - Saturated units sit on a plateau; look at the histogram. Dead units are 0 on all data; count
#   them.
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
# | kink | where the slope of a curve jumps |
# | slope, gradient | how much the output changes with one number; the slopes for all parameters |
# | saturated | far out on a plateau, where the slope is almost 0 |
# | vanishing gradient | a gradient that shrinks from layer to layer |
# | dead unit | a ReLU unit that is 0 on all data, and so never learns again |
# | soft, hard thresholding | small numbers become 0; the others shrink, or stay |
# | shrinkage | survivors are too small, by the threshold |
#
# ### In the literature
#
# - G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989, and K. Hornik,
#   M. Stinchcombe and H. White, *Multilayer feedforward networks are universal approximators*,
#   1989: one hidden layer of sigmoid units comes close to any continuous function.
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural
#   networks*, 2010: saturation, seen layer by layer.
# - V. Nair and G. Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010:
#   ReLU as we use it.
# - D. Donoho, *De-noising by soft-thresholding*, 1995: how soft thresholding removes noise.
#
# **Next:** the [exercises of this unit](../exercises/02_activation_functions/02_exercises.ipynb).
# Then unit 3 trains a network, and explains each line of the loop that you met here.
