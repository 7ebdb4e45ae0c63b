"""The datasets: known answers, statistics over several seeds, seeds that stay apart, bad input."""

import hashlib
import itertools
import math
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from course_lib.data import (
    SuperpositionData,
    digits,
    gaussian_noise,
    natural_image_patches,
    power_law_spectrum,
    rings,
    spectral_data,
    superposition,
    whitened_photographs,
)
from course_lib.data import photographs as photographs_module
from course_lib.data import sparse_features as sparse_features_module
from course_lib.data.streams import stream
from course_lib.errors import WrongArgument

SEEDS = (0, 1, 7)
NAN, INFINITY = float("nan"), float("inf")
DRAWN = {  # a small draw of every dataset, by seed
    "digits": lambda seed: digits("train", seed),
    "rings": lambda seed: rings(30, seed=seed),
    "patches": lambda seed: (natural_image_patches(50, 6, seed),),
    "superposition": lambda seed: superposition(
        60, 10, 4, 2.0, correlation=0.5, noise=0.1, seed=seed
    ),
    "noise": lambda seed: (gaussian_noise(20, 3, seed),),
    "spectral": lambda seed: (spectral_data(20, [3.0, 1.0, 0.5], seed),),
}
FIXED = {  # what no seed changes
    "photographs": lambda: whitened_photographs(),
    "spectrum": lambda: (power_law_spectrum(5, 1.5),),
    "all digits": lambda: digits("all"),
}
EVERY = {**{name: lambda f=f: f(3) for name, f in DRAWN.items()}, **FIXED}


# --- every dataset ---


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_the_same_seed_gives_the_same_tensors_and_another_seed_others(draw):
    drawn = {seed: draw(seed) for seed in (0, 1, 2, 2**32, 2**63 - 1)}
    for seed, tensors in drawn.items():
        assert all(torch.equal(a, b) for a, b in zip(tensors, draw(seed), strict=True))
    values = {tensors[0].numpy().tobytes() for tensors in drawn.values()}
    same = 1 if draw in (DRAWN["digits"], DRAWN["rings"]) else 0  # they see 32 bits: 0 and 2**32
    assert len(values) == len(drawn) - same


def test_a_numpy_integer_is_a_seed_too():
    assert torch.equal(gaussian_noise(3, 2, np.int64(5)), gaussian_noise(3, 2, 5))


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_the_global_generators_are_left_as_they_were(draw):
    torch.manual_seed(11)
    np.random.seed(11)
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    draw()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpy_before).all()
    expected = draw()
    torch.manual_seed(12)
    assert all(torch.equal(a, b) for a, b in zip(draw(), expected, strict=True))


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_float32_on_the_cpu_whatever_torchs_defaults_are(draw):
    expected = draw()
    photographs_module._whitened.cache_clear()  # made anew, under these defaults
    try:
        torch.set_default_dtype(torch.float64)
        with torch.device("meta"):
            tensors = draw()
    finally:
        torch.set_default_dtype(torch.float32)
        photographs_module._whitened.cache_clear()
    for tensor, plain in zip(tensors, expected, strict=True):
        assert tensor.device.type == "cpu" and tensor.is_contiguous()
        assert tensor.dtype == plain.dtype and tensor.dtype in (torch.float32, torch.int64)
        assert torch.equal(tensor, plain)


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_what_a_caller_does_to_the_tensors_does_not_come_back(draw):
    expected = [tensor.clone() for tensor in draw()]
    for tensor in draw():
        tensor.zero_()
    assert all(torch.equal(a, b) for a, b in zip(draw(), expected, strict=True))


def test_a_first_call_in_inference_mode_does_not_spoil_later_ones():
    photographs_module._whitened.cache_clear()
    with torch.inference_mode():
        natural_image_patches(5, 4)
    layer = torch.nn.Linear(16, 1)
    layer(natural_image_patches(5, 4)).sum().backward()  # autograd refuses inference tensors
    assert layer.weight.grad is not None


