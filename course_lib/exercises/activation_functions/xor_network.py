"""Exercise `xor_network`: hand-set weights of a small ReLU network that computes XOR.

hidden = ReLU(x W1ᵀ + b1)        output = hidden W2ᵀ + b2
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise

CORNERS = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64)
WANTED = torch.tensor([0, 1, 1, 0], dtype=torch.float64)
NOISE, COPIES = 0.05, 20  # points tried near each corner, and how far from it in each coordinate
HIGH, LOW = 0.75, 0.25  # bounds on the output where 1 and where 0 is wanted
KEYS = ("W1", "b1", "W2", "b2")

SOLUTION = """\
{
    "W1": [[1, 1],
           [1, 1]],
    "b1": [0, -1],
    "W2": [[1, -2]],
    "b2": [0],
}"""


def reference() -> dict[str, list]:
    """The reference answer, read from the source that the notebook shows."""
    return ast.literal_eval(SOLUTION)


def tensors(answer: Mapping[str, Any]) -> dict[str, Tensor]:
    """The four weights as float64 tensors; raises ValueError or TypeError for other things."""
    return {key: torch.as_tensor(answer[key], dtype=torch.float64).detach() for key in KEYS}


def output(answer: Mapping[str, Any], points: Tensor) -> Tensor:
    """Points (n, 2) → the network's output (n,)."""
    p = tensors(answer)
    hidden = torch.relu(points @ p["W1"].T + p["b1"])  # (n, hidden)
    return (hidden @ p["W2"].T + p["b2"])[:, 0]


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            f"Your answer is a {type(answer).__name__}; a dictionary with the keys 'W1', 'b1', "
            "'W2' and 'b2' is expected."
        )
    missing = [key for key in KEYS if key not in answer]
    if missing:
        return (
            f"The key '{missing[0]}' is missing. The four keys are 'W1', 'b1', 'W2' and 'b2', "
            "with a capital W."
        )
    extra = [key for key in answer if key not in KEYS]
    if extra:
        return f"The key {extra[0]!r} is not asked for. The four keys are 'W1', 'b1', 'W2', 'b2'."
    for key in KEYS:
        try:
            value = torch.as_tensor(answer[key], dtype=torch.float64)
        except (TypeError, ValueError, RuntimeError):
            return (
                f"'{key}' cannot be read as numbers: {answer[key]!r}. Write nested lists of "
                "numbers whose rows have the same length."
            )
        if not value.isfinite().all():
            return f"'{key}' holds inf or NaN; write finite numbers."
    return _wrong_shape({key: tuple(value.shape) for key, value in tensors(answer).items()})


