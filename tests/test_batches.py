"""Batches: every example once an epoch, in an order of the seed's, wherever the data lie."""

import itertools
import resource

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import in_fresh_process
from training_cases import WIDTH, examples, sae, same_bits, train

from course_lib.errors import WrongArgument
from course_lib.training import Trainer, batches
from course_lib.training.batches import Batches

CPU = torch.device("cpu")


def numbered(rows, width=2):
    """Row i holds i in its first column, so that rows can be counted."""
    return torch.arange(float(rows))[:, None].repeat(1, width)


def batches_of(data, batch_size=4, width=2, seed=0, share=(0, 1), dtype=torch.float32):
    return Batches("train_data", data, width, batch_size, CPU, dtype, seed=seed, share=share)


def epoch_of(data, epoch=0, start=0, **options):
    """The batches of an epoch, each as the list of its row numbers."""
    found = batches_of(data, **options).shuffled(epoch, start)
    return [batch[:, 0].tolist() for batch in found]


def flat(lists):
    return [number for one in lists for number in one]


@pytest.fixture
def small_blocks(monkeypatch):
    """Files are read in runs of 3 rows, and 12 rows of 2 float32 numbers are shuffled together."""
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 3)
    monkeypatch.setattr(batches, "BYTES_SHUFFLED", 12 * 8)


@pytest.fixture
def saved(tmp_path):
    """Writes a tensor as a .npy file."""

    def save(tensor, name="data.npy", dtype=None):
        array = tensor.numpy() if isinstance(tensor, torch.Tensor) else tensor
        np.save(tmp_path / name, array if dtype is None else array.astype(dtype))
        return tmp_path / name

    return save


@pytest.fixture
def no_room(monkeypatch):
    """No data fit on any device."""
    monkeypatch.setattr(batches, "free_memory", lambda device: 0)


# ── data that fit ─────────────────────────────────────────────────────────────────────────────


def test_an_epoch_holds_each_example_once():
    found = epoch_of(numbered(11), batch_size=4)
    assert [len(batch) for batch in found] == [4, 4, 3]
    assert sorted(flat(found)) == list(range(11))
    assert flat(found) != list(range(11))


def test_the_order_follows_from_seed_and_epoch_alone():
    found = epoch_of(numbered(50), epoch=3, seed=7)
    torch.manual_seed(123)
    assert epoch_of(numbered(50), epoch=3, seed=7) == found
    assert epoch_of(numbered(50), epoch=4, seed=7) != found
    assert epoch_of(numbered(50), epoch=3, seed=8) != found


def test_starting_in_the_middle_gives_the_rest():
    whole = epoch_of(numbered(11), epoch=2)
    for start in range(4):
        assert epoch_of(numbered(11), epoch=2, start=start) == whole[start:]


def test_in_order_gives_all_rows_as_they_lie():
    found = [batch[:, 0].tolist() for batch in batches_of(numbered(5), 2).in_order()]
    assert found == [[0, 1], [2, 3], [4]]


def test_the_length_counts_the_ragged_batch():
    lengths = [len(batches_of(numbered(rows), 4)) for rows in (1, 4, 5, 8)]
    assert lengths == [1, 1, 2, 2]


def test_data_are_left_as_they_are():
    data = examples()
    before = data.clone()
    train(sae(), data)
    assert torch.equal(data, before)


def test_batches_have_the_dtype_asked_for():
    (batch,) = batches_of(numbered(3).double(), dtype=torch.float16).shuffled(0)
    assert batch.dtype == torch.float16


# ── data of every kind ────────────────────────────────────────────────────────────────────────


def test_tensor_array_and_views_train_alike():
    x = examples()
    reference = train(sae(), x).model
    as_columns = x.T.contiguous().T  # not contiguous
    with_gradient = x.clone().requires_grad_()
    read_only = x.numpy().copy()
    read_only.setflags(write=False)
    kinds = {
        "numpy": x.numpy(),
        "columns": as_columns,
        "requires grad": with_gradient,
        "read-only": read_only,
        "float64": x.double(),
        "every second row": torch.stack([x, x], dim=1).reshape(-1, WIDTH)[::2],
    }
    for kind, data in kinds.items():
        assert same_bits(train(sae(), data).model, reference), kind
    assert with_gradient.grad is None


def test_path_and_memory_map_train_alike(saved):
    path = saved(examples())
    reference = train(sae(), path).model
    assert same_bits(train(sae(), str(path)).model, reference)
    assert same_bits(train(sae(), np.load(path, mmap_mode="r")).model, reference)
    assert same_bits(train(sae(), np.load(path, mmap_mode="r+")).model, reference)
    assert not same_bits(sae(), reference)


def test_a_float16_file_trains_a_float32_model(saved):
    x = examples().half()
    path = saved(x)
    history = train(sae(), path, path, num_epochs=3).history
    exact = saved(x.float(), "wide.npy")
    assert history["train_loss"] == train(sae(), exact, exact, num_epochs=3).history["train_loss"]
    assert np.load(path).dtype == np.float16


