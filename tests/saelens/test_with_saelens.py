"""SAELens loads what the course exports, and the course what SAELens saved, with the same results.

Needs the extra of its own (`make test-saelens`), and is skipped without it, unless
COURSE_REQUIRE_SAELENS is set: then a missing SAELens fails.
"""

import importlib
import json
import os
import warnings

import pytest
import torch

from course_lib.autoencoders import (
    ReluAutoencoder,
    SparseAutoencoder,
    TiedWeightSparseAutoencoder,
    saelens,
)
from course_lib.autoencoders.saelens import export_to_saelens, import_from_saelens
from course_lib.errors import CheckpointProblem

try:
    with warnings.catch_warnings():  # those of SAELens and what it imports are not ours
        warnings.simplefilter("ignore")
        sae_lens = importlib.import_module("sae_lens")
        from sae_lens import (
            SAE,
            JumpReLUSAE,
            JumpReLUSAEConfig,
            StandardSAE,
            StandardSAEConfig,
            StandardTrainingSAE,
            StandardTrainingSAEConfig,
            TopKSAE,
            TopKSAEConfig,
            TopKTrainingSAE,
            TopKTrainingSAEConfig,
        )
except ModuleNotFoundError:
    if os.environ.get("COURSE_REQUIRE_SAELENS"):
        raise
    pytest.skip("SAELens is not installed (make test-saelens)", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore")


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def fill(model, seed=0):
    for i, parameter in enumerate(model.parameters()):
        parameter.data.copy_(randn(*parameter.shape, seed=seed + i))
    return model


def close(a, b):
    return torch.allclose(a, b, rtol=1e-5, atol=1e-4)


def test_the_version_is_the_one_whose_layout_is_written():
    assert sae_lens.__version__ == saelens.SAELENS_VERSION


SHAPES = [(8, 20), (12, 12), (20, 8)]
EXPORTS = {
    "relu": lambda d, n: SparseAutoencoder(d, n, layers=1),
    "topk": lambda d, n: SparseAutoencoder(d, n, layers=1, activation="topk", k=3),
    "tied": lambda d, n: TiedWeightSparseAutoencoder(d, n, layers=1),
    "tied topk": lambda d, n: TiedWeightSparseAutoencoder(d, n, layers=1, activation="topk", k=3),
    "linear-ReLU-linear": ReluAutoencoder,
}


@pytest.mark.parametrize(("input_dim", "latent_dim"), SHAPES)
@pytest.mark.parametrize("name", EXPORTS)
@torch.no_grad()
def test_saelens_loads_an_export(tmp_path, name, input_dim, latent_dim):
    model = fill(EXPORTS[name](input_dim, latent_dim))
    sae = SAE.load_from_disk(export_to_saelens(model, tmp_path / "sae"))
    assert isinstance(sae, TopKSAE if "topk" in name else StandardSAE)
    x = randn(300, input_dim, seed=9)
    z = model.encode(x)
    assert (z > 0).any(dim=0).float().mean() > 0.7, "latents that never fire test nothing"
    assert close(sae.encode(x), z)
    assert close(sae.decode(z), model.decode(z))
    assert close(sae(x), model(x))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_saelens_loads_other_precisions(tmp_path, dtype):
    model = fill(SparseAutoencoder(12, 12, layers=1).to(dtype))
    sae = SAE.load_from_disk(export_to_saelens(model, tmp_path / "sae"))
    x = randn(5, 12, seed=9).to(dtype)
    assert sae.encode(x).dtype == dtype
    assert torch.allclose(sae.encode(x), model.encode(x), rtol=2e-2, atol=2e-2)


def saved_by_saelens(folder, kind, d_in, d_sae, centred, unit):
    """An SAE of SAELens with random weights, saved by itself; returns it as well."""
    config = {"d_in": d_in, "d_sae": d_sae, "apply_b_dec_to_input": centred}
    if kind == "standard":
        sae = fill(StandardSAE(StandardSAEConfig(**config)))
    else:
        rescaled = kind == "topk, rescaled"
        sae = fill(TopKSAE(TopKSAEConfig(**config, k=3, rescale_acts_by_decoder_norm=rescaled)))
    if unit:
        sae.W_dec.data /= sae.W_dec.data.norm(dim=1, keepdim=True)
    sae.save_model(folder)
    return sae


@pytest.mark.parametrize(("d_in", "d_sae"), SHAPES)
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("kind", "unit"),
    [("standard", False), ("standard", True), ("topk", True), ("topk, rescaled", False)],
)
@torch.no_grad()
def test_what_saelens_saved_is_imported(tmp_path, kind, unit, d_in, d_sae, centred):
    sae = saved_by_saelens(tmp_path, kind, d_in, d_sae, centred, unit)
    model = import_from_saelens(tmp_path)
    x = 3 * randn(300, d_in, seed=9)
    z = sae.encode(x)
    assert (z > 0).any(dim=0).float().mean() > 0.7, "latents that never fire test nothing"
    assert close(model(x), sae(x))
    if kind == "standard":
        z = z * sae.W_dec.norm(dim=1)
    assert close(model.encode(x), z)


@torch.no_grad()
def test_out_and_in_again(tmp_path):
    """Ours, loaded and saved by SAELens, imported: nothing was lost on the way."""
    for name in ("relu", "topk"):
        model = fill(EXPORTS[name](12, 12))
        SAE.load_from_disk(export_to_saelens(model, tmp_path / "out")).save_model(tmp_path / name)
        again = import_from_saelens(tmp_path / name)
        x = randn(50, 12, seed=9)
        assert torch.equal(again.encode(x), model.encode(x)) and close(again(x), model(x))


def test_what_a_key_that_is_left_out_means(tmp_path):
    """The defaults that the import takes are those of SAELens."""
    saved_by_saelens(tmp_path, "topk", 4, 6, False, True)
    file = tmp_path / "cfg.json"
    cfg = json.loads(file.read_text())
    for key, value in saelens.LEFT_OUT.items():
        assert getattr(TopKSAEConfig(d_in=4, d_sae=6), key) == value
    assert cfg.keys() == saelens.TOPK_KEYS
    saved_by_saelens(tmp_path, "standard", 4, 6, False, True)
    assert json.loads(file.read_text()).keys() == saelens.KEYS


@torch.no_grad()
def test_what_saelens_trains_is_imported_once_saved_for_inference(tmp_path):
    """As SAELens saves a run: with the settings of training, or ready to use."""
    for kind, make in (
        ("standard", lambda: StandardTrainingSAE(StandardTrainingSAEConfig(d_in=8, d_sae=20))),
        ("topk", lambda: TopKTrainingSAE(TopKTrainingSAEConfig(d_in=8, d_sae=20, k=3))),
    ):
        sae = fill(make())
        training, ready, advised = (tmp_path / kind / name for name in ("t", "ready", "advised"))
        sae.save_model(training)
        with pytest.raises(CheckpointProblem, match=r"SAE.load_from_disk\(folder\).save_model"):
            import_from_saelens(training)
        SAE.load_from_disk(training).save_model(advised)  # what the message says to do
        sae.save_inference_model(ready)  # for topk this folds the norms in place
        x = randn(50, 8, seed=9)
        for folder in (ready, advised):
            assert close(import_from_saelens(folder)(x), SAE.load_from_disk(folder)(x))


def test_another_architecture_is_refused(tmp_path):
    JumpReLUSAE(JumpReLUSAEConfig(d_in=8, d_sae=20)).save_model(tmp_path)
    with pytest.raises(CheckpointProblem, match="architecture is 'jumprelu'"):
        import_from_saelens(tmp_path)
