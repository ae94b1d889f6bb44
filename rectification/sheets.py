"""What people write of items: items that they found themselves, changes with what was before, progress, evidence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from rectification.commands import (
    Deadlines,
    NotResponsibleError,
    StepRefusedError,
    check_deadline,
    existing,
    is_postponed,
    moved,
    reason_of,
)
from rectification.evidence import (
    MAX_FILES,
    EvidenceFile,
    EvidenceRefusedError,
    MediaType,
    Shows,
    check_size,
)
from rectification.model import NO_RULE, Item, ItemAction, ItemState, ItemStep, state_after
from rectification.particulars import NOTHING_WRITTEN, DeadlineKind, Particulars
from rectification.particulars_checks import Sheet, changed, told
from rectification.ports import ItemTransaction, SheetTransaction
from sensors.actors import Actor, NotPermittedError, Permission
from sensors.catalogue.figures import RESPONSES
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Severity

OWN_FIELDS = frozenset({"progress_pct", "result", "remark"})
"""What whoever answers for an item may write; all else is for those who manage the plan."""


class StaleEditError(StepRefusedError):
    """Somebody else wrote to the item since it was read; what they wrote would be lost."""

    def __init__(self, item: Item, revision: int) -> None:
        """Name both revisions."""
        super().__init__(
            f"item {item.number} was changed meanwhile (revision {item.revision}, you read {revision}); "
            "look at it again and repeat what is still wanted"
        )


class UnknownEvidenceError(LookupError):
    """No file of this item has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no file {identifier!r}; look at the item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What people found: where, how grave, since when, and what they wrote of it.

    `recurrence_of` is the signed item that it follows (反弹).
    """

    site: SiteId
    subject: Subject
    severity: Severity
    given: Particulars
    measure: str = ""
    since: datetime | None = None
    deadline: date | None = None
    recurrence_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that was kept under its hash and is to become evidence."""

    sha256: str
    name: str
    media_type: MediaType
    size_bytes: int
    shows: Shows


def open_item(
    tx: SheetTransaction, found: Found, *, deadline: Deadlines, actor: Actor, clock: Clock, note: str = ""
) -> Item:
    """Return a new draft for something that people found; `deadline` proposes its date where none is given.

    Raises NotPermittedError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    now = clock.now()
    item = Item(
        id=new_id(epoch_ms(now)),
        number=tx.next_item_number(),
        site=found.site,
        rule=NO_RULE,
        subject=found.subject,
        severity=found.severity,
        state=ItemState.DRAFT,
        opened=now,
        fault_from=found.since or now,
        deadline=found.deadline or _proposed(found, deadline, now),
        measure=found.measure.strip(),
        recurrence_of=found.recurrence_of,
    )
    step = ItemStep(
        item_id=item.id,
        action=ItemAction.PROPOSE,
        state=item.state,
        actor_id=actor.id,
        at=now,
        note=note.strip(),
        evidence=json.dumps({"source": found.given.source, "ref": found.given.source_ref}),
    )
    tx.save_item(item, step)
    tx.save_particulars(item.id, found.given)
    return item


def sheet_of(tx: SheetTransaction, item: Item) -> Sheet:
    """Return what is written of an item."""
    return Sheet.of(item, tx.particulars(item.id) or NOTHING_WRITTEN)


def edit(
    tx: SheetTransaction, identifier: str, sheet: Sheet, *, revision: int, actor: Actor, clock: Clock, note: str = ""
) -> Item:
    """Return the item with what was written of it; the step keeps what was before. Nothing new changes nothing.

    `revision` is that of the item as the writer read it. A deadline that is moved back needs a reason.
    Raises NotPermittedError, UnknownItemError, StaleEditError, NotResponsibleError, NoteMissingError,
    DeadlineBeforeFoundError, IllegalItemStepError.
    """
    item = existing(tx, identifier)
    before = sheet_of(tx, item)
    changes = changed(before, sheet)
    _check_editor(item, changes, actor)
    if item.revision != revision:
        raise StaleEditError(item, revision)
    if not changes:
        return item
    check_deadline(item, sheet.deadline)
    if is_postponed(before.deadline, sheet.deadline):
        reason_of(note, ItemAction.EDIT)
    tx.save_particulars(item.id, sheet.given)
    written = replace(item, measure=sheet.measure, deadline=sheet.deadline)
    return moved(tx, written, ItemAction.EDIT, actor=actor, clock=clock, note=note, evidence=told(changes))


def note_progress(
    tx: SheetTransaction,
    identifier: str,
    *,
    actor: Actor,
    clock: Clock,
    note: str,
    progress_pct: int | None = None,
) -> Item:
    """Return the item after a note on how far it is, in percent where that is given.

    Raises NotPermittedError, UnknownItemError, NotResponsibleError, NoteMissingError, IllegalItemStepError.
    """
    item = _in_hand(tx, identifier, actor)
    said = reason_of(note, ItemAction.NOTE)
    before = sheet_of(tx, item)
    after = before if progress_pct is None else _with_progress(before, progress_pct)
    changes = changed(before, after)
    if not changes:
        return moved(tx, item, ItemAction.NOTE, actor=actor, clock=clock, note=said)
    tx.save_particulars(item.id, after.given)
    written = replace(item, revision=item.revision + 1)
    return moved(tx, written, ItemAction.NOTE, actor=actor, clock=clock, note=said, evidence=told(changes))


def attach(
    tx: SheetTransaction, identifier: str, new: NewFile, *, actor: Actor, clock: Clock, note: str = ""
) -> EvidenceFile:
    """Return a file as evidence of an item; its bytes are kept already.

    Raises NotPermittedError, UnknownItemError, EvidenceRefusedError, IllegalItemStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    item = existing(tx, identifier)
    check_size(new.size_bytes)
    _check_room(tx, item, new)
    now = clock.now()
    file = EvidenceFile(
        id=new_id(epoch_ms(now)),
        item_id=item.id,
        sha256=new.sha256,
        name=new.name,
        media_type=new.media_type,
        size_bytes=new.size_bytes,
        shows=new.shows,
        added=now,
        added_by=actor.id,
    )
    moved(tx, item, ItemAction.ATTACH, actor=actor, clock=clock, note=note, evidence=_file_told(file))
    tx.save_evidence_file(file)
    return file


