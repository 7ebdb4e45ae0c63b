"""Activations: hooks that go away; examples in their order, streamed, cached and collected."""

import errno
import itertools
import os
import shutil
from collections import namedtuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from training_cases import sae, same_bits, train

from course_lib.activations import (
    ActivationStream,
    change_output,
    collect_activations,
    record_output,
    save_activations,
)
from course_lib.errors import CheckpointProblem, WrongArgument
from course_lib.training import Callback, batches
from course_lib.training.batches import Batches

WORDS, DIM = 400, 6
CPU = torch.device("cpu")


class Block(nn.Module):
    """Adds 1000 to what it gets, and counts its calls and the rows that it was called with."""

    def __init__(self):
        super().__init__()
        self.calls = self.rows = 0

    def forward(self, x):
        self.calls += 1
        self.rows += len(x)
        return x + 1000


class CountingModel(nn.Module):
    """A position's vector begins with the number of its word, plus 1000 for each block so far."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, DIM)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.unembedding = nn.Linear(DIM, WORDS)
        self.dropout = nn.Dropout(0.5)
        with torch.no_grad():
            self.embedding.weight[:, 0] = torch.arange(WORDS)

    def forward(self, tokens):
        x = self.dropout(self.embedding(tokens))
        for block in self.blocks:
            x = block(x)
        return self.unembedding(x)


class MixingBlock(nn.Module):
    """What a real block is like: every position sees those before it."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(DIM, DIM)

    def forward(self, x):
        return x + torch.tanh(self.linear(x.cumsum(1)))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CountingModel()


@pytest.fixture
def mixing():
    torch.manual_seed(0)
    model = CountingModel()
    model.blocks = nn.ModuleList(MixingBlock() for _ in range(3))
    return model.eval()


@pytest.fixture
def small_buffer(monkeypatch):
    """40 examples of 6 float32 numbers are shuffled together."""
    monkeypatch.setattr(batches, "BYTES_SHUFFLED", 40 * DIM * 4)


def words_of(found, blocks=2):
    return (found[:, 0] - 1000 * blocks).round().int().tolist()


def numbered(rows, length):
    """Every position has a word of its own, and they are counted through."""
    return torch.arange(rows * length).reshape(rows, length)


def random_mask(rows, length, seed=0):
    """Texts of 0 to `length` words, with padding behind."""
    lengths = torch.randint(0, length + 1, (rows, 1), generator=torch.Generator().manual_seed(seed))
    return torch.arange(length) < lengths


def batches_of(stream, batch_size=16, seed=0, share=(0, 1)):
    return Batches("train_data", stream, DIM, batch_size, CPU, torch.float32, seed, share)


# ── looking at an output ──────────────────────────────────────────────────────────────────────


def test_every_output_is_recorded_as_long_as_the_block_lasts(model):
    model.eval()
    tokens = numbered(2, 3)
    with record_output(model.blocks[1]) as outputs:
        model(tokens)
        model(tokens[1:])
    model(tokens)
    assert [tuple(output.shape) for output in outputs] == [(2, 3, DIM), (1, 3, DIM)]
    assert outputs[0][..., 0].tolist() == [[2000, 2001, 2002], [2003, 2004, 2005]]
    assert outputs[1][..., 0].tolist() == [[2003, 2004, 2005]]


def test_a_record_is_a_copy_without_a_gradient():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    nn.init.constant_(model[0].weight, -1.0)
    nn.init.zeros_(model[0].bias)
    with record_output(model[0]) as outputs:
        model(torch.ones(1, 2)).sum().backward()
    assert outputs[0].tolist() == [[-2, -2]]  # before the ReLU that works in place
    assert not outputs[0].requires_grad and outputs[0].grad_fn is None


def hooks(model):
    return sum(len(part._forward_hooks) for part in model.modules())


