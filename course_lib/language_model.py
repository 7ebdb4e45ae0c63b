"""A small transformer that predicts the next word, from embedding to logits in this one file.

    h₀ = embedding(word) + embedding(position)
    h' = hᵢ₋₁ + attention(norm(hᵢ₋₁)),   hᵢ = h' + mlp(norm(h'))         for block i = 1 … n
    logits = U norm(hₙ)

h is the **residual stream**: one vector of `dim` numbers for each word. Every block reads from it
and adds to it, and nothing else is handed on. (Vaswani et al., "Attention is all you need", 2017;
with the norm before each part, as in Radford et al., "Language models are unsupervised multitask
learners", 2019.)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.arguments import require_whole
from course_lib.errors import WrongArgument

SMALL = 0.02  # deviation of the embeddings at the start, as in Radford et al.


class Attention(nn.Module):
    """Each word gathers from the words up to itself: softmax(q kᵀ / √head_dim) v, in every head."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)

    def forward(self, h: Tensor) -> Tensor:
        """(batch, length, dim) to the same shape."""
        batch, length, dim = h.shape
        q, k, v = (
            part.view(batch, length, self.heads, dim // self.heads).transpose(1, 2)
            for part in self.query_key_value(h).chunk(3, dim=-1)
        )  # each (batch, heads, length, head_dim)
        gathered = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(gathered.transpose(1, 2).reshape(batch, length, dim))


class Block(nn.Module):
    """Attention moves information between words; the MLP then works on each word alone."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm_attention = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.norm_mlp = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, h: Tensor) -> Tensor:
        """The residual stream before the block to that behind it, (batch, length, dim)."""
        h = h + self.attention(self.norm_attention(h))
        return h + self.mlp(self.norm_mlp(h))


class LanguageModel(nn.Module):
    """Predicts the next word of a text.

    vocabulary_size : how many words there are. dim : of the residual stream.
    blocks : how many. heads : of each attention; they must divide dim.
    longest : words of a text, at most.

    `model.blocks[i]` puts out the residual stream behind block i + 1. `model.config` holds the
    arguments. Raises `WrongArgument` for sizes that cannot be.
    """

    def __init__(
        self,
        vocabulary_size: int,
        dim: int = 64,
        blocks: int = 4,
        heads: int = 4,
        longest: int = 64,
    ):
        sizes = {"vocabulary_size": vocabulary_size, "dim": dim, "blocks": blocks, "heads": heads}
        sizes = {n: require_whole(n, s) for n, s in {**sizes, "longest": longest}.items()}
        if dim % heads:
            raise WrongArgument(f"dim is {dim} and heads {heads}; dim must be a multiple of heads.")
        super().__init__()
        self.config: dict[str, Any] = sizes
        self.dim, self.longest = dim, longest
        self.embedding = nn.Embedding(vocabulary_size, dim)
        self.position = nn.Embedding(longest, dim)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim)
        self.unembedding = nn.Linear(dim, vocabulary_size, bias=False)
        for table in (self.embedding, self.position):
            nn.init.normal_(table.weight, std=SMALL)

    def forward(self, tokens: Tensor) -> Tensor:
        """Numbers of words (batch, length), int64, to logits of the next: (…, vocabulary_size).

        Raises `WrongArgument` for texts of another shape or longer than `longest`.
        """
        if tokens.ndim != 2 or tokens.shape[1] > self.longest:
            raise WrongArgument(
                f"tokens has shape {tuple(tokens.shape)}; it must be (batch, length) with at most "
                f"{self.longest} words a text. For one text: tokens[None]; cut longer ones."
            )
        h = self.embedding(tokens) + self.position.weight[: tokens.shape[1]]  # (batch, length, dim)
        for block in self.blocks:
            h = block(h)
        return self.unembedding(self.norm(h))


def next_word_losses(model: nn.Module, tokens: Tensor) -> Tensor:
    """The cross-entropy of each word but the first, given those before: (batch, length - 1), nats.

    tokens : (batch, length). Entry t is -ln of the chance that the model gave to word t + 1.
    """
    logits = model(tokens[:, :-1])  # (batch, length - 1, vocabulary_size)
    return F.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")


@torch.no_grad()
def language_loss(model: nn.Module, tokens: Tensor, mask: Tensor, rows_at_once: int = 256) -> float:
    """The mean cross-entropy, in nats a word, over the words that `mask` counts but the first.

    tokens, mask : (texts, length); texts begin at position 0.
    Raises `WrongArgument` when their shapes differ or nothing is counted.
    """
    if tokens.shape != mask.shape or not bool(mask[:, 1:].any()):
        raise WrongArgument(
            f"tokens has shape {tuple(tokens.shape)} and mask {tuple(mask.shape)}, with "
            f"{int(mask.sum())} words counted; they must have the same shape and count at least "
            "one word that is not the first of its text."
        )
    total, device = 0.0, next(model.parameters()).device
    for some, counted in zip(tokens.split(rows_at_once), mask.split(rows_at_once), strict=True):
        losses = next_word_losses(model, some.to(device))
        total += float(losses.cpu()[counted[:, 1:]].double().sum())
    return total / int(mask[:, 1:].sum())
