"""A real language model: TinyStories-33M, and the stories that it was trained on.

TinyStories-33M (Eldan and Li, 2023) is a GPT-Neo of 4 blocks whose residual stream has 768
dimensions. It lies on the Hugging Face hub and is loaded through the library `transformers`, which
the course installs only when asked to:

    pip install -c constraints.txt -e '.[tinystories]'

Everything else is as with the course's own small model: `forward` gives logits, `blocks` are the
places for a hook, and `course_lib.activations` does the rest. docs/real_model.md is the guide.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import torch
from torch import Tensor, nn

from course_lib.arguments import require_device, require_whole
from course_lib.bars import progress_bar
from course_lib.errors import CourseError, EnvironmentProblem, WrongArgument

MODEL = "roneneldan/TinyStories-33M"
TOKENIZER = "EleutherAI/gpt-neo-125M"  # all TinyStories models use GPT-Neo's
DATASET = "roneneldan/TinyStories"
STORIES_FILE = "TinyStories-train.txt"  # of the data set
END_OF_STORY = "<|endoftext|>"  # stands between two stories
CHARACTERS_AT_ONCE = 1 << 16
STORIES_AT_ONCE = 1000
INSTALL = "pip install -c constraints.txt -e '.[tinystories]'"
# class names, since not every library that raises them is loaded: the hub's own, and its client's
UNREACHABLE = {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError", "ConnectionError"}


class HuggingFaceModel(nn.Module):
    """A causal language model of `transformers`, with the interface of the course's own model.

    model : as `AutoModelForCausalLM` loads it; its blocks must be in one `nn.ModuleList`.
    tokenizer : that belongs to it; kept as `tokenizer`.

    `dim` is the width of the residual stream, `words` the size of the vocabulary, `length` how many
    positions there are, and `blocks` the `nn.ModuleList` of the transformer's blocks.

    Raises `WrongArgument` when the blocks cannot be found.
    """

    def __init__(self, model: nn.Module, tokenizer: Any):
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        config = model.config
        self.dim, self.words = config.hidden_size, config.vocab_size
        self.length, self._depth = config.max_position_embeddings, config.num_hidden_layers
        if not self._lists_of_blocks():
            raise WrongArgument(
                f"model, a {type(model).__name__}, has no nn.ModuleList of {self._depth} blocks. "
                "GPT-Neo, GPT-2 and their like have one."
            )

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.parameters()).device

    @property
    def blocks(self) -> nn.ModuleList:
        """The transformer's blocks, first to last."""
        return self._lists_of_blocks()[0]  # found anew: held here, they would be saved twice

    def _lists_of_blocks(self) -> list[nn.ModuleList]:
        parts = self.model.modules()
        return [p for p in parts if isinstance(p, nn.ModuleList) and len(p) == self._depth]

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (rows, length, words) of the next token, for tokens (rows, length)."""
        return self.model(input_ids=tokens, use_cache=False).logits


def load_tinystories(
    name_or_folder: str | Path = MODEL,
    device: str | torch.device | None = None,
    tokenizer: str | Path | None = None,
) -> HuggingFaceModel:
    """TinyStories-33M, or another causal language model, in evaluation mode and float32.

    name_or_folder : a model on the Hugging Face hub, or a folder that `save_pretrained` wrote.
    device : where it goes; left out: CUDA, else MPS, else the CPU.
    tokenizer : the name or folder of the tokenizer; left out: GPT-Neo's for a TinyStories model
        from the hub, else the model's own.

    Raises `EnvironmentProblem` when `transformers` is not installed or the hub cannot be reached,
    and `WrongArgument` when there is no such model or device.
    """
    place = _device(device)
    name = _name("name_or_folder", name_or_folder)
    if tokenizer is None:
        tokenizer = TOKENIZER if name.startswith(f"{DATASET}-") else name
    words = _name("tokenizer", tokenizer)
    transformers = _library("transformers")
    with _telling("the model", name):
        model = transformers.AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    with _telling("the tokenizer", words):
        tokens = transformers.AutoTokenizer.from_pretrained(words)
    return HuggingFaceModel(model, tokens).to(place).eval()


def story_tokens(
    tokenizer: Any,
    texts: str | Path | Iterable[str] = DATASET,
    stories: int = 10_000,
    length: int = 128,
) -> tuple[Tensor, Tensor]:
    """The first stories of a collection as tokens, one story a row, and where there is text.

    tokenizer : a model's, such as `model.tokenizer`.
    texts : stories as a list of texts; a text file in which `<|endoftext|>` stands between them; or
        a data set on the Hugging Face hub, "owner/name", or "owner/name/file.txt" for another of
        its files than TinyStories-train.txt. From the hub only as much is read as is needed.
    stories : how many to take; fewer come back when there are fewer. Empty ones are passed over.
    length : tokens a story; longer stories are cut, shorter ones padded behind.

    Returns tokens (stories, length) int64 and mask (stories, length), False on padding.

    Raises `WrongArgument` for texts that are none of these or hold no story, and
    `EnvironmentProblem` when the hub cannot be reached or `huggingface_hub` is not installed.
    """
    if not callable(tokenizer):
        raise WrongArgument(
            f"tokenizer is of type {type(tokenizer).__name__}; it must be a tokenizer of "
            "transformers, such as model.tokenizer."
        )
    stories, length = require_whole("stories", stories), require_whole("length", length)
    tokens = torch.full((stories, length), _padding(tokenizer))
    mask = torch.zeros(stories, length, dtype=torch.bool)
    filled = 0
    with progress_bar(total=stories, desc="stories", unit="story") as bar:
        found = itertools.islice(_all_stories(texts), stories)
        while group := list(itertools.islice(found, STORIES_AT_ONCE)):
            for row in tokenizer(group, truncation=True, max_length=length)["input_ids"]:
                tokens[filled, : len(row)] = torch.tensor(row, dtype=torch.int64)
                mask[filled, : len(row)] = True
                filled += 1
            bar.update(len(group))
    if not filled:
        raise WrongArgument(f"texts, {str(texts)[:80]!r}, holds no story; give at least one.")
    return tokens[:filled], mask[:filled]


def _padding(tokenizer: Any) -> int:
    """A token for where there is no text; any would do, as the mask leaves it out."""
    names = ("pad_token_id", "eos_token_id")
    known = [number for name in names if (number := getattr(tokenizer, name, None)) is not None]
    return known[0] if known else 0


# -- stories --------------------------------------------------------------------------------------


def _all_stories(texts: Any) -> Iterator[str]:
    """Every story that is not empty, stripped of the space around it."""
    for story in _raw_stories(texts):
        if not isinstance(story, str):
            raise WrongArgument(f"texts holds a {type(story).__name__}; it must hold texts (str).")
        if story.strip():
            yield story.strip()


def _raw_stories(texts: Any) -> Iterable[str]:
    if not isinstance(texts, str | Path):
        if not isinstance(texts, Iterable):
            raise WrongArgument(
                f"texts is of type {type(texts).__name__}; it must be a list of texts, the path of "
                "a text file, or the name of a data set on the Hugging Face hub."
            )
        return texts
    if Path(texts).is_file():
        return _split(Path(texts).open(encoding="utf-8", errors="replace"))
    owner, *rest = str(texts).split("/")
    if isinstance(texts, Path) or not owner or not rest or not all(rest):
        raise WrongArgument(
            f"texts is {str(texts)!r}, which is no file; give the path of a text file, or the name "
            f"of a data set on the Hugging Face hub, such as {DATASET!r}."
        )
    return _stories_of_hub("/".join([owner, rest[0]]), "/".join(rest[1:]) or STORIES_FILE)


def _stories_of_hub(dataset: str, file: str) -> Iterator[str]:
    """Read a file of a data set as far as it is needed: its beginning, not gigabytes."""
    hub = _library("huggingface_hub")
    with _telling("the data set", f"{dataset}/{file}"):
        where = f"datasets/{dataset}/{file}"
        yield from _split(hub.HfFileSystem().open(where, "r", encoding="utf-8", errors="replace"))


def _split(file: TextIO) -> Iterator[str]:
    """What stands between the marks, read piece by piece."""
    with file:
        rest = ""
        while piece := file.read(CHARACTERS_AT_ONCE):
            *whole, rest = (rest + piece).split(END_OF_STORY)
            yield from whole
        yield rest


# -- what may be missing --------------------------------------------------------------------------


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise EnvironmentProblem(
            f"This needs {name}, which is not installed ({error}). In the course's folder: "
            f"{INSTALL}"
        ) from None


@contextmanager
def _telling(what: str, name: str) -> Iterator[None]:
    """Tell in words why something cannot be loaded: no internet, no such name, or another kind."""
    try:
        yield
    except Exception as error:
        if isinstance(error, CourseError):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        if UNREACHABLE & {type(cause).__name__ for cause in _causes(error)}:
            raise EnvironmentProblem(
                f"{what} {name!r} is not on this machine, and the Hugging Face hub cannot be "
                f"reached ({reason}). Connect to the internet (and unset HF_HUB_OFFLINE), or give "
                "what was saved here before: a folder for a model, a text file for stories."
            ) from error
        raise WrongArgument(
            f"{what} {name!r} cannot be loaded ({reason}). Check the name; a folder must hold what "
            "save_pretrained wrote, for the model and for the tokenizer."
        ) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _name(argument: str, value: Any) -> str:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise WrongArgument(
            f"{argument} is {value!r}; it must be a name on the Hugging Face hub or a folder."
        )
    return str(value)


def _device(device: Any) -> torch.device:
    if device is not None:
        return require_device(device)
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return torch.device(next((name for name, there in here.items() if there), "cpu"))
