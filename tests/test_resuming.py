"""A run broken off at any moment and taken up again is, bit for bit, the run never broken off."""

import errno
import json
import mmap
import os
import random
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import in_fresh_process, kill_after
from training_cases import examples, sae, same_bits, train, weights

from course_lib.checkpoints import load_bundle, save_bundle
from course_lib.errors import CheckpointProblem, WrongArgument
from course_lib.training import Callback, Objective, batches, state

KILLS = 50

# each: the model's options, the objective and the settings of a run
RUNS = {
    "fast": (
        {"layers": 1},
        Objective("l1", 0.05, reduction="sum"),
        {"num_steps": 40, "schedule": "cosine", "warmup_steps": 5, "record_every": 7,
         "sparsity_warmup_steps": 15, "max_grad_norm": 0.5, "checkpoint_every": 3},
    ),
    "top k": (
        {"layers": 1, "activation": "topk", "k": 2, "latents": 40},
        Objective("none"),
        {"num_steps": 30, "schedule": "linear", "checkpoint_every": 4},
    ),
    "early stopping": (
        {"layers": 1},
        Objective("l1", 0.1),
        {"num_epochs": 12, "patience": 2, "learning_rate": 0.5, "checkpoint_every": 2},
    ),
    "readable": (
        {"layers": 2},
        Objective("kl", (0.01, 0.1)),
        {"num_epochs": 5, "accumulation_steps": 3, "schedule": "linear", "decay_share": 0.7,
         "seed": 3, "checkpoint_every": 4},
    ),
    "float16": (
        {"layers": 1, "batch_norm": True},
        Objective("hoyer", 0.1, coherence_weight=0.1),
        {"num_steps": 25, "mixed_precision": "float16", "record_every": 5},
    ),
}  # fmt: skip


def run(name, folder=None, resume=False, data=None, callbacks=(), **changes):
    """The trainer after one of `RUNS`."""
    options, objective, settings_of_run = RUNS[name]
    if folder is None:
        settings_of_run = {k: v for k, v in settings_of_run.items() if k != "checkpoint_every"}
    return train(
        sae(**options), examples(90) if data is None else data, examples(40, seed=5), objective,
        resume=resume, **settings_of_run, checkpoint_folder=folder, callbacks=callbacks, **changes,
    )  # fmt: skip


def state_in(folder):
    """All that a checkpoint holds, to compare bit for bit."""
    tensors, description = load_bundle(folder)
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}, description


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    """Nobody pulls the plug here: do not wait until the disk has each file."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class BreakOff(Exception):
    pass


class BreakOffAt(Callback):
    """Breaks a run off at a step, as Ctrl-C would."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer):
        if trainer.step == self.step:
            raise BreakOff


# ── broken off at each step ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", RUNS)
def test_a_run_broken_off_again_and_again_ends_as_the_whole_one(name, tmp_path):
    whole = run(name, tmp_path / "whole")
    assert whole.step > 20
    for number, step in enumerate(range(1, whole.step, 5)):
        with pytest.raises(BreakOff):
            run(name, tmp_path / "parts", resume=number > 0, callbacks=[BreakOffAt(step)])
    parts = run(name, tmp_path / "parts", resume=True)
    assert same_bits(parts.model, whole.model)
    assert parts.history == whole.history
    assert (parts.step, parts.epoch) == (whole.step, whole.epoch)
    assert state_in(tmp_path / "parts") == state_in(tmp_path / "whole")


@pytest.mark.parametrize("name", RUNS)
def test_checkpoints_do_not_change_a_run(name, tmp_path):
    without, with_them = run(name), run(name, tmp_path / "run")
    assert same_bits(without.model, with_them.model)
    assert without.history == with_them.history


def test_the_runs_are_what_they_say(tmp_path):
    assert run("fast").fast and run("top k").fast
    assert not run("readable").fast
    stopped = run("early stopping")
    assert stopped.fast and 2 < stopped.history["epochs_trained"] < 12
    best = min(stopped.history["val_loss"])
    assert best != stopped.history["val_loss"][-1]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_learning_rate_goes_on_falling_after_resuming(fast, schedule, tmp_path):
    options = {"num_steps": 30, "schedule": schedule, "decay_share": 1.0, "fast": fast}
    whole = train(sae(), **options)
    folder = {"checkpoint_folder": tmp_path / "run", "checkpoint_every": 1}
    with pytest.raises(BreakOff):
        train(sae(), **options, **folder, callbacks=[BreakOffAt(20)])
    assert same_bits(train(sae(), **options, **folder, resume=True).model, whole.model)


