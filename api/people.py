"""People as others see them: who can be asked to do something, and how somebody who acted is called."""

from collections.abc import Mapping, Sequence
from datetime import date

from analytics.ledger import FindingRecord, UnknownFindingError, link
from api.ports import AccountTransaction, RecordsTransaction, Services
from api.problems import Problem, ProblemError
from rectification.commands import assign, propose
from rectification.model import Item
from sensors.accounts import Account
from sensors.actors import Actor, Permission


def names(tx: AccountTransaction) -> Mapping[str, str]:
    """Return the names of all who have or had an account, by id. Parts of the program (`system:…`) are not in it."""
    return {account.id: account.name for account in tx.accounts()}


def workers(tx: AccountTransaction) -> Sequence[Account]:
    """Return the accounts to which an item can be given."""
    return [account for account in tx.accounts() if _can_work(account)]


def give_item(
    services: Services,
    tx: RecordsTransaction,
    item_id: str,
    *,
    responsible: str,
    actor: Actor,
    deadline: date | None = None,
    measure: str = "",
    note: str = "",
) -> Item:
    """Return the item, given to somebody who can work on it. Raises ProblemError and what `assign` raises."""
    actor.must(Permission.MANAGE_ITEM)
    account = tx.account(responsible)
    if account is None or not _can_work(account):
        advice = "this person cannot work on items; choose one of the list"
        raise ProblemError(Problem(status=422, code="not_a_worker", detail=advice))
    return assign(
        tx,
        item_id,
        responsible=responsible,
        actor=actor,
        clock=services.clock,
        deadline=deadline,
        measure=measure,
        note=note,
    )


def propose_item(services: Services, tx: RecordsTransaction, finding_id: str, *, actor: Actor, note: str = "") -> Item:
    """Return the open item about a finding, made where there is none; the finding is tied to it.

    Raises NotPermittedError, UnknownFindingError.
    """
    finding: FindingRecord | None = tx.finding(finding_id)
    if finding is None:
        raise UnknownFindingError(finding_id)
    item = propose(tx, finding, clock=services.clock, deadline=services.deadline, actor=actor, note=note)
    if finding.item_id != item.id:
        link(tx, finding_id, item.id, actor=actor)
    return item


def _can_work(account: Account) -> bool:
    return account.disabled is None and account.actor().may(Permission.WORK_ON_ITEM)
