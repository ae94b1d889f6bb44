"""What a gateway does wrong, told from what it publishes within a minute."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.dialects.decoded import Context, Decoded, Decoder, DialectError
from ingest.messages import Message
from sensors.readings import ReadingFlag

MOST_REASONS = 1_000
"""How many different paths with a reason are told apart; the project's own choice."""

_WORTH = 0.05
"""A share of messages or readings from which something is a habit and no chance; the project's own choice."""
_ADVICE: Mapping[str, str] = {
    "nothing": "Nothing came: check the topics, whether the gateway is connected and whether it may publish there.",
    "qos_0": "Sent with QoS 0: what comes while we restart is lost. Set QoS 1 where the gateway can.",
    "retained": "Samples are retained: the broker repeats old ones at each connection. Switch retain off for them.",
    "no_time": "No time of its own: the time of receipt stands in, so that a late message counts as now.",
    "unreadable": "Messages that cannot be read: wrong format, or a topic filter that takes too much.",
    "wrong_values": "Values that the metric cannot be: often the wrong unit; say the unit in a map.",
    "time": "Times that cannot be true: set the gateway's clock, or `timezone` in its settings.",
    "unknown_devices": "Devices that the registry does not know: `premises devices adopt DEVICE --room ROOM`.",
    "unknown_keys": "Keys that no map knows: they are left out. Where one is wanted, write a map.",
}
_WRONG_VALUES = frozenset({"out_of_range", "not_a_number", "not_a_boolean", "unknown_word", "unknown_unit"})
_WRONG_TIMES = frozenset({"time_unreadable", "time_without_offset", "time_before_2000", "time_ahead"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, how often of how many, what to do, and the first examples."""

    what: str
    count: int
    of: int
    advice: str
    examples: Sequence[str] = ()


@dataclass(slots=True)
class Survey:
    """Gathers what one gateway says."""

    decoder: Decoder
    context: Context
    messages: int = 0
    replayed: int = 0
    qos_0: int = 0
    retained_samples: int = 0
    unreadable: int = 0
    readings: int = 0
    without_time: int = 0
    devices: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, message: Message) -> None:
        """Take in a message; what the broker repeats says only whether samples are retained."""
        self.context.received_ms, self.context.retained = message.received_ms, message.retain
        try:
            said = self.decoder.decode(message.topic, message.payload, self.context)
        except DialectError as error:
            said = None
            self._note(error.reason, f"{message.topic[:80]}: {error.detail}")
        if message.retain:
            self.replayed += 1
            self.retained_samples += said is not None and said.records > 0
            return
        self.messages += 1
        self.qos_0 += message.packet_id is None
        self.unreadable += said is None
        if said is not None:
            self._decoded(said)

    def _decoded(self, said: Decoded) -> None:
        self.readings += len(said.readings)
        self.without_time += sum(bool(row[5] & ReadingFlag.TIME_OF_RECEIPT) for row in said.readings)
        self.devices |= {row[1] for row in said.readings} | {str(event.device) for event in said.events}
        self.unknown |= {each.device for each in said.heard}
        for each in (*said.problems, *said.notes, *said.ignored):
            self._note(each.reason, f"{each.path}: {each.detail}")

    def _note(self, reason: str, detail: str) -> None:
        if len(self.reasons) < MOST_REASONS or (reason, detail) in self.reasons:
            self.reasons[reason, detail] += 1

    def faults(self) -> list[Fault]:
        """Return what is wrong, the gravest first."""
        if not self.messages:
            return [Fault("nothing", 0, 0, _ADVICE["nothing"])]
        told = [
            self._fault("unreadable", self.unreadable, self.messages),
            self._of_reasons("wrong_values", _WRONG_VALUES),
            self._of_reasons("time", _WRONG_TIMES),
            self._fault("retained", self.retained_samples, self.replayed),
            self._fault("no_time", self.without_time, self.readings, least=_WORTH),
            self._fault("qos_0", self.qos_0, self.messages, least=_WORTH),
            self._fault("unknown_devices", len(self.unknown), len(self.devices), examples=sorted(self.unknown)[:5]),
            self._of_reasons("unknown_keys", frozenset({"unknown_key"})),
        ]
        return [each for each in told if each is not None]

    def _of_reasons(self, what: str, reasons: frozenset[str]) -> Fault | None:
        found = [(detail, count) for (reason, detail), count in self.reasons.most_common() if reason in reasons]
        count = sum(count for _, count in found)
        return self._fault(what, count, self.messages, examples=[detail for detail, _ in found[:5]])

    def _fault(
        self, what: str, count: int, of: int, *, least: float = 0.0, examples: Sequence[str] = ()
    ) -> Fault | None:
        return Fault(what, count, of, _ADVICE[what], examples) if count and count >= least * of else None

    def document(self) -> dict[str, Any]:
        """Return it for other programs."""
        return {
            "messages": self.messages,
            "replayed": self.replayed,
            "readings": self.readings,
            "devices": sorted(self.devices),
            "faults": [asdict(each) for each in self.faults()],
        }
