"""Ctrl-C at a moment of our choosing."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Let a Ctrl-C wait until the block is done; it comes at its end as KeyboardInterrupt.

    DuckDB breaks off a statement at it, of which a failed transaction remains and no sign of the reason.
    """
    if current_thread() is not main_thread():
        # Only the main thread is ever interrupted.
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
