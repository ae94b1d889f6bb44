"""How good the alarms were, over local days."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from alerts.precision import RulePrecision
from alerts.quality import Quality
from api.alert_quality import days_asked, precision_of, quality_of
from api.dependencies import Reader, ServicesOf
from sensors.verdicts import Severity

router = APIRouter(tags=["alerts"])

Day = Annotated[date | None, Query()]


class LoadView(BaseModel):
    """What one contact was told in all, and at most within ten minutes; a flood is more than anybody can answer."""

    contact: str
    told: int
    fullest_10_min: int
    is_flood: bool


class ChatterView(BaseModel):
    """A point that came three times or more in a minute, and how often at most."""

    subject: str
    start: datetime
    end: datetime
    peak_per_min: int


class StaleView(BaseModel):
    """An alert that stands for more than a day."""

    subject: str
    severity: Severity
    since: datetime


class PrecisionView(BaseModel):
    """How often a rule was right, by what people said of its alerts and findings; null where nobody said anything."""

    rule: str
    told: int
    right: int
    false: int
    precision_pct: float | None


class QualityView(BaseModel):
    """The alarms of [start, end), tests left out; a mean is null where nothing was acknowledged or ended."""

    start: datetime
    end: datetime
    alarms: int
    by_severity: Mapping[Severity, int]
    mean_acknowledge_s: float | None
    mean_clear_s: float | None
    loads: Sequence[LoadView]
    chattering: Sequence[ChatterView]
    stale: Sequence[StaleView]
    rules: Sequence[PrecisionView]

    @classmethod
    def of(cls, found: Quality, rules: Sequence[RulePrecision]) -> "QualityView":
        """Return the view of a judgement."""
        return cls(
            start=found.start,
            end=found.end,
            alarms=found.alarms,
            by_severity={severity: found.by_severity.get(severity, 0) for severity in Severity},
            mean_acknowledge_s=_seconds(found.mean_acknowledge),
            mean_clear_s=_seconds(found.mean_clear),
            loads=[
                LoadView(contact=who, told=load.told, fullest_10_min=load.fullest, is_flood=load.is_flood)
                for who, load in sorted(found.loads.items())
            ],
            chattering=[
                ChatterView(subject=str(each.subject), start=each.start, end=each.end, peak_per_min=each.peak)
                for each in found.chattering
            ],
            stale=[
                StaleView(subject=str(each.subject), severity=each.severity, since=each.raised) for each in found.stale
            ],
            rules=[
                PrecisionView(
                    rule=each.rule,
                    told=each.told,
                    right=each.right,
                    false=each.false,
                    precision_pct=None if each.precision_pct is None else round(each.precision_pct, 1),
                )
                for each in rules
            ],
        )


@router.get("/alerts/quality")
def get_quality(services: ServicesOf, _: Reader, first: Day = None, last: Day = None) -> QualityView:
    """Return how good the alarms of local days were, both inclusive; of the last week where none are given."""
    days = days_asked(services, first, last)
    with services.records.reading() as tx:
        return QualityView.of(quality_of(services, tx, *days), precision_of(services, tx, *days))


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
