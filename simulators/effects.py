"""Faults that change what happens in rooms: each alters the conditions of a day in place, before physics reads them.

A severity is what the rule measures ÷ its limit, or the other way round where it trips below; each effect is laid out
so that the rule comes to just that. Faults of people's habits are in use_effects.py, of the building's load in
load_effects.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sensors.catalogue import CATALOGUE
from sensors.topology import BuildingId, Registry, RoomId
from simulators import air
from simulators.arithmetic import Flags, Floats
from simulators.conditions import NEVER_C, Conditions
from simulators.days import IsWorkday, day_before, next_day
from simulators.faults import Fault, FaultKind
from simulators.grid import STEP_MINUTES, STEP_S, step_means

LEFT_ON_UNTIL_MIN = 22 * 60
"""On the eve of a day of rest the guard switches off what was left on."""
KELVIN_PER_SEVERITY = 5.0
CLICK_K = 0.5
"""A thermostat is set by half kelvins, as devices show it: a quarter beyond the limit is rounded back to it."""
LEAK_M3H = 0.05
"""A leak that a meter sees within the hour, at severity 1; W01 asks only that water runs all night."""
LEAK_STOPS_MIN = (2 * 60, 4 * 60)
"""A near miss of a leak, say a cistern that fills, rests for two hours of the night."""
WINDOW_AIR_CHANGES_H = 4.0
"""What a window open on one side brings in an hour, in volumes of its room. The project's own choice."""
HALVINGS = 24


@dataclass(frozen=True, slots=True)
class Place:
    """What an effect may look at beside the conditions: the CO2 that the day begins with, and the air's pressure."""

    registry: Registry
    is_workday: IsWorkday
    co2_ppm: Floats
    pressure: float


Effect = Callable[[Conditions, Fault, Floats, Place], None]
"""Alters conditions for a fault that is there in a share of each step."""


def afflict(day: Conditions, faults: Iterable[Fault], place: Place) -> None:
    """Alter the conditions of a day by the faults that are there on it."""
    for fault in faults:
        effect = EFFECTS.get(fault.kind)
        if effect is not None and (share := day.grid.share_of_steps(fault.span)).any():
            effect(day, fault, share, place)


def _column(day: Conditions, fault: Fault) -> int:
    return day.rooms.column[RoomId(fault.subject.id)]


