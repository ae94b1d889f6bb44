"""What can be done to energy reports: drafted with frozen figures, taken charge of, reviewed, issued, sent back."""

from dataclasses import replace
from datetime import date, datetime

from rectification.energy_reports import (
    PENDING,
    EnergyReport,
    EnergyReportTransaction,
    NobodyPreparedError,
    PeriodNotOverError,
    ReasonMissingError,
    ReportAction,
    ReportPeriod,
    ReportState,
    ReportStep,
    SameHandError,
    UnknownEnergyReportError,
    VersionPendingError,
    digest_of,
    state_after,
)
from sensors.actors import Actor, Permission
from sensors.clock import Clock
from sensors.ids import new_id
from sensors.readings import epoch_ms
from sensors.topology import SiteId


def existing_report(tx: EnergyReportTransaction, identifier: str) -> EnergyReport:
    """Return a version. Raises UnknownEnergyReportError."""
    found = tx.energy_report(identifier)
    if found is None:
        raise UnknownEnergyReportError(identifier)
    return found


def may_draft(
    tx: EnergyReportTransaction, site: SiteId, period: ReportPeriod, *, reason: str, today: date, actor: Actor
) -> int:
    """Return the number that the next version of a period gets; asked before its figures are worked out, and after.

    Raises NotPermittedError, PeriodNotOverError, VersionPendingError, ReasonMissingError.
    """
    actor.must(Permission.MANAGE_ITEM)
    if period.end > today:
        raise PeriodNotOverError(period)
    versions = tx.energy_reports_of(site, str(period))
    pending = next((each for each in versions if each.state in PENDING), None)
    if pending is not None:
        raise VersionPendingError(pending)
    if versions and not reason.strip():
        raise ReasonMissingError
    return 1 + max((each.version for each in versions), default=0)


def draft(
    tx: EnergyReportTransaction,
    site: SiteId,
    period: ReportPeriod,
    figures: str,
    *,
    reason: str = "",
    today: date,
    actor: Actor,
    clock: Clock,
) -> EnergyReport:
    """Return a new version with its figures frozen; one drafted by the program waits for somebody to answer for it.

    Raises what `may_draft` does.
    """
    version = may_draft(tx, site, period, reason=reason, today=today, actor=actor)
    now = clock.now()
    made = EnergyReport(
        id=new_id(epoch_ms(now)),
        site=site,
        period=str(period),
        version=version,
        state=ReportState.DRAFTED,
        figures=figures,
        digest=digest_of(figures),
        reason=reason.strip(),
        drafted=now,
        prepared_by=None if actor.is_system else actor.id,
    )
    return _kept(tx, made, ReportAction.DRAFT, actor=actor, at=now, note=made.reason)


def adopt(tx: EnergyReportTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> EnergyReport:
    """Return a version that was drafted by the clock with a person who answers for it (编制)."""
    actor.must(Permission.MANAGE_ITEM)
    found = existing_report(tx, identifier)
    state = state_after(found.state, ReportAction.ADOPT)
    changed = replace(found, state=state, prepared_by=actor.id)
    return _kept(tx, changed, ReportAction.ADOPT, actor=actor, at=clock.now(), note=note)


def review(tx: EnergyReportTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> EnergyReport:
    """Return a version after a second person looked through it (审核). NobodyPreparedError, SameHandError."""
    actor.must(Permission.SIGN_OFF_ITEM)
    found = existing_report(tx, identifier)
    state = state_after(found.state, ReportAction.REVIEW)
    if found.prepared_by is None:
        raise NobodyPreparedError
    if actor.id == found.prepared_by:
        hand = "prepared"
        raise SameHandError(hand)
    now = clock.now()
    changed = replace(found, state=state, reviewed=now, reviewed_by=actor.id)
    return _kept(tx, changed, ReportAction.REVIEW, actor=actor, at=now, note=note)


def issue(tx: EnergyReportTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = "") -> EnergyReport:
    """Return a version after a third person issued it (签发); the issued one before it is replaced. SameHandError."""
    actor.must(Permission.SIGN_OFF_ITEM)
    found = existing_report(tx, identifier)
    state = state_after(found.state, ReportAction.ISSUE)
    for role, hand in (("prepared", found.prepared_by), ("reviewed", found.reviewed_by)):
        if actor.id == hand:
            raise SameHandError(role)
    now = clock.now()
    for before in tx.energy_reports_of(found.site, found.period):
        if before.state is ReportState.ISSUED:
            replaced = replace(before, state=state_after(before.state, ReportAction.REPLACE))
            _kept(tx, replaced, ReportAction.REPLACE, actor=actor, at=now, note=f"version {found.version}")
    changed = replace(found, state=state, issued=now, issued_by=actor.id)
    return _kept(tx, changed, ReportAction.ISSUE, actor=actor, at=now, note=note)


def send_back(
    tx: EnergyReportTransaction, identifier: str, *, actor: Actor, clock: Clock, note: str = ""
) -> EnergyReport:
    """Return a version that goes back with a reason; another is drafted in its place. ReasonMissingError."""
    actor.must(Permission.SIGN_OFF_ITEM)
    found = existing_report(tx, identifier)
    state = state_after(found.state, ReportAction.RETURN)
    if not note.strip():
        raise ReasonMissingError
    return _kept(tx, replace(found, state=state), ReportAction.RETURN, actor=actor, at=clock.now(), note=note)


def _kept(
    tx: EnergyReportTransaction, report: EnergyReport, action: ReportAction, *, actor: Actor, at: datetime, note: str
) -> EnergyReport:
    step = ReportStep(
        report_id=report.id, action=action, state=report.state, actor_id=actor.id, at=at, note=note.strip()
    )
    tx.save_energy_report(report, step)
    return report


YEARLY_DUE = (3, 31)
"""Month and day by which last year's report is handed in (国管节能〔2022〕301号)."""


def overdue(*, issued: bool, today: date) -> bool:
    """Say whether last year's report is missing after its day."""
    return not issued and (today.month, today.day) > YEARLY_DUE
