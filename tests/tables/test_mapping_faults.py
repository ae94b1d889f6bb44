from pathlib import Path

import pytest

from ingest.mapping import MappingFaultsError, load_mapping
from tests.tables.csv_files import MAPPING, mapping_in, registry_in


def test_mapping_takes_stored_names_and_quantities(tmp_path: Path) -> None:
    mapping = mapping_in(tmp_path)
    assert [target.metric.name for target in mapping.columns] == ["co2_ppm", "energy_import_kwh", "presence"]
    assert mapping.has_interval_energy


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("metric: co2", "metric: co22_ppm", "map.yaml:3:22: column 'co2': metric 'co22_ppm' is no metric"),
        ("device: aq1", "device: aq9", "map.yaml:3:9: column 'co2': device aq9 is not in the registry of hq"),
        ("device: aq1, ", "", "map.yaml:3:3: column 'co2': has no device; add it"),
        ("metric: co2", "metric: co2, unit: °C", "'°C' is not accepted for co2_ppm; accepted: %, ppb, ppm"),
        ("metric: co2", "metric: co2, interval_energy: true", "interval_energy is for registers"),
        ("metric: co2", "metric: co2, sing: negated", "unknown key 'sing'; did you mean sign?"),
        ("metric: co2", "metric: co2, sign: minus", "sign must be negated"),
        ("metric: co2", "metric: co2, phase: L4", "phase must be one of"),
        ("metric: co2", "metric: co2, enum: {high: much}", "high must be a number"),
        ("cam1, metric: presence", "aq1, metric: co2_ppm", "aq1 co2_ppm is already the target of column 'co2'"),
        ("Asia/Singapore", "Asia/Singapur", "map.yaml:1:22: time: timezone 'Asia/Singapur' is no time zone"),
        ("column: time, ", "", "time: has no column; add it"),
        ("columns:", "colums:", "unknown key 'colums'; did you mean columns?"),
        ("time: {column: time, timezone: Asia/Singapore}\n", "", "has no time; add it"),
        ("columns:\n", "interval_s: 0\ncolumns:\n", "interval_s must be more than 0"),
        ("columns:\n", "interval_s: 0.5\ncolumns:\n", "map.yaml:2:1: interval_s must be seconds from 1 to 2678400"),
        ("columns:\n", "interval_s: 1e10\ncolumns:\n", "map.yaml:2:1: interval_s must be seconds from 1 to 2678400"),
        ("columns:\n", "interval_s: 1e300\ncolumns:\n", "(31 days), not 1e300"),
    ],
)
def test_mapping_fault_names_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert MAPPING.count(old) == 1
    with pytest.raises(MappingFaultsError) as raised:
        mapping_in(tmp_path, MAPPING.replace(old, new))
    assert says in str(raised.value)


def test_every_mapping_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MappingFaultsError) as raised:
        mapping_in(tmp_path, MAPPING.replace("metric: co2", "metric: co3").replace("cam1", "cam9"))
    assert len(str(raised.value).splitlines()) == 2


def test_missing_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingFaultsError, match="the mapping cannot be read"):
        load_mapping(tmp_path / "none.yaml", registry_in(tmp_path))
