"""Accounts, for the security administrator; people, for whoever assigns; the audit log, for those who audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.dependencies import ServicesOf, permit
from api.limits import limits_of
from api.people import names, workers
from api.routes.bodies import AccountBody, LimitsBody, Number, RolesBody
from api.routes.views import AccountView, AuditView, Person
from api.security.accounts import NewAccount, disable, enable, make_account, password_link, set_limits, set_roles
from sensors.actors import Actor, Permission

router = APIRouter(tags=["accounts"])

Administrator = Annotated[Actor, Depends(permit(Permission.MANAGE_USERS))]
Planner = Annotated[Actor, Depends(permit(Permission.MANAGE_ITEM))]
Auditor = Annotated[Actor, Depends(permit(Permission.READ_AUDIT))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLink:
    """A link, good once within a day, by which the account's person chooses a password."""

    account: AccountView
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """Whether the chain of the audit log holds, and the number of the first row that does not fit."""

    holds: bool
    first_broken: int | None = None


@router.get("/people")
def get_people(services: ServicesOf, _: Planner) -> Sequence[Person]:
    """Return the people to whom an item can be given."""
    with services.records.reading() as tx:
        return [Person.of(account) for account in workers(tx)]


@router.get("/accounts")
def get_accounts(services: ServicesOf, _: Administrator) -> Sequence[AccountView]:
    """Return all accounts."""
    with services.records.reading() as tx:
        return [AccountView.of(account) for account in tx.accounts()]


@router.post("/accounts", status_code=201)
def post_account(services: ServicesOf, actor: Administrator, given: AccountBody) -> PasswordLink:
    """Make an account; its person follows the link to choose a password."""
    new = NewAccount(
        user_name=given.user_name,
        name=given.name,
        roles=given.roles,
        person=given.person,
        limits=limits_of(given.limits, services.registry()),
    )
    with services.records.transaction() as tx:
        account = make_account(tx, new, actor=actor, clock=services.clock)
        url = password_link(tx, account.id, actor=actor, clock=services.clock, origin=services.web.origin)
    return PasswordLink(account=AccountView.of(account), url=url)


@router.post("/accounts/{account_id}/link")
def post_link(services: ServicesOf, actor: Administrator, account_id: str) -> PasswordLink:
    """Give out a new link for an account whose password is forgotten."""
    with services.records.transaction() as tx:
        url = password_link(tx, account_id, actor=actor, clock=services.clock, origin=services.web.origin)
        account = tx.account(account_id)
    assert account is not None  # noqa: S101 - the link was made for it in the same transaction
    return PasswordLink(account=AccountView.of(account), url=url)


@router.put("/accounts/{account_id}/roles")
def put_roles(services: ServicesOf, actor: Administrator, account_id: str, given: RolesBody) -> AccountView:
    """Give an account these roles and no others."""
    with services.records.transaction() as tx:
        return AccountView.of(set_roles(tx, account_id, given.roles, actor=actor, clock=services.clock))


@router.put("/accounts/{account_id}/limits")
def put_limits(services: ServicesOf, actor: Administrator, account_id: str, given: LimitsBody) -> AccountView:
    """Let the roles of an account count within these places and nowhere else; its sessions end."""
    limits = limits_of(given.limits, services.registry())
    with services.records.transaction() as tx:
        return AccountView.of(set_limits(tx, account_id, limits, actor=actor, clock=services.clock))


@router.post("/accounts/{account_id}/disable")
def post_disable(services: ServicesOf, actor: Administrator, account_id: str) -> AccountView:
    """Close an account."""
    with services.records.transaction() as tx:
        return AccountView.of(disable(tx, account_id, actor=actor, clock=services.clock))


@router.post("/accounts/{account_id}/enable")
def post_enable(services: ServicesOf, actor: Administrator, account_id: str) -> AccountView:
    """Open a closed account again."""
    with services.records.transaction() as tx:
        return AccountView.of(enable(tx, account_id, actor=actor, clock=services.clock))


@router.get("/audit")
def get_audit(
    services: ServicesOf,
    _: Auditor,
    before: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Sequence[AuditView]:
    """Return the audit log, the newest first; `before` pages on."""
    with services.records.reading() as tx:
        known = names(tx)
        return [AuditView.of(entry, known) for entry in tx.audit_entries(before=before, limit=limit)]


@router.get("/audit/integrity")
def get_integrity(services: ServicesOf, _: Auditor) -> Integrity:
    """Return whether the chain of the audit log holds."""
    with services.records.reading() as tx:
        broken = tx.verify_audit()
    return Integrity(holds=broken is None, first_broken=None if broken is None else broken.id)
