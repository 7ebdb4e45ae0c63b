# %% [markdown]
# # 8 · Inside a language model
#
# After this lesson you can
#
# - **take** the activations of a language model with a hook, and **train** autoencoders on them;
# - **judge** a sparse autoencoder by what the model loses with it, and by what that number hides;
# - **read** a latent: where it is active, what it does, and which known feature it marks, with precision,
#   recall and F1;
# - **change** what the model writes by switching latents off or on, and **compare** it with a yardstick and
#   controls;
# - **say** what may be concluded from all this, and what not.
#
# *About 120 minutes. Builds on: lesson 4 (floors, checkpoints), lesson 6 (atoms, FVU, L0) and lesson 7
# (superposition, TopK, dead latents). The exercises are in
# [08_exercises.ipynb](../exercises/08_language_model/08_exercises.ipynb).*
#
# So far we knew what we were looking at: digits, photographs, features that we had made ourselves. Now we
# open a language model. It reads words, and inside of it are lists of numbers, which nobody has written
# down and nobody can read. This is what sparse autoencoders were made for.
#
# There is a difficulty. If nobody knows what the numbers mean, who can say whether an autoencoder got it
# right? So we choose a model of which much is known: it has learned stories that a small grammar tells,
# and we wrote the grammar. The model is small, but a true language model: a transformer, trained to predict
# the next word. And what we do with it here, others do with the large ones.

# %%
import math
import shutil
import tempfile
from pathlib import Path

import torch
from torch import nn

from course_lib import Callback, Feature, LatentReader, LiveFigure, Objective, ReluAutoencoder
from course_lib import Select, Slider, SparseAutoencoder, Trainer
from course_lib import ablate, best_detectors, both_signs
from course_lib import change_output, collect_activations, continue_text, draw_dossier
from course_lib import evaluate_autoencoder, language_loss, linear_probes, load_autoencoder
from course_lib import load_story_model, new_figure, next_word_probabilities
from course_lib import open_unit, principal_directions, progress_bar, record_output
from course_lib import save_autoencoder, show_figure, show_source, splice, splice_report, steer
from course_lib import tell_stories, untrained_story_model
from course_lib.data.stories import FACTORS, VOCABULARY, decode, encode
from course_lib.language_model import Block, LanguageModel
from course_lib.plotting import BLUE, GREEN, GREY, ORANGE, PURPLE, RED

unit = open_unit("08_language_model")
predict, quiz = unit.predict, unit.quiz

# %% [markdown]
# ## Stories whose secrets we know
#
# Here is one story.

# %%
train_stories = tell_stories(4000, seed=1)
test_stories = tell_stories(500, seed=2)
print(test_stories.text(0).replace(" . ", " .\n"))

# %%
print("what the grammar chose for it:")
for factor, value in test_stories.factors[0].items():
    print(f"  {factor:7} {value}")

# %% [markdown]
# A story follows from a few **factors**: who it is about, whether it is told in the past, where it happens,
# how many of what are found, of which colour, and the mood. Each is drawn by chance when it first comes
# up. Later words *need* it. After "when night" the grammar continues with "comes" or "came". Which of the
# two follows from the tense. To predict this word, a model must *carry* the tense up to here, or look it up in
# an earlier word. Some factors are told again and again: every verb shows the tense. Others are not. Between "Mia
# feels angry", early in a story, and "Mia still feels angry", near its end, no word tells the mood.
#
# We therefore know where something must be known. A factor with its value, *at the words after which it is
# needed*, is a **feature** of these stories. `test_stories.positions` lists for each feature the places:
# number of the story, number of the word.

# %%
features = list(test_stories.positions)
print("features:", len(features))
night = Feature("tense", "past", "night comes")
story, word = test_stories.positions[night][0].tolist()
there = test_stories.tokens[story]
print(f"“{night}” is first needed in story {story}, after the word number {word}:")
print(" ", decode(there[word - 3 : word + 1]), "→", decode(there[word + 1 : word + 2]))

# %% [markdown]
# For each of the 95 features we can ask later whether some latent is active exactly where it is needed.
#
# The words have numbers, from 0 to 158: such a number is called a **token**. A story is a row of 64 tokens.
# Shorter stories are filled up after their end. The *mask* says which tokens count.

# %%
print("words that the grammar knows:", len(VOCABULARY))
print("tokens:", tuple(test_stories.tokens.shape), " mask:", tuple(test_stories.mask.shape))
print("words a story, about:", round(test_stories.mask.sum(dim=1).float().mean().item()))

# %% [markdown]
# ## How well can anyone predict?
#
# A language model gives every word of the vocabulary a chance to be the next one. Then the next word comes.
# If the model gave it the chance $p$, it pays
#
# $$-\ln p.$$
#
# For a word of which it was sure ($p = 1$) it pays 0. If it gave each of 12 names the same chance, it pays
# $\ln 12 \approx 2.5$. The mean over all words is the model's loss, its **cross-entropy**. The unit is the
# **nat**.
#
# The grammar itself rolls dice, so nobody can be sure of every word. But we know its dice. A model that gave
# each word the grammar's own chance would pay the **entropy**. On average, nobody pays less.

# %%
entropy = test_stories.entropy()
print(
    f"the name, one of 12: {math.log(12):.2f} nats; a word that is certain: {math.log(1):.2f} nats"
)
print(f"entropy of the stories: {entropy:.2f} nats a word")
untrained_model = untrained_story_model(0)
untrained_loss = language_loss(untrained_model, test_stories.tokens, test_stories.mask)
print(
    f"an untrained model pays {untrained_loss:.1f}; all 159 words alike would cost {math.log(159):.1f}"
)

# %% [markdown]
# Low as it is, this asks for much. More than half of all words are certain. For most of them grammar is enough:
# after "near" comes "the". For the others one must know a factor. Without it they are dice as well.

# %%
certain = (test_stories.log_probs == 0)[:, 1:][test_stories.mask[:, 1:]].float().mean().item()
needs_some = torch.stack([test_stories.where(f) for f in features]).any(dim=0)[:, :-1]
certain_here = (test_stories.log_probs[:, 1:] == 0) & test_stories.mask[:, 1:]
by_factor = (certain_here & needs_some).sum().item() / certain_here.sum().item()
print(f"words that are certain: about {5 * round(20 * certain)} of 100")
print(
    f"of these, certain only for one who knows a factor: about {10 * round(10 * by_factor)} of 100"
)

# %% [markdown]
# ## The model
#
# Now the model: a **transformer** in its simplest form.
#
# 1. Each token gets a vector of 64 numbers, its *embedding* (lesson 1). Another vector says at which place
#    in the story it stands. Their sum is the beginning of the **residual stream**: one vector per word.
# 2. Four **blocks** follow. Each reads the stream and *adds* something to it. A block has two parts. In its
#    *attention* a word gathers information from the words before it, and from itself. Its *MLP* (two linear
#    layers) then works on each word alone.
# 3. From the stream at the end, a linear layer computes a number for each of the 159 words: the *logits*. The
#    function `softmax` turns them into chances: all positive, with the sum 1.
#
# `norm` brings a vector to a standard size before it is read. The whole model fits on a page:

# %%
show_source(Block)

# %%
show_source(LanguageModel.forward)

# %% [markdown]
# Two things matter for us. **Between words, information moves in attention only, and only forwards.** So what
# a model needs for the next word must come into the stream *of this word*, at the latest in the last block. Whether
# it is there earlier, in the middle, we shall have to measure. And **everything passes
# through the stream**: there is no other way from one block to the next. So that is the place to look.
#
# The course has such a model, trained on 51,200 other stories, three times with different random numbers.
# (With `course story-model` you can train it anew. That takes two minutes or so.)
#
# ### Predict

# %%
guess_loss = predict.number(
    "loss",
    f"The entropy is {entropy:.2f}, and an untrained model pays {untrained_loss:.1f}. By how many "
    "percent does the trained model miss the entropy?",
)
guess_loss

# %%
model = load_story_model(0)
excess = []
for seed in (0, 1, 2):
    loss = language_loss(load_story_model(seed), test_stories.tokens, test_stories.mask)
    excess.append(100 * (loss / entropy - 1))
    print(f"model {seed}: {loss:.3f} nats a word; entropy {entropy:.3f}")
guess_loss.compare(
    "less than 1" if max(excess) < 1 else f"{max(excess):.0f}",
    "So the model has learned nearly all there is to know. The factors must be in it, somewhere.",
)

# %%
start = encode("there was a boy named Ben .")
end = VOCABULARY.index("<end>")
print(decode(continue_text(model, start, count=55, stop=end, seed=4)[1:-1]).replace(" . ", " .\n"))

# %% [markdown]
# The first line was given, the rest the model wrote. It keeps to its story: the name, the past, the place.
#
# ## Activations by hook
#
# How do we get at the stream in the middle, without changing the model? By a **hook**: a function that
# PyTorch calls whenever a part of a model has done its work. It is given the part, what went in and what
# came out. First on a tiny scale:

# %%
double = nn.Linear(1, 1, bias=False)
nn.init.constant_(double.weight, 2.0)


def look(module, inputs, output):
    """Called after each forward pass of the module."""
    print("the hook saw:", inputs[0].tolist(), "→", output.tolist())


handle = double.register_forward_hook(look)
double(torch.tensor([[3.0]]))
handle.remove()
double(torch.tensor([[4.0]]))
print("the second time nobody looked")

# %% [markdown]
# A hook may also answer: **what it returns takes the place of the output**. `look` returned nothing, so nothing
# changed. This one returns zeros, and whatever comes later has to work with them:

# %%
handle = double.register_forward_hook(lambda module, inputs, output: 0 * output)
print("with a hook that returns zeros:", double(torch.tensor([[3.0]])).tolist())
handle.remove()
print("and without it:                ", double(torch.tensor([[3.0]])).tolist())

# %% [markdown]
# We use the first kind now, to look, and the second kind later, to change what the model computes.
#
# A hook stays until it is removed. One forgets that easily, so `record_output` removes it for us, at the end
# of its `with` block, even if something goes wrong in it.
#
# Which part? Here is what the document says about real models: they took "the activation after a middle
# layer". The idea is that at the front a model is busy with what came in, at the end with what goes out, and
# that in the middle it deals with meaning. Our model has four blocks. We take the stream after the second.

