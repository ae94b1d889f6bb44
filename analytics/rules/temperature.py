"""A05: rooms too cold while they are heated, or too warm while they are cooled, with people in them at work."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import polars as pl

from analytics.frame import RunData
from analytics.intervals import MS_PER_HOUR, SPAN
from analytics.lookups import within
from analytics.moving import beyond, kept, moving
from analytics.occupancy import OCCUPANCY_METRICS
from analytics.rules.levels import Lacking, LevelWords, rooms_asked, share_of, with_lacking
from analytics.samples import during, in_series, samples
from analytics.week import Week
from sensors.seasons import Season, conditioned_season, seasons_known
from sensors.subjects import SubjectKind
from sensors.topology import ClimateZone, Room, RoomCategory
from sensors.verdicts import Finding

RULE = "A05"
TEMPERATURE = "temperature_c"
OUT_OF_SEASON = "a day of the heated or cooled season"
WORDS = LevelWords(
    rule=RULE, units={RULE: "°C"}, limit="summer_c", missing="temperature while the room was known to be occupied"
)
Limits = tuple[float | None, float | None]
"""The lowest and the highest temperature, °C; None where there is no limit on that side."""


def uncomfortable(data: RunData, week: Week) -> pl.DataFrame:
    """Return what to keep of a week: spells with the 1 h mean beyond the season's limit, occupied, in working hours."""
    value = data.thresholds.value
    found = samples(data, week, TEMPERATURE, at=SubjectKind.ROOM)
    plausible = pl.col("value").is_between(value(RULE, "plausible_low_c"), value(RULE, "plausible_high_c"))
    hours = _judged_hours(data, week.parts)
    occupied = during(_within(found.filter(plausible), hours), week.tracks.occupancy)
    length_ms = value(RULE, "mean_h") * MS_PER_HOUR
    means = moving(in_series(occupied), length_ms=length_ms, share=share_of(data, RULE))
    judged = beyond(_within(means, hours), high=pl.col("high_c"), low=pl.col("low_c"))
    margin = value(RULE, "clear_margin_k")
    return kept(judged, margin=margin, length_ms=length_ms, tag=RULE, span_ms=week.span_ms)


def temperature(data: RunData, found: pl.DataFrame) -> list[Finding]:
    """Return the verdict about each room in which people may work."""
    return WORDS.findings(data, found, _asked(data))


def _asked(data: RunData) -> Lacking:
    site = data.registry.site
    asked = rooms_asked(data, (TEMPERATURE,), OCCUPANCY_METRICS, concerns=_is_for_people)
    if not seasons_known(site):
        return with_lacking(asked, "site.climate_zone", lambda _: True)
    days = data.calendar.days(data.window.first, data.window.last)
    is_judged = any(_limits(data, day) for day in days)
    return with_lacking(asked, OUT_OF_SEASON, lambda _: not is_judged)


def _is_for_people(room: Room) -> bool:
    return room.category is not RoomCategory.EQUIPMENT


def _judged_hours(data: RunData, parts: pl.DataFrame) -> pl.DataFrame:
    """Return the working hours of days in season: SPAN, `low_c` and `high_c`."""
    days: list[date] = parts["day"].unique().to_list()
    rows = [(day, *limits) for day in days if (limits := _limits(data, day))]
    of_day = pl.DataFrame(rows, schema={"day": pl.Date, "low_c": pl.Float64, "high_c": pl.Float64}, orient="row")
    return parts.filter("working").join(of_day, on="day").select(*SPAN, "low_c", "high_c").sort("start_ms")


def _within(found: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Return what lies in these hours, with their limits."""
    own = [name for name in found.columns if name not in hours.columns]
    return within(found.select(own), hours)


def _limits(data: RunData, day: date) -> Limits | None:
    """Return the limits of a local day, None outside the seasons."""
    season = conditioned_season(data.registry.site, day)
    if season is Season.SUMMER:
        return None, data.thresholds.value(RULE, "summer_c")
    if season is None:
        return None
    name = WINTER_LIMITS.get(data.registry.site.climate_zone, "winter_hot_summer_cold_winter_c")
    return data.thresholds.value(RULE, name), None


WINTER_LIMITS: Mapping[ClimateZone | None, str] = MappingProxyType(
    {ClimateZone.SEVERE_COLD_AND_COLD: "winter_cold_zones_c"}
)
"""The cold zones' own limit in winter; where others heat, that of hot summer and cold winter holds."""
