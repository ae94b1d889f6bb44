"""Gateways as they are: what becomes of messages on the way: wrong clocks, late ones, doubles, some lost, some astray.

A gateway gathers what its devices report and sends it once a minute; events go at once. Each message has a number.
What befalls a message follows from the seed, the gateway, its number and the time: it does not matter how time is cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sensors.events import Event
from sensors.readings import epoch_ms
from simulators.arithmetic import Floats, Ints
from simulators.chance import key, uniform
from simulators.faults import Fault, FaultKind

SEND_MS = 60_000
RECORDS_PER_MESSAGE = 100
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Badness:
    """How bad an uplink is at a severity of 1: shares of its messages, and what its clock and link do.

    The project's own choice, so that what is lost stays far below G05's tenth.
    """

    lost: float = 0.01
    double: float = 0.03
    astray: float = 0.05
    clock_behind_ms: int = 40_000
    drift_ppm: float = 60.0
    outage_ms: tuple[int, int] = (6 * 60_000, 25 * 60_000)
    outage_hours: tuple[int, int] = (1, 9)


BAD = Badness()
"""The link is away once a day for some minutes, beginning between these hours UTC; the clock is set right each
midnight UTC to what it is behind, and drifts from there."""
DOUBLE_AFTER_MS, ASTRAY_MS, CATCHING_UP_MS = 20_000, 150_000, 200
"""A double comes within so long, what went astray comes so much later, what was kept is sent one each so long."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a gateway: its number, what is in it, when it was ready and when it arrives; never, where lost.

    Records are those of [begin, end) in the columns of its post. `again_ms` is when a double arrives.
    """

    gateway: str
    number: int
    ready_ms: int
    arrives_ms: int | None
    again_ms: int | None = None
    kept: bool = False
    """It waited for the link and is sent as backfill."""
    begin: int = 0
    end: int = 0
    event: Event | None = None
    clock_ms: int = 0
    """By how much the gateway's clock was wrong: what it says of the time of its event."""


@dataclass(slots=True)
class Uplink:
    """A gateway's link: the number of its next message, and the times when it is bad."""

    gateway: str
    seed: int
    bad: tuple[Fault, ...] = ()
    number: int = 0
    _keys: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, gateway: str, seed: int, faults: Sequence[Fault]) -> "Uplink":
        """Return the link of a gateway."""
        own = (f for f in faults if f.kind is FaultKind.BAD_UPLINK and f.subject.id == gateway)
        return cls(gateway, seed, tuple(own))

    def stamped(self, times_ms: Ints) -> Ints:
        """Return what the gateway's clock shows at instants."""
        wrong = BAD.clock_behind_ms - (times_ms % DAY_MS) * BAD.drift_ppm / 1e6
        return times_ms - np.round(self._severities(times_ms) * wrong).astype(np.int64)

    def letters(self, sendings: Ints, begins: Ints, ends: Ints, events: Sequence[Event]) -> Iterator[Letter]:
        """Yield messages in the order of their numbers: records of the columns' slices sent when told, and events."""
        told = np.array([epoch_ms(event.received) for event in events], dtype=np.int64)
        ready = np.concatenate([told, sendings])
        order = np.argsort(ready, kind="stable")
        numbers = self.number + np.arange(len(order), dtype=np.int64)
        self.number += len(order)
        fates = self._fates(ready[order], numbers)
        for place, (at, number) in enumerate(zip(order.tolist(), numbers.tolist(), strict=True)):
            event = events[at] if at < len(events) else None
            slot = at - len(events)
            span = (0, 0) if event is not None else (int(begins[slot]), int(ends[slot]))
            yield fates.letter(self.gateway, place, number, span, event)

    def _fates(self, ready: Ints, numbers: Ints) -> "_Fates":
        severity = self._severities(ready)
        over = self._link_is_back(ready, severity)
        kept = over > ready
        delayed = uniform(self._key("astray"), numbers)
        astray = np.where(delayed < BAD.astray * severity, (delayed / BAD.astray * ASTRAY_MS).astype(np.int64), 0)
        catching_up = np.where(kept, (ready % (30 * SEND_MS)) // SEND_MS * CATCHING_UP_MS, 0)
        return _Fates(
            ready=ready,
            arrives=np.where(kept, over + catching_up, ready + astray),
            lost=uniform(self._key("lost"), numbers) < BAD.lost * severity,
            double=uniform(self._key("double"), numbers) < BAD.double * severity,
            kept=kept,
            again=(uniform(self._key("again"), numbers) * DOUBLE_AFTER_MS).astype(np.int64),
            clock=self.stamped(ready) - ready,
        )

    def _severities(self, times_ms: Ints) -> Floats:
        """Return how bad the link is at instants, 0 where it is in order."""
        found = np.zeros(len(times_ms))
        for fault in self.bad:
            start, end = fault.span
            found[(start <= times_ms) & (times_ms < end)] = fault.severity
        return found

    def _link_is_back(self, ready: Ints, severity: Floats) -> Ints:
        """Return when what is ready can go: at once, or when the day's outage is over."""
        days = ready // DAY_MS
        first, last = BAD.outage_hours
        begins = days * DAY_MS + first * HOUR_MS
        begins += (uniform(self._key("outage"), days) * (last - first) * HOUR_MS).astype(np.int64)
        least, most = BAD.outage_ms
        over = begins + (least + uniform(self._key("length"), days) * (most - least)).astype(np.int64)
        return np.where((severity > 0) & (begins <= ready) & (ready < over), over, ready)

    def _key(self, purpose: str) -> np.ndarray:
        if purpose not in self._keys:
            self._keys[purpose] = np.array([key(self.seed, "uplink", self.gateway, purpose)], dtype=np.uint64)
        return self._keys[purpose]


@dataclass(frozen=True, slots=True)
class _Fates:
    """What becomes of messages, in columns."""

    ready: Ints
    arrives: Ints
    lost: np.ndarray
    double: np.ndarray
    kept: np.ndarray
    again: Ints
    clock: Ints

    def letter(self, gateway: str, place: int, number: int, span: tuple[int, int], event: Event | None) -> Letter:
        """Return one; events are never lost: a gateway keeps them first."""
        arrives = int(self.arrives[place])
        return Letter(
            gateway=gateway,
            number=number,
            ready_ms=int(self.ready[place]),
            arrives_ms=None if self.lost[place] and event is None else arrives,
            again_ms=arrives + int(self.again[place]) if self.double[place] else None,
            kept=bool(self.kept[place]),
            begin=span[0],
            end=span[1],
            event=event,
            clock_ms=int(self.clock[place]),
        )
