"""The numbers in the text of unit 6's exercises, computed again with several seeds."""

from dataclasses import replace

import pytest
import torch

from course_lib.evaluation import chance_mmcs
from course_lib.exercises.sparse_autoencoder.best_dictionary import BOUND, DEFAULTS, score
from course_lib.exercises.sparse_autoencoder.best_dictionary import reference as best
from course_lib.exercises.sparse_autoencoder.evaluation_report import evaluation_report
from course_lib.exercises.sparse_autoencoder.loss_terms import loss_terms
from course_lib.exercises.sparse_autoencoder.recovery import recovery
from course_lib.exercises.sparse_autoencoder.six_faults import FAULTS
from course_lib.exercises.sparse_autoencoder.six_mends import MENDS, misses
from course_lib.exercises.sparse_autoencoder.sparse_module import SparseAutoencoder
from course_lib.exercises.sparse_autoencoder.tied_module import TiedSparseAutoencoder
from course_lib.practice.sparse_autoencoder.clinic import RUNS, Settings, six_runs, train
from course_lib.practice.sparse_autoencoder.known_world import world
from tests.seeds import one_of

SEEDS = one_of(1, 0, 2)
HEALTHY = Settings(latents=32, l1_weight=0.3, learning_rate=0.03, normalise="rows")


# -- worked examples of the text -----------------------------------------------------------------


def test_the_reconstruction_of_the_text():
    model = SparseAutoencoder(2, 2)
    with torch.no_grad():
        model.encoder.weight.zero_()
        model.encoder.bias.copy_(torch.tensor([2.0, 5.0]))
        model.atoms.copy_(torch.tensor([[3.0, 0.0], [1.2, 1.6]]))  # of any length
        model.decoder_bias.copy_(torch.tensor([0.0, 1.0]))
        x_hat, z = model(torch.ones(1, 2))
    assert z.tolist() == [[2, 5]] and x_hat[0].tolist() == pytest.approx([5, 5])


def test_tied_weights_leave_about_half_of_the_parameters():
    untied, tied = (
        sum(p.numel() for p in cls(64, 256).parameters())
        for cls in (SparseAutoencoder, TiedSparseAutoencoder)
    )
    assert (untied, tied) == (33_088, 16_704)


def test_the_loss_of_the_text():
    x = torch.zeros(2, 2)
    x_hat = torch.tensor([[1.0, 2.0], [0.0, 1.0]])
    z = torch.tensor([[0.0, 3.0, 1.0], [0.0, 0.0, 2.0]])
    loss, terms = loss_terms(x, x_hat, z, 0.5)
    assert (loss.item(), terms["reconstruction"].item(), terms["sparsity"].item()) == (4.5, 3, 1.5)


def test_the_report_of_the_text():
    first = (
        torch.tensor([[1.0, 0.0], [3.0, 0.0]]),
        torch.tensor([[1.0, 1.0], [3.0, 0.0]]),
        torch.tensor([[2.0, 0.0, 0.0], [4.0, 0.0, 0.0]]),
    )
    second = (
        torch.tensor([[5.0, 3.0]]),
        torch.tensor([[5.0, 4.0]]),
        torch.tensor([[0.0, 0.0, 9.0]]),
    )
    report = evaluation_report([first, second])
    assert report["FVU"] == pytest.approx(2 / 14)
    assert report["L0"] == 1 and report["dead_fraction"] == pytest.approx(1 / 3)
    assert report["mean_activation"].tolist() == [2, 0, 3]


def test_the_recovery_of_the_text():
    cosines = torch.tensor([[0.2, 0.95, -0.3], [-0.97, 0.1, 0.25]], dtype=torch.float64)
    atoms = torch.zeros(3, 5, dtype=torch.float64)  # two features on the axes, the rest elsewhere
    atoms[:, :2] = cosines.T
    atoms[:, 2:] = torch.diag((1 - cosines.square().sum(dim=0)).sqrt())
    features = torch.eye(5, dtype=torch.float64)[:2]
    assert recovery(atoms, features) == pytest.approx((0.6, 0.5))


def test_the_way_out_and_what_closes_it():
    """z a tenth and W₃ ten times: h' and x_hat stay. With columns of length 1 they do not."""
    torch.manual_seed(0)
    z, W3, b3 = torch.rand(5, 4), torch.randn(6, 4), torch.randn(6)

    def hidden(z, W3):
        return torch.relu(z @ W3.T + b3)

    def unit_columns(W3):
        return W3 / W3.norm(dim=0)

    assert torch.allclose(hidden(z, W3), hidden(z / 10, 10 * W3), atol=1e-5)
    held, moved = hidden(z, unit_columns(W3)), hidden(z / 10, unit_columns(10 * W3))
    assert (held - moved).abs().max() > 0.1


