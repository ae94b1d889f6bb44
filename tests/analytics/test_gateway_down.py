"""G04: a gateway down is one finding; a device that failed by itself is not a gateway."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from analytics.rules.gateway_down import NO_GATEWAYS, NO_INTERVALS
from sensors.readings import ReadingBatch
from sensors.topology import Device, DeviceId, Registry
from sensors.verdicts import Finding, Severity, Verdict
from tests.analytics.sites import A201, MONDAY, about, analysed, batch, local, office, registry, room_device, sampled

GATEWAY = "gateway:gw-1"


def behind(*devices: str, gateway: str | None = "gw-1", interval_s: float | None = 300) -> Registry:
    """Return a room with these devices behind a gateway, and a witness behind another."""
    placed = [
        replace(room_device(device, A201, "temperature_c", interval_s=interval_s), gateway=gateway)
        for device in devices
    ]
    return registry(rooms=[office()], devices=[*placed, witness()])


def witness() -> Device:
    return replace(room_device("witness", A201, "co2_ppm"), id=DeviceId("witness"), gateway=None)


def heard_until(**hours: float) -> ReadingBatch:
    """Return readings of Monday of each device until so many hours after midnight, and of the witness all day."""
    readings = batch()
    for device, until in {"witness": 24.0, **hours}.items():
        metric = "co2_ppm" if device == "witness" else "temperature_c"
        sampled(readings, device, metric, [MONDAY], _until(until))
    return readings


def _until(hours: float) -> Callable[[datetime], float | None]:
    return lambda time: 20.0 if time.hour + time.minute / 60 < hours else None


def verdict(place: Registry, readings: ReadingBatch) -> Finding:
    (finding,) = about(analysed(place, readings, "G04"), GATEWAY)
    return finding


def test_all_devices_silent_at_once_are_one_finding_for_the_gateway() -> None:
    analysis = analysed(behind("a", "b", "c"), heard_until(a=20, b=20, c=20), "G01", "G04")
    (down,) = [finding for finding in analysis.findings if finding.verdict is Verdict.FAULT]
    assert str(down.subject) == GATEWAY
    assert (down.value, down.threshold, down.unit, down.severity) == (100.0, 50, "%", Severity.ORANGE)
    assert down.start == local(MONDAY, 19 + 55 / 60)
    (explained,) = about(analysis, "device:a")
    assert explained.verdict is Verdict.NOT_APPLICABLE
    assert explained.missing == ("a word of gateway gw-1: see G04",)


def test_silence_is_told_by_each_device_where_g04_is_not_asked() -> None:
    analysis = analysed(behind("a", "b"), heard_until(a=20, b=20), "G01")
    assert [about(analysis, f"device:{device}")[0].verdict for device in "ab"] == [Verdict.FAULT, Verdict.FAULT]


@pytest.mark.parametrize(
    ("hours", "expected", "silent_pct"),
    [
        ({"a": 20, "b": 24, "c": 24}, Verdict.PASS, 33.3),
        ({"a": 20, "b": 20, "c": 24, "d": 24}, Verdict.FAULT, 50.0),
        ({"a": 20, "b": 20, "c": 24, "d": 24, "e": 24}, Verdict.PASS, 40.0),
        ({"a": 20, "b": 24}, Verdict.PASS, 50.0),
        ({"a": 24, "b": 24}, Verdict.PASS, 0.0),
    ],
    ids=["one of three", "two of four", "two of five", "one of two is the device's own", "none"],
)
def test_half_of_the_devices_and_at_least_two(hours: dict[str, float], expected: Verdict, silent_pct: float) -> None:
    finding = verdict(behind(*hours), heard_until(**hours))
    assert (finding.verdict, finding.value) == (expected, silent_pct)


def test_devices_that_died_on_their_own_days_do_not_bring_the_gateway_down() -> None:
    analysis = analysed(behind("a", "b", "c"), heard_until(a=6, b=12, c=24), "G01", "G04")
    assert about(analysis, GATEWAY)[0].verdict is Verdict.PASS
    assert [about(analysis, f"device:{device}")[0].verdict for device in "ab"] == [Verdict.FAULT, Verdict.FAULT]


def test_a_device_long_dead_does_not_hide_that_the_gateway_went() -> None:
    finding = verdict(behind("a", "b", "c"), heard_until(a=6, b=20, c=20))
    assert (finding.verdict, finding.value) == (Verdict.FAULT, 100.0)
    assert dict(finding.evidence)["silent_devices"] == 2


def test_a_gap_no_longer_than_the_interval_and_five_minutes_is_no_silence() -> None:
    late, over = 23.7, 23.6  # last heard at 23:40 and at 23:35; judged at midnight
    assert verdict(behind("a", "b", interval_s=900), heard_until(a=late, b=late)).verdict is Verdict.PASS
    assert verdict(behind("a", "b", interval_s=900), heard_until(a=over, b=over)).verdict is Verdict.FAULT


def test_devices_that_report_on_change_cannot_tell_and_the_reason_is_named() -> None:
    finding = verdict(behind("a", "b", "c", interval_s=None), heard_until(a=20, b=20, c=20))
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (NO_INTERVALS,))


def test_a_single_device_cannot_tell_its_gateway_from_itself() -> None:
    finding = verdict(behind("a"), heard_until(a=20))
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (NO_INTERVALS,))


def test_a_gateway_never_heard_is_no_verdict_and_its_devices_are_told() -> None:
    analysis = analysed(behind("a", "b"), heard_until(), "G01", "G04")
    assert about(analysis, GATEWAY)[0].verdict is Verdict.INSUFFICIENT_DATA
    assert about(analysis, "device:a")[0].verdict is Verdict.FAULT


def test_a_site_that_names_no_gateways_is_told_so() -> None:
    (finding,) = about(analysed(behind("a", "b", gateway=None), heard_until(a=24, b=24), "G04"), "site:hq")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (NO_GATEWAYS,))
