"""What circuits took net of what they gave back, and what PV made: known only where every register of theirs is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.energy_history import flows
from analytics.frame import TOLERANCE, RunData
from analytics.overtime import NIGHT_H, due_hours
from analytics.power import EXPORT, IMPORT, POWER
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Circuit

TAKES, GIVES = "takes", "gives"
"""Columns: whether the circuit had a meter on that day that counts what it takes, or what it gives back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPart:
    """A part of the day in the features: what was taken and given, kWh, the hours behind each, and those it has."""

    taken_kwh: pl.Expr
    taken_h: pl.Expr
    given_kwh: pl.Expr
    given_h: pl.Expr
    due_h: pl.Expr

    def without(self, other: "DayPart") -> "DayPart":
        """Return what is left of this part without another."""
        return DayPart(
            taken_kwh=self.taken_kwh - other.taken_kwh,
            taken_h=self.taken_h - other.taken_h,
            given_kwh=self.given_kwh - other.given_kwh,
            given_h=self.given_h - other.given_h,
            due_h=self.due_h - other.due_h,
        )

    def taken_w(self, share: float) -> pl.Expr:
        """Return the mean power taken, W; null where less than this share of the hours is known."""
        return _where_known(1000 * self.taken_kwh / self.taken_h, self.taken_h, self.due_h, share)

    def given_w(self, share: float) -> pl.Expr:
        """Return the mean power given back, W; null where less than this share of the hours is known."""
        return _where_known(1000 * self.given_kwh / self.given_h, self.given_h, self.due_h, share)

    def net_w(self, share: float) -> pl.Expr:
        """Return the mean power taken less that given back, W."""
        return net(self.taken_w(share), self.given_w(share))

    def made_w(self, share: float) -> pl.Expr:
        """Return the mean power that PV made, W."""
        return made(self.taken_w(share), self.given_w(share))


WORK = DayPart(
    taken_kwh=pl.col("work_kwh"),
    taken_h=pl.col("work_measured_h"),
    given_kwh=pl.col("export_work_kwh"),
    given_h=pl.col("export_work_measured_h"),
    due_h=pl.col("work_h"),
)
AT_NIGHT = DayPart(
    taken_kwh=pl.col("night_kwh"),
    taken_h=pl.col("night_measured_h"),
    given_kwh=pl.col("export_night_kwh"),
    given_h=pl.col("export_night_measured_h"),
    due_h=pl.col("night_h"),
)
OVERTIME = DayPart(
    taken_kwh=pl.col("overtime_kwh"),
    taken_h=pl.col("overtime_measured_h"),
    given_kwh=pl.col("export_overtime_kwh"),
    given_h=pl.col("export_overtime_measured_h"),
    due_h=pl.col("overtime_h"),
)
"""Overtime of some room of the building, outside its working hours: neither these nor waste."""
ALL_DAY = DayPart(
    taken_kwh=pl.col("measured_kwh"),
    taken_h=pl.col("measured_h"),
    given_kwh=pl.col("export_measured_kwh"),
    given_h=pl.col("export_measured_h"),
    due_h=pl.col("day_h"),
)
AFTER_HOURS = ALL_DAY.without(WORK).without(OVERTIME)
FEATURES = (
    *("work_kwh", "work_measured_h", "export_work_kwh", "export_work_measured_h"),
    *("overtime_kwh", "overtime_measured_h", "export_overtime_kwh", "export_overtime_measured_h"),
    *("night_kwh", "night_measured_h", "export_night_kwh", "export_night_measured_h"),
    *("measured_kwh", "measured_h", "export_measured_kwh", "export_measured_h"),
    *("energy_kwh", "export_kwh"),
)


def day_kwh(share: float) -> tuple[pl.Expr, pl.Expr]:
    """Return what was taken and given in a day, kWh, with what was spread over short gaps; null where too little is."""
    taken = _where_known(pl.col("energy_kwh"), ALL_DAY.taken_h, ALL_DAY.due_h, share)
    return taken, _where_known(pl.col("export_kwh"), ALL_DAY.given_h, ALL_DAY.due_h, share)


def net(taken: pl.Expr, given: pl.Expr) -> pl.Expr:
    """Return what was taken less what was given back; what no meter counts as given was none."""
    return taken - pl.when(GIVES).then(given).otherwise(0.0)


