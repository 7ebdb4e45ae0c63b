"""A new start for dead latents: who gets one, what it looks like, and that it helps."""

import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

import course_lib
from course_lib import ReviveDead, SparseAutoencoder, Trainer, superposition
from course_lib.autoencoders import StandardAutoencoder
from course_lib.errors import WrongArgument
from course_lib.training import Callback, Objective
from course_lib.training.reviving import draw_badly_reconstructed, forget, restart


def some_data(count=2000, seed=0):
    return superposition(count, features=24, dim=12, active=1.5, seed=seed)


def dying(latents=32, seed=100, dead=20, **options):
    """A model whose last `dead` latents are active on nothing, and can never wake by themselves."""
    torch.manual_seed(seed)
    model = SparseAutoencoder(12, latents, layers=1, **options)
    with torch.no_grad():
        model.encoder.bias[latents - dead :] = -100
    return model


def dead_latents(model, x):
    with torch.no_grad():
        return (model.encode(x) == 0).all(dim=0)


def fit(model, x, callbacks=(), steps=300, objective=None, **options):
    options = {"num_steps": steps, "batch_size": 128, "learning_rate": 0.005} | options
    objective = objective or Objective("l1", 0.3, reduction="sum")
    trainer = Trainer(model, objective, device="cpu", callbacks=callbacks, **options)
    trainer.fit(x)
    return trainer


@pytest.mark.parametrize("fast", [None, False])
@pytest.mark.parametrize("options", [{}, {"activation": "topk", "k": 2}], ids=["relu", "topk"])
def test_latents_come_back_and_more_is_found(options, fast):
    data = some_data()
    scale = 1.0 if options else 0.2
    reviver = ReviveDead(data.activations, every=30, encoder_scale=scale)
    scores = {}
    for name, callbacks in (("left", []), ("revived", [reviver])):
        model = dying(**options)
        fit(model, data.activations, callbacks, fast=fast)
        dead = int(dead_latents(model, data.activations).sum())
        scores[name] = dead, course_lib.mmcs(model.dictionary, data.dictionary)
    assert scores["left"][0] >= 20 and scores["revived"][0] < 10
    assert scores["revived"][1] > scores["left"][1] + 0.1


class Before(Callback):
    """Keeps a copy of the weights and of Adam's memory before `callback` acts."""

    def __init__(self, callback):
        self.callback = callback

    def on_fit_start(self, trainer):
        self.callback.on_fit_start(trainer)

    def on_step_end(self, trainer):
        self.weights = {n: p.detach().clone() for n, p in trainer.model.named_parameters()}
        self.dead = dead_latents(trainer.model, self.callback.x)
        self.callback.on_step_end(trainer)


def test_only_dead_latents_are_touched_and_start_anew():
    data, model = some_data(), dying()
    with torch.no_grad():
        model.decoder.bias.add_(0.5)
    callback = ReviveDead(data.activations, every=10, until=1.0)
    before = Before(callback)
    trainer = fit(model, data.activations, [before], steps=11, learning_rate=1e-9)
    # the last look was at step 10; what it did is seen through the next step, which is tiny
    assert callback.revived == [int(dead_latents(dying(), data.activations).sum())]
    model = dying()
    callback = ReviveDead(data.activations, every=10, until=1.0)
    before = Before(callback)
    trainer = fit(model, data.activations, [before], steps=10)
    dead, old = before.dead, before.weights
    assert 20 <= dead.sum() < 32 and callback.revived == [int(dead.sum())]
    new = dict(model.named_parameters())
    for name in ("encoder.weight", "encoder.bias"):
        assert torch.equal(new[name][~dead], old[name][~dead])
    atoms = normalize(old["decoder.weight"], dim=1)  # training ends by folding the norm
    assert torch.allclose(new["decoder.weight"][~dead], atoms[~dead], atol=1e-6)
    assert torch.equal(new["decoder.bias"], old["decoder.bias"])
    # atom and encoder row point the same way, and the bias takes c off
    cosines = cosine_similarity(new["encoder.weight"], new["decoder.weight"])
    assert torch.allclose(cosines[dead], torch.ones(int(dead.sum())), atol=1e-5)
    norms = new["encoder.weight"].norm(dim=1)
    expected = 0.2 * norms[~dead].mean()
    assert torch.allclose(norms[dead], expected.expand(int(dead.sum())), atol=1e-6)
    at_c = new["encoder.weight"][dead] @ new["decoder.bias"] + new["encoder.bias"][dead]
    assert at_c.abs().max() < 1e-6
    for parameter in (model.decoder.weight, model.encoder.weight, model.encoder.bias):
        for name in ("exp_avg", "exp_avg_sq"):
            moments = trainer.optimizer.state[parameter][name]
            assert moments[dead].abs().sum() == 0 and moments[~dead].abs().sum() > 0


