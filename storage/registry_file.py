"""The registry as a file, `registry.yaml`: read whole, checked whole, every fault with its line."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import nan
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from sensors.documents import (
    MAX_BYTES,
    DocumentFault,
    DocumentSyntaxError,
    MapNode,
    Node,
    Place,
    locate,
    parse_document,
)
from sensors.errors import InputFault
from sensors.fields import (
    Fields,
    address,
    flag,
    fraction,
    hours,
    local_date,
    metric,
    month_day,
    number,
    one_of,
    or_none,
    positive,
    slug,
    timezone,
    whole,
    words,
)
from sensors.registry_faults import PLACES, RegistryDraft, registry_faults
from sensors.topology import (
    Absence,
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    ClimateZone,
    DateSpan,
    Department,
    DepartmentId,
    Device,
    DeviceId,
    Direction,
    EnergyClass,
    Exemption,
    Name,
    Opening,
    OpeningId,
    OpeningKind,
    OrganLevel,
    Person,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    SeasonHours,
    Share,
    Site,
    SiteId,
    Tenure,
)

T = TypeVar("T")

_CALENDAR_FILE = re.compile(r".+\.(ya?ml|csv|json)")
_LONG_AGO = local_date("1990-01-01")
"""Stands in for a date that could not be read."""
_LOWEST_M, _HIGHEST_M = -430, 8849  # the Dead Sea's shore and the top of Everest


class RegistryFaultsError(InputFault):
    """A registry that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""

    def __init__(self, path: Path, faults: Iterable[DocumentFault]) -> None:
        """Keep the faults beside their text."""
        self.faults = tuple(faults)
        super().__init__("\n".join(fault_lines(path, self.faults)))


class RegistryUnreadableError(InputFault):
    """A registry file that is absent or cannot be opened."""


def load_registry(path: Path) -> Registry:
    """Return the checked registry of a file. Raises RegistryFaultsError with every fault, RegistryUnreadableError."""
    registry, faults = read_registry(path)
    if registry is None:
        raise RegistryFaultsError(path, faults)
    return registry


def read_registry(path: Path) -> tuple[Registry | None, list[DocumentFault]]:
    """Return the registry, or None with every fault of the file in its order. Raises RegistryUnreadableError."""
    return parse_registry(_bytes(path))


def parse_registry(content: bytes) -> tuple[Registry | None, list[DocumentFault]]:
    """Return the registry of a file's bytes, or None with every fault in the file's order."""
    try:
        text = decoded(content)
        document = parse_document(text)
    except DocumentSyntaxError as exc:
        return None, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        return None, [DocumentFault(path=(), reason="must be a mapping that begins with `site:`", place=Place(1, 1))]
    registry, faults = registry_of(document.root)
    faults = [*document.faults, *faults]
    return (None, placed_faults(document.root, faults)) if faults else (registry, [])


def registry_of(root: MapNode) -> tuple[Registry | None, list[DocumentFault]]:
    """Return the registry of a document, however it was written down, or None with every fault by its path."""
    faults: list[DocumentFault] = []
    draft = _draft(root, faults)
    faults += registry_faults(draft)
    return (None, faults) if faults else (draft.registry(), [])


def fault_lines(path: Path, faults: Iterable[DocumentFault]) -> list[str]:
    """Return `FILE:LINE:COLUMN: what, and what to do` for each fault."""
    return [
        f"{path}:{place.line}:{place.column}: {fault.reason}"
        for fault in faults
        for place in [fault.place or Place(1, 1)]
    ]


def install_registry(source: Path, target: Path) -> Registry:
    """Put a checked file in the place of another at once, and return what it holds.

    Raises RegistryFaultsError, RegistryUnreadableError; the target is then as it was.
    """
    content = _bytes(source)
    registry, faults = parse_registry(content)
    if registry is None:
        raise RegistryFaultsError(source, faults)
    replace_whole(target, content)
    return registry


def replace_whole(target: Path, content: bytes) -> None:
    """Put bytes in the place of a file at once: readers see the old or the new, whatever happens meanwhile."""
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).chmod(mode)
    Path(draft.name).replace(target)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        msg = f"{path}: there is no such file; mend the name, or put one in place with `premises registry import FILE`"
        raise RegistryUnreadableError(msg) from exc
    except OSError as exc:
        msg = f"{path}: the registry cannot be read: {exc.strerror}; mend the name or who may read it"
        raise RegistryUnreadableError(msg) from exc
    return content