# %%
middle = model.blocks[1]
with record_output(middle) as outputs, torch.no_grad():
    model(test_stories.tokens[:2])
stream = outputs[0]
print("two stories of 64 words, a vector of 64 numbers each:", tuple(stream.shape))
with torch.no_grad():
    by_hand = model.embedding(test_stories.tokens[:2]) + model.position.weight[:64]
    by_hand = model.blocks[1](model.blocks[0](by_hand))
print("the same as by hand:", torch.allclose(stream, by_hand, atol=1e-4))

# %% [markdown]
# For an autoencoder each word of each story is one example. Words after the end of a story don't count:
# the mask takes them out. `collect_activations` does all this. (It also stops the model after the hook, for
# what comes later changes nothing. And it sees to it that the model is in evaluation mode and keeps no
# gradients.)

# %%
x = collect_activations(model, middle, train_stories.tokens, train_stories.mask)
x_test = collect_activations(model, middle, test_stories.tokens, test_stories.mask)
print(f"examples: about {round(len(x) / 10_000) * 10_000:,}, of {x.shape[1]} numbers")
print(f"deviation of the numbers: about {(x - x.mean(dim=0)).square().mean().sqrt().item():.1f}")

# %% [markdown]
# The numbers have a deviation of 1. We use them as they are.
#
# ## The document's experiment
#
# "Let's forget about the sparse part for now", the document *Training an autoencoder* says. It takes the
# middle layer, which has 768 numbers in its model, and trains ReLU autoencoders with $F$ = 100, 767, 768 and
# 1000 latents. Its curves all go to 0, except that of $F = 100$. Looked at closely, that of 767 stays at 0.1.
# We met this in lesson 4, with data that we had made. Now we have the middle layer of a language
# model. It has 64 numbers, so we take $F$ = 8, 32, 63, 64 and 128: from too small to overcomplete.
#
# The loss is *per element*: squared errors averaged over words and over the 64 numbers. (Were they summed
# over the words of a text, a long text would cost more than a short one.) Checkpoints are kept, as the
# document does, in the safe way.
#
# ### Predict

# %%
guess_copy = predict.choice(
    "copy",
    "After 1,500 steps, which of the five losses are next to 0, below 1 % of the variance?",
    ["only 128", "64 and 128", "63, 64 and 128", "all but 8"],
)
guess_copy


# %%
class KeepEvery(Callback):
    """Save the model after every so many steps (lesson 4)."""

    def __init__(self, folder, every):
        self.folder, self.every = folder, every

    def on_step_end(self, trainer):
        if trainer.step % self.every == 0:
            save_autoencoder(trainer.model, self.folder / f"step_{trainer.step}")


def copy_with(F, x, folder=None, steps=1500, seed=0):
    """A ReLU autoencoder with F latents, as the document trains it: the model and its losses."""
    torch.manual_seed(100 + seed)
    model = ReluAutoencoder(x.shape[1], F)
    trainer = Trainer(
        model, Objective("none"), device="cpu", num_steps=steps, batch_size=256, learning_rate=0.002,
        schedule="cosine", record_every=50, seed=seed,
        callbacks=[KeepEvery(folder, 500)] if folder else [],
    )  # fmt: skip
    return model, trainer.fit(x)["train_loss"]


def floors(x):
    """The spectrum's tail for each number of latents kept: what a linear decoder must lose."""
    spectrum = torch.linalg.eigvalsh(torch.cov(x.T).double()).flip(0)
    return [(spectrum[F:].sum() / x.shape[1]).item() for F in range(x.shape[1])] + [0.0] * 500


def per_element(model, x):
    with torch.no_grad():
        return (model(x) - x).square().mean().item()


SIZES = (8, 32, 63, 64, 128)
workplace = Path(tempfile.mkdtemp())
copies = {F: copy_with(F, x, workplace / f"F_{F}") for F in progress_bar(SIZES, desc="training")}
floor = floors(x)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3, columns=2)
styles = zip(SIZES, (GREEN, PURPLE, BLUE, RED, ORANGE), ("-", "-.", "-", "--", ":"))
for F, colour, style in styles:
    for ax in axes:
        ax.plot(
            range(50, 1501, 50), copies[F][1], style, color=colour, label=f"F = {F}", linewidth=1.8
        )
for ax, F in ((axes[0], 8), (axes[0], 32), (axes[1], 63)):
    ax.axhline(floor[F], color="black", linewidth=1, linestyle=":")
    ax.annotate(f"floor, F = {F}", (0.98, floor[F]), xycoords=("axes fraction", "data"), ha="right",
                va="bottom", fontsize=8.5)  # fmt: skip
axes[0].set(title="whole", xlabel="step", ylabel="loss per element", ylim=(-0.02, 1))
axes[1].set(title="zoomed in", xlabel="step", ylim=(-0.0004, 0.02))
axes[0].legend(loc="upper right", fontsize=8.5)
show_figure(
    figure,
    "Loss per element over 1,500 steps. Whole: F = 8 stays at its floor of about 0.34, F = 32 at its floor "
    "of about 0.03; 63, 64 and 128 fall to 0 together. Zoomed in to 0.02: these three go on falling slowly, "
    "128 lowest, all far above the floor of 63, which lies on the axis.",
)

# %%
lost = {F: per_element(copies[F][0], x_test) for F in SIZES}
for F in SIZES:
    said = f"{lost[F]:.2f}" if lost[F] > 0.01 else "less than 0.01"
    bottom = f"{floor[F]:.2f}" if floor[F] > 0.01 else "less than 0.0005" if floor[F] else "0"
    print(f"F = {F:3}: error on new stories {said:15} floor {bottom}")
small = [F for F in SIZES if lost[F] < 0.01]
guess_copy.compare(
    ", ".join(map(str, small[:-1])) + f" and {small[-1]}",
    "The floor of 63 is next to 0: a single direction lost is worth nothing here.",
)

# %% [markdown]
# The document's picture, from the middle of a language model. Its explanation holds where $F$ is small: 8
# latents and 32 latents end just above their floors, the tail of the spectrum. But 63, 64 and 128 do *not*
# stop at floors. The floor of 63 is far below its curve, and that of 64 is 0. What is left is training, and
# ReLU (lesson 4). This spectrum is steep: half of the directions hold nearly everything.
#
# An overcomplete one, with 128 latents, copies best. And what have we learned about the model? Nothing yet.
# Before we go on, a look at a checkpoint.

# %%
opened = load_autoencoder(workplace / "F_8" / "step_1500")
print("checkpoints of F = 8:", sorted(p.name for p in (workplace / "F_8").iterdir()))
print("opened, it answers as the one in memory:", torch.equal(opened(x_test), copies[8][0](x_test)))
shutil.rmtree(workplace)

# %% [markdown]
# ## Now sparse
#
# How many latents does the best copier use for a word?

# %%
with torch.no_grad():
    active = (copies[128][0].encode(x_test) > 0).float().mean().item()
print(
    "share of the 128 latents that are on for a word:",
    "over a third" if active > 1 / 3 else "under a third",
)

# %% [markdown]
# To read so many at once is hopeless. So: TopK (lesson 7), with $F = 768$ latents for 64 numbers, and $k = 6$
# of them at a time.


# %%
def train_topk(x, latents=768, k=6, steps=1000, seed=0, progress="bar"):
    """A TopK sparse autoencoder."""
    torch.manual_seed(100 + seed)
    sae = SparseAutoencoder(x.shape[1], latents, layers=1, activation="topk", k=k)
    Trainer(
        sae, Objective("none", reduction="sum"), device="cpu", num_steps=steps, batch_size=1024,
        learning_rate=0.003, schedule="linear", seed=seed, progress=progress,
    ).fit(x)  # fmt: skip
    return sae.eval()


sae = train_topk(x)

# %%
report = evaluate_autoencoder(sae, x_test)
print(f"FVU: {report.fvu:.2f}")
print(f"L0:  {report.l0:.0f} of 768")
print(f"dead: about {round(10 * report.dead_fraction) * 10} %")
needed = next(F for F in range(64) if floor[F] < report.fvu * floor[0])
print("PCA needs for this FVU", "more" if needed > 30 else "fewer", "than 30 directions")

# %% [markdown]
# Six numbers, out of 768, keep all but about a hundredth of the variance. PCA needs more than thirty for
# that. (But always the same ones. Here each word has its own six.) About four in ten latents are dead. Lesson
# 7 says what to do about it. Here we let them be, for little is missed.
#
# ## Does the model mind?
#
# FVU weighs every direction alike. The model does not. A direction of little variance may be what it
# needs most. So let us ask the model. We **splice** the autoencoder in: a hook puts the reconstruction
# in place of the stream, the later blocks work with that, and we look at the loss.

# %%
show_source(splice)

# %%
with change_output(middle, splice(sae)):
    spliced = language_loss(model, test_stories.tokens, test_stories.mask)
plain = language_loss(model, test_stories.tokens, test_stories.mask)
print(f"loss as it is {plain:.2f}, with the reconstruction {spliced:.2f}")

# %% [markdown]
# Nearly the same. To put this on a scale, one also destroys the stream altogether, by zeros in its place. The
# **loss recovered** says how far the reconstruction brings the model back:
#
# $$\text{loss recovered} = \frac{\text{loss with zeros} - \text{loss with the reconstruction}}
# {\text{loss with zeros} - \text{loss as it is}}.$$
#
# It is 1 if the reconstruction costs nothing, and 0 if it is no better than zeros. Many papers report it.
#
# ### Predict
#
# Let us be mean, and allow a *single* latent per word, $k = 1$. Each word is then described by one atom, and
# how much of it.

# %%
guess_one = predict.number("one", "What is the loss recovered with k = 1, in percent?")
guess_one

# %%
KS = (1, 2, 4, 6)
few = test_stories.tokens[:100], test_stories.mask[:100]
mean = x.mean(dim=0)
by_k = {}
for k in progress_bar(KS, desc="training"):
    one = sae if k == 6 else train_topk(x, k=k, steps=250, progress=None)
    by_k[k] = splice_report(model, middle, one, *few, mean), evaluate_autoencoder(one, x_test).fvu


