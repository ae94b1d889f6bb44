from contextlib import suppress
from math import isnan, nan
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.native import Decoded, Topic, TopicError, TopicKind, decode
from sensors.events import EventState, EventType
from sensors.metrics import METRICS
from sensors.readings import Quality, Reading, ReadingFlag, epoch_ms
from tests.ingest.intake import NOW_MS

BATCH = "premises/v1/hq/gw1/readings"
SINGLE = "premises/v1/hq/gw1/meter3/readings"
EVENTS = "premises/v1/hq/gw1/events"


def decoded(topic: str, document: Any) -> Decoded:  # noqa: ANN401 - any JSON
    payload = document if isinstance(document, bytes) else orjson.dumps(document)
    return decode(Topic.parse(topic), payload, received_ms=NOW_MS)


def reading(**fields: Any) -> Reading:  # noqa: ANN401
    (only,) = decoded(SINGLE, {"readings": [{"m": "co2", "v": 936, **fields}]}).readings.readings()
    return only


def reason(**fields: Any) -> str:  # noqa: ANN401
    outcome = decoded(SINGLE, {"readings": [{"m": "co2", "v": 936, **fields}]})
    assert not len(outcome.readings)
    (problem,) = outcome.problems
    return problem.reason


def test_least_message_is_one_reading_at_the_time_of_receipt() -> None:
    outcome = decoded(SINGLE, b'{"readings":[{"m":"energy_import","v":1234.5,"u":"kWh"}]}')
    (only,) = outcome.readings.readings()
    assert (only.device, only.metric, only.value) == ("meter3", "energy_import_kwh", 1234.5)
    assert (epoch_ms(only.time), only.flags) == (NOW_MS, ReadingFlag.TIME_OF_RECEIPT)
    assert (outcome.records, outcome.problems, outcome.notes) == (1, (), ())


def test_contract_example_reads_as_written() -> None:
    outcome = decoded(
        BATCH,
        b'{"boot":"9f3c","seq":812,"ts":"2026-11-23T08:00:00+08:00",'
        b'"readings":[{"dev":"meter3","m":"active_power","ph":"L1","v":2635,"u":"W"},'
        b'{"dev":"aq1","m":"co2","v":936,"u":"ppm","ts":1795392000000},'
        b'{"dev":"aq2","m":"co2","v":null,"q":"fault"}]}',
    )
    power, co2, broken = outcome.readings.readings()
    assert (power.metric, power.phase, power.value) == ("active_power_w", "L1", 2635)
    assert (co2.device, co2.value, co2.flags) == ("aq1", 936, ReadingFlag.NONE)
    assert (broken.value, broken.quality) == (None, Quality.FAULT)
    assert {epoch_ms(each.time) for each in (power, co2, broken)} == {NOW_MS}
    assert (outcome.boot, outcome.seq, outcome.problems) == ("9f3c", 812, ())


def test_contract_event_reads_as_written() -> None:
    (event,) = decoded(
        EVENTS,
        b'{"events":[{"id":"gw1-9f3c-77","dev":"panel1","type":"fire","state":"active","test":false,"zone":"2F",'
        b'"ts":1795392000000}]}',
    ).events
    assert (event.id, event.device, event.type, event.state) == ("gw1-9f3c-77", "panel1", EventType.FIRE, "active")
    assert (event.zone, event.test, epoch_ms(event.time), event.doubts) == ("2F", False, NOW_MS, ())


def test_contract_status_is_a_state() -> None:
    outcome = decoded(
        "premises/v1/hq/gw1/status",
        b'{"state":"ready","boot":"9f3c","interval_s":60,"devices":{"aq1":{"online":true}}}',
    )
    assert (outcome.status, outcome.records, outcome.problems) == ("ready", 1, ())


@pytest.mark.parametrize("name", [*METRICS, *(metric.quantity for metric in METRICS.values())])
def test_metric_goes_by_its_quantity_and_by_its_stored_name(name: str) -> None:
    assert decoded(SINGLE, {"readings": [{"m": name, "v": 0}]}).problems == ()


