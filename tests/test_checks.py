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
    for odd in (["a"], {}, 3):
        with pytest.raises(WrongArgument, match="expects one of"):
            check.weight_scale(odd)
    for seed in (True, -1, 1.0, 2**64):
        with pytest.raises(WrongArgument, match="non-negative integer"):
            check.linear_forward(lambda x, W, b: x, seed=seed)
    with pytest.raises(WrongArgument, match="Name the exercise after a dot"):
        check(lambda x, W, b: x)
    for number in (True, 1.0, "2"):
        with pytest.raises(WrongArgument, match="hints 1 to 3"):
            open_unit(UNIT).hint.linear_forward(number)
    for name in (1, "1", "01"):
        assert open_unit(name).name == UNIT
    with pytest.raises(UnknownName):
        open_unit(["a"])


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
    verdict = exercise.examine(lambda x, W, b: x @ W.T + 2 * b, 1)
    html = verdict._repr_html_()
    assert 'role="status"' in html and "not yet" in html and "Expected" in html
    hostile = exercise.examine(lambda x, W, b: "<script>alert(1)</script>", 1)._repr_html_()
    assert "<script>" not in hostile and "&lt;script&gt;" in hostile
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
    def large_first(draw):
        yield Case({"x": draw.normal(6, 5)}, note="large")
        yield Case({"x": draw.normal(1, 3)}, note="small")

    exercise = made_of(double, large_first)
    assert "small" in str(exercise.examine(lambda x: x, 0))
    assert "large" in str(exercise.examine(lambda x: 2 * x if len(x) == 1 else x, 0))


def test_an_answer_may_print_and_warn_without_being_heard(capsys):
    def chatty(x):
        import warnings

        print("x is", x)
        warnings.warn("something", stacklevel=1)
        return 2 * x

    assert made_of(double, double_cases).examine(chatty, 0).passed
    assert capsys.readouterr() == ("", "")


def interrupt(x):
    raise KeyboardInterrupt


def test_the_learners_own_interrupt_goes_through():
    with pytest.raises(KeyboardInterrupt):
        made_of(double, double_cases).examine(interrupt, 0)


class BadRepr:
    def __repr__(self):
        raise ValueError("no words")


class BadStr(Exception):
    def __str__(self):
        raise ValueError("no words")


def bad_str(x):
    raise BadStr


def endless(x):
    return endless(x)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: __import__("sys").exit(3), "stopped with SystemExit"),
        (lambda x: (2 * x).to_sparse(), "sparse coo tensor"),
        (lambda x: (2 * x).to("meta"), "tensor without values"),
        (lambda x: torch.zeros(1).expand(10**5, 10**5), "tensor of 10,000,000,000 entries"),
        (lambda x: torch.nested.nested_tensor([x[0], x[0]]), "tensor"),
        (lambda x: BadRepr(), "BadRepr"),
        (lambda x: (2 * x).numpy(), "stopped with RuntimeError"),
        (lambda x: [2 * x], "inside a list, tuple or dictionary"),
        (lambda x: {"y": 2 * x}, "inside a list, tuple or dictionary"),
        (lambda x: (y for y in x), "is a generator"),
        (lambda x: 2 * x.to(torch.complex64), "dtype complex64"),
        (bad_str, "stopped with BadStr"),
        (endless, "stopped with RecursionError"),
    ],
)
def test_odd_answers_are_met_with_words(answer, words):
    verdict = made_of(double, double_cases).examine(answer, 0)
    assert verdict.status is Status.WRONG
    assert words in str(verdict), str(verdict)
    assert words.split()[0] in verdict._repr_html_()


def test_callables_of_every_kind_may_answer():
    import functools

    class Callable:
        def __call__(self, x, factor=2):
            return factor * x

    def times(x, factor):
        return factor * x

    exercise = made_of(double, double_cases)
    for answer in (lambda x: 2 * x, functools.partial(times, factor=2), Callable(),
                   functools.cache(double)):  # fmt: skip
        assert exercise.examine(answer, 0).passed


