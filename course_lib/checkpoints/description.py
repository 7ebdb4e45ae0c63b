"""A description as strict JSON, and back.

JSON has no NaN and no infinity: such a number stands as {"$float": "nan"}, {"$float": "inf"} or
{"$float": "-inf"}, and is a float again when loaded. A tuple comes back as a list.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from typing import Any

from course_lib.checkpoints.files import is_unicode
from course_lib.errors import WrongArgument

NUMBER = "$float"
NOT_FINITE = ("nan", "inf", "-inf")


def as_json(description: Mapping[str, Any]) -> dict[str, Any]:
    """`description` as JSON holds it. Raises `WrongArgument` for what JSON cannot hold."""
    if not isinstance(description, Mapping):
        raise WrongArgument(f"description is {description!r}; it must be a dict.")
    try:
        described = _to_json(description, "description")
        json.dumps(described)
    except RecursionError:
        raise WrongArgument("description contains itself, or is nested too deeply.") from None
    return described


def _to_json(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and is_unicode(value):
        return str(value)
    if isinstance(value, int):
        if value.bit_length() > 1024:  # Python itself reads no number of more than 4,300 digits
            raise WrongArgument(f"{where} is a whole number of more than 300 digits.")
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {NUMBER: repr(float(value))}
    if isinstance(value, list | tuple):
        return [_to_json(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or key == NUMBER or not is_unicode(key):
                raise WrongArgument(f"{where} has the key {key!r}; it must be text, not {NUMBER}.")
        return {str(key): _to_json(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise WrongArgument(
        f"{where} is {reprlib.repr(value)}, of type {type(value).__name__}, which JSON cannot "
        "hold. Use numbers, text, lists and dicts: for small tensors tensor.tolist()."
    )


def from_json(value: Any) -> Any:
    """What `as_json` was given, lists in place of tuples."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if NUMBER in value:
            return float(value[NUMBER])
        return {key: from_json(item) for key, item in value.items()}
    return value