@pytest.mark.parametrize(
    ("metric", "value", "unit", "stored"),
    [
        ("active_power", 2.5, "kW", 2500.0),
        ("temperature", 68, "°F", 20.0),
        ("co2", 0.1, "%", 1000.0),
        ("heat", 1, "MWh", 3.6),
    ],
)
def test_unit_is_converted_to_the_canonical_one(metric: str, value: float, unit: str, stored: float) -> None:
    assert reading(m=metric, v=value, u=unit).value == pytest.approx(stored)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"v": "936"}, "not_a_number"),
        ({"v": True}, "not_a_number"),
        ({"v": [1]}, "not_a_number"),
        ({"v": None}, "no_value"),
        ({"v": 60_000}, "out_of_range"),
        ({"m": "voltage", "v": -1}, "out_of_range"),
        ({"m": "motion", "v": 2}, "not_a_boolean"),
        ({"m": "motion", "v": "true"}, "not_a_boolean"),
        ({"m": "co3"}, "unknown_metric"),
        ({"m": 7}, "no_metric"),
        ({"u": "bar"}, "unknown_unit"),
        ({"u": 1}, "bad_u"),
        ({"ph": "L9"}, "bad_ph"),
        ({"q": "excellent"}, "bad_q"),
        ({"dev": "other"}, "device_contradicts_topic"),
        ({"hist": "yes"}, "bad_hist"),
        ({"ts": "2026-11-23T08:00:00"}, "time_without_offset"),
        ({"ts": "2026-11-23"}, "time_without_offset"),
        ({"ts": "soon"}, "time_unreadable"),
        ({"ts": True}, "time_unreadable"),
        ({"ts": NOW_MS // 1000}, "time_before_2000"),
        ({"ts": NOW_MS + 86_400_001}, "time_in_future"),
    ],
)
def test_bad_reading_is_refused_with_its_reason(fields: dict[str, Any], expected: str) -> None:
    assert reason(**fields) == expected


@pytest.mark.parametrize("token", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_number_that_is_none_spoils_its_record_only(token: bytes) -> None:
    outcome = decoded(SINGLE, b'{"readings":[{"m":"co2","v":%s},{"m":"co2","v":936}]}' % token)
    assert list(outcome.readings.value) == [936]
    assert [(each.path, each.reason) for each in outcome.problems] == [("readings[0].v", "not_finite")]
    assert outcome.records == 2


@pytest.mark.parametrize("value", [True, False, 0, 1, 1.0])
def test_boolean_metric_takes_booleans_and_both_numbers(value: float) -> None:
    assert reading(m="presence", v=value).value == float(value)


def test_no_value_goes_only_with_a_fault() -> None:
    assert reading(v=None, q="fault").value is None
    assert reason(v=None, q="suspect") == "no_value"


@pytest.mark.parametrize("written", ["2026-11-23T08:00:00+08:00", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00.000Z"])
def test_time_with_offset_is_read_to_utc(written: str) -> None:
    assert epoch_ms(reading(ts=written).time) == NOW_MS


def test_time_of_the_message_serves_readings_without_their_own() -> None:
    batch = decoded(
        SINGLE, {"ts": NOW_MS - 5, "readings": [{"m": "co2", "v": 1}, {"m": "co2", "v": 2, "ts": NOW_MS - 9}]}
    )
    assert list(batch.readings.time_ms) == [NOW_MS - 5, NOW_MS - 9]
    assert list(batch.readings.flags) == [ReadingFlag.NONE, ReadingFlag.NONE]


def test_bad_time_of_the_message_spares_readings_with_their_own() -> None:
    outcome = decoded(SINGLE, {"ts": "?", "readings": [{"m": "co2", "v": 1}, {"m": "co2", "v": 2, "ts": NOW_MS}]})
    assert list(outcome.readings.value) == [2]
    assert [(each.record, each.reason) for each in outcome.problems] == [(0, "time_unreadable")]


def test_backfill_is_marked_for_a_message_or_a_record() -> None:
    assert reading(hist=True, ts=NOW_MS).flags == ReadingFlag.BACKFILL
    batch = decoded(SINGLE, {"hist": True, "readings": [{"m": "co2", "v": 1, "ts": NOW_MS}]}).readings
    assert list(batch.flags) == [ReadingFlag.BACKFILL]


def test_unknown_field_is_noted_and_loses_nothing() -> None:
    outcome = decoded(SINGLE, {"readings": [{"m": "co2", "v": 1, "unit": "ppm"}]})
    assert len(outcome.readings) == 1
    assert [(each.path, each.reason) for each in outcome.notes] == [("readings[0].unit", "unknown_field")]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", "empty_payload"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"readings":[{"v":' + b"[" * 900 + b"NaN" + b"]" * 900 + b"}]}", "not_json"),
        (b'{"readings":[NaN,"\\ud800"]}', "not_json"),
        (b"[]", "not_an_object"),
        (b"{}", "no_readings"),
        (b'{"readings":{}}', "no_readings"),
    ],
)
def test_undecodable_message_is_one_record(payload: bytes, expected: str) -> None:
    outcome = decoded(SINGLE, payload)
    assert (outcome.records, [each.reason for each in outcome.problems]) == (1, [expected])
    assert outcome.problems[0].record is None


def test_sequence_number_counts_only_with_a_boot() -> None:
    assert decoded(SINGLE, {"seq": 7, "readings": []}).seq is None
    assert decoded(SINGLE, {"boot": "a", "seq": 7, "readings": []}).seq == 7
    odd = decoded(SINGLE, {"boot": "a", "seq": "7", "readings": []})
    assert (odd.seq, odd.boot, [each.reason for each in odd.notes]) == (None, None, ["bad_seq"])


