"""An answer that calls the course's library in place of doing the work is found out; one that uses
what the notebook gives is not."""

import contextlib
import dataclasses
import inspect

import pytest
import torch

import course_lib
from course_lib.errors import WrongArgument
from course_lib.exercises import all_units, load_unit
from course_lib.exercises.functions import FunctionExercise
from course_lib.exercises.verdicts import Status
from course_lib.grading.borrowing import Borrowed
from course_lib.grading.examiner import Examiner
from course_lib.grading.notebooks import Plan, Step, plan, read_notebook
from course_lib.grading.results import State
from course_lib.grading.standins import stand_in
from course_lib.layout import Layout
from tests.test_grading_standins import elsewhere

UNITS = all_units()
EXERCISES = [
    pytest.param(u.name, e, id=f"{u.name}-{e.name}")
    for u in UNITS
    for e in u.exercises
    if isinstance(e, FunctionExercise)
]
HELPERS = {"open_unit", "show_progress", "demo", "train_story_model", "load_tinystories"}


def library():
    """Everything public that can be called, also methods that need no object."""
    for name in sorted(set(course_lib.__all__) - HELPERS):
        found = getattr(course_lib, name)
        if callable(found) and not (inspect.isclass(found) and issubclass(found, Exception)):
            yield name, found
        if inspect.isclass(found):
            for method, value in vars(found).items():
                if isinstance(value, staticmethod):
                    yield f"{name}.{method}", value.__func__


def given(unit_name):
    unit = Layout.find().units((unit_name,))[0]
    released = read_notebook(unit.exercises)
    names = [e.name for u in UNITS if u.name == unit_name for e in u.exercises]
    return plan(released, released, names).given


def fits(function, exercise):
    """Whether a function takes as many arguments as the answer."""
    try:
        wanted = len(inspect.signature(exercise.reference).parameters)
        inspect.signature(function).bind(*range(wanted))
    except (TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize(("unit", "exercise"), EXERCISES)
def test_no_function_of_the_library_is_an_answer(unit, exercise, monkeypatch, tmp_path):
    """Each that fits is tried; those that are right must be noted as borrowed."""
    monkeypatch.chdir(tmp_path)
    right = {}
    for name, function in library():
        if fits(function, exercise):
            with contextlib.suppress(WrongArgument):  # a class where a function is asked for
                if exercise.examine(function, 3).status is Status.PASSED:
                    right[name] = function
    with elsewhere(right) as remote:
        for name in right:
            remote.given, remote.borrowed = given(unit).get(exercise.name, ()), {}
            exercise.examine(stand_in(remote, name), 3)
            assert remote.borrowed, f"{name} is a right answer to {exercise.name}"


def test_the_notebooks_say_what_is_given():
    assert set(given("08_language_model")["switch_off"]) >= {"change_output", "open_unit"}
    assert "mmcs" not in given("07_superposition")["matching"]


# -- ways to borrow -------------------------------------------------------------------------------


def alias():
    return course_lib.l1_sparsity_loss


def wrapped():
    return lambda z: course_lib.l1_sparsity_loss(z)


def within():
    def answer(z):
        from course_lib.losses import l1_sparsity_loss as mine

        return mine(z)

    return answer


def mapped():
    return lambda z: next(map(course_lib.l1_sparsity_loss, [z]))


def through_torch():
    return lambda z: torch.func.vmap(course_lib.l1_sparsity_loss)(z[None]).mean()


def static_method():
    return lambda z: course_lib.SparseAutoencoder.l1_sparsity_loss(z)


def made():
    return lambda z: course_lib.ReluAutoencoder(3, 4)(z).sum()


def swallowed():
    def answer(z):
        try:
            return course_lib.l1_sparsity_loss(z)
        except BaseException:
            return z.abs().mean()

    return answer


def inherited():
    class Mine(course_lib.ReluAutoencoder):
        pass

    return lambda z: Mine(3, 4)(z).sum()


def made_before():
    objective = course_lib.Objective("l1", sparsity_weight=1.0, reduction="sum")
    return lambda z: objective.statistic(z)


WAYS = [
    alias, wrapped, within, mapped, through_torch, static_method, made, swallowed, inherited,
    made_before,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_is_noticed(way):
    borrowed = Borrowed()
    borrowed.watched(way())(torch.ones(2, 3))
    assert borrowed.names


def test_it_is_named():
    borrowed = Borrowed()
    borrowed.watched(made())(torch.ones(2, 3))
    assert next(iter(borrowed.names)) == "ReluAutoencoder"


# -- what is nobody's fault -----------------------------------------------------------------------


def own_work(z):
    return z.abs().sum(1).mean()


def drawing(z):
    figure, _ = course_lib.new_figure()
    for _ in course_lib.progress_bar(range(2)):
        pass
    figure.clear()
    return z.sum()


def a_model_that_is_handed_in(z, model=None):
    return MODEL(z).sum() if model is None else model(z).sum() + model.encode(z).sum()


def a_language_model(z):
    return STORIES(torch.zeros(1, 3, dtype=torch.long)).sum()


MODEL = course_lib.ReluAutoencoder(3, 4)
STORIES = course_lib.untrained_story_model(0)


@pytest.mark.parametrize("answer", [own_work, drawing, a_language_model])
def test_nothing_is_noted(answer):
    borrowed = Borrowed()
    borrowed.watched(answer)(torch.ones(2, 3))
    assert not borrowed.names


def test_a_model_may_be_used_when_it_is_handed_in():
    borrowed = Borrowed()
    borrowed.watched(a_model_that_is_handed_in)(torch.ones(2, 3), MODEL)
    assert not borrowed.names
    borrowed.watched(a_model_that_is_handed_in)(torch.ones(2, 3))
    assert borrowed.names


def test_what_is_given_may_be_used():
    borrowed = Borrowed(["l1_sparsity_loss", "ReluAutoencoder"])
    borrowed.watched(wrapped())(torch.ones(2, 3))
    borrowed.watched(made())(torch.ones(2, 3))
    borrowed.watched(inherited())(torch.ones(2, 3))
    assert not borrowed.names


def test_only_the_answer_is_watched():
    borrowed = Borrowed()
    borrowed.watched(own_work)(torch.ones(2, 3))
    course_lib.l1_sparsity_loss(torch.ones(2, 3))
    assert not borrowed.names


def test_an_answer_that_borrows_loses_its_points_and_is_told_so():
    unit = load_unit("05_sparsity_penalties")
    few = tuple(e for e in unit.exercises if e.name in ("l1_penalty", "count_active"))
    solved = read_notebook(Layout.find().units(("5",))[0].solution)
    honest = plan(solved, solved, ["count_active"]).answers["count_active"]
    steps = (
        Step("run", None, "import torch\nfrom torch import Tensor", None),
        Step("run", "count_active", honest, 1),
        Step("check", "count_active", "", 2),
        Step("run", "l1_penalty", "from course_lib import l1_sparsity_loss as l1_penalty", 3),
        Step("check", "l1_penalty", "", 4),
    )
    with Examiner(dataclasses.replace(unit, exercises=few), 3) as examiner:
        result = examiner.grade("student", Plan(steps, (), {}, ()))
    counted, penalty = result.exercises
    assert counted.earned == counted.points, counted.message
    assert (penalty.earned, penalty.state, result.state) == (0, State.TAMPERED, State.TAMPERED)
    assert "`l1_sparsity_loss`" in penalty.message and "Write" in penalty.message
