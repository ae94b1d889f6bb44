"""Verdicts that rest on values in what looks like a wrong unit: they are none, and say what to check."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from analytics.features import Analyst
from analytics.frame import RunData
from analytics.load_doubts import load_doubts
from analytics.lookups import runs
from analytics.meter_trees import circuits_below
from analytics.occupancy_told import rests_on_inferred
from analytics.power import POWER
from analytics.rules.base_load import mains
from analytics.week import Week
from sensors.plausibility import SIGNS, check_unit, looks_like, rated_looks_like
from sensors.readings import Quality, epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building, BuildingId, CircuitId, Registry, Room, RoomId
from sensors.verdicts import Finding, Verdict

CURRENT, COUNT, CO2, CELSIUS, VOLTAGE = "current_a", "people_count", "co2_ppm", "temperature_c", "voltage_v"
CROWD = 20.0
"""So many times the seats of a room, or the staff of a building, are no people. The project's own choice."""
LOADS = "loads"
"""In INPUTS: the circuits of a subject, their registers and power."""

INPUTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "A01": frozenset({CO2}),
        "A02": frozenset({CO2, COUNT}),
        "A03": frozenset({"pm2_5_ugm3", "pm10_ugm3"}),
        "A04": frozenset({"hcho_mgm3", "tvoc_mgm3"}),
        "A05": frozenset({CELSIUS}),
        "A06": frozenset({"relative_humidity_pct"}),
        "A07": frozenset({"illuminance_lux", LOADS}),
        "A08": frozenset({"sound_level_dba", LOADS}),
        "E01": frozenset({LOADS}),
        "E02": frozenset({LOADS}),
        "E03": frozenset({LOADS}),
        "E04": frozenset({LOADS}),
        "E05": frozenset({LOADS}),
        "E06": frozenset({"setpoint_c", CELSIUS, LOADS}),
        "E07": frozenset({"setpoint_c", CELSIUS, LOADS}),
        "E08": frozenset({LOADS}),
        "E09": frozenset({LOADS}),
        "E10": frozenset({CELSIUS, LOADS}),
        "E11": frozenset({LOADS}),
        "E12": frozenset({LOADS}),
        "G03": frozenset({CO2}),
        "L02": frozenset({"residual_current_ma"}),
        "L04": frozenset({CURRENT}),
        "L05": frozenset({VOLTAGE}),
        "L06": frozenset({VOLTAGE, LOADS}),
        "S01": frozenset(),
        "S02": frozenset(),
        "S03": frozenset(),
        "S05": frozenset({COUNT}),
        "S06": frozenset({COUNT}),
    }
)
"""What the verdicts of a rule rest on and whose unit may be wrong."""
PEOPLE_SHOWN_BY = frozenset({CO2, "illuminance_lux", "sound_level_dba"})
"""What the occupancy of a room is inferred from above all, where nothing sees people: that of S01 to S03 as well."""
FROM_OUTDOORS: Mapping[str, str] = MappingProxyType({"A02": CO2, "E06": CELSIUS, "E10": CELSIUS})
"""Rules that hold a place against what sensors outdoors say, and of what."""
PROPORTIONS = MappingProxyType(
    {
        "E11": ("sub_kwh", "main_kwh", 0.002, 20.0, "registers of the circuits below and above are far apart"),
        "L06": ("reactive_kvarh", "energy_kwh", 0.002, 20.0, "reactive and active energy are far apart"),
    }
)
"""What of the evidence of a rule must be in proportion: numerator, denominator, and the least and the most of it."""

