"""nbgrader's settings when its commands are run in this folder; their home is course_lib."""

from course_lib.building.release import configure

configure(get_config())  # noqa: F821  nbgrader provides it
