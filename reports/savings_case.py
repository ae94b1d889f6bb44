"""A saving that was computed, with everything that is told beside it: what reports, pages and charts render."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from analytics.savings.result import Conclusion, Figures, Range, Savings
from analytics.savings.terms import Period
from reports.savings_notes import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A saving in another unit (CNY, kg of CO2), its interval, and the factor per kWh that was taken."""

    per_kwh: float
    saved: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalYear:
    """What a year of typical weather would take, kWh, by a model of either period, and the file of that weather."""

    file: str
    baseline_kwh: float
    reporting_kwh: float | None
    """By a model of the reporting period; None where that allows none."""

    @property
    def savings_kwh(self) -> float | None:
        """Return the difference of the two."""
        return None if self.reporting_kwh is None else self.baseline_kwh - self.reporting_kwh


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsCase:
    """One answered question."""

    savings: Savings
    baseline: Period
    reporting: Period
    zone: ZoneInfo
    notes: tuple[Note, ...] = ()
    takes_events_out: bool = False
    """Whether the figures that count are those without the events."""
    money: Worth | None = None
    carbon: Worth | None = None
    normal_year: NormalYear | None = None

    @property
    def figures(self) -> Figures | None:
        """Return the figures that count; None where the data allow no number."""
        whole = whole_figures(self.savings)
        return self.savings.adjusted or whole if self.takes_events_out else whole

    @property
    def other_figures(self) -> Figures | None:
        """Return those of the other way to treat events; None where there are no events."""
        if self.savings.adjusted is None:
            return None
        return whole_figures(self.savings) if self.takes_events_out else self.savings.adjusted

    @property
    def conclusion(self) -> Conclusion:
        """Return what may be said of the figures that count."""
        return Conclusion.NO_NUMBER if self.figures is None else self.figures.conclusion


def whole_figures(savings: Savings) -> Figures | None:
    """Return the figures with any events in them; None where the data allow no number."""
    known = (
        savings.adjusted_baseline_kwh,
        savings.actual_kwh,
        savings.savings_kwh,
        savings.savings_pct,
        savings.ci90_kwh,
        savings.ci90_pct,
    )
    adjusted, actual, saved, saved_pct, kwh, pct = known
    if adjusted is None or actual is None or saved is None or saved_pct is None or kwh is None or pct is None:
        return None
    return Figures(
        adjusted_baseline_kwh=adjusted,
        actual_kwh=actual,
        savings_kwh=saved,
        savings_pct=saved_pct,
        ci90_kwh=kwh,
        ci90_pct=pct,
        conclusion=savings.conclusion,
    )


def worth(figures: Figures | None, per_kwh: float | None) -> Worth | None:
    """Return what a saving comes to at so much per kWh; None where either is not known."""
    if figures is None or per_kwh is None:
        return None
    low, high = sorted(_times(figures.ci90_kwh, per_kwh))
    return Worth(per_kwh=per_kwh, saved=figures.savings_kwh * per_kwh, low=low, high=high)


def _times(interval: Range, factor: float) -> Range:
    return interval[0] * factor, interval[1] * factor