def _wrong_shape(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    W1 = shapes["W1"]
    if len(W1) != 2 or W1[1] != 2 or W1[0] < 1:
        return (
            f"'W1' has shape {W1}; (hidden, 2) is expected: one row for each hidden unit, with "
            "one weight for x1 and one for x2."
        )
    hidden = W1[0]
    units = f"{hidden} hidden unit{'s' if hidden > 1 else ''}"
    for key, wanted in (("b1", (hidden,)), ("W2", (1, hidden)), ("b2", (1,))):
        if shapes[key] != wanted:
            return (
                f"'{key}' has shape {shapes[key]}; {wanted} is expected, since your W1 has {units}."
            )
    return None


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """The worst output near each corner, over fresh points."""
    measured = []
    for corner, wanted in zip(CORNERS, WANTED, strict=True):
        noise = draw.uniform(COPIES, 2, low=-NOISE, high=NOISE, dtype=torch.float64)
        y = output(answer, torch.cat([corner[None], corner + noise]))  # (1 + COPIES,)
        worst = y.min().item() if wanted else y.max().item()
        ok = worst >= HIGH if wanted else worst <= LOW
        bound = f"at least {HIGH}" if wanted else f"at most {LOW}"
        place = f"({corner[0]:.0f}, {corner[1]:.0f})"
        measured.append(Measurement(f"Output near {place}", f"{worst:.2f}", bound, ok))
    return measured


exercise = OutcomeExercise(
    "xor_network",
    title="XOR with two ReLU units",
    points=4,
    difficulty=3,
    minutes=25,
    why="No linear layer can compute XOR. Two ReLU units can, and you see how: each unit adds one "
    "kink.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="A dictionary of nested lists, with the keys W1, b1, W2 and b2",
    hints=(
        "Draw the wanted outputs over s: 0 at s = 0, 1 at s = 1, 0 at s = 2. Join them by straight "
        "lines. Where is the kink? What is the slope before it, and what after it?",
        "You need a curve that rises from s = 0 to s = 1 and falls from s = 1 to s = 2. ReLU(s) "
        "rises from 0 on. ReLU(s - 1) switches on at s = 1 and must pull the curve down. By how "
        "much must it change the slope?",
        "The slope is 1 before the kink and must be -1 after it: it changes by -2. Each unit's row "
        "in W1 is [1, 1], since s = x1 + x2. The number inside ReLU beside s is the unit's entry "
        "in b1; the number in front of ReLU is its entry in W2.",
    ),
)


# -- how wrong networks are recognised -----------------------------------------------------------


def at_corners(answer: Mapping[str, Any]) -> list[float]:
    """The outputs at (0, 0), (0, 1), (1, 0), (1, 1), without noise."""
    return output(answer, CORNERS).tolist()


def solves(answer: Mapping[str, Any]) -> bool:
    """Whether the outputs meet the bounds at the corners themselves."""
    return all(
        y >= HIGH if want else y <= LOW for y, want in zip(at_corners(answer), WANTED, strict=True)
    )


def computes(*bits: int) -> Callable[[Mapping[str, Any]], bool]:
    """A test for the logical function with these values at the corners (the border is 1/2)."""
    return lambda answer: [int(y > 0.5) for y in at_corners(answer)] == list(bits)


def constant(answer: Mapping[str, Any]) -> bool:
    """Whether all corners give the same output."""
    y = at_corners(answer)
    return max(y) - min(y) < 1e-6


def changed(answer: Mapping[str, Any], **changes: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """The answer with some of its weights transformed."""
    return {k: changes.get(k, lambda w: w)(w) for k, w in tensors(answer).items()}


def same_kink(answer: Mapping[str, Any]) -> bool:
    """Whether b1 is 0 and all hidden units look in the same direction."""
    p = tensors(answer)
    rows = torch.nn.functional.normalize(p["W1"], dim=1)
    return bool((p["b1"] == 0).all() and (rows @ rows[0] > 1 - 1e-9).all())


def little_to_spare(answer: Mapping[str, Any]) -> bool:
    """Whether the corners themselves meet the bounds, but not by much."""
    y = at_corners(answer)
    return solves(answer) and max(abs(a - b) for a, b in zip(y, WANTED, strict=True)) > 0.1


def linear_on_corners(answer: Mapping[str, Any]) -> bool:
    """Whether the outputs are those of some linear layer: then the diagonals have equal sums."""
    y = at_corners(answer)
    return abs(y[0] + y[3] - y[1] - y[2]) < 1e-6


def too_faint(answer: Mapping[str, Any]) -> bool:
    """Whether the order is right, but not the size."""
    y = at_corners(answer)
    return min(y[1], y[2]) > max(y[0], y[3]) + 1e-6


@exercise.recognises(
    f"At the corners themselves your outputs meet the bounds ({HIGH} and {LOW}), but with little "
    "to spare, and next to a corner one of them does not. Come closer to 1 and 0: scale W2, or "
    "shift with b2.",
    little_to_spare,
)
def too_close_to_the_bounds():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[0.76, -1.52]], "b2": [0]}


