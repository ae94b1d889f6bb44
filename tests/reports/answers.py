"""Analyses made by hand, so that what the answer says of them can be told beforehand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from analytics.frame import Window
from analytics.ports import FEATURES_SCHEMA
from analytics.rules import RULES
from analytics.runs import Analysis
from analytics.summary import CircuitUse, RoomUse
from sensors.subjects import Subject
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    Device,
    DeviceId,
    Name,
    PersonId,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from sensors.verdicts import Finding, Severity, Verdict

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 3, 2), date(2026, 4, 26)
MADE_AT = datetime(2026, 4, 27, 1, 30, tzinfo=UTC)
WORKING_H = 320.0
HOLDER = (PersonId("p01"),)


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """A room and all that is said of it. `verdicts` are those of rules at the end of the window."""

    id: str
    zh: str
    en: str
    category: RoomCategory = RoomCategory.OFFICE
    subtype: str | None = None
    holders: tuple[PersonId, ...] = ()
    restricted: bool = False
    utilisation_pct: float | None = 50.0
    known_h: float = 310.0
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    lighting: tuple[float, float | None] | None = None
    workdays: int = 40

    @property
    def subject(self) -> Subject:
        return Subject.parse(f"room:{self.id}")

    @property
    def circuit(self) -> CircuitId:
        return CircuitId(f"c-{self.id}")

    @property
    def occupied_h(self) -> float:
        return self.known_h * (self.utilisation_pct or 0) / 100


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


def finding(
    rule: str,
    subject: str,
    verdict: Verdict = Verdict.FAULT,
    *,
    first: date = FIRST,
    last: date = LAST,
    value: float | None = None,
    threshold: float | None = None,
    unit: str = "",
    missing: tuple[str, ...] = (),
    energy_kwh: float | None = None,
    evidence: Mapping[str, float | int | str | None] | None = None,
    severity: Severity = Severity.BLUE,
) -> Finding:
    return Finding(
        rule=rule,
        subject=Subject.parse(subject),
        verdict=verdict,
        start=midnight(first),
        end=midnight(last + timedelta(days=1)),
        value=value,
        threshold=threshold,
        unit=unit,
        severity=severity if verdict is Verdict.FAULT else None,
        missing=missing,
        energy_kwh=energy_kwh,
        evidence=evidence or {},
    )


def empty_week(subject: str, first: date, energy_kwh: float) -> Finding:
    return finding(
        "E05",
        subject,
        first=first,
        last=first + timedelta(days=4),
        value=8.25,
        threshold=5,
        unit="W/m²",
        energy_kwh=energy_kwh,
        evidence={"energy_kwh": energy_kwh, "excess_w": 412.5, "standby_w": 60.0, "empty_h": 41.5, "area_m2": 50.0},
    )


def analysis(sketches: Iterable[Sketch], *findings: Finding, circuits: Iterable[Circuit] = ()) -> Analysis:
    rooms = list(sketches)
    verdicts = [
        finding(rule, f"room:{room.id}", verdict, value=room.utilisation_pct, threshold=30, unit="%")
        for room in rooms
        for rule, verdict in room.verdicts.items()
    ]
    return Analysis(
        registry=registry(rooms, circuits),
        window=Window(first=FIRST, last=LAST, now_ms=int(midnight(LAST + timedelta(days=1)).timestamp() * 1000)),
        rules=RULES,
        findings=(*verdicts, *findings),
        summary=tuple(_use(room) for room in rooms if not room.restricted),
        daily=pl.concat([_daily(room) for room in rooms]) if rooms else pl.DataFrame(schema=FEATURES_SCHEMA),
    )


def registry(rooms: list[Sketch], circuits: Iterable[Circuit] = ()) -> Registry:
    building = Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main building"), gross_area_m2=5200.0)
    own = [
        Circuit(id=room.circuit, item=CircuitItem.LIGHTING, building=building.id, serves=(RoomId(room.id),))
        for room in rooms
        if room.lighting
    ]
    devices = [_device(f"pir-{room.id}", Placement(room=RoomId(room.id)), "presence") for room in rooms] + [
        _device(f"m-{room.id}", Placement(circuit=room.circuit), "energy_import_kwh") for room in rooms if room.lighting
    ]
    return Registry(
        site=Site(
            id=SiteId("hq"),
            name=Name(zh="机关一号院", en="Compound 1"),
            timezone="Asia/Shanghai",
            working_hours="08:30-12:00,14:00-18:00",
        ),
        buildings={building.id: building},
        rooms={RoomId(room.id): _room(room, building.id) for room in rooms},
        circuits={circuit.id: circuit for circuit in (*own, *circuits)},
        devices={device.id: device for device in devices},
    )


def _device(device: str, placement: Placement, metric: str) -> Device:
    return Device(id=DeviceId(device), placements=(placement,), metrics=(metric,), interval_s=300)


def _room(room: Sketch, building: BuildingId) -> Room:
    return Room(
        id=RoomId(room.id),
        building=building,
        floor="2",
        name=Name(zh=room.zh, en=room.en),
        category=room.category,
        subtype=room.subtype,
        usable_area_m2=50.0,
        holders=room.holders,
        restricted=room.restricted,
    )


def _use(room: Sketch) -> RoomUse:
    circuits = {}
    if room.lighting:
        kwh, empty_kwh = room.lighting
        circuits = {room.circuit: CircuitUse(kwh=kwh, kwh_while_empty=empty_kwh, empty_h=900.5)}
    return RoomUse(
        subject=room.subject,
        utilisation_pct=room.utilisation_pct,
        occupied_h=room.occupied_h,
        known_h=room.known_h,
        working_h=WORKING_H,
        days=0 if room.utilisation_pct is None else 56,
        days_never_occupied=0 if room.utilisation_pct is None else 17,
        personal=bool(room.holders),
        circuits=circuits,
    )


def _daily(room: Sketch) -> pl.DataFrame:
    """Return the room's hours, spread evenly over so many workdays."""
    days = [day for day in (FIRST + timedelta(days=n) for n in range(56)) if day.isoweekday() <= 5][: room.workdays]
    rows = []
    for day in days if room.known_h else []:
        rows += [(day, str(room.subject), "work_known_h", room.known_h / len(days))]
        rows += [(day, str(room.subject), "work_occupied_h", room.occupied_h / len(days))]
        rows += [(day, str(room.subject), "known_h", 24.0), (day, str(room.subject), "occupied_h", 3.5)]
        if room.lighting:
            kwh, empty_kwh = room.lighting
            circuit = f"circuit:{room.circuit}"
            rows += [(day, circuit, "energy_kwh", kwh / len(days)), (day, circuit, "occupancy_known_h", 24.0)]
            rows += [(day, circuit, "empty_kwh", (empty_kwh or 0) / len(days))]
    return pl.DataFrame(rows, schema=FEATURES_SCHEMA, orient="row")