LEVELS_SCHEMA = pl.Schema(
    {
        "device": pl.String,
        "metric": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "mean": pl.Float64,
        "peak": pl.Float64,
    }
)
"""How the good values of a device lay in a week; `peak` is the largest magnitude."""
_LOOKED_AT = frozenset({*SIGNS, CURRENT, POWER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What a device shows of a metric over [start_ms, end_ms) looks like another unit."""

    device: str
    metric: str
    told: str
    start_ms: int
    end_ms: int


def needs_levels(rules: Collection[str]) -> bool:
    """Say whether any of the rules rests on values whose unit may be wrong."""
    return not INPUTS.keys().isdisjoint(rules)


def levels(_data: RunData, week: Week) -> pl.DataFrame:
    """Return LEVELS_SCHEMA of a week."""
    readings = week.readings
    wanted = pl.col("metric").is_in(sorted(_LOOKED_AT)) & (pl.col("quality") < Quality.SUSPECT)
    start_ms, end_ms = week.span_ms
    inside = readings.filter(pl.col("time_ms").is_between(start_ms, end_ms, closed="left") & wanted)
    if inside.is_empty():
        return LEVELS_SCHEMA.to_frame()
    names, run = runs(inside, ["device", "metric"])
    lay = (
        inside.select("value", run=run)
        .group_by("run")
        .agg(total=pl.sum("value"), count=pl.count("value"), peak=pl.col("value").abs().max())
    )
    placed = names.select(pl.all().gather(lay["run"])).with_columns(lay.drop("run").get_columns())
    return (
        placed.group_by("device", "metric")
        .agg(pl.sum("total", "count"), pl.max("peak"))
        .filter(pl.col("count") > 0)
        .with_columns(mean=pl.col("total") / pl.col("count"), start_ms=pl.lit(start_ms), end_ms=pl.lit(end_ms))
        .select(LEVELS_SCHEMA.names())
        .cast(LEVELS_SCHEMA)
    )


def without_wrong_units(findings: Iterable[Finding], data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the findings; a fault or a pass that rests on values in doubt becomes `insufficient_data`, and says why.

    `found` is what `levels` gave of the weeks. What lacked data anyway says it as well.
    """
    rows = found if "metric" in found.columns else LEVELS_SCHEMA.to_frame()
    doubts = _Doubts.of(data, rows)
    told: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        reasons = doubts.of_finding(finding)
        known = finding if not reasons else _withdrawn(finding, reasons)
        # a subject's spells that were withdrawn make one verdict, those that were not stay as they are
        key = (finding.rule, finding.subject) if known is not finding else number
        told.setdefault(key, known)
    return list(told.values())


def _withdrawn(finding: Finding, reasons: Collection[str]) -> Finding:
    if finding.verdict is Verdict.INSUFFICIENT_DATA:
        return replace(finding, missing=(*finding.missing, *reasons))
    return Finding(
        rule=finding.rule,
        subject=finding.subject,
        verdict=Verdict.INSUFFICIENT_DATA,
        start=finding.start,
        end=finding.end,
        threshold=finding.threshold,
        unit=finding.unit,
        missing=tuple(reasons),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubts:
    """All doubts of a run, and whom they concern."""

    registry: Registry
    analyst: Analyst
    by_device: Mapping[tuple[str, str], list[Doubt]]
    loads: Mapping[Subject, str]
    places: Mapping[str, list[tuple[str, str]]]
    """The devices and metrics at each subject."""
    below: Mapping[CircuitId, list[CircuitId]]

    @classmethod
    def of(cls, data: RunData, rows: pl.DataFrame) -> "_Doubts":
        places: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for subject, device, metric in data.analyst.point_rows.select("subject", "device", "metric").iter_rows():
            places[subject].append((device, metric))
        by_device: dict[tuple[str, str], list[Doubt]] = defaultdict(list)
        for doubt in _of_devices(data.registry, rows, places):
            by_device[doubt.device, doubt.metric].append(doubt)
        below = circuits_below(data.registry)
        return cls(
            registry=data.registry,
            analyst=data.analyst,
            by_device=by_device,
            loads=load_doubts(data, _powers(rows, places)),
            places=places,
            below={circuit: [each.id for each in under] for circuit, under in below.items()},
        )

    def of_finding(self, finding: Finding) -> list[str]:
        """Return what speaks against a finding, in words; nothing where it may stand."""
        if finding.rule not in INPUTS or finding.verdict is Verdict.NOT_APPLICABLE:
            return []
        reasons = [*self._of_levels(finding), *self._of_loads(finding), *_out_of_proportion(finding)]
        return list(dict.fromkeys(reasons))

    def _of_levels(self, finding: Finding) -> Iterator[str]:
        metrics, measured_by = INPUTS[finding.rule], finding.evidence.get("device")
        start_ms, end_ms = (epoch_ms(each) for each in (finding.start, finding.end))
        for group in self._devices(finding, metrics):
            near = [
                next((d.told for d in self.by_device.get(at, ()) if d.start_ms < end_ms and start_ms < d.end_ms), None)
                for at in group
            ]
            spoken = [told for told in near if told is not None]
            # of a building's many sensors one that is wrong spoils nothing
            if spoken and (finding.subject.kind is not SubjectKind.BUILDING or len(spoken) == len(group)):
                is_of_another = finding.verdict is Verdict.FAULT and measured_by not in {None, *(d for d, _ in group)}
                yield from () if is_of_another else spoken

    def _devices(self, finding: Finding, metrics: Collection[str]) -> Iterator[list[tuple[str, str]]]:
        """Yield the devices and metrics that a finding rests on, in groups of which each alone may spoil it."""
        rule, subject = finding.rule, finding.subject
        if subject.kind is SubjectKind.DEVICE:
            yield [(subject.id, metric) for metric in metrics]
        elif subject.kind is SubjectKind.BUILDING:
            rooms = [str(Subject(SubjectKind.ROOM, room.id)) for room in self._rooms(BuildingId(subject.id))]
            yield [at for place in (str(subject), *rooms) for at in self.places.get(place, ()) if at[1] in metrics]
        else:
            yield [at for at in self.places.get(str(subject), ()) if at[1] in metrics]
        if rests_on_inferred(rule, subject, self.analyst.inferred, self.registry):
            yield [at for at in self.places.get(str(subject), ()) if at[1] in PEOPLE_SHOWN_BY]
        if rule in FROM_OUTDOORS:
            outdoors = (device.id for device in self.registry.devices.values() if device.outdoor)
            yield [(device, FROM_OUTDOORS[rule]) for device in outdoors]

    def _rooms(self, building: BuildingId) -> Iterator[Room]:
        return (room for room in self.registry.rooms.values() if room.building == building)

    def _of_loads(self, finding: Finding) -> Iterator[str]:
        if LOADS in INPUTS[finding.rule] and self.loads:
            yield from (told for circuit in self._circuits(finding) if (told := self.loads.get(circuit)) is not None)

    def _circuits(self, finding: Finding) -> Iterator[Subject]:
        for circuit in _circuits_of(finding.subject, self.registry):
            yield Subject(SubjectKind.CIRCUIT, circuit)
            if finding.rule == "E11":
                yield from (Subject(SubjectKind.CIRCUIT, each) for each in self.below.get(circuit, ()))


def _circuits_of(subject: Subject, registry: Registry) -> Iterator[CircuitId]:
    """Yield the circuits that say how much a subject takes."""
    if subject.kind is SubjectKind.CIRCUIT:
        yield CircuitId(subject.id)
    elif subject.kind is SubjectKind.ROOM:
        yield from (circuit.id for circuit in registry.circuits.values() if RoomId(subject.id) in circuit.serves)
    elif subject.kind is SubjectKind.BUILDING:
        building: Building = registry.buildings[BuildingId(subject.id)]
        yield from (circuit.id for circuit in mains(registry, building))
        own = (each for each in registry.circuits.values() if registry.circuit_building(each.id) == building.id)
        yield from (circuit.id for circuit in own if circuit.always_on)


def _out_of_proportion(finding: Finding) -> Iterator[str]:
    if finding.rule in PROPORTIONS:
        over, under, least, most, told = PROPORTIONS[finding.rule]
        numerator, denominator = finding.evidence.get(over), finding.evidence.get(under)
        if isinstance(numerator, float) and isinstance(denominator, float) and numerator > 0 and denominator > 0:
            yield from () if least < numerator / denominator < most else (f"{told}: check their units",)


def _of_devices(registry: Registry, rows: pl.DataFrame, places: Mapping[str, list[tuple[str, str]]]) -> Iterator[Doubt]:
    where = {at: subject for subject, found in places.items() for at in found}
    for device, metric, start_ms, end_ms, mean, peak in rows.select(LEVELS_SCHEMA.names()).iter_rows():
        unit = _unit(registry, where.get((device, metric)), metric, mean, peak)
        if unit is not None:
            told = check_unit(metric, device, unit)
            yield Doubt(device=device, metric=metric, told=told, start_ms=start_ms, end_ms=end_ms)


def _unit(registry: Registry, place: str | None, metric: str, mean: float, peak: float) -> str | None:
    if metric == CURRENT and place is not None:
        circuit = registry.circuits.get(CircuitId(Subject.parse(place).id))
        if circuit is None or not circuit.rated_a:
            return None
        share = circuit.ct_ratio / circuit.rated_a
        return rated_looks_like(abs(mean) * share, peak * share)
    if metric == COUNT and place is not None and peak > CROWD * (_people_at_most(registry, place) or peak):
        return "0.001 people"
    return looks_like(metric, mean, peak)


def _people_at_most(registry: Registry, place: str) -> int | None:
    subject = Subject.parse(place)
    if subject.kind is SubjectKind.ROOM:
        return registry.rooms[RoomId(subject.id)].capacity
    return registry.buildings[BuildingId(subject.id)].headcount if subject.kind is SubjectKind.BUILDING else None


def _powers(rows: pl.DataFrame, places: Mapping[str, list[tuple[str, str]]]) -> dict[str, float]:
    """Return the mean active power of the first meter of each circuit that says it."""
    means = dict(rows.filter(pl.col("metric") == POWER).group_by("device").agg(pl.mean("mean")).iter_rows())
    return {
        subject: means[device]
        for subject, found in places.items()
        for device, metric in found
        if metric == POWER and device in means
    }
