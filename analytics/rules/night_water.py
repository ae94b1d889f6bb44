"""W01: water that runs all night, every night."""

import polars as pl

from analytics.frame import DayVerdicts, RunData, above, not_applicable, verdict
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Finding

RULE = "W01"
WATER = "water_m3"
FLOW = "night_flow_m3h"
HOURS_A_DAY = 24


def night_water(data: RunData) -> list[Finding]:
    """Return the verdict about each place with a water meter: the least 1 h flow of so many nights in a row.

    A building without any says so.
    """
    subjects = _metered(data)
    unmetered = [not_applicable(data, RULE, each, WATER) for each in _buildings_without(data, subjects)]
    if not subjects:
        return unmetered
    nights = int(data.thresholds.value(RULE, "nights"))
    limit = data.thresholds.value(RULE, "night_flow_m3h")
    daily = data.daily(subjects, [FLOW]).sort("subject", "day")
    judged = daily.with_columns(value=pl.col(FLOW).rolling_min(nights).over("subject")).with_columns(
        lost_m3=pl.col("value") * HOURS_A_DAY * nights, nights=pl.lit(nights)
    )
    # one night in which it rested shows that no leak ran, even where other nights are not known
    rested = pl.col(FLOW) <= limit
    known = pl.col("value").is_not_null() | rested.fill_null(value=False)
    state = verdict(known=known, fault=above("value", limit).fill_null(value=False))
    told = judged.with_columns(state=state, value=pl.coalesce("value", FLOW)).filter(data.in_window())
    return unmetered + _words(limit, nights).findings(told, data)


def _metered(data: RunData) -> list[Subject]:
    """Return where water is measured."""
    rows = data.analyst.point_rows.filter(pl.col("metric") == WATER)
    found = [Subject.parse(subject) for subject in sorted(rows["subject"].unique().to_list())]
    return [subject for subject in found if not _is_restricted(data, subject)]


def _buildings_without(data: RunData, metered: list[Subject]) -> list[Subject]:
    """Return the buildings of which no part has a water meter."""
    rooms = {str(room.id): room.building for room in data.registry.rooms.values()}
    having = {rooms.get(each.id) if each.kind is SubjectKind.ROOM else each.id for each in metered}
    return [Subject(SubjectKind.BUILDING, each) for each in data.registry.buildings if each not in having]


def _is_restricted(data: RunData, subject: Subject) -> bool:
    return subject.kind is SubjectKind.ROOM and any(
        room.restricted and room.id == subject.id for room in data.registry.rooms.values()
    )


def _words(limit: float, nights: int) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=limit,
        unit="m³/h",
        missing="water at night, seven nights in a row",
        severity=CATALOGUE[RULE].severity,
        evidence=("lost_m3", "nights"),
        lead_days=nights - 1,
    )
