"""A student's notebook against the released one: what is read, what runs, what is put right."""

import copy
import itertools
import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.grading import notebooks
from course_lib.grading.notebooks import Unreadable, plan, read_notebook
from course_lib.grading.results import State
from course_lib.layout import Layout


def read(path):
    """A notebook, its parts to be had by name."""
    return nbformat.from_dict(read_notebook(path))


UNITS = [u for u in Layout(Path(__file__).parents[1]).units() if u.assignment_text.exists()]
NUMBERS = itertools.count()
NAMES = ("double", "sizes")
CHECKS = {"double": "check.double(double)", "sizes": "check.sizes(width=width, depth=depth)"}
DOUBLE = "def double(x):\n    return 2 * x"
SIZES = "width = (\n    3\n)\n\ndepth = (\n    4\n)"


def code(source, grade_id=None, id=None, **nbgrader):
    """A code cell; with a grade_id, as nbgrader writes it."""
    metadata = {}
    if grade_id:
        grade = grade_id.endswith("_check")
        metadata["nbgrader"] = {
            "grade": grade, "grade_id": grade_id, "locked": grade, "schema_version": 3,
            "solution": not grade, "task": False, **({"points": 2} if grade else {}), **nbgrader,
        }  # fmt: skip
    id = id or f"own-{next(NUMBERS)}"
    return nbformat.from_dict(
        {"cell_type": "code", "id": id, "metadata": metadata, "source": source, "outputs": []}
    )


def text(source):
    cell = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source}
    return nbformat.from_dict(cell)


def notebook(*cells):
    return nbformat.from_dict({"nbformat": 4, "metadata": {}, "cells": list(cells)})


def released():
    """Two exercises: setup, an answer, its check, a hint; a demonstration, an answer, its check."""
    return notebook(
        text("# Exercises"),
        code("import torch\nunit = open_unit('x')\ncheck = unit.check", id="setup"),
        code("def double(x):\n    ...  # YOUR CODE HERE", "double", id="answer-double"),
        code(CHECKS["double"], "double_check", id="check-double"),
        code("# Stuck? Remove the # in the next line.\n# hint.double()", id="hint-double"),
        code("example = [1, 2]\nprint(sum(example))", id="demo"),
        code("width = (\n    ...\n)\n\ndepth = (\n    ...\n)", "sizes", id="answer-sizes"),
        code(CHECKS["sizes"], "sizes_check", id="check-sizes"),
    )


SETUP, ANSWER, CHECK, HINT, DEMO, ANSWER_2, CHECK_2 = range(1, 8)  # places in the list of cells


def solved():
    made = released()
    made.cells[ANSWER].source, made.cells[ANSWER_2].source = DOUBLE, SIZES
    return made


def told(handed_in, release=None):
    """The plan, its steps in short, and its repairs as one text."""
    made = plan(handed_in, release or released(), NAMES)
    short = [s.exercise if s.kind == "check" else s.source.split("\n")[0] for s in made.steps]
    return made, short, "\n".join(made.repairs)


HONEST = ["import torch", "def double(x):", "double", "example = [1, 2]", "width = (", "sizes"]


def test_a_solved_notebook_runs_as_it_stands():
    made, short, repairs = told(solved())
    assert short == HONEST and repairs == "" and made.missing == ()
    assert made.answers == {"double": DOUBLE, "sizes": SIZES}
    # numbers of the submitted cells, the first is 1
    assert [s.cell for s in made.steps] == [2, 3, 4, 6, 7, 8]
    assert [s.exercise for s in made.steps if s.kind == "run"] == [None, "double", None, "sizes"]
    assert [s.source for s in made.steps if s.kind == "check"] == list(CHECKS.values())


@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.name)
def test_nothing_is_put_right_in_honest_notebooks(unit):
    """Blank and solved, as released and as other editors save them."""
    release = read(unit.exercises)
    names = [
        c.metadata["nbgrader"]["grade_id"]
        for c in release.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    ]
    for path in (unit.exercises, unit.solution):
        found = read(path)
        made = plan(found, release, names)
        assert made.repairs == () and made.missing == ()
        assert [s.exercise for s in made.steps if s.kind == "check"] == names
        by_id = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in found.cells}
        assert made.answers == {n: by_id[n] for n in names}
        for number, cell in enumerate(found.cells):  # ids and metadata of another editor
            cell.id = f"new-{number}"
            cell.metadata |= {"scrolled": True, "execution": {"iopub": "now"}, "collapsed": False}
        assert plan(found, release, names) == made
        for cell in found.cells:  # nothing left but the text
            cell.metadata = {}
        bare = plan(found, release, names)
        assert (bare.steps, bare.answers, bare.missing) == (made.steps, made.answers, ())
        assert len(bare.repairs) == 1 and "metadata had been lost" in bare.repairs[0]


