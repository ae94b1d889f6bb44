"""Ordinary messages of one gateway, gathered into one entry for the spool."""

from array import array
from dataclasses import dataclass, field

from ingest.plain import PlainMessage, Row
from sensors.intake import Delivery, SpoolEntry
from sensors.readings import Quality, ReadingBatch
from sensors.topology import SiteId


@dataclass(slots=True)
class Run:
    """Messages that came one after another from one boot of a gateway, and that only bring readings."""

    gateway: str
    boot: str | None
    site: SiteId
    rows: list[Row] = field(default_factory=list)
    received: int = 0
    unassured: int = 0
    received_ms: int = 0
    seqs: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def add(self, message: PlainMessage, *, received_ms: int, assured: bool, delivery: Delivery | None) -> None:
        """Append what a message says; it came `assured` with QoS 1."""
        self.received += message.records
        self.unassured += 0 if assured else message.records
        self.received_ms = received_ms
        if message.seq is not None:
            self.seqs.append(message.seq)
        if delivery is not None:
            self.deliveries.append(delivery)
        self.rows += message.rows

    def entry(self) -> SpoolEntry:
        """Return what the messages became."""
        return SpoolEntry(
            gateway=self.gateway,
            received_ms=self.received_ms,
            received=self.received,
            readings=self._readings(),
            boot=self.boot,
            seqs=self.seqs,
            deliveries=self.deliveries,
            unassured=self.unassured,
        )

    def _readings(self) -> ReadingBatch:
        times_ms, devices, metrics, phases, values, flags = zip(*self.rows, strict=True)
        return ReadingBatch(
            site=self.site,
            time_ms=array("q", times_ms),
            device=list(devices),
            metric=list(metrics),
            phase=list(phases),
            value=array("d", values),
            quality=bytearray((Quality.GOOD,)) * len(values),
            flags=bytearray(flags),
        )
