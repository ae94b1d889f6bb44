"""ChirpStack v4: `application/ID/device/DEVEUI/event/EVENT`, JSON, the time in nanoseconds.

`object` is there only where the server has a codec for the device; the device's own bytes go first where a map reads
them. `fCnt` starts over when a device joins anew, so a message is known again by its `deduplicationId`.
"""

from collections.abc import Mapping
from typing import Any, Final

from ingest.dialects.decoded import Context, Decoded, DialectError, Outcome
from ingest.dialects.lorawan import Models, Uplink, apply_uplink
from ingest.dialects.paths import apply_object, parsed_object
from ingest.dialects.targets import IgnoredTarget, ReadingTarget, Target, reading_target
from ingest.dialects.times import time_of
from sensors.metrics import METRICS
from sensors.topology import DeviceId

_KINDS: Final = frozenset({"up", "status", "join", "ack", "txack", "log", "location", "integration"})

_SIGNAL: Final[ReadingTarget] = reading_target(METRICS["signal_dbm"])

_STATUS_KEYS: Final[Mapping[str, Target]] = {
    # 0 and below stand for an external supply, 255 for a device that cannot tell.
    "batteryLevel": reading_target(METRICS["battery_pct"], sentinels=frozenset({-1.0, 255.0})),
    "margin": IgnoredTarget(because="how far the radio is above its limit"),
    "externalPowerSource": IgnoredTarget(because="how the device is fed"),
    "batteryLevelUnavailable": IgnoredTarget(because="the device does not tell its battery"),
}


class ChirpStack:
    """Reads ChirpStack's events."""

    def __init__(self) -> None:
        """Know no device yet."""
        self._models = Models()

    def forget(self) -> None:
        """Forget nothing: what is remembered holds for good."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what an event says. Raises DialectError."""
        document = parsed_object(payload)
        kind = _kind(topic, document)
        out = Decoded()
        if kind not in {"up", "status"}:
            out.ignored.append(Outcome("", "not_telemetry", f"{kind} says nothing of what is measured"))
            return out
        info = document.get("deviceInfo")
        eui = info.get("devEui") if isinstance(info, dict) else None
        if not isinstance(info, dict) or not isinstance(eui, str) or not eui:
            raise DialectError(reason="no_device", detail="no deviceInfo.devEui; is this an event of ChirpStack v4?")
        known = document.get("deduplicationId")
        out.message_id = known if isinstance(known, str) and known else None
        device, at = context.device(eui), time_of(document.get("time"), "time", out, context)
        if kind == "status":
            said = {name: value for name, value in document.items() if name in _STATUS_KEYS}
            apply_object(out, _STATUS_KEYS, said, "", device, at, context)
            return out
        tags = info.get("tags")
        uplink = Uplink(
            device=device,
            eui=eui,
            at=at,
            hints=(
                tags.get("model") if isinstance(tags, dict) else None,
                info.get("deviceProfileName"),
                info.get("deviceName"),
            ),
            data=document.get("data"),
            data_path="data",
            object=document.get("object"),
            object_path="object",
        )
        apply_uplink(out, uplink, self._models, context)
        apply_signal(out, document.get("rxInfo"), device, uplink, context)
        return out


def apply_signal(
    out: Decoded, received: object, device: DeviceId, uplink: Uplink, context: Context, path: str = "rxInfo"
) -> None:
    """Add how strongly the best gateway heard the device."""
    if not isinstance(received, list):
        return
    heard = [
        (rssi, index)
        for index, each in enumerate(received)
        if isinstance(each, dict) and isinstance(rssi := each.get("rssi"), int | float)
    ]
    if heard:
        best, index = max(heard)
        _SIGNAL.apply(out, best, f"{path}[{index}].rssi", device, uplink.at, context)


def _kind(topic: str, document: Mapping[str, Any]) -> str:
    last = topic.rpartition("/")[2]
    if last in _KINDS:
        return last
    return "status" if "batteryLevel" in document and "data" not in document else "up"