# %%
def costs(change):
    """What the reconstruction adds to the loss, in percent, coarsely: another computer's training
    ends a little differently."""
    bands = {0.005: "under 0.5 %", 0.05: "0.5 to 5 %", 0.2: "5 to 20 %"}
    return next((words for bound, words in bands.items() if change < bound), "over 20 %")


print("k     FVU   loss recovered   added to the loss")
for k, (spliced, fvu) in by_k.items():
    recovered = next(f"over {bound}" for bound in (0.99, 0.95, 0) if spliced.loss_recovered > bound)
    print(f"{k}    {fvu:.2f} {recovered:>16} {costs(spliced.change / spliced.loss):>19}")
one = by_k[1][0]
print(f"with zeros the loss is {one.zero_loss:.0f}, with the mean activation {one.mean_loss:.0f}")
guess_one.compare(
    "over 95" if one.loss_recovered > 0.95 else "see the table",
    f"An excellent mark. And yet this model's loss is higher by {costs(one.change / one.loss)}.",
)

# %% [markdown]
# So high a mark for a single latent! **Loss recovered is trivially high.** Zeros in the stream do such harm
# (a loss of 6, more than an untrained model has) that anything halfway reasonable scores near 1. A loss recovered of
# 0.97 looks fine in a paper. Here it would mean that 0.03 of the $6.2 - 0.46 \approx 5.7$ nats between are missing: 0.17
# nats, more than a third of the loss. So beside it belong the **change in the
# cross-entropy**, here in percent of the loss, and the FVU. With $k = 6$ the change is less than half a percent.
# That we can live with. (It had 1,000 steps, the others 250.)
#
# (The mean activation in place of the stream is even worse than zeros. So "compared with what?" matters.)
#
# Did you notice the FVU of $k = 1$? One atom, and how much of it, keeps more than nine tenths of the variance.
# These stories have few situations, and the vectors of one situation lie close together. Large models don't
# make it so easy. We shall come back to this.
#
# ## Reading one latent
#
# Now, what does a latent say? It has no name. There are three things to look at.
#
# 1. **Where is it active?** Take the places at which it is most active, and look for what they share.
# 2. **How often, and how strongly?** A histogram.
# 3. **What does it do?** Switch it off, and see which next words lose or gain.
#
# `LatentReader` computes the code of every word of some stories, and gathers all this about a latent. For our
# first latent we cheat a little: of all 768 we take the one that is most different at the places where
# the colour red is needed from what it is elsewhere.

# %%
reader = LatentReader(model, middle, sae, test_stories)
red = Feature("colour", "red", "the colour again")
z_test = reader.codes[test_stories.mask]  # (words, 768)
is_red = test_stories.where(red)[test_stories.mask]  # (words,) True where it is needed
difference = z_test[is_red].mean(dim=0) - z_test[~is_red].mean(dim=0)
latent = int(difference.argmax())

# %%
# You need not follow this cell: it draws.
figure, _ = new_figure(7, 4.6)
figure.clear()
draw_dossier(figure, reader.dossier(latent), test_stories, VOCABULARY)
show_figure(
    figure,
    "The dossier of a latent. On top, six pieces of stories in which it is most active: all end in 'both "
    "friends like the' or the like, with the word 'the' coloured, and the next word is 'red'. Below, a histogram of "
    "its activations; the words that it makes more likely, 'red' above all; and the known features that it "
    "marks, 'colour is red, for the colour again' with F1 near 1.",
)

# %% [markdown]
# **On top** six pieces of stories. The deeper the orange, the more active the latent. It is active at the
# word "the". But not at every "the": only where the friends like something *red*. Where red was said
# lies far back, beyond the left edge. The word itself, "the", has nothing to do with red.
#
# **Below, left** how strongly it is active, over all words at which it is. There are two humps. We come to that.
#
# **Below, middle** what it does: it is switched off, everything else stays, and the chance of each next word is
# compared. It gives "red" a little of its chance; a grey bar is a word that it takes chance from. But look at the
# scale: hundredths. With the latent off, the model still says "red". Something else must know it, too.
# We come back to this.
#
# **Below, right** how well it marks the features that we know. We come to F1 in a moment.
#
# In a real model only the first three exist. One looks at top examples and guesses a name. Here we can
# check the guess.
#
# And look at the two humps. **Top examples show the upper one only.** What is below?

# %%
activation, next_word = z_test[:, latent], test_stories.tokens.roll(-1, dims=1)[test_stories.mask]
for hump, there in (
    ("upper", activation > 1.5),
    ("lower", (activation > 0) & (activation <= 1.5)),
):
    is_next = next_word[there] == VOCABULARY.index("red")
    print(f"{hump} hump: about {10 * round(int(there.sum()) / 10)} words; the next one is “red” at "
          f"{is_next.float().mean():.1f} of them")  # fmt: skip

# %% [markdown]
# In the upper hump the next word is always "red". In the lower one it never is: there the latent is active weakly, at
# words of all kinds, and tells us nothing that we could name. Six flawless examples did not show it. The threshold of a
# detector, below, will cut it off. Without labels one should look at weak examples, too.
#
# ### The dashboard
#
# Choose a latent, and see all of that at once. The latents can be sorted: by how well they mark a feature, the best
# at place 0, or by number. Look for these:
#
# - "mood is hungry, for the mood again", place 0. At which words is this latent active, and which word does it raise?
# - the same for a *name*. And what are the latents at places 1 and 2 for?
# - by number, at any place, without looking at the bottom right corner. Say what it stands for. Then look.
# - one of which you cannot make any sense.

# %%
CHOSEN = 700  # stories with which a latent is chosen; the test stories judge


def labels_of(stories, count=None):
    """Where each feature is: (words, features), True or False."""
    counted = stories.mask[:count]
    return torch.stack([stories.where(f)[:count][counted] for f in features], dim=1)


def codes(sae, x):
    with torch.no_grad():
        return sae.encode(x)


labels, test_labels = labels_of(train_stories, CHOSEN), labels_of(test_stories)
known = len(labels)  # the words of these stories come first in x
z = codes(sae, x[:known])
detectors = dict(zip(features, best_detectors(z, labels, z_test, test_labels)))


# %%
# You need not follow this cell: it draws.
varied = z - z.mean(dim=0)
varied /= varied.norm(dim=0) + 1e-9
feature_named = {str(f): f for f in features}


def in_order(which):
    """The latents by number, or the best detector of a feature and the others by their correlation with it."""
    if which not in feature_named:
        return list(range(z.shape[1]))
    feature = feature_named[which]
    order = (
        (varied.T @ labels[:, features.index(feature)].float()).argsort(descending=True).tolist()
    )
    order.remove(detectors[feature].column)
    return [detectors[feature].column, *order]


def draw_latent(figure, which, place):
    latent = in_order(which)[int(place)]
    dossier = reader.dossier(latent)
    told = draw_dossier(figure, dossier, test_stories, VOCABULARY)
    if which not in feature_named or not dossier.examples:
        return told
    words = [VOCABULARY[int(test_stories.tokens[i, j])] for i, j in dossier.examples]
    raised = VOCABULARY[int(dossier.effects.argmax())]
    return (
        f"Place {int(place)} for “{which}” has latent {latent}. It is most active at “{words[0]}”. Of all next words "
        f"it raises “{raised}” most."
    )


offered = [
    red,
    Feature("name", "Mia", "the subject"),
    night,
    Feature("tense", "present", "lives or plays"),
    Feature("gender", "girl", "her or his"),
    Feature("place", "farm", "the place again"),
    Feature("number", "many", "it or them"),
    Feature("mood", "hungry", "the mood again"),
    Feature("thing", "crab", "the thing again"),
    Feature("gender", "boy", "the subject"),
]
LiveFigure(
    draw_latent,
    "Choose “mood is hungry, for the mood again”. At which words is its latent active? And what does the "
    "model have to know there from far back?",
    size=(7, 4.6),
    which=Select("latents sorted by", ("number", *map(str, offered)), str(offered[4])),
    place=Slider("place", 0, 767, 1, 0),
)

# %%
# You need not follow this cell: it draws.
figure, _ = new_figure(7, 4.6)
figure.clear()
hungry = Feature("mood", "hungry", "the mood again")
draw_dossier(figure, reader.dossier(detectors[hungry].column), test_stories, VOCABULARY)
show_figure(
    figure,
    "The dossier of the latent for 'mood is hungry, for the mood again'. In the six pieces it is active at 'feels', "
    "'felt' or the like, after 'still', and the next word is 'hungry'. It makes 'hungry' more likely. Of the known "
    "features it marks 'mood is hungry, for the mood again' best, with F1 near 1.",
)

# %% [markdown]
# **What you should have found.** It is active at "feels", "felt" and their like, after "still", but only in stories of somebody
# hungry. The next word is "hungry". The mood was told once, sentences ago, and nothing in view shows it. So this latent
# does not say "hungry". It says "hungry, *and now it matters*".
#
# At the places after 0 you often find a latent for the very same feature: for a name, say, one that is active behind a
# full stop, and another behind "today". Each marks almost all the places. 768 latents leave room for such doubles.
#
# Does a factor have one latent, or several? Take the tense. It is needed at eight places, and every verb
# shows it anew. Is there a latent for each place? And is there one that is active all over the stories told in the past?

# %%
past = [f for f in features if f[:2] == ("tense", "past")]
print("places that need the tense:", len(past))
distinct = len({detectors[f].column for f in past})
print("different latents for them:", "at least 6" if distinct >= 6 else distinct)


def in_the_past(stories, count=None):
    """True for each word of a story told in the past: (words, 1)."""
    told = torch.tensor([factors["tense"] == "past" for factors in stories.factors[:count]])
    return told[:, None].expand_as(stories.mask[:count])[stories.mask[:count]][:, None]