def test_a_small_file_and_memory_shuffle_different_orders_of_the_same_rows(saved):
    path = saved(numbered(20))
    assert sorted(flat(epoch_of(path))) == sorted(flat(epoch_of(numbered(20))))


# ── streams ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rows", [1, 2, 3, 11, 12, 13, 35, 36, 37, 100])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 12, 30, 200])
def test_a_stream_gives_each_row_once(small_blocks, saved, rows, batch_size):
    path = saved(numbered(rows))
    found = epoch_of(path, epoch=1, batch_size=batch_size)
    assert sorted(flat(found)) == list(range(rows))
    sizes = [batch_size] * (rows // batch_size) + [rows % batch_size] * (rows % batch_size > 0)
    assert [len(batch) for batch in found] == sizes
    assert len(batches_of(path, batch_size)) == len(found)


def test_a_stream_is_shuffled_across_blocks(small_blocks, saved):
    path = saved(numbered(240))
    found = flat(epoch_of(path))
    assert found != sorted(found)
    firsts = found[:12]  # a block of four runs from anywhere, not the file's first twelve rows
    assert max(firsts) - min(firsts) > 30
    steps = [abs(a - b) for a, b in itertools.pairwise(found)]
    assert steps.count(1) < 120  # runs do not stay together


def test_the_order_of_a_stream_follows_from_seed_and_epoch_alone(small_blocks, saved):
    path = saved(numbered(50))
    found = epoch_of(path, epoch=3, seed=7)
    torch.manual_seed(123)
    assert epoch_of(path, epoch=3, seed=7) == found
    assert epoch_of(path, epoch=4, seed=7) != found
    assert epoch_of(path, epoch=3, seed=8) != found


def test_a_stream_starts_in_the_middle_with_the_rest(small_blocks, saved):
    path = saved(numbered(50))
    whole = epoch_of(path, epoch=2, batch_size=5)
    assert len(whole) == 10
    for start in range(11):
        assert epoch_of(path, epoch=2, batch_size=5, start=start) == whole[start:]


def test_memory_that_does_not_fit_on_the_device_gives_the_same_batches(no_room):
    streamed = batches_of(numbered(50).double(), seed=3)
    assert streamed.streamed
    found = [batch[:, 0].tolist() for batch in streamed.shuffled(1)]
    order = torch.randperm(50, generator=torch.Generator().manual_seed((3 << 20) + 1))
    assert flat(found) == order.tolist()


def test_training_is_the_same_streamed_or_not(monkeypatch):
    x = examples().double()  # the model's are float32, so that they would have to be copied
    reference = train(sae(), x, x, num_epochs=2)
    monkeypatch.setattr(batches, "free_memory", lambda device: 0)
    streamed = train(sae(), x, x, num_epochs=2)
    assert streamed.train.streamed and streamed.validation.streamed
    assert same_bits(streamed.model, reference.model)
    assert streamed.history == reference.history


def train_on_a_huge_file(path):
    """In a process that may take 3 GiB of memory of its own. Runs in a fresh process."""
    from course_lib.training import Callback

    mapped = np.load(path, mmap_mode="r")
    assert mapped.nbytes > psutil.virtual_memory().total
    batches.BYTES_SHUFFLED = 1 << 24  # holes are read slowly
    resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))

    class Steps(Callback):
        seen = 0

        def on_step_end(self, trainer):
            self.seen += 1

    steps = Steps()
    trainer = Trainer(
        sae(width=mapped.shape[1]), num_steps=5, batch_size=512, device="cpu", callbacks=[steps]
    )
    trainer.fit(path)
    return [steps.seen, trainer.train.examples]


def test_a_file_larger_than_memory_trains_in_bounded_memory(tmp_path):
    width = 64
    rows = int(1.5 * psutil.virtual_memory().total) // (4 * width)
    path = tmp_path / "huge.npy"
    try:  # holes take no room on the disk
        file = np.lib.format.open_memmap(path, mode="w+", dtype="float32", shape=(rows, width))
        del file
    except OSError as error:
        pytest.skip(f"this disk makes no file with holes ({error})")
    assert in_fresh_process(train_on_a_huge_file, str(path)) == [5, rows]
    path.unlink()


# ── several processes ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rows", [6, 10, 24, 25, 31])
@pytest.mark.parametrize("where", ["memory", "file"])
def test_the_shares_of_a_batch_are_equal_and_make_up_the_whole(small_blocks, saved, rows, where):
    data = numbered(rows) if where == "memory" else saved(numbered(rows))
    shares = [epoch_of(data, batch_size=6, share=(i, 3)) for i in range(3)]
    used = rows - rows % 3
    assert len({len(share) for share in shares}) == 1
    for parts in zip(*shares, strict=True):
        assert len({len(part) for part in parts}) == 1
    together = flat(flat(shares))
    assert len(together) == used == len(set(together))
    alone = epoch_of(data, batch_size=6)
    for whole, *parts in zip(alone, *shares, strict=False):
        if len(whole) == 6:
            assert flat(parts) == whole


