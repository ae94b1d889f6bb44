"""Analyses in a worker process: the same answer as here, and no features kept that readings have overtaken."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics.calendar import BUILT_IN_HOLIDAYS
from analytics.rules import RULES
from analytics.runs import NoReadingsError, Request, analyse, fingerprint
from premises.finding_json import from_json, to_json
from premises.home import Home
from premises.jobs.analysis_jobs import AnalysisJobs, Job, JobFailedError, TouchedStore
from sensors.bills import Bill, Utility
from sensors.bookings import Booking, NoBookings
from sensors.errors import InputFault
from sensors.readings import ReadingBatch, epoch_ms, from_epoch_ms
from sensors.subjects import Subject
from sensors.topology import Registry, RoomId, SiteId
from simulators import registry_text
from simulators.building import office_building
from simulators.scenarios import scenario
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore

MONDAY = date(2026, 10, 19)
DAYS = 28


@contextmanager
def site(folder: Path, *, days: int = DAYS) -> Iterator[tuple[Home, Registry, TouchedStore]]:
    """Yield a home with a simulated building of nine rooms and its readings."""
    home, registry = Home.find(folder), office_building(9, start=MONDAY)
    home.registry.write_text(registry_text(registry), encoding="utf-8")
    with closing(DuckDBReadingStore(home.readings)) as store:
        touched = TouchedStore(store)
        if days:
            touched.append_from_spool("history", last_entry=1, batches=[readings(registry, days)])
        yield home, registry, touched


def readings(registry: Registry, days: int) -> ReadingBatch:
    start = World(registry, 1, _midnight(registry, 0)).now
    world = World(registry, 1, start, scenario("demo", registry, start=start, days=DAYS))
    batch = ReadingBatch(site=registry.site.id)
    for tick in world.run(_midnight(registry, days)):
        batch.extend(tick.readings)
    return batch


def _midnight(registry: Registry, days: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=days), time(), tzinfo=ZoneInfo(registry.site.timezone))


def job(home: Home, **asked: object) -> Job:
    return Job(registry=home.registry, rules=RULES, **asked)  # type: ignore[arg-type]  # what the test asks


def test_worker_finds_what_is_found_here(tmp_path: Path) -> None:
    with site(tmp_path) as (home, registry, touched):
        told: list[float] = []
        made = AnalysisJobs(home, touched).run(
            job(home, want=("findings", "document", "rooms")), lambda _what, done: told.append(done)
        )
        here = analyse(
            registry=registry,
            holidays=BUILT_IN_HOLIDAYS[registry.site.calendar],
            store=touched.store,
            request=Request(),
        )
    assert [from_json(each) for each in made["findings"]] == list(here.findings)
    assert any(finding["verdict"] == "fault" for finding in made["findings"])
    assert set(made["rooms"]) <= set(registry.rooms)
    assert told[-1] == 1.0


def test_worker_keeps_features_for_the_next_run(tmp_path: Path) -> None:
    with site(tmp_path, days=7) as (home, registry, touched):
        AnalysisJobs(home, touched).run(job(home))
        mark = fingerprint(registry, BUILT_IN_HOLIDAYS[registry.site.calendar])
        done = touched.store.feature_days(registry.site.id, fingerprint=mark)
    assert done == {MONDAY + timedelta(days=n) for n in range(7)}


def test_features_of_days_written_meanwhile_are_not_kept(tmp_path: Path) -> None:
    late = MONDAY + timedelta(days=3)
    with site(tmp_path, days=7) as (home, registry, touched):
        batch = ReadingBatch(site=registry.site.id)
        batch.add(epoch_ms(_midnight(registry, 3)) + 13 * 3_600_000, "aq-201", "co2_ppm", 999.0)

        def write_late(_what: str, _done: float) -> None:
            touched.append_from_spool("late", last_entry=1, batches=[batch])

        made = AnalysisJobs(home, touched).run(job(home), write_late)
        mark = fingerprint(registry, BUILT_IN_HOLIDAYS[registry.site.calendar])
        done = touched.store.feature_days(registry.site.id, fingerprint=mark)
    assert made["findings"]
    assert late not in done
    assert MONDAY + timedelta(days=6) in done


def test_what_cannot_be_asked_is_told_as_here(tmp_path: Path) -> None:
    with site(tmp_path, days=0) as (home, _, touched):
        jobs = AnalysisJobs(home, touched)
        with pytest.raises(NoReadingsError):
            jobs.run(job(home))
        with pytest.raises(InputFault, match="X99"):
            jobs.run(Job(registry=home.registry, rules=("X99",)))
        jobs.stop()
        with pytest.raises(JobFailedError, match="stopping"):
            jobs.run(job(home))


def test_finding_survives_the_way_between_processes(tmp_path: Path) -> None:
    with site(tmp_path) as (_, registry, touched):
        here = analyse(
            registry=registry,
            holidays=BUILT_IN_HOLIDAYS[registry.site.calendar],
            store=touched.store,
            request=Request(),
        )
    assert [from_json(to_json(finding)) for finding in here.findings] == list(here.findings)


def test_worker_asks_for_the_bookings_that_a_rule_wants(tmp_path: Path) -> None:
    asked: list[SiteId] = []

    class Asked(NoBookings):
        def bookings(self, site: SiteId, *, start_ms: int, end_ms: int) -> Sequence[Booking]:
            asked.append(site)
            start = from_epoch_ms(end_ms - 3_600_000)
            return [Booking(site=site, room=RoomId("a-204"), start=start, end=from_epoch_ms(end_ms), key=str(start_ms))]

    with site(tmp_path, days=7) as (home, registry, touched):
        made = AnalysisJobs(home, touched, Asked()).run(Job(registry=home.registry, rules=("S04",)))
    assert asked == [registry.site.id]
    assert not any("bookings" in finding["missing"] for finding in made["findings"])


def test_worker_knows_the_energy_file_and_the_bills(tmp_path: Path) -> None:
    with site(tmp_path, days=7) as (home, registry, touched):
        quota = "{energy_class: B, constraint_kwh_m2: 9000, source: a notice, year: 2025}"
        (home.root / "energy.yaml").write_text(f"quotas: [{quota}]\n", encoding="utf-8")
        year = Bill(
            site=registry.site.id,
            subject=Subject.parse("building:a"),
            utility=Utility.ELECTRICITY,
            first=MONDAY - timedelta(days=365),
            last=MONDAY,
            quantity=50_000.0,
        )
        jobs = AnalysisJobs(home, touched, bills=lambda _site: [year])
        (found,) = jobs.run(Job(registry=home.registry, rules=("E01",)))["findings"]
    assert (found["verdict"], found["threshold"]) == ("pass", 9000)
    assert found["evidence"]["energy_source"] == "bills"


def test_worker_judges_by_the_thresholds_of_the_site_and_refuses_a_file_with_a_fault(tmp_path: Path) -> None:
    asked = "rule: S02, parameter: utilisation_pct, subject: 'site:hq', by: 王芳, since: 2026-01-01, why: field work"
    with site(tmp_path, days=0) as (home, registry, touched):
        touched.append_from_spool("history", last_entry=1, batches=[_an_hour(registry)])
        path = home.root / "thresholds.yaml"
        path.write_text(f"thresholds: [{{{asked}, value: 20}}]\n".replace("hq", registry.site.id), encoding="utf-8")
        jobs = AnalysisJobs(home, touched)
        document = jobs.run(Job(registry=home.registry, rules=("S02",), want=("document",)))["document"]
        path.write_text("thresholds: [{rule: S99}]\n", encoding="utf-8")
        with pytest.raises(InputFault, match=r"thresholds\.yaml:1:"):
            jobs.run(Job(registry=home.registry, rules=("S02",)))
    assert [(each["value"], each["default"], each["by"]) for each in document["overrides"]] == [(20, 30, "王芳")]


def _an_hour(registry: Registry) -> ReadingBatch:
    batch = ReadingBatch(site=registry.site.id)
    batch.add(epoch_ms(_midnight(registry, 1)), next(iter(registry.devices)), "co2_ppm", 500.0)
    return batch
