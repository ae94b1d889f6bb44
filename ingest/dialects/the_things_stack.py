"""The Things Stack v3: `v3/APPLICATION@TENANT/devices/DEVICE/up`, JSON in which empty values, 0 and false are left out.

`f_cnt` starts over when a device joins anew, so a message is known again by its session and its `f_cnt` together.
"""

from collections.abc import Mapping
from typing import Any, Final

from ingest.dialects.chirpstack import apply_signal
from ingest.dialects.decoded import Context, Decoded, DialectError, Outcome
from ingest.dialects.lorawan import Models, Uplink, apply_uplink
from ingest.dialects.paths import parsed_object
from ingest.dialects.times import time_of

_UPLINK: Final = "uplink_message"
_RECEIVED: Final = "received_at"


class TheThingsStack:
    """Reads the uplinks of one application."""

    def __init__(self) -> None:
        """Know no device yet."""
        self._models = Models()

    def forget(self) -> None:
        """Forget nothing: what is remembered holds for good."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what an uplink says. Raises DialectError."""
        document = parsed_object(payload)
        out = Decoded()
        said = document.get(_UPLINK)
        if not isinstance(said, dict):
            what = topic.rpartition("/devices/")[2] or "this"
            out.ignored.append(Outcome("", "not_telemetry", f"{what[:100]} says nothing of what is measured"))
            return out
        if document.get("simulated") is True:
            out.ignored.append(Outcome("simulated", "not_telemetry", "somebody tried the server without a device"))
            return out
        uplink = _uplink(document, said, out, context)
        out.message_id = _message_id(uplink.eui, said)
        apply_uplink(out, uplink, self._models, context)
        apply_signal(out, said.get("rx_metadata"), uplink.device, uplink, context, f"{_UPLINK}.rx_metadata")
        return out


def _uplink(document: Mapping[str, Any], said: Mapping[str, Any], out: Decoded, context: Context) -> Uplink:
    ids = document.get("end_device_ids")
    eui = ids.get("dev_eui") if isinstance(ids, dict) else None
    if not isinstance(ids, dict) or not isinstance(eui, str) or not eui:
        raise DialectError(reason="no_device", detail="no end_device_ids.dev_eui; is this of The Things Stack v3?")
    path = f"{_UPLINK}.{_RECEIVED}" if _RECEIVED in said else _RECEIVED
    version = said.get("version_ids")
    return Uplink(
        device=context.device(eui),
        eui=eui,
        at=time_of(said.get(_RECEIVED, document.get(_RECEIVED)), path, out, context),
        hints=(version.get("model_id") if isinstance(version, dict) else None, ids.get("device_id")),
        data=said.get("frm_payload"),
        data_path=f"{_UPLINK}.frm_payload",
        object=said.get("decoded_payload"),
        object_path=f"{_UPLINK}.decoded_payload",
    )


def _message_id(eui: str, said: Mapping[str, Any]) -> str | None:
    """Return what a message is known again by, None without a session: 0 is a count that was left out."""
    session, count = said.get("session_key_id"), said.get("f_cnt", 0)
    return f"{eui}:{session}:{count}" if isinstance(session, str) and session and type(count) is int else None
