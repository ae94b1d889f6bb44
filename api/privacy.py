"""What is shown of rooms: nothing of restricted ones, of those with one or two holders only how they are used."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from analytics.ledger import FindingRecord
from api.ports import RoomNow
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import CircuitId, DeviceId, OpeningId, Registry, Room, RoomId
from sensors.utilisation import Utilisation, visible_utilisation


def rooms_of(registry: Registry, subject: Subject) -> list[Room]:
    """Return the room itself, those that a circuit serves, or the one where a device or a door is."""
    ids: Sequence[RoomId | None] = ()
    if subject.kind is SubjectKind.ROOM:
        ids = (RoomId(subject.id),)
    elif subject.kind is SubjectKind.CIRCUIT and subject.id in registry.circuits:
        ids = registry.circuits[CircuitId(subject.id)].serves
    elif subject.kind is SubjectKind.DEVICE and subject.id in registry.devices:
        ids = [place.room for place in registry.devices[DeviceId(subject.id)].placements[-1:]]
    elif subject.kind is SubjectKind.OPENING and subject.id in registry.openings:
        ids = (registry.openings[OpeningId(subject.id)].room,)
    return [registry.rooms[room] for room in ids if room is not None and room in registry.rooms]


def is_personal(registry: Registry, subject: Subject) -> bool:
    """Say whether figures about the subject tell when one or two people were there."""
    rooms = rooms_of(registry, subject)
    return bool(rooms) and all(room.is_personal for room in rooms)


def reads_registry_alone(rule: str) -> bool:
    """Say whether a rule is judged from what is written down: areas, papers, dates of leaving; nobody's presence."""
    spec = CATALOGUE.get(rule)
    return spec is not None and not spec.needs.metrics and not spec.needs.events and not spec.needs.records


def tells_of_presence(registry: Registry, rule: str, subject: Subject) -> bool:
    """Say whether the figures of a rule about a subject tell when one or two people were there."""
    return is_personal(registry, subject) and not reads_registry_alone(rule)


def is_restricted(registry: Registry, subject: Subject) -> bool:
    """Say whether the subject is or serves a room that shows on no plan."""
    return any(room.restricted for room in rooms_of(registry, subject))


def visible_rooms(registry: Registry, states: Iterable[RoomNow]) -> list[RoomNow]:
    """Return the rooms that may be shown, personal ones with their use alone, unknown ones left out."""
    shown = []
    for state in states:
        room = registry.rooms.get(state.room)
        if room is None or room.restricted:
            continue
        shown.append(RoomNow(room=state.room, use=state.use) if room.is_personal else state)
    return shown


def told_utilisation(registry: Registry, found: Utilisation | None) -> Utilisation | None:
    """Return what may be shown of the use of rooms, by the registry as it stands now."""
    return None if found is None else visible_utilisation(registry, found)


def visible_finding(registry: Registry, record: FindingRecord) -> FindingRecord | None:
    """Return what may be shown of a finding: None of a restricted room; of a personal one days and no figures."""
    if is_restricted(registry, record.subject):
        return None
    return _without_figures(registry, record) if tells_of_presence(registry, record.rule, record.subject) else record


def visible_findings(registry: Registry, records: Iterable[FindingRecord]) -> list[FindingRecord]:
    """Return what may be shown of findings."""
    return [shown for record in records if (shown := visible_finding(registry, record)) is not None]


def _without_figures(registry: Registry, record: FindingRecord) -> FindingRecord:
    zone = ZoneInfo(registry.site.timezone)
    return replace(
        record,
        started=_day(record.started, zone),
        last_seen=_day(record.last_seen, zone),
        ended=None if record.ended is None else _day(record.ended, zone),
        value=None,
        threshold=None,
        unit="",
        energy_kwh=None,
        evidence={},
    )


def _day(time: datetime, zone: ZoneInfo) -> datetime:
    return time.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(time.tzinfo)
