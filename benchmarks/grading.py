"""`python -m benchmarks.grading`: a class is graded, by nbgrader and by the course's grader.

Both get the same generated submissions of one unit, in one run, on the same machine: nbgrader the
first few of them, by its own command, one after the other as it does it; ours all, with one worker
and with two, behind the best walls that the machine has. Both must come to the same points.

A rate is given twice. *From the start* counts everything from the command's start to its end.
*Steady* counts from the moment at which each worker has done its first submissions; it is what a
large class sees. Memory is the resident memory of all processes (grader, zygotes, students) added
up, sampled; pages that they share are counted in each, so it is an upper bound.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.environments import HERE, ROOT
from benchmarks.report import table
from benchmarks.run import environment, processor
from course_lib.grading.results import from_json
from course_lib.grading.sandbox import best_layer
from course_lib.layout import Layout, UnitSource, path_with_scripts

RESULTS = HERE / "results"
KINDS = ("solved", "half solved", "one wrong", "blank")
EACH_FIRST = 2  # results of each worker that a steady rate leaves out
SAMPLE = 0.2  # seconds between two looks at the memory

CONFIG = "from course_lib.building.release import configure\n\nconfigure(get_config())\n"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--unit", default="1", help="such as 1 or 01_linear_layers")
    parser.add_argument("--nbgrader", type=int, default=8, metavar="N", help="of its submissions")
    parser.add_argument(
        "--submissions", type=int, nargs="+", default=[30, 150], metavar="N", help="of ours"
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--quick", action="store_true", help="a few submissions of each")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    options = parser.parse_args(arguments)
    if options.quick:
        options.nbgrader, options.submissions = 4, [8, 24]
    return options


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    (unit,) = Layout(ROOT).units((options.unit,))
    results = {"command": shown(options), "conditions": conditions(unit), "runs": []}
    with tempfile.TemporaryDirectory(prefix="benchmark-grading-") as folder:
        root = Path(folder)
        release_by_nbgrader(root, unit)
        most = max(options.nbgrader, *options.submissions)
        for number in {options.nbgrader, *options.submissions, most}:
            submit(root / f"class{number}" / "submitted", unit, number)
        runs = [run_nbgrader(root, unit, options.nbgrader)]
        print(summary(runs[-1]), flush=True)
        for number in options.submissions:
            for workers in options.workers:
                runs.append(run_ours(root, unit, number, workers))
                print(summary(runs[-1]), flush=True)
    theirs = runs[0].points
    results["runs"] = [run.as_json(theirs) for run in runs]
    write(results, options.results)
    print((options.results / "grading.md").read_text(encoding="utf-8"))


def shown(options: argparse.Namespace) -> str:
    """The command that writes these results again."""
    words = ["--unit", options.unit, "--nbgrader", options.nbgrader]
    words += ["--submissions", *options.submissions, "--workers", *options.workers]
    return " ".join(map(str, ["python -m benchmarks.grading", *words]))


def conditions(unit: UnitSource) -> dict[str, str]:
    versions = {n: importlib.metadata.version(n) for n in ("nbgrader", "torch", "ipykernel")}
    return {
        "unit": unit.name,
        "sandbox": best_layer(),
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        **versions,
    }


# -- submissions ----------------------------------------------------------------------------------


def submission(number: int, solved: str, blank: str) -> str:
    """The notebook of student `number`; the kinds take turns, and no two are the same text."""
    kind = KINDS[number % len(KINDS)]
    notebook, released = json.loads(solved), json.loads(blank)
    answers = {c["metadata"]["nbgrader"]["grade_id"]: c for c in cells(notebook, "solution")}
    empty = {c["metadata"]["nbgrader"]["grade_id"]: c for c in cells(released, "solution")}
    names = list(answers)
    erased = {"blank": names, "half solved": names[::2]}.get(kind, [])
    for name in erased:
        answers[name]["source"] = empty[name]["source"]
    if kind == "one wrong":
        wrong = [n for n in names if "return " in "".join(answers[n]["source"])]
        cell = answers[wrong[number // len(KINDS) % len(wrong)]]
        cell["source"] = "".join(cell["source"]).replace("return ", "return 0.5 * ", 1)
    notebook["cells"][0]["source"] = f"Student {number}\n\n" + "".join(
        notebook["cells"][0]["source"]
    )
    return json.dumps(notebook)


def cells(notebook: dict, role: str) -> Iterator[dict]:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get(role):
            yield cell


def submit(folder: Path, unit: UnitSource, number: int) -> None:
    """Write submissions as nbgrader lays them out."""
    solved, blank = unit.solution.read_text("utf-8"), unit.exercises.read_text("utf-8")
    for student in range(number):
        home = folder / f"student{student:03}" / unit.name
        home.mkdir(parents=True)
        text = submission(student, solved, blank)
        (home / unit.exercise_file).write_text(text, encoding="utf-8")


# -- runs -----------------------------------------------------------------------------------------


@dataclass
class Run:
    """One grading: when each result was there, in seconds from the command's start."""

    who: str
    submissions: int
    workers: int
    seconds: float
    arrivals: list[float]
    points: dict[str, float]  # by student
    memory: int  # the peak, bytes
    processes: int  # at that moment

    def as_json(self, theirs: dict[str, float]) -> dict:
        """For the file. theirs : nbgrader's points, with which these must agree."""
        both = self.points.keys() & theirs.keys()
        unlike = sorted(s for s in both if self.points[s] != theirs[s])
        return {
            "who": self.who,
            "submissions": self.submissions,
            "workers": self.workers,
            "seconds": round(self.seconds, 2),
            "from the start": round(60 * self.submissions / self.seconds, 1),
            "steady": round(steady(self.arrivals, self.workers), 1),
            "memory": self.memory,
            "processes": self.processes,
            "unlike nbgrader": unlike,
        }


