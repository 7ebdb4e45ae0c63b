"""From results to a table and a plot."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from statistics import median

from benchmarks.workloads import WORKLOADS

ALT = (
    "Time of a training step in multiples of six matrix products, one panel a workload, one bar a "
    "library; a dashed line marks 1. The values are those of the table of speeds."
)


def write_report(results: dict, folder: Path) -> None:
    """Write results.json, table.md and speed.png."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "table.md").write_text(as_markdown(results), encoding="utf-8")
    if speeds(results):
        (folder / "speed.png").write_bytes(draw(results))


def title(results: dict, peer: str, variant: str) -> str:
    name = results["peers"][peer]["title"]
    return f"{name}, {variant}" if variant else name


def speeds(results: dict) -> dict[tuple[str, str], dict[str, list[tuple[float, float]]]]:
    """(peer, variant) -> workload -> all pairs (seconds a step, seconds of the floor)."""
    pairs: dict = defaultdict(lambda: defaultdict(list))
    for run in results["runs"]:
        if "pairs" in run:
            pairs[run["peer"], run["variant"]][run["workload"]] += run["pairs"]
    return pairs


def ratios(pairs: list[tuple[float, float]]) -> list[float]:
    return sorted(step / floor for step, floor in pairs)


def spread(values: list[float]) -> tuple[float, float]:
    """The 10th and the 90th percentile of sorted values."""
    last = len(values) - 1
    return values[round(0.1 * last)], values[round(0.9 * last)]


