"""The blank notebooks, made from the solutions by nbgrader's own `generate_assignment`."""

from __future__ import annotations

import logging
import os
import shutil
import sysconfig
import tempfile
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.utils import setenv
from traitlets.config import Config

from course_lib.errors import BuildError
from course_lib.layout import UnitSource

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


def release(unit: UnitSource) -> bytes:
    """The blank notebook of a unit, as nbgrader releases it.

    Raises `BuildError` with nbgrader's own words when it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="course-release-") as private:
        root = Path(private)
        source = root / "solutions" / unit.name
        source.mkdir(parents=True)
        shutil.copy2(unit.solution, source / unit.exercise_file)
        config = configure(Config())
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
        said: list[str] = []
        api = NbGraderAPI(config=config)
        handler = logging.Handler()
        handler.emit = lambda record: said.append(record.getMessage())
        api.log.addHandler(handler)
        api.log.setLevel(logging.WARNING)
        # nbgrader starts `alembic` by name: it must be found without an activated environment
        scripts = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
        with setenv(PATH=scripts):
            result = api.generate_assignment(unit.name)
        made = root / "exercises" / unit.name / unit.exercise_file
        if not result["success"] or not made.exists():
            words = "\n".join(said) or result.get("log") or result.get("error") or "no reason given"
            raise BuildError(f"{unit.name}: nbgrader could not release the exercises.\n{words}")
        return made.read_bytes()
