"""Short stories that a small grammar tells, so that all there is to know about them is known.

    Mia is a girl . she lives near the beach . at the beach Mia finds two red crabs . …

A story follows from a few **factors**: who it is about, whether it is told in the past, where it
happens, what is found, how many and of which colour, and the mood. Each is said once, in a word
that nobody could foresee. Later it is needed again, to foresee another word: "she" needs the
gender, "finds" the tense, "crabs" the number. A model that foresees well must carry the factors
from word to word. Where it needs which factor is kept beside the text: these are the known
**features** of a model that tells such stories.

A word is drawn evenly from those that may come next, and the words so far tell which these are.
So the chance of every word is known, and with it the entropy of the stories: no model has a lower
expected loss.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.arguments import require_whole
from course_lib.data.limits import require_memory
from course_lib.data.streams import require_seed
from course_lib.errors import WrongArgument

START, END = "<start>", "<end>"
LONGEST = 64  # words of a story, at most
GIRLS = ("Lily", "Mia", "Anna", "Zoe", "Ella", "Ruth")
BOYS = ("Tom", "Ben", "Max", "Sam", "Leo", "Finn")
NAMES = GIRLS + BOYS
KINDS = ("food", "animal", "object")
THINGS = {  # what can be found where: one of each kind
    "beach": ("melon", "crab", "boat"),
    "lake": ("plum", "frog", "stick"),
    "farm": ("carrot", "duck", "bucket"),
    "market": ("cookie", "cat", "cup"),
    "park": ("apple", "dog", "kite"),
    "school": ("muffin", "hamster", "pencil"),
}
COLOURS = ("red", "blue", "green", "yellow", "white", "brown")
NUMBERS = {"one": ("a", "one"), "many": ("two", "three", "many")}
Verbs = Sequence[tuple[str, str]]  # (present, past)
DEEDS: dict[str, Verbs] = {
    "food": (("eats", "ate"), ("tastes", "tasted")),
    "animal": (("feeds", "fed"), ("pets", "petted")),
    "object": (("takes", "took"), ("cleans", "cleaned")),
}
REACTIONS: dict[str, Verbs] = {
    "happy": (("laughs", "laughed"), ("sings", "sang")),
    "sad": (("cries", "cried"), ("sighs", "sighed")),
    "angry": (("shouts", "shouted"), ("stamps", "stamped")),
    "tired": (("sleeps", "slept"), ("yawns", "yawned")),
    "scared": (("hides", "hid"), ("shakes", "shook")),
    "hungry": (("cooks", "cooked"), ("bakes", "baked")),
}
LIVES: Verbs = (("lives", "lived"), ("plays", "played"))
FINDS: Verbs = (("finds", "found"), ("sees", "saw"))
COMES: Verbs = (("comes", "came"), ("walks", "walked"), ("runs", "ran"))
FALLS: Verbs = (("comes", "came"),)
LIKE: Verbs = (("like", "liked"), ("want", "wanted"), ("draw", "drew"))
FEELS: Verbs = (("is", "was"), ("feels", "felt"))
FILLERS = """there a named . near the she he it them her his friend to friends night evening
    still , so"""

FACTORS: dict[str, tuple[str, ...]] = {
    "name": NAMES,
    "gender": ("girl", "boy"),
    "tense": ("present", "past"),
    "place": tuple(THINGS),
    "number": tuple(NUMBERS),
    "colour": COLOURS,
    "kind": KINDS,
    "thing": tuple(thing for things in THINGS.values() for thing in things),
    "mood": tuple(REACTIONS),
}


class Feature(NamedTuple):
    """A factor with its value, at the words after which a certain word needs it."""

    factor: str  # a key of `FACTORS`
    value: str  # one of its values
    needed_for: str  # what comes next, as "she or he"

    def __str__(self) -> str:
        return f"{self.factor} is {self.value}, for {self.needed_for}"


# -- one story ------------------------------------------------------------------------------------


@dataclass
class Teller:
    """Tells one story, and keeps of each word its chance and the features needed to foresee it."""

    draw: random.Random
    words: list[str] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)  # ln of the chance of each word
    needs: list[tuple[Feature, ...]] = field(default_factory=list)  # to foresee each word
    factors: dict[str, str] = field(default_factory=dict)

    def say(self, word: str, needed_for: str = "", *factors: str, options: int = 1) -> None:
        """Add a word that was one of so many equally likely options; it needed these factors."""
        self.words.append(word)
        self.log_probs.append(-math.log(options))
        self.needs.append(tuple(Feature(f, self.factors[f], needed_for) for f in factors))

    def text(self, words: str) -> None:
        """Add words that need no factor."""
        for word in words.split():
            self.say(word)

    def choose(self, options: Sequence[str]) -> str:
        """Add one of some words that need no factor."""
        word = self.draw.choice(options)
        self.say(word, options=len(options))
        return word

    def recall(self, factor: str) -> None:
        """Add the word that names a factor."""
        self.say(self.factors[factor], f"the {factor} again", factor)

    def verb(self, verbs: Verbs, needed_for: str, *factors: str) -> None:
        """Add one of some verbs, in the tense of the story; perhaps it needs other factors too."""
        past = self.factors["tense"] == "past"
        word = self.draw.choice(verbs)[past]
        self.say(word, needed_for, "tense", *factors, options=len(verbs))

    def by_gender(self, girl: str, boy: str) -> None:
        """Add one of two words."""
        word = girl if self.factors["gender"] == "girl" else boy
        self.say(word, f"{girl} or {boy}", "gender")

    def subject(self) -> None:
        """Add "she" or "he", or as often the name."""
        pronoun = "she" if self.factors["gender"] == "girl" else "he"
        word = self.draw.choice((pronoun, self.factors["name"]))
        self.say(word, "the subject", "gender", "name", options=2)

    def introduce(self) -> None:
        """Who it is about, whether it is told in the past, and where it happens."""
        self.say(START)
        name = self.draw.choice(NAMES)
        tense = self.draw.choice(FACTORS["tense"])
        gender = "girl" if name in GIRLS else "boy"
        self.factors |= {"name": name, "tense": tense, "gender": gender}
        name_first = self.draw.random() < 0.5
        if name_first:
            self.say(name, options=2 * len(NAMES))
        else:
            self.say("there", options=2)
        self.say("was" if tense == "past" else "is", options=2)
        self.text("a")
        if name_first:
            self.by_gender("girl", "boy")
        else:
            self.say(gender, options=2)
            self.text("named")
            self.say(name, "a name", "gender", options=len(GIRLS))
        self.text(".")
        self.subject()
        self.verb(LIVES, "lives or plays")
        self.text("near the")
        self.factors["place"] = self.choose(FACTORS["place"])
        self.text(".")

    def feel(self) -> None:
        """today … : the mood."""
        self.subject()
        self.verb(FEELS, "is or feels")
        self.factors["mood"] = self.choose(FACTORS["mood"])
        self.text(".")

    def find(self) -> None:
        """at … : what is found, how many, of which colour, and what is done with it."""
        self.text("the")
        self.recall("place")
        self.subject()
        self.verb(FINDS, "finds or sees")
        number, kind = self.draw.choice(FACTORS["number"]), self.draw.choice(KINDS)
        thing = THINGS[self.factors["place"]][KINDS.index(kind)]
        self.factors |= {"number": number, "kind": kind, "thing": thing}
        self.say(self.draw.choice(NUMBERS[number]), options=2 * len(NUMBERS[number]))
        self.factors["colour"] = self.choose(COLOURS)
        self.say(self.noun, "what is found", "place", "number", options=len(KINDS))
        self.text(".")
        self.subject()
        self.verb(DEEDS[kind], "the deed", "kind")
        self.say("it" if number == "one" else "them", "it or them", "number")
        self.text(".")

    def meet(self) -> None:
        """then … : a friend comes."""
        self.by_gender("her", "his")
        self.text("friend")
        self.choose([name for name in NAMES if name != self.factors["name"]])
        self.verb(COMES, "comes, walks or runs")
        self.text("to the")
        self.recall("place")
        self.text(".")

    def like(self) -> None:
        """both … : the two like what was found."""
        self.text("friends")
        self.verb(LIKE, "like, want or draw")
        self.text("the")
        self.recall("colour")
        self.say(self.noun, "the thing again", "thing", "number")
        self.text(".")

    def close(self) -> None:
        """when … : at night the mood shows."""
        self.choose(("night", "evening"))
        self.verb(FALLS, "night comes")
        self.subject()
        self.text("still")
        self.verb(FEELS, "is or feels")
        self.recall("mood")
        self.text(", so")
        self.by_gender("she", "he")
        self.verb(REACTIONS[self.factors["mood"]], "the reaction", "mood")
        self.text(".")

    @property
    def noun(self) -> str:
        """The thing, in singular or plural."""
        return self.factors["thing"] + ("s" if self.factors["number"] == "many" else "")


SENTENCES = {  # the first word tells which sentence comes
    "today": Teller.feel,
    "at": Teller.find,
    "then": Teller.meet,
    "both": Teller.like,
    "when": Teller.close,
}
AFTER = {"both": {"at", "then"}, "when": {"today", "both"}}  # what must have been told before


def tell(draw: random.Random) -> Teller:
    """One story: the introduction, then each sentence once, in an order drawn on the way."""
    teller = Teller(draw)
    teller.introduce()
    told: set[str] = set()
    while len(told) < len(SENTENCES):
        free = [word for word in SENTENCES if word not in told and AFTER.get(word, set()) <= told]
        word = teller.choose(free)
        SENTENCES[word](teller)
        told.add(word)
    teller.say(END)
    return teller


# -- many stories ---------------------------------------------------------------------------------


def _vocabulary() -> tuple[str, ...]:
    """All words of the grammar, after the two that mark a story's ends."""
    verbs = [LIVES, FINDS, COMES, FALLS, LIKE, FEELS, *DEEDS.values(), *REACTIONS.values()]
    words = {word for pairs in verbs for pair in pairs for word in pair}
    words |= {thing + ending for thing in FACTORS["thing"] for ending in ("", "s")}
    words |= {word for words in NUMBERS.values() for word in words}
    words |= {*NAMES, *THINGS, *COLOURS, *REACTIONS, *SENTENCES, *FACTORS["gender"]}
    words |= {*FILLERS.split()}
    return (START, END, *sorted(words))


