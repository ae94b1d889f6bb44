"""What the commands of rectification need from the records."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from rectification.evidence import EvidenceFile
from rectification.model import Item, ItemStep
from rectification.notices import ItemNotice
from rectification.particulars import Particulars
from rectification.plans import Plan, PlanStep
from rectification.repairs import Repair, RepairStep
from sensors.subjects import Subject
from sensors.topology import SiteId
from sensors.verdicts import Finding, Severity


class ItemTransaction(Protocol):
    """One transaction over items; what it does is durable together or not at all.

    Every write also adds a row to `changes` and to the audit log.
    """

    def item(self, item_id: str) -> Item | None:
        """Return an item."""
        ...

    def items(self, *, open_only: bool = False, limit: int = 500) -> Sequence[Item]:
        """Return items, the newest first."""
        ...

    def items_about(self, rule: str, subject: Subject) -> Sequence[Item]:
        """Return all items about this rule and subject, the newest first."""
        ...

    def item_steps(self, item_id: str) -> Sequence[ItemStep]:
        """Return the transitions of an item, in order."""
        ...

    def next_item_number(self) -> int:
        """Return the number that the next item gets in its site's ledger; numbers are never used twice."""
        ...

    def save_item(self, item: Item, step: ItemStep) -> None:
        """Insert or update an item together with the step that led there."""
        ...


class SheetTransaction(ItemTransaction, Protocol):
    """One transaction over items and what hangs on them: what people wrote, and files as evidence."""

    def particulars(self, item_id: str) -> Particulars | None:
        """Return what people wrote of an item; None where they wrote nothing."""
        ...

    def particulars_of(self, item_ids: Collection[str]) -> Mapping[str, Particulars]:
        """Return what people wrote of several items; those of which they wrote nothing are not in it."""
        ...

    def save_particulars(self, item_id: str, particulars: Particulars) -> None:
        """Insert or update what people wrote of an item; the step beside it says who and what."""
        ...

    def evidence_files(self, item_id: str) -> Sequence[EvidenceFile]:
        """Return the files of an item, those taken away as well, in the order in which they came."""
        ...

    def evidence_file(self, file_id: str) -> EvidenceFile | None:
        """Return a file."""
        ...

    def save_evidence_file(self, file: EvidenceFile) -> None:
        """Insert or update a file; the step beside it says who and why."""
        ...

    def is_evidence(self, sha256: str) -> bool:
        """Say whether a file that stands, or the photo of a report, has this hash."""
        ...


class RepairTransaction(ItemTransaction, Protocol):
    """One transaction over items and repairs."""

    def repair(self, repair_id: str) -> Repair | None:
        """Return a repair."""
        ...

    def repairs(self, *, limit: int = 200) -> Sequence[Repair]:
        """Return repairs, the newest first."""
        ...

    def repairs_of_item(self, item_id: str) -> Sequence[Repair]:
        """Return the repairs of an item, by number."""
        ...

    def repairs_about(self, subject: Subject) -> Sequence[Repair]:
        """Return the repairs of a subject, the newest first."""
        ...

    def repair_steps(self, repair_id: str) -> Sequence[RepairStep]:
        """Return what happened to a repair, in order."""
        ...

    def next_repair_number(self) -> int:
        """Return the number that the next repair gets; numbers are never used twice."""
        ...

    def save_repair(self, repair: Repair, step: RepairStep) -> None:
        """Insert or update a repair together with the step that led there."""
        ...


class PlanTransaction(ItemTransaction, Protocol):
    """One transaction over plans and their items."""

    def plan(self, plan_id: str) -> Plan | None:
        """Return a plan."""
        ...

    def plans(self, *, limit: int = 200) -> Sequence[Plan]:
        """Return plans, the newest first."""
        ...

    def items_of_plan(self, plan_id: str) -> Sequence[Item]:
        """Return the items of a plan, by number."""
        ...

    def plan_steps(self, plan_id: str) -> Sequence[PlanStep]:
        """Return what happened to a plan, in order."""
        ...

    def next_plan_number(self) -> int:
        """Return the number that the next plan gets; numbers are never used twice."""
        ...

    def save_plan(self, plan: Plan, step: PlanStep) -> None:
        """Insert or update a plan together with the step that led there."""
        ...


class NoticeTransaction(SheetTransaction, Protocol):
    """One transaction over items and what people are told of their deadlines."""

    def item_notices(self, recipient: str, *, limit: int = 100) -> Sequence[ItemNotice]:
        """Return what an account was told and has not put aside, the newest first."""
        ...

    def items_to_look_back_at(self, day: date) -> Sequence[Item]:
        """Return the signed items that were to be looked at again by a day and were not, by number."""
        ...

    def add_item_notice(self, notice: ItemNotice) -> bool:
        """Insert a notice unless its key is there; say whether it was new."""
        ...

    def see_item_notices(self, recipient: str, *, item_id: str, at: datetime) -> int:
        """Put aside what an account was told of an item; return how many that was."""
        ...


class WindowAnalysis(Protocol):
    """Runs rules over some local days, both inclusive, as the readings stand now."""

    def __call__(self, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        """Return the verdicts of those of the rules that are known."""
        ...


class Fault(Protocol):
    """What an item is proposed for: a fault that stands, as the ledger of findings has it."""

    @property
    def id(self) -> str:
        """Return the finding's id."""
        ...

    @property
    def site(self) -> SiteId:
        """Return the site."""
        ...

    @property
    def rule(self) -> str:
        """Return the rule that found fault."""
        ...

    @property
    def subject(self) -> Subject:
        """Return what it found fault with."""
        ...

    @property
    def severity(self) -> Severity:
        """Return how grave it is."""
        ...

    @property
    def started(self) -> datetime:
        """Return when the fault began."""
        ...
