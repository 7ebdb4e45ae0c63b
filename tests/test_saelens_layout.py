"""The layout of SAELens, by hand: what is written, what is read, what is refused and why.

tests/saelens compares with SAELens itself, where it is installed.
"""

import errno
import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from killing import in_fresh_process, kill_at_step
from safetensors.torch import load_file, save_file

from course_lib.autoencoders import (
    BasicAutoencoder,
    ReluAutoencoder,
    SparseAutoencoder,
    TiedWeightSparseAutoencoder,
    saelens,
)
from course_lib.autoencoders.saelens import export_to_saelens, import_from_saelens
from course_lib.autoencoders.saving import save_autoencoder
from course_lib.errors import CheckpointProblem, WrongArgument


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def randn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def disturb(model, seed=0):
    """Biases that are not zero, an encoder of its own, atoms that are stored with any norm."""
    for i, parameter in enumerate(model.parameters()):
        parameter.data.copy_(randn(*parameter.shape, seed=seed + i))
    return model


def as_saelens_does(folder, x):
    """Code and reconstruction by the formulas of SAELens, from the files alone."""
    cfg = json.loads((folder / "cfg.json").read_text())
    p = {
        name: tensor.double()
        for name, tensor in load_file(folder / "sae_weights.safetensors").items()
    }
    s = (x.double() - cfg.get("apply_b_dec_to_input", True) * p["b_dec"]) @ p["W_enc"] + p["b_enc"]
    norms = p["W_dec"].norm(dim=1) if cfg.get("rescale_acts_by_decoder_norm") else 1
    z = (s * norms).relu()
    if cfg["architecture"] == "topk":
        z = torch.where(z >= z.topk(cfg["k"]).values[:, -1:], z, 0)
    return z, (z / norms) @ p["W_dec"] + p["b_dec"]


def write(folder, tensors, **config):
    folder.mkdir(exist_ok=True)
    d_in, d_sae = tensors["W_enc"].shape
    config = {"architecture": "standard", "d_in": d_in, "d_sae": d_sae} | config
    (folder / "cfg.json").write_text(json.dumps(config))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()},
              folder / "sae_weights.safetensors")  # fmt: skip
    return folder


def some_tensors(d_in=4, d_sae=6, seed=0, unit=False, dtype=torch.float32):
    W_dec = randn(d_sae, d_in, seed=seed, dtype=dtype)
    return {
        "W_enc": randn(d_in, d_sae, seed=seed + 1, dtype=dtype),
        "b_enc": randn(d_sae, seed=seed + 2, dtype=dtype),
        "W_dec": torch.nn.functional.normalize(W_dec, dim=1) if unit else W_dec,
        "b_dec": randn(d_in, seed=seed + 3, dtype=dtype),
    }


# ── out ───────────────────────────────────────────────────────────────────────────────────────


def square_model():
    """Two inputs, two latents; a transposed matrix would show."""
    model = SparseAutoencoder(2, 2, layers=1)
    model.encoder.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])  # a latent a row
    model.encoder.bias.data = torch.tensor([5.0, 6.0])
    model.decoder.weight.data = torch.tensor([[3.0, 4.0], [0.0, 2.0]])  # norms 5 and 2
    model.decoder.bias.data = torch.tensor([7.0, 8.0])
    return model


def test_a_square_export_by_hand(tmp_path):
    folder = export_to_saelens(square_model(), tmp_path / "a" / "sae")
    assert folder == tmp_path / "a" / "sae" and files(folder) == [
        "cfg.json",
        "sae_weights.safetensors",
    ]
    data = (folder / "sae_weights.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    numbers = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        flat = torch.frombuffer(
            bytearray(data[8 + length + start : 8 + length + end]), dtype=torch.float32
        )
        numbers[name] = flat.reshape(entry["shape"]).tolist()
    assert numbers["W_enc"] == [[1, 3], [2, 4]]  # an input a row
    assert numbers["b_enc"] == [5, 6] and numbers["b_dec"] == [7, 8]
    assert torch.allclose(torch.tensor(numbers["W_dec"]), torch.tensor([[0.6, 0.8], [0.0, 1.0]]))
    assert json.loads((folder / "cfg.json").read_text()) == {
        "architecture": "standard",
        "d_in": 2,
        "d_sae": 2,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.54.12", "sae_lens_training_version": None},
    }