VOCABULARY = _vocabulary()
_NUMBER = {word: number for number, word in enumerate(VOCABULARY)}


class Stories(NamedTuple):
    """Stories as numbers of words, and what is known about them."""

    tokens: Tensor  # (stories, LONGEST) int64: numbers of words, `END` behind a story's end
    mask: Tensor  # (stories, LONGEST) bool: True for the words of a story, both ends included
    log_probs: Tensor  # (stories, LONGEST): ln of the chance of a word, given those before it
    factors: list[dict[str, str]]  # of each story: its value of each factor
    positions: dict[Feature, Tensor]  # where a feature is: (places, 2), story and word

    def where(self, feature: Feature) -> Tensor:
        """(stories, LONGEST) bool: True where the feature is needed to foresee the next word.

        Raises `WrongArgument` for a feature that no story has.
        """
        if feature not in self.positions:
            raise WrongArgument(
                f"feature is {feature!r}; it must be one of the {len(self.positions)} keys of "
                "stories.positions."
            )
        there = torch.zeros_like(self.mask)
        there[tuple(self.positions[feature].T)] = True
        return there

    def entropy(self) -> float:
        """What the best model would lose on these stories: nats a word, the first one left out."""
        return -float(self.log_probs[:, 1:][self.mask[:, 1:]].double().mean())

    def text(self, story: int) -> str:
        """The words of one story, without its ends."""
        return decode(self.tokens[story][self.mask[story]][1:-1])


