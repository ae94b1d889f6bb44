"""D04: a door's controller is silent, or what it tells comes late."""

from datetime import timedelta

from alerts.watch.late import is_timed, late, timely
from alerts.watch.machine import MINUTE_MS, SECOND_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.silence import Silence
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.topology import OpeningKind
from sensors.verdicts import Severity

OF_DOORS = frozenset(
    {EventType.GRANTED, EventType.DENIED, EventType.EXIT_REQUEST, EventType.FORCED, EventType.HELD, EventType.TAMPER}
)
REPORTS_MISSED = 2
"""One report may be lost on the way. Our own choice, as is the next."""
WRONG_CLOCK_MS = 10 * MINUTE_MS
"""What seems to be on the way for longer tells of a clock that is wrong (D06), not of a slow line."""
LATENCY = "latency"


class DoorSilent(Silence):
    """The controller's own heartbeat counts where it is longer than the limit."""

    alarm = Alarm.DOOR_OFFLINE

    def heeds(self, device: str, site: Site) -> bool:
        """Say whether it is at a door with access control, and known to speak at least so often."""
        known = site.device(device)
        place = known.placements[-1] if known is not None and known.placements else None
        opening = None if place is None or place.opening is None else site.registry.openings.get(place.opening)
        is_door = opening is not None and opening.kind is OpeningKind.ACCESS
        return is_door and self.silent_ms(device, site) is not None

    def silent_ms(self, device: str, site: Site) -> int | None:
        """Return the limit, or what the device needs for its heartbeat or two reports."""
        known = site.device(device)
        if known is None or not (known.interval_s or known.heartbeat_s):
            return None
        own_s = max(known.heartbeat_s or 0.0, REPORTS_MISSED * (known.interval_s or 0.0))
        return max(site.limit_ms(self.rule, "heartbeat_min", MINUTE_MS, device), round(own_s * SECOND_MS))

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object to the silence."""
        may_ms = self.silent_ms(spell.device, site)
        if may_ms is None:
            return ()
        told = {"value": (at_ms - spell.since_ms) / MINUTE_MS, "threshold": may_ms / MINUTE_MS, "unit": "min"}
        return self.tell(spell, Severity.YELLOW, at_ms, site, **told)


class DoorLate(Machine):
    """Events of a door that came long after they happened."""

    alarm = Alarm.DOOR_OFFLINE
    events = OF_DOORS

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Hold the time on the way against the limit."""
        if not is_timed(event) or site.device(event.device) is None:
            return ()
        latency_ms = round((event.received - event.time) / timedelta(milliseconds=1))
        limit = site.limit_ms(self.rule, "latency_s", SECOND_MS, event.device)
        spell = self.spells.get(event.device)
        if limit < latency_ms <= WRONG_CLOCK_MS:
            spell = spell or Spell(key=event.device, device=event.device, zone=LATENCY, since_ms=at_ms)
            return late(self, spell, at_ms, site, severity=Severity.YELLOW, latency_ms=latency_ms, limit_ms=limit)
        return () if spell is None else timely(self, spell, at_ms, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the controller."""
        return Subject(SubjectKind.DEVICE, spell.device)
