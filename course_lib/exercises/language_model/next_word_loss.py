"""Exercise `next_word_loss`: the mean cross-entropy of the next word, in nats.

loss = mean of -ln softmax(logits at t)[word t + 1]     over the words that count, but the first
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.language_model.small_models import lengths_mask


def next_word_loss(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The mean cross-entropy of the next word, in nats a word.

    logits : what the model gave at each word, shape (texts, length, vocabulary)
    tokens : the words that it read, int64, shape (texts, length)
    mask : True for the words that count, False for padding, shape (texts, length)
    A chance may be so small that it is rounded to 0; its logarithm must be right all the same.
    Returns a tensor with a single number: the mean over all words that count, but the first of
    each text, which nothing predicts.
    """
    ### BEGIN SOLUTION
    log_probs = logits.log_softmax(dim=-1)[:, :-1]  # (texts, length - 1, vocabulary)
    targets = tokens[:, 1:]  # (texts, length - 1)
    losses = -log_probs.gather(-1, targets[..., None])[..., 0]  # (texts, length - 1)
    return losses[mask[:, 1:]].mean()
    ### END SOLUTION


def cases(draw: Draw):
    """Texts of several lengths, one text, two words, large logits, float64, gaps in memory.

    Where the logits are large, one of the chances that count is too small for a float32.
    """

    def case(lengths, vocabulary, note, scale=1.5, **kind):
        texts, longest = len(lengths), max(lengths)
        logits = draw.normal(texts, longest, vocabulary, scale=scale, **kind)
        tokens = torch.tensor(
            [[draw.integer(0, vocabulary - 1) for _ in range(longest)] for _ in range(texts)]
        )
        mask = lengths_mask(lengths, longest)
        if scale > 10:  # a chance that is rounded to 0, in every draw
            logits[0, 0, tokens[0, 1]] = logits[0, 0].min() - 120
        return Case({"logits": logits, "tokens": tokens, "mask": mask}, note=note)

    yield case([3], 4, "one text, no padding")
    yield case([2, 4], 3, "a text of two words")
    yield case([4, 2, 6, 3], 5, "texts of several lengths", shift=2.0)
    yield case([3, 5, 2], 5, "as many words as the vocabulary has; float64", dtype=torch.float64)
    yield case([6, 3], 4, "large logits", scale=40.0)
    yield case([2, 5], 6, "not contiguous in memory", layout="strided")


exercise = FunctionExercise(
    next_word_loss,
    title="The loss of a language model",
    points=4,
    difficulty=2,
    minutes=20,
    why="Whether an autoencoder has kept what matters is measured by this number. Shifted by one "
    "word it looks plausible, and means nothing.",
    cases=cases,
    hints=(
        "What the model gives at a word is about the word *behind* it. So the logits at places 0, "
        "1, 2 … belong to the words at places 1, 2, 3 …. The logits at the last place have no "
        "word, and the first word has no logits.",
        "`logits[:, :-1]` and `tokens[:, 1:]` fit each other. Whether a term counts depends on the "
        "word that is predicted: `mask[:, 1:]`.",
        "`logits.log_softmax(dim=-1)` gives the logarithms of all chances. "
        "`log_probs.gather(-1, targets[..., None])[..., 0]` takes that of the right word at each "
        "place. The minus sign, then the mask as an index, then one mean over all.",
    ),
)


# -- how it goes wrong ---------------------------------------------------------------------------


def _losses(logits, targets):
    return -logits.log_softmax(dim=-1).gather(-1, targets[..., None])[..., 0]


@exercise.misconception(
    "You compare the logits at a word with *this* word, which the model has just read. They are "
    "about the next one: `logits[:, :-1]` with `tokens[:, 1:]`."
)
def not_shifted(logits, tokens, mask):
    return _losses(logits, tokens)[mask].mean()


@exercise.misconception(
    "You leave out the first word, but compare each remaining place with itself: `logits[:, 1:]` "
    "with `tokens[:, 1:]`. The logits at a word are about the next one."
)
def not_shifted_without_the_first(logits, tokens, mask):
    return _losses(logits[:, 1:], tokens[:, 1:])[mask[:, 1:]].mean()


@exercise.misconception(
    "You shifted the wrong way: the logits at a word are compared with the word *before* it. It is "
    "`logits[:, :-1]` with `tokens[:, 1:]`."
)
def shifted_back(logits, tokens, mask):
    return _losses(logits[:, 1:], tokens[:, :-1])[mask[:, 1:]].mean()


@exercise.misconception(
    "Your mask is not shifted: it asks whether the word that is *read* counts. At the end of a "
    "short text the next word is padding. Use `mask[:, 1:]`."
)
def mask_not_shifted(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, :-1]].mean()


@exercise.misconception(
    "Padding counts in your mean. Take only the words that do: `losses[mask[:, 1:]]`."
)
def padding_counts(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:]).mean()


@exercise.misconception(
    "You set the losses of padding to 0, but still divide by all places. Divide by the number of "
    "words that count, or use the mask as an index."
)
def divided_by_all(logits, tokens, mask):
    return (_losses(logits[:, :-1], tokens[:, 1:]) * mask[:, 1:]).mean()


@exercise.misconception(
    "You divide by all words that count, the first of each text among them. These have no term "
    "above the line: divide by `mask[:, 1:].sum()`."
)
def first_words_below(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].sum() / mask.sum()


