"""What only a GPU shows: where data lie, precision, the fast path, checkpoints across devices."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from training_cases import examples, largest_difference, sae, same_bits

from course_lib.errors import WrongArgument
from course_lib.training import (
    Callback,
    Objective,
    Trainer,
    batches,
    train_sparse_autoencoder_with_early_stopping,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.fixture(autouse=True)
def exact_products():
    """No TensorFloat-32: its ten bits of mantissa would hide or feign differences."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    yield
    torch.backends.cuda.matmul.allow_tf32 = before


def train(model, data=None, val_data=None, objective=None, resume=False, device="cuda", **options):
    if "num_epochs" not in options:
        options = {"num_steps": 20} | options
    options = {"batch_size": 16, "learning_rate": 1e-2} | options
    trainer = Trainer(model, objective, device=device, **options)
    trainer.fit(examples() if data is None else data, val_data, resume=resume)
    return trainer


def devices(trainer):
    return {p.device.type for p in trainer.model.parameters()}


# ── the device ────────────────────────────────────────────────────────────────────────────────


def test_the_gpu_is_chosen_by_itself_and_a_named_device_is_kept():
    chosen = train(sae(), device=None)
    assert chosen.device == torch.device("cuda", 0)
    assert devices(chosen) == {"cuda"} and chosen.train.rows.is_cuda
    assert devices(train(sae(), device="cpu")) == {"cpu"}
    assert devices(train(sae(), device="cuda:0")) == {"cuda"}
    with pytest.raises(WrongArgument, match="cuda:99"):
        train(sae(), device="cuda:99")


def test_the_documents_door_stays_on_the_cpu_unless_told():
    data = examples()
    for options, expected in (({}, "cpu"), ({"device": "cuda"}, "cuda")):
        model = sae(layers=2)
        history = train_sparse_autoencoder_with_early_stopping(
            model, data, data[:20], 3, 1e-2, 2, **options
        )
        assert {p.device.type for p in model.parameters()} == {expected}
        assert all(type(value) is float for value in history["val_loss"])


def test_data_may_lie_on_either_device():
    x = examples()
    reference = train(sae(), x)
    assert same_bits(train(sae().cuda(), x.cuda()).model, reference.model)
    back = train(sae().cuda(), x.cuda(), x.cuda(), device="cpu", num_epochs=2)
    assert devices(back) == {"cpu"}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("sparsity_type", ["l1", "kl", "hoyer"])
def test_cpu_and_gpu_train_alike(layers, sparsity_type):
    found = [
        train(
            sae(layers=layers, dtype=torch.float64), examples(), examples(30, seed=5),
            Objective(sparsity_type), device=device, num_epochs=10,
        )
        for device in ("cpu", "cuda")
    ]  # fmt: skip
    cpu, gpu = found
    assert largest_difference(cpu.model, gpu.model.cpu()) < 1e-9
    assert gpu.history["val_loss"] == pytest.approx(cpu.history["val_loss"], rel=1e-9)


# ── streams ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(batches, "free_memory", lambda device: 0)


def test_what_does_not_fit_is_streamed_through_pinned_memory(monkeypatch):
    x, val_data = examples(), examples(30, seed=5)
    reference = train(sae(), x, val_data, num_epochs=3)
    pinned = []
    pin = torch.Tensor.pin_memory
    monkeypatch.setattr(
        torch.Tensor, "pin_memory", lambda self, *args: pinned.append(len(self)) or pin(self, *args)
    )
    monkeypatch.setattr(batches, "free_memory", lambda device: 0)
    streamed = train(sae(), x, val_data, num_epochs=3)
    assert streamed.train.streamed and not streamed.train.rows.is_cuda
    assert pinned.count(16) == 3 * 6 and pinned.count(30) == 3
    assert same_bits(streamed.model, reference.model)
    assert streamed.history == reference.history


def test_a_file_is_streamed_to_the_gpu(tmp_path):
    np.save(tmp_path / "data.npy", examples().half().numpy())
    on_cpu, on_gpu = (
        train(sae(dtype=torch.float64), tmp_path / "data.npy", device=device, num_epochs=3)
        for device in ("cpu", "cuda")
    )
    assert largest_difference(on_cpu.model, on_gpu.model.cpu()) < 1e-9


def test_data_that_are_on_the_gpu_stay_there_however_full_it_is(no_room):
    x = examples().cuda()
    trained = train(sae(), x, x, num_epochs=2)
    assert trained.train.rows.is_cuda
    with_other_dtype = train(sae(dtype=torch.float64), x, x, num_epochs=2)
    assert devices(with_other_dtype) == {"cuda"}


def test_many_streamed_batches_arrive_whole(no_room):
    """Memory is used again while copies are under way: no batch may be overwritten."""
    rows, width = 1 << 14, 256
    data = torch.arange(float(rows), dtype=torch.float64)[:, None].repeat(1, width)
    found = batches.Batches(
        "train_data", data, width, 512, torch.device("cuda", 0), torch.float32
    ).shuffled(0)
    seen = []
    for batch in found:
        assert batch.is_cuda
        seen.append(batch.sum(dim=1) / width)
    numbers = torch.cat(seen).sort().values.cpu()
    assert torch.equal(numbers, torch.arange(float(rows)))


def test_free_memory_is_the_gpus():
    free = batches.free_memory(torch.device("cuda", 0))
    assert 0 < free <= torch.cuda.get_device_properties(0).total_memory


