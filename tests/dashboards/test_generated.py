"""The committed JSON is what the generator makes, and each query of it finds rows in a real InfluxDB."""

import copy
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.ports import ROLLUP_SCHEMA
from dashboards.build import GENERATED, generated
from dashboards.lint import problems, queries
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch
from sensors.topology import DeviceId, SiteId
from storage.ports import PlaceSpan
from tests.influx import influxd, influxdb

SITE = SiteId("机关 一号院")
NOON_MS = 1_795_392_000_000
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
    with closing(server.store(tmp_path_factory.mktemp("notes"), places=Awkward())) as store:
        store.append(batch)
        store.append_events([event(EventType.FIRE), event(EventType.FAULT), event(EventType.FORCED)])
        store.put_rollups(SITE, "hour", start_ms=NOON_MS, end_ms=NOON_MS + 3_600_000, rollups=hour)
        yield store.buckets.raw.bucket.database
        server.remove(store.buckets)


def escaped(value: str) -> str:
    """As Grafana's `:regex` does it."""
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", lambda found: "\\" + found.group(), value)


def filled(query: str, *, chosen: bool) -> str:
    values = {"site": SITE, "building": "主楼 (东)", "floor": "2/F"}
    for name, value in values.items():
        query = query.replace(f"${{{name}:regex}}", escaped(value) if chosen else ".*")
    times = f"time >= {NOON_MS - 1000}ms AND time <= {NOON_MS + 1000}ms"
    query = query.replace("$timeFilter", times).replace("$__interval", "1m")
    return re.sub(r"\$(area_m2|price_per_kwh|carbon_kg_per_kwh)", "2", query)


def rows(database: str, query: str) -> int:
    asked = urllib.parse.urlencode({"db": database, "q": query})
    with urllib.request.urlopen(f"http://127.0.0.1:{influxd().port}/query?{asked}", timeout=20) as answer:
        (result,) = json.load(answer)["results"]
    assert "error" not in result, query
    return sum(len(each["values"]) for each in result.get("series", ()))


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
