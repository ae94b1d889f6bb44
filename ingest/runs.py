"""Ordinary messages of one gateway, gathered into one entry for the spool."""

from dataclasses import dataclass, field

from ingest.plain import PlainMessage
from sensors.intake import Delivery, SpoolEntry
from sensors.readings import Quality, ReadingBatch


@dataclass(slots=True)
class Run:
    """Messages that came one after another from one boot of a gateway, and that only bring readings."""

    gateway: str
    boot: str | None
    readings: ReadingBatch
    received: int = 0
    received_ms: int = 0
    seqs: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def add(self, message: PlainMessage, *, received_ms: int, delivery: Delivery | None) -> None:
        """Append what a message says."""
        self.received += message.records
        self.received_ms = received_ms
        if message.seq is not None:
            self.seqs.append(message.seq)
        if delivery is not None:
            self.deliveries.append(delivery)
        columns = self.readings
        columns.time_ms.extend(message.time_ms)
        columns.device += message.device
        columns.metric += message.metric
        columns.phase += message.phase
        columns.value.extend(message.value)
        columns.quality += bytes((Quality.GOOD,)) * len(message.value)
        columns.flags.extend(message.flags)

    def entry(self) -> SpoolEntry:
        """Return what the messages became."""
        return SpoolEntry(
            gateway=self.gateway,
            received_ms=self.received_ms,
            received=self.received,
            readings=self.readings,
            boot=self.boot,
            seqs=self.seqs,
            deliveries=self.deliveries,
        )
