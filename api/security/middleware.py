"""What every request passes before any route, and every answer on its way out."""

import asyncio
from collections.abc import Iterator
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ports import WebSettings
from api.problems import TOO_LARGE, BodyTooLargeError, Problem
from api.security.cookies import pending_cookies
from api.security.hosts import host_name, is_known_host, is_same_origin

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}

STATIC = "/static/"

UPLOADS = ("/evidence", "/ledger/edited")
"""How the addresses end to which files are sent: they take larger bodies, and longer."""


class AnswerHeaders:
    """Puts the headers of defence on every answer, and the cookies that its request asked for."""

    def __init__(self, app: ASGIApp, web: WebSettings) -> None:
        """Wrap an application."""
        self._app = app
        self._headers = HEADERS | (HTTPS_HEADERS if web.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with more headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    # A page that brings its own style says so by a policy of its own.
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith(STATIC) else "no-store")
                headers.raw.extend(pending_cookies(scope["state"]))
                message["headers"] = headers.raw
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Door:
    """Turns away what comes under a foreign name, from a foreign page, or with too large a body."""

    def __init__(self, app: ASGIApp, web: WebSettings) -> None:
        """Wrap an application."""
        self._app = app
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = next(self._problems(scope, Headers(scope=scope)), None)
        if problem is not None:
            await problem.response()(scope, receive, send)
            return
        await self._app(scope, _limited(receive, self._most_bytes(scope)), send)

    def _problems(self, scope: Scope, headers: Headers) -> Iterator[Problem]:
        method, path, hosts = scope["method"], scope["path"], headers.getlist("host")
        if len(hosts) != 1 or not is_known_host(self._web, host_name(hosts[0])):
            advice = "this server does not answer under this name; the administrator can allow it"
            yield Problem(status=421, code="unknown_host", detail=advice)
            return
        if method not in SAFE_METHODS and _is_from_elsewhere(self._web, headers, hosts[0]):
            yield Problem(status=403, code="foreign_origin", detail="this request comes from another site's page")
        if _length(headers) > self._most_bytes(scope):
            yield TOO_LARGE
        if "\0" in path:
            yield Problem(status=404, code="not_found")

    def _most_bytes(self, scope: Scope) -> int:
        return self._web.max_upload_bytes if _is_upload(scope) else self._web.max_body_bytes


class Patience:
    """Answers 503 when the application has not begun to answer in time. What it began is finished, unheard."""

    def __init__(self, app: ASGIApp, web: WebSettings) -> None:
        """Wrap an application."""
        self._app = app
        self._web = web
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and wait for the first sign of an answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = asyncio.Event()
        is_over = False

        async def send_unless_over(message: Message) -> None:
            if not is_over:
                begun.set()
                await send(message)

        answer = asyncio.ensure_future(self._run(scope, receive, send_unless_over))
        waiting = asyncio.ensure_future(begun.wait())
        try:
            either: set[asyncio.Task[Any]] = {answer, waiting}
            timeout_s = self._web.upload_timeout_s if _is_upload(scope) else self._web.request_timeout_s
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() or begun.is_set():
                await answer
                return
        finally:
            is_over = not answer.done()
            waiting.cancel()
            if is_over:
                self._give_up(answer)
        advice = "this took too long; look whether it was done before you try again"
        await Problem(status=503, code="timeout", detail=advice, headers={"Retry-After": "5"}).response()(
            scope, receive, send
        )

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _give_up(self, answer: asyncio.Task[None]) -> None:
        self._late.add(answer)
        answer.add_done_callback(self._forget)
        answer.cancel()

    def _forget(self, answer: asyncio.Task[None]) -> None:
        self._late.discard(answer)
        if not answer.cancelled():
            answer.exception()  # looked at, so that the loop does not report it as never seen


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and str(scope["path"]).endswith(UPLOADS)


def _limited(receive: Receive, limit: int) -> Receive:
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise BodyTooLargeError
        return message

    return receive_limited


def _length(headers: Headers) -> int:
    written = headers.get("content-length", "")
    return int(written) if written.isascii() and written.isdigit() else 0


def _is_from_elsewhere(web: WebSettings, headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return not is_same_origin(web, origin, host)
    return headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
