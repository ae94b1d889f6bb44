"""The energy report (能源资源消费报告): locked versions, three hands (编制–审核–签发), corrections."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from rectification.commands import StepRefusedError
from sensors.errors import InputFault
from sensors.topology import SiteId

DAY = timedelta(days=1)
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
_LAST_MONTH = 12
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class PeriodKind(StrEnum):
    """What a report is of."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class PeriodFault(InputFault):
    """A period that is none."""

    def __init__(self, written: str) -> None:
        """Say how one is written."""
        super().__init__(f"period {written!r}: write a month (2026-10), a quarter (2026Q3) or a year (2026)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPeriod:
    """A month, a quarter or a year of local days; `number` counts within the year from 1, and is 1 of a year."""

    kind: PeriodKind
    year: int
    number: int = 1

    @classmethod
    def parse(cls, written: str) -> "ReportPeriod":
        """Return the period that is written 2026-10, 2026Q3 or 2026. Raises PeriodFault."""
        text = written.strip().upper()
        kind = PeriodKind.MONTH if "-" in text else PeriodKind.QUARTER if "Q" in text else PeriodKind.YEAR
        year, _, number = text.replace("Q", "-").partition("-")
        digits = f"{year}{number}"
        if not (digits.isascii() and digits.isdigit() and len(year) == len("2026")):
            raise PeriodFault(written)
        found = cls(kind=kind, year=int(year), number=int(number or 1))
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR or str(found) != text:
            raise PeriodFault(written)
        if not 1 <= found.number <= _LAST_MONTH // _MONTHS_OF[kind]:
            raise PeriodFault(written)
        return found

    @property
    def first(self) -> date:
        """Return its first day."""
        return date(self.year, (self.number - 1) * _MONTHS_OF[self.kind] + 1, 1)

    @property
    def end(self) -> date:
        """Return the day after its last."""
        months = self.number * _MONTHS_OF[self.kind]
        return date(self.year + months // _LAST_MONTH, months % _LAST_MONTH + 1, 1)

    @property
    def last(self) -> date:
        """Return its last day."""
        return self.end - DAY

    @property
    def a_year_before(self) -> "ReportPeriod":
        """Return the same period of the last year."""
        return ReportPeriod(kind=self.kind, year=self.year - 1, number=self.number)

    def __str__(self) -> str:
        """Return it as it is written."""
        form = {PeriodKind.MONTH: f"-{self.number:02d}", PeriodKind.QUARTER: f"Q{self.number}", PeriodKind.YEAR: ""}
        return f"{self.year:04d}{form[self.kind]}"


def period_with(kind: PeriodKind, day: date) -> ReportPeriod:
    """Return the period of a kind that a day lies in."""
    return ReportPeriod(kind=kind, year=day.year, number=(day.month - 1) // _MONTHS_OF[kind] + 1)


def last_ended(kind: PeriodKind, today: date) -> ReportPeriod:
    """Return the last period of a kind that is over."""
    return period_with(kind, period_with(kind, today).first - DAY)


class ReportState(StrEnum):
    """Where a version stands."""

    DRAFTED = "drafted"
    REVIEWED = "reviewed"
    ISSUED = "issued"
    RETURNED = "returned"
    """Sent back; a new version follows."""
    REPLACED = "replaced"
    """Was issued; a corrected version was issued after it."""


class ReportAction(StrEnum):
    """What happens to a version."""

    DRAFT = "draft"
    ADOPT = "adopt"
    """A person answers for what was drafted by the clock."""
    REVIEW = "review"
    ISSUE = "issue"
    RETURN = "return"
    REPLACE = "replace"


TRANSITIONS: Mapping[tuple[ReportState, ReportAction], ReportState] = MappingProxyType(
    {
        (ReportState.DRAFTED, ReportAction.ADOPT): ReportState.DRAFTED,
        (ReportState.DRAFTED, ReportAction.REVIEW): ReportState.REVIEWED,
        (ReportState.DRAFTED, ReportAction.RETURN): ReportState.RETURNED,
        (ReportState.REVIEWED, ReportAction.ISSUE): ReportState.ISSUED,
        (ReportState.REVIEWED, ReportAction.RETURN): ReportState.RETURNED,
        (ReportState.ISSUED, ReportAction.REPLACE): ReportState.REPLACED,
    }
)
"""Every legal step; DRAFT makes a new version. Figures are frozen at drafting: there is no step that edits them."""

PENDING = frozenset({ReportState.DRAFTED, ReportState.REVIEWED})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyReport:
    """One version of a period's report. `figures` is canonical JSON, `digest` its SHA-256, `reason` why it corrects."""

    id: str
    site: SiteId
    period: str
    version: int
    state: ReportState
    figures: str
    digest: str
    reason: str
    drafted: datetime
    prepared_by: str | None
    reviewed: datetime | None = None
    reviewed_by: str | None = None
    issued: datetime | None = None
    issued_by: str | None = None

    @property
    def is_whole(self) -> bool:
        """Say whether the figures are those that were locked."""
        return digest_of(self.figures) == self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStep:
    """One thing that happened to a version: who, when, why."""

    report_id: str
    action: ReportAction
    state: ReportState
    actor_id: str
    at: datetime
    note: str = ""


class EnergyReportTransaction(Protocol):
    """One transaction over energy reports. Every write also adds a row to `changes` and to the audit log."""

    def energy_report(self, report_id: str) -> EnergyReport | None:
        """Return a version."""
        ...

    def energy_reports_of(self, site: SiteId, period: str) -> Sequence[EnergyReport]:
        """Return the versions of a period, the newest first."""
        ...

    def energy_reports(self, site: SiteId, *, limit: int = 200) -> Sequence[EnergyReport]:
        """Return versions of all periods, those drafted last first."""
        ...

    def energy_report_steps(self, report_id: str) -> Sequence[ReportStep]:
        """Return what happened to a version, in order."""
        ...

    def save_energy_report(self, report: EnergyReport, step: ReportStep) -> None:
        """Insert or update a version together with the step that led there."""
        ...


class UnknownEnergyReportError(LookupError):
    """No report has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no energy report {identifier!r}; look at the list of reports")


class IllegalReportStepError(StepRefusedError):
    """A step that the table of transitions does not have."""

    def __init__(self, state: ReportState, action: ReportAction) -> None:
        """Name both."""
        super().__init__(f"{action.value} is not possible for an energy report that is {state.value}")


class SameHandError(StepRefusedError):
    """Preparing, reviewing and issuing take three people."""

    def __init__(self, role: str) -> None:
        """Name what the person did already."""
        super().__init__(f"you {role} this report; preparing, reviewing and issuing take three different people")


class NobodyPreparedError(StepRefusedError):
    """The clock drafted it, and nobody answers for it yet."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("this report was drafted by the clock; somebody must take charge of it before it is reviewed")


class VersionPendingError(StepRefusedError):
    """There is a version that is neither issued nor sent back."""

    def __init__(self, report: EnergyReport) -> None:
        """Name it."""
        told = f"version {report.version} of {report.period} is {report.state.value}"
        super().__init__(f"{told}; issue it or send it back before another is drafted")


class ReasonMissingError(StepRefusedError):
    """A correction, or sending back, without a reason."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("say why: the reason stays with the report and is printed on it")


class PeriodNotOverError(StepRefusedError):
    """A report of days that are to come."""

    def __init__(self, period: ReportPeriod) -> None:
        """Say when."""
        super().__init__(f"{period} is over at the end of {period.last}; a report is made of whole periods")


class MakingBusyError(StepRefusedError):
    """The report is being worked out already."""

    def __init__(self, period: ReportPeriod) -> None:
        """Name it."""
        super().__init__(f"the report of {period} is being worked out; look again in a moment")


def digest_of(figures: str) -> str:
    """Return the SHA-256, hex, of figures as they are kept."""
    return hashlib.sha256(figures.encode()).hexdigest()


def state_after(state: ReportState, action: ReportAction) -> ReportState:
    """Return the state that an action leads to. Raises IllegalReportStepError."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise IllegalReportStepError(state, action) from None
