"""`premises bench alarm`: from the publishing of a fire to the first attempt at a webhook, in the thick of the day."""

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from premises.bench.installation import GATEWAY, PANEL, Installation, furnished, running
from premises.bench.receivers import Told, receivers
from premises.bench.servers import begin, publisher
from premises.bench.traffic import CONNACK_BYTES, Traffic, connect_packet, publish_packet

_ARRIVE_S = 300.0
"""How long the last alarm may take to be attempted before it counts as lost."""

_FLOOD_S = 60.0
_SETTLE_S = 5.0
_RULES = ("E01", "E03", "E05", "A01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is published, and how big the building is that is analysed meanwhile."""

    alarms: int = 300
    alarms_per_s: float = 10.0
    background_per_s: float = 5_000.0
    rooms: int = 40
    days: int = 35
    devices: int = 1_000
    flood: int = 0

    @property
    def seconds(self) -> float:
        """Return how long alarms are published, and how long the background lasts at the least."""
        return _FLOOD_S if self.flood else self.alarms / self.alarms_per_s

    @property
    def length(self) -> int:
        """Return the number of alarms that are published."""
        return self.flood or self.alarms


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was measured; `phone_most_per_min` is what the phone got in its fullest minute."""

    alarms: int
    took_s: Sequence[float]
    background_per_s: float
    lost: int
    repeated: int
    analyses: int
    flood: int = 0
    recorded: int = 0
    sms: int = 0
    phone_most_per_min: int = 0
    until_all_s: float = 0.0

    def percentile_ms(self, share: float) -> float:
        """Return below which time this share of the alarms was attempted."""
        took = sorted(self.took_s)
        return took[min(len(took) - 1, int(share * len(took)))] * 1e3 if took else float("inf")

    def as_json(self) -> dict[str, object]:
        """Return the figures by the names that other programs rely on, and some more."""
        return {
            "alarms": self.alarms,
            "p50_ms": round(self.percentile_ms(0.5), 1),
            "p99_ms": round(self.percentile_ms(0.99), 1),
            "max_ms": round(self.percentile_ms(1.0), 1),
            "background_readings_per_s": round(self.background_per_s),
            "lost": self.lost,
            "attempted_twice": self.repeated,
            "analyses": self.analyses,
            "flood": self.flood,
            "recorded": self.recorded,
            "phone_messages": self.sms,
            "phone_most_per_min": self.phone_most_per_min,
            "until_all_s": round(self.until_all_s, 1),
        }

    def text(self) -> str:
        """Return the figures for a person."""
        p50, p99, longest = map(self.percentile_ms, (0.5, 0.99, 1.0))
        lines = [
            f"fire to first attempt   p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {longest:.1f} ms, of {self.alarms:,}",
            f"beside                  {self.background_per_s:,.0f} readings/s, {self.analyses} analyses",
            f"lost                    {self.lost}; attempted more than once {self.repeated}",
            f"the phone               {self.sms} messages, at most {self.phone_most_per_min} a minute",
        ]
        return "\n".join(lines)


def measure(plan: Plan, tell: Callable[[int], None]) -> Result:
    """Return the figures; `tell` hears of alarms as they are published. Raises InputFault."""
    messages = int(plan.background_per_s * (plan.seconds + 3 * _SETTLE_S))
    traffic = Traffic.beginning_now(messages, devices=plan.devices, per_s=plan.background_per_s)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="premises-bench-")))
        address, told = stack.enter_context(receivers())
        home = furnished(folder, rooms=plan.rooms, days=plan.days, traffic=traffic, told_at=address)
        site = stack.enter_context(running(home))
        return _Trial(plan, site, told, tell).run(traffic.at_site(site.site))


@dataclass(slots=True)
class _Trial:
    """One measurement over a running installation."""

    plan: Plan
    site: Installation
    told: Told
    tell: Callable[[int], None]
    _sent_s: dict[str, float] = field(default_factory=dict)

    def run(self, traffic: Traffic) -> Result:
        with analysing(self.site) as analyses, publisher(traffic, self.site.port) as process:
            begin(process)
            time.sleep(_SETTLE_S)
            before, began_s = self._received(), time.monotonic()
            self._publish()
            rate = (self._received() - before) / (time.monotonic() - began_s)
            self._await_all()
            self._await_records()
        return self._result(rate, len(analyses))

    def _publish(self) -> None:
        """Publish the alarms, spread evenly where they are a flood, else as chance has it."""
        rate = self.plan.length / self.plan.seconds
        with alarm_line(self.site.port) as send:
            due_s = time.monotonic()
            for number in range(self.plan.length):
                due_s += 1 / rate if self.plan.flood else random.expovariate(rate)
                time.sleep(max(0.0, due_s - time.monotonic()))
                zone = f"z{number}"
                packet = publish_packet(*fire(self.site.site, zone, number), 1 + number % 65_000)
                self._sent_s[zone] = time.monotonic()
                send(packet)
                self.tell(1)

    def _await_all(self) -> None:
        until = time.monotonic() + _ARRIVE_S
        while self.told.zones() < self.plan.length and time.monotonic() < until:
            time.sleep(0.1)

    def _await_records(self) -> None:
        until = time.monotonic() + _ARRIVE_S
        while self._recorded() < self.plan.length and time.monotonic() < until:
            time.sleep(0.5)

    def _result(self, rate: float, analyses: int) -> Result:
        first = {zone: at for (zone, kind), at in self.told.first_s.items() if kind == "raised"}
        took = [first[zone] - sent for zone, sent in self._sent_s.items() if zone in first]
        return Result(
            alarms=len(self._sent_s),
            took_s=took,
            background_per_s=rate,
            lost=len(self._sent_s) - min(len(took), self._recorded()),
            repeated=sum(count > 1 for count in self.told.attempts.values()),
            analyses=analyses,
            flood=self.plan.flood,
            recorded=self._recorded(),
            sms=len(self.told.sms_s),
            phone_most_per_min=self.told.most_sms_in_a_minute(),
            until_all_s=max(first.values(), default=0.0) - min(self._sent_s.values()),
        )

    def _received(self) -> int:
        return sum(book.received for name, book in self.site.books().items() if name != GATEWAY)

    def _recorded(self) -> int:
        from premises.stores.records import open_records  # noqa: PLC0415 - behind the measurement

        records = open_records(self.site.home)
        try:
            with records.reading() as tx:
                return len(tx.alerts(limit=10 * self.plan.length))
        finally:
            records.close()


def fire(site: str, zone: str, number: int) -> tuple[str, bytes]:
    """Return topic and payload of a fire in a zone."""
    told = {"id": f"{GATEWAY}-{number}", "dev": PANEL, "type": "fire", "state": "active", "zone": zone}
    return f"premises/v1/{site}/{GATEWAY}/{PANEL}/events", json.dumps({"events": [told]}).encode()


@contextmanager
def alarm_line(port: int) -> Iterator[Callable[[bytes], None]]:
    """Yield what sends a packet to the broker at once."""
    with socket.create_connection(("127.0.0.1", port)) as broker:
        broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        broker.sendall(connect_packet("bench-alarms"))
        broker.recv(CONNACK_BYTES)
        reader = threading.Thread(target=_drained, args=(broker,), daemon=True)
        reader.start()
        yield broker.sendall
        broker.shutdown(socket.SHUT_RDWR)
        reader.join()


def _drained(broker: socket.socket) -> None:
    """Read what the broker answers, so that it never waits for us."""
    with suppress(ConnectionResetError):
        while broker.recv(65_536):
            pass


@contextmanager
def analysing(site: Installation) -> Iterator[list[float]]:
    """Have the server analyse its past again and again as long as the block lives; the list grows with each."""
    done: list[float] = []
    stopping = threading.Event()

    def analyse() -> None:
        while not stopping.is_set():
            asked = {"registry": str(site.home.registry), "rules": [], "want": ["findings"], "language": "zh"}
            site.server().analysis({**asked, "first": None, "last": None, "now_ms": None}, lambda _what, _done: None)
            done.append(time.monotonic())

    thread = threading.Thread(target=analyse, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stopping.set()
        thread.join()
