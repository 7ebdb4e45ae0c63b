"""Live figures without a browser: the remembered layout and settings that cannot be drawn."""

import io

import numpy as np
import pytest
from PIL import Image

from course_lib import LiveFigure, Slider
from course_lib.errors import UnknownName, WrongArgument


def pixels(live):
    return np.asarray(Image.open(io.BytesIO(live.picture)).convert("RGB"))


def two_plots(figure, height):
    left, right = figure.subplots(1, 2)
    left.plot([0, height])
    left.set(title="left", xlabel="x", ylabel="y")
    right.plot([0, -height])
    return f"Two lines of height {height:g}."


def figure_of(draw, value):
    return LiveFigure(draw, "How high?", height=Slider("height", 0, 100000, 1, value))


@pytest.mark.parametrize("height, reused", [(4, True), (40000, False)])
def test_a_remembered_layout_looks_like_a_fresh_one(height, reused):
    live = figure_of(two_plots, 3)
    live.set(height=height)
    assert live._layout.reused is reused  # longer tick labels need another layout
    assert np.array_equal(pixels(live), pixels(figure_of(two_plots, height)))


def test_a_remembered_layout_is_given_up_when_it_would_cut_something_off():
    def label_outside(figure, height):
        ax = figure.subplots()
        ax.set_xlim(0, 1)
        ax.text(1, 0.5, "a label " * (1 if height == 1 else 3))
        return f"A label outside of the axes, of length {height:g}."

    live = figure_of(label_outside, 1)
    live.set(height=2)
    assert not live._layout.reused
    assert np.array_equal(pixels(live), pixels(figure_of(label_outside, 2)))


def test_a_setting_that_cannot_be_drawn_leaves_the_figure_alive():
    def fragile(figure, height):
        figure.subplots().plot([0, height])
        if height == 13:
            raise ValueError("unlucky")
        return f"A line of height {height:g}."

    live = figure_of(fragile, 1)
    before, answered = live.picture, live.answered
    with pytest.raises(ValueError, match="unlucky"):
        live.set(height=13)
    assert live.picture == before
    assert "could not be drawn (ValueError: unlucky)" in live.description
    live.set(height=14)
    assert live.description == "A line of height 14."
    assert live.answered == answered + 2


def test_an_unknown_control_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="'height'"):
        figure_of(two_plots, 1).set(heigth=2)


def test_a_figure_without_a_description_is_refused():
    with pytest.raises(WrongArgument, match="sentence"):
        figure_of(lambda figure, height: None, 1)
