"""Signing in and out. Whoever fails learns nothing: not whether the name exists, not whether it is locked."""

from dataclasses import replace
from datetime import datetime

from api.ports import AccountTransaction, RecordsTransaction, Services
from api.security.accounts import normal_user_name
from api.security.lockout import LOOK_BACK, account_key, address_key, is_locked
from api.security.second_factor import passed_second_factor
from api.security.sessions import SignedIn, begin_session
from api.security.tokens import digest
from sensors.accounts import Account
from sensors.actors import system_actor

DOORKEEPER = system_actor("sign-in")
"""Who writes of failures: nobody is known yet."""


def sign_in(
    services: Services, *, user_name: str, password: str, address: str, code: str = "", replaces: str | None = None
) -> SignedIn | None:
    """Return a new session, or None for whatever reason there is none: `code` too, of those with a second step.

    Each attempt counts as a failure until it has succeeded, so that many at once are no way round the lock.
    `replaces` is the token that the browser had before. Raises BusyError.
    """
    name, now = normal_user_name(user_name), services.clock.now()
    by_account, by_address = account_key(name), address_key(address)
    with services.records.transaction() as tx:
        account = tx.account_named(name)
        is_closed_to_address = _is_locked(tx, by_address, now)
        is_closed = is_closed_to_address or _is_locked(tx, by_account, now)
        if not is_closed:
            tx.forget_sign_in_failures_before(now - LOOK_BACK)
            tx.add_sign_in_failure(by_account, at=now)
            tx.add_sign_in_failure(by_address, at=now)
    if is_closed_to_address:
        return None
    kept = account.password_hash if account is not None and account.disabled is None else ""
    is_right = services.passwords.verify(kept, password)
    with services.records.transaction() as tx:
        passed = None if is_closed or not is_right else _passed(tx, account, code, now)
        if account is None or passed is None:
            _note_failure(tx, account, address=by_address, at=now, is_closed=is_closed)
            return None
        tx.forget_sign_in_failures(by_account)
        tx.forget_sign_in_failures(by_address, at=now)
        tx.audit(actor_id=account.id, action="sign_in", subject=_subject(account), at=now, detail={"from": by_address})
        current = _with_fresh_hash(services, tx, passed, password)
        return begin_session(tx, current, now=now, web=services.web, replaces=replaces)


def _passed(tx: AccountTransaction, account: Account | None, code: str, now: datetime) -> Account | None:
    """Return the account as it now is, after its second step where it has one."""
    current = None if account is None else tx.account(account.id)
    passed = None if current is None else passed_second_factor(current, code, now)
    if passed is not None and passed != current:
        tx.save_account(passed)
    return passed


def sign_out(services: Services, signed_in: SignedIn) -> None:
    """End a session."""
    with services.records.transaction() as tx:
        tx.end_session(digest(signed_in.token))
        account = signed_in.account
        tx.audit(actor_id=account.id, action="sign_out", subject=_subject(account), at=services.clock.now())


def _is_locked(tx: AccountTransaction, key: str, now: datetime) -> bool:
    return is_locked(tx.sign_in_failures(key, since=now - LOOK_BACK), now)


def _note_failure(
    tx: RecordsTransaction, account: Account | None, *, address: str, at: datetime, is_closed: bool
) -> None:
    # An unknown name is not written down: people type passwords into the wrong field.
    if is_closed:
        return
    subject = _subject(account) if account is not None else "account:unknown"
    tx.audit(actor_id=DOORKEEPER.id, action="sign_in_failed", subject=subject, at=at, detail={"from": address})


def _with_fresh_hash(services: Services, tx: RecordsTransaction, account: Account, password: str) -> Account:
    if not services.passwords.is_outdated(account.password_hash):
        return account
    fresh = replace(account, password_hash=services.passwords.hash(password))
    tx.save_account(fresh)
    return fresh


def _subject(account: Account) -> str:
    return f"account:{account.id}"
