"""Print, for every exercise, how many wrong answers were tried, caught, and named.

Run: python -m tests.wrong_answers
"""

import importlib

from course_lib.exercises import UNITS, load_unit

print("| Exercise | Misconceptions | Correct styles | Tried blind | Caught | Named |")
print("|---|---|---|---|---|---|")
totals = [0] * 5
for name, module in UNITS.items():
    wrong = importlib.import_module(f"tests.wrong_answers.{module}").WRONG
    for exercise in load_unit(name).exercises:
        verdicts = [exercise.examine(answer, 0) for answer in wrong[exercise.name]]
        row = [
            len(exercise.misconceptions),
            len(exercise.styles) + 1,
            len(verdicts),
            sum(not v.passed for v in verdicts),
            sum(v.misconception is not None for v in verdicts),
        ]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        print(f"| {exercise.name} | {' | '.join(map(str, row))} |")
print(f"| **all** | {' | '.join(map(str, totals))} |")
