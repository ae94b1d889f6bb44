"""One day again: stored features and a few new readings give what all readings give that were never looked at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from analytics.calendar import ChineseHolidays
from analytics.rules import WEEKLY_RULES, WINDOWED_RULES
from analytics.runs import Analysis, Request, analyse
from sensors.readings import ReadingBatch, epoch_ms
from sensors.topology import Registry
from sensors.verdicts import Verdict
from simulators.scenarios import scenario
from storage.readings.memory import MemoryReadingStore
from tests.simulators.worlds import MONDAY, all_readings, building, local, world

DAYS, SCENARIO_DAYS = 8, 28
LAST = MONDAY + timedelta(days=DAYS - 1)
EVERYTHING = Request(rules=(*WINDOWED_RULES, *WEEKLY_RULES))
LAST_DAY = replace(EVERYTHING, first=LAST, last=LAST)


def test_a_day_again_is_judged_as_if_nothing_had_been_stored() -> None:
    registry = building()
    early, late = parted(broken_weeks(registry), at_ms=epoch_ms(local(LAST, 18)))
    looked_at = MemoryReadingStore()
    looked_at.append(early)
    judged(registry, looked_at, EVERYTHING)
    looked_at.append(late)
    untouched = MemoryReadingStore()
    untouched.append(early)
    untouched.append(late)

    again, anew = (judged(registry, store, LAST_DAY) for store in (looked_at, untouched))

    assert again.failures == anew.failures == ()
    assert {each.verdict for each in anew.findings} == set(Verdict)
    assert again.findings == anew.findings
    assert again.summary == anew.summary
    assert again.daily.sort("subject", "feature").equals(anew.daily.sort("subject", "feature"))


def broken_weeks(registry: Registry) -> ReadingBatch:
    """Return a week and a day of a building in which much is wrong."""
    faults = scenario("demo", registry, start=local(MONDAY), days=SCENARIO_DAYS)
    place = world(registry, faults=faults, start=local(MONDAY))
    return all_readings(registry, place.run(local(MONDAY, 24 * DAYS)))


def parted(readings: ReadingBatch, *, at_ms: int) -> Sequence[ReadingBatch]:
    """Return the readings before an instant, and those from it on."""
    early, late = ReadingBatch(site=readings.site), ReadingBatch(site=readings.site)
    columns = (readings.time_ms, readings.device, readings.metric, readings.value, readings.phase, readings.quality)
    for time_ms, device, metric, value, phase, quality in zip(*columns, strict=True):
        part = early if time_ms < at_ms else late
        part.add(time_ms, device, metric, value, phase=phase, quality=quality)
    return early, late


def judged(registry: Registry, store: MemoryReadingStore, request: Request) -> Analysis:
    return analyse(registry=registry, holidays=ChineseHolidays(), store=store, request=request)
