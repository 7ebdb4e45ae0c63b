"""Training: two ways to the same weights, exact losses, early stopping, schedules, bad input."""

import copy
import dataclasses
import inspect
import io
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training_cases import (
    WIDTH,
    every_model,
    examples,
    largest_difference,
    sae,
    same_bits,
    train,
    weights,
)

import course_lib
from course_lib import losses
from course_lib.autoencoders import (
    BasicAutoencoder,
    SparseAutoencoder,
    TiedWeightSparseAutoencoder,
)
from course_lib.errors import CourseError, UnknownName, WrongArgument
from course_lib.training import (
    Callback,
    Objective,
    Trainer,
    TrainingOptions,
    train_sparse_autoencoder_with_early_stopping,
    trainer,
)
from course_lib.training.adam import AdamStep
from course_lib.training.gradients import AutogradGradients, fast_gradients
from course_lib.training.objectives import ObjectiveModule

KEYS = [
    "train_loss", "train_recon_loss", "train_sparsity_loss",
    "val_loss", "val_recon_loss", "val_sparsity_loss", "epochs_trained",
]  # fmt: skip
LISTS = KEYS[:-1]
NAN, INFINITY = float("nan"), float("inf")


def early_stopping(model=None, train_data=None, val_data=None, **options):
    """The documented door; what a test does not name is small."""
    options = {"num_epochs": 3, "learning_rate": 1e-2, "patience": 3} | options
    return train_sparse_autoencoder_with_early_stopping(
        model or sae(),
        examples() if train_data is None else train_data,
        examples(40, seed=5) if val_data is None else val_data,
        **options,
    )


# ── the door that the document describes ──────────────────────────────────────────────────────


def test_the_signature_is_the_documents():
    signature = inspect.signature(train_sparse_autoencoder_with_early_stopping)
    *named, options = signature.parameters.values()
    empty = inspect.Parameter.empty
    assert {p.name: p.default for p in named} == {
        "model": empty,
        "train_data": empty,
        "val_data": empty,
        "num_epochs": empty,
        "learning_rate": empty,
        "patience": empty,
        "sparsity_weight": 0.1,
        "target_sparsity": 0.05,
        "sparsity_type": "kl",
        "device": "cpu",
    }
    assert [p.name for p in named][:6] == [
        "model", "train_data", "val_data", "num_epochs", "learning_rate", "patience",
    ]  # fmt: skip
    assert options.kind is inspect.Parameter.VAR_KEYWORD


def test_the_quick_start_works_as_it_is_written():
    model = course_lib.SparseAutoencoder(input_dim=20, latent_dim=8)
    data = torch.randn(120, 20, generator=torch.Generator().manual_seed(0))
    history = course_lib.train_sparse_autoencoder_with_early_stopping(
        model=model,
        train_data=data[:100],
        val_data=data[100:],
        num_epochs=5,
        learning_rate=0.001,
        patience=3,
        sparsity_weight=0.1,
        target_sparsity=0.05,
        sparsity_type="kl",
        device="cpu",
    )
    assert list(history) == KEYS
    assert history["epochs_trained"] == 5
    again = course_lib.SparseAutoencoder(20, 8)
    course_lib.train_sparse_autoencoder_with_early_stopping(
        again, data[:100], data[100:], 5, 0.001, 3
    )


@pytest.mark.parametrize("sparsity_type", ["kl", "l1", "hoyer", "none"])
@pytest.mark.parametrize(
    "model",
    [{}, {"layers": 2}, {"layers": 2, "family": TiedWeightSparseAutoencoder}],
    ids=["one layer", "two layers", "tied"],
)
def test_the_history_has_exactly_its_keys(model, sparsity_type):
    history = early_stopping(sae(**model), sparsity_type=sparsity_type, num_epochs=4)
    assert list(history) == KEYS
    assert type(history["epochs_trained"]) is int and history["epochs_trained"] == 4
    for name in LISTS:
        assert type(history[name]) is list and len(history[name]) == 4
        assert all(type(value) is float and math.isfinite(value) for value in history[name])
    for part in ("train", "val"):
        for loss, recon, sparsity in zip(
            *(history[f"{part}_{name}loss"] for name in ("", "recon_", "sparsity_")), strict=True
        ):
            assert loss == pytest.approx(recon + sparsity, rel=1e-12)
            assert (sparsity == 0) == (sparsity_type == "none")
    assert history["train_loss"][-1] < history["train_loss"][0]


def test_the_history_tells_the_losses_of_the_model():
    """One batch an epoch: the first entry is the loss before the first step."""
    model, data, val_data = sae(), examples(50), examples(30, seed=5)
    z = model.encode(data)
    recon = ((model.decode(z) - data) ** 2).mean().item()
    history = early_stopping(
        model, data, val_data, sparsity_type="l1", sparsity_weight=0.25, num_epochs=1
    )
    assert history["train_recon_loss"] == pytest.approx([recon], rel=1e-5)
    assert history["train_sparsity_loss"] == pytest.approx([z.mean().item() / 4], rel=1e-5)
    z = model.encode(val_data)  # after the epoch
    recon = ((model.decode(z) - val_data) ** 2).mean().item()
    assert history["val_recon_loss"] == pytest.approx([recon], rel=1e-5)
    assert history["val_sparsity_loss"] == pytest.approx([z.mean().item() / 4], rel=1e-5)


def test_training_losses_are_averages_over_examples():
    """With a learning rate of next to nothing the average over ragged batches is the whole's."""
    model, data = sae(), examples(50)
    whole = early_stopping(sae(), data, num_epochs=1, sparsity_type="l1")["train_loss"]
    parts = train(
        model, data, objective=Objective("l1", 0.1), num_epochs=1, batch_size=16,
        learning_rate=1e-12,
    ).history["train_loss"]  # fmt: skip
    assert parts == pytest.approx(whole, rel=1e-5)


def test_early_stopping_restores_the_weights_of_the_best_epoch():
    model, val_data = sae(), examples(40, seed=5)
    history = early_stopping(
        model, val_data=val_data, num_epochs=60, learning_rate=0.2, patience=3,
        sparsity_type="l1", batch_size=16,
    )  # fmt: skip
    val_loss, epochs = history["val_loss"], history["epochs_trained"]
    assert 3 < epochs < 60
    best = val_loss.index(min(val_loss))
    assert epochs == best + 1 + 3 == len(val_loss)  # patience epochs after the best one
    assert val_loss[-1] > val_loss[best]
    terms = Objective("l1", 0.1).over_set(model, [val_data])
    assert sum(terms.values()) == val_loss[best]


