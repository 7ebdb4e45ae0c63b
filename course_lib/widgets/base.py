"""What the course's widgets share: where their front-end code lies and how they print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

HERE = Path(__file__).parent


def front_end(*names: str) -> str:
    """The source of the widgets' JavaScript or CSS files, one after the other."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


class CourseWidget(anywidget.AnyWidget):
    """A widget with a plain-text and an HTML version for readers without a kernel."""

    _css = front_end("widgets.css")

    def static_html(self) -> str:
        """What a reader of the saved notebook sees."""
        return ""

    def __repr__(self) -> str:
        return type(self).__name__

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data = {**(data or {}), "text/plain": repr(self)}
        if html := self.static_html():
            data["text/html"] = html
        return data
