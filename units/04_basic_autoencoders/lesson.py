# %% [markdown]
# # 4 · Basic autoencoders
#
# After this lesson you can
#
# - **build** and **train** an autoencoder, and save it so that it can be opened again;
# - **compute** a floor: an error below which no training leads;
# - **tell** compressing from memorising, by looking at new data;
# - **choose** the number of latents, layers and activations, with PCA as the line to beat;
# - **explain** a loss that stops falling: floor, training, or ReLU?
#
# *About 90 minutes. Builds on: lesson 1 (layers, code, latents, rank), lesson 2 (ReLU, tanh, dead
# units) and lesson 3 (mean squared error, Adam, batches, epochs, the training loop, overfitting).
# The exercises are in
# [04_exercises.ipynb](../exercises/04_basic_autoencoders/04_exercises.ipynb).*
#
# An autoencoder is asked to give back what it was given. (*Auto* means self.) That sounds like
# doing nothing. What makes it hard is the middle: everything must pass through a short code. This
# lesson asks what gets through, what is lost, and how you know which of the two you see.

# %%
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from course_lib import BasicAutoencoder, Callback, LiveFigure, Objective, ReluAutoencoder, Select
from course_lib import Slider, Trainer, digits, evaluate_autoencoder, gaussian_noise
from course_lib import load_autoencoder, new_figure, open_unit, plot_reconstructions
from course_lib import power_law_spectrum, progress_bar, save_autoencoder, show_figure
from course_lib import show_source, spectral_data
from course_lib.plotting import BLUE, GREY, ORANGE, RED

unit = open_unit("04_basic_autoencoders")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## The tutorial's autoencoder
#
# This course grew from a tutorial. Its second part builds an autoencoder for pictures of 28 × 28
# pixels, laid out as lists of 784 numbers:
#
# $$784 \to 128 \to 32 \to 128 \to 784.$$
#
# The **encoder** makes 32 numbers of 784: the **code**. Each of the 32 is a **latent**. The
# **decoder** makes 784 numbers of 32: the **reconstruction** $\hat x$ ("x hat"). ReLU follows the
# two hidden layers, and nothing follows code and output. Lesson 2 told why.
#
# Our class does the same. Printed, it shows its layers, with their names and their places:

# %%
print(BasicAutoencoder(784, 32))

# %% [markdown]
# `forward` sends the input through the encoder, and the code through the decoder:

# %%
show_source(BasicAutoencoder.forward)

# %% [markdown]
# For the tutorial's own experiments the class has two more options: the widths of the hidden layers,
# and the activation. Here is the encoder of a model with two hidden layers and Tanh:

# %%
print(BasicAutoencoder(784, 32, hidden_dims=(256, 64), activation="tanh").encoder)

# %% [markdown]
# As data the tutorial takes noise: `torch.randn(1000, 784)`, "replace with your actual data later".
# Each number is drawn by itself, with mean 0 and variance 1. (The **variance** is the standard
# deviation squared: the mean squared distance from the mean.) Here is the tutorial's loop, as it
# stands. Every line of it is known from lesson 3. Input and target are the same tensor.
#
# ### Predict
#
# First a yardstick. Always answering 0 costs the mean squared error 1 on these data: the variance.
# Now suppose that the loop below has run. We draw 1,000 *new* rows in the same way.

# %%
guess_new = predict.choice(
    "new_rows",
    "How well does the trained autoencoder restore the new rows? Mean squared error …",
    ["about 0.1", "about 0.5", "about 0.9", "between 0.96 and 1", "above 1"],
)
guess_new

# %%
torch.manual_seed(0)
input_dimension, encoding_dimension = 784, 32
autoencoder = BasicAutoencoder(input_dimension, encoding_dimension)

X_train = torch.randn(1000, input_dimension)
train_dataset = TensorDataset(X_train, X_train)  # input and target are the same
train_loader = DataLoader(train_dataset, batch_size=64, shuffle=True)

criterion = nn.MSELoss()
optimizer = optim.Adam(autoencoder.parameters(), lr=0.001)

num_epochs = 10
for epoch in range(num_epochs):
    for data, targets in train_loader:
        outputs = autoencoder(data)
        loss = criterion(outputs, targets)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    print(f"Epoch [{epoch + 1}/{num_epochs}], Loss: {loss.item():.2f}")


# %%
def error(model, x):
    """Mean squared error of a model's reconstructions of x."""
    with torch.no_grad():
        return ((model(x) - x) ** 2).mean().item()


X_new = gaussian_noise(1000, input_dimension, seed=1)
print(f"the 1,000 rows of training: {error(autoencoder, X_train):.2f}")
guess_new.compare(
    f"about {error(autoencoder, X_new):.2f}",
    "Hardly better than always answering 0, which costs 1.",
)

# %% [markdown]
# The tutorial says: *observe the loss decreasing over the epochs. This indicates that the
# autoencoder is learning to reconstruct the input.* Half of it is true. The loss did fall: over all
# rows of training it is 0.89 now. (The loop prints the loss of each epoch's last batch. It has only
# 40 rows, so these numbers tremble: some even rise.) But on new rows the model can do next to
# nothing: 0.98.
#
# ## A floor
#
# Could it be better? Think of a simpler task first: 2 numbers, and a code of 1. The two numbers are
# independent, each with variance 1. The code can pass on the first. Of the second it then knows
# nothing. The best answer is its mean, 0, and that costs 1. So of the 2 numbers one is right and
# one costs 1: the mean squared error is 1/2.
#
# With 784 numbers and 32 latents, 784 − 32 numbers are lost:
#
# $$\text{floor} = \frac{784 - 32}{784} = 1 - \frac{32}{784} \approx 0.959.$$
#
# For a linear decoder no other choice is better. The code could carry sums and differences instead,
# but noise looks the same from all sides: 32 of 784 directions pass, the others are lost. We shall
# see below why.
#
# The decoder above has a hidden layer with ReLU, so it is not linear. In theory a decoder that folds
# wildly enough could pass far below the floor: a thin thread, wound up tightly enough, comes near
# every point. But nobody finds such a thread by training on a sample. On new rows none of the next
# five models comes even to the floor:

# %%
print(f"floor with 32 latents: {1 - 32 / 784:.3f}")


# %% [markdown]
# From here on we let `Trainer` run the loop. It takes batches, computes the loss and its gradient,
# and lets Adam make its step, as above. `Objective("none")` means: the mean squared error, and
# nothing else.


# %%
def train(model, data, new_data=None, **options):
    """Train with the mean squared error alone. Returns the history of the losses."""
    trainer = Trainer(model, Objective("none"), device="cpu", **options)
    return trainer.fit(data, new_data)


