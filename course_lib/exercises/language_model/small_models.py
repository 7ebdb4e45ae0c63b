"""Small random language models for checks, and an exercise whose answer is given one.

What such an answer leaves behind on the model (`stages.hooks`) is noted beside its values and
compared after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.autoencoders import SparseAutoencoder
from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import Observation
from course_lib.exercises.verdicts import Verdict
from course_lib.language_model import LanguageModel
from course_lib.stages import hooks, staged
from course_lib.stages.hooks import GRAPH, HOOKS, MODE, OTHERS, WEIGHTS, language_model

WORDS = 9  # in the vocabulary of a small model
SENTENCES = {
    HOOKS: "The result is right, but a hook is left on the model after your function has ended.",
    OTHERS: "The result is right, but a hook that somebody else had put on the model is gone. "
    "Remove your own, by its handle, and no other.",
    MODE: "The result is right, but the model is in another mode than before. Note "
    "`model.training` first, and give it to `model.train(…)` in the end.",
    WEIGHTS: "The result is right, but the model's weights are not as they were: they have other "
    "values, or another `requires_grad`.",
    GRAPH: "The values are right, but the result still carries a gradient to the model's weights.",
}
STOPS = "a word that the model does not know: it raises an IndexError"


# -- models ---------------------------------------------------------------------------------------


def small_model(
    draw: Draw,
    dim: int = 8,
    blocks: int = 3,
    dropout: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> LanguageModel:
    """A language model with random weights, biases among them, in evaluation mode."""
    sizes = {"vocabulary_size": WORDS, "dim": dim, "blocks": blocks, "heads": 2, "longest": 12}
    model = language_model(sizes, dropout, dtype=dtype)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            scale = 2.0 if "embedding" in name else 0.4
            weight.copy_(draw.normal(*weight.shape, scale=scale))
    return model


def own_texts(model: LanguageModel, draw: Draw, texts: int, length: int) -> Tensor:
    """Texts (texts, length) that the model itself finds likely: its loss on them is low."""
    tokens = torch.tensor([[draw.integer(0, WORDS - 1)] for _ in range(texts)])
    with torch.no_grad():
        for _ in range(length - 1):
            tokens = torch.cat([tokens, model(tokens)[:, -1:].argmax(dim=-1)], dim=1)
    return tokens


def some_texts(draw: Draw, texts: int, length: int) -> Tensor:
    """Texts (texts, length) of random words."""
    return torch.tensor([[draw.integer(0, WORDS - 1) for _ in range(length)] for _ in range(texts)])


def lengths_mask(lengths: Sequence[int], longest: int) -> Tensor:
    """True for the words of texts of these lengths, (texts, longest), padding behind them."""
    return torch.arange(longest) < torch.tensor(list(lengths))[:, None]


def near_autoencoder(draw: Draw, dim: int, error: float = 0.25) -> SparseAutoencoder:
    """An autoencoder of one layer whose reconstructions are near the input: each dimension has a
    latent for its positive and one for its negative part, and all weights are a little off."""
    sae = SparseAutoencoder(dim, 2 * dim, layers=1)
    both = torch.cat([torch.eye(dim), -torch.eye(dim)])
    with torch.no_grad():
        atoms = both + draw.normal(2 * dim, dim, scale=error / 3)
        sae.decoder.weight.copy_(atoms / atoms.norm(dim=1, keepdim=True))
        sae.encoder.weight.copy_(both + draw.normal(2 * dim, dim, scale=error / 3))
        bias = draw.normal(dim, scale=1.0)  # what is added at the end is subtracted before
        sae.decoder.bias.copy_(bias)
        sae.encoder.bias.copy_(-both @ bias + draw.normal(2 * dim, scale=error))
    return sae.eval()


def _error_of(case: Case) -> str:
    """What the model itself says when it stops."""
    try:
        case.args["model"](case.args["tokens"])
    except IndexError as error:
        return str(error)
    raise AssertionError("the model was to stop on these words")


# -- the exercise ---------------------------------------------------------------------------------


class HookedExercise(FunctionExercise):
    """A function that is given a model, by the arguments `model` and `module`, one of its blocks.

    Each answer gets copies. What it leaves behind is noted beside the gradients: compared last.
    A hook of somebody else, which does nothing, is on `module` already.
    watched : which of `SENTENCES` are looked at.
    """

    def __init__(
        self,
        reference: Any,
        *,
        watched: tuple[str, ...] = (HOOKS, OTHERS, MODE, WEIGHTS),
        **header: Any,
    ):
        super().__init__(reference, gradients=False, **header)
        self.watched = watched

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """What `answer` does on `case`, and what it leaves behind."""
        stops = _error_of(case) if case.note == STOPS else None
        facts: dict[str, Tensor] = {}

        def called(*args: Any) -> Any:
            plain = (hooks.as_plain(value, case.args["model"]) for value in args)
            result, noted = staged(hooks.stage, answer, stops, *plain)
            facts.update({name: torch.tensor(float(noted[name])) for name in self.watched})
            return result

        seen = super().observe(called, case, seed)
        return seen if seen.raised else replace(seen, gradients=facts)

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        """What was left behind is told in a sentence of its own."""
        for name in self.watched:
            if found.aspect == "gradient" and f"`{name}`" in found.sentence:
                found = Difference("gradient", SENTENCES[name])
        return super()._wrong(trial, seen, at, found)

    def _shown(self, case: Case, found: Difference) -> tuple[tuple[str, str], ...]:
        """The smallest failing case, models in a few words."""
        plain: Mapping[str, Any] = {
            name: v for name, v in case.args.items() if not isinstance(v, nn.Module)
        }
        model, module = case.args["model"], case.args["module"]
        number = next(i for i, block in enumerate(model.blocks) if block is module)
        told = (
            "model",
            f"a small one, with {len(model.blocks)} blocks of width {model.dim}; module is "
            f"model.blocks[{number}]",
        )
        note, *rest = super()._shown(replace(case, args=plain), found)
        return (note, told, *rest)
