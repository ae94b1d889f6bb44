"""What routes and pages ask for: the services, who is there, what they may, in which language."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, cast

from fastapi import Depends, Request

from api.messages import Language, preferred_language
from api.ports import Services
from api.problems import Problem, ProblemError, SignInNeededError
from api.security.accounts import demo_account
from api.security.api_tokens import bearer_of, find_token, refused_token
from api.security.cookies import read_session, set_session
from api.security.held import HeldActor
from api.security.hosts import LOOPBACK_NAMES, host_name, is_loopback
from api.security.limited_services import limit_services
from api.security.middleware import SAFE_METHODS
from api.security.second_factor import lacks_second_factor
from api.security.sessions import SignedIn, begin_session, find_session
from api.security.tokens import csrf_matches
from api.security.tokens import csrf_token as csrf_token_of
from sensors.actors import Actor, Permission

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
REFRESH_HEADER = "X-Premises-Refresh"
"""A page that fetches something by itself says so by this header; that does not keep its session alive."""
LANGUAGE_COOKIE = "premises_language"

_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip")


def get_services(request: Request) -> Services:
    """Return what the application was made with."""
    return cast("Services", request.app.state.services)


AllServices = Annotated[Services, Depends(get_services)]
"""What the application was made with, whoever asks: for the way in, accounts and tokens."""


async def given_csrf_token(request: Request) -> str:
    """Return the token that an unsafe request carries in its header, or in its form's field; empty without one."""
    if request.method in SAFE_METHODS:
        return ""
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if not request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return ""
    form = await request.form()
    field = form.get(CSRF_FIELD)
    return field if isinstance(field, str) else ""


def recognised(request: Request, services: AllServices) -> SignedIn | None:
    """Return whose cookie or program's token came with the request, None for nobody's or one that holds no more."""
    secret = bearer_of(request)
    if secret is not None:
        return find_token(services, secret)
    token = read_session(request, services.web)
    return None if token is None else _resume(request, services, token)


Recognised = Annotated[SignedIn | None, Depends(recognised)]


def acting(request: Request, found: SignedIn) -> Actor:
    """Return who a session or a token lets act: with limits, one and the same for the whole request.

    Who must set up a second step of signing in may do nothing until they have.
    """
    if lacks_second_factor(found.account, get_services(request).web):
        return replace(found.actor(), only=frozenset())
    if not found.account.limits:
        return found.actor()
    held: HeldActor | None = getattr(request.state, "held_actor", None)
    if held is None or held.id != found.account.id:
        held = request.state.held_actor = HeldActor.of(found.actor())
    return held


def services_within_reach(request: Request, services: AllServices, found: Recognised) -> Services:
    """Return what whoever asks may reach of the services."""
    actor = None if found is None else acting(request, found)
    return limit_services(services, actor) if isinstance(actor, HeldActor) else services


ServicesOf = Annotated[Services, Depends(services_within_reach)]


def visitor(
    request: Request, services: AllServices, found: Recognised, csrf: Annotated[str, Depends(given_csrf_token)]
) -> SignedIn | None:
    """Return the session of whoever asks, None for nobody; an unsafe request must carry the session's token.

    A program's token needs no other: no browser adds it by itself. On loopback a demo signs a visitor in who only
    looks. Raises ProblemError for a token that does not hold.
    """
    if bearer_of(request) is not None:
        if found is None:
            raise refused_token()
        return found
    signed_in = found
    if signed_in is None:
        return _demo_visitor(request, services) if request.method in SAFE_METHODS else None
    if request.method not in SAFE_METHODS and not csrf_matches(signed_in.token, csrf):
        raise ProblemError(Problem(status=403, code="csrf", detail="the page is too old; load it again and repeat"))
    return signed_in


Visitor = Annotated[SignedIn | None, Depends(visitor)]


def signed_in_visitor(found: Visitor) -> SignedIn:
    """Return the session of whoever asks. Raises SignInNeededError."""
    if found is None:
        raise SignInNeededError
    return found


