"""E05: electricity used in rooms in which nobody is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import polars as pl

from analytics.calendar import DayKind
from analytics.features import NIGHT_HOURS, Tracks
from analytics.frame import RunData, above, by_subject, day_start, evidence, not_applicable, room_subject, total
from analytics.intervals import MS_PER_HOUR, SPAN, cut, in_hours
from analytics.occupancy import OCCUPANCY_METRICS, room_members
from analytics.power import POWER
from analytics.spells import numbered
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit, CircuitItem, Registry, RoomId
from sensors.verdicts import Finding, Severity, Verdict

RULE = "E05"
METER_METRICS = ("energy_import_kwh", POWER)
UNKNOWN = "measured power beside known occupancy"
TOO_SELDOM = "presence at least every half hour"
NIGHT_FEATURES = tuple(f"night_w_{hour}" for hour in NIGHT_HOURS)
ENOUGH_NIGHT_HOURS = 20
"""Hours of rest-day nights needed for a standby figure, four nights; with fewer, all nights serve, which can
only make the standby larger and the waste smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What belongs together: all circuits of one room, or one circuit that serves several rooms."""

    subject: Subject
    circuits: tuple[Subject, ...]
    rooms: tuple[RoomId, ...]
    area_m2: float


HOURS_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "start_ms": pl.Int64,
        "end_ms": pl.Int64,
        "day": pl.Date,
        "hours": pl.Float64,
        "mean_w": pl.Float64,
    }
)
"""Hours, or parts of them, outside lunch in which a load ran for nobody, with the mean power of each."""


def empty_hours(data: RunData, tracks: Tracks, parts: pl.DataFrame) -> pl.DataFrame:
    """Return HOURS_SCHEMA of the days in `parts`: measured load in spells of empty rooms that are long enough.

    An hour that began before the spell or outlasts it is there with the part of it that counts.
    """
    loads = [load for load in _loads(data.registry) if not _lacking(data, load)]
    power = _load_power(loads, tracks, parts)
    if power.is_empty():
        return pl.DataFrame(schema=HOURS_SCHEMA)
    minimum_ms = data.thresholds.value(RULE, "empty_min") * 60_000
    # lunch is taken out after the spells are numbered: a spell goes on through it but gets no longer by it
    spells = numbered(power, pl.col("empty")).filter(~pl.col("lunch"))
    long_enough = spells.filter(pl.col("length_ms").sum().over("spell") >= minimum_ms)
    return (
        long_enough.with_columns(hour=pl.col("start_ms") // MS_PER_HOUR)
        .group_by("subject", "spell", "hour", maintain_order=True)
        .agg(
            pl.first("start_ms", "day"),
            pl.last("end_ms"),
            hours=in_hours(pl.col("length_ms").sum()),
            mean_w=(pl.col("power_w") * pl.col("length_ms")).sum() / pl.col("length_ms").sum(),
        )
        .select(HOURS_SCHEMA.names())
        .cast(HOURS_SCHEMA)
    )


def empty_load(data: RunData, hours: pl.DataFrame) -> list[Finding]:
    """Return a finding per load and week for what was used above standby in empty rooms.

    Standby is the 10th percentile of the hourly mean power at night on rest days of the 28 days before the
    week's end. A load without a fault gets one verdict for the whole window.
    """
    loads = _loads(data.registry)
    lacking = {load.subject: _lacking(data, load) for load in loads}
    judged = [load for load in loads if not lacking[load.subject]]
    of_load = _of_load(judged)
    nights = by_subject(_nights(data, of_load))
    known_pct = _known_pct(data, of_load)
    wasted = by_subject(hours)
    refused = [not_applicable(data, RULE, load.subject, *lacking[load.subject]) for load in loads if load not in judged]
    seldom = _told_seldom(data)
    unclear = [load for load in judged if any(str(room_subject(room)) in seldom for room in load.rooms)]
    refused += [_quiet(data, load, enough=False, missing=TOO_SELDOM) for load in unclear]
    return refused + [
        finding
        for load in judged
        if load not in unclear
        for finding in _judged(data, load, wasted, nights, known_pct.get(str(load.subject), 0.0))
    ]


def _judged(
    data: RunData, load: Load, wasted: Mapping[str, pl.DataFrame], nights: Mapping[str, pl.DataFrame], known_pct: float
) -> list[Finding]:
    own_nights = nights.get(str(load.subject))
    own_hours = wasted.get(str(load.subject))
    if own_nights is None:
        return [_quiet(data, load, enough=False)]
    by_week = (
        []
        if own_hours is None
        else own_hours.with_columns(week=pl.col("day").dt.truncate("1w")).partition_by("week", maintain_order=True)
    )
    found = [finding for hours in by_week if (finding := _week(data, load, hours, own_nights))]
    return found or [_quiet(data, load, enough=known_pct >= data.thresholds.value(RULE, "coverage_pct"))]


def _week(data: RunData, load: Load, empty: pl.DataFrame, nights: pl.DataFrame) -> Finding | None:
    """Return the finding of one week, None where nothing exceeds the limits or no standby is known."""
    week: date = empty["week"][0]
    standby_w, standby_from = _standby(data, nights, week)
    if standby_w is None:
        return None
    limit_wm2 = data.thresholds.value(RULE, "excess_wm2")
    limit_w = max(data.thresholds.value(RULE, "excess_w"), limit_wm2 * load.area_m2)
    wasteful = empty.with_columns(excess_w=pl.col("mean_w") - standby_w).filter(above("excess_w", limit_w))
    hours = total(wasteful, "hours")
    energy_kwh = total(wasteful.with_columns(energy_wh=pl.col("excess_w") * pl.col("hours")), "energy_wh") / 1000
    if energy_kwh < data.thresholds.value(RULE, "energy_kwh") or not hours:
        return None
    excess_w = energy_kwh * 1000 / hours
    return Finding(
        rule=RULE,
        subject=load.subject,
        verdict=Verdict.FAULT,
        start=from_epoch_ms(wasteful["start_ms"].to_list()[0]),
        end=from_epoch_ms(wasteful["end_ms"].to_list()[-1]),
        value=round(excess_w / load.area_m2, 3),
        threshold=limit_wm2,
        unit="W/m²",
        severity=Severity.BLUE,
        energy_kwh=round(energy_kwh, 3),
        evidence=evidence(
            energy_kwh=energy_kwh,
            excess_w=excess_w,
            standby_w=standby_w,
            standby_from=standby_from,
            empty_h=hours,
            area_m2=load.area_m2,
            circuits=", ".join(circuit.id for circuit in load.circuits),
        ),
    )


def _told_seldom(data: RunData) -> frozenset[str]:
    """Return the rooms whose presence is told so seldom that nobody knows when they were empty for long enough.

    A spell is known only where it is told at least twice in it: people come and go between two readings. What is told
    on change is told in time.
    """
    longest_ms = data.thresholds.value(RULE, "empty_min") * 60_000 / 2
    points = room_members(data.analyst.point_rows)
    metrics = data.analyst.point_rows.group_by("device").agg(metrics=pl.col("metric").n_unique())
    devices = [Subject(SubjectKind.DEVICE, device) for device in points["device"].unique().to_list()]
    due = data.daily(devices, ("expected_samples",)).filter(pl.col("expected_samples") > 0)
    seen = due.group_by(device=pl.col("subject").str.strip_prefix(f"{SubjectKind.DEVICE}:")).agg(
        due_h=(pl.col("expected_samples") / pl.col("day_h")).median()
    )
    told = points.join(metrics, on="device", how="left").join(seen, on="device", how="left")
    is_event_driven = pl.col("heartbeat_ms").is_not_null() & pl.col("interval_ms").is_null()
    usual_ms = pl.col("metrics") * MS_PER_HOUR / pl.col("due_h")
    step_ms = pl.when(is_event_driven).then(pl.lit(None)).otherwise(pl.coalesce("interval_ms", usual_ms))
    shortest = told.group_by("subject").agg(step_ms.min().alias("step_ms"))
    return frozenset(shortest.filter(pl.col("step_ms") > longest_ms)["subject"])


def _quiet(data: RunData, load: Load, *, enough: bool, missing: str = UNKNOWN) -> Finding:
    return Finding(
        rule=RULE,
        subject=load.subject,
        verdict=Verdict.PASS if enough else Verdict.INSUFFICIENT_DATA,
        start=day_start(data.calendar, data.window.first),
        end=day_start(data.calendar, data.window.last + timedelta(days=1)),
        threshold=data.thresholds.value(RULE, "excess_wm2"),
        unit="W/m²",
        missing=() if enough else (missing,),
    )


def _of_load(loads: Sequence[Load]) -> pl.DataFrame:
    """Return a row per circuit: `circuit`, `subject` of its load, and `size`, the number of the load's circuits."""
    rows = [(str(circuit), str(load.subject), len(load.circuits)) for load in loads for circuit in load.circuits]
    return pl.DataFrame(rows, schema={"circuit": pl.String, "subject": pl.String, "size": pl.Int64}, orient="row")


