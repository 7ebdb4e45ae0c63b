"""`course doctor`: the set-up of a machine, in words."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_lib.errors import CourseError

Level = Literal["right", "note", "wrong"]
MARK = {"right": "✓", "note": "·", "wrong": "✗"}
REPAIR = "`make install`, or in a conda environment: pip install -c constraints.txt -e ."
IMPORTED_AS = {"pillow": "PIL", "scikit-learn": "sklearn"}
ENOUGH_MEMORY = 2.0  # GB; the largest lesson stays below


@dataclass(frozen=True)
class Finding:
    """One thing looked at: right, worth a note, or wrong with what to do."""

    level: Level
    text: str

    def __str__(self) -> str:
        return f"{MARK[self.level]} {self.text}"


def examine() -> list[Finding]:
    """Every finding in the order in which a newcomer would put things right."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _packages,
        _device,
        _memory,
        _jupyterlab,
        _notebooks,
    )
    findings = []
    for look in looks:
        try:
            findings += look()
        except CourseError as error:
            findings.append(Finding("wrong", str(error)))
        except Exception as error:  # a doctor must not fall over what it came to examine
            findings.append(
                Finding(
                    "wrong",
                    f"{look.__name__.strip('_')} could not be examined: "
                    f"{type(error).__name__}: {error}",
                )
            )
    return findings


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    needed = importlib.metadata.metadata("sae-course")["Requires-Python"]
    if not SpecifierSet(needed).contains(version, prereleases=True):
        yield Finding("wrong", f"Python {version}: the course needs {needed}.")
    else:
        yield Finding("right", f"Python {version} on {platform.system()} ({sys.prefix})")


def _packages() -> Iterator[Finding]:
    required = [Requirement(r) for r in importlib.metadata.requires("sae-course") or []]
    good = []
    for requirement in required:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding("wrong", f"{requirement.name} is not installed. Run {REPAIR}.")
            continue
        if broken := _import_problem(requirement.name):
            yield Finding(
                "wrong",
                f"{requirement.name} {version} cannot be imported ({broken}). "
                f"Install it anew: {REPAIR}.",
            )
        elif requirement.specifier.contains(version, prereleases=True):
            good.append(f"{requirement.name} {version}")
        else:
            yield Finding(
                "wrong",
                f"{requirement.name} {version} is installed; the course needs "
                f"{requirement.specifier}. Run {REPAIR}.",
            )
    yield Finding("right", f"Packages: {', '.join(good)}")


def _import_problem(name: str) -> str:
    """Why a package cannot be imported; empty when it can."""
    try:
        importlib.import_module(IMPORTED_AS.get(name, name))
    except Exception as error:
        return f"{type(error).__name__}: {error}".split("\n")[0]
    return ""


def _device() -> Iterator[Finding]:
    import torch

    cores = os.cpu_count()
    if torch.cuda.is_available():
        yield Finding("right", f"Device: CUDA, {torch.cuda.get_device_name(0)}")
    elif torch.backends.mps.is_available():
        yield Finding("right", "Device: MPS, the graphics processor of this Mac")
    else:
        yield Finding("right", "Device: CPU. Every lesson is made for it; no GPU is needed.")
    yield Finding(
        "note",
        f"Threads: {cores} cores; torch takes {torch.get_num_threads()} by "
        "itself, the lessons one, because their models are small.",
    )
    total = torch.ones(3) @ torch.ones(3)
    if total.item() != 3:
        yield Finding(
            "wrong",
            "torch computes wrongly here: 1·1 + 1·1 + 1·1 gave "
            f"{total.item()}. Reinstall it with {REPAIR}.",
        )


def _memory() -> Iterator[Finding]:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free < ENOUGH_MEMORY:
        yield Finding(
            "wrong",
            f"Free memory: {free:.1f} GB; close other programs until "
            f"{ENOUGH_MEMORY:g} GB are free.",
        )
    else:
        yield Finding("right", f"Free memory: {free:.1f} GB")


def _jupyterlab() -> Iterator[Finding]:
    version = importlib.metadata.version("jupyterlab")
    yield Finding("right", f"JupyterLab {version}")
    folder = Path(sysconfig.get_path("data")) / "share" / "jupyter"
    for name, path in (
        ("ipywidgets", "labextensions/@jupyter-widgets/jupyterlab-manager"),
        ("anywidget", "labextensions/anywidget"),
    ):
        if (folder / path / "package.json").exists():
            yield Finding("right", f"Live figures: JupyterLab's extension of {name} is in place")
        else:
            yield Finding(
                "wrong",
                f"JupyterLab's extension of {name} is missing from "
                f"{folder / path}; live figures would not show. Run {REPAIR}.",
            )
    yield _live_figure()
    if not (folder / "kernels" / "python3" / "kernel.json").exists():
        yield Finding("wrong", f"No Python kernel in {folder / 'kernels'}. Run {REPAIR}.")


def _live_figure() -> Finding:
    """Make a live figure and move its control, as a lesson does."""
    from course_lib.widgets import LiveFigure, Slider

    def draw(figure, x):
        figure.subplots().plot([0, x])
        return f"A line from 0 to {x}."

    live = LiveFigure(draw, "Does it move?", x=Slider("x", 0, 2, 1, 1))
    before = live.picture
    live.set(x=2)
    if live.picture == before or "to 2" not in live.description:
        return Finding("wrong", f"A live figure does not answer its control. Run {REPAIR}.")
    return Finding("right", "A live figure draws, and answers its control")


def _notebooks() -> Iterator[Finding]:
    from course_lib.exercises import UNITS, all_units, progress
    from course_lib.layout import Layout

    root = Layout.find().root
    wanted = [
        root / "notebooks" / "00_welcome.ipynb",
        *(root / "notebooks" / f"{u}.ipynb" for u in UNITS),
        *(root / "exercises" / u / f"{u.split('_')[0]}_exercises.ipynb" for u in UNITS),
    ]
    missing = [str(p.relative_to(root)) for p in wanted if not p.exists()]
    if missing:
        yield Finding(
            "wrong",
            f"Missing from {root}: {', '.join(missing)}. Restore them with "
            "`git checkout notebooks exercises`.",
        )
    else:
        yield Finding("right", f"Notebooks: all {len(wanted)} are in {root}")
    exercises = [e for unit in all_units() for e in unit.exercises]
    yield Finding("right", f"Exercises: all {len(exercises)} can be loaded")
    kept = progress.location()
    if kept is not None and not os.access(kept if kept.exists() else kept.parent, os.W_OK):
        yield Finding("note", f"{kept} cannot be written: your progress will not be kept.")