# --- digits and rings ---


@pytest.mark.parametrize(
    ("seed", "train", "test"),
    [
        (0, "a1d34f40c0bf97a4", "b9a8b7a0e4e19b60"),
        (1, "174ac2403392f972", "5007921dd7d71063"),
        (100, "04c5f8de90a1912e", "cfd251281405fe51"),
    ],
)
def test_digits_are_those_the_lessons_were_written_with(seed, train, test):
    for split, expected in (("train", train), ("test", test)):
        pixels, labels = digits(split, seed)
        content = pixels.numpy().tobytes() + labels.numpy().tobytes()
        assert hashlib.sha256(content).hexdigest()[:16] == expected


def test_training_and_test_digits_make_up_the_whole():
    (train, y_train), (test, y_test), (whole, y) = digits(), digits("test"), digits("all")
    train, y_train = digits("train")
    assert train.shape == (1400, 64) and test.shape == (397, 64) and whole.shape == (1797, 64)
    assert whole.min() == 0 and whole.max() == 1
    assert sorted(map(tuple, torch.cat([train, test]).tolist())) == sorted(
        map(tuple, whole.tolist())
    )
    assert torch.equal(torch.cat([y_train, y_test]).bincount(), y.bincount())


def test_rings_are_those_the_lessons_were_written_with():
    points, labels = rings(4, seed=0)
    expected = [[-0.308483, -0.106672], [0.146509, -0.926411], [0.180318, 0.11551]]
    assert torch.allclose(points[:3], torch.tensor(expected), atol=1e-5)
    assert labels.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_rings_without_noise_are_a_disc_and_a_circle(seed):
    points, labels = rings(2000, noise=0, seed=seed)
    radius = points.norm(dim=1)
    assert torch.allclose(radius[labels == 1], torch.ones(1000), atol=1e-6)
    inside = radius[labels == 0]
    assert inside.max() <= 0.4 + 1e-6
    # evenly over the disc: a quarter of its area lies within half of its radius
    assert (inside < 0.2).float().mean() == pytest.approx(0.25, abs=0.06)


# --- natural images ---


def grey_logarithms():
    from sklearn.datasets import load_sample_image

    colours = [load_sample_image(name).astype(float) for name in ("china.jpg", "flower.jpg")]
    return [torch.from_numpy(np.log(1 + c.mean(axis=2))) for c in colours]


def band_powers(picture):
    """Mean power in four bands of spatial frequency, from 0.05 to 0.6 of Nyquist."""
    picture = picture.double()
    height, width = picture.shape
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(
        width, periodic=False
    )
    power = torch.fft.fft2((picture - picture.mean()) * window).abs() ** 2
    rows, columns = torch.fft.fftfreq(height), torch.fft.fftfreq(width)
    frequency = 2 * torch.hypot(rows[:, None], columns)
    edges = (0.05, 0.1, 0.2, 0.4, 0.6)
    return [
        float(power[(frequency >= low) & (frequency < high)].mean())
        for low, high in itertools.pairwise(edges)
    ]


def test_whitened_photographs_have_unit_deviation():
    pictures = whitened_photographs()
    assert [tuple(p.shape) for p in pictures] == [(411, 624), (411, 624)]  # 427 × 640, less 8 px
    for picture in pictures:
        assert float(picture.std()) == pytest.approx(1, abs=1e-4)
        assert abs(float(picture.mean())) < 0.01


def test_whitening_levels_the_spectrum():
    # measured: raw powers fall 21- and 105-fold, whitened ones keep within 1.6- and 2.6-fold
    for raw, white in zip(grey_logarithms(), whitened_photographs(), strict=True):
        raw_bands, white_bands = band_powers(raw), band_powers(white)
        assert max(raw_bands) / min(raw_bands) > 15
        assert max(white_bands) / min(white_bands) < 4