def as_markdown(results: dict) -> str:
    rounds = len({run["seed"] for run in results["runs"]})
    conditions = results["conditions"] | {"rounds": str(rounds)}
    conditions = ", ".join(f"{name}: {value}" for name, value in conditions.items())
    parts = [
        "# Side by side",
        f"Written by `{results['command']}`; how it is measured: [README](../README.md).",
        f"Conditions: {conditions}.",
        *speed_section(results),
        *quality_section(results),
        *sweep_section(results),
        *imports_section(results),
        *failures_section(results),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def speed_section(results: dict) -> list[str]:
    measured = speeds(results)
    shown = [w for w in WORKLOADS if any(w in of_peer for of_peer in measured.values())]
    if not shown:
        return []
    rows = []
    for (peer, variant), of_peer in measured.items():
        row = [title(results, peer, variant), results["peers"][peer]["version"] or "–"]
        for name in shown:
            pairs = of_peer.get(name)
            if pairs:
                low, high = spread(ratios(pairs))
                milliseconds = 1000 * median(step for step, _ in pairs)
                row.append(f"**{median(ratios(pairs)):.2f}** ({low:.2f}–{high:.2f})")
                row.append(f"{milliseconds:,.{0 if milliseconds >= 100 else 2}f}")
            else:
                row += ["–", "–"]
        rows.append(row)
    head = ["", "version"]
    for name in shown:
        head += [name, "ms"]
    return [
        "## Speed",
        "Time of a training step in multiples of the floor, the six matrix products of that size: "
        "median, and in brackets the 10th and 90th percentile, over all chunks and rounds; beside "
        "it the median time of a step.",
        " ".join(describe(name) for name in shown),
        table(head, rows),
        f"![{ALT}](speed.png)",
    ]


def describe(name: str) -> str:
    w = WORKLOADS[name]
    kind = "L1 penalty" if w.sparsity == "l1" else f"TopK, k = {w.k}"
    return (
        f"{name}: {w.input_dim:,} inputs, {w.latent_dim:,} latents, batches of {w.batch_size:,}, "
        f"{kind}."
    )


def judged(results: dict, swept: bool) -> dict[tuple[str, str, float], list[dict]]:
    """(peer, variant, weight) -> qualities, one a seed, of the runs on A.

    swept : all weights, with the seeds that the sweep has, so that like is compared with like.
    """
    seeds = {run["seed"] for run in results["runs"] if run["weight"] is not None}
    found: dict = defaultdict(list)
    for run in results["runs"]:
        if "quality" in run and (run["seed"] in seeds if swept else run["weight"] is None):
            weight = run["weight"] or WORKLOADS[run["workload"]].sparsity_weight
            found[run["peer"], run["variant"], weight].append(run["quality"])
    return found


def middle(qualities: list[dict], name: str) -> float:
    return median(quality[name] for quality in qualities)


def quality_section(results: dict) -> list[str]:
    rows = []
    for (peer, variant, _), found in judged(results, swept=False).items():
        similarities = [quality["mmcs"] for quality in found]
        rows.append([
            title(results, peer, variant),
            f"{middle(found, 'mse'):.4f}",
            f"{middle(found, 'fvu'):.3f}",
            f"{middle(found, 'l0'):.1f}",
            f"**{median(similarities):.3f}** ({min(similarities):.3f}–{max(similarities):.3f})",
            f"{middle(found, 'recovered'):.1%}",
            str(len(found)),
        ])  # fmt: skip
    if not rows:
        return []
    w = WORKLOADS["A"]
    return [
        f"## Quality on A after {w.steps:,} steps",
        f"The same data, learning rate {w.learning_rate:g}, penalty weight {w.sparsity_weight:g}. "
        "Median over the seeds, for MMCS with the lowest and the highest; recovered: features that "
        "an atom matches with a cosine above 0.9.",
        table(["", "MSE", "FVU", "L0", "MMCS", "recovered", "seeds"], rows),
    ]


def sweep_section(results: dict) -> list[str]:
    if not any(run.get("weight") for run in results["runs"]):
        return []
    best: dict[tuple[str, str], tuple[float, list[dict]]] = {}
    swept = {(run["peer"], run["variant"]) for run in results["runs"] if run.get("weight")}
    for (peer, variant, weight), found in judged(results, swept=True).items():
        if (peer, variant) not in swept:
            continue
        first = best.get((peer, variant))
        if first is None or middle(found, "mmcs") > middle(first[1], "mmcs"):
            best[peer, variant] = weight, found
    rows = [
        [
            title(results, *key),
            f"{weight:g}",
            *(f"{middle(found, name):.{digits}f}"
              for name, digits in (("mse", 4), ("fvu", 3), ("l0", 1))),
            f"**{middle(found, 'mmcs'):.3f}** ({min(q['mmcs'] for q in found):.3f}–"
            f"{max(q['mmcs'] for q in found):.3f})",
            f"{middle(found, 'recovered'):.1%}",
        ]
        for key, (weight, found) in best.items()
    ]  # fmt: skip
    weights = sorted({weight for _, _, weight in judged(results, swept=True)})
    return [
        "### Each at its best weight",
        "Peers weigh their penalty differently: here each at the weight, of "
        + ", ".join(f"{weight:g}" for weight in weights)
        + ", that gave it the highest median MMCS over the seeds.",
        table(["", "weight", "MSE", "FVU", "L0", "MMCS", "recovered"], rows),
    ]


def imports_section(results: dict) -> list[str]:
    taken: dict[str, list[dict]] = defaultdict(list)
    for entry in results["imports"]:
        taken[entry["peer"]].append(entry)
    if not taken:
        return []
    rows = []
    for peer, entries in taken.items():
        parts = sorted((e["torch"] + e["beyond"]) / e["torch"] for e in entries)
        rows.append([
            title(results, peer, ""),
            f"**{median(parts):.2f}**",
            f"{median(e['beyond'] for e in entries):.2f}",
            f"{median(e['torch'] for e in entries):.2f}",
            str(len(entries)),
        ])  # fmt: skip
    return [
        "## Importing",
        "Processor time of importing torch and then the library, in multiples of importing torch; "
        "medians over fresh processes.",
        table(["", "in torch's", "s beyond torch", "s of torch", "processes"], rows),
    ]


def failures_section(results: dict) -> list[str]:
    if not results["failures"]:
        return []
    lines = (
        f"- {what}: `{' '.join(why.split())}`" for what, why in sorted(results["failures"].items())
    )
    return ["## Not measured", "\n".join(lines)]


def draw(results: dict) -> bytes:
    """The speeds as bars, one panel a workload, as PNG."""
    from course_lib.plotting import BLUE, SKY, new_figure, to_pixels, to_png

    measured = speeds(results)
    shown = [w for w in WORKLOADS if any(w in of_peer for of_peer in measured.values())]
    keys = list(measured)[::-1]  # the first on top
    figure, axes = new_figure(
        8.0, 0.8 + 0.34 * len(keys), columns=len(shown), sharey=True, squeeze=False
    )
    for name, panel in zip(shown, axes[0], strict=True):
        for row, key in enumerate(keys):
            if name not in measured[key]:
                panel.text(0.05, row, "–", va="center")
                continue
            values = ratios(measured[key][name])
            low, high = spread(values)
            ours = key[0] == "course_lib"
            panel.barh(row, median(values), color=BLUE if ours else SKY, height=0.7)
            panel.plot([low, high], [row, row], color="black", linewidth=1)
            label = panel.text(high, row, f" {median(values):.2f}", va="center", fontsize=9)
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
        panel.axvline(1, color="black", linestyle="--", linewidth=1)
        panel.set_yticks(range(len(keys)), [title(results, *key) for key in keys])
        panel.set_xlim(0, 1.25 * panel.get_xlim()[1])
        panel.grid(axis="y", visible=False)
        panel.set_title(name + (": " + subtitle(name)))
    figure.supxlabel(
        "time of a step, in multiples of six matrix products (less is better)", size=10
    )
    return to_png(to_pixels(figure), 9)


def subtitle(name: str) -> str:
    w = WORKLOADS[name]
    kind = "L1" if w.sparsity == "l1" else f"TopK {w.k}"
    return f"{w.input_dim} → {w.latent_dim}, {kind}"