@exercise.recognises(
    "Your network is right at the corners themselves, but not at points close to them: it is so "
    "steep that a small change of the input changes the output a lot. Use smaller weights.",
    solves,
)
def too_steep():
    return {
        "W1": [[20, 20], [20, 20], [20, 20]],
        "b1": [-19, -20, -21],
        "W2": [[1, -2, 1]],
        "b2": [0],
    }


@exercise.recognises(
    "Your network gives the same output at all four corners. Either the output weights W2 are 0, "
    "or no hidden unit is ever active: their pre-activations are all below 0.",
    constant,
)
def all_the_same():
    return {"W1": [[0, 0], [0, 0]], "b1": [0, 0], "W2": [[0, 0]], "b2": [0]}


@exercise.recognises(
    "Your network has a single hidden unit. One ReLU has one kink: the output can rise or fall "
    "after it, but not rise and then fall. Use two units.",
    lambda answer: len(tensors(answer)["W1"]) == 1,
)
def one_hidden_unit():
    return {"W1": [[1, 1]], "b1": [0], "W2": [[1]], "b2": [0]}


@exercise.recognises(
    "The sign of b1 is turned round. A linear layer *adds* its bias: for a unit to switch on at "
    "s = 1 the bias must be -1.",
    lambda answer: solves(changed(answer, b1=torch.neg)),
)
def bias_sign_turned_round():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, 1], "W2": [[1, -2]], "b2": [0]}


@exercise.recognises(
    "The two hidden units are right, but their weights in W2 stand in the wrong order.",
    lambda answer: solves(changed(answer, W2=lambda W2: W2.flip(-1))),
)
def output_weights_swapped():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[-2, 1]], "b2": [0]}


@exercise.recognises(
    "All your hidden units switch on at the same place: b1 is 0, and the rows of W1 point in the "
    "same direction. Together they have one kink, like a single unit. Shift one of them with its "
    "bias.",
    same_kink,
)
def bias_forgotten():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, 0], "W2": [[1, -2]], "b2": [0]}


@exercise.recognises(
    "On the four corners your network is a linear layer in disguise: the outputs at (0, 0) and "
    "(1, 1) add up to the same sum as those at (0, 1) and (1, 0). XOR needs 0 and 2. The "
    "output must rise up to s = x1 + x2 = 1 and fall after it: one unit must switch on there.",
    linear_on_corners,
)
def linear_in_disguise():
    return {"W1": [[1, 0], [0, 1]], "b1": [1, 1], "W2": [[1, -1]], "b2": [0]}


@exercise.recognises(
    "Your network computes the opposite of XOR: 1 where both bits are equal. Turn the signs in W2 "
    "round and adapt b2.",
    computes(1, 0, 0, 1),
)
def opposite_of_xor():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[-1, 2]], "b2": [1]}


@exercise.recognises(
    "Your network computes OR: (1, 1) gives 1 too. The second unit must pull the output down to 0 "
    "there; look at its weight in W2.",
    computes(0, 1, 1, 1),
)
def computes_or():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[1, -1]], "b2": [0]}


@exercise.recognises(
    "Your network computes AND: only (1, 1) gives 1. That is the unit which XOR must subtract; a "
    "first unit that rises from s = 0 on is missing.",
    computes(0, 0, 0, 1),
)
def computes_and():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[0, 1]], "b2": [0]}


@exercise.recognises(
    "Your network computes NAND: only (1, 1) gives 0. At (0, 0) it must give 0 as well: look at "
    "b2.",
    computes(1, 1, 1, 0),
)
def computes_nand():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[0, -1]], "b2": [1]}


@exercise.recognises(
    "The order is right: (0, 1) and (1, 0) lie above the other two. But the outputs are not close "
    f"enough to 1 and 0 (at least {HIGH} and at most {LOW} are needed). Scale W2, or shift with "
    "b2.",
    too_faint,
)
def right_order_wrong_size():
    return {"W1": [[1, 1], [1, 1]], "b1": [0, -1], "W2": [[0.5, -1]], "b2": [0]}
