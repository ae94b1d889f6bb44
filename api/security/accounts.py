"""Accounts: made, given roles, disabled; and the links by which a person chooses a password."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.ports import RecordsTransaction, Services
from api.security.passwords import Passwords, must_be_strong
from api.security.token_ends import end_tokens_of
from api.security.tokens import digest, new_token
from sensors.accounts import Account, SetUpToken
from sensors.actors import LIMITABLE, Actor, Limit, Permission, Role, system_actor
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms

LINK_LASTS = timedelta(hours=24)
FIRST_ROLES = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})
"""What the first person gets. Audit is for somebody else."""

_USER_NAME = re.compile(r"[^\W_][\w.@-]{1,63}")
_LONGEST_NAME = 100
_SET_UP = system_actor("set-up")
_DEMO = system_actor("demo")


class AccountError(Exception):
    """Something about an account cannot be; the message says what to do. `code` is for programs."""

    def __init__(self, code: str, advice: str) -> None:
        """Keep the code beside the advice."""
        super().__init__(advice)
        self.code = code


class LinkError(AccountError):
    """A link that is used, too old, or was never given out."""

    def __init__(self) -> None:
        """Say the same for all of these."""
        super().__init__("link", "this link is used up, too old or unknown; ask for a new one")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is asked for."""

    user_name: str
    name: str
    roles: frozenset[Role]
    person: str | None = None
    limits: frozenset[Limit] = frozenset()


def normal_user_name(written: str) -> str:
    """Return the form in which user names are kept and compared: look-alikes of one letter are that letter (NFKC)."""
    normal = unicodedata.normalize("NFKC", written).strip().lower()
    return "".join(character for character in normal if character.isprintable())[:64]


def must_fit_together(roles: Iterable[Role]) -> None:
    """Return when one person may have all these roles. Raises AccountError: who audits administers nothing else."""
    held = frozenset(roles)
    if not held:
        code, advice = "no_role", "an account without a role can do nothing; choose one"
        raise AccountError(code, advice)
    if Role.AUDIT_ADMINISTRATOR in held and held & FIRST_ROLES:
        code, advice = "audit_apart", "the audit administrator must be somebody else than the other administrators"
        raise AccountError(code, advice)


def must_be_limitable(limits: Iterable[Limit], roles: frozenset[Role]) -> None:
    """Return when these roles may be limited so. Raises AccountError."""
    for limit in limits:
        if limit.role not in roles:
            code, advice = "limit_role", f"the account has no role {limit.role} that could be limited"
            raise AccountError(code, advice)
        if limit.role not in LIMITABLE:
            code, advice = "limit_whole", f"the role {limit.role} is of the whole site and cannot be limited"
            raise AccountError(code, advice)


def set_up_url(services: Services) -> str | None:
    """Return a link by which the first person makes an account, None where there is one. Earlier links are void."""
    now = services.clock.now()
    with services.records.transaction() as tx:
        if tx.accounts():
            return None
        return _link(tx, None, origin=services.web.origin, now=now)


def follow_link(services: Services, *, token: str, user_name: str, name: str, password: str) -> Account:
    """Return the account that a link leads to: the first one, made now, or one that chooses its password.

    For an account that exists, user name and name are not asked. Raises LinkError, AccountError, WeakPasswordError.
    """
    now = services.clock.now()
    with services.records.transaction() as tx:
        link = tx.set_up_token(digest(token))
        if link is None or not _holds(link, now):
            raise LinkError
        tx.save_set_up_token(replace(link, used=now))
        if link.account_id is not None:
            return _choose_password(tx, services.passwords, link.account_id, password, now)
        new = NewAccount(user_name=user_name, name=name, roles=FIRST_ROLES)
        return _first_account(tx, services.passwords, new, password, now)


def make_account(tx: RecordsTransaction, new: NewAccount, *, actor: Actor, clock: Clock) -> Account:
    """Return a new account that cannot sign in until its link was followed. Raises NotPermittedError, AccountError."""
    actor.must(Permission.MANAGE_USERS)
    account = _made(tx, new, password_hash="", now=clock.now())
    told = {"limits": _written(map(str, account.limits))} if account.limits else {}
    _audit(tx, actor, "account_made", account, clock.now(), roles=_written(account.roles), **told)
    return account


