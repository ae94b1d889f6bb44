"""Files of a made-up building for the tests of savings: two years of hours, known to the kWh."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from math import cos, pi, sin
from pathlib import Path

HOUR = timedelta(hours=1)
BASELINE, REPORTING = "2023-01-01/2023-12-31", "2024-01-01/2024-12-31"
START, END = datetime(2023, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
CHANGE = date(2024, 1, 1)

Use = Callable[[datetime, float], float]


def hours(start: datetime = START, end: datetime = END) -> list[datetime]:
    return [start + HOUR * number for number in range((end - start) // HOUR)]


def outdoor_c(at: datetime) -> float:
    day, hour = at.timetuple().tm_yday, at.hour
    swing = 6 * sin(2 * pi * (at.toordinal() % 17) / 17)
    return round(15 - 12 * cos(2 * pi * day / 365) - 4 * cos(2 * pi * (hour - 3) / 24) + swing, 2)


def office_kwh(at: datetime, air_c: float) -> float:
    """Return 10 kW at night, 30 kW more while people work, and 1.5 kW a kelvin above 22 °C then."""
    works = at.weekday() < 5 and 8 <= at.hour < 18
    ripple = 0.8 * sin(at.toordinal() * 1.7 + at.hour)
    return 10 + ripple + (30 + 1.5 * max(0.0, air_c - 22) if works else 0)


def less(share: float) -> Use:
    """Return the office with so much less of everything from CHANGE on."""
    return lambda at, air_c: office_kwh(at, air_c) * (1 - share if at.date() >= CHANGE else 1)


def meter_rows(use: Use = office_kwh, at: Iterable[datetime] | None = None) -> list[tuple[str, str]]:
    return [(time.isoformat(), f"{use(time, outdoor_c(time)):.4f}") for time in (hours() if at is None else at)]


def weather_rows(at: Iterable[datetime] | None = None) -> list[tuple[str, str]]:
    return [(time.isoformat(), f"{outdoor_c(time)}") for time in (hours() if at is None else at)]


def written(path: Path, header: str, rows: Iterable[tuple[str, str]]) -> Path:
    path.write_text("\n".join([header, *(f"{time},{value}" for time, value in rows)]) + "\n", encoding="utf-8")
    return path


def meter_file(folder: Path, rows: Iterable[tuple[str, str]]) -> Path:
    return written(folder / "M.csv", "timestamp,energy_kwh", rows)


def weather_file(folder: Path, rows: Iterable[tuple[str, str]] | None = None) -> Path:
    return written(folder / "W.csv", "timestamp,temperature_c", weather_rows() if rows is None else rows)
