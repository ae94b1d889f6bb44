"""Tokens for programs: one's own, and for the security administrator everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from api.dependencies import AllServices, PersonActor, permit
from api.people import names
from api.routes.bodies import Body, Text
from api.routes.views import Names
from api.security.api_tokens import MOST_DAYS, USUAL_DAYS, NewToken, make_token, revoke_token
from sensors.accounts import ApiToken
from sensors.actors import Actor, Permission
from sensors.scopes import Scope

router = APIRouter(tags=["tokens"])

Administrator = Annotated[Actor, Depends(permit(Permission.MANAGE_USERS))]


class TokenBody(Body):
    """A token that is wanted: what for, what it may do, and for how many days."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = USUAL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token without its secret; `hint` is how the secret ends, `active` whether it opens anything now."""

    id: str
    name: str
    hint: str
    account: str
    account_name: str
    scopes: Sequence[Scope]
    created: datetime
    expires: datetime
    last_used: datetime | None
    revoked: datetime | None
    active: bool

    @classmethod
    def of(cls, token: ApiToken, known: Names, now: datetime) -> "TokenView":
        """Return the view of a token."""
        return cls(
            id=token.id,
            name=token.name,
            hint=token.hint,
            account=token.account_id,
            account_name=known.get(token.account_id, token.account_id),
            scopes=sorted(token.scopes),
            created=token.created,
            expires=token.expires,
            last_used=token.last_used,
            revoked=token.revoked,
            active=token.holds(now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMade:
    """A new token. `secret` is told this once; send it as `Authorization: Bearer SECRET`."""

    token: TokenView
    secret: str


@router.get("/me/tokens")
def get_own_tokens(services: AllServices, actor: PersonActor) -> Sequence[TokenView]:
    """Return one's own tokens, the newest first."""
    now = services.clock.now()
    with services.records.reading() as tx:
        known = names(tx)
        return [TokenView.of(token, known, now) for token in tx.api_tokens(actor.id)]


@router.post("/me/tokens", status_code=201)
def post_token(services: AllServices, actor: PersonActor, given: TokenBody) -> TokenMade:
    """Make a token for a program that acts as oneself, within its scopes."""
    new = NewToken(name=given.name, scopes=given.scopes, days=given.days)
    with services.records.transaction() as tx:
        made = make_token(tx, new, actor=actor, clock=services.clock)
        view = TokenView.of(made.token, names(tx), services.clock.now())
    return TokenMade(token=view, secret=made.secret)


@router.post("/me/tokens/{token_id}/revoke")
def post_own_revoke(services: AllServices, actor: PersonActor, token_id: str) -> TokenView:
    """End one's own token, or as security administrator anybody's."""
    return _revoke(services, actor, token_id)


@router.get("/tokens")
def get_tokens(services: AllServices, _: Administrator) -> Sequence[TokenView]:
    """Return all tokens, the newest first."""
    now = services.clock.now()
    with services.records.reading() as tx:
        known = names(tx)
        return [TokenView.of(token, known, now) for token in tx.api_tokens()]


@router.post("/tokens/{token_id}/revoke")
def post_revoke(services: AllServices, actor: Administrator, token_id: str) -> TokenView:
    """End anybody's token."""
    return _revoke(services, actor, token_id)


def _revoke(services: AllServices, actor: Actor, token_id: str) -> TokenView:
    with services.records.transaction() as tx:
        token = revoke_token(tx, token_id, actor=actor, clock=services.clock)
        return TokenView.of(token, names(tx), services.clock.now())
