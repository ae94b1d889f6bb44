"""The second step of signing in: one's own, and taken away by the security administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from api.dependencies import AllServices, PersonActor, SignedInPerson, permit
from api.routes.bodies import Body, Text
from api.routes.views import AccountView
from api.security.second_factor import end_second_factor, reset_second_factor, set_up_second_factor
from api.security.totp import new_secret, provisioning_uri
from sensors.actors import Actor, Permission

router = APIRouter(tags=["identity"])

Administrator = Annotated[Actor, Depends(permit(Permission.MANAGE_USERS))]


class FactorBody(Body):
    """The secret that the authenticator was given, and the code that it shows now."""

    secret: Annotated[Text, Field(max_length=64)]
    code: Annotated[Text, Field(max_length=20)]


class PasswordBody(Body):
    """One's present password."""

    password: Annotated[Text, Field(max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorOffered:
    """A secret for an authenticator, by itself and as the address of a QR code. Nothing is kept of it yet."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSetUp:
    """Codes that stand in for a lost authenticator, each once; told this once."""

    recovery_codes: Sequence[str]


@router.post("/me/second-factor/offer")
def post_offer(services: AllServices, found: SignedInPerson) -> FactorOffered:
    """Return a new secret to be given to an authenticator."""
    secret, issuer = new_secret(), services.registry().site.name.en
    return FactorOffered(secret=secret, uri=provisioning_uri(secret, user_name=found.account.user_name, issuer=issuer))


@router.post("/me/second-factor", status_code=201)
def post_factor(services: AllServices, actor: PersonActor, given: FactorBody) -> FactorSetUp:
    """Ask for a code at every sign-in from now on, proven by one."""
    with services.records.transaction() as tx:
        codes = set_up_second_factor(tx, given.secret, given.code, actor=actor, clock=services.clock)
    return FactorSetUp(recovery_codes=codes)


@router.post("/me/second-factor/end", status_code=204)
def post_end(services: AllServices, found: SignedInPerson, given: PasswordBody) -> Response:
    """Ask for no code any more."""
    end_second_factor(services, found.account, password=given.password)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/second-factor/reset")
def post_reset(services: AllServices, actor: Administrator, account_id: str) -> AccountView:
    """Take the second step from somebody who has lost their authenticator and their recovery codes."""
    with services.records.transaction() as tx:
        return AccountView.of(reset_second_factor(tx, account_id, actor=actor, clock=services.clock))
