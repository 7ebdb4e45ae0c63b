"""The command line: `course lab`, `course doctor`, `course build`, `course progress`."""

from course_lib.cli.main import main

__all__ = ["main"]