whole, test_whole = in_the_past(train_stories, CHOSEN), in_the_past(test_stories)
probe = linear_probes(x[:12_000], whole[:12_000])
always = 2 * test_whole.sum().item() / (test_whole.sum().item() + len(test_whole))
print("“told in the past”, at every word of every story: F1")
print(f"  always saying “past”: {always:.1f}")
print(f"  the best latent:      {best_detectors(z, whole, z_test, test_whole)[0].f1:.1f}")
told = best_detectors(probe(x[:known]), whole, probe(x_test), test_whole)[0].f1
print(f"  a linear probe:       {told:.1f}")
right = ((probe(x_test) > 0) == test_whole).float().mean().item()
print(f"words at which the probe is right: {right:.1f}, by guessing {0.5:.1f}")

# %% [markdown]
# The tense has a different latent for nearly every place where it is needed. (F1 is a score between 0 and 1; the next
# section explains it.) And for "past, at every word" there is none: the best is no better than always saying "past".
#
# Has the autoencoder missed it? Ask a **linear probe**: a direction trained to tell this one thing, with the answers
# given. It is right at eight words in ten. So even the stream shows the tense at a part of its words only, as far as
# a linear probe can see. It seems that the model does not carry the tense along from word to word, but has it ready where it
# is needed, and looks it up anew at the next place. A latent here is close to "which word comes next", and not to a fact about the story.
#
# ## A score for every feature
#
# We said that a latent "marks" a feature. Let us say how well. A **detector** is a latent with a threshold. It
# *says yes* where the latent is at least the threshold. Then count:
#
# $$\text{precision} = \frac{\text{right yes}}{\text{all yes}}, \qquad
# \text{recall} = \frac{\text{right yes}}{\text{all places with the feature}}, \qquad
# \text{F1} = \frac{2 \cdot \text{right yes}}{\text{all yes} + \text{all places}}.$$
#
# Precision: of the times it says yes, how often is it right? Recall: of the places, how many does it find? F1
# is high only if both are. By hand, for six words:

# %%
activation = torch.tensor([0.0, 2.0, 0.5, 0.0, 3.0, 1.0])
feature_here = torch.tensor([False, True, False, True, True, False])
for threshold in (0.5, 2.0):
    said = activation >= threshold
    right = int((said & feature_here).sum())
    print(f"threshold {threshold}: says yes {int(said.sum())} times, right {right} times; precision "
          f"{right / said.sum():.2f}, recall {right / feature_here.sum():.2f}, "
          f"F1 {2 * right / (said.sum() + feature_here.sum()):.2f}")  # fmt: skip

# %% [markdown]
# Latent and threshold are chosen on 700 training stories, with the highest F1 there. Then they are judged on
# the test stories. This matters: with 768 latents and every threshold to choose from, some fit by chance.
#
# And compared with what? These are the rivals:
#
# - the best **neuron**: one of the 64 numbers of the stream itself, or its negative;
# - the best **principal direction** (PCA, lesson 4), or its negative;
# - **random atoms**: 768 random directions, and TopK keeps the 6 highest of them for each word. It is made like the
#   autoencoder's encoder, but *nothing is trained* (and the same without TopK);
# - a **linear probe** for each feature. It has been given the answers, and shows what is there to be found;
# - latents and probes of an **untrained model**.
#
# Neurons and PCA have 128 candidates for each feature, latents and random atoms 768. Keep that in mind.
#
# ### Predict
#
# Averaged over the 95 features, the latents have an F1 of 0.9.

# %%
guess_neuron = predict.number("neuron", "And the best neurons, the 64 numbers themselves?")
guess_neuron

# %%
guess_random = predict.number("random", "And the random atoms, for which nothing is trained?")
guess_random


# %%
def standard(x, like=None):
    """x without the mean of `like`, and divided by its deviation."""
    like = x if like is None else like
    centre = like.mean(dim=0)
    return (x - centre) / (like - centre).square().mean().sqrt()


def scores(values, test_values):
    """The F1 of each feature."""
    found = best_detectors(values, labels, test_values, test_labels)
    return torch.tensor([d.f1 for d in found])


def probe_scores(x, x_test, taught=12_000):
    """The F1 of each feature's own probe."""
    probes = linear_probes(x[:taught], labels[:taught])
    told, test_told = probes(x), probes(x_test)
    pairs = ((told[:, [i]], labels[:, [i]], test_told[:, [i]], test_labels[:, [i]])
             for i in range(len(features)))  # fmt: skip
    return torch.tensor([best_detectors(*pair)[0].f1 for pair in pairs])


def random_atoms(x, count=768, k=6, seed=0):
    """What random directions with TopK make of a stream like x: a function, words to codes."""
    atoms = torch.randn(count, x.shape[1], generator=torch.Generator().manual_seed(seed))
    atoms, centre = nn.functional.normalize(atoms, dim=1), x.mean(dim=0)

    def code(x):
        values = (x - centre) @ atoms.T
        if k is None:
            return values
        highest = values.topk(k, dim=1)
        return torch.zeros_like(values).scatter(1, highest.indices, highest.values)

    return code


directions = principal_directions(x[:known])
random_code, without_topk = random_atoms(x), random_atoms(x, k=None)
table = {"latents": torch.tensor([detectors[f].f1 for f in features])}
table["random"] = scores(random_code(x[:known]), random_code(x_test))
table["random,\nno TopK"] = scores(without_topk(x[:known]), without_topk(x_test))
table["neurons"] = scores(both_signs(x[:known]), both_signs(x_test))
table["PCA"] = scores(both_signs(x[:known] @ directions), both_signs(x_test @ directions))
table["probes"] = probe_scores(x[:known], x_test)

# %% [markdown]
# To be fair to the untrained model: its activations are small, and nearly all of their length is a part that
# all words share. So we take off the mean, and bring them to a deviation of 1.

# %%
raw = collect_activations(
    untrained_model, untrained_model.blocks[1], train_stories.tokens, train_stories.mask
)
u = standard(raw)
u_test = standard(
    collect_activations(
        untrained_model, untrained_model.blocks[1], test_stories.tokens, test_stories.mask
    ),
    like=raw,
)
untrained_sae = train_topk(u, steps=500)  # with 1,000 steps its mean F1 is 0.2 as well

# %%
table["untrained\nlatents"] = scores(codes(untrained_sae, u[:known]), codes(untrained_sae, u_test))
table["untrained\nprobes"] = probe_scores(u[:known], u_test)

# %%
print("mean F1 of 95 features")  # latents: one digit, for their training ends differently elsewhere
for name, f1 in table.items():
    digits = 1 if "latents" in name else 2
    print(f"  {name.replace(chr(10), ' '):18} {f1.mean():.{digits}f}")
guess_neuron.compare(
    f"about {table['neurons'].mean():.1f}",
    "One neuron has a share in many features, and each feature is spread over many neurons.",
)

# %%
guess_random.compare(
    f"{table['random'].mean():.2f}",
    "With many directions to choose from, and TopK, some mark the right places by themselves.",
)

# %%
# You need not follow this cell: it draws.
kinds = [f.factor for f in features]
figure, ax = new_figure(7, 3.8)
order = sorted(FACTORS, key=lambda c: -table["latents"][[k == c for k in kinds]].mean())
grid = [[f1[[k == c for k in kinds]].mean() for f1 in table.values()] for c in order]
ax.imshow(grid, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
for i, row in enumerate(grid):
    for j, value in enumerate(row):
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=9.5,
                color="white" if value > 0.75 else "black")  # fmt: skip
ax.set_xticks(range(len(table)), list(table))
ax.set_yticks(range(len(order)), [f"{c} ({kinds.count(c)})" for c in order])
ax.set(xlabel="mean F1 on new stories", ylabel="factor (features)")
ax.grid(False)
ax.xaxis.set_label_position("top")
ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
show_figure(
    figure,
    "A table of mean F1 by factor. Latents: name, colour and mood near 1, place and tense above 0.9, gender 0.9, kind, "
    "number and thing 0.7 to 0.8. Random atoms: name near 1, then 0.7 to 0.9, and about 0.5 for number, kind and thing; without "
    "TopK lower, 0.2 to 0.9. Neurons are below 0.5 but for names, PCA between. Probes are near 1, a little lower for number. "
    "On the untrained model latents are below 0.5 everywhere, probes 0.8 for gender, 0.7 for tense, and 0.5 or less for the rest.",
)

# %% [markdown]
# Look at it step by step.
#
# - **Neurons** mark few features, and there are few of them to choose from.
# - **Random directions** are already better, and nobody has trained them: there are more of them to choose from. With
#   **TopK** they reach three quarters. A likely reason: this stream nearly falls into clusters, one for each
#   situation (remember $k = 1$). Some random direction is among the highest in one cluster, and in hardly any other. It
#   marks that cluster.
# - **Training** adds the rest: from 0.75 to 0.9. It adds most for mood, kind, colour, number and thing, and it takes the share of
#   features above 0.9 from a third or so to two thirds.
#
# So *most of the gap between neurons and latents comes from width and TopK; the training adds the rest*. That is less than
# one would like to report, and without the random atoms we should never have known. In large models, too, random
# baselines have scored surprisingly well (Korznikov and others, 2026).
#
# On the **untrained model** the latents find little. Does that show that there is nothing to be found? No! Its probes tell
# the gender and the tense quite well: its attention already mixes earlier words in, by chance. What the control shows is that
# the *trained* model has much more, and that the latents find much more of it.
#
# And probes are near 1 nearly everywhere: the model knows its factors. Which features do even probes miss?

# %%
lowest = table["probes"].argsort()[:2].tolist()
for f in sorted(str(features[i]) for i in lowest):
    print("the probe does worst for:", f)
worst = table["probes"][lowest].max().item()
third = table["probes"].sort().values[2].item()
print(
    f"F1 of these two: {'under 0.9' if worst < 0.9 else 'over 0.9'}; of all others: {'over 0.9' if third > 0.9 else 'under 0.9'}"
)

# %% [markdown]
# Only the number, where the thing is named again. There the next word is "crab" or "crabs", "boat" or "boats". No single
# direction tells "many" for all things. Everywhere else, where latents fall short, the information is there,
# and the autoencoder has cut it up differently. We look at that below.

