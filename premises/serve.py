"""`premises serve` put together: the sole owner of the readings, the drain, the jobs and the pages in one process."""

import os
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app, live_feed
from api.ports import Services, WebSettings
from api.security.accounts import set_up_url
from api.security.hosts import LOOPBACK_NAMES
from premises.clock import SystemClock
from premises.energy_reports.desk import EnergyReports
from premises.energy_reports.making import FigureMaker
from premises.energy_use import asked_by_page, asked_of
from premises.home import Home
from premises.imports.bulk_import import BulkImports
from premises.intake.data_desk import SpoolDesk
from premises.jobs.analysis_jobs import AnalysisJobs, TouchedStore
from premises.jobs.daily import workday_deadlines
from premises.jobs.daily_jobs import DailyJobs, last_daily, room_uses, utilisation_of
from premises.jobs.drain_loop import DrainLoop
from premises.jobs.influxdb_feed import Around as FeedAround
from premises.jobs.influxdb_feed import influxdb_feed
from premises.jobs.inspection_rounds import InspectionRounds
from premises.jobs.log_rules import LogRules
from premises.jobs.reminders import Reminders
from premises.jobs.rollup_job import Rollups
from premises.jobs.scheduler import Schedule
from premises.live_registry import LiveRegistry
from premises.metrics import Figures, Sources
from premises.notices.alert_desk import SpoolAlertDesk, alert_desk_of
from premises.notices.assembly import alerting_of
from premises.notices.channels import channels_of
from premises.notices.item_notices import tellers_of
from premises.notices.sms_replies import sms_replies
from premises.notices.wecom_replies import wecom_replies
from premises.papers import duty_sheets
from premises.plan_papers.served import ServedPapers
from premises.processes import server_info
from premises.processes.internal_routes import Internal, internal_app
from premises.processes.locks import holder, sole
from premises.processes.server_info import ServerInfo
from premises.queries import ReadingQueries
from premises.readiness import parts
from premises.reallocating.making import served_reallocation
from premises.savings.of_items import asked_of_items, item_meter
from premises.savings.of_store import asked_of_store
from premises.settings import ServerSettings, Settings, read_secret
from premises.sign_on import sign_on_of
from premises.stores.bookings import KeptBookings
from premises.stores.energy import bills_of_records
from premises.stores.logs import KeptFacts
from premises.stores.readings import HomeStore, export_readings, newest_ms, open_store
from premises.stores.records import open_records
from premises.thresholds import overrides_of
from premises.watchdog.guard import Around, Guard
from rectification.commands import Deadlines
from rectification.look_back import LookBacks, look_backs
from rectification.reporting import erase_contacts
from sensors.actors import Actor
from sensors.clock import Clock
from sensors.errors import InputFault, NotNowError
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry, SiteId
from storage.checklists_file import load_checklists
from storage.evidence import EvidenceStore
from storage.records import SqlRecords

GRACE_S = 5
"""How long open requests may take to end when the server stops."""

CHANGES_KEPT = timedelta(days=7)
"""A page that was closed for longer is drawn anew. The project's own choice."""

_LOOPBACK = "127.0.0.1"


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


def serve(home: Home, settings: Settings, *, said: Callable[[str], None], demo_actor: Actor | None = None) -> None:
    """Serve a home until SIGTERM or SIGINT; `said` gets the address once requests are taken.

    `demo_actor` is who a visitor is signed in as, on loopback only.
    Raises InputFault where another process serves it, the address is taken, or a store cannot be opened.
    """
    if demo_actor is not None and settings.server.host not in LOOPBACK_NAMES:
        msg = f"[server] host {settings.server.host}: a demo signs every visitor in and listens on loopback only"
        raise AddressFault(msg)
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
        app = stack.enter_context(_application(home, settings, info, demo_actor))
        if stopping:
            return
        server_info.write(home, replace(info, set_up_url=app.set_up_url))
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
        _Web(config, app.console).run(sockets=[public, inside])


@dataclass(frozen=True, slots=True)
class _Application:
    console: FastAPI
    internal: ASGIApp
    set_up_url: str | None


class _Web(uvicorn.Server):
    """A server that ends the live streams before it waits for its connections."""

    def __init__(self, config: uvicorn.Config, console: FastAPI) -> None:
        super().__init__(config)
        self._console = console

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        live_feed(self._console).stop()
        await super().shutdown(sockets)


