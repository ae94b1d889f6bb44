"""What the papers of rectification are made from: items with all that hangs on them, and how people are called."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from rectification.model import Item
from rectification.particulars import NOTHING_WRITTEN
from rectification.ports import PlanTransaction, SheetTransaction
from reports.ledger import Entry, Wording
from reports.messages import Language, Messages
from sensors.accounts import Account
from sensors.actors import Permission
from sensors.topology import Registry

if TYPE_CHECKING:
    from rectification.plans import Plan

MOST_ITEMS = 20_000
"""Of one ledger; Excel and people stop sooner."""


class PaperReader(SheetTransaction, PlanTransaction, Protocol):
    """What the papers read of the records."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, closed ones as well."""
        ...


def entries_of(tx: PaperReader, items: Iterable[Item]) -> tuple[Entry, ...]:
    """Return items with what hangs on them."""
    chosen = list(items)
    particulars = tx.particulars_of([item.id for item in chosen])
    followed = {item.recurrence_of for item in tx.items(limit=MOST_ITEMS)}
    return tuple(
        Entry(
            item=item,
            given=particulars.get(item.id, NOTHING_WRITTEN),
            steps=tx.item_steps(item.id),
            files=tx.evidence_files(item.id),
            has_recurred=item.id in followed,
        )
        for item in chosen
    )


def all_entries(tx: PaperReader, plan: "Plan | None" = None) -> tuple[Entry, ...]:
    """Return the items of a plan, or of the whole ledger."""
    return entries_of(tx, tx.items(limit=MOST_ITEMS) if plan is None else tx.items_of_plan(plan.id))


def wording_of(tx: PaperReader, registry: Registry, language: Language) -> Wording:
    """Return how places, units and people are named in one language."""
    return Wording(
        registry=registry,
        messages=Messages(language, ZoneInfo(registry.site.timezone)),
        who=namer(tx.accounts()),
    )


def namer(accounts: Sequence[Account]) -> Callable[[str], str]:
    """Return what gives an account's name, with the user name where two are called the same; else what it is given."""
    shared = Counter(account.name for account in accounts)
    names = {
        account.id: account.name if shared[account.name] == 1 else f"{account.name} ({account.user_name})"
        for account in accounts
    }
    return lambda identifier: names.get(identifier, identifier)


def workers(accounts: Sequence[Account]) -> tuple[Account, ...]:
    """Return the accounts to which an item can be given."""
    return tuple(
        account for account in accounts if account.disabled is None and account.actor().may(Permission.WORK_ON_ITEM)
    )