# %% [markdown]
# ## Watch it fail: a triumph on a model that has learned nothing
#
# Meet Otto, who does this in a hurry. "A language model reads *words*", he thinks. So he looks for a latent for each
# word. He takes the stream where it begins, at the embeddings. His labels are: "the
# word here is *crab*", "the word here is *blue*", and so on, for every word that is not too rare.
#
# ### Predict
#
# By mistake he loads the *untrained* model: random weights, not a single step of training.

# %%
guess_words = predict.number(
    "words", "What mean F1 do his latents have, for the word that stands there?"
)
guess_words

# %%
stand_here = train_stories.tokens[:CHOSEN][train_stories.mask[:CHOSEN]]
counts = torch.bincount(stand_here, minlength=len(VOCABULARY))
words = (counts >= 90).nonzero()[:, 0]
word_labels = stand_here[:, None] == words
word_test_labels = test_stories.tokens[test_stories.mask][:, None] == words


def at_the_start(model, stories):
    """The residual stream before the first block: (words, 64)."""
    with torch.no_grad():
        h = model.embedding(stories.tokens) + model.position.weight[: stories.tokens.shape[1]]
    return h[stories.mask]


def word_score(x, x_test, sae=None):
    """Mean F1 of the best latent for each word that stands there, of an autoencoder trained on x."""
    sae = train_topk(x, 512, steps=250) if sae is None else sae
    half = known // 2  # enough for words
    z, z_test = codes(sae, x[:half]), codes(sae, x_test)
    found = best_detectors(z, word_labels[:half], z_test, word_test_labels)
    return sum(d.f1 for d in found) / len(found)


here, here_test = (at_the_start(untrained_model, s) for s in (train_stories, test_stories))
hurried = word_score(standard(here), standard(here_test, like=here))
guess_words.compare(
    f"above {0.9 if hurried > 0.9 else 0.5}",
    "Every word has its latent, in a model that has learned nothing at all.",
)

# %% [markdown]
# "Nearly every latent has a clear meaning!" True, and worth nothing. Each word comes with a random vector of
# its own. The autoencoder has found out that there are 159 of them. That is a fact about the *input*. In the
# trained model the score is the same, and in the middle, too, it hardly tells the two apart:

# %%
first, first_test = (at_the_start(model, s) for s in (train_stories, test_stories))
compared = {
    ("at the start", "trained"): word_score(standard(first), standard(first_test, like=first)),
    ("at the start", "untrained"): hurried,
    ("in the middle", "trained"): word_score(x, x_test, sae),
    ("in the middle", "untrained"): word_score(u, u_test, untrained_sae),
}

# %%
for place in ("at the start", "in the middle"):
    both = [compared[place, kind] for kind in ("trained", "untrained")]
    said = "over 0.9" if min(both) > 0.9 else "between 0.2 and 0.6" if max(both) < 0.6 else "mixed"
    print(f"the word that stands there, {place}: trained and untrained both {said}")
gap = table["latents"].mean() - table["untrained\nlatents"].mean()
print(f"features that must be carried: trained ahead by {'more' if gap > 0.5 else 'less'} than 0.5")

# %% [markdown]
# **How to recognise it.** Not by looking at latents: the examples are flawless, nearly all of them. Only the control shows
# it: *the same on a model with random weights*. **How to mend it.** Ask for what a model must have worked out:
# here, what was said earlier and is needed now. There the untrained model scores 0.2. And always show two
# controls beside the score, an untrained model and random atoms. Latents for single words, in papers and dashboards, may
# be nothing but the vocabulary. (Heap and others, 2025, found that autoencoders of large *random* transformers look about as
# good as those of trained ones.)
#
# ## Features that split, features that are absorbed
#
# Back to the weak rows of the table. First the *things*: crab, boat, cookie. The feature "thing is crab, for the thing
# again" is needed where the next word is "crab" or "crabs". We look at the best latent of each thing, and ask
# separately: of the places where there was *one*, what share does it find? And where there were many?


# %%
def split_by_number(values, detectors):
    """For each thing, what its best latent finds of the places with one, and of those with many."""
    again = [
        test_labels[:, features.index(Feature("number", v, "the thing again"))]
        for v in FACTORS["number"]
    ]
    found = {}
    for i, f in enumerate(features):
        if f.factor == "thing":
            on = values[:, detectors[f].column] >= detectors[f].threshold
            there = [test_labels[:, i] & a for a in again]
            found[f.value] = [(on & a).sum().item() / a.sum().item() for a in there]
    return found


split = split_by_number(z_test, detectors)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 3)
for shift, number, colour in ((-0.2, "one", BLUE), (0.2, "many", ORANGE)):
    heights = [pair[number == "many"] for pair in split.values()]
    ax.bar([i + shift for i in range(len(split))], heights, 0.38, color=colour, label=f"where there was {number}"
           if number == "one" else "where there were many")  # fmt: skip
ax.set_xticks(range(len(split)), list(split), rotation=50, ha="right")
ax.set(ylabel="share of places found", ylim=(0, 1.25))
ax.legend(loc="upper right", ncols=2)
show_figure(
    figure,
    "For each of 18 things, the share of places that its best latent finds, where there was one and where "
    "there were many. For about half of the things one of the two bars is near 1 and the other 0; for the others both are near 1 or between.",
)

# %%
sides = sum(max(pair) > 0.5 and min(pair) < 0.2 for pair in split.values())
print(
    "things whose best latent finds only one of the two numbers: at least", min(sides, 6), "of 18"
)

# %% [markdown]
# For many things the best latent finds only the singular, or only the plural. We asked for "crab", and the autoencoder has
# "one crab" and "many crabs". This is **feature splitting**. Which cut is right? For the model, whose next
# word is "crab" or "crabs", its own may be the better one. The more latents, the finer the cuts.
#
# The gender has gone the same way: "gender, for the subject", where a sentence goes on with "she" or "he", or with the
# name. To predict it the model needs both. Here is what the best latent for each gender finds, name by name:

# %%
story_of = torch.arange(len(test_stories.tokens))[:, None].expand_as(test_stories.mask)
story_of = story_of[test_stories.mask]  # of each word that counts


def found_by(said, feature, factor):
    """Of the places of a feature, the share at which `said` is True, for each value of a factor."""
    there, found = test_labels[:, features.index(feature)], {}
    for value in FACTORS[factor]:
        such = torch.tensor([story.get(factor) == value for story in test_stories.factors])
        places = there & such[story_of]
        if places.any():
            found[value] = (said & places).sum().item() / places.sum().item()
    return found


def says(values, detector):
    """Where a detector says yes."""
    return values[:, detector.column] >= detector.threshold


subject = {g: Feature("gender", g, "the subject") for g in ("girl", "boy")}
by_name = {g: found_by(says(z_test, detectors[f]), f, "name") for g, f in subject.items()}

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 2.2, columns=2, sharey=True)
for ax, (g, shares) in zip(axes, by_name.items()):
    ax.bar(range(len(shares)), list(shares.values()), 0.6, color=BLUE)
    ax.set_xticks(range(len(shares)), list(shares))
    ax.set(title=f"best latent for “{g}, for the subject”", ylim=(0, 1.05))
axes[0].set_ylabel("share of places found")
show_figure(
    figure,
    "For the best latent of girl and of boy, the share of places that it finds, by name. It finds all for one or two of "
    "the six names, and a third or less for the others.",
)

# %%
for g, shares in by_name.items():
    all_of = sum(share > 0.9 for share in shares.values())
    print(f"{g}: finds nearly all for {'fewer' if all_of < 3 else 'not fewer'} than 3 of 6 names")

# %% [markdown]
# The best latent for "girl" is no latent for girls: it belongs to one or two of the names. Say "girl" instead when *any*
# of the six latents for girls' names is at its threshold:


# %%
def any_name(values, detectors, gender):
    """True where a latent for one of the gender's names says yes."""
    said = torch.zeros(len(values), dtype=torch.bool)
    for f in features:
        owners = test_labels[:, features.index(f)]
        if f.factor == "name" and (owners & test_labels[:, features.index(subject[gender])]).any():
            said |= says(values, detectors[f])
    return said


for g in ("girl", "boy"):
    said, there = any_name(z_test, detectors, g), test_labels[:, features.index(subject[g])]
    right = (said & there).sum().item()
    print(
        f"any of six names for {g}: precision {right / said.sum().item():.1f}, recall {right / there.sum().item():.1f}"
    )

# %% [markdown]
# Perfect. The gender is not missing. It is split into six: "Mia" says "she" as well.
#
# ### A latent with holes
#
# A split can be seen: no general latent is there. Worse is a latent that *looks* general. Take "number is many, for what
# is found": at "finds two red", the next word will be a plural.

# %%
plural = Feature("number", "many", "what is found")
general = detectors[plural]
print(f"its best latent: precision {general.precision:.1f}, recall {general.recall:.1f}")


def special(values, there):
    """The latent that is on just there: highest F1 of "on"."""
    on = values > 0
    hits = on[there].sum(dim=0)
    return int((2 * hits / (on.sum(dim=0) + there.sum())).argmax())


by_place = found_by(says(z_test, general), plural, "place")
stand_ins = {}  # place → the latent that speaks where the general one is silent, and its share
for place, share in by_place.items():
    if share < 0.2:
        in_it = torch.tensor([story["place"] == place for story in test_stories.factors])[story_of]
        there = in_it & test_labels[:, features.index(plural)]
        latent_there = special(z_test, there)
        stand_ins[place] = latent_there, (z_test[there, latent_there] > 0).float().mean().item()

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(6, 2.6)
ax.bar(range(len(by_place)), list(by_place.values()), 0.6, color=BLUE, label="the “general” latent")
for i, place in enumerate(by_place):
    if place in stand_ins:
        j, share = stand_ins[place]
        ax.bar(i, share, 0.6, color=ORANGE, label="a latent of this place",
               hatch="//", edgecolor="white")  # fmt: skip
        ax.annotate(f"latent {j}", (i, share), ha="center", va="bottom", fontsize=8.5)
ax.set_xticks(range(len(by_place)), list(by_place))
ax.set(ylabel="share of plurals found", ylim=(0, 1.5), xlabel="where the story plays")
handles, names = ax.get_legend_handles_labels()
once = dict(zip(names, handles))
ax.legend(once.values(), once.keys(), loc="upper center", ncols=2)
show_figure(
    figure,
    "For six places, the share of plurals that the best latent finds. It finds nearly all of them at most places, and "
    "none at one or two (here market and school). There another latent, of this place, is on at all of them.",
)

