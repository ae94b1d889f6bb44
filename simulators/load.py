"""Traffic of many gateways for benches and soak tests: as much and as untidy as is wanted, the same each time.

Beside what is sent in good order come the same message twice, messages in another order, what nobody can decode, and
numbers that never come. Each message says what it is, so that whoever takes them in can be held to account.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from random import Random
from typing import NamedTuple

from sensors.errors import InputFault
from sensors.topology import (
    Building,
    BuildingId,
    ClimateZone,
    Device,
    DeviceId,
    Name,
    Placement,
    Registry,
    Site,
    SiteId,
)

SITE = SiteId("load")
BUILDING = BuildingId("a")
METRICS = ("co2_ppm", "temperature_c", "active_power_w", "illuminance_lux")
"""What the devices of a gateway measure, in turn."""

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, so that the same plan gives the same bytes whenever it is run."""

_LOWEST, _SPREAD = 20, 60
"""Values from 20 to 80 are possible for each of them."""

GARBAGE = (b"", b"\x00\xff\xfe\x80", b'{"readings":[{"m":"co2","v":4', b"[1,2,3]", '{"readings":"没有"}'.encode())


class Kind(StrEnum):
    """What a message is for the one who takes it in."""

    READINGS = "readings"
    EVENT = "event"
    DUPLICATE = "duplicate"
    GARBAGE = "garbage"


class LoadMessage(NamedTuple):
    """A message, what it is, and how many records the books count for it."""

    topic: str
    payload: bytes
    kind: Kind
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What is to be sent. Shares are of the messages in good order, from 0 to 1.

    `messages` is how many numbers the gateways give together; those `lost` of them are never sent, what is `duplicated`
    or `garbage` comes in addition. `reordered` ones, and second copies, come up to `within` messages later.
    """

    messages: int
    gateways: int = 10
    devices_per_gateway: int = 10
    readings: int = 1
    seed: int = 1
    boot: str = "load-1"
    start_ms: int = START_MS
    step_ms: int = 1_000
    duplicated: float = 0.0
    garbage: float = 0.0
    reordered: float = 0.0
    lost: float = 0.0
    events: float = 0.0
    within: int = 200

    def __post_init__(self) -> None:
        """Hold the numbers to what makes sense. Raises InputFault."""
        for name in ("messages", "gateways", "devices_per_gateway", "readings", "within", "step_ms"):
            if getattr(self, name) < 1:
                msg = f"{name} must be at least 1, not {getattr(self, name)}"
                raise InputFault(msg)
        for name in ("duplicated", "garbage", "reordered", "lost", "events"):
            if not 0 <= getattr(self, name) <= 1:
                msg = f"{name} must be a share from 0 to 1, not {getattr(self, name)}"
                raise InputFault(msg)

    @property
    def span_ms(self) -> int:
        """Return how much time lies between the first reading and the last."""
        rounds = -(-self.messages // self.gateways) * self.readings
        return rounds // self.devices_per_gateway * self.step_ms

    def gateway(self, index: int) -> str:
        """Return a gateway's id."""
        return f"g{index}"

    def device(self, gateway: int, index: int) -> str:
        """Return the id of a gateway's device."""
        return f"g{gateway}-d{index}"


def load(plan: LoadPlan) -> Iterator[LoadMessage]:
    """Yield the messages in the order in which they are sent; needs memory for the late ones only."""
    chance = Random(plan.seed).random  # noqa: S311 - a simulation, no secret
    late: list[tuple[int, int, LoadMessage]] = []
    ties = count()

    def later(number: int, message: LoadMessage) -> None:
        heapq.heappush(late, (number + 1 + int(chance() * plan.within), next(ties), message))

    for number in range(plan.messages):
        while late and late[0][0] <= number:
            yield heapq.heappop(late)[2]
        if chance() < plan.garbage:
            yield _garbage(plan, number, chance())
        if chance() < plan.lost:
            continue
        message = _event(plan, number) if chance() < plan.events else _readings(plan, number)
        if chance() < plan.duplicated:
            # Where the first copy is late as well, this one may come before it: one of the two is the duplicate.
            later(number, message._replace(kind=Kind.DUPLICATE))
        if chance() < plan.reordered:
            later(number, message)
        else:
            yield message
    while late:
        yield heapq.heappop(late)[2]


