"""Bundles and saved models: what goes in comes out, damage is noticed, a kill leaves one of two."""

import errno
import hashlib
import itertools
import json
import math
import os
import pickle
import random
import resource
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import in_fresh_process, kill_after, kill_at_step
from safetensors import SafetensorError

from course_lib.autoencoders import (
    AUTOENCODERS,
    BasicAutoencoder,
    SparseAutoencoder,
    StandardAutoencoder,
    TwoLayerAutoencoder,
)
from course_lib.autoencoders.saving import load_autoencoder, save_autoencoder
from course_lib.checkpoints import bundles as checkpoints
from course_lib.checkpoints import files as single_files
from course_lib.checkpoints import load_bundle, save_bundle
from course_lib.errors import CheckpointProblem, WrongArgument

NAN = float("nan")


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def weights_of(folder):
    (weights,) = Path(folder).glob("weights-*.safetensors")
    return weights


@pytest.fixture
def bundle(tmp_path):
    tensors = {"w": torch.arange(6.0).reshape(2, 3), "step": torch.tensor(7)}
    return save_bundle(tmp_path / "bundle", tensors, {"model": "none", "loss": [0.5, 0.25]})


# ── what goes in comes out ────────────────────────────────────────────────────────────────────


def test_the_files_say_what_the_documentation_says(tmp_path):
    folder = save_bundle(
        tmp_path / "a", {"w": torch.tensor([[1.0, -2.0]])}, {"note": "λ", "n": NAN}
    )
    weights = weights_of(folder)
    assert files(folder) == ["config.json", weights.name]
    # the safetensors format by hand: length of the header, the header, the numbers
    data = weights.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entry = {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}
    assert json.loads(data[8 : 8 + length]) == {"w": entry}
    assert data[8 + length :] == bytes([0, 0, 0x80, 0x3F]) + bytes([0, 0, 0, 0xC0])  # 1, -2
    text = (folder / "config.json").read_text(encoding="utf-8")
    assert "λ" in text and "NaN" not in text
    config = json.loads(text)
    assert config["format"] == "sae-course" and config["version"] == 1
    assert config["description"] == {"note": "λ", "n": {"$float": "nan"}}
    digest = hashlib.sha256(data).hexdigest()
    assert config["weights"] == {"file": weights.name, "size": len(data), "sha256": digest}
    assert weights.name == f"weights-{digest[:16]}.safetensors"


TENSORS = {
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "strided": torch.arange(10.0)[::3],
    "expanded": torch.ones(1, 3).expand(4, 3),
    "window": torch.arange(100.0)[40:50],
    "scalar": torch.tensor(3.5, dtype=torch.float64),
    "empty": torch.zeros(0, 4),
    "bfloat16": torch.tensor([1.0, 0.1, -3e38], dtype=torch.bfloat16),
    "half": torch.tensor([1.0, 65504.0], dtype=torch.float16),
    "not finite": torch.tensor([NAN, math.inf, -math.inf, -0.0]),
    "random state": torch.arange(256, dtype=torch.uint8),
    "mask": torch.tensor([True, False]),
    "step": torch.tensor(2**40),
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "name with spaces, ünïcode and /../": torch.ones(1),
}


def test_tensors_of_every_kind_come_back_bit_for_bit(tmp_path):
    save_bundle(tmp_path, TENSORS, {})
    loaded, _ = load_bundle(tmp_path)
    assert loaded.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        got = loaded[name]
        assert got.dtype == tensor.dtype and got.shape == tensor.shape and got.is_contiguous()
        same = got.reshape(-1).view(torch.uint8) == tensor.detach().contiguous().reshape(-1).view(
            torch.uint8
        )
        assert same.all(), name
        assert not got.requires_grad