def test_patience_counts_epochs_without_improvement(monkeypatch):
    """The validation losses 5 4 4 3 3 2.9 3 …: equal is no improvement."""
    said = iter([5.0, 4.0, 4.0, 3.0, 3.0, 2.9, 3.0, 3.0, 1.0])
    monkeypatch.setattr(
        Objective, "over_set", lambda *_: {"reconstruction": next(said), "sparsity": 0.0}
    )
    history = early_stopping(num_epochs=20, patience=2)
    assert history["val_loss"] == [5.0, 4.0, 4.0, 3.0, 3.0, 2.9, 3.0, 3.0]
    said = iter([5.0, 4.0, 4.0, 3.0, 3.0, 2.9, 3.0, 3.0, 1.0])
    history = early_stopping(num_epochs=20, patience=2, min_improvement=0.5)
    assert history["val_loss"] == [5.0, 4.0, 4.0, 3.0, 3.0, 2.9]
    said = iter([5.0, 4.0, 4.0, 4.0, 1.0])
    assert early_stopping(num_epochs=20, patience=2)["val_loss"] == [5.0, 4.0, 4.0, 4.0]


def test_the_restored_weights_are_those_of_that_moment(monkeypatch):
    class Keep(Callback):
        def __init__(self):
            self.kept = []

        def on_record(self, trainer):
            self.kept.append(copy.deepcopy(trainer.model))

    said = iter([3.0, 1.0, 2.0, 1.5])
    monkeypatch.setattr(
        Objective, "over_set", lambda *_: {"reconstruction": next(said), "sparsity": 0.0}
    )
    keep = Keep()
    trained = train(sae(), val_data=examples(10), num_epochs=9, patience=2, callbacks=[keep])
    assert len(keep.kept) == 4
    for kept in keep.kept:
        kept.normalize_decoder_weights_row_wise()  # as at the end of training
    assert same_bits(trained.model, weights(keep.kept[1]))
    assert not same_bits(trained.model, weights(keep.kept[3]))


