"""What the electricity of some days went to, as it may be asked for and shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel

from analytics.submetering import COMMON, UNMETERED, Basis, By
from api.ports import EnergyAsked, Services
from api.privacy import is_personal, is_restricted
from api.problems import Problem, ProblemError, existing
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, Registry, RoomId

MOST_DAYS = 400
"""A year and the month before it. The project's own choice."""
USUAL_DAYS = 30
EARLIEST = date(2000, 1, 1)
"""No meter that is read here counted before; it keeps sums of dates within the calendar. The project's own choice."""
TOGETHER = "together"
"""The key of the parts that are only told as one."""

Day = Annotated[date | None, Query()]
BuildingAsked = Annotated[str, Query(max_length=100)]


class NameView(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class PartView(BaseModel):
    """A part of the whole; `basis` is null where parts are told as one, cost and carbon where they are not known."""

    key: str
    name: NameView
    basis: Basis | None
    apart: bool
    kwh: float
    cost_cny: float | None
    carbon_kg: float | None


class OverView(BaseModel):
    """A circuit whose sub-meters saw more than it did, and by how much."""

    circuit: str
    kwh: float


class FactorView(BaseModel):
    """The carbon factor that was taken."""

    grid: str
    year: int
    kg_per_kwh: float
    source: str


class EnergyView(BaseModel):
    """The use of the local days `first` to `last`, both inclusive; null and no parts where nothing is rolled up."""

    by: By
    first: date
    last: date
    building: str | None
    load_kwh: float | None = None
    pv_kwh: float | None = None
    office_kwh: float | None = None
    apart_kwh: float | None = None
    unmetered_kwh: float | None = None
    unmetered_pct: float | None = None
    estimated_kwh: float | None = None
    price_cny_kwh: float | None = None
    carbon_factor: FactorView | None = None
    parts: Sequence[PartView] = ()
    over: Sequence[OverView] = ()
    unknown: Sequence[str] = ()
    missing_days: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class _Parts:
    """Which rooms the parts of a view are about."""

    registry: Registry
    by: By
    metered: Collection[RoomId]

    def is_shielded(self, key: str) -> bool:
        """Say whether a part is about nothing but rooms of one or two people and rooms that show nowhere."""
        rooms = [room for room in self.registry.rooms.values() if key in self._keys(room.id)]
        told = [room for room in rooms if room.id in self.metered] or rooms
        return bool(told) and all(room.is_personal or room.restricted for room in told)

    def _keys(self, identifier: RoomId) -> Collection[str]:
        room = self.registry.rooms[identifier]
        if self.by is By.UNIT:
            return () if room.department is None else (room.department,)
        if self.by is By.ZONE:
            return (f"{room.building}/{room.floor}",)
        return {each.item.value for each in self.registry.circuits.values() if identifier in each.serves}


def energy_asked(services: Services, by: By, first: date | None, last: date | None, building: str) -> EnergyAsked:
    """Return what is meant: the last 30 whole days where nothing is said, all buildings where none is named.

    Raises ProblemError.
    """
    registry = services.registry()
    today = services.clock.now().astimezone(ZoneInfo(registry.site.timezone)).date()
    until = last or today - timedelta(days=1)
    since = first or max(EARLIEST, until) - timedelta(days=USUAL_DAYS - 1)
    if not EARLIEST <= since <= until <= today or (until - since).days >= MOST_DAYS:
        advice = f"from {since} to {until}: give two days in order, none to come, at most {MOST_DAYS} days apart"
        raise ProblemError(Problem(status=422, code="invalid", detail=advice))
    where = existing(registry.buildings.get(BuildingId(building)), "building").id if building else None
    return EnergyAsked(by=by, first=since, last=until, building=where)


def energy_of(services: Services, asked: EnergyAsked) -> EnergyView:
    """Return what may be told of the use of some days, by the registry as it stands now."""
    told = services.energy(asked)
    given = {"by": asked.by, "first": asked.first, "last": asked.last, "building": asked.building}
    view = EnergyView.model_validate({**(told or {}), **given})
    return visible(services.registry(), view)


def visible(registry: Registry, view: EnergyView) -> EnergyView:
    """Return the view without what tells of one or two people, or of rooms that show nowhere.

    Shielded parts are told as one together with the smallest other part, for else the whole less the rest tells them.
    """
    read = [each for each in registry.circuits.values() if each.id not in view.unknown]
    parts = _Parts(registry, view.by, {room for circuit in read for room in circuit.serves})
    hidden = {part.key for part in view.parts if parts.is_shielded(part.key)}
    open_keys = [part.key for part in view.parts if part.key not in hidden | {COMMON, UNMETERED} and part.basis]
    cover = {key for key in open_keys if not _is_unmetered(view, key)}
    smallest = min(cover, key=lambda key: (_kwh(view, key), key), default=None)
    return view.model_copy(
        update={
            "parts": _together(view.parts, hidden | ({smallest} - {None})) if hidden else view.parts,
            "over": [each for each in view.over if not _is_secret(registry, each.circuit)],
            "unknown": [each for each in view.unknown if not _is_secret(registry, each)],
            "missing_days": {c: days for c, days in view.missing_days.items() if not _is_secret(registry, c)},
        }
    )


def _kwh(view: EnergyView, key: str) -> float:
    return sum(part.kwh for part in view.parts if part.key == key)


def _is_unmetered(view: EnergyView, key: str) -> bool:
    return all(part.basis is Basis.UNMETERED for part in view.parts if part.key == key)


def _is_secret(registry: Registry, circuit: str) -> bool:
    subject = Subject(SubjectKind.CIRCUIT, circuit)
    return is_personal(registry, subject) or is_restricted(registry, subject)


def _together(parts: Sequence[PartView], keys: Collection[str | None]) -> Sequence[PartView]:
    joined = [part for part in parts if part.key in keys]
    one = PartView(
        key=TOGETHER,
        name=NameView(zh=TOGETHER, en=TOGETHER),
        basis=None,
        apart=False,
        kwh=round(sum(part.kwh for part in joined), 3),
        cost_cny=_sum([part.cost_cny for part in joined]),
        carbon_kg=_sum([part.carbon_kg for part in joined]),
    )
    return [*(part for part in parts if part.key not in keys), one]


def _sum(amounts: Sequence[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return round(sum(known), 2) if len(known) == len(amounts) else None
