"""The way in and out: sign-in, the first account, sign-out, and the choice of a language."""

from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import LANGUAGE_COOKIE, ClientAddress, ReaderLanguage, ServicesOf, Visitor, acting
from api.messages import Language, Messages
from api.pages.rendering import local_path, render_alone, with_query
from api.ports import Services
from api.security.accounts import AccountError, follow_link
from api.security.cookies import clear_session, read_session, set_session
from api.security.passwords import BusyError, WeakPasswordError
from api.security.sign_in import sign_in, sign_out
from api.security.tokens import digest
from sensors.accounts import SetUpToken
from sensors.actors import Permission

router = APIRouter()

YEAR_S = 365 * 86_400


def alone(
    request: Request,
    services: Services,
    language: Language,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    **view: object,
) -> Response:
    """Return a page outside the console, with what the house's sign-on is called; empty where there is none."""
    registry = services.registry()
    messages = Messages(language, ZoneInfo(registry.site.timezone))
    refusal, done = str(view.pop("refusal", "")), str(view.pop("done", ""))
    texts = {
        "refusal": messages.text(refusal) if messages.has(refusal) else "",
        "done": messages.text(f"done.{done}") if messages.has(f"done.{done}") else "",
    }
    site = registry.site.name.in_language(language)
    texts["sign_on"] = "" if services.sign_on is None else services.sign_on.names[language]
    return render_alone(request, messages, template=template, site=site, status=status, **texts, **view)


@router.get("/sign-in", name="sign_in_page")
def sign_in_page(
    request: Request,
    services: ServicesOf,
    language: ReaderLanguage,
    found: Visitor,
    next: str = "/",  # noqa: A002 - the address's own word
    done: str = "",
) -> Response:
    """Show the form; somebody who is signed in goes on."""
    if found is not None:
        return RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    return alone(request, services, language, "sign_in.html", next=local_path(next), user_name="", done=done)


@router.post("/sign-in")
def sign_in_by_form(
    request: Request,
    services: ServicesOf,
    language: ReaderLanguage,
    address: ClientAddress,
    user_name: Annotated[str, Form(max_length=256)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the form's field
) -> Response:
    """Sign in and go on, or say that it was not right; never which of the two."""
    refusal = "sign_in.refused"
    try:
        before = read_session(request, services.web)
        signed_in = sign_in(
            services, user_name=user_name, password=password, address=address, code=code, replaces=before
        )
    except BusyError:
        signed_in, refusal = None, "sign_in.busy"
    if signed_in is not None:
        set_session(request, services.web, signed_in.token)
        wanted = local_path(next)
        # Who may not read has no page of today; their own account is open to everybody.
        is_lost = wanted == "/" and not acting(request, signed_in).may(Permission.READ)
        return RedirectResponse("/account" if is_lost else wanted, HTTPStatus.SEE_OTHER)
    view = {"next": local_path(next), "user_name": user_name, "refusal": refusal}
    return alone(request, services, language, "sign_in.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, **view)


@router.post("/sign-out")
def sign_out_by_form(request: Request, services: ServicesOf, found: Visitor) -> Response:
    """End the session."""
    if found is not None:
        sign_out(services, found)
    clear_session(request, services.web)
    return RedirectResponse(with_query("/sign-in", done="signed_out"), HTTPStatus.SEE_OTHER)


@router.get("/set-up", name="set_up_page")
def set_up_page(request: Request, services: ServicesOf, language: ReaderLanguage, token: str = "") -> Response:
    """Show the form behind a one-time link: the first account, or a new password."""
    return _set_up(request, services, language, token=token)


@router.post("/set-up")
def set_up_by_form(
    request: Request,
    services: ServicesOf,
    language: ReaderLanguage,
    token: Annotated[str, Form(max_length=256)] = "",
    name: Annotated[str, Form(max_length=256)] = "",
    user_name: Annotated[str, Form(max_length=256)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Make the first account or choose a password, then go to the sign-in."""
    try:
        follow_link(services, token=token, user_name=user_name, name=name, password=password)
    except AccountError as exc:
        refusal = f"account.{exc.code}"
    except WeakPasswordError as exc:
        refusal = f"password.{exc.weakness}"
    except BusyError:
        refusal = "sign_in.busy"
    else:
        return RedirectResponse(with_query("/sign-in", done="set_up"), HTTPStatus.SEE_OTHER)
    typed = {"name": name, "user_name": user_name, "refusal": refusal}
    return _set_up(request, services, language, token=token, status=HTTPStatus.UNPROCESSABLE_ENTITY, **typed)


def _set_up(
    request: Request,
    services: Services,
    language: Language,
    *,
    token: str,
    status: int = HTTPStatus.OK,
    name: str = "",
    user_name: str = "",
    refusal: str = "",
) -> Response:
    link = _link(services, token)
    view = {
        "token": token,
        "usable": link is not None,
        "is_first": link is None or link.account_id is None,
        "name": name,
        "user_name": user_name,
        "refusal": refusal,
    }
    return alone(request, services, language, "set_up.html", status=status, **view)


def _link(services: Services, token: str) -> SetUpToken | None:
    """Return a link that still holds."""
    with services.records.reading() as tx:
        link = tx.set_up_token(digest(token))
    return link if link is not None and link.used is None and services.clock.now() < link.expires else None


@router.get("/language/{wanted}")
def choose_language(services: ServicesOf, wanted: Language, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    """Remember the reader's language and go back to the page."""
    answer = RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        LANGUAGE_COOKIE, wanted, max_age=YEAR_S, secure=services.web.secure, httponly=True, samesite="lax"
    )
    return answer
