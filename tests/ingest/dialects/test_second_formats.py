"""What golden folders cannot show: how messages are known again, parts that are devices, models of the registry."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.dialects.decoded import Context, Decoded
from premises.decoding import context_of, formats
from tests.ingest.dialects.golden_cases import RECEIVED_MS

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "data" / "shelly"


def decode(name: str, topic: str, document: Any, context: Context | None = None) -> Decoded:  # noqa: ANN401 - any JSON
    """Return what a new decoder makes of a message."""
    given = context or context_of(None, "Asia/Shanghai", RECEIVED_MS)
    return formats()[name]().decode(topic, json.dumps(document).encode(), given)


def uplink(**said: object) -> dict[str, Any]:
    return {"end_device_ids": {"dev_eui": "24E124710B425A10"}, "uplink_message": {"frm_payload": "AXVc", **said}}


def values(decoded: Decoded) -> dict[tuple[str, str], float]:
    return {(row[1], row[2]): row[4] for row in decoded.readings}


def test_an_uplink_is_known_again_by_session_and_count_of_which_0_is_left_out() -> None:
    first = decode("things_stack", "", uplink(session_key_id="AZq"))
    second = decode("things_stack", "", uplink(session_key_id="AZq", f_cnt=1))
    assert first.message_id == decode("things_stack", "", uplink(session_key_id="AZq", f_cnt=0)).message_id
    assert first.message_id != second.message_id


def test_an_uplink_without_a_session_is_never_taken_for_another() -> None:
    assert decode("things_stack", "", uplink(f_cnt=7)).message_id is None


def test_a_second_sensor_of_tasmota_may_be_a_device_of_its_own() -> None:
    context = context_of(None, "UTC", RECEIVED_MS)
    context.names = {"hall/DS18B20-2": "t2"}
    document = {"DS18B20-1": {"Temperature": 21}, "DS18B20-2": {"Temperature": 47}}
    assert values(decode("tasmota", "tele/hall/SENSOR", document, context)) == {
        ("hall", "temperature_c"): 21,
        ("t2", "temperature_c"): 47,
    }


def test_a_further_channel_of_shelly_is_the_device_that_the_registry_has_for_it() -> None:
    context = context_of(None, "UTC", RECEIVED_MS)
    context.models = {"plugs": "", "plugs-switch:1": ""}
    document = {"method": "NotifyStatus", "params": {"switch:0": {"apower": 1}, "switch:1": {"apower": 2}}}
    found = decode("shelly", "plugs/events/rpc", document, context)
    assert values(found) == {("plugs", "active_power_w"): 1, ("plugs-switch:1", "active_power_w"): 2}
    assert found.heard == []


def test_what_a_shelly_does_not_say_is_nothing_and_never_0() -> None:
    document = {"method": "NotifyStatus", "params": {"em1:0": {"id": 0, "voltage": 231}}}
    assert values(decode("shelly", "m/events/rpc", document)) == {("m", "voltage_v"): 231}


def test_alink_ids_that_start_over_make_no_duplicate() -> None:
    document = {"id": "1", "params": {"temperature": 21}}
    assert decode("alink", "/sys/p/d/thing/event/property/post", document).message_id is None


def test_an_event_of_alink_is_no_property() -> None:
    document = {"params": {"value": {"temperature": 21}, "time": RECEIVED_MS}}
    found = decode("alink", "/sys/p/d/thing/event/too_hot/post", document)
    assert found.readings == []
    assert [each.reason for each in found.ignored] == ["unknown_key"]


def test_huaweis_sdk_writes_local_time_with_a_z() -> None:
    context = context_of(None, "Asia/Shanghai", RECEIVED_MS)
    context.z_is_local = True
    service = {"service_id": "air", "properties": {"co2": "612"}, "event_time": "20261123T075958Z"}
    found = decode("huawei", "$oc/devices/aq1/sys/properties/report", {"services": [service]}, context)
    assert [row[0] for row in found.readings] == [RECEIVED_MS - 2_000]


def test_real_captures_of_shelly_are_read_without_a_problem() -> None:
    captures = sorted(CAPTURES.glob("gen[23]*.json")) if CAPTURES.is_dir() else []
    if not captures:
        pytest.skip("the captures are not on this machine")
    for capture in captures:
        status = json.loads(capture.read_text(encoding="utf-8"))["status"]
        document = {"method": "NotifyFullStatus", "params": {"ts": RECEIVED_MS / 1000, **status}}
        found = decode("shelly", "s/events/rpc", document)
        assert found.problems == [], capture.name
        assert [each.path for each in found.ignored if each.reason == "unknown_key"] == [], capture.name
