"""Shared by all tests: nothing here touches the learner's own progress or the clone."""

import os

import pytest
import torch

os.environ.setdefault("COURSE_PROGRESS", "off")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def progress_file(tmp_path, monkeypatch):
    """A progress file of this test's own."""
    from course_lib.exercises import progress

    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    monkeypatch.setattr(progress, "_told", set())
    return path


def pytest_xdist_make_scheduler(config, log):
    """`--dist loadgroup`: each worker takes whole notebooks."""
    if config.getvalue("dist") == "loadgroup":
        from tests.browser.scheduling import WholeNotebooks

        return WholeNotebooks(config, log)
    return None
