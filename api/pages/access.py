"""The pages on one's own account and on people. What is secret is shown once, in answer to the form that made it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import CsrfToken, PersonActor, ReaderLanguage, ServicesOf, SignedInPerson, permit
from api.limits import limits_of
from api.pages.access_views import Shown, own_account, people
from api.pages.rendering import with_query
from api.pages.room_codes import drawn_code
from api.pages.views import Notice
from api.pages.visits import Visit
from api.ports import RecordsTransaction
from api.problems import ProblemError
from api.security import accounts
from api.security.accounts import AccountError, NewAccount
from api.security.api_tokens import USUAL_DAYS, NewToken, make_token, revoke_token
from api.security.cookies import clear_session
from api.security.passwords import BusyError, WeakPasswordError
from api.security.second_factor import end_second_factor, reset_second_factor, set_up_second_factor
from api.security.sessions import SignedIn
from api.security.totp import is_secret, new_secret, provisioning_uri
from sensors.actors import Actor, Limit, Permission, Role
from sensors.scopes import Scope

router = APIRouter()

OWN = "/account"
PEOPLE = "/people"
Line = Annotated[str, Form(max_length=256)]


def own_visit(
    request: Request, services: ServicesOf, actor: PersonActor, csrf: CsrfToken, language: ReaderLanguage
) -> Visit:
    """Return the visit of a person to their own account."""
    return Visit(request=request, services=services, actor=actor, csrf_token=csrf, language=language)


def administering_visit(
    request: Request,
    services: ServicesOf,
    actor: Annotated[Actor, Depends(permit(Permission.MANAGE_USERS))],
    csrf: CsrfToken,
    language: ReaderLanguage,
) -> Visit:
    """Return the visit of somebody who manages accounts."""
    return Visit(request=request, services=services, actor=actor, csrf_token=csrf, language=language)


OwnVisit = Annotated[Visit, Depends(own_visit)]
AdministeringVisit = Annotated[Visit, Depends(administering_visit)]


@router.get(OWN)
def account_page(visit: OwnVisit) -> Response:
    """Show one's own account and its tokens."""
    with visit.desk() as desk:
        return visit.render(desk, "account.html", page="account", view=own_account(desk))


@router.post("/account/tokens")
def make_own_token(
    visit: OwnVisit,
    name: Line = "",
    scopes: Annotated[list[Scope], Form()] = [],  # noqa: B006 - the framework copies it
    days: Annotated[int, Form()] = USUAL_DAYS,
) -> Response:
    """Make a token and show its secret, this once."""
    new = NewToken(name=name, scopes=frozenset(scopes), days=days)
    try:
        with visit.services.records.transaction() as tx:
            secret = make_token(tx, new, actor=visit.actor, clock=visit.services.clock).secret
    except ProblemError:
        return RedirectResponse(with_query(OWN, refused="token"), HTTPStatus.SEE_OTHER)
    with visit.desk() as desk:
        return visit.render(desk, "account.html", page="account", view=own_account(desk, Shown(token=secret)))


@router.post("/account/tokens/{token}/revoke")
def revoke_own_token(visit: OwnVisit, token: str) -> Response:
    """End one of one's own tokens."""
    with visit.services.records.transaction() as tx:
        revoke_token(tx, token, actor=visit.actor, clock=visit.services.clock)
    return RedirectResponse(with_query(OWN, done="token_revoked"), HTTPStatus.SEE_OTHER)


@router.post("/account/second-step/offer")
def offer_second_step(visit: OwnVisit, found: SignedInPerson) -> Response:
    """Show a new secret as a QR code; nothing is kept of it until its code was typed."""
    return _offer(visit, found, new_secret())


@router.post("/account/second-step")
def set_up_second_step(visit: OwnVisit, found: SignedInPerson, secret: Line = "", code: Line = "") -> Response:
    """Set up the second step and show the recovery codes, this once; a code that does not fit may be typed anew."""
    try:
        with visit.services.records.transaction() as tx:
            codes = set_up_second_factor(tx, secret, code, actor=visit.actor, clock=visit.services.clock)
    except AccountError:
        return _offer(visit, found, secret if is_secret(secret) else new_secret(), refused="refused.second_code")
    with visit.desk() as desk:
        return visit.render(desk, "account.html", page="account", view=own_account(desk, Shown(recovery=codes)))


@router.post("/account/second-step/end")
def end_second_step(visit: OwnVisit, found: SignedInPerson, password: Line = "") -> Response:
    """Ask for no code any more."""
    try:
        end_second_factor(visit.services, found.account, password=password)
    except AccountError:
        return RedirectResponse(with_query(OWN, refused="wrong_password"), HTTPStatus.SEE_OTHER)
    except BusyError:
        return RedirectResponse(with_query(OWN, refused="busy"), HTTPStatus.SEE_OTHER)
    return RedirectResponse(with_query(OWN, done="second_step_ended"), HTTPStatus.SEE_OTHER)


@router.post("/account/password")
def change_own_password(visit: OwnVisit, found: SignedInPerson, old: Line = "", new: Line = "") -> Response:
    """Change one's own password; all sessions end, this one too."""
    try:
        accounts.change_password(visit.services, found.account, old=old, new=new)
    except AccountError:
        return RedirectResponse(with_query(OWN, refused="wrong_password"), HTTPStatus.SEE_OTHER)
    except WeakPasswordError:
        return RedirectResponse(with_query(OWN, refused="weak_password"), HTTPStatus.SEE_OTHER)
    except BusyError:
        return RedirectResponse(with_query(OWN, refused="busy"), HTTPStatus.SEE_OTHER)
    clear_session(visit.request, visit.services.web)
    return RedirectResponse(with_query("/sign-in", done="set_up"), HTTPStatus.SEE_OTHER)


