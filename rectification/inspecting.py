"""What is done with inspections: planned, given to somebody, filled in bit by bit, submitted, put right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from rectification.checklists import Checklist, Interval, Line
from rectification.inspection_ports import InspectionTransaction
from rectification.inspections import (
    LONGEST_NOTE,
    MAX_PHOTOS,
    OPEN_INSPECTIONS,
    Answer,
    Inspection,
    InspectionAction,
    InspectionState,
    LinePhoto,
    Result,
    Schedule,
    inspection_state_after,
)
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId


class UnknownInspectionError(LookupError):
    """No inspection, or schedule of one, has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no inspection {identifier!r}; look at the list")


class InspectionRefusal(StrEnum):
    """Why something is not done with an inspection."""

    NOT_YOURS = "not_yours"
    STALE = "stale"
    UNKNOWN_LINE = "unknown_line"
    UNANSWERED = "unanswered"
    FAULT_WITHOUT_NOTE = "fault_without_note"
    TOO_LONG = "too_long"
    TOO_MANY_PHOTOS = "too_many_photos"
    NO_REASON = "no_reason"
    NEEDS_INTERVAL = "needs_interval"
    BEING_CORRECTED = "being_corrected"


ADVICE: Mapping[InspectionRefusal, str] = MappingProxyType(
    {
        InspectionRefusal.NOT_YOURS: "somebody else is to do this inspection; have it given to you first",
        InspectionRefusal.STALE: "somebody else wrote to it meanwhile; read it again and repeat what is still wanted",
        InspectionRefusal.UNKNOWN_LINE: "the checklist has no such line",
        InspectionRefusal.UNANSWERED: "answer every line first: ok, fault, or not applicable",
        InspectionRefusal.FAULT_WITHOUT_NOTE: "write of every fault what is wrong",
        InspectionRefusal.TOO_LONG: f"write at most {LONGEST_NOTE} characters to a line",
        InspectionRefusal.TOO_MANY_PHOTOS: f"keep at most {MAX_PHOTOS} photos to a line",
        InspectionRefusal.NO_REASON: "write why",
        InspectionRefusal.NEEDS_INTERVAL: "choose how often it comes round, or give the day by which it is done once",
        InspectionRefusal.BEING_CORRECTED: "a correction of it is begun already; go on with that one",
    }
)


class InspectionRefusedError(Exception):
    """Something is not done with an inspection. `line` is the first line that is in the way."""

    def __init__(self, refusal: InspectionRefusal, line: str = "") -> None:
        """Say what to do."""
        super().__init__(f"line {line!r}: {ADVICE[refusal]}" if line else ADVICE[refusal])
        self.refusal = refusal
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be inspected where, and by whom."""

    site: SiteId
    checklist: Checklist
    subject: Subject
    floor: str
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote of a line; new photos are added, those in `dropped` (hashes) go."""

    result: Result | None = None
    note: str = ""
    photos: tuple[LinePhoto, ...] = ()
    dropped: frozenset[str] = frozenset()


def plan_rounds(
    tx: InspectionTransaction, wanted: Wanted, *, interval: Interval, first: date, actor: Actor, clock: Clock
) -> Schedule:
    """Return the schedule by which inspections come round from a day on.

    Raises NotPermittedError, InspectionRefusedError.
    """
    actor.must(Permission.MANAGE_ITEM)
    if interval is Interval.ONCE:
        raise InspectionRefusedError(InspectionRefusal.NEEDS_INTERVAL)
    now = clock.now()
    made = Schedule(
        id=new_id(epoch_ms(now)),
        site=wanted.site,
        checklist=wanted.checklist.id,
        subject=wanted.subject,
        floor=wanted.floor,
        interval=interval,
        assignee=wanted.assignee,
        first=first,
        made=now,
        made_by=actor.id,
    )
    tx.save_schedule(made, action="inspection_schedule.make", actor_id=actor.id, at=now)
    return made


def end_rounds(tx: InspectionTransaction, schedule_id: str, *, actor: Actor, clock: Clock) -> Schedule:
    """Return a schedule that opens no inspections any more; those that are open stay.

    Raises NotPermittedError, UnknownInspectionError.
    """
    actor.must(Permission.MANAGE_ITEM)
    found = tx.schedule(schedule_id)
    if found is None or found.ended is not None:
        raise UnknownInspectionError(schedule_id)
    ended = replace(found, ended=clock.now())
    tx.save_schedule(ended, action="inspection_schedule.end", actor_id=actor.id, at=clock.now())
    return ended


