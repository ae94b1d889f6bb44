"""Our clock is off: against the times that gateways send, or because the system says that nothing keeps it right.

Gateways are believed only together: three of them at least, and their median. A reading from the future cannot be
explained by anything but clocks; one from the past also by a gateway that holds back, so more is allowed there.
"""

import ctypes
import ctypes.util
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from premises.watchdog.faults import Fault
from sensors.alarms import Alarm
from sensors.clock import Clock
from sensors.events import Event
from sensors.readings import ReadingBatch, ReadingFlag, epoch_ms
from storage.drain import Appended, Target

GATEWAYS_AT_LEAST = 3
HELD_BACK = timedelta(minutes=15)
"""How long gateways may hold readings back in good order. The project's own choice."""

REMEMBERED_S = 600.0
_LOOKED_AT = 200
"""Of the newest readings of a batch; more would cost and tell the same."""

_LATE_DRAIN_MS = 5_000
"""What waited longer for the store says nothing of when it came."""

_NOT_OURS = ReadingFlag.TIME_OF_RECEIPT | ReadingFlag.BACKFILL
_TIMEX_BYTES = 512
_TIME_ERROR = 5
"""From linux/timex.h: the clock is not synchronised."""

GatewayOf = Callable[[str], str | None]


@dataclass(slots=True)
class PeerClocks:
    """How far our clock is ahead of each gateway's at the least, over the last minutes."""

    steady: Callable[[], float]
    _ahead: defaultdict[str, deque[tuple[float, float]]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, gateway: str, ahead_s: float) -> None:
        """Note by how much our clock was ahead of a reading's time when it came."""
        now_s = self.steady()
        with self._lock:
            seen = self._ahead[gateway]
            seen.append((now_s, ahead_s))
            while seen[0][0] < now_s - REMEMBERED_S:
                seen.popleft()

    def ahead_s(self) -> float | None:
        """Return by how much we are ahead of the gateways' median; None where they are too few to say."""
        since_s = self.steady() - REMEMBERED_S
        with self._lock:
            least = [
                min(ahead for at_s, ahead in seen if at_s >= since_s)
                for seen in self._ahead.values()
                if seen[-1][0] >= since_s
            ]
        return median(least) if len(least) >= GATEWAYS_AT_LEAST else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningTarget:
    """A store that compares the times of what is drained into it with ours."""

    target: Target
    peers: PeerClocks
    gateway_of: GatewayOf
    oldest_entry: Callable[[], datetime | None]
    clock: Clock

    def append_from_spool(
        self, spool: str, *, last_entry: int, batches: Sequence[ReadingBatch] = (), events: Sequence[Event] = ()
    ) -> Appended:
        """Store as the target does."""
        now_ms, oldest = epoch_ms(self.clock.now()), self.oldest_entry()
        if oldest is not None and abs(now_ms - epoch_ms(oldest)) <= _LATE_DRAIN_MS:
            for batch in batches:
                self._listen(batch, now_ms)
        return self.target.append_from_spool(spool, last_entry=last_entry, batches=batches, events=events)

    def drained_to(self, spool: str) -> int:
        """Return what the target says."""
        return self.target.drained_to(spool)

    def _listen(self, batch: ReadingBatch, now_ms: int) -> None:
        least: dict[str, int] = {}
        for number in range(max(0, len(batch) - _LOOKED_AT), len(batch)):
            gateway = None if batch.flags[number] & _NOT_OURS else self.gateway_of(batch.device[number])
            if gateway is not None:
                ahead_ms = now_ms - batch.time_ms[number]
                least[gateway] = min(ahead_ms, least.get(gateway, ahead_ms))
        for gateway, ahead_ms in least.items():
            self.peers.heard(gateway, ahead_ms / 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWatch:
    """`synchronised` says whether the system keeps its clock right, None where it does not tell."""

    peers: PeerClocks
    limit: timedelta
    synchronised: Callable[[], bool | None] = lambda: None

    @property
    def alarms(self) -> frozenset[Alarm]:
        """Return its alarm."""
        return frozenset({Alarm.CLOCK_OFF})

    def look(self, now: datetime) -> Collection[Fault]:
        """Return by what our clock is off."""
        del now
        faults = []
        ahead_s = self.peers.ahead_s()
        if ahead_s is not None and not -self.limit <= timedelta(seconds=ahead_s) <= self.limit + HELD_BACK:
            faults.append(_off("gateways", {"ahead_s": f"{ahead_s:.0f}"}))
        if self.synchronised() is False:
            faults.append(_off("ntp", {}))
        return faults


def system_synchronised() -> bool | None:
    """Say whether the system's clock is kept right by NTP or the like; None where that cannot be known."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6")
    # `modes` is 0 in a structure of zeros: it asks and sets nothing.
    answer = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if answer < 0 else bool(answer != _TIME_ERROR)


def _off(about: str, parameters: Mapping[str, str]) -> Fault:
    return Fault(alarm=Alarm.CLOCK_OFF, about=about, parameters=parameters)
