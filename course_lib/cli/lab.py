"""`course lab`: JupyterLab on the course's folder, opened on the welcome page, offline.

A folder that was handed out has no welcome page; there its README.md is opened.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from course_lib.errors import EnvironmentProblem
from course_lib.layout import WELCOME, Layout, path_with_scripts

SETTINGS = Path(__file__).parent / "lab_settings"
HANDED_OUT = "README.md"


def lab_command(root: Path, options: list[str]) -> list[str]:
    """The command that starts JupyterLab on the course; a setting in `options` replaces ours."""
    ours = {
        "--ServerApp.root_dir": str(root),
        "--LabApp.default_url": f"/lab/tree/{_first_page(root)}",
        "--LabApp.app_settings_dir": str(SETTINGS),  # overrides.json: no news, no update check
    }
    given = {option.split("=")[0] for option in options}
    kept = [f"{name}={value}" for name, value in ours.items() if name not in given]
    return [sys.executable, "-m", "jupyterlab", *kept, *options]


def _first_page(root: Path) -> str:
    handed_out = (root / HANDED_OUT).exists() and not (root / "units").is_dir()
    return HANDED_OUT if handed_out and not (root / WELCOME).exists() else WELCOME


def open_lab(options: list[str]) -> int:
    """Start JupyterLab and wait for it; returns its exit status.

    Raises `EnvironmentProblem` when JupyterLab or the notebooks are missing.
    """
    root = Layout.find().root
    if importlib.util.find_spec("jupyterlab") is None:
        raise EnvironmentProblem(
            "JupyterLab is not installed here. Run `make install`, or "
            "pip install -c constraints.txt -e ."
        )
    if not (root / _first_page(root)).exists():
        raise EnvironmentProblem(
            f"{root / WELCOME} is missing. Restore it with "
            "`git checkout notebooks`, or run `course build`."
        )
    environment = {**os.environ, "PATH": path_with_scripts()}  # for JupyterLab's terminals
    try:
        return subprocess.call(lab_command(root, options), cwd=root, env=environment)
    except KeyboardInterrupt:
        return 0  # JupyterLab has had the same signal and has said what it did