# -- the clinic ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=SEEDS, ids="seed {}".format)
def clinic(request):
    """The six runs of a seed by letter, and the seed."""
    return {run.name: run for run in six_runs(request.param)}, request.param


def test_each_run_shows_its_fault(clinic):
    runs, _ = clinic
    a, b, c, d, e, f = (runs[name] for name in "ABCDEF")
    assert all(misses(run) for run in runs.values())
    for run in (a, b, d, e):  # unit-norm atoms
        assert run.rows == pytest.approx((1, 1)) and run.columns[1] - run.columns[0] > 0.4
    assert a.fvu > 0.2 and a.dead == 0 and a.l0 < 4 and a.found < 0.5
    assert b.dead > 0.75 * b.latents and b.l0 < 0.5 and b.fvu > 0.85
    assert c.columns == pytest.approx((1, 1)) and c.rows[0] < 0.1
    assert c.fvu < 0.11 and c.l0 < 2.6 and c.found >= 0.85 and c.dead > 0.25 * c.latents
    assert d.l0 > 15 and d.dead == 0 and d.found < 0.1
    assert d.fvu == min(run.fvu for run in runs.values())
    assert e.dead > 0.85 * e.latents and e.fvu > 0.9
    assert f.rows[1] == max(run.rows[1] for run in runs.values()) > 3
    assert f.l0 > 4 and f.fvu < 0.05 and f.found < 0.8 and f.dead < 0.15 * f.latents
    if e.strength:
        assert f.strength == min(run.strength for run in runs.values())


def test_the_curves_of_the_text(clinic):
    runs, seed = clinic
    first = {name: run.losses[0] for name, run in runs.items()}
    last = {name: sum(run.losses[-10:]) / 10 for name, run in runs.items()}
    assert first["B"] > 2.4 * max(first[name] for name in "ACDEF")
    assert max(runs["E"].losses[1:10]) > 3 * first["E"]  # the jump
    assert last["D"] < 0.06
    for name in "ABCDF":  # none of the others jumps up
        assert max(runs[name].losses[1:10]) < 1.2 * first[name]
    if seed == 0:
        starts = [first[name] for name in "ABCDEF"]
        assert starts == pytest.approx([1.5, 6.1, 1.75, 1.35, 2.3, 2.3], abs=0.1)
        ends = [last[name] for name in "ABCDEF"]
        assert ends == pytest.approx([0.78, 1.45, 0.5, 0.04, 1.5, 0.2], abs=0.1)
        assert max(runs["E"].losses) == pytest.approx(10, abs=1)


def test_the_mends_hold_with_other_seeds(clinic):
    _, seed = clinic
    assert set(FAULTS) == set(MENDS)
    for name, change in MENDS.items():
        settings = replace(RUNS[name], **change)
        assert settings == HEALTHY and not misses(train("", settings, seed))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("A", {"latents": 24}),
        ("A", {"latents": 40}),
        ("B", {"l1_weight": 0.25}),
        ("D", {"l1_weight": 0.4}),
        ("E", {"learning_rate": 0.02}),
        ("E", {"learning_rate": 0.05}),
    ],
)
def test_other_mends_will_do(name, change):
    for seed in SEEDS:
        assert not misses(train("", replace(RUNS[name], **change), seed))


def test_the_run_that_the_text_shows_is_not_mended():
    assert misses(train("", replace(RUNS["B"], l1_weight=0.05), 0))


# -- the best dictionary -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_several_settings_reach_the_bound_and_the_defaults_do_not(seed):
    """On worlds of other seeds, too."""
    data = world(62 + seed)
    x, features = data.activations, data.dictionary
    assert score(x, features, **DEFAULTS, seed=seed) == pytest.approx(0.51, abs=0.04)
    assert chance_mmcs(96, features, seed) == pytest.approx(0.35, abs=0.015)
    for settings in (
        best(),
        {"latents": 128, "l1_weight": 0.4, "learning_rate": 0.01, "schedule": "linear"},
        {"latents": 128, "l1_weight": 0.5, "learning_rate": 0.01},
        {"latents": 120, "l1_weight": 0.5, "learning_rate": 0.01, "schedule": "linear"},
    ):
        assert score(x, features, **settings, seed=seed) > BOUND + 0.005, settings


def test_the_search_that_the_text_draws():
    data = world(61)
    rates = (0.001, 0.003, 0.01, 0.03)
    weak, strong = (
        [
            score(data.activations, data.dictionary, l1_weight=weight, learning_rate=rate)
            for rate in rates
        ]
        for weight in (0.05, 0.1)
    )
    assert weak == sorted(weak) and strong == sorted(strong)
    assert weak[0] == pytest.approx(0.49, abs=0.03) and strong[0] == pytest.approx(0.53, abs=0.02)
    assert strong[-1] == pytest.approx(0.71, abs=0.03) and strong[-1] > weak[-1] + 0.05