@pytest.mark.parametrize(
    ("wave", "response"),
    # 0.5 · exp(-(0.5 / 0.8)⁴), exp(-(1 / 0.8)⁴), √½ · exp(-(√½ / 0.8)⁴): worked by hand
    [((0, 16), 0.42925), ((32, 0), 0.08704), ((16, 16), 0.38407), ((0, 0), 0.0)],
)
def test_the_filter_scales_a_wave_by_its_frequency(wave, response):
    row, column = torch.arange(64.0)[:, None], torch.arange(64.0)
    picture = torch.cos(2 * math.pi * (wave[0] * row + wave[1] * column) / 64).double()
    filtered = photographs_module._whiten(picture)
    assert torch.allclose(filtered, response * picture, atol=1e-4)


def test_patches_are_pieces_of_the_photographs():
    patches = natural_image_patches(200, 5, seed=4).reshape(200, 5, 5)
    stack = torch.stack(whitened_photographs())
    found = {0: 0, 1: 0}
    for patch in patches:
        for photograph, row, column in (stack == patch[0, 0]).nonzero().tolist():
            piece = stack[photograph, row : row + 5, column : column + 5]
            found[photograph] += torch.equal(piece, patch)
    assert sum(found.values()) == 200
    assert min(found.values()) > 50  # both photographs


def test_flat_patches_are_left_out_and_no_others(bound=0.3):
    patches = natural_image_patches(2000, 12, min_deviation=bound)
    assert patches.std(dim=1, correction=0).min() >= bound - 1e-5
    with pytest.raises(WrongArgument) as refusal:
        natural_image_patches(10**7, 12, min_deviation=bound)
    counted = sum(
        int((np.lib.stride_tricks.sliding_window_view(p, (12, 12)).std((2, 3)) >= bound).sum())
        for p in torch.stack(whitened_photographs()).numpy()
    )
    stated = int(str(refusal.value).split("photographs have ")[1].split()[0])
    assert abs(stated - counted) <= 2  # float32's rounding may tip a patch at the bound


def test_every_place_can_be_had_once(monkeypatch):
    # in two pictures of 5 × 7 pixels a patch of side 4 has 2 · 2 · 4 places
    pictures = torch.arange(70.0).reshape(2, 5, 7)
    monkeypatch.setattr(photographs_module, "_whitened", lambda: pictures)
    patches = natural_image_patches(16, 4, min_deviation=0)
    corners = sorted(patches[:, 0].tolist())
    assert corners == [0, 1, 2, 3, 7, 8, 9, 10, 35, 36, 37, 38, 42, 43, 44, 45]
    assert (patches - patches[:, :1])[3].tolist() == [
        *(0, 1, 2, 3), *(7, 8, 9, 10), *(14, 15, 16, 17), *(21, 22, 23, 24)
    ]  # fmt: skip
    with pytest.raises(WrongArgument, match="count is 17; the photographs have 16 patches"):
        natural_image_patches(17, 4, min_deviation=0)


def test_a_patch_larger_than_the_photographs_is_refused():
    assert natural_image_patches(1, 411, min_deviation=0).shape == (1, 411 * 411)
    with pytest.raises(WrongArgument, match=r"size is 412; .* 411 × 624 .* at most 411"):
        natural_image_patches(1, 412, min_deviation=0)


def test_the_default_is_the_course_s_set():
    patches = natural_image_patches()
    assert patches.shape == (60_000, 144)
    mean_energy = (patches.mean(dim=1) ** 2).mean() / (patches**2).mean()
    assert mean_energy < 0.1  # measured: 0.056


# --- sparse features in superposition ---


def correlations(codes):
    return torch.corrcoef((codes > 0).double().T)


@pytest.mark.parametrize("seed", SEEDS)
def test_activations_are_codes_times_dictionary(seed):
    x, z, D = superposition(1000, 40, 16, 3.0, seed=seed)
    assert torch.allclose(x, z @ D, atol=1e-5)
    assert torch.allclose(D.norm(dim=1), torch.ones(40), atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8])
