"""Whether an answer is still as it was handed out."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from torch import nn


def is_blank(answer: Any) -> bool:
    """Whether an answer is still as it was handed out: dots, `pass` or NotImplementedError.

    A class is blank when all its methods are. (They are looked at one by one, since the source
    of a class that was written in a notebook is not always to be had.)
    """
    if answer is ... or answer is None:
        return True
    if inspect.isclass(answer):
        methods = [m for m in vars(answer).values() if inspect.isfunction(m)]
        # a base of the learner's own, or nn.Sequential, may do the work: that is an answer
        inherits = answer.__bases__ not in ((object,), (nn.Module,))
        return bool(methods) and not inherits and all(_is_empty(m) for m in methods)
    return inspect.isfunction(answer) and _is_empty(answer)


def _is_empty(function: Callable) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return False
    return isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef) and all(
        _says_nothing(statement) for statement in tree.body
    )


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.unparse(statement)
    if isinstance(statement, ast.Expr):  # a docstring, dots, or the call of the base class
        return isinstance(statement.value, ast.Constant) or ast.unparse(statement).startswith(
            "super().__init__("
        )
    return False
