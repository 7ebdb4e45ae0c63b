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


def _mse(model, x, y):
    return ((model(x) - y) ** 2).mean()


def _epochs(epochs, batches, one_batch):
    """Average per epoch of what `one_batch(x, y)` returns."""
    return [sum(one_batch(x, y) for x, y in batches) / len(batches) for _ in range(epochs)]


@exercise.misconception(
    "Your weights never change: when `optimizer.step()` is called there are no gradients. "
    "`backward()` makes them, `zero_grad()` erases them. The order is forward, loss, zero_grad, "
    "backward, step."
)
def nothing_learned(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your weights never change: `zero_grad()` stands between `backward()` and `step()`, and erases "
    "the gradients before they are used. Put it before `backward()`."
)
def erased_before_the_step(model, batches, optimizer, epochs):
    def one(x, y):
        loss = _mse(model, x, y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your weights never change: `step()` comes before `backward()`, so it finds no gradients. "
    "First backward, then step."
)
def step_before_backward(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        optimizer.step()
        loss.backward()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your weights never change: `optimizer.step()` is missing. `backward()` only finds the "
    "gradients; the step uses them."
)
def step_missing(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        loss.backward()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your weights never change: `loss.backward()` is missing, so the step finds no gradients."
)
def backward_missing(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your weights never change: nothing is trained. `backward()` and `step()` are missing."
)
def only_evaluated(model, batches, optimizer, epochs):
    return _epochs(epochs, batches, lambda x, y: _mse(model, x, y).item())


@exercise.misconception(
    "`optimizer.zero_grad()` is missing. `backward()` *adds* to what is in `.grad`, so each step "
    "uses the sum of all gradients so far. That is momentum with μ = 1."
)
def no_zero_grad(model, batches, optimizer, epochs):
    def one(x, y):
        loss = _mse(model, x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "`zero_grad()` is called only once, before the loops. `backward()` *adds* to what is in "
    "`.grad`: erase before each batch."
)
def erased_only_once(model, batches, optimizer, epochs):
    optimizer.zero_grad()
    return no_zero_grad(model, batches, optimizer, epochs)


@exercise.misconception(
    "`zero_grad()` is called once per epoch, so the gradients of its batches pile up. Erase before "
    "each batch."
)
def erased_once_per_epoch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        losses += no_zero_grad(model, batches, optimizer, 1)
    return losses


@exercise.misconception(
    "Each step uses the gradient of the batch *before*: `step()` stands before `backward()`. The "
    "very first step finds none."
)
def one_behind(model, batches, optimizer, epochs):
    def one(x, y):
        loss = _mse(model, x, y)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "One step per epoch: `step()` stands behind the inner loop, or the losses of all batches are "
    "added up before `backward()`. In training with mini-batches each batch leads to a step."
)
def one_step_per_epoch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        for x, y in batches:
            loss = _mse(model, x, y)
            loss.backward()
            total += loss.item()
        optimizer.step()
        losses.append(total / len(batches))
    return losses


@exercise.misconception(
    "One step per epoch: you average the losses of all batches before `backward()`. In training "
    "with mini-batches each batch leads to a step."
)
def one_step_with_the_average(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = sum(_mse(model, x, y) for x, y in batches) / len(batches)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@exercise.misconception(
    "The weights are right, but you return the loss of the *last batch* of each epoch. One batch "
    "is a matter of luck: take the average over all batches of the epoch."
)
def last_batch_only(model, batches, optimizer, epochs):
    return [_each_batch(model, batches, optimizer)[-1] for _ in range(epochs)]


def _each_batch(model, batches, optimizer):
    """One epoch as it should be; the loss of each batch."""
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@exercise.misconception(
    "The weights are right, but you return the loss of the *first* batch of each epoch. Take the "
    "average over all its batches."
)
def first_batch_returned(model, batches, optimizer, epochs):
    return [_each_batch(model, batches, optimizer)[0] for _ in range(epochs)]


@exercise.misconception(
    "The weights are right, but your losses are sums over the batches. Divide by the number of "
    "batches."
)
def sums(model, batches, optimizer, epochs):
    return [sum(_each_batch(model, batches, optimizer)) for _ in range(epochs)]


@exercise.misconception(
    "The weights are right, but you return one loss per batch. One number per *epoch* is asked "
    "for: the average over its batches."
)
def one_loss_per_batch(model, batches, optimizer, epochs):
    return [loss for _ in range(epochs) for loss in _each_batch(model, batches, optimizer)]


@exercise.misconception(
    "The weights are right, but you return a list of lists, with the loss of each batch. One "
    "number per epoch is asked for: the average."
)
def lists_of_losses(model, batches, optimizer, epochs):
    return [_each_batch(model, batches, optimizer) for _ in range(epochs)]


@exercise.misconception(
    "The weights are right, but each number is an average over *all* batches so far. Begin anew in "
    "each epoch: `total = 0.0` belongs inside the outer loop. (An average over the run falls too "
    "slowly.)"
)
def never_reset_average(model, batches, optimizer, epochs):
    losses, so_far = [], []
    for _ in range(epochs):
        so_far += _each_batch(model, batches, optimizer)
        losses.append(sum(so_far) / len(so_far))
    return losses


@exercise.misconception(
    "The weights are right, but your total grows from epoch to epoch: it is never set back to 0. "
    "`total = 0.0` belongs inside the outer loop."
)
def never_reset_total(model, batches, optimizer, epochs):
    losses, total = [], 0.0
    for _ in range(epochs):
        total += sum(_each_batch(model, batches, optimizer))
        losses.append(total / len(batches))
    return losses


@exercise.misconception(
    "The weights are right, but each loss is computed *after* the step, on the batch from which "
    "the model has just learned. Keep the loss that you called `backward()` on."
)
def evaluated_after_the_step(model, batches, optimizer, epochs):
    def one(x, y):
        _each_batch(model, [(x, y)], optimizer)
        return _mse(model, x, y).item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "The weights are right, but the losses are computed at the *end* of each epoch, in a second "
    "pass over the batches. Keep those that you called `backward()` on: they cost nothing more."
)
def evaluated_after_the_epoch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        _each_batch(model, batches, optimizer)
        losses.append(sum(_mse(model, x, y).item() for x, y in batches) / len(batches))
    return losses


