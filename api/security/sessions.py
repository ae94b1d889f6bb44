"""Sessions: begun at sign-in under a new token, ended by sign-out, idleness, age, or a change of the account."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.ports import AccountTransaction, Services, WebSettings
from api.security.tokens import digest, new_token
from sensors.accounts import Account, ApiToken, Session
from sensors.actors import Actor

SEEN_STEP = timedelta(minutes=1)
"""How exactly it is kept when a session was last used; each step is a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds: whose it is and the token that its browser keeps; or the token of a program."""

    account: Account
    token: str
    api_token: ApiToken | None = None

    def actor(self) -> Actor:
        """Return who acts, held to the scopes of a program's token."""
        actor = self.account.actor()
        return actor if self.api_token is None else self.api_token.narrow(actor)


def begin_session(
    tx: AccountTransaction, account: Account, *, now: datetime, web: WebSettings, replaces: str | None = None
) -> SignedIn:
    """Return a new session of an account; the one that the browser had before ends, and so do those too old."""
    if replaces is not None:
        tx.end_session(digest(replaces))
    tx.end_sessions_older_than(created=now - web.session_lifetime, seen=now - web.session_idle)
    token = new_token()
    tx.save_session(Session(token_hash=digest(token), account_id=account.id, created=now, seen=now))
    return SignedIn(account=account, token=token)


def find_session(services: Services, token: str, *, keeps_alive: bool = True) -> SignedIn | None:
    """Return the session of a token, None where it is unknown, over, or its account disabled.

    What a page fetches by itself does not keep a session alive.
    """
    now, web = services.clock.now(), services.web
    with services.records.reading() as tx:
        session = tx.session(digest(token))
        if session is None or now - session.created >= web.session_lifetime or now - session.seen >= web.session_idle:
            return None
        account = tx.account(session.account_id)
    if account is None or account.disabled is not None:
        return None
    if keeps_alive and now - session.seen >= SEEN_STEP:
        _note_seen(services, session, now)
    return SignedIn(account=account, token=token)


def _note_seen(services: Services, session: Session, now: datetime) -> None:
    with services.records.transaction() as tx:
        if tx.session(session.token_hash) is not None:  # signed out in between it must not come back
            tx.save_session(replace(session, seen=now))
