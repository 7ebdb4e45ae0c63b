"""Detectors against brute force, interventions against arithmetic by hand, dossiers of a latent
whose meaning is planted."""

import math

import pytest
import torch
from torch import nn

from course_lib import (
    Feature,
    LanguageModel,
    LatentReader,
    SparseAutoencoder,
    StandardAutoencoder,
    WrongArgument,
    ablate,
    best_detectors,
    both_signs,
    change_output,
    continue_text,
    draw_dossier,
    linear_probes,
    next_word_probabilities,
    principal_directions,
    splice,
    splice_report,
    steer,
    tell_stories,
)
from course_lib.charts.dossier import describe
from course_lib.data.stories import END, LONGEST, VOCABULARY

# -- detectors ------------------------------------------------------------------------------------


def test_scores_by_hand():
    """Column 1 at 0.5 says rows 0, 1 and 3: two of the three that are there, one false alarm."""
    values = torch.tensor([[0.0, 0.9], [0.1, 0.8], [0.0, 0.2], [0.3, 0.0], [0.0, 0.1]])
    labels = torch.tensor([[True], [True], [False], [False], [False]])
    test_values = torch.tensor([[0.0, 0.9], [0.0, 0.8], [0.0, 0.3], [0.0, 1.0]])
    test_labels = torch.tensor([[True], [True], [True], [False]])
    (found,) = best_detectors(values, labels, test_values, test_labels)
    assert (found.column, found.threshold) == (1, pytest.approx(0.8))
    assert found.precision == pytest.approx(2 / 3) and found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def brute_force(values, labels):
    """The highest F1 of any column and any threshold, one after another."""
    best = 0.0
    for column in values.T:
        for threshold in column.unique():
            said = column >= threshold
            hits = int((said & labels).sum())
            best = max(best, 2 * hits / int(said.sum() + labels.sum()))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_no_threshold_and_no_column_is_better(seed):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(60, 5, generator=generator).relu()  # many ties at zero
    values[:, 3] = values[:, 3].round()  # and elsewhere
    labels = torch.rand(60, 4, generator=generator) < 0.3
    found = best_detectors(values, labels, values, labels)  # judged where they were chosen
    for feature, detector in enumerate(found):
        assert detector.f1 == pytest.approx(brute_force(values, labels[:, feature]))
        said = values[:, detector.column] >= detector.threshold
        hits = int((said & labels[:, feature]).sum())
        assert detector.recall == pytest.approx(hits / int(labels[:, feature].sum()))


def test_a_detector_is_judged_on_the_other_examples_alone():
    values = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    labels = torch.tensor([[True], [False]])
    (found,) = best_detectors(values, labels, values.flip(1), labels)
    assert found.column == 0 and found.f1 == 0 and found.precision == 0 and found.recall == 0


def test_a_feature_that_the_test_set_lacks_scores_zero():
    values = torch.tensor([[1.0], [0.0]])
    labels = torch.tensor([[True], [False]])
    (found,) = best_detectors(values, labels, values * 0, labels & False)
    assert (found.f1, found.precision, found.recall) == (0, 0, 0)


def test_wrong_examples_are_refused():
    values, labels = torch.rand(4, 2), torch.ones(4, 3, dtype=torch.bool)
    for wrong, message in (
        ((values, labels.float(), values, labels), "labels must be a tensor"),
        ((values, labels[:3], values, labels), "values has 4 examples and labels 3"),
        ((values, labels, values[:, :1], labels), "they must agree"),
        ((values, labels, values, labels[:, :2]), "they must agree"),
        ((values * math.nan, labels, values, labels), "values"),
        ((values, labels & (torch.arange(3) != 1), values, labels), "no example of feature 1"),
    ):
        with pytest.raises(WrongArgument, match=message):
            best_detectors(*wrong)


def test_a_neuron_may_say_it_by_a_low_value():
    x = torch.tensor([[-2.0], [-1.0], [0.0], [1.0]])
    labels = torch.tensor([[True], [True], [False], [False]])
    (one_sign,) = best_detectors(x, labels, x, labels)
    (either,) = best_detectors(both_signs(x), labels, both_signs(x), labels)
    assert one_sign.f1 < 0.7 and either.f1 == 1 and either.column == 1


