"""The README's Python runs as it stands, and its claims about the result hold."""

import re
from pathlib import Path

import pytest
import torch

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_example_finds_the_known_dictionary(capsys, one_thread):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict = {}
    exec(compile(example, "README.md", "exec"), names)
    assert "FVU" in capsys.readouterr().out
    report = names["evaluate_autoencoder"](
        names["model"], names["data"].activations, dictionary=names["data"].dictionary
    )
    assert report.mmcs > 0.95 > 2 * report.chance_mmcs
    assert names["trainer"].fast


def test_every_name_that_the_readme_calls_is_public():
    import course_lib

    for name in re.findall(r"`([a-z_]+_[a-z_]+|[A-Z][A-Za-z]+Autoencoder|Trainer)`", README):
        if name not in {"course_lib", "source_dir"} and not name.startswith(("nbgrader", "hint")):
            assert hasattr(course_lib, name), name
