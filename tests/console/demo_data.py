"""What came in, in the demo: three gateways, one silent, some messages that could not be used, two new devices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from api.data_ports import (
    Adopting,
    Asked,
    DeviceKind,
    GatewayAccount,
    KeptHeap,
    KeptMessage,
    ReplayOutcome,
    SentMetric,
    UnknownDevice,
)
from sensors.errors import InputFault
from tests.console.demo_building import MONDAY_MORNING

MINUTE = timedelta(minutes=1)


def account(
    gateway: str, *, minutes: int, accepted: int, duplicate: int = 0, quarantined: int = 0, missing: int = 0
) -> GatewayAccount:
    return GatewayAccount(
        gateway=gateway,
        received=accepted + duplicate + quarantined + 2,
        accepted=accepted,
        duplicate=duplicate,
        quarantined=quarantined,
        ignored=2,
        stored=accepted,
        spooled=0,
        dropped=0,
        missing=missing,
        balances=True,
        last_received=MONDAY_MORNING - minutes * MINUTE,
        lag_s=60.0 * minutes,
    )


@dataclass
class ShownData:
    """Keeps `api.data_ports.DataDesk` by heart; `asked` is what was to be judged again, `adopted` what was entered."""

    asked: list[Asked] = field(default_factory=list)
    adopted: list[Adopting] = field(default_factory=list)

    def accounts(self) -> Sequence[GatewayAccount]:
        return [
            account("gw-east", minutes=1, accepted=1_204_512, duplicate=311, quarantined=37),
            account("gw-west", minutes=2, accepted=988_010, missing=14),
            account("网关-地下室", minutes=190, accepted=40_100),
        ]

    def heaps(self) -> Sequence[KeptHeap]:
        return [heap("unknown_device", 31), heap("out_of_range", 5), heap("not_json", 1)]

    def kept(self, *, reason: str | None, gateway: str | None, limit: int) -> Sequence[KeptMessage]:
        del reason, gateway, limit
        return ()

    def unknown_devices(self) -> Sequence[UnknownDevice]:
        co2 = SentMetric(metric="co2_ppm", unit="ppm", count=30, value=612.0, last=MONDAY_MORNING)
        power = SentMetric(metric="active_power_w", unit="W", count=1, value=2635.0, last=MONDAY_MORNING)
        return [
            device("aq-301", DeviceKind.ROOM_SENSOR, co2, model="AM319"),
            device("meter-9", DeviceKind.METER, power, is_known=True),
            device("door-7", DeviceKind.DOOR),
        ]

    def replay(self, asked: Asked) -> ReplayOutcome:
        self.asked.append(asked)
        is_known = asked.reason == "unknown_device"
        return ReplayOutcome(
            messages=1,
            again=int(not is_known),
            cut=0,
            accepted=int(is_known),
            duplicate=0,
            ignored=0,
            alerts=0,
            reasons={} if is_known else {str(asked.reason): 1},
        )

    def adopt(self, adopting: Adopting) -> ReplayOutcome:
        if adopting.place == "nowhere":
            msg = "registry.yaml: there is no room nowhere"
            raise InputFault(msg)
        self.adopted.append(adopting)
        return self.replay(Asked(reason="unknown_device", gateway=adopting.gateway))


def heap(reason: str, messages: int) -> KeptHeap:
    first, last = MONDAY_MORNING - 600 * MINUTE, MONDAY_MORNING - MINUTE
    return KeptHeap(reason=reason, gateway="gw-east", messages=messages, records=messages, first=first, last=last)


def device(
    name: str, kind: DeviceKind, *metrics: SentMetric, is_known: bool = False, model: str | None = None
) -> UnknownDevice:
    return UnknownDevice(
        device=name,
        gateway="gw-east",
        site="hq",
        first=MONDAY_MORNING - 600 * MINUTE,
        last=MONDAY_MORNING - MINUTE,
        records=30,
        kind=kind,
        is_known=is_known,
        model=model,
        metrics=metrics,
        events={} if metrics else {"granted": 12},
    )
