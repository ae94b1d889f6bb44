"""The committed JSON is what the generator makes, and each query of it finds rows in a real InfluxDB."""

import copy
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alerts.model import AlertAction
from analytics.ledger import FindingAction
from analytics.ports import ROLLUP_SCHEMA
from api.data_ports import GatewayAccount
from dashboards.build import generated
from dashboards.files import GENERATED
from dashboards.lint import problems, queries
from premises.intake.data_desk import SpoolFigures
from premises.jobs.influxdb_samples import Samples
from premises.jobs.influxdb_states import StateFeed
from rectification.model import ItemAction, ItemState
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch
from sensors.subjects import Subject
from sensors.topology import (
    Building,
    BuildingId,
    Device,
    DeviceId,
    Name,
    Placement,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from storage.ports import PlaceSpan
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_server import InfluxServer
from storage.readings.influxdb_state_notes import StateNotes
from storage.records import SqlRecords
from tests.dashboards import asking
from tests.dashboards.asking import rows
from tests.dashboards.savings import saved
from tests.influx import influxdb
from tests.memory_records import HandClock
from tests.storage.records.stores import alert, alert_step, finding, item, item_step, sqlite_place

SITE = SiteId("机关 一号院")
NOON_MS = 1_795_392_000_000
HOUR_MS = NOON_MS - 3_600_000
ROOMS = ("a.201|b", "a 202", "会议室 (大)")
BOOK = GatewayAccount(
    gateway="gw '1'",
    received=3,
    accepted=2,
    duplicate=0,
    quarantined=1,
    ignored=0,
    stored=2,
    spooled=0,
    dropped=0,
    missing=0,
    balances=True,
    lag_s=12.0,
)
NOON = datetime.fromtimestamp(NOON_MS / 1000, UTC)
DEVICE = "传感器 '1', a=b\\c"
METRICS = (
    *("co2_ppm", "temperature_c", "relative_humidity_pct", "pm2_5_ugm3", "active_power_w", "presence", "hvac_on"),
    *("residual_current_ma", "cable_temperature_c", "energy_import_kwh"),
)


class Awkward:
    def spans(self, _site: SiteId, _device: str) -> Sequence[PlaceSpan]:
        return [PlaceSpan(start_ms=-(2**43), building="主楼 (东)", floor="2/F", room="a.201|b")]


def event(kind: EventType) -> Event:
    return Event(
        site=SITE, gateway="gw1", device=DeviceId(DEVICE), type=kind, state=EventState.ACTIVE, time=NOON, received=NOON
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = influxdb()
    if server.shim is None:
        pytest.skip("asks Debian's influxd itself, which has no token")
    batch = ReadingBatch(site=SITE)
    for metric in METRICS:
        batch.add(NOON_MS, DEVICE, metric, 1.0)
    row = (NOON_MS, DEVICE, "energy_import_kwh", "", 1.0, 1.0, 1.0, 1, 2.5, 0.0)
    hour = pl.DataFrame([row], schema=ROLLUP_SCHEMA, orient="row")
    folder = tmp_path_factory.mktemp("notes")
    with closing(server.store(folder, places=Awkward())) as store:
        store.append(batch)
        store.append_events([event(EventType.FIRE), event(EventType.FAULT), event(EventType.FORCED)])
        store.put_rollups(SITE, "hour", start_ms=NOON_MS, end_ms=NOON_MS + 3_600_000, rollups=hour)
        store.put_rollups(SITE, "hour", start_ms=HOUR_MS, end_ms=HOUR_MS + 3_600_000, rollups=presence())
        with server.connected() as connection:
            tell(folder, connection, store)
        yield store.buckets.raw.bucket.database
        server.remove(store.buckets)


def place() -> Registry:
    """A site whose names are as awkward as those of its readings, with three rooms on a floor."""
    both = Name(zh="一号院", en="Compound 1")
    building = BuildingId("主楼 (东)")
    rooms = [
        Room(
            id=RoomId(each), building=building, floor="2/F", name=both, category=RoomCategory.SERVICE, usable_area_m2=9
        )
        for each in ROOMS
    ]
    sensors = [
        Device(id=DeviceId(f"传感器 '{room.id}'"), gateway="gw1", placements=(Placement(room=room.id),))
        for room in rooms
    ]
    return Registry(
        site=Site(id=SITE, name=both, timezone="Asia/Shanghai", working_hours="08:30-17:30"),
        buildings={building: Building(id=building, name=both)},
        rooms={each.id: each for each in rooms},
        devices={each.id: each for each in sensors},
    )


def presence() -> pl.DataFrame:
    rows = [(HOUR_MS, f"传感器 '{room}'", "presence", "", 0.5, 0.0, 1.0, 12, None, None) for room in ROOMS]
    return pl.DataFrame(rows, schema=ROLLUP_SCHEMA, orient="row")


def tell(folder: Path, connection: InfluxServer, store: InfluxReadingStore) -> None:
    """Bring a finding, an alert and two items into the store as serve does, and the books."""
    registry, clock, bucket = place(), HandClock(NOON), store.buckets.raw.bucket
    with sqlite_place() as at, closing(SqlRecords(at.url, clock=clock)) as records:
        fill(records)
        feed = StateFeed(
            records=records,
            server=connection,
            bucket=bucket,
            notes=StateNotes(folder / "states.db"),
            registry=lambda: registry,
            clock=clock,
        )
        assert feed.once()
    samples = Samples(
        server=connection,
        bucket=bucket,
        registry=lambda: registry,
        clock=clock,
        accounts=lambda: [BOOK],
        spool=lambda: SpoolFigures(records=1, bytes=100, oldest_ms=NOON_MS - 5000),
        rollups=store,
    )
    assert samples.books() == 2
    assert samples.hours() == 1


def fill(records: SqlRecords) -> None:
    about = Subject.parse(f"room:{ROOMS[0]}")
    raised = alert(site=SITE, subject=about, onset=NOON, zone="2F '东'", parameters={"event": "fire"})
    steps = (AlertAction.RAISE, AlertAction.ACKNOWLEDGE, AlertAction.CLEAR)
    late = item(1, site=SITE, subject=about, opened=NOON, state=ItemState.ASSIGNED, deadline=date(2026, 11, 1))
    done = item(2, site=SITE, subject=about, opened=NOON, state=ItemState.SIGNED_OFF)
    with records.transaction() as tx:
        tx.save_finding(
            finding(site=SITE, subject=about, started=NOON, value=2.0, energy_kwh=3.0),
            action=FindingAction.OPEN,
            actor_id="analysis",
        )
        for action in steps:
            tx.save_alert(raised, alert_step(raised, action, at=NOON))
        tx.save_item(late, item_step(late, at=NOON))
        tx.save_item(done, item_step(done, ItemAction.VERIFY, at=NOON, evidence=saved(100, 80, 120)))
        tx.save_item(done, item_step(done, ItemAction.SIGN_OFF, at=NOON))


def filled(query: str, *, chosen: bool) -> str:
    values = {"site": SITE, "building": "主楼 (东)", "floor": "2/F"} if chosen else {}
    return asking.filled(query, NOON_MS - 1000, NOON_MS + 1000, values)


def boards() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(GENERATED.glob("*.json"))]


def test_committed_json_is_what_the_generator_makes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in Path(GENERATED).glob("*.json")}
    assert committed == dict(generated()), "run `premises dashboards build`"


