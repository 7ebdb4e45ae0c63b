"""The benchmark's own logic, without any environment."""

import itertools
import json
import time
from types import SimpleNamespace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import environments, report, run
from benchmarks.measuring import Batches, Floor, Pacer, clock_for
from benchmarks.quality import quality
from benchmarks.workloads import WORKLOADS, features_in_superposition


class FakeClock:
    """A clock that stands still unless it is moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += seconds
        return seconds


def test_floor_is_six_products_of_the_size():
    floor = Floor(3, 5, 7, repeats=1, clock=FakeClock())
    with FlopCounterMode(display=False) as counter:
        floor.products()
    (counts,) = [c for place, c in counter.get_flop_counts().items() if place == "Global"]
    assert counts == {torch.ops.aten.mm: 6 * 2 * 3 * 5 * 7}


def test_floor_has_the_products_of_a_step():
    floor = Floor(3, 5, 7, repeats=1, clock=FakeClock())
    floor.products()
    torch.testing.assert_close(floor.for_decoder, floor.z.T @ floor.g)  # (latent, input)
    torch.testing.assert_close(floor.for_encoder, floor.x.T @ floor.h)  # (input, latent)
    torch.testing.assert_close(floor.at_code, floor.g @ floor.decoder.T)  # (batch, latent)
    torch.testing.assert_close(floor.at_input, floor.h @ floor.encoder.T)  # (batch, input)


def test_floor_averages_and_leaves_the_global_generator_alone():
    clock = FakeClock()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    floor = Floor(2, 2, 2, repeats=4, clock=clock)
    assert torch.rand(1) == expected
    floor.products = lambda: clock.move(0.5)
    assert floor() == 0.5
    assert clock.now == 2.0


def test_pacer_pairs_each_chunk_with_the_floor_before_and_after_it():
    clock = FakeClock()
    floors = iter([1.0, 3.0, 5.0])
    pacer = Pacer(lambda: clock.move(next(floors)), chunk=2, clock=clock)
    for seconds in (10.0, 20.0, 40.0):  # two chunks: of two steps and of one
        pacer.tick()
        clock.move(seconds)
    pacer.close()
    assert pacer.pairs == [(15.0, 2.0), (40.0, 4.0)]


def test_pacer_counts_nothing_after_it_was_closed():
    clock = FakeClock()
    pacer = Pacer(lambda: clock.move(1.0), chunk=5, clock=clock)
    pacer.tick()
    clock.move(2.0)
    pacer.close()
    clock.move(100.0)
    pacer.close()
    assert pacer.pairs == [(2.0, 1.0)]


def test_one_thread_is_measured_in_processor_time():
    assert clock_for(1) is time.process_time
    assert clock_for(2) is time.perf_counter


@pytest.mark.parametrize("how", ["index", "loader"])
def test_batches_are_shuffled_rows_and_tick_once_each(how):
    data = torch.arange(10.0)[:, None]
    ticks = SimpleNamespace(count=0)
    ticks.tick = lambda: setattr(ticks, "count", ticks.count + 1)
    batches = Batches(data, batch_size=4, steps=5, seed=0, pacer=ticks)
    torch.manual_seed(0)
    if how == "index":
        taken = list(batches)
    else:
        taken = [x for (x,) in batches.loader()]
        assert len(batches.loader()) == 5
    assert ticks.count == 5
    assert [tuple(x.shape) for x in taken] == [(4, 1)] * 5
    epoch = torch.cat(taken[:2]).flatten().tolist()  # two whole batches an epoch
    assert len(set(epoch)) == 8
    assert epoch != sorted(epoch)


def test_data_are_sums_of_few_features():
    data, dictionary = features_in_superposition(
        50, 20, 12, 2, 4, lambda u: 1 + u, noise=0.0, seed=5
    )
    torch.testing.assert_close(dictionary.norm(dim=1), torch.ones(12))
    code = torch.linalg.lstsq(dictionary.T, data.T).solution.T  # 12 features in 20 dimensions
    on = (code.abs() > 1e-3).sum(dim=1)
    assert (on.min(), on.max()) == (2, 4)
    assert code[code.abs() > 1e-3].min() > 0.99


class Known:
    """An autoencoder with the true dictionary, or one that only gives the mean."""

    def __init__(self, atoms, mean=None):
        self.atoms, self.mean = atoms, mean

    def encode(self, x):
        return x @ self.atoms.T

    def decode(self, z):
        return z @ self.atoms if self.mean is None else self.mean.expand(len(z), -1)

    def dictionary(self):
        return 3 * self.atoms  # the length of an atom must not matter


def test_quality_of_a_perfect_and_of_a_useless_model():
    test = torch.tensor([[2.0, 0.0], [0.0, 4.0], [1.0, 3.0]])
    perfect = quality(Known(torch.eye(2)), test, torch.eye(2))
    assert perfect == pytest.approx({"mse": 0, "fvu": 0, "l0": 4 / 3, "mmcs": 1, "recovered": 1})
    useless = quality(Known(torch.eye(2)[:1], test.mean(dim=0)), test, torch.eye(2))
    assert useless["fvu"] == pytest.approx(1)
    assert (useless["mmcs"], useless["recovered"]) == (0.5, 0.5)


def example(failures=None):
    """Results of two peers on A, two seeds, a sweep, and imports."""
    base = {"peer": "course_lib", "workload": "A", "weight": None, "threads": 1, "timed": True}

    def judged(mmcs):
        return {"mse": 0.02, "fvu": 0.25, "l0": 8.0, "mmcs": mmcs, "recovered": 0.5}

    ours = [
        {**base, "variant": "", "seed": s, "pairs": [[3e-3, 2e-3], [4e-3, 2e-3]],
         "quality": judged(m)}
        for s, m in ((1, 0.9), (2, 0.8), (3, 0.95))
    ]  # fmt: skip
    swept = {**base, "variant": "", "seed": 1, "weight": 0.6, "quality": judged(0.97)}
    their_swept = {**swept, "peer": "saelens", "quality": judged(0.5)}
    theirs = {**base, "peer": "saelens", "variant": "", "seed": 1, "pairs": [[9e-3, 2e-3]],
              "quality": judged(0.7)}  # fmt: skip
    return {
        "command": "python -m benchmarks --rounds 3",
        "conditions": {"processor": "a processor", "threads": "1"},
        "peers": {
            "course_lib": {"title": "course_lib", "version": ""},
            "saelens": {"title": "SAELens", "version": "6.54.12"},
        },
        "failures": failures or {},
        "runs": [*ours, swept, theirs, their_swept],
        "imports": [{"peer": "course_lib", "torch": 1.0, "beyond": 0.05}],
    }


def line(text, start, after=""):
    """The cells of the first table line that begins with `start`, after a heading."""
    lines = text[text.index(after) :].splitlines()
    return [c.strip() for c in next(r for r in lines if r.startswith(f"| {start}")).split("|")][
        1:-1
    ]


def test_table_holds_the_medians():
    text = report.as_markdown(example())
    assert line(text, "course_lib", "## Speed") == [
        "course_lib",
        "–",
        "**1.75** (1.50–2.00)",
        "3.50",
    ]
    assert line(text, "SAELens", "## Speed")[1:3] == ["6.54.12", "**4.50** (4.50–4.50)"]
    assert "**0.900** (0.800–0.950)" in line(text, "course_lib", "## Quality")
    assert line(text, "course_lib", "### Each")[1] == "0.6"  # the weight of the best MMCS
    assert line(text, "SAELens", "### Each")[1] == "0.4"
    assert line(text, "course_lib", "## Importing")[1] == "**1.05**"
    assert "`python -m benchmarks --rounds 3`" in text
    assert "processor: a processor, threads: 1, rounds: 3." in text
    assert "Not measured" not in text


def test_table_says_what_failed():
    text = report.as_markdown(example({"openai": "no network\n  at all"}))
    assert "- openai: `no network at all`" in text


def test_report_writes_table_results_and_a_small_picture(tmp_path):
    results = example()
    report.write_report(results, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    picture = (tmp_path / "speed.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) < 60_000
    assert "](speed.png)" in (tmp_path / "table.md").read_text()
    (tmp_path / "table.md").unlink()
    run.main(["--report-only", "--results", str(tmp_path)])
    assert "](speed.png)" in (tmp_path / "table.md").read_text()


def test_peers_take_turns_and_start_elsewhere_each_round():
    options = run.parse(["--rounds", "2", "--peers", "tutorial", "sparsify", "--sweep", "0.6"])
    peers = {n: p for n, p in environments.read_peers().items() if n in options.peers}
    jobs = list(run.jobs(peers, options))
    trained = [job for job in jobs if "workload" in job]
    firsts = [next(group)["peer"] for _, group in itertools.groupby(jobs, lambda j: "imports" in j)]
    assert firsts[::2] == ["tutorial", "sparsify"]
    assert {j["workload"] for j in trained if j["peer"] == "sparsify"} == {"C"}
    assert [j["seed"] for j in trained if j["workload"] == "B"] == [1, 2]
    swept = [(j["seed"], j["timed"]) for j in trained if j["weight"] == 0.6]
    assert swept == [(1, False), (2, False)]
    ours = {"course_lib": environments.read_peers()["course_lib"]}
    judged = [j for j in run.jobs(ours, options) if j.get("weight")]
    assert {(j["variant"], j["weight"]) for j in judged} == {
        ("", 0.6),
        ("linear decay", 0.4),
        ("linear decay", 0.6),
    }


def test_quick_is_one_round_of_a():
    options = run.parse(["--quick"])
    assert (options.rounds, options.workloads, options.sweep) == (1, ["A"], [])


PYTHON = """#!/bin/sh
# called as: python -m benchmarks.import_time STATEMENT RESULT
[ "$3" = good ] && echo '{"torch": 1}' > "$4" && exit
echo "a long traceback"
echo "the reason"
exit 1
"""


def test_the_command_is_shown_without_this_machines_folders():
    given = ["--rounds", "2", "--checkout", "openai=/a/b", "--results", "/c", "--peers", "openai"]
    assert run.shown(given) == (
        "python -m benchmarks --rounds 2 --checkout openai=FOLDER --results FOLDER --peers openai"
    )


def test_a_failing_peer_is_noted_and_stops_nobody(tmp_path):
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    results = {"failures": {}, "runs": [], "imports": []}
    for name in ("bad", "good"):
        run.measure({"peer": name, "imports": name}, python, results)
    assert results["failures"] == {"bad imports": "the reason"}
    assert results["imports"] == [{"peer": "good", "torch": 1}]


def test_peers_are_complete():
    peers = environments.read_peers({"openai": "some/folder"})
    assert {"saelens", "dictionary_learning", "sparsify", "overcomplete", "openai"} < set(peers)
    assert peers["saelens"].version == "6.54.12"
    assert peers["openai"].version == "a checkout"
    assert environments.read_peers()["openai"].version == "commit 4965b94"
    for peer in peers.values():
        assert set(peer.workloads) <= set(WORKLOADS)
        assert (environments.HERE / "peers" / f"{peer.name}.py").exists()
        compile(peer.imports, peer.name, "exec")


def test_torch_and_numpy_are_those_of_the_course():
    assert environments.pinned("torch").startswith("torch==2.")
    assert environments.pinned("numpy").startswith("numpy==2.")
