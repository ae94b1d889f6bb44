"""Energy reports for the console: worked out one at a time in a thread, drafted when done; and by the clock."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from api.energy_report_ports import Making
from premises.energy_reports.making import FigureMaker, ReportPapers, ReportReader
from premises.papers import Format, Language
from premises.plan_papers.gathering import namer
from rectification.commands import StepRefusedError
from rectification.energy_reporting import draft, may_draft, overdue
from rectification.energy_reports import (
    EnergyReport,
    EnergyReportTransaction,
    MakingBusyError,
    PeriodKind,
    ReportPeriod,
    ReportState,
    last_ended,
)
from sensors.accounts import Account
from sensors.actors import Actor, system_actor
from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.topology import Registry

BY_CLOCK = system_actor("energy_reports")


class DeskReader(EnergyReportTransaction, Protocol):
    """What a paper is written from."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts."""
        ...


class DeskRecords(Protocol):
    """Where reports are kept."""

    def reading(self) -> AbstractContextManager[ReportReader]:
        """Return a transaction that only reads."""
        ...

    def transaction(self) -> AbstractContextManager[EnergyReportTransaction]:
        """Return a transaction that may write."""
        ...


class EnergyReports:
    """Keeps `api.energy_report_ports.EnergyReportDesk`; one report at a time is worked out, others wait."""

    def __init__(
        self, *, records: DeskRecords, maker: FigureMaker, registry: Callable[[], Registry], clock: Clock
    ) -> None:
        """Prepare; `stop` ends it."""
        self._records, self._maker, self._registry, self._clock = records, maker, registry, clock
        self._making: dict[str, Making] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="energy-report")

    def ask(self, period: ReportPeriod, *, reason: str, actor: Actor) -> None:
        """Have a version drafted. Raises what `may_draft` does, and MakingBusyError."""
        with self._records.reading() as tx:
            may_draft(tx, self._registry().site.id, period, reason=reason, today=self._today(), actor=actor)
        with self._lock:
            known = self._making.get(str(period))
            if known is not None and not known.failure:
                raise MakingBusyError(period)
            self._making[str(period)] = Making(period=str(period), part="waiting", done=0.0)
        self._worker.submit(self._bounded, period, reason, actor)

    def making(self) -> Sequence[Making]:
        """Return what is being worked out, or failed since the start."""
        with self._lock:
            return tuple(self._making.values())

    def paper(self, tx: DeskReader, report: EnergyReport, form: Format, language: Language, /) -> bytes:
        """Return a version as a file. Raises NoPrinterFault, PrintFault, NoFontFault."""
        papers = ReportPapers(who=namer(tx.accounts()), now=self._clock.now())
        return papers.locked(tx, report, form, language)

    def preview(self, period: str) -> str:
        """Return the figures of a period as they stand, locked by nobody. Raises PeriodFault."""
        return self._maker.figures(ReportPeriod.parse(period))

    def scheduled(self, kinds: Collection[str], after_days: int) -> Mapping[str, object]:
        """Draft the last report of each kind that is due and that nobody drafted; tell of last year's."""
        today, site, drafted = self._today(), self._registry().site.id, []
        for kind in PeriodKind:
            period = last_ended(kind, today)
            with self._records.reading() as tx:
                is_there = bool(tx.energy_reports_of(site, str(period)))
            if kind.value in kinds and not is_there and today >= period.end + timedelta(days=after_days):
                self._draft(period, "", BY_CLOCK)
                drafted.append(str(period))
        return {"drafted": drafted, "yearly_overdue": self.is_yearly_overdue()}

    def is_yearly_overdue(self) -> bool:
        """Say whether last year's report is not issued after 31 March."""
        today = self._today()
        with self._records.reading() as tx:
            versions = tx.energy_reports_of(self._registry().site.id, str(last_ended(PeriodKind.YEAR, today)))
        issued = any(each.state is ReportState.ISSUED for each in versions)
        return overdue(issued=issued, today=today)

    def stop(self) -> None:
        """Take on nothing more and wait for what is being worked out."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _bounded(self, period: ReportPeriod, reason: str, actor: Actor) -> None:
        log = structlog.get_logger(__name__)
        try:
            self._draft(period, reason, actor)
        except (InputFault, StepRefusedError) as exc:
            self._failed(period, str(exc))
        except Exception as exc:
            log.exception("energy_report_failed", period=str(period))
            self._failed(period, type(exc).__name__)
        else:
            with self._lock:
                self._making.pop(str(period), None)

    def _draft(self, period: ReportPeriod, reason: str, actor: Actor) -> None:
        figures = self._maker.figures(period, lambda part, done: self._told(period, part, done))
        site, today = self._registry().site.id, self._today()
        with self._records.transaction() as tx:
            draft(tx, site, period, figures, reason=reason, today=today, actor=actor, clock=self._clock)

    def _told(self, period: ReportPeriod, part: str, done: float) -> None:
        with self._lock:
            known = self._making.get(str(period))
            if known is not None:
                self._making[str(period)] = replace(known, part=part, done=done)

    def _failed(self, period: ReportPeriod, why: str) -> None:
        with self._lock:
            self._making[str(period)] = Making(period=str(period), part="failed", done=1.0, failure=why)

    def _today(self) -> date:
        return self._clock.now().astimezone(ZoneInfo(self._registry().site.timezone)).date()
