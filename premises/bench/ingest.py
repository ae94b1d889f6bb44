"""`premises bench ingest`: the figures, each from the same run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from premises.bench.servers import broker_in
from premises.bench.stock_client import cpu_us_per_message
from premises.bench.traffic import Traffic
from premises.bench.whole_way import Cost, WholeWay

READINGS_PER_BATCH = 50
_REFERENCE_SHARE = 0.4
"""The reference takes so many of the messages: it is slow, and settles sooner."""

_DEVICES_SHARE = 0.6
_WARM_UP_SHARE = 0.05
_WARM_UP_LEAST = 2_000
"""Messages before anything is counted: the first of everything is slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    messages: int
    readings: int
    devices: Sequence[int]

    @property
    def single(self) -> Traffic:
        """Return messages with one reading each."""
        return Traffic.beginning_now(self.messages)

    @property
    def reference(self) -> Traffic:
        """Return what the reference receives."""
        return replace(self.single, messages=int(self.messages * _REFERENCE_SHARE))

    @property
    def batches(self) -> Traffic:
        """Return messages with many readings each."""
        return replace(self.single, messages=self.readings // READINGS_PER_BATCH, readings=READINGS_PER_BATCH)

    def of_devices(self, devices: int) -> Traffic:
        """Return messages from so many devices, a hundred to a gateway, each gateway in its turn."""
        return replace(self.single, messages=devices + int(self.messages * _DEVICES_SHARE), devices=devices)

    @property
    def length(self) -> int:
        """Return the number of messages of all parts that report how far they are."""
        parts = (self.single, self.single, self.batches, *map(self.of_devices, self.devices))
        return sum(part.messages for part in parts)


USUAL = Plan(messages=50_000, readings=2_000_000, devices=(100, 1_000, 10_000, 100_000))
QUICK = Plan(messages=20_000, readings=500_000, devices=(100, 1_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured."""

    reference_us: float
    single: Cost
    unnumbered: Cost
    batches: Cost
    by_devices: Mapping[int, Cost]

    def as_json(self) -> dict[str, object]:
        """Return the figures by the names that other programs rely on, and some more."""
        return {
            "messages": self.single.messages,
            "cpu_us_per_message": round(self.single.us_per_message, 2),
            "reference_cpu_us_per_message": round(self.reference_us, 2),
            "ratio": round(self.single.us_per_message / self.reference_us, 3),
            "batch_readings_per_s_per_core": round(self.batches.readings_per_cpu_s),
            "rss_mb_start": round(self.batches.rss_mb_start, 1),
            "rss_mb_end": round(self.batches.rss_mb_end, 1),
            "readings": self.batches.readings,
            "cpu_us_per_message_without_number": round(self.unnumbered.us_per_message, 2),
            "messages_per_group": round(self.single.messages / max(1, self.single.groups), 1),
            "wall_s": round(self.single.wall_s + self.batches.wall_s, 2),
            "cpu_us_per_message_by_devices": {
                str(devices): round(cost.us_per_message, 2) for devices, cost in self.by_devices.items()
            },
        }

    def text(self) -> str:
        """Return the figures for a person."""
        ratio = self.single.us_per_message / self.reference_us
        lines = [
            f"one reading a message   {self.single.us_per_message:8.1f} µs of CPU, to the commit and into DuckDB",
            f"  without a number      {self.unnumbered.us_per_message:8.1f} µs",
            f"paho, only counting     {self.reference_us:8.1f} µs; ratio {ratio:.2f}",
            f"fifty a message         {self.batches.readings_per_cpu_s:8.0f} readings/s on one core",
            f"memory in MB            {self.batches.rss_mb_start:8.0f} before, {self.batches.rss_mb_end:.0f} after it",
            *(
                f"{devices:>7,} devices         {cost.us_per_message:8.1f} µs a message"
                for devices, cost in self.by_devices.items()
            ),
        ]
        return "\n".join(lines)


def measure(plan: Plan, tell: Callable[[int], None]) -> Result:
    """Return the figures; `tell` hears of messages as they come. Raises LostReadingsError, InputFault."""

    def cost(traffic: Traffic) -> Cost:
        with TemporaryDirectory(prefix="premises-bench-") as folder, broker_in(Path(folder)) as port:
            way = WholeWay(traffic, Path(folder), warm_up=_warm_up(traffic), tell=tell)
            return way.measured(port)

    return Result(
        reference_us=_reference_us(plan.reference),
        single=cost(plan.single),
        unnumbered=cost(replace(plan.single, numbered=False)),
        batches=cost(plan.batches),
        by_devices={devices: cost(plan.of_devices(devices)) for devices in plan.devices},
    )


def _reference_us(traffic: Traffic) -> float:
    with TemporaryDirectory(prefix="premises-bench-") as folder, broker_in(Path(folder)) as port:
        return cpu_us_per_message(traffic, port, warm_up=_warm_up(traffic))


def _warm_up(traffic: Traffic) -> int:
    """Return how many messages come before anything is counted; every device has then spoken, for that costs once."""
    least = max(_WARM_UP_LEAST, traffic.devices if traffic.readings == 1 else 0)
    return min(max(least, int(traffic.messages * _WARM_UP_SHARE)), traffic.messages - 1)
