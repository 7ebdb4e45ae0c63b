# %% [markdown]
# # 5 · Sparsity penalties
#
# After this lesson you can
#
# - **measure** how sparse a code is, in four ways, and say when they disagree;
# - **write down** the penalties L1, KL and Hoyer, and **tell** what each does to a latent;
# - **choose** the strength of a penalty, and read the price off a trade-off curve;
# - **recognise** a penalty that is not a number, has the wrong sign, or is cheated;
# - **convert** the strength of L1 when the number of latents changes;
# - **compute** how much L1 shrinks a latent, and mend it.
#
# *About 100 minutes. Builds on: lesson 2 (ReLU, sigmoid, soft thresholds, shrinkage), lesson 3
# (gradients, the training loop, the valley) and lesson 4 (autoencoders of digits, dead latents,
# density). The exercises are in
# [05_exercises.ipynb](../exercises/05_sparsity_penalties/05_exercises.ipynb).*
#
# Think of how you would tell somebody over the telephone which digit you see. "A ring at the top, a
# stroke down on the right." Two words, out of the many that you know. You would not say of each
# word in your language how little it applies. A code that works like this is **sparse**: of many
# latents, few are active at a time. Lesson 4's autoencoders were never asked for that. This lesson
# asks.

# %%
import math
from copy import deepcopy

import torch
from torch import nn, optim

from course_lib import BasicAutoencoder, LiveFigure, Objective, ReluAutoencoder, Select
from course_lib import Slider, SparseAutoencoder, Trainer, digits, evaluate_autoencoder
from course_lib import hoyer_sparsity, hoyer_sparsity_loss, kl_divergence_sparsity_loss
from course_lib import l1_sparsity_loss, new_figure, open_unit, plot_reconstructions
from course_lib import progress_bar, show_figure, show_source, superposition
from course_lib.losses import kl_divergence
from course_lib.plotting import BLUE, GREEN, GREY, ORANGE, RED

unit = open_unit("05_sparsity_penalties")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## What does sparse mean?
#
# Here are two codes of four latents:
#
# $$a = (0,\; 0,\; 2,\; 0), \qquad b = (0.5,\; 0.5,\; 0.5,\; 0.5).$$
#
# $a$ is as sparse as can be, and $b$ not at all. (A code with a single active latent, like $a$, is
# called **one-hot**.) Can a number say so?
#
# **1. L0** counts the latents that are not 0: 1 for $a$, 4 for $b$. It is often given as a share of
# all latents, here 25 % and 100 %.
#
# **2. Mean activation**: the mean of the sizes $|z_j|$. It is 0.5 for $a$, and 0.5 for $b$ too. This
# number cannot tell them apart.
#
# **3. Hoyer's measure** compares two lengths of a code. One is the sum of its sizes, written
# $\|z\|_1$. The other is its ordinary length, the root of the sum of squares, written $\|z\|_2$.
# For $a$ both are 2. For $b$ the sum is 2, and the length is $\sqrt{4 \cdot 0.25} = 1$. When a single
# latent is active the ratio $\|z\|_1 / \|z\|_2$ is 1. When all $n$ are equal it is $\sqrt n$. Nothing
# is outside this range, so we map it to 0 … 1:
#
# $$H(z) = \frac{\sqrt{n} - \|z\|_1 / \|z\|_2}{\sqrt{n} - 1}.$$
#
# So $H(a) = (2 - 1)/(2 - 1) = 1$, and $H(b) = (2 - 2)/(2 - 1) = 0$. Sparse codes have *large* values.
#
# What about a code of zeros? It would be $0/0$. So `course_lib` adds a tiny number to every size.
# Then a code of zeros counts as one of equal entries, and scores 0.

# %%
show_source(hoyer_sparsity)

# %% [markdown]
# ### Predict
#
# A third code: $c = (2,\; 0.1,\; 0.1,\; 0.1)$.

# %%
guess_measures = predict.choice(
    "measures",
    "Which of the three measures calls c as dense as b?",
    ["L0", "mean activation", "Hoyer's measure", "all three", "none of them"],
)
guess_measures


# %%
def measures(z):
    """L0, mean activation and Hoyer's measure of codes (batch, latents), averaged over them."""
    L0 = (z != 0).float().sum(dim=1).mean().item()
    return L0, z.abs().mean().item(), hoyer_sparsity(z).mean().item()


by_hand = {
    "a": torch.tensor([[0.0, 0.0, 2.0, 0.0]]),
    "b": torch.tensor([[0.5, 0.5, 0.5, 0.5]]),
    "c": torch.tensor([[2.0, 0.1, 0.1, 0.1]]),
    "10 a": torch.tensor([[0.0, 0.0, 20.0, 0.0]]),
    "zeros": torch.zeros(1, 4),
}
print("           L0   mean activation   Hoyer")
for name, z in by_hand.items():
    print("{:5} {:7.0f} {:14.2f} {:10.2f}".format(name, *measures(z)))

guess_measures.compare(
    "L0",
    "It counts 0.1 like 2. The mean is even larger than b's. Hoyer's measure sees that one latent "
    "towers above the others.",
)

# %% [markdown]
# Each measure is blind to something. L0 does not ask how large a latent is. The mean activation
# does not ask how it is spread, and grows with the code: see the row of $10\,a$. Hoyer's measure
# asks only how it is spread.
#
# There is something that all three are blind to. Look at four inputs and their codes:

# %%
one_for_all = torch.tensor([[1.0, 0.0, 0.0, 0.0]]).repeat(4, 1)  # (4 inputs, 4 latents)
one_for_each = torch.eye(4)
for name, z in {"one for all": one_for_all, "one for each": one_for_each}.items():
    density = (z != 0).float().mean(dim=0)  # (4 latents,)
    print(
        "{:13} L0 {:.0f}, mean {:.2f}, Hoyer {:.0f};".format(name, *measures(z)),
        "density of each latent:", density.tolist(),
    )  # fmt: skip

# %% [markdown]
# Every code here has one active latent. But the first four codes are all the same: they say nothing
# about the input. So we also look at the columns.
#
# **4. Density** (lesson 4): for each *latent*, the share of inputs on which it is active. The first
# three measures look at one input, and ask how many latents answer. The density looks at one latent,
# and asks to how many inputs it answers. A latent of density 1 is always on, one of density 0 is
# dead. Sparse codes that say something have many latents of *small* density.
#
# ### On real codes
#
# Three autoencoders for the digits of lesson 4, with 64 latents each. The first is lesson 4's
# `BasicAutoencoder`, with nothing after its code. The second is lesson 4's `ReluAutoencoder`: no
# hidden layers, and ReLU on its code. The third is the second again, but its loss has one term more:
# a penalty. This lesson is about that term. Here is the loop, with the term:

# %%
pixels, labels = digits("train")
new_pixels, new_labels = digits("test")


def train(model, penalty=None, strength=0.0, x=pixels, epochs=50, learning_rate=0.003, seed=0):
    """Train with the mean squared error + strength · penalty(code). Returns each step's loss."""
    optimizer = optim.Adam(model.parameters(), lr=learning_rate, fused=True)  # fused: just faster
    total = epochs * -(-len(x) // 64)  # steps: whole batches, and a rest
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, total)  # the rate falls to 0
    order = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=order).split(64):
            z = model.encode(x[rows])
            loss = ((model.decode(z) - x[rows]) ** 2).mean()
            if penalty is not None:
                loss = loss + strength * penalty(z)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.detach())
    return torch.stack(losses)


def trained(make, penalty=None, strength=0.0, seed=0, **options):
    """make() builds a model; here it gets its random weights, and is trained."""
    torch.manual_seed(seed)
    model = make()
    train(model, penalty, strength, seed=seed, **options)
    return model


def codes_of(model, x=new_pixels):
    with torch.no_grad():
        return model.encode(x)


def thousandths(model, x=new_pixels):
    """Mean squared error of the reconstructions, times 1,000."""
    with torch.no_grad():
        return 1000 * ((model.decode(model.encode(x)) - x) ** 2).mean().item()


