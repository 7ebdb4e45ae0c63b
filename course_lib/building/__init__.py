"""From the text in units/ to the notebooks that learners open: `course build`."""

from course_lib.building.build import Report, build

__all__ = ["Report", "build"]
