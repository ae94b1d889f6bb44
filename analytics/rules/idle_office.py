"""S01: an office that nobody uses."""

from collections.abc import Set as AbstractSet
from datetime import date

import polars as pl

from analytics.frame import DayVerdicts, RunData, is_workday, not_applicable, room_subject, verdict
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.subjects import Subject
from sensors.topology import Room, RoomCategory
from sensors.verdicts import Finding, Severity

RULE = "S01"
FEATURES = ("known_h", "long_presence_h")


def idle_office(data: RunData) -> list[Finding]:
    """Return the verdict about each office: hardly any day with real presence among the last workdays.

    Presence counts in unbroken spells outside cleaning hours; days on which every holder is absent are left out.
    """
    offices = {
        room_subject(room.id): room
        for room in data.registry.rooms.values()
        if room.category is RoomCategory.OFFICE and not room.restricted and not room.is_meeting_room
    }
    sensed = {subject for subject in offices if data.has_points(subject, OCCUPANCY_METRICS)}
    blind = [subject for subject in offices if subject not in sensed]
    refused = [not_applicable(data, RULE, subject, "|".join(OCCUPANCY_METRICS)) for subject in blind]
    return refused + _words(data).findings(_states(data, offices, sensed), data, sensed)


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "minimum_days"),
        unit="d",
        missing=f"{int(data.thresholds.value(RULE, 'workdays'))} workdays of {'|'.join(OCCUPANCY_METRICS)}",
        severity=Severity.YELLOW,
        evidence=("workdays_known", "holders", "since"),
    )


def _states(data: RunData, offices: dict[Subject, Room], sensed: AbstractSet[Subject]) -> pl.DataFrame:
    workdays = int(data.thresholds.value(RULE, "workdays"))
    needed = workdays * data.thresholds.value(RULE, "coverage_pct") / 100
    daily = (
        data.daily(sensed, FEATURES)
        .filter(is_workday())
        .join(_absences(data, offices), on=["subject", "day"], how="anti")
    )
    complete = pl.col("known_h") >= pl.col("day_h") * data.thresholds.value(RULE, "coverage_pct") / 100
    used = pl.col("long_presence_h") >= data.thresholds.value(RULE, "presence_h")
    counted = daily.with_columns(
        value=_last(used, workdays),
        # a day on which someone was there is known to be used, however thin the rest of it
        workdays_known=_last(complete | used, workdays),
        since=pl.col("day").shift(workdays - 1).over("subject").fill_null(pl.col("day").first().over("subject")),
    ).join(_holders(offices), on="subject", how="left")
    idle = pl.col("value") <= data.thresholds.value(RULE, "minimum_days")
    # that a room is used is known as soon as it was used; that it is idle only when enough days are known
    state = verdict(known=~idle | (pl.col("workdays_known") >= needed), fault=idle)
    return counted.with_columns(state=state).filter(data.in_window())


def _last(condition: pl.Expr, rows: int) -> pl.Expr:
    return (
        condition.fill_null(value=False).cast(pl.Float64).rolling_sum(window_size=rows, min_samples=1).over("subject")
    )


def _holders(offices: dict[Subject, Room]) -> pl.DataFrame:
    rows = [(str(subject), len(room.holders)) for subject, room in offices.items()]
    return pl.DataFrame(rows, schema={"subject": pl.String, "holders": pl.Int64}, orient="row")


def _absences(data: RunData, offices: dict[Subject, Room]) -> pl.DataFrame:
    days: list[date] = data.days["day"].to_list()
    away = {name for name, person in data.registry.people.items() if person.absences}
    asked = {subject: room for subject, room in offices.items() if room.holders and away.issuperset(room.holders)}
    rows = [(str(subject), day) for subject, room in asked.items() for day in days if _all_absent(data, room, day)]
    return pl.DataFrame(rows, schema={"subject": pl.String, "day": pl.Date}, orient="row")


def _all_absent(data: RunData, room: Room, day: date) -> bool:
    holders = [data.registry.people[holder] for holder in room.holders]
    return all(any(a.first <= day <= a.last for a in person.absences) for person in holders)
