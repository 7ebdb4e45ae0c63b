"""Single files and folders, read and written so that nothing is lost.

Written files are waited for until the disk has them. What goes wrong is told in words: what it is,
where, and what to do. No file is a pickle, so reading never runs code.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_lib.errors import CheckpointProblem, WrongArgument

PICKLE_STARTS = (b"PK\x03\x04", b"\x80")  # torch.save since 1.6, and before
DTYPES = {
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
}


def folder_path(folder: str | os.PathLike[str]) -> Path:
    """`folder` as a path. Raises `WrongArgument` unless it can name a folder."""
    given = os.fspath(folder) if isinstance(folder, str | os.PathLike) else None
    if not isinstance(given, str) or not given or "\0" in given:
        raise WrongArgument(f"folder is {folder!r}; it must be the path of a folder.")
    return Path(given)


def ready_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` as safetensors takes them: on the CPU, contiguous, no memory shared.

    Raises `WrongArgument`, naming the tensor, for what a file cannot hold.
    """
    if not isinstance(tensors, Mapping):
        raise WrongArgument(
            f"tensors is of type {type(tensors).__name__}; it must be a dict from names to tensors."
        )
    ready: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, tensor in tensors.items():
        _require_storable(name, tensor)
        own = tensor.detach().resolve_neg().to("cpu").contiguous()
        storage = own.untyped_storage()
        if storage.data_ptr() in taken or storage.nbytes() != own.nbytes:
            own = own.clone()  # shared with another tensor, or a window on a larger one
        taken.add(own.untyped_storage().data_ptr())
        ready[name] = own
    return ready


def _require_storable(name: Any, tensor: Any) -> None:
    if not isinstance(name, str) or name == "__metadata__" or not is_unicode(name):
        raise WrongArgument(f"A tensor's name is {name!r}; it must be text, not '__metadata__'.")
    if not isinstance(tensor, Tensor):
        raise WrongArgument(
            f"tensors[{name!r}] is of type {type(tensor).__name__}; it must be a torch.Tensor. "
            "Numbers and lists belong in the description."
        )
    if tensor.dtype not in DTYPES or tensor.layout != torch.strided or tensor.is_meta:
        raise WrongArgument(
            f"tensors[{name!r}] is {tensor.dtype}, {tensor.layout}, on {tensor.device}; it must "
            "be a dense tensor with values, of real floating-point, whole or Boolean numbers."
        )


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def writing_into(path: Path) -> Iterator[None]:
    """Make the folder `path`; tell a failure within in words and take the new folders away."""
    missing: list[Path] = []
    try:
        missing += [folder for folder in (path, *path.parents) if not folder.exists()]
        if path.exists() and not path.is_dir():
            raise CheckpointProblem(
                f"{path} is a file, and a folder is needed to save into. Choose another name."
            )
        path.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        for folder in missing:  # only those that are empty go
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError | SafetensorError):
            raise CheckpointProblem(
                f"Saving in {path} failed: {reason_of(error)} What was completely saved there is "
                "still whole."
            ) from None
        raise


def reason_of(error: OSError | SafetensorError) -> str:
    """What went wrong and what to do; safetensors gives the system's error as text."""
    found = re.search(r"os error (\d+)", str(error))
    number = error.errno if isinstance(error, OSError) else int(found[1]) if found else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space, or choose a folder on another disk."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "it may not be written to. Choose a folder of your own, or have it made writable."
    if number == errno.EFBIG:
        return "the file would be larger than this system allows (see: ulimit -f)."
    return f"{error.strerror if isinstance(error, OSError) else error}."


def require_room(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Raise `CheckpointProblem` when the disk of the folder has no room for `tensors`."""
    needed, free = sum(t.nbytes for t in tensors.values()), shutil.disk_usage(path).free
    if needed > free:
        raise CheckpointProblem(
            f"The disk is full: {needed / 1e6:,.1f} MB are to be saved in {path}, where "
            f"{free / 1e6:,.1f} MB are free. What was saved before is kept until the new files "
            "are complete. Free some space, or choose a folder on another disk."
        )


def write_tensors(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file and wait until the disk has it."""
    save_file(tensors, file)
    file.chmod(file.parent.stat().st_mode & 0o666)  # as open as its folder; it comes private
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def write_json(file: Path, value: Any) -> None:
    """Write a strict JSON file and wait until the disk has it."""
    with file.open("w", encoding="utf-8") as opened:
        opened.write(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        opened.flush()
        os.fsync(opened.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names of the files in a folder."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_json(file: Path) -> Any:
    """What a strict JSON file holds. Raises `CheckpointProblem` when it is not JSON."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(file.read_bytes(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise CheckpointProblem(
            f"{file} is not JSON ({error}): it is damaged, or written by another program. Restore "
            "it from a copy, or choose another folder."
        ) from None


def read_tensors(file: Path, device: str | torch.device) -> dict[str, Tensor]:
    """The tensors of a safetensors file, in memory of their own on `device`.

    Raises `CheckpointProblem` when it is another kind of file, or damaged.
    """
    try:
        tensors = load_file(file, backend="pread")  # a mapped file could change under a tensor
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError) as error:
        raise CheckpointProblem(f"{_not_safetensors(file)} ({error})") from None
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def _not_safetensors(file: Path) -> str:
    if is_pickle(file):
        return about_pickle(file)
    return f"{file} is not a safetensors file, or it is damaged. Restore it from a copy."


def is_pickle(file: Path) -> bool:
    """Whether a file begins as a pickle, or as the archive of one that torch.save writes."""
    try:
        with file.open("rb") as opened:
            return opened.read(4).startswith(PICKLE_STARTS)
    except OSError:
        return False


def about_pickle(file: Path) -> str:
    """Why a pickle is not loaded, and what to do."""
    return (
        f"{file} is a pickle, as torch.save writes it, and not a bundle. Loading a pickle can run "
        "any code, so the course does not. If you trust it: build the model, call "
        f"model.load_state_dict(torch.load({str(file)!r}, weights_only=True)), and save it with "
        "save_autoencoder."
    )
