"""The use of electricity as its page shows it: the sums, a row for each part with a bar, what is not known."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.submetering import COMMON, UNMETERED, Basis, By
from api.energy import TOGETHER, EnergyView, PartView
from api.pages.desk import Desk
from api.pages.rendering import with_query
from api.pages.views import Choice
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitItem

APPORTIONED = frozenset({Basis.BY_AREA, Basis.BY_SHARES})


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One part in words; `bar_pct` is how long its bar is, `basis` is empty where parts are told as one."""

    name: str
    kwh: str
    share: str
    bar_pct: float
    basis: str
    is_apportioned: bool
    is_apart: bool
    cost: str
    carbon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One way to divide, and the page that does it."""

    by: By
    name: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPage:
    """The whole page; no parts where nothing is rolled up. Texts are empty where a figure is not known."""

    by: By
    first: str
    last: str
    today: str
    period: str
    tabs: Sequence[Tab]
    buildings: Sequence[Choice]
    load: str
    pv: str
    apart: str
    unmetered: str
    estimated: str
    price: str
    factor: str
    parts: Sequence[PartRow]
    knows_cost: bool
    knows_carbon: bool
    remarks: Sequence[str]


def energy_page(desk: Desk, found: EnergyView) -> EnergyPage:
    """Return the use of some days in words."""
    day = desk.messages.day
    return EnergyPage(
        by=found.by,
        first=found.first.isoformat(),
        last=found.last.isoformat(),
        today=desk.wording.today().isoformat(),
        period=desk.messages.text("energy.period", first=day(found.first), last=day(found.last)),
        tabs=[_tab(desk, found, by) for by in By],
        buildings=_buildings(desk, found.building),
        load=_kwh(desk, found.load_kwh),
        pv=_kwh(desk, found.pv_kwh or None),
        apart=_kwh(desk, found.apart_kwh or None),
        unmetered=_unmetered(desk, found),
        estimated=_kwh(desk, found.estimated_kwh or None),
        price=_price(desk, found),
        factor=_factor(desk, found),
        parts=_rows(desk, found),
        knows_cost=any(part.cost_cny is not None for part in found.parts),
        knows_carbon=any(part.carbon_kg is not None for part in found.parts),
        remarks=_remarks(desk, found),
    )


def _tab(desk: Desk, found: EnergyView, by: By) -> Tab:
    asked = {"by": by.value, "first": found.first.isoformat(), "last": found.last.isoformat()}
    where = {} if found.building is None else {"building": found.building}
    url = with_query("/energy", **asked, **where)
    return Tab(by=by, name=desk.messages.text(f"energy.by_{by}"), url=url, chosen=by is found.by)


def _buildings(desk: Desk, chosen: str | None) -> Sequence[Choice]:
    """Return the buildings to choose from; none where there is but one."""
    buildings = desk.wording.registry.buildings.values()
    if len(buildings) < 2:  # noqa: PLR2004 - one building needs no choosing
        return ()
    language = desk.wording.language
    return [
        Choice(id="", name=desk.messages.text("energy.all_buildings"), chosen=chosen is None),
        *(Choice(id=each.id, name=each.name.in_language(language), chosen=each.id == chosen) for each in buildings),
    ]


def _kwh(desk: Desk, kwh: float | None) -> str:
    return "" if kwh is None else f"{desk.messages.number(kwh)} kWh"


def _unmetered(desk: Desk, found: EnergyView) -> str:
    if found.unmetered_pct is None:
        return ""
    return f"{_kwh(desk, found.unmetered_kwh)} · {desk.messages.number(found.unmetered_pct)}%"


def _price(desk: Desk, found: EnergyView) -> str:
    if found.price_cny_kwh is None:
        return ""
    return desk.messages.text("energy.price", price=desk.messages.number(found.price_cny_kwh, 4))


def _factor(desk: Desk, found: EnergyView) -> str:
    factor = found.carbon_factor
    if factor is None:
        return ""
    kg = desk.messages.number(factor.kg_per_kwh, 4)
    return desk.messages.text("energy.factor", kg=kg, grid=factor.grid, year=factor.year, source=factor.source)


def _rows(desk: Desk, found: EnergyView) -> Sequence[PartRow]:
    # sub-meters that saw more than their main make a part larger than the whole
    whole_kwh = max(found.load_kwh or 0.0, *(part.kwh for part in found.parts), 0.0)
    return [_row(desk, part, found, whole_kwh) for part in found.parts]


def _row(desk: Desk, part: PartView, found: EnergyView, whole_kwh: float) -> PartRow:
    number = desk.messages.number
    return PartRow(
        name=_name(desk, part, found.by),
        kwh=_kwh(desk, part.kwh),
        share=f"{number(100 * part.kwh / found.load_kwh)}%" if found.load_kwh else "",
        bar_pct=round(100 * max(0.0, part.kwh) / whole_kwh, 1) if whole_kwh else 0.0,
        basis="" if part.basis is None else desk.messages.text(f"energy.basis.{part.basis}"),
        is_apportioned=part.basis in APPORTIONED,
        is_apart=part.apart,
        cost="" if part.cost_cny is None else f"¥ {number(part.cost_cny, 2)}",
        carbon="" if part.carbon_kg is None else f"{number(part.carbon_kg)} kg",
    )


def _name(desk: Desk, part: PartView, by: By) -> str:
    messages = desk.messages
    if part.key in {TOGETHER, COMMON, UNMETERED}:
        return messages.text(f"energy.part.{part.key}")
    if part.key in CircuitItem.__members__.values():
        return messages.text(f"circuit.{part.key}")
    if by is By.ZONE:
        return _zone(desk, part)
    return part.name.zh if desk.wording.language == "zh" else part.name.en


def _zone(desk: Desk, part: PartView) -> str:
    where, _, floor = part.key.partition("/")
    building = desk.wording.registry.buildings.get(BuildingId(where))
    named = desk.wording.site() if building is None else building.name.in_language(desk.wording.language)
    if not floor:
        return desk.messages.text("energy.whole", building=named)
    return f"{named} {desk.messages.text('place.floor', floor=floor)}"


def _remarks(desk: Desk, found: EnergyView) -> Sequence[str]:
    """Return what a reader should know before believing the figures."""
    text, count = desk.messages.text, desk.messages.count
    over = [text("energy.over", circuit=_circuit(desk, each.circuit), kwh=_kwh(desk, each.kwh)) for each in found.over]
    missing = [count("energy.missing", days, circuit=_circuit(desk, c)) for c, days in found.missing_days.items()]
    unknown = [_circuit(desk, circuit) for circuit in found.unknown]
    silent = [text("energy.unknown", circuits=desk.messages.joined(unknown))] if unknown else []
    return [*over, *silent, *missing]


def _circuit(desk: Desk, circuit: str) -> str:
    return desk.wording.subject(Subject(SubjectKind.CIRCUIT, circuit))