def test_an_answers_settings_stay_its_own():
    import random

    import numpy as np

    def meddler(x):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(2)
        torch.use_deterministic_algorithms(True)
        torch.set_grad_enabled(False)
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        return x

    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    made_of(double, double_cases).examine(meddler, 0)
    assert torch.get_default_dtype() == torch.float32
    assert torch.get_num_threads() == 1 and torch.is_grad_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(states[0], torch.get_rng_state())
    assert np.random.get_state()[1].tolist() == states[1] and random.getstate() == states[2]


@pytest.mark.parametrize("setting", ["dtype", "device"])
def test_a_notebooks_settings_change_no_verdict(setting):
    unit = load_unit(UNIT)
    try:
        if setting == "dtype":
            torch.set_default_dtype(torch.float64)
        else:
            torch.set_default_device("meta")
        for name in ("linear_forward", "TwoLayerEncoder", "mended_loss"):
            exercise = unit.exercise(name)
            for seed in (990, 991):  # not among the trials that are kept
                assert exercise.examine(exercise.reference, seed).passed
        chosen = torch.get_default_dtype(), torch.get_default_device().type
        assert chosen == ((torch.float64, "cpu") if setting == "dtype" else (torch.float32, "meta"))
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


def test_a_model_that_cuts_its_gradient_while_training_is_caught():
    exercise = load_unit(UNIT).exercise("TwoLayerEncoder")

    class Cut(exercise.reference):
        def forward(self, x):
            y = super().forward(x)
            return y.detach() if self.training else y

    verdict = exercise.examine(Cut, 0)
    assert verdict.status is Status.WRONG and "gradient" in str(verdict)


def test_a_class_that_inherits_its_methods_is_not_blank():
    from collections import OrderedDict

    exercise = load_unit(UNIT).exercise("TwoLayerEncoder")

    class Layers(nn.Sequential):
        def __init__(self, i, e):
            layers = nn.Linear(i, 2 * e), nn.Linear(2 * e, e)
            names = "encoder_linear1", "encoder_linear2"
            super().__init__(OrderedDict(zip(names, layers, strict=True)))

    class Own(exercise.reference):
        def __init__(self, *sizes):
            super().__init__(*sizes)

    assert exercise.examine(Layers, 0).passed
    assert exercise.examine(Own, 0).passed


def test_predictions_in_other_clothes():
    import numpy as np

    exercise = load_unit(UNIT).exercise("predict_shapes")
    for dress in (list, str, torch.tensor, np.array, torch.Size):
        dressed = {name: dress(shape) for name, shape in exercise.reference.items()}
        assert exercise.examine(dressed, 0).passed, dress
    wrong = exercise.reference | {"hidden_shape": torch.tensor([5, 255])}
    assert exercise.examine(wrong, 0).status is Status.WRONG


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


def luminance(colour):
    """Relative luminance of a hex colour, as WCAG 2.1 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_shown_source_is_the_source_and_can_be_read():
    from pygments.styles import get_style_by_name

    from course_lib import TwoLayerAutoencoder, show_source
    from course_lib.source import STYLE

    shown = show_source(TwoLayerAutoencoder.encode)
    assert "return self.encoder_linear2(h)" in str(shown)
    assert "two_layer.TwoLayerAutoencoder.encode" in shown._repr_html_()
    style = get_style_by_name(STYLE)
    assert style.background_color.lower() in ("#fff", "#ffffff")
    for _, token in style:
        assert (1 + 0.05) / (luminance(token["color"] or "000000") + 0.05) > 4.5, token


def test_words_between_stars_are_emphasised_and_code_is_left_alone():
    from course_lib.exercises.verdicts import marked_up

    assert marked_up("over *all* entries, *half*.") == "over <em>all</em> entries, <em>half</em>."
    assert marked_up("a *few words* here") == "a <em>few words</em> here"
    for plain in ("2*a*b", "2 * a * b", "**settings", "*args", "`*a*` and `b*c*d`", "a * b*"):
        assert "<em>" not in marked_up(plain)
    assert marked_up("*<b>*") == "<em>&lt;b&gt;</em>"
