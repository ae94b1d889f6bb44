"""The closing sheet (销号单) of an item as a paper: what, by whom, with what evidence, and what the readings say."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from rectification.commands import VERIFICATION
from rectification.evidence import EvidenceFile, EvidenceGoneError, Shows
from rectification.model import ItemAction, verified_by, window_days
from reports.closing_chart import DailyValues, closing_chart
from reports.ledger import Entry, Wording, last_step, ledger_row, state_of
from reports.ledger_columns import LedgerColumn
from reports.paper import Column, Paper, PaperTable, Picture
from sensors.catalogue.model import Verification

FACTS = (
    LedgerColumn.SOURCE,
    LedgerColumn.FOUND,
    LedgerColumn.LOCATION,
    LedgerColumn.CATEGORY,
    LedgerColumn.PROBLEM,
    LedgerColumn.CLAUSE,
    LedgerColumn.LEVEL,
    LedgerColumn.GOAL,
    LedgerColumn.MEASURE,
    LedgerColumn.UNIT,
    LedgerColumn.RESPONSIBLE,
    LedgerColumn.LEADER,
    LedgerColumn.HELPERS,
    LedgerColumn.FUNDS,
    LedgerColumn.DEADLINE,
    LedgerColumn.RESULT,
    LedgerColumn.LOOK_BACK,
    LedgerColumn.REMARK,
)
TOLD = frozenset(ItemAction) - {ItemAction.EDIT, ItemAction.PLAN}
"""The steps that the sheet tells; edits are in the audit log."""
PHOTO_PCT = 48
MOST_PHOTOS = 12
"""Shown; all files are listed."""

_SHOWS: Mapping[Shows, str] = MappingProxyType(
    {Shows.BEFORE: "closing.before", Shows.AFTER: "closing.after", Shows.PAPER: "closing.paper"}
)
_WAYS: Mapping[Verification, str] = MappingProxyType(
    {
        Verification.READINGS: "closing.by_readings",
        Verification.RECORD: "closing.by_record",
        Verification.INSPECTION: "closing.by_inspection",
    }
)

Photos = Callable[[str], bytes]
"""Gives the picture of a file by its hash. Raises EvidenceGoneError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFacts:
    """What the sheet shows beside the item: the number of the one it came back from, pictures, readings by day.

    `is_withheld` says that readings are not told, as they would tell when one or two people were there.
    """

    entry: Entry
    recurrence_of: int | None = None
    photos: Photos | None = None
    readings: DailyValues | None = None
    is_withheld: bool = False


def closing_paper(facts: ClosingFacts, wording: Wording, *, now: datetime) -> Paper:
    """Return the sheet. Raises ChartFault where no font has the language's letters."""
    entry, say = facts.entry, wording
    remarks = [say.text("closing.rule")]
    if facts.readings is None and verified_by(entry.item) is Verification.READINGS:
        remarks.insert(0, say.text(_why_no_chart(facts)))
    if entry.item.signed_off is not None:
        who, day = say.who(entry.item.signed_off_by or ""), say.day(entry.item.signed_off).isoformat()
        remarks.append(say.text("closing.signed_by", who=who, day=day))
    return Paper(
        language=say.messages.language,
        title=say.text("closing.title"),
        facts=(
            (say.text("duty.site"), say.registry.site.name.in_language(say.messages.language)),
            (say.text("closing.number"), str(entry.item.number)),
            (say.text("closing.state"), state_of(entry, say)),
            (say.text("closing.printed"), say.messages.moment(now)),
        ),
        tables=(_what(facts, say), _history(entry, say), _files(entry, say), _proof(entry, say)),
        remarks=remarks,
        signatures=tuple(
            say.text(key)
            for key in ("closing.sign_apply", "closing.sign_check", "closing.sign_approve", "closing.sign_publish")
        ),
        pictures=tuple(_pictures(facts, say)),
    )


def _why_no_chart(facts: ClosingFacts) -> str:
    """Return the message that says why there are no readings."""
    if facts.is_withheld:
        return "closing.withheld"
    return "closing.no_chart_yet" if verified_window(facts.entry) is None else "closing.no_chart"


def verified_window(entry: Entry) -> tuple[datetime, datetime] | None:
    """Return the window over which the readings stayed normal; None where no readings decided."""
    since, until = _evidence(entry).get("since"), _evidence(entry).get("until")
    return None if since is None or until is None else (datetime.fromisoformat(since), datetime.fromisoformat(until))


def verified_limit(entry: Entry) -> float | None:
    """Return the limit that the deciding verdict held the reading against."""
    threshold = _evidence(entry).get("finding", {}).get("threshold")
    return threshold if isinstance(threshold, int | float) else None


def _evidence(entry: Entry) -> Mapping[str, Any]:
    """Return what was written as evidence when the item was verified."""
    step = last_step(entry, ItemAction.VERIFY)
    if step is None or entry.item.verified is None or not step.evidence.strip():
        return {}
    told = json.loads(step.evidence)
    return told if isinstance(told, dict) else {}


def _table(
    say: Wording, title: str, empty: str, *columns: tuple[str, int], rows: Sequence[Sequence[str]]
) -> PaperTable:
    heads = [Column(head=say.text(key), width_pct=pct) for key, pct in columns]
    return PaperTable(title=say.text(title), columns=heads, rows=rows, empty=say.text(empty))


