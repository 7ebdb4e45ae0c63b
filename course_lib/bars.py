"""Progress bars: tqdm's, in a terminal or a notebook, silent where `TQDM_DISABLE` is set.

tqdm's own bar for notebooks passes over that variable. A notebook that is built and stored must
not keep a bar: it is for someone who waits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

SWITCH = "TQDM_DISABLE"


def progress_bar(*args: Any, **options: Any) -> tqdm:
    """tqdm's bar with tqdm's arguments: `for x in progress_bar(xs, desc="training"): …`."""
    from tqdm.auto import tqdm

    return tqdm(*args, disable=os.environ.get(SWITCH, "") not in ("", "0"), **options)
