"""`premises import` and `premises registry`, from the command line to the store."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from premises.home import Home
from sensors.topology import SiteId
from storage.readings.duckdb import DuckDBReadingStore
from tests.command_line import Outcome, runner
from tests.tables.csv_files import HEADER, MAPPING, REGISTRY, ROWS, written

Premises = Callable[..., Outcome]
ROBOD = Path(__file__).resolve().parents[1] / "../shared/data/robod_room1.csv"
ROBOD_REGISTRY = """\
site: {id: hq, timezone: Asia/Singapore, working_hours: "08:00-18:00"}
buildings: [{id: a}]
rooms: [{id: r1, building: a, floor: 1, category: service, usable_area_m2: 100}]
circuits: [{id: light, building: a, item: lighting, serves: [r1]}, {id: plug, building: a, item: plugs, serves: [r1]},
  {id: chilled, building: a, item: hvac, serves: [r1]}]
devices: [{id: aq1, room: r1}, {id: cam1, room: r1}, {id: m-light, circuit: light}, {id: m-plug, circuit: plug},
  {id: m-chilled, circuit: chilled}]
"""
ROBOD_MAPPING = """\
time: {column: timestamp}
columns:
  indoor_co2: {device: aq1, metric: co2_ppm}
  air_temperature: {device: aq1, metric: temperature_c}
  occupant_presence: {device: cam1, metric: presence}
  lighting_energy: {device: m-light, metric: energy_import_kwh, interval_energy: true}
  plug_load_energy: {device: m-plug, metric: energy_import_kwh, interval_energy: true}
  chilled_water_energy: {device: m-chilled, metric: energy_import_kwh, interval_energy: true}