BAD = {
    "patience below one": {"patience": 0},
    "no whole patience": {"patience": 1.5},
    "unknown type": {"sparsity_type": "l2"},
    "negative weight": {"sparsity_weight": -0.1},
    "weight that is no number": {"sparsity_weight": NAN},
    "weight as text": {"sparsity_weight": "0.1"},
    "no weight at all": {"sparsity_weight": []},
    "more weights than layers": {"sparsity_weight": [0.1, 0.2, 0.3]},
    "target of one": {"target_sparsity": 1.0},
    "no epochs": {"num_epochs": 0},
    "rate of zero": {"learning_rate": 0.0},
    "infinite rate": {"learning_rate": INFINITY},
    "unknown option": {"learning_rat": 1e-3},
    "unknown device": {"device": "toaster"},
    "device of the wrong type": {"device": 1.5},
    "NaN": {"train_data": torch.full((5, WIDTH), NAN)},
    "infinity": {"train_data": torch.full((5, WIDTH), INFINITY)},
    "NaN in validation": {"val_data": torch.full((5, WIDTH), NAN)},
    "wrong width": {"train_data": torch.ones(5, WIDTH + 1)},
    "wrong width in validation": {"val_data": torch.ones(5, WIDTH + 1)},
    "no examples": {"train_data": torch.ones(0, WIDTH)},
    "no validation examples": {"val_data": torch.ones(0, WIDTH)},
    "one dimension": {"train_data": torch.ones(WIDTH)},
    "whole numbers": {"train_data": torch.ones(5, WIDTH, dtype=torch.int64)},
    "a list": {"train_data": [[0.0] * WIDTH]},
    "missing file": {"train_data": "nowhere.npy"},
    "batches of none": {"batch_size": 0},
    "negative seed": {"seed": -1},
    "more parts than examples": {"batch_size": 4, "accumulation_steps": 5},
    "two lengths": {"num_steps": 5},
    "unknown schedule": {"schedule": "exponential"},
    "unknown precision": {"mixed_precision": "float8"},
    "checkpoints without a folder": {"checkpoint_every": 5},
    "a folder that is none": {"checkpoint_folder": 5},
    "a huge seed": {"seed": 2**64},
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_before_any_work(case):
    model = sae().eval()
    before = weights(model)
    with pytest.raises(CourseError) as caught:
        early_stopping(model, **BAD[case])
    name = next(iter(BAD[case])) if "parts" not in case else "accumulation_steps"
    assert name in str(caught.value), caught.value
    assert same_bits(model, before) and not model.training
    assert all(p.grad is None for p in model.parameters())


def test_cuda_is_refused_where_there_is_none():
    if torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    model = sae()
    before = weights(model)
    with pytest.raises(WrongArgument, match="device is 'cuda'"):
        early_stopping(model, device="cuda")
    assert same_bits(model, before)


# ── the trainer's own arguments ───────────────────────────────────────────────────────────────


def test_what_is_no_model_is_refused():
    with pytest.raises(WrongArgument, match="type int"):
        Trainer(3, num_steps=1)
    with pytest.raises(WrongArgument, match="encode and decode"):
        Trainer(torch.nn.Linear(2, 2), num_steps=1)
    with pytest.raises(WrongArgument, match="must be an Objective"):
        Trainer(sae(), "l1", num_steps=1)
    with pytest.raises(WrongArgument, match="derive it from Callback"):
        Trainer(sae(), callbacks=[print], num_steps=1)
    with pytest.raises(WrongArgument, match="no dictionary"):
        Trainer(BasicAutoencoder(4, 2), Objective(coherence_weight=1.0), num_steps=1)
    frozen = sae().requires_grad_(False)
    with pytest.raises(WrongArgument, match="no parameters to train"):
        train(frozen)


def test_the_nearest_option_is_suggested():
    with pytest.raises(UnknownName, match="Did you mean 'learning_rate'"):
        Trainer(sae(), learning_rat=1e-3)


def test_patience_needs_validation_data():
    with pytest.raises(WrongArgument, match="patience is 2, but there is no val_data"):
        train(sae(), patience=2)


def test_a_length_is_needed():
    for options in ({}, {"num_steps": 1, "num_epochs": 1}):
        with pytest.raises(WrongArgument, match="give one of them"):
            TrainingOptions(**options)


class Foreign(torch.nn.Module):
    """A model of someone else's: no more than encode and decode."""

    def __init__(self, reconstruct=lambda x_hat: x_hat):
        super().__init__()
        self.layer, self.reconstruct = torch.nn.Linear(WIDTH, 4), reconstruct

    def encode(self, x):
        return self.layer(x).relu()

    def decode(self, z):
        return self.reconstruct(z @ self.layer.weight)


def test_a_foreign_model_trains():
    for sparsity_type in ("l1", "kl", "hoyer", "none"):
        trained = train(Foreign(), val_data=examples(30), objective=Objective(sparsity_type))
        assert not trained.fast
        losses_of = trained.history["val_recon_loss"]
        assert len(losses_of) == trained.history["epochs_trained"] == 3


def test_what_a_foreign_model_cannot_do_is_noticed_before_any_work():
    for model, data, val_data in (
        (Foreign(lambda x_hat: x_hat[:, :2]), examples(), None),
        (Foreign(lambda x_hat: (x_hat, x_hat)), examples(), None),
        (Foreign(), examples(width=WIDTH + 1), None),
        (Foreign(), examples(), examples(width=WIDTH + 1)),
    ):
        before = weights(model)
        with pytest.raises(WrongArgument):
            train(model, data, val_data, num_epochs=1)
        assert same_bits(model, before)


@pytest.mark.parametrize("name", every_model())
def test_every_model_trains_and_keeps_its_mode(name):
    model = every_model()[name].eval()
    modes = []

    class Mode(Callback):
        def on_step_end(self, trainer):
            modes.append(trainer.model.training)

        def on_record(self, trainer):
            modes.append(trainer.model.training)

    data = examples(96)
    trained = train(
        model, data, data, Objective("kl", 0.01), num_epochs=10, callbacks=[Mode()]
    )  # fmt: skip
    history = trained.history["train_loss"]
    assert history[-1] < history[0]
    assert all(modes) and not model.training
    assert all(p.grad is None for p in model.parameters())
    if hasattr(model, "dictionary"):
        stored = model.weight if hasattr(model, "weight") else model.decoder.weight
        norms = stored.detach().norm(dim=1)
        torch.testing.assert_close(norms, torch.ones_like(norms))


@pytest.mark.parametrize("fast", [True, False])
def test_atoms_have_unit_norm_at_every_step_and_stored_ones_at_the_end(fast):
    class Norms(Callback):
        stored = ()

        def on_step_end(self, trainer):
            norms = trainer.model.dictionary.detach().norm(dim=1)
            assert (norms - 1).abs().max() < 1e-6
            self.stored += (trainer.model.decoder.weight.detach().norm(dim=1),)

    for layers in (1,) if fast else (1, 2):
        model, norms = sae(layers=layers), Norms()
        with torch.no_grad():
            model.decoder.weight.mul_(torch.linspace(0.5, 3, len(model.decoder.weight))[:, None])
        train(model, callbacks=[norms], learning_rate=0.01, fast=fast)
        # steps at about right angles to the atoms make them longer on the whole
        assert (norms.stored[-1] - norms.stored[0]).mean() > 0.001
        stored = model.decoder.weight.detach().norm(dim=1)
        torch.testing.assert_close(stored, torch.ones_like(stored))


def test_frozen_parameters_stay():
    model = sae(layers=2)
    model.encoder_hidden.requires_grad_(False)
    before = weights(model)
    train(model)
    after = weights(model)
    assert torch.equal(after["encoder_hidden.weight"], before["encoder_hidden.weight"])
    assert not torch.equal(after["encoder.weight"], before["encoder.weight"])


def test_batch_norm_and_a_last_batch_of_one():
    """Its variance does not exist: refused at once, or left out, but no failure midway."""
    model = sae(layers=2, batch_norm=True)
    before = weights(model)
    try:
        train(model, examples(33), num_epochs=1)
    except WrongArgument as error:
        assert "batch_size" in str(error)
        assert same_bits(model, before)


def test_validation_is_in_evaluation_mode():
    """Batch normalisation then uses its running averages, and does not change them."""
    objective, val_data = Objective("l1"), examples(30, seed=5)
    model = sae(layers=2, batch_norm=True)
    history = train(model, val_data=val_data, objective=objective, num_epochs=2).history
    assert history["val_loss"][-1] == sum(objective.over_set(model.eval(), [val_data]).values())
    without = train(sae(layers=2, batch_norm=True), objective=objective, num_epochs=2).model
    assert same_bits(model, without)


# ── fast and readable ─────────────────────────────────────────────────────────────────────────

SETTINGS = {
    "plain": {},
    "warm-ups and linear": {
        "warmup_steps": 20, "sparsity_warmup_steps": 60, "schedule": "linear", "decay_share": 0.5,
    },
    "cosine and clipping": {"schedule": "cosine", "warmup_steps": 3, "max_grad_norm": 0.05},
    "one batch": {"batch_size": 500},
    "batches of one": {"batch_size": 1},
}  # fmt: skip


# what the fast path is written out for; top-k only where few latents are active
FAST_MODELS = {
    "relu": {},
    "topk": {"activation": "topk", "k": 2, "latents": 40},
}


def by_both_paths(objective, dtype, steps=200, model="relu", **options):
    trained = [
        train(
            sae(dtype=dtype, **FAST_MODELS[model]), examples(103), examples(40, seed=5), objective,
            num_steps=steps, fast=fast, **options,
        )
        for fast in (True, False)
    ]  # fmt: skip
    assert trained[0].fast and not trained[1].fast
    return trained


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("sparsity_type", ["l1", "none"])
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("model", FAST_MODELS)
def test_fast_and_readable_give_the_same_weights(model, name, sparsity_type, reduction):
    objective = Objective(sparsity_type, 0.3, reduction=reduction)
    fast, readable = by_both_paths(objective, torch.float64, model=model, **SETTINGS[name])
    before = sae(dtype=torch.float64, **FAST_MODELS[model])
    assert largest_difference(fast.model, before) > 0.1  # something was learnt
    assert largest_difference(fast.model, readable.model) < 1e-12
    for key in LISTS:
        assert fast.history[key] == pytest.approx(readable.history[key], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_fast_and_readable_in_float32(reduction):
    """Rounding, 6e-8 a number, grows where Adam divides a small gradient by its own size."""
    fast, readable = by_both_paths(Objective("l1", 0.1, reduction=reduction), torch.float32)
    assert largest_difference(fast.model, readable.model) < 1e-4
    assert largest_difference(fast.model, sae()) > 0.1


def direct_gradients(model, objective, batch_size):
    path, obstacle = fast_gradients(model, objective)
    assert not obstacle
    return path(model, objective, batch_size)


def gradients_by_both_paths(model, objective, x, scale=1.0):
    x = x.to(next(model.parameters()).dtype)
    model.zero_grad()
    readable = AutogradGradients(ObjectiveModule(model, objective))(x, scale)
    expected = [p.grad.clone() for p in model.parameters()]
    fast = direct_gradients(model, objective, len(x))(x, scale)
    found = [p.grad for p in model.parameters()]
    return (fast, found), (readable, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("sparsity_type", ["l1", "none"])
@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("name", FAST_MODELS)
def test_the_gradients_of_a_step_are_autograds(name, sparsity_type, reduction, scale):
    objective = Objective(sparsity_type, 0.3, reduction=reduction)
    model = sae(dtype=torch.float64, **FAST_MODELS[name])
    model.normalize_decoder_weights_row_wise()
    (fast, found), (readable, expected) = gradients_by_both_paths(
        model, objective, examples(17), scale
    )
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)
    assert all(gradient.abs().max() > 1e-4 for gradient in expected)
    assert fast.keys() == readable.keys()
    for name in fast:
        torch.testing.assert_close(fast[name], readable[name], rtol=1e-13, atol=0)


@pytest.mark.parametrize("name", FAST_MODELS)
def test_the_gradients_of_a_smaller_batch_after_a_larger(name):
    model, objective = sae(dtype=torch.float64, **FAST_MODELS[name]), Objective()
    model.normalize_decoder_weights_row_wise()
    x = examples(20, dtype=torch.float64)
    direct = direct_gradients(model, objective, 20)
    direct(x, 1.0)
    direct(x[:3], 1.0)
    found = [p.grad.clone() for p in model.parameters()]
    _, (_, expected) = gradients_by_both_paths(model, objective, x[:3])
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", FAST_MODELS)
def test_a_latent_that_is_never_active_learns_alike_on_both_paths(name):
    def dead(fast):
        model = sae(dtype=torch.float64, **FAST_MODELS[name])
        with torch.no_grad():
            model.encoder.bias[3] = -100
        return train(model, fast=fast, num_steps=50).model

    assert largest_difference(dead(True), dead(False)) < 1e-12
    assert dead(True).encoder.bias[3] == -100


def test_fast_is_taken_when_it_can_be():
    assert train(sae(), num_steps=1).fast
    assert train(sae(), num_steps=1, objective=Objective("none")).fast
    assert train(sae(checkpoint_gradients=True), num_steps=1).fast
    assert train(sae(activation="topk", k=1, latents=64), num_steps=1).fast
    assert not train(sae(), num_steps=1, fast=False).fast


class Child(SparseAutoencoder):
    """A subclass may compute anything."""


OBSTACLES = [
    (lambda: sae(layers=2), {}, "layers=1"),
    (lambda: sae(family=TiedWeightSparseAutoencoder), {}, "layers=1"),
    (lambda: sae(family=Child), {}, "layers=1"),
    (lambda: Foreign(), {}, "layers=1"),
    (lambda: sae(activation="sigmoid"), {}, "sigmoid"),
    (lambda: sae(activation="topk", k=2), {}, "k is more than"),
    (lambda: sae(batch_norm=True), {}, "normalises over the batch"),
    (lambda: sae(), {"objective": Objective("kl")}, "'kl'"),
    (lambda: sae(), {"objective": Objective("hoyer")}, "'hoyer'"),
    (lambda: sae(), {"objective": Objective(coherence_weight=0.1)}, "coherence"),
    (lambda: sae(), {"mixed_precision": "bfloat16"}, "mixed_precision"),
    (lambda: sae(), {"accumulation_steps": 2}, "accumulation_steps"),
]


@pytest.mark.parametrize("number", range(len(OBSTACLES)))
def test_every_obstacle_to_the_fast_path_is_named(number):
    model, options, word = OBSTACLES[number]
    with pytest.raises(WrongArgument, match=r"fast is True, but .*Leave fast out") as caught:
        train(model(), fast=True, **options)
    assert word in str(caught.value)
    assert not train(model(), num_steps=2, **options).fast


def test_frozen_parameters_are_an_obstacle():
    model = sae()
    model.decoder.bias.requires_grad_(False)
    with pytest.raises(WrongArgument, match="frozen"):
        train(model, fast=True)
    assert not train(model).fast
    assert torch.equal(model.decoder.bias, sae().decoder.bias)


def test_the_fast_path_does_not_overflow_in_float16():
    """Sums over a batch pass 65,504, the largest float16, long before the mean does."""
    model = sae(width=64, latents=64)
    data = 20 * examples(600, width=64).half()
    model = model.half()
    model.normalize_decoder_weights_row_wise()
    objective = Objective("l1", 0.1)
    terms = direct_gradients(model, objective, 600)(data, 1.0)
    expected = objective.terms(model, data)
    for name in terms:
        torch.testing.assert_close(
            terms[name].float(), expected[name].detach().float(), rtol=5e-3, atol=0
        )


@pytest.mark.parametrize("amount", [1, 30])
def test_adam_step_is_torchs_adam(amount):
    def trained(step_of):
        generator = torch.Generator().manual_seed(0)
        shapes = ((4, 3), (3,), (1,))
        parameters = [torch.nn.Parameter(torch.randn(s, generator=generator)) for s in shapes]
        optimizer = torch.optim.Adam(parameters, lr=0.1, fused=True)
        step = step_of(optimizer)
        for number in range(amount):
            for parameter in parameters:
                parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimizer.param_groups[0]["lr"] = 0.1 / (number + 1)
            step()
        return parameters, optimizer.state_dict()

    found, expected = trained(AdamStep), trained(lambda optimizer: optimizer.step)
    assert all(torch.equal(a, b) for a, b in zip(found[0], expected[0], strict=True))
    torch.testing.assert_close(found[1], expected[1], rtol=0, atol=0)


def test_adam_step_follows_a_state_that_is_loaded():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([parameter], lr=0.5, fused=True)
    step = AdamStep(optimizer)
    optimizer.load_state_dict(optimizer.state_dict())
    for rate in (0.5, 0.25):
        for group in optimizer.param_groups:
            group["lr"] = rate
        parameter.grad = torch.ones(1)
        step()
    assert parameter.item() == pytest.approx(-0.75)  # equal gradients: a step is the rate


# ── the objective ─────────────────────────────────────────────────────────────────────────────

OBJECTIVES = {
    "l1": Objective("l1", 0.2),
    "l1, sum": Objective("l1", 0.2, reduction="sum"),
    "kl": Objective("kl", 0.2),
    "hoyer": Objective("hoyer", 0.2),
    "none": Objective("none", 0.2),
    "coherence": Objective("l1", 0.2, coherence_weight=0.3),
    "layers": Objective("kl", (0.1, 0.2)),
    "layers, coherence": Objective("hoyer", (0.1, 0.2), coherence_weight=0.3, reduction="sum"),
    "hidden layer only": Objective("l1", (0.1, 0)),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_terms_sum_to_the_loss(name):
    objective, model, x = OBJECTIVES[name], sae(layers=2, dtype=torch.float64), examples()
    x = x.double()
    terms = objective.terms(model, x)
    assert list(terms) == ["reconstruction", "sparsity"] + ["coherence"] * ("coherence" in name)
    total = losses.total_loss(terms)
    h, z = model.encoder_activations(x)
    expected = losses.reconstruction_loss(model(x), x, objective.reduction)
    pairs = zip((0, *objective.weights)[-2:], (h, z), strict=True)
    for weight, activation in pairs:
        penalty = losses.sparsity_loss(
            activation, objective.sparsity_type, reduction=objective.reduction
        )
        expected = expected + weight * penalty
    if objective.coherence_weight:
        expected = expected + 0.3 * losses.coherence_loss(model.dictionary)
    torch.testing.assert_close(total, expected, rtol=1e-12, atol=0)
    assert all(term.ndim == 0 for term in terms.values())
    total.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_history_sums_to_the_loss(name):
    history = train(
        sae(layers=2), val_data=examples(30), objective=OBJECTIVES[name], num_epochs=2
    ).history
    for part in ("train", "val"):
        names = [n for n in history if n.startswith(part) and n != f"{part}_loss"]
        assert len(names) == 2 + ("coherence" in name)
        sums = [sum(values) for values in zip(*(history[n] for n in names), strict=True)]
        assert history[f"{part}_loss"] == pytest.approx(sums, rel=1e-12)


def test_terms_by_hand():
    """One input, one latent, one atom: z = 2x, x̂ = z + 1."""
    model = SparseAutoencoder(1, 1, layers=1, dtype=torch.float64)
    with torch.no_grad():
        model.encoder.weight.fill_(2)
        model.decoder.weight.fill_(1)
        model.decoder.bias.fill_(1)
    x = torch.tensor([[1.0], [3.0]], dtype=torch.float64)  # z 2 6, x̂ 3 7, errors 2 4
    terms = Objective("l1", 0.5).terms(model, x)
    assert terms["reconstruction"].item() == 10  # (4 + 16) / 2
    assert terms["sparsity"].item() == 2  # 0.5 · (2 + 6) / 2
    terms = Objective("l1", 0.5).terms(model, x, sparsity_scale=0.25)
    assert terms["sparsity"].item() == 0.5
    assert Objective("l1", 0.5).over_set(model, [x]) == {"reconstruction": 10, "sparsity": 2}


@pytest.mark.parametrize("sparsity_type", ["l1", "kl", "hoyer"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_penalties_from_statistics_are_those_of_the_losses(sparsity_type, reduction):
    objective = Objective(sparsity_type, target_sparsity=0.1, reduction=reduction)
    for scale in (0.0, 0.01, 1.0, 50.0):
        z = scale * examples(30, dtype=torch.float64).relu()
        torch.testing.assert_close(
            objective.penalty(objective.statistic(z)),
            losses.sparsity_loss(z, sparsity_type, 0.1, reduction),
            rtol=1e-12,
            atol=1e-15,
        )


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("rows", [1, 7, 50, 99])
def test_a_set_has_the_same_losses_however_it_is_cut(name, rows):
    objective, x = OBJECTIVES[name], examples(100, dtype=torch.float64)
    model = sae(layers=2, dtype=torch.float64)
    whole = {name: term.item() for name, term in objective.terms(model, x).items()}
    assert objective.over_set(model, x.split(rows)) == pytest.approx(whole, rel=1e-12, abs=1e-15)


def test_a_set_has_the_same_losses_in_float32():
    x = examples(1000)
    for objective in OBJECTIVES.values():
        whole = objective.over_set(sae(layers=2), [x])
        assert objective.over_set(sae(layers=2), x.split(3)) == pytest.approx(whole, rel=1e-5)


def test_a_single_weight_is_the_codes():
    model, x = sae(layers=2), examples()
    one, two = Objective("l1", 0.2), Objective("l1", (0, 0.2))
    assert one.terms(model, x)["sparsity"] == two.terms(model, x)["sparsity"]
    hidden = Objective("l1", (0.2, 0)).terms(model, x)["sparsity"]
    assert hidden.item() == pytest.approx(0.2 * model.encoder_activations(x)[0].mean().item())


def test_a_weight_on_the_hidden_layer_makes_it_sparser():
    def hidden_activity(weight):
        trained = train(sae(layers=2), objective=Objective("l1", (weight, 0.0)), num_epochs=40)
        return trained.model.encoder_activations(examples())[0].mean().item()

    assert hidden_activity(2.0) < 0.5 * hidden_activity(0.0)


def test_a_coherence_term_makes_the_dictionary_less_coherent():
    def coherence(weight):
        objective = Objective("l1", 0.01, coherence_weight=weight)
        model = train(sae(), objective=objective, num_epochs=60).model
        return losses.coherence_loss(model.dictionary).item()

    # ten unit atoms in six dimensions: at least (10 / 6 - 1) / 9 (Welch's bound)
    bound = (10 / 6 - 1) / 9
    assert bound <= coherence(5.0) < bound + 0.01 < coherence(0.0)


def test_more_weight_makes_codes_sparser():
    def activity(weight, sparsity_type):
        objective = Objective(sparsity_type, weight)
        model = train(sae(), objective=objective, num_epochs=40).model
        z = model.encode(examples())
        return z.mean().item(), losses.hoyer_sparsity(z).mean().item()

    assert activity(2.0, "l1")[0] < 0.5 * activity(0.0, "l1")[0]
    assert activity(1.0, "hoyer")[1] > 0.1 + activity(0.0, "hoyer")[1]


def test_kl_brings_mean_activations_to_their_target():
    model = sae(layers=2, activation="sigmoid")
    objective = Objective("kl", 1.0, target_sparsity=0.2)
    train(model, objective=objective, num_epochs=150, batch_size=100)
    means = model.encode(examples()).mean(dim=0)
    torch.testing.assert_close(means, torch.full_like(means, 0.2), rtol=0, atol=0.03)


def test_wrong_objectives_are_refused():
    for arguments, word in (
        ({"sparsity_type": "L1"}, "sparsity_type"),
        ({"sparsity_type": None}, "sparsity_type"),
        ({"sparsity_weight": -1}, "sparsity_weight"),
        ({"sparsity_weight": (0.1, -1)}, "sparsity_weight"),
        ({"sparsity_weight": ()}, "sparsity_weight"),
        ({"sparsity_weight": True}, "sparsity_weight"),
        ({"sparsity_weight": "0.1"}, "sparsity_weight"),
        ({"target_sparsity": 0}, "target_sparsity"),
        ({"reduction": "none"}, "reduction"),
        ({"coherence_weight": INFINITY}, "coherence_weight"),
    ):
        with pytest.raises(WrongArgument, match=word):
            Objective(**arguments)


def test_a_weight_may_be_a_numpy_number():
    for weight in (np.float32(0.25), np.float64(0.25), np.int64(2)):
        expected = train(sae(), objective=Objective("l1", float(weight))).model
        for fast in (True, False):
            found = train(sae(), objective=Objective("l1", weight), fast=fast).model
            assert largest_difference(found, expected) < 1e-4


# ── reproducible ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fast", [True, False])
def test_a_seed_decides_every_bit(fast):
    first = train(sae(), seed=3, fast=fast)
    torch.manual_seed(12345)
    again = train(sae(), seed=3, fast=fast)
    assert same_bits(first.model, again.model) and first.history == again.history
    assert not same_bits(first.model, train(sae(), seed=4, fast=fast).model)


@pytest.mark.parametrize("objective", [Objective("l1"), Objective("kl", (0.1, 0.1))])
def test_looking_on_changes_nothing(objective, capfd):
    def trained(val_data=None, **options):
        return train(sae(layers=2), None, val_data, objective, num_epochs=3, **options)

    plain = trained()
    for other in (
        trained(examples(30)),
        trained(progress="bar"),
        trained(progress="log"),
        trained(callbacks=[Callback()]),
        trained(examples(30), patience=3),
        trained(record_every=2),
    ):
        assert same_bits(other.model, plain.model)


def test_the_global_random_numbers_are_left_alone():
    torch.manual_seed(7)
    train(sae(), val_data=examples(20))
    after = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(3), after)


def test_how_validation_is_batched_changes_nothing(monkeypatch):
    def trained(rows):
        monkeypatch.setattr(trainer, "ROWS_AT_ONCE", rows)
        return train(
            sae(dtype=torch.float64), val_data=examples(100, seed=5),
            objective=Objective("hoyer"), num_epochs=30, patience=2, learning_rate=0.1,
        )  # fmt: skip

    whole = trained(4096)
    for rows in (1, 7, 100):
        other = trained(rows)
        assert same_bits(other.model, whole.model)
        assert other.history["val_loss"] == pytest.approx(whole.history["val_loss"], rel=1e-12)


def test_a_trainer_can_train_twice():
    model = sae()
    again = Trainer(model, num_steps=10, batch_size=16, device="cpu")
    first = again.fit(examples())
    second = again.fit(examples())
    assert again.step == 10 and len(second["train_loss"]) == len(first["train_loss"])
    assert second["train_loss"][0] < first["train_loss"][0]  # it goes on from the weights


# ── accumulation, clipping, precision, divergence ─────────────────────────────────────────────


@pytest.mark.parametrize("sparsity_type", ["l1", "hoyer", "none"])
@pytest.mark.parametrize("parts", [2, 3, 16])
def test_accumulated_gradients_are_those_of_the_whole_batch(sparsity_type, parts):
    objective = Objective(sparsity_type, 0.2)
    options = {"objective": objective, "num_steps": 60, "fast": False}
    whole = train(sae(dtype=torch.float64), **options)
    accumulated = train(sae(dtype=torch.float64), **options, accumulation_steps=parts)
    assert largest_difference(whole.model, accumulated.model) < 1e-11
    assert accumulated.history["train_loss"] == pytest.approx(whole.history["train_loss"], rel=1e-9)


@pytest.mark.parametrize("fast", [True, False])
def test_gradients_are_shortened_to_the_norm(fast, monkeypatch):
    lengths = []

    class Length(Callback):
        def on_step_end(self, trainer):
            gradients = [p.grad.flatten() for p in trainer.model.parameters()]
            lengths.append(torch.cat(gradients).norm().item())

    train(sae(), fast=fast, callbacks=[Length()])
    free = list(lengths)
    lengths.clear()
    limit = sorted(free)[len(free) // 2]
    train(sae(), fast=fast, callbacks=[Length()], max_grad_norm=limit)
    assert max(lengths) <= limit * (1 + 1e-5) < max(free)
    assert min(lengths) < 0.99 * limit  # shorter ones are not made longer
    assert lengths[0] == pytest.approx(min(free[0], limit), rel=1e-4)


def test_accumulation_shortens_the_sum_and_not_the_parts():
    options = {"num_steps": 40, "fast": False, "max_grad_norm": 0.01}
    whole = train(sae(dtype=torch.float64), **options)
    accumulated = train(sae(dtype=torch.float64), **options, accumulation_steps=4)
    assert largest_difference(whole.model, accumulated.model) < 1e-11


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("objective", [Objective("l1"), Objective("kl"), Objective("hoyer")])
def test_mixed_precision_trains_and_keeps_float32_weights(precision, objective):
    seen = set()
    model = sae(layers=2)
    model.encoder.register_forward_hook(lambda module, inputs, sums: seen.add(sums.dtype))
    options = {"num_epochs": 40, "objective": objective}
    mixed = train(model, val_data=examples(30), mixed_precision=precision, **options)
    exact = train(sae(layers=2), val_data=examples(30), **options)
    assert all(p.dtype == torch.float32 for p in model.parameters())
    assert getattr(torch, precision) in seen
    found, expected = (t.history["val_loss"] for t in (mixed, exact))
    assert found[-1] < 0.3 * found[0]
    assert found[-1] == pytest.approx(expected[-1], rel=0.3)
    assert found != expected


@pytest.mark.parametrize("fast", [True, False])
def test_a_run_that_diverges_stops_and_says_so(fast):
    with pytest.warns(UserWarning, match=r"diverged.*learning_rate"):
        trained = train(sae(), num_epochs=50, learning_rate=1e30, fast=fast)
    assert trained.history["epochs_trained"] < 50
    assert not math.isfinite(trained.history["train_loss"][-1])


@pytest.mark.parametrize("fast", [True, False])
def test_after_diverging_the_best_weights_are_back(fast):
    class Explode(Callback):
        def on_record(self, trainer):
            if trainer.step == 21:
                for group in trainer.optimizer.param_groups:
                    group["lr"] = 1e30

    data, val_data = examples(), examples(30, seed=5)
    model = sae()
    with pytest.warns(UserWarning, match="diverged"):
        trained = train(
            model, data, val_data, num_epochs=50, patience=9, fast=fast, callbacks=[Explode()]
        )
    assert trained.history["epochs_trained"] < 20
    best = min(value for value in trained.history["val_loss"] if math.isfinite(value))
    assert sum(Objective().over_set(model, [val_data]).values()) == pytest.approx(best, rel=1e-6)


# ── schedules ─────────────────────────────────────────────────────────────────────────────────


def rates(total, **options):
    settings_of_run = TrainingOptions(num_steps=total, learning_rate=1.0, **options)
    return [settings_of_run.rate_at(step, total) for step in range(total)]


def test_schedules_by_hand():
    assert rates(4) == [1, 1, 1, 1]
    assert rates(5, warmup_steps=4) == [0.25, 0.5, 0.75, 1, 1]
    assert rates(10, schedule="linear") == [1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5]
    assert rates(5, schedule="linear", decay_share=1.0) == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])
    assert rates(4, schedule="cosine") == pytest.approx([1, 0.85355, 0.5, 0.14645], abs=1e-5)
    half = [0.5, 1, 1, 0.75, 0.25]  # after two steps of warm-up, the cosine over three
    assert rates(5, schedule="cosine", warmup_steps=2) == pytest.approx(half)


def test_sparsity_comes_in_over_its_warm_up():
    options = TrainingOptions(num_steps=9, sparsity_warmup_steps=4)
    assert [options.sparsity_scale_at(s) for s in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert TrainingOptions(num_steps=9).sparsity_scale_at(0) == 1


@pytest.mark.parametrize("fast", [True, False])
def test_the_optimiser_follows_the_schedule(fast):
    seen = []

    class Rates(Callback):
        def on_step_end(self, trainer):
            seen.append(trainer.optimizer.param_groups[0]["lr"])

    options = {"num_steps": 5, "schedule": "cosine", "warmup_steps": 2, "learning_rate": 1.0}
    train(sae(), fast=fast, callbacks=[Rates()], **options)
    assert seen == rates(5, schedule="cosine", warmup_steps=2)


@pytest.mark.parametrize("fast", [True, False])
def test_the_sparsity_warm_up_reaches_the_loss(fast):
    def sparsity(**options):
        options = {"num_steps": 4, "record_every": 1, "learning_rate": 1e-12} | options
        data = examples(16)  # every step sees all of it
        return train(sae(), data, fast=fast, **options).history["train_sparsity_loss"]

    whole = sparsity()[0]
    found = sparsity(sparsity_warmup_steps=4)
    assert found == pytest.approx([0.25 * whole, 0.5 * whole, 0.75 * whole, whole], rel=1e-5)


# ── records and callbacks ─────────────────────────────────────────────────────────────────────


class Told(Callback):
    """Writes down what it is told, and when."""

    def __init__(self, stop_at=None):
        self.events, self.stop_at = [], stop_at

    def on_fit_start(self, trainer):
        self.events.append(("start", trainer.step))

    def on_step_end(self, trainer):
        self.events.append(("step", trainer.step))
        if trainer.step == self.stop_at:
            trainer.stop = True

    def on_record(self, trainer):
        self.events.append(("record", trainer.step))

    def on_fit_end(self, trainer):
        self.events.append(("end", trainer.step))


def test_callbacks_are_told_in_order():
    told = Told()
    train(sae(), examples(30), num_epochs=2, callbacks=[told])  # two batches an epoch
    assert told.events == [
        ("start", 0), ("step", 1), ("step", 2), ("record", 2),
        ("step", 3), ("step", 4), ("record", 4), ("end", 4),
    ]  # fmt: skip


def test_records_come_every_so_many_steps_and_at_the_end():
    told = Told()
    trained = train(sae(), num_steps=10, record_every=4, callbacks=[told])
    assert [step for event, step in told.events if event == "record"] == [4, 8, 10]
    assert len(trained.history["train_loss"]) == 3
    assert trained.history["epochs_trained"] == 2  # 7 batches an epoch


def test_without_validation_there_are_no_such_keys():
    history = train(sae()).history
    assert list(history) == [*KEYS[:3], "epochs_trained"]


def test_a_callback_can_stop_training():
    told = Told(stop_at=3)
    trained = train(sae(), num_epochs=5, callbacks=[told])
    assert trained.step == 3 and told.events[-1] == ("end", 3)
    assert trained.history["epochs_trained"] == 1

    class Never(Callback):
        def on_fit_start(self, trainer):
            trainer.stop = True

    model = sae()
    model.normalize_decoder_weights_row_wise()
    assert train(model, callbacks=[Never()]).step == 0

    class AtRecord(Callback):
        def on_record(self, trainer):
            trainer.stop = len(trainer.history["val_loss"]) == 2

    trained = train(sae(), val_data=examples(9), num_epochs=5, patience=4, callbacks=[AtRecord()])
    assert trained.history["epochs_trained"] == 2 == len(trained.history["val_loss"])


def test_a_run_that_is_stopped_has_an_entry_for_every_epoch_begun():
    history = train(sae(), num_epochs=5, callbacks=[Told(stop_at=10)]).history
    assert len(history["train_loss"]) == history["epochs_trained"] == 2


@pytest.mark.parametrize("event", ["on_fit_start", "on_step_end", "on_record", "on_fit_end"])
@pytest.mark.parametrize("progress", [None, "bar"])
def test_an_exception_in_a_callback_leaves_a_usable_model(event, progress, capfd):
    class Fails(Callback):
        pass

    def fail(self, trainer):
        raise KeyboardInterrupt

    setattr(Fails, event, fail)
    model = sae(layers=2).eval()
    with pytest.raises(KeyboardInterrupt):
        train(model, val_data=examples(9), callbacks=[Fails()], progress=progress)
    assert not model.training
    assert model(examples(3)).isfinite().all()
    assert train(model).step == 20  # it can be trained again


def test_an_error_in_validation_leaves_the_mode(monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Objective, "over_set", fail)
    model = sae()
    with pytest.raises(RuntimeError, match="out of memory"):
        train(model, val_data=examples(9))
    assert model.training


def test_the_bar_goes_to_stderr_and_is_closed(capfd, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    closed = []
    from tqdm.auto import tqdm

    close = tqdm.close
    monkeypatch.setattr(tqdm, "close", lambda bar: (closed.append(bar.n), close(bar))[1])
    train(sae(), val_data=examples(9), num_epochs=2, progress="bar")
    out, err = capfd.readouterr()
    assert out == "" and "14/14" in err and "val" in err and closed[0] == 14
    closed.clear()

    class Fails(Callback):
        def on_step_end(self, trainer):
            if trainer.step == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(sae(), progress="bar", callbacks=[Fails()])
    assert closed and closed[0] == 2


def test_the_log_has_a_line_a_record(capsys):
    trained = train(sae(), val_data=examples(9), num_epochs=2, progress="log")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and len(lines) == 2
    assert lines[1].startswith("step 14/14")
    assert f"loss {trained.history['train_loss'][1]:.4g}" in lines[1]
    assert f"val {trained.history['val_loss'][1]:.4g}" in lines[1]


def test_without_progress_nothing_is_said(capfd):
    train(sae(), val_data=examples(9), num_epochs=2)
    assert capfd.readouterr() == ("", "")


# ── whatever is given ─────────────────────────────────────────────────────────────────────────


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 40),
    width=st.integers(1, 9),
    latents=st.integers(1, 9),
    batch_size=st.integers(1, 50),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    sparsity_type=st.sampled_from(["kl", "l1", "hoyer", "none"]),
    layers=st.sampled_from([1, 2]),
    scale=st.sampled_from([0.0, 1.0, 100.0]),
)
def test_any_sizes_train(rows, width, latents, batch_size, epochs, seed, sparsity_type, layers, scale):  # fmt: skip  # noqa: E501
    told = Told()
    trained = Trainer(
        sae(width=width, latents=latents, layers=layers), Objective(sparsity_type),
        device="cpu", num_epochs=epochs, batch_size=batch_size, seed=seed, callbacks=[told],
    )  # fmt: skip
    history = trained.fit(scale * examples(rows, width), scale * examples(3, width, seed=1))
    steps = epochs * math.ceil(rows / batch_size)
    assert trained.step == steps == sum(event == "step" for event, _ in told.events)
    assert history["epochs_trained"] == epochs
    for name in LISTS:
        assert len(history[name]) == epochs
        assert all(math.isfinite(value) for value in history[name])
    assert all(p.isfinite().all() for p in trained.model.parameters())


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=3),
    st.just([]), st.just(()), st.just({}), st.just(b""), st.just(1j), st.just(2**70),
    st.builds(np.float32, st.floats(-2, 2)), st.builds(np.int64, st.integers(-2, 3)),
    st.just(torch.tensor(0.5)), st.just(np.ones(2)),
)  # fmt: skip
OPTIONS = [
    field.name
    for field in dataclasses.fields(TrainingOptions)
    if field.name not in ("checkpoint_folder", "progress", "num_epochs", "num_steps")
]


@settings(max_examples=60, deadline=None)
@given(
    options=st.dictionaries(st.sampled_from(OPTIONS), ODD, min_size=1, max_size=2),
    objective=st.dictionaries(
        st.sampled_from([f.name for f in dataclasses.fields(Objective)]), ODD, max_size=1
    ),
)
def test_odd_settings_train_or_are_refused_in_words(options, objective):
    model = sae()
    before = weights(model)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*diverged")
            trained = Trainer(
                model, Objective(**objective), device="cpu", **{"num_steps": 2} | options
            )
            trained.fit(examples(5), examples(3))
    except CourseError as error:
        assert str(error).count(".") >= 1
        assert same_bits(model, before)
    else:
        assert trained.step == 2


@settings(max_examples=25, deadline=None)
@given(data=ODD, which=st.sampled_from(["train_data", "val_data"]))
def test_odd_data_are_refused_in_words(data, which):
    if which == "val_data" and data is None:
        return
    arguments = {"train_data": examples(5), "val_data": examples(5)} | {which: data}
    with pytest.raises(WrongArgument, match=which):
        Trainer(sae(), num_steps=1, device="cpu").fit(**arguments)


def test_a_stream_of_bytes_is_no_data():
    with pytest.raises(WrongArgument, match="BytesIO"):
        train(sae(), io.BytesIO(b"x"))
