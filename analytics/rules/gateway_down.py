"""G04: a gateway behind which several devices fell silent at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analytics.frame import TOLERANCE, RunData, day_start, evidence, not_applicable
from analytics.rules.offline import last_heard, told_offline
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device
from sensors.verdicts import Finding, Severity, Verdict

RULE = "G04"
FEWEST_DEVICES = 2
"""One silent device is G01's: nothing tells whether it or its gateway failed. The project's own choice."""
NO_GATEWAYS = "device.gateway"
NO_INTERVALS = "two devices with a reporting interval"
NEVER_HEARD = "a reading of any device"


@dataclass(frozen=True, slots=True)
class _Silence:
    """What a device can say: when it was last heard, and by when its next reading was due, UTC ms.

    `is_gone` where it is told to be offline: nothing need be overdue for that.
    """

    last_ms: int
    due_ms: int
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class _Loss:
    """Devices that fell silent together: how many, when the last of them spoke, how many still speak."""

    at_ms: int
    silent: int
    speaking: int

    @property
    def silent_pct(self) -> float:
        return 100 * self.silent / (self.silent + self.speaking) if self.silent else 0.0


def gateway_down(data: RunData) -> list[Finding]:
    """Return the verdict about each gateway: devices that fell silent together ÷ devices that had spoken until then.

    A device is silent when its next reading is `within_min` overdue. Devices fell silent together when one instant
    explains them all: after the last word of each, and before its next one was due plus `within_min`. What was silent
    long before is left out, and so are devices that report on change, which owe no reading at any time, and devices
    never heard. A device that is told to be offline is silent at once. The gateway's own last will alerts as it comes.
    """
    gateways: dict[str, list[Device]] = {}
    for device in data.registry.devices.values():
        if device.gateway is not None:
            gateways.setdefault(device.gateway, []).append(device)
    if not gateways:
        return [not_applicable(data, RULE, Subject(SubjectKind.SITE, data.registry.site.id), NO_GATEWAYS)]
    heard = {device: epoch_ms(time) for device, time in last_heard(data).items()}
    gone = told_offline(data).keys()
    return [_verdict(data, gateway, gateways[gateway], heard, gone) for gateway in sorted(gateways)]


def _verdict(
    data: RunData, gateway: str, devices: Iterable[Device], heard: dict[str, int], gone: Collection[str]
) -> Finding:
    subject = Subject(SubjectKind.GATEWAY, gateway)
    timed = [device for device in devices if device.interval_s is not None]
    if len(timed) < FEWEST_DEVICES:
        return not_applicable(data, RULE, subject, NO_INTERVALS)
    spoken = [
        _Silence(heard[device.id], heard[device.id] + int((device.interval_s or 0.0) * 1000), device.id in gone)
        for device in timed
        if device.id in heard
    ]
    if not spoken:
        return _unheard(data, subject)
    return _judged(data, subject, spoken)


def _unheard(data: RunData, subject: Subject) -> Finding:
    """Return that nothing is known of a gateway that never said anything; that each device is silent is for G01."""
    return Finding(
        rule=RULE,
        subject=subject,
        verdict=Verdict.INSUFFICIENT_DATA,
        start=min(day_start(data.calendar, data.window.first), from_epoch_ms(data.window.now_ms)),
        end=from_epoch_ms(data.window.now_ms),
        missing=(NEVER_HEARD,),
    )


def _judged(data: RunData, subject: Subject, spoken: Sequence[_Silence]) -> Finding:
    limit = data.thresholds.value(RULE, "silent_pct")
    loss = _loss(data, spoken)
    faulty = loss.silent >= FEWEST_DEVICES and loss.silent_pct >= limit * (1 - TOLERANCE)
    now = from_epoch_ms(data.window.now_ms)
    since = from_epoch_ms(loss.at_ms)
    return Finding(
        rule=RULE,
        subject=subject,
        verdict=Verdict.FAULT if faulty else Verdict.PASS,
        start=min(since, now),
        end=now,
        value=round(loss.silent_pct, 1),
        threshold=limit,
        unit="%",
        severity=Severity.ORANGE if faulty else None,
        evidence=evidence(
            silent_devices=loss.silent,
            speaking_devices=loss.speaking,
            last_heard=since.isoformat(),
        ),
    )


def _loss(data: RunData, spoken: Sequence[_Silence]) -> _Loss:
    """Return the gravest loss of devices at one instant, the latest of equals."""
    within_ms = int(timedelta(minutes=data.thresholds.value(RULE, "within_min")) / timedelta(milliseconds=1))
    silent = [each for each in spoken if each.is_gone or data.window.now_ms > each.due_ms + within_ms]
    speaking = len(spoken) - len(silent)
    together = [
        (sum(each.last_ms <= at_ms <= each.due_ms + within_ms for each in silent), at_ms)
        for at_ms in {each.last_ms for each in silent}
    ]
    lost, at_ms = max(together, default=(0, max(each.last_ms for each in spoken)))
    later = sum(each.last_ms > at_ms for each in silent)
    return _Loss(at_ms=at_ms, silent=lost, speaking=speaking + later)
