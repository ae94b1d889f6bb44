"""E10: a building that uses more over three days than its own past and the weather let expect."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from analytics.calendar import DayKind
from analytics.energy_history import DAY, EXPORT, IMPORT, Days, last_whole_day
from analytics.frame import DayVerdicts, RunData, not_applicable
from analytics.load_model import HOURS_SCHEMA, Fit, LoadModel, time_of_week
from analytics.net_load import by_hour
from analytics.rules.base_load import mains, pv_circuits
from analytics.savings.weather import memory
from sensors.catalogue import CATALOGUE
from sensors.readings import Quality
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building
from sensors.verdicts import Finding, Verdict

RULE = "E10"
OUTDOOR = "temperature_c outdoors"
KNOWN_DAYS = "three days of load and weather"
BASELINE = "enough weeks of load and weather before"
MODEL = "a model with a small enough error"
WEATHER = "weather like it in the weeks before"
MS_PER_HOUR = 3_600_000
HOURS_A_DAY = 24
EVIDENCE = ("actual_kwh", "model_kwh", "cv_rmse_pct", "nmbe_pct", "baseline_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is said of the three days that end with one."""

    state: Verdict
    lacks: str = ""
    value: float | None = None
    told: dict[str, float] = field(default_factory=dict)


def energy_anomaly(data: RunData, model: LoadModel = time_of_week) -> list[Finding]:
    """Return the verdict about each building: actual ÷ expected over three days less 1, in %.

    The model is made of the weeks before, without the days that were found too high. Hours in which people of the
    building worked overtime are in neither.
    """
    findings: list[Finding] = []
    for building in data.registry.buildings.values():
        subject = Subject(SubjectKind.BUILDING, building.id)
        lacking = tuple(_lacks(data, building))
        if lacking:
            findings.append(not_applicable(data, RULE, subject, *lacking))
        else:
            findings += _words(data).findings(_states(data, building, subject, model), data)
    return findings


def _words(data: RunData) -> DayVerdicts:
    return DayVerdicts(
        rule=RULE,
        threshold=data.thresholds.value(RULE, "excess_pct"),
        unit="%",
        missing=BASELINE,
        severity=CATALOGUE[RULE].severity,
        evidence=EVIDENCE,
        lead_days=int(data.thresholds.value(RULE, "window_days")) - 1,
    )


def _lacks(data: RunData, building: Building) -> Iterator[str]:
    supplies = mains(data.registry, building)
    if not supplies:
        yield "circuit of item total"
    for circuit in (*supplies, *pv_circuits(data.registry, building)):
        if not data.has_points(Subject(SubjectKind.CIRCUIT, circuit.id), (IMPORT, EXPORT)):
            yield f"meter on circuit {circuit.id}"
    if not _outdoor_devices(data):
        yield OUTDOOR


def _states(data: RunData, building: Building, subject: Subject, model: LoadModel) -> pl.DataFrame:
    value = data.thresholds.value
    first = data.window.first - int(value(RULE, "baseline_days") + value(RULE, "window_days")) * DAY
    days = Days(first=first, last=last_whole_day(data))
    hours, overtime_h = _without_overtime(data, building, days, _hours(data, building, days))
    high: set[date] = set()
    rows = []
    for day in data.calendar.days(data.window.first, max(data.window.first, last_whole_day(data))):
        said = _judge(data, hours.filter(~pl.col("day").is_in(list(high))), hours, overtime_h, day, model)
        if said.state is Verdict.FAULT:
            high.update(_window(data, day))
        told = {name: said.told.get(name) for name in EVIDENCE}
        rows.append(
            {
                "subject": str(subject),
                "day": day,
                "state": said.state.value,
                "value": said.value,
                "lacks": said.lacks,
                **told,
            }
        )
    numbers = {name: pl.Float64() for name in ("value", *EVIDENCE)}
    return pl.DataFrame(rows, schema_overrides=numbers)


def _window(data: RunData, day: date) -> list[date]:
    length = int(data.thresholds.value(RULE, "window_days"))
    return [day - back * DAY for back in range(length)]


def _judge(
    data: RunData,
    past: pl.DataFrame,
    hours: pl.DataFrame,
    overtime_h: Mapping[date, int],
    day: date,
    model: LoadModel,
) -> Judgement:
    value = data.thresholds.value
    days = _window(data, day)
    now = hours.filter(pl.col("day").is_in(days))
    due_h = sum(HOURS_A_DAY - overtime_h.get(each, 0) for each in days)
    if now.height < max(value(RULE, "coverage_pct") / 100 * due_h, 1):
        return Judgement(state=Verdict.INSUFFICIENT_DATA, lacks=KNOWN_DAYS)
    since = min(days) - int(value(RULE, "baseline_days")) * DAY
    before = past.filter(pl.col("day") < min(days), pl.col("day") >= since)
    enough = value(RULE, "least_baseline_days") * HOURS_A_DAY * value(RULE, "coverage_pct") / 100
    fit = model(before) if before.height >= enough else None
    if fit is None:
        return Judgement(state=Verdict.INSUFFICIENT_DATA, lacks=BASELINE)
    if fit.cv_rmse_pct > value(RULE, "cv_rmse_pct") or abs(fit.nmbe_pct) > value(RULE, "nmbe_pct"):
        return Judgement(state=Verdict.INSUFFICIENT_DATA, lacks=MODEL)
    if not fit.reaches(now):
        return Judgement(state=Verdict.INSUFFICIENT_DATA, lacks=WEATHER)
    return _compared(data, fit, now, before)


