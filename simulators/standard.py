"""The standard faults: one of every rule that can be simulated, gross and just beyond its limit, and near misses.

Each rule's faults stand where no other's disturb them: rooms, devices and weeks are given out in turn. What does not
fit, for want of rooms, devices or time, is left out; 63 days of 36 rooms with full equipment hold all.
"""

from collections.abc import Iterator
from dataclasses import replace

from sensors.subjects import Subject
from sensors.topology import ClimateZone, Room
from simulators.faults import Fault, FaultKind
from simulators.layout import Layout

LEAST_DAYS, LEAST_OFFICES = 14, 5
JAMMED, WEDGED, GROSS, CLEAR, SLIGHT, NEAR, HALF = 60.0, 6.0, 2.0, 1.5, 1.05, 0.9, 0.45
MONTH, WINDOW = 28, 7


def standard(at: Layout) -> Iterator[Fault]:
    """Yield every fault that the building and the days have room for."""
    at.needs("standard", days=LEAST_DAYS, offices=LEAST_OFFICES)
    rooms = sorted(at.offices, key=lambda room: -len(room.holders))
    yield from _use(at, rooms)
    yield from _loads(at, rooms)
    yield from _air(at, rooms)
    yield from _building(at)
    yield from _levels(at, rooms)
    yield from _circuits(at)
    yield from _devices(at, rooms)
    yield from _panel(at)
    yield from _doors(at)


def _use(at: Layout, rooms: list[Room]) -> Iterator[Fault]:
    """Yield rooms used too little; the fullest offices stand for it, since in the others leave weighs too much."""
    if at.days < MONTH:
        return
    if at.shared:
        yield at.fault(FaultKind.IDLE_ROOM, at.shared[0], 0)
    yield at.fault(FaultKind.LITTLE_USED, rooms[0], 0, severity=SLIGHT)
    if len(rooms) > 10:  # noqa: PLR2004 - a second dozen of rooms
        yield at.fault(FaultKind.LITTLE_USED, rooms[1], 0, severity=NEAR)
    for meeting, severity in zip(at.meeting_rooms, (CLEAR, NEAR), strict=False):
        yield at.fault(FaultKind.LITTLE_USED, meeting, 0, severity=severity)
    if len(at.meeting_rooms) > 2:  # noqa: PLR2004 - the third is free for small groups
        yield at.fault(FaultKind.SMALL_GROUPS, at.meeting_rooms[2], 0)
    for meeting, severity in zip(at.meeting_rooms[1:], (1.2, NEAR), strict=False):
        yield at.fault(FaultKind.NO_SHOWS, meeting, 0, severity=severity)


def _loads(at: Layout, rooms: list[Room]) -> Iterator[Fault]:
    """Yield loads left on: one gross and mended, one slight, one near miss; and lighting that takes too much."""
    half = at.days // 2
    yield at.fault(FaultKind.LOAD_LEFT_ON, rooms[-1], 2, half, severity=GROSS, mended=True)
    yield at.fault(FaultKind.LOAD_LEFT_ON, rooms[-2], 3, severity=SLIGHT)
    yield at.fault(FaultKind.LOAD_LEFT_ON, rooms[-3], 2, severity=NEAR)
    if len(rooms) > 9:  # noqa: PLR2004 - as above
        yield at.fault(FaultKind.DENSE_LIGHTING, rooms[-4], 2, severity=SLIGHT)
        yield at.fault(FaultKind.DENSE_LIGHTING, rooms[-5], 2, severity=NEAR)