variants = {
    # name: latents, widths of the hidden layers, activation
    "the tutorial's": (32, (128,), "relu"),
    "16 latents": (16, (128,), "relu"),
    "64 latents": (64, (128,), "relu"),
    "a layer more": (32, (128, 128), "relu"),
    "Tanh": (32, (128,), "tanh"),
}
print("                  training   new    floor")
for name, (latents, widths, activation) in progress_bar(variants.items(), desc="training"):
    torch.manual_seed(0)
    model = BasicAutoencoder(784, latents, widths, activation)
    train(model, X_train, num_epochs=10, batch_size=64, learning_rate=0.001)
    floor = 1 - latents / 784
    print(f"{name:17} {error(model, X_train):7.2f}   {error(model, X_new):5.2f}   {floor:.2f}")

# %% [markdown]
# These are the tutorial's questions: what do 16 latents change, and 64, a layer more, Tanh? On
# noise the answer is always the same. More latents lower the floor, by 1/784 each. Nothing else
# moves the error on new rows by more than 0.02. It stays above the floor, whatever you build.
#
# But look at the left column: 0.85 to 0.93. The training loss is *below* the floor. How?
#
# ## Watch it fail: a loss that falls for the wrong reason
#
# We make the hidden layers twice as wide, and train six times as long. Beside the loss we watch the
# error on new rows.
#
# ### Predict

# %%
guess_memory = predict.choice(
    "memory",
    "After 60 epochs with hidden layers of 256 units …",
    [
        "both errors are near 0.96",
        "training is far below 0.96, new rows are near 0.96",
        "training is far below 0.96, new rows are above 1",
        "both errors are far below 0.96",
    ],
)
guess_memory

# %%
torch.manual_seed(0)
wide = BasicAutoencoder(784, 32, hidden_dims=(256,))
settings = {"num_epochs": 60, "batch_size": 64, "learning_rate": 0.001, "progress": "bar"}
history = train(wide, X_train, X_new, **settings)
guess_memory.compare(
    f"training {error(wide, X_train):.1f}, new rows {error(wide, X_new):.2f}",
    "Worse on new rows than always answering 0.",
)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 3.2)
epochs = range(1, 61)
ax.plot(epochs, history["train_loss"], label="training rows")
ax.plot(epochs, history["val_loss"], "--", label="new rows")
ax.axhline(1, color=GREY, linewidth=1)
ax.axhline(1 - 32 / 784, color="black", linewidth=1, linestyle=":")
ax.annotate("always answering 0", (60, 1), xytext=(0, 3), textcoords="offset points", ha="right")
ax.annotate("floor 0.959", (60, 0.959), xytext=(0, -13), textcoords="offset points", ha="right")
ax.set(xlabel="epoch", ylabel="mean squared error")
ax.legend(loc="lower left")
show_figure(
    figure,
    "Mean squared error over 60 epochs. On the training rows it falls from 1.0 through the floor "
    "of 0.959 to about 0.6. On new rows it first dips to 0.98, never reaching the floor, and then "
    "rises above 1, to about 1.08.",
)

# %% [markdown]
# **What happened.** There are only 1,000 rows, and the network has more than 400,000 weights. It
# learns the rows themselves: this is **memorising**. For the rows it knows, the floor does not
# hold. The floor speaks of rows drawn anew, not of a fixed list of them.
#
# **How to recognise it.** Not in the training loss. It looks the same when a model compresses and
# when it memorises. Look at new data: the two curves part. And know your floor: below it, a training
# loss says nothing about new rows.
#
# **How to mend it.** Early stopping (lesson 3) saves you from the worst, but here it saves little:
# at its best the model is at 0.98. If every batch is new, nothing can be memorised, and the
# training loss stops at the floor: you will see it near the end of this lesson. But there is
# nothing to learn in noise. So we need data with something in them.

# %%
weights = sum(p.numel() for p in wide.parameters())
best = min(history["val_loss"])
print(f"{weights:,} weights and biases; lowest error on new rows: {best:.2f}")

# %% [markdown]
# ## Real digits
#
# Pictures of digits are not noise. Where one pixel is dark, its neighbour often is too. So a few
# numbers may tell much about all 64. Our digits are those of lesson 1, with pixels from 0 (paper)
# to 1 (ink): 1,400 to train with, and 397 new ones.

# %%
pixels, labels = digits("train")
new_pixels, new_labels = digits("test")
mean_digit = pixels.mean(dim=0)


def train_on_digits(model_class, *arguments, steps=1200, learning_rate=0.003, seed=0):
    """A model trained on the 1,400 digits, and its history."""
    torch.manual_seed(seed)
    model = model_class(*arguments)
    settings = {"batch_size": 128, "schedule": "cosine", "record_every": 50, "seed": seed}
    history = train(model, pixels, num_steps=steps, learning_rate=learning_rate, **settings)
    return model, history


def thousandths(model, x):
    """The error, times 1,000."""
    return 1000 * error(model, x)


eight, _ = train_on_digits(BasicAutoencoder, 64, 8)
always_mean = 1000 * ((new_pixels - mean_digit) ** 2).mean().item()
print(f"variance of the pixels: {pixels.var().item():.2f}, about 1/{1 / pixels.var().item():.0f}")
print(f"always answering the mean digit: {always_mean:.0f} thousandths")

# %% [markdown]
# In lesson 3 we divided the pixels by their standard deviation. Here we leave them as they are. So
# all errors are smaller, about a seventh, and we count them in thousandths.
#
# (`schedule="cosine"` lowers the learning rate bit by bit to 0, so that training ends quietly.)
#
# The tutorial's challenge is to look at the result. Ten new digits, and below each what came
# through 8 numbers:

# %%
with torch.no_grad():
    restored = eight(new_pixels)
plot_reconstructions(new_pixels, restored.clamp(0, 1))  # no whiter than paper

# %% [markdown]
# Most can be read. They are smoother than the originals: what is typical of many digits gets
# through, and the trembling of a hand does not.
#
# ## PCA: the line to beat
#
# How good is this? We need something to compare with. Take points in the plane first, and a code of
# a single number.
#
# A *linear* decoder of one number $z$ can only answer with points on a line: $\hat x = m + z\,v$.
# Its place $m$ and its direction $v$ are the same for all points. Which line is best? It passes
# through the mean of the points, in the direction in which they spread most. The code of a point
# tells how far along the line it lies. What is lost is the distance to the line. (Why most spread?
# By Pythagoras the squares along the line and the squared distances to it add up to the same total,
# whatever the direction of the line. So the more lies along it, the less is lost.)
#
# This is **principal component analysis**, PCA for short. $v$ is the first **principal direction**.
# The second is at a right angle to it, and has the most spread of what is left; and so on, as many
# as there are dimensions. The variance along each is what we lose when we leave the direction out.
# All these variances, in falling order, are called the **spectrum** of the data.
#
# In the cell, look at `pca_model`. `(new - mean) @ V` is the code: one weighted sum per direction.
# `@ V.T` goes back: as far along each direction as the code says.