def _what(facts: ClosingFacts, say: Wording) -> PaperTable:
    row = ledger_row(facts.entry, say, 1)
    rows = [(say.text(f"column.{column}"), row.cells[column].text) for column in FACTS if row.cells[column].text]
    if facts.recurrence_of is not None:
        named = say.text("closing.recurrence_of", number=facts.recurrence_of)
        rows.append((say.text("closing.recurrence"), named))
    columns = (("closing.field", 20), ("closing.text", 80))
    return _table(say, "closing.what", "closing.no_steps", *columns, rows=rows)


def _history(entry: Entry, say: Wording) -> PaperTable:
    rows = [
        (
            say.messages.moment(step.at),
            say.text("closing.by_readings") if step.actor_id == VERIFICATION.id else say.who(step.actor_id),
            say.text(f"itemaction.{step.action}"),
            step.note,
        )
        for step in entry.steps
        if step.action in TOLD
    ]
    columns = (("closing.when", 24), ("closing.who", 18), ("closing.step", 18), ("closing.note", 40))
    return _table(say, "closing.history", "closing.no_steps", *columns, rows=rows)


def _standing(entry: Entry) -> list[EvidenceFile]:
    return [file for file in entry.files if file.removed is None]


def _files(entry: Entry, say: Wording) -> PaperTable:
    rows = [
        (
            file.name,
            say.text(_SHOWS[file.shows]),
            f"{say.who(file.added_by)} {say.day(file.added).isoformat()}",
            file.sha256,
        )
        for file in _standing(entry)
    ]
    columns = (("closing.file", 28), ("closing.shows", 12), ("closing.added", 22), ("closing.hash", 38))
    return _table(say, "closing.evidence", "closing.no_files", *columns, rows=rows)


def _proof(entry: Entry, say: Wording) -> PaperTable:
    columns = (("closing.field", 20), ("closing.text", 80))
    return _table(say, "closing.proof", "closing.not_yet", *columns, rows=list(_proof_rows(entry, say)))


def _proof_rows(entry: Entry, say: Wording) -> Iterator[tuple[str, str]]:
    yield say.text("closing.way"), say.text(_WAYS[verified_by(entry.item)])
    step, window = last_step(entry, ItemAction.VERIFY), verified_window(entry)
    if window is not None:
        period = say.messages.period(*window)
        days = window_days(entry.item)
        yield say.text("closing.window"), say.text("closing.window_days", period=period, days=days)
    if step is None or entry.item.verified is None:
        yield say.text("closing.verdict"), say.text("closing.not_yet")
        return
    if step.actor_id == VERIFICATION.id:
        yield say.text("closing.verdict"), say.text("closing.verified")
        gone = _evidence(entry).get("devices_gone")
        if gone:
            yield say.text("closing.devices"), say.text("closing.devices_gone", devices=say.messages.joined(gone))
    else:
        seen = say.text("closing.seen", who=say.who(step.actor_id), note=step.note)
        yield say.text("closing.verdict"), seen
    yield from _figures(_evidence(entry), say)


def _figures(evidence: Mapping[str, Any], say: Wording) -> Iterator[tuple[str, str]]:
    """Yield the last value with its limit, and of an energy item what was saved with its interval."""
    finding = evidence.get("finding") or {}
    if finding.get("value") is not None:
        unit = finding.get("unit") or ""
        words = {"value": say.messages.about(finding["value"]), "limit": say.messages.about(finding.get("threshold"))}
        yield say.text("closing.value"), say.text("closing.value_of", unit=unit, **words)
    saving = evidence.get("savings") or evidence
    interval = saving.get("ci90_kwh")
    if saving.get("savings_kwh") is not None and interval is not None:
        low, high = (say.messages.about(each) for each in interval)
        kwh = say.messages.about(saving["savings_kwh"])
        yield say.text("closing.saved"), say.text("closing.saved_range", kwh=kwh, low=low, high=high)


def _pictures(facts: ClosingFacts, say: Wording) -> Iterator[Picture]:
    if facts.readings is not None and facts.readings.days:
        named = say.text("closing.chart", name=facts.readings.name, unit=facts.readings.unit)
        yield Picture(caption=named, content=closing_chart(facts.readings, say.messages))
    if facts.photos is None:
        return
    for file in [file for file in _standing(facts.entry) if file.media_type.is_picture][:MOST_PHOTOS]:
        try:
            content = facts.photos(file.sha256)
        except EvidenceGoneError:
            continue  # the table lists it with its hash all the same
        caption = say.text("closing.photo", shows=say.text(_SHOWS[file.shows]), name=file.name)
        yield Picture(caption=caption, content=content, width_pct=PHOTO_PCT)


def days_shown(entry: Entry) -> tuple[datetime, datetime] | None:
    """Return from when to when readings are worth showing: a window before the fault to the end of the proof."""
    window = verified_window(entry)
    if window is None:
        return None
    before = max(timedelta(days=max(window_days(entry.item), 14)), window[1] - window[0])
    began = min(entry.item.fault_from, entry.item.reported_done or window[0])
    return max(began - before, window[0] - timedelta(days=120)), window[1]


def without_figures(entry: Entry) -> Entry:
    """Return an entry whose steps keep the window of the proof, and nothing that was measured in it."""
    kept = ("since", "until", "outcome", "devices_gone")
    steps = []
    for step in entry.steps:
        told = json.loads(step.evidence) if step.evidence.strip() else {}
        windows = {name: told[name] for name in kept if name in told} if isinstance(told, dict) else {}
        steps.append(replace(step, evidence=json.dumps(windows)))
    return replace(entry, steps=steps)