def test_how_often_features_are_on(seed, correlation):
    codes = superposition(40_000, 25, 4, 2.5, correlation=correlation, seed=seed).codes
    on = (codes > 0).double()
    assert float(on.sum(dim=1).mean()) == pytest.approx(2.5, abs=0.05)
    # each with probability 0.1: its standard error is 0.0015
    assert torch.allclose(on.mean(dim=0), torch.full((25,), 0.1).double(), atol=0.0075)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8])
def test_the_correlation_of_a_pair_is_the_one_asked_for(seed, correlation):
    codes = superposition(40_000, 7, 4, 1.4, correlation=correlation, seed=seed).codes
    expected = torch.eye(7).double()
    for first in (0, 2, 4):  # the seventh has no partner
        expected[first, first + 1] = expected[first + 1, first] = correlation
    assert torch.allclose(correlations(codes), expected, atol=0.03)


def test_fully_correlated_features_are_on_together_with_magnitudes_of_their_own():
    codes = superposition(5000, 6, 4, 2.0, correlation=1, seed=2).codes
    first, second = codes[:, 0::2], codes[:, 1::2]
    assert torch.equal(first > 0, second > 0)
    both = first > 0
    related = torch.corrcoef(torch.stack([first[both], second[both]]))[0, 1]
    assert abs(float(related)) < 0.06


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("low", "high"), [(0.5, 1.5), (0.0, 1.0), (2, 10)])
def test_magnitudes_are_spread_evenly_whether_rare_or_not(seed, low, high):
    for active in (1.0, 19.0):  # a draw shared by mask and magnitude would show here
        codes = superposition(20_000, 20, 4, active, (low, high), seed=seed).codes
        magnitudes = codes[codes > 0].double()
        tenths = torch.linspace(0, 1, 11).double()
        expected = low + (high - low) * tenths
        measured = torch.quantile(magnitudes[:100_000], tenths)
        assert torch.allclose(measured, expected, atol=0.02 * (high - low))


def test_equal_bounds_give_one_magnitude():
    codes = superposition(100, 8, 4, 2.0, (2.0, 2.0)).codes
    assert set(codes.unique().tolist()) == {0.0, 2.0}


