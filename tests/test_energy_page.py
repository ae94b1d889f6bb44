"""What the console is answered of energy: from real readings, rolled up, of all buildings or one."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analytics.calendar import WorkCalendar
from analytics.submetering import By
from api.ports import EnergyAsked
from premises.energy_use import asked_by_page
from premises.holidays import holidays_of
from premises.home import Home
from premises.jobs.daily import Building
from premises.stores.readings import open_readings
from sensors.topology import BuildingId
from storage.registry_file import load_registry
from tests.command_line import runner

REGISTRY = """
site: {id: hq, name: hq, timezone: Asia/Shanghai, working_hours: "08:30-18:00"}
buildings: [{id: a, name: {zh: 主楼, en: Main building}}, {id: b, name: {zh: 附楼, en: Annex}}]
circuits:
  - {id: main, building: a, item: total}
  - {id: hvac, parent: main, item: hvac}
  - {id: annex, building: b, item: lighting}
  - {id: spare, building: b, item: plugs}
devices:
  - {id: m, circuit: main, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: h, circuit: hvac, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: x, circuit: annex, interval_s: 3600, metrics: [energy_import_kwh]}
"""
MAPPING = """
time: {column: timestamp, timezone: Asia/Shanghai}
columns:
  main: {device: m, metric: energy_import_kwh}
  hvac: {device: h, metric: energy_import_kwh}
  annex: {device: x, metric: energy_import_kwh}
"""

Ask = Callable[[EnergyAsked], Mapping[str, Any] | None]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Home:
    """Two days of registers: 2 kW at the mains of one building, half of it for hvac, 1 kW of light in the other."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    rows = [f"2026-03-{2 + hour // 24:02d}T{hour % 24:02d}:00:00,{2 * hour},{hour},{hour}" for hour in range(49)]
    (tmp_path / "r.csv").write_text("\n".join(["timestamp,main,hvac,annex", *rows]), encoding="utf-8")
    monkeypatch.setenv("PREMISES_HOME", str(folder))
    run = runner(monkeypatch, capsys)
    assert run("import", tmp_path / "r.csv", "--mapping", tmp_path / "map.yaml").code == 0
    assert run("rollup").code == 0
    return Home.find(folder)


def answered(home: Home, *asked: EnergyAsked) -> list[Mapping[str, Any] | None]:
    registry = load_registry(home.registry)
    building = Building(
        registry=registry, calendar=WorkCalendar(registry.site, holidays_of(registry.site, home.registry))
    )
    with open_readings(home) as store:
        answer: Ask = asked_by_page(store, lambda: building, home.registry)
        return [answer(each) for each in asked]


def of(first: int, last: int, building: str | None = None) -> EnergyAsked:
    where = None if building is None else BuildingId(building)
    return EnergyAsked(by=By.ITEM, first=date(2026, 3, first), last=date(2026, 3, last), building=where)


def test_last_day_counts_and_one_building_may_be_asked_for(home: Home) -> None:
    whole, main, annex, before = answered(home, of(2, 3), of(2, 3, "a"), of(2, 2, "b"), of(1, 1))
    assert whole is not None
    assert main is not None
    assert annex is not None
    assert (whole["load_kwh"], main["load_kwh"], annex["load_kwh"], before) == (144.0, 96.0, 24.0, None)
    assert {part["key"]: part["kwh"] for part in main["parts"]} == {"hvac": 48.0, "unmetered": 48.0}
    assert (whole["unknown"], main["unknown"], annex["unknown"]) == (["spare"], [], ["spare"])
    assert main["price_cny_kwh"] is None
