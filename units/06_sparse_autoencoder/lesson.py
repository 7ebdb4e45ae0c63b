# %% [markdown]
# # 6 · The full sparse autoencoder
#
# After this lesson you can
#
# - **build** a sparse autoencoder, and **say** what its latents and atoms are;
# - **keep** atoms at length 1 along the right axis, and **recognise** what goes wrong without;
# - **train** it on photographs until its atoms become edges, and **measure** that they did;
# - **mend** a run with a high error, too many active latents, an unstable loss or dead latents;
# - **evaluate** a model with several numbers, and **use** its code as features for a classifier.
#
# *About 110 minutes. Builds on: lesson 4 (autoencoders of digits, PCA, dead latents, density) and
# lesson 5 (L1, KL, Hoyer, L0, the strength $\lambda$, shrinkage), and on early stopping from
# lesson 3. The exercises are in
# [06_exercises.ipynb](../exercises/06_sparse_autoencoder/06_exercises.ipynb).*
#
# In 1996 two researchers asked a network to describe small pieces of photographs with few words. Out
# came little edges: bright on one side, dark on the other. Cells at the entrance of the brain's
# visual cortex answer to much the same. Nobody had told the network about edges, or about brains.
# In this lesson you do that experiment. It takes ten seconds. Then we break it in every way that we
# can think of.

# %%
import math

import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from course_lib import Callback, LiveFigure, Objective, Slider, SparseAutoencoder
from course_lib import TiedWeightSparseAutoencoder, Trainer, digits, evaluate_autoencoder
from course_lib import evaluate_sparse_autoencoder, fvu_at_common_l0, natural_image_patches
from course_lib import new_figure, open_unit, plot_activation_density, plot_dictionary
from course_lib import plot_pareto, plot_sparse_autoencoder_analysis, plot_sparse_training_history
from course_lib import progress_bar, show_figure, show_source, superposition
from course_lib import train_sparse_autoencoder_with_early_stopping, whitened_photographs
from course_lib.autoencoders.dictionary import DictionaryDecoder, unit_norm
from course_lib.plotting import BLUE, GREY, ORANGE, RED

unit = open_unit("06_sparse_autoencoder")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## Pieces of photographs
#
# Our data are two photographs: a temple and a flower. They come prepared. Neighbouring pixels of a
# photograph are almost equal, and PCA (lesson 4) would find little but slow changes of brightness.
# So a filter has taken the slow changes down and left the quick ones. This is **whitening**. What is
# left is mostly outlines. Grey is 0, white is positive, black is negative.
#
# From these we cut **patches** of 12 × 12 pixels: lists of 144 numbers. Flat ones, such as sky, are
# left out. 60,000 are for training, 3,000 to choose with and 3,000 to report on.

# %%
patches = natural_image_patches(66_000, size=12)
train_patches, val_patches, test_patches = patches.split((60_000, 3_000, 3_000))

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.5, columns=3, width_ratios=(1.5, 1.5, 1))
for ax, photograph, name in zip(axes, whitened_photographs(), ("temple", "flower")):
    ax.imshow(photograph, cmap="gray", vmin=-3, vmax=3)
    ax.set_title(f"{name}, whitened")
tiles = [nn.functional.pad(p.reshape(12, 12), (1, 1, 1, 1), value=3.0) for p in test_patches[:16]]
rows = [torch.cat(tiles[i : i + 4], dim=1) for i in range(0, 16, 4)]
axes[2].imshow(torch.cat(rows), cmap="gray", vmin=-3, vmax=3)
axes[2].set_title("16 patches")
for ax in axes:
    ax.set_axis_off()
show_figure(
    figure,
    "Two whitened photographs, a temple and a flower: outlines in black and white on grey. Beside "
    "them 16 patches of 12 by 12 pixels, with pieces of edges, corners and texture.",
)

# %% [markdown]
# ## Encoder, decoder, dictionary
#
# The full sparse autoencoder has one layer each way:
#
# $$z = \mathrm{ReLU}(W x + b), \qquad \hat x = z_1 d_1 + z_2 d_2 + \dots + z_F d_F + c.$$
#
# - The **encoder** makes the code $z$ of an input $x$. It has a matrix $W$ and a bias $b$.
# - The **decoder** adds up. Each latent $z_j$ has a vector $d_j$, as long as an input: its **atom**.
#   The code says how much of each atom. The bias $c$ is added always.
# - All atoms together are the **dictionary**. We write it as a matrix $D$ with one atom per row.
#
# An atom is what one latent *says* when it is on. It has as many numbers as a patch, so we can look
# at it as a picture. The encoder's row is what the latent *listens to*. The two need not be equal.
#
# One more pair of words. A **feature** is something in the data, such as an edge at a certain place.
# A **latent** is a unit of the model. We hope that each latent stands for one feature. It is a hope,
# and to be checked.
#
# Here there are more latents than dimensions: $F = 256$ for inputs of 144 numbers. In lesson 4 so
# large a code learned to copy, and taught us nothing. Now the penalty forbids copying: to switch 200
# latents on for one patch is dear.

# %%
show_source(DictionaryDecoder)

# %%
torch.manual_seed(0)
untrained = SparseAutoencoder(input_dim=144, latent_dim=256, layers=1)
D = untrained.dictionary.detach()  # (256, 144): one atom a row
x = test_patches[:5]
with torch.no_grad():
    z = untrained.encode(x)  # (5, 256)
    by_hand = sum(z[:, j : j + 1] * D[j] for j in range(256)) + untrained.decoder.bias
    same = torch.allclose(untrained.decode(z), by_hand, atol=1e-4)
    only_7 = torch.zeros(1, 256)
    only_7[0, 7] = 1.0
    spoken = untrained.decode(only_7)[0] - untrained.decoder.bias
print("the decoder adds up atoms:          ", same)
print("a code with latent 7 alone says D[7]:", torch.allclose(spoken, D[7], atol=1e-6))
print("lengths of the atoms:               ", D.norm(dim=1).min().round(decimals=3).item(), "to",
      D.norm(dim=1).max().round(decimals=3).item())  # fmt: skip

# %% [markdown]
# The last line shows one more property of this decoder. Each atom has length 1: the root of the sum
# of its squares, its **norm**. One says *unit-norm atoms*. `DictionaryDecoder` divides each atom by
# its norm whenever it is used, so gradients know of it. (`norms_of` gives 1 for a row of zeros.)

# %%
show_source(unit_norm)

# %% [markdown]
# So the *stored* weights may have any length. What counts is the row divided by its norm. The module
# document has a method that writes the divided rows back into the stored weights. It changes nothing
# of what the model computes. `Trainer` calls it when training ends.

# %%
stored = untrained.decoder.weight
with torch.no_grad():
    print("norm of a stored row:   ", round(stored[0].norm().item(), 3))
    stored.mul_(5)  # as if training had stretched the stored rows
    said_before = untrained.decode(z)
    print("stretched:              ", round(stored[0].norm().item(), 3))
    untrained.normalize_decoder_weights_row_wise()
    print("after writing back:     ", round(stored[0].norm().item(), 3))
    print("same reconstructions:   ", torch.allclose(untrained.decode(z), said_before, atol=1e-4))

# %% [markdown]
# Why all this care about lengths?
#
# ### Predict
#
# Take any sparse autoencoder whose atoms may have any length. Make all atoms ten times as long. Make
# the codes a tenth, by dividing the encoder's weights and biases by ten.

# %%
guess_cheat = predict.choice(
    "cheat",
    "What do the reconstruction error and the L1 penalty do?",
    [
        "the error stays, the penalty stays",
        "the error stays, the penalty is a tenth",
        "the error is ten times as large, the penalty a tenth",
        "both are a tenth",
    ],
)
guess_cheat


# %%
class FreeAtoms(nn.Module):
    """A sparse autoencoder of plain linear layers: nothing holds the lengths of its atoms.

    It starts with the same weights as `start`, a SparseAutoencoder.
    """

    def __init__(self, start):
        super().__init__()
        self.input_dim, self.latent_dim = start.input_dim, start.latent_dim
        self.encoder = nn.Linear(self.input_dim, self.latent_dim)
        self.decoder = nn.Linear(self.latent_dim, self.input_dim)  # weight: (input, latent)
        with torch.no_grad():
            self.encoder.weight.copy_(start.encoder.weight)
            self.encoder.bias.copy_(start.encoder.bias)
            self.decoder.weight.copy_(start.dictionary.T)
            self.decoder.bias.copy_(start.decoder.bias)

    def encode(self, x):
        return self.encoder(x).relu()

    def decode(self, z):
        return self.decoder(z)

    @property
    def dictionary(self):
        return self.decoder.weight.T  # (latent, input): one atom a row


