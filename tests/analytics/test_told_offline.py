"""G01 and G04 with what wills and gateways say of devices: no interval need pass, and a word since is the end of it."""

from dataclasses import replace
from datetime import datetime

from analytics.calendar import WeekdaysOnly
from analytics.runs import Request, analyse
from sensors.events import Event, EventState, EventType
from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import DeviceId, Registry
from sensors.verdicts import Finding, Verdict
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import A201, MONDAY, batch, local, office, registry, room_device, sampled


def place(*devices: str, interval_s: float | None = 300) -> Registry:
    sensors = [
        replace(room_device(each, A201, "temperature_c", interval_s=interval_s), gateway="gw-1") for each in devices
    ]
    return registry(rooms=[office()], devices=sensors)


def heard_until(hour: float, *devices: str) -> ReadingBatch:
    readings = batch()
    for device in devices:
        sampled(readings, device, "temperature_c", [MONDAY], lambda at: 20.0 if _hour(at) < hour else None)
    return readings


def _hour(at: datetime) -> float:
    return at.hour + at.minute / 60


def word(site: Registry, device: str, hour: float, state: EventState = EventState.ACTIVE) -> Event:
    at = local(MONDAY, hour)
    return Event(
        site=site.site.id,
        gateway="gw-1",
        device=DeviceId(device),
        type=EventType.OFFLINE,
        state=state,
        time=at,
        received=at,
    )


def judged(
    site: Registry, readings: ReadingBatch, *events: Event, rule: str = "G01", hour: float = 12.0
) -> dict[str, Finding]:
    """Return the findings at an hour of Monday, by subject."""
    store = MemoryReadingStore()
    store.append(readings)
    store.append_events(events)
    request = Request(rules=(rule,), first=MONDAY, last=MONDAY, now_ms=epoch_ms(local(MONDAY, hour)))
    analysis = analyse(registry=site, holidays=WeekdaysOnly(), store=store, request=request)
    return {str(each.subject): each for each in analysis.findings}


def test_a_device_told_to_be_offline_for_long_enough_is_offline_whatever_its_interval() -> None:
    site = place("a", interval_s=36_000)
    found = judged(site, heard_until(11, "a"), word(site, "a", 11.5))["device:a"]
    assert (found.verdict, found.value, found.threshold) == (Verdict.FAULT, 30.0, 15)
    assert found.evidence["told_offline"] == local(MONDAY, 11.5).astimezone(found.start.tzinfo).isoformat()


def test_a_link_that_was_lost_a_moment_ago_is_no_fault_yet() -> None:
    site = place("a", interval_s=36_000)
    assert judged(site, heard_until(11, "a"), word(site, "a", 11.9))["device:a"].verdict is Verdict.PASS


def test_a_device_that_came_back_or_spoke_since_is_there() -> None:
    site = place("a", interval_s=36_000)
    back = word(site, "a", 11.2, EventState.CLEARED)
    assert judged(site, heard_until(10, "a"), word(site, "a", 10.5), back)["device:a"].verdict is Verdict.PASS
    assert judged(site, heard_until(12, "a"), word(site, "a", 10.5))["device:a"].verdict is Verdict.PASS


def test_devices_told_to_be_offline_are_silent_for_their_gateway_before_they_are_overdue() -> None:
    site = place("a", "b", interval_s=36_000)
    readings = heard_until(11, "a", "b")
    quiet = judged(site, readings, rule="G04")["gateway:gw-1"]
    told = judged(site, readings, word(site, "a", 11.2), word(site, "b", 11.2), rule="G04")["gateway:gw-1"]
    assert (quiet.verdict, told.verdict, told.value) == (Verdict.PASS, Verdict.FAULT, 100)
