"""Ends a process whose loop hangs, so that its supervisor starts a new one; nothing unacknowledged is lost by that.

A loop that waits for ever, for a lock or a disk, cannot notice it itself. The watchdog is a thread of its own that
touches nothing of the loop's.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

STUCK_EXIT = 70
"""What a process ends with when its loop hung: EX_SOFTWARE of sysexits.h."""

_LOOKS = 10
"""How often it looks within its patience."""


def end_at_once() -> None:
    """End this process without any tidying, for what hangs may hold up that, too."""
    os._exit(STUCK_EXIT)


class Watchdog:
    """Waits for ticks; says where every thread stands and ends the process when they stay away.

    When the whole process stood still, be it stopped or the machine asleep, the loop gets its time anew.
    """

    def __init__(self, patience_s: float, *, out: TextIO | None = None, end: Callable[[], None] = end_at_once) -> None:
        """Be patient for so long between two ticks; `out` needs a file descriptor."""
        self._patience_s = patience_s
        self._out = out or sys.stderr
        self._end = end
        self._last_tick_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self.tick()
        self._thread.start()

    def tick(self) -> None:
        """Say that the loop goes on."""
        self._last_tick_s = time.monotonic()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        pause_s = self._patience_s / _LOOKS
        looked_s = time.monotonic()
        while not self._over.wait(pause_s):
            now_s = time.monotonic()
            if now_s - looked_s > self._patience_s / 2:
                self.tick()
            looked_s = now_s
            if now_s - self._last_tick_s > self._patience_s:
                self._say(now_s - self._last_tick_s)
                self._end()
                return

    def _say(self, silent_s: float) -> None:
        # Not by the log: what hangs may hold its lock.
        try:
            descriptor = self._out.fileno()
            faulthandler.dump_traceback(file=descriptor, all_threads=True)
            line = f"ingest_stuck: no sign of life for {silent_s:.0f} s; ending with exit code {STUCK_EXIT}\n"
            os.write(descriptor, line.encode())
        except (OSError, ValueError):
            return