def error_and_penalty(model, x):
    """Squared error of a patch, and the sum of its code, both averaged over x."""
    with torch.no_grad():
        z = model.encode(x)
        return ((model.decode(z) - x) ** 2).sum(dim=1).mean().item(), z.sum(dim=1).mean().item()


cheating = FreeAtoms(untrained)
before = error_and_penalty(cheating, test_patches)
with torch.no_grad():
    cheating.decoder.weight.mul_(10)
    cheating.encoder.weight.div_(10)
    cheating.encoder.bias.div_(10)
after = error_and_penalty(cheating, test_patches)
print(f"error after / before:   {after[0] / before[0]:.2f}")
print(f"penalty after / before: {after[1] / before[1]:.2f}")
guess_cheat.compare("the error stays, the penalty is a tenth", "And nothing became sparser.")

# %% [markdown]
# ReLU lets a factor through: $\mathrm{ReLU}(s/10) = \mathrm{ReLU}(s)/10$ for every number $s$. So
# lengths can be moved from codes to atoms for free. L1 sees only the codes. Lesson 5 mentioned this cheat. Will a model find it
# by itself?
#
# ## Watch it fail: atoms without unit norm
#
# We train twice, from the same starting weights and on the same patches: once as it should be, once
# with free atoms. The loss is the sum of squared errors of a patch plus $\lambda = 3$ times the sum of
# its code. While they train, a callback looks at 1,000 patches every 100 steps.


# %%
class Watch(Callback):
    """Keeps the mean norm of the atoms, the mean sum of a code, and L0, over training."""

    def __init__(self, x, every=100):
        self.x, self.every, self.seen = x, every, []

    def on_fit_start(self, trainer):
        self.look(trainer)

    def on_step_end(self, trainer):
        if trainer.step % self.every == 0:
            self.look(trainer)

    @torch.no_grad()
    def look(self, trainer):
        z = trainer.model.encode(self.x)
        norm = trainer.model.dictionary.norm(dim=1).mean().item()
        total, active = z.sum(dim=1).mean().item(), (z > 0).float().sum(dim=1).mean().item()
        self.seen.append((trainer.step, norm, total, active))


edge_objective = Objective("l1", 3.0, reduction="sum")
edge_settings = {
    "num_steps": 3000,
    "batch_size": 512,
    "learning_rate": 0.002,
    "schedule": "linear",
    "record_every": 100,
}


def train_on_patches(model, objective=edge_objective, **changed):
    """Train a model of patches. Returns its history."""
    settings = {**edge_settings, **changed}
    return Trainer(model, objective, device="cpu", **settings).fit(train_patches)


def new_model(seed=0):
    torch.manual_seed(seed)
    return SparseAutoencoder(input_dim=144, latent_dim=256, layers=1)


sae, unit_watch = new_model(), Watch(val_patches[:1000])
sae_history = train_on_patches(sae, callbacks=[unit_watch], progress="bar")

# %%
free, free_watch = FreeAtoms(new_model()), Watch(val_patches[:1000])
free_history = train_on_patches(free, callbacks=[free_watch], progress="bar")

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.7, columns=3)
titles = ("mean norm of the atoms", "mean sum of a code", "L0: active latents of a patch")
for i, (ax, title) in enumerate(zip(axes, titles), start=1):
    for watch, label, style in ((unit_watch, "unit norm", "-"), (free_watch, "free atoms", "--")):
        ax.plot([s[0] for s in watch.seen], [s[i] for s in watch.seen], style, label=label)
    ax.set(title=title, xlabel="step", ylim=(0, None))
    ax.title.set_fontsize(9.5)
axes[0].legend(loc="center right")
show_figure(
    figure,
    "Over 3,000 steps, with unit norm and with free atoms. The norm of free atoms grows from 1 to "
    "nearly 8; unit-norm atoms stay at 1. The sum of a code falls to about 10 for free atoms and "
    "to about 26 with unit norm. L0 falls steadily to about 25 with unit norm. With free atoms it falls "
    "to about 65 at first, and then climbs back to 90.",
)

# %%
for name, watch, history in (
    ("unit norm", unit_watch, sae_history),
    ("free atoms", free_watch, free_history),
):
    _, norm, total, active = watch.seen[-1]
    size = total / active
    print(f"{name:10}  norm of atoms {norm:3.0f}   an active latent is about {size:.1f}   "
          f"L0 about {5 * round(active / 5)}   loss about {round(history['train_loss'][-1], -1):.0f}")  # fmt: skip

# %% [markdown]
# **What happened.** Atoms grew to nearly eight times their length. They stopped only because the
# learning rate falls to 0 at the end. Codes shrank. The penalty fell, as we asked. But L0 hardly fell:
# about 90 of 256 latents are on, with unit norm about 25. At first latents do go off. Then, as the
# penalty loses its weight, they come back. It is paid in small coin.
#
# **How to recognise it.** Not by the loss: it is much *lower* than that of the good run. Look at L0
# and at the norms of the atoms. Over training, L0 stays high, and the norms climb.
#
# **How to mend it.** Fix the norms. (There is another way: weigh each latent in the penalty by the
# norm of its atom. Then a longer atom costs what a larger code costs. Recent models do so.)

# %% [markdown]
# ## What did they learn?
#
# Let us look at the atoms, as pictures. First those of the free run, then those with unit norm. Orange
# is positive, blue negative.
#
# ### Predict
#
# One hundred and four of the 256 atoms will be drawn. An *edge* is a short piece of outline: orange
# on one side and blue on the other, or a stripe between two others. Random numbers are never edges.
# Of the training patches themselves, about one in ten is.

# %%
guess_edges = predict.number("edges", "Of 100 atoms with unit norm, how many are edges?")
guess_edges


# %%
# You need not follow this cell: it draws.
def atoms_figure(dictionary, alt, at_most=104):
    """The course's chart of a dictionary, with a text of our own."""
    return show_figure(plot_dictionary(dictionary.detach(), at_most=at_most).figure, alt)


atoms_figure(
    free.dictionary,
    "104 atoms of the run with free atoms, as pictures of 12 by 12 pixels. Nearly all look like "
    "random speckle; a few have a faint stripe.",
)

# %%
atoms_figure(
    sae.dictionary,
    "104 atoms with unit norm. Nearly all are edges: short orange and blue stripes side by side, at "
    "many places, in many directions and of several widths. Some have fine stripes or checks all "
    "over, and a few are single spots.",
)

# %% [markdown]
# And for comparison what PCA finds: its principal directions (lesson 4), those of most variance first.


# %%
def pca_directions(x):
    """The principal directions of x as rows, (d, d), those of most variance first."""
    centred = (x - x.mean(dim=0)).double()
    _, directions = torch.linalg.eigh(centred.T @ centred / len(x))
    return directions.flip(1).T.float()


principal = pca_directions(train_patches)
atoms_figure(
    principal,
    "104 principal directions of the patches. They are waves that fill the whole patch, like "
    "chequered cloth, from coarse to fine. None is a short piece of an edge.",
)

# %% [markdown]
# ## A number for "looks like an edge"
#
# Pictures persuade too easily. We want a criterion that we could have written down before. It has
# three parts.
#
# Any picture is a sum of **waves**: stripes that fill the patch. A wave has a direction, and a
# frequency: how many stripes fit in. The *Fourier transform* is a ready formula that tells how strong
# each wave is in a picture. The strengths squared are the picture's energy, wave by wave. We call an
# atom
#
# 1. **balanced** when less than 10 % of its energy is in its mean: light and dark cancel;
# 2. **band-pass** when it is balanced, and more than half of its energy is in waves that resemble its
#    strongest one: direction within 30°, frequency between half and twice as high;
# 3. **an oriented edge** when it is band-pass and *local*: 80 % of its energy sits in less than 30 % of
#    its pixels.
#
# The third part is there for PCA: a wave is band-pass, but it is everywhere.


