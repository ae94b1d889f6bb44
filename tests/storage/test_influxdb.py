"""Readings in a real InfluxDB: what only this store has to keep beside the contract that all stores keep."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensors.events import Event, EventState, EventType
from sensors.readings import Quality, ReadingBatch
from sensors.topology import DeviceId, SiteId
from storage.ports import AppendResult, PlaceSpan
from storage.readings import influxdb as module
from storage.readings import influxdb_answers as answers
from storage.readings import influxdb_events
from storage.readings import influxdb_queries as queries
from storage.readings.influxdb import InfluxReadingStore
from storage.readings.influxdb_answers import ForeignAnswerError
from storage.readings.influxdb_counts import SLICE_MS
from storage.readings.influxdb_queries import Bucket, Scope, identifier, literal
from storage.readings.influxdb_server import Series
from storage.readings.influxdb_setup import Buckets, Kept, State, found
from tests.influx import influxdb

HQ = SiteId("hq")
NOON_MS = 1_795_392_000_000
DAY_MS = 86_400_000
NOON = datetime.fromtimestamp(NOON_MS / 1000, UTC)


class Moved:
    """Devices whose places a test changes as it goes."""

    def __init__(self, **spans: Sequence[PlaceSpan]) -> None:
        self.known: dict[str, Sequence[PlaceSpan]] = dict(spans)

    def spans(self, _site: SiteId, device: str) -> Sequence[PlaceSpan]:
        return self.known.get(device, ())


def at(room: str, since_ms: int = -(2**43)) -> PlaceSpan:
    return PlaceSpan(start_ms=since_ms, building="a", floor="2", room=room)


@pytest.fixture
def places() -> Moved:
    return Moved(aq1=[at("a-201")])


@pytest.fixture
def store(tmp_path: Path, places: Moved) -> Iterator[InfluxReadingStore]:
    server = influxdb()
    with closing(server.store(tmp_path, places=places)) as opened:
        yield opened
        server.remove(opened.buckets)


def co2(*values: float, start_ms: int = NOON_MS, device: str = "aq1", site: SiteId = HQ) -> ReadingBatch:
    batch = ReadingBatch(site=site)
    for index, value in enumerate(values):
        batch.add(start_ms + 60_000 * index, device, "co2_ppm", value)
    return batch


def event(*, id: str | None = None, device: str = "panel1", zone: str = "2F", seconds: float = 0) -> Event:  # noqa: A002 - the field's own name
    return Event(
        site=HQ,
        gateway="gw1",
        device=DeviceId(device),
        type=EventType.FIRE,
        state=EventState.ACTIVE,
        time=NOON,
        received=NOON + timedelta(seconds=seconds),
        id=id,
        zone=zone,
    )


def rooms(store: InfluxReadingStore, metric: str = "co2_ppm") -> Mapping[int, str]:
    """Return under which room each reading lies, by the server's own word."""
    statement = queries.readings(store.buckets.raw.bucket, metric, Scope(site=HQ), by=queries.ALL_TAGS)
    pieces = list(store.server.ask([statement]))
    return {row[0] // 1_000_000: piece.tags["room"] for piece in pieces for row in piece.rows}


def values(store: InfluxReadingStore) -> list[float | None]:
    return store.readings(HQ, start_ms=NOON_MS - 9 * DAY_MS, end_ms=NOON_MS + 9 * DAY_MS)["value"].to_list()


# Where a reading lies


def test_a_reading_lies_in_the_room_where_its_device_was_then(store: InfluxReadingStore, places: Moved) -> None:
    places.known["aq1"] = [at("a-201"), at("a-202", NOON_MS + 60_000), PlaceSpan(start_ms=NOON_MS + 120_000)]
    store.append(co2(1, 2, 3))
    assert rooms(store) == {NOON_MS: "a-201", NOON_MS + 60_000: "a-202", NOON_MS + 120_000: ""}
    assert values(store) == [1, 2, 3]


def test_a_device_moved_in_the_past_leaves_one_reading_under_a_key_and_the_last_received_wins(
    store: InfluxReadingStore, places: Moved
) -> None:
    store.append(co2(1, 2))
    places.known["aq1"] = [at("b-101")]
    assert store.append(co2(5, 2, 3)) == AppendResult(new=1, replaced=1, unchanged=1)
    assert values(store) == [5, 2, 3]
    assert rooms(store) == {NOON_MS: "a-201", NOON_MS + 60_000: "a-201", NOON_MS + 120_000: "b-101"}
    assert store.count() == 3


def test_quality_is_a_field_and_ids_are_no_tags(store: InfluxReadingStore) -> None:
    store.append(co2(1))
    store.append_events([event(id="gw1-77")])
    scope = Scope(site=HQ)
    asked = [queries.readings(store.buckets.raw.bucket, "co2_ppm", scope, by=queries.ALL_TAGS)]
    asked += [each.replace("GROUP BY device", "GROUP BY *") for each in queries.events(store.buckets.raw.bucket, scope)]
    keys = {name for piece in store.server.ask(asked) for name in piece.tags}
    assert keys == {"building", "device", "floor", "room", "site"}


def test_a_device_of_an_unknown_metric_or_time_is_refused_and_the_rest_is_in(store: InfluxReadingStore) -> None:
    batch = co2(1)
    batch.add(NOON_MS, "aq1", "no_such_metric", 1)
    batch.add(2**60, "aq1", "co2_ppm", 1)
    counted = store.append(batch)
    assert (counted.new, counted.replaced, counted.unchanged) == (1, 0, 0)
    assert sorted(len(each.readings or ()) for each in counted.refused) == [1, 1]
    assert {each.words.partition(":")[0] for each in counted.refused} == {
        "a metric that this Premises does not know",
        "a time that InfluxDB cannot hold",
    }
    assert values(store) == [1]


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
ODD = ["二楼 会议室,东=1", "trailing\\", "a\\,b", 'say "x"', "it's", "line\nend", "%5C", "100 %", " ", "a=b c,d", "%"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_any_name_comes_back_as_it_was(store: InfluxReadingStore, names: list[str]) -> None:
    kept_as_written(store, names)


def test_odd_names_come_back_as_they_were(store: InfluxReadingStore) -> None:
    kept_as_written(store, ODD)


def kept_as_written(store: InfluxReadingStore, names: Sequence[str]) -> None:
    batch = ReadingBatch(site=HQ)
    for number, name in enumerate(names):
        batch.add(NOON_MS, name, "co2_ppm", number, phase="L1")
    store.append(batch)
    assert store.append(batch).unchanged == len(names)
    found = store.readings(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1, devices=names)
    assert dict(found.select("device", "value").rows()) == dict(zip(names, map(float, range(len(names))), strict=True))


def test_a_value_keeps_every_bit(store: InfluxReadingStore) -> None:
    odd = [0.1 + 0.2, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.123456789]
    store.append(co2(*odd))
    assert [str(value) for value in values(store)] == [str(value) for value in odd]


# Events


def test_two_events_in_one_millisecond_are_two_however_often_they_come(store: InfluxReadingStore) -> None:
    both = [event(zone="2F"), event(zone="3F")]
    assert store.append_events(both) == 2
    assert store.append_events(both) == 0
    frame = store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1)
    assert (sorted(frame["zone"]), set(frame["time_ms"])) == (["2F", "3F"], {NOON_MS})


def test_events_whose_nanoseconds_meet_are_kept_both(
    store: InfluxReadingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influxdb_events, "nanosecond", lambda _identity: 999_999)
    store.append_events([event(zone="2F"), event(zone="3F")])
    store.append_events([event(zone="4F")])
    assert sorted(store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1)["zone"]) == ["2F", "3F", "4F"]