def test_no_hook_is_left_behind_whatever_happens(model):
    with record_output(model.blocks[0]), change_output(model.blocks[0], torch.neg):
        assert hooks(model) == 2
    assert hooks(model) == 0
    for context in (
        lambda: record_output(model.blocks[0]),
        lambda: change_output(model.blocks[0], torch.neg),
    ):
        with pytest.raises(KeyError), context():
            raise KeyError
        with pytest.raises(IndexError), context():
            model(torch.tensor([[WORDS]]))
        assert hooks(model) == 0
    collect_activations(model, model.blocks[0], numbered(2, 3))
    assert hooks(model) == 0
    with pytest.raises(WrongArgument):
        collect_activations(model, model.blocks[0], torch.tensor([[0], [WORDS]]))
    assert hooks(model) == 0


# ── changing an output ────────────────────────────────────────────────────────────────────────


def test_an_output_is_changed_as_long_as_the_block_lasts(model):
    model.eval()
    tokens = numbered(1, 3)
    before = model(tokens)
    with change_output(model.blocks[1], lambda x: x - 2000), record_output(model.blocks[2]) as seen:
        changed = model(tokens)
    assert seen[0][0, :, 0].tolist() == [1000, 1001, 1002]
    assert not torch.allclose(changed, before)
    assert torch.equal(model(tokens), before)


def test_a_change_that_changes_nothing_changes_nothing(model):
    model.eval()
    before = model(numbered(2, 3))
    with change_output(model.blocks[1], lambda x: x.clone()):
        assert torch.equal(model(numbered(2, 3)), before)


def test_gradients_pass_through_a_change(model):
    model.eval()
    shift = torch.zeros(DIM, requires_grad=True)
    with change_output(model.blocks[3], lambda x: x + shift):
        model(numbered(1, 2))[..., 7].sum().backward()
    assert torch.allclose(shift.grad, 2 * model.unembedding.weight[7])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: x[:, :1], r"change returned a tensor of shape \(2, 1, 6\)"),
        (lambda x: x.double(), "float64"),
        (lambda x: x.to("meta"), "on meta"),
        (lambda x: None, "change returned NoneType"),
        (lambda x: (x,), "change returned tuple"),
    ],
)
def test_a_change_of_shape_dtype_or_device_is_refused(model, change, told):
    with (
        pytest.raises(WrongArgument, match=told + r".*must return a tensor of shape \(2, 3, 6\)"),
        change_output(model.blocks[1], change),
    ):
        model(numbered(2, 3))
    assert hooks(model) == 0


def test_what_is_no_module_and_no_function_is_refused(model):
    for bad in ("blocks.1", model.blocks[1].forward, None, 1):
        with pytest.raises(WrongArgument, match=r"module is .*torch\.nn\.Module"):
            record_output(bad).__enter__()
        with pytest.raises(WrongArgument, match=r"module is .*torch\.nn\.Module"):
            change_output(bad, torch.neg).__enter__()
    with pytest.raises(WrongArgument, match="the class Block itself"):
        record_output(Block).__enter__()
    with pytest.raises(WrongArgument, match="change is of type Tensor"):
        change_output(model, torch.ones(1)).__enter__()


# ── outputs that are tuples ───────────────────────────────────────────────────────────────────

Pair = namedtuple("Pair", ["hidden", "weights"])


