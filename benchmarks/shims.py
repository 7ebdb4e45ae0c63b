"""What some peers need to be imported beside a torch without CUDA; nothing here touches a step."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

import torch

_kept = []  # the declarations live as long as this object


def mend_torchvision() -> None:
    """Let torchvision be imported where its own operators cannot be loaded.

    On Linux the index's torchvision is made for CUDA; beside a CPU build of torch its compiled
    part does not load, and its Python part then stumbles over two operators that it describes.
    Declaring them is enough: no peer uses them.
    """
    try:
        for_cuda = "+" not in version("torchvision")
    except PackageNotFoundError:
        return
    if sys.platform == "linux" and for_cuda and torch.version.cuda is None:
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        _kept.append(library)