"""


@pytest.fixture
def premises(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Premises:
    monkeypatch.setenv("PREMISES_HOME", str(tmp_path / "home"))
    return runner(monkeypatch, capsys)


def files_in(folder: Path, rows: str = ROWS, *, registry: str = REGISTRY, mapping: str = MAPPING) -> tuple[Path, ...]:
    home = Home.find(folder / "home")
    written(home.root, home.registry.name, registry)
    return written(folder, "t.csv", HEADER + rows), written(folder, "map.yaml", mapping)


def stored(folder: Path) -> pl.DataFrame:
    store = DuckDBReadingStore(Home.find(folder / "home").readings)
    try:
        return store.readings(SiteId("hq"), start_ms=0, end_ms=2**53)
    finally:
        store.close()


def test_import_stores_every_reading_and_again_none(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    first = premises("import", table, "--mapping", mapping, "--json")
    assert first.code == 0, first.err
    assert json.loads(first.out) == {
        "rows": 3,
        "first": "2021-09-07T00:00:00+08:00",
        "last": "2021-09-07T00:10:00+08:00",
        "interval_s": 300.0,
        "jumps": 0,
        "blank_cells": 1,
        "readings": 9,
        "new": 9,
        "replaced": 0,
        "unchanged": 0,
        "refused": 0,
        "uncounted": 0,
    }
    before = stored(tmp_path)
    again = premises("import", table, "--mapping", mapping)
    assert "9 readings: 0 new, 0 replaced, 9 unchanged" in again.out
    assert stored(tmp_path).equals(before)


def test_changed_cell_replaces_its_reading(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    premises("import", table, "--mapping", mapping)
    written(tmp_path, "t.csv", HEADER + ROWS.replace("431", "432"))
    assert "0 new, 1 replaced, 8 unchanged" in premises("import", table, "--mapping", mapping).out


def test_rows_imported_in_two_parts_are_the_same_as_at_once(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    premises("import", table, "--mapping", mapping, "--from", "2021-09-07 00:05")
    premises("import", table, "--mapping", mapping, "--to", "2021-09-07T00:05+08:00")
    in_parts = stored(tmp_path)
    assert "0 new, 0 replaced, 9 unchanged" in premises("import", table, "--mapping", mapping).out
    assert stored(tmp_path).equals(in_parts)


def test_progress_is_told_where_it_is_asked_for(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    assert premises("import", table, "--mapping", mapping).err == ""
    told = premises("import", table, "--mapping", mapping, "--progress").err.splitlines()
    assert told[0].startswith("checking ")
    assert told[-1].split(",")[0] == "storing 100 %"


@pytest.mark.parametrize(
    ("rows", "mapping", "says"),
    [
        (ROWS + "2021-09-07 00:15,NaN,1,0\n", MAPPING, "t.csv: row 5, column co2: 'NaN' is not a finite number"),
        (ROWS + "2021-09-07 00:15\n", MAPPING, "t.csv: row 5: 1 fields, fewer than the 4"),
        (ROWS, MAPPING.replace("co2}", "co3}"), "map.yaml:3:22: column 'co2': metric 'co3' is no metric"),
        (ROWS, MAPPING.replace("aq1", "aq9"), "map.yaml:3:9: column 'co2': device aq9 is not in the registry"),
        ("", MAPPING, "t.csv: the file has a header and no rows"),
    ],
)
def test_bad_input_ends_in_one_line_and_stores_nothing(
    premises: Premises, tmp_path: Path, rows: str, mapping: str, says: str
) -> None:
    table, mapping_file = files_in(tmp_path, rows, mapping=mapping)
    outcome = premises("import", table, "--mapping", mapping_file)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not Home.find(tmp_path / "home").readings.exists()


def test_bound_that_is_no_time_is_told_with_its_option(premises: Premises, tmp_path: Path) -> None:
    table, mapping = files_in(tmp_path)
    outcome = premises("import", table, "--mapping", mapping, "--from", "yesterday")
    assert outcome.code == 2
    assert outcome.err.startswith("premises: --from 'yesterday' is no time")
    assert "a date like 2026-01-31" in outcome.err
    assert "mapping" not in outcome.err


@pytest.mark.parametrize("end", ["2021-09-07 00:05", "2021-09-07", "2020-01-01"])
def test_bounds_that_select_nothing_are_told(premises: Premises, tmp_path: Path, end: str) -> None:
    table, mapping = files_in(tmp_path)
    outcome = premises("import", table, "--mapping", mapping, "--from", "2021-09-07 00:05", "--to", end)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (f"premises: --to {end} is not after --from 2021-09-07 00:05; no row lies between them\n")
    assert not Home.find(tmp_path / "home").readings.exists()


def test_home_without_a_registry_says_how_to_get_one(premises: Premises, tmp_path: Path) -> None:
    outcome = premises("import", tmp_path / "t.csv", "--mapping", tmp_path / "map.yaml")
    assert outcome.code == 2
    assert "premises registry import FILE" in outcome.err


@pytest.mark.parametrize("action", ["check", "import"])
def test_registry_file_that_is_not_there_is_said_to_be_absent(premises: Premises, tmp_path: Path, action: str) -> None:
    outcome = premises("registry", action, tmp_path / "nofile.yaml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"premises: {tmp_path / 'nofile.yaml'}: there is no such file; mend the name or the folder\n"


def test_home_without_a_registry_is_told_by_check_how_to_get_one(premises: Premises) -> None:
    outcome = premises("registry", "check")
    assert outcome.code == 2
    assert "premises registry import FILE" in outcome.err


def test_registry_check_tells_what_has_no_device(premises: Premises, tmp_path: Path) -> None:
    without = REGISTRY.replace("circuit: c-light", "outdoor: true")
    outcome = premises("registry", "check", written(tmp_path, "r.yaml", without))
    assert (outcome.code, outcome.err) == (0, "")
    assert "hq is in order" in outcome.out
    assert "circuits without a device (1): c-light" in outcome.out
    assert "devices without a place (1): meter3" in outcome.out


def test_registry_check_tells_every_fault_and_ends_with_2(premises: Premises, tmp_path: Path) -> None:
    bad = REGISTRY.replace("category: office", "category: hall").replace("serves: [a-201]", "serves: [a-1]")
    path = written(tmp_path, "r.yaml", bad)
    outcome = premises("registry", "check", path, "--json")
    assert outcome.code == 2
    answer = json.loads(outcome.out)
    assert (answer["ok"], [fault["line"] for fault in answer["faults"]]) == (False, [3, 4])
    assert outcome.err.splitlines()[1].startswith(f"{path}:4:")


def test_registry_import_puts_a_registry_in_order_into_the_home(premises: Premises, tmp_path: Path) -> None:
    path = written(tmp_path, "r.yaml", REGISTRY)
    assert premises("registry", "import", path).code == 0
    assert premises("registry", "check").code == 0
    written(tmp_path, "r.yaml", REGISTRY.replace("usable_area_m2: 18", "usable_area_m2: -18"))
    refused = premises("registry", "import", path)
    assert refused.code == 2
    assert "r.yaml:3:" in refused.err
    assert Home.find(tmp_path / "home").registry.read_text(encoding="utf-8") == REGISTRY


@pytest.mark.real_data
@pytest.mark.skipif(not ROBOD.is_file(), reason="the ROBOD measurements are not beside the checkout")
def test_robod_keeps_its_energy_and_its_seven_jumps(premises: Premises, tmp_path: Path) -> None:
    _, mapping = files_in(tmp_path, registry=ROBOD_REGISTRY, mapping=ROBOD_MAPPING)
    outcome = premises("import", ROBOD, "--mapping", mapping, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert (answer["rows"], answer["jumps"], answer["interval_s"]) == (8352, 7, 300.0)
    registers = (
        stored(tmp_path)
        .filter(pl.col("metric") == "energy_import_kwh")
        .group_by("device")
        .agg(pl.col("value").max(), pl.len(), (pl.col("quality") == 1).sum().alias("estimated"))
        .sort("device")
    )
    # One point for each row, the first and the seven jumps; ten cells of chilled water are blank.
    assert registers["len"].to_list() == [8360, 8360, 8360]
    assert registers["estimated"].to_list() == [17, 7, 7]
    assert registers["value"].to_list() == pytest.approx([3718.0, 426.139, 705.426], abs=0.001)