def test_tensors_that_share_memory_are_saved_in_full(tmp_path):
    whole = torch.arange(8.0)
    tied = {
        "a": whole,
        "b": whole,
        "first": whole[:4],
        "last": whole[4:],
        "square": whole.view(2, 4),
    }
    save_bundle(tmp_path, tied, {})
    loaded, _ = load_bundle(tmp_path)
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tied.items())
    loaded["a"].zero_()
    assert torch.equal(loaded["b"], whole)


def test_loaded_tensors_do_not_hang_on_the_file(bundle):
    tensors, _ = load_bundle(bundle)
    weights_of(bundle).write_bytes(b"")
    assert torch.equal(tensors["w"], torch.arange(6.0).reshape(2, 3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_bundle_saved_on_a_gpu_loads_anywhere(tmp_path):
    here = torch.randn(3, 4)
    save_bundle(tmp_path, {"w": here.cuda().T}, {})
    assert torch.equal(load_bundle(tmp_path)[0]["w"], here.T)
    there = load_bundle(tmp_path, "cuda")[0]["w"]
    assert there.is_cuda and torch.equal(there.cpu(), here.T)


text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: (
        st.lists(inner) | st.dictionaries(text.filter(lambda key: key != "$float"), inner)
    ),
    max_leaves=20,
)


def same(a, b):
    """Equal, with NaN equal to NaN, -0.0 not to 0.0 and 1 not to 1.0."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or repr(a) == repr(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@settings(max_examples=60, deadline=None)
@given(
    description=st.dictionaries(text.filter(lambda key: key != "$float"), values),
    names=st.lists(text.filter(lambda name: name != "__metadata__"), unique=True, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_any_description_and_any_names_come_back(description, names, seed):
    draw = torch.Generator().manual_seed(seed)
    tensors = {name: torch.randn(i, 3, generator=draw) for i, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as folder:
        save_bundle(folder, tensors, description)
        loaded, described = load_bundle(folder)
    assert same(described, description)
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())


def test_a_history_keeps_its_numbers_and_a_tuple_becomes_a_list(tmp_path):
    history = {"loss": [1.5, NAN, math.inf, -math.inf, 1e-320, 0.1 + 0.2], "shape": (2, 3)}
    save_bundle(tmp_path, {}, history)
    _, loaded = load_bundle(tmp_path)
    assert same(loaded, history | {"shape": [2, 3]})


def test_saving_again_replaces_the_bundle_and_leaves_other_files_alone(bundle):
    (bundle / "figure.png").write_bytes(b"picture")
    (bundle / "weights-of-my-own.safetensors").write_bytes(b"mine")
    first = weights_of_named(bundle)
    save_bundle(bundle, {"v": torch.ones(2)}, {"second": True})
    assert files(bundle) == sorted(
        ["config.json", "figure.png", "weights-of-my-own.safetensors", weights_of_named(bundle)]
    )
    assert first != weights_of_named(bundle)
    tensors, description = load_bundle(bundle)
    assert list(tensors) == ["v"] and description == {"second": True}


def weights_of_named(folder):
    return json.loads((folder / "config.json").read_text())["weights"]["file"]


def test_the_same_weights_with_another_description(bundle):
    tensors, _ = load_bundle(bundle)
    save_bundle(bundle, tensors, {"epoch": 2})
    assert load_bundle(bundle)[1] == {"epoch": 2}
    assert len(files(bundle)) == 2


@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_files_are_as_open_as_their_folder(tmp_path, mode):
    tmp_path.chmod(mode)
    save_bundle(tmp_path, {"w": torch.ones(1)}, {})
    assert stat.S_IMODE(weights_of(tmp_path).stat().st_mode) == mode & 0o666


# ── arguments ─────────────────────────────────────────────────────────────────────────────────


class Unsized:
    pass


LOOP: dict = {}
LOOP["itself"] = [LOOP]


@pytest.mark.parametrize(
    ("tensors", "description", "words"),
    [
        ([torch.ones(1)], {}, "dict from names to tensors"),
        ({"w": [1.0]}, {}, r"tensors\['w'\] is of type list"),
        ({1: torch.ones(1)}, {}, "name is 1"),
        ({"__metadata__": torch.ones(1)}, {}, "__metadata__"),
        ({"\ud800": torch.ones(1)}, {}, "must be text"),
        ({"w": torch.ones(2, 2).to_sparse()}, {}, "must be a dense tensor"),
        ({"w": torch.ones(2, device="meta")}, {}, "with values"),
        ({"w": torch.ones(2, dtype=torch.complex64)}, {}, "complex64"),
        ({}, [1], "must be a dict"),
        ({}, {"a": {"b": [0, Unsized()]}}, r"description\['a'\]\['b'\]\[1\] is .* type Unsized"),
        ({}, {"a": torch.ones(2)}, r"tensor.tolist\(\)"),
        ({}, {"a": {1: 2}}, "has the key 1"),
        ({}, {"$float": "nan"}, "has the key"),
        ({}, {"a": b"bytes"}, "type bytes"),
        ({}, {"a": {1, 2}}, "type set"),
        ({}, {"a": 10**5000}, "more than 300 digits"),
        ({}, {"a": "\udfff"}, "type str"),
        ({}, LOOP, "contains itself"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(
    tmp_path, bundle, tensors, description, words
):
    before = contents(bundle)
    for folder in (bundle, tmp_path / "new"):
        with pytest.raises(WrongArgument, match=words):
            save_bundle(folder, tensors, description)
    assert contents(bundle) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("folder", ["", None, 3, b"bytes", "a\0b"])
def test_a_folder_must_be_a_path(folder):
    for use in (lambda: save_bundle(folder, {}, {}), lambda: load_bundle(folder)):
        with pytest.raises(WrongArgument, match="must be the path of a folder"):
            use()


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta?", 3.5])
def test_a_device_that_is_not_there(bundle, device):
    with pytest.raises(WrongArgument, match="device is"):
        load_bundle(bundle, device)


# ── damage ────────────────────────────────────────────────────────────────────────────────────


def problem_of(folder):
    """The message of the CheckpointProblem that loading gives; nothing else may come out."""
    with pytest.raises(CheckpointProblem) as caught:
        load_bundle(folder)
    return str(caught.value)


def test_weights_cut_off_anywhere_are_noticed(bundle):
    weights = weights_of(bundle)
    whole = weights.read_bytes()
    for length in range(len(whole)):
        weights.write_bytes(whole[:length])
        assert f"{length} bytes instead of {len(whole)}" in problem_of(bundle)
    weights.write_bytes(whole + b"\0")
    assert "bytes instead of" in problem_of(bundle)


def test_any_altered_byte_of_the_weights_is_noticed(bundle):
    weights = weights_of(bundle)
    whole = weights.read_bytes()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 + place % 255
        weights.write_bytes(altered)
        assert "not what was saved" in problem_of(bundle)


def test_a_config_cut_off_anywhere_is_noticed(bundle):
    config = bundle / "config.json"
    whole = config.read_bytes()
    for length in range(len(whole.rstrip())):
        config.write_bytes(whole[:length])
        assert "is not JSON" in problem_of(bundle)


def test_an_altered_byte_of_the_config_is_noticed_or_changes_nothing(bundle):
    config = bundle / "config.json"
    whole = config.read_bytes()
    expected, noticed = load_bundle(bundle), 0
    for place, mask in itertools.product(range(len(whole)), (4, 16)):
        altered = bytearray(whole)
        altered[place] ^= mask
        config.write_bytes(altered)
        try:
            tensors, description = load_bundle(bundle)
        except CheckpointProblem:
            noticed += 1
        else:  # one kind of white space for another
            assert same(description, expected[1])
            assert torch.equal(tensors["w"], expected[0]["w"])
    assert noticed > 0.8 * 2 * len(whole)


def rewritten(folder, **changes):
    """config.json with other values and the checksum that belongs to them."""
    config = json.loads((folder / "config.json").read_text()) | changes
    config.pop("sha256")
    config["sha256"] = checkpoints._checksum(config)
    (folder / "config.json").write_text(json.dumps(config))


def test_files_of_two_bundles_do_not_mix(bundle, tmp_path):
    other = save_bundle(tmp_path / "other", {"w": torch.zeros(2, 3), "step": torch.tensor(7)}, {})
    mine, yours = weights_of(bundle), weights_of(other)
    a, b = mine.read_bytes(), yours.read_bytes()
    assert len(a) == len(b)
    mine.write_bytes(b)
    yours.write_bytes(a)
    assert "not what was saved" in problem_of(bundle)
    assert "not what was saved" in problem_of(other)
    mine.write_bytes(a)
    shutil.copy(other / "config.json", bundle)
    message = problem_of(bundle)
    assert "are missing" in message and yours.name in message


def test_weights_that_were_removed(bundle):
    name = weights_of(bundle).name
    weights_of(bundle).unlink()
    message = problem_of(bundle)
    assert f"config.json names {name}" in message and "Copy that file" in message


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"{'model': 1}", "is not JSON"),
        (b'{"format": "sae-course", "loss": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not written by this course"),
        (b"null", "not written by this course"),
        (b'{"architectures": ["GPT2"], "hidden_size": 768}', "not written by this course"),
        (b'{"format": "sae-course", "version": 2}', "written by a newer one. Update the course"),
        (b'{"format": "sae-course", "version": 1}', "is damaged"),
        (b'{"format": "sae-course"}', "is damaged"),
    ],
)
def test_a_config_that_is_damaged_foreign_or_newer(bundle, config, words):
    (bundle / "config.json").write_bytes(config)
    assert words in problem_of(bundle)
    before = contents(bundle)
    with pytest.raises(CheckpointProblem, match=words):  # and it is not ours to replace
        save_bundle(bundle, {}, {})
    assert contents(bundle) == before


@pytest.mark.parametrize(
    "weights",
    [
        None,
        {},
        {"file": 3},
        {"file": "../bundle/weights-0123456789abcdef.safetensors"},
        {"file": "/etc/passwd"},
    ],
)
def test_a_config_cannot_lead_out_of_its_folder(bundle, weights):
    rewritten(bundle, weights=weights)
    assert "is damaged" in problem_of(bundle)


def test_a_number_that_is_none(bundle):
    rewritten(bundle, description={"loss": [{"$float": "1e5"}]})
    assert "is damaged" in problem_of(bundle)


def test_weights_that_are_no_safetensors_though_the_checksum_agrees(bundle):
    weights = weights_of(bundle)
    torch.save({"w": torch.ones(2)}, weights)
    data = weights.read_bytes()
    entry = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "file": weights.name}
    rewritten(bundle, weights=entry)
    assert "is a pickle" in problem_of(bundle)
    weights.write_bytes(b"something else")
    data = weights.read_bytes()
    entry |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    rewritten(bundle, weights=entry)
    assert "is not a safetensors file" in problem_of(bundle)


@pytest.mark.parametrize("old_format", [False, True])
def test_a_pickle_is_named_and_never_loaded(tmp_path, old_format):
    file = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2), file, _use_new_zipfile_serialization=not old_format)
    for given_path in (file, tmp_path):
        message = problem_of(given_path)
        assert f"{file} is a pickle" in message
        assert "weights_only=True" in message and "save_autoencoder" in message


def test_what_stands_in_the_place_of_a_bundle_is_named(tmp_path, bundle):
    assert "There is no folder" in problem_of(tmp_path / "nowhere")
    assert "Give the folder" in problem_of(weights_of(bundle))
    assert "Give the folder" in problem_of(bundle / "config.json")
    (tmp_path / "empty").mkdir()
    assert "holds no bundle" in problem_of(tmp_path / "empty")
    (bundle / "config.json").unlink()
    assert "holds no complete bundle" in problem_of(bundle)
    (bundle / "config.json").mkdir()
    assert "cannot be read" in problem_of(bundle)
    for name in ("cfg.json", "sae_weights.safetensors"):
        (tmp_path / "empty" / name).write_text("{}")
    assert "import_from_saelens" in problem_of(tmp_path / "empty")


# ── saving that fails ─────────────────────────────────────────────────────────────────────────


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "taken").write_text("mine")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(CheckpointProblem, match=r"is a file|[Nn]ot a directory"):
            save_bundle(folder, {}, {})
    assert (tmp_path / "taken").read_text() == "mine"


def fill_up(existing, new):
    """Save more than a file may hold, in a folder with a bundle and in new ones."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    said = []
    for folder in (existing, new):
        try:
            save_bundle(folder, {"w": torch.zeros(10_000)}, {})
        except CheckpointProblem as problem:
            said.append(str(problem))
        try:
            save_bundle(folder, {"w": torch.zeros(1)}, {"notes": "long " * 10_000})
        except CheckpointProblem as problem:
            said.append(str(problem))
    return said


def test_files_that_may_not_grow_that_large(tmp_path, bundle):
    before = contents(bundle)
    said = in_fresh_process(fill_up, str(bundle), str(tmp_path / "a" / "b"))
    assert len(said) == 4
    assert all("larger than this system allows" in s and "is still whole" in s for s in said), said
    assert contents(bundle) == before
    assert files(tmp_path) == ["bundle"]


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("looked_at_first", [True, False])
def test_a_disk_that_is_really_full(small_disk, monkeypatch, looked_at_first):
    folder = save_bundle(small_disk / "run", {"w": torch.ones(30_000)}, {"step": 1})
    before = contents(folder)
    if not looked_at_first:  # as when other programs fill the disk meanwhile
        monkeypatch.setattr(checkpoints, "require_room", lambda path, tensors: None)
    for target in (folder, small_disk / "another" / "run"):
        with pytest.raises(CheckpointProblem, match=r"disk is full.*Free some space"):
            save_bundle(target, {"w": torch.ones(50_000)}, {"step": 2})
        assert files(small_disk) == ["run"]
        assert contents(folder) == before
    save_bundle(folder, {"w": torch.ones(10)}, {"step": 3})  # and goes on once there is room
    assert load_bundle(folder)[1] == {"step": 3}


def save_as_nobody(folder, new):
    os.setuid(65534)
    said = []
    for target in (folder, new):
        try:
            save_bundle(target, {"w": torch.ones(2)}, {})
        except CheckpointProblem as problem:
            said.append(str(problem))
    return said


def test_a_folder_that_may_not_be_written_to():
    if os.getuid() != 0:  # the permissions hold for this process itself
        with tempfile.TemporaryDirectory() as parent:
            os.chmod(parent, 0o500)
            with pytest.raises(CheckpointProblem, match="may not be written to"):
                save_bundle(Path(parent) / "new", {}, {})
            os.chmod(parent, 0o700)
        return
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = save_bundle(Path(parent) / "bundle", {"w": torch.zeros(2)}, {})
        before = contents(folder)
        said = in_fresh_process(save_as_nobody, str(folder), str(Path(parent) / "new"))
        assert len(said) == 2 and all("may not be written to" in s for s in said), said
        assert contents(folder) == before and files(parent) == ["bundle"]


STEPS = ("save_file", "write_json", "sync_folder", "replace", "mkdir")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left"), SafetensorError("os error 28"), KeyboardInterrupt()],
    ids=["system", "safetensors", "interrupt"],
)
def test_a_failure_at_any_step_leaves_the_old_bundle_alone(
    bundle, tmp_path, monkeypatch, step, error
):
    before = contents(bundle)

    def fail(*args, **options):
        raise error

    target = {"replace": os, "mkdir": Path, "save_file": single_files}.get(step, checkpoints)
    wanted = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else CheckpointProblem
    for folder in (bundle, tmp_path / "new"):
        with monkeypatch.context() as patch:
            patch.setattr(target, step, fail)
            with pytest.raises(wanted):
                save_bundle(folder, {"w": torch.ones(2)}, {})
    assert contents(bundle) == before
    assert files(tmp_path) == ["bundle"]


