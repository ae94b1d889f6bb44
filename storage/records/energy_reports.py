"""Energy reports: a row for each version, its figures never written over, and the steps of each."""

from collections.abc import Sequence

from sqlalchemy import select

from rectification.energy_reports import EnergyReport, ReportStep
from sensors.journal import ChangeKind
from sensors.topology import SiteId
from storage.records.energy_report_tables import ENERGY_REPORT_STEPS, ENERGY_REPORTS
from storage.records.journal import AuditRows
from storage.records.part import by_key, fields_of

_STEP = fields_of(ENERGY_REPORT_STEPS, "number")


class EnergyReportRows(AuditRows):
    """Keeps `rectification.energy_reports.EnergyReportTransaction`."""

    __slots__ = ()

    def energy_report(self, report_id: str) -> EnergyReport | None:
        """Return a version."""
        row = self._row(by_key(ENERGY_REPORTS, report_id))
        return None if row is None else EnergyReport(**row)

    def energy_reports_of(self, site: SiteId, period: str) -> Sequence[EnergyReport]:
        """Return the versions of a period, the newest first."""
        table = ENERGY_REPORTS
        query = table.select().where(table.c.site == site, table.c.period == period).order_by(table.c.version.desc())
        return [EnergyReport(**row) for row in self._rows(query)]

    def energy_reports(self, site: SiteId, *, limit: int = 200) -> Sequence[EnergyReport]:
        """Return versions of all periods, those drafted last first."""
        table = ENERGY_REPORTS
        newest = table.select().where(table.c.site == site).order_by(table.c.drafted.desc(), table.c.id.desc())
        return [EnergyReport(**row) for row in self._rows(newest.limit(limit))]

    def energy_report_steps(self, report_id: str) -> Sequence[ReportStep]:
        """Return what happened to a version, in order."""
        steps = ENERGY_REPORT_STEPS
        query = select(*_STEP).where(steps.c.report_id == report_id).order_by(steps.c.number)
        return [ReportStep(**row) for row in self._rows(query)]

    def save_energy_report(self, report: EnergyReport, step: ReportStep) -> None:
        """Insert or update a version together with the step that led there."""
        self._save(ENERGY_REPORTS, report)
        self._add(ENERGY_REPORT_STEPS, step)
        self.note_change(ChangeKind.ENERGY_REPORT, report.id)
        self.audit(
            actor_id=step.actor_id,
            action=f"energy_report.{step.action}",
            subject=f"energy_report:{report.id}",
            at=step.at,
            detail={
                "period": report.period,
                "version": str(report.version),
                "state": report.state,
                "digest": report.digest,
                "note": step.note,
            },
        )
