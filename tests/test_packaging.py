"""pyproject.toml, constraints.txt and environment.yml agree with one another and with what runs."""

import importlib.metadata
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pins():
    rows = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [Requirement(row) for row in rows if row and not row.startswith("#")]
    return {canonicalize_name(r.name): r for r in pinned}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(project):
    rows = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        rows += extra
    return [r for r in map(Requirement, rows) if canonicalize_name(r.name) != "sae-course"]


def version_of(pin):
    (only,) = pin.specifier
    assert only.operator == "==", f"{pin} is not an exact version"
    return only.version


def test_every_dependency_is_pinned_to_a_version_it_allows(project, pins):
    for requirement in requirements(project):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} has no line in constraints.txt"
        assert requirement.specifier.contains(version_of(pins[name])), requirement


def test_what_is_installed_is_what_is_pinned(pins):
    seen = set()
    for distribution in importlib.metadata.distributions(path=[sysconfig.get_path("purelib")]):
        name = canonicalize_name(distribution.metadata["Name"])
        if name in {"sae-course", "pip", "setuptools"}:
            continue
        assert name in pins, f"{name} is installed but not pinned"
        assert distribution.version.split("+")[0] == version_of(pins[name]), name
        seen.add(name)
    assert {"torch", "jupyterlab", "nbgrader"} <= seen


def test_torch_is_the_version_the_course_names(project, pins):
    assert version_of(pins["torch"]) == "2.13.0"
    torch = next(r for r in requirements(project) if r.name == "torch")
    assert not torch.specifier.contains("2.14.0"), "a newer torch would be a second download"
    assert sum(r.name == "torch" for r in requirements(project)) == 1


def test_conda_gives_the_same_versions(project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    python = next(d for d in plain if d.startswith("python="))
    assert SpecifierSet(project["requires-python"]).contains(python.split("=")[1])
    # all packages come through pip under the same constraints: no version is written twice
    assert sorted(plain) == ["pip", python]
    assert pip == ["-c constraints.txt", "-e ."]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, course_lib; print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    import course_lib

    for name in course_lib.__all__:
        assert getattr(course_lib, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = course_lib.nothing


FLOORS = (
    {"bars", "errors"},
    {"arguments", "layout"},
    {"activations", "checkpoints", "data", "least_squares", "losses"},
    {"autoencoders", "language_model", "tinystories"},
    {"evaluation", "story_model", "training"},
    {"interpretation"},
    {"plotting", "source"},
    {"charts", "figures", "widgets"},
    {"demo"},
    {"stages"},
    {"practice"},
    {"exercises"},
    {"building"},
    {"grading"},
    {"cli"},
)


def test_a_room_imports_only_from_floors_below_it():
    import ast

    level = {name: i for i, names in enumerate(FLOORS) for name in names}
    package = ROOT / "course_lib"
    for path in package.rglob("*.py"):
        room = path.relative_to(package).parts[0].removesuffix(".py")
        if room in ("__init__", "__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            modules = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for module in modules:
                parts = module.split(".")
                if parts[0] == "course_lib" and len(parts) > 1 and parts[1] != room:
                    assert level[parts[1]] < level[room], f"{path} imports {module}"