def test_a_streamed_run_goes_on_in_the_middle_of_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 8)
    monkeypatch.setattr(batches, "BYTES_SHUFFLED", 600)
    np.save(tmp_path / "data.npy", examples(90).numpy())
    data = tmp_path / "data.npy"
    whole = run("fast", data=data)
    assert whole.train.source is not None
    with pytest.raises(BreakOff):
        run("fast", tmp_path / "run", data=data, callbacks=[BreakOffAt(22)])
    parts = run("fast", tmp_path / "run", data=data, resume=True)
    assert same_bits(parts.model, whole.model) and parts.history == whole.history


def test_the_best_weights_and_the_count_survive(tmp_path):
    whole = run("early stopping")
    epochs = whole.history["epochs_trained"]
    with pytest.raises(BreakOff):  # the best epoch is over; one without improvement is counted
        callbacks = [BreakOffAt(whole.step - 1)]
        run("early stopping", tmp_path / "run", callbacks=callbacks)
    tensors, description = load_bundle(tmp_path / "run")
    assert description["stopping"][1] == 1
    assert description["stopping"][0] == min(whole.history["val_loss"])
    assert any(
        not torch.equal(tensors[f"best.{name}"], tensors[f"model.{name}"])
        for name in weights(whole.model)
    )
    parts = run("early stopping", tmp_path / "run", resume=True)
    assert parts.history["epochs_trained"] == epochs
    assert same_bits(parts.model, whole.model)


def test_resuming_a_finished_run_gives_its_result(tmp_path):
    whole = run("early stopping", tmp_path / "run")
    again = run("early stopping", tmp_path / "run", resume=True)
    assert same_bits(again.model, whole.model)
    assert again.history == whole.history


def test_resume_begins_when_there_is_nothing_yet(tmp_path):
    first = run("fast", tmp_path / "deep" / "run", resume=True)
    assert same_bits(first.model, run("fast").model)


def test_the_model_given_need_not_be_the_one_begun_with(tmp_path):
    whole = run("fast")
    with pytest.raises(BreakOff):
        run("fast", tmp_path / "run", callbacks=[BreakOffAt(10)])
    options, objective, settings_of_run = RUNS["fast"]
    trainer = train(
        sae(seed=77, **options), examples(90), examples(40, seed=5), objective, resume=True,
        **settings_of_run, checkpoint_folder=tmp_path / "run",
    )  # fmt: skip
    assert same_bits(trainer.model, whole.model)


