"""Autoencoders of the course's story model, and what is measured on them.

The activations are those behind the second of the model's four blocks. Practice is on the model of
training seed 0; settings are examined on that of seed 1, whose weights are others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from course_lib.activations import change_output, collect_activations
from course_lib.autoencoders import SparseAutoencoder
from course_lib.data.stories import VOCABULARY, Feature, Stories, tell_stories
from course_lib.evaluation import evaluate_autoencoder
from course_lib.interpretation import next_word_probabilities, splice, steer
from course_lib.language_model import LanguageModel, language_loss
from course_lib.story_model import load_story_model
from course_lib.training import Objective, Trainer

BLOCK, DIM = 1, 64  # model.blocks[1]: behind the second of four blocks
STEPS, BATCH, MOST_LATENTS = 250, 512, 256
PRACTICE = 0  # training seed of the story model
TRAIN_STORIES, TEST_STORIES = 1500, 60


# -- data -----------------------------------------------------------------------------------------


@cache
def story_model(seed: int) -> LanguageModel:
    """The course's story model of a training seed; loaded once."""
    return load_story_model(seed)


@cache
def stories(count: int, seed: int) -> Stories:
    """Stories of a seed; told once."""
    return tell_stories(count, seed)


@cache
def activations(model_seed: int) -> Tensor:
    """To train on: (about 90,000, 64)."""
    model, told = story_model(model_seed), stories(TRAIN_STORIES, 1)
    return collect_activations(model, model.blocks[BLOCK], told.tokens, told.mask)


@cache
def test_activations(model_seed: int) -> Tensor:
    """To judge by, from other stories: (about 3,600, 64)."""
    model, told = story_model(model_seed), stories(TEST_STORIES, 2)
    return collect_activations(model, model.blocks[BLOCK], told.tokens, told.mask)


@cache
def plain_and_zero_loss(model_seed: int) -> tuple[float, float]:
    """On the test stories: of the model as it is, and with zeros in place of the stream."""
    model, told = story_model(model_seed), stories(TEST_STORIES, 2)
    with change_output(model.blocks[BLOCK], torch.zeros_like):
        zero = language_loss(model, told.tokens, told.mask)
    return language_loss(model, told.tokens, told.mask), zero


# -- a small autoencoder --------------------------------------------------------------------------


def train_autoencoder(
    x: Tensor,
    latents: int = 96,
    k: int | None = 3,
    l1_weight: float = 0.0,
    learning_rate: float = 0.001,
    schedule: Literal["constant", "linear", "cosine"] = "constant",
    num_steps: int = STEPS,
    seed: int = 0,
) -> SparseAutoencoder:
    """Train a sparse autoencoder on activations x (examples, dim), with 512 examples a step.

    k : how many latents each example may have on (TopK); None leaves it to the L1 penalty.
    """
    activation = {} if k is None else {"activation": "topk", "k": k}
    with torch.random.fork_rng(devices=[]):  # torch's global generator is left alone
        torch.manual_seed(1000 + seed)
        autoencoder = SparseAutoencoder(x.shape[1], latents, layers=1, **activation)
    objective = Objective("l1", l1_weight, reduction="sum")
    trainer = Trainer(
        autoencoder,
        objective if l1_weight else Objective("none", reduction="sum"),
        device="cpu",
        num_steps=num_steps,
        batch_size=BATCH,
        learning_rate=learning_rate,
        schedule=schedule,
        seed=seed,
    )
    trainer.fit(x)
    return autoencoder.eval()


@dataclass(frozen=True)
class Report:
    """What is measured on test stories."""

    fvu: float
    l0: float
    dead: float  # share of latents that are active on no test word
    change: float  # of the loss, as a share of it
    recovered: float

    def __str__(self) -> str:
        return (
            f"FVU {self.fvu:.3f}, L0 {self.l0:.1f}, dead {self.dead:.0%}, loss "
            f"{self.change:+.1%}, loss recovered {self.recovered:.4f}"
        )


def report(autoencoder: SparseAutoencoder, model_seed: int = PRACTICE) -> Report:
    """Judge an autoencoder of a story model on stories that it has not seen."""
    model, told = story_model(model_seed), stories(TEST_STORIES, 2)
    found = evaluate_autoencoder(autoencoder, test_activations(model_seed))
    loss, zero = plain_and_zero_loss(model_seed)
    with torch.no_grad(), change_output(model.blocks[BLOCK], splice(autoencoder)):
        spliced = language_loss(model, told.tokens, told.mask)
    return Report(
        fvu=found.fvu,
        l0=found.l0,
        dead=found.dead_fraction,
        change=(spliced - loss) / loss,
        recovered=(zero - spliced) / (zero - loss),
    )


# -- steering -------------------------------------------------------------------------------------

RED, BLUE = (Feature("colour", colour, "the colour again") for colour in ("red", "blue"))
STEERED_STORIES = 600  # about a sixth of them have something red
STEERED_STEPS = 400
PRACTICE_STORIES = 3  # seed


@dataclass(frozen=True)
class Steered:
    """What the model expects at the words before "red"."""

    red: float  # mean chance of "red"
    blue: float  # mean chance of "blue"

    def __str__(self) -> str:
        return f"chance of red {self.red:.2f}, of blue {self.blue:.2f}"


@cache
def steering_autoencoder(model_seed: int = PRACTICE) -> SparseAutoencoder:
    """The autoencoder to steer with: 256 latents, TopK with k = 6; trained once."""
    return train_autoencoder(
        activations(model_seed), 256, 6, 0.0, 0.01, "linear", num_steps=STEERED_STEPS
    )


@cache
def codes_before(colour: Feature, model_seed: int = PRACTICE) -> Tensor:
    """Codes (words, 256) where the model is about to name the colour, in the practice stories."""
    model, told = story_model(model_seed), stories(STEERED_STORIES, PRACTICE_STORIES)
    where = told.where(colour)
    x = collect_activations(model, model.blocks[BLOCK], told.tokens, where)
    with torch.no_grad():
        return steering_autoencoder(model_seed).encode(x)


@cache
def _red_stories(seed: int) -> tuple[Tensor, Tensor]:
    """Stories in which something is red: tokens, and where the model is about to say so."""
    told = stories(STEERED_STORIES, seed)
    where = told.where(RED)
    rows = where.any(dim=1).nonzero()[:60, 0]
    return told.tokens[rows], where[rows]


def steered(
    values: Mapping[int, float], seed: int = PRACTICE_STORIES, model_seed: int = PRACTICE
) -> Steered:
    """Set latents to values at the words before "red", and see what the model expects.

    values : latent → what it becomes; 0 switches it off. seed : of the stories.
    """
    model, (tokens, where) = story_model(model_seed), _red_stories(seed)
    change = steer(steering_autoencoder(model_seed), values, where)
    chances = next_word_probabilities(model, tokens, model.blocks[BLOCK], change)[where]
    red, blue = (float(chances[:, VOCABULARY.index(word)].mean()) for word in ("red", "blue"))
    return Steered(red, blue)
