"""The numbers in the text of unit 7's exercises, computed again with several seeds."""

import math

import pytest
import torch

from course_lib.data import superposition
from course_lib.exercises.superposition import find_features
from course_lib.exercises.superposition.aux_loss import aux_loss
from course_lib.exercises.superposition.better_and_worse import LESS_FVU, MORE_FOUND
from course_lib.exercises.superposition.better_and_worse import MOST_L0 as PAIR_L0
from course_lib.exercises.superposition.better_and_worse import reference as pair
from course_lib.exercises.superposition.interference import interference
from course_lib.exercises.superposition.leaks_by_hand import exercise as leaks_by_hand
from course_lib.exercises.superposition.make_examples import make_examples
from course_lib.exercises.superposition.matching import linear_sum_assignment
from course_lib.exercises.superposition.seven_reports import FINDINGS
from course_lib.exercises.superposition.topk_code import topk_code
from course_lib.exercises.superposition.toy_loss import toy_loss
from course_lib.practice.superposition.laboratory import LATENTS, train
from course_lib.practice.superposition.paired_world import ACTIVE, FEATURES, PRACTICE, result, world
from tests.seeds import one_of

SEEDS = one_of(1, 0, 2)


# -- worked examples of the text -----------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_leaks_worked_out_by_hand(seed):
    """The roots of the text against random directions and random strengths of 1."""
    generator = torch.Generator().manual_seed(seed)

    def directions(count, d):
        drawn = torch.randn(count, d, generator=generator, dtype=torch.float64)
        return torch.nn.functional.normalize(drawn, dim=1)

    def typical_leak(others, d, trials=400):
        leaks = [directions(1, d)[0] @ directions(others, d).sum(dim=0) for _ in range(trials)]
        return torch.stack(leaks).square().mean().sqrt().item()

    said = leaks_by_hand.reference
    assert typical_leak(1, 100, 2000) == pytest.approx(said["cosine"], rel=0.1)
    assert typical_leak(9, 100) == pytest.approx(said["nine_on"], rel=0.2)
    assert typical_leak(400, 100) == pytest.approx(said["all_on"], rel=0.2)
    assert typical_leak(9, said["dimensions"]) == pytest.approx(0.15, rel=0.2)


def test_the_pentagon():
    angles = torch.arange(5, dtype=torch.float64) * 2 * math.pi / 5
    pentagon = torch.stack([angles.cos(), angles.sin()], dim=1)
    cosines = pentagon @ pentagon[0]
    assert cosines.tolist() == pytest.approx([1, 0.31, -0.81, -0.81, 0.31], abs=0.005)
    assert cosines.square().tolist() == pytest.approx([1, 0.10, 0.65, 0.65, 0.10], abs=0.006)
    leak, worst = interference(pentagon)
    assert leak.tolist() == pytest.approx([1.5] * 5)
    assert worst[0] in (2, 3)


def test_the_toy_model_of_the_text():
    W, b, importance = torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([1.0, 0.5])
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0], [2.0, 1.0]])
    x_hat, loss = toy_loss(W, b, x, importance)
    assert (x @ W).flatten().tolist() == [2, -1, 1]
    assert x_hat.tolist() == [[2, 0], [0, 1], [1, 0]] and loss.item() == 0.5
    losses = [toy_loss(W, b, row[None], importance)[1].item() for row in x]
    assert losses == [0, 0, 1.5]


def test_the_example_made_of_three_features():
    dictionary = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    assert (torch.tensor([0.0, 2.0, 5.0]) @ dictionary).tolist() == pytest.approx([3, 6])


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_made_resembles_what_the_course_makes(seed):
    torch.manual_seed(seed)
    ours = superposition(20_000, 30, 10, 3.0, (0.5, 1.5), seed=seed)
    x, codes = make_examples(ours.dictionary, 20_000, 3.0, 0.5, 1.5)
    for a, b in ((x, ours.activations), (codes, ours.codes)):
        assert a.square().mean().item() == pytest.approx(b.square().mean().item(), rel=0.03)


def test_the_matching_of_the_text():
    table = torch.tensor([[0.97, 0.93, 0.1], [0.94, 0.35, 0.2]], dtype=torch.float64)
    rows, columns = linear_sum_assignment(table, maximize=True)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
    partners = table[rows, columns]
    assert partners.sum().item() == pytest.approx(1.87)
    assert partners.mean().item() == pytest.approx(0.935) and (partners > 0.9).all()
    assert table.amax(dim=1).mean().item() == pytest.approx(0.955)
    assert (table[0, 0] + table[1, 1]).item() == pytest.approx(1.32)


def test_the_codes_of_the_text():
    s = torch.tensor([[0.5, 3.0, -4.0, 1.0], [-1.0, 0.25, -3.0, -2.0]])
    assert topk_code(s, 2).tolist() == [[0, 3, 0, 1], [0, 0.25, 0, 0]]


def test_the_work_for_the_dead_of_the_text():
    loss = aux_loss(
        x=torch.tensor([[4.0, 2.0]]),
        z=torch.tensor([[2.0, 0.0, 0.0]]),
        s=torch.tensor([[2.0, 0.5, -3.0]]),
        dead=torch.tensor([False, True, True]),
        dictionary=torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]),
        bias=torch.tensor([1.0, 0.0]),
        k=1,
    )
    assert loss.item() == 3.25


