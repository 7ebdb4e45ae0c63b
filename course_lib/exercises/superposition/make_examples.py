"""Exercise `make_examples`: sparse sums of known features, the data of this unit.

x = Σ_i z_i d_i,     z_i = mask_i · magnitude_i
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.superposition.drawn_examples import DrawnExercise


def make_examples(
    dictionary: Tensor, count: int, active: float, low: float, high: float
) -> tuple[Tensor, Tensor]:
    """Examples that are sums of a few known features.

    dictionary : one feature per row, of any length, shape (features, d), float32
    count : how many examples
    active : how many features are on in an example, on average; less than there are
    low, high : the magnitude of a feature that is on lies evenly between them
    Returns the examples, shape (count, d), and their codes, shape (count, features).
    """
    ### BEGIN SOLUTION
    features = len(dictionary)
    mask = torch.rand(count, features) < active / features
    magnitude = low + (high - low) * torch.rand(count, features)
    codes = mask * magnitude
    return codes @ dictionary, codes
    ### END SOLUTION


def cases(draw: Draw):
    """Other sizes, chances and ranges; as many features as inputs; one example."""

    def case(features, d, count, active, low, high, note, least=1.0):
        dictionary = normalize(draw.normal(features, d), dim=1) * draw.uniform(
            features, 1, low=least, high=2 - least
        )
        args = {"dictionary": dictionary, "count": count, "active": active, "low": low}
        return Case({**args, "high": high}, note=note)

    yield case(5, 3, 1, 2.0, 0.5, 2.0, "a single example")
    yield case(12, 5, 4000, 0.9, 2.0, 5.0, "fewer than one feature on, large magnitudes")
    yield case(9, 9, 4000, 3.0, 0.5, 2.0, "as many features as inputs")
    yield case(16, 24, 3000, 6.5, 0.2, 0.8, "fewer features than inputs, some long", 0.4)


exercise = DrawnExercise(
    make_examples,
    title="Make the world",
    points=5,
    difficulty=2,
    minutes=20,
    why="An experiment is worth what its data are worth. A shared draw, or features that come "
    "and go together, is a fault that no loss curve shows.",
    cases=cases,
    hints=(
        "Two questions for each feature of each example: is it on? And if it is, how strongly? "
        "Both are answered by numbers from `torch.rand(count, features)`, which lie evenly between "
        "0 and 1. Draw anew for the second question.",
        "`torch.rand(count, features) < p` is True with probability p. Which p makes `active` "
        "features on, on average? And a number u between 0 and 1 becomes one between low and high "
        "by `low + (high - low) * u`.",
        "`mask = torch.rand(count, features) < active / features`, then the magnitudes from a "
        "second `torch.rand`, and `codes = mask * magnitude`. The examples are "
        "`codes @ dictionary`.",
    ),
)


def _codes(dictionary, count, active, low, high, *, mask=None, magnitude=None):
    features = len(dictionary)
    if mask is None:
        mask = torch.rand(count, features) < active / features
    if magnitude is None:
        magnitude = low + (high - low) * torch.rand(count, features)
    codes = mask * magnitude
    return codes @ dictionary, codes


@exercise.misconception(
    "One and the same draw decides whether a feature is on and how strongly. A feature is on when "
    "its number is small, so all magnitudes lie near `low`. Draw a second time for the magnitudes."
)
def one_draw(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    mask = u < active / len(dictionary)
    return _codes(dictionary, count, active, low, high, mask=mask, magnitude=low + (high - low) * u)


@exercise.misconception(
    "One and the same draw decides whether a feature is on and how strongly. A feature is on when "
    "its number is large, so all magnitudes lie near `high`. Draw a second time for the magnitudes."
)
def one_draw_from_above(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    mask = u > 1 - active / len(dictionary)
    return _codes(dictionary, count, active, low, high, mask=mask, magnitude=low + (high - low) * u)


@exercise.misconception(
    "All features of an example are on, or none is. Each feature needs a draw of its own: the mask "
    "has shape (count, features), not (count, 1)."
)
def all_together(dictionary, count, active, low, high):
    mask = torch.rand(count, 1) < active / len(dictionary)
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "The same features are on in every example. Draw the mask anew for each example: it has shape "
    "(count, features)."
)
def same_in_every_example(dictionary, count, active, low, high):
    features = len(dictionary)
    mask = torch.arange(features) < max(1, min(features - 1, round(active)))
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "Every example has exactly the same number of features on. Then they are not independent: if "
    "one is on, another is less likely to be. Let each feature be on or off by a draw of its own; "
    "`active` holds on average only."
)
def exactly_so_many(dictionary, count, active, low, high):
    k = max(1, round(active))
    first = torch.rand(count, len(dictionary)).argsort(dim=1)[:, :k]
    mask = torch.zeros(count, len(dictionary)).scatter(1, first, 1.0)
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "All features are on in every example: the mask is missing. Multiply the magnitudes with it."
)
def no_mask(dictionary, count, active, low, high):
    return _codes(dictionary, count, active, low, high, mask=1.0)


@exercise.misconception(
    "Features are on too often: with u = `torch.rand(…)`, the condition u > p is True with "
    "probability 1 - p. Write u < p."
)
def off_for_on(dictionary, count, active, low, high):
    features = len(dictionary)
    mask = torch.rand(count, features) > active / features
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "You take `active` for a chance, and features are on too often, or always. It is a number of "
    "features. The chance of a single one is `active / features`."
)
def count_as_chance(dictionary, count, active, low, high):
    mask = torch.rand(count, len(dictionary)) < active
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "Features are on too often or too rarely, in the same way whatever `active` is. The chance to "
    "be on is `active / features`, with the number of features taken from the dictionary."
)
def active_ignored(dictionary, count, active, low, high):
    mask = torch.rand(count, len(dictionary)) < 0.2
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "You divide `active` by the number of inputs, d. There are as many features as the dictionary "
    "has *rows*."
)
def divided_by_d(dictionary, count, active, low, high):
    mask = torch.rand(count, len(dictionary)) < active / dictionary.shape[1]
    return _codes(dictionary, count, active, low, high, mask=mask)


@exercise.misconception(
    "The magnitudes are all 1: you return the mask. How strongly a feature is on is drawn, too, "
    "between low and high."
)
def mask_alone(dictionary, count, active, low, high):
    return _codes(dictionary, count, active, low, high, magnitude=1.0)


@exercise.misconception(
    "All magnitudes are equal, midway between low and high. Draw them: evenly *between* low and "
    "high, one for each feature of each example."
)
def always_midway(dictionary, count, active, low, high):
    return _codes(dictionary, count, active, low, high, magnitude=(low + high) / 2)


@exercise.misconception(
    "All magnitudes are one and the same number. Draw one for each feature of each example: "
    "`torch.rand(count, features)`."
)
def one_number(dictionary, count, active, low, high):
    magnitude = low + (high - low) * torch.rand(())
    return _codes(dictionary, count, active, low, high, magnitude=magnitude)


@exercise.misconception(
    "Some magnitudes have a minus sign. They lie between `low` and `high`: leave the signs alone."
)
def random_signs(dictionary, count, active, low, high):
    _, codes = _codes(dictionary, count, active, low, high)
    codes = codes * torch.randn_like(codes).sign()
    return codes @ dictionary, codes


@exercise.misconception(
    "The magnitudes are half as large as asked for. Is there a factor of 0.5, or a mean of two?"
)
def half_as_large(dictionary, count, active, low, high):
    x, codes = _codes(dictionary, count, active, low, high)
    return x / 2, codes / 2


@exercise.misconception(
    "The magnitudes lie between 0 and 1, whatever `low` and `high` are. Bring the draw to this "
    "range: `low + (high - low) * u`."
)
def range_ignored(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=u)


@exercise.misconception(
    "The magnitudes lie between 0 and high: `low` is not used. Write `low + (high - low) * u`."
)
def low_ignored(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=high * u)


@exercise.misconception(
    "The magnitudes lie between 0 and high - low. Add `low`: `low + (high - low) * u`."
)
def low_not_added(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=(high - low) * u)


@exercise.misconception(
    "The magnitudes go up to low + high. Multiply by `high - low`, not by `high`: the range is "
    "that wide."
)
def range_too_wide(dictionary, count, active, low, high):
    u = torch.rand(count, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=low + high * u)


@exercise.misconception(
    "All features that are on in an example have the same magnitude. Draw one for each feature: "
    "the magnitudes have shape (count, features)."
)
def one_per_example(dictionary, count, active, low, high):
    magnitude = low + (high - low) * torch.rand(count, 1)
    return _codes(dictionary, count, active, low, high, magnitude=magnitude)


@exercise.misconception(
    "A feature has the same magnitude whenever it is on. Draw anew for each example: the "
    "magnitudes have shape (count, features)."
)
def one_per_feature(dictionary, count, active, low, high):
    # low and high are among them, so that their range gives nothing away
    magnitude = torch.linspace(low, high, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=magnitude)


@exercise.misconception(
    "Some magnitudes are negative: `torch.randn` draws from a bell curve around 0. `torch.rand`, "
    "without the n, draws evenly between 0 and 1."
)
def bell_curve(dictionary, count, active, low, high):
    magnitude = (low + high) / 2 + (high - low) * torch.randn(count, len(dictionary))
    return _codes(dictionary, count, active, low, high, magnitude=magnitude)


@exercise.misconception(
    "Your function draws the same numbers whenever it is called: a seed is set inside. Leave the "
    "seed to the caller."
)
def seed_inside(dictionary, count, active, low, high):
    torch.default_generator.manual_seed(0)
    return _codes(dictionary, count, active, low, high)


@exercise.misconception(
    "You have scaled the examples to length 1. Then the strength of a feature in x is no longer "
    "the one in the code. Return `codes @ dictionary` as it is."
)
def examples_of_length_one(dictionary, count, active, low, high):
    x, codes = _codes(dictionary, count, active, low, high)
    return normalize(x, dim=1), codes


@exercise.misconception(
    "You have divided each example by the number of features that are on. It is their *sum*: "
    "return `codes @ dictionary` as it is."
)
def mean_of_those_on(dictionary, count, active, low, high):
    x, codes = _codes(dictionary, count, active, low, high)
    return x / (codes != 0).sum(dim=1, keepdim=True).clamp(min=1), codes


@exercise.misconception(
    "The examples are made of the mask alone, though the code has magnitudes. A feature enters "
    "the example as strongly as its entry of the code says: `codes @ dictionary`."
)
def made_of_the_mask(dictionary, count, active, low, high):
    _, codes = _codes(dictionary, count, active, low, high)
    return (codes != 0).float() @ dictionary, codes


@exercise.misconception(
    "You have scaled the rows of the dictionary to length 1. Take the dictionary as it is: "
    "`codes @ dictionary`."
)
def dictionary_normalised(dictionary, count, active, low, high):
    return _codes(normalize(dictionary, dim=1), count, active, low, high)


@exercise.misconception(
    "Your examples are near `codes @ dictionary`, but not equal: has noise been added? None is "
    "asked for here."
)
def noise_added(dictionary, count, active, low, high):
    x, codes = _codes(dictionary, count, active, low, high)
    return x + 0.05 * torch.randn_like(x), codes


@exercise.misconception("You return the codes first. The examples come first, then the codes.")
def codes_first(dictionary, count, active, low, high):
    return _codes(dictionary, count, active, low, high)[::-1]


@exercise.misconception("You return the examples alone. Return the codes, too: they are the truth.")
def examples_alone(dictionary, count, active, low, high):
    return _codes(dictionary, count, active, low, high)[0]


@exercise.style
def with_bernoulli(dictionary, count, active, low, high):
    chance = torch.full((count, len(dictionary)), active / len(dictionary))
    codes = torch.bernoulli(chance) * torch.empty_like(chance).uniform_(low, high)
    return codes.matmul(dictionary), codes


@exercise.style
def example_by_example(dictionary, count, active, low, high):
    features, _ = dictionary.shape
    codes = torch.zeros(count, features)
    on = torch.rand(count, features) < active / features
    codes[on] = (high - low) * torch.rand(int(on.sum())) + low
    return torch.stack([z @ dictionary for z in codes]), codes


@exercise.style
def drawn_from_above(dictionary, count, active, low, high):
    shape = (count, dictionary.shape[0])
    off = torch.rand(shape) >= active / shape[1]
    codes = (high - (high - low) * torch.rand(shape)).masked_fill(off, 0.0)
    return torch.einsum("nf,fd->nd", codes, dictionary), codes