# %%
def band_share(atoms, n=32):
    """For each atom (atoms, side²) the share of its energy in waves like its strongest one."""
    side = math.isqrt(atoms.shape[1])
    waves = torch.fft.fft2(atoms.reshape(-1, side, side), s=(n, n))  # (atoms, n, n)
    energy = waves.abs().square().flatten(1)  # (atoms, n²)
    along = torch.fft.fftfreq(n)
    down, right = (grid.flatten() for grid in torch.meshgrid(along, along, indexing="ij"))
    frequency, angle = torch.hypot(down, right), torch.atan2(down, right)  # (n²,)
    strongest = energy.argmax(dim=1)  # (atoms,)
    turned = angle - angle[strongest][:, None]  # (atoms, n²)
    turned = (turned + math.pi / 2) % math.pi - math.pi / 2  # a stripe has no front and back
    ratio = frequency / frequency[strongest][:, None].clamp(min=1e-9)
    alike = (turned.abs() < math.radians(30.01)) & (ratio >= 0.5) & (ratio <= 2)
    return (energy * alike).sum(dim=1) / energy.sum(dim=1)


def edge_shares(atoms):
    """The shares of atoms that are band-pass, and that are oriented edges."""
    atoms = atoms.detach()
    energy = atoms.square()  # (atoms, pixels)
    whole = energy.sum(dim=1)
    in_mean = atoms.sum(dim=1).square() / atoms.shape[1] / whole
    band_pass = (in_mean < 0.1) & (band_share(atoms) > 0.5)
    most_first = energy.sort(dim=1, descending=True).values.cumsum(dim=1)
    pixels_needed = (most_first < 0.8 * whole[:, None]).sum(dim=1) / atoms.shape[1]
    local = band_pass & (pixels_needed < 0.3)
    return band_pass.float().mean().item(), local.float().mean().item()


def nearest_five(share):
    """A share in percent, rounded to 5."""
    return f"{5 * round(20 * share)} %"


unpaid = new_model()
train_on_patches(unpaid, Objective("none"), num_steps=500, batch_size=256)
torch.manual_seed(1)
candidates = {
    "unit norm": sae.dictionary,
    "unit norm, no penalty": unpaid.dictionary,
    "free atoms": free.dictionary,
    "PCA": principal,
    "patches themselves": test_patches[:500],
    "random numbers": torch.randn(500, 144),
}
print("                      band-pass   oriented edges   (to the nearest 5 %)")
for name, atoms in candidates.items():
    band_pass, edges = edge_shares(atoms)
    print(f"{name:21} {nearest_five(band_pass):>9} {nearest_five(edges):>16}")
guess_edges.compare(
    f"about {5 * round(20 * edge_shares(sae.dictionary)[1])}",
    "Of the atoms of the free run, next to none.",
)

# %% [markdown]
# More than 80 % of the unit-norm atoms are band-pass, and nearly all of those are local. Free atoms
# hardly ever are. PCA's directions are waves, so two thirds are band-pass. But almost none is local. And it is not
# that patches are edges: few single patches pass.
#
# Both the unit norm and the penalty are needed: without the penalty no atom becomes an edge. The reason
# is that of lesson 5's telephone: when each word is dear, we want words that are *rarely needed, but
# then say much*. In photographs those are edges.
#
# ## Adding atoms one after another
#
# A code is a list of words. How many words does a patch need? We sort a patch's active latents, the
# largest first, and add their atoms one after another. As all atoms have length 1, a larger latent
# means a larger contribution. With free atoms we could not compare them so.


# %%
@torch.no_grad()
def partial_sums(model, x, most):
    """Reconstructions (most + 1, batch, input) from the 0, 1, … most largest latents of each code,
    and which latents those are (batch, most)."""
    sizes, which = model.encode(x).sort(dim=1, descending=True)
    pieces = sizes[:, :most, None] * model.dictionary[which[:, :most]]  # (batch, most, input)
    sums = torch.cat([torch.zeros_like(pieces[:, :1]), pieces.cumsum(dim=1)], dim=1)
    return (sums + model.decoder.bias).transpose(0, 1), which[:, :most]


MOST = 30
shown_patches = test_patches[test_patches.std(dim=1).argsort(descending=True)[60:660:100]]  # 6
sums, which = partial_sums(sae, shown_patches, MOST)
left_over = ((sums - shown_patches) ** 2).sum(dim=2) / (shown_patches**2).sum(dim=1)  # (31, 6)


