"""A large site in shares: what belongs together stays together, and the answer is that of the whole site."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics import passes
from analytics.calendar import WeekdaysOnly, WorkCalendar
from analytics.features import Analyst
from analytics.frame import RunData, Window
from analytics.ports import FEATURES_SCHEMA
from analytics.rules import WEEKLY_RULES, WINDOWED_RULES
from analytics.runs import Analysis, Request, analyse
from analytics.shares import Share, shares
from premises.simulated.simulated_history import store_history
from sensors.topology import CircuitItem, DateSpan, Device, DeviceId, Placement, Registry, RoomId
from simulators.building import office_building
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import A201, A202, MONDAY, circuit, meter, office, registry, room_device

A203 = RoomId("a-203")
START = datetime(2026, 1, 5, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def run_data(place: Registry, series: Mapping[str, int]) -> RunData:
    calendar = WorkCalendar(place.site, WeekdaysOnly())
    return RunData(
        registry=place,
        calendar=calendar,
        analyst=replace(Analyst.of(place, calendar, MemoryReadingStore()), series=series),
        window=Window(first=MONDAY, last=MONDAY, now_ms=calendar.midnight_ms(MONDAY + timedelta(days=1))),
        features=FEATURES_SCHEMA.to_frame(),
        days=calendar.day_frame(MONDAY, MONDAY),
    )


def cut_small(place: Registry, *unknown: str) -> list[Share]:
    """Return shares as small as they can be, each device with one series."""
    return shares(run_data(place, dict.fromkeys([*place.devices, *unknown], 1)), days=1, at_once=1)


def members(found: list[Share]) -> list[set[str]]:
    return [set(share.devices or ()) for share in found]


def three_offices(*devices: Device) -> Registry:
    rooms = [office(A201), office(A202), office(A203)]
    return registry(rooms=rooms, circuits=[circuit("plugs", CircuitItem.PLUGS, A201, A203)], devices=devices)


def test_a_site_of_few_readings_is_one_share_with_everything() -> None:
    place = three_offices(room_device("cam", A201, "presence"))
    (only,) = shares(run_data(place, {"cam": 1}), days=9)
    assert (only.data.registry, only.devices) == (place, None)


def test_rooms_of_one_circuit_and_its_meter_are_in_one_share() -> None:
    devices = [room_device(f"cam{number}", room, "presence") for number, room in enumerate((A201, A202, A203))]
    found = cut_small(three_offices(*devices, meter("m", "plugs")))
    assert members(found) == [{"cam0", "cam2", "m"}, {"cam1"}]
    assert [set(share.data.registry.rooms) for share in found] == [{A201, A203}, {A202}]
    assert [set(share.data.analyst.point_rows["device"]) for share in found] == members(found)


def test_rooms_between_which_a_device_was_moved_are_in_one_share() -> None:
    moved = Device(
        id=DeviceId("moved"),
        placements=(Placement(room=A201, until=MONDAY), Placement(room=A202, since=MONDAY)),
        metrics=("presence",),
        interval_s=300,
    )
    assert members(cut_small(three_offices(moved, room_device("cam", A202, "co2_ppm")))) == [{"moved", "cam"}]


def test_sensors_outdoors_are_lent_to_every_share_and_belong_to_one() -> None:
    outdoor = replace(Device(id=DeviceId("out"), placements=(), metrics=("temperature_c",)), outdoor=True)
    cameras = [room_device("cam1", A201, "presence"), room_device("cam2", A202, "presence")]
    found = cut_small(three_offices(*cameras, outdoor))
    assert all("out" in share.data.registry.devices for share in found)
    assert sum("out" in names for names in members(found)) == 1


def test_readings_of_devices_that_the_registry_does_not_know_are_in_a_share_too() -> None:
    found = cut_small(three_offices(room_device("cam", A201, "presence")), "stranger")
    assert members(found) == [{"cam"}, {"stranger"}]


def test_circuits_above_keep_the_rooms_that_they_serve() -> None:
    main = circuit("main", CircuitItem.TOTAL, A202, A203)
    below = circuit("below", CircuitItem.PLUGS, A201, parent="main")
    place = registry(
        rooms=[office(A201), office(A202), office(A203)], circuits=[main, below], devices=[meter("m", "below")]
    )
    (share,) = cut_small(place)
    assert set(share.data.registry.rooms) == {A201, A202, A203}


def test_a_site_in_shares_gets_the_answer_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = judged(tmp_path / "whole.duckdb")
    monkeypatch.setattr(passes, "shares", partial(shares, at_once=10_000))
    parts = judged(tmp_path / "parts.duckdb")
    assert parts.failures == whole.failures == ()
    assert parts.findings == whole.findings
    by_feature = ["day", "subject", "feature"]
    assert parts.daily.sort(by_feature).equals(whole.daily.sort(by_feature))


def judged(path: Path) -> Analysis:
    """Return what the rules say of a dry winter of six rooms in two weeks, the first and the last of them short."""
    made = office_building(6, start=START.date())
    heated = DateSpan(first=date(2025, 11, 15), last=date(2026, 3, 15))
    place = replace(made, site=replace(made.site, heating_dates=(heated,)))
    with closing(DuckDBReadingStore(path)) as store:
        store_history(World(place, 1, START), store, START + timedelta(days=8))
        rules = (*WINDOWED_RULES, *WEEKLY_RULES)
        return analyse(registry=place, holidays=WeekdaysOnly(), store=store, request=Request(rules=rules))
