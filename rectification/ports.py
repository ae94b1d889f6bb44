"""What the commands of rectification need from the records."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Protocol

from rectification.model import Item, ItemStep
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
