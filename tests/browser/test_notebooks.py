"""Every lesson and blank exercise notebooks, opened and used as a learner would."""

from __future__ import annotations

import re

import pytest

from tests.seeds import ON_REQUEST

from . import page_checks
from .conftest import ROOT

LESSONS, EXERCISES = (
    sorted((str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)), reverse=True)
    for pattern in ("notebooks/*.ipynb", "exercises/*/*.ipynb")
)
# the others' cells train for minutes; the page is the same: with COURSE_SEEDS=200
SHOWN = EXERCISES if ON_REQUEST else [p for p in EXERCISES if re.search(r"/0[125]_[a-z_]+/", p)]
NOTEBOOKS = [*LESSONS, *SHOWN]  # the longest first, so that no worker waits in the end
CHECK = re.compile(r"^check\.\w+\(", re.MULTILINE)
MATHS = re.compile(r"\$[^$]+\$")
FIGURE = ".course-widget [role=group]"
CARD = ".course-widget fieldset:has(.course-reason)"


def test_there_are_lessons_and_exercises():
    assert any(n.startswith("notebooks/") for n in NOTEBOOKS), "no lessons: run `course build`"
    assert any(n.startswith("exercises/") for n in NOTEBOOKS), "no exercises: run `course build`"


@pytest.fixture(scope="module", params=NOTEBOOKS)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(path, open_notebook):
    opened = open_notebook(path)
    yield opened
    opened.close()


@pytest.fixture
def is_lesson(path):
    """A unit's lesson owes a live figure, guesses and a quiz; other notebooks may have some."""
    return path.startswith("notebooks/") and path != "notebooks/00_welcome.ipynb"


def source(cell):
    return "".join(cell["source"])


def test_every_cell_runs(notebook):
    for index, cell in enumerate(notebook.cells()):
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error", f"cell {index}: {output['evalue']}"


def test_every_check_of_a_blank_says_that_nothing_is_written(notebook, path):
    checks = [cell for cell in notebook.cells() if CHECK.search(source(cell))]
    if path.startswith("exercises/"):
        assert checks, "an exercise notebook without a check"
    for cell in checks:
        assert "not written yet" in str(cell["outputs"]), source(cell)


def test_mathematics_is_typeset(notebook):
    for index, cell in enumerate(notebook.cells()):
        text = re.sub(r"```.*?```|`[^`]*`", "", source(cell), flags=re.DOTALL)
        if cell["cell_type"] == "markdown" and MATHS.search(text):
            shown = notebook.cell(index).locator(".jp-RenderedMarkdown")
            shown.locator("mjx-container").first.wait_for(timeout=20_000)
            wrong = shown.locator("[data-mml-node=merror], mjx-merror")
            assert wrong.count() == 0, f"cell {index}: {source(cell)}"
            raw = shown.locator(":is(p, li, td):not(:has(code))", has_text="$")
            assert raw.count() == 0, f"cell {index}: {raw.all_inner_texts()}"


def test_pictures_have_alternatives_and_controls_have_names(notebook):
    assert page_checks.pictures_without_alternative(notebook) == []
    assert page_checks.controls_without_name(notebook) == []


def test_moving_a_control_changes_its_figure(notebook, is_lesson):
    figures = notebook.page.locator(FIGURE).all()
    assert figures or not is_lesson
    for figure in figures:
        for control in figure.locator("input, select").all():
            page_checks.move(notebook, figure, control)


def test_every_option_of_a_quiz_is_answered(notebook, is_lesson):
    cards = notebook.page.locator(CARD).all()
    assert cards or not is_lesson
    for card in cards:
        answers = set()
        options = card.get_by_role("radio").all()
        for option in options:
            option.check()
            reason = card.locator(".course-reason")
            assert len(reason.inner_text()) > len("Not this one."), card.inner_text()
            answers.add(reason.inner_text())
        assert len(answers) == len(options), card.inner_text()


def test_a_guess_is_shown_beside_the_result(notebook, is_lesson):
    cells = notebook.cells()
    asked = {
        index: match[1]
        for index, cell in enumerate(cells)
        if (match := re.search(r"^(\w+) = predict\.(text|number)\(", source(cell), re.MULTILINE))
    }
    assert asked or not is_lesson
    for index, name in asked.items():
        told = f"{name}.compare("
        after = next((i for i, c in enumerate(cells) if i > index and told in source(c)), None)
        assert after, f"{name} is never compared with a result"
        notebook.cell(index).get_by_role("textbox", name=re.compile(r"\w")).last.fill("1234")
        notebook.run_cell(after)
        assert "1234" in str(notebook.cells()[after]["outputs"]), source(cells[after])


@pytest.fixture(scope="module")
def narrow(notebook):
    notebook.set_width(480)
    yield notebook
    notebook.set_width(1280)


def test_nothing_overflows_a_narrow_window(narrow):
    assert page_checks.overflowing(narrow) == []


def test_controls_work_in_a_narrow_window(narrow):
    for figure in narrow.page.locator(FIGURE).all():
        for control in figure.locator("input, select").all():
            control.scroll_into_view_if_needed()
            box = control.bounding_box()
            assert box["width"] >= 44 and box["height"] >= 24, f"too small to hit: {box}"
            control.click(trial=True)  # nothing lies over it
        page_checks.move(narrow, figure, figure.locator("input, select").first)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_texts_stand_out_from_their_background(notebook, theme):
    notebook.set_theme(theme)
    assert page_checks.faint_texts(notebook) == []


def test_nothing_asks_the_internet_or_complains(notebook):
    """Last, so that it has seen all that came before."""
    assert len(notebook.requests) > 20
    assert notebook.outside_requests == []
    assert notebook.complaints == []
