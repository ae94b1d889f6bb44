"""Faults that change what happens: each alters the conditions of a day in place, before physics reads them.

Figures are the project's own choice; a severity of 1 is clearly visible.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sensors.topology import BuildingId, CircuitItem, Registry, RoomId
from simulators.arithmetic import Flags, Floats
from simulators.conditions import Conditions
from simulators.days import IsWorkday, day_before, next_day
from simulators.faults import Fault, FaultKind
from simulators.grid import step_means

LEFT_ON_WM2 = 40.0
"""What is left on in an empty room: a heater or split air conditioner and the light."""
LEFT_ON_UNTIL_MIN = 22 * 60
"""On the eve of a day of rest the guard switches off what was left on."""
NIGHT_PLANT_WM2 = 8.0
"""Plant that was left in hand and runs all night, per gross area."""
NIGHT_PLANT_OFF_MIN = (6 * 60 + 30, 19 * 60 + 30)
"""By day this plant does what it is for, and is part of the building's load."""
STUCK_DAMPER = 0.2
"""The share of the fresh air that a stuck damper lets through."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an effect may look at beside the conditions."""

    registry: Registry
    is_workday: IsWorkday


Effect = Callable[[Conditions, Fault, Floats, Place], None]
"""Alters conditions for a fault that is there in a share of each step."""


def afflict(day: Conditions, faults: Iterable[Fault], place: Place) -> None:
    """Alter the conditions of a day by the faults that are there on it."""
    for fault in faults:
        effect = EFFECTS.get(fault.kind)
        if effect is not None and (share := day.grid.share_of_steps(fault.span)).any():
            effect(day, fault, share, place)


def _load_left_on(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    """Let a load burn on from the last departure until the next arrival, but for the nights before rest.

    It needs a workday, for somebody must have switched it on.
    """
    if not day.worked:
        return
    column = day.rooms.column[RoomId(fault.subject.id)]
    empty = left_on(
        day.people.workers[:, column] > 0,
        after_workday=place.is_workday(day_before(day.grid.day)),
        before_workday=place.is_workday(next_day(day.grid.day)),
    )
    size_w = LEFT_ON_WM2 * float(day.rooms.area_m2[column]) * fault.severity
    day.plugs_w[:, column] += size_w * share * step_means(empty)


def left_on(occupied: Flags, *, after_workday: bool, before_workday: bool) -> Flags:
    """Say of each minute whether what nobody switches off burns in the empty room."""
    minutes = np.arange(len(occupied))
    present = np.flatnonzero(occupied)
    first, last = (int(present[0]), int(present[-1])) if len(present) else (len(occupied), len(occupied))
    until = len(occupied) if before_workday else LEFT_ON_UNTIL_MIN
    return ((minutes < first) & after_workday) | ((minutes > last) & (minutes < until))


def _night_plant(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    building = place.registry.buildings[BuildingId(fault.subject.id)]
    inside = day.rooms.of_building(building.id)
    gross_m2 = building.gross_area_m2 or float(np.cumsum(day.rooms.area_m2[inside])[-1])
    by_day = step_means(day.grid.minutes_in([NIGHT_PLANT_OFF_MIN] if day.worked else []))
    day.house_w[building.id, CircuitItem.POWER][:] += NIGHT_PLANT_WM2 * gross_m2 * fault.severity * share * (1 - by_day)


def _stuck_damper(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    column = day.rooms.column[RoomId(fault.subject.id)]
    left = min(STUCK_DAMPER / fault.severity, 1.0)
    day.fan_m3s[:, column] *= 1.0 - share * (1.0 - left)


EFFECTS: Mapping[FaultKind, Effect] = MappingProxyType(
    {
        FaultKind.LOAD_LEFT_ON: _load_left_on,
        FaultKind.BASE_LOAD: _night_plant,
        FaultKind.HIGH_CO2: _stuck_damper,
    }
)
"""IDLE_ROOM is told to people.py, which keeps the holders away; the others change what is told (devices, incidents)."""
