"""What the records keep of people's reports and the codes of rooms, over every database."""

from dataclasses import replace
from datetime import timedelta

from rectification.evidence import MediaType
from rectification.reporting import new_report
from rectification.reports import Contact, Report, ReportAction, ReportCategory, ReportState, RoomCode
from sensors.journal import ChangeKind
from sensors.topology import RoomId
from storage.records import SqlRecords
from tests.storage.records.stores import HQ, NOON

PHOTO = "ab" * 32


def report(came_by: str = "") -> Report:
    plain = new_report(
        site=HQ,
        room=RoomId("a-201"),
        category=ReportCategory.WATER,
        text="漏水",
        language="zh",
        received=NOON,
        came_by=came_by,
    )
    return replace(plain, photo=PHOTO, photo_type=MediaType.JPEG, photo_bytes=7)


def test_a_report_comes_back_as_it_was_and_is_told_of(records: SqlRecords) -> None:
    told = report("row")
    with records.transaction() as tx:
        tx.save_report(told, action=ReportAction.SEND, actor_id="system:report", at=NOON)
        assert tx.is_evidence(PHOTO)
    with records.reading() as tx:
        assert tx.report(told.id) == tx.report_numbered(told.number) == tx.report_that_came_by("row") == told
        assert list(tx.reports(states=(ReportState.NEW,))) == [told]
        assert tx.waiting_reports() == 1
        assert [change.kind for change in tx.changes(after=0)] == [ChangeKind.REPORT]
    spam = replace(told, state=ReportState.SPAM, photo=None)
    with records.transaction() as tx:
        tx.save_report(spam, action=ReportAction.MARK_SPAM, actor_id="anna", at=NOON)
        assert not tx.is_evidence(PHOTO)
        assert tx.waiting_reports() == 0
        assert tx.report_that_came_by("") is None


def test_a_contact_is_kept_apart_until_it_is_erased(records: SqlRecords) -> None:
    told = report()
    contact = Contact(report_id=told.id, contact="8812")
    with records.transaction() as tx:
        tx.save_report(told, action=ReportAction.SEND, actor_id="system:report", at=NOON)
        tx.save_contact(contact)
        assert tx.contact(told.id) == contact
        assert list(tx.reports_with_contact()) == [told]
        tx.erase_contact(told.id)
        assert tx.contact(told.id) is None
        assert list(tx.reports_with_contact()) == []


def test_a_revoked_code_is_known_and_does_not_stand(records: SqlRecords) -> None:
    code = RoomCode(token="t", site=HQ, room=RoomId("a-201"), made=NOON, made_by="anna")  # noqa: S106 - a test's own
    gone = replace(code, revoked=NOON, revoked_by="anna")
    with records.transaction() as tx:
        tx.save_room_code(code, actor_id="anna", at=NOON)
        assert list(tx.room_codes()) == [code]
        tx.save_room_code(gone, actor_id="anna", at=NOON)
        assert list(tx.room_codes()) == []
        assert tx.room_code("t") == gone


def test_sendings_are_counted_by_key_and_forgotten(records: SqlRecords) -> None:
    later = NOON + timedelta(minutes=1)
    with records.transaction() as tx:
        for key, at in (("code:t", NOON), ("code:t", later), ("address:x", NOON)):
            tx.add_sending(key, at=at)
        assert tx.sendings("code:t", since=NOON) == 2
        tx.forget_sendings_before(later)
        assert [tx.sendings(key, since=NOON) for key in ("code:t", "address:x")] == [1, 0]