def test_a_disk_that_fails_after_the_last_step_leaves_the_new_bundle(bundle, monkeypatch):
    calls = []

    def second_fails(path):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(checkpoints, "sync_folder", second_fails)
    with pytest.raises(CheckpointProblem, match="Input/output error"):
        save_bundle(bundle, {"v": torch.ones(2)}, {"new": True})
    assert load_bundle(bundle)[1] == {"new": True} and len(files(bundle)) == 2


def test_leftovers_of_a_killed_save_are_removed(bundle):
    (bundle / "saving.part").mkdir()
    (bundle / "saving.part" / "weights.safetensors").write_bytes(b"half")
    (bundle / "weights-0123456789abcdef.safetensors").write_bytes(b"whole, but never named")
    assert load_bundle(bundle)[1]["model"] == "none"
    save_bundle(bundle, {"w": torch.ones(2)}, {})
    assert files(bundle) == ["config.json", weights_of(bundle).name]


def test_loading_while_another_process_saves(bundle, monkeypatch):
    """The weights vanish between reading config.json and opening them: the new ones are taken."""
    measure, waiting = checkpoints._measure, [3]

    def replaced_first(file):
        if file.parent == bundle and waiting[0]:
            step = waiting[0]
            waiting[0] = 0  # the save below measures, too
            save_bundle(bundle, {"w": torch.full((2,), float(step))}, {"step": step})
            waiting[0] = step - 1
        return measure(file)

    monkeypatch.setattr(checkpoints, "_measure", replaced_first)
    tensors, description = load_bundle(bundle)
    assert description == {"step": 1} and torch.equal(tensors["w"], torch.ones(2))


