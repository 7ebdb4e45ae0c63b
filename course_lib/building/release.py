"""The blank notebooks, made from the solutions by nbgrader's own `generate_assignment`."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from course_lib.errors import BuildError
from course_lib.layout import UnitSource, path_with_scripts

STUB = "...  # YOUR CODE HERE"


def configure(config: Config) -> Config:
    """nbgrader's settings for this course: its folders, the blank, generous limits."""
    config.CourseDirectory.course_id = "sae-course"
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.ClearSolutions.code_stub = {"python": STUB}
    config.Execute.timeout = 120
    config.ExecutePreprocessor.timeout = 120
    # a deleted cell comes back as it was released, and a warning costs nobody points
    config.OverwriteCells.add_missing_cells = True
    config.IgnorePattern.enabled = True
    config.IgnorePattern.pattern = r"(?s).*"
    return config


@contextlib.contextmanager
def scripts_found() -> Iterator[None]:
    """This Python's scripts are on $PATH inside. (nbgrader's `setenv` would leave none behind.)"""
    before = os.environ.get("PATH")
    os.environ["PATH"] = path_with_scripts()
    try:
        yield
    finally:
        del os.environ["PATH"]
        if before is not None:
            os.environ["PATH"] = before


def release(unit: UnitSource, solution: str) -> NotebookNode:
    """The blank notebook of a unit, as nbgrader releases it from the solution's text.

    Raises `BuildError` with nbgrader's own words when it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="course-release-") as private:
        root = Path(private)
        source = root / "solutions" / unit.name
        source.mkdir(parents=True)
        (source / unit.exercise_file).write_text(solution, encoding="utf-8")
        config = configure(Config())
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
        said: list[str] = []
        api = NbGraderAPI(config=config)
        handler = logging.Handler()
        handler.emit = lambda record: said.append(record.getMessage())
        api.log.addHandler(handler)
        api.log.setLevel(logging.WARNING)
        with scripts_found():  # nbgrader starts `alembic` by name
            result = api.generate_assignment(unit.name)
        made = root / "exercises" / unit.name / unit.exercise_file
        if not result["success"] or not made.exists():
            words = "\n".join(said) or result.get("log") or result.get("error") or "no reason given"
            raise BuildError(f"{unit.name}: nbgrader could not release the exercises.\n{words}")
        notebook = nbformat.read(made, as_version=4)
        notebook.metadata["language_info"] = {"name": "python"}
        return notebook
