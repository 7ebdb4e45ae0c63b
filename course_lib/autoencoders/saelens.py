"""Single-layer models in the layout of SAELens (Bloom and others), out and in.

A folder with cfg.json and sae_weights.safetensors. In SAELens' words, with activations as rows:

    z = act((x - a·b_dec) W_enc + b_enc)     x̂ = z W_dec + b_dec     a = apply_b_dec_to_input

    W_enc (d_in, d_sae)     b_enc (d_sae,)     W_dec (d_sae, d_in)     b_dec (d_in,)

Here W_enc is the encoder's weight transposed; W_dec holds one atom a row, as the dictionary does.
A square matrix that nobody transposed has the right shape and the wrong model.

The course's models have a = 0 and atoms of unit norm. What SAELens says otherwise is folded into
the encoder, where that gives the same reconstructions. With D_i = d_i / ‖d_i‖:

    a = 1                     b_enc becomes b_enc - b_dec W_enc
    standard, any norm        W_enc and b_enc of latent i times ‖d_i‖, since for c > 0
                              ReLU(c s) = c ReLU(s): the code is then ‖d_i‖ times SAELens'
    topk, ranked by z ‖d_i‖   the same (rescale_acts_by_decoder_norm, SAELens' training default)
    topk, ranked by z         only with unit norms: scaling would change which latents win
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_lib.arguments import require_device, require_option, require_whole
from course_lib.autoencoders.base import Autoencoder, dtype_name
from course_lib.autoencoders.basic import ReluAutoencoder
from course_lib.autoencoders.saving import rebuild
from course_lib.autoencoders.sparse import SparseAutoencoder
from course_lib.autoencoders.sparse_base import SparseModel
from course_lib.autoencoders.tied import TiedWeightSparseAutoencoder
from course_lib.checkpoints.files import (
    folder_path,
    read_json,
    read_tensors,
    ready_tensors,
    require_room,
    write_json,
    write_tensors,
    writing_into,
)
from course_lib.errors import CheckpointProblem, WrongArgument

CONFIG = "cfg.json"
WEIGHTS = "sae_weights.safetensors"
SAELENS_VERSION = "6.54.12"  # the one whose layout is written and read here
ARCHITECTURES = {"relu": "standard", "topk": "topk"}  # activation here : architecture there
ROUNDING = {  # how far rounding may leave a unit norm from 1, for each dtype that SAELens has
    torch.float64: 1e-12,
    torch.float32: 2e-6,
    torch.float16: 1e-3,
    torch.bfloat16: 8e-3,
}
KEYS = {
    *("architecture", "d_in", "d_sae", "dtype", "device", "metadata"),
    *("apply_b_dec_to_input", "normalize_activations", "reshape_activations"),
}
TOPK_KEYS = KEYS | {"k", "rescale_acts_by_decoder_norm"}
LEFT_OUT = {  # what SAELens takes for a key that is not there
    "dtype": "float32",
    "apply_b_dec_to_input": True,
    "normalize_activations": "none",
    "reshape_activations": "none",
    "rescale_acts_by_decoder_norm": False,
}


# ── out ───────────────────────────────────────────────────────────────────────────────────────


def export_to_saelens(model: Autoencoder, folder: str | os.PathLike[str]) -> Path:
    """Write a single-layer model so that `sae_lens.SAE.load_from_disk(folder)` loads it.

    model : a `SparseAutoencoder` or `TiedWeightSparseAutoencoder` with layers=1, activation "relu"
        or "topk" and no batch_norm, or a `ReluAutoencoder`.
    folder : made if it does not exist; an earlier export in it is replaced, as a whole.
    Returns the folder. Raises `WrongArgument`, with the reason, for a model that the layout cannot
    express, and `CheckpointProblem` when the disk does not take it or the folder holds other
    files; nothing is then changed.
    """
    tensors = ready_tensors(_as_saelens(model))
    path = folder_path(folder).resolve()
    config = _config(model, tensors["W_enc"])
    with writing_into(path.parent):
        new, old = (path.parent / f".{path.name}.{kind}.part" for kind in ("new", "old"))
        _clean_up(path, new, old)
        _require_replaceable(path)
        require_room(path.parent, tensors)
        try:
            new.mkdir()
            write_tensors(new / WEIGHTS, tensors)
            write_json(new / CONFIG, config)
            if path.exists():
                path.rename(old)
            new.rename(path)
        finally:
            _clean_up(path, new, old)
    return path


@torch.no_grad()
def _as_saelens(model: Autoencoder) -> dict[str, Tensor]:
    """The four tensors of the layout. Raises `WrongArgument` when they cannot say it all."""
    if isinstance(model, ReluAutoencoder):
        encoder, b_enc = model.encoder_linear.weight, model.encoder_linear.bias
        atoms, b_dec = model.decoder_linear.weight.T, model.decoder_linear.bias
    elif reason := _why_not(model):
        raise WrongArgument(f"SAELens' layout cannot express this model: {reason}")
    elif isinstance(model, TiedWeightSparseAutoencoder):
        encoder = atoms = model.dictionary
        b_enc, b_dec = model.encoder_bias, model.decoder_bias
    else:
        encoder, b_enc = model.encoder.weight, model.encoder.bias
        atoms, b_dec = model.dictionary, model.decoder.bias
    return {"W_enc": encoder.T, "b_enc": b_enc, "W_dec": atoms, "b_dec": b_dec}


def _why_not(model: Autoencoder) -> str | None:
    """Why SAELens has no architecture for a model; None if it has."""
    if not isinstance(model, SparseAutoencoder | TiedWeightSparseAutoencoder):
        return (
            f"it is a {type(model).__name__}, and the layout is for sparse autoencoders with one "
            "layer. Use save_autoencoder."
        )
    if model.layers != 1:
        return (
            "it has two layers in encoder and decoder, and the layout holds one matrix for each. "
            "Use save_autoencoder, or train one with layers=1."
        )
    activation = model.config["activation"]
    if activation not in ARCHITECTURES:
        return (
            f"its activation is {activation!r}, and SAELens' architectures 'standard' and 'topk' "
            "have ReLU and top-k. Use save_autoencoder."
        )
    if model.batch_norm is not None:
        return "it has batch_norm, which the layout has no place for. Use save_autoencoder."
    if next(model.parameters()).dtype not in ROUNDING:
        return f"its dtype is {next(model.parameters()).dtype}; convert it with model.float()."
    return None


def _config(model: Autoencoder, W_enc: Tensor) -> dict[str, Any]:
    activation = model.config["activation"] if isinstance(model, SparseModel) else "relu"
    config = {
        "architecture": ARCHITECTURES[activation],
        "d_in": model.input_dim,
        "d_sae": model.latent_dim,
        "dtype": dtype_name(W_enc.dtype),
        "device": "cpu",
        "apply_b_dec_to_input": False,  # left out, it would mean true
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": SAELENS_VERSION, "sae_lens_training_version": None},
    }
    if activation == "topk":
        config |= {"k": model.config["k"], "rescale_acts_by_decoder_norm": False}
    return config


def _clean_up(path: Path, new: Path, old: Path) -> None:
    """Remove what is unfinished; put an earlier export back if nothing took its place."""
    shutil.rmtree(new, ignore_errors=True)
    if old.exists() and not path.exists():
        old.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def _require_replaceable(path: Path) -> None:
    """Raise `CheckpointProblem` unless the folder is free or holds an earlier export only."""
    if path.is_file():
        raise CheckpointProblem(f"{path} is a file, and a folder is needed. Choose another name.")
    others = {file.name for file in path.iterdir()} - {CONFIG, WEIGHTS} if path.exists() else ()
    if others:
        raise CheckpointProblem(
            f"{path} holds other files ({', '.join(sorted(others)[:3])}), which an export would "
            "have to remove. Give a folder that is empty or does not exist yet."
        )


# ── in ────────────────────────────────────────────────────────────────────────────────────────


def import_from_saelens(
    folder: str | os.PathLike[str], device: str | torch.device = "cpu"
) -> SparseAutoencoder:
    """The `SparseAutoencoder` (layers=1) that reconstructs as the SAE in `folder` does.

    Its codes are SAELens' too, except that of a "standard" SAE with atoms d_i that are not of
    unit norm: there latent i is ‖d_i‖ times SAELens'.
    Raises `WrongArgument` for a device that cannot be used, and `CheckpointProblem`, with the
    reason, for a folder that is not in this layout, is damaged, or says something that the
    course's models cannot.
    """
    path = folder_path(folder)
    require_device(device)
    config = _read_config(path)
    tensors = _read_weights(path, config)
    folded = _fold(path, config, tensors)
    return rebuild(
        "SparseAutoencoder",
        {
            "input_dim": config["d_in"],
            "latent_dim": config["d_sae"],
            "dtype": dtype_name(folded["encoder.weight"].dtype),
            "layers": 1,
            "activation": "topk" if config["architecture"] == "topk" else "relu",
            "k": config.get("k"),
        },
        {name: tensor.to(device) for name, tensor in folded.items()},
        f"The folder {path}",
    )


def _read_config(path: Path) -> dict[str, Any]:
    """cfg.json, with what SAELens takes for keys that are left out; checked."""
    try:
        config = read_json(path / CONFIG)
    except OSError as error:
        raise CheckpointProblem(
            f"{path / CONFIG} cannot be read: {error.strerror}. Give a folder in SAELens' layout, "
            f"with {CONFIG} and {WEIGHTS} in it; for the course's own, load_autoencoder."
        ) from None
    try:
        if not isinstance(config, dict):
            raise WrongArgument("it does not hold names and values.")
        _require_known(config)
        config = LEFT_OUT | config
        _require_expressible(config)
    except WrongArgument as error:
        raise CheckpointProblem(f"{path / CONFIG} cannot be used here: {error}") from None
    return config


def _require_known(config: dict[str, Any]) -> None:
    """Raise `WrongArgument` for another architecture, or for keys whose meaning is not known."""
    require_option("architecture", config.get("architecture"), tuple(ARCHITECTURES.values()))
    unknown = config.keys() - (TOPK_KEYS if config["architecture"] == "topk" else KEYS)
    if unknown:
        raise WrongArgument(
            f"it has {', '.join(sorted(unknown)[:3])}, which is not part of a "
            f"{config['architecture']!r} SAE of SAELens {SAELENS_VERSION} and could change what it "
            "means. If it was saved in training, or by an earlier version, let SAELens save it "
            "again: SAE.load_from_disk(folder).save_model(new_folder)."
        )


def _require_expressible(config: dict[str, Any]) -> None:
    """Raise `WrongArgument`, with the reason, for values that the course's models cannot follow."""
    for key in ("d_in", "d_sae", *(("k",) if config["architecture"] == "topk" else ())):
        require_whole(key, config.get(key))
    require_option(
        "dtype", str(config["dtype"]).removeprefix("torch."), [*map(dtype_name, ROUNDING)]
    )
    for key in ("normalize_activations", "reshape_activations"):
        require_option(key, config[key], ("none",))
    for key in ("apply_b_dec_to_input", "rescale_acts_by_decoder_norm"):
        if not isinstance(config[key], bool):
            raise WrongArgument(f"{key} is {config[key]!r}; it must be true or false.")