@contextmanager
def _application(home: Home, settings: Settings, info: ServerInfo, demo_actor: Actor | None) -> Iterator[_Application]:
    """Yield the pages and the internal routes over everything that runs behind them, which ends in order after them."""
    with ExitStack() as stack:
        registry, clock = LiveRegistry(home), SystemClock()
        store = stack.enter_context(closing(open_store(home, settings, registry)))
        records = stack.enter_context(closing(open_records(home)))
        touched = TouchedStore(store)
        desk = SpoolDesk(home, registry=registry, clock=clock)
        stack.callback(desk.close)
        figures = Figures(_sources(home, desk, store, registry, clock))
        alert_desk = alert_desk_of(home, settings, registry=registry, clock=clock)
        guard = Guard(_around(home, settings, registry, records, alert_desk))
        drain = DrainLoop(home.spool, guard.listening(figures.measured(touched)))
        jobs = AnalysisJobs(home, touched, KeptBookings(records), KeptFacts(records), bills_of_records(records))
        daily = DailyJobs(
            home=home,
            analyses=jobs,
            records=records,
            registry=registry,
            clock=clock,
            judged=guard.jobs.judged,
            meter=item_meter(store),
        )
        queries = ReadingQueries(
            store=store,
            registry=registry,
            clock=clock,
            spool=home.spool,
            ingest_runs=lambda: holder(home.run / "ingest.lock") is not None,
            uses=lambda: room_uses(home),
        )
        stack.callback(queries.close)
        rollups = Rollups(store, daily.building)
        tellers = tellers_of(
            channels_of(settings, home, registry=registry),
            settings.rectification.reminder_channels,
            origin=settings.server.origin or "",
        )
        reminders = Reminders(records=records, building=daily.building, clock=clock, tellers=tellers)
        rounds = InspectionRounds(
            records=records,
            building=daily.building,
            checklists=lambda: load_checklists(home.registry),
            deadline=_deadlines(daily),
            clock=clock,
            tellers=tellers,
        )
        energy_reports = EnergyReports(
            records=records,
            maker=FigureMaker(
                store=store,
                building=daily.building,
                registry_path=home.registry,
                records=records,
                saved_by=asked_of_items(store, daily.building, clock),
                clock=clock,
            ),
            registry=registry,
            clock=clock,
        )
        schedule = Schedule(
            daily,
            nightly={
                "logs": LogRules(
                    records=records,
                    building=daily.building,
                    clock=clock,
                    told=alert_desk.told,
                    thresholds=lambda registry: overrides_of(registry, home.registry),
                ).nightly,
                "tidy": lambda: _tidied(records, clock),
                "energy_reports": lambda: energy_reports.scheduled(
                    settings.energy_reports.kinds, settings.energy_reports.after_days
                ),
            },
            hourly={
                "rollup": rollups.changed,
                "inspections": rounds.hourly,
                "reminders": reminders.hourly,
                "report_contacts": lambda: _contacts_erased(records),
            },
            ended=guard.jobs.ended,
        )
        drain.start()
        stack.callback(drain.stop)
        stack.enter_context(
            influxdb_feed(
                FeedAround(
                    home=home,
                    settings=settings,
                    records=records,
                    registry=registry,
                    clock=clock,
                    accounts=desk.accounts,
                    spool=desk.spool_figures,
                    rollups=store,
                )
            )
        )
        schedule.start()
        stack.callback(schedule.stop)
        guard.start()
        stack.callback(guard.stop)
        stack.callback(jobs.stop)
        stack.callback(energy_reports.stop)
        services = Services(
            records=records,
            rooms=queries,
            utilisation=lambda: utilisation_of(home),
            energy=asked_by_page(store, daily.building, home.registry),
            savings=asked_of_store(store, daily.building, home.registry),
            item_savings=asked_of_items(store, daily.building, clock),
            registry=registry,
            clock=clock,
            web=_web(settings, info, demo_actor),
            deadline=_deadlines(daily),
            ready=lambda: parts(
                home,
                now_ms=epoch_ms(clock.now()),
                read_spool=desk.spool_figures,
                drain_failure=drain.status.failure,
            ),
            data=desk,
            alerts=alert_desk,
            figures=figures.text,
            sign_on=sign_on_of(settings.sign_on),
            sms_replies=sms_replies(settings, home),
            duty_sheet=duty_sheets(registry, clock),
            plan_papers=ServedPapers(
                registry=registry,
                clock=clock,
                store=store,
                photos=EvidenceStore(home.evidence).read,
                records=records,
                deadline=_deadlines(daily),
            ),
            energy_reports=energy_reports,
            wecom_replies=wecom_replies(settings, home),
            reallocation=served_reallocation(home, daily.building, records, store, clock),
            evidence=EvidenceStore(home.evidence),
            look_back=_look_backs(daily, settings),
            checklists=lambda: load_checklists(home.registry),
        )
        internal = Internal(
            token=info.token,
            jobs=jobs,
            imports=BulkImports(touched),
            status=lambda: _status(store, records, drain),
            export_readings=lambda path: export_readings(store, path),
            run_daily=daily.daily,
            roll_up=rollups.between,
            energy_use=asked_of(store, daily.building, home.registry),
            energy_report=energy_reports.preview,
        )
        link = None if demo_actor is not None else set_up_url(services)
        yield _Application(create_app(services), internal_app(internal), link)


