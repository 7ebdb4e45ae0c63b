"""Bundles: tensors and a description of them, kept on disk as one.

A bundle is a folder with two files:

    weights-3f5a….safetensors    the tensors; the name holds the start of their SHA-256
    config.json                  the description, and the name, size and SHA-256 of the weights

Saving writes the new weights beside the old, waits until the disk has them, and then replaces
config.json in one step. Before that step the folder holds the old bundle, after it the new one:
a process killed at any moment leaves one of the two, never a mixture. What a killed save left
behind is removed by the next. No file is a pickle, so loading never runs code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib.arguments import require_device
from course_lib.checkpoints.description import NOT_FINITE, NUMBER, as_json, from_json
from course_lib.checkpoints.files import (
    about_pickle,
    folder_path,
    is_pickle,
    read_json,
    read_tensors,
    ready_tensors,
    require_room,
    sync_folder,
    write_json,
    write_tensors,
    writing_into,
)
from course_lib.errors import CheckpointProblem

FORMAT = "sae-course"
VERSION = 1
CONFIG = "config.json"
UNFINISHED = "saving.part"  # a folder within the bundle, for what is not yet complete
WEIGHTS = re.compile(r"weights-[0-9a-f]{16}\.safetensors")
LOCK_SECONDS = 60.0  # how long to wait for another process that saves to the same folder
PICKLE_ENDINGS = {".pt", ".pth", ".pkl", ".bin", ".ckpt"}


def save_bundle(
    folder: str | os.PathLike[str], tensors: Mapping[str, Tensor], description: Mapping[str, Any]
) -> Path:
    """Write `tensors` and `description` to `folder` in place of the bundle that it may hold.

    folder : made if it does not exist. Other files in it are left alone.
    tensors : by name, of any device and memory layout. Tensors that share memory are written
        one by one.
    description : what JSON can hold, NaN and infinity included; a tuple comes back as a list.
    Returns the folder. Raises `WrongArgument` for what cannot be stored, before anything is
    written, and `CheckpointProblem` when the disk does not take it: full, read-only, or in use
    by another program. What was completely saved before is then still there.
    """
    path = folder_path(folder)
    ready = ready_tensors(tensors)
    described = as_json(description)
    with writing_into(path), _locked(path):
        _read_config(path)  # a damaged or foreign config.json is not ours to replace
        require_room(path, ready)
        _sweep(path)
        try:
            body = {"format": FORMAT, "version": VERSION, "weights": _write_weights(path, ready)}
            body["description"] = described
            _write_config(path, {**body, "sha256": _checksum(body)})
        finally:
            _sweep(path)
    return path


def load_bundle(
    folder: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors, on `device`, and the description that `save_bundle` wrote to `folder`.

    Every byte is compared with the checksums first. Loading while another process saves gives
    the old bundle or the new one.
    Raises `WrongArgument` for a device that cannot be used, and `CheckpointProblem` when there is
    no bundle, it is damaged, or it was written by another program or a newer version.
    """
    path = folder_path(folder)
    require_device(device)
    seen = None
    while True:
        config = _read_config(path)
        if config is None:
            raise CheckpointProblem(_instead_of_bundle(path))
        file = path / config["weights"]["file"]
        try:
            tensors = _read_weights(file, config["weights"], device)
        except FileNotFoundError:
            if config == seen:  # no other process has replaced the bundle meanwhile
                raise CheckpointProblem(
                    f"The weights of the bundle {path} are missing: {CONFIG} names {file.name}. "
                    "Copy that file from where the bundle came from; a bundle is moved as a folder."
                ) from None
            seen = config
        else:
            return tensors, from_json(config["description"])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes from saving to the same folder; they may load from it."""
    try:
        import fcntl
    except ImportError:  # Windows: two processes that save to one folder are not kept apart there
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        end = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise CheckpointProblem(
                        f"Another process has been saving in {path} for {LOCK_SECONDS:.0f} s. "
                        "Choose a folder of its own for each run."
                    ) from None
                time.sleep(0.02)
            except OSError:  # a file system without locks
                break
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # for processes forked meanwhile, too
        os.close(handle)


def _write_weights(path: Path, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Put the weights into the folder and return what config.json says of them."""
    (path / UNFINISHED).mkdir(mode=path.stat().st_mode & 0o777)
    new = path / UNFINISHED / "weights.safetensors"
    write_tensors(new, tensors)
    size, digest = _measure(new)
    name = f"weights-{digest[:16]}.safetensors"
    os.replace(new, path / name)
    sync_folder(path)
    return {"file": name, "size": size, "sha256": digest}


