"""The job that keeps roll-ups up to date: what changed, as far as registers reach, and nothing twice."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics.calendar import WeekdaysOnly, WorkCalendar
from analytics.ports import RollupStep
from premises.bills.bill_meters import billed_and_metered
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore, Rollups, roll_up
from sensors.bills import Bill, Utility
from sensors.readings import ReadingBatch, epoch_ms
from sensors.subjects import Subject
from sensors.topology import CircuitItem, SiteId
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import HQ, MONDAY, batch, circuit, days_from, local, meter, metered, registry
from tests.command_line import Outcome, runner

WEEK = days_from(MONDAY, 7)
KW = 0.6


def building() -> Building:
    circuits = [circuit("main", CircuitItem.TOTAL)]
    site = registry(circuits=circuits, devices=[meter("m", "main")])
    return Building(registry=site, calendar=WorkCalendar(site.site, WeekdaysOnly()))


def steady(days: list[date], *, start_kwh: float = 0.0) -> ReadingBatch:
    readings = batch()
    metered(readings, "m", days, lambda _time: 1000 * KW, start_kwh=start_kwh)
    return readings


def part(readings: ReadingBatch, keep: Callable[[int], bool]) -> ReadingBatch:
    kept = batch()
    for reading in readings.readings():
        if keep(epoch_ms(reading.time)):
            kept.add(epoch_ms(reading.time), reading.device, reading.metric, reading.value or 0.0)
    return kept


def rolled(store: RolledStore, step: str = "day") -> pl.DataFrame:
    start_ms, end_ms = epoch_ms(local(MONDAY)), epoch_ms(local(MONDAY + timedelta(days=30)))
    return store.rollups(HQ, "day" if step == "day" else "hour", start_ms=start_ms, end_ms=end_ms)


def test_days_are_local_and_hours_add_up_to_them() -> None:
    store = MemoryReadingStore()
    store.append(steady(WEEK))
    roll_up(store, building())
    daily, hourly = rolled(store), rolled(store, "hour")
    assert daily["bucket_ms"].to_list()[:7] == [epoch_ms(local(day)) for day in WEEK]
    assert daily["amount"].to_list()[:7] == pytest.approx([24 * KW] * 7)
    assert hourly["amount"].sum() == pytest.approx(7 * 24 * KW)
    assert dict(store.stale_days(HQ)) == {}


def test_running_again_has_nothing_to_do_and_asking_again_changes_nothing() -> None:
    store = MemoryReadingStore()
    store.append(steady(WEEK))
    roll_up(store, building())
    before = rolled(store, "hour")
    assert roll_up(store, building()) == {"days": 0, "local_days": 0}
    done = roll_up(store, building(), first=WEEK[2], end=WEEK[4])
    assert done["local_days"] in {3, 4}
    assert_frame_equal(rolled(store, "hour"), before)


def test_the_days_of_a_gap_get_their_amounts_when_the_register_is_heard_again() -> None:
    store = MemoryReadingStore()
    days = days_from(MONDAY, 12)
    readings = steady(days)
    away, back = epoch_ms(local(days[1], 10)), epoch_ms(local(days[10], 15))
    store.append(part(readings, lambda time_ms: time_ms <= away))
    roll_up(store, building())
    assert rolled(store).height == 2
    store.append(part(readings, lambda time_ms: time_ms >= back))
    roll_up(store, building())
    daily = rolled(store)
    assert daily["amount"].to_list()[:12] == pytest.approx([24 * KW] * 12)
    assert daily["estimated_amount"].to_list()[2:10] == pytest.approx([24 * KW] * 8)


def test_a_register_that_is_silent_while_others_of_its_device_speak_keeps_its_total() -> None:
    store = MemoryReadingStore()
    days = days_from(MONDAY, 20)
    store.append(steady(days))
    water = batch()
    water.add(epoch_ms(local(days[1])), "m", "water_m3", 100.0)
    water.add(epoch_ms(local(days[19])), "m", "water_m3", 190.0)
    store.append(water)
    roll_up(store, building())
    amounts = rolled(store).filter(pl.col("metric") == "water_m3")
    assert amounts["amount"].sum() == pytest.approx(90.0)


class HeldUp(MemoryReadingStore):
    """A store whose first roll-ups wait to be put in until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.let_go = threading.Event(), threading.Event()

    def put_rollups(self, site: SiteId, step: RollupStep, *, start_ms: int, end_ms: int, rollups: pl.DataFrame) -> None:
        if not self.reached.is_set():
            self.reached.set()
            self.let_go.wait(30)
        super().put_rollups(site, step, start_ms=start_ms, end_ms=end_ms, rollups=rollups)


