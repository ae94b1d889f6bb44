"""Huawei IoTDA: `$oc/devices/DEVICE/sys/properties/report`, for others `…/sys/gateway/sub_devices/properties/report`.

Properties come by service, each with its `event_time`: `20190606T121212Z` or `2019-06-06T12:12:12.123Z`. The Python SDK
writes local time with a `Z`: set `z_is_local` for such a gateway.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ingest.dialects.decoded import Context, Decoded, DialectError, Outcome
from ingest.dialects.families import Family
from ingest.dialects.paths import apply_value, parsed_object
from ingest.dialects.times import time_of

_BEGIN: Final = "$oc/devices/"
_OWN: Final = "properties/report"
_OTHERS: Final = "gateway/sub_devices/properties/report"


class _Service(NamedTuple):
    """What a service of a device says and where it stands."""

    device: str
    said: Mapping[str, Any]
    path: str


class HuaweiIotda:
    """Reads the reports of devices made for Huawei's cloud."""

    def __init__(self) -> None:
        """Read the maps."""
        self._family = Family("thing_model")

    def forget(self) -> None:
        """Forget nothing: nothing is remembered."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a report says. Raises DialectError."""
        name, middle, what = topic.removeprefix(_BEGIN).partition("/sys/")
        if not topic.startswith(_BEGIN) or not middle or not name:
            raise DialectError(reason="unknown_topic", detail=f"{topic[:200]!r} is not $oc/devices/DEVICE/sys/…")
        out = Decoded()
        if what not in {_OWN, _OTHERS}:
            out.ignored.append(Outcome("", "not_telemetry", f"{what[:60]} says nothing of what is measured"))
            return out
        services = list(_services(name, parsed_object(payload), others=what == _OTHERS))
        if not services:
            raise DialectError(reason="no_records", detail="no services; is this a report of Huawei IoTDA?")
        for each in services:
            self._service(out, each, context)
        return out

    def _service(self, out: Decoded, service: _Service, context: Context) -> None:
        device = context.device(service.device)
        context.hear(out, device, None, service.device)
        properties = service.said.get("properties")
        if not isinstance(properties, dict):
            out.ignored.append(Outcome(service.path, "no_value", "a service without properties"))
            return
        at = time_of(service.said.get("event_time"), f"{service.path}.event_time", out, context)
        keys, kind = self._family.keys(device, context), service.said.get("service_id")
        for name, value in properties.items():
            path = f"{service.path}.properties.{name}"
            target = keys.get(f"{kind}.{name}")
            if target is not None:
                target.apply(out, value, path, device, at, context)
            else:
                apply_value(out, keys, name, value, f"{service.path}.properties.", device, at, context)


def _services(name: str, document: Mapping[str, Any], *, others: bool) -> Iterator[_Service]:
    if not others:
        yield from _services_of(name, document, "")
        return
    devices = document.get("devices")
    for index, each in enumerate(devices) if isinstance(devices, list) else ():
        own = each.get("device_id") if isinstance(each, dict) else None
        if isinstance(own, str) and own:
            yield from _services_of(own, each, f"devices[{index}].")


def _services_of(name: str, said: Mapping[str, Any], prefix: str) -> Iterator[_Service]:
    services = said.get("services")
    for index, each in enumerate(services) if isinstance(services, list) else ():
        if isinstance(each, dict):
            yield _Service(name, each, f"{prefix}services[{index}]")
