"""What commands ask of the running server, on a listener of its own on loopback, behind the token of `run/server.json`.

Answers to long questions are lines of JSON: progress as it comes, then the result or the fault.
"""

import hmac
import io
import json
import queue
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from premises.imports.bulk_import import BulkImports
from premises.jobs.analysis_jobs import AnalysisJobs, Job, JobFailedError
from sensors.errors import InputFault
from sensors.topology import SiteId
from storage.errors import StoreError

_UNAUTHORISED = 401
_BAD_REQUEST = 400
_NOT_NOW = 503
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Internal:
    """What the routes work with."""

    token: str
    jobs: AnalysisJobs
    imports: BulkImports
    status: Callable[[], Mapping[str, object]]
    export_readings: Callable[[Path], None]
    run_daily: Callable[[], Mapping[str, object]]
    roll_up: Callable[[date | None, date | None, Callable[[str, float], None]], Mapping[str, object]]
    """Given the first local day and the one to stop before, and whom to tell how far it is."""
    energy_use: Callable[[str, date, date], Mapping[str, object]]
    """Given by what it is divided, the first local day and the one to stop before."""
    energy_report: Callable[[str], str]
    """Given a period as it is written, its figures as they stand, as JSON."""


def internal_app(internal: Internal) -> ASGIApp:
    """Return the application; without the token it answers 401 to everything."""
    app = Starlette(
        routes=[
            Route("/internal/status", _status(internal)),
            Route("/internal/analysis", _analysis(internal), methods=["POST"]),
            Route("/internal/daily", _daily(internal), methods=["POST"]),
            Route("/internal/rollup", _rollup(internal), methods=["POST"]),
            Route("/internal/energy", _energy(internal), methods=["POST"]),
            Route("/internal/energy-report", _energy_report(internal), methods=["POST"]),
            Route("/internal/imports/{name}", _stored(internal)),
            Route("/internal/imports/{name}/{number:int}", _put(internal), methods=["PUT"]),
            Route("/internal/readings/export", _export(internal), methods=["POST"]),
        ],
        exception_handlers={InputFault: _told, StoreError: _told},
    )
    return _Guard(app, internal.token)


@dataclass(frozen=True, slots=True)
class _Guard:
    app: ASGIApp
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
        client = (scope.get("client") or ("",))[0]
        if client == _LOOPBACK and hmac.compare_digest(given.encode(), self.token.encode()):
            await self.app(scope, receive, send)
        else:
            await Response(status_code=_UNAUTHORISED)(scope, receive, send)


Endpoint = Callable[[Request], Any]


def _told(_request: Request, fault: Exception) -> Response:
    status = _BAD_REQUEST if isinstance(fault, InputFault) else _NOT_NOW
    return JSONResponse({"fault": str(fault)}, status_code=status)


def _status(internal: Internal) -> Endpoint:
    def status(_request: Request) -> Response:
        return JSONResponse(dict(internal.status()))

    return status


def _analysis(internal: Internal) -> Endpoint:
    async def analysis(request: Request) -> Response:
        asked = await request.json()
        job = Job(
            registry=Path(asked["registry"]),
            rules=tuple(asked["rules"]),
            first=_day(asked.get("first")),
            last=_day(asked.get("last")),
            now_ms=asked.get("now_ms"),
            want=tuple(asked["want"]),
            language=asked.get("language", "zh"),
        )
        return StreamingResponse(_lines(lambda tell: internal.jobs.run(job, tell)), media_type="application/x-ndjson")

    return analysis


def _daily(internal: Internal) -> Endpoint:
    async def daily(_request: Request) -> Response:
        return StreamingResponse(_lines(lambda _tell: dict(internal.run_daily())), media_type="application/x-ndjson")

    return daily


def _rollup(internal: Internal) -> Endpoint:
    async def rollup(request: Request) -> Response:
        asked = await request.json()
        first, end = _day(asked.get("first")), _day(asked.get("end"))
        done = _lines(lambda tell: dict(internal.roll_up(first, end, tell)))
        return StreamingResponse(done, media_type="application/x-ndjson")

    return rollup


def _energy(internal: Internal) -> Endpoint:
    async def energy(request: Request) -> Response:
        asked = await request.json()
        first, end = date.fromisoformat(asked["first"]), date.fromisoformat(asked["end"])
        done = _lines(lambda _tell: dict(internal.energy_use(asked["by"], first, end)))
        return StreamingResponse(done, media_type="application/x-ndjson")

    return energy


def _energy_report(internal: Internal) -> Endpoint:
    async def energy_report(request: Request) -> Response:
        asked = await request.json()
        done = _lines(lambda _tell: {"figures": internal.energy_report(asked["period"])})
        return StreamingResponse(done, media_type="application/x-ndjson")

    return energy_report


def _stored(internal: Internal) -> Endpoint:
    def stored(request: Request) -> Response:
        return JSONResponse({"stored": internal.imports.stored(request.path_params["name"])})

    return stored


def _put(internal: Internal) -> Endpoint:
    async def put(request: Request) -> Response:
        body = await request.body()
        name, number = request.path_params["name"], request.path_params["number"]
        site = SiteId(request.query_params["site"])

        def store() -> Response:
            frame = pl.read_ipc_stream(io.BytesIO(body))
            done = internal.imports.put(name, number, site, frame)
            refused = sorted({refusal.words for refusal in done.refused})
            counts = {"new": done.new, "replaced": done.replaced, "unchanged": done.unchanged}
            return JSONResponse({**counts, "refused": refused})

        return await run_in_threadpool(store)

    return put


def _export(internal: Internal) -> Endpoint:
    async def export(request: Request) -> Response:
        path = Path((await request.json())["path"])
        await run_in_threadpool(internal.export_readings, path)
        return JSONResponse({"path": str(path)})

    return export


def _lines(work: Callable[[Callable[[str, float], None]], Mapping[str, Any]]) -> Iterator[str]:
    """Yield what a long task tells while it runs in a thread of its own, then its result or its fault."""
    told: queue.SimpleQueue[Mapping[str, object] | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            told.put({"result": work(lambda what, done: told.put({"progress": [what, done]}))})
        except (InputFault, JobFailedError) as exc:
            told.put({"fault": str(exc)})
        finally:
            told.put(None)

    with ThreadPoolExecutor(1, thread_name_prefix="asked") as pool:
        done = pool.submit(run)
        while (message := told.get()) is not None:
            yield json.dumps(message, ensure_ascii=False) + "\n"
        done.result()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
