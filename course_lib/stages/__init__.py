"""What must run where an answer runs: code that hands live things to it, and says what it did.

Most answers take and return plain data. Some are given a model and its optimiser, a folder, or a
model with hooks. A stage makes these from plain data, calls the answer with them, and returns in
plain data what is to be known: None, numbers, strings, tuples, lists, dictionaries, tensors, arrays
and dtypes. It knows no right answer; what it returns is judged in `course_lib.exercises`.

    loops    a model, its batches and its optimiser
    files    a folder with files
    hooks    a language model, one of its blocks
    copies   whether a result is one of the arguments; small helpers for tensors
    blanks   whether an answer is as it was handed out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


def staged(stage: Callable, answer: Any, *arguments: Any) -> Any:
    """Run `stage(answer, *arguments)` where the answer lives.

    An answer in another process has a method `run_stage(name, arguments)`, which runs the stage of
    this name there; the name is "module:function".
    """
    if hasattr(answer, "run_stage"):
        return answer.run_stage(f"{stage.__module__}:{stage.__qualname__}", arguments)
    return stage(answer, *arguments)


@contextmanager
def without_drawing() -> Iterator[None]:
    """Build models inside: torch's random numbers go on as if none had been drawn."""
    state = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(state)
