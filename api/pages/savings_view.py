"""A saving as its page shows it: the form as it was filled in, the conclusion, the picture, the sentences."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.pages.desk import Desk
from api.pages.views import Choice
from api.ports import SavingsTold
from api.savings import subjects_to_ask
from sensors.subjects import Subject

YEAR = timedelta(days=365)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledIn:
    """The form: dates in ISO 8601, empty texts where nothing was asked yet."""

    subject: str = ""
    baseline_first: str = ""
    baseline_last: str = ""
    first: str = ""
    last: str = ""
    adjust_events: bool = False

    @property
    def is_asked(self) -> bool:
        """Say whether anything is to be answered."""
        return bool(self.subject and self.first)

    def usual(self, today: date) -> "FilledIn":
        """Return the form as it begins: the last whole year against the one before."""
        last = today - DAY
        before = last - YEAR
        return FilledIn(
            subject=self.subject,
            baseline_first=(before - YEAR + DAY).isoformat(),
            baseline_last=before.isoformat(),
            first=(before + DAY).isoformat(),
            last=last.isoformat(),
            adjust_events=self.adjust_events,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsPage:
    """The whole page; no conclusion where nothing was asked, or nothing is rolled up."""

    form: FilledIn
    today: str
    subjects: Sequence[Choice]
    is_asked: bool
    conclusion: str
    lines: Sequence[str]
    chart_url: str


def savings_page(desk: Desk, form: FilledIn, told: SavingsTold | None) -> SavingsPage:
    """Return the page of an answer, or of the form alone."""
    today = desk.wording.today()
    chosen = form if form.is_asked else form.usual(today)
    return SavingsPage(
        form=chosen,
        today=today.isoformat(),
        subjects=[_choice(desk, each, chosen.subject) for each in subjects_to_ask(desk.wording.registry)],
        is_asked=form.is_asked,
        conclusion=told.lines[0] if told else "",
        lines=told.lines[1:] if told else (),
        chart_url=_data_url(told.chart_svg) if told and told.chart_svg else "",
    )


def _choice(desk: Desk, subject: Subject, chosen: str) -> Choice:
    return Choice(id=str(subject), name=desk.wording.subject(subject), chosen=str(subject) == chosen)


def _data_url(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode('ascii')}"