def _daily(data: RunData, of_load: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    circuits = [Subject.parse(circuit) for circuit in of_load["circuit"].to_list()]
    return data.daily(circuits, names).rename({"subject": "circuit"}).join(of_load, on="circuit")


def _known_pct(data: RunData, of_load: pl.DataFrame) -> dict[str, float]:
    """Return per load the share of the window in which power and occupancy were known together."""
    daily = _daily(data, of_load, ("occupancy_known_h",)).filter(data.in_window())
    shares = daily.group_by("subject").agg(share=100 * pl.sum("occupancy_known_h") / pl.sum("day_h"))
    return {str(subject): float(share) for subject, share in shares.select("subject", "share").iter_rows()}


def _nights(data: RunData, of_load: pl.DataFrame) -> pl.DataFrame:
    """Return `subject`, `day`, `kind` and `night_w`, the hourly mean power of each load's circuits together."""
    hourly = _daily(data, of_load, NIGHT_FEATURES).unpivot(
        on=list(NIGHT_FEATURES), index=["subject", "size", "day", "kind"], variable_name="hour", value_name="power_w"
    )
    return (
        hourly.drop_nulls("power_w")
        .group_by("subject", "size", "day", "kind", "hour")
        .agg(night_w=pl.sum("power_w"), circuits=pl.len())
        .filter(pl.col("circuits") == pl.col("size"))
    )


def _standby(data: RunData, nights: pl.DataFrame, week: date) -> tuple[float | None, str]:
    end = week + timedelta(days=7)
    span = timedelta(days=data.thresholds.value(RULE, "standby_days"))
    recent = nights.filter(pl.col("day").is_between(end - span, end, closed="left"))
    resting = recent.filter(pl.col("kind") == DayKind.RESTDAY)
    chosen, name = (resting, "rest-day nights") if resting.height >= ENOUGH_NIGHT_HOURS else (recent, "all nights")
    percentile = data.thresholds.value(RULE, "standby_percentile") / 100
    standby = chosen["night_w"].quantile(percentile, "linear") if chosen.height else None
    return standby, name


def _loads(registry: Registry) -> list[Load]:
    feeding = [c for c in registry.circuits.values() if _feeds_rooms(registry, c)]
    by_rooms = groupby(sorted(feeding, key=_rooms_key), key=_rooms_key)
    return [load for rooms, circuits in by_rooms for load in _split(registry, rooms, list(circuits))]


def _feeds_rooms(registry: Registry, circuit: Circuit) -> bool:
    """Say whether a circuit feeds rooms by itself: not always on, no main, and not counted in one above it."""
    if not circuit.serves or circuit.always_on or circuit.item in {CircuitItem.TOTAL, CircuitItem.PV}:
        return False
    if any(registry.rooms[room].restricted for room in circuit.serves):
        return False
    return not any(_rooms_key(above) == _rooms_key(circuit) for above in registry.above(circuit.id))


def _rooms_key(circuit: Circuit) -> tuple[RoomId, ...]:
    return tuple(sorted(circuit.serves))


def _split(registry: Registry, rooms: tuple[RoomId, ...], circuits: list[Circuit]) -> Iterator[Load]:
    area_m2 = sum(registry.rooms[room].usable_area_m2 for room in rooms)
    subjects = tuple(Subject(SubjectKind.CIRCUIT, circuit.id) for circuit in circuits)
    if len(rooms) == 1:
        yield Load(subject=room_subject(rooms[0]), circuits=subjects, rooms=rooms, area_m2=area_m2)
        return
    for subject in subjects:
        yield Load(subject=subject, circuits=(subject,), rooms=rooms, area_m2=area_m2)


def _lacking(data: RunData, load: Load) -> tuple[str, ...]:
    unmetered = [f"meter on circuit {c.id}" for c in load.circuits if not data.has_points(c, METER_METRICS)]
    blind = [
        f"{'|'.join(OCCUPANCY_METRICS)} in room {room}"
        for room in load.rooms
        if not data.has_points(room_subject(room), OCCUPANCY_METRICS)
    ]
    return (*unmetered, *blind)


def _load_power(loads: list[Load], tracks: Tracks, parts: pl.DataFrame) -> pl.DataFrame:
    """Return segments per load with the summed `power_w` and `empty`, true only where all of it is known."""
    rows = [(str(c), str(load.subject), rank) for load in loads for rank, c in enumerate(load.circuits)]
    members = pl.DataFrame(rows, schema={"circuit": pl.String, "load": pl.String, "rank": pl.Int64}, orient="row")
    power = tracks.power.rename({"subject": "circuit"}).join(members, on="circuit")
    # the occupancy of any one circuit of a load is that of all: they serve the same rooms
    first = members.filter(pl.col("rank") == 0).rename({"load": "load_subject"})
    occupancy = (
        tracks.circuit_occupancy.join(first, left_on="subject", right_on="circuit")
        .select(pl.col("load_subject").alias("subject"), *SPAN, "state")
        .sort("subject", "start_ms")
    )
    if power.is_empty() or occupancy.is_empty():
        return pl.DataFrame(schema={"subject": pl.String})
    by_rank = [
        part.select(
            pl.col("load").alias("subject"),
            *SPAN,
            pl.when("measured").then("power_w").alias(f"power_w_{rank}"),
        ).sort("subject", "start_ms")
        for (rank,), part in sorted(power.group_by("rank"))
    ]
    names = [f"power_w_{rank}" for rank in range(len(by_rank))]
    sizes = members.group_by("load").agg(size=pl.len())
    segments = cut([*by_rank, occupancy], parts).join(sizes, left_on="subject", right_on="load")
    answered = pl.sum_horizontal(pl.col(name).is_not_null() for name in names)
    complete = answered == pl.col("size")
    return segments.with_columns(
        power_w=pl.when(complete).then(pl.sum_horizontal(names)),
        empty=complete & ~pl.col("state").fill_null(value=True),
    ).sort("subject", "start_ms")
