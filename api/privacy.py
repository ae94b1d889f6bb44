"""What is shown of rooms: nothing of restricted ones, of those with one or two holders only how they are used."""

from collections.abc import Iterable
from dataclasses import replace

from analytics.ledger import FindingRecord
from api.ports import RoomNow
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry, Room, RoomId


def room_of(registry: Registry, subject: Subject) -> Room | None:
    """Return the room that a subject is or stands in now, None where it is in none."""
    if subject.kind is SubjectKind.ROOM:
        return registry.rooms.get(RoomId(subject.id))
    if subject.kind is SubjectKind.OPENING:
        opening = next((each for each in registry.openings.values() if each.id == subject.id), None)
        return None if opening is None or opening.room is None else registry.rooms.get(opening.room)
    return None


def visible_rooms(registry: Registry, states: Iterable[RoomNow]) -> list[RoomNow]:
    """Return the rooms that may be shown, personal ones with their use alone, unknown ones left out."""
    shown = []
    for state in states:
        room = registry.rooms.get(state.room)
        if room is None or room.restricted:
            continue
        shown.append(RoomNow(room=state.room, use=state.use) if room.is_personal else state)
    return shown


def visible_finding(registry: Registry, record: FindingRecord) -> FindingRecord | None:
    """Return what may be shown of a finding: None of a restricted room, no figures of a personal one."""
    room = room_of(registry, record.subject)
    if room is None:
        return record
    if room.restricted:
        return None
    return replace(record, value=None, threshold=None, unit="", evidence={}) if room.is_personal else record


def visible_findings(registry: Registry, records: Iterable[FindingRecord]) -> list[FindingRecord]:
    """Return what may be shown of findings."""
    return [shown for record in records if (shown := visible_finding(registry, record)) is not None]
