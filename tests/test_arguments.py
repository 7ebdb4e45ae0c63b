"""Every check lets the good pass unchanged and says of the bad what it is and what to do."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib import arguments
from course_lib.arguments import (
    require_device,
    require_finite,
    require_floating,
    require_matrix,
    require_model,
    require_number,
    require_option,
    require_whole,
)
from course_lib.errors import CourseError, WrongArgument


def test_the_error_is_both_of_those_that_python_would_raise():
    for kind in (TypeError, ValueError, CourseError):
        with pytest.raises(kind):
            require_whole("epochs", 0)


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 7, 10**30, np.int64(3), np.uint8(200)])
def test_whole_numbers_pass_as_python_ints(value):
    result = require_whole("epochs", value)
    assert type(result) is int and result == value


def test_whole_numbers_have_a_least_value():
    assert require_whole("epochs", 0, at_least=0) == 0
    assert require_whole("seed", -5, at_least=-5) == -5
    with pytest.raises(
        WrongArgument, match=r"^seed is -6; it must be a whole number, at least -5\.$"
    ):
        require_whole("seed", -6, at_least=-5)


@pytest.mark.parametrize(
    "value",
    [0, -1, 2.0, 2.5, math.nan, math.inf, True, "3", None, [3], 3j, np.float64(3), torch.tensor(3)],
)
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(WrongArgument, match=r"^epochs is .*; it must be a whole number"):
        require_whole("epochs", value)


@pytest.mark.parametrize(
    "value", [0, -2, 0.5, 1e300, Fraction(1, 4), np.float32(0.25), np.int8(3), -0.0]
)
def test_finite_numbers_pass_as_floats(value):
    result = require_number("rate", value)
    assert type(result) is float and result == value


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, True, "0.1", None, [0.1], 1j, np.nan, np.float32("inf")],
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(WrongArgument, match=r"^rate is .*; it must be a finite number\.$"):
        require_number("rate", value)


def test_a_whole_number_too_large_for_a_float_is_refused():
    for value in (10**400, -(10**400)):
        with pytest.raises(WrongArgument, match="it must be a finite number"):
            require_number("rate", value)


def test_bounds_include_or_exclude_their_end():
    assert require_number("rate", 0, at_least=0) == 0
    assert require_number("rate", 1, at_most=1) == 1
    for value, bound in ((0, {"above": 0}), (1, {"below": 1}), (-1e-9, {"at_least": 0})):
        with pytest.raises(WrongArgument):
            require_number("rate", value, **bound)
    with pytest.raises(WrongArgument):
        require_number("rate", 1.1, at_most=1)


def test_bounds_are_named_in_the_message():
    with pytest.raises(WrongArgument) as caught:
        require_number("target", 2, above=0, below=1)
    assert str(caught.value) == "target is 2; it must be a finite number, above 0 and below 1."
    with pytest.raises(WrongArgument, match=r"a finite number, at least 0 and at most 0\.5\.$"):
        require_number("share", 0.6, at_least=0, at_most=0.5)


# --- options ------------------------------------------------------------------------------------


def test_one_of_the_options_passes():
    assert require_option("kind", "l1", ("l1", "kl")) == "l1"
    assert require_option("layers", 2, (1, 2)) == 2
    assert require_option("kind", None, (None, "relu")) is None


@pytest.mark.parametrize("value", ["L1", "", None, 3, ["l1"], {"l1"}, torch.tensor(1)])
def test_other_values_are_refused_with_the_options(value):
    with pytest.raises(WrongArgument, match=r"kind is .*; it must be 'l1', 'kl' or 'hoyer'\.$"):
        require_option("kind", value, ("l1", "kl", "hoyer"))


def test_messages_for_one_and_two_options():
    with pytest.raises(WrongArgument, match=r"^kind is 'b'; it must be 'a'\.$"):
        require_option("kind", "b", ("a",))
    with pytest.raises(WrongArgument, match=r"^kind is 'b'; it must be 'a' or 'c'\.$"):
        require_option("kind", "b", ("a", "c"))


@pytest.mark.parametrize("value", [np.array(["l1", "kl"]), torch.tensor([1, 2])])
def test_an_array_is_no_option(value):  # its comparison has no single truth value
    with pytest.raises(WrongArgument, match=r"must be 1 or 2"):
        require_option("layers", value, (1, 2))


@pytest.mark.parametrize("value", [True, 1.0])
def test_what_merely_equals_an_option_is_refused(value):  # it would be stored in a config
    with pytest.raises(WrongArgument, match=r"must be 1 or 2"):
        require_option("layers", value, (1, 2))


# --- tensors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floating_tensors_pass_themselves(dtype):
    value = torch.ones(2, 3, dtype=dtype)
    assert require_floating("x", value) is value
    assert require_matrix("x", value, columns=3) is value


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64])
def test_other_dtypes_are_refused_with_the_cure(dtype):
    with pytest.raises(WrongArgument, match=rf"^x has dtype {dtype}; .* Convert it: x\.float\(\)"):
        require_floating("x", torch.ones(2, 3).to(dtype))


@pytest.mark.parametrize(
    "value, cure",
    [
        (np.ones((2, 3)), r" Convert it: torch\.from_numpy\(…\)\."),
        ([torch.ones(2, 3)], r" Give its first entry: \[0\]\."),
        (SimpleNamespace(activations=torch.ones(2, 3)), r" Give its \.activations\."),
        ([[1.0]], ""),
        (1.0, ""),
        (None, ""),
    ],
)
def test_what_is_no_tensor_is_refused_with_the_cure(value, cure):
    name = type(value).__name__
    told = rf"^x is of type {name}; it must be a torch\.Tensor\.{cure}$"
    with pytest.raises(WrongArgument, match=told):
        require_floating("x", value)


def test_a_matrix_may_have_any_width_unless_one_is_asked_for():
    for width in (1, 5):
        value = torch.zeros(4, width)
        assert require_matrix("x", value) is value
    with pytest.raises(WrongArgument, match=r"^x has shape \(4, 5\); it must be \(rows, 6\)\.$"):
        require_matrix("x", torch.zeros(4, 5), columns=6)


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (3, 0), (0, 0)])
def test_what_is_no_matrix_is_refused(shape):
    with pytest.raises(WrongArgument, match=r"it must be \(rows, columns\)\.$"):
        require_matrix("x", torch.zeros(shape))


def test_a_single_vector_is_refused_with_the_cure():
    with pytest.raises(WrongArgument, match=r"x has shape \(3,\).* For a single vector: x\[None"):
        require_matrix("x", torch.zeros(3), columns=3)


def test_too_few_rows_are_refused():
    with pytest.raises(WrongArgument, match=r"x has shape \(0, 3\): 0 rows, .* 1 are needed"):
        require_matrix("x", torch.zeros(0, 3))
    with pytest.raises(WrongArgument, match=r"1 rows?, .* 2 are needed"):
        require_matrix("x", torch.zeros(1, 3), at_least=2)
    assert len(require_matrix("x", torch.zeros(0, 3), at_least=0)) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row", [0, 4, 9])
def test_nan_and_infinity_are_refused_with_their_row(bad, row):
    value = torch.zeros(10, 3)
    value[row, 1] = bad
    value[9, 2] = bad
    with pytest.raises(WrongArgument, match=rf"^x holds NaN or infinity, first in row {row};"):
        require_matrix("x", value)
    assert require_matrix("x", value, finite=False) is value


def test_both_infinities_do_not_cancel():
    with pytest.raises(WrongArgument, match="first in row 1"):
        require_finite("x", torch.tensor([[0.0, 0.0], [math.inf, -math.inf]]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_large_but_finite_numbers_pass_although_their_sum_overflows(dtype):
    value = torch.full((8, 8), torch.finfo(dtype).max, dtype=dtype)
    assert require_finite("x", value) is value


@pytest.mark.parametrize("entries", [1, 7, 20, 1000])  # a piece of one row, of some, of all
@pytest.mark.parametrize("row", [None, 0, 6, 7, 99])
def test_a_large_tensor_is_checked_piece_by_piece(entries, row, monkeypatch):
    monkeypatch.setattr(arguments, "CHECKED_AT_ONCE", entries)
    value = torch.zeros(100, 3)
    if row is None:
        assert require_finite("x", value) is value
        return
    value[row, 2] = math.nan
    with pytest.raises(WrongArgument, match=rf"first in row {row};"):
        require_finite("x", value)


def test_finite_takes_any_number_of_dimensions():
    for shape in ((), (3,), (0,), (0, 4), (4, 0), (2, 3, 4)):
        value = torch.zeros(shape)
        assert require_finite("x", value) is value
    for value in (torch.tensor(math.nan), torch.tensor([math.nan, 1.0])):
        with pytest.raises(WrongArgument, match="first in row 0"):
            require_finite("x", value)
    value = torch.zeros(2, 3, 4)
    value[1, 2, 3] = math.inf
    with pytest.raises(WrongArgument, match="first in row 1"):
        require_finite("x", value)


def test_checking_leaves_no_trace_in_the_graph():
    value = torch.ones(2, 3, requires_grad=True)
    assert require_matrix("x", value) is value and value.grad_fn is None


# --- models and devices -------------------------------------------------------------------------


class Coder(torch.nn.Module):
    def encode(self, x):
        return x

    def decode(self, z):
        return z


def test_anything_that_encodes_and_decodes_is_a_model():
    model = Coder()
    assert require_model(model) is model


def test_what_is_no_model_is_refused_with_what_it_lacks():
    with pytest.raises(WrongArgument, match=r"^model is the class Coder itself; give an instance"):
        require_model(Coder)
    with pytest.raises(WrongArgument, match=r"is of type Linear, without encode and decode;"):
        require_model(torch.nn.Linear(2, 2))
    half = Coder()
    half.decode = None
    with pytest.raises(WrongArgument, match=r"is of type Coder, without decode;"):
        require_model(half)
    namesake = type("Namesake", (), {"encode": Coder.encode, "decode": Coder.decode})()
    with pytest.raises(WrongArgument, match=r"is of type Namesake, which is no nn\.Module"):
        require_model(namesake)
    with pytest.raises(WrongArgument, match=r"is of type NoneType, without encode and decode"):
        require_model(None)


def test_a_device_is_given_by_name_or_as_itself():
    assert require_device("cpu") == require_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "", "xla", "hpu", 3.5, None, ["cpu"]])
def test_a_device_that_is_not_there_is_refused(device):
    with pytest.raises(WrongArgument, match=r"^device is .*cannot be used here .*Use 'cpu'"):
        require_device(device)


def test_a_device_without_numbers_is_refused():
    with pytest.raises(WrongArgument, match=r"^device is 'meta', which holds shapes"):
        require_device("meta")
