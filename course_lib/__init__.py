"""course_lib: the support package of the course on sparse autoencoders.

The public names are importable from here; each is loaded when it is first used, so that
`import course_lib` itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "LiveFigure": "widgets",
    "Select": "widgets",
    "Slider": "widgets",
    "TwoLayerAutoencoder": "autoencoders",
    "digits": "data",
    "new_figure": "plotting",
    "open_unit": "exercises",
    "rings": "data",
    "show_figure": "plotting",
    "show_progress": "exercises.overview",
    "show_source": "source",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"course_lib.{_HOME[name]}"), name)
    raise AttributeError(f"module 'course_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
