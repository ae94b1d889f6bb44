"""The loop of a day, over real records: recorded, proposed, mended, verified, signed off, and back again."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from analytics.calendar import WeekdaysOnly, WorkCalendar
from analytics.ledger import Judgement, judge
from premises.jobs.daily import Building, Day, daily, record, workday_deadlines
from rectification import commands
from rectification.by_savings import Conclusion, Foretold, ItemSavings, outright
from rectification.model import Item, ItemState
from rectification.savings_evidence import proven
from rectification.verification import NotYet, Reason
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Finding, Verdict
from storage.records import SqlRecords
from tests.memory_records import HandClock
from tests.people import MANAGER, OFFICER
from tests.rectification.factories import ROOM
from tests.rectification.houses import house

MONDAY = datetime.fromisoformat("2026-11-23T00:00:00+08:00")
NIGHT = timedelta(hours=1, minutes=30)


def midnight(day: float) -> datetime:
    return MONDAY + timedelta(days=day)


def said(
    verdict: Verdict, first: float, last: float, *, rule: str = "E05", subject: Subject = ROOM, kwh: float | None = None
) -> Finding:
    return Finding(
        rule=rule, subject=subject, verdict=verdict, start=midnight(first), end=midnight(last), energy_kwh=kwh
    )


@dataclass(slots=True)
class Site:
    """Records, a clock, and an analysis that says what a test puts into it."""

    records: SqlRecords
    clock: HandClock
    windows: list[Finding] = field(default_factory=list)
    asked: list[tuple[frozenset[str], date, date]] = field(default_factory=list)
    saved: ItemSavings | None = None
    building: Building = field(
        default_factory=lambda: Building(registry=house(), calendar=WorkCalendar(house().site, WeekdaysOnly()))
    )

    def night(self, day: int, *findings: Finding) -> Day:
        """Return what the job does in the night that begins a day, with these verdicts about the days before."""
        self.clock.instant = midnight(day) + NIGHT
        return daily(
            findings,
            at=midnight(day),
            records=self.records,
            building=self.building,
            analysis=self.analysis,
            clock=self.clock,
            meter=lambda _building, _item, _began, _today: self.saved,
        )

    def analysis(self, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        self.asked.append((frozenset(rules), first, last))
        return [each for each in self.windows if each.rule in rules]

    def item(self) -> Item:
        with self.records.transaction() as tx:
            return tx.items()[0]

    def mend(self, day: int) -> None:
        self.clock.instant = midnight(day) + timedelta(hours=15)
        item = self.item()
        with self.records.transaction() as tx:
            if item.state is ItemState.DRAFT:
                commands.assign(tx, item.id, responsible=OFFICER.id, actor=MANAGER, clock=self.clock)
                commands.start(tx, item.id, actor=OFFICER, clock=self.clock)
            commands.report_done(tx, item.id, actor=OFFICER, clock=self.clock)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = HandClock()
    with closing(SqlRecords(f"sqlite:///{tmp_path / 'records.db'}", clock=clock)) as records:
        yield Site(records, clock)


def test_a_fault_is_recorded_and_proposed_once(site: Site) -> None:
    day = site.night(3, said(Verdict.FAULT, 0, 3, kwh=4.0))
    (finding,), (item,) = day.recorded.new, day.proposed
    assert (item.state, item.rule, item.subject, item.fault_from) == (ItemState.DRAFT, "E05", ROOM, midnight(0))
    again = site.night(3, said(Verdict.FAULT, 0, 3, kwh=4.0))
    assert (again.recorded.new, again.proposed) == ((), ())
    with site.records.transaction() as tx:
        linked = tx.finding(finding.id)
    assert linked is not None
    assert linked.item_id == item.id


def test_a_finding_that_a_person_put_aside_is_not_proposed(site: Site) -> None:
    (finding,) = record([said(Verdict.FAULT, 0, 3)], at=midnight(3), records=site.records, building=site.building).new
    with site.records.transaction() as tx:
        judge(tx, finding.id, Judgement.ACCEPTED, actor=MANAGER, clock=site.clock, until=midnight(10))
    assert site.night(4, said(Verdict.FAULT, 0, 4)).proposed == ()
    assert len(site.night(11, said(Verdict.FAULT, 5, 11)).proposed) == 1


def test_the_loop_closes_by_readings_and_a_second_person(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    early = site.night(10, said(Verdict.PASS, 3, 10))
    (checked,) = early.checked
    assert isinstance(checked.outcome, NotYet)
    assert (checked.outcome.reason, checked.outcome.until) == (Reason.WINDOW_OPEN, midnight(18))
    assert len(early.recorded.ended) == 1
    site.windows = [said(Verdict.PASS, 4, 18)]
    late = site.night(18, said(Verdict.PASS, 11, 18))
    assert [item.state for item in late.moved] == [ItemState.VERIFIED]
    assert site.asked[-1][1:] == (date(2026, 11, 27), date(2026, 12, 10))
    mended = site.item()
    with site.records.transaction() as tx:
        signed = commands.sign_off(tx, mended.id, actor=MANAGER, clock=site.clock)
    assert signed.state is ItemState.SIGNED_OFF
    back = site.night(25, said(Verdict.FAULT, 20, 25))
    (recurred,) = back.proposed
    assert (recurred.recurrence_of, recurred.state) == (signed.id, ItemState.DRAFT)
    with site.records.transaction() as tx:
        assert tx.item(signed.id) == signed
        assert tx.verify_audit() is None


def test_what_was_not_mended_goes_back_to_work(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    site.windows = [said(Verdict.FAULT, 5, 6)]
    assert [item.state for item in site.night(7, said(Verdict.FAULT, 0, 6)).moved] == [ItemState.IN_PROGRESS]
    site.mend(7)
    assert site.item().state is ItemState.REPORTED_DONE


def test_a_silent_sensor_keeps_the_window_open(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    meter = Subject(SubjectKind.DEVICE, "meter")
    site.windows = [said(Verdict.PASS, 4, 18), said(Verdict.FAULT, 4, 18, rule="G01", subject=meter)]
    (checked,) = site.night(18).checked
    assert isinstance(checked.outcome, NotYet)
    assert checked.outcome.reason is Reason.DEVICE_FAULT


def test_a_fault_that_comes_back_before_signing_off_sends_the_item_back(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    site.windows = [said(Verdict.PASS, 4, 18)]
    site.night(18, said(Verdict.PASS, 4, 18))
    assert site.item().state is ItemState.VERIFIED
    (item,) = site.night(21, said(Verdict.FAULT, 19, 21)).proposed
    assert (item.state, site.item().state) == (ItemState.IN_PROGRESS, ItemState.IN_PROGRESS)


def test_a_spell_rule_that_fell_quiet_is_asked_about_the_days_since(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    assert site.night(9).recorded.ended == ()
    assert site.asked == []
    site.windows = [said(Verdict.PASS, 4, 11)]
    (ended,) = site.night(11).recorded.ended
    assert site.asked == [(frozenset({"E05"}), date(2026, 11, 27), date(2026, 12, 3))]
    assert ended.ended == midnight(4)


def test_deadlines_fall_on_workdays(site: Site) -> None:
    deadline = workday_deadlines(site.building.calendar)
    assert deadline(midnight(0), timedelta(days=7)) == date(2026, 11, 30)
    assert deadline(midnight(4), timedelta(hours=24)) == date(2026, 11, 30)  # a Saturday becomes the Monday after


def test_a_fault_of_a_room_that_the_registry_no_longer_has_is_over(site: Site) -> None:
    gone = Subject(SubjectKind.ROOM, "torn-down")
    kept = Subject(SubjectKind.ROOM, next(iter(house().rooms)))
    first = site.night(1, *(said(Verdict.FAULT, 0, 1, rule="S07", subject=each) for each in (gone, kept)))
    assert len(first.recorded.new) == 2
    ended = site.night(2).recorded.ended
    assert [record.subject for record in ended] == [gone]


def saving(kwh: float) -> ItemSavings:
    spent = Foretold(saved_kwh=kwh, half_width_kwh=10.0, actual_kwh=450.0, intervals=336)
    return ItemSavings(item_id="i", saved=outright(spent))


def test_the_meters_word_stands_beside_the_proof_of_an_energy_item(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    site.windows, site.saved = [said(Verdict.PASS, 4, 18)], saving(50.0)
    assert [item.state for item in site.night(18, said(Verdict.PASS, 11, 18)).moved] == [ItemState.VERIFIED]
    mended = site.item()
    with site.records.transaction() as tx:
        found = proven("i", tx.item_steps(mended.id))
    assert found is not None
    assert found.conclusion is Conclusion.SAVED


def test_an_item_with_more_use_than_before_goes_back_once_and_then_the_rule_decides(site: Site) -> None:
    site.night(3, said(Verdict.FAULT, 0, 3))
    site.mend(3)
    site.windows, site.saved = [said(Verdict.PASS, 4, 32)], saving(-50.0)
    (checked,) = site.night(18, said(Verdict.PASS, 11, 18)).checked
    assert isinstance(checked.outcome, NotYet)
    assert checked.outcome.reason is Reason.MORE_USED
    assert [item.state for item in site.night(32, said(Verdict.PASS, 25, 32)).moved] == [ItemState.IN_PROGRESS]
    site.mend(32)
    site.windows = [said(Verdict.PASS, 33, 47)]
    assert [item.state for item in site.night(47, said(Verdict.PASS, 40, 47)).moved] == [ItemState.VERIFIED]