def may_attach(tx: ItemTransaction, identifier: str, *, actor: Actor) -> Item:
    """Return the item that an actor may attach files to now, before their bytes are taken in.

    Raises NotPermittedError, UnknownItemError, IllegalItemStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    item = existing(tx, identifier)
    state_after(item.state, ItemAction.ATTACH)
    return item


def detach(
    tx: SheetTransaction, identifier: str, file_id: str, *, actor: Actor, clock: Clock, note: str
) -> EvidenceFile:
    """Return a file as taken away, by who added it or who manages the plan, with the reason; its record stays.

    Raises NotPermittedError, UnknownItemError, UnknownEvidenceError, NoteMissingError, IllegalItemStepError.
    """
    actor.must(Permission.WORK_ON_ITEM)
    item = existing(tx, identifier)
    file = tx.evidence_file(file_id)
    if file is None or file.item_id != item.id or file.removed is not None:
        raise UnknownEvidenceError(file_id)
    if file.added_by != actor.id:
        actor.must(Permission.MANAGE_ITEM)
    said = reason_of(note, ItemAction.DETACH)
    gone = replace(file, removed=clock.now(), removed_by=actor.id, removed_why=said)
    moved(tx, item, ItemAction.DETACH, actor=actor, clock=clock, note=said, evidence=_file_told(file))
    tx.save_evidence_file(gone)
    return gone


def _proposed(found: Found, deadline: Deadlines, now: datetime) -> date | None:
    if found.given.deadline_kind is DeadlineKind.LONG_TERM:
        return None
    at_once = found.given.deadline_kind is DeadlineKind.AT_ONCE
    return deadline(now, RESPONSES[Severity.RED if at_once else found.severity].fix)


def _check_editor(item: Item, changes: Mapping[str, object], actor: Actor) -> None:
    """Let whoever manages the plan write everything, and whoever answers for the item how far it is."""
    actor.must(Permission.WORK_ON_ITEM)
    if actor.may(Permission.MANAGE_ITEM):
        return
    if actor.id != item.responsible:
        raise NotResponsibleError(item, actor)
    if not OWN_FIELDS.issuperset(changes):
        raise NotPermittedError(actor, Permission.MANAGE_ITEM)


def _in_hand(tx: SheetTransaction, identifier: str, actor: Actor) -> Item:
    actor.must(Permission.WORK_ON_ITEM)
    item = existing(tx, identifier)
    if actor.id != item.responsible and not actor.may(Permission.MANAGE_ITEM):
        raise NotResponsibleError(item, actor)
    return item


def _with_progress(sheet: Sheet, progress_pct: int) -> Sheet:
    return replace(sheet, given=replace(sheet.given, progress_pct=progress_pct))


def _check_room(tx: SheetTransaction, item: Item, new: NewFile) -> None:
    standing = [file for file in tx.evidence_files(item.id) if file.removed is None]
    if any(file.sha256 == new.sha256 for file in standing):
        msg = f"item {item.number} has this file already"
        raise EvidenceRefusedError(msg)
    if len(standing) >= MAX_FILES:
        msg = f"item {item.number} has {MAX_FILES} files, which is as many as it may have; take one away first"
        raise EvidenceRefusedError(msg)


def _file_told(file: EvidenceFile) -> str:
    told_of = {"file": file.id, "name": file.name, "sha256": file.sha256, "shows": file.shows}
    return json.dumps(told_of, ensure_ascii=False)
