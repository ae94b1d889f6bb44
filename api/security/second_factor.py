"""The second step of signing in: set up by a person, asked for at sign-in, taken away by them or an administrator."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from api.ports import RecordsTransaction, Services, WebSettings
from api.security.accounts import AccountError
from api.security.tokens import digest
from api.security.totp import is_secret, matching_step
from sensors.accounts import Account
from sensors.actors import Actor, Permission
from sensors.clock import Clock

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


def lacks_second_factor(account: Account, web: WebSettings) -> bool:
    """Say whether an account must set up a second step before it may do anything."""
    return not account.totp_secret and bool(account.roles & web.second_factor_roles)


def set_up_second_factor(
    tx: RecordsTransaction, secret: str, code: str, *, actor: Actor, clock: Clock
) -> Sequence[str]:
    """Return the recovery codes, told this once, of an account that has proven its authenticator.

    Raises AccountError.
    """
    account, now = tx.account(actor.id), clock.now()
    step = matching_step(secret, _plain(code), now=now) if is_secret(secret) else None
    if account is None or account.totp_secret or step is None:
        problem, advice = "second_code", "this code does not fit; look at the clock of your phone and try the next one"
        raise AccountError(problem, advice)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    kept = tuple(digest(_plain(each)) for each in codes)
    tx.save_account(replace(account, totp_secret=secret, totp_step=step, recovery=kept))
    _audit(tx, actor, "second_factor_set_up", account, now)
    return codes


def end_second_factor(services: Services, account: Account, *, password: str) -> None:
    """Take the second step from one's own account, which takes the password: a session left open does not do.

    Raises AccountError, BusyError.
    """
    if not services.passwords.verify(account.password_hash, password):
        problem, advice = "wrong_password", "the present password is another"
        raise AccountError(problem, advice)
    with services.records.transaction() as tx:
        current = tx.account(account.id)
        if current is not None and current.totp_secret:
            _ended(tx, current, account.actor(), services.clock.now())


def reset_second_factor(tx: RecordsTransaction, account_id: str, *, actor: Actor, clock: Clock) -> Account:
    """Return somebody else's account without its second step; its sessions end.

    Raises NotPermittedError, AccountError.
    """
    actor.must(Permission.MANAGE_USERS)
    account = tx.account(account_id)
    if account is None or account_id == actor.id:
        problem = "unknown" if account is None else "yourself"
        advice = "name somebody else's account; another security administrator must do this to yours"
        raise AccountError(problem, advice)
    tx.end_sessions_of(account.id)
    return _ended(tx, account, actor, clock.now())


def passed_second_factor(account: Account, code: str, now: datetime) -> Account | None:
    """Return the account after its second step, which takes no code twice; None where the code does not fit."""
    if not account.totp_secret:
        return account
    given = _plain(code)
    step = matching_step(account.totp_secret, given, now=now, after=account.totp_step)
    if step is not None:
        return replace(account, totp_step=step)
    spent = digest(given)
    if spent not in account.recovery:
        return None
    return replace(account, recovery=tuple(each for each in account.recovery if each != spent))


def _ended(tx: RecordsTransaction, account: Account, actor: Actor, now: datetime) -> Account:
    changed = replace(account, totp_secret="", totp_step=None, recovery=())
    tx.save_account(changed)
    _audit(tx, actor, "second_factor_ended", account, now)
    return changed


def _recovery_code() -> str:
    written = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(written[place : place + 4] for place in range(0, len(written), 4))


def _plain(code: str) -> str:
    return code.strip().lower().replace(" ", "").replace("-", "")


def _audit(tx: RecordsTransaction, actor: Actor, action: str, account: Account, at: datetime) -> None:
    tx.audit(actor_id=actor.id, action=action, subject=f"account:{account.id}", at=at)
