"""The course's own language model: `LanguageModel` trained on the stories of `data.stories`.

Its weights come with the course, from three training seeds, so that a claim about "the model" can
be tried on others of its kind. `train_story_model` makes them anew.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import nn

from course_lib.arguments import require_number, require_option, require_whole
from course_lib.bars import progress_bar
from course_lib.data.stories import LONGEST, VOCABULARY, tell_stories
from course_lib.errors import CheckpointProblem
from course_lib.language_model import LanguageModel, next_word_losses

SHIPPED = (0, 1, 2)  # training seeds
WEIGHTS = Path(__file__).parent / "weights"
STORIES_SEED = 1_000_000  # training stories have seeds from here on; lessons use small ones
BATCH, WARMUP, WEIGHT_DECAY, MAX_GRAD_NORM = 64, 100, 0.01, 1.0


def untrained_story_model(seed: int = 0) -> LanguageModel:
    """The model as it is before training, with random weights. The same seed gives the same ones.

    torch's global random generator is left as it is.
    """
    require_whole("seed", seed, at_least=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LanguageModel(len(VOCABULARY), longest=LONGEST).eval()


def load_story_model(seed: int = 0) -> LanguageModel:
    """The trained model that comes with the course, in evaluation mode.

    seed : of its training: 0, 1 or 2.
    Raises `WrongArgument` for another seed, `CheckpointProblem` when its file is missing or broken.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    require_option("seed", seed, SHIPPED)
    model = untrained_story_model(seed)
    path = weights_file(seed)
    try:
        model.load_state_dict({name: w.float() for name, w in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointProblem(
            f"the story model's weights, {path}, cannot be read ({error}). Get the file again, or "
            f"train it anew: course story-model --seed {seed}."
        ) from error
    return model


def train_story_model(
    seed: int = 0, num_steps: int = 800, learning_rate: float = 3e-3
) -> LanguageModel:
    """Train the model on fresh stories, with AdamW: 64 stories a step, none of them seen twice.

    The learning rate rises over 100 steps and falls to zero along a cosine. A bar shows progress.
    Raises `WrongArgument` for a seed, a number of steps or a rate that cannot be.
    """
    require_whole("num_steps", num_steps)
    require_number("learning_rate", learning_rate, above=0)
    model = untrained_story_model(seed).train()
    stories = tell_stories(num_steps * BATCH, STORIES_SEED + seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), learning_rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY, fused=True
    )
    batches = zip(stories.tokens.split(BATCH), stories.mask.split(BATCH), strict=True)
    for step, (tokens, mask) in enumerate(
        progress_bar(batches, total=num_steps, desc="story model", unit="step")
    ):
        rise, fall = (step + 1) / WARMUP, (1 + math.cos(math.pi * step / num_steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(rise, fall)
        loss = next_word_losses(model, tokens)[mask[:, 1:]].mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
    return model.eval()


def save_story_model(model: LanguageModel, path: Path) -> Path:
    """Write the weights as half-precision safetensors, in place of what is there; return the path.

    Half the size of float32. The loss stays the same to four digits (a test holds this).
    """
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        save_file(
            {name: w.half().contiguous() for name, w in model.state_dict().items()}, unfinished
        )
        unfinished.chmod(0o644)  # safetensors leaves files to their owner alone
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def weights_file(seed: int) -> Path:
    """Where the weights of a training seed lie in the package."""
    return WEIGHTS / f"story_model_{seed}.safetensors"