def test_a_formatted_check_is_not_a_changed_one():
    handed_in = solved()
    handed_in.cells[CHECK_2].source = "check.sizes(\n    width=width,\n    depth=depth,\n)\n"
    made, short, repairs = told(handed_in)
    assert short == HONEST and repairs == ""
    assert made.steps[-1].source == CHECKS["sizes"]


@pytest.mark.parametrize("source", ["", "assert True", "check.double(lambda x: 2 * x)", "# gone"])
def test_a_changed_check_is_as_released(source):
    handed_in = solved()
    handed_in.cells[CHECK].source = source
    made, short, repairs = told(handed_in)
    assert [s.source for s in made.steps if s.kind == "check"] == list(CHECKS.values())
    assert "The check of exercise double had been changed; the released one counts." in repairs
    assert [s for s in short if s in HONEST] == HONEST


def test_a_deleted_check_comes_as_late_as_it_can():
    """Behind the helper that the student wrote below the answer."""
    handed_in = solved()
    handed_in.cells[CHECK] = code("def helper():\n    pass")
    made, short, repairs = told(handed_in)
    assert short == [*HONEST[:2], "def helper():", *HONEST[2:]]
    assert repairs == "The check of exercise double had been deleted; it was put back."
    assert [s.cell for s in made.steps if s.exercise == "double"] == [3, None]
    del handed_in.cells[CHECK_2]
    made, short, repairs = told(handed_in)
    assert short[-1] == "sizes" and repairs.count("put back") == 2


def test_a_check_above_its_answer_runs_after_it():
    handed_in = solved()
    cells = handed_in.cells
    cells[ANSWER], cells[CHECK] = cells[CHECK], cells[ANSWER]
    _, short, repairs = told(handed_in)
    assert short == HONEST
    assert repairs == "The check of exercise double stood above its answer; it is run after it."


def test_checks_at_the_end_stay_there():
    handed_in = solved()
    handed_in.cells.append(handed_in.cells.pop(CHECK))
    _, short, repairs = told(handed_in)
    assert short == [*HONEST[:2], *HONEST[3:], "double"] and repairs == ""


def test_a_check_there_twice_counts_once():
    handed_in = solved()
    handed_in.cells += [handed_in.cells[CHECK], code("print(5)", "double_check")]
    _, short, repairs = told(handed_in)
    assert short == [*HONEST, "print(5)"]  # a copied cell with code of the student's own
    assert repairs == "The check of exercise double was there 3 times; it counts once."


def test_of_answers_there_twice_the_last_that_is_filled_in_counts():
    handed_in, release = solved(), released()
    later = code("def double(x):\n    return x + x", "double")
    handed_in.cells.insert(CHECK, later)
    made, short, repairs = told(handed_in)
    assert made.answers["double"] == later.source
    assert short == [*HONEST[:2], "def double(x):", *HONEST[2:]]
    assert "was there 2 times; the last one counts" in repairs
    # blank ones take no answer away, wherever they stand
    handed_in = solved()
    handed_in.cells.insert(CHECK, release.cells[ANSWER])
    made, short, repairs = told(handed_in)
    assert short == HONEST and made.answers["double"] == DOUBLE
    assert "was there 2 times; the filled one counts" in repairs


def test_a_copy_below_the_check_is_checked_too():
    handed_in = solved()
    handed_in.cells[ANSWER].source = "def double(x):\n    return x"
    handed_in.cells.insert(HINT, code(DOUBLE, "double"))
    made, short, _ = told(handed_in)
    assert short == ["import torch", "def double(x):", "def double(x):", *HONEST[2:]]
    assert made.answers["double"] == DOUBLE


