"""The course's own controls, in states that the lessons do not show."""

from __future__ import annotations

import re

import pytest

from . import page_checks
from .conftest import SCRATCH


@pytest.fixture(scope="module")
def notebook(open_notebook):
    opened = open_notebook(SCRATCH)
    yield opened
    opened.close()


@pytest.fixture
def figure(notebook):
    return notebook.page.get_by_role("group", name="Does a fast drag end")


def caption(figure):
    return figure.locator(".course-caption").inner_text()


def drawings(figure):
    return int(re.search(r"Drawing (\d+)", caption(figure))[1])


def test_a_fast_drag_ends_at_the_last_value_and_skips_what_came_between(notebook, figure):
    slider = figure.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box, before = slider.bounding_box(), drawings(figure)
    y = box["y"] + box["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(box["x"] + box["width"] * 0.1, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.8, y, steps=40)
    mouse.up()
    page_checks.wait_for_picture(notebook, figure)
    value = slider.input_value()
    assert int(value) > 25
    assert f"shows {value}," in caption(figure)
    assert drawings(figure) - before < 15  # 40 movements over 28 values


def test_returning_to_the_value_on_its_way_leaves_the_figure_alive(notebook, figure):
    slider = figure.get_by_role("slider")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight"):  # the last asks for what is being drawn
        slider.press(key)
    page_checks.wait_for_picture(notebook, figure)
    slider.press("ArrowLeft")
    page_checks.wait_for_picture(notebook, figure)
    assert f"shows {slider.input_value()}," in caption(figure)


def test_an_unchanged_picture_is_an_answer_too(notebook, figure):
    slider = figure.get_by_role("slider")
    slider.press("Home")
    page_checks.wait_for_picture(notebook, figure)
    before = page_checks.picture_of(figure)["picture"]
    slider.press("ArrowRight")  # 0 // 2 == 1 // 2
    page_checks.wait_for_picture(notebook, figure)
    assert page_checks.picture_of(figure)["picture"] == before
    assert "shows 1," in caption(figure)


def test_a_setting_that_cannot_be_drawn_is_reported_and_the_next_is_drawn(notebook):
    figure = notebook.page.get_by_role("group", name="What happens at 3?")
    slider = figure.get_by_role("slider", name="points")
    slider.press("ArrowRight")
    page_checks.wait_for_picture(notebook, figure)
    assert "could not be drawn" in caption(figure)
    assert "three is too many" in caption(figure)
    slider.press("ArrowRight")
    page_checks.wait_for_picture(notebook, figure)
    assert caption(figure) == "A line of 4 points."


@pytest.mark.parametrize("role", ["slider", "combobox"])
def test_keys_on_a_control_do_not_reach_the_notebook(notebook, figure, role):
    control = figure.get_by_role(role)
    control.focus()  # which makes its cell the active one
    cells, active = len(notebook.cells()), page_checks.active_cell(notebook)
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "a", "b", "d", "d", "m", "End", "Home"):
        notebook.page.keyboard.press(key)
    page_checks.wait_for_picture(notebook, figure)
    assert len(notebook.cells()) == cells
    assert {cell["cell_type"] for cell in notebook.cells()} == {"code"}
    assert page_checks.active_cell(notebook) == active
    assert control.evaluate("c => c === document.activeElement")


def test_letters_typed_as_a_guess_do_not_reach_the_notebook(notebook):
    field = notebook.page.get_by_role("textbox", name="How many weights")
    cells = len(notebook.cells())
    field.press_sequentially("add bad m 0 0")
    assert field.input_value() == "add bad m 0 0"
    assert len(notebook.cells()) == cells
    notebook.run_cell(4)
    assert "add bad m 0 0" in str(notebook.cells()[4]["outputs"])


@pytest.mark.parametrize("role", ["slider", "radio", "textbox"])
def test_saving_by_keyboard_works_from_a_control(notebook, role):
    outputs = notebook.page.locator(".jp-OutputArea-output")
    outputs.get_by_role(role).first.focus()
    notebook.page.evaluate(
        """() => window.jupyterapp.commands.commandExecuted.connect(
            (_, { id }) => { (window.executed ??= []).push(id); })"""
    )
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_function("() => window.executed?.includes('docmanager:save')")
    notebook.page.evaluate("() => { window.executed = []; }")


def test_arrow_keys_move_between_the_options_of_a_card(notebook):
    card = notebook.page.get_by_role("group", name="What does the bias change?")
    card.get_by_role("radio").first.check()
    notebook.page.keyboard.press("ArrowDown")
    assert card.get_by_role("radio").nth(1).is_checked()
    assert "Right." in card.locator(".course-reason").inner_text()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 480])
def test_every_state_is_legible_and_fits(notebook, theme, width):
    notebook.set_theme(theme)
    notebook.set_width(width)
    assert page_checks.faint_texts(notebook) == []
    assert page_checks.overflowing(notebook) == []
    assert page_checks.pictures_without_alternative(notebook) == []
    assert page_checks.controls_without_name(notebook) == []
    notebook.set_width(1280)
    notebook.set_theme("JupyterLab Light")
