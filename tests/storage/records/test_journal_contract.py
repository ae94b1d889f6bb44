"""What the records tell of themselves, over every database: changes for pages, the audit log for people."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.ports import Records
from sensors.journal import AuditEntry, ChangeKind
from storage.records import AuditSealedError, RecordsTransaction, SqlRecords
from storage.records.engine import open_engine, parse_url
from storage.records.part import ReadOnlyError
from tests.storage.records.stores import MINUTE, NOON, Place, alert, alert_step

SEALED_TABLES = {
    "sqlite": ("DROP TRIGGER audit_no_UPDATE", "DROP TRIGGER audit_no_DELETE"),
    "postgresql": ("DROP TRIGGER audit_no_change ON audit",),
}


def told(records: SqlRecords, *subjects: str) -> None:
    with records.transaction() as tx:
        for subject in subjects:
            tx.note_change(ChangeKind.READING, subject)


def audited(records: SqlRecords, count: int) -> None:
    with records.transaction() as tx:
        for number in range(count):
            detail = {"note": f"第 {number} 行", "empty": ""}
            tx.audit(actor_id="anna", action="test", subject=f"row:{number + 1}", at=NOON, detail=detail)


def forged(place: Place, statement: str) -> None:
    """Do to the database what only somebody who owns it can do."""
    with open_engine(parse_url(place.url)).begin() as connection:
        for lift in SEALED_TABLES[connection.dialect.name]:
            connection.execute(text(lift))
        connection.execute(text(statement))
    connection.engine.dispose()


def test_sql_records_are_what_the_api_asks_for(records: SqlRecords) -> None:
    def as_asked(given: Records) -> Records:
        return given

    assert as_asked(records) is records


# Changes


def test_there_are_no_changes_at_first(records: SqlRecords) -> None:
    with records.reading() as tx:
        assert (tx.last_change(), list(tx.changes(after=0))) == (0, [])


def test_changes_are_read_on_from_a_number(records: SqlRecords) -> None:
    told(records, "a", "b", "c")
    with records.reading() as tx:
        assert [each.subject for each in tx.changes(after=0)] == ["a", "b", "c"]
        first = tx.changes(after=0, limit=1)[0]
        assert [each.subject for each in tx.changes(after=first.id)] == ["b", "c"]
        assert list(tx.changes(after=tx.last_change())) == []
        assert first.at == NOON


def test_old_changes_can_be_forgotten_without_giving_numbers_again(records: SqlRecords) -> None:
    told(records, "a", "b")
    with records.transaction() as tx:
        last = tx.last_change()
        assert tx.forget_changes_before(NOON + MINUTE) == 1
        assert tx.last_change() == last
    told(records, "c")
    with records.reading() as tx:
        assert [each.subject for each in tx.changes(after=last)] == ["c"]


def test_a_transaction_that_failed_has_told_nothing(records: SqlRecords) -> None:
    with pytest.raises(KeyError), records.transaction() as tx:
        fail_after(tx)
    with records.reading() as tx:
        assert (tx.last_change(), tx.alerts(), tx.audit_entries(), tx.verify_audit()) == (0, [], [], None)


def fail_after(tx: RecordsTransaction) -> None:
    made = alert()
    tx.save_alert(made, alert_step(made))
    raise KeyError


# The audit log


def test_an_empty_log_is_in_order(records: SqlRecords) -> None:
    with records.reading() as tx:
        assert (list(tx.audit_entries()), tx.verify_audit()) == ([], None)


def test_rows_come_newest_first_in_pages(records: SqlRecords) -> None:
    audited(records, 5)
    with records.reading() as tx:
        assert [each.id for each in tx.audit_entries()] == [5, 4, 3, 2, 1]
        assert [each.id for each in tx.audit_entries(limit=2)] == [5, 4]
        assert [each.id for each in tx.audit_entries(before=4, limit=2)] == [3, 2]
        assert list(tx.audit_entries(before=1)) == []
        newest = tx.audit_entries(limit=1)[0]
    assert (newest.subject, newest.detail["note"], len(newest.hash)) == ("row:5", "第 4 行", 64)


def test_a_long_chain_is_in_order(records: SqlRecords) -> None:
    audited(records, 2_050)
    with records.reading() as tx:
        assert tx.verify_audit() is None


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor_id = 'x'", "UPDATE audit SET actor_id = 'x' WHERE id = 2", "DELETE FROM audit"],
)
def test_the_database_itself_forbids_changes(place: Place, statement: str) -> None:
    records = place.open()
    audited(records, 3)
    engine = open_engine(parse_url(place.url))
    with pytest.raises(DBAPIError, match="sealed"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with records.reading() as tx:
        assert (len(tx.audit_entries()), tx.verify_audit()) == (3, None)


def test_a_broken_seal_is_named(records: SqlRecords) -> None:
    audited(records, 1)
    with pytest.raises(AuditSealedError, match="only ever added"), records.transaction() as tx:
        tx.connection.execute(text("DELETE FROM audit"))


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit SET actor_id = 'bert' WHERE id = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE id = 4", 4),
        ("UPDATE audit SET detail = '{}' WHERE id = 1", 1),
        ("UPDATE audit SET hash = prev_hash WHERE id = 3", 3),
        ("UPDATE audit SET id = 9 WHERE id = 4", 9),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 4", 3),
        ("DELETE FROM audit", 0),
        ("UPDATE meta SET value = 'x' WHERE key = 'audit_head'", 4),
    ],
)
def test_forgery_is_found_where_it_begins(place: Place, statement: str, first_bad: int) -> None:
    records = place.open()
    audited(records, 4)
    forged(place, statement)
    with records.reading() as tx:
        bad = tx.verify_audit()
    assert bad is not None
    assert bad.id == first_bad


def test_the_log_goes_on_after_its_last_row(place: Place) -> None:
    audited(place.open(), 2)
    again = place.open()
    audited(again, 2)
    with again.reading() as tx:
        assert (len(tx.audit_entries()), tx.verify_audit()) == (4, None)


# Reading


def test_reading_sees_one_state_while_others_write(records: SqlRecords) -> None:
    with records.reading() as tx:
        before = tx.last_change()
        told(records, "a")
        assert tx.last_change() == before
    with records.reading() as tx:
        assert tx.last_change() > before


@pytest.mark.parametrize(
    "write",
    [
        lambda tx: tx.note_change(ChangeKind.READING, "a"),
        lambda tx: tx.end_session("a"),
        lambda tx: tx.next_item_number(),
        lambda tx: tx.enqueue(kind="a", subject_id="b", payload="", at=NOON),
    ],
)
def test_reading_refuses_to_write(records: SqlRecords, write: Callable[[RecordsTransaction], object]) -> None:
    with pytest.raises(ReadOnlyError, match="transaction"), records.reading() as tx:
        write(tx)


def test_times_are_kept_to_the_millisecond(records: SqlRecords) -> None:
    at = NOON + timedelta(microseconds=1_999)
    with records.transaction() as tx:
        tx.audit(actor_id="a", action="b", subject="c", at=at)
        [entry] = tx.audit_entries()
    assert entry.at == NOON + timedelta(milliseconds=1)
    assert isinstance(entry, AuditEntry)
