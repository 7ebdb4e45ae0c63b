"""Two processes, started by torchrun, train what one process trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training_cases import largest_difference, same_bits
from training_in_processes import RUNS, run

from course_lib.errors import WrongArgument
from course_lib.training.processes import Processes

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this torch has no distributed engine"
)
SCRIPT = Path(__file__).with_name("training_in_processes.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the two processes found, by their number; one start for all tests."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    done = subprocess.run(
        [*command, str(SCRIPT), str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [torch.load(folder / f"{rank}.pt") for rank in (0, 1)]


def flattened(history):
    values = [v for name in sorted(history) for v in _as_list(history[name])]
    return torch.tensor(values, dtype=torch.float64)


def _as_list(value):
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_train_what_one_trains(found, name):
    alone = run(name, fast=False)
    together = found[0][name]
    assert found[0]["count"] == 2
    assert largest_difference(together["weights"], alone.model) < 1e-4
    assert together["history"].keys() == alone.history.keys()
    assert together["history"]["epochs_trained"] == alone.history["epochs_trained"]
    torch.testing.assert_close(
        flattened(together["history"]), flattened(alone.history), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("name", [*RUNS, "resumed"])
def test_both_processes_have_the_same_bits(found, name):
    assert same_bits(found[0][name]["weights"], found[1][name]["weights"])
    assert found[0][name]["history"] == found[1][name]["history"]


def test_a_resumed_run_is_the_whole_one(found):
    assert same_bits(found[0]["resumed"]["weights"], found[0]["l1"]["weights"])
    resumed, whole = (flattened(found[0][name]["history"]) for name in ("resumed", "l1"))
    torch.testing.assert_close(resumed, whole, rtol=1e-12, atol=0)


def test_early_stopping_stopped_early(found):
    assert found[0]["early stopping"]["history"]["epochs_trained"] < 20


@pytest.mark.parametrize("rank", [0, 1])
def test_what_cannot_be_shared_is_refused(found, rank):
    refused = found[rank]["refused"]
    assert "batch_size is 15" in refused["batch size"] and "multiple of 2" in refused["batch size"]
    assert "one process" in refused["batch norm"]
    assert "2 processes train together" in refused["fast"]
    assert refused["one example"] != "nothing"


def test_alone_nothing_is_shared():
    processes = Processes.of_environment()
    assert processes == Processes(0, 1, 0) and processes.is_first
    processes.require_divisible(15)
    with pytest.raises(WrongArgument, match=r"batch_size is 15.*multiple of 4"):
        Processes(0, 4, 0).require_divisible(15)


def test_the_device_is_chosen_or_checked():
    processes = Processes()
    best = processes.device(None).type
    if torch.cuda.is_available():
        assert best == "cuda"
        assert Processes(0, 2, local_rank=1).device(None) == torch.device("cuda", 1)
    else:
        assert best == ("mps" if torch.backends.mps.is_available() else "cpu")
        with pytest.raises(WrongArgument, match="'cuda'"):
            processes.device("cuda")
    assert processes.device("cpu") == torch.device("cpu")
    with pytest.raises(WrongArgument, match="'toaster'"):
        processes.device("toaster")
