"""A home with registers and bills for energy reports: 1 kW in October and November 2026, light, a server room."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.command_line import Outcome

REGISTRY = """
site: {id: hq, name: {zh: 机关一号院, en: Compound 1}, timezone: Asia/Shanghai, working_hours: "08:30-18:00",
       grid: 云南, climate_zone: mild}
departments: [{id: admin, name: {zh: 行政处, en: Administration}}, {id: finance, name: {zh: 财务处, en: Finance}}]
buildings: [{id: a, name: {zh: 主楼, en: Main building}, gross_area_m2: 100, headcount: 10, energy_class: B}]
rooms:
  - {id: r1, building: a, floor: 2, category: office, usable_area_m2: 30, department: admin, capacity: 6}
  - {id: r2, building: a, floor: 2, category: office, usable_area_m2: 10, department: finance, capacity: 6}
circuits:
  - {id: main, building: a, item: total}
  - {id: light, parent: main, item: lighting, serves: [r1, r2]}
  - {id: srv, parent: main, item: server_room}
devices:
  - {id: m, circuit: main, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: l, circuit: light, interval_s: 3600, metrics: [energy_import_kwh]}
  - {id: s, circuit: srv, interval_s: 3600, metrics: [energy_import_kwh]}
"""
TERMS = """
credit_code: "11530000015123456X"
targets: [{measure: electricity_kwh, year: 2026, value: 700, source: 市机关事务局 2026}]
intents: [{year: 2026, text: 更换走廊照明。}]
carbon_factors: [{grid: 云南, year: 2026, kg_per_kwh: 0.1, source: a list}]
"""
MAPPING = """
time: {column: timestamp, timezone: Asia/Shanghai}
columns:
  main: {device: m, metric: energy_import_kwh}
  light: {device: l, metric: energy_import_kwh}
  server: {device: s, metric: energy_import_kwh}
"""
BILLS = """subject,utility,from,to,quantity,unit,fee
building:a,water,2026-10-01,2026-10-31,31,m3,130
building:a,water,2025-10-01,2025-10-31,62,m3,260
"""


def write_home(home: Path, folder: Path) -> tuple[Path, Path, Path]:
    """Return the CSV of readings, its mapping and the bills."""
    home.mkdir()
    (home / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    (home / "energy.yaml").write_text(TERMS, encoding="utf-8")
    mapping, readings, bills = folder / "map.yaml", folder / "r.csv", folder / "bills.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    bills.write_text(BILLS, encoding="utf-8")
    start = datetime.fromisoformat("2026-10-01T00:00:00")
    rows = [
        f"{(start + timedelta(hours=hour)).isoformat()},{hour:.1f},{hour * 0.4:.1f},{hour * 0.3:.1f}"
        for hour in range(0, 24 * 41 + 1, 4)
    ]
    readings.write_text("\n".join(["timestamp,main,light,server", *rows]), encoding="utf-8")
    return readings, mapping, bills


def expect_done(outcome: Outcome) -> None:
    """Fail with what the command said unless it did what it should."""
    assert outcome.code == 0, outcome.err