def steady(arrivals: list[float], workers: int) -> float:
    """Results a minute, once each worker has done its first ones. arrivals : seconds."""
    arrivals = sorted(arrivals)
    first = min(EACH_FIRST * workers, len(arrivals) - 1)  # the clock starts with this result
    seconds = arrivals[-1] - arrivals[first - 1]
    return 60 * (len(arrivals) - first) / seconds


class Watch:
    """Samples the memory of a process and of all that it has started, until it ends."""

    def __init__(self, process: subprocess.Popen):
        self.process, self.memory, self.processes = psutil.Process(process.pid), 0, 0
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.ended = threading.Event()
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.ended.wait(SAMPLE):
            sizes = []
            try:
                for one in [self.process, *self.process.children(recursive=True)]:
                    try:
                        sizes.append(one.memory_info().rss)
                    except psutil.Error:
                        continue  # it has ended meanwhile
            except psutil.Error:
                return
            if sum(sizes) > self.memory:
                self.memory, self.processes = sum(sizes), len(sizes)


def run(command: list[str], root: Path) -> tuple[float, float, Watch]:
    """Run a command in a folder; when it began (Unix time), its seconds, its memory."""
    log = root / "log"
    began = time.time()
    home = {"HOME": str(root), "IPYTHONDIR": str(root / "ipython"), "PATH": path_with_scripts()}
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=root, env=environment(1) | home, stdout=stream, stderr=subprocess.STDOUT
        )
        watch = Watch(process)
        code = process.wait()
    seconds = time.time() - began
    watch.stop()
    if code:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()[-3000:]}")
    return began, seconds, watch


def release_by_nbgrader(root: Path, unit: UnitSource) -> None:
    """A course root of nbgrader's, with the assignment in its gradebook."""
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    source = root / "solutions" / unit.name
    source.mkdir(parents=True)
    shutil.copy2(unit.solution, source)
    run([sys.executable, "-m", "nbgrader", "generate_assignment", unit.name], root)


def run_nbgrader(root: Path, unit: UnitSource, number: int) -> Run:
    """`nbgrader autograde`: every submission in turn, each in a kernel of its own."""
    from nbgrader.api import Gradebook

    (root / "submitted").symlink_to(root / f"class{number}" / "submitted")
    began, seconds, watch = run([sys.executable, "-m", "nbgrader", "autograde", unit.name], root)
    made = sorted(root.glob(f"autograded/*/{unit.name}/{unit.exercise_file}"))
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        points = {s.student.id: s.score for s in book.assignment_submissions(unit.name)}
    arrivals = [path.stat().st_mtime - began for path in made]
    return Run(
        "nbgrader autograde", number, 1, seconds, arrivals, points, watch.memory, watch.processes
    )