def test_two_that_save_to_one_folder_wait_for_each_other(bundle, monkeypatch):
    monkeypatch.setattr(checkpoints, "LOCK_SECONDS", 0.05)
    with checkpoints._locked(bundle), pytest.raises(CheckpointProblem, match="Another process"):
        save_bundle(bundle, {}, {})
    save_bundle(bundle, {}, {"now": "free"})
    assert load_bundle(bundle)[1] == {"now": "free"}


# ── a kill at any moment ──────────────────────────────────────────────────────────────────────


def numbered(number):
    return {"a": torch.full((40, 1000), float(number)), "b": torch.full((7,), number)}


def save_for_ever(folder, first):
    for number in itertools.count(first):
        save_bundle(folder, numbered(number), {"number": number, "list": [number] * 50})


def kill_often(folder, trials):
    """Kill a process that saves without pause; after each kill one of its bundles is whole."""
    draw = random.Random(0)
    number, unfinished = 0, 0
    start = time.perf_counter()
    for _ in range(3):
        save_bundle(folder, numbered(number), {"number": number, "list": [number] * 50})
    latest = time.perf_counter() - start  # a kill comes within about three saves
    for _ in range(trials):
        delay = draw.uniform(0, latest)
        assert kill_after(delay, lambda first=number + 1: save_for_ever(folder, first))
        unfinished += len(files(folder)) > 2
        tensors, description = load_bundle(folder)
        assert description["number"] >= number
        number = description["number"]
        assert description == {"number": number, "list": [number] * 50}
        expected = numbered(number)
        assert tensors.keys() == expected.keys()
        assert all(torch.equal(tensors[name], expected[name]) for name in expected)
    save_bundle(folder, {}, {})
    return {"saved": number, "unfinished": unfinished, "files": len(files(folder))}