def test_nothing_is_wrong_with_the_dashboards() -> None:
    assert problems(boards()) == []


@pytest.mark.parametrize("chosen", [True, False], ids=["one place", "all places"])
def test_every_query_finds_rows(database: str, chosen: bool) -> None:  # noqa: FBT001 - a parameter of the test
    asked = {query for board in boards() for query in queries(board)}
    assert [query for query in sorted(asked) if not rows(database, filled(query, chosen=chosen))] == []


def test_a_query_of_a_misspelt_field_is_found_out(database: str) -> None:
    query = next(each for each in queries(boards()[0]) if "co2_ppm" in each)
    assert rows(database, filled(query.replace("co2_ppm", "co_2"), chosen=False)) == 0


def test_lint_names_what_is_missing() -> None:
    board = copy.deepcopy(boards()[0])
    panel = board["panels"][0]
    panel["description"] = ""
    del panel["fieldConfig"]["defaults"]["unit"]
    panel["type"] = "flowcharting"
    panel["targets"][0]["query"] = 'SELECT 1 FROM x WHERE "room" =~ /^$room$/'
    found = "\n".join(problems([board]))
    for word in ("no description", "no unit", "no core panel", "$room is no variable", "without :regex"):
        assert word in found


def test_titles_that_differ_in_chinese_only_are_found_out() -> None:
    one, other = (copy.deepcopy(board) for board in boards()[:2])
    one["title"], other["title"] = "Premises · 安全", "Premises · 用能"
    assert any("slug 'premises'" in each for each in problems([one, other]))
