"""One server and one browser for all browser tests, on a copy of the course."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest

from . import driver
from .notebook import Notebook

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = "notebooks/scratch.ipynb"  # written into the copy, see test_controls.py


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    notebook = getattr(item, "funcargs", {}).get("notebook")
    if report.failed and isinstance(notebook, Notebook) and not notebook.page.is_closed():
        name = "".join(c if c.isalnum() else "_" for c in item.name)
        picture = notebook.server.log.with_name(f"{name}.png")
        with contextlib.suppress(Exception):  # the failure itself must be reported
            notebook.screenshot(picture)
            report.sections.append(("The page at the failure", str(picture)))
    return report


def _required() -> bool:
    asked = (os.environ.get(name, "") for name in ("CI", "COURSE_REQUIRE_BROWSER"))
    return any(value.lower() not in ("", "0", "false", "no") for value in asked)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """(server, window): JupyterLab on a copy of the course, and Chromium beside it."""
    if reason := driver.missing():
        (pytest.fail if _required() else pytest.skip)(f"No browser tests. {reason}")
    folder = tmp_path_factory.mktemp("lab")
    state = folder / "state"
    state.mkdir()
    course = driver.copy_course(ROOT, folder / "course")
    cells = (Path(__file__).parent / "scratch_cells.py").read_text().split("# %%\n")[1:]
    write_notebook(course / SCRATCH, cells)
    server = driver.Server(course, state)
    try:
        with driver.browser_window(folder / "profile") as window:
            yield server, window
    finally:
        server.stop()


@pytest.fixture(scope="session")
def open_notebook(lab):
    """Opens a notebook of the course in a page of its own and runs all of it."""
    server, window = lab

    def open_and_run(path):
        notebook = Notebook(window.new_page(), server)
        notebook.open(path)
        notebook.run_all()
        return notebook

    return open_and_run


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of code cells."""
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {"kernelspec": kernel},
                "cells": [
                    blank | {"id": f"c{i}", "source": c.strip()} for i, c in enumerate(cells)
                ],
            }
        )
    )
