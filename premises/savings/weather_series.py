"""A weather file as °C: what reads like °F is refused, unless its column says so."""

from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from analytics.savings.terms import WEATHER_SCHEMA
from premises.savings.meter_series import in_order
from premises.savings.series_file import Column, number_of, read_series
from reports.savings_notes import Note

COLDEST_C, HOTTEST_C = -60.0, 60.0
"""No outdoor air of a place with offices was beyond: records are -67.8 and 56.7 °C (WMO, Weather and Climate Extremes
Archive). Office towns are warmer than the first."""


def celsius(cell: str) -> float:
    """Return a cell of °C. Raises ValueError where no outdoor air is so."""
    value = number_of(cell)
    if COLDEST_C <= value <= HOTTEST_C:
        return value
    hint = "name the column temperature_f where it is °F" if value > 0 else "leave the cell empty where none is known"
    msg = f"{value:g} °C is no outdoor air; {hint}"
    raise ValueError(msg)


def fahrenheit(cell: str) -> float:
    """Return a cell of °F as °C. Raises ValueError where no outdoor air is so."""
    value = number_of(cell)
    converted = (value - 32) / 1.8
    if COLDEST_C <= converted <= HOTTEST_C:
        return converted
    msg = f"{value:g} °F is no outdoor air; leave the cell empty where none is known"
    raise ValueError(msg)


TEMPERATURES = (Column(name="temperature_c", meaning=celsius), Column(name="temperature_f", meaning=fahrenheit))


def read_weather(
    path: Path, zone: ZoneInfo | None, *, encoding: str = "utf-8"
) -> tuple[pl.DataFrame, tuple[Note, ...]]:
    """Return outdoor air (WEATHER_SCHEMA, in order of time, only what is known) and what was noted.

    Raises TableFault, with row and column.
    """
    series = read_series(path, TEMPERATURES, zone, encoding=encoding)
    rows, repeated = in_order(series)
    frame = pl.DataFrame(
        {"time_ms": [row[0] for row in rows], "temperature_c": [row[1] for row in rows]}, schema=WEATHER_SCHEMA
    )
    return frame.filter(pl.col("temperature_c").is_not_nan()), (*series.notes, *repeated)
