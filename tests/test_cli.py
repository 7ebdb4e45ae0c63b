"""The command line: doctor, progress, lab."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from course_lib.cli import doctor, main
from course_lib.cli.lab import WELCOME, lab_command, open_lab
from course_lib.errors import EnvironmentProblem
from course_lib.layout import Layout

ROOT = Path(__file__).parents[1]


def test_doctor_finds_nothing_wrong_here(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    words = ("Python 3.", "torch 2.13.0", "Device:", "Threads:", "Free memory:", "JupyterLab 4.")
    for word in (*words, "ipywidgets", "anywidget", "answers its control", "Notebooks: all"):
        assert word in result.output
    assert "✗" not in result.output


def broken_course(folder):
    """A course whose notebooks are missing."""
    (folder / "exercises").mkdir()
    (folder / "units" / "01_linear_layers").mkdir(parents=True)
    (folder / "units" / "01_linear_layers" / "lesson.py").write_text("")
    return folder


def findings(look):
    return [str(f) for f in look()]


def test_doctor_tells_a_missing_package(monkeypatch):
    import importlib.metadata as metadata

    def version(name):
        if name == "matplotlib":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "torch" else "99"

    monkeypatch.setattr(doctor.importlib.metadata, "version", version)
    said = "\n".join(findings(doctor._packages))
    assert "✗ matplotlib is not installed. Run `make install`" in said
    assert "✗ torch 0.1 is installed; the course needs" in said


def test_doctor_tells_scarce_memory(monkeypatch):
    import psutil

    class Scarce:
        available = 3e8

    monkeypatch.setattr(psutil, "virtual_memory", Scarce)
    assert findings(doctor._memory) == [
        "✗ Free memory: 0.3 GB; close other programs until 2 GB are free."
    ]


def test_doctor_tells_missing_widgets_and_notebooks(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.sysconfig, "get_path", lambda _: str(tmp_path))
    said = "\n".join(findings(doctor._jupyterlab))
    assert said.count("live figures would not show") == 2 and "No Python kernel" in said
    monkeypatch.chdir(broken_course(tmp_path))
    assert "✗ Missing from" in findings(doctor._notebooks)[0]


def test_doctor_tells_a_package_that_cannot_be_imported(monkeypatch):
    def refuse(name):
        if name == "sklearn":
            raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(doctor.importlib, "import_module", refuse)
    (said,) = [f for f in findings(doctor._packages) if f.startswith("✗")]
    assert "scikit-learn" in said and "cannot be imported (ImportError: libgomp" in said


def test_an_exercise_module_with_a_syntax_error_is_named(monkeypatch):
    from course_lib.exercises import units

    def broken(module):
        raise SyntaxError("invalid syntax", ("quiz.py", 7, 1, "x ="))

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(units.importlib, "import_module", broken)
    result = CliRunner().invoke(main, ["progress"])
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "The exercises of 01_linear_layers cannot be read: quiz.py, line 7" in result.output
    assert any("quiz.py, line 7" in f for f in map(str, doctor.examine()))


def test_jupyterlabs_terminals_know_the_command(monkeypatch):
    import os

    from course_lib.cli import lab

    seen = {}
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(lab.subprocess, "call", lambda *a, **k: seen.update(k) or 0)
    assert open_lab([]) == 0
    first = seen["env"]["PATH"].split(os.pathsep)[0]
    assert (Path(first) / "course").exists()


def test_doctor_survives_what_it_examines(monkeypatch):
    def broken():
        raise RuntimeError("out of order")

    monkeypatch.setattr(doctor, "_memory", broken)
    said = [str(f) for f in doctor.examine()]
    assert "✗ broken could not be examined: RuntimeError: out of order" in said
    assert any("JupyterLab" in s for s in said), "the other looks go on"


def test_progress_is_shown(progress_file, monkeypatch):
    result = CliRunner().invoke(main, ["progress"])
    assert result.exit_code == 0
    assert "0 of" in result.output and "Next: The forward pass by hand" in result.output


def test_lab_opens_the_welcome_page_and_passes_options_on():
    command = lab_command(ROOT, ["--no-browser", "--port", "8899"])
    assert command[-3:] == ["--no-browser", "--port", "8899"]
    assert f"--LabApp.default_url=/lab/tree/{WELCOME}" in command
    assert (ROOT / WELCOME).exists()
    other = lab_command(ROOT, ["--ServerApp.root_dir=/elsewhere"])
    assert [o for o in other if "root_dir" in o] == ["--ServerApp.root_dir=/elsewhere"]


def test_lab_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(broken_course(tmp_path))
    with pytest.raises(EnvironmentProblem, match="is missing"):
        open_lab([])


def test_layout_is_found_from_a_folder_inside(monkeypatch):
    monkeypatch.chdir(ROOT / "exercises" / "01_linear_layers")
    assert Layout.find().root == ROOT


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "course_lib.cli", "--version"], capture_output=True, text=True
    )
    assert done.stdout.startswith("course, version")