def messages(plan: LoadPlan) -> Iterator[tuple[str, bytes]]:
    """Yield topic and payload of each message, as all simulators do."""
    return ((message.topic, message.payload) for message in load(plan))


def tally(sent: Iterable[LoadMessage]) -> Mapping[Kind, int]:
    """Return how many records of each kind the books must show."""
    records: Counter[Kind] = Counter(dict.fromkeys(Kind, 0))
    for message in sent:
        records[message.kind] += message.records
    return records


def load_registry(plan: LoadPlan) -> Registry:
    """Return the site whose gateways and devices send the load."""
    building = Building(id=BUILDING, name=Name(zh="主楼", en="Main building"))
    devices = (
        _device(plan, gateway, index) for gateway in range(plan.gateways) for index in range(plan.devices_per_gateway)
    )
    site = Site(
        id=SITE,
        name=Name(zh="负载", en="Load"),
        timezone="Asia/Shanghai",
        climate_zone=ClimateZone.MILD,
        working_hours="08:30-12:00,14:00-18:00",
    )
    return Registry(site=site, buildings={BUILDING: building}, devices={device.id: device for device in devices})


def _device(plan: LoadPlan, gateway: int, index: int) -> Device:
    return Device(
        id=DeviceId(plan.device(gateway, index)),
        gateway=plan.gateway(gateway),
        placements=(Placement(building=BUILDING),),
        metrics=(METRICS[index % len(METRICS)],),
        interval_s=plan.step_ms / 1000,
    )


def _readings(plan: LoadPlan, number: int) -> LoadMessage:
    """Return the gateway's next message; no reading of the plan has the key of another."""
    turn, gateway = divmod(number, plan.gateways)
    records = [_record(plan, gateway, turn * plan.readings + each) for each in range(plan.readings)]
    head = f'{{"boot":"{plan.boot}","seq":{turn},"readings":['
    if plan.readings == 1:
        device = plan.device(gateway, turn % plan.devices_per_gateway)
        topic = f"premises/v1/{SITE}/{plan.gateway(gateway)}/{device}/readings"
    else:
        topic = f"premises/v1/{SITE}/{plan.gateway(gateway)}/readings"
    return LoadMessage(topic, f"{head}{','.join(records)}]}}".encode(), Kind.READINGS, plan.readings)


def _record(plan: LoadPlan, gateway: int, position: int) -> str:
    turn, index = divmod(position, plan.devices_per_gateway)
    time_ms = plan.start_ms + turn * plan.step_ms
    value = _LOWEST + (position * 7 + gateway) % _SPREAD
    device = f'"dev":"{plan.device(gateway, index)}",' if plan.readings > 1 else ""
    return f'{{{device}"m":"{METRICS[index % len(METRICS)]}","v":{value},"ts":{time_ms}}}'


def _event(plan: LoadPlan, number: int) -> LoadMessage:
    """Return a door that was opened: an event that raises no alarm."""
    turn, gateway = divmod(number, plan.gateways)
    device = plan.device(gateway, turn % plan.devices_per_gateway)
    time_ms = plan.start_ms + turn * plan.readings // plan.devices_per_gateway * plan.step_ms
    name = plan.gateway(gateway)
    event = f'{{"id":"{name}-{plan.boot}-{turn}","dev":"{device}","type":"granted","ts":{time_ms}}}'
    payload = f'{{"boot":"{plan.boot}","seq":{turn},"events":[{event}]}}'
    return LoadMessage(f"premises/v1/{SITE}/{name}/events", payload.encode(), Kind.EVENT, 1)


def _garbage(plan: LoadPlan, number: int, drawn: float) -> LoadMessage:
    gateway = plan.gateway(number % plan.gateways)
    payload = GARBAGE[int(drawn * len(GARBAGE))]
    return LoadMessage(f"premises/v1/{SITE}/{gateway}/readings", payload, Kind.GARBAGE, 1)
