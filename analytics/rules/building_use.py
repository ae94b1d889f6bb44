"""S06: buildings in which far fewer people are than are meant to work there."""

import polars as pl

from analytics.frame import (
    CALENDAR,
    DayVerdicts,
    RunData,
    below,
    calendar_known,
    is_workday,
    latched,
    not_applicable,
)
from analytics.head_counts import PEOPLE
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building
from sensors.verdicts import Finding, Severity, Verdict

RULE = "S06"
HEADCOUNT = "building.headcount"
ENOUGH = f"{PEOPLE} of the building, or of enough of its rooms"
FEATURES = ("people_low", "people_high")


def low_building_use(data: RunData) -> list[Finding]:
    """Return the verdict about each building: the mean of the workdays' peak numbers of people ÷ its headcount.

    Rooms without a counter leave a range: it is a fault when even the most that may have been there are too few, and a
    pass when the least that were there are enough. A finding's value is that bound.
    """
    buildings = {Subject(SubjectKind.BUILDING, each.id): each for each in data.registry.buildings.values()}
    lacking = {subject: tuple(_lacking(data, subject, building)) for subject, building in buildings.items()}
    judged = {subject: building for subject, building in buildings.items() if not lacking[subject]}
    refused = [not_applicable(data, RULE, subject, *missing) for subject, missing in lacking.items() if missing]
    return refused + _words(data).findings(_states(data, judged), data)


def _lacking(data: RunData, subject: Subject, building: Building) -> list[str]:
    rooms = [
        Subject(SubjectKind.ROOM, room.id) for room in data.registry.rooms.values() if room.building == building.id
    ]
    watched = data.has_points(subject, (PEOPLE,)) or any(data.has_points(room, OCCUPANCY_METRICS) for room in rooms)
    return [*([] if building.headcount else [HEADCOUNT]), *([] if watched else [PEOPLE])]


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "utilisation_pct"),
        unit="%",
        missing=ENOUGH,
        severity=Severity.YELLOW,
        evidence=("peak_at_least", "peak_at_most", "headcount", "workdays_known", "counted_by"),
        lead_days=int(data.thresholds.value(RULE, "window_days")) - 1,
    )


def _states(data: RunData, judged: dict[Subject, Building]) -> pl.DataFrame:
    value = data.thresholds.value
    days = int(value(RULE, "window_days"))
    limit = value(RULE, "utilisation_pct")
    means = _means(data, judged, days).with_columns(
        least_pct=100 * pl.col("peak_at_least") / pl.col("headcount"),
        most_pct=100 * pl.col("peak_at_most") / pl.col("headcount"),
    )
    known = pl.col("workdays_known") >= pl.col("workdays") * value(RULE, "coverage_pct") / 100
    reached = pl.col("calendar_days") == days
    enough = (known & reached & (pl.col("workdays") > 0)).fill_null(value=False)
    low = (enough & below("most_pct", limit)).fill_null(value=False)
    clear = (enough & ~below("most_pct", limit + value(RULE, "clear_margin_points"))).fill_null(value=False)
    told = means.with_columns(held=latched(faulty=low, clear=clear))
    busy = (enough & ~below("least_pct", limit)).fill_null(value=False)
    state = (
        pl.when(pl.col("held") & enough)
        .then(pl.lit(Verdict.FAULT.value))
        .when(busy)
        .then(pl.lit(Verdict.PASS.value))
        .otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value))
    )
    shown = pl.when(state == Verdict.FAULT.value).then("most_pct").otherwise("least_pct")
    lacks = pl.when(reached).then(pl.lit(ENOUGH)).otherwise(pl.lit(CALENDAR))
    return told.with_columns(state=state, value=shown, lacks=lacks).filter(data.in_window())


def _means(data: RunData, judged: dict[Subject, Building], days: int) -> pl.DataFrame:
    """Return per building and day the mean peaks of the workdays known in the window that ends with it."""
    rows = [
        (str(subject), building.headcount, "building" if data.has_points(subject, (PEOPLE,)) else "rooms")
        for subject, building in judged.items()
    ]
    schema = {"subject": pl.String, "headcount": pl.Int64, "counted_by": pl.String}
    worked = is_workday()
    known = worked & pl.col("people_low").is_not_null()
    bounded = known & pl.col("people_high").is_not_null()
    return (
        data.daily(judged, FEATURES)
        .join(pl.DataFrame(rows, schema=schema, orient="row"), on="subject", how="left")
        .sort("subject", "day")
        .with_columns(
            calendar_days=_moving(calendar_known(), days),
            workdays=_moving(worked, days),
            workdays_known=_moving(known, days),
            unbounded=_moving(known & ~bounded, days),
            low_sum=_moving(pl.when(known).then("people_low"), days),
            high_sum=_moving(pl.when(bounded).then("people_high"), days),
        )
        .with_columns(
            peak_at_least=pl.when(pl.col("workdays_known") > 0).then(pl.col("low_sum") / pl.col("workdays_known")),
            peak_at_most=pl.when((pl.col("workdays_known") > 0) & (pl.col("unbounded") == 0)).then(
                pl.col("high_sum") / pl.col("workdays_known")
            ),
        )
    )


def _moving(column: pl.Expr, days: int) -> pl.Expr:
    return column.cast(pl.Float64).fill_null(0.0).rolling_sum(window_size=days, min_samples=1).over("subject")
