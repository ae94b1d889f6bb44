"""`premises savings` put together: two files and two periods in, an answered case out."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.calendar import BUILT_IN_HOLIDAYS
from analytics.savings.savings import savings
from analytics.savings.terms import Period, SavingsRequest
from premises.csv_times import named_zone
from premises.savings.meter_series import read_meter
from premises.savings.normal import normal_year
from premises.savings.weather_series import read_weather
from reports.savings_case import SavingsCase, worth
from reports.savings_notes import Note
from sensors.errors import InputFault

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""As for the times of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesAsked:
    """The options of the command, as they were given."""

    meter: Path
    weather: Path
    baseline: str
    reporting: str
    timezone: str | None = None
    calendar: str = "none"
    encoding: str = "utf-8"
    adjust_events: bool = False
    price_cny_kwh: float | None = None
    carbon_kg_kwh: float | None = None
    normal_year: Path | None = None


def answered(asked: FilesAsked) -> SavingsCase:
    """Return the answer to the options. Raises InputFault, with file, row and column where a file is at fault."""
    baseline, reporting = period("--baseline", asked.baseline), period("--reporting", asked.reporting)
    zone = named_place(asked.timezone)
    meter = read_meter(asked.meter, zone, encoding=asked.encoding)
    weather, weather_notes = read_weather(asked.weather, zone, encoding=asked.encoding)
    request = SavingsRequest(
        meter=meter.frame,
        weather=weather,
        interval=meter.interval,
        baseline=baseline,
        reporting=reporting,
        zone=meter.zone,
        holidays=BUILT_IN_HOLIDAYS[asked.calendar],
    )
    prices = (asked.price_cny_kwh, asked.carbon_kg_kwh)
    notes = (*meter.notes, *weather_notes)
    case = case_of(request, takes_events_out=asked.adjust_events, prices=prices, notes=notes)
    if asked.normal_year is None or case.figures is None:
        return case
    return replace(case, normal_year=normal_year(asked.normal_year, request, encoding=asked.encoding))


def case_of(
    request: SavingsRequest,
    *,
    takes_events_out: bool,
    prices: tuple[float | None, float | None],
    notes: tuple[Note, ...] = (),
) -> SavingsCase:
    """Return the answered case of a request; `prices` are CNY and kgCO2 per kWh, None where not known."""
    case = SavingsCase(
        savings=savings(request),
        baseline=request.baseline,
        reporting=request.reporting,
        zone=request.zone,
        notes=notes,
        takes_events_out=takes_events_out,
    )
    cny, kg = prices
    return replace(case, money=worth(case.figures, cny), carbon=worth(case.figures, kg))


def period(option: str, text: str) -> Period:
    """Return the local days of `2016-01-01/2016-12-31`, both inclusive. Raises InputFault."""
    parts = text.strip().split("/")
    try:
        first, last = (date.fromisoformat(part.strip()) for part in parts)
    except ValueError as exc:
        msg = f"{option} {text!r} is no period; write the first and the last day, like 2016-01-01/2016-12-31"
        raise InputFault(msg) from exc
    if last < first:
        msg = f"{option} {text!r} ends before it begins; write the first day first"
        raise InputFault(msg)
    if first < EARLIEST or last >= LATEST:
        msg = f"{option} {text!r} lies outside the years {EARLIEST.year} to {LATEST.year - 1}; mend the year"
        raise InputFault(msg)
    return Period(first, last)


def named_place(name: str | None) -> ZoneInfo | None:
    """Return the zone that `--timezone` names. Raises InputFault."""
    zone = named_zone(name)
    return zone if isinstance(zone, ZoneInfo) else None