# ── fast and readable, precision ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", [{}, {"activation": "topk", "k": 2, "latents": 40}])
@pytest.mark.parametrize("sparsity_type", ["l1", "none"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_fast_and_readable_give_the_same_weights(model, sparsity_type, reduction):
    objective = Objective(sparsity_type, 0.1, reduction=reduction)
    for dtype, tolerance in ((torch.float64, 1e-11), (torch.float32, 1e-3)):
        fast, readable = (
            train(
                sae(dtype=dtype, **model), examples(103), objective=objective, fast=fast,
                num_steps=200, schedule="cosine", warmup_steps=10, max_grad_norm=0.1,
            )
            for fast in (True, False)
        )  # fmt: skip
        assert fast.fast and not readable.fast
        assert largest_difference(fast.model, readable.model) < tolerance
        assert fast.history["train_loss"] == pytest.approx(
            readable.history["train_loss"], rel=tolerance
        )


@pytest.mark.parametrize("model", [{}, {"layers": 2}])
def test_a_seed_decides_every_bit(model):
    first, again = (train(sae(**model), num_epochs=5) for _ in range(2))
    assert same_bits(first.model, again.model) and first.history == again.history


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
@pytest.mark.parametrize("sparsity_type", ["l1", "kl", "hoyer"])
def test_mixed_precision_trains_and_keeps_float32_weights(precision, sparsity_type):
    seen = set()
    model = sae(layers=2)
    model.encoder.register_forward_hook(lambda module, inputs, sums: seen.add(sums.dtype))
    options = {"num_epochs": 15, "objective": Objective(sparsity_type)}
    mixed = train(model, val_data=examples(30), mixed_precision=precision, **options)
    exact = train(sae(layers=2), val_data=examples(30), **options)
    assert getattr(torch, precision) in seen
    assert all(p.dtype == torch.float32 and p.is_cuda for p in model.parameters())
    found, expected = (t.history["val_loss"] for t in (mixed, exact))
    assert found[-1] < 0.7 * found[0]
    assert found[-1] == pytest.approx(expected[-1], rel=0.1)


def test_the_scale_of_float16_is_found_after_an_overflow():
    """Losses of large data overflow when scaled: such steps are left out, then it goes on."""
    trained = train(
        sae(layers=2), 300 * examples(), mixed_precision="float16", num_epochs=20, max_grad_norm=1.0
    )
    assert trained._scaler.get_scale() < 2.0**16
    losses = trained.history["train_loss"]
    assert all(np.isfinite(losses)) and losses[-1] < losses[0]


# ── checkpoints ───────────────────────────────────────────────────────────────────────────────


class BreakOff(Exception):
    pass


class BreakOffAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, trainer):
        if trainer.step == self.step:
            raise BreakOff


RUNS = {
    "fast": ({}, {"schedule": "cosine", "warmup_steps": 3}),
    "float16": ({"layers": 2}, {"mixed_precision": "float16"}),
    "early stopping": ({}, {"patience": 2, "record_every": 2}),
}


def run(name, folder=None, **changes):
    model, options = RUNS[name]
    if folder is not None:
        changes = {"checkpoint_folder": folder, "checkpoint_every": 3} | changes
    return train(sae(**model), val_data=examples(30), num_steps=30, **options, **changes)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_on_the_gpu_goes_on_bit_for_bit(name, tmp_path):
    whole = run(name)
    with pytest.raises(BreakOff):
        run(name, tmp_path / "run", callbacks=[BreakOffAt(11)])
    parts = run(name, tmp_path / "run", resume=True)
    assert devices(parts) == {"cuda"}
    assert same_bits(parts.model, whole.model) and parts.history == whole.history


@pytest.mark.parametrize("there, back", [("cuda", "cpu"), ("cpu", "cuda")])
@pytest.mark.parametrize("name", ["fast", "early stopping"])
def test_a_run_goes_on_on_another_device(name, there, back, tmp_path):
    whole = run(name, device=back)
    with pytest.raises(BreakOff):
        run(name, tmp_path / "run", callbacks=[BreakOffAt(11)], device=there)
    parts = run(name, tmp_path / "run", resume=True, device=back)
    assert devices(parts) == {back}
    assert parts.step == whole.step
    assert largest_difference(parts.model, whole.model) < 1e-3


# ── several processes ─────────────────────────────────────────────────────────────────────────


def torchrun(processes, folder, **environment):
    """Train the cases of training_in_processes.py; its exit status and what it said."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    script = Path(__file__).with_name("training_in_processes.py")
    done = subprocess.run(
        [*command, f"--nproc_per_node={processes}", str(script), str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stderr[-4000:]


def test_two_processes_can_stay_on_the_cpu_of_a_machine_with_gpus(tmp_path):
    """The cases name the CPU; that a GPU is there must not matter."""
    if torch.cuda.device_count() < 2:
        pytest.skip("each process takes a GPU of its own, whether it trains there or not")
    status, said = torchrun(2, tmp_path)
    assert status == 0, said


def test_two_gpus_train_what_one_trains(tmp_path):
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    from training_in_processes import run as run_case

    status, said = torchrun(2, tmp_path, COURSE_TEST_DEVICE="cuda")
    assert status == 0, said
    found = torch.load(tmp_path / "0.pt", map_location="cpu")
    for name in ("l1", "kl", "hoyer"):
        alone = run_case(name, fast=False)
        assert largest_difference(found[name]["weights"], alone.model) < 1e-3
