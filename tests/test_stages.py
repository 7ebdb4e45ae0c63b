"""Exercises that hand live things to an answer reach the same verdict when it runs elsewhere."""

import importlib
import re
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from course_lib.exercises import all_units
from course_lib.exercises.observations import Unusual
from course_lib.grading.wire import Other, pack, unpack
from course_lib.stages import staged
from tests.seeds import draws, some

STAGED = (
    "train", "save_model", "load_model", "layer_activations", "loss_recovered", "revive_dead",
)  # fmt: skip
FOUND = [e for u in all_units() for e in u.exercises if e.name in STAGED]
EXERCISES = [pytest.param(e, id=e.name) for e in FOUND]


def over_the_wire(value):
    return unpack(*pack(value))


def words(value):
    """What is no plain data, as an examiner sees it."""
    if isinstance(value, tuple | list):
        return type(value)(map(words, value))
    if isinstance(value, dict):
        return {key: words(v) for key, v in value.items()}
    return Unusual(value.kind) if isinstance(value, Other) else value


def elsewhere(answer):
    """An answer that cannot be called from here: only by the name of a stage, with plain data."""

    def far(*_):
        raise AssertionError("called without a stage")

    def run_stage(name, arguments):
        home, _, function = name.partition(":")
        sent = over_the_wire(tuple(arguments))
        try:
            out = getattr(importlib.import_module(home), function)(answer, *sent)
        finally:  # what the answer has changed there is changed here, too
            for own, theirs in zip(arguments, over_the_wire(sent), strict=True):
                if isinstance(own, Tensor):
                    own.data.copy_(theirs)
        return words(over_the_wire(out))

    far.run_stage = run_stage
    return far


def told(verdict):
    """All of a verdict but the line that stopped: here it would be one of `elsewhere`."""
    rows = [(key, re.sub(r" \(line \d+: .*\)$", "", text)) for key, text in verdict.details]
    return verdict.status, verdict.message, verdict.misconception, rows


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_verdict_is_the_same_elsewhere(exercise):
    known = some([m.answer for m in exercise.misconceptions], 4)
    for seed in draws(1):
        for answer in (exercise.reference, *some(exercise.styles, 1), *known):
            here, there = exercise.examine(answer, seed), exercise.examine(elsewhere(answer), seed)
            assert told(there) == told(here), answer.__name__
            assert here.passed == (answer not in known)


def test_every_kind_is_tried():
    assert len(FOUND) == len(STAGED)


def test_a_stage_is_run_where_the_answer_lives():
    def here(*args):
        return "here", *args

    assert staged(lambda answer, *args: answer(*args), here, 1, 2) == ("here", 1, 2)
    here.run_stage = lambda name, args: (name, args)
    name = "course_lib.stages.copies:stage"
    from course_lib.stages import copies

    assert staged(copies.stage, here, 1, 2) == (name, (1, 2))


def test_a_forged_reply_is_an_answer_like_any_other():
    """What comes back from another process can be anything; the examiner goes on."""
    for exercise in FOUND:
        for reply in (None, 5, (), {}, ("a", {}), {"calls": 3}):

            def far(*_):
                raise AssertionError("called without a stage")

            far.run_stage = lambda name, args, reply=reply: reply
            assert not exercise.examine(far, 1).passed


def test_practice_and_stages_know_nothing_of_the_exercises():
    code = """
import importlib, pkgutil, sys
for room in ("practice", "stages"):
    package = importlib.import_module(f"course_lib.{room}")
    for found in pkgutil.walk_packages(package.__path__, f"course_lib.{room}."):
        importlib.import_module(found.name)
        print(found.name)
print([name for name in sys.modules if name.startswith("course_lib.exercises")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *loaded, last = done.stdout.splitlines()
    assert last == "[]" and len(loaded) > 15


def test_the_code_in_a_harmful_file_is_noticed_also_when_the_file_is_then_refused():
    load_model = next(e for e in FOUND if e.name == "load_model")

    def refuses_too_late(make, path):
        saved = torch.load(path, weights_only=False)
        if set(saved) != {"config", "weights"}:
            raise ValueError("not a model's file")
        return load_model.reference(make, path)

    verdict = load_model.examine(refuses_too_late, 3)
    assert verdict.misconception == "code_may_run"
