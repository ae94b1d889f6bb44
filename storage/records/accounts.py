"""Accounts, sessions, set-up links, failures to sign in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from sensors.accounts import Account, ApiToken, Session, SetUpToken
from sensors.journal import ChangeKind
from storage.records.part import Part, by_key
from storage.records.tables import ACCOUNTS, API_TOKENS, SESSIONS, SET_UP_TOKENS, SIGN_IN_FAILURES


class AccountRows(Part):
    """Keeps `api.ports.AccountTransaction`. The API writes the audit log for it, for it knows who acts."""

    __slots__ = ()

    def account(self, account_id: str) -> Account | None:
        """Return an account."""
        row = self._row(by_key(ACCOUNTS, account_id))
        return None if row is None else Account(**row)

    def account_named(self, user_name: str) -> Account | None:
        """Return the account of a user name, compared exactly; callers normalise."""
        row = self._row(ACCOUNTS.select().where(ACCOUNTS.c.user_name == user_name))
        return None if row is None else Account(**row)

    def account_of_sign_on(self, sign_on: str) -> Account | None:
        """Return the account that somebody at the house's sign-on has, compared exactly."""
        row = self._row(ACCOUNTS.select().where(ACCOUNTS.c.sign_on == sign_on))
        return None if row is None else Account(**row)

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, by user name."""
        # Sorted here: databases differ in how they sort text.
        return sorted((Account(**row) for row in self._rows(ACCOUNTS.select())), key=lambda each: each.user_name)

    def save_account(self, account: Account) -> None:
        """Insert or update an account; adds a row of kind `account` to `changes`."""
        self._save(ACCOUNTS, account)
        self.note_change(ChangeKind.ACCOUNT, account.id)

    def session(self, token_hash: str) -> Session | None:
        """Return a session."""
        row = self._row(by_key(SESSIONS, token_hash))
        return None if row is None else Session(**row)

    def save_session(self, session: Session) -> None:
        """Insert or update a session."""
        self._save(SESSIONS, session)

    def end_session(self, token_hash: str) -> None:
        """Delete a session; nothing happens where there is none."""
        self._write(SESSIONS.delete().where(SESSIONS.c.token_hash == token_hash))

    def end_sessions_of(self, account_id: str) -> None:
        """Delete all sessions of an account."""
        self._write(SESSIONS.delete().where(SESSIONS.c.account_id == account_id))

    def end_sessions_older_than(self, *, created: datetime, seen: datetime) -> None:
        """Delete the sessions created before `created` or last seen before `seen`."""
        self._write(SESSIONS.delete().where(or_(SESSIONS.c.created < created, SESSIONS.c.seen < seen)))

    def api_token(self, token_id: str) -> ApiToken | None:
        """Return a token."""
        row = self._row(by_key(API_TOKENS, token_id))
        return None if row is None else ApiToken(**row)

    def api_token_of_hash(self, token_hash: str) -> ApiToken | None:
        """Return the token of a hash."""
        row = self._row(API_TOKENS.select().where(API_TOKENS.c.token_hash == token_hash))
        return None if row is None else ApiToken(**row)

    def api_tokens(self, account_id: str | None = None) -> Sequence[ApiToken]:
        """Return the tokens of an account, or all, the newest first."""
        query = API_TOKENS.select().order_by(API_TOKENS.c.created.desc(), API_TOKENS.c.id.desc())
        if account_id is not None:
            query = query.where(API_TOKENS.c.account_id == account_id)
        return [ApiToken(**row) for row in self._rows(query)]

    def save_api_token(self, token: ApiToken) -> None:
        """Insert or update a token."""
        self._save(API_TOKENS, token)

    def set_up_token(self, token_hash: str) -> SetUpToken | None:
        """Return a set-up link."""
        row = self._row(by_key(SET_UP_TOKENS, token_hash))
        return None if row is None else SetUpToken(**row)

    def save_set_up_token(self, token: SetUpToken) -> None:
        """Insert or update a set-up link."""
        self._save(SET_UP_TOKENS, token)

    def forget_set_up_tokens(self, account_id: str | None) -> None:
        """Delete the links of an account, with None those for the first account."""
        self._write(SET_UP_TOKENS.delete().where(SET_UP_TOKENS.c.account_id.is_not_distinct_from(account_id)))

    def add_sign_in_failure(self, key: str, *, at: datetime) -> None:
        """Note a failure under a key (`account:anna`, `address:192.0.2.7`)."""
        self._write(SIGN_IN_FAILURES.insert().values(key=key, at=at))

    def sign_in_failures(self, key: str, *, since: datetime) -> Sequence[datetime]:
        """Return the times of the failures under a key at or after `since`, the oldest first."""
        query = select(SIGN_IN_FAILURES.c.at).where(SIGN_IN_FAILURES.c.key == key, SIGN_IN_FAILURES.c.at >= since)
        return self.connection.execute(query.order_by(SIGN_IN_FAILURES.c.at)).scalars().all()

    def forget_sign_in_failures(self, key: str, *, at: datetime | None = None) -> None:
        """Delete the failures under a key, or only the one noted at that time."""
        forgotten = SIGN_IN_FAILURES.delete().where(SIGN_IN_FAILURES.c.key == key)
        if at is not None:
            same_time = select(SIGN_IN_FAILURES.c.number).where(SIGN_IN_FAILURES.c.key == key)
            one = same_time.where(SIGN_IN_FAILURES.c.at == at).limit(1)
            forgotten = SIGN_IN_FAILURES.delete().where(SIGN_IN_FAILURES.c.number.in_(one))
        self._write(forgotten)

    def forget_sign_in_failures_before(self, time: datetime) -> None:
        """Delete the failures before a time, under all keys."""
        self._write(SIGN_IN_FAILURES.delete().where(SIGN_IN_FAILURES.c.at < time))
