"""The session's cookie. Set and cleared through the request, so that a page may answer with any response."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from api.ports import WebSettings

_PENDING = "premises_cookies"


def session_cookie_name(web: WebSettings) -> str:
    """Return the cookie's name; over https its prefix makes browsers refuse one set by another host or path."""
    return "__Host-premises" if web.secure else "premises"


def read_session(request: Request, web: WebSettings) -> str | None:
    """Return the session's token that the browser sent, None where it sent none."""
    return request.cookies.get(session_cookie_name(web)) or None


def set_session(request: Request, web: WebSettings, token: str) -> None:
    """Let the answer to this request carry the session's cookie, for as long as the session may last."""
    _keep(request, web, token, web.session_lifetime)


def clear_session(request: Request, web: WebSettings) -> None:
    """Let the answer to this request take the session's cookie away."""
    _keep(request, web, "", timedelta(0))


def pending_cookies(scope_state: dict[str, object]) -> list[tuple[bytes, bytes]]:
    """Return the headers that the answer must carry."""
    pending = scope_state.get(_PENDING)
    return [pending] if isinstance(pending, tuple) else []


def _keep(request: Request, web: WebSettings, value: str, age: timedelta) -> None:
    carrier = Response()
    carrier.set_cookie(
        session_cookie_name(web),
        value,
        max_age=int(age.total_seconds()),
        path="/",
        secure=web.secure,
        httponly=True,
        samesite="lax",
    )
    header = next(pair for pair in carrier.raw_headers if pair[0] == b"set-cookie")
    request.scope.setdefault("state", {})[_PENDING] = header