# %%
print("silent at", "one place or more" if stand_ins else "no place")
spoken = min(share for _, share in stand_ins.values())
print(f"there another latent is on, at this share of the plurals: {spoken:.1f}")

# %% [markdown]
# Its examples are flawless: every yes is right, at the beach, at the lake, on the farm. You would call it "plural", and you
# would trust it. And it is *silent* at some places, for no reason that one could see. There a more special latent, for
# "many, and at this place", speaks instead. This is **absorption** (Chanin and others, 2024): a general feature
# loses some of its cases to special latents. A likely reason: one latent where two would be needed makes a shorter code.
#
# Which feature gets holes, and where, is chance. How many are there in this autoencoder?


# %%
def with_holes(values, detectors):
    """Features whose latent is hardly ever wrong, and finds all for most values of another factor,
    and none for some: feature → (factor, the silent values)."""
    found = {}
    for f, d in detectors.items():
        if d.precision < 0.9 or not 0.4 < d.recall < 0.95:
            continue
        for factor in ("place", "tense", "number", "kind", "mood", "colour"):
            if factor != f.factor:
                shares = found_by(says(values, d), f, factor)
                silent = [value for value, share in shares.items() if share < 0.2]
                if silent and sum(s > 0.9 for s in shares.values()) > len(shares) / 2:
                    found[f] = factor, silent
    return found


holes = with_holes(z_test, detectors)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 0.4 + 0.25 * len(holes))
ax.set_axis_off()
ax.set(xlim=(0, 1), ylim=(len(holes), 0))
for line, (f, (factor, silent)) in enumerate(holes.items()):
    ax.text(0, line + 0.5, f"{f}:", fontsize=9, va="center")
    ax.text(0.5, line + 0.5, f"silent where the {factor} is {' or '.join(silent)}",
            fontsize=9, va="center", color=RED)  # fmt: skip
show_figure(
    figure,
    "A list of features whose best latents have holes: a feature, and at which values of another factor its latent is "
    "silent, as 'tense is past, for the deed: silent where the kind is object'.",
)

# %%
print("features whose latent has holes:", "more than one" if len(holes) > 1 else len(holes))

# %% [markdown]
# Recall tells, if one has labels. But who has, in a large model?
#
# ## Switching a latent off
#
# Reading is one thing. Does the model *use* what we read? Switch a latent off where its feature is needed. That
# is **ablating**. One must do it with care:
#
# $$h \;\to\; h - z_j d_j.$$
#
# Take latent $j$'s share out of the stream, and *leave all else*, also what the autoencoder did not explain. If we put the
# reconstruction without $j$ in its place, its error would be in the effect as well.
#
# **Steering** is the general case. It sets latents to values of our choice: $h \to h + \sum_j (\text{value}_j - z_j)\, d_j$.

# %%
show_source(steer)

# %% [markdown]
# To steer, we take a feature and a rival of the same factor: "tense is past, for night comes" and "tense is
# present, for night comes". At the places of the first we set its latent to 0, and the latent of the second to
# its typical value (its median where the second is needed). So we set *a pair* of latents. Then we add up the chances of
# the words that belong to the second. Four numbers belong beside it, two controls and two comparisons:
#
# - **off alone**: the first latent is set to 0, and the second left as it is;
# - **random**: the first is off, and instead of the rival's latent a *random* one is switched on, with the same value (the
#   mean of four);
# - the **mean difference**: no autoencoder at all. We add to the stream the mean vector of the places where the rival is
#   needed, less the mean vector of the places of the feature;
# - the **patch**: we replace the *whole* vector by one of a word where the rival is needed. It is our yardstick: what a
#   real vector of the rival does. (It is no bound. A push can go too far.)
#
# And we do it with two autoencoders: the one we have (768 latents, $k = 6$), and a narrow one (128 latents,
# $k = 4$), which reads worse. If one latent marks both feature and rival best, there is no pair to set, and we leave it out.

# %%
narrow = train_topk(x, latents=128, k=4)
z_narrow = codes(narrow, x[:known])
narrow_detectors = dict(
    zip(features, best_detectors(z_narrow, labels, codes(narrow, x_test), test_labels))
)
narrow_mean = sum(d.f1 for d in narrow_detectors.values()) / len(features)
print(
    f"mean F1: wide {table['latents'].mean():.1f}, narrow between 0.7 and {0.8 if narrow_mean < 0.8 else 1}"
)
narrow_splice = splice_report(model, middle, narrow, *few, mean)
print("the narrow one adds to the loss:", costs(narrow_splice.change / narrow_splice.loss))

# %% [markdown]
# ### Predict

# %%
guess_steer = predict.choice(
    "steer",
    "One pair of latents is set. Which autoencoder brings the model closer to the rival's words?",
    [
        "the wide one, for it reads better",
        "the narrow one",
        "both do nearly perfectly",
        "neither does better than a random latent",
    ],
)
guess_steer

# %%
following = test_stories.tokens.roll(-1, dims=1)  # the word that comes next
kinds_of_need = dict.fromkeys((f.factor, f.needed_for) for f in features)
pairs = {  # (factor, needed for) → a feature and its rival
    need: [f for f in features if (f.factor, f.needed_for) == need][:2] for need in kinds_of_need
}


def words_of(feature, rival):
    """The words that come after a feature, and never after its rival."""
    after = [set(following[test_stories.where(f)].tolist()) for f in (feature, rival)]
    return sorted(after[0] - after[1])


def put(places, vectors):
    """A change that puts other vectors in place of the stream at some words."""

    def change(h):
        h = h.clone()
        h[places] = vectors
        return h

    return change


def push(places, vector):
    """A change that adds a vector to the stream at some words."""
    return lambda h: h + vector * places[..., None]


def chance(model, tokens, places, change, words):
    """The mean chance of some words, after the words at some places, in the changed model."""
    told = next_word_probabilities(model, tokens, model.blocks[1], change)[places]
    return told[:, words].sum(dim=1).mean().item()


def where_needed(feature, rows):
    """Stories in which a feature is needed, and where: tokens and places, (rows, 64)."""
    where = test_stories.where(feature)
    some = where.any(dim=1).nonzero()[:rows, 0]
    return test_stories.tokens[some], where[some]


def mean_difference(values, feature, rival):
    """What the rival's places have more than the feature's, on average: of vectors, or of codes."""
    means = [values[labels[:, features.index(f)]].mean(dim=0) for f in (feature, rival)]
    return means[1] - means[0]


def interventions(model, sae, detectors, x, x_test, rows=10, draws=4):
    """What each intervention does to each pair: need → {intervention: chance}.

    "own": of the feature's own words, when its latent is ablated. All others: of the rival's words.
    x, x_test : the stream of this model on the training and test stories.
    """
    lots = torch.Generator().manual_seed(0)
    stream = torch.zeros(*test_stories.mask.shape, model.dim)
    stream[test_stories.mask] = x_test
    z = codes(sae, x[:known])
    results = {}
    for need, (feature, rival) in progress_bar(pairs.items(), desc="steering"):
        source, target = detectors[feature].column, detectors[rival].column
        if source == target:  # one latent marks both best: there is nothing to exchange
            continue
        tokens, places = where_needed(feature, rows)
        own, wanted = words_of(feature, rival), words_of(rival, feature)
        values = z[labels[:, features.index(rival)], target]
        typical = float(values[values > 0].median()) if (values > 0).any() else 0.0
        others = stream[test_stories.where(rival)]
        taken = others[torch.randint(len(others), (int(places.sum()),), generator=lots)]
        chosen = torch.randint(sae.latent_dim, (draws,), generator=lots).tolist()
        off, step = ablate(sae, source, where=places), mean_difference(x[:known], feature, rival)

        def reached(change, words=wanted, tokens=tokens, places=places):
            return chance(model, tokens, places, change, words)

        random = [reached(steer(sae, {source: 0.0, j: typical}, places)) for j in chosen]
        results[need] = {
            "own": reached(off, own),
            "off alone": reached(off),
            "random": sum(random) / draws,
            "pair": reached(steer(sae, {source: 0.0, target: typical}, places)),
            "mean difference": reached(push(places, step)),
            "patch": reached(put(places, taken)),
        }
    return results


wide_effects = interventions(model, sae, detectors, x, x_test)

# %%
narrow_effects = interventions(model, narrow, narrow_detectors, x, x_test)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 6, columns=2, sharey=True)
by_effect = sorted(pairs, key=lambda need: narrow_effects.get(need, {"pair": -1})["pair"])
looks = (
    ("patch", "black", "|", 9), ("mean difference", PURPLE, "d", 4.5), ("pair", ORANGE, "o", 7),
    ("off alone", BLUE, "<", 4.5), ("random", GREY, "x", 5),
)  # fmt: skip
for ax, effects, title in zip(axes, (wide_effects, narrow_effects), ("wide", "narrow")):
    for name, colour, marker, size in looks:
        height = {"off alone": 0.22, "random": -0.22}.get(name, 0)
        there = [(effects[n][name], i + height) for i, n in enumerate(by_effect) if n in effects]
        label = "pair of latents" if name == "pair" else name
        ax.plot(*zip(*there), marker, color=colour, markersize=size, label=label)
    for i, need in enumerate(by_effect):
        if need not in effects:
            ax.text(0.5, i, "one latent for both", ha="center", va="center", fontsize=7.5)
    ax.set(title=title, xlim=(-0.05, 1.05), xlabel="chance of the rival's words")
axes[0].set_yticks(range(len(pairs)), [f"{factor}, for {needed}" for factor, needed in by_effect])
axes[0].tick_params(axis="y", labelsize=8)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=8)
show_figure(
    figure,
    "For 24 pairs of features, the chance of the rival's words after each intervention, wide on the left and "
    "narrow on the right. The patch is near 1 everywhere, the mean difference nearly everywhere. The pair of latents: in "
    "the wide autoencoder near 0 for most pairs, 0.5 to 0.95 for four; in the narrow one spread from 0 to 1, above 0.9 for "
    "a third or so. Switching off alone and random latents stay near 0 in the wide one; in the narrow one a few reach 0.3 to 1.",
)


