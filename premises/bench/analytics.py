"""`premises bench analytics`: all rules over the readings of many rooms, whole and the last day again.

Each analysis is a process of its own, so that its memory is its own and not that of the simulation before it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from premises.bench.analytics_store import READINGS, InfluxTarget, bring_over
from premises.simulated.simulated_history import store_history
from sensors.errors import InputFault
from sensors.registry_text import registry_text
from sensors.topology import CircuitId, CircuitItem, Device, Registry
from simulators.building import office_building
from simulators.world import World
from storage.readings.duckdb import DuckDBReadingStore
from storage.registry_file import load_registry

ROOMS, DAYS, SEED = 1_000, 30, 1
TENTH = 10
START = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
REGISTRY = "registry.yaml"
SHARES = {"tenth simulated": 0.0, "tenth judged": 0.05, "simulated": 0.1, "judged": 0.55, "done": 1.0}
"""How much of the bench is done when each step begins, roughly."""

Tell = Callable[[str, float], None]


class BenchFailedError(InputFault):
    """An analysis of the bench ended with an error."""

    def __init__(self, said: str) -> None:
        """Say what it said last."""
        super().__init__(f"the analysis failed: {said}; its figures are worth nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one analysis took, in a process of its own."""

    seconds: float
    cpu_seconds: float
    incremental_seconds: float
    peak_rss_mb: float
    findings: int
    failed_rules: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What all rules took: over everything, over a tenth of the rooms, and over the last day again."""

    store: str
    rooms: int
    days: int
    readings: int
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    seconds_at_tenth: float
    incremental_seconds: float
    findings: int
    failed_rules: list[str]

    def as_json(self) -> Mapping[str, object]:
        """Return the figures for other programs."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def text(self) -> str:
        """Return the figures in one line."""
        failed = f"; failed: {', '.join(self.failed_rules)}" if self.failed_rules else ""
        return (
            f"{self.readings} readings in {self.store} of {self.rooms} rooms over {self.days} days judged by all rules "
            f"in {self.seconds} s ({self.cpu_seconds} s of processor time), at most {self.peak_rss_mb} MB; a tenth of "
            f"the rooms in {self.seconds_at_tenth} s; the last day again in {self.incremental_seconds} s; "
            f"{self.findings} faults{failed}"
        )


def measure(*, rooms: int = ROOMS, days: int = DAYS, tell: Tell, influxdb: InfluxTarget | None = None) -> Result:
    """Return what the analysis of so much takes; `tell` hears what is being done and the share that is done.

    The readings lie in a DuckDB file, or in an InfluxDB. Raises BenchFailedError.
    """
    tenth_there = None if influxdb is None else replace(influxdb, database=f"{influxdb.database}-tenth")
    _, tenth = _measured(max(1, rooms // TENTH), days, "tenth ", tell, tenth_there)
    readings, whole = _measured(rooms, days, "", tell, influxdb)
    tell("done", SHARES["done"])
    return Result(
        store="duckdb" if influxdb is None else "influxdb",
        rooms=rooms,
        days=days,
        readings=readings,
        seconds=whole.seconds,
        cpu_seconds=whole.cpu_seconds,
        peak_rss_mb=whole.peak_rss_mb,
        seconds_at_tenth=tenth.seconds,
        incremental_seconds=whole.incremental_seconds,
        findings=whole.findings,
        failed_rules=whole.failed_rules,
    )


def _measured(rooms: int, days: int, size: str, tell: Tell, influxdb: InfluxTarget | None) -> tuple[int, Run]:
    with TemporaryDirectory(prefix="premises-bench-") as name:
        folder = Path(name)
        began, ends = SHARES[f"{size}simulated"], SHARES[f"{size}judged"]
        tell(f"{size}simulated", began)
        count = prepare(
            folder,
            rooms=rooms,
            days=days,
            tell=lambda share: tell(f"{size}simulated", began + share * (ends - began)),
        )
        if influxdb is not None:
            bring_over(folder, load_registry(folder / REGISTRY).site.id, influxdb)
        tell(f"{size}judged", ends)
        return count, _run(folder)


def prepare(folder: Path, *, rooms: int, days: int, tell: Callable[[float], None]) -> int:
    """Write a registry and its simulated readings into a folder; return how many readings there are."""
    registry = five_metrics(office_building(rooms, start=START.date()))
    (folder / REGISTRY).write_text(registry_text(registry), encoding="utf-8")
    whole = timedelta(days=days)
    world = World(registry, SEED, START)
    with closing(DuckDBReadingStore(folder / READINGS)) as store:
        stored = store_history(world, store, START + whole, tell=lambda now: tell((now - START) / whole))
    return stored.readings


def five_metrics(registry: Registry) -> Registry:
    """Return the building with five series a room: people, CO2, temperature, humidity, and the register of its plugs.

    The main meter stays, so that rules over buildings have their say.
    """
    metered = {
        circuit.id
        for circuit in registry.circuits.values()
        if circuit.item is CircuitItem.TOTAL or (circuit.serves and circuit.item is not CircuitItem.LIGHTING)
    }
    kept = (_with_register_alone(device) for device in registry.devices.values() if _is_at(device, metered))
    return replace(registry, devices={device.id: device for device in kept})


def _is_at(device: Device, circuits: AbstractSet[CircuitId]) -> bool:
    place = device.placements[-1]
    return place.room is not None or place.circuit in circuits


def _with_register_alone(device: Device) -> Device:
    return replace(device, metrics=("energy_import_kwh",)) if "energy_import_kwh" in device.metrics else device


def _run(folder: Path) -> Run:
    command = [sys.executable, "-m", "premises.bench.analytics_run", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if ended.returncode:
        raise BenchFailedError(ended.stderr.strip().rpartition("\n")[2])
    return Run(**json.loads(ended.stdout))
