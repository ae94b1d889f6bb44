"""D05: one card that comes in twice and does not leave in between: it was handed back, or copied."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from alerts.watch.machine import HOUR_MS, MINUTE_MS, SECOND_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, DeviceId, Direction, OpeningId, OpeningKind, Registry
from sensors.verdicts import Severity

REVIEW_MS = 10 * MINUTE_MS
"""So long the alert stands: what happened is over at once. Our own choice."""
ANYBODY = frozenset({EventType.EXIT_REQUEST, EventType.FORCED})
"""After these nobody knows any more who is inside."""
FIRES = frozenset({EventType.FIRE, EventType.SMOKE})

Sides = Mapping[Direction, frozenset[str]]
"""The readers that let people into an area, and those that let them out."""


@dataclass(frozen=True, slots=True)
class Area:
    """What lies behind a door: the room that it leads to, by which all its doors are one; else the door's own."""

    key: str
    door: OpeningId


class PassedBack(Machine):
    """A spell for each card that is inside, by area and digest; off where no reader's direction is registered."""

    alarm = Alarm.PASSED_BACK
    events = frozenset({EventType.GRANTED}) | ANYBODY | FIRES

    def __init__(self) -> None:
        """Know of no reader."""
        super().__init__()
        self._known: tuple[Registry | None, Mapping[str, Sides]] = (None, {})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Follow a card in or out; forget who is inside where anybody may have left."""
        if event.state is EventState.CLEARED:
            return
        if event.type in FIRES:
            self._forget("")
            return
        reader = site.device(event.device)
        area = None if reader is None else area_of(reader, site.registry)
        if reader is None or area is None:
            return
        key = f"{area.key}|{event.credential}"
        if event.type in ANYBODY:
            self._forget(f"{area.key}|")
        elif not event.credential:
            return
        elif reader.direction is Direction.OUT:
            yield from self.end(key, at_ms, site)
        elif reader.direction is Direction.IN and self._sides(site)[area.key][Direction.OUT]:
            yield from self._entered(key, event, at_ms, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """End the alert, and go on following the card; forget one that must have left unseen."""
        if spell.told is None:
            self.spells.drop(spell.key)
            return ()
        return self.untell(replace(spell, due_ms=spell.since_ms + _stay_ms(spell.device, site)), at_ms, site)

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that is forgotten when its entry counts no more."""
        if spell.told is not None:
            return spell
        return replace(spell, due_ms=spell.since_ms + _stay_ms(spell.device, site))

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the reader is gone, or nobody says any more which way it lets people."""
        reader = site.device(spell.device)
        return reader is None or reader.direction is None

    def subject(self, spell: Spell, site: Site) -> Subject:
        """Return the door."""
        reader = site.device(spell.device)
        area = None if reader is None else area_of(reader, site.registry)
        return site.subject(spell.device, spell.since_ms) if area is None else Subject(SubjectKind.OPENING, area.door)

    def _entered(self, key: str, event: Event, at_ms: int, site: Site) -> Edges:
        before = self.spells.get(key)
        reread_ms = site.limit_ms(self.rule, "reread_s", SECOND_MS, event.device)
        entered = Spell(key=key, device=event.device, since_ms=at_ms, last_ms=at_ms)
        if before is None:
            self.spells.put(replace(entered, due_ms=at_ms + _stay_ms(event.device, site)))
        elif before.device == event.device and at_ms - (before.last_ms or before.since_ms) <= reread_ms:
            self.spells.put(replace(before, last_ms=at_ms))
        else:
            minutes = round((at_ms - before.since_ms) / MINUTE_MS, 1)
            anew = replace(entered, told=before.told, due_ms=at_ms + REVIEW_MS)
            yield from self.tell(anew, Severity.BLUE, at_ms, site, value=minutes, unit="min")

    def _forget(self, of: str) -> None:
        for spell in self.spells.all():
            if spell.told is None and spell.key.startswith(of):
                self.spells.drop(spell.key)

    def _sides(self, site: Site) -> Mapping[str, Sides]:
        if self._known[0] is not site.registry:
            self._known = (site.registry, areas(site.registry))
        return self._known[1]


def area_of(reader: Device, registry: Registry) -> Area | None:
    """Return what lies behind the door that a reader is at; None where it is at none with access control."""
    place = reader.placements[-1] if reader.placements else None
    opening = None if place is None or place.opening is None else registry.openings.get(place.opening)
    if opening is None or opening.kind is not OpeningKind.ACCESS:
        return None
    return Area(key=opening.room or opening.id, door=opening.id)


def areas(registry: Registry) -> Mapping[str, Sides]:
    """Return the readers on either side of each area whose readers' direction is registered."""
    found: defaultdict[str, dict[Direction, set[DeviceId]]] = defaultdict(lambda: {each: set() for each in Direction})
    for device in registry.devices.values():
        area = area_of(device, registry)
        if area is not None and device.direction is not None:
            found[area.key][device.direction].add(device.id)
    return {key: {side: frozenset(readers) for side, readers in sides.items()} for key, sides in found.items()}


def _stay_ms(device: str, site: Site) -> int:
    return site.limit_ms("D05", "stay_h", HOUR_MS, device)
