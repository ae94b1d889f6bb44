"""How often Python looks for garbage in a process that takes in messages."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG_OBJECTS = 50_000
"""About what a group of 2,000 messages makes and gives back at once, without any help of the collector."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Spare what is there now from the search for garbage, and search less often among what comes.

    With a registry of a hundred thousand devices each full search looks through all of them for nothing, and the
    usual limit of 700 new objects calls for one several times in each group.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
