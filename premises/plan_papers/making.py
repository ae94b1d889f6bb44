"""The papers of rectification as files: from the records to the bytes of one format."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.ports import RollupStore
from api.privacy import tells_of_presence
from premises.papers import Format, Language, printed, written
from premises.plan_papers.gathering import PaperReader, all_entries, entries_of, wording_of
from premises.plan_papers.ledger import ledger_of, ledger_paper
from premises.plan_papers.readings import daily_values
from rectification.commands import UnknownItemError
from rectification.model import Item
from rectification.planning import existing_plan
from rectification.plans import Plan
from reports.closing import ClosingFacts, Photos, closing_paper, without_figures
from reports.closing_chart import DailyValues
from reports.ledger import Entry, Wording
from reports.ledger_xlsx import ledger_xlsx
from reports.paper_official_docx import official_docx
from reports.paper_official_html import official_html
from reports.plan import plan_paper
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.topology import Registry


class PlanNotFoundFault(InputFault):
    """No plan has this number."""

    def __init__(self, number: int) -> None:
        """Name it."""
        super().__init__(f"--plan {number}: there is no such plan; look at the plans in the console")


class ItemNotFoundFault(InputFault):
    """No item has this number."""

    def __init__(self, number: int) -> None:
        """Name it."""
        super().__init__(f"item {number}: there is none of this number; look at the ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPapers:
    """Makes the papers of a site. Without a `store` closing sheets have no chart, without `photos` no pictures."""

    registry: Callable[[], Registry]
    clock: Clock
    store: RollupStore | None = None
    photos: Photos | None = None

    def ledger(self, tx: PaperReader, form: Format, language: Language, plan: Plan | None = None) -> bytes:
        """Return the ledger of the site, or of one plan; Excel is the form that can be brought in again."""
        now = self.clock.now()
        ledger = ledger_of(tx, registry=self.registry(), language=language, now=now, plan=plan)
        return ledger_xlsx(ledger) if form == "xlsx" else written(ledger_paper(ledger), form)

    def plan(self, tx: PaperReader, identifier: str, form: Format, language: Language) -> bytes:
        """Return a plan; in Excel that is the ledger of its items. Raises UnknownPlanError."""
        plan = existing_plan(tx, identifier)
        if form == "xlsx":
            return self.ledger(tx, form, language, plan)
        wording = wording_of(tx, self.registry(), language)
        paper = plan_paper(plan, all_entries(tx, wording.registry, plan), wording, now=self.clock.now())
        if form == "docx":
            return official_docx(paper)
        page = official_html(paper).encode()
        return page if form == "html" else printed(page, language)

    def closing(self, tx: PaperReader, identifier: str, form: Format, language: Language) -> bytes:
        """Return the closing sheet of an item. Raises UnknownItemError."""
        item = tx.item(identifier)
        if item is None:
            raise UnknownItemError(identifier)
        wording = wording_of(tx, self.registry(), language)
        (entry,) = entries_of(tx, [item], wording.registry)
        before = None if item.recurrence_of is None else tx.item(item.recurrence_of)
        is_withheld = tells_of_presence(wording.registry, item.rule, item.subject)
        facts = ClosingFacts(
            entry=without_figures(entry) if is_withheld else entry,
            is_withheld=is_withheld,
            recurrence_of=None if before is None else before.number,
            photos=self.photos,
            readings=self._readings(entry, wording),
        )
        return written(closing_paper(facts, wording, now=self.clock.now()), form)

    def _readings(self, entry: Entry, wording: Wording) -> DailyValues | None:
        return None if self.store is None else daily_values(self.store, entry, wording)


def plan_numbered(tx: PaperReader, number: int | None) -> Plan:
    """Return the plan of a number, the newest of none. Raises PlanNotFoundFault."""
    plans = tx.plans(limit=5_000)
    found = plans[0] if plans and number is None else next((plan for plan in plans if plan.number == number), None)
    if found is None:
        raise PlanNotFoundFault(number or 0)
    return found


def item_numbered(tx: PaperReader, number: int) -> Item:
    """Return the item of a number. Raises ItemNotFoundFault."""
    found = next((item for item in tx.items(limit=20_000) if item.number == number), None)
    if found is None:
        raise ItemNotFoundFault(number)
    return found