def test_principal_directions_come_by_falling_variance():
    torch.manual_seed(0)
    turn = torch.linalg.qr(torch.randn(4, 4)).Q
    x = torch.randn(5000, 4) * torch.tensor([3.0, 0.5, 2.0, 1.0]) @ turn + 7
    directions = principal_directions(x)
    deviations = ((x - x.mean(0)) @ directions).std(dim=0)
    torch.testing.assert_close(deviations, torch.tensor([3.0, 2.0, 1.0, 0.5]), rtol=0.05, atol=0)
    torch.testing.assert_close(directions.T @ directions, torch.eye(4), atol=1e-5, rtol=0)


def test_probes_find_a_direction_that_no_neuron_has():
    torch.manual_seed(0)
    x = torch.randn(2000, 8)
    hidden = torch.randn(8, 2)
    labels = x @ hidden + torch.tensor([1.0, -2.0]) > 0
    probes = linear_probes(x[:1000], labels[:1000])
    values = probes(x)
    found = [
        best_detectors(
            values[:1000, [i]], labels[:1000, [i]], values[1000:, [i]], labels[1000:, [i]]
        )[0].f1
        for i in range(2)
    ]
    assert min(found) > 0.97 and not probes.weight.requires_grad
    for i in range(2):
        cosine = torch.cosine_similarity(probes.weight[i], hidden[:, i], dim=0)
        assert cosine > 0.97


# -- interventions --------------------------------------------------------------------------------


@pytest.fixture
def autoencoder():
    torch.manual_seed(3)
    model = SparseAutoencoder(8, 12, layers=1)
    with torch.no_grad():
        model.encoder.bias.normal_(0.2, 0.3)
        model.decoder.bias.normal_()
        model.decoder.weight.mul_(3.0)  # stored rows are not of unit norm; the atoms are
    return model.eval()


def stream():
    return torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))


def test_splicing_puts_the_reconstruction_in_place(autoencoder):
    h = stream()
    expected = torch.stack([autoencoder(rows) for rows in h])
    torch.testing.assert_close(splice(autoencoder)(h), expected)


def test_ablating_takes_one_atom_away_and_leaves_the_error(autoencoder):
    h = stream()
    z = autoencoder.encode(h.flatten(0, 1)).view(2, 5, 12)
    assert bool((z[..., 4] > 0).any())
    expected = h - z[..., 4:5] * autoencoder.dictionary[4]
    torch.testing.assert_close(ablate(autoencoder, 4)(h), expected)
    without = autoencoder.decode((z * (torch.arange(12) != 4)).flatten(0, 1)).view_as(h)
    error = h - splice(autoencoder)(h)
    torch.testing.assert_close(ablate(autoencoder, 4)(h), without + error)


def test_steering_sets_latents_where_it_is_asked_to(autoencoder):
    h = stream()
    where = torch.zeros(2, 5, dtype=torch.bool)
    where[1, 2] = True
    steered = steer(autoencoder, {4: 0.0, 7: 2.5}, where)(h)
    z = autoencoder.encode(h[1, 2:3])[0]
    atoms = autoencoder.dictionary
    expected = h[1, 2] - z[4] * atoms[4] + (2.5 - z[7]) * atoms[7]
    torch.testing.assert_close(steered[1, 2], expected)
    steered[1, 2] = h[1, 2]
    assert torch.equal(steered, h)
    everywhere = steer(autoencoder, {4: 0.0, 7: 2.5})(h)
    torch.testing.assert_close(everywhere[1, 2], expected)
    assert not torch.allclose(everywhere[0], h[0])


def test_a_latent_that_is_set_to_what_it_is_changes_nothing(autoencoder):
    h = stream()[:1, :1]
    z = autoencoder.encode(h[0]).detach()
    same = {j: float(z[0, j]) for j in range(12)}
    torch.testing.assert_close(steer(autoencoder, same)(h), h)


