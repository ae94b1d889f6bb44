"""What energy cost by the tariff in force; nothing where no tariff is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from statistics import fmean

from analytics.calendar import DayKind, WorkCalendar
from analytics.frame import RunData
from sensors.energy_terms import EnergyTerms
from sensors.readings import epoch_ms
from sensors.verdicts import Finding, Verdict


def mean_price_cny(terms: EnergyTerms, calendar: WorkCalendar, days: Iterable[date]) -> float | None:
    """Return the mean price over all hours of some days, CNY/kWh; None where one of them has no tariff."""
    prices: list[float] = []
    for day in days:
        tariff = terms.tariff_on(day)
        if tariff is None:
            return None
        prices.append(tariff.mean_price(day, is_workday=calendar.kind(day) is DayKind.WORKDAY))
    return fmean(prices) if prices else None


def priced(finding: Finding, data: RunData) -> Finding:
    """Return a fault that cost energy with `cost_cny` in its evidence, at the mean price of its days."""
    if finding.verdict is not Verdict.FAULT or not finding.energy_kwh or not data.energy.terms.tariffs:
        return finding
    calendar = data.calendar
    first = calendar.local_day(epoch_ms(finding.start))
    last = calendar.local_day(epoch_ms(finding.end - timedelta(milliseconds=1)))
    price = mean_price_cny(data.energy.terms, calendar, calendar.days(first, max(first, last)))
    if price is None:
        return finding
    return replace(finding, evidence={**finding.evidence, "cost_cny": round(price * finding.energy_kwh, 2)})
