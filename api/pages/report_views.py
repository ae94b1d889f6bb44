"""The inbox of people's reports, and the codes of rooms, as the console shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from api.pages.desk import Desk
from api.pages.views import Moment
from rectification.model import Item
from rectification.particulars import NOTHING_WRITTEN, title_of
from rectification.reports import CATEGORY_NAMES, Report, ReportState, RoomCode, severity_of
from sensors.actors import Permission
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, Room, RoomId
from sensors.verdicts import Severity

Shown = Literal["new", "done", "spam"]

STATES: dict[Shown, tuple[ReportState, ...]] = {
    "new": (ReportState.NEW,),
    "done": (ReportState.ACCEPTED, ReportState.MERGED, ReportState.REJECTED),
    "spam": (ReportState.SPAM,),
}

TONES = {
    ReportState.NEW: "yellow",
    ReportState.ACCEPTED: "good",
    ReportState.MERGED: "good",
    ReportState.REJECTED: "none",
    ReportState.SPAM: "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChoice:
    """An open item that a report may tell of as well."""

    number: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report as its moderator sees it."""

    id: str
    place: str
    place_url: str | None
    category: str
    text: str
    received: Moment
    state: ReportState
    tone: str
    severity: Severity
    has_photo: bool
    contact: str
    items: Sequence[ItemChoice]
    item: ItemChoice | None
    item_url: str
    who: str
    reason: str
    is_imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """The reports of one kind; nothing but their number for those who do not moderate."""

    can_moderate: bool
    waiting: int
    reports: Sequence[ReportView]
    severities: Sequence[Severity]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeView:
    """One room and its code."""

    room: RoomId
    name: str
    floor: str
    made: Moment | None
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildingCodes:
    """The rooms of a building and how many of them have a code."""

    id: BuildingId
    name: str
    codes: Sequence[CodeView]

    @property
    def with_code(self) -> Sequence[CodeView]:
        """Return the rooms that have one."""
        return [code for code in self.codes if code.token]


def inbox(desk: Desk, shown: Shown) -> InboxView:
    """Return the inbox as this person may see it."""
    can_moderate = desk.actor.may(Permission.MANAGE_ITEM)
    reports = desk.tx.reports(states=STATES[shown]) if can_moderate else ()
    return InboxView(
        can_moderate=can_moderate,
        waiting=desk.tx.waiting_reports(),
        reports=[_report(desk, report) for report in reports],
        severities=tuple(Severity),
    )


def buildings(desk: Desk) -> Sequence[BuildingCodes]:
    """Return every building with its rooms' codes; no tokens for those who do not manage the plan."""
    may_see = desk.actor.may(Permission.MANAGE_ITEM)
    standing = {code.room: code for code in desk.tx.room_codes()} if may_see else {}
    registry = desk.wording.registry
    return [
        BuildingCodes(
            id=building.id,
            name=building.name.in_language(desk.wording.language),
            codes=[
                _code(desk, room, standing.get(room.id))
                for room in registry.rooms.values()
                if room.building == building.id
            ],
        )
        for building in registry.buildings.values()
    ]


def _code(desk: Desk, room: Room, code: RoomCode | None) -> CodeView:
    return CodeView(
        room=room.id,
        name=desk.wording.subject(_subject(room.id)),
        floor=desk.messages.text("place.floor", floor=room.floor),
        made=None if code is None else desk.wording.moment(code.made),
        token="" if code is None else code.token,
    )


def _report(desk: Desk, report: Report) -> ReportView:
    subject = _subject(report.room)
    contact = desk.tx.contact(report.id)
    item = desk.tx.item(report.item_id) if report.item_id else None
    return ReportView(
        id=report.id,
        place=desk.wording.subject(subject),
        place_url=desk.wording.url(subject),
        category=CATEGORY_NAMES[report.category].in_language(desk.wording.language),
        text=report.text,
        received=desk.wording.moment(report.received),
        state=report.state,
        tone=TONES[report.state],
        severity=severity_of(report.category),
        has_photo=report.photo is not None,
        contact="" if contact is None else contact.contact,
        items=_open_items(desk, subject) if report.state is ReportState.NEW else (),
        item=None if item is None else _choice(desk, item),
        item_url="" if item is None else f"/plan/{item.id}",
        who=desk.wording.who(report.moderated_by),
        reason=report.reason,
        is_imported=bool(report.came_by),
    )


def _open_items(desk: Desk, subject: Subject) -> Sequence[ItemChoice]:
    """Return the open items about the same room."""
    return [_choice(desk, item) for item in desk.tx.items(open_only=True) if item.subject == subject]


def _choice(desk: Desk, item: Item) -> ItemChoice:
    title = title_of(item, desk.tx.particulars(item.id) or NOTHING_WRITTEN)
    return ItemChoice(number=item.number, title=title.in_language(desk.wording.language))


def _subject(room: RoomId) -> Subject:
    return Subject(kind=SubjectKind.ROOM, id=room)