def plan_once(
    tx: InspectionTransaction, wanted: Wanted, *, opens: date, due: date, actor: Actor, clock: Clock
) -> Inspection:
    """Return an inspection that is done once, by a day. Raises NotPermittedError."""
    actor.must(Permission.MANAGE_ITEM)
    return open_inspection(tx, wanted, opens=opens, due=due, actor=actor, clock=clock)


def open_inspection(
    tx: InspectionTransaction,
    wanted: Wanted,
    *,
    opens: date,
    due: date,
    actor: Actor,
    clock: Clock,
    schedule_id: str | None = None,
) -> Inspection:
    """Return a new inspection with the checklist's lines as they are now."""
    now = clock.now()
    made = Inspection(
        id=new_id(epoch_ms(now)),
        number=tx.next_inspection_number(),
        site=wanted.site,
        checklist=wanted.checklist.id,
        name=wanted.checklist.name,
        category=wanted.checklist.category,
        subject=wanted.subject,
        floor=wanted.floor,
        assignee=wanted.assignee,
        opened=now,
        opens=opens,
        due=due,
        state=InspectionState.PLANNED,
        lines=wanted.checklist.lines,
        schedule_id=schedule_id,
    )
    tx.save_inspection(made, InspectionAction.OPEN, actor_id=actor.id, at=now)
    return made


def hand_over(
    tx: InspectionTransaction, identifier: str, *, assignee: str, revision: int, actor: Actor, clock: Clock
) -> Inspection:
    """Return the inspection, to be done by another account.

    Raises NotPermittedError, UnknownInspectionError, InspectionRefusedError, IllegalInspectionStepError.
    """
    actor.must(Permission.MANAGE_ITEM)
    found = as_read(existing_inspection(tx, identifier), revision)
    return stepped(tx, replace(found, assignee=assignee), InspectionAction.ASSIGN, actor=actor, clock=clock)


def give_up(
    tx: InspectionTransaction, identifier: str, *, revision: int, actor: Actor, clock: Clock, note: str
) -> Inspection:
    """Return the inspection as cancelled, with the reason. Raises what `hand_over` raises."""
    actor.must(Permission.MANAGE_ITEM)
    found = as_read(existing_inspection(tx, identifier), revision)
    return stepped(tx, replace(found, why=_reason(note)), InspectionAction.CANCEL, actor=actor, clock=clock)


def save(
    tx: InspectionTransaction,
    identifier: str,
    written: Mapping[str, Written],
    *,
    revision: int,
    actor: Actor,
    clock: Clock,
    lines: Sequence[Line] = (),
    looked: datetime | None = None,
) -> Inspection:
    """Return the inspection with what was written of some lines; the others stay as they are.

    `lines` are those that joined since it was opened (items to be looked at again). `looked` is when somebody was
    there, where that is earlier: what a paper form says. Raises NotPermittedError, UnknownInspectionError,
    InspectionRefusedError, IllegalInspectionStepError.
    """
    found = as_read(fillable(tx, identifier, actor), revision)
    known = {line.id: line for line in (*found.lines, *lines)}
    strange = next((line for line in written if line not in known), None)
    if strange is not None:
        raise InspectionRefusedError(InspectionRefusal.UNKNOWN_LINE, strange)
    at = looked or clock.now()
    answers = tuple(_answered(found.answer(line), written.get(line), at) for line in known)
    after = replace(found, lines=tuple(known.values()), answers=answers)
    return stepped(tx, after, InspectionAction.SAVE, actor=actor, clock=clock)


