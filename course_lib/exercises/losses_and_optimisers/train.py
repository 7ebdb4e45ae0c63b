"""Exercise `train`: the training loop in its canonical order.

An answer is called with a small model, its batches and its optimiser. What is compared are the
losses that it returns and the weights that it leaves behind.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference, alike, kind_of
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.isolation import defaults
from course_lib.exercises.observations import (
    Observation,
    fill_parameters,
    observe_call,
)
from course_lib.exercises.verdicts import Verdict

OPTIMISERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}


def train(
    model: nn.Module,
    batches: list[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    epochs: int,
) -> list[float]:
    """Train `model` on all batches, `epochs` times over, with the mean squared error.

    model     : called as model(x); its weights are changed by the optimiser
    batches   : pairs (x, y) of tensors, x of shape (rows, in) and y of shape (rows, out)
    optimizer : made for the parameters of `model`
    Returns one number per epoch: the average over its batches of the loss, each taken before
    the step that it leads to.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            loss = ((model(x) - y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses
    ### END SOLUTION


@dataclass(frozen=True, eq=False)
class Followed(Observation):
    """What a training loop left behind, and in which order it called what."""

    calls: tuple[str, ...] = ()


def set_up(case: Case, seed: int) -> tuple[nn.Module, list[tuple[Tensor, Tensor]], Any, list[str]]:
    """A fresh model, its batches, its optimiser, and the list into which calls are written."""
    x, y = case.args["inputs"], case.args["targets"]
    hidden, settings = case.init["hidden"], dict(case.init["optimizer"])
    layers = [nn.Linear(x.shape[-1], hidden or y.shape[-1])]
    if hidden:
        layers += [nn.ReLU(), nn.Linear(hidden, y.shape[-1])]
    model = nn.Sequential(*layers).to(x.dtype)
    fill_parameters(model, seed)
    optimizer = OPTIMISERS[settings.pop("kind")](model.parameters(), **settings)
    calls: list[str] = []

    def written_down(name: str, call: Callable) -> Callable:
        def called(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return call(*args, **kwargs)

        return called

    optimizer.step = written_down("step", optimizer.step)
    optimizer.zero_grad = written_down("zero_grad", optimizer.zero_grad)
    model.zero_grad = written_down("zero_grad", model.zero_grad)
    first = next(model.parameters())
    first.register_post_accumulate_grad_hook(lambda _: calls.append("backward"))
    return model, [(a.clone(), b.clone()) for a, b in zip(x, y, strict=True)], optimizer, calls


class LoopExercise(FunctionExercise):
    """The answer is a training loop, observed by the weights and the losses that come out.

    Faults that leave the same weights are told apart by the order of the calls.
    """

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """The losses returned, the weights after training, and the calls made."""
        with defaults(seed):
            model, batches, optimizer, calls = set_up(case, seed)
        handed = list(batches)  # the answer may spoil the list, or the tensors in it

        def trained() -> dict[str, Any]:
            returned = answer(model, handed, optimizer, case.args["epochs"])
            return {"losses": returned, **dict(model.named_parameters())}

        seen = observe_call(trained, Case({}), gradients=False, seed=seed)
        leaves = {path.replace("['", "").replace("']", ""): v for path, v in seen.leaves.items()}
        same_pairs = len(handed) == len(batches) and all(map(operator.is_, handed, batches))
        given = zip(case.args["inputs"], case.args["targets"], strict=True)
        same_values = all(
            torch.equal(a, c) and torch.equal(b, d)
            for (a, b), (c, d) in zip(given, batches, strict=True)
        )
        changed = () if same_pairs and same_values else ("batches",)
        return Followed(leaves, changed=changed, raised=seen.raised, calls=tuple(calls))

    def _recognise(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Misconception | None:
        for told_by in (tuple, _steps_and_backwards):
            for known in self.misconceptions:
                own = (trial.observed(known.answer, i) for i in range(len(seen)))
                if all(
                    told_by(o.calls) == told_by(s.calls) and alike(o, s, self.tolerance)
                    for o, s in zip(own, seen, strict=True)
                ):
                    return known
        return super()._recognise(trial, seen, at, found)

    def _wrong(
        self, trial: Trial, seen: Sequence[Observation], at: int, found: Difference
    ) -> Verdict:
        sentence = re.sub(
            r"Output losses\[(\d+)\]",
            lambda number: f"The loss that you return for epoch {int(number[1]) + 1}",
            found.sentence,
        )
        sentence = re.sub(r"Output (\S+(weight|bias)):", r"After training, `\1`:", sentence)
        if found.aspect == "changed":
            sentence = "Your code changes the list `batches` or the tensors in it. Only read them."
        elif found.aspect == "result":
            leaves, epochs = seen[at].leaves, trial.cases[at].args["epochs"]
            count = sum(path.startswith("losses") for path in leaves)
            values = f"{count} value{'s' * (count != 1)}"
            sentence = (
                f"You return {_a(kind_of(leaves['losses'])) if 'losses' in leaves else values}; a "
                f"list with one loss for each epoch is expected. (Epochs in this case: {epochs}.)"
            )
        return super()._wrong(trial, seen, at, replace(found, sentence=sentence))


def _a(kind: str) -> str:
    """A kind of value with its article; None has none."""
    return "None" if kind == "NoneType" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _steps_and_backwards(calls: Sequence[str]) -> set[str]:
    """Which of the two calls that a training cannot do without were made at all."""
    return {"step", "backward"} & set(calls)


def cases(draw: Draw):
    """One epoch and several, one batch and several, a linear model and a network, three
    optimisers, float64."""
    yield _case(draw, (1, 2, 3, 1), 1, 0, "a linear layer, one batch, one epoch")
    yield _case(draw, (3, 2, 3, 2), 1, 0, "a linear layer, three batches, one epoch")
    yield _case(draw, (2, 4, 3, 2), 3, 0, "a linear layer, two batches, three epochs")
    yield _case(draw, (2, 4, 2, 3), 2, 5, "a network with a hidden layer")
    momentum = {"kind": "SGD", "lr": 0.05, "momentum": 0.9}
    note = "SGD with momentum, batches of one, float64"
    yield _case(draw, (3, 1, 4, 2), 2, 0, note, torch.float64, **momentum)
    yield _case(draw, (2, 3, 2, 2), 2, 0, "Adam", kind="Adam", lr=0.1)


def _case(
    draw: Draw,
    sizes: tuple[int, int, int, int],
    epochs: int,
    hidden: int,
    note: str,
    dtype: torch.dtype = torch.float32,
    **optimizer: Any,
) -> Case:
    batches, rows, inputs, outputs = sizes
    return Case(
        {
            "inputs": draw.normal(batches, rows, inputs, dtype=dtype),
            "targets": draw.normal(batches, rows, outputs, shift=1.0, dtype=dtype),
            "epochs": epochs,
        },
        note=note,
        init={"hidden": hidden, "optimizer": optimizer or {"kind": "SGD", "lr": 0.1}},
    )


exercise = LoopExercise(
    train,
    title="The training loop",
    points=4,
    difficulty=2,
    minutes=20,
    why="You will write this loop again and again. With a line missing, or two lines swapped, it "
    "still runs, and mostly the loss even falls.",
    cases=cases,
    gradients=False,
    hints=(
        "Two loops, one inside the other: over the epochs, and in each epoch over the batches. "
        "What is done once per batch, and what once per epoch?",
        "Per batch come the five lines of the lesson: forward, loss, `optimizer.zero_grad()`, "
        "`loss.backward()`, `optimizer.step()`. Also add `loss.item()` to a total that begins at 0 "
        "in each epoch.",
        "After the inner loop, still inside the outer one: `losses.append(total / len(batches))`. "
        "The `return losses` stands behind both loops.",
    ),
)