def kill_everywhere(folder):
    """Kill a save after each of the steps it takes; between the kills nothing is tidied up."""
    save_bundle(folder, numbered(0), {"number": 0})
    found = []
    for step in itertools.count(1):
        killed = kill_at_step(step, lambda n=step: save_bundle(folder, numbered(n), {"number": n}))
        tensors, description = load_bundle(folder)
        expected = numbered(description["number"])
        assert all(torch.equal(tensors[name], expected[name]) for name in expected)
        found.append(description["number"] == step)
        if not killed:
            return {"steps": step, "new": sum(found), "files": len(files(folder))}


def kill_both_ways(folder):
    return [kill_everywhere(folder + "/steps"), kill_often(folder + "/moments", 50)]


def test_a_process_killed_at_any_moment_leaves_a_whole_bundle(tmp_path):
    steps, seen = in_fresh_process(kill_both_ways, str(tmp_path))
    assert steps["steps"] > 30, "the steps were not seen"
    assert 2 <= steps["new"] < steps["steps"] - 10, (
        "killed only before, or only after, the last one"
    )
    assert steps["files"] == 2
    assert seen["saved"] >= 10, "the kills came before anything was saved"
    assert seen["unfinished"] >= 5, "hardly a kill came in the middle of a save"
    assert seen["files"] == 2, "what the kills left behind was not removed"