free = trained(lambda: ReluAutoencoder(64, 64))
shown = {
    "no activation": trained(lambda: BasicAutoencoder(64, 64)),
    "ReLU": free,
    "ReLU and penalty": trained(lambda: ReluAutoencoder(64, 64), l1_sparsity_loss, 0.1),
}

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3.9, columns=3, rows=2, height_ratios=(3, 2))
for (top, bottom), (name, model) in zip(axes.T, shown.items()):
    z = codes_of(model)
    top.vlines(range(64), 0, z[0], color=BLUE, linewidth=1.6)
    top.set(title=name, xlabel="latent")
    density = (z != 0).float().mean(dim=0)
    bottom.hist(density, bins=20, range=(0, 1), color=ORANGE)
    bottom.set(xlabel="density", ylim=(0, 64))
axes[0, 0].set_ylabel("code of one digit")
axes[1, 0].set_ylabel("latents")
show_figure(
    figure,
    "Above, the code of one new digit under three autoencoders. Without an activation all 64 "
    "latents differ from 0, in both directions. With ReLU about two thirds are above 0. With the "
    "penalty fewer are, and they are small. Below, histograms of the densities: without an "
    "activation all at 1; with ReLU about 20 at 0 and most others at 1; with the penalty about 25 "
    "at 0 and the others spread between.",
)


# %%
def row(name, model):
    """One line of a table: the four measures on new digits, and the error."""
    z = codes_of(model)
    L0, mean, hoyer = measures(z)
    dead = int((z == 0).all(dim=0).sum())
    always = int(((z != 0).float().mean(dim=0) > 0.99).sum())
    print(
        f"{name:18} {L0:4.0f} {mean:9.2f} {hoyer:8.2f} {dead:7} {always:10} "
        f"{thousandths(model):9.0f}"
    )


print("                     L0      mean    Hoyer    dead  always on     error (thousandths)")
for name, model in shown.items():
    row(name, model)

# %% [markdown]
# Without an activation no latent is ever exactly 0. So L0 is 64, whatever the code. ReLU makes
# zeros, but look at the densities: most latents are dead or nearly always on. That is no telephone
# language. With the penalty the L0 is about half, and no latent is always on. It costs something:
# the error is three to four times as large.
#
# ## A penalty in the loss
#
# The tutorial from which this course grew puts it like this: *we typically achieve sparsity by
# adding a sparsity penalty to the loss function. This penalty discourages the activations in the
# latent space from being too large.* So
#
# $$\text{loss} = \text{mean squared error} + \lambda \cdot \text{penalty}(z).$$
#
# The number $\lambda$ ("lambda") is the **strength**. The tutorial calls it `sparsity_strength`,
# other texts `sparsity_weight`.
#
# Why would one want it? The tutorial hopes for three things: each latent stands for one distinct
# feature; the code is robust against noise; it can be interpreted. These are hopes. The penalty
# asks for none of them: it asks for small or few activations. We test the second in *Is it robust?*
# below. Features and interpretation are what the lessons after this one are about.
#
# ## Three penalties
#
# **L1** adds up the sizes of the latents of a code, and averages over codes:
#
# $$\|z\|_1 = |z_1| + |z_2| + \dots + |z_n|.$$
#
# (The tutorial averages over the latents, too. What that changes is a section of its own below.)
#
# **KL** looks at each latent's mean activation over the batch, $m_j$. You choose a target $\rho$
# ("rho"), such as 0.05. The penalty is 0 when $m_j = \rho$, and grows on either side:
#
# $$\mathrm{KL}(\rho \,\|\, m_j) = \rho \log\frac{\rho}{m_j}
# + (1 - \rho) \log\frac{1 - \rho}{1 - m_j},$$
#
# added up over the latents. Here $\log$ is the natural logarithm: $\log x$ is the power to which
# $e$ must be raised to give $x$. So $\log 1 = 0$. Its slope at $x$ is $1/x$ (we take that on
# trust). The letters stand for *Kullback–Leibler divergence*. It compares two coins: one that shows
# heads with probability $\rho$, and one with $m_j$. So $m_j$ must lie between 0 and 1. After a
# sigmoid it does.
#
# **Hoyer** is one minus Hoyer's measure, averaged over codes: $1 - H(z)$. Why one *minus*? The
# measure is large for sparse codes, and training makes the loss small.

# %%
show_source(l1_sparsity_loss)

# %%
show_source(hoyer_sparsity_loss)

# %% [markdown]
# (KL's code is shown later, when we know what it must guard against. One more text behind this
# course, which we call the *module document*, says that Hoyer is the dearest to compute, "with
# matrix ops". There is no product of matrices in it: two sums and a root for each code.)
#
# ### In the plane
#
# Two latents are enough to see what the three do. Suppose that the best reconstruction would have
# the code $z^* = (0.8,\; 0.1)$. Each step away from it costs the squared distance. The loss is then
#
# $$(z_1 - 0.8)^2 + (z_2 - 0.1)^2 + \lambda \cdot \text{penalty}(z),$$
#
# and gradient descent moves the point $z$ from $z^*$ to where the loss is smallest. A latent never
# gets below 0, as if ReLU were there. (For KL the two numbers stand for the mean activations of two
# latents. Its target is 0.2 in this picture.)

# %%
plane = {
    "L1": lambda z: l1_sparsity_loss(z, over_latents="sum"),
    "KL, target 0.2": lambda z: kl_divergence_sparsity_loss(z, target_sparsity=0.2),
    "Hoyer": hoyer_sparsity_loss,
}


def descend(start, penalty, strength, steps=100, rate=0.04):
    """Codes (batch, latents) on their way from `start` to the smallest loss: one entry a step."""
    z, path = start, [start]
    for _ in range(steps):
        z = z.clone().requires_grad_()
        moved = ((z - start) ** 2).sum(dim=1).mean()
        # a hair above 0, where |z| has the slope 1
        loss = moved + strength * penalty(z + 1e-9)
        (slope,) = torch.autograd.grad(loss, z)
        step = rate * len(z) * slope  # the mean over codes made each slope len(z) times smaller
        z = (z.detach() - step.clamp(-0.05, 0.05)).clamp(min=0)  # no step longer than 0.05
        path.append(z)
    return path


# %% [markdown]
# ### Predict
#
# Under KL the second latent starts at 0.1, below the target of 0.2.

# %%
guess_rare = predict.choice(
    "rare",
    "A sparsity penalty is at work. What does KL do to the second latent?",
    ["it falls to exactly 0", "it falls, but not to 0", "it stays", "it rises"],
)
guess_rare

# %%
starts = {"(0.8, 0.1)": (0.8, 0.1), "(0.8, 0.6)": (0.8, 0.6)}


# You need not follow the rest of this cell: it draws.
ticks = torch.linspace(0.02, 1.1, 55)
few = torch.cartesian_prod(torch.linspace(0.12, 1.02, 6), torch.linspace(0.12, 1.02, 6))


def plane_map(penalty):
    """The penalty on a grid (55, 55), and arrows against its gradient (36, 2)."""
    with torch.no_grad():
        grid = torch.cartesian_prod(ticks, ticks)
        heights = torch.stack([penalty(point[None]) for point in grid]).reshape(55, 55).T
    at = few.clone().requires_grad_()
    (slope,) = torch.autograd.grad(sum(penalty(point[None]) for point in at), at)
    return heights, -slope / slope.norm(dim=1, keepdim=True).clamp(min=0.35) / 9


maps = {name: plane_map(penalty) for name, penalty in plane.items()}


