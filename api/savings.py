"""What was saved, as it may be asked for and shown."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from analytics.savings.result import Conclusion
from analytics.savings.terms import Interval, Period
from api.messages import Language
from api.ports import SavingsAsked, SavingsTold, Services
from api.privacy import is_personal, is_restricted
from api.problems import Problem, ProblemError, not_found
from sensors.subjects import Subject, SubjectKind
from sensors.topology import BuildingId, CircuitId, Registry

MOST_DAYS = 1_100
"""Three years of each period. The project's own choice."""
EARLIEST = date(2000, 1, 1)

SubjectAsked = Annotated[str, Query(max_length=120, description="circuit:ID, building:ID or site:ID")]
PeriodAsked = Annotated[str, Query(max_length=40, description="two local days, both inclusive: 2025-01-01/2025-12-31")]

Bounds = tuple[float | None, float | None]


class ModelView(BaseModel):
    """The chosen model and its errors, % of the mean use."""

    model_config = ConfigDict(extra="allow")

    name: str
    cv_rmse_pct: float | None
    nmbe_pct: float | None
    r2: float | None


class EventView(BaseModel):
    """A shift that is not the measure, days both inclusive; kWh above what was expected."""

    start: date
    end: date
    kwh: float
    in_period: str
    lasts: bool = False


class LackView(BaseModel):
    """What the data lack, as a code for programs and a sentence for people."""

    model_config = ConfigDict(extra="allow")

    code: str
    detail: str
    fatal: bool


class SavingsView(BaseModel):
    """What `premises savings --json` prints; figures are null where the data allow no number."""

    model_config = ConfigDict(extra="allow")

    subject: str
    interval: Interval
    model: ModelView | None
    adjusted_baseline_kwh: float | None
    actual_kwh: float | None
    savings_kwh: float | None
    savings_pct: float | None
    ci90_kwh: Bounds | None
    ci90_pct: Bounds | None
    conclusion: Conclusion
    non_routine_events: Sequence[EventView]
    sufficiency: Sequence[LackView]

    @classmethod
    def of(cls, asked: SavingsAsked, told: SavingsTold) -> "SavingsView":
        """Return the view of an answer."""
        document: dict[str, Any] = {**told.document, "subject": str(asked.subject)}
        return cls.model_validate(document)


def savings_asked(
    services: Services,
    *,
    subject: str,
    baseline: str,
    reporting: str,
    language: Language,
    adjust_events: bool,
    draws: bool = False,
) -> SavingsAsked:
    """Return what is meant. Raises ProblemError where there is no such subject, or it tells of one or two people."""
    return SavingsAsked(
        subject=_subject(services.registry(), subject),
        baseline=_period(services, "baseline", baseline),
        reporting=_period(services, "reporting", reporting),
        language=language,
        adjust_events=adjust_events,
        draws=draws,
    )


def savings_of(services: Services, asked: SavingsAsked) -> SavingsTold:
    """Return the answer. Raises ProblemError where no register of the subject is rolled up."""
    told = services.savings(asked)
    if told is None:
        advice = "no register of it is rolled up in these days; older days are made with `premises rollup`"
        raise ProblemError(Problem(status=404, code="not_found", detail=advice))
    return told


def subjects_to_ask(registry: Registry) -> list[Subject]:
    """Return whose savings may be asked for: the site, its buildings, and the circuits that may be shown."""
    circuits = [Subject(SubjectKind.CIRCUIT, each) for each in registry.circuits]
    return [
        Subject(SubjectKind.SITE, registry.site.id),
        *(Subject(SubjectKind.BUILDING, each) for each in registry.buildings),
        *(each for each in circuits if not is_personal(registry, each) and not is_restricted(registry, each)),
    ]


def _subject(registry: Registry, text: str) -> Subject:
    try:
        subject = Subject.parse(text)
    except ValueError as exc:
        raise not_found(kind="subject") from exc
    known = {
        SubjectKind.SITE: subject.id == registry.site.id,
        SubjectKind.BUILDING: BuildingId(subject.id) in registry.buildings,
        SubjectKind.CIRCUIT: CircuitId(subject.id) in registry.circuits,
    }
    if not known.get(subject.kind) or is_restricted(registry, subject):
        raise not_found(kind="subject")
    if is_personal(registry, subject):
        advice = "of a room with one or two holders no time line is shown"
        raise ProblemError(Problem(status=403, code="personal_room", detail=advice))
    return subject


def _period(services: Services, name: str, text: str) -> Period:
    advice = f"{name}: give the first and the last day, like 2025-01-01/2025-12-31; none to come, at most {MOST_DAYS}"
    refused = ProblemError(Problem(status=422, code="invalid", detail=advice))
    try:
        first, last = (date.fromisoformat(part) for part in text.split("/"))
    except ValueError as exc:
        raise refused from exc
    today = services.clock.now().astimezone(ZoneInfo(services.registry().site.timezone)).date()
    if not EARLIEST <= first <= last <= today or (last - first).days >= MOST_DAYS:
        raise refused
    return Period(first, last)