# %%
# You need not follow `pca`: it calls a ready formula.
def pca(x):
    """Mean (d,), principal directions as columns (d, d), and spectrum (d,), largest first."""
    mean = x.mean(dim=0)
    centred = (x - mean).double()
    covariance = centred.T @ centred / len(x)  # (d, d)
    spectrum, directions = torch.linalg.eigh(covariance)  # a ready formula; smallest first
    return mean, directions.flip(1).float(), spectrum.flip(0).clamp(min=0).float()


def pca_model(x, latents):
    """The reconstruction from the first principal directions of x, as a function."""
    mean, directions, _ = pca(x)
    V = directions[:, :latents]  # (d, latents)
    return lambda new: (new - mean) @ V @ V.T + mean


def arc(count=400, seed=0):
    """Points in the plane along a bent line, (count, 2)."""
    generator = torch.Generator().manual_seed(seed)
    along = 2 * torch.rand(count, 1, generator=generator) - 1
    noise = 0.06 * torch.randn(count, 2, generator=generator)
    return torch.cat([1.5 * along, 1.5 * along**2 - 0.5], dim=1) + noise


points = arc()
spectrum = pca(points)[2]
print(f"spectrum: {spectrum[0]:.2f} and {spectrum[1]:.2f}")
print(f"error of PCA with one latent: {error(pca_model(points, 1), points):.2f}")
print(f"half of the second variance:  {spectrum[1] / 2:.2f}")

# %% [markdown]
# Along the second direction the points have variance 0.19. All of it is lost. The mean squared
# error averages over the 2 dimensions, so it is half of that. In general, with $k$ latents in $d$
# dimensions and the spectrum $\lambda_1 \ge \lambda_2 \ge \dots \ge \lambda_d$,
#
# $$\text{floor}_k = \frac{\lambda_{k+1} + \lambda_{k+2} + \dots + \lambda_d}{d}.$$
#
# The part of the spectrum in the numerator is its **tail**. For noise all variances are 1, and the
# floor is $(d - k)/d$: the 0.959 from above.
#
# Now an autoencoder with one latent, and a hidden layer of 32 Tanh units on either side. Its
# decoder is not linear: as $z$ grows, its answer moves along a *curve*.

# %%
torch.manual_seed(0)
bent = BasicAutoencoder(2, 1, (32,), "tanh")
train(bent, points, num_steps=800, batch_size=64, learning_rate=0.01, schedule="cosine")
print(f"autoencoder with one latent: {error(bent, points):.3f}")

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.8, columns=2, sharey=True)
straight = pca_model(points, 1)
for ax, model, title in ((axes[0], straight, "PCA"), (axes[1], bent, "autoencoder, Tanh")):
    with torch.no_grad():
        answer = model(points)
    for point, image in zip(points[:60], answer[:60]):
        ax.plot(*torch.stack([point, image]).T, color=GREY, linewidth=0.8)
    ax.scatter(*points.T, s=6, color=BLUE, label="points")
    ax.scatter(*answer.T, s=6, marker="s", color=ORANGE, label="reconstructions")
    ax.set(title=f"{title}: error {error(model, points):.3f}", xlabel="first coordinate")
axes[0].set_ylabel("second coordinate")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
show_figure(
    figure,
    "400 points along an arc. Left, PCA with one latent: all reconstructions lie on a straight "
    "line through the arc, and long grey lines join points to them; error 0.096. Right, the "
    "autoencoder with one latent: the reconstructions lie on a curve that follows the arc, with "
    "an error of about 0.003.",
)

# %% [markdown]
# So PCA's answers lie on a flat **sheet**: a line, a plane, or their like in more dimensions. An
# autoencoder's sheet may be bent. Where data lie on a bent sheet, it can win. Do digits?
#
# ### Predict
#
# With 8 latents, PCA has an error of 25 thousandths on new digits.

# %%
guess_eight = predict.number(
    "eight", "And the autoencoder with 8 latents and a hidden layer? In thousandths"
)
guess_eight

# %%
guess_eight.compare(
    f"about {thousandths(eight, new_pixels):.0f}",
    f"PCA: {thousandths(pca_model(pixels, 8), new_pixels):.0f}. So digits lie on a bent sheet.",
)

# %% [markdown]
# ## How many latents?
#
# We train one autoencoder for each of six sizes of the code, and compute PCA for the same sizes.

# %%
sizes = (1, 2, 4, 8, 16, 32)
by_size = {
    k: train_on_digits(BasicAutoencoder, 64, k) for k in progress_bar(sizes, desc="training")
}
autoencoders = {k: model for k, (model, _) in by_size.items()}
principal = {k: pca_model(pixels, k) for k in sizes}


# %%
# You need not follow this cell: it draws.
def draw_sizes(figure, latents, digit):
    k, digit = int(latents), int(digit)
    shown = new_pixels[new_labels == digit][:3]
    axes = figure.subplots(3, 3)
    models = {"input": lambda x: x, "PCA": principal[k], "autoencoder": autoencoders[k]}
    for row, (name, model) in zip(axes, models.items()):
        with torch.no_grad():
            pictures = model(shown)
        for ax, picture in zip(row, pictures):
            ax.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(True)
            ax.grid(False)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    flat, net = (thousandths(models[name], new_pixels) for name in ("PCA", "autoencoder"))
    return (
        f"{k} latents. Mean squared error over all new digits, in thousandths: "
        f"PCA {flat:.0f}, autoencoder {net:.0f}."
    )


LiveFigure(
    draw_sizes,
    "From how many latents on can you read the digits? Where is the autoencoder far ahead of PCA, "
    "and from where on is it not?",
    size=(5, 3.4),
    latents=Select("latents", tuple(str(k) for k in sizes), "2"),
    digit=Slider("digit", 0, 9, 1, 3),
)

# %% [markdown]
# **What you should have found.** With 1 latent nearly every digit is a blur. With 4 you can read
# most of the autoencoder's digits, with 8 nearly all. PCA needs about twice as many latents for the
# same error. With 32 the autoencoder is no longer ahead.

# %%
# You need not follow this cell: it draws.
figure, (left, right) = new_figure(7, 3.1, columns=2, width_ratios=(3, 4))
curves = (("PCA", principal, "--s"), ("autoencoder", autoencoders, "-o"))
for name, models, style in curves:
    left.plot(sizes, [thousandths(models[k], new_pixels) for k in sizes], style, label=name)
left.set_xscale("log", base=2)
left.set(xlabel="latents", ylabel="error on new digits\n(thousandths)", xticks=sizes, ylim=(0, 70))
left.set_xticklabels([str(k) for k in sizes])
left.legend()
four = new_pixels[new_labels == 4][0]
rows = []
for _, models, _ in curves:
    with torch.no_grad():
        pictures = [models[k](four[None])[0].reshape(8, 8) for k in sizes]
    pictures = [four.reshape(8, 8), *pictures]
    rows.append(torch.cat([nn.functional.pad(p, (1, 1, 1, 1), value=0.3) for p in pictures], 1))
