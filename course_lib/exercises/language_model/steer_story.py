"""Exercise `steer_story`: settings of a few latents that turn a red thing into a blue one."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.cases import Draw
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.language_model.story_autoencoders import (
    BLUE,
    MOST_LATENTS,
    RED,
    codes_before,
    steered,
)

EXAM_STORIES = 4  # seed
LEAST_BLUE, MOST_STEERED = 0.96, 4
TOO_FAR = 12  # several times what a latent for blue ever reaches

SOLUTION = """\
{
    latent: 2 * z_blue[:, latent].mean().item()
    for latent in (z_blue.mean(dim=0) - z_red.mean(dim=0)).abs().topk(4).indices.tolist()
}"""


def latents_for(count: int) -> tuple[list[int], list[int]]:
    """So many latents that are most active before red and not before blue; and the opposite."""
    difference = codes_before(BLUE).mean(dim=0) - codes_before(RED).mean(dim=0)
    return (-difference).topk(count).indices.tolist(), difference.topk(count).indices.tolist()


def values(off: int, on: int, dose: float) -> dict[int, float]:
    """So many latents for red switched off, and so many for blue set to their mean times a dose."""
    red, blue = latents_for(off)[0], latents_for(on)[1]
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
    mean = codes_before(BLUE).mean(dim=0)
    most = (mean - codes_before(RED).mean(dim=0)).abs().topk(MOST_STEERED).indices.tolist()
    return {latent: 2 * mean[latent].item() for latent in most}


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
    difficulty=2,
    minutes=20,
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
        "Latents that are on before red and off before blue speak for red: 0.0 switches them off. "
        "The others speak for blue. You have only four: take those whose two means differ most, "
        "of either kind. With the means before blue as values the chance is near 0.9: not enough "
        "yet.",
        "`(z_blue.mean(dim=0) - z_red.mean(dim=0)).abs().topk(4).indices.tolist()` are the four. "
        "Set each to *twice* its mean before blue (for one that speaks for red, that is 0). Four "
        "times as much makes it worse again.",
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
    f"You set more than {MOST_STEERED} latents. Keep those whose means before red and before blue "
    "differ most; what the others would have done, a larger value may do.",
    _recognised(lambda answer, red, blue: len(answer) > MOST_STEERED),
)
def too_many():
    return Later(lambda: values(4, 4, 1.5))


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
            any(answer.get(j, 0) > 0 for j in red) and any(answer.get(j, 1) <= 0 for j in blue)
        )
    ),
)
def wrong_way_round():
    def make():
        red, blue = latents_for(2)
        mean = codes_before(RED).mean(dim=0)
        return dict.fromkeys(blue, 0.0) | {latent: mean[latent].item() for latent in red}

    return Later(make)


@exercise.recognises(
    "You switch latents for red off, and set none for blue. The model then no longer expects red, "
    "but nothing tells it what to expect instead.",
    _recognised(
        lambda answer, red, blue: (
            any(j in answer for j in red) and all(v <= 0 for v in answer.values())
        )
    ),
)
def only_switched_off():
    return Later(lambda: dict.fromkeys(latents_for(4)[0], 0.0))


@exercise.recognises(
    "You raise no latent that speaks for blue: one that is on before blue, and off before red. "
    "Compare the means of the codes before both words, latent by latent.",
    _recognised(lambda answer, red, blue: not any(answer.get(j, 0) > 0 for j in blue)),
)
def the_wrong_latents():
    def make():
        known = {*latents_for(4)[0], *latents_for(4)[1]}
        return dict.fromkeys([j for j in range(MOST_LATENTS) if j not in known][:4], 2.0)

    return Later(make)


@exercise.recognises(
    "A value is far above anything that the latent ever reaches. The stream then points along one "
    "atom alone, and the model no longer knows it. Stay within a few times of the values that the "
    "latents have before blue.",
    _recognised(lambda answer, red, blue: max(answer.values()) > TOO_FAR),
)
def far_too_much():
    return Later(lambda: values(1, 3, 12.0))


@exercise.recognises(
    "You set latents for blue, and leave those for red on. Both then speak at once. Switch off the "
    "one that speaks for red most: set it to 0.",
    _recognised(lambda answer, red, blue: not any(answer.get(j, 1) <= 0 for j in red)),
)
def red_left_on():
    return Later(lambda: values(0, 4, 1.0))


@exercise.recognises(
    f"Fewer than {MOST_STEERED} of your latents speak for one of the two colours. A colour is "
    "spread over several latents: look how many means differ clearly, and set these, too.",
    _recognised(
        lambda answer, red, blue: (
            sum(answer.get(j, 1) <= 0 for j in red) + sum(answer.get(j, 0) > 0 for j in blue)
            < MOST_STEERED
        )
    ),
)
def too_few():
    return Later(lambda: values(1, 1, 1.0))


@exercise.recognises(
    "You switch several latents for red off. One of them does most of that; blue is spread more "
    "evenly. Take the four whose means differ most, be it for red or for blue.",
    _recognised(lambda answer, red, blue: sum(answer.get(j, 1) <= 0 for j in red) > 1),
)
def too_many_for_red():
    return Later(lambda: values(2, 2, 1.5))


@exercise.recognises(
    "These are four good latents, and their values are about right for a word before blue. But "
    "they stand for all that speaks for blue, and what speaks for red beside them is still there. "
    "Raise the values of those for blue.",
    _recognised(
        lambda answer, red, blue: all(
            answer.get(j, 0) < 1.4 * mean
            for j, mean in enumerate(codes_before(BLUE).mean(dim=0).tolist())
            if j in blue
        )
    ),
)
def too_weak():
    return Later(lambda: values(1, 3, 1.0))
