"""The command line: `course lab`, `doctor`, `build`, `progress` and `demo`."""

from course_lib.cli.main import main

__all__ = ["main"]
