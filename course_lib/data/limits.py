"""What a dataset may be asked for: numbers that float32 holds, and no more of them than fit."""

from __future__ import annotations

from course_lib.errors import WrongArgument

LARGEST = 1e30  # float32 ends at 3.4e38: room for sums of many such numbers


def require_memory(asked: str, numbers: int) -> None:
    """Raise `WrongArgument` when `numbers` float32 numbers do not fit into the free memory.

    asked : the arguments that make them so many, for the message: "count is 10 and dim is 3".
    """
    import psutil

    needed, free = 4 * numbers, psutil.virtual_memory().available
    if needed > free:
        raise WrongArgument(
            f"{asked}: that takes {needed / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB of memory are "
            "free. Ask for less."
        )
