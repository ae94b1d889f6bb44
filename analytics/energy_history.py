"""What a building's circuits used over long times, read from their registers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from analytics.frame import RunData
from analytics.meter_limits import limits_of
from analytics.meters import corrected
from analytics.points import with_hold
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit

IMPORT, EXPORT = "energy_import_kwh", "energy_export_kwh"
MARGIN_MS = 26 * 3_600_000
"""Read before and after, so that the registers next to the edges are known."""
DAY = timedelta(days=1)

FLOW_SCHEMA = pl.Schema(
    {"subject": pl.String, "start_ms": pl.Int64, "kwh": pl.Float64, "estimated_kwh": pl.Float64, "known": pl.Boolean}
)
"""What flowed through a circuit from `start_ms` to the next edge; `known` where the registers reach over all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Local days, both inclusive."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """Return how many they are."""
        return (self.last - self.first).days + 1


def last_whole_day(data: RunData) -> date:
    """Return the last day of the window that is over."""
    last = data.window.last
    is_over = data.calendar.midnight_ms(last + DAY) <= data.window.now_ms
    return last if is_over else last - DAY


def day_edges(data: RunData, days: Days) -> pl.Series:
    """Return the local midnights from the first day to the end of the last, UTC ms."""
    midnights = [data.calendar.midnight_ms(day) for day in data.calendar.days(days.first, days.last + DAY)]
    return pl.Series("edge", midnights, dtype=pl.Int64)


def flows(data: RunData, circuits: Sequence[Circuit], edges: pl.Series, metric: str = IMPORT) -> pl.DataFrame:
    """Return FLOW_SCHEMA of circuits between neighbouring edges (UTC ms, rising), sorted by subject and start."""
    subjects = [str(Subject(SubjectKind.CIRCUIT, circuit.id)) for circuit in circuits]
    wanted = (pl.col("metric") == metric) & pl.col("subject").is_in(subjects)
    meters = data.analyst.point_rows.filter(wanted)
    if meters.is_empty():
        return FLOW_SCHEMA.to_frame()
    readings = data.analyst.source.readings(
        data.registry.site.id,
        start_ms=int(edges[0]) - MARGIN_MS,
        end_ms=int(edges[-1]) + MARGIN_MS,
        metrics=[metric],
        devices=meters["device"].unique().to_list(),
    )
    registers = corrected(with_hold(readings, meters), limits=limits_of(data.registry, meters))
    amounts = registers.amounts(edges)
    placed = _placed(_total_or_phases(amounts), meters).join(_reach(readings), on="device")
    known = (pl.col("first_ms") <= pl.col("start_ms")) & (pl.col("end_ms") <= pl.col("last_ms") + pl.col("step_ms"))
    ratios = {str(Subject(SubjectKind.CIRCUIT, circuit.id)): circuit.ct_ratio for circuit in circuits}
    ratio = pl.col("subject").replace_strict(ratios, return_dtype=pl.Float64)
    return placed.select(
        "subject",
        "start_ms",
        kwh=pl.col("amount") * ratio,
        estimated_kwh=pl.col("estimated_amount") * ratio,
        known=known,
    ).sort("subject", "start_ms")


def summed(found: pl.DataFrame, members: int) -> pl.DataFrame:
    """Return FLOW_SCHEMA's figures by `start_ms`, added up over the circuits; known where all are."""
    return (
        found.group_by("start_ms")
        .agg(pl.sum("kwh", "estimated_kwh"), known=pl.col("known").all() & (pl.len() == members))
        .sort("start_ms")
    )


def _total_or_phases(amounts: pl.DataFrame) -> pl.DataFrame:
    """Return the amounts per device: of the total where the meter has one, else of its phases together."""
    has_total = (pl.col("phase") == "").any().over("device")
    return (
        amounts.filter((pl.col("phase") == "") | ~has_total)
        .group_by("device", "start_ms", "end_ms")
        .agg(pl.sum("amount", "estimated_amount"))
    )


def _placed(amounts: pl.DataFrame, meters: pl.DataFrame) -> pl.DataFrame:
    """Return the amounts with the circuit on which the meter was; of several meters at once the first, by id."""
    spans = meters.select("device", "subject", since_ms="start_ms", until_ms="end_ms").unique()
    there = (pl.col("since_ms") <= pl.col("start_ms")) & (pl.col("start_ms") < pl.col("until_ms"))
    return (
        amounts.join(spans, on="device")
        .filter(there)
        .sort("subject", "start_ms", "device")
        .unique(["subject", "start_ms"], keep="first", maintain_order=True)
    )


def _reach(readings: pl.DataFrame) -> pl.DataFrame:
    """Return the first and the last reading of each device, and its usual step."""
    return readings.group_by("device").agg(
        first_ms=pl.min("time_ms"),
        last_ms=pl.max("time_ms"),
        step_ms=pl.col("time_ms").unique().sort().diff().median().fill_null(0).cast(pl.Int64),
    )
