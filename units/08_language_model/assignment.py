# %% [markdown]
# # Exercises 8 · Inside a language model
#
# Eight exercises on the
# [lesson on language models](../../notebooks/08_language_model.ipynb). Do them in order. The first
# four put an autoencoder into a language model and measure what that costs. The last four read its
# latents, change them, and ask what may be concluded. All take about 185 minutes; after the fourth
# is a good place for a break.
#
# - **Write** your answer in place of the dots `...`, and run the cell.
# - **Check** it with the cell right under it. The check draws new numbers each time. If something
#   is wrong, it tries to tell you what. Check as often as you like.
# - **Stuck?** `hint.next_word_loss()` shows a hint for the first exercise; call it again for the
#   next one. Each exercise has three.
#
# As before: **leave the inputs as they are**, and make new tensors.
#
# Run the next cell first.

# %%
import torch
from torch import Tensor, nn

from course_lib import (
    change_output,
    language_loss,
    load_story_model,
    open_unit,
    show_source,
    tell_stories,
)

unit = open_unit("08_language_model")
check, hint = unit.check, unit.hint

# %% [markdown] exercise="next_word_loss"
# A language model reads a text and gives, at each word, one number per word of its vocabulary: the
# **logits**. Their softmax is the chance that it gives to each word to come *next*. How good it is
# says the **cross-entropy**: minus the natural logarithm of the chance that it gave to the word
# that did come. The mean of it over all words is the loss, in **nats** a word.
#
# Texts have different lengths. After a short one stands padding, and a **mask** says which words
# count. A small example, two texts of at most three words (`-` is padding):
#
# | text | mask | what is predicted |
# |---|---|---|
# | Mia sings . | True True True | "sings" and "." |
# | Tom - - | True False False | nothing |
# | Ben hides - | True True False | "hides" |
#
# The first word of a text is predicted by nothing, so it has no loss. If the model gave the chances
# 0.5 to "sings", 0.8 to "." and 0.2 to "hides", the loss is
# $(-\ln 0.5 - \ln 0.8 - \ln 0.2)/3 = 0.84$.
#
# One tool you may not know. `gather` takes one number out of each row of a table:

# %%
table = torch.tensor([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])
chosen = torch.tensor([2, 0])  # one column for each row
print(table.gather(-1, chosen[:, None])[:, 0])

# %% [markdown]
# **Now you.** Write the loss of a language model, from its logits, what it read, and the mask. A
# model could be trained with it: the gradient must reach the logits. And some chances are so small
# that the computer rounds them to 0; their logarithm must be right all the same.

# %% exercise="next_word_loss"

# %% [markdown] exercise="layer_activations"
# The data for an autoencoder are what a block of the model puts out: one row per word. A **hook**
# brings them. It is a function that PyTorch calls whenever a module has run:

# %%
layer = nn.Linear(2, 3)
seen = []
handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
layer(torch.zeros(5, 2))
handle.remove()
layer(torch.zeros(7, 2))  # the hook is gone: this is not seen
print(seen)

# %% [markdown]
# Three things make it harder than it looks.
#
# - A hook stays until `handle.remove()` is called, even if the model has stopped with an error
#   meanwhile. In Python, what must be done in any case goes under `finally`:

# %%
try:
    try:
        print(1 / 0)
    finally:
        print("this is done in any case")
except ZeroDivisionError:
    print("and the error goes on")

# %% [markdown]
# - Some models have **dropout**: in training mode, they set numbers at random to 0. `model.eval()`
#   turns that off; `model.training` says in which mode a model is, and `model.train(True)` or
#   `model.train(False)` sets it. Afterwards the model must be in the mode in which you found it.
# - Padding is no word. A mask (texts, length) as an index takes from a tensor (texts, length, dim)
#   the rows where it is True, text by text:

# %%
stream = torch.arange(12.0).reshape(2, 3, 2)  # two texts, three words, two dimensions
print(stream[torch.tensor([[True, True, False], [True, False, False]])])

# %% [markdown]
# **Now you.** Collect what a module puts out, for the words that count, without a gradient. If the
# model stops with an error (for a word that it does not know, say), let the error go on; but leave
# no hook behind, and the mode as it was. The model is somebody else's: hooks of theirs stay where they
# are, and so do the weights, with their `requires_grad`. Use `register_forward_hook`.

# %% exercise="layer_activations"

# %% [markdown] exercise="loss_recovered"
# How much of what the model needs does an autoencoder keep? The direct way to find out: put the
# reconstruction in place of what the module gives, let the rest of the model run, and see how its
# loss rises.
#
# `change_output` does the replacing. Here is what the story model loses when each word gets the
# stream of the word before it, behind the second block:

# %%
model = load_story_model(0)
told = tell_stories(100, seed=5)
print(f"as it is:  {language_loss(model, told.tokens, told.mask):.1f} nats a word")


def displaced(h: Tensor) -> Tensor:
    """Each word gets the stream of the word before it: (texts, length, dim) to the same shape."""
    return h.roll(1, dims=1)


with change_output(model.blocks[1], displaced):
    print(f"displaced: {language_loss(model, told.tokens, told.mask):.0f} nats a word")

# %% [markdown]
# Return two numbers:
#
# $$\text{change} = \text{spliced loss} - \text{loss}, \qquad
# \text{loss recovered} = \frac{\text{zero loss} - \text{spliced loss}}{\text{zero loss} - \text{loss}}.$$
#
# The *spliced loss* is that with the reconstruction in the stream's place, the *zero loss* that
# with zeros in its place. A small example: from a loss of 0.5, a spliced loss of 0.7 and a zero
# loss of 6.5 come a change of 0.2 and a loss recovered of $5.8/6 = 0.967$. A model may also do
# *better* with the reconstruction: then the change is negative, and the loss recovered above 1.
# Return them as they come out.
#
# The stream has the shape (texts, length, dim), and an autoencoder takes rows, (n, dim).
# `h.flatten(0, 1)` makes rows, and `.view(h.shape)` brings the old shape back. (`language_loss`
# lets the model read all words but the last, after which there is nothing to predict. So the stream
# is one word shorter than the mask. You need no mask there: replace the stream at all places.)

# %% exercise="loss_recovered"

# %% [markdown] exercise="small_autoencoder"
# Now train one. It has only 250 steps. It is to be good in five ways at once:
#
# | | bound |
# |---|---|
# | FVU | at most 0.024 |
# | L0 | at most 6.4, a tenth of the 64 dimensions |
# | dead latents | at most 25 % |
# | rise of the model's loss | at most 1 % |
# | loss recovered | at least 0.999 |
#
# Here is the training. You choose everything but the steps and the seed, with at most **256
# latents**:

# %%
from course_lib.practice.language_model.story_autoencoders import (
    activations,
    report,
    train_autoencoder,
)

show_source(train_autoencoder)

# %% [markdown]
# A schedule says how the learning rate goes on: "constant" keeps it, "linear" lets it fall to 0 over
# the last part of the steps, "cosine" lets it fall from the start. Where it falls in the end, it may
# be larger before.
#
# `activations(0)` are those of the story model with training seed 0, behind its second block, and
# `report` measures all five on stories that the autoencoder has not seen. With the settings as they
# stand:

# %%
x = activations(0)
print(tuple(x.shape))
found = report(train_autoencoder(x))
print(f"FVU {found.fvu:.2f}, L0 {found.l0:.0f}, loss recovered {found.recovered:.2f}")
print(f"rise of the loss: about {10 * round(10 * found.change)} %")

# %% [markdown]
# The loss rises by more than a quarter. The loss recovered looks good all the same. (`print(found)`
# shows all five with more digits.)
#
# **Now you.** Find settings that reach all five. Each try takes about a second. Hand them in as a
# dictionary, such as `{"latents": 96, "k": 3, "learning_rate": 0.001}`. The check trains with them
# on *another* language model, that of training seed 1. So leave a little room.

# %% exercise="small_autoencoder"

# %% [markdown] exercise="best_latent"
# Which latent tells that the model is about to say "she"? A latent with a threshold is a
# **detector**: it says that the feature is here when its activation is at least the threshold. It
# can be wrong in two ways. Here is one with the threshold 2, on six words:
#
# | | word 1 | word 2 | word 3 | word 4 | word 5 | word 6 |
# |---|---|---|---|---|---|---|
# | activation | 3 | 0 | 2 | 5 | 0 | 1 |
# | it says | here | – | here | here | – | – |
# | the feature is there | yes | – | – | yes | yes | – |
#
# It said so three times and was right in two: its **precision** is $2/3$. The feature was there
# three times, and it found two: its **recall** is $2/3$.
# $F_1 = 2 \cdot \text{hits} / (\text{said} + \text{there}) = 4/6$.
#
# Write a function that finds the best detector: of all latents with all thresholds, the one with the
# highest F1. It chooses by some words, and is then judged on others.
#
# (If several thresholds give the same yes and no, return the one that is the activation of a word
# *with* the feature.)

# %% exercise="best_latent"