def test_what_cannot_be_steered_is_refused(autoencoder):
    with pytest.raises(WrongArgument, match="no latent 12; the last one is 11"):
        ablate(autoencoder, 12)
    for wrong in (-1, 1.5, "3"):
        with pytest.raises(WrongArgument, match="a latent is"):
            ablate(autoencoder, wrong)
    with pytest.raises(WrongArgument, match="a value is nan"):
        steer(autoencoder, {1: math.nan})
    for other in (StandardAutoencoder(8, 12), SparseAutoencoder(8, 12, layers=2)):
        with pytest.raises(WrongArgument, match="SparseAutoencoder of one layer"):
            ablate(other, 1)


class Copier(nn.Module):
    """A "language model" whose stream is the one-hot of the word to come, so that all is known."""

    def __init__(self):
        super().__init__()
        self.block = nn.Identity()
        self.scale = nn.Parameter(torch.tensor(4.0))

    def forward(self, tokens):
        h = self.block(nn.functional.one_hot((tokens + 1) % 8, 8).float())
        return self.scale * h


def test_a_perfect_reconstruction_recovers_all_and_zeros_nothing():
    model = Copier()
    perfect = SparseAutoencoder(8, 8, layers=1)
    with torch.no_grad():
        for weight in (perfect.encoder.weight, perfect.decoder.weight):
            weight.copy_(torch.eye(8))
        perfect.encoder.bias.zero_()
        perfect.decoder.bias.zero_()
    tokens = torch.arange(6)[None]
    mask = torch.ones(1, 6, dtype=torch.bool)
    report = splice_report(model, model.block, perfect, tokens, mask, torch.full((8,), 0.125))
    expected = -math.log(math.exp(4) / (math.exp(4) + 7))
    assert report.loss == pytest.approx(expected, rel=1e-4)
    assert report.change == pytest.approx(0, abs=1e-6)
    assert report.loss_recovered == pytest.approx(1)
    assert report.zero_loss == pytest.approx(math.log(8), rel=1e-4) == report.mean_loss
    with torch.no_grad():
        perfect.encoder.weight.zero_()  # now the code is zero, and so is the reconstruction
    report = splice_report(model, model.block, perfect, tokens, mask, torch.zeros(8))
    assert report.loss_recovered == pytest.approx(0, abs=1e-6)
    assert f"{report.spliced_loss:.4f}" in str(report) and "loss recovered 0.0000" in str(report)


def test_probabilities_of_the_changed_model():
    model = Copier()
    tokens = torch.tensor([[2, 5]])
    plain = next_word_probabilities(model, tokens)
    assert plain.shape == (1, 2, 8) and plain[0, 0].argmax() == 3
    flipped = next_word_probabilities(model, tokens, model.block, lambda h: -h)
    assert flipped[0, 0].argmin() == 3
    torch.testing.assert_close(next_word_probabilities(model, tokens), plain)  # all is put back


def test_a_text_goes_on_until_it_stops():
    model = Copier()
    assert continue_text(model, torch.tensor([2]), 3).tolist() == [2, 3, 4, 5]
    assert continue_text(model, torch.tensor([2]), 9, stop=4).tolist() == [2, 3, 4]
    drawn = [continue_text(model, torch.tensor([2]), 4, seed=s).tolist() for s in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1] and len({tuple(d) for d in drawn}) > 1
    with change_output(model.block, lambda h: h.roll(1, dims=-1)):
        assert continue_text(model, torch.tensor([2]), 2).tolist() == [2, 4, 6]
    with pytest.raises(WrongArgument, match="count is 0"):
        continue_text(model, torch.tensor([2]), 0)


# -- dossiers -------------------------------------------------------------------------------------

SHE = VOCABULARY.index("she")


