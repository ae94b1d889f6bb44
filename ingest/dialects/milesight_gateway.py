"""Milesight's own gateways: ChirpStack v3's shape under a topic of the user's choice."""

from ingest.dialects.chirpstack import apply_signal
from ingest.dialects.decoded import Context, Decoded, DialectError
from ingest.dialects.lorawan import Models, Uplink, apply_uplink
from ingest.dialects.paths import parsed_object
from ingest.dialects.times import time_of


class MilesightGateway:
    """Reads the uplinks that a UG gateway forwards."""

    def __init__(self) -> None:
        """Know no device yet."""
        self._models = Models()

    def forget(self) -> None:
        """Forget nothing: what is remembered holds for good."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what an uplink says. Raises DialectError."""
        del topic  # the user made it up
        document = parsed_object(payload)
        eui = document.get("devEUI")
        if not isinstance(eui, str) or not eui:
            raise DialectError(reason="no_device", detail="no devEUI; is this a message of a Milesight gateway?")
        out = Decoded()
        path = next((each for each in ("time", "gatewayTime") if document.get(each) is not None), "time")
        device = context.device(eui)
        uplink = Uplink(
            device=device,
            eui=eui,
            at=time_of(document.get(path), path, out, context),
            hints=(document.get("deviceProfileName"), document.get("deviceName")),
            data=document.get("data"),
            data_path="data",
            object=document.get("object"),
            object_path="object",
        )
        apply_uplink(out, uplink, self._models, context)
        apply_signal(out, document.get("rxInfo"), device, uplink, context)
        return out