def test_vital_event_survives_everything_wrong_with_it_and_says_so() -> None:
    (event,) = decoded(
        EVENTS, {"events": [{"type": "forced", "id": [], "zone": 7, "test": "no", "ts": "?", "dev": 5}]}
    ).events
    assert (event.state, event.device, event.test, event.id) == (EventState.ACTIVE, "gw1", False, None)
    assert (epoch_ms(event.time), event.flags) == (NOW_MS, ReadingFlag.TIME_OF_RECEIPT)
    assert set(event.doubts) == {"bad_id", "bad_zone", "bad_test", "time_unreadable", "bad_dev", "bad_state"}


def test_other_event_with_a_wrong_field_is_refused() -> None:
    outcome = decoded(EVENTS, {"events": [{"type": "granted", "dev": "d", "ts": "?"}, {"type": "granted", "dev": "d"}]})
    assert [event.state for event in outcome.events] == [EventState.MOMENTARY]
    assert [(each.record, each.reason) for each in outcome.problems] == [(0, "time_unreadable")]


def test_unknown_event_type_is_refused() -> None:
    assert [each.reason for each in decoded(EVENTS, {"events": [{"type": "party"}]}).problems] == ["unknown_type"]


@pytest.mark.parametrize(
    "topic",
    [
        "premises/v1/hq/readings",
        "premises/v2/hq/gw1/readings",
        "premises/v1/hq//readings",
        "premises/v1/hq/gw1/x/y/readings",
        "premises/v1/hq/gw1/x/status",
        "premises/v1/hq/gw1/measurements",
        "",
    ],
)
def test_topic_outside_the_contract_is_an_error(topic: str) -> None:
    with pytest.raises(TopicError):
        Topic.parse(topic)


def test_topic_is_taken_apart() -> None:
    topic = Topic.parse(SINGLE)
    assert (topic.site, topic.gateway, topic.device, topic.kind) == ("hq", "gw1", "meter3", TopicKind.READINGS)
    assert Topic.parse(BATCH).device is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "m": st.sampled_from([*METRICS, "co2"]) | JSON,
            "v": st.floats() | st.booleans() | JSON,
            "type": st.sampled_from([*EventType, "party"]) | JSON,
            "state": st.sampled_from(["active", "cleared", "momentary"]) | JSON,
            **dict.fromkeys(("dev", "u", "ph", "q", "ts", "hist", "id", "zone", "test"), JSON),
        },
    )
    | JSON,
    max_size=4,
)
DOCUMENTS = st.fixed_dictionaries(
    {"readings": RECORDS, "events": RECORDS}, optional=dict.fromkeys(("boot", "seq", "ts", "hist", "state"), JSON)
)
TOPICS = st.sampled_from([SINGLE, BATCH, EVENTS, "premises/v1/hq/gw1/d/events", "premises/v1/hq/gw1/status"])


def test_a_fire_with_no_list_round_it_is_a_fire_all_the_same() -> None:
    payload = b'{"type":"fire","state":"active","zone":"2F","id":"w1","ts":1795392000000,"seq":4,"boot":"b"}'
    told = decoded("premises/v1/hq/gw1/panel1/events", payload)
    (event,) = told.events
    assert (event.type, event.zone, event.id, epoch_ms(event.time)) == ("fire", "2F", "w1", 1_795_392_000_000)
    assert ([note.reason for note in told.notes], told.problems, told.seq) == (["bare_event"], (), 4)


@given(topic=TOPICS, payload=st.binary(max_size=200) | (DOCUMENTS | JSON).map(orjson.dumps))
def test_decoder_raises_nothing_and_counts_every_record(topic: str, payload: bytes) -> None:
    outcome = decoded(topic, payload)
    lost = sum(each.record is not None for each in outcome.problems) or len(outcome.problems)
    made = len(outcome.readings) + len(outcome.events) + (outcome.status is not None)
    assert outcome.records == made + lost
    assert len(outcome.reading_records) == len(outcome.readings)
    for each in outcome.readings.readings():
        metric = METRICS[each.metric]
        assert each.quality is Quality.FAULT if each.value is None else metric.in_range(each.value)


@given(text=st.text(max_size=60))
def test_any_topic_is_read_or_refused(text: str) -> None:
    with suppress(TopicError):
        assert Topic.parse(text).gateway


def test_nan_is_no_value_inside() -> None:
    assert isnan(decoded(SINGLE, {"readings": [{"m": "co2", "v": None, "q": "fault"}]}).readings.value[0])
    assert not METRICS["co2_ppm"].in_range(nan)
