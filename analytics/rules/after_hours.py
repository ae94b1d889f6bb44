"""E04: a building that uses more outside its working hours than it did in the same season of last year."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from analytics.frame import (
    CALENDAR,
    DayVerdicts,
    RunData,
    Window,
    above,
    calendar_known,
    is_workday,
    not_applicable,
    quotient,
    verdict,
)
from analytics.net_load import AFTER_HOURS, AT_NIGHT, WORK, by_day
from analytics.rules.base_load import METER_METRICS, mains, pv_circuits
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building
from sensors.verdicts import Finding, Severity

RULE = "E04"
WINDOW_DAYS = 28
"""The use of so many days is compared: four whole weeks, as verification looks at. The project's own choice."""
YEAR_DAYS = 364
"""52 weeks: the same days of the week."""
SEASON_MARGIN_DAYS = 14
"""The season of last year reaches so far beyond the same weeks, so that weather and holidays weigh less. Our choice."""
LAST_YEAR = "the same season last year"
PARTS = {"after": AFTER_HOURS, "work": WORK, "night": AT_NIGHT}
SUMS = ("after_kwh", "after_h", "work_kwh", "work_h", "workdays_known")


def after_hours(data: RunData) -> list[Finding]:
    """Return the verdict about each building: (outside ÷ inside working hours) ÷ the same last year − 1, in %.

    Both are load (import + PV − export) per hour, over WINDOW_DAYS now and those of last year with a margin. Days
    count whose meters are known well enough; while people of the building work overtime, what it uses at night counts.
    """
    judged, refused = [], []
    for building in data.registry.buildings.values():
        subject = Subject(SubjectKind.BUILDING, building.id)
        lacking = tuple(_lacking(data, building))
        if lacking:
            refused.append(not_applicable(data, RULE, subject, *lacking))
        else:
            judged.append(_states(data, building).with_columns(subject=pl.lit(str(subject))))
    if not judged:
        return refused
    return refused + _words(data).findings(pl.concat(judged).sort("subject", "day"), data)


def season_of_last_year(window: Window) -> tuple[date, date]:
    """Return the first and the last day of last year that the days of the window are compared with."""
    before = timedelta(days=YEAR_DAYS + WINDOW_DAYS - 1 + SEASON_MARGIN_DAYS)
    return window.first - before, window.last - timedelta(days=YEAR_DAYS - SEASON_MARGIN_DAYS)


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "rise_pct"),
        unit="%",
        missing=LAST_YEAR,
        severity=Severity.YELLOW,
        evidence=("after_hours_w", "work_w", "after_hours_ratio", "last_year_ratio", "workdays_known"),
        lead_days=WINDOW_DAYS - 1,
    )


def _lacking(data: RunData, building: Building) -> Iterable[str]:
    supplies = mains(data.registry, building)
    if not supplies:
        yield "circuit of item total"
    for circuit in (*supplies, *pv_circuits(data.registry, building)):
        if not data.has_points(Subject(SubjectKind.CIRCUIT, circuit.id), (*METER_METRICS, "energy_export_kwh")):
            yield f"meter on circuit {circuit.id}"


def _states(data: RunData, building: Building) -> pl.DataFrame:
    minimum = data.thresholds.value(RULE, "minimum_workdays")
    limit = data.thresholds.value(RULE, "rise_pct")
    now = _moving(_days(data, building), count=WINDOW_DAYS, minimum=minimum)
    frame = now.join(_reference(data, building, minimum), on="day", how="left").with_columns(
        value=100 * (quotient("after_hours_ratio", "last_year_ratio") - 1),
        lacks=pl.when(~calendar_known())
        .then(pl.lit(CALENDAR))
        .when(pl.col("workdays_known") < minimum)
        .then(pl.lit(f"{minimum:.0f} workdays of {'|'.join(METER_METRICS)}"))
        .otherwise(pl.lit(LAST_YEAR)),
    )
    state = verdict(known=pl.col("value").is_not_null() & calendar_known(), fault=above("value", limit))
    return frame.with_columns(state=state).filter(data.in_window())


def _reference(data: RunData, building: Building, minimum: float) -> pl.DataFrame:
    """Return per day `last_year_ratio`, of the season round the same weeks of last year; null where too little."""
    if data.last_year is None:
        return data.days.select("day", last_year_ratio=pl.lit(None, dtype=pl.Float64))
    count = WINDOW_DAYS + 2 * SEASON_MARGIN_DAYS
    season = _moving(_days(data.last_year, building), count=count, minimum=minimum)
    same_day = pl.col("day").dt.offset_by(f"{YEAR_DAYS - SEASON_MARGIN_DAYS}d")
    return season.select(same_day, last_year_ratio="after_hours_ratio")


def _moving(days: pl.DataFrame, *, count: int, minimum: float) -> pl.DataFrame:
    """Return the days with the ratio of the days that end with each; null with fewer known workdays than needed."""
    sums = [pl.col(name).fill_null(0.0).rolling_sum(count, min_samples=1) for name in SUMS]
    enough = pl.col("workdays_known") >= minimum
    return (
        days.sort("day")
        .with_columns(sums)
        .with_columns(
            after_hours_w=1000 * quotient("after_kwh", "after_h"), work_w=1000 * quotient("work_kwh", "work_h")
        )
        .with_columns(
            after_hours_ratio=pl.when(enough & (pl.col("work_w") > 0)).then(quotient("after_hours_w", "work_w"))
        )
    )


def _days(data: RunData, building: Building) -> pl.DataFrame:
    """Return per day the energy and the hours outside and inside working hours; null where not known well enough.

    In overtime of people of the building it counts outside working hours what it does at night.
    """
    supplies, panels = mains(data.registry, building), pv_circuits(data.registry, building)
    share = data.thresholds.value(RULE, "coverage_pct") / 100
    supplied = by_day(data, supplies, **{f"{name}_w": part.net_w(share) for name, part in PARTS.items()})
    generated = by_day(data, panels, **{f"{name}_w_pv": part.made_w(share) for name, part in PARTS.items()})
    overtime = by_day(data, supplies[:1], overtime_h=pl.col("overtime_h"))
    joined = data.days.join(supplied, on="day").join(generated, on="day").join(overtime, on="day")
    load = {name: pl.col(f"{name}_w") + pl.col(f"{name}_w_pv") for name in PARTS}
    outside_h, overtime_h = pl.col("day_h") - pl.col("work_h"), pl.col("overtime_h")
    at_rest = pl.when(overtime_h > 0).then(overtime_h * load["night"]).otherwise(0.0)
    energy = {
        "after_kwh": (load["after"] * (outside_h - overtime_h) + at_rest) / 1000,
        "work_kwh": load["work"] * pl.col("work_h") / 1000,
    }
    hours = {"after_h": outside_h, "work_h": pl.col("work_h")}
    known = {name: pl.when(energy[name.replace("_h", "_kwh")].is_not_null()).then(due) for name, due in hours.items()}
    worked = is_workday() & pl.all_horizontal(each.is_not_null() for each in energy.values())
    return joined.select("day", "kind", **energy, **known, workdays_known=worked.cast(pl.Float64))
