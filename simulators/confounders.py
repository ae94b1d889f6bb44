"""What stands in a site's registry before anything happens: what looks like a fault, and what is nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sensors.topology import Absence, Device, DeviceId, Person, Registry, RoomId
from simulators.faults import Fault, FaultKind
from simulators.written_faults import written

LAST_DAY = date(2099, 12, 31)


def prepared(registry: Registry, faults: Sequence[Fault], end: datetime | None = None) -> Registry:
    """Return the registry with holders on leave, sensors that do not know the altitude, and entries that are wrong.

    It is that of a simulation's end, where that is known: what is over before is not in it.
    """
    registry = written(registry, faults, end)
    people, devices = dict(registry.people), dict(registry.devices)
    zone = ZoneInfo(registry.site.timezone)
    for fault in faults:
        if fault.kind is FaultKind.LEAVE:
            for holder in registry.rooms[RoomId(fault.subject.id)].holders:
                people[holder] = _on_leave(people[holder], fault, zone)
        elif fault.kind is FaultKind.UNCOMPENSATED:
            device = DeviceId(fault.subject.id)
            devices[device] = _uncompensated(devices[device])
    return replace(registry, people=people, devices=devices)


def _on_leave(person: Person, fault: Fault, zone: ZoneInfo) -> Person:
    first = fault.start.astimezone(zone).date()
    last = LAST_DAY if fault.over is None else (fault.over - timedelta(microseconds=1)).astimezone(zone).date()
    return replace(person, absences=(*person.absences, Absence(first=first, last=last)))


def _uncompensated(device: Device) -> Device:
    return replace(device, pressure_compensated=False)