PASS, FAULT, THIN = Verdict.PASS, Verdict.FAULT, Verdict.INSUFFICIENT_DATA

TWELVE_ROOMS = (
    Sketch(id="a-201", zh="201 综合处", en="201 General affairs", utilisation_pct=61.4, lighting=(820.4, 210.2),
           verdicts={"S01": PASS, "S02": PASS}),
    Sketch(id="a-202", zh="202 业务一处", en="202 Operations one", utilisation_pct=47.9, lighting=(640.0, 188.5),
           verdicts={"S01": PASS, "S02": PASS}),
    Sketch(id="a-203", zh="203 业务二处", en="203 Operations two", utilisation_pct=23.1, lighting=(702.6, 455.3),
           verdicts={"S01": PASS, "S02": FAULT}),
    Sketch(id="a-204", zh="204 原信访接待室", en="204 Former reception", utilisation_pct=1.2, lighting=(118.9, 116.0),
           verdicts={"S01": FAULT, "S02": FAULT}),
    Sketch(id="a-301", zh="第一会议室", en="Meeting room 1", utilisation_pct=12.6, category=RoomCategory.SERVICE,
           subtype="meeting", lighting=(233.0, 160.9), verdicts={"S03": FAULT}),
    Sketch(id="a-302", zh="第二会议室", en="Meeting room 2", utilisation_pct=38.8, category=RoomCategory.SERVICE,
           subtype="meeting", verdicts={"S03": PASS}),
    Sketch(id="a-205", zh="205 财务处", en="205 Finance", utilisation_pct=44.0, known_h=96.0, lighting=(310.0, None),
           verdicts={"S01": PASS, "S02": THIN}, workdays=12),
    Sketch(id="a-206", zh="206 档案整理室", en="206 Filing", utilisation_pct=None, known_h=0.0,
           verdicts={"S01": THIN, "S02": THIN}),
    Sketch(id="a-101", zh="档案室", en="Archive", utilisation_pct=3.3, category=RoomCategory.SERVICE,
           subtype="archive"),
    Sketch(id="a-401", zh="401", en="401", utilisation_pct=7.77, known_h=277.7, holders=HOLDER,
           lighting=(177.7, 157.7), verdicts={"S01": FAULT, "S02": FAULT}),
    Sketch(id="a-402", zh="402", en="402", utilisation_pct=7.77, known_h=277.7, holders=HOLDER,
           verdicts={"S01": PASS, "S02": PASS}),
    Sketch(id="a-403", zh="403", en="403", utilisation_pct=7.77, known_h=277.7, holders=HOLDER, workdays=19,
           verdicts={"S01": PASS, "S02": FAULT}),
)  # fmt: skip


def twelve_rooms() -> Analysis:
    return analysis(
        TWELVE_ROOMS,
        *(empty_week("room:a-203", FIRST + timedelta(weeks=week), 10.5 + week) for week in range(8)),
        empty_week("room:a-301", FIRST, 6.4),
        empty_week("room:a-401", FIRST, 77.7),
        finding("E03", "building:a", Verdict.NOT_APPLICABLE, missing=("circuit of item total",)),
        finding(
            "A01",
            "room:a-201",
            first=date(2026, 3, 9),
            last=date(2026, 3, 10),
            value=1384.2,
            threshold=1000,
            unit="ppm",
            severity=Severity.YELLOW,
            evidence={"peak_ppm": 1384.2, "hours": 5.25, "spells": 3},
        ),
        *(
            finding("G05", f"device:pir-{room.id}", first=day, last=day, value=41.7, threshold=10, unit="%")
            for room in TWELVE_ROOMS[:7]
            for day in (FIRST, FIRST + timedelta(days=9))
        ),
        *(finding("G05", f"device:pir-{room.id}", PASS, first=LAST, value=0, unit="%") for room in TWELVE_ROOMS[:7]),
        finding("G01", "device:pir-a-206", value=None, threshold=15.0, unit="min", evidence={"last_heard": None}),
    )


def many_rooms(number: int, *, holders: tuple[PersonId, ...] = ()) -> Analysis:
    return analysis(
        Sketch(
            id=f"b-{index}",
            zh=f"{index}室",
            en=f"Room {index}",
            utilisation_pct=index % 100,
            holders=holders,
            lighting=(100.0, 40.0),
            verdicts={"S01": PASS, "S02": FAULT if index % 100 < 30 else PASS},
        )
        for index in range(number)
    )
