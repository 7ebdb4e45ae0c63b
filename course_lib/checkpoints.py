"""Bundles: tensors and a description of them, kept on disk as one.

A bundle is a folder with two files:

    weights-3f5a….safetensors    the tensors; the name holds the start of their SHA-256
    config.json                  the description, and the name, size and SHA-256 of the weights

Saving writes the new weights beside the old, waits until the disk has them, and then replaces
config.json in one step. Before that step the folder holds the old bundle, after it the new one:
a process killed at any moment leaves one of the two, never a mixture. What a killed save left
behind is removed by the next. No file is a pickle, so loading never runs code.

JSON has no NaN and no infinity: in config.json such a number stands as {"$float": "nan"},
{"$float": "inf"} or {"$float": "-inf"}, and is a float again when loaded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import reprlib
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_lib.arguments import require_device
from course_lib.errors import CheckpointProblem, WrongArgument

FORMAT = "sae-course"
VERSION = 1
CONFIG = "config.json"
UNFINISHED = "saving.part"  # a folder within the bundle, for what is not yet complete
WEIGHTS = re.compile(r"weights-[0-9a-f]{16}\.safetensors")
LOCK_SECONDS = 60.0  # how long to wait for another process that saves to the same folder
NUMBER = "$float"
NOT_FINITE = ("nan", "inf", "-inf")
PICKLE_STARTS = (b"PK\x03\x04", b"\x80")  # torch.save since 1.6, and before
PICKLE_ENDINGS = {".pt", ".pth", ".pkl", ".bin", ".ckpt"}
DTYPES = {
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
}


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
    described = _described(description)
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
            return tensors, _from_json(config["description"])


# ── arguments ─────────────────────────────────────────────────────────────────────────────────


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
    if not isinstance(name, str) or name == "__metadata__" or not _is_unicode(name):
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


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# ── the description as JSON ───────────────────────────────────────────────────────────────────


def _described(description: Mapping[str, Any]) -> dict[str, Any]:
    """`description` as JSON holds it. Raises `WrongArgument` for what JSON cannot hold."""
    if not isinstance(description, Mapping):
        raise WrongArgument(f"description is {description!r}; it must be a dict.")
    try:
        described = _to_json(description, "description")
        json.dumps(described)
    except RecursionError:
        raise WrongArgument("description contains itself, or is nested too deeply.") from None
    return described


def _to_json(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and _is_unicode(value):
        return str(value)
    if isinstance(value, int):
        if value.bit_length() > 1024:  # Python itself reads no number of more than 4,300 digits
            raise WrongArgument(f"{where} is a whole number of more than 300 digits.")
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {NUMBER: repr(float(value))}
    if isinstance(value, list | tuple):
        return [_to_json(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or key == NUMBER or not _is_unicode(key):
                raise WrongArgument(f"{where} has the key {key!r}; it must be text, not {NUMBER}.")
        return {str(key): _to_json(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise WrongArgument(
        f"{where} is {reprlib.repr(value)}, of type {type(value).__name__}, which JSON cannot "
        "hold. Use numbers, text, lists and dicts: for small tensors tensor.tolist()."
    )


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if isinstance(value, dict):
        if NUMBER in value:
            return float(value[NUMBER])
        return {key: _from_json(item) for key, item in value.items()}
    return value


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


def _checksum(body: dict[str, Any]) -> str:
    """SHA-256 of everything in config.json but this checksum, whatever its layout."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# ── writing ───────────────────────────────────────────────────────────────────────────────────


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
                f"Saving in {path} failed: {_reason(error)} What was completely saved there is "
                "still whole."
            ) from None
        raise


def _reason(error: OSError | SafetensorError) -> str:
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


# ── reading ───────────────────────────────────────────────────────────────────────────────────


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
    if _is_pickle(file):
        return _about_pickle(file)
    return f"{file} is not a safetensors file, or it is damaged. Restore it from a copy."


def _is_pickle(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(4).startswith(PICKLE_STARTS)
    except OSError:
        return False


def _about_pickle(file: Path) -> str:
    return (
        f"{file} is a pickle, as torch.save writes it, and not a bundle. Loading a pickle can run "
        "any code, so the course does not. If you trust it: build the model, call "
        f"model.load_state_dict(torch.load({str(file)!r}, weights_only=True)), and save it with "
        "save_autoencoder."
    )


def _instead_of_bundle(path: Path) -> str:
    """What stands where a bundle was looked for, and what to do."""
    if path.is_file():
        if _is_pickle(path):
            return _about_pickle(path)
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
        return _about_pickle(pickles[0])
    if any(WEIGHTS.fullmatch(name) or name == UNFINISHED for name in names):
        return f"{path} holds no complete bundle: its first save was stopped, or {CONFIG} removed."
    return f"{path} holds no bundle: there is no {CONFIG} in it. Give the folder that was saved to."
