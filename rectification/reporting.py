"""What is done with people's reports and the codes of rooms: sent, moderated, erased; codes made and revoked."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from rectification.commands import Deadlines, existing
from rectification.evidence import EvidenceFile, MediaType, Shows, clean_name
from rectification.model import ENDED_STATES, Item, ItemAction, state_after
from rectification.particulars import CATEGORIES, CLEANING, OTHER_CATEGORY, Particulars, Source
from rectification.report_ports import ReportTransaction
from rectification.reports import (
    LONGEST_CONTACT,
    LONGEST_TEXT,
    PER_ADDRESS,
    PER_CODE,
    SENDING_WINDOW,
    WAITING_MOST,
    Contact,
    Report,
    ReportAction,
    ReportCategory,
    ReportState,
    RoomCode,
    report_state_after,
)
from rectification.sheets import Found, NewFile, attach, note_progress, open_item
from sensors.actors import Actor, Permission
from sensors.catalogue.model import Family
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Name, RoomId, SiteId
from sensors.verdicts import Severity

_CODE_BYTES = 12
"""96 bits: nobody finds a room's page by trying, and the QR code stays coarse enough for a dim corridor."""

_DIGITS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of numbers that people copy by hand: none that look alike."""
_NUMBER_CHARS = 10


class UnknownCodeError(LookupError):
    """A room's code that was never made, or was revoked; both look the same from outside."""


class UnknownReportError(LookupError):
    """No report has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no report {identifier!r}; look at the inbox")


class ReportRefusal(StrEnum):
    """Why a report, or a step with it, is not taken."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    TOO_MANY = "too_many"
    NO_REASON = "no_reason"
    NO_ITEM = "no_item"


ADVICE: Mapping[ReportRefusal, str] = MappingProxyType(
    {
        ReportRefusal.EMPTY: "write what is wrong",
        ReportRefusal.TOO_LONG: f"write at most {LONGEST_TEXT} characters, and {LONGEST_CONTACT} of how to reach you",
        ReportRefusal.CHARACTERS: "leave out control characters",
        ReportRefusal.TOO_MANY: "many reports came, more than can be read; try again later, or tell it by telephone",
        ReportRefusal.NO_REASON: "write why nothing is done about it",
        ReportRefusal.NO_ITEM: "write the number of an open item of the plan",
    }
)


class ReportRefusedError(Exception):
    """A report, or a step with it, that is not taken."""

    def __init__(self, refusal: ReportRefusal) -> None:
        """Say what to do."""
        super().__init__(ADVICE[refusal])
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture that was drawn anew and is kept under its hash."""

    sha256: str
    media_type: MediaType
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a person wrote of a room. `address_key` stands for where it came from, and is forgotten after an hour."""

    category: ReportCategory
    text: str
    language: str
    contact: str = ""
    address_key: str = ""


def make_codes(
    tx: ReportTransaction, rooms: Iterable[RoomId], *, site: SiteId, actor: Actor, clock: Clock
) -> Sequence[RoomCode]:
    """Return new codes for those rooms that have none that stands. Raises NotPermittedError."""
    actor.must(Permission.MANAGE_ITEM)
    held = {code.room for code in tx.room_codes()}
    now = clock.now()
    made = [
        RoomCode(token=secrets.token_urlsafe(_CODE_BYTES), site=site, room=room, made=now, made_by=actor.id)
        for room in dict.fromkeys(rooms)
        if room not in held
    ]
    for code in made:
        tx.save_room_code(code, actor_id=actor.id, at=now)
    return made


def revoke_code(tx: ReportTransaction, room: RoomId, *, actor: Actor, clock: Clock) -> RoomCode:
    """Return the room's code as revoked: it leads nowhere. Raises NotPermittedError, UnknownCodeError."""
    actor.must(Permission.MANAGE_ITEM)
    code = next((each for each in tx.room_codes() if each.room == room), None)
    if code is None:
        raise UnknownCodeError(room)
    gone = replace(code, revoked=clock.now(), revoked_by=actor.id)
    tx.save_room_code(gone, actor_id=actor.id, at=clock.now())
    return gone


def standing_code(tx: ReportTransaction, token: str) -> RoomCode:
    """Return the code of a token. Raises UnknownCodeError."""
    code = tx.room_code(token)
    if code is None or code.revoked is not None:
        raise UnknownCodeError
    return code