def test_two_that_roll_up_at_once_leave_what_the_last_readings_say() -> None:
    readings, noon_ms = steady(WEEK), epoch_ms(local(WEEK[2], 12))
    store = HeldUp()
    rollups = Rollups(store, building)
    store.append(part(readings, lambda time_ms: time_ms <= noon_ms))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(rollups.changed)
        assert store.reached.wait(30)
        store.append(part(readings, lambda time_ms: time_ms > noon_ms))
        second = pool.submit(rollups.changed)
        wait([second], timeout=2)
        store.let_go.set()
        first.result()
        second.result()
    assert rolled(store)["amount"].sum() == pytest.approx(7 * 24 * KW)


def test_what_comes_late_into_a_gap_puts_right_all_that_was_spread() -> None:
    store = MemoryReadingStore()
    readings = steady(WEEK)
    away, back = epoch_ms(local(WEEK[1], 10)), epoch_ms(local(WEEK[5], 15))
    late = epoch_ms(local(WEEK[3], 12))
    store.append(part(readings, lambda time_ms: time_ms <= away or time_ms >= back))
    roll_up(store, building())
    one = batch()
    one.add(late, "m", "energy_import_kwh", 1000 * 0.0 + 24 * KW * 1.5)  # nothing flowed in the first part of the gap
    store.append(one)
    roll_up(store, building())
    daily = rolled(store)
    assert daily["amount"].sum() == pytest.approx(7 * 24 * KW)
    after_late = daily["amount"][4]
    assert after_late > 24 * KW


def test_a_day_rolled_up_by_itself_agrees_with_all_days_at_once(tmp_path: Path) -> None:
    whole = MemoryReadingStore()
    whole.append(steady(WEEK))
    roll_up(whole, building())
    with closing(DuckDBReadingStore(tmp_path / "readings.duckdb")) as by_day:
        for day in WEEK:
            start, end = epoch_ms(local(day)), epoch_ms(local(day + timedelta(days=1)))
            by_day.append(part(steady(WEEK), lambda time_ms, start=start, end=end: start < time_ms <= end))  # type: ignore[misc]  # bound in the loop
            roll_up(by_day, building())
        by_day.append(part(steady(WEEK), lambda time_ms: time_ms == epoch_ms(local(MONDAY))))
        roll_up(by_day, building())
        assert_frame_equal(rolled(by_day, "hour"), rolled(whole, "hour"))
        assert_frame_equal(rolled(by_day), rolled(whole))


def test_a_bill_stands_beside_what_the_buildings_meter_counted() -> None:
    store = MemoryReadingStore()
    store.append(steady(WEEK))
    roll_up(store, building())
    bill = Bill(
        site=HQ,
        subject=Subject.parse("building:a"),
        utility=Utility.ELECTRICITY,
        first=WEEK[0],
        last=WEEK[-1],
        quantity=7 * 24 * KW * 1.02,
    )
    [beside] = billed_and_metered(store, building(), [bill])
    assert beside.metered == pytest.approx(7 * 24 * KW)
    assert beside.metered_days == 7
    assert beside.difference_pct == pytest.approx(2.0)


def test_a_bill_of_days_without_readings_is_compared_with_nothing() -> None:
    store = MemoryReadingStore()
    store.append(steady(WEEK))
    roll_up(store, building())
    subject, month = Subject.parse("building:a"), MONDAY + timedelta(days=27)
    long = Bill(site=HQ, subject=subject, utility=Utility.ELECTRICITY, first=MONDAY, last=month, quantity=400.0)
    water = Bill(site=HQ, subject=subject, utility=Utility.WATER, first=MONDAY, last=month, quantity=10.0)
    electric, wet = billed_and_metered(store, building(), [long, water])
    assert (electric.difference_pct, wet.metered, wet.difference_pct) == (None, None, None)


REGISTRY = """
site: {id: hq, name: HQ, timezone: Asia/Shanghai, calendar: none, working_hours: "08:00-18:00"}
buildings: [{id: a, name: A, gross_area_m2: 400}]
circuits: [{id: main, building: a, item: total}]
devices: [{id: m, gateway: gw1, circuit: main, interval_s: 300, metrics: [energy_import_kwh]}]
"""


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    return runner(monkeypatch, capsys)


def test_a_home_is_rolled_up_on_demand(premises: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    with closing(DuckDBReadingStore(tmp_path / "readings.duckdb")) as store:
        store.append(steady(WEEK))
    done = premises("rollup", "--home", tmp_path, "--json")
    assert json.loads(done.out) == {"days": 8, "local_days": 9}
    assert "0 days with new readings" in premises("rollup", "--home", tmp_path).out
    again = premises("rollup", "--home", tmp_path, "--from", "2026-03-03", "--to", "2026-03-05", "--progress")
    assert again.code == 0
    assert "100 %" in again.err
    with closing(DuckDBReadingStore(tmp_path / "readings.duckdb")) as store:
        assert rolled(store)["amount"].sum() == pytest.approx(7 * 24 * KW)


def test_a_day_that_is_none_is_said(premises: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = premises("rollup", "--home", tmp_path, "--from", "March")
    assert (outcome.code, "--from" in outcome.err) == (2, True)