def _compared(data: RunData, fit: Fit, now: pl.DataFrame, before: pl.DataFrame) -> Judgement:
    actual, expected = float(now["kwh"].sum()), float(fit.predict(now).sum())
    if expected <= 0:
        return Judgement(state=Verdict.INSUFFICIENT_DATA, lacks=MODEL)
    excess = 100 * (actual / expected - 1)
    is_high = excess > data.thresholds.value(RULE, "excess_pct")
    return Judgement(
        state=Verdict.FAULT if is_high else Verdict.PASS,
        value=excess,
        told={
            "actual_kwh": actual,
            "model_kwh": expected,
            "cv_rmse_pct": fit.cv_rmse_pct,
            "nmbe_pct": fit.nmbe_pct,
            "baseline_days": float(before["day"].n_unique()),
        },
    )


def _hours(data: RunData, building: Building, days: Days) -> pl.DataFrame:
    """Return HOURS_SCHEMA of the days: load (import + PV − export) with the weather beside it, measured hours alone."""
    start_ms, end_ms = data.calendar.midnight_ms(days.first), data.calendar.midnight_ms(days.last + DAY)
    edges = pl.int_range(start_ms, end_ms + 1, MS_PER_HOUR, eager=True).alias("edge")
    supplies, panels = mains(data.registry, building), pv_circuits(data.registry, building)
    load = by_hour(data, supplies, panels, edges).join(_weather(data, start_ms, end_ms), on="start_ms")
    kinds = [(day, data.calendar.midnight_ms(day), data.calendar.kind(day)) for day in _calendar_days(data, days)]
    told = [(day, midnight, kind is DayKind.WORKDAY) for day, midnight, kind in kinds if kind is not DayKind.UNKNOWN]
    schema = {"day": pl.Date, "midnight_ms": pl.Int64, "is_workday": pl.Boolean}
    by_day = pl.DataFrame(told, schema=schema, orient="row").sort("midnight_ms")
    placed = load.sort("start_ms").join_asof(by_day, left_on="start_ms", right_on="midnight_ms").drop_nulls("day")
    hour = (pl.col("start_ms") - pl.col("midnight_ms")) // MS_PER_HOUR
    remembered = memory(pl.col("outdoor_c"))
    named = placed.with_columns(time_ms="start_ms", hour=hour, memory_c=remembered).filter(
        pl.col("hour") <= HOURS_A_DAY
    )
    return named.select(HOURS_SCHEMA.names()).cast(HOURS_SCHEMA)


def _without_overtime(
    data: RunData, building: Building, days: Days, hours: pl.DataFrame
) -> tuple[pl.DataFrame, Mapping[date, int]]:
    """Return the hours in which nobody of the building worked overtime, and how many others each day has."""
    listed = list(_calendar_days(data, days))
    taken: set[int] = set()
    for start_ms, end_ms in data.analyst.overtime.spans(building.id, data.calendar, listed):
        taken.update(range(start_ms // MS_PER_HOUR * MS_PER_HOUR, end_ms, MS_PER_HOUR))
    kept = hours.filter(~pl.col("time_ms").is_in(sorted(taken)))
    return kept, Counter(data.calendar.local_day(at) for at in taken)


def _calendar_days(data: RunData, days: Days) -> Iterator[date]:
    return data.calendar.days(days.first, days.last)


def _weather(data: RunData, start_ms: int, end_ms: int) -> pl.DataFrame:
    readings = data.analyst.source.readings(
        data.registry.site.id,
        start_ms=start_ms,
        end_ms=end_ms,
        metrics=["temperature_c"],
        devices=_outdoor_devices(data),
    )
    good = readings.filter(pl.col("quality") < Quality.SUSPECT).drop_nulls("value")
    # edges lie on whole hours since the first local midnight
    hour = start_ms + (pl.col("time_ms") - start_ms) // MS_PER_HOUR * MS_PER_HOUR
    return good.group_by(start_ms=hour).agg(outdoor_c=pl.mean("value"))


def _outdoor_devices(data: RunData) -> list[str]:
    devices = data.registry.devices.values()
    return [str(device.id) for device in devices if device.outdoor and "temperature_c" in device.metrics]
