"""Readings beside their weather: one row per interval, with all that a shape needs to describe it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from analytics.calendar import Holidays
from analytics.savings import weather as outdoors
from analytics.savings.slots import MS_PER_HOUR, local_day, local_times, slots
from analytics.savings.terms import Interval, Period

LONGEST_BILL_DAYS = 36
"""A longer one has the next one's days in it, or hides that the next is missing: its days are not known for which it
was paid. Readers come some days early or late. The project's own choice."""
LEAST_WEATHER = 0.9
"""Of a bill's days need a known temperature. CalTRACK 2 (2.2.1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Makes the rows of one meter: `time_ms, day, hour, weekday, span, kwh` and the weather its interval asks for.

    `span` is the length of a row in hours (hourly) or days (daily, monthly): its weight.
    """

    interval: Interval
    zone: ZoneInfo
    holidays: Holidays

    def known(self, meter: pl.DataFrame, weather: pl.DataFrame, period: Period) -> pl.DataFrame:
        """Return the rows of a period whose use and weather are both known, in order."""
        inside = meter.sort("time_ms").with_columns(day=local_day(self.zone))
        if self.interval is Interval.MONTHLY:
            return self._bills(inside, weather, period)
        kept = inside.filter(pl.col("day").is_between(period.first, period.last)).drop_nulls("kwh")
        return self._with_weather(kept.drop("day"), weather)

    def of_days(self, weather: pl.DataFrame, period: Period) -> pl.DataFrame:
        """Return a row for each interval of a period whose weather is known; `kwh` is null. Bills count as days."""
        times = local_times(period, self.interval, self.zone).with_columns(kwh=pl.lit(None, dtype=pl.Float64))
        return self._with_weather(times, weather)

    def _with_weather(self, times: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
        placed = slots(times, self.zone, self.holidays).with_columns(span=1.0)
        if self.interval is Interval.HOURLY:
            # local hours begin at half past the UTC hour in some zones
            by_hour = outdoors.hourly(weather).rename({"time_ms": "hour_ms"})
            hour = pl.col("time_ms") // MS_PER_HOUR * MS_PER_HOUR
            keyed = placed.with_columns(hour_ms=hour)
            return keyed.join(by_hour, on="hour_ms", how="inner", maintain_order="left").drop("hour_ms")
        return placed.join(self._degrees(weather), on="day", how="inner", maintain_order="left")

    def _degrees(self, weather: pl.DataFrame) -> pl.DataFrame:
        """Return a row for each day with its mean and the degrees below and above every base."""
        memory = outdoors.degrees("memory_c", "memory_")
        return outdoors.daily(weather, self.zone).with_columns(*outdoors.degrees("temperature_c"), *memory)

    def _bills(self, meter: pl.DataFrame, weather: pl.DataFrame, period: Period) -> pl.DataFrame:
        """Return bills that lie within a period; each lasts until the next begins, the last until the period ends."""
        ends = pl.col("day").shift(-1).fill_null(period.end)
        spans = meter.with_columns(end=ends).with_columns(span=(pl.col("end") - pl.col("day")).dt.total_days())
        inside = spans.filter(
            pl.col("day") >= period.first,
            pl.col("end") <= period.end,
            pl.col("span").is_between(1, LONGEST_BILL_DAYS),
        )
        days = inside.select(
            "time_ms", "kwh", "span", bill="day", day=pl.date_ranges("day", "end", closed="left")
        ).explode("day")
        by_day = self._degrees(weather)
        joined = days.drop_nulls("kwh").join(by_day, on="day", how="inner")
        degrees = [name for name in by_day.columns if name != "day"]
        bills = joined.group_by("time_ms").agg(
            pl.first("bill").alias("day"), pl.first("kwh", "span"), pl.mean(*degrees), seen=pl.len()
        )
        whole = bills.filter(pl.col("seen") >= LEAST_WEATHER * pl.col("span")).drop("seen").sort("time_ms")
        return whole.with_columns(
            pl.col("span").cast(pl.Float64), hour=pl.lit(0, pl.Int64), weekday=pl.lit(0, pl.Int64)
        )
