"""What the notebooks of the exercises work with: data, training runs, clinics, worlds.

One package a unit, named as in `course_lib.exercises`. Nothing here knows an answer: what was done
wrong in which run, the bounds of a check and its exam worlds stand beside the exercise that asks.
"""