@exercise.misconception(
    "Your model is trained for a single epoch: `epochs` is not used, or a `return` stands inside "
    "the outer loop."
)
def one_epoch(model, batches, optimizer, epochs):
    return train(model, batches, optimizer, 1)


@exercise.misconception(
    "The weights are right, but only the last epoch's loss came back. Collect the losses in a list."
)
def last_epoch_only(model, batches, optimizer, epochs):
    return train(model, batches, optimizer, epochs)[-1]


@exercise.misconception(
    "The weights are right, but you return a list of tensors. They keep the whole computation of "
    "each loss in memory: take the plain number, `loss.item()`."
)
def tensors_kept(model, batches, optimizer, epochs):
    dtype = batches[0][0].dtype
    return [torch.tensor(v, dtype=dtype) for v in train(model, batches, optimizer, epochs)]


@exercise.misconception(
    "The weights are right, but the losses came back as a tensor. A list of plain numbers is asked "
    "for."
)
def one_tensor(model, batches, optimizer, epochs):
    return torch.tensor(train(model, batches, optimizer, epochs))


@exercise.misconception(
    "Your loss sums over the elements. It is the mean squared error, per element: `.mean()`. (A "
    "sum makes the steps too long.)"
)
def summed_loss(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your loss sums over the outputs of an example and averages over the examples. Here it is the "
    "mean over all elements: `.mean()`."
)
def summed_per_example(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).sum(dim=1).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your loss takes absolute differences. The mean *squared* error is asked for."
)
def absolute_loss(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = (model(x) - y).abs().mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "The weights are right, but you return roots of the losses. The mean squared error itself is "
    "asked for."
)
def roots(model, batches, optimizer, epochs):
    def one(x, y):
        return _each_batch(model, [(x, y)], optimizer)[0] ** 0.5

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Only the first batch of each epoch is used. Does a `return` or `break` stand inside the inner "
    "loop?"
)
def first_batch_only(model, batches, optimizer, epochs):
    return train(model, batches[:1], optimizer, epochs)


@exercise.misconception(
    "Your loops are swapped: you take the first batch `epochs` times, then the second. An epoch is "
    "one pass over *all* batches: the loop over epochs is the outer one."
)
def loops_swapped(model, batches, optimizer, epochs):
    table = [
        [_each_batch(model, [batch], optimizer)[0] for _ in range(epochs)] for batch in batches
    ]
    return [sum(column) / len(column) for column in zip(*table, strict=True)]


