"""What both periods' models expect of a typical year, so that a saving does not hang on the weather it was made in."""

from pathlib import Path

import polars as pl

from analytics.savings.baseline import fit
from analytics.savings.clean import clean_meter
from analytics.savings.normal import normalised_year
from analytics.savings.sufficiency import MOST_MISSING_DAYS
from analytics.savings.terms import DAYS_A_YEAR, Period, SavingsRequest
from ingest.csv_records import TableFault
from premises.savings.weather_series import read_weather
from reports.savings_case import NormalYear


def normal_year(path: Path, request: SavingsRequest, *, encoding: str = "utf-8") -> NormalYear | None:
    """Return the typical year of a weather file by the models of both periods; None where the baseline has no model.

    Raises TableFault where the file is no whole year.
    """
    typical, _ = read_weather(path, request.zone, encoding=encoding)
    before = _expected_kwh(path, request, request.baseline, typical)
    if before is None:
        return None
    is_long = request.reporting.days >= DAYS_A_YEAR - MOST_MISSING_DAYS
    now = _expected_kwh(path, request, request.reporting, typical) if is_long else None
    return NormalYear(file=path.name, baseline_kwh=before, reporting_kwh=now)


def _expected_kwh(path: Path, request: SavingsRequest, period: Period, typical: pl.DataFrame) -> float | None:
    model = fit(
        clean_meter(request.meter, request.interval).frame,
        request.weather,
        interval=request.interval,
        period=period,
        zone=request.zone,
        holidays=request.holidays,
    )
    if model is None:
        return None
    year = normalised_year(model, typical)
    if not year.is_whole:
        raise TableFault(path, f"covers {year.days} days; a typical year has {DAYS_A_YEAR}")
    return year.kwh
