"""Scenarios of one theme each that the standard has no room for: years, the registry, few people, the seasons."""

from collections.abc import Iterator

from sensors.subjects import Subject, SubjectKind
from sensors.topology import ClimateZone
from simulators.faults import Fault, FaultKind
from simulators.layout import Layout, ScenarioTooSmallError

SLIGHT, CLEAR, NEAR = 1.05, 1.5, 0.95
WELL_BELOW, FAR_BELOW = 0.8, 0.5
LITTLE_MORE, MORE, LESS = 1.1, 1.3, 0.9
"""How many people come, and how many bookings there are, varies from week to week: clear of the limit by so much."""
TWO_YEARS_DAYS, TWO_MONTHS_DAYS, PEER_BUILDINGS = 400, 63, 7
MONTH = 28


def years(at: Layout) -> Iterator[Fault]:
    """Yield buildings of one class over more than a year: two above their quota, one of them above its peers.

    All others stay just under the quota. In the last weeks one takes far more at peak prices, another a little.
    """
    at.needs("years", days=TWO_YEARS_DAYS)
    names = [Subject(SubjectKind.BUILDING, building) for building in at.registry.buildings]
    if len(names) < PEER_BUILDINGS:
        options = f"--buildings {PEER_BUILDINGS} --equipment meters --interval 3600"
        msg = f"the faults 'years' need {PEER_BUILDINGS} buildings; take {options}"
        raise ScenarioTooSmallError(msg)
    for number, building in enumerate(names):
        yield at.fault(FaultKind.HIGH_INTENSITY, building, 0, severity=SLIGHT if number < 2 else NEAR)  # noqa: PLR2004 - the two
    yield at.fault(FaultKind.ABOVE_PEERS, names[1], 0, severity=SLIGHT)
    yield at.fault(FaultKind.ABOVE_PEERS, names[2], 0, severity=WELL_BELOW)
    yield at.fault(FaultKind.PEAK_SHIFT, names[3], at.days - MONTH - 2, severity=CLEAR)
    yield at.fault(FaultKind.PEAK_SHIFT, names[4], at.days - MONTH - 2, severity=FAR_BELOW)


def records(at: Layout) -> Iterator[Fault]:
    """Yield what the registry says: offices too large, one of them allowed; not vacated; let out; papers absent."""
    at.needs("records", days=2, offices=8)
    rooms = at.offices
    long_ago = -100.0
    yield at.fault(FaultKind.OVERSIZED_OFFICE, rooms[0], 0, severity=SLIGHT)
    yield at.fault(FaultKind.OVERSIZED_OFFICE, rooms[1], 0, severity=LESS)
    yield at.fault(FaultKind.EXEMPTED, rooms[2], 0, severity=LESS)
    yield at.fault(FaultKind.NOT_VACATED, rooms[3], long_ago)
    yield at.fault(FaultKind.NOT_VACATED, rooms[4], long_ago, severity=LESS)
    for room, severity in zip(rooms[3:8], (CLEAR, CLEAR, CLEAR, LESS, LESS), strict=True):
        yield at.fault(FaultKind.LET_OUT, room, 0, severity=severity)
    for number, building in enumerate(at.registry.buildings):
        absent = (CLEAR, LESS)[number % 2]
        yield at.fault(FaultKind.PAPERS_ABSENT, Subject(SubjectKind.BUILDING, building), 0, severity=absent)


def half_empty(at: Layout) -> Iterator[Fault]:
    """Yield a building to which half of its people come, and meeting rooms that are booked and not used."""
    at.needs("half-empty", days=TWO_MONTHS_DAYS, offices=4)
    yield at.fault(FaultKind.FEW_PEOPLE, at.building, 0, severity=LITTLE_MORE)
    for room, severity in zip(at.meeting_rooms, (MORE, LESS), strict=False):
        yield at.fault(FaultKind.NO_SHOWS, room, 0, severity=severity)


def seasons(at: Layout) -> Iterator[Fault]:
    """Yield rooms too cold or too warm for the season, and a building too dry or too damp, each with a near miss."""
    at.needs("seasons", days=9, offices=4)
    if at.registry.site.climate_zone is ClimateZone.MILD:
        msg = "the faults 'seasons' need a site that is heated or cooled; take --city beijing, shanghai or guangzhou"
        raise ScenarioTooSmallError(msg)
    for room, severity in zip(at.offices, (SLIGHT, CLEAR, LESS), strict=False):
        yield at.fault(FaultKind.TEMPERATURE, room, 1.4, 3.6, severity=severity)
    yield at.fault(FaultKind.HUMIDITY, at.building, 4.0, 5.5, severity=SLIGHT)
    yield at.fault(FaultKind.HUMIDITY, at.building, 6.5, 8.0, severity=LESS)
