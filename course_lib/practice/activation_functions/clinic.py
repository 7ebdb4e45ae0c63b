"""Four small networks, three of them ill, and the statistics by which one can tell.

Each has three hidden layers, a = f(z) with z = x Wᵀ + b, and a linear output layer. They are
built from a seed in float64 and never trained: what is seen is how they would start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

INPUTS, WIDTH, ROWS, LAYERS = 16, 32, 200, 3
FUNCTIONS = {"tanh": torch.tanh, "relu": torch.relu}


@dataclass(frozen=True)
class Recipe:
    """How a network is made. `gain` scales the weights, which are N(0, gain² / fan_in).

    `bias` is the size of all biases, with random signs; `sunk_layer` is a layer whose biases
    are far below zero.
    """

    activation: str
    gain: float
    bias: float
    sunk_layer: int | None = None


NETWORKS = {
    "A": Recipe("tanh", gain=0.1, bias=0.0),
    "B": Recipe("relu", gain=math.sqrt(2), bias=0.1),
    "C": Recipe("tanh", gain=1.0, bias=6.0),
    "D": Recipe("relu", gain=math.sqrt(2), bias=0.1, sunk_layer=2),
}


@dataclass(frozen=True)
class LayerReport:
    """The statistics of one hidden layer; `saturated` is of tanh, `zeros` and `dead` of ReLU."""

    network: str
    activation: str
    layer: int
    size: float  # mean |z|
    gradient: float  # length of the gradient of the mean squared error with respect to W
    saturated: float | None = None  # share of entries with |a| > 0.99
    zeros: float | None = None  # share of entries with a = 0
    dead: float | None = None  # share of units with a = 0 on every row


def build(recipe: Recipe, seed: int) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """The hidden layers as pairs (W, b), and the weights of the output layer."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    layers, fan_in = [], INPUTS
    for number in range(1, LAYERS + 1):
        W = recipe.gain * normal(WIDTH, fan_in) / math.sqrt(fan_in)
        b = recipe.bias * normal(WIDTH).sign()
        if number == recipe.sunk_layer:
            b = b - 12
        layers.append((W.requires_grad_(), b))
        fan_in = WIDTH
    return layers, normal(1, WIDTH) / math.sqrt(WIDTH)


def examine(name: str, recipe: Recipe, x: Tensor, target: Tensor, seed: int) -> list[LayerReport]:
    """One forward and one backward pass, and what they say about each hidden layer."""
    layers, W_out = build(recipe, seed)
    f, a, passed = FUNCTIONS[recipe.activation], x, []
    for W, b in layers:
        z = a @ W.T + b  # (rows, width)
        a = f(z)
        passed.append((z.detach(), a.detach()))
    loss = ((a @ W_out.T - target) ** 2).mean()
    gradients = torch.autograd.grad(loss, [W for W, _ in layers])
    return [
        report(name, recipe.activation, number, z, a, g)
        for number, ((z, a), g) in enumerate(zip(passed, gradients, strict=True), 1)
    ]


def report(
    name: str, activation: str, number: int, z: Tensor, a: Tensor, gradient: Tensor
) -> LayerReport:
    """The statistics of one layer: pre-activations z and activations a, both (rows, width)."""
    seen = {"size": z.abs().mean().item(), "gradient": gradient.norm().item()}
    if activation == "tanh":
        seen["saturated"] = (a.abs() > 0.99).double().mean().item()
    else:
        seen["zeros"] = (a == 0).double().mean().item()
        seen["dead"] = (a == 0).all(dim=0).double().mean().item()
    return LayerReport(name, activation, number, **seen)


def clinic(seed: int = 0) -> list[LayerReport]:
    """The statistics of the four networks on the same 200 random inputs, layer by layer."""
    generator = torch.Generator().manual_seed(1000 + seed)
    x = torch.randn(ROWS, INPUTS, generator=generator, dtype=torch.float64)
    target = torch.randn(ROWS, 1, generator=generator, dtype=torch.float64)
    return [
        row
        for i, (name, recipe) in enumerate(NETWORKS.items())
        for row in examine(name, recipe, x, target, 10 * seed + i)
    ]


def as_table(reports: list[LayerReport]) -> str:
    """The reports as a table, one block a network."""
    head = ("network", "layer", "mean |z|", "|a| > 0.99", "a = 0", "dead units", "gradient")
    rows = []
    for r in reports:
        first = f"{r.network} ({'ReLU' if r.activation == 'relu' else r.activation})"
        rows.append(
            (
                first if r.layer == 1 else "",
                str(r.layer),
                _size(r.size),
                _share(r.saturated),
                _share(r.zeros),
                _share(r.dead),
                _power(r.gradient),
            )
        )
    line = "{:<10} {:>5}  {:>9}  {:>10}  {:>6}  {:>10}  {:>8}".format
    text = [line(*head)]
    for row in rows:
        text += ([""] if row[0] else []) + [line(*row)]
    return "\n".join(text)


def _size(value: float) -> str:
    return f"{value:#.2g}".rstrip(".")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _power(value: float) -> str:
    return "0" if value == 0 else f"{value:.0e}"