right.imshow(torch.cat(rows), cmap="gray_r", vmin=0, vmax=1)
right.set_xticks([4.5 + 10 * i for i in range(7)], ["input", *(str(k) for k in sizes)])
right.set_yticks([4.5, 14.5], ["PCA", "auto-\nencoder"])
right.tick_params(length=0)
right.set_xlabel("latents")
right.grid(False)
show_figure(
    figure,
    "Left, error on new digits against latents, in thousandths. PCA falls from 63 with 1 latent "
    "over 25 with 8 to 3 with 32. The autoencoder falls from 48 over 14 to 3. Right, one 4 "
    "restored from 1, 2, 4, 8, 16 and 32 latents by both: the autoencoder's looks like a 4 "
    "earlier than PCA's, and with 32 latents both look like the input.",
)

# %%
print("latents   PCA   autoencoder   (thousandths, new digits)")
for k in sizes:
    flat, net = (thousandths(m[k], new_pixels) for m in (principal, autoencoders))
    print(f"{k:7} {flat:5.0f} {net:13.0f}")

# %% [markdown]
# ### What happens when the code is very small?
#
# So asks the tutorial. With 2 latents we can look at the codes themselves: each digit is a point in
# the plane.

# %%
# You need not follow this cell: it draws.
with torch.no_grad():
    codes = autoencoders[2].encode(new_pixels)  # (397, 2)
figure, ax = new_figure(5.4, 3.6)
shown = (0, 1, 4, 6, 8)
for digit, colour in zip(shown, (BLUE, ORANGE, "#009e73", RED, "#cc79a7")):
    for code in codes[new_labels == digit]:
        ax.annotate(str(digit), code, color=colour, size=8, ha="center", va="center")
low, high = codes.min(dim=0).values, codes.max(dim=0).values
low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)  # room for the outermost
ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
ax.set(xlabel="first latent", ylabel="second latent", title="codes of new digits")
show_figure(
    figure,
    "The codes of the new digits 0, 1, 4, 6 and 8 in the plane of two latents, each drawn as its "
    "digit. Each kind of digit has a region of its own, with some overlap: 0, 4 and 6 lie apart, "
    "8 and 1 come close to others.",
)

# %% [markdown]
# Different digits that lie close together must share an answer, for the decoder moves smoothly from
# one to the next. What costs least is a mean of them: a blur. With few latents many digits lie
# close together. And nobody told the encoder what a digit is: the regions come from the task of
# restoring alone.

# %%
apart = torch.cdist(codes, codes) + 1e9 * torch.eye(len(codes))  # a code is far from itself
nearest = apart.argmin(dim=1)
same = 100 * (new_labels[nearest] == new_labels).float().mean().item()
print(f"the nearest other code is of the same digit: about {round(same, -1):.0f} of 100")

# %% [markdown]
# ## More layers, other activations
#
# The tutorial asks for more layers, and for Tanh in place of ReLU: *does the loss converge
# differently?* We ask it at two sizes of the code.

# %%
recipes = {
    # name: widths of the hidden layers, activation
    "ReLU, 1 hidden layer": ((128,), "relu"),
    "Tanh, 1 hidden layer": ((128,), "tanh"),
    "ReLU, 2 hidden layers": ((128, 128), "relu"),
    "Tanh, 2 hidden layers": ((128, 128), "tanh"),
}
runs = {(k, "ReLU, 1 hidden layer"): by_size[k] for k in (2, 8)}  # trained already
for name, (widths, activation) in progress_bar(list(recipes.items())[1:], desc="training"):
    for k in (2, 8):
        runs[k, name] = train_on_digits(BasicAutoencoder, 64, k, widths, activation)
print("thousandths                  2 latents          8 latents")
print("                         training   new     training   new")
for name in recipes:
    row = [thousandths(runs[k, name][0], x) for k in (2, 8) for x in (pixels, new_pixels)]
    print("{:22} {:8.0f} {:8.0f} {:9.0f} {:8.0f}".format(name, *row))

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3.2, columns=2)
for ax, k in zip(axes, (2, 8)):
    for name, style in zip(recipes, ("-", "--", "-.", ":")):
        curve = [1000 * loss for loss in runs[k, name][1]["train_loss"]]
        ax.plot(range(50, 1201, 50), curve, style, label=name, linewidth=1.7)
    ax.axhline(thousandths(principal[k], pixels), color="black", linewidth=1, linestyle=":")
    ax.annotate(
        "PCA", (1200, thousandths(principal[k], pixels)), xytext=(0, 3),
        textcoords="offset points", ha="right",
    )  # fmt: skip
    ax.set(title=f"{k} latents", xlabel="step", ylim=(0, 80))
axes[0].set_ylabel("training loss (thousandths)")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
show_figure(
    figure,
    "Training loss over 1,200 steps for four networks. Tanh with one hidden layer pauses at PCA's "
    "dotted line, at 52 thousandths with 2 latents and 24 with 8, before it falls on; it stays "
    "highest, and ends at 40 and 15. The others fall without a pause, to 27 to 32 and 10 to 12.",
)

# %% [markdown]
# - **A layer more** helps where the code is tight. With 2 latents the decoder must bend its sheet
#   strongly, and a second hidden layer helps it to. With ReLU and 8 latents it gains next to
#   nothing.
# - **Tanh** does converge differently. With one hidden layer it pauses just at PCA's line. Near 0
#   tanh is almost straight (lesson 2), so at first the network is almost linear, and finds what a
#   linear one can. Only then does it bend. After 1,200 steps it is still behind ReLU, clearly so
#   with 2 latents. With two hidden layers the two are about equal on new digits. Neither is the
#   better choice everywhere: try both.
# - **New digits** always cost somewhat more than those of training. With 2 latents the gap is
#   largest for the network that fits the training digits best, and smallest for the one that fits
#   them worst.
#
# ## Which half needs the hidden layer?
#
# Must encoder *and* decoder have hidden layers? Suppose that only the encoder has one, and the
# decoder is a single linear layer.
#
# ### Predict

# %%
guess_linear = predict.choice(
    "linear_decoder",
    "A clever encoder, a linear decoder, 8 latents. On the training digits its error is …",
    ["below PCA's", "above PCA's or equal", "below or above, depending on the random weights"],
)
guess_linear


