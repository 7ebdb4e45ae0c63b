"""How checks speak: unknown names, wrong arguments, seeds, rich output, nbgrader."""

import pytest
import torch
from torch import nn

from course_lib.errors import CheckFailed, UnknownName, WrongArgument
from course_lib.exercises import Case, FunctionExercise, load_unit, open_unit
from course_lib.exercises.declarations import is_blank
from course_lib.exercises.verdicts import Status

UNIT = "01_linear_layers"


@pytest.fixture
def check():
    return open_unit(UNIT).check


def test_names_complete_and_an_unknown_one_is_answered_with_the_nearest(check):
    names = [e.name for e in load_unit(UNIT).exercises]
    assert dir(check) == sorted(names)
    with pytest.raises(UnknownName, match="Did you mean 'linear_forward'") as caught:
        _ = check.linear_foward
    assert caught.value._render_traceback_() == [f"UnknownName: {caught.value}"]
    assert not hasattr(check, "_repr_html_"), "IPython's probing must not be answered"


@pytest.mark.filterwarnings("ignore")  # IPython's and jedi's own
@pytest.mark.parametrize("jedi", [True, False])
def test_ipython_completes_the_units_names(check, jedi):
    from IPython.core.completer import IPCompleter, provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.user_ns["check"] = check
    completer = IPCompleter(shell=shell, namespace=shell.user_ns, use_jedi=jedi)
    with provisionalcompleter():
        found = [c.text for c in completer.completions("check.linear_", len("check.linear_"))]
    assert {t.split(".")[-1] for t in found} >= {"linear_forward", "linear_backward"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "a number"),
        (torch.ones(2), "a torch tensor"),
        ("linear_forward", "a str"),
        (nn.Linear, "a class"),
    ],
)
def test_a_wrong_argument_is_answered_with_the_call_that_was_meant(check, given, words):
    with pytest.raises(WrongArgument, match=words) as caught:
        check.linear_forward(given)
    assert "check.linear_forward(linear_forward)" in str(caught.value)


def test_a_module_check_wants_the_class(check):
    with pytest.raises(WrongArgument, match="an instance of Linear"):
        check.TwoLayerEncoder(nn.Linear(2, 2))
    with pytest.raises(WrongArgument, match="not a subclass"):
        check.TwoLayerEncoder(dict)


def test_wrong_calls(check):
    with pytest.raises(WrongArgument, match="your answer and nothing else"):
        check.linear_forward()
    with pytest.raises(WrongArgument, match="Name each value"):
        check.predict_shapes((1, 2))
    with pytest.raises(WrongArgument, match="one value for each"):
        check.predict_shapes(nothing=1)
    with pytest.raises(WrongArgument, match="non-negative integer"):
        check.linear_forward(lambda x, W, b: x, seed="today")
    with pytest.raises(WrongArgument, match="expects one of"):
        check.weight_scale("z")


def test_a_failed_check_prints_a_seed_that_repeats_it(check, capsys):
    def wrong(x, W, b):
        return x @ W.T + 3 * b

    check.linear_forward(wrong)
    first = capsys.readouterr().out
    seed = int(first.split("seed=")[1].split(")")[0])
    check.linear_forward(wrong, seed=seed)
    assert capsys.readouterr().out == first
    check.linear_forward(wrong, seed=seed + 1)
    assert capsys.readouterr().out != first


def test_under_nbgrader_a_failed_check_fails_its_cell(check, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(CheckFailed, match="not written yet"):
        check.linear_forward(load_unit(UNIT).exercise("linear_forward").blank())
    with pytest.raises(CheckFailed, match="not yet"):
        check.linear_forward(lambda x, W, b: x)


def test_verdicts_read_well_as_html():
    exercise = load_unit(UNIT).exercise("linear_forward")
    verdict = exercise.examine(lambda x, W, b: x @ W.T + b * float("<3" == "<3") * 2, 1)
    html = verdict._repr_html_()
    assert 'role="status"' in html and "<script" not in html
    assert "not yet" in html and "Expected" in html
    assert "✗ linear_forward: not yet (0 of 2 points)" in str(verdict)


def made_of(reference, cases, **options):
    hints = ("a", "b", "c")
    return FunctionExercise(
        reference, cases=cases, title="t", points=1, difficulty=1, minutes=1, why="w.",
        hints=hints, **options,
    )  # fmt: skip


def double(x: torch.Tensor) -> torch.Tensor:
    """Twice x."""
    return 2 * x


def double_cases(draw):
    yield Case({"x": draw.normal(1, 3)}, note="one row")
    yield Case({"x": draw.normal(4, 2)})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "returned None"),
        (lambda x: (2 * x, x), "2 values came back; one value expected"),
        (lambda x: (2 * x).detach().numpy(), "is a numpy array; a torch tensor"),
        (lambda x: (2 * x)[0], r"has shape \(3,\); \(1, 3\) is expected"),
        (lambda x: (2 * x).double(), "has dtype float64; float32"),
        (lambda x: 2 * x + 1, "3 of 3 entries differ"),
        (lambda x: x.mul_(2), "changes its input `x` in place"),
        (lambda x: (2 * x).detach(), "carries no gradient to `x`"),
        (lambda x: (2 * x).detach() + x - x.detach(), "gradient with respect to `x` is not"),
        (lambda x: 1 / 0, "stopped with ZeroDivisionError"),
        (lambda x, y: x, "stopped with TypeError"),
    ],
)
def test_each_difference_is_said_in_words(answer, words):
    import re

    exercise = made_of(double, double_cases)
    verdict = exercise.examine(answer, 0)
    assert verdict.status is Status.WRONG
    assert re.search(words, str(verdict)), str(verdict)