# ── models ────────────────────────────────────────────────────────────────────────────────────

MODELS = {
    "basic": lambda: BasicAutoencoder(6, 3, hidden_dims=(5, 4), activation="tanh"),
    "relu": lambda: AUTOENCODERS["ReluAutoencoder"](6, 9),
    "standard": lambda: StandardAutoencoder(6, 4),
    "tied": lambda: AUTOENCODERS["TiedWeightAutoencoder"](6, 4, hidden_dim=3),
    "sparse": lambda: SparseAutoencoder(6, 4),
    "sparse, one layer": lambda: SparseAutoencoder(6, 8, dtype=torch.float64, layers=1),
    "sparse, topk": lambda: SparseAutoencoder(6, 6, layers=1, activation="topk", k=2),
    "sparse, threshold": lambda: SparseAutoencoder(
        6, 4, activation="hard_threshold", threshold=0.1
    ),
    "sparse, batch norm": lambda: SparseAutoencoder(6, 4, batch_norm=True),
    "sparse tied": lambda: AUTOENCODERS["TiedWeightSparseAutoencoder"](6, 4, activation="sigmoid"),
}


def test_every_family_is_tried():
    assert {type(make()).__name__ for make in MODELS.values()} == set(AUTOENCODERS)


def disturb(model, seed=0):
    """Every parameter and buffer gets values that no constructor would give it."""
    draw = torch.Generator().manual_seed(seed)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.rand(tensor.shape, generator=draw, dtype=tensor.dtype))
        else:
            tensor.add_(17)
    return model


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_computes_the_same_bit_for_bit(tmp_path, name, training):
    model = disturb(MODELS[name]()).train(training)
    x = torch.randn(5, 6, dtype=next(model.parameters()).dtype)
    save_autoencoder(model, tmp_path, notes={"λ": [0.1, NAN]})
    torch.manual_seed(1)
    before = torch.get_rng_state()
    loaded = load_autoencoder(tmp_path)
    assert torch.equal(torch.get_rng_state(), before), "loading drew random numbers"
    assert type(loaded) is type(model) and loaded.config == model.config
    assert loaded.training == training
    assert all(p.requires_grad and p.device.type == "cpu" for p in loaded.parameters())
    for ours, theirs in ((loaded(x), model(x)), (loaded.encode(x), model.encode(x))):
        assert ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    loaded(x).sum().backward()
    assert all(p.grad is not None for p in loaded.parameters())
    assert math.isnan(load_bundle(tmp_path)[1]["notes"]["λ"][1])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", ["basic", "sparse"])
