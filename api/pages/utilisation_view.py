"""The use of rooms as the page shows it: figures, heat maps that are tables, classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.desk import Desk
from api.ports import RoomClass
from api.privacy import told_utilisation
from sensors.topology import BuildingId, DepartmentId, RoomId
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Scope

USUAL_HOURS = range(7, 21)
"""What is shown of a day even where nothing is known of it."""
SHADES = 5
"""So many tones a heat map has, besides none."""
WEEKDAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One hour of the week: what is written, and how dark it is; `shade` 0 is nobody or unknown."""

    text: str
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One weekday."""

    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """The use of some rooms in words."""

    name: str
    rooms: str
    mean: str
    peak: str
    vacancies: str
    longest: str
    heat: Sequence[HeatRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """The class of a room; `url` is its page."""

    name: str
    place: str
    url: str
    use: str
    use_text: str
    days: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilisationPage:
    """The whole page; `period` is empty before anybody looked."""

    period: str
    hours: Sequence[str]
    groups: Sequence[GroupRow]
    rooms: Sequence[StandingRow]


def utilisation_page(desk: Desk, scope: Scope) -> UtilisationPage:
    """Return the page of one scope."""
    told = told_utilisation(desk.wording.registry, desk.services.utilisation())
    if told is None:
        return UtilisationPage(period="", hours=(), groups=(), rooms=())
    groups = [group for group in told.groups if group.scope is scope]
    hours = _hours(groups)
    day = desk.messages.day
    return UtilisationPage(
        period=desk.messages.text("use.period", first=day(told.first), last=day(told.last)),
        hours=[f"{hour}:00" for hour in hours],
        groups=[_group(desk, group, hours) for group in groups],
        rooms=[_standing(desk, each) for each in told.rooms],
    )


def _hours(groups: Sequence[GroupUse]) -> Sequence[int]:
    """Return the hours that are shown: the usual ones, and those around them in which somebody was there."""
    used = [cell.hour for group in groups for cell in group.cells if cell.used_pct > 0]
    return range(min([USUAL_HOURS[0], *used]), max([USUAL_HOURS[-1], *used]) + 1)


def _group(desk: Desk, group: GroupUse, hours: Sequence[int]) -> GroupRow:
    messages = desk.messages
    return GroupRow(
        name=_name(desk, group),
        rooms=messages.count("use.rooms", len(group.rooms)),
        mean=f"{messages.number(group.mean_pct, 0)}%",
        peak=_peak(desk, group.peak),
        vacancies=messages.count("use.vacancies", group.vacancies),
        longest=desk.wording.value(group.longest_vacancy_h, "h") if group.vacancies else "–",
        heat=_heat(desk, group, hours),
    )


def _peak(desk: Desk, peak: HourCell | None) -> str:
    if peak is None or peak.used_pct == 0:
        return "–"
    when = desk.messages.text("use.at", weekday=_weekday(desk, peak.weekday), hour=f"{peak.hour}:00")
    return f"{desk.messages.number(peak.used_pct, 0)}% · {when}"


def _heat(desk: Desk, group: GroupUse, hours: Sequence[int]) -> Sequence[HeatRow]:
    found = {(cell.weekday, cell.hour): cell.used_pct for cell in group.cells}
    return [
        HeatRow(
            name=_weekday(desk, weekday),
            cells=[_cell(desk, found.get((weekday, hour))) for hour in hours],
        )
        for weekday in range(WEEKDAYS)
    ]


def _cell(desk: Desk, used_pct: float | None) -> Cell:
    if used_pct is None:
        return Cell(text="–", shade=0)
    shade = 0 if used_pct == 0 else min(SHADES, 1 + int(used_pct * SHADES / 100))
    return Cell(text=desk.messages.number(used_pct, 0), shade=shade)


def _weekday(desk: Desk, weekday: int) -> str:
    # the messages count from Sunday
    return desk.messages.text(f"weekday.{(weekday + 1) % WEEKDAYS}")


def _name(desk: Desk, group: GroupUse) -> str:
    registry, language = desk.wording.registry, desk.wording.language
    if group.scope is Scope.ROOM:
        return desk.wording.room(registry.rooms[RoomId(group.id)])
    if group.scope is Scope.FLOOR:
        return desk.wording.floor(registry.rooms[group.rooms[0]])
    if group.scope is Scope.DEPARTMENT:
        department = registry.departments.get(DepartmentId(group.id))
        return group.id if department is None else department.name.in_language(language)
    return registry.buildings[BuildingId(group.id)].name.in_language(language)


def _standing(desk: Desk, standing: RoomStanding) -> StandingRow:
    room = desk.wording.registry.rooms[standing.room]
    known = standing.use in RoomClass.__members__.values()
    use = standing.use if known else RoomClass.UNKNOWN.value
    return StandingRow(
        name=desk.wording.room(room),
        place=desk.wording.floor(room),
        url=f"/rooms/{room.id}",
        use=use,
        use_text=desk.messages.text(f"class.{use}"),
        days="–" if standing.workdays is None else desk.messages.count("use.workdays", standing.workdays),
    )