def test_all_features_may_be_active():
    assert (superposition(50, 3, 2, 3).codes > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_is_what_the_dictionary_does_not_explain(seed):
    x, z, D = superposition(20_000, 12, 5, 2.0, noise=0.25, seed=seed)
    rest = x - z @ D
    assert float(rest.std()) == pytest.approx(0.25, abs=0.005)
    covariance = torch.cov(rest.T)
    assert torch.allclose(covariance, 0.0625 * torch.eye(5), atol=0.004)


def test_changing_one_part_leaves_the_others():
    plain = superposition(500, 20, 8, 4.0, seed=5)
    noisy = superposition(500, 20, 8, 4.0, noise=1.0, seed=5)
    paired = superposition(500, 20, 8, 4.0, correlation=0.9, seed=5)
    larger = superposition(500, 20, 8, 4.0, (1.5, 2.5), seed=5)
    given = superposition(500, 20, 8, 4.0, seed=5, dictionary=normalize(torch.ones(20, 8)))
    for other in (noisy, paired, larger):
        assert torch.equal(other.dictionary, plain.dictionary)
    assert torch.equal(noisy.codes, plain.codes) and torch.equal(given.codes, plain.codes)
    on = plain.codes > 0
    assert torch.allclose(larger.codes, plain.codes + on)
    both = on & (paired.codes > 0)
    assert torch.equal(paired.codes[both], plain.codes[both]) and not torch.equal(
        paired.codes > 0, on
    )


def test_test_data_may_share_the_dictionary():
    train = superposition(50, 12, 6, 2.0, seed=0)
    test = superposition(50, 12, 6, 2.0, seed=1, dictionary=train.dictionary)
    assert torch.equal(test.dictionary, train.dictionary)
    assert not torch.equal(test.codes, train.codes)
    assert torch.allclose(test.activations, test.codes @ train.dictionary, atol=1e-5)
    test.dictionary.zero_()  # a copy: the caller's own is safe
    assert train.dictionary.norm(dim=1).min() > 0.99


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_a_dictionary_of_another_type_or_with_gradients_is_taken_as_it_is(dtype):
    atoms = normalize(gaussian_noise(12, 6).double(), dim=1).to(dtype).requires_grad_()
    data = superposition(10, 12, 6, 2.0, dictionary=atoms)
    assert torch.equal(data.dictionary, atoms.detach().float())
    assert data.activations.dtype == torch.float32 and not data.activations.requires_grad


def test_pieces_join_without_a_seam(monkeypatch):
    monkeypatch.setattr(sparse_features_module, "ENTRIES_AT_ONCE", 70)  # 7 rows of 10
    data = superposition(24, 10, 4, 3.0, noise=0.1, correlation=0.2, seed=1)
    without = superposition(24, 10, 4, 3.0, noise=0.1, correlation=0.2, seed=1, keep_codes=False)
    assert without.codes is None
    assert torch.equal(without.activations, data.activations)
    assert torch.equal(without.dictionary, data.dictionary)
    assert ((data.activations - data.codes @ data.dictionary).abs() < 0.6).all()
    assert len(set(map(tuple, data.activations.tolist()))) == 24  # no piece repeats another


@pytest.mark.parametrize("seed", range(20))
def test_a_model_of_the_same_seed_does_not_start_with_the_dictionary(seed):
    data = superposition(10, 256, 64, seed=seed)
    torch.manual_seed(seed)
    for model in (torch.randn(256, 64), torch.randn(512, 64), torch.nn.Linear(64, 512).weight):
        cosines = normalize(model.detach(), dim=1) @ data.dictionary.T
        # two random directions in 64 dimensions; were any row shared, it would be 1
        assert float(cosines.max()) < 0.75
    best = (normalize(torch.randn(512, 64), dim=1) @ data.dictionary.T).amax(dim=0).mean()
    assert float(best) == pytest.approx(0.37, abs=0.02)  # chance


def test_purposes_and_seeds_have_streams_of_their_own():
    starts = {
        tuple(torch.rand(4, generator=stream(seed, purpose)).tolist())
        for seed in range(100)
        for purpose in ("dictionary", "mask", "magnitudes")
    }
    assert len(starts) == 300


# --- Gaussian data ---


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_has_no_direction_to_spare(seed):
    x = gaussian_noise(40_000, 10, seed)
    assert torch.allclose(x.mean(dim=0), torch.zeros(10), atol=0.025)
    assert torch.allclose(torch.cov(x.T), torch.eye(10), atol=0.035)
    variances = torch.linalg.eigvalsh(torch.cov(x.T).double())  # ascending
    lost = variances[:-3].sum() / variances.sum()  # the best code of 3 numbers
    assert float(lost) == pytest.approx(1 - 3 / 10, abs=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_spectrum_is_the_one_given_and_the_directions_are_not_the_axes(seed):
    given = torch.tensor([9.0, 4.0, 1.0, 0.25, 0.0])
    x = spectral_data(40_000, given, seed)
    covariance = torch.cov(x.double().T)
    measured = torch.linalg.eigvalsh(covariance).flip(0)
    assert torch.allclose(measured, given.double(), rtol=0.04, atol=1e-9)
    assert torch.allclose(x.mean(dim=0), torch.zeros(5), atol=0.06)
    off_diagonal = covariance - covariance.diag().diag()
    assert off_diagonal.abs().max() > 0.3


def test_a_list_and_an_array_of_eigenvalues_do_as_well():
    expected = spectral_data(6, torch.tensor([2.0, 1.0]))
    assert torch.equal(spectral_data(6, [2, 1.0]), expected)
    assert torch.equal(spectral_data(6, (2.0, 1)), expected)
    assert torch.equal(spectral_data(6, np.array([2.0, 1.0])), expected)


def test_rows_do_not_depend_on_the_rotation_s_stream():
    one, two = spectral_data(3000, [1.0, 1.0], 0), gaussian_noise(3000, 2, 0)
    assert torch.corrcoef(torch.cat([one, two], dim=1).T).fill_diagonal_(0).abs().max() < 0.08


def test_every_rotation_is_equally_likely():
    from course_lib.data.gaussian import random_rotation

    rotations = torch.stack([random_rotation(3, stream(seed, "test")) for seed in range(600)])
    products = rotations @ rotations.transpose(1, 2)
    assert torch.allclose(products, torch.eye(3).double(), atol=1e-12)
    # entries of a uniform rotation: mean 0, variance 1/3; QR without its signs fails here
    assert torch.allclose(rotations.mean(dim=0), torch.zeros(3, 3).double(), atol=0.1)
    assert torch.allclose(rotations.var(dim=0), torch.full((3, 3), 1 / 3).double(), atol=0.07)


def test_power_law_worked_by_hand():
    # 1, 1/2, 1/3, 1/4 add up to 25/12: times 48/25 their mean is 1
    assert torch.allclose(power_law_spectrum(4), torch.tensor([1.92, 0.96, 0.64, 0.48]))
    assert torch.equal(power_law_spectrum(6, 0), torch.ones(6))
    assert torch.allclose(power_law_spectrum(2, 2), torch.tensor([1.6, 0.4]))


# --- bad input ---

UNIT = normalize(torch.ones(4, 3), dim=1)
BAD_CALLS = [
    *((f, (), "seed", v) for f in (digits, rings) for v in (-1, 1.5, "0", None, True, 2**63, NAN)),
    *(
        (f, args, "seed", v)
        for f, args in (
            (natural_image_patches, (5, 4)),
            (superposition, (5, 4, 3, 1)),
            (gaussian_noise, (3, 2)),
            (spectral_data, (3, [1.0])),
        )
        for v in (-1, 0.0, "0", None, False, 2**63, torch.zeros(2))
    ),
    *((digits, (), "split", v) for v in ("validation", None, 1, ["train"])),
    *((rings, (), "count", v) for v in (1, 0, -3, 2.5, NAN, INFINITY, "9", None, True, 10**15)),
    *((rings, (), "noise", v) for v in (-0.1, NAN, INFINITY, "0", None, 1e31)),
    *((natural_image_patches, (), "count", v) for v in (0, -1, 2.0, NAN, None, 10**9)),
    *((natural_image_patches, (), "size", v) for v in (0, -1, 12.0, NAN, None, 412, (12, 12))),
    *((natural_image_patches, (), "min_deviation", v) for v in (-0.1, NAN, INFINITY, None, "1")),
    *((superposition, (), "count", v) for v in (0, -1, 1e5, NAN, None, True, 10**15)),
    *((superposition, (), "features", v) for v in (0, -1, 4.0, NAN, None, 10**15)),
    *((superposition, (), "dim", v) for v in (0, -1, 4.0, NAN, None, 10**15)),
    *((superposition, (), "active", v) for v in (0, -1, 256.5, 1000, NAN, INFINITY, None, "5")),
    *(
        (superposition, (), "magnitudes", v)
        for v in (1.0, None, (1,), (1, 2, 3), (2, 1), (-1, 1), (0, 0), (NAN, 1), (0, INFINITY))
    ),
    *((superposition, (), "magnitudes", v) for v in ((0, 1e31), (1e31, 1e32))),
    *((superposition, (), "correlation", v) for v in (-0.1, 1.1, NAN, None, "1")),
    *((superposition, (), "noise", v) for v in (-0.1, NAN, INFINITY, None, "1", 1e300)),
    *((superposition, (), "keep_codes", v) for v in (None, "no", 2)),
    *(
        (superposition, (5, 4, 3, 1), "dictionary", v)
        for v in (
            UNIT.T,
            UNIT[0],
            2 * UNIT,
            0 * UNIT,
            UNIT * NAN,
            UNIT.long(),
            UNIT.numpy(),
            UNIT.tolist(),
            torch.empty(0, 3),
        )
    ),
    *((gaussian_noise, (), "count", v) for v in (0, -1, 2.0, NAN, None, 10**15)),
    *((gaussian_noise, (), "dim", v) for v in (0, -1, 2.0, NAN, None, 10**15)),
    *((spectral_data, (), "count", v) for v in (0, -1, 2.0, NAN, None, 10**15)),
    *(
        (spectral_data, (), "eigenvalues", v)
        for v in (
            [],
            [1, -1],
            [NAN],
            [INFINITY],
            [1e31],
            ["1"],
            [[1.0]],
            None,
            2.0,
            "12",
            torch.ones(2, 2),
            torch.tensor(3.0),
            torch.tensor([1.0, NAN]),
            torch.tensor([1j]),
            torch.empty(0),
        )
    ),
    *((power_law_spectrum, (), "dim", v) for v in (0, -1, 2.0, NAN, None, 10**15)),
    *((power_law_spectrum, (4,), "exponent", v) for v in (-1, NAN, INFINITY, None, "1")),
]
NEEDED = {  # arguments without a default
    gaussian_noise: {"count": 3, "dim": 2},
    spectral_data: {"count": 3, "eigenvalues": [1.0]},
    power_law_spectrum: {"dim": 3},
}


@pytest.mark.parametrize(
    ("function", "args", "name", "value"),
    BAD_CALLS,
    ids=[f"{f.__name__}-{name}-{i}" for i, (f, _, name, _) in enumerate(BAD_CALLS)],
)
def test_bad_input_is_refused_by_name(function, args, name, value, monkeypatch):
    def no_draw(*_, **__):
        raise AssertionError("numbers were drawn before the arguments were checked")

    for draw in ("rand", "randn", "randperm"):
        monkeypatch.setattr(torch, draw, no_draw)
    keywords = {} if args else dict(NEEDED.get(function, {}))
    with pytest.raises(WrongArgument, match=rf"\b{name}(\[\d+\])? (is|has|holds|-)") as refusal:
        function(*args, **{**keywords, name: value})
    assert isinstance(refusal.value, TypeError) and isinstance(refusal.value, ValueError)
    assert len(str(refusal.value)) < 300


def test_what_to_do_is_said():
    with pytest.raises(WrongArgument, match="'all', 'train' or 'test'"):
        digits("valid")
    with pytest.raises(WrongArgument, match="noise is -1") as refusal:
        rings(noise=-1)
    assert "count" not in str(refusal.value)
    with pytest.raises(WrongArgument, match=r"dim is 1000000: that takes 4,000,000\.0 GB, and"):
        gaussian_noise(10**9, 10**6)
    with pytest.raises(WrongArgument, match="only 4 features; active must be at most features"):
        superposition(10, 4, 3)
    with pytest.raises(WrongArgument, match=r"row of norm 2, row 0; .*normalize\(dictionary"):
        superposition(10, 4, 3, 1, dictionary=2 * UNIT)
    with pytest.raises(WrongArgument, match=r"shape \(4, 3\); it must be \(256, 64\)"):
        superposition(10, dictionary=UNIT)
    with pytest.raises(WrongArgument, match=r"have 0 patches .*\. Lower min_deviation\."):
        natural_image_patches(min_deviation=50)
    with pytest.raises(WrongArgument, match=r"\. Lower min_deviation, to 0 for single pixels\."):
        natural_image_patches(size=1)
    with pytest.raises(WrongArgument, match=r"\. Ask for fewer, or lower min_deviation\."):
        natural_image_patches(10**7)


def test_the_largest_numbers_allowed_stay_finite():
    assert superposition(50, 20, 4, 5.0, (1e30, 1e30), noise=1e30).activations.isfinite().all()
    assert rings(50, noise=1e30)[0].isfinite().all()
    assert spectral_data(50, [1e30, 1e30]).isfinite().all()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: gaussian_noise(100, 10),
        lambda: spectral_data(100, [1.0] * 5),
        lambda: superposition(100, 8, 2, 1.0),
        lambda: rings(1000),
        lambda: natural_image_patches(20, 8),
    ],
)
def test_what_does_not_fit_into_the_memory_is_refused(draw, monkeypatch):
    draw()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=3999))
    with pytest.raises(WrongArgument, match=r"count is \d+.* GB of memory are free\. Ask for less"):
        draw()