def password_link(tx: RecordsTransaction, account_id: str, *, actor: Actor, clock: Clock, origin: str) -> str:
    """Return a link by which an account's person chooses a password. Raises NotPermittedError, AccountError."""
    actor.must(Permission.MANAGE_USERS)
    account = _existing(tx, account_id)
    _audit(tx, actor, "password_link_made", account, clock.now())
    return _link(tx, account.id, origin=origin, now=clock.now())


def set_roles(
    tx: RecordsTransaction, account_id: str, roles: frozenset[Role], *, actor: Actor, clock: Clock
) -> Account:
    """Return the account with these roles; its sessions end. Limits of the roles that it keeps stay.

    Raises NotPermittedError, AccountError.
    """
    actor.must(Permission.MANAGE_USERS)
    must_fit_together(roles)
    account = _someone_else(tx, account_id, actor)
    changed = replace(account, roles=roles, limits=frozenset(each for each in account.limits if each.role in roles))
    tx.save_account(changed)
    tx.end_sessions_of(account.id)
    was, now = _written(account.roles), _written(roles)
    _audit(tx, actor, "roles_changed", account, clock.now(), before=was, after=now)
    return changed


def set_limits(
    tx: RecordsTransaction, account_id: str, limits: frozenset[Limit], *, actor: Actor, clock: Clock
) -> Account:
    """Return the account, whose roles count in these places only; its sessions end.

    Raises NotPermittedError, AccountError.
    """
    actor.must(Permission.MANAGE_USERS)
    account = _someone_else(tx, account_id, actor)
    must_be_limitable(limits, account.roles)
    changed = replace(account, limits=limits)
    tx.save_account(changed)
    tx.end_sessions_of(account.id)
    was, now = _written(map(str, account.limits)), _written(map(str, limits))
    _audit(tx, actor, "limits_changed", account, clock.now(), before=was, after=now)
    return changed


def disable(tx: RecordsTransaction, account_id: str, *, actor: Actor, clock: Clock) -> Account:
    """Return the account, which can no longer sign in; its sessions and tokens end.

    Raises NotPermittedError, AccountError.
    """
    actor.must(Permission.MANAGE_USERS)
    account = _someone_else(tx, account_id, actor)
    changed = replace(account, disabled=account.disabled or clock.now())
    tx.save_account(changed)
    tx.end_sessions_of(account.id)
    tx.forget_set_up_tokens(account.id)
    end_tokens_of(tx, changed, actor=actor, now=clock.now())
    _audit(tx, actor, "account_disabled", account, clock.now())
    return changed


def enable(tx: RecordsTransaction, account_id: str, *, actor: Actor, clock: Clock) -> Account:
    """Return the account, which may sign in again. Raises NotPermittedError, AccountError."""
    actor.must(Permission.MANAGE_USERS)
    account = _someone_else(tx, account_id, actor)
    _must_be_only(tx, account.person, besides=account_id)
    changed = replace(account, disabled=None)
    tx.save_account(changed)
    _audit(tx, actor, "account_enabled", account, clock.now())
    return changed


def change_password(services: Services, account: Account, *, old: str, new: str) -> None:
    """Change one's own password; all sessions of the account end. Raises AccountError, WeakPasswordError."""
    must_be_strong(new, user_name=account.user_name)
    if not services.passwords.verify(account.password_hash, old):
        code, advice = "wrong_password", "the present password is another"
        raise AccountError(code, advice)
    kept, now = services.passwords.hash(new), services.clock.now()
    with services.records.transaction() as tx:
        current = _existing(tx, account.id)
        tx.save_account(replace(current, password_hash=kept, password_changed=now))
        tx.end_sessions_of(account.id)
        _audit(tx, account.actor(), "password_changed", account, now)


