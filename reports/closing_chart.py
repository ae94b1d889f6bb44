"""The picture of a closing sheet: a reading day by day before and after, the window of verification shaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.charts import new_figure, rendered
from reports.messages import Messages

WIDTH_IN, HEIGHT_IN = 7.2, 2.8
BEFORE_COLOUR, AFTER_COLOUR, WINDOW_COLOUR, LIMIT_COLOUR = "#c2410c", "#1f5fa8", "#16a34a", "#444444"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyValues:
    """A reading by local day; `name` and `unit` are words already. `mended` is the day of the report."""

    name: str
    unit: str
    days: Sequence[date]
    values: Sequence[float]
    mended: date | None = None
    window: tuple[date, date] | None = None
    """Local days, both inclusive."""
    limit: float | None = None


def closing_chart(told: DailyValues, messages: Messages, form: str = "png") -> bytes:
    """Return the picture as PNG or SVG. Raises ChartFault where no font has the language's letters."""
    with new_figure(messages.language, width_in=WIDTH_IN, height_in=HEIGHT_IN) as figure:
        axes = figure.subplots()
        points = list(zip(told.days, told.values, strict=True))
        mended = told.mended
        sides = (
            ([each for each in points if mended is None or each[0] <= mended], BEFORE_COLOUR, "closing.line_before"),
            ([each for each in points if mended is not None and each[0] > mended], AFTER_COLOUR, "closing.line_after"),
        )
        for side, colour, key in sides:
            if side:
                days, values = zip(*side, strict=True)
                axes.plot(days, values, color=colour, marker=".", lw=1.2, label=messages.text(key))
        if told.window is not None:
            first, last = _number(told.window[0]), _number(told.window[1] + ONE_DAY)
            axes.axvspan(first, last, color=WINDOW_COLOUR, alpha=0.15, lw=0, label=messages.text("closing.line_window"))
        if told.limit is not None:
            axes.axhline(told.limit, color=LIMIT_COLOUR, lw=0.9, ls="--", label=messages.text("closing.line_limit"))
        axes.set_ylabel(told.unit)
        axes.grid(visible=True, lw=0.4, alpha=0.5)
        axes.legend(fontsize=8, ncols=4, loc="upper right")
        axes.tick_params(labelsize=8)
        figure.autofmt_xdate(rotation=0, ha="center")
        return rendered(figure, form)


def _number(day: date) -> int:
    """Return a day as matplotlib counts: days since 1970."""
    return (day - date(1970, 1, 1)).days
