"""What comes late: one alert for as long as things come late, over once they came in time for a while."""

from dataclasses import replace

from alerts.watch.machine import MINUTE_MS, SECOND_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.events import Event
from sensors.readings import ReadingFlag
from sensors.verdicts import Severity

IN_TIME_MS = 10 * MINUTE_MS
"""So long after the last late event one that comes in time ends the alert. Our own choice."""


def is_timed(event: Event) -> bool:
    """Say whether the device told itself, and now, when it happened."""
    return not event.flags & (ReadingFlag.TIME_OF_RECEIPT | ReadingFlag.BACKFILL)


def late(
    machine: Machine, spell: Spell, at_ms: int, site: Site, *, severity: Severity, latency_ms: int, limit_ms: int
) -> Edges:
    """Return that something came late; `since_ms` is that of the first late thing, `last_ms` of the last."""
    begun = spell if spell.told is not None else replace(spell, since_ms=at_ms)
    told = {"value": latency_ms / SECOND_MS, "threshold": limit_ms / SECOND_MS, "unit": "s"}
    return machine.tell(replace(begun, last_ms=at_ms), severity, at_ms, site, **told)


def timely(machine: Machine, spell: Spell, at_ms: int, site: Site) -> Edges:
    """Return that the lateness is over, where it has been for long enough."""
    if spell.told is None or at_ms < (spell.last_ms or at_ms) + IN_TIME_MS:
        return ()
    return machine.untell(spell, at_ms, site)