def draw_plane(ax, name, strength, start):
    """Lines of equal penalty, arrows against its gradient, the way of a code; returns its end."""
    penalty, (heights, arrows) = plane[name], maps[name]
    ax.contour(ticks, ticks, heights, levels=9, colors=GREY, linewidths=0.7)
    ax.quiver(*few.T, *arrows.T, color=GREEN, angles="xy", scale_units="xy", scale=1, width=0.007)
    path = torch.cat(descend(torch.tensor([starts[start]]), penalty, strength))  # (steps + 1, 2)
    ax.plot(*path.T, color=BLUE, linewidth=2.4)
    ax.plot(*path[0], "o", color="white", markeredgecolor=BLUE, markersize=8, clip_on=False)
    ax.plot(*path[-1], "*", color=ORANGE, markersize=14, clip_on=False)
    ax.set(xlim=(0, 1.1), ylim=(0, 1.1), aspect="equal", xlabel="first latent")
    ax.set_ylabel("second latent")
    ax.grid(False)
    return path[-1]


def draw_live(figure, penalty, strength, start):
    ax = figure.subplots()
    end = draw_plane(ax, penalty, strength, start)
    first, second = (f"{v:.2f}" if v else "exactly 0" for v in end.tolist())
    return (
        f"{penalty}, strength {strength:g}: from {start} (ring) to {first} and {second} (star). "
        "Grey: lines of equal penalty. Green: where the penalty alone would push a code."
    )


LiveFigure(
    draw_live,
    "From (0.8, 0.1): which strength of L1 makes the second latent exactly 0? Can KL do it? Which "
    "penalty switches it off and leaves the first at its full size? And what does that penalty do "
    "from (0.8, 0.6)?",
    size=(4.4, 3.7),
    penalty=Select("penalty", tuple(plane), "L1"),
    strength=Slider("strength λ", 0, 1.6, 0.1, 0.1),
    start=Select("best code", tuple(starts), "(0.8, 0.1)"),
)

# %%
for start, tried in {"(0.8, 0.1)": (0.1, 0.3, 0.8), "(0.8, 0.6)": (0.1, 0.4, 0.8)}.items():
    print(f"from {start}   ", *(f"   λ = {s}    " for s in tried))
    for name, penalty in plane.items():
        ends = [descend(torch.tensor([starts[start]]), penalty, s)[-1][0] for s in tried]
        print(f"{name:18}", *(f"  ({z[0]:.2f}, {z[1]:.2f})" for z in ends))
raised = descend(torch.tensor([[0.8, 0.1]]), plane["KL, target 0.2"], 0.8)[-1][0, 1]
guess_rare.compare(
    "it rises" if raised > 0.1 else "it does not rise",
    "KL pulls every latent towards its target, from below as well as from above.",
)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 4.9, columns=3, rows=2, sharey=True)
for line, start in zip(axes, starts):
    for ax, name in zip(line, plane):
        draw_plane(ax, name, 0.8, start)
        ax.set(title=name if start == "(0.8, 0.1)" else "", xlabel="")
        if ax is not line[0]:
            ax.set_ylabel("")
for ax in axes[1]:
    ax.set_xlabel("first latent")
show_figure(
    figure,
    "Two rows of three maps of the plane of two latents, strength 0.8. L1: lines of equal penalty "
    "are parallel and slanted, all arrows point down and left alike; from (0.8, 0.1) the code goes "
    "to (0.4, 0), from (0.8, 0.6) to (0.4, 0.2). KL: the lines are closed curves around the target "
    "(0.2, 0.2), arrows point to it; the codes go to (0.43, 0.17) and (0.43, 0.34). Hoyer: the "
    "lines are rays from the origin, arrows turn codes towards the nearer axis; both codes end on "
    "the first axis near (0.8, 0).",
)

# %% [markdown]
# **What you should have found.**
#
# - **L1** pushes everywhere alike. At $\lambda = 0.2$ the second latent creeps to 0 (the figure says
#   0.00); above, it is exactly 0. The first pays too: it loses $\lambda/2$.
# - **KL** pulls to its target. The small latent *rises*. So KL makes no zeros. What it makes small
#   is the *mean* of a latent.
# - **Hoyer** turns the code towards an axis. It never asks for shorter codes: its lines of equal
#   penalty are rays from the origin. So the survivor keeps its full size. From (0.8, 0.6) it is a
#   contest. At $\lambda = 0.4$ the first latent *grows* above 0.8, and at 0.8 it wins.
#
# ## What they do to one latent
#
# Let us compute the first answer. For L1 and a latent above 0, the loss is $(z - z^*)^2 + \lambda z$.
# Its slope is $2 (z - z^*) + \lambda$. It is 0 at
#
# $$z = z^* - \frac{\lambda}{2},$$
#
# and if that is below 0, the best is $z = 0$. This is soft thresholding, from lesson 2, with the
# threshold $\lambda/2$.
#
# ### Predict

# %%
guess_shrunk = predict.number(
    "shrunk", "Without a penalty a latent would be 1. What is it under L1 with λ = 0.4?"
)
guess_shrunk

# %%
wanted = torch.tensor([[1.0, 0.5, 0.15]])
found = descend(wanted, plane["L1"], 0.4, steps=300)[-1]
print("best code:    ", [round(v, 2) for v in wanted[0].tolist()])
print("L1, λ = 0.4:  ", [round(v, 2) for v in found[0].tolist()])
guess_shrunk.compare(round(found[0, 0].item(), 2), "1 − 0.4/2. The last one, 0.15, is cut to 0.")

# %% [markdown]
# For the other two we only need their slopes.
#
# **KL.** Since $\log(\rho/m) = \log \rho - \log m$, and the slope of $\log x$ is $1/x$, the chain rule
# gives
#
# $$\frac{\text{change of KL}}{\text{change of } m} = -\frac{\rho}{m} + \frac{1-\rho}{1-m}.$$
#
# At $m = \rho$ it is $-1 + 1 = 0$: the push ends at the target. Below it is negative, so descent
# raises $m$. All codes of the batch are pushed alike, whether the latent is large or small in them.
#
# **Hoyer.** Descent lowers the latents below a bar, and raises those above it. The bar is
# $\|z\|_2^2 / \|z\|_1$. For $z = (3, 1)$ it is $10/4 = 2.5$: 3 grows, and 1 falls. What is small
# gets smaller, what is large gets larger. (For latents above 0 the slope of $\|z\|_1 / \|z\|_2$ in
# $z_j$ is $(1 - z_j \|z\|_1 / \|z\|_2^2) / \|z\|_2$. It is 0 at the bar. The penalty's slope is
# this, divided by $\sqrt n - 1$.)
#
# | | pushes a latent | ends | makes exact zeros |
# |---|---|---|---|
# | L1 | down, always by the same force | at 0 only | yes |
# | KL | by its *mean*, towards the target | at the target | of single entries, never of a whole latent |
# | Hoyer | small ones down, large ones up | when one is left | yes |

# %%
m = torch.tensor([0.01, 0.05, 0.2, 0.5], requires_grad=True)
(slope,) = torch.autograd.grad(kl_divergence(m, 0.05).sum(), m)
formula = -0.05 / m + 0.95 / (1 - m)
print("KL: slopes as in the formula:", torch.allclose(slope, formula, atol=1e-4))
print("    at 0.01, 0.05, 0.2, 0.5:", [round(v, 1) + 0.0 for v in slope.tolist()])

z = torch.tensor([[3.0, 1.0]], requires_grad=True)
(slope,) = torch.autograd.grad(hoyer_sparsity_loss(z), z)
formula = (1 - z * 4 / 10) / 10**0.5 / (2**0.5 - 1)  # 4: sum of sizes, 10: of squares
print("Hoyer: slopes as in the formula:", torch.allclose(slope, formula, atol=1e-4))
print("    at (3, 1):", [round(v, 2) for v in slope[0].tolist()])

# %% [markdown]
# ## What they do to a population
#
# Now 397 codes. They are the codes of the new digits in the ReLU autoencoder from above. Of its
# latents we take the 44 that are on for more than half of the digits. We let the *codes* descend, as
# in the plane, with no network around them. (The strengths of different penalties cannot be compared.
# These are chosen so that each has a clear effect.)