class Noisy(torch.nn.Module):
    """A model of someone else's, which draws random numbers."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(6, 6)

    def encode(self, x):
        return torch.nn.functional.dropout(self.layer(x).relu(), 0.5, self.training)

    def decode(self, z):
        return z @ self.layer.weight


def test_a_model_that_draws_random_numbers_goes_on_with_the_same_ones(tmp_path):
    def noisy(**options):
        torch.manual_seed(4)
        return train(Noisy(), num_steps=20, **options).model

    folder = {"checkpoint_folder": tmp_path / "run", "checkpoint_every": 5}
    whole = noisy()
    with pytest.raises(BreakOff):
        noisy(**folder, callbacks=[BreakOffAt(13)])
    torch.manual_seed(5)
    assert same_bits(train(Noisy(), num_steps=20, **folder, resume=True).model, whole)


# ── killed at random moments ──────────────────────────────────────────────────────────────────

PHASES = ("starting", "stepping", "validating", "saving")


@contextmanager
def watched(place):
    """Keep the number of the phase in a byte that the parent process can read."""

    def during(phase, function):
        def inner(*args, **kwargs):
            before, place[0] = place[0], PHASES.index(phase)
            try:
                return function(*args, **kwargs)
            finally:
                place[0] = before

        return inner

    class Started(Callback):
        def on_fit_start(self, trainer):
            place[0] = PHASES.index("stepping")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "save_bundle", during("saving", save_bundle))
        patch.setattr(Objective, "over_set", during("validating", Objective.over_set))
        # what is written outlives a killed process, whether the disk has it yet or not
        patch.setattr(os, "fsync", lambda handle: None)
        place[0] = PHASES.index("starting")
        yield [Started()]


def killed_again_and_again(folder):
    """Kill training processes until 50 are dead; every run must end like the undisturbed one.

    Runs in a fresh process. Returns how many kills fell into each phase, and how many runs ended.
    """
    draw = random.Random(0)
    place = mmap.mmap(-1, 1)
    fell = dict.fromkeys(PHASES, 0)
    ended = 0

    def go(name, folder):
        with watched(place) as callbacks:
            run(name, folder, resume=True, callbacks=callbacks)

    run("fast", Path(folder) / "imports")  # what is imported here, children need not import
    usual, expected = {}, {}
    for name in RUNS:
        whole = Path(folder) / f"whole {name}"
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                go(name, whole)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        usual[name] = time.monotonic() - start
        expected[name] = state_in(whole)
    while sum(fell.values()) < KILLS or not (fell["stepping"] and fell["saving"]):
        name = list(RUNS)[ended % len(RUNS)]
        parts = Path(folder) / f"run {ended}"
        while kill_after(draw.uniform(0, usual[name]), lambda n=name, p=parts: go(n, p)):
            fell[PHASES[place[0]]] += 1
        assert state_in(parts) == expected[name], f"{name} differs after {fell}"
        left = {path.name for path in parts.iterdir()}  # the last save may have been killed late
        assert len(left) <= 4, f"left behind: {left}"
        ended += 1
    return {"fell": fell, "ended": ended}


def test_a_run_killed_at_50_random_moments_ends_as_the_undisturbed_one(tmp_path):
    found = in_fresh_process(killed_again_and_again, str(tmp_path), timeout=300)
    print(found)
    assert sum(found["fell"].values()) >= KILLS
    assert found["fell"]["stepping"] and found["fell"]["saving"]
    assert found["ended"] >= len(RUNS)


# ── the wrong folder ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path):
    """Holds a run of 20 steps, broken off after 10."""
    with pytest.raises(BreakOff):
        going(tmp_path / "run", resume=False, callbacks=[BreakOffAt(11)])
    return tmp_path / "run"


def going(folder, resume=True, model=None, data=None, val_data=None, objective=None, **changes):
    options = {"num_steps": 20, "seed": 1, "checkpoint_every": 5, "record_every": 5} | changes
    return train(
        model or sae(), data, val_data, objective, resume, checkpoint_folder=folder, **options
    )


def refused(folder, model=None, **changes):
    """What is said; neither the folder nor the model may change."""
    model = model or sae()
    before = state_in(folder), weights(model)
    with pytest.raises(CheckpointProblem) as caught:
        going(folder, model=model, **changes)
    assert (state_in(folder)) == before[0]
    assert same_bits(model, before[1])
    return str(caught.value)


def test_an_existing_run_is_never_overwritten(folder):
    said = refused(folder, resume=False)
    assert "step 10" in said and "resume=True" in said


CHANGES = {
    "learning_rate": 0.5,
    "schedule": "cosine",
    "warmup_steps": 3,
    "max_grad_norm": 1.0,
    "batch_size": 8,
    "seed": 2,
    "sparsity_warmup_steps": 4,
    "mixed_precision": "bfloat16",
    "record_every": 3,
    "accumulation_steps": 2,
    "min_improvement": 0.1,
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_settings_are_named(folder, name):
    said = refused(folder, **{name: CHANGES[name]})
    assert name in said and repr(CHANGES[name]) in said


def test_another_objective_is_named(folder):
    assert "sparsity_type was 'l1'" in refused(folder, objective=Objective("none"))
    assert "sparsity_weight was 0.1" in refused(folder, objective=Objective(sparsity_weight=0.2))
    assert "reduction" in refused(folder, objective=Objective(reduction="sum"))
    assert "target" in refused(folder, objective=Objective(target_sparsity=0.1))


def test_other_data_are_named(folder):
    changed = examples()
    changed[-1, 0] += 1
    assert "training examples was '100 " in refused(folder, data=examples(101))
    assert "training examples" in refused(folder, data=changed)
    assert "validation examples was None" in refused(folder, val_data=examples(10))


def test_another_path_to_the_gradients_is_named(folder):
    assert "fast" in refused(folder, fast=False)


def test_another_model_is_named(folder):
    assert "11" in refused(folder, model=sae(latents=11))
    assert "model" in refused(folder, model=sae(layers=2))


def test_a_model_of_other_settings_or_dtype_is_named(tmp_path):
    for other, other_now, word in (
        ({"activation": "topk", "k": 3}, {"activation": "topk", "k": 4}, "k"),
        ({"activation": "sigmoid"}, {"activation": "soft_threshold", "threshold": 0.1}, "sigmoid"),
        ({}, {"dtype": torch.float64}, "float64"),
    ):
        folder = tmp_path / word
        going(folder, resume=False, model=sae(**other))
        assert word in refused(folder, model=sae(**other_now))


def test_what_does_not_change_the_run_may_differ(folder, capsys):
    whole = train(sae(), num_steps=20, seed=1, record_every=5)
    parts = going(folder, progress="log", checkpoint_every=1)
    assert same_bits(parts.model, whole.model)
    moved = folder.rename(folder.parent / "moved")
    assert same_bits(going(moved).model, whole.model)


def test_a_run_with_a_constant_schedule_can_be_made_longer(folder, tmp_path):
    whole = train(sae(), num_steps=35, seed=1, record_every=5)
    longer = going(folder, num_steps=35)
    assert same_bits(longer.model, whole.model) and longer.history == whole.history
    decaying = {"schedule": "linear", "num_steps": 20}
    going(tmp_path / "decaying", resume=False, **decaying)
    said = refused(tmp_path / "decaying", **(decaying | {"num_steps": 35}))
    assert "num_steps was 20; now it is 35" in said


def test_a_folder_of_something_else_is_refused(tmp_path, folder):
    save_bundle(tmp_path / "model", {"w": torch.ones(2)}, {"kind": "model"})
    for resume in (True, False):
        assert "not one of a training run" in refused(tmp_path / "model", resume=resume)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "config.json").write_text('{"my": "settings"}')
    with pytest.raises(CheckpointProblem, match="not written by this course"):
        going(tmp_path / "notes")
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointProblem, match="is a file"):
        going(tmp_path / "file")


def test_a_damaged_checkpoint_is_refused(folder):
    (file,) = folder.glob("weights-*.safetensors")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointProblem, match="damaged"):
        going(folder)


def test_a_damaged_description_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["description"]["counts"]["step"] = 3
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointProblem, match="damaged"):
        going(folder)


# ── a disk that does not take it ──────────────────────────────────────────────────────────────


def failing(number, after=0):
    """An os.replace that fails from its call number `after` on."""
    calls = []
    replace = os.replace

    def fail(*args):
        calls.append(args)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))
        return replace(*args)

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_takes_nothing_is_noticed_before_any_step(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "replace", failing(number))
    model = sae()
    before = weights(model)
    with pytest.raises(CheckpointProblem):
        train(model, checkpoint_folder=tmp_path / "run", callbacks=[BreakOffAt(1)])
    assert same_bits(model, before)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_noticed_before_any_step(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(CheckpointProblem, match="may not be written to"):
            train(sae(), checkpoint_folder=tmp_path / "run", callbacks=[BreakOffAt(1)])
    finally:
        tmp_path.chmod(0o755)


def test_a_disk_that_fills_up_leaves_the_state_before(tmp_path, monkeypatch):
    whole = run("fast")
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing(errno.ENOSPC, after=9))
        with pytest.raises(CheckpointProblem, match="full"):
            run("fast", tmp_path / "run")
    _, description = load_bundle(tmp_path / "run")
    assert description["counts"]["step"] == 9  # states 0, 3, 6 and 9; two files each
    assert same_bits(run("fast", tmp_path / "run", resume=True).model, whole.model)


def test_a_folder_whose_name_is_too_long_is_refused(tmp_path):
    with pytest.raises(CheckpointProblem):
        train(sae(), checkpoint_folder=tmp_path / ("x" * 300))


def test_resume_without_a_folder_is_refused():
    with pytest.raises(WrongArgument, match="checkpoint_folder"):
        train(sae(), resume=True)


def test_settings_given_as_numpy_numbers_can_be_saved(tmp_path):
    folder = {"checkpoint_folder": tmp_path / "run"}
    train(sae(), num_steps=np.int64(5), learning_rate=np.float32(0.5), **folder)
    whole = train(sae(), num_steps=5, learning_rate=0.5, **folder, resume=True)
    assert whole.step == 5


def test_a_run_that_a_callback_stopped_goes_on(tmp_path):
    class StopAt(Callback):
        def on_step_end(self, trainer):
            trainer.stop = trainer.step == 12

    whole = run("fast")
    stopped = run("fast", tmp_path / "run", callbacks=[StopAt()])
    assert stopped.step == 12
    gone_on = run("fast", tmp_path / "run", resume=True)
    assert gone_on.step == whole.step
    assert same_bits(gone_on.model, whole.model)


@settings(max_examples=10, deadline=None)
@given(step=st.integers(1, 19), every=st.integers(1, 25), batch_size=st.integers(1, 120))
def test_wherever_it_is_broken_off(tmp_path_factory, step, every, batch_size):
    options = {"num_steps": 20, "batch_size": batch_size, "record_every": 4}
    whole = train(sae(), **options)
    folder = tmp_path_factory.mktemp("runs") / "run"
    kept = {"checkpoint_folder": folder, "checkpoint_every": every}
    with pytest.raises(BreakOff):
        train(sae(), **options, **kept, callbacks=[BreakOffAt(step)])
    parts = train(sae(), **options, **kept, resume=True)
    assert same_bits(parts.model, whole.model) and parts.history == whole.history
