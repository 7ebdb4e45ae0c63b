"""The example workflow that grades one notebook on a forge."""

import shlex
from pathlib import Path

import yaml

from course_lib.cli.main import main

WORKFLOW = Path(__file__).parents[1] / "docs" / "grading_on_a_forge.yml"


def test_the_workflow_calls_the_command_as_it_is(tmp_path, monkeypatch):
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    steps = workflow["jobs"]["grade"]["steps"]
    (line,) = (s["run"] for s in steps if s.get("name") == "Grade")
    command, _, written = line.partition(" > ")
    program, name, *words = shlex.split(command)
    assert (program, name) == ("course", "grade")
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "notebook.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    given = main.commands[name].make_context(name, words).params  # refuses what it does not know
    assert given["submissions"] == Path("submission/notebook.ipynb")
    assert (given["assignment"], given["form"], given["at_least"]) == ("1", "junit", 12)
    assert given["sandbox"] == "bubblewrap"
    (fetched,) = (s["with"] for s in steps if "repository" in s.get("with", {}))
    assert fetched["path"] == "submission" and fetched["persist-credentials"] is False
    kept = steps[-1]
    assert kept["if"] == "always()"
    assert kept["with"]["path"] == written == "marks.xml"
    installed = "\n".join(s.get("run", "") for s in steps)
    assert "apt-get install -y -qq bubblewrap" in installed
