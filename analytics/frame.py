"""The frame that every rule stands in: what a run gives it, and how days become findings."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

import polars as pl

from analytics.calendar import DayKind, WorkCalendar
from analytics.features import Analyst
from analytics.room_days import subject_days
from sensors.bookings import BookingSource, NoBookings
from sensors.catalogue import CATALOGUE
from sensors.energy_terms import NO_FACTS, EnergyFacts
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Registry
from sensors.verdicts import Evidence, Finding, Severity, Verdict

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction done."""


CALENDAR = "site.calendar"
"""What is missing where the calendar has ended."""


class Thresholds(Protocol):
    """Gives a rule's parameters."""

    def value(self, rule: str, parameter: str) -> float:
        """Return the parameter in the unit that its name says."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogueThresholds:
    """The defaults of the catalogue."""

    def value(self, rule: str, parameter: str) -> float:
        """Return the catalogue's default."""
        return CATALOGUE[rule].parameter(parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days to be judged, first to last, both inclusive, and the instant at which they are judged.

    A day that has not ended by `now_ms` is judged by no rule that needs a whole day.
    """

    first: date
    last: date
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """What a rule reads. `features` and `days` reach back before the window as far as any rule looks."""

    registry: Registry
    calendar: WorkCalendar
    analyst: Analyst
    window: Window
    features: pl.DataFrame
    days: pl.DataFrame
    thresholds: Thresholds = field(default_factory=CatalogueThresholds)
    bookings: BookingSource = field(default_factory=NoBookings)
    energy: EnergyFacts = NO_FACTS
    last_year: "RunData | None" = None
    """The same with the features and days of the same season a year before, where there were readings then and a rule
    that was asked compares with them (analytics.rules.SEASON_RULES)."""
    _by_feature: dict[str, pl.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    def has_points(self, subject: Subject, metrics: Collection[str]) -> bool:
        """Say whether any device at the subject measures one of these metrics."""
        place = str(subject)
        return not self.analyst.measured.isdisjoint([(place, metric) for metric in metrics])

    def daily(self, subjects: Collection[Subject], names: Collection[str]) -> pl.DataFrame:
        """Return one row per subject and whole day with the features as columns (null where unknown).

        Columns: `subject`, those of WorkCalendar.day_frame, the features; sorted by subject and day.
        """
        return self._daily(subjects, names, self.days.filter(pl.col("end_ms") <= self.window.now_ms))

    def daily_so_far(self, subjects: Collection[Subject], names: Collection[str]) -> pl.DataFrame:
        """Return what `daily` does, with the day that is still going on."""
        return self._daily(subjects, names, self.days.filter(pl.col("start_ms") < self.window.now_ms))

    def daily_in_window(self, subjects: Collection[Subject], names: Collection[str]) -> pl.DataFrame:
        """Return what `daily_so_far` does, of the days to be judged alone."""
        begun = self.days.filter((pl.col("start_ms") < self.window.now_ms) & self.in_window())
        return self._daily(subjects, names, begun)

    def _daily(self, subjects: Collection[Subject], names: Collection[str], days: pl.DataFrame) -> pl.DataFrame:
        ids = pl.DataFrame({"subject": sorted(str(subject) for subject in subjects)}, schema={"subject": pl.String})
        dense = subject_days(self.registry, self.calendar, ids, days)
        places = ids.with_row_index("row"), days.select("day").with_row_index("column")
        # where each value belongs is known by counting: to join and sort so many texts took several times as long
        return dense.with_columns(self._placed(name, *places) for name in names)

    def _placed(self, name: str, subjects: pl.DataFrame, days: pl.DataFrame) -> pl.Series:
        """Return a feature of each subject and day, day by day within a subject, null where unknown."""
        found = self._of_feature(name).join(subjects, on="subject").join(days, on="day")
        at = found.select(pl.col("row").cast(pl.Int64) * days.height + pl.col("column")).to_series()
        return (
            pl.repeat(None, subjects.height * days.height, dtype=pl.Float64, eager=True)
            .scatter(at, found["value"])
            .alias(name)
        )

    def _of_feature(self, name: str) -> pl.DataFrame:
        """Return the rows of `features` with this name: parted once, for all rules look for some of them."""
        if not self._by_feature and self.features.height:
            parts = self.features.partition_by("feature", as_dict=True)
            self._by_feature.update({str(name): rows for (name,), rows in parts.items()})
        return self._by_feature.get(name, self.features.clear())

    def in_window(self) -> pl.Expr:
        """Return the condition that a row's `day` is one of the days to be judged."""
        return pl.col("day").is_between(self.window.first, self.window.last)


def is_workday() -> pl.Expr:
    """Return the condition that a day of the calendar is worked."""
    return pl.col("kind") == DayKind.WORKDAY


def calendar_known() -> pl.Expr:
    """Return the condition that the calendar reaches to this day."""
    return pl.col("kind") != DayKind.UNKNOWN


def verdict(*, known: pl.Expr, fault: pl.Expr) -> pl.Expr:
    """Return the verdict of each row: INSUFFICIENT_DATA where it is not known, else FAULT or PASS."""
    told = pl.when(fault).then(pl.lit(Verdict.FAULT.value)).otherwise(pl.lit(Verdict.PASS.value))
    return pl.when(known).then(told).otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value))


