"""What the papers of rectification are made from: items with all that hangs on them, and how people are called."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from analytics.ledger import FindingRecord
from api.privacy import tells_of_presence
from rectification.model import Item, ItemAction
from rectification.particulars import NOTHING_WRITTEN
from rectification.ports import PlanTransaction, SheetTransaction
from reports.ledger import Entry, Wording
from reports.messages import Language, Messages
from sensors.accounts import Account
from sensors.actors import Permission
from sensors.topology import Registry

if TYPE_CHECKING:
    from rectification.plans import Plan

SYSTEM = "system:"
"""Begins the ids of parts of the program, which nobody reads on paper."""

MOST_ITEMS = 20_000
"""Of one ledger; Excel and people stop sooner."""


class PaperReader(SheetTransaction, PlanTransaction, Protocol):
    """What the papers read of the records."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, closed ones as well."""
        ...

    def finding(self, finding_id: str) -> FindingRecord | None:
        """Return a fault."""
        ...


def entries_of(tx: PaperReader, items: Iterable[Item], registry: Registry) -> tuple[Entry, ...]:
    """Return items with what hangs on them; no figures that would tell when one or two people were there."""
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
            finding=_finding(tx, item, registry),
        )
        for item in chosen
    )


def _finding(tx: PaperReader, item: Item, registry: Registry) -> FindingRecord | None:
    """Return the fault that opened an item, where its figures may be shown."""
    if tells_of_presence(registry, item.rule, item.subject):
        return None
    proposed = next((step for step in tx.item_steps(item.id) if step.action is ItemAction.PROPOSE), None)
    told = json.loads(proposed.evidence) if proposed is not None and proposed.evidence.strip() else {}
    identifier = told.get("finding")
    return None if identifier is None else tx.finding(identifier)


def all_entries(tx: PaperReader, registry: Registry, plan: "Plan | None" = None) -> tuple[Entry, ...]:
    """Return the items of a plan, or of the whole ledger."""
    items = tx.items(limit=MOST_ITEMS) if plan is None else tx.items_of_plan(plan.id)
    return entries_of(tx, items, registry)


def wording_of(tx: PaperReader, registry: Registry, language: Language) -> Wording:
    """Return how places, units and people are named in one language."""
    messages, person = Messages(language, ZoneInfo(registry.site.timezone)), namer(tx.accounts())
    return Wording(
        registry=registry,
        messages=messages,
        who=lambda actor: messages.text("ledger.by_system") if actor.startswith(SYSTEM) else person(actor),
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