# %%
class LinearDecoder(nn.Module):
    """An encoder with a hidden layer of 128 ReLU units, and a linear decoder."""

    def __init__(self, input_dim, latents):
        super().__init__()
        self.input_dim, self.latent_dim = input_dim, latents
        self.encode = nn.Sequential(nn.Linear(input_dim, 128), nn.ReLU(), nn.Linear(128, latents))
        self.decode = nn.Linear(latents, input_dim)

    def forward(self, x):
        return self.decode(self.encode(x))


one_sided, _ = train_on_digits(LinearDecoder, 64, 8, steps=1500)
linear, _ = train_on_digits(BasicAutoencoder, 64, 8, (), "identity", steps=1500, learning_rate=0.01)
for name, model in {
    "PCA": principal[8],
    "linear encoder, linear decoder": linear,
    "hidden layer in the encoder only": one_sided,
    "hidden layers in both": autoencoders[8],
}.items():
    print(f"{name:33} {thousandths(model, pixels):.1f} thousandths on the training digits")

# %%
below = error(one_sided, pixels) < error(principal[8], pixels)
guess_linear.compare(
    "below PCA's" if below else "above PCA's or equal",
    "With other random weights too, and however long you train: the proof comes next.",
)

# %% [markdown]
# **Why.** With a linear decoder and 8 latents, every answer lies on one flat sheet of 8 dimensions.
# The encoder only chooses *where* on the sheet. The best place for a point is the foot of the
# perpendicular, the place on the sheet that is nearest to it. A linear encoder finds it. Nothing
# can be nearer. So the sheet alone matters, and PCA's is the best one for these data. This is why
# the floor holds for *every* encoder, as long as the decoder is linear.
#
# The second line is an autoencoder without any activation. Its sheet is trained, and it comes
# within 3 % of PCA's. So PCA *is* the best linear autoencoder: one that needs no training.
#
# For the sparse autoencoders of this course keep this in mind. Their decoder is linear. But of many
# latents each input uses only a few, and other inputs use others. So each input gets a small sheet
# of its own, where PCA must use one sheet for all.

# %% [markdown]
# ## Watch it fail: ReLU on a tight code
#
# Now the simplest autoencoder with an activation on its *code*: linear, ReLU, linear. It is the one
# that sparse autoencoders grow from:
#
# $$z = \mathrm{ReLU}(A x + b), \qquad \hat x = C z + d.$$
#
# ReLU stands in the method that makes the code:

# %%
print(ReluAutoencoder(64, 8))
show_source(ReluAutoencoder.encoder_activations)

# %% [markdown]
# ### Predict
#
# We train it with 8 latents on the digits. PCA's error is 25 thousandths on new digits.

# %%
guess_lost = predict.number(
    "lost", "How many of the 8 latents are dead afterwards: 0 on all of the digits?"
)
guess_lost


# %%
def dead_latents(model, x=None):
    """How many latents are 0 on all of x (the training digits if left out)."""
    report = evaluate_autoencoder(model, pixels if x is None else x)
    return int((report.density == 0).sum())


class CountDead(Callback):
    """Look on while a model is trained: how many latents are dead after every fifth step?"""

    def __init__(self, x):
        self.x, self.counts = x, []

    def on_fit_start(self, trainer):
        self.counts.append(dead_latents(trainer.model, self.x))

    def on_step_end(self, trainer):
        if trainer.step % 5 == 0 and trainer.step <= 100:
            self.counts.append(dead_latents(trainer.model, self.x))


def with_relu_code(x, seed=0):
    """A trained ReluAutoencoder with 8 latents, and its dead latents over the first 100 steps."""
    torch.manual_seed(seed)
    model, watch = ReluAutoencoder(64, 8), CountDead(x)
    settings = {"batch_size": 128, "schedule": "cosine", "seed": seed, "callbacks": [watch]}
    train(model, x, num_steps=1000, learning_rate=0.003, **settings)
    return model, watch.counts


lost, deaths = [], {}
print("random weights   dead latents   error, new digits (thousandths)")
for seed in range(3):
    model, deaths[seed] = with_relu_code(pixels, seed)
    lost.append(dead_latents(model))
    print(f"seed {seed}           {lost[-1]:12}   {thousandths(model, new_pixels):20.0f}")
guess_lost.compare(
    f"{min(lost)} to {max(lost)} of 8, depending on the random weights",
    "Each dead latent is a direction less.",
)

# %% [markdown]
# `CountDead` is a `Callback`: a class whose methods `Trainer` calls while it works. It tells *when*
# the latents die.

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 2.7)
for (seed, counts), style in zip(deaths.items(), ("-o", "--s", ":^")):
    ax.plot(range(0, 101, 5), counts, style, markersize=4, label=f"seed {seed}")
ax.set(xlabel="step", ylabel="dead latents, of 8", ylim=(-0.3, 8))
ax.legend()
show_figure(
    figure,
    "Dead latents over the first 100 of 1,000 steps, for three choices of random weights. All "
    "start with none. Within the first 60 steps two to four of the eight die, and none comes back.",
)

# %% [markdown]
# **What happened.** None of these latents is dead at the start. They die in the first steps, as in
# lesson 2. A weight's slope is the slope of its latent times its pixel (lesson 3), and pixels are
# never negative. So when a step wants a latent to be smaller, no weight rises and nearly all fall,
# and the latent sinks on all digits at once. Below 0 ReLU's slope is 0, and there it stays. In a hidden layer of 128 units you would not notice. In a code of 8 each one counts:
# with 4 of 8 dead, the model is worse than PCA with 4 latents (38 thousandths).
#
# **How to recognise it.** Count the latents that are 0 on all data. `evaluate_autoencoder` gives
# the share of inputs on which each latent is active: its **density**. A dead latent has density 0.
#
# **How to mend it.** Leave the code of a narrow autoencoder without an activation, as the
# tutorial's code does. Or take the mean off the data first. Then a step that lowers a latent on
# some digits raises it on others:

# %%
print("mean taken off   dead latents   error, new digits (thousandths)")
for seed in range(3):
    model, _ = with_relu_code(pixels - mean_digit, seed)
    dead = dead_latents(model, pixels - mean_digit)
    print(f"seed {seed}           {dead:12}   {thousandths(model, new_pixels - mean_digit):20.0f}")

# %% [markdown]
# None is dead, and the error is close to PCA's 25. (How a code that is never negative can do as well
# as PCA's, you will see under *What does ReLU do?*) Remember the mean: it comes back when we build
# sparse autoencoders.