# %%
population = codes_of(free)
population = population[:, (population != 0).float().mean(dim=0) > 0.5]  # (397, 44)
pushed = {
    "no penalty": population,
    "L1, λ = 1": descend(population, plane["L1"], 1.0, steps=200)[-1],
    "KL, target 0.05, λ = 5": descend(
        population, kl_divergence_sparsity_loss, 5.0, steps=400, rate=0.01
    )[-1],
    "Hoyer, λ = 30": descend(population, hoyer_sparsity_loss, 30.0, steps=200)[-1],
}
share = {name: 100 * (z != 0).float().mean().item() for name, z in pushed.items()}
print("                           active   mean   Hoyer   means of the latents")
for name, z in pushed.items():
    means = z.mean(dim=0)
    print(
        f"{name:26} {share[name]:4.0f} % {z.mean():7.2f} {hoyer_sparsity(z).mean():6.2f}"
        f"   {means.min():.2f} to {means.max():.2f}"
    )

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3.8, columns=4, rows=2, sharex="row", sharey="row")
for (top, bottom), (name, z) in zip(axes.T, pushed.items()):
    weights = torch.full((z.numel(),), 100 / z.numel())
    top.hist(z.flatten(), bins=40, range=(0, 2), weights=weights, color=BLUE)
    top.set(title=name.replace(", λ", "\nλ"), xlabel="activation", yscale="log", ylim=(0.05, 100))
    bottom.plot(z.mean(dim=0).sort(descending=True).values, ".", color=ORANGE)
    bottom.set(xlabel="latent, sorted", ylim=(0, 1.1))
axes[0, 0].set_ylabel("share of entries (%)")
axes[1, 0].set_ylabel("mean activation")
show_figure(
    figure,
    "Four columns: no penalty, L1, KL, Hoyer. Above, histograms of all activations on a logarithmic "
    "axis. No penalty: a broad hill. L1: the same hill half a unit further left, with a spike at 0. "
    "KL: a far higher spike at 0. Hoyer: a spike at 0, and the rest stays broad. Below, the mean "
    "activation of each latent, sorted: L1 keeps the slope of the original at a lower level, KL "
    "makes it flat and low, Hoyer hardly changes the large ones.",
)

# %% [markdown]
# - **L1** moves every activation down by the same amount. Latents that were strong on average stay
#   stronger than others.
# - **KL** moves each *latent* as far as it takes: in the end all have nearly the same small mean.
#   Within a latent it also subtracts the same from each code. So here it does make zeros, and many.
#   It is the mean of a latent that it never brings to 0.
# - **Hoyer** compares the latents *within* a code. The small ones go, the large ones stay.
#
# In a network the codes are not free: the encoder must make them. So let us train one.

# %% [markdown]
# ## The tutorial's experiment
#
# The tutorial writes a sparse autoencoder like this. A sigmoid keeps each latent between 0 and 1,
# "for easier sparsity control". `sparsity_level` is *the desired average activation of the neurons
# in the latent space*.


# %%
class SigmoidAutoencoder(nn.Module):
    """The tutorial's model, with encode and decode as methods."""

    def __init__(self, input_dim, encoding_dim, sparsity_level=0.05):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(input_dim, 2 * encoding_dim),
            nn.ReLU(),
            nn.Linear(2 * encoding_dim, encoding_dim),
            nn.Sigmoid(),  # between 0 and 1
        )
        self.decoder = nn.Sequential(
            nn.Linear(encoding_dim, 2 * encoding_dim),
            nn.ReLU(),
            nn.Linear(2 * encoding_dim, input_dim),
        )
        self.sparsity_level = sparsity_level

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        encoded = self.encode(x)
        return self.decode(encoded), encoded


def l1_sparsity(encoded, target_sparsity):
    """Calculates the L1 sparsity penalty."""
    return torch.mean(torch.abs(encoded))


# %% [markdown]
# And this is its loop, as it stands, on digits instead of noise:

# %%
sparsity_strength, batch_size = 0.001, 64
torch.manual_seed(0)
sparse_ae = SigmoidAutoencoder(64, 32)
criterion = nn.MSELoss()
optimizer = optim.Adam(sparse_ae.parameters(), lr=0.001)

for epoch in range(10):
    for data in pixels[torch.randperm(len(pixels))].split(batch_size):
        decoded, encoded = sparse_ae(data)
        reconstruction_loss = criterion(decoded, data)
        sparsity_loss = l1_sparsity(encoded, sparse_ae.sparsity_level)
        loss = reconstruction_loss + sparsity_strength * sparsity_loss

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    if epoch in (0, 4, 9):
        print(
            f"Epoch [{epoch + 1}/10], Loss: {loss.item():.2f}, Reconstruction Loss: "
            f"{reconstruction_loss.item():.2f}, Sparsity Loss: {sparsity_loss.item():.2f}"
        )

# %% [markdown]
# "The total loss is the sum of these two." It does not look like it: 0.04 and 0.53 do not make 0.04.
# The printed sparsity loss is not yet multiplied by the strength. Its part in the loss is
# $0.001 \cdot 0.53$: next to nothing. When you print terms, print them as they enter the sum.
#
# The target is 0.05, and after ten epochs the mean activation (which is the sparsity loss here) is
# still above 0.5. "Try increasing the strength, e.g. to 0.1 or 1.0", says the tutorial, "try
# decreasing it to 0.0001. What happens to the reconstruction loss? How does it affect the average
# activation? Does it get closer to the `sparsity_level`?" We take longer runs: our loop from above,
# 50 epochs each.
#
# ### Predict

# %%
guess_strong = predict.choice(
    "strong",
    "With a strength of 1, what will the reconstructions of ten different digits look like?",
    ["ten blurred digits", "ten times the same picture", "ten blank pictures", "random dots"],
)
guess_strong

# %%
strengths = (0, 0.0001, 0.001, 0.01, 0.03, 0.1, 1)
by_strength = {
    s: trained(lambda: SigmoidAutoencoder(64, 32), l1_sparsity_loss, s)
    for s in progress_bar(strengths, desc="training")
}
print("strength   error (thousandths)   mean activation")
for s, model in by_strength.items():
    print(f"{s:<8} {thousandths(model):12.0f} {codes_of(model).mean():22.2f}")

# %%
# You need not follow this cell: it draws.
figure, (left, right) = new_figure(7, 3.1, columns=2)
means = [codes_of(model).mean().item() for model in by_strength.values()]
errors = [thousandths(model) for model in by_strength.values()]
always_mean = 1000 * ((new_pixels - pixels.mean(dim=0)) ** 2).mean().item()
left.plot(means, errors, "-o")
for s, mean, error in zip(strengths, means, errors):
    if s != 0.0001:  # its point is that of 0
        at, side = {0: ((0, 7), "center"), 0.001: ((-6, 7), "right")}.get(s, ((6, 2), "left"))
        left.annotate(f"{s:g}", (mean, error), xytext=at, ha=side, textcoords="offset points")
left.axhline(always_mean, color=GREY, linewidth=1)
left.annotate("the mean digit", (0.55, always_mean), xytext=(0, -12), ha="right",
              textcoords="offset points")  # fmt: skip
left.axvline(0.05, color=RED, linestyle=":", linewidth=1.3)
left.set(xlabel="mean activation", ylabel="error, new digits (thousandths)", ylim=(0, 80))
right.semilogx(strengths[1:], means[1:], "-o")
right.axhline(0.05, color=RED, linestyle=":", linewidth=1.3, label="sparsity_level")
right.set(xlabel="strength", ylabel="mean activation")
right.legend()
show_figure(
    figure,
    "Left, the trade-off: error against mean activation, one point for each strength. From a mean "
    "of 0.5 down to 0.24 the error stays near 14 thousandths; then it rises, to 42 at strength "
    "0.1 and to the line of the mean digit, 73, at strength 1. Right, mean activation against "
    "strength: it falls steadily from 0.5 to 0 and crosses the dotted target of 0.05 without "
    "stopping there.",
)

# %%
with torch.no_grad():
    answers = by_strength[1](new_pixels)[0]
guess_strong.compare(
    "ten times the same picture" if answers.std(dim=0).max() < 0.01 else "different pictures",
    "All latents are near 0 on every digit. The best single answer is the mean digit.",
)