def test_codes_that_are_not_kept_take_no_memory(monkeypatch):
    # 100 · 4 activations and 50 · 4 dictionary entries are 2,400 bytes, 100 · 50 codes 20,000
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10_000))
    superposition(100, 50, 4, keep_codes=False)
    with pytest.raises(WrongArgument, match="Ask for less"):
        superposition(100, 50, 4)


# --- properties ---

few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**63 - 1)


@few
@given(
    count=st.integers(1, 30),
    features=st.integers(1, 12),
    dim=st.integers(1, 8),
    share=st.floats(0.01, 1),
    bounds=st.tuples(st.floats(0, 5), st.floats(0.01, 5)).map(sorted),
    correlation=st.floats(0, 1),
    seed=seeds,
)
def test_any_allowed_superposition_holds_together(
    count, features, dim, share, bounds, correlation, seed
):
    data = superposition(
        count, features, dim, share * features, tuple(bounds), correlation, seed=seed
    )
    assert isinstance(data, SuperpositionData)
    assert data.activations.shape == (count, dim) and data.codes.shape == (count, features)
    assert torch.allclose(data.dictionary.norm(dim=1), torch.ones(features), atol=1e-5)
    assert torch.allclose(data.activations, data.codes @ data.dictionary, atol=1e-4)
    on = data.codes[data.codes != 0]
    assert ((on >= bounds[0] - 1e-5) & (on <= bounds[1] + 1e-5)).all()
    for pair in range(0, features - 1, 2) if correlation == 1 and bounds[0] > 0 else ():
        assert torch.equal(data.codes[:, pair] > 0, data.codes[:, pair + 1] > 0)


