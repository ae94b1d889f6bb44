"""`premises bench decode`: what decoding a message of each format costs, beside `json.loads` of the same bytes."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ingest.dialects.decoded import Decoder
from ingest.native import Topic
from ingest.plain import PlainReader
from premises.bench.decode_messages import MESSAGES, Sample
from premises.decoding import context_of, formats

ROUNDS, LOOPS = 7, 2_000
"""The shortest of so many rounds counts: what else runs on the machine only ever adds."""

NATIVE = "native"

_NOW_MS = 1_795_392_000_000
_LATER_MS = 700_000
"""Between two messages, so that none is taken for a repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Processor time of one message, µs; `records` is what it becomes."""

    us: float
    json_loads_us: float
    records: int


@dataclass(frozen=True, slots=True)
class Result:
    """The cost of each format."""

    costs: Mapping[str, Cost]

    def as_json(self) -> Mapping[str, Mapping[str, float]]:
        """Return the figures for other programs."""
        return {
            name: {"us": round(cost.us, 2), "json_loads_us": round(cost.json_loads_us, 2), "records": cost.records}
            for name, cost in self.costs.items()
        }

    def text(self) -> str:
        """Return a line for each format."""
        return "\n".join(
            f"{name:14} {cost.us:6.1f} µs for {cost.records} records, json.loads {cost.json_loads_us:.1f} µs"
            for name, cost in self.costs.items()
        )


def measure(*, loops: int = LOOPS) -> Result:
    """Return what decoding costs, format by format; the native contract by the way of ordinary messages."""
    return Result(
        {
            name: _plain_cost(sample, loops) if name == NATIVE else _cost(formats()[name](), sample, loops)
            for name, sample in MESSAGES.items()
        }
    )


def _plain_cost(sample: Sample, loops: int) -> Cost:
    """Return the cost of what ingest reads nearly all messages of the native contract by."""
    topic = Topic.parse(sample.topic)
    reader = PlainReader(topic.site, [] if topic.device is None else [topic.device])

    def read() -> None:
        plain = reader.read(sample.topic, sample.payload, _NOW_MS)
        assert plain is not None  # noqa: S101 - else nothing would be measured

    return Cost(us=_shortest_us(read, loops), json_loads_us=_json_loads_us(sample, loops), records=1)


def _cost(decoder: Decoder, sample: Sample, loops: int) -> Cost:
    context = context_of(None, "Asia/Shanghai", _NOW_MS)
    if sample.before is not None:
        decoder.decode(*sample.before, context)
    heard = decoder.decode(sample.topic, sample.payload, context)
    # what speaks all day is in the registry; devices that nobody entered cost about a microsecond a record more
    context.models = dict.fromkeys(
        [str(row[1]) for row in heard.readings] + [str(each.device) for each in heard.events], ""
    )
    records = 0

    def decode() -> None:
        nonlocal records
        context.received_ms += _LATER_MS
        context.states.clear()
        records = decoder.decode(sample.topic, sample.payload, context).records

    return Cost(us=_shortest_us(decode, loops), json_loads_us=_json_loads_us(sample, loops), records=records)


def _json_loads_us(sample: Sample, loops: int) -> float:
    def load() -> None:
        with suppress(ValueError):
            json.loads(sample.payload)

    return _shortest_us(load, loops)


def _shortest_us(work: Callable[[], None], loops: int) -> float:
    shortest_ns = 2**62
    for _ in range(ROUNDS):
        began_ns = time.process_time_ns()
        for _ in range(loops):
            work()
        shortest_ns = min(shortest_ns, time.process_time_ns() - began_ns)
    return shortest_ns / loops / 1000
