"""What a lesson defines, read from its text, so that its facts are tested on its own functions."""

import ast
from pathlib import Path
from types import SimpleNamespace

import torch

UNITS = Path(__file__).resolve().parents[1] / "units"


def definitions(unit, data, first=()):
    """The imports, functions and classes of a lesson, and its assignments to the names in data.

    data : all the names on the left of an assignment must be among them. Of those in `first` only
        the first assignment counts: a lesson may use such a name again for something else.

    Nothing else of the lesson runs. As in the course, torch computes on one thread.
    """
    torch.set_num_threads(1)
    path, kept, found = UNITS / unit / "lesson.py", [], set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            names = {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if not names <= set(data) or names & found & set(first):
                continue
            found |= names
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            continue
        kept.append(node)
    assert found == set(data), f"{path} does not define {set(data) - found}"
    space = {}
    exec(compile(ast.Module(kept, type_ignores=[]), str(path), "exec"), space)
    return SimpleNamespace(space=space, **space)
