"""What the records keep of bills, over every database."""

from dataclasses import replace
from datetime import date

from sensors.bills import Bill, Utility
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from sensors.topology import SiteId
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, NOON

JANUARY = Bill(
    site=HQ,
    subject=Subject.parse("building:a"),
    utility=Utility.WATER,
    first=date(2026, 1, 1),
    last=date(2026, 1, 31),
    quantity=123.456,
    fee=518.51,
    note="三月补抄",
)


def test_a_bill_comes_back_as_it_was(records: SqlRecords) -> None:
    plain = replace(JANUARY, utility=Utility.HEAT, fee=None, note="")
    with records.transaction() as tx:
        assert tx.save_bill(JANUARY, actor_id="anna")
        assert tx.save_bill(plain, actor_id="anna")
    with records.reading() as tx:
        found = tx.bills(HQ)
        assert list(tx.bills(SiteId("annex"))) == []
    assert [kept.bill for kept in found] == [plain, JANUARY]
    assert (found[1].entered, found[1].entered_by) == (NOON, "anna")


def test_the_same_bill_again_changes_nothing(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_bill(JANUARY, actor_id="anna")
        assert not tx.save_bill(JANUARY, actor_id="bert")
    with records.reading() as tx:
        [kept] = tx.bills(HQ)
        assert kept.entered_by == "anna"
        assert len(tx.audit_entries()) == 1
        assert [change.kind for change in tx.changes(after=0)] == [ChangeKind.BILL]


def test_a_corrected_bill_takes_the_old_ones_place_and_the_audit_log_keeps_both(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_bill(JANUARY, actor_id="anna")
        assert tx.save_bill(replace(JANUARY, quantity=100.0, fee=420.0), actor_id="bert")
    with records.reading() as tx:
        [kept] = tx.bills(HQ)
        corrected, entered = tx.audit_entries()
    assert (kept.bill.quantity, kept.entered_by) == (100.0, "bert")
    assert (entered.action, corrected.action) == ("bill.enter", "bill.correct")
    assert (corrected.actor_id, corrected.detail["before"]) == ("bert", "123.456 for 518.51")
