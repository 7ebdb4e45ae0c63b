"""One run of one peer, in that peer's own environment: `python -m benchmarks.worker '{...}'`.

The job is a JSON object: peer, variant, workload, weight (of the penalty; null: the workload's),
seed, threads, data (folder), timed (whether to measure speed), result (the file to write).
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import torch

from benchmarks.measuring import Batches, Floor, Pacer, clock_for
from benchmarks.quality import quality
from benchmarks.shims import mend_torchvision
from benchmarks.workloads import WORKLOADS


def run(job: dict) -> dict:
    """Warm up, train, measure, and judge the result where training was long enough to mean much."""
    torch.set_num_threads(job["threads"])
    mend_torchvision()
    workload = WORKLOADS[job["workload"]]
    if job["weight"] is not None:
        workload = dataclasses.replace(workload, sparsity_weight=job["weight"])
    data = torch.load(Path(job["data"]) / f"{workload.data}.pt", weights_only=True)
    adapter_class = importlib.import_module(f"benchmarks.peers.{job['peer']}").Adapter

    def trained(steps: int, pacer: Pacer | None = None):
        torch.manual_seed(job["seed"])
        batches = Batches(data["train"], workload.batch_size, steps, job["seed"], pacer)
        adapter = adapter_class(workload, batches, job["seed"], job["variant"])
        adapter.train()
        return adapter

    result = {}
    if job["timed"]:
        trained(workload.warm_up)
        pacer = make_pacer(workload, job["threads"])
        adapter = trained(workload.steps, pacer)
        pacer.close()
        result["pairs"] = pacer.pairs
    else:
        adapter = trained(workload.steps)
    if workload.data == "small":
        result["quality"] = quality(adapter, data["test"], data["dictionary"])
    return result


def make_pacer(workload, threads: int) -> Pacer:
    clock = clock_for(threads)
    floor = Floor(
        workload.input_dim, workload.latent_dim, workload.batch_size, workload.floor_repeats, clock
    )
    floor()  # warm-up
    return Pacer(floor, workload.chunk, clock)


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    Path(job["result"]).write_text(json.dumps(run(job)), encoding="utf-8")
