"""The ready formula agrees with numpy, survives repeated columns and refuses odd shapes."""

import numpy as np
import pytest
import torch

from course_lib.errors import WrongArgument
from course_lib.least_squares import fit_curve, least_squares_layer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_numpy(dtype):
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(30, 4, generator=generator, dtype=dtype)
    Y = torch.randn(30, 2, generator=generator, dtype=dtype)
    layer = least_squares_layer(X, Y)
    solution, *_ = np.linalg.lstsq(np.c_[X.numpy(), np.ones(30)], Y.numpy(), rcond=None)
    assert np.allclose(layer.weight.numpy(), solution[:4].T, atol=1e-5)
    assert np.allclose(layer.bias.numpy(), solution[4], atol=1e-5)
    assert layer.weight.dtype == dtype and not layer.weight.requires_grad


def test_columns_that_are_almost_the_same_do_no_harm():
    X = torch.randn(50, 1, generator=torch.Generator().manual_seed(2))
    layer = least_squares_layer(torch.cat([X, X * (1 + 1e-8), 3 * X - 1], dim=1), 2 * X + 1)
    assert layer.weight.abs().max() < 2
    assert torch.allclose(layer(torch.cat([X, X, 3 * X - 1], dim=1)), 2 * X + 1, atol=1e-4)


def test_does_not_touch_the_global_generator():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    least_squares_layer(torch.ones(3, 1), torch.ones(3, 1))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("targets", [torch.ones(3), torch.ones(4, 1)])
def test_refuses_shapes_that_do_not_match(targets):
    with pytest.raises(WrongArgument, match="same number of rows"):
        least_squares_layer(torch.ones(3, 2), targets)


def test_a_curve_of_straight_pieces_is_drawn_exactly():
    x = torch.linspace(0, 1, 101, dtype=torch.float64)
    y = 2 * torch.relu(x - 0.25) - 5 * torch.relu(x - 0.75) + 1
    assert torch.allclose(fit_curve(x, y, 2, torch.relu), y)
