"""What comes of a submitted inspection: faults become items of the plan, items are proven mended or sent back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rectification import commands
from rectification.checklists import Line
from rectification.evidence import MAX_FILES, Shows, clean_name
from rectification.inspecting import as_read, check_submittable, existing_inspection, fillable, stepped
from rectification.inspection_ports import InspectionTransaction
from rectification.inspections import (
    Answer,
    Inspection,
    InspectionAction,
    InspectionState,
    Result,
    is_within,
)
from rectification.model import OPEN_STATES, Item, ItemState, verified_by
from rectification.particulars import CITABLE, NOTHING_WRITTEN, Particulars, Source, place_of, title_of
from rectification.sheets import Found, NewFile, attach, note_progress, open_item
from sensors.actors import Actor, Permission
from sensors.catalogue.model import Verification
from sensors.clock import Clock
from sensors.subjects import Subject
from sensors.topology import Name, Registry

MOST_ITEMS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Who submits, and with what: `language` is that in which an item of the plan is written."""

    registry: Registry
    deadline: commands.Deadlines
    actor: Actor
    clock: Clock
    language: str = "zh"


def submit(tx: InspectionTransaction, identifier: str, *, revision: int, by: Submission) -> Inspection:
    """Return the inspection as frozen, with the items that its faults became and those that it proved.

    Raises NotPermittedError, UnknownInspectionError, InspectionRefusedError, IllegalInspectionStepError.
    """
    found = as_read(fillable(tx, identifier, by.actor), revision)
    check_submittable(found)
    before = _before(tx, found)
    lines = {line.id: line for line in found.lines}
    answers = tuple(
        _Outcome(tx, by, found, lines[answer.line], answer, before).settled()
        for answer in found.answers
        if answer.result is not None
    )
    done = replace(found, answers=answers, submitted=by.clock.now(), submitted_by=by.actor.id)
    frozen = stepped(tx, done, InspectionAction.SUBMIT, actor=by.actor, clock=by.clock)
    if found.corrects is not None:
        old = existing_inspection(tx, found.corrects)
        if old.state is InspectionState.SUBMITTED:
            stepped(tx, old, InspectionAction.SUPERSEDE, actor=by.actor, clock=by.clock)
    _close_overdue(tx, frozen, by)
    return frozen


def lines_to_prove(tx: InspectionTransaction, inspection: Inspection, registry: Registry) -> tuple[Line, ...]:
    """Return a line for each item that lies in the place, is reported mended, and is proven by an inspection."""
    asked = {line.item_id for line in inspection.lines} | _asked_by_lines(tx, inspection)
    return tuple(
        _line_of(tx, item, registry)
        for item in tx.items(open_only=True, limit=MOST_ITEMS)
        if _awaits_inspection(item)
        and item.id not in asked
        and is_within(item.subject, inspection.subject, inspection.floor, registry)
    )


def _asked_by_lines(tx: InspectionTransaction, inspection: Inspection) -> set[str | None]:
    """Return the items that the checklist's own lines will prove."""
    last = _before(tx, inspection)
    return set() if last is None else {answer.item_id for answer in last.faults}


def _line_of(tx: InspectionTransaction, item: Item, registry: Registry) -> Line:
    title = title_of(item, tx.particulars(item.id) or NOTHING_WRITTEN)
    place = place_of(item.subject, registry)
    text = Name(
        zh=f"复查 #{item.number} {title.zh}({place.zh})", en=f"Look again: #{item.number} {title.en} ({place.en})"
    )
    return Line(id=f"item-{item.number}", text=text, severity=item.severity, item_id=item.id)


def _awaits_inspection(item: Item) -> bool:
    return item.state is ItemState.REPORTED_DONE and verified_by(item) is Verification.INSPECTION