def test_a_topk_export_says_k(tmp_path):
    export_to_saelens(SparseAutoencoder(3, 7, layers=1, activation="topk", k=2), tmp_path / "sae")
    cfg = json.loads((tmp_path / "sae" / "cfg.json").read_text())
    assert (cfg["architecture"], cfg["k"], cfg["rescale_acts_by_decoder_norm"]) == (
        "topk",
        2,
        False,
    )
    assert (cfg["d_in"], cfg["d_sae"]) == (3, 7)


EXPORTS = {
    "relu": lambda: SparseAutoencoder(4, 6, layers=1),
    "relu, square": lambda: SparseAutoencoder(5, 5, layers=1),
    "topk": lambda: SparseAutoencoder(4, 6, layers=1, activation="topk", k=2),
    "topk, square": lambda: SparseAutoencoder(5, 5, layers=1, activation="topk", k=2),
    "tied": lambda: TiedWeightSparseAutoencoder(4, 6, layers=1),
    "tied, topk, square": lambda: TiedWeightSparseAutoencoder(
        5, 5, layers=1, activation="topk", k=2
    ),
    "linear-ReLU-linear": lambda: ReluAutoencoder(4, 6),
    "linear-ReLU-linear, square": lambda: ReluAutoencoder(5, 5),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_means_what_the_model_computes_and_comes_back(tmp_path, name):
    model = disturb(EXPORTS[name]())
    x = randn(50, model.input_dim, seed=9)
    folder = export_to_saelens(model, tmp_path / "sae")
    z, x_hat = as_saelens_does(folder, x)
    assert torch.allclose(model.encode(x).double(), z, atol=1e-5)
    assert torch.allclose(model(x).double(), x_hat, atol=1e-5)
    again = import_from_saelens(folder)
    assert isinstance(again, SparseAutoencoder) and again.config["layers"] == 1
    assert torch.allclose(again(x), model(x), atol=1e-5)
    if not isinstance(model, ReluAutoencoder):  # its atoms have any norm: see below
        assert torch.equal(again.encode(x) != 0, model.encode(x) != 0)
        assert torch.allclose(again.encode(x), model.encode(x), atol=1e-6)


def test_parameters_survive_going_out_and_in(tmp_path):
    model = disturb(SparseAutoencoder(4, 6, layers=1))
    again = import_from_saelens(export_to_saelens(model, tmp_path / "sae"))
    assert torch.equal(again.encoder.weight, model.encoder.weight)
    assert torch.equal(again.encoder.bias, model.encoder.bias)
    assert torch.equal(again.decoder.weight, model.dictionary)
    assert all(p.requires_grad for p in again.parameters())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions(tmp_path, dtype):
    model = disturb(SparseAutoencoder(64, 96, layers=1, activation="topk", k=3)).to(dtype)
    folder = export_to_saelens(model, tmp_path / "sae")
    assert json.loads((folder / "cfg.json").read_text())["dtype"] == str(dtype)[6:]
    again = import_from_saelens(folder)
    assert again.config["dtype"] == str(dtype)[6:] and again.decoder.weight.dtype == dtype
    x = randn(8, 64).to(dtype)
    assert torch.equal(again.encode(x), model.encode(x))


def test_an_atom_of_zeros_goes_out_and_in(tmp_path):
    for options in ({}, {"activation": "topk", "k": 1}):
        model = disturb(SparseAutoencoder(3, 4, layers=1, **options))
        model.decoder.weight.data[1] = 0
        again = import_from_saelens(export_to_saelens(model, tmp_path / "sae"))
        x = randn(20, 3)
        assert torch.equal(again.encode(x), model.encode(x))
        assert torch.allclose(again(x), model(x), atol=1e-6)


INEXPRESSIBLE = [
    (lambda: SparseAutoencoder(3, 4), "two layers"),
    (lambda: TiedWeightSparseAutoencoder(3, 4), "two layers"),
    (lambda: SparseAutoencoder(3, 4, layers=1, activation="sigmoid"), "activation is 'sigmoid'"),
    (
        lambda: SparseAutoencoder(3, 4, layers=1, activation="soft_threshold", threshold=0.1),
        "'soft_t",
    ),
    (
        lambda: SparseAutoencoder(3, 4, layers=1, activation="hard_threshold", threshold=0.1),
        "'hard_t",
    ),
    (lambda: SparseAutoencoder(3, 4, layers=1, batch_norm=True), "batch_norm"),
    (lambda: BasicAutoencoder(3, 4), "it is a BasicAutoencoder"),
    (lambda: torch.nn.Linear(3, 4), "it is a Linear"),
    (lambda: None, "it is a NoneType"),
]


@pytest.mark.parametrize(("make", "reason"), INEXPRESSIBLE)
def test_a_model_that_the_layout_cannot_express_is_refused_with_the_reason(tmp_path, make, reason):
    with pytest.raises(WrongArgument, match=f"cannot express this model: .*{reason}"):
        export_to_saelens(make(), tmp_path / "sae")
    assert files(tmp_path) == []


def test_an_export_replaces_an_earlier_one(tmp_path):
    export_to_saelens(SparseAutoencoder(3, 4, layers=1), tmp_path / "sae")
    export_to_saelens(SparseAutoencoder(5, 6, layers=1), tmp_path / "sae")
    assert import_from_saelens(tmp_path / "sae").input_dim == 5
    assert files(tmp_path) == ["sae"]


def test_an_export_leaves_other_files_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointProblem, match=r"other files \(notes.txt\)"):
        export_to_saelens(SparseAutoencoder(3, 4, layers=1), tmp_path)
    with pytest.raises(CheckpointProblem, match="is a file"):
        export_to_saelens(SparseAutoencoder(3, 4, layers=1), tmp_path / "notes.txt")
    assert files(tmp_path) == ["notes.txt"] and (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("step", ["write_tensors", "write_json", "mkdir", "rename"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_earlier_export_or_nothing(tmp_path, monkeypatch, step, error):
    earlier = export_to_saelens(disturb(SparseAutoencoder(3, 4, layers=1)), tmp_path / "sae")
    before = {path.name: path.read_bytes() for path in earlier.iterdir()}

    def fail(*args, **options):
        raise error

    target = Path if step in ("mkdir", "rename") else saelens
    for folder in (earlier, tmp_path / "new" / "sae"):
        with monkeypatch.context() as patch:
            patch.setattr(target, step, fail)
            with pytest.raises((CheckpointProblem, KeyboardInterrupt)):
                export_to_saelens(SparseAutoencoder(5, 6, layers=1), folder)
    assert {path.name: path.read_bytes() for path in earlier.iterdir()} == before
    assert files(tmp_path) == ["sae"]


def test_an_export_killed_between_its_two_renames_is_mended_by_the_next(tmp_path):
    model = SparseAutoencoder(3, 4, layers=1)
    folder = export_to_saelens(model, tmp_path / "sae")
    folder.rename(tmp_path / ".sae.old.part")
    (tmp_path / ".sae.new.part").mkdir()
    with pytest.raises(WrongArgument):
        export_to_saelens(SparseAutoencoder(3, 4), folder)
    export_to_saelens(model, folder)
    assert files(tmp_path) == ["sae"] and import_from_saelens(folder).latent_dim == 4


def numbered(number):
    model = SparseAutoencoder(3, 4 + number, layers=1)
    torch.nn.init.constant_(model.decoder.bias, number)
    return model


def kill_exports(folder):
    """Kill an export after each of its steps: whole, or put aside as a whole for the next."""
    folder = Path(folder) / "sae"
    aside, absent = folder.parent / ".sae.old.part", 0
    export_to_saelens(numbered(0), folder)
    for step in itertools.count(1):
        killed = kill_at_step(step, lambda n=step: export_to_saelens(numbered(n), folder))
        absent += not folder.exists()
        model = import_from_saelens(folder if folder.exists() else aside)
        assert model.latent_dim == 4 + int(model.decoder.bias[0])
        if not killed:
            return [step, absent, files(folder.parent)]


def test_an_export_killed_at_any_step_is_whole_or_put_aside(tmp_path):
    steps, absent, left = in_fresh_process(kill_exports, str(tmp_path))
    assert steps > 20 and absent < 10 and left == ["sae"]


# ── in ────────────────────────────────────────────────────────────────────────────────────────


def test_a_square_import_by_hand(tmp_path):
    tensors = {
        "W_enc": torch.tensor([[1.0, 3.0], [2.0, 4.0]]),
        "b_enc": torch.tensor([5.0, 6.0]),
        "W_dec": torch.tensor([[0.6, 0.8], [0.0, 1.0]]),
        "b_dec": torch.tensor([7.0, 8.0]),
    }
    model = import_from_saelens(write(tmp_path, tensors, apply_b_dec_to_input=False))
    assert model.encoder.weight.tolist() == [[1, 2], [3, 4]]
    x = torch.tensor([[1.0, -1.0]])
    assert model.encode(x).tolist() == [[4, 5]]  # 1 - 2 + 5, 3 - 4 + 6
    assert torch.allclose(model(x), torch.tensor([[9.4, 16.2]]))  # 4·0.6 + 7, 4·0.8 + 5 + 8
    # centred by b_dec: x - b_dec = (-6, -9), so the sums are -6 - 18 + 5 and -18 - 36 + 6
    for option in ({"apply_b_dec_to_input": True}, {}):  # left out it means true
        model = import_from_saelens(write(tmp_path, tensors, **option))
        assert model.encoder.bias.tolist() == [5 - 23, 6 - 53]
        assert model.encode(x).tolist() == [[0, 0]]
        assert model.encode(x + 20).tolist() == [[1 * 14 + 2 * 11 + 5, 3 * 14 + 4 * 11 + 6]]


@pytest.mark.parametrize("centred", [True, False, None])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("shape", [(4, 6), (5, 5), (6, 4)])
@pytest.mark.parametrize("kind", ["standard", "topk", "topk, rescaled"])
def test_an_import_reconstructs_as_saelens_does(tmp_path, centred, unit, shape, kind):
    config = {} if centred is None else {"apply_b_dec_to_input": centred}
    if kind != "standard":
        config |= {"architecture": "topk", "k": 2, "rescale_acts_by_decoder_norm": "res" in kind}
    tensors = some_tensors(*shape, unit=unit)
    folder = write(tmp_path, tensors, **config)
    if kind == "topk" and not unit:
        with pytest.raises(CheckpointProblem, match="change which latents win"):
            import_from_saelens(folder)
        return
    model, x = import_from_saelens(folder), 3 * randn(200, shape[0], seed=9)
    z, x_hat = as_saelens_does(folder, x)
    assert torch.allclose(model(x).double(), x_hat, atol=1e-4)
    if kind == "standard":
        z = z * tensors["W_dec"].double().norm(dim=1)
    assert torch.allclose(model.encode(x).double(), z, atol=1e-4)
    assert (z > 0).any(dim=0).all(), "a latent that never fires tests nothing"


def test_ranked_by_norm_a_zero_atom_never_wins(tmp_path):
    """With the norm counted, a latent whose atom is zero has rank zero, however large its sum."""
    tensors = {
        "W_enc": torch.tensor([[100.0, 1.0]]),
        "b_enc": torch.zeros(2),
        "W_dec": torch.tensor([[0.0], [2.0]]),
        "b_dec": torch.zeros(1),
    }
    config = {"architecture": "topk", "k": 1, "rescale_acts_by_decoder_norm": True}
    model = import_from_saelens(write(tmp_path, tensors, **config))
    assert model.encode(torch.tensor([[3.0]])).tolist() == [[0, 6]]
    assert model(torch.tensor([[3.0]])).tolist() == [[6]]


def test_importing_draws_no_random_numbers_and_keeps_the_device(tmp_path):
    folder = write(tmp_path, some_tensors())
    torch.manual_seed(0)
    before = torch.get_rng_state()
    import_from_saelens(folder, torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(WrongArgument, match="device is 'gpu'"):
        import_from_saelens(folder, "gpu")


TOPK = {"architecture": "topk", "k": 2, "rescale_acts_by_decoder_norm": True}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"architecture": "jumprelu"}, "architecture is 'jumprelu'"),
        ({"architecture": "gated"}, "architecture is 'gated'"),
        ({"architecture": None}, "architecture is None"),
        ({"architecture": ["standard"]}, "architecture is"),
        ({"normalize_activations": "layer_norm"}, "normalize_activations is 'layer_norm'"),
        ({"normalize_activations": "expected_average_only_in"}, "normalize_activations is"),
        ({"reshape_activations": "hook_z"}, "reshape_activations is 'hook_z'"),
        ({"activation_fn": "tanh-relu"}, "activation_fn.*save it again"),
        ({"finetuning_scaling_factor": True}, "finetuning_scaling_factor"),
        ({"k": 3}, "it has k"),
        ({"apply_b_dec_to_input": "false"}, "must be true or false"),
        ({"apply_b_dec_to_input": None}, "must be true or false"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"d_in": 0}, "d_in is 0"),
        ({"d_sae": "6"}, "d_sae is '6'"),
        ({"d_sae": 7}, "do not belong together"),
        ({"architecture": "topk"}, "k is None"),
        (TOPK | {"k": 7}, "k is 7, more than the 6"),
        (TOPK | {"k": True}, "k is True"),
        (TOPK | {"rescale_acts_by_decoder_norm": 1}, "must be true or false"),
    ],
)
def test_what_the_courses_models_cannot_follow_is_refused_with_the_reason(tmp_path, config, words):
    folder = write(tmp_path, some_tensors())
    given = json.loads((folder / "cfg.json").read_text())
    (folder / "cfg.json").write_text(json.dumps(given | config))
    with pytest.raises(CheckpointProblem, match=words):
        import_from_saelens(folder)