def test_a_model_converted_since_it_was_built(tmp_path, name, dtype):
    model = MODELS[name]().to(dtype)
    save_autoencoder(model, tmp_path)
    loaded = load_autoencoder(tmp_path)
    x = torch.randn(4, 6, dtype=dtype)
    assert torch.equal(loaded(x), model(x)) and loaded(x).dtype == dtype
    assert loaded.config.get("dtype", "none") in (str(dtype)[6:], "none")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_model_trained_on_a_gpu_loads_on_the_cpu(tmp_path):
    model = SparseAutoencoder(6, 4, device="cuda")
    save_autoencoder(model, tmp_path)
    assert all(p.device.type == "cpu" for p in load_autoencoder(tmp_path).parameters())
    x = torch.randn(5, 6, device="cuda")
    assert torch.equal(load_autoencoder(tmp_path, "cuda")(x), model(x))


class Homemade(SparseAutoencoder):
    pass


@pytest.mark.parametrize(
    "model",
    [TwoLayerAutoencoder(3, 2), torch.nn.Linear(2, 2), Homemade(3, 2), {"w": torch.ones(1)}, None],
    ids=lambda model: type(model).__name__,
)
def test_only_the_courses_models_are_saved(tmp_path, model):
    with pytest.raises(WrongArgument, match="it must be one of BasicAutoencoder"):
        save_autoencoder(model, tmp_path / "new")
    assert files(tmp_path) == []


