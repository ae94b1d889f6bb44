"""A simulation as it was asked for: the site, what is broken in it, and where it goes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from premises.home import Home
from premises.simulated.simulated_history import Stored, Tell, store_history, store_posts
from premises.stores.readings import open_readings
from sensors.errors import InputFault
from sensors.readings import epoch_ms
from sensors.registry_text import registry_text
from sensors.topology import Registry
from simulators.bookings import bookings, bookings_text
from simulators.building import office_building
from simulators.climate import Climate, climate_of_city
from simulators.compound import compound
from simulators.confounders import prepared
from simulators.consequences import with_consequences
from simulators.demands import truth_rows
from simulators.device_profiles import realistic, reporting_every
from simulators.equipment import Equipment
from simulators.fault_file import read_faults
from simulators.faults import Fault, FaultKind
from simulators.field import Field
from simulators.scenarios import scenario
from simulators.truth import TruthRow, truth_text
from simulators.witnessed import witnessed
from simulators.world import HISTORY_STEP, World
from storage.readings.duckdb import DuckDBReadingStore
from storage.registry_file import load_registry

STANDARD_START = date(2026, 10, 19)
"""A Monday after the long holidays, so that the same seed gives the same bytes whenever it is run."""
MOST_DAYS = 3660
FIRST_YEAR, LAST_YEAR = 2000, 2089
END_OF_TIME = date(LAST_YEAR + 1, 1, 1)
"""Outside these our readers take a time for that of a clock that was not set."""
FOR_REAL = frozenset({FaultKind.BAD_UPLINK, FaultKind.WEAK_BATTERY})
"""What ideal devices cannot show."""
FAULT_FILES = frozenset({".yaml", ".yml"})


class Devices(StrEnum):
    """How devices tell: all at common instants and without a flaw, or each as its model does."""

    IDEAL = "ideal"
    REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for; `start` None means the standard start."""

    days: int
    rooms: int
    seed: int
    buildings: int = 1
    start: str | None = None
    faults: str = "demo"
    city: str | None = None
    equipment: Equipment = Equipment.USUAL
    interval_s: int | None = None
    """How often ideal devices report; None is every five minutes."""
    devices: Devices | None = None
    """None takes real ones where a gateway is to be bad, else ideal ones."""

    def first_day(self) -> date:
        """Return the first day. Raises InputFault."""
        if not 1 <= self.days <= MOST_DAYS:
            msg = f"--days {self.days}: simulate 1 to {MOST_DAYS} days"
            raise InputFault(msg)
        if self.start is None:
            return STANDARD_START
        try:
            first = date.fromisoformat(self.start)
        except ValueError as exc:
            msg = f"--start {self.start!r} is no date; write it like {STANDARD_START}"
            raise InputFault(msg) from exc
        if not FIRST_YEAR <= first.year <= LAST_YEAR or first.toordinal() + self.days > END_OF_TIME.toordinal():
            msg = f"--start {self.start}: simulate days from {FIRST_YEAR} to {LAST_YEAR}"
            raise InputFault(msg)
        return first


@dataclass(frozen=True, slots=True)
class Simulation:
    """A site and a stretch of time, [begin, end), with its faults."""

    registry: Registry
    seed: int
    begin: datetime
    end: datetime
    faults: tuple[Fault, ...]
    devices: Devices = Devices.IDEAL
    step: timedelta = HISTORY_STEP

    @classmethod
    def of(cls, wish: Wish) -> "Simulation":
        """Return what was asked for. Raises InputFault where the building cannot be or cannot have such faults."""
        first = wish.first_day()
        climate: Climate | None = None if wish.city is None else climate_of_city(wish.city)
        building = office_building(wish.rooms, start=first, climate=climate, equipment=wish.equipment)
        registry = compound(building, wish.buildings)
        zone = ZoneInfo(registry.site.timezone)
        begin, end = (_midnight(day, zone) for day in (first, first + timedelta(days=wish.days)))
        faults = _faults(wish, registry, begin)
        devices = wish.devices or _devices_for(faults)
        if devices is Devices.REAL and wish.interval_s is not None:
            msg = f"--interval {wish.interval_s}: real devices have intervals of their own; leave one of the two out"
            raise InputFault(msg)
        step = HISTORY_STEP if wish.interval_s is None else timedelta(seconds=wish.interval_s)
        equipped = realistic(registry) if devices is Devices.REAL else reporting_every(registry, step)
        return cls(prepared(equipped, faults, end), wish.seed, begin, end, faults, devices, step)

    @property
    def first_day(self) -> date:
        """Return the first local day."""
        return self.begin.astimezone(ZoneInfo(self.registry.site.timezone)).date()

    @property
    def beyond(self) -> int:
        """Return how many of the faults lie wholly outside the simulated time."""
        begin, end = epoch_ms(self.begin), epoch_ms(self.end)
        return sum(fault.span[1] <= begin or end <= fault.span[0] for fault in self.faults)

    def world(self) -> World:
        """Return the site at its beginning. Raises FaultPlanError."""
        return World(self.registry, self.seed, self.begin, self.faults)

    def truth_text(self) -> str:
        """Return TRUTH.csv."""
        return truth_text(self.truth())

    def truth(self) -> list[TruthRow]:
        """Return what is to be found: what was injected, and what the simulated physics comes to by itself."""
        injected = truth_rows(self.faults, self.registry, start=self.begin, end=self.end)
        world = self.world()
        return with_consequences(list(witnessed(injected, world.model)), world, (self.end - self.begin).days)

    def bookings_text(self) -> str:
        """Return the CSV of the meeting rooms' bookings."""
        return bookings_text(bookings(self.world().model, self.begin, self.end))

    def registry_text(self) -> str:
        """Return registry.yaml."""
        return registry_text(self.registry)


def store_in_home(simulation: Simulation, home: Home, tell: Callable[[timedelta], None]) -> Stored:
    """Bring a home's store to the end of a simulation; its registry becomes the simulated one where it has none.

    Raises InputFault where the home is another site's, or keeps its readings where columns cannot go.
    """
    if home.registry.exists() and load_registry(home.registry) != simulation.registry:
        msg = f"{home.registry}: is not the simulated building's; give --home a folder of its own, or write to --csv"
        raise InputFault(msg)
    world = simulation.world()
    with open_readings(home) as store:
        if not isinstance(store, DuckDBReadingStore):
            msg = "the readings of this home are in InfluxDB; simulate to --csv and import that"
            raise InputFault(msg)
        if not home.registry.exists():
            home.registry.write_text(simulation.registry_text(), encoding="utf-8")
        heard = _since(simulation.begin, tell)
        if simulation.devices is Devices.REAL:
            return store_posts(Field(world), store, simulation.end, tell=heard)
        return store_history(world, store, simulation.end, step=simulation.step, tell=heard)


def _devices_for(faults: Iterable[Fault]) -> Devices:
    return Devices.REAL if any(fault.kind in FOR_REAL for fault in faults) else Devices.IDEAL


def _since(begin: datetime, tell: Callable[[timedelta], None]) -> Tell:
    return lambda now: tell(now - begin)


def _faults(wish: Wish, registry: Registry, begin: datetime) -> tuple[Fault, ...]:
    path = Path(wish.faults)
    if path.suffix not in FAULT_FILES:
        return scenario(wish.faults, registry, start=begin, days=wish.days)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"--faults {path}: cannot be read: {exc.strerror if isinstance(exc, OSError) else 'it is not UTF-8'}"
        raise InputFault(msg) from exc
    return read_faults(text, name=str(path), registry=registry)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
