"""Daily features: one number per subject and local day, from which the windowed rules are reduced."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from analytics.calendar import WorkCalendar
from analytics.head_counts import building_features, people_track, use_features
from analytics.intervals import MS_PER_HOUR, cut, in_hours
from analytics.level_features import drift_features, reactive_features, residual_features
from analytics.lookups import runs, within
from analytics.occupancy import circuit_occupancy, room_occupancy
from analytics.occupancy_rooms import believed, inferable, inferred_occupancy, own_confidence, with_inferred
from analytics.overtime import Overtime
from analytics.points import FOREVER_MS, nominal_ms, points
from analytics.ports import FEATURES_SCHEMA, ReadingSource
from analytics.power import EXPORT, circuit_power
from analytics.room_days import by_calendar
from analytics.spells import numbered
from analytics.water_features import water_features
from sensors.subjects import Subject, SubjectKind
from sensors.thresholds import NO_OVERRIDES, Overrides
from sensors.topology import Registry

FEATURES_VERSION = "10"
"""Part of the fingerprint: raise it when a feature is computed differently, and all are computed anew."""

LONG_SPELL_MS = 30 * 60_000
"""Presence counts as use of an office from 30 minutes on (S01)."""
MARGIN_BEFORE = timedelta(hours=26)
"""Read before the first day, so that states and registers that began earlier are known; above the longest hold."""
MARGIN_AFTER = timedelta(hours=2)
NIGHT_HOURS = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """What is known of the rooms and circuits over a stretch of time, as tracks (see analytics.intervals)."""

    occupancy: pl.DataFrame
    power: pl.DataFrame
    export: pl.DataFrame
    circuit_occupancy: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How many people are where: tracks of counted `rooms` and buildings (`counters`), and of occupied rooms."""

    rooms: pl.DataFrame
    counters: pl.DataFrame
    occupancy: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyst:
    """Knows a site and where its readings are; gives tracks and features of any days."""

    registry: Registry
    calendar: WorkCalendar
    source: ReadingSource
    point_rows: pl.DataFrame
    measured: frozenset[tuple[str, str]]
    """Every pair of subject and metric that some device measures; an inferred room counts as one with presence."""
    inferred: frozenset[str] = frozenset()
    """The rooms whose occupancy is inferred, as subjects."""
    series: Mapping[str, int] = field(default_factory=dict)
    """Every device that there are readings of, with the number of its series."""
    sure: Mapping[str, float] = field(default_factory=dict)
    """How sure an inference has to be, %, in rooms that have a threshold of their own."""
    overtime: Overtime = field(default_factory=Overtime)
    """When people of each building work overtime; of all of the site, also where the registry is a share of it."""

    @classmethod
    def of(
        cls, registry: Registry, calendar: WorkCalendar, source: ReadingSource, overrides: Overrides = NO_OVERRIDES
    ) -> "Analyst":
        """Return the analyst of a site, with the points that its registry and its devices give."""
        latest = source.latest(registry.site.id)
        rows = points(registry, calendar, latest)
        measured = frozenset((subject, metric) for subject, metric in rows.select("subject", "metric").iter_rows())
        rooms = inferable(rows)
        known = with_inferred(measured, rooms)
        return cls(
            registry=registry,
            calendar=calendar,
            source=source,
            point_rows=rows,
            measured=known,
            inferred=rooms,
            series=dict(latest.group_by("device").len().iter_rows()),
            sure=own_confidence(registry, overrides),
            overtime=Overtime.of(registry, calendar),
        )

    def readings(self, first: date, last: date, devices: Collection[str] | None = None) -> pl.DataFrame:
        """Return the readings of some devices, or all, of these days and of the margins round them."""
        start_ms, end_ms = self.reach_ms(first, last)
        return self.source.readings(self.registry.site.id, start_ms=start_ms, end_ms=end_ms, devices=devices)

    def reach_ms(self, first: date, last: date) -> tuple[int, int]:
        """Return these days with the margins round them, [start, end), UTC ms."""
        start_ms = self.calendar.midnight_ms(first) - _ms(MARGIN_BEFORE)
        return start_ms, self.calendar.midnight_ms(last + timedelta(days=1)) + _ms(MARGIN_AFTER)

    def tracks(self, readings: pl.DataFrame) -> Tracks:
        """Return what the readings say of occupancy and power."""
        ratios = self.ct_ratios()
        power = circuit_power(readings, self.point_rows, ratios)
        seen = room_occupancy(readings, self.point_rows)
        inferred = inferred_occupancy(readings, power, self.point_rows, self.registry, self.sure)
        trusted = believed(seen, readings, power, self.point_rows, self.registry, self.sure)
        rooms = pl.concat([trusted, inferred.select(trusted.columns)])
        return Tracks(
            occupancy=rooms,
            power=power,
            export=circuit_power(readings, self.point_rows, ratios, register=EXPORT),
            circuit_occupancy=circuit_occupancy(rooms, self.serves()),
        )

    def ct_ratios(self) -> pl.DataFrame:
        """Return `subject` and `ct_ratio` of every circuit."""
        rows = [(_circuit(c.id), c.ct_ratio) for c in self.registry.circuits.values()]
        return pl.DataFrame(rows, schema={"subject": pl.String, "ct_ratio": pl.Float64}, orient="row")

    def serves(self) -> pl.DataFrame:
        """Return a row per circuit and room that it serves, for all time."""
        rows = [
            (_circuit(circuit.id), str(Subject(SubjectKind.ROOM, room)), 0, FOREVER_MS)
            for circuit in self.registry.circuits.values()
            for room in circuit.serves
        ]
        schema = {"circuit": pl.String, "room": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def people(self, readings: pl.DataFrame, occupancy: pl.DataFrame) -> People:
        """Return what the readings say of the number of people, beside the track of occupied rooms."""
        rooms, buildings = (
            people_track(readings, self.point_rows, kind) for kind in (SubjectKind.ROOM, SubjectKind.BUILDING)
        )
        return People(rooms=rooms, counters=buildings, occupancy=occupancy)

    def building_features(self, people: Sequence[People], parts: pl.DataFrame) -> pl.DataFrame:
        """Return FEATURES_SCHEMA of the buildings on the days in `parts`, from what is known of all their rooms."""
        rooms, counters, occupancy = (
            pl.concat([getattr(each, name) for each in people]) for name in ("rooms", "counters", "occupancy")
        )
        found = building_features(self.registry, rooms, occupancy, counters, parts)
        return found.select(FEATURES_SCHEMA.names()).cast(FEATURES_SCHEMA)

    def features(
        self, readings: pl.DataFrame, tracks: Tracks, people: pl.DataFrame, parts: pl.DataFrame
    ) -> pl.DataFrame:
        """Return FEATURES_SCHEMA of the days in `parts` but the buildings'; `people` is the track of counted rooms."""
        overtime = self.overtime.circuits(self.registry, self.calendar, parts["day"].unique().to_list())
        frames = [
            by_calendar(self.registry, self.calendar, people, parts, use_features),
            by_calendar(self.registry, self.calendar, tracks.occupancy, parts, room_features),
            energy_features(tracks.power, tracks.circuit_occupancy, overtime, parts),
            export_features(tracks.export, overtime, parts),
            sample_features(readings, self.point_rows, parts),
            drift_features(readings, self.point_rows, parts),
            residual_features(readings, self.point_rows, parts),
            reactive_features(readings, self.point_rows, self.ct_ratios(), parts),
            water_features(readings, self.point_rows, parts),
        ]
        return pl.concat(frames).select(FEATURES_SCHEMA.names()).cast(FEATURES_SCHEMA)


def room_features(occupancy: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return hours per room and day: known, occupied, both within working hours, and presence in long spells.

    A long spell is unbroken presence of LONG_SPELL_MS outside cleaning hours.
    """
    segments = cut([occupancy], parts)
    occupied, known = pl.col("state").fill_null(value=False), pl.col("state").is_not_null()
    there = occupied & ~pl.col("cleaning")
    long_spells = numbered(segments, there).filter(pl.col("length_ms").sum().over("spell") >= LONG_SPELL_MS)
    spells = segments.join(
        long_spells.select("subject", "start_ms", in_long_spell=pl.lit(value=True)),
        on=["subject", "start_ms"],
        how="left",
    )
    return _long_form(
        spells,
        known_h=_hours(known),
        occupied_h=_hours(occupied),
        work_known_h=_hours(known & pl.col("working")),
        work_occupied_h=_hours(occupied & pl.col("working")),
        long_presence_h=_hours(pl.col("in_long_spell").fill_null(value=False)),
    )


def energy_features(
    power: pl.DataFrame, occupancy: pl.DataFrame, overtime: pl.DataFrame, parts: pl.DataFrame
) -> pl.DataFrame:
    """Return energy per circuit and day, kWh, and the hours behind it.

    `energy_kwh` includes what was spread over gaps; `measured_kwh` and `measured_h` do not. `empty_kwh` is what was
    measured while every room that the circuit serves was known to be empty, over `empty_h`. `overtime_kwh` is outside
    working hours; `night_kwh` is without either. `night_w_0` … `night_w_4` are the mean power of the hours from
    midnight on, W.
    """
    tracks = [power, _of_those(occupancy, power), _of_those(overtime, power)]
    segments = cut(tracks, parts).drop_nulls("power_w").with_columns(hour=_local_hour())
    measured = pl.col("measured")
    empty = measured & ~pl.col("state").fill_null(value=True)
    nights = {
        f"night_w_{hour}": _mean_power(measured & pl.col("night") & (pl.col("hour") == hour)) for hour in NIGHT_HOURS
    }
    return _long_form(
        segments,
        energy_kwh=_energy(pl.lit(value=True)),
        measured_kwh=_energy(measured),
        measured_h=_hours(measured),
        empty_kwh=_energy(empty),
        empty_h=_hours(empty),
        occupancy_known_h=_hours(measured & pl.col("state").is_not_null()),
        work_kwh=_energy(measured & pl.col("working")),
        work_measured_h=_hours(measured & pl.col("working")),
        overtime_kwh=_energy(measured & _OVERTIME),
        overtime_measured_h=_hours(measured & _OVERTIME),
        night_kwh=_energy(measured & _NIGHT),
        night_measured_h=_hours(measured & _NIGHT),
        **nights,
    )


def export_features(power: pl.DataFrame, overtime: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return what a circuit gave back per day, kWh, with the hours behind it, by the parts of the day.

    A register that stood still over a gap is known: nothing flowed, as where an inverter sleeps at night.
    """
    segments = cut([power, _of_those(overtime, power)], parts).drop_nulls("power_w")
    known = pl.col("measured") | (pl.col("power_w") == 0)
    return _long_form(
        segments,
        export_kwh=_energy(pl.lit(value=True)),
        export_measured_kwh=_energy(known),
        export_measured_h=_hours(known),
        export_work_kwh=_energy(known & pl.col("working")),
        export_work_measured_h=_hours(known & pl.col("working")),
        export_overtime_kwh=_energy(known & _OVERTIME),
        export_overtime_measured_h=_hours(known & _OVERTIME),
        export_night_kwh=_energy(known & _NIGHT),
        export_night_measured_h=_hours(known & _NIGHT),
    )


_OVERTIME = pl.col("overtime").fill_null(value=False) & ~pl.col("working")
_NIGHT = pl.col("night") & ~pl.col("working") & ~pl.col("overtime").fill_null(value=False)


def _of_those(track: pl.DataFrame, power: pl.DataFrame) -> pl.DataFrame:
    return track.join(power.select("subject").unique(), on="subject", how="semi")


def sample_features(readings: pl.DataFrame, point_rows: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return per device and day: `readings`, and how many came of those due: `received_samples`, `expected_samples`.

    Only series with a reporting interval have a number due; a device that reports on change has none.
    A series is due from its first reading on. More samples than due count as all of them.
    """
    days = parts.group_by("day").agg(pl.min("start_ms"), pl.max("end_ms"))
    series = ["device", "metric", "phase"]
    usable = readings.filter(pl.col("value").is_not_null()) if readings["value"].has_nulls() else readings
    by_day = _counted(usable, point_rows, days, series)
    timed = by_day.drop_nulls("nominal_ms")
    due = timed.group_by(series).agg(pl.first("nominal_ms")).join(days, how="cross")
    got = timed.select(*series, "day", received="samples")
    counted = due.join(got, on=[*series, "day"], how="left").with_columns(
        expected=((pl.col("end_ms") - pl.col("start_ms")) / pl.col("nominal_ms")).floor()
    )
    per_device = counted.group_by("device", "day").agg(
        expected_samples=pl.sum("expected"),
        received_samples=pl.min_horizontal(pl.col("received").fill_null(0), "expected").sum(),
    )
    subject = pl.concat_str(pl.lit(f"{SubjectKind.DEVICE}:"), "device")
    heard = by_day.group_by("device", "day").agg(readings=pl.sum("samples"))
    both = heard.join(per_device, on=["device", "day"], how="full", coalesce=True)
    return _melt(both.with_columns(subject=subject).drop("device"))


def _counted(readings: pl.DataFrame, point_rows: pl.DataFrame, days: pl.DataFrame, series: list[str]) -> pl.DataFrame:
    """Return how many `samples` each series has on each of the days, and its `nominal_ms`."""
    names, run = runs(readings, series)
    named = names.with_columns(nominal_ms=nominal_ms(names, readings, point_rows))
    # readings of one series and day stand together: they are counted as a stretch of one number
    numbered = within(readings.select("time_ms", run=run), days.with_row_index("number"))
    code = numbered.select(pl.col("run").cast(pl.Int64) * days.height + pl.col("number")).to_series()
    counts = code.rle().struct.unnest()
    placed = named.select(pl.all().gather(counts["value"] // days.height)).with_columns(
        days["day"].gather(counts["value"] % days.height), counts["len"]
    )
    return placed.group_by(*series, "day").agg(pl.first("nominal_ms"), samples=pl.sum("len"))


def _long_form(segments: pl.DataFrame, **aggregates: pl.Expr) -> pl.DataFrame:
    return _melt(segments.group_by("subject", "day").agg(**aggregates))


def _melt(wide: pl.DataFrame) -> pl.DataFrame:
    numbers = [pl.col(name).cast(pl.Float64) for name in wide.columns if name not in {"subject", "day"}]
    return (
        wide.with_columns(numbers)
        .unpivot(index=["day", "subject"], variable_name="feature", value_name="value")
        .drop_nulls("value")
    )


def _hours(condition: pl.Expr) -> pl.Expr:
    # milliseconds add up exactly, hours as fractions do not
    return in_hours(pl.col("length_ms").filter(condition).sum())


def _energy(condition: pl.Expr) -> pl.Expr:
    return (pl.col("power_w") * pl.col("length_ms")).filter(condition).sum() / (1000 * MS_PER_HOUR)


def _mean_power(condition: pl.Expr) -> pl.Expr:
    length_ms = pl.col("length_ms").filter(condition).sum()
    return pl.when(length_ms > 0).then((pl.col("power_w") * pl.col("length_ms")).filter(condition).sum() / length_ms)


def _local_hour() -> pl.Expr:
    return (pl.col("start_ms") - pl.col("start_ms").min().over("day")) // MS_PER_HOUR


def _circuit(circuit: str) -> str:
    return str(Subject(SubjectKind.CIRCUIT, circuit))


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
