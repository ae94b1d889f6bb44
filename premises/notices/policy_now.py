"""The policy as it stands: followed while its file changes, and never a reason to stay silent.

A file that cannot be used at the start lets everybody be told; one that breaks later leaves the last good one.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from alerts.policy import Policy, tell_everybody
from sensors.errors import InputFault
from storage.policy_file import Ground, load_policy

LOOK_EVERY_S = 1.0

_Stamp = tuple[int, int, int] | None
Refused = Callable[[str], None]


class PolicyFile:
    """Gives the policy of a file; for any thread. `refused` hears what is wrong, and "" once it is mended."""

    def __init__(
        self, path: Path, ground: Ground, *, refused: Refused, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the file at the first question; where there is none everybody is told."""
        self._path = path
        self._ground = ground
        self._refused = refused
        self._steady = steady
        self._policy = tell_everybody(ground.channels, timezone=ground.timezone)
        self._stamp: _Stamp = None
        self._looked_s: float | None = None
        self._is_refused = False
        self._lock = threading.Lock()
        self._log = structlog.get_logger(__name__)

    def now(self) -> Policy:
        """Return the policy; never fails."""
        with self._lock:
            if self._looked_s is None or self._steady() - self._looked_s >= LOOK_EVERY_S:
                self._looked_s = self._steady()
                self._look()
            return self._policy

    def _look(self) -> None:
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._policy = self._loaded(stamp)
        except Exception as exc:  # noqa: BLE001 - a task's boundary: no file whatever may stop alerting
            self._refuse(str(exc) if isinstance(exc, InputFault) else f"{type(exc).__name__}: {exc}")
            return
        self._log.info("policy_read", file=self._path.name, routes=len(self._policy.routes))
        if self._is_refused:
            self._is_refused = False
            self._tell("")

    def _loaded(self, stamp: _Stamp) -> Policy:
        if stamp is None:
            return tell_everybody(self._ground.channels, timezone=self._ground.timezone)
        return load_policy(self._path, self._ground)

    def _refuse(self, detail: str) -> None:
        self._is_refused = True
        self._log.error("policy_refused", detail=detail, kept="the policy as it was before, at first: all are told")
        self._tell(detail)

    def _tell(self, detail: str) -> None:
        try:
            self._refused(detail)
        except Exception:  # noqa: BLE001 - a task's boundary: that it cannot be told changes nothing for alerts
            self._log.exception("policy_refusal_not_told")

    def _stamped(self) -> _Stamp:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return (0, 0, 0)
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