def tell_stories(count: int, seed: int = 0) -> Stories:
    """So many stories. The same seed gives the same ones; fewer are the first of more.

    Raises `WrongArgument` for a count below 1, a seed that is none, or more than fits in memory.
    """
    count, seed = require_whole("count", count), require_seed(seed)
    require_memory(f"count is {count}", 4 * count * LONGEST)
    tokens = torch.full((count, LONGEST), _NUMBER[END])
    mask = torch.zeros(count, LONGEST, dtype=torch.bool)
    log_probs = torch.zeros(count, LONGEST)
    factors: list[dict[str, str]] = []
    positions: dict[Feature, list[tuple[int, int]]] = {}
    draw = random.Random(f"stories {seed}")
    for i in range(count):
        teller = tell(draw)
        length = len(teller.words)
        tokens[i, :length] = torch.tensor([_NUMBER[word] for word in teller.words])
        mask[i, :length] = True
        log_probs[i, :length] = torch.tensor(teller.log_probs)
        factors.append(teller.factors)
        for j, needs in enumerate(teller.needs):
            for feature in needs:
                positions.setdefault(feature, []).append((i, j - 1))  # one word before it is said
    found = {feature: torch.tensor(positions[feature]) for feature in sorted(positions)}
    return Stories(tokens, mask, log_probs, factors, found)


def encode(text: str) -> Tensor:
    """The words of a text, separated by spaces, as numbers, after `START`: (words + 1,) int64.

    Raises `WrongArgument` for a word that the stories do not have.
    """
    words = [START, *text.split()]
    if unknown := [word for word in words if word not in _NUMBER]:
        raise WrongArgument(
            f"text holds {unknown[0]!r}, which is none of the {len(VOCABULARY)} words of the "
            "stories. Put spaces around full stops; course_lib.data.stories.VOCABULARY lists all."
        )
    return torch.tensor([_NUMBER[word] for word in words])


def decode(tokens: Tensor | Iterable[int]) -> str:
    """Numbers of words (words,) as text. Raises `WrongArgument` for a number that is none."""
    numbers = [int(number) for number in tokens]
    if bad := [n for n in numbers if not 0 <= n < len(VOCABULARY)]:
        raise WrongArgument(
            f"tokens holds {bad[0]}; words have numbers 0 to {len(VOCABULARY) - 1}."
        )
    return " ".join(VOCABULARY[number] for number in numbers)
