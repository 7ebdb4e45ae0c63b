"""`python -m benchmarks`: build the environments, measure everything side by side, write the table.

Peers take turns: each round visits every workload and every peer once, each run in a process and
an environment of its own, starting with another peer each round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.environments import (
    ENVIRONMENTS,
    HERE,
    ROOT,
    EnvironmentFailed,
    Peer,
    build,
    pinned,
    read_peers,
)
from benchmarks.report import write_report
from benchmarks.workloads import WORKLOADS, make_data

DATA = ENVIRONMENTS / "data"
RESULTS = HERE / "results"
IMPORT_ROUNDS = 3  # in each round
TIME_LIMIT = 1800  # seconds; a run that takes longer counts as failed


class RunFailed(Exception):
    """A peer's process ended with an error; its message is that error's last line."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = sorted(read_peers())
    parser.add_argument("--rounds", type=int, default=3, help="each with a seed of its own")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="PEER")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--sweep", nargs="*", type=float, default=[0.2, 0.3, 0.6], metavar="WEIGHT",
        help="further weights of the penalty on A, tried at the end",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="one round of A and no sweep")
    parser.add_argument(
        "--checkout", action="append", default=[], metavar="PEER=FOLDER",
        help="install a peer from a folder on this machine",
    )  # fmt: skip
    parser.add_argument(
        "--report-only", action="store_true", help="write table and plot anew from results.json"
    )
    parser.add_argument("--build-only", action="store_true", help="only build the environments")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.workloads, options.sweep = 1, ["A"], []
    return options


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    if options.report_only:
        text = (options.results / "results.json").read_text(encoding="utf-8")
        write_report(json.loads(text), options.results)
        return
    checkouts = dict(entry.split("=", 1) for entry in options.checkout)
    peers = {name: p for name, p in read_peers(checkouts).items() if name in options.peers}
    failures: dict[str, str] = {}
    for peer in peers.values():
        try:
            build(peer)
        except EnvironmentFailed as problem:
            failures[peer.name] = str(problem)
            print(problem, flush=True)
    if options.build_only:
        return
    make_data(DATA, {WORKLOADS[name].data for name in options.workloads})
    results = {
        "command": shown(sys.argv[1:] if arguments is None else arguments),
        "conditions": conditions(options),
        "peers": {name: {"title": p.title, "version": p.version} for name, p in peers.items()},
        "failures": failures,
        "runs": [],
        "imports": [],
    }
    for job in jobs(peers, options):
        if job["peer"] not in failures:
            measure(job, peers[job["peer"]].python, results)
            write_report(results, options.results)
    print((options.results / "table.md").read_text(encoding="utf-8"))


def shown(arguments: list[str]) -> str:
    """The command that writes these results again, without this machine's folders."""
    command = " ".join(["python -m benchmarks", *arguments])
    return re.sub(r"(--checkout \w+=|--results )\S+", r"\1FOLDER", command)


def jobs(peers: dict[str, Peer], options: argparse.Namespace) -> Iterator[dict]:
    """Everything to be run, in order: the peers take turns, and the sweep comes last."""
    names = list(peers)
    for number in range(options.rounds):
        start = number % len(names)
        turn = [peers[name] for name in names[start:] + names[:start]]
        for _ in range(IMPORT_ROUNDS):
            yield from ({"peer": peer.name, "imports": peer.imports} for peer in turn)
        for workload in options.workloads:
            yield from runs(turn, workload, number + 1, options.threads)
    if "A" in options.workloads:
        for weight in [WORKLOADS["A"].sparsity_weight, *options.sweep]:
            for seed in range(1, options.rounds + 1):
                yield from runs(list(peers.values()), "A", seed, options.threads, weight)


def runs(
    turn: list[Peer], workload: str, seed: int, threads: int, weight: float | None = None
) -> Iterator[dict]:
    """One run for each peer that can do the workload, and for each of its variants.

    weight : of the penalty, for a run that is judged by its quality alone and not timed.
    """
    for peer in turn:
        if workload not in peer.workloads:
            continue
        if weight is None:
            variants = peer.variants
        else:  # the library's own default was judged at the usual weight already
            usual = weight == WORKLOADS[workload].sparsity_weight
            variants = peer.settings if usual else ["", *peer.settings]
        for variant in variants:
            yield {
                "peer": peer.name,
                "variant": variant,
                "workload": workload,
                "weight": weight,
                "seed": seed,
                "threads": threads,
                "timed": weight is None,
            }


def measure(job: dict, python: Path, results: dict) -> None:
    """Run one job and add what came out to the results; a failure is noted there."""
    kind = "imports" if "imports" in job else job["workload"]
    label = " ".join(str(part) for part in (job["peer"], job.get("variant"), kind) if part)
    try:
        outcome = run_in_environment(job, python)
    except RunFailed as problem:
        results["failures"][label] = str(problem).replace(f"{ROOT}{os.sep}", "")
        print(f"{label}: failed: {problem}", flush=True)
        return
    if "imports" in job:
        results["imports"].append({"peer": job["peer"], **outcome})
    else:
        results["runs"].append({**job, **outcome})
        weight = "" if job["weight"] is None else f" at weight {job['weight']:g}"
        print(f"{label}{weight}: {summary(outcome)}", flush=True)


def summary(outcome: dict) -> str:
    parts = [f"{name} {value:.4g}" for name, value in outcome.get("quality", {}).items()]
    if "pairs" in outcome:
        ratios = sorted(step / floor for step, floor in outcome["pairs"])
        parts.insert(0, f"{ratios[len(ratios) // 2]:.2f} floors")
    return ", ".join(parts)


def run_in_environment(job: dict, python: Path) -> dict:
    """What the job's process reports. Raises `RunFailed`."""
    with tempfile.TemporaryDirectory() as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "log"
        if "imports" in job:
            command = ["benchmarks.import_time", job["imports"], str(result)]
        else:
            command = [
                "benchmarks.worker",
                json.dumps({**job, "data": str(DATA), "result": str(result)}),
            ]
        try:
            with log.open("w") as stream:
                code = subprocess.run(
                    [str(python), "-m", *command],
                    stdout=stream, stderr=subprocess.STDOUT, cwd=ROOT, timeout=TIME_LIMIT,
                    env=environment(job.get("threads", 1)),
                ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RunFailed(f"no end after {TIME_LIMIT} s") from None
        if code or not result.exists():
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise RunFailed(lines[-1] if lines else f"exit status {code}")
        return json.loads(result.read_text(encoding="utf-8"))


def environment(threads: int) -> dict[str, str]:
    """The process's variables: so many threads, this package, and no peer phoning home."""
    # Where compiled modules are not kept, course_lib would be compiled anew at each import.
    kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
        "WANDB_MODE": "disabled",
        "HF_HUB_OFFLINE": "1",
    }


def conditions(options: argparse.Namespace) -> dict[str, str]:
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "threads": str(options.threads),
        "Python": platform.python_version(),
        "PyTorch": pinned("torch").split("==")[1],
        "system": platform.system(),
    }


def processor() -> str:
    """The processor's name, as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
