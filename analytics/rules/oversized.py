"""S05: rooms that are far larger than the groups that use them."""

import polars as pl

from analytics.frame import (
    CALENDAR,
    DayVerdicts,
    RunData,
    below,
    calendar_known,
    latched,
    not_applicable,
    quotient,
    room_subject,
    verdict,
)
from analytics.head_counts import COUNTED_ROOMS, PEOPLE, USES_OF
from sensors.subjects import Subject
from sensors.topology import Room
from sensors.verdicts import Finding, Severity

RULE = "S05"
CAPACITY = "room.capacity"
FEATURES = ("count_known_h",)


def oversized(data: RunData) -> list[Finding]:
    """Return the verdict about each office and service room: the median of its uses' largest numbers ÷ its capacity.

    A meeting is a use; in any other room people come and go, and a day is one.
    """
    rooms = {
        room_subject(room.id): room
        for room in data.registry.rooms.values()
        if room.category in COUNTED_ROOMS and not room.restricted
    }
    lacking = {subject: tuple(_lacking(data, subject, room)) for subject, room in rooms.items()}
    judged = {subject: room for subject, room in rooms.items() if not lacking[subject]}
    refused = [not_applicable(data, RULE, subject, *missing) for subject, missing in lacking.items() if missing]
    return refused + _words(data).findings(_states(data, judged), data)


def _lacking(data: RunData, subject: Subject, room: Room) -> list[str]:
    return [
        *([] if data.has_points(subject, (PEOPLE,)) else [PEOPLE]),
        *([] if room.capacity else [CAPACITY]),
    ]


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "fill_ratio"),
        unit="ratio",
        missing=PEOPLE,
        severity=Severity.BLUE,
        evidence=("uses", "median_people", "capacity", "coverage_pct"),
        lead_days=int(data.thresholds.value(RULE, "window_days")) - 1,
    )


def _states(data: RunData, judged: dict[Subject, Room]) -> pl.DataFrame:
    value = data.thresholds.value
    days = int(value(RULE, "window_days"))
    daily = data.daily(judged, FEATURES)
    seats = pl.DataFrame(
        [(str(subject), room.capacity) for subject, room in judged.items()],
        schema={"subject": pl.String, "capacity": pl.Int64},
        orient="row",
    )
    known = daily.with_columns(reached=calendar_known().cast(pl.Float64)).with_columns(
        pl.col(name).fill_null(0.0).rolling_sum(window_size=days, min_samples=1).over("subject")
        for name in ("count_known_h", "work_h", "reached")
    )
    told = (
        known.join(_medians(data, daily, days, judged), on=["subject", "day"], how="left")
        .join(seats, on="subject", how="left")
        .with_columns(
            value=quotient("median_people", "capacity"), coverage_pct=100 * quotient("count_known_h", "work_h")
        )
        .sort("subject", "day")
    )
    covered = ~below("coverage_pct", value(RULE, "coverage_pct"))
    reached = pl.col("reached") == days
    enough = (covered & reached & (pl.col("uses") >= value(RULE, "least_uses"))).fill_null(value=False)
    limit = value(RULE, "fill_ratio")
    clear = enough & ~below("value", limit + value(RULE, "clear_margin_ratio"))
    held = latched(faulty=enough & below("value", limit), clear=clear)
    lacks = pl.when(reached).then(pl.lit(PEOPLE)).otherwise(pl.lit(CALENDAR))
    return told.with_columns(state=verdict(known=enough, fault=held), lacks=lacks).filter(data.in_window())


def _medians(data: RunData, daily: pl.DataFrame, days: int, judged: dict[Subject, Room]) -> pl.DataFrame:
    """Return per room and day `uses` and `median_people` over the days that end with it."""
    uses = (
        data.features.filter(pl.col("feature").str.starts_with(USES_OF))
        .join(daily.select("subject", "day"), on=["subject", "day"], how="semi")
        .with_columns(people=pl.col("feature").str.strip_prefix(USES_OF).cast(pl.Float64))
        .select("subject", "day", pl.col("people").repeat_by(pl.col("value").cast(pl.UInt32)))
        .explode("people")
    )
    meets = pl.col("subject").is_in([str(subject) for subject, room in judged.items() if room.is_meeting_room])
    by_day = uses.filter(~meets).group_by("subject", "day").agg(pl.max("people"))
    # a row for each day keeps the window moving where nobody came
    rows = pl.concat(
        [uses.filter(meets), by_day, daily.select("subject", "day", people=pl.lit(None, dtype=pl.Float64))]
    ).sort("subject", "day")
    window = f"{days}d"
    people = pl.col("people")
    counted = people.is_not_null().cast(pl.Int64)
    return (
        rows.with_columns(
            uses=counted.rolling_sum_by("day", window).over("subject"),
            median_people=people.rolling_median_by("day", window, min_samples=1).over("subject"),
        )
        .group_by("subject", "day")
        .agg(pl.last("uses", "median_people"))
    )
