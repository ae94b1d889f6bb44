"""What people can write down, each by an actor who may, in one transaction; entries are only ever added."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from alerts.commands import UnknownAlertError, acknowledge
from alerts.logs.ports import LogTransaction
from alerts.logs.refusals import LogRefusedError, Refusal, UnknownEntryError
from alerts.model import TRANSITIONS, AlertAction
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.logs import (
    ISOLATION_STEPS,
    AlarmCheck,
    AlarmTruth,
    DutyEntry,
    DutyKind,
    FireSystem,
    FireTest,
    FireTestKind,
    FireTestResult,
    Isolation,
    IsolationAction,
    IsolationStep,
    KeptIsolation,
    valid,
)
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId

AHEAD = timedelta(minutes=2)
"""A wristwatch may be ahead of the server by so much. The project's own choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyGiven:
    """An entry of the duty log as a person gives it; `at` None is now."""

    present: tuple[str, ...]
    kind: DutyKind = DutyKind.ROUND
    at: datetime | None = None
    relief: tuple[str, ...] = ()
    panel_normal: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTestGiven:
    """A test or check as a person gives it."""

    kind: FireTestKind
    subject: Subject
    day: date
    by: str
    result: FireTestResult
    system: FireSystem = FireSystem.ALL
    next_due: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationGiven:
    """A request to isolate as a person gives it; `starts` None is now."""

    subject: Subject
    reason: str
    planned_end: datetime
    starts: datetime | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckGiven:
    """What somebody found on site as a person gives it; `at` None is now, `by` empty is whoever writes."""

    truth: AlarmTruth
    at: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who writes, for which site, by which clock."""

    actor: Actor
    site: SiteId
    clock: Clock

    def past(self, at: datetime | None) -> datetime:
        """Return when something happened: now where nobody says. Raises LogRefusedError for what lies ahead."""
        now = self.clock.now()
        if at is not None and at > now + AHEAD:
            raise LogRefusedError(Refusal.IN_FUTURE)
        return now if at is None else min(at, now)

    def new_id(self) -> str:
        """Return a new id."""
        return new_id(epoch_ms(self.clock.now()))


def write_duty(tx: LogTransaction, given: DutyGiven, *, desk: Desk, corrects: str = "") -> DutyEntry:
    """Return the entry kept in the duty log, in the place of the one it corrects.

    A hand-over may have nobody leaving (the log begins) or nobody coming (the room is left).
    Raises NotPermittedError, LogRefusedError, UnknownEntryError.
    """
    desk.actor.must(Permission.KEEP_LOG)
    if not given.present and not given.relief:
        raise LogRefusedError(Refusal.NOBODY_PRESENT)
    if corrects:
        _correctable(tx, tx.duty_entry(corrects), corrects, desk)
    entry = DutyEntry(
        id=desk.new_id(),
        site=desk.site,
        kind=given.kind,
        at=desk.past(given.at),
        present=given.present,
        relief=given.relief if given.kind is DutyKind.HAND_OVER else (),
        panel_normal=given.panel_normal,
        note=given.note.strip(),
        entered=desk.clock.now(),
        entered_by=desk.actor.id,
        corrects=corrects,
    )
    if entry.kind is DutyKind.ROUND and not entry.present:
        raise LogRefusedError(Refusal.NOBODY_PRESENT)
    tx.add_duty_entry(entry)
    return entry


def strike_duty(tx: LogTransaction, entry_id: str, *, desk: Desk, note: str) -> DutyEntry:
    """Return the entry that strikes out another, with the reason.

    Raises NotPermittedError, LogRefusedError, UnknownEntryError.
    """
    desk.actor.must(Permission.KEEP_LOG)
    old = _correctable(tx, tx.duty_entry(entry_id), entry_id, desk)
    struck = replace(
        old,
        id=desk.new_id(),
        entered=desk.clock.now(),
        entered_by=desk.actor.id,
        note=_reason(note),
        corrects=old.id,
        void=True,
    )
    tx.add_duty_entry(struck)
    return struck


def write_test(tx: LogTransaction, given: FireTestGiven, *, desk: Desk, corrects: str = "") -> FireTest:
    """Return the test or check kept, in the place of the one it corrects.

    Raises NotPermittedError, LogRefusedError, UnknownEntryError.
    """
    desk.actor.must(Permission.KEEP_LOG)
    if not given.by.strip():
        raise LogRefusedError(Refusal.NOBODY_PRESENT)
    # A day in the east is over before it is in UTC; a day ahead of that is a slip of the pen.
    if given.day > (desk.clock.now() + timedelta(hours=14)).date():
        raise LogRefusedError(Refusal.IN_FUTURE)
    if given.next_due is not None and given.next_due <= given.day:
        raise LogRefusedError(Refusal.ENDS_BEFORE)
    if corrects:
        _correctable(tx, tx.fire_test(corrects), corrects, desk)
    test = FireTest(
        id=desk.new_id(),
        site=desk.site,
        kind=given.kind,
        subject=given.subject,
        system=given.system,
        day=given.day,
        by=given.by.strip(),
        result=given.result,
        next_due=given.next_due,
        note=given.note.strip(),
        entered=desk.clock.now(),
        entered_by=desk.actor.id,
        corrects=corrects,
    )
    tx.add_fire_test(test)
    return test


def strike_test(tx: LogTransaction, test_id: str, *, desk: Desk, note: str) -> FireTest:
    """Return the entry that strikes out a test or check, with the reason.

    Raises NotPermittedError, LogRefusedError, UnknownEntryError.
    """
    desk.actor.must(Permission.KEEP_LOG)
    old = _correctable(tx, tx.fire_test(test_id), test_id, desk)
    struck = replace(
        old,
        id=desk.new_id(),
        entered=desk.clock.now(),
        entered_by=desk.actor.id,
        note=_reason(note),
        corrects=old.id,
        void=True,
    )
    tx.add_fire_test(struck)
    return struck


def verify_alarm(tx: LogTransaction, alert_id: str, given: CheckGiven, *, desk: Desk, corrects: str = "") -> AlarmCheck:
    """Return what was found on site; who went there has seen the alert, so it is acknowledged too.

    A second word about the same alert corrects the first. Raises NotPermittedError, UnknownAlertError,
    LogRefusedError.
    """
    desk.actor.must(Permission.KEEP_LOG)
    alert = tx.alert(alert_id)
    if alert is None:
        raise UnknownAlertError(alert_id)
    if alert.site != desk.site:
        raise LogRefusedError(Refusal.OTHER_SITE)
    before = valid(tx.alarm_checks_of(alert_id))
    check = AlarmCheck(
        id=desk.new_id(),
        site=desk.site,
        alert_id=alert_id,
        subject=alert.subject,
        zone=alert.zone,
        onset=alert.onset,
        truth=given.truth,
        at=desk.past(given.at),
        by=given.by.strip() or desk.actor.name,
        note=given.note.strip(),
        entered=desk.clock.now(),
        entered_by=desk.actor.id,
        corrects=corrects or (before[-1].id if before else ""),
    )
    tx.add_alarm_check(check)
    if (alert.state, AlertAction.ACKNOWLEDGE) in TRANSITIONS:
        acknowledge(tx, alert_id, actor=desk.actor, clock=desk.clock, note=check.note)
    return check


def request_isolation(tx: LogTransaction, given: IsolationGiven, *, desk: Desk) -> KeptIsolation:
    """Return the isolation asked for, which somebody else must approve. Raises NotPermittedError, LogRefusedError."""
    desk.actor.must(Permission.KEEP_LOG)
    now = desk.clock.now()
    starts = given.starts or now
    if not given.reason.strip():
        raise LogRefusedError(Refusal.NO_REASON)
    if given.planned_end <= max(starts, now):
        raise LogRefusedError(Refusal.ENDS_BEFORE)
    isolation = Isolation(
        id=desk.new_id(),
        site=desk.site,
        subject=given.subject,
        zone=given.zone.strip(),
        reason=given.reason.strip(),
        starts=starts,
        planned_end=given.planned_end,
        applicant=desk.actor.id,
        entered=now,
    )
    tx.add_isolation(isolation)
    step = _isolation_step(isolation.id, IsolationAction.REQUEST, desk)
    tx.add_isolation_step(step)
    return KeptIsolation(isolation=isolation, steps=(step,))


def approve_isolation(tx: LogTransaction, isolation_id: str, *, desk: Desk, note: str = "") -> KeptIsolation:
    """Return the isolation as approved, by somebody other than who asked for it.

    Raises NotPermittedError, UnknownEntryError, LogRefusedError.
    """
    return _approving(tx, isolation_id, IsolationAction.APPROVE, desk, note=note)


def refuse_isolation(tx: LogTransaction, isolation_id: str, *, desk: Desk, note: str) -> KeptIsolation:
    """Return the isolation as refused, with the reason. Raises as `approve_isolation`."""
    return _approving(tx, isolation_id, IsolationAction.REFUSE, desk, note=_reason(note))


def extend_isolation(
    tx: LogTransaction, isolation_id: str, *, planned_end: datetime, desk: Desk, note: str
) -> KeptIsolation:
    """Return the isolation with a later end, which is approved anew: not by its applicant. Raises as above."""
    kept = _isolation(tx, isolation_id, desk)
    if planned_end <= max(kept.planned_end, desk.clock.now()):
        raise LogRefusedError(Refusal.ENDS_BEFORE)
    said = _reason(note)
    return _approving(tx, isolation_id, IsolationAction.EXTEND, desk, note=said, planned_end=planned_end)


def file_isolation(tx: LogTransaction, isolation_id: str, *, desk: Desk, note: str = "") -> KeptIsolation:
    """Return the isolation as told to the fire authority (备案). Raises as `approve_isolation`."""
    return _stepping(tx, isolation_id, IsolationAction.FILE, desk, note=note)


def end_isolation(tx: LogTransaction, isolation_id: str, *, desk: Desk, note: str = "") -> KeptIsolation:
    """Return the isolation as over: the device works again. Raises as `approve_isolation`."""
    return _stepping(tx, isolation_id, IsolationAction.END, desk, note=note)


def withdraw_isolation(tx: LogTransaction, isolation_id: str, *, desk: Desk, note: str) -> KeptIsolation:
    """Return the isolation as never meant, with the reason. Raises as `approve_isolation`."""
    return _stepping(tx, isolation_id, IsolationAction.WITHDRAW, desk, note=_reason(note))


def _approving(
    tx: LogTransaction,
    isolation_id: str,
    action: IsolationAction,
    desk: Desk,
    *,
    note: str,
    planned_end: datetime | None = None,
) -> KeptIsolation:
    desk.actor.must(Permission.APPROVE_ISOLATION)
    if _isolation(tx, isolation_id, desk).isolation.applicant == desk.actor.id:
        raise LogRefusedError(Refusal.OWN_REQUEST)
    return _stepping(tx, isolation_id, action, desk, note=note, planned_end=planned_end)


def _stepping(
    tx: LogTransaction,
    isolation_id: str,
    action: IsolationAction,
    desk: Desk,
    *,
    note: str,
    planned_end: datetime | None = None,
) -> KeptIsolation:
    desk.actor.must(Permission.KEEP_LOG)
    kept = _isolation(tx, isolation_id, desk)
    if (kept.state, action) not in ISOLATION_STEPS:
        raise LogRefusedError(Refusal.ILLEGAL_STEP)
    step = replace(_isolation_step(isolation_id, action, desk), note=note.strip(), planned_end=planned_end)
    tx.add_isolation_step(step)
    return replace(kept, steps=(*kept.steps, step))


def _isolation(tx: LogTransaction, isolation_id: str, desk: Desk) -> KeptIsolation:
    kept = tx.isolation(isolation_id)
    if kept is None:
        raise UnknownEntryError(isolation_id)
    if kept.isolation.site != desk.site:
        raise LogRefusedError(Refusal.OTHER_SITE)
    return kept


def _isolation_step(isolation_id: str, action: IsolationAction, desk: Desk) -> IsolationStep:
    return IsolationStep(isolation_id=isolation_id, action=action, actor_id=desk.actor.id, at=desk.clock.now())


Kept = TypeVar("Kept", DutyEntry, FireTest)


def _correctable(tx: LogTransaction, old: Kept | None, identifier: str, desk: Desk) -> Kept:
    """Return an entry that may be corrected: it is there, of this site, and the newest word."""
    if old is None:
        raise UnknownEntryError(identifier)
    if old.site != desk.site:
        raise LogRefusedError(Refusal.OTHER_SITE)
    if old.void or tx.is_corrected(identifier):
        raise LogRefusedError(Refusal.ALREADY_CORRECTED)
    return old


def _reason(note: str) -> str:
    if not note.strip():
        raise LogRefusedError(Refusal.NO_REASON)
    return note.strip()
