"""Tokens for programs: made by a person, shown once, kept as a hash, good until they expire or are revoked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from starlette.requests import Request

from api.ports import AccountTransaction, RecordsTransaction, Services
from api.problems import Problem, ProblemError, existing
from api.security.sessions import SEEN_STEP, SignedIn
from api.security.token_ends import audit_token, end_token
from api.security.tokens import digest, new_token
from sensors.accounts import ApiToken
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.scopes import SCOPES, Scope

PREFIX = "prm_"
"""How every token begins, so that scanners for lost secrets know one."""
USUAL_DAYS = 90
MOST_DAYS = 366
MOST_TOKENS = 50
"""Tokens of one account that hold at a time. The project's own choice, as the days."""

_LONGEST_NAME = 100
_HINT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What is asked for."""

    name: str
    scopes: frozenset[Scope]
    days: int = USUAL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A token with its secret, which is nowhere else from now on."""

    token: ApiToken
    secret: str


def bearer_of(request: Request) -> str | None:
    """Return the token that a program sent, None where it sent none; pages are for people and take none."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    is_program = request.url.path.startswith("/api/")
    return secret.strip() if is_program and scheme.lower() == "bearer" else None


def find_token(services: Services, secret: str) -> SignedIn | None:
    """Return whose a token is and what it allows, None where it is unknown, over, or its account disabled."""
    now = services.clock.now()
    with services.records.reading() as tx:
        token = tx.api_token_of_hash(digest(secret))
        account = None if token is None else tx.account(token.account_id)
    if token is None or account is None or not token.holds(now) or account.disabled is not None:
        return None
    if token.last_used is None or now - token.last_used >= SEEN_STEP:
        _note_used(services, token, now)
    return SignedIn(account=account, token=secret, api_token=token)


def refused_token() -> ProblemError:
    """Return that a token opens nothing, and the same whyever."""
    advice = "this token is unknown, expired or revoked; make a new one under your account"
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return ProblemError(Problem(status=401, code="token_refused", detail=advice, headers=headers))


def available_scopes(actor: Actor) -> Sequence[Scope]:
    """Return the scopes of which the actor may do at least something beyond reading."""
    return [scope for scope in Scope if any(map(actor.may, SCOPES[scope] - _implied(scope)))]


def make_token(tx: RecordsTransaction, new: NewToken, *, actor: Actor, clock: Clock) -> MadeToken:
    """Return a new token of the actor's own account. Raises ProblemError."""
    now, name = clock.now(), new.name.strip()
    _must_be_possible(tx, new, name, actor, now)
    secret = PREFIX + new_token()
    token = ApiToken(
        id=new_id(epoch_ms(now)),
        token_hash=digest(secret),
        hint=secret[-_HINT:],
        account_id=actor.id,
        name=name,
        scopes=new.scopes,
        created=now,
        expires=now + timedelta(days=new.days),
    )
    tx.save_api_token(token)
    scopes = " ".join(sorted(new.scopes))
    audit_token(tx, actor.id, "token_made", token, now, name=name, scopes=scopes, expires=f"{token.expires:%Y-%m-%d}")
    return MadeToken(token=token, secret=secret)


def revoke_token(tx: RecordsTransaction, token_id: str, *, actor: Actor, clock: Clock) -> ApiToken:
    """Return a token that opens nothing any more: one's own, or any for who manages users. Raises ProblemError."""
    found = tx.api_token(token_id)
    is_theirs = found is not None and (found.account_id == actor.id or actor.may(Permission.MANAGE_USERS))
    token = existing(found if is_theirs else None, "token")
    return token if token.revoked is not None else end_token(tx, token, actor=actor, now=clock.now())


def _must_be_possible(tx: AccountTransaction, new: NewToken, name: str, actor: Actor, now: datetime) -> None:
    held = sum(token.holds(now) for token in tx.api_tokens(actor.id))
    foreign = sorted(new.scopes - set(available_scopes(actor)))
    refusals = {
        f"a name has 1 to {_LONGEST_NAME} characters": not 1 <= len(name) <= _LONGEST_NAME,
        "choose at least one scope": not new.scopes,
        f"your roles do not reach to {', '.join(foreign)}": bool(foreign),
        f"a token holds for 1 to {MOST_DAYS} days": not 1 <= new.days <= MOST_DAYS,
        f"you have {held} tokens; revoke one that nothing uses": held >= MOST_TOKENS,
    }
    refused = next((advice for advice, is_so in refusals.items() if is_so), None)
    if refused is not None:
        raise ProblemError(Problem(status=422, code="token", detail=refused))


def _implied(scope: Scope) -> frozenset[Permission]:
    return frozenset() if scope is Scope.READ else frozenset({Permission.READ})


def _note_used(services: Services, token: ApiToken, now: datetime) -> None:
    with services.records.transaction() as tx:
        current = tx.api_token(token.id)
        if current is None or not current.holds(now):  # revoked in between it must not come back
            return
        tx.save_api_token(replace(current, last_used=now))
        if current.last_used is None:
            audit_token(tx, token.account_id, "token_first_used", token, now, name=token.name)
