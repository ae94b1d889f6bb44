"""The ledger (整改台账) as rows of texts in one language, before any format."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from analytics.ledger import FindingRecord
from rectification.commands import VERIFICATION
from rectification.evidence import EvidenceFile
from rectification.model import Item, ItemAction, ItemState, ItemStep, measure_of
from rectification.particulars import (
    DeadlineKind,
    Particulars,
    category_of,
    clause_of,
    family_of,
    goal_of,
    location_of,
    problem_of,
    unit_of,
)
from reports.ledger_columns import COLUMNS, LedgerColumn
from reports.messages import Messages
from reports.wording import Wording as Figures
from sensors.catalogue.model import Family
from sensors.topology import DepartmentId, Registry
from sensors.verdicts import Severity

Namer = Callable[[str], str]
Shown = str | int | float | date | None

HAZARDS = frozenset({Family.FIRE, Family.ELECTRICAL})
"""Families whose faults are hazards (隐患), graded 一般 and 重大 as GB 35181-2025 does, not by colour."""

MAJOR = "major"
GENERAL = "general"
DIGEST_CHARS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the records hold of one item. `finding` is the fault that opened it, where its figures may be told."""

    item: Item
    given: Particulars
    steps: Sequence[ItemStep] = ()
    files: Sequence[EvidenceFile] = ()
    has_recurred: bool = False
    finding: FindingRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCell:
    """What stands in a cell: its text, by which it is compared, and the value that Excel gets where that differs."""

    text: str
    value: Shown = None
    number_format: str = "@"

    @property
    def digest(self) -> str:
        """Return some characters by which a changed text is known."""
        return digest(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One item: its cells, and what an import needs to know it again."""

    item_id: str
    revision: int
    is_signed: bool
    cells: Mapping[LedgerColumn, LedgerCell]

    @property
    def check(self) -> str:
        """Return the digests of all cells, by which an edited one is found."""
        return ".".join(self.cells[column].digest for column in COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Who and what is named how; `who` names accounts."""

    registry: Registry
    messages: Messages
    who: Namer

    def text(self, key: str, **parameters: object) -> str:
        """Return a message."""
        return self.messages.text(key, **parameters)

    def day(self, time: datetime) -> date:
        """Return the local date of an instant."""
        return time.astimezone(self.messages.zone).date()

    def unit(self, identifier: DepartmentId | None) -> str:
        """Return a unit's name; its id where the registry does not know it; nothing of none."""
        known = None if identifier is None else self.registry.departments.get(identifier)
        return (identifier or "") if known is None else known.name.in_language(self.messages.language)

    def level(self, entry: Entry) -> str:
        """Return how grave an item is: the grade of a hazard, else the colour."""
        key = f"grade.{grade_of(entry.item)}" if is_hazard(entry) else f"severity.{entry.item.severity.value}"
        return self.text(key)

    def deadline(self, item: Item, kind: DeadlineKind) -> str:
        """Return by when, in kind and date."""
        word = self.text(f"deadline.{kind}")
        return word if item.deadline is None else f"{word} {item.deadline.isoformat()}"


def is_hazard(entry: Entry) -> bool:
    """Say whether an item is a hazard: of fire or electricity, whether a rule or a person found it."""
    return family_of(entry.item, entry.given) in HAZARDS


def problem_told(entry: Entry, wording: Wording) -> str:
    """Return what is wrong; where nobody wrote it, with what was measured and when."""
    problem = problem_of(entry.item, entry.given, wording.registry).in_language(wording.messages.language)
    if entry.finding is None or entry.given.problem:
        return problem
    return wording.text("ledger.measured", problem=problem, figures="".join(_figures(entry.finding, wording)))


def _figures(finding: FindingRecord, wording: Wording) -> Iterator[str]:
    say, value = wording.messages, Figures(wording.messages, wording.registry).value
    yield say.period(finding.started, finding.ended or finding.last_seen)
    if finding.value is not None and finding.threshold is not None:
        unit = finding.unit
        figure = say.text("finding.value", value=value(finding.value, unit), limit=value(finding.threshold, unit))
        yield say.text("ledger.figure", figure=figure)
    if finding.energy_kwh is not None:
        yield say.text("ledger.figure", figure=say.text("finding.energy", kwh=say.about(finding.energy_kwh)))


def grade_of(item: Item) -> str:
    """Return the grade of a hazard: red is major. Which colour is which grade is our own choice."""
    return MAJOR if item.severity is Severity.RED else GENERAL


def digest(text: str) -> str:
    """Return some characters of a text's hash, whatever program wrote its line ends and outer spaces."""
    plain = "\n".join(text.strip().splitlines())
    return hashlib.sha256(plain.encode()).hexdigest()[:DIGEST_CHARS]


def plain(value: Shown) -> str:
    """Return a value as a cell's text: a whole number without a point, a date as 2026-01-31."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def ledger_rows(entries: Iterable[Entry], wording: Wording) -> tuple[LedgerRow, ...]:
    """Return the rows of a ledger, by the items' numbers."""
    ordered = sorted(entries, key=lambda entry: entry.item.number)
    return tuple(ledger_row(entry, wording, rank) for rank, entry in enumerate(ordered, 1))


def ledger_row(entry: Entry, wording: Wording, rank: int) -> LedgerRow:
    """Return the row of an item."""
    texts = {column: LedgerCell(text=text) for column, text in _texts(entry, wording).items()}
    numbers = {
        LedgerColumn.ROW: _number(rank, "0"),
        LedgerColumn.NUMBER: _number(entry.item.number, "0"),
        LedgerColumn.FOUND: _date(wording.day(entry.item.opened), "yyyy-mm-dd"),
        LedgerColumn.FUNDS: _number(entry.given.funds_yuan, "#,##0.00"),
        LedgerColumn.DEADLINE: _deadline(entry, wording),
        LedgerColumn.PROGRESS: _number(entry.given.progress_pct, '0"%"'),
    }
    return LedgerRow(
        item_id=entry.item.id,
        revision=entry.item.revision,
        is_signed=entry.item.state is ItemState.SIGNED_OFF,
        cells=MappingProxyType(texts | numbers),
    )


def _texts(entry: Entry, wording: Wording) -> dict[LedgerColumn, str]:
    item, given, language = entry.item, entry.given, wording.messages.language
    return {
        LedgerColumn.SOURCE: wording.text(f"origin.{given.source}"),
        LedgerColumn.LOCATION: location_of(item, given, wording.registry).in_language(language),
        LedgerColumn.CATEGORY: category_of(item, given).in_language(language),
        LedgerColumn.PROBLEM: problem_told(entry, wording),
        LedgerColumn.CLAUSE: clause_of(item, given).in_language(language),
        LedgerColumn.LEVEL: wording.level(entry),
        LedgerColumn.GOAL: goal_of(item, given).in_language(language),
        LedgerColumn.MEASURE: measure_of(item).in_language(language),
        LedgerColumn.UNIT: wording.unit(unit_of(item, given, wording.registry)),
        LedgerColumn.RESPONSIBLE: wording.who(item.responsible) if item.responsible else "",
        LedgerColumn.LEADER: wording.who(given.leader) if given.leader else "",
        LedgerColumn.HELPERS: wording.messages.joined([wording.unit(each) for each in given.helpers]),
        LedgerColumn.RESULT: given.result,
        LedgerColumn.EVIDENCE: _files(entry, wording),
        LedgerColumn.ACCEPTED: _accepted(entry, wording),
        LedgerColumn.STATE: state_of(entry, wording),
        LedgerColumn.LOOK_BACK: _look_back(entry, wording),
        LedgerColumn.REMARK: given.remark,
    }


def _number(value: float | None, number_format: str) -> LedgerCell:
    return LedgerCell(text=plain(value), value=value, number_format=number_format)


def _date(value: date | None, number_format: str) -> LedgerCell:
    return LedgerCell(text=plain(value), value=value, number_format=number_format)


def _deadline(entry: Entry, wording: Wording) -> LedgerCell:
    """Return a true date whose format writes the kind before it, so that Excel can check and sort it."""
    kind = entry.given.deadline_kind
    text = wording.deadline(entry.item, kind)
    if entry.item.deadline is None:
        return LedgerCell(text=text)
    number_format = f'"{wording.text(f"deadline.{kind}")} "yyyy-mm-dd'
    return LedgerCell(text=text, value=entry.item.deadline, number_format=number_format)


def _files(entry: Entry, wording: Wording) -> str:
    standing = [file.name for file in entry.files if file.removed is None]
    return wording.messages.joined(standing)


def _accepted(entry: Entry, wording: Wording) -> str:
    step = last_step(entry, ItemAction.VERIFY)
    if step is None or entry.item.verified is None:
        return ""
    who = wording.text("ledger.by_readings") if step.actor_id == VERIFICATION.id else wording.who(step.actor_id)
    return f"{who} / {wording.day(step.at).isoformat()}"


def last_step(entry: Entry, action: ItemAction) -> ItemStep | None:
    """Return the last step of a kind; None where there was none."""
    return next((step for step in reversed(entry.steps) if step.action is action), None)


def state_of(entry: Entry, wording: Wording) -> str:
    """Return where an item stands; of a signed one who signed it, and when."""
    item, word = entry.item, wording.text(f"itemstate.{entry.item.state}")
    if item.signed_off is None or item.signed_off_by is None:
        return word
    return f"{word} / {wording.who(item.signed_off_by)} / {wording.day(item.signed_off).isoformat()}"


def _look_back(entry: Entry, wording: Wording) -> str:
    item = entry.item
    if entry.has_recurred:
        return wording.text("ledger.recurred")
    if item.looked_back is not None:
        who = wording.who(item.looked_back_by or "")
        return wording.text("ledger.held", who=who, day=wording.day(item.looked_back).isoformat())
    return "" if item.look_back is None else wording.text("ledger.look_back_by", day=item.look_back.isoformat())
