"""Everyday events, which no rule may object to: roll calls, drills, isolations for work, wrong cards, cleaners.

Each day has its own from the seed; their number is bounded. How often is the project's own choice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.events import EventState, EventType
from sensors.topology import OpeningKind, Registry
from simulators.arithmetic import Floats, Ints
from simulators.chance import key, uniform
from simulators.days import MINUTE_MS
from simulators.doors import passages
from simulators.fire import alarm
from simulators.grid import DayGrid
from simulators.happenings import Happening
from simulators.people import PeopleDay
from simulators.rooms import Rooms

SECOND_MS, HOUR_MS = 1000, 60 * MINUTE_MS
ROLL_CALL_MS = 30 * MINUTE_MS
"""The centre calls once in each hour, within its first half, and the guard answers: never two hours apart (F07)."""
WEDNESDAY, DRILL_MONTHS, DRILL_DAYS, DRILL_HOUR = 2, frozenset({1, 4, 7, 10}), range(15, 22), 15
"""A drill each quarter, on the third Wednesday at three."""
WORK_ON_PANEL, WORK_FROM_MS, WORK_MS = 0.1, (9 * HOUR_MS, 11 * HOUR_MS), (0.3, 0.8)
"""On one workday in ten a zone is isolated between these times, for such shares of what F05 puts up with."""
MANUAL_TOO = 0.3
"""The share of such work in which the panel is set to manual as well, for as large a share of F06's limit."""
WRONG_CARD = 0.03
"""The share of those who come in that hold the wrong card to the reader first."""
CLEANER_MIN = 4.0
"""Within so many minutes of the round a cleaner comes in, and goes."""


def panel_day(grid: DayGrid, seed: int, panel: str, zone: str, *, worked: bool, quiet: bool) -> Iterator[Happening]:
    """Yield what a panel tells on a day in order: roll calls; on workdays drills and isolations, unless it is quiet."""
    yield from _roll_calls(grid, seed, panel)
    if worked and not quiet:
        if is_drill_day(grid.day):
            yield from _drill(grid, zone)
        else:
            yield from _work(grid, seed, panel, zone)


def is_drill_day(day: date) -> bool:
    """Say whether the fire drill of a quarter is on a day, if that is worked."""
    return day.month in DRILL_MONTHS and day.weekday() == WEDNESDAY and day.day in DRILL_DAYS


def _roll_calls(grid: DayGrid, seed: int, panel: str) -> Iterator[Happening]:
    hours = np.arange(grid.start_ms, grid.end_ms, HOUR_MS, dtype=np.int64)
    drawn = _drawn(seed, "roll call", panel, hours)
    for moment in (hours + (drawn * ROLL_CALL_MS).astype(np.int64)).tolist():
        yield Happening(moment, EventType.ROLL_CALL, EventState.MOMENTARY)


def _drill(grid: DayGrid, zone: str) -> Iterator[Happening]:
    """Yield an alarm marked as a test, silenced soon."""
    start = grid.start_ms + DRILL_HOUR * HOUR_MS
    for happening in alarm((start, start + 6 * MINUTE_MS), zone, silenced_after_ms=25 * SECOND_MS):
        yield replace(happening, test=True)


def _work(grid: DayGrid, seed: int, panel: str, zone: str) -> Iterator[Happening]:
    """Yield a zone isolated for work on a detector, and put back in time."""
    happens, when, length, manual = _drawn(seed, "work", panel, grid.start_ms + np.arange(4)).tolist()
    if happens >= WORK_ON_PANEL:
        return
    start = grid.start_ms + WORK_FROM_MS[0] + round(when * (WORK_FROM_MS[1] - WORK_FROM_MS[0]))
    share = WORK_MS[0] + length * (WORK_MS[1] - WORK_MS[0])
    yield from _returned(EventType.ISOLATION, start, share * _minutes("F05", "unapproved_min"), zone)
    if manual < MANUAL_TOO:
        yield from _returned(EventType.MANUAL_MODE, start, share * _minutes("F06", "manual_min"), zone)


def _minutes(rule: str, parameter: str) -> float:
    return CATALOGUE[rule].parameter(parameter) * MINUTE_MS


def _returned(event: EventType, start_ms: int, length_ms: float, zone: str) -> Iterator[Happening]:
    yield Happening(start_ms, event, EventState.ACTIVE, zone)
    yield Happening(start_ms + round(length_ms), event, EventState.CLEARED, zone)


def doors_day(
    people: PeopleDay, grid: DayGrid, seed: int, doors: Sequence[str], floors: Iterable[list[int]]
) -> dict[str, list[Happening]]:
    """Return what the controlled doors of a building tell on a day: everybody passes by one, cleaners by the first.

    Some hold a wrong card to the reader first. `floors` has the columns of each floor's rooms.
    """
    told: dict[str, list[Happening]] = {door: [] for door in doors}
    for door, happening in passages(people, grid, seed, doors):
        told[door].append(happening)
    for door in doors:
        told[door] += list(_wrong_cards(told[door], seed, door))
    if doors:
        told[doors[0]] += [
            badge for floor in floors for badge in _cleaner(people.cleaners[:, floor], grid, seed, floor)
        ]
    return told


def _wrong_cards(told: Sequence[Happening], seed: int, door: str) -> Iterator[Happening]:
    """Yield a card refused some seconds before its holder finds the right one; never two for one passing."""
    granted = [each.time_ms for each in told if each.type is EventType.GRANTED]
    drawn = _drawn(seed, "wrong card", door, np.array(granted, dtype=np.int64)).tolist()
    for moment, share in zip(granted, drawn, strict=True):
        if share < WRONG_CARD:
            before_ms = 4 * SECOND_MS + round(share / WRONG_CARD * 5 * SECOND_MS)
            yield Happening(moment - before_ms, EventType.DENIED, EventState.MOMENTARY)


def _cleaner(cleaners: Ints, grid: DayGrid, seed: int, floor: Sequence[int]) -> Iterator[Happening]:
    """Yield the card of a floor's cleaner before the round, and the button after it."""
    minutes = np.flatnonzero(cleaners.any(axis=1))
    if len(minutes):
        first, last = (grid.start_ms + int(minute) * MINUTE_MS for minute in (minutes[0], minutes[-1] + 1))
        comes, goes = (
            _drawn(seed, "cleaner", floor[0], grid.start_ms + np.arange(2)) * CLEANER_MIN * MINUTE_MS
        ).tolist()
        yield Happening(first - round(comes), EventType.GRANTED, EventState.MOMENTARY)
        yield Happening(last + round(goes), EventType.EXIT_REQUEST, EventState.MOMENTARY)


def controlled_doors(registry: Registry) -> list[str]:
    """Return the devices at the doors of the building itself that have a card reader."""
    return [
        device.id
        for device in registry.devices.values()
        for place in device.placements[-1:]
        if place.opening is not None
        if (opening := registry.openings[place.opening]).room is None and opening.kind is OpeningKind.ACCESS
    ]


def columns_of_floors(rooms: Rooms) -> list[list[int]]:
    """Return the columns of each floor's rooms."""
    floors: dict[tuple[str, str], list[int]] = {}
    for column, room in enumerate(rooms.rooms):
        floors.setdefault((room.building, room.floor), []).append(column)
    return list(floors.values())


def _drawn(seed: int, purpose: str, name: object, moments: Ints) -> Floats:
    return uniform(np.array([key(seed, purpose, name)], dtype=np.uint64), moments)
