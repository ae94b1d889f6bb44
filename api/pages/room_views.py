"""Rooms as pages show them: as they are now, and over the last week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from api.pages.desk import Desk
from api.pages.finding_views import finding_view, visible
from api.pages.item_views import rows
from api.pages.views import DayRow, RoomFloor, RoomPage, RoomView
from api.ports import RoomClass, RoomNow, Series, SeriesName
from api.privacy import visible_rooms
from rectification.model import ENDED_STATES
from sensors.catalogue import CATALOGUE
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Room, RoomId

SILENT_AFTER = timedelta(hours=1)
"""How old the newest reading may be before a room is shown as silent. The project's own choice."""

WEEK = timedelta(days=7)
POINTS = 672
"""Quarters of an hour in a week."""
STEP_MAX_H = 1.0
"""A value stands until the next one, and no longer than this."""
LOW_USE_RULES = ("S02", "S03")


def floors(desk: Desk) -> Sequence[RoomFloor]:
    """Return all rooms by floor, in the registry's order."""
    registry = desk.wording.registry
    rooms = [(registry.rooms[now.room], now) for now in rooms_now(desk)]
    return [
        RoomFloor(title=title, rooms=[room_view(desk, room, now) for room, now in group])
        for title, group in groupby(rooms, key=lambda pair: desk.wording.floor(pair[0]))
    ]


def rooms_now(desk: Desk) -> Sequence[RoomNow]:
    """Return the present state of every room that may be shown."""
    registry = desk.wording.registry
    return visible_rooms(registry, desk.services.rooms.rooms_now(registry.site.id))


def room_view(desk: Desk, room: Room, now: RoomNow, *, utilisation: str = "") -> RoomView:
    """Return one room; of a personal room its class and nothing else."""
    wording, messages = desk.wording, desk.messages
    bare = RoomView(
        id=room.id,
        name=wording.room(room),
        place=wording.floor(room),
        floor=room.floor,
        category=_category(desk, room),
        personal=room.is_personal,
        use_class=now.use.value,
        use_class_text=messages.text(f"class.{now.use}"),
    )
    return bare if room.is_personal else _with_state(desk, room, now, bare, utilisation)


def _with_state(desk: Desk, room: Room, now: RoomNow, bare: RoomView, utilisation: str) -> RoomView:
    presence = {True: "occupied", False: "empty", None: "unknown"}[now.occupied]
    level = co2_level(room, now.co2_ppm)
    return RoomView(
        id=bare.id,
        name=bare.name,
        place=bare.place,
        floor=bare.floor,
        category=bare.category,
        personal=False,
        use_class=bare.use_class,
        use_class_text=bare.use_class_text,
        utilisation=utilisation,
        presence=presence,
        presence_text=_presence_text(desk, now, presence),
        co2="" if now.co2_ppm is None else f"{desk.messages.number(now.co2_ppm, 0)} ppm",
        co2_level=level,
        co2_level_text=desk.messages.text(f"co2.{level}") if level else "",
        power="" if now.power_w is None else f"{desk.messages.number(now.power_w, 0)} W",
        heard=None if now.last_reading is None else desk.wording.moment(now.last_reading),
        is_silent=now.last_reading is None or desk.now - now.last_reading > SILENT_AFTER,
    )


def _presence_text(desk: Desk, now: RoomNow, presence: str) -> str:
    """Return who is there in words; where that is inferred, with how probable it is that somebody is."""
    text = desk.messages.text(f"presence.{presence}")
    if now.probability is None:
        return text
    return desk.messages.text("presence.inferred", presence=text, probability=f"{100 * now.probability:.0f}")


def co2_level(room: Room, co2_ppm: float | None) -> str:
    """Return `high`, `very_high` or nothing, by the limits of rule A01; meeting rooms have a tier of their own."""
    spec = CATALOGUE["A01"]
    limit = spec.parameter("meeting_room_ppm" if room.is_meeting_room else "co2_ppm")
    if co2_ppm is None or co2_ppm <= spec.parameter("co2_ppm"):
        return ""
    return "very_high" if co2_ppm > max(limit, spec.parameter("co2_orange_ppm")) else "high"


def _category(desk: Desk, room: Room) -> str:
    key = f"subtype.{room.subtype}"
    return desk.messages.text(key if desk.messages.has(key) else f"category.{room.category}")


def underused(desk: Desk) -> Sequence[RoomView]:
    """Return the rooms that stand idle or are little used, idle ones first."""
    rooms = desk.wording.registry.rooms
    low = [now for now in rooms_now(desk) if now.use in {RoomClass.IDLE, RoomClass.UNDERUSED}]
    low.sort(key=lambda now: now.use is RoomClass.UNDERUSED)
    shares = _utilisations(desk)
    return [room_view(desk, rooms[now.room], now, utilisation=shares.get(now.room, "")) for now in low]


def _utilisations(desk: Desk) -> Mapping[RoomId, str]:
    """Return the utilisation of rooms that are used too little, as the rules measured it."""
    return {
        RoomId(record.subject.id): desk.messages.text("room.utilisation", value=desk.wording.value(record.value, "%"))
        for record in desk.tx.open_findings()
        if record.rule in LOW_USE_RULES and record.value is not None
    }


