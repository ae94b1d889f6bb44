"""Energy reports: periods, three hands, frozen figures, corrections that leave a trail."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from rectification.energy_reporting import adopt, draft, issue, overdue, review, send_back
from rectification.energy_reports import (
    EnergyReport,
    IllegalReportStepError,
    NobodyPreparedError,
    PeriodKind,
    PeriodNotOverError,
    ReasonMissingError,
    ReportAction,
    ReportPeriod,
    ReportState,
    SameHandError,
    VersionPendingError,
    last_ended,
)
from sensors.actors import Actor, NotPermittedError, system_actor
from sensors.topology import SiteId
from storage.records import SqlRecords
from storage.records.energy_report_tables import ENERGY_REPORTS
from storage.records.transaction import RecordsTransaction
from tests.memory_records import HandClock
from tests.people import MANAGER, OFFICER, OTHER_MANAGER, VIEWER

HQ, OCTOBER, TODAY = SiteId("hq"), ReportPeriod.parse("2026-10"), date(2026, 11, 23)
CLOCK = HandClock()


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[RecordsTransaction]:
    with closing(SqlRecords(f"sqlite:///{tmp_path / 'r.db'}")) as records, records.transaction() as opened:
        yield opened


def drafted(tx: RecordsTransaction, figures: str = "{}", *, reason: str = "", actor: Actor = MANAGER) -> EnergyReport:
    return draft(tx, HQ, OCTOBER, figures, reason=reason, today=TODAY, actor=actor, clock=CLOCK)


def issued(tx: RecordsTransaction, figures: str = "{}", *, reason: str = "") -> EnergyReport:
    made = drafted(tx, figures, reason=reason)
    review(tx, made.id, actor=OTHER_MANAGER, clock=CLOCK)
    return issue(tx, made.id, actor=OFFICER, clock=CLOCK)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2028Q1", date(2028, 1, 1), date(2028, 3, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_period_is_whole_days(written: str, first: date, last: date) -> None:
    period = ReportPeriod.parse(written)
    assert (period.first, period.last) == (first, last)
    assert ReportPeriod.parse(str(period)) == period


@pytest.mark.parametrize(
    ("kind", "expected"), [(PeriodKind.MONTH, "2025-12"), (PeriodKind.QUARTER, "2025Q4"), (PeriodKind.YEAR, "2025")]
)
def test_last_period_that_is_over_may_lie_in_last_year(kind: PeriodKind, expected: str) -> None:
    assert str(last_ended(kind, date(2026, 1, 1))) == expected


def test_three_people_lock_a_report(tx: RecordsTransaction) -> None:
    done = issued(tx, '{"a":1}')
    kept = tx.energy_report(done.id)
    assert kept == done
    assert kept is not None
    assert (kept.state, kept.is_whole, kept.version) == (ReportState.ISSUED, True, 1)
    assert [step.action for step in tx.energy_report_steps(done.id)] == [
        ReportAction.DRAFT,
        ReportAction.REVIEW,
        ReportAction.ISSUE,
    ]


def test_nobody_does_two_of_the_three(tx: RecordsTransaction) -> None:
    made = drafted(tx)
    with pytest.raises(SameHandError, match="prepared"):
        review(tx, made.id, actor=MANAGER, clock=CLOCK)
    with pytest.raises(IllegalReportStepError):
        issue(tx, made.id, actor=OFFICER, clock=CLOCK)
    review(tx, made.id, actor=OTHER_MANAGER, clock=CLOCK)
    for hand in (MANAGER, OTHER_MANAGER):
        with pytest.raises(SameHandError):
            issue(tx, made.id, actor=hand, clock=CLOCK)
    with pytest.raises(NotPermittedError):
        issue(tx, made.id, actor=VIEWER, clock=CLOCK)


def test_what_the_clock_drafted_waits_for_a_person(tx: RecordsTransaction) -> None:
    made = drafted(tx, actor=system_actor("energy_reports"))
    with pytest.raises(NobodyPreparedError):
        review(tx, made.id, actor=OTHER_MANAGER, clock=CLOCK)
    assert adopt(tx, made.id, actor=MANAGER, clock=CLOCK).prepared_by == MANAGER.id
    assert review(tx, made.id, actor=OTHER_MANAGER, clock=CLOCK).state is ReportState.REVIEWED


def test_correction_is_a_new_version_with_a_reason(tx: RecordsTransaction) -> None:
    first = issued(tx, '{"a":1}')
    with pytest.raises(ReasonMissingError):
        drafted(tx, '{"a":2}', reason="  ")
    second = drafted(tx, '{"a":2}', reason="water bill came late")
    with pytest.raises(VersionPendingError):
        drafted(tx, '{"a":3}', reason="again")
    review(tx, second.id, actor=OTHER_MANAGER, clock=CLOCK)
    issue(tx, second.id, actor=OFFICER, clock=CLOCK)
    states = {each.version: (each.state, each.figures) for each in tx.energy_reports_of(HQ, "2026-10")}
    assert states == {1: (ReportState.REPLACED, '{"a":1}'), 2: (ReportState.ISSUED, '{"a":2}')}
    assert tx.energy_report_steps(first.id)[-1].note == "version 2"


def test_sending_back_needs_a_reason_and_makes_room(tx: RecordsTransaction) -> None:
    made = drafted(tx)
    with pytest.raises(ReasonMissingError):
        send_back(tx, made.id, actor=OFFICER, clock=CLOCK)
    assert send_back(tx, made.id, actor=OFFICER, clock=CLOCK, note="no water").state is ReportState.RETURNED
    assert drafted(tx, reason="water added").version == 2


def test_figures_changed_behind_the_lock_show(tx: RecordsTransaction) -> None:
    made = drafted(tx, '{"a":1}')
    tx.connection.execute(ENERGY_REPORTS.update().values(figures='{"a":9}'))
    kept = tx.energy_report(made.id)
    assert kept is not None
    assert not kept.is_whole


def test_period_that_is_not_over_has_no_report(tx: RecordsTransaction) -> None:
    last_day = OCTOBER.end - timedelta(days=1)
    with pytest.raises(PeriodNotOverError):
        draft(tx, HQ, OCTOBER, "{}", today=last_day, actor=MANAGER, clock=CLOCK)


def test_last_years_report_is_due_on_31_march() -> None:
    told = [overdue(issued=False, today=date(2026, 3, 31)), overdue(issued=False, today=date(2026, 4, 1))]
    assert told == [False, True]
    assert not overdue(issued=True, today=date(2026, 4, 1))