class TupleBlock(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        output = (x + 1000, torch.full((3,), 7.0))
        return self.kind(*output) if hasattr(self.kind, "_fields") else self.kind(output)


@pytest.mark.parametrize("kind", [tuple, list, Pair])
def test_of_a_tuple_the_first_entry_is_taken_and_the_others_stay(model, kind):
    block = TupleBlock(kind)

    class Model(CountingModel):
        def forward(self, tokens):
            self.given = block(self.embedding(tokens))
            return self.given[0]

    model = Model()
    model.block = block
    with record_output(block) as outputs:
        model(numbered(1, 2))
    assert outputs[0][0, :, 0].tolist() == [1000, 1001]
    with change_output(block, lambda x: x + 5):
        changed = model(numbered(1, 2))
    assert changed[0, :, 0].tolist() == [1005, 1006]
    assert type(model.given) is kind and model.given[1].tolist() == [7, 7, 7]
    assert words_of(collect_activations(model, block, numbered(2, 3)), 1) == list(range(6))


def test_an_output_without_a_tensor_is_refused(model):
    class Odd(nn.Module):
        def forward(self, x):
            return {"hidden": x}

    model.blocks[1] = Odd()
    with pytest.raises(WrongArgument, match=r"an? Odd, puts out a dict; .* inside"):
        collect_activations(model, model.blocks[1], numbered(1, 2))
    with pytest.raises(WrongArgument, match="puts out a dict"), record_output(model.blocks[1]):
        model(numbered(1, 2))
    assert hooks(model) == 0


# ── all at once ───────────────────────────────────────────────────────────────────────────────


def test_examples_come_row_by_row_and_position_by_position(model):
    found = collect_activations(model, model.blocks[1], numbered(7, 5), rows_at_once=3)
    assert found.shape == (35, DIM)
    assert words_of(found) == list(range(35))
    assert not found.requires_grad


def test_a_mask_leaves_padding_out(model):
    tokens = torch.tensor([[1, 2, 0], [0, 0, 0], [3, 4, 5], [6, 0, 0]])
    mask = tokens > 0
    for rows_at_once in (1, 2, 256):
        found = collect_activations(model, model.blocks[1], tokens, mask, rows_at_once)
        assert words_of(found) == [1, 2, 3, 4, 5, 6]


def test_a_row_without_examples_is_not_computed(model):
    mask = torch.tensor([[True] * 3, [False] * 3, [True] * 3])
    stream = ActivationStream(model, model.blocks[1], numbered(3, 3), mask)
    model.blocks[0].rows = 0
    stream.read(torch.arange(2))
    assert model.blocks[0].rows == 2


def test_the_model_is_asked_in_evaluation_mode_and_left_as_it_was(model):
    model.train()
    model.blocks[2].eval()
    found = collect_activations(model, model.blocks[1], numbered(4, 5))
    assert words_of(found) == list(range(20))  # dropout would have changed half of them
    assert model.training and model.dropout.training and not model.blocks[2].training
    assert model.embedding.weight.grad is None


def test_nothing_is_computed_beyond_the_module(model):
    collect_activations(model, model.blocks[1], numbered(4, 5))
    assert [block.calls > 0 for block in model.blocks] == [True, True, False, False]
    assert model.blocks[0].rows == 1 + 4  # a row to look at, then all of them


def test_a_model_that_catches_every_exception_is_stopped_all_the_same(model):
    class Careful(CountingModel):
        def forward(self, tokens):
            try:
                return super().forward(tokens)
            except Exception:
                return None

    careful = Careful()
    assert words_of(collect_activations(careful, careful.blocks[1], numbered(1, 3))) == [0, 1, 2]


def test_tokens_may_be_of_many_kinds(model, tmp_path):
    tokens = numbered(6, 4)
    mask = random_mask(6, 4)
    expected = collect_activations(model, model.blocks[1], tokens, mask)
    np.save(tmp_path / "tokens.npy", tokens.numpy().astype("uint16"))
    np.save(tmp_path / "mask.npy", mask.numpy())
    for kind, (given_tokens, given_mask) in {
        "int32": (tokens.int(), mask),
        "array": (tokens.numpy(), mask.numpy()),
        "uint16": (tokens.numpy().astype("uint16"), mask),
        "columns": (tokens.T.contiguous().T, mask.T.contiguous().T),
        "path": (tmp_path / "tokens.npy", tmp_path / "mask.npy"),
        "name": (str(tmp_path / "tokens.npy"), mask),
        "map": (np.load(tmp_path / "tokens.npy", mmap_mode="r"), mask),
    }.items():
        found = collect_activations(model, model.blocks[1], given_tokens, given_mask)
        assert torch.equal(found, expected), kind


# ── streamed ──────────────────────────────────────────────────────────────────────────────────


def test_streamed_cached_and_collected_are_the_same_numbers(mixing, tmp_path):
    tokens, mask = numbered(30, 7), random_mask(30, 7)
    arguments = (mixing, mixing.blocks[1], tokens, mask, 8)
    collected = collect_activations(*arguments)
    stream = ActivationStream(*arguments)
    assert stream.shape == tuple(collected.shape) == (int(mask.sum()), DIM)
    assert len(stream) == len(collected) and stream.dtype == collected.dtype
    assert torch.equal(torch.cat(list(stream.in_order())), collected)
    path = save_activations(tmp_path / "activations.npy", stream)
    assert np.array_equal(np.load(path), collected.numpy())
    assert torch.allclose(torch.cat(list(batches_of(stream).in_order())), collected, atol=1e-3)
    shuffled = torch.cat(list(batches_of(stream).shuffled(0)))
    order = collected[:, 0].argsort(), shuffled[:, 0].argsort()
    assert torch.allclose(shuffled[order[1]], collected[order[0]], atol=1e-3)


@pytest.mark.parametrize("batch_size", [1, 5, 16, 39, 40, 41, 1000])
def test_an_epoch_holds_every_example_once(model, small_buffer, batch_size):
    mask = random_mask(50, 8)
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8), mask, rows_at_once=3)
    found = list(batches_of(stream, batch_size).shuffled(1))
    everything = numbered(50, 8)[mask].tolist()
    assert sorted(words_of(torch.cat(found))) == everything
    assert all(len(batch) == batch_size for batch in found[:-1])
    assert len(batches_of(stream, batch_size)) == len(found)
    in_order = list(batches_of(stream, batch_size).in_order())
    assert words_of(torch.cat(in_order)) == everything
    assert all(len(batch) == batch_size for batch in in_order[:-1])


