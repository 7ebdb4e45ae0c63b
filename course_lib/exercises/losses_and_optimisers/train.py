"""Exercise `train`: the training loop in its canonical order.

An answer is called with a small model, its batches and its optimiser. What is compared are the
losses that it returns and the weights that it leaves behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.comparison import Difference, alike, kind_of
from course_lib.exercises.declarations import Misconception
from course_lib.exercises.functions import FunctionExercise, Trial
from course_lib.exercises.observations import (
    Observation,
    fill_parameters,
    observe_call,
)
from course_lib.exercises.verdicts import Verdict
from course_lib.stages import loops, staged

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


class LoopExercise(FunctionExercise):
    """The answer is a training loop, observed by the weights and the losses that come out.

    Faults that leave the same weights are told apart by the order of the calls.
    """

    def observe(self, answer: Any, case: Case, seed: int) -> Observation:
        """The losses returned, the weights after training, and the calls made."""
        x, y = case.args["inputs"], case.args["targets"]
        hidden, settings = case.init["hidden"], dict(case.init["optimizer"])
        model = loops.small_model(x.shape[-1], y.shape[-1], hidden, x.dtype)
        fill_parameters(model, seed)
        weights, epochs = dict(model.state_dict()), case.args["epochs"]
        noted: list[tuple[tuple[str, ...], bool]] = []

        def trained() -> dict[str, Any]:
            found = staged(loops.stage, answer, x, y, hidden, weights, settings, epochs)
            noted.append(_facts(found))
            return {"losses": found["losses"], **found["weights"]}

        seen = observe_call(trained, Case({}), gradients=False, seed=seed)
        leaves = {path.replace("['", "").replace("']", ""): v for path, v in seen.leaves.items()}
        calls, spoilt = noted[0] if noted else _facts_of_stopped(answer)
        changed = ("batches",) if spoilt else ()
        return Followed(leaves, changed=changed, raised=seen.raised, calls=calls)

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


def _facts(found: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The calls made, and whether the batches were changed."""
    return tuple(str(name) for name in found["calls"]), bool(found["changed"])


def _facts_of_stopped(answer: Any) -> tuple[tuple[str, ...], bool]:
    """The same of a loop that has just stopped with an error."""
    try:
        return _facts(staged(loops.facts, answer))
    except Exception:  # only another process can reply with anything else
        return (), False


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