@pytest.fixture(scope="module")
def planted():
    """A model and an autoencoder of which latent 3 is active exactly before "her", with 2.0, and
    adds to the chance of "she"; latent 5 is dead. (The model is built, not trained.)"""
    stories = tell_stories(40, seed=8)
    feature = Feature("gender", "girl", "her or his")
    there = stories.where(feature)

    class Planted(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Identity()
            self.unembedding = nn.Linear(4, len(VOCABULARY), bias=False)
            nn.init.zeros_(self.unembedding.weight)
            with torch.no_grad():
                self.unembedding.weight[SHE, 2] = 3.0

        def forward(self, tokens):
            rows = [
                next(i for i, known in enumerate(stories.tokens) if torch.equal(known, row))
                for row in tokens
            ]
            h = torch.zeros(*tokens.shape, 4)
            h[..., 2] = 2.0 * there[rows]
            return self.unembedding(self.block(h))

    autoencoder = SparseAutoencoder(4, 6, layers=1)
    with torch.no_grad():
        autoencoder.encoder.weight.zero_()
        autoencoder.encoder.bias.fill_(-1.0)
        autoencoder.encoder.weight[3, 2], autoencoder.encoder.bias[3] = 1.0, 0.0
        autoencoder.decoder.weight.copy_(torch.eye(6)[:, :4] + 1e-3)
        autoencoder.decoder.weight[3] = torch.tensor([0.0, 0.0, 1.0, 0.0])
        autoencoder.decoder.bias.zero_()
    model = Planted()
    return LatentReader(model, model.block, autoencoder.eval(), stories), stories, feature, there


def test_a_dossier_tells_what_was_planted(planted):
    reader, stories, feature, there = planted
    dossier = reader.dossier(3, examples=4)
    torch.testing.assert_close(dossier.activations, 2.0 * there)
    assert dossier.density == pytest.approx(float(there.sum() / stories.mask.sum()))
    assert len(dossier.examples) == 4 and all(bool(there[i, j]) for i, j in dossier.examples)
    best, score = dossier.features[0]
    assert best == feature and score.f1 == score.precision == score.recall == 1.0
    n, e6 = len(VOCABULARY), math.exp(6)
    assert float(dossier.effects[SHE]) == pytest.approx(e6 / (e6 + n - 1) - 1 / n, rel=1e-4)
    assert float(dossier.effects.sum()) == pytest.approx(0, abs=1e-5)


def test_a_dossier_is_drawn_and_described(planted):
    from matplotlib.figure import Figure

    reader, stories, _, _ = planted
    figure = Figure(figsize=(7.2, 5.2))
    text = draw_dossier(figure, reader.dossier(3), stories, VOCABULARY)
    drawn = " ".join(t.get_text() for axes in figure.axes for t in axes.texts)
    assert "then" in drawn and len(figure.axes) == 4
    for part in ("Latent 3 is active at", "most at then", "she", "more likely", "F1 1.00"):
        assert part in text
    assert "gender is girl, for her or his" in text


def test_a_dead_latent_has_a_dossier_too(planted):
    from matplotlib.figure import Figure

    reader, stories, _, _ = planted
    dossier = reader.dossier(5)
    assert dossier.density == 0 and not dossier.examples and not dossier.features
    assert not bool(dossier.effects.any())
    assert "dead" in draw_dossier(Figure(), dossier, stories, VOCABULARY)
    assert "dead" in describe(dossier, stories, VOCABULARY)


@pytest.mark.parametrize("latent", [6, -1, 2.5])
def test_a_latent_that_is_not_there_is_refused(planted, latent):
    with pytest.raises(WrongArgument, match="latent is"):
        planted[0].dossier(latent)


def test_padding_has_no_code(planted):
    reader, stories, _, _ = planted
    assert reader.codes.shape == (40, LONGEST, 6)
    assert not bool(reader.codes[~stories.mask].any())
    assert VOCABULARY[int(stories.tokens[0, -1])] == END


def test_the_real_model_takes_it_all():
    """The pieces fit the course's own language model: shapes, hooks, masks."""
    torch.manual_seed(0)
    stories = tell_stories(12, seed=4)
    model = LanguageModel(len(VOCABULARY), dim=8, blocks=2, heads=2).eval()
    sae = SparseAutoencoder(8, 16, layers=1, activation="topk", k=3).eval()
    reader = LatentReader(model, model.blocks[0], sae, stories)
    busiest = int(reader.density.argmax())
    dossier = reader.dossier(busiest)
    assert dossier.examples and len(dossier.features) == 3
    assert int((reader.codes > 0).sum(dim=2).max()) <= 3
    report = splice_report(
        model, model.blocks[0], sae, stories.tokens, stories.mask, torch.zeros(8)
    )
    assert report.zero_loss == pytest.approx(report.mean_loss)