@exercise.misconception(
    "You take a mean for each text, and then the mean of these. A short text then counts as much "
    "as a long one. Take one mean over all words."
)
def mean_of_texts(logits, tokens, mask):
    counted = mask[:, 1:]
    losses = _losses(logits[:, :-1], tokens[:, 1:]) * counted
    return (losses.sum(dim=1) / counted.sum(dim=1)).mean()


@exercise.misconception("This is the sum over the words. Asked for is the mean: nats a word.")
def summed(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].sum()


@exercise.misconception("The minus sign is missing: a logarithm of a chance is at most 0.")
def sign_missing(logits, tokens, mask):
    return -_losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean()


@exercise.misconception(
    "This is in bits: you used the logarithm to base 2. Nats have the natural logarithm."
)
def in_bits(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean() / 0.6931471805599453


@exercise.misconception(
    "This is the mean chance of the right word. Asked for is the mean of -ln of it."
)
def mean_chance(logits, tokens, mask):
    return (-_losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]]).exp().mean()


@exercise.misconception(
    "You take the mean of the chances first, and then the logarithm. Take the logarithm of each."
)
def logarithm_of_the_mean(logits, tokens, mask):
    return -(-_losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]]).exp().mean().log()


@exercise.misconception(
    "You take the logits themselves for logarithms of chances. They are not: their exponentials do "
    "not add up to 1. Use `log_softmax` over the vocabulary."
)
def no_softmax(logits, tokens, mask):
    return -logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0][mask[:, 1:]].mean()


@exercise.misconception(
    "Your softmax runs over the words of a text instead of over the vocabulary. The vocabulary is "
    "the last dimension: `dim=-1`."
)
def softmax_over_the_text(logits, tokens, mask):
    chosen = logits.log_softmax(dim=1)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    return -chosen[mask[:, 1:]].mean()


@exercise.misconception(
    "You take the softmax first, and its logarithm after that. A very small chance is rounded to "
    "0 on the way, and its logarithm is -∞. `log_softmax` takes both steps at once, without that."
)
def logarithm_of_zero(logits, tokens, mask):
    chances = logits.softmax(dim=-1)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    return -chances.log()[mask[:, 1:]].mean()


@exercise.misconception(
    "You put all words that count in one row, and shift the row: so the first word of a text is "
    "predicted by the last one of the text before. Shift within each text: `logits[:, :-1]` with "
    "`tokens[:, 1:]`, and `mask[:, 1:]` after that."
)
def shifted_across_texts(logits, tokens, mask):
    return F.cross_entropy(logits[mask][:-1], tokens[mask][1:])


@exercise.misconception(
    "You make one row of all places, and shift the row: so the first word of a text is foreseen by "
    "the last place of the text before, be it padding. Shift within each text: `logits[:, :-1]` "
    "with `tokens[:, 1:]`."
)
def shifted_after_flattening(logits, tokens, mask):
    losses = F.cross_entropy(logits.flatten(0, 1)[:-1], tokens.flatten()[1:], reduction="none")
    return losses[mask.flatten()[1:]].mean()


@exercise.misconception(
    "You take the word number 0 for padding. Here it is a word like any other: which places count "
    "is said by `mask` alone."
)
def padding_told_by_zero(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[tokens[:, 1:] != 0].mean()


@exercise.misconception(
    "You bring the vocabulary to another place by `reshape` or `view`. That keeps the order of the "
    "numbers and mixes words with places; `transpose(1, 2)` exchanges two dimensions."
)
def reshape_for_transpose(logits, tokens, mask):
    texts, length, vocabulary = logits.shape
    columns = logits[:, :-1].reshape(texts, vocabulary, length - 1)
    return F.cross_entropy(columns, tokens[:, 1:], reduction="none")[mask[:, 1:]].mean()


@exercise.misconception(
    "You apply the softmax twice: `cross_entropy` and `log_softmax` expect logits, and you give "
    "them chances."
)
def softmax_twice(logits, tokens, mask):
    return _losses(logits.softmax(dim=-1)[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean()


@exercise.misconception(
    "This is the perplexity, the exponential of what is asked for. Return the loss itself."
)
def perplexity(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean().exp()


@exercise.misconception(
    "The number is right, but `.item()` cuts the gradient: with this result one cannot train. "
    "Return the tensor."
)
def a_python_float(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean().item()


@exercise.misconception(
    "The value is right, but it carries no gradient to the logits. Leave `.detach()` and "
    "`torch.no_grad()` out."
)
def detached(logits, tokens, mask):
    return _losses(logits[:, :-1], tokens[:, 1:])[mask[:, 1:]].mean().detach()


# -- other right answers -------------------------------------------------------------------------


@exercise.style
def with_cross_entropy(logits, tokens, mask):
    return F.cross_entropy(logits[:, :-1][mask[:, 1:]], tokens[:, 1:][mask[:, 1:]])


@exercise.style
def transposed_cross_entropy(logits, tokens, mask):
    losses = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    counted = mask[:, 1:].to(losses.dtype)
    return (losses * counted).sum() / counted.sum()


@exercise.style
def word_by_word(logits, tokens, mask):
    terms = []
    for text in range(len(tokens)):
        for t in range(1, tokens.shape[1]):
            if mask[text, t]:
                scores = logits[text, t - 1]
                terms.append(scores.logsumexp(dim=0) - scores[tokens[text, t]])
    return torch.stack(terms).mean()