def demo_account(tx: RecordsTransaction, actor: Actor, *, now: datetime) -> Account:
    """Return the account of the demo's visitor, made when it is not there; no password opens it."""
    known = tx.account(actor.id)
    if known is not None:
        return known
    account = Account(
        id=actor.id,
        user_name=normal_user_name(actor.id),
        name=actor.name,
        password_hash="",
        roles=actor.roles,
        created=now,
        password_changed=now,
    )
    tx.save_account(account)
    _audit(tx, _DEMO, "account_made", account, now, roles=_written(account.roles))
    return account


def _first_account(
    tx: RecordsTransaction, passwords: Passwords, new: NewAccount, password: str, now: datetime
) -> Account:
    if tx.accounts():
        raise LinkError
    must_be_strong(password, user_name=normal_user_name(new.user_name))
    account = _made(tx, new, password_hash=passwords.hash(password), now=now)
    _audit(tx, _SET_UP, "account_made", account, now, roles=_written(account.roles))
    return account


def _choose_password(
    tx: RecordsTransaction, passwords: Passwords, account_id: str, password: str, now: datetime
) -> Account:
    account = _existing(tx, account_id)
    must_be_strong(password, user_name=account.user_name)
    changed = replace(account, password_hash=passwords.hash(password), password_changed=now)
    tx.save_account(changed)
    tx.end_sessions_of(account.id)
    _audit(tx, account.actor(), "password_chosen", account, now)
    return changed


def _made(tx: RecordsTransaction, new: NewAccount, *, password_hash: str, now: datetime) -> Account:
    must_fit_together(new.roles)
    must_be_limitable(new.limits, new.roles)
    user_name, name = normal_user_name(new.user_name), new.name.strip()
    if not _USER_NAME.fullmatch(user_name):
        code, advice = "user_name", "a user name has 2 to 64 letters, digits, dots, hyphens, @ or underscores"
        raise AccountError(code, advice)
    if not 1 <= len(name) <= _LONGEST_NAME:
        code, advice = "name", f"a name has 1 to {_LONGEST_NAME} characters"
        raise AccountError(code, advice)
    if tx.account_named(user_name) is not None:
        code, advice = "taken", "this user name is taken; choose another"
        raise AccountError(code, advice)
    _must_be_only(tx, new.person)
    account = Account(
        id=new_id(epoch_ms(now)),
        user_name=user_name,
        name=name,
        password_hash=password_hash,
        roles=new.roles,
        created=now,
        password_changed=now,
        person=new.person,
        limits=new.limits,
    )
    tx.save_account(account)
    return account


def _must_be_only(tx: RecordsTransaction, person: str | None, *, besides: str = "") -> None:
    """Refuse a second open account of one person, who would accept their own work by it. Raises AccountError."""
    standing = (each for each in tx.accounts() if each.disabled is None and each.id != besides)
    if person is not None and any(each.person == person for each in standing):
        code, advice = "person_taken", "this person has an open account already; use that, or disable it first"
        raise AccountError(code, advice)


def _link(tx: RecordsTransaction, account_id: str | None, *, origin: str, now: datetime) -> str:
    tx.forget_set_up_tokens(account_id)
    token = new_token()
    tx.save_set_up_token(
        SetUpToken(token_hash=digest(token), created=now, expires=now + LINK_LASTS, account_id=account_id)
    )
    return f"{origin.rstrip('/')}/set-up?token={token}"


def _holds(link: SetUpToken | None, now: datetime) -> bool:
    return link is not None and link.used is None and now < link.expires


def _existing(tx: RecordsTransaction, account_id: str) -> Account:
    account = tx.account(account_id)
    if account is None:
        code, advice = "unknown", "there is no such account"
        raise AccountError(code, advice)
    return account


def _someone_else(tx: RecordsTransaction, account_id: str, actor: Actor) -> Account:
    if account_id == actor.id:
        code, advice = "yourself", "another security administrator must do this to your account"
        raise AccountError(code, advice)
    return _existing(tx, account_id)


def _written(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def _audit(tx: RecordsTransaction, actor: Actor, action: str, account: Account, at: datetime, **detail: str) -> None:
    tx.audit(actor_id=actor.id, action=action, subject=f"account:{account.id}", at=at, detail=detail)
