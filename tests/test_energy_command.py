"""`premises energy` as a user meets it: meters, roll-ups, and what they are divided into."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Outcome, runner

Premises = Callable[..., Outcome]

REGISTRY = """
site: {id: hq, name: hq, timezone: Asia/Shanghai, working_hours: "08:30-18:00", grid: 云南}
departments: [{id: admin, name: {zh: 行政处, en: Administration}}, {id: finance, name: {zh: 财务处, en: Finance}}]
buildings: [{id: a, name: {zh: 主楼, en: Main building}}]
rooms:
  - {id: r1, building: a, floor: 2, category: office, usable_area_m2: 30, department: admin}
  - {id: r2, building: a, floor: 2, category: office, usable_area_m2: 10, department: finance}
circuits:
  - {id: main, building: a, item: total, ct_ratio: 10}
  - {id: light, parent: main, item: lighting, serves: [r1, r2]}
  - {id: srv, parent: main, item: server_room}
  - {id: hvac, parent: main, item: hvac}
devices:
  - {id: m, circuit: main, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: l, circuit: light, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: s, circuit: srv, interval_s: 3600, metrics: [energy_import_kwh]}
"""
TERMS = """
tariffs:
  - first: 2026-01-01
    source: a notice
    prices_cny_kwh: {flat: 0.5}
    seasons: [{days: all}]
carbon_factors: [{grid: 云南, year: 2026, kg_per_kwh: 0.1, source: a list}]
"""
MAPPING = """
time: {column: timestamp, timezone: Asia/Shanghai}
columns:
  main: {device: m, metric: energy_import_kwh}
  light: {device: l, metric: energy_import_kwh}
  server: {device: s, metric: energy_import_kwh}
"""


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    """A home with three days of registers: 1 kW in all, 0.4 kW of light, 0.3 kW of servers."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    (home / "energy.yaml").write_text(TERMS, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAPPING, encoding="utf-8")
    rows = [
        f"2026-03-{2 + hour // 24:02d}T{hour % 24:02d}:00:00,{hour / 10:.1f},{hour * 0.4:.1f},{hour * 0.3:.1f}"
        for hour in range(73)
    ]
    (tmp_path / "r.csv").write_text("\n".join(["timestamp,main,light,server", *rows]), encoding="utf-8")
    monkeypatch.setenv("PREMISES_HOME", str(home))
    run = runner(monkeypatch, capsys)
    assert run("import", tmp_path / "r.csv", "--mapping", tmp_path / "map.yaml").code == 0
    assert run("rollup").code == 0
    return run


def test_use_is_divided_with_cost_and_carbon(premises: Premises) -> None:
    asked = ("energy", "--from", "2026-03-02", "--to", "2026-03-05", "--json")
    items = json.loads(premises(*asked).out)
    assert (items["load_kwh"], items["office_kwh"], items["apart_kwh"]) == (72.0, 50.4, 21.6)
    assert (items["unmetered_kwh"], items["unmetered_pct"]) == (21.6, 30.0)
    assert (items["unknown"], items["missing_days"], items["over"]) == (["hvac"], {}, [])
    told = {part["key"]: (part["basis"], part["kwh"], part["cost_cny"], part["carbon_kg"]) for part in items["parts"]}
    assert told == {
        "lighting": ("measured", 28.8, 14.4, 2.88),
        "server_room": ("measured", 21.6, 10.8, 2.16),
        "unmetered": ("unmetered", 21.6, 10.8, 2.16),
    }
    units = json.loads(premises(*asked, "--by", "unit").out)
    by_unit = {part["name"]["en"]: (part["basis"], part["kwh"]) for part in units["parts"]}
    assert by_unit["Administration"] == ("by_area", 21.6)
    assert by_unit["Finance"] == ("by_area", 7.2)
    assert sum(part["kwh"] for part in units["parts"]) == pytest.approx(72)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("主楼2层", "72.0 kWh", "实测", "无读数的回路: hvac")),
        ("en", ("Main building, floor 2", "72.0 kWh", "unmetered", "14.40 CNY", "circuits without readings: hvac")),
    ],
)
def test_text_names_zones_in_both_languages(premises: Premises, language: str, words: tuple[str, ...]) -> None:
    out = premises("energy", "--from", "2026-03-02", "--to", "2026-03-05", "--by", "zone", "--lang", language).out
    assert [word for word in words if word not in out] == []


@pytest.mark.parametrize(
    ("first", "end", "reason"),
    [
        ("2026-03-05", "2026-03-05", "is not after"),
        ("soon", "2026-03-05", "is no date"),
        ("2025-01-01", "2025-01-02", "premises rollup"),
    ],
)
def test_days_that_cannot_be_told_of_are_one_line(premises: Premises, first: str, end: str, reason: str) -> None:
    outcome = premises("energy", "--from", first, "--to", end)
    assert outcome.code == 2
    assert reason in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
