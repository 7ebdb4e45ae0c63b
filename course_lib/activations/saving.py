"""Activations computed once and kept in a .npy file, from which training streams."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib.activations.stream import ActivationStream
from course_lib.arguments import require_option
from course_lib.bars import progress_bar
from course_lib.errors import WrongArgument


def save_activations(
    path: str | Path, stream: ActivationStream, dtype: torch.dtype = torch.float32
) -> Path:
    """Compute a stream's examples once and keep them in a .npy file; return its path.

    `Trainer.fit(path)` trains from it: the file is memory-mapped and never wholly in memory. It is
    written block by block under another name and renamed when it is complete, so that a file of
    this name is always whole; one that was there before is replaced. A bar shows the progress.

    path : ends in .npy; its folder must exist.
    dtype : torch.float32, or torch.float16, which takes half the room and keeps three digits.

    Raises `WrongArgument` for other arguments, and for activations that float16 cannot hold;
    `OSError` when the file cannot be written. In every case nothing half-written remains; only a
    process that is killed leaves a hidden file, `.name.….unfinished`.
    """
    import numpy as np

    path = _require_writable(path, stream, dtype)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    kind = np.dtype(str(dtype).removeprefix("torch."))
    header = {"descr": kind.str, "fortran_order": False, "shape": stream.shape}
    try:
        with (
            unfinished.open("wb") as file,
            progress_bar(total=len(stream), desc="activations", unit="example") as bar,
        ):
            np.lib.format.write_array_header_1_0(file, header)
            for block in stream.in_order():
                _require_range(block, dtype)
                file.write(block.to("cpu", dtype).contiguous().numpy().tobytes())
                bar.update(len(block))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _require_writable(path: Any, stream: Any, dtype: Any) -> Path:
    if not isinstance(stream, ActivationStream):
        raise WrongArgument(
            f"stream is of type {type(stream).__name__}; it must be an ActivationStream: "
            "ActivationStream(model, module, tokens, mask)."
        )
    require_option("dtype", dtype, (torch.float32, torch.float16))
    if not isinstance(path, str | Path) or Path(path).suffix != ".npy":
        raise WrongArgument(f"path is {path!r}; it must be the path of a file that ends in .npy.")
    path = Path(path)
    if path.is_dir() or not path.parent.is_dir():
        told = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
        raise WrongArgument(f"path is {str(path)!r}, which {told}. Choose another, or make it.")
    needed = stream.shape[0] * stream.shape[1] * dtype.itemsize
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise WrongArgument(
            f"path is {str(path)!r}, on a disk with {free / 1e9:,.1f} GB free, and the activations "
            f"take {needed / 1e9:,.1f} GB. Free some space, give fewer tokens, or train on the "
            "stream itself."
        )
    return path


def _require_range(block: Tensor, dtype: torch.dtype) -> None:
    largest = float(block.abs().max())
    if largest > torch.finfo(dtype).max:
        raise WrongArgument(
            f"an activation is {largest:g}, beyond the range of {dtype}; save them as "
            "torch.float32."
        )