# %%
# You need not follow this cell: it draws.
def draw_sum(figure, patch, atoms):
    i, n = int(patch) - 1, int(atoms)
    grid = figure.add_gridspec(2, 6, width_ratios=(2, 2, 1, 1, 1, 1))
    limit = shown_patches[i].abs().max().item()
    for column, (picture, title) in enumerate(
        ((shown_patches[i], "patch"), (sums[n, i], f"sum of {n}"))
    ):
        ax = figure.add_subplot(grid[:, column])
        ax.imshow(picture.reshape(12, 12), cmap="gray", vmin=-limit, vmax=limit)
        ax.set_title(title)
        ax.set_axis_off()
    for k in range(8):
        ax = figure.add_subplot(grid[k // 4, 2 + k % 4])
        ax.set_axis_off()
        if k < n:
            atom = sae.dictionary[which[i, k]].detach()
            ax.imshow(atom.reshape(12, 12), cmap="gray")
            ax.set_title(f"atom {k + 1}", fontsize=8)
    percent = round(100 * left_over[n, i].item(), -1)
    return (
        f"Patch {i + 1} from its {n} largest latents. The error is about {percent:.0f} % of the "
        "patch's sum of squares. Small pictures: the first atoms, at most 8."
    )


LiveFigure(
    draw_sum,
    "From how many atoms on do you recognise the patch? And when do further atoms stop helping?",
    size=(7, 2.6),
    patch=Slider("patch", 1, 6, 1, 1),
    atoms=Slider("atoms", 0, MOST, 1, 3),
)

# %% [markdown]
# **What you should have found.** With about 5 atoms the strongest outlines stand. With 10 to 20 most
# patches can be recognised. After that next to nothing happens, and some error is left. Here is the
# answer in one picture. On the left is the error that is left over all test patches, as a share of the
# sum of squares.

# %%
# You need not follow this cell: it draws.
all_sums, _ = partial_sums(sae, test_patches, MOST)
curve = ((all_sums - test_patches) ** 2).sum(dim=(1, 2)) / (test_patches**2).sum()  # (31,)
figure, (ax, pictures) = new_figure(7, 3.1, columns=2, width_ratios=(3, 4))
ax.plot(range(MOST + 1), 100 * curve, "-o", markersize=3)
ax.axhline(50, color=GREY, linewidth=1, linestyle=":")
ax.set(xlabel="atoms added, largest first", ylabel="error left (%)", ylim=(0, 102))
stages = (1, 3, 5, 10, 20)
rows = []
for i in range(4):
    scale = shown_patches[i].abs().max()
    row = [shown_patches[i], *(sums[n, i] for n in stages)]
    tiles = [(p / scale).clamp(-1, 1).reshape(12, 12) for p in row]
    rows.append(torch.cat([nn.functional.pad(t, (1, 1, 1, 1), value=1.0) for t in tiles], dim=1))
pictures.imshow(torch.cat(rows), cmap="gray", vmin=-1, vmax=1)
pictures.set_xticks([6.5 + 14 * i for i in range(6)], ["patch", *(str(n) for n in stages)])
pictures.set(xlabel="atoms added", yticks=[])
pictures.tick_params(length=0)
pictures.grid(False)
show_figure(
    figure,
    "Left, the error left after adding 0 to 30 atoms, over all test patches. It falls from 100 % "
    "to about half with 5 atoms, to about a third with 15, and hardly at all after 25. Right, four "
    "patches and their sums of 1, 3, 5, 10 and 20 atoms: a single atom shows little; with 10 or "
    "20 atoms each sum resembles its patch.",
)

# %%
for n in (1, 5, 15, MOST):
    print(f"{n:2} atoms: about {5 * round(20 * curve[n].item())} % of the error left")

# %% [markdown]
# Five atoms of 256 explain about half of a patch. A part of what remains is shrinkage (lesson 5): with
# $\lambda = 3$ every latent is too small.
#
# ## Watch it fail: the wrong axis
#
# The module document says: *decoder weights are normalised row-wise, so that each basis vector has
# unit norm*. Is that right? It depends on how the matrix is stored.
#
# - Our `DictionaryDecoder` stores $D$ with shape (latents, input). An atom is a **row**.
# - `nn.Linear(latents, input)` stores its weight with shape (input, latents). An atom is a **column**.
#
# The document's `SparseAutoencoder` uses `nn.Linear`. Read word for word, it divides the rows. Such a
# row is no atom. It is one *pixel*, over all atoms.

# %%
layer = nn.Linear(256, 144)  # from 256 latents to 144 pixels: not square
W = layer.weight.detach()
print("shape:", tuple(W.shape), "  rows:", len(W), "  atoms (columns):", W.shape[1])
for name, axis in (("columns divided", 0), ("rows divided", 1)):
    divided = W / W.norm(dim=axis, keepdim=True)
    lengths = divided.norm(dim=0)  # of the atoms
    print(f"{name:16} norms of the atoms: {lengths.min():.2f} to {lengths.max():.2f}")

# %% [markdown]
# With the wrong axis nothing crashes. With a *square* matrix not even the shapes would look odd. Does
# it harm? To answer we need data whose true features are known. `superposition` (lesson 5) makes sums
# of a few of 64 known directions in 32 dimensions. So we can ask of a trained model: for each true
# direction, how well does the nearest atom match it? The cosine of the angle between them tells: 1 is
# the same direction. The mean over all true directions is called **mean max cosine similarity**,
# MMCS. Lesson 7 says more about it.
#
# ### Predict
#
# One model divides along the right axis, another along the wrong one. The norms give it away, if one
# looks. But who does? A report has the error, L0 and MMCS. We choose the strengths, 0.3 and 0.2, so
# that L0 is the same.

# %%
guess_axis = predict.choice(
    "axis",
    "At the same L0, what else gives the wrong axis away?",
    ["the error", "MMCS", "both", "neither"],
)
guess_axis


# %%
class Divide(Callback):
    """Divide a decoder's weight (input, latents) by its norms along one axis after each step."""

    def __init__(self, axis):
        self.axis = axis

    @torch.no_grad()
    def on_step_end(self, trainer):
        weight = trainer.model.decoder.weight
        weight.div_(weight.norm(dim=self.axis, keepdim=True))


def known_features(seed=0):
    """Sums of about 2 of 64 known directions in 32 dimensions."""
    return superposition(20_000, features=64, dim=32, active=2, seed=seed)


def on_known(data, axis, strength, seed=100):
    """A model of the data, divided along an axis (None: not at all), and its report."""
    torch.manual_seed(seed)
    model = FreeAtoms(SparseAutoencoder(32, 64, layers=1))
    settings = {"num_steps": 1500, "batch_size": 256, "learning_rate": 0.003, "seed": seed}
    trainer = Trainer(
        model,
        Objective("l1", strength, reduction="sum"),
        device="cpu",
        schedule="linear",
        callbacks=[] if axis is None else [Divide(axis)],
        **settings,
    )
    trainer.fit(data.activations)
    report = evaluate_autoencoder(model, data.activations[:4000], dictionary=data.dictionary)
    return model, report


known = known_features()
axes_tried = {  # name: axis, λ (chosen so that the first two have about the same L0)
    "columns (atoms)": (0, 0.3),
    "rows (wrong)": (1, 0.2),
    "not at all": (None, 0.3),
}
print("divided            error     L0    MMCS    norms of the atoms")
for name, (axis, strength) in progress_bar(axes_tried.items(), desc="training"):
    model, report = on_known(known, axis, strength)
    lengths = model.dictionary.detach().norm(dim=1)
    shortest = "below 0.3" if lengths.min() < 0.3 else f"{int(10 * lengths.min() + 0.01) / 10:.1f}"
    print(f"{name:16} {report.fvu:7.1f} {report.l0:6.0f} {report.mmcs:7.1f}    "
          f"{shortest} to {lengths.max():.0f}")  # fmt: skip
print(f"random atoms             {report.chance_mmcs:14.1f}")
guess_axis.compare("neither", "Both are nearly as with the right axis. Only the norms tell.")

# %% [markdown]
# Error (as a share of the variance) and MMCS look alike for both axes, to this precision. The
# whole matrix is still held down, so codes cannot shrink without end. But inside it norms run from
# below 0.3 to 1. Then latents cannot be compared any more, and short atoms pay more for the same
# contribution. With no division at all the harm is plain.
#
# **How to recognise it.** Not by scores. Compute the norms: `dictionary.norm(dim=1)` must be 1, for
# as many atoms as there are latents. **How to mend it.** Ask of every weight matrix: which axis counts
# the latents? Divide along the *other*. And test with sizes that differ.

# %% [markdown]
# ## Two layers: a way out that stays open
#
# The module document's model has two layers each way, with $2F$ hidden units:
#
# $$h = \mathrm{ReLU}(W_1 x + b_1), \quad z = \mathrm{ReLU}(W_2 h + b_2), \quad
# h' = \mathrm{ReLU}(W_3 z + b_3), \quad \hat x = D^\top h' + c.$$
#
# The atoms have unit norm here too. But they are multiplied by $h'$, not by the code. Between code and
# atoms stands $W_3$, and nobody holds it. Divide the code by ten, multiply $W_3$ by ten:

# %%
torch.manual_seed(0)
two_layers = SparseAutoencoder(144, 256, layers=2)
before = error_and_penalty(two_layers, test_patches)
with torch.no_grad():
    two_layers.encoder.weight.div_(10)  # W2, b2: the code is a tenth
    two_layers.encoder.bias.div_(10)
    two_layers.decoder_hidden.weight.mul_(10)  # W3
after = error_and_penalty(two_layers, test_patches)
lengths = two_layers.dictionary.norm(dim=1)
print(f"error after / before:   {after[0] / before[0]:.2f}")
print(f"penalty after / before: {after[1] / before[1]:.2f}")
print(f"norms of the atoms:     {lengths.min():.2f} to {lengths.max():.2f}")

# %% [markdown]
# The cheat again, with perfect unit-norm atoms. There is a variant with **tied** weights:
# $W_3 = W_2^\top$, one matrix for both. Then what divides the code would also divide what comes after
# it. This exact cheat is closed. Does it matter in training? Digits are small enough to try. (The mean
# digit is taken off, as lesson 4 advised.) We train each kind with L1 and without.

# %%
pixels, labels = digits("train")
new_pixels, new_labels = digits("test")
mean_digit = pixels.mean(dim=0)
pixels, new_pixels = pixels - mean_digit, new_pixels - mean_digit


def train_on_digits(objective, latents=128, kind=SparseAutoencoder, x=None, seed=0, **changed):
    """A sparse autoencoder of digits, and its history. It has one layer, unless told otherwise."""
    torch.manual_seed(seed)
    model = kind(64, latents, layers=changed.pop("layers", 1))
    settings = {"num_steps": 1000, "batch_size": 128, "learning_rate": 0.003, "seed": seed}
    trainer = Trainer(model, objective, device="cpu", **{**settings, **changed})
    return model, trainer.fit(pixels if x is None else x)


def sizes_of_code(model, x):
    """L0, and the mean size of an active latent."""
    with torch.no_grad():
        z = model.encode(x)
    return (z > 0).float().sum(dim=1).mean().item(), z[z > 0].mean().item()


kinds = {"two layers": SparseAutoencoder, "two layers, tied": TiedWeightSparseAutoencoder}
shrunk = {}
for name, kind in progress_bar(kinds.items(), desc="training"):
    for strength in (0.0, 0.1):
        model, _ = train_on_digits(Objective("l1", strength), 64, kind, layers=2, num_steps=1200)
        shrunk[name, strength] = sizes_of_code(model, new_pixels)
print("                     L0 without, with L1      an active latent shrinks by a factor of")
for name in kinds:
    (L0, size), (sparse_L0, sparse_size) = shrunk[name, 0.0], shrunk[name, 0.1]
    factor = f"about {size / sparse_size:.0f}"
    print(f"{name:18} {round(L0, -1):8.0f} {round(sparse_L0, -1):13.0f} {factor:>28}")

# %% [markdown]
# In the free two-layer model L1 shrinks each active latent by a factor of about 8, and half of the
# latents that were on stay on. In the tied one, most latents are switched off instead. (Those left shrink as well, but less: some of it is shrinkage as we know it, and
# the biases leave a little room.) So unit-norm
# atoms forbid the cheat in a model of **one** layer. That is why we prefer it when codes should be
# sparse, and nearly everybody who trains sparse autoencoders today does so too.

# %% [markdown]
# ## Tied weights
#
# With one layer, tying means: the encoder listens for the very atoms that the decoder speaks.
#
# $$z = \mathrm{ReLU}(D x + b), \qquad \hat x = D^\top z + c.$$

# %%
show_source(TiedWeightSparseAutoencoder)

# %% [markdown]
# ### Predict
#
# The free model with 144 inputs and 256 latents has $144 \cdot 256$ weights in the encoder, as many in
# the decoder, and a bias for each latent and each input: 74,128 numbers.

# %%
guess_tied = predict.number("tied", "And the tied one?")
guess_tied

# %%
counts = {
    (kind, layers): sum(p.numel() for p in kind(144, 256, layers=layers).parameters())
    for kind in kinds.values()
    for layers in (1, 2)
}
for layers in (1, 2):
    free_count, tied_count = (counts[kind, layers] for kind in kinds.values())
    print(f"{layers} layer{'s' * (layers > 1)}: {free_count:,} free, {tied_count:,} tied "
          f"({100 * tied_count / free_count:.0f} %)")  # fmt: skip
guess_tied.compare(
    counts[TiedWeightSparseAutoencoder, 1], "144 · 256 + 256 + 144: one matrix, and both biases."
)

# %% [markdown]
# Half the parameters, so half the memory. When does it help? Fewer parameters can memorise less. So we
# try it with few data and with many: 100 digits, and all 1,400.
#
# To compare fairly we need one number for the error. Squared errors depend on how large the data are.
# So we divide by the data's own variance, and call it the **fraction of variance unexplained**:
#
# $$\text{FVU} = \frac{\sum_i \|x_i - \hat x_i\|^2}{\sum_i \|x_i - \bar x\|^2},$$
#
# where $\bar x$ is the mean of the inputs. 0 is perfect. 1 is what always answering the mean costs.
# And since the error depends on how sparse the code is, we compare at equal L0.


# %%
def place(model, x):
    """(L0, FVU) of a model on x."""
    report = evaluate_autoencoder(model, x)
    return report.l0, report.fvu


def tied_or_free(kind, count, strength, seed=0):
    """A model trained on the first `count` digits."""
    objective, few = Objective("l1", strength), pixels[:count]
    return train_on_digits(objective, 128, kind, few, seed, num_steps=800)[0]


tying = {}
for name, kind in progress_bar((("free", SparseAutoencoder), ("tied", kinds["two layers, tied"]))):
    for count in (100, 1400):
        tying[name, count] = [
            place(tied_or_free(kind, count, s), new_pixels) for s in (0.05, 0.1, 0.2)
        ]

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.9, columns=2, sharey=True)
for ax, count in zip(axes, (100, 1400)):
    for name, style in (("free", "-o"), ("tied", "--s")):
        points = sorted(tying[name, count])
        ax.plot(*zip(*points), style, label=name)
    ax.set(title=f"trained on {count:,} digits", xlabel="L0 on new digits", ylim=(0, 0.36))
axes[0].set_ylabel("FVU on new digits")
axes[0].legend()
show_figure(
    figure,
    "FVU against L0 on new digits for three strengths of L1. Trained on 100 digits, the tied model's "
    "curve lies clearly below the free one's. Trained on 1,400, it lies below it by less.",
)

# %%
for count in (100, 1400):
    l0, fvu = fvu_at_common_l0({name: tying[name, count] for name in ("free", "tied")})
    difference = fvu["free"] - fvu["tied"]
    print(f"{count:5,} digits, FVU at equal L0: free minus tied {difference:.2f}")

# %% [markdown]
# Tying helps here, and it helps most when data are few: with 100 digits the FVU is lower by about 0.05,
# with 1,400 by about half of that. And this at half the parameters. What you give up is freedom: with free weights a latent may listen for something other than what it says. It may
# listen for what tells its atom *from similar atoms*. With many data and crowded dictionaries this is
# worth having, and most large sparse autoencoders are not tied.

# %% [markdown]
# ## Early stopping on held-out data
#
# Few digits again: 100 to train with. 300 others are held out, to stop by (lesson 3). The module
# document's function does all of it. Its `patience` counts epochs without a better validation loss.

# %%
few, held_out = pixels[:100], pixels[1000:1300]


def with_patience(patience, epochs=300, seed=0, x=few):
    """A model of few digits, stopped early; and its history."""
    torch.manual_seed(seed)
    model = SparseAutoencoder(64, 128, layers=1)
    history = train_sparse_autoencoder_with_early_stopping(
        model,
        x,
        held_out,
        num_epochs=epochs,
        learning_rate=3e-3,
        patience=patience,
        sparsity_weight=0.1,
        sparsity_type="l1",
        batch_size=128,
        seed=seed,
    )
    return model, history


stopped, _ = with_patience(patience=50)
_, full_history = with_patience(patience=300)  # never stops; only its curves are of use
to_the_end, _ = train_on_digits(Objective("l1", 0.1), x=few, num_steps=300)  # the last weights
print("                  FVU    L0   (new digits)")
for name, model in (("stopped early", stopped), ("all 300 epochs", to_the_end)):
    l0, fvu = place(model, new_pixels)
    print(f"{name:15} {fvu:5.2f} {5 * round(l0 / 5):5}")

# %%
show_figure(
    plot_sparse_training_history(full_history).figure,
    "Two panels over 300 epochs. The total loss: training falls all the way; validation falls, is "
    "lowest at a star around 70 epochs, and rises slowly after it. Its terms: in "
    "validation the reconstruction loss rises while the sparsity term keeps falling.",
)

# %% [markdown]
# The best epoch is near the 70th. The function goes back to its weights. The right panel shows
# what overfitting looks like in a *sparse* autoencoder: the penalty still falls on held-out digits, and
# their reconstruction suffers. (The two FVUs above are not at equal L0, so they alone would prove
# nothing. Early stopping looks at the whole loss, not at L0. If you need a certain L0, choose $\lambda$
# again.)
#
# How much patience? Enough to outlast the trembling of the curve. Here it is smooth, and 5 epochs find
# the same place. Small batches or a high learning rate make it tremble.

# %%
for patience in (5, 50):
    _, history = with_patience(patience)
    losses = history["val_loss"]
    best = losses.index(min(losses)) + 1
    print(f"patience {patience:2}: best epoch about {round(best, -1)}, "
          f"stops {history['epochs_trained'] - best} epochs after it")  # fmt: skip

# %% [markdown]
# One caution for photographs: our patches overlap. A test patch shares pixels with training patches. So
# the test is easier than a new photograph would be. For digits this is not so: each is a picture of
# its own.

# %% [markdown]
# ## L1, KL and Hoyer on the same data
#
# Lesson 5 introduced three penalties. Which makes the best dictionary of photographs? Each is trained
# with three settings, for 600 steps. The settings are chosen so that their L0 overlap. Then we compare
# at *the same sparsity*, for a less sparse code has an easier task. KL has a target beside its
# strength; here we change the target.

# %%
contest = {
    "L1": [Objective("l1", s, reduction="sum") for s in (2, 3, 5)],
    "KL": [Objective("kl", 3, t, reduction="sum") for t in (0.1, 0.03, 0.005)],
    "Hoyer": [Objective("hoyer", s, reduction="sum") for s in (600, 1000, 1500)],
}


def contestant(objective, seed=0, steps=600):
    """A model of patches under a penalty: its report, and its share of oriented edges."""
    model = new_model(seed)
    short = {"num_steps": steps, "batch_size": 256, "learning_rate": 0.003, "seed": seed}
    train_on_patches(model, objective, **short)
    return evaluate_autoencoder(model, test_patches), edge_shares(model.dictionary)[1]


results = {name: [] for name in contest}
tasks = [(name, objective) for name, objectives in contest.items() for objective in objectives]
for name, objective in progress_bar(tasks, desc="training"):
    results[name].append(contestant(objective))

# %%
curves = {name: [(r.l0, r.fvu) for r, _ in runs] for name, runs in results.items()}
show_figure(
    plot_pareto(curves).figure,
    "FVU against L0 for three penalties with three settings each. All three fall steeply: L1 from "
    "0.42 at L0 27 to 0.18 at 45, KL from 0.28 at 36 to 0.15 at 60, Hoyer from 0.45 at 30 to 0.12 "
    "at 57. At L0 40 L1 is lowest and Hoyer highest; near L0 58 Hoyer is below KL.",
)

# %%
l0, fvu = fvu_at_common_l0(curves)
print(f"FVU at the same L0 of about {5 * round(l0 / 5)}:",
      ", ".join(f"{name} {value:.2f}" for name, value in fvu.items()))  # fmt: skip
print("penalty   oriented edges   largest mean activation   (middle setting)")
for name, runs in results.items():
    report, edges = runs[1]
    largest = report.mean_activation.max().item()
    said = "below 1" if largest < 1 else "more than 10" if largest > 10 else "1 to 10"
    print(f"{name:6} {nearest_five(edges):>14} {said:>22}")

# %% [markdown]
# At the same L0 of about 40, L1 loses a bit less than a quarter of the variance, KL a quarter, Hoyer
# about three tenths. So the strength matters far more than the kind of penalty, but L1 is ahead:
#
# - **L1** is the simplest, has the most edges and the lowest error.
# - **KL** leaves more latents on than its target suggests. With a target of 0.1 one could expect 26 of
#   256, and there are about 60. Its target is a mean activation, not a share of active latents
#   (lesson 5).
# - **Hoyer** has the fewest edges. Its largest mean activation betrays the cheat of lesson 5: giants
#   that are always on. And look at the strength it needs: 1,000. It sees no scale, so it has to be
#   weighed against a sum of 144 squared errors.
#
# With longer training L1 goes beyond 80 %, as you saw. So these are shares on the way. The module document recommends KL "when you need
# fine control". You have seen what it controls: the mean.

# %% [markdown]
# ## Choosing the settings
#
# The document gives advice on each setting. We test it on digits: 128 latents, L1 as the mean over all
# entries, one setting changed at a time.
#
# ### Learning rate
#
# *Typical values 1e-4 to 1e-2, start with 1e-3.* (1e-4 is 0.0001.)

# %%
print("learning rate   L0   FVU")
by_rate = {}
for rate in (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 1e-1):
    model, history = train_on_digits(Objective("l1", 0.3), learning_rate=rate, record_every=1)
    by_rate[rate] = model, history
    l0, fvu = place(model, new_pixels)
    print(f"{rate:13g} {5 * round(l0 / 5):4} {fvu:6.2f}")

# %% [markdown]
# In the document's range the FVU is below 0.1. Far below it, 1,000 steps are not enough. Above it, the
# FVU grows. But L0 falls steadily with the rate: so compare L0 only between runs that were trained alike.
#
# ### Batch size
#
# All with the same number of passes over the data.

# %%
print("batch size   steps    L0    FVU")
for size, steps in ((32, 4000), (128, 1000), (1400, 91)):
    model, _ = train_on_digits(Objective("l1", 0.3), batch_size=size, num_steps=steps)
    l0, fvu = place(model, new_pixels)
    print(f"{size:10} {steps:7} {5 * round(l0 / 5):5} {fvu:6.2f}")

# %% [markdown]
# Large batches take fewer steps for as many passes. Here the error does not suffer, but L0 does: to
# switch latents off takes many steps. KL has a reason
# of its own for batches that are not small: it needs the mean activation of each latent, and the batch
# must be large enough to estimate it. Some 100 to 1,000 examples are usual.
#
# ### Number of latents
#
# With more latents, the code has more words to choose from. L1 is the *sum* here, so that the strength
# keeps its meaning (lesson 5).

# %%
print("latents   L0    FVU")
by_latents = {}
for latents in (16, 64, 256):
    model, _ = train_on_digits(Objective("l1", 0.6, reduction="sum"), latents)
    by_latents[latents] = place(model, new_pixels)
    l0, fvu = by_latents[latents]
    print(f"{latents:7} {l0:4.0f} {fvu:6.2f}")

# %% [markdown]
# With more latents the FVU falls, to less than half, and L0 rises.
#
# ### Weight of the penalty
#
# *Typical range 0.01 to 1, start with 0.1.*

# %%
print("weight    L0    FVU")
by_weight = {}
for weight in (0.01, 0.1, 1, 3):
    by_weight[weight], _ = train_on_digits(Objective("l1", weight))
    l0, fvu = place(by_weight[weight], new_pixels)
    print(f"{weight:6} {5 * round(l0 / 5):5} {fvu:6.2f}")

# %% [markdown]
# In this range L0 goes from most latents to about one in ten. The numbers belong to *means* over pixels
# and latents. For our photographs both terms are sums. There the weight 3 is, in means,
# $3 \cdot 256 / 144 \approx 5.3$ (lesson 5): outside the document's range, and L0 is a tenth of the
# latents. Never take over a weight without asking what is averaged.
#
# | setting | the document | what we saw |
# |---|---|---|
# | learning rate | 1e-4 to 1e-2, start at 1e-3 | holds; at 0.1 the error grows |
# | weight | 0.01 to 1, start at 0.1 | holds for means; read L0, not the weight |
# | KL's target | 0.01 to 0.1 | it is a mean; L0 is another number |
# | batch | – | with the same passes, large batches make few steps |
# | latents | increase when the error is high | holds; dictionaries are larger than the input |
# | patience | 50 | enough to outlast the trembling |
# | kind of penalty | KL for control, Hoyer for scale | L1 first; Hoyer only with an eye on giants |
# | tied weights | for efficiency | half the numbers; helps when data are few |

# %% [markdown]
# ## Watch it fail: the troubleshooting list
#
# The document ends with a list of four troubles, each with remedies. A list of remedies is only as good
# as its tests. So we provoke each trouble, and try every remedy.
#
# ### Trouble 1: high reconstruction error
#
# *Reduce the weight. More latents. Train for more epochs.* Three remedies, for three different causes.
# Each row of the table is a sick run, then the same run mended.

# %%
sum_weight = Objective("l1", 0.6, reduction="sum")
sick_and_mended = {
    "weight 3 → 0.3": (
        {"objective": Objective("l1", 3.0)},
        {"objective": Objective("l1", 0.3)},
    ),
    "16 → 256 latents": (
        {"objective": sum_weight, "latents": 16},
        {"objective": sum_weight, "latents": 256},
    ),
    "10 → 1,000 steps": (
        {"objective": Objective("l1", 0.3), "num_steps": 10},
        {"objective": Objective("l1", 0.3)},
    ),
}
cures = {}
print("                      sick            mended")
print("                   L0    FVU       L0    FVU")
for name, pair in sick_and_mended.items():
    cures[name] = [place(train_on_digits(**options)[0], new_pixels) for options in pair]
    print(f"{name:17}" + "".join(f"{l0:4.0f} {fvu:6.2f}     " for l0, fvu in cures[name]).rstrip())

# %% [markdown]
# How do you tell the causes apart? By L0 and by the curve. Is the loss still falling at the end? Then
# train on. Is L0 very small? Then there are too few latents, or the weight is too high. Try more
# latents first. If they do not help, it is the weight.
#
# ### Trouble 2: not sparse enough
#
# *Increase the weight. Lower the target (KL). Try Hoyer.*

# %%
remedies = {
    "L1, weight 0.03 (sick)": Objective("l1", 0.03),
    "L1, weight 0.3": Objective("l1", 0.3),
    "KL, target 0.1 (sick)": Objective("kl", 0.1, 0.1),
    "KL, target 0.02": Objective("kl", 0.1, 0.02),
    "Hoyer, weight 0.1": Objective("hoyer", 0.1),
}
remedied = {}
print("                           L0    FVU   largest mean activation")
for name, objective in progress_bar(remedies.items(), desc="training"):
    report = evaluate_autoencoder(train_on_digits(objective)[0], new_pixels)
    remedied[name] = report
    largest = report.mean_activation.max().item()
    said = "below 1" if largest < 1 else "above 1"
    print(f"{name:24} {round(report.l0, -1):4.0f} {report.fvu:6.2f}   {said}")

# %% [markdown]
# All three remedies lower L0. KL pays most: with no fewer latents on than L1, its error is more than
# twice as large. With Hoyer, look at the largest mean activation, too: above 1 there is a giant. It is
# the one to distrust.
#
# ### Trouble 3: unstable training
#
# *Reduce the learning rate. Clip the gradients. Initialise properly.* To **clip** a gradient means: if
# it is longer than a bound, shorten it to the bound. (`max_grad_norm` of `Trainer`.)
#
# First a learning rate of 1, as it is, clipped, and reduced.

# %%
clipped = train_on_digits(
    Objective("l1", 0.3), learning_rate=1.0, max_grad_norm=0.1, record_every=1
)
reduced = by_rate[3e-3]
unstable = train_on_digits(Objective("l1", 0.3), learning_rate=1.0, record_every=1)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 2.9)
runs = (
    ("rate 1", unstable, RED, "-"),
    ("rate 1, clipped", clipped, ORANGE, "--"),
    ("rate 0.003", reduced, BLUE, "-"),
)
for name, (_, history), colour, style in runs:
    losses = [1000 * loss for loss in history["train_loss"]]
    ax.plot(range(1, 1001), losses, style, color=colour, label=name, linewidth=1.3)