def _write_config(path: Path, config: dict[str, Any]) -> None:
    new = path / UNFINISHED / CONFIG
    write_json(new, config)
    os.replace(new, path / CONFIG)  # from here on, this is the bundle
    sync_folder(path)


def _sweep(path: Path) -> None:
    """Remove what no longer belongs to the bundle, or never came to belong to it."""
    config = _read_config(path)
    kept = config["weights"]["file"] if config else None
    shutil.rmtree(path / UNFINISHED, ignore_errors=True)
    for file in path.iterdir():
        if WEIGHTS.fullmatch(file.name) and file.name != kept:
            with suppress(OSError):
                file.unlink()


def _read_config(path: Path) -> dict[str, Any] | None:
    """config.json, checked; None when there is none."""
    try:
        config = read_json(path / CONFIG)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CheckpointProblem(f"{path / CONFIG} cannot be read: {error.strerror}.") from None
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CheckpointProblem(
            f"{path / CONFIG} was not written by this course: it does not say "
            f'"format": "{FORMAT}". Choose another folder.'
        )
    version = config.get("version")
    if isinstance(version, int) and version > VERSION:
        raise CheckpointProblem(
            f"The bundle {path} has version {version}, and this course reads up to {VERSION}: it "
            "was written by a newer one. Update the course."
        )
    said = config.pop("sha256", None)
    if said != _checksum(config) or not _is_sound(config):
        raise CheckpointProblem(
            f"{path / CONFIG} is damaged: it is not as it was written. Restore it from a copy; "
            "if it was edited by hand, undo the change."
        )
    return config


def _is_sound(config: dict[str, Any]) -> bool:
    """Whether config.json has the form that this module writes."""
    weights, numbers = config.get("weights"), [config.get("description")]
    if not isinstance(weights, dict) or not isinstance(numbers[0], dict):
        return False
    while numbers:
        value = numbers.pop()
        if isinstance(value, dict | list):
            numbers += value.values() if isinstance(value, dict) else value
        if isinstance(value, dict) and NUMBER in value and value[NUMBER] not in NOT_FINITE:
            return False
    name = weights.get("file")
    return isinstance(name, str) and WEIGHTS.fullmatch(name) is not None


def _checksum(body: dict[str, Any]) -> str:
    """SHA-256 of everything in config.json but this checksum, whatever its layout."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _measure(file: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with file.open("rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        return size, hashlib.file_digest(opened, "sha256").hexdigest()


def _read_weights(
    file: Path, weights: dict[str, Any], device: str | torch.device
) -> dict[str, Tensor]:
    """The tensors of a weights file, which must be the one that config.json describes."""
    try:
        size, digest = _measure(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CheckpointProblem(f"{file} cannot be read: {error.strerror}.") from None
    if (size, digest) != (weights.get("size"), weights.get("sha256")):
        raise CheckpointProblem(
            f"{file} is damaged: "
            + (
                f"it has {size:,} bytes instead of {weights.get('size'):,}"
                if size != weights.get("size")
                else "its content is not what was saved"
            )
            + ". Copy the bundle again from where it came from, or go back to an older one."
        )
    return read_tensors(file, device)


def _instead_of_bundle(path: Path) -> str:
    """What stands where a bundle was looked for, and what to do."""
    if path.is_file():
        if is_pickle(path):
            return about_pickle(path)
        return f"{path} is a file; a bundle is a folder that holds {CONFIG}. Give the folder."
    if not path.is_dir():
        return (
            f"There is no folder {path}. Look for a typing error; the path starts at {Path.cwd()}."
        )
    names = sorted(file.name for file in path.iterdir())
    if {"cfg.json", "sae_weights.safetensors"} <= set(names):
        return f"{path} is in SAELens' layout. Load it with import_from_saelens({str(path)!r})."
    pickles = [path / name for name in names if Path(name).suffix in PICKLE_ENDINGS]
    if pickles:
        return about_pickle(pickles[0])
    if any(WEIGHTS.fullmatch(name) or name == UNFINISHED for name in names):
        return f"{path} holds no complete bundle: its first save was stopped, or {CONFIG} removed."
    return f"{path} holds no bundle: there is no {CONFIG} in it. Give the folder that was saved to."
