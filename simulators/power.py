"""Electricity: lighting that follows people who forget, sockets, plant, and what is always on.

Figures without a source are the project's own choice.
"""

from collections.abc import Iterable

from simulators.chance import Chance
from simulators.timeline import Span, gaps, joined

LIGHTING_WM2 = 7.0
"""Installed lighting per usable area; GB 55015-2021 allows an ordinary office 8.0 W/m² (recalled)."""
SWITCHED_OFF = ((30, 0.086), (60, 0.314), (120, 0.38), (240, 0.6), (720, 0.96))
"""The chance that whoever leaves a room last switches the light off, by the length of the absence in minutes.
Source: Pigg et al. 1996 as used by Reinhart, "Lightswitch-2002", Solar Energy 77 (2004) 15-28 (recalled)."""
FORGETFUL = 0.04
"""The chance that the light stays on when the last one goes home, until the guard's round."""
GUARD_MIN = (19 * 60 + 20, 19 * 60 + 50)
"""When the guard switches off what was forgotten."""
SENSOR_DELAY_MIN = 15
"""A meeting room's light goes off by itself so long after the last one left."""

DESK_W = (70.0, 105.0)
"""A computer with its screen and what else one person uses, from person to person."""
STANDBY_ROOM_W, STANDBY_SEAT_W = 12.0, 5.0
SERVER_WM2 = 90.0
"""Computers and their cooling in a server room, day and night."""

HVAC_WM2 = 12.0
"""Heating, ventilation and cooling per usable area while it runs; the day's weather makes it 0.8 to 1.2 of that."""
PLANT_MIN = (7 * 60, 20 * 60 + 30)
"""When the plant and with it the fresh air run on a workday."""
CORRIDOR_DAY_WM2, CORRIDOR_NIGHT_WM2 = 1.5, 0.3
"""Lighting of corridors and stairs per gross area."""
POWER_DAY_WM2, POWER_NIGHT_WM2 = 0.8, 0.3
"""Lifts, pumps and building services per gross area."""

LOSSES = 0.02
"""Losses between the main meter and the sub-meters, as a share of what the sub-meters count."""

LEFT_ON_WM2 = 40.0
"""What is left on in an empty room, at severity 1: a heater or split air conditioner and the light."""
LEFT_ON_UNTIL_MIN = 22 * 60
"""On the eve of a day of rest the guard switches off what was left on."""
NIGHT_PLANT_WM2 = 8.0
"""Plant that was left in hand and runs all night, per gross area, at severity 1."""
NIGHT_PLANT_OFF_MIN = (6 * 60 + 30, 19 * 60 + 30)
"""By day this plant does what it is for, and is part of HVAC_WM2."""


def lit(stays: Iterable[Span], chance: Chance) -> list[Span]:
    """Return when the light of an office is on: from the first arrival, through absences in which nobody cared."""
    present = joined(stays)
    left_on = [gap for gap in gaps(present) if not chance.happens(_switch_off(gap[1] - gap[0]))]
    forgotten = chance.happens(FORGETFUL)
    round_min = chance.whole(*GUARD_MIN)
    if forgotten and present:
        left_on.append((present[-1][1], max(present[-1][1], round_min)))
    return joined([*present, *left_on])


def lit_by_sensor(stays: Iterable[Span]) -> list[Span]:
    """Return when the light of a meeting room is on: while someone is there and a little longer."""
    return joined((start, end + SENSOR_DELAY_MIN) for start, end in stays)


def left_on(stays: Iterable[Span], *, after_workday: bool, before_workday: bool) -> list[Span]:
    """Return when a load that nobody switches off runs in the empty room on a workday.

    It burns on from the last departure until the next arrival, but for the nights before a day of rest.
    """
    present = joined(stays)
    first, last = (present[0][0], present[-1][1]) if present else (24 * 60, 24 * 60)
    until = 24 * 60 if before_workday else LEFT_ON_UNTIL_MIN
    morning = [(0, first)] if after_workday else []
    return [*morning, *([(last, until)] if last < until else [])]


def _switch_off(absence_min: int) -> float:
    return next((chance for longest, chance in SWITCHED_OFF if absence_min <= longest), 1.0)