# %%
def means_of(results):
    """The mean over the pairs, for each intervention."""
    return {
        name: sum(r[name] for r in results.values()) / len(results)
        for name in next(iter(results.values()))
    }


wide_means, narrow_means = means_of(wide_effects), means_of(narrow_effects)


def coarse(value, low=0.25, high=0.9):
    """One digit, but only where another computer prints the same."""
    if value < low:
        return "<0.05" if value < 0.05 else f"<{low}"
    return f">{high}" if value > high else f"{value:.1f}"


print(f"chance of the rival's words, mean of {len(wide_effects)} and {len(narrow_effects)} pairs")
print(f"{'wide':>25} {'narrow':>8}")
for name in ("off alone", "random", "pair", "mean difference", "patch"):
    print(f"  {name:16} {coarse(wide_means[name]):>6} {coarse(narrow_means[name]):>8}")
print("own words, with their latent off")
print(f"  {'':16} {coarse(wide_means['own']):>6} {coarse(narrow_means['own']):>8}")
guess_steer.compare(
    "the narrow one" if narrow_means["pair"] > wide_means["pair"] + 0.1 else "see the table",
    "And for some pairs neither moves the model at all.",
)

# %% [markdown]
# Look at it soberly.
#
# - **It works sometimes.** With the narrow autoencoder a pair of latents brings more than half of the chance over to the
#   rival, on average: nearly all for some pairs, nothing for others. The controls do much less. So the later blocks do
#   listen to what these latents say.
# - **Often it does not.** The wide one, with the better F1, hardly moves the model. Its latents for colours mark their
#   colours perfectly, and setting them does little. *Reading well and steering well are two things.*
# - **Switching off does even less.** In the wide one nearly all of the chance of the feature's own words is left, in the
#   narrow one about half, on average.
# - **Look at every control.** In the narrow one there are pairs which *off alone* turns round: "night comes", for example.
#   There the rival's latent did not do it. A random latent would not have shown it, for it disturbs what off alone does.
# - **No autoencoder does it better.** The mean difference, two means and a subtraction, reaches what the patch reaches, nearly
#   everywhere. Large models tell the same: simple methods like this one have steered better than autoencoders
#   (Wu and others, 2025). For reading, probes play this part (Kantamneni and others, 2025).
# - **Everything is there.** The patch at the very same word always works. So in the middle, at this word, the stream holds
#   all that the model needs: here is the answer to our question from the beginning. One pair of latents is not all
#   of it. In the wide dictionary the value is spread over several latents, of which one is the best *detector*.
#
# We can check the point about several latents. Take for each pair the mean code at the places of either feature, and set
# the $m$ latents in which they differ most to the rival's mean. The control: as many random latents, set to the same values.

# %%
HOW_MANY = (1, 2, 4, 8, 16, 32)


def steer_many(model, sae, x, counts=HOW_MANY, rows=6):
    """The mean chance of the rivals' words when so many latents are set, right ones and random ones:
    two lists, a number for each count."""
    lots, z = torch.Generator().manual_seed(0), codes(sae, x[:known])
    right, random = torch.zeros(len(counts)), torch.zeros(len(counts))
    for feature, rival in progress_bar(pairs.values(), desc="steering"):
        tokens, places = where_needed(feature, rows)
        wanted = words_of(rival, feature)
        rival_mean = z[labels[:, features.index(rival)]].mean(dim=0)
        order = mean_difference(z, feature, rival).abs().argsort(descending=True).tolist()
        other = torch.randperm(len(order), generator=lots).tolist()
        for i, m in enumerate(counts):
            values = rival_mean[order[:m]].tolist()
            for reached, latents in ((right, order), (random, other)):
                change = steer(sae, dict(zip(latents[:m], values)), places)
                reached[i] += chance(model, tokens, places, change, wanted) / len(pairs)
    return right.tolist(), random.tolist()


many = {"wide": steer_many(model, sae, x)}

# %%
many["narrow"] = steer_many(model, narrow, x)

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(6, 3)
for (name, (right, random)), style, colour in zip(many.items(), ("-o", "--s"), (BLUE, ORANGE)):
    ax.plot(HOW_MANY, right, style, color=colour, label=name)
    ax.plot(HOW_MANY, random, style[:-1] + "x", color=colour, linewidth=1, label=f"{name}, random")
ax.axhline(wide_means["patch"], color="black", linewidth=1, linestyle=":", label="patch")
ax.axhline(wide_means["mean difference"], color=PURPLE, linewidth=1, label="mean difference")
ax.set(xscale="log", xticks=HOW_MANY, xticklabels=HOW_MANY, ylim=(-0.03, 1.05),
       xlabel="latents set at once", ylabel="chance of the rival's words")  # fmt: skip
ax.minorticks_off()
figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", fontsize=8.5)
show_figure(
    figure,
    "The mean chance of the rivals' words against the number of latents set at once, from 1 to 32. Both curves "
    "rise steadily, the narrow autoencoder's earlier; with 16 and more both come near the mean difference and the patch, two "
    "lines just below 1. The curves of random latents stay next to 0.",
)

# %%
print(f"latents set: {1:>15} {16:>6}")
for name, (right, random) in many.items():
    for label, reached in ((name, right), (f"{name}, random", random)):
        ends = [coarse(reached[HOW_MANY.index(m)], low=0.4, high=0.8) for m in (1, 16)]
        print(f"  {label:18} {ends[0]:>7} {ends[1]:>6}")

# %% [markdown]
# So the value *is* in the code. It is in several latents together. With sixteen or more they do what the mean difference does.
#
# ### What the model then writes
#
# At last, words. We take the tense, for "lives or plays", and the narrow autoencoder, and let the model go on telling:
# as it is; steered at the one word before the verb; and with a random latent in place of the right one, three times.


# %%
def only_at(position, change):
    """The change at one word of a text; all others stay as they are."""

    def changed(h):
        h = h.clone()
        h[:, position] = change(h)[:, position]
        return h

    return changed


prompt = encode("there was a girl named Mia . Mia")
old, new = Feature("tense", "past", "lives or plays"), Feature("tense", "present", "lives or plays")
source, target = narrow_detectors[old].column, narrow_detectors[new].column
value = float(z_narrow[labels[:, features.index(new)], target].median())
last = len(prompt) - 1
changes = {
    "as it is": lambda h: h,
    "steered": only_at(last, steer(narrow, {source: 0.0, target: value})),
}
for j in torch.randint(128, (3,), generator=torch.Generator().manual_seed(0)).tolist():
    changes[f"random, {j}"] = only_at(last, steer(narrow, {source: 0.0, j: value}))
written = {}
for name, change in changes.items():
    with change_output(middle, change):
        written[name] = decode(continue_text(model, prompt, count=14, stop=end)[len(prompt) :])

# %%
# You need not follow this cell: it draws.
figure, ax = new_figure(7, 1.9)
ax.set_axis_off()
ax.set(xlim=(0, 1), ylim=(len(written) + 1, 0))
ax.text(0, 0.5, decode(prompt[1:]) + " …", family="monospace", fontsize=9, va="center")
for line, (name, text) in enumerate(written.items(), start=1):
    ax.text(0, line + 0.5, name, fontsize=9, va="center", color=GREY)
    ax.text(0.16, line + 0.5, text[:82], family="monospace", fontsize=8.5, va="center",
            color=ORANGE if name == "steered" else "black")  # fmt: skip
show_figure(
    figure,
    "Continuations of 'there was a girl named Mia . Mia'. As it is, the model goes on in the past: 'lived "
    "near the …' or 'played near the …'. Steered, it writes 'lives' or 'plays'. Then three with a random latent.",
)

# %%
verbs = {name: text.split()[0] for name, text in written.items()}
print("as it is, in the past:  ", verbs["as it is"] in ("lived", "played"))
print("steered, in the present:", verbs["steered"] in ("lives", "plays"))
said = [verb for name, verb in verbs.items() if name.startswith("random")]
print("three random latents, in the present:", sum(verb in ("lives", "plays") for verb in said))

# %% [markdown]
# A pair of latents was set, at one word, and the verb changes its tense. Look how the story goes on: later words read
# the new verb. And look at the controls. A random latent does not bring the present, but it may well wreck the
# sentence. A push of this size is not harmless. Without a control one might take any change for a
# success.
#
# ## Three models
#
# All this was *one* model and *one* autoencoder. Would another be the same? The course has two more models,
# trained from other random numbers. Everything anew:


# %%
def turned(effects):
    """The pairs that are turned round by setting two latents."""
    return {need for need, reached in effects.items() if reached["pair"] > 0.5}


def another(seed):
    """Reading and steering with a wide and a narrow autoencoder, on the model of another seed."""
    model = load_story_model(seed)
    module = model.blocks[1]
    x, x_test = (
        collect_activations(model, module, s.tokens, s.mask) for s in (train_stories, test_stories)
    )
    code = random_atoms(x)
    found = {
        "neurons": scores(both_signs(x[:known]), both_signs(x_test)).mean().item(),
        "random atoms": scores(code(x[:known]), code(x_test)).mean().item(),
    }
    for name, sizes in (("wide", (768, 6)), ("narrow", (128, 4))):
        sae = train_topk(x, *sizes)
        z, z_test = codes(sae, x[:known]), codes(sae, x_test)
        detectors = dict(zip(features, best_detectors(z, labels, z_test, test_labels)))
        found[name] = sum(d.f1 for d in detectors.values()) / len(features)
        effects = interventions(model, sae, detectors, x, x_test, rows=5, draws=2)
        found[name, "means"], found[name, "pairs"] = means_of(effects), turned(effects)
        if name == "wide":
            spliced = splice_report(model, module, sae, *few, x.mean(dim=0))
            found["change"] = spliced.change / spliced.loss
            found["holes"] = len(with_holes(z_test, detectors))
    return found


