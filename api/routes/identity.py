"""Signing in and out, following a link, one's own account."""

from fastapi import APIRouter, Request, Response

from api.dependencies import ClientAddress, CsrfToken, CurrentActor, ServicesOf, SignedInPerson, SignedInVisitor
from api.problems import Problem, ProblemError
from api.routes.bodies import Credentials, LinkFollowed, PasswordChange
from api.routes.views import Me
from api.security.accounts import change_password, follow_link
from api.security.cookies import clear_session, read_session, set_session
from api.security.sign_in import sign_in, sign_out
from api.security.tokens import csrf_token as csrf_token_of

router = APIRouter(tags=["identity"])


@router.post("/sign-in")
def post_sign_in(request: Request, services: ServicesOf, address: ClientAddress, given: Credentials) -> Me:
    """Begin a session; its cookie comes with the answer."""
    signed_in = sign_in(
        services,
        user_name=given.user_name,
        password=given.password,
        address=address,
        code=given.code,
        replaces=read_session(request, services.web),
    )
    if signed_in is None:
        advice = "user name or password is wrong, or sign-in is closed for a while after too many failures"
        raise ProblemError(Problem(status=401, code="sign_in_refused", detail=advice))
    set_session(request, services.web, signed_in.token)
    return Me.of(signed_in.account, csrf_token_of(signed_in.token))


@router.post("/sign-out", status_code=204)
def post_sign_out(request: Request, services: ServicesOf, found: SignedInPerson) -> Response:
    """End the session."""
    sign_out(services, found)
    clear_session(request, services.web)
    return Response(status_code=204)


@router.post("/set-up", status_code=204)
def post_set_up(services: ServicesOf, given: LinkFollowed) -> Response:
    """Follow a link: make the first account, or choose a password."""
    follow_link(services, token=given.token, user_name=given.user_name, name=given.name, password=given.password)
    return Response(status_code=204)


@router.get("/me")
def get_me(found: SignedInVisitor, actor: CurrentActor, csrf_token: CsrfToken) -> Me:
    """Return who is signed in."""
    return Me.of(found.account, csrf_token, actor)


@router.post("/me/password", status_code=204)
def post_password(request: Request, services: ServicesOf, found: SignedInPerson, given: PasswordChange) -> Response:
    """Change one's own password; all sessions end, this one too."""
    change_password(services, found.account, old=given.old, new=given.new)
    clear_session(request, services.web)
    return Response(status_code=204)