# %%
plot_reconstructions(new_pixels, answers)

# %% [markdown]
# The left picture is called a **trade-off curve**: what is gained on one axis is paid on the other.
# It is the honest way to compare sparse codes, as long as nobody cheats on the axes. Here the first
# half is nearly free: from a strength of 0 to 0.01 the mean activation is halved, and the error
# hardly moves. Then it becomes dear.
#
# At strength 1 the code is empty. Why? Emptying it saves $1 \cdot 0.5$ of penalty, and costs at most
# 0.07 of error. So training first of all empties it. There are better weights: tiny codes, and a
# decoder with huge weights, pay next to no penalty. (*The scale of L1* below builds some.) But from
# an empty code training did not find them.
#
# (With other random weights the errors differ by up to 3 thousandths, at strength 0.1 by more: 30 to
# 42. The mean activations hardly differ.)
#
# ### How many are active?
#
# A sigmoid is never exactly 0. So L0 is 32, always. One must say what counts as *near zero*:

# %%
z = codes_of(by_strength[0.03])
print("L0 at strength 0.03, when active means")
for bound in (0, 0.01, 0.1, 0.5):
    L0 = (z > bound).float().sum(dim=1).mean().item()
    about = 5 * round(L0 / 5) if 5 < L0 < 32 else round(L0)
    print(f"  above {bound:<5}: about {about} of 32")

# %% [markdown]
# Anything from 2 to 32, as you like it. Whoever reports an L0 of sigmoid codes must report the
# bound. After ReLU there is no such freedom. This is one reason why today's sparse autoencoders have
# ReLU on the code.
#
# ### Is it robust?
#
# The tutorial says that sparse codes can be more robust against noise. We add noise to new digits
# and ask each model for the clean ones.

# %%
generator = torch.Generator().manual_seed(0)
noisy = new_pixels + 0.4 * torch.randn(new_pixels.shape, generator=generator)
print("strength   clean digits   with noise of deviation 0.4   (thousandths)")
for s in (0, 0.01, 0.03, 0.1):
    model = by_strength[s]
    with torch.no_grad():
        error = 1000 * ((model(noisy)[0] - new_pixels) ** 2).mean().item()
    print(f"{s:<8} {thousandths(model):11.0f} {error:17.0f}")

# %% [markdown]
# At strength 0.1 noise *adds* less: 17 thousandths instead of 30. But it adds to a larger error, and
# in no row is the sum smaller than without a penalty. On these data the hope does not come true. It
# may on others.
#
# ## How to reach a `sparsity_level`
#
# ### Predict

# %%
guess_level = predict.choice(
    "level",
    "We train with sparsity_level=0.5 in place of 0.05, all else equal. The mean activation …",
    ["becomes about ten times as large", "becomes somewhat larger", "does not change at all"],
)
guess_level


# %%
def with_level(level):
    """The mean activation after the tutorial's run with this sparsity_level."""

    def penalty(encoded):
        return l1_sparsity(encoded, target_sparsity=level)

    model = trained(lambda: SigmoidAutoencoder(64, 32, level), penalty, 0.03, epochs=10)
    return codes_of(model).mean().item()


low, high = with_level(0.05), with_level(0.5)
guess_level.compare(
    "does not change at all" if low == high else "it changes",
    "Both runs are equal to the last bit. Read l1_sparsity again: target_sparsity is never used.",
)

# %% [markdown]
# The argument is accepted, and nothing reads it. Our own `l1_sparsity_loss` has it too, and its text
# says "not used": it is there so that the three penalties can be called alike.
#
# Could one mend it with a better line? Not as long as its lowest point is at 0. L1 pushes each latent
# down with the same force at 0.5, at 0.05 and at 0.01. It does not know where to stop. Where the mean
# activation ends is decided by the *data*: by how much error each latent saves. The `sparsity_level`
# is passed somewhere between two strengths, as the right picture shows.
#
# What would reach it? Two things.
#
# **Choose the strength.** The mean activation falls when the strength grows. So halve the interval:
# if the mean is above 0.05, take a larger strength, otherwise a smaller one.

# %%
low, high = 0.03, 0.3
for _ in progress_bar(range(4), desc="search"):
    middle = (low * high) ** 0.5  # in the middle by ratio
    searched = trained(lambda: SigmoidAutoencoder(64, 32), l1_sparsity_loss, middle)
    mean = codes_of(searched, pixels).mean().item()
    print(f"strength {middle:.3f}: mean activation about {mean:.2f}")
    low, high = (middle, high) if mean > 0.05 else (low, middle)

# %% [markdown]
# **Choose another penalty.** KL's push ends at the target. The README of one more repository that
# this course follows describes just that: it penalises the model "if the average activation of
# hidden units deviates from a small target value".

# %%
by_kl = {
    s: trained(lambda: SigmoidAutoencoder(64, 32), kl_divergence_sparsity_loss, s)
    for s in progress_bar((0.001, 0.01, 0.1), desc="training")
}
print("                  error   mean    means of the 32 latents   Hoyer")
compared = {"L1, searched": searched} | {f"KL, λ = {s}": model for s, model in by_kl.items()}
for name, model in compared.items():
    z = codes_of(model)
    means = z.mean(dim=0)
    print(
        f"{name:14} {thousandths(model):8.0f} {z.mean():7.2f} {means.min():11.2f} to "
        f"{means.max():.2f} {hoyer_sparsity(z).mean():14.1f}"
    )

# %% [markdown]
# With KL it is enough that the strength is *large*: at 0.1 the mean is 0.05, at 0.01 nearly so. It
# reaches 0.05 by making *every* latent about 0.05 on average. With L1 some latents are large and
# others hardly used. So codes of the same mean activation are not equally sparse: L1's has the
# larger Hoyer measure. And L1's costs less: 29 thousandths against 46. (KL at 0.01 costs about as
# little as L1, at a mean of nearly 0.06.)
#
# The module document recommends KL "when you need fine control over sparsity level", and calls its
# target an *activation probability*. But KL sees nothing of a latent but its mean. A mean of 0.05
# may be one code in twenty with an activation of 1. It may as well be an activation of 0.05 in
# *all* codes. The last row comes near that: Hoyer's measure is 0.1, as in a dense code. Look at L0
# or Hoyer's measure too.

# %% [markdown]
# ## Watch it fail: KL on codes without a bound
#
# Why the sigmoid, then? Take KL's formula as it stands, and give it means that a ReLU can have:

# %%
rho_wanted = 0.05


def naive_kl(z, rho=rho_wanted):
    """The formula, and nothing else."""
    m = z.mean(dim=0)
    return (rho * (rho / m).log() + (1 - rho) * ((1 - rho) / (1 - m)).log()).sum()


for mean in (0.5, 0.99, 1.0, 1.5, 0.0):
    m = torch.tensor([[mean]], requires_grad=True)
    value = naive_kl(m)
    value.backward()
    print(f"mean {mean:4}: penalty {value.item():5.2f}, slope {m.grad.item():.1f}")

# %% [markdown]
# At 1 the penalty is infinite. Above 1 it is the logarithm of a negative number, which does not
# exist: `nan`, not a number (lesson 2). Look at the slope there. The computer finds one all the same,
# and it has the wrong sign: descent would raise the mean even further. And at 0, for a dead latent,
# the penalty is infinite again, and the slope is not a number.
#
# Our pixels lie between 0 and 1, and a fresh ReLU autoencoder has means below 1 on them. So we may
# train for long and never notice. But scikit-learn gives these digits as grey levels from 0 to 16.
# The same pictures, the same model, other units:
#
# ### Predict

# %%
guess_nan = predict.choice(
    "nan",
    "Grey levels from 0 to 16, ReLU, naive KL, 30 epochs. What happens?",
    [
        "nothing strange: the means come down",
        "the loss is nan from some step on, and then every weight is",
        "the loss is nan from the first step on, and then every weight is",
        "the loss is nan from the first step on, but no weight ever is",
    ],
)
guess_nan