def made(taken: pl.Expr, given: pl.Expr) -> pl.Expr:
    """Return what PV made: its meter counts it as given or, wired about, as taken."""
    both = pl.when(taken.is_not_null() & given.is_not_null()).then(pl.max_horizontal(taken, given))
    told = pl.when(pl.col(TAKES) & pl.col(GIVES)).then(both)
    return told.when(TAKES).then(taken).when(GIVES).then(given)


def by_day(data: RunData, circuits: Sequence[Circuit], **columns: pl.Expr) -> pl.DataFrame:
    """Return `day` and the columns, of FEATURES, TAKES and GIVES, added up over the circuits; null where one is."""
    if not circuits:
        return data.days.select("day", *(pl.lit(0.0).alias(name) for name in columns))
    daily = data.daily([Subject(SubjectKind.CIRCUIT, circuit.id) for circuit in circuits], FEATURES)
    told = _with_due_hours(data, _with_registers(data, daily, [IMPORT, POWER])).with_columns(**columns)
    complete = [pl.when(pl.col(name).count() == len(circuits)).then(pl.col(name).sum()).alias(name) for name in columns]
    return data.days.select("day").join(told.group_by("day").agg(complete), on="day", how="left")


def by_hour(data: RunData, supplies: Sequence[Circuit], panels: Sequence[Circuit], edges: pl.Series) -> pl.DataFrame:
    """Return `start_ms` and `kwh`, import + PV − export between neighbouring edges, where all of it was measured."""
    parts = [
        _flowed(data, circuits, edges, kwh)
        for circuits, kwh in (
            (supplies, net(pl.col("taken"), pl.col("given"))),
            (panels, made(pl.col("taken"), pl.col("given"))),
        )
        if circuits
    ]
    found = pl.concat(parts).group_by("start_ms").agg(pl.sum("kwh"), circuits=pl.count("kwh"))
    return found.filter(pl.col("circuits") == len(supplies) + len(panels)).select("start_ms", "kwh")


def _flowed(data: RunData, circuits: Sequence[Circuit], edges: pl.Series, kwh: pl.Expr) -> pl.DataFrame:
    hours = pl.DataFrame({"start_ms": edges[:-1], "end_ms": edges[1:]})
    subjects = pl.DataFrame({"subject": [str(Subject(SubjectKind.CIRCUIT, circuit.id)) for circuit in circuits]})
    told = _with_registers(data, subjects.join(hours, how="cross"), [IMPORT])
    for column, metric in (("taken", IMPORT), ("given", EXPORT)):
        flow = flows(data, circuits, edges, metric).filter(pl.col("known") & (pl.col("estimated_kwh") <= 0))
        told = told.join(
            flow.select("subject", "start_ms", pl.col("kwh").alias(column)), on=["subject", "start_ms"], how="left"
        )
    return told.select("start_ms", kwh=kwh)


def _with_registers(data: RunData, daily: pl.DataFrame, counts_taken: Collection[str]) -> pl.DataFrame:
    """Return the days with TAKES and GIVES, by where the meters were on each."""
    for column, metrics in ((TAKES, counts_taken), (GIVES, [EXPORT])):
        there = data.analyst.point_rows.filter(pl.col("metric").is_in(metrics))
        spans = there.select("subject", since_ms="start_ms", until_ms="end_ms").unique()
        met = daily.select("subject", "start_ms", "end_ms").join(spans, on="subject")
        overlaps = met.filter(pl.col("since_ms") < pl.col("end_ms"), pl.col("start_ms") < pl.col("until_ms"))
        flags = overlaps.select("subject", "start_ms").unique().with_columns(pl.lit(value=True).alias(column))
        daily = daily.join(flags, on=["subject", "start_ms"], how="left").with_columns(
            pl.col(column).fill_null(value=False)
        )
    return daily


def _with_due_hours(data: RunData, daily: pl.DataFrame) -> pl.DataFrame:
    """Return the days with `overtime_h` and `night_h`, the hours that OVERTIME and AT_NIGHT have in the building."""
    days = data.days["day"].to_list()
    due = due_hours(data.analyst.overtime.circuits(data.registry, data.calendar, days), data.calendar, days)
    return daily.join(due, on=["subject", "day"], how="left").with_columns(
        pl.col("overtime_h").fill_null(0.0), pl.col("night_h").fill_null(NIGHT_H)
    )


def _where_known(value: pl.Expr, known_h: pl.Expr, due_h: pl.Expr, share: float) -> pl.Expr:
    return pl.when((known_h > 0) & (known_h >= due_h * share * (1 - TOLERANCE))).then(value)