# %% [markdown]
# ## F = 100, 767, 768, 1000
#
# Another document that this course follows trains the same kind of autoencoder on the activations
# of a small language model, TinyStories-33M. After the second of its four layers each token, a word
# or a piece of one, is a vector of 768 numbers. The document calls the number of latents $F$, for
# features, and tries $F = 100$, 767, 768 and 1000. It reports:
#
# - for $F = 100$ the loss stays high;
# - for 768 and 1000 it converges to 0;
# - for 767 the curve "is almost perfectly covered" by that of 768. But zoomed in, it gets stuck at
#   a small loss, because going from 768 to 767 dimensions "loses just a little information".
#
# It is a good story. Is it the only one that such curves allow? Three things may hold up a loss:
#
# 1. **the floor**: the tail of the spectrum that $F$ latents must leave out;
# 2. **training**: weights that would do better exist, but are not found yet;
# 3. **ReLU**: each latent can say "how much" only from 0 up.
#
# The document's activations are not at hand. (A later lesson trains a small language model of its
# own.) So we make data whose spectrum we *know*. Then the floor is known before training. We train
# for less long than the document, too: seconds instead of hours. No row is used twice, so nothing
# can be memorised. All losses are per element: squared errors, averaged over rows and over the 768
# numbers of a row.


# %%
def spectrum_floor(spectrum, latents):
    """What any encoder with a linear decoder must lose: the tail, divided by d."""
    return (spectrum[latents:].sum() / len(spectrum)).item()


def sweep(model_of, features, rows, steps, batch_size, **options):
    """One model for each F: its losses every 20 steps, and the trained model."""
    runs = {}
    for F in progress_bar(features, desc="training"):
        torch.manual_seed(0)
        model = model_of(rows.shape[1], F)
        settings = {"num_steps": steps, "batch_size": batch_size, "record_every": 20}
        runs[F] = train(model, rows, **settings, **options)["train_loss"], model
    return runs


def without_relu(d, F):
    """Linear, linear: ReluAutoencoder without its ReLU."""
    return BasicAutoencoder(d, F, hidden_dims=(), activation="identity")


document = (100, 767, 768, 1000)

# %% [markdown]
# ### Where the story holds
#
# The friendliest case first. The data are noise again, 768 numbers of variance 1 each. The model
# has no ReLU. Only the floor and training are left of the three.

# %%
flat_spectrum = power_law_spectrum(768, exponent=0)  # 768 ones
noise_rows = gaussian_noise(26_600, 768)
noise_rows, new_noise = noise_rows[:25_600], noise_rows[25_600:]
settings = {"steps": 800, "batch_size": 32, "learning_rate": 0.003, "schedule": "cosine"}
story = sweep(without_relu, document, noise_rows, **settings)

# %%
# You need not follow this cell: it draws.
STYLES = dict(zip(range(4), (("#009e73", "-"), (BLUE, "-"), (RED, "--"), (ORANGE, "-."))))


def draw_sweep(runs, spectrum, zoom, title, every=20):
    """The losses of a sweep, whole and zoomed in, with the floor of the second-smallest code."""
    figure, axes = new_figure(7, 3.2, columns=2)
    for i, (F, (losses, _)) in enumerate(runs.items()):
        colour, line = STYLES[i]
        steps = [every * (j + 1) for j in range(len(losses))]
        for ax in axes:
            ax.plot(steps, losses, line, color=colour, label=f"F = {F}", linewidth=1.8)
    first, second = list(runs)[:2]
    floors = ((axes[0], first), (axes[1], second))
    for ax, F in floors:
        floor = spectrum_floor(spectrum, F)
        ax.axhline(floor, color="black", linewidth=1, linestyle=":", label=None)
        below = ax is axes[1] and floor > zoom / 10  # where no curve runs
        ax.annotate(
            f"floor, F = {F}", (0.98, floor), xycoords=("axes fraction", "data"), ha="right",
            xytext=(0, -12 if below else 3), textcoords="offset points", size=9,
        )  # fmt: skip
    axes[0].set(title=f"{title}, whole", xlabel="step", ylim=(0, 1.02))
    axes[0].set_ylabel("loss per element")
    axes[1].set(title="zoomed in", xlabel="step", ylim=(0, zoom))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


show_figure(
    draw_sweep(story, flat_spectrum, 0.005, "noise, no ReLU"),
    "Loss per element over 800 steps, noise, no ReLU. Whole: F = 100 stays at its floor of 0.87; "
    "767, 768 and 1000 fall to 0 together. Zoomed in to 0.005: F = 767 levels off at its floor of "
    "0.0013, while 768 and 1000 go on to 0.",
)


# %%
def report(runs, spectrum, new_rows, decimals=4):
    """The floor and the error on new rows for each F; small numbers with so many decimals."""

    def rounded(value):
        return f"{value:.2f}" if value > 0.05 else f"{value:.{decimals}f}"

    print("   F    floor   error on new rows")
    for F, (_, model) in runs.items():
        floor, lost = spectrum_floor(spectrum, F), error(model, new_rows)
        print(f"{F:4}   {rounded(floor):>6}   {rounded(lost):>6}")


report(story, flat_spectrum, new_noise)

# %% [markdown]
# Here is the document's picture, and its explanation is right. $F = 100$ stays at 0.87. In the
# whole picture 767 is covered by 768. Zoomed in, it stops at 0.0013. That is 1/768: one direction
# of 768 is lost.
#
# The document adds up the squared errors over the 768 numbers, and averages over tokens only. In
# its units our 0.0013 is $768 \cdot 0.0013 = 1$: exactly the variance of the lost direction. It
# reports 0.1. So the story asks for data whose *smallest* variance is 0.1.
#
# ### A steep spectrum
#
# Real activations are no noise. A few directions carry most of the variance, and there is a long
# tail of small ones. We take variances that fall like $1, \frac12, \frac13, \dots$, all multiplied by
# one number such that their mean is 1. So always answering 0 costs 1, as for noise. And ReLU is back,
# as in the document's model, with the usual settings: Adam with a learning rate of 0.001, from start
# to end.

# %%
steep_spectrum = power_law_spectrum(768, exponent=1)
steep_rows = spectral_data(17_000, steep_spectrum)
steep_rows, new_steep = steep_rows[:16_000], steep_rows[16_000:]
print("the first variances:", [round(v, 1) for v in steep_spectrum[:4].tolist()])
for F in document:
    print(f"F = {F:4}   floor {spectrum_floor(steep_spectrum, F):.4f}")

# %% [markdown]
# ### Predict

# %%
guess_steep = predict.choice(
    "steep",
    "500 steps of 32 rows, steep spectrum, ReLU. The curve of F = 767 …",
    [
        "stops at its floor of 0.0002; that of 768 goes to 0",
        "goes with that of 768; both stay far above the floor",
        "stays far above that of 768",
    ],
)
guess_steep

# %%
settings = {"steps": 500, "batch_size": 32, "learning_rate": 0.001}
steep = sweep(ReluAutoencoder, document, steep_rows, **settings)

# %%
show_figure(
    draw_sweep(steep, steep_spectrum, 0.3, "steep spectrum, ReLU"),
    "Loss per element over 500 steps, steep spectrum, ReLU. Whole: F = 100 ends at about 0.4, "
    "above its floor of 0.28. 767 and 768 fall together, 1000 a little below. Zoomed in to 0.3: "
    "all three are still falling, 767 and 768 on the same curve near 0.2, 1000 below them, while "
    "the floor of 767 lies on the axis.",
)

