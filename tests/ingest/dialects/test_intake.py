"""Messages of gateways with formats of their own, on their way to the spool: books, quarantine, duplicates, doubts."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.dialects.desk import Dialects, GatewayOptions
from ingest.messages import Message
from ingest.pipeline import Pipeline
from ingest.second_look import SecondLook
from sensors.credentials import CredentialKey
from sensors.events import EventType
from sensors.intake import Book, SpoolEntry
from sensors.local_time import find_timezone
from sensors.readings import Quality
from storage.spool import SqliteSpool
from tests.ingest.intake import NOW_MS, registry_of, spool_in

EUI = "24e124710b425a10"
UPLINK = f"application/1/device/{EUI}/event/up"
ZIGBEE = "zigbee2mqtt/living room/door"


def dialects(**options: Any) -> Dialects:  # noqa: ANN401 - any option
    return Dialects(
        [
            GatewayOptions(name="lora", format="chirpstack", topics=("application/+/device/+/event/+",), **options),
            GatewayOptions(name="zigbee", format="zigbee2mqtt", topics=("zigbee2mqtt/#",), names={"smoke 1": "smoke1"}),
            GatewayOptions(name="doors", format="esp_rfid", topics=("esp/+/send",)),
            GatewayOptions(name="plc", format="json", topics=("plc/#",)),
        ]
    )


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[SqliteSpool]:
    with closing(spool_in(tmp_path)) as opened:
        yield opened


def pipeline_of(spool: SqliteSpool, *devices: str, **options: Any) -> Pipeline:  # noqa: ANN401 - any option
    return Pipeline(registry=registry_of(*devices), spool=spool, dialects=dialects(**options))


def message(topic: str, document: object, **other: Any) -> Message:  # noqa: ANN401 - any field
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(topic=topic, payload=payload, received_ms=other.pop("received_ms", NOW_MS), **other)


def uplink(data: str = "A2fqAARoTw==", **fields: Any) -> Message:  # noqa: ANN401 - any field
    info = {"deviceName": "EM300-TH", "devEui": EUI}
    other = {name: fields.pop(name) for name in ("packet_id", "dup", "retain") if name in fields}
    document = {"deduplicationId": "d1", "time": "2026-11-22T23:59:58.5Z", "deviceInfo": info, "data": data, **fields}
    return message(UPLINK, document, **other)


def committed(pipeline: Pipeline, spool: SqliteSpool, *messages: Message) -> list[SpoolEntry]:
    entries = pipeline.process(messages)
    spool.commit(entries)
    return entries


def book(spool: SqliteSpool, gateway: str) -> Book:
    found = spool.books()[gateway]
    assert found.balances
    return found


def values(entry: SpoolEntry) -> list[tuple[str, str, float]]:
    batch = entry.readings
    return [] if batch is None else list(zip(batch.device, batch.metric, batch.value, strict=True))


def test_an_uplink_is_in_the_spool_and_the_books(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool, EUI), spool, uplink())
    assert values(entry) == [(EUI, "temperature_c", 23.4), (EUI, "relative_humidity_pct", 39.5)]
    assert (book(spool, "lora").received, book(spool, "lora").accepted) == (2, 2)


def test_the_same_uplink_sent_again_is_a_duplicate(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool, EUI)
    committed(pipeline, spool, uplink(), uplink())
    committed(pipeline_of(spool, EUI), spool, uplink())
    found = book(spool, "lora")
    assert (found.received, found.accepted, found.duplicate) == (6, 2, 4)


def test_a_frame_counter_that_starts_over_is_no_duplicate(spool: SqliteSpool) -> None:
    committed(pipeline_of(spool, EUI), spool, uplink(fCnt=1), uplink(fCnt=1, deduplicationId="d2"))
    assert book(spool, "lora").accepted == 4


def test_an_unknown_device_lies_in_quarantine_by_its_paths(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, uplink())
    (kept,) = entry.quarantined
    assert (kept.reason, kept.records, kept.paths) == ("unknown_device", 2, ("data.temperature", "data.humidity"))
    assert book(spool, "lora").quarantined == 2


def test_what_lay_in_quarantine_is_taken_once_the_device_is_known(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, uplink())
    look = SecondLook(registry=registry_of(EUI), spool=spool, max_payload_bytes=100_000, dialects=dialects())
    (again,) = look.judge(entry.quarantined, now_ms=NOW_MS)
    assert values(again) == [(EUI, "temperature_c", 23.4), (EUI, "relative_humidity_pct", 39.5)]
    assert (again.quarantined, again.duplicates) == ((), 0)


def test_one_bad_value_spoils_only_itself_and_is_judged_alone_again(spool: SqliteSpool) -> None:
    payload = {"device": "aq1", "co2": 612, "temperature": 999}
    (entry,) = committed(pipeline_of(spool, "aq1"), spool, message("plc/a", payload))
    (kept,) = entry.quarantined
    assert (values(entry), kept.reason, kept.paths) == ([("aq1", "co2_ppm", 612.0)], "out_of_range", ("temperature",))
    look = SecondLook(registry=registry_of("aq1"), spool=spool, max_payload_bytes=100_000, dialects=dialects())
    (again,) = look.judge([kept], now_ms=NOW_MS)
    assert (again.accepted, again.received, [each.reason for each in again.quarantined]) == (0, 1, ["out_of_range"])


def test_a_message_that_cannot_be_read_is_one_record(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, message("plc/a", b"\xff"))
    assert [(each.reason, each.records) for each in entry.quarantined] == [("not_json", 1)]


@pytest.mark.parametrize(
    ("topic", "document", "reason"),
    [
        (UPLINK.replace("/up", "/join"), {"deviceInfo": {"devEui": EUI}}, "not_telemetry"),
        (f"{ZIGBEE}/availability", {"state": "online"}, "status"),
        ("zigbee2mqtt/bridge/info", {}, "not_telemetry"),
        ("plc/a", {}, "empty"),
    ],
)
def test_a_message_without_a_record_is_ignored_with_its_reason(
    spool: SqliteSpool,
    topic: str,
    document: object,
    reason: str,
) -> None:
    (entry,) = committed(pipeline_of(spool), spool, message(topic, document))
    assert [(each.reason, each.records) for each in entry.ignored] == [(reason, 1)]
    assert book(spool, entry.gateway).received == 1


def test_a_probe_that_is_missing_is_a_faulty_reading(spool: SqliteSpool) -> None:
    info = {"deviceName": "LHT52", "devEui": EUI.replace("24", "a8", 1)}
    said = uplink(deviceInfo=info, data="", object={"TempC_SHT": 327.67, "Hum_SHT": 40})
    (entry,) = committed(pipeline_of(spool, str(info["devEui"])), spool, said)
    assert entry.readings is not None
    assert list(entry.readings.quality) == [Quality.GOOD, Quality.FAULT]
    assert book(spool, "lora").accepted == 2


def test_a_name_that_is_no_id_finds_its_device(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool, "living-room-door", "smoke1")
    (entry, other) = committed(
        pipeline, spool, message(ZIGBEE, {"contact": True}), message("zigbee2mqtt/smoke 1", {"smoke": True})
    )
    assert values(entry) == [("living-room-door", "open", 0.0)]
    assert [(event.device, event.type, event.doubts) for event in other.events] == [("smoke1", EventType.SMOKE, ())]
    assert [signal.device for signal in other.signals] == ["smoke1"]


def test_smoke_of_an_unknown_device_alerts_all_the_same(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, message("zigbee2mqtt/new", {"smoke": True}))
    assert [event.doubts for event in entry.events] == [("unknown_device",)]
    assert len(entry.signals) == 1


def test_smoke_that_was_not_kept_is_news_when_it_comes_again(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool, "smoke1")
    lost = message("zigbee2mqtt/smoke 1", {"smoke": True})
    assert pipeline.process([lost])[0].events
    pipeline.forget()
    assert pipeline.process([lost])[0].events


def test_a_retained_replay_is_no_sample_and_leaves_no_memory(spool: SqliteSpool) -> None:
    pipeline = pipeline_of(spool, "smoke1")
    replay = message("zigbee2mqtt/smoke 1", {"smoke": True, "temperature": 21}, retain=True)
    (entry,) = committed(pipeline, spool, replay)
    assert [each.reason for each in entry.ignored] == ["retained"]
    (live,) = committed(pipeline, spool, replay._replace(retain=False))
    assert (len(live.events), live.accepted) == (1, 2)


def test_a_lost_bridge_is_a_lost_gateway(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, message("zigbee2mqtt/bridge/state", b"offline", retain=True))
    assert entry.status is not None
    assert (entry.status.state, entry.status.retained) == ("lost", True)
    assert book(spool, "zigbee").received == 1


def test_nothing_personal_is_kept_even_in_quarantine(spool: SqliteSpool) -> None:
    access = {"cmd": "log", "type": "access", "time": 1_795_391_998, "access": "Odd", "username": "Zhang San"}
    said = message("esp/front/send", {**access, "uid": "f3ec6234", "door": "nowhere"})
    broken = message("esp/front/send", b'{"username": "Zhang San", ')
    entries = committed(pipeline_of(spool), spool, said, broken)
    kept = b"".join(each.payload for entry in entries for each in entry.quarantined)
    assert [entry.quarantined[0].reason for entry in entries] == ["unknown_device", "empty_payload"]
    assert b"Zhang" not in kept
    assert b"f3ec6234" not in kept


def test_a_card_is_known_again_by_its_digest(spool: SqliteSpool) -> None:
    key = CredentialKey(secret=b"of this test")
    access = {"cmd": "log", "type": "access", "time": 1_795_391_998, "access": "Always", "door": "front"}
    said = message("esp/front/send", {**access, "username": "Zhang San", "uid": "f3ec6234"})
    pipeline = Pipeline(registry=registry_of("front"), spool=spool, dialects=dialects(), credentials=key)
    (entry,) = pipeline.process([said])
    assert [event.credential for event in entry.events] == [key.digest("f3ec6234")]


def test_a_card_out_of_quarantine_is_the_same_card(spool: SqliteSpool) -> None:
    key = CredentialKey(secret=b"of this test")
    access = {"cmd": "log", "type": "access", "time": 1_795_391_998, "access": "Always", "door": "front", "uid": 7}
    pipeline = Pipeline(registry=registry_of(), spool=spool, dialects=dialects(), credentials=key)
    (entry,) = pipeline.process([message("esp/front/send", access)])
    look = SecondLook(registry=registry_of("front"), spool=spool, max_payload_bytes=100_000, dialects=dialects())
    (again,) = look.judge(entry.quarantined, now_ms=NOW_MS)
    assert [event.credential for event in again.events] == [key.digest("7")]


def test_local_times_are_those_of_the_site_or_the_gateway(spool: SqliteSpool) -> None:
    there = pipeline_of(spool, EUI).process([uplink(time="2026-11-23 07:59:58")])
    elsewhere = pipeline_of(spool, EUI, zone=find_timezone("UTC")).process([uplink(time="2026-11-22 23:59:58")])
    wrong = pipeline_of(spool, EUI, z_is_local=True).process([uplink(time="2026-11-23T07:59:58Z")])
    times = {entry.readings.time_ms[0] for (entry,) in (there, elsewhere, wrong) if entry.readings is not None}
    assert times == {NOW_MS - 2_000}


def test_topics_of_nobody_stay_the_contracts(spool: SqliteSpool) -> None:
    (entry,) = committed(pipeline_of(spool), spool, message("tele/x/SENSOR", {}))
    assert [each.reason for each in entry.quarantined] == ["unknown_topic"]
