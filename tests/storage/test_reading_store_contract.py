"""What every store of readings keeps, whichever it is."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import isnan, nan
from pathlib import Path
from typing import Protocol

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics.ports import EVENTS_SCHEMA, FEATURES_SCHEMA, READINGS_SCHEMA
from sensors.events import Event, EventState, EventType
from sensors.readings import Quality, ReadingBatch, ReadingFlag
from sensors.topology import DeviceId, SiteId
from storage.ports import AppendResult, ReadingStore, SpoolTarget
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.frames import AGGREGATE_SCHEMA, ForeignDayError
from storage.readings.memory import MemoryReadingStore
from tests.influx import PassingStore, influxdb

HQ = SiteId("hq")
ANNEX = SiteId("annex")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON_MS = 1_795_392_000_000 - 1_795_392_000_000 % DAY_MS + 12 * HOUR_MS
NOON_DAY = datetime.fromtimestamp(NOON_MS / 1000, UTC).date()


class Store(ReadingStore, SpoolTarget, Protocol):
    """Both contracts together."""


def open_memory(_folder: Path) -> Store:
    return MemoryReadingStore()


def open_duckdb(folder: Path) -> Store:
    return DuckDBReadingStore(folder / "readings.duckdb")


def open_influxdb(folder: Path) -> Store:
    store = PassingStore(influxdb(), folder)
    store.prepare()
    return store


OPENERS: dict[str, Callable[[Path], Store]] = {"memory": open_memory, "duckdb": open_duckdb, "influxdb": open_influxdb}


@pytest.fixture(params=OPENERS.values(), ids=list(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(request.param(tmp_path)) as opened:
        yield opened


def batch_of(*rows: tuple[int, str, str, float], site: SiteId = HQ, phase: str = "") -> ReadingBatch:
    batch = ReadingBatch(site=site)
    for time_ms, device, metric, value in rows:
        quality = Quality.FAULT if isnan(value) else Quality.GOOD
        batch.add(time_ms, device, metric, value, phase=phase, quality=quality)
    return batch


def co2(*values: float, start_ms: int = NOON_MS, device: str = "aq1", site: SiteId = HQ) -> ReadingBatch:
    """One value a minute."""
    rows = [(start_ms + 60_000 * index, device, "co2_ppm", value) for index, value in enumerate(values)]
    return batch_of(*rows, site=site)


def all_readings(store: ReadingStore, site: SiteId = HQ) -> pl.DataFrame:
    return store.readings(site, start_ms=-(2**53), end_ms=2**53)


def values(store: ReadingStore, site: SiteId = HQ) -> list[float | None]:
    return all_readings(store, site)["value"].to_list()


def fire(
    *,
    id: str | None = "gw1-77",  # noqa: A002 - the field's own name
    at_ms: int = NOON_MS,
    device: str = "panel1",
    type: EventType = EventType.FIRE,  # noqa: A002 - the field's own name
    site: SiteId = HQ,
    zone: str = "2F",
    received_after_s: int = 1,
) -> Event:
    time = datetime.fromtimestamp(at_ms / 1000, UTC)
    return Event(
        site=site,
        gateway="gw1",
        device=DeviceId(device),
        type=type,
        state=EventState.ACTIVE,
        time=time,
        received=time + timedelta(seconds=received_after_s),
        id=id,
        zone=zone,
        flags=ReadingFlag.BACKFILL,
        doubts=("unknown device",),
    )


def all_events(store: ReadingStore, site: SiteId = HQ) -> pl.DataFrame:
    return store.events(site, start_ms=-(2**53), end_ms=2**53)


def feature_rows(*days: date, value: float = 1.0) -> pl.DataFrame:
    rows = [(day, "room:a-201", "occupied_h", value) for day in days]
    return pl.DataFrame(rows, schema=FEATURES_SCHEMA, orient="row")


def put(store: ReadingStore, *days: date, fingerprint: str = "v1", value: float = 1.0, site: SiteId = HQ) -> None:
    store.put_features(site, days=days, fingerprint=fingerprint, features=feature_rows(*days, value=value))


# Readings


def test_readings_come_back_as_they_went_in(store: Store) -> None:
    batch = ReadingBatch(site=HQ)
    batch.add(
        NOON_MS,
        "meter3",
        "active_power_w",
        2635.5,
        phase="L1",
        quality=Quality.SUSPECT,
        flags=ReadingFlag.TIME_OF_RECEIPT | ReadingFlag.BACKFILL,
    )
    store.append(batch)
    frame = all_readings(store)
    assert frame.schema == READINGS_SCHEMA
    assert frame.row(0) == (NOON_MS, "meter3", "active_power_w", "L1", 2635.5, 2, 3)


def test_readings_are_sorted_by_device_metric_phase_and_time(store: Store) -> None:
    later = NOON_MS + 1
    batch = batch_of(
        (later, "b", "co2_ppm", 1),
        (NOON_MS, "b", "co2_ppm", 2),
        (NOON_MS, "a", "open", 3),
        (NOON_MS, "会议室", "open", 4),
    )
    batch.add(NOON_MS, "a", "current_a", 5, phase="L2")
    batch.add(NOON_MS, "a", "current_a", 6, phase="L1")
    store.append(batch)
    assert values(store) == [6, 5, 3, 2, 1, 4]


def test_range_is_half_open(store: Store) -> None:
    store.append(co2(1, 2, 3))
    found = store.readings(HQ, start_ms=NOON_MS + 60_000, end_ms=NOON_MS + 120_000)
    assert found["value"].to_list() == [2]


def test_readings_are_filtered_by_metric_and_device(store: Store) -> None:
    rows = [(NOON_MS, device, metric, 1.0) for device in ("a", "b") for metric in ("co2_ppm", "motion", "open")]
    store.append(batch_of(*rows))
    found = store.readings(HQ, start_ms=0, end_ms=2**53, metrics={"motion", "open"}, devices=["b"])
    assert found.select("device", "metric").rows() == [("b", "motion"), ("b", "open")]


@pytest.mark.parametrize("nothing", [{"metrics": []}, {"devices": []}, {"metrics": ["no_such"]}])
def test_asking_for_none_gives_none(store: Store, nothing: dict[str, list[str]]) -> None:
    store.append(co2(1))
    found = store.readings(HQ, start_ms=0, end_ms=2**53, metrics=nothing.get("metrics"), devices=nothing.get("devices"))
    assert found.is_empty()
    assert found.schema == READINGS_SCHEMA


def test_an_unknown_site_is_empty_with_full_schemas(store: Store) -> None:
    nowhere = SiteId("nowhere")
    assert all_readings(store, nowhere).schema == READINGS_SCHEMA
    assert store.latest(nowhere).schema == READINGS_SCHEMA
    assert all_events(store, nowhere).schema == EVENTS_SCHEMA
    assert store.features(nowhere, first=NOON_DAY, last=NOON_DAY).schema == FEATURES_SCHEMA
    aggregate = store.aggregate(nowhere, metric="co2_ppm", step="hour", start_ms=0, end_ms=1)
    assert aggregate.schema == AGGREGATE_SCHEMA
    assert store.extent(nowhere) is None
    assert store.feature_days(nowhere, fingerprint="v1") == set()


def test_phases_are_series_of_their_own(store: Store) -> None:
    for phase, value in (("L1", 1.0), ("L2", 2.0), ("", 3.0)):
        store.append(batch_of((NOON_MS, "meter3", "current_a", value), phase=phase))
    assert all_readings(store).select("phase", "value").rows() == [("", 3), ("L1", 1), ("L2", 2)]


def test_no_value_is_null_and_keeps_its_fault(store: Store) -> None:
    store.append(co2(nan))
    frame = all_readings(store)
    assert frame["value"].to_list() == [None]
    assert frame["quality"].to_list() == [Quality.FAULT]


def test_chinese_device_names_are_kept(store: Store) -> None:
    store.append(co2(936, device="二楼会议室·传感器#1"))
    assert store.latest(HQ)["device"].to_list() == ["二楼会议室·传感器#1"]
    assert store.readings(HQ, start_ms=0, end_ms=2**53, devices=["二楼会议室·传感器#1"]).height == 1


def test_two_sites_with_a_device_of_one_name_stay_apart(store: Store) -> None:
    store.append(co2(1, site=HQ))
    store.append(co2(2, 3, site=ANNEX))
    assert values(store, HQ) == [1]
    assert values(store, ANNEX) == [2, 3]
    assert store.extent(HQ) == (NOON_MS, NOON_MS)
    assert store.latest(ANNEX)["value"].to_list() == [3]


def test_times_before_1970_are_times(store: Store) -> None:
    store.append(co2(1, 3, start_ms=-90_000))
    assert store.extent(HQ) == (-90_000, -30_000)
    hours = store.aggregate(HQ, metric="co2_ppm", step="hour", start_ms=-HOUR_MS, end_ms=0)
    assert hours.select("bucket_ms", "mean", "count").rows() == [(-HOUR_MS, 2, 2)]


# Appending again


def test_append_counts_what_is_new(store: Store) -> None:
    assert store.append(co2(1, 2, 3)) == AppendResult(new=3)


def test_the_same_batch_twice_changes_no_answer(store: Store) -> None:
    store.append(co2(1, nan, 3))
    before = all_readings(store)
    assert store.append(co2(1, nan, 3)) == AppendResult(unchanged=3)
    assert_frame_equal(all_readings(store), before)


def test_the_same_batch_twice_within_one_batch_counts_once(store: Store) -> None:
    doubled = co2(1, 2)
    doubled.extend(co2(1, 2))
    assert store.append(doubled) == AppendResult(new=2, unchanged=2)
    assert values(store) == [1, 2]


def test_the_last_received_wins(store: Store) -> None:
    store.append(co2(1, 2))
    assert store.append(co2(5)) == AppendResult(replaced=1)
    assert values(store) == [5, 2]
    assert store.latest(HQ)["value"].to_list() == [2]


def test_the_last_of_one_batch_wins(store: Store) -> None:
    store.append(batch_of((NOON_MS, "aq1", "co2_ppm", 1), (NOON_MS, "aq1", "co2_ppm", 2)))
    assert values(store) == [2]


def test_a_value_becomes_a_fault_and_a_value_again(store: Store) -> None:
    store.append(co2(1))
    assert store.append(co2(nan)) == AppendResult(replaced=1)
    assert values(store) == [None]
    assert store.append(co2(1)) == AppendResult(replaced=1)
    assert values(store) == [1]


def test_another_quality_replaces(store: Store) -> None:
    store.append(co2(1))
    doubtful = co2(1)
    doubtful.quality[0] = Quality.SUSPECT
    assert store.append(doubtful) == AppendResult(replaced=1)
    assert all_readings(store)["quality"].to_list() == [Quality.SUSPECT]


def test_a_late_batch_takes_its_place(store: Store) -> None:
    store.append(co2(7, start_ms=NOON_MS))
    assert store.append(co2(1, 2, start_ms=NOON_MS - 400 * DAY_MS)) == AppendResult(new=2)
    assert values(store) == [1, 2, 7]
    assert store.latest(HQ)["value"].to_list() == [7]


def test_a_batch_of_new_known_and_changed_readings_years_apart(store: Store) -> None:
    years_ms = [NOON_MS - year * 365 * DAY_MS for year in range(40)]
    store.append(batch_of(*[(time_ms, "aq1", "co2_ppm", 1) for time_ms in years_ms[:30]]))
    again = batch_of(*[(time_ms, "aq1", "co2_ppm", 1 + index % 2) for index, time_ms in enumerate(years_ms)])
    assert store.append(again) == AppendResult(new=10, replaced=15, unchanged=15)
    assert values(store) == [2, 1] * 20


def test_the_batch_may_grow_after_it_was_stored(store: Store) -> None:
    batch = co2(1)
    store.append(batch)
    batch.add(NOON_MS + 60_000, "aq1", "co2_ppm", 2)
    assert values(store) == [1]
    store.append(batch)
    assert values(store) == [1, 2]


def test_an_empty_batch_changes_nothing(store: Store) -> None:
    assert store.append(ReadingBatch(site=HQ)) == AppendResult()
    assert store.extent(HQ) is None


def test_a_hundred_thousand_readings_in_one_batch(store: Store) -> None:
    batch = ReadingBatch(site=HQ)
    for index in range(100_000):
        batch.add(NOON_MS + index // 100 * 60_000, f"d{index % 100:02}", "temperature_c", index % 7)
    assert store.append(batch) == AppendResult(new=100_000)
    assert store.append(batch) == AppendResult(unchanged=100_000)
    assert all_readings(store).height == 100_000
    assert store.latest(HQ).height == 100
    assert store.extent(HQ) == (NOON_MS, NOON_MS + 999 * 60_000)


# Latest and aggregates


def test_latest_is_the_newest_of_every_series(store: Store) -> None:
    store.append(co2(1, 2))
    store.append(batch_of((NOON_MS, "aq1", "temperature_c", 21)))
    store.append(co2(9, device="aq0"))
    assert store.latest(HQ).select("device", "metric", "value").rows() == [
        ("aq0", "co2_ppm", 9),
        ("aq1", "co2_ppm", 2),
        ("aq1", "temperature_c", 21),
    ]


def test_latest_follows_a_replaced_reading(store: Store) -> None:
    store.append(co2(1, 2))
    store.append(co2(8, start_ms=NOON_MS + 60_000))
    assert store.latest(HQ)["value"].to_list() == [8]


def test_aggregate_gives_hours_by_device(store: Store) -> None:
    store.append(co2(400, 500, 900, start_ms=NOON_MS - 60_000))
    store.append(co2(600, device="aq0"))
    hours = store.aggregate(HQ, metric="co2_ppm", step="hour", start_ms=0, end_ms=2**53)
    assert hours.schema == AGGREGATE_SCHEMA
    assert hours.rows() == [
        (NOON_MS, "aq0", "", 600, 600, 600, 1),
        (NOON_MS - HOUR_MS, "aq1", "", 400, 400, 400, 1),
        (NOON_MS, "aq1", "", 700, 500, 900, 2),
    ]


def test_aggregate_gives_days_by_phase(store: Store) -> None:
    for phase in ("L2", "L1"):
        store.append(batch_of((NOON_MS, "m", "current_a", 1), (NOON_MS + DAY_MS, "m", "current_a", 3), phase=phase))
    days = store.aggregate(HQ, metric="current_a", step="day", start_ms=NOON_MS, end_ms=NOON_MS + DAY_MS)
    assert days.select("bucket_ms", "phase", "mean").rows() == [
        (NOON_MS - 12 * HOUR_MS, "L1", 1),
        (NOON_MS - 12 * HOUR_MS, "L2", 1),
    ]


def test_aggregate_leaves_out_what_cannot_be_trusted(store: Store) -> None:
    batch = ReadingBatch(site=HQ)
    for minute, quality in enumerate(Quality):
        batch.add(NOON_MS + minute * 60_000, "aq1", "co2_ppm", 100 * minute, quality=quality)
    batch.add(NOON_MS + 600_000, "aq1", "co2_ppm", nan, quality=Quality.FAULT)
    store.append(batch)
    hours = store.aggregate(HQ, metric="co2_ppm", step="hour", start_ms=0, end_ms=2**53)
    assert hours.select("mean", "maximum", "count").rows() == [(50, 100, 2)]


# Events


def test_events_come_back_sorted_by_time(store: Store) -> None:
    assert store.append_events([fire(id="b", at_ms=NOON_MS + 1), fire(id=None)]) == 2
    frame = all_events(store)
    assert frame.schema == EVENTS_SCHEMA
    assert frame.row(0) == (NOON_MS, NOON_MS + 1000, "gw1", "panel1", "fire", "active", "2F", False, None, 2, "")
    assert frame["id"].to_list() == [None, "b"]


def test_event_keeps_the_digest_of_its_credential(store: Store) -> None:
    one, other = (replace(fire(id=None), credential=f"0a1b2c3d.{digit * 32}") for digit in "ab")
    assert store.append_events([one, other]) == 2
    assert set(all_events(store)["credential"]) == {one.credential, other.credential}


def test_event_range_is_half_open(store: Store) -> None:
    store.append_events([fire(id=str(second), at_ms=NOON_MS + second * 1000) for second in range(3)])
    assert store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 2000)["id"].to_list() == ["0", "1"]


@pytest.mark.parametrize("id", ["gw1-77", None])
def test_the_same_event_is_stored_once(store: Store, id: str | None) -> None:  # noqa: A002 - the field's own name
    assert store.append_events([fire(id=id), fire(id=id)]) == 1
    assert store.append_events([fire(id=id, received_after_s=600)]) == 0
    assert all_events(store)["received_ms"].to_list() == [NOON_MS + 1000]


def test_an_id_makes_the_event_whatever_else_changes(store: Store) -> None:
    assert store.append_events([fire(), fire(at_ms=NOON_MS + 5)]) == 1


@pytest.mark.parametrize(
    "other",
    [
        fire(id=None, device="panel2"),
        fire(id=None, zone="3F"),
        fire(id=None, at_ms=NOON_MS + 1),
        fire(id=None, type=EventType.FAULT),
        fire(id=None, site=ANNEX),
        fire(id="x"),
    ],
    ids=["device", "zone", "time", "type", "site", "id"],
)
def test_events_without_an_id_differ_by_what_they_say(store: Store, other: Event) -> None:
    assert store.append_events([fire(id=None), other]) == 2


def test_no_events_are_no_events(store: Store) -> None:
    assert store.append_events([]) == 0


# Features


def test_features_are_kept_by_day_and_fingerprint(store: Store) -> None:
    days = [NOON_DAY, NOON_DAY + timedelta(days=1)]
    put(store, *days)
    assert store.feature_days(HQ, fingerprint="v1") == set(days)
    assert store.feature_days(HQ, fingerprint="v2") == set()
    assert_frame_equal(store.features(HQ, first=NOON_DAY, last=NOON_DAY), feature_rows(NOON_DAY))


def test_features_come_back_as_they_were_put_in_any_order(store: Store) -> None:
    tomorrow = NOON_DAY + timedelta(days=1)
    rows = [
        (tomorrow, "room:b", "x", 4.0),
        (NOON_DAY, "room:b", "x", 3.0),
        (tomorrow, "room:a", "y", 2.0),
        (tomorrow, "room:a", "x", None),
    ]
    frame = pl.DataFrame(rows, schema=FEATURES_SCHEMA, orient="row")
    store.put_features(HQ, days=[NOON_DAY, tomorrow], fingerprint="v1", features=frame)
    assert_frame_equal(store.features(HQ, first=NOON_DAY, last=tomorrow), frame, check_row_order=False)


def test_putting_features_again_replaces_all_of_the_day(store: Store) -> None:
    put(store, NOON_DAY, fingerprint="v1", value=1)
    put(store, NOON_DAY, fingerprint="v2", value=2)
    assert store.feature_days(HQ, fingerprint="v1") == set()
    assert store.features(HQ, first=NOON_DAY, last=NOON_DAY)["value"].to_list() == [2]


def test_a_day_without_features_is_remembered_as_done(store: Store) -> None:
    put(store, NOON_DAY)
    store.put_features(HQ, days=[NOON_DAY], fingerprint="v1", features=feature_rows())
    assert store.feature_days(HQ, fingerprint="v1") == {NOON_DAY}
    assert store.features(HQ, first=NOON_DAY, last=NOON_DAY).is_empty()


def test_features_of_a_day_that_is_not_replaced_are_refused(store: Store) -> None:
    with pytest.raises(ForeignDayError):
        store.put_features(HQ, days=[], fingerprint="v1", features=feature_rows(NOON_DAY))
    assert store.features(HQ, first=NOON_DAY, last=NOON_DAY).is_empty()


def test_a_late_batch_makes_the_days_stale_that_rest_on_it_in_any_zone(store: Store) -> None:
    days = [NOON_DAY + timedelta(days=offset) for offset in range(-3, 4)]
    put(store, *days)
    store.append(co2(1))
    assert store.feature_days(HQ, fingerprint="v1") == {days[0], days[1], days[6]}
    assert store.features(HQ, first=days[0], last=days[6])["day"].sort().to_list() == [days[0], days[1], days[6]]


def test_an_unchanged_batch_leaves_features_valid(store: Store) -> None:
    store.append(co2(1, 2))
    put(store, NOON_DAY)
    store.append(co2(1, 2))
    assert store.feature_days(HQ, fingerprint="v1") == {NOON_DAY}


def test_a_replaced_reading_makes_features_stale(store: Store) -> None:
    store.append(co2(1, 2))
    put(store, NOON_DAY)
    store.append(co2(1, 3))
    assert store.feature_days(HQ, fingerprint="v1") == set()


def test_a_new_event_makes_features_stale_and_a_known_one_does_not(store: Store) -> None:
    store.append_events([fire()])
    put(store, NOON_DAY)
    store.append_events([fire()])
    assert store.feature_days(HQ, fingerprint="v1") == {NOON_DAY}
    store.append_events([fire(id="another")])
    assert store.feature_days(HQ, fingerprint="v1") == set()


def test_a_batch_of_another_site_leaves_features_valid(store: Store) -> None:
    put(store, NOON_DAY, site=HQ)
    store.append(co2(1, site=ANNEX))
    assert store.feature_days(HQ, fingerprint="v1") == {NOON_DAY}


def test_features_become_valid_again_when_put_again(store: Store) -> None:
    put(store, NOON_DAY, value=1)
    store.append(co2(1))
    put(store, NOON_DAY, value=2)
    assert store.features(HQ, first=NOON_DAY, last=NOON_DAY)["value"].to_list() == [2]


# Draining a spool


def test_a_spool_starts_undrained(store: Store) -> None:
    assert store.drained_to("spool-a") == 0


def test_what_comes_from_a_spool_is_stored_with_its_place(store: Store) -> None:
    counted = store.append_from_spool("spool-a", last_entry=7, batches=[co2(1, 2), co2(3, site=ANNEX)], events=[fire()])
    assert counted == AppendResult(new=3)
    assert (store.drained_to("spool-a"), store.drained_to("spool-b")) == (7, 0)
    assert values(store, HQ) == [1, 2]
    assert values(store, ANNEX) == [3]
    assert all_events(store).height == 1


def test_what_was_drained_before_changes_nothing(store: Store) -> None:
    store.append_from_spool("spool-a", last_entry=7, batches=[co2(1)])
    store.append_from_spool("spool-a", last_entry=8, batches=[co2(2)])
    assert store.append_from_spool("spool-a", last_entry=7, batches=[co2(1)]) == AppendResult()
    assert values(store) == [2]
    assert store.drained_to("spool-a") == 8


def test_a_place_moves_on_without_readings(store: Store) -> None:
    store.append_from_spool("spool-a", last_entry=3)
    store.append_from_spool("spool-a", last_entry=4, batches=[ReadingBatch(site=HQ)])
    assert store.drained_to("spool-a") == 4


# Properties: any order-preserving cutting and repeating of a stream gives the plain answer

Row = tuple[int, str, str, str, float, int]

ROWS = st.lists(
    st.tuples(
        st.sampled_from([NOON_MS + step for step in (0, 1, HOUR_MS, DAY_MS, 90 * DAY_MS, -3 * DAY_MS)]),
        st.sampled_from(["aq1", "会议室"]),
        st.sampled_from(["co2_ppm", "motion"]),
        st.sampled_from(["", "L1"]),
        st.one_of(st.integers(-3, 3).map(float), st.just(nan)),
        st.sampled_from([0, 1, 2]),
    ),
    max_size=30,
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """Rows, and batches that hold them in order, each batch at once repeated or not."""
    rows = draw(ROWS)
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    bounds = [0, *cuts, len(rows)]
    parts = [rows[start:end] for start, end in pairwise(bounds)]
    return rows, [part for part in parts for _ in range(draw(st.integers(1, 2)))]


def row_batch(rows: Sequence[Row]) -> ReadingBatch:
    batch = ReadingBatch(site=HQ)
    for time_ms, device, metric, phase, value, quality in rows:
        trusted = Quality.FAULT if isnan(value) else Quality(quality)
        batch.add(time_ms, device, metric, value, phase=phase, quality=trusted)
    return batch


def plain_answer(rows: Sequence[Row]) -> list[tuple[str, str, str, int, float | None, int]]:
    """The contract in a dictionary."""
    kept: dict[tuple[str, str, str, int], tuple[float | None, int]] = {}
    for time_ms, device, metric, phase, value, quality in rows:
        kept[device, metric, phase, time_ms] = (None, 3) if isnan(value) else (value, quality)
    return [(*key, *kept[key]) for key in sorted(kept)]


@pytest.mark.parametrize("opener", OPENERS.values(), ids=list(OPENERS))
@given(stream=streams())
@settings(max_examples=25, deadline=None)
def test_any_cutting_and_repeating_gives_the_plain_answer(
    opener: Callable[[Path], Store], stream: tuple[list[Row], list[list[Row]]]
) -> None:
    rows, batches = stream
    with tempfile.TemporaryDirectory() as folder, closing(opener(Path(folder))) as store:
        counted = sum((store.append(row_batch(part)) for part in batches), AppendResult())
        answer = plain_answer(rows)
        order = ["device", "metric", "phase", "time_ms", "value", "quality"]
        assert all_readings(store).select(order).rows() == answer
        newest = {row[:3]: row for row in answer}
        assert store.latest(HQ).select(order).rows() == list(newest.values())
        assert counted.new == len(answer)
        assert counted.new + counted.replaced + counted.unchanged == sum(map(len, batches))
        assert store.extent(HQ) == ((min(r[3] for r in answer), max(r[3] for r in answer)) if answer else None)


@given(stream=streams(), start_h=st.integers(-72, 30), length_h=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_both_stores_aggregate_alike(stream: tuple[list[Row], list[list[Row]]], start_h: int, length_h: int) -> None:
    _, batches = stream
    start_ms = NOON_MS + start_h * HOUR_MS
    with tempfile.TemporaryDirectory() as folder, closing(open_duckdb(Path(folder))) as file:
        memory = MemoryReadingStore()
        for part in batches:
            memory.append(row_batch(part))
            file.append(row_batch(part))
        expected, found = (
            each.aggregate(HQ, metric="co2_ppm", step="hour", start_ms=start_ms, end_ms=start_ms + length_h * HOUR_MS)
            for each in (memory, file)
        )
        assert_frame_equal(found, expected)