def test_a_new_direction_is_a_residual():
    """With everybody dead the reconstruction is c, and residuals are x - c."""
    data = some_data(50)
    model = dying(dead=32)
    fit(model, data.activations, [ReviveDead(data.activations, every=5, until=1.0)], steps=5)
    residual = normalize(data.activations - model.decoder.bias, dim=1)
    nearest = (model.dictionary.detach() @ residual.T).amax(dim=1)
    assert torch.allclose(nearest, torch.ones(32), atol=1e-4)
    assert torch.allclose(model.encoder.weight.norm(dim=1), torch.tensor(12 / 32), atol=1e-6)


def test_examples_are_drawn_in_proportion_to_their_squared_loss():
    residual = torch.zeros(4, 3)
    residual[0, 0], residual[1, 1], residual[2, 2] = 1.0, 2**0.5, 2.0  # losses 1, 2, 4, 0
    counts = torch.zeros(4)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3000):
        counts[draw_badly_reconstructed(residual, 1, generator)] += 1
    shares = (counts / counts.sum()).tolist()
    assert shares == pytest.approx([1 / 21, 4 / 21, 16 / 21, 0], abs=0.03)
    every = draw_badly_reconstructed(residual, 10, generator)
    assert sorted(every.tolist()) == [0, 1, 2]  # each once, and none without a loss
    assert len(draw_badly_reconstructed(torch.zeros(4, 3), 2, generator)) == 0
    huge = draw_badly_reconstructed(1e18 * residual, 2, generator)
    assert len(huge) == 2


def test_looks_come_at_their_steps_and_end_in_time():
    data = some_data(500)
    callback = ReviveDead(data.activations, every=10, until=0.5)
    fit(dying(), data.activations, [callback], steps=100)
    assert len(callback.revived) == 5 and callback.revived[0] >= 20
    fit(dying(), data.activations, [callback], steps=40)  # a second run starts afresh
    assert len(callback.revived) == 2


def test_the_seed_decides():
    data = some_data(500)
    found = []
    for seed in (0, 0, 1):
        model = dying()
        fit(model, data.activations, [ReviveDead(data.activations, 20, seed=seed)], steps=60)
        found.append(model.dictionary.detach())
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_nothing_happens_where_nobody_is_dead():
    data = some_data(500)
    plain, watched = dying(dead=0), dying(dead=0)
    weak = Objective("l1", 0.001, reduction="sum")
    fit(plain, data.activations, steps=40, objective=weak)
    callback = ReviveDead(data.activations, every=10)
    fit(watched, data.activations, [callback], steps=40, objective=weak)
    assert callback.revived == [0, 0]
    assert torch.equal(plain.dictionary, watched.dictionary)


@pytest.mark.parametrize(
    "model", [SparseAutoencoder(12, 8), StandardAutoencoder(12, 8)], ids=["two layers", "dense"]
)
def test_models_it_does_not_know_are_refused_before_training(model):
    x = some_data(100).activations
    with pytest.raises(WrongArgument, match="layers=1"):
        fit(model, x, [ReviveDead(x)], steps=2)


@pytest.mark.parametrize(
    "change",
    [
        {"every": 0},
        {"until": 0},
        {"until": 1.5},
        {"encoder_scale": 0},
        {"seed": -1},
        {"x": torch.ones(5)},
    ],
    ids=str,
)
def test_wrong_settings_are_refused(change):
    with pytest.raises(WrongArgument):
        ReviveDead(**({"x": torch.rand(5, 12)} | change))


def test_examples_of_another_width_are_refused():
    with pytest.raises(WrongArgument, match="x has shape"):
        fit(dying(), some_data(100).activations, [ReviveDead(torch.rand(5, 11))], steps=2)


def test_restart_and_forget_without_anybody():
    model = dying()
    before = model.decoder.weight.detach().clone()
    optimizer = torch.optim.Adam(model.parameters())
    nobody = torch.empty(0, dtype=torch.long)
    with torch.no_grad():
        restart(model, nobody, torch.empty(0, 12), 0.2)
        forget(optimizer, model, nobody)  # Adam has no memory yet
    assert torch.equal(model.decoder.weight, before)


def test_it_is_public():
    assert "ReviveDead" in course_lib.__all__
