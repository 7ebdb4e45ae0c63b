"""Text in, notebooks out: in step with their source, rewritten only when they change, and
failures that name the unit, the cell and the line."""

import shutil
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from course_lib.building import build
from course_lib.building.render import render_assignment, render_lesson, same_source
from course_lib.cli import main
from course_lib.errors import BuildError, EnvironmentProblem, UnknownName
from course_lib.layout import Layout

ROOT = Path(__file__).parents[1]
UNITS = Layout(ROOT).units()
WITH_EXERCISES = [u for u in UNITS if u.assignment_text.exists()]


def notebook(path):
    return nbformat.read(path, as_version=4)


def by_name(unit):
    return unit.name


@pytest.mark.parametrize("unit", UNITS, ids=by_name)
def test_lessons_are_in_step_with_their_text(unit):
    built = notebook(unit.lesson)
    assert same_source(render_lesson(unit).notebook, built), f"run: course build {unit.number}"
    assert all(c.execution_count for c in built.cells if c.cell_type == "code"), "not executed"


@pytest.mark.parametrize("unit", WITH_EXERCISES, ids=by_name)
def test_solutions_are_in_step_with_their_text_and_declarations(unit):
    built = notebook(unit.solution)
    assert same_source(render_assignment(unit).notebook, built), f"run: course build {unit.number}"
    assert all(c.execution_count for c in built.cells if c.cell_type == "code"), "not executed"


@pytest.mark.parametrize("unit", WITH_EXERCISES[:1], ids=by_name)
def test_exercises_are_the_release_of_the_solutions(unit):
    """Of the other units test_grading_notebooks holds it, since nbgrader releases them there."""
    from course_lib.building.release import release

    fresh = release(unit, unit.solution.read_text(encoding="utf-8"))
    assert same_source(fresh, notebook(unit.exercises)), f"run: course build {unit.number}"


@pytest.mark.parametrize("unit", WITH_EXERCISES, ids=by_name)
def test_no_answer_is_given_away(unit):
    for cell in notebook(unit.exercises).cells:
        assert "SOLUTION" not in cell.source
        if cell.cell_type == "code":
            assert not cell.outputs
            if cell.metadata.get("nbgrader", {}).get("solution"):
                assert "...  # YOUR CODE HERE" in cell.source