def decoded(content: bytes) -> str:
    """Return the text of a document. Raises DocumentSyntaxError."""
    if len(content) > MAX_BYTES:
        raise DocumentSyntaxError(Place(1, 1), f"larger than {MAX_BYTES // 1024**2} MB; that is no such file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise DocumentSyntaxError(Place(line, 1), "not UTF-8; save the file as UTF-8") from exc


def placed_faults(root: Node, faults: Iterable[DocumentFault]) -> list[DocumentFault]:
    """Return faults with their places, in the order of the file."""
    placed = []
    for fault in faults:
        reason, place = fault.reason, fault.place or locate(root, fault.path)
        if fault.other is not None:
            reason += f" (the first is {_from(place, locate(root, fault.other))})"
        placed.append(replace(fault, place=place, reason=reason))
    return sorted(placed, key=lambda fault: fault.place or Place(1, 1))


def _from(place: Place, first: Place) -> str:
    """Return where the first of two is, as it is found from the second."""
    return f"in column {first.column} of this line" if first.line == place.line else f"on line {first.line}"


def _draft(root: MapNode, faults: list[DocumentFault]) -> RegistryDraft:
    fields = Fields(root, (), faults, "")
    draft = RegistryDraft(
        site=_site(fields.nested("site", "site")),
        departments=_entries(fields, "departments", "department", _department),
        people=_entries(fields, "people", "person", _person),
        buildings=_entries(fields, "buildings", "building", _building),
        rooms=_entries(fields, "rooms", "room", _room),
        circuits=_entries(fields, "circuits", "circuit", _circuit),
        openings=_entries(fields, "openings", "opening", _opening),
        devices=_entries(fields, "devices", "device", _device),
    )
    fields.finish()
    return draft


def _entries(fields: Fields, section: str, label: str, read: Callable[[Fields], T]) -> Mapping[int, T]:
    return {position: read(entry) for position, entry in fields.each(section, label)}


def _site(fields: Fields | None) -> Site:
    if fields is None:
        return Site(id=SiteId(""), name=Name(zh="", en=""), timezone="", working_hours="")
    identifier = fields.required("id", slug, "")
    site = Site(
        id=SiteId(identifier),
        name=fields.name("name", identifier),
        timezone=fields.required("timezone", timezone, ""),
        working_hours=fields.required("working_hours", hours, ""),
        calendar=fields.optional("calendar", _calendar) or "cn",
        cleaning_hours=fields.optional("cleaning_hours", hours) or "",
        altitude_m=fields.optional("altitude_m", _altitude),
        climate_zone=fields.optional("climate_zone", one_of(ClimateZone)),
        organ_level=fields.optional("organ_level", one_of(OrganLevel)),
        grid=fields.optional("grid", words),
        season_hours=tuple(_season_hours(each) for _, each in fields.each("season_hours", "site: season")),
        heating_dates=tuple(_span(each) for _, each in fields.each("heating_dates", "site: heating")),
        cooling_dates=tuple(_span(each) for _, each in fields.each("cooling_dates", "site: cooling")),
    )
    fields.finish()
    return site


def _department(fields: Fields) -> Department:
    identifier = fields.required("id", slug, "")
    return Department(
        id=DepartmentId(identifier),
        name=fields.name("name", identifier),
        headcount=fields.optional("headcount", whole),
    )


def _person(fields: Fields) -> Person:
    identifier = fields.required("id", slug, "")
    return Person(
        id=PersonId(identifier),
        name=fields.optional("name", words) or identifier,
        department=_as(DepartmentId, fields.optional("department", slug)),
        rank=fields.optional("rank", words),
        roles=fields.many("roles", words),
        absences=tuple(_absence(absence) for _, absence in fields.each("absences", f"{fields.label}: absence")),
        left=fields.optional("left", local_date),
        concurrent_post_ended=fields.optional("concurrent_post_ended", local_date),
    )


def _absence(fields: Fields) -> Absence:
    first = fields.required("first", local_date, _LONG_AGO)
    return Absence(first=first, last=fields.required("last", local_date, first))


def _season_hours(fields: Fields) -> SeasonHours:
    return SeasonHours(
        first_month_day=fields.required("first", month_day, (1, 1)),
        last_month_day=fields.required("last", month_day, (1, 1)),
        working_hours=fields.required("working_hours", hours, ""),
    )


def _span(fields: Fields) -> DateSpan:
    first = fields.required("first", local_date, _LONG_AGO)
    last = fields.required("last", local_date, first)
    if last < first:
        fields.fail(("last",), f"is before {first}; a season ends after it begins")
    return DateSpan(first=first, last=last)


def _share(fields: Fields) -> Share:
    return Share(
        department=DepartmentId(fields.required("department", slug, "")), share=fields.required("share", fraction, 1.0)
    )


def _exemption(fields: Fields | None) -> Exemption | None:
    if fields is None:
        return None
    exemption = Exemption(
        reason=fields.required("reason", words, ""),
        approved_by=fields.required("approved_by", words, ""),
        until=fields.optional("until", local_date),
    )
    fields.finish()
    return exemption


def _building(fields: Fields) -> Building:
    identifier = fields.required("id", slug, "")
    return Building(
        id=BuildingId(identifier),
        name=fields.name("name", identifier),
        gross_area_m2=fields.optional("gross_area_m2", positive),
        headcount=fields.optional("headcount", whole),
        energy_class=fields.optional("energy_class", one_of(EnergyClass)),
        title_certificate=fields.optional("title_certificate", or_none),
        land_certificate=fields.optional("land_certificate", or_none),
        owner=fields.optional("owner", or_none),
        shares=tuple(_share(each) for _, each in fields.each("shares", f"{fields.label}: share")),
    )


def _room(fields: Fields) -> Room:
    identifier = fields.required("id", slug, "")
    return Room(
        id=RoomId(identifier),
        building=BuildingId(fields.required("building", slug, "")),
        floor=fields.required("floor", words, ""),
        name=fields.name("name", identifier),
        category=fields.required("category", one_of(RoomCategory), RoomCategory.OFFICE),
        usable_area_m2=fields.required("usable_area_m2", positive, nan),
        subtype=fields.optional("subtype", slug),
        capacity=fields.optional("capacity", whole),
        department=_as(DepartmentId, fields.optional("department", slug)),
        holders=tuple(PersonId(holder) for holder in fields.many("holders", slug)),
        restricted=fields.optional("restricted", flag) or False,
        toilet_m2=fields.optional("toilet_m2", positive) or 0.0,
        exemption=_exemption(fields.nested("exemption", f"{fields.label}: exemption"))
        if fields.has("exemption")
        else None,
        tenure=fields.optional("tenure", one_of(Tenure)),
    )


def _circuit(fields: Fields) -> Circuit:
    return Circuit(
        id=CircuitId(fields.required("id", slug, "")),
        item=fields.required("item", one_of(CircuitItem), CircuitItem.TOTAL),
        building=_as(BuildingId, fields.optional("building", slug)),
        parent=_as(CircuitId, fields.optional("parent", slug)),
        serves=tuple(RoomId(room) for room in fields.many("serves", slug)),
        rated_a=fields.optional("rated_a", positive),
        ct_ratio=fields.optional("ct_ratio", positive) or 1.0,
        always_on=fields.optional("always_on", flag) or False,
        department=_as(DepartmentId, fields.optional("department", slug)),
    )


def _opening(fields: Fields) -> Opening:
    return Opening(
        id=OpeningId(fields.required("id", slug, "")),
        kind=fields.required("kind", one_of(OpeningKind), OpeningKind.ACCESS),
        room=_as(RoomId, fields.optional("room", slug)),
        rex_wired=fields.optional("rex_wired", flag) or False,
        release_on_fire=fields.optional("release_on_fire", flag) or False,
    )


def _device(fields: Fields) -> Device:
    return Device(
        id=DeviceId(fields.required("id", address, "")),
        placements=_placements(fields),
        metrics=tuple(found.name for found in fields.many("metrics", metric)),
        gateway=fields.optional("gateway", address),
        model=fields.optional("model", words),
        interval_s=fields.optional("interval_s", positive),
        heartbeat_s=fields.optional("heartbeat_s", positive),
        pressure_compensated=fields.optional("pressure_compensated", flag),
        lux_factor=fields.optional("lux_factor", positive),
        outdoor=fields.optional("outdoor", flag) or False,
        heat_detector=fields.optional("heat_detector", flag) or False,
        direction=fields.optional("direction", one_of(Direction)),
    )


def _placements(fields: Fields) -> tuple[Placement, ...]:
    short = _placement(fields, dated=False)
    places = tuple(_placement(place, dated=True) for _, place in fields.each("places", f"{fields.label}: place"))
    if short == Placement():
        return places
    if fields.has("places"):
        fields.fail(("places",), "has a place beside `places`; write every place under `places`")
    return (short,)


def _placement(fields: Fields, *, dated: bool) -> Placement:
    room, circuit, opening, building = (fields.optional(kind, slug) for kind in PLACES)
    placement = Placement(
        room=_as(RoomId, room),
        circuit=_as(CircuitId, circuit),
        opening=_as(OpeningId, opening),
        building=_as(BuildingId, building),
    )
    if not dated:
        return placement
    if not any((room, circuit, opening, building)):
        fields.fail((), "names no room, circuit, opening or building; add one")
    return replace(placement, since=fields.optional("since", local_date), until=fields.optional("until", local_date))


def _calendar(text: str) -> str:
    if text not in {"cn", "none"} and not _CALENDAR_FILE.fullmatch(text):
        msg = f"{text!r} is not known; write cn, none or the name of a .yaml, .csv or .json file"
        raise ValueError(msg)
    return text


def _altitude(text: str) -> float:
    metres = number(text)
    if not _LOWEST_M <= metres <= _HIGHEST_M:
        msg = f"must be metres above the sea from {_LOWEST_M} to {_HIGHEST_M}, not {text}"
        raise ValueError(msg)
    return metres


def _as(kind: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else kind(text)