def _tidied(records: SqlRecords, clock: Clock) -> Mapping[str, object]:
    """Forget the changes that no page can still want to resume from; return how many."""
    with records.transaction() as tx:
        return {"changes_forgotten": tx.forget_changes_before(clock.now() - CHANGES_KEPT)}


def _contacts_erased(records: SqlRecords) -> Mapping[str, object]:
    """Erase how to reach those whose reports are dealt with; return how many."""
    with records.transaction() as tx:
        return {"erased": erase_contacts(tx)}


def _around(
    home: Home, settings: Settings, registry: Callable[[], Registry], records: SqlRecords, desk: SpoolAlertDesk
) -> Around:
    """Return what the watchers look at, and who sends while ingest is gone."""
    return Around(
        home=home,
        settings=settings.watchdog,
        registry=registry,
        clock=SystemClock(),
        reading_records=records.reading,
        stand_in=lambda: alerting_of(home, settings, registry=registry),
        tests=lambda: desk.policy().tests,
        findings=lambda: desk.policy().findings,
    )


def _deadlines(daily: DailyJobs) -> Deadlines:
    """Return what proposes deadlines by the calendar as it stands then."""

    def deadline(opened: datetime, fix: timedelta) -> date:
        return workday_deadlines(daily.building().calendar)(opened, fix)

    return deadline


def _look_backs(daily: DailyJobs, settings: Settings) -> LookBacks:
    """Return what says when somebody looks again, by the site's own clock."""

    def day(signed: datetime) -> date:
        return look_backs(settings.rectification.look_back_months, daily.building().calendar.zone)(signed)

    return day


def _sources(home: Home, desk: SpoolDesk, store: HomeStore, registry: Callable[[], Registry], clock: Clock) -> Sources:
    """Return where the figures of `/metrics` come from."""
    return Sources(
        home=home,
        clock=clock,
        accounts=desk.accounts,
        heaps=desk.heaps,
        spool=desk.spool_figures,
        newest_reading=lambda: _newest(store, registry().site.id),
        last_analysis=lambda: last_daily(home),
    )


def _newest(store: HomeStore, site: SiteId) -> datetime | None:
    """Return when the newest reading was measured; None where there is none, or the store is away."""
    try:
        found_ms = newest_ms(store, site)
    except (InputFault, NotNowError):
        return None
    return None if found_ms is None else from_epoch_ms(found_ms)


def _web(settings: Settings, info: ServerInfo, demo_actor: Actor | None) -> WebSettings:
    server, token_file = settings.server, settings.metrics.token_file
    return WebSettings(
        origin=info.url,
        listens_on_loopback=server.host in LOOPBACK_NAMES,
        hosts=frozenset(server.hosts),
        proxies=frozenset(server.proxies),
        second_factor_roles=frozenset(server.second_factor_roles),
        demo_actor=demo_actor,
        metrics_token=None if token_file is None else read_secret(token_file),
    )


def _status(store: HomeStore, records: SqlRecords, drain: DrainLoop) -> Mapping[str, object]:
    with records.reading() as tx:
        findings, alerts, items = tx.open_findings(), tx.alerts(), tx.items()
    return {
        "pid": os.getpid(),
        **_counted(store),
        "drain": asdict(drain.status),
        "findings": len(findings),
        "alerts": len(alerts),
        "items": dict(Counter(item.state.value for item in items)),
    }


def _counted(store: HomeStore) -> Mapping[str, int]:
    """Return how many readings there are; nothing while the store is away."""
    try:
        return {"readings": store.count()}
    except NotNowError:
        return {}


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