def _load_left_on(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    """Let a load burn on from the last departure until the next arrival, but for the nights before rest.

    It needs a workday, for somebody must have switched it on. It takes E05's limits, whichever is higher, times the
    severity.
    """
    if not day.worked:
        return
    column, spec = _column(day, fault), CATALOGUE["E05"]
    empty = left_on(
        day.people.workers[:, column] > 0,
        after_workday=place.is_workday(day_before(day.grid.day)),
        before_workday=place.is_workday(next_day(day.grid.day)),
    )
    limit_w = max(spec.parameter("excess_wm2") * float(day.rooms.area_m2[column]), spec.parameter("excess_w"))
    day.plugs_w[:, column] += limit_w * fault.severity * share * step_means(empty)


def left_on(occupied: Flags, *, after_workday: bool, before_workday: bool) -> Flags:
    """Say of each minute whether what nobody switches off burns in the empty room."""
    minutes = np.arange(len(occupied))
    present = np.flatnonzero(occupied)
    first, last = (int(present[0]), int(present[-1])) if len(present) else (len(occupied), len(occupied))
    until = len(occupied) if before_workday else LEFT_ON_UNTIL_MIN
    return ((minutes < first) & after_workday) | ((minutes > last) & (minutes < until))


def _stuck_damper(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    """Let a damper through just so much that the day's worst occupied hour has A01's limit times the severity.

    Where even the gaps bring more air than that, or nobody stays for an hour, it is shut, or as it was.
    """
    column = _column(day, fault)
    occupied = day.people.present[::STEP_MINUTES, column] > 0
    target_ppm = CATALOGUE["A01"].parameter("co2_ppm") * fault.severity
    fan = day.fan_m3s[:, column].copy()
    open_most, open_least = 1.0, 0.0
    for _ in range(HALVINGS):
        opened = (open_most + open_least) / 2
        peak = _worst_hour_ppm(day, column, fan * (1.0 - share * (1.0 - opened)), occupied, place)
        if peak is None:
            return
        open_most, open_least = (opened, open_least) if peak < target_ppm else (open_most, opened)
    day.fan_m3s[:, column] = fan * (1.0 - share * (1.0 - open_least))


def _worst_hour_ppm(day: Conditions, column: int, fan_m3s: Floats, occupied: Flags, place: Place) -> float | None:
    """Return the highest mean of an hour of samples while somebody was there, None where there is no such hour."""
    one = slice(column, column + 1)
    shown = air.co2(
        place.co2_ppm[one],
        people=day.occupants[:, one],
        air_m3s=(fan_m3s[:, None] + day.gaps_m3s[:, one]),
        room_m3=day.rooms.volume_m3[one],
        pressure=place.pressure,
        step_s=STEP_S,
    )[:-1, 0]
    length = round(CATALOGUE["A01"].parameter("mean_h") * 3600 / STEP_S)
    enough = int(np.ceil(length * CATALOGUE["A01"].parameter("coverage_pct") / 100))
    count = _moving_sum(occupied.astype(np.float64), length)
    total = _moving_sum(np.where(occupied, shown, 0.0), length)
    judged = occupied & (count >= enough)
    return float(np.max(total[judged] / count[judged])) if judged.any() else None


def _moving_sum(values: Floats, length: int) -> Floats:
    """Return the sum of each value and those before it, `length` in all."""
    summed = np.cumsum(values)
    moving: Floats = summed - np.concatenate([np.zeros(length), summed[:-length]])
    return moving


def _low_fresh_air(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    """Let the plant bring each person A02's limit ÷ the severity; what comes through gaps counts too."""
    column = _column(day, fault)
    room = place.registry.rooms[RoomId(fault.subject.id)]
    limit = CATALOGUE["A02"].parameter("meeting_room_m3h" if room.is_meeting_room else "office_m3h")
    wanted = np.maximum(day.occupants[:, column], 1.0) * limit / fault.severity / 3600
    fan = np.maximum(wanted - day.gaps_m3s[:, column], 0.0)
    day.fan_m3s[:, column] = day.fan_m3s[:, column] * (1 - share) + np.minimum(fan, day.fan_m3s[:, column]) * share


def _dense_lighting(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Let the lamps that are on take E09's limit times the severity."""
    column = _column(day, fault)
    installed_w = float(np.max(day.lamps_w[:, column], initial=0.0))
    if installed_w:
        limit_w = CATALOGUE["E09"].parameter("lighting_wm2") * float(day.rooms.area_m2[column])
        factor = limit_w * fault.severity / installed_w
        day.lamps_w[:, column] *= 1.0 + share * (factor - 1.0)


def _light_off(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Switch the lamps off while a little used room is empty: who leaves it for the day would not forget them."""
    column = _column(day, fault)
    day.lamps_w[:, column] *= np.where((share > 0) & (day.occupants[:, column] <= 0), 0.0, 1.0)


def _overcooled(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Set the thermostat to cool to below E06's limit wherever the plant runs."""
    column, limit_c = _column(day, fault), CATALOGUE["E06"].parameter("setpoint_c")
    set_to = limit_c - _turned_k(fault)
    runs = (day.plant > 0) & (share > 0)
    day.cool_to_c[runs, column] = set_to
    day.heat_to_c[runs, column] = np.minimum(day.heat_to_c[runs, column], set_to - 1.0)


def _overheated(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Set the thermostat to heat to above E07's limit wherever the plant runs."""
    column, limit_c = _column(day, fault), CATALOGUE["E07"].parameter("setpoint_c")
    set_to = limit_c + _turned_k(fault)
    runs = (day.plant > 0) & (share > 0)
    day.heat_to_c[runs, column] = set_to
    day.cool_to_c[runs, column] = np.maximum(day.cool_to_c[runs, column], set_to + 1.0)


def _turned_k(fault: Fault) -> float:
    """Return how far beyond the limit a thermostat is set: by whole clicks, a fault by one at least."""
    beyond_k = KELVIN_PER_SEVERITY * (fault.severity - 1.0)
    return float(np.ceil(round(beyond_k / CLICK_K, 6))) * CLICK_K


def _water_leak(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Let water run day and night; a near miss rests for a while each night, which is what W01 looks for."""
    runs = share * LEAK_M3H * fault.severity / 3600
    if fault.near_miss:
        runs = runs * (1.0 - step_means(day.grid.minutes_in([LEAK_STOPS_MIN])))
    day.water_m3s[BuildingId(fault.subject.id)][:] += runs


def _open_window(day: Conditions, fault: Fault, share: Floats, _place: Place) -> None:
    """Let the air outside in through a window, as much as one that is wide open does."""
    column = _column(day, fault)
    day.gaps_m3s[:, column] += share * WINDOW_AIR_CHANGES_H * float(day.rooms.volume_m3[column]) / 3600


def _airing(day: Conditions, fault: Fault, share: Floats, place: Place) -> None:
    """Open the window and switch off the room's plant for as long, as whoever airs a room should."""
    column, during = _column(day, fault), share > 0
    _open_window(day, fault, share, place)
    day.fan_m3s[during, column] = 0.0
    day.cool_to_c[during, column], day.heat_to_c[during, column] = NEVER_C, -NEVER_C


EFFECTS: Mapping[FaultKind, Effect] = MappingProxyType(
    {
        FaultKind.LITTLE_USED: _light_off,
        FaultKind.LOAD_LEFT_ON: _load_left_on,
        FaultKind.HIGH_CO2: _stuck_damper,
        FaultKind.LOW_FRESH_AIR: _low_fresh_air,
        FaultKind.DENSE_LIGHTING: _dense_lighting,
        FaultKind.OVERCOOLED: _overcooled,
        FaultKind.OVERHEATED: _overheated,
        FaultKind.WATER_LEAK: _water_leak,
        FaultKind.OPEN_WINDOW: _open_window,
        FaultKind.AIRING: _airing,
    }
)
"""What is done to the conditions, by kind."""