ax.set(xlabel="step", ylabel="loss (thousandths)", xscale="log", yscale="log")
ax.legend(loc="upper right", ncols=3)
show_figure(
    figure,
    "Training loss over 1,000 steps, both axes logarithmic. With a rate of 1 it jumps up more than a "
    "thousandfold at step 2, falls, and then stays flat at about 74 thousandths, five times as high "
    "as with rate 0.003, which falls smoothly to about 14. The clipped run does the same.",
)

# %%
for name, (model, history), *_ in runs:
    losses = history["train_loss"]
    jump = "more than 1,000" if max(losses) > 1000 * losses[0] else f"{max(losses) / losses[0]:.1f}"
    l0, fvu = place(model, new_pixels)
    active = "below 2" if l0 < 2 else f"about {5 * round(l0 / 5)}"
    print(f"{name:16} highest / first loss: {jump:15}   L0 {active:9}",
          "  FVU above 1" if fvu > 1 else f"  FVU {fvu:.2f}")  # fmt: skip
spread = pixels.var(dim=0, correction=0).mean().item()
print(f"variance of a pixel, on average: {1000 * spread:.0f} thousandths")

# %% [markdown]
# **How to recognise it.** In the first steps the loss jumps up more than a thousandfold. That jump
# throws nearly all latents below 0: hardly any is on. What is left is quiet, and worse than always the
# mean: the flat line lies near the variance of the digits. So a calm end does not mean a healthy run.
# Look at the beginning, and at L0.
#
# Reducing the rate mends it. Clipping does not. The reason is Adam (lesson 3): it divides each gradient
# by its usual size. Make all gradients shorter, and the steps stay as long as they were.
#
# Then when does clipping help? When *rare* gradients are huge. Say that one digit of 1,400 has been
# stored wrongly, 300 times too large:

