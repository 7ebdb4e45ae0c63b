"""`python -m course_lib` is `course demo`."""

import sys

from course_lib.cli import main

main(["demo", *sys.argv[1:]], prog_name="python -m course_lib")
