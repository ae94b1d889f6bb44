"""Every format that the simulator speaks, by the name that it has in settings and on the command line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sensors.errors import InputFault
from sensors.topology import Registry
from simulators.dialects.chirpstack import ChirpStack
from simulators.dialects.dialect import Dialect
from simulators.dialects.esp_rfid import EspRfid
from simulators.dialects.home_assistant import HomeAssistant
from simulators.dialects.homie import Homie
from simulators.dialects.huawei import HuaweiIotda
from simulators.dialects.line_protocol import LineProtocol
from simulators.dialects.milesight_gateway import MilesightGateway
from simulators.dialects.plain_json import Neuron, PlainJson, ThingsBoard
from simulators.dialects.senml import SenMl
from simulators.dialects.shelly import Shelly
from simulators.dialects.sparkplug import SparkplugB
from simulators.dialects.tasmota import Tasmota
from simulators.dialects.thing_model import Alink, OneNet
from simulators.dialects.things_stack import TheThingsStack
from simulators.dialects.zigbee2mqtt import Zigbee2Mqtt
from simulators.wording import meant

DIALECTS: Final[Mapping[str, Callable[[Registry], Dialect]]] = MappingProxyType(
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
        "neuron": Neuron,
        "thingsboard": ThingsBoard,
        "esp_rfid": EspRfid,
        "json": PlainJson,
    }
)
"""What makes the gateways of a site. A new format is a file beside this one and a line here."""


class UnknownDialectError(InputFault):
    """A format that the simulator does not speak."""


def dialect_named(name: str, registry: Registry) -> Dialect:
    """Return the gateways of a site that speak a format. Raises UnknownDialectError."""
    if name not in DIALECTS:
        msg = f"--dialect {name}: there is no such format; {meant(name, DIALECTS)}"
        raise UnknownDialectError(msg)
    return DIALECTS[name](registry)


def settings_text(name: str, dialect: Dialect) -> str:
    """Return what `premises.toml` must say so that the format is read: the gateway, and its names of the devices."""
    topics = ", ".join(f'"{topic}"' for topic in dialect.topics)
    lines = ["[[dialects.gateways]]", f'name = "sim-{name}"', f'format = "{name}"', f"topics = [{topics}]"]
    lines += [f"{key} = {value}" for key, value in dialect.settings.items()]
    names = {dialect.name(device.id): device.id for device in dialect.devices}
    if any(own != device for own, device in names.items()):
        lines += ["[dialects.gateways.devices]", *(f'"{own}" = "{device}"' for own, device in names.items())]
    return "\n".join(lines) + "\n"