def correct(tx: InspectionTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str) -> Inspection:
    """Return a new version of a submitted inspection, to be put right and submitted; the old one stands until then.

    Raises NotPermittedError, UnknownInspectionError, InspectionRefusedError, IllegalInspectionStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    old = existing_inspection(tx, identifier)
    inspection_state_after(old.state, InspectionAction.CORRECT)
    if actor.id != old.submitted_by and not actor.may(Permission.MANAGE_ITEM):
        raise InspectionRefusedError(InspectionRefusal.NOT_YOURS)
    if any(each.version > old.version and each.state in OPEN_INSPECTIONS for each in tx.versions_of(old.number)):
        raise InspectionRefusedError(InspectionRefusal.BEING_CORRECTED)
    now = clock.now()
    new = replace(
        old,
        id=new_id(epoch_ms(now)),
        version=max(each.version for each in tx.versions_of(old.number)) + 1,
        corrects=old.id,
        state=InspectionState.STARTED,
        assignee=actor.id,
        opened=now,
        submitted=None,
        submitted_by=None,
        revision=0,
        why=_reason(note),
    )
    tx.save_inspection(new, InspectionAction.CORRECT, actor_id=actor.id, at=now, detail={"corrects": old.id})
    return new


def fillable(tx: InspectionTransaction, identifier: str, actor: Actor) -> Inspection:
    """Return an inspection that an actor may fill in now.

    Raises NotPermittedError, UnknownInspectionError, InspectionRefusedError, IllegalInspectionStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    found = existing_inspection(tx, identifier)
    inspection_state_after(found.state, InspectionAction.SAVE)
    if actor.id != found.assignee and not actor.may(Permission.MANAGE_ITEM):
        raise InspectionRefusedError(InspectionRefusal.NOT_YOURS)
    return found


def existing_inspection(tx: InspectionTransaction, identifier: str) -> Inspection:
    """Return an inspection. Raises UnknownInspectionError."""
    found = tx.inspection(identifier)
    if found is None:
        raise UnknownInspectionError(identifier)
    return found


def stepped(
    tx: InspectionTransaction, inspection: Inspection, action: InspectionAction, *, actor: Actor, clock: Clock
) -> Inspection:
    """Return the inspection after an action, kept with who did it. Raises IllegalInspectionStepError."""
    state = inspection_state_after(inspection.state, action)
    after = replace(inspection, state=state, revision=inspection.revision + 1)
    tx.save_inspection(after, action, actor_id=actor.id, at=clock.now())
    return after


def noted(
    tx: InspectionTransaction, inspection: Inspection, action: InspectionAction, *, actor: Actor, clock: Clock
) -> Inspection:
    """Return the inspection after the program noted something of it, which spoils nobody's edit."""
    after = replace(inspection, state=inspection_state_after(inspection.state, action))
    tx.save_inspection(after, action, actor_id=actor.id, at=clock.now())
    return after


def check_submittable(inspection: Inspection) -> None:
    """Return when nothing is missing; a line that asks for an item may stay open. Raises InspectionRefusedError."""
    answers = [inspection.answer(line.id) for line in inspection.lines if line.item_id is None]
    _refuse_first(answers, InspectionRefusal.UNANSWERED, lambda answer: answer.result is None)
    silent = InspectionRefusal.FAULT_WITHOUT_NOTE
    _refuse_first(inspection.faults, silent, lambda answer: not answer.note)


def _refuse_first(answers: Sequence[Answer], why: InspectionRefusal, is_bad: Callable[[Answer], bool]) -> None:
    bad = next((answer for answer in answers if is_bad(answer)), None)
    if bad is not None:
        raise InspectionRefusedError(why, bad.line)


def as_read(inspection: Inspection, revision: int) -> Inspection:
    """Return an inspection that nobody wrote to since it was read. Raises InspectionRefusedError."""
    if inspection.revision != revision:
        raise InspectionRefusedError(InspectionRefusal.STALE)
    return inspection


def _answered(before: Answer, written: Written | None, at: datetime) -> Answer:
    """Return what stands of a line; its time moves only where something was written anew."""
    if written is None:
        return before
    if len(written.note) > LONGEST_NOTE:
        raise InspectionRefusedError(InspectionRefusal.TOO_LONG, before.line)
    kept = [photo for photo in before.photos if photo.sha256 not in written.dropped]
    photos = tuple({photo.sha256: photo for photo in (*kept, *written.photos)}.values())
    if len(photos) > MAX_PHOTOS:
        raise InspectionRefusedError(InspectionRefusal.TOO_MANY_PHOTOS, before.line)
    after = replace(before, result=written.result, note=written.note.strip(), photos=photos)
    return before if after == before else replace(after, at=at)


def _reason(note: str) -> str:
    said = note.strip()
    if not said:
        raise InspectionRefusedError(InspectionRefusal.NO_REASON)
    return said