def epoch_of(stream, epoch, start=0, **options):
    return [words_of(batch) for batch in batches_of(stream, **options).shuffled(epoch, start)]


def test_the_order_follows_from_seed_and_epoch_alone(model, small_buffer):
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8))
    first = epoch_of(stream, 3, seed=7)
    torch.manual_seed(99)
    assert epoch_of(stream, 3, seed=7) == first
    assert epoch_of(stream, 4, seed=7) != first
    assert epoch_of(stream, 3, seed=8) != first


def test_rows_come_from_everywhere_and_their_words_are_torn_apart(model, small_buffer):
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8))
    found = [word for batch in epoch_of(stream, 0, batch_size=40) for word in batch]
    rows = {word // 8 for word in found[:40]}  # a buffer of five rows
    assert len(rows) == 5 and max(rows) - min(rows) > 10
    neighbours = sum(b - a == 1 for a, b in itertools.pairwise(found))
    assert neighbours < 0.2 * len(found)  # in order it would be seven of eight


def test_an_epoch_is_taken_up_in_the_middle_without_what_lies_before(model, small_buffer):
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8), random_mask(50, 8, seed=1))
    whole = epoch_of(stream, 2)
    for start in range(len(whole) + 1):
        assert epoch_of(stream, 2, start) == whole[start:]
    last = batches_of(stream)
    model.blocks[0].rows = 0
    assert len(list(last.shuffled(2, len(whole) - 1))) == 1
    assert model.blocks[0].rows <= 5 + 5  # a buffer of five rows, and what it leaves over


def test_no_more_than_a_buffer_of_rows_is_held(model, small_buffer, monkeypatch):
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8), rows_at_once=2)
    taken = batches_of(stream)
    read, sizes = stream.read, []

    def counted(runs):
        sizes.append(len(runs))
        return read(runs)

    monkeypatch.setattr(stream, "read", counted)
    model.blocks[0].rows = 0
    first = taken.shuffled(0)
    next(first)
    assert sizes == [5] and model.blocks[0].rows == 5  # nothing is computed ahead of its need
    list(first)
    assert sizes == [5] * 10
    sizes.clear()
    next(taken.in_order())
    assert sizes == [2]  # a batch of 16, two rows


