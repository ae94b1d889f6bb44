"""G03: CO2 sensors whose lowest value of a week is no outdoor air."""

import polars as pl

from analytics.air import COMPENSATED, co2_correction, is_unsure
from analytics.frame import (
    DayVerdicts,
    RunData,
    above,
    below,
    latched,
    not_applicable,
    room_subject,
    verdict,
)
from analytics.occupancy import OCCUPANCY_METRICS
from sensors.catalogue import CATALOGUE
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, RoomId
from sensors.verdicts import Finding

RULE = "G03"
CO2 = "co2_ppm"
STAFFED = frozenset({"duty", "fire_control"})
"""Rooms in which somebody is day and night: they never come down to outdoor air."""
NEVER_EMPTY = "a room that is empty at times"
ENOUGH_OF_A_WEEK = "7 days of co2_ppm"
FEATURES = ("co2_min_ppm", "co2_known_h")


def co2_drift(data: RunData) -> list[Finding]:
    """Return the verdict about each CO2 sensor from the minimum of 7 days, corrected for altitude."""
    measured = data.analyst.point_rows.filter(pl.col("metric") == CO2)["device"].unique().to_list()
    devices = {
        Subject(SubjectKind.DEVICE, device.id): device
        for device in data.registry.devices.values()
        if device.id in measured
    }
    lacking = {subject: _lacking(data, device) for subject, device in devices.items()}
    refused = [not_applicable(data, RULE, subject, *lacks) for subject, lacks in lacking.items() if lacks]
    judged = [subject for subject, lacks in lacking.items() if not lacks]
    return refused + _words(data).findings(_states(data, {subject: devices[subject] for subject in judged}), data)


def _lacking(data: RunData, device: Device) -> tuple[str, ...]:
    lacking = []
    if device.pressure_compensated is False and data.registry.site.altitude_m is None:
        lacking.append("site.altitude_m")
    if is_unsure(data.registry, device):
        lacking.append(COMPENSATED)
    if device.interval_s is None and device.heartbeat_s is not None:
        lacking.append("device.interval_s")
    room = _room(device)
    if room is not None and data.registry.rooms[room].subtype in STAFFED:
        lacking.append(NEVER_EMPTY)
    return tuple(lacking)


def _room(device: Device) -> RoomId | None:
    return device.placements[-1].room if device.placements else None


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "low_ppm"),
        unit="ppm",
        missing=ENOUGH_OF_A_WEEK,
        severity=CATALOGUE[RULE].severity,
        evidence=("lowest_ppm", "shown_ppm", "altitude_factor", "coverage_pct"),
        lead_days=_window_days(data) - 1,
    )


def _window_days(data: RunData) -> int:
    return int(data.thresholds.value(RULE, "window_days"))


def _states(data: RunData, devices: dict[Subject, Device]) -> pl.DataFrame:
    value, days = data.thresholds.value, _window_days(data)
    low, high, margin = value(RULE, "low_ppm"), value(RULE, "high_ppm"), value(RULE, "clear_margin_ppm")
    weeks = _weeks(data, data.daily(devices, FEATURES).join(_facts(data, devices), on="subject", how="left"), days)
    is_low, is_high = below("second_ppm", low), above("lowest_ppm", high)
    # the lowest value that was reached on several days: one alone is a glitch
    told = weeks.with_columns(
        value=pl.when(is_high).then("lowest_ppm").otherwise("second_ppm"),
        threshold=pl.when(is_high).then(high).otherwise(low),
    )
    clear = ~below("second_ppm", low + margin) & ~above("lowest_ppm", high - margin)
    known = ~below("coverage_pct", value(RULE, "coverage_pct"))
    never_empty = is_high & (pl.col("empty_h") < value(RULE, "empty_h"))
    faulty = known & (is_low | (is_high & ~never_empty.fill_null(value=False)))
    state = verdict(
        known=(known & ~never_empty.fill_null(value=False)).fill_null(value=False),
        fault=latched(faulty=faulty, clear=known & clear),
    )
    lacks = pl.when(known & never_empty).then(pl.lit(NEVER_EMPTY)).otherwise(pl.lit(ENOUGH_OF_A_WEEK))
    return told.with_columns(state=state, lacks=lacks).filter(data.in_window())


def _weeks(data: RunData, daily: pl.DataFrame, days: int) -> pl.DataFrame:
    """Return per device and day what the days up to it came down to, ppm, and how much of them is known."""
    position = (data.thresholds.value(RULE, "low_days") - 1) / max(days - 1, 1)
    corrected = daily.with_columns(ppm=pl.col("co2_min_ppm") * pl.col("altitude_factor"))
    return corrected.join(_empty_hours(data), on=["room", "day"], how="left").with_columns(
        lowest_ppm=pl.col("ppm").rolling_min(days, min_samples=1).over("subject"),
        second_ppm=pl.col("ppm").rolling_quantile(position, "nearest", window_size=days, min_samples=1).over("subject"),
        shown_ppm=pl.col("co2_min_ppm").rolling_min(days, min_samples=1).over("subject"),
        coverage_pct=100
        * pl.col("co2_known_h").fill_null(0.0).rolling_sum(days, min_samples=1).over("subject")
        / pl.col("day_h").rolling_sum(days, min_samples=days).over("subject"),
        empty_h=pl.col("empty_h").rolling_sum(days, min_samples=1).over("subject"),
    )


def _facts(data: RunData, devices: dict[Subject, Device]) -> pl.DataFrame:
    altitude_m = data.registry.site.altitude_m
    rows = [
        (
            str(subject),
            co2_correction(altitude_m, pressure_compensated=device.pressure_compensated),
            None if (room := _room(device)) is None else str(room_subject(room)),
        )
        for subject, device in devices.items()
    ]
    schema = {"subject": pl.String, "altitude_factor": pl.Float64, "room": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _empty_hours(data: RunData) -> pl.DataFrame:
    """Return per room and day the hours in which it was known to be empty."""
    rooms = [room_subject(room) for room in data.registry.rooms]
    sensed = [room for room in rooms if data.has_points(room, OCCUPANCY_METRICS)]
    daily = data.daily(sensed, ("known_h", "occupied_h"))
    return daily.select(room="subject", day="day", empty_h=pl.col("known_h") - pl.col("occupied_h"))
