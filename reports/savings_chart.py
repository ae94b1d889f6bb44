"""The picture of a saving: what was expected and what was measured day by day, the events shaded."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from analytics.savings.terms import Interval
from reports.charts import new_figure, rendered
from reports.messages import Language, Messages
from reports.savings_case import SavingsCase
from reports.savings_text import conclusion_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, HEIGHT_IN = 9.0, 4.2
EPOCH = date(1970, 1, 1)
BASELINE_COLOUR, ACTUAL_COLOUR, EVENT_COLOUR, SAVED_COLOUR = "#1f5fa8", "#c2410c", "#facc15", "#16a34a"
WRAP_AT: Mapping[Language, int] = {"zh": 50, "en": 96}
DAILY_COLUMNS = ("actual_kwh", "baseline_kwh")
HOURS_OF_A_WHOLE_DAY = 23
"""A day with fewer known hours would dip in the picture; 23 are the shortest day of a clock change."""


def savings_chart(case: SavingsCase, language: Language, form: str) -> bytes:
    """Return the picture as PNG or SVG. Raises ChartFault where no font has the language's letters."""
    messages = Messages(language, case.zone)
    with new_figure(language, width_in=WIDTH_IN, height_in=HEIGHT_IN) as figure:
        axes, beside = figure.subplots(1, 2, width_ratios=(9, 1))
        _draw(axes, case, messages)
        _draw_interval(beside, case, messages)
        axes.set_title(_wrapped(conclusion_of(case, messages), language), fontsize=10, loc="left")
        return rendered(figure, form)


def per_day(case: SavingsCase) -> pl.DataFrame:
    """Return measured and expected use by local day (by bill of monthly data), with the band where it is of one day.

    A day counts with the hours of which both are known.
    """
    day = pl.from_epoch("time_ms", "ms").dt.convert_time_zone(case.zone.key).dt.date().alias("day")
    known = case.savings.points.drop_nulls(DAILY_COLUMNS).with_columns(day)
    if case.savings.interval is not Interval.HOURLY:
        return known.select("day", *DAILY_COLUMNS, "low_kwh", "high_kwh").sort("day")
    sums = [pl.col(name).sum() for name in DAILY_COLUMNS]
    hours = pl.len().alias("hours")
    return known.group_by("day").agg(*sums, hours).filter(pl.col("hours") >= HOURS_OF_A_WHOLE_DAY).sort("day")


def _draw(axes: "Axes", case: SavingsCase, m: Messages) -> None:
    days = per_day(case)
    dates = days["day"].to_list()
    baseline, actual = days["baseline_kwh"].to_list(), days["actual_kwh"].to_list()
    if "low_kwh" in days.columns:
        low, high = days["low_kwh"].to_list(), days["high_kwh"].to_list()
        axes.fill_between(dates, low, high, color=BASELINE_COLOUR, alpha=0.15, lw=0, label=_band_label(case, m))
    axes.plot(dates, baseline, color=BASELINE_COLOUR, lw=1.2, label=m.text("savings.chart.baseline"))
    axes.plot(dates, actual, color=ACTUAL_COLOUR, lw=1.2, label=m.text("savings.chart.actual"))
    for number, (start, end) in enumerate(_events(case)):
        label = m.text("savings.chart.event") if number == 0 else None
        axes.axvspan(start, end, color=EVENT_COLOUR, alpha=0.3, lw=0, label=label)
    monthly = case.savings.interval is Interval.MONTHLY
    axes.set_ylabel(m.text("savings.chart.per_bill") if monthly else m.text("savings.chart.per_day"))
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, lw=0.4, alpha=0.5)
    axes.legend(fontsize=8, loc="lower left", ncols=4)
    axes.tick_params(labelsize=8)


def _draw_interval(axes: "Axes", case: SavingsCase, m: Messages) -> None:
    """Draw the whole period's saving with its interval beside zero; nothing where there is no number."""
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.tick_params(labelsize=8)
    axes.set_xlabel(m.text("savings.chart.saving"), fontsize=8)
    figures = case.figures
    if figures is None:
        return
    low, high = figures.ci90_pct
    axes.vlines(0, low, high, color=SAVED_COLOUR, lw=4, alpha=0.5)
    axes.plot([0], [figures.savings_pct], "o", color=SAVED_COLOUR)


def _band_label(case: SavingsCase, m: Messages) -> str:
    monthly = case.savings.interval is Interval.MONTHLY
    return m.text("savings.chart.band_monthly") if monthly else m.text("savings.chart.band")


def _events(case: SavingsCase) -> Iterator[tuple[int, int]]:
    """Yield begin and end of the events of the reporting period as matplotlib counts: days since 1970."""
    for event in case.savings.non_routine_events:
        if event.in_period == "reporting":
            yield (event.start - EPOCH).days, (event.end - EPOCH).days + 1


def _wrapped(text: str, language: Language) -> str:
    """Return a text in lines; a number stays whole."""
    if language == "en":
        return "\n".join(textwrap.wrap(text, WRAP_AT[language]))
    lines = [""]
    for part in re.findall(r"[!-~]+|[^!-~]", text):
        lines += [""] if len(lines[-1] + part) > WRAP_AT[language] else []
        lines[-1] += part
    return "\n".join(lines)
