"""One thread of the alert path: work, wait for a wake or a second, and again; a failure is logged and waited out."""

import threading
from collections.abc import Callable
from typing import Protocol

import structlog

LOOK_S = 1.0
"""How often each thread looks by itself; a new signal wakes it at once."""

LONGEST_PAUSE_S = 10.0


class Work(Protocol):
    """What a thread does over and over."""

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Do what is due; say whether there may be more at once."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Loop(threading.Thread):
    """One thread and its work, of which it has one piece at a time."""

    def __init__(self, name: str, work: Work, *, after_others_s: float = 0.0) -> None:
        """Prepare; nothing runs before `start`. `after_others_s` is how long others go first, before each pass."""
        super().__init__(name=f"alerting-{name}", daemon=True)
        self._work = work
        self._after_others_s = after_others_s
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._log = structlog.get_logger(__name__).bind(part=name)

    def wake(self) -> None:
        """Say that there is something new."""
        self._awake.set()

    def ask_to_stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._awake.set()

    def run(self) -> None:
        """Work until it is asked to stop, then let go."""
        failures = 0
        try:
            while not self._stopping.wait(self._after_others_s):
                self._awake.clear()
                try:
                    more = self._work.pass_once(self._stopping.is_set)
                    failures = 0
                except Exception:  # noqa: BLE001 - a task's boundary: alerts go on whatever happened to this pass
                    failures += 1
                    more = False
                    self._log.exception("alerting_failed", failures=failures)
                if failures:
                    self._stopping.wait(min(LONGEST_PAUSE_S, LOOK_S * 2 ** min(failures - 1, 10)))
                elif not more:
                    self._awake.wait(LOOK_S)
        finally:
            self._work.close()