def test_a_split_answer_runs_in_both_parts():
    """JupyterLab gives both parts the metadata of the whole."""
    handed_in = solved()
    handed_in.cells[ANSWER].source = "def helper(x):\n    return x"
    handed_in.cells.insert(CHECK, code("def double(x):\n    return 2 * helper(x)", "double"))
    made, short, _ = told(handed_in)
    assert short == [HONEST[0], "def helper(x):", *HONEST[1:]]
    assert made.answers["double"].startswith("def double")
    handed_in = solved()
    handed_in.cells[ANSWER_2].source = "width = 3"
    handed_in.cells.insert(CHECK_2, code("depth = 4", "sizes"))
    assert plan(handed_in, released(), NAMES).answers["sizes"] == "width = 3\n\ndepth = 4"


def test_a_deleted_answer_is_missing_and_still_checked():
    handed_in = solved()
    del handed_in.cells[ANSWER]
    made, short, repairs = told(handed_in)
    assert made.missing == ("double",) and made.answers["double"] == ""
    assert short == [HONEST[0], *HONEST[2:]]
    assert repairs == "The answer cell of exercise double had been deleted."


@pytest.mark.parametrize("below", [False, True])
def test_an_answer_in_a_cell_of_ones_own_counts(below):
    """The released cell is left blank; it does not run after the answer."""
    handed_in = released()
    handed_in.cells.insert(HINT if below else ANSWER, code(DOUBLE))
    made, short, repairs = told(handed_in)
    assert made.answers["double"] == DOUBLE and made.missing == ()
    assert [s.source for s in made.steps if "def double" in s.source][-1] == DOUBLE
    assert short.index("double") > short.index("def double(x):")
    assert made.steps[short.index("double") - 1].source == DOUBLE
    assert re.search(r"The answer to exercise double stood in cell \d; it counts.", repairs)


def test_an_answer_written_into_the_checks_cell_counts():
    handed_in = released()
    handed_in.cells[CHECK].source = f"{DOUBLE}\ncheck.double(double)"
    made, short, _ = told(handed_in)
    assert made.answers["double"].startswith(DOUBLE)
    at = short.index("double")
    assert made.steps[at - 1].source.startswith(DOUBLE)


def test_an_answer_turned_into_text_is_code():
    handed_in = solved()
    for place in (ANSWER, CHECK):
        handed_in.cells[place] = text(handed_in.cells[place].source) | {
            "metadata": handed_in.cells[place].metadata
        }
    made, short, repairs = told(handed_in)
    assert short == HONEST and made.answers["double"] == DOUBLE
    assert repairs.count("had been turned into text; it was read as code") == 2


@pytest.mark.parametrize(
    "metadata",
    [{}, {"nbgrader": {}}, {"nbgrader": None}, {"nbgrader": {"grade_id": 5}}, {"nbgrader": [1]}],
    ids=str,
)
@pytest.mark.parametrize("with_ids", [True, False])
def test_cells_without_metadata_are_known_by_id_or_text(metadata, with_ids):
    handed_in = solved()
    for number, cell in enumerate(handed_in.cells):
        cell.metadata = copy.deepcopy(metadata)
        cell.id = cell.id if with_ids else f"cell-{number}"
    made, short, _ = told(handed_in)
    assert short == HONEST and made.answers == {"double": DOUBLE, "sizes": SIZES}
    assert made.repairs == (
        "nbgrader's metadata had been lost from these cells, which were recognised by their id or "
        "text: the answer cell of exercise double, the check of exercise double, the answer cell "
        "of exercise sizes, the check of exercise sizes.",
    )
    assert made.missing == ()


@pytest.mark.parametrize("schema", [1, 2, 4, "3", None])
def test_metadata_of_another_version_are_read(schema):
    handed_in = solved()
    handed_in.cells[ANSWER].metadata["nbgrader"]["schema_version"] = schema
    _, short, repairs = told(handed_in)
    assert short == HONEST
    assert "of another version" in repairs and "answer cell of exercise double" in repairs


@pytest.mark.parametrize("points", [100, -1, "2", float("nan"), [2], {"a": 1}, 10**400], ids=repr)
def test_points_in_the_notebook_do_not_count(points):
    handed_in = solved()
    handed_in.cells[CHECK].metadata["nbgrader"]["points"] = points
    _, short, repairs = told(handed_in)
    assert short == HONEST
    assert repairs == (
        "The points of the check of exercise double had been changed; the released ones count."
    )


def test_deleted_setup_comes_back_at_its_place():
    handed_in = solved()
    handed_in.cells[SETUP] = code("scratch = 1")
    handed_in.cells[DEMO].source = "  \n"
    made, short, repairs = told(handed_in)
    assert short == [HONEST[0], "scratch = 1", *HONEST[1:]]
    assert made.steps[0].cell is None
    assert repairs == "A cell of the released notebook had been deleted; it was put back."