# -- the seven reports ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_each_report_shows_what_is_wrong(seed):
    runs = {finding: train(name, seed) for name, finding in FINDINGS.items()}
    few, giants, leak = runs["too few latents"], runs["giants"], runs["seed leak"]
    fine, never, pairs = runs["nothing wrong"], runs["never zero"], runs["features in pairs"]
    free = runs["no penalty"]
    for name, run in runs.items():
        assert run.chance == pytest.approx(0.4 if run is few else 0.5, abs=0.02)
        if run is not leak:
            assert run.start == pytest.approx(run.chance, abs=0.03)
        if run is not giants:
            assert run.loudest < 0.3, name
    assert leak.start == pytest.approx(1)
    assert leak.mmcs > 0.85 and leak.l0 > 75 and leak.fvu < 0.01
    assert free.mmcs < free.chance + 0.1 and free.l0 > 75 and free.fvu < 0.01 and free.dead == 0
    assert giants.loudest > 2.5 and giants.fvu < 0.02 and giants.mmcs < giants.chance + 0.2
    assert 20 < giants.l0 < 45 and giants.dead == 0
    assert never.l0 == LATENTS and never.mmcs < never.chance + 0.06 and never.fvu > 0.37
    assert few.mmcs > few.matched + 0.25 and few.dead < 0.05 and few.fvu > 0.3 and few.found < 0.35
    assert fine.mmcs > 0.98 and fine.matched > 0.98 and fine.found > 0.95
    assert fine.dead == pytest.approx(0.3, abs=0.05) and fine.l0 < 2.1
    assert pairs.mmcs == pytest.approx(0.76, abs=0.03) and pairs.found < 0.25
    assert pairs.dead > fine.dead + 0.1 and pairs.l0 < 2.1
    assert fine.loudest == min(run.loudest for run in runs.values())
    # the three errors that the messages rank, and who would win
    assert never.fvu == max(run.fvu for run in runs.values())
    assert sorted(run.fvu for run in runs.values())[-2] == few.fvu
    wrong = [run for run in runs.values() if run is not fine]
    assert leak.mmcs == max(run.mmcs for run in wrong)
    assert leak.fvu <= min(run.fvu for run in wrong) + 0.005
    assert pairs.fvu > leak.fvu and pairs.mmcs < leak.mmcs


# -- features that come together ------------------------------------------------------------------


def test_the_world_is_as_the_text_says():
    data = superposition(
        50_000, FEATURES, 32, ACTIVE, (1.5, 4.5), 0.5, 0.15, seed=PRACTICE, keep_codes=True
    )
    on = data.codes > 0
    first, second = on[:, 0::2], on[:, 1::2]
    company = second[first].double().mean().item()
    assert company == pytest.approx(0.5 + 0.5 * ACTIVE / FEATURES, abs=0.02)
    assert on.sum(dim=1).double().mean().item() == pytest.approx(4, abs=0.1)
    assert data.codes[on].min() > 1.49 and data.codes[on].max() < 4.51


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_are_the_trouble(seed):
    settings = {"latents": 160, "k": 4, "seed": seed}
    in_pairs = result(world(PRACTICE + 3 * seed), **settings).found
    alone = result(world(PRACTICE + 3 * seed, 0.0), **settings).found
    assert 0.6 < in_pairs < 0.9 and alone > 0.95


@pytest.fixture(scope="module", params=SEEDS, ids="seed {}".format)
def elsewhere(request):
    """Settings tried on a world of another seed."""
    data = world(72 + 5 * request.param)
    return lambda **settings: result(data, seed=request.param, **settings)


def test_several_settings_reach_the_bounds(elsewhere):
    for settings in (
        find_features.reference(),
        {"latents": 180, "l1_weight": 2.2},
        {"latents": 160, "l1_weight": 1.7, "learning_rate": 0.015},
    ):
        assert all(find_features.reaches(elsewhere(**settings))), settings
    assert not all(find_features.reaches(elsewhere(latents=80, k=4)))
    assert not all(find_features.reaches(elsewhere(latents=128, l1_weight=0.45)))


def test_the_pair_reaches_its_bounds_elsewhere(elsewhere):
    low, finds = (elsewhere(**pair()[name]) for name in ("low_error", "finds_features"))
    assert finds.fvu - low.fvu > LESS_FVU + 0.01
    assert finds.found - low.found > MORE_FOUND + 0.1
    assert max(low.l0, finds.l0) < PAIR_L0 - 0.5
    shown = elsewhere(latents=80, k=4), elsewhere(latents=100, l1_weight=1.0)  # the form's example
    assert shown[1].found - shown[0].found < MORE_FOUND


def test_the_search_that_the_text_draws():
    runs = [result(world(PRACTICE), latents=80, k=k) for k in (2, 3, 4, 6, 8)]
    errors, found = [r.fvu for r in runs], [r.found for r in runs]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(0.36, abs=0.03) and errors[-1] == pytest.approx(
        0.14, abs=0.02
    )
    assert found[0] == pytest.approx(0.3, abs=0.08) and found[-1] == pytest.approx(0.3, abs=0.08)
    assert all(0.45 < share < 0.7 for share in found[1:4])
