"""People as the program knows them: accounts, their sessions, set-up links. Secrets appear as hashes only."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sensors.actors import Actor, Limit, Role
from sensors.scopes import Scope, allowed_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Someone who can sign in. `user_name` is unique and kept in lower case.

    `password_hash` is Argon2's own form; empty means that nobody signs in with a password.
    `person` is the registry's id of the same human, where there is one.
    """

    id: str
    user_name: str
    name: str
    password_hash: str
    roles: frozenset[Role]
    created: datetime
    password_changed: datetime
    disabled: datetime | None = None
    person: str | None = None
    limits: frozenset[Limit] = frozenset()
    """Where roles count; a role that none names counts everywhere."""
    totp_secret: str = field(default="", repr=False)
    """What the person's authenticator knows, Base32; empty without a second step."""
    totp_step: int | None = None
    """The step whose code was taken last: none is taken twice."""
    recovery: tuple[str, ...] = field(default=(), repr=False)
    """Digests of the codes that stand in for a lost authenticator, each once."""
    sign_on: str | None = None
    """Who the person is at the house's own sign-on: its issuer, a space, and the subject that it calls them."""

    def actor(self) -> Actor:
        """Return the account as someone who acts."""
        return Actor(id=self.id, name=self.name, roles=self.roles, limits=self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser. `token_hash` is SHA-256, hex, of what its cookie holds."""

    token_hash: str
    account_id: str
    created: datetime
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpToken:
    """A link, good once and before `expires`: the first person makes an account, or `account_id` chooses a password."""

    token_hash: str
    created: datetime
    expires: datetime
    account_id: str | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's way in, as an account and within its scopes. `token_hash` is SHA-256, hex, of what the program holds.

    `hint` is the token's last characters, by which people tell theirs apart.
    """

    id: str
    token_hash: str
    hint: str
    account_id: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    expires: datetime
    last_used: datetime | None = None
    revoked: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether the token opens anything."""
        return self.revoked is None and now < self.expires

    def narrow(self, actor: Actor) -> Actor:
        """Return the token's person as the token lets them act."""
        return replace(actor, only=allowed_by(self.scopes))
