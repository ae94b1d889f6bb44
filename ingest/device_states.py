"""What a gateway's status says of the devices behind it: there or not, opened by force or not, and the battery.

A status is sent again and again, so that only what is news becomes an event; a battery is a reading each time.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from ingest.native_fields import LONGEST_NAME, FieldFault, shown, value_of
from sensors.events import Event, EventState, EventType
from sensors.metrics import METRICS
from sensors.readings import Quality, ReadingBatch, ReadingFlag, from_epoch_ms
from sensors.topology import DeviceId, SiteId

MOST_STATES: Final = 100_000
"""How many states are remembered before the memory starts anew; the project's own choice."""

_BATTERY: Final = METRICS["battery_pct"]
_AT: Final = ReadingFlag.TIME_OF_RECEIPT
_FIELDS: Final = frozenset({"online", "tamper", "battery_pct"})


class DeviceSaid(NamedTuple):
    """What a status says of one device; None where it does not say."""

    device: DeviceId
    online: bool | None = None
    tamper: bool | None = None
    battery_pct: float | None = None


Note = Callable[[str, str, str], None]
"""Takes a path, a reason and a line for a person: what could not be used and spoils nothing else."""


def devices_said(document: dict[str, Any], note: Note) -> tuple[DeviceSaid, ...]:
    """Return what `devices` of a status says."""
    devices = document.get("devices")
    if devices is None:
        return ()
    if not isinstance(devices, dict):
        note("devices", "bad_devices", f"{shown(devices)} where an object by device was expected; it is ignored")
        return ()
    return tuple(_read(devices, note))


def _read(devices: dict[str, Any], note: Note) -> Iterator[DeviceSaid]:
    for name, said in devices.items():
        path = f"devices.{name[:LONGEST_NAME]}"
        if not isinstance(said, dict) or not 0 < len(name) <= LONGEST_NAME:
            note(path, "bad_device", f"{shown(said)} says nothing of a device; it is ignored")
            continue
        for field in said.keys() - _FIELDS:
            note(f"{path}.{field[:LONGEST_NAME]}", "unknown_field", "no such field; it is ignored")
        online, tamper = (_truth(said, field, path, note) for field in ("online", "tamper"))
        yield DeviceSaid(DeviceId(name), online, tamper, _battery(said, path, note))


def _truth(said: dict[str, Any], field: str, path: str, note: Note) -> bool | None:
    value = said.get(field)
    if value is None or isinstance(value, bool):
        return value
    note(f"{path}.{field}", "not_a_boolean", f"{shown(value)} is neither true nor false; it is ignored")
    return None


def _battery(said: dict[str, Any], path: str, note: Note) -> float | None:
    value = said.get("battery_pct")
    if value is None:
        return None
    try:
        return value_of({"v": value}, _BATTERY, Quality.GOOD)
    except FieldFault as fault:
        note(f"{path}.battery_pct", fault.reason, fault.detail)
        return None


class Records(NamedTuple):
    """What is to be kept of a status, each record with its path in the message: readings first, then events."""

    readings: ReadingBatch
    events: tuple[Event, ...]
    paths: tuple[str, ...]


class DeviceStates:
    """What was said last of each device, by gateway."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._last: dict[tuple[str, DeviceId, EventType], bool] = {}

    def forget(self) -> None:
        """Forget what was said: it may not have been kept, and comes again."""
        self._last.clear()

    def records(
        self, said: Sequence[DeviceSaid], *, site: SiteId, gateway: str, known: Collection[str], received_ms: int
    ) -> Records:
        """Return the news of devices of the registry; others would fill the quarantine with every status."""
        batch, events, paths, of_events = ReadingBatch(site=site), [], [], []
        received = from_epoch_ms(received_ms)
        for each in said:
            if each.device not in known:
                continue
            if each.battery_pct is not None:
                batch.add(received_ms, each.device, _BATTERY.name, each.battery_pct, flags=_AT)
                paths.append(f"devices.{each.device}.battery_pct")
            for field, kind, is_active in _states(each):
                if self._is_news((gateway, each.device, kind), is_active=is_active):
                    events.append(_event(site, gateway, each.device, kind, received, is_active=is_active))
                    of_events.append(f"devices.{each.device}.{field}")
        return Records(batch, tuple(events), (*paths, *of_events))

    def _is_news(self, key: tuple[str, DeviceId, EventType], *, is_active: bool) -> bool:
        if self._last.get(key) is is_active:
            return False
        if len(self._last) >= MOST_STATES:
            self._last.clear()
        self._last[key] = is_active
        return True


def _states(said: DeviceSaid) -> Iterator[tuple[str, EventType, bool]]:
    if said.online is not None:
        yield "online", EventType.OFFLINE, not said.online
    if said.tamper is not None:
        yield "tamper", EventType.TAMPER, said.tamper


def _event(
    site: SiteId, gateway: str, device: DeviceId, kind: EventType, received: datetime, *, is_active: bool
) -> Event:
    return Event(
        site=site,
        gateway=gateway,
        device=device,
        type=kind,
        state=EventState.ACTIVE if is_active else EventState.CLEARED,
        time=received,
        received=received,
        flags=_AT,
    )