# %%
report(steep, steep_spectrum, new_steep)
gap = abs(error(steep[767][1], new_steep) - error(steep[768][1], new_steep))
guess_steep.compare(
    "both stay far above the floor" if gap < 0.01 else "they part",
    "About 0.2 each. The floor of 767 is a thousand times lower.",
)

# %% [markdown]
# The whole picture looks much like the document's: 767 covered by 768, and a level above 0. But
# the lost direction has nothing to do with it. It is worth 0.0002 here. And 768, whose floor is 0,
# is just as high.
#
# Then is it training, or ReLU? Take ReLU away, and leave everything else:

# %%
plain = sweep(without_relu, (768,), steep_rows, **settings)
with_relu, linear_error = error(steep[768][1], new_steep), error(plain[768][1], new_steep)
print("F = 768, error on new rows after 500 steps")
print("  floor                     0")
print(f"  training, without ReLU    {linear_error:.2f}")
print(f"  with ReLU                 {with_relu:.2f}")

# %% [markdown]
# Without ReLU 0.05 is left, with ReLU 0.20 after the same 500 steps. So the floor explains nothing
# here, and ReLU makes training harder. How?
#
# ### What does ReLU do?
#
# Can a ReLU autoencoder with $F = d$ copy its input at all? It can, with a trick. Give each latent
# a large bias. Then its pre-activation is above 0 on all data, and ReLU does nothing. The decoder
# takes the bias off again. The model is linear, and has no loss.
#
# The trick must be *learned*. For 768 latents and 500 steps it is too early. So we make everything
# 12 times smaller: $d = 64$, with $F = 8$, 63, 64 and 83 in place of 100, 767, 768 and 1000. Now
# 3,000 steps take a few seconds. The spectrum falls more gently, as $1/\sqrt{i}$.

# %%
gentle_spectrum = power_law_spectrum(64, exponent=0.5)
small_rows = spectral_data(66_000, gentle_spectrum)
small_rows, new_small = small_rows[:64_000], small_rows[64_000:]
settings = {"steps": 3000, "batch_size": 64, "learning_rate": 0.005, "schedule": "cosine"}
small = sweep(ReluAutoencoder, (8, 63, 64, 83), small_rows, **settings)

# %%
show_figure(
    draw_sweep(small, gentle_spectrum, 0.03, "d = 64, ReLU"),
    "Loss per element over 3,000 steps, d = 64, ReLU. Whole: F = 8 stays at its floor of 0.70, "
    "the others fall to 0. Zoomed in to 0.03: F = 63 levels off just above its floor of 0.009, "
    "64 comes down slowly to near 0, 83 quickly.",
)


# %%
def active_share(model, x):
    """Percentage of the latents that are above 0, averaged over x."""
    with torch.no_grad():
        return 100 * (model.encode(x) > 0).float().mean().item()


report(small, gentle_spectrum, new_small, decimals=3)
for F in (64, 83):
    torch.manual_seed(0)
    before = active_share(ReluAutoencoder(64, F), new_small)
    after = active_share(small[F][1], new_small)
    shares = f"before training about {round(before, -1):.0f} %, after {round(after, -1):.0f} %"
    print(f"F = {F}: latents above 0 {shares}")
share = active_share(steep[768][1], new_steep)
print(f"768 after 500 steps: about {round(share, -1):.0f} %")
early = {F: small[F][0][24] for F in (64, 83)}  # the loss after 500 of the 3,000 steps
print(f"loss after 500 steps: that of 64 is {early[64] / early[83]:.0f} times that of 83")

# %% [markdown]
# Now ReLU shows the whole story: 8 high, 63 close to its floor, 64 almost at 0, and 83 nearer
# still. And the last lines tell how. At first half of the latents are above 0. In the end nearly
# all are, on nearly all rows. Training has *switched ReLU off*. The big model had come from 50 to
# about 60 % when we stopped it.
#
# With more latents than dimensions it is easier: after 500 steps the loss of 64 is still several times
# that of 83. $F = 64$ is the hard case: it has no latent to spare, and each must be above 0 on all
# rows.
#
# | what holds up the loss | how to find out |
# |---|---|
# | floor | compute the tail of the spectrum; only more latents help |
# | training | is the curve still falling? Train longer, change the learning rate |
# | ReLU | train without it; count how many latents are above 0 |
#
# **And the document's 767?** Its explanation is right in kind: the floor exists. Whether its 0.1
# *is* the floor, we cannot tell from the curve. Its runs were far longer than ours, so training may
# well have been done. One number would settle it: the smallest variance in the spectrum of its
# activations. If it is 0.1, the story holds. Real spectra are often steep. Then it is smaller, and
# something else held the loss up.

# %% [markdown]
# ## Keeping models
#
# The document saves its model every 5,000 steps, "because we'll do some inference later". Such a
# saved state is a **checkpoint**. This `Callback` saves the model every so many steps, each time in
# a folder of its own:


# %%
class KeepEvery(Callback):
    """Save the model after every so many steps."""

    def __init__(self, folder, every):
        self.folder, self.every = folder, every

    def on_step_end(self, trainer):
        if trainer.step % self.every == 0:
            save_autoencoder(trainer.model, self.folder / f"step_{trainer.step}")


workplace = Path(tempfile.mkdtemp())  # a folder for this section, removed at its end
torch.manual_seed(0)
model = BasicAutoencoder(64, 8)
settings = {"num_steps": 1200, "batch_size": 128, "learning_rate": 0.003}
train(model, pixels, **settings, callbacks=[KeepEvery(workplace, 300)])
for step in (300, 600, 1200):
    opened = load_autoencoder(workplace / f"step_{step}")
    print(f"step {step:4}: {thousandths(opened, new_pixels):.0f} thousandths")

# %%
same = torch.equal(opened(new_pixels), model(new_pixels))
print("the opened model answers exactly as the one in memory:", same)
print("files:", sorted(path.suffix for path in (workplace / "step_1200").iterdir()))

# %% [markdown]
# A checkpoint of this kind holds two files. The weights are in the format *safetensors*: names,
# shapes and numbers, nothing else. A small text file in JSON tells which class of the course it is,
# and with which sizes. That is all that is needed to build the model and fill it.
#
# To *go on* with training after a power cut you need more: Adam's averages, and the place in the
# data. For this `Trainer` has `checkpoint_folder` and `checkpoint_every`. It keeps the newest
# state. We cut the power at step 700.


