"""Show a function or class of the course in a notebook: its source, highlighted, never a copy."""

from __future__ import annotations

import inspect
import textwrap
from html import escape
from typing import Any

STYLE = "xcode"  # readable on its own background, in the light and in the dark theme


class ShownSource:
    """The source of an object, with the module it comes from."""

    def __init__(self, item: Any):
        self.source = textwrap.dedent(inspect.getsource(item)).rstrip()
        self.origin = f"{item.__module__}.{item.__qualname__}"

    def __repr__(self) -> str:
        return f"# {self.origin}\n{self.source}"

    def _repr_html_(self) -> str:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        code = highlight(
            self.source,
            PythonLexer(),
            HtmlFormatter(
                noclasses=True,
                style=STYLE,
                prestyles="font-family:monospace;line-height:1.4;margin:0;padding:8px 12px;"
                "overflow-x:auto",
            ),
        )
        return (
            f'<figure style="margin:0;max-width:100%" aria-label="Source of {escape(self.origin)}">'
            f'<figcaption style="padding:2px 0"><code>{escape(self.origin)}</code></figcaption>'
            f"{code}</figure>"
        )


def show_source(item: Any) -> ShownSource:
    """The source of a function or class as a cell's result."""
    return ShownSource(item)
