"""Alarm quality: what chatters, floods, stays, and how fast people answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from alerts.quality import Episode, Quality, chattering, findings, quality
from sensors.subjects import Subject
from sensors.thresholds import Limits, Override, Overrides
from sensors.topology import Registry
from sensors.verdicts import Severity, Verdict
from tests.alerts.signals import HQ
from tests.analytics.sites import site
from tests.memory_records import NOON

PANEL, DOOR = Subject.parse("device:panel1"), Subject.parse("device:door1")
SITE = Subject.parse("site:hq")
DAY = timedelta(days=1)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def episode(
    raised_s: float, *, acknowledged_s: float | None = None, ended_s: float | None = None, subject: Subject = PANEL
) -> Episode:
    return Episode(
        subject=subject,
        severity=Severity.ORANGE,
        raised=at(raised_s),
        acknowledged=None if acknowledged_s is None else at(acknowledged_s),
        ended=None if ended_s is None else at(ended_s),
    )


def judged(*episodes: Episode, told: Sequence[datetime] = ()) -> Quality:
    return quality(episodes, {"guard": told} if told else {}, start=NOON, end=NOON + DAY, site=HQ)


def verdicts(found: Quality, *heard: Subject) -> dict[str, Verdict]:
    return {str(each.subject): each.verdict for each in findings(found, site=HQ, heard=heard)}


def test_three_in_a_minute_chatter_and_two_do_not() -> None:
    (chatter,) = chattering((PANEL, "1", at(second)) for second in (0, 20, 59))
    assert (chatter.start, chatter.end, chatter.known, chatter.peak) == (at(0), at(59), at(59), 3)
    assert chattering((PANEL, "1", at(second)) for second in (0, 59, 60, 119, 120)) == []


def test_each_point_is_counted_by_itself() -> None:
    assert chattering((PANEL, str(zone), at(second)) for zone, second in enumerate((0, 20, 40))) == []


def test_a_spell_is_told_once_and_two_spells_twice() -> None:
    times = [*range(0, 300, 15), *range(3_600, 3_660, 15)]
    found = chattering((PANEL, "", at(second)) for second in times)
    assert [(each.start, each.end, each.peak) for each in found] == [(at(0), at(285), 4), (at(3_600), at(3_645), 4)]


@pytest.mark.parametrize(("count", "verdict"), [(10, Verdict.PASS), (11, Verdict.FAULT)])
def test_more_than_ten_in_ten_minutes_is_a_flood(count: int, verdict: Verdict) -> None:
    told = [at(50 * number) for number in range(count)]
    assert verdicts(judged(told=told))[str(SITE)] is verdict


def test_a_flood_is_one_person_s_and_not_the_sum_of_all() -> None:
    loads = {name: [at(50 * number) for number in range(8)] for name in ("anna", "ben")}
    found = quality([], loads, start=NOON, end=NOON + DAY, site=HQ)
    assert [load.is_flood for load in found.loads.values()] == [False, False]


def test_where_nobody_was_told_of_anything_there_is_no_verdict_on_floods() -> None:
    assert verdicts(judged())[str(SITE)] is Verdict.NOT_APPLICABLE


def test_what_stays_open_for_more_than_a_day_is_stale() -> None:
    stale, over, young = episode(-3_600), episode(-3_600, ended_s=60, subject=DOOR), episode(3_600, subject=DOOR)
    found = judged(stale, over, young)
    assert found.stale == [stale]
    assert verdicts(found, PANEL, DOOR) == {
        str(PANEL): Verdict.FAULT,
        str(DOOR): Verdict.PASS,
        str(SITE): Verdict.NOT_APPLICABLE,
    }


def test_chattering_is_told_before_stale_with_its_figure() -> None:
    found = judged(episode(-3_600), *(episode(second, ended_s=second + 1) for second in range(0, 60, 10)))
    (fault, *_) = findings(found, site=HQ, heard=[PANEL])
    assert (fault.value, fault.threshold, fault.unit, fault.severity) == (6, 3, "1/min", Severity.BLUE)


def test_means_are_of_those_that_were_answered() -> None:
    found = judged(episode(0, acknowledged_s=60, ended_s=600), episode(100, acknowledged_s=220), episode(900))
    assert (found.alarms, found.mean_acknowledge, found.mean_clear) == (
        3,
        timedelta(seconds=90),
        timedelta(seconds=600),
    )
    assert judged().mean_acknowledge is None


def test_colours_are_counted_within_the_time_only() -> None:
    assert judged(episode(-1), episode(0), episode(1)).by_severity == {Severity.ORANGE: 2}


def test_points_chatter_by_the_limit_of_their_own() -> None:
    own = Override(
        rule="G06",
        parameter="chattering_per_min",
        subject=PANEL,
        value=5,
        by="p1",
        why="a panel that repeats itself",
        since=NOON.date(),
    )
    registry = Registry(site=site())
    onsets = [(PANEL, "1", NOON + timedelta(seconds=10 * number)) for number in range(4)]
    assert [each.peak for each in chattering(onsets)] == [4]
    assert chattering(onsets, Limits(Overrides((own,)), registry)) == []