# %%
class PowerCut(Callback):
    """Stop everything at one step, without a warning."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer):
        if trainer.step == self.step:
            raise RuntimeError("the power is gone")


def interrupted_run(folder):
    """Train until the power cut, then again from the last checkpoint. Returns the model."""
    kept = {**settings, "checkpoint_folder": folder, "checkpoint_every": 300}
    torch.manual_seed(0)
    first = Trainer(
        BasicAutoencoder(64, 8), Objective("none"), device="cpu", callbacks=[PowerCut(700)], **kept
    )
    try:
        first.fit(pixels)
    except RuntimeError as problem:
        print(f"step {first.step}: {problem}")
    second = Trainer(BasicAutoencoder(64, 8), Objective("none"), device="cpu", **kept)
    second.fit(pixels, resume=True)
    return second.model


resumed = interrupted_run(workplace / "run")
print("same as a run without a power cut:", torch.equal(resumed(new_pixels), model(new_pixels)))

# %% [markdown]
# ## Watch it fail: a file that no longer opens
#
# There is a shorter way to save, and the document warns of it: `torch.save(model, path)`. *If you
# later move the class to a different file, you may not be able to load old checkpoints. Did I know
# this and still walk into it? Yes.* Let us walk into it. We write a class into a file of its own,
# `my_models.py`, and save a model in both ways.

# %%
source = """
from torch import nn

class Narrow(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(64, 8), nn.Linear(8, 64)

    def forward(self, x):
        return self.decoder(self.encoder(x))
"""
(workplace / "my_models.py").write_text(source)
sys.path.insert(0, str(workplace))
importlib.invalidate_caches()
my_models = importlib.import_module("my_models")

narrow = my_models.Narrow()
torch.save(narrow, workplace / "whole_model.pt")  # the short way
torch.save(narrow.state_dict(), workplace / "weights.pt")  # the safe way
print(type(torch.load(workplace / "whole_model.pt", weights_only=False)).__name__, "opened")

# %% [markdown]
# So far both work. A month later we tidy up: `my_models.py` becomes `tidy_models.py`. Not a letter
# in it changes. (We also make Python forget the old module, as a fresh start of Python would.)
#
# ### Predict

# %%
guess_moved = predict.choice(
    "moved",
    "What does torch.load say to the two files now?",
    ["both open", "only weights.pt opens", "only whole_model.pt opens", "neither opens"],
)
guess_moved

# %%
(workplace / "my_models.py").rename(workplace / "tidy_models.py")
del sys.modules["my_models"]
shutil.rmtree(workplace / "__pycache__", ignore_errors=True)
importlib.invalidate_caches()

try:
    torch.load(workplace / "whole_model.pt", weights_only=False)
    whole_opens = True
except ModuleNotFoundError as problem:
    whole_opens = False
    print(f"whole_model.pt: {type(problem).__name__}: {problem}")

tidy_models = importlib.import_module("tidy_models")
again = tidy_models.Narrow()
print("weights.pt:    ", again.load_state_dict(torch.load(workplace / "weights.pt")))
same = torch.equal(again(new_pixels), narrow(new_pixels))

# %%
guess_moved.compare(
    "only weights.pt opens" if same and not whole_opens else "something else",
    "And the model in it answers exactly as before.",
)

# %% [markdown]
# **Why.** `torch.save(model)` writes a *pickle*. It does not hold the class. It holds the class's
# address: "`Narrow`, in the module `my_models`". When nobody lives there any more, the file is
# of no use, and all its numbers with it.
#
# **How to recognise it.** `ModuleNotFoundError` (the file moved) or `AttributeError` (the class was
# renamed), out of `torch.load`.
#
# **How to mend it.** Save the weights only: `model.state_dict()`, or `save_autoencoder` for the
# models of the course. If you already hold such a file: put the old name back for a moment, open
# it, and save its weights.
#
# There is a second reason. Opening a pickle may run any code that its writer put in. So today's
# torch refuses to open whole models, unless you insist with `weights_only=False`. Insist only for
# files that you wrote yourself.

# %%
try:
    torch.load(workplace / "whole_model.pt")
except Exception as problem:
    print(type(problem).__name__, "-", str(problem).split(".")[0].split("\n")[0])

sys.path.remove(str(workplace))
shutil.rmtree(workplace)  # tidy up

# %% [markdown]
# ## Quiz
#
# Six questions. Each answer tells you why it is right or wrong.

# %%
quiz.below_the_floor()

# %%
quiz.pca_or_autoencoder()

# %%
quiz.linear_decoder()

# %%
quiz.blurred()

# %%
quiz.stuck_at_768()

# %%
quiz.saving()

# %% [markdown]
# ## Summary
#
# - An autoencoder learns to restore its input from a short code. How well, only new data can tell.
# - In independent noise there is nothing to learn: with $k$ latents, a linear decoder and $d$ numbers
#   of variance 1 the floor is $1 - k/d$. A training loss below it is memorised.
# - PCA is the best linear autoencoder, and needs no training. Its error is the tail of the
#   spectrum, divided by $d$. Compare every autoencoder with it.
# - With a linear decoder no encoder beats PCA with as many latents on the training set. Hidden
#   layers pay in the decoder, and most where the code is tight.
# - A tight code with ReLU loses latents. Count them.
# - A loss that stops may be held up by the floor, by training or by ReLU. Each can be tested.
# - With $F \ge d$ a ReLU autoencoder can copy its input, by switching ReLU off. A large code alone
#   teaches nothing. So the next lessons ask for something more: that few latents are active.
# - Save weights, not whole models.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | reconstruction $\hat x$ | what the decoder makes of the code |
# | variance | the standard deviation squared |
# | floor | an error below which no weights of a kind can lead |
# | memorising | learning the training rows themselves |
# | PCA, principal directions | the directions of largest spread, at right angles to each other |
# | spectrum | the variances along the principal directions, in falling order |
# | tail | the part of the spectrum that a code leaves out |
# | dead latent | a latent that is 0 on all data |
# | density | the share of inputs on which a latent is active |
# | checkpoint | the saved state of a model or of its training |
# | pickle | Python's format for whole objects; it holds addresses of classes |
#
# ### In the literature
#
# - C. Eckart and G. Young, *The approximation of one matrix by another of lower rank*, 1936: the
#   floor of a linear code.
# - H. Bourlard and Y. Kamp, *Auto-association by multilayer perceptrons and singular value
#   decomposition*, 1988, and P. Baldi and K. Hornik, *Neural networks and principal component
#   analysis: learning from examples without local minima*, 1989: linear autoencoders find PCA's
#   sheet.
# - G. Hinton and R. Salakhutdinov, *Reducing the dimensionality of data with neural networks*,
#   2006: deep autoencoders beat PCA on pictures.
# - I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning*, 2016, chapter 14: autoencoders.
#
# **Next:** the [exercises of this lesson](../exercises/04_basic_autoencoders/04_exercises.ipynb).
# Then lesson 5 asks for codes in which few latents are active.