def test_setup_is_taken_as_the_student_left_it():
    """Edited, commented out, or merged with another; with a hint called or deleted."""
    handed_in = solved()
    handed_in.cells[SETUP].source += "\nimport numpy"
    handed_in.cells[DEMO].source = "# example = [1, 2]"
    handed_in.cells[HINT].source = "hint.double()"
    made, short, repairs = told(handed_in)
    assert short == [*HONEST[:3], "hint.double()", *HONEST[4:]] and repairs == ""
    assert made.steps[0].source.endswith("import numpy")
    handed_in = solved()
    handed_in.cells[SETUP].id = "another"  # edited, and its id lost: known by half of its lines
    handed_in.cells[SETUP].source += "\nimport numpy"
    demo = handed_in.cells.pop(DEMO)
    del handed_in.cells[HINT]
    handed_in.cells[ANSWER].source = f"{demo.source}\n\n{DOUBLE}"
    _, short, repairs = told(handed_in)
    assert short == ["import torch", "example = [1, 2]", "double", "width = (", "sizes"]
    assert repairs == ""


@pytest.mark.parametrize("source", ["import os", "# nothing"])
def test_locked_setup_is_as_released(source):
    handed_in, release = solved(), released()
    release.cells[SETUP].metadata["editable"] = False
    handed_in.cells[SETUP].source = source
    made, short, repairs = told(handed_in, release)
    assert short == HONEST and made.steps[0].source == release.cells[SETUP].source
    assert repairs == "The locked cell 2 had been changed; the released one counts."


def test_setup_moved_down_runs_at_its_place():
    handed_in = solved()
    handed_in.cells.append(handed_in.cells.pop(SETUP))
    made, short, repairs = told(handed_in)
    assert short == HONEST and made.steps[0].cell == 8
    assert repairs == "Cell 8 had been moved down; it is run at its own place."


def test_setup_moved_up_stays_there():
    handed_in = solved()
    handed_in.cells.insert(0, handed_in.cells.pop(DEMO))
    _, short, repairs = told(handed_in)
    assert short == [HONEST[3], *HONEST[:3], *HONEST[4:]] and repairs == ""


def test_an_answer_moved_above_what_it_needs_runs_twice():
    handed_in = solved()
    handed_in.cells.insert(0, handed_in.cells.pop(ANSWER_2))
    made, short, repairs = told(handed_in)
    assert short == ["width = (", *HONEST]
    assert [s.cell for s in made.steps if s.source == SIZES] == [1, 1]
    assert "exercise sizes had been moved up" in repairs


def test_cells_of_the_students_own_stay_where_they_stand():
    handed_in = solved()
    for place in (8, 4, 3, 2, 1, 0):
        handed_in.cells.insert(place, code(f"mine_{place} = 0\ncheck.double(lambda x: {place})"))
    _, short, repairs = told(handed_in)
    assert repairs == ""
    assert [s for s in short if s.startswith("mine")] == [
        f"mine_{n} = 0" for n in (0, 1, 2, 3, 4, 8)
    ]
    assert short.index("mine_2 = 0") < short.index("def double(x):") < short.index("mine_3 = 0")
    assert short.count("double") == 1


def test_a_notebook_of_something_else_gives_the_released_steps():
    made, short, _ = told(notebook(code("print('shopping list')")))
    assert made.missing == NAMES and made.answers == dict.fromkeys(NAMES, "")
    setup = [HONEST[0], HONEST[3]]
    assert short == [*setup, "print('shopping list')", "double", "sizes"]


