"""Over two simulated days, rolled up as serve does it, no panel is empty."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alerts.model import AlertAction
from analytics.calendar import WorkCalendar
from analytics.ledger import FindingAction
from api.data_ports import GatewayAccount
from dashboards.files import generated_boards
from dashboards.lint import queries
from premises.holidays import holidays_of
from premises.intake.data_desk import SpoolFigures
from premises.jobs.daily import Building
from premises.jobs.influxdb_samples import Samples
from premises.jobs.influxdb_states import StateFeed
from premises.jobs.rollup_job import roll_up
from premises.simulated.simulation import Simulation, Wish
from premises.stores.places import RegistryPlaces
from rectification.model import ItemAction, ItemState
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch, epoch_ms
from sensors.subjects import Subject, SubjectKind
from simulators.equipment import Equipment
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_state_notes import StateNotes
from storage.records import SqlRecords
from tests.dashboards.asking import filled, rows
from tests.dashboards.savings import saved
from tests.influx import influxdb
from tests.memory_records import HandClock
from tests.storage.records.stores import alert, alert_step, finding, item, item_step, sqlite_place

WISH = Wish(days=2, rooms=12, seed=1, interval_s=1800, faults="none", equipment=Equipment.FULL)
BOOK = GatewayAccount(
    gateway="gw1",
    received=9,
    accepted=9,
    duplicate=0,
    quarantined=0,
    ignored=0,
    stored=9,
    spooled=0,
    dropped=0,
    missing=0,
    balances=True,
    lag_s=1.0,
)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation.of(WISH)


@pytest.fixture(scope="module")
def database(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server, folder, registry = influxdb(), tmp_path_factory.mktemp("notes"), simulation.registry
    if server.shim is None:
        pytest.skip("asks Debian's influxd itself, which has no token")
    with closing(server.store(folder, places=RegistryPlaces(lambda: registry))) as store:
        store_days(simulation, store)
        roll_up(
            store, Building(registry=registry, calendar=WorkCalendar(registry.site, holidays_of(registry.site, folder)))
        )
        tell(simulation, store, folder)
        yield store.buckets.raw.bucket.database
        server.remove(store.buckets)


def store_days(simulation: Simulation, store: InfluxReadingStore) -> None:
    every, events = ReadingBatch(site=simulation.registry.site.id), list(alarms(simulation))
    for tick in simulation.world().run(simulation.end, simulation.step):
        events += tick.events
        for name in ("time_ms", "device", "metric", "phase", "value", "quality", "flags"):
            getattr(every, name).extend(getattr(tick.readings, name))
    store.append(every)
    store.append_events(events)


def alarms(simulation: Simulation) -> Iterator[Event]:
    """Yield what does not happen in two quiet days."""
    device = next(iter(simulation.registry.devices))
    for kind in (EventType.FIRE, EventType.FAULT, EventType.FORCED):
        at = simulation.begin + simulation.step
        yield Event(
            site=simulation.registry.site.id,
            gateway="gw1",
            device=device,
            type=kind,
            state=EventState.ACTIVE,
            time=at,
            received=at,
        )


def tell(simulation: Simulation, store: InfluxReadingStore, folder: Path) -> None:
    registry, clock = simulation.registry, HandClock(simulation.end)
    with (
        influxdb().connected() as connection,
        sqlite_place() as at,
        closing(SqlRecords(at.url, clock=clock)) as records,
    ):
        fill(records, simulation)
        StateFeed(
            records=records,
            server=connection,
            bucket=store.buckets.raw.bucket,
            notes=StateNotes(folder / "states.db"),
            registry=lambda: registry,
            clock=clock,
        ).once()
        samples = Samples(
            server=connection,
            bucket=store.buckets.raw.bucket,
            registry=lambda: registry,
            clock=clock,
            accounts=lambda: [BOOK],
            spool=lambda: SpoolFigures(records=0, bytes=0, oldest_ms=None),
            rollups=store,
        )
        samples.books()
        assert samples.hours() > 0


def fill(records: SqlRecords, simulation: Simulation) -> None:
    noon, site = simulation.begin + simulation.step, simulation.registry.site.id
    about = Subject(SubjectKind.BUILDING, next(iter(simulation.registry.buildings)))
    raised = alert(site=site, subject=about, onset=noon, parameters={"event": "fire"})
    late = item(1, site=site, subject=about, opened=noon, state=ItemState.ASSIGNED, deadline=date(2026, 10, 1))
    done = replace(late, id="done", number=2, state=ItemState.SIGNED_OFF)
    with records.transaction() as tx:
        tx.save_finding(finding(site=site, subject=about, started=noon), action=FindingAction.OPEN, actor_id="analysis")
        for action in (AlertAction.RAISE, AlertAction.ACKNOWLEDGE, AlertAction.CLEAR):
            tx.save_alert(raised, alert_step(raised, action, at=noon))
        tx.save_item(late, item_step(late, at=noon))
        tx.save_item(done, item_step(done, ItemAction.VERIFY, at=noon, evidence=saved(100, 80, 120)))
        tx.save_item(done, item_step(done, ItemAction.SIGN_OFF, at=noon))


def test_no_panel_is_empty_over_a_simulated_building(simulation: Simulation, database: str) -> None:
    start_ms, end_ms = epoch_ms(simulation.begin), epoch_ms(simulation.end)
    asked = {query for board in generated_boards(["zh"]) for query in queries(board)}
    empty = [query for query in sorted(asked) if not rows(database, filled(query, start_ms, end_ms, {}))]
    assert empty == []
