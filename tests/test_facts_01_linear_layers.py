"""The numbers that lesson 1 states, recomputed: other seeds, one thread and two."""

import pytest
import torch
from torch import nn

from course_lib import TwoLayerAutoencoder, digits
from course_lib.figures import plane_facts
from course_lib.least_squares import least_squares_layer

SEEDS = (0, 1, 2)


@pytest.fixture(params=(1, 2), ids=("one thread", "two threads"))
def threads(request):
    torch.set_num_threads(request.param)


def reader(seed):
    pixels, labels = digits("train", seed)
    return least_squares_layer(pixels, nn.functional.one_hot(labels, 10).float(), ridge=10)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_linear_layer_reads_about_93_of_100_digits(seed, threads):
    pixels, labels = digits("test", seed)
    right = (reader(seed)(pixels).argmax(1) == labels).float().mean().item()
    assert right == pytest.approx(0.94, abs=0.025)


@pytest.mark.parametrize("seed", SEEDS)
def test_ink_in_the_middle_speaks_against_a_zero(seed, threads):
    weights = reader(seed).weight[0].reshape(8, 8)
    middle = weights[3:5, 3:5]
    assert middle.max() < -0.02
    assert middle.mean().abs() > 0.2 * weights.abs().max(), "too faint to be seen in the picture"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("scale", "power"), [(2.0, 6), (1.0, 0), (0.5, -6)])
def test_twenty_layers_grow_a_million_fold_or_shrink_or_neither(seed, scale, power, threads):
    generator = torch.Generator().manual_seed(seed)
    x, _ = digits("train")
    x = (x - x.mean()) / x.std()
    for _ in range(20):
        x = x @ (torch.randn(64, 64, generator=generator) * scale / 8).T
    assert x.std().log10().item() == pytest.approx(power, abs=0.4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deep_stack_of_nn_linear_forgets_its_input(seed, threads):
    torch.manual_seed(seed)
    deep = nn.Sequential(*(nn.Linear(64, 64) for _ in range(20)))
    pixels, _ = digits("train")
    out = deep((pixels - pixels.mean()) / pixels.std())
    assert out.std().item() == pytest.approx(0.07, abs=0.02)
    assert out.std(0).mean().log10().item() == pytest.approx(-5, abs=0.45)
    weights = torch.cat([nn.Linear(64, 64).weight for _ in range(20)])
    assert weights.std().item() * 8 == pytest.approx(0.58, abs=0.01)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 4, 16, 64])
def test_sums_of_random_numbers_grow_with_the_square_root(seed, n):
    generator = torch.Generator().manual_seed(seed)
    sums = torch.randn(100_000, n, generator=generator).sum(dim=1)
    assert sums.std().item() == pytest.approx(n**0.5, rel=0.01)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_autoencoder_is_one_linear_layer_of_rank_128(seed, threads):
    torch.manual_seed(seed)
    model = TwoLayerAutoencoder(768, 128)
    assert sum(p.numel() for p in model.parameters()) == 460_160
    outer = model.encoder_linear1, model.decoder_linear2
    share = sum(p.numel() for layer in outer for p in layer.parameters()) / 460_160
    assert share == pytest.approx(6 / 7, abs=0.005)
    W, b = torch.eye(768), torch.zeros(768)
    for layer in model.children():
        W, b = layer.weight @ W, layer.weight @ b + layer.bias
    batch = torch.randn(1000, 768)
    restored, code = model(batch)
    assert code.shape == (1000, 128)
    assert torch.allclose(restored, batch @ W.T + b, atol=1e-5)
    assert int(torch.linalg.matrix_rank(W.double(), rtol=1e-4)) == 128
    both = torch.stack([batch.flatten(), restored.flatten()])
    assert abs(torch.corrcoef(both)[0, 1].item()) < 0.05, "printed as 0.0"


def test_the_three_maps():
    maps = {(1.5, -0.5, 0.5, 1.0): (1.75, 2), (0.0, 1.5, 1.0, 0.5): (-1.5, 2)}
    for entries, facts in maps.items():
        assert plane_facts(torch.tensor(entries).reshape(2, 2)) == facts
    onto_a_line = torch.tensor([[1.5, -1.0], [0.75, -0.5]])
    assert plane_facts(onto_a_line) == (0.0, 1)
    points = torch.tensor([[1.0, 0.0], [2.0, 1.5], [0.0, -1.5]])
    assert len((points @ onto_a_line.T).unique(dim=0)) == 1
