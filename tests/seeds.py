"""How many random draws the tests take: few each time, many with `make test-seeds`."""

import os

import pytest

ASKED = int(os.environ.get("COURSE_SEEDS", "0"))
ON_REQUEST = ASKED >= 200
long = pytest.mark.skipif(not ON_REQUEST, reason="many seconds of training: make test-seeds")


def draws(usual):
    """The seeds from 0 up: `usual` of them, or as many as COURSE_SEEDS asks for."""
    return range(max(usual, ASKED))


def some(things, usual):
    """The first `usual` of many; on request all of them."""
    return list(things) if ON_REQUEST else list(things)[:usual]


def one_of(*seeds):
    """The first seed, for what takes seconds; on request all of them."""
    return seeds if ON_REQUEST else seeds[:1]