@pytest.mark.parametrize("unit", WITH_EXERCISES, ids=by_name)
def test_nbgrader_gets_every_point_that_is_declared(unit):
    from course_lib.exercises import load_unit

    cells = notebook(unit.exercises).cells
    points = {
        c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points
        for c in cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {f"{e.name}_check": e.points for e in load_unit(unit.name).exercises}


def test_outputs_are_light():
    """No picture above 60 kB (base64 makes a byte 4/3 characters); no notebook above 1 MB."""
    for path in [u.lesson for u in UNITS] + [u.solution for u in WITH_EXERCISES]:
        assert path.stat().st_size < 1_000_000, path
        for cell in notebook(path).cells:
            for output in cell.get("outputs", []):
                for kind, data in output.get("data", {}).items():
                    assert len(data) < 60_000 * 4 / 3 + 2000, f"{path}, {kind} in cell {cell.id}"


def test_every_stored_picture_has_a_text_alternative():
    import re

    for unit in UNITS:
        for cell in notebook(unit.lesson).cells:
            for output in cell.get("outputs", []):
                assert "image/png" not in output.get("data", {}), "use show_figure(figure, alt)"
                for tag in re.findall(r"<img[^>]*>", output.get("data", {}).get("text/html", "")):
                    assert re.search(r'alt="[^"]{20,}"', tag)


# -- building a small course of our own ----------------------------------------------------

LESSON = """# %% [markdown]
# # A lesson

# %%
print(1 + 1)

# %%
import torch
torch.ones(2)
"""


@pytest.fixture
def small_course(tmp_path):
    for name in ("notebooks", "solutions", "exercises"):
        (tmp_path / name).mkdir()
    unit = tmp_path / "units" / "00_small"
    unit.mkdir(parents=True)
    (unit / "lesson.py").write_text(LESSON)
    return tmp_path


def quiet(_):
    pass


def test_a_build_runs_cells_and_rewrites_only_what_changed(small_course):
    layout = Layout(small_course)
    assert build(layout, say=quiet).written == ["notebooks/00_small.ipynb"]
    path = small_course / "notebooks" / "00_small.ipynb"
    first, before = path.stat().st_mtime_ns, notebook(path)
    assert [o.get("text", "") for o in before.cells[1].outputs] == ["2\n"]

    again = build(layout, say=quiet)
    assert (again.written, again.unchanged) == ([], ["notebooks/00_small.ipynb"])
    forced = build(layout, force=True, say=quiet)
    assert (forced.written, path.stat().st_mtime_ns) == ([], first), "same contents: not rewritten"

    text = small_course / "units" / "00_small" / "lesson.py"
    text.write_text(LESSON.replace("# # A lesson", "# # Another"))
    assert build(layout, say=quiet).written == ["notebooks/00_small.ipynb"]
    after = notebook(path)
    assert [c.id for c in before.cells][1:] == [c.id for c in after.cells][1:], "stable ids"
    assert before.cells[0].id != after.cells[0].id


def test_a_build_tells_how_far_it_is(small_course):
    said, steps = [], []
    build(Layout(small_course), say=said.append, step=lambda *at: steps.append(at))
    assert said == ["00_small: running the lesson (3 cells) …"]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_damaged_notebook_is_built_anew(small_course):
    layout = Layout(small_course)
    build(layout, say=quiet)
    path = small_course / "notebooks" / "00_small.ipynb"
    good = path.read_text()
    path.write_text(good[:100])
    assert build(layout, say=quiet).written == ["notebooks/00_small.ipynb"]
    assert path.read_text() == good


@pytest.mark.parametrize(
    ("fault", "words", "line"),
    [
        ("print(1 + 1)\nx = 1 / 0", "ZeroDivisionError", 6),
        ("def broken(:\n    pass", "SyntaxError", 5),
        ("import os\nos._exit(3)", "died", None),
    ],
)
def test_a_failing_cell_is_named_and_the_old_notebook_stands(small_course, fault, words, line):
    layout = Layout(small_course)
    build(layout, say=quiet)
    path = small_course / "notebooks" / "00_small.ipynb"
    before = path.read_bytes()
    text = small_course / "units" / "00_small" / "lesson.py"
    text.write_text(LESSON.replace("print(1 + 1)", fault))
    with pytest.raises(BuildError, match=words) as caught:
        build(layout, say=quiet)
    said = str(caught.value)
    assert "00_small" in said and "cell 2 of 3" in said and str(text) in said
    if line:
        assert f"line {line} " in said, said
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == ["00_small.ipynb"]


def course_with_unit_1(folder):
    shutil.copytree(ROOT / "units" / "01_linear_layers", folder / "units" / "01_linear_layers")
    return folder / "units" / "01_linear_layers" / "assignment.py"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('# %% exercise="linear_forward"', '# %% exercise="linear_foward"', "Did you mean"),
        ('# %% exercise="linear_forward"\n', "", "the answer cells are"),
        (
            '# %% exercise="linear_forward"\n',
            '# %% exercise="linear_forward"\nx = 1\n',
            "must be empty",
        ),
    ],
)
def test_a_wrong_exercise_name_is_found_before_anything_runs(small_course, old, new, words):
    text = course_with_unit_1(small_course)
    source = text.read_text()
    assert old in source
    text.write_text(source.replace(old, new, 1))
    unit = Layout(small_course).units(("1",))[0]
    with pytest.raises(BuildError, match=words) as caught:
        render_assignment(unit)
    assert str(text) in str(caught.value)


def test_units_are_found_by_number_or_name():
    layout = Layout(ROOT)
    for name in ("1", "01", "01_linear_layers", "units/01_linear_layers"):
        assert [u.name for u in layout.units((name,))] == ["01_linear_layers"]
    with pytest.raises(UnknownName, match="There is no unit '77'"):
        layout.units(("77",))


def test_no_course_here(tmp_path):
    with pytest.raises(EnvironmentProblem, match="There are no units"):
        Layout(tmp_path).units()


def test_the_command_says_one_sentence(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["build", "77"])
    assert result.exit_code == 1
    assert "There is no unit '77'" in result.output and "Traceback" not in result.output


def test_a_read_only_folder_is_one_sentence(small_course, monkeypatch):
    import os

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(small_course / "notebooks"))

    monkeypatch.chdir(small_course)
    monkeypatch.setattr(os, "replace", refuse)
    result = CliRunner().invoke(main, ["build"])
    assert result.exit_code == 1
    assert "Permission denied" in result.output and "Traceback" not in result.output
    assert list((small_course / "notebooks").iterdir()) == [], "nothing half-written"


def test_the_search_path_is_as_before_afterwards(monkeypatch):
    import os

    from course_lib.building.release import scripts_found

    monkeypatch.setenv("PATH", "/here")
    with scripts_found():
        assert os.environ["PATH"].endswith(os.pathsep + "/here")
    assert os.environ["PATH"] == "/here"
