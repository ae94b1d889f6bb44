"""A typical message of each format, as its gateway sends it all day."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class Sample(NamedTuple):
    """A topic and its payload; `before` is what a decoder must have heard, topic and payload."""

    topic: str
    payload: bytes
    before: tuple[str, bytes] | None = None


def sample(topic: str, document: Mapping[str, Any] | Sequence[Any]) -> Sample:
    """Return a JSON message."""
    return Sample(topic, json.dumps(document, separators=(",", ":")).encode())


_EUI = "24e124710b425a10"
_AIR = b64encode(bytes.fromhex("01755c0367ee0004687c05000106cb02077da803087d2500097366270b7d20000c7d3000")).decode()
_RECEIVED = {
    "gatewayId": "0016c001f153a14c",
    "uplinkId": 4217106255,
    "nsTime": "2026-11-22T23:59:58.712345678+00:00",
    "rssi": -61,
    "snr": 10.5,
    "channel": 3,
    "location": {},
    "context": "E3OWOQ==",
    "metadata": {"region_name": "eu868", "region_common_name": "EU868"},
    "crcStatus": "CRC_OK",
}

MESSAGES: Final[Mapping[str, Sample]] = MappingProxyType(
    {
        "chirpstack": sample(
            f"application/17c82e96-be03-4f38-aef3-f83d48582d97/device/{_EUI}/event/up",
            {
                "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
                "time": "2026-11-22T23:59:58.775023242+00:00",
                "deviceInfo": {
                    "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
                    "tenantName": "ChirpStack",
                    "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
                    "applicationName": "Offices",
                    "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
                    "deviceProfileName": "AM319",
                    "deviceName": "room 201",
                    "devEui": _EUI,
                    "tags": {},
                },
                "devAddr": "00189440",
                "adr": True,
                "dr": 5,
                "fCnt": 1207,
                "fPort": 85,
                "data": _AIR,
                "rxInfo": [_RECEIVED],
                "txInfo": {"frequency": 867100000, "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7}}},
            },
        ),
        "milesight": sample(
            "milesight/up",
            {
                "applicationID": "1",
                "applicationName": "cloud",
                "data": b64encode(bytes.fromhex("01755c03673401046865")).decode(),
                "devEUI": _EUI,
                "deviceName": "EM300-TH",
                "fCnt": 128,
                "fPort": 85,
                "time": "2026-11-22T23:59:58.123Z",
            },
        ),
        "zigbee2mqtt": sample(
            "zigbee2mqtt/room 201/climate",
            {"battery": 97, "humidity": 41.3, "linkquality": 87, "pressure": 1008.2, "temperature": 22.4},
        ),
        "things_stack": sample(
            "v3/offices@ttn/devices/eui-24e124710b425a10/up",
            {
                "end_device_ids": {
                    "device_id": "eui-24e124710b425a10",
                    "application_ids": {"application_id": "offices"},
                    "dev_eui": _EUI.upper(),
                    "dev_addr": "260B1234",
                },
                "correlation_ids": ["as:up:01KAQ2", "gs:uplink:01KAQ2"],
                "received_at": "2026-11-22T23:59:58.931024Z",
                "uplink_message": {
                    "session_key_id": "AZqTfG1Pk6Z0",
                    "f_port": 85,
                    "f_cnt": 1207,
                    "frm_payload": _AIR,
                    "rx_metadata": [{"gateway_ids": {"gateway_id": "roof"}, "rssi": -61, "snr": 9.5}],
                    "received_at": "2026-11-22T23:59:58.712345Z",
                    "version_ids": {"brand_id": "milesight-iot", "model_id": "am319"},
                },
            },
        ),
        "tasmota": sample(
            "tele/main/SENSOR",
            {
                "Time": "2026-11-22T23:59:58+00:00",
                "ENERGY": {
                    "Total": 436.786,
                    "Power": [298, 7, 0],
                    "Factor": [0.97, 0.2, 0.0],
                    "Voltage": [234, 235, 235],
                    "Current": [1.31, 0.15, 0.0],
                },
            },
        ),
        "shelly": sample(
            "shellyemg3-a1/events/rpc",
            {
                "src": "shellyemg3-a1",
                "dst": "shellyemg3-a1/events",
                "method": "NotifyStatus",
                "params": {
                    "ts": 1795391998.37,
                    "em1:0": {"id": 0, "current": 16.714, "act_power": -1899.8, "voltage": 117.6},
                },
            },
        ),
        "alink": sample(
            "/sys/a1pk/room1/thing/event/property/post",
            {
                "id": "123",
                "version": "1.0",
                "params": {
                    "temperature": {"value": 23.6, "time": 1795391998000},
                    "humidity": {"value": 41.5, "time": 1795391998000},
                },
                "method": "thing.event.property.post",
            },
        ),
        "onenet": sample(
            "$sys/p1/m1/thing/property/post",
            {
                "id": "123",
                "version": "1.0",
                "params": {
                    "power": {"value": "30.5", "time": 1795391998123},
                    "voltage": {"value": "231.2", "time": 1795391998123},
                },
            },
        ),
        "huawei": sample(
            "$oc/devices/m1/sys/properties/report",
            {
                "services": [
                    {
                        "service_id": "analog",
                        "properties": {"PhV_phsA": "231.2", "PhV_phsB": "229.8", "A_phsA": "1.3"},
                        "event_time": "20261122T235958Z",
                    }
                ]
            },
        ),
        "neuron": sample(
            "neuron/gw1/upload",
            {
                "timestamp": 1795391999943,
                "node": "meter3",
                "group": "power",
                "values": {"active_power_w": 2635, "voltage_v": 231.2, "current_a": 11.6},
                "errors": {},
            },
        ),
        "thingsboard": sample(
            "v1/gateway/telemetry", {"aq1": [{"ts": 1795391999000, "values": {"temperature": 22.4, "co2": 612}}]}
        ),
        "esp_rfid": sample(
            "esp/frontdoor/send",
            {
                "cmd": "log",
                "type": "access",
                "time": 1795391998,
                "isKnown": "true",
                "access": "Always",
                "username": "somebody",
                "uid": "f3ec6234",
                "door": "frontdoor",
            },
        ),
        "sparkplug": Sample(
            "spBv1.0/hq/DDATA/gw1/aq1",
            # Three values by name, as of a node that uses no aliases, each with its time.
            bytes.fromhex(
                "08b090cfada03412170a03636f3218b090cfada034200a690000000000208340121f0a0b74656d70"
                "6572617475726518b090cfada034200a69000000000080364012140a076261747465727918b090cf"
                "ada034200250611805"
            ),
        ),
        "home_assistant": Sample(
            "esp/aq1/co2",
            b"612",
            before=(
                "homeassistant/sensor/aq1/co2/config",
                b'{"stat_t":"esp/aq1/co2","unit_of_meas":"ppm","dev_cla":"carbon_dioxide","dev":{"ids":["aq1"]}}',
            ),
        ),
        "homie": Sample("homie/5/aq1/air/co2", b"612"),
        "senml": sample(
            "senml/aq1",
            [
                {"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1795391998, "n": "temperature", "u": "Cel", "v": 22.4},
                {"n": "humidity", "u": "%RH", "v": 41.5},
                {"n": "co2", "u": "ppm", "v": 612},
            ],
        ),
        "line_protocol": Sample(
            "telegraf/hub/modbus",
            b"sensor,device=aq1,host=hub co2=612i,temperature=22.4,humidity=41.5 1795391998000000000",
        ),
        "json": sample("site/aq1", {"device": "aq1", "ts": 1795391998000, "co2": 612, "temperature": 22.4}),
        "native": sample(
            "premises/v1/hq/gw1/aq1/readings",
            {"boot": "9f3c", "seq": 812, "ts": 1795391998000, "readings": [{"m": "co2", "v": 612}]},
        ),
    }
)
"""By format. `chirpstack` is the heaviest of those that describe one device."""