# -- whatever is in it ----------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
SOURCES = st.sampled_from(
    [DOUBLE, SIZES, *CHECKS.values(), "", "#", "width = 1", "import torch", "print(1)", "\ud800"]
)
CELLS = (
    st.sampled_from(range(8)).map(lambda n: released().cells[n])
    | st.fixed_dictionaries(
        {},
        optional={
            "cell_type": st.sampled_from(["code", "markdown"]) | JSON,
            "id": st.sampled_from(["setup", "answer-double", "check-sizes", "demo"]) | JSON,
            "source": SOURCES | st.lists(SOURCES, max_size=2) | JSON,
            "metadata": JSON
            | st.fixed_dictionaries(
                {
                    "nbgrader": JSON
                    | st.fixed_dictionaries(
                        {"grade_id": st.sampled_from([*NAMES, "double_check", "x"]) | JSON},
                        optional={"points": JSON, "schema_version": JSON},
                    )
                }
            ),
        },
    )
    | JSON
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CELLS, max_size=12))
def test_a_plan_is_made_of_anything(cells):
    made = plan({"cells": cells}, released(), NAMES)
    assert sorted(s.exercise for s in made.steps if s.kind == "check") == sorted(NAMES)
    assert [s.source for s in made.steps if s.kind == "check" and s.exercise == "double"] == [
        CHECKS["double"]
    ]
    assert set(made.answers) == set(NAMES) and set(made.missing) <= set(NAMES)
    assert all(s.cell is None or 1 <= s.cell <= len(cells) for s in made.steps)
    assert len(set(made.repairs)) == len(made.repairs)
    for step in made.steps:
        step.source.encode()
        if step.kind == "check":  # after the answer's last cell
            runs = [
                i
                for i, s in enumerate(made.steps)
                if (s.kind, s.exercise) == ("run", step.exercise)
            ]
            assert not runs or made.steps.index(step) > runs[-1]


@given(st.permutations(range(1, 8)))
@settings(max_examples=100, deadline=None)
def test_in_any_order_everything_runs_and_checks_follow_answers(order):
    whole = solved()
    made, short, _ = told(notebook(*(whole.cells[n] for n in order)))
    assert set(short) == set(HONEST)
    assert short.count("double") == short.count("sizes") == 1
    last = max(i for i, s in enumerate(short) if s == "def double(x):")
    assert short.index("double") > last and short.index("import torch") < last
    assert made.answers == {"double": DOUBLE, "sizes": SIZES}


@given(JSON)
@settings(max_examples=50, deadline=None)
def test_a_plan_is_made_of_no_notebook(anything):
    assert plan(anything, released(), NAMES).missing == NAMES


def test_large_notebooks_are_planned_in_bounded_time():
    """Ten thousand copies of an answer, of a check, and of lines that are like the setup."""
    cells = released().cells
    many = [copy.deepcopy(cells[n]) for n in (ANSWER, CHECK, SETUP, DEMO) for _ in range(2_500)]
    for number, cell in enumerate(many):
        cell.id = f"cell-{number}"
    made = plan(notebook(*many), released(), NAMES)
    assert len([s for s in made.steps if s.kind == "check"]) == 2 and len(made.repairs) < 10


# -- reading --------------------------------------------------------------------------------------


def stored(tmp_path, content):
    path = tmp_path / "notebook.ipynb"
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    return path


def minimal(**changes):
    cell = {"cell_type": "code", "source": "a = 1", "metadata": {}, "outputs": []}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]} | changes


def refusal(tmp_path, content):
    with pytest.raises(Unreadable) as caught:
        read(stored(tmp_path, content))
    assert caught.value.why.endswith(".") and str(caught.value) == caught.value.why
    return caught.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\0" * 100, "zeros"),
        (b'{"cells": [', "damaged"),
        (b'{"cells": "\0"}', "damaged"),
        (b"\xff\xfe\xff", "damaged"),
        (b"<html>sign in</html>", "damaged"),
        (b"[" * 5_000 + b"]" * 5_000, "nested too deeply"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested too deeply"),
        (b'{"nbformat": ' + b"9" * 5_000 + b"}", "damaged"),
        (b"[]", "another kind"),
        (b"null", "another kind"),
        ({}, "does not say its format"),
        (minimal(nbformat="4"), "does not say its format"),
        (minimal(nbformat=True), "does not say its format"),
        (minimal(nbformat=5), "newer than 4"),
        (minimal(nbformat=10**30), "newer than 4"),
        (minimal(nbformat=0), "old format 0"),
        (minimal(nbformat=-1), "old format -1"),
        ({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": 7}, "old format 3"),
        ({"nbformat": 2, "cells": []}, "old format 2"),
        (minimal(cells=None), "no list of cells"),
        (minimal(cells={"0": 1}), "no list of cells"),
        ({"nbformat": 4}, "no list of cells"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", str(value))[:40],
)
def test_what_is_no_notebook_is_unreadable(tmp_path, content, words):
    problem = refusal(tmp_path, content)
    assert problem.state is State.UNREADABLE and words in problem.why


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "language": "R"}},
        {"language_info": {"name": "julia"}},
        {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "R"}},
        {"kernelspec": {"name": "julia-1.10"}},
    ],
)
def test_a_foreign_kernel_is_refused(tmp_path, metadata):
    problem = refusal(tmp_path, minimal(metadata=metadata))
    assert problem.state is State.REFUSED and "Python 3" in problem.why


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {"kernelspec": None},
        {"kernelspec": {"name": "python3"}},
        {"kernelspec": {"name": "sae-course", "display_name": "Python (course)"}},
        {"kernelspec": {"language": 5}, "language_info": []},
        {"kernelspec": {"language": "Python"}, "language_info": {"name": "ipython"}},
        {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}},
    ],
)
def test_other_metadata_are_no_reason_to_refuse(tmp_path, metadata):
    assert read(stored(tmp_path, minimal(metadata=metadata))).cells[0].source == "a = 1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_that_json_knows(tmp_path, encoding):
    content = json.dumps(minimal(cells=[{"cell_type": "code", "source": "ä = 1"}]))
    data = json.dumps(json.loads(content), ensure_ascii=False).encode(encoding)
    assert read(stored(tmp_path, data)).cells[0].source == "ä = 1"