def _read_weights(path: Path, config: dict[str, Any]) -> dict[str, Tensor]:
    """The four tensors, in the dtype that cfg.json names, as SAELens converts them."""
    d_in, d_sae = config["d_in"], config["d_sae"]
    shapes = {"W_enc": (d_in, d_sae), "b_enc": (d_sae,), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
    try:
        tensors = read_tensors(path / WEIGHTS, "cpu")
    except FileNotFoundError:
        raise CheckpointProblem(f"There is no {WEIGHTS} in {path}; copy it there.") from None
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if given != shapes:
        raise CheckpointProblem(
            f"{path / WEIGHTS} holds {given or 'no tensors'}; by {CONFIG} it must hold {shapes}. "
            "The two files do not belong together, or it is another kind of model."
        )
    dtype = getattr(torch, str(config["dtype"]).removeprefix("torch."))
    return {name: tensor.to(dtype) for name, tensor in tensors.items()}


def _fold(path: Path, config: dict[str, Any], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parameters of the course's model, computed in float64 (see the top of this file)."""
    dtype = tensors["W_enc"].dtype
    W_enc, b_enc, W_dec, b_dec = (tensors[n].double() for n in ("W_enc", "b_enc", "W_dec", "b_dec"))
    if config["apply_b_dec_to_input"]:
        b_enc = b_enc - b_dec @ W_enc
    norms = torch.linalg.vector_norm(W_dec, dim=1)  # (d_sae,)
    unit = (norms - 1).abs() <= ROUNDING[dtype]
    ranked_by_norm = config["rescale_acts_by_decoder_norm"]
    if config["architecture"] == "topk" and not ranked_by_norm and not (unit | (norms == 0)).all():
        worst = float(norms[(norms - 1).abs().argmax()])
        raise CheckpointProblem(
            f"The SAE in {path} keeps the k largest activations, and its atoms are not of unit "
            f"norm (one has {worst:.4g}). The course's atoms are, and moving the norm into the "
            "encoder would change which latents win. Only a topk SAE with unit norms, or with "
            "rescale_acts_by_decoder_norm true, can be imported."
        )
    # an atom of zeros stays one; where the norm counts for the rank, its latent never wins
    length = torch.where(unit | (norms == 0), 1, norms)
    scale = torch.where(norms == 0, 0, length) if ranked_by_norm else length
    parameters = {
        "encoder.weight": W_enc.T * scale[:, None],  # (d_sae, d_in)
        "encoder.bias": b_enc * scale,
        "decoder.weight": W_dec / length[:, None],
        "decoder.bias": b_dec,
    }
    parameters = {name: tensor.to(dtype).contiguous() for name, tensor in parameters.items()}
    for name, tensor in parameters.items():
        if not tensor.isfinite().all():
            raise CheckpointProblem(
                f"The SAE in {path} has NaN or infinity in its {name}, as read or once the norms "
                f"are moved there in {dtype_name(dtype)}. It is damaged, or needs a wider dtype."
            )
    return parameters