# %%
grey, new_grey = 16 * pixels, 16 * new_pixels


def fresh():
    return ReluAutoencoder(64, 64)


torch.manual_seed(0)
at_start = fresh()
for name, x in {"pixels": new_pixels, "grey levels": new_grey}.items():
    print(f"largest mean at the start, on {name}: {codes_of(at_start, x).mean(dim=0).max():.1f}")

torch.manual_seed(0)
broken = fresh()
losses = train(broken, naive_kl, 3.0, x=grey, epochs=30)
print(f"losses that are nan: {losses.isnan().sum()} of {len(losses)}")
broken_weights = torch.cat([p.flatten() for p in broken.parameters()])
print(f"weights that are nan: {broken_weights.isnan().sum()} of {len(broken_weights):,}")

# %%
nan_run = "the loss is nan from the first step on"
if losses.isnan().all():
    spread = "and then every weight is" if broken_weights.isnan().all() else "but no weight ever is"
    nan_run = f"{nan_run}, {spread}"
guess_nan.compare(
    nan_run,
    "Training uses the slopes alone, and those that reach the weights are finite. Many of them "
    "just have the wrong sign.",
)

# %% [markdown]
# This is worse than a crash. The run goes on, and the model still draws digits. But each latent whose
# mean is above 1 is driven *up*. We come to the numbers in a moment.
#
# (Often `nan` does spread to all weights. Here the slope that is not a number belongs to latents
# that are 0 in the whole batch, and ReLU does not let it through.)
#
# **How to recognise it.** The loss is `nan`. Never train on from there. Ask which term was the first
# that is not finite: here it is the penalty. Early stopping cannot help, for no comparison with `nan`
# is ever true.
#
# **How not to mend it.** A common patch cuts the means off: `m.clamp(1e-6, 1 - 1e-6)`. Now the
# penalty is a number. But beyond 1 the clamp is flat: its slope is 0 (lesson 2). The very latents
# that are far too active get no push at all.
#
# **How to mend it.** Either bound the codes, with a sigmoid. Or bend the formula: up to some mean
# $b$ it stays as it is, and above $b$ the mean is squashed so that it comes near 1 but never reaches
# it. That keeps a push in the right direction everywhere. `course_lib` does so. Here is its
# function. Its first paragraphs are the part to read:


# %%
show_source(kl_divergence_sparsity_loss)


# %%
def clamped_kl(z, rho=rho_wanted):
    """The patch: the mean is cut off."""
    m = z.mean(dim=0).clamp(1e-6, 1 - 1e-6)
    return (rho * (rho / m).log() + (1 - rho) * ((1 - rho) / (1 - m)).log()).sum()


# From here on the cell draws. You need not follow it.
ways = {"naive": naive_kl, "clamped": clamped_kl, "course_lib": kl_divergence_sparsity_loss}
m = torch.linspace(0.01, 3, 300)
figure, (left, right) = new_figure(7, 2.9, columns=2)
for (name, penalty), style in zip(ways.items(), ("-", "--", "-.")):
    at = m.clone().requires_grad_()
    values = torch.stack([penalty(v.reshape(1, 1)) for v in at])
    (slopes,) = torch.autograd.grad(values.sum(), at)
    width = 4 if name == "naive" else 1.8
    left.plot(m, values.detach(), style, label=name, linewidth=width)
    right.plot(m, slopes, style, label=name, linewidth=width)
left.set(xlabel="mean activation of a latent", ylabel="penalty", ylim=(0, 6))
right.set(xlabel="mean activation of a latent", ylabel="slope of the penalty", ylim=(-2, 12))
right.legend()
show_figure(
    figure,
    "Left, three versions of KL with target 0.05 against the mean activation. All agree up to about "
    "0.5. The naive one shoots up and ends at 1. The clamped one jumps to a flat line at 13, "
    "outside the picture. That of course_lib keeps rising gently. Right, their slopes: the naive "
    "one shoots up at 1, and beyond 1 it is negative; the clamped one drops to 0 at 1; that of "
    "course_lib stays above 0.",
)

# %% [markdown]
# Look at the right picture, beyond a mean of 1. The naive slope is negative there: the wrong sign.
# The clamped one is 0. (On the left the clamped penalty is flat there too, at 13, far above the
# picture.) Only that of `course_lib` still pushes down.

# %%
on_grey = {
    "no penalty": trained(fresh, x=grey, epochs=30),
    "naive": broken,
    "clamped": trained(fresh, clamped_kl, 3.0, x=grey, epochs=30),
    "course_lib": trained(fresh, kl_divergence_sparsity_loss, 3.0, x=grey, epochs=30),
}
for name, model in on_grey.items():
    means = codes_of(model, new_grey).mean(dim=0)
    above, largest = int((means > 1).sum()), means.max().item()
    shown_as = "below 1" if largest < 1 else f"about {round(largest, -1):.0f}"
    if largest > 100:
        shown_as = "above 100"
    count = f"about {5 * round(above / 5)}" if above else "none"
    print(f"{name:11}  latents with a mean above 1: {count:9}  largest mean: {shown_as}")

# %% [markdown]
# The naive formula has made things worse: means of more than 100. Clamped KL looks healthy, but leaves
# about 20 latents above 1 (with other random weights: 13 to 20), and the largest mean where it was
# without a penalty. Only the means tell. The bent formula brings all of them down.
#
# One trouble is left. For a dead latent the penalty pulls up, and hard. But the pull must pass through
# the ReLU, whose slope is 0 there (lesson 2). So KL cannot wake the dead.
#
# ## Watch it fail: Hoyer with the wrong sign
#
# The module document says of Hoyer's measure: "ranges from 0 (dense) to 1 (sparse)". Read quickly,
# that is a "sparsity loss". Somebody adds the *measure* to the loss.
#
# ### Predict
#
# Without a penalty 44 of the 64 latents are active on a digit, and 19 are dead.

# %%
guess_sign = predict.choice(
    "sign",
    "The loss is the mean squared error + 0.3 · H(z). After training, how many are active?",
    ["about 5", "about 20", "about 40, as before", "about 60"],
)
guess_sign

# %%
hoyer_runs = {
    "none": free,
    "+ 0.3 H, wrong": trained(fresh, lambda z: hoyer_sparsity(z).mean(), 0.3),
    "+ 0.03 (1 − H)": trained(fresh, hoyer_sparsity_loss, 0.03),
}
print("penalty              L0      mean    Hoyer    dead  always on     error (thousandths)")
for name, model in hoyer_runs.items():
    row(name, model)
harsh = trained(fresh, hoyer_sparsity_loss, 0.3)
L0, error = measures(codes_of(harsh))[0], thousandths(harsh)
print(f"+ 0.3 (1 − H): L0 about {2 * round(L0 / 2)}, error about {round(error, -1):.0f}")
wrong_L0 = measures(codes_of(hoyer_runs["+ 0.3 H, wrong"]))[0]
guess_sign.compare(
    f"about {round(wrong_L0, -1):.0f}",
    "Training makes the loss small, so it makes the measure small: dense codes.",
)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.5, columns=3, sharey=True)
for ax, (name, model) in zip(axes, hoyer_runs.items()):
    ax.vlines(range(64), 0, codes_of(model)[0], color=BLUE, linewidth=1.6)
    ax.set(title=name, xlabel="latent", ylim=(0, 4))
axes[0].set_ylabel("code of one digit")
show_figure(
    figure,
    "The code of one new digit. No penalty: about two thirds of the latents are above 0, of "
    "different sizes. Wrong sign: nearly all latents are on, all of about the same size, 2. Right "
    "sign: most are small; two tower above the others, one of them out of the picture.",
)

