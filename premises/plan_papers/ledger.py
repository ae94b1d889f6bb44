"""The ledger (整改台账) of a site, or of one plan, made from the records."""

from datetime import datetime

from premises.plan_papers.gathering import PaperReader, all_entries, namer, wording_of, workers
from rectification.model import ItemState
from rectification.plans import Plan
from reports.ledger import GENERAL, MAJOR, Wording, ledger_rows
from reports.ledger_columns import COLUMNS, LedgerColumn
from reports.ledger_xlsx import Ledger, headings
from reports.messages import Language
from reports.paper import Column, Paper, PaperTable
from sensors.topology import Registry
from sensors.verdicts import Severity

NARROW = frozenset({LedgerColumn.ROW, LedgerColumn.NUMBER, LedgerColumn.PROGRESS})
WIDE = frozenset({LedgerColumn.PROBLEM, LedgerColumn.GOAL, LedgerColumn.MEASURE, LedgerColumn.CLAUSE})


def ledger_of(
    tx: PaperReader, *, registry: Registry, language: Language, now: datetime, plan: Plan | None = None
) -> Ledger:
    """Return the ledger as it stands."""
    wording = wording_of(tx, registry, language)
    who = namer(tx.accounts())
    return Ledger(
        site=registry.site.name.in_language(language),
        rows=ledger_rows(all_entries(tx, registry, plan), wording),
        wording=wording,
        people=[who(account.id) for account in workers(tx.accounts())],
        levels=list(levels(wording)),
        states=[wording.text(f"itemstate.{state}") for state in ItemState],
        made=wording.day(now),
    )


def levels(wording: Wording) -> dict[str, Severity]:
    """Return the words for how grave an item is, with the severity that each means."""
    grades = {
        wording.text(f"grade.{MAJOR}"): Severity.RED,
        wording.text(f"grade.{GENERAL}"): Severity.ORANGE,
    }
    return grades | {wording.text(f"severity.{severity.value}"): severity for severity in Severity}


def ledger_paper(ledger: Ledger) -> Paper:
    """Return the ledger as a paper of one wide table, for Word, PDF and HTML."""
    heads = headings(ledger.wording.messages)
    shares = {column: 1 if column in NARROW else 4 if column in WIDE else 2 for column in COLUMNS}
    whole = sum(shares.values())
    return Paper(
        language=ledger.wording.messages.language,
        title=ledger.wording.text("ledger.title"),
        facts=((ledger.wording.text("duty.site"), ledger.site), (ledger.wording.text("duty.day"), f"{ledger.made}")),
        tables=(
            PaperTable(
                title="",
                columns=[Column(head=heads[each], width_pct=round(100 * shares[each] / whole)) for each in COLUMNS],
                rows=[[row.cells[column].text for column in COLUMNS] for row in ledger.rows],
                empty=ledger.wording.text("ledger.empty"),
            ),
        ),
        remarks=(),
        signatures=(),
        is_wide=True,
    )
