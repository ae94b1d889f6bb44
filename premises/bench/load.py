"""Publishing a made-up load to a broker, at a chosen rate or as fast as it takes it, and what came of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from premises.simulated.publishing import Broker, Publisher
from simulators.load import Kind, LoadMessage, LoadPlan, load

AT_ONCE = 50
"""Messages between two looks at the clock."""

Wait = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What was sent and acknowledged; `records` are those that the books of ingest must show, by kind."""

    messages: int
    acknowledged: int
    without_subscriber: int
    seconds: float
    qos: int
    records: dict[Kind, int]

    def as_json(self) -> dict[str, object]:
        """Return it for other programs."""
        return {
            "messages": self.messages,
            "acknowledged": self.acknowledged,
            "without_subscriber": self.without_subscriber,
            "seconds": round(self.seconds, 3),
            "messages_per_s": round(self.messages / self.seconds, 1) if self.seconds else None,
            "qos": self.qos,
            "records": {kind.value: count for kind, count in self.records.items()},
        }

    def text(self) -> str:
        """Return it in one line."""
        done = "acknowledged" if self.qos else "sent, which nobody acknowledges"
        parts = ", ".join(f"{count:,} {kind.value}" for kind, count in self.records.items() if count)
        rate = self.messages / self.seconds if self.seconds else 0.0
        return f"{self.acknowledged:,} messages {done}, in {self.seconds:.1f} s ({rate:,.0f}/s); records: {parts}"


@dataclass(slots=True)
class Sending:
    """One load on its way."""

    plan: LoadPlan
    broker: Broker
    qos: int = 1
    rate: float | None = None
    told: Callable[[int], None] = lambda _sent: None
    _records: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    _sent: int = 0

    def run(self) -> LoadReport:
        """Return what came of it, after the last acknowledgement. Raises BrokerFault."""
        with Publisher(self.broker, f"premises-load-{self.plan.boot}", qos=self.qos) as publisher:
            started_s = time.monotonic()
            for some in paced(load(self.plan), self.rate):
                for message in some:
                    publisher.publish(message.topic, message.payload)
                    self._records[message.kind] += message.records
                self._sent += len(some)
                self.told(len(some))
        return LoadReport(
            messages=self._sent,
            acknowledged=publisher.acknowledged,
            without_subscriber=publisher.without_subscriber,
            seconds=time.monotonic() - started_s,
            qos=self.qos,
            records=dict(self._records),
        )


def paced(
    messages: Iterable[LoadMessage],
    rate: float | None,
    *,
    now: Callable[[], float] = time.monotonic,
    wait: Wait = time.sleep,
) -> Iterator[list[LoadMessage]]:
    """Yield the messages some at a time, so many a second; what is late is made up for, never sent in a rush before."""
    source = iter(messages)
    at_once = AT_ONCE if rate is None else max(1, min(AT_ONCE, int(rate / 20)))
    started_s, sent = now(), 0
    while some := list(islice(source, at_once)):
        ahead_s = 0.0 if rate is None else sent / rate - (now() - started_s)
        if ahead_s > 0:
            wait(ahead_s)
        yield some
        sent += len(some)