# %% [markdown]
# **How to recognise it.** The penalty's curve falls, as every good curve does. The error is fine as
# well. Only a measure of sparsity tells: L0 goes *up*. **How to mend it.** $1 - H$ in place of $H$.
# (With a smaller strength: at 0.3 hardly any latent stays on, and the error is ten times that at
# 0.03.) And whenever you write a penalty: compute it for a sparse and for a dense code by hand. The
# sparse one must be cheaper.
#
# ### And with the right sign: a cheat
#
# Look at the row of $0.03\,(1 - H)$, and at the last picture. Hoyer's measure is near 0.9: sparse, one
# would say. But L0 is about 30, of fewer than 40 latents that are alive. That is no telephone
# language. How?

# %%
z = codes_of(hoyer_runs["+ 0.03 (1 − H)"])
means = z.mean(dim=0)
giants = means > 1
energy = (z[:, giants] ** 2).sum() / (z**2).sum()
print(f"latents with a mean above 1: {giants.sum()}, the largest: about {means.max():.0f}")
print(f"  on for {100 * (z[:, giants] > 0).float().mean():.0f} % of the digits")
print(f"  their part of the sum of squares: {100 * energy:.0f} %")
wobble = (z[:, means.argmax()].std() / means.max()).item()
print(f"  the largest differs between digits by {100 * wobble:.0f} % of its size")
print(f"the means of all other latents: below {math.ceil(means[~giants].max())}")
print(f"Hoyer with them:    {hoyer_sparsity(z).mean():.2f}")
print(f"Hoyer without them: {hoyer_sparsity(z[:, ~giants]).mean():.2f}")

# %% [markdown]
# Two giants are always on, the largest at almost the same size whatever the digit. (With other
# random weights it is one or two.) Giants say next to nothing: a constant can be taken off again by
# the decoder's bias. But beside them all other latents look small, and a ratio of lengths is what
# Hoyer's measure is. Without the giants the measure falls from nearly 0.9 to about 0.5.
#
# The module document praises the measure as *scale-invariant*. This is the price: where a model may
# choose the size of each latent by itself, it will. The means of the latents show the cheat at once:
# about 11 for the largest giant, below 1 for all that are none. This is why no single measure is
# enough.

# %% [markdown]
# ## The scale of L1
#
# The tutorial says: "the L1 norm is the sum of the absolute values". Its code computes
# `torch.mean(torch.abs(encoded))`: the mean, over all latents and the whole batch. Three different
# penalties go by one name. Take codes in which 16 latents are active, each at 0.5:

# %%
print("latents   mean over all entries   sum over latents   sum over latents and batch of 64")
for F in (128, 512, 2048):
    z = torch.zeros(64, F)
    z[:, :16] = 0.5
    mean, total = l1_sparsity_loss(z).item(), l1_sparsity_loss(z, over_latents="sum").item()
    print(f"{F:7} {mean:23.4f} {total:18.0f} {z.abs().sum():31.0f}")

# %% [markdown]
# - The **mean over all entries** falls as latents are added, though nothing else has changed. With
#   16 times as many latents, each one feels a 16th of the push.
# - The **sum over latents**, averaged over codes, does not change. It is the usual choice for sparse
#   autoencoders.
# - The **sum over the batch** too grows with the batch. The mean squared error does not. So a larger
#   batch would mean a stronger penalty. No penalty should do that.
#
# (The error has the same question, as lesson 3 told: mean or sum over the $d$ elements of an input?
# Take sums on both sides, and divide the loss by $d$. The error becomes a mean, and the penalty
# $\lambda \cdot \text{sum} / d$ is $(\lambda F / d) \cdot \text{mean}$ for $F$ latents. So $\lambda$ with
# sums does what $\lambda F / d$ does with means.)
#
# Now train. The model is `SparseAutoencoder` with one layer: linear, ReLU, linear, as before, but
# each column of the decoder has length 1. Why? L1 has a cheat as well: halve all codes, double
# the decoder, and the penalty is halved for nothing. The tutorial's model is free to do so:

# %%
print("size of the decoder's first weight matrix (all entries)")
for s in (0, 0.01, 0.1):
    print(f"  strength {s:<5} about {by_strength[s].decoder[0].weight.norm():.0f}")

# %% [markdown]
# As the codes shrink, the decoder's weights grow. They could go much further. Take the model of
# strength 0.03, make its codes about 100 times as small and the decoder's weights 100 times as
# large, and train on at strength 1:

# %%
cheat = deepcopy(by_strength[0.03])
with torch.no_grad():
    cheat.encoder[2].bias -= math.log(100)  # far below 0 sigmoid(x) is near e^x
    cheat.decoder[0].weight *= 100
train(cheat, l1_sparsity_loss, 1, epochs=30, learning_rate=0.002)
for name, model in {"random start": by_strength[1], "the cheat": cheat}.items():
    error, mean = thousandths(model) / 1000, codes_of(model).mean()
    print(f"{name:12}  error {error:.2f}   penalty {mean:.3f}")

# %% [markdown]
# At the same strength the error is 0.02 in place of 0.07, and there is next to no penalty. This code
# is not empty: it is only written small. Columns of length 1 forbid the cheat. Lesson 6 is about the
# model that has them.
#
# ### Predict

# %%
guess_scale = predict.number(
    "scale",
    "L1 as the mean, λ = 0.25, 64 latents. Which λ presses on each of 1,024 latents just as hard?",
)
guess_scale


# %%
def sparse(F, strength, seed=0):
    """A sparse autoencoder of digits with F latents under L1, the mean over all entries."""
    torch.manual_seed(seed)
    model = SparseAutoencoder(64, F, layers=1)
    settings = {"num_steps": 1100, "batch_size": 64, "learning_rate": 0.003, "seed": seed}
    settings |= {"schedule": "cosine", "device": "cpu"}
    Trainer(model, Objective("l1", strength), **settings).fit(pixels)
    return evaluate_autoencoder(model, new_pixels)


print("latents      λ     L0   error (thousandths)       λ     L0   error")
scaled = {}
for F in progress_bar((64, 256, 1024), desc="training"):
    fixed, scaled[F] = sparse(F, 0.25), sparse(F, F / 256)
    L0s = [round(r.l0, -1 if r.l0 > 45 else 0) for r in (fixed, scaled[F])]  # above 45: in tens
    print(
        f"{F:7}   0.25 {L0s[0]:6.0f} {1000 * fixed.mse:7.0f} {F / 256:22g} "
        f"{L0s[1]:6.0f} {1000 * scaled[F].mse:7.0f}"
    )
guess_scale.compare(1024 / 256, "Sixteen times as many latents, sixteen times the strength.")

# %% [markdown]
# With $\lambda$ fixed the L0 explodes, from 16 to about 270. With $\lambda$ in step with $F$, which is
# the same as a fixed strength for the sum, it grows to about 50, and the error falls from 12 to 9.
# That growth is not a matter of scale: with more directions to choose from, more are worth their
# price. So when you read "typical range: 0.01 to 1.0", as in the module document, ask: mean or sum,
# over what, and with how many latents?

# %% [markdown]
# ## Shrinkage
#
# We computed it: L1 does not only switch small latents off. It also takes $\lambda/2$ from each that
# stays on. This is **shrinkage**, also called *feature suppression*. Does it happen in a trained
# model, where encoder and decoder could learn to make up for it?
#
# To see it we need data whose true codes are known. Each row is the sum of a few of 16 directions
# that stand at right angles. Each direction is on with probability 1/8, with a size between 0.5 and
# 1.5. `superposition` makes such data. (Lesson 7 uses it with more directions than dimensions.)
# Both terms of the loss are sums here.
#
# ### Predict

# %%
guess_lost = predict.choice(
    "lost",
    "λ = 0.4. How much of a direction that is on is missing in the reconstruction?",
    [
        "nothing: the decoder makes up for it",
        "about 0.2, whatever its size",
        "about 20 % of its size",
        "about 0.4, whatever its size",
    ],
)
guess_lost


# %%
def known_data(seed=0):
    """Sums of a few of 16 directions at right angles, with their true codes."""
    generator = torch.Generator().manual_seed(seed)
    directions = torch.linalg.qr(torch.randn(16, 16, generator=generator))[0]  # 16 at right angles
    return superposition(10_000, 16, 16, active=2, seed=seed, dictionary=directions)


