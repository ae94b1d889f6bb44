"""Sets of faults by name, each laid out over the days and the building that are simulated."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from sensors.errors import InputFault
from sensors.topology import Registry
from simulators.faults import Fault, FaultKind
from simulators.layout import Layout, ScenarioTooSmallError
from simulators.standard import standard
from simulators.themes import half_empty, records, seasons, years
from simulators.wording import meant

__all__ = ["SCENARIOS", "ScenarioTooSmallError", "UnknownScenarioError", "scenario"]

MENDED_DAYS_BEFORE_END = 15
"""So long a load is found mended by the readings: E05 is verified over 14 days."""
POOR_LINK = 0.9
"""A link that loses, doubles and delays what it carries, and no more than the rules put up with."""
HEATER = 8.0
"""A heater or split air conditioner that is left on takes so many times what E05 puts up with."""


class UnknownScenarioError(InputFault):
    """A name of faults that there is not."""

    def __init__(self, name: str) -> None:
        """Name those that there are."""
        super().__init__(f"--faults: no faults named {name!r}, and no such file; {meant(name, SCENARIOS)}")


def scenario(name: str, registry: Registry, *, start: datetime, days: int) -> tuple[Fault, ...]:
    """Return the faults of a name. Raises UnknownScenarioError, ScenarioTooSmallError."""
    if name not in SCENARIOS:
        raise UnknownScenarioError(name)
    return tuple(SCENARIOS[name](Layout(registry, start, days)))


def _demo(at: Layout) -> Iterator[Fault]:
    """Yield the standard demonstration.

    An idle shared office; a load left on that is mended, one that is not, and one too small to matter; a stuck
    damper; plant left running at night; a silent sensor, one with gaps; a door forced and a fire.
    """
    at.needs("demo", days=28, offices=6, shared=1)
    days = at.days
    stuffy = next(room for room in at.offices if len(room.holders) > 1)
    others = [room for room in at.offices if room.id != stuffy.id]
    load = FaultKind.LOAD_LEFT_ON
    yield at.fault(FaultKind.IDLE_ROOM, at.shared[0], 0)
    yield at.fault(load, others[0], 2, days - MENDED_DAYS_BEFORE_END, severity=HEATER, mended=True)
    yield at.fault(load, others[1], days // 3, severity=HEATER)
    yield at.fault(load, others[2], 1, severity=0.7)
    yield at.fault(FaultKind.HIGH_CO2, stuffy, days // 2)
    yield at.fault(FaultKind.BASE_LOAD, at.building, days // 2 + 2)
    yield at.fault(FaultKind.SILENT_DEVICE, at.air_sensor(others[3]), days - 4 + 10 / 24)
    yield at.fault(FaultKind.GAPS, at.air_sensor(others[4]), days - 12, days - 6, severity=3.0)
    yield from _fire(at, days - 3 + 10.4 / 24)
    yield _forced(at, days - 5 + 21.7 / 24)


def _none(_at: Layout) -> Iterator[Fault]:
    """Yield nothing: a building in order."""
    yield from ()


def _wasteful_winter(at: Layout) -> Iterator[Fault]:
    """Yield what winter wastes: heaters left on in three offices, two overheated, plant that runs all night."""
    at.needs("wasteful-winter", days=14, offices=5)
    for number, room in enumerate(at.offices[:3]):
        yield at.fault(FaultKind.LOAD_LEFT_ON, room, 1 + number, severity=HEATER)
    for room in at.offices[3:5]:
        yield at.fault(FaultKind.OVERHEATED, room, 1, severity=1.6)
    yield at.fault(FaultKind.BASE_LOAD, at.building, 2, severity=1.5)


def _idle_floor(at: Layout) -> Iterator[Fault]:
    """Yield a floor that nobody uses, its offices and all: what reallocation is proposed for."""
    at.needs("idle-floor", days=28, offices=3)
    floor = at.offices[0].floor
    for room in at.offices:
        if room.floor == floor:
            yield at.fault(FaultKind.IDLE_ROOM, room, 0)


def _fire_drill(at: Layout) -> Iterator[Fault]:
    """Yield a drill: an alarm that is acknowledged within half a minute, and a leak detector under test."""
    at.needs("fire-drill", days=2)
    yield at.fault(FaultKind.FIRE, at.panel, at.days - 1 + 15 / 24, severity=0.5)


def _real_fire(at: Layout) -> Iterator[Fault]:
    """Yield a fire that nobody acknowledges in time, a door forced on the way out, and a panel out of order after."""
    at.needs("real-fire", days=3)
    alarm = at.days - 2 + 2.5 / 24
    yield from _fire(at, alarm, severity=3.0)
    yield _forced(at, alarm + 3 / 1440)
    yield at.fault(FaultKind.PANEL_FAULT, at.panel, alarm + 1 / 24)


def _bad_gateway(at: Layout) -> Iterator[Fault]:
    """Yield data that cannot be trusted.

    A gateway that sends late, double, out of order, by a wrong clock and not all of it, another that dies at the end;
    gaps, a frozen sensor, one that drifts and one whose battery runs out.
    """
    at.needs("bad-gateway", days=10, offices=5)
    first, second, third, fourth, last = (at.offices[number] for number in (0, 1, 2, 3, -1))
    # From one o'clock on: a clock that is behind must not make a day of a minute before the first.
    yield at.fault(FaultKind.BAD_UPLINK, at.gateway_of(first), 1 / 24, severity=POOR_LINK)
    yield at.fault(FaultKind.WEAK_BATTERY, at.air_sensor(fourth), 2, severity=2.0)
    yield at.fault(FaultKind.GAPS, at.air_sensor(first), 1, severity=3.0)
    yield at.fault(FaultKind.FROZEN, at.air_sensor(second), 2)
    yield at.fault(FaultKind.DRIFT, at.air_sensor(third), 1)
    yield at.fault(FaultKind.SILENT_GATEWAY, at.gateway_of(last), at.days - 0.25)


def _mended(at: Layout) -> Iterator[Fault]:
    """Yield faults that are mended in time for the readings to prove it: a load, a damper, a sensor's gaps."""
    at.needs("mended", days=35, offices=4)
    over = at.days - MENDED_DAYS_BEFORE_END
    stuffy = next(room for room in at.offices if len(room.holders) > 1)
    others = [room for room in at.offices if room.id != stuffy.id]
    yield at.fault(FaultKind.LOAD_LEFT_ON, others[0], 2, over, severity=HEATER, mended=True)
    yield at.fault(FaultKind.HIGH_CO2, stuffy, 2, over, mended=True)
    yield at.fault(FaultKind.GAPS, at.air_sensor(others[1]), 5, over, severity=3.0, mended=True)


def _fire(at: Layout, day: float, *, severity: float = 2.0) -> Iterator[Fault]:
    yield at.fault(FaultKind.FIRE, at.panel, day, day + 10 / 1440, severity=severity)


def _forced(at: Layout, day: float) -> Fault:
    return at.fault(FaultKind.FORCED_DOOR, at.door, day, day + 8 / 1440)


SCENARIOS: Mapping[str, Callable[[Layout], Iterator[Fault]]] = MappingProxyType(
    {
        "demo": _demo,
        "none": _none,
        "quiet-week": _none,
        "wasteful-winter": _wasteful_winter,
        "idle-floor": _idle_floor,
        "fire-drill": _fire_drill,
        "real-fire": _real_fire,
        "bad-gateway": _bad_gateway,
        "mended": _mended,
        "years": years,
        "records": records,
        "half-empty": half_empty,
        "seasons": seasons,
        "standard": standard,
    }
)
"""The faults by name. `quiet-week` is a building in order, for the eye to know what that looks like."""