SignedInVisitor = Annotated[SignedIn, Depends(signed_in_visitor)]


def current_actor(request: Request, found: SignedInVisitor) -> Actor:
    """Return who asks. Raises SignInNeededError."""
    return acting(request, found)


CurrentActor = Annotated[Actor, Depends(current_actor)]


def signed_in_person(found: SignedInVisitor) -> SignedIn:
    """Return the session of a person. Raises SignInNeededError, and ProblemError for a program."""
    if found.api_token is not None:
        advice = "this is for a person who is signed in; no token does it"
        raise ProblemError(Problem(status=403, code="person_needed", detail=advice))
    return found


SignedInPerson = Annotated[SignedIn, Depends(signed_in_person)]


def person_actor(request: Request, found: SignedInPerson) -> Actor:
    """Return the person who asks. Raises SignInNeededError, ProblemError."""
    return acting(request, found)


PersonActor = Annotated[Actor, Depends(person_actor)]


def csrf_token(found: Visitor) -> str:
    """Return the token for the page's forms, empty when nobody is signed in."""
    return "" if found is None or found.api_token is not None else csrf_token_of(found.token)


CsrfToken = Annotated[str, Depends(csrf_token)]


@dataclass(frozen=True, slots=True)
class Permit:
    """Lets those pass who have a permission, and hands on who it is."""

    permission: Permission

    def __call__(self, actor: CurrentActor) -> Actor:
        """Return who asks. Raises SignInNeededError, NotPermittedError."""
        actor.must(self.permission)
        return actor


def permit(permission: Permission) -> Callable[[Actor], Actor]:
    """Return the dependency that lets those pass who have a permission."""
    return Permit(permission)


Reader = Annotated[Actor, Depends(permit(Permission.READ))]
Exporter = Annotated[Actor, Depends(permit(Permission.EXPORT))]


def language(request: Request) -> Language:
    """Return the reader's language: the one chosen, else the first that the browser asks for, else Chinese."""
    return preferred_language(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


ReaderLanguage = Annotated[Language, Depends(language)]


def client_address(request: Request, services: ServicesOf) -> str:
    """Return the address that the request came from: the peer's, or what a known proxy says it is."""
    peer = _peer(request)
    if peer not in services.web.proxies:
        return peer
    # The last entry is the proxy's own; those before it are whatever the client wrote.
    return request.headers.get("x-forwarded-for", peer).rsplit(",", 1)[-1].strip()


ClientAddress = Annotated[str, Depends(client_address)]


def may_enter_demo(request: Request, services: Services) -> bool:
    """Say whether a demo runs and the request comes straight from this machine, under a loopback name."""
    web = services.web
    return web.demo_actor is not None and web.listens_on_loopback and is_from_this_machine(request)


def is_from_this_machine(request: Request) -> bool:
    """Say whether a request comes straight from this machine, under a loopback name and through no proxy."""
    return (
        is_loopback(_peer(request))
        and host_name(request.headers.get("host", "")) in LOOPBACK_NAMES
        and not any(name in request.headers for name in _PROXY_HEADERS)
    )


def _peer(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _resume(request: Request, services: Services, token: str) -> SignedIn | None:
    keeps_alive = REFRESH_HEADER not in request.headers
    signed_in = find_session(services, token, keeps_alive=keeps_alive)
    demo = services.web.demo_actor
    if signed_in is not None and demo is not None and signed_in.account.id == demo.id:
        return signed_in if may_enter_demo(request, services) else None
    return signed_in


def _demo_visitor(request: Request, services: Services) -> SignedIn | None:
    actor = services.web.demo_actor
    if actor is None or not may_enter_demo(request, services):
        return None
    now = services.clock.now()
    with services.records.transaction() as tx:
        signed_in = begin_session(tx, demo_account(tx, actor, now=now), now=now, web=services.web)
    set_session(request, services.web, signed_in.token)
    return signed_in