# %%
spoiled = pixels.clone()
spoiled[7] *= 300
outlier = {}
for name, x, bound in (("all good", pixels, None), ("one spoiled", spoiled, None),
                       ("one spoiled, clipped", spoiled, 0.1)):  # fmt: skip
    outlier[name] = place(
        train_on_digits(Objective("l1", 0.3), x=x, max_grad_norm=bound)[0], new_pixels
    )[1]
worse = outlier["one spoiled"] / outlier["all good"]
mended = outlier["one spoiled, clipped"] / outlier["all good"]
print(f"FVU on good new digits, compared with a run on good data: {worse:.1f} times as much")
print(f"with clipping:                                            {mended:.1f} times as much")

# %% [markdown]
# Here clipping gives most of the loss back. (Better still: look at your data.) Last, a bad start. The
# encoder's first weights are 30 times too large:


# %%
def badly_started(scale, seed=0):
    """A model whose encoder starts `scale` times too large, trained. Gives its FVU."""
    torch.manual_seed(seed)
    model = SparseAutoencoder(64, 128, layers=1)
    with torch.no_grad():
        model.encoder.weight.mul_(scale)
    settings = {"num_steps": 1000, "batch_size": 128, "learning_rate": 0.003, "seed": seed}
    history = Trainer(model, Objective("l1", 0.3), device="cpu", **settings).fit(pixels)
    return history["train_loss"][0], place(model, new_pixels)[1]