def find_room(desk: Desk, room: str) -> Room | None:
    """Return a room that may be shown; None where there is none."""
    found = desk.wording.registry.rooms.get(RoomId(room))
    return None if found is None or found.restricted else found


def find_charted_room(desk: Desk, room: str) -> Room | None:
    """Return a room whose curves may be shown; None where there is none."""
    found = find_room(desk, room)
    return None if found is None or found.is_personal else found


def room_page(desk: Desk, room: Room) -> RoomPage:
    """Return one room: now, its week, what was found in it, and the items about it."""
    now = next((each for each in rooms_now(desk) if each.room == room.id), RoomNow(room=room.id))
    items = [item for item in desk.tx.items(limit=500) if is_about(desk, item.subject, room)]
    by_id = {item.id: item for item in items}
    return RoomPage(
        room=room_view(desk, room, now, utilisation=_utilisations(desk).get(room.id, "")),
        zone=desk.wording.registry.site.timezone,
        weekdays=[desk.messages.text(f"weekday.{day}") for day in range(7)],
        days=[] if room.is_personal else days(desk, week(desk, room)),
        findings=[
            finding_view(desk, record, by_id)
            for record in visible(desk, desk.tx.findings(open_only=True))
            if is_about(desk, record.subject, room)
        ],
        items=rows(desk, [item for item in items if item.state not in ENDED_STATES]),
    )


def is_about(desk: Desk, subject: Subject, room: Room) -> bool:
    """Say whether a subject is the room, a circuit that serves it, or a device in it."""
    if subject.kind is SubjectKind.ROOM:
        return subject.id == room.id
    return any(each.id == room.id for each in desk.wording.rooms_of(subject))


def week(desk: Desk, room: Room) -> Series:
    """Return occupancy, CO2 and power of the last seven days."""
    names = (SeriesName.OCCUPIED, SeriesName.CO2_PPM, SeriesName.POWER_W)
    return desk.services.rooms.room_series(room.id, names, start=desk.now - WEEK, end=desk.now, points=POINTS)


def chart(desk: Desk, room: Room) -> dict[str, object]:
    """Return what the week's chart draws: columns over seconds, bands of findings, marks of items, the limit."""
    series = week(desk, room)
    start = desk.now - WEEK
    shown = [each for each in visible(desk, desk.tx.findings(limit=500)) if is_about(desk, each.subject, room)]
    return {
        "time": [time_ms / 1000 for time_ms in series.time_ms],
        "start": start.timestamp(),
        "end": desk.now.timestamp(),
        "columns": {name.value: list(values) for name, values in series.columns.items()},
        "limits": {SeriesName.CO2_PPM.value: CATALOGUE["A01"].parameter("co2_ppm")},
        "findings": [
            {
                "start": each.started.timestamp(),
                "end": (each.ended or desk.now).timestamp(),
                "text": desk.wording.rule(each.rule),
                "severity": each.severity.value,
            }
            for each in shown
            if each.ended is None or each.ended > start
        ],
        "items": [
            {"at": item.opened.timestamp(), "text": f"#{item.number}"}
            for item in desk.tx.items(limit=500)
            if is_about(desk, item.subject, room) and item.opened > start
        ],
    }


@dataclass(slots=True)
class _Sums:
    occupied_h: float = 0.0
    occupied_known_h: float = 0.0
    power_known_h: float = 0.0
    energy_kwh: float = 0.0
    co2_ppm: float | None = None


def days(desk: Desk, series: Series) -> Sequence[DayRow]:
    """Return the week as figures, the newest day first: what the chart draws, for those who do not see it."""
    sums: dict[date, _Sums] = {}
    for index, (hours, time) in enumerate(_steps(series)):
        _add(sums.setdefault(time.astimezone(desk.messages.zone).date(), _Sums()), series, index, hours)
    return [_day_row(desk, day, sums[day]) for day in sorted(sums, reverse=True)]


def _steps(series: Series) -> list[tuple[float, datetime]]:
    times = series.time_ms
    hours = [min(STEP_MAX_H, (later - time) / 3_600_000) for time, later in pairwise(times)]
    return [(each, from_epoch_ms(time)) for each, time in zip(hours, times, strict=False)]


def _add(sums: _Sums, series: Series, index: int, hours: float) -> None:
    occupied, co2_ppm, power_w = (
        series.columns[name][index] if name in series.columns else None
        for name in (SeriesName.OCCUPIED, SeriesName.CO2_PPM, SeriesName.POWER_W)
    )
    if occupied is not None:
        sums.occupied_known_h += hours
        sums.occupied_h += hours * occupied
    if power_w is not None:
        sums.power_known_h += hours
        sums.energy_kwh += hours * power_w / 1000
    if co2_ppm is not None:
        sums.co2_ppm = max(sums.co2_ppm or 0.0, co2_ppm)


def _day_row(desk: Desk, day: date, sums: _Sums) -> DayRow:
    value = desk.wording.value
    return DayRow(
        day=desk.messages.day(day),
        occupied=value(sums.occupied_h, "h") if sums.occupied_known_h else "–",
        co2="–" if sums.co2_ppm is None else f"{desk.messages.number(sums.co2_ppm, 0)} ppm",
        energy=value(sums.energy_kwh, "kWh") if sums.power_known_h else "–",
    )
