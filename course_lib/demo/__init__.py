"""`course demo`: sparse autoencoders on real data, in four parts.

1. Basic training: natural images are taken apart into edges.
2. Which penalty? L1, KL and Hoyer on handwritten digits, three models or more each.
3. Tied weights: half the parameters.
4. The weight of the penalty: how sparsity is paid for.

All models have one layer and unit-norm atoms. Figures and a table go to a folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from course_lib.demo.folder import RESULTS, Gallery
from course_lib.demo.models import Say, Size, handwritten_digits, natural_images, one_thread
from course_lib.demo.parts import basic_training, compare_penalties, tie_weights, vary_weight
from course_lib.demo.words import table, what_to_see

__all__ = ["Size", "run_demo"]


def run_demo(folder: str | os.PathLike[str], say: Say = print, size: Size | None = None) -> None:
    """Train, print and draw all four parts.

    folder : for the figures; made if it is missing. One that holds anything but an earlier demo
    is refused.
    say : takes the lines to print.
    Raises `WrongArgument` and `CheckpointProblem` for such a folder or one that cannot be
    written, before any training.
    """
    size = size or Size()
    gallery = Gallery(Path(folder))
    with one_thread():
        say(f"Sparse autoencoders on real data. Figures go to {gallery.folder}{os.sep}")
        images, handwriting = natural_images(size), handwritten_digits()
        basic = basic_training(images, size, gallery, say)
        penalties = compare_penalties(handwriting, size, gallery, say)
        tied = tie_weights(handwriting, size, penalties["L1"], gallery, say)
        weights = vary_weight(handwriting, size, penalties["L1"], gallery, say)
        rows = [basic, *weights, *penalties["KL"], *penalties["Hoyer"], *tied]
        text = f"{table(rows)}\n\n{what_to_see(basic, penalties, tied, weights, handwriting)}"
    gallery.finish(text)
    say(f"\n{text}\n\nThe table is in {gallery.folder / RESULTS}, the figures beside it:")
    say("\n".join(f"  {name:<23}{words}" for name, words in gallery.contents.items()))