def test_small_faults_are_borne_and_cells_keep_their_numbers(tmp_path):
    cells = [
        7,
        None,
        {"cell_type": "code", "source": ["a = 1\n", 5, "b = 2"], "id": "x" * 65},
        {"cell_type": "code", "source": {"a": 1}, "metadata": [], "outputs": "none"},
        {"cell_type": ["code"], "source": "text \ud800"},
        {"cell_type": "code", "source": "c", "metadata": {"nbgrader": {"points": float("nan")}}},
    ]
    data = json.dumps(minimal(cells=cells)).encode()
    assert b"NaN" in data
    found = read(stored(tmp_path, data))
    assert [c.source for c in found.cells] == ["", "", "a = 1\nb = 2", "", "text ?", "c"]
    assert [c.cell_type for c in found.cells] == ["raw", "raw", "code", "code", "raw", "code"]
    assert plan(found, released(), NAMES).missing == NAMES


def test_the_last_of_two_equal_keys_counts(tmp_path):
    """As in JupyterLab: what a person sees there is what is graded."""
    data = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "a", "source": "b"}]}'
    assert read(stored(tmp_path, data)).cells[0].source == "b"


def test_old_formats_are_converted(tmp_path):
    cell = {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "outputs": [], "language": "python"}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    found = read(stored(tmp_path, old | {"worksheets": [{"cells": [cell]}]}))
    assert [c.source for c in found.cells] == ["a = 1\nb = 2"]


def test_deep_metadata_are_cut(tmp_path):
    deep = json.loads('{"a":' * 500 + "1" + "}" * 500)
    cell = {"cell_type": "code", "source": DOUBLE, "metadata": deep}
    assert read(stored(tmp_path, minimal(cells=[cell]))).cells[0].source == DOUBLE


def test_sizes_are_bounded(tmp_path, monkeypatch):
    assert refusal(tmp_path, b'{"a":[' * (notebooks.MOST_PARTS // 2 + 1)).state is State.UNREADABLE
    empty = [{}] * (notebooks.MOST_CELLS + 1)
    assert "5,001 cells" in refusal(tmp_path, minimal(cells=empty)).why
    monkeypatch.setattr(notebooks, "MOST_BYTES", 2 << 20)
    problem = refusal(tmp_path, b"{" + b" " * (2 << 20))
    assert problem.state is State.REFUSED and "larger than 2 MB" in problem.why


def test_what_is_no_file_is_not_opened(tmp_path):
    secret = stored(tmp_path, minimal())
    (tmp_path / "link.ipynb").symlink_to(secret)
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")  # opening it would wait for ever
    states = {}
    for name in ("link", "folder", "pipe", "absent"):
        with pytest.raises(Unreadable) as caught:
            read(tmp_path / f"{name}.ipynb")
        states[name] = caught.value.state
    assert states.pop("link") is State.REFUSED
    assert set(states.values()) == {State.UNREADABLE}


def test_permissions_are_told(tmp_path, monkeypatch):
    path = stored(tmp_path, minimal())

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(notebooks.os, "open", denied)
    with pytest.raises(Unreadable, match=r"cannot be read \(Permission denied\)"):
        read(path)
