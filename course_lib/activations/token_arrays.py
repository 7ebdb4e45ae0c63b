"""Tokens and masks as arrays (rows, length), whatever they were given as."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    import numpy as np

    Whole = Tensor | np.ndarray | str | Path  # an array, or the path of a .npy file that holds one


def as_array(name: str, value: Any, kinds: str) -> np.ndarray:
    """Tokens or a mask as an array (rows, length), memory-mapped if it is the path of a file.

    kinds : NumPy's letters for the dtypes allowed: "iu" for whole numbers, "b" for booleans.
    """
    import numpy as np

    if isinstance(value, str | Path):
        try:
            value = np.lib.format.open_memmap(value, mode="r")
        except (OSError, ValueError) as error:
            raise WrongArgument(
                f"{name} is the path {str(value)!r}, which cannot be read as a .npy file "
                f"({error}). Write one with numpy.save."
            ) from None
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray):
        raise WrongArgument(
            f"{name} is of type {type(value).__name__}; it must be a tensor (rows, length), a "
            "NumPy array, or the path of a .npy file."
        )
    if value.dtype.kind not in kinds:
        wanted, advice = (
            ("booleans", "mask.astype(bool)") if kinds == "b" else ("whole numbers", "int64")
        )
        raise WrongArgument(
            f"{name} has dtype {value.dtype}; it must hold {wanted}. Convert it: {advice}."
        )
    if value.ndim != 2 or 0 in value.shape:
        advice = f" For a single text: {name}[None, :]." if value.ndim == 1 else ""
        raise WrongArgument(
            f"{name} has shape {value.shape}; it must be (rows, length), neither of them 0.{advice}"
        )
    return value