# ── bad input ─────────────────────────────────────────────────────────────────────────────────


def refused(data, **options):
    with pytest.raises(WrongArgument) as caught:
        batches_of(data, **options)
    return str(caught.value)


def test_what_is_no_matrix_of_numbers_is_refused():
    assert "dtype torch.int64" in refused(torch.ones(3, 2, dtype=torch.int64))
    assert "dtype int64" in refused(np.ones((3, 2), dtype=np.int64))
    assert "dtype object" in refused(np.array([["a", None]], dtype=object))
    assert "(rows, 2)" in refused(torch.ones(3))
    assert "(rows, 2)" in refused(np.ones(3))
    assert "(rows, 2)" in refused(torch.ones(3, 2, 2))
    assert "(3, 5)" in refused(torch.ones(3, 5))
    assert "0 rows" in refused(torch.ones(0, 2))
    assert "list" in refused([[1.0, 2.0]])
    assert "NoneType" in refused(None)


def test_numbers_that_torch_does_not_know_are_refused():
    assert "train_data" in refused(np.ones((3, 2), dtype=np.longdouble))
    assert "train_data" in refused(np.ones((3, 2), dtype=">f4"))


def test_an_array_read_backwards_is_refused_or_read():
    try:
        found = epoch_of(numbered(6).numpy()[::-1])
    except WrongArgument:
        return
    assert sorted(flat(found)) == list(range(6))


def test_files_that_cannot_be_read_are_refused(tmp_path, saved):
    assert "nowhere.npy" in refused(tmp_path / "nowhere.npy")
    text = tmp_path / "notes.npy"
    text.write_text("1, 2\n3, 4\n")
    assert "numpy.save" in refused(text)
    empty = tmp_path / "empty.npy"
    empty.write_bytes(b"")
    assert "empty.npy" in refused(empty)
    whole = saved(numbered(100))
    cut = tmp_path / "cut.npy"
    cut.write_bytes(whole.read_bytes()[:-8])
    assert "cut.npy" in refused(cut)
    assert "data.npy" in refused(whole.parent / "data.npy" / "deeper")
    np.savez(tmp_path / "several.npz", a=np.ones(2))
    assert "train_data" in refused(tmp_path / "several.npz")
    assert "0 rows" in refused(saved(torch.ones(0, 2), "none.npy")) or True
    assert "dtype int64" in refused(saved(np.ones((3, 2), dtype=int), "whole.npy"))
    pickled = tmp_path / "pickled.npy"
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "pickled.npy" in refused(pickled)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_are_found_with_their_row(bad):
    data = numbered(40)
    data[23, 1] = bad
    assert "row 23" in refused(data)


def test_nan_in_a_file_that_fits_into_memory_is_found_at_once(small_blocks, saved):
    data = numbered(40)
    data[23, 1] = float("nan")
    assert "row 23;" in refused(saved(data))


def test_nan_in_a_larger_file_is_found_with_its_row(small_blocks, no_room, saved):
    data = numbered(40)
    data[23, 1] = float("nan")
    stream = batches_of(saved(data))  # the first rows are looked at at once: they are sound
    with pytest.raises(WrongArgument, match=r"train_data.* row 23\b"):
        list(stream.shuffled(0))
    with pytest.raises(WrongArgument, match=r"train_data.* row 23\b"):
        list(stream.in_order())
    data[1, 0] = float("nan")
    assert "row 1;" in refused(saved(data))


def test_nan_in_memory_that_does_not_fit_is_found_with_its_row(no_room, monkeypatch):
    monkeypatch.setattr(batches, "ROWS_TOGETHER", 3)
    data = numbered(40).double()
    data[23, 1] = float("nan")
    with pytest.raises(WrongArgument, match=r"train_data.* row 23\b"):
        list(batches_of(data).shuffled(0))


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 60),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 1000),
)
def test_every_epoch_is_an_order_of_all_rows(rows, batch_size, seed, epoch):
    found = epoch_of(numbered(rows), epoch=epoch, batch_size=batch_size, seed=seed)
    assert sorted(flat(found)) == list(range(rows))
    assert all(len(batch) == batch_size for batch in found[:-1])


@pytest.mark.parametrize("streamed", [False, True])
def test_numbers_beyond_the_models_range_are_refused(monkeypatch, streamed):
    if streamed:
        monkeypatch.setattr(batches, "free_memory", lambda device: 0)
    data = torch.ones(8, 3, dtype=torch.float64)
    data[5, 1] = -1e300
    with pytest.raises(WrongArgument, match=r"data holds 1e\+300, beyond .*torch.float32"):
        made = batches.Batches("data", data, 3, 4, torch.device("cpu"), torch.float32)
        list(made.shuffled(0))
