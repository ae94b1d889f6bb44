"""What people do to the sheet of an item, the same for the API and for forms: write, send files, take them away."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from api.ports import RecordsTransaction, Services
from rectification.commands import existing
from rectification.evidence import EvidenceFile, Shows, clean_name
from rectification.model import Item
from rectification.particulars import Particulars
from rectification.particulars_checks import Sheet, checked
from rectification.sheets import Found, NewFile, attach, detach, edit, may_attach, open_item, sheet_of
from sensors.actors import Actor

_PARTICULARS = frozenset(field.name for field in fields(Particulars))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file as somebody sent it."""

    name: str
    content: bytes
    shows: Shows
    note: str = ""


def edit_sheet(
    services: Services,
    tx: RecordsTransaction,
    item_id: str,
    changes: Mapping[str, Any],
    *,
    revision: int,
    actor: Actor,
    note: str = "",
) -> Item:
    """Return the item after some fields of its sheet were written; the others stay.

    Raises ParticularsRefusedError and what `rectification.sheets.edit` raises.
    """
    before = sheet_of(tx, existing(tx, item_id))
    after = written_over(before, changes)
    tidy = replace(after, given=checked(after.given, services.registry()), measure=after.measure.strip())
    return edit(tx, item_id, tidy, revision=revision, actor=actor, clock=services.clock, note=note)


def written_over(sheet: Sheet, changes: Mapping[str, Any]) -> Sheet:
    """Return a sheet with some fields written anew."""
    given = replace(sheet.given, **{name: value for name, value in changes.items() if name in _PARTICULARS})
    own = {name: value for name, value in changes.items() if name not in _PARTICULARS}
    return replace(sheet, given=given, **own)


def open_found(services: Services, tx: RecordsTransaction, found: Found, *, actor: Actor, note: str = "") -> Item:
    """Return a new draft for something that people found. Raises ParticularsRefusedError, NotPermittedError."""
    tidy = replace(found, given=checked(found.given, services.registry()))
    return open_item(tx, tidy, deadline=services.deadline, actor=actor, clock=services.clock, note=note)


def take_in(services: Services, item_id: str, sent: SentFile, *, actor: Actor) -> EvidenceFile:
    """Return a file as evidence of an item. The picture is drawn outside of the transaction, and kept inside of it.

    Raises EvidenceRefusedError and what `rectification.sheets.attach` raises.
    """
    with services.records.reading() as tx:
        may_attach(tx, item_id, actor=actor)
    prepared = services.evidence.prepare(sent.content)
    new = NewFile(
        sha256=prepared.sha256,
        name=clean_name(sent.name, prepared.media_type),
        media_type=prepared.media_type,
        size_bytes=len(prepared.content),
        shows=sent.shows,
    )
    with services.records.transaction() as tx:
        file = attach(tx, item_id, new, actor=actor, clock=services.clock, note=sent.note)
        services.evidence.put(prepared)
    return file


def take_away(services: Services, item_id: str, file_id: str, *, actor: Actor, note: str) -> EvidenceFile:
    """Return a file as taken away; its bytes go where no other item has the same. Raises what `detach` raises."""
    with services.records.transaction() as tx:
        file = detach(tx, item_id, file_id, actor=actor, clock=services.clock, note=note)
        if not tx.is_evidence(file.sha256):
            services.evidence.discard(file.sha256)
    return file