first_losses = {}
for scale in (1, 30):
    first_losses[scale], fvu = badly_started(scale)
    said = "below 1" if fvu < 1 else "above 1: worse than always the mean"
    print(f"start × {scale:2}: FVU {said}")
ratio = first_losses[30] / first_losses[1]
print("first loss:", "more than 100 times as high" if ratio > 100 else "similar")
fresh = SparseAutoencoder(64, 128, layers=1)
along = nn.functional.cosine_similarity(fresh.encoder.weight, fresh.dictionary).min().item()
norm = fresh.encoder.weight.norm(dim=1).max().item()
print(f"a new model: cosine of encoder row and atom {along:.1f}, norm of the row {norm:.1f}")

# %% [markdown]
# After as many steps this run is still worse than always answering the mean. **How to recognise it:**
# the first loss is more than 100 times that of a good start. A good start is given by the model: each
# encoder row begins in the direction of its latent's atom, half as long.
#
# ### Trouble 4: dead latents
#
# *Reduce the weight. Use L1 instead of KL. Increase the learning rate slightly.* To provoke it we take
# digits *with* their mean again (lesson 4 showed that this kills), and a weight of 3.
#
# ### Predict

# %%
guess_dead = predict.choice(
    "dead",
    "Of 128 latents 90 to 100 die. With weight 0.3 fewer than 25. And then with the learning rate at "
    "0.01 in place of 0.003?",
    ["none", "about half as many", "still fewer than 25", "more than 50"],
)
guess_dead

# %%
raw = pixels + mean_digit


def dead_and_fvu(objective, x, seed=0, **changed):
    """How many latents are 0 on all digits after training, and the FVU."""
    model, _ = train_on_digits(objective, x=x, seed=seed, **changed)
    report = evaluate_autoencoder(model, x)
    return int((report.density == 0).sum()), report.fvu


strong, weak = Objective("l1", 3.0), Objective("l1", 0.3)
attempts = {
    # name: objective, digits, what else changes
    "weight 3 (sick)": (strong, raw, {}),
    "weight 3, rate 0.004": (strong, raw, {"learning_rate": 0.004}),
    "weight 0.3": (weak, raw, {}),
    "weight 0.3, rate 0.01": (weak, raw, {"learning_rate": 0.01}),
    "KL, weight 0.1": (Objective("kl", 0.1, 0.02), raw, {}),
    "weight 3, penalty brought in slowly": (strong, raw, {"sparsity_warmup_steps": 500}),
    "weight 3, mean taken off": (strong, pixels, {}),
    "weight 3, both": (strong, pixels, {"sparsity_warmup_steps": 500}),
}
dead = {}
print("                                      dead of 128    FVU")
for name, (objective, x, changed) in progress_bar(attempts.items(), desc="training"):
    dead[name], fvu = dead_and_fvu(objective, x, **changed)
    band = next((b for b in (5, 25) if dead[name] < b), None)
    count = f"about {20 * round(dead[name] / 20)}" if band is None else f"fewer than {band}"
    print(f"{name:36} {count:>12} {fvu:6.2f}")
guess_dead.compare(
    "more than 50" if dead["weight 0.3, rate 0.01"] > 50 else "50 or fewer",
    "Large steps throw latents over the edge.",
)

# %% [markdown]
# - **Reduce the weight**: works.
# - **Increase the learning rate slightly**: even a slight raise, to 0.004, does not help. A larger one
#   makes a healthy run sick. Large steps carry latents below 0 on all data, and there ReLU lets no
#   gradient through.
# - **L1 instead of KL**: here, too, it is the other way round. KL pulls up latents whose mean is below
#   the target, *before* they are dead. L1 only pushes down. (KL pays for it: its error is more than
#   twice that of L1 with weight 0.3.)
# - Not in the list, and as good *at the full weight of 3*: **take the mean off**. Or bring the penalty in
#   slowly (`sparsity_warmup_steps`), so that latents find something to say before they have to pay for
#   it. Both together lose next to none.
#
# The advice may come from other models or other data. The moral is not that the document is wrong. It
# is that a remedy is a guess until you have counted.

# %% [markdown]
# ## Evaluation
#
# Back to the photographs. A single number never tells enough (lesson 5). `evaluate_autoencoder` computes
# a report on data that the model has not been trained on. Try `print(report)` to see it whole. Here are
# its main lines, rounded, with the run without unit norm beside it.

# %%
report, free_report = (evaluate_autoencoder(m, test_patches) for m in (sae, free))
print("                         unit norm   free atoms")
for name, rounded in {
    "FVU": lambda r: f"{r.fvu:.2f}",
    "L0": lambda r: f"{5 * round(r.l0 / 5)}",
    "dead latents": lambda r: f"{100 * r.dead_fraction:.0f} %",
    "Hoyer": lambda r: f"{r.hoyer:.1f}",
    "shrinkage": lambda r: f"{r.shrinkage:.1f}",
}.items():
    print(f"{name:23} {rounded(report):>10} {rounded(free_report):>12}")

# %%
with torch.no_grad():
    lost = ((sae(test_patches) - test_patches) ** 2).sum()
    spread = ((test_patches - test_patches.mean(dim=0)) ** 2).sum()
print("FVU by hand agrees:", abs((lost / spread).item() - report.fvu) < 1e-4)

