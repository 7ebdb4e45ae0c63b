"""Autoencoders on disk: the weights as safetensors, and what is needed to build the model again.

A saved model is a bundle (see `course_lib.checkpoints`) whose description holds

    model      the name of its class, one of `AUTOENCODERS`
    config     the constructor's arguments
    training   whether it was in training mode
    notes      what whoever saved it wants to remember

A class may move to another file, or gain a method, and saved models still load: they are not
pickles, as `torch.save(model)` writes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib.autoencoders.base import Autoencoder, dtype_name
from course_lib.checkpoints import load_bundle, save_bundle
from course_lib.checkpoints.files import folder_path
from course_lib.errors import CheckpointProblem, WrongArgument


def save_autoencoder(model: Autoencoder, folder: str | os.PathLike[str], notes: Any = None) -> Path:
    """Write a model to `folder`, in place of the one that may be there.

    notes : text, or anything that JSON can hold; `load_bundle(folder)[1]["notes"]` reads them.
    Returns the folder. Raises `WrongArgument` for a model that is not one of the course's, and
    `CheckpointProblem` when the disk does not take it; what was saved before then stays.
    """
    name = type(model).__name__
    if _families().get(name) is not type(model):
        raise WrongArgument(
            f"model is of type {name}; it must be one of {', '.join(_families())}. For one inside "
            "another, as after torch.compile, give the inner one; for a class of your own, "
            "save_bundle(folder, model.state_dict(), …)."
        )
    config = dict(model.config)
    if "dtype" in config:  # the model may have been converted since it was built
        config["dtype"] = dtype_name(next(model.parameters()).dtype)
    description = {"model": name, "config": config, "training": model.training, "notes": notes}
    return save_bundle(folder, model.state_dict(), description)


def load_autoencoder(
    folder: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> Autoencoder:
    """The model that `save_autoencoder` wrote to `folder`: same class, options, weights and mode.

    On the same kind of device its outputs are those of the saved one, bit for bit. The global
    random generator is left as it is.
    Raises `WrongArgument` for a device that cannot be used, and `CheckpointProblem` when there is
    no model, it is damaged, or this version of the course cannot build it.
    """
    tensors, description = load_bundle(folder, device)
    where = f"The bundle {folder_path(folder)}"
    name, config = description.get("model"), description.get("config")
    if not isinstance(name, str) or not isinstance(config, dict):
        raise CheckpointProblem(
            f"{where} holds no model of its own (its description has "
            f"{', '.join(description) or 'no entries'}). Load what it holds with load_bundle."
        )
    model = rebuild(name, config, tensors, where)
    return model.train(description.get("training") is True)


def rebuild(
    name: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor], where: str
) -> Autoencoder:
    """A model of class `name` with `tensors` as its weights, on their device.

    where : what errors call the source of the tensors. Raises `CheckpointProblem` when the class
    is unknown, does not take `config`, or has other tensors.
    """
    family = _families().get(name)
    if family is None:
        raise CheckpointProblem(
            f"{where} holds a model of class {name!r}, which this version of the course does not "
            f"have; it has {', '.join(_families())}. Update the course."
        )
    try:
        with torch.random.fork_rng(devices=[]):  # the first values are drawn, and replaced below
            model = family(**config)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckpointProblem(
            f"{where} describes a {name} that this version of the course cannot build: {error}"
        ) from None
    _require_same(where, name, model.state_dict(), tensors)
    model.load_state_dict(dict(tensors), assign=True)
    return model


def _require_same(
    where: str, name: str, expected: Mapping[str, Tensor], given: Mapping[str, Tensor]
) -> None:
    """Raise `CheckpointProblem` unless names, shapes and kinds of numbers are the model's."""
    problems = [f"{key} is missing" for key in expected if key not in given]
    problems += [f"{key} is not part of the model" for key in given if key not in expected]
    for key in expected.keys() & given.keys():
        want, have = expected[key], given[key]
        if want.shape != have.shape:
            problems.append(f"{key} has shape {tuple(have.shape)}, not {tuple(want.shape)}")
        elif want.is_floating_point() != have.is_floating_point():
            problems.append(f"{key} has dtype {have.dtype}, not {want.dtype}")
    if problems:
        raise CheckpointProblem(
            f"{where} does not hold the weights of the {name} that it describes: "
            f"{'; '.join(sorted(problems))}. Save the model again, or restore it from a copy."
        )


def _families() -> dict[str, type[Autoencoder]]:
    from course_lib.autoencoders import AUTOENCODERS  # the package may itself import this file

    return AUTOENCODERS