def run_ours(root: Path, unit: UnitSource, number: int, workers: int) -> Run:
    """`course_lib.grading.grade` on the same submissions, in a process of its own."""
    out = root / f"out{number}-{workers}"
    source = root / f"class{number}" / "submitted"
    program = (
        "import sys; from pathlib import Path; from course_lib.grading.grade import grade; "
        "from course_lib.layout import Layout; source, unit, out, workers = sys.argv[1:]; "
        f"(unit,) = Layout(Path({str(ROOT)!r})).units((unit,)); "
        "grade(Path(source), unit, Path(out), workers=int(workers))"
    )
    command = [sys.executable, "-c", program, str(source), unit.name, str(out), str(workers)]
    began, seconds, watch = run(command, root)
    written = sorted((out / "results").glob("*.json"))
    results = [from_json(path.read_text(encoding="utf-8")) for path in written]
    if len(results) != number:
        raise SystemExit(f"{len(results)} results of {number} submissions")
    points = {result.student: result.earned for result in results}
    arrivals = [path.stat().st_mtime - began for path in written]
    return Run("ours", number, workers, seconds, arrivals, points, watch.memory, watch.processes)


# -- what is written ------------------------------------------------------------------------------


def summary(run: Run) -> str:
    return (
        f"{run.who}, {run.submissions} submissions, {run.workers} at a time: {run.seconds:.1f} s, "
        f"steady {steady(run.arrivals, run.workers):.1f} a minute, "
        f"{run.memory / 2**20:,.0f} MiB in {run.processes} processes"
    )


def write(results: dict, folder: Path) -> None:
    """Write grading.json and grading.md."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "grading.json").write_text(text + "\n", encoding="utf-8")
    (folder / "grading.md").write_text(as_markdown(results), encoding="utf-8")


def as_markdown(results: dict) -> str:
    theirs = results["runs"][0]
    rows = []
    for one in results["runs"]:
        row = [one["who"], f"{one['submissions']}", f"{one['workers']}"]
        for rate in ("steady", "from the start"):
            times = one[rate] / theirs[rate]
            row += [f"{one[rate]:.1f}", "1" if one is theirs else f"**{times:.1f}**"]
        rows.append([*row, f"{one['memory'] / 2**20:,.0f}", f"{one['processes']}"])
    head = ["", "submissions", "workers", "steady, a minute", "ratio"]
    head += ["from the start, a minute", "ratio", "peak memory, MiB", "processes"]
    told = ", ".join(f"{name}: {value}" for name, value in results["conditions"].items())
    return "\n\n".join([
        "# Grading",
        f"Written by `{results['command']}`. Submissions in turn: {', '.join(KINDS)}.",
        f"Conditions: {told}.",
        table(head, rows),
        "Ratio: times nbgrader's rate on the same submissions. Steady: once each worker has done "
        f"its first {EACH_FIRST}; from the start: from the command's start to its end. Memory: "
        "resident memory of the grader and all that it started, added up, at its highest; shared "
        "pages are counted in each process.",
        memory_sentence(results["runs"]),
        agreement_sentence(results["runs"]),
    ]) + "\n"  # fmt: skip


def memory_sentence(runs: list[dict]) -> str:
    """What more submissions cost in memory, for each number of workers."""
    told = []
    for workers in sorted({r["workers"] for r in runs if r["who"] == "ours"}):
        ours = [r for r in runs if r["who"] == "ours" and r["workers"] == workers]
        few, many = (f(ours, key=lambda r: r["submissions"]) for f in (min, max))
        more = (many["memory"] - few["memory"]) / few["memory"]
        told.append(
            f"{workers} worker{'s' if workers > 1 else ''}: {many['submissions']} submissions take "
            f"{more:+.0%} of the memory of {few['submissions']}"
        )
    return "Memory bounded: " + "; ".join(told) + "."


def agreement_sentence(runs: list[dict]) -> str:
    unlike = sorted({student for one in runs for student in one["unlike nbgrader"]})
    if unlike:
        return f"**The points differ from nbgrader's:** {', '.join(unlike)}."
    return "The points are nbgrader's in every run."


if __name__ == "__main__":
    main()