def test_texts_of_events_come_back_as_they_were(store: InfluxReadingStore) -> None:
    odd = [replace(event(id=name, zone=name), device=DeviceId("panel1")) for name in ODD]
    store.append_events(odd)
    frame = store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1)
    assert sorted(frame["zone"]) == sorted(ODD)
    assert sorted(frame["id"]) == sorted(ODD)


def test_without_its_notes_a_store_knows_its_events_and_readings_all_the_same(tmp_path: Path) -> None:
    server = influxdb()
    buckets = server.new_buckets()
    with closing(server.store(tmp_path, buckets)) as store:
        store.append_events([event(id="gw1-77")])
        store.append(co2(1, 2))
    (tmp_path / "influxdb.duckdb").unlink()
    with closing(server.store(tmp_path, buckets)) as store:
        assert store.append_events([event(id="gw1-77", seconds=60), event(id="gw1-78")]) == 1
        assert store.append(co2(1, 3)) == AppendResult(replaced=1, unchanged=1)
        assert store.events(HQ, start_ms=NOON_MS, end_ms=NOON_MS + 1).height == 2
    server.remove(buckets)


# Reading


def test_long_ranges_and_many_devices_are_read_in_slices(
    store: InfluxReadingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE_MS", DAY_MS)
    monkeypatch.setattr(module, "DEVICES_AT_ONCE", 2)
    batch = ReadingBatch(site=HQ)
    for day in range(5):
        for device in range(5):
            batch.add(NOON_MS + day * DAY_MS, f"d{device}", "co2_ppm", day)
    store.append(batch)
    devices = [f"d{number}" for number in range(5)]
    found = store.readings(HQ, start_ms=0, end_ms=2**53, devices=devices)
    assert found.height == 25
    assert found["value"].to_list() == [0, 1, 2, 3, 4] * 5


def test_an_answer_with_other_columns_is_no_empty_store(store: InfluxReadingStore) -> None:
    store.append(co2(1))
    other = queries.edge(store.buckets.raw.bucket, "co2_ppm", "last", Scope(site=HQ))
    with pytest.raises(ForeignAnswerError):
        answers.readings(store.server.ask([other]), ["co2_ppm"])


def test_names_and_texts_are_quoted() -> None:
    assert identifier('a"b\\c') == '"a\\"b\\\\c"'
    assert literal("it's \\ here") == "'it\\'s \\\\ here'"
    assert "'x\\' OR \\'1\\'=\\'1'" in Scope(site=SiteId("x' OR '1'='1")).where


def test_a_bucket_without_a_slash_is_the_default_policy_of_its_name() -> None:
    assert Bucket("premises").measurement("electricity") == '"premises"."autogen"."electricity"'
    assert Bucket("premises/raw").measurement("electricity") == '"premises"."raw"."electricity"'


def test_readings_are_counted_in_slices_and_only_changed_ones_once_more(
    store: InfluxReadingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    real = queries.count

    def count(bucket: Bucket, metric: str, start_ms: int, end_ms: int) -> str:
        asked.append((start_ms, end_ms))
        return real(bucket, metric, start_ms, end_ms)

    monkeypatch.setattr(queries, "count", count)
    assert store.count() == 0
    store.append(co2(1, 2))
    store.append(co2(3, start_ms=NOON_MS - 100 * DAY_MS, site=SiteId("other")))
    assert store.count() == 3
    assert {end_ms - start_ms for start_ms, end_ms in asked} == {SLICE_MS}
    assert len(set(asked)) == 4
    asked.clear()
    assert store.append(co2(1, 5, 6)).new == 1
    assert store.count() == 4
    assert len(set(asked)) == 1


def test_what_is_written_while_it_is_counted_is_not_forgotten(
    store: InfluxReadingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(co2(1))
    real = answers.total

    def total(answer: Iterable[Series]) -> int:
        counted = real(answer)
        monkeypatch.setattr(answers, "total", real)
        store.append(co2(1, 2))
        return counted

    monkeypatch.setattr(answers, "total", total)
    store.count()
    assert store.count() == 2


# Buckets


def test_missing_buckets_are_made_with_their_retention_and_left_alone_after(tmp_path: Path) -> None:
    server = influxdb()
    plain = server.new_buckets()
    buckets = Buckets(raw=replace(plain.raw, days=400), hourly=plain.hourly, daily=plain.daily)
    with closing(InfluxReadingStore(server.address(), notes=tmp_path / "notes", buckets=buckets)) as store:
        assert [each.state for each in found(store.server, server.org, buckets)] == [State.MISSING] * 3
        assert [each.state for each in store.prepare()] == [State.MADE] * 3
        assert [each.state for each in store.prepare()] == [State.READY] * 3
        [raw, *_] = found(store.server, server.org, replace(buckets, raw=Kept(bucket=plain.raw.bucket)))
        assert (raw.state, "keeps 400 days where the settings say for ever" in raw.words) == (
            State.OTHER_RETENTION,
            True,
        )
        server.remove(buckets)


def test_readings_beyond_the_retention_are_refused_with_the_servers_words(tmp_path: Path) -> None:
    server = influxdb()
    plain = server.new_buckets()
    buckets = Buckets(raw=replace(plain.raw, days=30), hourly=plain.hourly, daily=plain.daily)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    with closing(server.store(tmp_path, buckets)) as store:
        batch = co2(1, 2, start_ms=now_ms - 100 * DAY_MS)
        batch.add(now_ms, "aq1", "co2_ppm", 3, quality=Quality.GOOD)
        counted = store.append(batch)
        assert counted.new == 1
        [refusal] = counted.refused
        assert "retention" in refusal.words
        assert refusal.readings is not None
        assert list(refusal.readings.value) == [1, 2]
        server.remove(buckets)