# %% [markdown] exercise="switch_off"
# A latent goes together with a word. Does the model *use* it? Take it away, and see.
#
# The stream $h$ is the reconstruction plus an error that the autoencoder does not explain:
#
# $$h = \underbrace{\sum_i z_i D_i + c}_{\hat x} + \text{error}.$$
#
# Take away what latent $j$ adds, at some words only, and leave all else, the error too. A small
# example: at a word the stream is $h = (5, 1)$, the latent is 2, and its atom is $(1, 0.5)$. Without
# it the stream is $(3, 0)$.
#
# The atoms are given as the decoder uses them. (In the check they have all kinds of lengths.) The
# gradient must reach h, z and the atoms: with it one can ask later how much a latent matters.

# %% exercise="switch_off"

# %% [markdown] exercise="steer_story"
# Steering is the same the other way: set latents to values of your own, and see what the model
# then writes.
#
# In some of our stories something red is found, and later the model must say "red" again. At the
# word before, it knows it almost surely. Make it say "blue".
#
# There is a ready autoencoder of the story model (seed 0, behind the second block), with 256 latents
# and TopK with $k = 6$. Here are its codes at the words where the model is about to repeat "red",
# and where it is about to repeat "blue":

# %%
from course_lib.practice.language_model.story_autoencoders import BLUE, RED, codes_before, steered

z_red, z_blue = codes_before(RED), codes_before(BLUE)
print("before red: ", tuple(z_red.shape))
print("before blue:", tuple(z_blue.shape))

# %% [markdown]
# `steered` sets latents to values at the words before "red", as `steer` of the lesson does: the
# rest of the stream stays, the error too. It gives the model's mean chances of the two words. With
# no latent set, and with three that were picked at random:

# %%
for name, values in (("as it is", {}), ("three at 2.0", {20: 2.0, 120: 2.0, 220: 2.0})):
    found = steered(values)
    print(f"{name}: chance of red {found.red:.1f}, of blue {found.blue:.1f}")

# %% [markdown]
# `topk` of a row gives its largest entries and their places; `.tolist()` and `.item()` make plain
# numbers of them:

# %%
row = torch.tensor([0.1, 4.0, 0.0, 2.5])
print(row.topk(2).indices.tolist(), row[1].item())

# %% [markdown]
# **Now you.** Set at most **4** latents so that the mean chance of "blue" is at least **0.96**. Hand
# in a dictionary, from the numbers of the latents to their values; 0.0 switches one off. You may
# write numbers, or let Python find them from `z_red` and `z_blue`. The check uses other stories.

# %% exercise="steer_story"

# %% [markdown] exercise="conclusions"
# Eight findings about the story model and its autoencoders, each with a conclusion. Each conclusion
# goes too far. One thing is missing beside each finding.
#
# | | finding | conclusion |
# |---|---|---|
# | `this_word` | A linear probe of the stream tells, at each word, whether this very word is "friend", with an F1 above 0.9, on other stories than those by which it was trained. | The model has learnt what a friend is. |
# | `many_atoms` | On other stories than those by which they were chosen, the best of 256 latents tell what is told in the stories with a mean F1 above 0.75, the best of the 64 dimensions (up or down) with one below 0.45. | Training the autoencoder has found these features. |
# | `recovered` | With the reconstruction in place of the stream, the loss recovered is above 0.97. | The model hardly notices. |
# | `best_of_many` | Of 70,000 pairs of latent and threshold, the one with the highest F1 for a feature on five stories has an F1 of 1 on these. | There is a latent for this feature. |
# | `pushed` | Three latents are set to a high value just before "red". The chance of "red" falls from 1.0 to nearly 0. | These latents are about colours. |
# | `without` | Four latents are set just before "red", and the model's chance of "blue" is above 0.95. | To steer this model so, one needs an autoencoder. |
# | `one_model` | In the story model of seed 0, a few latents turn the tense of a verb; as many random ones do nothing. | The tense of a verb can be steered in language models. |
# | `half_found` | Where the model is about to name what was found again, the best latent for "a muffin, or muffins" has a precision of 1 and a recall of about a half, on other stories. | The autoencoder misses half of the muffins. |
#
# What is missing, or would show that the conclusion fails? Each letter is used once.
#
# - **a**: the same on an untrained model
# - **b**: the change of the loss, in nats or as a share of it
# - **c**: the same with random latents in their place
# - **d**: other stories than those by which it was chosen
# - **e**: other training seeds of the language model
# - **f**: more latents of the same autoencoder
# - **g**: the difference of the mean activations before both words, added to the stream
# - **h**: the same with random atoms, on which nothing was trained

# %% exercise="conclusions"