def shrunk_model(data, strength, seed=100):
    """A sparse autoencoder with 16 latents under L1, summed over latents."""
    torch.manual_seed(seed)
    model = SparseAutoencoder(16, 16, layers=1)
    objective = Objective("l1", strength, reduction="sum")
    settings = {"num_steps": 1500, "batch_size": 256, "learning_rate": 0.01, "seed": seed}
    Trainer(model, objective, schedule="linear", device="cpu", **settings).fit(data.activations)
    return model


known = known_data()
shrinking = shrunk_model(known, 0.4)
with torch.no_grad():
    z = shrinking.encode(known.activations)
    restored, bias = shrinking.decode(z), shrinking.decode(torch.zeros(1, 16))
# how much of each direction is in them (dictionary: the directions, one a row)
along, given_back = restored @ known.dictionary.T, bias @ known.dictionary.T
on = known.codes > 0
missing = (known.codes - along)[on]
print(f"missing where a direction is on: {missing.mean():.2f}, give or take {missing.std():.2f}")
own = (shrinking.dictionary @ known.dictionary.T).argmax(dim=0)  # the latent of each direction
too_small = (known.codes - z[:, own])[on].mean()
print(f"codes too small by {too_small:.2f}; the decoder's bias adds {given_back.mean():.2f}")
report = evaluate_autoencoder(shrinking, known.activations, dictionary=known.dictionary)
# recovered: the share of the true directions that some latent points along
print(f"directions found: {100 * report.recovered:.0f} %   L0 {report.l0:.1f}")

# %%
guess_lost.compare(
    f"about {missing.mean():.1f}, whatever its size",
    "λ/2, from large and small alike. Lengths of 1 leave the decoder no way to make up for it.",
)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(5, 3.3)
true, got = known.codes[:1500].flatten(), along[:1500].flatten()
ax.plot([0, 1.5], [0, 1.5], "--", color=GREY, linewidth=1.2, label="nothing missing")
ax.plot(true[true > 0], got[true > 0], ".", markersize=2, color=BLUE, label="reconstruction")
ax.plot([0.5, 1.5], [0.3, 1.3], color=ORANGE, linewidth=1.5, label="size − λ/2")
ax.set(xlabel="true size of a direction", ylabel="in the reconstruction")
ax.legend(loc="upper left")
show_figure(
    figure,
    "How much of a direction is in the reconstruction, against its true size, from 0.5 to 1.5. "
    "All points lie on a line parallel to the diagonal and 0.2 below it.",
)

# %% [markdown]
# The derivation of one latent holds for the whole model, to two decimals. (This is about the
# reconstruction. The codes themselves are 0.23 too small: the decoder's bias adds 0.03 along every
# direction, on or off, and $0.23 - 0.03 = 0.20$.) The directions are found all the same. What is
# wrong is only how *large* the latents are. So there is a cure after training: keep from L1 *which*
# latents are on, and ask least squares (lesson 1) how large they should be.


# %%
def refit(model, x):
    """Reconstructions from the same active latents, with the best sizes for them and no bias."""
    with torch.no_grad():
        active = model.encode(x) > 0  # (batch, latents)
    answers = []
    for on_here, row in zip(active, x):
        D = model.dictionary[on_here].detach()  # (active, input): one direction a row
        sizes = torch.linalg.lstsq(D.T, row[:, None]).solution  # (active, 1)
        answers.append((D.T @ sizes)[:, 0])
    return torch.stack(answers)


rows = known.activations[:500]
variance = ((rows - rows.mean(dim=0)) ** 2).sum()
print("share of the variance that is lost")
for strength in (0.1, 0.2, 0.4):
    model = shrinking if strength == 0.4 else shrunk_model(known, strength)
    with torch.no_grad():
        lost = ((model(rows) - rows) ** 2).sum() / variance
    mended = ((refit(model, rows) - rows) ** 2).sum() / variance
    print(f"λ = {strength}: {100 * lost:4.1f} %, with sizes refitted {100 * mended:3.1f} %")
print(f"shrinkage by evaluate_autoencoder at λ = 0.4: {report.shrinkage:.2f}")

# %% [markdown]
# Nearly all of the error was shrinkage. It grows with the square of $\lambda$. `evaluate_autoencoder`
# reports it as one number: how long the codes' part of the reconstruction is, compared with what it
# should be. Below 1 is too short.
#
# On real data latents overlap, and refitting may also fit noise. So people train models that do not
# shrink in the first place: with jumps instead of soft thresholds, or by keeping the $k$ largest
# latents. They come in later lessons. Here is the digits' number, for the model with 64 latents:

# %%
print(f"digits, 64 latents, λ = 0.25 (mean): shrinkage {scaled[64].shrinkage:.1f}")

# %% [markdown]
# ## Quiz
#
# Seven questions. Each answer tells you why it is right or wrong.

# %%
quiz.measure_disagree()

# %%
quiz.below_target()

# %%
quiz.level_unused()

# %%
quiz.clamped_kl()

# %%
quiz.wrong_sign()

# %%
quiz.scale_of_lambda()

# %%
quiz.shrunken()

# %% [markdown]
# ## Summary
#
# - A code is sparse when few of its latents are active. L0 counts them, the mean activation sums
#   them up, Hoyer's measure compares them, and the density looks at each latent over all inputs.
#   They can disagree. Report more than one.
# - L1 pushes every latent down with the same force: exact zeros, and shrinkage by $\lambda/2$. It can
#   be cheated by tiny codes and a large decoder; decoder columns of length 1 forbid it.
# - KL pulls each latent's mean to a target, from both sides. It needs means between 0 and 1, or a
#   formula that is bent.
# - Hoyer turns codes towards the axes. Its penalty is one minus the measure. It can be cheated by
#   giants.
# - Sparsity is paid for in error. Show the trade-off curve, not one point of it.
# - L1 has no target: search for the strength, or use KL.
# - A strength means nothing without "mean or sum, over what". With the mean, $\lambda$ must grow
#   with the number of latents. No penalty may depend on the batch size.
# - After L1, the active latents can be refitted to their right sizes.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | sparse | few of many latents are active at a time |
# | one-hot | with a single active latent |
# | L0 | how many latents are not 0 |
# | mean activation | the mean size of a latent, or of all latents |
# | Hoyer's measure | 0 for equal entries, 1 for a single one |
# | penalty, strength $\lambda$ | a term added to the loss, and what it is multiplied by |
# | L1 | the sum of the sizes of a code's latents |
# | KL divergence | how far one probability is from another; here, a mean from its target |
# | target $\rho$ | the mean activation that KL aims at |
# | trade-off curve | what is gained on one axis against what it costs on the other |
# | shrinkage, feature suppression | active latents are too small, under L1 by $\lambda/2$ |
# | refit | keep which latents are active, and compute their best sizes |
#
# ### In the literature
#
# - B. Olshausen and D. Field, *Emergence of simple-cell receptive field properties by learning a
#   sparse code for natural images*, 1996: sparse codes of pictures.
# - R. Tibshirani, *Regression shrinkage and selection via the lasso*, 1996: L1, its zeros and its
#   shrinkage.
# - P. Hoyer, *Non-negative matrix factorization with sparseness constraints*, 2004: the measure.
# - N. Hurley and S. Rickard, *Comparing measures of sparsity*, 2009: many measures, and what one may
#   ask of them.
# - A. Ng, *Sparse autoencoder*, lecture notes of CS294A, 2011: sigmoid, KL and the target.
# - T. Bricken and others, *Towards monosemanticity: decomposing language models with dictionary
#   learning*, 2023: L1 on the activations of a language model.
# - B. Wright and L. Sharkey, *Addressing feature suppression in SAEs*, 2024: shrinkage, and tuning
#   after training.
#
# **Next:** the [exercises of this lesson](../exercises/05_sparsity_penalties/05_exercises.ipynb).
# Then lesson 6 puts all of it together: the full sparse autoencoder.