TOLERANCE = 1e-9
"""Relative: a value on a limit is on it, however its last bits fell."""


def above(column: str, limit: float) -> pl.Expr:
    """Return the condition that a column exceeds a limit, and not only by rounding."""
    return pl.col(column) > limit + TOLERANCE * abs(limit)


def below(column: str, limit: float) -> pl.Expr:
    """Return the condition that a column falls short of a limit, and not only by rounding."""
    return pl.col(column) < limit - TOLERANCE * abs(limit)


def quotient(numerator: str, denominator: str) -> pl.Expr:
    """Return one column ÷ another, null where that has no value."""
    return pl.when(pl.col(denominator) != 0).then(pl.col(numerator) / pl.col(denominator))


def latched(*, faulty: pl.Expr, clear: pl.Expr, within: str = "subject") -> pl.Expr:
    """Return hysteresis over the rows of a subject: on at `faulty`, off at `clear`, between them as it was."""
    edge = pl.when(faulty).then(statement=True).when(clear).then(statement=False)
    return edge.forward_fill().over(within).fill_null(value=False)


def confirmed(frame: pl.DataFrame, *, faulty: str, days: int) -> pl.DataFrame:
    """Return the frame with the boolean column `held`: on from `days` faulty rows in a row, off from as many good ones.

    The rows of a subject in which `faulty` is null are passed over. The first row of a run is counted in.
    """
    judged = frame.drop_nulls(faulty)
    change = (pl.col(faulty) != pl.col(faulty).shift()) | (pl.col("subject") != pl.col("subject").shift())
    runs = judged.with_columns(run=change.fill_null(value=True).cum_sum())
    long_run = pl.len().over("run") >= days
    held = latched(faulty=pl.col(faulty) & long_run, clear=~pl.col(faulty) & long_run)
    states = runs.with_columns(held=held).select("subject", "day", "held")
    return frame.join(states, on=["subject", "day"], how="left").sort("subject", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVerdicts:
    """How a rule words its findings from a frame of subject-days.

    The frame has `subject`, `day`, `state` (a Verdict) and `value`, sorted by subject and day. Where it has a column
    `lacks`, that says what is missing on a day, else `missing` does. The value and the columns named in `evidence` are
    taken over from the last day of the period on which the value is known: the night of its newest day may be to come.
    `lead_days` is how far before its first faulty day a finding reaches back: the window that was judged on that day,
    as far as there were readings.
    """

    rule: str
    threshold: float
    unit: str
    missing: str
    severity: Severity
    evidence: tuple[str, ...] = ()
    lead_days: int = 0

    def findings(self, frame: pl.DataFrame, data: RunData, of_workdays: Collection[Subject] = ()) -> list[Finding]:
        """Return a finding per unbroken period of fault, and for other subjects their last verdict.

        Of the subjects `of_workdays` nothing is known on days that the calendar does not reach: it is what is missing.
        """
        if "lacks" not in frame.columns:
            frame = frame.with_columns(lacks=pl.lit(self.missing))
        frame = _beyond_calendar(frame, data, of_workdays)
        change = (pl.col("state") != pl.col("state").shift()) | (pl.col("subject") != pl.col("subject").shift())
        runs = (
            frame.with_columns(run=change.fill_null(value=True).cum_sum())
            .group_by("run", maintain_order=True)
            .agg(
                pl.first("subject", "state"),
                pl.first("day").alias("first_day"),
                pl.last("day").alias("last_day"),
                pl.last("lacks"),
                *(_where_known(name) for name in ("value", *self.evidence)),
            )
        )
        latest = pl.col("run") == pl.col("run").max().over("subject")
        told = runs.filter((pl.col("state") == Verdict.FAULT) | latest)
        known: date | None = data.features.select(pl.min("day")).item()
        return [self._finding(row, data, known) for row in told.iter_rows(named=True)]

    def _finding(self, row: Mapping[str, object], data: RunData, known: date | None) -> Finding:
        first, last, verdict = row["first_day"], row["last_day"], Verdict(str(row["state"]))
        assert isinstance(first, date)  # noqa: S101 - what the frame's schema says, for the type checker
        assert isinstance(last, date)  # noqa: S101
        value = row["value"]
        insufficient = verdict is Verdict.INSUFFICIENT_DATA
        return Finding(
            rule=self.rule,
            subject=Subject.parse(str(row["subject"])),
            verdict=verdict,
            start=day_start(data.calendar, self._reach(first, known)),
            end=day_start(data.calendar, last + timedelta(days=1)),
            value=round(float(value), 3) if isinstance(value, int | float) else None,
            threshold=self.threshold,
            unit=self.unit,
            severity=self.severity if verdict is Verdict.FAULT else None,
            missing=(str(row["lacks"]),) if insufficient else (),
            evidence={name: evidence_value(row[name]) for name in self.evidence},
        )

    def _reach(self, first: date, known: date | None) -> date:
        return min(first, max(first - timedelta(days=self.lead_days), known or first))


def _where_known(name: str) -> pl.Expr:
    """Return a column on the last day of a period on which the value is known, on its last day where it never is."""
    known = pl.col("value").is_not_null()
    return pl.when(known.any()).then(pl.col(name).filter(known).last()).otherwise(pl.last(name)).alias(name)


def _beyond_calendar(frame: pl.DataFrame, data: RunData, subjects: Collection[Subject]) -> pl.DataFrame:
    """Return the frame with a row that lacks the calendar for each subject and day beyond its end."""
    ended = data.days.filter(~calendar_known() & data.in_window() & (pl.col("end_ms") <= data.window.now_ms))
    if ended.is_empty() or not subjects:
        return frame
    told = {"state": pl.lit(Verdict.INSUFFICIENT_DATA.value), "lacks": pl.lit(CALENDAR)}
    ids = pl.DataFrame({"subject": [str(subject) for subject in subjects]})
    rows = ids.join(ended.select("day"), how="cross").with_columns(**told)
    known = frame.join(rows, on=["subject", "day"], how="anti")
    return pl.concat([known, rows], how="diagonal_relaxed").sort("subject", "day")


def not_applicable(data: RunData, rule: str, subject: Subject, *missing: str) -> Finding:
    """Return the verdict that a rule cannot be asked of this subject, naming what is missing."""
    return Finding(
        rule=rule,
        subject=subject,
        verdict=Verdict.NOT_APPLICABLE,
        start=day_start(data.calendar, data.window.first),
        end=day_start(data.calendar, data.window.last + timedelta(days=1)),
        missing=missing,
    )


def evidence_value(value: object) -> float | int | str | None:
    """Return a cell of a frame as evidence: numbers rounded to what a person reads, dates in ISO form."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, int | str) or value is None:
        return value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def by_subject(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the rows of each subject, in their order."""
    groups = frame.partition_by("subject", as_dict=True, maintain_order=True)
    return {str(subject): rows for (subject,), rows in groups.items()}


def total(frame: pl.DataFrame, column: str) -> float:
    """Return the sum of a column, 0.0 where it has no value."""
    values: list[float | None] = frame[column].to_list()
    return float(sum(value for value in values if value is not None))


def day_start(calendar: WorkCalendar, day: date) -> datetime:
    """Return the aware UTC instant at which a local day begins."""
    return _instant(calendar.midnight_ms(day))


@lru_cache(maxsize=4096)
def _instant(time_ms: int) -> datetime:
    """Return `from_epoch_ms`, made once: tens of thousands of findings begin and end at the same few midnights."""
    return from_epoch_ms(time_ms)


@lru_cache(maxsize=65_536)
def room_subject(room: str) -> Subject:
    """Return the subject of a room, made once: each rule asks for it, and for the numbers by it."""
    return Subject(SubjectKind.ROOM, room)


def evidence(**values: float | str | None) -> Evidence:
    """Return evidence from keyword arguments, floats rounded."""
    return {name: evidence_value(value) for name, value in values.items()}