def problem_of(folder):
    with pytest.raises(CheckpointProblem) as caught:
        import_from_saelens(folder)
    return str(caught.value)


def test_other_tensors_are_refused(tmp_path):
    tensors = some_tensors()
    write(tmp_path, tensors | {"threshold": torch.ones(6)})
    assert "threshold" in problem_of(tmp_path)
    write(tmp_path, {name: t for name, t in tensors.items() if name != "b_enc"})
    assert "do not belong together" in problem_of(tmp_path)
    write(tmp_path, tensors | {"W_dec": tensors["W_dec"].T})
    assert "do not belong together" in problem_of(tmp_path)
    tensors["b_enc"][2] = math.nan
    write(tmp_path, tensors)
    assert "NaN or infinity in its encoder.bias" in problem_of(tmp_path)


def test_norms_that_do_not_fit_the_precision(tmp_path):
    tensors = some_tensors(dtype=torch.float16)
    tensors["W_enc"] *= 1e4
    tensors["W_dec"] *= 1e3
    write(tmp_path, tensors, dtype="float16", apply_b_dec_to_input=False)
    assert "needs a wider dtype" in problem_of(tmp_path)


def test_damaged_and_foreign_folders(tmp_path):
    folder = export_to_saelens(SparseAutoencoder(3, 4, layers=1), tmp_path / "sae")
    cfg, weights = folder / "cfg.json", folder / "sae_weights.safetensors"
    config, data = cfg.read_bytes(), weights.read_bytes()
    for length in range(len(data)):
        weights.write_bytes(data[:length])
        assert "not a safetensors file, or it is damaged" in problem_of(folder)
    torch.save({"W_enc": torch.ones(3, 4)}, weights)
    assert "is a pickle" in problem_of(folder)
    weights.unlink()
    assert "There is no sae_weights.safetensors" in problem_of(folder)
    weights.write_bytes(data)
    for length in range(len(config.rstrip())):
        cfg.write_bytes(config[:length])
        assert "is not JSON" in problem_of(folder)
    cfg.write_text("[]")
    assert "does not hold names and values" in problem_of(folder)
    cfg.unlink()
    assert "cfg.json cannot be read" in problem_of(folder)
    assert "load_autoencoder" in problem_of(
        save_autoencoder(SparseAutoencoder(3, 4), tmp_path / "own")
    )
    assert "cannot be read" in problem_of(weights)
    assert "cannot be read" in problem_of(tmp_path / "nowhere")
