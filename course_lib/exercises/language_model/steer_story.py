"""Exercise `steer_story`: settings of a few latents that turn a red thing into a blue one."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.cases import Draw
from course_lib.exercises.language_model.story_autoencoders import (
    BLUE,
    EXAM_STORIES,
    MOST_LATENTS,
    RED,
    codes_before,
    steered,
)
from course_lib.exercises.values import Measurement, OutcomeExercise

LEAST_BLUE, MOST_STEERED = 0.97, 8

SOLUTION = """\
{latent: 0.0 for latent in (z_red.mean(dim=0) - z_blue.mean(dim=0)).topk(4).indices.tolist()}
| {
    latent: 1.5 * z_blue[:, latent].mean().item()
    for latent in (z_blue.mean(dim=0) - z_red.mean(dim=0)).topk(4).indices.tolist()
}"""


def latents_for(count: int) -> tuple[list[int], list[int]]:
    """So many latents that are most active before red and not before blue; and the opposite."""
    difference = codes_before(BLUE).mean(dim=0) - codes_before(RED).mean(dim=0)
    return (-difference).topk(count).indices.tolist(), difference.topk(count).indices.tolist()


def values(count: int, dose: float) -> dict[int, float]:
    """So many latents for red switched off, and as many for blue set to their mean times a dose."""
    red, blue = latents_for(count)
    mean = codes_before(BLUE).mean(dim=0)
    return dict.fromkeys(red, 0.0) | {latent: dose * mean[latent].item() for latent in blue}


class Later(Mapping):
    """An answer that is worked out when it is first looked at: it needs a trained autoencoder."""

    def __init__(self, make: Callable[[], dict[int, float]]):
        self._make = make

    @cached_property
    def _values(self) -> dict[int, float]:
        return self._make()

    def __getitem__(self, latent: int) -> float:
        return self._values[latent]

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def reference() -> dict[int, float]:
    """Values that do it."""
    return values(4, 1.5)


def validate(answer: Any) -> str | None:
    """What keeps an answer from being measured, in a sentence."""
    if not isinstance(answer, Mapping):
        return (
            "Hand in a dictionary: the number of each latent, and the value to which it is set, "
            "such as {17: 0.0, 203: 2.5}."
        )
    for latent, value in answer.items():
        if type(latent) is not int:
            return (
                f"A latent is named {latent!r}; name it by its number, a plain int. `.tolist()` "
                "makes such numbers of a tensor."
            )
        if not 0 <= latent < MOST_LATENTS:
            return f"There is no latent {latent!r}: they are numbered from 0 to {MOST_LATENTS - 1}."
        if not isinstance(value, int | float) or not math.isfinite(value):
            return (
                f"Latent {latent} is set to {value!r}; set it to a plain number, such as 2.5. "
                "`.item()` makes one of a tensor."
            )
    try:
        steered(answer, EXAM_STORIES)
    except CourseError as problem:
        return f"The story cannot be steered with this: {problem}"
    return None


def measure(answer: Mapping[int, float], draw: Draw) -> list[Measurement]:
    """Steer stories that the learner has not seen."""
    found = steered(answer, EXAM_STORIES)
    return [
        Measurement(
            "Latents set",
            f"{len(answer)}",
            f"at most {MOST_STEERED}",
            len(answer) <= MOST_STEERED,
        ),
        Measurement(
            "Mean chance of blue, in other stories",
            f"{found.blue:.2f}",
            f"at least {LEAST_BLUE}",
            found.blue >= LEAST_BLUE,
        ),
    ]


exercise = OutcomeExercise(
    "steer_story",
    title="Steer a story",
    points=6,
    difficulty=3,
    minutes=30,
    why="Reading a latent shows what goes together with a word. Only changing it shows what the "
    "model does with it.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=validate,
    given="A dictionary: the number of a latent, and the value that it is set to",
    hints=(
        "Two tables of codes are given: before red, and before blue. Take the mean of each latent "
        "in both. Which latents are on before red and off before blue? Which the other way round?",
        "The largest entries of `z_red.mean(dim=0) - z_blue.mean(dim=0)` belong to latents that "
        "speak for red: set them to 0. The largest of the opposite difference speak for blue: set "
        "them to about what they are before blue. One of each is not enough; look how many stand "
        "out.",
        "Take four of each: `.topk(4).indices.tolist()`. Set those for red to 0.0, and those for "
        "blue to one and a half times their mean before blue. Much more makes it worse again.",
    ),
)


# -- how wrong values are recognised -----------------------------------------------------------


def _recognised(condition: Callable[[dict[int, float], set[int], set[int]], bool]):
    """A condition on the answer, the latents that speak for red, and those that speak for blue."""

    def recognise(answer: Mapping[int, float]) -> bool:
        red, blue = latents_for(4)
        return condition(dict(answer), set(red), set(blue))

    return recognise


@exercise.recognises(
    f"You set more than {MOST_STEERED} latents. Most of them do next to nothing here: keep those "
    "whose means before red and before blue differ most.",
    _recognised(lambda answer, red, blue: len(answer) > MOST_STEERED),
)
def too_many():
    return Later(lambda: values(12, 1.5))


@exercise.recognises(
    "You set no latent at all, so the stories are as they were.",
    _recognised(lambda answer, red, blue: not answer),
)
def nothing_set():
    return {}


@exercise.recognises(
    "You have it the wrong way round: latents that speak for blue are switched off, and those for "
    "red are set. The thing is red, and is to become blue.",
    _recognised(
        lambda answer, red, blue: (
            any(answer.get(j, 0) > 0 for j in red) and any(answer.get(j, 1) == 0 for j in blue)
        )
    ),
)
def wrong_way_round():
    def make():
        red, blue = latents_for(4)
        mean = codes_before(RED).mean(dim=0)
        return dict.fromkeys(blue, 0.0) | {latent: mean[latent].item() for latent in red}

    return Later(make)


@exercise.recognises(
    "You switch latents for red off, and set none for blue. The model then no longer expects red, "
    "but nothing tells it what to expect instead.",
    _recognised(lambda answer, red, blue: answer and all(v == 0 for v in answer.values())),
)
def only_switched_off():
    return Later(lambda: dict.fromkeys(latents_for(4)[0], 0.0))


@exercise.recognises(
    "A value is far above anything that the latent ever reaches. The stream then points along one "
    "atom alone, and the model no longer knows it. Stay near the values that the latents have "
    "before blue.",
    _recognised(lambda answer, red, blue: max(answer.values()) > 25),
)
def far_too_much():
    return Later(lambda: values(4, 30.0))


@exercise.recognises(
    "None of the latents that you set speaks for blue more than for red. Compare the means of the "
    "codes before both words, latent by latent.",
    _recognised(lambda answer, red, blue: not any(answer.get(j, 0) > 0 for j in blue)),
)
def the_wrong_latents():
    def make():
        known = {*latents_for(4)[0], *latents_for(4)[1]}
        return dict.fromkeys([j for j in range(MOST_LATENTS) if j not in known][:4], 2.0)

    return Later(make)


@exercise.recognises(
    "You set latents for blue, and leave those for red on. Both then speak at once. Switch them "
    "off: set them to 0.",
    _recognised(lambda answer, red, blue: not any(answer.get(j, 1) == 0 for j in red)),
)
def red_left_on():
    return Later(lambda: {j: value for j, value in values(4, 1.0).items() if value > 0})


@exercise.recognises(
    "One latent for each colour is not enough: a colour is spread over several. Look how many "
    "means differ clearly, and set these, too.",
    _recognised(
        lambda answer, red, blue: (
            sum(answer.get(j, 1) == 0 for j in red) < 2
            or sum(answer.get(j, 0) > 0 for j in blue) < 2
        )
    ),
)
def one_of_each():
    return Later(lambda: values(1, 1.0))
