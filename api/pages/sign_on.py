"""To the house's own sign-on and back: coming in, connecting one's account, following a link without a password."""

import base64
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import ClientAddress, ReaderLanguage, ServicesOf, SignedInPerson, Visitor
from api.messages import Language
from api.pages.access import OWN, PEOPLE, AdministeringVisit, OwnVisit
from api.pages.doors import alone
from api.pages.rendering import local_path, with_query
from api.ports import Services, WebSettings
from api.security.accounts import AccountError
from api.security.cookies import read_session, set_session
from api.security.sessions import SignedIn
from api.security.sign_on import CodeNeededError, connect, connect_by_link, disconnect, enter, reset_sign_on
from api.sign_on_ports import Attempt, SignOnError

router = APIRouter()

BACK = "/sign-on/back"
LASTS_S = 600
_LONGEST = 4_000
_ENTER, _CONNECT, _LINK, _CODE = "enter", "connect", "link", "code"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What a browser keeps while it is away: the attempt's secret, why it went, and where it goes on."""

    secret: str
    why: str
    about: str = ""
    """A set-up link's token, or the ticket of somebody who owes a code."""
    next: str = "/"

    def written(self) -> str:
        """Return it as the value of a cookie."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


@router.get("/sign-on")
def begin_entering(services: ServicesOf, request: Request, language: ReaderLanguage, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    """Go to the sign-on to come in."""
    trip = Trip(secret=Attempt.begin().secret, why=_ENTER, next=local_path(next)[:500])
    return _go(request, services, language, trip, lambda there: RedirectResponse(there, HTTPStatus.SEE_OTHER))


@router.post("/account/sign-on")
def begin_connecting(visit: OwnVisit, _: SignedInPerson) -> Response:
    """Go to the sign-on to connect one's own account."""
    trip = Trip(secret=Attempt.begin().secret, why=_CONNECT, next=OWN)
    return _go_by_page(visit.request, visit.services, visit.language, trip)


@router.post("/set-up/sign-on")
def begin_by_link(
    request: Request,
    services: ServicesOf,
    language: ReaderLanguage,
    token: Annotated[str, Form(max_length=256)] = "",
) -> Response:
    """Go to the sign-on to connect the account of a set-up link, instead of choosing a password."""
    trip = Trip(secret=Attempt.begin().secret, why=_LINK, about=token)
    return _go_by_page(request, services, language, trip)


@router.get(BACK)
def come_back(
    request: Request, services: ServicesOf, language: ReaderLanguage, address: ClientAddress, found: Visitor
) -> Response:
    """Take what the sign-on sent back, and do what the browser went for."""
    trip = _trip(request, services.web)
    if trip is None or services.sign_on is None or trip.why == _CODE:
        return _failed(request, services, language, "sign_on.lost")
    try:
        who = services.sign_on.who(dict(request.query_params), Attempt(trip.secret), back=_back(services))
    except SignOnError as exc:
        _log.warning("the sign-on did not say who came", code=exc.code, why=str(exc))
        return _failed(request, services, language, f"sign_on.{exc.code}")
    try:
        return _done(request, services, trip, who, address, found)
    except CodeNeededError:
        ticket = services.waiting_for_code.keep(who, now=services.clock.now())
        waiting = Trip(secret=trip.secret, why=_CODE, about=ticket, next=trip.next)
        return _kept(alone(request, services, language, "sign_on_code.html"), services.web, waiting)
    except AccountError as exc:
        if trip.why == _CONNECT:
            taken = with_query(OWN, refused="sign_on_taken")
            return _over(RedirectResponse(taken, HTTPStatus.SEE_OTHER), services.web)
        return _failed(request, services, language, f"account.{exc.code}")


