"""Coming in by the house's own sign-on: accounts are connected by their own people, and parted by either side."""

from dataclasses import replace
from datetime import datetime

from api.ports import AccountTransaction, RecordsTransaction, Services
from api.security.accounts import AccountError, LinkError
from api.security.lockout import LOOK_BACK, account_key, address_key, is_locked
from api.security.second_factor import passed_second_factor
from api.security.sessions import SignedIn, begin_session
from api.security.sign_in import DOORKEEPER
from api.security.tokens import digest
from sensors.accounts import Account
from sensors.actors import Actor, Permission
from sensors.clock import Clock


class NotConnectedError(AccountError):
    """The sign-on knows this person, and no open account is connected to them."""

    def __init__(self) -> None:
        """Say the same for a disabled account: whose it is, is told to nobody."""
        advice = "no account here is connected to you there: sign in with your password and connect it under Account"
        super().__init__("sign_on_unconnected", advice)


class CodeNeededError(AccountError):
    """The account has a second step of its own, whatever the way in."""

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("sign_on_code", "type the code that your authenticator shows")


def enter(
    services: Services, sign_on: str, *, address: str, code: str | None = None, replaces: str | None = None
) -> SignedIn:
    """Return a new session of whom the sign-on told.

    `code` is of their second step, None before it was asked for. Raises NotConnectedError, CodeNeededError, and
    AccountError where the code does not fit, or sign-in is closed after too many that did not.
    """
    now, by_address = services.clock.now(), address_key(address)
    with services.records.transaction() as tx:
        account = tx.account_of_sign_on(sign_on)
        if account is None or account.disabled is not None:
            refused: AccountError | None = NotConnectedError()
            passed = None
        elif account.totp_secret and code is None:
            raise CodeNeededError
        else:
            passed = _passed(tx, account, code or "", by_address, now)
            refused = None if passed is not None else AccountError("second_code", "this code does not fit")
        if refused is not None or passed is None:
            subject = _subject(account) if account is not None else "account:unknown"
            _note(tx, "sign_in_failed", DOORKEEPER, subject, now, by_address)
        else:
            _note(tx, "sign_in", passed.actor(), _subject(passed), now, by_address)
            return begin_session(tx, passed, now=now, web=services.web, replaces=replaces)
    raise refused or NotConnectedError()


def connect(services: Services, sign_on: str, *, account: Account) -> None:
    """Connect one's own account to whom the sign-on told. Raises AccountError where somebody else has that."""
    with services.records.transaction() as tx:
        current = tx.account(account.id)
        if current is not None:
            _connect(tx, current, sign_on, services.clock.now())


def connect_by_link(
    services: Services, sign_on: str, *, token: str, address: str, replaces: str | None = None
) -> SignedIn:
    """Return a session of the account that a link leads to, connected instead of choosing a password.

    The first account of a server takes a password: nobody could come in while the sign-on is away. Raises LinkError,
    AccountError.
    """
    now = services.clock.now()
    with services.records.transaction() as tx:
        link = tx.set_up_token(digest(token))
        account = None if link is None or link.account_id is None else tx.account(link.account_id)
        if link is None or account is None or link.used is not None or now >= link.expires:
            raise LinkError
        if account.disabled is not None or account.totp_secret:
            raise LinkError
        tx.save_set_up_token(replace(link, used=now))
        connected = _connect(tx, account, sign_on, now)
        tx.end_sessions_of(account.id)
        _note(tx, "sign_in", connected.actor(), _subject(connected), now, address_key(address))
        return begin_session(tx, connected, now=now, web=services.web, replaces=replaces)


def disconnect(services: Services, account: Account) -> None:
    """Part one's own account from the sign-on. Raises AccountError where there would be no way in left."""
    with services.records.transaction() as tx:
        current = tx.account(account.id)
        if current is None or current.sign_on is None:
            return
        if not current.password_hash:
            problem, advice = "sign_on_only_way", "ask a security administrator for a link and choose a password first"
            raise AccountError(problem, advice)
        _disconnect(tx, current, account.actor(), services.clock.now())


def reset_sign_on(tx: RecordsTransaction, account_id: str, *, actor: Actor, clock: Clock) -> Account:
    """Return somebody else's account, parted from the sign-on; its sessions end.

    Raises NotPermittedError, AccountError.
    """
    actor.must(Permission.MANAGE_USERS)
    account = tx.account(account_id)
    if account is None or account_id == actor.id:
        problem = "unknown" if account is None else "yourself"
        advice = "name somebody else's account; your own is parted under Account"
        raise AccountError(problem, advice)
    tx.end_sessions_of(account.id)
    return _disconnect(tx, account, actor, clock.now())


def _passed(tx: AccountTransaction, account: Account, code: str, by_address: str, now: datetime) -> Account | None:
    """Return the account after its second step; wrong codes close sign-in as wrong passwords do."""
    if not account.totp_secret:
        return account
    keys = (account_key(account.user_name), by_address)
    if any(is_locked(tx.sign_in_failures(key, since=now - LOOK_BACK), now) for key in keys):
        return None
    passed = passed_second_factor(account, code, now)
    if passed is None:
        for key in keys:
            tx.add_sign_in_failure(key, at=now)
        return None
    tx.save_account(passed)
    return passed


def _connect(tx: RecordsTransaction, account: Account, sign_on: str, now: datetime) -> Account:
    holder = tx.account_of_sign_on(sign_on)
    if holder is not None and holder.id != account.id:
        code, advice = "sign_on_taken", "another account is connected to you there; it must be parted first"
        raise AccountError(code, advice)
    connected = replace(account, sign_on=sign_on)
    tx.save_account(connected)
    tx.audit(actor_id=account.id, action="sign_on_connected", subject=_subject(account), at=now)
    return connected


def _disconnect(tx: RecordsTransaction, account: Account, actor: Actor, now: datetime) -> Account:
    parted = replace(account, sign_on=None)
    tx.save_account(parted)
    tx.audit(actor_id=actor.id, action="sign_on_parted", subject=_subject(account), at=now)
    return parted


def _note(tx: RecordsTransaction, action: str, actor: Actor, subject: str, at: datetime, address: str) -> None:
    detail = {"from": address, "by": "sign_on"}
    tx.audit(actor_id=actor.id, action=action, subject=subject, at=at, detail=detail)


def _subject(account: Account) -> str:
    return f"account:{account.id}"