def check_written(sent: Sent) -> None:
    """Return when what was written can be a report. Raises ReportRefusedError."""
    if not sent.text.strip():
        raise ReportRefusedError(ReportRefusal.EMPTY)
    if len(sent.text) > LONGEST_TEXT or len(sent.contact) > LONGEST_CONTACT:
        raise ReportRefusedError(ReportRefusal.TOO_LONG)
    if any(_is_control(char) for char in sent.text + sent.contact):
        raise ReportRefusedError(ReportRefusal.CHARACTERS)


def check_sending(tx: ReportTransaction, code: RoomCode, sent: Sent, *, clock: Clock) -> None:
    """Return when a report may be taken now. Raises ReportRefusedError."""
    check_written(sent)
    since = clock.now() - SENDING_WINDOW
    counted = ((f"code:{code.token}", PER_CODE), (sent.address_key, PER_ADDRESS))
    is_flooded = any(tx.sendings(key, since=since) >= most for key, most in counted)
    if is_flooded or tx.waiting_reports() >= WAITING_MOST:
        raise ReportRefusedError(ReportRefusal.TOO_MANY)


def send(tx: ReportTransaction, token: str, sent: Sent, *, clock: Clock, photo: Photo | None = None) -> Report:
    """Return the report as it was taken, for somebody to look at. Raises UnknownCodeError, ReportRefusedError."""
    code = standing_code(tx, token)
    check_sending(tx, code, sent, clock=clock)
    now = clock.now()
    tx.forget_sendings_before(now - SENDING_WINDOW)
    for key in (f"code:{code.token}", sent.address_key):
        tx.add_sending(key, at=now)
    report = new_report(
        site=code.site, room=code.room, category=sent.category, text=sent.text, language=sent.language, received=now
    )
    if photo is not None:
        report = replace(report, photo=photo.sha256, photo_type=photo.media_type, photo_bytes=photo.size_bytes)
    take(tx, report, contact=sent.contact, actor_id=REPORTER)
    return report


REPORTER = "system:report"
"""Who sends reports, in the audit log: nobody that is known."""


def new_report(
    *,
    site: SiteId,
    room: RoomId,
    category: ReportCategory,
    text: str,
    language: str,
    received: datetime,
    came_by: str = "",
) -> Report:
    """Return a report with an id, and a number that nobody guesses."""
    return Report(
        id=new_id(epoch_ms(received)),
        number="".join(secrets.choice(_DIGITS) for _ in range(_NUMBER_CHARS)),
        site=site,
        room=room,
        category=category,
        text=text.strip(),
        language=language,
        received=received,
        state=ReportState.NEW,
        came_by=came_by,
    )


def take(tx: ReportTransaction, report: Report, *, contact: str, actor_id: str) -> None:
    """Keep a new report, and how to reach its reporter apart from it."""
    tx.save_report(report, action=ReportAction.SEND, actor_id=actor_id, at=report.received)
    if contact.strip():
        tx.save_contact(Contact(report_id=report.id, contact=contact.strip()))


def accept(
    tx: ReportTransaction,
    identifier: str,
    *,
    severity: Severity,
    title: str,
    deadline: Deadlines,
    actor: Actor,
    clock: Clock,
) -> Item:
    """Return the new draft for what a report tells; its photo goes along.

    Raises NotPermittedError, UnknownReportError, IllegalReportStepError.
    """
    report = _moderated(tx, identifier, ReportAction.ACCEPT, actor=actor, clock=clock)
    found = Found(
        site=report.site,
        subject=Subject(kind=SubjectKind.ROOM, id=report.room),
        severity=severity,
        given=_particulars(report, title),
        since=report.received,
    )
    item = open_item(tx, found, deadline=deadline, actor=actor, clock=clock)
    _hand_photo_on(tx, report, item, actor=actor, clock=clock)
    _close(tx, _handed_on(report, item), ReportAction.ACCEPT)
    return item


def merge(tx: ReportTransaction, identifier: str, item_id: str, *, actor: Actor, clock: Clock) -> Item:
    """Return the open item that a report tells of, with what it says and shows added.

    Raises NotPermittedError, UnknownReportError, UnknownItemError, IllegalReportStepError, IllegalItemStepError.
    """
    report = _moderated(tx, identifier, ReportAction.MERGE, actor=actor, clock=clock)
    item = existing(tx, item_id)
    state_after(item.state, ItemAction.NOTE)
    note_progress(tx, item.id, actor=actor, clock=clock, note=report.text)
    _hand_photo_on(tx, report, item, actor=actor, clock=clock)
    _close(tx, _handed_on(report, item), ReportAction.MERGE)
    return existing(tx, item.id)


