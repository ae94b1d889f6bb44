"""Every format that is decoded, by the name it has in settings and on the command line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ingest.dialects.chirpstack import ChirpStack
from ingest.dialects.decoded import Decoder
from ingest.dialects.home_assistant import HomeAssistant
from ingest.dialects.homie import Homie
from ingest.dialects.huawei import HuaweiIotda
from ingest.dialects.line_protocol import LineProtocol
from ingest.dialects.mapped import mapped_by_preset
from ingest.dialects.milesight_gateway import MilesightGateway
from ingest.dialects.senml import SenMl
from ingest.dialects.shelly import Shelly
from ingest.dialects.sparkplug import SparkplugB
from ingest.dialects.tasmota import Tasmota
from ingest.dialects.the_things_stack import TheThingsStack
from ingest.dialects.thing_model import Alink, OneNet
from ingest.dialects.zigbee2mqtt import Zigbee2Mqtt

FORMATS: Final[Mapping[str, Callable[[], Decoder]]] = MappingProxyType(
    {
        "chirpstack": ChirpStack,
        "milesight": MilesightGateway,
        "zigbee2mqtt": Zigbee2Mqtt,
        "things_stack": TheThingsStack,
        "tasmota": Tasmota,
        "shelly": Shelly,
        "alink": Alink,
        "onenet": OneNet,
        "huawei": HuaweiIotda,
        "sparkplug": SparkplugB,
        "homie": Homie,
        "home_assistant": HomeAssistant,
        "senml": SenMl,
        "line_protocol": LineProtocol,
        "neuron": mapped_by_preset("neuron"),
        "thingsboard": mapped_by_preset("thingsboard"),
        "esp_rfid": mapped_by_preset("esp_rfid"),
        "json": mapped_by_preset("json"),
    }
)
"""What makes a decoder for one gateway. A new format is a file beside this one and a line here."""