@exercise.misconception(
    "The loss is turned into a plain number *before* `backward()`. A plain number does not know "
    "where it came from. Call `loss.backward()` on the tensor, and `.item()` only for your total."
)
def item_before_backward(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y).item()
        loss.backward()
        optimizer.step()
        return loss

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "The prediction is cut off from the weights (`torch.no_grad()`, `.detach()`, `.data`), so "
    "`backward()` cannot find them. Leave that out in training."
)
def no_grad_in_training(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        with torch.no_grad():
            loss = _mse(model, x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "Your loss is one number per element, and `backward()` works on a single number only. Take the "
    "mean."
)
def loss_not_reduced(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = (model(x) - y) ** 2
        loss.backward()
        optimizer.step()
        return loss.mean().item()

    # a single output of a single row would be one number already
    return _epochs(epochs, batches, one)


@exercise.misconception(
    "The model is trained as it should be, but nothing comes back. Return the list of losses."
)
def nothing_returned(model, batches, optimizer, epochs):
    train(model, batches, optimizer, epochs)


@exercise.misconception(
    "You make two steps per batch: `step()` is called twice after one `backward()`."
)
def two_steps(model, batches, optimizer, epochs):
    def one(x, y):
        optimizer.zero_grad()
        loss = _mse(model, x, y)
        loss.backward()
        optimizer.step()
        optimizer.step()
        return loss.item()

    return _epochs(epochs, batches, one)


@exercise.misconception(
    "The weights are right, but you divide the loss of the *last* batch by the number of batches. "
    "Add up the losses of all batches of the epoch first: `total += loss.item()`."
)
def last_batch_divided(model, batches, optimizer, epochs):
    return [_each_batch(model, batches, optimizer)[-1] / len(batches) for _ in range(epochs)]


@exercise.misconception(
    "The weights are right, but you append once per batch, while the total is still growing. The "
    "`append` stands behind the inner loop, inside the outer one."
)
def appended_once_per_batch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        total = 0.0
        for loss in _each_batch(model, batches, optimizer):
            total += loss
            losses.append(total / len(batches))
    return losses


@exercise.misconception(
    "The weights are right, but only the last epoch's losses came back, one per batch. The list "
    "begins before the outer loop, and takes one average per epoch."
)
def list_begins_in_each_epoch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        losses = _each_batch(model, batches, optimizer)
    return losses


@exercise.misconception(
    "The weights are right, but only the last epoch's average came back: the `append` stands "
    "behind *both* loops. It belongs inside the outer one."
)
def appended_after_both_loops(model, batches, optimizer, epochs):
    return train(model, batches, optimizer, epochs)[-1:]


@exercise.misconception(
    "The weights are right, but you multiply each loss by the number of its rows, and divide by "
    "the number of batches. The loss is an average over the rows already: `total += loss.item()`."
)
def multiplied_by_rows(model, batches, optimizer, epochs):
    rows = len(batches[0][0])
    return [loss * rows for loss in train(model, batches, optimizer, epochs)]


@exercise.misconception(
    "The weights are right, but you divide by the number of rows, or of examples. Divide the total "
    "by the number of *batches*, `len(batches)`: each loss is an average over its rows already."
)
def divided_by_examples(model, batches, optimizer, epochs):
    examples = sum(len(x) for x, _ in batches)
    return [sum(_each_batch(model, batches, optimizer)) / examples for _ in range(epochs)]


@exercise.misconception(
    "One step per epoch, with the gradient of the last batch alone: `step()` stands behind the "
    "inner loop, and `zero_grad()` has erased the others. Each batch leads to a step."
)
def step_after_the_last_batch(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            loss = _mse(model, x, y)
            optimizer.zero_grad()
            loss.backward()
            total += loss.item()
        optimizer.step()
        losses.append(total / len(batches))
    return losses


@exercise.misconception(
    "You make an optimiser of your own. Use the one that is handed to you: it may be SGD, with "
    "momentum, or Adam."
)
def own_optimizer(model, batches, optimizer, epochs):
    return train(model, batches, torch.optim.SGD(model.parameters(), lr=0.1), epochs)


@exercise.misconception(
    "You make an optimiser of your own, Adam with a learning rate of 0.001. Use the one that is "
    "handed to you."
)
def own_adam(model, batches, optimizer, epochs):
    return train(model, batches, torch.optim.Adam(model.parameters(), lr=0.001), epochs)


@exercise.misconception(
    "The weights are right, but the losses are rounded. Return them as they are, and round only "
    "where you print."
)
def rounded(model, batches, optimizer, epochs):
    return [round(loss, 2) for loss in train(model, batches, optimizer, epochs)]


@exercise.style
def erased_after_the_step(model, batches, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        of_this_epoch = []
        for x, y in batches:
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            of_this_epoch.append(loss.detach())
        losses.append(torch.stack(of_this_epoch).mean().item())
    return losses


@exercise.style
def erased_just_before_backward(model, batches, optimizer, epochs):
    criterion, losses = nn.MSELoss(), [0.0] * epochs
    model.train()
    for epoch in range(epochs):
        for x, y in batches:
            loss = criterion(model(x), y)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            losses[epoch] += float(loss) / len(batches)
    return losses


@exercise.style
def gradients_set_by_hand(model, batches, optimizer, epochs):
    import numpy as np

    losses = []
    for _ in range(epochs):
        seen = []
        for x, y in batches:
            loss = (y - model(x)).square().mean()
            parameters = list(model.parameters())
            for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                p.grad = g
            optimizer.step()
            seen.append(loss.item())
        losses.append(np.mean(seen))
    return losses


@exercise.style
def with_a_closure(model, batches, optimizer, epochs):
    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:  # noqa: B007 (the closure uses them)
            total += optimizer.step(closure).item()
        losses.append(total / len(batches))
    return losses
