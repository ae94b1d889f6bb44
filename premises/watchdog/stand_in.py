"""Stands in for an ingest that does not run: what is in the spool goes out from here until it is back.

For a moment both may send, for a doubt sends; that is what `X-Premises-Delivery` is for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

GONE_AFTER_S = 10.0
"""The supervisor starts ingest anew within a second or two; only what lasts needs a stand-in."""


class Sending(Protocol):
    """What sends: `premises.notices.alerting.Alerting`."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End; what is left goes out by whoever is next."""
        ...


@dataclass(slots=True)
class StandIn:
    """Work for a `premises.notices.loop.Loop`."""

    ingest_runs: Callable[[], bool]
    make: Callable[[], Sending]
    steady: Callable[[], float] = time.monotonic
    _ran_s: float | None = field(default=None)
    _sending: Sending | None = field(default=None)

    @property
    def sends(self) -> bool:
        """Say whether it sends now."""
        return self._sending is not None

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Begin or end to stand in, as ingest is away or back."""
        now_s = self.steady()
        if self._ran_s is None or self.ingest_runs():
            self._ran_s = now_s
        gone = now_s - self._ran_s >= GONE_AFTER_S
        if gone and not self.sends and not stopping():
            self._begin()
        elif not gone:
            self.close()
        return False

    def close(self) -> None:
        """Send no more."""
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.stop()
            structlog.get_logger(__name__).info("stand_in_ended")

    def _begin(self) -> None:
        sending = self.make()
        sending.start()
        # Only now: one that could not begin is made anew at the next look.
        self._sending = sending
        structlog.get_logger(__name__).warning(
            "stands_in_for_ingest", why="ingest does not run; alerts go out from here"
        )
