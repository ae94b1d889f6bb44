"""What the pages on one's own account and on people show: accounts, where their roles count, tokens of programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.desk import Desk
from api.pages.views import Moment
from api.security.api_tokens import available_scopes
from api.security.second_factor import lacks_second_factor
from sensors.accounts import Account, ApiToken
from sensors.actors import LIMITABLE, Limit, LimitKind, Role
from sensors.topology import BuildingId, DepartmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One box of a form."""

    value: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLimits:
    """A role that can be limited, with the places to choose from."""

    role: str
    places: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token of a program, without its secret."""

    id: str
    name: str
    hint: str
    owner: str
    scopes: Sequence[str]
    created: Moment
    expires: Moment
    last_used: Moment | None
    state: str
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account as its administrator sees it; `is_own` cannot be changed by themselves."""

    id: str
    name: str
    user_name: str
    roles: Sequence[str]
    where: Sequence[str]
    state: str
    tone: str
    created: Moment
    is_own: bool
    is_disabled: bool
    has_second_step: bool
    is_connected: bool
    role_choices: Sequence[Choice]
    limits: Sequence[RoleLimits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is secret and shows this once: a token, an authenticator's secret with its QR code, recovery codes."""

    token: str = ""
    offer: str = ""
    qr: str = ""
    recovery: Sequence[str] = ()


NOTHING = Shown()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """One's own account, its second step of signing in, and its tokens."""

    name: str
    user_name: str
    roles: Sequence[str]
    where: Sequence[str]
    tokens: Sequence[TokenRow]
    scopes: Sequence[Choice]
    has_password: bool
    has_second_step: bool
    must_set_up: bool
    sign_on: str
    is_connected: bool
    shown: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """All accounts and the tokens that hold; `link` is what a person is given, shown this once."""

    accounts: Sequence[AccountRow]
    tokens: Sequence[TokenRow]
    role_choices: Sequence[Choice]
    link: str = ""
    link_for: str = ""


def own_account(desk: Desk, shown: Shown = NOTHING) -> OwnAccount:
    """Return the reader's own account."""
    account = desk.tx.account(desk.actor.id)
    assert account is not None  # noqa: S101 - whoever asks is signed in as this account
    return OwnAccount(
        name=account.name,
        user_name=account.user_name,
        roles=_roles(desk, account.roles),
        where=_where(desk, account),
        tokens=[_token(desk, each) for each in desk.tx.api_tokens(account.id)],
        scopes=[Choice(value=each, text=desk.messages.text(f"scope.{each}")) for each in available_scopes(desk.actor)],
        has_password=bool(account.password_hash),
        has_second_step=bool(account.totp_secret),
        must_set_up=lacks_second_factor(account, desk.services.web),
        sign_on="" if desk.services.sign_on is None else desk.services.sign_on.names[desk.messages.language],
        is_connected=account.sign_on is not None,
        shown=shown,
    )


def people(desk: Desk, link: str = "", link_for: str = "") -> People:
    """Return all accounts, those that are closed last."""
    accounts = sorted(desk.tx.accounts(), key=lambda each: (each.disabled is not None, each.user_name))
    tokens = [each for each in desk.tx.api_tokens() if each.holds(desk.now)]
    return People(
        accounts=[_account(desk, each) for each in accounts],
        tokens=[_token(desk, each) for each in tokens],
        role_choices=_role_choices(desk, frozenset()),
        link=link,
        link_for=link_for,
    )


def _account(desk: Desk, account: Account) -> AccountRow:
    state, tone = _state(account)
    return AccountRow(
        id=account.id,
        name=account.name,
        user_name=account.user_name,
        roles=_roles(desk, account.roles),
        where=_where(desk, account),
        state=desk.messages.text(f"people.state.{state}"),
        tone=tone,
        created=desk.wording.moment(account.created),
        is_own=account.id == desk.actor.id,
        is_disabled=account.disabled is not None,
        has_second_step=bool(account.totp_secret),
        is_connected=account.sign_on is not None,
        role_choices=_role_choices(desk, account.roles),
        limits=[_limits(desk, role, account.limits) for role in sorted(account.roles & LIMITABLE)],
    )


def _state(account: Account) -> tuple[str, str]:
    if account.disabled is not None:
        return "disabled", "none"
    return ("open", "good") if account.password_hash or account.sign_on else ("waiting", "yellow")


def _roles(desk: Desk, roles: frozenset[Role]) -> Sequence[str]:
    return [desk.messages.text(f"role.{role}") for role in sorted(roles)]


def _role_choices(desk: Desk, held: frozenset[Role]) -> Sequence[Choice]:
    return [Choice(value=role, text=desk.messages.text(f"role.{role}"), is_chosen=role in held) for role in Role]


def _where(desk: Desk, account: Account) -> Sequence[str]:
    """Return in words where roles count; nothing where all of them count everywhere."""
    role = {each: desk.messages.text(f"role.{each}") for each in account.roles}
    return [f"{role[each.role]} · {_place(desk, each)}" for each in sorted(account.limits)]


def _place(desk: Desk, limit: Limit) -> str:
    registry, language = desk.services.registry(), desk.wording.language
    if limit.kind is LimitKind.BUILDING and BuildingId(limit.id) in registry.buildings:
        return registry.buildings[BuildingId(limit.id)].name.in_language(language)
    if limit.kind is LimitKind.DEPARTMENT and DepartmentId(limit.id) in registry.departments:
        return registry.departments[DepartmentId(limit.id)].name.in_language(language)
    return registry.site.name.in_language(language) if limit.id == registry.site.id else limit.id


def _limits(desk: Desk, role: Role, held: frozenset[Limit]) -> RoleLimits:
    registry = desk.services.registry()
    known = [Limit(role, LimitKind.BUILDING, each) for each in registry.buildings]
    known += [Limit(role, LimitKind.DEPARTMENT, each) for each in registry.departments]
    gone = [each for each in sorted(held) if each.role is role and each not in known]
    places = [Choice(value=str(each), text=_place(desk, each), is_chosen=each in held) for each in (*known, *gone)]
    return RoleLimits(role=desk.messages.text(f"role.{role}"), places=places)


def _token(desk: Desk, token: ApiToken) -> TokenRow:
    owner = desk.wording.person(token.account_id)
    is_over = token.expires <= desk.now
    state = "revoked" if token.revoked is not None else "expired" if is_over else "active"
    return TokenRow(
        id=token.id,
        name=token.name,
        hint=token.hint,
        owner=owner or token.account_id,
        scopes=[desk.messages.text(f"scope.{scope}") for scope in sorted(token.scopes)],
        created=desk.wording.moment(token.created),
        expires=desk.wording.moment(token.expires),
        last_used=None if token.last_used is None else desk.wording.moment(token.last_used),
        state=desk.messages.text(f"token.state.{state}"),
        is_active=token.holds(desk.now),
    )
