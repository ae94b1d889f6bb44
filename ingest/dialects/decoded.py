"""What a decoder of a gateway's format is, and what it makes of a message: a value for every path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from sensors.credentials import CredentialKey
from sensors.events import Event, EventType
from sensors.intake import Birth
from sensors.readings import ReadingFlag
from sensors.topology import DeviceId, SiteId

Row = tuple[int, str, str, str, float, int]
"""A reading: time in UTC ms, device, metric, phase, value, flags. NaN where the device says that it has none."""

MOST_KEPT = 1_000
"""How many names, states and values a memory of a decoder holds before it starts anew; the project's own choice."""


_NO_ID = re.compile(r"[^A-Za-z0-9._:-]+")


class DialectError(Exception):
    """Nothing of a message can be read. The only error of a decoder."""

    def __init__(self, *, reason: str, detail: str) -> None:
        """Keep the reason as a word beside one line for a person."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Outcome(NamedTuple):
    """What became of a path that is no reading: a reason as a word, and one line for a person."""

    path: str
    reason: str
    detail: str = ""


class DeviceStatus(NamedTuple):
    """Whether a device is there; `device` is None for the gateway itself. `state` is `online` or `offline`."""

    device: str | None
    state: str


class Heard(NamedTuple):
    """A device that spoke, by the name the gateway has for it, with the model as far as it can be told."""

    device: str
    model: str | None
    name: str | None = None


class Command(NamedTuple):
    """A message that the gateway is owed: what to publish, and where."""

    topic: str
    payload: bytes


class At(NamedTuple):
    """When a device said something, in UTC ms, and whether the time is its own."""

    time_ms: int
    flags: int


@dataclass(slots=True)
class Decoded:
    """What a message says. One is made per message, so it is not frozen: that alone would cost 2 µs.

    `paths` and `event_paths` run beside `readings` and `events`. `faulty` are readings without a value, because the
    device says it has none. `commands` are what to publish in answer. `problems` lost a record each; `notes` and
    `ignored` lost nothing. `message_id` is the sender's own, the same each time a message is sent again. `births`
    are what later messages are read by: they outlive the process.
    """

    readings: list[Row] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    event_paths: list[str] = field(default_factory=list)
    faulty: list[tuple[Row, Outcome]] = field(default_factory=list)
    statuses: list[DeviceStatus] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    problems: list[Outcome] = field(default_factory=list)
    notes: list[Outcome] = field(default_factory=list)
    ignored: list[Outcome] = field(default_factory=list)
    message_id: str | None = None
    births: list[Birth] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Return how many records came, good or bad."""
        return len(self.readings) + len(self.events) + len(self.faulty) + len(self.problems)


def _no_models() -> Mapping[str, str]:
    return {}


@dataclass(slots=True, kw_only=True)
class Context:
    """What a decoder may know beside the message. One serves a gateway; only `received_ms` changes with each message.

    `zone` is where a time without an offset is meant, None where nobody said; with `z_is_local` a `Z` is no offset
    either. `names` gives what the gateway calls a device the id it has in the registry; `models` holds every device
    of the registry by that id, empty where none is written. `states` is the last state of each lasting event.
    `retained` marks the broker's replay, of which nothing must be remembered.
    """

    site: SiteId
    gateway: str
    received_ms: int = 0
    retained: bool = False
    zone: ZoneInfo | None = None
    z_is_local: bool = False
    names: dict[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=_no_models)
    states: dict[tuple[str, EventType], str] = field(default_factory=dict)

    def device(self, name: str) -> DeviceId:
        """Return the id that a device of this name has in the registry.

        An id cannot be written with every letter that a name may have: `living room/door` is `living-room-door`, and
        the address 24E124… is found as 24e124….
        """
        if name in self.models and name not in self.names:
            return DeviceId(name)
        known = self.names.get(name)
        if known is None:
            tried = (name.lower(), name.upper(), (slug := _NO_ID.sub("-", name)), slug.lower())
            known = next(
                (self.names.get(each, each) for each in tried if each in self.names or each in self.models), name
            )
            if known != name and len(self.names) < MOST_KEPT * 10:
                self.names[name] = known
        return DeviceId(known)

    def birth(self, topic: str, payload: bytes, *, ends: str = "") -> Birth:
        """Return what is to be known of a message even after a restart; of an empty one, that there is no more."""
        return Birth(topic=topic, payload=payload, received_ms=self.received_ms, ends=ends)

    def hear(self, out: Decoded, device: DeviceId, model: str | None = None, name: str | None = None) -> None:
        """Note a device that the registry does not know, once per message."""
        if device not in self.models and all(each.device != device for each in out.heard):
            out.heard.append(Heard(device, model, name))

    @property
    def receipt(self) -> At:
        """Return the time of receipt, for what has none of its own."""
        return At(self.received_ms, int(ReadingFlag.TIME_OF_RECEIPT))


@runtime_checkable
class Cleaner(Protocol):
    """A decoder of messages that hold personal data."""

    def clean(self, payload: bytes, key: CredentialKey | None) -> bytes:
        """Return the payload as it may be kept: every name and card number as its digest, or not at all.

        What is a digest already stays, so that a message kept aside can be read again.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A decoder that reads messages by what others said before."""

    def recall(self, birth: Birth) -> None:
        """Know again what was said, without taking it for news. Raises DialectError."""
        ...


class Decoder(Protocol):
    """Reads one format. What it remembers is of one gateway."""

    def decode(self, topic: str, payload: bytes, context: Context) -> Decoded:
        """Return what a message says. Raises DialectError only."""
        ...

    def forget(self) -> None:
        """Forget what was remembered: messages since may have been lost, or come again."""
        ...
