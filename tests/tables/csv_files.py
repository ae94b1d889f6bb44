"""Small tables, mappings and a registry for the tests of import and replay."""

from pathlib import Path

from ingest.mapping import CsvMapping, load_mapping
from ingest.registers import EVERYTHING, Selection
from ingest.tables import CsvTable
from sensors.local_time import parse_time
from sensors.readings import Quality, ReadingBatch, epoch_ms
from sensors.topology import Registry
from storage.registry_file import load_registry

REGISTRY = """\
site: {id: hq, timezone: Asia/Singapore, working_hours: "08:00-18:00"}
buildings: [{id: a}]
rooms: [{id: a-201, building: a, floor: 2, category: office, usable_area_m2: 18}]
circuits: [{id: c-light, building: a, item: lighting, serves: [a-201]}]
devices:
  - {id: aq1, gateway: gw1, room: a-201}
  - {id: cam1, room: a-201}
  - {id: meter3, gateway: gw1, circuit: c-light}
"""
MAPPING = """\
time: {column: time, timezone: Asia/Singapore}
columns:
  co2: {device: aq1, metric: co2}
  light: {device: meter3, metric: energy_import_kwh, interval_energy: true}
  seen: {device: cam1, metric: presence}
"""
HEADER = "time,co2,light,seen\n"
ROWS = """\
2021-09-07 00:00,430,0.5,0
2021-09-07 00:05,431,0.25,1
2021-09-07 00:10,,0.25,1
"""

Point = tuple[str, float, str]
"""UTC time of day with its date's day, value, quality."""


def registry_in(folder: Path) -> Registry:
    return load_registry(written(folder, "registry.yaml", REGISTRY))


def mapping_in(folder: Path, text: str = MAPPING) -> CsvMapping:
    return load_mapping(written(folder, "map.yaml", text), registry_in(folder))


def table_in(folder: Path, content: str, mapping: str = MAPPING, *, encoding: str = "utf-8") -> CsvTable:
    path = folder / "t.csv"
    path.write_bytes(content.encode(encoding))
    return CsvTable(path, mapping_in(folder, mapping), encoding)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def readings_of(table: CsvTable, selection: Selection = EVERYTHING, *, size: int = 50_000) -> ReadingBatch:
    site = ReadingBatch(site=registry_in(table.path.parent).site.id)
    for chunk in table.chunks(site.site, table.survey(), selection=selection, size=size):
        site.extend(chunk.batch)
    return site


def points(batch: ReadingBatch, device: str) -> list[Point]:
    """Return local day and minute, value and quality of one device's readings, in their order."""
    singapore = parse_time("2021-09-07 00:00 +08:00", None).tzinfo
    return [
        (reading.time.astimezone(singapore).strftime("%d %H:%M"), value, Quality(reading.quality).name.lower())
        for reading in batch.readings()
        if reading.device == device and (value := reading.value) is not None
    ]


def at(text: str) -> int:
    return epoch_ms(parse_time(f"{text} +08:00", None))
