"""Exercise `find_features`: settings that find features that come in pairs, within 300 steps."""

from collections.abc import Callable, Mapping
from typing import Any

from course_lib.exercises.cases import Draw
from course_lib.exercises.superposition.exam_world import DEFAULTS, exam, problem_with
from course_lib.exercises.values import Measurement, OutcomeExercise
from course_lib.practice.superposition.paired_world import FEATURES, Result

LEAST_FOUND, MOST_L0, MOST_DEAD = 0.95, 13.0, 0.1

SOLUTION = """\
{"latents": 160, "k": None, "l1_weight": 2.0, "learning_rate": 0.01}"""


def reference() -> dict[str, Any]:
    """Settings that do it."""
    return {"latents": 160, "k": None, "l1_weight": 2.0, "learning_rate": 0.01}


def reaches(found: Result) -> tuple[bool, bool, bool]:
    """Which of the three bounds a result reaches."""
    return found.found >= LEAST_FOUND, found.l0 <= MOST_L0, found.dead <= MOST_DEAD


def measure(answer: Mapping[str, Any], draw: Draw) -> list[Measurement]:
    """Train on the exam world, and compare with its features."""
    got = exam(answer)
    found, sparse, alive = reaches(got)
    return [
        Measurement(
            "Features found one-to-one", f"{100 * got.found:.0f} %", "at least 95 %", found
        ),
        Measurement("L0", f"{got.l0:.1f}", f"at most {MOST_L0:.0f}", sparse),
        Measurement("Dead latents", f"{100 * got.dead:.0f} %", "at most 10 %", alive),
    ]


exercise = OutcomeExercise(
    "find_features",
    title="Features that come together",
    points=5,
    difficulty=3,
    minutes=30,
    why="In real data features come together. Then two of them on one atom is a bargain for the "
    "loss, and a loss for you.",
    solution=SOLUTION,
    build=reference,
    measure=measure,
    validate=problem_with,
    given="Settings of train_dictionary",
    hints=(
        "Change one thing at a time, with the practice world. First the room: with as many latents "
        "as features some features are missed, whatever else you do. Take about twice as many.",
        "Then compare TopK with an L1 penalty (`k` None and an l1_weight). The strength of L1 "
        "goes with the size of the features, which is about 3 here: weights of 0.3, 1 and 3 are a "
        "good first search.",
        "160 latents, no k, an l1_weight between 1.9 and 2.4 and the learning rate 0.01 do it. "
        "Weaker, and L0 is too large; stronger, and latents die.",
    ),
)


# -- how wrong settings are recognised --------------------------------------------------------


def _when(condition: Callable[[dict[str, Any], Result], bool]):
    return lambda answer: condition(DEFAULTS | dict(answer), exam(answer))


@exercise.recognises(
    "There is neither a penalty nor a k, so nothing keeps latents off. The error is next to "
    "nothing, and nothing is found.",
    _when(lambda s, r: s["k"] is None and s["l1_weight"] == 0),
)
def nothing_presses():
    return {"latents": 160}


@exercise.recognises(
    f"You have fewer atoms than there are features, {FEATURES}. In a one-to-one matching an atom "
    f"can serve one feature only. Take more latents.",
    _when(lambda s, r: s["latents"] < FEATURES),
)
def too_few_latents():
    return {"latents": 64, "l1_weight": 2.0}


@exercise.recognises(
    "Your learning rate is so large that many latents are thrown off in the first steps. Lower it "
    "in factors of 3.",
    _when(lambda s, r: s["learning_rate"] > 0.02),
)
def too_fast():
    return {"latents": 160, "l1_weight": 2.0, "learning_rate": 0.1}


@exercise.recognises(
    "Your learning rate is too small for 300 steps: atoms have not arrived, and latents have not "
    "gone off. Raise it in factors of 3.",
    _when(lambda s, r: s["learning_rate"] < 0.006),
)
def too_slow():
    return {"latents": 160, "l1_weight": 2.0, "learning_rate": 0.001}


@exercise.recognises(
    "You have hardly more atoms than features. Now and then two atoms go after the same feature, "
    "and another one is missed. Take more latents than there are features.",
    _when(lambda s, r: s["latents"] < 1.35 * FEATURES),
)
def no_room():
    return {"latents": 80, "l1_weight": 2.0}


@exercise.recognises(
    "With this k, more latents may be on than there are features on. What is too much goes into a "
    "better reconstruction, and the atoms become mixtures. Lower k, or let a penalty choose.",
    _when(lambda s, r: s["k"] is not None and s["l1_weight"] == 0 and s["k"] > 8),
)
def k_too_large():
    return {"latents": 160, "k": 12}


@exercise.recognises(
    "With so small a k, an example with more features on must leave some out or put two on one "
    "atom. About 4 are on *on average*. Raise k, or let a penalty choose.",
    _when(lambda s, r: s["k"] is not None and s["k"] < 4),
)
def k_too_small():
    return {"latents": 160, "k": 2}


@exercise.recognises(
    "Near this k most features are found, but not enough: k is the same for each example, though "
    "now 3 and now 6 features are on. Try what an L1 penalty does instead, or both.",
    _when(lambda s, r: s["k"] is not None and s["l1_weight"] == 0),
)
def top_k_alone():
    return {"latents": 160, "k": 4}


@exercise.recognises(
    "Your penalty is so strong that latents die before they have found a feature. Lower "
    "`l1_weight`.",
    _when(lambda s, r: s["k"] is None and r.dead > MOST_DEAD),
)
def too_strong():
    return {"latents": 160, "l1_weight": 4.0}


@exercise.recognises(
    "Your penalty is too weak: too many latents are on at a time. Raise `l1_weight`: the features "
    "are three times as strong here as in lesson 6, and the weight must go with them.",
    _when(lambda s, r: s["k"] is None and r.l0 > MOST_L0),
)
def too_weak():
    return {"latents": 128, "l1_weight": 0.45, "learning_rate": 0.012}