@router.post("/sign-on/code")
def enter_with_code(
    request: Request,
    services: ServicesOf,
    language: ReaderLanguage,
    address: ClientAddress,
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Come in after the second step."""
    trip, now = _trip(request, services.web), services.clock.now()
    who = None if trip is None or trip.why != _CODE else services.waiting_for_code.whose(trip.about, now=now)
    if trip is None or who is None:
        return _failed(request, services, language, "sign_on.lost")
    try:
        before = read_session(request, services.web)
        signed_in = enter(services, who, address=address, code=code, replaces=before)
    except AccountError as exc:
        status, refusal = HTTPStatus.UNPROCESSABLE_ENTITY, f"account.{exc.code}"
        return alone(request, services, language, "sign_on_code.html", status=status, refusal=refusal)
    services.waiting_for_code.done(trip.about)
    return _inside(request, services, trip, signed_in)


@router.post("/account/sign-on/end")
def part_own(visit: OwnVisit, found: SignedInPerson) -> Response:
    """Part one's own account from the sign-on."""
    try:
        disconnect(visit.services, found.account)
    except AccountError:
        return RedirectResponse(with_query(OWN, refused="sign_on_only_way"), HTTPStatus.SEE_OTHER)
    return RedirectResponse(with_query(OWN, done="sign_on_parted"), HTTPStatus.SEE_OTHER)


@router.post("/people/{account}/sign-on/end")
def part_somebodys(visit: AdministeringVisit, account: str) -> Response:
    """Part somebody's account from the sign-on: they are no longer who they were there."""
    try:
        with visit.services.records.transaction() as tx:
            reset_sign_on(tx, account, actor=visit.actor, clock=visit.services.clock)
    except AccountError as exc:
        return RedirectResponse(with_query(PEOPLE, refused=f"account_{exc.code}"), HTTPStatus.SEE_OTHER)
    return RedirectResponse(with_query(PEOPLE, done="sign_on_parted"), HTTPStatus.SEE_OTHER)


def _done(request: Request, services: Services, trip: Trip, who: str, address: str, found: SignedIn | None) -> Response:
    """Do what the browser went for. Raises AccountError."""
    if trip.why == _CONNECT:
        if found is not None and found.api_token is None:
            connect(services, who, account=found.account)
            return _over(
                RedirectResponse(with_query(OWN, done="sign_on_connected"), HTTPStatus.SEE_OTHER), services.web
            )
        return _over(RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER), services.web)
    before = read_session(request, services.web)
    if trip.why == _LINK:
        signed_in = connect_by_link(services, who, token=trip.about, address=address, replaces=before)
    else:
        signed_in = enter(services, who, address=address, replaces=before)
    return _inside(request, services, trip, signed_in)


def _inside(request: Request, services: Services, trip: Trip, signed_in: SignedIn) -> Response:
    set_session(request, services.web, signed_in.token)
    return _over(RedirectResponse(local_path(trip.next), HTTPStatus.SEE_OTHER), services.web)


def _go(
    request: Request, services: Services, language: Language, trip: Trip, answer: Callable[[str], Response]
) -> Response:
    if services.sign_on is None:
        return _failed(request, services, language, "sign_on.none")
    try:
        there = services.sign_on.address(Attempt(trip.secret), back=_back(services))
    except SignOnError as exc:
        _log.warning("the sign-on cannot be asked", code=exc.code, why=str(exc))
        return _failed(request, services, language, f"sign_on.{exc.code}")
    return _kept(answer(there), services.web, trip)


def _go_by_page(request: Request, services: Services, language: Language, trip: Trip) -> Response:
    """Go by a page of our own: the policy on forms lets none of them end at another server."""

    def answer(there: str) -> Response:
        page = alone(request, services, language, "sign_on_go.html", there=there)
        page.headers["Refresh"] = f"0; url={there}"
        return page

    return _go(request, services, language, trip, answer)


def _failed(request: Request, services: Services, language: Language, refusal: str) -> Response:
    view = {"next": "/", "user_name": "", "refusal": refusal}
    page = alone(request, services, language, "sign_in.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, **view)
    return _over(page, services.web)


def _back(services: Services) -> str:
    return services.web.origin.rstrip("/") + BACK


def _name(web: WebSettings) -> str:
    return "__Host-premises-sign-on" if web.secure else "premises-sign-on"


def _trip(request: Request, web: WebSettings) -> Trip | None:
    written = request.cookies.get(_name(web), "")
    if not 0 < len(written) <= _LONGEST:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(written.encode("ascii")))
        trip = Trip(**told)
    except (ValueError, TypeError):
        return None
    is_text = all(isinstance(each, str) for each in (trip.secret, trip.why, trip.about, trip.next))
    return trip if is_text and trip.secret else None


def _kept(answer: Response, web: WebSettings, trip: Trip) -> Response:
    answer.set_cookie(
        _name(web), trip.written(), max_age=LASTS_S, path="/", secure=web.secure, httponly=True, samesite="lax"
    )
    return answer


def _over(answer: Response, web: WebSettings) -> Response:
    answer.delete_cookie(_name(web), path="/", secure=web.secure, httponly=True, samesite="lax")
    return answer
