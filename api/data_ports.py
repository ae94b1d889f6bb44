"""What the API needs to show what came in and what could not be used, and to have it judged again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol


class DeviceKind(StrEnum):
    """What a device most likely is, guessed from what it sends, and so which kind of place it belongs to."""

    ROOM_SENSOR = "room_sensor"
    METER = "meter"
    DOOR = "door"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMetric:
    """What a device sent of one metric; `value` is the last, None where the device said that it had none."""

    metric: str
    unit: str
    count: int
    value: float | None
    last: datetime
    phases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownDevice:
    """A device that sends and is not in the registry, with what it sent. `is_known`: by now it is there.

    `model` is what its gateway calls it, None where it does not say.
    """

    device: str
    gateway: str
    site: str
    first: datetime
    last: datetime
    records: int
    kind: DeviceKind
    is_known: bool = False
    model: str | None = None
    metrics: tuple[SentMetric, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Close the counts against change."""
        object.__setattr__(self, "events", MappingProxyType(dict(self.events)))


class PlaceKind(StrEnum):
    """What a device may be put into, at or on."""

    ROOM = "room"
    CIRCUIT = "circuit"
    OPENING = "opening"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """A device that was heard, and the place that it is to have in the registry."""

    device: str
    gateway: str
    kind: PlaceKind
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message in quarantine. `payload` is its beginning, as text; `size` is its length in bytes as it came."""

    id: int
    received: datetime
    gateway: str
    topic: str
    reason: str
    detail: str
    records: int
    paths: tuple[str, ...]
    size: int
    is_cut: bool
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHeap:
    """How much of one gateway is in quarantine for one reason."""

    reason: str
    gateway: str
    messages: int
    records: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccount:
    """One gateway's books, in records, and what is known of it beside them.

    `missing` counts messages whose number never came, `unassured` records that came with QoS 0. `lag_s` is the time
    since its last record came, None without.
    """

    gateway: str
    received: int
    accepted: int
    duplicate: int
    quarantined: int
    ignored: int
    stored: int
    spooled: int
    dropped: int
    missing: int
    balances: bool
    unassured: int = 0
    last_received: datetime | None = None
    lag_s: float | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which messages are meant; None is any, all None is everything."""

    numbers: tuple[int, ...] | None = None
    reason: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """What became of messages: how many there were, of how many nothing changed, how many were cut when they came in.

    The rest counts records; `reasons` those that failed again. `alerts` is how many were told to people.
    """

    messages: int
    again: int
    cut: int
    accepted: int
    duplicate: int
    ignored: int
    alerts: int
    reasons: Mapping[str, int]


class DataDesk(Protocol):
    """What came in and what could not be used. Calls may block; the API makes them in its thread pool."""

    def accounts(self) -> Sequence[GatewayAccount]:
        """Return the books of every gateway, by name."""
        ...

    def heaps(self) -> Sequence[KeptHeap]:
        """Return what is in quarantine by reason and gateway, the most records first."""
        ...

    def kept(self, *, reason: str | None, gateway: str | None, limit: int) -> Sequence[KeptMessage]:
        """Return the newest messages in quarantine, the newest first."""
        ...

    def unknown_devices(self) -> Sequence[UnknownDevice]:
        """Return the devices that sent and are not in the registry, the last heard first."""
        ...

    def replay(self, asked: Asked) -> ReplayOutcome:
        """Judge messages again by the registry as it is now, and take in what is right now. Raises InputFault."""
        ...

    def adopt(self, adopting: Adopting) -> ReplayOutcome:
        """Put a device into the registry and take in what its gateway sent of unknown ones. Raises InputFault."""
        ...


class NoData:
    """Keeps DataDesk where nothing was ever taken in."""

    def accounts(self) -> Sequence[GatewayAccount]:
        """Return nothing."""
        return ()

    def heaps(self) -> Sequence[KeptHeap]:
        """Return nothing."""
        return ()

    def kept(self, *, reason: str | None, gateway: str | None, limit: int) -> Sequence[KeptMessage]:  # noqa: ARG002 - the port's signature
        """Return nothing."""
        return ()

    def unknown_devices(self) -> Sequence[UnknownDevice]:
        """Return nothing."""
        return ()

    def replay(self, asked: Asked) -> ReplayOutcome:  # noqa: ARG002 - the port's signature
        """Return that there was nothing."""
        return ReplayOutcome(messages=0, again=0, cut=0, accepted=0, duplicate=0, ignored=0, alerts=0, reasons={})

    def adopt(self, adopting: Adopting) -> ReplayOutcome:  # noqa: ARG002 - the port's signature
        """Return that there was nothing."""
        return self.replay(Asked())
