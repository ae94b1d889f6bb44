"""What came in, message by message: accepted, duplicate, quarantined or ignored, and the books that count it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from sensors.events import Event
from sensors.readings import ReadingBatch
from sensors.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message, or some records of it, that could not be used, kept raw with the reason.

    `paths` names the records meant (`readings[3]`), empty for the whole message; `size` is the payload's
    length as it came, of which `payload` may be only the first part.
    """

    topic: str
    payload: bytes
    reason: str
    detail: str
    gateway: str
    received_ms: int
    records: int = 1
    paths: Sequence[str] = ()
    size: int = 0


STORE_REFUSED = "store_refused"
"""Why records are in quarantine that were accepted, and that the store would then not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Records left out on purpose, with the reason."""

    gateway: str
    reason: str
    records: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a broker's redelivery of a message without `seq` is recognised: its packet id and a digest of it."""

    packet_id: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """What a gateway said of itself, or the broker in its name once it was lost (`state` is then `lost`).

    `boot` and `interval_s` are None where it did not say. `received_ms` is when it said so first: the broker's
    retained copy of a status that is known already does not renew it (`retained`).
    """

    state: str
    boot: str | None
    interval_s: float | None
    received_ms: int
    retained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a gateway said of its values once, and by which its later messages are read: kept raw, by its topic.

    It holds from `received_ms` on, until the next of its topic, or an empty one. `ends` begins the topics whose births
    it makes void.
    """

    topic: str
    payload: bytes
    received_ms: int
    ends: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootNumbers:
    """The `seq` of one boot of a gateway: the first and the highest seen, and how many between them never came."""

    boot: str
    first: int
    newest: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """What is known of a gateway beside its account.

    `last_received_ms` is when its last record came, by our clock; None where only statuses and replays did.
    `missing` counts the numbers that never came, of all its boots; `boots` are the newest of them, newest first.
    """

    gateway: str
    last_received_ms: int | None
    status: GatewayStatus | None
    missing: int
    boots: Sequence[BootNumbers] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Numbers of one boot that a commit shows to be missing; some of them may still come."""

    gateway: str
    boot: str
    missing: int
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolEntry:
    """What one message became, or several of one boot of a gateway that held nothing but good readings.

    `received` is the number of records as they came, counted before anything was judged, so that the books can
    be wrong if the judging is. `boot` and `seq` mark the message in its gateway's duplicate window, None where it
    carries none. `event_keys` are what its events are known by from now on; `signals` are what they ask people
    to see, made durable together with them; `status` is what a status message says.
    `seqs` and `deliveries` are those of all its messages, where they are several. `unassured` are the records that came
    with QoS 0. `births` are what later messages are read by, whether or not this process still lives then.
    """

    gateway: str
    received_ms: int
    received: int
    readings: ReadingBatch | None = None
    events: Sequence[Event] = ()
    duplicates: int = 0
    quarantined: Sequence[Quarantined] = ()
    ignored: Sequence[Ignored] = ()
    boot: str | None = None
    seq: int | None = None
    event_keys: Sequence[str] = ()
    signals: Sequence[Signal] = ()
    delivery: Delivery | None = None
    seqs: Sequence[int] = ()
    deliveries: Sequence[Delivery] = ()
    status: GatewayStatus | None = None
    unassured: int = 0
    births: Sequence[Birth] = ()

    @property
    def accepted(self) -> int:
        """Return the number of records that go on to the store."""
        return (0 if self.readings is None else len(self.readings)) + len(self.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One gateway's account, in records.

    `spooled` is counted from the entries that wait, not derived from the other columns. `missing` counts messages,
    by their `seq`, that never came: it is beside the account, for nobody knows what was in them. `unassured` of the
    records received came with QoS 0, which nobody sends again where one is lost on the way.
    """

    gateway: str
    received: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    stored: int = 0
    spooled: int = 0
    dropped: int = 0
    missing: int = 0
    unassured: int = 0

    def __post_init__(self) -> None:
        """Close the reasons against change."""
        object.__setattr__(self, "ignored", MappingProxyType(dict(self.ignored)))

    @property
    def balances(self) -> bool:
        """Say whether every record received is accounted for, and every accepted one too."""
        judged = self.accepted + self.duplicate + self.quarantined + sum(self.ignored.values())
        return self.received == judged and self.accepted == self.stored + self.spooled + self.dropped
