"""The jobs by the clock: made up for when missed, and a failure keeps nothing from the next run."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import premises.jobs.scheduler
from analytics.runs import NoReadingsError
from api.ports import RoomClass
from premises.demo.history import LocalAnalyses, SetClock
from premises.home import Home
from premises.jobs.analysis_jobs import Job
from premises.jobs.daily_jobs import DailyJobs, last_daily, room_uses
from premises.jobs.scheduler import Schedule
from premises.stores.records import open_records
from premises.watchdog.jobs_watch import JobsWatch
from sensors.alarms import Alarm
from sensors.errors import InputFault
from simulators import registry_text
from simulators.building import office_building
from storage.readings.memory import MemoryReadingStore
from tests.alerts.factories import HQ
from tests.servers import eventually

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Recorded:
    """Analyses that remember what they were asked, and can fail."""

    def __init__(self, *, failing: bool = False) -> None:
        self.asked: list[Job] = []
        self.failing = failing
        self.failed: list[dict[str, str]] = []

    def run(self, job: Job) -> Mapping[str, Any]:
        self.asked.append(job)
        if self.failing:
            msg = "no"
            raise InputFault(msg)
        return {"findings": [], "rooms": {"a-201": "idle", "a-202": "not_judged"}, "use": {}, "failed": self.failed}


class Silent(Recorded):
    """Analyses of a site without readings, whose registry tells nothing either."""

    def run(self, job: Job) -> Mapping[str, Any]:
        self.asked.append(job)
        raise NoReadingsError(HQ)


@contextmanager
def jobs(folder: Path, analyses: Recorded | None = None) -> Iterator[DailyJobs]:
    home, registry = Home.find(folder), office_building(9, start=date(2026, 10, 19))
    home.registry.write_text(registry_text(registry), encoding="utf-8")
    with closing(open_records(home)) as records:
        yield DailyJobs(
            home=home,
            analyses=analyses or LocalAnalyses(registry, MemoryReadingStore()),
            records=records,
            registry=lambda: registry,
            clock=SetClock(NOW),
        )


def test_daily_run_judges_a_week_and_classes_the_rooms(tmp_path: Path) -> None:
    analyses = Recorded()
    with jobs(tmp_path, analyses) as daily:
        assert daily.is_stale()
        daily.daily()
        assert not daily.is_stale()
    verdicts, uses = analyses.asked
    assert (verdicts.first, verdicts.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert uses.want == ("rooms", "use")
    assert room_uses(Home.find(tmp_path)) == {"a-201": RoomClass.IDLE}
    assert last_daily(Home.find(tmp_path)) == NOW


def test_rules_that_failed_are_told_until_a_run_in_which_they_do_not(tmp_path: Path) -> None:
    analyses, watch = Recorded(), JobsWatch()
    analyses.failed = [{"rule": "E03", "error": "ZeroDivisionError: division by zero", "trace": ""}]
    with jobs(tmp_path, analyses) as daily:
        told = replace(daily, judged=watch.judged)
        assert told.daily()["failed_rules"] == ["E03"]
        assert [(fault.alarm, fault.about) for fault in watch.look(NOW)] == [(Alarm.RULE_FAILED, "E03")]
        analyses.failed = []
        told.quick()
        assert [fault.about for fault in watch.look(NOW)] == ["E03"]
        told.daily()
        assert watch.look(NOW) == []


def test_without_readings_there_is_nothing_to_do_and_the_run_stays_due(tmp_path: Path) -> None:
    with jobs(tmp_path, Silent()) as daily:
        assert (daily.daily(), daily.quick()) == ({}, {})
        assert daily.is_stale()
    assert room_uses(Home.find(tmp_path)) == {}


@pytest.mark.parametrize("failing", [False, True])
def test_missed_run_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, failing: bool) -> None:
    monkeypatch.setattr(premises.jobs.scheduler, "CATCH_UP", timedelta())
    analyses = Recorded(failing=failing)
    with jobs(tmp_path, analyses) as daily:
        schedule = Schedule(daily)
        schedule.start()
        eventually(lambda: len(analyses.asked) >= (1 if failing else 2), what="the daily run")
        # APScheduler strikes a run off its list after giving it to a thread; a stop in between would trip it
        eventually(lambda: [name for name, _ in schedule.planned()].count("daily") == 1, what="it is struck off")
        schedule.stop()
        assert daily.is_stale() is failing


def test_nightly_works_are_done_at_their_hour_beside_the_daily_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def tidy() -> dict[str, object]:
        done.append("tidy")
        return {}

    with jobs(tmp_path) as daily:
        soon = datetime.now(daily.building().calendar.zone) + timedelta(minutes=1)
        monkeypatch.setattr(premises.jobs.scheduler, "TIDY_AT", (soon.hour, soon.minute))
        schedule = Schedule(daily, nightly={"tidy": tidy})
        schedule.start()
        times = dict(schedule.planned())
        schedule.stop()
    assert done == []
    assert (times["tidy"].hour, times["tidy"].minute) == (soon.hour, soon.minute)
    assert "daily" in times
