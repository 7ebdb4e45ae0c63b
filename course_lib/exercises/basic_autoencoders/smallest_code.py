"""Exercise `smallest_code`: digits through as few latents as possible, below a given test error."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from course_lib.autoencoders.basic import HIDDEN_ACTIVATIONS
from course_lib.data import digits
from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.basic_autoencoders.digits_code import (
    PIXELS,
    TRAINING,
    codes,
    error,
    layers,
    train_code,
)

BOUND, MOST_LATENTS = 0.021, 4
MOST_WEIGHTS = 1_000_000  # a check must stay short

SOLUTION = """\
train_code(latents=4, hidden_dims=(256, 128), activation="tanh", learning_rate=0.005)"""


@cache
def unseen_digits() -> Tensor:
    """The 397 test images; read only."""
    return digits("test")[0]


@cache
def principal(latents: int) -> tuple[Tensor, Tensor]:
    """The mean (64,) and the first directions (latents, 64) of the training images."""
    images = digits("train")[0][:TRAINING]
    mean = images.mean(dim=0)
    return mean, torch.linalg.svd(images - mean, full_matrices=False).Vh[:latents]


@cache
def pca_error(latents: int) -> float:
    """The error on the test images of PCA with as many latents (all 64 at most)."""
    mean, V = principal(min(latents, PIXELS))
    centred = unseen_digits() - mean
    return ((centred - centred @ V.T @ V) ** 2).mean().item()


@cache
def reference() -> dict[str, Any]:
    """The reference answer; trained once, which takes a second or two."""
    return train_code(latents=4, hidden_dims=(256, 128), activation="tanh", learning_rate=0.005)


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if isinstance(answer, torch.nn.Module):
        return (
            "Your answer is a model. Hand in plain data, as `train_code` returns it: "
            '{"activation": "relu", "weights": model.state_dict()}.'
        )
    if not isinstance(answer, Mapping) or not {"activation", "weights"} <= set(answer):
        return (
            "Hand in what `train_code` returns: a dictionary with the keys 'activation' and "
            "'weights'."
        )
    name = answer["activation"]
    if not isinstance(name, str) or name not in HIDDEN_ACTIVATIONS:
        return (
            f"The activation is {answer['activation']!r}; it must be one of "
            f"{', '.join(map(repr, HIDDEN_ACTIVATIONS))}."
        )
    if not isinstance(answer["weights"], Mapping):
        return "'weights' must be a dictionary from names to tensors: `model.state_dict()`."
    try:
        halves = {half: layers(answer["weights"], half) for half in ("encoder", "decoder")}
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError, AttributeError) as problem:
        return (
            f"The weights cannot be read ({type(problem).__name__}: {problem}). They must be named "
            "as in `BasicAutoencoder`: encoder.0.weight, encoder.0.bias, encoder.2.weight, …"
        )
    return _misfit(halves)


def _misfit(halves: Mapping[str, list]) -> str | None:
    for half, stack in halves.items():
        if not stack:
            return f"The {half} has no layers: its weights must be named {half}.0.weight and so on."
        for W, b in stack:
            if W.ndim != 2 or b.shape != W.shape[:1]:
                return (
                    f"A layer of the {half} has a weight of shape {tuple(W.shape)} and a bias "
                    f"of shape {tuple(b.shape)}; (out, in) and (out,) are expected."
                )
            if not (W.isfinite().all() and b.isfinite().all()):
                return (
                    f"The {half} holds inf or NaN: training has diverged. Try a smaller "
                    "learning rate."
                )
    every = [*halves["encoder"], *halves["decoder"]]
    sizes = [PIXELS, *(len(W) for W, _ in every)]
    if [W.shape[1] for W, _ in every] != sizes[:-1] or sizes[-1] != PIXELS:
        return (
            f"The layers do not fit: their inputs are {[W.shape[1] for W, _ in every]} and their "
            f"outputs {sizes[1:]}. They must lead from {PIXELS} pixels to {PIXELS} pixels."
        )
    if sum(W.numel() for W, _ in every) > MOST_WEIGHTS:
        return f"Your model has more than {MOST_WEIGHTS:,} weights. Hand in a smaller one."
    return None


def latents(answer: Mapping[str, Any]) -> int:
    """The size of the code."""
    return len(layers(answer["weights"], "encoder")[-1][0])


def unseen_error(answer: Mapping[str, Any]) -> float:
    """The error on the test images."""
    return error(answer, unseen_digits())


@cache
def training_digits() -> Tensor:
    """The 1,400 training images; read only."""
    return digits("train")[0]


def knows_the_test_digits(answer: Mapping[str, Any]) -> bool:
    """Whether the error on the test images is far *below* that on the training images: a model
    that has not seen them does no better on them (ratio 1.0 to 1.4), one trained on them 0.4."""
    return unseen_error(answer) < 0.85 * error(answer, training_digits()) - 1e-5


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """The size of the code, and the error on the test images."""
    k, e = latents(answer), unseen_error(answer)
    measured = [
        # not the number itself: who tries until it is low fits the test digits
        Measurement(
            "Error on the test digits",
            "low enough" if e <= BOUND else "not low enough yet",
            f"at most {BOUND}",
            e <= BOUND,
        ),
        Measurement("Latents", str(k), f"at most {MOST_LATENTS}", k <= MOST_LATENTS),
    ]
    if knows_the_test_digits(answer):
        known = f"{error(answer, training_digits()):.4f}"
        measured.append(Measurement("Error on the training digits", known, "not far above", False))
    return measured


exercise = OutcomeExercise(
    "smallest_code",
    title="The smallest code that will do",
    points=5,
    difficulty=3,
    minutes=35,
    why="Here depth, activation and learning rate pay off in latents saved.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="What train_code(…) returns",
    hints=(
        "Change one thing at a time, and compare validation errors. Begin with the learning rate: "
        "at 0.001 training is not finished after 1,500 steps.",
        "With a learning rate of some thousandths, give the network more to bend with: a wider "
        "hidden layer, such as (512,), or a second one, such as (256, 128). With two layers "
        'compare "relu" and "tanh".',
        'Hidden layers of 256 and 128 units, "tanh" and a learning rate of 0.005 do it with 4 '
        'latents. So does a single hidden layer of 512 units with "relu".',
    ),
)


# -- how wrong codes are recognised ---------------------------------------------------------------


class Example(Mapping):
    """A code that is made when it is first looked at: some need the digits."""

    def __init__(self, make: Callable[[], dict[str, Any]]):
        self.make, self.made = make, None

    def _code(self) -> dict[str, Any]:
        if self.made is None:
            self.made = self.make()
        return self.made

    def __getitem__(self, key: str) -> Any:
        return self._code()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._code())

    def __len__(self) -> int:
        return len(self._code())


def pca_code(k: int, activation: str = "identity", scale: float = 1.0) -> dict[str, Any]:
    """PCA as weights. With "tanh" a hidden layer works where tanh is nearly a straight line.

    scale : the pixels that it was made for lie between 0 and this.
    """
    mean, V = principal(k)
    mean = mean * scale
    one, none = torch.eye(k), torch.zeros(k)
    small = 0.01 / scale
    if activation == "identity":
        stack = {"encoder": [(V, -V @ mean)], "decoder": [(V.T, mean)]}
    else:
        stack = {
            "encoder": [(small * V, -small * V @ mean), (one / small, none)],
            "decoder": [(small * one, none), (V.T / small, mean)],
        }
    weights = {}
    for half, pairs in stack.items():
        for i, (W, b) in enumerate(pairs):
            weights[f"{half}.{2 * i}.weight"], weights[f"{half}.{2 * i}.bias"] = W, b
    return {"activation": activation, "weights": weights}


def wrong_scale(answer: Mapping[str, Any]) -> bool:
    """Whether the model is at home on pixels from 0 to 16 or to 255, and not on 0 to 1."""
    here = unseen_error(answer)
    return any(
        error(answer, unseen_digits() * scale) / scale**2 < min(0.06, here / 2)
        for scale in (16.0, 255.0)
    )


def idle_latents(answer: Mapping[str, Any]) -> bool:
    """Whether some latent is the same for all images."""
    z = codes(answer, unseen_digits())
    return bool((z.std(dim=0) < 1e-6 * (1 + z.abs().amax(dim=0))).any())


def is_linear(answer: Mapping[str, Any]) -> bool:
    """Whether there is no activation between the layers of encoder or decoder."""
    deepest = max(len(layers(answer["weights"], half)) for half in ("encoder", "decoder"))
    return answer["activation"] == "identity" or deepest == 1


@exercise.recognises(
    "Your model was trained on pixels of another size: on images between 0 and 16 (or 255) it "
    "works, on images between 0 and 1 it does not. Train on `digits()`, whose pixels lie between "
    "0 and 1.",
    wrong_scale,
)
def other_pixels():
    return Example(lambda: pca_code(4, "tanh", scale=16.0))


@exercise.recognises(
    "A latent of your code is the same for every image: it tells nothing, and yet it counts. Leave "
    "it out, or find out why it died.",
    idle_latents,
)
def a_latent_is_idle():
    def make():
        code = pca_code(5, "tanh")
        code["weights"]["encoder.2.weight"][4] = 0
        return code

    return Example(make)


@exercise.recognises(
    "Your model does no better than always giving the mean image, whose error is about 0.07. It is "
    "not trained yet, or training has diverged: look at the learning rate.",
    lambda answer: unseen_error(answer) > 0.07,
)
def untrained():
    def make():
        generator = torch.Generator().manual_seed(0)
        shapes = {"encoder.0": (32, 64), "encoder.2": (4, 32), "decoder.0": (32, 4)}
        weights = {}
        for name, shape in (shapes | {"decoder.2": (64, 32)}).items():
            weights[f"{name}.weight"] = 0.1 * torch.randn(*shape, generator=generator)
            weights[f"{name}.bias"] = torch.zeros(shape[0])
        return {"activation": "relu", "weights": weights}

    return Example(make)


@exercise.recognises(
    "Your error on the test digits is far below that on the training digits: your model was "
    'trained on the test digits. Train on `digits("train")`: the test digits tell how it does on '
    "new ones.",
    knows_the_test_digits,
)
def trained_on_the_test_digits():
    def make():
        mean = unseen_digits().mean(dim=0)
        V = torch.linalg.svd(unseen_digits() - mean, full_matrices=False).Vh[:48]
        weights = {"encoder.0.weight": V, "encoder.0.bias": -V @ mean}
        weights |= {"decoder.0.weight": V.T, "decoder.0.bias": mean}
        return {"activation": "identity", "weights": weights}

    return Example(make)


@exercise.recognises(
    "Your model is linear: there is no ReLU or tanh between its layers. Then PCA cannot be beaten, "
    "and PCA needs 10 latents for this error. Add hidden layers and an activation.",
    is_linear,
)
def linear_model():
    return Example(lambda: pca_code(12))


@exercise.recognises(
    "Your error is low enough, but your code has too many latents. Some of them can be saved: let "
    "a deeper network do more of the work.",
    lambda answer: unseen_error(answer) <= BOUND,
)
def too_many_latents():
    return Example(lambda: pca_code(16, "tanh"))


@exercise.recognises(
    "PCA with as many latents does as well, and needs no training. Your network has an activation "
    "and does not use it yet: train it with a larger learning rate, or make it wider.",
    lambda answer: unseen_error(answer) > 0.97 * pca_error(latents(answer)),
)
def no_better_than_pca():
    return Example(lambda: pca_code(4, "tanh"))


@exercise.recognises(
    "Better than PCA, but not low enough yet. Go by the validation error: is training finished "
    "(learning rate)? Does the network have enough to bend with (width, depth)?",
    lambda answer: unseen_error(answer) > BOUND,
)
def not_low_enough():
    def make():
        code = reference()
        weights = dict(code["weights"])
        last = max(name for name in weights if name.startswith("decoder") and "bias" in name)
        weights[last] = weights[last] + 0.1  # all pixels a little too dark
        return {**code, "weights": weights}

    return Example(make)