@router.get(PEOPLE)
def people_page(visit: AdministeringVisit) -> Response:
    """Show all accounts."""
    with visit.desk() as desk:
        return visit.render(desk, "people.html", page="people", view=people(desk))


@router.post(PEOPLE)
def add_person(
    visit: AdministeringVisit,
    name: Line = "",
    user_name: Line = "",
    roles: Annotated[list[Role], Form()] = [],  # noqa: B006 - the framework copies it
) -> Response:
    """Make an account and show the link for its person."""
    new = NewAccount(user_name=user_name, name=name, roles=frozenset(roles))

    def work(tx: RecordsTransaction) -> tuple[str, str]:
        made = accounts.make_account(tx, new, actor=visit.actor, clock=visit.services.clock)
        return _link(visit, tx, made.id), made.name

    return _with_link(visit, work)


@router.post("/people/{account}/link")
def give_link(visit: AdministeringVisit, account: str) -> Response:
    """Show a new link for a person who has forgotten their password."""

    def work(tx: RecordsTransaction) -> tuple[str, str]:
        link, found = _link(visit, tx, account), tx.account(account)
        return link, "" if found is None else found.name

    return _with_link(visit, work)


@router.post("/people/{account}/roles")
def give_roles(
    visit: AdministeringVisit,
    account: str,
    roles: Annotated[list[Role], Form()] = [],  # noqa: B006 - the framework copies it
) -> Response:
    """Give an account these roles and no others."""
    given = frozenset(roles)
    return _changed(
        visit, "roles", lambda tx: accounts.set_roles(tx, account, given, actor=visit.actor, clock=visit.services.clock)
    )


@router.post("/people/{account}/limits")
def give_limits(
    visit: AdministeringVisit,
    account: str,
    limits: Annotated[list[str], Form()] = [],  # noqa: B006 - the framework copies it
) -> Response:
    """Let an account's roles count in these places and nowhere else."""

    def work(tx: RecordsTransaction) -> object:
        given = limits_of(map(_read_limit, limits), visit.services.registry())
        return accounts.set_limits(tx, account, given, actor=visit.actor, clock=visit.services.clock)

    return _changed(visit, "limits", work)


@router.post("/people/{account}/second-step/end")
def take_second_step(visit: AdministeringVisit, account: str) -> Response:
    """Take the second step from somebody who has lost their authenticator."""

    def work(tx: RecordsTransaction) -> object:
        return reset_second_factor(tx, account, actor=visit.actor, clock=visit.services.clock)

    return _changed(visit, "second_step_taken", work)


@router.post("/people/{account}/disable")
def close_account(visit: AdministeringVisit, account: str) -> Response:
    """Close an account."""
    return _changed(
        visit, "account_closed", lambda tx: accounts.disable(tx, account, actor=visit.actor, clock=visit.services.clock)
    )


@router.post("/people/{account}/enable")
def open_account(visit: AdministeringVisit, account: str) -> Response:
    """Open a closed account again."""
    return _changed(
        visit, "account_opened", lambda tx: accounts.enable(tx, account, actor=visit.actor, clock=visit.services.clock)
    )


@router.post("/people/tokens/{token}/revoke")
def revoke_anybodys_token(visit: AdministeringVisit, token: str) -> Response:
    """End anybody's token."""
    return _changed(
        visit, "token_revoked", lambda tx: revoke_token(tx, token, actor=visit.actor, clock=visit.services.clock)
    )


def _offer(visit: Visit, found: SignedIn, secret: str, refused: str = "") -> Response:
    """Return the page of one's own account with a secret for an authenticator on it."""
    with visit.desk() as desk:
        uri = provisioning_uri(secret, user_name=found.account.user_name, issuer=desk.wording.site())
        view = own_account(desk, Shown(offer=secret, qr=drawn_code(uri)))
        told = {"notice": Notice(text=desk.messages.text(refused), tone="orange")} if refused else {}
        return visit.render(desk, "account.html", page="account", view=view, **told)


def _changed(visit: Visit, done: str, work: Callable[[RecordsTransaction], object]) -> Response:
    """Return to the page of people, which says what was done or why it was not."""
    try:
        with visit.services.records.transaction() as tx:
            work(tx)
    except AccountError as exc:
        return _refused(exc)
    return RedirectResponse(with_query(PEOPLE, done=done), HTTPStatus.SEE_OTHER)


def _with_link(visit: Visit, work: Callable[[RecordsTransaction], tuple[str, str]]) -> Response:
    """Return the page of people with a link on it, or back to it with why there is none."""
    try:
        with visit.services.records.transaction() as tx:
            link, name = work(tx)
    except AccountError as exc:
        return _refused(exc)
    with visit.desk() as desk:
        return visit.render(desk, "people.html", page="people", view=people(desk, link, name))


def _refused(exc: AccountError) -> Response:
    key = f"refused.account_{exc.code}"
    return RedirectResponse(with_query(PEOPLE, refused=key.removeprefix("refused.")), HTTPStatus.SEE_OTHER)


def _link(visit: Visit, tx: RecordsTransaction, account: str) -> str:
    return accounts.password_link(
        tx, account, origin=visit.services.web.origin, actor=visit.actor, clock=visit.services.clock
    )


def _read_limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as exc:
        code, advice = "limit_role", "choose places from the list"
        raise AccountError(code, advice) from exc