def test_a_constructor_that_fails_is_told():
    class Misspelt(nn.Module):
        def __init__(self, input_dim, encoding_dim):
            super().__init__()
            self.encoder_linear1 = nn.Linaer(input_dim, encoding_dim)

    verdict = load_unit(UNIT).exercise("TwoLayerEncoder").examine(Misspelt, 0)
    assert "stopped with AttributeError" in verdict.message
    assert "Linaer" in verdict.message


def test_a_misspelt_forward_is_told():
    class Misspelt(nn.Module):
        def __init__(self, input_dim, encoding_dim):
            super().__init__()
            self.encoder_linear1 = nn.Linear(input_dim, 2 * encoding_dim)
            self.encoder_linear2 = nn.Linear(2 * encoding_dim, encoding_dim)

        def foward(self, x):
            return self.encoder_linear2(self.encoder_linear1(x))

    verdict = load_unit(UNIT).exercise("TwoLayerEncoder").examine(Misspelt, 0)
    assert verdict.status is Status.WRONG
    assert "missing the required" in verdict.message and "forward" in verdict.message


def test_the_smallest_failing_case_is_shown():
    def wrong_for_many(x):
        return 2 * x if len(x) == 1 else x

    text = str(made_of(double, double_cases).examine(wrong_for_many, 0))
    assert "shape (4, 2)" in text and "one row" not in text


def test_an_answer_may_print_and_warn_without_being_heard(capsys):
    def chatty(x):
        import warnings

        print("x is", x)
        warnings.warn("something", stacklevel=1)
        return 2 * x

    assert made_of(double, double_cases).examine(chatty, 0).passed
    assert capsys.readouterr() == ("", "")


def test_an_answer_that_stops_python_only_stops_itself():
    with pytest.raises(KeyboardInterrupt):  # the learner's own interrupt goes through
        made_of(double, double_cases).examine(interrupt, 0)


def interrupt(x):
    raise KeyboardInterrupt


def blank_dots(x):
    """Says nothing."""
    ...


def blank_not_implemented(x):
    raise NotImplementedError


def begun(x):
    y = 2 * x  # noqa: F841


class BlankModule(nn.Module):
    def __init__(self):
        super().__init__()
        ...

    def forward(self, x): ...


class BegunModule(BlankModule):
    def forward(self, x):
        return x


def test_what_counts_as_blank():
    assert all(is_blank(a) for a in (..., None, blank_dots, blank_not_implemented, BlankModule))
    assert not any(is_blank(a) for a in (begun, BegunModule, 0, "", "b", (1, 2)))


def test_a_result_is_folded_away_until_there_is_a_guess():
    from course_lib.exercises.questions import Comparison

    waiting = Comparison("How many?", None, 460160)
    assert "<details>" in waiting._repr_html_() and "no guess yet" in waiting._repr_html_()
    told = Comparison("How many?", "400000", 460160, "Count `W`.")
    html = told._repr_html_()
    assert "<details>" not in html and "400000" in html and "460,160" in html
    assert "<code>W</code>" in html and "Result: 460,160" in str(told)


def test_guesses_and_quiz_answers_are_kept(progress_file):
    unit = open_unit(UNIT)
    guess = unit.predict.number("key", "How many?")
    assert guess.value is None
    guess.control.value = "12"
    again = open_unit(UNIT).predict.number("key", "How many?")
    assert again.value == "12" and "12" in str(again.compare(13))
    question = unit.questions[0]
    card = getattr(unit.quiz, question.name)()
    card.value = "b"
    assert getattr(open_unit(UNIT).quiz, question.name)().value == "b"
    for letter, option in question.options.items():
        said = question.feedback(letter)
        assert ("Right." in said) == option.correct


def test_every_wrong_quiz_choice_says_why():
    from course_lib.exercises import all_units

    for unit in all_units():
        assert len(unit.questions) >= 4
        for question in unit.questions:
            reasons = [o.why for o in question.options.values()]
            assert len(reasons) >= 3 and len(set(reasons)) == len(reasons)
            assert all(len(r.split()) >= 5 for r in reasons), question.name