three = {
    0: {
        "neurons": table["neurons"].mean().item(), "random atoms": table["random"].mean().item(),
        "wide": table["latents"].mean().item(), "narrow": narrow_mean,
        "change": by_k[6][0].change / by_k[6][0].loss, "holes": len(holes),
        ("wide", "means"): wide_means, ("narrow", "means"): narrow_means,
        ("wide", "pairs"): turned(wide_effects), ("narrow", "pairs"): turned(narrow_effects),
    },
    1: another(1),
}  # fmt: skip

# %%
three[2] = another(2)

# %%
# You need not follow this cell: it draws.
figure, axes = new_figure(7, 3.2, columns=2, width_ratios=(1, 1.6), sharey=True)
reading = ("neurons", "random atoms", "narrow", "wide")
steering = [(name, what) for name in ("wide", "narrow") for what in ("off alone", "random", "pair")]
steering.append(("narrow", "mean difference"))
for seed, marker, colour in zip(three, ("o", "s", "^"), (BLUE, ORANGE, PURPLE)):
    r, shift = three[seed], 0.18 * (seed - 1)
    for ax, values in (
        (axes[0], [r[name] for name in reading]),
        (axes[1], [r[name, "means"][what] for name, what in steering]),
    ):
        ax.plot([i + shift for i in range(len(values))], values, marker, color=colour,
                label=f"model {seed}")  # fmt: skip
axes[0].set_xticks(range(4), ["neurons", "random\natoms", "narrow", "wide"], fontsize=8.5)
axes[0].set(ylabel="mean", title="reading: F1", ylim=(-0.03, 1.03), xlim=(-0.5, 3.5))
short = {"off alone": "off\nalone", "mean difference": "mean\ndifference"}
axes[1].set_xticks(
    range(7), [f"{short.get(what, what)}" if what == "mean difference" else f"{name}\n{short.get(what, what)}"
               for name, what in steering], fontsize=8.5)  # fmt: skip
axes[1].set(title="steering: chance of the rival's words", xlim=(-0.5, 6.5))
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
show_figure(
    figure,
    "Three models, each a marker. Reading, mean F1: neurons 0.3 to 0.4, random atoms about 0.75, narrow about 0.75, wide "
    "0.86 to 0.88. Steering: wide off alone and random next to 0, pair 0.1 to 0.2; narrow off alone 0.2, random 0.1, pair 0.6; the "
    "mean difference 0.95 and more. The three models agree in all of it.",
)

# %%
print(f"model {0:>24} {1:>6} {2:>6}")
for name in reading:
    digits = 2 if name in ("neurons", "random atoms") else 1
    shown = (f"{r[name]:.{digits}f}" if name != "narrow" else "<0.8" if r[name] < 0.8 else "?"
             for r in three.values())  # fmt: skip
    print(f"  F1, {name:18}", *(f"{value:>6}" for value in shown))
for name, what in (("wide", "pair"), ("narrow", "pair"), ("narrow", "mean difference")):
    label = f"{name}, {what}" if what == "pair" else what
    shown = (coarse(r[name, "means"][what]) for r in three.values())
    print(f"  {label:22}", *(f"{value:>6}" for value in shown))
print("at least 0.85 in all three:", all(r["wide"] > 0.845 for r in three.values()))
print("change of the loss:", *(costs(abs(r["change"])) for r in three.values()), sep="   ")
fewest = min(r["holes"] for r in three.values())
print("features with holes in each of them:", "yes" if fewest > 0 else "no")

in_all = set.intersection(*(r["narrow", "pairs"] for r in three.values()))
in_some = set.union(*(r["narrow", "pairs"] for r in three.values()))
print("of the pairs that the narrow one turns round in some model, it does so in all:")
print(
    "  fewer than two thirds"
    if len(in_all) < 2 / 3 * len(in_some)
    else f"  {len(in_all)} of {len(in_some)}"
)

# %% [markdown]
# What holds in all three: the latents read well, at least 0.85, twice as well as neurons. Random atoms are at about three
# quarters, and a narrow autoencoder, with a sixth of the latents, is no better. The model does not mind the wide one's
# reconstruction. The narrow one reads worse and steers better, and the mean difference steers best. Latents with holes are
# in each. *Which* pairs can be steered, and which features have holes, differs from model to model. So of a single
# case one should not make much.
#
# And we have varied the model here, but not the autoencoder's own random numbers. (With two seeds each, on the three
# models, the mean F1 lay between 0.85 and 0.89.) On large models autoencoders of the same
# activations, trained from other numbers, found partly other features (Paulo and Belrose, 2025).
#
# ## What cannot be concluded
#
# - **"The latent means X."** It is active where X is needed, *in these stories*. The grammar has no jokes, no other authors, no
#   other topics. Where X comes without the rest of its usual company we have not looked.
# - **"There is no latent for X, so the model does not know X."** Probes find nearly every feature. The code may have split
#   it, or let it be absorbed.
# - **"The latents have a high F1, so the training found them."** Random atoms have three quarters of it.
# - **"These are the features of the model."** They are those of this width and this $k$. With 128 latents
#   you find others. Nobody has shown that there is one true list (Leask and others, 2025, argue against it).
# - **"Loss recovered is 0.97, so nothing important is lost."** The loss may have risen by a third.
# - **"The latent steers, so it is what the model uses."** Or: "it does not steer, so the model does not use it." Neither, without the yardstick,
#   the controls, and several models.
# - **"So it will be in a large model."** Ours has 64 dimensions, 159 words, and factors that we chose. What carries
#   over is the way of asking: controls, a yardstick, new stories, several seeds.
#
# ## Where to go from here
#
# The same functions work on a real model: TinyStories-33M has 768 dimensions in its stream, and reads real English. The page
# [docs/real_model.md](../docs/real_model.md) says how to run it, what it costs, and what to look at first. You need the
# internet for it. There nobody gives you a list of features. You have the top examples, the effects, the
# controls, and what you have learned.

# %% [markdown]
# ## Quiz
#
# Eight questions. Each answer tells you why it is right or wrong.

# %%
quiz.hook()

# %%
quiz.recovered()

# %%
quiz.precision()

# %%
quiz.control()

# %%
quiz.random_atoms()

# %%
quiz.absorbed()

# %%
quiz.error_kept()

# %%
quiz.steered()

# %% [markdown]
# ## Summary
#
# - A language model's loss is its cross-entropy, in nats a word. Our stories have a known entropy, and the
#   model comes within 1 % of it.
# - A hook takes the residual stream after a block, and may also replace it. Each word is an example.
# - Without sparsity an autoencoder of the stream copies, once it has as many latents as the spectrum needs. Floors explain
#   the small ones, training and ReLU the rest.
# - TopK with 6 of 768 latents loses about a hundredth of the variance, and adds less than half a percent to the model's loss.
#   Loss recovered is near 1 for almost anything.
# - Single latents mark most features that the model must know from earlier words: mean F1 about 0.9. Neurons have 0.3, but
#   random atoms with TopK, nothing trained, have about 0.75: most of the gap comes from width and TopK, the training adds the
#   rest. On an untrained model latents have 0.2, though probes find more there.
# - Latents for the word that stands there prove nothing: an untrained model has them too.
# - Latents split (one crab, many crabs; a gender in six names). And they are absorbed: the latent for plurals has holes at some
#   places, where a special latent speaks.
# - Ablating and steering leave the error as it is. One pair of latents steers sometimes. The narrower dictionary reads worse and
#   steers better; adding the difference of two means steers best, without any autoencoder. A yardstick and controls (off alone,
#   random) belong to every such number.
#
# ### Glossary
#
# | Term | Meaning |
# |---|---|
# | token | the number of a word |
# | cross-entropy, nat | the mean of −ln(chance given to the word that came); its unit |
# | entropy | the lowest cross-entropy possible on average |
# | residual stream | one vector per word, which every block reads and adds to |
# | attention | the part of a block in which words gather from earlier words |
# | hook | a function called with what a part of a model puts out |
# | splice | put the reconstruction in place of the activations |
# | loss recovered | the share of the harm done by zeros that the reconstruction avoids |
# | precision, recall, F1 | how often a yes is right; how many places are found; both in one number |
# | linear probe | a direction trained to tell one given feature |
# | feature splitting | one feature in several latents, each for a part of the cases |
# | absorption | the latent of a general feature is silent in some cases, where a special latent speaks in its place |
# | random atoms | a dictionary of random directions: what width and TopK give without training |
# | ablate, steer | switch a latent off; set it to a value |
# | mean difference | the mean activation with one value less that with another: a direction to steer by |
# | patch | replace a whole activation by that from another text; our yardstick |
#
# ### In the literature
#
# - T. Bricken and others, *Towards monosemanticity: decomposing language models with dictionary learning*, 2023: latents of a
#   small transformer, dashboards, loss recovered, feature splitting.
# - H. Cunningham and others, *Sparse autoencoders find highly interpretable features in language models*, 2023.
# - L. Gao and others, *Scaling and evaluating sparse autoencoders*, 2024: TopK, and several measures beside the error.
# - D. Chanin and others, *A is for absorption: studying feature splitting and absorption in sparse autoencoders*, 2024.
# - S. Marks and others, *Sparse feature circuits: discovering and editing interpretable causal graphs in language
#   models*, 2024: ablating latents and keeping the error.
# - T. Heap and others, *Sparse autoencoders can interpret randomly initialized transformers*, 2025.
# - A. Korznikov and others, *Sanity checks for sparse autoencoders: do SAEs beat random baselines?*, 2026.
# - S. Kantamneni and others, *Are sparse autoencoders useful? A case study in sparse probing*, 2025: latents against probes.
# - Z. Wu and others, *AxBench: steering LLMs? Even simple baselines outperform sparse autoencoders*, 2025.
# - P. Leask and others, *Sparse autoencoders do not find canonical units of analysis*, 2025.
# - G. Paulo and N. Belrose, *Sparse autoencoders trained on the same data learn different features*, 2025.
# - R. Eldan and Y. Li, *TinyStories: how small can language models be and still speak coherent English?*, 2023.
# - A. Vaswani and others, *Attention is all you need*, 2017: the transformer.
#
# **Next:** the [exercises of this lesson](../exercises/08_language_model/08_exercises.ipynb). You collect activations,
# find latents, and change what a model writes, with your own functions.