# %% [markdown]
# - **FVU**: about a quarter of the variance is lost. The free run loses far less, with nearly four
#   times as many active latents. Neither number alone says which model is better.
# - **L0**: about 25 of 256.
# - **Dead latents**: none. The first thing to look at when the FVU disappoints.
# - **Shrinkage** of 0.8: what the codes add is a fifth too short.
#
# How often does each latent speak? Their densities, as a histogram:

# %%
show_figure(
    plot_activation_density(report.density).figure,
    "Histogram of the densities of 256 latents on a logarithmic axis from 1 % to 100 %. None is "
    "dead. Nearly all lie between 5 % and 20 %, with a few above.",
)

# %% [markdown]
# One hump and no dead latents is a healthy picture. A second hump far to the left would be latents that
# are almost dead. A hump at 100 % would be latents that are always on: they say nothing.
#
# The module document's own evaluation keeps the error and the code of every example. Here it is for the
# digits, with the chart that goes with it:

# %%
digit_sae, _ = train_on_digits(Objective("l1", 0.3), num_steps=1500)
everything = evaluate_sparse_autoencoder(digit_sae, new_pixels)
print({name: getattr(value, "shape", "a number") for name, value in everything.items()})

# %%
show_figure(
    plot_sparse_autoencoder_analysis(everything, "Digits, L1, weight 0.3").figure,
    "Four histograms for 397 new digits. Errors: one hump with a tail to the right. L0: a hump "
    "around 20 to 25 latents. Mean activations: falling slowly from the most active latent, none "
    "dead. Activations of active latents: many small, few large.",
)

# %% [markdown]
# `sparsity_level` is the share of latents that are *off*. So a level of 0.8 says the same as an L0 of a
# fifth of the latents.

# %% [markdown]
# ## The code as features
#
# Is a sparse code good for anything? Let us read digits with it. **Logistic regression** is the simplest
# reader: one linear layer from its inputs to ten scores, one for each digit. The highest score is the
# answer. It is trained on labelled digits.
#
# Labels are dear, pictures are cheap. So: all 1,400 pictures *without* labels train the autoencoder.
# Then only 100 labelled digits train the reader, once on raw pixels and once on codes. Which are 100?
# We draw them five times, and average.
#
# ### Predict
#
# On raw pixels the reader gets about 89 of 100 new digits right.

# %%
guess_reader = predict.number("reader", "How many of 100 on the sparse code?")
guess_reader


# %%
def read_right(features, count, draws=5):
    """Percent of new digits that logistic regression reads right, from `count` labelled ones."""
    with torch.no_grad():
        known, new = features(pixels), features(new_pixels)
    size = known.std()  # one number: the scale alone should decide nothing
    right = []
    for draw in range(draws):
        order = torch.randperm(len(known), generator=torch.Generator().manual_seed(draw))[:count]
        reader = LogisticRegression(max_iter=3000).fit(known[order] / size, labels[order])
        right.append(reader.score(new / size, new_labels))
    return 100 * sum(right) / draws


readings = {}
print("labelled digits   pixels   sparse code   (percent right, new digits)")
for count in progress_bar((100, 200), desc="reading"):
    readings[count] = read_right(lambda x: x, count), read_right(digit_sae.encode, count)
    print("{:15} {:8.0f} {:10.0f}".format(count, *readings[count]))
guess_reader.compare(
    f"about {readings[100][1]:.0f}", "Better than on pixels, though the code was made from them."
)

# %% [markdown]
# The gain is small, 1 to 3 digits in 100 with different seeds, for reading digits is easy. But the code
# got it without a label. Do its latents stand for strokes? Here are the atoms.

# %%
atoms_figure(
    digit_sae.dictionary,
    "60 atoms of digits, as pictures of 8 by 8 pixels. Some are pieces of outlines, a few are rings or "
    "single spots, and many are patterns without a name.",
    at_most=60,
)

# %% [markdown]
# A few are rings, or pieces of outlines. Many we cannot name. That a code reads better than pixels does
# not show that a person can read it.
#
# Decoding works as well. A code may be changed, and the decoder shows what the change means. We take
# the code of one digit, and switch off its five largest latents one by one:

# %%
# You need not follow this cell: it draws.
with torch.no_grad():
    code = digit_sae.encode(new_pixels[:1])
    strongest = code[0].argsort(descending=True)[:5]
    pictures = [new_pixels[0] + mean_digit, digit_sae.decode(code)[0] + mean_digit]
    for latent in strongest:
        code[0, latent] = 0
        pictures.append(digit_sae.decode(code)[0] + mean_digit)
    pictures.append(digit_sae.decode(0 * code)[0] + mean_digit)
figure, axes = new_figure(7, 1.5, columns=8)
titles = ("input", "all on", *(f"{i} off" for i in range(1, 6)), "all off")
for ax, picture, title in zip(axes, pictures, titles):
    ax.imshow(picture.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()
show_figure(
    figure,
    "A new digit, its reconstruction, the reconstructions with the 1 to 5 largest latents "
    "switched off, and the one with all latents off. The white hole of the 0 fills with grey, and bit by bit the picture turns into the "
    "mean digit.",
)

# %% [markdown]
# The hole of the 0 fills. Bit by bit the picture turns into what the decoder says with nothing on: a
# blur, near the mean digit.

# %% [markdown]
# ## Quiz
#
# Six questions. Each answer tells you why it is right or wrong.

# %%
quiz.atom()

# %%
quiz.growing_atoms()

# %%
quiz.which_axis()

# %%
quiz.lower_fvu()

# %%
quiz.clipping()

# %%
quiz.dying()

# %% [markdown]
# ## Summary
#
# - A sparse autoencoder writes an input as a sum of few atoms from a large dictionary. The code says how
#   much of each.
# - L1 can be cheated by short codes and long atoms. Unit-norm atoms forbid it, in a model of one layer.
#   With two, the matrix after the code grows instead.
# - Norms are taken over the *input* axis, one per latent. A wrong axis hardly shows in scores. Compute
#   the norms.
# - On photographs, sparsity and unit norm make oriented edges. PCA makes waves, free atoms make noise.
# - Tied weights halve the parameters, and help when data are few.
# - Compare models at equal L0. On our photographs L1 then has the lowest error, KL and Hoyer follow;
#   Hoyer's giants are to be watched.
# - Four troubles, each with a sign: high error (read L0 and the curve), not sparse (raise the weight),
#   unstable (a jump at the start: lower the rate; clip only against rare giants), dead latents (lower the weight, take the
#   mean off, bring the penalty in slowly).
# - Report several numbers: FVU, L0, dead latents, densities, shrinkage.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | atom | what one latent adds to the reconstruction: a vector as long as an input |
# | dictionary | all atoms, one per row |
# | feature | something in the data that a latent may stand for |
# | unit norm | length 1 |
# | whitening | levelling the strengths of slow and quick changes |
# | patch | a small square cut from a picture |
# | band-pass, oriented edge | our criterion for atoms; see above |
# | tied weights | encoder and decoder share their matrices |
# | FVU | fraction of variance unexplained: 0 perfect, 1 the mean |
# | MMCS | mean max cosine similarity: how well known directions were found |
# | clipping | shortening gradients that are longer than a bound |
# | sparsity warm-up | bringing the penalty in slowly |
#
# ### In the literature
#
# - B. Olshausen and D. Field, *Emergence of simple-cell receptive field properties by learning a sparse
#   code for natural images*, 1996, and *Sparse coding with an overcomplete basis set: a strategy
#   employed by V1?*, 1997: the experiment of this lesson, with the same filter. They found codes by
#   optimising each one, not with an encoder.
# - A. Bell and T. Sejnowski, *The "independent components" of natural scenes are edge filters*, 1997:
#   edges again, from the wish that latents be independent.
# - T. Bricken and others, *Towards monosemanticity: decomposing language models with dictionary
#   learning*, 2023, and H. Cunningham and others, *Sparse autoencoders find highly interpretable
#   features in language models*, 2023: the same model on the activations of language models. The
#   first keeps unit-norm atoms.
# - L. Gao and others, *Scaling and evaluating sparse autoencoders*, 2024: very large ones, top-k in
#   place of a penalty, and ways against dead latents.
# - A. Ng, *Sparse autoencoder* (lecture notes), 2011: KL, and edges from photographs.
#
# **Next:** the [exercises of this lesson](../exercises/06_sparse_autoencoder/06_exercises.ipynb). Then
# lesson 7 asks what happens when data have more features than dimensions, and whether they are found.