def reject(tx: ReportTransaction, identifier: str, *, actor: Actor, clock: Clock, reason: str) -> Report:
    """Return a report that nothing is done about, with the reason; its photo and contact go.

    Raises NotPermittedError, UnknownReportError, ReportRefusedError, IllegalReportStepError.
    """
    if not reason.strip():
        raise ReportRefusedError(ReportRefusal.NO_REASON)
    report = _moderated(tx, identifier, ReportAction.REJECT, actor=actor, clock=clock)
    return _put_aside(tx, replace(report, reason=reason.strip()), ReportAction.REJECT)


def mark_spam(tx: ReportTransaction, identifier: str, *, actor: Actor, clock: Clock) -> Report:
    """Return a report that is none; its photo and contact go. Raises what `reject` raises."""
    report = _moderated(tx, identifier, ReportAction.MARK_SPAM, actor=actor, clock=clock)
    return _put_aside(tx, report, ReportAction.MARK_SPAM)


def erase_contacts(tx: ReportTransaction) -> int:
    """Return how many contacts were erased: those of reports whose items have ended."""
    ended = [report.id for report in tx.reports_with_contact() if _is_over(tx, report)]
    for report_id in ended:
        tx.erase_contact(report_id)
    return len(ended)


def existing_report(tx: ReportTransaction, identifier: str) -> Report:
    """Return a report. Raises UnknownReportError."""
    report = tx.report(identifier)
    if report is None:
        raise UnknownReportError(identifier)
    return report


def tidy_number(written: str) -> str:
    """Return a report's number as it is kept, however somebody copied it."""
    return "".join(char for char in written.upper() if char.isalnum())


def _is_over(tx: ReportTransaction, report: Report) -> bool:
    item = tx.item(report.item_id) if report.item_id is not None else None
    return item is not None and item.state in ENDED_STATES


def _is_control(char: str) -> bool:
    return not (char.isprintable() or char in "\r\n\t")


def _moderated(tx: ReportTransaction, identifier: str, action: ReportAction, *, actor: Actor, clock: Clock) -> Report:
    actor.must(Permission.MANAGE_ITEM)
    report = existing_report(tx, identifier)
    after = report_state_after(report.state, action)
    return replace(report, state=after, moderated=clock.now(), moderated_by=actor.id)


LEDGER_CATEGORIES: Mapping[ReportCategory, Name] = MappingProxyType(
    {
        ReportCategory.FIRE: CATEGORIES[Family.FIRE],
        ReportCategory.ELECTRICAL: CATEGORIES[Family.ELECTRICAL],
        ReportCategory.WATER: CATEGORIES[Family.WATER],
        ReportCategory.CLIMATE: CATEGORIES[Family.AIR],
        ReportCategory.LIGHTING: CATEGORIES[Family.AIR],
        ReportCategory.DOORS: CATEGORIES[Family.DOORS],
        ReportCategory.CLEANING: CLEANING,
        ReportCategory.WASTE: CATEGORIES[Family.ENERGY],
        ReportCategory.OTHER: OTHER_CATEGORY,
    }
)
"""What the ledger calls what people chose: its own categories, so that what belongs together stands together."""


def _particulars(report: Report, title: str) -> Particulars:
    category = LEDGER_CATEGORIES[report.category].in_language(report.language)
    return Particulars(
        source=Source.PEOPLE, source_ref=report.id, title=title.strip(), problem=report.text, category=category
    )


def _hand_photo_on(
    tx: ReportTransaction, report: Report, item: Item, *, actor: Actor, clock: Clock
) -> EvidenceFile | None:
    if report.photo is None or report.photo_type is None:
        return None
    new = NewFile(
        sha256=report.photo,
        name=clean_name(f"report-{report.number}", report.photo_type),
        media_type=report.photo_type,
        size_bytes=report.photo_bytes,
        shows=Shows.BEFORE,
    )
    return attach(tx, item.id, new, actor=actor, clock=clock)


def _handed_on(report: Report, item: Item) -> Report:
    return replace(_without_photo(report), item_id=item.id)


def _without_photo(report: Report) -> Report:
    return replace(report, photo=None, photo_type=None, photo_bytes=0)


def _put_aside(tx: ReportTransaction, report: Report, action: ReportAction) -> Report:
    bare = _without_photo(report)
    tx.erase_contact(report.id)
    _close(tx, bare, action)
    return bare


def _close(tx: ReportTransaction, report: Report, action: ReportAction) -> None:
    if report.moderated is not None and report.moderated_by is not None:
        tx.save_report(report, action=action, actor_id=report.moderated_by, at=report.moderated)
