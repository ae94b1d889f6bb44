"""A heartbeat to a watchdog outside, sent only while all of it is well: who hears none for a while calls a person."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from alerts.channels.exchange import Call, Line, by_status, checked_address, exchange
from alerts.dispatch import Delivery


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """Work for a `premises.notices.loop.Loop`. `ailing` says what is not well, empty where all is."""

    url: str = field(repr=False)
    every_s: float
    ailing: Callable[[], str]
    method: Literal["GET", "POST"] = "POST"
    steady: Callable[[], float] = time.monotonic
    line: Line = field(default_factory=Line)
    _next_s: float = field(default=float("-inf"))
    _said: str = field(default="")

    def __post_init__(self) -> None:
        """Refuse an address that cannot be called."""
        checked_address(self.url, "heartbeat")

    def pass_once(self, stopping: Callable[[], bool]) -> bool:
        """Send one when it is time."""
        if not stopping() and self.steady() >= self._next_s:
            self._next_s = self.steady() + self.every_s
            self.beat()
        return False

    def beat(self) -> bool:
        """Send one now if all is well; say whether it was taken."""
        reason = self.ailing()
        if not reason:
            answer = exchange(Call(url=self.url, method=self.method), self.line, by_status)
            reason = "" if answer.delivery is Delivery.DONE else f"not taken: {answer.detail}"
        self._say(reason)
        return not reason

    def close(self) -> None:
        """Hold nothing."""

    def _say(self, reason: str) -> None:
        """Log what changed."""
        if reason != self._said:
            log = structlog.get_logger(__name__)
            if reason:
                log.warning("no_heartbeat", reason=reason)
            else:
                log.info("heartbeat_again")
        self._said = reason
