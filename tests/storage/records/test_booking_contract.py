"""What the records keep of bookings, over every database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sensors.bookings import Booking, BookingsKept, booking_key
from sensors.journal import ChangeKind
from sensors.readings import epoch_ms
from sensors.topology import RoomId, SiteId
from storage.records import SqlRecords
from tests.storage.records.stores import HQ

NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = Booking(site=HQ, room=RoomId("m1"), start=NINE, end=NINE + HOUR, key=booking_key("1"))
SECOND = replace(FIRST, start=NINE + HOUR, end=NINE + 2 * HOUR, key=booking_key("2"))


def test_bookings_come_back_by_their_start(records: SqlRecords) -> None:
    with records.transaction() as tx:
        assert tx.save_bookings([SECOND, FIRST], cancelled=[], actor_id="anna") == BookingsKept(new=2)
    with records.reading() as tx:
        start, end = epoch_ms(NINE), epoch_ms(NINE + 2 * HOUR)
        assert list(tx.bookings(HQ, start_ms=start, end_ms=end)) == [FIRST, SECOND]
        assert list(tx.bookings(HQ, start_ms=start + 1, end_ms=end)) == [SECOND]
        assert list(tx.bookings(HQ, start_ms=start, end_ms=epoch_ms(SECOND.start))) == [FIRST]
        assert list(tx.bookings(SiteId("annex"), start_ms=start, end_ms=end)) == []


def test_a_booking_that_moved_takes_its_own_place(records: SqlRecords) -> None:
    moved = replace(FIRST, room=RoomId("m2"), start=NINE + 3 * HOUR, end=NINE + 4 * HOUR)
    with records.transaction() as tx:
        tx.save_bookings([FIRST, SECOND], cancelled=[], actor_id="anna")
        kept = tx.save_bookings([moved], cancelled=[SECOND.key, "unknown"], actor_id="anna")
    assert kept == BookingsKept(changed=1, cancelled=1)
    with records.reading() as tx:
        assert list(tx.bookings(HQ, start_ms=0, end_ms=epoch_ms(moved.end))) == [moved]


def test_an_import_is_one_change_and_one_row_of_the_audit_log(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_bookings([FIRST, SECOND], cancelled=[], actor_id="anna")
        tx.save_bookings([FIRST, SECOND], cancelled=[], actor_id="anna")
    with records.reading() as tx:
        assert [change.kind for change in tx.changes(after=0)] == [ChangeKind.BOOKING]
        (entry,) = tx.audit_entries()
    assert (entry.action, entry.actor_id, entry.detail["new"]) == ("bookings.import", "anna", "2")
