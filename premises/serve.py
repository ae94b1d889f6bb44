"""`premises serve` put together: the sole owner of the readings, the drain, the jobs and the pages in one process."""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from types import FrameType

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from premises import server_info
from premises.analysis_jobs import AnalysisJobs, TouchedStore
from premises.bulk_import import BulkImports
from premises.drain_loop import DrainLoop
from premises.home import Home
from premises.internal_routes import Internal, internal_app
from premises.locks import sole
from premises.server_info import ServerInfo
from premises.settings import ServerSettings, Settings
from sensors.errors import InputFault
from storage.readings.duckdb import DuckDBReadingStore

GRACE_S = 5
"""How long open requests may take to end when the server stops."""

_LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = frozenset({_LOOPBACK, "localhost"})


class AddressFault(InputFault):
    """The console's address cannot be listened on."""


@dataclass(frozen=True, slots=True)
class _ByListener:
    """Sends what comes in by the internal listener to the internal routes; nothing else gets there."""

    console: ASGIApp
    internal: ASGIApp
    internal_port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = scope["type"] != "lifespan" and (scope.get("server") or ("", 0))[1] == self.internal_port
        await (self.internal if inside else self.console)(scope, receive, send)


def serve(home: Home, settings: Settings, *, said: Callable[[str], None] = lambda _line: None) -> None:
    """Serve a home until SIGTERM or SIGINT; `said` gets the line to tell a person once requests are taken.

    Raises InputFault where another process serves it, the address is taken, or a store cannot be opened.
    """
    stopping: list[int] = []

    def asked(number: int, _frame: FrameType | None) -> None:
        stopping.append(number)

    # uvicorn takes these over while it serves and raises them again when it is done.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    with sole(home.run / "serve.lock", "serves"), ExitStack() as stack:
        public = stack.enter_context(closing(_listen(settings.server.host, settings.server.port)))
        inside = stack.enter_context(closing(_listen(_LOOPBACK, 0)))
        info = _info(settings.server, public, inside)
        app = stack.enter_context(_application(home, settings, info))
        if stopping:
            return
        server_info.write(home, info)
        stack.callback(server_info.remove, home, info.pid)
        said(info.url)
        # The log is ours: one line per event; uvicorn's own would say each request.
        config = uvicorn.Config(
            _ByListener(app.console, app.internal, inside.getsockname()[1]),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        structlog.get_logger(__name__).info("serving", url=info.url)
        uvicorn.Server(config).run(sockets=[public, inside])


@dataclass(frozen=True, slots=True)
class _Application:
    console: ASGIApp
    internal: ASGIApp


@contextmanager
def _application(home: Home, settings: Settings, info: ServerInfo) -> Iterator[_Application]:
    """Yield the pages and the internal routes over everything that runs behind them, which ends in order after them."""
    with closing(DuckDBReadingStore(home.readings, threads=settings.store.threads)) as store, ExitStack() as stack:
        touched = TouchedStore(store)
        drain = DrainLoop(home.spool, touched)
        jobs = AnalysisJobs(home, touched)
        drain.start()
        stack.callback(drain.stop)
        stack.callback(jobs.stop)
        internal = Internal(
            token=info.token,
            jobs=jobs,
            imports=BulkImports(home.run / "imports", touched),
            status=lambda: _status(store, drain),
            export_readings=store.export,
            run_daily=dict,
        )
        yield _Application(_console(), internal_app(internal))


def _console() -> ASGIApp:
    def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(routes=[Route("/healthz", health)])


def _status(store: DuckDBReadingStore, drain: DrainLoop) -> Mapping[str, object]:
    status = drain.status
    return {
        "pid": os.getpid(),
        "readings": store.count(),
        "drain": {
            "records": status.records,
            "failures_in_a_row": status.failures_in_a_row,
            "failure": status.failure,
        },
    }


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        msg = f"{host}:{port}: cannot be listened on: {exc.strerror}; choose another host or port under [server]"
        raise AddressFault(msg) from exc
    listener.listen(512)
    return listener


def _info(settings: ServerSettings, public: socket.socket, inside: socket.socket) -> ServerInfo:
    host, port = public.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return ServerInfo(
        url=settings.origin or f"http://{shown}:{port}",
        internal=f"http://{_LOOPBACK}:{inside.getsockname()[1]}",
        token=server_info.new_token(),
        pid=os.getpid(),
    )