def _air(at: Layout, rooms: list[Room]) -> Iterator[Fault]:
    """Yield stuck dampers: slight and near first, gross where rooms are left; and little fresh air."""
    yield at.fault(FaultKind.HIGH_CO2, rooms[2], 3, severity=SLIGHT)
    yield at.fault(FaultKind.HIGH_CO2, rooms[3], 3, severity=NEAR)
    if len(rooms) > 9:  # noqa: PLR2004 - as above
        yield at.fault(FaultKind.HIGH_CO2, rooms[4], at.days // 3, at.days - 5, severity=GROSS, mended=True)
        yield at.fault(FaultKind.LOW_FRESH_AIR, rooms[5], 3, severity=CLEAR)
    if at.registry.site.climate_zone is ClimateZone.SEVERE_COLD_AND_COLD:
        yield at.fault(FaultKind.TEMPERATURE, rooms[0], at.days - 4, at.days - 2)


def _building(at: Layout) -> Iterator[Fault]:
    """Yield faults of the whole building, one week after another: each would hide in another's."""
    days = at.days
    yield at.fault(FaultKind.BASE_LOAD, at.building, days - 7, days - 0.5, severity=SLIGHT)
    if days >= MONTH:
        yield at.fault(FaultKind.BASE_LOAD, at.building, 2, 7, severity=NEAR)
        yield at.fault(FaultKind.UNMETERED_TAP, at.main, days - 14, days - 7, severity=CLEAR)
    if days > 2 * MONTH:
        yield at.fault(FaultKind.UNMETERED_TAP, at.main, 16, 24, severity=NEAR)
        yield at.fault(FaultKind.EXTRA_USE, at.building, 30, 35)
    if at.registry.devices and _shows(at, at.building, "water_m3"):
        yield at.fault(FaultKind.WATER_LEAK, at.building, days - 12)
    if _any_shows(at, "relative_humidity_pct"):
        yield at.fault(FaultKind.HUMIDITY, at.building, days - 10, days - 8)


def _levels(at: Layout, rooms: list[Room]) -> Iterator[Fault]:
    """Yield levels in rooms whose sensors show them, slight in one room and near in another."""
    for kind, metric in (
        (FaultKind.PARTICLES, "pm2_5_ugm3"),
        (FaultKind.FORMALDEHYDE, "hcho_mgm3"),
        (FaultKind.DIM_LIGHT, "illuminance_lux"),
        (FaultKind.NOISE, "sound_level_dba"),
    ):
        showing = [room for room in rooms if at.sensor(room, metric) is not None]
        for room, severity in zip(showing, (SLIGHT, NEAR), strict=False):
            yield at.fault(kind, room, 4, 9, severity=severity)
    for number, room in enumerate(at.rooms_with_windows[:3]):
        # well below the limit, and a workday's forenoon: ideal contacts are read every five minutes
        kind = FaultKind.AIRING if number > 1 else FaultKind.OPEN_WINDOW
        open_day = at.first_workday(2) + 10.5 / 24
        yield at.fault(kind, room, open_day, severity=(GROSS, HALF, NEAR)[number])
    thermostats = [room for room in rooms if at.sensor(room, "setpoint_c") is not None]
    for room, severity in zip(thermostats, (SLIGHT, NEAR), strict=False):
        yield at.fault(FaultKind.OVERHEATED, room, 4, 9, severity=severity)
    for room, severity in zip(thermostats[2:], (SLIGHT, NEAR), strict=False):
        yield at.fault(FaultKind.OVERCOOLED, room, 4, 9, severity=severity)


def _circuits(at: Layout) -> Iterator[Fault]:
    """Yield electrical faults at the meters that measure phases, a day or two each."""
    for kind, metric, day in (
        (FaultKind.RESIDUAL_CURRENT, "residual_current_ma", 3.4),
        (FaultKind.HOT_CABLE, "cable_temperature_c", 4.4),
        (FaultKind.OVERLOAD, "current_a", 5.4),
        (FaultKind.HIGH_VOLTAGE, "voltage_v", 6.4),
        (FaultKind.UNBALANCE, "voltage_v", 7.4),
    ):
        circuits = at.circuits_showing(metric, rated=kind is FaultKind.OVERLOAD)
        for subject, severity in zip(circuits, (SLIGHT, NEAR), strict=False):
            yield at.fault(kind, subject, day, day + 0.5, severity=severity)
    residual = at.circuits_showing("residual_current_ma")
    if residual and at.days > MONTH + 2 * WINDOW:
        yield at.fault(FaultKind.LEAKAGE_TREND, residual[-1], at.days - 12)


def _devices(at: Layout, rooms: list[Room]) -> Iterator[Fault]:
    """Yield sensors that fail, in rooms that have no fault of their air."""
    floors = dict.fromkeys(room.floor for room in at.offices)
    last = [room for room in rooms if room.floor == list(floors)[-1]] if len(floors) > 1 else []
    sensors = [at.air_sensor(room) for room in rooms if room not in (*rooms[2:6], *last)]
    failures = (
        at.fault(FaultKind.SILENT_DEVICE, at.panel, at.days - 2 - 0.3),
        at.fault(FaultKind.GAPS, at.panel, at.days - 9, at.days - 5, severity=1.2),
        at.fault(FaultKind.GAPS, at.panel, 3, severity=NEAR),
        at.fault(FaultKind.DRIFT, at.panel, 2, severity=SLIGHT),
        at.fault(FaultKind.FROZEN, at.panel, 4, 7),
    )
    for sensor, failure in zip(reversed(sensors), failures, strict=False):
        yield replace(failure, subject=sensor)
    if last:
        yield at.fault(FaultKind.SILENT_GATEWAY, at.gateway_of(last[0]), at.days - 0.25)


def _panel(at: Layout) -> Iterator[Fault]:
    days, panel = at.days, at.panel
    yield at.fault(FaultKind.FIRE, panel, days - 3.6, days - 3.6 + 10 / 1440, severity=SLIGHT)
    yield at.fault(FaultKind.FIRE, panel, days - 4.6, days - 4.6 + 10 / 1440, severity=NEAR)
    for kind, severity, day in (
        (FaultKind.PANEL_FAULT, SLIGHT, 3.0),
        (FaultKind.PANEL_FAULT, NEAR, 6.0),
        (FaultKind.ISOLATION, SLIGHT, 4.5),
        (FaultKind.ISOLATION, NEAR, 5.5),
        (FaultKind.MANUAL_MODE, SLIGHT, 7.5),
        (FaultKind.MANUAL_MODE, NEAR, 8.5),
        *(((FaultKind.SLOW_RELAY, SLIGHT, 12.4), (FaultKind.SLOW_RELAY, NEAR, 12.6)) if _tells_its_clock(at) else ()),
        (FaultKind.LOST_LINK, SLIGHT, 9.5),
        (FaultKind.LOST_LINK, NEAR, 10.5),
    ):
        yield at.fault(kind, panel, day, severity=severity)
    for severity, day in ((SLIGHT, 11.5), (NEAR, 12.2)):
        yield at.fault(FaultKind.UNANSWERED, at.site, day, severity=severity)
    if _tells_its_clock(at) and at.days >= MONTH:
        yield at.fault(FaultKind.CLOCK_DRIFT, panel, 13.1, 17.1, severity=SLIGHT)
        yield at.fault(FaultKind.CLOCK_DRIFT, panel, 19.1, 23.1, severity=NEAR)
    for number, detector in enumerate(at.detectors("leak")[:2]):
        yield at.fault(FaultKind.LEAK_ALARM, detector, days - 6.5, days - 6.4, severity=(CLEAR, NEAR)[number])
    yield at.fault(FaultKind.FLAPPING, panel, 11.3, 11.31)


def _tells_its_clock(at: Layout) -> bool:
    return any("clock_offset_s" in device.metrics for device in at.registry.devices.values())


def _doors(at: Layout) -> Iterator[Fault]:
    door = at.door
    for kind, severity, day in (
        (FaultKind.FORCED_DOOR, CLEAR, 5.9),
        (FaultKind.FORCED_DOOR, NEAR, 7.9),
        (FaultKind.HELD_DOOR, SLIGHT, 6.42),
        (FaultKind.HELD_DOOR, NEAR, 8.42),
        (FaultKind.DENIED, SLIGHT, 6.6),
        (FaultKind.DENIED, NEAR, 8.6),
    ):
        ends = day + 8 / 1440 if kind is FaultKind.FORCED_DOOR else None
        yield at.fault(kind, door, day, ends, severity=severity)
    for gate in at.gates:
        yield at.fault(FaultKind.PASSED_BACK, gate, 6.7)
        yield at.fault(FaultKind.PASSED_BACK, gate, 8.7, severity=NEAR)
    controllers = at.detectors("door")
    if controllers:
        yield at.fault(FaultKind.TAMPER, controllers[0], 9.6)
        yield at.fault(FaultKind.SILENT_DOOR, controllers[0], 10.6, severity=4.0)
    # Long enough to be seen by contacts that are read every five minutes.
    locked = at.doors_showing("locked")
    for day, severity in ((12.7, JAMMED), (12.8, NEAR)):
        yield from (at.fault(FaultKind.EXIT_LOCKED, exit_door, day, severity=severity) for exit_door in locked[:1])
    for fire_door, severity in zip(at.fire_doors, (WEDGED, NEAR), strict=False):
        yield at.fault(FaultKind.FIRE_DOOR_OPEN, fire_door, 5.4, severity=severity)


def _shows(at: Layout, subject: Subject, metric: str) -> bool:
    places = (place for d in at.registry.devices.values() if metric in d.metrics for place in d.placements[-1:])
    return any(place.building == subject.id for place in places)


def _any_shows(at: Layout, metric: str) -> bool:
    return any(
        metric in d.metrics and d.placements[-1:] and d.placements[-1].room for d in at.registry.devices.values()
    )