def load_problem(folder):
    with pytest.raises(CheckpointProblem) as caught:
        load_autoencoder(folder)
    return str(caught.value)


def test_a_bundle_that_is_no_model(bundle, tmp_path):
    message = load_problem(bundle)
    assert "holds no model" in message and "load_bundle" in message
    assert "There is no folder" in load_problem(tmp_path / "nowhere")


def test_a_model_this_version_does_not_know(tmp_path):
    save_bundle(tmp_path, {}, {"model": "FutureAutoencoder", "config": {}})
    assert "FutureAutoencoder" in load_problem(tmp_path)
    for config in (
        {"input_dim": 3},
        {"input_dim": 3, "latent_dim": 2, "novelty": True},
        {"input_dim": 3, "latent_dim": 0},
        {"input_dim": 3, "latent_dim": 2, "dtype": "float3"},
        {"input_dim": 3, "latent_dim": 10**40},
        {"input_dim": [3], "latent_dim": 2},
    ):
        save_bundle(tmp_path, {}, {"model": "SparseAutoencoder", "config": config})
        assert "cannot build" in load_problem(tmp_path)


def test_weights_that_do_not_fit_the_model_are_listed(tmp_path):
    model = SparseAutoencoder(6, 4, layers=1)
    save_autoencoder(model, tmp_path)
    tensors, description = load_bundle(tmp_path)
    tensors["encoder.weight"] = tensors["encoder.weight"].T
    tensors["encoder.bias"] = torch.zeros(4, dtype=torch.int64)
    tensors["surplus"] = tensors.pop("decoder.bias")
    save_bundle(tmp_path, tensors, description)
    message = load_problem(tmp_path)
    assert "encoder.weight has shape (6, 4), not (4, 6)" in message
    assert "encoder.bias has dtype torch.int64, not torch.float32" in message
    assert "decoder.bias is missing" in message and "surplus is not part of the model" in message


def test_loading_needs_no_pickle(tmp_path, monkeypatch):
    def forbidden(*args, **options):
        raise AssertionError("something was unpickled")

    for module, name in (
        (pickle, "load"),
        (pickle, "loads"),
        (pickle, "Unpickler"),
        (torch, "load"),
    ):
        monkeypatch.setattr(module, name, forbidden)
    save_autoencoder(MODELS["sparse"](), tmp_path)
    assert isinstance(load_autoencoder(tmp_path), SparseAutoencoder)
