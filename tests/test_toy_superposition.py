"""The toy model of superposition: its formula, instances that do not touch, and what it learns."""

import pytest
import torch

import course_lib
from course_lib import ToySuperposition
from course_lib.errors import WrongArgument


def test_the_formula_with_vectors_as_columns():
    """x̂ = ReLU(WᵀW x + b), as in the paper, for one input of one model."""
    torch.manual_seed(0)
    model = ToySuperposition(7, 3, instances=2).double()
    torch.nn.init.normal_(model.bias)
    x = torch.rand(2, 5, 7, dtype=torch.float64)
    W, b = model.weight[1].T, model.bias[1]  # (dim, features), (features,)
    expected = torch.relu(W.T @ W @ x[1, 4] + b)
    assert torch.allclose(model(x)[1, 4], expected, atol=1e-12)
    assert torch.allclose(model.hidden(x)[1, 4], W @ x[1, 4], atol=1e-12)
    assert model(x).shape == x.shape and (model(x) == 0).any()


def test_instances_know_nothing_of_each_other():
    torch.manual_seed(0)
    model = ToySuperposition(5, 2, instances=3)
    x = torch.rand(3, 8, 5)
    before = model(x)
    (gradient,) = torch.autograd.grad(((before - x) ** 2)[1].sum(), model.weight)
    assert gradient[1].abs().sum() > 0 and gradient[[0, 2]].abs().sum() == 0
    with torch.no_grad():
        model.weight[0].mul_(3)
    after = model(x)
    assert torch.equal(after[1:], before[1:]) and not torch.equal(after[0], before[0])


def test_the_same_seed_gives_the_same_model_and_instances_differ():
    first, second = ((torch.manual_seed(4), ToySuperposition(5, 2, 2))[1] for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight[0], first.weight[1])
    assert first.bias.abs().sum() == 0
    many = ToySuperposition(500, 8, 20).weight.detach()
    assert many.norm(dim=2).square().mean().item() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 4, 5), (1, 4, 6)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(WrongArgument, match="instances, batch, features"):
        ToySuperposition(5, 2)(torch.rand(shape))


@pytest.mark.parametrize("sizes", [(0, 2), (5, 0), (5, 2, 0), (2.5, 2)])
def test_sizes_must_be_whole_numbers_from_one(sizes):
    with pytest.raises(WrongArgument):
        ToySuperposition(*sizes)


def test_with_as_many_dimensions_as_features_nothing_is_lost():
    torch.manual_seed(0)
    model = ToySuperposition(3, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(600):
        x = torch.rand(1, 64, 3)
        loss = ((model(x) - x) ** 2).sum(dim=2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3


def test_it_is_public():
    assert "ToySuperposition" in course_lib.__all__
