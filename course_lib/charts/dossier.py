"""A picture of one latent: its top examples, its activations, its effect and its features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from course_lib.plotting import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_lib.data.stories import Stories
    from course_lib.interpretation.dossier import LatentDossier

BEFORE, AFTER = 9, 2  # words shown around an example's highest activation
VISIBLE = 0.001  # smaller changes of a chance are not shown
WIDTH = 0.0136  # of a letter, as a share of the figure
WORDS_SHOWN = 5  # that become more likely, and as many that become less


def draw_dossier(
    figure: Figure, dossier: LatentDossier, stories: Stories, words: Sequence[str]
) -> str:
    """Draw a latent's dossier on an empty figure of about 7 by 5 inches; return its description.

    words : the vocabulary, as `data.stories.VOCABULARY`.
    """
    grid = figure.add_gridspec(2, 3, height_ratios=(1.15, 1), width_ratios=(1, 1, 1.1))
    _examples(figure.add_subplot(grid[0, :]), dossier, stories, words)
    _histogram(figure.add_subplot(grid[1, 0]), dossier)
    _effects(figure.add_subplot(grid[1, 1]), dossier, words)
    _features(figure.add_subplot(grid[1, 2]), dossier)
    return describe(dossier, stories, words)


def _examples(axes: Axes, dossier: LatentDossier, stories: Stories, words: Sequence[str]) -> None:
    """A line for each example; the deeper the orange, the higher the activation."""
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(6, 0), title=f"latent {dossier.latent}: where it is most active")
    highest = max((float(dossier.activations[i, j]) for i, j in dossier.examples), default=1.0)
    for line, (text, place) in enumerate(dossier.examples[:6]):
        left = 0.0
        for j in range(max(0, place - BEFORE), min(place + AFTER + 1, stories.tokens.shape[1])):
            word = words[int(stories.tokens[text, j])]
            value = float(dossier.activations[text, j]) / highest
            box = {"facecolor": ORANGE, "alpha": 0.85 * value, "linewidth": 0, "pad": 1.2}
            axes.text(left, line + 0.5, word, family="monospace", fontsize=8, va="center",
                      bbox=box if value > 0 else None)  # fmt: skip
            left += WIDTH * (len(word) + 1)


def _histogram(axes: Axes, dossier: LatentDossier) -> None:
    active = dossier.activations[dossier.activations > 0]
    if len(active):
        axes.hist(active.numpy(), bins=20, color=BLUE)
    axes.set(
        xlabel="activation, where active",
        ylabel="words",
        title=f"active at {100 * dossier.density:.1f} % of words",
    )


def _effects(axes: Axes, dossier: LatentDossier, words: Sequence[str]) -> None:
    up, down = extremes(dossier)
    shown = [*up, *reversed(down)]
    values = [float(dossier.effects[i]) for i in shown]
    colours = [ORANGE if value > 0 else GREY for value in values]
    axes.barh(range(len(shown)), values, color=colours)
    axes.set_yticks(range(len(shown)), [words[i] for i in shown])
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="added to its chance", title="the next word")


def _features(axes: Axes, dossier: LatentDossier) -> None:
    """The features that it tells best, with their scores, as bars of F1."""
    names = [f"{f.factor}: {f.value}\n({f.needed_for})" for f, _ in dossier.features]
    scores = [detector.f1 for _, detector in dossier.features]
    places = range(len(names))
    axes.barh(places, scores, color=BLUE)
    axes.set_yticks(places, names, fontsize=7)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="F1", title="known features")


def extremes(dossier: LatentDossier) -> tuple[list[int], list[int]]:
    """The words that the latent makes most likely, and those that it makes least likely."""
    order = [int(i) for i in dossier.effects.argsort(descending=True)]
    up = [i for i in order[:WORDS_SHOWN] if dossier.effects[i] > VISIBLE]
    down = [i for i in reversed(order[-WORDS_SHOWN:]) if dossier.effects[i] < -VISIBLE]
    return up, down


def describe(dossier: LatentDossier, stories: Stories, words: Sequence[str]) -> str:
    """The dossier in a few sentences."""
    if not dossier.examples:
        return f"Latent {dossier.latent} is active at none of the words: it is dead here."
    places = [words[int(stories.tokens[i, j])] for i, j in dossier.examples]
    up, down = ([words[i] for i in some] for some in extremes(dossier))
    text = (
        f"Latent {dossier.latent} is active at {100 * dossier.density:.1f} % of the words, most at "
        f"{', '.join(dict.fromkeys(places))}. "
    )
    effects = [(up, "more"), (down, "less")]
    told = [f"{', '.join(some[:3])} {how} likely" for some, how in effects if some]
    text += f"It makes {' and '.join(told)}." if told else "It hardly changes the next word."
    if dossier.features:
        feature, score = dossier.features[0]
        text += (
            f" Of the known features it tells “{feature}” best: precision {score.precision:.2f}, "
            f"recall {score.recall:.2f}, F1 {score.f1:.2f}."
        )
    return text
