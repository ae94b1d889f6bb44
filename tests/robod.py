"""ROBOD room 1 beside the checkout: where it is, and the registry and mapping that describe it."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "robod_room1.csv"

REGISTRY = """
site: {id: nus, name: Campus, timezone: Asia/Singapore, calendar: none, working_hours: "08:00-18:00"}
buildings: [{id: b1, name: B1, gross_area_m2: 400}]
rooms: [{id: r1, building: b1, floor: 1, name: Room 1, category: office, usable_area_m2: 100}]
circuits:
  - {id: light, building: b1, item: lighting, serves: [r1]}
  - {id: plugs, building: b1, item: plugs, serves: [r1]}
  - {id: chilled, building: b1, item: hvac, serves: [r1]}
devices:
  - {id: cam1, gateway: gw1, room: r1, interval_s: 300, metrics: [presence]}
  - {id: aq1, gateway: gw1, room: r1, interval_s: 300, metrics: [co2_ppm]}
  - {id: m-light, gateway: gw1, circuit: light, interval_s: 300, metrics: [energy_import_kwh]}
  - {id: m-plugs, gateway: gw1, circuit: plugs, interval_s: 300, metrics: [energy_import_kwh]}
  - {id: m-chilled, gateway: gw1, circuit: chilled, interval_s: 300, metrics: [energy_import_kwh]}
"""

MAPPING = """
time: {column: timestamp, timezone: Asia/Singapore}
columns:
  occupant_presence: {device: cam1, metric: presence}
  indoor_co2: {device: aq1, metric: co2_ppm}
  lighting_energy: {device: m-light, metric: energy_import_kwh, interval_energy: true}
  plug_load_energy: {device: m-plugs, metric: energy_import_kwh, interval_energy: true}
  chilled_water_energy: {device: m-chilled, metric: energy_import_kwh, interval_energy: true}
"""


def robod_file() -> Path:
    """Return the file, or skip the test."""
    if not DATA.is_file():
        pytest.skip("ROBOD is not beside this checkout (../shared/data/robod_room1.csv)")
    return DATA.resolve()


def robod_home(folder: Path) -> tuple[Path, Path]:
    """Return a home with ROBOD's registry, and the mapping beside it."""
    home = folder / "home"
    home.mkdir()
    (home / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    mapping = folder / "map.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return home, mapping
