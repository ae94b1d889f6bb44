"""SenML (RFC 8428): base name and base time in the first record, the others short."""

from collections.abc import Iterator
from typing import ClassVar, Final

import orjson

from sensors.events import Event, EventState
from simulators.dialects.dialect import Dialect, Message
from simulators.dialects.names import ALARMS, NAMED
from simulators.dialects.spoken import Said

_UNITS: Final = {"temperature_c": "Cel", "relative_humidity_pct": "%RH", "active_power_w": "W", "illuminance_lux": "lx"}
"""Units as the RFC's registry writes them; others are left out."""


class SenMl(Dialect):
    """Packs of one device each."""

    topics: ClassVar = ("senml/#",)
    keys: ClassVar = NAMED
    events: ClassVar = frozenset(ALARMS)

    def tells(self, event: Event) -> bool:
        """Say whether there is a record for an event; none marks a test."""
        return super().tells(event) and not event.test

    def says(self, said: Said) -> Iterator[Message]:
        """Yield a pack: the time of each record is that of the base."""
        records: list[dict[str, object]] = []
        for key, value in self.keyed(said):
            raw = key.written(value.value)
            unit = {"u": _UNITS[value.metric]} if value.metric in _UNITS else {}
            records.append({"n": key.name, "vb" if isinstance(raw, bool) else "v": raw, **unit})
        if said.event is not None and self.tells(said.event):
            records.append({"n": ALARMS[said.event.type], "vb": said.event.state is EventState.ACTIVE})
        if records:
            records[0] = {"bn": f"urn:dev:sim:{said.device}/", "bt": said.time_ms / 1000, **records[0]}
            yield f"senml/{said.device}", orjson.dumps(records)

    def name(self, device: str) -> str:
        """Return the base name without what ends it."""
        return f"urn:dev:sim:{device}"