@settings(few, max_examples=20)
@given(count=st.integers(1, 40), size=st.integers(1, 40), seed=seeds)
def test_any_allowed_patches_are_finite_and_no_flatter_than_asked(count, size, seed):
    bound = 0.3 if size > 1 else 0.0  # a single pixel does not deviate from itself
    patches = natural_image_patches(count, size, seed, bound)
    assert patches.shape == (count, size * size) and patches.dtype == torch.float32
    assert patches.isfinite().all()
    assert patches.std(dim=1, correction=0).min() >= bound - 1e-5


@few
@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=6), seed=seeds)
def test_no_more_directions_than_eigenvalues_above_zero(values, seed):
    x = spectral_data(20, values, seed).double()
    assert x.shape == (20, len(values)) and x.isfinite().all()
    rank = torch.linalg.matrix_rank(x, rtol=1e-5) if x.any() else 0
    assert rank <= sum(v > 0 for v in values)


@few
@given(dim=st.integers(1, 300), exponent=st.floats(0, 50))
def test_a_spectrum_falls_and_has_mean_1(dim, exponent):
    spectrum = power_law_spectrum(dim, exponent)
    assert spectrum.shape == (dim,) and spectrum.dtype == torch.float32
    assert float(spectrum.mean()) == pytest.approx(1, abs=1e-4)
    assert (spectrum[1:] <= spectrum[:-1]).all() and (spectrum >= 0).all()
