"""A period's figures worked out, with progress; and a version written in one of the formats."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from premises.energy_reports.gathering import Gathering
from premises.energy_reports.uses import Uses
from premises.energy_reports.worked_off import SavedBy, WorkedOff, WorkReader
from premises.jobs.daily import Building
from premises.jobs.rollup_job import RolledStore
from premises.papers import Format, Language, printed
from rectification.energy_reports import EnergyReport, EnergyReportTransaction, ReportPeriod
from reports.energy_report import Signed, Version, energy_report_paper
from reports.energy_report_figures import ReportFigures, frozen, thawed
from reports.energy_report_xlsx import energy_report_xlsx
from reports.paper_official_docx import official_docx
from reports.paper_official_html import official_html
from sensors.bills import BillTransaction
from sensors.clock import Clock
from storage.energy_file import terms_beside

Tell = Callable[[str, float], None]
"""Hears which part is being worked out, and how much of all is done, from 0 to 1."""


class ReportReader(WorkReader, BillTransaction, EnergyReportTransaction, Protocol):
    """What the report is made from."""


class ReportRecords(Protocol):
    """Where it is read."""

    def reading(self) -> AbstractContextManager[ReportReader]:
        """Return a transaction that only reads."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureMaker:
    """Works out the figures of periods, as things stand when it is asked."""

    store: RolledStore
    building: Callable[[], Building]
    registry_path: Path
    records: ReportRecords
    saved_by: SavedBy
    clock: Clock

    def figures(self, period: ReportPeriod, tell: Tell = lambda _part, _done: None) -> str:
        """Return the figures of a period as canonical JSON. Raises InputFault of a broken energy.yaml."""
        building, terms = self.building(), terms_beside(self.registry_path)
        with self.records.reading() as tx:
            bills = [each.bill for each in tx.bills(building.registry.site.id)]
            asked = Gathering(
                uses=Uses(self.store, building, bills), terms=terms, period=period, registry_path=self.registry_path
            )
            work = WorkedOff(tx=tx, registry=building.registry, period=period)
            return frozen(self._worked_out(asked, work, tell))

    def _worked_out(self, asked: Gathering, work: WorkedOff, tell: Tell) -> ReportFigures:
        period, site = asked.period, work.registry.site
        tell("kinds", 0.0)
        kinds, facts = asked.kinds(period), asked.facts()
        carbon, factor = asked.carbon(kinds[0])
        tell("divisions", 0.1)
        divisions = tuple(asked.divisions())
        tell("comparisons", 0.3)
        comparisons, targets, quotas = asked.comparisons(kinds), tuple(asked.targets(facts)), tuple(asked.quotas())
        tell("months", 0.5)
        months = tuple(asked.months())
        measures, saved = work.measures(self.saved_by, lambda done, of: tell("savings", 0.7 + 0.3 * done / of))
        return ReportFigures(
            period=str(period),
            site=site.name,
            timezone=site.timezone,
            as_of=self.clock.now(),
            credit_code=asked.terms.credit_code,
            server_rooms=asked.server_rooms(),
            facts=facts,
            kinds=kinds,
            divisions=divisions,
            per=asked.per(kinds, facts),
            comparisons=comparisons,
            targets=targets,
            quotas=quotas,
            carbon=carbon,
            carbon_factor=factor,
            problems=tuple(work.problems()),
            measures=measures,
            saved=saved,
            intents=tuple(each.text for each in asked.terms.intents if each.year == _year_ahead(period)),
            ahead=tuple(work.ahead()),
            months=months,
        )


def _year_ahead(period: ReportPeriod) -> int:
    return period.end.year if period.end.month == 1 else period.year


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPapers:
    """Writes versions of reports; `who` names accounts."""

    who: Callable[[str], str]
    now: datetime

    def version(self, tx: EnergyReportTransaction, report: EnergyReport) -> Version:
        """Return a version with all that is printed of it: its hands, the versions before it and what they said."""
        versions = tx.energy_reports_of(report.site, report.period)
        older = [each for each in versions if each.version < report.version]
        return Version(
            number=report.version,
            state=report.state.value,
            reason=report.reason,
            digest=report.digest,
            is_whole=report.is_whole,
            hands=tuple(
                Signed(role=role, who=None if who is None else self.who(who), at=at)
                for role, who, at in (
                    ("prepared", report.prepared_by, report.drafted),
                    ("reviewed", report.reviewed_by, report.reviewed),
                    ("issued", report.issued_by, report.issued),
                )
            ),
            before=thawed(older[0].figures) if older else None,
            trail=tuple(
                (each.version, step.action.value, self.who(step.actor_id), step.at, step.note)
                for each in reversed(versions)
                for step in tx.energy_report_steps(each.id)
            ),
        )

    def locked(self, tx: EnergyReportTransaction, report: EnergyReport, form: Format, language: Language) -> bytes:
        """Return a version as a file. Raises NoPrinterFault, PrintFault, NoFontFault."""
        return self.written(thawed(report.figures), self.version(tx, report), form, language)

    def written(self, figures: ReportFigures, version: Version | None, form: Format, language: Language) -> bytes:
        """Return figures as a file; without a version it says that nothing is locked."""
        if form == "xlsx":
            return energy_report_xlsx(figures, version, language, who=self.who)
        paper = energy_report_paper(figures, version, language, who=self.who)
        if form == "docx":
            return official_docx(paper)
        page = official_html(paper).encode()
        return page if form == "html" else printed(page, language)