def test_the_shares_of_several_processes_make_up_the_whole(model, small_buffer):
    stream = ActivationStream(model, model.blocks[1], numbered(50, 8))
    shares = [epoch_of(stream, 0, batch_size=30, share=(i, 3)) for i in range(3)]
    alone = epoch_of(stream, 0, batch_size=30)
    for whole, *parts in zip(alone, *shares, strict=True):
        assert len({len(part) for part in parts}) == 1
        assert [w for part in parts for w in part] == whole[: len(whole) - len(whole) % 3]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 30),
    length=st.integers(1, 9),
    batch_size=st.integers(1, 70),
    buffer=st.integers(1, 100),
    start=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_whatever_the_sizes(rows, length, batch_size, buffer, start, seed):
    model = CountingModel()
    mask = random_mask(rows, length, seed)
    mask[rows // 2, 0] = True
    tokens = numbered(rows, length)
    stream = ActivationStream(model, model.blocks[1], tokens, mask, rows_at_once=1 + seed % 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BYTES_SHUFFLED", buffer * DIM * 4)
        whole = epoch_of(stream, seed, batch_size=batch_size)
        assert epoch_of(stream, seed, start, batch_size=batch_size) == whole[start:]
    assert sorted(word for batch in whole for word in batch) == tokens[mask].tolist()


# ── training on it ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stream(mixing, small_buffer):
    return ActivationStream(mixing, mixing.blocks[1], numbered(40, 9) % 20, random_mask(40, 9))


def test_a_stream_trains_and_validates(stream):
    history = train(sae(), stream, stream, num_epochs=3, learning_rate=1e-3).history
    assert history["epochs_trained"] == 3 and len(history["val_loss"]) == 3
    assert history["val_loss"][2] < history["val_loss"][0]


def test_validation_on_a_stream_is_that_on_the_collected(stream, mixing):
    collected = collect_activations(
        mixing, mixing.blocks[1], numbered(40, 9) % 20, random_mask(40, 9)
    )
    streamed = train(sae(), stream, stream, num_epochs=1).history["val_loss"]
    held = train(sae(), stream, collected, num_epochs=1).history["val_loss"]
    assert streamed == pytest.approx(held, rel=1e-4)


def test_one_cached_block_trains_as_the_collected(mixing, tmp_path):
    arguments = (mixing, mixing.blocks[1], numbered(40, 9) % 20)
    path = save_activations(tmp_path / "a.npy", ActivationStream(*arguments))
    model = train(sae(), path, num_epochs=2).model
    assert same_bits(train(sae(), path, num_epochs=2).model, model)
    assert not same_bits(model, sae())


class BreakOff(Exception):
    pass


class BreakOffAt(Callback):
    def __init__(self, step):
        self.at = step

    def on_step_end(self, trainer):
        if trainer.step == self.at:
            raise BreakOff


@pytest.mark.parametrize("step", [1, 4, 11, 13, 19])
def test_a_run_broken_off_goes_on_to_the_same_weights(stream, tmp_path, step):
    options = {"num_steps": 20, "record_every": 3}
    whole = train(sae(), stream, **options)
    assert whole.epoch >= 1  # into the second epoch, too
    kept = {"checkpoint_folder": tmp_path / "run", "checkpoint_every": 2}
    with pytest.raises(BreakOff):
        train(sae(), stream, **options, **kept, callbacks=[BreakOffAt(step)])
    parts = train(sae(seed=5), stream, **options, **kept, resume=True)
    assert same_bits(parts.model, whole.model) and parts.history == whole.history


def test_a_run_does_not_go_on_with_other_activations(stream, mixing, tmp_path):
    kept = {"checkpoint_folder": tmp_path / "run"}
    train(sae(), stream, **kept)
    tokens, mask = numbered(40, 9) % 20, random_mask(40, 9)
    other_tokens = tokens.clone()
    other_tokens[-1] += 1
    torch.manual_seed(1)
    other_model = CountingModel()
    for other in (
        ActivationStream(mixing, mixing.blocks[0], tokens, mask),
        ActivationStream(mixing, mixing.blocks[1], tokens),
        ActivationStream(mixing, mixing.blocks[1], other_tokens, mask),
        ActivationStream(other_model, other_model.blocks[1], tokens, mask),
    ):
        with pytest.raises(CheckpointProblem, match="training examples"):
            train(sae(), other, num_steps=30, **kept, resume=True)
    same = ActivationStream(mixing, mixing.blocks[1], tokens.numpy(), mask, rows_at_once=7)
    assert train(sae(), same, num_steps=30, **kept, resume=True).step == 30


def test_an_autoencoder_of_another_width_is_refused_before_any_work(stream):
    with pytest.raises(WrongArgument, match=r"train_data has shape \(\d+, 6\); .*\(rows, 8\)"):
        train(sae(width=8), stream)
    with pytest.raises(WrongArgument, match="val_data has shape"):
        train(sae(width=8), torch.ones(20, 8), stream)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize(("place", "device"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
def test_the_model_and_the_autoencoder_may_be_on_different_devices(stream, place, device):
    on_cpu = train(sae(), stream, num_steps=5)
    stream.model.to(place)
    elsewhere = train(sae(), stream, num_steps=5, device=device)
    assert elsewhere.model.encoder.weight.device.type == device
    for one, other in zip(on_cpu.model.parameters(), elsewhere.model.parameters(), strict=True):
        assert torch.allclose(one, other.cpu(), atol=1e-3)


# ── kept in a file ────────────────────────────────────────────────────────────────────────────


def test_a_file_is_written_in_either_precision(stream, tmp_path):
    wide = np.load(save_activations(tmp_path / "wide.npy", stream))
    half = np.load(save_activations(str(tmp_path / "half.npy"), stream, torch.float16))
    assert wide.dtype == np.float32 and half.dtype == np.float16
    assert np.array_equal(wide.astype("float16"), half)


def test_models_of_every_precision_can_be_kept(mixing, tmp_path):
    for dtype in (torch.float64, torch.bfloat16):
        stream = ActivationStream(mixing.to(dtype), mixing.blocks[1], numbered(2, 3))
        assert stream.dtype == dtype
        kept = np.load(save_activations(tmp_path / "a.npy", stream))
        assert np.array_equal(kept, stream.read(torch.arange(2)).float().numpy())


def test_a_file_that_fails_leaves_nothing_and_the_old_one_whole(stream, tmp_path, monkeypatch):
    path = save_activations(tmp_path / "a.npy", stream)
    before = path.read_bytes()
    compute, calls = stream._compute, []

    def breaking(rows):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return compute(rows)

    stream.rows_at_once = 4
    monkeypatch.setattr(stream, "_compute", breaking)
    with pytest.raises(KeyboardInterrupt):
        save_activations(path, stream)
    monkeypatch.setattr(stream, "_compute", compute)

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="space"):
        save_activations(path, stream)
    assert os.listdir(tmp_path) == ["a.npy"] and path.read_bytes() == before


def test_what_float16_cannot_hold_is_refused(model, tmp_path):
    with torch.no_grad():
        model.embedding.weight[5, 1] = -1e5
    stream = ActivationStream(model, model.blocks[1], numbered(2, 3))
    with pytest.raises(WrongArgument, match=r"98000, beyond .*torch.float16"):
        save_activations(tmp_path / "a.npy", stream, torch.float16)
    assert not os.listdir(tmp_path)


def test_saving_checks_its_arguments(stream, tmp_path, monkeypatch):
    (tmp_path / "folder.npy").mkdir()
    for path, told in (
        (tmp_path / "a.pt", r"ends in \.npy"),
        (3, r"ends in \.npy"),
        (tmp_path / "nowhere" / "a.npy", "does not exist"),
        (tmp_path / "folder.npy", "is a folder"),
    ):
        with pytest.raises(WrongArgument, match=told):
            save_activations(path, stream)
    with pytest.raises(WrongArgument, match="dtype is"):
        save_activations(tmp_path / "a.npy", stream, torch.int8)
    with pytest.raises(WrongArgument, match="must be an ActivationStream"):
        save_activations(tmp_path / "a.npy", torch.ones(2, 2))
    usage = namedtuple("Usage", "total used free")(10, 0, 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(WrongArgument, match="GB free"):
        save_activations(tmp_path / "a.npy", stream)


# ── bad input ─────────────────────────────────────────────────────────────────────────────────


def refused(model, module, *arguments, **options):
    with pytest.raises(WrongArgument) as caught:
        collect_activations(model, module, *arguments, **options)
    assert hooks(model) == 0
    return str(caught.value)


def test_a_module_must_be_a_part_of_the_model_that_its_forward_calls(model):
    tokens = numbered(2, 3)
    told = refused(model, Block(), tokens)
    assert "not a part" in told and "model.blocks[1]" in told and "named_modules" in told
    model.unused = nn.Linear(2, 2)
    assert "does not call" in refused(model, model.unused, tokens)
    with pytest.raises(WrongArgument, match="model is"):
        collect_activations("gpt", model.blocks[1], tokens)
    with pytest.raises(WrongArgument, match=r"module is 'blocks\.1'"):
        collect_activations(model, "blocks.1", tokens)


def test_tokens_must_be_a_table_of_whole_numbers(model, tmp_path):
    block = model.blocks[1]
    assert "dtype float32" in refused(model, block, torch.ones(2, 3))
    assert "dtype bool" in refused(model, block, torch.ones(2, 3, dtype=torch.bool))
    assert "[None, :]" in refused(model, block, torch.arange(3))
    assert "(0, 3)" in refused(model, block, numbered(0, 3))
    assert "(2, 0)" in refused(model, block, torch.zeros(2, 0, dtype=torch.int64))
    assert "type list" in refused(model, block, [[1, 2]])
    assert "nowhere.npy" in refused(model, block, tmp_path / "nowhere.npy")
    (tmp_path / "notes.npy").write_text("1 2 3")
    assert "numpy.save" in refused(model, block, tmp_path / "notes.npy")


def test_tokens_outside_of_the_vocabulary_are_told(model):
    block, bad = model.blocks[1], numbered(5, 3)
    bad[3, 1] = WORDS
    assert "rows 2 to 3" in refused(model, block, bad, rows_at_once=2)
    assert "largest is 400" in refused(model, block, bad, rows_at_once=2)
    bad[3, 1] = -1
    assert "tokens holds -1, first in row 3" in refused(model, block, bad)


def test_a_mask_must_fit_the_tokens(model):
    block, tokens = model.blocks[1], numbered(2, 3)
    assert "mask has shape (2, 2)" in refused(model, block, tokens, torch.ones(2, 2).bool())
    assert "dtype int64" in refused(model, block, tokens, torch.ones(2, 3, dtype=torch.int64))
    assert "False everywhere" in refused(model, block, tokens, torch.zeros(2, 3).bool())
    assert "type list" in refused(model, block, tokens, [[True] * 3] * 2)


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, None])
def test_rows_at_once_must_be_a_number_of_rows(model, bad):
    assert "rows_at_once" in refused(model, model.blocks[1], numbered(2, 3), rows_at_once=bad)


def test_what_a_module_puts_out_must_be_a_vector_for_each_position(model):
    class Pooling(nn.Module):
        def forward(self, x):
            return x.mean(dim=1)

    model.blocks[1] = Pooling()
    assert "(rows, length, dim)" in refused(model, model.blocks[1], numbered(2, 3))


def test_a_model_that_takes_no_tokens_is_told_before_any_work():
    model = nn.Sequential(nn.Linear(3, 3))
    assert "cannot take tokens of shape (1, 3)" in refused(model, model[0], numbered(2, 3))


def test_activations_that_are_not_finite_are_told_with_their_row(model):
    with torch.no_grad():
        model.embedding.weight[13] = float("nan")
    mask = torch.ones(6, 3, dtype=torch.bool)
    mask[1], mask[2, 1:] = False, False
    block = model.blocks[1]
    assert "row 4 of tokens" in refused(model, block, numbered(6, 3), mask)
    assert "row 4 of tokens" in refused(model, block, numbered(6, 3), mask, rows_at_once=3)
    mask[4, 1] = False
    assert len(collect_activations(model, block, numbered(6, 3), mask)) == 12
