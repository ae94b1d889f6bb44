"""What pages are told of rooms: values that still stand, from devices that are there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.ports import RoomClass, RoomNow, SeriesName
from premises.queries import ReadingQueries
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import Registry, RoomId, SiteId
from storage.readings.memory import MemoryReadingStore
from storage.registry_file import load_registry

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ROOM = RoomId("a-201")
REGISTRY = """\
site: {id: hq, name: {zh: 院, en: Compound}, timezone: Asia/Shanghai, working_hours: "08:30-12:00,14:00-18:00"}
buildings: [{id: a, name: A}]
rooms:
  - {id: a-201, building: a, floor: 2, name: 201, category: office, usable_area_m2: 18.5, capacity: 4}
  - {id: a-202, building: a, floor: 2, name: 202, category: office, usable_area_m2: 18.5, capacity: 4}
  - {id: a-203, building: a, floor: 2, name: 203, category: office, usable_area_m2: 18.5, restricted: true}
circuits:
  - {id: main, building: a, item: total}
  - {id: c-201, parent: main, item: plugs, serves: [a-201], ct_ratio: 10}
  - {id: c-both, parent: main, item: lighting, serves: [a-201, a-202]}
devices:
  - {id: aq1, gateway: gw1, room: a-201, metrics: [co2_ppm, presence], interval_s: 300}
  - {id: pir, gateway: gw1, room: a-202, metrics: [motion], heartbeat_s: 86400}
  - {id: m1, gateway: gw1, circuit: c-201, metrics: [active_power_w], interval_s: 300}
  - {id: m2, gateway: gw1, circuit: c-both, metrics: [active_power_w], interval_s: 300}
"""
Said = tuple[float, str, str, float]


class SetClock:
    def now(self) -> datetime:
        return NOW


def queries(folder: Path, *said: Said, quality: Quality = Quality.GOOD) -> ReadingQueries:
    """Return queries over readings given as minutes before now, device, metric, value."""
    path = folder / "registry.yaml"
    path.write_text(REGISTRY, encoding="utf-8")
    registry: Registry = load_registry(path)
    store, batch = MemoryReadingStore(), ReadingBatch(site=SiteId("hq"))
    for minutes, device, metric, value in said:
        batch.add(epoch_ms(NOW - timedelta(minutes=minutes)), device, metric, value, quality=quality)
    store.append(batch)
    return ReadingQueries(
        store=store,
        registry=lambda: registry,
        clock=SetClock(),
        spool=folder / "spool.db",
        ingest_runs=lambda: False,
        uses=lambda: {ROOM: RoomClass.IDLE},
    )


def room(asked: ReadingQueries, identifier: str = "a-201") -> RoomNow:
    return next(each for each in asked.rooms_now(SiteId("hq")) if each.room == identifier)


def test_latest_values_are_shown_and_restricted_rooms_never(tmp_path: Path) -> None:
    asked = queries(tmp_path, (1, "aq1", "co2_ppm", 800), (1, "aq1", "presence", 1), (2, "m1", "active_power_w", 15))
    assert [each.room for each in asked.rooms_now(SiteId("hq"))] == ["a-201", "a-202"]
    found = room(asked)
    assert (found.co2_ppm, found.occupied, found.use) == (800, True, RoomClass.IDLE)
    assert found.power_w == 150
    assert found.last_reading == NOW - timedelta(minutes=1)


def test_value_that_is_too_old_is_unknown(tmp_path: Path) -> None:
    asked = queries(tmp_path, (20, "aq1", "co2_ppm", 800), (20, "aq1", "presence", 0))
    found = room(asked)
    assert (found.co2_ppm, found.occupied) == (None, None)
    assert found.last_reading == NOW - timedelta(minutes=20)


@pytest.mark.parametrize(("minutes", "occupied"), [(10, True), (20, None)])
def test_motion_stands_for_a_quarter_of_an_hour(tmp_path: Path, minutes: float, *, occupied: bool | None) -> None:
    assert room(queries(tmp_path, (minutes, "pir", "motion", 1)), "a-202").occupied is occupied


def test_doubtful_values_are_not_shown(tmp_path: Path) -> None:
    assert room(queries(tmp_path, (1, "aq1", "co2_ppm", 800), quality=Quality.SUSPECT)).co2_ppm is None


def test_circuit_of_several_rooms_is_nobodys_power(tmp_path: Path) -> None:
    assert room(queries(tmp_path, (1, "m2", "active_power_w", 300))).power_w is None


def test_series_are_on_one_axis_with_gaps_as_gaps(tmp_path: Path) -> None:
    values = [(m, "aq1", "co2_ppm", 400.0 + m) for m in (55, 50, 25)]
    present = [(m, "aq1", "presence", 1.0) for m in (55, 50)]
    power = [(m, "m1", "active_power_w", 10.0) for m in (55, 25)]
    asked = queries(tmp_path, *values, *present, *power)
    found = asked.room_series(ROOM, list(SeriesName), start=NOW - timedelta(hours=1), end=NOW, points=6)
    assert len(found.time_ms) == 6
    assert found.columns[SeriesName.CO2_PPM] == (455, 450, None, 425, None, None)
    assert found.columns[SeriesName.POWER_W] == (100, None, None, 100, None, None)
    assert found.columns[SeriesName.OCCUPIED] == (None, 1, None, None, None, None)
    assert found.columns[SeriesName.TEMPERATURE_C] == (None,) * 6


@pytest.mark.parametrize("identifier", ["a-202", "nowhere"])
def test_series_of_a_room_without_readings_is_empty(tmp_path: Path, identifier: str) -> None:
    asked = queries(tmp_path)
    wanted = {"start": NOW - timedelta(days=7), "end": NOW}
    assert asked.room_series(RoomId(identifier), list(SeriesName), **wanted, points=500).time_ms == ()


def test_health_tells_what_waits_and_whether_ingest_runs(tmp_path: Path) -> None:
    asked = queries(tmp_path, (3, "aq1", "co2_ppm", 800))
    health = asked.ingest_health()
    asked.close()
    assert (health.ready, health.spooled, health.gateways) == (False, 0, ())
    assert health.last_reading == NOW - timedelta(minutes=3)
