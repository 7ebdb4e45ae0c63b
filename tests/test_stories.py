"""Stories: the chances of words are those with which they come, and features stand where needed."""

import math
from collections import Counter

import pytest
import torch

from course_lib import Feature, WrongArgument, tell_stories
from course_lib.data.stories import (
    BOYS,
    END,
    FACTORS,
    GIRLS,
    LONGEST,
    NAMES,
    START,
    THINGS,
    VOCABULARY,
    decode,
    encode,
)


@pytest.fixture(scope="module")
def told():
    return tell_stories(3000, seed=3)


def words_of(told, i):
    return [VOCABULARY[n] for n in told.tokens[i][told.mask[i]]]


def test_a_seed_gives_the_same_stories_and_fewer_are_the_first_of_more(told):
    again, fewer, other = tell_stories(20, 3), tell_stories(5, 3), tell_stories(20, 4)
    assert torch.equal(again.tokens, told.tokens[:20]) and again.factors == told.factors[:20]
    assert torch.equal(fewer.tokens, told.tokens[:5])
    assert not torch.equal(other.tokens, again.tokens)


def test_a_story_stands_between_its_ends_and_the_rest_is_padding(told):
    for i in range(50):
        words = words_of(told, i)
        assert words[0] == START and words[-1] == END and END not in words[:-1]
        length = len(words)
        assert bool(told.mask[i, :length].all()) and not bool(told.mask[i, length:].any())
        assert all(VOCABULARY[n] == END for n in told.tokens[i, length:])
    assert told.tokens.shape == (3000, LONGEST)


def test_all_words_of_the_vocabulary_come_and_no_others(told):
    assert set(told.tokens.unique().tolist()) == set(range(len(VOCABULARY)))
    assert len(set(VOCABULARY)) == len(VOCABULARY) == 159


def test_the_story_follows_from_its_factors(told):
    for i in range(300):
        words, factors = words_of(told, i), told.factors[i]
        text = " ".join(words)
        assert (factors["gender"] == "girl") == (factors["name"] in GIRLS)
        assert factors["name"] in GIRLS + BOYS and f"near the {factors['place']} ." in text
        assert factors["thing"] in THINGS[factors["place"]]
        noun = factors["thing"] + ("s" if factors["number"] == "many" else "")
        assert f"the {factors['colour']} {noun} ." in text
        assert (" is a " in text or " there is a " in text) == (factors["tense"] == "present")
        wrong = {"he", "his"} if factors["gender"] == "girl" else {"she", "her"}
        assert not wrong & set(words)
        for factor, value in factors.items():
            assert value in FACTORS[factor]


def test_chances_are_those_with_which_words_come(told):
    """After the same beginning words come as often as their chances say: three beginnings."""
    first = Counter(words_of(told, i)[1] for i in range(3000))
    assert abs(first["there"] / 3000 - 0.5) < 0.04
    i = next(i for i in range(3000) if words_of(told, i)[1] != "there")
    assert told.log_probs[i, 1].exp() == pytest.approx(1 / 24)
    assert told.log_probs[i, 3] == 0  # "a" is certain
    after_colour = Counter()
    for i in range(3000):
        words = words_of(told, i)
        place, number = told.factors[i]["place"], told.factors[i]["number"]
        if (place, number) == ("lake", "many"):
            j = next(j for j, w in enumerate(words) if w in ("two", "three", "many"))
            after_colour[words[j + 2]] += 1
            assert told.log_probs[i, j + 2].exp() == pytest.approx(1 / 3)
    total = sum(after_colour.values())
    assert set(after_colour) == {"plums", "frogs", "sticks"}
    assert all(abs(count / total - 1 / 3) < 0.12 for count in after_colour.values())


def test_every_prefix_has_chances_that_sum_to_one(told):
    """Whatever came before, the chances of the words seen next never sum to more than 1, and
    reach 1 for beginnings that are common enough for all continuations to be seen."""
    seen: dict[tuple, dict[str, float]] = {}
    for i in range(3000):
        words = words_of(told, i)
        for j in range(1, 9):
            chance = math.exp(float(told.log_probs[i, j]))
            known = seen.setdefault(tuple(words[:j]), {}).setdefault(words[j], chance)
            assert known == pytest.approx(chance), (words[:j], words[j])
    assert all(sum(chances.values()) < 1 + 1e-6 for chances in seen.values())
    for beginning in ([START], [START, "there"], [START, "there", "was", "a"], [START, "Mia"]):
        assert sum(seen[tuple(beginning)].values()) == pytest.approx(1)


def test_the_entropy_is_the_mean_surprise_of_all_words_but_the_first(told):
    by_hand = [-float(told.log_probs[i, 1 : len(words_of(told, i))].sum()) for i in range(200)]
    words = [len(words_of(told, i)) - 1 for i in range(200)]
    assert tell_stories(200, 3).entropy() == pytest.approx(sum(by_hand) / sum(words), rel=1e-5)
    assert told.entropy() == pytest.approx(0.4555, abs=0.002)


def test_a_feature_stands_before_the_word_that_needs_it(told):
    follows = {
        Feature("gender", "girl", "her or his"): {"her"},
        Feature("gender", "boy", "she or he"): {"he"},
        Feature("number", "many", "it or them"): {"them"},
        Feature("colour", "red", "the colour again"): {"red"},
        Feature("tense", "past", "finds or sees"): {"found", "saw"},
        Feature("mood", "sad", "the reaction"): {"cries", "cried", "sighs", "sighed"},
        Feature("thing", "frog", "the thing again"): {"frog", "frogs"},
        Feature("name", "Mia", "the subject"): {"Mia", "she"},
        Feature("place", "lake", "the place again"): {"lake"},
        Feature("kind", "food", "the deed"): {"eats", "ate", "tastes", "tasted"},
    }
    for feature, expected in follows.items():
        stories, places = told.where(feature).nonzero().T
        seen = {VOCABULARY[n] for n in told.tokens[stories, places + 1]}
        assert seen == expected, feature
        assert all(told.factors[i][feature.factor] == feature.value for i in stories.tolist())


def test_every_value_of_every_factor_is_needed_somewhere(told):
    for factor, values in FACTORS.items():
        assert {f.value for f in told.positions if f.factor == factor} == set(values)
    assert len(told.positions) == 95
    assert all(bool(told.mask[tuple(p.T)].all()) for p in told.positions.values())


def test_text_is_encoded_and_decoded():
    tokens = encode("Mia is a girl .")
    assert decode(tokens) == "<start> Mia is a girl ."
    assert tokens.dtype == torch.int64
    with pytest.raises(WrongArgument, match="'wolf', which is none of the 159 words"):
        encode("Mia is a wolf .")
    with pytest.raises(WrongArgument, match="holds 159; words have numbers 0 to 158"):
        decode([3, 159])


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "3"])
def test_a_wrong_count_is_refused(count):
    with pytest.raises(WrongArgument, match="count is"):
        tell_stories(count)


def test_a_wrong_seed_or_feature_is_refused(told):
    with pytest.raises(WrongArgument, match="seed is"):
        tell_stories(3, seed=-1)
    with pytest.raises(WrongArgument, match="one of the 95 keys"):
        told.where(Feature("gender", "cat", "her or his"))


def test_names_are_as_often_of_girls_as_of_boys():
    assert len(GIRLS) == len(BOYS) and len(set(NAMES)) == 12