def _before(tx: InspectionTransaction, inspection: Inspection) -> Inspection | None:
    """Return the inspection whose faults this one looks at again: the version before, else the round before."""
    if inspection.corrects is not None:
        return tx.inspection(inspection.corrects)
    return tx.last_submitted(inspection.checklist, inspection.subject, inspection.floor)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one answer comes to."""

    tx: InspectionTransaction
    by: Submission
    inspection: Inspection
    line: Line
    answer: Answer
    before: Inspection | None

    def settled(self) -> Answer:
        """Return the answer with the item that it opened, told again, proved or sent back."""
        item = self._item()
        if self.answer.result is Result.FAULT:
            return self._fault(item)
        if self.answer.result is Result.OK and item is not None:
            return self._proof(item)
        return replace(self.answer, item_id=self.line.item_id, proves=False)

    def _item(self) -> Item | None:
        """Return the item that the line asks about: its own, or what it became when it was last at fault."""
        last = None if self.before is None else self.before.answer(self.line.id).item_id
        identifier = self.line.item_id or self.answer.item_id or last
        return None if identifier is None else self.tx.item(identifier)

    def _fault(self, item: Item | None) -> Answer:
        if item is None or item.state not in OPEN_STATES:
            opened = self._opened(item)
            self._hand_photos_on(opened, Shows.BEFORE)
            return replace(self.answer, item_id=opened.id, proves=False)
        if self._may_judge(item) and item.state is ItemState.VERIFIED:
            self._step(commands.reject, item)
        elif self._may_judge(item) and _awaits_inspection(item):
            self._judge(commands.refute_by_hand, item)
        elif not self._is_told(item):
            note_progress(self.tx, item.id, actor=_NOTED_BY, clock=self.by.clock, note=self._said())
        self._hand_photos_on(item, Shows.BEFORE)
        return replace(self.answer, item_id=item.id, proves=False)

    def _proof(self, item: Item) -> Answer:
        """Return the answer as proof where the item waits for one, and who looked had no hand in it."""
        is_later = (
            item.reported_done is not None and self.answer.at is not None and self.answer.at >= item.reported_done
        )
        if not (_awaits_inspection(item) and is_later and self._may_judge(item)):
            return replace(self.answer, item_id=item.id, proves=False)
        self._hand_photos_on(item, Shows.AFTER)
        self._judge(commands.verify_by_hand, item)
        return replace(self.answer, item_id=item.id, proves=True)

    def _may_judge(self, item: Item) -> bool:
        actor = self.by.actor
        return actor.may(Permission.SIGN_OFF_ITEM) and actor.id not in commands.hands_on(self.tx, item)

    def _is_told(self, item: Item) -> bool:
        """Say whether an earlier version of the same inspection told of it already."""
        return self.inspection.corrects is not None and self.answer.item_id == item.id

    def _judge(self, command: Callable[..., Item], item: Item) -> None:
        shown = [photo.sha256 for photo in self.answer.photos]
        at = None if self.answer.at is None else self.answer.at.isoformat()
        told = {"inspection": self.inspection.number, "line": self.line.id, "looked": at, "photos": shown}
        evidence = json.dumps(told, ensure_ascii=False)
        command(self.tx, item.id, actor=self.by.actor, clock=self.by.clock, note=self._said(), evidence=evidence)

    def _step(self, command: Callable[..., Item], item: Item) -> None:
        command(self.tx, item.id, actor=self.by.actor, clock=self.by.clock, note=self._said())

    def _said(self) -> str:
        """Return what the item's history says of the line."""
        named = self.inspection.name.in_language(self.by.language)
        line = self.line.text.in_language(self.by.language)
        marked = f"{named} №{self.inspection.number}: {line}"
        return f"{marked} — {self.answer.note}" if self.answer.note else marked

    def _opened(self, former: Item | None) -> Item:
        """Return the new draft of a fault, linked to the signed item that it follows within its look back."""
        line, language = self.line, self.by.language
        text, note = line.text.in_language(language), self.answer.note.strip()
        given = Particulars(
            source=Source.INSPECTION,
            source_ref=f"{self.inspection.number}:{line.id}",
            title=note.partition("\n")[0][:TITLE_CHARS],
            problem=_CHECKED[language].format(note=note, line=text),
            category=self.inspection.category.in_language(language),
            clause=line.clause.in_language(language) if line.confidence in CITABLE else "",
            location=located(self.inspection.subject, self.inspection.floor, self.by.registry).in_language(language),
        )
        now = self.by.clock.now()
        found = Found(
            site=self.inspection.site,
            subject=self.inspection.subject if former is None else former.subject,
            severity=line.severity,
            given=given,
            since=self.answer.at,
            recurrence_of=former.id if former is not None and _is_watched(former, now) else None,
        )
        return open_item(self.tx, found, deadline=self.by.deadline, actor=self.by.actor, clock=self.by.clock)

    def _hand_photos_on(self, item: Item, shows: Shows) -> None:
        standing = [file for file in self.tx.evidence_files(item.id) if file.removed is None]
        known = {file.sha256 for file in standing}
        for photo in [each for each in self.answer.photos if each.sha256 not in known][: MAX_FILES - len(standing)]:
            new = NewFile(
                sha256=photo.sha256,
                name=clean_name(f"inspection-{self.inspection.number}-{self.line.id}", photo.media_type),
                media_type=photo.media_type,
                size_bytes=photo.size_bytes,
                shows=shows,
            )
            attach(self.tx, item.id, new, actor=self.by.actor, clock=self.by.clock)


TITLE_CHARS = 60
"""Of what was seen, as the title of an item."""

_CHECKED = {"zh": "{note}（检查项：{line}）", "en": "{note} (checked: {line})"}
"""What is wrong goes first: a line of a checklist says how it should be, and alone would read as if it were so."""

_NOTED_BY = commands.PLANNING
"""Who writes to an item that somebody else answers for: the program, quoting who looked."""


def located(subject: Subject, floor: str, registry: Registry) -> Name:
    """Return where an inspection is: the place, and the floor where it is one of a building's."""
    place = place_of(subject, registry)
    return Name(zh=f"{place.zh}{floor}层", en=f"{place.en}, floor {floor}") if floor else place


def _is_watched(item: Item, now: datetime) -> bool:
    signed = item.state is ItemState.SIGNED_OFF
    return signed and (item.look_back is None or now.date() <= item.look_back)


def _close_overdue(tx: InspectionTransaction, inspection: Inspection, by: Submission) -> None:
    """Give up the draft that told of a late inspection, now that it is done; one that is in hand stays."""
    item = None if inspection.overdue_item is None else tx.item(inspection.overdue_item)
    if item is not None and item.state is ItemState.DRAFT:
        note = f"№{inspection.number}: " + ("已补检" if by.language == "zh" else "done since")
        commands.cancel(tx, item.id, actor=commands.PLANNING, clock=by.clock, note=note)


def items_of(tx: InspectionTransaction, inspection: Inspection) -> Iterator[Item]:
    """Yield the items that an inspection opened, told of or proved."""
    for identifier in dict.fromkeys(answer.item_id for answer in inspection.answers):
        item = None if identifier is None else tx.item(identifier)
        if item is not None:
            yield item
